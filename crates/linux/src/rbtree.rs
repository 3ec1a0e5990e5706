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
                    let why = "the tree leads back into itself".to_owned();
                    return Err(Error::Corrupt { what: "red-black tree", addr: at, why });
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
