//! Mode and paging from control registers.

use crate::{Arch, CodeAddress, CpuMode, CpuState, PagingMode, RegisterFile};
use kdive_base::VirtAddr;

pub(crate) fn cpu_state(arch: Arch, registers: &RegisterFile) -> CpuState {
    let pc = registers.pc().unwrap_or(VirtAddr(0));
    CpuState {
        mode: CpuMode::Long,
        cpl: 0,
        paging: PagingMode::None,
        page_table_root: None,
        code: CodeAddress { pc, linear: pc, size: arch.code_size() },
    }
}
