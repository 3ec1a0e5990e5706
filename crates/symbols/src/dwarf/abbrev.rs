//! Abbreviations compiled for skipping: for most entries one addition steps over all attributes.

use gimli::constants as dw;
use gimli::{DwAt, DwForm, DwTag};

/// What the name index does with an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// Not in the index; children are passed over too.
    Other,
    /// Its children count as if they stood in its place.
    Namespace,
    Function,
    Variable,
    Struct,
    Union,
    Enum,
    Typedef,
    Base,
    Enumerator,
}

impl Class {
    fn of(tag: DwTag) -> Self {
        match tag {
            dw::DW_TAG_subprogram => Self::Function,
            dw::DW_TAG_variable => Self::Variable,
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type => Self::Struct,
            dw::DW_TAG_union_type => Self::Union,
            dw::DW_TAG_enumeration_type => Self::Enum,
            dw::DW_TAG_typedef => Self::Typedef,
            dw::DW_TAG_base_type | dw::DW_TAG_unspecified_type => Self::Base,
            dw::DW_TAG_enumerator => Self::Enumerator,
            dw::DW_TAG_namespace | dw::DW_TAG_module => Self::Namespace,
            _ => Self::Other,
        }
    }
}

/// Where an attribute of interest is: its form, and its distance from the first attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) at: u16,
    pub(super) form: DwForm,
}

/// One abbreviation.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) class: Class,
    pub(super) tag: DwTag,
    pub(super) children: bool,
    /// `DW_AT_inline`: an abstract function that calls are instances of.
    pub(super) inline: bool,
    /// An inlined call, and where its `DW_AT_abstract_origin` is.
    pub(super) inlined_call: bool,
    pub(super) origin: Option<Slot>,
    /// `DW_AT_declaration` with `DW_FORM_flag_present`, or an implicit one.
    pub(super) declaration: bool,
    /// Size of all attributes together, when it is the same for every entry. `name`, `sibling` and `reference` are then
    /// exact; otherwise the attributes have to be walked.
    pub(super) fixed: Option<u16>,
    pub(super) name: Option<Slot>,
    pub(super) sibling: Option<Slot>,
    /// `DW_AT_specification`, which lends its name to an entry without one.
    pub(super) reference: Option<Slot>,
    first: u32,
    count: u16,
}

/// Whether a shape keeps something of an attribute: one test for each of a million.
fn is_of_interest(name: DwAt) -> bool {
    matches!(
        name,
        dw::DW_AT_name
            | dw::DW_AT_sibling
            | dw::DW_AT_specification
            | dw::DW_AT_abstract_origin
            | dw::DW_AT_inline
            | dw::DW_AT_declaration
    )
}

/// An attribute specification as far as the index cares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    pub(super) name: DwAt,
    pub(super) form: DwForm,
}

/// The abbreviations of a unit, by code.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    shapes: Vec<Option<Shape>>,
    specs: Vec<Spec>,
}

/// Sizes that forms depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) offset: u8,
    pub(super) address: u8,
    pub(super) version: u16,
}

/// A size that is not the same for every entry, or too large.
const VARIES: u32 = 1 << 16;

/// [`fixed_size`] of all forms, those of the standard computed once for a table of abbreviations.
struct FixedSizes {
    known: [u32; 0x30],
    sizes: Sizes,
}

impl FixedSizes {
    fn new(sizes: Sizes) -> Self {
        let mut known = [VARIES; 0x30];
        for (form, size) in (0..).zip(&mut known) {
            *size = fixed_size(DwForm(form), sizes).map_or(VARIES, u32::from);
        }
        Self { known, sizes }
    }

    fn get(&self, form: DwForm) -> u32 {
        let known = self.known.get(usize::from(form.0)).copied();
        known.unwrap_or_else(|| fixed_size(form, self.sizes).map_or(VARIES, u32::from))
    }
}

/// Codes beyond this are not worth a table: no compiler writes them.
const MAX_CODE: u64 = 1 << 16;

impl Shapes {
    /// Reads the table at the start of `data` into `self`, replacing what was there (allocations are kept).
    /// `None` when it is damaged.
    pub(super) fn read(&mut self, data: &[u8], sizes: Sizes) -> Option<()> {
        self.read_until(data, sizes, 0)
    }

