//! How the system's memory is used (`vm_zone_stat` and `vm_node_stat`, mm/vmstat.c), as crash's `kmem -i` sums it up.

use crate::{Error, ListWalk, Object, total_pages};
use kdive_base::VirtAddr;
use kdive_program::Program;

/// Pages by use. `None` where this kernel does not count it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MemoryInfo {
    /// All the kernel manages.
    pub total: u64,
    /// Free.
    pub free: Option<u64>,
    /// Of shared memory and tmpfs.
    pub shmem: Option<u64>,
    /// Cached blocks of devices.
    pub buffers: Option<u64>,
    /// Cached file contents, without [`MemoryInfo::buffers`] and swap cache.
    pub cached: Option<u64>,
    /// Of slabs.
    pub slab: Option<u64>,
    /// Of swap space, and of that free.
    pub swap: Option<(u64, u64)>,
    /// What may be committed, and what is.
    pub commit: Option<(u64, u64)>,
}

/// Reads the counters. They lag behind by what each CPU has not handed in yet, as /proc/meminfo does.
///
/// # Errors
/// Without symbols of the kernel; memory.
pub fn memory_info(program: &Program) -> Result<MemoryInfo, Error> {
    let total = total_pages(program).ok_or_else(|| Error::NoSymbol("_totalram_pages".to_owned()))?;
    // Until 4.7 all counters were in one array.
    let stat = |name: &str| {
        let index = u64::try_from(program.modules.enumerator(name, None)?.1).ok()?;
        let in_node = ["NR_FILE_PAGES", "NR_SHMEM", "NR_SLAB_RECLAIMABLE_B", "NR_SLAB_UNRECLAIMABLE_B"];
        let arrays: &[&str] = if in_node.contains(&name) || name == "NR_SWAPCACHE" {
            &["vm_node_stat", "vm_stat"]
        } else {
            &["vm_zone_stat", "vm_stat"]
        };
        let array = arrays.iter().find_map(|array| Object::variable(program, array).ok())?;
        let counter = array.index(index).ok()?.member("counter").ok()?.int().ok()?;
        Some(counter.max(0) as u64)
    };
    let buffers = buffers(program).ok();
    let swap_cache = stat("NR_SWAPCACHE").unwrap_or(0);
    // Bytes divided already: the counters of slabs are kept in pages although their names end with B (bytes) since 5.9.
    let slab = stat("NR_SLAB_RECLAIMABLE_B").zip(stat("NR_SLAB_UNRECLAIMABLE_B"));
    let slab = slab.or_else(|| stat("NR_SLAB_RECLAIMABLE").zip(stat("NR_SLAB_UNRECLAIMABLE")));
    let number = |name: &str| Object::variable(program, name)?.int();
    let swap_total = number("total_swap_pages").ok().map(|pages| pages.max(0) as u64);
    let swap_free = Object::variable(program, "nr_swap_pages")
        .and_then(|pages| pages.member("counter")?.int())
        .map_or(0, |pages| pages.max(0) as u64);
    Ok(MemoryInfo {
        total,
        free: stat("NR_FREE_PAGES"),
        shmem: stat("NR_SHMEM"),
        buffers,
        cached: stat("NR_FILE_PAGES")
            .map(|pages| pages.saturating_sub(buffers.unwrap_or(0)).saturating_sub(swap_cache)),
        slab: slab.map(|(a, b)| a.saturating_add(b)),
        swap: swap_total.map(|total| (total, swap_free.min(total))),
        commit: commit(program, total, swap_total.unwrap_or(0)).ok(),
    })
}

/// Pages cached of block devices: those of the inodes of their file system.
fn buffers(program: &Program) -> Result<u64, Error> {
    const MAX_INODES: u64 = 1 << 20;
    let block = Object::variable(program, "blockdev_superblock")?.deref()?;
    let offset = Object::of_struct(program, "inode", VirtAddr(0))?.offset_of("i_sb_list")?;
    let mut pages: u64 = 0;
    for entry in ListWalk::new(program, block.member("s_inodes")?.addr(), MAX_INODES) {
        let inode = Object::of_struct(program, "inode", VirtAddr(entry?.0.wrapping_sub(offset)))?;
        pages = pages.saturating_add(inode.member("i_mapping")?.deref()?.member("nrpages")?.uint()?);
    }
    Ok(pages)
}

/// `vm_commit_limit()` without huge pages, and `vm_committed_as`.
fn commit(program: &Program, total: u64, swap: u64) -> Result<(u64, u64), Error> {
    let kbytes = Object::variable(program, "sysctl_overcommit_kbytes")?.uint()?;
    let ratio = Object::variable(program, "sysctl_overcommit_ratio")?.uint()?.min(10_000);
    let allowed = if kbytes != 0 { kbytes / 4 } else { total.saturating_mul(ratio) / 100 };
    let committed = crate::mm::counter_sum(program, &Object::variable(program, "vm_committed_as")?)?;
    Ok((allowed.saturating_add(swap), committed.max(0) as u64))
}
