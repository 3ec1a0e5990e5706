//! A kernel that is debugged by its own stub, kgdb, on its second serial line. `cargo xtask test-kgdb` builds that kernel and runs
//! these tests; how the stub talks is tested without it in `crates/target/tests/remote/kgdb.rs`.

use super::guest::{Answers, Boot, Guest};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

/// The second serial line as a socket.
const LINE: [&str; 4] =
    ["-chardev", "socket,id=kgdb,path=kgdb.sock,server=on,wait=off", "-serial", "chardev:kgdb"];
/// Stops the kernel for its debugger.
const STOP: &str = "echo g > /proc/sysrq-trigger";
/// What it says then.
const STOPPED: &str = "Entering KGDB";

/// A guest with two CPUs and kgdb.
fn boot<'a>(append: &'a str, options: &'a [&'a str]) -> Boot<'a> {
    Boot { series: Some("kgdb"), append, options, ..Boot::default() }
}

/// The same with a shell, which lets the kernel say that it stops.
fn shell(append: &str, line: &[&str]) -> Option<Guest> {
    let options = [&["-smp", "2"][..], line].concat();
    let mut guest = boot(append, &options).to_shell()?;
    guest.shell("echo 7 > /proc/sys/kernel/printk");
    Some(guest)
}

/// Has the guest stop, and run what follows once it goes on.
fn stop(guest: &mut Guest, then: &str) {
    guest.type_line(&format!("{STOP}; {then}"));
    guest.wait_for(STOPPED);
}

#[track_caller]
fn has(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in:\n{text}");
}

/// No packet was lost and nothing refused.
#[track_caller]
fn quiet(got: &Answers) {
    for word in ["answer", "onnection", "timed out", "Cannot", "warning"] {
        assert!(!got.err.contains(word), "{}\n{:?}", got.err, got.out);
    }
}

/// A command of kdive's that sends it Ctrl-C two seconds later.
const CTRL_C: &str = "shell (sleep 2; kill -INT $PPID) > /dev/null 2>&1 &";

#[test]
fn tasks_cpus_and_locks_are_known_and_the_guest_goes_on() {
    let Some(mut guest) = shell("kgdboc=ttyS1,115200 nokaslr", &LINE) else { return };
    guest.shell("(sleep 1000 &); until grep -q sleep /proc/[0-9]*/comm; do true; done");
    stop(&mut guest, "true");
    let got = guest.run_on(
        "target remote kgdb.sock",
        &["bt", "info threads", "task 1", "print $lx_current().comm", "locks", "detach"],
    );
    quiet(&got);
    let [bt, threads, init, comm, locks, left] = got.out.as_slice() else { panic!() };
    assert!(bt.starts_with("#0  kgdb_breakpoint () at kernel/debug/debug_core.c:"), "{bt}");
    has(bt, " in vfs_write (");
    has(bt, "<user mode> (sh, pid ");
    assert!(!bt.contains("?? ()"), "{bt}");
    // Names without padding, CPUs by kgdb's names, and no task at address 0.
    for name in ["(shadowCPU0)", "(shadowCPU1)", "(init)", "(kthreadd)", "(sleep)"] {
        has(threads, name);
    }
    assert!(!threads.contains('\0') && !threads.contains("0x0000000000000000"), "{threads}");
    for line in threads.lines().filter(|line| line.contains("(kthreadd)") || line.contains("(oom_reaper)")) {
        has(line, " in context_switch (");
    }
    has(init, "[Switching to task 1 (init), sleeping");
    has(comm, " = \"init\", ");
    // The kernel's own list.
    has(locks, ", says lockdep");
    assert_eq!(left, "[Inferior 1 (Remote target) detached]\n");

    // Breakpoints, and nothing of them is left in the kernel; twice.
    for _ in 0..2 {
        stop(&mut guest, "true");
        let commands =
            ["break vfs_write", "continue", "print $pc == &vfs_write", "info breakpoints", "detach"];
        let got = guest.run_on("target remote kgdb.sock", &commands);
        quiet(&got);
        has(&got.out[1], "hit Breakpoint 1, vfs_write (");
        has(&got.out[2], " = 1");
        has(&got.out[3], "breakpoint already hit 1 time");
        assert_eq!(guest.shell("echo $((6 * 7))").trim(), "42");
    }

    // kgdb takes hardware breakpoints and this kernel does not stop at them, gdb's neither: it goes on and stops for the next reason.
    stop(&mut guest, "echo 5 > /proc/sys/vm/page-cluster");
    let got = guest.run_on(
        "target remote kgdb.sock",
        &[
            "hbreak ksys_write",
            "delete",
            "break proc_dointvec_minmax",
            "continue",
            "stepi",
            "finish",
            "print page_cluster",
            "detach",
        ],
    );
    quiet(&got);
    assert!(got.out[0].starts_with("Hardware assisted breakpoint 1 at "), "{}", got.out[0]);
    has(&got.out[3], "hit Breakpoint 2, proc_dointvec_minmax (");
    has(&got.out[5], "Value returned is ");
    has(&got.out[6], " = 5");
    assert_eq!(guest.shell("cat /proc/sys/vm/page-cluster").trim(), "5");
}

