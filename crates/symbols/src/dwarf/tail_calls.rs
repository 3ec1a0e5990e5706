//! The tail calls of a function, read with nothing of its unit but the abbreviations: who looks for how a frame was left
//! may have to look at hundreds of functions, each of another unit.
//!
//! What is not written the usual way is left to [`super::call_sites`], which knows all ways; both give the same answers.

use super::abbrev::{Shape, Shapes, Slot, skip_form, uleb};
use super::call_sites::MAX_CALLS;
use super::debug_info::DebugInfo;
use super::index::c_string;
use super::scan::{NameAt, Walk, little_endian};
use super::units::{DieKey, TYPES_FLAG, UnitIndex};
use gimli::constants as dw;
use gimli::{DwAt, DwForm};
use std::sync::Arc;

/// A tail call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TailCallInfo {
    pub(crate) return_pc: u64,
    /// Offset of the callee's entry in the section of the unit; `None` for a computed call.
    callee: Option<usize>,
}

/// What a call goes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Callee {
    /// A function of the same file, which begins here.
    Entry(u64),
    /// A function that the unit only declares.
    Name(Arc<str>),
}

/// Where the value of an attribute is.
#[derive(Clone, Copy)]
struct Value {
    at: usize,
    form: DwForm,
}

/// The tail calls of a function whose code is in one piece.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    unit: UnitIndex,
    pub(crate) calls: Vec<TailCallInfo>,
}

impl DebugInfo {
    /// The function whose entry is at `pc`, where the symbols there are called `names`. `None` says nothing: the function may
    /// be missing, in several pieces, or written in an unusual way.
    pub(crate) fn outline(&self, pc: u64, names: &[&str]) -> Option<Outline> {
        let unit = self.unit_at(pc)?;
        if !self.index_is_ready() {
            return None;
        }
        let mut keys = self.functions_called(unit, names).peekable();
        keys.peek()?;
        let walk = self.walk(unit)?;
        let calls = keys.find_map(|key| walk.tail_calls(usize::try_from(key & !TYPES_FLAG).ok()?, pc))?;
        Some(Outline { unit, calls })
    }

    /// What a tail call goes to; `None` when it is computed.
    pub(crate) fn tail_callee(&self, outline: &Outline, call: TailCallInfo) -> Option<Callee> {
        let callee = call.callee?;
        let walk = self.walk(outline.unit)?;
        if let Some(found) = walk.callee(callee, self.build_sections().strings) {
            return Some(found);
        }
        let flag = self.units().get(outline.unit)?.head.key() & TYPES_FLAG;
        let (name, entry) = self.callee(callee as DieKey | flag)?;
        Some(entry.map_or(Callee::Name(name), Callee::Entry))
    }

    fn walk(&self, unit: UnitIndex) -> Option<Walk<'_>> {
        let unit = self.units().get(unit)?;
        let sections = self.build_sections();
        let read = || {
            let table = sections.abbrev.get(usize::try_from(unit.head.abbrev_offset).ok()?..)?;
            let mut shapes = Shapes::default();
            shapes.read(table, unit.head.sizes)?;
            Some(Box::new(shapes))
        };
        let shapes = unit.shapes.get_or_init(read).as_deref()?;
        Walk::new(sections.scan(unit.head.in_types), unit.head.scan_unit()?, shapes)
    }
}

