//! The mapped file and its sections.

use super::notes::{DebugLink, Note};
use super::packed::Backing;
use super::{ElfKind, OpenOptions, Relocated, Split, Target, convert, notes, place, reloc};
use crate::Error;
use kdive_base::LinkAddr;
use memmap2::{Mmap, UncheckedAdvice};
use object::LittleEndian;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader, SectionHeader, SectionTable, SymbolTable};
use object::read::{CompressedData, CompressionFormat, SectionIndex};
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

type Header = FileHeader64<LittleEndian>;
const LE: LittleEndian = LittleEndian;

/// Position of the class and of the byte order in a file (elf.5).
const EI_CLASS: usize = 4;
const EI_DATA: usize = 5;

/// Largest section that is decompressed. A kernel's biggest debug section is below 1 GiB.
const MAX_SECTION: u64 = 4 << 30;

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
    /// `sh_addralign`.
    pub align: u64,
    /// `SHF_ALLOC`.
    pub alloc: bool,
    /// `SHF_EXECINSTR`.
    pub exec: bool,
    /// `SHF_WRITE`.
    pub write: bool,
    /// `SHT_NOBITS`: no bytes in the file.
    pub nobits: bool,
    /// `SHF_TLS`.
    pub tls: bool,
    /// Index of the `SHT_RELA` section that applies to this one.
    pub(crate) rela: Option<usize>,
    file_offset: u64,
    compressed: bool,
    kind: elf::SectionType,
}

impl Section {
    /// Where its bytes are in the file.
    #[must_use]
    pub fn file_offset(&self) -> u64 {
        self.file_offset
    }

    /// Whether the file has relocations for it.
    #[must_use]
    pub fn has_relocations(&self) -> bool {
        self.rela.is_some()
    }
}

impl Section {
    /// Whether an address lies in it at run time.
    #[must_use]
    pub fn contains(&self, addr: LinkAddr) -> bool {
        self.alloc && !self.tls && addr.distance_from(self.addr).is_some_and(|offset| offset < self.size)
    }
}

/// A mapped ELF64 little-endian file.
#[derive(Debug)]
pub(crate) struct Image {
    path: PathBuf,
    map: Backing,
    kind: ElfKind,
    machine: u16,
    /// Whether addresses have 64 bits.
    is_64: bool,
    entry: LinkAddr,
    modified: Option<std::time::SystemTime>,
    sections: Vec<Section>,
    /// Allocated sections by address.
    by_address: Vec<usize>,
    /// The first section of each name.
    by_name: HashMap<Arc<str>, usize>,
    /// Contents that had to be decompressed or relocated, by section index.
    processed: Vec<OnceLock<Option<Box<[u8]>>>>,
    build_id: Option<Box<[u8]>>,
    /// Units that were put in from `.dwo` files, by where they begin.
    splits: Vec<(u64, Split)>,
}

