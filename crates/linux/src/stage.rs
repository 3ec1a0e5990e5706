//! What the machine does before the kernel runs: firmware, a boot loader, the decompressor.

use crate::LinuxLayer;
use crate::kaslr::{Found, Kernel};
use kdive_arch::CpuMode;
use kdive_base::VirtAddr;
use kdive_program::Program;

/// From here on addresses are the kernel's, whatever its page tables look like.
const KERNEL_SIDE: VirtAddr = VirtAddr(1 << 63);

/// What runs in a mode of the CPU while no kernel is mapped.
fn who(mode: CpuMode) -> &'static str {
    match mode {
        CpuMode::Real | CpuMode::Virtual8086 => "firmware",
        CpuMode::Protected32 | CpuMode::Compatibility | CpuMode::Long | CpuMode::Foreign => {
            "firmware, a boot loader or the kernel's decompressor"
        }
    }
}

/// The stage in words, from what is known of the CPU and the kernel. `None` where the kernel or one of its programs runs.
fn words(mode: CpuMode, pc: VirtAddr, kernel_is_there: bool) -> Option<String> {
    let early = mode == CpuMode::Real;
    if pc >= KERNEL_SIDE && mode == CpuMode::Long {
        return None;
    }
    match (kernel_is_there, early) {
        // Programs of 32 bits, and those of 16 that `vm86` and LDTs allow, are programs.
        (true, false) => None,
        (true, true) => Some(format!("The CPU is in {mode}: the kernel has not started this one")),
        (false, _) => Some(format!("The CPU is in {mode}: {} runs, the kernel has not started", who(mode))),
    }
}

impl LinuxLayer {
    /// One line about a CPU that runs neither the kernel nor a program of its. `None` when it does, when no kernel's symbols are
    /// loaded, or when the stub does not tell the mode of the CPU.
    #[must_use]
    pub fn stage(&self, program: &Program) -> Option<String> {
        let registers = program.registers()?;
        registers.by_name("cr0")?;
        let state = registers.layout().arch().cpu_state(&registers);
        let kernel = Kernel::of(program)?;
        let pc = registers.pc()?;
        // Page tables are read only where nothing else tells.
        let is_there = self.kernel_place().is_some()
            || state.mode == CpuMode::Long
                && pc < KERNEL_SIDE
                && !matches!(kernel.find(program), Found::NotYet);
        words(state.mode, pc, is_there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_before_and_after_the_kernel_has_started() {
        let low = VirtAddr(0xfff0);
        let kernel = VirtAddr(0xffff_ffff_8100_0000);
        assert_eq!(
            words(CpuMode::Real, low, false).as_deref(),
            Some("The CPU is in real mode: firmware runs, the kernel has not started")
        );
        assert!(words(CpuMode::Protected32, low, false).unwrap().contains("decompressor runs"));
        assert!(words(CpuMode::Long, low, false).is_some());
        assert_eq!(
            words(CpuMode::Real, low, true).as_deref(),
            Some("The CPU is in real mode: the kernel has not started this one")
        );
        for mode in [CpuMode::Long, CpuMode::Compatibility] {
            assert_eq!(words(mode, low, true), None, "a program");
        }
        assert_eq!(words(CpuMode::Long, kernel, false), None, "set kaslr off: no search");
    }
}
