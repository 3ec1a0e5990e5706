//! Records to types.
//!
//! As for DWARF, a node is made when somebody looks at it, holds numbers of what it refers to, and is made once.

use super::raw::{Record, kind};
use super::{Btf, TypeId};
use kdive_types::{
    Array, Base, Composite, CompositeKind, Encoding, Enum, Enumerator, Function, Kind, Member, Node, Param,
    Quals, Type, TypeSource,
};
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, Weak};

/// Longest chain of references that say nothing themselves (type tags, functions) and of typedefs that is followed.
const MAX_CHAIN: usize = 64;
/// Most structures searched for one that contains itself.
const MAX_LOOK: usize = 4096;

impl TypeSource for Btf {
    fn resolve(&self, key: u64) -> Type {
        let Ok(id) = TypeId::try_from(key) else { return Type::error("no such type in .BTF") };
        if id == 0 {
            return Type::void();
        }
        if let Some(base) = self.base.as_ref().filter(|_| id < self.raw.first_id()) {
            return base.resolve(key);
        }
        if let Some(known) = self.types.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return known.clone();
        }
        let made = self.make(id);
        self.types.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(made).clone()
    }

    fn members(&self, key: u64) -> Vec<Member> {
        let Ok(id) = TypeId::try_from(key) else { return Vec::new() };
        let Some(record) = self.record(id) else { return Vec::new() };
        record.entries::<3>().map(|[name, ty, offset]| self.member(id, record, name, ty, offset)).collect()
    }
}

