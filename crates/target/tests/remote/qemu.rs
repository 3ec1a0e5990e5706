//! Against QEMU itself, stopped at reset with nothing but its firmware.

use kdive_base::{Fault, Interrupt, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use kdive_rsp::Profile;
use kdive_target::{
    Accelerator, BreakpointKind, Event, Log, Options, Others, RemoteTarget, Resume, RunControl, Stop,
    StopReason, Target, ThreadId, Wait, WatchKind,
};
use kdive_testkit::environment::programs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A QEMU of our own, ended with the test.
struct Qemu {
    child: Child,
    dir: tempfile::TempDir,
}

impl Qemu {
    /// Starts `qemu-system-x86_64` with its gdb server on a unix socket; `None`, said aloud, where it is not installed.
    fn start(more: &[&str]) -> Option<Self> {
        if !programs(&["qemu-system-x86_64"]) {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("gdb.sock");
        let child = Command::new("qemu-system-x86_64")
            .args([
                "-accel", "tcg", "-m", "64", "-display", "none", "-monitor", "none", "-serial", "none",
                "-nic", "none", "-S",
            ])
            .arg("-chardev")
            .arg(format!("socket,path={},server=on,wait=off,id=g", socket.display()))
            .args(["-gdb", "chardev:g"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let qemu = Self { child, dir };
        let limit = Instant::now() + Duration::from_secs(30);
        while !qemu.socket().exists() {
            assert!(Instant::now() < limit, "QEMU does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(qemu)
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("gdb.sock")
    }

    fn connect(&self) -> RemoteTarget {
        let path = self.socket();
        RemoteTarget::connect(path.to_str().unwrap(), &Options::default(), Log::new(), &mut || {}).unwrap()
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const CPU1: ThreadId = ThreadId::in_process(1, 1);
const CPU2: ThreadId = ThreadId::in_process(1, 2);

/// Waits for the next stop, however long the machine takes.
fn stop(target: &RemoteTarget) -> Stop {
    stop_with(target, &Interrupt::new())
}

fn stop_with(target: &RemoteTarget, interrupt: &Interrupt) -> Stop {
    let limit = Instant::now() + Duration::from_secs(60);
    while Instant::now() < limit {
        match target.wait(Duration::from_secs(1), interrupt).unwrap() {
            Wait::Event(Event::Stopped(stop)) => return stop,
            Wait::Pending => {}
            other => panic!("not a stop: {other:?}"),
        }
    }
    panic!("no stop");
}

fn step(target: &RemoteTarget) -> Stop {
    target.resume(Resume::Step { thread: CPU1, others: Others::Stopped }).unwrap();
    stop(target)
}

fn register(target: &RemoteTarget, name: &str) -> u64 {
    target.registers(CPU1).unwrap().by_name(name).unwrap()
}

#[test]
fn registers_and_real_mode_memory_at_reset() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    assert_eq!(target.profile().unwrap(), Profile::Qemu { physical_memory: true });
    let stopped = target.run_control().unwrap().stop().unwrap();
    assert_eq!((stopped.thread, stopped.signal, stopped.reason), (CPU1, 5, StopReason::Signal));
    let threads = target.threads().unwrap();
    assert_eq!(threads.len(), 1);
    assert_eq!((threads[0].id, threads[0].info.as_str()), (CPU1, "CPU#0 [running]"));

    // Intel SDM vol. 3, 9.1.4: the first instruction is fetched from f000:fff0, base ffff0000.
    assert_eq!(register(&target, "rip"), 0xfff0);
    assert_eq!(register(&target, "cs"), 0xf000);
    assert_eq!(register(&target, "eflags"), 2);
    assert_eq!(register(&target, "cr0"), 0x6000_0010);
    let mut code = [0; 5];
    target.read(VirtAddr(0xffff_fff0), &mut code).unwrap();
    // SeaBIOS: ljmp $0xf000,$0xe05b.
    assert_eq!(code, [0xea, 0x5b, 0xe0, 0x00, 0xf0]);
    // The copy below 1 MiB is the same ROM.
    let mut low = [0; 5];
    target.read_physical(PhysAddr(0xf_fff0), &mut low).unwrap();
    assert_eq!(low, code);
}

#[test]
fn stepping_costs_one_exchange_and_registers_are_read_once() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    let stopped = step(&target);
    assert_eq!((stopped.thread, stopped.signal), (CPU1, 5));
    // One packet out, one stop reply in.
    let traffic = target.statistics().since_resume;
    assert_eq!((traffic.packets_sent, traffic.packets_received), (1, 1));
    assert_eq!((register(&target, "cs"), register(&target, "rip")), (0xf000, 0xe05b));
    assert_eq!(register(&target, "rax"), 0);
    // g, once, and no Hg: QEMU stands at the CPU it named.
    assert_eq!(target.statistics().since_resume.packets_sent, 2);
}

#[test]
fn registers_can_be_written_and_are_read_anew() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    let mut file = kdive_arch::RegisterFile::clone(&target.registers(CPU1).unwrap());
    let layout = file.layout().clone();
    let writes = file.write(&layout.lookup("rbx").unwrap(), &0x1234_5678_u64.to_le_bytes()).unwrap();
    let before = target.generation();
    target.write_registers(CPU1, &writes).unwrap();
    assert_ne!(target.generation(), before);
    assert_eq!(register(&target, "rbx"), 0x1234_5678);
}

#[test]
fn memory_is_cached_until_it_is_written_or_the_target_runs() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    target.write(VirtAddr(0x7ffe), &[1, 2, 3, 4]).unwrap();
    let mut bytes = [0; 6];
    target.read(VirtAddr(0x7ffd), &mut bytes).unwrap();
    assert_eq!(bytes, [0, 1, 2, 3, 4, 0]);
    let sent = target.statistics().total.packets_sent;
    target.read(VirtAddr(0x7ffe), &mut bytes).unwrap();
    assert_eq!(target.statistics().total.packets_sent, sent, "read again without asking again");
    target.write(VirtAddr(0x7fff), &[9]).unwrap();
    target.read(VirtAddr(0x7ffd), &mut bytes).unwrap();
    assert_eq!(bytes, [0, 1, 9, 3, 4, 0]);
    // Physical and virtual are the same here, but not the same cache.
    target.read_physical(PhysAddr(0x7ffd), &mut bytes).unwrap();
    assert_eq!(bytes, [0, 1, 9, 3, 4, 0]);
    target.write_physical(PhysAddr(0x8000), &[7]).unwrap();
    target.read(VirtAddr(0x7ffd), &mut bytes).unwrap();
    assert_eq!(bytes, [0, 1, 9, 7, 4, 0]);
    assert_eq!(target.packet(b"qqemu.PhyMemMode").unwrap(), b"0");
}

#[test]
fn large_reads_come_whole() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    let pattern: Vec<u8> = (0..0x10123_u32).map(|n| (n * 7 + n / 251) as u8).collect();
    target.write(VirtAddr(0x10_0fff), &pattern).unwrap();
    let mut bytes = vec![0; pattern.len()];
    target.read(VirtAddr(0x10_0fff), &mut bytes).unwrap();
    assert!(bytes == pattern);
    let mut megabytes = vec![0; 8 << 20];
    target.read(VirtAddr(0x10_0000), &mut megabytes).unwrap();
    assert_eq!(megabytes[0xfff..0xfff + pattern.len()], pattern[..]);
}

#[test]
fn breakpoints_of_both_kinds_stop_at_their_address() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    assert_eq!(target.accelerator().unwrap(), Accelerator::Tcg);
    for kind in [BreakpointKind::Software, BreakpointKind::Hardware] {
        // The first jump of the firmware; under TCG the address of a 16-bit segment is its linear one.
        target.monitor(b"system_reset", &mut |_| {}).unwrap();
        target.insert(kind, VirtAddr(0xfe05b), 1).unwrap();
        target.resume(Resume::Continue).unwrap();
        assert_eq!(stop(&target).signal, 5);
        assert_eq!((register(&target, "cs"), register(&target, "rip")), (0xf000, 0xe05b));
        target.remove(kind, VirtAddr(0xfe05b), 1).unwrap();
        assert!(target.remove(kind, VirtAddr(0xfe05b), 1).is_err());
    }
}

/// Puts 16-bit code at 0x1000 and starts it with a flat cs.
fn run_code(target: &RemoteTarget, code: &[u8]) {
    target.write(VirtAddr(0x1000), code).unwrap();
    set(target, "cs", 0);
    set(target, "rip", 0x1000);
}

fn set(target: &RemoteTarget, name: &str, value: u64) {
    let mut file = kdive_arch::RegisterFile::clone(&target.registers(CPU1).unwrap());
    let layout = file.layout().clone();
    let reg = layout.lookup(name).unwrap();
    let writes = file.write(&reg, &value.to_le_bytes()[..reg.size()]).unwrap();
    target.write_registers(CPU1, &writes).unwrap();
}

#[test]
fn watchpoints_say_what_was_touched() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    // movb $0x5a,0x2004 ; movb 0x2004,%al ; 1: jmp 1b
    run_code(&target, &[0xc6, 0x06, 0x04, 0x20, 0x5a, 0xa0, 0x04, 0x20, 0xeb, 0xfe]);
    target.insert(BreakpointKind::Watch(WatchKind::Write), VirtAddr(0x2004), 1).unwrap();
    target.resume(Resume::Continue).unwrap();
    let expected = |kind| StopReason::Watch { kind, addr: VirtAddr(0x2004) };
    assert_eq!(stop(&target).reason, expected(WatchKind::Write));
    assert_eq!(register(&target, "rip"), 0x1005);
    target.remove(BreakpointKind::Watch(WatchKind::Write), VirtAddr(0x2004), 1).unwrap();
    target.insert(BreakpointKind::Watch(WatchKind::Read), VirtAddr(0x2004), 1).unwrap();
    target.resume(Resume::Continue).unwrap();
    assert_eq!(stop(&target).reason, expected(WatchKind::Read));
    assert_eq!(register(&target, "rip"), 0x1008);
    let mut byte = [0];
    target.read(VirtAddr(0x2004), &mut byte).unwrap();
    assert_eq!(byte, [0x5a]);
}

#[test]
fn ctrl_c_stops_a_running_machine() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    // 1: jmp 1b
    run_code(&target, &[0xeb, 0xfe]);
    target.resume(Resume::Continue).unwrap();
    assert!(target.stop().is_none());
    let interrupt = Interrupt::new();
    assert_eq!(target.wait(Duration::from_millis(20), &interrupt).unwrap(), Wait::Pending);
    // Memory is not available meanwhile, and asking for it does no harm.
    assert!(target.read(VirtAddr(0x1000), &mut [0]).is_err());
    interrupt.raise();
    let stopped = stop_with(&target, &interrupt);
    assert_eq!((stopped.signal, stopped.synthesized), (2, false));
    assert_eq!(register(&target, "rip"), 0x1000);
}

