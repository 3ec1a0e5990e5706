//! `compare-sections`, `info auxv`: what a program was loaded from, and what its system passed to it.

use crate::spec::{Class, Completer};
use crate::{Args, Error, Shell, Spec};
use kdive_base::{Fault, Interrupt, ReadMemory, VirtAddr};
use kdive_program::Program;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "compare-sections",
        class: Class::Data,
        summary: "Compare sections of the program's file with memory",
        help: "Usage: compare-sections [SECTION | -r]\n\
               -r leaves out what the program may write. The memory is read and compared here.\n\
               A kernel changes its code when it starts: chkimg says where, and why.",
        examples: &["compare-sections", "compare-sections .rodata"],
        complete: Completer::Custom(complete_section),
        run: compare_sections,
        ..Spec::EMPTY
    },
    Spec {
        name: "info auxv",
        class: Class::Status,
        summary: "The auxiliary vector of a program",
        help: "Usage: info auxv\nOf a program under gdbserver: a whole machine has none.",
        examples: &["info auxv"],
        run: info_auxv,
        ..Spec::EMPTY
    },
];

fn complete_section(shell: &Shell, text: &str) -> Vec<String> {
    let modules = shell.program().modules.modules();
    let sections = modules.first().map(|main| main.object().sections()).unwrap_or_default();
    let loaded = sections.iter().filter(|section| section.alloc && !section.nobits);
    loaded.map(|section| section.name.to_string()).filter(|name| name.starts_with(text)).collect()
}

/// How much is read at a time, so that Ctrl-C is noticed.
const PIECE: usize = 1 << 16;

fn compare_sections(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let interrupt = shell.interrupt.clone();
    let wanted = args.text();
    let program = shell.program();
    let main = program
        .modules
        .modules()
        .first()
        .ok_or_else(|| Error::msg("command cannot be used without an exec file"))?;
    let read_only = wanted == "-r";
    let sections: Vec<_> = main
        .object()
        .sections()
        .iter()
        .filter(|section| section.alloc && !section.nobits && section.size > 0)
        .filter(|section| match wanted {
            "" => true,
            "-r" => !section.write,
            name => &*section.name == name,
        })
        .map(|section| (section.name.clone(), main.to_virt(section.addr), section.size))
        .collect();
    if sections.is_empty() && !wanted.is_empty() && !read_only {
        return Err(Error::msg(format!("No loaded section named '{wanted}'.")));
    }
    let mut differs = false;
    for (name, start, size) in sections {
        let program = shell.program();
        let end = start.offset(size);
        let data = program
            .modules
            .modules()
            .first()
            .and_then(|main| main.object().section_data(&name))
            .unwrap_or_default();
        let unreadable =
            || Error::msg(format!("target memory fault, section {name}, range {start} -- {end}"));
        let checksum = match shell.session.target() {
            Some(target) => target.checksum(start, size).map_err(|_| unreadable())?,
            None => None,
        };
        let equal = match checksum {
            Some(checksum) => checksum == crc(data),
            None => is_equal(program, start, data, &interrupt).map_err(|fault| match fault {
                Some(_) => unreadable(),
                None => Error::Interrupted,
            })?,
        };
        differs |= !equal;
        let verdict = if equal { "matched." } else { "MIS-MATCHED!" };
        shell.out.line(&format!("Section {name}, range {start} -- {end}: {verdict}"));
    }
    if differs {
        shell.out.warning("One or more sections of the target image does not match\nthe loaded file\n");
    }
    Ok(())
}

/// The CRC-32 of stubs: most significant bit first, from all ones, and as it is in the end.
fn crc(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x04c1_1db7;
    let shifted = |crc: u32| (crc << 1) ^ if crc >> 31 == 1 { POLYNOMIAL } else { 0 };
    bytes
        .iter()
        .fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| shifted(crc)))
}

