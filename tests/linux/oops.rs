//! The module of the walk-through breaks the kernel; kdive says how.

use super::guest::{Boot, GO, Guest};

on_both_kernels! {
    analyze_when_it_happens
    analyze_long_after
    events_of_the_kernel_are_caught
}

/// The lines from the one that starts with `first` on.
fn from<'a>(text: &'a str, first: &str) -> Vec<&'a str> {
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with(first));
    lines[at.unwrap_or_else(|| panic!("no {first} in {text}"))..].to_vec()
}

/// What `analyze` has to say, wherever the kernel was placed.
#[track_caller]
fn check(out: &str, guest: &Guest) {
    let lines = from(out, "BUG: kernel NULL pointer dereference, address: 0000000000000");
    // Where the member is, and what the compiler made of the function, is each kernel's own.
    let offset = lines[0].rsplit_once(": ").map(|(_, hex)| hex.trim_start_matches('0')).unwrap();
    assert!(u64::from_str_radix(offset, 16).is_ok_and(|offset| offset > 0x100), "{lines:#?}");
    assert_eq!(lines[1], "#PF: supervisor write access in kernel mode");
    assert!(lines[4].starts_with("In insmod (pid ") && lines[4].ends_with(") on CPU 0"), "{lines:#?}");
    assert!(
        lines[5].starts_with("At hello_init+0x") && lines[5].contains(" [poc], 0xffffffffc"),
        "{lines:#?}"
    );
    assert!(
        lines[5].contains(" in hello_init () at ") && lines[5].ends_with("/modules/poc.c:20"),
        "{lines:#?}"
    );
    assert_eq!(lines[6], "20\t\tts->pid = 0;");
    assert_eq!(lines[7], format!("   movl   $0x0,0x{offset}(%rax)    rax = 0x0"));
    let cause = format!("Cause: writing ts->pid at 0x0 + 0x{offset}: ts ");
    assert!(lines[8].starts_with(&cause), "{lines:#?}");
    assert!(lines[8].ends_with(" NULL (struct task_struct)"), "{lines:#?}");
    assert_eq!(lines[9], "Called from:");
    let caller = lines[10].strip_prefix("  do_one_initcall+0x");
    assert!(caller.is_some_and(|caller| caller.contains(" at init/main.c:")), "{lines:#?}");
    assert!(out.contains("Tainted GOE: out-of-tree module, unsigned module\n"), "{out}");
    let module = format!("In module poc, symbols from {}\n", guest.file("modules/poc.ko").display());
    assert!(out.contains(&module), "{out}");
    assert!(out.contains("] hello,world,insmod\n"), "{out}");
}

fn analyze_when_it_happens(series: Option<&str>) {
    let Some(guest) =
        (Boot { append: "kdive.insmod=poc", options: &["-S"], series, ..Boot::default() }).start()
    else {
        return;
    };
    let got = guest.kdive(
        "target remote guest.sock\n\
         catch oops\n\
         continue\n\
         analyze\n\
         backtrace 2\n\
         info locals\n\
         print ts\n\
         thread 1\n\
         print $lx_current().comm\n",
    );
    check(&got.out, &guest);
    let after = from(&got.out, "[Registers and frames are those of the report now");
    assert!(
        after[1].starts_with("#0  0xffffffffc") && after[1].contains(" in hello_init () at "),
        "{after:#?}"
    );
    assert!(
        after[2].starts_with("#1  0xffffffff") && after[2].contains(" in do_one_initcall ("),
        "{after:#?}"
    );
    let rest = after.join("\n");
    assert!(rest.contains("\nts = 0x0"), "{rest}");
    assert!(rest.contains("\n$1 = (struct task_struct *) 0x0"), "{rest}");
    assert!(rest.contains("\n#0  oops_end (flags="), "{rest}");
    assert!(rest.contains("\n$2 = \"insmod"), "{rest}");
}

fn analyze_long_after(series: Option<&str>) {
    let Some(mut guest) =
        (Boot { append: "kdive.insmod=poc", options: &[], series, ..Boot::default() }).to_shell()
    else {
        return;
    };
    let got = guest.kdive("target remote guest.sock\nanalyze\n");
    check(&got.out, &guest);
    decode_a_pasted_report(&mut guest);
}

