//! Attributes of entries, with what they inherit from the entries they are instances of.

use super::debug_info::{DebugInfo, UnitContext};
use super::units::{DieKey, Slice, TYPES_FLAG};
use gimli::constants as dw;
use gimli::{AttributeValue, DebuggingInformationEntry, DwAt, UnitOffset};
use std::sync::Arc;

/// An entry of a unit.
pub(crate) type Die<'a> = DebuggingInformationEntry<Slice<'a>>;

/// The key of an entry that is in a file which is missing.
pub(super) const NOWHERE: DieKey = TYPES_FLAG - 1;

/// Longest chain of `DW_AT_abstract_origin` and `DW_AT_specification` that is followed.
const MAX_ORIGINS: usize = 8;

impl<'a> UnitContext<'a> {
    /// The entry at an offset in the unit.
    pub(crate) fn die(&self, offset: usize) -> Option<Die<'a>> {
        self.unit.entry(UnitOffset(offset)).ok()
    }

    /// The entry of a key that lies in this unit.
    pub(crate) fn die_of_key(&self, key: DieKey) -> Option<Die<'a>> {
        self.die(self.offset_of_key(key)?)
    }

    pub(crate) fn offset_of_key(&self, key: DieKey) -> Option<usize> {
        usize::try_from(key.checked_sub(self.base)?).ok()
    }

    /// The key of an entry of this unit.
    pub(crate) fn key(&self, die: &Die<'a>) -> DieKey {
        self.key_at(die.offset())
    }

    pub(crate) fn key_at(&self, offset: UnitOffset) -> DieKey {
        self.base + offset.0 as u64
    }

    /// What a reference points to.
    pub(crate) fn reference(&self, value: AttributeValue<Slice<'a>>) -> Option<DieKey> {
        match value {
            AttributeValue::UnitRef(offset) => Some(self.key_at(offset)),
            AttributeValue::DebugInfoRef(offset) => Some(offset.0 as u64),
            // What is in a file of shared debug information that was not found.
            AttributeValue::DebugInfoRefSup(_) => Some(NOWHERE),
            AttributeValue::DebugTypesRef(signature) => self.info.type_of_signature(signature.0),
            _ => None,
        }
    }

    /// The entry this one is an instance or completion of.
    pub(crate) fn origin(&self, die: &Die<'a>) -> Option<DieKey> {
        let value =
            die.attr_value(dw::DW_AT_abstract_origin).or_else(|| die.attr_value(dw::DW_AT_specification))?;
        self.reference(value)
    }

    /// Calls `read` for the entry and its origins in turn until it answers. Origins may lie in another unit.
    pub(crate) fn inherited<T>(
        &self,
        die: &Die<'a>,
        read: impl for<'x> Fn(&UnitContext<'x>, &Die<'x>) -> Option<T>,
    ) -> Option<T> {
        if let Some(found) = read(self, die) {
            return Some(found);
        }
        let mut key = self.origin(die)?;
        for _ in 0..MAX_ORIGINS {
            let step = |context: &UnitContext<'a>| {
                let die = context.die_of_key(key)?;
                Some(match read(context, &die) {
                    Some(found) => Ok(found),
                    None => Err(context.origin(&die)),
                })
            };
            let outcome = if self.holds(key) { step(self)? } else { step(&self.info.context_of(key)?)? };
            match outcome {
                Ok(found) => return Some(found),
                Err(next) => key = next?,
            }
        }
        None
    }

    /// Whether a key lies in this unit.
    pub(crate) fn holds(&self, key: DieKey) -> bool {
        let len = self.unit.header.length_including_self() as u64;
        key.checked_sub(self.base).is_some_and(|offset| offset < len)
    }

    /// `DW_AT_name`, own or inherited; an empty one is none.
    pub(crate) fn name(&self, die: &Die<'a>) -> Option<Arc<str>> {
        self.inherited(die, |context, die| context.text(die.attr_value(dw::DW_AT_name)?))
            .filter(|name| !name.is_empty())
    }

    pub(crate) fn text(&self, value: AttributeValue<Slice<'a>>) -> Option<Arc<str>> {
        let bytes = self.dwarf.attr_string(&self.unit, value).ok()?;
        Some(Arc::from(&*bytes.to_string_lossy()))
    }

    /// Whether a flag is set, on the entry itself or inherited.
    pub(crate) fn flag(&self, die: &Die<'a>, name: DwAt) -> bool {
        self.inherited(die, |_, die| die.attr_value(name).map(|value| value == AttributeValue::Flag(true)))
            .unwrap_or(false)
    }

    /// `DW_AT_declaration`, which completions do not inherit.
    pub(crate) fn is_declaration(&self, die: &Die<'a>) -> bool {
        die.attr_value(dw::DW_AT_declaration) == Some(AttributeValue::Flag(true))
    }

    /// The type an entry refers to, own or inherited.
    pub(crate) fn type_key(&self, die: &Die<'a>) -> Option<DieKey> {
        self.inherited(die, |context, die| context.reference(die.attr_value(dw::DW_AT_type)?))
    }

    /// File and line of the declaration, 0 if unknown.
    pub(crate) fn declared_at(&self, die: &Die<'a>) -> (Option<FileRef>, u32) {
        let line =
            self.inherited(die, |_, die| die.attr_value(dw::DW_AT_decl_line)?.udata_value()).unwrap_or(0);
        let file = self.inherited(die, |context, die| context.file_number(die, dw::DW_AT_decl_file));
        (file, u32::try_from(line).unwrap_or(0))
    }

    pub(crate) fn file_number(&self, die: &Die<'a>, name: DwAt) -> Option<FileRef> {
        let number = match die.attr_value(name)? {
            AttributeValue::FileIndex(number) => number,
            value => value.udata_value()?,
        };
        Some(FileRef { unit: self.index, number })
    }

    /// Code ranges of an entry, empty ones left out, in the order of the file. `None` when it states none.
    pub(crate) fn ranges(&self, die: &Die<'a>) -> Option<Vec<(u64, u64)>> {
        if !die.has_attr(dw::DW_AT_ranges) && !die.has_attr(dw::DW_AT_high_pc) {
            return None;
        }
        let mut iter = self.dwarf.die_ranges(&self.unit, die).ok()?;
        let mut ranges = Vec::new();
        while let Ok(Some(range)) = iter.next() {
            if range.begin < range.end {
                ranges.push((range.begin, range.end));
            }
        }
        Some(ranges)
    }

    /// An address attribute.
    pub(crate) fn address(&self, die: &Die<'a>, name: DwAt) -> Option<u64> {
        self.dwarf.attr_address(&self.unit, die.attr_value(name)?).ok()?
    }
}

/// A source file as entries name it: the number in the line table of a unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FileRef {
    pub(crate) unit: usize,
    pub(crate) number: u64,
}

impl DebugInfo {
    /// The unit that holds an entry, with readers over it.
    pub(crate) fn context_of(&self, key: DieKey) -> Option<UnitContext<'_>> {
        self.context(self.unit_of(key)?)
    }

    /// The entry of the type that a type unit's signature stands for.
    fn type_of_signature(&self, signature: u64) -> Option<DieKey> {
        let (start, offset, in_types) = self.units().iter().find_map(|unit| {
            let (unit_signature, offset) = unit.head.signature?;
            (unit_signature == signature).then_some((unit.head.start, offset, unit.head.in_types))
        })?;
        let key = start.checked_add(offset)?;
        Some(if in_types { key | TYPES_FLAG } else { key })
    }
}
