//! `skip`: functions and files that `step` does not go into.

use std::rc::Rc;

use crate::spec::{Class, Completer};
use crate::{Args, Error, Shell, Spec};
use kdive_session::Skip;
use regex::Regex;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "skip",
        class: Class::Running,
        summary: "Do not step into a function or a file",
        help: "Usage: skip [FUNCTION]\n       skip [-file FILE | -gfile GLOB] [-function NAME | -rfunction REGEX]\n\
               Without an argument, the function of the selected frame.",
        examples: &["skip kfree", "skip -gfile lib/*.c", "skip -rfunction ^rcu_"],
        complete: Completer::Location,
        allow_unknown: true,
        run: skip,
        ..Spec::EMPTY
    },
    Spec {
        name: "skip function",
        class: Class::Running,
        summary: "Do not step into a function",
        help: "Usage: skip function [NAME]\nWithout a name, that of the selected frame.",
        examples: &["skip function kfree"],
        complete: Completer::Location,
        run: skip_function,
        ..Spec::EMPTY
    },
    Spec {
        name: "skip file",
        class: Class::Running,
        summary: "Do not step into functions of a file",
        help: "Usage: skip file [FILE]\nWithout a name, that of the selected frame.",
        examples: &["skip file slub.c"],
        run: skip_file,
        ..Spec::EMPTY
    },
    Spec {
        name: "skip enable",
        class: Class::Running,
        summary: "Enable entries of the list of skips",
        help: "Usage: skip enable [NUMBER | RANGE]...",
        examples: &["skip enable 1-3"],
        run: |shell, args| change(shell, args, |row| row.enabled = true),
        ..Spec::EMPTY
    },
    Spec {
        name: "skip disable",
        class: Class::Running,
        summary: "Disable entries of the list of skips",
        help: "Usage: skip disable [NUMBER | RANGE]...",
        examples: &["skip disable 1"],
        run: |shell, args| change(shell, args, |row| row.enabled = false),
        ..Spec::EMPTY
    },
    Spec {
        name: "skip delete",
        class: Class::Running,
        summary: "Delete entries of the list of skips",
        help: "Usage: skip delete [NUMBER | RANGE]...",
        examples: &["skip delete 1"],
        run: delete,
        ..Spec::EMPTY
    },
    Spec {
        name: "info skip",
        class: Class::Status,
        summary: "List what step does not go into",
        help: "Usage: info skip [NUMBER | RANGE]...",
        examples: &["info skip"],
        run: info,
        ..Spec::EMPTY
    },
];

/// What a name has to be.
#[derive(Clone, Debug)]
enum Pattern {
    Is(String),
    Glob(String, Regex),
    Regex(String, Regex),
}

impl Pattern {
    fn text(&self) -> &str {
        match self {
            Self::Is(text) | Self::Glob(text, _) | Self::Regex(text, _) => text,
        }
    }

    /// A function by its name.
    fn takes(&self, name: &str) -> bool {
        match self {
            Self::Is(text) => text == name,
            Self::Glob(_, regex) | Self::Regex(_, regex) => regex.is_match(name),
        }
    }

    /// A file by its path, or by as many of its last parts as the pattern has; a whole path also takes the file by the last parts of
    /// it, as debug information has it.
    fn takes_file(&self, path: &str) -> bool {
        if let Self::Is(text) = self
            && text
                .strip_suffix(path)
                .is_some_and(|directory| text.starts_with('/') && directory.ends_with('/'))
        {
            return true;
        }
        let parts = self.text().matches('/').count() + 1;
        let mut cuts = path.rmatch_indices('/').map(|(at, _)| at + 1).skip(parts - 1);
        let tail = path.get(cuts.next().unwrap_or(0)..).unwrap_or(path);
        self.takes(path) || self.takes(tail)
    }
}

/// One entry of the list.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    number: u32,
    enabled: bool,
    file: Option<Pattern>,
    function: Option<Pattern>,
}

/// The list, and the number given last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Skips {
    rows: Vec<Row>,
    last: u32,
}

/// A pattern of file names as a regular expression: `*`, `?` and `[...]`.
fn glob(text: &str) -> Result<Regex, Error> {
    let mut out = String::from("^");
    for c in text.chars() {
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' | ']' | '-' => out.push(c),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push('$');
    Regex::new(&out).map_err(|_| Error::msg(format!("Error in file name pattern: {text}")))
}

