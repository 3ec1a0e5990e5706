//! What the user allows to be done to a target (`set may-write-memory` and its kin).

/// What may be done to a target. Each is asked where the target is touched, below everything that wants to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a user's on/off setting of its own")]
pub struct Permissions {
    /// `set may-write-memory`: memory may be written, by its virtual or its physical address.
    pub write_memory: bool,
    /// `set may-write-registers`.
    pub write_registers: bool,
    /// `set may-insert-breakpoints`: breakpoints may be put into code. Debug registers may be used all the same, as in gdb.
    pub insert_breakpoints: bool,
    /// `set may-interrupt`: a running target may be stopped.
    pub interrupt: bool,
}

impl Default for Permissions {
    fn default() -> Self {
        Self { write_memory: true, write_registers: true, insert_breakpoints: true, interrupt: true }
    }
}
