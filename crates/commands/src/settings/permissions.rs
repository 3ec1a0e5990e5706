//! `set may-...` and `set observer`: what may be done to the target. The target itself sees to it; see
//! [`kdive_session::Permissions`].

use super::{Settings, Value};
use crate::{Error, Shell};
use kdive_session::Permissions;

/// What is off in observer mode.
const OBSERVED: &[&str] = &[
    "may-write-memory",
    "may-write-registers",
    "may-insert-breakpoints",
    "may-insert-tracepoints",
    "may-interrupt",
];

const FAST_TRACEPOINTS: &str = "may-insert-fast-tracepoints";

/// Whether a setting is one of these.
pub(super) fn concerns(name: &str) -> bool {
    name == "observer" || name == FAST_TRACEPOINTS || OBSERVED.contains(&name)
}

/// One of them got a new value.
///
/// # Errors
/// gdb's refusal while there is a target: only memory may be protected at any time.
pub(super) fn changed(shell: &mut Shell, name: &str, from_tty: bool) -> Result<(), Error> {
    if name != "may-write-memory" && shell.session.target().is_some() {
        return Err(Error::msg("Cannot change this setting while the inferior is running."));
    }
    if name == "observer" {
        let observer = shell.settings.bool("observer");
        observe(&mut shell.settings, observer);
        if from_tty {
            tell(shell, observer);
        }
    } else {
        let observer = observes(&shell.settings);
        if observer != shell.settings.bool("observer") {
            shell.settings.put("observer", Value::Bool(observer));
            tell(shell, observer);
        }
    }
    let settings = &shell.settings;
    let permissions = Permissions {
        write_memory: settings.bool("may-write-memory"),
        write_registers: settings.bool("may-write-registers"),
        insert_breakpoints: settings.bool("may-insert-breakpoints"),
        interrupt: settings.bool("may-interrupt"),
    };
    shell.session.permit(permissions);
    Ok(())
}

fn tell(shell: &mut Shell, observer: bool) {
    let state = if observer { "on" } else { "off" };
    shell.out.line(&format!("Observer mode is now {state}."));
}

/// What `set observer` does to the others, in gdb's way: non-stop mode stays on afterwards, and the pager off.
fn observe(settings: &mut Settings, observer: bool) {
    for name in OBSERVED {
        settings.put(name, Value::Bool(!observer));
    }
    if observer {
        settings.put(FAST_TRACEPOINTS, Value::Bool(true));
        settings.put("pagination", Value::Bool(false));
        settings.put("non-stop", Value::Bool(true));
    }
}

/// Whether the single settings add up to observer mode. Writing memory does not count, as in gdb.
fn observes(settings: &Settings) -> bool {
    // kdive has no non-stop mode; the setting is only remembered.
    let non_stop = settings.value("non-stop") == Some(&Value::Bool(true));
    !settings.bool("may-insert-breakpoints")
        && !settings.bool("may-insert-tracepoints")
        && settings.bool("may-insert-fast-tracepoints")
        && !settings.bool("may-interrupt")
        && non_stop
}
