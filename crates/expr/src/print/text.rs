//! Characters and strings with their escapes, runs and limits.

use crate::context::Context;
use crate::settings::{Charset, PrintOptions};
use kdive_base::{Fault, FaultKind, VirtAddr};
use kdive_types::{Kind, Out, Style, Type};
use std::fmt::Write as _;

/// Longest string read when `set print elements` is unlimited.
const MAX_STRING: u64 = 1 << 24;

/// How a wide character type is called, looking through typedefs one at a time.
pub(super) fn wide_name(ty: &Type) -> Option<&'static str> {
    let mut ty = ty.clone();
    for _ in 0..64 {
        let (_, bare) = ty.split_quals();
        match bare.name() {
            Some("wchar_t") => return Some("L"),
            Some("char16_t") => return Some("u"),
            Some("char32_t") => return Some("U"),
            _ => {}
        }
        match bare.kind() {
            Kind::Typedef(target) => {
                let next = target.get();
                ty = next;
            }
            _ => return None,
        }
    }
    None
}

/// One character of a string, or bytes that are none.
#[derive(Clone, PartialEq, Eq)]
enum Unit {
    Char(char, Vec<u8>),
    Invalid(Vec<u8>),
    /// The end of the string inside of a character.
    Incomplete(Vec<u8>),
}

/// Cuts bytes into characters.
struct Units<'a> {
    bytes: &'a [u8],
    width: usize,
    charset: Charset,
}

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        if self.bytes.is_empty() {
            return None;
        }
        let (len, unit) = if self.width == 1 { self.narrow() } else { self.wide() };
        self.bytes = self.bytes.get(len..).unwrap_or(&[]);
        Some(unit)
    }
}

impl Units<'_> {
    fn narrow(&self) -> (usize, Unit) {
        let first = self.bytes[0];
        if first < 0x80 {
            return (1, Unit::Char(char::from(first), vec![first]));
        }
        let len = match first {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            // Forms Unicode has given up; iconv, which gdb asks, waits for the rest of them all the same.
            0xf8..=0xfb => 5,
            0xfc..=0xfd => 6,
            _ => 1,
        };
        if self.charset == Charset::Latin1 {
            return (1, Unit::Char(char::from(first), vec![first]));
        }
        if self.charset == Charset::Ascii || len == 1 {
            return (1, Unit::Invalid(vec![first]));
        }
        let Some(bytes) = self.bytes.get(..len) else {
            let is_continued = self.bytes[1..].iter().all(|byte| byte & 0xc0 == 0x80);
            return if is_continued {
                (self.bytes.len(), Unit::Incomplete(self.bytes.to_vec()))
            } else {
                (1, Unit::Invalid(vec![first]))
            };
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let c = text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
                (len, Unit::Char(c, bytes.to_vec()))
            }
            Err(_) => (1, Unit::Invalid(vec![first])),
        }
    }

    fn wide(&self) -> (usize, Unit) {
        let Some(bytes) = self.bytes.get(..self.width) else {
            return (self.bytes.len(), Unit::Incomplete(self.bytes.to_vec()));
        };
        let number =
            |bytes: &[u8]| bytes.iter().rev().fold(0u32, |number, &byte| number << 8 | u32::from(byte));
        let first = number(bytes);
        if self.width == 2
            && (0xd800..0xdc00).contains(&first)
            && let Some(second) = self.bytes.get(2..4)
            && let Some(Ok(c)) = char::decode_utf16([first as u16, number(second) as u16]).next()
        {
            return (4, Unit::Char(c, self.bytes[..4].to_vec()));
        }
        match char::from_u32(first) {
            Some(c) => (self.width, Unit::Char(c, bytes.to_vec())),
            None => (self.width, Unit::Invalid(bytes.to_vec())),
        }
    }
}

/// Writes characters with escapes.
struct Escaper<'a> {
    options: &'a PrintOptions,
    width: usize,
    quote: char,
    /// The last escape was hexadecimal: a digit would be read as part of it.
    after_hex: bool,
}

