//! One task or many in the words of crash: `vm`, `sig`, `waitq`, `foreach`, `bt -a`.

use super::task_list::{TaskWords, check, keeping_selection, read_tasks, select, selected};
use super::tasks::state;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Missing, Shell, Spec};
use kdive_linux::TaskList;
use kdive_linux::{Object, SignalAction, Task, memory_use};

const NEEDS: Needs = Needs::STOPPED.and(Needs::SYMBOLS);

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "vm",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Memory of a process: its areas, in crash's columns",
        help: "Usage: vm [PID | TASK | NAME]...\nOf the selected task without argument.",
        keywords: &["memory map", "mmap", "process memory", "/proc/PID/maps"],
        examples: &["vm", "vm 1"],
        run: |shell, args| each(shell, args, vm),
        ..Spec::EMPTY
    },
    Spec {
        name: "sig",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Signals of a task: handlers, blocked, pending",
        help: "Usage: sig [PID | TASK | NAME]...\nOf the selected task without argument.",
        keywords: &["signal"],
        examples: &["sig", "sig 1"],
        run: |shell, args| each(shell, args, sig),
        ..Spec::EMPTY
    },
    Spec {
        name: "waitq",
        class: Class::Linux,
        needs: NEEDS,
        summary: "The tasks that wait in a wait queue",
        help: "Usage: waitq QUEUE\n\
               QUEUE is a wait_queue_head or its address.",
        keywords: &["deadlock", "hang", "wait queue", "sleeping", "lost wakeup"],
        examples: &["waitq &log_wait"],
        complete: Completer::Expr,
        run: waitq,
        ..Spec::EMPTY
    },
    Spec {
        name: "foreach",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Apply a command to tasks, selected as in crash",
        help: "Usage: foreach [SELECTION]... COMMAND\n\
               SELECTION is kernel, user, gleader, active, a state (RU IN UN ID ST TR ZO DE PA),\n\
               a PID, the address of a task_struct, or the name of a task; all tasks without one.\n\
               Each task is selected as by the command task. The command follows.",
        keywords: &["all stacks", "backtrace of all tasks", "deadlock", "hang", "hung task"],
        examples: &["foreach bt", "foreach user vm", "foreach UN bt 3"],
        complete: Completer::Command,
        run: foreach,
        ..Spec::EMPTY
    },
];

/// `PID: 1  TASK: ffff...  CPU: 0  COMMAND: "init"`, the line crash puts above what it shows of a task.
fn header(list: &TaskList, task: &Task) -> String {
    let cpu = list.cpu_running(task).map(|cpu| cpu as u64).or(task.cpu.map(u64::from));
    let cpu = cpu.map_or_else(|| "-".to_owned(), |cpu| cpu.to_string());
    format!("PID: {:<7}  TASK: {:016x}  CPU: {cpu:<3}  COMMAND: \"{}\"", task.pid, task.addr.0, task.comm)
}

/// Shows something of the tasks a command names, or of the selected one.
fn each(
    shell: &mut Shell,
    args: Args<'_>,
    show: fn(&mut Shell, &Task) -> Result<(), Error>,
) -> Result<(), Error> {
    check(shell)?;
    let list = read_tasks(shell)?;
    let mut shown = Vec::new();
    if args.is_empty() {
        let current = selected(shell)
            .ok_or_else(|| Error::msg(format!("No task selected: name one, as in {} 1.", args.invoked)))?;
        let task = list.tasks.iter().find(|task| task.addr == current);
        shown.push(task.ok_or_else(|| Error::msg(format!("The task at {current} is in no list.")))?);
    }
    for word in args.text().split_whitespace() {
        shown.extend(list.named(shell, word)?);
    }
    for (index, task) in shown.into_iter().enumerate() {
        shell.check_interrupt()?;
        if index > 0 {
            shell.out.put("\n");
        }
        shell.out.line(&header(&list, task));
        show(shell, task)?;
    }
    list.warn(shell);
    Ok(())
}

fn vm(shell: &mut Shell, task: &Task) -> Result<(), Error> {
    let program = shell.program();
    if task.mm.0 == 0 {
        shell.out.line("(no user memory)");
        return Ok(());
    }
    let pgd = Object::of_struct(program, "mm_struct", task.mm).and_then(|mm| mm.member("pgd")?.pointer());
    let pgd = pgd.map_err(Error::msg)?;
    let sizes = memory_use(program, task.mm).map_err(Error::msg)?;
    let (areas, broken) = kdive_linux::vmas(program, task.mm).map_err(Error::msg)?;
    let mut lines = vec![
        format!("{:^16}  {:^16}  {:>8}  {:>8}", "MM", "PGD", "RSS", "TOTAL_VM"),
        format!(
            "{:016x}  {:016x}  {:>8}  {:>8}",
            task.mm.0,
            pgd.0,
            format!("{}k", sizes.resident * 4),
            format!("{}k", sizes.mapped * 4)
        ),
        format!("{:^16}  {:>16}  {:>16}  {:>8}  FILE", "VMA", "START", "END", "FLAGS"),
    ];
    for area in areas {
        let line = format!(
            "{:016x}  {:>16x}  {:>16x}  {:>8x}  {}",
            area.addr.0,
            area.start.0,
            area.end.0,
            area.flags,
            area.file.unwrap_or_default()
        );
        lines.push(line.trim_end().to_owned());
    }
    for line in lines {
        shell.out.line(&line);
    }
    if let Some(broken) = broken {
        shell.out.warning(&format!("the memory areas are damaged: {broken}"));
    }
    Ok(())
}