impl Image {
    pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.into(), source };
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            const EISDIR: i32 = 21;
            return Err(io(std::io::Error::from_raw_os_error(EISDIR)));
        }
        let not_elf = || Error::NotElf { path: path.into() };
        if metadata.len() < size_of::<elf::FileHeader32<LittleEndian>>() as u64 {
            return Err(not_elf());
        }
        // SAFETY: the mapping is private and never written through. Truncation of the file by somebody else while it is
        // mapped raises SIGBUS at the lost pages, as it does in every debugger that maps its input.
        let map = unsafe { Mmap::map(&file) }.map_err(io)?;
        let map = Backing::of(map).map_err(|what| Error::Malformed { path: path.into(), what })?;
        let malformed = |what: &str| Error::Malformed { path: path.into(), what: what.to_owned() };

        if !map.starts_with(&elf::ELFMAG) {
            return Err(not_elf());
        }
        if map.get(EI_DATA) == Some(&elf::ELFDATA2MSB.0) {
            return Err(malformed("it is of a big-endian machine, which kdive cannot read"));
        }
        let is_64 = map.get(EI_CLASS) != Some(&elf::ELFCLASS32.0);
        let map = if is_64 {
            map
        } else {
            Backing::Unpacked(convert::to_elf64(&map).ok_or_else(|| malformed("file truncated"))?)
        };
        let header = Header::parse(&*map).map_err(|_| not_elf())?;
        if header.endian().is_err() {
            return Err(malformed("unknown byte order"));
        }
        let kind = match header.e_type(LE) {
            elf::ET_EXEC => ElfKind::Executable,
            elf::ET_DYN => ElfKind::Dynamic,
            elf::ET_REL => ElfKind::Relocatable,
            elf::ET_CORE => ElfKind::Core,
            _ => return Err(malformed("unknown ELF file type")),
        };
        let table = header.sections(LE, &*map).map_err(|_| malformed("file truncated"))?;
        let mut sections =
            read_sections(&table, map.len() as u64).ok_or_else(|| malformed("file truncated"))?;
        if kind == ElfKind::Relocatable {
            place::place_sections(&mut sections, &options.section_addresses)
                .map_err(|section| Error::NoSection { path: path.into(), section })?;
        }
        let mut by_address: Vec<usize> =
            sections.iter().filter(|s| s.alloc && !s.tls && s.size > 0).map(|s| s.index).collect();
        by_address.sort_by_key(|&index| sections.get(index).map_or(0, |s| s.addr.0));
        let mut by_name = HashMap::with_capacity(sections.len());
        for section in &sections {
            by_name.entry(Arc::clone(&section.name)).or_insert(section.index);
        }
        let processed = sections.iter().map(|_| OnceLock::new()).collect();
        let mut image = Self {
            path: path.into(),
            kind,
            is_64,
            machine: header.e_machine(LE).0,
            entry: LinkAddr(header.e_entry(LE)),
            modified: metadata.modified().ok(),
            map,
            sections,
            by_address,
            by_name,
            processed,
            build_id: None,
            splits: Vec::new(),
        };
        image.build_id = image
            .notes()
            .into_iter()
            .find(|note| note.owner == "GNU" && note.kind == elf::NT_GNU_BUILD_ID.0 && !note.desc.is_empty())
            .map(|note| note.desc.into_boxed_slice());
        Ok(image)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn kind(&self) -> ElfKind {
        self.kind
    }

    pub(crate) fn is_64(&self) -> bool {
        self.is_64
    }

    pub(crate) fn machine(&self) -> u16 {
        self.machine
    }

    pub(crate) fn entry(&self) -> LinkAddr {
        self.entry
    }

    pub(crate) fn len(&self) -> u64 {
        self.map.len() as u64
    }

    pub(crate) fn modified(&self) -> Option<std::time::SystemTime> {
        self.modified
    }

    pub(crate) fn build_id(&self) -> Option<&[u8]> {
        self.build_id.as_deref()
    }

    pub(crate) fn sections(&self) -> &[Section] {
        &self.sections
    }

    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.get(*self.by_name.get(name)?)
    }

    /// The allocated section that contains an address.
    pub(crate) fn section_at(&self, addr: LinkAddr) -> Option<&Section> {
        let after = self
            .by_address
            .partition_point(|&index| self.sections.get(index).is_some_and(|s| s.addr <= addr));
        // Sections of an unplaced relocatable file may share an address with an empty neighbour; look back a little.
        self.by_address
            .get(..after)?
            .iter()
            .rev()
            .take(4)
            .filter_map(|&index| self.sections.get(index))
            .find(|section| section.contains(addr))
    }

    /// The bytes of a section as they are in the file.
    fn raw(&self, section: &Section) -> Option<&[u8]> {
        if section.nobits {
            return None;
        }
        let start = usize::try_from(section.file_offset).ok()?;
        let len = usize::try_from(section.size).ok()?;
        self.map.get(start..start.checked_add(len)?)
    }

    /// A section's bytes, decompressed and relocated.
    pub(crate) fn data(&self, section: &Section) -> Option<&[u8]> {
        let relocate = self.kind == ElfKind::Relocatable && section.rela.is_some();
        if !section.compressed && !relocate && !section.name.starts_with(".zdebug_") {
            return self.raw(section);
        }
        self.processed.get(section.index)?.get_or_init(|| self.process(section, relocate)).as_deref()
    }

    /// A section's bytes with all relocations applied.
    pub(crate) fn loaded(
        &self,
        section: &Section,
        resolve: &mut dyn FnMut(Target<'_>) -> Option<u64>,
    ) -> Option<Relocated> {
        let raw = self.raw(section)?;
        reloc::relocated(self, section, raw, resolve)
    }

    /// A debug section by its plain name; `.zdebug_info` answers for `.debug_info`.
    pub(crate) fn debug_section(&self, name: &str) -> Option<&Section> {
        let packed = || self.section(&format!(".zdebug_{}", name.strip_prefix(".debug_")?));
        self.section(name).or_else(packed)
    }

    /// The bytes of a debug section by its plain name.
    pub(crate) fn data_by_name(&self, name: &str) -> Option<&[u8]> {
        self.data(self.debug_section(name)?)
    }

    /// Position of a section's bytes in the file, when they can be used from there as they are.
    pub(crate) fn file_range(&self, name: &str) -> Option<(u64, u64)> {
        let section = self.section(name)?;
        let plain = !section.compressed && !section.nobits && self.kind != ElfKind::Relocatable;
        plain.then_some((section.file_offset, section.size))
    }

    fn process(&self, section: &Section, relocate: bool) -> Option<Box<[u8]>> {
        let raw = self.raw(section)?;
        let mut data = match compression(section, raw) {
            Some((format, skip, size)) => decompress(format, raw.get(skip..)?, size)?,
            None => raw.to_vec(),
        };
        if relocate {
            reloc::apply(self, section, &mut data)?;
        }
        Some(data.into_boxed_slice())
    }

    /// Gives the pages of a part of the file back to the system; they are read again when touched.
    pub(crate) fn release(&self, file_offset: u64, len: u64) {
        const PAGE: u64 = 4096;
        let start = file_offset.next_multiple_of(PAGE);
        let end = (file_offset + len) / PAGE * PAGE;
        let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else { return };
        if start < end && end <= self.map.len() {
            let Backing::Mapped(map) = &self.map else { return };
            // SAFETY: the mapping is private, file-backed and never written, so dropped pages come back unchanged.
            // Failure only costs memory.
            let _ = unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, start, end - start) };
        }
    }

    /// The symbol table: `.symtab`, or `.dynsym` where that is all there is.
    pub(crate) fn symbols(&self) -> Option<SymbolTable<'_, Header>> {
        let table = self.table()?;
        for kind in [elf::SHT_SYMTAB, elf::SHT_DYNSYM] {
            if let Ok(symbols) = table.symbols(LE, &*self.map, kind)
                && !symbols.is_empty()
            {
                return Some(symbols);
            }
        }
        None
    }

    /// The relocations of a section and the symbols they refer to.
    pub(crate) fn relocations(
        &self,
        rela: usize,
    ) -> Option<(&[elf::Rela64<LittleEndian>], SymbolTable<'_, Header>)> {
        let table = self.table()?;
        let section = table.section(SectionIndex(rela)).ok()?;
        let (entries, link) = section.rela(LE, &*self.map).ok()??;
        let symbols = table.symbol_table_by_index(LE, &*self.map, link).ok()?;
        Some((entries, symbols))
    }

    fn table(&self) -> Option<SectionTable<'_, Header>> {
        Header::parse(&*self.map).ok()?.sections(LE, &*self.map).ok()
    }

    pub(crate) fn notes(&self) -> Vec<Note> {
        self.sections
            .iter()
            .filter(|section| section.kind == elf::SHT_NOTE)
            .filter_map(|section| Some((self.raw(section)?, section.align)))
            .flat_map(|(data, align)| notes::parse_notes(data, align))
            .collect()
    }

    /// The bytes of a section as they are in the file.
    pub(crate) fn section_bytes(&self, name: &str) -> Option<&[u8]> {
        self.raw(self.section(name)?)
    }

    /// Gives a section other contents; one that is not there is made.
    pub(super) fn replace_section(&mut self, name: &str, bytes: Vec<u8>) {
        let index = match self.debug_section(name) {
            Some(section) => section.index,
            None => {
                let index = self.sections.len();
                self.sections.push(Section {
                    index,
                    name: name.into(),
                    addr: LinkAddr(0),
                    size: 0,
                    align: 1,
                    alloc: false,
                    exec: false,
                    write: false,
                    nobits: false,
                    tls: false,
                    rela: None,
                    file_offset: 0,
                    compressed: false,
                    kind: elf::SHT_PROGBITS,
                });
                self.by_name.insert(name.into(), index);
                self.processed.push(OnceLock::new());
                index
            }
        };
        if let (Some(section), Some(processed)) =
            (self.sections.get_mut(index), self.processed.get_mut(index))
        {
            section.size = bytes.len() as u64;
            // Its contents are no longer those in the file.
            section.compressed = true;
            *processed = OnceLock::from(Some(bytes.into_boxed_slice()));
        }
    }

    pub(super) fn set_splits(&mut self, splits: Vec<(u64, Split)>) {
        self.splits = splits;
    }

    /// Units that were put in from `.dwo` files, by where they begin in `.debug_info`.
    pub(crate) fn splits(&self) -> &[(u64, Split)] {
        &self.splits
    }

    /// Whether it has a symbol table that is not only that of its dynamic symbols.
    pub(crate) fn has_symtab(&self) -> bool {
        self.sections.iter().any(|section| section.kind == elf::SHT_SYMTAB && section.size > 0)
    }

    /// Whether it has DWARF.
    pub(crate) fn has_dwarf(&self) -> bool {
        self.debug_section(".debug_info").is_some_and(|section| section.size > 0 && !section.nobits)
    }

    /// The CRC-32 of the whole file, by which a debug link knows the file it names.
    pub(crate) fn crc(&self) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(&self.map);
        crc.sum()
    }

    pub(crate) fn debug_link(&self) -> Option<DebugLink> {
        notes::parse_debug_link(self.raw(self.section(".gnu_debuglink")?)?)
    }

    /// Bytes of the program as they are in the file, without relocations; a hole is `None`.
    pub(crate) fn read(&self, addr: LinkAddr, buf: &mut [u8]) -> Result<(), LinkAddr> {
        let mut done = 0;
        while done < buf.len() {
            let here = addr.offset(done as u64);
            let section = self.section_at(here).ok_or(here)?;
            let skip = here.0 - section.addr.0;
            let n = (section.size - skip).min((buf.len() - done) as u64) as usize;
            let target = buf.get_mut(done..done + n).ok_or(here)?;
            if section.nobits {
                target.fill(0);
            } else {
                let bytes = self.raw(section).ok_or(here)?;
                let from = usize::try_from(skip).map_err(|_| here)?;
                target.copy_from_slice(bytes.get(from..from + n).ok_or(here)?);
            }
            done += n;
        }
        Ok(())
    }
}