fn add(shell: &mut Shell, file: Option<Pattern>, function: Option<Pattern>) {
    let quantity = |pattern: &Pattern, one: &'static str, many: &'static str| match pattern {
        Pattern::Is(_) => one,
        _ => many,
    };
    let lower = |pattern: &Pattern| quantity(pattern, "file", "file(s)");
    let text = match (&file, &function) {
        (Some(file), Some(function)) => format!(
            "{} {} in {} {} will be skipped when stepping.",
            quantity(function, "Function", "Function(s)"),
            function.text(),
            lower(file),
            file.text()
        ),
        (Some(file), None) => {
            format!("{} {} will be skipped when stepping.", quantity(file, "File", "File(s)"), file.text())
        }
        (None, Some(function)) => format!(
            "{} {} will be skipped when stepping.",
            quantity(function, "Function", "Function(s)"),
            function.text()
        ),
        (None, None) => return,
    };
    shell.skips.last += 1;
    let number = shell.skips.last;
    shell.skips.rows.push(Row { number, enabled: true, file, function });
    hand_over(shell);
    shell.out.line(&text);
}

/// Run control gets the entries that count.
fn hand_over(shell: &mut Shell) {
    let rows = shell.skips.rows.iter().filter(|row| row.enabled).cloned();
    shell.session.skips = rows
        .map(|row| -> Skip {
            Rc::new(move |function: &str, file: Option<&str>| {
                let in_file =
                    row.file.as_ref().is_none_or(|pattern| file.is_some_and(|file| pattern.takes_file(file)));
                in_file && row.function.as_ref().is_none_or(|pattern| pattern.takes(function))
            })
        })
        .collect();
}

/// Function and file of the selected frame.
fn current(shell: &Shell) -> (Option<String>, Option<String>) {
    let program = shell.program();
    let Ok(frame) = program.selected_frame() else { return (None, None) };
    let function =
        program.modules.function_at(frame.real.lookup_pc).map(|function| function.name().to_string());
    (function, program.frame_line(&frame).map(|line| program.full_path(&line.file)))
}

fn skip_function(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let name = if args.is_empty() {
        current(shell).0.ok_or_else(|| Error::msg("No default function now."))?
    } else {
        args.text().to_owned()
    };
    add(shell, None, Some(Pattern::Is(name)));
    Ok(())
}

fn skip_file(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let name = if args.is_empty() {
        current(shell).1.ok_or_else(|| Error::msg("No default file now."))?
    } else {
        args.text().to_owned()
    };
    add(shell, Some(Pattern::Is(name)), None);
    Ok(())
}

fn skip(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if args.is_empty() {
        return skip_function(shell, args);
    }
    let words = args.words()?;
    let mut words = words.iter();
    let (mut files, mut functions) = ([None, None], [None, None]);
    while let Some(word) = words.next() {
        let place = match word.as_str() {
            "-fi" | "-file" => &mut files[0],
            "-gfi" | "-gfile" => &mut files[1],
            "-fu" | "-function" => &mut functions[0],
            "-rfu" | "-rfunction" => &mut functions[1],
            option if option.starts_with('-') => {
                return Err(Error::msg(format!("Invalid skip option: {option}")));
            }
            function if files == [None, None] && functions == [None, None] => {
                functions[0] = Some(function.to_owned());
                if let Some(junk) = words.next() {
                    return Err(Error::msg(format!("Invalid argument: {junk}")));
                }
                break;
            }
            junk => return Err(Error::msg(format!("Invalid argument: {junk}"))),
        };
        let value = words.next().ok_or_else(|| Error::msg(format!("Missing value for {word} option.")))?;
        *place = Some(value.clone());
    }
    let file = match files {
        [Some(_), Some(_)] => return Err(Error::msg("Cannot specify both -file and -gfile.")),
        [Some(name), None] => Some(Pattern::Is(name)),
        [None, Some(text)] => {
            let regex = glob(&text)?;
            Some(Pattern::Glob(text, regex))
        }
        [None, None] => None,
    };
    let function = match functions {
        [Some(_), Some(_)] => return Err(Error::msg("Cannot specify both -function and -rfunction.")),
        [Some(name), None] => Some(Pattern::Is(name)),
        [None, Some(text)] => {
            let regex = Regex::new(&text).map_err(|error| {
                let reason = error.to_string();
                Error::msg(format!("regexp: {}", reason.lines().last().unwrap_or_default()))
            })?;
            Some(Pattern::Regex(text, regex))
        }
        [None, None] => None,
    };
    add(shell, file, function);
    Ok(())
}

