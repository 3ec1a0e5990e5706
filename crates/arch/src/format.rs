//! The text of `info registers`, `print $REG` and `ptype $REG`, as gdb 13 prints it with default settings.

use crate::{
    ArchError, EnumValue, FlagField, FloatFormat, Group, RegRef, RegType, RegisterFile, float, riscv,
};
use kdive_base::VirtAddr;

/// Answers `symbol+offset` (without angle brackets) for an address, for the rows of pointer registers.
pub type Symbolizer<'a> = &'a dyn Fn(VirtAddr) -> Option<String>;

/// Column of the hexadecimal value in `info registers`.
const HEX_COLUMN: usize = 15;
/// Column of the natural value in `info registers`.
const NATURAL_COLUMN: usize = 35;
/// Elements of an array that are printed (`set print elements`).
const MAX_ELEMENTS: usize = 200;
/// Equal elements in a row that are counted instead (`set print repeats`).
const REPEATS: usize = 10;

/// One row of `info registers` without the final newline: name padded to column 15, hexadecimal padded to column 35,
/// then the value as its type prints. Vector registers have hexadecimal only, floating-point registers their value and
/// the raw bytes.
#[must_use]
pub fn row(file: &RegisterFile, reg: &RegRef, symbolize: Symbolizer<'_>) -> String {
    let mut text = reg.name.clone();
    pad(&mut text, HEX_COLUMN);
    let Ok(bytes) = file.read(reg) else {
        text.push_str("<unavailable>");
        return text;
    };
    if let Some(columns) = riscv::columns(file.layout(), reg, &bytes, symbolize) {
        text.push_str(&columns);
        return text;
    }
    if let RegType::Float(_) = reg.ty {
        text.push_str(&natural(&reg.ty, &bytes, symbolize));
        pad(&mut text, NATURAL_COLUMN);
        text.push_str(&format!("(raw 0x{})", hex_digits(&bytes)));
        return text;
    }
    text.push_str(&hex(&reg.ty, &bytes));
    if !reg.ty.is_vector() {
        pad(&mut text, NATURAL_COLUMN);
        text.push_str(&natural(&reg.ty, &bytes, symbolize));
    }
    text
}

/// Pads to `column`, with at least one space.
fn pad(text: &mut String, column: usize) {
    text.push(' ');
    while text.len() < column {
        text.push(' ');
    }
}

/// The rows of a bare `info registers`: the general registers without the one of RISC-V that is always 0.
#[must_use]
pub fn general(file: &RegisterFile, symbolize: Symbolizer<'_>) -> Vec<String> {
    let layout = file.layout();
    let members = layout.group(Group::General);
    let changes = |reg: &&RegRef| !(riscv::is(layout.arch()) && reg.name == riscv::ZERO);
    members.iter().filter(changes).map(|reg| row(file, reg, symbolize)).collect()
}

/// The rows of `info registers GROUP`; `info all-registers` is [`Group::All`].
#[must_use]
pub fn group(file: &RegisterFile, group: Group, symbolize: Symbolizer<'_>) -> Vec<String> {
    file.layout().group(group).iter().map(|reg| row(file, reg, symbolize)).collect()
}

/// The rows for one argument of `info registers`: a register name with or without `$`, or a group.
///
/// # Errors
/// [`ArchError::NoSuchRegister`] in gdb's words.
pub fn named(file: &RegisterFile, name: &str, symbolize: Symbolizer<'_>) -> Result<Vec<String>, ArchError> {
    let bare = name.strip_prefix('$').unwrap_or(name);
    if let Some(reg) = file.layout().lookup(bare) {
        return Ok(vec![row(file, &reg, symbolize)]);
    }
    match Group::from_name(bare) {
        Some(found) => Ok(group(file, found, symbolize)),
        None => Err(ArchError::NoSuchRegister(bare.to_owned())),
    }
}

/// The value alone in natural format: `[ PF ZF IF ]`, `-1`, `0xffffffff81000000 <startup_64>`, `{v4_float = ...}`.
///
/// `bytes` are those of [`RegisterFile::read`].
#[must_use]
pub fn natural(ty: &RegType, bytes: &[u8], symbolize: Symbolizer<'_>) -> String {
    value(ty, bytes, &Natural(symbolize))
}

