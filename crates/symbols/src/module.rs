//! An object file at its place: where link addresses become run-time addresses.

use crate::ObjectFile;
use kdive_base::{AddrRange, LinkAddr, VirtAddr};
use std::sync::Arc;

/// Names a module of a [`crate::ModuleSet`]; never used again after removal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ModuleId(pub u32);

/// Where an object file is at run time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Placement {
    /// Added to every link address (KASLR offset, `-o`), except to per-CPU and absolute ones. Relocatable files carry
    /// their run-time addresses already ([`crate::OpenOptions::section_addresses`]) and have 0.
    pub slide: u64,
}

/// An object file at its place.
#[derive(Debug)]
pub struct Module {
    id: ModuleId,
    object: Arc<ObjectFile>,
    placement: Placement,
    /// Link addresses of per-CPU variables are offsets into each CPU's area: KASLR does not move them.
    per_cpu: Option<(u64, u64)>,
    /// Lowest address of any other section: what lies below is no address (`L4_PAGE_OFFSET`, `kexec_control_code_size`)
    /// or a physical one (`phys_startup_64`). Absolute symbols above it are addresses for all that
    /// (`init_per_cpu__gdt_page`), and the kernel relocates what refers to them (arch/x86/tools/relocs.c).
    lowest: u64,
}

impl Module {
    pub(crate) fn new(id: ModuleId, object: Arc<ObjectFile>, placement: Placement) -> Self {
        let per_cpu = object
            .section(".data..percpu")
            .filter(|section| section.addr == LinkAddr(0))
            .map(|section| (section.addr.0, section.addr.0 + section.size));
        let allocated = object.sections().iter().filter(|section| section.alloc && section.size != 0);
        let elsewhere = allocated.filter(|section| per_cpu.is_none_or(|_| &*section.name != ".data..percpu"));
        // Only kernels live in the upper half; elsewhere even address 0 may be one of the file's own.
        let lowest = elsewhere.map(|section| section.addr.0).min().filter(|lowest| lowest >> 63 == 1);
        Self { id, object, placement, per_cpu, lowest: lowest.unwrap_or(0) }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ModuleId {
        self.id
    }

    /// The file.
    #[must_use]
    pub fn object(&self) -> &Arc<ObjectFile> {
        &self.object
    }

    /// Where it is.
    #[must_use]
    pub fn placement(&self) -> Placement {
        self.placement
    }

    fn is_per_cpu(&self, addr: u64) -> bool {
        // The end counts too: symbols mark it.
        self.per_cpu.is_some_and(|(start, end)| start <= addr && addr <= end)
    }

    /// Whether it is a kernel: linked to the upper half of the address space.
    #[must_use]
    pub fn is_kernel(&self) -> bool {
        self.lowest != 0
    }

    /// Run-time address of a link address.
    #[must_use]
    pub fn to_virt(&self, addr: LinkAddr) -> VirtAddr {
        if addr.0 < self.lowest || self.is_per_cpu(addr.0) {
            return VirtAddr(addr.0);
        }
        VirtAddr(addr.0.wrapping_add(self.placement.slide))
    }

    /// Link address of a run-time address.
    #[must_use]
    pub fn to_link(&self, addr: VirtAddr) -> LinkAddr {
        if self.is_per_cpu(addr.0) {
            return LinkAddr(addr.0);
        }
        LinkAddr(addr.0.wrapping_sub(self.placement.slide))
    }

    pub(crate) fn range(&self, (start, end): (u64, u64)) -> AddrRange {
        AddrRange::new(self.to_virt(LinkAddr(start)), self.to_virt(LinkAddr(end)))
    }
}
