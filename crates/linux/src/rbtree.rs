//! Red-black trees (include/linux/rbtree.h).

use crate::{Error, Object};
use kdive_base::{Budget, VirtAddr};
use kdive_program::Program;
use std::collections::HashSet;

/// The nodes of a tree in order, from its `struct rb_root` (or what begins with one), and what ended the walk before its end.
///
/// # Errors
/// Without types of the kernel, or when the root cannot be read.
pub fn nodes(program: &Program, root: VirtAddr, limit: u64) -> Result<(Vec<VirtAddr>, Option<Error>), Error> {
    let mut at = Object::of_struct(program, "rb_root", root)?.member("rb_node")?.pointer()?;
    let mut budget = Budget::new(limit, program.interrupt.clone());
    let (mut found, mut above, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    loop {
        let step = (|| -> Result<bool, Error> {
            while at.0 != 0 {
                budget.step()?;
                if !seen.insert(at) {
                    let reason = "the tree leads back into itself".to_owned();
                    return Err(Error::Corrupt { what: "red-black tree", addr: at, reason });
                }
                above.push(at);
                at = Object::of_struct(program, "rb_node", at)?.member("rb_left")?.pointer()?;
            }
            let Some(node) = above.pop() else { return Ok(false) };
            found.push(node);
            at = Object::of_struct(program, "rb_node", node)?.member("rb_right")?.pointer()?;
            Ok(true)
        })();
        match step {
            Ok(true) => {}
            Ok(false) => return Ok((found, None)),
            Err(error) => return Ok((found, Some(error))),
        }
    }
}

/// Which end of a tree, or which neighbour of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// The smallest, the one before.
    Left,
    /// The largest, the one after.
    Right,
}

impl Side {
    fn member(self) -> &'static str {
        match self {
            Self::Left => "rb_left",
            Self::Right => "rb_right",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// No tree is higher: it would have more nodes than there are addresses.
const MAX_HEIGHT: u64 = 128;

fn link(program: &Program, node: VirtAddr, side: Side) -> Result<VirtAddr, Error> {
    Object::of_struct(program, "rb_node", node)?.member(side.member())?.pointer()
}

/// The node that is furthest to one side below `node`.
fn furthest(program: &Program, node: VirtAddr, side: Side) -> Result<VirtAddr, Error> {
    let mut budget = Budget::new(MAX_HEIGHT, program.interrupt.clone());
    let mut at = node;
    loop {
        budget.step()?;
        match link(program, at, side)? {
            VirtAddr(0) => return Ok(at),
            below => at = below,
        }
    }
}

/// The first or last node of a tree (`rb_first`, `rb_last`); `None` of an empty one.
///
/// # Errors
/// As [`nodes`]; a tree that is higher than a tree can be.
pub(crate) fn end(program: &Program, root: VirtAddr, side: Side) -> Result<Option<VirtAddr>, Error> {
    let top = Object::of_struct(program, "rb_root", root)?.member("rb_node")?.pointer()?;
    if top.0 == 0 { Ok(None) } else { furthest(program, top, side).map(Some) }
}

/// The neighbour of a node (`rb_next`, `rb_prev`); `None` of the last one, and of a node in no tree.
///
/// # Errors
/// As [`end`].
pub(crate) fn neighbour(program: &Program, node: VirtAddr, side: Side) -> Result<Option<VirtAddr>, Error> {
    let parent = |node: VirtAddr| -> Result<VirtAddr, Error> {
        let word = Object::of_struct(program, "rb_node", node)?.member("__rb_parent_color")?.uint()?;
        Ok(VirtAddr(word & !3))
    };
    // A node that is in no tree is its own parent (RB_CLEAR_NODE).
    if parent(node)? == node {
        return Ok(None);
    }
    let below = link(program, node, side)?;
    if below.0 != 0 {
        return furthest(program, below, side.other()).map(Some);
    }
    let mut budget = Budget::new(MAX_HEIGHT, program.interrupt.clone());
    let mut at = node;
    loop {
        budget.step()?;
        let above = parent(at)?;
        if above.0 == 0 || link(program, above, side)? != at {
            return Ok(Some(above).filter(|above| above.0 != 0));
        }
        at = above;
    }
}
