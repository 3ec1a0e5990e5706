//! Address translation of the running kernel: the tables of the selected CPU, and those of any task's address space.

use crate::{Error, Object};
use kdive_arch::paging::{Entry, Level, PageTables, Walk};
use kdive_base::{Fault, PhysAddr, VirtAddr};
use kdive_program::Program;

/// The page tables the selected CPU (or the CPU on which a sleeping task is selected) uses.
#[must_use]
pub fn page_tables(program: &Program) -> Option<PageTables> {
    PageTables::of(&program.cpu_state()?)
}

/// Walks page tables.
///
/// # Errors
/// [`Error::Memory`] where an entry cannot be read, for want of physical memory or because a table is corrupt.
pub fn walk(program: &Program, tables: PageTables, addr: VirtAddr) -> Result<Walk, Error> {
    Ok(tables.walk(addr, &mut entries(program)?)?)
}

/// Reads entries of page tables.
fn entries(program: &Program) -> Result<impl FnMut(PhysAddr, usize) -> Result<u64, Fault>, Error> {
    let machine = program.machine().ok_or(Error::Memory(Fault::unmapped(VirtAddr(0))))?;
    Ok(|at: PhysAddr, size: usize| {
        let mut bytes = [0; 8];
        machine.read_physical(at, bytes.get_mut(..size).unwrap_or_default())?;
        Ok(u64::from_le_bytes(bytes))
    })
}

/// The physical address of a kernel address, through the page tables of the selected CPU.
///
/// # Errors
/// [`Error::Memory`].
pub fn physical(program: &Program, addr: VirtAddr) -> Result<PhysAddr, Error> {
    let unmapped = || Error::Memory(Fault::unmapped(addr));
    let tables = page_tables(program).ok_or_else(unmapped)?;
    if let Some(phys) = walk(program, tables, addr)?.phys {
        return Ok(phys);
    }
    // In user mode behind page-table isolation.
    let kernel = tables.isolated_from(&mut entries(program)?)?.ok_or_else(unmapped)?;
    walk(program, kernel, addr)?.phys.ok_or_else(unmapped)
}

/// The page tables of an address space, from `mm->pgd` (include/linux/mm_types.h).
///
/// # Errors
/// As [`physical`].
pub fn tables_of_mm(program: &Program, mm: VirtAddr) -> Result<PageTables, Error> {
    let pgd = Object::of_struct(program, "mm_struct", mm)?.member("pgd")?.pointer()?;
    let current = page_tables(program).ok_or_else(|| Error::Memory(Fault::unmapped(mm)))?;
    Ok(PageTables { root: physical(program, pgd)?, mode: current.mode })
}

/// The value of an entry of the lowest level, for its flags in words.
#[must_use]
pub fn page_entry(value: u64) -> Entry {
    Entry { level: Level::Pte, addr: PhysAddr(0), value, index: 0 }
}
