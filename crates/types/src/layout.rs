//! Questions about types: qualifiers, class, sign, alignment, members.

use kdive_base::Nearest;

use crate::{Array, Base, Composite, CompositeKind, Encoding, Enum, Kind, Member, Quals, Type};
use std::sync::Arc;

/// Longest chain of typedefs, qualifiers or nested anonymous members that is followed.
const MAX_DEPTH: usize = 256;

impl Quals {
    /// No qualifier.
    pub const NONE: Self = Self { is_const: false, is_volatile: false, is_restrict: false, is_atomic: false };

    /// `const`.
    pub const CONST: Self = Self { is_const: true, ..Self::NONE };

    /// `volatile`.
    pub const VOLATILE: Self = Self { is_volatile: true, ..Self::NONE };

    /// Qualifiers of either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            is_const: self.is_const || other.is_const,
            is_volatile: self.is_volatile || other.is_volatile,
            is_restrict: self.is_restrict || other.is_restrict,
            is_atomic: self.is_atomic || other.is_atomic,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// The names, in the order gdb prints them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [
            (self.is_const, "const"),
            (self.is_volatile, "volatile"),
            (self.is_restrict, "restrict"),
            (self.is_atomic, "_Atomic"),
        ]
        .into_iter()
        .filter_map(|(is_set, name)| is_set.then_some(name))
    }
}

impl Type {
    /// The qualifiers on the outside, and the type without them. Typedefs stay.
    #[must_use]
    pub fn split_quals(&self) -> (Quals, Self) {
        let mut quals = Quals::NONE;
        let mut ty = self.clone();
        for _ in 0..MAX_DEPTH {
            let next = match ty.kind() {
                Kind::Qualified(more, target) => {
                    quals = quals.union(*more);
                    target.get()
                }
                _ => return (quals, ty),
            };
            ty = next;
        }
        (quals, Self::error("type qualifiers refer to themselves"))
    }

    /// The type behind typedefs, with all qualifiers met on the way (gdb's `check_typedef`). Qualifiers of an array
    /// go to its elements.
    #[must_use]
    pub fn unaliased(&self) -> Self {
        let (mut quals, mut ty) = self.split_quals();
        for _ in 0..MAX_DEPTH {
            let Kind::Typedef(target) = ty.kind() else { return ty.requalified(quals) };
            let (more, next) = target.get().split_quals();
            quals = quals.union(more);
            ty = next;
        }
        Self::error("typedef refers to itself")
    }

    /// This unqualified type with qualifiers; those of an array are those of its elements.
    #[must_use]
    pub fn requalified(&self, quals: Quals) -> Self {
        self.requalified_within(quals, MAX_DEPTH)
    }

    fn requalified_within(&self, quals: Quals, depth: usize) -> Self {
        if quals.is_empty() {
            return self.clone();
        }
        match self.kind() {
            Kind::Array(_) if depth == 0 => Self::error("array contains itself"),
            Kind::Array(array) => {
                let (more, elem) = array.elem.get().split_quals();
                let elem = elem.requalified_within(quals.union(more), depth - 1);
                let kind = Kind::Array(Array { elem: elem.into(), count: array.count, vector: array.vector });
                Self::new(crate::Node {
                    name: self.node().name.clone(),
                    byte_size: self.node().byte_size,
                    align: self.node().align,
                    big_endian: self.node().big_endian,
                    kind,
                })
            }
            _ => self.qualified(quals),
        }
    }

    /// What a pointer or array refers to, or a function returns; looks through typedefs and qualifiers.
    #[must_use]
    pub fn target(&self) -> Option<Self> {
        match self.strip().kind() {
            Kind::Pointer(target) => Some(target.get()),
            Kind::Array(array) => Some(array.elem.get()),
            Kind::Function(function) => Some(function.ret.get()),
            _ => None,
        }
    }

    /// Whether it is `void`.
    #[must_use]
    pub fn is_void(&self) -> bool {
        matches!(self.strip().kind(), Kind::Void)
    }

    /// Whether it is a pointer.
    #[must_use]
    pub fn is_pointer(&self) -> bool {
        matches!(self.strip().kind(), Kind::Pointer(_))
    }

