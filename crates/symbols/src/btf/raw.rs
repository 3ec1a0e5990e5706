//! The tables of `.BTF` as they stand in the file: head, strings, and where each type's record begins.

use crate::elf::Image;
use std::ops::Range;
use std::sync::Arc;

/// `BTF_KIND_*` (include/uapi/linux/btf.h).
pub(super) mod kind {
    pub(crate) const INT: u32 = 1;
    pub(crate) const PTR: u32 = 2;
    pub(crate) const ARRAY: u32 = 3;
    pub(crate) const STRUCT: u32 = 4;
    pub(crate) const UNION: u32 = 5;
    pub(crate) const ENUM: u32 = 6;
    pub(crate) const FWD: u32 = 7;
    pub(crate) const TYPEDEF: u32 = 8;
    pub(crate) const VOLATILE: u32 = 9;
    pub(crate) const CONST: u32 = 10;
    pub(crate) const RESTRICT: u32 = 11;
    pub(crate) const FUNC: u32 = 12;
    pub(crate) const FUNC_PROTO: u32 = 13;
    pub(crate) const VAR: u32 = 14;
    pub(crate) const DATASEC: u32 = 15;
    pub(crate) const FLOAT: u32 = 16;
    pub(crate) const DECL_TAG: u32 = 17;
    pub(crate) const TYPE_TAG: u32 = 18;
    pub(crate) const ENUM64: u32 = 19;
}

const MAGIC: u16 = 0xeb9f;

/// Words before the part of a record that depends on its kind.
const HEAD: usize = 12;

/// Where the bytes are.
#[derive(Debug)]
pub(super) enum Source {
    /// A section of a mapped file, by its index.
    Section(Arc<Image>, usize),
    Owned(Vec<u8>),
}

impl Source {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Section(image, index) => {
                image.sections().get(*index).and_then(|section| image.data(section)).unwrap_or_default()
            }
            Self::Owned(bytes) => bytes,
        }
    }
}

/// The tables.
#[derive(Debug)]
pub(super) struct Raw {
    source: Source,
    types: Range<usize>,
    strings: Range<usize>,
    /// Where the record of each type begins, from `types.start` on.
    offsets: Vec<u32>,
    /// Number of the first of them.
    first_id: u32,
    /// Offset of the first string of its own.
    first_string: u32,
    /// Whether some enumeration is marked as signed: the program that wrote this (pahole from 1.24 on) tells one from the other.
    signed_enumerations: bool,
}

/// A type's record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    /// Offset of the name; 0 is none.
    pub(super) name: u32,
    pub(super) kind: u32,
    /// How many entries follow.
    pub(super) vlen: u32,
    pub(super) kind_flag: bool,
    /// Size in bytes, or the type it refers to.
    pub(super) size_or_type: u32,
    /// What follows the head.
    rest: &'a [u8],
}

impl Record<'_> {
    /// A word of what follows the head.
    pub(super) fn word(&self, index: usize) -> Option<u32> {
        word(self.rest, index.checked_mul(4)?)
    }

    /// Words of one of the entries that follow the head.
    pub(super) fn entry<const N: usize>(&self, index: u32) -> Option<[u32; N]> {
        let first = usize::try_from(index).ok()?.checked_mul(N)?;
        let mut words = [0; N];
        for (at, slot) in words.iter_mut().enumerate() {
            *slot = self.word(first.checked_add(at)?)?;
        }
        Some(words)
    }

    /// All entries of `N` words.
    pub(super) fn entries<const N: usize>(&self) -> impl Iterator<Item = [u32; N]> + '_ {
        (0..self.vlen).map_while(|index| self.entry(index))
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Bytes that follow the head of a record; `None` for unknown kinds, after which nothing can be found.
fn rest_size(kind: u32, vlen: u32) -> Option<usize> {
    let vlen = usize::try_from(vlen).ok()?;
    Some(match kind {
        kind::INT | kind::VAR | kind::DECL_TAG => 4,
        kind::ARRAY => 12,
        kind::STRUCT | kind::UNION | kind::DATASEC | kind::ENUM64 => vlen.checked_mul(12)?,
        kind::ENUM | kind::FUNC_PROTO => vlen.checked_mul(8)?,
        kind::PTR..=kind::TYPE_TAG => 0,
        _ => return None,
    })
}

