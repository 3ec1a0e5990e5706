//! `--timeout`: ends a batch job that waits for something that does not come.
//!
//! At the end of the time the interrupt is raised, as by Ctrl-C, again and again: the command that runs ends, the guest stops and is
//! let go. What does not listen to the interrupt is ended with the process a little later.

use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use kdive_base::Interrupt;
use kdive_commands::Doing;

/// The exit status, that of timeout(1).
pub const STATUS: u8 = 124;
/// How long the debugger may take to end in good order.
const GRACE: Duration = Duration::from_secs(5);
/// How long until the interrupt is raised again: a command may have taken it for its own.
const AGAIN: Duration = Duration::from_millis(50);

#[derive(Clone, Default)]
struct State {
    /// The command that ran at the end of the time.
    waited_for: Option<String>,
    /// The debugger ends in good order and is not to be interrupted any more.
    leaving: bool,
}

/// A time limit that runs.
pub struct TimeLimit {
    limit: Duration,
    shared: Arc<(Mutex<State>, Condvar)>,
}

fn locked(shared: &(Mutex<State>, Condvar)) -> MutexGuard<'_, State> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TimeLimit {
    /// Starts it.
    ///
    /// # Errors
    /// When there can be no thread that waits.
    pub fn start(limit: Duration, interrupt: Interrupt, doing: Doing) -> std::io::Result<Self> {
        let shared = Arc::new((Mutex::new(State::default()), Condvar::new()));
        let watched = Arc::clone(&shared);
        thread::Builder::new().name("time limit".to_owned()).spawn(move || {
            let left = wait(&watched, limit);
            if left {
                return;
            }
            locked(&watched).waited_for = Some(doing.line());
            let mut waited = Duration::ZERO;
            while waited < GRACE {
                if !locked(&watched).leaving {
                    interrupt.raise();
                }
                thread::sleep(AGAIN);
                waited += AGAIN;
            }
            let state = locked(&watched).clone();
            // Who leaves has said it already.
            if !state.leaving {
                let line = timeout_message(limit, &state.waited_for.unwrap_or_default(), &[]);
                let _ = writeln!(std::io::stderr(), "{line}");
            }
            std::process::exit(i32::from(STATUS));
        })?;
        Ok(Self { limit, shared })
    }

    /// Whether the time is over.
    pub fn is_over(&self) -> bool {
        locked(&self.shared).waited_for.is_some()
    }

    /// What is to be said, once the time is over. `missed` names what did not come. Nothing is interrupted from here on.
    pub fn leave(&self, missed: &[String]) -> Option<String> {
        let mut state = locked(&self.shared);
        state.leaving = true;
        self.shared.1.notify_all();
        state.waited_for.as_ref().map(|command| timeout_message(self.limit, command, missed))
    }
}

/// Waits for the end of the time; whether the debugger left before.
fn wait(shared: &(Mutex<State>, Condvar), limit: Duration) -> bool {
    let result = shared.1.wait_timeout_while(locked(shared), limit, |state| !state.leaving);
    result.unwrap_or_else(PoisonError::into_inner).0.leaving
}

fn timeout_message(limit: Duration, command: &str, missed: &[String]) -> String {
    let command = if command.is_empty() { "nothing".to_owned() } else { format!("\"{command}\"") };
    let missed = if missed.is_empty() { String::new() } else { format!(" ({})", missed.join("; ")) };
    format!("kdive: the time limit of {} s is over; it waited for {command}{missed}", limit.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_was_waited_for() {
        let missed = ["breakpoint 1 (vfs_raed) is pending".to_owned()];
        assert_eq!(
            timeout_message(Duration::from_millis(2500), "continue", &missed),
            "kdive: the time limit of 2.5 s is over; it waited for \"continue\" (breakpoint 1 (vfs_raed) is pending)"
        );
    }

    #[test]
    fn the_interrupt_is_raised_until_the_debugger_leaves() {
        let interrupt = Interrupt::new();
        let limit = TimeLimit::start(Duration::from_millis(1), interrupt.clone(), Doing::default()).unwrap();
        for _ in 0..2 {
            while !interrupt.take() {
                thread::yield_now();
            }
        }
        assert!(limit.is_over());
        assert!(limit.leave(&[]).is_some());
    }

    #[test]
    fn who_leaves_in_time_hears_nothing() {
        let limit = TimeLimit::start(Duration::from_secs(3600), Interrupt::new(), Doing::default()).unwrap();
        assert!(!limit.is_over());
        assert_eq!(limit.leave(&[]), None);
    }
}
