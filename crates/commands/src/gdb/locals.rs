//! The variables of a frame: `info locals`, `info args`.

use crate::gdb::data::put;
use crate::gdb::filter::Filter;
use crate::gdb::symbols::pattern;
use crate::spec::{Class, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_expr::print::print_plain;
use kdive_program::Frame;
use kdive_symbols::Variable;
use kdive_types::{Out, Style, Type};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "info locals",
        class: Class::Status,
        needs: Needs::FRAME,
        summary: "All local variables of current stack frame or those matching REGEXPs",
        help: "Usage: info locals [-q] [-t TYPEREGEX] [REGEX]\n\
               Those of the innermost block first. -t takes only those whose type matches.",
        examples: &["info locals", "info locals ^ret", "info locals -t 'struct page'"],
        run: |shell, args| variables(shell, args, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "info args",
        class: Class::Status,
        needs: Needs::FRAME,
        summary: "All argument variables of current stack frame or those matching REGEXPs",
        help: "Usage: info args [-q] [-t TYPEREGEX] [REGEX]\n\
               -t takes only those whose type matches.",
        examples: &["info args", "info args -t 'struct file'"],
        run: |shell, args| variables(shell, args, true),
        ..Spec::EMPTY
    },
];

/// Which variables a command is about.
enum Found {
    /// These, in order.
    Variables(Vec<Variable>),
    /// No debug information.
    NoSymbols,
}

/// What a block only declares (`extern int x;`) is not its own, to gdb neither.
fn locals(frame: &Frame) -> Found {
    let Some(scope) = &frame.scope else { return Found::NoSymbols };
    let declared = scope.locals().into_iter().flatten();
    Found::Variables(declared.filter(|variable| !variable.is_unresolved()).collect())
}

/// The locals of a frame, each on a line of its own, or that there are none.
pub fn put_locals(shell: &mut Shell, frame: &Frame, indent: usize) {
    match locals(frame) {
        Found::NoSymbols => shell.out.line("No symbol table info available."),
        Found::Variables(list) if list.is_empty() => shell.out.line("No locals."),
        Found::Variables(list) => {
            for variable in &list {
                put_variable(shell, frame, variable, indent);
            }
        }
    }
}

/// `        name = value`.
fn put_variable(shell: &mut Shell, frame: &Frame, variable: &Variable, indent: usize) {
    let program = shell.program();
    let mut out = Out::new();
    out.spaces(indent);
    out.styled(Style::Variable, variable.name());
    out.push(" = ");
    let error = match program.variable_value(variable, Some(frame)) {
        Ok(value) => {
            let mut shown = Out::new();
            match print_plain(program, &value, &program.options.print, indent as u32 / 2, &mut shown) {
                Ok(()) => {
                    out.append(&shown);
                    None
                }
                Err(error) => Some(error.to_string()),
            }
        }
        Err(error) => Some(error.to_string()),
    };
    if let Some(error) = error {
        let text = format!("<error reading variable {} ({error})>", variable.name());
        out.styled(Style::Metadata, &text);
    }
    out.push("\n");
    put(shell, &out);
}

/// Whether a type's name matches, as written or behind its typedefs.
fn is_of_type(regex: &regex::Regex, ty: &Type) -> bool {
    regex.is_match(&ty.declaration("")) || regex.is_match(&ty.unaliased().declaration(""))
}

fn variables(shell: &mut Shell, args: Args<'_>, arguments: bool) -> Result<(), Error> {
    let Filter { quiet, ty, name, .. } = Filter::parse(args.text(), "qt")?;
    let (name, ty) = (pattern(name)?, pattern(ty.as_deref().unwrap_or_default())?);
    let program = shell.program();
    let frame = program.selected_frame().map_err(Error::msg)?;
    let found = if arguments {
        match &frame.scope {
            Some(scope) => Found::Variables(scope.params()),
            None => Found::NoSymbols,
        }
    } else {
        locals(&frame)
    };
    let list = match found {
        Found::NoSymbols => {
            if !quiet {
                shell.out.line("No symbol table info available.");
            }
            return Ok(());
        }
        Found::Variables(list) => list,
    };
    let chosen: Vec<&Variable> = list
        .iter()
        .filter(|variable| name.as_ref().is_none_or(|regex| regex.is_match(variable.name())))
        .filter(|variable| ty.as_ref().is_none_or(|regex| is_of_type(regex, &variable.ty())))
        .collect();
    if chosen.is_empty() && !quiet {
        shell.out.line(match (name.is_some() || ty.is_some(), arguments) {
            (false, false) => "No locals.",
            (false, true) => "No arguments.",
            (true, false) => "No matching locals.",
            (true, true) => "No matching arguments.",
        });
    }
    for variable in chosen {
        put_variable(shell, &frame, variable, 0);
    }
    Ok(())
}
