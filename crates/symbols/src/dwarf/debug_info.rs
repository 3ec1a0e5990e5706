//! The debug information of one file.

use super::address_map::AddressMap;
use super::blocks::BlockTree;
use super::cache::{self, Identity, Stored};
use super::call_sites::{self, CallSiteInfo};
use super::die::FileRef;
use super::files::{FileTable, LineUnit, SourceIndex};
use super::functions::{FunctionInfo, FunctionTable};
use super::index::{BuildSections, Index, IndexKind, NameSections};
use super::lines::LineTables;
use super::macros::MacroTable;
use super::root::Roots;
use super::scan::Scanner;
use super::types::TypeCache;
use super::unit_names::UnitNames;
use super::units::{self, DieKey, Dwarf, Slice, TYPES_FLAG, Unit, UnitData, UnitIndex};
use crate::elf::Image;
use crate::hash::IntBuild;
use crate::progress::{Counter, Waiting};
use crate::{IndexProgress, SourceName, UnitInfo};
use gimli::constants as dw;
use gimli::{EndianSlice, LittleEndian, SectionId};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError, Weak};
use std::time::Duration;

/// The debug information of one file. Everything in it is read on demand and kept.
#[derive(Debug)]
pub(crate) struct DebugInfo {
    image: Arc<Image>,
    /// Which sections of the file gimli asks for, found once: readers are made for every look at a unit.
    sections: Vec<(SectionId, usize)>,
    pub(super) this: Weak<DebugInfo>,
    index_cache: Option<PathBuf>,
    progress: Option<Arc<dyn IndexProgress>>,
    units: OnceLock<Vec<Unit>>,
    /// What the file itself has of units that are in `.dwo` files.
    skeletons: OnceLock<Vec<units::UnitHead>>,
    addresses: OnceLock<AddressMap>,
    stored: OnceLock<Option<Stored>>,
    index: OnceLock<Index>,
    /// Held by the thread that makes the index.
    making: Mutex<()>,
    /// What is known to who did not wait for it.
    no_index: Index,
    has_macros: bool,
    sources: OnceLock<SourceIndex>,
    pub(super) types: TypeCache,
    blocks: PerFunction<BlockTree>,
    call_sites: PerFunction<Vec<CallSiteInfo>>,
}

/// The sections gimli reads here. Line tables and macros have readers of their own; only what reads a skeleton wants to see
/// that its line table is there.
const READ: [SectionId; 12] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAddr,
    SectionId::DebugInfo,
    SectionId::DebugTypes,
    SectionId::DebugStr,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugStrOffsets,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
    SectionId::DebugLoc,
    SectionId::DebugLocLists,
];

/// How many functions of a unit are read one by one before all are.
const MAX_KNOWN_FUNCTIONS: usize = 8;

/// Time between two looks whether an index is there.
const PAUSE: Duration = Duration::from_millis(5);

/// What is read of a function when somebody asks.
type PerFunction<T> = Mutex<HashMap<DieKey, Arc<T>, IntBuild>>;

fn cached<T>(cache: &PerFunction<T>, key: DieKey, make: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
    if let Some(known) = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Some(Arc::clone(known));
    }
    let made = Arc::new(make()?);
    Some(Arc::clone(cache.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(made)))
}

/// A unit with gimli's readers over it.
pub(crate) struct UnitContext<'a> {
    pub(crate) info: &'a DebugInfo,
    pub(crate) index: UnitIndex,
    pub(crate) dwarf: Dwarf<'a>,
    pub(crate) unit: gimli::Unit<Slice<'a>>,
    pub(crate) data: &'a UnitData,
    pub(crate) base: DieKey,
}

impl UnitContext<'_> {
    /// Where the macros of a `.dwo` file begin among those of all.
    pub(super) fn macro_base(&self) -> usize {
        let split = self.info.units().get(self.index).and_then(|unit| unit.head.split);
        split.and_then(|split| usize::try_from(split.macro_base).ok()).unwrap_or(0)
    }
}

