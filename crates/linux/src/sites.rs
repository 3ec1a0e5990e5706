//! Places in code of the kernel and its modules that the kernel rewrites while it runs, from the tables the linker collected.
//!
//! | table | entry | source |
//! |---|---|---|
//! | `__start___jump_table` | `struct jump_entry`: code, target, key; relative to each member, absolute in older kernels | include/linux/jump_label.h |
//! | `__start_static_call_sites` | address and key, 32 bits each, relative to the member; low bits of the key are flags | include/linux/static_call_types.h |
//! | `__start_mcount_loc` | address of the call of `__fentry__` | kernel/trace/ftrace.c |
//!
//! They are read from the file: the last one lies in memory that the kernel frees. A module has them as sections of its own.

use crate::Object;
use crate::identity::symbol;
use crate::tables::{JUMP_LABELS, MCOUNT, STATIC_CALLS, Tables, relative, word};
use kdive_base::{AddrRange, VirtAddr};
use kdive_program::Program;
use kdive_symbols::Module;
use std::sync::Arc;

/// Bytes of an instruction that is rewritten: a jump, call or no-op.
const PATCHED: u64 = 5;

/// What rewrites a place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SiteKind {
    /// A static branch; the address of its key.
    JumpLabel(VirtAddr),
    /// A static call; the address of its key.
    StaticCall(VirtAddr),
    /// The call a function begins with for the tracer.
    Ftrace,
}

/// One place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Site {
    /// First byte.
    pub addr: VirtAddr,
    /// What rewrites it.
    pub kind: SiteKind,
}

impl Site {
    /// The bytes that may change.
    #[must_use]
    pub fn range(&self) -> AddrRange {
        AddrRange::new(self.addr, self.addr.offset(PATCHED))
    }

    /// `static branch of key sched_schedstats`.
    #[must_use]
    pub fn describe(&self, program: &Program) -> String {
        let name = |key: VirtAddr| program.symbolic(key).unwrap_or_else(|| key.to_string());
        match self.kind {
            SiteKind::JumpLabel(key) => format!("static branch of key {}", name(key)),
            SiteKind::StaticCall(key) => {
                let name = name(key);
                format!("static call of {}", name.strip_prefix("__SCK__").unwrap_or(&name))
            }
            SiteKind::Ftrace => "call of the function tracer".to_owned(),
        }
    }
}

/// The places of the kernel image, by address. Empty without the tables.
#[must_use]
pub fn kernel_sites(program: &Program) -> Vec<Site> {
    sites_of(&Tables::of_kernel(program))
}

/// Those of a module.
#[must_use]
pub fn module_sites(program: &Program, module: &Arc<Module>) -> Vec<Site> {
    sites_of(&Tables::of_module(program, module))
}

fn sites_of(tables: &Tables<'_>) -> Vec<Site> {
    let program = tables.program;
    let mut sites = Vec::new();
    let absolute = |value: u64| tables.absolute(value);
    if let Some((start, bytes)) = tables.get(JUMP_LABELS) {
        let entry = Object::of_struct(program, "jump_entry", VirtAddr(0)).ok();
        let is_relative =
            entry.and_then(|entry| entry.member("code").ok()?.ty().size()).is_none_or(|size| size == 4);
        let size = if is_relative { 16 } else { 24 };
        for (index, entry) in bytes.chunks_exact(size).enumerate() {
            let at = start.offset((index * size) as u64);
            let (code, key) = if is_relative {
                let key =
                    entry.get(8..).and_then(word).map(|key| VirtAddr(at.0.wrapping_add(8).wrapping_add(key)));
                (relative(at, entry), key)
            } else {
                (word(entry).and_then(absolute), entry.get(16..).and_then(word).and_then(absolute))
            };
            if let (Some(addr), Some(key)) = (code, key) {
                // The two low bits are flags.
                sites.push(Site { addr, kind: SiteKind::JumpLabel(VirtAddr(key.0 & !3)) });
            }
        }
    }
    if let Some((start, bytes)) = tables.get(STATIC_CALLS) {
        for (index, entry) in bytes.chunks_exact(8).enumerate() {
            let at = start.offset(index as u64 * 8);
            let key = entry.get(4..).and_then(|key| relative(at.offset(4), key));
            if let (Some(addr), Some(key)) = (relative(at, entry), key) {
                sites.push(Site { addr, kind: SiteKind::StaticCall(VirtAddr(key.0 & !3)) });
            }
        }
    }
    if let Some((_, bytes)) = tables.get(MCOUNT) {
        let places = bytes.chunks_exact(8).filter_map(word).filter(|&value| value != 0).filter_map(absolute);
        sites.extend(places.map(|addr| Site { addr, kind: SiteKind::Ftrace }));
    }
    sites.sort_unstable();
    sites
}

