//! ORC: the tables Linux itself unwinds with (`arch/x86/include/asm/orc_types.h`, since 4.14).
//!
//! `.orc_unwind_ip` holds one 32-bit distance per entry, from its own place to the first address the entry is for;
//! `.orc_unwind` holds the entries, 6 bytes each: two signed 16-bit offsets and 16 bits of flags. An entry is valid up to
//! the address of the next.

use crate::eval::read_register;
use crate::{Location, RegisterSet, SectionBytes, UnwindError, reg};
use kdive_base::{LinkAddr, ReadMemory, VirtAddr};
use std::fmt;
use std::sync::OnceLock;

/// `sizeof(struct orc_entry)`.
const ENTRY_SIZE: usize = 6;
/// `sizeof(int)`, the elements of `.orc_unwind_ip`.
const IP_SIZE: usize = 4;
/// Most entries a table in memory may claim to have; a distribution's vmlinux has about 400,000.
const MAX_ENTRIES: u64 = 1 << 24;

/// The layout of the 16 flag bits of an entry, which changed three times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OrcVersion {
    /// Linux 4.14 to 6.2: registers 4+4 bits, type 2 bits, end of stack 1 bit.
    V1,
    /// Linux 6.3: a `signal` bit before the end bit.
    V2,
    /// Linux 6.4 to 7.0: end of stack and undefined become types, 3 bits.
    V3,
    /// Linux 7.1: registers renumbered.
    V4,
}

impl OrcVersion {
    /// The version of a file: by the hash in `.orc_header` (since 6.4), or without one by the entries.
    /// `None` for a hash that is not known: a layout newer than this code.
    #[must_use]
    pub fn detect(header: Option<&[u8]>, entries: &[u8]) -> Option<Self> {
        // The section is the SHA-1 of the layout's description, made by scripts/orc_hash.sh.
        if let Some(header) = header.filter(|header| !header.is_empty()) {
            return match header.first_chunk()? {
                [0xdb, 0x84, 0xae, 0xd4, 0x10, 0x3b] => Some(Self::V2),
                [0xfe, 0x5d, 0x32, 0xbf, 0x58, 0x1b] => Some(Self::V3),
                [0x13, 0x7c, 0x36, 0xad, 0x76, 0x27] => Some(Self::V4),
                _ => None,
            };
        }
        // Bit 10 is `end` in V1, where it goes with the undefined register 0 only; in V2 it is `signal`, which every
        // entry for a pt_regs has.
        let signal = entries.chunks_exact(ENTRY_SIZE).any(|entry| match entry {
            [_, _, _, _, low, high] => high & 4 != 0 && low & 0xf != 0,
            _ => false,
        });
        Some(if signal { Self::V2 } else { Self::V1 })
    }
}

/// A register as ORC names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrcReg {
    /// None.
    Undefined,
    /// The caller's stack pointer.
    PrevSp,
    /// `rax`.
    Ax,
    /// `rdx`.
    Dx,
    /// `rdi`.
    Di,
    /// `rbp`.
    Bp,
    /// `rsp`.
    Sp,
    /// `r10`.
    R10,
    /// `r13`.
    R13,
    /// The word at `rbp` plus the offset.
    BpIndirect,
    /// The word at `rsp`, plus the offset.
    SpIndirect,
}

/// What stands where the stack register points.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrcKind {
    /// Nothing is known.
    Undefined,
    /// Nothing: the first code of a task.
    EndOfStack,
    /// The stack after the call returned.
    Call,
    /// A whole `struct pt_regs`.
    Regs,
    /// The frame the CPU pushes for an exception: rip, cs, rflags, rsp, ss.
    RegsPartial,
}

/// One decoded entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrcEntry {
    /// Added to the stack register to get the caller's stack pointer.
    pub sp_offset: i16,
    /// Added to find the caller's `rbp`.
    pub bp_offset: i16,
    /// What the stack pointer is computed from.
    pub sp_reg: OrcReg,
    /// What the place of the saved `rbp` is computed from; undefined: it is still in `rbp`.
    pub bp_reg: OrcReg,
    /// What is found.
    pub kind: OrcKind,
    /// Whether the caller was interrupted, so that its pc is the next instruction and not a return address.
    pub signal: bool,
}

