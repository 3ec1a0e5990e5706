//! Page-table walks of x86: from a linear address to a physical one, with every entry on the way.
//!
//! Intel SDM vol. 3, 4.5 (4-level and 5-level paging), 4.4 (PAE) and 4.3 (32-bit). The walk reads physical memory through a
//! closure; it touches one entry per level, so it ends whatever the tables hold.

use crate::{CpuState, PagingMode};
use kdive_base::{PhysAddr, VirtAddr};

/// Bits of a 64-bit entry that hold an address.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const PRESENT: u64 = 1;
const PAGE_SIZE: u64 = 1 << 7;
/// Bit of cr3 that chooses the user's half of a pair of tables where the kernel isolates its own (KPTI).
const PTI_USER: u64 = 1 << 12;

/// A tree of page tables.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PageTables {
    /// Physical address of the top table.
    pub root: PhysAddr,
    /// How it is read.
    pub mode: PagingMode,
}

/// What a table is called in Linux; the size of what one entry covers follows from it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Page table: 4 KiB for each entry.
    Pte,
    /// Page middle directory: 2 MiB (4 MiB with 32-bit paging, where it is the top).
    Pmd,
    /// Page upper directory: 1 GiB.
    Pud,
    /// 512 GiB; the same as the PGD with four levels.
    P4d,
    /// The top.
    Pgd,
}

impl Level {
    /// `PGD`, `P4D`, `PUD`, `PMD`, `PTE`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pte => "PTE",
            Self::Pmd => "PMD",
            Self::Pud => "PUD",
            Self::P4d => "P4D",
            Self::Pgd => "PGD",
        }
    }
}

/// One entry met on a walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its table.
    pub level: Level,
    /// Where it is.
    pub addr: PhysAddr,
    /// What it holds.
    pub value: u64,
    /// Its index in the table.
    pub index: u64,
}

impl Entry {
    /// Whether it leads on.
    #[must_use]
    pub const fn present(&self) -> bool {
        self.value & PRESENT != 0
    }

    /// The bits that are set, in the words of arch/x86/include/asm/pgtable_types.h: `PRESENT RW USER ...`.
    #[must_use]
    pub fn flags(&self, leaf: bool) -> Vec<&'static str> {
        const WORDS: [(u32, &str); 6] =
            [(0, "PRESENT"), (1, "RW"), (2, "USER"), (3, "PWT"), (4, "PCD"), (5, "ACCESSED")];
        let set = |bit: u32| self.value >> bit & 1 == 1;
        let mut words: Vec<_> = WORDS.iter().filter(|(bit, _)| set(*bit)).map(|(_, word)| *word).collect();
        if leaf {
            let large = self.level != Level::Pte;
            for (bit, word) in [(6, "DIRTY"), (7, if large { "PSE" } else { "PAT" }), (8, "GLOBAL")] {
                if set(bit) {
                    words.push(word);
                }
            }
        }
        if set(63) {
            words.push("NX");
        }
        words
    }
}

/// Where a walk ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Walk {
    /// Entries from the top down.
    pub entries: Vec<Entry>,
    /// The physical address, `None` when the last entry is not present.
    pub phys: Option<PhysAddr>,
    /// Bytes of the page, or of what the entry that is not present would have covered.
    pub size: u64,
}

impl PageTables {
    /// The tables a CPU uses; `None` without paging.
    #[must_use]
    pub fn of(state: &CpuState) -> Option<Self> {
        Some(Self { root: state.page_table_root?, mode: state.paging })
    }

    /// The kernel's tables where these are the reduced copy that user mode has of them (KPTI): the other one of the pair. Whether there
    /// is a pair is not checked: [`PageTables::isolated_from`].
    #[must_use]
    pub const fn kernel_side(self) -> Self {
        Self { root: PhysAddr(self.root.0 & !PTI_USER), mode: self.mode }
    }

