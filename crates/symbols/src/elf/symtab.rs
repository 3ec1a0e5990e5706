//! The ELF symbol table, with gdb's rules on which symbol an address belongs to.

use super::{Image, Section, special};
use crate::SymbolKind;
use crate::hash::name_hash;
use kdive_base::LinkAddr;
use object::LittleEndian;
use object::elf::{SHN_ABS, SHN_UNDEF, STB_LOCAL, STT_FILE, STT_GNU_IFUNC, STT_SECTION};
use object::read::elf::Sym;
use rayon::prelude::*;
use std::ffi::CStr;
use std::sync::{Arc, OnceLock};

const LE: LittleEndian = LittleEndian;

/// A symbol, its name still in the mapped string table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) addr: LinkAddr,
    pub(crate) size: u64,
    name: u32,
    /// Index of its section; `NO_SECTION` for absolute symbols.
    section: u32,
    pub(crate) kind: SymbolKind,
}

const NO_SECTION: u32 = u32::MAX;

/// From how many symbols on all processors work on them: a module is done before they are awake.
const PARALLEL: usize = 20_000;

/// All symbols of a file by address. Names stay in the file.
#[derive(Debug)]
pub(crate) struct SymbolTable {
    image: Arc<Image>,
    entries: Vec<Entry>,
    /// The section with the names.
    strings: usize,
    by_name: OnceLock<NameTable>,
}

impl SymbolTable {
    pub(crate) fn read(image: &Arc<Image>) -> Self {
        let entries = read_entries(image).unwrap_or_default();
        let strings = image.symbols().map_or(0, |symbols| symbols.string_section().0);
        Self { image: Arc::clone(image), entries, strings, by_name: OnceLock::new() }
    }

    /// All symbols by address, and by name among those of one address.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The symbols at exactly this address.
    pub(crate) fn at(&self, addr: LinkAddr) -> &[Entry] {
        let first = self.entries.partition_point(|entry| entry.addr < addr);
        let rest = self.entries.get(first..).unwrap_or_default();
        rest.get(..rest.partition_point(|entry| entry.addr == addr)).unwrap_or_default()
    }

    /// The names of the symbols at exactly this address.
    pub(crate) fn names_at(&self, addr: LinkAddr) -> impl Iterator<Item = &str> {
        self.at(addr).iter().map(|entry| self.name(entry))
    }

    pub(crate) fn name(&self, entry: &Entry) -> &str {
        let name = || {
            let bytes =
                self.image.data(self.image.sections().get(self.strings)?)?.get(entry.name as usize..)?;
            CStr::from_bytes_until_nul(bytes).ok()?.to_str().ok()
        };
        name().unwrap_or_default()
    }

    pub(crate) fn section(&self, entry: &Entry) -> Option<&Section> {
        self.image.sections().get(entry.section as usize)
    }

    /// The symbol `addr` belongs to among those of `section` (gdb: `lookup_minimal_symbol_by_pc_section`): the nearest at
    /// or below it, where symbols with a size are preferred to labels, and a sized symbol that ends before `addr` is no
    /// answer unless a label lies between.
    pub(crate) fn lookup(&self, addr: LinkAddr, section: &Section) -> Option<&Entry> {
        let after = self.entries.partition_point(|entry| entry.addr <= addr);
        let section_index = u32::try_from(section.index).ok()?;
        let mut label = None;
        let mut candidates = self
            .entries
            .get(..after)?
            .iter()
            .rev()
            .filter(|entry| entry.kind != SymbolKind::Abs && entry.section == section_index)
            .peekable();
        let covers = |entry: &Entry| addr.0 - entry.addr.0 < entry.size;
        let mut found = None;
        while let Some(entry) = candidates.next() {
            // Of a function's two names that are otherwise the same, the global one.
            if entry.kind != SymbolKind::Text
                && candidates.peek().is_some_and(|previous| {
                    previous.kind == SymbolKind::Text
                        && (previous.addr, previous.size) == (entry.addr, entry.size)
                })
            {
                continue;
            }
            if entry.size == 0 {
                label = label.or(Some(entry));
                continue;
            }
            // After the end of this one, but inside a larger one that starts before it.
            if !covers(entry) && candidates.peek().is_some_and(|&previous| covers(previous)) {
                continue;
            }
            found = Some(entry);
            break;
        }
        match found {
            Some(entry) if covers(entry) => Some(entry),
            _ => label,
        }
    }

    /// The start of the first symbol of the section after `addr`, or else the section's end: where gdb lets a symbol
    /// without size end (`minimal_symbol_upper_bound`).
    pub(crate) fn upper_bound(&self, entry: &Entry, section: &Section) -> LinkAddr {
        if entry.size != 0 {
            return entry.addr.offset(entry.size);
        }
        let after = self.entries.partition_point(|other| other.addr <= entry.addr);
        let next = self.entries.get(after..).unwrap_or_default().iter().find(|e| e.section == entry.section);
        let end = section.addr.offset(section.size);
        next.map_or(end, |next| next.addr.min(end))
    }

