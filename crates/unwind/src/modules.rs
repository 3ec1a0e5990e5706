//! [`UnwindInfo`] answered from a [`ModuleSet`]: the usual case.

use crate::info::Call;
use crate::{CfiKind, CfiSection, ObjectAt, OrcTable, SectionBytes, UnwindInfo, UnwindTables};
use kdive_base::{LinkAddr, VirtAddr};
use kdive_symbols::{ModuleSet, ObjectFile};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A section of an object file that keeps the file mapped.
struct ObjectSection {
    object: Arc<ObjectFile>,
    name: &'static str,
}

impl AsRef<[u8]> for ObjectSection {
    fn as_ref(&self) -> &[u8] {
        self.object.section_data(self.name).unwrap_or_default()
    }
}

impl UnwindTables {
    /// The tables of an object file. Nothing is read until an address is looked up.
    #[must_use]
    pub fn of_object(object: &Arc<ObjectFile>) -> Self {
        let bytes = |name| -> SectionBytes { Arc::new(ObjectSection { object: Arc::clone(object), name }) };
        let cfi = [CfiKind::DebugFrame, CfiKind::EhFrame]
            .into_iter()
            .filter_map(|kind| {
                let section = object.section(kind.section_name())?;
                let addr = if kind == CfiKind::EhFrame { section.addr } else { LinkAddr(0) };
                Some(CfiSection::new(kind, bytes(kind.section_name()), addr))
            })
            .collect();
        let orc = object.section(".orc_unwind").and(object.section(".orc_unwind_ip")).map(|ip| {
            let header = object.section(".orc_header").map(|_| bytes(".orc_header"));
            OrcTable::in_file(header, bytes(".orc_unwind_ip"), ip.addr, bytes(".orc_unwind"))
        });
        Self { cfi, orc }
    }
}

/// The unwind tables of all object files met so far. Keep one as long as the session.
#[derive(Default, Debug)]
pub struct TableCache {
    // A list: there are a few dozen modules, and pointers make no good keys once an object is gone.
    tables: Mutex<Vec<(Weak<ObjectFile>, Arc<UnwindTables>)>>,
}

impl TableCache {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tables of `object`.
    pub fn tables(&self, object: &Arc<ObjectFile>) -> Arc<UnwindTables> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tables.iter().find(|(known, _)| std::ptr::eq(known.as_ptr(), Arc::as_ptr(object)));
        if let Some((_, known)) = known {
            return Arc::clone(known);
        }
        let made = Arc::new(UnwindTables::of_object(object));
        tables.push((Arc::downgrade(object), Arc::clone(&made)));
        made
    }

    /// Lets go of the tables of object files that are no longer in `modules`.
    pub fn retain(&self, modules: &ModuleSet) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.retain(|(known, _)| {
            modules.modules().iter().any(|module| std::ptr::eq(known.as_ptr(), Arc::as_ptr(module.object())))
        });
    }
}

/// Answers the unwinder from the loaded object files.
#[derive(Clone, Copy, Debug)]
pub struct ModuleUnwind<'a> {
    /// The object files at their places.
    pub modules: &'a ModuleSet,
    /// Their tables.
    pub tables: &'a TableCache,
}

impl UnwindInfo for ModuleUnwind<'_> {
    fn object_at(&self, pc: VirtAddr) -> Option<ObjectAt> {
        let (module, _) = self.modules.module_at(pc)?;
        Some(ObjectAt {
            tables: self.tables.tables(module.object()),
            pc: module.to_link(pc),
            slide: module.placement().slide,
        })
    }

    fn function_start(&self, pc: VirtAddr) -> Option<VirtAddr> {
        match self.modules.function_at(pc) {
            Some(function) => Some(function.entry()),
            None => self.modules.symbol_at(pc).map(|symbol| symbol.addr),
        }
    }

    fn epilogue_cfi_valid(&self, pc: VirtAddr) -> bool {
        let unit = self.modules.unit_at(pc);
        unit.and_then(|unit| unit.producer).is_some_and(|producer| is_gcc_4_5_or_later(&producer))
    }

    fn inlined_calls(&self, pc: VirtAddr) -> usize {
        let scope = self.modules.scope_at(pc);
        scope.map_or(0, |scope| scope.frames().iter().filter(|frame| frame.is_inlined()).count())
    }

    fn call_site(&self, return_pc: VirtAddr) -> Option<Call> {
        let function = self.modules.function_at(VirtAddr(return_pc.0.wrapping_sub(1)))?;
        let site = function.call_site(return_pc)?;
        Some(Call { return_pc: site.return_pc, target: site.target })
    }

    fn tail_calls(&self, function: VirtAddr) -> Option<Vec<Call>> {
        let found = self.modules.function_at(function).filter(|found| found.entry() == function)?;
        let calls = found.tail_calls();
        Some(calls.into_iter().map(|site| Call { return_pc: site.return_pc, target: site.target }).collect())
    }
}

/// Reads `DW_AT_producer`: `GNU C11 12.2.0 -mno-sse ...`; the assembler calls itself `GNU AS 2.40`.
fn is_gcc_4_5_or_later(producer: &str) -> bool {
    let Some((_, rest)) = producer.strip_prefix("GNU ").and_then(|rest| rest.split_once(' ')) else {
        return false;
    };
    let mut numbers = rest.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (4, 5),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_gcc_4_5_or_later;

    #[test]
    fn producers() {
        assert!(is_gcc_4_5_or_later("GNU C11 12.2.0 -mno-sse -O2"));
        assert!(is_gcc_4_5_or_later("GNU C 4.5.1"));
        assert!(!is_gcc_4_5_or_later("GNU C 4.4.7"));
        assert!(!is_gcc_4_5_or_later("GNU AS 2.40"));
        assert!(!is_gcc_4_5_or_later("Debian clang version 14.0.6"));
        assert!(!is_gcc_4_5_or_later("GNU C11"));
    }
}
