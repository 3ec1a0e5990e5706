//! Values: a type, where the value lives, and its bytes, which are read when somebody looks at them.
//!
//! A [`Value`] never holds a connection to a target. The reader of its contents hands in an [`Access`]; the first
//! look is kept, so that the value of an expression or of `$1` does not change afterwards.

mod bytes;
mod contents;
mod place;
mod store;

pub use bytes::Bytes;
pub use contents::{Contents, Hole, Missing, copy_bits};
pub use place::{FrameId, Piece, PieceSource, Pieces, Place, RegisterId};

use crate::{Type, ValueError};
use kdive_base::{Fault, VirtAddr};
use std::sync::{Arc, OnceLock};

/// What a value needs in order to be read or written. Takes `&self` everywhere: caches and connections hide
/// behind interior mutability.
pub trait Access {
    /// Fills all of `buf` from target memory.
    ///
    /// # Errors
    /// [`Fault`] with the first unreadable address.
    fn read_memory(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault>;

    /// Writes all of `bytes` to target memory.
    ///
    /// # Errors
    /// [`Fault`] with an address that could not be written.
    fn write_memory(&self, addr: VirtAddr, bytes: &[u8]) -> Result<(), Fault>;

    /// Fills `buf` from a register as `frame` sees it, from byte `offset` of the register on.
    ///
    /// # Errors
    /// [`ValueError::NotSaved`], [`ValueError::Unavailable`], [`ValueError::OptimizedOut`], or a memory fault where
    /// the frame keeps the register in memory.
    fn read_register(
        &self,
        frame: FrameId,
        register: RegisterId,
        offset: usize,
        buf: &mut [u8],
    ) -> Result<(), ValueError>;

    /// Writes to a register as `frame` sees it, from byte `offset` on.
    ///
    /// # Errors
    /// As [`Access::read_register`].
    fn write_register(
        &self,
        frame: FrameId,
        register: RegisterId,
        offset: usize,
        bytes: &[u8],
    ) -> Result<(), ValueError>;

    /// `set max-value-size`; `None` is unlimited.
    fn max_value_size(&self) -> Option<u64> {
        Some(65536)
    }
}

/// Position of a bit-field inside its value's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BitField {
    /// Bit offset from the first byte of the value's place, less than eight: of the least significant bit, or in a
    /// big-endian type of the most significant one.
    pub offset: u8,
    /// Width in bits.
    pub size: u32,
}

/// A C value.
#[derive(Clone, Debug)]
pub struct Value {
    ty: Type,
    place: Place,
    bits: Option<BitField>,
    contents: OnceLock<Result<Contents, ValueError>>,
}

impl Value {
    /// A value in target memory, not read yet.
    #[must_use]
    pub fn at(ty: Type, addr: VirtAddr) -> Self {
        Self::lazy(ty, Place::Memory(addr))
    }

    /// A value somewhere, not read yet.
    #[must_use]
    pub fn lazy(ty: Type, place: Place) -> Self {
        Self { ty, place, bits: None, contents: OnceLock::new() }
    }

    /// A value in a register of a frame, from byte `offset` of the register on; not read yet.
    #[must_use]
    pub fn register(ty: Type, frame: FrameId, register: RegisterId, offset: u32) -> Self {
        Self::lazy(ty, Place::Register { frame, register, offset })
    }

    /// A value made of pieces (`DW_OP_piece`, `DW_OP_stack_value`, `DW_OP_implicit_value`), not read yet.
    #[must_use]
    pub fn pieces(ty: Type, pieces: Vec<Piece>) -> Self {
        Self::lazy(ty, Place::Pieces(Pieces::new(pieces)))
    }

    /// A computed value that lives nowhere.
    #[must_use]
    pub fn from_bytes(ty: Type, bytes: impl Into<Bytes>) -> Self {
        Self::with_contents(ty, Place::None, Contents::from(bytes.into()))
    }

    /// A value with known contents.
    #[must_use]
    pub fn with_contents(ty: Type, place: Place, contents: Contents) -> Self {
        Self { ty, place, bits: None, contents: OnceLock::from(Ok(contents)) }
    }