impl Escaper<'_> {
    fn push(&mut self, unit: &Unit, text: &mut String) {
        let after_hex = std::mem::take(&mut self.after_hex);
        let (Unit::Char(_, bytes) | Unit::Invalid(bytes) | Unit::Incomplete(bytes)) = unit;
        if let Unit::Char(c, _) = unit {
            let escape = match c {
                '\x07' => Some("\\a"),
                '\x08' => Some("\\b"),
                '\x0c' => Some("\\f"),
                '\n' => Some("\\n"),
                '\r' => Some("\\r"),
                '\t' => Some("\\t"),
                '\x0b' => Some("\\v"),
                _ => None,
            };
            if let Some(escape) = escape {
                text.push_str(escape);
                return;
            }
            if self.is_printable(*c) && !(after_hex && c.is_ascii_hexdigit()) {
                if *c == self.quote || *c == '\\' {
                    text.push('\\');
                }
                text.push(*c);
                return;
            }
        }
        let whole = bytes.chunks_exact(self.width);
        for byte in whole.remainder() {
            let _ = write!(text, "\\{byte:03o}");
        }
        for unit in bytes.chunks_exact(self.width) {
            let number = unit.iter().rev().fold(0u64, |number, &byte| number << 8 | u64::from(byte));
            self.after_hex = number > 0o777;
            let _ =
                if self.after_hex { write!(text, "\\x{number:x}") } else { write!(text, "\\{number:03o}") };
        }
    }

    fn is_printable(&self, c: char) -> bool {
        if c.is_ascii() {
            return c == ' ' || c.is_ascii_graphic();
        }
        self.options.utf8 && is_graphic(c)
    }
}

/// Whether a character beyond ASCII is shown as it is: as C libraries tell in a UTF-8 locale (`iswprint`), everything that is
/// assigned and neither a control character nor a separator of lines.
fn is_graphic(c: char) -> bool {
    // Blanks, characters of format and of private use count, which Rust's own escaping takes for invisible.
    let counts = matches!(c,
        '\u{a0}' | '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{8e2}' | '\u{1680}'
        | '\u{180e}' | '\u{2000}'..='\u{200f}' | '\u{202a}'..='\u{202f}' | '\u{205f}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' | '\u{3000}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}' | '\u{e000}'..='\u{f8ff}'
        | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}');
    // After another character, as combining ones are escaped where they begin a text.
    counts || format!("a{c}").escape_debug().nth(1) == Some(c)
}

/// `'A'`, `L'A'`.
pub(super) fn character(bytes: &[u8], ty: &Type, options: &PrintOptions, out: &mut Out) {
    let width = usize::try_from(ty.size().unwrap_or(1)).unwrap_or(1).clamp(1, 8);
    let prefix = wide_name(ty).unwrap_or("");
    let mut escaper = Escaper { options, width, quote: '\'', after_hex: false };
    let mut text = format!("{prefix}'");
    for unit in (Units { bytes, width, charset: options.charset }) {
        escaper.push(&unit, &mut text);
    }
    text.push('\'');
    out.push(&text);
}

/// A string literal of the bytes; runs of more than `set print repeats` characters stand apart. `cut` says that the
/// string goes on.
pub(super) fn string(bytes: &[u8], elem: &Type, cut: bool, options: &PrintOptions, out: &mut Out) {
    let width = usize::try_from(elem.size().unwrap_or(1)).unwrap_or(1).clamp(1, 8);
    let prefix = wide_name(elem).unwrap_or("");
    let mut bytes = bytes;
    if !cut
        && let Some(last) = bytes.len().checked_sub(width)
        && bytes[last..].iter().all(|&byte| byte == 0)
    {
        // The NUL that ends it; more of them are shown.
        bytes = &bytes[..last];
    }
    if bytes.is_empty() {
        out.push(&format!("{prefix}\"\""));
        return;
    }
    let limit = string_limit(options);
    let threshold = options.repeats.map_or(usize::MAX, |repeats| repeats as usize);
    let mut units = Units { bytes, width, charset: options.charset }.peekable();
    let mut escaper = Escaper { options, width, quote: '"', after_hex: false };
    let mut text = String::new();
    let mut printed = 0;
    let mut open = false;
    while printed < limit
        && let Some(unit) = units.next()
    {
        let mut count = 1;
        while units.next_if_eq(&unit).is_some() {
            count += 1;
        }
        printed += count as u64;
        let apart = count > threshold || matches!(unit, Unit::Incomplete(_));
        if apart && open {
            text.push('"');
        }
        if apart || !open {
            if !text.is_empty() {
                text.push_str(", ");
            }
            if !apart {
                text.push('"');
            }
        }
        open = !apart;
        if let Unit::Incomplete(_) = unit {
            text.push_str("<incomplete sequence ");
            escaper.push(&unit, &mut text);
            text.push('>');
        } else if apart {
            text.push('\'');
            // Inside of single quotes it is still the double quote that is escaped, as in gdb.
            escaper.push(&unit, &mut text);
            let _ = write!(text, "' <repeats {count} times>");
        } else {
            for _ in 0..count {
                escaper.push(&unit, &mut text);
            }
        }
    }
    if open {
        text.push('"');
    }
    if cut || units.peek().is_some() {
        text.push_str("...");
    }
    out.push(prefix);
    out.push(&text);
}

