//! Instructions of the program.

use crate::Program;
use kdive_arch::{Disassembler, Insn};
use kdive_base::{Fault, VirtAddr};

impl Program {
    /// Decodes the instruction that is shown at `pc`.
    ///
    /// # Errors
    /// [`Fault`] when not even its first byte can be read, or nothing there is an instruction.
    pub fn instruction(&self, pc: VirtAddr) -> Result<Insn, Fault> {
        let code = self.code_address(pc);
        let mut bytes = [0u8; 16];
        let mut length = self.arch().max_insn_len().min(bytes.len());
        // The longest instruction may reach into a page that is not there while this one does not.
        while let Err(fault) = self.read_shown(code.linear, bytes.get_mut(..length).unwrap_or_default()) {
            if length <= 1 {
                return Err(Fault { addr: pc, kind: fault.kind });
            }
            let here = usize::try_from(fault.addr.0.wrapping_sub(code.linear.0)).unwrap_or(0);
            length = if here > 0 && here < length { here } else { length - 1 };
        }
        let symbols = |addr: VirtAddr| self.symbolic(addr);
        Disassembler::new(code.size, self.options.flavor)
            .decode(bytes.get(..length).unwrap_or_default(), pc, &symbols)
            .ok_or_else(|| Fault::unmapped(pc.offset(length as u64)))
    }
}