impl Walk<'_> {
    /// The tail calls below the entry at `die`, if that is a function which begins at `pc` and is in one piece.
    fn tail_calls(&self, die: usize, pc: u64) -> Option<Vec<TailCallInfo>> {
        let mut at = die;
        let shape = self.shapes.get(uleb(self.data, &mut at)?)?;
        let (entry, end) = self.piece(shape, at)?;
        if entry != pc || end <= entry {
            return None;
        }
        at = self.behind(shape, at)?;
        let mut calls = Vec::new();
        let mut depth = usize::from(shape.children);
        while depth > 0 {
            let code = uleb(self.data, &mut at)?;
            if code == 0 {
                depth -= 1;
                continue;
            }
            let shape = self.shapes.get(code)?;
            if matches!(shape.tag, dw::DW_TAG_call_site | dw::DW_TAG_GNU_call_site)
                && self.is_tail_call(shape, at)?
            {
                calls.push(self.tail_call(shape, at)?);
            }
            at = self.behind(shape, at)?;
            depth += usize::from(shape.children);
        }
        (calls.len() < MAX_CALLS).then_some(calls)
    }

    /// Begin and end of the code of the entry whose attributes begin at `at`; an empty piece when it has none.
    fn piece(&self, shape: &Shape, at: usize) -> Option<(u64, u64)> {
        let (mut low, mut high, mut size) = (0, 0, 0);
        self.each(shape, at, |name, slot| {
            match name {
                dw::DW_AT_low_pc => low = self.address(slot)?,
                dw::DW_AT_high_pc if slot.form == dw::DW_FORM_addr => high = self.address(slot)?,
                dw::DW_AT_high_pc => size = self.constant(slot)?,
                dw::DW_AT_ranges => return None,
                _ => {}
            }
            Some(())
        })?;
        Some((low, if size > 0 { low.checked_add(size)? } else { high }))
    }

    fn is_tail_call(&self, shape: &Shape, at: usize) -> Option<bool> {
        let mut found = false;
        self.each(shape, at, |name, slot| {
            if matches!(name, dw::DW_AT_call_tail_call | dw::DW_AT_GNU_tail_call) {
                found |= match slot.form {
                    dw::DW_FORM_flag_present => true,
                    dw::DW_FORM_flag => *self.data.get(slot.at)? != 0,
                    _ => return None,
                };
            }
            Some(())
        })?;
        Some(found)
    }

    fn tail_call(&self, shape: &Shape, at: usize) -> Option<TailCallInfo> {
        let (mut return_pc, mut low_pc, mut call_origin, mut abstract_origin) = (None, None, None, None);
        self.each(shape, at, |name, slot| {
            match name {
                dw::DW_AT_call_return_pc => return_pc = Some(self.address(slot)?),
                dw::DW_AT_low_pc => low_pc = Some(self.address(slot)?),
                dw::DW_AT_call_origin => call_origin = Some(self.own_entry(slot)?),
                dw::DW_AT_abstract_origin => abstract_origin = Some(self.own_entry(slot)?),
                _ => {}
            }
            Some(())
        })?;
        Some(TailCallInfo { return_pc: return_pc.or(low_pc)?, callee: call_origin.or(abstract_origin) })
    }

    /// What the entry of a callee says.
    fn callee(&self, die: usize, strings: &[u8]) -> Option<Callee> {
        let mut at = die;
        let shape = self.shapes.get(uleb(self.data, &mut at)?)?;
        let (entry, end) = self.piece(shape, at)?;
        let (mut name, mut inherits, mut declared) = (None, false, false);
        self.each(shape, at, |attribute, slot| {
            match attribute {
                dw::DW_AT_name => name = self.name(Slot { at: 0, form: slot.form }, slot.at),
                dw::DW_AT_abstract_origin | dw::DW_AT_specification => inherits = true,
                dw::DW_AT_declaration => declared = true,
                _ => {}
            }
            Some(())
        })?;
        if entry < end {
            return (name.is_some() || inherits).then_some(Callee::Entry(entry));
        }
        if !declared {
            return None;
        }
        let bytes = match name? {
            NameAt::Str(offset) => c_string(strings, offset),
            NameAt::Units(offset) => c_string(self.data, offset),
        };
        Some(Callee::Name(String::from_utf8_lossy(bytes).into()))
    }

    /// Calls `visit` for each attribute of an entry until it answers with `None`.
    fn each(&self, shape: &Shape, at: usize, mut visit: impl FnMut(DwAt, Value) -> Option<()>) -> Option<()> {
        let mut at = at;
        for spec in self.shapes.specs(shape) {
            visit(spec.name, Value { at, form: spec.form })?;
            skip_form(self.data, &mut at, spec.form, self.unit.sizes)?;
        }
        Some(())
    }

    /// A reference to an entry of this unit.
    fn own_entry(&self, value: Value) -> Option<usize> {
        let target = self.reference(Slot { at: 0, form: value.form }, value.at)?;
        (self.unit.root..self.data.len()).contains(&target).then_some(target)
    }

    /// `DW_FORM_addr`; an index into `.debug_addr` takes the unit's first entry.
    fn address(&self, value: Value) -> Option<u64> {
        if value.form != dw::DW_FORM_addr {
            return None;
        }
        number(self.data.get(value.at..)?, self.unit.sizes.address)
    }

    fn constant(&self, value: Value) -> Option<u64> {
        let size = match value.form {
            dw::DW_FORM_data1 => 1,
            dw::DW_FORM_data2 => 2,
            dw::DW_FORM_data4 => 4,
            dw::DW_FORM_data8 => 8,
            dw::DW_FORM_udata => return uleb(self.data, &mut value.at.clone()),
            _ => return None,
        };
        number(self.data.get(value.at..)?, size)
    }
}

/// A little-endian number of `size` bytes at the start of `data`.
fn number(data: &[u8], size: u8) -> Option<u64> {
    Some(little_endian(data.get(..usize::from(size))?))
}
