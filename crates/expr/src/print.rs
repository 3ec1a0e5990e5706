//! Printing of values: `print`, `output`, `info locals`, frame arguments.

mod aggregate;
mod scalar;
mod symbolic;
mod text;

pub use scalar::print_scalar;
pub use symbolic::{print_address, symbol_suffix};
pub use text::print_string_at;

use crate::context::Context;
use crate::error::{ExprError, Result};
use crate::eval::INTERNAL_FUNCTION;
use crate::format::Format;
use crate::settings::{FrameArguments, PrintOptions};
use kdive_types::{Contents, Encoding, Kind, Missing, Out, Place, Style, Type, Value};

/// What `print` and `output` show of a value: with its type before a pointer, and with the format of the options.
///
/// # Errors
/// When the value cannot be read, or the format does not exist; nothing is printed then.
pub fn print_value(
    context: &dyn Context,
    value: &Value,
    options: &PrintOptions,
    out: &mut Out,
) -> Result<()> {
    let printer = Printer { context, options: options.clone() };
    let ty = value.ty().strip();
    let by_type = match options.format {
        None | Some(Format::String) => true,
        Some(_) => matches!(ty.kind(), Kind::Void | Kind::Array(_) | Kind::Composite(_)),
    };
    if by_type { printer.top(value, out) } else { printer.formatted_scalar(value, None, out) }
}

/// What `info locals` and the members of a structure show: the value without its type. `recurse` is the depth of the
/// surroundings: 0 for `info locals`, the indentation in `bt full`.
///
/// # Errors
/// When the value cannot be read; nothing is printed then.
pub fn print_plain(
    context: &dyn Context,
    value: &Value,
    options: &PrintOptions,
    recurse: u32,
    out: &mut Out,
) -> Result<()> {
    let printer = Printer { context, options: options.clone() };
    if printer.is_printable(value, out) { printer.common(value, recurse, out) } else { Ok(()) }
}

/// What a frame shows of an argument, after `name=`: by `set print frame-arguments`.
pub fn print_argument(context: &dyn Context, value: &Value, options: &PrintOptions, out: &mut Out) {
    let show = match options.frame_arguments {
        FrameArguments::None | FrameArguments::Presence => {
            out.push("...");
            return;
        }
        FrameArguments::Scalars => true,
        FrameArguments::All => false,
    };
    let options = PrintOptions { summary: show, pretty: false, ..options.clone() };
    let mut text = Out::new();
    match print_plain(context, value, &options, 2, &mut text) {
        // As gdb: a frame is broken between its arguments.
        Ok(()) => out.append_whole(&text),
        Err(error) => out.styled(Style::Metadata, &format!("<error reading variable: {error}>")),
    }
}

/// The text [`print_plain`] gives.
///
/// # Errors
/// As [`print_plain`].
pub fn value_text(context: &dyn Context, value: &Value, options: &PrintOptions) -> Result<String> {
    let mut out = Out::new();
    print_plain(context, value, options, 0, &mut out)?;
    Ok(out.into_text())
}

/// Prints values with one set of options.
pub(crate) struct Printer<'a> {
    context: &'a dyn Context,
    options: PrintOptions,
}

