//! The stack: `backtrace`, `frame`, `up`, `down`, `frame apply`.

use crate::gdb::events::{FrameInfo, show_frame, show_selected, show_stage};
use crate::gdb::locals::put_locals;
use crate::gdb::run::integer;
use crate::gdb::threads::{ApplyFlags, apply_one};
use crate::settings::Value;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Missing, Shell, Spec};
use kdive_expr::FrameArguments;
use kdive_program::{Frame, FrameStyle, Program};
use kdive_session::Show;
use std::rc::Rc;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "backtrace",
        aliases: &["bt", "where"],
        class: Class::Stack,
        needs: Needs::STACK,
        summary: "Print backtrace of all stack frames, or innermost COUNT frames",
        help: "Usage: backtrace [OPTION]... [full] [COUNT | -COUNT]\n\
               A negative count prints the outermost frames.\n\
               -full                     print the locals of each frame too, as full does\n\
               -frame-arguments all|scalars|none|presence\n\
               -frame-info auto|location-and-address|...\n\
               -past-main, -past-entry   go on there, as with set backtrace past-main on",
        examples: &["backtrace", "bt 5", "bt -3", "bt full 1"],
        run: backtrace,
        ..Spec::EMPTY
    },
    Spec {
        name: "info stack",
        aliases: &["info s"],
        class: Class::Status,
        needs: Needs::STACK,
        summary: "Backtrace of the stack, or innermost COUNT frames",
        help: "Usage: info stack [full] [COUNT]\nAs backtrace.",
        examples: &["info stack"],
        run: backtrace,
        ..Spec::EMPTY
    },
    Spec {
        name: "frame",
        aliases: &["f"],
        class: Class::Stack,
        needs: Needs::STACK,
        summary: "Select and print a stack frame",
        help: "Usage: frame [LEVEL | level LEVEL | function NAME | address ADDRESS]\n\
               Without argument, print the selected frame.",
        examples: &["frame", "frame 2", "frame function vfs_read"],
        allow_unknown: true,
        run: |shell, args| frame(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "frame level",
        class: Class::Stack,
        needs: Needs::STACK,
        summary: "Select and print a stack frame by level",
        help: "Usage: frame level LEVEL",
        examples: &["frame level 1"],
        run: |shell, args| by_level(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "frame function",
        class: Class::Stack,
        needs: Needs::STACK,
        summary: "Select and print a stack frame by function name",
        help: "Usage: frame function NAME\nThe innermost frame of that function.",
        examples: &["frame function vfs_read"],
        complete: Completer::Location,
        run: |shell, args| by_function(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "frame address",
        class: Class::Stack,
        needs: Needs::STACK,
        summary: "Select and print a stack frame by stack address",
        help: "Usage: frame address ADDRESS\nThe address info frame shows after frame at.",
        examples: &["frame address 0xffffc90000013f30"],
        complete: Completer::Expr,
        run: |shell, args| by_address(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "frame apply",
        class: Class::Stack,
        needs: Needs::STACK,
        summary: "Apply a command to a number of frames",
        help: "Usage: frame apply all|COUNT|-COUNT|level LEVEL... [OPTION]... COMMAND\n\
               -q   do not print the frames\n\
               -c   print errors and go on\n\
               -s   be silent about errors and empty output",
        examples: &["frame apply all info locals", "frame apply level 1-3 p ret"],
        complete: Completer::Command,
        allow_unknown: true,
        run: apply,
        ..Spec::EMPTY
    },
    Spec {
        name: "faas",
        class: Class::Stack,
        needs: Needs::STACK,
        summary: "Apply a command to all frames (ignoring errors and empty output)",
        help: "Usage: faas COMMAND\nShort for frame apply all -s COMMAND.",
        examples: &["faas p ret"],
        complete: Completer::Command,
        run: faas,
        ..Spec::EMPTY
    },
    Spec {
        name: "select-frame",
        class: Class::Stack,
        needs: Needs::STACK,
        summary: "Select a stack frame without printing anything",
        help: "Usage: select-frame [LEVEL | level LEVEL | function NAME | address ADDRESS]",
        examples: &["select-frame 1"],
        run: |shell, args| frame(shell, args, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "up",
        class: Class::Stack,
        needs: Needs::STACK,
        summary: "Select and print stack frame that called this one",
        help: "Usage: up [COUNT]",
        examples: &["up", "up 2"],
        run: |shell, args| relative(shell, args, 1, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "down",
        aliases: &["dow", "do"],
        class: Class::Stack,
        needs: Needs::STACK,
        summary: "Select and print stack frame called by this one",
        help: "Usage: down [COUNT]",
        examples: &["down", "down 2"],
        run: |shell, args| relative(shell, args, -1, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "up-silently",
        class: Class::Support,
        needs: Needs::STACK,
        summary: "Same as the up command, but does not print anything",
        help: "Usage: up-silently [COUNT]",
        examples: &["up-silently"],
        run: |shell, args| relative(shell, args, 1, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "down-silently",
        class: Class::Support,
        needs: Needs::STACK,
        summary: "Same as the down command, but does not print anything",
        help: "Usage: down-silently [COUNT]",
        examples: &["down-silently"],
        run: |shell, args| relative(shell, args, -1, false),
        ..Spec::EMPTY
    },
];

/// What `backtrace` was asked for.
#[derive(Default)]
struct Trace {
    full: bool,
    count: Option<String>,
    arguments: Option<FrameArguments>,
    info: Option<String>,
    past_main: Option<bool>,
    past_entry: Option<bool>,
}

fn parse_trace(text: &str) -> Result<Trace, Error> {
    let mut trace = Trace::default();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "full" | "-full" => trace.full = true,
            "hide" | "-hide" | "no-filters" | "-no-filters" | "-raw-frame-arguments" | "-r" => {}
            "on" | "off" => {}
            "-past-main" | "-past-entry" => {
                let mut rest = words.clone();
                let on = match rest.next() {
                    Some(word @ ("on" | "off")) => {
                        words = rest;
                        word == "on"
                    }
                    _ => true,
                };
                let past = if word == "-past-main" { &mut trace.past_main } else { &mut trace.past_entry };
                *past = Some(on);
            }
            "-frame-arguments" => {
                trace.arguments = Some(match words.next().unwrap_or_default() {
                    "all" => FrameArguments::All,
                    "scalars" => FrameArguments::Scalars,
                    "none" => FrameArguments::None,
                    "presence" => FrameArguments::Presence,
                    "" => return Err(Error::msg("-frame-arguments requires an argument")),
                    other => return Err(Error::msg(format!("Undefined item: \"{other}\"."))),
                });
            }
            "-frame-info" => {
                let value = words.next().ok_or_else(|| Error::msg("-frame-info requires an argument"))?;
                trace.info = Some(value.to_owned());
            }
            "--" => {
                trace.count = Some(words.collect::<Vec<_>>().join(" "));
                break;
            }
            first => {
                let rest: Vec<&str> = std::iter::once(first).chain(words).collect();
                trace.count = Some(rest.join(" "));
                break;
            }
        }
    }
    Ok(trace)
}

fn backtrace(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if args.text() == "-a" {
        return crate::linux::process::backtrace_all(shell);
    }
    let trace = parse_trace(args.text())?;
    let count = match trace.count.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(integer(shell, text)?),
        None => None,
    };
    let before = shell.program().options.print.frame_arguments;
    if let Some(arguments) = trace.arguments {
        shell.program_mut().options.print.frame_arguments = arguments;
    }
    let info = trace.info.clone().unwrap_or_else(|| shell.settings.text("print frame-info"));
    let mut old = Vec::new();
    for (name, past) in [("backtrace past-main", trace.past_main), ("backtrace past-entry", trace.past_entry)]
    {
        if let Some(past) = past {
            old.push((name, shell.settings.bool(name)));
            shell.settings.put(name, Value::Bool(past));
        }
    }
    let result = print_frames(shell, count, trace.full, &info, args.from_tty);
    for (name, past) in old {
        shell.settings.put(name, Value::Bool(past));
    }
    shell.program_mut().options.print.frame_arguments = before;
    result
}

fn print_frames(
    shell: &mut Shell,
    count: Option<i64>,
    full: bool,
    info: &str,
    from_tty: bool,
) -> Result<(), Error> {
    // The innermost frame is there or says why not.
    shell.program().frame(0).map_err(Error::msg)?;
    let mut level = match count {
        Some(count) if count < 0 => {
            let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            let all = levels(shell).count();
            check(shell)?;
            all.saturating_sub(wanted)
        }
        _ => 0,
    };
    let mut left = match count {
        Some(count @ 0..) => usize::try_from(count).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    let (mut more, mut told_stage) = (true, false);
    while left > 0 {
        check(shell)?;
        let Some(frame) = visible(shell, level) else {
            more = false;
            break;
        };
        print_line(shell, &frame, info)?;
        if full {
            put_locals(shell, &frame, 8);
        }
        level += 1;
        left -= 1;
        // Firmware has no frames that anybody could find.
        if level == 1 && shell.is_interactive() && shell.program().frame_function(&frame).is_none() {
            told_stage = show_stage(shell);
            left = if told_stage { 0 } else { left };
        }
    }
    if more && visible(shell, level).is_some() {
        if told_stage {
            return Ok(());
        }
        if from_tty {
            shell.out.line("(More stack frames follow...)");
        }
        return Ok(());
    }
    if let Some(reason) = shell.program().frames_end().filter(|reason| reason.is_error()) {
        shell.out.line(&format!("Backtrace stopped: {reason}"));
    }
    Ok(())
}

fn check(shell: &Shell) -> Result<(), Error> {
    if shell.interrupt.is_raised() { Err(Error::Interrupted) } else { Ok(()) }
}

/// One frame of a backtrace.
fn print_line(shell: &mut Shell, frame: &Frame, info: &str) -> Result<(), Error> {
    show_frame(shell, frame, true, FrameInfo::of(info, FrameInfo::Location))
}

fn frame(shell: &mut Shell, args: Args<'_>, shown: bool) -> Result<(), Error> {
    if let Some((word, rest)) = args.split_word()
        && !shown
    {
        // `select-frame` has the subcommands of `frame` without being a prefix.
        match word {
            "level" => return by_level(shell, rest, shown),
            "function" => return by_function(shell, rest, shown),
            "address" => return by_address(shell, rest, shown),
            _ => {}
        }
    }
    if args.is_empty() {
        return if shown { show_selected(shell, true, Show::FrameAndSource) } else { Ok(()) };
    }
    by_level(shell, args, shown)
}

fn select(shell: &mut Shell, level: usize, shown: bool) -> Result<(), Error> {
    shell.program().select_frame(level).map_err(Error::msg)?;
    if shown { show_selected(shell, true, Show::FrameAndSource) } else { Ok(()) }
}

fn by_level(shell: &mut Shell, args: Args<'_>, shown: bool) -> Result<(), Error> {
    let text = args.required("Missing LEVEL argument to \"frame level\" command")?;
    let wanted = integer(shell, text)?;
    let level = usize::try_from(wanted)
        .ok()
        .filter(|&level| visible(shell, level).is_some())
        .ok_or_else(|| Error::msg(format!("No frame at level {text}.")))?;
    select(shell, level, shown)
}

fn by_function(shell: &mut Shell, args: Args<'_>, shown: bool) -> Result<(), Error> {
    let name = args.required("Missing function name argument")?;
    let program = shell.program();
    if program.modules.functions_named(name).is_empty() && program.modules.symbols_named(name).is_empty() {
        let text = format!("Function \"{name}\" not defined.");
        return Err(Error::unknown(text, Missing::Location(name.to_owned())));
    }
    let level = levels(shell)
        .find(|(program, frame)| program.frame_function(frame).as_deref() == Some(name))
        .map(|(_, frame)| frame.level);
    let level = level.ok_or_else(|| Error::msg(format!("No frame for function \"{name}\".")))?;
    select(shell, level, shown)
}

fn by_address(shell: &mut Shell, args: Args<'_>, shown: bool) -> Result<(), Error> {
    let text = args.required("Missing address argument to \"frame address\" command")?;
    let addr = shell.program().evaluate_address(text)?;
    let level = levels(shell).find(|(_, frame)| frame.real.cfa() == Some(addr)).map(|(_, frame)| frame.level);
    let level = level.ok_or_else(|| Error::msg(format!("No frame at address {text}.")))?;
    select(shell, level, shown)
}

/// All frames, innermost first, up to `main` or the program's entry unless `set backtrace past-main` and `past-entry`.
fn levels(shell: &Shell) -> impl Iterator<Item = (&Program, Rc<Frame>)> {
    let program = shell.program();
    (0..)
        .take_while(|_| !shell.interrupt.is_raised())
        .map_while(move |level| visible(shell, level))
        .map(move |frame| (program, frame))
}

/// Frame `level` if users get to see it: the callers of `main` are not shown unless `set backtrace past-main`, and what is
/// outside of the function at the program's entry not unless `set backtrace past-entry`.
pub fn visible(shell: &Shell, level: usize) -> Option<Rc<Frame>> {
    let program = shell.program();
    let frame = program.frame(level).ok()?;
    let ends_at_main = !shell.settings.bool("backtrace past-main");
    let ends_at_entry = !shell.settings.bool("backtrace past-entry");
    let hidden = level.checked_sub(1).is_some_and(|callee| {
        // Asked frame by frame outwards, so that looking at the direct callee and the frames after it is enough.
        (0..=callee).rev().take(8).filter_map(|level| program.frame(level).ok()).any(|frame| {
            ends_at_main && is_main(program, &frame) || ends_at_entry && program.is_entry(&frame)
        })
    });
    (!hidden).then_some(frame)
}

fn is_main(program: &Program, frame: &Frame) -> bool {
    !frame.is_inlined() && program.frame_function(frame).as_deref() == Some("main")
}

fn relative(shell: &mut Shell, args: Args<'_>, direction: i64, shown: bool) -> Result<(), Error> {
    let count = if args.is_empty() { 1 } else { integer(shell, args.text())? };
    let steps = count.saturating_mul(direction);
    let level = shell.program().selected_level();
    let mut at = level;
    let mut left = steps.unsigned_abs();
    while left > 0 {
        let next = if steps > 0 { Some(at + 1) } else { at.checked_sub(1) };
        match next.filter(|&next| visible(shell, next).is_some()) {
            Some(next) => at = next,
            // With a count gdb goes as far as it can without a word.
            None if args.is_empty() => {
                return Err(Error::msg(if steps > 0 {
                    "Initial frame selected; you cannot go up."
                } else {
                    "Bottom (innermost) frame selected; you cannot go down."
                }));
            }
            None => break,
        }
        left -= 1;
    }
    select(shell, at, shown)
}

fn faas(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let command = args.required("Please specify a command to apply on all frames")?;
    shell.execute(&format!("frame apply all -s {command}"), args.from_tty)
}

fn apply(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let Some((first, rest)) = args.split_word() else {
        return Err(Error::msg("Missing COUNT argument."));
    };
    let all: Vec<usize> = levels(shell).map(|(_, frame)| frame.level).collect();
    let (levels, rest): (Vec<usize>, &str) = match first {
        "all" => (all, rest.text()),
        "level" => {
            let mut wanted = Vec::new();
            let mut text = rest.text();
            while text.starts_with(|c: char| c.is_ascii_digit()) {
                let end = text.find(char::is_whitespace).unwrap_or(text.len());
                let (word, after) = text.split_at(end);
                let (from, to) = word.split_once('-').unwrap_or((word, word));
                let bad = || Error::msg(format!("Invalid level: {word}"));
                let (from, to): (usize, usize) =
                    (from.parse().map_err(|_| bad())?, to.parse().map_err(|_| bad())?);
                for level in from..=to.min(from.saturating_add(100_000)) {
                    if !all.contains(&level) {
                        return Err(Error::msg(format!("No frame at level {word}.")));
                    }
                    wanted.push(level);
                }
                text = after.trim_start();
            }
            if wanted.is_empty() {
                return Err(Error::msg("Missing or invalid LEVEL... argument"));
            }
            (wanted, text)
        }
        count => {
            let count = integer(shell, count)?;
            let number = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            let chosen = if count < 0 {
                all.get(all.len().saturating_sub(number)..).unwrap_or_default().to_vec()
            } else {
                all.get(..number.min(all.len())).unwrap_or_default().to_vec()
            };
            (chosen, rest.text())
        }
    };
    let (flags, command) = ApplyFlags::default().take(rest);
    if command.is_empty() {
        return Err(Error::msg("Please specify a command to apply on the selected frames"));
    }
    apply_levels(shell, &levels, flags, command, args.from_tty)
}

fn apply_levels(
    shell: &mut Shell,
    levels: &[usize],
    flags: ApplyFlags,
    command: &str,
    from_tty: bool,
) -> Result<(), Error> {
    let selected = shell.program().selected_level();
    let mut result = Ok(());
    for &level in levels {
        let Ok(frame) = shell.program().select_frame(level) else { break };
        let style = FrameStyle { level: true, ..FrameStyle::default() };
        let header = shell.program().frame_text(&frame, style).into_text() + "\n";
        result = apply_one(shell, flags, &header, command, from_tty);
        if result.is_err() {
            break;
        }
    }
    // The program may have run meanwhile; then the innermost frame stays selected.
    let _ = shell.program().select_frame(selected);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_backtrace() {
        let check = |text: &str| parse_trace(text).map(|trace| (trace.full, trace.count));
        assert_eq!(check("").unwrap(), (false, None));
        assert_eq!(check("full 3").unwrap(), (true, Some("3".to_owned())));
        assert_eq!(check("-full -5").unwrap(), (true, Some("-5".to_owned())));
        assert_eq!(check("$n + 1").unwrap(), (false, Some("$n + 1".to_owned())));
        assert_eq!(check("-frame-arguments all 2").unwrap(), (false, Some("2".to_owned())));
        assert_eq!(check("-frame-arguments some").unwrap_err().to_string(), "Undefined item: \"some\".");
    }
}
