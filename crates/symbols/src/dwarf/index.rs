//! The name index of a file: from the hash of a name to the entries that define it.
//!
//! Types and enumerators appear once, by their first complete definition; functions and variables with every unit that
//! defines them, since each may have code or storage of its own. Names are not copied: an entry says where its name is, and
//! a look-up compares with the bytes there.

use super::abbrev::Class;
use super::scan::{Found, NameAt, ScanSections, Scanner, Sink};
use super::units::{DieKey, TYPES_FLAG, Unit};
use crate::elf::Image;
use crate::hash::{IntBuild, name_hash};
use crate::progress::Counter;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a name in the index is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub(crate) enum IndexKind {
    /// A function with code, or an inline function that units hold an abstract copy of.
    Function = 1,
    /// A variable that is defined.
    Variable = 2,
    /// A variable that is only declared: `extern char _text[]`.
    VariableDeclaration = 3,
    Struct = 4,
    Union = 5,
    Enum = 6,
    Typedef = 7,
    Base = 8,
    /// A constant; the entry is that of its enumeration.
    Enumerator = 9,
}

impl IndexKind {
    fn from_u8(value: u8) -> Option<Self> {
        Some(match value {
            1 => Self::Function,
            2 => Self::Variable,
            3 => Self::VariableDeclaration,
            4 => Self::Struct,
            5 => Self::Union,
            6 => Self::Enum,
            7 => Self::Typedef,
            8 => Self::Base,
            9 => Self::Enumerator,
            _ => return None,
        })
    }

    pub(super) fn of(class: Class, declaration: bool) -> Option<Self> {
        Some(match (class, declaration) {
            (Class::Variable, true) => Self::VariableDeclaration,
            (_, true) | (Class::Other | Class::Namespace, _) => return None,
            (Class::Function, _) => Self::Function,
            (Class::Variable, _) => Self::Variable,
            (Class::Struct, _) => Self::Struct,
            (Class::Union, _) => Self::Union,
            (Class::Enum, _) => Self::Enum,
            (Class::Typedef, _) => Self::Typedef,
            (Class::Base, _) => Self::Base,
            (Class::Enumerator, _) => Self::Enumerator,
        })
    }

    /// Whether every definition is kept, not only the first.
    fn keeps_all(self) -> bool {
        matches!(self, Self::Function | Self::Variable)
    }
}

/// An entry as stored, in memory and on disk (four little-endian words).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Record {
    pub(super) hash: u32,
    /// Where the name is: offset in `.debug_str`, or in the entry's own section.
    pub(super) name: u32,
    /// Low half of the entry's offset.
    pub(super) low: u32,
    /// Bits 0-15: bits 32-47 of the offset. Bits 24-27: kind. Bit 30: the name is in the entry's own section.
    /// Bit 31: the entry is in `.debug_types`.
    pub(super) high: u32,
}

const NAME_IN_UNITS: u32 = 1 << 30;
const IN_TYPES: u32 = 1 << 31;

impl Record {
    fn new(hash: u32, name: NameAt, kind: IndexKind, die: u64, in_types: bool) -> Option<Self> {
        if die >> 48 != 0 {
            return None;
        }
        let (name, place) = match name {
            NameAt::Str(offset) => (offset, 0),
            NameAt::Units(offset) => (offset, NAME_IN_UNITS),
        };
        let high =
            (die >> 32) as u32 | u32::from(kind as u8) << 24 | place | if in_types { IN_TYPES } else { 0 };
        Some(Self { hash, name, low: die as u32, high })
    }

    pub(super) fn kind(self) -> Option<IndexKind> {
        IndexKind::from_u8((self.high >> 24 & 0xf) as u8)
    }

    pub(super) fn die(self) -> DieKey {
        let offset = u64::from(self.low) | u64::from(self.high & 0xffff) << 32;
        offset | if self.high & IN_TYPES != 0 { TYPES_FLAG } else { 0 }
    }

