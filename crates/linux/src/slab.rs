//! Slab caches and the objects in them (mm/slub.c, mm/slab.h).

use crate::field::Field;
use crate::{Error, ListWalk, Object, physical};
use kdive_base::VirtAddr;
use kdive_program::Program;
use kdive_symbols::Tag;

/// The object an address lies in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlabObject {
    /// Name of the cache.
    pub cache: String,
    /// Start of the object.
    pub object: VirtAddr,
    /// Bytes from there to the address.
    pub offset: u64,
    /// Bytes of the object the owner uses.
    pub size: u64,
}

/// One cache.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlabCache {
    /// Address of its `kmem_cache`.
    pub addr: VirtAddr,
    /// Its name.
    pub name: String,
    /// Bytes from one object to the next.
    pub size: u64,
    /// Bytes of an object.
    pub object_size: u64,
    /// Slabs of all nodes (`nr_slabs`), where the kernel counts them (`CONFIG_SLUB_DEBUG`).
    pub slabs: Option<u64>,
    /// Objects in them (`total_objects`).
    pub objects: Option<u64>,
    /// Objects of them that are free in the slabs of the nodes' partial lists, which is what /proc/slabinfo counts as free.
    pub free: Option<u64>,
    /// Objects in one slab, and pages of one.
    pub per_slab: (u64, u64),
}

/// More caches than any kernel has.
const MAX_CACHES: u64 = 1 << 16;

/// The array of page structures.
pub(crate) fn page_array(program: &Program) -> Result<VirtAddr, Error> {
    match Object::variable(program, "vmemmap_base") {
        Ok(base) => base.pointer(),
        // __VMEMMAP_BASE_L4, where the layout is not dynamic.
        Err(_) => Ok(VirtAddr(0xffff_ea00_0000_0000)),
    }
}

/// The `struct page` of a physical address: an element of the array at `vmemmap_base`.
fn page_of(program: &Program, phys: u64) -> Result<Object<'_>, Error> {
    let base = page_array(program)?;
    let size = Object::of_struct(program, "page", VirtAddr(0))?.ty().size().unwrap_or(64);
    Object::of_struct(program, "page", base.offset((phys >> 12).wrapping_mul(size)))
}

/// Whether a page belongs to a slab, by `PG_slab` (until 6.9) or its type (`PGTY_slab`).
fn is_slab(program: &Program, page: &Object<'_>) -> Result<bool, Error> {
    let flags = program.modules.ty(Tag::Enum, "pageflags", None);
    let bit = flags.and_then(|ty| match ty.strip().kind() {
        kdive_types::Kind::Enum(flags) => {
            flags.enumerators.iter().find(|flag| &*flag.name == "PG_slab").map(|flag| flag.value)
        }
        _ => None,
    });
    if let Some(bit) = bit.and_then(|bit| u32::try_from(bit).ok()).filter(|bit| *bit < 64) {
        return Ok(page.member("flags")?.uint()? >> bit & 1 == 1);
    }
    // enum pagetype, in the highest byte since 6.11: PGTY_slab is 0xf5.
    Ok(page.member("page_type")?.uint()? >> 24 == 0xf5)
}

/// The object that contains an address of the direct map; `None` when the memory is no slab's.
///
/// # Errors
/// Without types of the kernel; memory.
pub fn slab_object(program: &Program, addr: VirtAddr) -> Result<Option<SlabObject>, Error> {
    let phys = physical(program, addr)?.0;
    let mut page = page_of(program, phys)?;
    let mut first = phys & !0xfff;
    // A page of a larger block points to the first one of it, with bit 0 set.
    let head = page.member("compound_head")?.uint()?;
    if head & 1 == 1 {
        let size = page.ty().size().unwrap_or(64);
        let back = page.addr().0.checked_sub(head & !1).map(|bytes| bytes / size);
        let back = back.filter(|pages| *pages < 1 << 20).ok_or_else(|| Error::Corrupt {
            what: "page",
            addr: page.addr(),
            reason: "its head lies behind it".to_owned(),
        })?;
        first = first.wrapping_sub(back << 12);
        page = Object::of_struct(program, "page", VirtAddr(head & !1))?;
    }
    if !is_slab(program, &page)? {
        return Ok(None);
    }
    let slab = Object::of_struct(program, "slab", page.addr()).unwrap_or(page);
    let cache = slab.member("slab_cache")?.deref()?;
    let size = cache.member("size")?.uint()?;
    if size == 0 {
        return Ok(None);
    }
    // Red zones are to the left of each object where debugging is on.
    let left = cache.member("red_left_pad").and_then(|pad| pad.uint()).unwrap_or(0);
    let start = addr.0.wrapping_sub(phys.wrapping_sub(first));
    let offset = addr.0.wrapping_sub(start);
    let object = start.wrapping_add(offset / size * size);
    Ok(Some(SlabObject {
        cache: cache.member("name")?.string(128)?,
        object: VirtAddr(object),
        offset: addr.0.wrapping_sub(object),
        size: cache.member("object_size")?.uint()?.wrapping_add(left),
    }))
}

