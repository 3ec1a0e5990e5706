//! `disassemble`, and the line of one instruction for every command that shows one.

use crate::gdb::list::show_lines;
use crate::linux::modules::with_linux;
use crate::output::Style;
use crate::spec::{Class, Completer};
use crate::{Args, Error, Shell, Spec};
use kdive_base::{AddrRange, VirtAddr};
use kdive_linux::PatchMap;
use kdive_symbols::{Line, SourceName};
use std::collections::BTreeSet;
use std::rc::Rc;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "disassemble",
    aliases: &["disas"],
    class: Class::Data,
    summary: "Disassemble a specified section of memory",
    help: "Usage: disassemble [/MODIFIERS] [START[, END | ,+LENGTH]]\n\
           The function around START, by default around the selected frame's pc, or the\n\
               given range.\n\
           \x20 /m  with source lines, in the order of the lines\n\
           \x20 /s  with source lines, in the order of the addresses\n\
           \x20 /r  with the raw bytes\n\
           \x20 /b  with the raw bytes, byte by byte\n\
           \x20 /p  with what the kernel has made of code it rewrites; set disassemble-patched",
    examples: &[
        "disassemble",
        "disassemble /s start_kernel",
        "disassemble /r $pc,+16",
        "disassemble /p vfs_read",
    ],
    complete: Completer::Expr,
    run: disassemble,
    ..Spec::EMPTY
}];

/// How instructions are shown.
#[derive(Clone, Debug, Default)]
struct Modifiers {
    by_line: bool,
    source: bool,
    bytes: bool,
    /// `<+OFFSET>` rather than `<FUNCTION+OFFSET>`.
    omit_function: bool,
    /// What the kernel rewrites, shown beside the instructions.
    patched: Option<Rc<PatchMap>>,
}

/// Shows one instruction as `=> 0xADDR <sym+off>:<tab>TEXT` and gives the address after it.
///
/// # Errors
/// When its bytes cannot be read; the address is shown before.
pub fn show_instruction(shell: &mut Shell, pc: VirtAddr, padded: bool, raw: bool) -> Result<VirtAddr, Error> {
    let patched = patched_near(shell, pc);
    let modifiers = Modifiers { bytes: raw, patched, ..Modifiers::default() };
    one(shell, pc, &modifiers, padded)
}

/// Shows the instructions of a stop (`set disassemble-next-line`), with their bytes. Where they cannot be read nothing is said.
///
/// # Errors
/// When the user interrupts.
pub fn show_next_instructions(shell: &mut Shell, range: AddrRange) -> Result<(), Error> {
    let mut pc = range.start;
    while pc < range.end {
        if shell.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        if shell.program().instruction(pc).is_err() {
            break;
        }
        pc = show_instruction(shell, pc, true, true)?;
    }
    Ok(())
}

/// What is rewritten in the code around an address, when that is shown.
pub fn patched_near(shell: &mut Shell, addr: VirtAddr) -> Option<Rc<PatchMap>> {
    if tells_patched(shell) { patches(shell, addr) } else { None }
}

/// Whether instructions are shown with what the kernel has made of them (`set disassemble-patched`).
fn tells_patched(shell: &Shell) -> bool {
    let wanted = match shell.settings.text("disassemble-patched").as_str() {
        "on" => true,
        "off" => false,
        _ => shell.is_interactive(),
    };
    wanted && is_patched(shell)
}

/// Whether code may have been rewritten at all: not without a running kernel.
fn is_patched(shell: &Shell) -> bool {
    shell.session.target().is_some() && shell.program().knows_tasks()
}

