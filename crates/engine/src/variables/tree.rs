//! The parts of a value, and how values are written.

use super::{ValueFormat, VariableKind};
use kdive_expr::print::value_text;
use kdive_expr::{Context, Format, dereference};
use kdive_program::Program;
use kdive_types::{CompositeKind, Kind, Type, Value};

/// What the children of a value are.
pub(crate) enum Parts {
    /// It has none.
    None,
    /// Members of a structure or union of this type, at the pointer where `behind` says so.
    Members {
        /// The structure or union, complete.
        ty: Type,
        /// Whether the value is a pointer to it.
        behind: bool,
    },
    /// Elements of an array.
    Elements {
        /// Their type.
        ty: Type,
        /// Their number.
        count: usize,
    },
    /// What a pointer points to.
    Target(Type),
}

/// One of them.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) is_anonymous: bool,
    pub(crate) ty: Type,
    bit_offset: u64,
    bit_size: Option<u32>,
}

/// The type with its typedefs and qualifiers taken off, with its definition where it was only declared.
fn bare(program: &Program, ty: &Type) -> Type {
    let ty = ty.strip();
    if ty.is_declaration() { program.complete(&ty).map_or(ty, |found| found.strip()) } else { ty }
}

impl Parts {
    pub(crate) fn of(program: &Program, ty: &Type) -> Self {
        let ty = bare(program, ty);
        match ty.kind() {
            Kind::Composite(_) => Self::Members { ty, behind: false },
            Kind::Array(array) => Self::Elements {
                ty: array.elem.get(),
                count: usize::try_from(array.count.unwrap_or(0)).unwrap_or(usize::MAX),
            },
            Kind::Pointer(target) => {
                let target = target.get();
                let bare = bare(program, &target);
                match bare.kind() {
                    Kind::Composite(_) => Self::Members { ty: bare, behind: true },
                    Kind::Void | Kind::Function(_) | Kind::NoDebugText => Self::None,
                    _ => Self::Target(target),
                }
            }
            _ => Self::None,
        }
    }

    pub(crate) fn count(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Members { ty, .. } => ty.with_composite(|composite| composite.members().len()).unwrap_or(0),
            Self::Elements { count, .. } => *count,
            Self::Target(_) => 1,
        }
    }

    /// A part by its number. `name` is that of the whole.
    pub(crate) fn part(&self, index: usize, name: &str) -> Option<Part> {
        match self {
            Self::None => None,
            Self::Members { ty, .. } => {
                let member = ty.with_composite(|composite| composite.members().get(index).cloned())??;
                let ty = member.ty.get();
                let own = member.name.as_deref().filter(|name| !name.is_empty());
                Some(Part {
                    is_anonymous: own.is_none(),
                    name: own.map_or_else(|| anonymous_name(&ty).to_owned(), str::to_owned),
                    ty,
                    bit_offset: member.bit_offset,
                    bit_size: member.bit_size,
                })
            }
            Self::Elements { ty, count } => {
                let bits = ty.size().unwrap_or(0).saturating_mul(8);
                (index < *count).then(|| Part {
                    name: index.to_string(),
                    is_anonymous: false,
                    ty: ty.clone(),
                    bit_offset: bits.saturating_mul(index as u64),
                    bit_size: None,
                })
            }
            Self::Target(ty) => (index == 0).then(|| Part {
                name: format!("*{name}"),
                is_anonymous: false,
                ty: ty.clone(),
                bit_offset: 0,
                bit_size: None,
            }),
        }
    }

    /// What the parts are parts of: the value itself, or what it points to.
    pub(crate) fn whole(&self, program: &Program, value: &Value) -> Result<Value, String> {
        let whole = match self {
            Self::Members { ty, behind: true } => {
                dereference(program, value).map_err(|error| error.to_string())?.with_type(ty.clone())
            }
            Self::Members { ty, behind: false } => value.with_type(ty.clone()),
            Self::Target(_) => dereference(program, value).map_err(|error| error.to_string())?,
            Self::Elements { .. } | Self::None => value.clone(),
        };
        Ok(read(program, whole).0)
    }
}

impl Part {
    /// The part of a whole that [`Parts::whole`] gave.
    pub(crate) fn of(&self, whole: &Value, parts: &Parts) -> Value {
        match parts {
            Parts::Target(_) => whole.clone(),
            _ => whole.component(self.ty.clone(), self.bit_offset, self.bit_size),
        }
    }
}

fn anonymous_name(ty: &Type) -> &'static str {
    match ty.with_composite(|composite| composite.kind) {
        Some(CompositeKind::Struct) => "<anonymous struct>",
        Some(CompositeKind::Union) => "<anonymous union>",
        None => "<anonymous>",
    }
}

/// A value with its contents, which do not change afterwards. What is too large or cannot be read as a whole stays unread, so that its
/// parts can be read; why comes with it.
pub(crate) fn read(program: &Program, value: Value) -> (Value, Option<String>) {
    let ty = value.ty().strip();
    if matches!(ty.kind(), Kind::Void | Kind::Function(_) | Kind::NoDebugText) || ty.is_declaration() {
        return (value, None);
    }
    let probe = value.clone();
    match probe.contents(program) {
        Ok(_) => (probe, None),
        Err(error) => (value, Some(error.to_string())),
    }
}

/// The kind of a type.
pub(crate) fn kind_of(program: &Program, ty: &Type) -> VariableKind {
    match bare(program, ty).kind() {
        Kind::Composite(composite) if composite.kind == CompositeKind::Union => VariableKind::Union,
        Kind::Composite(_) => VariableKind::Structure,
        Kind::Array(_) => VariableKind::Array,
        Kind::Pointer(_) => VariableKind::Pointer,
        Kind::Function(_) | Kind::NoDebugText => VariableKind::Function,
        _ => VariableKind::Scalar,
    }
}

/// A value as `print` shows it, without its type in front.
pub(crate) fn text(program: &Program, value: &Value, format: ValueFormat) -> Result<String, String> {
    let format = match format {
        ValueFormat::Natural => None,
        ValueFormat::Binary => Some(Format::Binary),
        ValueFormat::Decimal => Some(Format::Decimal),
        ValueFormat::Hexadecimal => Some(Format::Hex),
        ValueFormat::Octal => Some(Format::Octal),
        ValueFormat::ZeroHexadecimal => Some(Format::ZeroHex),
    };
    let options = kdive_expr::PrintOptions { format, ..program.options.print.clone() };
    value_text(program, value, &options).map_err(|error| error.to_string())
}

/// The value in short.
pub(crate) fn summary(program: &Program, value: &Value, format: ValueFormat) -> Result<String, String> {
    match kind_of(program, value.ty()) {
        VariableKind::Structure | VariableKind::Union => Ok("{...}".to_owned()),
        VariableKind::Array => Ok(format!("[{}]", Parts::of(program, value.ty()).count())),
        _ => text(program, value, format),
    }
}