fn decode_a_pasted_report(guest: &mut Guest) {
    // As this kernel's own report has them: the function that fails, and who called it.
    let log = guest.shell("dmesg | grep -E '(hello_init|do_one_initcall|do_syscall_64)[+]'");
    let output = |name: &str| {
        let found = log.split([' ', ':', '\n']).find(|word| word.starts_with(&format!("{name}+0x")));
        found.unwrap_or_else(|| panic!("no {name} in {log}")).to_owned()
    };
    let (failed, caller, syscall) =
        (output("hello_init"), output("do_one_initcall"), output("do_syscall_64"));
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         decode {failed} [poc]\n\
         decode {caller}\n\
         decode\n\
         Nov 22 host kernel: [    2.183463] RIP: 0010:{failed} [poc]\n\
         Nov 22 host kernel: [    2.185390] Call Trace:\n\
         Nov 22 host kernel: [    2.186055]  {caller}\n\
         Nov 22 host kernel: [    2.187321]  {syscall}\n\
         end\n\
         decode nothing+0x1/0x2 [poc]\n",
    ));
    let place = |named: &str, rest: &str| format!("{}{rest}", named.split('/').next().unwrap());
    let lines = from(&got.out, &place(&failed, " [poc] at "));
    assert!(lines[0].ends_with("/modules/poc.c:20"), "{lines:#?}");
    assert!(lines[1].starts_with(&place(&caller, " at init/main.c:")), "{lines:#?}");
    assert_eq!(lines[2], format!("At {}", lines[0]));
    let rest = lines.join("\n");
    assert!(rest.contains(&format!("\n  {}", place(&caller, " at init/main.c:"))), "{rest}");
    assert!(rest.contains(&format!("\n  {}", place(&syscall, " at arch/x86/entry/common.c:"))), "{rest}");
    assert!(rest.contains(" in do_syscall_x64, inlined at arch/x86/entry/common.c:"), "{rest}");
    assert!(got.err.contains("No symbol nothing of module poc is known;"), "{}", got.err);
}

fn events_of_the_kernel_are_caught(series: Option<&str>) {
    let Some(mut guest) = (Boot { series, ..Boot::default() }).to_shell() else { return };
    let got = guest.kdive("target remote guest.sock\nanalyze\n");
    assert!(got.err.ends_with("The kernel's log has no oops, BUG, warning or panic.\n"), "{}", got.err);
    guest.at_go("insmod /modules/kdive_test.ko; echo c > /proc/sysrq-trigger");
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         catch module kdive_test\n\
         {GO}\n\
         continue\n\
         print mod->name\n\
         catch exec\n\
         catch syscall openat\n\
         catch exception 14\n\
         info breakpoints\n\
         delete\n\
         catch panic\n\
         continue\n\
         analyze -n\n",
    ));
    assert!(
        got.out.contains(", do_init_module (mod=mod@entry=0x")
            || got.out.contains(", do_init_module (mod=0x"),
        "{}{}",
        got.out,
        got.err
    );
    assert!(got.out.contains("$1 = \"kdive_test\""), "{}", got.out);
    for name in ["begin_new_exec", "__x64_sys_openat", "exc_page_fault"] {
        assert!(got.out.contains(&format!(" in {name} at ")), "{name} {}", got.out);
    }
    assert!(got.out.contains(", panic (fmt="), "{}{}", got.out, got.err);
    // Nothing of it is in the log yet.
    let lines = from(&got.out, "Kernel panic - not syncing: ");
    assert_eq!(lines[0], "Kernel panic - not syncing: sysrq triggered crash", "{lines:#?}");
    assert!(lines[1].starts_with("In sh (pid ") && lines[1].contains(") on CPU "), "{lines:#?}");
    assert_eq!(lines[2], "Called from:");
    assert!(lines[3].contains(" in sysrq_handle_crash (key="), "{lines:#?}");
}

