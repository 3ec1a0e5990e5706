//! Memory and symbols in the words of crash: `rd`, `pte`, `sym`.

use super::names::module_of;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Missing, Shell, Spec};
use kdive_base::{PhysAddr, ReadMemory, VirtAddr};
use kdive_symbols::{Symbol, SymbolKind};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "rd",
        class: Class::Linux,
        needs: Needs::STOPPED,
        summary: "Read memory, as crash does",
        help: "Usage: rd [-8 | -16 | -32 | -64] [-p] [-s] ADDRESS [COUNT]\n\
               COUNT units (1 if it is not given) in hexadecimal, and as text.\n\
               -8 -16 -32 -64  size of a unit in bits, 64 by default\n\
               -p              ADDRESS is physical\n\
               -s              name the symbol a unit points to",
        examples: &["rd jiffies", "rd -32 linux_banner 8", "rd -s $sp 20"],
        complete: Completer::Expr,
        run: rd,
        ..Spec::EMPTY
    },
    Spec {
        name: "pte",
        class: Class::Linux,
        summary: "Explain the value of a page table entry",
        help: "Usage: pte VALUE\nThe physical address and the flags, of an entry for a page of 4 KiB.",
        keywords: &["page table"],
        examples: &["pte 0x8000000000a01063"],
        run: pte,
        ..Spec::EMPTY
    },
    Spec {
        name: "sym",
        class: Class::Linux,
        summary: "Translate a symbol to its address, or an address to its symbol",
        help: "Usage: sym NAME | ADDRESS\n\
               As crash shows it: address, type as nm has it, name, and for code the line.\n\
               Anything else is taken as gdb does, for which sym is short for symbol-file.",
        examples: &["sym jiffies", "sym 0xffffffff81000000"],
        complete: Completer::Symbol,
        run: sym,
        ..Spec::EMPTY
    },
];

/// Most units that are read at once.
const MAX_UNITS: u64 = 1 << 20;

fn rd(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    const USAGE: &str = "Argument required (address).";
    let (mut size, mut physical, mut symbols) = (8usize, false, false);
    let mut rest = args;
    let mut words = Vec::new();
    while let Some((word, after)) = rest.split_word() {
        match word {
            "-8" => size = 1,
            "-16" => size = 2,
            "-32" => size = 4,
            "-64" => size = 8,
            "-p" => physical = true,
            "-s" => symbols = true,
            option if option.starts_with('-') && words.is_empty() => {
                return Err(Error::msg(format!("rd has no option {option}; see help rd.")));
            }
            word => words.push(word),
        }
        rest = after;
    }
    // An expression may have blanks in it: a number after it is the count.
    let count = match words.split_last() {
        Some((last, before)) if !before.is_empty() && last.parse::<u64>().is_ok() => {
            let count = last.parse().unwrap_or(1);
            words.pop();
            count
        }
        _ => 1,
    };
    if count > MAX_UNITS {
        return Err(Error::msg(format!("{count} units are too many: {MAX_UNITS} at most.")));
    }
    let text = words.join(" ");
    if text.is_empty() {
        return Err(Error::msg(USAGE));
    }
    let addr = address_of(shell, &text)?;
    let per_line = 16 / size as u64;
    let mut done = 0;
    while done < count {
        shell.check_interrupt()?;
        let units = (count - done).min(if symbols { 2 } else { per_line });
        let at = addr.offset(done * size as u64);
        let mut bytes = vec![0; usize::try_from(units).unwrap_or(1) * size];
        let read = if physical {
            let machine = shell.program().machine().ok_or_else(|| Error::msg("No machine to read from."))?;
            machine
                .read_physical(PhysAddr(at.0), &mut bytes)
                .map_err(|_| Error::msg(format!("Cannot access memory at physical address {:#x}", at.0)))
        } else {
            shell.program().read(at, &mut bytes).map_err(Error::msg)
        };
        read?;
        let width = if physical && at.0 >> 32 == 0 { 8 } else { 16 };
        let mut line = format!("{:>width$x}:  ", at.0);
        for unit in bytes.chunks(size) {
            let value = unit.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
            let digits = size * 2;
            match shell.program().modules.signed_symbolic(VirtAddr(value), false) {
                Some((name, 0)) if symbols && size == 8 => line.push_str(&format!("{name:<16} ")),
                Some((name, offset)) if symbols && size == 8 => {
                    line.push_str(&format!("{:<16} ", format!("{name}{offset:+}")));
                }
                _ => line.push_str(&format!("{value:0digits$x} ")),
            }
        }
        if !symbols {
            let full = per_line as usize * (size * 2 + 1);
            let shown = units as usize * (size * 2 + 1);
            line.push_str(&" ".repeat(full - shown + 2));
            line.extend(
                bytes.iter().map(|byte| if (0x20..0x7f).contains(byte) { *byte as char } else { '.' }),
            );
        }
        shell.out.line(line.trim_end());
        done += units;
    }
    Ok(())
}