/// Whether memory holds these bytes. The error is `None` for Ctrl-C.
fn is_equal(
    program: &Program,
    start: VirtAddr,
    bytes: &[u8],
    interrupt: &Interrupt,
) -> Result<bool, Option<Fault>> {
    let mut buf = vec![0u8; PIECE];
    for (index, piece) in bytes.chunks(PIECE).enumerate() {
        if interrupt.is_raised() {
            return Err(None);
        }
        let Some(now) = buf.get_mut(..piece.len()) else { continue };
        program.read(start.offset((index * PIECE) as u64), now)?;
        if now != piece {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How the value of an entry is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shown {
    Decimal,
    Hex,
    Text,
}
use Shown::{Decimal, Hex, Text};

/// Entries by their numbers (elf.h), in gdb's words.
const AUXILIARY: &[(u64, &str, &str, Shown)] = &[
    (0, "AT_NULL", "End of vector", Hex),
    (1, "AT_IGNORE", "Entry should be ignored", Hex),
    (2, "AT_EXECFD", "File descriptor of program", Decimal),
    (3, "AT_PHDR", "Program headers for program", Hex),
    (4, "AT_PHENT", "Size of program header entry", Decimal),
    (5, "AT_PHNUM", "Number of program headers", Decimal),
    (6, "AT_PAGESZ", "System page size", Decimal),
    (7, "AT_BASE", "Base address of interpreter", Hex),
    (8, "AT_FLAGS", "Flags", Hex),
    (9, "AT_ENTRY", "Entry point of program", Hex),
    (10, "AT_NOTELF", "Program is not ELF", Decimal),
    (11, "AT_UID", "Real user ID", Decimal),
    (12, "AT_EUID", "Effective user ID", Decimal),
    (13, "AT_GID", "Real group ID", Decimal),
    (14, "AT_EGID", "Effective group ID", Decimal),
    (15, "AT_PLATFORM", "String identifying platform", Text),
    (16, "AT_HWCAP", "Machine-dependent CPU capability hints", Hex),
    (17, "AT_CLKTCK", "Frequency of times()", Decimal),
    (18, "AT_FPUCW", "Used FPU control word", Hex),
    (23, "AT_SECURE", "Boolean, was exec setuid-like?", Decimal),
    (24, "AT_BASE_PLATFORM", "String identifying base platform", Text),
    (25, "AT_RANDOM", "Address of 16 random bytes", Hex),
    (26, "AT_HWCAP2", "Extension of AT_HWCAP", Hex),
    (31, "AT_EXECFN", "File name of executable", Text),
    (32, "AT_SYSINFO", "Special system info/entry points", Hex),
    (33, "AT_SYSINFO_EHDR", "System-supplied DSO's ELF header", Hex),
    (51, "AT_MINSIGSTKSZ", "Minimum stack size for signal delivery", Hex),
];

fn info_auxv(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let none = || Error::msg("The program has no auxiliary information now.");
    let remote = shell.session.remote().ok_or_else(none)?;
    let vector = remote.auxiliary_vector().map_err(Error::msg)?;
    let vector = vector.ok_or_else(|| Error::msg("No auxiliary vector found, or failed reading it."))?;
    for (tag, value) in vector {
        let known = AUXILIARY.iter().find(|(number, ..)| *number == tag);
        let (_, name, meaning, shown) = known.copied().unwrap_or((tag, "???", "", Hex));
        let text = match shown {
            Decimal => value.to_string(),
            Hex => format!("{value:#x}"),
            Text => format!("{value:#x} {}", string_at(shell, value)?),
        };
        shell.out.line(&format!("{tag:<4} {name:<20} {meaning:<30} {text}"));
    }
    Ok(())
}

/// The text at an address, in quotes.
fn string_at(shell: &mut Shell, addr: u64) -> Result<String, Error> {
    let value = shell.program().evaluate(&format!("(char *){addr}"))?;
    let program = shell.program();
    let mut out = kdive_types::Out::new();
    kdive_expr::print::print_value(program, &value, &program.options.print, &mut out).map_err(Error::msg)?;
    let text = out.text().to_owned();
    Ok(text.split_once(' ').map_or_else(|| text.clone(), |(_, text)| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_stubs() {
        // CRC-32/MPEG-2 of the usual test text; see the catalogue of CRC algorithms.
        assert_eq!(crc(b"123456789"), 0x0376_e6e7);
        assert_eq!(crc(b""), u32::MAX);
    }
}
