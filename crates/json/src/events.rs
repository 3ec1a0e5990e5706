//! Events that are no stop: a word for programs, and a line for people.

use kdive_engine::{Event, Failure, Notice, OsNote, OsWarning, Warning, known_signal};
use serde_json::{Value, json};

/// The event's name and what there is to tell; `None` for one that is told in another way.
pub(crate) fn told(event: &Event) -> Option<(&'static str, Value)> {
    let line = |(code, message): (&str, String)| json!({ "code": code, "message": message });
    Some(match event {
        Event::Output(bytes) => ("output", json!({ "text": String::from_utf8_lossy(bytes) })),
        Event::Diagnostics(bytes) => {
            ("text", json!({ "stream": "stderr", "text": String::from_utf8_lossy(bytes) }))
        }
        Event::Notice(found) => ("notice", line(notice(found))),
        Event::Warning(found) => ("warning", line(warning(found))),
        Event::Failure(found) => ("warning", line(failure(found))),
        Event::Signal { signal, label } => {
            let thread = label.as_ref().map(|label| label.number);
            ("signal", json!({ "signal": signal_name(*signal), "thread": thread }))
        }
        Event::Exited { code, .. } => ("exited", json!({ "code": code, "signal": null })),
        Event::Killed(signal) => ("exited", json!({ "code": null, "signal": signal_name(*signal) })),
        Event::Disconnected(text) => ("disconnected", json!({ "message": text })),
        Event::Stopped(_) | Event::LogPoint { .. } => return None,
    })
}

fn signal_name(signal: u8) -> Option<String> {
    known_signal(signal).map(|(name, _)| name.into_owned())
}

fn notice(notice: &Notice) -> (&'static str, String) {
    match notice {
        Notice::HardwareInstead { breakpoint, reason } => {
            ("hardware-instead", format!("breakpoint {breakpoint} uses a debug register: {reason}"))
        }
        Notice::ThreadGone { breakpoint, thread } => {
            ("thread-gone", format!("breakpoint {breakpoint} was deleted with its thread {thread}"))
        }
        Notice::StepsToEndOf(function) => {
            ("no-lines", format!("{function} has no lines; the step runs to its end"))
        }
        Notice::Os(OsNote::KernelAt { start, slide }) => {
            ("kernel-at", format!("the kernel is at {start}, moved by {slide:#x}"))
        }
        Notice::Os(OsNote::Restarted) => ("restarted", "the guest restarts".to_owned()),
    }
}

fn warning(warning: &Warning) -> (&'static str, String) {
    match warning {
        Warning::MayNotInterrupt => {
            ("may-not-interrupt", "the target is not interrupted: may-interrupt is off".to_owned())
        }
        Warning::ConditionInvalid { breakpoint, location, error } => {
            let of = breakpoint.map_or_else(String::new, |number| format!(" of breakpoint {number}"));
            ("condition", format!("the condition means nothing at place {location}{of}: {error}"))
        }
        Warning::NotReset { breakpoint, error } => {
            ("not-reset", format!("the places of breakpoint {breakpoint} are not known: {error}"))
        }
        Warning::NoTask(pid) => {
            ("no-task", format!("no task has PID {pid}; the breakpoint applies once one does"))
        }
        Warning::Os(OsWarning::OtherKernel { running, file, .. }) => {
            let of = |release: &Option<String>| release.clone().unwrap_or_else(|| "another one".to_owned());
            let (running, file) = (of(running), of(file));
            (
                "other-kernel",
                format!("the file is not that of the running kernel, {running}; it is of {file}"),
            )
        }
        Warning::Os(OsWarning::StubKeepsBreakpoints) => (
            "stub-keeps-breakpoints",
            "the stub cannot take breakpoints out again that are set now".to_owned(),
        ),
        Warning::ForeignProcessor { name } => {
            ("foreign-processor", format!("kdive knows registers, memory and code of {name} only"))
        }
        Warning::OtherProcessor { file, of_file, of_target } => {
            let file = file.display();
            ("other-processor", format!("{file} is for {of_file}, the target is {of_target}"))
        }
        Warning::NoProgram => ("no-program", "there is no file with symbols".to_owned()),
        Warning::NotPlaced(text) => ("not-placed", text.clone()),
        Warning::Resynchronized(text) => ("resynchronized", text.clone()),
        Warning::Expression(text) => ("expression", text.clone()),
    }
}

fn failure(failure: &Failure) -> (&'static str, String) {
    match failure {
        Failure::Condition(error) => ("condition", format!("a condition cannot be evaluated: {error}")),
        Failure::Task { breakpoint, reason } => {
            ("task", format!("the task that reached breakpoint {breakpoint} is not known: {reason}"))
        }
        Failure::NotInserted { breakpoints, reason } => {
            let numbers: Vec<String> = breakpoints.iter().map(u32::to_string).collect();
            ("not-inserted", format!("breakpoint {} is not in the target: {reason}", numbers.join(", ")))
        }
        Failure::Command(error) => ("failed", error.to_string()),
    }
}
