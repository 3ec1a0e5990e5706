//! The units of `.debug_info` and `.debug_types`: where each begins, and what its first entry says.

use super::abbrev::{Shapes, Sizes};
use super::macros::MacroSection;
use super::scan::ScanUnit;
use crate::elf::Split;
use gimli::constants as dw;
use gimli::{Abbreviations, AttributeValue, DwLang, EndianSlice, LittleEndian, Section, UnitType};
use std::sync::{Arc, Mutex, OnceLock};

/// A reader over a section.
pub(crate) type Slice<'a> = EndianSlice<'a, LittleEndian>;
/// gimli's view of all sections.
pub(crate) type Dwarf<'a> = gimli::Dwarf<Slice<'a>>;

/// Set in a [`DieKey`] of `.debug_types`.
pub(crate) const TYPES_FLAG: u64 = 1 << 63;

/// Names an entry of a file: its offset in `.debug_info`, or in `.debug_types` with [`TYPES_FLAG`] set.
pub(crate) type DieKey = u64;

/// Position of a unit in the unit table.
pub(crate) type UnitIndex = usize;

/// Where a unit is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitHead {
    /// Offset of its header in the section.
    pub(crate) start: u64,
    /// Offset after its last byte.
    pub(crate) end: u64,
    /// Whether it is in `.debug_types`.
    pub(crate) in_types: bool,
    pub(super) root: u64,
    pub(super) abbrev_offset: u64,
    pub(super) sizes: Sizes,
    /// For a type unit: its signature, and the offset of the type in the unit.
    pub(crate) signature: Option<(u64, u64)>,
    /// For a unit of a `.dwo` file: where its skeleton and its tables are.
    pub(super) split: Option<Split>,
}

impl UnitHead {
    pub(crate) fn key(&self) -> DieKey {
        self.start | if self.in_types { TYPES_FLAG } else { 0 }
    }

    pub(super) fn scan_unit(&self) -> Option<ScanUnit> {
        Some(ScanUnit {
            root: usize::try_from(self.root).ok()?,
            end: usize::try_from(self.end).ok()?,
            start: usize::try_from(self.start).ok()?,
            abbrev_offset: usize::try_from(self.abbrev_offset).ok()?,
            sizes: self.sizes,
            str_offsets_base: self.split.and_then(|split| usize::try_from(split.str_offsets_base).ok()),
        })
    }
}

/// A unit: parsed when first needed.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) head: UnitHead,
    pub(super) data: OnceLock<Option<Arc<UnitData>>>,
    pub(super) shapes: OnceLock<Option<Box<Shapes>>>,
    pub(super) files: OnceLock<Option<Arc<super::files::FileTable>>>,
    pub(super) lines: OnceLock<Option<Arc<super::lines::LineTables>>>,
    pub(super) macros: OnceLock<Option<Arc<super::macros::MacroTable>>>,
}

/// What the first entry of a unit says, and the caches of what is further inside.
#[derive(Debug)]
pub(crate) struct UnitData {
    pub(crate) abbreviations: Arc<Abbreviations>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) comp_dir: Option<Arc<str>>,
    pub(crate) producer: Option<Arc<str>>,
    pub(crate) language: Option<DwLang>,
    pub(crate) version: u16,
    pub(super) macros: Option<MacroSection>,
    /// Code of the unit, as stated by its first entry.
    pub(crate) ranges: Vec<(u64, u64)>,
    /// See [`Unit::locations_valid`].
    locations_valid: OnceLock<bool>,
    low_pc: u64,
    str_offsets_base: usize,
    addr_base: usize,
    loclists_base: usize,
    rnglists_base: usize,
    pub(super) functions: OnceLock<Arc<super::functions::FunctionTable>>,
    /// Some of them, while not all have been read.
    pub(super) known_functions: Mutex<Vec<Arc<super::functions::FunctionInfo>>>,
    pub(super) names: OnceLock<Arc<super::unit_names::UnitNames>>,
}

