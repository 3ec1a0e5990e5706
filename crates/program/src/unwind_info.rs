//! What the unwinder asks about code, answered from the loaded modules.

use crate::Program;
use kdive_base::{LinkAddr, ReadMemory, VirtAddr};
use kdive_symbols::{CallSite, CallTarget, ElfKind, Module, ObjectFile};
use kdive_unwind::{
    Call, CfiKind, CfiSection, ObjectAt, OrcTable, Passed, RegisterSet, SectionBytes, UnwindInfo,
    UnwindTables,
};
use std::sync::Arc;

/// Bytes of code that distinguish a program from another one at the same address.
const CODE_COMPARED: usize = 16;

/// The breakpoint instruction of x86, which a debugger may have written there.
const BREAKPOINT: u8 = 0xcc;

/// A section of a mapped file; keeps the file alive.
struct MappedSection {
    object: Arc<ObjectFile>,
    name: &'static str,
}

impl AsRef<[u8]> for MappedSection {
    fn as_ref(&self) -> &[u8] {
        self.object.section_data(self.name).unwrap_or_default()
    }
}

fn section(object: &Arc<ObjectFile>, name: &'static str) -> Option<(SectionBytes, LinkAddr)> {
    let addr = object.section(name)?.addr;
    let bytes: SectionBytes = Arc::new(MappedSection { object: Arc::clone(object), name });
    Some((bytes, addr))
}

fn make_tables(object: &Arc<ObjectFile>) -> UnwindTables {
    let mut tables = UnwindTables::default();
    if let Some((bytes, addr)) = section(object, ".debug_frame") {
        tables.cfi.push(CfiSection::new(CfiKind::DebugFrame, bytes, addr));
    }
    if let Some((bytes, addr)) = section(object, ".eh_frame") {
        tables.cfi.push(CfiSection::new(CfiKind::EhFrame, bytes, addr));
    }
    if let Some((ip, ip_addr)) = section(object, ".orc_unwind_ip")
        && let Some((entries, _)) = section(object, ".orc_unwind")
    {
        let header = section(object, ".orc_header").map(|(bytes, _)| bytes);
        tables.orc = Some(OrcTable::in_file(header, ip, ip_addr, entries));
    }
    tables
}

impl Program {
    fn tables(&self, module: &Module) -> Arc<UnwindTables> {
        let mut tables = self.tables.borrow_mut();
        Arc::clone(tables.entry(module.id()).or_insert_with(|| Arc::new(make_tables(module.object()))))
    }
}

impl Program {
    /// Entry of the function a call site calls directly: of the same unit, or by name of another.
    pub(crate) fn callee_entry(&self, site: &CallSite) -> Option<VirtAddr> {
        site.target.or_else(|| self.modules.symbol_address(site.callee.as_deref()?))
    }
}

impl UnwindInfo for Program {
    fn object_at(&self, pc: VirtAddr) -> Option<ObjectAt> {
        let (module, _) = self.modules.module_at(pc)?;
        let slide = module.placement().slide;
        Some(ObjectAt { tables: self.tables(module), pc: module.to_link(pc), slide })
    }

    fn function_start(&self, pc: VirtAddr) -> Option<VirtAddr> {
        // The entry also for a cold part far from it: gdb identifies frames by it (`get_pc_function_start`).
        match self.modules.function_at(pc) {
            Some(function) => Some(function.entry()),
            None => self.modules.symbol_at(pc).map(|symbol| symbol.addr),
        }
    }

    fn epilogue_cfi_valid(&self, pc: VirtAddr) -> bool {
        self.modules
            .unit_at(pc)
            .and_then(|unit| unit.producer)
            .is_some_and(|producer| is_gcc_4_5_or_later(&producer))
    }

    fn inlined_calls(&self, pc: VirtAddr) -> usize {
        self.modules
            .scope_at(pc)
            .map_or(0, |scope| scope.frames().iter().filter(|frame| frame.is_inlined()).count())
    }

    fn call_site(&self, return_pc: VirtAddr) -> Option<Call> {
        // The call instruction may be the last of its function.
        let function = self.modules.function_at(VirtAddr(return_pc.0.wrapping_sub(1)))?;
        let site = function.call_site(return_pc)?;
        Some(Call { return_pc: site.return_pc, target: self.callee_entry(&site) })
    }

    fn passed(&self, function: VirtAddr) -> Passed<'_> {
        // gdb gives up at a function that has a cold part, because to it each part is a callee of its own.
        let Some(calls) = self.modules.tail_calls_from(function) else {
            let inside = self.modules.function_at(function);
            let whole = inside.is_none_or(|function| function.ranges().len() == 1);
            return if whole { Passed::Unknown } else { Passed::Barred };
        };
        if !calls.is_contiguous() {
            return Passed::Barred;
        }
        Passed::Known(Box::new(calls.map(|call| {
            let target = match call.target {
                Some(CallTarget::Entry(entry)) => Some(entry),
                Some(CallTarget::Name(name)) => self.modules.symbol_address(&name),
                None => None,
            };
            Call { return_pc: call.return_pc, target }
        })))
    }

    fn is_at_hand(&self, function: VirtAddr) -> bool {
        self.modules.is_unit_read(function)
    }

    fn is_user_code(&self, pc: VirtAddr) -> bool {
        // Modules of the kernel that are not placed yet lie at low addresses too.
        pc.0 >> 63 == 0
            && self.modules.module_at(pc).is_some_and(|(module, _)| {
                !module.is_kernel() && module.object().kind() != ElfKind::Relocatable
            })
    }

    fn is_in_place(&self, pc: VirtAddr) -> bool {
        let (mut there, mut loaded) = ([0; CODE_COMPARED], [0; CODE_COMPARED]);
        // What cannot be read cannot be distinguished from the program.
        if self.read(pc, &mut there).is_err() || self.modules.image().read(pc, &mut loaded).is_err() {
            return true;
        }
        there.iter().zip(loaded).all(|(&there, loaded)| there == loaded || there == BREAKPOINT)
    }

    fn is_return_trampoline(&self, pc: VirtAddr) -> bool {
        self.os.as_ref().is_some_and(|os| os.is_return_trampoline(self, pc))
    }

    fn before_call(&self, pc: VirtAddr, sp: VirtAddr) -> Option<RegisterSet> {
        self.registers_before_call(pc, sp)
    }

    fn true_return(&self, return_pc: VirtAddr, slot: VirtAddr) -> Option<VirtAddr> {
        self.os.as_ref()?.true_return(self, return_pc, slot)
    }

    fn return_from_inside(
        &self,
        trampoline: VirtAddr,
        sp: VirtAddr,
        holds: &[u64],
    ) -> Option<(VirtAddr, VirtAddr)> {
        self.os.as_ref()?.return_from_inside(self, trampoline, sp, holds)
    }
}

/// Reads `DW_AT_producer`: `GNU C11 12.2.0 -mno-sse ...`. The assembler calls itself `GNU AS 2.40`, which is no 4.5.
fn is_gcc_4_5_or_later(producer: &str) -> bool {
    let version = producer.strip_prefix("GNU ").and_then(|rest| rest.split_once(' '));
    let mut numbers = version.map_or("", |(_, version)| version).split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next().and_then(|number| number.parse::<u32>().ok());
    matches!((number(), number()), (Some(major), Some(minor)) if (major, minor) >= (4, 5))
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
