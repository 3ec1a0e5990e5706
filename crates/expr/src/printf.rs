//! `printf`, `dprintf`, `echo`: text with escapes and C's conversions.

use crate::context::Context;
use crate::error::{ExprError, Result};
use crate::eval::{as_address, as_decimal, as_float, as_int, float_format};
use crate::expr::Expr;
use crate::functions::{c_string, read_c_string};
use kdive_types::{DecimalFormat, Float, FloatFormat, Place, Value};

/// A format and the expressions it wants. Parsed once; `dprintf` prints it again and again.
#[derive(Clone, Debug)]
pub struct Printf {
    pieces: Vec<Piece>,
    args: Vec<Expr>,
}

#[derive(Clone, Debug)]
enum Piece {
    Literal(Vec<u8>),
    Conversion(Conversion),
}

/// One `%...`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Conversion {
    minus: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    longs: u8,
    big_l: bool,
    half: bool,
    size_t: bool,
    /// `H`, `D`, `DD`: bytes of a decimal.
    decimal: Option<u64>,
    letter: char,
}

/// Widest field and precision; the format is typed by hand, but a script may have computed it.
const MAX_WIDTH: usize = 1 << 16;

impl Printf {
    /// Parses `"FORMAT", ARG, ...`.
    ///
    /// # Errors
    /// gdb's words for what is wrong with the format or an argument.
    pub fn parse(text: &str, context: &dyn Context) -> Result<Self> {
        let text = text.trim_start();
        if text.is_empty() {
            return Err(ExprError::msg("Argument required (format-control string and values to print)."));
        }
        let text =
            text.strip_prefix('"').ok_or_else(|| ExprError::msg("Bad format string, missing '\"'."))?;
        let (format, rest) = unescape(text)?;
        let rest = rest.trim_start();
        let mut rest = match rest.strip_prefix(',') {
            Some(rest) => rest.trim_start(),
            None if rest.is_empty() => rest,
            None => return Err(ExprError::msg("Invalid argument syntax")),
        };
        let pieces = pieces(&format)?;
        let mut args = Vec::new();
        while !rest.is_empty() {
            let (arg, after) = Expr::parse_until_comma(rest, context)?;
            args.push(arg);
            rest = after.strip_prefix(',').unwrap_or(after);
            if rest.len() == after.len() && !rest.is_empty() {
                return Err(ExprError::msg("Invalid argument syntax"));
            }
        }
        let wanted = pieces.iter().filter(|piece| matches!(piece, Piece::Conversion(_))).count();
        if wanted != args.len() {
            return Err(ExprError::msg("Wrong number of arguments for specified format-string"));
        }
        Ok(Self { pieces, args })
    }

    /// Evaluates the arguments and makes the text.
    ///
    /// # Errors
    /// What an argument cannot be converted to, memory that cannot be read.
    pub fn print(&self, context: &dyn Context) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.print_into(context, &mut out)?;
        Ok(out)
    }

    /// As [`Printf::print`]; on an error `out` has the text up to the argument at fault, which gdb shows too.
    ///
    /// # Errors
    /// As [`Printf::print`].
    pub fn print_into(&self, context: &dyn Context, out: &mut Vec<u8>) -> Result<()> {
        let values = self.args.iter().map(|arg| arg.evaluate(context)).collect::<Result<Vec<_>>>()?;
        let mut values = values.iter();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text),
                Piece::Conversion(conversion) => {
                    let value = values.next().ok_or_else(|| {
                        ExprError::msg("Wrong number of arguments for specified format-string")
                    })?;
                    conversion.print(context, value, out)?;
                }
            }
        }
        Ok(())
    }
}

/// The format up to its closing quote with escapes replaced, and what follows.
fn unescape(text: &str) -> Result<(String, &str)> {
    let mut format = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((format, &text[at + 1..])),
            '\\' => {
                let escaped = chars.next().map(|(_, c)| c);
                format.push(match escaped {
                    Some('\\') => '\\',
                    Some('a') => '\x07',
                    Some('b') => '\x08',
                    Some('e') => '\x1b',
                    Some('f') => '\x0c',
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some('v') => '\x0b',
                    Some('"') => '"',
                    other => {
                        return Err(ExprError::msg(format!(
                            "Unrecognized escape character \\{} in format string.",
                            other.map(String::from).unwrap_or_default()
                        )));
                    }
                });
            }
            _ => format.push(c),
        }
    }
    Err(ExprError::msg("Bad format string, non-terminated '\"'."))
}

fn pieces(format: &str) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut literal = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        literal.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            literal.push(b'%');
            rest = after;
            continue;
        }
        let (conversion, after) = Conversion::parse(rest)?;
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(Piece::Conversion(conversion));
        rest = after;
    }
    literal.extend_from_slice(rest.as_bytes());
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn number(text: &str) -> (usize, &str) {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    let value = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(MAX_WIDTH) };
    (value.min(MAX_WIDTH), rest)
}

