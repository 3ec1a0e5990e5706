//! Where the kernel image runs: KASLR moves it by a multiple of 2 MiB (arch/x86/boot/compressed/kaslr.c).
//!
//! The page tables tell which 2 MiB pieces of the image area are mapped, and `linux_banner`, byte for byte as in the
//! file, tells which of the places this leaves is the right one. Text is never compared: alternatives, jump labels and
//! ftrace rewrite it.

use kdive_arch::PagingMode;
use kdive_arch::paging::PageTables;
use kdive_base::{AddrRange, Fault, LinkAddr, PhysAddr, ReadMemory, VirtAddr};
use kdive_program::Program;
use kdive_symbols::{Module, Placement};
use std::ops::Range;
use std::sync::Arc;

/// `set kaslr`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Kaslr {
    /// Looked for.
    #[default]
    Auto,
    /// The kernel runs where the file says, or where the user put it.
    Off,
    /// The kernel is moved by this much.
    By(u64),
}

/// How the kernel's place was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FoundBy {
    /// It is where the symbols said already.
    Symbols,
    /// Page tables from cr3 on.
    PageTables,
    /// Reading the banner at every place there is.
    Probing,
}

impl std::fmt::Display for FoundBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Symbols => "it is where the symbols say",
            Self::PageTables => "found in the page tables",
            Self::Probing => "found by its banner",
        })
    }
}

/// What a look for the kernel came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// Here.
    At(u64, FoundBy),
    /// No kernel is mapped (yet): reset, firmware, the decompressor.
    NotYet,
    /// Something is mapped where kernels are, but not the one of the symbols.
    Stranger,
}

/// `__START_KERNEL_map` (arch/x86/include/asm/page_64_types.h), from where on the image is mapped.
const IMAGE_AREA: u64 = 0xffff_ffff_8000_0000;
/// `KERNEL_IMAGE_SIZE` at its largest.
const IMAGE_AREA_SIZE: u64 = 1 << 30;
/// `CONFIG_PHYSICAL_ALIGN` at its least; what one page of the image covers.
pub(crate) const STEP: u64 = 2 << 20;
/// Bytes of the banner that are compared.
const BANNER: usize = 256;
/// How it begins (init/version.c).
pub(crate) const BANNER_START: &[u8] = b"Linux version ";

/// All addresses the image may have.
pub(crate) const AREA: AddrRange =
    AddrRange { start: VirtAddr(IMAGE_AREA), end: VirtAddr(IMAGE_AREA + IMAGE_AREA_SIZE) };

/// Which 2 MiB pieces of the image area are mapped; `None` without the table that says so, where there is no kernel.
fn present(program: &Program, tables: PageTables) -> Result<Option<Vec<bool>>, Fault> {
    let machine = program.machine().ok_or_else(|| Fault::unmapped(VirtAddr(tables.root.0)))?;
    let mut entry = |at: PhysAddr, size: usize| {
        let mut bytes = [0; 8];
        machine.read_physical(at, bytes.get_mut(..size).unwrap_or_default())?;
        Ok::<u64, Fault>(u64::from_le_bytes(bytes))
    };
    // The table of 2 MiB entries at once.
    let first = tables.walk(VirtAddr(IMAGE_AREA), &mut entry)?;
    let Some(pmd) = first.entries.iter().find(|entry| entry.level == kdive_arch::paging::Level::Pmd) else {
        return Ok(None);
    };
    let mut table = vec![0; 4096];
    machine.read_physical(PhysAddr(pmd.addr.0 & !0xfff), &mut table)?;
    Ok(Some(table.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word) & 1 == 1).collect()))
}

/// The module that is a vmlinux of x86-64, and its banner: where it is linked and what it says.
pub(crate) struct Kernel {
    pub(crate) module: Arc<Module>,
    link: LinkAddr,
    text: Vec<u8>,
}

impl Kernel {
    /// Looks for it among the loaded files.
    pub(crate) fn of(program: &Program) -> Option<Self> {
        let symbols = program.modules.symbols_named("linux_banner");
        let symbol = symbols
            .into_iter()
            .find(|symbol| AREA.contains(VirtAddr(symbol.module.to_link(symbol.addr).0)))?;
        let link = symbol.module.to_link(symbol.addr);
        let size = usize::try_from(symbol.size).map_or(BANNER, |size| size.min(BANNER));
        let mut text = vec![0; size];
        let read = symbol.module.object().read_image(link, &mut text);
        // A file that holds nothing but debug information still tells where it is.
        if read.is_err() || !text.starts_with(BANNER_START) {
            text = BANNER_START.to_vec();
        }
        Some(Self { module: symbol.module, link, text })
    }

    /// Where the banner is linked.
    pub(crate) fn link(&self) -> LinkAddr {
        self.link
    }

    /// The banner of the file, or how all begin.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The pieces of the image area that are mapped, by address; none where there is no way to the page tables.
    pub(crate) fn pieces(&self, program: &Program) -> Vec<VirtAddr> {
        let tables = program.registers().and_then(|registers| {
            PageTables::of(&registers.layout().arch().cpu_state(&registers)).map(PageTables::kernel_side)
        });
        let present = tables.and_then(|tables| present(program, tables).ok().flatten()).unwrap_or_default();
        let mapped = present.into_iter().zip(0..).filter(|(present, _)| *present);
        mapped.map(|(_, index)| VirtAddr(IMAGE_AREA + index * STEP)).collect()
    }

