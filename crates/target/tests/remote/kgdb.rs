//! Against the kernel's own stub, kgdb, as it talks: no `swbreak`, all tasks as threads, a slow line, sysrq to stop it.

use kdive_base::{Interrupt, VirtAddr};
use kdive_target::{
    BreakpointKind, Event, InterruptSequence, Log, Options, Others, RemoteTarget, Resume, RunControl, Stop,
    StopReason, Target, ThreadId, Wait,
};
use kdive_testkit::stub::{Action, Heard, Stub, raw, reply, stop, wait_ms};
use std::time::Duration;

/// A shell with the pid 0x22.
const SHELL: ThreadId = ThreadId::plain(0x22);
/// The breakpoint.
const AT: u64 = 0xffff_ffff_8100_1000;

/// kgdb, stopped in the shell.
fn kgdb() -> Stub {
    Stub::kgdb()
        .always("?", [reply("T05thread:0000000000000022;")])
        .always("Hg*", [reply("OK")])
        .always("Hc*", [reply("OK")])
        .always("qC", [reply("QC0000000000000022")])
        .always("m*", [reply(&"90".repeat(64))])
}

fn connect(stub: &Stub) -> RemoteTarget {
    connect_with(stub, &Options::default())
}

fn connect_with(stub: &Stub, options: &Options) -> RemoteTarget {
    let target = RemoteTarget::from_link(stub.transport(), "test", options, Log::new()).unwrap();
    stub.forget();
    target
}

/// The registers kgdb sends, 164 bytes, with this pc.
fn registers(pc: u64) -> Action {
    let mut bytes = vec![0; 164];
    bytes[128..136].copy_from_slice(&pc.to_le_bytes());
    reply(&String::from_utf8(kdive_rsp::hex::encode(&bytes)).unwrap())
}

/// Writing the pc.
fn write_pc(pc: u64) -> String {
    format!("P10={}", String::from_utf8(kdive_rsp::hex::encode(&pc.to_le_bytes())).unwrap())
}

fn stopped(target: &RemoteTarget) -> Stop {
    match target.wait(Duration::from_secs(120), &Interrupt::new()).unwrap() {
        Wait::Event(Event::Stopped(stop)) => stop,
        other => panic!("{other:?}"),
    }
}

fn step(target: &RemoteTarget) -> Stop {
    target.resume(Resume::Step { thread: SHELL, others: Others::Stopped }).unwrap();
    stopped(target)
}

fn writes(stub: &Stub) -> Vec<String> {
    stub.packets().into_iter().filter(|packet| packet.starts_with('P') || packet.starts_with('G')).collect()
}

#[test]
fn the_pc_behind_a_breakpoint_is_put_back() {
    let stub = kgdb()
        .then(&format!("Z0,{AT:x},1"), [reply("OK")])
        .then("c", [Action::Run, wait_ms(300), stop("T05thread:0000000000000022;")])
        .then("g", [registers(AT + 1)])
        .then(&write_pc(AT), [reply("OK")])
        .then("g", [registers(AT)]);
    let target = connect(&stub);
    target.insert(BreakpointKind::Software, VirtAddr(AT), 1).unwrap();
    target.resume(Resume::Continue).unwrap();
    let stop = stopped(&target);
    assert_eq!((stop.thread, stop.reason), (SHELL, StopReason::SoftwareBreakpoint));
    assert_eq!(target.registers(SHELL).unwrap().pc(), Some(VirtAddr(AT)));
    stub.assert_done();
}

#[test]
fn a_trap_that_is_no_breakpoint_of_ours_is_left_where_it_is() {
    // The instruction that kgdb_breakpoint() contains, and a hardware breakpoint at the address before.
    let stub = kgdb()
        .then(&format!("Z0,{AT:x},1"), [reply("OK")])
        .then(&format!("Z1,{:x},1", AT + 0x10), [reply("OK")])
        .then("c", [Action::Run, stop("T05thread:0000000000000022;")])
        .then("g", [registers(AT + 0x11)]);
    let target = connect(&stub);
    target.insert(BreakpointKind::Software, VirtAddr(AT), 1).unwrap();
    target.insert(BreakpointKind::Hardware, VirtAddr(AT + 0x10), 1).unwrap();
    target.resume(Resume::Continue).unwrap();
    assert_eq!(stopped(&target).reason, StopReason::Signal);
    assert_eq!(target.registers(SHELL).unwrap().pc(), Some(VirtAddr(AT + 0x11)));
    assert!(writes(&stub).is_empty());
    stub.assert_done();
}

