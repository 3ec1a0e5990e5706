//! The text of a message the kernel is about to print, from its format and its arguments (Documentation/core-api/printk-formats.rst).

use crate::error::Error;
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;

/// Longest format and longest string in it.
const MAX_STRING: usize = 1024;
/// Longest message; the kernel's own line is shorter.
const MAX_MESSAGE: usize = 4096;
/// How deep formats nest (`%pV`).
const MAX_DEPTH: usize = 3;

/// Where arguments come from, one after the other.
pub(crate) enum Arguments {
    /// Those in registers, then those on the stack.
    Call {
        /// Values of the registers that are left, the next one last.
        registers: Vec<u64>,
        /// The next argument on the stack.
        stack: VirtAddr,
    },
    /// A `va_list` of the x86-64 ABI at this address, read into the variant above.
    List(VirtAddr),
}

/// Where the general registers end in a register save area (System V ABI AMD64, 3.5.7).
const SAVED_REGISTERS: u64 = 48;

impl Arguments {
    fn next(&mut self, program: &Program) -> Option<u64> {
        if let Self::List(list) = self {
            *self = opened(program, *list).ok()?;
        }
        let Self::Call { registers, stack } = self else { return None };
        if let Some(value) = registers.pop() {
            return Some(value);
        }
        let value = program.read_uint(*stack, 8).ok()?;
        *stack = stack.offset(8);
        Some(value)
    }
}

/// Reads a `va_list`: `gp_offset`, `fp_offset`, `overflow_arg_area`, `reg_save_area`.
fn opened(program: &Program, list: VirtAddr) -> Result<Arguments, Error> {
    let offset = program.read_uint(list, 4)?;
    let stack = VirtAddr(program.read_uint(list.offset(8), 8)?);
    let area = VirtAddr(program.read_uint(list.offset(16), 8)?);
    let mut registers = Vec::new();
    let mut at = offset.min(SAVED_REGISTERS);
    while at < SAVED_REGISTERS {
        registers.push(program.read_uint(area.offset(at), 8)?);
        at += 8;
    }
    registers.reverse();
    Ok(Arguments::Call { registers, stack })
}

/// One conversion of a format, without its `%`.
#[derive(Default)]
struct Conversion {
    left: bool,
    zero: bool,
    alternate: bool,
    sign: Option<char>,
    width: usize,
    precision: Option<usize>,
    /// Bytes of an integer.
    size: u32,
}

/// No real width is as wide as a line.
const MAX_WIDTH: u64 = 256;

fn bounded(value: u64) -> usize {
    usize::try_from(value.min(MAX_WIDTH)).unwrap_or(0)
}

/// The text of a format with its arguments; what cannot be read is said in its place.
pub(crate) fn text(program: &Program, format: VirtAddr, arguments: &mut Arguments) -> Result<String, Error> {
    let bytes = program.read_c_string(format, MAX_STRING)?;
    let mut out = String::new();
    expand(program, &String::from_utf8_lossy(&bytes), arguments, MAX_DEPTH, &mut out);
    Ok(out.trim_end().to_owned())
}

fn expand(program: &Program, format: &str, arguments: &mut Arguments, depth: usize, out: &mut String) {
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if out.len() > MAX_MESSAGE {
            return;
        }
        rest = after;
        let mut conversion = Conversion { size: 4, ..Conversion::default() };
        rest = flags(rest, &mut conversion);
        let (width, after) = count(program, rest, arguments);
        conversion.width = width.unwrap_or(0);
        rest = after;
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = count(program, after, arguments);
            conversion.precision = Some(precision.unwrap_or(0));
            rest = after;
        }
        rest = length(rest, &mut conversion);
        let Some(kind) = rest.chars().next() else { return };
        rest = rest.get(kind.len_utf8()..).unwrap_or_default();
        if kind == '%' {
            out.push('%');
            continue;
        }
        let mut extension = "";
        if kind == 'p' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            (extension, rest) = rest.split_at(end);
        }
        let Some(value) = arguments.next(program) else {
            out.push_str("(unreadable)");
            continue;
        };
        if kind == 'p' && extension.starts_with('V') && depth > 0 {
            let list = || Some((program.read_pointer(value)?, program.read_pointer(value.wrapping_add(8))?));
            match list()
                .and_then(|(format, list)| Some((program.read_c_string(format, MAX_STRING).ok()?, list)))
            {
                Some((inner, list)) => {
                    let inner = String::from_utf8_lossy(&inner).into_owned();
                    expand(program, &inner, &mut Arguments::List(list), depth - 1, out);
                }
                None => out.push_str("(unreadable)"),
            }
            continue;
        }
        let piece = match kind {
            's' => string(program, VirtAddr(value), conversion.precision),
            'p' => pointer(program, VirtAddr(value), extension),
            'c' => String::from_utf8_lossy(&[(value & 0xff) as u8]).into_owned(),
            kind => integer(value, kind, &conversion).unwrap_or_else(|| format!("%{kind}")),
        };
        let piece = if "spc".contains(kind) { padded(&piece, &conversion) } else { piece };
        out.push_str(&piece);
    }
    out.push_str(rest);
}

/// Addresses in structures of a format.
trait Pointers {
    fn read_pointer(&self, at: u64) -> Option<VirtAddr>;
}