    /// Entries of one bucket are in this order, so that a look-up gives them in the order of the file.
    fn order(self) -> (u32, u8, u64) {
        (self.hash, (self.high >> 24 & 0xf) as u8, self.die())
    }
}

/// The bytes names are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameSections<'a> {
    pub(super) strings: &'a [u8],
    pub(super) info: &'a [u8],
    pub(super) types: &'a [u8],
}

impl<'a> NameSections<'a> {
    pub(super) fn name(&self, record: Record) -> &'a [u8] {
        let section = match (record.high & NAME_IN_UNITS != 0, record.high & IN_TYPES != 0) {
            (false, _) => self.strings,
            (true, false) => self.info,
            (true, true) => self.types,
        };
        c_string(section, record.name)
    }
}

pub(super) fn c_string(section: &[u8], offset: u32) -> &[u8] {
    let rest = section.get(offset as usize..).unwrap_or_default();
    let len = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
    rest.get(..len).unwrap_or_default()
}

/// The table: `heads[b]..heads[b + 1]` are the records whose hash begins with the bits of `b`.
#[derive(Debug)]
pub(crate) struct Index {
    pub(super) heads: Words,
    pub(super) records: Words,
    /// log2 of the number of buckets.
    pub(super) bits: u32,
    /// Whether it was read from the cache.
    pub(super) stored: bool,
}

/// Little-endian words: built in this process, or mapped from the cache.
#[derive(Debug)]
pub(super) enum Words {
    Owned(Vec<u32>),
    Mapped { map: std::sync::Arc<memmap2::Mmap>, start: usize, len: usize },
}

impl Words {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Owned(words) => words.len(),
            Self::Mapped { len, .. } => *len,
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<u32> {
        match self {
            Self::Owned(words) => words.get(index).copied(),
            Self::Mapped { map, start, len } => {
                let at = start + index * 4;
                (index < *len).then_some(())?;
                Some(u32::from_le_bytes(*map.get(at..)?.first_chunk()?))
            }
        }
    }
}

impl Index {
    /// An index that has no names.
    pub(super) fn empty() -> Self {
        Self { heads: Words::Owned(Vec::new()), records: Words::Owned(Vec::new()), bits: 0, stored: false }
    }

    pub(super) fn record(&self, index: usize) -> Option<Record> {
        let word = |i| self.records.get(index * 4 + i);
        Some(Record { hash: word(0)?, name: word(1)?, low: word(2)?, high: word(3)? })
    }

    pub(crate) fn stored(&self) -> bool {
        self.stored
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len() / 4
    }

    /// Entries of that name and kind in the order of the file.
    pub(super) fn lookup(
        &self,
        names: NameSections<'_>,
        name: &str,
        kinds: &[IndexKind],
    ) -> Vec<(IndexKind, DieKey)> {
        let hash = name_hash(name.as_bytes());
        let bucket = bucket_of(hash, self.bits);
        let (Some(start), Some(end)) = (self.heads.get(bucket), self.heads.get(bucket + 1)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for record in (start..end).map_while(|index| self.record(index as usize)) {
            if let Some(kind) = record.kind()
                && record.hash == hash
                && kinds.contains(&kind)
                && names.name(record) == name.as_bytes()
            {
                found.push((kind, record.die()));
            }
        }
        found
    }

    /// All entries, in no useful order.
    pub(super) fn iter<'a>(
        &'a self,
        names: NameSections<'a>,
    ) -> impl Iterator<Item = (IndexKind, &'a [u8], DieKey)> {
        (0..self.len())
            .filter_map(|index| self.record(index))
            .filter_map(move |record| Some((record.kind()?, names.name(record), record.die())))
    }

