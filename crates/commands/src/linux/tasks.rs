//! The tasks of the guest: `ps`, `info tasks`, `task`, `task apply`, `lx-ps`.

use super::task_list::{TaskWords, check, keeping_selection, read_tasks, select, selected};
use crate::gdb::data::put;
use crate::gdb::events::show_selected;
use crate::gdb::threads::{ApplyFlags, apply_one};
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_linux::TaskList;
use kdive_linux::{Task, memory_use, total_pages};
use kdive_program::FrameStyle;
use kdive_session::Show;
use std::rc::Rc;

const NEEDS: Needs = Needs::STOPPED.and(Needs::SYMBOLS);

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "ps",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Processes and threads of the guest, as crash shows them",
        help: "Usage: ps [-k | -u | -G | -A] [PID | TASK | NAME]...\n\
               Columns: PID, PID of the parent, CPU, address of the task_struct, state, share\n\
               of the memory, virtual and resident size in KiB, name. > marks what a CPU runs\n\
               now; names of kernel threads are in brackets.\n\
               -k   kernel threads\n\
               -u   processes\n\
               -G   only the leader of each process\n\
               -A   only what a CPU runs now\n\
               States: RU running, IN interruptible, UN uninterruptible, ID idle, ST stopped,\n\
               TR traced, ZO zombie, DE dead, PA parked.",
        keywords: &["hang", "D state", "uninterruptible", "task list", "thread list", "memory use"],
        examples: &["ps", "ps -u", "ps init 2 $lx_current()"],
        run: ps,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-ps",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Dump Linux tasks",
        help: "Address, pid and name of each, as scripts/gdb does.",
        keywords: &["process", "thread list"],
        examples: &["lx-ps"],
        run: lx_ps,
        ..Spec::EMPTY
    },
    Spec {
        name: "info tasks",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Tasks of the guest and where each of them is",
        help: "Usage: info tasks [PID | TASK | NAME]...\n\
               For each task: pid, state, CPU, name, and the innermost frame outside of the\n\
               scheduler. * marks the selected task.",
        keywords: &["hang", "hung task", "deadlock", "blocked", "D state", "uninterruptible", "process"],
        examples: &["info tasks", "info tasks init"],
        run: info_tasks,
        ..Spec::EMPTY
    },
    Spec {
        name: "task",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Look at another task, also one that sleeps",
        help: "Usage: task [PID | TASK | NAME]\n\
               Registers, frames, locals and user memory are those of the task from then on:\n\
               backtrace, up, info locals, x. A task that a CPU runs is that CPU's thread.\n\
               Without argument, show the selected task.\n\
               The thread command goes back to a CPU; so does anything that makes the guest\n\
               run.",
        keywords: &["process", "stack of a process", "switch to a process", "sleeping task"],
        examples: &["task 1", "task kthreadd", "task $lx_task_by_pid(2)"],
        allow_unknown: true,
        run: task,
        ..Spec::EMPTY
    },
    Spec {
        name: "task apply",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Apply a command to a list of tasks",
        help: "Usage: task apply PID... [OPTION]... COMMAND\n\
               task apply all [OPTION]... COMMAND\n\
               -q   do not print the header of each task\n\
               -c   print errors and go on\n\
               -s   be silent about errors and empty output",
        keywords: &["all stacks", "backtrace of all tasks", "deadlock", "hang"],
        examples: &["task apply all bt", "task apply 1 2 bt 3"],
        complete: Completer::Command,
        allow_unknown: true,
        run: apply,
        ..Spec::EMPTY
    },
];

/// The state in crash's two letters.
pub(super) fn state(task: &Task) -> &'static str {
    match task.state_letter() {
        'R' => "RU",
        'S' => "IN",
        'D' => "UN",
        'I' => "ID",
        'T' => "ST",
        't' => "TR",
        'Z' => "ZO",
        'X' => "DE",
        'P' => "PA",
        _ => "??",
    }
}

fn words<'a>(args: &Args<'a>) -> Vec<&'a str> {
    args.text().split_whitespace().collect()
}

