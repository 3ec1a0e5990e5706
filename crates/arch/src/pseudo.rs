//! Names for parts of registers and for registers with a role: `eax`, `ah`, `ymm0`, `pc`.

use crate::{RegType, RegisterLayout};

/// Some bytes of one register of a layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Index in [`RegisterLayout::registers`].
    pub index: usize,
    /// First byte inside the register.
    pub offset: usize,
    /// Number of bytes.
    pub size: usize,
}

/// A register the user can name: its type and which bytes of the stub's registers it is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegRef {
    /// The name as looked up, without `$`.
    pub name: String,
    /// Type of the value.
    pub ty: RegType,
    /// The bytes, least significant piece first. Never empty.
    pub pieces: Vec<Piece>,
}

impl RegRef {
    /// All of the register at `index` of `layout`.
    #[must_use]
    pub fn whole(layout: &RegisterLayout, index: usize) -> Option<Self> {
        let reg = layout.registers().get(index)?;
        let piece = Piece { index, offset: 0, size: reg.size() };
        Some(Self { name: reg.name.clone(), ty: reg.ty.clone(), pieces: vec![piece] })
    }

    /// Index of the stub's register when this is exactly one of them, whatever name it was looked up by.
    #[must_use]
    pub fn raw_index(&self, layout: &RegisterLayout) -> Option<usize> {
        match self.pieces.as_slice() {
            [piece] if piece.offset == 0 && layout.registers().get(piece.index)?.size() == piece.size => {
                Some(piece.index)
            }
            _ => None,
        }
    }

    /// Size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.pieces.iter().map(|piece| piece.size).sum()
    }
}

/// Looks up a pseudo or role register. `$fp` is the frame pointer register; gdb answers with the frame's base instead,
/// which only an unwinder can know (see [`crate::FrameBase`]).
pub(crate) fn lookup(layout: &RegisterLayout, name: &str) -> Option<RegRef> {
    crate::riscv::lookup(layout, name).or_else(|| crate::x86::pseudo::lookup(layout, name))
}

/// All names, for completion.
pub(crate) fn names(layout: &RegisterLayout) -> Vec<String> {
    crate::x86::pseudo::names(layout)
}