impl OrcEntry {
    /// Decodes 6 bytes; `None` for a register or type the version does not have.
    #[must_use]
    pub fn decode(version: OrcVersion, bytes: [u8; ENTRY_SIZE]) -> Option<Self> {
        let [s0, s1, b0, b1, f0, f1] = bytes;
        let flags = u16::from_le_bytes([f0, f1]);
        let register = |number| match version {
            OrcVersion::V4 => register_v4(number),
            _ => register_v1(number),
        };
        let sp_reg = register(flags & 0xf)?;
        let bp_reg = register(flags >> 4 & 0xf)?;
        let (kind, signal) = match version {
            OrcVersion::V1 => decode_v2(flags >> 8 & 3, sp_reg, flags & 1 << 10 != 0)?,
            OrcVersion::V2 => decode_v2(flags >> 8 & 3, sp_reg, flags & 1 << 11 != 0)
                .map(|(kind, _)| (kind, flags & 1 << 10 != 0))?,
            OrcVersion::V3 | OrcVersion::V4 => {
                let kind = match flags >> 8 & 7 {
                    0 => OrcKind::Undefined,
                    1 => OrcKind::EndOfStack,
                    2 => OrcKind::Call,
                    3 => OrcKind::Regs,
                    4 => OrcKind::RegsPartial,
                    _ => return None,
                };
                (kind, flags & 1 << 11 != 0)
            }
        };
        Some(Self {
            sp_offset: i16::from_le_bytes([s0, s1]),
            bp_offset: i16::from_le_bytes([b0, b1]),
            sp_reg,
            bp_reg,
            kind,
            signal,
        })
    }

    /// The caller's stack pointer, or the address of what the CPU or the kernel saved.
    ///
    /// # Errors
    /// A register or memory that is needed and not there.
    pub(crate) fn stack(&self, registers: &RegisterSet, memory: &dyn ReadMemory) -> Result<u64, UnwindError> {
        let value = |number| read_register(registers, number, memory);
        let offset = i64::from(self.sp_offset);
        Ok(match self.sp_reg {
            OrcReg::Sp => value(reg::RSP)?.wrapping_add_signed(offset),
            OrcReg::Bp => value(reg::RBP)?.wrapping_add_signed(offset),
            OrcReg::SpIndirect => {
                memory.read_uint(VirtAddr(value(reg::RSP)?), 8)?.wrapping_add_signed(offset)
            }
            OrcReg::BpIndirect => {
                memory.read_uint(VirtAddr(value(reg::RBP)?.wrapping_add_signed(offset)), 8)?
            }
            OrcReg::Ax => value(reg::RAX)?,
            OrcReg::Dx => value(reg::RDX)?,
            OrcReg::Di => value(reg::RDI)?,
            OrcReg::R10 => value(reg::R10)?,
            OrcReg::R13 => value(reg::R13)?,
            OrcReg::Undefined | OrcReg::PrevSp => return Err(UnwindError::Unavailable),
        })
    }

    /// Whether the stack pointer is loaded from memory: code that switched to another stack.
    pub(crate) fn switches_stack(&self) -> bool {
        matches!(self.sp_reg, OrcReg::SpIndirect | OrcReg::BpIndirect)
    }

    /// Where the caller's `rbp` is, given [`OrcEntry::stack`].
    pub(crate) fn saved_rbp(
        &self,
        stack: u64,
        registers: &RegisterSet,
        memory: &dyn ReadMemory,
    ) -> Result<Location, UnwindError> {
        let base = match self.bp_reg {
            OrcReg::PrevSp => stack,
            OrcReg::Bp => read_register(registers, reg::RBP, memory)?,
            _ => return Ok(registers.location(reg::RBP)),
        };
        Ok(Location::Memory(VirtAddr(base.wrapping_add_signed(i64::from(self.bp_offset)))))
    }
}

