//! `list` and its kin, and the lines of source that other commands show.

use crate::output::{Stream, Style};
use crate::spec::{Class, Completer, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_base::VirtAddr;
use kdive_program::ListPosition;
use kdive_symbols::{LinespecMode, Sal, SourceName};
use std::time::SystemTime;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "list",
        aliases: &["l"],
        class: Class::Files,
        summary: "List specified function or line",
        help: "list                ten more lines, or ten lines around the line shown last\n\
               list -              the ten lines before those shown last\n\
               list LOCATION       ten lines around it: a function, LINE, FILE:LINE, *ADDRESS\n\
               list FIRST,LAST     from FIRST to LAST; either may be left out",
        examples: &["list", "list start_kernel", "list init/main.c:900,910", "list *0xffffffff81000000"],
        repeat: Repeat::Bare,
        complete: Completer::Location,
        run: list,
        ..Spec::EMPTY
    },
    Spec {
        name: "search",
        aliases: &["forward-search", "fo", "for"],
        class: Class::Files,
        summary: "Search for a regular expression from the last line listed on",
        help: "Usage: search REGEX\nThe line found is shown and kept in $_.",
        examples: &["search start_kernel"],
        run: |shell, args| search(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "reverse-search",
        aliases: &["rev"],
        class: Class::Files,
        summary: "Search backward for a regular expression from the last line listed",
        help: "Usage: reverse-search REGEX\nThe line found is shown and kept in $_.",
        examples: &["reverse-search start_kernel"],
        run: |shell, args| search(shell, args, false),
        ..Spec::EMPTY
    },
];

/// Shows lines `first` to `end` (exclusive) of a file as `LINE<tab>TEXT`, and makes them the lines listed last.
///
/// A file that is not there is said once, as gdb does: `905<tab>init/main.c: No such file or directory.`, and
/// `905<tab>in init/main.c` from then on until another file is shown.
///
/// # Errors
/// `Line number 4000 out of range; init/main.c has 1650 lines.`
pub fn show_lines(shell: &mut Shell, file: &SourceName, first: u32, end: u32) -> Result<(), Error> {
    let comp_dir = file.comp_dir.as_deref().unwrap_or_default();
    let source = shell.program().sources.find(&file.name, comp_dir);
    let say_missing = shell.program().sources.note_shown(&file.name, comp_dir, source.is_some());
    let Some(source) = source else {
        position(shell, file, first, first, first);
        if say_missing {
            let name = shell.program().shown_file(file);
            let text = format!("{first}\t{name}: No such file or directory.\n");
            shell.out.emit(Stream::Err, Style::Plain, text.as_bytes());
        } else {
            shell.out.put(&format!("{first}\tin "));
            let name = shell.program().shown_file(file);
            shell.out.styled(Style::File, &name);
            shell.out.put("\n");
        }
        return Ok(());
    };
    warn_if_newer(shell, &source);
    if u64::from(first) > source.line_count() {
        position(shell, file, first, first, first);
        let (name, lines) = (shell.program().shown_file(file), source.line_count());
        return Err(Error::msg(format!("Line number {first} out of range; {name} has {lines} lines.")));
    }
    let mut last = first;
    for number in first..end {
        let Some(line) = source.line(u64::from(number)) else { break };
        shell.out.put(&format!("{number}\t{}\n", printable(line)));
        last = number;
    }
    position(shell, file, last + 1, first, last);
    Ok(())
}

/// Says once per file that what is shown is not what was compiled.
fn warn_if_newer(shell: &mut Shell, source: &kdive_program::SourceFile) {
    let Some(changed) = source.modified else { return };
    let program = shell.program();
    // What was compiled from the file: the object around the pc, else the program itself.
    let pc = program.selected_frame().ok().map(|frame| frame.real.lookup_pc);
    let module = pc.and_then(|pc| program.modules.module_at(pc)).map(|(module, _)| module);
    let object = module.or_else(|| program.modules.modules().first()).map(|module| module.object());
    let built = object.and_then(|object| object.path().metadata().and_then(|data| data.modified()).ok());
    // Whole seconds, as gdb: a build writes both within one.
    let seconds =
        |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if built.is_some_and(|built| seconds(changed) > seconds(built))
        && program.sources.note_newer(&source.path)
    {
        shell.out.warning("Source file is more recent than executable.");
    }
}

/// Control characters other than tabs as `^X`, as gdb shows them.
fn printable(line: &str) -> String {
    if !line.chars().any(|c| c.is_ascii_control() && c != '\t') {
        return line.to_owned();
    }
    let mut text = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\t' => text.push('\t'),
            '\u{7f}' => text.push_str("^?"),
            c if c.is_ascii_control() => {
                text.push('^');
                text.push(char::from(c as u8 + b'@'));
            }
            c => text.push(c),
        }
    }
    text
}

/// Makes a line the one listed last.
pub fn at_line(shell: &Shell, file: &SourceName, line: u32) {
    position(shell, file, line + 1, line, line);
}

