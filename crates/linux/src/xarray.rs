//! XArrays and radix trees since 4.20, which are the same (include/linux/xarray.h): numbers to pointers.

use crate::{Error, Object};
use kdive_base::{Budget, VirtAddr};
use kdive_program::Program;

/// Nodes of a tree that is taken for sane.
const MAX_NODES: u64 = 1 << 20;

/// Index and entry of everything in a tree, and what ended the walk before its end.
pub type Entries = (Vec<(u64, u64)>, Option<Error>);

/// Index and entry of everything in a tree, from its `struct xarray` (or `radix_tree_root`), and what ended the walk before
/// its end. Values are as stored, with bit 0 set.
///
/// # Errors
/// Without types of the kernel, or when the root cannot be read.
pub fn xa_entries(program: &Program, root: VirtAddr) -> Result<Entries, Error> {
    let head = Object::of_struct(program, "xarray", root)?.member("xa_head")?.pointer()?.0;
    let mut walk =
        Walk { program, found: Vec::new(), budget: Budget::new(MAX_NODES, program.interrupt.clone()) };
    let result = walk.entry(head, 0, None);
    Ok((walk.found, result.err()))
}

/// What is stored at an index (`xa_load`): 0 for nothing. Values are as stored, with bit 0 set.
///
/// # Errors
/// As [`xa_entries`], and for nodes that are corrupt.
pub fn xa_load(program: &Program, root: VirtAddr, index: u64) -> Result<u64, Error> {
    let mut entry = Object::of_struct(program, "xarray", root)?.member("xa_head")?.pointer()?.0;
    let mut above: Option<u64> = None;
    loop {
        if entry & 3 != 2 || entry <= 4096 {
            // The head itself is the entry of index 0; small internal entries are marks.
            let stored = entry & 3 != 2 && (above.is_some() || index == 0);
            return Ok(if stored { entry } else { 0 });
        }
        let node = Object::of_struct(program, "xa_node", VirtAddr(entry - 2))?;
        let shift = node.member("shift")?.uint()?;
        if shift >= 64 || above.is_some_and(|above| shift >= above) {
            let why = format!("its shift is {shift}");
            return Err(Error::Corrupt { what: "xarray node", addr: node.addr(), why });
        }
        let slots = node.member("slots")?;
        let count = (slots.ty().size().unwrap_or(0) / 8).clamp(1, 64);
        // Beyond what a tree of this height holds there is nothing.
        if above.is_none() && index >> shift >= count {
            return Ok(0);
        }
        let slot = index >> shift & (count - 1);
        entry = slots.index(slot)?.pointer()?.0;
        // An entry over several slots is in the first of them; the others say which that is (xa_is_sibling).
        if entry & 3 == 2 && entry >> 2 < count - 1 {
            entry = slots.index(entry >> 2)?.pointer()?.0;
        }
        above = Some(shift);
    }
}

struct Walk<'a> {
    program: &'a Program,
    found: Vec<(u64, u64)>,
    budget: Budget,
}

impl Walk<'_> {
    /// `above` is the shift of the node that holds the entry: shifts fall on the way down.
    fn entry(&mut self, entry: u64, index: u64, above: Option<u64>) -> Result<(), Error> {
        self.budget.step()?;
        if entry & 3 != 2 {
            if entry != 0 {
                self.found.push((index, entry));
            }
            return Ok(());
        }
        // Small internal entries are marks: siblings, retry.
        if entry <= 4096 {
            return Ok(());
        }
        let node = Object::of_struct(self.program, "xa_node", VirtAddr(entry - 2))?;
        let shift = node.member("shift")?.uint()?;
        if shift >= 64 || above.is_some_and(|above| shift >= above) {
            let why = format!("its shift is {shift}");
            return Err(Error::Corrupt { what: "xarray node", addr: node.addr(), why });
        }
        let slots = node.member("slots")?;
        let count = slots.ty().size().unwrap_or(0) / 8;
        for slot in 0..count.min(64) {
            let inner = slots.index(slot)?.pointer()?.0;
            if inner != 0 {
                self.entry(inner, index.wrapping_add(slot << shift), Some(shift))?;
            }
        }
        Ok(())
    }
}