/// Names of the signals of x86 and most others, from 1 (include/uapi/asm-generic/signal.h).
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

fn sig(shell: &mut Shell, task: &Task) -> Result<(), Error> {
    let Some(signals) = kdive_linux::signals(shell.program(), task.addr).map_err(Error::msg)? else {
        shell.out.line("(no signals any more)");
        return Ok(());
    };
    shell.out.line(&format!("SIGNAL_STRUCT: {:016x}  NR_THREADS: {}", signals.addr.0, signals.threads));
    shell.out.line(&format!(" SIG   {:^16}  {:^16}  {:^16}  FLAGS", "SIGACTION", "HANDLER", "MASK"));
    for action in signals.actions {
        let handler = match action.handler {
            0 => "SIG_DFL".to_owned(),
            1 => "SIG_IGN".to_owned(),
            address => format!("{address:016x}"),
        };
        let line = format!(
            " {:<4}  {:016x}  {handler:^16}  {:016x}  {:x} {}",
            format!("[{}]", action.number),
            action.addr.0,
            action.mask,
            action.flags,
            flags(&action)
        );
        shell.out.line(line.trim_end());
    }
    let pending = signals.private_pending | signals.shared_pending;
    let rows = [
        ("SIGPENDING", if pending & !signals.blocked == 0 { "no".to_owned() } else { "yes".to_owned() }),
        ("BLOCKED", format!("{:016x}{}", signals.blocked, names(signals.blocked))),
        ("PRIVATE_PENDING", format!("{:016x}{}", signals.private_pending, names(signals.private_pending))),
        ("SHARED_PENDING", format!("{:016x}{}", signals.shared_pending, names(signals.shared_pending))),
    ];
    for (title, text) in rows {
        shell.out.line(&format!("{title:>15}: {text}"));
    }
    Ok(())
}

/// Which signals are in a set, in words.
fn names(set: u64) -> String {
    let name =
        |bit: usize| SIGNALS.get(bit).map_or_else(|| format!("SIG{}", bit + 1), |name| format!("SIG{name}"));
    let names: Vec<String> = (0..64).filter(|bit| set >> bit & 1 == 1).map(name).collect();
    if names.is_empty() { String::new() } else { format!("  {}", names.join(" ")) }
}

/// `SA_*` in words.
fn flags(action: &SignalAction) -> String {
    const WORDS: [(u64, &str); 8] = [
        (1, "SA_NOCLDSTOP"),
        (2, "SA_NOCLDWAIT"),
        (4, "SA_SIGINFO"),
        (0x0400_0000, "SA_RESTORER"),
        (0x0800_0000, "SA_ONSTACK"),
        (0x1000_0000, "SA_RESTART"),
        (0x4000_0000, "SA_NODEFER"),
        (0x8000_0000, "SA_RESETHAND"),
    ];
    let set: Vec<&str> =
        WORDS.iter().filter(|(bit, _)| action.flags & bit != 0).map(|(_, word)| *word).collect();
    if set.is_empty() { String::new() } else { format!("({})", set.join("|")) }
}

fn waitq(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    let text = args.required("Argument required (a wait queue).")?;
    let program = shell.program();
    let value = program.evaluate(text)?;
    let queue = match value.address().filter(|_| !value.ty().strip().is_pointer()) {
        Some(addr) => addr,
        None => program.evaluate_address(text)?,
    };
    let waiters = kdive_linux::waiters(program, queue).map_err(Error::msg)?;
    let list = read_tasks(shell)?;
    if waiters.tasks.is_empty() && waiters.others == 0 && waiters.broken.is_none() {
        shell.out.line(&format!("wait queue {queue:#x} is empty"));
    }
    for addr in waiters.tasks {
        let line = match list.tasks.iter().find(|task| task.addr == addr) {
            Some(task) => header(&list, task),
            None => format!("{addr:#x} is no task"),
        };
        shell.out.line(&line);
    }
    if waiters.others > 0 {
        shell.out.line(&format!("and {} that wake no task by themselves", waiters.others));
    }
    if let Some(broken) = waiters.broken {
        super::damaged(shell, &format!("the wait queue is damaged: {broken}"));
    }
    Ok(())
}