    /// Whether it is an array that is no vector.
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self.strip().kind(), Kind::Array(Array { vector: false, .. }))
    }

    /// Whether it is a vector (`__attribute__((vector_size))`).
    #[must_use]
    pub fn is_vector(&self) -> bool {
        matches!(self.strip().kind(), Kind::Array(Array { vector: true, .. }))
    }

    /// Whether it is a function.
    #[must_use]
    pub fn is_function(&self) -> bool {
        matches!(self.strip().kind(), Kind::Function(_) | Kind::NoDebugText)
    }

    /// Whether it is a struct or union.
    #[must_use]
    pub fn is_composite(&self) -> bool {
        matches!(self.strip().kind(), Kind::Composite(_))
    }

    /// Whether it is an enumeration.
    #[must_use]
    pub fn is_enum(&self) -> bool {
        matches!(self.strip().kind(), Kind::Enum(_))
    }

    /// How its bits are read, if it is a base type.
    #[must_use]
    pub fn encoding(&self) -> Option<Encoding> {
        match self.strip().kind() {
            Kind::Base(Base { encoding, .. }) => Some(*encoding),
            _ => None,
        }
    }

    /// Whether it is an integer, character, boolean or enumeration, or flags of a register.
    #[must_use]
    pub fn is_integral(&self) -> bool {
        match self.strip().kind() {
            Kind::Enum(_) | Kind::Flags(_) => true,
            Kind::Base(Base { encoding, .. }) => {
                !matches!(encoding, Encoding::Float | Encoding::DecimalFloat | Encoding::ComplexFloat)
            }
            _ => false,
        }
    }

    /// Whether it is `float`, `double` or `long double`.
    #[must_use]
    pub fn is_float(&self) -> bool {
        self.encoding() == Some(Encoding::Float)
    }

    /// Whether it is `_Decimal32`, `_Decimal64` or `_Decimal128`.
    #[must_use]
    pub fn is_decimal(&self) -> bool {
        self.encoding() == Some(Encoding::DecimalFloat)
    }

    /// Whether it is a complex type.
    #[must_use]
    pub fn is_complex(&self) -> bool {
        self.encoding() == Some(Encoding::ComplexFloat)
    }

    /// Whether it is `_Bool`.
    #[must_use]
    pub fn is_bool(&self) -> bool {
        self.encoding() == Some(Encoding::Bool)
    }

    /// Whether arithmetic on it, or a bit-field of it, is signed.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        match self.strip().kind() {
            Kind::Base(base) => matches!(base.encoding, Encoding::Signed | Encoding::SignedChar),
            Kind::Enum(Enum { unsigned, .. }) => !unsigned,
            _ => false,
        }
    }

    /// Whether its values have their most significant byte first.
    #[must_use]
    pub fn is_big_endian(&self) -> bool {
        self.strip().node().big_endian
    }

    /// Whether its encoding is one of its compiler's own: gdb prints its name for its values.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        let ty = self.strip();
        matches!(ty.kind(), Kind::Error(_)) && ty.name().is_some() && ty.node().byte_size != Some(0)
    }

    /// Why values of the type cannot be shown, if another language than C is needed for that. Looks through arrays.
    #[must_use]
    pub fn refusal(&self) -> Option<Arc<str>> {
        let mut ty = self.strip();
        for _ in 0..MAX_DEPTH {
            let next = match ty.kind() {
                Kind::Foreign(reason) => return Some(Arc::clone(reason)),
                Kind::Array(array) => array.elem.get().strip(),
                _ => return None,
            };
            ty = next;
        }
        None
    }

    /// Whether it is only known by name: `struct foo` without a body.
    #[must_use]
    pub fn is_declaration(&self) -> bool {
        match self.strip().kind() {
            Kind::Composite(composite) => composite.declaration,
            Kind::Enum(Enum { declaration, .. }) => *declaration,
            _ => false,
        }
    }

    /// The struct or union behind typedefs and qualifiers, for as long as `look` runs.
    pub fn with_composite<T>(&self, look: impl FnOnce(&Composite) -> T) -> Option<T> {
        match self.strip().kind() {
            Kind::Composite(composite) => Some(look(composite)),
            _ => None,
        }
    }

    /// Alignment in bytes; `None` where it is not known.
    #[must_use]
    pub fn alignment(&self) -> Option<u64> {
        alignment(self, MAX_DEPTH)
    }

    /// The member of this name, also when it is a member of anonymous members; gives it with its offset in bits from
    /// the start of this type. Of several the first in declaration order.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<(u64, Member)> {
        find_member(self, &|found| found == name, 0, ANONYMOUS_DEPTH)
    }

    /// As [`Type::member`], whatever the case of the letters.
    #[must_use]
    pub fn member_ignoring_case(&self, name: &str) -> Option<(u64, Member)> {
        find_member(self, &|found| found.eq_ignore_ascii_case(name), 0, ANONYMOUS_DEPTH)
    }

    /// The names of members, also of anonymous ones, that are called nearly as `name`, best first.
    #[must_use]
    pub fn nearest_members(&self, name: &str) -> Vec<String> {
        let mut nearest = Nearest::to(name);
        offer_members(self, &mut nearest, ANONYMOUS_DEPTH);
        nearest.names()
    }
}