#[test]
fn a_step_that_ends_behind_a_breakpoint_has_not_executed_it() {
    // From elsewhere the step has jumped there.
    let stub = kgdb()
        .then(&format!("Z0,{AT:x},1"), [reply("OK")])
        .then("g", [registers(AT + 0x40)])
        .then("s", [Action::Run, stop("T05thread:0000000000000022;")])
        .then("g", [registers(AT + 1)]);
    let target = connect(&stub);
    target.insert(BreakpointKind::Software, VirtAddr(AT), 1).unwrap();
    target.registers(SHELL).unwrap();
    assert_eq!(step(&target).reason, StopReason::Signal);
    assert_eq!(target.registers(SHELL).unwrap().pc(), Some(VirtAddr(AT + 1)));
    assert!(writes(&stub).is_empty());
    stub.assert_done();
}

#[test]
fn a_step_of_the_breakpoint_itself_has() {
    let stub = kgdb()
        .then(&format!("Z0,{AT:x},1"), [reply("OK")])
        .then("g", [registers(AT)])
        .then("s", [Action::Run, stop("T05thread:0000000000000022;")])
        .then("g", [registers(AT + 1)])
        .then(&write_pc(AT), [reply("OK")]);
    let target = connect(&stub);
    target.insert(BreakpointKind::Software, VirtAddr(AT), 1).unwrap();
    target.registers(SHELL).unwrap();
    assert_eq!(step(&target).reason, StopReason::SoftwareBreakpoint);
    stub.assert_done();
}

#[test]
fn a_stub_that_says_swbreak_has_put_the_pc_back_itself() {
    for (offers, said) in [("swbreak+;", "T05swbreak:;thread:22;"), ("swbreak+;", "T05thread:22;")] {
        let stub = Stub::new()
            .then("qSupported:*", [reply(&format!("PacketSize=1000;{offers}vContSupported+"))])
            .then("qC", [reply("QC22")])
            .then("vCont?", [reply("vCont;c;C;s;S")])
            .always("?", [reply("T05thread:22;")])
            .always("Hg*", [reply("OK")])
            .then(&format!("Z0,{AT:x},1"), [reply("OK")])
            .then("vCont;c", [Action::Run, stop(said)]);
        let target = connect(&stub);
        target.insert(BreakpointKind::Software, VirtAddr(AT), 1).unwrap();
        target.resume(Resume::Continue).unwrap();
        stopped(&target);
        assert!(writes(&stub).is_empty(), "{said}");
        stub.assert_done();
    }
}

#[test]
fn names_of_tasks_end_where_they_end() {
    let padded = |name: &str| {
        let mut bytes = name.as_bytes().to_vec();
        bytes.resize(16, 0);
        reply(&String::from_utf8(kdive_rsp::hex::encode(&bytes)).unwrap())
    };
    let stub = kgdb()
        .then("qfThreadInfo", [reply("mfffffffffffffffe,fffffffffffffffd,0000000000000001,0000000000000022")])
        // The end of kgdb's list is an empty packet.
        .then("qsThreadInfo", [reply("")])
        .then("qThreadExtraInfo,fffffffffffffffe", [reply("736861646f7743505530")])
        .then("qThreadExtraInfo,fffffffffffffffd", [reply("736861646f7743505531")])
        .then("qThreadExtraInfo,1", [padded("init")])
        .then("qThreadExtraInfo,22", [padded("sh")]);
    let target = connect(&stub);
    let threads = target.threads().unwrap();
    let names: Vec<&str> = threads.iter().map(|thread| thread.info.as_str()).collect();
    assert_eq!(names, ["shadowCPU0", "shadowCPU1", "init", "sh"]);
    stub.assert_done();
}