impl DebugInfo {
    /// `None` when the file has no `.debug_info`.
    pub(crate) fn open(
        image: &Arc<Image>,
        index_cache: Option<&Path>,
        progress: Option<Arc<dyn IndexProgress>>,
    ) -> Option<Arc<Self>> {
        image
            .sections()
            .iter()
            .find(|section| matches!(&*section.name, ".debug_info" | ".zdebug_info") && section.size > 0)?;
        Some(Arc::new_cyclic(|this| Self {
            image: Arc::clone(image),
            sections: READ
                .iter()
                .filter_map(|&id| Some((id, image.debug_section(id.name())?.index)))
                .collect(),
            this: this.clone(),
            // What was put in from other files may change without this one.
            index_cache: index_cache.filter(|_| image.splits().is_empty()).map(Into::into),
            progress,
            units: OnceLock::new(),
            skeletons: OnceLock::new(),
            addresses: OnceLock::new(),
            stored: OnceLock::new(),
            index: OnceLock::new(),
            making: Mutex::new(()),
            no_index: Index::empty(),
            has_macros: [".debug_macro", ".debug_macinfo"]
                .iter()
                .any(|name| image.debug_section(name).is_some()),
            sources: OnceLock::new(),
            types: TypeCache::default(),
            blocks: PerFunction::default(),
            call_sites: PerFunction::default(),
        }))
    }