    /// As [`Shapes::read`], but not beyond the abbreviation `last`.
    pub(super) fn read_until(&mut self, data: &[u8], sizes: Sizes, last: u64) -> Option<()> {
        self.shapes.clear();
        self.specs.clear();
        self.shapes.reserve(128);
        self.specs.reserve(768);
        let fixed = FixedSizes::new(sizes);
        let mut at = 0;
        loop {
            let code = uleb(data, &mut at)?;
            if code == 0 {
                return Some(());
            }
            if code > MAX_CODE {
                return None;
            }
            let tag = DwTag(u16::try_from(uleb(data, &mut at)?).ok()?);
            let children = *data.get(at)? != 0;
            at += 1;
            let shape = self.read_shape(data, &mut at, tag, children, &fixed)?;
            let index = code as usize;
            // Compilers number them without gaps.
            if index >= self.shapes.len() {
                self.shapes.reserve(index + 1 - self.shapes.len());
                while self.shapes.len() < index {
                    self.shapes.push(None);
                }
                self.shapes.push(Some(shape));
            } else {
                *self.shapes.get_mut(index)? = Some(shape);
            }
            if code == last {
                return Some(());
            }
        }
    }

    fn read_shape(
        &mut self,
        data: &[u8],
        at: &mut usize,
        tag: DwTag,
        children: bool,
        fixed: &FixedSizes,
    ) -> Option<Shape> {
        let first = self.specs.len();
        let mut shape = Shape {
            class: Class::of(tag),
            tag,
            children,
            inline: false,
            inlined_call: tag == dw::DW_TAG_inlined_subroutine,
            origin: None,
            declaration: false,
            fixed: None,
            name: None,
            sibling: None,
            reference: None,
            first: u32::try_from(first).ok()?,
            count: 0,
        };
        // Size of the attributes so far; from `VARIES` on it is not the same for every entry.
        let mut sum = 0u32;
        loop {
            let (name, form) = name_and_form(data, at)?;
            if name | form == 0 {
                break;
            }
            let (name, form) = (DwAt(name), DwForm(form));
            let constant = if form == dw::DW_FORM_implicit_const { Some(sleb(data, at)?) } else { None };
            if is_of_interest(name) {
                let slot = u16::try_from(sum).ok().map(|at| Slot { at, form });
                match name {
                    dw::DW_AT_name => shape.name = slot,
                    dw::DW_AT_sibling => shape.sibling = slot,
                    dw::DW_AT_specification => shape.reference = slot,
                    dw::DW_AT_abstract_origin => shape.origin = slot,
                    dw::DW_AT_inline => shape.inline = true,
                    // `DW_AT_declaration`; a flag in the entry itself takes a walk.
                    _ if form == dw::DW_FORM_flag_present => shape.declaration = true,
                    _ => match constant {
                        Some(constant) => shape.declaration = constant != 0,
                        None => sum = VARIES,
                    },
                }
            }
            sum = sum.saturating_add(fixed.get(form));
            self.specs.push(Spec { name, form });
        }
        shape.fixed = u16::try_from(sum).ok();
        shape.count = u16::try_from(self.specs.len() - first).ok()?;
        Some(shape)
    }

    pub(super) fn get(&self, code: u64) -> Option<&Shape> {
        self.shapes.get(usize::try_from(code).ok()?)?.as_ref()
    }

    /// Whether any attribute of any abbreviation satisfies `test`.
    pub(super) fn any_spec(&self, test: impl Fn(DwTag, Spec) -> bool) -> bool {
        self.shapes.iter().flatten().any(|shape| self.specs(shape).iter().any(|&spec| test(shape.tag, spec)))
    }

    pub(super) fn specs(&self, shape: &Shape) -> &[Spec] {
        let first = shape.first as usize;
        self.specs.get(first..first + usize::from(shape.count)).unwrap_or_default()
    }
}

/// Size of an attribute value in the entry, when the form alone decides it (DWARF 5, 7.5.6).
fn fixed_size(form: DwForm, sizes: Sizes) -> Option<u8> {
    Some(match form {
        dw::DW_FORM_flag_present | dw::DW_FORM_implicit_const => 0,
        dw::DW_FORM_data1 | dw::DW_FORM_ref1 | dw::DW_FORM_flag | dw::DW_FORM_strx1 | dw::DW_FORM_addrx1 => 1,
        dw::DW_FORM_data2 | dw::DW_FORM_ref2 | dw::DW_FORM_strx2 | dw::DW_FORM_addrx2 => 2,
        dw::DW_FORM_strx3 | dw::DW_FORM_addrx3 => 3,
        dw::DW_FORM_data4
        | dw::DW_FORM_ref4
        | dw::DW_FORM_strx4
        | dw::DW_FORM_addrx4
        | dw::DW_FORM_ref_sup4 => 4,
        dw::DW_FORM_data8 | dw::DW_FORM_ref8 | dw::DW_FORM_ref_sig8 | dw::DW_FORM_ref_sup8 => 8,
        dw::DW_FORM_data16 => 16,
        dw::DW_FORM_addr => sizes.address,
        dw::DW_FORM_ref_addr if sizes.version <= 2 => sizes.address,
        dw::DW_FORM_strp
        | dw::DW_FORM_line_strp
        | dw::DW_FORM_sec_offset
        | dw::DW_FORM_ref_addr
        | dw::DW_FORM_strp_sup
        | dw::DW_FORM_GNU_ref_alt
        | dw::DW_FORM_GNU_strp_alt => sizes.offset,
        _ => return None,
    })
}

