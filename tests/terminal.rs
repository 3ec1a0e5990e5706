//! The shell on a terminal: keys in, screen out.

use crate::cli::Place;
use crate::guest::{boot, prepared};
use kdive_testkit::guest::Guest;
use rexpect::session::{PtySession, spawn_command};
use std::process::Command;

/// Longest wait for something to appear: generous, because it only passes when the test fails.
pub(crate) const PATIENCE: u64 = 20_000;
/// What stands at the start of a line when the shell is ready.
pub(crate) const PROMPT: &str = "(kdive) ";
/// What stands after a question that an empty line answers with no.
const QUESTION: &str = "(y or [n]) ";

/// kdive on a terminal of its own of 24 lines, at its prompt.
pub(crate) fn shell(place: &Place, args: &[&str]) -> PtySession {
    let mut session = started(place, args);
    session.exp_string(PROMPT).unwrap();
    session
}

/// kdive on a terminal of its own of 24 lines, which has just begun.
pub(crate) fn started(place: &Place, args: &[&str]) -> PtySession {
    let kdive = place.command();
    let mut command = Command::new("sh");
    command.args(["-c", "stty rows 24 cols 80; exec \"$0\" \"$@\""]).arg(kdive.get_program());
    command.args(["-nx", "-q"]).args(args).current_dir(kdive.get_current_dir().unwrap());
    for (name, value) in kdive.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("TERM", "xterm");
    spawn_command(command, Some(PATIENCE)).unwrap()
}

/// Types a line and gives what is shown until the next prompt.
pub(crate) fn say(session: &mut PtySession, line: &str) -> String {
    session.send_line(line).unwrap();
    until_prompt(session)
}

/// Presses keys.
pub(crate) fn press(session: &mut PtySession, keys: &str) {
    session.send(keys).unwrap();
    session.flush().unwrap();
}

pub(crate) fn until_prompt(session: &mut PtySession) -> String {
    // The line being edited is drawn again for every key; the prompt that counts starts the line after an answer.
    session.exp_regex("\n(\\x1b\\[[0-9;?]*[a-zA-Z]|\r)*\\(kdive\\) ").unwrap().0
}

#[test]
fn ctrl_c_stops_a_running_guest_and_gives_the_prompt_back() {
    let Some(prepared) = prepared() else { return };
    let (place, guest) = boot(&prepared, "nokaslr");
    let mut session = shell(&place, &["vmlinux"]);
    say(&mut session, "target remote guest.sock");
    for _ in 0..2 {
        session.send_line("continue").unwrap();
        session.exp_string("Continuing.").unwrap();
        guest.wait_for("kdive-guest: ready");
        session.send_control('c').unwrap();
        session.exp_string("received signal SIGINT, Interrupt.").unwrap();
        until_prompt(&mut session);
        assert!(say(&mut session, "print 6 * 7").contains(" = 42"));
    }
    // What a dprintf prints fills no page: the guest would wait for the user.
    say(&mut session, "dprintf hrtimer_interrupt,\"tick %d\\n\", 6 + 1");
    session.send_line("continue").unwrap();
    let mut ticks = String::new();
    for _ in 0..30 {
        ticks += &session.exp_string("tick 7\r\n").unwrap();
    }
    session.send_control('c').unwrap();
    ticks += &until_prompt(&mut session);
    assert!(
        ticks.contains("received signal SIGINT, Interrupt.") && !ticks.contains("--Type <RET>"),
        "{ticks}"
    );
    // A page is still one where somebody reads.
    session.send_line("ptype struct task_struct").unwrap();
    session.exp_string("--Type <RET> for more, q to quit, c to continue without paging--").unwrap();
    session.send_line("q").unwrap();
    until_prompt(&mut session);
    // Ctrl-C at the prompt clears the line; it is neither run nor the end of anything.
    press(&mut session, "print 1000 + ");
    session.send_control('c').unwrap();
    until_prompt(&mut session);
    assert!(say(&mut session, "print 2000 + 22").contains(" = 2022"));
    session.send_line("quit").unwrap();
}