fn ps(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    let list = read_tasks(shell)?;
    let mut shown: Vec<&Task> = Vec::new();
    let mut filter: fn(&TaskList, &Task) -> bool = |_, _| true;
    for word in words(&args) {
        match word {
            "-k" => filter = |_, task| task.kernel_thread,
            "-u" => filter = |_, task| !task.kernel_thread,
            "-G" => filter = |_, task| task.pid == task.tgid,
            "-A" => filter = |list, task| list.cpu_running(task).is_some(),
            option if option.starts_with('-') => {
                return Err(Error::msg(format!("ps has no option {option}; see help ps.")));
            }
            word => shown.extend(list.named(shell, word)?),
        }
    }
    if shown.is_empty() {
        shown = list.tasks.iter().collect();
    }
    shown.retain(|task| filter(&list, task));
    let total = total_pages(shell.program());
    shell.out.line("      PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM");
    for task in shown {
        let program = shell.program();
        let sizes = if task.mm.0 == 0 { Ok(Default::default()) } else { memory_use(program, task.mm) };
        let sizes = sizes.unwrap_or_default();
        let share = total.map_or(0.0, |total| sizes.resident as f64 * 100.0 / total as f64);
        let running = list.cpu_running(task);
        let mark = if running.is_some() { '>' } else { ' ' };
        let cpu = running.map(|cpu| cpu as u64).or(task.cpu.map(u64::from));
        let cpu = cpu.map_or_else(|| "-".to_owned(), |cpu| cpu.to_string());
        let name = if task.kernel_thread { format!("[{}]", task.comm) } else { task.comm.clone() };
        let line = format!(
            "{mark}{:>8} {:>7} {cpu:>4}  {:016x}  {}  {share:>4.1} {:>8} {:>8}  {name}",
            task.pid,
            list.parent_pid(task),
            task.addr.0,
            state(task),
            sizes.mapped * 4,
            sizes.resident * 4,
        );
        shell.out.line(&line);
    }
    list.warn(shell);
    Ok(())
}

fn lx_ps(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let found = kdive_linux::tasks(shell.program(), true).map_err(Error::msg)?;
    shell.out.line(&format!("{:>10} {:>12} {:>7}", "TASK", "PID", "COMM"));
    for task in found.found {
        shell.out.line(&format!("{:#x} {:^5} {}", task.addr, task.pid, task.comm));
    }
    for reason in found.broken {
        super::damaged(shell, &format!("the kernel's task list is damaged: {reason}"));
    }
    Ok(())
}

/// The innermost frame outside of the scheduler, as `/proc/PID/wchan` chooses it; the innermost where there is no other.
fn where_it_is(shell: &Shell) -> Result<Rc<kdive_program::Frame>, Error> {
    let program = shell.program();
    let first = program.frame(0).map_err(Error::msg)?;
    let mut level = 0;
    while let Ok(frame) = program.frame(level) {
        let name = program.frame_function(&frame).unwrap_or_default();
        let symbol = program.modules.symbol_at(frame.real.lookup_pc);
        let in_scheduler = name.starts_with("__switch_to")
            || symbol.is_some_and(|symbol| {
                // The kernel puts the scheduler's functions into a section of their own (.sched.text), which the link
                // makes a part of .text between these two.
                let bound =
                    |name: &str| program.modules.symbols_named(name).first().map(|symbol| symbol.addr);
                let (start, end) = (bound("__sched_text_start"), bound("__sched_text_end"));
                start.is_some_and(|start| symbol.addr >= start) && end.is_some_and(|end| symbol.addr < end)
            });
        if !in_scheduler {
            return Ok(frame);
        }
        level += 1;
        if level > 32 {
            break;
        }
    }
    Ok(first)
}

fn chosen<'a>(shell: &Shell, list: &'a TaskList, args: &Args<'_>) -> Result<Vec<&'a Task>, Error> {
    if args.is_empty() {
        return Ok(list.tasks.iter().collect());
    }
    let mut chosen = Vec::new();
    for word in words(args) {
        chosen.extend(list.named(shell, word)?);
    }
    Ok(chosen)
}

fn info_tasks(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    let list = read_tasks(shell)?;
    let shown = chosen(shell, &list, &args)?;
    let current = selected(shell);
    shell.out.line(&format!("  {:<6} {:<2} {:<4} {:<16} Frame", "Pid", "St", "CPU", "Name"));
    let result = keeping_selection(shell, |shell| {
        for task in shown {
            if shell.interrupt.is_raised() {
                return Err(Error::Interrupted);
            }
            let mark = if Some(task.addr) == current { '*' } else { ' ' };
            let cpu = list.cpu_running(task).map(|cpu| cpu as u64).or(task.cpu.map(u64::from));
            let cpu = cpu.map_or_else(|| "-".to_owned(), |cpu| cpu.to_string());
            shell.out.put(&format!("{mark} {:<6} {} {cpu:<4} {:<16} ", task.pid, state(task), task.comm));
            match select(shell, &list, task).and_then(|()| where_it_is(shell)) {
                Ok(frame) => {
                    let text = shell.program().frame_text(&frame, FrameStyle::default());
                    put(shell, &text);
                    shell.out.put("\n");
                }
                Err(error) => shell.out.line(&error.to_string()),
            }
        }
        Ok(())
    });
    list.warn(shell);
    result
}

