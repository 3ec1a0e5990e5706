//! AArch64: capstone writes small immediates in decimal and larger ones in hexadecimal; binutils goes by what they are for.

use super::{Raw, Shown, joined, number, place};
use crate::disasm::Symbolize;
use kdive_base::VirtAddr;

/// Instructions whose immediates are counts of bits.
const BITS: [&str; 18] = [
    "lsl", "lsr", "asr", "ror", "ubfx", "sbfx", "ubfiz", "sbfiz", "bfi", "bfxil", "bfc", "extr", "tbz",
    "tbnz", "shl", "ushr", "sshr", "ushll",
];

/// Other names of a condition, which binutils puts after it.
const CONDITIONS: [(&str, &str); 10] = [
    ("eq", "none"),
    ("ne", "any"),
    ("cs", "hs, nlast"),
    ("cc", "lo, ul, last"),
    ("mi", "first"),
    ("pl", "nfrst"),
    ("hi", "pmore"),
    ("ls", "plast"),
    ("ge", "tcont"),
    ("lt", "tstop"),
];

pub(super) fn show(raw: &Raw<'_>, symbols: &dyn Symbolize) -> Shown {
    let mnemonic = match raw.mnemonic {
        "b.hs" => "b.cs",
        "b.lo" => "b.cc",
        other => other,
    };
    let goes_to_address = matches!(mnemonic, "b" | "bl" | "cbz" | "cbnz" | "tbz" | "tbnz" | "adr" | "adrp")
        || mnemonic.starts_with("b.")
        || mnemonic.starts_with("ldr") && !raw.operands.contains('[') && raw.operands.contains('#');
    let mut operands: Vec<String> = split(raw.operands).into_iter().map(str::to_owned).collect();
    let mut target = None;
    if goes_to_address
        && let Some(last) = operands.last_mut()
        && let Some(addr) = number(last.trim_start_matches('#'))
    {
        *last = place(addr.cast_unsigned(), symbols);
        target = Some(VirtAddr(addr.cast_unsigned()));
    }
    // The number of an undefined instruction is decimal too.
    let in_bits = BITS.contains(&mnemonic) || mnemonic == "udf";
    let is_move = mnemonic == "mov" && operands.len() == 2;
    let is_wide = operands.first().is_some_and(|register| register.starts_with('x'));
    let mut after_memory = false;
    for operand in &mut operands {
        let was_memory = operand.starts_with('[');
        if was_memory {
            *operand = in_memory(operand);
        } else if let Some(text) = operand.strip_prefix('#') {
            *operand = immediate(text, in_bits || after_memory, is_move, is_wide);
        }
        after_memory |= was_memory;
    }
    let mut text = joined(mnemonic, &operands.join(", "));
    if let Some(condition) = mnemonic.strip_prefix("b.")
        && let Some(others) = other_names(condition)
    {
        let others: Vec<String> = others.split(", ").map(|other| format!("b.{other}")).collect();
        text.push_str(&format!("  // {}", others.join(", ")));
    } else if let Some(last) = operands.last()
        && takes_condition(mnemonic)
    {
        let condition = match last.as_str() {
            "hs" => "cs",
            "lo" => "cc",
            other => other,
        };
        if let Some(others) = other_names(condition) {
            let known = text.len() - last.len();
            text.truncate(known);
            text.push_str(&format!("{condition}\t// {condition} = {others}"));
        }
    }
    Shown { text, target }
}

fn takes_condition(mnemonic: &str) -> bool {
    matches!(
        mnemonic,
        "csel"
            | "csinc"
            | "csinv"
            | "csneg"
            | "cset"
            | "csetm"
            | "cinc"
            | "cinv"
            | "cneg"
            | "ccmp"
            | "ccmn"
            | "fcsel"
    )
}

fn other_names(condition: &str) -> Option<&'static str> {
    CONDITIONS.iter().find(|(name, _)| *name == condition).map(|(_, others)| *others)
}

/// At commas outside of brackets and braces.
fn split(operands: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    for (at, c) in operands.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(operands.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = operands.get(start..).unwrap_or_default().trim();
    if !last.is_empty() {
        parts.push(last);
    }
    parts
}

/// `[x0, #0x58]!` with a decimal offset.
fn in_memory(operand: &str) -> String {
    let Some((before, rest)) = operand.split_once('#') else { return operand.to_owned() };
    let end = rest.find([']', ',']).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    match number(digits) {
        Some(value) => format!("{before}#{value}{after}"),
        None => operand.to_owned(),
    }
}

fn immediate(text: &str, decimal: bool, is_move: bool, is_wide: bool) -> String {
    if text.contains('.') {
        return match text.parse::<f64>() {
            Ok(value) => format!("#{}", scientific(value)),
            Err(_) => format!("#{text}"),
        };
    }
    let Some(value) = number(text) else { return format!("#{text}") };
    if decimal {
        return format!("#{value}");
    }
    let bits = if is_wide { value.cast_unsigned() } else { u64::from(value as u32) };
    if is_move {
        let signed = if is_wide { value } else { i64::from(value as i32) };
        return format!("#0x{:<20}\t// #{signed}", format!("{bits:x}"));
    }
    if value < 0 { format!("#{value:#x}").replace("#0x", "#0x") } else { format!("#{bits:#x}") }
}

/// C's `%.18e`.
fn scientific(value: f64) -> String {
    let text = format!("{value:.18e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}
