//! How much memory a process uses (`struct mm_struct`, include/linux/mm_types.h).

use crate::{Error, Object, per_cpu_offsets};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;

/// Sizes of an address space.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MemoryUse {
    /// Pages mapped (`total_vm`).
    pub mapped: u64,
    /// Pages present: `MM_FILEPAGES`, `MM_ANONPAGES`, `MM_SHMEMPAGES`.
    pub resident: u64,
}

/// What the address space at `mm` uses. Since 6.2 each CPU counts for itself and all is added up, as for /proc/PID/statm;
/// /proc/PID/stat shows less.
///
/// # Errors
/// Without types of the kernel; memory.
pub fn memory_use(program: &Program, mm: VirtAddr) -> Result<MemoryUse, Error> {
    let mm = Object::of_struct(program, "mm_struct", mm)?;
    let stat = mm.member("rss_stat")?;
    let mut resident: i64 = 0;
    // MM_FILEPAGES 0, MM_ANONPAGES 1, MM_SWAPENTS 2, MM_SHMEMPAGES 3 (since 4.5).
    for index in [0, 1, 3] {
        let count = if stat.has("count") {
            stat.member("count")?.index(index)?.member("counter")?.int()?
        } else {
            counter_sum(program, &stat.index(index)?)?
        };
        resident = resident.saturating_add(count);
    }
    Ok(MemoryUse { mapped: mm.member("total_vm")?.uint()?, resident: resident.max(0) as u64 })
}

/// A `struct percpu_counter` (lib/percpu_counter.c): what was handed in and what each CPU still keeps, a signed 32-bit number.
///
/// # Errors
/// Without types of the kernel; memory.
pub(crate) fn counter_sum(program: &Program, counter: &Object<'_>) -> Result<i64, Error> {
    let mut sum = counter.member("count")?.int()?;
    let Ok(per_cpu) = counter.member("counters").and_then(|per_cpu| per_cpu.pointer()) else {
        return Ok(sum);
    };
    for offset in per_cpu_offsets(program)? {
        let kept = program.read_uint(per_cpu.offset(offset), 4)? as u32;
        sum = sum.saturating_add(i64::from(kept.cast_signed()));
    }
    Ok(sum)
}

/// Pages the kernel manages: `_totalram_pages` (`totalram_pages` before 5.0).
#[must_use]
pub fn total_pages(program: &Program) -> Option<u64> {
    let new = || Object::variable(program, "_totalram_pages")?.member("counter")?.uint();
    new().or_else(|_| Object::variable(program, "totalram_pages")?.uint()).ok().filter(|pages| *pages > 0)
}