/// For a guest with a shell and kdive_test.ko: a warning, a task that is blocked, a CPU that hangs, a BUG.
pub(crate) fn trouble_is_caught(guest: &mut Guest) {
    guest
        .shell("echo 1 > /proc/sys/kernel/hung_task_timeout_secs; echo 1 > /proc/sys/kernel/watchdog_thresh");
    // In the background: the shell lives on. A watchdog on a busy machine may look away for too long: the trouble comes again until
    // the kernel has reported it.
    let trouble = |guest: &mut Guest, word: &str, catch: &str, report: &str| {
        let cause = format!("echo {word} > /sys/module/kdive_test/parameters/trouble");
        guest.at_go(&format!("(while {cause}; do dmesg | grep -q '{report}' && break; done) &"));
        let commands =
            [&format!("catch {catch}"), GO, "continue", "bt", "analyze -n", "print $lx_current().comm"];
        let mut got = guest.ask(&commands);
        got.out.remove(1);
        assert!(got.out[0].starts_with("Breakpoint 1 at 0x"), "{}{}", got.out[0], got.err);
        assert!(got.out[1].contains("Breakpoint 1"), "{}{}", got.out[1], got.err);
        got
    };
    let got = trouble(guest, "warn", "warn", "WARNING: ");
    assert!(got.out[1].contains("__warn (file="), "{}", got.out[1]);
    assert!(got.out[1].contains("kdive_test.c\""), "{}", got.out[1]);
    assert!(got.out[2].contains(" kdive_test_warn () at "), "{}", got.out[2]);
    let reason = got.out[3].lines().next().unwrap_or_default();
    assert!(
        reason.starts_with("WARNING at ") && reason.contains("kdive_test.c:"),
        "{}{}",
        got.out[3],
        got.err
    );
    assert!(got.out[3].contains("Called from:\n"), "{}", got.out[3]);

    let got = trouble(guest, "spin", "lockup", "soft lockup");
    assert!(got.out[1].contains("add_taint (flag="), "{}", got.out[1]);
    assert!(got.out[2].contains(" kdive_test_spin () at "), "{}", got.out[2]);

    // Parameters are written one at a time: the next waits until this one is awake again.
    let got = trouble(guest, "hang", "hung", "blocked for more than");
    assert!(got.out[1].contains("sched_show_task (p="), "{}", got.out[1]);
    assert!(got.out[4].contains("\"khungtaskd"), "{}", got.out[4]);
    assert!(got.out[3].starts_with("INFO: task sh:"), "{}{}", got.out[3], got.err);

    let got = trouble(guest, "bug", "bug", "kernel BUG at ");
    assert!(got.out[1].contains("oops_end ("), "{}", got.out[1]);
    assert!(got.out[3].contains("kernel BUG at ") && got.out[3].contains("kdive_test.c:"), "{}", got.out[3]);
    assert!(
        got.out[3].contains("At kdive_test_bug+") && got.out[3].contains(" [kdive_test]"),
        "{}",
        got.out[3]
    );
    locks(guest, &got.out[3]);
}

/// What is locked at the BUG of `kdive_test.ko`, and what waits for it afterwards.
fn locks(guest: &mut Guest, report: &str) {
    for (name, how) in [
        ("kdive_test_mutex [kdive_test]", "struct mutex, taken by sh (pid "),
        ("kdive_test_rwsem [kdive_test]", "struct rw_semaphore, taken by sh (pid "),
        ("guarded->mutex", "struct mutex, taken by sh (pid "),
        ("guarded->semaphore", "struct rw_semaphore, taken to read by sh (pid "),
        ("guarded->spinlock", "spinlock, held by some CPU)"),
        ("kdive_test_spinlock [kdive_test]", "spinlock, held by some CPU)"),
    ] {
        assert!(report.contains(&format!("'{name}' ({how}")), "{name}: {report}");
    }
    assert!(report.contains("Locks held: '") && !report.contains("guarded->idle"), "{report}");
    // Who wrote the parameter has died with the lock of all parameters.
    let output =
        guest.shell("(echo warn > /sys/module/kdive_test/parameters/trouble) & echo waiter $!; sleep 2");
    let pid = output.lines().find_map(|line| line.strip_prefix("waiter ")).unwrap().trim().to_owned();
    let got = guest.ask(&[&format!("locks {pid}"), "locks 1", "locks", "locks nobody"]);
    let waiter = &got.out[0];
    assert!(waiter.starts_with(&format!("sh (pid {pid}):\nLocks held: '")), "{waiter}");
    assert!(
        waiter.contains("\nWaits for: '__this_module.param_lock [kdive_test]' (struct mutex, taken by "),
        "{waiter}"
    );
    assert!(got.out[1].contains(" (pid 1):\nLocks held: none found ("), "{}", got.out[1]);
    assert!(got.out[2].contains("Locks held: "), "{}{}", got.out[2], got.err);
    assert!(got.err.contains("No task nobody."), "{}", got.err);
}