/// What is said of a connection that is over; which of them depends on whether something was under way.
fn is_over(shown: &str) -> bool {
    ["Remote connection closed", "Remote communication error.  Target disconnected.: "]
        .iter()
        .any(|text| shown.contains(text))
}

#[test]
fn a_guest_that_dies_is_one_line_and_the_shell_lives_on() {
    let Some(prepared) = prepared() else { return };
    let (place, mut guest) = boot(&prepared, "nokaslr");
    let mut session = shell(&place, &["vmlinux"]);
    say(&mut session, "target remote guest.sock");
    session.send_line("continue").unwrap();
    session.exp_string("Continuing.").unwrap();
    guest.kill();
    let shown = until_prompt(&mut session);
    assert!(is_over(&shown), "{shown}");
    assert!(say(&mut session, "print sizeof(struct list_head)").contains(" = 16"));
    assert!(say(&mut session, "info registers rip").contains("The program has no registers now."));

    // And one that is gone while the prompt stands.
    let (place, mut guest) = boot(&prepared, "nokaslr");
    let mut session = shell(&place, &["vmlinux"]);
    say(&mut session, "target remote guest.sock");
    guest.kill();
    let shown = say(&mut session, "x/2i $pc - 4");
    assert!(is_over(&shown), "{shown}");
    assert!(say(&mut session, "print 6 * 7").contains(" = 42"));
}

#[test]
fn a_guest_that_switches_itself_off_is_one_line() {
    let Some(prepared) = prepared() else { return };
    let (place, _guest) = boot(&prepared, "nokaslr kdive.poweroff");
    let mut session = shell(&place, &["vmlinux"]);
    say(&mut session, "target remote guest.sock");
    let shown = say(&mut session, "continue");
    assert!(shown.contains("[The guest has ended]"), "{shown}");
    assert!(say(&mut session, "info threads").contains("No threads."));
}

#[test]
fn quitting_leaves_the_guest_running() {
    let Some(prepared) = prepared() else { return };
    let (place, mut guest) = boot(&prepared, "nokaslr");
    let mut session = shell(&place, &["vmlinux"]);
    say(&mut session, "target remote guest.sock");
    // It speaks of a guest, which nothing is done to.
    session.send_line("target remote guest.sock").unwrap();
    session
        .exp_string("kdive is connected to a guest, which stays as it is.  Connect again? (y or n) ")
        .unwrap();
    assert!(say(&mut session, "n").contains("Still connected."));
    session.send_line("k").unwrap();
    session
        .exp_string("\"k\" is kill, and ends the guest at once; the stack is shown by backtrace.  Kill it? ")
        .unwrap();
    assert!(say(&mut session, "n").contains("Not confirmed."));
    say(&mut session, "set confirm off");
    assert!(say(&mut session, "k").contains("\"k\" does not kill the guest without a question: write kill."));
    say(&mut session, "set confirm on");
    assert!(say(&mut session, "disconnect").contains("Disconnected; the guest stays as it is."));
    let shown = say(&mut session, "stepi");
    assert!(
        shown.contains("The program is not being run.") && shown.contains("\"target remote :1234\""),
        "{shown}"
    );
    say(&mut session, "target remote guest.sock");
    session.send_line("quit").unwrap();
    session.exp_string("The guest is let go: it runs on without the debugger.").unwrap();
    session.exp_string("Quit anyway? (y or n) ").unwrap();
    session.send_line("y").unwrap();
    session.exp_string("[The guest runs on]").unwrap();
    session.exp_eof().unwrap();
    // It was stopped at reset: only a guest that was let go gets this far.
    guest.wait_for("kdive-guest: ready");
    assert!(guest.is_alive());
}

/// A directory with vmlinux and the modules made for the tests.
fn with_files(prepared: &std::path::Path) -> Place {
    let place = Place::new();
    let work = place.home().join("work");
    std::os::unix::fs::symlink(prepared.join("vmlinux"), work.join("vmlinux")).unwrap();
    std::fs::create_dir(work.join("modules")).unwrap();
    let module = "modules/kdive_test.ko";
    std::os::unix::fs::symlink(prepared.join(module), work.join(module)).unwrap();
    place
}

