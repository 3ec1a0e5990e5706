//! gdb's numbering of the stub's threads.

use kdive_target::{Thread, ThreadId};

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

impl ThreadEntry {
    /// `Thread 1.2`, or `Thread 2` from a stub without processes.
    #[must_use]
    pub fn target_id(&self) -> String {
        match self.id.pid {
            Some(pid) => format!("Thread {pid}.{}", self.id.tid),
            None => format!("Thread {}", self.id.tid),
        }
    }

    /// As `info threads` and `thread apply` show it: `Thread 1.2 "name" (CPU#1 [halted ])`.
    #[must_use]
    pub fn full_id(&self) -> String {
        let mut text = self.target_id();
        match (&self.name, self.info.as_str()) {
            (Some(name), "") => text.push_str(&format!(" \"{name}\"")),
            (Some(name), info) => text.push_str(&format!(" \"{name}\" ({info})")),
            (None, "") => {}
            (None, info) => text.push_str(&format!(" ({info})")),
        }
        text
    }
}

/// All threads, and which one is selected.
#[derive(Clone, Debug, Default)]
pub struct Threads {
    entries: Vec<ThreadEntry>,
    selected: Option<ThreadId>,
    highest: u32,
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
        self.by_id(self.selected?)
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
        self.highest > 1
    }

    /// Names a thread, or takes its name away; `false` when there is no such thread.
    pub fn set_name(&mut self, number: u32, name: Option<String>) -> bool {
        let entry = self.entries.iter_mut().find(|entry| entry.number == number);
        entry.map(|entry| entry.name = name).is_some()
    }

    pub(crate) fn select(&mut self, id: Option<ThreadId>) {
        self.selected = id;
    }

    /// Takes over the stub's list: new threads get numbers, those that are gone are dropped.
    pub(crate) fn update(&mut self, listed: &[Thread]) {
        self.entries.retain(|entry| listed.iter().any(|thread| thread.id == entry.id));
        for thread in listed {
            self.note(thread.id);
            if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == thread.id) {
                entry.info.clone_from(&thread.info);
            }
        }
        if self.selected.is_some_and(|id| self.by_id(id).is_none()) {
            self.selected = self.entries.first().map(|entry| entry.id);
        }
    }

    /// A thread showed itself; it gets a number unless it has one.
    pub(crate) fn note(&mut self, id: ThreadId) {
        if self.by_id(id).is_none() {
            self.highest += 1;
            let number = self.highest;
            self.entries.push(ThreadEntry { number, id, info: String::new(), name: None });
        }
    }

    /// The target is gone; numbering starts again with the next one.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(ids: &[u64]) -> Vec<Thread> {
        ids.iter()
            .map(|&tid| Thread {
                id: ThreadId::in_process(1, tid),
                info: format!("CPU#{} [running]", tid - 1),
            })
            .collect()
    }

    #[test]
    fn numbers_are_never_used_again() {
        let mut threads = Threads::default();
        threads.update(&listed(&[1, 2]));
        threads.update(&listed(&[1]));
        threads.update(&listed(&[1, 2]));
        let numbers: Vec<u32> = threads.entries().iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [1, 3]);
        assert!(threads.show_thread_numbers());
    }

    #[test]
    fn texts_of_ids() {
        let mut threads = Threads::default();
        threads.update(&listed(&[1]));
        assert_eq!(threads.entries()[0].target_id(), "Thread 1.1");
        assert_eq!(threads.entries()[0].full_id(), "Thread 1.1 (CPU#0 [running])");
        assert!(threads.set_name(1, Some("boot".into())));
        assert_eq!(threads.entries()[0].full_id(), "Thread 1.1 \"boot\" (CPU#0 [running])");
        assert!(!threads.show_thread_numbers());
        assert!(!threads.set_name(2, None));
    }
}
