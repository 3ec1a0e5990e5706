//! The types a description defines and the predefined ones.

use super::{Place, sized};
use crate::regtype::{EnumValue, Field, FlagField, FloatFormat, RegType};
use crate::{Arch, ArchError};
use roxmltree::Node;
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

/// Types of one description.
const MAX_TYPES: usize = 1024;
/// Members of one type.
const MAX_FIELDS: usize = 512;
/// Types inside types, vectors of vectors and so on.
const MAX_NESTING: u32 = 16;
/// Members of members of a type, all counted: bounds the work of printing one.
const MAX_LEAVES: usize = 16_384;
/// Bytes of one type.
const MAX_SIZE: usize = 1 << 17;

pub(super) struct Types {
    arch: Arch,
    defined: HashMap<String, Entry>,
}

struct Entry {
    ty: RegType,
    nesting: u32,
    leaves: usize,
}

impl Types {
    pub(super) fn new(arch: Arch) -> Self {
        Self { arch, defined: HashMap::new() }
    }

    /// The type of a register by the name in its `type` attribute. `int` and `float` go by the size of the register;
    /// an undefined name is an integer.
    pub(super) fn of_register(&self, name: &str, bits: u32) -> RegType {
        if let Some(entry) = self.defined.get(name) {
            return sized(entry.ty.clone(), bits);
        }
        if let Some(ty) = predefined(self.arch, name) {
            return sized(ty, bits);
        }
        let ty = match (name, bits) {
            ("float", 32) => RegType::Float(FloatFormat::Single),
            ("float", 64) => RegType::Float(FloatFormat::Double),
            ("float", 80) => RegType::Float(FloatFormat::I387Ext),
            _ => self.int(bits),
        };
        sized(ty, bits)
    }

    /// gdb takes the C type of that size, `long` before `int`.
    fn int(&self, bits: u32) -> RegType {
        let name = match bits {
            _ if bits == u32::from(self.arch.address_size()) * 8 => "long",
            64 => "long long",
            32 => "int",
            128 => "int128_t",
            _ => "int",
        };
        match u16::try_from(bits) {
            Ok(bits) if bits <= 512 => RegType::Int { bits, signed: true, name },
            _ => bytes(bits as usize / 8),
        }
    }

    /// Reads one type definition.
    pub(super) fn define(&mut self, node: Node<'_, '_>, place: Place<'_>) -> Result<(), ArchError> {
        let id = node.attribute("id").ok_or_else(|| place.bad(node, "type without id"))?.to_owned();
        if self.defined.len() >= MAX_TYPES {
            return Err(place.too_large("types", MAX_TYPES));
        }
        let mut entry = match node.tag_name().name() {
            "vector" => self.vector(&id, node, place)?,
            "union" => self.union(&id, node, place)?,
            "struct" => self.structure(&id, node, place)?,
            "flags" => self.flags(&id, node, place)?,
            _ => enumeration(&id, node, place)?,
        };
        entry.nesting += 1;
        if entry.nesting > MAX_NESTING || entry.leaves > MAX_LEAVES || entry.ty.size() > MAX_SIZE {
            return Err(place.bad(node, &format!("type {id} is too large")));
        }
        self.defined.insert(id, entry);
        Ok(())
    }

    fn get(&self, name: &str, node: Node<'_, '_>, place: Place<'_>) -> Result<Entry, ArchError> {
        if let Some(Entry { ty, nesting, leaves }) = self.defined.get(name) {
            return Ok(Entry { ty: ty.clone(), nesting: *nesting, leaves: *leaves });
        }
        predefined(self.arch, name)
            .map(|ty| Entry { ty, nesting: 0, leaves: 1 })
            .ok_or_else(|| place.bad(node, &format!("unknown type {name}")))
    }

    fn vector(&self, id: &str, node: Node<'_, '_>, place: Place<'_>) -> Result<Entry, ArchError> {
        let element = self.get(node.attribute("type").unwrap_or_default(), node, place)?;
        let count: u32 =
            attribute(node, "count", place)?.ok_or_else(|| place.bad(node, "vector without count"))?;
        let ty = RegType::Vector { name: id.to_owned(), element: Arc::new(element.ty), count };
        Ok(Entry { ty, nesting: element.nesting, leaves: element.leaves + 1 })
    }

    fn union(&self, id: &str, node: Node<'_, '_>, place: Place<'_>) -> Result<Entry, ArchError> {
        let mut fields = Vec::new();
        let mut whole = Entry { ty: RegType::Bool, nesting: 0, leaves: 1 };
        for child in fields_of(node, place)? {
            let member = self.get(child.attribute("type").unwrap_or_default(), child, place)?;
            whole.nesting = whole.nesting.max(member.nesting);
            whole.leaves = whole.leaves.saturating_add(member.leaves);
            fields.push(Field { name: name_of(child), ty: member.ty, bits: None });
        }
        whole.ty = RegType::Union { name: id.to_owned(), fields: fields.into() };
        Ok(whole)
    }

