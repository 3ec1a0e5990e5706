//! The seam between a session and what it debugs.
//!
//! All methods take `&self`: a target is shared between the session (run control) and the program (memory), and keeps its
//! caches and connection behind interior mutability. Nothing here calls back into its caller while borrowed.

use crate::{BreakpointError, Error, Event, Stop, Wait, WatchKind};
use kdive_base::{Interrupt, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use kdive_rsp::ThreadId;
use std::rc::Rc;
use std::time::Duration;

/// One thread of the target; for QEMU a CPU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    /// The stub's id.
    pub id: ThreadId,
    /// What the stub says about it, `CPU#0 [running]` for QEMU; empty when it says nothing.
    pub info: String,
}

/// Register contents of one thread, as the stub sent them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawRegisters {
    /// The `g` reply, `None` for bytes the stub marked unavailable (`xx`). Its length may differ from stop to stop.
    pub bytes: Vec<Option<u8>>,
}

/// Something to look at: live, or later a dump.
///
/// Memory is seen through the page tables of the thread chosen with [`Target::focus`].
pub trait Target: ReadMemory + WriteMemory {
    /// The threads, in the stub's order. Cached until the target runs.
    ///
    /// # Errors
    /// [`Error`] when the list cannot be had at all.
    fn threads(&self) -> Result<Rc<[Thread]>, Error>;

    /// Chooses the thread whose address space memory accesses use. Costs nothing until the next access.
    fn focus(&self, thread: ThreadId);

    /// The registers of one thread, fetched at most once per stop.
    ///
    /// # Errors
    /// [`Error::Running`], [`Error::Remote`] for a thread the stub no longer has.
    fn raw_registers(&self, thread: ThreadId) -> Result<Rc<RawRegisters>, Error>;

    /// One register by its number in the target description (`p`); `None` when unavailable. For those outside `g`.
    ///
    /// # Errors
    /// As [`Target::raw_registers`].
    fn raw_register(&self, thread: ThreadId, number: u32) -> Result<Option<Vec<u8>>, Error>;

    /// Writes one register (`P`), `bytes` in target order and exactly as long as the description says.
    ///
    /// # Errors
    /// As [`Target::raw_registers`].
    fn write_raw_register(&self, thread: ThreadId, number: u32, bytes: &[u8]) -> Result<(), Error>;

    /// Reads guest-physical memory.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the stub has no physical mode.
    fn read_physical(&self, addr: PhysAddr, buf: &mut [u8]) -> Result<(), Error>;

    /// Writes guest-physical memory.
    ///
    /// # Errors
    /// As [`Target::read_physical`].
    fn write_physical(&self, addr: PhysAddr, bytes: &[u8]) -> Result<(), Error>;

    /// Run control, where there is any.
    fn run_control(&self) -> Option<&dyn RunControl>;
}

/// What the other threads do while one is stepped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Others {
    /// They stay stopped (`set scheduler-locking on`).
    Stopped,
    /// They run.
    Running,
}

/// How to resume.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resume {
    /// Every thread runs.
    Continue,
    /// One thread runs.
    ContinueOne(ThreadId),
    /// One thread executes one instruction.
    Step {
        /// The thread.
        thread: ThreadId,
        /// The rest.
        others: Others,
    },
}

/// Kinds of breakpoint, one per `Z` packet type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BreakpointKind {
    /// `Z0`.
    Software,
    /// `Z1`.
    Hardware,
    /// `Z2`, `Z3`, `Z4`.
    Watch(WatchKind),
}

/// Control over execution.
pub trait RunControl {
    /// The stop the target is in; `None` while it runs or is gone.
    fn stop(&self) -> Option<Stop>;

    /// A number that changes with every resume and with every write: caches of derived facts are keyed by it.
    fn generation(&self) -> u64;

    /// Inserts a breakpoint. `len` is the length watched in bytes, or the breakpoint kind of the architecture (x86: 1).
    ///
    /// # Errors
    /// [`BreakpointError`] saying why not.
    fn insert(&self, kind: BreakpointKind, addr: VirtAddr, len: u64) -> Result<(), BreakpointError>;

    /// Removes a breakpoint inserted with the same arguments.
    ///
    /// # Errors
    /// [`BreakpointError`]; the breakpoint is forgotten all the same.
    fn remove(&self, kind: BreakpointKind, addr: VirtAddr, len: u64) -> Result<(), BreakpointError>;

    /// Starts execution and returns at once.
    ///
    /// # Errors
    /// [`Error`]; the target is then still stopped.
    fn resume(&self, how: Resume) -> Result<(), Error>;

    /// Waits up to `timeout` for something to happen. The first Ctrl-C seen in `interrupt` sends one 0x03; the second, when the
    /// stub did not react, gives up.
    ///
    /// # Errors
    /// [`Error::NotConnected`] when nothing is running.
    fn wait(&self, timeout: Duration, interrupt: &Interrupt) -> Result<Wait, Error>;

    /// Events that arrived without anybody waiting.
    fn pending_event(&self) -> Option<Event>;
}