fn position(shell: &Shell, file: &SourceName, line: u32, first: u32, last: u32) {
    let listed = ListPosition { file: file.clone(), line, first, last, center: false };
    *shell.program().listed.borrow_mut() = Some(listed);
}

/// `set listsize`; unlimited is a very large number of lines.
pub(super) fn list_size(shell: &Shell) -> u32 {
    let size = shell.settings.number("listsize").unwrap_or(u64::MAX);
    u32::try_from(size).unwrap_or(u32::MAX / 2)
}

/// The place to start from when nothing was shown yet: the selected frame, else `main`, else the start of the kernel.
pub(super) fn default_position(shell: &Shell) -> Result<ListPosition, Error> {
    if let Some(listed) = shell.program().listed.borrow().clone() {
        return Ok(listed);
    }
    let program = shell.program();
    if program.modules.modules().is_empty() {
        return Err(Error::msg("No symbol table is loaded.  Use the \"file\" command."));
    }
    for name in ["main", "start_kernel"] {
        if let Ok(sals) = program.resolve_location(name, LinespecMode::Breakpoint)
            && let Some(Sal { file: Some(file), line, .. }) = sals.into_iter().next()
        {
            // As gdb: the last line of a first listing is to be the function's.
            let line = line.saturating_sub(list_size(shell).saturating_sub(1)).max(1);
            return Ok(ListPosition { file, line, first: 0, last: 0, center: true });
        }
    }
    Err(Error::msg("No default source file."))
}

fn list_around(shell: &mut Shell, at: &ListPosition, size: u32) -> Result<(), Error> {
    let first = at.line.saturating_sub(size / 2).max(1);
    show_lines(shell, &at.file, first, first.saturating_add(size))
}

fn list(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let size = list_size(shell);
    let text = args.text();
    match text {
        "" | "+" => {
            let at = default_position(shell)?;
            if at.center {
                return list_around(shell, &at, size);
            }
            return show_lines(shell, &at.file, at.line, at.line.saturating_add(size));
        }
        "-" => {
            let at = default_position(shell)?;
            // The first listing after a stop is around its line, whichever way it goes.
            if at.center {
                // As gdb: a single line is the one before, as the line itself was shown at the stop.
                let back = u32::from(size == 1 && at.line > 1);
                return list_around(shell, &ListPosition { line: at.line - back, ..at }, size);
            }
            if at.first <= 1 {
                let name = shell.program().shown_file(&at.file);
                return Err(Error::msg(format!("Already at the start of {name}.")));
            }
            let first = at.first.saturating_sub(size).max(1);
            show_lines(shell, &at.file, first, at.first)?;
            return Ok(());
        }
        _ => {}
    }
    let (first, last) = match split_comma(text) {
        Some((first, last)) => (first.trim(), Some(last.trim())),
        None => (text, None),
    };
    let begin = if first.is_empty() { Vec::new() } else { places(shell, first)? };
    if last.is_some() && say_ambiguous(shell, &format!("first line '{first}'"), &begin) {
        return Ok(());
    }
    match last {
        None => {
            let several = begin.len() > 1;
            for sal in &begin {
                let at = first.strip_prefix('*').and(sal.pc);
                if let (Some(addr), None) = (at, &sal.file) {
                    // gdb says nothing at all, and it is no error there either.
                    shell.out.line(&format!("No source file for address {addr:#x}."));
                    continue;
                }
                if sal.file.is_none() && at.is_none() {
                    // As above.
                    shell.out.line(&format!("No line number known for {first}."));
                    continue;
                }
                let file = file_of(sal, first)?;
                if let Some(addr) = at {
                    say_address(shell, addr, &file, sal.line);
                }
                if several {
                    let text = described(shell, sal);
                    shell.out.line(&text);
                }
                let start = sal.line.saturating_sub(size / 2).max(1);
                show_lines(shell, &file, start, start.saturating_add(size))?;
                if let Some(pc) = sal.pc.filter(|&pc| shell.program().modules.variable_at(pc).is_none()) {
                    shell.program().list_near(pc);
                }
            }
            Ok(())
        }
        Some("") => {
            let sal = one(&begin, first)?;
            let file = file_of(&sal, first)?;
            show_lines(shell, &file, sal.line, sal.line.saturating_add(size))
        }
        Some(last) => {
            let start = if first.is_empty() { None } else { Some(one(&begin, first)?) };
            if let Some(sal) = &start {
                // `list 5,+3` counts from the first place.
                let file = file_of(sal, first)?;
                position(shell, &file, sal.line, sal.line, sal.line);
            }
            let ends = places(shell, last)?;
            if say_ambiguous(shell, &format!("last line '{last}'"), &ends) {
                return Ok(());
            }
            let end = one(&ends, last)?;
            let file = file_of(&end, last)?;
            let Some(start) = start else {
                let begin = end.line.saturating_sub(size - 1).max(1);
                return show_lines(shell, &file, begin, end.line + 1);
            };
            if start.file != end.file {
                return Err(Error::msg("Specified first and last lines are in different files."));
            }
            if start.line > end.line {
                return Err(Error::msg("Second line number precedes first."));
            }
            show_lines(shell, &file, start.line, end.line + 1)
        }
    }
}

