//! The ten rules of talking to QEMU's stub, each with a peer that notices when it is broken.

use super::*;
use kdive_rsp::client::MemoryChunk;
use kdive_rsp::frame;
use kdive_rsp::packet::Reply;
use kdive_rsp::packet::breakpoint::Kind;
use kdive_testkit::stub::{Action, raw};
use kdive_testkit::stub::{Heard, packet, reply, stop, wait_ms};

#[test]
fn rule_1_every_reply_is_acked_before_anything_else_is_sent() {
    let stub = Stub::qemu().then("qC", [reply("QCp01.01")]).then("T*", [reply("OK")]);
    let mut client = connect(&stub);
    client.current_thread().unwrap();
    client.is_alive(CPU1).unwrap();
    let packet = |text: &str| Heard::Packet(text.into());
    assert_eq!(stub.heard(), [packet("qC"), Heard::Ack, packet("Tp1.1"), Heard::Ack]);
    stub.assert_done();
}

#[test]
fn rule_2_only_0x03_is_sent_while_the_target_runs() {
    let stub =
        Stub::qemu().then("vCont;c", [Action::Run, wait_ms(5000)]).then("\x03", [stop("T02thread:p01.01;")]);
    let mut client = connect(&stub);
    go(&mut client);
    assert_eq!(
        client
            .request(kdive_rsp::Request::query("qC", kdive_rsp::packet::Shape::Any))
            .unwrap_err()
            .to_string(),
        "Cannot execute this command while the target is running."
    );
    assert!(client.threads().is_err());
    assert!(client.resume(&[(Resume::Continue(None), None)]).is_err());
    assert_eq!(client.wait(Duration::from_secs(1), &Interrupt::new()), Ok(None));
    client.interrupt().unwrap();
    // Once is enough: the second call must not send another.
    client.interrupt().unwrap();
    assert_eq!(stopped(wait(&mut client)), (2, Some(CPU1)));
    assert_eq!(stub.heard(), [Heard::Packet("vCont;c".into()), Heard::Interrupt, Heard::Ack]);
    stub.assert_done();
}

#[test]
fn rule_3_nothing_is_outstanding_when_a_resume_packet_goes_out() {
    // The stub sends a surplus packet just before; its ack must precede vCont, and the machine must not be stopped by it.
    let stub = Stub::qemu()
        .then("qC", [reply("QCp01.01"), packet("QCp01.01")])
        .then("vCont;c", [Action::Run, wait_ms(10), stop("T05thread:p01.01;")]);
    let mut client = connect(&stub);
    client.current_thread().unwrap();
    go(&mut client);
    assert_eq!(stopped(wait(&mut client)), (5, Some(CPU1)));
    stub.assert_done();
    let heard = stub.heard();
    let resume = heard.iter().position(|heard| *heard == Heard::Packet("vCont;c".into())).unwrap();
    assert_eq!(heard[..resume].iter().filter(|heard| **heard == Heard::Ack).count(), 2);
}

#[test]
fn rule_4_steps_name_their_thread() {
    let stub = Stub::qemu()
        .then("vCont;s:p1.2", [Action::Run, stop("T05thread:p01.02;")])
        .then("vCont;s:p1.2;c", [Action::Run, stop("T05thread:p01.02;")])
        .then("vCont;c:p1.1", [Action::Run, stop("T05thread:p01.01;")]);
    let mut client = connect(&stub);
    client.resume(&[(Resume::Step(None), Some(CPU2))]).unwrap();
    assert_eq!(stopped(wait(&mut client)), (5, Some(CPU2)));
    client.resume(&[(Resume::Step(None), Some(CPU2)), (Resume::Continue(None), None)]).unwrap();
    assert_eq!(stopped(wait(&mut client)), (5, Some(CPU2)));
    client.resume(&[(Resume::Continue(None), Some(CPU1))]).unwrap();
    assert_eq!(stopped(wait(&mut client)), (5, Some(CPU1)));
    stub.assert_done();
}

#[test]
fn rule_4_stubs_that_cannot_hold_threads_are_told_to_continue_them() {
    let stub = Stub::plain().then("vCont;s:1;c", [Action::Run, stop("T05thread:1;")]);
    let mut client = connect(&stub);
    client.resume(&[(Resume::Step(None), Some(ThreadId::plain(1)))]).unwrap();
    assert_eq!(stopped(wait(&mut client)), (5, Some(ThreadId::plain(1))));
    stub.assert_done();
}

