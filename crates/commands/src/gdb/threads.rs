//! The CPUs of the guest as threads: `info threads`, `thread`, `thread apply`, `thread name`, `thread find`.

use crate::gdb::data::put;
use crate::gdb::events::{failure, show_selected};
use crate::spec::{Class, Completer};
use crate::{Args, Error, Shell, Spec};
use kdive_program::FrameStyle;
use kdive_session::Show;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "info threads",
        class: Class::Status,
        summary: "Display currently known threads",
        help: "Usage: info threads [ID]...\n\
               The CPUs of the guest, each with its state and the frame it stands in.",
        examples: &["info threads", "info threads 1-2"],
        run: info_threads,
        ..Spec::EMPTY
    },
    Spec {
        name: "thread",
        aliases: &["t"],
        class: Class::Running,
        summary: "Use this command to switch between threads",
        help: "Usage: thread [ID]\n\
               Without argument, show the current thread.",
        examples: &["thread", "thread 2"],
        allow_unknown: true,
        run: thread,
        ..Spec::EMPTY
    },
    Spec {
        name: "thread apply",
        class: Class::Running,
        summary: "Apply a command to a list of threads",
        help: "Usage: thread apply ID... [OPTION]... COMMAND\n\
               thread apply all [OPTION]... COMMAND\n\
               -q           do not print the header of each thread\n\
               -c           print errors and go on\n\
               -s           be silent about errors and empty output\n\
               -ascending   with all: the first thread first",
        examples: &["thread apply all bt", "thread apply 1-2 info registers rip"],
        complete: Completer::Command,
        allow_unknown: true,
        run: apply,
        ..Spec::EMPTY
    },
    Spec {
        name: "thread apply all",
        class: Class::Running,
        summary: "Apply a command to all threads",
        help: "Usage: thread apply all [-q] [-c] [-s] [-ascending] COMMAND\n\
               From the last to the first, unless -ascending is given.",
        examples: &["thread apply all bt", "thread apply all -q info registers rip"],
        complete: Completer::Command,
        allow_unknown: true,
        run: apply_all,
        ..Spec::EMPTY
    },
    Spec {
        name: "taas",
        class: Class::Running,
        summary: "Apply a command to all threads (ignoring errors and empty output)",
        help: "Usage: taas [OPTION]... COMMAND\nShort for thread apply all -s COMMAND.",
        examples: &["taas p $lx_current().pid"],
        complete: Completer::Command,
        run: taas,
        ..Spec::EMPTY
    },
    Spec {
        name: "tfaas",
        class: Class::Running,
        summary: "Apply a command to all frames of all threads (ignoring errors and empty output)",
        help: "Usage: tfaas COMMAND\nShort for thread apply all -s -- frame apply all -s COMMAND.",
        examples: &["tfaas p ret"],
        complete: Completer::Command,
        run: tfaas,
        ..Spec::EMPTY
    },
    Spec {
        name: "thread name",
        class: Class::Running,
        summary: "Set the current thread's name",
        help: "Usage: thread name [NAME]\nWithout argument the name is taken away.",
        examples: &["thread name boot"],
        run: name,
        ..Spec::EMPTY
    },
    Spec {
        name: "thread find",
        class: Class::Running,
        summary: "Find threads that match a regular expression",
        help: "Usage: thread find REGEX\nName, id and state of each thread are searched.",
        examples: &["thread find halted"],
        run: find,
        ..Spec::EMPTY
    },
];

/// The numbers of a thread list: `1 2-3 $n *`, every thread for `*`.
fn numbers(shell: &mut Shell, text: &str) -> Result<Vec<u32>, Error> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        if word == "*" || word == "1.*" {
            found.extend(shell.session.known_threads().entries().iter().map(|entry| entry.number));
            continue;
        }
        let invalid = || Error::msg(format!("Invalid thread ID: {text}"));
        let one = |shell: &mut Shell, part: &str| -> Result<u32, Error> {
            if part.starts_with('-') {
                return Err(Error::msg(format!("negative value: {part}")));
            }
            let part = part.strip_prefix("1.").unwrap_or(part);
            let number = if part.starts_with('$') {
                super::run::integer(shell, part)?
            } else {
                part.parse().map_err(|_| invalid())?
            };
            u32::try_from(number).ok().filter(|&number| number > 0).ok_or_else(invalid)
        };
        match word.split_once('-') {
            Some((from, to)) if !from.is_empty() => {
                let (from, to) = (one(shell, from)?, one(shell, to)?);
                if to < from {
                    return Err(Error::msg("inverted range"));
                }
                found.extend((from..=to).take(100_000));
            }
            _ => found.push(one(shell, word)?),
        }
    }
    Ok(found)
}