#[test]
fn a_kernel_that_waits_for_its_debugger_and_was_moved() {
    let append = "kgdboc=ttyS1,115200 kgdbwait";
    let options = [&["-smp", "2"][..], &LINE].concat();
    let Some(mut guest) = boot(append, &options).start() else { return };
    guest.wait_for("Waiting for connection from remote gdb");
    let got = guest.run_on(
        "target remote kgdb.sock",
        &[
            "maintenance packets",
            "bt",
            "print linux_banner",
            "tbreak free_initmem",
            "continue",
            "bt 1",
            "detach",
        ],
    );
    // What kgdb writes into code now stays there: a warning says so, and kdive leaves nothing of its own.
    has(&got.err, "The kernel still starts. kgdb cannot take a breakpoint out again");
    // The place is not looked for everywhere: the CPU stands in the kernel.
    let sent = got.out[0].split_whitespace().nth(2).and_then(|sent| sent.parse::<u32>().ok());
    assert!(sent.is_some_and(|sent| sent < 150), "{}", got.out[0]);
    has(&got.out[1], "#1  0x");
    has(&got.out[1], "kgdb_initial_breakpoint");
    has(&got.out[2], "Linux version 6.1");
    has(&got.out[4], "hit Temporary breakpoint 1");
    has(&got.out[5], "#0  free_initmem");
    guest.wait_for("# ");
    assert_eq!(guest.shell("echo $((6 * 7))").trim(), "42");
}

/// Reads from a line until the guest has said something.
fn read_until(line: &mut UnixStream, text: &str) {
    let mut heard = String::new();
    let mut bytes = [0; 4096];
    line.set_read_timeout(Some(Duration::from_secs(180))).unwrap();
    while !heard.contains(text) {
        match line.read(&mut bytes) {
            Ok(count @ 1..) => heard.push_str(&String::from_utf8_lossy(&bytes[..count])),
            end => panic!("{end:?}; the guest does not say {text:?}, it said: {heard}"),
        }
    }
}

#[test]
fn the_magic_key_stops_a_kernel_that_runs_on_the_line_of_its_console() {
    // QEMU takes a break condition from telnet.
    let socket = "socket,id=kgdb,path=kgdb.sock,server=on,wait=off,telnet=on";
    let options = ["-smp", "2", "-chardev", socket, "-serial", "chardev:kgdb"];
    let Some(guest) = boot("console=ttyS1 kgdboc=ttyS1,115200", &options).start() else { return };
    let console = || UnixStream::connect(guest.work().join("kgdb.sock")).unwrap();
    let mut line = console();
    read_until(&mut line, "# ");
    drop(line);
    let connect = "with remote interrupt-on-connect on -- with remote interrupt-sequence BREAK-g -- \
                   target remote kgdb.sock";
    let commands =
        ["bt 1", "set remote interrupt-sequence BREAK-g", CTRL_C, "continue", "info threads", "detach"];
    let got = guest.run_on(connect, &commands);
    quiet(&got);
    has(&got.out[0], "kgdb_breakpoint");
    has(&got.out[3], "received signal SIGTRAP, Trace/breakpoint trap.\nkgdb_breakpoint ()");
    has(&got.out[4], "(shadowCPU1)");
    let mut line = console();
    line.write_all(b"\necho $((6 * 7))$((6 * 7))\n").unwrap();
    read_until(&mut line, "4242");
}

#[test]
fn a_pseudo_terminal_is_a_serial_line() {
    let pty = ["-chardev", "pty,id=kgdb", "-serial", "chardev:kgdb"];
    let Some(mut guest) = shell("kgdboc=ttyS1,115200 nokaslr", &pty) else { return };
    // QEMU knows which one it has.
    let devices = guest.ask(&["monitor info chardev", "detach"]).out.remove(0);
    let name = devices.lines().find_map(|line| line.trim().strip_prefix("kgdb: filename=pty:"));
    let name = name.unwrap_or_else(|| panic!("no pty in {devices}")).to_owned();
    stop(&mut guest, "true");
    let got = guest.run_on(
        &format!("with serial baud 115200 -- target remote {name}"),
        &["bt 1", "break vfs_write", "continue", "delete", "detach"],
    );
    quiet(&got);
    has(&got.out[0], "#0  kgdb_breakpoint () at ");
    has(&got.out[2], "hit Breakpoint 1, vfs_write (");
    assert_eq!(guest.shell("echo $((6 * 7))").trim(), "42");
}

/// Lets bytes through at the speed of a line of 115,200 baud: ten bits each.
fn slowly(mut from: UnixStream, mut to: UnixStream) {
    let mut bytes = [0; 16];
    let mut free = Instant::now();
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let takes = Duration::from_micros(count as u64 * 10 * 1_000_000 / 115_200);
        free = free.max(Instant::now()) + takes;
        std::thread::sleep(free.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
}

#[test]
fn a_slow_line_costs_time_and_nothing_else() {
    let Some(mut guest) = shell("kgdboc=ttyS1,115200", &LINE) else { return };
    stop(&mut guest, "true");
    let work = guest.work();
    let listener = UnixListener::bind(work.join("slow.sock")).unwrap();
    std::thread::spawn(move || {
        let (kdive, _) = listener.accept().unwrap();
        let stub = UnixStream::connect(work.join("kgdb.sock")).unwrap();
        let (back, to) = (stub.try_clone().unwrap(), kdive.try_clone().unwrap());
        std::thread::spawn(move || slowly(back, to));
        slowly(kdive, stub);
    });
    let got = guest.run_on(
        "target remote slow.sock",
        &["bt", "info threads", "break vfs_write", "continue", "next", "step", "finish", "delete", "detach"],
    );
    quiet(&got);
    has(&got.out[0], "<user mode>");
    has(&got.out[1], " in context_switch (");
    has(&got.out[3], "hit Breakpoint 1, vfs_write (");
    has(&got.out[6], "Value returned is $1 = ");
    assert_eq!(guest.shell("echo $((6 * 7))").trim(), "42");
}