    /// The slide it has now.
    pub(crate) fn slide(&self) -> u64 {
        self.module.placement().slide
    }

    /// Moves the file.
    pub(crate) fn place(&self, program: &mut Program, slide: u64) -> bool {
        let changed = slide != self.slide();
        if changed {
            program.modules.set_placement(self.module.id(), Placement { slide });
        }
        changed
    }

    /// Where the image's first address is.
    pub(crate) fn start(&self, slide: u64) -> VirtAddr {
        VirtAddr(self.image().start.wrapping_add(slide))
    }

    /// Where the image is linked.
    fn image(&self) -> Range<u64> {
        let sections = self.module.object().sections().iter();
        let placed =
            sections.filter(|section| section.alloc && section.size != 0 && section.addr.0 >= IMAGE_AREA);
        let start = placed.clone().map(|section| section.addr.0).min();
        let end = placed.map(|section| section.addr.0.saturating_add(section.size)).max();
        start.unwrap_or(self.link.0)..end.unwrap_or(self.link.0)
    }

    fn is_at(&self, slide: u64, read: impl FnOnce(VirtAddr, &mut [u8]) -> Result<(), Fault>) -> bool {
        let mut bytes = vec![0; self.text.len()];
        read(VirtAddr(self.link.0.wrapping_add(slide)), &mut bytes).is_ok() && bytes == self.text
    }

    /// Slides for which the banner is in the image area.
    fn slides(&self) -> impl Iterator<Item = u64> {
        let offset = self.link.0 - IMAGE_AREA;
        let lowest = offset / STEP * STEP;
        (0..IMAGE_AREA_SIZE / STEP).map(move |step| (step * STEP).wrapping_sub(lowest))
    }

    /// Looks for the running kernel.
    pub(crate) fn find(&self, program: &Program) -> Found {
        let Some(registers) = program.registers() else { return Found::NotYet };
        let state = registers.layout().arch().cpu_state(&registers);
        match state.paging {
            PagingMode::FourLevel | PagingMode::FiveLevel => {}
            // A stub that does not show control registers: reading is all that is left.
            _ if registers.by_name("cr0").is_none() => return self.probe(program),
            _ => return Found::NotYet,
        }
        if self.is_at(self.slide(), |addr, bytes| program.read(addr, bytes)) {
            return Found::At(self.slide(), FoundBy::Symbols);
        }
        let tables = PageTables::of(&state).map(PageTables::kernel_side);
        match tables.map(|tables| (self.walk(program, tables), tables)) {
            Some((Ok(found), _)) if found != Found::NotYet => found,
            // The bit that tells the pair's halves apart may be an ordinary one of the address.
            Some((Ok(_), tables)) if PageTables::of(&state) != Some(tables) => PageTables::of(&state)
                .and_then(|tables| self.walk(program, tables).ok())
                .unwrap_or(Found::NotYet),
            Some((Ok(_), _)) => Found::NotYet,
            // No way to physical memory.
            _ => self.probe(program),
        }
    }

    /// Reads the banner at every place whose page is mapped.
    fn walk(&self, program: &Program, tables: PageTables) -> Result<Found, Fault> {
        let machine = program.machine().ok_or_else(|| Fault::unmapped(VirtAddr(tables.root.0)))?;
        let mut entry = |at: PhysAddr, size: usize| {
            let mut bytes = [0; 8];
            machine.read_physical(at, bytes.get_mut(..size).unwrap_or_default())?;
            Ok::<u64, Fault>(u64::from_le_bytes(bytes))
        };
        let Some(present) = present(program, tables)? else { return Ok(Found::NotYet) };
        let mut stranger = false;
        for slide in self.slides() {
            let addr = VirtAddr(self.link.0.wrapping_add(slide));
            let index = usize::try_from((addr.0 - IMAGE_AREA) / STEP).unwrap_or(usize::MAX);
            if present.get(index) != Some(&true) {
                continue;
            }
            stranger = true;
            let matches = self.is_at(slide, |addr, bytes| {
                // A banner may lie across the end of a page, not across the end of 2 MiB of one kernel.
                let phys = tables.walk(addr, &mut entry)?.phys.ok_or_else(|| Fault::unmapped(addr))?;
                machine.read_physical(phys, bytes)
            });
            if matches {
                return Ok(Found::At(slide, FoundBy::PageTables));
            }
            if program.interrupt.is_raised() {
                return Ok(Found::NotYet);
            }
        }
        Ok(if stranger { Found::Stranger } else { Found::NotYet })
    }

    /// Reads the banner at every place there is, through the page tables of the selected CPU. First where the instruction the CPU
    /// stands at would be one of the kernel's: behind a slow line every place takes its time.
    fn probe(&self, program: &Program) -> Found {
        let pc = program.registers().and_then(|registers| registers.pc());
        let image = self.image();
        let likely = |slide: &u64| {
            pc.is_some_and(|pc| image.contains(&pc.0.wrapping_sub(*slide)) && AREA.contains(pc))
        };
        let (first, then): (Vec<u64>, Vec<u64>) = self.slides().partition(likely);
        for slide in std::iter::once(self.slide()).chain(first).chain(then) {
            if program.interrupt.is_raised() {
                break;
            }
            if self.is_at(slide, |addr, bytes| program.read(addr, bytes)) {
                let by = if slide == self.slide() { FoundBy::Symbols } else { FoundBy::Probing };
                return Found::At(slide, by);
            }
        }
        Found::NotYet
    }
}
