//! Numbers in all formats; pointers, enumerations, flags.

use super::{Printer, is_text, missing_text, text};
use crate::builtin::builtin;
use crate::context::Context;
use crate::error::{ExprError, Result};
use crate::eval::{as_int, float_format, from_int, int_from_bytes};
use crate::format::{Format, UnitSize};
use crate::settings::PrintOptions;
use kdive_base::VirtAddr;
use kdive_types::{
    Decimal, DecimalFormat, Encoding, Enum, FlagField, Float, FloatFormat, Kind, Missing, Out, Style, Type,
    Value,
};
use std::fmt::Write as _;

/// A value's bits in a format, as `print /FMT` and `x` show one unit. With `size`, hexadecimal and binary are padded.
///
/// # Errors
/// When the value cannot be read.
pub fn print_scalar(
    context: &dyn Context,
    value: &Value,
    options: &PrintOptions,
    size: Option<UnitSize>,
    out: &mut Out,
) -> Result<()> {
    Printer { context, options: options.clone() }.formatted_scalar(value, size, out)
}

impl Printer<'_> {
    pub(super) fn formatted_scalar(
        &self,
        value: &Value,
        size: Option<UnitSize>,
        out: &mut Out,
    ) -> Result<()> {
        if self.options.format == Some(Format::String) {
            let options = PrintOptions { format: None, ..self.options.clone() };
            return self.with(options).common(value, 0, out);
        }
        let contents = value.contents(self.context)?;
        // A synthetic pointer is the number 0 when a format is asked for.
        if let Some(hole) = contents.holes().iter().find(|hole| hole.reason != Missing::SyntheticPointer) {
            missing_text(value, hole.reason, out);
            return Ok(());
        }
        let bytes = contents.bytes();
        let bytes = if value.ty().is_big_endian() { bytes.reversed() } else { bytes.clone() };
        self.format_bytes(value, &bytes, size, out)
    }

    fn format_bytes(&self, value: &Value, bytes: &[u8], size: Option<UnitSize>, out: &mut Out) -> Result<()> {
        let ty = value.ty().strip();
        let mut bytes = if bytes.is_empty() { &[0][..] } else { bytes };
        let mut format = self.options.format;
        let padded = size.is_some();
        if let (Some(size), Some(Format::Hex | Format::Binary)) = (size, format) {
            let keep = usize::try_from(size.bytes()).unwrap_or(8).min(bytes.len());
            bytes = bytes.get(..keep).unwrap_or(bytes);
        }
        let mut float = float_format(&ty);
        if format == Some(Format::Float) && float.is_none() {
            // Other bits are read as the floating-point number of their size, where there is one.
            float = match bytes.len() {
                4 => Some(FloatFormat::SINGLE),
                8 => Some(FloatFormat::DOUBLE),
                16 => Some(FloatFormat::X87),
                _ => None,
            };
            if float.is_none() {
                format = None;
            }
        }
        match format {
            Some(Format::Hex) => out.push(&hex(bytes, padded)),
            Some(Format::ZeroHex) => out.push(&hex(bytes, true)),
            Some(Format::Octal) => out.push(&octal(bytes)),
            Some(Format::Binary) => out.push(&binary(bytes, padded, self.options.nibbles)),
            Some(Format::Decimal) => out.push(&decimal(bytes, true)),
            Some(Format::Unsigned) => out.push(&decimal(bytes, false)),
            Some(Format::Char) => {
                let number = as_int(value, self.context)?;
                let types = builtin();
                let char = if ty.is_signed() { &types.char } else { &types.unsigned_char };
                let options = PrintOptions { format: None, ..self.options.clone() };
                return self.with(options).common(&from_int(char, number), 0, out);
            }
            Some(Format::Address) => {
                let addr = VirtAddr(as_int(value, self.context)? as u64);
                super::print_address(self.context, addr, &self.options, out);
            }
            Some(other @ (Format::String | Format::Instruction | Format::Undefined(_))) => {
                return Err(ExprError::msg(format!("Undefined output format \"{}\".", other.letter())));
            }
            None | Some(Format::Float) => match float {
                Some(float) => out.push(&Float::decode(bytes, float).print(float)),
                None if ty.is_decimal() && self.options.format.is_none() => {
                    let format = DecimalFormat::of(ty.size().unwrap_or(0)).unwrap_or(DecimalFormat::LONG);
                    out.push(&Decimal::decode(bytes, format).to_string());
                }
                None => out.push(&decimal(bytes, is_signed(&ty))),
            },
        }
        Ok(())
    }

    /// The format that `set output-radix` stands for.
    fn radix_format(&self) -> Option<Format> {
        match self.options.output_radix {
            8 => Some(Format::Octal),
            16 => Some(Format::Hex),
            _ => None,
        }
    }

    /// A scalar by its type.
    pub(super) fn scalar(&self, value: &Value, ty: &Type, out: &mut Out) -> Result<()> {
        let own_format = self.options.format.filter(|&format| format != Format::String);
        let format = match ty.encoding() {
            // The radix is for integers, `_Bool` and characters.
            Some(encoding) if !matches!(encoding, Encoding::Float | Encoding::DecimalFloat) => {
                own_format.or_else(|| self.radix_format())
            }
            _ => own_format,
        };
        if format.is_some() {
            let options = PrintOptions { format, ..self.options.clone() };
            return self.with(options).formatted_scalar(value, None, out);
        }
        let bytes = &value.number(self.context)?;
        match ty.kind() {
            Kind::Enum(enumeration) => {
                print_enum(enumeration, int_from_bytes(bytes, !enumeration.unsigned) as i64, out);
            }
            Kind::Flags(fields) => print_flags(fields, int_from_bytes(bytes, false) as u64, out),
            Kind::Base(base) if base.encoding == Encoding::Bool => match as_int(value, self.context)? {
                0 => out.push("false"),
                1 => out.push("true"),
                other => out.push(&other.to_string()),
            },
            _ => {
                let options = PrintOptions { format: None, ..self.options.clone() };
                self.with(options).format_bytes(value, bytes, None, out)?;
                if is_text(value.ty(), self.options.format) {
                    out.push(" ");
                    text::character(bytes, value.ty(), &self.options, out);
                }
            }
        }
        Ok(())
    }

    pub(super) fn pointer(&self, value: &Value, target: &Type, out: &mut Out) -> Result<()> {
        if self.options.format.is_some_and(|format| format != Format::String) {
            return self.formatted_scalar(value, None, out);
        }
        let addr = VirtAddr(int_from_bytes(&value.number(self.context)?, false) as u64);
        self.pointer_to(addr, target, out)
    }

    /// An address as a pointer to `target` prints: with the symbol, and with the string it points to.
    pub(super) fn pointer_to(&self, addr: VirtAddr, target: &Type, out: &mut Out) -> Result<()> {
        if target.is_function() {
            self.address(addr, out);
            return Ok(());
        }
        let printed = if self.options.symbol {
            self.address(addr, out)
        } else {
            if self.options.address {
                out.styled(Style::Address, &format!("{addr:#x}"));
            }
            self.options.address
        };
        if is_text(target, self.options.format) && addr.0 != 0 {
            if printed {
                out.push(" ");
            }
            text::print_string_at(self.context, target, addr, None, &self.options, out);
        }
        Ok(())
    }
}

