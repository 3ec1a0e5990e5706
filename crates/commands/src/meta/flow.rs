//! `source`, `if`, `while` and the words that belong to them.

use std::path::{Path, PathBuf};

use crate::script::{FileSource, Kind};
use crate::settings::{Value, expand_home};
use crate::spec::{Class, Completer, Repeat, Spec};
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "source",
        class: Class::Support,
        summary: "Run the commands of a file",
        help: "Usage: source [-s] [-v] FILE\n\
               The file ends at the first error. A file NAME.py is left out, and that is said:\n\
               kdive has no Python. -s looks for FILE in the source path too, -v\n\
               prints each command before it runs.",
        examples: &["source walk.gdb", "source -v walk.gdb"],
        complete: Completer::File,
        run: source,
        ..Spec::EMPTY
    },
    Spec {
        name: "if",
        class: Class::Support,
        summary: "Run commands if an expression is not zero",
        help: "Usage: if EXPRESSION\n\
               The commands follow, one per line, up to \"else\" or \"end\".",
        examples: &["if $argc == 1"],
        repeat: Repeat::No,
        complete: Completer::Expr,
        run: |shell, args| shell.run_control(Kind::If, &args),
        ..Spec::EMPTY
    },
    Spec {
        name: "while",
        class: Class::Support,
        summary: "Run commands as long as an expression is not zero",
        help: "Usage: while EXPRESSION\n\
               The commands follow, one per line, up to \"end\". \"loop_break\" leaves the loop,\n\
               \"loop_continue\" starts its next round.",
        examples: &["while $i < 10"],
        repeat: Repeat::No,
        complete: Completer::Expr,
        run: |shell, args| shell.run_control(Kind::While, &args),
        ..Spec::EMPTY
    },
    Spec {
        name: "loop_break",
        class: Class::Support,
        summary: "Leave the innermost \"while\"",
        help: "Only inside \"while\".",
        examples: &["loop_break"],
        run: outside_of_a_block,
        ..Spec::EMPTY
    },
    Spec {
        name: "loop_continue",
        class: Class::Support,
        summary: "Start the next round of the innermost \"while\"",
        help: "Only inside \"while\".",
        examples: &["loop_continue"],
        run: outside_of_a_block,
        ..Spec::EMPTY
    },
    Spec {
        name: "end",
        class: Class::Support,
        summary: "End a block of commands",
        help: "Closes \"if\", \"while\", \"define\", \"document\" and \"commands\".",
        examples: &["end"],
        run: |_, _| Err(Error::msg("This command cannot be used at the top level.")),
        ..Spec::EMPTY
    },
    Spec {
        name: "dont-repeat",
        class: Class::Support,
        summary: "Keep an empty line from repeating this user-defined command",
        help: "For the body of \"define\".",
        examples: &["dont-repeat"],
        run: |shell, _| {
            shell.dont_repeat();
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "stop",
        class: Class::Obscure,
        summary: "Do nothing; hook-stop runs at every stop",
        help: "Define hook-stop to have commands run whenever the program stops.",
        examples: &["stop"],
        run: |_, _| Ok(()),
        ..Spec::EMPTY
    },
];

fn outside_of_a_block(_shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    Err(Error::msg(format!("Undefined command: \"{}\".  Try \"help\".", args.invoked)))
}

fn source(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let mut rest = args;
    let (mut verbose, mut search) = (false, false);
    while let Some((word, after)) = rest.split_word() {
        match word {
            "-v" => verbose = true,
            "-s" => search = true,
            "--" => {
                rest = after;
                break;
            }
            _ => break,
        }
        rest = after;
    }
    let name = rest.required("source command requires file name of file to source.")?;
    let path = PathBuf::from(expand_home(name));
    // Where the source files are searched, as in gdb with and without -s: names without a directory only without.
    let found = if search || path.components().count() == 1 { find(shell, &path) } else { path };
    let file = match FileSource::open(&found) {
        Ok(file) => file,
        Err(error) => {
            // In a script a missing file is no reason to stop: gdb only warns.
            if args.from_tty {
                return Err(Error::of_file(name, &error));
            }
            shell.out.warning(&format!("{name}: {}", crate::settings::os_message(&error)));
            return Ok(());
        }
    };
    if is_python(&found) {
        return super::prefix::without_python(shell, name, args.from_tty);
    }
    let before = shell.settings.bool("trace-commands");
    shell.settings.put("trace-commands", Value::Bool(before || verbose));
    let result = shell.source_file(name, file);
    if verbose {
        shell.settings.put("trace-commands", Value::Bool(before));
    }
    result
}

/// Whether gdb takes the file for a script of Python, by its name.
fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py")
}

/// The file as it is or, when it is not there and names no directory from the root, in the source path.
fn find(shell: &Shell, path: &Path) -> PathBuf {
    if path.is_absolute() || path.exists() {
        return path.to_owned();
    }
    let dirs = shell.settings.directories();
    let candidates = dirs.iter().filter(|dir| !dir.starts_with('$')).map(|dir| Path::new(dir).join(path));
    candidates.into_iter().find(|candidate| candidate.exists()).unwrap_or_else(|| path.to_owned())
}
