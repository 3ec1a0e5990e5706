//! One pass over the top level of a unit, at the speed of the abbreviations.
//!
//! Children are jumped over by `DW_AT_sibling`; only the enumerators of enumerations and the content of namespaces are
//! entered. Nothing is decoded but abbreviation codes and names, and names stay where they are.

use super::abbrev::{Class, Shape, Shapes, Sizes, Slot, skip_form, uleb};
use gimli::DwForm;
use gimli::constants as dw;

/// The sections a scan reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScanSections<'a> {
    /// `.debug_info` or `.debug_types`.
    pub(super) units: &'a [u8],
    pub(super) abbrev: &'a [u8],
    pub(super) str_offsets: &'a [u8],
}

/// The part of a unit header that a scan needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScanUnit {
    /// Offset of the unit's first entry.
    pub(super) root: usize,
    /// Offset after its last byte.
    pub(super) end: usize,
    /// Offset of the unit header, to which references are relative.
    pub(super) start: usize,
    pub(super) abbrev_offset: usize,
    pub(super) sizes: Sizes,
    /// Where the unit's offsets of strings begin, if its first entry does not say.
    pub(super) str_offsets_base: Option<usize>,
}

/// Where the bytes of a name are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum NameAt {
    /// Offset in `.debug_str`.
    Str(u32),
    /// Offset in the section that is scanned.
    Units(u32),
}

/// A named entry at the top level of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) class: Class,
    pub(super) name: NameAt,
    /// Offset of the entry in the section; for an enumerator, that of its enumeration.
    pub(super) die: usize,
    pub(super) declaration: bool,
}

/// What to do with the children of an enumeration.
pub(super) trait Sink {
    /// Takes an entry.
    fn found(&mut self, found: Found);

    /// Whether the enumerators of an enumeration are wanted. `body` is the part of the section that holds them;
    /// `name` is that of the enumeration, if it has one.
    fn enters(&mut self, name: Option<NameAt>, body: &[u8]) -> bool;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Collect,
    Enumerators,
    Skip,
}

/// Deepest nesting that is followed: no compiler comes near, damaged data may.
const MAX_DEPTH: usize = 4096;

/// Scans units; keeps its buffers from one to the next.
#[derive(Default)]
pub(super) struct Scanner {
    shapes: Shapes,
    levels: Vec<Level>,
    abbrev_offset: Option<(usize, u8, u8, u16)>,
}

struct Entry {
    next: usize,
    name: Option<NameAt>,
    sibling: Option<usize>,
    declaration: bool,
}

impl Scanner {
    /// Reports every named entry of the unit to `sink`. `None` when the unit is damaged; what was found before stands.
    pub(super) fn scan(
        &mut self,
        sections: ScanSections<'_>,
        unit: ScanUnit,
        sink: &mut impl Sink,
    ) -> Option<()> {
        self.read_shapes(sections, unit)?;
        let walk = Walk::new(sections, unit, &self.shapes)?;
        let data = walk.data;
        self.levels.clear();

        let mut at = unit.root;
        let root = walk.shapes.get(uleb(data, &mut at)?)?;
        at = walk.read(root, at)?.next;
        if !root.children {
            return Some(());
        }
        self.levels.push(Level::Collect);
        let mut enumeration = 0;
        while let Some(&level) = self.levels.last() {
            let die = at;
            if at >= data.len() {
                break;
            }
            let code = uleb(data, &mut at)?;
            if code == 0 {
                self.levels.pop();
                continue;
            }
            let shape = walk.shapes.get(code)?;
            let entry = walk.read(shape, at)?;
            at = entry.next;
            let wanted = match level {
                Level::Collect => !matches!(shape.class, Class::Other | Class::Namespace | Class::Enumerator),
                Level::Enumerators => shape.class == Class::Enumerator,
                Level::Skip => false,
            };
            if wanted && let Some(name) = entry.name {
                let die = if level == Level::Enumerators { enumeration } else { die };
                sink.found(Found { class: shape.class, name, die, declaration: entry.declaration });
            }
            if !shape.children {
                continue;
            }
            let inside = match (level, shape.class) {
                (Level::Collect, Class::Namespace) => Level::Collect,
                (Level::Collect, Class::Enum) if !entry.declaration => {
                    let body = data.get(at..entry.sibling.unwrap_or(at)).unwrap_or_default();
                    enumeration = die;
                    if sink.enters(entry.name, body) { Level::Enumerators } else { Level::Skip }
                }
                _ => Level::Skip,
            };
            match entry.sibling {
                Some(sibling) if inside == Level::Skip => at = sibling,
                _ if self.levels.len() >= MAX_DEPTH => return None,
                _ => self.levels.push(inside),
            }
        }
        Some(())
    }
}