/// Whether numbers of the type are printed with a sign.
fn is_signed(ty: &Type) -> bool {
    ty.is_signed()
}

fn hex(bytes: &[u8], padded: bool) -> String {
    let mut text = String::from("0x");
    let mut significant = bytes.iter().rev().copied().collect::<Vec<_>>();
    if !padded {
        let zeros = significant.iter().take_while(|&&byte| byte == 0).count();
        significant.drain(..zeros.min(significant.len() - 1));
    }
    for (at, byte) in significant.iter().enumerate() {
        let _ = if at == 0 && !padded { write!(text, "{byte:x}") } else { write!(text, "{byte:02x}") };
    }
    text
}

fn octal(bytes: &[u8]) -> String {
    let bits = bytes.len() * 8;
    let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
    let mut text = String::from("0");
    for group in (0..bits.div_ceil(3)).rev() {
        let digit = (0..3).filter(|offset| bit(group * 3 + offset)).map(|offset| 1u8 << offset).sum::<u8>();
        if text.len() > 1 || digit != 0 {
            text.push(char::from(b'0' + digit));
        }
    }
    text
}

fn binary(bytes: &[u8], padded: bool, nibbles: bool) -> String {
    let mut text: String = bytes.iter().rev().map(|byte| format!("{byte:08b}")).collect();
    if !padded {
        let first = text.find('1').unwrap_or(text.len() - 1);
        // With groups of four, leading groups are kept whole.
        text.drain(..if nibbles { first - first % 4 } else { first });
        if nibbles && text.bytes().all(|b| b == b'0') {
            text.truncate(1);
        }
    }
    if !nibbles {
        return text;
    }
    let head = text.len() % 4;
    let mut grouped = String::with_capacity(text.len() + text.len() / 4);
    for (at, bit) in text.chars().enumerate() {
        if at > 0 && at % 4 == head {
            grouped.push(' ');
        }
        grouped.push(bit);
    }
    grouped
}

