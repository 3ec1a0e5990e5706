//! gdb's words for why the program stopped, to the character.

use super::breakpoint_words::watch_title;
use kdive_session::{HitKind, Stop, StopReason, ThreadLabel, describe_signal};

/// All text before the frame, with its newlines.
#[must_use]
pub fn heading(stop: &Stop) -> String {
    let mut text = String::new();
    for reason in &stop.reasons {
        if let StopReason::WatchScopeEnd(number) = reason {
            text.push_str(&format!(
                "\nWatchpoint {number} deleted because the program has left the block in\nwhich its expression is valid.\n"
            ));
        }
    }
    for reason in &stop.reasons {
        if let StopReason::Signal(signal) = reason {
            text.push_str(&received(stop.label.as_ref(), *signal));
        }
    }
    if let Some(thread) = &stop.switched {
        text.push_str(&format!("[Switching to {thread}]\n"));
    }
    let who = stop.label.as_ref().map(|label| format!("{} hit ", thread(label))).unwrap_or_default();
    for hit in stop.hits().filter(|hit| !hit.silent) {
        let number = hit.number;
        match &hit.kind {
            HitKind::Watch { access, hardware, expression, old, now } => {
                let title = watch_title(number, *hardware, *access, expression);
                text.push_str(&format!("\n{who}{title}\n\n"));
                match old {
                    Some(old) => text.push_str(&format!("Old value = {old}\nNew value = {now}\n")),
                    None => text.push_str(&format!("Value = {now}\n")),
                }
                continue;
            }
            HitKind::Code { temporary, several } => {
                let title = if *temporary { "Temporary breakpoint" } else { "Breakpoint" };
                let location = if *several { format!(".{}", hit.location) } else { String::new() };
                text.push_str(&format!("\n{who}{title} {number}{location}, "));
            }
            HitKind::Signal(signal) => {
                let name = describe_signal(*signal).0;
                text.push_str(&format!("\n{who}Catchpoint {number} (signal {name}), "));
            }
        }
        // Those after the first that the frame follows are not shown.
        break;
    }
    text
}

/// `\nThread 1 received signal SIGINT, Interrupt.\n`
#[must_use]
pub fn received(label: Option<&ThreadLabel>, signal: u8) -> String {
    let who = label.map_or_else(|| "Program".to_owned(), thread);
    if signal == 0 {
        return format!("\n{who} stopped.\n");
    }
    let (name, meaning) = describe_signal(signal);
    format!("\n{who} received signal {name}, {meaning}.\n")
}

fn thread(label: &ThreadLabel) -> String {
    match &label.name {
        Some(name) => format!("Thread {} \"{name}\"", label.number),
        None => format!("Thread {}", label.number),
    }
}
