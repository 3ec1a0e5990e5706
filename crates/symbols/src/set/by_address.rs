//! What is at an address.

use super::ModuleSet;
use crate::dwarf::{DebugInfo, LineHit, LineTables};
use crate::elf::Section;
use crate::elf::symtab::{Entry, SymbolTable};
use crate::{Function, Line, Module, Scope, SourceName, Symbol, TailCalls, UnitInfo};
use kdive_base::{AddrRange, LinkAddr, VirtAddr};
use std::sync::Arc;

impl Symbol {
    pub(crate) fn new(module: &Arc<Module>, symbols: &SymbolTable, entry: &Entry) -> Self {
        Self {
            name: symbols.name(entry).into(),
            addr: module.to_virt(entry.addr),
            size: entry.size,
            kind: entry.kind,
            section: symbols.section(entry).map(|section| Arc::clone(&section.name)),
            module: Arc::clone(module),
        }
    }
}

impl ModuleSet {
    /// The module one of whose allocated sections contains the address, with that section.
    #[must_use]
    pub fn module_at(&self, addr: VirtAddr) -> Option<(&Arc<Module>, &Section)> {
        self.modules
            .iter()
            .find_map(|module| Some((module, module.object().section_at(module.to_link(addr))?)))
    }

    pub(crate) fn debug_at(&self, addr: VirtAddr) -> Option<(&Arc<Module>, &Arc<DebugInfo>, u64)> {
        let (module, _) = self.module_at(addr)?;
        Some((module, module.object().debug()?, module.to_link(addr).0))
    }

    fn entry_at(&self, addr: VirtAddr) -> Option<(&Arc<Module>, &SymbolTable, &Entry, &Section)> {
        let (module, section) = self.module_at(addr)?;
        let symbols = module.object().symbols();
        Some((module, symbols, symbols.lookup(module.to_link(addr), section)?, section))
    }

    /// The ELF symbol an address belongs to, by gdb's rules of preference (`lookup_minimal_symbol_by_pc`).
    #[must_use]
    pub fn symbol_at(&self, addr: VirtAddr) -> Option<Symbol> {
        let (module, symbols, entry, _) = self.entry_at(addr)?;
        Some(Symbol::new(module, symbols, entry))
    }

    /// As [`ModuleSet::signed_symbolic`]; the part of a function that lies before its entry goes by its ELF symbol.
    #[must_use]
    pub fn symbolic(&self, addr: VirtAddr, prefer_function: bool) -> Option<(Arc<str>, u64)> {
        let (name, offset) = self.signed_symbolic(addr, prefer_function)?;
        if let Ok(offset) = u64::try_from(offset) {
            return Some((name, offset));
        }
        let symbol = self.symbol_at(addr)?;
        Some((symbol.name, addr.0.wrapping_sub(symbol.addr.0)))
    }

    /// Name and offset for `<name+offset>` (gdb's `build_address_symbolic`): the function, also in its cold part, where
    /// the offset may be large or negative (`<name-16>`); an ELF symbol where there is no function or, unless
    /// `prefer_function` as in `disassemble`, one that begins exactly at the address.
    #[must_use]
    pub fn signed_symbolic(&self, addr: VirtAddr, prefer_function: bool) -> Option<(Arc<str>, i64)> {
        let function = self.function_at(addr);
        // A label of size zero in data is not worth a name.
        let symbol = self.symbol_at(addr).filter(|symbol| symbol.size != 0 || symbol.kind.is_text());
        let (name, start) = match (function, symbol) {
            (Some(function), Some(symbol))
                if !prefer_function && symbol.addr == addr && function.entry() != addr =>
            {
                (symbol.name, symbol.addr)
            }
            (Some(function), _) => (function.shared_name(), function.entry()),
            (None, Some(symbol)) => (symbol.name, symbol.addr),
            (None, None) => return None,
        };
        Some((name, addr.0.wrapping_sub(start.0) as i64))
    }

    /// Start and end of the function an address is in, from debug information or else from symbols (gdb's
    /// `find_pc_partial_function`), with its name. Of a function in several parts, the part with the address.
    #[must_use]
    pub fn function_bounds(&self, addr: VirtAddr) -> Option<(Arc<str>, AddrRange)> {
        let symbol = self.entry_at(addr);
        if let Some(function) = self.function_at(addr)
            && symbol.is_none_or(|(module, _, entry, _)| function.entry() >= module.to_virt(entry.addr))
            && let Some(range) = function.ranges().into_iter().find(|range| range.contains(addr))
        {
            return Some((function.shared_name(), range));
        }
        let (module, symbols, entry, section) = symbol?;
        let end = symbols.upper_bound(entry, section);
        Some((symbols.name(entry).into(), AddrRange::new(module.to_virt(entry.addr), module.to_virt(end))))
    }

