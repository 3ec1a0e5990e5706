//! The regions of the kernel's address space on x86-64 (Documentation/x86/x86_64/mm.rst).

use crate::Object;
use kdive_arch::PagingMode;
use kdive_base::VirtAddr;
use kdive_program::Program;

/// A region.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Region {
    /// `direct map`, `vmalloc`, ...
    pub name: &'static str,
    /// First address.
    pub start: VirtAddr,
    /// First address after it.
    pub end: VirtAddr,
}

/// The regions, by address. Those that KASLR moves are where the kernel's variables say.
#[must_use]
pub fn regions(program: &Program) -> Vec<Region> {
    let five = program.cpu_state().is_some_and(|state| state.paging == PagingMode::FiveLevel);
    let base = |name: &str, four: u64, fifth: u64| {
        let variable = Object::variable(program, name).and_then(|base| base.pointer()).ok();
        variable.filter(|base| base.0 >> 63 == 1).unwrap_or(VirtAddr(if five { fifth } else { four }))
    };
    let direct = base("page_offset_base", 0xffff_8880_0000_0000, 0xff11_0000_0000_0000);
    let vmalloc = base("vmalloc_base", 0xffff_c900_0000_0000, 0xffa0_0000_0000_0000);
    let vmemmap = base("vmemmap_base", 0xffff_ea00_0000_0000, 0xffd4_0000_0000_0000);
    // VMALLOC_SIZE_TB_L4 and _L5; one TiB of struct pages maps 64 TiB of memory.
    let vmalloc_size = if five { 12800 << 40 } else { 32 << 40 };
    let vmemmap_size = if five { 512 << 40 } else { 1 << 40 };
    let region = |name, start: u64, end: u64| Region { name, start: VirtAddr(start), end: VirtAddr(end) };
    vec![
        // As far as it may go; how much is there depends on the memory.
        region("direct map", direct.0, vmalloc.0),
        region("vmalloc area", vmalloc.0, vmalloc.0.wrapping_add(vmalloc_size)),
        region("array of struct page (vmemmap)", vmemmap.0, vmemmap.0.wrapping_add(vmemmap_size)),
        region("CPU entry area", 0xffff_fe00_0000_0000, 0xffff_fe80_0000_0000),
        region("ESP fixup stacks", 0xffff_ff00_0000_0000, 0xffff_ff80_0000_0000),
        region("EFI runtime services", 0xffff_ffef_0000_0000, 0xffff_ffff_0000_0000),
        region("kernel image", 0xffff_ffff_8000_0000, 0xffff_ffff_c000_0000),
        region("module area", 0xffff_ffff_c000_0000, 0xffff_ffff_ff00_0000),
        region("fixmap", 0xffff_ffff_ff00_0000, 0xffff_ffff_ff60_0000),
        region("vsyscall page", 0xffff_ffff_ff60_0000, 0xffff_ffff_ff60_1000),
    ]
}

/// The region an address lies in.
#[must_use]
pub fn region(program: &Program, addr: VirtAddr) -> Option<Region> {
    regions(program).into_iter().find(|region| region.start <= addr && addr < region.end)
}