/// A place with nothing but a link to the guest's vmlinux.
fn with_vmlinux(prepared: &std::path::Path) -> Place {
    let place = Place::new();
    std::os::unix::fs::symlink(prepared.join("vmlinux"), place.home().join("work/vmlinux")).unwrap();
    place
}

#[test]
fn a_place_that_does_not_exist_is_asked_about() {
    let Some(prepared) = prepared() else { return };
    let place = with_vmlinux(&prepared);
    let mut session = shell(&place, &["vmlinux"]);
    let ask = |session: &mut PtySession, line: &str, message: &str, answer: &str| {
        session.send_line(line).unwrap();
        session.exp_string(message).unwrap();
        session.exp_string("Make breakpoint pending on future module load? (y or [n]) ").unwrap();
        session.send_line(answer).unwrap();
        until_prompt(session)
    };
    for (line, message) in [
        ("break vfs_raed", "Function \"vfs_raed\" not defined."),
        ("tbreak vfs_raed if count > 1", "Function \"vfs_raed\" not defined."),
        ("break nosuch.c:1", "No source file named nosuch.c."),
        ("break fs/read_write.c:999999", "No line 999999 in file \"fs/read_write.c\"."),
        ("break 99999999", "No line 99999999 in the current file."),
    ] {
        ask(&mut session, line, message, "n");
    }
    session.send_line("break vfs_raed").unwrap();
    session.exp_string("Did you mean vfs_read").unwrap();
    session.exp_string(QUESTION).unwrap();
    session.send_line("").unwrap();
    until_prompt(&mut session);
    assert!(say(&mut session, "info breakpoints").contains("No breakpoints or watchpoints."));
    let shown = ask(&mut session, "break vfs_raed", "not defined.", "y");
    assert!(shown.contains("Breakpoint 1 (vfs_raed) pending."), "{shown}");
    let shown = say(&mut session, "break nosuch if x ==");
    assert!(shown.contains("A syntax error in expression, near `'."), "{shown}");
    say(&mut session, "set breakpoint pending off");
    assert!(say(&mut session, "break nosuch").contains("Function \"nosuch\" not defined."));
    say(&mut session, "set breakpoint pending on");
    assert!(say(&mut session, "break nosuch").contains("Breakpoint 2 (nosuch) pending."));
}

#[test]
fn a_guest_is_waited_for_and_come_back_to() {
    let Some(prepared) = prepared() else { return };
    let (place, mut guest) = boot(&prepared, "nokaslr");
    let work = place.home().join("work");
    let mut session = shell(&place, &["vmlinux", "guest.sock"]);
    assert!(say(&mut session, "info inferiors").contains("1 (remote guest.sock)"));
    let shown = say(&mut session, "backtrace");
    assert!(
        shown.contains("#0  ") && shown.contains("0x000000000000fff0") && shown.contains(" in ?? ()"),
        "{shown}"
    );
    assert!(
        shown.contains("[The CPU is in real mode: firmware runs, the kernel has not started]"),
        "{shown}"
    );
    assert!(!shown.contains("#1"), "{shown}");
    // Per-CPU variables count from 0 here.
    let shown = say(&mut session, "print (void *) 8");
    assert!(shown.contains("0x8") && !shown.contains("fixed_percpu_data"), "{shown}");
    say(&mut session, "set print low-symbols on");
    let shown = say(&mut session, "print (void *) 8");
    assert!(shown.contains("fixed_percpu_data"), "{shown}");
    say(&mut session, "break start_kernel");

    guest.kill();
    std::fs::remove_file(work.join("guest.sock")).unwrap();
    assert!(is_over(&say(&mut session, "x/2i $pc - 4")));
    for gives_up in [true, false] {
        session.send_line("target remote").unwrap();
        session.exp_string("Waiting for guest.sock, Ctrl-C gives up.").unwrap();
        if gives_up {
            session.send_control('c').unwrap();
            assert!(until_prompt(&mut session).contains("Quit"));
        }
    }
    let _guest = Guest::boot(&prepared, &work, "nokaslr", &[]);
    session.exp_string("Remote debugging using guest.sock").unwrap();
    session.exp_string("[The CPU is in real mode").unwrap();
    until_prompt(&mut session);
    let shown = say(&mut session, "continue");
    assert!(shown.contains("Breakpoint 1, ") && shown.contains("start_kernel"), "{shown}");
    session.send_line("kill").unwrap();
    session.exp_string("(y or n) ").unwrap();
    session.send_line("y").unwrap();
}

