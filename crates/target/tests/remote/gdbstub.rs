//! Against the gdbstub crate: another implementation, with other habits than QEMU's.

use kdive_base::{Fault, Interrupt, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use kdive_rsp::transport::over_unix_stream;
use kdive_target::{
    BreakpointError, BreakpointKind, Error, Event, Log, Options, Others, Profile, RemoteTarget, Resume,
    RunControl, Stop, StopReason, Target, ThreadId, Wait, WatchKind,
};
use kdive_testkit::machine::{BASE, Machine, Offers, SIZE};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;
use std::time::Duration;

type Session = JoinHandle<Result<gdbstub::stub::DisconnectReason, String>>;

fn start(code: &[u8], offers: Offers) -> (RemoteTarget, Session) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let session = Machine::new(code, offers).serve(theirs);
    let link = over_unix_stream(ours).unwrap();
    (RemoteTarget::from_link(link, "test", &Options::default(), Log::new()).unwrap(), session)
}

const PLAIN: Offers = Offers { no_ack: false, scheduler_locking: false };
const LOCKING: Offers = Offers { no_ack: true, scheduler_locking: true };
const CPU1: ThreadId = ThreadId::in_process(1, 1);
const CPU2: ThreadId = ThreadId::in_process(1, 2);

fn stop(target: &RemoteTarget) -> Stop {
    stop_with(target, &Interrupt::new())
}

