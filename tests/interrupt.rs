//! Ctrl-C ends whatever runs, and nothing waits for a reader who does not read.

use crate::cli::Place;
use crate::guest::{boot, prepared};
use crate::terminal::{PATIENCE, PROMPT, say, shell, until_prompt};
use rexpect::process::PtyProcess;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
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

/// Sends a signal to a process of this test.
fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

fn ended(child: &mut Child) -> std::process::ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > Duration::from_millis(PATIENCE) {
            let _ = child.kill();
            panic!("kdive still waits for its reader");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Lists that are longer than a pipe holds, of which nobody reads more than the beginning.
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
    let mut child = unread(&place);
    signal("-INT", child.id());
    let status = ended(&mut child);
    assert_eq!((status.code(), status.signal()), (Some(1), None));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "Quit\n");
}

#[test]
fn a_pipe_that_is_closed_ends_it() {
    let place = Place::new();
    let mut child = unread(&place);
    drop(child.stdout.take());
    assert_eq!(ended(&mut child).signal(), None);
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
    // Nobody reads on; what the line holds fills up whenever that is.
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
}
