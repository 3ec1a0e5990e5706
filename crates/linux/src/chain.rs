//! Chains that end: `hlist`, `hlist_bl`, `hlist_nulls` (include/linux/list.h, list_bl.h, list_nulls.h) and `llist`
//! (include/linux/llist.h). The link to the next node is the first member of each.

use crate::Error;
use kdive_base::{Budget, ReadMemory, VirtAddr};
use kdive_program::Program;
use std::collections::HashSet;

/// The nodes of a chain, and what ended the walk before its end.
pub type Nodes = (Vec<VirtAddr>, Option<Error>);

/// The nodes of a chain from its head, at most `limit`. With `locked` the lowest bit of the head is a lock (`hlist_bl_head`).
/// The last link is NULL, or an odd number (`hlist_nulls`).
#[must_use]
pub fn chain(program: &Program, head: VirtAddr, locked: bool, limit: u64) -> Nodes {
    let mut budget = Budget::new(limit, program.interrupt.clone());
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let mut at = head;
    loop {
        let link = match budget.step() {
            Ok(()) => program.read_uint(at, 8),
            Err(error) => return (found, Some(error.into())),
        };
        let next = match link {
            Ok(next) if locked && found.is_empty() => next & !1,
            Ok(next) => next,
            Err(error) => return (found, Some(error.into())),
        };
        if next == 0 || next & 1 == 1 {
            return (found, None);
        }
        if !seen.insert(next) {
            let reason = "it leads back into itself".to_owned();
            return (found, Some(Error::Corrupt { what: "list", addr: at, reason }));
        }
        at = VirtAddr(next);
        found.push(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::symbol;
    use crate::testing::image;

    #[test]
    fn chains_end_at_null_at_nulls_and_at_damage() {
        let program = image(
            r#"
            struct node { struct node *next; long pad; } nodes[3] = { { &nodes[2] }, { 0 }, { &nodes[1] } };
            struct head { struct node *first; };
            struct head plain = { &nodes[0] }, empty;
            struct node odd = { (struct node *)0x2b }, loop[2] = { { &loop[1] }, { &loop[0] } };
            struct head nulls = { &odd }, no_nulls = { (struct node *)0x2b }, cyclic = { &loop[0] };
            struct node lost = { (struct node *)0xdead000000000100 };
            struct head wild = { &lost };
            "#,
        );
        let walk = |name: &str| chain(&program, symbol(&program, name).unwrap(), false, 100);
        let nodes = symbol(&program, "nodes").unwrap();
        assert_eq!(walk("plain"), (vec![nodes, nodes.offset(32), nodes.offset(16)], None));
        assert_eq!(walk("empty"), (vec![], None));
        assert_eq!(walk("nulls"), (vec![symbol(&program, "odd").unwrap()], None));
        assert_eq!(walk("no_nulls"), (vec![], None));
        let (found, reason) = walk("cyclic");
        assert_eq!(found.len(), 2);
        assert!(reason.unwrap().to_string().ends_with("it leads back into itself"));
        let (found, reason) = walk("wild");
        assert_eq!(found.len(), 2);
        assert!(matches!(reason, Some(Error::Memory(_))));
        let (found, reason) = chain(&program, symbol(&program, "plain").unwrap(), false, 2);
        assert_eq!(found.len(), 2);
        assert!(matches!(reason, Some(Error::Exhausted(_))));
    }
}
