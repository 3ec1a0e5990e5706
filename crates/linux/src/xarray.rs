//! XArrays (include/linux/xarray.h), and the radix trees they replaced in 4.20 (include/linux/radix-tree.h, as it was from
//! 4.7 on): numbers to pointers.

use crate::{Error, Object};
use kdive_base::{Budget, VirtAddr};
use kdive_program::Program;
use kdive_symbols::Tag;

/// Nodes of a tree that is taken for sane.
const MAX_NODES: u64 = 1 << 20;

/// Index and entry of everything in a tree, and what ended the walk before its end.
pub type Entries = (Vec<(u64, u64)>, Option<Error>);

/// How the trees of a kernel are laid out.
#[derive(Clone, Copy)]
struct Layout {
    root: &'static str,
    head: &'static str,
    node: &'static str,
    /// What the two lowest bits of a pointer to a node are.
    tag: u64,
}

const XARRAY: Layout = Layout { root: "xarray", head: "xa_head", node: "xa_node", tag: 2 };
const RADIX: Layout = Layout { root: "radix_tree_root", head: "rnode", node: "radix_tree_node", tag: 1 };

/// What a slot holds.
enum Item {
    Nothing,
    Entry(u64),
    Node(VirtAddr),
    /// Another slot of the same node, whose entry takes several.
    Sibling(u64),
}

/// A node, read once.
struct Node<'a> {
    shift: u64,
    slots: Object<'a>,
    count: u64,
}

impl Layout {
    fn of(program: &Program) -> Self {
        if program.modules.ty(Tag::Struct, XARRAY.node, None).is_some() { XARRAY } else { RADIX }
    }

    fn head(self, program: &Program, root: VirtAddr) -> Result<u64, Error> {
        Ok(Object::of_struct(program, self.root, root)?.member(self.head)?.pointer()?.0)
    }

    /// The node at an address below one with the shift `above`: shifts fall on the way down.
    fn node(self, program: &Program, addr: VirtAddr, above: Option<u64>) -> Result<Node<'_>, Error> {
        let node = Object::of_struct(program, self.node, addr)?;
        let shift = node.member("shift")?.uint()?;
        if shift >= 64 || above.is_some_and(|above| shift >= above) {
            let reason = format!("its shift is {shift}");
            return Err(Error::Corrupt { what: "xarray node", addr, reason });
        }
        let slots = node.member("slots")?;
        let count = (slots.ty().size().unwrap_or(0) / 8).clamp(1, 64);
        Ok(Node { shift, slots, count })
    }

    /// What a word in a node, or in the root, stands for.
    fn item(self, word: u64, within: Option<&Node<'_>>) -> Item {
        if word == 0 {
            return Item::Nothing;
        }
        if word & 3 != self.tag {
            return Item::Entry(word);
        }
        let addr = VirtAddr(word - self.tag);
        // Small internal words are marks: of an XArray the number of another slot, or "look again".
        if word <= 4096 {
            let slot = word >> 2;
            let sibling = self.tag == XARRAY.tag && within.is_some_and(|node| slot < node.count - 1);
            return if sibling { Item::Sibling(slot) } else { Item::Nothing };
        }
        // A radix tree points to the other slot itself.
        let inside = within.and_then(|node| Some((addr.distance_from(node.slots.addr())? / 8, node.count)));
        match inside {
            Some((slot, count)) if slot < count => Item::Sibling(slot),
            _ => Item::Node(addr),
        }
    }
}

/// Index and entry of everything in a tree, from its `struct xarray` (or `radix_tree_root`), and what ended the walk before
/// its end. Values are as stored, with bit 0 (of a radix tree bit 1) set.
///
/// # Errors
/// Without types of the kernel, or when the root cannot be read.
pub fn xa_entries(program: &Program, root: VirtAddr) -> Result<Entries, Error> {
    let layout = Layout::of(program);
    let head = layout.head(program, root)?;
    let budget = Budget::new(MAX_NODES, program.interrupt.clone());
    let mut walk = Walk { program, layout, found: Vec::new(), budget };
    let result = walk.item(&layout.item(head, None), 0, None);
    Ok((walk.found, result.err()))
}

/// What is stored at an index (`xa_load`, `radix_tree_lookup`): 0 for nothing. Values are as [`xa_entries`] has them.
///
/// # Errors
/// As [`xa_entries`], and for nodes that are corrupt.
pub fn xa_load(program: &Program, root: VirtAddr, index: u64) -> Result<u64, Error> {
    let layout = Layout::of(program);
    let mut item = layout.item(layout.head(program, root)?, None);
    let mut above: Option<u64> = None;
    loop {
        let addr = match item {
            Item::Node(addr) => addr,
            // The head itself is the entry of index 0.
            Item::Entry(entry) if above.is_some() || index == 0 => return Ok(entry),
            Item::Entry(_) | Item::Nothing | Item::Sibling(_) => return Ok(0),
        };
        let node = layout.node(program, addr, above)?;
        // Beyond what a tree of this height holds there is nothing.
        if above.is_none() && index >> node.shift >= node.count {
            return Ok(0);
        }
        let slot = index >> node.shift & (node.count - 1);
        item = layout.item(node.slots.index(slot)?.pointer()?.0, Some(&node));
        if let Item::Sibling(first) = item {
            item = layout.item(node.slots.index(first)?.pointer()?.0, Some(&node));
        }
        above = Some(node.shift);
    }
}

struct Walk<'a> {
    program: &'a Program,
    layout: Layout,
    found: Vec<(u64, u64)>,
    budget: Budget,
}

impl Walk<'_> {
    fn item(&mut self, item: &Item, index: u64, above: Option<u64>) -> Result<(), Error> {
        self.budget.step()?;
        let addr = match item {
            Item::Nothing | Item::Sibling(_) => return Ok(()),
            Item::Entry(entry) => {
                self.found.push((index, *entry));
                return Ok(());
            }
            Item::Node(addr) => *addr,
        };
        let node = self.layout.node(self.program, addr, above)?;
        for slot in 0..node.count {
            let item = self.layout.item(node.slots.index(slot)?.pointer()?.0, Some(&node));
            if !matches!(item, Item::Nothing) {
                self.item(&item, index.wrapping_add(slot << node.shift), Some(node.shift))?;
            }
        }
        Ok(())
    }
}