    /// The line of an address. `for_call`: the address is a return address, so look one byte before
    /// (gdb's `notcurrent`).
    #[must_use]
    pub fn line_at(&self, addr: VirtAddr, for_call: bool) -> Option<Line> {
        let addr = if for_call { VirtAddr(addr.0.wrapping_sub(1)) } else { addr };
        let (module, debug, pc) = self.debug_at(addr)?;
        let unit = debug.unit_at(pc)?;
        let tables = debug.line_tables(unit)?;
        let hit = tables.find(pc)?;
        make_line(module, debug, unit, tables, hit)
    }

    /// Whether a line table entry marked `is_stmt` begins exactly here.
    #[must_use]
    pub fn is_line_start(&self, addr: VirtAddr) -> bool {
        self.line_at(addr, false).is_some_and(|line| line.is_stmt && line.start == addr)
    }

    /// All line table entries within a range in address order, for `disassemble /s` and stepping. The first may begin
    /// before the range.
    #[must_use]
    pub fn lines_in(&self, range: AddrRange) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut at = range.start;
        while range.contains(at) {
            let Some((module, debug, pc)) = self.debug_at(at) else { break };
            let Some(unit) = debug.unit_at(pc) else { break };
            let Some(tables) = debug.line_tables(unit) else { break };
            let until = module.to_link(range.end).0;
            if lines.is_empty()
                && let Some(hit) = tables.find(pc)
            {
                lines.extend(make_line(module, debug, unit, tables, hit));
            }
            for start in tables.starts_in(pc, until) {
                if let Some(hit) = tables.find(start).filter(|hit| hit.start == start) {
                    let line = make_line(module, debug, unit, tables, hit);
                    lines.extend(line.filter(|line| lines.last().is_none_or(|last| last.start < line.start)));
                }
            }
            // The range may go on in the code of the next unit.
            let next = debug.unit_end(unit, pc).filter(|&end| end > pc);
            match next {
                Some(end) => at = module.to_virt(LinkAddr(end)),
                None => break,
            }
        }
        lines
    }

    /// The function with debug information that contains the address.
    #[must_use]
    pub fn function_at(&self, addr: VirtAddr) -> Option<Function> {
        let (module, section) = self.module_at(addr)?;
        let (debug, pc) = (module.object().debug()?, module.to_link(addr));
        let symbols = || {
            let symbols = module.object().symbols();
            let nearest = symbols.lookup(pc, section);
            nearest.map_or_else(Vec::new, |nearest| symbols.names_at(nearest.addr).collect())
        };
        Some(Function::new(module, debug, debug.function_at(pc.0, symbols)?))
    }

    /// The tail calls of the function whose entry the address is; for one of many units, of each of which as little as
    /// possible is read. `None` without such a function.
    #[must_use]
    pub fn tail_calls_from(&self, entry: VirtAddr) -> Option<TailCalls> {
        let (module, debug, pc) = self.debug_at(entry)?;
        let names: Vec<&str> = module.object().symbols().names_at(LinkAddr(pc)).collect();
        if let Some(outline) = debug.outline(pc, &names) {
            return Some(TailCalls::of_outline(module, debug, outline));
        }
        let info = debug.function_at(pc, || names).filter(|function| function.entry() == pc)?;
        Some(TailCalls::of_function(Function::new(module, debug, info)))
    }

    /// Whether something of the compilation unit of an address has been read.
    #[must_use]
    pub fn is_unit_read(&self, addr: VirtAddr) -> bool {
        self.debug_at(addr).is_some_and(|(_, debug, pc)| debug.is_unit_read(pc))
    }

    /// The blocks the address lies in.
    #[must_use]
    pub fn scope_at(&self, addr: VirtAddr) -> Option<Scope> {
        Scope::new(self.function_at(addr)?, addr)
    }

    /// Whether two rows of the line table stand at an address: how some compilers mark an empty prologue.
    pub(crate) fn has_two_rows_at(&self, addr: VirtAddr) -> bool {
        let Some((_, debug, pc)) = self.debug_at(addr) else { return false };
        let tables = debug.unit_at(pc).and_then(|unit| debug.line_tables(unit));
        tables.is_some_and(|tables| tables.find(pc).is_some_and(|hit| tables.rows_at(hit.file, pc) > 1))
    }

    /// The compilation unit of an address.
    #[must_use]
    pub fn unit_at(&self, addr: VirtAddr) -> Option<UnitInfo> {
        let (_, debug, pc) = self.debug_at(addr)?;
        Some(debug.unit_facts(debug.unit_at(pc)?))
    }
}

pub(crate) fn make_line(
    module: &Module,
    debug: &DebugInfo,
    unit: usize,
    tables: &LineTables,
    hit: LineHit,
) -> Option<Line> {
    let end = hit.end.or_else(|| debug.unit_data(unit)?.ranges.iter().map(|range| range.1).max());
    let file = tables.files.files.get(hit.file)?;
    Some(Line {
        file: SourceName { name: Arc::clone(&file.name), comp_dir: debug.unit_data(unit)?.comp_dir.clone() },
        line: hit.line,
        start: module.to_virt(LinkAddr(hit.start)),
        end: module.to_virt(LinkAddr(end.unwrap_or(hit.start))),
        is_stmt: hit.is_stmt,
    })
}
