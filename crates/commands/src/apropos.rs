//! `apropos`: a search through all manuals.

use regex::{Regex, RegexBuilder};

use crate::help::{functions, list_line, manual, print_manual};
use crate::spec::{Class, Spec};
use crate::tree::What;
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "apropos",
    class: Class::Support,
    summary: "Search the manuals of all commands and settings",
    help: "Usage: apropos [-v] REGEX\n\
           Case does not matter. Where nothing has the whole text, what has all of its words is\n\
           listed. With -v the manuals are printed.",
    examples: &["apropos breakpoint", "apropos deadlock", "apropos -v disassembly-flavor"],
    run: apropos,
    ..Spec::EMPTY
}];

fn apropos(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let (verbose, text) = match args.split_word() {
        Some(("-v", rest)) => (true, rest.text()),
        _ => (false, args.text()),
    };
    if text.is_empty() {
        return Err(Error::msg("REGEXP string is empty"));
    }
    let mut found = search(shell, &[pattern(text)?]);
    if found.is_empty() && text.contains(' ') {
        let words = text.split_whitespace().map(pattern).collect::<Result<Vec<_>, _>>()?;
        found = search(shell, &words);
    }
    let (rows, functions) = (found.commands, found.functions);
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
    for row in functions {
        functions::list_line(shell, row);
    }
    Ok(())
}

/// gdb's expressions are POSIX basic ones; a pattern that is none of Rust's is looked for as it is.
fn pattern(text: &str) -> Result<Regex, Error> {
    let build = |text: &str| RegexBuilder::new(text).case_insensitive(true).build();
    build(text)
        .or_else(|_| build(&regex::escape(text)))
        .map_err(|_| Error::msg(format!("Error in regular expression: {text}")))
}

struct Found {
    commands: Vec<(Vec<String>, What)>,
    functions: Vec<&'static functions::Row>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.functions.is_empty()
    }
}

/// What all of the patterns are found in: names, manuals, keywords.
fn search(shell: &Shell, patterns: &[Regex]) -> Found {
    let fits = |texts: &[&str]| patterns.iter().all(|regex| texts.iter().any(|text| regex.is_match(text)));
    let mut commands = Vec::new();
    shell.tree().walk(&mut |path, entry| {
        if matches!(entry.what, What::Alias(_)) || entry.is_foreign() {
            return;
        }
        let (name, (summary, rest)) = (path.join(" "), manual(path, &entry.what));
        let mut texts = vec![name.as_str(), summary.as_str(), rest.as_str()];
        if let What::Command(spec) = &entry.what {
            texts.extend(spec.keywords);
        }
        if fits(&texts) {
            commands.push((path.to_vec(), entry.what.clone()));
        }
    });
    let functions = functions::FUNCTIONS.iter().filter(|row| fits(&[row.0, row.1])).collect();
    Found { commands, functions }
}