    fn structure(&self, id: &str, node: Node<'_, '_>, place: Place<'_>) -> Result<Entry, ArchError> {
        let size: Option<usize> = attribute(node, "size", place)?;
        let mut fields = Vec::new();
        let mut whole = Entry { ty: RegType::Bool, nesting: 0, leaves: 1 };
        let mut end = 0usize;
        for child in fields_of(node, place)? {
            let bits = bits_of(child, size.unwrap_or(8), place)?;
            let member = match (child.attribute("type"), bits) {
                (Some(name), _) => self.get(name, child, place)?,
                (None, Some(_)) => Entry { ty: wide(size.unwrap_or(8)), nesting: 0, leaves: 1 },
                (None, None) => return Err(place.bad(child, "field without type")),
            };
            if bits.is_none() {
                end = end.saturating_add(member.ty.size());
            }
            whole.nesting = whole.nesting.max(member.nesting);
            whole.leaves = whole.leaves.saturating_add(member.leaves);
            fields.push(Field { name: name_of(child), ty: member.ty, bits });
        }
        let size = size.unwrap_or(end);
        whole.ty = RegType::Struct { name: id.to_owned(), size, fields: fields.into() };
        Ok(whole)
    }

    fn flags(&self, id: &str, node: Node<'_, '_>, place: Place<'_>) -> Result<Entry, ArchError> {
        let size: usize =
            attribute(node, "size", place)?.ok_or_else(|| place.bad(node, "flags without size"))?;
        if !matches!(size, 1 | 2 | 4 | 8) {
            return Err(place.bad(node, &format!("flags of {size} bytes")));
        }
        let mut fields = Vec::new();
        for child in fields_of(node, place)? {
            let (start, end) =
                bits_of(child, size, place)?.ok_or_else(|| place.bad(child, "flag without start"))?;
            let ty = match child.attribute("type") {
                Some(name) => self.get(name, child, place)?.ty,
                None if start == end => RegType::Bool,
                None => wide(size),
            };
            fields.push(FlagField { name: name_of(child), start, end, ty });
        }
        let leaves = fields.len();
        Ok(Entry {
            ty: RegType::Flags { name: id.to_owned(), size, fields: fields.into() },
            nesting: 0,
            leaves,
        })
    }
}

fn enumeration(id: &str, node: Node<'_, '_>, place: Place<'_>) -> Result<Entry, ArchError> {
    let size = attribute(node, "size", place)?.unwrap_or(4);
    let mut values = Vec::new();
    for child in node.children().filter(|child| child.has_tag_name("evalue")) {
        if values.len() >= MAX_FIELDS {
            return Err(place.too_large("enum values", MAX_FIELDS));
        }
        let value = attribute(child, "value", place)?.unwrap_or(0);
        values.push(EnumValue { name: name_of(child), value });
    }
    let leaves = values.len();
    Ok(Entry { ty: RegType::Enum { name: id.to_owned(), size, values: values.into() }, nesting: 0, leaves })
}

fn fields_of<'a, 'i>(node: Node<'a, 'i>, place: Place<'_>) -> Result<Vec<Node<'a, 'i>>, ArchError> {
    let fields: Vec<_> = node.children().filter(|child| child.has_tag_name("field")).collect();
    if fields.len() > MAX_FIELDS {
        return Err(place.too_large("fields", MAX_FIELDS));
    }
    Ok(fields)
}

/// First and last bit of a bit-field; a field without `end` is one bit.
fn bits_of(node: Node<'_, '_>, size: usize, place: Place<'_>) -> Result<Option<(u16, u16)>, ArchError> {
    let Some(start) = attribute::<u16>(node, "start", place)? else { return Ok(None) };
    let end: u16 = attribute(node, "end", place)?.unwrap_or(start);
    if end < start || usize::from(end) >= size.saturating_mul(8).min(64) {
        return Err(place.bad(node, &format!("bits {start} to {end} of {size} bytes")));
    }
    Ok(Some((start, end)))
}

fn name_of(node: Node<'_, '_>) -> String {
    node.attribute("name").unwrap_or_default().to_owned()
}

fn wide(size: usize) -> RegType {
    RegType::uint(if size > 4 { 64 } else { 32 })
}

/// Bytes without meaning.
pub(super) fn bytes(size: usize) -> RegType {
    let count = u32::try_from(size).unwrap_or(u32::MAX);
    RegType::Vector { name: String::new(), element: Arc::new(RegType::uint(8)), count }
}

/// "Predefined Target Types" of the GDB manual.
fn predefined(arch: Arch, name: &str) -> Option<RegType> {
    let pointer = u16::from(arch.address_size()) * 8;
    Some(match name {
        "bool" => RegType::Bool,
        "int8" => RegType::int(8),
        "int16" => RegType::int(16),
        "int32" => RegType::int(32),
        "int64" => RegType::int(64),
        "int128" => RegType::int(128),
        "uint8" => RegType::uint(8),
        "uint16" => RegType::uint(16),
        "uint32" => RegType::uint(32),
        "uint64" => RegType::uint(64),
        "uint128" => RegType::uint(128),
        "code_ptr" => RegType::CodePtr(pointer),
        "data_ptr" => RegType::DataPtr(pointer),
        "ieee_half" => RegType::Float(FloatFormat::Half),
        "ieee_single" => RegType::Float(FloatFormat::Single),
        "ieee_double" => RegType::Float(FloatFormat::Double),
        "bfloat16" => RegType::Float(FloatFormat::BFloat16),
        "i387_ext" => RegType::Float(FloatFormat::I387Ext),
        _ => return None,
    })
}

/// A number in an attribute: decimal, or hexadecimal with `0x`.
pub(super) fn attribute<T: TryFrom<u64> + FromStr>(
    node: Node<'_, '_>,
    name: &str,
    place: Place<'_>,
) -> Result<Option<T>, ArchError> {
    let Some(text) = node.attribute(name) else { return Ok(None) };
    let text = text.trim();
    let value = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    match value.and_then(|value| T::try_from(value).ok()) {
        Some(value) => Ok(Some(value)),
        None => Err(place.bad(node, &format!("{name}=\"{text}\" is not a number that fits"))),
    }
}
