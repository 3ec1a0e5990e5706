//! The locks of a task: `locks`, and the line about them in `analyze`.

use super::modules::with_linux;
use super::task_list::{TaskWords, check, keeping_selection, read_tasks, select, selected};
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_base::VirtAddr;
use kdive_linux::TaskList;
use kdive_linux::{
    FoundLock, LockKind, LockLayout, LockState, ReachableLocks, SymbolsFrom, Task, lock_name,
    reachable_locks, static_locks,
};
use kdive_symbols::ModuleId;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "locks",
    class: Class::Linux,
    needs: Needs::STOPPED.and(Needs::SYMBOLS),
    summary: "Locks a task holds, and the one it waits for",
    help: "Usage: locks [PID | TASK | NAME]...\n\
           Without argument, of the selected task. A kernel with lockdep says it\n\
           itself. Otherwise these are searched: locks in what the pointers in its frames\n\
           lead to, and in what those point to; and all static data of the kernel and its\n\
           modules, for locks that name the task as their owner. A spinlock has no owner:\n\
           of a task that a CPU runs, those that are locked and that its frames, or\n\
           variables of modules in them, lead to at once are shown as held by some CPU. A\n\
           lock whose owner died is shown for the task that has got its task_struct.",
    keywords: &["deadlock", "hang", "hung task", "mutex", "rwsem", "spinlock", "ABBA"],
    examples: &["locks", "locks 1"],
    complete: Completer::Expr,
    run: locks,
    ..Spec::EMPTY
}];

fn locks(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    let list = read_tasks(shell)?;
    let mut chosen: Vec<Task> = Vec::new();
    if args.text().is_empty() {
        let task = selected(shell).ok_or_else(|| Error::msg("Which task runs here cannot be read."))?;
        chosen.extend(list.tasks.iter().find(|other| other.addr == task).cloned());
    }
    for word in args.text().split_whitespace() {
        chosen.extend(list.named(shell, word)?.into_iter().cloned());
    }
    let result = keeping_selection(shell, |shell| {
        for task in &chosen {
            if shell.interrupt.is_raised() {
                return Err(Error::Interrupted);
            }
            shell.out.line(&format!("{} (pid {}):", task.comm, task.pid));
            select(shell, &list, task)?;
            tell(shell, &list, task);
        }
        Ok(())
    });
    list.warn(shell);
    result
}

/// The line of `analyze`: about the task of the report, whose frames are selected.
pub fn of_report(shell: &mut Shell, comm: Option<&str>, pid: Option<i32>) {
    let Some(pid) = pid else { return };
    let Ok(list) = read_tasks(shell) else { return };
    // The idle tasks all have pid 0.
    let is_it = |task: &&Task| task.pid == pid && pid != 0 && comm.is_none_or(|comm| comm == task.comm);
    match list.tasks.iter().find(is_it).cloned() {
        Some(task) => tell(shell, &list, &task),
        None => shell.out.line("Locks held: not known, the task is gone"),
    }
}

/// Says what the task holds whose frames are selected.
fn tell(shell: &mut Shell, list: &TaskList, task: &Task) {
    match kdive_linux::lockdep_held(shell.program(), task.addr) {
        Ok(Some(state)) => {
            let lines = state.iter().map(|lock| {
                let place = shell.program().symbolic(lock.taken_at);
                let place = place.unwrap_or_else(|| lock.taken_at.to_string());
                let how = match lock.read {
                    0 => "taken at",
                    1 => "taken to read at",
                    _ => "taken to read recursively at",
                };
                format!("'{}' ({how} {place})", lock.class)
            });
            let lines: Vec<String> = lines.collect();
            if lines.is_empty() {
                shell.out.line("Locks held: none, says lockdep");
            }
            print(shell, "Locks held: ", &lines);
            return;
        }
        Ok(None) => {}
        Err(error) => shell.out.warning(&format!("what lockdep knows cannot be read: {error}")),
    }
    let layout = LockLayout::new(shell.program());
    let sleeps = list.cpu_running(task).is_none();
    let reachable_locks = reachable_locks(shell.program(), &layout, task.addr, sleeps);
    let statics = static_locks(shell.program(), &layout, task.addr);
    let mut lines = Vec::new();
    let mut shown: Vec<VirtAddr> = Vec::new();
    for lock in &statics.found {
        let state = layout.state(shell.program(), lock.kind, lock.addr);
        let name = with_module(shell, &lock.name, lock.module);
        if let Some(line) = state.ok().and_then(|state| describe(task, &name, lock.kind, state)) {
            shown.push(lock.addr);
            lines.push(line);
        }
    }
    for lock in reachable_locks.taken.iter().filter(|lock| !shown.contains(&lock.addr)) {
        let name = with_module(shell, &lock.name, lock.module);
        lines.extend(describe(task, &name, lock.kind, lock.state));
    }
    if lines.is_empty() {
        let (locks, frames) = (reachable_locks.locks, reachable_locks.frames);
        shell.out.line(&format!(
            "Locks held: none found ({locks} locks that {frames} frames lead to, owners in {} KiB of static data)",
            statics.bytes >> 10
        ));
    }
    print(shell, "Locks held: ", &lines);
    if let Some(waits) = waits_for(shell, list, &layout, &reachable_locks, task) {
        shell.out.line(&waits);
    }
    for broken in statics.broken.iter().take(3) {
        shell.out.warning(&format!("not searched: {broken}"));
    }
}

