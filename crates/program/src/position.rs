//! Where a thread stands, and what debug information says about code: what run control asks at every stop.

use crate::{Error, Program};
use kdive_arch::{CpuMode, Disassembler, Flavor, Insn, RawWrite};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_symbols::{FrameScope, Line};
use std::rc::Rc;

impl Program {
    /// The program counter, as an address in the CPU's own terms (real mode: with the segment base).
    ///
    /// # Errors
    /// [`Error::NoRegisters`] without a machine; when the register cannot be read.
    pub fn pc(&self) -> Result<VirtAddr, Error> {
        let machine = self.machine().ok_or(Error::NoRegisters)?;
        let registers = machine.registers().map_err(Error::Target)?;
        let arch = registers.layout().arch();
        let pc = registers.pc().ok_or(Error::NoRegisters)?;
        let code = arch.cpu_state(&registers).code;
        Ok(if code.pc == pc { code.linear } else { pc })
    }

    /// Sets the program counter of the innermost frame.
    ///
    /// # Errors
    /// As [`Program::pc`].
    pub fn set_pc(&self, pc: VirtAddr) -> Result<(), Error> {
        let machine = Rc::clone(self.machine().ok_or(Error::NoRegisters)?);
        let registers = machine.registers().map_err(Error::Target)?;
        let layout = registers.layout();
        let index = layout.index_of(layout.arch().pc_name()).ok_or(Error::NoRegisters)?;
        let register = layout.registers().get(index).ok_or(Error::NoRegisters)?;
        let mut bytes = pc.0.to_le_bytes().to_vec();
        bytes.resize(register.size(), 0);
        machine.write_register(&RawWrite { index, regnum: register.regnum, bytes }).map_err(Error::Target)?;
        self.forget_frames();
        Ok(())
    }

    /// The entry of the line table that covers an address (gdb's `find_pc_line`), where it has a line.
    #[must_use]
    pub fn line_row(&self, addr: VirtAddr) -> Option<Line> {
        self.modules.line_at(addr, false).filter(|line| line.line != 0)
    }

    /// First address of the function around an address, where debug information knows one (gdb's `find_pc_function`).
    #[must_use]
    pub fn described_function(&self, addr: VirtAddr) -> Option<VirtAddr> {
        self.modules.function_at(addr)?;
        self.modules.function_bounds(addr).map(|(_, range)| range.start)
    }

    /// The inlined calls that cover an address, innermost first, and how many of them begin there.
    #[must_use]
    pub fn inlined_at(&self, addr: VirtAddr) -> (Vec<FrameScope>, usize) {
        let Some(scope) = self.modules.scope_at(addr) else { return (Vec::new(), 0) };
        let mut calls = scope.frames();
        calls.retain(FrameScope::is_inlined);
        (calls, scope.inline_frames_starting_here())
    }

    /// Where the prologue of the function starting at `function` ends by the architecture's own analysis (gdb's
    /// `gdbarch_skip_prologue`); `function` itself when nothing is known.
    #[must_use]
    pub fn prologue_end(&self, function: VirtAddr) -> VirtAddr {
        if self.modules.unit_at(function).is_some_and(|unit| unit.language == "asm") {
            return function;
        }
        self.modules.prologue_end(function, self)
    }

    /// The facts of the instruction at an address.
    #[must_use]
    pub fn decode(&self, addr: VirtAddr) -> Option<Insn> {
        let code = self.code_address(addr);
        let mut bytes = [0; 16];
        let longest = self.arch().max_insn_len();
        // Near the end of a mapping there are fewer bytes than the longest instruction has.
        let length =
            (1..=longest).rev().find(|&length| self.read(code.linear, &mut bytes[..length]).is_ok())?;
        Disassembler::new(code.size, Flavor::Att).facts(&bytes[..length], addr)
    }

    /// Whether the selected thread executes in user mode.
    #[must_use]
    pub fn is_user_mode(&self) -> bool {
        self.cpu_state().is_some_and(|state| {
            state.cpl == 3 && matches!(state.mode, CpuMode::Long | CpuMode::Compatibility)
        })
    }

    /// Whether what is looked at is the saved state of a task rather than a thread of the target.
    #[must_use]
    pub fn is_off_cpu(&self) -> bool {
        self.machine().is_some_and(|machine| machine.is_off_cpu())
    }
}
