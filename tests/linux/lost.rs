//! The guest, or the way to it, is gone in the middle of something, or was never there: a line says so, and kdive goes on.

use super::guest::{Answers, Boot, Guest};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

on_both_kernels! {
    the_connection_ends_in_the_middle
    what_an_earlier_debugger_has_left
    somebody_else_is_there_already
}

/// How many lines there are on standard error beside the sources that are not at hand; each begins with one of these.
#[track_caller]
fn printed(got: &Answers, expected: &[&str]) -> usize {
    let lines: Vec<&str> =
        got.err.lines().filter(|line| !line.ends_with(": No such file or directory.")).collect();
    for line in &lines {
        assert!(expected.iter().any(|start| line.starts_with(start)), "{}", got.err);
    }
    lines.len()
}

/// The other end of `socket` is the guest's stub, until kdive has sent `pattern` this many times after the file `armed` has come up.
fn line_that_is_cut(work: &Path, socket: &str, pattern: &'static [u8], count: usize) {
    let listener = UnixListener::bind(work.join(socket)).unwrap();
    let work = work.to_owned();
    std::thread::spawn(move || {
        let (mut kdive, _) = listener.accept().unwrap();
        let mut stub = UnixStream::connect(work.join("guest.sock")).unwrap();
        let (mut back, mut to) = (stub.try_clone().unwrap(), kdive.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut back, &mut to));
        let mut bytes = [0; 4096];
        let mut seen = 0;
        while let Ok(read @ 1..) = kdive.read(&mut bytes) {
            stub.write_all(&bytes[..read]).unwrap();
            if work.join("armed").exists() {
                seen += bytes[..read].windows(pattern.len()).filter(|window| *window == pattern).count();
            }
            if seen >= count {
                break;
            }
        }
        let _ = stub.shutdown(Shutdown::Both);
        let _ = kdive.shutdown(Shutdown::Both);
    });
}

fn the_connection_ends_in_the_middle(series: Option<&str>) {
    let boot = Boot { series, options: &["-smp", "2"], ..Boot::default() };
    let Some(guest) = boot.to_shell() else { return };
    let work = guest.work();
    let cases: [(&str, &[u8], usize); 6] = [
        ("continue", b"$vCont;c", 1),
        ("next 100000", b"$vCont", 3),
        ("stepi 100000", b"$vCont;s", 3),
        ("task apply all -c bt", b"$m", 3),
        ("lx-dmesg", b"$m", 2),
        ("x/100000i _text", b"$m", 2),
    ];
    for (number, (command, pattern, count)) in cases.into_iter().enumerate() {
        let socket = format!("cut{number}.sock");
        line_that_is_cut(&work, &socket, pattern, count);
        let remote = format!("target remote {socket}");
        let got =
            guest.run_on(&remote, &["thread 1", "shell touch armed", command, "info threads", "print 6 * 7"]);
        std::fs::remove_file(work.join("armed")).unwrap();
        let gone = ["Remote connection closed", "Remote communication error.  Target disconnected.: "];
        assert_eq!(printed(&got, &gone), 1, "{command}: {:?} {}", got.out, got.err);
        assert_eq!(got.out[3..], ["No threads.\n", "$1 = 42\n"], "{command}: {}", got.err);
    }
}

/// Sends packets to the stub, each after the answer to the one before it, and goes away without a word.
fn debugger_that_dies(guest: &Guest, packets: &[&str]) {
    let mut stub = UnixStream::connect(guest.work().join("guest.sock")).unwrap();
    stub.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    for packet in packets {
        let sum = packet.bytes().fold(0, u8::wrapping_add);
        write!(stub, "${packet}#{sum:02x}").unwrap();
        if packet.starts_with("vCont") {
            continue;
        }
        let mut answer = Vec::new();
        let mut byte = [0];
        while answer.iter().rev().nth(2) != Some(&b'#') {
            stub.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        stub.write_all(b"+").unwrap();
    }
}

fn what_an_earlier_debugger_has_left(series: Option<&str>) {
    let boot = Boot { series, options: &["-smp", "2"], ..Boot::default() };
    let Some(guest) = boot.to_shell() else { return };
    let hello = "qSupported:multiprocess+";
    // The second CPU is halted: it makes its step when it wakes, with somebody else there.
    for _ in 0..4 {
        debugger_that_dies(&guest, &[hello, "?", "vCont;s:p1.2"]);
        let got =
            guest.run_on("target remote guest.sock", &["tbreak hrtimer_interrupt thread 2", "continue"]);
        let hit = "Thread 2 hit Temporary breakpoint 1, hrtimer_interrupt (";
        assert!(got.out[1].contains(hit), "{:?} {}", got.out, got.err);
        assert!(!got.out[1].contains("SIGTRAP"), "{:?}", got.out);
    }
    // A breakpoint is still there for the second CPU: QEMU takes out those of one CPU at a time when a debugger comes.
    let addr = guest.run_on("target remote guest.sock", &["output/x &hrtimer_interrupt"]).out[0].clone();
    let insert = format!("Z0,{},1", addr.trim_start_matches("0x"));
    debugger_that_dies(&guest, &[hello, "?", &insert, "?"]);
    let got = guest.run_on("target remote guest.sock", &["tbreak __hrtimer_run_queues thread 2", "continue"]);
    assert!(
        got.out[1].contains("Thread 2 hit Temporary breakpoint 1, __hrtimer_run_queues ("),
        "{:?}",
        got.out
    );
    assert!(!got.out[1].contains("SIGTRAP"), "{:?}", got.out);
}

fn somebody_else_is_there_already(series: Option<&str>) {
    let boot = Boot { series, options: &["-S"], ..Boot::default() };
    let Some(guest) = boot.start() else { return };
    let first = UnixStream::connect(guest.work().join("guest.sock")).unwrap();
    let got = guest.run_on("target remote guest.sock", &["info threads", "print 6 * 7"]);
    let busy = "no answer from the stub: is another debugger connected to it, or is it something else?";
    assert_eq!(printed(&got, &[busy]), 1, "{}", got.err);
    assert_eq!(got.out, ["No threads.\n", "$1 = 42\n"]);
    drop(first);
    // No listener: gdb's error, which names the address.
    let got = guest.kdive("set tcp auto-retry off\ntarget remote nobody.sock\n");
    assert!(
        got.err.ends_with(":2: Error in sourced command file:\nnobody.sock: No such file or directory.\n"),
        "{}",
        got.err
    );
    // It is there as ever, until it is killed.
    let commands = [&guest.murder(), "continue", "info threads", "continue", "print 6 * 7"];
    let got = guest.run_on("target remote guest.sock", &commands);
    assert_eq!(
        printed(&got, &["Remote connection closed", "The program is not being run."]),
        2,
        "{}",
        got.err
    );
    // It may have come as far as its kernel.
    assert_eq!(got.out[2..], ["No threads.\n", "", "$1 = 42\n"], "{}", got.err);
}