#[test]
fn a_line_that_brings_a_byte_now_and_then_is_waited_for() {
    // Each pause is shorter than three times the remote timeout, all of them together are much longer.
    let text = {
        let mut bytes = vec![0; 164];
        bytes[128..136].copy_from_slice(&AT.to_le_bytes());
        kdive_rsp::frame::encode(&kdive_rsp::hex::encode(&bytes))
    };
    let pieces = text.chunks(20).flat_map(|piece| [wait_ms(4000), raw(piece)]);
    let stub = kgdb().then("g", [raw(b"+")].into_iter().chain(pieces));
    let target = connect(&stub);
    assert_eq!(target.registers(SHELL).unwrap().pc(), Some(VirtAddr(AT)));
    assert!(stub.elapsed() > Duration::from_secs(60));
    assert!(target.is_alive());
    stub.assert_done();
}

/// Ctrl-C while the target runs, and what comes of it.
fn interrupted(target: &RemoteTarget) -> Wait {
    target.resume(Resume::Continue).unwrap();
    let interrupt = Interrupt::new();
    interrupt.raise();
    target.wait(Duration::from_secs(60), &interrupt).unwrap()
}

#[test]
fn an_answer_that_is_late_is_not_taken_for_the_next_one() {
    // The answer comes when kdive has asked the harmless question three times over; all its answers follow, then the registers.
    let stub = kgdb_that_is_asked_which_thread()
        .then("g", [wait_ms(8000), registers(AT + 0x40)])
        .then("qC", [wait_ms(1900), reply("QC0000000000000022")])
        .then("qC", [wait_ms(1700), reply("QC0000000000000022")])
        .then("qC", [wait_ms(800), reply("QC0000000000000022")])
        .then("vMustReplyEmpty", [wait_ms(400), reply("")])
        .then("g", [wait_ms(400), registers(AT)]);
    let target = connect(&stub);
    assert_eq!(target.registers(SHELL).unwrap().pc(), Some(VirtAddr(AT)));
    assert!(target.is_alive());
    stub.assert_done();
}

/// kgdb, whose answers to the harmless question the test tells.
fn kgdb_that_is_asked_which_thread() -> Stub {
    Stub::kgdb()
        .then("?", [reply("T05thread:0000000000000022;")])
        .always("Hg*", [reply("OK")])
        .always("Hc*", [reply("OK")])
}

#[test]
fn nor_are_answers_to_the_harmless_question() {
    // The first answer is lost on the way; the question that follows is answered, slowly, each time it is asked.
    let stub = kgdb_that_is_asked_which_thread()
        .then("g", [])
        .then("qC", [wait_ms(600), reply("QC0000000000000022")])
        .then("qC", [wait_ms(900), reply("QC0000000000000022")])
        .then("vMustReplyEmpty", [wait_ms(1200), reply("")])
        .then("g", [registers(AT)]);
    let target = connect(&stub);
    assert_eq!(target.registers(SHELL).unwrap().pc(), Some(VirtAddr(AT)));
    assert!(target.is_alive());
    stub.assert_done();
}

#[test]
fn one_question_more_is_asked_only_where_answers_may_be_late() {
    let stub = kgdb_that_is_asked_which_thread()
        .then("g", [])
        .then("qC", [wait_ms(100), reply("QC0000000000000022")])
        .then("g", [registers(AT)]);
    let target = connect(&stub);
    assert_eq!(target.registers(SHELL).unwrap().pc(), Some(VirtAddr(AT)));
    stub.assert_done();
}

