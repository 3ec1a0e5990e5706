//! Breakpoint instructions that can be seen in guest memory, and the bytes they cover.
//!
//! Two kinds of stub need this. QEMU under KVM writes the instruction for `Z0` and shows it to `m`, so what is read has to be put right before anybody
//! disassembles or compares it. Stubs without `Z0` (crosvm) expect the debugger to write it. Under TCG and with gdbserver there is nothing to do.

use super::Accelerator;
use super::inner::Inner;
use crate::{BreakpointError, BreakpointKind, Error};
use kdive_base::VirtAddr;
use kdive_rsp::ThreadId;
use kdive_rsp::packet::Reply;
use kdive_rsp::packet::breakpoint::Kind;

/// A breakpoint instruction in guest memory.
#[derive(Clone, Debug)]
pub(super) struct Planted {
    pub(super) addr: u64,
    /// The bytes it covers.
    original: Vec<u8>,
    /// Written by us, not by the stub.
    by_hand: bool,
}

impl Planted {
    /// The bytes of `range` (an address and a length) this breakpoint covers: offset into the range, offset into the
    /// instruction, count.
    fn overlap(&self, addr: u64, len: usize) -> Option<(usize, usize, usize)> {
        let end = addr.saturating_add(len as u64);
        let start = self.addr.max(addr);
        let stop = self.addr.saturating_add(self.original.len() as u64).min(end);
        let count = usize::try_from(stop.checked_sub(start)?).ok().filter(|&count| count > 0)?;
        Some(((start - addr) as usize, (start - self.addr) as usize, count))
    }
}