#[test]
fn rule_5_ids_come_from_the_stub_and_are_sent_as_it_wrote_them() {
    let stub = Stub::qemu()
        .then("qfThreadInfo", [reply("mp01.01")])
        .then("qsThreadInfo", [reply("mp01.0a,0,-1,p0.0,p1.-1,zz,p01.01")])
        .then("qsThreadInfo", [reply("l")])
        .then("qThreadExtraInfo,p1.1", [reply("4350552330")])
        .then("qThreadExtraInfo,p1.a", [reply("")]);
    let mut client = connect(&stub);
    let threads = client.threads().unwrap();
    assert_eq!(threads, [CPU1, ThreadId::in_process(1, 10)]);
    assert_eq!(client.thread_info(&threads).unwrap(), ["CPU#0", ""]);
    stub.assert_done();
}

#[test]
fn rule_6_registers_are_taken_as_long_as_they_come_and_written_one_at_a_time() {
    let long = "00".repeat(608);
    let short = "11".repeat(308);
    let stub = Stub::qemu()
        .then("Hgp1.1", [reply("OK")])
        .then("g", [reply(&long)])
        .then("g", [reply(&short)])
        .then("P10=7856341200000000", [reply("OK")]);
    let mut client = connect(&stub);
    assert_eq!(client.registers(CPU1).unwrap().unwrap().len(), 608);
    assert_eq!(client.registers(CPU1).unwrap().unwrap(), vec![Some(0x11); 308]);
    client.write_register(CPU1, 16, &0x1234_5678_u64.to_le_bytes()).unwrap();
    stub.assert_done();
}

#[test]
fn rule_7_reads_are_cut_to_what_the_stub_takes_and_pipelined() {
    let stub = Stub::qemu()
        .then("Hgp1.1", [reply("OK")])
        .then("m1000,800", [reply(&"ab".repeat(0x800))])
        .then("m1800,800", [reply("E14")])
        .then("m2000,800", [reply(&"cd".repeat(0x800))]);
    let mut client = connect(&stub);
    assert_eq!(client.read_limit(), 0x800);
    let chunks = [0x1000, 0x1800, 0x2000].map(|addr| MemoryChunk { addr, len: 0x800 });
    let read = client.read_memory(CPU1, &chunks).unwrap();
    assert_eq!(read[0].as_deref(), Ok(&[0xab; 0x800][..]));
    assert!(read[1].is_err());
    assert_eq!(read[2].as_deref(), Ok(&[0xcd; 0x800][..]));
    // All four requests were on their way before the first reply was acknowledged.
    let heard = stub.heard();
    assert!(heard[..4].iter().all(|heard| matches!(heard, Heard::Packet(_))), "{heard:?}");
    stub.assert_done();
}

#[test]
fn rule_7_stubs_that_wait_for_acks_get_one_request_at_a_time() {
    let stub =
        Stub::plain().then("Hg1", [reply("OK")]).then("m10,1", [reply("aa")]).then("m20,1", [reply("bb")]);
    let mut client = connect(&stub);
    let chunks = [0x10, 0x20].map(|addr| MemoryChunk { addr, len: 1 });
    client.read_memory(ThreadId::plain(1), &chunks).unwrap();
    let packet = |text: &str| Heard::Packet(text.into());
    let expected = [packet("Hg1"), Heard::Ack, packet("m10,1"), Heard::Ack, packet("m20,1"), Heard::Ack];
    assert_eq!(stub.heard(), expected);
    stub.assert_done();
}

#[test]
fn rule_8_a_refused_breakpoint_is_told_from_one_the_stub_does_not_have() {
    let stub = Stub::qemu()
        .then("Hgp1.1", [reply("OK")])
        .then("Z1,10,1", [reply("E22")])
        .then("Z3,10,8", [reply("")])
        .then("Z0,10,1", [reply("OK")])
        .then("z0,10,1", [reply("E22")]);
    let mut client = connect(&stub);
    assert!(
        matches!(client.insert_breakpoint(CPU1, Kind::Hardware, 0x10, 1), Ok(Reply::Error(error)) if error.text() == "E22")
    );
    assert_eq!(client.insert_breakpoint(CPU1, Kind::ReadWatch, 0x10, 8), Ok(Reply::Empty));
    // Not asked twice.
    assert_eq!(client.insert_breakpoint(CPU1, Kind::ReadWatch, 0x20, 8), Ok(Reply::Empty));
    assert!(matches!(client.insert_breakpoint(CPU1, Kind::Software, 0x10, 1), Ok(Reply::Data(_))));
    assert!(matches!(client.remove_breakpoint(CPU1, Kind::Software, 0x10, 1), Ok(Reply::Error(_))));
    stub.assert_done();
}

