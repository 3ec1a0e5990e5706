//! The first entry of a unit, read without the rest of its abbreviations: for questions to all units at once.

use super::abbrev::{Shapes, skip_form, uleb};
use super::debug_info::DebugInfo;
use super::units::UnitHead;
use gimli::DwForm;
use gimli::constants as dw;
use std::borrow::Cow;

/// What such questions need.
#[derive(Clone, Debug, Default)]
pub(super) struct Root<'a> {
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) comp_dir: Option<Cow<'a, str>>,
    /// `DW_AT_stmt_list`.
    pub(super) line_offset: Option<usize>,
    /// Whether it states code ranges.
    pub(super) has_code: bool,
}

/// Reads first entries; keeps its buffers from one to the next.
pub(super) struct Roots<'a> {
    units: [&'a [u8]; 2],
    abbrev: &'a [u8],
    strings: &'a [u8],
    line_strings: &'a [u8],
    str_offsets: &'a [u8],
    shapes: Shapes,
    info: &'a DebugInfo,
}

impl<'a> Roots<'a> {
    pub(super) fn new(info: &'a DebugInfo) -> Self {
        Self {
            units: [info.section(".debug_info"), info.section(".debug_types")],
            abbrev: info.section(".debug_abbrev"),
            strings: info.section(".debug_str"),
            line_strings: info.section(".debug_line_str"),
            str_offsets: info.section(".debug_str_offsets"),
            shapes: Shapes::default(),
            info,
        }
    }

    /// `None` for a damaged unit.
    pub(super) fn read(&mut self, head: &UnitHead) -> Option<Root<'a>> {
        let Some(split) = head.split else { return self.read_entry(head) };
        let full = self.read_entry(head)?;
        let info = self.info;
        let skeleton = self.read_entry(info.skeleton(split.skeleton)?)?;
        Some(Root { name: full.name, ..skeleton })
    }

    fn read_entry(&mut self, head: &UnitHead) -> Option<Root<'a>> {
        let data: &'a [u8] = self.units.get(usize::from(head.in_types))?;
        let data = data.get(..usize::try_from(head.end).ok()?)?;
        let abbrev = usize::try_from(head.abbrev_offset).ok()?;
        let mut at = usize::try_from(head.root).ok()?;
        let code = uleb(data, &mut at)?;
        self.shapes.read_until(self.abbrev.get(abbrev..)?, head.sizes, code)?;
        let shape = self.shapes.get(code)?;
        let offset_size = usize::from(head.sizes.offset);
        let mut found = Root::default();
        let (mut name, mut comp_dir) = (None, None);
        let known = head.split.and_then(|split| usize::try_from(split.str_offsets_base).ok());
        let mut base = known.unwrap_or(if offset_size == 4 { 8 } else { 16 });
        for spec in self.shapes.specs(shape) {
            match spec.name {
                dw::DW_AT_name => name = Some((spec.form, at)),
                dw::DW_AT_comp_dir => comp_dir = Some((spec.form, at)),
                dw::DW_AT_stmt_list => found.line_offset = number(data, at, offset_size),
                dw::DW_AT_str_offsets_base => base = number(data, at, offset_size)?,
                dw::DW_AT_ranges | dw::DW_AT_high_pc => found.has_code = true,
                _ => {}
            }
            skip_form(data, &mut at, spec.form, head.sizes)?;
        }
        let text = |(form, at)| self.text(data, form, at, offset_size, base);
        found.name = name.and_then(text);
        found.comp_dir = comp_dir.and_then(text);
        Some(found)
    }

    fn text(
        &self,
        data: &'a [u8],
        form: DwForm,
        at: usize,
        offset_size: usize,
        base: usize,
    ) -> Option<Cow<'a, str>> {
        let index = |size| number(data, at, size);
        let (section, offset) = match form {
            dw::DW_FORM_string => (data, at),
            dw::DW_FORM_strp => (self.strings, number(data, at, offset_size)?),
            dw::DW_FORM_line_strp => (self.line_strings, number(data, at, offset_size)?),
            _ => {
                let index = match form {
                    dw::DW_FORM_strx => usize::try_from(uleb(data, &mut at.clone())?).ok()?,
                    dw::DW_FORM_strx1 => index(1)?,
                    dw::DW_FORM_strx2 => index(2)?,
                    dw::DW_FORM_strx3 => index(3)?,
                    dw::DW_FORM_strx4 => index(4)?,
                    _ => return None,
                };
                let entry = base.checked_add(index.checked_mul(offset_size)?)?;
                (self.strings, number(self.str_offsets, entry, offset_size)?)
            }
        };
        let rest = section.get(offset..)?;
        let len = rest.iter().position(|&byte| byte == 0)?;
        Some(String::from_utf8_lossy(rest.get(..len)?))
    }
}

fn number(data: &[u8], at: usize, size: usize) -> Option<usize> {
    let bytes = data.get(at..at.checked_add(size)?)?;
    usize::try_from(bytes.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte))).ok()
}