/// The numbers of entries an argument names; all without one.
fn chosen(shell: &mut Shell, args: &Args<'_>) -> Result<Vec<u32>, Error> {
    let have: Vec<u32> = shell.skips.rows.iter().map(|row| row.number).collect();
    if args.is_empty() {
        return Ok(have);
    }
    let mut numbers = Vec::new();
    for word in args.text().split_whitespace() {
        let bad = || Error::msg("Arguments must be numbers or '$' variables.");
        let (low, high) = word.split_once('-').unwrap_or((word, word));
        let mut number = |text: &str| -> Result<i64, Error> {
            if text.starts_with('$') {
                super::run::integer(shell, text)
            } else {
                text.parse().map_err(|_| bad())
            }
        };
        let (low, high) = (number(low)?, number(high)?);
        numbers.extend(have.iter().copied().filter(|have| (low..=high).contains(&i64::from(*have))));
    }
    if numbers.is_empty() {
        return Err(Error::msg(format!("No skiplist entries found with number {}.", args.text())));
    }
    Ok(numbers)
}

fn some(shell: &mut Shell, args: &Args<'_>) -> Result<Vec<u32>, Error> {
    if shell.skips.rows.is_empty() {
        let what = if args.is_empty() { "(null)" } else { args.text() };
        return Err(Error::msg(format!("No skiplist entries found with number {what}.")));
    }
    chosen(shell, args)
}

fn change(shell: &mut Shell, args: Args<'_>, change: fn(&mut Row)) -> Result<(), Error> {
    let numbers = some(shell, &args)?;
    shell.skips.rows.iter_mut().filter(|row| numbers.contains(&row.number)).for_each(change);
    hand_over(shell);
    Ok(())
}

fn delete(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let numbers = some(shell, &args)?;
    shell.skips.rows.retain(|row| !numbers.contains(&row.number));
    hand_over(shell);
    Ok(())
}

fn info(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let numbers = chosen(shell, &args)?;
    if numbers.is_empty() {
        shell.out.line("Not skipping any files or functions.");
        return Ok(());
    }
    shell.out.line("Num   Enb Glob File                 RE Function");
    let rows: Vec<Row> =
        shell.skips.rows.iter().filter(|row| numbers.contains(&row.number)).cloned().collect();
    for row in rows {
        let yes = |yes| if yes { 'y' } else { 'n' };
        let globs = yes(matches!(row.file, Some(Pattern::Glob(..))));
        let regex = yes(matches!(row.function, Some(Pattern::Regex(..))));
        let text = |pattern: &Option<Pattern>| {
            pattern.as_ref().map_or_else(|| "<none>".to_owned(), |pattern| pattern.text().to_owned())
        };
        let (enabled, file, function) = (yes(row.enabled), text(&row.file), text(&row.function));
        shell
            .out
            .line(&format!("{:<5} {enabled:<3} {globs:>4} {file:<20} {regex:>2} {function}", row.number));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_by_their_last_parts() {
        let is = |text: &str, path: &str| Pattern::Is(text.to_owned()).takes_file(path);
        assert!(is("slub.c", "mm/slub.c") && is("mm/slub.c", "/src/mm/slub.c") && is("/src/a.c", "/src/a.c"));
        assert!(!is("lub.c", "mm/slub.c") && !is("fs/slub.c", "mm/slub.c"));
        let globs =
            |text: &str, path: &str| Pattern::Glob(text.to_owned(), glob(text).unwrap()).takes_file(path);
        assert!(globs("*.c", "mm/slub.c") && globs("mm/*", "/src/mm/slub.c") && globs("sl?b.c", "slab.c"));
        assert!(!globs("*.h", "mm/slub.c") && !globs("mm/*", "/src/fs/mm.c"));
    }
}
