//! Ctrl-C ends whatever runs, and nothing waits for a reader who does not read.

use crate::cli::Place;
use crate::guest::{boot, prepared};
use crate::linux::guest::Guest;
use crate::terminal::{PATIENCE, PROMPT, say, shell, started, until_prompt};
use kdive_testkit::environment::programs;
use rexpect::process::PtyProcess;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Without a target: the bytes and symbols of vmlinux, and what takes longest of each family of commands.
#[test]
fn long_answers_end_at_ctrl_c() {
    let Some(prepared) = prepared() else { return };
    let place = Place::new();
    std::os::unix::fs::symlink(prepared.join("vmlinux"), place.home().join("work/vmlinux")).unwrap();
    let commands = [
        "info functions .",
        "info types .",
        "info variables .",
        "x/200000000xb &_stext",
        "x/200000000i &_stext",
        "output/x *(unsigned char *)&_stext@14000000",
        "disassemble &_stext,&_etext",
        "while 1\nset $i = 1\nend",
        "while 1\necho x\\n\nend",
    ];
    let mut session = shell(&place, &["vmlinux", "-ex", "set pagination off"]);
    for what in ["max-value-size", "print elements", "print repeats"] {
        say(&mut session, &format!("set {what} unlimited"));
    }
    for (number, command) in commands.iter().enumerate() {
        place.file(&format!("{number}.gdb"), &format!("echo begins\\n\n{command}\n"));
        session.send_line(&format!("source {number}.gdb")).unwrap();
        session.exp_string("begins").unwrap();
        session.send_control('c').unwrap();
        let shown = until_prompt(&mut session);
        assert!(shown.trim_end().ends_with("Quit"), "{command}: {shown}");
        assert!(say(&mut session, "print 6 * 7").contains(" = 42"), "{command}");
    }
}

/// A file with more lines than anybody waits for.
#[test]
fn a_list_without_end_ends_at_ctrl_c() {
    if !programs(&["gcc"]) {
        return;
    }
    let place = Place::new();
    place.file("long.c", &format!("int main(void)\n{{{}return 0;\n}}\n", "\n".repeat(4_000_000)));
    let work = place.home().join("work");
    let compiled = Command::new("gcc").current_dir(&work).args(["-g", "-o", "long", "long.c"]).status();
    assert!(compiled.unwrap().success());
    let mut session = shell(&place, &["long", "-ex", "set pagination off", "-ex", "set listsize unlimited"]);
    place.file("list.gdb", "echo begins\\n\nlist 1,\n");
    session.send_line("source list.gdb").unwrap();
    session.exp_string("begins").unwrap();
    session.send_control('c').unwrap();
    let shown = until_prompt(&mut session);
    assert!(shown.trim_end().ends_with("Quit"), "{} bytes", shown.len());
    assert!(say(&mut session, "print 6 * 7").contains(" = 42"));
}

/// Files of the index of symbols that a home directory has.
fn indexes(place: &Place) -> Vec<PathBuf> {
    let kept = place.home().join(".cache/kdive");
    let files = std::fs::read_dir(kept).into_iter().flatten();
    files.map(|file| file.unwrap().path()).collect()
}

/// What a start says when the index of vmlinux is whole or not there at all: the size of a structure, and where the index is from.
fn size_of_a_task(place: &Place, from: &str) {
    let got = place.run(
        &[
            "-nx",
            "-batch",
            "vmlinux",
            "-ex",
            "print sizeof(struct task_struct) > 1000",
            "-ex",
            "maintenance info index",
        ],
        "",
    );
    assert!(got.out.contains("$1 = 1\n") && got.out.contains(from), "{}{}", got.out, got.err);
    let [index] = &indexes(place)[..] else { panic!("{:?}", indexes(place)) };
    assert!(index.extension().is_some_and(|end| end == "index"), "{index:?}");
}