/// The words that select tasks, apart from their states.
const SELECTIONS: [&str; 4] = ["kernel", "user", "gleader", "active"];

/// What a word before the command selects.
enum Selection<'a> {
    /// Tasks that are all this.
    Filter(fn(&TaskList, &Task) -> bool),
    /// Tasks in this state.
    State(&'a str),
    /// These tasks.
    Tasks(Vec<&'a Task>),
}

fn selection<'a>(shell: &Shell, list: &'a TaskList, word: &'a str) -> Option<Selection<'a>> {
    const STATES: [&str; 9] = ["RU", "IN", "UN", "ID", "ST", "TR", "ZO", "DE", "PA"];
    Some(match word {
        "kernel" => Selection::Filter(|_, task| task.kernel_thread),
        "user" => Selection::Filter(|_, task| !task.kernel_thread),
        "gleader" => Selection::Filter(|_, task| task.pid == task.tgid),
        "active" => Selection::Filter(|list, task| list.cpu_running(task).is_some()),
        word if STATES.contains(&word) => Selection::State(word),
        // A command that is called like a task is a command.
        word if shell.tree().find(word).is_ok() => return None,
        word => Selection::Tasks(list.named(shell, word).ok()?),
    })
}

fn foreach(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    /// Show the line with the task themselves.
    const WITH_HEADER: [&str; 2] = ["vm", "sig"];
    check(shell)?;
    let list = read_tasks(shell)?;
    let (mut tasks, mut filters, mut states) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = args;
    while let Some((word, after)) = rest.split_word() {
        match selection(shell, &list, word) {
            Some(Selection::Filter(filter)) => filters.push(filter),
            Some(Selection::State(state)) => states.push(state),
            Some(Selection::Tasks(named)) => tasks.extend(named),
            None => break,
        }
        rest = after;
    }
    let command = rest.text();
    if command.is_empty() {
        return Err(Error::msg("Please specify a command following the selection of tasks"));
    }
    // What it is, shown before it is run for the first of many.
    if let Err(error) = shell.tree().find(command) {
        let word = command.split_whitespace().next().unwrap_or_default();
        let after = command.strip_prefix(word).map(str::trim).unwrap_or_default();
        // With a command behind it the word was to select tasks.
        if shell.tree().find(after).is_err() {
            return Err(error);
        }
        let words = SELECTIONS.iter().copied().chain(list.tasks.iter().map(|task| task.comm.as_str()));
        return Err(Error::unknown(
            format!("{word} selects no task: it is no PID, name, state or address; see help foreach."),
            Missing::among(word, words),
        ));
    }
    if tasks.is_empty() {
        tasks = list.tasks.iter().collect();
    }
    tasks.retain(|task| {
        filters.iter().all(|filter| filter(&list, task))
            && (states.is_empty() || states.contains(&state(task)))
    });
    let own_header = command.split_whitespace().next().is_some_and(|word| WITH_HEADER.contains(&word));
    let result = keeping_selection(shell, |shell| {
        for (index, task) in tasks.iter().enumerate() {
            shell.check_interrupt()?;
            if index > 0 {
                shell.out.put("\n");
            }
            if !own_header {
                shell.out.line(&header(&list, task));
            }
            let before = shell.session.stop_count();
            let done = select(shell, &list, task).and_then(|()| shell.execute(command, false));
            match done {
                Ok(()) => {}
                Err(error @ (Error::Exit(_) | Error::Interrupted)) => return Err(error),
                Err(error) => shell.out.line(&error.to_string()),
            }
            // The guest ran: the list is of another moment.
            if shell.session.stop_count() != before {
                break;
            }
        }
        Ok(())
    });
    list.warn(shell);
    result
}

/// `bt -a`: the stack of what each CPU runs.
///
/// # Errors
/// Without a kernel; an interrupt.
pub fn backtrace_all(shell: &mut Shell) -> Result<(), Error> {
    check(shell)?;
    let list = read_tasks(shell)?;
    let mut running: Vec<(usize, &Task)> =
        list.tasks.iter().filter_map(|task| Some((list.cpu_running(task)?, task))).collect();
    running.sort_by_key(|(cpu, _)| *cpu);
    let result = keeping_selection(shell, |shell| {
        for (index, (_, task)) in running.into_iter().enumerate() {
            shell.check_interrupt()?;
            if index > 0 {
                shell.out.put("\n");
            }
            shell.out.line(&header(&list, task));
            match select(shell, &list, task).and_then(|()| shell.execute("backtrace", false)) {
                Ok(()) => {}
                Err(error @ (Error::Exit(_) | Error::Interrupted)) => return Err(error),
                Err(error) => shell.out.line(&error.to_string()),
            }
        }
        Ok(())
    });
    list.warn(shell);
    result
}