fn read_sections(table: &SectionTable<'_, Header>, file_len: u64) -> Option<Vec<Section>> {
    let mut sections: Vec<Section> = table
        .enumerate_all()
        .map(|(index, header)| {
            let flags = header.sh_flags(LE);
            let name = table.section_name(LE, header).unwrap_or_default();
            Section {
                index,
                name: String::from_utf8_lossy(name).into(),
                addr: LinkAddr(header.sh_addr(LE)),
                size: header.sh_size(LE),
                align: header.sh_addralign(LE),
                alloc: flags.contains(elf::SHF_ALLOC),
                exec: flags.contains(elf::SHF_EXECINSTR),
                write: flags.contains(elf::SHF_WRITE),
                nobits: header.sh_type(LE) == elf::SHT_NOBITS,
                tls: flags.contains(elf::SHF_TLS),
                rela: None,
                file_offset: header.sh_offset(LE),
                compressed: flags.contains(elf::SHF_COMPRESSED),
                kind: header.sh_type(LE),
            }
        })
        .collect();
    for (index, header) in table.enumerate_all() {
        if header.sh_type(LE) == elf::SHT_RELA
            && let Some(target) = sections.get_mut(header.sh_info(LE) as usize)
        {
            target.rela = Some(index);
        }
    }
    // gdb refuses files whose loaded sections lie beyond their end: a download that broke off.
    let fits = |s: &Section| {
        s.nobits
            || s.kind == elf::SHT_NULL
            || s.file_offset.checked_add(s.size).is_some_and(|e| e <= file_len)
    };
    sections.iter().filter(|section| section.alloc).all(fits).then_some(sections)
}