#[test]
fn names_complete() {
    let Some(prepared) = prepared() else { return };
    let place = with_files(&prepared);
    let load = "add-symbol-file modules/kdive_test.ko 0xffffffffc0000000";
    let mut session = shell(&place, &["vmlinux", "-ex", "set confirm off", "-ex", load]);
    for (typed, completed) in [
        ("info sour", "info source"),
        ("print init_task.thread_in", "print init_task.thread_info"),
        ("break do_init_mod", "break do_init_module"),
        ("set print pret", "set print pretty"),
        ("file vmli", "file vmlinux"),
        ("print ((struct task_struct *)0)->mm->pgt", "->mm->pgtables_bytes"),
        ("print 1 + (init_task.thread.sp - (long)init_task.stack_v", "init_task.stack_vm_area"),
        ("print $lx_current()->real_pa", "$lx_current()->real_parent"),
        ("struct task_struct.pi_w", "struct task_struct.pi_waiters"),
        ("struct task_struct.comm,pi_w", "struct task_struct.comm,pi_waiters"),
        ("struct task_struct.mm.pgt", "struct task_struct.mm.pgtables_bytes"),
        ("struct task_str", "struct task_struct"),
        ("break fs/read_write.c:vfs_wr", "break fs/read_write.c:vfs_write"),
        ("break kdive_test:kdive_test_ru", "break kdive_test:kdive_test_run"),
        ("catch syscall epoll_cr", "catch syscall epoll_create"),
        ("catch module kdive_t", "catch module kdive_test"),
    ] {
        press(&mut session, &format!("{typed}\t"));
        session.exp_string(completed).unwrap();
        // Gives the line up.
        session.send_control('c').unwrap();
        session.exp_string(PROMPT).unwrap();
    }
    // Labels of the compiler are not completed, and what is no setting is no end.
    for (line, none) in
        [("complete info address .L", ".L"), ("complete show zz", "show"), ("complete with zz", "with")]
    {
        let shown = say(&mut session, line);
        assert!(!shown.split_once("\r\n").is_some_and(|(_, after)| after.contains(none)), "{line}: {shown}");
    }
}

#[test]
fn ctrl_c_ends_the_list_of_candidates() {
    let Some(prepared) = prepared() else { return };
    let place = with_files(&prepared);
    let mut session = shell(&place, &["vmlinux"]);
    press(&mut session, "print v\t\t");
    session.exp_regex(r"Display all \d+ possibilities\? \(y or n\)").unwrap();
    session.send_control('c').unwrap();
    assert!(until_prompt(&mut session).contains("Quit"));
    press(&mut session, "print v\t\t");
    session.exp_string("possibilities? (y or n)").unwrap();
    press(&mut session, "y");
    session.exp_string("--More--").unwrap();
    session.send_control('c').unwrap();
    assert!(until_prompt(&mut session).contains("Quit"));
    assert!(say(&mut session, "print 6 * 7").contains(" = 42"));
    // A list that fits is shown, and the line stands below it as it was.
    press(&mut session, "info sou\t\t");
    session.exp_regex("source +sources").unwrap();
    session.exp_string("info source").unwrap();
    session.send_control('c').unwrap();
    session.exp_string(PROMPT).unwrap();
}

