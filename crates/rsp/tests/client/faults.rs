//! What can go wrong on a connection, case by case: the client notices, recovers if that can be done, and otherwise says what happened.

use super::*;
use kdive_rsp::client::{ChunkError, MemoryChunk};
use kdive_rsp::frame;
use kdive_rsp::packet::Reply;
use kdive_rsp::packet::breakpoint::Kind;
use kdive_rsp::packet::stop_reply::Reason;
use kdive_rsp::transport::Hangup;
use kdive_testkit::stub::{Action, Heard, packet, raw, reply, stop, wait_ms};

const CHUNK: [MemoryChunk; 1] = [MemoryChunk { addr: 0x10, len: 2 }];

/// A QEMU-like stub whose `Hg` always works.
fn qemu() -> Stub {
    Stub::qemu().always("Hg*", [reply("OK")])
}

fn read(client: &mut Client) -> Result<Result<Vec<u8>, ChunkError>, Error> {
    client.read_memory(CPU1, &CHUNK).map(|mut read| read.remove(0))
}

/// Reads once so that `Hg` is out of the way.
fn select(client: &mut Client, stub: &Stub) {
    client.registers_by_number(CPU1, &[]).expect("Hg works");
    stub.forget();
}

fn bytes(stub: &Stub, heard: &Heard) -> usize {
    stub.heard().iter().filter(|have| *have == heard).count()
}

// Damaged and lost packets