fn print(shell: &mut Shell, title: &str, lines: &[String]) {
    for (index, line) in lines.iter().enumerate() {
        let title = if index == 0 { title } else { "            " };
        shell.out.line(&format!("{title}{line}"));
    }
}

/// `'kdive_test_mutex' (struct mutex, taken by sh (pid 91))`; `None` for a lock of somebody else.
fn describe(task: &Task, name: &str, kind: LockKind, state: LockState) -> Option<String> {
    let who = format!("{} (pid {})", task.comm, task.pid);
    let how = match state {
        LockState::By(owner) if owner == task.addr => format!("taken by {who}"),
        LockState::Reading(1, Some(reader)) if reader == task.addr => format!("taken to read by {who}"),
        LockState::Reading(count, Some(reader)) if reader == task.addr => {
            format!("{count} readers, the last one {who}")
        }
        LockState::Somebody => "held by some CPU".to_owned(),
        _ => return None,
    };
    Some(format!("'{name}' ({kind}, {how})"))
}

/// `Waits for: 'param_lock' (struct mutex, taken by sh (pid 91))`.
fn waits_for(
    shell: &mut Shell,
    list: &TaskList,
    layout: &LockLayout,
    reachable_locks: &ReachableLocks,
    task: &Task,
) -> Option<String> {
    let program = shell.program();
    let said = kdive_linux::waited_for(program, task.addr).and_then(|(kind, addr)| {
        let (name, module) = lock_name(program, addr, &addr.to_string());
        Some(FoundLock { name, addr, kind, state: layout.state(program, kind, addr).ok()?, module })
    });
    let lock = said.or_else(|| reachable_locks.wanted.clone())?;
    let name = with_module(shell, &lock.name, lock.module);
    let owner = |addr: VirtAddr| match list.tasks.iter().find(|task| task.addr == addr) {
        Some(owner) => format!("{} (pid {})", owner.comm, owner.pid),
        None => "a task that is gone".to_owned(),
    };
    let how = match lock.state {
        LockState::By(owner) if owner == task.addr => {
            "taken by itself, or by a task that is gone and had the same task_struct".to_owned()
        }
        LockState::By(addr) => format!("taken by {}", owner(addr)),
        LockState::Reading(count, Some(addr)) => format!("{count} readers, the last one {}", owner(addr)),
        LockState::Reading(count, None) => format!("{count} readers"),
        LockState::Somebody => "held by some CPU".to_owned(),
        LockState::Free => "free by now".to_owned(),
    };
    Some(format!("Waits for: '{name}' ({}, {how})", lock.kind))
}

/// `param_lock`, or `kdive_test_mutex [kdive_test]`.
fn with_module(shell: &mut Shell, name: &str, module: Option<ModuleId>) -> String {
    match module.and_then(|id| module_name(shell, id)) {
        Some(module) => format!("{name} [{module}]"),
        None => name.to_owned(),
    }
}

/// The name of the module whose symbols come from a file.
fn module_name(shell: &mut Shell, wanted: ModuleId) -> Option<String> {
    with_linux(shell, |linux, _| {
        let of = |symbols: &SymbolsFrom| matches!(symbols, SymbolsFrom::File { id, .. } if *id == wanted);
        linux.modules().iter().find(|known| of(&known.symbols)).map(|known| known.info.name.clone())
    })
    .flatten()
}
