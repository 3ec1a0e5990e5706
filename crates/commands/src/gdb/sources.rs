//! `info sources`.

use super::symbols::pattern;
use crate::output::Style;
use crate::spec::Class;
use crate::{Args, Error, Shell, Spec};
use std::collections::HashSet;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "info sources",
    class: Class::Status,
    summary: "All source files in the program or those matching a regular expression",
    help: "Usage: info sources [-dirname | -basename] [REGEX]\n\
           REGEX is looked for in the whole path, with -dirname in the directories alone, with\n\
           -basename in the last component.",
    examples: &["info sources kernel/sched", "info sources -basename ^fork.c$"],
    run: info_sources,
    ..Spec::EMPTY
}];

/// Which part of a path a regular expression is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Path,
    Directory,
    Base,
}

impl Part {
    fn of(self, path: &str) -> &str {
        let (directory, base) = path.rsplit_once('/').unwrap_or((".", path));
        match self {
            Self::Path => path,
            Self::Directory if directory.is_empty() => "/",
            Self::Directory => directory,
            Self::Base => base,
        }
    }
}

fn parse(text: &str) -> Result<(Part, &str), Error> {
    let mut rest = text.trim_start();
    let (mut directory, mut base) = (false, false);
    while rest.starts_with('-') {
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match word {
            "--" => {
                rest = after.trim_start();
                break;
            }
            _ if word.len() > 1 && "-dirname".starts_with(word) => directory = true,
            _ if word.len() > 1 && "-basename".starts_with(word) => base = true,
            _ => return Err(Error::msg(format!("Unrecognized option at: {rest}"))),
        }
        rest = after.trim_start();
    }
    let part = match (directory, base) {
        (true, true) => {
            return Err(Error::msg("You cannot give both -basename and -dirname to 'info sources'."));
        }
        (true, false) => Part::Directory,
        (false, true) => Part::Base,
        (false, false) => Part::Path,
    };
    if part != Part::Path && rest.is_empty() {
        return Err(Error::msg("Missing REGEXP for 'info sources'."));
    }
    Ok((part, rest))
}

fn info_sources(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let (part, text) = parse(args.text())?;
    if shell.program().modules.modules().is_empty() {
        return Err(Error::msg("No symbol table is loaded.  Use the \"file\" command."));
    }
    let pattern = pattern(text)?;
    let interrupt = shell.interrupt.clone();
    for list in shell.program().modules.sources(&interrupt) {
        shell.out.styled(Style::File, &list.of.display().to_string());
        shell.out.put(":\n");
        if list.units > 1 {
            // kdive reads units when it needs them, as gdb does, and as there only one or a few were needed so far.
            shell.out.put("(Full debug information has not yet been read for this file.)\n");
        }
        shell.out.put("\n");
        let mut seen = HashSet::new();
        for path in &list.paths {
            let path = std::fs::canonicalize(&**path)
                .map_or_else(|_| path.to_string(), |path| path.display().to_string());
            let matches = pattern.as_ref().is_none_or(|pattern| pattern.is_match(part.of(&path)));
            if matches && !seen.contains(&path) {
                if !seen.is_empty() {
                    shell.out.put(", ");
                }
                shell.out.styled(Style::File, &path);
                seen.insert(path);
            }
            shell.check_interrupt()?;
        }
        shell.out.put(if seen.is_empty() { "" } else { "\n\n" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options() {
        let parsed = |text| parse(text).map_err(|error| error.to_string());
        assert_eq!(parsed("kernel/sched"), Ok((Part::Path, "kernel/sched")));
        assert_eq!(parsed("-basename ^fork.c$"), Ok((Part::Base, "^fork.c$")));
        assert_eq!(parsed("-d kernel"), Ok((Part::Directory, "kernel")));
        assert_eq!(parsed("-- -x"), Ok((Part::Path, "-x")));
        assert_eq!(parsed("-dirname"), Err("Missing REGEXP for 'info sources'.".to_owned()));
        assert_eq!(parsed("-foo"), Err("Unrecognized option at: -foo".to_owned()));
        let both = "You cannot give both -basename and -dirname to 'info sources'.";
        assert_eq!(parsed("-basename -dirname x"), Err(both.to_owned()));
    }

    #[test]
    fn parts_of_a_path() {
        assert_eq!(Part::Directory.of("/usr/include/stdio.h"), "/usr/include");
        assert_eq!(Part::Base.of("/usr/include/stdio.h"), "stdio.h");
        assert_eq!((Part::Directory.of("/x"), Part::Directory.of("x.c")), ("/", "."));
    }
}
