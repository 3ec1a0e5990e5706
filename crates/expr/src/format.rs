//! Format letters and sizes: the `/FMT` of `print`, `x`, `output`, `display`.

use crate::error::{ExprError, Result};

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
    /// Any other letter: refused where it is used, as gdb does.
    Undefined(char),
}

impl Format {
    /// The format of a letter.
    #[must_use]
    pub fn from_letter(letter: char) -> Self {
        match letter {
            'x' => Self::Hex,
            'z' => Self::ZeroHex,
            'd' => Self::Decimal,
            'u' => Self::Unsigned,
            'o' => Self::Octal,
            't' => Self::Binary,
            'a' => Self::Address,
            'c' => Self::Char,
            'f' => Self::Float,
            's' => Self::String,
            'i' => Self::Instruction,
            other => Self::Undefined(other),
        }
    }

    /// Its letter.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Hex => 'x',
            Self::ZeroHex => 'z',
            Self::Decimal => 'd',
            Self::Unsigned => 'u',
            Self::Octal => 'o',
            Self::Binary => 't',
            Self::Address => 'a',
            Self::Char => 'c',
            Self::Float => 'f',
            Self::String => 's',
            Self::Instruction => 'i',
            Self::Undefined(letter) => letter,
        }
    }
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

    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Byte => 'b',
            Self::Half => 'h',
            Self::Word => 'w',
            Self::Giant => 'g',
        }
    }
}

/// A `/FMT` as it was typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FormatSpec {
    /// The format letter, the last where there are several.
    pub format: Option<Format>,
    /// The size letter.
    pub size: Option<UnitSize>,
    /// How many; negative is backwards.
    pub count: Option<i64>,
    /// `r`.
    pub raw: bool,
}

impl FormatSpec {
    /// Reads the letters after the slash; gives the rest without blanks in front.
    #[must_use]
    pub fn parse(text: &str) -> (Self, &str) {
        let mut spec = Self::default();
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            // gdb reads a C int.
            spec.count = Some(i64::from(rest[..digits].parse::<i32>().unwrap_or(i32::MAX)));
            rest = &rest[digits..];
        }
        if negative {
            spec.count = Some(-spec.count.unwrap_or(1));
        }
        while let Some(letter) = rest.chars().next().filter(char::is_ascii_lowercase) {
            match letter {
                'b' => spec.size = Some(UnitSize::Byte),
                'h' => spec.size = Some(UnitSize::Half),
                'w' => spec.size = Some(UnitSize::Word),
                'g' => spec.size = Some(UnitSize::Giant),
                'r' => spec.raw = true,
                _ => spec.format = Some(Format::from_letter(letter)),
            }
            rest = &rest[1..];
        }
        (spec, rest.trim_start())
    }

    /// The format for a command that shows a value, not memory. `last` is what `print/FMT` or `x/FMT` used before;
    /// it stands in where no letter is given.
    ///
    /// # Errors
    /// Sizes, counts and `i` mean nothing to such a command.
    pub fn for_value(&self, command: &str, last: Option<Format>) -> Result<Option<Format>> {
        let meaningless =
            |what: &str| Err(ExprError::msg(format!("{what} meaningless in \"{command}\" command.")));
        if self.size.is_some() {
            return meaningless("Size letters are");
        }
        if self.count.is_some_and(|count| count != 1) {
            return meaningless("Item count other than 1 is");
        }
        let format = self.format.or(last);
        if format == Some(Format::Instruction) {
            return meaningless("Format letter \"i\" is");
        }
        Ok(format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_any_order_the_last_one_counts() {
        let (spec, rest) = FormatSpec::parse("10xgi  $pc");
        assert_eq!(rest, "$pc");
        assert_eq!(spec.count, Some(10));
        assert_eq!(spec.format, Some(Format::Instruction));
        assert_eq!(spec.size, Some(UnitSize::Giant));
        assert_eq!(FormatSpec::parse("-x").0.count, Some(-1));
        assert_eq!(FormatSpec::parse("99999999999x").0.count, Some(i64::from(i32::MAX)));
        assert_eq!(FormatSpec::parse("x$rip").1, "$rip");
    }

    #[test]
    fn print_refuses_what_is_for_memory() {
        let refused = |text| FormatSpec::parse(text).0.for_value("print", None).unwrap_err().to_string();
        assert_eq!(refused("w"), "Size letters are meaningless in \"print\" command.");
        assert_eq!(refused("2x"), "Item count other than 1 is meaningless in \"print\" command.");
        assert_eq!(refused("i"), "Format letter \"i\" is meaningless in \"print\" command.");
        assert_eq!(FormatSpec::parse("r").0.for_value("print", Some(Format::Hex)), Ok(Some(Format::Hex)));
    }
}