impl Inner {
    fn insn(&self) -> &'static [u8] {
        self.layout.arch().breakpoint_insn()
    }

    /// Whether what `Z0` writes can be read back.
    pub(super) fn shows_breakpoints(&mut self) -> Result<bool, Error> {
        Ok(self.client.profile().is_qemu() && self.accelerator()? == Accelerator::Kvm)
    }

    /// The bytes a breakpoint instruction at `addr` will cover.
    pub(super) fn bytes_to_cover(&mut self, addr: VirtAddr) -> Result<Vec<u8>, BreakpointError> {
        let mut original = vec![0; self.insn().len()];
        match self.read_virtual(addr, &mut original) {
            Ok(()) => Ok(original),
            Err(Error::Memory(_)) => Err(BreakpointError::NotMapped(addr)),
            Err(error) => Err(error.into()),
        }
    }

    /// The stub has written an instruction over `original`.
    pub(super) fn note_planted(&mut self, addr: VirtAddr, original: Vec<u8>) {
        self.planted.push(Planted { addr: addr.0, original, by_hand: false });
    }

    /// Writes the instruction ourselves, for stubs without `Z0`.
    pub(super) fn plant(&mut self, addr: VirtAddr) -> Result<(), BreakpointError> {
        let original = self.bytes_to_cover(addr)?;
        let insn = self.insn();
        let written = self.write_through(addr, insn).and_then(|()| {
            let mut now = vec![0; insn.len()];
            self.read_virtual(addr, &mut now)?;
            Ok(now == insn)
        });
        match written {
            Ok(true) => {
                self.planted.push(Planted { addr: addr.0, original, by_hand: true });
                Ok(())
            }
            // Read-only memory, taken in silence.
            Ok(false) => Err(BreakpointError::Unsupported),
            Err(Error::Memory(_)) => Err(BreakpointError::NotMapped(addr)),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets the instruction at `addr` and puts the bytes back if it was ours. True when there is nothing left for the stub to do.
    pub(super) fn unplant(&mut self, addr: VirtAddr) -> Result<bool, Error> {
        let Some(index) = self.planted.iter().position(|planted| planted.addr == addr.0) else {
            return Ok(false);
        };
        let planted = self.planted.swap_remove(index);
        if !planted.by_hand {
            return Ok(false);
        }
        // A guest that has written something else there meanwhile keeps it.
        let mut now = vec![0; planted.original.len()];
        if self.read_virtual(addr, &mut now).is_ok() && now == self.insn() {
            self.put_back(addr, &planted.original)?;
        }
        Ok(true)
    }

    /// Where something else stands than the instruction that was planted there. What cannot be read now is not counted.
    pub(super) fn overwritten(&mut self) -> Vec<VirtAddr> {
        let insn = self.insn();
        let places: Vec<u64> = self.planted.iter().map(|planted| planted.addr).collect();
        let mut lost = Vec::new();
        for addr in places {
            let mut now = vec![0; insn.len()];
            if self.read_as_it_is(VirtAddr(addr), &mut now).is_ok() && now != insn {
                lost.push(VirtAddr(addr));
            }
        }
        lost
    }

    /// Shows the original bytes instead of breakpoint instructions in what was read from `addr`.
    pub(super) fn hide_planted(&self, addr: VirtAddr, buf: &mut [u8]) {
        for planted in &self.planted {
            let Some((at, skip, count)) = planted.overlap(addr.0, buf.len()) else { continue };
            let insn = self.insn().get(skip..skip + count);
            let original = planted.original.get(skip..skip + count);
            if let (Some(part), Some(insn), Some(original)) = (buf.get_mut(at..at + count), insn, original)
                // Anything else was put there by the guest and is what the CPU would execute.
                && part == insn
            {
                part.copy_from_slice(original);
            }
        }
    }

    /// Writes memory in which breakpoint instructions may stand, and leaves them standing.
    pub(super) fn write_around_planted(
        &mut self,
        thread: ThreadId,
        addr: VirtAddr,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let touched: Vec<usize> = (0..self.planted.len())
            .filter(|&index| {
                self.planted.get(index).is_some_and(|planted| planted.overlap(addr.0, bytes.len()).is_some())
            })
            .collect();
        if touched.is_empty() {
            return self.write_through(addr, bytes);
        }
        let insn = self.insn();
        let mut bytes = bytes.to_vec();
        let mut by_stub = Vec::new();
        for index in touched {
            let Some(planted) = self.planted.get_mut(index) else { continue };
            let Some((at, skip, count)) = planted.overlap(addr.0, bytes.len()) else { continue };
            if let (Some(new), Some(original)) =
                (bytes.get_mut(at..at + count), planted.original.get_mut(skip..skip + count))
            {
                original.copy_from_slice(new);
                if planted.by_hand {
                    new.copy_from_slice(insn.get(skip..skip + count).unwrap_or_default());
                } else {
                    // The stub has a copy of the bytes of its own.
                    by_stub.push(planted.addr);
                }
            }
        }
        let len = insn.len() as u64;
        for &place in &by_stub {
            let result = self.client.remove_breakpoint(thread, Kind::Software, place, len);
            self.checked(result)?;
        }
        let written = self.write_through(addr, &bytes);
        for &place in &by_stub {
            let result = self.client.insert_breakpoint(thread, Kind::Software, place, len);
            if !matches!(self.checked(result)?, Reply::Data(_)) {
                return Err(Error::Remote(format!("the breakpoint at {place:#x} could not be put back")));
            }
        }
        written
    }

    /// After a trap that the stub does not explain: the CPU may stand after the breakpoint instruction it has executed, as gdb's
    /// `decr_pc_after_break` says. True when it stands at a breakpoint now.
    ///
    /// Where kdive wrote the instruction itself, the stub may have put the pc back as well; elsewhere a stub that does not explain its
    /// breakpoints (kgdb) has not.
    pub(super) fn step_back_onto_breakpoint(&mut self, thread: ThreadId) -> Result<bool, Error> {
        let explains = self.client.profile().is_qemu() || self.client.features().swbreak;
        let by_hand = |inner: &Self, addr: u64| {
            inner.planted.iter().any(|planted| planted.by_hand && planted.addr == addr)
        };
        let inserted = |inner: &Self, addr: u64| {
            let mut places = inner.inserted.iter().filter(|(kind, ..)| *kind == BreakpointKind::Software);
            by_hand(inner, addr) || !explains && places.any(|(_, place, _)| *place == addr)
        };
        let any = self.planted.iter().any(|planted| planted.by_hand)
            || !explains && self.inserted.iter().any(|(kind, ..)| *kind == BreakpointKind::Software);
        if !any {
            return Ok(false);
        }
        let behind = self.layout.arch().pc_after_breakpoint();
        let Some(pc) = self.registers(thread)?.pc().map(|pc| pc.0) else { return Ok(false) };
        if by_hand(self, pc) {
            return Ok(true);
        }
        let at = pc.wrapping_sub(behind);
        if behind == 0 || !inserted(self, at) {
            return Ok(false);
        }
        // After a single step the instruction before the pc was executed only if the step began there.
        if self.stepping.is_some_and(|(stepped, from)| stepped == thread && from != Some(at)) {
            return Ok(false);
        }
        let mut file = kdive_arch::RegisterFile::clone(&*self.registers(thread)?);
        let layout = file.layout().clone();
        let Some(register) = layout.lookup(layout.arch().pc_name()) else { return Ok(false) };
        let value = at.to_le_bytes();
        let value = value.get(..register.size()).unwrap_or(&value);
        let writes = file.write(&register, value).map_err(|error| Error::Remote(error.to_string()))?;
        self.write_registers(thread, &writes)?;
        Ok(true)
    }
}