fn decode_v2(kind: u16, sp_reg: OrcReg, end: bool) -> Option<(OrcKind, bool)> {
    let kind = match (kind, sp_reg) {
        (_, OrcReg::Undefined) if end => OrcKind::EndOfStack,
        (_, OrcReg::Undefined) => OrcKind::Undefined,
        (0, _) => OrcKind::Call,
        (1, _) => OrcKind::Regs,
        (2, _) => OrcKind::RegsPartial,
        _ => return None,
    };
    Some((kind, matches!(kind, OrcKind::Regs | OrcKind::RegsPartial)))
}

fn register_v1(number: u16) -> Option<OrcReg> {
    Some(match number {
        0 => OrcReg::Undefined,
        1 => OrcReg::PrevSp,
        2 => OrcReg::Dx,
        3 => OrcReg::Di,
        4 => OrcReg::Bp,
        5 => OrcReg::Sp,
        6 => OrcReg::R10,
        7 => OrcReg::R13,
        8 => OrcReg::BpIndirect,
        9 => OrcReg::SpIndirect,
        _ => return None,
    })
}

fn register_v4(number: u16) -> Option<OrcReg> {
    Some(match number {
        0 => OrcReg::Undefined,
        1 => OrcReg::Ax,
        2 => OrcReg::Dx,
        3 => OrcReg::Sp,
        4 => OrcReg::Bp,
        5 => OrcReg::Di,
        6 => OrcReg::R10,
        7 => OrcReg::R13,
        8 => OrcReg::PrevSp,
        9 => OrcReg::SpIndirect,
        10 => OrcReg::BpIndirect,
        _ => return None,
    })
}

/// Where a table is.
enum Source {
    /// In sections of a file; addresses are link addresses.
    Sections {
        ip: SectionBytes,
        ip_addr: LinkAddr,
        entries: SectionBytes,
        /// Positions by address where the file is not sorted (modules, and vmlinux before 5.6: the kernel sorts at
        /// load time).
        order: OnceLock<Option<Vec<u32>>>,
    },
    /// In target memory, sorted by the kernel; addresses are run-time addresses.
    Memory { ip: VirtAddr, entries: VirtAddr, count: u64 },
}

/// The table of one object.
pub struct OrcTable {
    /// `None` inside: a version this code does not know.
    version: OnceLock<Option<OrcVersion>>,
    header: Option<SectionBytes>,
    source: Source,
}

impl OrcTable {
    /// The table in sections `.orc_unwind_ip` (relocations applied; loaded at `ip_addr`) and `.orc_unwind`, of the
    /// version [`OrcVersion::detect`] finds from `.orc_header`. Nothing is read yet.
    #[must_use]
    pub fn in_file(
        header: Option<SectionBytes>,
        ip: SectionBytes,
        ip_addr: LinkAddr,
        entries: SectionBytes,
    ) -> Self {
        let source = Source::Sections { ip, ip_addr, entries, order: OnceLock::new() };
        Self { version: OnceLock::new(), header, source }
    }

    /// The table a running kernel uses: `__start_orc_unwind_ip`, `__start_orc_unwind` and their number of elements, or
    /// a module's `arch.orc_unwind_ip`, `arch.orc_unwind`, `arch.num_orcs`.
    #[must_use]
    pub fn in_memory(version: OrcVersion, ip: VirtAddr, entries: VirtAddr, count: u64) -> Self {
        let source = Source::Memory { ip, entries, count: count.min(MAX_ENTRIES) };
        Self { version: OnceLock::from(Some(version)), header: None, source }
    }

    /// The version; `None` when it is newer than this code.
    pub fn version(&self) -> Option<OrcVersion> {
        *self.version.get_or_init(|| {
            let header = self.header.as_ref().map(|header| (**header).as_ref());
            match &self.source {
                Source::Sections { entries, .. } => OrcVersion::detect(header, (**entries).as_ref()),
                Source::Memory { .. } => None,
            }
        })
    }