/// One of several places: `file: "a.c", line number: 3, symbol: "f"`.
fn described(shell: &Shell, sal: &Sal) -> String {
    let program = shell.program();
    let variable =
        sal.pc.and_then(|pc| program.modules.variable_at(pc)).map(|(found, _)| found.name().to_owned());
    let symbol = variable.or_else(|| sal.function_name.as_deref().map(str::to_owned));
    let name = sal.file.as_ref().map(|file| program.shown_file(file)).unwrap_or_default();
    let symbol = symbol.unwrap_or_else(|| "???".to_owned());
    format!("file: \"{name}\", line number: {}, symbol: \"{symbol}\"", sal.line)
}

/// Says what a location that is an address stands for: `0x115d is in main (/tmp/a.c:4).`
pub(super) fn say_address(shell: &mut Shell, addr: VirtAddr, file: &SourceName, line: u32) {
    let line = format!("{}:{line}", shell.program().shown_file(file));
    let place = match shell.program().modules.function_at(addr) {
        Some(function) => format!("in {} ({line})", function.name()),
        None => format!("at {line}"),
    };
    shell.out.line(&format!("{addr:#x} is {place}."));
}

/// Says that a location stands for several places, where one is needed. `false` when it does not.
pub(super) fn say_ambiguous(shell: &mut Shell, what: &str, sals: &[Sal]) -> bool {
    if sals.len() < 2 {
        return false;
    }
    shell.out.line(&format!("Specified {what} is ambiguous:"));
    for sal in sals {
        let text = described(shell, sal);
        shell.out.line(&text);
    }
    true
}

pub(super) fn places(shell: &Shell, text: &str) -> Result<Vec<Sal>, Error> {
    let mut found = shell.program().resolve_location(text, LinespecMode::List)?;
    // In gdb's order: by directory, file and line.
    let key = |sal: &Sal| {
        let file = sal.file.as_ref().map(|file| (file.comp_dir.clone(), file.name.clone()));
        (file, sal.line)
    };
    found.sort_by_key(key);
    Ok(found)
}

fn one(sals: &[Sal], text: &str) -> Result<Sal, Error> {
    match sals {
        [sal, ..] => Ok(sal.clone()),
        [] => Err(Error::msg(format!("No line number known for {text}."))),
    }
}

pub(super) fn file_of(sal: &Sal, text: &str) -> Result<SourceName, Error> {
    sal.file.clone().ok_or_else(|| match (text.strip_prefix('*'), sal.pc) {
        (Some(_), Some(addr)) => Error::msg(format!("No source file for address {addr:#x}.")),
        _ => Error::msg(format!("No line number known for {text}.")),
    })
}

/// Splits at the first comma outside of quotes and parentheses.
fn split_comma(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

fn search(shell: &mut Shell, args: Args<'_>, forward: bool) -> Result<(), Error> {
    if args.is_empty() && shell.last_search.is_none() {
        return Err(Error::msg("No previous regular expression"));
    }
    let text = match args.text() {
        "" => shell.last_search.clone().unwrap_or_default(),
        text => text.to_owned(),
    };
    let pattern = regex::Regex::new(&text).map_err(|error| {
        Error::msg(format!("Invalid regexp: {}", error.to_string().lines().last().unwrap_or_default()))
    })?;
    shell.last_search = Some(text);
    let at = default_position(shell)?;
    let comp_dir = at.file.comp_dir.clone().unwrap_or_default();
    let source = shell.program().sources.find(&at.file.name, &comp_dir);
    let source = source.ok_or_else(|| Error::msg(format!("{}: No such file or directory.", at.file.name)))?;
    let count = u32::try_from(source.line_count()).unwrap_or(u32::MAX);
    let matches = |&number: &u32| source.line(u64::from(number)).is_some_and(|line| pattern.is_match(line));
    let found = if forward { (at.last + 1..=count).find(matches) } else { (1..at.last).rev().find(matches) };
    let Some(number) = found else { return Err(Error::msg("Expression not found")) };
    show_lines(shell, &at.file, number, number + 1)?;
    shell.hooks().set_convenience(shell, "_", Some(i64::from(number)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_inside_calls_do_not_split() {
        assert_eq!(split_comma("10,20"), Some(("10", "20")));
        assert_eq!(split_comma("*f(1,2)"), None);
        assert_eq!(split_comma("'a,b.c':3,"), Some(("'a,b.c':3", "")));
    }

    #[test]
    fn control_characters_are_visible() {
        assert_eq!(printable("a\tb"), "a\tb");
        assert_eq!(printable("a\u{c}b\u{7f}"), "a^Lb^?");
    }
}
