//! Maple trees (lib/maple_tree.c, since 6.1): ranges of numbers to pointers.

use crate::{Error, Object};
use kdive_base::{Budget, ReadMemory, VirtAddr};
use kdive_program::Program;

/// An entry: first and last index, and what is stored for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MapleEntry {
    /// First index.
    pub first: u64,
    /// Last index.
    pub last: u64,
    /// What is stored.
    pub entry: u64,
}

/// Nodes of a tree that is taken for sane.
const MAX_NODES: u64 = 1 << 20;
/// A tree of this height has more entries than there are addresses.
const MAX_HEIGHT: usize = 31;

/// Whether a word is a node rather than an entry (`xa_is_node`, which maple trees share).
fn is_node(word: u64) -> bool {
    word & 3 == 2 && word > 4096
}

/// All entries of a tree by index, and what ended the walk before its end.
///
/// # Errors
/// Without types of the kernel, or when the root cannot be read.
pub fn maple_entries(program: &Program, tree: VirtAddr) -> Result<(Vec<MapleEntry>, Option<Error>), Error> {
    let root = Object::of_struct(program, "maple_tree", tree)?.member("ma_root")?.pointer()?.0;
    let mut walk =
        Walk { program, found: Vec::new(), budget: Budget::new(MAX_NODES, program.interrupt.clone()) };
    if !is_node(root) {
        if root != 0 {
            walk.found.push(MapleEntry { first: 0, last: 0, entry: root });
        }
        return Ok((walk.found, None));
    }
    let result = walk.node(root, 0, u64::MAX, 0);
    Ok((walk.found, result.err()))
}

struct Walk<'a> {
    program: &'a Program,
    found: Vec<MapleEntry>,
    budget: Budget,
}

impl Walk<'_> {
    fn node(&mut self, word: u64, min: u64, max: u64, depth: usize) -> Result<(), Error> {
        /// `enum maple_type`.
        const DENSE: u64 = 0;
        const LEAF: u64 = 1;
        const RANGE: u64 = 2;
        const ARANGE: u64 = 3;
        self.budget.step()?;
        let addr = VirtAddr(word & !0xff);
        let corrupt = |reason: &str| Error::Corrupt { what: "maple tree", addr, reason: reason.to_owned() };
        if depth > MAX_HEIGHT {
            return Err(corrupt("it is too high"));
        }
        let kind = word >> 3 & 15;
        let (pivot, slot, count) = match kind {
            LEAF | RANGE => self.shape("maple_range_64")?,
            ARANGE => self.shape("maple_arange_64")?,
            DENSE => return Err(corrupt("a dense node, which no tree of the kernel has")),
            _ => return Err(corrupt("a node of unknown type")),
        };
        // 256 bytes at most: pivots and slots with one read.
        let mut bytes = [0; 256];
        self.program.read(addr, &mut bytes)?;
        let at = |offset: u64, index: u64| -> u64 {
            let start = usize::try_from(offset + index * 8).unwrap_or(usize::MAX);
            let word = start.checked_add(8).and_then(|end| bytes.get(start..end)?.try_into().ok());
            word.map_or(0, u64::from_le_bytes)
        };
        let mut first = min;
        for index in 0..count {
            // There is one pivot less than there are slots; 0 ends them early.
            let last = if index + 1 < count { at(pivot, index) } else { max };
            let (last, end) = if last == 0 && index > 0 || last >= max { (max, true) } else { (last, false) };
            if last < first {
                return Err(corrupt("its pivots do not ascend"));
            }
            let entry = at(slot, index);
            if kind == LEAF {
                // Small words of that shape are the tree's own marks.
                if entry != 0 && entry & 3 != 2 {
                    self.found.push(MapleEntry { first, last, entry });
                }
            } else if entry > 4096 {
                // The kind and a bit that says the node is one; the bit of XArrays is set only at the root.
                self.node(entry, first, last, depth + 1)?;
            }
            if end {
                break;
            }
            first = last + 1;
        }
        Ok(())
    }

    /// Offsets of the pivots and the slots in a node, and how many slots.
    fn shape(&self, name: &str) -> Result<(u64, u64, u64), Error> {
        let node = Object::of_struct(self.program, name, VirtAddr(0))?;
        let size = node.member("slot")?.ty().size().unwrap_or(0);
        Ok((node.offset_of("pivot")?, node.offset_of("slot")?, (size / 8).min(32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::symbol;
    use crate::testing::image;

    /// A root over two leaves, as the kernel encodes them (mte_mk_node, mte_mk_root): SECOND is the word of the second.
    const TREE: &str = r#"
        struct maple_range_64 { void *parent; unsigned long pivot[15]; void *slot[16]; };
        struct maple_arange_64 { void *parent; unsigned long pivot[9]; void *slot[10]; unsigned long gap[10]; char meta[2]; };
        struct maple_tree { int lock; unsigned ma_flags; void *ma_root; };
        int a, b, c;
        struct maple_range_64 __attribute__((aligned(256))) first = {
            .pivot = { 0, 1, 8 }, .slot = { &a, &b, 0, 0 } };
        struct maple_range_64 __attribute__((aligned(256))) second = {
            .pivot = { 9, 200 }, .slot = { 0, &c } };
        struct maple_arange_64 __attribute__((aligned(256))) root = {
            .pivot = { 8, ~0ul }, .slot = { (char *)&first + 0x0c, SECOND } };
        struct maple_tree tree = { .ma_root = (char *)&root + 0x1e };
    "#;

    /// First and last index and entry of each, and the addresses of `a`, `b` and `c`.
    type Walked = (Vec<(u64, u64, u64)>, Option<Error>, [u64; 3]);

    fn entries(second: &str) -> Walked {
        let program = image(&TREE.replace("SECOND", second));
        let at = |name: &str| symbol(&program, name).unwrap();
        let (found, broken) = maple_entries(&program, at("tree")).unwrap();
        let found = found.into_iter().map(|entry| (entry.first, entry.last, entry.entry)).collect();
        (found, broken, [at("a").0, at("b").0, at("c").0])
    }

    #[test]
    fn nodes_below_the_root_are_told_by_their_kind() {
        let (found, broken, [a, b, c]) = entries("(char *)&second + 0x0c");
        assert_eq!(broken, None);
        assert_eq!(found, [(0, 0, a), (1, 1, b), (10, 200, c)]);
    }

    #[test]
    fn a_tree_that_leads_back_ends() {
        let (found, broken, _) = entries("(char *)&root + 0x1c");
        assert_eq!(found.len(), 2);
        assert!(matches!(broken, Some(Error::Corrupt { what: "maple tree", .. })), "{broken:?}");
    }
}