/// An address as crash takes it: a symbol is where it is, hexadecimal digits need no `0x`.
fn address_of(shell: &Shell, text: &str) -> Result<VirtAddr, Error> {
    if let Some(symbol) = shell.program().modules.symbols_named(text).first() {
        return Ok(symbol.addr);
    }
    if let Some(addr) = hexadecimal(text) {
        return Ok(addr);
    }
    let program = shell.program();
    let value = program.evaluate(text)?;
    match value.address() {
        // A structure is where it is, a pointer or number what it holds.
        Some(addr) if !value.ty().strip().is_pointer() && !value.ty().strip().is_integral() => Ok(addr),
        _ => Ok(program.evaluate_address(text)?),
    }
}

/// Sixteen digits or fewer without `0x`, when they cannot be a decimal number.
pub(super) fn hexadecimal(text: &str) -> Option<VirtAddr> {
    let plausible = text.len() == 16 || text.bytes().any(|byte| byte.is_ascii_alphabetic());
    (plausible && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| u64::from_str_radix(text, 16).ok().map(VirtAddr))
        .flatten()
}

fn pte(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("Argument required (value of the entry).")?;
    let value = match u64::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16) {
        Ok(value) => value,
        Err(_) => shell.program().evaluate_address(text)?.0,
    };
    let entry = kdive_linux::page_entry(value);
    shell.out.line(&format!("{:^16}  {:^12}  FLAGS", "PTE", "PHYSICAL"));
    let (physical, flags) = if entry.present() {
        (format!("{:x}", value & 0x000f_ffff_ffff_f000), entry.flags(true).join("|"))
    } else if value == 0 {
        (String::new(), "no mapping".to_owned())
    } else {
        (String::new(), "not present".to_owned())
    };
    shell.out.line(&format!("{value:^16x}  {physical:^12}  ({flags})"));
    Ok(())
}

fn sym(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.text();
    let (name, several) = (text, shell.program().modules.symbols_named(text));
    if !several.is_empty() {
        for symbol in several {
            let line = symbol_line(shell, &symbol, symbol.addr);
            shell.out.line(&line);
        }
        return Ok(());
    }
    let number =
        text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok()).map(VirtAddr);
    let expression = text.starts_with(['$', '&', '*', '(']);
    let addr = match number.or_else(|| hexadecimal(text)) {
        Some(addr) => addr,
        None if expression => shell.program().evaluate_address(text)?,
        None if is_identifier(name)
            && !shell.program().modules.modules().is_empty()
            && !std::path::Path::new(name).exists() =>
        {
            return Err(Error::unknown(
                format!("No symbol \"{name}\", and no file of that name to read symbols from."),
                Missing::Symbol(name.to_owned()),
            ));
        }
        None => {
            // gdb's meaning; without an argument that forgets all symbols, as there.
            let blank = if name.is_empty() { "" } else { " " };
            return shell.execute(&format!("symbol-file{blank}{name}"), args.from_tty);
        }
    };
    let symbol = shell.program().modules.symbol_at(addr);
    let symbol = symbol.ok_or_else(|| Error::msg(format!("{addr:#x} is in no symbol.")))?;
    let line = symbol_line(shell, &symbol, addr);
    shell.out.line(&line);
    Ok(())
}

/// Whether a text may be the name of a symbol of C.
fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

/// `ffffffff81000123 (T) name+12  file: 34`, with the module where it is not the kernel itself.
fn symbol_line(shell: &Shell, symbol: &Symbol, addr: VirtAddr) -> String {
    let offset = addr.0.wrapping_sub(symbol.addr.0);
    let offset = if offset == 0 { String::new() } else { format!("+{offset}") };
    let read_only = symbol.section.as_deref().is_some_and(|section| section.starts_with(".rodata"));
    let letter = match symbol.kind {
        SymbolKind::Text => 'T',
        SymbolKind::FileText => 't',
        SymbolKind::Data if read_only => 'R',
        SymbolKind::Data => 'D',
        SymbolKind::FileData if read_only => 'r',
        SymbolKind::FileData => 'd',
        SymbolKind::Bss => 'B',
        SymbolKind::FileBss => 'b',
        SymbolKind::Abs => 'A',
    };
    let program = shell.program();
    let module = module_of(program, addr).map_or_else(String::new, |module| format!(" [{module}]"));
    let line = if symbol.kind.is_text() { program.modules.line_at(addr, false) } else { None };
    let line = line.map_or_else(String::new, |line| format!("  {}: {}", line.file.name, line.line));
    format!("{:016x} ({letter}) {}{offset}{module}{line}", addr.0, symbol.name)
}
