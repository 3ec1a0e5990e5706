//! The system as a whole, in the words of crash: `sys`, `runq`, `irq`, `files`.

use super::task_list::{TaskWords, check, read_tasks, selected};
use crate::spec::{Class, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_linux::{Object, current_task, per_cpu_offsets};

const NEEDS: Needs = Needs::STOPPED.and(Needs::SYMBOLS);

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "sys",
        class: Class::Linux,
        needs: NEEDS,
        summary: "The system: release, machine, CPUs, tasks, memory, time it is up",
        help: "As crash shows it at its start.",
        keywords: &["uptime", "load average", "kernel version"],
        examples: &["sys"],
        run: sys,
        ..Spec::EMPTY
    },
    Spec {
        name: "runq",
        class: Class::Linux,
        needs: NEEDS,
        summary: "What each CPU runs and how many tasks wait for it",
        help: "For each CPU that is online: its runqueue, the tasks on it, the one that runs.",
        keywords: &["scheduler", "run queue", "load", "starvation"],
        examples: &["runq"],
        run: runq,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-interruptlist",
        aliases: &["irq"],
        class: Class::Linux,
        needs: NEEDS,
        summary: "Print /proc/interrupts",
        help: "Number, how often it came on each CPU, controller, handlers; then the CPU's own.",
        keywords: &["IRQ", "interrupt storm", "/proc/interrupts"],
        examples: &["lx-interruptlist"],
        run: interrupts,
        ..Spec::EMPTY
    },
    Spec {
        name: "files",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Open files of a task",
        help: "Usage: files [PID | TASK | NAME]\nOf the selected task without argument.",
        keywords: &["file descriptor", "open files", "fd leak"],
        examples: &["files 1"],
        run: files,
        ..Spec::EMPTY
    },
];

