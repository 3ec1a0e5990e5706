//! The floating-point unit of x86 in words: gdb's `info float`.

use crate::float;
use crate::{FloatFormat, RegisterFile};
use std::fmt::Write as _;

/// Flags of the status and the control word, as gdb abbreviates them.
const EXCEPTIONS: [(u64, &str); 6] =
    [(0x01, "IE"), (0x02, "DE"), (0x04, "ZE"), (0x08, "OE"), (0x10, "UE"), (0x20, "PE")];
const MASKS: [(u64, &str); 6] =
    [(0x01, "IM"), (0x02, "DM"), (0x04, "ZM"), (0x08, "OM"), (0x10, "UM"), (0x20, "PM")];
const CONDITIONS: [(u64, &str); 4] = [(0x0100, "C0"), (0x0200, "C1"), (0x0400, "C2"), (0x4000, "C3")];
const ERROR_SUMMARY: (u64, &str) = (0x80, "ES");
const STACK_FAULT: (u64, &str) = (0x40, "SF");
/// By the precision control of the control word, and by its rounding control.
const PRECISIONS: [&str; 4] =
    ["Single Precision (24-bits)", "Reserved", "Double Precision (53-bits)", "Extended Precision (64-bits)"];
const ROUNDINGS: [&str; 4] = ["Round to nearest", "Round down", "Round up", "Round toward zero"];
/// By the two bits of a register in the tag word.
const TAGS: [&str; 4] = ["Valid  ", "Zero   ", "Special", "Empty  "];
const EMPTY: u64 = 3;
/// All floating-point instructions begin with these five bits, which the register of the opcode leaves out.
const ESCAPE: u64 = 0xd800;

/// The text of `info float`, or `None` where the target does not tell of the unit.
#[must_use]
pub fn state(file: &RegisterFile) -> Option<String> {
    let get = |name: &str| file.get(file.layout().index_of(name)?);
    let (status, control, tags) = (get("fstat")?, get("fctrl")?, get("ftag")?);
    let top = status >> 11 & 7;
    let mut text = String::new();
    for physical in (0..8u64).rev() {
        let tag = tags >> (2 * physical) & 3;
        let mark = if physical == top { "=>" } else { "  " };
        let tag_name = TAGS.get(tag as usize).copied().unwrap_or_default();
        let _ = write!(text, "{mark}R{physical}: {tag_name} ");
        let register = file.layout().index_of(&format!("st{}", (physical + 8 - top) % 8));
        match register.and_then(|index| file.raw(index)) {
            Some(bytes) => {
                text.push_str("0x");
                for byte in bytes.iter().rev() {
                    let _ = write!(text, "{byte:02x}");
                }
                if tag != EMPTY {
                    text.push_str(&value(bytes));
                }
            }
            None => text.push_str("<unavailable>"),
        }
        text.push('\n');
    }
    let set = |word: u64, (bit, name): (u64, &str)| {
        if word & bit != 0 { format!(" {name}") } else { "   ".to_owned() }
    };
    let all = |word: u64, flags: &[(u64, &str)]| -> String {
        flags.iter().map(|flag| set(word, (flag.0, flag.1))).collect()
    };
    let _ = writeln!(
        text,
        "\nStatus Word:         {status:#06x}  {}  {}  {}  {}\n                       TOP: {top}",
        all(status, &EXCEPTIONS),
        set(status, ERROR_SUMMARY),
        set(status, STACK_FAULT),
        all(status, &CONDITIONS),
    );
    let word = |table: [&'static str; 4], shift: u32| {
        table.get((control >> shift & 3) as usize).copied().unwrap_or_default()
    };
    let _ = writeln!(
        text,
        "Control Word:        {control:#06x}  {}\n                       PC: {}\n                       RC: {}",
        all(control, &MASKS),
        word(PRECISIONS, 8),
        word(ROUNDINGS, 10),
    );
    let _ = writeln!(text, "Tag Word:            {tags:#06x}");
    for (title, segment, offset) in
        [("Instruction Pointer: ", "fiseg", "fioff"), ("Operand Pointer:     ", "foseg", "fooff")]
    {
        let _ = writeln!(
            text,
            "{title}{:#04x}:{:#010x}",
            get(segment).unwrap_or_default(),
            get(offset).unwrap_or_default()
        );
    }
    let opcode = get("fop").filter(|opcode| *opcode != 0).map_or(0, |opcode| opcode | ESCAPE);
    let _ = writeln!(text, "Opcode:              {opcode:#06x}");
    Some(text)
}

/// A register's value with its class, where it has a special one.
fn value(bytes: &[u8]) -> String {
    let mut wide = [0u8; 16];
    for (to, from) in wide.iter_mut().zip(bytes.iter().take(10)) {
        *to = *from;
    }
    let raw = u128::from_le_bytes(wide);
    let fraction = raw as u64;
    let exponent = (raw >> 64) as u32 & 0x7fff;
    let negative = raw >> 79 & 1 == 1;
    let integer = fraction >> 63 == 1;
    match exponent {
        0x7fff if integer => match fraction << 1 {
            0 => format!(" {}Inf", if negative { '-' } else { '+' }),
            0x8000_0000_0000_0000 if negative => " Real Indefinite (QNaN)".to_owned(),
            rest if rest >> 63 == 1 => " QNaN".to_owned(),
            _ => " SNaN".to_owned(),
        },
        1..0x7fff if integer => number(bytes),
        0 if integer => number(bytes) + " Pseudo-denormal",
        0 if fraction != 0 => number(bytes) + " Denormal",
        0 => number(bytes),
        _ => " Unsupported".to_owned(),
    }
}

/// The number with its sign and 19 digits, in a column.
fn number(bytes: &[u8]) -> String {
    format!(" {:<27}", float::with_digits(FloatFormat::I387Ext, bytes, 19).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(exponent: u16, fraction: u64) -> String {
        let mut bytes = fraction.to_le_bytes().to_vec();
        bytes.extend(exponent.to_le_bytes());
        value(&bytes).trim_end().to_owned()
    }

    #[test]
    fn classes_of_values() {
        let one = 1 << 63;
        assert_eq!(of(0x3fff, one), " +1");
        assert_eq!(of(0xc000, 0xc90f_daa2_2168_c235), " -3.141592653589793239");
        assert_eq!(of(0, 0), " +0");
        assert_eq!(of(0x8000, 0), " -0");
        assert_eq!(of(0x7fff, one), " +Inf");
        assert_eq!(of(0xffff, one), " -Inf");
        assert_eq!(of(0xffff, 3 << 62), " Real Indefinite (QNaN)");
        assert_eq!(of(0x7fff, 3 << 62), " QNaN");
        assert_eq!(of(0x7fff, one | 1), " SNaN");
        assert_eq!(of(0x3fff, 1), " Unsupported");
        assert_eq!(of(0, 1), " +3.645199531882474603e-4951 Denormal");
        assert!(of(0, one).ends_with(" Pseudo-denormal"));
    }
}
