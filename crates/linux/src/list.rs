//! Walks over `struct list_head` (include/linux/list.h).

use crate::Error;
use kdive_base::{Budget, ReadMemory, VirtAddr};
use kdive_program::Program;
use std::collections::HashSet;

/// Walks a circular list from its head. Yields the address of each `list_head` but the head itself; a list that is
/// corrupt yields what there is, then an error.
pub struct ListWalk<'a> {
    program: &'a Program,
    head: VirtAddr,
    at: VirtAddr,
    seen: HashSet<VirtAddr>,
    budget: Budget,
    done: bool,
}

impl<'a> ListWalk<'a> {
    /// The list whose head is at `head`, of at most `limit` entries.
    #[must_use]
    pub fn new(program: &'a Program, head: VirtAddr, limit: u64) -> Self {
        let budget = Budget::new(limit, program.interrupt.clone());
        Self { program, head, at: head, seen: HashSet::new(), budget, done: false }
    }

    fn advance(&mut self) -> Result<Option<VirtAddr>, Error> {
        self.budget.step()?;
        // `next` is the first member.
        let next = VirtAddr(self.program.read_uint(self.at, 8)?);
        if next == self.head {
            return Ok(None);
        }
        let corrupt =
            |reason: &str| Error::Corrupt { what: "list", addr: self.at, reason: reason.to_owned() };
        if next.0 == 0 {
            return Err(corrupt("next is NULL: not initialised yet, or overwritten"));
        }
        if !self.seen.insert(next) {
            return Err(corrupt("it leads back into itself without passing its head"));
        }
        self.at = next;
        Ok(Some(next))
    }
}

impl Iterator for ListWalk<'_> {
    type Item = Result<VirtAddr, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.advance().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}
