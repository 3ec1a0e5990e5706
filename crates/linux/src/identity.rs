//! Which kernel runs, and whether the loaded vmlinux is its.

use crate::Error;
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;
use std::sync::Arc;

/// Whether the running kernel is the one whose symbols are loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Identity {
    /// Not known yet: nothing is mapped where the symbols say, as before the kernel has set up its page tables.
    Unknown,
    /// Build-ids agree.
    Same,
    /// They do not.
    Different {
        /// Of the guest.
        running: String,
        /// Of the file.
        file: String,
    },
    /// At the place of the notes there is something else: wrong vmlinux, or a kernel that was moved.
    NotThere,
}

/// Largest note section that is read.
const MAX_NOTES: u64 = 1 << 16;
/// `NT_GNU_BUILD_ID`.
const NT_GNU_BUILD_ID: u32 = 3;

/// The address of a symbol of the ELF symbol table.
pub(crate) fn symbol(program: &Program, name: &str) -> Option<VirtAddr> {
    program.modules.symbols_named(name).first().map(|symbol| symbol.addr)
}

/// Bytes as hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The descriptor of the GNU build-id note among ELF notes (elf.5, "Notes"): name size, descriptor size and type of four
/// bytes each, then name and descriptor padded to four.
pub(crate) fn build_id_in(notes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = notes;
    while rest.len() >= 12 {
        let word = |at: usize| -> Option<usize> {
            let bytes = rest.get(at..at + 4)?;
            usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
        };
        let (name_size, size, kind) = (word(0)?, word(4)?, word(8)?);
        let name_end = 12usize.checked_add(name_size)?;
        let start = name_end.checked_next_multiple_of(4)?;
        let end = start.checked_add(size)?;
        if kind == NT_GNU_BUILD_ID as usize && rest.get(12..name_end)? == b"GNU\0" {
            return rest.get(start..end).filter(|id| !id.is_empty() && id.len() <= 64).map(<[u8]>::to_vec);
        }
        rest = rest.get(end.checked_next_multiple_of(4)?..)?;
    }
    None
}

/// The build-id in the notes of the running kernel (`__start_notes` to `__stop_notes`, include/asm-generic/vmlinux.lds.h).
///
/// # Errors
/// [`Error::NoSymbol`] when the file does not name its notes, [`Error::Memory`] while they are not mapped.
pub fn running_build_id(program: &Program) -> Result<Option<Vec<u8>>, Error> {
    let address = |name: &str| symbol(program, name).ok_or_else(|| Error::NoSymbol(name.to_owned()));
    let (start, stop) = (address("__start_notes")?, address("__stop_notes")?);
    let size = stop.0.saturating_sub(start.0).min(MAX_NOTES);
    let mut notes = vec![0; usize::try_from(size).unwrap_or(0)];
    program.read(start, &mut notes)?;
    Ok(build_id_in(&notes))
}

/// Compares the running kernel with the loaded vmlinux.
#[must_use]
pub fn identity(program: &Program) -> Identity {
    if program.machine().is_none() {
        return Identity::Unknown;
    }
    // The file of the kernel, which need not be the first: add-symbol-file adds to others.
    let kernel =
        program.modules.symbols_named("__start_notes").first().map(|symbol| Arc::clone(&symbol.module));
    let kernel = kernel.or_else(|| program.modules.modules().first().cloned());
    let Some(file) = kernel.and_then(|module| module.object().build_id().map(hex)) else {
        return Identity::Unknown;
    };
    match running_build_id(program) {
        Err(_) => Identity::Unknown,
        Ok(None) => Identity::NotThere,
        Ok(Some(running)) if hex(&running) == file => Identity::Same,
        Ok(Some(running)) => Identity::Different { running: hex(&running), file },
    }
}

/// `linux_banner` of the running kernel (init/version.c): `Linux version 6.1.0-...`.
///
/// # Errors
/// [`Error::NoSymbol`], [`Error::Memory`].
pub fn banner(program: &Program) -> Result<String, Error> {
    let addr = symbol(program, "linux_banner").ok_or_else(|| Error::NoSymbol("linux_banner".into()))?;
    let text = program.read_c_string(addr, 1024)?;
    Ok(String::from_utf8_lossy(&text).trim_end().to_owned())
}

/// The command line the kernel was booted with (`saved_command_line`, init/main.c).
///
/// # Errors
/// [`Error::NoSymbol`], [`Error::Memory`].
pub fn command_line(program: &Program) -> Result<String, Error> {
    crate::Object::variable(program, "saved_command_line")?.string(1 << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(name: &[u8], kind: u32, desc: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend((name.len() as u32).to_le_bytes());
        bytes.extend((desc.len() as u32).to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        for part in [name, desc] {
            bytes.extend(part);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    #[test]
    fn build_id_among_other_notes() {
        let mut notes = note(b"Xen\0", 6, b"linux");
        notes.extend(note(b"Linux\0", 3, b"not this"));
        notes.extend(note(b"GNU\0", 3, &[0xab; 20]));
        assert_eq!(build_id_in(&notes), Some(vec![0xab; 20]));
    }

    #[test]
    fn damaged_notes_give_nothing() {
        let mut notes = note(b"GNU\0", 3, &[0xab; 20]);
        notes[0] = 0xff;
        notes[3] = 0xff;
        assert_eq!(build_id_in(&notes), None);
        assert_eq!(build_id_in(&note(b"GNU\0", 3, &[1; 20])[..20]), None);
        assert_eq!(build_id_in(&[0xcc; 64]), None);
    }
}
