//! Checks for a guest with a shell. Tasks: the list, each task's stack, and the functions of scripts/gdb, against /proc.

use super::guest::Guest;

/// `/proc/PID/stat` of every process: pid, name, state letter, parent, pages mapped and resident.
fn processes(guest: &mut Guest) -> Vec<(u64, String, String, u64, u64, u64)> {
    let text = guest.shell("cat /proc/[0-9]*/stat");
    text.lines()
        .filter_map(|line| {
            let (pid, rest) = line.split_once(" (")?;
            let (name, rest) = rest.rsplit_once(") ")?;
            let fields: Vec<&str> = rest.split(' ').collect();
            let number = |index: usize| fields[index].parse::<u64>().unwrap();
            // Fields 3 (state), 4 (ppid), 23 (vsize in bytes), 24 (rss in pages) of proc(5).
            Some((
                pid.parse().unwrap(),
                name.to_owned(),
                fields[0].to_owned(),
                number(1),
                number(20),
                number(21),
            ))
        })
        .collect()
}

pub(crate) fn ps_is_what_proc_says(guest: &mut Guest) {
    let mut expected = processes(guest);
    // Since 6.2 `stat` leaves out what CPUs have counted for themselves, `statm` does not.
    let exact = guest.shell("grep . /proc/[0-9]*/statm");
    for (pid, .., rss) in &mut expected {
        let line = exact.lines().find_map(|line| line.strip_prefix(&format!("/proc/{pid}/statm:")));
        *rss = line.map_or(*rss, |line| line.split(' ').nth(1).unwrap().parse().unwrap());
    }
    // The command that printed them is gone; the names of idle workers change with their work.
    expected.retain(|(_, name, ..)| name != "cat" && !name.starts_with("kworker/"));
    assert!(expected.len() > 20, "{expected:?}");
    let got = guest.kdive("target remote guest.sock\nps\n");
    let rows: Vec<Vec<&str>> =
        got.out.lines().map(|line| line.trim_start_matches('>').split_whitespace().collect()).collect();
    let mut asleep = 0;
    for (pid, name, letter, parent, vsize, rss) in expected {
        let row = rows.iter().find(|row| row.first() == Some(&pid.to_string().as_str()));
        let row = row.unwrap_or_else(|| panic!("no task {pid} in {}", got.out));
        let state = match letter.as_str() {
            "S" => "IN",
            "I" => "ID",
            "D" => "UN",
            "R" => "RU",
            other => panic!("state {other}"),
        };
        assert_eq!(row[1], parent.to_string(), "{row:?}");
        assert_eq!(row[6], (vsize / 1024).to_string(), "{row:?}");
        // /proc has the full names of kernel threads, `comm` fifteen characters.
        let name = &name[..name.len().min(15)];
        assert_eq!(row[8].trim_matches(['[', ']']), name, "{row:?}");
        // The shell ran the commands and is now waiting for input again. Kernel threads wake up and fall asleep.
        if name != "sh" {
            assert_eq!(row[7], (rss * 4).to_string(), "{row:?}");
            if state != "RU" && row[4] != "RU" {
                assert_eq!(row[4], state, "{row:?}");
                asleep += 1;
            }
        }
        assert_eq!(row[8].starts_with('['), vsize == 0, "{row:?}");
    }
    assert!(asleep > 20, "{asleep}: {}", got.out);
    let idle: Vec<_> =
        rows.iter().filter(|row| row.first() == Some(&"0")).map(|row| (row[2], row[8])).collect();
    assert_eq!(idle, [("0", "[swapper/0]"), ("1", "[swapper/1]")]);
}

