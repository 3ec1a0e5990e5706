//! Mode and paging from control registers.

use crate::mode::{CodeAddress, CpuMode, CpuState, PagingMode};
use crate::{Arch, RegisterFile};
use kdive_base::{PhysAddr, VirtAddr};

const CR0_PE: u64 = 1;
const CR0_PG: u64 = 1 << 31;
const CR4_PAE: u64 = 1 << 5;
const CR4_LA57: u64 = 1 << 12;
const CR4_PCIDE: u64 = 1 << 17;
const EFER_LMA: u64 = 1 << 10;
const EFLAGS_VM: u64 = 1 << 17;

/// cr3 bits that hold the physical address of the top page table.
const CR3_ROOT: u64 = 0x000f_ffff_ffff_f000;
/// Entries of a PAE root are 32-byte aligned.
const CR3_PAE_ROOT: u64 = 0xffff_ffe0;

pub(crate) fn cpu_state(arch: Arch, registers: &RegisterFile) -> CpuState {
    let get = |name: &str| registers.by_name(name);
    let pc = registers.pc().unwrap_or(VirtAddr(0));
    let selector = get("cs").unwrap_or(0);
    let eflags = get("eflags").unwrap_or(0);
    let mode = match get("cr0") {
        None => assumed_mode(arch, registers),
        Some(cr0) if cr0 & CR0_PE == 0 => CpuMode::Real,
        Some(_) if get("efer").unwrap_or(0) & EFER_LMA != 0 => long_submode(registers, selector),
        Some(_) if eflags & EFLAGS_VM != 0 => CpuMode::Virtual8086,
        Some(_) => CpuMode::Protected32,
    };
    let paging = paging(registers, mode);
    CpuState {
        mode,
        cpl: match mode {
            CpuMode::Real => 0,
            CpuMode::Virtual8086 => 3,
            _ => (selector & 3) as u8,
        },
        paging,
        page_table_root: root(registers, paging),
        code: code(pc, selector, mode),
    }
}

/// Without control registers (gdbserver, kgdb) the target runs in the mode its family is named after.
fn assumed_mode(arch: Arch, registers: &RegisterFile) -> CpuMode {
    match arch {
        // Linux gives 32-bit processes on x86-64 this code segment.
        Arch::X86_64 if registers.by_name("cs") == Some(0x23) => CpuMode::Compatibility,
        Arch::X86_64 => CpuMode::Long,
        Arch::I386 => CpuMode::Protected32,
        Arch::Foreign(_) => CpuMode::Foreign,
    }
}

