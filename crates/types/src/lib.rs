//! C types and values, independent of where they were read from: DWARF, BTF or built in.
//!
//! A [`Type`] is a cheap handle. Whatever a type refers to is a [`TypeRef`], resolved on first use by the
//! [`TypeSource`] that made it, so that printing one `struct task_struct *` does not load a kernel's types.
//! A [`Value`] is a type, a place and lazily read contents.

mod decimal;
mod error;
mod float;
mod layout;
mod out;
pub mod print;
mod ty;
mod value;

pub use decimal::{Decimal, DecimalFormat, DecimalOp};
pub use error::ValueError;
pub use float::{Float, FloatFormat, FloatOp};
pub use out::{Out, Part, Style};
pub use print::TypeOptions;
pub use ty::{
    Array, Base, Composite, CompositeKind, Encoding, Enum, Enumerator, FlagField, Function, Kind, Member,
    Node, Param, Quals, Type, TypeRef, TypeSource, base_type_name,
};
pub use value::{
    Access, BitField, Bytes, Contents, FrameId, Hole, Missing, Piece, PieceSource, Pieces, Place, RegisterId,
    Value, copy_bits,
};