/// Deepest nesting of anonymous structs and unions that is searched.
const ANONYMOUS_DEPTH: usize = 32;

fn find_member(ty: &Type, is_it: &dyn Fn(&str) -> bool, base: u64, depth: usize) -> Option<(u64, Member)> {
    let depth = depth.checked_sub(1)?;
    let ty = ty.strip();
    let Kind::Composite(composite) = ty.kind() else { return None };
    for member in composite.members() {
        let offset = base.saturating_add(member.bit_offset);
        match &member.name {
            Some(found) if is_it(found) => return Some((offset, member.clone())),
            Some(found) if !found.is_empty() => {}
            _ => {
                if let Some(found) = find_member(&member.ty.get(), is_it, offset, depth) {
                    return Some(found);
                }
            }
        }
    }
    None
}

fn offer_members(ty: &Type, nearest: &mut Nearest<'_>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let ty = ty.strip();
    let Kind::Composite(composite) = ty.kind() else { return };
    for member in composite.members() {
        match member.name.as_deref() {
            Some(name) if !name.is_empty() => nearest.offer(name),
            _ => offer_members(&member.ty.get(), nearest, depth),
        }
    }
}

fn alignment(ty: &Type, depth: usize) -> Option<u64> {
    let depth = depth.checked_sub(1)?;
    if let Some(align) = ty.node().align {
        return Some(align);
    }
    let align = match ty.kind() {
        Kind::Void => 1,
        Kind::Typedef(target) | Kind::Qualified(_, target) => alignment(&target.get(), depth)?,
        Kind::Array(array) => alignment(&array.elem.get(), depth)?,
        Kind::Base(Base { encoding: Encoding::ComplexFloat, .. }) => ty.size()? / 2,
        Kind::Base(_) | Kind::Pointer(_) | Kind::Enum(_) | Kind::Function(_) | Kind::Flags(_) => ty.size()?,
        Kind::Composite(composite) => {
            let mut most = 1;
            for member in composite.members() {
                most = most.max(alignment(&member.ty.get(), depth)?);
            }
            most
        }
        Kind::NoDebugData | Kind::NoDebugText | Kind::Foreign(_) | Kind::Error(_) => return None,
    };
    align.is_power_of_two().then_some(align)
}

impl CompositeKind {
    /// The keyword.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Struct => "struct",
            Self::Union => "union",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int() -> Type {
        Type::base("int", 4, Encoding::Signed)
    }

    fn composite(kind: CompositeKind, members: Vec<Member>) -> Type {
        Type::derived(Kind::Composite(Composite::with_members(kind, members)))
    }

    fn member(name: Option<&str>, ty: Type, byte: u64) -> Member {
        Member { name: name.map(Into::into), ty: ty.into(), bit_offset: byte * 8, bit_size: None }
    }

    #[test]
    fn members_of_anonymous_members_are_found_at_their_total_offset() {
        let inner =
            composite(CompositeKind::Struct, vec![member(Some("a"), int(), 0), member(Some("b"), int(), 4)]);
        let union = composite(
            CompositeKind::Union,
            vec![member(None, inner.clone(), 0), member(Some("all"), int().pointer_to(), 0)],
        );
        let outer =
            composite(CompositeKind::Struct, vec![member(Some("x"), inner, 0), member(None, union, 8)]);
        assert_eq!(outer.member("b").map(|(offset, _)| offset), Some(96));
        assert_eq!(outer.nearest_members("alk"), ["all"]);
        assert!(outer.nearest_members("frobnicate").is_empty());
        assert_eq!(outer.member("x").map(|(offset, _)| offset), Some(0));
        assert!(outer.member("nosuch").is_none());
        assert_eq!(outer.alignment(), Some(8));
    }

    #[test]
    fn qualifiers_of_an_array_typedef_are_those_of_its_elements() {
        let typedef = Type::derived(Kind::Typedef(int().array_of(Some(2)).into()));
        let ty = typedef.qualified(Quals::CONST).unaliased();
        let Kind::Array(array) = ty.kind() else { panic!("{ty:?}") };
        assert_eq!(array.elem.get().split_quals().0, Quals::CONST);
    }
}