#[test]
fn an_index_in_the_making_is_given_up_at_ctrl_c() {
    let Some(prepared) = prepared() else { return };
    let place = Place::new();
    std::os::unix::fs::symlink(prepared.join("vmlinux"), place.home().join("work/vmlinux")).unwrap();
    let mut child = place
        .command()
        .args([
            "-nx",
            "-q",
            "-batch",
            "vmlinux",
            "-ex",
            "echo begins\\n",
            "-ex",
            "print sizeof(struct task_struct)",
        ])
        .args(["-ex", "echo after\\n"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut first = [0; 6];
    out.read_exact(&mut first).unwrap();
    signal("-INT", child.id());
    ended(&mut child);
    let (mut shown, mut said) = (String::new(), String::new());
    out.read_to_string(&mut shown).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((shown.as_str(), said.as_str()), ("\nafter\n", "Quit\n"));
    assert_eq!(indexes(&place), Vec::<PathBuf>::new(), "it was given up, not finished");
    size_of_a_task(&place, "built");
    size_of_a_task(&place, "read from");
}

/// On a terminal another thread makes the index, which goes on: only the waiting command is freed.
#[test]
fn an_index_in_the_making_frees_who_waits_for_it() {
    let Some(prepared) = prepared() else { return };
    let place = Place::new();
    std::os::unix::fs::symlink(prepared.join("vmlinux"), place.home().join("work/vmlinux")).unwrap();
    // The first commands run as soon as the file is open: the index takes longer than Ctrl-C on any machine.
    let commands = ["-ex", "echo begins\\n", "-ex", "print sizeof(struct task_struct)"];
    let mut session = started(&place, &[&["vmlinux"], &commands[..]].concat());
    session.exp_string("begins").unwrap();
    session.send_control('c').unwrap();
    let shown = until_prompt(&mut session);
    assert!(shown.trim_end().ends_with("Quit"), "{shown}");
    assert!(say(&mut session, "print sizeof(struct task_struct) > 1000").contains(" = 1"));
    session.send_line("quit").unwrap();
    session.exp_eof().unwrap();
    size_of_a_task(&place, "read from");
    // Who leaves while it is made leaves nothing half done behind.
    std::fs::remove_dir_all(place.home().join(".cache")).unwrap();
    let mut session = shell(&place, &["vmlinux"]);
    session.send_line("quit").unwrap();
    session.exp_eof().unwrap();
    let left = indexes(&place);
    assert!(left.iter().all(|file| file.extension().is_some_and(|end| end == "index")), "{left:?}");
    size_of_a_task(&place, if left.is_empty() { "built" } else { "read from" });
}

/// Sends a signal to a process of this test.
fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

/// Waits for a process to end.
pub(crate) fn ended(child: &mut Child) -> std::process::ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > Duration::from_millis(PATIENCE) {
            let _ = child.kill();
            panic!("kdive does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Lists that are longer than a pipe holds, of which only the beginning is read.
fn unread(place: &Place) -> Child {
    place
        .file("long.gdb", "echo begins\\n\nwhile 1\necho 0123456789012345678901234567890123456789\\n\nend\n");
    let mut child = place
        .command()
        .args(["-nx", "-q", "-batch", "-x", "long.gdb"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 6];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"begins");
    child
}

#[test]
fn a_pipe_that_nobody_reads_does_not_keep_ctrl_c_away() {
    let place = Place::new();
    // Before the pipe is full, about when it becomes so, and long after.
    for pause in [0, 2, 4, 8, 100] {
        let mut child = unread(&place);
        std::thread::sleep(Duration::from_millis(pause));
        signal("-INT", child.id());
        let status = ended(&mut child);
        assert_eq!((status.code(), status.signal()), (Some(1), None), "{pause} ms");
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "Quit\n", "{pause} ms");
    }
}

#[test]
fn a_pipe_that_is_closed_ends_it() {
    let place = Place::new();
    let mut child = unread(&place);
    drop(child.stdout.take());
    assert_eq!(ended(&mut child).signal(), None);
}

/// Everything that walks the kernel's structures, on a QEMU that stands still: each waits for its first answer from the guest.
pub(crate) fn every_walker_is_quit(guest: &mut Guest) {
    let walkers = [
        "ps",
        "lx-ps",
        "info tasks",
        "task 1",
        "task apply all bt",
        "foreach bt",
        "foreach files",
        "foreach vm",
        "vm 1",
        "sig 1",
        "files 1",
        "kmem -i",
        "kmem -s",
        "kmem page_offset_base + 0x1000000",
        "lx-slabinfo",
        "lx-vmallocinfo",
        "lx-mounts",
        "lx-lsmod",
        "lx-symbols",
        "info modules",
        "lx-iomem",
        "lx-dmesg",
        "log",
        "lx-interruptlist",
        "lx-timerlist",
        "timer",
        "runq",
        "locks",
        "dev",
        "net",
        "info kernel",
        "lx-list init_task.tasks task_struct.tasks",
        "lx-list-check init_task.tasks",
        "tree -t maple init_mm.mm_mt",
        "tree -t xarray init_pid_ns.idr.idr_rt",
        "print $list(init_task.tasks)",
        "print $lx_task_by_pid(1)",
        "struct task_struct &init_task",
        "rd &init_task 100",
        "chkimg",
        "analyze",
        "lx-device-list-bus",
        "lx-device-list-class net",
        "backtrace",
        "finish",
        "find &init_task,+1000,1",
        "dump memory f &init_task &init_task+1",
        "restore ones binary &init_task",
    ];
    std::fs::write(guest.work().join("ones"), [1; 64]).unwrap();
    let vmlinux = guest.file("vmlinux");
    let modules = format!("set module-path {}", guest.file("modules").display());
    let connect = ["-ex", "set remotetimeout 60", "-ex", &modules, "-ex", "target remote guest.sock"];
    let mut session = shell(guest.place(), &[&[vmlinux.to_str().unwrap()][..], &connect].concat());
    for setting in ["set pagination off", "set confirm off"] {
        say(&mut session, setting);
    }
    // What is known of symbols has to be there: this is about the guest.
    say(&mut session, "print sizeof(struct task_struct)");
    for command in walkers {
        guest.place().file("walker.gdb", &format!("maintenance flush dcache\necho begins\\n\n{command}\n"));
        guest.signal("-STOP");
        let start = Instant::now();
        session.send_line("source walker.gdb").unwrap();
        session.exp_string("begins").unwrap();
        session.send_control('c').unwrap();
        let shown = until_prompt(&mut session);
        guest.signal("-CONT");
        assert!(shown.trim_end().ends_with("Quit") && !shown.contains("Cannot"), "{command}: {shown}");
        assert!(start.elapsed() < Duration::from_millis(PATIENCE), "{command}");
    }
    assert!(say(&mut session, "print init_task.comm").contains("swapper"));
    // What is printed without end, into a pipe that is not read.
    say(&mut session, "disconnect");
    guest.place().file("endless.gdb", "echo begins\\n\nwhile 1\nforeach bt\nlog\nps\nend\n");
    let mut child = guest
        .place()
        .command()
        .args(["-nx", "-q", "-batch", "-ex", "target remote guest.sock", "-x", "endless.gdb"])
        .arg(&vmlinux)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut out, mut heard) = (child.stdout.take().unwrap(), Vec::new());
    while !heard.ends_with(b"begins\n") {
        let mut byte = [0];
        out.read_exact(&mut byte).unwrap();
        heard.push(byte[0]);
    }
    signal("-INT", child.id());
    let status = ended(&mut child);
    assert_eq!((status.code(), status.signal()), (Some(1), None));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.ends_with("Quit\n"), "{said}");
}

/// A terminal that has shown a part and then stands still, as a slow line does.
#[test]
fn what_a_slow_terminal_has_not_shown_is_dropped() {
    let place = Place::new();
    place.file("long.gdb", "while 1\necho 0123456789012345678901234567890123456789\\n\nend\n");
    let mut command = Command::new(place.command().get_program());
    command.args(["-nx", "-q"]).current_dir(place.home().join("work")).env("HOME", place.home());
    command.env("TERM", "dumb");
    let process = PtyProcess::new(command).unwrap();
    let mut terminal = process.get_file_handle().unwrap();
    let mut shown = Vec::new();
    let mut until = |terminal: &mut std::fs::File, text: &str| {
        let mut read = 0;
        while !String::from_utf8_lossy(&shown).ends_with(text) {
            let mut bytes = [0; 4096];
            let count = terminal.read(&mut bytes).unwrap();
            assert!(count > 0);
            read += count;
            shown.extend_from_slice(&bytes[..count]);
        }
        read
    };
    until(&mut terminal, PROMPT);
    terminal.write_all(b"set pagination off\n").unwrap();
    until(&mut terminal, PROMPT);
    terminal.write_all(b"source long.gdb\n").unwrap();
    let mut first = [0; 200];
    terminal.read_exact(&mut first).unwrap();
    // The reader stops; the line's buffer fills up at some time.
    std::thread::sleep(Duration::from_millis(300));
    terminal.write_all(b"\x03").unwrap();
    let read = until(&mut terminal, &format!("Quit\r\n{PROMPT}"));
    assert!(read < 200_000, "{read} bytes after Ctrl-C");
    terminal.write_all(b"quit\n").unwrap();
}

/// A QEMU that does not answer: what waits for it is interrupted, and says so.
#[test]
fn waiting_for_a_target_that_stands_still_is_quit() {
    let Some(prepared) = prepared() else { return };
    let (place, guest) = boot(&prepared, "nokaslr");
    let commands = [
        "print jiffies",
        "x/100xg 0x100000",
        "find 0x100000,+1000,1",
        "backtrace",
        "dump memory f 0x200000 0x300000",
    ];
    for (number, command) in commands.iter().enumerate() {
        place.file(&format!("{number}.gdb"), &format!("echo begins\\n\n{command}\n"));
    }
    let mut session =
        shell(&place, &["vmlinux", "-ex", "set remotetimeout 60", "-ex", "target remote guest.sock"]);
    signal("-STOP", guest.id());
    // Enough to make everything unknown again.
    say(&mut session, "maintenance flush dcache");
    for (number, command) in commands.iter().enumerate() {
        session.send_line(&format!("source {number}.gdb")).unwrap();
        session.exp_string("begins").unwrap();
        session.send_control('c').unwrap();
        let shown = until_prompt(&mut session);
        assert!(shown.contains("Quit") && !shown.contains("Cannot access"), "{command}: {shown}");
    }
    signal("-CONT", guest.id());
    assert!(say(&mut session, "x/1xw 0xfffffff0").contains(":\t0x"));
    // What is to run it waits for it, however short the time-out for answers is.
    say(&mut session, "set remotetimeout 0");
    for command in ["stepi", "nexti", "continue 1", "stepi 3"] {
        say(&mut session, "maintenance flush dcache");
        signal("-STOP", guest.id());
        session.send_line(command).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        session.send_control('c').unwrap();
        let shown = until_prompt(&mut session);
        assert!(!shown.contains("does not answer") && !shown.contains("Cannot access"), "{command}: {shown}");
        signal("-CONT", guest.id());
    }
}
