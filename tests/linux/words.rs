//! Names that do not exist, words of other debuggers, and what is asked beside the point: one line that helps.

use super::guest::Guest;

/// Commands, and what each prints on standard output and standard error together.
fn said(guest: &Guest, commands: &[&str]) -> Vec<String> {
    const MARK: &str = "kdive-mark";
    let mut lines = String::from("target remote guest.sock\n");
    for command in commands {
        lines.push_str(&format!("echo {MARK}\\n\n{command}\n"));
    }
    lines.push_str(&format!("echo {MARK}\\n\n"));
    let got = guest.piped(&lines);
    let mut parts: Vec<String> =
        got.split(MARK).skip(1).map(|part| part.replace("(kdive) ", "").trim().to_owned()).collect();
    // What is said on leaving.
    parts.pop();
    assert_eq!(parts.len(), commands.len(), "{got}");
    parts
}

pub(crate) fn slips(guest: &mut Guest) {
    let asked: &[(&str, &str)] = &[
        ("address -14", "0xfffffffffffffff2: an error number: ERR_PTR(-14), EFAULT"),
        ("task 0", "Every CPU has an idle task with the PID 0: name one of swapper/0, swapper/1."),
        (
            "foreach nosuch bt",
            "nosuch selects no task: it is no PID, name, state or address; see help foreach.",
        ),
        (
            "sym no_such_symbol",
            "No symbol \"no_such_symbol\", and no file of that name to read symbols from.",
        ),
        ("catch syscall nosuch", "Unknown syscall name 'nosuch'."),
        ("catch exception nosuch", "nosuch is no exception; see help catch exception."),
        ("lx-dmesg -x", "lx-dmesg has no option -x; see help lx-dmesg."),
        ("log -n", "log -n takes a number of messages, as in log -n 20."),
        ("print vfs_read(0)", "Too few arguments in function call."),
        (
            "k",
            "\"k\" does not kill the guest without a question: write kill.  The stack is shown by backtrace.",
        ),
        ("struct -o list_head.prev", "struct list_head {\n  [8] struct list_head *prev;\n}"),
        ("struct -q list_head", "struct has no option -q; see help struct."),
        ("print jiffes", "No symbol \"jiffes\" in current context."),
        ("set suggestions on", ""),
        ("print jiffes", "No symbol \"jiffes\" in current context.\nDid you mean jiffies?"),
        ("print init_task.real_parnt", "There is no member named real_parnt.\nDid you mean real_parent?"),
        ("ptype struct taks_struct", "No struct type named taks_struct.\nDid you mean struct task_struct?"),
        (
            "ptype task_struct",
            "No symbol \"task_struct\" in current context.\nDid you mean struct task_struct?",
        ),
        ("list read_wriet.c:1", "No source file named read_wriet.c.\nDid you mean read_write.c?"),
        ("list vfs_raed", "Function \"vfs_raed\" not defined.\nDid you mean vfs_read?"),
        ("info scope vfs_raed", "Function \"vfs_raed\" not defined.\nDid you mean vfs_read?"),
        ("watch jiffes", "No symbol \"jiffes\" in current context.\nDid you mean jiffies?"),
        ("catch syscall opennat", "Unknown syscall name 'opennat'.\nDid you mean openat?"),
        ("task kthread", "No task kthread.\nDid you mean kthreadd?"),
        (
            "sym vfs_raed",
            "No symbol \"vfs_raed\", and no file of that name to read symbols from.\nDid you mean vfs_read?",
        ),
        ("print $lx_curent().pid", "Invalid data type for function to be called.\nDid you mean $lx_current?"),
    ];
    let commands: Vec<&str> = asked.iter().map(|(command, _)| *command).collect();
    let printed = said(guest, &commands);
    let wrong: Vec<String> = asked
        .iter()
        .zip(&printed)
        .filter(|((_, expected), printed)| printed != expected)
        .map(|((command, expected), printed)| format!("{command}: {printed:?} instead of {expected:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(crate) fn crashs_words(guest: &mut Guest) {
    let printed = said(
        guest,
        &[
            "struct task_struct.pid,comm init_task",
            "struct -x task_struct.flags,se.on_rq &init_task",
            "print /x init_task.flags",
            "lx-dmesg -n 1",
            "log 1",
            "task swapper/1",
            "address $sp",
            "catch syscall fstat",
            "break vfs_read task looper",
            "info breakpoints",
            "delete",
            "struct softirq_action.action softirq_vec 2",
            "struct module.name -l module.list modules.next",
            "struct list_head.next -o -l 8 &modules.prev",
            "struct list_head.next -o &modules",
            "struct -r list_head &init_task.tasks",
            "rd &init_task.tasks 2",
            "struct list_head &modules -c 3",
        ],
    );
    assert!(printed[0].starts_with("pid = 0\n  comm = \"swapper/0"), "{}", printed[0]);
    let flags = printed[2].split(" = ").nth(1).unwrap_or_else(|| panic!("{}", printed[2]));
    assert_eq!(printed[1], format!("flags = {flags}\n  se.on_rq = 0x0"));
    assert!(printed[3].starts_with('[') && printed[3].lines().count() == 1, "{}", printed[3]);
    assert_eq!(printed[3], printed[4]);
    // The CPU may be in an interrupt.
    let stacks = ["kernel stack of task 0 (swapper/1), 0x", "interrupt stack of CPU 1, 0x"];
    assert!(stacks.iter().any(|stack| printed[6].contains(stack)), "{}{}", printed[5], printed[6]);
    assert!(printed[7].starts_with("Breakpoint 1 at 0x"), "{}", printed[7]);
    assert!(printed[9].contains("stop only in tasks named looper"), "{}", printed[9]);
    assert!(printed[9].contains("in __x64_sys_newfstat at "), "{}", printed[9]);
    let handlers: Vec<&str> = printed[11].lines().filter(|line| line.contains("action = ")).collect();
    let [first, second] = handlers[..] else { panic!("{}", printed[11]) };
    assert!(
        first.ends_with("<tasklet_hi_action>") && second.ends_with("<run_timer_softirq>"),
        "{}",
        printed[11]
    );
    let newest = guest.shell("head -n 1 /proc/modules");
    let newest = newest.split_whitespace().next().unwrap();
    assert!(printed[12].starts_with(&format!("name = \"{newest}\"")), "{newest}: {}", printed[12]);
    assert!(printed[13].contains("] struct list_head *next;"), "{}", printed[13]);
    assert_eq!(printed[13], printed[14]);
    assert_eq!(printed[15], printed[16]);
    assert_eq!(printed[17].matches("next = 0x").count(), 3, "{}", printed[17]);
    assert_eq!(guest.shell("echo alive").trim(), "alive");
}
