//! Pages with more than one user, as crash's `kmem -i` counts them: every `struct page` is read (include/linux/mm_types.h), and
//! those that are not reserved and have a `_refcount` above 1 are shared.

use crate::field::Field;
use crate::slab::page_array;
use crate::{Error, Object};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;

/// More page structures than are read: 64 bytes for each 4 KiB, all of them over the stub's line.
const MAX_PAGES: u64 = 1 << 21;
/// Bytes read at a time. Memory comes in sections of 128 MiB, whose structures take a multiple of that.
const BLOCK: u64 = 256 << 10;
/// `MAX_NUMNODES`.
const MAX_NODES: u64 = 1024;

/// Number of shared pages. `None` for a machine with so much memory that reading all page structures would take long (8 GiB), or
/// after Ctrl-C.
///
/// # Errors
/// Without symbols or types of the kernel.
pub fn shared_pages(program: &Program) -> Result<Option<u64>, Error> {
    let page = Object::of_struct(program, "page", VirtAddr(0))?;
    let count = Field::any(&page, &["_refcount.counter", "_count.counter"])?;
    // In a structure of its own since 6.18.
    let flags = Field::any(&page, &["flags.f", "flags"])?;
    let size = page.ty().size().filter(|size| (8..=1024).contains(size)).unwrap_or(64);
    let reserved = program.modules.enumerator("PG_reserved", None);
    let (_, reserved) = reserved.ok_or_else(|| Error::NoType("enum pageflags".to_owned()))?;
    let array = page_array(program)?;
    let spans = spans(program)?;
    if spans.iter().fold(0u64, |total, (_, pages)| total.saturating_add(*pages)) > MAX_PAGES {
        return Ok(None);
    }
    let mut shared = 0;
    for (first, pages) in spans {
        let mut at = array.offset(first.wrapping_mul(size));
        let end = at.offset(pages.wrapping_mul(size));
        while at < end {
            if program.interrupt.is_raised() {
                return Ok(None);
            }
            // Up to where the next block begins.
            let left = (BLOCK - at.0 % BLOCK).min(end.0 - at.0);
            let whole = (left / size).max(1) * size;
            let mut block = vec![0; usize::try_from(whole).unwrap_or(0)];
            // Memory that is not there has no page structures.
            if program.read(at, &mut block).is_ok() {
                let users = |page: &[u8]| {
                    let is_reserved =
                        u32::try_from(reserved).is_ok_and(|bit| flags.get(page, 0) >> bit & 1 == 1);
                    !is_reserved && (count.get(page, 0) as u32 as i32) > 1
                };
                let one = usize::try_from(size).unwrap_or(64);
                shared += block.chunks_exact(one).filter(|page| users(page)).count() as u64;
            }
            at = at.offset(whole);
        }
    }
    Ok(Some(shared))
}

/// First page and number of pages of each node's memory (`struct pglist_data`, include/linux/mmzone.h).
fn spans(program: &Program) -> Result<Vec<(u64, u64)>, Error> {
    let of = |node: Object<'_>| -> Result<(u64, u64), Error> {
        Ok((node.member("node_start_pfn")?.uint()?, node.member("node_spanned_pages")?.uint()?))
    };
    // Without CONFIG_NUMA there is one.
    if let Ok(only) = Object::variable(program, "contig_page_data") {
        return Ok(vec![of(only)?]);
    }
    let nodes = Object::variable(program, "node_data")?;
    let count = Object::variable(program, "nr_node_ids").and_then(|count| count.uint()).unwrap_or(1);
    let mut spans = Vec::new();
    for index in 0..count.min(MAX_NODES) {
        let node = nodes.index(index)?;
        if node.pointer()?.0 != 0 {
            spans.push(of(node.deref()?)?);
        }
    }
    Ok(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;

    #[test]
    fn pages_with_several_users() {
        let program = image(
            "enum pageflags { PG_locked, PG_reserved = 3 } flags;
             struct page { unsigned long flags; long more[5]; int mapcount; struct { int counter; } _refcount; };
             struct page pages[6] = {
                { 0, {}, 0, { 5 } }, { 8, {}, 0, { 2 } }, { 1, {}, 0, { 2 } }, { 0, {}, 0, { 1 } }, { 0, {}, 0, { -7 } },
                { 0, {}, 0, { 9 } } };
             unsigned long vmemmap_base = (unsigned long)pages - 2 * sizeof(struct page);
             struct pglist_data { unsigned long node_start_pfn, node_spanned_pages; } node = { 2, 5 };
             struct pglist_data *node_data[4] = { 0, &node }; unsigned int nr_node_ids = 2;",
        );
        // The last page is none of the node's.
        assert_eq!(shared_pages(&program), Ok(Some(2)));
    }

    #[test]
    fn a_machine_with_much_memory() {
        let program = image(
            "enum pageflags { PG_reserved = 3 } flags;
             struct page { unsigned long flags; int more; struct { int counter; } _refcount; } page;
             unsigned long vmemmap_base;
             struct pglist_data { unsigned long node_start_pfn, node_spanned_pages; } contig_page_data = { 1, -1 };",
        );
        assert_eq!(shared_pages(&program), Ok(None));
        assert!(shared_pages(&image("int none;")).is_err());
    }
}
