//! BTF: the C types of a kernel without its DWARF (Documentation/bpf/btf.rst).
//!
//! Four megabytes of `.BTF` hold the layout of every type of a kernel, and which type its per-CPU variables have; no lines,
//! no locals, no addresses. It is what a `vmlinux` without `.debug_info` still knows, and what the modules of a
//! distribution know whose debug files are not installed: theirs is split, it continues the numbers and the strings of the
//! kernel's. Used only without DWARF.
//!
//! Nothing of it is trusted: a number that leads nowhere is an error type, a table that ends early ends there.

mod names;
mod raw;
mod types;

#[cfg(test)]
mod tests;

use crate::Tag;
use crate::elf::Image;
use crate::hash::IntBuild;
use kdive_types::{Kind, Type, TypeRef, TypeSource};
use names::Names;
use raw::{Raw, kind};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, Weak};

/// Number of a type: 0 is `void`, the first type is 1; those of split BTF go on where their base ends.
pub type TypeId = u32;

/// The types of one `.BTF`.
#[derive(Debug)]
pub struct Btf {
    this: Weak<Btf>,
    raw: Raw,
    base: Option<Arc<Btf>>,
    names: OnceLock<Names>,
    types: Mutex<HashMap<TypeId, Type, IntBuild>>,
}

/// A variable that BTF knows the type of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BtfVariable {
    /// The entry.
    pub(crate) id: TypeId,
    /// Its type.
    pub(crate) ty: TypeId,
    /// Whether it is visible outside of its file.
    pub(crate) external: bool,
}

impl Btf {
    /// Reads the head and the numbering of types; nothing else is read before it is needed. `base` is the kernel's for
    /// the split BTF of a module. `None` for what is no BTF, or for split BTF without its base.
    #[must_use]
    pub fn parse(bytes: Vec<u8>, base: Option<Arc<Self>>) -> Option<Arc<Self>> {
        Self::from_source(raw::Source::Owned(bytes), base)
    }

    /// As [`Btf::parse`], over a section of a mapped file.
    pub(crate) fn open(image: &Arc<Image>, base: Option<&Arc<Self>>) -> Option<Arc<Self>> {
        // The base of an out-of-tree module that carries its own, distilled one (`.BTF.base`, 6.11): the numbers in it are not
        // those of any kernel.
        if image.section(".BTF.base").is_some() {
            return None;
        }
        let section = image.sections().iter().position(|section| &*section.name == ".BTF")?;
        Self::from_source(raw::Source::Section(Arc::clone(image), section), base.cloned())
    }

    fn from_source(source: raw::Source, base: Option<Arc<Self>>) -> Option<Arc<Self>> {
        let numbering = base.as_ref().map(|base| (base.raw.end_id(), base.raw.strings_end()));
        let (raw, split) = Raw::parse(source, numbering)?;
        let base = base.filter(|_| split);
        Some(Arc::new_cyclic(|this| Self {
            this: this.clone(),
            raw,
            base,
            names: OnceLock::new(),
            types: Mutex::default(),
        }))
    }

    /// Whether it stands by itself: not the continuation of another.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.base.is_none()
    }

    /// How many types it has, those of its base included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.raw.end_id() as usize
    }

    /// Whether it has none but `void`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() <= 1
    }

    /// A type by its number; one that leads nowhere is an error type that says so.
    #[must_use]
    pub fn type_by_id(&self, id: TypeId) -> Type {
        self.resolve(u64::from(id))
    }

    pub(crate) fn type_ref(&self, id: TypeId) -> TypeRef {
        if id == 0 {
            return Type::void().into();
        }
        let source: Weak<dyn TypeSource> = self.this.clone();
        TypeRef::deferred(source, u64::from(id))
    }

    /// Numbers of all complete types of a name, in the order they stand.
    fn ids(&self, tag: Tag, name: &str) -> Vec<TypeId> {
        let wanted: &[u32] = match tag {
            Tag::Struct => &[kind::STRUCT],
            Tag::Union => &[kind::UNION],
            Tag::Enum => &[kind::ENUM, kind::ENUM64],
            Tag::Typedef => &[kind::TYPEDEF, kind::INT, kind::FLOAT],
        };
        let mut found = self.base.as_ref().map(|base| base.ids(tag, name)).unwrap_or_default();
        let ids = self.names().ids(&self.raw, self, name);
        found.extend(ids.filter(|&id| {
            // An enumeration without enumerators is how a declaration of one is written.
            self.raw.record(id).is_some_and(|record| {
                wanted.contains(&record.kind) && !(tag == Tag::Enum && record.vlen == 0)
            })
        }));
        found
    }

    /// The first complete type of a name.
    #[must_use]
    pub fn ty(&self, tag: Tag, name: &str) -> Option<Type> {
        self.ids(tag, name).first().map(|&id| self.type_by_id(id))
    }

    /// Every type of a name: a kernel has several `struct elf_info`, each known to a file of its own.
    #[must_use]
    pub fn all(&self, tag: Tag, name: &str) -> Vec<Type> {
        self.ids(tag, name).into_iter().map(|id| self.type_by_id(id)).collect()
    }

    /// A C constant: its enumeration and its value.
    #[must_use]
    pub fn enumerator(&self, name: &str) -> Option<(Type, i64)> {
        if let Some(found) = self.base.as_ref().and_then(|base| base.enumerator(name)) {
            return Some(found);
        }
        let ids = self.names().enumerations(&self.raw, name);
        ids.into_iter().find_map(|id| {
            let ty = self.type_by_id(id);
            let Kind::Enum(body) = ty.kind() else { return None };
            let value = body.enumerators.iter().find(|enumerator| &*enumerator.name == name)?.value;
            Some((ty, value))
        })
    }

    /// A variable by name: of a kernel only the per-CPU ones are known.
    pub(crate) fn variable(&self, name: &str) -> Option<BtfVariable> {
        let mut ids = self.names().ids(&self.raw, self, name);
        ids.find_map(|id| {
            let record = self.raw.record(id).filter(|record| record.kind == kind::VAR)?;
            Some(BtfVariable { id, ty: record.size_or_type, external: record.word(0) == Some(1) })
        })
    }

    /// Calls `visit` with the name of every struct, union, enumeration, typedef, base type, enumerator and variable of its own, in
    /// order. The tag is `None` for enumerators and variables.
    pub fn for_each_name(&self, mut visit: impl FnMut(Option<Tag>, &str)) {
        for (id, record) in self.raw.records() {
            let tag = match record.kind {
                kind::STRUCT => Tag::Struct,
                kind::UNION => Tag::Union,
                kind::ENUM | kind::ENUM64 => Tag::Enum,
                kind::TYPEDEF | kind::INT | kind::FLOAT => Tag::Typedef,
                kind::VAR => {
                    visit(None, self.string(record.name));
                    continue;
                }
                _ => continue,
            };
            let name = self.string(record.name);
            let declaration = tag == Tag::Enum && record.vlen == 0;
            if !name.is_empty() && !declaration {
                visit(Some(tag), name);
            }
            if tag == Tag::Enum {
                for name in self.raw.enumerator_names(id) {
                    visit(None, self.string(name));
                }
            }
        }
    }

    /// A string by its offset; empty for what leads nowhere or is not UTF-8.
    fn string(&self, offset: u32) -> &str {
        match &self.base {
            Some(base) if offset < base.raw.strings_end() => base.string(offset),
            _ => self.raw.own_string(offset),
        }
    }

    fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::read(&self.raw, self))
    }
}
