//! What run control reports, turned into text; and the commands of breakpoints that were hit.

use crate::gdb::annotate;
use crate::gdb::data::put;
use crate::gdb::disassemble::show_next_instructions;
use crate::gdb::display::do_displays;
use crate::gdb::guest::ended;
use crate::gdb::list::{at_line, show_lines};
use crate::gdb::{event_words, stop_words};
use crate::linux::modules::with_linux;
use crate::output::{Stream, Style};
use crate::{Error, Shell};
use kdive_base::AddrRange;
use kdive_engine::{Event, Request, Show, Stop, StopReason};
use kdive_program::{Frame, FrameStyle, ShowAddress};
use std::time::Duration;

/// gdb's number of the signal that stands for Ctrl-C.
const SIGINT: u8 = 2;

/// How long one look for an event takes at most; Ctrl-C is seen at once, whatever this is.
const PATIENCE: Duration = Duration::from_millis(500);

/// An error of the session as an error of a command.
#[must_use]
pub fn failure(error: kdive_session::Error) -> Error {
    error.into()
}

/// Runs something and shows everything up to the next stop, the stop included.
///
/// # Errors
/// What keeps it from running; the line about a lost connection.
pub fn run(shell: &mut Shell, request: Request) -> Result<(), Error> {
    shell.session.back_to_thread();
    shell.session.resume(request)?;
    shell.out.flush();
    let Some(stop) = until_stop(shell)? else { return Ok(()) };
    stopped(shell, &stop)?;
    // Ctrl-C stops the program and the script that made it run.
    let interrupted = stop.reasons.contains(&StopReason::Signal(SIGINT));
    if interrupted && shell.depth > 1 { Err(Error::Interrupted) } else { Ok(()) }
}

/// Shows everything up to the next stop, which is left to the caller; `None` when the program has ended, which is said.
fn until_stop(shell: &mut Shell) -> Result<Option<Box<Stop>>, Error> {
    loop {
        let event = shell.session.poll(PATIENCE)?;
        let Some(event) = event else { continue };
        match event {
            Event::Stopped(stop) => return Ok(Some(stop)),
            Event::Exited { code, process } => {
                let text = ended(shell, code, process);
                shell.out.line(&text);
                finish(shell);
                return Ok(None);
            }
            Event::Killed(signal) => {
                shell.out.line(&event_words::killed(signal));
                finish(shell);
                return Ok(None);
            }
            Event::Disconnected(text) => {
                finish(shell);
                return Err(Error::msg(text));
            }
            other => one(shell, other)?,
        }
    }
}

/// Calls the function an evaluation waits for, and shows what happens until it returns.
///
/// # Errors
/// Why it cannot be called, or has not returned.
pub fn call(shell: &mut Shell) -> Result<(), Error> {
    let name = shell.program().wanted_function().unwrap_or_default();
    shell.session.call().map_err(failure)?;
    shell.out.flush();
    match until_stop(shell)? {
        Some(stop) if stop.reasons == [StopReason::Returned] => Ok(()),
        Some(stop) => Err(not_returned(shell, &stop, &name)?),
        None => Err(Error::msg(format!(
            "The program being debugged exited while in a function called from GDB.\n\
             Evaluation of the expression containing the function\n({name}) will be abandoned."
        ))),
    }
}

/// A function that was called has stopped on its way: what is said about the expression.
fn not_returned(shell: &mut Shell, stop: &Stop, name: &str) -> Result<Error, Error> {
    stopped(shell, stop)?;
    let by_signal = stop.reasons.iter().any(|reason| matches!(reason, StopReason::Signal(_)));
    if !by_signal {
        return Ok(Error::msg(format!(
            "The program being debugged stopped while in a function called from GDB.\n\
             Evaluation of the expression containing the function\n({name}) will be abandoned.\n\
             When the function is done executing, GDB will silently stop."
        )));
    }
    if shell.settings.bool("unwindonsignal") {
        shell.program().undo_call().map_err(Error::msg)?;
        return Ok(Error::msg(format!(
            "The program being debugged was signaled while in a function called from GDB.\n\
             GDB has restored the context to what it was before the call.\n\
             To change this behavior use \"set unwindonsignal off\".\n\
             Evaluation of the expression containing the function\n({name}) will be abandoned."
        )));
    }
    Ok(Error::msg(format!(
        "The program being debugged was signaled while in a function called from GDB.\n\
         GDB remains in the frame where the signal was received.\n\
         To change this behavior use \"set unwindonsignal on\".\n\
         Evaluation of the expression containing the function\n({name}) will be abandoned.\n\
         When the function is done executing, GDB will silently stop."
    )))
}

/// What comes after the event that ended the program.
fn finish(shell: &mut Shell) {
    tell_pending(shell);
}

/// Shows what has happened since the last time.
pub fn tell_pending(shell: &mut Shell) {
    let events = shell.session.take_events();
    tell(shell, events);
}