impl Pointers for Program {
    fn read_pointer(&self, at: u64) -> Option<VirtAddr> {
        self.read_uint(VirtAddr(at), 8).ok().map(VirtAddr)
    }
}

fn flags<'a>(text: &'a str, conversion: &mut Conversion) -> &'a str {
    let mut rest = text;
    while let Some(flag) = rest.chars().next().filter(|c| "-+ #0".contains(*c)) {
        match flag {
            '-' => conversion.left = true,
            '0' => conversion.zero = true,
            '#' => conversion.alternate = true,
            sign => conversion.sign = Some(sign),
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    rest
}

/// A width or precision: digits, or `*` for an argument.
fn count<'a>(program: &Program, text: &'a str, arguments: &mut Arguments) -> (Option<usize>, &'a str) {
    if let Some(rest) = text.strip_prefix('*') {
        return (arguments.next(program).map(|value| bounded(value & 0xffff_ffff)), rest);
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (digits.parse().ok().map(bounded), rest)
}

fn length<'a>(text: &'a str, conversion: &mut Conversion) -> &'a str {
    for (modifier, size) in
        [("hh", 1), ("h", 2), ("ll", 8), ("l", 8), ("z", 8), ("t", 8), ("j", 8), ("L", 8), ("q", 8)]
    {
        if let Some(rest) = text.strip_prefix(modifier) {
            conversion.size = size;
            return rest;
        }
    }
    text
}

fn integer(value: u64, kind: char, conversion: &Conversion) -> Option<String> {
    let shift = 64 - 8 * conversion.size;
    let signed = ((value << shift) as i64) >> shift;
    let unsigned = value << shift >> shift;
    let (sign, digits) = match kind {
        'd' | 'i' if signed < 0 => ("-".to_owned(), signed.unsigned_abs().to_string()),
        'd' | 'i' => (conversion.sign.map(String::from).unwrap_or_default(), signed.to_string()),
        'u' => (String::new(), unsigned.to_string()),
        'x' => (if conversion.alternate { "0x".to_owned() } else { String::new() }, format!("{unsigned:x}")),
        'X' => (if conversion.alternate { "0X".to_owned() } else { String::new() }, format!("{unsigned:X}")),
        'o' => (if conversion.alternate { "0".to_owned() } else { String::new() }, format!("{unsigned:o}")),
        _ => return None,
    };
    let least = match conversion.precision {
        Some(precision) => precision,
        None if conversion.zero && !conversion.left => conversion.width.saturating_sub(sign.len()),
        None => 0,
    };
    Some(padded(&format!("{sign}{digits:0>least$}"), conversion))
}

fn padded(text: &str, conversion: &Conversion) -> String {
    let width = conversion.width;
    if conversion.left { format!("{text:<width$}") } else { format!("{text:>width$}") }
}

fn string(program: &Program, addr: VirtAddr, precision: Option<usize>) -> String {
    if addr.0 == 0 {
        return "(null)".to_owned();
    }
    match program.read_c_string(addr, precision.unwrap_or(MAX_STRING).min(MAX_STRING)) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => "(efault)".to_owned(),
    }
}

fn pointer(program: &Program, addr: VirtAddr, extension: &str) -> String {
    let symbol = || {
        let (name, offset) = program.modules.symbolic(addr, true)?;
        Some(if extension.starts_with('s') { name.to_string() } else { format!("{name}+{offset:#x}") })
    };
    match extension.chars().next() {
        Some('s' | 'S' | 'B') => symbol().unwrap_or_else(|| format!("{addr:#x}")),
        // The kernel prints a hash of it.
        _ => format!("{:016x}", addr.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kdive_base::Interrupt;

    fn said(format: &str, values: &[u64]) -> String {
        let program = Program::new(Interrupt::new());
        let registers = values.iter().rev().copied().collect();
        let mut arguments = Arguments::Call { registers, stack: VirtAddr(0) };
        let mut out = String::new();
        expand(&program, format, &mut arguments, MAX_DEPTH, &mut out);
        out
    }

    #[test]
    fn conversions_of_the_kernel() {
        assert_eq!(said("exitcode=0x%08x", &[0x100]), "exitcode=0x00000100");
        assert_eq!(
            said("%d %u %hhd %lld %i", &[0xffff_ffff, 0xffff_ffff, 0xff, u64::MAX, 7]),
            "-1 4294967295 -1 -1 7"
        );
        assert_eq!(said("%5d|%-5d|%+d|%.3d", &[42, 42, 42, 7]), "   42|42   |+42|007");
        assert_eq!(said("%#lx %X %o 100%%", &[0xabc, 0xabc, 8]), "0xabc ABC 10 100%");
        assert_eq!(said("%*d%c", &[4, 7, 0x21]), "   7!");
        assert_eq!(said("%s %p %pS", &[0, 0x1234, 0x1234]), "(null) 0000000000001234 0x1234");
        assert_eq!(said("%s", &[0x1000]), "(efault)");
    }

    #[test]
    fn formats_that_ask_for_too_much_or_end_too_early() {
        assert_eq!(said("%d %d", &[1]), "1 (unreadable)");
        assert_eq!(said("50%", &[]), "50");
        assert_eq!(said("%99999999d", &[1]).len(), 256);
        assert_eq!(said("%l", &[1]), "");
        assert_eq!(said("%é", &[1]), "%é");
        assert_eq!(said("%pVx", &[0x10]), "(unreadable)");
    }
}