#[test]
fn case_1_a_damaged_reply_is_asked_for_again() {
    let stub = qemu().then("m10,2", [Action::Damaged(b"abcd".to_vec())]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(stub.heard(), [Heard::Packet("m10,2".into()), Heard::Nack, Heard::Ack]);
    stub.assert_done();
}

#[test]
fn case_1_an_unknown_stub_never_gets_a_nack() {
    let one = ThreadId::plain(1);
    let stub = Stub::plain()
        .always("Hg1", [reply("OK")])
        .then("m10,2", [Action::Damaged(b"abcd".to_vec())])
        .then("m10,2", [reply("abcd")])
        .then("M10,1:00", [Action::Damaged(b"OK".to_vec())])
        .always("X10,0:", [reply("")]);
    let mut client = connect(&stub);
    assert_eq!(client.read_memory(one, &CHUNK).unwrap(), [Ok(vec![0xab, 0xcd])]);
    // A write is not repeated: it may have been done.
    let error = client.write_memory(one, 0x10, &[0]).unwrap_err();
    assert_eq!(error.to_string(), "packet M10,1:00 did not get through: too many transmission errors");
    assert_eq!(bytes(&stub, &Heard::Nack), 0);
    stub.assert_done();
}

#[test]
fn case_1_a_reply_that_stays_damaged_is_given_up() {
    let stub = qemu()
        .then("m10,2", [Action::DamagedForEver(b"abcd".to_vec())])
        .then("m10,2", [Action::DamagedForEver(b"abcd".to_vec())])
        .then("m10,2", [reply("abcd")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(
        read(&mut client).unwrap_err().to_string(),
        "packet m10,2 did not get through: too many transmission errors"
    );
    // Three for the request, three for its repetition.
    assert_eq!(bytes(&stub, &Heard::Nack), 6);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    stub.assert_done();
}

/// A gdbserver in no-ack mode.
fn gdbserver() -> Stub {
    Stub::new()
        .then("qSupported:*", [reply("PacketSize=47ff;QPassSignals+;QStartNoAckMode+;multiprocess+")])
        .then("QStartNoAckMode", [reply("OK"), Action::NoAcks])
        .then("qC", [reply("QCp1.1")])
        .then("vCont?", [reply("vCont;c;C;s;S;t;r")])
        .always("Hg*", [reply("OK")])
}

#[test]
fn case_2_without_acks_a_damaged_reply_is_requested_once_more() {
    let stub = gdbserver().then("m10,2", [Action::Damaged(b"abcd".to_vec())]).then("m10,2", [reply("abcd")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(bytes(&stub, &Heard::Nack) + bytes(&stub, &Heard::Ack), 0);
    stub.assert_done();
}

#[test]
fn case_3_a_nack_has_the_request_sent_again_three_times_at_most() {
    let stub = qemu()
        .then("Z0,10,1", [raw(b"-")])
        .then("Z0,10,1", [raw(b"-")])
        .then("Z0,10,1", [raw(b"-")])
        .then("Z0,10,1", [reply("OK")])
        .then("z0,10,1", [raw(b"-")])
        .then("z0,10,1", [raw(b"-")])
        .then("z0,10,1", [raw(b"-")])
        .then("z0,10,1", [raw(b"-")])
        .then("qC", [reply("QCp01.01")]);
    let mut client = connect(&stub);
    // The stub did not get it, so even a request that must not be done twice may be sent again.
    assert_eq!(client.insert_breakpoint(CPU1, Kind::Software, 0x10, 1), Ok(Reply::Data(b"OK".to_vec())));
    let error = client.remove_breakpoint(CPU1, Kind::Software, 0x10, 1).unwrap_err();
    assert_eq!(error.to_string(), "packet z0,10,1 did not get through: too many transmission errors");
    assert_eq!(client.current_thread(), Ok(Some(CPU1)));
    stub.assert_done();
}

#[test]
fn case_4_a_reply_without_ack_counts_as_both() {
    let stub = qemu().then("m10,2", [packet("abcd")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(stub.heard(), [Heard::Packet("m10,2".into()), Heard::Ack]);
    stub.assert_done();
}

#[test]
fn case_5_surplus_acks_mean_nothing() {
    let stub = qemu()
        .then("m10,2", [raw(b"++"), packet("abcd"), raw(b"+++")])
        .then("vCont;c", [Action::Run, raw(b"+++"), wait_ms(100), stop("T05thread:p01.01;")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    go(&mut client);
    assert_eq!(stopped(wait(&mut client)), (5, Some(CPU1)));
    stub.assert_done();
}

#[test]
fn case_6_a_lost_read_is_repeated_after_asking_who_is_there() {
    let stub = qemu().then("m10,2", []).then("qC", [reply("QCp01.01")]).then("m10,2", [reply("abcd")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    let _ = stub.heard();
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(notes(&mut client), [Note::Resynchronized("m10,2".into())]);
    stub.assert_done();
}

#[test]
fn case_6_a_lost_breakpoint_request_is_not_repeated() {
    let stub = qemu().then("Z0,10,1", []).then("qC", [reply("QCp01.01")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    let error = client.insert_breakpoint(CPU1, Kind::Software, 0x10, 1).unwrap_err();
    assert_eq!(error.to_string(), "the stub does not answer (packet Z0,10,1)");
    stub.assert_done();
}

#[test]
fn case_6_a_lost_resume_is_not_repeated_but_looked_after() {
    // Not even an ack: the stub never got vCont. 0x03 finds it stopped, so the question finds out.
    let stub = qemu().then("vCont;c", []).then("qC", [reply("QCp01.01")]);
    let mut client = connect(&stub);
    go(&mut client);
    match wait(&mut client) {
        Ok(Some(RunEvent::FoundStopped(_))) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(stub.packets(), ["vCont;c", "qC"]);
    assert!(!client.is_running());
}

// Unexpected packets

#[test]
fn case_7_a_retransmitted_reply_is_dropped_and_acked() {
    let stub = qemu().then("m10,2", [reply("abcd"), packet("abcd")]).then("m10,2", [reply("0102")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(read(&mut client), Ok(Ok(vec![1, 2])));
    assert_eq!(bytes(&stub, &Heard::Ack), 3);
    stub.assert_done();
}

#[test]
fn case_8_a_stray_stop_is_swallowed_while_a_reply_is_awaited() {
    let stub = qemu()
        .then("m10,2", [packet("T05thread:p01.01;"), reply("abcd")])
        .then("qC", [packet("S05"), reply("QCp01.01")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(client.current_thread(), Ok(Some(CPU1)));
    stub.assert_done();
}

#[test]
fn case_9_a_second_reply_to_extended_mode_is_waited_for_and_dropped() {
    let stub = Stub::qemu()
        .then("!", [reply("OK"), packet("")])
        .then("m10,2", [reply("abcd")])
        .always("Hg*", [reply("OK")]);
    let config = Config { extended: true, ..Config::default() };
    let mut client =
        Client::connect(stub.transport(), config, log::Log::new()).map_err(|(error, _)| error).unwrap();
    client.registers_by_number(CPU1, &[]).expect("Hg works");
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    stub.assert_done();
}

#[test]
fn case_12_an_unsolicited_stop_on_connecting_is_swallowed() {
    let stub = Stub::new()
        .then("qSupported:*", [packet("T02thread:01;"), reply("PacketSize=1000;qXfer:features:read+")])
        .then("qqemu.Supported", [reply("")])
        .then("qqemu.sstepbits", [reply("ENABLE=1,NOIRQ=2,NOTIMER=4")])
        .then("qC", [reply("QC1")])
        .then("vCont?", [reply("vCont;c;C;s;S")]);
    let client = try_connect(&stub).unwrap();
    assert!(client.profile().is_qemu() && !client.profile().has_physical_mode());
    assert_eq!(client.features().packet_size, 4096);
    stub.assert_done();
}

#[test]
fn case_13_a_packet_instead_of_an_ack_is_acked_and_the_wait_goes_on() {
    let stub = qemu()
        .then("m10,2", [packet("T05thread:p01.01;"), wait_ms(10), raw(b"+"), wait_ms(10), packet("abcd")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(stub.heard(), [Heard::Packet("m10,2".into()), Heard::Ack, Heard::Ack]);
}

// Stops that do not come

#[test]
fn case_10_no_stop_after_a_step_leaves_the_caller_free() {
    let stub = qemu().then("vCont;s:p1.1", [Action::Run]).then("\x03", [stop("T02thread:p01.01;")]);
    let mut client = connect(&stub);
    client.resume(&[(Resume::Step(None), Some(CPU1))]).unwrap();
    assert_eq!(client.wait(Duration::from_secs(1), &Interrupt::new()), Ok(None));
    let interrupt = Interrupt::new();
    interrupt.raise();
    assert_eq!(stopped(client.wait(Duration::from_secs(1), &interrupt)), (2, Some(CPU1)));
    assert!(!interrupt.is_raised());
    stub.assert_done();
}

#[test]
fn case_11_a_stub_that_stops_without_saying_so_is_asked() {
    let stub = qemu()
        .then("vCont;c:p1.2;c", [Action::Run])
        .then("\x03", [Action::StopSilently])
        .then("qC", [reply("QCp01.01")]);
    let mut client = connect(&stub);
    client.resume(&[(Resume::Continue(None), Some(CPU2)), (Resume::Continue(None), None)]).unwrap();
    let interrupt = Interrupt::new();
    assert_eq!(client.wait(Duration::from_millis(100), &interrupt), Ok(None));
    interrupt.raise();
    match client.wait(Duration::from_secs(60), &interrupt) {
        Ok(Some(RunEvent::FoundStopped(stop))) => assert_eq!(stop.thread, Some(CPU2)),
        other => panic!("{other:?}"),
    }
    // Two seconds for the first 0x03, one for the second, then the question.
    assert!(stub.elapsed() < Duration::from_secs(5), "{:?}", stub.elapsed());
    assert_eq!(bytes(&stub, &Heard::Interrupt), 2);
}

#[test]
fn case_11_a_second_ctrl_c_asks_at_once() {
    let stub = qemu()
        .then("vCont;c", [Action::Run])
        .then("\x03", [Action::StopSilently])
        .then("qC", [reply("QCp01.01")]);
    let mut client = connect(&stub);
    go(&mut client);
    let interrupt = Interrupt::new();
    interrupt.raise();
    assert_eq!(client.wait(Duration::from_millis(100), &interrupt), Ok(None));
    interrupt.raise();
    assert!(matches!(client.wait(Duration::from_secs(60), &interrupt), Ok(Some(RunEvent::FoundStopped(_)))));
    assert!(stub.elapsed() < Duration::from_secs(1), "{:?}", stub.elapsed());
    stub.assert_done();
}

#[test]
fn case_11_a_stub_that_is_dead_gives_the_prompt_back() {
    let stub = qemu().then("vCont;c", [Action::Run]).then("\x03", []).always("qC", []);
    let mut client = connect(&stub);
    go(&mut client);
    let interrupt = Interrupt::new();
    interrupt.raise();
    assert_eq!(client.wait(Duration::from_secs(60), &interrupt), Ok(Some(RunEvent::Unresponsive)));
    assert!(stub.elapsed() < Duration::from_secs(10), "{:?}", stub.elapsed());
}

#[test]
fn case_11_a_machine_that_runs_on_is_paused_by_the_question() {
    // QEMU 8.1 and later: the '$' of the question pauses it and is lost; the next question is answered.
    // Whether it was lost or is late is not known, so that yet another one follows.
    let stub = qemu()
        .then("vCont;c", [Action::Run])
        .then("\x03", [])
        .always("qC", [reply("QCp01.01")])
        .always("vMustReplyEmpty", [reply("")]);
    let mut client = connect(&stub);
    go(&mut client);
    let interrupt = Interrupt::new();
    interrupt.raise();
    assert!(matches!(client.wait(Duration::from_secs(60), &interrupt), Ok(Some(RunEvent::FoundStopped(_)))));
    assert_eq!(stub.packets(), ["vCont;c", "qC", "qC", "vMustReplyEmpty"]);
}

// Truncation and the end of a connection

#[test]
fn case_14_a_packet_cut_short_is_asked_for_again() {
    let stub =
        qemu().then("m10,2", [raw(b"+$ab")]).then("qC", [reply("QCp01.01")]).then("m10,2", [reply("abcd")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(bytes(&stub, &Heard::Nack), 1);
    stub.assert_done();
}

#[test]
fn case_15_and_17_the_end_of_a_connection_is_one_clear_line() {
    for (hangup, text) in [
        (Hangup::Closed, "Remote connection closed"),
        (
            Hangup::Broken("Connection reset by peer".into()),
            "Remote communication error.  Target disconnected.: Connection reset by peer.",
        ),
    ] {
        let stub = qemu().then("m10,2", [raw(b"+$ab"), Action::Hangup(hangup)]);
        let mut client = connect(&stub);
        select(&mut client, &stub);
        assert_eq!(read(&mut client).unwrap_err().to_string(), text);
        // And it stays so.
        assert_eq!(client.threads().unwrap_err().to_string(), text);
        assert_eq!(client.closed_by().map(ToString::to_string).as_deref(), Some(text));
    }
}

#[test]
fn case_16_a_guest_that_ends_says_its_last_word_first() {
    let stub = qemu().then("vCont;c", [Action::Run, stop("W2a"), Action::Hangup(Hangup::Closed)]);
    let mut client = connect(&stub);
    go(&mut client);
    assert_eq!(wait(&mut client), Ok(Some(RunEvent::Exited(0x2a))));

    let stub = qemu().then("vCont;c", [Action::Run, Action::Hangup(Hangup::Closed)]);
    let mut client = connect(&stub);
    go(&mut client);
    assert_eq!(wait(&mut client), Err(Error::Closed));
}

#[test]
fn case_17_what_was_said_before_the_connection_broke_is_still_read() {
    let stub = qemu()
        .then("vCont;c", [Action::Run, stop("X09"), Action::Hangup(Hangup::Broken("Broken pipe".into()))]);
    let mut client = connect(&stub);
    go(&mut client);
    // Sending finds the connection broken.
    let _ = client.interrupt();
    assert_eq!(wait(&mut client), Ok(Some(RunEvent::Killed(9))));
}

// Framing

#[test]
fn case_18_and_19_packets_that_start_anew_and_text_between_them() {
    let stub = qemu()
        .then(
            "m10,2",
            [raw(b"+\r\nlogin: root+-\xff\xfe$12"), reply("abcd"), raw(b"\r\n[ 0.5] oops - done + more\r\n")],
        )
        .then("m10,2", [reply("0102")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(read(&mut client), Ok(Ok(vec![1, 2])));
    stub.assert_done();
}

#[test]
fn case_20_notifications_are_never_acked() {
    let stub = qemu().then("m10,2", [raw(b"%Stop:S05#75"), reply("abcd")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(bytes(&stub, &Heard::Ack), 1);
}

#[test]
fn case_21_output_while_running_and_from_the_monitor() {
    let stub = qemu()
        .then(
            "vCont;c",
            [
                Action::Run,
                wait_ms(1),
                packet("O68690a"),
                wait_ms(1),
                packet("Ooops"),
                wait_ms(1),
                stop("T05thread:p01.01;"),
            ],
        )
        .then("qRcmd,*", [raw(b"+"), packet("O6869"), packet("O0d0a"), packet("OK")])
        .then("qC", [reply("QCp01.01")])
        .then("qC", [reply("QCp01.01")]);
    let mut client = connect(&stub);
    go(&mut client);
    assert_eq!(wait(&mut client), Ok(Some(RunEvent::Output(b"hi\n".to_vec()))));
    assert_eq!(wait(&mut client), Ok(Some(RunEvent::Output(b"oops".to_vec()))));
    assert_eq!(stopped(wait(&mut client)), (5, Some(CPU1)));
    let mut text = Vec::new();
    client.monitor(b"info version", &mut |bytes| text.extend_from_slice(bytes)).unwrap();
    assert_eq!(text, b"hi\r\n");
    // The command may have let the machine run, so the next request begins with a question.
    assert_eq!(client.current_thread(), Ok(Some(CPU1)));
    stub.assert_done();
}

#[test]
fn case_22_a_file_request_is_refused_and_the_run_goes_on() {
    let stub = qemu()
        .then("vCont;c", [Action::Run, wait_ms(1), Action::StopSilently, packet("Fopen,1000/5,0,1b6")])
        .then("F-1,16", [Action::Run, wait_ms(1), stop("T05thread:p01.01;")]);
    let mut client = connect(&stub);
    go(&mut client);
    assert_eq!(stopped(wait(&mut client)), (5, Some(CPU1)));
    stub.assert_done();
}

// What the stub does not know, and what makes no sense

#[test]
fn case_23_unknown_packets_are_remembered_and_replaced() {
    let stub = Stub::new()
        .then("qSupported:*", [reply("PacketSize=400")])
        .then("qC", [reply("QC1")])
        .then("vCont?", [reply("")])
        .then("Hg1", [reply("")])
        .then("g", [reply("")])
        .then("p10", [reply("0011223344556677")])
        .then("P10=*", [reply("")])
        .then("Hc1", [reply("OK")])
        .then("s", [Action::Run, stop("S05")])
        .then("c", [Action::Run, stop("S05")]);
    let mut client = connect(&stub);
    let one = ThreadId::plain(1);
    assert_eq!(client.registers(one), Ok(None));
    assert_eq!(client.registers(one), Ok(None));
    assert_eq!(
        client.registers_by_number(one, &[16]).unwrap()[0].as_deref(),
        Some(&[0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77][..])
    );
    assert!(matches!(client.write_register(one, 16, &[0; 8]), Err(Error::Unsupported(_))));
    assert!(matches!(client.write_register(one, 16, &[0; 8]), Err(Error::Unsupported(_))));
    client.resume(&[(Resume::Step(None), Some(one))]).unwrap();
    // `S05` names no thread: it is the one that was stepped.
    assert_eq!(stopped(wait(&mut client)), (5, Some(one)));
    go(&mut client);
    assert_eq!(stopped(wait(&mut client)), (5, None));
    stub.assert_done();
}

#[test]
fn case_24_a_reply_of_another_request_brings_both_sides_back_in_step() {
    let stub = qemu()
        .then("m10,2", [reply("OK")])
        .then("qC", [packet("OK"), reply("QCp01.01")])
        .then("m10,2", [reply("abcd")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    stub.assert_done();

    let stub = qemu().then("P0=00", [reply("1234")]).then("qC", [reply("QCp01.01")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    let error = client.write_register(CPU1, 0, &[0]).unwrap_err();
    assert_eq!(error.to_string(), "unexpected reply to packet P0=00: 1234");
    stub.assert_done();
}

#[test]
fn case_25_one_refused_piece_does_not_cost_the_others() {
    let stub =
        qemu().then("m0,1", [reply("01")]).then("m1000,1", [reply("E14")]).then("m2000,1", [reply("02")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    let chunks = [0, 0x1000, 0x2000].map(|addr| MemoryChunk { addr, len: 1 });
    assert_eq!(
        client.read_memory(CPU1, &chunks).unwrap(),
        [Ok(vec![1]), Err(ChunkError::Refused), Ok(vec![2])]
    );
    stub.assert_done();
}

#[test]
fn case_26_and_27_replies_shorter_and_longer_than_asked() {
    let stub =
        qemu().then("m10,2", [reply("ab")]).then("m10,2", [reply("abcdef")]).then("m10,2", [reply("ABCD")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab])));
    assert_eq!(read(&mut client), Ok(Err(ChunkError::Malformed)));
    // Upper case is as good (case 28).
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    stub.assert_done();
}

#[test]
fn case_28_unavailable_registers() {
    let stub = qemu().then("g", [reply("01xx")]).then("p0", [reply("xxxx")]).then("p1", [reply("E14")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(client.registers(CPU1), Ok(Some(vec![Some(1), None])));
    assert_eq!(client.registers_by_number(CPU1, &[0, 1]), Ok(vec![None, None]));
    stub.assert_done();
}

#[test]
fn case_31_and_32_descriptions_without_end() {
    let stub = qemu().then("qXfer:features:read:target.xml:0,ffb", [reply("m")]);
    let mut client = connect(&stub);
    let error = client.read_object("features", "target.xml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "unexpected reply to packet qXfer:features:read:target.xml: an object without end"
    );

    let piece = format!("m{}", "x".repeat(4091));
    let stub = Stub::qemu().always("qXfer:*", [reply(&piece)]);
    let mut client = connect(&stub);
    assert!(client.read_object("features", "target.xml").is_err());
    assert!(stub.packets().len() < 1100, "{}", stub.packets().len());

    let stub = Stub::qemu()
        .then("qXfer:*:0,ffb", [reply("mab")])
        .then("qXfer:*:2,ffb", [reply("lcd")])
        .then("qXfer:*", [reply("E00")]);
    let stub = stub.always("qXfer:features:read:target.xml:0,ffb", [reply("mab")]);
    let stub = stub.always("qXfer:features:read:target.xml:2,ffb", [reply("lcd")]);
    let stub = stub.always("qXfer:features:read:none.xml:0,ffb", [reply("E00")]);
    let mut client = connect(&stub);
    assert_eq!(client.read_object("features", "target.xml").unwrap(), b"abcd");
    assert_eq!(
        client.read_object("features", "none.xml").unwrap_err().to_string(),
        "remote failure reply 'E00'"
    );
}

#[test]
fn case_33_thread_lists_without_end_or_with_repetitions() {
    let stub = qemu().always("qfThreadInfo", [reply("m1")]).always("qsThreadInfo", [reply("m1")]);
    let mut client = connect(&stub);
    assert_eq!(client.threads().unwrap(), [ThreadId::plain(1)]);
    assert_eq!(stub.packets().len(), 2);

    // kgdb ends the list with an empty packet.
    let stub = qemu().then("qfThreadInfo", [reply("mfffffffffffffffe,1")]).then("qsThreadInfo", [reply("")]);
    let mut client = connect(&stub);
    assert_eq!(client.threads().unwrap(), [ThreadId::plain(u64::MAX - 1), ThreadId::plain(1)]);
    stub.assert_done();
}

#[test]
fn case_34_a_stop_without_a_thread_is_the_resumed_one() {
    let stub = qemu().then("vCont;s:p1.2", [Action::Run, stop("S05;")]);
    let mut client = connect(&stub);
    client.resume(&[(Resume::Step(None), Some(CPU2))]).unwrap();
    assert_eq!(stopped(wait(&mut client)), (5, Some(CPU2)));
    stub.assert_done();
}

#[test]
fn case_35_a_packet_without_end_ends_the_connection() {
    let mut flood = vec![b'$'];
    flood.resize(17 << 20, b'a');
    let stub = qemu().then("m10,2", [raw(b"+"), Action::Raw(flood)]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(
        read(&mut client).unwrap_err().to_string(),
        "Remote communication error.  Target disconnected.: packet without end: more than 16777216 bytes and no checksum."
    );
}

#[test]
fn case_36_and_37_bad_encodings_are_treated_as_damage() {
    // A run length with nothing to repeat, an escape with nothing after it, each with a good checksum.
    for bad in [&b"+$*!#4b"[..], b"+$ab}#40", b"+$a*\x01#8c"] {
        let stub = qemu().then("m10,2", [Action::Broken { sent: bad.to_vec(), again: b"$abcd#8a".to_vec() }]);
        let mut client = connect(&stub);
        select(&mut client, &stub);
        assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
        assert_eq!(bytes(&stub, &Heard::Nack), 1);
    }
}

#[test]
fn case_38_a_slow_stub_is_waited_for_as_long_as_bytes_come() {
    let mut actions = vec![];
    for byte in b"+$abcd#8a" {
        actions.push(wait_ms(3000));
        actions.push(raw(&[*byte]));
    }
    let stub = qemu().then("m10,2", actions);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    assert_eq!(read(&mut client), Ok(Ok(vec![0xab, 0xcd])));
    assert_eq!(stub.elapsed(), Duration::from_secs(27));
    stub.assert_done();
}

#[test]
fn case_38_but_not_for_ever() {
    let mut trickle = Vec::new();
    for _ in 0..200 {
        trickle.push(wait_ms(1000));
        trickle.push(raw(b"x"));
    }
    let stub =
        qemu().then("m10,2", trickle).always("qC", [reply("QCp01.01")]).always("m10,2", [reply("abcd")]);
    let mut client = connect(&stub);
    select(&mut client, &stub);
    let _ = read(&mut client);
    assert!(stub.elapsed() < Duration::from_secs(150), "{:?}", stub.elapsed());
}

#[test]
fn case_42_a_refused_resume_leaves_the_target_stopped() {
    let stub = qemu().then("vCont;c", [reply("E22")]).then("vCont;c", [reply("")]);
    let mut client = connect(&stub);
    go(&mut client);
    match wait(&mut client) {
        Ok(Some(RunEvent::NotResumed(Some(error)))) => assert_eq!(error.text(), "E22"),
        other => panic!("{other:?}"),
    }
    assert!(!client.is_running());
    go(&mut client);
    assert_eq!(wait(&mut client), Ok(Some(RunEvent::NotResumed(None))));
    stub.assert_done();
}

#[test]
fn case_42_a_resume_the_stub_never_gets_right_is_given_up() {
    let stub = qemu()
        .then("vCont;c", [raw(b"-")])
        .then("vCont;c", [raw(b"-")])
        .then("vCont;c", [raw(b"-")])
        .then("vCont;c", [raw(b"-")]);
    let mut client = connect(&stub);
    go(&mut client);
    assert_eq!(wait(&mut client), Ok(Some(RunEvent::NotResumed(None))));
    stub.assert_done();
}

#[test]
fn case_45_a_stub_that_never_speaks_is_reported_in_time() {
    let stub = Stub::new().then("qSupported:*", []);
    let error = try_connect(&stub).err().unwrap();
    assert!(
        error.to_string().starts_with("no answer from the stub: is another debugger connected to it"),
        "{error}"
    );
    assert!(stub.elapsed() <= Duration::from_secs(6), "{:?}", stub.elapsed());
    assert_eq!(stub.packets().len(), 1);
}

#[test]
fn a_peer_that_is_no_stub_is_told_apart() {
    // An HTTP server, say.
    let stub = Stub::new()
        .always("qSupported:*", [raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Action::Hangup(Hangup::Closed)]);
    assert_eq!(try_connect(&stub).err(), Some(Error::Closed));
}

#[test]
fn a_damaged_stop_reply_is_asked_for_again() {
    let again = frame::encode(b"T05thread:p01.01;");
    let broken = Action::Broken { sent: b"$T05thread:p01.01;#00".to_vec(), again };
    let stub = qemu().then("vCont;c", [Action::Run, wait_ms(1), Action::StopSilently, broken]);
    let mut client = connect(&stub);
    go(&mut client);
    assert_eq!(stopped(wait(&mut client)), (5, Some(CPU1)));
    assert_eq!(stub.heard(), [Heard::Packet("vCont;c".into()), Heard::Nack, Heard::Ack]);
    stub.assert_done();
}

#[test]
fn a_damaged_stop_reply_of_an_unknown_stub_is_found_out() {
    let stub = Stub::plain()
        .then("vCont;c", [Action::Run, wait_ms(1), Action::StopSilently, raw(b"$T05thread:1;#00")])
        .then("qC", [reply("QC1")]);
    let mut client = connect(&stub);
    go(&mut client);
    assert!(matches!(wait(&mut client), Ok(Some(RunEvent::FoundStopped(_)))));
    assert_eq!(bytes(&stub, &Heard::Nack), 0);
    stub.assert_done();
}

#[test]
fn ctrl_c_ends_the_wait_for_a_reply_and_a_later_request_is_in_step_again() {
    let interrupt = Interrupt::new();
    let stub = qemu()
        .then("qRcmd,*", [raw(b"+"), wait_ms(20_000), packet("OK")])
        .always("qC", [wait_ms(20_000), reply("QCp01.01")])
        .always("vMustReplyEmpty", [wait_ms(20_000), reply("")])
        .then("m10,2", [reply("abcd")]);
    let config = Config { interrupt: interrupt.clone(), ..Config::default() };
    let client = Client::connect(stub.transport(), config, log::Log::new());
    let mut client = client.map_err(|(error, _)| error).unwrap();
    interrupt.raise();
    assert_eq!(client.monitor(b"savevm x", &mut |_| {}), Err(Error::Interrupted));
    assert!(interrupt.take());
    // The machine is still being saved.
    assert_eq!(read(&mut client), Err(Error::Timeout("qC".into())));
    for _ in 0..10 {
        if read(&mut client) == Ok(Ok(vec![0xab, 0xcd])) {
            return stub.assert_done();
        }
    }
    panic!("never in step again");
}

#[test]
fn watchpoint_stops_carry_kind_and_address() {
    let stub =
        qemu().then("vCont;c", [Action::Run, wait_ms(1), stop("T05thread:p01.02;rwatch:ffffffff82e00040;")]);
    let mut client = connect(&stub);
    go(&mut client);
    let Ok(Some(RunEvent::Stopped(stop))) = wait(&mut client) else { panic!() };
    assert_eq!(stop.reason, Reason::Watch(kdive_rsp::packet::stop_reply::Watch::Read, 0xffff_ffff_82e0_0040));
    assert_eq!(stop.thread, Some(CPU2));
}