/// Shows events that are not the end of anything.
pub fn tell(shell: &mut Shell, events: Vec<Event>) {
    for event in events {
        if let Err(error) = one(shell, event) {
            shell.report(&error);
        }
    }
}

fn one(shell: &mut Shell, event: Event) -> Result<(), Error> {
    match event {
        Event::Output(bytes) => {
            shell.out.begin_command();
            shell.out.put_bytes(&bytes);
        }
        Event::Notice(notice) => shell.out.line(&event_words::notice(&notice)),
        Event::Signal { signal, label } => {
            shell.out.line(stop_words::received(label.as_ref(), signal).trim_end());
        }
        Event::Warning(warning) => shell.out.warning(&event_words::warning(&warning)),
        Event::Diagnostics(text) => shell.out.emit(Stream::Err, Style::Plain, &text),
        Event::Failure(failure) => {
            shell.out.emit(Stream::Err, Style::Plain, event_words::failure(&failure).as_bytes());
            shell.out.emit(Stream::Err, Style::Plain, b"\n");
        }
        Event::LogPoint { text, .. } => {
            let hooks = shell.hooks();
            // The program waits for this: a page that is full must not hold it up.
            shell.out.begin_command();
            let mut bytes = Vec::new();
            let result = hooks.format(shell, &text, &mut bytes);
            shell.out.put_bytes(&bytes);
            if let Err(error) = result {
                shell.report(&error);
            }
        }
        Event::Stopped(stop) => stopped(shell, &stop)?,
        Event::Exited { code, process } => {
            let text = ended(shell, code, process);
            shell.out.line(&text);
        }
        Event::Killed(signal) => shell.out.line(&event_words::killed(signal)),
        Event::Disconnected(text) => return Err(Error::msg(text)),
    }
    shell.out.flush();
    Ok(())
}

/// Tells about a stop: why, where, and what the user wants to see at each.
fn stopped(shell: &mut Shell, stop: &Stop) -> Result<(), Error> {
    shell.last_stop = stop.reasons.first().cloned();
    shell.run_stop_hook()?;
    shell.out.put(&stop_words::heading(stop));
    let result = show_selected(shell, false, stop.show);
    if stop.show != Show::Nothing {
        show_context(shell);
        name_analyze(shell, stop);
    }
    if stop.show != Show::Nothing {
        do_displays(shell);
    }
    match &stop.returned {
        Some(Ok((number, text))) => {
            let text = if shell.settings.bool("print finish") { text.as_str() } else { "<not displayed>" };
            shell.out.line(&format!("Value returned is ${number} = {text}"));
        }
        Some(Err(text)) if !text.is_empty() => shell.out.line(text),
        _ => {}
    }
    result
}

/// One line about who runs on the CPU that stopped and what is held off, for people: where output is compared with gdb's it is not
/// there. Nothing where the kernel does not tell, as early in its boot.
fn show_context(shell: &mut Shell) {
    let wanted = match shell.settings.text("print cpu-context").as_str() {
        "on" => true,
        "off" => false,
        _ => shell.is_interactive(),
    };
    if !wanted {
        return;
    }
    if show_stage(shell) || !shell.program().knows_tasks() {
        return;
    }
    if let Ok(context) = kdive_linux::stop_context(shell.program()) {
        shell.out.line(&format!("[{context}]"));
    }
}

/// One line where the CPU runs something else than the kernel, before that has started; whether it does.
pub fn show_stage(shell: &mut Shell) -> bool {
    let Some(stage) = with_linux(shell, |linux, program| linux.stage(program)).flatten() else {
        return false;
    };
    shell.out.line(&format!("[{stage}]"));
    true
}

/// Names `analyze` at a stop of `catch` for trouble of the kernel, to a person.
fn name_analyze(shell: &mut Shell, stop: &Stop) {
    if shell.is_interactive() && stop.hits().any(|hit| shell.trouble.contains(&hit.number)) {
        shell.out.line("[analyze explains it]");
    }
}

/// Shows the selected frame: its line if wanted, with its number if `level`, then the line of source it stands at.
///
/// # Errors
/// `No stack.`
pub fn show_selected(shell: &mut Shell, level: bool, show: Show) -> Result<(), Error> {
    if show == Show::Nothing {
        return Ok(());
    }
    let frame = shell.program().selected_frame().map_err(Error::msg)?;
    let usual = if show == Show::Source { FrameInfo::Source } else { FrameInfo::Both };
    let info = FrameInfo::of(&shell.settings.text("print frame-info"), usual);
    show_frame(shell, &frame, level, info)?;
    shell.program().show_line_of(&frame);
    Ok(())
}

/// What is shown of a frame (`set print frame-info`, gdb's `print_what`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameInfo {
    /// The line of source.
    Source,
    /// The frame's line.
    Location,
    /// Both.
    Both,
    /// The frame's line, always with the address.
    Address,
    /// The frame's line without file and line.
    Short,
}