fn info_threads(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    shell.session.update_threads();
    let wanted = if args.is_empty() { None } else { Some(numbers(shell, args.text())?) };
    let threads = shell.session.known_threads();
    let selected = threads.selected().map(|entry| entry.number);
    let rows: Vec<(u32, String)> = threads
        .entries()
        .iter()
        .filter(|entry| wanted.as_ref().is_none_or(|wanted| wanted.contains(&entry.number)))
        .map(|entry| (entry.number, entry.full_id()))
        .collect();
    if rows.is_empty() {
        let text = match wanted {
            None => "No threads.".to_owned(),
            Some(_) => format!("No threads match '{}'.", args.text()),
        };
        shell.out.line(&text);
        return Ok(());
    }
    let width = rows.iter().map(|(_, id)| id.len()).fold(17, usize::max);
    shell.out.line(&format!("  {:<4} {:<width$} Frame ", "Id", "Target Id"));
    let level = shell.program().selected_level();
    for (number, id) in rows {
        let mark = if Some(number) == selected { "*" } else { " " };
        shell.out.put(&format!("{mark} {number:<4} {id:<width$} "));
        let frame = shell
            .session
            .select_thread(number)
            .map_err(failure)
            .and_then(|()| shell.program().frame(0).map_err(Error::msg));
        match frame {
            Ok(frame) => {
                let text = shell.program().frame_text(&frame, FrameStyle::default());
                put(shell, &text);
                shell.out.put("\n");
            }
            Err(error) => shell.out.line(&error.to_string()),
        }
    }
    restore(shell, selected, level);
    Ok(())
}

/// Selects thread and frame as they were.
fn restore(shell: &mut Shell, thread: Option<u32>, level: usize) {
    if let Some(number) = thread
        && shell.session.select_thread(number).is_ok()
    {
        // A frame that is gone since leaves the innermost selected.
        let _ = shell.program().select_frame(level);
    }
}

fn thread(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let describe = |shell: &Shell| {
        let entry = shell.session.known_threads().selected();
        entry.map(|entry| (entry.number, entry.target_id()))
    };
    if args.is_empty() {
        let (number, id) = describe(shell).ok_or_else(|| Error::msg("No thread selected"))?;
        shell.out.line(&format!("[Current thread is {number} ({id})]"));
        return Ok(());
    }
    let text = args.text();
    if text.starts_with('-') {
        return Err(Error::msg(format!("negative value: {text}")));
    }
    let number = if text.starts_with('$') {
        u32::try_from(super::run::integer(shell, text)?)
            .map_err(|_| Error::msg(format!("Invalid thread ID: {text}")))?
    } else {
        shell.session.thread_number(text).map_err(failure)?
    };
    shell.session.select_thread(number).map_err(failure)?;
    if let Some((number, id)) = describe(shell) {
        shell.out.line(&format!("[Switching to thread {number} ({id})]"));
    }
    show_selected(shell, true, Show::FrameAndSource)
}

/// The options before the command of `thread apply` and `frame apply`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ApplyFlags {
    /// `-q`.
    pub quiet: bool,
    /// `-c`.
    pub go_on: bool,
    /// `-s`.
    pub silent: bool,
    /// `-ascending`.
    pub ascending: bool,
}

impl ApplyFlags {
    /// Takes options off the front of `text`.
    #[must_use]
    pub fn take(mut self, text: &str) -> (Self, &str) {
        let mut rest = text.trim_start();
        while rest.starts_with('-') {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            match word {
                "-q" => self.quiet = true,
                "-c" => self.go_on = true,
                "-s" => self.silent = true,
                "--" => return (self, after.trim_start()),
                word if word.len() > 1 && "-ascending".starts_with(word) => self.ascending = true,
                _ => return (self, rest),
            }
            rest = after.trim_start();
        }
        (self, rest)
    }
}

fn apply(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("Please specify a thread ID list")?;
    let is_id = |word: &str| {
        word == "*"
            || word.starts_with(|c: char| c.is_ascii_digit() || c == '$')
                && word.chars().all(|c| c.is_ascii_alphanumeric() || "$_-.*".contains(c))
    };
    let mut rest = text;
    let mut ids = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if !is_id(word) {
            break;
        }
        ids.push(word);
        rest = after.trim_start();
    }
    if ids.is_empty() {
        return Err(Error::msg(format!("Invalid thread ID: {text}")));
    }
    let (flags, command) = ApplyFlags::default().take(rest);
    if command.is_empty() {
        return Err(Error::msg("Please specify a command following the thread ID list"));
    }
    let numbers = numbers(shell, &ids.join(" "))?;
    apply_to(shell, &numbers, flags, command, args.from_tty)
}

