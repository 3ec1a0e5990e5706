//! Against stubs that have no more than the protocol asks for: no features, no threads, no `vCont`, no breakpoints, acks kept. They
//! are those of probes and of small emulators.

use kdive_base::{Interrupt, ReadMemory, VirtAddr, WriteMemory};
use kdive_target::{
    BreakpointKind, Event, Log, Options, Others, RemoteTarget, Resume, RunControl, Stop, StopReason, Target,
    Wait,
};
use kdive_testkit::stub::{Action, Heard, Stub, reply, stop};
use std::time::Duration;

/// Where the breakpoint is.
const AT: u64 = 0x1000;

/// What such stubs answer to packets they do not know: nothing, as the protocol wants it, or an error.
const REFUSALS: [&str; 2] = ["", "E01"];

/// The 536 bytes of registers of the x86-64, with this pc.
fn registers(pc: u64) -> String {
    let mut bytes = vec![0; 536];
    bytes[128..136].copy_from_slice(&pc.to_le_bytes());
    String::from_utf8(kdive_rsp::hex::encode(&bytes)).unwrap()
}

/// The rest of what a stub says, after what a test has scripted.
fn refusing(stub: Stub, refusal: &str) -> Stub {
    stub.always("?", [reply("S05")])
        .always("M*", [reply("OK")])
        .always("m1000,40", [reply(&"90".repeat(64))])
        .always("m2000,40", [reply(&"07".repeat(64))])
        .always("m*", [reply("E01")])
        .always("D*", [reply("OK")])
        // An error in place of an empty reply would say that the register cannot be written at all.
        .always("P*", [reply("")])
        .always("*", [reply(refusal)])
}

fn connect(stub: &Stub) -> RemoteTarget {
    RemoteTarget::from_link(stub.transport(), "test", &Options::default(), Log::new()).unwrap()
}

fn stopped(target: &RemoteTarget) -> Stop {
    match target.wait(Duration::from_secs(60), &Interrupt::new()).unwrap() {
        Wait::Event(Event::Stopped(stop)) => stop,
        other => panic!("{other:?}"),
    }
}

/// Asserts that nothing was sent that no client may send.
fn end(stub: &Stub) {
    stub.assert_done();
    let packets: Vec<_> = stub.packets().into_iter().filter(|packet| packet.starts_with("vCont;")).collect();
    assert_eq!(packets, [""; 0], "no stub of this kind knows vCont");
    // Every reply was acknowledged to the end.
    assert!(stub.heard().iter().filter(|heard| **heard == Heard::Ack).count() > 5);
}

#[test]
fn memory_registers_and_threads_without_any_feature() {
    for refusal in REFUSALS {
        let stub = refusing(Stub::new().always("g", [reply(&registers(AT))]), refusal);
        let target = connect(&stub);
        let threads = target.threads().unwrap();
        assert_eq!(threads.len(), 1, "{refusal:?}");
        assert_eq!(target.registers(threads[0].id).unwrap().pc(), Some(VirtAddr(AT)));
        let mut bytes = [0; 8];
        target.read(VirtAddr(0x2000), &mut bytes).unwrap();
        assert_eq!(bytes, [7; 8]);
        assert!(target.read(VirtAddr(0x9000), &mut bytes).is_err());
        target.write(VirtAddr(0x2000), &[1, 2]).unwrap();
        assert_eq!(target.checksum(VirtAddr(0x2000), 8).ok().flatten(), None);
        assert_eq!(target.signal_info(threads[0].id), None);
        target.detach().unwrap();
        end(&stub);
    }
}

#[test]
fn a_breakpoint_a_run_and_a_step_by_the_oldest_packets() {
    for refusal in REFUSALS {
        let planted = format!("cc{}", "90".repeat(63));
        let stub = Stub::new()
            .then("Z0,1000,1", [reply("")])
            .then("M1000,1:cc", [reply("OK")])
            .then("m1000,40", [reply(&planted)])
            .then("c", [Action::Run, stop("S05")])
            .then("g", [reply(&registers(AT + 1))])
            // One register alone cannot be written: all are.
            .then(&format!("G{}", registers(AT)), [reply("OK")])
            .then("g", [reply(&registers(AT))])
            .then("s", [Action::Run, stop("S05")])
            .then("g", [reply(&registers(AT + 1))]);
        let stub = refusing(stub, refusal);
        let target = connect(&stub);
        target.insert(BreakpointKind::Software, VirtAddr(AT), 1).unwrap();
        target.resume(Resume::Continue).unwrap();
        let hit = stopped(&target);
        assert_eq!((hit.signal, hit.reason), (5, StopReason::SoftwareBreakpoint), "{refusal:?}");
        assert_eq!(target.registers(hit.thread).unwrap().pc(), Some(VirtAddr(AT)));
        target.remove(BreakpointKind::Software, VirtAddr(AT), 1).unwrap();
        target.resume(Resume::Step { thread: hit.thread, others: Others::Stopped }).unwrap();
        let step = stopped(&target);
        assert_eq!((step.signal, step.thread), (5, hit.thread));
        assert_eq!(target.registers(step.thread).unwrap().pc(), Some(VirtAddr(AT + 1)));
        target.detach().unwrap();
        end(&stub);
    }
}