/// The value in format `x`, as the second column of `info registers` has it.
#[must_use]
pub fn hex(ty: &RegType, bytes: &[u8]) -> String {
    value(ty, bytes, &Hex)
}

/// How the leaves of a value are written.
trait Leaf {
    fn leaf(&self, ty: &RegType, bytes: &[u8]) -> String;
}

struct Hex;

impl Leaf for Hex {
    fn leaf(&self, _: &RegType, bytes: &[u8]) -> String {
        let digits = hex_digits(bytes);
        let digits = digits.trim_start_matches('0');
        format!("0x{}", if digits.is_empty() { "0" } else { digits })
    }
}

struct Natural<'a>(Symbolizer<'a>);

impl Leaf for Natural<'_> {
    fn leaf(&self, ty: &RegType, bytes: &[u8]) -> String {
        match ty {
            RegType::Float(format) => float::to_text(*format, bytes).unwrap_or_default(),
            RegType::CodePtr(_) | RegType::DataPtr(_) => {
                let addr = VirtAddr(unsigned(bytes) as u64);
                match (self.0)(addr) {
                    Some(name) => format!("{addr:#x} <{name}>"),
                    None => format!("{addr:#x}"),
                }
            }
            RegType::Bool => match unsigned(bytes) {
                0 => "false".to_owned(),
                1 => "true".to_owned(),
                other => other.to_string(),
            },
            RegType::Int { signed: true, .. } => signed(bytes).to_string(),
            RegType::Flags { fields, .. } => flags(fields, unsigned(bytes) as u64),
            RegType::Enum { values, .. } => enumerator(values, unsigned(bytes) as u64),
            _ => unsigned(bytes).to_string(),
        }
    }
}

