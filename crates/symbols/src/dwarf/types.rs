//! Entries to types.
//!
//! A type's node is made when somebody looks at it and holds only keys of what it refers to; members are read when asked
//! for. One entry gives one node, however often it is asked for.

use super::debug_info::{DebugInfo, UnitContext};
use super::die::{Die, NOWHERE};
use super::units::{DieKey, Slice};
use gimli::constants as dw;
use gimli::{AttributeValue, Operation};
use kdive_types::{
    Array, Base, Composite, CompositeKind, Encoding, Enum, Enumerator, Function, Kind, Member, Node, Param,
    Quals, Type, TypeRef, TypeSource,
};
use std::sync::{Arc, PoisonError, Weak};

/// More children than any type has; the rest of a damaged one is not read.
const MAX_CHILDREN: usize = 1 << 20;

impl TypeSource for DebugInfo {
    fn resolve(&self, key: u64) -> Type {
        if let Some(known) = self.types.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        // Not under the lock: making a node may take a while, and may come back here from another thread.
        let made = self.make_type(key);
        self.types.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(made).clone()
    }

    fn members(&self, key: u64) -> Vec<Member> {
        let Some(context) = self.context_of(key) else { return Vec::new() };
        let Some(die) = context.die_of_key(key) else { return Vec::new() };
        let mut members = Vec::new();
        context.for_each_child(&die, |child| {
            if child.tag() == dw::DW_TAG_member && !is_static_member(child) {
                members.push(context.member(child));
            }
        });
        members
    }
}

fn is_static_member(die: &Die<'_>) -> bool {
    let flag = |name| die.attr_value(name) == Some(AttributeValue::Flag(true));
    flag(dw::DW_AT_external) && flag(dw::DW_AT_declaration)
}

impl DebugInfo {
    /// A reference to the type of an entry; none is `void`.
    pub(crate) fn type_ref(&self, key: Option<DieKey>) -> TypeRef {
        match key {
            Some(key) => {
                let source: Weak<dyn TypeSource> = self.this.clone();
                TypeRef::deferred(source, key)
            }
            None => Type::void().into(),
        }
    }

    /// The type of a type unit, which is not itself a stand-in.
    fn in_type_unit(&self, key: DieKey) -> Type {
        let definition = |context: UnitContext<'_>| {
            let die = context.die_of_key(key)?;
            (!die.has_attr(dw::DW_AT_signature)).then(|| self.resolve(key))
        };
        self.context_of(key).and_then(definition).unwrap_or_else(|| Type::error("damaged type unit"))
    }

    fn make_type(&self, key: DieKey) -> Type {
        if key == NOWHERE {
            // With a name, so that values of it are refused rather than guessed.
            return Type::new(Node {
                name: Some("<type in a missing file>".into()),
                byte_size: None,
                align: None,
                big_endian: false,
                kind: Kind::Error("in a file of shared debug information that was not found".into()),
            });
        }
        let found = self.context_of(key).and_then(|context| {
            let die = context.die_of_key(key)?;
            // Only a stand-in for the type of a type unit.
            let unit = die.attr_value(dw::DW_AT_signature).and_then(|value| context.reference(value));
            match unit {
                Some(unit) => Some(self.in_type_unit(unit)),
                None => Some(context.make_type(&die, key)),
            }
        });
        found.unwrap_or_else(|| Type::error(&format!("no entry at offset {key:#x}")))
    }
}

