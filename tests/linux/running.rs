//! Run control that knows tasks: two CPUs, several processes in the same functions of the kernel.

use super::guest::{Boot, Guest};

on_both_kernels! {
    next_and_finish_stay_with_their_task
    the_context_of_a_stop
    a_breakpoint_for_a_task_says_so_when_it_is_saved
}

/// A guest with two pairs of processes that send each other data through a pipe, two CPUs for the four of them; and the pids of the two
/// that read.
fn readers(series: Option<&str>) -> Option<(Guest, Vec<u32>)> {
    let mut guest = (Boot { options: &["-smp", "2"], series, ..Boot::default() }).to_shell()?;
    for _ in 0..2 {
        guest.shell("(yes | cat > /dev/null &)");
    }
    let text = guest.shell("grep -l '(cat)' /proc/[0-9]*/stat");
    let pids = text.split('/').filter_map(|part| part.parse().ok()).collect();
    Some((guest, pids))
}

fn next_and_finish_stay_with_their_task(series: Option<&str>) {
    let Some((guest, pids)) = readers(series) else { return };
    assert_eq!(pids.len(), 2, "{pids:?}");
    let pid = pids[0];
    // The reader falls asleep in the middle: its CPU goes to another of the four processes, and it wakes up on either. All four are in the same
    // functions all the time.
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         set print frame-arguments none\n\
         break pipe_read task {pid}\n\
         info breakpoints\n\
         set $n = 0\n\
         while $n < 40\n\
         continue\n\
         next 12\n\
         printf \"next in %d\\n\", $lx_current().pid\n\
         finish\n\
         printf \"finish in %d\\n\", $lx_current().pid\n\
         set $n = $n + 1\n\
         end\n\
         info breakpoints\n",
    ));
    let output = format!("{}{}", got.out, got.err);
    assert_eq!(got.out.matches(&format!("next in {pid}\n")).count(), 40, "{output}");
    assert_eq!(got.out.matches(&format!("finish in {pid}\n")).count(), 40, "{output}");
    assert!(got.out.contains(&format!(" task {pid}\n\tstop only in task {pid}\n")), "{output}");
    assert!(got.out.contains("\tbreakpoint already hit 40 times\n"), "{output}");
    assert!(got.out.contains("[Switching to Thread 1."), "{output}");
    assert!(!got.out.contains("SIGTRAP"), "{output}");
}

fn the_context_of_a_stop(series: Option<&str>) {
    let Some((guest, pids)) = readers(series) else { return };
    let pid = pids[0];
    // Where it is kept, by the members there are.
    let hot = guest.kdive("print &((struct pcpu_hot *)0)->preempt_count\n").out.starts_with("$1 = ");
    let count =
        if hot { "$lx_per_cpu(\"pcpu_hot\").preempt_count" } else { "$lx_per_cpu(\"__preempt_count\")" };
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         tbreak pipe_read task {pid}\n\
         continue\n\
         set print cpu-context on\n\
         finish\n\
         print {count} & 255\n\
         tbreak __sysvec_apic_timer_interrupt\n\
         continue\n\
         print {count} & 255\n\
         tbreak run_timer_softirq\n\
         continue\n\
         print {count} & 255\n\
         tbreak default_do_nmi\n\
         monitor nmi\n\
         continue\n\
         print {count} & 255\n\
         set print cpu-context off\n\
         stepi\n",
    ));
    let lines: Vec<&str> = got.out.lines().filter(|line| line.starts_with("[CPU ")).collect();
    let output = format!("{}{}", got.out, got.err);
    assert_eq!(lines.len(), 4, "{output}");
    let counts: Vec<&str> = got
        .out
        .lines()
        .filter(|line| line.starts_with('$'))
        .filter_map(|line| line.split(" = ").nth(1))
        .collect();
    assert!(lines[0].contains(&format!(": cat (pid {pid}), task, irqs on, preempt count ")), "{output}");
    assert!(lines[1].contains(", hardirq, irqs off, preempt count "), "{output}");
    assert!(lines[2].contains(", softirq, irqs on, preempt count "), "{output}");
    assert!(lines[3].contains(", NMI, irqs off, preempt count "), "{output}");
    for (line, count) in lines.iter().zip(counts) {
        assert!(line.ends_with(&format!("preempt count {count}]")), "{output}");
    }
}

fn a_breakpoint_for_a_task_says_so_when_it_is_saved(series: Option<&str>) {
    let Some((guest, pids)) = readers(series) else { return };
    let pid = pids[0];
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         break vfs_write -force-condition comm yes if count > 1\n\
         hbreak vfs_read if count > 0 task {pid}\n\
         tbreak hello_init task $lx_task_by_pid({pid}).pid\n\
         watch -l jiffies comm cat\n\
         save breakpoints b.gdb\n\
         shell cat b.gdb\n\
         delete 2-4\n\
         continue\n\
         print $lx_current().comm\n\
         print count > 1\n\
         why 1\n\
         break vfs_read task 4194303\n\
         disconnect\n\
         break vfs_read task 1x\n",
    ));
    let output = format!("{}{}", got.out, got.err);
    let saved = format!(
        "break vfs_write comm yes\n  condition $bpnum count > 1\n\
         hbreak vfs_read task {pid}\n  condition $bpnum count > 0 \n\
         tbreak hello_init task $lx_task_by_pid({pid}).pid\nwatch -location jiffies comm cat\n"
    );
    assert!(got.out.contains(&saved), "{output}");
    assert!(got.out.contains("$1 = \"yes\", "), "{output}");
    assert!(got.out.contains("$2 = 1\n"), "{output}");
    assert!(got.out.contains("It stops only in tasks named yes.\n"), "{output}");
    let absent = "warning: no task has PID 4194303; the breakpoint applies once one does\n";
    assert_eq!(got.err.matches("warning: ").count(), 1, "{output}");
    assert!(got.err.contains(absent), "{output}");
    assert!(got.err.ends_with("Junk after task keyword.\n"), "{output}");
}