    /// gimli's view of the sections that entries refer to directly.
    pub(crate) fn dwarf(&self) -> Dwarf<'_> {
        self.load(|id| !matches!(id, SectionId::DebugLoc | SectionId::DebugLocLists | SectionId::DebugLine))
    }

    /// As [`DebugInfo::dwarf`], with location lists.
    pub(crate) fn dwarf_with_locations(&self) -> Dwarf<'_> {
        self.load(|id| id != SectionId::DebugLine)
    }

    fn load(&self, wanted: impl Fn(SectionId) -> bool) -> Dwarf<'_> {
        let section = |id: SectionId| {
            let data = if wanted(id) { self.bytes(id) } else { &[] };
            Ok::<_, std::convert::Infallible>(EndianSlice::new(data, LittleEndian))
        };
        match Dwarf::load(section) {
            Ok(dwarf) => dwarf,
            Err(never) => match never {},
        }
    }

    /// The bytes of one of [`READ`]; empty when the file has none.
    fn bytes(&self, id: SectionId) -> &[u8] {
        let known = self.sections.iter().find(|(known, _)| *known == id);
        let section = known.and_then(|&(_, index)| self.image.sections().get(index));
        section.and_then(|section| self.image.data(section)).unwrap_or_default()
    }

    /// A section's bytes; empty when it is missing.
    pub(crate) fn section(&self, name: &str) -> &[u8] {
        self.image.data_by_name(name).unwrap_or_default()
    }

    pub(crate) fn units(&self) -> &[Unit] {
        self.units.get_or_init(|| {
            let known = self.stored_once().map(|stored| stored.units.clone());
            let heads = known.unwrap_or_else(|| self.read_heads());
            self.without_skeletons(heads).into_iter().map(Unit::new).collect()
        })
    }

    /// Units of `.dwo` files stand for their skeletons.
    fn without_skeletons(&self, mut heads: Vec<units::UnitHead>) -> Vec<units::UnitHead> {
        let splits = self.image.splits();
        if splits.is_empty() {
            return heads;
        }
        for head in heads.iter_mut().filter(|head| !head.in_types) {
            head.split = splits.iter().find(|(start, _)| *start == head.start).map(|(_, split)| *split);
        }
        let is_skeleton = |head: &units::UnitHead| {
            splits.iter().any(|(_, split)| split.skeleton == head.start && !head.in_types)
        };
        let (skeletons, rest) = heads.into_iter().partition(is_skeleton);
        let _ = self.skeletons.set(skeletons);
        rest
    }

    /// The skeleton that begins at an offset.
    pub(super) fn skeleton(&self, start: u64) -> Option<&units::UnitHead> {
        self.units();
        self.skeletons.get()?.iter().find(|head| head.start == start)
    }

    fn read_heads(&self) -> Vec<units::UnitHead> {
        let base = self.image.file_range(".debug_info").map(|(offset, _)| offset);
        let mut released = 0;
        units::read_heads(&self.dwarf(), |reached| {
            if let Some(base) = base {
                self.image.release(base + released, reached - released);
                released = reached;
            }
        })
    }

    /// The unit that contains an entry.
    pub(crate) fn unit_of(&self, key: DieKey) -> Option<UnitIndex> {
        let units = self.units();
        let index = units.partition_point(|unit| unit.head.key() <= key).checked_sub(1)?;
        let head = &units.get(index)?.head;
        ((key & !TYPES_FLAG) < head.end && (key & TYPES_FLAG != 0) == head.in_types).then_some(index)
    }

    /// The unit of `.debug_info` whose header is at an offset.
    pub(super) fn unit_at_offset(&self, offset: u64) -> Option<UnitIndex> {
        // Tables of addresses name the skeleton.
        let split = self.image.splits().iter().find(|(_, split)| split.skeleton == offset);
        let offset = split.map_or(offset, |(start, _)| *start);
        self.unit_of(offset)
            .filter(|&unit| self.units().get(unit).is_some_and(|unit| unit.head.start == offset))
    }

    /// The unit whose code an address is in.
    pub(crate) fn unit_at(&self, pc: u64) -> Option<UnitIndex> {
        self.addresses.get_or_init(|| AddressMap::read(self)).find(pc)
    }

    /// The line tables of a unit.
    pub(crate) fn line_tables(&self, unit: UnitIndex) -> Option<&Arc<LineTables>> {
        let unit = self.units().get(unit)?;
        let read = || LineTables::read(&self.line_unit(&unit.head)?, self.files_of(unit)?).map(Arc::new);
        unit.lines.get_or_init(read).as_ref()
    }

    /// As [`DebugInfo::line_tables`], for a look at many units: what is not there already is not kept.
    pub(crate) fn line_tables_once(&self, unit: UnitIndex) -> Option<Arc<LineTables>> {
        let unit = self.units().get(unit)?;
        if let Some(known) = unit.lines.get() {
            return known.clone();
        }
        let line_unit = self.line_unit(&unit.head)?;
        let files =
            unit.files.get().cloned().flatten().unwrap_or_else(|| Arc::new(FileTable::read(&line_unit)));
        LineTables::read(&line_unit, &files).map(Arc::new)
    }

    /// Whether the file has macros at all.
    pub(crate) fn has_macros(&self) -> bool {
        self.has_macros
    }

    /// The macros of a unit.
    pub(crate) fn macros(&self, unit: UnitIndex) -> Option<&Arc<MacroTable>> {
        let read = || {
            let context = self.context(unit)?;
            MacroTable::read(&context, context.data.macros?, self.files(unit)?).map(Arc::new)
        };
        self.units().get(unit)?.macros.get_or_init(read).as_ref()
    }

    fn line_unit(&self, head: &units::UnitHead) -> Option<LineUnit<'_>> {
        Some(LineUnit::new(self, head, Roots::new(self).read(head)?))
    }

    fn files_of<'a>(&'a self, unit: &'a Unit) -> Option<&'a Arc<FileTable>> {
        let read = || Some(Arc::new(FileTable::read(&self.line_unit(&unit.head)?)));
        unit.files.get_or_init(read).as_ref()
    }

    /// The source files of a unit.
    pub(crate) fn files(&self, unit: UnitIndex) -> Option<&Arc<FileTable>> {
        self.files_of(self.units().get(unit)?)
    }

    /// The source files of a unit, not kept if they are not already.
    pub(crate) fn files_once(&self, unit: UnitIndex) -> Option<Arc<FileTable>> {
        let unit = self.units().get(unit)?;
        let read = || Some(Arc::new(FileTable::read(&self.line_unit(&unit.head)?)));
        unit.files.get().cloned().unwrap_or_else(read)
    }

    /// All source files of all units.
    pub(crate) fn sources(&self) -> &SourceIndex {
        self.sources.get_or_init(|| SourceIndex::read(self))
    }

    /// Gives the memory of a section back that was read from end to end.
    pub(super) fn release_section(&self, name: &str) {
        if let Some((offset, len)) = self.image.file_range(name) {
            self.image.release(offset, len);
        }
    }

    /// Gives the memory of consecutive units back, of which only the beginnings were read: the system maps more of a file
    /// than what is touched.
    pub(super) fn release_units(&self, indices: &[UnitIndex]) {
        let unit = |index: Option<&UnitIndex>| self.units().get(*index?).filter(|unit| !unit.head.in_types);
        if let (Some(first), Some(last)) = (unit(indices.first()), unit(indices.last()))
            && let Some((base, _)) = self.image.file_range(".debug_info")
        {
            self.image.release(base + first.head.start, last.head.end.saturating_sub(first.head.start));
        }
    }

    /// Entries of the inlined calls in a unit that are instances of the functions at `origins`.
    pub(crate) fn inlined_calls(&self, unit: UnitIndex, origins: &[DieKey]) -> Vec<DieKey> {
        let Some(head) = self.units().get(unit).map(|unit| unit.head) else { return Vec::new() };
        let Some(scan_unit) = head.scan_unit() else { return Vec::new() };
        let flag = head.key() & TYPES_FLAG;
        let origins: Vec<usize> =
            origins.iter().filter_map(|key| usize::try_from(key & !TYPES_FLAG).ok()).collect();
        let found =
            Scanner::default().inlined_calls(self.build_sections().scan(head.in_types), scan_unit, &origins);
        found.into_iter().map(|die| die as u64 | flag).collect()
    }

    /// Calls `visit` for each name of the index.
    pub(crate) fn for_each_name(&self, mut visit: impl FnMut(IndexKind, &[u8], DieKey)) {
        for (kind, name, key) in self.index().iter(self.name_sections()) {
            visit(kind, name, key);
        }
    }

    /// Calls `visit` for each name at the top level of a unit that is of one of `kinds`.
    pub(crate) fn for_each_name_in(
        &self,
        unit: UnitIndex,
        kinds: &[IndexKind],
        visit: impl FnMut(IndexKind, &str, DieKey),
    ) {
        UnitNames::visit(self, unit, kinds, visit);
    }

    /// A source file by the number that entries of a unit use.
    pub(crate) fn source_name(&self, file: FileRef) -> Option<SourceName> {
        let table = self.files(file.unit)?;
        let found = table.files.get(table.of_number(file.number)?)?;
        let comp_dir = self.comp_dir(file.unit);
        Some(SourceName { name: Arc::clone(&found.name), comp_dir })
    }

    /// `DW_AT_comp_dir` of a unit, which need not be parsed for it.
    pub(crate) fn comp_dir(&self, unit: UnitIndex) -> Option<Arc<str>> {
        let unit = self.units().get(unit)?;
        if let Some(Some(data)) = unit.data.get() {
            return data.comp_dir.clone();
        }
        Some(Roots::new(self).read(&unit.head)?.comp_dir?.into())
    }

    /// What a unit says of itself.
    pub(crate) fn unit_facts(&self, unit: UnitIndex) -> UnitInfo {
        let Some(data) = self.unit_data(unit) else { return UnitInfo::default() };
        UnitInfo {
            name: data.name.clone(),
            comp_dir: data.comp_dir.clone(),
            producer: data.producer.clone(),
            language: units::language_name(data.language),
            dwarf_version: data.version,
            has_macros: data.macros.is_some(),
        }
    }

    /// The end of the unit's range that contains an address.
    pub(crate) fn unit_end(&self, unit: UnitIndex, pc: u64) -> Option<u64> {
        let ranges = &self.unit_data(unit)?.ranges;
        ranges.iter().find(|&&(start, end)| start <= pc && pc < end).map(|range| range.1)
    }

    /// The functions of a unit that have code.
    pub(crate) fn functions(&self, unit: UnitIndex) -> Option<&Arc<FunctionTable>> {
        let data = self.unit_data(unit)?;
        let read = || {
            let head = self.units().get(unit)?.head;
            let flag = head.key() & TYPES_FLAG;
            let sections = self.build_sections().scan(head.in_types);
            let found = Scanner::default().functions(sections, head.scan_unit()?);
            let entries: Vec<DieKey> = found.into_iter().map(|die| die as u64 | flag).collect();
            Some(FunctionTable::read(&self.context(unit)?, &entries))
        };
        Some(data.functions.get_or_init(|| Arc::new(read().unwrap_or_default())))
    }

    /// The function that contains an address. `symbols` are the names of the ELF symbols the address belongs to: by them, one of
    /// a few functions is found in the index, without a look at all the others of its unit.
    pub(crate) fn function_at<'n>(
        &self,
        pc: u64,
        symbols: impl FnOnce() -> Vec<&'n str>,
    ) -> Option<Arc<FunctionInfo>> {
        let unit = self.unit_at(pc)?;
        let data = self.unit_data(unit)?;
        if data.functions.get().is_none() && self.index_is_ready() {
            let known = || data.known_functions.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = known().iter().find(|function| function.contains(pc)) {
                return Some(Arc::clone(found));
            }
            if known().len() < MAX_KNOWN_FUNCTIONS
                && let Some(function) = self.function_called(unit, pc, &symbols())
            {
                let function = Arc::new(function);
                known().push(Arc::clone(&function));
                return Some(function);
            }
        }
        self.functions(unit)?.find(pc).cloned()
    }

    /// The only function of one of these names that contains an address.
    fn function_called(&self, unit: UnitIndex, pc: u64, names: &[&str]) -> Option<FunctionInfo> {
        let context = self.context(unit)?;
        let mut found = self
            .functions_called(unit, names)
            .filter_map(|key| FunctionInfo::read(&context, &context.die_of_key(key)?))
            .filter(|function| function.contains(pc));
        let function = found.next()?;
        // Identical functions may have been made one.
        found.all(|other| other.key == function.key).then_some(function)
    }

    /// Entries of functions at the top level of a unit for which the compiler may have made symbols called `names`:
    /// `ksys_shmctl.constprop.0` stands for `ksys_shmctl`.
    pub(super) fn functions_called(&self, unit: UnitIndex, names: &[&str]) -> impl Iterator<Item = DieKey> {
        let whole = names.iter().copied();
        let parts = names.iter().filter_map(|name| Some(name.split_once('.')?.0));
        whole
            .chain(parts)
            .flat_map(|name| self.named(name, &[IndexKind::Function]))
            .map(|(_, key)| key)
            .filter(move |&key| self.unit_of(key) == Some(unit))
    }

    /// The blocks of a function.
    pub(crate) fn blocks(&self, function: &FunctionInfo) -> Option<Arc<BlockTree>> {
        cached(&self.blocks, function.key, || Some(BlockTree::read(&self.context(function.unit)?, function)))
    }

    /// The call sites of a function.
    pub(crate) fn call_sites(&self, function: &FunctionInfo) -> Option<Arc<Vec<CallSiteInfo>>> {
        cached(&self.call_sites, function.key, || {
            Some(call_sites::read(&self.context(function.unit)?, function))
        })
    }

    /// What a call goes to: its name and, where this file defines it, its entry.
    pub(crate) fn callee(&self, key: DieKey) -> Option<(Arc<str>, Option<u64>)> {
        let context = self.context_of(key)?;
        let die = context.die_of_key(key)?;
        let entry = context.ranges(&die).and_then(|ranges| Some(ranges.first()?.0));
        // A function that is also inlined stands here without its code. Its name could be any function's of that name, and gdb does not
        // look for it either.
        if entry.is_none() && die.attr_value(dw::DW_AT_declaration).is_none() {
            return None;
        }
        Some((context.name(&die)?, entry))
    }

    /// Entries of that name at the top level of one unit, declarations of variables included.
    pub(crate) fn named_in(
        &self,
        unit: UnitIndex,
        name: &str,
        kinds: &[IndexKind],
    ) -> Vec<(IndexKind, DieKey)> {
        let Some(data) = self.unit_data(unit) else { return Vec::new() };
        data.names.get_or_init(|| Arc::new(UnitNames::read(self, unit))).lookup(self, name, kinds)
    }

    /// Whether entries of the unit of an address have been read.
    pub(crate) fn is_unit_read(&self, pc: u64) -> bool {
        let unit = self.unit_at(pc).and_then(|unit| self.units().get(unit));
        unit.is_some_and(|unit| unit.data.get().is_some() || unit.shapes.get().is_some())
    }

    /// A unit, parsed. `None` when it is damaged.
    pub(crate) fn unit_data(&self, index: UnitIndex) -> Option<&UnitData> {
        let unit = self.units().get(index)?;
        let dwarf = || if unit.head.split.is_some() { self.load(|_| true) } else { self.dwarf() };
        unit.data.get_or_init(|| unit.load(&dwarf())).as_deref()
    }

    /// Whether locations of a unit are right from a function's first instruction on.
    pub(crate) fn locations_valid(&self, index: UnitIndex) -> bool {
        let unit = self.units().get(index).zip(self.unit_data(index));
        unit.is_some_and(|(unit, data)| unit.locations_valid(&self.dwarf(), data))
    }

    /// A unit with readers over it.
    pub(crate) fn context(&self, index: UnitIndex) -> Option<UnitContext<'_>> {
        self.context_over(index, self.dwarf())
    }

    pub(crate) fn context_over<'a>(&'a self, index: UnitIndex, dwarf: Dwarf<'a>) -> Option<UnitContext<'a>> {
        let data = self.unit_data(index)?;
        let unit = self.units().get(index)?;
        let base = unit.head.key();
        let unit = unit.gimli_unit(&dwarf, data)?;
        Some(UnitContext { info: self, index, dwarf, unit, data, base })
    }

    fn cache_identity(&self) -> Identity {
        let sections = self.build_sections();
        Identity::new(&self.image, [sections.info.len(), sections.types.len(), sections.strings.len()])
    }

    /// What the cache has of this file.
    fn stored_once(&self) -> Option<&Stored> {
        let load = || cache::load(self.index_cache.as_deref()?, &self.cache_identity());
        self.stored.get_or_init(load).as_ref()
    }

    /// The name index: read from the cache, or else built and put there.
    pub(crate) fn index(&self) -> &Index {
        if let Some(stored) = self.stored_once() {
            return &stored.index;
        }
        if let Some(ready) = self.index.get() {
            return ready;
        }
        let _waiting = Waiting::new(self.progress.as_ref());
        let is_given_up = || self.progress.as_ref().is_some_and(|progress| progress.is_given_up());
        loop {
            // Another thread may be at it, in which it goes on whatever the user does here.
            let turn = match self.making.try_lock() {
                Ok(turn) => Some(turn),
                Err(TryLockError::Poisoned(turn)) => Some(turn.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            };
            if let Some(ready) = self.index.get() {
                return ready;
            }
            if let Some(_turn) = turn {
                return self.build_index(&is_given_up).unwrap_or(&self.no_index);
            }
            if is_given_up() {
                return &self.no_index;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Makes the index in the background.
    pub(crate) fn prepare_index(&self) {
        if self.stored_once().is_none() {
            let _turn = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            self.build_index(&|| false);
        }
    }

    /// Makes the index, unless it is there; the caller has the turn. `None` when it was given up: the next caller starts again.
    fn build_index(&self, is_given_up: &(dyn Fn() -> bool + Sync)) -> Option<&Index> {
        if let Some(ready) = self.index.get() {
            return Some(ready);
        }
        let units = self.units();
        let total = units.iter().map(|unit| unit.head.end.saturating_sub(unit.head.start)).sum();
        let counter = Counter::new(total, self.progress.as_ref());
        let index = Index::build(&self.image, &self.build_sections(), units, &counter, is_given_up)?;
        if let Some(directory) = &self.index_cache {
            // Without a place to put it, the next start builds it again.
            let heads = self.units().iter().map(|unit| &unit.head);
            let _ = cache::store(directory, &self.cache_identity(), &index, heads);
        }
        Some(self.index.get_or_init(|| index))
    }

    /// Whether the index is there already: a look-up then does not have to wait for it.
    pub(crate) fn index_is_ready(&self) -> bool {
        self.index.get().is_some() || self.stored.get().is_some_and(Option::is_some)
    }

    /// Entries of that name in the order of the file.
    pub(crate) fn named(&self, name: &str, kinds: &[IndexKind]) -> Vec<(IndexKind, DieKey)> {
        self.index().lookup(self.name_sections(), name, kinds)
    }

    pub(super) fn build_sections(&self) -> BuildSections<'_> {
        BuildSections {
            info: self.bytes(SectionId::DebugInfo),
            types: self.bytes(SectionId::DebugTypes),
            abbrev: self.bytes(SectionId::DebugAbbrev),
            strings: self.bytes(SectionId::DebugStr),
            str_offsets: self.bytes(SectionId::DebugStrOffsets),
        }
    }

    fn name_sections(&self) -> NameSections<'_> {
        self.build_sections().names()
    }
}