impl<'a> UnitContext<'a> {
    /// Calls `visit` for each child of an entry.
    pub(crate) fn for_each_child(&self, die: &Die<'a>, mut visit: impl FnMut(&Die<'a>)) {
        if !die.has_children() {
            return;
        }
        let Ok(mut entries) = self.unit.entries_at_offset(die.offset()) else { return };
        if !matches!(entries.next_dfs(), Ok(Some(_))) || !matches!(entries.next_entry(), Ok(true)) {
            return;
        }
        for _ in 0..MAX_CHILDREN {
            match entries.current() {
                Some(child) if !child.is_null() => visit(child),
                _ => return,
            }
            if !matches!(entries.next_sibling(), Ok(Some(_))) {
                return;
            }
        }
    }

    fn make_type(&self, die: &Die<'a>, key: DieKey) -> Type {
        let target = || self.info.type_ref(self.type_key(die));
        let qualified = |quals| Kind::Qualified(quals, target());
        let none = Quals::default();
        let kind = match die.tag() {
            dw::DW_TAG_base_type => base_kind(die),
            dw::DW_TAG_unspecified_type => Kind::Void,
            dw::DW_TAG_pointer_type => Kind::Pointer(target()),
            dw::DW_TAG_reference_type
            | dw::DW_TAG_rvalue_reference_type
            | dw::DW_TAG_ptr_to_member_type
            | dw::DW_TAG_variant_part => return self.foreign(die),
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type | dw::DW_TAG_union_type
                if self.needs_another_language(die) =>
            {
                return self.foreign(die);
            }
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type | dw::DW_TAG_interface_type => {
                Kind::Composite(self.composite(die, key, CompositeKind::Struct))
            }
            dw::DW_TAG_union_type => Kind::Composite(self.composite(die, key, CompositeKind::Union)),
            dw::DW_TAG_enumeration_type => Kind::Enum(self.enumeration(die)),
            dw::DW_TAG_typedef => Kind::Typedef(target()),
            dw::DW_TAG_const_type => qualified(Quals { is_const: true, ..none }),
            dw::DW_TAG_volatile_type => qualified(Quals { is_volatile: true, ..none }),
            dw::DW_TAG_restrict_type => qualified(Quals { is_restrict: true, ..none }),
            dw::DW_TAG_atomic_type => qualified(Quals { is_atomic: true, ..none }),
            dw::DW_TAG_array_type => return self.array(die),
            dw::DW_TAG_subroutine_type | dw::DW_TAG_subprogram | dw::DW_TAG_inlined_subroutine => {
                return Type::derived(Kind::Function(self.function(die)));
            }
            tag => Kind::Error(format!("entry at offset {key:#x} is a {tag}, not a type").into()),
        };
        let number = |name| die.attr_value(name).and_then(|value: AttributeValue<_>| value.udata_value());
        let name = match die.tag() {
            dw::DW_TAG_unspecified_type => Some(self.name(die).unwrap_or_else(|| "void".into())),
            _ => self.name(die),
        };
        let mut byte_size = number(dw::DW_AT_byte_size);
        if byte_size.is_none() && matches!(kind, Kind::Void) {
            byte_size = Some(1);
        }
        let name = match kind {
            // gdb's name of a type that has none and that it cannot read.
            Kind::Error(_) if die.tag() == dw::DW_TAG_base_type => {
                name.or_else(|| Some("__unknown__".into()))
            }
            _ => name,
        };
        let big_endian =
            die.attr_value(dw::DW_AT_endianity) == Some(AttributeValue::Endianity(dw::DW_END_big));
        Type::new(Node { name, byte_size, align: number(dw::DW_AT_alignment), big_endian, kind })
    }

    fn composite(&self, die: &Die<'a>, key: DieKey, kind: CompositeKind) -> Composite {
        if self.is_declaration(die) {
            // Without a definition in a type unit it is only a name.
            return Composite::declared(kind);
        }
        let source: Weak<dyn TypeSource> = self.info.this.clone();
        let mut composite = Composite::deferred(kind, source, key);
        composite.functions_of = self.language_of_functions(die);
        composite
    }

    fn member(&self, die: &Die<'a>) -> Member {
        let number = |name| die.attr_value(name).and_then(|value: AttributeValue<_>| value.udata_value());
        let ty = self.info.type_ref(self.type_key(die));
        let location = die.attr_value(dw::DW_AT_data_member_location);
        let bytes = location.and_then(|value| self.member_location(value)).unwrap_or(0);
        let bits = bytes.saturating_mul(8);
        let bit_size = number(dw::DW_AT_bit_size).and_then(|size| u32::try_from(size).ok());
        let bit_offset = if let Some(offset) = number(dw::DW_AT_data_bit_offset) {
            bits.saturating_add(offset)
        } else if let (Some(from_top), Some(size)) = (number(dw::DW_AT_bit_offset), bit_size) {
            // DWARF 2 and 3 count from the most significant bit of a storage unit, whose size is that of the type
            // unless stated.
            let unit = number(dw::DW_AT_byte_size).or_else(|| ty.get().size()).unwrap_or(0).saturating_mul(8);
            bits.saturating_add(unit).saturating_sub(from_top).saturating_sub(u64::from(size))
        } else {
            bits
        };
        Member { name: self.name(die), ty, bit_offset, bit_size }
    }

    /// A constant, or in old DWARF an expression that adds one.
    fn member_location(&self, value: AttributeValue<Slice<'a>>) -> Option<u64> {
        if let Some(offset) = value.udata_value() {
            return Some(offset);
        }
        let expression = value.exprloc_value().or(match value {
            AttributeValue::Block(block) => Some(gimli::Expression(block)),
            _ => None,
        })?;
        match expression.operations(self.unit.encoding()).next().ok()?? {
            Operation::PlusConstant { value } | Operation::UnsignedConstant { value } => Some(value),
            _ => None,
        }
    }

    fn enumeration(&self, die: &Die<'a>) -> Enum {
        let mut enumerators = Vec::new();
        self.for_each_child(die, |child| {
            if child.tag() == dw::DW_TAG_enumerator
                && let Some(name) = self.name(child)
            {
                let value = child.attr_value(dw::DW_AT_const_value).and_then(constant).unwrap_or(0);
                enumerators.push(Enumerator { name, value });
            }
        });
        // As in gdb: unsigned when the underlying type is, or when no value is negative.
        let unsigned =
            self.underlying_is_unsigned(die) || enumerators.iter().all(|enumerator| enumerator.value >= 0);
        Enum { enumerators, unsigned, declaration: self.is_declaration(die) }
    }

    /// Whether the base type behind an enumeration is unsigned. Follows entries, not types: damaged ones may lead back here.
    fn underlying_is_unsigned(&self, die: &Die<'a>) -> bool {
        let mut next = self.type_key(die);
        for _ in 0..8 {
            let Some(die) = next.filter(|&key| self.holds(key)).and_then(|key| self.die_of_key(key)) else {
                return false;
            };
            if die.tag() == dw::DW_TAG_base_type {
                return matches!(base_kind(&die), Kind::Base(base)
                    if !matches!(base.encoding, Encoding::Signed | Encoding::SignedChar));
            }
            next = self.type_key(&die);
        }
        false
    }

    fn array(&self, die: &Die<'a>) -> Type {
        let mut dimensions = Vec::new();
        self.for_each_child(die, |child| match child.tag() {
            dw::DW_TAG_subrange_type => dimensions.push(subrange_count(child)),
            dw::DW_TAG_enumeration_type => dimensions.push(None),
            _ => {}
        });
        if dimensions.is_empty() {
            dimensions.push(None);
        }
        let vector = self.flag(die, dw::DW_AT_GNU_vector);
        let byte_size = die.attr_value(dw::DW_AT_byte_size).and_then(|value| value.udata_value());
        let name = self.name(die);
        let align = die.attr_value(dw::DW_AT_alignment).and_then(|value| value.udata_value());
        let mut elem = self.info.type_ref(self.type_key(die));
        let outermost = dimensions.len() - 1;
        for (index, count) in dimensions.into_iter().rev().enumerate() {
            let kind = Kind::Array(Array { elem, count, vector: vector && index == outermost });
            let node = if index == outermost {
                Node { name: name.clone(), byte_size, align, big_endian: false, kind }
            } else {
                Node { name: None, byte_size: None, align: None, big_endian: false, kind }
            };
            elem = Type::new(node).into();
        }
        elem.get()
    }

    fn function(&self, die: &Die<'a>) -> Function {
        let mut params = Vec::new();
        let mut variadic = false;
        let mut add = |context: &UnitContext<'_>, tag, name, ty| match tag {
            dw::DW_TAG_formal_parameter => params.push(Param { name, ty: context.info.type_ref(ty) }),
            dw::DW_TAG_unspecified_parameters => variadic = true,
            _ => {}
        };
        self.for_each_child(die, |child| add(self, child.tag(), self.name(child), self.type_key(child)));
        Function {
            ret: self.info.type_ref(self.type_key(die)),
            params,
            variadic,
            prototyped: self.flag(die, dw::DW_AT_prototyped),
        }
    }
}

