//! Names at the top level of one unit: what its own code sees before anything else.

use super::debug_info::DebugInfo;
use super::index::IndexKind;
use super::scan::{Found, NameAt, Scanner, Sink};
use super::units::{DieKey, TYPES_FLAG, UnitIndex};
use crate::hash::{IntBuild, name_hash};
use std::collections::HashMap;

/// From the hash of a name to entries.
#[derive(Debug, Default)]
pub(crate) struct UnitNames {
    by_hash: HashMap<u32, Vec<(NameAt, IndexKind, DieKey)>, IntBuild>,
    in_types: bool,
}

struct Collect<'a> {
    names: UnitNames,
    strings: &'a [u8],
    units: &'a [u8],
}

impl Sink for Collect<'_> {
    fn found(&mut self, found: Found) {
        if let Some(kind) = IndexKind::of(found.class, found.declaration) {
            let hash = name_hash(bytes(self.strings, self.units, found.name));
            let flag = if self.names.in_types { TYPES_FLAG } else { 0 };
            let entry = (found.name, kind, found.die as u64 | flag);
            self.names.by_hash.entry(hash).or_default().push(entry);
        }
    }

    fn enters(&mut self, _: Option<NameAt>, _: &[u8]) -> bool {
        true
    }
}

fn bytes<'a>(strings: &'a [u8], units: &'a [u8], name: NameAt) -> &'a [u8] {
    let (section, offset) = match name {
        NameAt::Str(offset) => (strings, offset),
        NameAt::Units(offset) => (units, offset),
    };
    super::index::c_string(section, offset)
}

struct Visit<'a, F> {
    strings: &'a [u8],
    units: &'a [u8],
    flag: DieKey,
    kinds: &'a [IndexKind],
    visit: F,
}

impl<F: FnMut(IndexKind, &str, DieKey)> Sink for Visit<'_, F> {
    fn found(&mut self, found: Found) {
        if let Some(kind) = IndexKind::of(found.class, found.declaration)
            && self.kinds.contains(&kind)
            && let Ok(name) = std::str::from_utf8(bytes(self.strings, self.units, found.name))
        {
            (self.visit)(kind, name, found.die as u64 | self.flag);
        }
    }

    fn enters(&mut self, _: Option<NameAt>, _: &[u8]) -> bool {
        self.kinds.contains(&IndexKind::Enumerator)
    }
}

impl UnitNames {
    /// Calls `visit` for the names of some kinds without keeping them.
    pub(super) fn visit(
        info: &DebugInfo,
        unit: UnitIndex,
        kinds: &[IndexKind],
        visit: impl FnMut(IndexKind, &str, DieKey),
    ) {
        let sections = info.build_sections();
        let Some(head) = info.units().get(unit).map(|unit| unit.head) else { return };
        let scan = sections.scan(head.in_types);
        let flag = if head.in_types { TYPES_FLAG } else { 0 };
        let mut sink = Visit { strings: sections.strings, units: scan.units, flag, kinds, visit };
        if let Some(unit) = head.scan_unit() {
            let _ = Scanner::default().scan(scan, unit, &mut sink);
        }
    }

    pub(super) fn read(info: &DebugInfo, unit: UnitIndex) -> Self {
        let sections = info.build_sections();
        let Some(head) = info.units().get(unit).map(|unit| unit.head) else { return Self::default() };
        let scan = sections.scan(head.in_types);
        let names = Self { by_hash: HashMap::default(), in_types: head.in_types };
        let mut sink = Collect { names, strings: sections.strings, units: scan.units };
        if let Some(unit) = head.scan_unit() {
            let _ = Scanner::default().scan(scan, unit, &mut sink);
        }
        sink.names
    }

    /// Entries of that name, in the order of the unit.
    pub(super) fn lookup(
        &self,
        info: &DebugInfo,
        name: &str,
        kinds: &[IndexKind],
    ) -> Vec<(IndexKind, DieKey)> {
        let Some(entries) = self.by_hash.get(&name_hash(name.as_bytes())) else { return Vec::new() };
        let sections = info.build_sections();
        let units = if self.in_types { sections.types } else { sections.info };
        entries
            .iter()
            .filter(|(at, kind, _)| {
                kinds.contains(kind) && bytes(sections.strings, units, *at) == name.as_bytes()
            })
            .map(|&(_, kind, die)| (kind, die))
            .collect()
    }
}