/// `task 77 (sh), sleeping, CPU 0, task_struct at 0xffff...`.
fn describe(list: &TaskList, task: &Task) -> String {
    let doing = match (list.cpu_running(task), task.cpu) {
        (Some(cpu), _) => format!("running on CPU {cpu}"),
        (None, Some(cpu)) => format!("{} on CPU {cpu}", doing(task)),
        (None, None) => doing(task).to_owned(),
    };
    format!("task {} ({}), {doing}, task_struct at {}", task.pid, task.comm, task.addr)
}

fn doing(task: &Task) -> &'static str {
    match task.state_letter() {
        'R' => "ready",
        'S' => "sleeping",
        'D' => "in uninterruptible sleep",
        'I' => "idle",
        'T' => "stopped",
        't' => "traced",
        'Z' => "zombie",
        'X' => "dead",
        'P' => "parked",
        _ => "in an unknown state",
    }
}

fn task(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    let list = read_tasks(shell)?;
    if args.is_empty() {
        let current = selected(shell)
            .ok_or_else(|| Error::msg("No task selected: the selected CPU is none of the kernel's."))?;
        let text = match list.tasks.iter().find(|task| task.addr == current) {
            Some(task) => describe(&list, task),
            None => format!("task at {current}, which is in no list"),
        };
        shell.out.line(&format!("[Current task is {text}]"));
        return Ok(());
    }
    let found = list.named(shell, args.text())?;
    let [task] = found[..] else {
        let pids: Vec<String> = found.iter().map(|task| task.pid.to_string()).collect();
        if found.iter().all(|task| task.pid == 0) {
            let names: Vec<&str> = found.iter().map(|task| task.comm.as_str()).collect();
            return Err(Error::msg(format!(
                "Every CPU has an idle task with the PID 0: name one of {}.",
                names.join(", ")
            )));
        }
        return Err(Error::msg(format!("Several tasks are called {}: {}.", args.text(), pids.join(", "))));
    };
    select(shell, &list, task)?;
    shell.out.line(&format!("[Switching to {}]", describe(&list, task)));
    show_selected(shell, true, Show::FrameAndSource)
}

fn apply(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    let text = args.required("Please specify a task list: pids, addresses, or all")?;
    let list = read_tasks(shell)?;
    let (mut tasks, mut rest): (Vec<&Task>, &str) = (Vec::new(), text);
    loop {
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        if word == "all" && tasks.is_empty() {
            tasks = list.tasks.iter().collect();
        } else if word.starts_with(|c: char| c.is_ascii_digit() || c == '$')
            || word.len() == 16 && word.starts_with("ffff")
        {
            tasks.extend(list.named(shell, word)?);
        } else {
            break;
        }
        rest = after.trim_start();
    }
    if tasks.is_empty() {
        return Err(Error::msg(format!("Invalid task ID: {text}")));
    }
    let (flags, command) = ApplyFlags::default().take(rest);
    if command.is_empty() {
        return Err(Error::msg("Please specify a command following the task list"));
    }
    let result = keeping_selection(shell, |shell| apply_each(shell, &list, &tasks, flags, command));
    list.warn(shell);
    result
}

fn apply_each(
    shell: &mut Shell,
    list: &TaskList,
    tasks: &[&Task],
    flags: ApplyFlags,
    command: &str,
) -> Result<(), Error> {
    for task in tasks {
        if shell.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        let header = format!("\nTask {} ({}), {}:\n", task.pid, task.comm, describe_state(list, task));
        let before = shell.session.stop_count();
        match select(shell, list, task) {
            Ok(()) => apply_one(shell, flags, &header, command, false)?,
            Err(error) if shell.session.is_connection_lost() => return Err(error),
            Err(_) if flags.silent => {}
            Err(error) => {
                shell.out.put(&header);
                shell.out.line(&error.to_string());
            }
        }
        // The guest ran: the list is of another moment.
        if shell.session.stop_count() != before {
            break;
        }
    }
    Ok(())
}

fn describe_state(list: &TaskList, task: &Task) -> String {
    match list.cpu_running(task) {
        Some(cpu) => format!("running on CPU {cpu}"),
        None => doing(task).to_owned(),
    }
}