impl FrameInfo {
    /// What a value of the setting or of an option stands for; `auto` is what is usual.
    #[must_use]
    pub fn of(name: &str, usual: Self) -> Self {
        match name {
            "source-line" => Self::Source,
            "location" => Self::Location,
            "source-and-location" => Self::Both,
            "location-and-address" => Self::Address,
            "short-location" => Self::Short,
            _ => usual,
        }
    }
}

/// Shows a frame, and the instructions at it where `set disassemble-next-line` wants them.
///
/// # Errors
/// When the file has no such line.
pub fn show_frame(shell: &mut Shell, frame: &Frame, level: bool, info: FrameInfo) -> Result<(), Error> {
    let program = shell.program();
    if frame.mark().is_some() {
        // It is not source that a person wrote: gdb never shows it.
        let text = program.frame_text(frame, FrameStyle { level, ..FrameStyle::default() });
        put(shell, &text);
        shell.out.put("\n");
        return Ok(());
    }
    let line = program.frame_line(frame);
    let middle = program.shows_address(frame) && program.options.print.address;
    if info != FrameInfo::Source || line.is_none() {
        let address = if info == FrameInfo::Address { ShowAddress::Always } else { ShowAddress::default() };
        let style =
            FrameStyle { level, address, location: info != FrameInfo::Short, ..FrameStyle::default() };
        let text = program.frame_text(frame, style);
        put(shell, &text);
        shell.out.put("\n");
    }
    if !matches!(info, FrameInfo::Source | FrameInfo::Both) {
        return Ok(());
    }
    let wanted = shell.settings.auto_bool("disassemble-next-line");
    let range = match &line {
        Some(line) => {
            if annotate::source_line(
                shell,
                &line.file,
                line.line,
                info == FrameInfo::Source && middle,
                frame.pc(),
            )? {
                at_line(shell, &line.file, line.line);
            } else {
                if info == FrameInfo::Source && middle {
                    shell.out.styled(Style::Address, &format!("{:#018x}", frame.pc()));
                    shell.out.put("\t");
                }
                show_lines(shell, &line.file, line.line, line.line + 1)?;
            }
            // All of the line where it is asked for; a call that was inlined has no code of its own.
            let entry = line.entry.as_ref().filter(|_| wanted == Some(true));
            entry.map(|entry| AddrRange::new(entry.start, entry.end))
        }
        // One instruction where there is no line.
        None => (wanted != Some(false)).then(|| AddrRange::new(frame.pc(), frame.pc().offset(1))),
    };
    if let Some(range) = range {
        show_next_instructions(shell, range)?;
    }
    Ok(())
}

/// Runs the commands of the breakpoints that were hit, after the command that made the program run.
///
/// A command among them that makes the program run ends its list; the breakpoints hit then have the next say.
///
/// # Errors
/// [`Error::Exit`]. Other errors are shown, and end all lists.
pub fn after_command(shell: &mut Shell) -> Result<(), Error> {
    if shell.settings.bool("breakpoint always-inserted") {
        shell.session.insert_now().map_err(failure)?;
    }
    tell_pending(shell);
    if shell.runs_breakpoint_commands {
        return Ok(());
    }
    shell.runs_breakpoint_commands = true;
    let result = run_commands(shell);
    shell.runs_breakpoint_commands = false;
    result
}

/// Shows what came up while a command failed. When that is the loss of the connection, it is the error: memory that cannot be read
/// is only how the command saw it.
pub fn after_failure(shell: &mut Shell, error: Error) -> Error {
    let mut events = shell.session.take_events();
    let lost = events.iter().rposition(|event| matches!(event, Event::Disconnected(_)));
    let Some(Event::Disconnected(text)) = lost.map(|at| events.remove(at)) else {
        tell(shell, events);
        return error;
    };
    tell(shell, events);
    match error {
        Error::Exit(_) => error,
        _ => Error::msg(text),
    }
}

fn run_commands(shell: &mut Shell) -> Result<(), Error> {
    while let Some((_, lines)) = shell.session.next_commands() {
        let script = match shell.parse_lines(&lines) {
            Ok(script) => script,
            Err(error) => {
                shell.report(&error);
                continue;
            }
        };
        let before = shell.session.stop_count();
        for (index, line) in script.lines.iter().enumerate() {
            if index == 0 && line.text == "silent" {
                continue;
            }
            match shell.run_script_line(line) {
                Ok(_) => {}
                Err(Error::Exit(status)) => return Err(Error::Exit(status)),
                Err(error) => {
                    shell.session.forget_commands();
                    shell.report(&error);
                    return Ok(());
                }
            }
            if shell.session.stop_count() != before {
                break;
            }
        }
    }
    Ok(())
}
