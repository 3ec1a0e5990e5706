//! The engine without a front end, as `crates/engine/examples/kernel.rs` uses it, on a kernel with KASLR and two CPUs.

use super::guest::Guest;
use kdive_engine::{
    ConnectOptions, Engine, Event, Interrupt, Log, NewBreakpoint, Request, Scope, SymbolState, VarId,
    VariableKind, Which,
};
use std::time::{Duration, Instant};

/// A child, a child of that, and so on by name.
fn descend(engine: &mut Engine, id: VarId, path: &[&str]) -> VarId {
    path.iter().fold(id, |id, name| {
        let children = engine.children(id, 0, 1000).unwrap();
        let found = children.iter().find(|child| child.name == *name);
        found.unwrap_or_else(|| panic!("no {name} in {children:?}")).id
    })
}

fn run_to_stop(engine: &mut Engine) {
    engine.resume(Request::Continue).unwrap();
    let limit = Instant::now() + Duration::from_secs(180);
    while Instant::now() < limit {
        match engine.poll(Duration::from_secs(1)).unwrap() {
            Some(Event::Stopped(_)) => return,
            Some(Event::Disconnected(reason)) => panic!("{reason}"),
            _ => {}
        }
    }
    panic!("no stop");
}

pub(crate) fn a_front_end_needs_no_commands(guest: &mut Guest) {
    let line = guest.shell("grep ' vfs_read$' /proc/kallsyms");
    let at = u64::from_str_radix(line.split(' ').next().unwrap(), 16).unwrap();
    guest.at_go("read line < /proc/version; echo engine: $line");

    let mut engine = Engine::new(Interrupt::new());
    // Where kdive itself has it.
    engine.open_options.index_cache = Some(guest.place().home().join(".cache/kdive"));
    engine.set_module_path(vec![guest.file("modules")]);
    engine.load(&guest.file("vmlinux")).unwrap();
    let stub = guest.work().join("guest.sock").display().to_string();
    engine.connect(&stub, &ConnectOptions::default(), Log::new(), &mut || {}).unwrap();
    let scope = Scope::default();
    // What the shell of the guest waits for.
    engine.evaluate(&scope, "page_cluster = 0").unwrap();
    let breakpoint = NewBreakpoint {
        location: "vfs_read".to_owned(),
        condition: Some("$_streq(file->f_path.dentry->d_name.name, \"version\")".to_owned()),
        temporary: true,
        ..NewBreakpoint::default()
    };
    engine.make_breakpoint(&breakpoint).unwrap();
    run_to_stop(&mut engine);

    let frames = engine.stack(None, 0, 16).unwrap();
    let names: Vec<&str> = frames.iter().filter_map(|frame| frame.function.as_deref()).collect();
    assert_eq!(names[0], "vfs_read", "{names:?}");
    assert!(names.contains(&"ksys_read") && names.contains(&"do_syscall_64"), "{names:?}");
    let top = &frames[0];
    assert!((at..at + 64).contains(&top.pc), "{:#x}, not at {at:#x}", top.pc);
    assert_eq!((top.file.as_deref(), top.module.as_deref()), (Some("fs/read_write.c"), Some("vmlinux")));
    let args: Vec<&str> = top.args.iter().map(|arg| arg.name.as_str()).collect();
    assert_eq!(args, ["file", "buf", "count", "pos"]);

    // Arguments as variables with children, and the same as an expression.
    let arguments = engine.variables_of(&scope, Which::Arguments).unwrap();
    let file = engine.variable(arguments[0].id).unwrap();
    assert_eq!((file.name.as_str(), file.ty.as_str()), ("file", "struct file *"));
    assert_eq!(
        (file.kind, Some(&file.value)),
        (VariableKind::Pointer, top.args.first().map(|arg| &arg.value))
    );
    let name = descend(&mut engine, arguments[0].id, &["f_path", "dentry", "d_name", "name"]);
    let name = engine.variable(name).unwrap();
    assert!(name.value.ends_with(" \"version\""), "{name:?}");
    let dentry = engine.evaluate(&scope, "file->f_path.dentry").unwrap();
    assert_eq!(engine.variable(dentry).unwrap().ty, "struct dentry *");
    let again = descend(&mut engine, dentry, &["d_name", "name"]);
    assert_eq!(engine.variable(again).unwrap().value, name.value);
    let outer = frames.iter().position(|frame| frame.function.as_deref() == Some("ksys_read")).unwrap();
    let count = engine.evaluate(&Scope::of(None, outer), "count").unwrap();
    let inner = engine.evaluate(&scope, "count").unwrap();
    assert_eq!(engine.variable(count).unwrap().value, engine.variable(inner).unwrap().value);

    // Every CPU, and its own copy of a per-CPU variable.
    let threads = engine.threads();
    let mut cpus: Vec<u64> = threads.iter().filter_map(|thread| thread.cpu).collect();
    cpus.sort_unstable();
    assert_eq!((threads.len(), cpus), (2, vec![0, 1]), "{threads:?}");
    let selected = threads.iter().find(|thread| thread.selected).unwrap();
    assert_eq!(selected.frame.as_ref().unwrap().function.as_deref(), Some("vfs_read"));
    for thread in &threads {
        let queue = engine.evaluate(&Scope::of(Some(thread.number), 0), "runqueues.cpu").unwrap();
        assert_eq!(Some(engine.variable(queue).unwrap().value), thread.cpu.map(|cpu| cpu.to_string()));
        assert_eq!(engine.update(queue).unwrap(), []);
    }
    assert_eq!(engine.stack(None, 0, 1).unwrap(), frames[..1]);

    // A task that sleeps.
    let kthreadd = engine.stack_of(&Scope::of_task(2, 0), 0, 16).unwrap();
    let names: Vec<&str> = kthreadd.iter().filter_map(|frame| frame.function.as_deref()).collect();
    assert!(names.contains(&"schedule") && names.contains(&"kthreadd"), "{names:?}");
    assert!(engine.stack_of(&Scope::of_task(99_999, 0), 0, 1).is_err());
    // The one that runs here has the frames of its CPU.
    let pid = engine.evaluate(&scope, "$lx_current().pid").unwrap();
    let pid = engine.variable(pid).unwrap().value.parse().unwrap();
    assert_eq!(engine.stack_of(&Scope::of_task(pid, 0), 0, 1).unwrap(), frames[..1]);

    let files = engine.symbol_files();
    assert_eq!((files[0].name.as_str(), files[0].is_kernel_module), ("vmlinux", false));
    let (start, end) = files[0].range.unwrap();
    assert!(start >= 0xffff_ffff_8000_0000 && (start..end).contains(&top.pc), "{start:#x} to {end:#x}");
    let module = files.iter().find(|file| file.name == "kdive_test").unwrap();
    assert_eq!((module.is_kernel_module, &module.symbols), (true, &SymbolState::Debug));

    let around = engine.disassemble_around(top.pc, -3, 6).unwrap();
    assert!(around.iter().all(|insn| insn.is_valid()) && around[3].addr == top.pc, "{around:?}");

    // The kernel goes on as if nothing had been.
    engine.detach().unwrap();
    drop(engine);
    guest.wait_for("engine: Linux");
}
