//! One ELF file: sections, symbols, notes, and the way to its debug information.

use crate::Error;
use kdive_base::LinkAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What `e_type` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ElfKind {
    /// `ET_EXEC`: vmlinux.
    Executable,
    /// `ET_DYN`.
    Dynamic,
    /// `ET_REL`: a kernel module or an object file.
    Relocatable,
    /// `ET_CORE`.
    Core,
}

/// How to open a file.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// For a relocatable file: run-time addresses of sections (`.text` -> 0xffffffffc0000000). Allocated sections that are
    /// not named are laid out as gdb does: from 0 on, each aligned, without overlap.
    pub section_addresses: Vec<(String, LinkAddr)>,
    /// Directory of the on-disk name index; `None` switches it off.
    pub index_cache: Option<PathBuf>,
}

/// A section, with the address it has for all readers of this file.
#[derive(Clone, Debug)]
pub struct Section {
    /// Index in the section header table.
    pub index: usize,
    /// `.init.text`.
    pub name: Arc<str>,
    /// `sh_addr`, or the address given for a section of a relocatable file.
    pub addr: LinkAddr,
    /// `sh_size`: bytes in memory.
    pub size: u64,
    /// `SHF_ALLOC`.
    pub alloc: bool,
    /// `SHF_EXECINSTR`.
    pub exec: bool,
    /// `SHF_WRITE`.
    pub write: bool,
    /// `SHT_NOBITS`: no bytes in the file.
    pub nobits: bool,
}

/// `.gnu_debuglink`: where debug information was moved to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DebugLink {
    /// File name without directory.
    pub name: String,
    /// CRC-32 of that file.
    pub crc: u32,
}

/// An ELF note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Owner, `GNU` or `Linux`.
    pub owner: String,
    /// `n_type`; with owner `GNU`, 3 is the build-id.
    pub kind: u32,
    /// The descriptor.
    pub desc: Vec<u8>,
}

/// One ELF file, mapped. All answers are in [`LinkAddr`]s.
#[derive(Debug)]
pub struct ObjectFile {
    path: PathBuf,
}

impl ObjectFile {
    /// Maps the file and reads its section headers; nothing else is read.
    ///
    /// # Errors
    /// [`Error`], one line in gdb's words.
    pub fn open(path: &Path, _options: &OpenOptions) -> Result<Arc<Self>, Error> {
        Err(Error::NotElf { path: path.into() })
    }

    /// The path as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What kind of file.
    pub fn kind(&self) -> ElfKind {
        ElfKind::Executable
    }

    /// The `NT_GNU_BUILD_ID`.
    pub fn build_id(&self) -> Option<&[u8]> {
        None
    }

    /// `.gnu_debuglink`.
    pub fn debug_link(&self) -> Option<DebugLink> {
        None
    }

    /// All notes, of note sections.
    pub fn notes(&self) -> Vec<Note> {
        Vec::new()
    }

    /// Sections in file order.
    pub fn sections(&self) -> &[Section] {
        &[]
    }

    /// The first section of that name.
    pub fn section(&self, _name: &str) -> Option<&Section> {
        None
    }

    /// A section's bytes: uncompressed, and for a relocatable file with relocations applied. `None` when there is no such
    /// section, it is `SHT_NOBITS`, or it is damaged. Used by the unwinder for `.debug_frame`, `.eh_frame`,
    /// `.orc_unwind`, `.orc_unwind_ip`, `.orc_header`, and for `.BTF`.
    pub fn section_data(&self, _name: &str) -> Option<&[u8]> {
        None
    }

    /// Bytes of the program as they are in the file (`SHT_NOBITS` reads as zeros).
    ///
    /// # Errors
    /// [`kdive_base::Fault`] where no allocated section is.
    pub fn read_image(&self, addr: LinkAddr, _buf: &mut [u8]) -> Result<(), kdive_base::Fault> {
        Err(kdive_base::Fault::unmapped(kdive_base::VirtAddr(addr.0)))
    }

    /// Whether there is DWARF.
    pub fn has_debug_info(&self) -> bool {
        false
    }

    /// Whether there is a symbol table with at least one symbol.
    pub fn has_symbols(&self) -> bool {
        false
    }
}