/// Walks a type; bounded by the size of `bytes`, because every leaf needs some of them.
fn value(ty: &RegType, bytes: &[u8], how: &dyn Leaf) -> String {
    match ty {
        RegType::Vector { element, .. } => elements(element, bytes, how),
        RegType::Union { fields, .. } => {
            let members = fields.iter().map(|field| {
                let part = bytes.get(..field.ty.size()).unwrap_or(bytes);
                format!("{} = {}", field.name, value(&field.ty, part, how))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        RegType::Struct { fields, .. } => {
            let mut offset = 0usize;
            let members = fields.iter().map(|field| {
                let part = match field.bits {
                    Some((start, end)) => bit_field(bytes, start, end, field.ty.size()),
                    None => {
                        let end = offset.saturating_add(field.ty.size());
                        let part = bytes.get(offset..end).unwrap_or_default().to_vec();
                        offset = end;
                        part
                    }
                };
                format!("{} = {}", field.name, value(&field.ty, &part, how))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        _ => how.leaf(ty, bytes),
    }
}

/// The bits `start` to `end` as an integer of `size` bytes.
fn bit_field(bytes: &[u8], start: u16, end: u16, size: usize) -> Vec<u8> {
    let width = u32::from(end.saturating_sub(start)) + 1;
    let raw = unsigned(bytes) >> start.min(127);
    let value = if width >= 128 { raw } else { raw & ((1 << width) - 1) };
    let mut part = value.to_le_bytes().to_vec();
    part.truncate(size.max(1));
    part
}

fn elements(element: &RegType, bytes: &[u8], how: &dyn Leaf) -> String {
    let size = element.size().max(1);
    let parts: Vec<&[u8]> = bytes.chunks_exact(size).collect();
    let mut shown: Vec<String> = Vec::new();
    let mut at = 0;
    let mut printed = 0;
    while let Some(part) = parts.get(at) {
        if printed >= MAX_ELEMENTS {
            return format!("{{{}...}}", shown.join(", "));
        }
        let equal = parts.iter().skip(at).take_while(|other| *other == part).count();
        let text = value(element, part, how);
        if equal >= REPEATS {
            shown.push(format!("{text} <repeats {equal} times>"));
            at += equal;
            printed += REPEATS;
        } else {
            shown.push(text);
            at += 1;
            printed += 1;
        }
    }
    format!("{{{}}}", shown.join(", "))
}

fn flags(fields: &[FlagField], value: u64) -> String {
    let mut text = "[".to_owned();
    for field in fields.iter().filter(|field| !field.name.is_empty()) {
        let width = u32::from(field.end - field.start) + 1;
        let mask = if width >= 64 { u64::MAX } else { (1 << width) - 1 };
        let bits = value.checked_shr(field.start.into()).unwrap_or(0) & mask;
        match &field.ty {
            RegType::Bool if width == 1 => {
                if bits != 0 {
                    text.push(' ');
                    text.push_str(&field.name);
                }
            }
            RegType::Enum { values, .. } => {
                text.push_str(&format!(" {}={}", field.name, enumerator(values, bits)));
            }
            _ => text.push_str(&format!(" {}={bits}", field.name)),
        }
    }
    text.push_str(" ]");
    text
}

fn enumerator(values: &[EnumValue], value: u64) -> String {
    match values.iter().find(|entry| entry.value == value) {
        Some(entry) => entry.name.clone(),
        None => value.to_string(),
    }
}

/// Little-endian bytes as hexadecimal digits, most significant first.
fn hex_digits(bytes: &[u8]) -> String {
    bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect()
}

/// The low 16 bytes as an unsigned integer.
fn unsigned(bytes: &[u8]) -> u128 {
    let mut wide = [0u8; 16];
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    u128::from_le_bytes(wide)
}

/// The low 16 bytes as a two's complement integer.
fn signed(bytes: &[u8]) -> i128 {
    let unused = 128 - 8 * bytes.len().clamp(1, 16) as u32;
    (unsigned(bytes) << unused) as i128 >> unused
}

/// The definition `ptype $REG` prints after `type = ` (several lines for flags and unions).
#[must_use]
pub fn ptype(ty: &RegType) -> String {
    let members = |fields: &[crate::Field]| -> String {
        let line = |field: &crate::Field| match (&field.ty, field.bits) {
            (ty, Some((start, end))) => format!("    {} {} : {};\n", ty.name(), field.name, end - start + 1),
            (RegType::Vector { name, element, count }, None) if name.is_empty() => {
                format!("    {} {} __attribute__ ((vector_size({count})));\n", lane_name(element), field.name)
            }
            (ty, None) => format!("    {} {};\n", ty.name(), field.name),
        };
        fields.iter().map(line).collect()
    };
    match ty {
        RegType::Vector { element, count, .. } => {
            format!("{} __attribute__ ((vector_size({count})))", element.name())
        }
        RegType::Union { name, fields } => format!("union {name} {{\n{}}}", members(fields)),
        RegType::Struct { name, fields, .. } => format!("struct {name} {{\n{}}}", members(fields)),
        RegType::Flags { name, fields, .. } => {
            let line = |field: &FlagField| {
                let name = if field.name.is_empty() { String::new() } else { format!(" {}", field.name) };
                let end = if field.end == field.start { String::new() } else { format!("-{}", field.end) };
                format!("    {}{name} @{}{end};\n", field.ty.name(), field.start)
            };
            format!("flag {name} {{\n{}}}", fields.iter().map(line).collect::<String>())
        }
        RegType::Enum { name, values, .. } => {
            let names: Vec<_> =
                values.iter().map(|entry| format!("{} = {}", entry.name, entry.value)).collect();
            format!("enum {name} {{{}}}", names.join(", "))
        }
        _ => ty.name(),
    }
}

/// The C name of the element of a vector that gdb builds itself.
fn lane_name(element: &RegType) -> String {
    match element {
        RegType::Float(FloatFormat::BFloat16) => "bfloat16".to_owned(),
        RegType::Float(FloatFormat::Half) => "half".to_owned(),
        RegType::Float(FloatFormat::Single) => "float".to_owned(),
        RegType::Float(FloatFormat::Double) => "double".to_owned(),
        other => other.name(),
    }
}

#[cfg(test)]
mod tests;