    /// The kernel's tables if these are the reduced copy of them that user mode and the first and last instructions of the kernel
    /// have; `None` if they are not. The bit that tells the two apart may be an ordinary one of the address (without KPTI), but
    /// the halves of a pair have the process's own memory in common (arch/x86/mm/pti.c, `__pti_set_user_pgtbl`).
    ///
    /// # Errors
    /// That of `read`, which is given the place and size of an entry.
    pub fn isolated_from<E>(
        self,
        read: &mut dyn FnMut(PhysAddr, usize) -> Result<u64, E>,
    ) -> Result<Option<Self>, E> {
        const USER_ENTRIES: u64 = 256;
        let kernel = self.kernel_side();
        let paired = matches!(self.mode, PagingMode::FourLevel | PagingMode::FiveLevel) && kernel != self;
        // The stack is near the end.
        for index in (0..USER_ENTRIES).rev().filter(|_| paired) {
            let mut entry = |tables: Self| read(PhysAddr(tables.root.0.wrapping_add(index * 8)), 8);
            let entry_value = entry(self)?;
            if entry_value & 1 == 1 {
                let same = (entry_value ^ entry(kernel)?) & (ADDRESS | 1) == 0;
                return Ok(same.then_some(kernel));
            }
        }
        Ok(None)
    }

    /// Entry size and levels, top first, with the lowest bit of the address each looks at.
    const fn levels(self) -> (u64, &'static [(Level, u32, u32)]) {
        match self.mode {
            PagingMode::None => (8, &[]),
            PagingMode::Bits32 => (4, &[(Level::Pmd, 22, 10), (Level::Pte, 12, 10)]),
            PagingMode::Pae => (8, &[(Level::Pgd, 30, 2), (Level::Pmd, 21, 9), (Level::Pte, 12, 9)]),
            PagingMode::FourLevel => {
                (8, &[(Level::Pgd, 39, 9), (Level::Pud, 30, 9), (Level::Pmd, 21, 9), (Level::Pte, 12, 9)])
            }
            PagingMode::FiveLevel => (
                8,
                &[
                    (Level::Pgd, 48, 9),
                    (Level::P4d, 39, 9),
                    (Level::Pud, 30, 9),
                    (Level::Pmd, 21, 9),
                    (Level::Pte, 12, 9),
                ],
            ),
        }
    }

