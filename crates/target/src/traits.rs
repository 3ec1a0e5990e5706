//! The seam between a session and what it debugs.
//!
//! All methods take `&self`: a target is shared between the session (run control) and the program (memory), and keeps its
//! caches and connection behind interior mutability. Nothing here calls back into its caller while borrowed.

use crate::{BreakpointError, Error, Event, Stop, Wait, WatchKind};
use kdive_arch::{RawWrite, RegisterFile};
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

    /// The registers of one thread, fetched at most once per stop. The layout may differ from one stop to the next.
    ///
    /// # Errors
    /// [`Error::Running`], [`Error::Remote`] for a thread the stub no longer has.
    fn registers(&self, thread: ThreadId) -> Result<Rc<RegisterFile>, Error>;

    /// As [`Target::registers`], with the register at `index` of the layout fetched by itself when the bulk reply did not bring it
    /// ([`kdive_arch::Availability::NotFetched`]). It is unavailable afterwards if the stub cannot tell it.
    ///
    /// # Errors
    /// As [`Target::registers`].
    fn registers_with(&self, thread: ThreadId, index: usize) -> Result<Rc<RegisterFile>, Error>;

    /// Writes registers, as [`RegisterFile::write`] says what has to be sent for a change. Forgets memory too: a control register may
    /// have changed what is mapped.
    ///
    /// # Errors
    /// As [`Target::registers`].
    fn write_registers(&self, thread: ThreadId, writes: &[RawWrite]) -> Result<(), Error>;

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

    /// Brings memory that is about to be read bit by bit into the cache, and no more than that. What cannot be read is found out
    /// by its reader.
    fn prefetch(&self, _addr: VirtAddr, _len: usize) {}

    /// Whether the stub's threads are the tasks of the guest's kernel by their numbers (kgdb), rather than CPUs. It does not know
    /// where one that sleeps stands: its pc is 0 then.
    fn threads_are_tasks(&self) -> bool {
        false
    }

    /// What the system of a program told a thread with the signal it stopped for (`siginfo_t`); `None` where there is no such thing.
    fn signal_info(&self, _thread: ThreadId) -> Option<Vec<u8>> {
        None
    }

    /// The CRC-32 that the stub computes over memory: polynomial 0x04c11db7, most significant bit first, from all ones. `None` where it
    /// does not know how.
    ///
    /// # Errors
    /// [`Error::Remote`] when it cannot read the memory.
    fn checksum(&self, _addr: VirtAddr, _len: u64) -> Result<Option<u32>, Error> {
        Ok(None)
    }

    /// Asks the monitor of what runs the guest a question that changes nothing; `None` where there is none or it does not
    /// know the question.
    fn ask_monitor(&self, _question: &str) -> Option<String> {
        None
    }

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

    /// The thread gets this signal, in gdb's numbering, with the next resume that lets it run.
    fn deliver(&self, _thread: ThreadId, _signal: u8) {}

    /// Whether what is asked of the target, too, is waited for until the user interrupts it, as a resume is: a machine that is frozen for
    /// a while does not end the command that is to run it.
    fn wait_for_answers(&self, _on: bool) {}

    /// Whether something was asked that has no answer yet, and nobody waits for it any more.
    fn owes_answers(&self) -> bool {
        false
    }

    /// Waits up to `timeout` for something to happen.
    ///
    /// The first Ctrl-C seen in `interrupt` (which is taken down) sends one 0x03. A stub that does not react within two seconds gets a second one and
    /// after a third second is asked whether it is there; a second Ctrl-C asks at once. Either the target turns out to be stopped, or
    /// [`Wait::GivenUp`] comes back.
    ///
    /// # Errors
    /// [`Error::Remote`] when the stub refused to resume: the target is stopped where it was. [`Error::NotConnected`] when nothing is running.
    fn wait(&self, timeout: Duration, interrupt: &Interrupt) -> Result<Wait, Error>;

    /// An event that arrived without anybody waiting: the connection was lost during a memory read, for example. To be asked for
    /// after each command.
    fn pending_event(&self) -> Option<Event>;

    /// Whether a single step executes the instruction at a breakpoint without stopping for it (QEMU with TCG: single steps override
    /// breakpoints). Otherwise the breakpoint has to be removed for the step.
    fn steps_over_breakpoints(&self) -> bool {
        false
    }

    /// Addresses of breakpoints whose instruction in the guest's memory is not there any more: the guest wrote something else over it. Empty
    /// where breakpoints are not in memory.
    fn lost_breakpoints(&self) -> Vec<VirtAddr> {
        Vec::new()
    }

    /// Whether a single step may end in the handler of an interrupt that came in (QEMU with KVM on hosts without
    /// `KVM_GUESTDBG_BLOCKIRQ`).
    fn steps_into_interrupts(&self) -> bool {
        false
    }
}