    /// Scans all units on all cores. `None` when it is given up, which is asked after every megabyte.
    pub(super) fn build(
        image: &Image,
        sections: &BuildSections<'_>,
        units: &[Unit],
        counter: &Counter<'_>,
        is_given_up: &(dyn Fn() -> bool + Sync),
    ) -> Option<Self> {
        let batches = batches(units);
        let info_in_file = image.file_range(".debug_info").map(|(offset, _)| offset);
        let next = AtomicUsize::new(0);
        let parts = Mutex::new(Vec::new());
        rayon::scope(|scope| {
            for _ in 0..rayon::current_num_threads() {
                scope.spawn(|_| {
                    let mut worker = Worker::new(sections);
                    // Batches are taken in order, so that the first of several equal types a worker meets is its lowest.
                    while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if is_given_up() {
                            break;
                        }
                        worker.scan(units.get(batch.clone()).unwrap_or_default());
                        let read = units.get(batch.clone()).unwrap_or_default();
                        if let Some(base) = info_in_file {
                            release(image, base, read);
                        }
                        counter
                            .add(read.iter().map(|unit| unit.head.end.saturating_sub(unit.head.start)).sum());
                    }
                    if let Ok(mut parts) = parts.lock() {
                        parts.push(worker.sink.records);
                    }
                });
            }
        });
        let parts = parts.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if is_given_up() { None } else { Some(assemble(&parts, sections.names())) }
    }
}

/// What a build reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct BuildSections<'a> {
    pub(super) info: &'a [u8],
    pub(super) types: &'a [u8],
    pub(super) abbrev: &'a [u8],
    pub(super) strings: &'a [u8],
    pub(super) str_offsets: &'a [u8],
}

impl<'a> BuildSections<'a> {
    pub(super) fn names(&self) -> NameSections<'a> {
        NameSections { strings: self.strings, info: self.info, types: self.types }
    }

    pub(super) fn scan(&self, in_types: bool) -> ScanSections<'a> {
        let units = if in_types { self.types } else { self.info };
        ScanSections { units, abbrev: self.abbrev, str_offsets: self.str_offsets }
    }
}

/// Consecutive units of about a megabyte.
fn batches(units: &[Unit]) -> Vec<std::ops::Range<usize>> {
    const BATCH: u64 = 1 << 20;
    let mut batches = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (index, unit) in units.iter().enumerate() {
        size += unit.head.end - unit.head.start;
        if size >= BATCH {
            batches.push(start..index + 1);
            (start, size) = (index + 1, 0);
        }
    }
    if start < units.len() {
        batches.push(start..units.len());
    }
    batches
}

struct Worker<'a> {
    scanner: Scanner,
    sections: &'a BuildSections<'a>,
    sink: Collect<'a>,
}

impl<'a> Worker<'a> {
    fn new(sections: &'a BuildSections<'a>) -> Self {
        let sink = Collect {
            names: sections.names(),
            in_types: false,
            records: Vec::new(),
            seen: HashSet::default(),
            seen_enums: HashSet::default(),
        };
        Self { scanner: Scanner::default(), sections, sink }
    }

    fn scan(&mut self, units: &[Unit]) {
        for unit in units {
            if let Some(scan_unit) = unit.head.scan_unit() {
                self.sink.in_types = unit.head.in_types;
                // A damaged unit contributes what stands before the damage.
                let _ = self.scanner.scan(self.sections.scan(unit.head.in_types), scan_unit, &mut self.sink);
            }
        }
    }
}

/// Gives the memory of units back that have been scanned. `base` is where `.debug_info` is in the file.
fn release(image: &Image, base: u64, units: &[Unit]) {
    if let (Some(first), Some(last)) = (units.first(), units.last())
        && !last.head.in_types
    {
        image.release(base + first.head.start, last.head.end - first.head.start);
    }
}

struct Collect<'a> {
    names: NameSections<'a>,
    in_types: bool,
    records: Vec<Record>,
    /// Kind and name of what need not be collected again.
    seen: HashSet<u64, IntBuild>,
    /// Name, first enumerator and size of enumerations entered before.
    seen_enums: HashSet<u64, IntBuild>,
}