#[test]
fn ctrl_c_gets_a_halted_cpu_back_that_cannot_be_stepped() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    // hlt, with interrupts off: a step never ends.
    run_code(&target, &[0xf4, 0x90]);
    target.resume(Resume::Step { thread: CPU1, others: Others::Stopped }).unwrap();
    let interrupt = Interrupt::new();
    let first = target.wait(Duration::from_millis(200), &interrupt).unwrap();
    if first == Wait::Pending {
        interrupt.raise();
        assert_eq!(stop_with(&target, &interrupt).signal, 2);
    }
    assert_eq!(register(&target, "rip"), 0x1001);
}

#[test]
fn the_monitor_answers_and_may_resume_the_machine_behind_our_back() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    let ask = |command: &[u8]| {
        let mut text = Vec::new();
        target.monitor(command, &mut |bytes| text.extend_from_slice(bytes)).unwrap();
        String::from_utf8(text).unwrap()
    };
    assert_eq!(ask(b"info status"), "VM status: paused (prelaunch)\r\n");
    assert_eq!(ask(b"nonsense"), "unknown command: 'nonsense'\r\n");
    run_code(&target, &[0xeb, 0xfe]);
    ask(b"cont");
    // The next request finds the machine running, pauses it and is answered.
    assert_eq!(register(&target, "rip"), 0x1000);
    assert_eq!(ask(b"info status"), "VM status: paused\r\n");
    target.resume(Resume::Step { thread: CPU1, others: Others::Stopped }).unwrap();
    assert_eq!(stop(&target).signal, 5);
}