    /// A value of which nothing is left: gdb's `<optimized out>`.
    #[must_use]
    pub fn optimized_out(ty: Type) -> Self {
        let size = ty.size().unwrap_or(0);
        Self::with_contents(ty, Place::None, Contents::missing(size, Missing::OptimizedOut))
    }

    /// A value whose contents cannot be had; printing says `<error: ...>`, computing with it fails.
    #[must_use]
    pub fn error(ty: Type, error: ValueError) -> Self {
        Self { ty, place: Place::None, bits: None, contents: OnceLock::from(Err(error)) }
    }

    /// Its type.
    #[must_use]
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// Where it lives.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Its address, when it lives in memory.
    #[must_use]
    pub fn address(&self) -> Option<VirtAddr> {
        match self.place {
            Place::Memory(addr) => Some(addr),
            _ => None,
        }
    }

    /// Its position, when it is a bit-field.
    #[must_use]
    pub fn bit_field(&self) -> Option<BitField> {
        self.bits
    }

    /// Whether the contents were not asked for yet.
    #[must_use]
    pub fn is_lazy(&self) -> bool {
        self.contents.get().is_none()
    }

    /// The contents, read now if they were not yet. A bit-field's are already shifted and extended to its type.
    ///
    /// # Errors
    /// Why the value cannot be read at all; parts that are optimized out or unavailable are [`Hole`]s instead.
    pub fn contents(&self, access: &dyn Access) -> Result<&Contents, ValueError> {
        self.contents.get_or_init(|| contents::fetch(self, access)).as_ref().map_err(Clone::clone)
    }

    /// The bytes of a value of which no part is missing.
    ///
    /// # Errors
    /// As [`Value::contents`]; also when a part is optimized out or unavailable.
    pub fn bytes(&self, access: &dyn Access) -> Result<&Bytes, ValueError> {
        let contents = self.contents(access)?;
        contents.require()?;
        Ok(contents.bytes())
    }

    /// The bytes of a number, least significant first whatever order the target has.
    ///
    /// # Errors
    /// As [`Value::bytes`].
    pub fn number(&self, access: &dyn Access) -> Result<Bytes, ValueError> {
        let bytes = self.bytes(access)?;
        Ok(if self.ty.is_big_endian() { bytes.reversed() } else { bytes.clone() })
    }

    /// A number that lives nowhere, from bytes whose first is the least significant.
    #[must_use]
    pub fn from_number(ty: Type, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let bytes = if ty.is_big_endian() { bytes.reversed() } else { bytes };
        Self::from_bytes(ty, bytes)
    }

    /// The same bits read as another type. Keeps the place; contents already read are kept when they suffice.
    #[must_use]
    pub fn with_type(&self, ty: Type) -> Self {
        let contents = match self.contents.get() {
            Some(Ok(contents)) if ty.size() == Some(contents.bytes().len() as u64) => {
                OnceLock::from(Ok(contents.clone()))
            }
            Some(Err(error)) => OnceLock::from(Err(error.clone())),
            _ => OnceLock::new(),
        };
        Self { ty, place: self.place.clone(), bits: self.bits, contents }
    }

    /// The same value without a place: an rvalue. Unread contents stay unread.
    #[must_use]
    pub fn without_place(mut self, access: &dyn Access) -> Self {
        // The contents are read while it is known where they are.
        let _ = self.contents(access);
        self.place = Place::None;
        self.bits = None;
        self
    }

    /// The part of this value from bit `bit_offset` on, as a value of type `ty`; `bit_size` for a bit-field.
    ///
    /// Reads nothing when this value was not read yet.
    #[must_use]
    pub fn component(&self, ty: Type, bit_offset: u64, bit_size: Option<u32>) -> Self {
        contents::component(self, ty, bit_offset, bit_size)
    }
}

/// Names of convenience variables in [`Place::Internal`].
type InternalName = Arc<str>;

#[cfg(test)]
mod tests;
