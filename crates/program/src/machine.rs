//! What a program needs of the thing it runs on: memory, and the registers of one thread.

use kdive_arch::{RawWrite, RegisterFile};
use kdive_base::{Fault, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use std::rc::Rc;

/// A stopped machine, seen from one of its threads.
///
/// Implemented over a live target by the owner of run control. Caches are its business; a [`crate::Program`] asks again
/// after [`crate::Program::invalidate`].
pub trait Machine: ReadMemory + WriteMemory {
    /// The registers of the selected thread.
    ///
    /// # Errors
    /// One line for the user.
    fn registers(&self) -> Result<Rc<RegisterFile>, String>;

    /// A register that is not part of the `g` reply, by index in the layout; `None` when the stub does not have it.
    ///
    /// # Errors
    /// One line for the user.
    fn fetch_register(&self, index: usize) -> Result<Option<Vec<u8>>, String>;

    /// Writes one register of the selected thread.
    ///
    /// # Errors
    /// One line for the user.
    fn write_register(&self, write: &RawWrite) -> Result<(), String>;

    /// Reads guest-physical memory.
    ///
    /// # Errors
    /// A fault at the physical address, also where there is no way to physical memory.
    fn read_physical(&self, addr: PhysAddr, _buf: &mut [u8]) -> Result<(), Fault> {
        Err(Fault::unmapped(VirtAddr(addr.0)))
    }

    /// The task whose saved state this is, by address, when it is that of no CPU: it sleeps, and its pc is a return
    /// address.
    fn sleeping_task(&self) -> Option<VirtAddr> {
        None
    }

    /// Whether these are registers of the past, or of a task no CPU runs: nothing can be run from here.
    fn is_off_cpu(&self) -> bool {
        self.sleeping_task().is_some()
    }

    /// Brings memory into the cache, and no more than that: for one who needs but a few bytes at every stop.
    fn prefetch(&self, _addr: VirtAddr, _len: usize) {}

    /// What the system of a program told it with the signal it stopped for, as the system lays it out; `None` where there is no such
    /// thing, as for a whole machine.
    fn signal_info(&self) -> Option<Vec<u8>> {
        None
    }

    /// Asks the monitor of what runs the guest (QEMU's) a question that changes nothing.
    fn ask_monitor(&self, _question: &str) -> Option<String> {
        None
    }

    /// Whether the stub is a part of what it debugs: a kernel's own, such as kgdb.
    fn is_debugged_by_itself(&self) -> bool {
        false
    }

    /// Whether breakpoints are instructions written into the program's memory, so that one where nothing is mapped yet is
    /// refused, and one where something else comes to lie does damage.
    fn patches_memory(&self) -> bool {
        true
    }
}