#[test]
fn stale_breakpoints_of_a_debugger_that_died_are_gone_on_all_cpus() {
    let Some(qemu) = Qemu::start(&["-smp", "2"]) else { return };
    let target = qemu.connect();
    assert_eq!(target.threads().unwrap().iter().map(|thread| thread.id).collect::<Vec<_>>(), [CPU1, CPU2]);
    // Inserted without the target knowing, so that leaving does not take it out.
    assert_eq!(target.packet(b"Z0,1000,1").unwrap(), b"OK");
    drop(target);
    let target = qemu.connect();
    run_code(&target, &[0x90, 0x90, 0xeb, 0xfe]);
    target.resume(Resume::Continue).unwrap();
    assert_eq!(target.wait(Duration::from_millis(100), &Interrupt::new()).unwrap(), Wait::Pending);
    let interrupt = Interrupt::new();
    interrupt.raise();
    assert_eq!(stop_with(&target, &interrupt).signal, 2);
    assert_eq!(register(&target, "rip"), 0x1002);
    // Nor does any CPU's list hold it.
    for cpu in ["Hcp1.2", "Hcp1.1"] {
        assert_eq!(target.packet(cpu.as_bytes()).unwrap(), b"OK");
        assert_eq!(target.packet(b"z0,1000,1").unwrap(), b"E22");
    }
}

