//! Where a variable's value is: what a DWARF location description comes to in a frame.

use crate::LocationError;
use kdive_base::{ReadMemory, VirtAddr};

/// What evaluating a location may ask of the frame. All register numbers are DWARF's.
pub trait EvalContext {
    /// Memory of the target.
    fn memory(&self) -> &dyn ReadMemory;

    /// A register of the frame, as unwound.
    ///
    /// # Errors
    /// [`LocationError::RegisterNotSaved`], [`LocationError::NoFrame`].
    fn register(&self, dwarf_number: u16) -> Result<u64, LocationError>;

    /// The frame's canonical frame address (`DW_OP_call_frame_cfa`).
    ///
    /// # Errors
    /// [`LocationError::NoFrame`].
    fn cfa(&self) -> Result<u64, LocationError>;

    /// `DW_OP_entry_value`: what the register, or the memory behind it, held when the function was entered. Answered from
    /// the caller's frame with [`crate::CallSite`].
    ///
    /// # Errors
    /// [`LocationError::NoEntryValue`].
    fn entry_value(&self, _what: EntryValue) -> Result<u64, LocationError> {
        Err(LocationError::NoEntryValue)
    }
}

/// The forms of `DW_OP_entry_value` compilers write.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EntryValue {
    /// A DWARF register.
    Register(u16),
    /// The memory a register plus offset pointed at, and its size.
    Memory {
        /// The base register.
        register: u16,
        /// Added to it.
        offset: i64,
        /// Bytes read.
        size: u8,
    },
}

/// Where a value, or a piece of it, is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Storage {
    /// In target memory.
    Memory(VirtAddr),
    /// In a DWARF register of the frame.
    Register(u16),
    /// Not stored: these are its bytes (`DW_OP_stack_value`, `DW_OP_implicit_value`, `DW_AT_const_value`),
    /// little-endian, possibly longer than the type.
    Value(Vec<u8>),
    /// A pointer to something that is not in memory (`DW_OP_implicit_pointer`): gdb's `<synthetic pointer>`.
    ImplicitPointer {
        /// Key of the DIE of the variable pointed to, for [`crate::ModuleSet::variable_by_key`].
        key: u64,
        /// Byte offset into it.
        offset: i64,
    },
    /// Gone: `<optimized out>`.
    OptimizedOut,
}

/// A piece of a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Where.
    pub storage: Storage,
    /// Offset in bits into `storage` (`DW_OP_bit_piece`).
    pub bit_offset: u64,
    /// Size in bits; `None` only for the single piece of a value that is in one place.
    pub bit_size: Option<u64>,
}

/// The place of a whole value: one piece without a size, or several with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located {
    /// In order of the value's bits.
    pub pieces: Vec<Piece>,
}

impl Located {
    /// A value in one place.
    #[must_use]
    pub fn whole(storage: Storage) -> Self {
        Self { pieces: vec![Piece { storage, bit_offset: 0, bit_size: None }] }
    }

    /// The only place, if there is only one.
    #[must_use]
    pub fn single(&self) -> Option<&Storage> {
        match self.pieces.as_slice() {
            [Piece { storage, bit_offset: 0, bit_size: None }] => Some(storage),
            _ => None,
        }
    }
}