/// Long or compatibility mode without the code segment's descriptor. Linux has its 32-bit code segments at fixed
/// selectors (`__KERNEL32_CS` 0x08, `__USER32_CS` 0x23); a program counter or register above 4 GiB disproves them.
fn long_submode(registers: &RegisterFile, selector: u64) -> CpuMode {
    let wide = ["rip", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"]
        .into_iter()
        .any(|name| registers.by_name(name).is_some_and(|value| value >> 32 != 0));
    if matches!(selector, 0x08 | 0x23) && !wide { CpuMode::Compatibility } else { CpuMode::Long }
}

fn paging(registers: &RegisterFile, mode: CpuMode) -> PagingMode {
    let get = |name: &str| registers.by_name(name).unwrap_or(0);
    let cr4 = get("cr4");
    if registers.by_name("cr0").is_none_or(|cr0| cr0 & CR0_PG == 0) {
        PagingMode::None
    } else if cr4 & CR4_PAE == 0 {
        PagingMode::Bits32
    } else if !matches!(mode, CpuMode::Long | CpuMode::Compatibility) {
        PagingMode::Pae
    } else if cr4 & CR4_LA57 != 0 {
        PagingMode::FiveLevel
    } else {
        PagingMode::FourLevel
    }
}

fn root(registers: &RegisterFile, paging: PagingMode) -> Option<PhysAddr> {
    let cr3 = registers.by_name("cr3")?;
    match paging {
        PagingMode::None => None,
        PagingMode::Bits32 => Some(PhysAddr(cr3 & 0xffff_f000)),
        PagingMode::Pae => Some(PhysAddr(cr3 & CR3_PAE_ROOT)),
        PagingMode::FourLevel | PagingMode::FiveLevel => Some(PhysAddr(cr3 & CR3_ROOT)),
    }
}

/// The process-context identifier, when the CPU uses it.
pub(crate) fn pcid(registers: &RegisterFile) -> Option<u64> {
    (registers.by_name("cr4")? & CR4_PCIDE != 0).then(|| registers.by_name("cr3").map(|cr3| cr3 & 0xfff))?
}

fn code(pc: VirtAddr, selector: u64, mode: CpuMode) -> CodeAddress {
    let base = match mode {
        // The reset vector: the CPU starts with a code segment base no selector can express.
        CpuMode::Real if selector == 0xf000 && pc.0 == 0xfff0 => 0xffff_0000,
        CpuMode::Real | CpuMode::Virtual8086 => (selector & 0xffff) << 4,
        _ => 0,
    };
    let linear = match mode {
        CpuMode::Long => pc.0,
        _ => pc.0.wrapping_add(base) & 0xffff_ffff,
    };
    CodeAddress { pc, linear: VirtAddr(linear), size: mode.code_size() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CodeSize, RegisterLayout};
    use std::sync::Arc;

    fn state(values: &[(&str, u64)]) -> CpuState {
        let layout = Arc::new(RegisterLayout::for_g_length(Arch::X86_64, 608).unwrap());
        let mut file = RegisterFile::from_bytes(layout, &[0; 608]);
        for (name, value) in values {
            assert!(file.set_by_name(name, *value), "{name}");
        }
        Arch::X86_64.cpu_state(&file)
    }

    #[test]
    fn reset_vector() {
        let at_reset = state(&[("rip", 0xfff0), ("cs", 0xf000), ("cr0", 0x6000_0010), ("eflags", 2)]);
        assert_eq!(at_reset.mode, CpuMode::Real);
        assert_eq!(at_reset.paging, PagingMode::None);
        assert_eq!(at_reset.page_table_root, None);
        assert_eq!(at_reset.code.linear, VirtAddr(0xffff_fff0));
        assert_eq!(at_reset.code.pc, VirtAddr(0xfff0));
        assert_eq!(at_reset.code.size, CodeSize::Bits16);
        assert_eq!(at_reset.code.linear_of(VirtAddr(0xfff5)), VirtAddr(0xffff_fff5));
        let bios = state(&[("rip", 0xe05b), ("cs", 0xf000), ("cr0", 0x6000_0010)]);
        assert_eq!(bios.code.linear, VirtAddr(0xf_e05b));
    }

    #[test]
    fn protected_and_long_modes() {
        let setup = state(&[("rip", 0x10_0000), ("cs", 0x10), ("cr0", 0x11)]);
        assert_eq!((setup.mode, setup.paging, setup.cpl), (CpuMode::Protected32, PagingMode::None, 0));
        let kernel = [
            ("rip", 0xffff_ffff_8100_0000),
            ("cs", 0x10),
            ("cr0", 0x8005_0033),
            ("cr3", 0x0435_7001),
            ("cr4", 0x20),
            ("efer", 0x500),
        ];
        let long = state(&kernel);
        assert_eq!((long.mode, long.paging, long.cpl), (CpuMode::Long, PagingMode::FourLevel, 0));
        assert_eq!(long.page_table_root, Some(PhysAddr(0x0435_7000)));
        assert_eq!(long.code.linear, VirtAddr(0xffff_ffff_8100_0000));
        let user = [&kernel[..], &[("cs", 0x33), ("rip", 0x40_1000), ("cr4", 0x1020)]].concat();
        let user = state(&user);
        assert_eq!((user.mode, user.paging, user.cpl), (CpuMode::Long, PagingMode::FiveLevel, 3));
        let compat = [&kernel[..], &[("cs", 0x23), ("rip", 0x40_1000)]].concat();
        assert_eq!(state(&compat).mode, CpuMode::Compatibility);
        let pae = state(&[("cs", 0x60), ("cr0", 0x8005_0033), ("cr4", 0x20), ("cr3", 0x1234_5fe0)]);
        assert_eq!((pae.paging, pae.page_table_root), (PagingMode::Pae, Some(PhysAddr(0x1234_5fe0))));
        let vm86 = state(&[("cr0", 0x8000_0011), ("eflags", 0x2_0002), ("cs", 0x1000), ("rip", 5)]);
        assert_eq!((vm86.mode, vm86.cpl, vm86.code.linear), (CpuMode::Virtual8086, 3, VirtAddr(0x1_0005)));
    }

    #[test]
    fn targets_without_control_registers() {
        let layout = Arc::new(RegisterLayout::for_g_length(Arch::X86_64, 536).unwrap());
        let mut file = RegisterFile::from_bytes(layout, &[0; 536]);
        file.set_by_name("cs", 0x33);
        file.set_by_name("rip", 0x40_1000);
        let state = Arch::X86_64.cpu_state(&file);
        assert_eq!((state.mode, state.cpl, state.paging), (CpuMode::Long, 3, PagingMode::None));
        let layout = Arc::new(RegisterLayout::for_g_length(Arch::I386, 308).unwrap());
        let file = RegisterFile::from_bytes(layout, &[0; 308]);
        assert_eq!(Arch::I386.cpu_state(&file).mode, CpuMode::Protected32);
    }
}