impl Btf {
    /// A record, of its own or of its base.
    fn record(&self, id: TypeId) -> Option<Record<'_>> {
        match &self.base {
            Some(base) if id < self.raw.first_id() => base.record(id),
            _ => self.raw.record(id),
        }
    }

    fn name(&self, record: Record<'_>) -> Option<Arc<str>> {
        let name = self.string(record.name);
        (!name.is_empty()).then(|| name.into())
    }

    /// The type behind tags that C does not know, and behind a function's name.
    fn plain(&self, id: TypeId) -> TypeId {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            match self.record(id) {
                Some(record) if matches!(record.kind, kind::TYPE_TAG | kind::FUNC) => {
                    id = record.size_or_type;
                }
                _ => break,
            }
        }
        id
    }

    fn make(&self, id: TypeId) -> Type {
        let plain = self.plain(id);
        if plain != id {
            return self.resolve(u64::from(plain));
        }
        let Some(record) = self.record(id) else {
            return Type::error(&format!("no type {id} in .BTF"));
        };
        let target = || self.type_ref(record.size_or_type);
        let qualified = |quals| Kind::Qualified(quals, target());
        let none = Quals::default();
        let mut size = None;
        let kind = match record.kind {
            kind::INT => {
                size = Some(u64::from(record.size_or_type));
                Kind::Base(integer(record))
            }
            kind::FLOAT => {
                size = Some(u64::from(record.size_or_type));
                Kind::Base(Base { encoding: Encoding::Float, bit_size: None })
            }
            kind::PTR => {
                size = Some(8);
                Kind::Pointer(target())
            }
            kind::ARRAY => {
                let Some([elem, _, count]) = record.entry::<3>(0) else {
                    return Type::error("damaged array in .BTF");
                };
                // `[0]` and `[]` are written alike; the second is what sources have.
                let count = (count > 0).then_some(u64::from(count));
                Kind::Array(Array { elem: self.type_ref(elem), count, vector: false })
            }
            kind::STRUCT | kind::UNION => {
                size = Some(u64::from(record.size_or_type));
                let source: Weak<dyn TypeSource> = self.this.clone();
                Kind::Composite(Composite::deferred(
                    composite(record.kind == kind::UNION),
                    source,
                    u64::from(id),
                ))
            }
            kind::FWD => Kind::Composite(Composite::declared(composite(record.kind_flag))),
            kind::ENUM | kind::ENUM64 => {
                size = Some(u64::from(record.size_or_type));
                Kind::Enum(self.enumeration(record))
            }
            kind::TYPEDEF => Kind::Typedef(target()),
            kind::VOLATILE => qualified(Quals { is_volatile: true, ..none }),
            kind::CONST => qualified(Quals { is_const: true, ..none }),
            kind::RESTRICT => qualified(Quals { is_restrict: true, ..none }),
            kind::FUNC_PROTO => Kind::Function(self.function(record)),
            other => return Type::error(&format!("type {id} of .BTF is of kind {other}, not a type")),
        };
        Type::new(Node { name: self.name(record), byte_size: size, align: None, big_endian: false, kind })
    }

    fn enumeration(&self, record: Record<'_>) -> Enum {
        let mut enumerators: Vec<Enumerator> = Vec::new();
        let mut add = |name, value| enumerators.push(Enumerator { name: self.string(name).into(), value });
        let base_signs = self.base.as_ref().is_some_and(|base| base.raw.has_signed_enumerations());
        let signs = base_signs || self.raw.has_signed_enumerations();
        if record.kind == kind::ENUM64 {
            for [name, low, high] in record.entries::<3>() {
                add(name, (u64::from(high) << 32 | u64::from(low)) as i64);
            }
        } else {
            for [name, value] in record.entries::<2>() {
                let unsigned = signs && !record.kind_flag;
                add(name, if unsigned { i64::from(value) } else { i64::from(value as i32) });
            }
        }
        let unsigned = if signs {
            !record.kind_flag
        } else {
            enumerators.iter().all(|enumerator| enumerator.value >= 0)
        };
        Enum { enumerators, unsigned, declaration: record.vlen == 0 }
    }

    fn function(&self, record: Record<'_>) -> Function {
        let mut params = Vec::new();
        let mut variadic = false;
        for [name, ty] in record.entries::<2>() {
            if name == 0 && ty == 0 {
                variadic = true;
                continue;
            }
            let name = self.string(name);
            params.push(Param { name: (!name.is_empty()).then(|| name.into()), ty: self.type_ref(ty) });
        }
        Function { ret: self.type_ref(record.size_or_type), params, variadic, prototyped: true }
    }

    fn member(&self, of: TypeId, whole: Record<'_>, name: u32, ty: TypeId, offset: u32) -> Member {
        let name = self.string(name);
        let name = (!name.is_empty()).then(|| name.into());
        let (mut bit_offset, mut bit_size) = (u64::from(offset), None);
        if whole.kind_flag {
            bit_offset = u64::from(offset & 0xff_ffff);
            bit_size = Some(offset >> 24).filter(|&size| size != 0);
        } else if let Some(encoding) = self.narrow_integer(ty) {
            // As bit-fields were written before there was a flag: by an integer type of their width.
            bit_offset += u64::from(encoding >> 16 & 0xff);
            bit_size = Some(encoding & 0xff);
        }
        let ty = if self.contains_itself(of, whole, ty) {
            Type::error("a structure that contains itself").into()
        } else {
            self.type_ref(ty)
        };
        Member { name, ty, bit_offset, bit_size }
    }

    /// The description of an integer that is narrower than its bytes.
    fn narrow_integer(&self, ty: TypeId) -> Option<u32> {
        let record = self.record(ty).filter(|record| record.kind == kind::INT)?;
        let encoding = record.word(0)?;
        let whole = record.size_or_type.checked_mul(8)?;
        (encoding & 0xff != 0 && (encoding & 0xff != whole || encoding >> 16 & 0xff != 0)).then_some(encoding)
    }

    /// The structure or union that a member of this type has inside itself, and whether it is there a stated number of times.
    fn wrapped_in(&self, ty: TypeId) -> Option<(TypeId, Record<'_>, bool)> {
        let (mut id, mut counted) = (ty, true);
        for _ in 0..MAX_CHAIN {
            let record = self.record(id)?;
            match record.kind {
                kind::STRUCT | kind::UNION => return Some((id, record, counted)),
                kind::ARRAY => {
                    let [elem, _, count] = record.entry::<3>(0)?;
                    counted &= count != 0;
                    id = elem;
                }
                kind::TYPEDEF | kind::VOLATILE | kind::CONST | kind::RESTRICT | kind::TYPE_TAG => {
                    id = record.size_or_type;
                }
                _ => return None,
            }
        }
        None
    }

    /// Whether a damaged member would have its own structure inside of itself, which no walk over members would survive.
    fn contains_itself(&self, of: TypeId, whole: Record<'_>, ty: TypeId) -> bool {
        let Some((inner, record, counted)) = self.wrapped_in(ty) else { return false };
        if counted && record.size_or_type < whole.size_or_type {
            // Smaller in each step: it cannot come back, except through an array without length, which is checked there.
            return false;
        }
        let mut seen = HashSet::from([inner]);
        let mut next = vec![inner];
        while let Some(id) = next.pop() {
            if id == of || seen.len() > MAX_LOOK {
                return true;
            }
            let Some(record) = self.record(id) else { continue };
            for [_, ty, _] in record.entries::<3>() {
                if let Some((inner, ..)) = self.wrapped_in(ty)
                    && seen.insert(inner)
                {
                    next.push(inner);
                }
            }
        }
        false
    }
}

fn composite(is_union: bool) -> CompositeKind {
    if is_union { CompositeKind::Union } else { CompositeKind::Struct }
}

/// `BTF_INT_SIGNED`, `BTF_INT_CHAR` and `BTF_INT_BOOL`; integers of one byte are characters to gdb whatever they are called.
fn integer(record: Record<'_>) -> Base {
    let description = record.word(0).unwrap_or(0);
    let (signed, boolean) = (description >> 24 & 1 != 0, description >> 24 & 4 != 0);
    let encoding = match (boolean, record.size_or_type, signed) {
        (true, ..) => Encoding::Bool,
        (_, 1, true) => Encoding::SignedChar,
        (_, 1, false) => Encoding::UnsignedChar,
        (_, _, true) => Encoding::Signed,
        (_, _, false) => Encoding::Unsigned,
    };
    let bits = description & 0xff;
    let bit_size = (bits != 0 && Some(bits) != record.size_or_type.checked_mul(8)).then_some(bits);
    Base { encoding, bit_size }
}
