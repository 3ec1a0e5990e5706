//! The tables of places that are rewritten: in vmlinux between two symbols of the linker's script, in a module a section of its own.
//!
//! Of a module too they are read from the file, placed where the module is: some lie in memory that it has given back.

use crate::identity::symbol;
use kdive_base::{AddrRange, LinkAddr, VirtAddr};
use kdive_program::Program;
use kdive_symbols::{ElfKind, Module, Relocated, Section, Target};
use std::sync::Arc;

/// Names of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableName {
    /// Symbols around it in vmlinux.
    pub(crate) kernel: (&'static str, &'static str),
    /// Its section in a module.
    pub(crate) section: &'static str,
}

const fn name(start: &'static str, end: &'static str, section: &'static str) -> TableName {
    TableName { kernel: (start, end), section }
}

pub(crate) const JUMP_LABELS: TableName = name("__start___jump_table", "__stop___jump_table", "__jump_table");
pub(crate) const STATIC_CALLS: TableName =
    name("__start_static_call_sites", "__stop_static_call_sites", ".static_call_sites");
pub(crate) const MCOUNT: TableName = name("__start_mcount_loc", "__stop_mcount_loc", "__mcount_loc");
pub(crate) const ALTERNATIVES: TableName =
    name("__alt_instructions", "__alt_instructions_end", ".altinstructions");
pub(crate) const PARAVIRT: TableName =
    name("__parainstructions", "__parainstructions_end", ".parainstructions");
pub(crate) const RETPOLINES: TableName =
    name("__retpoline_sites", "__retpoline_sites_end", ".retpoline_sites");
pub(crate) const RETURNS: TableName = name("__return_sites", "__return_sites_end", ".return_sites");
pub(crate) const CALLS: TableName = name("__call_sites", "__call_sites_end", ".call_sites");
pub(crate) const ENDBR: TableName = name("__ibt_endbr_seal", "__ibt_endbr_seal_end", ".ibt_endbr_seal");
pub(crate) const SMP_LOCKS: TableName = name("__smp_locks", "__smp_locks_end", ".smp_locks");

/// Larger than any of the tables.
const MAX_TABLE: u64 = 64 << 20;

/// The tables of the kernel image, or of a module.
pub(crate) struct Tables<'a> {
    pub(crate) program: &'a Program,
    /// The module's file; `None` for the kernel.
    module: Option<&'a Arc<Module>>,
}

impl<'a> Tables<'a> {
    /// Those of the kernel image.
    pub(crate) fn of_kernel(program: &'a Program) -> Self {
        Self { program, module: None }
    }

    /// Those of a module.
    pub(crate) fn of_module(program: &'a Program, module: &'a Arc<Module>) -> Self {
        Self { program, module: Some(module) }
    }

    /// The bytes of a table, and where they begin.
    pub(crate) fn get(&self, name: TableName) -> Option<(VirtAddr, Vec<u8>)> {
        let Some(module) = self.module else {
            return between(self.program, name.kernel.0, name.kernel.1);
        };
        let section = module.object().section(name.section)?;
        let loaded = loaded(self.program, module, section)?;
        Some((module.to_virt(section.addr), loaded.bytes))
    }

    /// An address as a table has it.
    pub(crate) fn absolute(&self, value: u64) -> Option<VirtAddr> {
        match self.module {
            Some(_) => Some(VirtAddr(value)),
            None => self.program.modules.modules().first().map(|main| main.to_virt(LinkAddr(value))),
        }
    }
}

/// The bytes of the kernel's file between two symbols, and where they begin.
pub(crate) fn between(program: &Program, start: &str, end: &str) -> Option<(VirtAddr, Vec<u8>)> {
    let (start, end) = (symbol(program, start)?, symbol(program, end)?);
    let len = end.distance_from(start).filter(|&len| len <= MAX_TABLE)?;
    let mut bytes = vec![0; usize::try_from(len).ok()?];
    program.modules.image().read(start, &mut bytes).ok()?;
    Some((start, bytes))
}

/// A section of a module as it was when it had been loaded, before anything was rewritten. What refers to sections that were given
/// back is unresolved, and what refers to those without contents: the kernel does not tell where they are.
pub(crate) fn loaded(program: &Program, module: &Module, section: &Section) -> Option<Relocated> {
    module.object().loaded_section(section, &mut |target| match target {
        // What one module takes from another, or from the kernel, is global there.
        Target::Symbol(name) => symbol(program, name).map(|addr| addr.0),
        Target::Section(of) if !of.alloc => Some(of.addr.0),
        Target::Section(of) => {
            (of.size > 0 && of.addr.0 >> 47 == 0x1_ffff || is_per_cpu(of)).then_some(of.addr.0)
        }
    })
}

/// Whether it is where each CPU has its own: the address is one to which a CPU's offset is added.
fn is_per_cpu(section: &Section) -> bool {
    &*section.name == ".data..percpu"
}

