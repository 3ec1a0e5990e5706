//! `apropos`: a search through all manuals.

use regex::RegexBuilder;

use crate::help::{list_line, manual, print_manual};
use crate::spec::{Class, Repeat, Spec};
use crate::tree::What;
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "apropos",
    class: Class::Support,
    summary: "Search the manuals of all commands and settings",
    help: "Usage: apropos [-v] REGEX\nCase does not matter. With -v the manuals are printed.",
    examples: &["apropos breakpoint", "apropos -v disassembly-flavor"],
    repeat: Repeat::No,
    run: apropos,
    ..Spec::EMPTY
}];

fn apropos(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let (verbose, pattern) = match args.split_word() {
        Some(("-v", rest)) => (true, rest.text()),
        _ => (false, args.text()),
    };
    if pattern.is_empty() {
        return Err(Error::msg("REGEXP string is empty"));
    }
    // gdb's expressions are POSIX basic ones; a pattern that is none of Rust's is looked for as it is.
    let regex = RegexBuilder::new(pattern).case_insensitive(true).build();
    let regex = match regex {
        Ok(regex) => regex,
        Err(_) => RegexBuilder::new(&regex::escape(pattern))
            .case_insensitive(true)
            .build()
            .map_err(|_| Error::msg(format!("Error in regular expression: {pattern}")))?,
    };
    let mut rows: Vec<(Vec<String>, What)> = Vec::new();
    shell.tree().walk(&mut |path, entry| {
        if matches!(entry.what, What::Alias(_)) {
            return;
        }
        let (summary, rest) = manual(path, &entry.what);
        if [path.join(" "), summary, rest].iter().any(|text| regex.is_match(text)) {
            rows.push((path.to_vec(), entry.what.clone()));
        }
    });
    for (path, what) in rows {
        if verbose {
            shell.out.line("");
            shell.out.styled(crate::output::Style::Title, &path.join(" "));
            shell.out.put("\n");
            print_manual(shell, &path, &what);
        } else {
            list_line(shell, &path, &what);
        }
    }
    Ok(())
}