#[test]
fn rule_9_what_an_earlier_client_left_behind_is_put_right() {
    // Half a packet of someone who died, an unsolicited stop of QEMU up to 8.0, ids with processes, physical mode left on.
    let stub = Stub::new()
        .then(
            "qSupported:*",
            [
                raw(b"-"),
                packet("T02thread:01;"),
                reply("PacketSize=1000;qXfer:features:read+;vContSupported+;multiprocess+"),
            ],
        )
        .then("qqemu.Supported", [reply("sstepbits;sstep;PhyMemMode")])
        .then("qC", [reply("QCp01.01")])
        .then("vCont?", [reply("vCont;c;C;s;S")])
        .then("Qqemu.PhyMemMode:0", [reply("OK")]);
    // The '-' makes the client send qSupported again, to which the stub answers too.
    let stub = stub.always("qSupported:*", []);
    let client = try_connect(&stub).unwrap();
    assert!(client.profile().has_physical_mode());
    assert_eq!(stub.packets().iter().filter(|packet| *packet == "Qqemu.PhyMemMode:0").count(), 1);
    stub.assert_done();
}

#[test]
fn rule_9_physical_mode_is_switched_off_in_the_same_breath() {
    let stub = Stub::qemu()
        .then("Qqemu.PhyMemMode:1", [reply("OK")])
        .then("m1000,8", [reply("0011223344556677")])
        .then("Qqemu.PhyMemMode:0", [reply("OK")]);
    let mut client = connect(&stub);
    let read = client.read_physical(&[MemoryChunk { addr: 0x1000, len: 8 }]).unwrap();
    assert_eq!(read[0].as_deref(), Ok(&[0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77][..]));
    assert!(stub.heard()[..3].iter().all(|heard| matches!(heard, Heard::Packet(_))));
    stub.assert_done();
}

#[test]
fn rule_9_physical_mode_is_switched_off_first_of_all_after_trouble() {
    let stub = Stub::qemu()
        .then("Qqemu.PhyMemMode:1", [reply("OK")])
        .then("m1000,8", [])
        .then("Qqemu.PhyMemMode:0", [])
        .then("qC", [])
        .then("qC", [])
        .then("qC", [])
        // The stub comes back to life: nothing is asked before the mode is off again.
        .then("qC", [reply("QCp01.01")])
        .then("vMustReplyEmpty", [reply("")])
        .then("Qqemu.PhyMemMode:0", [reply("OK")])
        .then("Hgp1.1", [reply("OK")])
        .then("m2000,1", [reply("ff")]);
    let mut client = connect(&stub);
    let error = client.read_physical(&[MemoryChunk { addr: 0x1000, len: 8 }]).unwrap_err();
    assert_eq!(error.to_string(), "the stub does not answer (packet m1000,8)");
    let read = client.read_memory(CPU1, &[MemoryChunk { addr: 0x2000, len: 1 }]).unwrap();
    assert_eq!(read[0].as_deref(), Ok(&[0xff][..]));
    stub.assert_done();
}

#[test]
fn rule_10_a_request_without_reply_is_given_up_and_the_session_goes_on() {
    let stub = Stub::qemu()
        // QEMU does not answer for a thread it does not know.
        .then("qThreadExtraInfo,p1.2", [raw(b"+")])
        .then("qC", [reply("QCp01.01")])
        .then("qThreadExtraInfo,p1.2", [raw(b"+")])
        .then("qC", [reply("QCp01.01")])
        .then("qC", [reply("QCp01.01")]);
    let mut client = connect(&stub);
    let error = client.thread_info(&[CPU2]).unwrap_err();
    assert_eq!(error.to_string(), "the stub does not answer (packet qThreadExtraInfo,p1.2)");
    assert!(stub.elapsed() < Duration::from_secs(30), "{:?}", stub.elapsed());
    assert_eq!(client.current_thread(), Ok(Some(CPU1)));
    stub.assert_done();
}

#[test]
fn escapes_are_not_needed_for_anything_sent_to_qemu() {
    // QEMU before 2.10 takes '}' literally; the only request that may need one is the user's own packet.
    for payload in [&b"m10,8"[..], b"Z0,ffffffff81000000,1", b"vCont;s:p1.1;c", b"qRcmd,696e666f"] {
        assert!(!frame::encode(payload).contains(&b'}'));
    }
}
