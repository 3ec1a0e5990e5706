//! Character and string literals with their escapes.

use crate::builtin::builtin;
use crate::context::{Context, Scope};
use crate::error::{ExprError, Result};
use kdive_types::{Type, Value};

/// What `L`, `u`, `U` before a quote say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Width {
    Plain,
    Wide,
    Utf16,
    Utf32,
}

impl Width {
    /// Bytes of a character.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Plain => 1,
            Self::Utf16 => 2,
            Self::Wide | Self::Utf32 => 4,
        }
    }

    /// The type of a character.
    pub(crate) fn ty(self, context: &dyn Context) -> Result<Type> {
        let name = match self {
            Self::Plain => return Ok(context.base_type("char").unwrap_or_else(|| builtin().char.clone())),
            Self::Wide => "wchar_t",
            Self::Utf16 => "char16_t",
            Self::Utf32 => "char32_t",
        };
        if let Some(symbol) = context.lookup(name, Scope::Here)?
            && matches!(symbol.class, crate::SymbolClass::Typedef)
        {
            return Ok(symbol.ty);
        }
        context.base_type(name).ok_or_else(|| ExprError::msg(format!("No type named {name}.")))
    }
}

/// A character or string literal.
pub(super) struct Literal {
    pub(super) width: Width,
    pub(super) quote: char,
    /// Its length in the text, quotes included.
    pub(super) len: usize,
    /// How many characters it has, as gdb counts: escapes are one.
    pub(super) chars: usize,
    /// Its characters: code points, or units given by number.
    units: Vec<Unit>,
}

#[derive(Clone, Copy)]
enum Unit {
    /// A character, to be encoded.
    Char(char),
    /// A number given as octal or hexadecimal escape.
    Raw(u32),
}

/// Reads the literal at the start of `text`.
pub(super) fn scan(text: &str) -> Result<Literal> {
    let mut chars = text.char_indices().peekable();
    let mut width = Width::Plain;
    let mut quote = '"';
    for (_, c) in chars.by_ref() {
        width = match c {
            'L' => Width::Wide,
            'u' => Width::Utf16,
            'U' => Width::Utf32,
            _ => {
                quote = c;
                break;
            }
        };
    }
    let mut units = Vec::new();
    let mut count = 0;
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Ok(Literal { width, quote, len: at + 1, chars: count, units });
        }
        if c != '\\' {
            // gdb counts bytes here.
            count += c.len_utf8();
            units.push(Unit::Char(c));
            continue;
        }
        if let Some(unit) = escape(&mut chars, width)? {
            count += 1;
            units.push(unit);
        }
    }
    Err(ExprError::msg(if quote == '"' {
        "Unterminated string in expression."
    } else {
        "Unmatched single quote."
    }))
}

type Chars<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

fn digits(chars: &mut Chars<'_>, radix: u32, most: usize) -> Option<u64> {
    let mut value = None;
    for _ in 0..most {
        let Some(digit) = chars.peek().and_then(|(_, c)| c.to_digit(radix)) else { break };
        value = Some(value.unwrap_or(0u64).wrapping_mul(u64::from(radix)).wrapping_add(u64::from(digit)));
        chars.next();
    }
    value
}

fn escape(chars: &mut Chars<'_>, width: Width) -> Result<Option<Unit>> {
    let Some(&(_, c)) = chars.peek() else { return Ok(None) };
    if let Some(value) = digits(chars, 8, 3) {
        return Ok(Some(Unit::Raw(value as u32)));
    }
    chars.next();
    let simple = match c {
        'x' => {
            let value = digits(chars, 16, usize::MAX)
                .ok_or_else(|| ExprError::msg("\\x escape without a following hex digit"))?;
            let bits = 8 * width.bytes() as u32;
            if bits < 64 && value >> bits != 0 {
                return Err(ExprError::msg("Hex escape sequence out of range."));
            }
            return Ok(Some(Unit::Raw(value as u32)));
        }
        'u' | 'U' => {
            let value = digits(chars, 16, if c == 'U' { 8 } else { 4 })
                .ok_or_else(|| ExprError::msg(format!("\\{c} escape without a following hex digit")))?;
            let c = u32::try_from(value).ok().and_then(char::from_u32);
            return Ok(Some(c.map_or(Unit::Raw(value as u32), Unit::Char)));
        }
        '\n' => return Ok(None),
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'e' => '\x1b',
        other => other,
    };
    Ok(Some(Unit::Char(simple)))
}

impl Literal {
    fn encode(&self, unit: Unit, to: &mut Vec<u8>) {
        let mut push = |value: u32| to.extend_from_slice(&value.to_le_bytes()[..self.width.bytes()]);
        match unit {
            Unit::Raw(value) => push(value),
            Unit::Char(c) => match self.width {
                Width::Plain => {
                    let mut buf = [0; 4];
                    to.extend_from_slice(c.encode_utf8(&mut buf).as_bytes());
                }
                Width::Utf16 => {
                    let mut buf = [0; 2];
                    for unit in c.encode_utf16(&mut buf) {
                        push(u32::from(*unit));
                    }
                }
                Width::Wide | Width::Utf32 => push(u32::from(c)),
            },
        }
    }

    /// The bytes without a final NUL.
    pub(super) fn string(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.units.len() * self.width.bytes());
        for &unit in &self.units {
            self.encode(unit, &mut bytes);
        }
        Ok(bytes)
    }

    /// A character constant.
    pub(super) fn character(&self, context: &dyn Context) -> Result<Value> {
        let bytes = self.string()?;
        if bytes.len() != self.width.bytes() {
            return Err(ExprError::msg("Could not convert character constant to target character set"));
        }
        Ok(Value::from_bytes(self.width.ty(context)?, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, chars: usize, bytes: &[u8]) {
        let literal = scan(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((literal.chars, literal.len), (chars, text.len()), "{text}");
        assert_eq!(literal.string().unwrap(), bytes, "{text}");
    }

    #[test]
    fn escapes() {
        check(r#""a\n\t\\""#, 4, b"a\n\t\\");
        check(r#""\101\0""#, 2, b"A\0");
        check(r#""\x41\e""#, 2, b"A\x1b");
        check(r#""\q\"""#, 2, b"q\"");
        check(r"'\''", 1, b"'");
        check(r#"u"a""#, 1, b"a\0");
        check(r#"L"\x100""#, 1, &[0, 1, 0, 0]);
    }

    #[test]
    fn unfinished() {
        assert_eq!(scan("\"abc").err().unwrap().to_string(), "Unterminated string in expression.");
        assert_eq!(scan("'a").err().unwrap().to_string(), "Unmatched single quote.");
        assert_eq!(scan(r#""\x""#).err().unwrap().to_string(), "\\x escape without a following hex digit");
    }
}