/// Reads all unit headers. A section ends at the first damaged one. `passed` gets from time to time the offset of
/// `.debug_info` was reached: touching a header makes the system map its surroundings.
pub(super) fn read_heads(dwarf: &Dwarf<'_>, mut passed: impl FnMut(u64)) -> Vec<UnitHead> {
    const STEP: u64 = 16 << 20;
    let mut heads: Vec<UnitHead> = Vec::new();
    let mut next = STEP;
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        if let Some(offset) = header.debug_info_offset() {
            let head = head(&header, offset.0, false);
            if head.start >= next {
                passed(head.start);
                next = head.start + STEP;
            }
            heads.push(head);
        }
    }
    let mut headers = dwarf.type_units();
    while let Ok(Some(header)) = headers.next() {
        if let Some(offset) = header.debug_types_offset() {
            heads.push(head(&header, offset.0, true));
        }
    }
    heads
}

fn head(header: &gimli::UnitHeader<Slice<'_>>, start: usize, in_types: bool) -> UnitHead {
    let start = start as u64;
    let encoding = header.encoding();
    UnitHead {
        start,
        end: start + header.length_including_self() as u64,
        in_types,
        root: start + header.root_offset().0 as u64,
        abbrev_offset: header.debug_abbrev_offset().0 as u64,
        sizes: Sizes {
            offset: encoding.format.word_size(),
            address: encoding.address_size,
            version: encoding.version,
        },
        signature: match header.type_() {
            UnitType::Type { type_signature, type_offset } => Some((type_signature.0, type_offset.0 as u64)),
            _ => None,
        },
        split: None,
    }
}

impl Unit {
    pub(super) fn new(head: UnitHead) -> Self {
        Self {
            head,
            data: OnceLock::new(),
            shapes: OnceLock::new(),
            files: OnceLock::new(),
            lines: OnceLock::new(),
            macros: OnceLock::new(),
        }
    }