fn sys(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    let list = read_tasks(shell)?;
    let program = shell.program();
    let uts =
        Object::variable(program, "init_uts_ns").and_then(|uts| uts.member("name")).map_err(Error::msg)?;
    let field = |name: &str| uts.member(name).and_then(|field| field.string(65)).unwrap_or_default();
    let cpus = kdive_linux::cpu_mask(program, "online").map_or(1, |cpus| cpus.len());
    let pages = kdive_linux::total_pages(program).unwrap_or(0);
    // Jiffies begin five minutes before they overflow, as 32 bits count (INITIAL_JIFFIES).
    let ticks = Object::variable(program, "jiffies_64").and_then(|jiffies| jiffies.uint()).unwrap_or(0);
    // The length of a tick is steered by NTP, by less than what rounding takes away.
    let hz = Object::variable(program, "tick_nsec").and_then(|nsec| nsec.uint()).ok();
    let hz = hz.filter(|nsec| *nsec > 0).map_or(250, |nsec| ((1_000_000_000 + nsec / 2) / nsec).max(1));
    let seconds = (ticks & u64::from(u32::MAX)).wrapping_add(300 * hz) & u64::from(u32::MAX);
    let seconds = seconds / hz;
    let (days, rest) = (seconds / 86400, seconds % 86400);
    let days = if days == 0 { String::new() } else { format!("{days} days, ") };
    let rows = [
        ("RELEASE", field("release")),
        ("VERSION", field("version")),
        ("MACHINE", field("machine")),
        ("NODENAME", field("nodename")),
        ("CPUS", cpus.to_string()),
        ("UPTIME", format!("{days}{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)),
        ("TASKS", list.tasks.len().to_string()),
        ("MEMORY", format!("{} MB", pages * 4 / 1024)),
    ];
    for (title, text) in rows {
        shell.out.line(&format!("{title:>12}: {text}"));
    }
    list.warn(shell);
    Ok(())
}

fn runq(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    let list = read_tasks(shell)?;
    let offsets = per_cpu_offsets(shell.program()).map_err(Error::msg)?;
    let cpus = kdive_linux::cpu_mask(shell.program(), "online").map_err(Error::msg)?;
    for cpu in cpus.into_iter().filter_map(|cpu| usize::try_from(cpu).ok()) {
        let Some(offset) = offsets.get(cpu) else { continue };
        let program = shell.program();
        let queue = Object::variable(program, "runqueues").map_err(Error::msg)?;
        let queue = Object::of_struct(program, "rq", queue.addr().offset(*offset)).map_err(Error::msg)?;
        let waiting = queue.member("nr_running").and_then(|count| count.uint()).map_err(Error::msg)?;
        let current = current_task(program, cpu).map_err(Error::msg)?;
        let name = list.tasks.iter().find(|task| task.addr == current);
        let name = name
            .map_or_else(|| "?".to_owned(), |task| format!("PID: {}  COMMAND: \"{}\"", task.pid, task.comm));
        let lines = [
            format!("CPU {cpu} RUNQUEUE: {:016x}  TASKS ON IT: {waiting}", queue.addr().0),
            format!("  CURRENT: {name}  TASK: {:016x}", current.0),
        ];
        for line in lines {
            shell.out.line(&line);
        }
        let ready = list.tasks.iter().filter(|task| {
            task.state == 0
                && task.pid != 0
                && task.cpu == u32::try_from(cpu).ok()
                && list.cpu_running(task).is_none()
        });
        for task in ready {
            shell.out.line(&format!(
                "  READY: PID: {}  COMMAND: \"{}\"  TASK: {:016x}",
                task.pid, task.comm, task.addr.0
            ));
        }
    }
    list.warn(shell);
    Ok(())
}

fn interrupts(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let cpus = kdive_linux::cpu_mask(shell.program(), "online").map_err(Error::msg)?;
    let (found, broken) = kdive_linux::interrupts(shell.program()).map_err(Error::msg)?;
    let width = found.iter().map(|irq| irq.number.to_string().len()).fold(3, usize::max);
    let titles: Vec<String> = cpus.iter().map(|cpu| format!("CPU{cpu:<8}")).collect();
    shell.out.line(&format!("{:width$}       {}", "", titles.concat()));
    for irq in found {
        let counts: String = irq.counts.iter().map(|count| format!("{count:>10} ")).collect();
        let hwirq = irq.hwirq.map_or_else(String::new, |hwirq| hwirq.to_string());
        let trigger = if irq.level { "Level" } else { "Edge" };
        let name = irq.name.map_or_else(String::new, |name| format!("-{name:<8}"));
        let actions =
            if irq.actions.is_empty() { String::new() } else { format!("  {}", irq.actions.join(", ")) };
        // As the kernel does without CONFIG_GENERIC_IRQ_SHOW_LEVEL where the flow has a name.
        let trigger = if name.is_empty() { format!(" {trigger:<8}") } else { String::new() };
        let line = format!(
            "{:>width$}: {counts} {:>8} {hwirq:>width$}{trigger}{name}{actions}",
            irq.number, irq.chip
        );
        shell.out.line(line.trim_end());
    }
    for total in kdive_linux::interrupt_totals(shell.program()).map_err(Error::msg)? {
        let counts: String = total.counts.iter().map(|count| format!("{count:>10} ")).collect();
        let line = format!("{:>width$}: {counts}  {}", total.label, total.description.unwrap_or_default());
        shell.out.line(line.trim_end());
    }
    if let Some(broken) = broken {
        shell.out.warning(&format!("the tree of interrupts is damaged: {broken}"));
    }
    Ok(())
}

fn files(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    let list = read_tasks(shell)?;
    let task = if args.is_empty() {
        selected(shell).ok_or_else(|| Error::msg("No task selected: name one, as in files 1."))?
    } else {
        let found = list.named(shell, args.text())?;
        found.first().map(|task| task.addr).ok_or_else(|| Error::msg(format!("No task {}.", args.text())))?
    };
    let (files, broken) = kdive_linux::open_files(shell.program(), task).map_err(Error::msg)?;
    shell.out.line(" FD        FILE        PATH");
    for file in files {
        shell.out.line(&format!("{:>3}  {:016x}  {}", file.fd, file.file.0, file.path));
    }
    if let Some(broken) = broken {
        shell.out.warning(&format!("the table of files is damaged: {broken}"));
    }
    Ok(())
}
