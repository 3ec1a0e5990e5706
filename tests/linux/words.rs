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
            "\"k\" does not kill the guest where nobody is asked: write kill.  The stack is shown by backtrace.",
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
    let told = said(guest, &commands);
    let wrong: Vec<String> = asked
        .iter()
        .zip(&told)
        .filter(|((_, expected), told)| told != expected)
        .map(|((command, expected), told)| format!("{command}: {told:?} instead of {expected:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(crate) fn crashs_words(guest: &mut Guest) {
    let told = said(
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
    assert!(told[0].starts_with("pid = 0\n  comm = \"swapper/0"), "{}", told[0]);
    let flags = told[2].split(" = ").nth(1).unwrap_or_else(|| panic!("{}", told[2]));
    assert_eq!(told[1], format!("flags = {flags}\n  se.on_rq = 0x0"));
    assert!(told[3].starts_with('[') && told[3].lines().count() == 1, "{}", told[3]);
    assert_eq!(told[3], told[4]);
    // The CPU may be in an interrupt.
    let stacks = ["kernel stack of task 0 (swapper/1), 0x", "interrupt stack of CPU 1, 0x"];
    assert!(stacks.iter().any(|stack| told[6].contains(stack)), "{}{}", told[5], told[6]);
    assert!(told[7].starts_with("Breakpoint 1 at 0x"), "{}", told[7]);
    assert!(told[9].contains("stop only in tasks named looper"), "{}", told[9]);
    assert!(told[9].contains("in __x64_sys_newfstat at "), "{}", told[9]);
    let handlers: Vec<&str> = told[11].lines().filter(|line| line.contains("action = ")).collect();
    let [first, second] = handlers[..] else { panic!("{}", told[11]) };
    assert!(
        first.ends_with("<tasklet_hi_action>") && second.ends_with("<run_timer_softirq>"),
        "{}",
        told[11]
    );
    let newest = guest.shell("head -n 1 /proc/modules");
    let newest = newest.split_whitespace().next().unwrap();
    assert!(told[12].starts_with(&format!("name = \"{newest}\"")), "{newest}: {}", told[12]);
    assert!(told[13].contains("] struct list_head *next;"), "{}", told[13]);
    assert_eq!(told[13], told[14]);
    assert_eq!(told[15], told[16]);
    assert_eq!(told[17].matches("next = 0x").count(), 3, "{}", told[17]);
    assert_eq!(guest.shell("echo alive").trim(), "alive");
}