    fn header<'a>(&self, dwarf: &Dwarf<'a>) -> Option<gimli::UnitHeader<Slice<'a>>> {
        let offset = usize::try_from(self.head.start).ok()?;
        if self.head.in_types {
            // gimli reads these headers only in sequence; one at an offset is a sequence that begins there.
            let bytes = dwarf.debug_types.reader().slice().get(offset..)?;
            let rest = gimli::DebugTypes::from(Slice::new(bytes, LittleEndian));
            return rest.units().next().ok()?;
        }
        dwarf.debug_info.header_from_offset(gimli::DebugInfoOffset(offset)).ok()
    }

    pub(super) fn load(&self, dwarf: &Dwarf<'_>) -> Option<Arc<UnitData>> {
        let header = self.header(dwarf)?;
        let version = header.version();
        let abbreviations = Arc::new(header.abbreviations(&dwarf.debug_abbrev).ok()?);
        let mut unit = bare_unit(header, Arc::clone(&abbreviations));
        let mut entries = unit.header.entries(&abbreviations);
        let root = entries.next_dfs().ok()??.clone();

        for attr in root.attrs() {
            match attr.value() {
                AttributeValue::DebugStrOffsetsBase(base) => unit.str_offsets_base = base,
                AttributeValue::DebugAddrBase(base) => unit.addr_base = base,
                AttributeValue::DebugLocListsBase(base) => unit.loclists_base = base,
                AttributeValue::DebugRngListsBase(base) => unit.rnglists_base = base,
                _ => {}
            }
        }
        // A skeleton knows what its unit cannot: addresses, and where it was compiled.
        let skeleton = self.head.split.and_then(|split| {
            unit.str_offsets_base.0 = usize::try_from(split.str_offsets_base).ok()?;
            unit.addr_base.0 = usize::try_from(split.addr_base).ok()?;
            unit.loclists_base.0 = usize::try_from(split.loclists_base).ok()?;
            unit.rnglists_base.0 = usize::try_from(split.rnglists_base).ok()?;
            let offset = gimli::DebugInfoOffset(usize::try_from(split.skeleton).ok()?);
            dwarf.unit(dwarf.debug_info.header_from_offset(offset).ok()?).ok()
        });
        let low_pc =
            root.attr_value(dw::DW_AT_low_pc).and_then(|value| dwarf.attr_address(&unit, value).ok()?);
        unit.low_pc = low_pc.or(skeleton.as_ref().map(|skeleton| skeleton.low_pc)).unwrap_or(0);
        let text = |name| {
            let value = root.attr_value(name)?;
            Some(Arc::<str>::from(&*dwarf.attr_string(&unit, value).ok()?.to_string_lossy()))
        };
        let mut ranges = Vec::new();
        let entries = match &skeleton {
            Some(skeleton) => dwarf.unit_ranges(skeleton),
            None => dwarf.die_ranges(&unit, &root),
        };
        if let Ok(mut iter) = entries {
            while let Ok(Some(range)) = iter.next() {
                if range.begin < range.end {
                    ranges.push((range.begin, range.end));
                }
            }
        }
        let producer = text(dw::DW_AT_producer);
        Some(Arc::new(UnitData {
            name: text(dw::DW_AT_name),
            comp_dir: text(dw::DW_AT_comp_dir).or_else(|| {
                let dir = skeleton.as_ref()?.comp_dir?;
                Some(Arc::from(&*dir.to_string_lossy()))
            }),
            producer,
            language: match root.attr_value(dw::DW_AT_language) {
                Some(AttributeValue::Language(language)) => Some(language),
                _ => None,
            },
            version,
            macros: macro_section(&root, self.head.split),
            ranges,
            locations_valid: OnceLock::new(),
            low_pc: unit.low_pc,
            str_offsets_base: unit.str_offsets_base.0,
            addr_base: unit.addr_base.0,
            loclists_base: unit.loclists_base.0,
            rnglists_base: unit.rnglists_base.0,
            abbreviations,
            functions: OnceLock::new(),
            known_functions: Mutex::default(),
            names: OnceLock::new(),
        }))
    }

    /// Whether gdb trusts the unit's locations from a function's first instruction on (`COMPUNIT_LOCATIONS_VALID`).
    pub(super) fn locations_valid(&self, dwarf: &Dwarf<'_>, data: &UnitData) -> bool {
        *data.locations_valid.get_or_init(|| {
            data.producer.as_deref().is_some_and(|producer| gcc_minor_from_4(producer) >= Some(5))
                && abbreviations_have_loclist(dwarf, &self.head)
        })
    }

    /// gimli's unit over `dwarf`'s sections, from what was read before.
    pub(super) fn gimli_unit<'a>(
        &self,
        dwarf: &Dwarf<'a>,
        data: &UnitData,
    ) -> Option<gimli::Unit<Slice<'a>>> {
        let mut unit = bare_unit(self.header(dwarf)?, Arc::clone(&data.abbreviations));
        unit.low_pc = data.low_pc;
        unit.str_offsets_base.0 = data.str_offsets_base;
        unit.addr_base.0 = data.addr_base;
        unit.loclists_base.0 = data.loclists_base;
        unit.rnglists_base.0 = data.rnglists_base;
        Some(unit)
    }
}

/// A unit as [`gimli::Unit::new`] makes it, without reading anything: in particular not the line program's header.
fn bare_unit<'a>(
    header: gimli::UnitHeader<Slice<'a>>,
    abbreviations: Arc<Abbreviations>,
) -> gimli::Unit<Slice<'a>> {
    let encoding = header.encoding();
    let kind = gimli::DwarfFileType::Main;
    gimli::Unit {
        abbreviations,
        name: None,
        comp_dir: None,
        low_pc: 0,
        str_offsets_base: gimli::DebugStrOffsetsBase::default_for_encoding_and_file(encoding, kind),
        addr_base: gimli::DebugAddrBase(0),
        loclists_base: gimli::DebugLocListsBase::default_for_encoding_and_file(encoding, kind),
        rnglists_base: gimli::DebugRngListsBase::default_for_encoding_and_file(encoding, kind),
        line_program: None,
        dwo_id: None,
        header,
    }
}

