//! gdb's numbering of the stub's threads.

use kdive_target::ThreadId;

/// One thread (for QEMU: a CPU).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThreadEntry {
    /// gdb's number: 1, 2, ... in the order they were first seen; never used again.
    pub number: u32,
    /// The stub's id.
    pub id: ThreadId,
    /// What the stub says about it: `CPU#0 [running]`.
    pub info: String,
    /// What `thread name` set.
    pub name: Option<String>,
}

/// All threads, and which one is selected.
#[derive(Clone, Debug, Default)]
pub struct Threads {
    entries: Vec<ThreadEntry>,
    selected: Option<ThreadId>,
    next: u32,
}

impl Threads {
    /// The threads by number.
    #[must_use]
    pub fn entries(&self) -> &[ThreadEntry] {
        &self.entries
    }

    /// The selected one.
    #[must_use]
    pub fn selected(&self) -> Option<&ThreadEntry> {
        let id = self.selected?;
        self.by_id(id)
    }

    /// By number.
    #[must_use]
    pub fn by_number(&self, number: u32) -> Option<&ThreadEntry> {
        self.entries.iter().find(|entry| entry.number == number)
    }

    /// By the stub's id.
    #[must_use]
    pub fn by_id(&self, id: ThreadId) -> Option<&ThreadEntry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// Whether more than one thread was ever seen: messages then name the thread.
    #[must_use]
    pub fn show_thread_numbers(&self) -> bool {
        self.next > 1
    }
}
