//! One ELF file: sections, symbols, notes, and the way to its debug information.

use super::separate;
use super::symtab::SymbolTable;
use super::{DebugLink, Image, MissingFile, Note, Relocated, Section, Target};
use crate::btf::Btf;
use crate::dwarf::DebugInfo;
use crate::{Error, IndexProgress};
use kdive_base::{Fault, LinkAddr, VirtAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

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
    /// Who shows the progress of the index while a caller waits for it.
    pub progress: Option<Arc<dyn IndexProgress>>,
    /// Where separate debug information is looked for besides the file's own directory (`set debug-file-directory`). `None`:
    /// it is not looked for at all.
    pub debug_directories: Option<Vec<PathBuf>>,
}

/// State of a file's name index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IndexInfo {
    /// Whether it was built or read already.
    pub ready: bool,
    /// Number of entries.
    pub names: usize,
    /// Whether it was read from the cache.
    pub from_cache: bool,
    /// Number of compilation and type units.
    pub units: usize,
}

/// One ELF file, mapped. All answers are in [`LinkAddr`]s.
#[derive(Debug)]
pub struct ObjectFile {
    image: Arc<Image>,
    /// The file that its debug information, and where it was stripped its symbol table, was moved to.
    separate: Option<Arc<Image>>,
    missing: Vec<MissingFile>,
    index_cache: Option<PathBuf>,
    progress: Option<Arc<dyn IndexProgress>>,
    symbols: OnceLock<SymbolTable>,
    debug: OnceLock<Option<Arc<DebugInfo>>>,
    btf: OnceLock<Option<Arc<Btf>>>,
    split_btf: OnceLock<Option<Arc<Btf>>>,
}