/// Bytes of any number as a decimal.
fn decimal(bytes: &[u8], signed: bool) -> String {
    if bytes.len() <= 16 {
        let number = int_from_bytes(bytes, signed);
        return if signed { number.to_string() } else { number.cast_unsigned().to_string() };
    }
    let negative = signed && bytes.last().is_some_and(|byte| byte >> 7 == 1);
    let mut magnitude = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in &mut magnitude {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let mut digits = Vec::new();
    while magnitude.iter().any(|&byte| byte != 0) {
        let mut rest = 0u32;
        for byte in magnitude.iter_mut().rev() {
            rest = rest << 8 | u32::from(*byte);
            *byte = (rest / 10) as u8;
            rest %= 10;
        }
        digits.push(b'0' + rest as u8);
    }
    if digits.is_empty() {
        return "0".to_owned();
    }
    if negative {
        digits.push(b'-');
    }
    digits.iter().rev().map(|&digit| char::from(digit)).collect()
}

/// An enumerator's name; of a flag enumeration the names of the bits; the number otherwise.
pub(super) fn print_enum(enumeration: &Enum, number: i64, out: &mut Out) {
    if let Some(found) = enumeration.enumerators.iter().find(|enumerator| enumerator.value == number) {
        out.styled(Style::Variable, &found.name);
        return;
    }
    let is_flags = enumeration
        .enumerators
        .iter()
        .all(|enumerator| enumerator.value >= 0 && enumerator.value.count_ones() < 2);
    if !is_flags {
        out.push(&number.to_string());
        return;
    }
    let mut rest = number;
    let mut first = true;
    for enumerator in &enumeration.enumerators {
        if rest & enumerator.value != 0 {
            out.push(if first { "(" } else { " | " });
            first = false;
            rest &= !enumerator.value;
            out.styled(Style::Variable, &enumerator.name);
        }
    }
    if rest != 0 {
        out.push(if first { "(" } else { " | " });
        out.push(&format!("unknown: {rest:#x})"));
    } else {
        out.push(if first { "0" } else { ")" });
    }
}

/// `[ ZF PF ]`.
fn print_flags(fields: &[FlagField], number: u64, out: &mut Out) {
    out.push("[");
    for field in fields.iter().filter(|field| !field.name.is_empty()) {
        let ty = field.ty.get();
        let mask = if field.size < 64 { (1u64 << field.size) - 1 } else { u64::MAX };
        let bits = number.checked_shr(u32::from(field.start)).unwrap_or(0) & mask;
        if ty.is_bool() && field.size == 1 {
            if bits != 0 {
                out.push(" ");
                out.styled(Style::Variable, &field.name);
            }
            continue;
        }
        out.push(" ");
        out.styled(Style::Variable, &field.name);
        out.push("=");
        match ty.strip().kind() {
            Kind::Enum(enumeration) => print_enum(enumeration, bits.cast_signed(), out),
            _ => out.push(&bits.to_string()),
        }
    }
    out.push(" ]");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_numbers() {
        let mut bytes = vec![0; 17];
        bytes[16] = 1;
        assert_eq!(decimal(&bytes, false), "340282366920938463463374607431768211456");
        assert_eq!(decimal(&[0xff; 20], true), "-1");
        assert_eq!(octal(&[0xff, 0xff, 0xff, 0xff]), "037777777777");
        assert_eq!(octal(&[0]), "0");
        assert_eq!(hex(&[0, 0], false), "0x0");
        assert_eq!(hex(&[5, 0], true), "0x0005");
    }

    #[test]
    fn bits_in_groups() {
        assert_eq!(binary(&[0x2a, 0], false, false), "101010");
        assert_eq!(binary(&[0x2a, 0], false, true), "0010 1010");
        assert_eq!(binary(&[0], false, true), "0");
        assert_eq!(binary(&[1], true, false), "00000001");
    }
}
