//! C types and values, independent of where they were read from: DWARF, BTF or built in.
//!
//! A [`Type`] is a cheap handle. Whatever a type refers to is a [`TypeRef`], resolved on first use by the
//! [`TypeSource`] that made it, so that printing one `struct task_struct *` does not load a kernel's types.

mod ty;

pub use ty::{
    Array, Base, Composite, CompositeKind, Encoding, Enum, Enumerator, Function, Kind, Member, Node, Param,
    Quals, Type, TypeRef, TypeSource,
};