fn apply_all(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let (flags, command) = ApplyFlags::default().take(args.text());
    if command.is_empty() {
        return Err(Error::msg("Please specify a command at the end of 'thread apply all'"));
    }
    shell.session.update_threads();
    let mut numbers: Vec<u32> =
        shell.session.known_threads().entries().iter().map(|entry| entry.number).collect();
    if !flags.ascending {
        numbers.reverse();
    }
    apply_to(shell, &numbers, flags, command, args.from_tty)
}

fn taas(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let command = args.required("Please specify a command to apply on all threads")?;
    shell.execute(&format!("thread apply all -s {command}"), args.from_tty)
}

fn tfaas(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let command = args.required("Please specify a command to apply on all frames of all threads")?;
    shell.execute(&format!("thread apply all -s -- frame apply all -s {command}"), args.from_tty)
}

fn apply_to(
    shell: &mut Shell,
    numbers: &[u32],
    flags: ApplyFlags,
    command: &str,
    from_tty: bool,
) -> Result<(), Error> {
    let selected = shell.session.known_threads().selected().map(|entry| entry.number);
    let level = shell.program().selected_level();
    let result = apply_each(shell, numbers, flags, command, from_tty);
    restore(shell, selected, level);
    result
}

fn apply_each(
    shell: &mut Shell,
    numbers: &[u32],
    flags: ApplyFlags,
    command: &str,
    from_tty: bool,
) -> Result<(), Error> {
    for &number in numbers {
        let Some(id) = shell.session.known_threads().by_number(number).map(|entry| entry.full_id()) else {
            shell.out.warning(&format!("Unknown thread {number}"));
            continue;
        };
        shell.session.select_thread(number).map_err(failure)?;
        apply_one(shell, flags, &format!("\nThread {number} ({id}):\n"), command, from_tty)?;
    }
    Ok(())
}

/// Runs a command once and shows its output below `header`, as the flags want it. Of a command that fails only the error
/// is shown.
///
/// # Errors
/// The command's, unless errors are to be passed over.
pub fn apply_one(
    shell: &mut Shell,
    flags: ApplyFlags,
    header: &str,
    command: &str,
    from_tty: bool,
) -> Result<(), Error> {
    let (result, text) = shell.capture(|shell| shell.execute(command, from_tty));
    let passed_over = match &result {
        Ok(()) => flags.silent && text.is_empty(),
        Err(Error::Exit(_) | Error::Interrupted) => return result,
        Err(_) => flags.silent,
    };
    if passed_over {
        return Ok(());
    }
    if !flags.quiet {
        shell.out.put(header);
    }
    match result {
        Ok(()) => shell.out.put_bytes(&text),
        Err(error) if flags.go_on => shell.out.line(&error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(())
}

fn name(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let number = shell.session.known_threads().selected().map(|entry| entry.number);
    let number = number.ok_or_else(|| Error::msg("No thread selected"))?;
    let name = Some(args.text()).filter(|text| !text.is_empty()).map(str::to_owned);
    shell.session.name_thread(number, name);
    Ok(())
}

fn find(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("Command requires an argument.")?;
    let regex = regex::Regex::new(text).map_err(|error| Error::msg(format!("Invalid regexp: {error}")))?;
    shell.session.update_threads();
    let mut lines = Vec::new();
    for entry in shell.session.known_threads().entries() {
        let number = entry.number;
        if let Some(name) = entry.name.as_ref().filter(|name| regex.is_match(name)) {
            lines.push(format!("Thread {number} has name '{name}'"));
        }
        let id = entry.target_id();
        if regex.is_match(&id) {
            lines.push(format!("Thread {number} has target id '{id}'"));
        }
        if !entry.info.is_empty() && regex.is_match(&entry.info) {
            lines.push(format!("Thread {number} has extra info '{}'", entry.info));
        }
    }
    if lines.is_empty() {
        lines.push(format!("No threads match '{text}'"));
    }
    for line in lines {
        shell.out.line(&line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_before_the_command() {
        let check = |text: &str| {
            let (flags, rest) = ApplyFlags::default().take(text);
            (flags.quiet, flags.go_on, flags.silent, flags.ascending, rest.to_owned())
        };
        assert_eq!(check("-q -s bt -full"), (true, false, true, false, "bt -full".to_owned()));
        assert_eq!(check("-asc p 1"), (false, false, false, true, "p 1".to_owned()));
        assert_eq!(check("-c -- -x"), (false, true, false, false, "-x".to_owned()));
        assert_eq!(check("-5"), (false, false, false, false, "-5".to_owned()));
    }
}
