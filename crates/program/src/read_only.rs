//! Memory as the user asked to see it: with `set trust-readonly-sections on` that of read-only sections is what their files hold.

use crate::Program;
use kdive_base::{Fault, ReadMemory, VirtAddr};

impl Program {
    /// Reads what is to be shown. What is found out without being asked for is read from the target in any case: where the kernel
    /// is, and what it has made of its code, is seen by comparing both.
    ///
    /// # Errors
    /// [`Fault`] at the first byte that cannot be read.
    pub fn read_shown(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        if !self.options.trust_files || self.machine.is_none() {
            return self.read(addr, buf);
        }
        let mut done = 0;
        while done < buf.len() {
            let at = addr.offset(done as u64);
            let rest = buf.get_mut(done..).unwrap_or_default();
            let trusted = self.trusted_from(at).map_or(0, |size| usize::try_from(size).unwrap_or(usize::MAX));
            if trusted == 0 {
                // gdb too reads on in the target when a piece began there.
                return self.read(at, rest);
            }
            let size = trusted.min(rest.len());
            self.modules.image().read(at, rest.get_mut(..size).unwrap_or_default())?;
            done += size;
        }
        Ok(())
    }

    /// How many bytes from an address on belong to a read-only section that is in a file.
    fn trusted_from(&self, addr: VirtAddr) -> Option<u64> {
        let (module, section) = self.modules.module_at(addr)?;
        let trusted = section.alloc && !section.write && !section.nobits;
        let offset = module.to_link(addr).0.checked_sub(section.addr.0)?;
        section.size.checked_sub(offset).filter(|_| trusted)
    }
}