/// The module whose code is at an address; `None` where the kernel's is, or no module's.
pub(crate) fn module_with(program: &Program, addr: VirtAddr) -> Option<(&Arc<Module>, &Section)> {
    let found = program.modules.module_at(addr)?;
    (found.0.object().kind() == ElfKind::Relocatable).then_some(found)
}

/// The code of a module that is there: init code that was given back is not.
pub(crate) fn code_of(module: &Module) -> Vec<AddrRange> {
    let sections = module.object().sections().iter();
    let code =
        sections.filter(|section| section.alloc && section.exec && !section.nobits && section.size > 0);
    let ranges = code.map(|section| {
        let start = module.to_virt(section.addr);
        AddrRange::new(start, VirtAddr(start.0.saturating_add(section.size)))
    });
    ranges.filter(|range| range.start.0 >> 47 == 0x1_ffff).collect()
}

/// A 32-bit distance from its own place.
pub(crate) fn relative(at: VirtAddr, bytes: &[u8]) -> Option<VirtAddr> {
    let distance = i32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    Some(VirtAddr(at.0.wrapping_add_signed(i64::from(distance))))
}

pub(crate) fn word(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{add_module, image};
    use crate::{Patch, PatchMap, SiteKind, module_sites};
    use kdive_program::OsLayer;

    const CODE: u64 = 0xffff_ffff_c000_0000;
    const INIT: u64 = 1 << 63;

    #[test]
    fn code_of_a_module_as_it_was_loaded() {
        let mut program = image(
            "struct jump_entry { int code; int target; long key; } a;
             struct alt_instr { int instr_offset; int repl_offset; unsigned cpuid; unsigned char instrlen, replacementlen; } b;
             int outer_key; void outside(void) {}",
        );
        let id = add_module(
            &mut program,
            r#"
            extern int outer_key; extern void outside(void); extern void nobody(void);
            __asm__(".text\n.globl start\nstart: call outside\n"
                "branch: .byte 0x66, 0x90\n"
                "call nobody\n"
                "ret1: jmp outside\n"
                "alternative: .byte 0x90, 0x90, 0x90\n"
                ".section .init.text,\"ax\"\n call outside\n"
                ".section __mcount_loc,\"a\"\n.quad start\n"
                ".section __jump_table,\"aw\"\n.long branch - ., start - .\n.quad outer_key - . + 1\n"
                ".section .return_sites,\"a\"\n.long ret1 - .\n"
                ".section .altinstructions,\"a\"\n.long alternative - ., 0, 7\n.byte 3, 0, 0, 0\n"
                ".text\n");
            "#,
            &[
                (".text", CODE),
                (".init.text", INIT),
                ("__mcount_loc", CODE + 0x1000),
                ("__jump_table", CODE + 0x2000),
                (".return_sites", CODE + 0x3000),
                (".altinstructions", CODE + 0x4000),
            ],
        );
        let module = std::sync::Arc::clone(program.modules.module(id).unwrap());
        let outer_key = symbol(&program, "outer_key").unwrap();
        let sites = module_sites(&program, &module);
        let found: Vec<(u64, SiteKind)> = sites.iter().map(|site| (site.addr.0 - CODE, site.kind)).collect();
        assert_eq!(found, [(0, SiteKind::Ftrace), (5, SiteKind::JumpLabel(outer_key))]);
        let map = PatchMap::of_module(&program, &module, &sites);
        let at = |offset| map.at(VirtAddr(CODE + offset)).map(|(start, patch)| (start.0 - CODE, patch));
        assert_eq!(at(4), Some((0, Patch::Site(SiteKind::Ftrace))));
        // A short branch: what follows belongs to no function.
        assert_eq!(at(6), Some((5, Patch::Site(SiteKind::JumpLabel(outer_key)))));
        assert_eq!(at(7), None);
        assert_eq!(at(12), Some((12, Patch::ReturnThunk)));
        assert_eq!(at(19), Some((17, Patch::Alternative)));
        // Init code that was given back is not there any more.
        assert_eq!(code_of(&module), [AddrRange::new(VirtAddr(CODE), VirtAddr(CODE + 20))]);
        let (_, section) = module_with(&program, VirtAddr(CODE)).unwrap();
        let text = loaded(&program, &module, section).unwrap();
        assert_eq!(text.unresolved, [(8, 4)]);
        let outside = symbol(&program, "outside").unwrap();
        let distance = (outside.0.wrapping_sub(CODE + 5) as u32).to_le_bytes();
        assert_eq!(text.bytes[1..5], distance);
        assert_eq!(text.bytes[8..12], [0; 4]);
        assert!(module_with(&program, outside).is_none());
        // Where a stub writes breakpoints into memory none is written there.
        let layer = crate::LinuxLayer::new();
        let rewritten = |offset| layer.rewritten(&program, VirtAddr(CODE + offset));
        assert_eq!(rewritten(2).as_deref(), Some("call of the function tracer"));
        assert_eq!(rewritten(6).as_deref(), Some("static branch of key outer_key"));
        assert_eq!(rewritten(13), None);
    }
}