#[test]
fn questions_that_wait_for_a_kernel_that_runs_are_answered_when_it_stops() {
    // A kernel does not hear 0x03. What kdive asks then lies in the line until a breakpoint is hit.
    let stub = kgdb_that_is_asked_which_thread()
        .then(&format!("Z0,{AT:x},1"), [reply("OK")])
        .then("c", [Action::Run])
        .holding_bytes_while_running();
    let target = connect(&stub);
    target.insert(BreakpointKind::Software, VirtAddr(AT), 1).unwrap();
    target.resume(Resume::Continue).unwrap();
    let interrupt = Interrupt::new();
    interrupt.raise();
    assert_eq!(target.wait(Duration::from_secs(60), &interrupt).unwrap(), Wait::GivenUp);
    stub.act([stop("T05thread:0000000000000022;")]);
    let stub = stub
        .then("qC", [reply("QC0000000000000022")])
        .then("qC", [reply("QC0000000000000022")])
        .then("qC", [reply("QC0000000000000022")])
        .then("qC", [reply("QC0000000000000022")])
        .then("vMustReplyEmpty", [reply("")])
        .then("g", [registers(AT + 1)])
        .then(&write_pc(AT), [reply("OK")])
        .then("g", [registers(AT)]);
    // The next command of the user.
    assert_eq!(stopped(&target).reason, StopReason::SoftwareBreakpoint);
    assert_eq!(target.registers(SHELL).unwrap().pc(), Some(VirtAddr(AT)));
    stub.assert_done();
}

#[test]
fn sysrq_g_stops_the_kernel() {
    let stub = kgdb()
        .then("c", [Action::Run])
        .then("BREAK-g", [wait_ms(200), raw(b"\r\nsysrq: DEBUG\r\n"), stop("T05thread:fffffffffffffffe;")]);
    let options = Options { interrupt_sequence: InterruptSequence::BreakG, ..Options::default() };
    let target = connect_with(&stub, &options);
    match interrupted(&target) {
        Wait::Event(Event::Stopped(stop)) => assert_eq!(stop.thread, ThreadId::plain(u64::MAX - 1)),
        other => panic!("{other:?}"),
    }
    let heard = stub.heard();
    assert!(heard.windows(2).any(|pair| pair == [Heard::Break, Heard::SysRq]), "{heard:?}");
    assert!(!heard.contains(&Heard::Interrupt), "{heard:?}");
    stub.assert_done();
}

#[test]
fn a_break_condition_is_all_that_is_sent() {
    let stub = kgdb().then("c", [Action::Run]).then("BREAK", [stop("T05thread:0000000000000022;")]);
    let options = Options { interrupt_sequence: InterruptSequence::Break, ..Options::default() };
    let target = connect_with(&stub, &options);
    assert!(matches!(interrupted(&target), Wait::Event(Event::Stopped(_))));
    assert!(!stub.heard().contains(&Heard::Interrupt), "{:?}", stub.heard());
    stub.assert_done();
}

#[test]
fn the_sequence_is_changed_on_the_connection_there_is() {
    let stub = kgdb().then("c", [Action::Run]).then("BREAK-g", [stop("T05thread:0000000000000022;")]);
    let target = connect(&stub);
    target.set_interrupt_sequence(InterruptSequence::BreakG);
    assert!(matches!(interrupted(&target), Wait::Event(Event::Stopped(_))));
    stub.assert_done();
}

#[test]
fn a_kernel_that_runs_is_stopped_on_connecting() {
    // One that had a debugger before says that it has stopped; one that had none prints what it prints.
    let says = [
        vec![wait_ms(400), stop("T05thread:0000000000000022;")],
        vec![
            wait_ms(100),
            raw(b"sysrq: DEBUG\r\n"),
            wait_ms(50),
            raw(b"Entering KGDB\r\n"),
            Action::StopSilently,
        ],
    ];
    for says in says {
        let stub = Stub::new().then("BREAK-g", says);
        stub.act([Action::Run]);
        let stub = stub
            .then("qSupported:*", [reply("")])
            .then("qC", [reply("QC0000000000000022")])
            .then("vCont?", [reply("")])
            .then("?", [reply("T05thread:0000000000000022;")]);
        let options = Options {
            interrupt_sequence: InterruptSequence::BreakG,
            interrupt_on_connect: true,
            ..Options::default()
        };
        let target = RemoteTarget::from_link(stub.transport(), "test", &options, Log::new()).unwrap();
        assert_eq!(target.stop().map(|stop| stop.thread), Some(SHELL));
        assert_eq!(stub.heard().first(), Some(&Heard::Break));
        stub.assert_done();
    }
}
