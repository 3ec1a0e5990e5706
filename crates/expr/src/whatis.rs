//! `whatis` and `ptype`.

use crate::context::Context;
use crate::error::{ExprError, Result};
use crate::eval::{Evaluator, INTERNAL_FUNCTION};
use crate::expr::Expr;
use kdive_types::print::{BODY, NAME_ONLY, print_type};
use kdive_types::{Function, Kind, Out, Type, TypeOptions};

/// Takes the flags of `ptype /ox` off; gives the expression. `r`, `m`, `t`, `M`, `T`, `d` are taken and mean nothing more for C.
///
/// # Errors
/// gdb's words for flags that do not exist.
pub fn parse_type_flags(text: &str) -> Result<(TypeOptions, &str)> {
    parse_type_flags_over(text, TypeOptions::default())
}

/// As [`parse_type_flags`], with what settings ask for where no flag says otherwise.
///
/// # Errors
/// As [`parse_type_flags`].
pub fn parse_type_flags_over(text: &str, options: TypeOptions) -> Result<(TypeOptions, &str)> {
    let text = text.trim_start();
    let mut options = options;
    let Some(flags) = text.strip_prefix('/') else { return Ok((options, text)) };
    let end = flags.find(char::is_whitespace).unwrap_or(flags.len());
    let (flags, rest) = flags.split_at(end);
    for flag in flags.chars() {
        match flag {
            'o' => options.offsets = true,
            'x' => options.hex = true,
            'd' => options.hex = false,
            'r' | 'm' | 'M' | 't' | 'T' => {}
            other => return Err(ExprError::msg(format!("unrecognized flag '{other}'"))),
        }
    }
    if rest.is_empty() {
        return Err(ExprError::msg(if flags.is_empty() {
            "flag expected"
        } else {
            "expected space after format"
        }));
    }
    Ok((options, rest.trim_start()))
}

/// Answers `ptype` (`expand`) or `whatis` of an expression or type name: `type = ...` and a newline.
///
/// # Errors
/// When the expression has no type.
pub fn describe_type(
    context: &dyn Context,
    expr: &Expr,
    expand: bool,
    options: TypeOptions,
    out: &mut Out,
) -> Result<()> {
    let mut ty = expr.type_of(context)?;
    if !expand
        && expr.is_type()
        && let Kind::Typedef(target) = ty.split_quals().1.kind()
    {
        // Of a name for a type, what it stands for; one level, without the qualifiers of the name.
        ty = target.get();
    }
    if expand && let Some(reason) = refusal(&ty) {
        return Err(ExprError::msg(reason));
    }
    describe(context, &ty, expand, options, out);
    Ok(())
}

/// Why a type cannot be described, if what it is made of is of another language.
fn refusal(ty: &Type) -> Option<String> {
    let mut ty = ty.strip();
    for _ in 0..16 {
        if let Some(reason) = ty.refusal() {
            return Some(reason.to_string());
        }
        let Kind::Pointer(target) = ty.kind() else { return None };
        let target = target.get().strip();
        ty = target;
    }
    None
}

/// As [`describe_type`], for a type that is at hand.
pub fn describe(context: &dyn Context, ty: &Type, expand: bool, options: TypeOptions, out: &mut Out) {
    if ty.name() == Some(INTERNAL_FUNCTION) {
        out.push("type = <internal function>\n");
        return;
    }
    if !expand {
        return print_type(ty, NAME_ONLY, TypeOptions::default(), out);
    }
    let shown = completed(context, ty, 16);
    print_type(&shown, BODY, options, out);
    if let Kind::Composite(composite) = shown.strip().kind()
        && let Some(language) = &composite.functions_of
        // With offsets gdb shows data alone.
        && !options.offsets
    {
        context.warn(&format!("Member functions of {language} are not shown: kdive cannot yet."));
    }
}

/// The type with the structure at its bottom defined, where it was only declared: what `ptype` shows the members of.
fn completed(context: &dyn Context, ty: &Type, depth: usize) -> Type {
    let Some(depth) = depth.checked_sub(1) else { return ty.clone() };
    let (quals, bare) = ty.unaliased().split_quals();
    let made = match bare.kind() {
        Kind::Composite(_) | Kind::Enum(_) if bare.is_declaration() => {
            Evaluator::types_only(context).complete(&bare)
        }
        Kind::NoDebugText => unknown_function(),
        Kind::Pointer(target) if needs_completion(&target.get(), depth) => {
            completed(context, &target.get(), depth).pointer_to()
        }
        Kind::Array(array) if needs_completion(&array.elem.get(), depth) => {
            completed(context, &array.elem.get(), depth).array_of(array.count)
        }
        _ => return ty.clone(),
    };
    made.requalified(quals)
}

/// What a function without debug information is known to be: a function.
fn unknown_function() -> Type {
    let ret = Type::new(kdive_types::Node {
        name: Some("<unknown return type>".into()),
        byte_size: None,
        align: None,
        big_endian: false,
        kind: Kind::Error("no debug information".into()),
    });
    let function = Function { ret: ret.into(), params: Vec::new(), variadic: false, prototyped: false };
    Type::derived(Kind::Function(function))
}

fn needs_completion(ty: &Type, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let ty = ty.strip();
    match ty.kind() {
        Kind::Composite(_) | Kind::Enum(_) => ty.is_declaration(),
        Kind::NoDebugText => true,
        Kind::Pointer(target) => needs_completion(&target.get(), depth),
        Kind::Array(array) => needs_completion(&array.elem.get(), depth),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_described_as_in_gdb() {
        let expected = include_str!("fake/types.txt");
        crate::print::tests::similar(&crate::fake::play(&crate::fake::kitchen(), expected), expected);
    }

    #[test]
    fn flags() {
        assert_eq!(parse_type_flags("/ox struct s").unwrap().0, TypeOptions { offsets: true, hex: true });
        assert_eq!(parse_type_flags("/o struct s").unwrap().1, "struct s");
        for (text, expected) in
            [("/q x", "unrecognized flag 'q'"), ("/", "flag expected"), ("/o", "expected space after format")]
        {
            assert_eq!(parse_type_flags(text).unwrap_err().to_string(), expected);
        }
    }
}
