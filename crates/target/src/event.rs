//! What a running target reports.

use kdive_base::VirtAddr;
use kdive_rsp::ThreadId;

/// Which accesses a watchpoint stops.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WatchKind {
    /// Writes (`watch`, Z2).
    Write,
    /// Reads (`rwatch`, Z3).
    Read,
    /// Both (`awatch`, Z4).
    Access,
}

/// Why a target stopped, as far as the stub says. QEMU says nothing but the signal and watchpoints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopReason {
    /// Only a signal was given: 5 (SIGTRAP) for breakpoints and steps, 2 (SIGINT) after an interrupt.
    Signal,
    /// A watchpoint; `addr` is the start of the watched range for QEMU, the accessed address for others.
    Watch {
        /// Kind of access.
        kind: WatchKind,
        /// Address reported by the stub.
        addr: VirtAddr,
    },
    /// A software breakpoint (`swbreak`), the pc already adjusted by the stub.
    SoftwareBreakpoint,
    /// A hardware breakpoint (`hwbreak`).
    HardwareBreakpoint,
    /// Reverse execution reached an end of what was recorded.
    EndOfHistory,
}

/// A stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stop {
    /// The thread that stopped.
    pub thread: ThreadId,
    /// Signal number in gdb's numbering (2 SIGINT, 5 SIGTRAP, 11 SIGSEGV).
    pub signal: u8,
    /// The reason, if the stub gave one.
    pub reason: StopReason,
    /// kdive made this stop up, because the stub paused without saying so.
    pub synthesized: bool,
}

/// Something a running target did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// All threads stopped.
    Stopped(Stop),
    /// The stub wants text shown (`O` packet).
    Output(Vec<u8>),
    /// The guest exited with a code (`W`). The connection is closed.
    Exited(u8),
    /// The guest was ended by a signal (`X`). The connection is closed.
    Killed(u8),
    /// The connection broke; the text is the line for the user.
    Lost(String),
}

/// The outcome of one call of [`RunControl::wait`](crate::RunControl::wait).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wait {
    /// Something happened.
    Event(Event),
    /// Nothing yet; the target still runs.
    Pending,
    /// The user interrupted and the stub reacted neither to that nor to questions. The connection is kept; whether the target runs is unknown,
    /// and the next request starts by asking again.
    GivenUp,
}