fn stop_with(target: &RemoteTarget, interrupt: &Interrupt) -> Stop {
    for _ in 0..60 {
        match target.wait(Duration::from_secs(1), interrupt).unwrap() {
            Wait::Event(Event::Stopped(stopped)) => return stopped,
            Wait::Pending => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("no stop");
}

fn pc(target: &RemoteTarget, thread: ThreadId) -> u64 {
    target.registers(thread).unwrap().pc().unwrap().0
}

/// The session must not have ended with an error of the stub.
fn leave(target: RemoteTarget, session: Session) {
    let _ = target.detach();
    drop(target);
    session.join().unwrap().unwrap();
}

#[test]
fn registers_memory_and_threads() {
    for offers in [PLAIN, LOCKING] {
        let (target, session) = start(&[0x90, 0xaa, 0xf4], offers);
        assert_eq!(target.profile().unwrap(), Profile::Other);
        let threads = target.threads().unwrap();
        assert_eq!(
            threads.iter().map(|thread| (thread.id, thread.info.as_str())).collect::<Vec<_>>(),
            [(CPU1, "CPU 0"), (CPU2, "CPU 1")]
        );
        assert_eq!(target.stop().unwrap().thread, CPU1);
        // The description names no register, so the length of `g` decides: 536 bytes.
        assert_eq!(pc(&target, CPU1), BASE);
        assert_eq!(target.registers(CPU1).unwrap().by_name("rax"), Some(0x2a));
        assert_eq!(target.registers(CPU2).unwrap().by_name("rdi"), Some(BASE + 0x8100));
        let mut bytes = [0; 4];
        target.read(VirtAddr(BASE), &mut bytes).unwrap();
        assert_eq!(bytes, [0x90, 0xaa, 0xf4, 0]);
        target.write(VirtAddr(BASE + 1), b"#$}*").unwrap();
        target.read(VirtAddr(BASE), &mut bytes).unwrap();
        assert_eq!(&bytes, b"\x90#$}");
        leave(target, session);
    }
}

#[test]
fn writing_a_register_without_p() {
    let (target, session) = start(&[0x90], PLAIN);
    let mut file = kdive_arch::RegisterFile::clone(&target.registers(CPU2).unwrap());
    let layout = file.layout().clone();
    let writes = file.write(&layout.lookup("rip").unwrap(), &(BASE + 0x40).to_le_bytes()).unwrap();
    target.write_registers(CPU2, &writes).unwrap();
    assert_eq!((pc(&target, CPU1), pc(&target, CPU2)), (BASE, BASE + 0x40));
    leave(target, session);
}

#[test]
fn the_end_of_memory_and_what_lies_behind() {
    let (target, session) = start(&[], PLAIN);
    let end = BASE + SIZE as u64;
    let mut bytes = [0xff; 8];
    target.read(VirtAddr(end - 8), &mut bytes).unwrap();
    assert_eq!(bytes, [0; 8]);
    assert_eq!(target.read(VirtAddr(end - 4), &mut bytes), Err(Fault::unmapped(VirtAddr(end))));
    assert_eq!(target.read(VirtAddr(0x1000), &mut bytes), Err(Fault::unmapped(VirtAddr(0x1000))));
    assert_eq!(target.write(VirtAddr(end), &[0]), Err(Fault::unmapped(VirtAddr(end))));
    let mut all = vec![1; SIZE];
    target.read(VirtAddr(BASE), &mut all).unwrap();
    assert!(all.iter().all(|&byte| byte == 0));
    leave(target, session);
}

#[test]
fn steps_of_one_cpu() {
    // Without scheduler locking the others have to be resumed, or the stub ends the session.
    let (target, session) = start(&[0x90; 64], PLAIN);
    target.resume(Resume::Step { thread: CPU2, others: Others::Stopped }).unwrap();
    let stopped = stop(&target);
    // The crate's stop reply after a step names no thread.
    assert_eq!((stopped.thread, stopped.signal, stopped.reason), (CPU2, 5, StopReason::Signal));
    assert_eq!(pc(&target, CPU2), BASE + 1);
    leave(target, session);
}

#[test]
fn breakpoints_watchpoints_and_their_limits() {
    let (target, session) = start(&[0x90, 0x90, 0x90, 0x90, 0xaa, 0xeb, 0xfe], PLAIN);
    target.insert(BreakpointKind::Software, VirtAddr(BASE + 1), 1).unwrap();
    target.insert(BreakpointKind::Hardware, VirtAddr(BASE + 2), 1).unwrap();
    let unmapped = target.insert(BreakpointKind::Software, VirtAddr(0x10), 1);
    assert_eq!(unmapped, Err(BreakpointError::NotMapped(VirtAddr(0x10))));
    target.resume(Resume::Continue).unwrap();
    let stopped = stop(&target);
    assert_eq!((stopped.thread, stopped.reason), (CPU1, StopReason::SoftwareBreakpoint));
    target.remove(BreakpointKind::Software, VirtAddr(BASE + 1), 1).unwrap();
    target.resume(Resume::Continue).unwrap();
    assert_eq!(stop(&target).reason, StopReason::HardwareBreakpoint);
    target.remove(BreakpointKind::Hardware, VirtAddr(BASE + 2), 1).unwrap();

    let watch = BreakpointKind::Watch(WatchKind::Write);
    for slot in 0..4 {
        target.insert(watch, VirtAddr(BASE + 0x8000 + 8 * slot), 8).unwrap();
    }
    assert_eq!(target.insert(watch, VirtAddr(BASE), 8), Err(BreakpointError::NoSlot));
    target.resume(Resume::Continue).unwrap();
    let reason = StopReason::Watch { kind: WatchKind::Write, addr: VirtAddr(BASE + 0x8000) };
    assert_eq!(stop(&target).reason, reason);
    let mut byte = [0];
    target.read(VirtAddr(BASE + 0x8000), &mut byte).unwrap();
    assert_eq!(byte, [0x2a]);
    leave(target, session);
}

#[test]
fn ctrl_c() {
    for offers in [PLAIN, LOCKING] {
        let (target, session) = start(&[0xeb, 0xfe], offers);
        target.resume(Resume::Continue).unwrap();
        let interrupt = Interrupt::new();
        assert_eq!(target.wait(Duration::from_millis(20), &interrupt).unwrap(), Wait::Pending);
        interrupt.raise();
        assert_eq!(stop_with(&target, &interrupt).signal, 2);
        assert!(!interrupt.is_raised());
        assert_eq!(pc(&target, CPU1), BASE);
        leave(target, session);
    }
}

#[test]
fn the_guest_exits() {
    let (target, session) = start(&[0x90, 0xf4], LOCKING);
    target.resume(Resume::Continue).unwrap();
    let event = (0..60).find_map(|_| match target.wait(Duration::from_secs(1), &Interrupt::new()).unwrap() {
        Wait::Event(event) => Some(event),
        Wait::Pending => None,
        Wait::GivenUp => panic!("given up"),
    });
    assert_eq!(event, Some(Event::Exited(0x2a)));
    assert!(!target.is_alive());
    assert_eq!(target.threads().unwrap_err(), Error::NotConnected);
    session.join().unwrap().unwrap();
}

#[test]
fn monitor_and_what_there_is_not() {
    let (target, session) = start(&[0x90], PLAIN);
    let mut text = Vec::new();
    target.monitor(b"hello", &mut |bytes| text.extend_from_slice(bytes)).unwrap();
    assert_eq!(text, b"you said \"hello\"\n");
    let error = target.read_physical(PhysAddr(0), &mut [0]).unwrap_err();
    assert_eq!(error, Error::Unsupported("the stub does not know the packet Qqemu.PhyMemMode".into()));
    leave(target, session);
}