fn one(shell: &mut Shell, pc: VirtAddr, modifiers: &Modifiers, padded: bool) -> Result<VirtAddr, Error> {
    let program = shell.program();
    let current = program.selected_frame().ok().map(|frame| frame.pc());
    let mark = if current == Some(pc) { "=> " } else { "   " };
    let address = if padded { format!("{pc:#018x}") } else { format!("{pc:#x}") };
    let place = match program.modules.signed_symbolic(pc, true) {
        Some((_, offset)) if modifiers.omit_function => format!(" <{offset:+}>"),
        Some((name, offset)) => format!(" <{name}{offset:+}>"),
        None => String::new(),
    };
    let insn = shell.program().instruction(pc);
    shell.out.put(mark);
    shell.out.styled(Style::Address, &address);
    shell.out.put(&format!("{place}:\t"));
    let insn = insn?;
    if modifiers.bytes {
        let bytes: Vec<String> = insn.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // As gdb pads them: to seven bytes, which most instructions have room in.
        let missing = 7usize.saturating_sub(bytes.len());
        let pad = " ".repeat((3 * missing).saturating_sub(1));
        shell.out.put(&format!("{}{pad}\t", bytes.join(" ")));
    }
    shell.out.put(&insn.text);
    let range = AddrRange::new(pc, insn.next());
    if let Some(note) = modifiers.patched.as_ref().and_then(|map| map.note(shell.program(), range)) {
        shell.out.put(&format!("\t; {note}"));
    }
    shell.out.put("\n");
    Ok(insn.next())
}

/// What is rewritten in the code at an address, probes included.
fn patches(shell: &mut Shell, addr: VirtAddr) -> Option<Rc<PatchMap>> {
    with_linux(shell, |linux, program| {
        let map = linux.patches_at(program, addr);
        PatchMap::with_probes(map, program)
    })
}

fn disassemble(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let mut modifiers = Modifiers::default();
    let mut args = args;
    let mut patched = tells_patched(shell);
    while let (Some(letters), rest) = args.split_format() {
        if letters.is_empty() {
            return Err(Error::msg("Missing modifier."));
        }
        for letter in letters.chars() {
            match letter {
                'm' => modifiers.by_line = true,
                's' => modifiers.source = true,
                'r' | 'b' => modifiers.bytes = true,
                'p' => patched = is_patched(shell),
                _ => return Err(Error::msg("Invalid disassembly modifier.")),
            }
        }
        args = rest;
    }
    if modifiers.by_line && modifiers.source {
        return Err(Error::msg("Cannot specify both /m and /s."));
    }
    let text = args.text();
    if let Some((start, end)) = split_range(text) {
        let start = shell.program().evaluate_address(start)?;
        let end = match end.trim().strip_prefix('+') {
            Some(length) => start.offset(shell.program().evaluate_address(length)?.0),
            None => shell.program().evaluate_address(end)?,
        };
        if patched {
            modifiers.patched = patches(shell, start);
        }
        shell.out.put(&format!("Dump of assembler code from {start:#x} to {end:#x}:\n"));
        dump(shell, AddrRange::new(start, end), &modifiers)?;
        shell.out.line("End of assembler dump.");
        return Ok(());
    }
    let program = shell.program();
    let pc = if text.is_empty() {
        let frame = program.selected_frame().map_err(|_| Error::msg("No frame selected."))?;
        frame.real.lookup_pc
    } else {
        program.evaluate_address(text)?
    };
    let Some((name, bounds)) = program.modules.function_bounds(pc) else {
        return Err(Error::msg(if text.is_empty() {
            "No function contains program counter for selected frame."
        } else {
            "No function contains specified address."
        }));
    };
    let ranges = match program.modules.function_at(pc) {
        Some(function) if function.ranges().len() > 1 => function.ranges(),
        _ => vec![bounds],
    };
    if patched {
        modifiers.patched = patches(shell, pc);
    }
    modifiers.omit_function = true;
    shell.out.put("Dump of assembler code for function ");
    shell.out.styled(Style::Function, &name);
    shell.out.put(":\n");
    let several = ranges.len() > 1;
    for range in ranges {
        if several {
            shell.out.put(&format!("Address range {:#x} to {:#x}:\n", range.start, range.end));
        }
        dump(shell, range, &modifiers)?;
    }
    shell.out.line("End of assembler dump.");
    Ok(())
}

/// Splits `START,END` at the comma outside of parentheses.
fn split_range(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return Some((text.get(..at)?.trim(), text.get(at + 1..)?.trim())),
            _ => {}
        }
    }
    None
}

fn dump(shell: &mut Shell, range: AddrRange, modifiers: &Modifiers) -> Result<(), Error> {
    let lines = if modifiers.by_line || modifiers.source {
        shell.program().modules.lines_in(range)
    } else {
        Vec::new()
    };
    if lines.is_empty() {
        instructions(shell, range, modifiers)?;
        return Ok(());
    }
    if modifiers.by_line {
        by_line(shell, range, lines, modifiers)
    } else {
        by_address(shell, range, modifiers)
    }
}

