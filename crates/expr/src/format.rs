//! Format letters and sizes: the `/FMT` of `print`, `x`, `output`, `display`.

/// How to show a scalar (`print /x`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// `x`.
    Hex,
    /// `z`: hexadecimal, padded with zeros to the size of the type.
    ZeroHex,
    /// `d`.
    Decimal,
    /// `u`.
    Unsigned,
    /// `o`.
    Octal,
    /// `t`.
    Binary,
    /// `a`.
    Address,
    /// `c`.
    Char,
    /// `f`.
    Float,
    /// `s`.
    String,
    /// `i`: only for `x` and `display`.
    Instruction,
}

/// A unit of `x`: `b`, `h`, `w`, `g`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnitSize {
    /// `b`: 1.
    Byte,
    /// `h`: 2.
    Half,
    /// `w`: 4.
    Word,
    /// `g`: 8.
    Giant,
}

impl UnitSize {
    /// Size in bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
            Self::Giant => 8,
        }
    }
}
