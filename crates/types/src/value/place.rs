//! Where a value lives.

use super::{Bytes, InternalName};
use kdive_base::VirtAddr;
use std::sync::Arc;

/// A frame, as the implementation of [`super::Access`] numbers them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FrameId(pub u64);

/// A register, as the implementation of [`super::Access`] numbers them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RegisterId(pub u32);

/// Where a value lives, and so where an assignment to it goes.
#[derive(Clone, Debug)]
pub enum Place {
    /// Nowhere: a result of computation.
    None,
    /// In target memory.
    Memory(VirtAddr),
    /// In a register, as a frame sees it.
    Register {
        /// Whose register.
        frame: FrameId,
        /// Which register.
        register: RegisterId,
        /// First byte inside the register.
        offset: u32,
    },
    /// The convenience variable itself.
    Internal(InternalName),
    /// Part of a convenience variable.
    InternalPart {
        /// Which variable.
        name: InternalName,
        /// First byte inside it.
        offset: u64,
    },
    /// In several places, or in none that has an address.
    Pieces(Pieces),
}

impl Place {
    /// Whether the value can be assigned to.
    #[must_use]
    pub fn is_lvalue(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// The place `bytes` further on.
    #[must_use]
    pub fn offset(&self, bytes: u64) -> Self {
        match self {
            Self::None => Self::None,
            Self::Memory(addr) => Self::Memory(addr.offset(bytes)),
            Self::Register { frame, register, offset } => Self::Register {
                frame: *frame,
                register: *register,
                offset: offset.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX)),
            },
            Self::Internal(name) => Self::InternalPart { name: Arc::clone(name), offset: bytes },
            Self::InternalPart { name, offset } => {
                Self::InternalPart { name: Arc::clone(name), offset: offset.saturating_add(bytes) }
            }
            Self::Pieces(pieces) => Self::Pieces(pieces.skip_bits(bytes.saturating_mul(8))),
        }
    }
}

/// A list of pieces, and how many bits of it come before the value.
#[derive(Clone, Debug)]
pub struct Pieces {
    /// In the order of the value's bits, least significant first (little-endian).
    pub list: Arc<[Piece]>,
    /// Bits before the value.
    pub skip: u64,
}

impl Pieces {
    /// The value begins with the first piece.
    #[must_use]
    pub fn new(list: Vec<Piece>) -> Self {
        Self { list: list.into(), skip: 0 }
    }

    /// The piece that begins where these pieces do.
    #[must_use]
    pub fn first(&self) -> Option<&Piece> {
        let mut start = 0u64;
        for piece in &*self.list {
            if start >= self.skip {
                return (start == self.skip).then_some(piece);
            }
            start = start.saturating_add(piece.bit_size);
        }
        None
    }

    /// The same pieces, `bits` further on.
    #[must_use]
    pub fn skip_bits(&self, bits: u64) -> Self {
        Self { list: Arc::clone(&self.list), skip: self.skip.saturating_add(bits) }
    }
}

/// One piece of a value (`DW_OP_piece`, `DW_OP_bit_piece`).
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its width in bits.
    pub bit_size: u64,
    /// First bit inside its source.
    pub bit_offset: u64,
    /// Where its bits are.
    pub source: PieceSource,
}

/// Where the bits of a piece are.
#[derive(Clone, Debug)]
pub enum PieceSource {
    /// In target memory.
    Memory(VirtAddr),
    /// In a register.
    Register(FrameId, RegisterId),
    /// In the debug information (`DW_OP_implicit_value`, `DW_OP_stack_value`).
    Literal(Bytes),
    /// Nowhere any more.
    OptimizedOut,
    /// A pointer to something that has no address (`DW_OP_implicit_pointer`). The thing pointed at.
    ImplicitPointer {
        /// What the pointer points to.
        target: Arc<super::Value>,
        /// Byte offset from it.
        offset: i64,
    },
}
