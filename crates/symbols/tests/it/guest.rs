//! A distribution's kernel: `vmlinux` of the prepared guest, and its test modules.

use crate::addr2line;
use crate::fixture::set_of;
use crate::tail_calls;
use kdive_base::VirtAddr;
use kdive_symbols::{LinespecDefaults, LinespecMode, ModuleSet, ObjectFile, OpenOptions, Tag};
use kdive_types::Kind;

fn vmlinux() -> Option<ModuleSet> {
    let guest = kdive_testkit::environment::guest()?;
    Some(set_of(ObjectFile::open(&guest.join("vmlinux"), &OpenOptions::default()).unwrap()))
}

/// Addresses spread over `.text`, the same on every run.
fn addresses(set: &ModuleSet, count: u64) -> impl Iterator<Item = u64> {
    let section = set.modules()[0].object().section(".text").unwrap().clone();
    (0..count).map(move |n| section.addr.0 + n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % section.size)
}

#[test]
fn inline_chains_of_random_addresses() {
    let Some(set) = vmlinux() else { return };
    let object = set.modules()[0].object().clone();
    let context = addr2line::context(&object);
    let mut compared = 0;
    for addr in addresses(&set, 1500) {
        let expected = addr2line::frames(&context, addr);
        if !expected.0.is_empty() {
            assert_eq!(addr2line::ours(&set, addr), expected, "{addr:#x}");
            compared += 1;
        }
    }
    assert!(compared > 700, "{compared}");
}

#[test]
fn what_every_kernel_has() {
    let Some(set) = vmlinux() else { return };
    assert_eq!(set.ty(Tag::Struct, "list_head", None).unwrap().size(), Some(16));
    let task = set.ty(Tag::Struct, "task_struct", None).unwrap();
    let Kind::Composite(body) = task.kind() else { panic!() };
    for name in ["pid", "comm", "tasks", "mm"] {
        assert!(body.members().iter().any(|member| member.name.as_deref() == Some(name)), "{name}");
    }
    let init_task = set.variable("init_task", None).unwrap();
    assert_eq!(init_task.static_address(), Some(set.symbols_named("init_task")[0].addr));
    assert!(init_task.ty().strip().same_node(&task) || init_task.ty().size() == task.size());
    // Declared in C, defined by the linker script.
    let text = set.variable("_text", None).unwrap();
    assert!(text.is_unresolved());
    assert_eq!(text.static_address(), Some(set.symbols_named("_text")[0].addr));
    let spec = set.parse_linespec("start_kernel").unwrap();
    let sals =
        set.resolve(&spec, LinespecMode::Breakpoint, &LinespecDefaults::default(), set.image()).unwrap();
    assert_eq!(sals.len(), 1);
    assert_eq!(&*sals[0].file.as_ref().unwrap().name, "init/main.c");
    assert_eq!(sals[0].pc, Some(set.symbols_named("start_kernel")[0].addr));
}

#[test]
fn kaslr_does_not_move_per_cpu_variables() {
    let Some(set) = vmlinux() else { return };
    let mut moved = set.clone();
    let id = moved.modules()[0].id();
    assert!(moved.set_placement(id, kdive_symbols::Placement { slide: 0x1c00_0000 }));
    let at = |set: &ModuleSet, name: &str| set.symbols_named(name)[0].addr;
    assert_eq!(at(&moved, "start_kernel"), at(&set, "start_kernel").offset(0x1c00_0000));
    assert_eq!(at(&moved, "cpu_number"), at(&set, "cpu_number"));
    assert_eq!(&*moved.symbol_at(at(&set, "cpu_number")).unwrap().name, "cpu_number");
    assert!(
        moved
            .symbol_at(VirtAddr(at(&set, "start_kernel").0))
            .is_none_or(|symbol| &*symbol.name != "start_kernel")
    );
}

#[test]
fn every_function_with_a_symbol_resolves() {
    let Some(set) = vmlinux() else { return };
    let defaults = LinespecDefaults::default();
    let mut resolved = 0;
    for addr in addresses(&set, 200) {
        let Some(function) = set.function_at(VirtAddr(addr)) else { continue };
        let spec = set.parse_linespec(function.name()).unwrap();
        let sals = set.resolve(&spec, LinespecMode::Breakpoint, &defaults, set.image()).unwrap();
        assert!(sals.iter().any(|sal| sal.function.as_ref() == Some(&function)), "{function:?}");
        resolved += 1;
    }
    assert!(resolved > 100);
}

/// By the name of the symbol there, and among all functions of the unit, which is what happens without an index.
#[test]
fn functions_at_addresses() {
    let (Some(indexed), Some(plain)) = (vmlinux(), vmlinux()) else { return };
    assert!(!indexed.functions_named("start_kernel").is_empty());
    let mut found = 0;
    for addr in addresses(&indexed, 3000).map(VirtAddr) {
        let facts = |set: &ModuleSet| {
            set.function_at(addr)
                .map(|function| (function.shared_name(), function.ranges(), function.decl_line()))
        };
        assert_eq!(facts(&indexed), facts(&plain), "{addr}");
        found += usize::from(facts(&plain).is_some());
    }
    assert!(found > 2000, "{found}");
}

/// Both ways to read them, for one function in seven.
#[test]
fn tail_calls_of_functions() {
    let Some(set) = vmlinux() else { return };
    // The index is there once a name was asked for.
    assert!(!set.functions_named("start_kernel").is_empty());
    let (mut functions, mut light, mut calls) = (0, 0, 0);
    for addr in addresses(&set, 4000) {
        let Some(function) = set.function_at(VirtAddr(addr)) else { continue };
        let (found, two) = tail_calls::both_ways(&set, &function);
        functions += 1;
        light += usize::from(two);
        calls += found.len();
    }
    assert!(
        functions > 2000 && light > 1500 && calls > 1000,
        "{functions} functions, {light} light, {calls} calls"
    );
}

#[test]
fn a_module_of_the_guest() {
    let Some(guest) = kdive_testkit::environment::guest() else { return };
    let options = OpenOptions {
        section_addresses: vec![(".text".into(), kdive_base::LinkAddr(0xffff_ffff_c000_0000))],
        ..OpenOptions::default()
    };
    let path = guest.join("modules/kdive_test.ko");
    if !path.exists() {
        kdive_testkit::environment::skip::<()>("the guest has no kdive_test.ko");
        return;
    }
    let set = set_of(ObjectFile::open(&path, &options).unwrap());
    let object = set.modules()[0].object();
    assert!(object.has_debug_info() && object.has_symbols());
    let text = object.section(".text").unwrap();
    assert_eq!(text.addr.0, 0xffff_ffff_c000_0000);
    let with_line =
        (0..text.size).filter(|at| set.line_at(VirtAddr(text.addr.0 + at), false).is_some()).count();
    assert!(with_line > 0);
}
