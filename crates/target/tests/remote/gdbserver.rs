//! Against gdbserver: no acks, partial reads, expedited registers, binary writes, a guest that exits.

use kdive_base::{Interrupt, ReadMemory, VirtAddr, WriteMemory};
use kdive_target::{
    BreakpointKind, Error, Event, Log, Note, Options, Others, Profile, RemoteTarget, Resume, RunControl,
    Stop, StopReason, Target, Wait,
};
use kdive_testkit::environment::{programs, skip};
use std::time::{Duration, Instant};

/// Connects to a gdbserver of our own that runs a shell script, stopped before its first instruction.
fn start(script: &str, extended: bool) -> Option<(RemoteTarget, tempfile::TempPath)> {
    if !programs(&["gdbserver"]) {
        return None;
    }
    // gdbserver takes no arguments with blanks in them. No other program in the script: its end would be a signal.
    let file = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    std::fs::write(&file, script).unwrap();
    let mode = if extended { "--multi" } else { "--once" };
    let command = format!("| exec gdbserver {mode} --no-startup-with-shell - /bin/sh {}", file.display());
    let options = Options { extended, ..Options::default() };
    match RemoteTarget::connect(&command, &options, Log::new(), &mut || {}) {
        Ok(target) => Some((target, file)),
        Err(error) => {
            let said: Vec<_> = error.diagnostics.iter().map(|text| String::from_utf8_lossy(text)).collect();
            let said = said.concat();
            // Containers may forbid ptrace.
            assert!(said.contains("ptrace"), "{error}: {said}");
            skip(&format!("gdbserver may not trace here: {said}"))
        }
    }
}

fn event(target: &RemoteTarget, interrupt: &Interrupt) -> Event {
    let limit = Instant::now() + Duration::from_secs(60);
    while Instant::now() < limit {
        match target.wait(Duration::from_secs(1), interrupt).unwrap() {
            Wait::Event(event) => return event,
            Wait::Pending => {}
            Wait::GivenUp => panic!("given up"),
        }
    }
    panic!("nothing happened");
}

fn stop(target: &RemoteTarget) -> Stop {
    match event(target, &Interrupt::new()) {
        Event::Stopped(stop) => stop,
        other => panic!("{other:?}"),
    }
}

#[test]
fn registers_memory_and_steps() {
    let Some((target, _file)) = start("exit 3", false) else { return };
    assert_eq!(target.profile().unwrap(), Profile::Gdbserver);
    let thread = target.stop().unwrap().thread;
    assert!(thread.pid.is_some());
    let registers = target.registers(thread).unwrap();
    let pc = registers.pc().unwrap();
    let sp = registers.sp().unwrap();
    // argc: /bin/sh and the file.
    assert_eq!(target.read_uint(sp, 8), Ok(2));
    let mut code = [0; 16];
    target.read(pc, &mut code).unwrap();
    target.resume(Resume::Step { thread, others: Others::Stopped }).unwrap();
    let stopped = stop(&target);
    assert_eq!((stopped.thread, stopped.signal), (thread, 5));
    assert_ne!(target.registers(thread).unwrap().pc(), Some(pc));
    assert_eq!(target.attached(), Ok(Some(false)));
    assert!(matches!(target.step_mask(), Err(Error::Unsupported(_))));
    // A write of bytes that need escapes, and its echo.
    let below = VirtAddr(sp.0 - 64);
    target.write(below, b"}#$*\x00\xff").unwrap();
    let mut bytes = [0; 6];
    target.read(below, &mut bytes).unwrap();
    assert_eq!(&bytes, b"}#$*\x00\xff");
    assert!(target.read(VirtAddr(0x10), &mut bytes).is_err());
    // The stub's own banner arrives on its standard error.
    let said: Vec<u8> = target
        .notes()
        .into_iter()
        .flat_map(|note| match note {
            Note::Diagnostics(text) => text,
            Note::Resynchronized(_) => Vec::new(),
        })
        .collect();
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("Process /bin/sh created"), "{said}");
    target.kill().unwrap();
}

#[test]
fn breakpoints_and_the_exit_of_the_guest() {
    let Some((target, _file)) = start("exit 42", false) else { return };
    let thread = target.stop().unwrap().thread;
    let pc = target.registers(thread).unwrap().pc().unwrap();
    // Somewhere on the way: the second instruction of the loader.
    target.resume(Resume::Step { thread, others: Others::Stopped }).unwrap();
    stop(&target);
    let next = target.registers(thread).unwrap().pc().unwrap();
    let mut file = kdive_arch::RegisterFile::clone(&target.registers(thread).unwrap());
    let layout = file.layout().clone();
    let writes = file.write(&layout.lookup("rip").unwrap(), &pc.0.to_le_bytes()).unwrap();
    target.write_registers(thread, &writes).unwrap();
    target.insert(BreakpointKind::Software, next, 1).unwrap();
    target.resume(Resume::Continue).unwrap();
    let stopped = stop(&target);
    assert_eq!((stopped.signal, stopped.reason), (5, StopReason::SoftwareBreakpoint));
    assert_eq!(target.registers(thread).unwrap().pc(), Some(next));
    target.remove(BreakpointKind::Software, next, 1).unwrap();
    target.resume(Resume::Continue).unwrap();
    assert_eq!(event(&target, &Interrupt::new()), Event::Exited(42));
    assert!(!target.is_connected());
}

#[test]
fn ctrl_c() {
    let Some((target, _file)) = start("while :; do :; done", false) else { return };
    target.resume(Resume::Continue).unwrap();
    let interrupt = Interrupt::new();
    assert_eq!(target.wait(Duration::from_millis(100), &interrupt).unwrap(), Wait::Pending);
    interrupt.raise();
    let Event::Stopped(stopped) = event(&target, &interrupt) else { panic!() };
    assert_eq!(stopped.signal, 2);
    target.kill().unwrap();
}

#[test]
fn an_extended_connection_outlives_its_guest() {
    let Some((target, _file)) = start("exit 5", true) else { return };
    target.resume(Resume::Continue).unwrap();
    assert_eq!(event(&target, &Interrupt::new()), Event::Exited(5));
    assert!(target.is_connected() && !target.is_alive());
    assert_eq!(target.threads().unwrap_err(), Error::NotConnected);
    target.run(b"/bin/false", &[]).unwrap();
    assert_eq!(target.stop().unwrap().signal, 5);
    target.resume(Resume::Continue).unwrap();
    assert_eq!(event(&target, &Interrupt::new()), Event::Exited(1));
    assert!(target.attach(u64::MAX).is_err());
}