#[test]
fn only_the_named_cpu_is_stepped() {
    let Some(qemu) = Qemu::start(&["-smp", "2"]) else { return };
    let target = qemu.connect();
    let other = target.registers(CPU2).unwrap().by_name("rip").unwrap();
    run_code(&target, &[0x90; 16]);
    for expected in [0x1001, 0x1002] {
        step(&target);
        assert_eq!(register(&target, "rip"), expected);
    }
    assert_eq!(target.registers(CPU2).unwrap().by_name("rip"), Some(other));
}

#[test]
fn a_second_debugger_is_told_why_it_gets_no_answer() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let first = qemu.connect();
    let options = Options { remote_timeout: Duration::from_millis(200), ..Options::default() };
    let socket = qemu.socket();
    let second = RemoteTarget::connect(socket.to_str().unwrap(), &options, Log::new(), &mut || {});
    let error = second.err().unwrap();
    assert_eq!(
        error.to_string(),
        "no answer from the stub: is another debugger connected to it, or is it something else?"
    );
    assert_eq!(register(&first, "rip"), 0xfff0);
}

#[test]
fn a_connection_that_ends_is_one_event_and_no_hang() {
    let Some(mut qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    run_code(&target, &[0xeb, 0xfe]);
    target.resume(Resume::Continue).unwrap();
    qemu.child.kill().unwrap();
    let event = loop {
        match target.wait(Duration::from_secs(1), &Interrupt::new()).unwrap() {
            Wait::Event(event) => break event,
            Wait::Pending => {}
            Wait::GivenUp => panic!("given up"),
        }
    };
    let Event::Lost(text) = event else { panic!("{event:?}") };
    assert!(
        text == "Remote connection closed"
            || text == "Remote communication error.  Target disconnected.: Connection reset by peer.",
        "{text}"
    );
    assert!(!target.is_alive() && !target.is_connected());
    assert_eq!(
        target.read(VirtAddr(0), &mut [0]),
        Err(Fault { addr: VirtAddr(0), kind: kdive_base::FaultKind::NoTarget })
    );
    assert_eq!(target.pending_event(), None);
}

#[test]
fn leaving_keeps_the_guest_alive_and_killing_does_not() {
    let Some(mut qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    run_code(&target, &[0xeb, 0xfe]);
    target.insert(BreakpointKind::Software, VirtAddr(0x1000), 1).unwrap();
    target.detach().unwrap();
    assert!(!target.is_connected());
    assert!(qemu.child.try_wait().unwrap().is_none());
    // It ran, past the breakpoint that was taken out, and connecting stops it.
    let target = qemu.connect();
    assert_eq!(register(&target, "rip"), 0x1000);
    target.kill().unwrap();
    let limit = Instant::now() + Duration::from_secs(30);
    while qemu.child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < limit, "QEMU is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_step_mask_can_be_read_and_set() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    assert_eq!(target.step_mask(), Ok(7));
    target.set_step_mask(1).unwrap();
    assert_eq!(target.step_mask(), Ok(1));
    target.set_step_mask(7).unwrap();
    assert_eq!(target.attached(), Ok(Some(true)));
}

#[test]
fn addresses_that_are_not_there() {
    let Some(qemu) = Qemu::start(&[]) else { return };
    let target = qemu.connect();
    // 64 MiB of memory; nothing answers at 2 GiB.
    let mut bytes = [0; 16];
    assert_eq!(target.read(VirtAddr(0x8000_0000), &mut bytes), Err(Fault::unmapped(VirtAddr(0x8000_0000))));
    // Up to the end and over it: the first address beyond is the one reported.
    assert_eq!(target.read(VirtAddr(0x3ff_fff8), &mut bytes), Err(Fault::unmapped(VirtAddr(0x400_0000))));
    let sent = target.statistics().total.packets_sent;
    assert!(target.read(VirtAddr(0x3ff_fff8), &mut bytes).is_err());
    assert_eq!(target.statistics().total.packets_sent, sent, "an unreadable page is remembered");
    assert_eq!(target.read(VirtAddr(u64::MAX - 3), &mut bytes), Err(Fault::unmapped(VirtAddr(u64::MAX - 3))));
    assert_eq!(target.read(VirtAddr(0), &mut []), Ok(()));
}