impl Scanner {
    /// Offsets of the functions at the top level of a unit, with and without code; of a damaged unit those before the damage.
    pub(super) fn functions(&mut self, sections: ScanSections<'_>, unit: ScanUnit) -> Vec<usize> {
        let mut found = Vec::new();
        let _ = self.find_functions(sections, unit, &mut found);
        found
    }

    fn find_functions(
        &mut self,
        sections: ScanSections<'_>,
        unit: ScanUnit,
        found: &mut Vec<usize>,
    ) -> Option<()> {
        self.read_shapes(sections, unit)?;
        let data = sections.units.get(..unit.end)?;
        let walk = Walk { sections, unit, data, shapes: &self.shapes, str_offsets_base: None };
        let mut at = unit.root;
        let root = walk.shapes.get(uleb(data, &mut at)?)?;
        at = walk.read(root, at)?.next;
        let mut depth = usize::from(root.children);
        while depth > 0 && at < data.len() {
            let die = at;
            let code = uleb(data, &mut at)?;
            if code == 0 {
                depth -= 1;
                continue;
            }
            let shape = walk.shapes.get(code)?;
            let entry = walk.read(shape, at)?;
            at = entry.next;
            if depth == 1 && shape.class == Class::Function {
                found.push(die);
            }
            match entry.sibling.filter(|_| shape.children) {
                Some(sibling) => at = sibling,
                None => depth += usize::from(shape.children),
            }
        }
        Some(())
    }

    /// Offsets of the inlined calls in a unit that are instances of one of the functions at `origins`.
    pub(super) fn inlined_calls(
        &mut self,
        sections: ScanSections<'_>,
        unit: ScanUnit,
        origins: &[usize],
    ) -> Vec<usize> {
        let mut found = Vec::new();
        // A damaged unit has as many as stand before the damage.
        let _ = self.find_inlined_calls(sections, unit, origins, &mut found);
        found
    }

    fn find_inlined_calls(
        &mut self,
        sections: ScanSections<'_>,
        unit: ScanUnit,
        origins: &[usize],
        found: &mut Vec<usize>,
    ) -> Option<()> {
        self.read_shapes(sections, unit)?;
        let data = sections.units.get(..unit.end)?;
        let walk = Walk { sections, unit, data, shapes: &self.shapes, str_offsets_base: None };
        // A function that is never inlined has no abstract instance, and its unit need not be searched.
        let is_abstract = |&origin: &usize| {
            let shape = uleb(data, &mut origin.clone()).and_then(|code| walk.shapes.get(code));
            shape.is_some_and(|shape| shape.inline)
        };
        if !origins.iter().any(is_abstract) {
            return Some(());
        }
        let mut at = unit.root;
        while at < data.len() {
            let die = at;
            let code = uleb(data, &mut at)?;
            if code == 0 {
                continue;
            }
            let shape = walk.shapes.get(code)?;
            let start = at;
            at = walk.behind(shape, start)?;
            if shape.inlined_call {
                // Compilers put it first; anywhere else the caller examines the entry.
                match shape.origin {
                    Some(slot)
                        if walk.reference(slot, start).is_some_and(|origin| !origins.contains(&origin)) => {}
                    _ => found.push(die),
                }
            }
        }
        Some(())
    }

    fn read_shapes(&mut self, sections: ScanSections<'_>, unit: ScanUnit) -> Option<()> {
        let sizes = unit.sizes;
        let key = (unit.abbrev_offset, sizes.offset, sizes.address, sizes.version);
        if self.abbrev_offset != Some(key) {
            self.abbrev_offset = None;
            self.shapes.read(sections.abbrev.get(unit.abbrev_offset..)?, sizes)?;
            self.abbrev_offset = Some(key);
        }
        Some(())
    }
}

