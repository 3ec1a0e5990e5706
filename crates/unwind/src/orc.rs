//! ORC: the tables Linux itself unwinds with (`arch/x86/include/asm/orc_types.h`, since 4.14).

use crate::SectionBytes;
use kdive_base::LinkAddr;

/// The layout of the 16 flag bits of an entry, which changed three times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OrcVersion {
    /// Linux 4.14 to 6.2.
    V1,
    /// Linux 6.3: a `signal` bit.
    V2,
    /// Linux 6.4 to 7.0: three type bits, `.orc_header`.
    V3,
    /// Linux 7.1: registers renumbered.
    V4,
}

/// One decoded entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrcEntry {
    /// Added to the stack register to get the caller's stack pointer.
    pub sp_offset: i16,
    /// Added to find the caller's `rbp`.
    pub bp_offset: i16,
}

/// The table of one object.
#[derive(Debug)]
pub struct OrcTable {}

impl OrcTable {
    /// The table in sections `.orc_unwind_ip` (relocations applied; loaded at `ip_addr`) and `.orc_unwind`.
    #[must_use]
    pub fn new(version: OrcVersion, ip: SectionBytes, ip_addr: LinkAddr, entries: SectionBytes) -> Self {
        let _ = (version, ip, ip_addr, entries);
        Self {}
    }
}
