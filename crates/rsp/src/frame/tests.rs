//! Framing against well-formed, malformed and hostile bytes.

use super::*;

fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut out = Vec::new();
    Decoder::new().push(bytes, |frame| out.push(frame)).unwrap();
    out
}

fn packet(text: &[u8]) -> Frame {
    Frame::Packet(text.to_vec())
}

/// `$raw#cc` with the right checksum and nothing escaped.
fn raw(body: &[u8]) -> Vec<u8> {
    let mut frame = b"$".to_vec();
    frame.extend_from_slice(body);
    frame.push(b'#');
    hex::encode_into(&mut frame, &[checksum(body)]);
    frame
}

#[test]
fn ack_packet_and_notification() {
    assert_eq!(frames(b"+$OK#9a"), [Frame::Ack, packet(b"OK")]);
    assert_eq!(frames(b"-$#00"), [Frame::Nack, packet(b"")]);
    assert_eq!(frames(b"%Stop:S05#98"), [Frame::Notification(b"Stop:S05".to_vec())]);
}

#[test]
fn one_byte_at_a_time_gives_the_same() {
    let mut decoder = Decoder::new();
    let mut out = Vec::new();
    for byte in b"+$T05thread:p01.01;#06+" {
        decoder.push(&[*byte], |frame| out.push(frame)).unwrap();
    }
    assert_eq!(out, [Frame::Ack, packet(b"T05thread:p01.01;"), Frame::Ack]);
}

#[test]
fn uppercase_checksum_is_accepted() {
    assert_eq!(frames(b"$m0#9D"), [packet(b"m0")]);
}

#[test]
fn bad_checksum_is_reported_and_the_stream_goes_on() {
    assert_eq!(
        frames(b"$OK#9b$OK#9a"),
        [Frame::Corrupt(Corruption::Checksum { computed: 0x9a, sent: 0x9b }), packet(b"OK")]
    );
    assert_eq!(frames(b"$OK#zz"), [Frame::Corrupt(Corruption::ChecksumDigits)]);
}

#[test]
fn a_damaged_notification_is_dropped() {
    assert_eq!(frames(b"%Stop:S05#00$OK#9a"), [packet(b"OK")]);
}

#[test]
fn a_packet_that_starts_anew_replaces_the_first() {
    assert_eq!(frames(b"$T05thr$OK#9a"), [packet(b"OK")]);
    assert_eq!(frames(b"$OK#$OK#9a"), [packet(b"OK")]);
    assert_eq!(frames(b"$OK#9$OK#9a"), [packet(b"OK")]);
}

#[test]
fn garbage_between_packets_is_skipped_and_kept_for_the_log() {
    let mut decoder = Decoder::new();
    let mut out = Vec::new();
    decoder.push(b"login:\r\n\xff\xfd\x03$OK#9atail", |frame| out.push(frame)).unwrap();
    assert_eq!(out, [packet(b"OK")]);
    assert_eq!(decoder.take_garbage(), b"login:\r\n\xff\xfd\x03tail");
    decoder.push(&[b'x'; 1000], |_| unreachable!()).unwrap();
    assert_eq!(decoder.take_garbage().len(), 256);
}

#[test]
fn escapes_both_ways() {
    assert_eq!(frames(&raw(b"}\x03}\x04}]}\x0a")), [packet(b"#$}*")]);
    // Any escaped byte is XORed, also one that needs no escape.
    assert_eq!(frames(&raw(b"}A")), [packet(b"a")]);
    assert_eq!(encode(b"a#b$c}d*e"), raw(b"a}\x03b}\x04c}]d}\x0ae"));
    let every_byte: Vec<u8> = (0..=255).collect();
    assert_eq!(frames(&encode(&every_byte)), [Frame::Packet(every_byte)]);
    assert_eq!(frames(&raw(b"ab}")), [Frame::Corrupt(Corruption::DanglingEscape)]);
}

#[test]
fn run_lengths_are_expanded() {
    assert_eq!(frames(&raw(b"0* ")), [packet(b"0000")]);
    assert_eq!(frames(&raw(b"xab*\"c")), [packet(b"xabbbbbbc")]);
    assert_eq!(frames(&raw(b"0*~")), [packet(&[b'0'; 98])]);
    // An escaped byte can be repeated.
    assert_eq!(frames(&raw(b"}\x03* ")), [packet(b"####")]);
}

#[test]
fn run_length_abuse_is_corruption() {
    for bad in [&b"* "[..], b"a*", b"a*\x1f", b"a*\x7f", b"a*\xff"] {
        assert_eq!(frames(&raw(bad)), [Frame::Corrupt(Corruption::RunLength)], "{bad:?}");
    }
    // '#' as a count ends the packet instead.
    assert_eq!(frames(b"$a*#61"), [Frame::Corrupt(Corruption::Checksum { computed: 0x8b, sent: 0x61 })]);
    let bomb: Vec<u8> = std::iter::once(b'0').chain(b"*~".repeat(MAX_PAYLOAD / 97 + 1)).collect();
    assert_eq!(frames(&raw(&bomb)), [Frame::Corrupt(Corruption::TooLong)]);
}

#[test]
fn a_packet_without_end_is_an_error_not_a_leak() {
    let mut decoder = Decoder::new();
    let mut result = decoder.push(b"$", |_| unreachable!());
    let chunk = vec![b'a'; 1 << 20];
    for _ in 0..17 {
        result = result.and_then(|()| decoder.push(&chunk, |_| unreachable!()));
    }
    assert_eq!(result, Err(Endless));
    assert!(!decoder.is_mid_packet());
}

#[test]
fn half_a_packet_can_be_dropped() {
    let mut decoder = Decoder::new();
    decoder.push(b"$OK#", |_| unreachable!()).unwrap();
    assert!(decoder.is_mid_packet());
    decoder.reset();
    let mut out = Vec::new();
    decoder.push(b"9a$#00", |frame| out.push(frame)).unwrap();
    assert_eq!(out, [packet(b"")]);
}
