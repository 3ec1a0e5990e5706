//! `.debug_frame` and `.eh_frame`: from an address to the rules for the caller's registers.

mod index;

pub use index::{FdeIndex, FdeRange};

use crate::{OrcTable, UnwindError};
use gimli::{
    BaseAddresses, CfaRule, DebugFrame, EhFrame, Encoding, EndianSlice, Expression, LittleEndian, Register,
    RegisterRule, UnwindContext, UnwindExpression, UnwindSection,
};
use kdive_base::LinkAddr;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Bytes of a section: of a mapped file, or relocated for a module.
pub type SectionBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

pub(crate) type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// How the operands of expressions in CFI are encoded: CFI of 64-bit objects, whatever its version, has 8-byte
/// addresses, and no operation allowed in it depends on anything else.
pub(crate) const ENCODING: Encoding =
    Encoding { format: gimli::Format::Dwarf32, version: 5, address_size: 8 };

/// Which of the two formats.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CfiKind {
    /// DWARF 5, section 6.4.
    DebugFrame,
    /// Linux Standard Base, "Exception Frames".
    EhFrame,
}

impl CfiKind {
    /// Name of the section.
    #[must_use]
    pub const fn section_name(self) -> &'static str {
        match self {
            Self::DebugFrame => ".debug_frame",
            Self::EhFrame => ".eh_frame",
        }
    }
}

/// One section of call frame information with an index of its entries, made on first use.
pub struct CfiSection {
    kind: CfiKind,
    bytes: SectionBytes,
    addr: LinkAddr,
    index: OnceLock<FdeIndex>,
}

impl CfiSection {
    /// The section with `bytes`, relocations applied, loaded at `addr` (pc-relative pointers of `.eh_frame` count from
    /// there; 0 for `.debug_frame`).
    #[must_use]
    pub fn new(kind: CfiKind, bytes: SectionBytes, addr: LinkAddr) -> Self {
        Self { kind, bytes, addr, index: OnceLock::new() }
    }

    /// The same with an index made earlier from the same bytes ([`CfiSection::index`]), to save the scan.
    #[must_use]
    pub fn with_index(kind: CfiKind, bytes: SectionBytes, addr: LinkAddr, index: FdeIndex) -> Self {
        Self { kind, bytes, addr, index: OnceLock::from(index) }
    }

    /// Which format.
    #[must_use]
    pub fn kind(&self) -> CfiKind {
        self.kind
    }

    /// Which addresses which entry describes. The first call reads the section once; entries that cannot be read are
    /// left out.
    pub fn index(&self) -> &FdeIndex {
        self.index.get_or_init(|| FdeIndex::build(self.kind, self.data(), &self.bases()))
    }

    /// The rules at `pc`: `None` when no entry covers it.
    ///
    /// # Errors
    /// [`UnwindError::Malformed`] when the entry that covers it cannot be decoded.
    pub(crate) fn rules(&self, pc: LinkAddr) -> Result<Option<Rules<'_>>, UnwindError> {
        let Some(range) = self.index().find(pc.0) else { return Ok(None) };
        let data = Slice::new(self.data(), LittleEndian);
        let bases = self.bases();
        let rules = match self.kind {
            CfiKind::DebugFrame => {
                let mut section = DebugFrame::from(data);
                section.set_address_size(8);
                read_rules(&section, &bases, range.offset, pc.0)
            }
            CfiKind::EhFrame => {
                let mut section = EhFrame::from(data);
                section.set_address_size(8);
                read_rules(&section, &bases, range.offset, pc.0)
            }
        };
        rules.map(Some).map_err(|error| UnwindError::Malformed {
            pc,
            section: self.kind.section_name(),
            what: error.to_string(),
        })
    }

    fn data(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    fn bases(&self) -> BaseAddresses {
        BaseAddresses::default().set_eh_frame(self.addr.0)
    }
}