/// All slab caches, from the list head `slab_caches`, and what ended the walk before its end.
///
/// # Errors
/// Without symbols or types of the kernel.
pub fn slab_caches(program: &Program) -> Result<(Vec<SlabCache>, Option<Error>), Error> {
    let head = Object::variable(program, "slab_caches")?.addr();
    let offset = Object::of_struct(program, "kmem_cache", VirtAddr(0))?.offset_of("list")?;
    let mut found = Vec::new();
    for entry in ListWalk::new(program, head, MAX_CACHES) {
        match entry.and_then(|entry| cache_at(program, VirtAddr(entry.0.wrapping_sub(offset)))) {
            Ok(cache) => found.push(cache),
            Err(error) => return Ok((found, Some(error))),
        }
    }
    Ok((found, None))
}

fn cache_at(program: &Program, addr: VirtAddr) -> Result<SlabCache, Error> {
    let cache = Object::of_struct(program, "kmem_cache", addr)?;
    let nodes =
        Object::variable(program, "nr_node_ids").and_then(|nodes| nodes.uint()).unwrap_or(1).clamp(1, 1024);
    let (mut slabs, mut objects) = (Some(0u64), Some(0u64));
    for node in 0..nodes {
        let count = |name: &str| -> Option<u64> {
            let node = cache.member("node").ok()?.index(node).ok()?;
            if node.pointer().ok()?.0 == 0 {
                return Some(0);
            }
            node.deref().ok()?.member(&format!("{name}.counter")).ok()?.uint().ok()
        };
        slabs = slabs.zip(count("nr_slabs")).map(|(sum, more)| sum.saturating_add(more));
        objects = objects.zip(count("total_objects")).map(|(sum, more)| sum.saturating_add(more));
    }
    let free = free_objects(program, &cache, nodes).ok();
    // struct kmem_cache_order_objects: order in the upper half, objects in the lower.
    let shape = cache.member("oo.x").and_then(|shape| shape.uint()).unwrap_or(0);
    Ok(SlabCache {
        addr,
        name: cache.member("name")?.string(128)?,
        size: cache.member("size")?.uint()?,
        object_size: cache.member("object_size")?.uint()?,
        slabs,
        objects,
        free,
        per_slab: (shape & 0xffff, 1 << (shape >> 16).min(20)),
    })
}

/// Free objects in the slabs of the partial list of each node (`count_partial`, mm/slub.c).
fn free_objects(program: &Program, cache: &Object<'_>, nodes: u64) -> Result<u64, Error> {
    const MAX_SLABS: u64 = 1 << 20;
    // Slabs had no type of their own before 5.17.
    let ty = if Object::of_struct(program, "slab", VirtAddr(0)).is_ok() { "slab" } else { "page" };
    let slab = Object::of_struct(program, ty, VirtAddr(0))?;
    let link = slab.offset_of("slab_list").or_else(|_| slab.offset_of("lru"))?;
    let (objects, inuse) = (Field::new(&slab, "objects")?, Field::new(&slab, "inuse")?);
    let mut free: u64 = 0;
    for node in 0..nodes {
        let node = cache.member("node")?.index(node)?;
        if node.pointer()?.0 == 0 {
            continue;
        }
        for entry in ListWalk::new(program, node.deref()?.member("partial")?.addr(), MAX_SLABS) {
            let slab = VirtAddr(entry?.0.wrapping_sub(link));
            free =
                free.saturating_add(objects.read(program, slab)?.saturating_sub(inuse.read(program, slab)?));
        }
    }
    Ok(free)
}