#[test]
fn pasted_lines_are_commands_of_their_own() {
    let place = Place::new();
    let mut session = shell(&place, &[]);
    press(&mut session, "\x1b[200~print 11\nif 1\nprint 22\nend\nprint 33\n\x1b[201~\r");
    for answer in ["$1 = 11", "$2 = 22", "$3 = 33"] {
        session.exp_string(answer).unwrap();
    }
    until_prompt(&mut session);
    // Each has a place of its own in the history.
    press(&mut session, "\x1b[A\r");
    session.exp_string("$4 = 33").unwrap();
    until_prompt(&mut session);
    // Ctrl-C ends what comes after it too.
    press(&mut session, "\x1b[200~echo begins\\n\nwhile 1\nset $i = 1\nend\nprint 44\x1b[201~\r");
    session.exp_string("begins\r\n").unwrap();
    session.exp_string("end").unwrap();
    session.send_control('c').unwrap();
    let shown = until_prompt(&mut session);
    assert!(shown.contains("Quit") && !shown.contains("44"), "{shown}");
}

#[test]
fn width_and_height_follow_the_window_unless_they_are_set() {
    let place = Place::new();
    let mut session = shell(&place, &[]);
    assert!(say(&mut session, "show width").contains("Number of characters gdb thinks are in a line is 80."));
    say(&mut session, "shell stty rows 30 cols 100");
    assert!(say(&mut session, "show width").contains("in a line is 100."));
    assert!(say(&mut session, "show height").contains("in a page is 30."));
    say(&mut session, "set width 60");
    say(&mut session, "shell stty rows 40 cols 90");
    assert!(say(&mut session, "show width").contains("in a line is 60."));
    assert!(say(&mut session, "show height").contains("in a page is 40."));
}

#[test]
fn commands_that_failed_are_no_hints() {
    let place = Place::new();
    let mut session = shell(&place, &[]);
    say(&mut session, "print 12345");
    say(&mut session, "print nosuch");
    press(&mut session, "pri");
    session.exp_string("nt 12345").unwrap();
    session.send_control('c').unwrap();
    session.exp_string(PROMPT).unwrap();
}

#[test]
fn an_empty_line_sets_no_second_dprintf() {
    let Some(prepared) = prepared() else { return };
    let place = with_files(&prepared);
    let mut session = shell(&place, &["vmlinux"]);
    assert!(say(&mut session, "dprintf start_kernel,\"here\\n\"").contains("Dprintf 1 at"));
    assert!(!say(&mut session, "").contains("Dprintf"));
    assert!(say(&mut session, "info breakpoints").contains("dprintf"));
}

#[test]
fn a_long_answer_waits_for_the_reader() {
    let Some(prepared) = prepared() else { return };
    let place = Place::new();
    std::os::unix::fs::symlink(prepared.join("vmlinux"), place.home().join("work/vmlinux")).unwrap();
    let mut session = shell(&place, &["vmlinux"]);
    session.send_line("ptype struct task_struct").unwrap();
    session.exp_string("--Type <RET> for more, q to quit, c to continue without paging--").unwrap();
    session.send_line("q").unwrap();
    session.exp_string("Quit").unwrap();
    until_prompt(&mut session);
    assert!(say(&mut session, "print 6 * 7").contains(" = 42"));
}

#[test]
fn an_empty_line_repeats_and_history_outlives_the_shell() {
    let place = Place::new();
    let mut session = shell(&place, &[]);
    assert!(say(&mut session, "print 40 + 2").contains("$1 = 42"));
    assert!(say(&mut session, "").contains("$2 = 42"));
    session.send_line("quit").unwrap();
    session.exp_eof().unwrap();

    let mut session = shell(&place, &[]);
    // Up twice: `quit`, then the line before it.
    press(&mut session, "\x1b[A\x1b[A\r");
    session.exp_string("$1 = 42").unwrap();
}