/// Where the first entry of a unit says that its macros are.
fn macro_section(
    root: &gimli::DebuggingInformationEntry<Slice<'_>>,
    split: Option<Split>,
) -> Option<MacroSection> {
    let base = split.map_or(Some(0), |split| usize::try_from(split.macro_base).ok())?;
    root.attrs().iter().find_map(|attr| match (attr.name(), attr.value()) {
        (_, AttributeValue::DebugMacroRef(offset)) => offset.0.checked_add(base).map(MacroSection::Macro),
        // gimli knows the form that GNU gave DWARF 4, and not its attribute.
        (dw::DW_AT_GNU_macros, AttributeValue::SecOffset(offset)) => Some(MacroSection::Macro(offset)),
        (_, AttributeValue::DebugMacinfoRef(offset)) => Some(MacroSection::Macinfo(offset.0)),
        _ => None,
    })
}

/// Whether some variable of the unit has a location list. Abbreviation tables are made for one unit and hold only what it
/// uses, so the table answers without a look at the entries.
fn abbreviations_have_loclist(dwarf: &Dwarf<'_>, head: &UnitHead) -> bool {
    let start = usize::try_from(head.abbrev_offset).unwrap_or(usize::MAX);
    let Some(table) = dwarf.debug_abbrev.reader().slice().get(start..) else { return false };
    let mut shapes = super::abbrev::Shapes::default();
    let sizes = head.sizes;
    if shapes.read(table, sizes).is_none() {
        return false;
    }
    shapes.any_spec(|tag, spec| {
        (tag == dw::DW_TAG_variable || tag == dw::DW_TAG_formal_parameter)
            && spec.name == dw::DW_AT_location
            && match spec.form {
                dw::DW_FORM_sec_offset | dw::DW_FORM_loclistx => true,
                // Before DWARF 4 a plain constant was a section offset.
                dw::DW_FORM_data4 | dw::DW_FORM_data8 => sizes.version < 4,
                _ => false,
            }
    })
}

/// For `GNU C11 12.2.0 -m64 ...`: the minor version within gcc 4, `u32::MAX` for later ones, `None` for older ones and for
/// other producers (gdb: `producer_is_gcc_ge_4`).
pub(super) fn gcc_minor_from_4(producer: &str) -> Option<u32> {
    let rest = producer.strip_prefix("GNU ")?;
    let version = rest.split_once(char::is_whitespace)?.1.trim_start();
    let (major, rest) = version.split_once('.')?;
    let major: u32 = major.parse().ok()?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let minor: u32 = rest.get(..digits)?.parse().ok()?;
    match major {
        0..4 => None,
        4 => Some(minor),
        _ => Some(u32::MAX),
    }
}

/// gdb's name of a source language.
pub(crate) fn language_name(language: Option<DwLang>) -> &'static str {
    match language {
        Some(
            dw::DW_LANG_C
            | dw::DW_LANG_C89
            | dw::DW_LANG_C99
            | dw::DW_LANG_C11
            | dw::DW_LANG_C17
            | dw::DW_LANG_UPC,
        ) => "c",
        Some(
            dw::DW_LANG_C_plus_plus
            | dw::DW_LANG_C_plus_plus_11
            | dw::DW_LANG_C_plus_plus_14
            | dw::DW_LANG_C_plus_plus_17
            | dw::DW_LANG_C_plus_plus_20,
        ) => "c++",
        Some(dw::DW_LANG_Rust) => "rust",
        Some(dw::DW_LANG_Mips_Assembler) => "asm",
        Some(_) => "minimal",
        None => "c",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn producers() {
        assert_eq!(gcc_minor_from_4("GNU C11 12.2.0 -mno-sse -m64"), Some(u32::MAX));
        assert_eq!(gcc_minor_from_4("GNU C 4.7.2"), Some(7));
        assert_eq!(gcc_minor_from_4("GNU AS 2.40"), None);
        assert_eq!(gcc_minor_from_4("clang version 16.0.0"), None);
        assert_eq!(gcc_minor_from_4("GNU "), None);
    }
}