/// All section headers with their indices, the null one included: indices are then positions.
trait EnumerateAll<'data> {
    fn enumerate_all(&self) -> impl Iterator<Item = (usize, &'data elf::SectionHeader64<LittleEndian>)>;
}

impl<'data> EnumerateAll<'data> for SectionTable<'data, Header> {
    fn enumerate_all(&self) -> impl Iterator<Item = (usize, &'data elf::SectionHeader64<LittleEndian>)> {
        self.iter().enumerate()
    }
}

/// Format, offset of the payload and size of the content of a compressed section.
fn compression(section: &Section, raw: &[u8]) -> Option<(CompressionFormat, usize, u64)> {
    if section.compressed {
        // Elf64_Chdr: ch_type u32, reserved u32, ch_size u64, ch_addralign u64.
        let format = match u32::from_le_bytes(*raw.first_chunk()?) {
            1 => CompressionFormat::Zlib,
            2 => CompressionFormat::Zstandard,
            _ => return None,
        };
        return Some((format, 24, u64::from_le_bytes(*raw.get(8..)?.first_chunk()?)));
    }
    // The older GNU form: "ZLIB", then the size, big-endian.
    if section.name.starts_with(".zdebug_") && raw.starts_with(b"ZLIB") {
        return Some((CompressionFormat::Zlib, 12, u64::from_be_bytes(*raw.get(4..)?.first_chunk()?)));
    }
    None
}

fn decompress(format: CompressionFormat, data: &[u8], size: u64) -> Option<Vec<u8>> {
    // Neither format packs more than about 1:1032 (zlib) or 1:130,000 (zstd) on real data: a size beyond is a lie that
    // would only allocate memory.
    let most = (data.len() as u64).saturating_mul(1 << 17);
    if size > MAX_SECTION.min(most) {
        return None;
    }
    let packed = CompressedData { format, data, uncompressed_size: size };
    packed.decompress().ok().map(std::borrow::Cow::into_owned)
}