impl Raw {
    /// Reads the head and finds every record. `base` tells where numbers and strings of the base end, in case this is split;
    /// whether it is comes back with it.
    pub(super) fn parse(source: Source, base: Option<(u32, u32)>) -> Option<(Self, bool)> {
        let bytes = source.bytes();
        let magic = u16::from_le_bytes(*bytes.first_chunk()?);
        let (version, head) = (*bytes.get(2)?, word(bytes, 4)?);
        // A newer head is longer; what is beyond these words is not needed.
        if magic != MAGIC || version != 1 || head < 24 {
            return None;
        }
        let part = |offset: usize| {
            let start =
                usize::try_from(head).ok()?.checked_add(usize::try_from(word(bytes, offset)?).ok()?)?;
            let end = start.checked_add(usize::try_from(word(bytes, offset + 4)?).ok()?)?;
            // A section that is cut short is used as far as it goes.
            Some(start.min(bytes.len())..end.min(bytes.len()))
        };
        let (types, strings) = (part(8)?, part(16)?);
        // The first string is the empty one, except where the base has it.
        let split = bytes.get(strings.clone()).and_then(<[u8]>::first) != Some(&0);
        let (first_id, first_string) = match (split, base) {
            (false, _) => (1, 0),
            (true, Some(base)) => base,
            (true, None) => return None,
        };
        let mut offsets = Vec::new();
        let data = bytes.get(types.clone()).unwrap_or_default();
        let (mut at, mut signed_enumerations) = (0, false);
        while let Some(info) = word(data, at + 4) {
            let (kind, vlen) = split_info(info);
            let Some(size) = rest_size(kind, vlen) else { break };
            let Some(end) = at.checked_add(HEAD + size).filter(|&end| end <= data.len()) else { break };
            signed_enumerations |= info >> 31 != 0 && matches!(kind, kind::ENUM | kind::ENUM64);
            offsets.push(u32::try_from(at).ok()?);
            at = end;
        }
        u32::try_from(offsets.len()).ok()?.checked_add(first_id)?;
        Some((Self { types, strings, offsets, first_id, first_string, signed_enumerations, source }, split))
    }

    /// The number after the last type's.
    pub(super) fn end_id(&self) -> u32 {
        self.first_id.saturating_add(self.offsets.len() as u32)
    }

    /// The offset after the last string.
    pub(super) fn strings_end(&self) -> u32 {
        self.first_string.saturating_add(u32::try_from(self.strings.len()).unwrap_or(u32::MAX))
    }

    /// The number of its first own type.
    pub(super) fn first_id(&self) -> u32 {
        self.first_id
    }

    /// Whether enumerations say if they are signed.
    pub(super) fn has_signed_enumerations(&self) -> bool {
        self.signed_enumerations
    }

    /// The record of a type of its own.
    pub(super) fn record(&self, id: u32) -> Option<Record<'_>> {
        let index = usize::try_from(id.checked_sub(self.first_id)?).ok()?;
        let start = usize::try_from(*self.offsets.get(index)?).ok()?;
        let data = self.source.bytes().get(self.types.clone())?;
        record_at(data, start)
    }

    /// All records of its own with their numbers.
    pub(super) fn records(&self) -> impl Iterator<Item = (u32, Record<'_>)> {
        let data = self.source.bytes().get(self.types.clone()).unwrap_or_default();
        let numbered = (self.first_id..).zip(&self.offsets);
        numbered.filter_map(|(id, &start)| Some((id, record_at(data, usize::try_from(start).ok()?)?)))
    }

    /// Offsets of the names of an enumeration's constants.
    pub(super) fn enumerator_names(&self, id: u32) -> Vec<u32> {
        match self.record(id) {
            Some(record) if record.kind == kind::ENUM => {
                record.entries::<2>().map(|[name, _]| name).collect()
            }
            Some(record) if record.kind == kind::ENUM64 => {
                record.entries::<3>().map(|[name, ..]| name).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A string of its own by the offset that records use; empty for what leads nowhere.
    pub(super) fn own_string(&self, offset: u32) -> &str {
        let find = || {
            let at = usize::try_from(offset.checked_sub(self.first_string)?).ok()?;
            let rest = self.source.bytes().get(self.strings.clone())?.get(at..)?;
            let end = rest.iter().position(|&byte| byte == 0)?;
            std::str::from_utf8(rest.get(..end)?).ok()
        };
        find().unwrap_or_default()
    }
}

fn split_info(info: u32) -> (u32, u32) {
    (info >> 24 & 0x1f, info & 0xffff)
}

fn record_at(data: &[u8], start: usize) -> Option<Record<'_>> {
    let info = word(data, start.checked_add(4)?)?;
    let (kind, vlen) = split_info(info);
    let body = start.checked_add(HEAD)?;
    let rest = data.get(body..body.checked_add(rest_size(kind, vlen)?)?)?;
    Some(Record {
        name: word(data, start)?,
        kind,
        vlen,
        kind_flag: info >> 31 != 0,
        size_or_type: word(data, start.checked_add(8)?)?,
        rest,
    })
}