    /// Walks to an address. `read` reads an entry of 4 or 8 bytes of physical memory.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn walk<E>(
        self,
        addr: VirtAddr,
        read: &mut dyn FnMut(PhysAddr, usize) -> Result<u64, E>,
    ) -> Result<Walk, E> {
        let (entry_size, levels) = self.levels();
        let mut walk = Walk { entries: Vec::new(), phys: None, size: 0 };
        let mut table = self.root.0;
        for &(level, shift, bits) in levels {
            let index = addr.0 >> shift & ((1 << bits) - 1);
            let place = PhysAddr(table.wrapping_add(index * entry_size));
            let value = read(place, entry_size as usize)?;
            let entry = Entry { level, addr: place, value, index };
            walk.entries.push(entry);
            walk.size = 1 << shift;
            if !entry.present() {
                return Ok(walk);
            }
            // Bit 7 ends the walk early in tables that may map large pages; PAE's and the top ones may not.
            let large = value & PAGE_SIZE != 0 && matches!(level, Level::Pud | Level::Pmd);
            let mask = if entry_size == 4 { 0xffff_f000 } else { ADDRESS };
            if large || level == Level::Pte {
                let offset = addr.0 & (walk.size - 1);
                let mut base = value & mask & !(walk.size - 1);
                if entry_size == 4 && large {
                    // PSE-36: bits 39:32 of the address are in bits 20:13.
                    base = value & 0xffc0_0000 | (value >> 13 & 0xff) << 32;
                }
                walk.phys = Some(PhysAddr(base | offset));
                return Ok(walk);
            }
            table = value & mask;
        }
        // No paging: linear addresses are physical.
        if levels.is_empty() {
            walk.phys = Some(PhysAddr(addr.0));
            walk.size = 1 << 12;
        }
        Ok(walk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn check(tables: PageTables, entries: &[(u64, u64)], addr: u64) -> Walk {
        let memory: HashMap<u64, u64> = entries.iter().copied().collect();
        let mut read = |addr: PhysAddr, _| Ok::<_, ()>(memory.get(&addr.0).copied().unwrap_or(0));
        tables.walk(VirtAddr(addr), &mut read).unwrap()
    }

    const FOUR: PageTables = PageTables { root: PhysAddr(0x1000), mode: PagingMode::FourLevel };

    #[test]
    fn two_megabyte_page_of_a_kernel() {
        let entries = [(0x1ff8, 0x2063), (0x2ff0, 0x3063), (0x3048, 0x8000_0000_1060_11e3)];
        let walk = check(FOUR, &entries, 0xffff_ffff_8123_4567);
        // Bit 12 of a large page's entry is PAT, no address.
        assert_eq!(walk.phys, Some(PhysAddr(0x1063_4567)));
        assert_eq!(walk.size, 2 << 20);
        let names: Vec<_> = walk.entries.iter().map(|entry| (entry.level.name(), entry.index)).collect();
        assert_eq!(names, [("PGD", 511), ("PUD", 510), ("PMD", 9)]);
    }

    #[test]
    fn what_is_not_present_ends_the_walk() {
        let walk = check(FOUR, &[(0x1ff8, 0x2063)], 0xffff_ffff_8000_0000);
        assert_eq!((walk.phys, walk.size, walk.entries.len()), (None, 1 << 30, 2));
    }

    #[test]
    fn five_levels_and_a_small_page() {
        let five = PageTables { mode: PagingMode::FiveLevel, ..FOUR };
        let entries = [
            (0x1ff8, 0x2003),
            (0x2ff8, 0x3003),
            (0x3ff8, 0x4003),
            (0x4ff8, 0x5003),
            (0x5ff8, 0x8000_0000_0abc_d163),
        ];
        let walk = check(five, &entries, 0xffff_ffff_ffff_f123);
        assert_eq!((walk.phys, walk.size), (Some(PhysAddr(0xabc_d123)), 4096));
        let leaf = walk.entries.last().unwrap();
        assert_eq!(leaf.flags(true).join(" "), "PRESENT RW ACCESSED DIRTY GLOBAL NX");
        assert_eq!(five.kernel_side().root, PhysAddr(0));
    }

    #[test]
    fn the_other_one_of_a_pair() {
        let tables = |root| PageTables { root: PhysAddr(root), mode: PagingMode::FourLevel };
        let find = |root: u64, entries: &[(u64, u64)]| {
            let mut read = |at: PhysAddr, _| {
                Ok::<_, ()>(entries.iter().find(|entry| entry.0 == at.0).map_or(0, |entry| entry.1))
            };
            tables(root).isolated_from(&mut read).unwrap().map(|found| found.root.0)
        };
        // The kernel's own has the user's memory without permission to execute.
        let pair = [(0x5000 + 255 * 8, 0x7067), (0x4000 + 255 * 8, 0x8000_0000_0000_7067)];
        assert_eq!(find(0x5000, &pair), Some(0x4000));
        assert_eq!(find(0x4000, &pair), None);
        // What stands before the tables is something else.
        assert_eq!(find(0x5000, &[(0x5000 + 255 * 8, 0x7067), (0x4000 + 255 * 8, 0x9067)]), None);
        assert_eq!(find(0x5000, &[(0x5000 + 255 * 8, 0x7067)]), None);
        // No process.
        assert_eq!(find(0x5000, &[(0x5000 + 511 * 8, 0x7067), (0x4000 + 511 * 8, 0x7067)]), None);
    }

    #[test]
    fn pae_32_bit_and_none() {
        let pae = PageTables { root: PhysAddr(0x1000), mode: PagingMode::Pae };
        let entries = [(0x1018, 0x2001), (0x2000, 0x3001), (0x3008, 0x7001)];
        assert_eq!(check(pae, &entries, 0xc000_1234).phys, Some(PhysAddr(0x7234)));
        let bits32 = PageTables { root: PhysAddr(0x1000), mode: PagingMode::Bits32 };
        assert_eq!(check(bits32, &[(0x1c00, 0x0040_0083)], 0xc012_3456).phys, Some(PhysAddr(0x52_3456)));
        let none = PageTables { root: PhysAddr(0), mode: PagingMode::None };
        assert_eq!(check(none, &[], 0x7c00).phys, Some(PhysAddr(0x7c00)));
    }
}
