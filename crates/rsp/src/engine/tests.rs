//! The state machine, byte for byte. What it makes of whole conversations is in `tests/client`.

use super::*;
use crate::frame::encode;

/// Everything that happened, packet logs aside.
fn happenings(engine: &mut Engine) -> Vec<Happening> {
    std::iter::from_fn(|| engine.next_happening()).collect()
}

fn feed(engine: &mut Engine, bytes: &[u8]) -> Vec<Happening> {
    engine.receive(bytes).unwrap();
    happenings(engine)
}

fn sent(engine: &mut Engine) -> String {
    String::from_utf8(engine.take_output()).unwrap()
}

fn reply(text: &[u8]) -> Vec<u8> {
    [&b"+"[..], &encode(text)].concat()
}

#[test]
fn a_request_and_its_reply() {
    let mut engine = Engine::new();
    let ticket = engine.submit(b"qC", Shape::Prefix(b"QC")).unwrap();
    assert_eq!(sent(&mut engine), "$qC#b4");
    assert!(!engine.oldest_acked());
    assert_eq!(feed(&mut engine, b"+"), []);
    assert!(engine.oldest_acked());
    assert_eq!(feed(&mut engine, &encode(b"QC1")), [Happening::Reply(ticket, b"QC1".to_vec())]);
    assert_eq!(sent(&mut engine), "+");
    assert_eq!(engine.in_flight(), 0);
}

#[test]
fn without_acks_none_are_sent_or_awaited() {
    let mut engine = Engine::new();
    engine.set_acks(false);
    engine.allow_nack(true);
    let ticket = engine.submit(b"g", Shape::Registers).unwrap();
    assert_eq!(sent(&mut engine), "$g#67");
    // A '-' means nothing either.
    assert_eq!(feed(&mut engine, b"-"), []);
    assert_eq!(
        feed(&mut engine, b"$00#61"),
        [
            Happening::Oddity(Oddity::Damaged(Corruption::Checksum { computed: 0x60, sent: 0x61 })),
            Happening::Failed(ticket, Failure::Damaged(Corruption::Checksum { computed: 0x60, sent: 0x61 }))
        ]
    );
    assert_eq!(sent(&mut engine), "");
}

#[test]
fn replies_go_to_requests_in_order() {
    let mut engine = Engine::new();
    let tickets: Vec<_> =
        [&b"m0,1"[..], b"m1,1"].map(|request| engine.submit(request, Shape::Hex).unwrap()).into();
    assert_eq!(sent(&mut engine), "$m0,1#fa$m1,1#fb");
    let both = [reply(b"aa"), reply(b"bb")].concat();
    assert_eq!(
        feed(&mut engine, &both),
        [Happening::Reply(tickets[0], b"aa".to_vec()), Happening::Reply(tickets[1], b"bb".to_vec())]
    );
    assert_eq!(sent(&mut engine), "++");
}

#[test]
fn with_several_under_way_nothing_is_asked_for_again() {
    // '-' brings back the stub's last packet, which may be a later reply; and a request sent again would change the order.
    let mut engine = Engine::new();
    engine.allow_nack(true);
    let first = engine.submit(b"m0,1", Shape::Hex).unwrap();
    let second = engine.submit(b"m1,1", Shape::Hex).unwrap();
    sent(&mut engine);
    let damaged = Happening::Failed(first, Failure::Damaged(Corruption::ChecksumDigits));
    assert_eq!(feed(&mut engine, b"+$aa#zz")[1], damaged);
    assert_eq!(sent(&mut engine), "+");
    engine.submit(b"m2,1", Shape::Hex).unwrap();
    sent(&mut engine);
    assert_eq!(feed(&mut engine, b"-"), [Happening::Failed(second, Failure::Refused)]);
    assert_eq!(sent(&mut engine), "");
}

#[test]
fn while_the_target_runs() {
    let mut engine = Engine::new();
    assert!(!engine.interrupt(&[crate::frame::INTERRUPT]), "a stopped stub would take it for garbage");
    assert!(engine.resume(b"vCont;c"));
    assert_eq!(sent(&mut engine), "$vCont;c#a8");
    assert!(!engine.resume_acked());
    assert_eq!(engine.submit(b"qC", Shape::Any), None);
    assert!(!engine.resume(b"vCont;c"));
    feed(&mut engine, b"+");
    assert!(engine.resume_acked());
    assert!(engine.interrupt(&[crate::frame::INTERRUPT]));
    assert_eq!(sent(&mut engine), "\x03");
    assert_eq!(feed(&mut engine, &encode(b"OK")), [Happening::Oddity(Oddity::Stray(b"OK".to_vec()))]);
    assert!(engine.is_running());
    assert_eq!(feed(&mut engine, &encode(b"T02thread:01;")), [Happening::Stopped(b"T02thread:01;".to_vec())]);
    assert!(!engine.is_running());
    assert_eq!(sent(&mut engine), "++");
}

#[test]
fn a_resume_waits_for_replies() {
    let mut engine = Engine::new();
    engine.submit(b"g", Shape::Registers).unwrap();
    assert!(!engine.resume(b"vCont;c"));
    assert_eq!(sent(&mut engine), "$g#67");
}

#[test]
fn file_requests_are_told_from_replies() {
    let mut engine = Engine::new();
    let ticket = engine.submit(b"m0,2", Shape::Hex).unwrap();
    sent(&mut engine);
    assert_eq!(
        feed(&mut engine, &reply(b"Fopen,0/1,0,0"))[0],
        Happening::Oddity(Oddity::FileIo(b"Fopen,0/1,0,0".to_vec()))
    );
    assert_eq!(sent(&mut engine), "+$F-1,16#37");
    // Upper-case memory that begins with F.
    assert_eq!(feed(&mut engine, &encode(b"FA00")), [Happening::Reply(ticket, b"FA00".to_vec())]);
}

#[test]
fn abandoned_requests_get_nothing() {
    let mut engine = Engine::new();
    engine.submit(b"m0,1", Shape::Hex).unwrap();
    engine.receive(b"+$a").unwrap();
    assert!(engine.is_mid_packet());
    engine.abandon_requests();
    assert!(!engine.is_mid_packet());
    sent(&mut engine);
    assert_eq!(feed(&mut engine, &encode(b"aa")), [Happening::Oddity(Oddity::Stray(b"aa".to_vec()))]);
    assert_eq!(sent(&mut engine), "+");
}

#[test]
fn logs_get_everything_when_they_want_it() {
    let mut engine = Engine::new();
    engine.set_trace(true);
    let ticket = engine.submit(b"qC", Shape::Any).unwrap();
    assert_eq!(
        feed(&mut engine, &reply(b"QC1")),
        [
            Happening::Oddity(Oddity::Ack),
            Happening::Oddity(Oddity::Received(b"QC1".to_vec())),
            Happening::Reply(ticket, b"QC1".to_vec())
        ]
    );
    assert_eq!(engine.packets_received(), 1);
}