impl fmt::Debug for CfiSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.data().len();
        f.debug_struct("CfiSection")
            .field("kind", &self.kind)
            .field("addr", &self.addr)
            .field("len", &len)
            .finish()
    }
}

/// How to compute something from an expression or a register.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cfa<'a> {
    /// Value of the register plus offset.
    Register(u16, i64),
    /// Value of the expression.
    Expression(Expression<Slice<'a>>),
}

/// Where a register of the caller is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule<'a> {
    /// Not available.
    Undefined,
    /// Where it is in this frame.
    SameValue,
    /// In memory at CFA plus this.
    Offset(i64),
    /// It is CFA plus this.
    ValOffset(i64),
    /// Where this other register is in this frame.
    Register(u16),
    /// In memory at the address the expression computes.
    Expression(Expression<Slice<'a>>),
    /// It is what the expression computes.
    ValExpression(Expression<Slice<'a>>),
}

/// One row of the table of DWARF 5, 6.4.1.
#[derive(Debug)]
pub(crate) struct Rules<'a> {
    /// The rule for the canonical frame address.
    pub(crate) cfa: Cfa<'a>,
    /// The column that holds the return address.
    pub(crate) return_column: u16,
    /// Whether the frame was entered by a signal, so that its caller's pc is exact (augmentation `S`).
    pub(crate) signal: bool,
    registers: Vec<(u16, Rule<'a>)>,
}

impl<'a> Rules<'a> {
    /// The rule for a register, if one was given.
    pub(crate) fn register(&self, number: u16) -> Option<Rule<'a>> {
        self.registers.iter().find(|(register, _)| *register == number).map(|(_, rule)| *rule)
    }

    /// All rules given.
    pub(crate) fn registers(&self) -> impl Iterator<Item = (u16, Rule<'a>)> + '_ {
        self.registers.iter().copied()
    }
}

fn read_rules<'a, S>(section: &S, bases: &BaseAddresses, offset: usize, pc: u64) -> gimli::Result<Rules<'a>>
where
    S: UnwindSection<Slice<'a>>,
    S::Offset: From<usize>,
{
    let fde = section.fde_from_offset(bases, S::Offset::from(offset), S::cie_from_offset)?;
    let mut context = UnwindContext::new();
    let row = fde.unwind_info_for_address(section, bases, &mut context, pc)?;
    let expression = |expression: &UnwindExpression<usize>| expression.get(section);
    let cfa = match row.cfa() {
        CfaRule::RegisterAndOffset { register, offset } => Cfa::Register(register.0, *offset),
        CfaRule::Expression(inner) => Cfa::Expression(expression(inner)?),
    };
    let mut registers = Vec::new();
    for (Register(number), rule) in row.registers() {
        let rule = match rule {
            RegisterRule::Undefined => Rule::Undefined,
            RegisterRule::SameValue => Rule::SameValue,
            RegisterRule::Offset(offset) => Rule::Offset(*offset),
            RegisterRule::ValOffset(offset) => Rule::ValOffset(*offset),
            RegisterRule::Register(Register(other)) => Rule::Register(*other),
            RegisterRule::Expression(inner) => Rule::Expression(expression(inner)?),
            RegisterRule::ValExpression(inner) => Rule::ValExpression(expression(inner)?),
            // Not used on x86; gimli makes constants only of AArch64's return address signing.
            _ => continue,
        };
        registers.push((*number, rule));
    }
    Ok(Rules {
        cfa,
        return_column: fde.cie().return_address_register().0,
        signal: fde.is_signal_trampoline(),
        registers,
    })
}

/// All unwind tables of one object. Make it once and keep it: it caches.
#[derive(Debug, Default)]
pub struct UnwindTables {
    /// `.debug_frame` before `.eh_frame`.
    pub cfi: Vec<CfiSection>,
    /// The kernel's own table.
    pub orc: Option<OrcTable>,
}

#[cfg(test)]
mod tests;