    /// Symbols of that name in gdb's order of preference: those that are global or absolute, the highest address first,
    /// then those of files, the lowest first (`lookup_minimal_symbol`, which walks chains that grew at their heads).
    pub(crate) fn named(&self, name: &str) -> Vec<&Entry> {
        let table = self.by_name.get_or_init(|| NameTable::build(self));
        let mut found: Vec<&Entry> = table.candidates(name).filter_map(|i| self.entries.get(i)).collect();
        found.retain(|entry| self.name(entry) == name);
        found.sort_by_key(|entry| {
            let local = entry.kind.is_local();
            (local, if local { entry.addr.0 } else { !entry.addr.0 })
        });
        found
    }
}

fn read_entries(image: &Image) -> Option<Vec<Entry>> {
    let symbols = image.symbols()?;
    let sections = image.sections();
    let strings = sections.get(symbols.string_section().0).and_then(|section| image.data(section));
    let relocatable = image.kind() == super::ElfKind::Relocatable;
    let machine = image.machine();
    let has_marks = special::has_marks(machine);
    let mut entries = Vec::with_capacity(symbols.len());
    for (index, symbol) in symbols.enumerate() {
        let kind = symbol.st_type();
        let name = symbol.st_name(LE);
        if kind == STT_FILE || kind == STT_SECTION || name == 0 || symbol.st_shndx(LE) == SHN_UNDEF {
            continue;
        }
        let local = symbol.st_bind() == STB_LOCAL;
        let value = symbol.st_value(LE);
        if symbol.st_shndx(LE) == SHN_ABS {
            let addr = LinkAddr(value);
            entries.push(Entry {
                addr,
                size: symbol.st_size(LE),
                name,
                section: NO_SECTION,
                kind: SymbolKind::Abs,
            });
            continue;
        }
        let Some(section) = symbols.symbol_section(LE, symbol, index).ok().flatten() else { continue };
        let Some(section) = sections.get(section.0).filter(|section| section.alloc) else { continue };
        let class = match (section.exec, section.nobits, local) {
            (true, _, false) => SymbolKind::Text,
            (true, _, true) => SymbolKind::FileText,
            (false, false, false) => SymbolKind::Data,
            (false, false, true) => SymbolKind::FileData,
            (false, true, false) => SymbolKind::Bss,
            (false, true, true) => SymbolKind::FileBss,
        };
        let text = || {
            let rest = strings.and_then(|strings| strings.get(name as usize..)).unwrap_or_default();
            CStr::from_bytes_until_nul(rest).unwrap_or_default().to_bytes()
        };
        let label = local && section.exec && special::is_label(text());
        if label || has_marks && special::is_mark(machine, text()) {
            continue;
        }
        let base = if relocatable { section.addr.0 } else { 0 };
        let addr = LinkAddr(base.wrapping_add(value));
        let size = if kind == STT_GNU_IFUNC { 0 } else { symbol.st_size(LE) };
        entries.push(Entry { addr, size, name, section: u32::try_from(section.index).ok()?, kind: class });
    }
    if entries.len() < PARALLEL {
        entries.sort_unstable_by_key(|entry| entry.addr);
    } else {
        entries.par_sort_unstable_by_key(|entry| entry.addr);
    }
    // Names decide only among the few at one address.
    let name = |entry: &Entry| symbols.strings().get(entry.name).unwrap_or_default();
    for group in entries.chunk_by_mut(|a, b| a.addr == b.addr).filter(|group| group.len() > 1) {
        group.sort_unstable_by(|a, b| {
            let places = || (a.name, a.section).cmp(&(b.name, b.section));
            if a.name == b.name { places() } else { name(a).cmp(name(b)).then_with(places) }
        });
    }
    entries.dedup_by_key(|entry| (entry.addr, entry.name, entry.section));
    Some(entries)
}

/// Open-addressed table from the hash of a name to positions in the entries.
#[derive(Debug)]
struct NameTable {
    slots: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

impl NameTable {
    fn build(table: &SymbolTable) -> Self {
        let size = (table.entries.len() * 2).next_power_of_two().max(8);
        let mut slots = vec![EMPTY; size];
        let symbols = table.image.symbols();
        let hash = |entry: &Entry| {
            let name = symbols.as_ref().and_then(|symbols| symbols.strings().get(entry.name).ok());
            name_hash(name.unwrap_or_default())
        };
        let hashes: Vec<u32> = if table.entries.len() < PARALLEL {
            table.entries.iter().map(hash).collect()
        } else {
            table.entries.par_iter().map(hash).collect()
        };
        for (index, hash) in hashes.into_iter().enumerate() {
            let mut at = hash as usize & (size - 1);
            while slots.get(at).is_some_and(|&slot| slot != EMPTY) {
                at = (at + 1) & (size - 1);
            }
            if let (Some(slot), Ok(index)) = (slots.get_mut(at), u32::try_from(index)) {
                *slot = index;
            }
        }
        Self { slots }
    }

    fn candidates(&self, name: &str) -> impl Iterator<Item = usize> {
        let mask = self.slots.len() - 1;
        let start = name_hash(name.as_bytes()) as usize & mask;
        (0..self.slots.len())
            .map_while(move |i| self.slots.get((start + i) & mask).copied().filter(|&slot| slot != EMPTY))
            .map(|slot| slot as usize)
    }
}