pub(crate) fn a_sleeping_task_has_registers_frames_and_user_memory(guest: &mut Guest) {
    let tasks = processes(guest);
    let (pid, ..) = tasks.iter().find(|task| task.1 == "sleep").unwrap();
    // kstkesp and kstkeip are only shown for oneself; the frames are in /proc/PID/stack, innermost outside of the scheduler first.
    let stack = guest.shell(&format!("cat /proc/{pid}/stack"));
    let names: Vec<&str> = stack
        .lines()
        .filter_map(|line| line.split_whitespace().last()?.split('+').next())
        .filter(|name| !name.starts_with("entry_"))
        .collect();
    assert!(names.len() >= 3, "{stack}");
    let cmdline = guest.shell(&format!("tr '\\0' ' ' < /proc/{pid}/cmdline; echo"));
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         task {pid}\n\
         backtrace\n\
         x/s $lx_current().mm->arg_start\n\
         print $lx_current().pid\n\
         up 2\n\
         info symbol $pc\n\
         task\n\
         stepi\n\
         task\n",
    ));
    assert!(got.out.contains(&format!("[Switching to task {pid} (sleep), sleeping on CPU ")), "{}", got.out);
    let frames: Vec<&str> = got.out.lines().filter(|line| line.starts_with('#')).collect();
    let mut at = 0;
    for name in names {
        let found = frames[at..].iter().position(|frame| {
            frame.contains(&format!(" {name} ("))
                || frame.contains(&format!(" __do_{} (", name.trim_start_matches("__x64_")))
        });
        at += found.unwrap_or_else(|| panic!("no {name} from {at} on in {frames:#?}"));
    }
    // The last frame is the process itself, in user mode.
    let last = frames.iter().rev().find(|frame| frame.contains(" in <user mode> (sleep, pid ")).unwrap();
    assert!(last.contains("0x0000000000"), "{last}");
    assert!(got.out.contains(&format!("\"{}\"\n", cmdline.split(' ').next().unwrap())), "{}", got.out);
    assert!(got.out.contains(&format!("$1 = {pid}\n")), "{}", got.out);
    assert!(got.out.contains("schedule"), "{}", got.out);
    // Where `stepi` came to the middle of a line whose source is nowhere, the address it shows has no end of line.
    let current: Vec<&str> = got.out.lines().filter(|line| line.contains("[Current task is")).collect();
    assert_eq!(current.len(), 2, "{}{}", got.out, got.err);
    assert!(current[0].contains(&format!("task {pid} (sleep)")), "{current:?}");
    // What makes the guest run goes back to the CPU.
    assert!(current[1].contains("running on CPU "), "{current:?}");
}

pub(crate) fn functions_of_scripts_gdb(guest: &mut Guest) {
    let line = guest.shell("cat /proc/cmdline");
    let got = guest.kdive(
        "target remote guest.sock\n\
         output $lx_task_by_pid(2).comm\n\
         echo \\n\n\
         output $lx_per_cpu(\"runqueues\", 1).cpu\n\
         output $lx_per_cpu(runqueues, 0).cpu\n\
         output ((struct rq *)$lx_per_cpu_ptr(&runqueues, 1))->cpu\n\
         echo \\n\n\
         output $container_of(&init_task.tasks, \"struct task_struct\", \"tasks\") == &init_task\n\
         output $lx_current().pid == $lx_task_by_pid($lx_current().pid).pid\n\
         output $lx_thread_info(&init_task).cpu\n\
         echo \\n\n\
         lx-cpus\n\
         lx-cmdline\n\
         print $lx_task_by_pid(99999)\n",
    );
    assert!(
        got.out.contains("\"kthreadd\\000\\000\\000\\000\\000\\000\\000\"\n101\n110\n"),
        "{}{}",
        got.out,
        got.err
    );
    let cpus =
        "Possible CPUs : [0, 1]\nPresent  CPUs : [0, 1]\nOnline   CPUs : [0, 1]\nActive   CPUs : [0, 1]\n";
    assert!(got.out.contains(&format!("{cpus}{}", line.trim_end())), "{}{line}", got.out);
    assert!(got.err.ends_with("No task of PID 99999\n"), "{}", got.err);
}

pub(crate) fn the_log_is_what_dmesg_prints(guest: &mut Guest) {
    let expected = guest.shell("dmesg");
    let got = guest.kdive("target remote guest.sock\nlx-dmesg\n");
    let start = got.out.find("[    0.000000]").unwrap();
    let log: Vec<&str> = got.out[start..].lines().filter(|line| line.starts_with('[')).collect();
    let expected: Vec<&str> = expected.lines().collect();
    assert!(expected.len() > 150, "{}", expected.len());
    assert_eq!(log[..expected.len()], expected[..]);
}

pub(crate) fn every_task_has_a_stack(guest: &mut Guest) {
    let got = guest.kdive("target remote guest.sock\ntask apply all -c bt\nthread\n");
    let stacks: Vec<&str> = got.out.split("\nTask ").skip(1).collect();
    assert!(stacks.len() > 50, "{}", got.out);
    for stack in stacks {
        assert!(stack.lines().count() >= 4, "{stack}");
        assert!(!stack.contains("Backtrace stopped"), "{stack}");
        let ends = ["ret_from_fork", "secondary_startup_64", " in <user mode> ("];
        let last = stack.lines().rfind(|line| line.starts_with('#')).unwrap();
        assert!(ends.iter().any(|end| last.contains(end)), "{stack}");
    }
    assert!(got.out.contains("[Current thread is "), "{}", got.out);
}
