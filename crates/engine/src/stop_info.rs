//! A stop as plain data.

use crate::{Engine, FrameInfo, HitKind, Scope, Stop, StopReason, WatchKind, known_signal};
use serde::Serialize;

/// The program stands still.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StopInfo {
    /// Why; empty after connecting.
    pub reasons: Vec<ReasonInfo>,
    /// gdb's number of the thread that stopped.
    pub thread: Option<u32>,
    /// Where.
    pub frame: Option<FrameInfo>,
    /// The kernel's number of the CPU, where it is known.
    pub cpu: Option<usize>,
    /// PID of the task the CPU runs.
    pub pid: Option<i32>,
    /// Name of that task.
    pub comm: Option<String>,
    /// The value that the function returned which `finish` left.
    pub returned: Option<String>,
}

/// One reason of a stop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum ReasonInfo {
    /// A breakpoint in code was hit.
    Breakpoint {
        /// Its number.
        number: u32,
        /// The number of its place, from 1; 0 without one.
        place: u32,
        /// Whether it is deleted now.
        temporary: bool,
    },
    /// Data was accessed that is watched.
    Watchpoint {
        /// Its number.
        number: u32,
        /// What is watched.
        expression: String,
        /// Which accesses: `write`, `read`, `access`.
        access: &'static str,
        /// The value before, if it is another one now.
        old: Option<String>,
        /// The value now.
        value: String,
    },
    /// The local that was watched is gone, and the watchpoint with it.
    WatchpointScope {
        /// Its number.
        number: u32,
    },
    /// A signal that a catchpoint is for.
    Caught {
        /// Number of the catchpoint.
        number: u32,
        /// The signal's name.
        signal: String,
    },
    /// A step is over.
    Step,
    /// The place of `until` or `advance` was reached.
    Location,
    /// The function was left.
    Finished,
    /// The function that the debugger called has returned.
    Returned,
    /// A signal: `SIGINT` after Ctrl-C.
    Signal {
        /// Its name.
        signal: String,
    },
}

fn signal_name(number: u8) -> String {
    match known_signal(number) {
        Some((name, _)) => name.into_owned(),
        None => number.to_string(),
    }
}

impl From<&StopReason> for ReasonInfo {
    fn from(reason: &StopReason) -> Self {
        match reason {
            StopReason::Hit(hit) => match &hit.kind {
                HitKind::Code { temporary, .. } => {
                    Self::Breakpoint { number: hit.number, place: hit.location, temporary: *temporary }
                }
                HitKind::Watch { access, expression, old, now, .. } => Self::Watchpoint {
                    number: hit.number,
                    expression: expression.clone(),
                    access: match access {
                        WatchKind::Write => "write",
                        WatchKind::Read => "read",
                        WatchKind::Access => "access",
                    },
                    old: old.clone(),
                    value: now.clone(),
                },
                HitKind::Signal(signal) => Self::Caught { number: hit.number, signal: signal_name(*signal) },
            },
            StopReason::WatchScopeEnd(number) => Self::WatchpointScope { number: *number },
            StopReason::StepDone => Self::Step,
            StopReason::LocationReached => Self::Location,
            StopReason::Finished => Self::Finished,
            StopReason::Returned => Self::Returned,
            StopReason::Signal(signal) => Self::Signal { signal: signal_name(*signal) },
        }
    }
}

impl Engine {
    /// What there is to tell of a stop, with the place where the program stands now.
    pub fn stop_info(&mut self, stop: &Stop) -> StopInfo {
        let context = kdive_linux::stop_context(self.program()).ok();
        let thread = self.session.known_threads().by_id(stop.thread).map(|entry| entry.number);
        StopInfo {
            reasons: stop.reasons.iter().map(ReasonInfo::from).collect(),
            thread,
            frame: self.frame_info(&Scope::of(thread, 0)).ok(),
            cpu: context.as_ref().map(|context| context.cpu),
            pid: context.as_ref().map(|context| context.pid),
            comm: context.map(|context| context.comm),
            returned: stop
                .returned
                .as_ref()
                .and_then(|value| value.as_ref().ok())
                .map(|(_, text)| text.clone()),
        }
    }
}