fn instructions(shell: &mut Shell, range: AddrRange, modifiers: &Modifiers) -> Result<VirtAddr, Error> {
    let mut pc = range.start;
    while pc < range.end {
        shell.check_interrupt()?;
        pc = one(shell, pc, modifiers, true)?;
    }
    Ok(pc)
}

/// `/m`: each source line once, with all its code, in the order of the lines.
fn by_line(
    shell: &mut Shell,
    range: AddrRange,
    lines: Vec<Line>,
    modifiers: &Modifiers,
) -> Result<(), Error> {
    let file = lines.iter().find(|line| line.line != 0).map(|line| line.file.clone());
    let Some(file) = file else {
        instructions(shell, range, modifiers)?;
        return Ok(());
    };
    let mut in_file: Vec<&Line> = lines.iter().filter(|line| line.line != 0 && line.file == file).collect();
    in_file.sort_by_key(|line| (line.line, line.start));
    let mut next_line = 0;
    for (index, line) in in_file.iter().enumerate() {
        if line.line >= next_line {
            let first = if next_line == 0 { line.line } else { next_line };
            show_source(shell, &file, first, line.line + 1);
            next_line = line.line + 1;
        }
        let part = AddrRange::new(line.start.max(range.start), line.end.min(range.end));
        instructions(shell, part, modifiers)?;
        if in_file.get(index + 1).is_none_or(|next| next.line > line.line) {
            shell.out.put("\n");
        }
    }
    Ok(())
}

/// `/s`: code in the order of the addresses, with the source line before each run of code that belongs to it.
fn by_address(shell: &mut Shell, range: AddrRange, modifiers: &Modifiers) -> Result<(), Error> {
    let modules_lines = shell.program().modules.lines_in(range);
    let with_code: BTreeSet<(SourceName, u32)> =
        modules_lines.iter().map(|line| (line.file.clone(), line.line)).collect();
    let first = modules_lines.first().filter(|line| line.line != 0).cloned();
    let mut last: Option<(Option<SourceName>, u32)> = None;
    let mut pc = range.start;
    while pc < range.end {
        let line = shell.program().modules.line_at(pc, false).filter(|line| line.line != 0);
        let (file, number) = match &line {
            Some(line) => (Some(line.file.clone()), line.line),
            None => (None, 0),
        };
        let same_file = last.as_ref().is_some_and(|(last, _)| *last == file);
        let last_line = last.as_ref().map_or(0, |(_, line)| *line);
        let mut preceding = None;
        let mut new_line = !same_file;
        if !same_file {
            if last_line == 0
                && let Some(first) = &first
                && Some(&first.file) == file.as_ref()
                && first.line < number
            {
                preceding = Some(first.line);
            }
        } else if let Some(file) = &file {
            if number > last_line + 1 && last_line != 0 {
                let mut before = number - 1;
                while before > last_line && !with_code.contains(&(file.clone(), before)) {
                    before -= 1;
                }
                if before < number - 1 {
                    preceding = Some(before + 1);
                }
            }
            new_line = number != last_line;
        }
        if new_line {
            if pc > range.start {
                shell.out.put("\n");
            }
            match &file {
                Some(file) => {
                    if !same_file {
                        shell.out.styled(Style::File, &file.name);
                        shell.out.put(":\n");
                    }
                    if let Some(start) = preceding {
                        show_source(shell, file, start, number);
                    }
                    show_source(shell, file, number, number + 1);
                }
                None => shell.out.put("--- no source info for this pc ---\n"),
            }
        }
        let end = line.map_or(pc.offset(1), |line| line.end).min(range.end);
        pc = instructions(shell, AddrRange::new(pc, end), modifiers)?;
        last = Some((file, number));
    }
    Ok(())
}

/// Source lines in a listing, each by itself: one that is out of range, or a file that is not there, must not end it.
fn show_source(shell: &mut Shell, file: &SourceName, first: u32, end: u32) {
    for line in first..end {
        if let Err(error) = show_lines(shell, file, line, line + 1) {
            shell.out.line(&error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_split_outside_parentheses() {
        assert_eq!(split_range("$pc, +16"), Some(("$pc", "+16")));
        assert_eq!(split_range("f(1,2)"), None);
    }
}
