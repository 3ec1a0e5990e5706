//! Where a breakpoint on a function goes: gdb's prologue rules.
//!
//! Followed: `find_function_start_sal`, `skip_prologue_sal` (symtab.c) and `amd64_skip_prologue` (amd64-tdep.c) of gdb 13.
//! For optimised code of gcc 4.5 and later the place is the function's first instruction, since its location lists are right
//! from there; other code is entered after `push %rbp; mov %rsp,%rbp` and then at the next line.

use crate::{Line, ModuleSet, SourceName};
use kdive_arch::Arch;
use kdive_base::{ReadMemory, VirtAddr};

/// The place of a function or line while it is looked for.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) pc: VirtAddr,
    pub(super) end: Option<VirtAddr>,
    pub(super) file: Option<SourceName>,
    pub(super) line: u32,
}

impl Place {
    fn of_line(pc: VirtAddr, line: Option<Line>) -> Self {
        match line {
            Some(line) => Self { pc, end: Some(line.end), file: Some(line.file), line: line.line },
            None => Self { pc, end: None, file: None, line: 0 },
        }
    }
}

/// The place of a function that begins at `entry`.
pub(super) fn function_start(set: &ModuleSet, entry: VirtAddr, skip: bool, code: &dyn ReadMemory) -> Place {
    let line = set.line_at(entry, false);
    if let Some(line) = line.as_ref()
        && skip
        && (set.locations_valid_at(entry) || set.is_assembly(entry))
    {
        return Place::of_line(entry, Some(line.clone()));
    }
    // A row that begins before the function is not its own.
    let mut place = Place::of_line(entry, line.filter(|line| line.start == entry));
    if skip {
        skip_prologue(set, &mut place, code);
    }
    place
}

/// Moves a place after the prologue of the function it is in, unless it is already.
pub(super) fn skip_prologue(set: &ModuleSet, place: &mut Place, code: &dyn ReadMemory) {
    let function = set.function_at(place.pc);
    let entry = match &function {
        Some(function) => function.entry(),
        None => match set.symbol_at(place.pc) {
            Some(symbol) => symbol.addr,
            None => return,
        },
    };
    let trusted = function.is_some() && set.locations_valid_at(entry);
    let mut pc = entry;
    if !trusted {
        pc = machine_skip(set, entry, code);
        // In the middle of a line: the next one is the first of the body, if it is still in the function.
        if let Some(line) = set.line_at(pc, false).filter(|line| line.start != pc) {
            let inside = match &function {
                // gdb takes a function for one piece here, from its entry to its highest address.
                Some(function) => {
                    let end = function.ranges().iter().map(|range| range.end).max().unwrap_or(entry);
                    entry <= line.end && line.end < end
                }
                None => {
                    let same = |addr| set.symbol_at(addr).map(|symbol| symbol.addr);
                    same(line.end).is_some() && same(line.end) == same(pc)
                }
            };
            if inside {
                pc = line.end;
            }
        }
    }
    if place.pc >= pc {
        return;
    }
    *place = Place::of_line(pc, set.line_at(pc, false));
    // At the start of an inlined call the line shown is that of the call.
    if let Some(scope) = set.scope_at(pc) {
        let calls = scope.frames().into_iter().filter(crate::FrameScope::is_inlined);
        if let Some((file, line)) = calls.last().and_then(|frame| frame.call_site_line())
            && line != 0
        {
            place.file = Some(file);
            place.line = line;
        }
    }
}

impl ModuleSet {
    /// Where the prologue of the function at `entry` ends by its instructions (gdb's `gdbarch_skip_prologue`): `entry` itself when
    /// nothing is known.
    #[must_use]
    pub fn prologue_end(&self, entry: VirtAddr, code: &dyn ReadMemory) -> VirtAddr {
        machine_skip(self, entry, code)
    }
}

/// `gdbarch_skip_prologue`: by the instructions, or by lines where gdb trusts the compiler or does not know the processor.
fn machine_skip(set: &ModuleSet, entry: VirtAddr, code: &dyn ReadMemory) -> VirtAddr {
    let arch = set
        .module_at(entry)
        .map(|(module, _)| Arch::from_elf(module.object().machine(), module.object().is_64()))
        .filter(|arch| !arch.is_foreign());
    let by_lines = || second_line(set, entry).filter(|&pc| pc.0 != 0);
    let trusts_lines = || {
        let producer = set.unit_at(entry).and_then(|unit| unit.producer);
        producer.is_some_and(|producer| producer.contains("clang ") || producer.contains("flang"))
    };
    match arch {
        Some(arch) if !trusts_lines() => {
            // A program's pages are mapped while it runs; the breakpoint is set while another task does.
            let code = match code.read(entry, &mut [0; 16]) {
                Ok(()) => code,
                Err(_) => set.image(),
            };
            arch.analyze_prologue(code, entry, VirtAddr(u64::MAX)).end
        }
        _ => by_lines().map_or(entry, |pc| pc.max(entry)),
    }
}

/// `skip_prologue_using_sal`: where a compiler that marks the end of the prologue by a second line has put it.
fn second_line(set: &ModuleSet, entry: VirtAddr) -> Option<VirtAddr> {
    let (_, bounds) = set.function_bounds(entry)?;
    let mut prologue = set.line_at(bounds.start, false)?;
    if set.has_two_rows_at(bounds.start) {
        return Some(bounds.start);
    }
    if prologue.end >= bounds.end {
        return None;
    }
    while prologue.end < bounds.end {
        let Some(line) = set.line_at(prologue.end, false) else { break };
        if line.line >= prologue.line || line.file != prologue.file || line.end <= prologue.end {
            break;
        }
        // A smaller line of an inlined function says nothing.
        if set
            .scope_at(prologue.end)
            .is_some_and(|scope| scope.frames().iter().any(crate::FrameScope::is_inlined))
        {
            break;
        }
        prologue = line;
    }
    Some(if prologue.end < bounds.end { prologue.end } else { prologue.start })
}