    /// The entry for an address, given as in the file and as at run time: each kind of table uses its own.
    ///
    /// # Errors
    /// Target memory that cannot be read; an entry that cannot be decoded.
    pub fn find(
        &self,
        link: LinkAddr,
        virt: VirtAddr,
        memory: &dyn ReadMemory,
    ) -> Result<Option<OrcEntry>, UnwindError> {
        let Some(version) = self.version() else { return Ok(None) };
        let bytes = match &self.source {
            Source::Sections { ip, ip_addr, entries, order } => {
                let (ip, entries) = ((**ip).as_ref(), (**entries).as_ref());
                let order = order.get_or_init(|| sort_order(version, ip, *ip_addr, entries));
                find_in_sections(ip, *ip_addr, entries, order.as_deref(), link.0)
            }
            Source::Memory { ip, entries, count } => find_in_memory(*ip, *entries, *count, virt.0, memory)?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let entry = OrcEntry::decode(version, bytes).ok_or_else(|| UnwindError::Malformed {
            pc: link,
            section: ".orc_unwind",
            what: "unknown register or type".to_owned(),
        })?;
        Ok(Some(entry))
    }
}

impl fmt::Debug for OrcTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrcTable").field("version", &self.version).finish_non_exhaustive()
    }
}

/// Address of the element at `index` of `.orc_unwind_ip`.
fn ip_at(ip: &[u8], ip_addr: LinkAddr, index: usize) -> Option<u64> {
    let at = index.checked_mul(IP_SIZE)?;
    let distance = i32::from_le_bytes(*ip.get(at..)?.first_chunk()?);
    Some(ip_addr.0.wrapping_add(at as u64).wrapping_add_signed(i64::from(distance)))
}

fn entry_at(entries: &[u8], index: usize) -> Option<[u8; ENTRY_SIZE]> {
    entries.get(index.checked_mul(ENTRY_SIZE)?..)?.first_chunk().copied()
}

/// `None` when the table is sorted already.
fn sort_order(version: OrcVersion, ip: &[u8], ip_addr: LinkAddr, entries: &[u8]) -> Option<Vec<u32>> {
    let address = |index: usize| ip_at(ip, ip_addr, index).unwrap_or(u64::MAX);
    let count = ip.len() / IP_SIZE;
    if (1..count).all(|index| address(index - 1) <= address(index)) {
        return None;
    }
    let mut order: Vec<u32> = (0..u32::try_from(count).ok()?).collect();
    // Of two entries for one address the one that only marks the end of the code before it must not win.
    let is_real = |index: usize| {
        entry_at(entries, index)
            .and_then(|bytes| OrcEntry::decode(version, bytes))
            .is_some_and(|entry| entry.kind != OrcKind::Undefined)
    };
    order.sort_by_cached_key(|&index| (address(index as usize), is_real(index as usize)));
    Some(order)
}

fn find_in_sections(
    ip: &[u8],
    ip_addr: LinkAddr,
    entries: &[u8],
    order: Option<&[u32]>,
    pc: u64,
) -> Option<[u8; ENTRY_SIZE]> {
    let position = |rank: usize| match order {
        Some(order) => order.get(rank).map(|&index| index as usize),
        None => Some(rank),
    };
    let (mut low, mut high) = (0, ip.len() / IP_SIZE);
    while low < high {
        let middle = low + (high - low) / 2;
        if ip_at(ip, ip_addr, position(middle)?)? <= pc { low = middle + 1 } else { high = middle }
    }
    entry_at(entries, position(low.checked_sub(1)?)?)
}

fn find_in_memory(
    ip: VirtAddr,
    entries: VirtAddr,
    count: u64,
    pc: u64,
    memory: &dyn ReadMemory,
) -> Result<Option<[u8; ENTRY_SIZE]>, UnwindError> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        let place = ip.offset(middle * IP_SIZE as u64);
        let mut distance = [0u8; IP_SIZE];
        memory.read(place, &mut distance)?;
        let address = place.0.wrapping_add_signed(i64::from(i32::from_le_bytes(distance)));
        if address <= pc { low = middle + 1 } else { high = middle }
    }
    let Some(index) = low.checked_sub(1) else { return Ok(None) };
    let mut bytes = [0u8; ENTRY_SIZE];
    memory.read(entries.offset(index * ENTRY_SIZE as u64), &mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests;