#[test]
fn the_session_of_the_readme_is_as_it_says() {
    let Some(prepared) = prepared() else { return };
    let readme = std::fs::read_to_string(crate::root().join("README.md")).unwrap();
    let session = readme.split("```\n$ kdive vmlinux\n").nth(1).unwrap().split("```").next().unwrap();
    let (place, _guest) = boot(&prepared, "nokaslr tsc=unstable kdive.insmod=poc");
    let mut command = place.command();
    command.args(["-nx", "-q", "vmlinux"]);
    // Without abilities the terminal shows what was typed and what was answered, and nothing else.
    let mut shell = spawn_command(command, Some(PATIENCE)).unwrap();
    let mut shown = String::new();
    for part in session.split("(kdive) ").skip(1) {
        shown += &shell.exp_string(PROMPT).unwrap();
        let line = part.lines().next().unwrap();
        shown += &format!("{PROMPT}{line}\n");
        shell.send_line(line).unwrap();
        if let Some((_, answer)) = part.split_once(QUESTION) {
            let answer = answer.lines().next().unwrap();
            shown += &shell.exp_string(QUESTION).unwrap();
            shown += &format!("{QUESTION}{answer}\n");
            shell.send_line(answer).unwrap();
        }
    }
    shown += &shell.exp_string(PROMPT).unwrap();
    let mut shown = shown.replace('\r', "");
    for directory in [&prepared, &place.home().join("work")] {
        shown = shown.replace(directory.canonicalize().unwrap().to_str().unwrap(), "/home/me");
    }
    // Numbers of one boot or of one kernel.
    let numbers = [
        r"0xffffffff8[0-9a-f]+",
        r"0xffffc9[0-9a-f]+",
        r"\[ +[0-9.]+\]",
        r"pid \d+",
        r"line \d+",
        r"(main|common|dumpstack)\.c:\d+",
        r"(?m)^\d+\tarch/",
        r"linux-[0-9.]+/arch/x86/entry/entry_64\.S:\d+",
        r"(do|__do|entry)_\w+\+0x[0-9a-f]+",
        r"0x970|0{13}970",
        r"\d+ locks that \d+ frames lead to, owners in \d+ KiB",
    ];
    let numbers = regex::Regex::new(&numbers.join("|")).unwrap();
    let fixed = |text: &str| numbers.replace_all(text, "N").into_owned();
    assert_eq!(fixed(&shown), fixed(session));
}

#[test]
fn files_near_to_one_that_is_not_there_are_proposed() {
    let place = Place::new();
    place.file("build/vmlinux", "").file("boot.gdb", "echo started\\n\n").file("ones", "1");
    let mut session = shell(&place, &["build/vmlinxu"]);
    for (line, near) in [
        ("file build/vmlinxu", "build/vmlinux"),
        ("symbol-file build/vmlinu", "build/vmlinux"),
        ("exec-file biuld", "build"),
        ("source boto.gdb", "boot.gdb"),
        ("dump binary value nosuch/ones 1", ""),
        ("source frobnicate", ""),
        ("file nosuch/vmlinux", ""),
    ] {
        let shown = say(&mut session, line);
        assert!(shown.contains("No such file or directory."), "{line}: {shown}");
        match near {
            "" => assert!(!shown.contains("Did you mean"), "{line}: {shown}"),
            near => assert!(shown.contains(&format!("Did you mean {near}?")), "{line}: {shown}"),
        }
    }
    session.send_line("quit").unwrap();
    // What is said before the first prompt.
    let kdive = place.command();
    let mut command = Command::new(kdive.get_program());
    command.args(["-nx", "-q", "build/vmlinxu"]).current_dir(place.home().join("work")).env("TERM", "xterm");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("Did you mean build/vmlinux?").unwrap();
    session.exp_string(PROMPT).unwrap();
    // A program that plays a terminal gets gdb's lines and nothing else.
    let mut command = Command::new(kdive.get_program());
    command.args(["-nx", "-q", "build/vmlinxu"]).current_dir(place.home().join("work")).env("TERM", "dumb");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    let shown = session.exp_string(PROMPT).unwrap();
    assert!(shown.contains("No such file or directory.") && !shown.contains("Did you mean"), "{shown}");
}
