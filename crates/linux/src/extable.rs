//! The exception tables: instructions that may fault, mostly those that use user memory, and where the code goes on then.
//!
//! `struct exception_table_entry` (arch/x86/include/asm/extable.h): `insn` and `fixup`, relative to themselves where they are
//! 32 bits wide, else addresses. The kernel's own table and that of each module are their sections `__ex_table`.

use crate::Object;
use crate::field::Field;
use kdive_base::{AddrRange, ReadMemory, VirtAddr};
use kdive_program::Program;
use kdive_symbols::{ElfKind, Module, ModuleId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Largest table that is read: vmlinux has 50 KB.
const MAX_BYTES: u64 = 4 << 20;

/// An instruction and its fixup.
type Entry = (VirtAddr, VirtAddr);
/// A table.
type Table = Rc<[Entry]>;

/// The tables read so far, by file and where it is, in the order of the instructions.
#[derive(Debug, Default)]
pub(crate) struct ExceptionTables(RefCell<BTreeMap<(ModuleId, u64), Table>>);

impl ExceptionTables {
    /// Where code in `range` goes on when one of its instructions faults. Nothing where there is no table to read.
    pub(crate) fn fixups(&self, program: &Program, range: AddrRange) -> Vec<VirtAddr> {
        let Some((module, _)) = program.modules.module_at(range.start) else { return Vec::new() };
        let key = (module.id(), module.placement().slide);
        let known = self.0.borrow().get(&key).cloned();
        let table = known.unwrap_or_else(|| {
            let table: Table = read(program, module).unwrap_or_default().into();
            self.0.borrow_mut().insert(key, Rc::clone(&table));
            table
        });
        let first = table.partition_point(|&(insn, _)| insn < range.start);
        table
            .iter()
            .skip(first)
            .take_while(|&&(insn, _)| range.contains(insn))
            .map(|&(_, fixup)| fixup)
            .collect()
    }
}

fn read(program: &Program, module: &Module) -> Option<Vec<Entry>> {
    let object = module.object();
    let section = object.section("__ex_table").filter(|section| section.size <= MAX_BYTES)?;
    let start = module.to_virt(section.addr);
    let live;
    let bytes = match object.kind() {
        // Differences do not change when the kernel moves.
        ElfKind::Executable | ElfKind::Dynamic => object.section_data("__ex_table")?,
        _ => {
            let mut bytes = vec![0; usize::try_from(section.size).ok()?];
            program.read(start, &mut bytes).ok()?;
            live = bytes;
            &live
        }
    };
    let entry = Object::of_struct(program, "exception_table_entry", VirtAddr(0)).ok()?;
    let size = usize::try_from(entry.ty().size()?).ok().filter(|&size| size > 0)?;
    let insn = Field::new(&entry, "insn").ok()?;
    let fixup = Field::new(&entry, "fixup").ok()?;
    let mut table: Vec<_> = bytes
        .chunks_exact(size)
        .zip((start.0..).step_by(size))
        .map(|(bytes, at)| {
            let address = |field: &Field| {
                let value = field.get(bytes, 0);
                VirtAddr(match field.size {
                    4 => at.wrapping_add(field.offset).wrapping_add_signed(i64::from(value as u32 as i32)),
                    _ => value,
                })
            };
            (address(&insn), address(&fixup))
        })
        .collect();
    table.sort_unstable();
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;

    fn fixups_of(source: &str) -> Vec<(u64, u64)> {
        let program = image(source);
        let start = program.modules.symbols_named("user").first().unwrap().addr;
        let tables = ExceptionTables::default();
        let whole = tables.fixups(&program, AddrRange::new(start, start.offset(0x40)));
        let part = tables.fixups(&program, AddrRange::new(start.offset(1), start.offset(3)));
        assert_eq!(part, whole.iter().skip(1).copied().collect::<Vec<_>>());
        whole.iter().enumerate().map(|(n, fixup)| (n as u64, fixup.0 - start.0)).collect()
    }

    #[test]
    fn entries_relative_to_themselves_and_absolute_ones() {
        let relative = r#"
            struct exception_table_entry { int insn, fixup, data; } unused;
            __asm__(".text; .globl user; .type user, @function; user: .fill 64, 1, 0x90; .size user, 64;"
                    ".section __ex_table, \"a\";"
                    ".long user + 2 - ., user + 0x20 - ., 3; .long user - ., user + 0x10 - ., 3;"
                    ".long user + 64 - ., user - ., 3; .text");
            extern char user[]; char *keep = user;"#;
        assert_eq!(fixups_of(relative), [(0, 0x10), (1, 0x20)]);
        let absolute = r#"
            struct exception_table_entry { unsigned long insn, fixup; } unused;
            __asm__(".text; .globl user; .type user, @function; user: .fill 64, 1, 0x90; .size user, 64;"
                    ".section __ex_table, \"a\"; .quad user, user + 0x10, user + 2, user + 0x20; .text");
            extern char user[]; char *keep = user;"#;
        assert_eq!(fixups_of(absolute), [(0, 0x10), (1, 0x20)]);
    }

    #[test]
    fn no_table_no_fixups() {
        let program = image("void user(void) { }");
        let start = program.modules.symbols_named("user").first().unwrap().addr;
        let range = AddrRange::new(start, start.offset(64));
        assert_eq!(ExceptionTables::default().fixups(&program, range), []);
        assert_eq!(
            ExceptionTables::default().fixups(&program, AddrRange::new(VirtAddr(8), VirtAddr(16))),
            []
        );
    }
}