/// A unit with the means to read its entries.
pub(super) struct Walk<'a> {
    sections: ScanSections<'a>,
    pub(super) unit: ScanUnit,
    /// The section up to the unit's end.
    pub(super) data: &'a [u8],
    pub(super) shapes: &'a Shapes,
    str_offsets_base: Option<usize>,
}

impl<'a> Walk<'a> {
    /// `None` when the unit is damaged.
    pub(super) fn new(sections: ScanSections<'a>, unit: ScanUnit, shapes: &'a Shapes) -> Option<Self> {
        let data = sections.units.get(..unit.end)?;
        let mut walk = Self { sections, unit, data, shapes, str_offsets_base: None };
        let mut at = unit.root;
        let root = shapes.get(uleb(data, &mut at)?)?;
        walk.str_offsets_base = walk.find_str_offsets_base(root, at);
        Some(walk)
    }
}

impl Walk<'_> {
    /// Reads the entry whose attributes begin at `at`.
    #[inline]
    fn read(&self, shape: &Shape, at: usize) -> Option<Entry> {
        let Some(size) = shape.fixed else { return self.read_slowly(shape, at) };
        let next = at + usize::from(size);
        if next > self.data.len() {
            return None;
        }
        let name = match shape.name {
            // `Other` entries are never asked for their name.
            Some(slot) if shape.class != Class::Other => self.name(slot, at),
            None if shape.class == Class::Variable || shape.class == Class::Function => {
                shape.reference.and_then(|slot| self.name_of_reference(slot, at, 0))
            }
            _ => None,
        };
        let sibling =
            if shape.children { shape.sibling.and_then(|slot| self.sibling(slot, at, next)) } else { None };
        Some(Entry { next, name, sibling, declaration: shape.declaration })
    }

    /// As [`Walk::read`], where some attribute's size is in the entry.
    fn read_slowly(&self, shape: &Shape, start: usize) -> Option<Entry> {
        let mut at = start;
        let mut entry = Entry { next: 0, name: None, sibling: None, declaration: shape.declaration };
        let mut reference = None;
        let mut sibling = None;
        for spec in self.shapes.specs(shape) {
            let slot = Slot { at: 0, form: spec.form };
            match spec.name {
                dw::DW_AT_name if shape.class != Class::Other => entry.name = self.name(slot, at),
                dw::DW_AT_sibling => sibling = Some((slot, at)),
                dw::DW_AT_specification => reference = Some((slot, at)),
                dw::DW_AT_declaration if spec.form == dw::DW_FORM_flag => {
                    entry.declaration = self.data.get(at).is_some_and(|&flag| flag != 0);
                }
                _ => {}
            }
            skip_form(self.data, &mut at, spec.form, self.unit.sizes)?;
        }
        entry.next = at;
        if shape.children {
            entry.sibling = sibling.and_then(|(slot, from)| self.sibling(slot, from, at));
        }
        if entry.name.is_none() && shape.class != Class::Other {
            entry.name = reference.and_then(|(slot, from)| self.name_of_reference(slot, from, 0));
        }
        Some(entry)
    }

    /// Offset after the attributes that begin at `at`.
    #[inline]
    pub(super) fn behind(&self, shape: &Shape, mut at: usize) -> Option<usize> {
        match shape.fixed {
            Some(size) => at += usize::from(size),
            None => {
                for spec in self.shapes.specs(shape) {
                    skip_form(self.data, &mut at, spec.form, self.unit.sizes)?;
                }
            }
        }
        Some(at)
    }

    pub(super) fn name(&self, slot: Slot, start: usize) -> Option<NameAt> {
        let at = start + usize::from(slot.at);
        match slot.form {
            dw::DW_FORM_strp => self.str_name(self.offset(at)?),
            dw::DW_FORM_string => {
                // An empty name is no name.
                let first = *self.data.get(at)?;
                if first == 0 { None } else { Some(NameAt::Units(u32::try_from(at).ok()?)) }
            }
            form => {
                let index = self.index(at, form)?;
                let size = usize::from(self.unit.sizes.offset);
                let entry = self.str_offsets_base?.checked_add(index.checked_mul(size)?)?;
                let bytes = self.sections.str_offsets.get(entry..entry.checked_add(size)?)?;
                self.str_name(little_endian(bytes))
            }
        }
    }

    fn str_name(&self, offset: u64) -> Option<NameAt> {
        Some(NameAt::Str(u32::try_from(offset).ok()?))
    }

    /// An index into `.debug_str_offsets`.
    fn index(&self, at: usize, form: DwForm) -> Option<usize> {
        let size = match form {
            dw::DW_FORM_strx1 => 1,
            dw::DW_FORM_strx2 => 2,
            dw::DW_FORM_strx3 => 3,
            dw::DW_FORM_strx4 => 4,
            dw::DW_FORM_strx => return usize::try_from(uleb(self.data, &mut at.clone())?).ok(),
            _ => return None,
        };
        usize::try_from(little_endian(self.data.get(at..at + size)?)).ok()
    }

    /// The name of the entry a `DW_AT_specification` points to.
    fn name_of_reference(&self, slot: Slot, start: usize, depth: u32) -> Option<NameAt> {
        let target = self.reference(slot, start)?;
        if depth > 4 || target < self.unit.root || target >= self.data.len() {
            return None;
        }
        let mut at = target;
        let shape = self.shapes.get(uleb(self.data, &mut at)?)?;
        let mut found = None;
        for spec in self.shapes.specs(shape) {
            let slot = Slot { at: 0, form: spec.form };
            match spec.name {
                dw::DW_AT_name => return self.name(slot, at),
                dw::DW_AT_specification => found = self.name_of_reference(slot, at, depth + 1),
                _ => {}
            }
            skip_form(self.data, &mut at, spec.form, self.unit.sizes)?;
        }
        found
    }

    fn sibling(&self, slot: Slot, start: usize, next: usize) -> Option<usize> {
        let target = self.reference(slot, start)?;
        // Only forward, so that damaged data cannot loop.
        (target >= next && target <= self.data.len()).then_some(target)
    }

    /// The offset in the section that a reference within the unit means.
    #[inline]
    pub(super) fn reference(&self, slot: Slot, start: usize) -> Option<usize> {
        let at = start + usize::from(slot.at);
        let size = match slot.form {
            dw::DW_FORM_ref4 => {
                let value = u32::from_le_bytes(*self.data.get(at..)?.first_chunk()?);
                return self.unit.start.checked_add(value as usize);
            }
            dw::DW_FORM_ref1 => 1,
            dw::DW_FORM_ref2 => 2,
            dw::DW_FORM_ref8 => 8,
            dw::DW_FORM_ref_udata => {
                let value = uleb(self.data, &mut at.clone())?;
                return self.unit.start.checked_add(usize::try_from(value).ok()?);
            }
            dw::DW_FORM_ref_addr => return usize::try_from(self.offset(at)?).ok(),
            _ => return None,
        };
        let value = usize::try_from(little_endian(self.data.get(at..at + size)?)).ok()?;
        self.unit.start.checked_add(value)
    }

    #[inline]
    fn offset(&self, at: usize) -> Option<u64> {
        if self.unit.sizes.offset == 4 {
            return Some(u64::from(u32::from_le_bytes(*self.data.get(at..)?.first_chunk()?)));
        }
        Some(u64::from_le_bytes(*self.data.get(at..)?.first_chunk()?))
    }

    /// `DW_AT_str_offsets_base` of the unit's root entry; without one the table begins after its header.
    fn find_str_offsets_base(&self, root: &Shape, start: usize) -> Option<usize> {
        if let Some(base) = self.unit.str_offsets_base {
            return Some(base);
        }
        let mut at = start;
        for spec in self.shapes.specs(root) {
            if spec.name == dw::DW_AT_str_offsets_base {
                return usize::try_from(self.offset(at)?).ok();
            }
            skip_form(self.data, &mut at, spec.form, self.unit.sizes)?;
        }
        Some(if self.unit.sizes.offset == 4 { 8 } else { 16 })
    }
}

pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}