impl<'a> Printer<'a> {
    fn with(&self, options: PrintOptions) -> Printer<'a> {
        Printer { context: self.context, options }
    }

    /// A value by its type, with the type in front where it is a pointer.
    fn top(&self, value: &Value, out: &mut Out) -> Result<()> {
        if let Some(reason) = value.ty().refusal() {
            return Err(ExprError::msg(reason.to_string()));
        }
        if value.ty().is_declaration() {
            // Nothing of it can be read, not even where it would be.
            return self.common(value, 0, out);
        }
        value.contents(self.context)?;
        if !self.is_printable(value, out) {
            return Ok(());
        }
        if value.ty().is_pointer() && !points_to_text(value.ty()) {
            out.push("(");
            kdive_types::print::print_declaration(value.ty(), "", kdive_types::print::NAME_ONLY, out);
            out.push(") ");
        }
        self.common(value, 0, out)
    }

    /// Whether anything of the value is there; says why not otherwise.
    fn is_printable(&self, value: &Value, out: &mut Out) -> bool {
        if value.ty().name() == Some(INTERNAL_FUNCTION)
            && let Kind::Error(name) = value.ty().kind()
        {
            out.styled(Style::Metadata, &format!("<internal function {name}>"));
            return false;
        }
        let missing = match value.contents(self.context) {
            Ok(contents) if !value.ty().is_function() => contents.entirely_missing(),
            _ => None,
        };
        match missing {
            None | Some(Missing::SyntheticPointer) => true,
            Some(_) if self.options.summary && !is_scalar(value.ty()) => {
                out.push("...");
                false
            }
            Some(reason) => {
                missing_text(value, reason, out);
                false
            }
        }
    }

    /// A value by its type, inside of others.
    fn common(&self, value: &Value, recurse: u32, out: &mut Out) -> Result<()> {
        let ty = value.ty();
        if ty.is_declaration() {
            match self.context.complete(&ty.strip()) {
                Some(found) => return self.common(&value.with_type(found), recurse, out),
                None => out.styled(Style::Metadata, "<incomplete type>"),
            }
            return Ok(());
        }
        if !ty.is_function() {
            let contents = value.contents(self.context)?;
            if !self.is_valid(value, contents, out) {
                return Ok(());
            }
        }
        let scalar = is_scalar(ty);
        if self.options.summary && !scalar {
            out.push("...");
            return Ok(());
        }
        if !scalar && !is_text_array(ty) && self.options.max_depth.is_some_and(|most| recurse >= most) {
            out.push("{...}");
            return Ok(());
        }
        let mut inner = Out::new();
        match self.inner(value, recurse, &mut inner) {
            Ok(()) => out.append(&inner),
            Err(error) => {
                out.append(&inner);
                out.styled(Style::Metadata, &format!("<error reading variable: {error}>"));
            }
        }
        Ok(())
    }

    /// Whether a scalar has all of its bits; says why not otherwise. Aggregates look at their parts.
    fn is_valid(&self, value: &Value, contents: &Contents, out: &mut Out) -> bool {
        if matches!(value.ty().strip().kind(), Kind::Composite(_) | Kind::Array(_)) {
            return true;
        }
        match contents.holes().first() {
            None => true,
            Some(hole) => {
                missing_text(value, hole.reason, out);
                false
            }
        }
    }

    fn inner(&self, value: &Value, recurse: u32, out: &mut Out) -> Result<()> {
        let ty = value.ty().strip();
        match ty.kind() {
            Kind::Array(array) => self.array(value, array, recurse, out),
            Kind::Composite(composite) => self.composite(value, composite, recurse, out),
            Kind::Pointer(target) => self.pointer(value, &target.get(), out),
            Kind::Function(_) | Kind::NoDebugText => self.function(value, out),
            Kind::Void => {
                out.push("void");
                Ok(())
            }
            Kind::Foreign(reason) => Err(ExprError::msg(reason.to_string())),
            Kind::Error(_) | Kind::NoDebugData => {
                // Such a type prints as its name, and so do values of it.
                kdive_types::print::print_declaration(&ty, "", kdive_types::print::NAME_ONLY, out);
                Ok(())
            }
            Kind::Base(base) if base.encoding == Encoding::ComplexFloat => self.complex(value, out),
            Kind::Base(_) | Kind::Enum(_) | Kind::Flags(_) => self.scalar(value, &ty, out),
            Kind::Typedef(_) | Kind::Qualified(..) => {
                Err(ExprError::msg("Unhandled type code in symbol table."))
            }
        }
    }

    fn complex(&self, value: &Value, out: &mut Out) -> Result<()> {
        let part = crate::eval::part_type(value.ty());
        let bits = part.size().unwrap_or(0).saturating_mul(8);
        self.formatted_scalar(&value.component(part.clone(), 0, None), None, out)?;
        out.push(" + ");
        self.formatted_scalar(&value.component(part, bits, None), None, out)?;
        out.push("i");
        Ok(())
    }

    fn function(&self, value: &Value, out: &mut Out) -> Result<()> {
        if self.options.format.is_some_and(|format| format != Format::String) {
            return self.formatted_scalar(value, None, out);
        }
        let addr = value.address().ok_or_else(|| ExprError::msg("value has no address"))?;
        out.push("{");
        kdive_types::print::print_declaration(value.ty(), "", kdive_types::print::NAME_ONLY, out);
        out.push("} ");
        self.address(addr, out);
        Ok(())
    }
}

/// Why a value is missing, as it stands in the place of the value.
fn missing_text(value: &Value, reason: Missing, out: &mut Out) {
    let text = match reason {
        Missing::OptimizedOut if matches!(value.place(), Place::Register { .. }) => "<not saved>",
        Missing::OptimizedOut => "<optimized out>",
        Missing::Unavailable => "<unavailable>",
        Missing::SyntheticPointer => "<synthetic pointer>",
    };
    out.styled(Style::Metadata, text);
}

/// Whether `frame-arguments scalars` shows the type.
fn is_scalar(ty: &Type) -> bool {
    !matches!(ty.strip().kind(), Kind::Array(_) | Kind::Composite(_))
}

/// Whether a pointer's type is left out because the string after it tells: exactly `char *`, `wchar_t *`, and so on.
fn points_to_text(ty: &Type) -> bool {
    let (_, outer) = ty.split_quals();
    let Kind::Pointer(target) = outer.kind() else { return false };
    let (_, target) = target.get().split_quals();
    matches!(target.name(), Some("char" | "wchar_t" | "char16_t" | "char32_t"))
        && !matches!(target.kind(), Kind::Composite(_) | Kind::Enum(_))
}

/// An array of characters: printed at any depth, as it is a string.
fn is_text_array(ty: &Type) -> bool {
    match ty.strip().kind() {
        Kind::Array(array) => ty.size().unwrap_or(0) > 0 && is_text(&array.elem.get(), None),
        _ => false,
    }
}

/// Whether an element of this type is a character. `/s` makes every one-byte integer one.
pub(crate) fn is_text(ty: &Type, format: Option<Format>) -> bool {
    if format.is_some_and(|format| format != Format::String) {
        return false;
    }
    let stripped = ty.strip();
    let Kind::Base(base) = stripped.kind() else { return false };
    match base.encoding {
        Encoding::Utf => true,
        Encoding::Float | Encoding::DecimalFloat | Encoding::ComplexFloat | Encoding::Bool => false,
        Encoding::SignedChar | Encoding::UnsignedChar if stripped.size() == Some(1) => true,
        Encoding::Signed | Encoding::Unsigned if stripped.size() == Some(1) && format.is_some() => true,
        _ => text::wide_name(ty).is_some(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
