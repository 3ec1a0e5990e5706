//! What a program needs of the thing it runs on: memory, and the registers of one thread.

use kdive_arch::{RawWrite, RegisterFile};
use kdive_base::{ReadMemory, WriteMemory};
use std::rc::Rc;

/// A stopped machine, seen from one of its threads.
///
/// Implemented over a live target by whoever owns run control. Caches are its business; a [`crate::Program`] asks again
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
}
