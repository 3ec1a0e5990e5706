//! The seam between everything that looks at memory and every kind of target.

use crate::VirtAddr;
use std::collections::BTreeMap;

/// Why a byte of target memory could not be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// The target answered that nothing is mapped there.
    Unmapped,
    /// There is no target, or the connection to it is gone.
    NoTarget,
    /// It was to be written, and the user does not allow that.
    Forbidden {
        /// How many bytes were to be written.
        len: u64,
    },
    /// The user pressed Ctrl-C before the answer came: nothing is known about the memory.
    Interrupted,
}

/// Target memory that cannot be had. Never used for malformed files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// First address that could not be accessed.
    pub addr: VirtAddr,
    /// The reason.
    pub kind: FaultKind,
}

impl std::error::Error for Fault {}

impl std::fmt::Display for Fault {
    /// gdb's words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let addr = self.addr;
        match self.kind {
            FaultKind::Unmapped | FaultKind::NoTarget => write!(f, "Cannot access memory at address {addr}"),
            FaultKind::Forbidden { len } => {
                write!(f, "Writing to memory is not allowed (addr {addr}, len {len})")
            }
            FaultKind::Interrupted => f.write_str("Quit"),
        }
    }
}

impl Fault {
    /// Nothing is mapped at `addr`.
    #[must_use]
    pub fn unmapped(addr: VirtAddr) -> Self {
        Self { addr, kind: FaultKind::Unmapped }
    }

    /// The user interrupted the read.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.kind == FaultKind::Interrupted
    }
}

/// Reads target memory. Takes `&self`: caches and connections hide behind interior mutability.
pub trait ReadMemory {
    /// Fills all of `buf` from `addr` on, or reports the first address that cannot be read.
    ///
    /// # Errors
    /// [`Fault`] with the first unreadable address; the content of `buf` is then unspecified.
    fn read(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault>;

    /// Reads a little-endian unsigned integer of `size` bytes, 1 to 8.
    ///
    /// # Errors
    /// As [`ReadMemory::read`].
    fn read_uint(&self, addr: VirtAddr, size: usize) -> Result<u64, Fault> {
        let mut bytes = [0u8; 8];
        let size = size.clamp(1, 8);
        self.read(addr, &mut bytes[..size])?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Reads a NUL-terminated string of at most `limit` bytes, without the NUL.
    ///
    /// # Errors
    /// As [`ReadMemory::read`], only when not even the first byte can be read or a byte before the NUL cannot.
    fn read_c_string(&self, addr: VirtAddr, limit: usize) -> Result<Vec<u8>, Fault> {
        let mut text = Vec::new();
        while text.len() < limit {
            // Stay inside one 64-byte line at a time, so that a string at the end of a page is readable.
            let here = addr.offset(text.len() as u64);
            let mut step = (64 - (here.0 % 64) as usize).min(limit - text.len());
            let mut chunk = [0u8; 64];
            let mut hole = None;
            if let Err(fault) = self.read(here, &mut chunk[..step]) {
                // Sections of a file end anywhere: what comes before the hole may hold the NUL.
                let before = fault.addr.distance_from(here).and_then(|n| usize::try_from(n).ok());
                step = before.filter(|n| (1..step).contains(n)).ok_or(fault)?;
                self.read(here, &mut chunk[..step])?;
                hole = Some(fault);
            }
            if let Some(nul) = chunk[..step].iter().position(|&byte| byte == 0) {
                text.extend_from_slice(&chunk[..nul]);
                return Ok(text);
            }
            if let Some(fault) = hole {
                return Err(fault);
            }
            text.extend_from_slice(&chunk[..step]);
        }
        Ok(text)
    }
}

/// Writes target memory.
pub trait WriteMemory {
    /// Writes all of `bytes` at `addr`.
    ///
    /// # Errors
    /// [`Fault`] with an address that could not be written; earlier bytes may have been.
    fn write(&self, addr: VirtAddr, bytes: &[u8]) -> Result<(), Fault>;
}

impl<M: ReadMemory + ?Sized> ReadMemory for &M {
    fn read(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        (**self).read(addr, buf)
    }
}

/// Memory made of separate segments, for tests and for reading an image's own sections.
#[derive(Clone, Default, Debug)]
pub struct SparseMemory {
    segments: BTreeMap<u64, Vec<u8>>,
}

impl SparseMemory {
    /// Memory with nothing mapped.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Maps `bytes` at `addr`. Segments must not overlap.
    pub fn map(&mut self, addr: VirtAddr, bytes: impl Into<Vec<u8>>) {
        self.segments.insert(addr.0, bytes.into());
    }
}

impl ReadMemory for SparseMemory {
    fn read(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        let mut done = 0;
        while done < buf.len() {
            let here = addr.offset(done as u64);
            let fault = Fault::unmapped(here);
            let (start, bytes) = self.segments.range(..=here.0).next_back().ok_or(fault)?;
            let skip = usize::try_from(here.0 - start).map_err(|_| fault)?;
            let rest = bytes.get(skip..).filter(|rest| !rest.is_empty()).ok_or(fault)?;
            let n = rest.len().min(buf.len() - done);
            buf[done..done + n].copy_from_slice(&rest[..n]);
            done += n;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cross_adjacent_segments_and_report_the_first_hole() {
        let mut memory = SparseMemory::new();
        memory.map(VirtAddr(0x1000), vec![1, 2]);
        memory.map(VirtAddr(0x1002), vec![3, 4]);
        assert_eq!(memory.read_uint(VirtAddr(0x1000), 4), Ok(0x0403_0201));
        assert_eq!(memory.read_uint(VirtAddr(0x1002), 4), Err(Fault::unmapped(VirtAddr(0x1004))));
    }

    #[test]
    fn string_at_the_end_of_a_mapping() {
        let mut memory = SparseMemory::new();
        memory.map(VirtAddr(0x0ffb), b"abcd\0".to_vec());
        assert_eq!(memory.read_c_string(VirtAddr(0x0ffb), 200).unwrap(), b"abcd");
        // Not at the end of a page, nor of a 64-byte line.
        memory.map(VirtAddr(0x2000), b"ab\0".to_vec());
        assert_eq!(memory.read_c_string(VirtAddr(0x2000), 200).unwrap(), b"ab");
        memory.map(VirtAddr(0x3000), b"ab".to_vec());
        assert_eq!(memory.read_c_string(VirtAddr(0x3000), 200), Err(Fault::unmapped(VirtAddr(0x3002))));
    }
}
