//! `.debug_frame` and `.eh_frame`: from an address to the rules for the caller's registers.

use crate::OrcTable;
use kdive_base::LinkAddr;
use std::fmt;
use std::sync::Arc;

/// Bytes of a section: of a mapped file, or relocated for a module.
pub type SectionBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Which of the two formats.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CfiKind {
    /// DWARF 5, section 6.4.
    DebugFrame,
    /// Linux Standard Base, "Exception Frames".
    EhFrame,
}

/// One section of call frame information with an index of its entries, made on first use.
pub struct CfiSection {
    kind: CfiKind,
    bytes: SectionBytes,
    addr: LinkAddr,
}

impl CfiSection {
    /// The section with `bytes`, relocations applied, loaded at `addr` (pc-relative pointers of `.eh_frame` count from
    /// there; 0 for `.debug_frame`).
    #[must_use]
    pub fn new(kind: CfiKind, bytes: SectionBytes, addr: LinkAddr) -> Self {
        Self { kind, bytes, addr }
    }
}

impl fmt::Debug for CfiSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = (*self.bytes).as_ref().len();
        f.debug_struct("CfiSection")
            .field("kind", &self.kind)
            .field("addr", &self.addr)
            .field("len", &len)
            .finish()
    }
}

/// All unwind tables of one object. Make it once and keep it: it caches.
#[derive(Debug, Default)]
pub struct UnwindTables {
    /// `.debug_frame` before `.eh_frame`.
    pub cfi: Vec<CfiSection>,
    /// The kernel's own table.
    pub orc: Option<OrcTable>,
}
