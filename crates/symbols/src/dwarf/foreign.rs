//! Types that C does not have, in programs written in other languages. They are named and refused, never shown as something
//! they are not.

use super::debug_info::UnitContext;
use super::die::Die;
use gimli::constants as dw;
use kdive_types::{Kind, Node, Type};
use std::sync::Arc;

/// How far the name of what a reference refers to is looked for.
const MAX_NAME: usize = 8;

impl<'a> UnitContext<'a> {
    /// Whether a structure is more than its members say: base classes lie in it, or members that are there only for some
    /// values of another one.
    pub(super) fn needs_another_language(&self, die: &Die<'a>) -> bool {
        if self.is_c() {
            return false;
        }
        let mut found = false;
        self.for_each_child(die, |child| {
            found |= matches!(child.tag(), dw::DW_TAG_inheritance | dw::DW_TAG_variant_part);
        });
        found
    }

    /// The language of the functions a structure has as members.
    pub(super) fn language_of_functions(&self, die: &Die<'a>) -> Option<Arc<str>> {
        if self.is_c() || !self.has_child(die, dw::DW_TAG_subprogram) {
            return None;
        }
        self.data.language.map(|name| language(name).into())
    }

    fn is_c(&self) -> bool {
        matches!(super::units::language_name(self.data.language), "c" | "asm")
    }

    /// The stand-in for a type of another language: its name and size, and why its values are not shown.
    pub(super) fn foreign(&self, die: &Die<'a>) -> Type {
        let what = match die.tag() {
            dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type => "a reference",
            dw::DW_TAG_ptr_to_member_type => "a pointer to a member",
            dw::DW_TAG_variant_part => "an enumeration with data",
            _ if self.has_child(die, dw::DW_TAG_inheritance) => "a class with base classes",
            _ => "an enumeration with data",
        };
        let language = self.data.language.map_or_else(|| "another language".to_owned(), language);
        let name = self.foreign_name(die);
        let shown = name.as_deref().unwrap_or("this type");
        let reason = format!("{shown} is {what} of {language}, which kdive cannot show yet");
        let size = die.attr_value(dw::DW_AT_byte_size).and_then(|value| value.udata_value());
        let is_address = matches!(die.tag(), dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type);
        let address_size = u64::from(self.unit.encoding().address_size);
        Type::new(Node {
            byte_size: size.or_else(|| is_address.then_some(address_size)),
            name,
            align: None,
            big_endian: false,
            kind: Kind::Foreign(reason.into()),
        })
    }

    fn has_child(&self, die: &Die<'a>, tag: gimli::DwTag) -> bool {
        let mut found = false;
        self.for_each_child(die, |child| found |= child.tag() == tag);
        found
    }

    /// `int &` for a reference, else the name of the type.
    fn foreign_name(&self, die: &Die<'a>) -> Option<Arc<str>> {
        let suffix = match die.tag() {
            dw::DW_TAG_reference_type => " &",
            dw::DW_TAG_rvalue_reference_type => " &&",
            _ => return self.name(die),
        };
        // By entries, not types: damaged ones may lead back here.
        let mut prefix = "";
        let mut key = self.type_key(die)?;
        for _ in 0..MAX_NAME {
            let context = self.info.context_of(key)?;
            let target = context.die_of_key(key)?;
            match target.tag() {
                dw::DW_TAG_const_type => prefix = "const ",
                dw::DW_TAG_volatile_type => prefix = "volatile ",
                _ => return Some(format!("{prefix}{}{suffix}", context.name(&target)?).into()),
            }
            key = context.type_key(&target)?;
        }
        None
    }
}

/// The name of a language for messages.
fn language(language: gimli::DwLang) -> String {
    match super::units::language_name(Some(language)) {
        "c++" => "C++".to_owned(),
        "rust" => "Rust".to_owned(),
        _ => {
            language.static_string().map_or_else(|| language.to_string(), |name| name.replace("DW_LANG_", ""))
        }
    }
}