impl Conversion {
    fn parse(text: &str) -> Result<(Self, &str)> {
        let mut this = Self::default();
        let mut rest = text;
        while let Some(flag) = rest.chars().next() {
            match flag {
                '0' => this.zero = true,
                '-' => this.minus = true,
                '+' => this.plus = true,
                ' ' => this.space = true,
                '#' => this.alternate = true,
                _ => break,
            }
            rest = &rest[1..];
        }
        (this.width, rest) = number(rest);
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = number(after);
            this.precision = Some(precision);
            rest = after;
        }
        if let Some(after) = rest.strip_prefix('l') {
            (this.longs, rest) = match after.strip_prefix('l') {
                Some(after) => (2, after),
                None => (1, after),
            };
        } else if let Some(after) = rest.strip_prefix('h') {
            (this.half, rest) = (true, after);
        } else if let Some(after) = rest.strip_prefix('L') {
            (this.big_l, rest) = (true, after);
        } else if let Some(after) = rest.strip_prefix('H') {
            (this.decimal, rest) = (Some(4), after);
        } else if let Some(after) = rest.strip_prefix('D') {
            (this.decimal, rest) = match after.strip_prefix('D') {
                Some(after) => (Some(16), after),
                None => (Some(8), after),
            };
        } else if let Some(after) = rest.strip_prefix('z') {
            (this.size_t, rest) = (true, after);
        }
        let letter = rest
            .chars()
            .next()
            .ok_or_else(|| ExprError::msg("Incomplete format specifier at end of format string"))?;
        this.letter = letter;
        if this.is_inappropriate()? {
            return Err(ExprError::msg(format!(
                "Inappropriate modifiers to format specifier '{letter}' in printf"
            )));
        }
        Ok((this, &rest[letter.len_utf8()..]))
    }

    /// Checks flags against the letter.
    fn is_inappropriate(&self) -> Result<bool> {
        let signs = self.space || self.plus;
        Ok(match self.letter {
            'u' => self.alternate || signs || self.big_l,
            'o' | 'x' | 'X' => signs || self.big_l,
            'd' | 'i' => self.big_l,
            'c' => {
                self.longs > 1 || self.half || self.big_l || self.precision.is_some() || self.zero || signs
            }
            'p' => {
                self.longs > 0
                    || self.half
                    || self.big_l
                    || self.precision.is_some()
                    || self.alternate
                    || self.zero
                    || signs
            }
            's' => self.longs > 1 || self.half || self.big_l || self.zero || signs,
            'e' | 'f' | 'g' | 'E' | 'G' => self.longs > 0 || self.half,
            '*' => return Err(ExprError::msg("`*' not supported for precision or width in printf")),
            'n' => return Err(ExprError::msg("Format specifier `n' not supported in printf")),
            other => {
                return Err(ExprError::msg(format!("Unrecognized format specifier '{other}' in printf")));
            }
        })
    }

    fn print(&self, context: &dyn Context, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        match self.letter {
            's' => {
                let text = self.string(context, value)?;
                let text = &text[..self.precision.unwrap_or(text.len()).min(text.len())];
                self.pad(text, out);
            }
            'c' if self.longs > 0 => {
                if value.ty().size() != Some(4) || !value.ty().is_integral() {
                    return Err(ExprError::msg("expected wchar_t argument for %lc"));
                }
                let c = char::from_u32(integer(context, value)? as u32).unwrap_or('?');
                self.pad(c.to_string().as_bytes(), out);
            }
            'c' => self.pad(&[integer(context, value)? as u8], out),
            'p' => {
                let address = integer(context, value)? as u64;
                let text = if address == 0 { "(nil)".to_owned() } else { format!("{address:#x}") };
                self.pad(text.as_bytes(), out);
            }
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => self.integer(integer(context, value)?, out),
            _ => self.float(context, value, out)?,
        }
        Ok(())
    }

    fn string(&self, context: &dyn Context, value: &Value) -> Result<Vec<u8>> {
        let in_debugger =
            matches!(value.place(), Place::None | Place::Internal(_) | Place::InternalPart { .. });
        if value.ty().is_array() && in_debugger {
            return c_string(context, value);
        }
        let address = match value.address() {
            Some(address) if value.ty().is_array() || value.ty().is_function() => address,
            _ => as_address(value, context)?,
        };
        if address.0 == 0 {
            return Ok(b"(null)".to_vec());
        }
        if self.longs == 0 {
            return read_c_string(context, address);
        }
        let mut text = String::new();
        for at in 0..MAX_WIDTH as u64 {
            let mut unit = [0; 4];
            context.read_memory(address.offset(4 * at), &mut unit)?;
            match u32::from_le_bytes(unit) {
                0 => break,
                unit => text.push(char::from_u32(unit).unwrap_or('?')),
            }
        }
        Ok(text.into_bytes())
    }

    fn integer(&self, number: i128, out: &mut Vec<u8>) {
        // As the C type of the conversion: int without a length, long with one.
        let wide = self.longs > 0 || self.size_t;
        let signed = match (wide, self.half) {
            (true, _) => i128::from(number as i64),
            (false, true) => i128::from(number as i16),
            (false, false) => i128::from(number as i32),
        };
        let unsigned = match (wide, self.half) {
            (true, _) => number as u64,
            (false, true) => u64::from(number as u16),
            (false, false) => u64::from(number as u32),
        };
        let (sign, mut digits) = match self.letter {
            'd' | 'i' => {
                let sign = if signed < 0 {
                    "-"
                } else if self.plus {
                    "+"
                } else if self.space {
                    " "
                } else {
                    ""
                };
                (sign, signed.unsigned_abs().to_string())
            }
            'o' => ("", format!("{unsigned:o}")),
            'x' => (if self.alternate && unsigned != 0 { "0x" } else { "" }, format!("{unsigned:x}")),
            'X' => (if self.alternate && unsigned != 0 { "0X" } else { "" }, format!("{unsigned:X}")),
            _ => ("", unsigned.to_string()),
        };
        match self.precision {
            Some(0) if digits == "0" => digits.clear(),
            Some(precision) => {
                let missing = precision.saturating_sub(digits.len());
                digits.insert_str(0, &"0".repeat(missing));
            }
            None => {}
        }
        if self.letter == 'o' && self.alternate && !digits.starts_with('0') {
            digits.insert(0, '0');
        }
        if self.zero && !self.minus && self.precision.is_none() {
            let missing = self.width.saturating_sub(sign.len() + digits.len());
            digits.insert_str(0, &"0".repeat(missing));
        }
        self.pad(format!("{sign}{digits}").as_bytes(), out);
    }

    fn float(&self, context: &dyn Context, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        if let Some(format) = self.decimal.and_then(DecimalFormat::of) {
            let number = as_decimal(value, context)?.rounded(format);
            self.pad(number.to_string().as_bytes(), out);
            return Ok(());
        }
        let format = if self.big_l { FloatFormat::X87 } else { FloatFormat::DOUBLE };
        let number = if value.ty().is_float() {
            as_float(value, context)?
        } else {
            // Other values of the size of a floating-point type are taken to be one, as gdb does.
            let bytes = value.bytes(context)?;
            let same_size = match bytes.len() {
                4 => Some(FloatFormat::SINGLE),
                8 => Some(FloatFormat::DOUBLE),
                16 => Some(FloatFormat::X87),
                _ => None,
            };
            match same_size {
                Some(same_size) => Float::decode(bytes, same_size),
                None if value.ty().is_integral() => as_float(value, context)?,
                None => return Err(ExprError::msg("Invalid cast.")),
            }
        };
        let number = number.rounded(float_format(value.ty()).filter(|_| self.big_l).unwrap_or(format));
        let text = number.printf(self.letter, self.precision, self.alternate);
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None if self.plus => ("+", &text[..]),
            None if self.space => (" ", &text[..]),
            None => ("", &text[..]),
        };
        let zeros = if self.zero && !self.minus && number.is_finite() {
            self.width.saturating_sub(sign.len() + digits.len())
        } else {
            0
        };
        self.pad(format!("{sign}{}{digits}", "0".repeat(zeros)).as_bytes(), out);
        Ok(())
    }

    fn pad(&self, text: &[u8], out: &mut Vec<u8>) {
        let missing = self.width.saturating_sub(text.len());
        if !self.minus {
            out.resize(out.len() + missing, b' ');
        }
        out.extend_from_slice(text);
        if self.minus {
            out.resize(out.len() + missing, b' ');
        }
    }
}

/// An argument as a number; arrays and functions are their addresses.
fn integer(context: &dyn Context, value: &Value) -> Result<i128> {
    match value.address() {
        Some(address) if value.ty().is_array() || value.ty().is_function() => Ok(i128::from(address.0)),
        _ => as_int(value, context),
    }
}

/// The text of `echo`: escapes replaced, a backslash at the end keeps the blanks before it.
#[must_use]
pub fn echo(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            None => break,
            Some(b'\n') => {}
            Some(b'a') => out.push(7),
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'v') => out.push(11),
            Some(digit @ b'0'..=b'7') => {
                let mut number = u32::from(digit - b'0');
                for _ in 0..2 {
                    let Some(digit) = bytes.next_if(|b| (b'0'..=b'7').contains(b)) else { break };
                    number = number * 8 + u32::from(digit - b'0');
                }
                out.push(number as u8);
            }
            Some(other) => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests;
