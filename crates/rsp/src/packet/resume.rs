//! Resuming: `vCont?`, `vCont;action:thread;…`, and `Hc` with `c`/`s` for stubs without it (kgdb).
//!
//! Actions are matched left to right for each thread; a thread without a match stays stopped. Threads are always named: QEMU steps
//! every CPU for a bare `vCont;s`. `c` without a thread is the one exception, as the default of the rest.

use crate::ThreadId;
use std::fmt::Write as _;

/// `vCont?`
pub const QUERY: &[u8] = b"vCont?";

/// The actions a stub knows.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Actions {
    /// `c` and `C`: without both, a client must not use `vCont`.
    pub continue_: bool,
    /// `s` and `S`.
    pub step: bool,
    /// `r start,end`: steps while the pc stays in a range (gdbserver).
    pub range_step: bool,
}

impl Actions {
    /// Reads `vCont;c;C;s;S`; `None` when it is not a reply to `vCont?`.
    #[must_use]
    pub fn parse(data: &[u8]) -> Option<Self> {
        let rest = data.strip_prefix(b"vCont")?;
        let has = |name: &[u8]| rest.split(|&b| b == b';').any(|action| action == name);
        Some(Self { continue_: has(b"c") && has(b"C"), step: has(b"s") && has(b"S"), range_step: has(b"r") })
    }

    /// Whether `vCont` can be used at all: gdb refuses stubs that do not know all four, and so does kdive.
    #[must_use]
    pub fn is_usable(self) -> bool {
        self.continue_ && self.step
    }
}

/// What one thread does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Runs; a signal is delivered first if given (the number in gdb's numbering).
    Continue(Option<u8>),
    /// Executes one instruction.
    Step(Option<u8>),
    /// Steps while the pc is in `start..end`.
    StepRange(u64, u64),
}

/// `vCont` with one entry for each thread; `None` stands for the threads not named, and must come last.
#[must_use]
pub fn vcont(actions: &[(Action, Option<ThreadId>)]) -> Vec<u8> {
    let mut payload = String::from("vCont");
    for (action, thread) in actions {
        // Writing to a String cannot fail.
        let _ = match action {
            Action::Continue(None) => write!(payload, ";c"),
            Action::Continue(Some(signal)) => write!(payload, ";C{signal:02x}"),
            Action::Step(None) => write!(payload, ";s"),
            Action::Step(Some(signal)) => write!(payload, ";S{signal:02x}"),
            Action::StepRange(start, end) => write!(payload, ";r{start:x},{end:x}"),
        };
        if let Some(thread) = thread {
            let _ = write!(payload, ":{thread}");
        }
    }
    payload.into_bytes()
}

/// The old forms, for the thread chosen with `Hc`.
#[must_use]
pub fn legacy(action: Action) -> Vec<u8> {
    match action {
        Action::Continue(None) => b"c".to_vec(),
        Action::Continue(Some(signal)) => format!("C{signal:02x}").into_bytes(),
        Action::Step(Some(signal)) => format!("S{signal:02x}").into_bytes(),
        Action::Step(None) | Action::StepRange(..) => b"s".to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_of_stubs() {
        let qemu = Actions::parse(b"vCont;c;C;s;S").unwrap();
        assert_eq!(qemu, Actions { continue_: true, step: true, range_step: false });
        assert!(Actions::parse(b"vCont;c;C;s;S;t;r").unwrap().range_step);
        assert!(!Actions::parse(b"vCont;c;s").unwrap().is_usable());
        assert!(!Actions::parse(b"vCont").unwrap().is_usable());
        assert_eq!(Actions::parse(b"OK"), None);
    }

    #[test]
    fn requests() {
        let one = ThreadId::in_process(1, 2);
        assert_eq!(
            vcont(&[(Action::Step(None), Some(one)), (Action::Continue(None), None)]),
            b"vCont;s:p1.2;c"
        );
        assert_eq!(vcont(&[(Action::Continue(Some(9)), Some(ThreadId::plain(3)))]), b"vCont;C09:3");
        assert_eq!(vcont(&[(Action::StepRange(0x10, 0x20), Some(one))]), b"vCont;r10,20:p1.2");
        assert_eq!(legacy(Action::Step(None)), b"s");
        assert_eq!(legacy(Action::Continue(Some(0x15))), b"C15");
    }
}