/// How many characters are printed.
pub(super) fn string_limit(options: &PrintOptions) -> u64 {
    options.characters.unwrap_or(options.elements).map_or(MAX_STRING, u64::from)
}

/// What was read of a string.
struct Fetched {
    bytes: Vec<u8>,
    error: Option<Fault>,
}

/// Reads up to `limit` characters, or up to the NUL where `to_nul`; stops at the first byte that cannot be read.
fn fetch(context: &dyn Context, addr: VirtAddr, width: usize, limit: u64, to_nul: bool) -> Fetched {
    let most = usize::try_from(limit.min(MAX_STRING)).unwrap_or(0).saturating_mul(width);
    let mut bytes = Vec::new();
    while bytes.len() < most {
        let here = addr.offset(bytes.len() as u64);
        let step = (64 - (here.0 % 64) as usize).max(width).min(most - bytes.len());
        let step = step - step % width;
        let mut chunk = [0; 72];
        let Some(chunk) = chunk.get_mut(..step) else { break };
        let (got, error) = read_what_is_there(context, here, chunk);
        let chunk = chunk.get(..got - got % width).unwrap_or(&[]);
        let nul = chunk.chunks_exact(width).position(|unit| unit.iter().all(|&byte| byte == 0));
        if let Some(nul) = nul.filter(|_| to_nul) {
            bytes.extend_from_slice(&chunk[..(nul + 1) * width]);
            return Fetched { bytes, error: None };
        }
        bytes.extend_from_slice(chunk);
        if error.is_some() {
            let addr = addr.offset(bytes.len() as u64);
            return Fetched { bytes, error: Some(Fault { addr, kind: FaultKind::Unmapped }) };
        }
    }
    Fetched { bytes, error: None }
}

/// Reads as many bytes as can be read.
fn read_what_is_there(context: &dyn Context, addr: VirtAddr, buf: &mut [u8]) -> (usize, Option<Fault>) {
    let Err(fault) = context.read_memory(addr, buf) else { return (buf.len(), None) };
    let before = fault.addr.distance_from(addr).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    if let Some(part) = buf.get_mut(..before)
        && !part.is_empty()
        && context.read_memory(addr, part).is_ok()
    {
        return (before, Some(fault));
    }
    for done in 0..buf.len() {
        if context.is_interrupted() {
            return (done, Some(Fault { addr, kind: FaultKind::Interrupted }));
        }
        let byte = &mut buf[done..=done];
        if let Err(fault) = context.read_memory(addr.offset(done as u64), byte) {
            return (done, Some(fault));
        }
    }
    (buf.len(), None)
}

/// Prints the string at an address, up to its NUL or `len` characters, and what went wrong. Gives the number of
/// characters read, the NUL included.
pub fn print_string_at(
    context: &dyn Context,
    elem: &Type,
    addr: VirtAddr,
    len: Option<u64>,
    options: &PrintOptions,
    out: &mut Out,
) -> u64 {
    let width = usize::try_from(elem.size().unwrap_or(1)).unwrap_or(1).clamp(1, 8);
    let most = string_limit(options);
    let limit = len.map_or(most, |len| len.min(most));
    let Fetched { bytes, error } = fetch(context, addr, width, limit, len.is_none());
    let ends = bytes.len() >= width && bytes[bytes.len() - width..].iter().all(|&byte| byte == 0);
    let read = (bytes.len() / width) as u64;
    let cut = match len {
        None if ends => false,
        None => {
            let mut next = [0; 8];
            let next = &mut next[..width];
            context.read_memory(addr.offset(bytes.len() as u64), next).is_ok()
                && next.iter().any(|&byte| byte != 0)
        }
        Some(len) => error.is_some() || len > read,
    };
    if error.is_none() || !bytes.is_empty() {
        string(&bytes, elem, cut, options, out);
    }
    if let Some(error) = error {
        out.push("<error: ");
        out.styled(Style::Metadata, &error.to_string());
        out.push(">");
    }
    read
}