fn base_kind(die: &Die<'_>) -> Kind {
    let encoding = match die.attr_value(dw::DW_AT_encoding) {
        Some(AttributeValue::Encoding(encoding)) => encoding,
        _ => dw::DW_ATE_signed,
    };
    let encoding = match encoding {
        dw::DW_ATE_boolean => Encoding::Bool,
        dw::DW_ATE_float | dw::DW_ATE_decimal_float | dw::DW_ATE_imaginary_float => Encoding::Float,
        dw::DW_ATE_complex_float => Encoding::ComplexFloat,
        dw::DW_ATE_signed_char => Encoding::SignedChar,
        dw::DW_ATE_unsigned_char | dw::DW_ATE_ASCII => Encoding::UnsignedChar,
        dw::DW_ATE_unsigned | dw::DW_ATE_unsigned_fixed | dw::DW_ATE_address => Encoding::Unsigned,
        dw::DW_ATE_UTF | dw::DW_ATE_UCS => Encoding::Utf,
        // `_Complex int` of gcc, and what other compilers put there: no other reader is known.
        encoding if encoding >= dw::DW_ATE_lo_user => {
            return Kind::Error(format!("base type with encoding {encoding}").into());
        }
        _ => Encoding::Signed,
    };
    let bit_size = die.attr_value(dw::DW_AT_bit_size).and_then(|value| value.udata_value());
    Kind::Base(Base { encoding, bit_size: bit_size.and_then(|size| u32::try_from(size).ok()) })
}

/// Number of elements of a dimension.
fn subrange_count(die: &Die<'_>) -> Option<u64> {
    if let Some(count) = die.attr_value(dw::DW_AT_count) {
        return count.udata_value();
    }
    let lower = die.attr_value(dw::DW_AT_lower_bound).and_then(constant).unwrap_or(0);
    let upper = constant(die.attr_value(dw::DW_AT_upper_bound)?)?;
    // An upper bound of -1 is how some compilers write a count of 0.
    u64::try_from(upper.checked_sub(lower)?.checked_add(1)?).ok()
}

/// The number in a constant of any form; forms without a sign are zero-extended.
pub(super) fn constant(value: AttributeValue<Slice<'_>>) -> Option<i64> {
    match value {
        AttributeValue::Sdata(value) => Some(value),
        value => value.udata_value().map(|value| value as i64).or_else(|| value.sdata_value()),
    }
}

/// Keeps what is resolved.
pub(super) type TypeCache = std::sync::Mutex<std::collections::HashMap<DieKey, Type, crate::hash::IntBuild>>;

const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<DebugInfo>();
    shared::<Arc<DebugInfo>>();
};
