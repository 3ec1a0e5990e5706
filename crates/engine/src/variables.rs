//! Values as handles: what a front end shows of a variable, and can open, change and look at again.
//!
//! A variable holds its value as it was evaluated and the place where its names have their meaning. Its children are made from its value
//! when they are asked for, a page at a time, and are themselves variables. Which children a value has is what gdb's variable objects
//! have: members, elements, and behind a pointer what it points to.

mod create;
mod refresh;
mod table;
pub(crate) mod tree;

pub(crate) use table::Variables;

/// Names a variable. The numbers are never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
pub struct VarId(pub u32);

/// Which variables of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// The arguments, in order.
    Arguments,
    /// The locals, those of the innermost block first.
    Locals,
    /// Arguments, then locals.
    All,
}

/// A variable by its name.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct NamedVariable {
    /// The variable.
    pub id: VarId,
    /// Its name: of a member, `3` of an element, `*p` of what `p` points to, `<anonymous union>` of a member without name.
    pub name: String,
    /// Whether it is an argument of a function.
    pub is_argument: bool,
    /// Whether it is a member without name.
    pub is_anonymous: bool,
    /// Its place among the children, from 0.
    pub index: usize,
}

/// What kind of value it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VariableKind {
    /// A number, character, enumeration or anything else without parts.
    Scalar,
    /// A pointer.
    Pointer,
    /// A `struct`.
    Structure,
    /// A `union`.
    Union,
    /// An array or vector.
    Array,
    /// A function.
    Function,
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueFormat {
    /// By its type.
    #[default]
    Natural,
    /// In base 2.
    Binary,
    /// In base 10.
    Decimal,
    /// In base 16.
    Hexadecimal,
    /// In base 8.
    Octal,
    /// In base 16, with zeros in front up to the size of its type.
    ZeroHexadecimal,
}

/// What there is to tell of a variable.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct VariableInfo {
    /// The variable.
    pub id: VarId,
    /// Its name, as in [`NamedVariable`]; of a root its expression.
    pub name: String,
    /// An expression for the same value in the same scope; empty for a member without name.
    pub expression: String,
    /// The name of its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// The value as `print` shows it, without its type in front; empty when there is none.
    pub value: String,
    /// The value in short: `{...}` for structures and unions, `[3]` for arrays, else as [`VariableInfo::value`].
    pub summary: String,
    /// Why there is no value.
    pub error: Option<String>,
    /// How many children it has.
    pub children: usize,
    /// Where it lives in memory.
    #[serde(serialize_with = "crate::hex::optional")]
    pub address: Option<u64>,
    /// Where it points to, when it is a pointer.
    #[serde(serialize_with = "crate::hex::optional")]
    pub points_to: Option<u64>,
    /// Its size in bytes, where its type has one.
    pub size: Option<u64>,
    /// Whether it can be set: a scalar or pointer with a place in the program.
    pub is_editable: bool,
    /// Whether its frame and block are those that are executed, or need not be.
    pub in_scope: bool,
    /// Its kind.
    pub kind: VariableKind,
    /// How it is written.
    pub format: ValueFormat,
    /// The thread whose frame its names belong to; `None` when it needs no frame.
    pub thread: Option<u32>,
    /// Whether updates pass it over unless it is named.
    pub is_frozen: bool,
}

/// What an update has found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It has another value, or has one again.
    Value,
    /// Its frame or block is left.
    OutOfScope,
    /// It has another type, and its children are gone.
    Type,
}

/// A variable that is not as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct VariableUpdate {
    /// The variable.
    pub id: VarId,
    /// What changed.
    pub change: Change,
}