impl ObjectFile {
    /// Maps the file and reads its section headers; nothing else is read.
    ///
    /// # Errors
    /// [`Error`], one line in gdb's words.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Arc<Self>, Error> {
        let (image, mut missing) = separate::open(path, options)?;
        let image = Arc::new(image);
        let found = separate::find(&image, options);
        let separate = found.separate;
        missing.extend(found.missing);
        Ok(Arc::new(Self {
            image,
            separate,
            missing,
            index_cache: options.index_cache.clone(),
            progress: options.progress.clone(),
            symbols: OnceLock::new(),
            debug: OnceLock::new(),
            btf: OnceLock::new(),
            split_btf: OnceLock::new(),
        }))
    }

    /// The path as given.
    pub fn path(&self) -> &Path {
        self.image.path()
    }

    /// The file its debug information was moved to, where that was found.
    pub fn separate_debug_file(&self) -> Option<&Path> {
        self.separate.as_deref().map(Image::path)
    }

    /// The file its debug information is in.
    pub fn debug_path(&self) -> &Path {
        self.separate_debug_file().unwrap_or(self.path())
    }

    /// Files with debug information that this one refers to and that were looked for in vain.
    pub fn missing_files(&self) -> &[MissingFile] {
        &self.missing
    }

    /// What kind of file.
    pub fn kind(&self) -> ElfKind {
        self.image.kind()
    }

    /// `e_machine`: 62 for x86-64, 183 for AArch64.
    pub fn machine(&self) -> u16 {
        self.image.machine()
    }

    /// Whether it is an ELF64 file: its addresses have eight bytes, else four.
    pub fn is_64(&self) -> bool {
        self.image.is_64()
    }

    /// `e_entry`: where execution starts; 0 in files that are not run.
    pub fn entry(&self) -> LinkAddr {
        self.image.entry()
    }

    /// The `NT_GNU_BUILD_ID`.
    pub fn build_id(&self) -> Option<&[u8]> {
        self.image.build_id()
    }

    /// `.gnu_debuglink`.
    pub fn debug_link(&self) -> Option<DebugLink> {
        self.image.debug_link()
    }

    /// All notes, of note sections.
    pub fn notes(&self) -> Vec<Note> {
        self.image.notes()
    }

    /// Sections in file order, the null section first: [`Section::index`] is the position.
    pub fn sections(&self) -> &[Section] {
        self.image.sections()
    }

    /// The first section of that name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.image.section(name)
    }

    /// The allocated section that contains an address.
    pub fn section_at(&self, addr: LinkAddr) -> Option<&Section> {
        self.image.section_at(addr)
    }

    /// A section's bytes: uncompressed, and for a relocatable file with relocations applied. `None` when there is no such
    /// section, it is `SHT_NOBITS`, or it is damaged. Used by the unwinder for `.debug_frame`, `.eh_frame`,
    /// `.orc_unwind`, `.orc_unwind_ip`, `.orc_header`, and for `.BTF`.
    pub fn section_data(&self, name: &str) -> Option<&[u8]> {
        let moved = || self.separate.as_ref().filter(|_| name.starts_with(".debug_"))?.data_by_name(name);
        self.image.data_by_name(name).or_else(moved)
    }

    /// The bytes a section has once its file is loaded: for a relocatable file with all relocations applied, by the addresses `resolve`
    /// gives for symbols of other files and for sections of this one. `None` for `SHT_NOBITS`, or when it is damaged.
    pub fn loaded_section(
        &self,
        section: &Section,
        resolve: &mut dyn FnMut(Target<'_>) -> Option<u64>,
    ) -> Option<Relocated> {
        self.image.loaded(section, resolve)
    }

    /// Bytes of the program as they are in the file (`SHT_NOBITS` reads as zeros). As in gdb, relocations of a relocatable
    /// file are not applied to them.
    ///
    /// # Errors
    /// [`Fault`] where no allocated section is.
    pub fn read_image(&self, addr: LinkAddr, buf: &mut [u8]) -> Result<(), Fault> {
        self.image.read(addr, buf).map_err(|hole| Fault::unmapped(VirtAddr(hole.0)))
    }

    /// Whether there is DWARF.
    pub fn has_debug_info(&self) -> bool {
        self.debug().is_some()
    }

    /// Builds the name index, or reads it from the cache, unless that was done: for a thread in the background. Look-ups by
    /// name that come meanwhile wait for it.
    pub fn prepare_index(&self) {
        if let Some(debug) = self.debug() {
            debug.prepare_index();
        }
    }

    /// State of the name index, for `maint info index`. `None` without debug information.
    pub fn index_info(&self) -> Option<IndexInfo> {
        let debug = self.debug()?;
        let ready = debug.index_is_ready();
        let (names, from_cache) =
            if ready { (debug.index().len(), debug.index().stored()) } else { (0, false) };
        Some(IndexInfo { ready, names, from_cache, units: debug.units().len() })
    }

    /// Whether there is a symbol table with at least one symbol.
    pub fn has_symbols(&self) -> bool {
        self.image_of_symbols().symbols().is_some()
    }

    pub(crate) fn symbols(&self) -> &SymbolTable {
        self.symbols.get_or_init(|| SymbolTable::read(self.image_of_symbols()))
    }

    /// The file with the full symbol table: a stripped one has at most that of its dynamic symbols.
    fn image_of_symbols(&self) -> &Arc<Image> {
        match &self.separate {
            Some(separate) if !self.image.has_symtab() && separate.has_symtab() => separate,
            _ => &self.image,
        }
    }

    /// The C types of `.BTF`, where they stand by themselves: those of a kernel. They are only consulted where there is no DWARF.
    pub fn btf(&self) -> Option<&Arc<Btf>> {
        self.btf.get_or_init(|| Btf::open(&self.image, None)).as_ref()
    }

    /// The C types of a module's `.BTF`, which continue those of the kernel it was built for.
    pub(crate) fn split_btf(&self, kernel: &Arc<Btf>) -> Option<&Arc<Btf>> {
        self.split_btf.get_or_init(|| Btf::open(&self.image, Some(kernel))).as_ref()
    }

    pub(crate) fn debug(&self) -> Option<&Arc<DebugInfo>> {
        self.debug
            .get_or_init(|| {
                let image = self.separate.as_ref().unwrap_or(&self.image);
                DebugInfo::open(image, self.index_cache.as_deref(), self.progress.clone())
            })
            .as_ref()
    }
}