impl Collect<'_> {
    /// A number that stands for a name: its place in `.debug_str`, where equal names share one place, or its hash.
    fn token(&self, name: NameAt) -> u64 {
        match name {
            NameAt::Str(offset) => u64::from(offset),
            NameAt::Units(_) => u64::from(name_hash(self.bytes(name))) | 1 << 40,
        }
    }

    fn bytes(&self, name: NameAt) -> &[u8] {
        match name {
            NameAt::Str(offset) => c_string(self.names.strings, offset),
            NameAt::Units(offset) if self.in_types => c_string(self.names.types, offset),
            NameAt::Units(offset) => c_string(self.names.info, offset),
        }
    }
}

impl Sink for Collect<'_> {
    fn found(&mut self, found: Found) {
        let Some(kind) = IndexKind::of(found.class, found.declaration) else { return };
        if !kind.keeps_all() && !self.seen.insert(self.token(found.name) | (kind as u64) << 48) {
            return;
        }
        let hash = name_hash(self.bytes(found.name));
        self.records.extend(Record::new(hash, found.name, kind, found.die as u64, self.in_types));
    }

    fn enters(&mut self, name: Option<NameAt>, body: &[u8]) -> bool {
        // The same enumeration comes with most units. Its enumerators begin with the same bytes wherever names are
        // references into `.debug_str` and the abbreviation code has the same length.
        let head = name_hash(body.get(1..body.len().min(8)).unwrap_or_default());
        let token = name.map_or(1 << 41, |name| self.token(name));
        body.is_empty() || self.seen_enums.insert(token ^ u64::from(head) << 24 ^ (body.len() as u64) << 8)
    }
}

fn bucket_of(hash: u32, bits: u32) -> usize {
    (u64::from(hash) >> (32 - bits)) as usize
}

/// Sorts the workers' records into buckets and drops the types that another worker had earlier.
fn assemble(parts: &[Vec<Record>], names: NameSections<'_>) -> Index {
    let total: usize = parts.iter().map(Vec::len).sum();
    let bits = (total / 4).max(2).ilog2().clamp(1, 24);
    let mut heads = vec![0u32; (1 << bits) + 1];
    for record in parts.iter().flatten() {
        if let Some(count) = heads.get_mut(bucket_of(record.hash, bits) + 1) {
            *count += 1;
        }
    }
    let mut sum = 0u32;
    for head in &mut heads {
        sum += *head;
        *head = sum;
    }
    let mut sorted = vec![Record { hash: 0, name: 0, low: 0, high: 0 }; total];
    let mut next = heads.clone();
    for record in parts.iter().flatten() {
        if let Some(slot) = next.get_mut(bucket_of(record.hash, bits)) {
            if let Some(place) = sorted.get_mut(*slot as usize) {
                *place = *record;
            }
            *slot += 1;
        }
    }
    let mut words = Vec::with_capacity(total * 4);
    let mut start = 0;
    for head in heads.iter_mut().skip(1) {
        let end = *head as usize;
        let bucket = sorted.get_mut(start..end).unwrap_or_default();
        bucket.sort_unstable_by_key(|record| record.order());
        let mut last: Option<Record> = None;
        for &record in &*bucket {
            let repeated = last.is_some_and(|last| {
                let same_kind =
                    last.kind() == record.kind() && !record.kind().is_some_and(IndexKind::keeps_all);
                same_kind && last.hash == record.hash && names.name(last) == names.name(record)
            });
            if !repeated {
                words.extend([record.hash, record.name, record.low, record.high]);
                last = Some(record);
            }
        }
        start = end;
        *head = (words.len() / 4) as u32;
    }
    Index { heads: Words::Owned(heads), records: Words::Owned(words), bits, stored: false }
}