/// The place a byte belongs to.
#[must_use]
pub fn site_at(sites: &[Site], addr: VirtAddr) -> Option<&Site> {
    let after = sites.partition_point(|site| site.addr <= addr);
    // Places of several tables do not overlap, but two entries may name one.
    sites.get(after.saturating_sub(4)..after)?.iter().rev().find(|site| site.range().contains(addr))
}

/// Whether init code at this address is gone: the kernel frees it once it has booted, a module when it has initialised.
#[must_use]
pub fn freed_code(program: &Program, addr: VirtAddr) -> Option<String> {
    // Where the sections of a module went that it has given back.
    if addr.0 >> 63 == 1 && addr.0 >> 47 != 0x1ffff {
        return Some("the module has freed its init code".to_owned());
    }
    let (start, end) = (symbol(program, "_sinittext")?, symbol(program, "_einittext")?);
    if !AddrRange::new(start, end).contains(addr) {
        return None;
    }
    // SYSTEM_FREEING_INITMEM since 5.15: set just before (include/linux/kernel.h).
    has_come_to(program, &["SYSTEM_FREEING_INITMEM", "SYSTEM_RUNNING"])?
        .then(|| "the kernel has freed its init code".to_owned())
}

/// Whether the kernel still starts: it write-protects its code at the end of that.
pub(crate) fn is_starting(program: &Program) -> bool {
    has_come_to(program, &["SYSTEM_RUNNING"]) == Some(false)
}

/// Whether `system_state` is the first of these that the kernel knows, or a later one.
fn has_come_to(program: &Program, states: &[&str]) -> Option<bool> {
    let (_, wanted) = states.iter().find_map(|name| program.modules.enumerator(name, None))?;
    let state = Object::variable(program, "system_state").ok()?.uint().ok()?;
    // What is there before the kernel is no state.
    (state < 64).then(|| i64::try_from(state).is_ok_and(|state| state >= wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;

    #[test]
    fn tables_of_the_linker() {
        let program = image(
            r#"
            int key, other;
            struct jump_entry { int code; int target; long key; } unused;
            enum system_states { SYSTEM_BOOTING, SYSTEM_SCHEDULING, SYSTEM_FREEING_INITMEM, SYSTEM_RUNNING };
            enum system_states system_state = SYSTEM_SCHEDULING;
            __asm__(
                ".text\n.globl traced\n.type traced, @function\ntraced:\n"
                "  .byte 0x0f, 0x1f, 0x44, 0, 0\nbranch: .byte 0x0f, 0x1f, 0x44, 0, 0\ncalls: call traced\n  ret\n"
                ".globl _sinittext\n_sinittext: ret\n.globl _einittext\n_einittext:\n"
                ".data\n"
                ".globl __start___jump_table\n__start___jump_table:\n  .long branch - ., 0\n  .quad key - . + 1\n"
                ".globl __stop___jump_table\n__stop___jump_table:\n"
                ".globl __start_static_call_sites\n__start_static_call_sites:\n  .long calls - ., other - . + 2\n"
                ".globl __stop_static_call_sites\n__stop_static_call_sites:\n"
                ".globl __start_mcount_loc\n__start_mcount_loc:\n  .quad traced\n"
                ".globl __stop_mcount_loc\n__stop_mcount_loc:\n");
            "#,
        );
        let at = |name| symbol(&program, name).unwrap();
        let sites = kernel_sites(&program);
        assert_eq!(
            sites,
            [
                Site { addr: at("traced"), kind: SiteKind::Ftrace },
                Site { addr: at("traced").offset(5), kind: SiteKind::JumpLabel(at("key")) },
                Site { addr: at("traced").offset(10), kind: SiteKind::StaticCall(at("other")) },
            ]
        );
        assert_eq!(sites[1].describe(&program), "static branch of key key");
        assert_eq!(site_at(&sites, at("traced").offset(4)), Some(&sites[0]));
        assert_eq!(site_at(&sites, at("traced").offset(14)), Some(&sites[2]));
        assert_eq!(site_at(&sites, at("traced").offset(15)), None);
        // Still booting.
        assert!(is_starting(&program));
        assert_eq!(freed_code(&program, at("_sinittext")), None);
        assert!(freed_code(&program, VirtAddr(1 << 63)).unwrap().starts_with("the module"));
    }

    #[test]
    fn init_code_of_a_kernel_that_has_booted() {
        let program = image(
            "enum { SYSTEM_BOOTING, SYSTEM_RUNNING }; unsigned system_state = SYSTEM_RUNNING;
             __asm__(\".text\\n.globl _sinittext\\n_sinittext: ret\\n.globl _einittext\\n_einittext:\\n\");
             int (*keep)[SYSTEM_RUNNING];",
        );
        let start = symbol(&program, "_sinittext").unwrap();
        assert!(!is_starting(&program));
        assert_eq!(freed_code(&program, start).as_deref(), Some("the kernel has freed its init code"));
        assert_eq!(freed_code(&program, start.offset(1)), None);
    }
}