/// Steps over an attribute value of any form. `None` at the end of data or for an unknown form.
pub(super) fn skip_form(data: &[u8], at: &mut usize, form: DwForm, sizes: Sizes) -> Option<()> {
    let mut form = form;
    // An indirect form may name another indirect one; no producer nests them.
    for _ in 0..4 {
        if let Some(size) = fixed_size(form, sizes) {
            *at = at.checked_add(usize::from(size))?;
            return (*at <= data.len()).then_some(());
        }
        let block = match form {
            dw::DW_FORM_string => data.get(*at..)?.iter().position(|&byte| byte == 0)? + 1,
            dw::DW_FORM_block1 => usize::from(*data.get(*at)?) + 1,
            dw::DW_FORM_block2 => usize::from(u16::from_le_bytes(*data.get(*at..)?.first_chunk()?)) + 2,
            dw::DW_FORM_block4 => u32::from_le_bytes(*data.get(*at..)?.first_chunk()?) as usize + 4,
            dw::DW_FORM_block | dw::DW_FORM_exprloc => usize::try_from(uleb(data, at)?).ok()?,
            dw::DW_FORM_udata
            | dw::DW_FORM_sdata
            | dw::DW_FORM_ref_udata
            | dw::DW_FORM_strx
            | dw::DW_FORM_addrx
            | dw::DW_FORM_loclistx
            | dw::DW_FORM_rnglistx
            | dw::DW_FORM_GNU_addr_index
            | dw::DW_FORM_GNU_str_index => {
                uleb(data, at)?;
                0
            }
            dw::DW_FORM_indirect => {
                form = DwForm(u16::try_from(uleb(data, at)?).ok()?);
                continue;
            }
            _ => return None,
        };
        *at = at.checked_add(block)?;
        return (*at <= data.len()).then_some(());
    }
    None
}

/// Reads an unsigned LEB128 number; bits beyond 64 are dropped.
#[inline]
pub(super) fn uleb(data: &[u8], at: &mut usize) -> Option<u64> {
    let byte = *data.get(*at)?;
    *at += 1;
    if byte < 0x80 {
        return Some(u64::from(byte));
    }
    let mut value = u64::from(byte & 0x7f);
    let mut shift = 7;
    loop {
        let byte = *data.get(*at)?;
        *at += 1;
        if shift < 64 {
            value |= u64::from(byte & 0x7f) << shift;
        }
        shift += 7;
        if byte < 0x80 {
            return Some(value);
        }
    }
}

/// Name and form of an attribute, of which most take a byte each. A name that is too large is none that means something.
#[inline]
fn name_and_form(data: &[u8], at: &mut usize) -> Option<(u16, u16)> {
    if let Some(&[name, form]) = data.get(*at..)?.first_chunk()
        && (name | form) < 0x80
    {
        *at += 2;
        return Some((u16::from(name), u16::from(form)));
    }
    let name = u16::try_from(uleb(data, at)?).unwrap_or(u16::MAX);
    Some((name, u16::try_from(uleb(data, at)?).ok()?))
}

fn sleb(data: &[u8], at: &mut usize) -> Option<i64> {
    let start = *at;
    let value = uleb(data, at)?;
    let bits = 7 * (*at - start) as u32;
    let negative = *data.get(*at - 1)? & 0x40 != 0;
    Some(if negative && bits < 64 { (value | (u64::MAX << bits)) as i64 } else { value as i64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leb128() {
        let mut at = 0;
        assert_eq!(uleb(&[0xe5, 0x8e, 0x26], &mut at), Some(624_485));
        assert_eq!(at, 3);
        assert_eq!(sleb(&[0xc0, 0xbb, 0x78], &mut 0), Some(-123_456));
        assert_eq!(uleb(&[0x80], &mut 0), None);
    }

    #[test]
    fn fixed_shapes_know_where_the_name_is() {
        // 1: DW_TAG_structure_type, children: decl_line data1, name strp, sibling ref4.
        let table = [1, 0x13, 1, 0x3b, 0x0b, 0x03, 0x0e, 0x01, 0x13, 0, 0, 0];
        let mut shapes = Shapes::default();
        let sizes = Sizes { offset: 4, address: 8, version: 5 };
        shapes.read(&table, sizes).unwrap();
        let shape = shapes.get(1).unwrap();
        assert_eq!((shape.class, shape.fixed), (Class::Struct, Some(9)));
        assert_eq!(shape.name.unwrap().at, 1);
        assert_eq!(shape.sibling.unwrap().at, 5);
        for cut in 0..table.len() {
            assert!(shapes.read(&table[..cut], sizes).is_none());
        }
    }
}
