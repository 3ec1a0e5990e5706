//! Whatever a peer sends: no panic, no hang, no rule broken.

use super::*;
use kdive_rsp::client::MemoryChunk;
use kdive_rsp::engine::Engine;
use kdive_rsp::frame::{self, Decoder, Frame};
use kdive_rsp::packet::stop_reply::StopReply;
use kdive_rsp::packet::supported::Features;
use kdive_rsp::packet::{Reply, Shape, memory, registers, resume, threads, transfer};
use kdive_rsp::transport::{Hangup, Received, Transport};
use kdive_rsp::{Endpoint, ThreadSelector};
use proptest::collection::vec;
use proptest::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

/// Bytes as they stand on a line between a debugger and a stub, or nearly.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        vec(any::<u8>(), 0..40),
        prop::sample::select(vec![
            "OK",
            "",
            "E14",
            "E.no",
            "T05thread:p01.01;",
            "S05",
            "W00",
            "X09",
            "N",
            "O6869",
            "m01",
            "mp01.01,p01.02",
            "l",
            "QCp01.01",
            "0011223344",
            "vCont;c;C;s;S",
            "PacketSize=1000;qXfer:features:read+;QStartNoAckMode+",
            "sstepbits;sstep;PhyMemMode",
            "Fopen,1/2,0,0",
            "l<target/>",
            "xxxx"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    let piece = prop_oneof![
        6 => payload.clone().prop_map(|payload| [&b"+"[..], &frame::encode(&payload)].concat()),
        2 => payload.clone().prop_map(|payload| frame::encode(&payload)),
        1 => payload.prop_map(|payload| { let mut frame = frame::encode(&payload); frame.pop(); frame }),
        1 => vec(any::<u8>(), 0..20),
        1 => prop::sample::select(vec![&b"+"[..], b"-", b"$", b"#", b"%Stop:S05#75", b"$a*~#00", b"\x03"]).prop_map(<[u8]>::to_vec),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Frames of a stream that is handed over in pieces of these sizes.
fn decode(bytes: &[u8], sizes: &[usize]) -> Vec<Frame> {
    let (mut decoder, mut frames, mut rest) = (Decoder::new(), Vec::new(), bytes);
    let mut sizes = sizes.iter().copied().cycle();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(1).clamp(1, rest.len());
        let (now, later) = rest.split_at(size);
        decoder.push(now, |frame| frames.push(frame)).expect("no endless packet");
        rest = later;
    }
    frames
}

/// A peer that answers with prepared noise, one piece for each time it is waited for, in virtual time.
struct Noise {
    pieces: Vec<Vec<u8>>,
    start: Instant,
    clock: Rc<Cell<Duration>>,
}

impl Transport for Noise {
    fn send(&mut self, _: &[u8]) -> Result<(), Hangup> {
        Ok(())
    }

    fn send_break(&mut self) -> Result<(), Hangup> {
        Ok(())
    }

    fn receive(&mut self, timeout: Duration) -> Received {
        match self.pieces.pop() {
            Some(piece) if !piece.is_empty() => Received::Bytes(piece),
            _ => {
                self.clock.set(self.clock.get() + timeout);
                Received::Nothing
            }
        }
    }

    fn now(&self) -> Instant {
        self.start + self.clock.get()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn payloads_survive_framing(payload in vec(any::<u8>(), 0..200), sizes in vec(1_usize..9, 1..5)) {
        prop_assert_eq!(decode(&frame::encode(&payload), &sizes), [Frame::Packet(payload)]);
    }

    #[test]
    fn frames_do_not_depend_on_how_the_bytes_arrive(bytes in line(), sizes in vec(1_usize..9, 1..5)) {
        prop_assert_eq!(decode(&bytes, &sizes), decode(&bytes, &[usize::MAX]));
    }

    #[test]
    fn parsers_take_anything(bytes in vec(any::<u8>(), 0..60)) {
        let _ = StopReply::parse(&bytes);
        let _ = Features::parse(&bytes);
        let _ = ThreadSelector::parse(&bytes);
        let _ = threads::parse_part(&bytes);
        let _ = threads::parse_extra_info(&bytes);
        let _ = threads::parse_current(&bytes);
        let _ = transfer::parse(&bytes);
        let _ = resume::Actions::parse(&bytes);
        let _ = registers::parse(&bytes);
        prop_assert!(memory::parse_read(&bytes, 8).is_none_or(|read| read.len() <= 8));
        let _ = Reply::sort(bytes.clone());
        for shape in [Shape::Any, Shape::Ok, Shape::Hex, Shape::Registers, Shape::Chunk, Shape::Text, Shape::Stop, Shape::Monitor] {
            let _ = shape.judge(&bytes);
        }
        let _ = Endpoint::parse(&String::from_utf8_lossy(&bytes), |_| false);
    }

    #[test]
    fn while_running_nothing_leaves_but_what_may(nack in any::<bool>(), pieces in vec(line(), 1..6)) {
        let mut engine = Engine::new();
        engine.allow_nack(nack);
        prop_assert!(engine.resume(b"vCont;c"));
        let resume = engine.take_output();
        let (mut packets, mut acks) = (0, 0);
        for piece in pieces {
            packets += piece.iter().filter(|&&byte| byte == b'$').count();
            engine.receive(&piece).unwrap();
            if !engine.is_running() {
                break;
            }
            prop_assert_eq!(engine.submit(b"g", Shape::Any), None);
            prop_assert!(!engine.resume(b"vCont;c"));
            let mut sent = engine.take_output();
            // Repetitions the stub asked for, refusals of file requests, acks, one for each packet at most.
            let refusal = frame::encode(b"F-1,16");
            for allowed in [&resume, &refusal] {
                while let Some(at) = sent.windows(allowed.len()).position(|window| window == allowed) {
                    sent.drain(at..at + allowed.len());
                }
            }
            prop_assert!(sent.iter().all(|byte| b"+-".contains(byte)), "{:?}", String::from_utf8_lossy(&sent));
            acks += sent.len();
            prop_assert!(acks <= packets, "{acks} acks for {packets} packets");
        }
    }

    #[test]
    fn every_call_returns(pieces in vec(line(), 0..40)) {
        let clock = Rc::new(Cell::new(Duration::ZERO));
        let link = Noise { pieces, start: Instant::now(), clock: Rc::clone(&clock) };
        if let Ok(mut client) = Client::connect(Box::new(link), Config::default(), log::Log::new()) {
            let _ = client.stop_reason();
            let _ = client.threads();
            let _ = client.registers(CPU1);
            let _ = client.read_memory(CPU1, &[MemoryChunk { addr: 0, len: 16 }, MemoryChunk { addr: 4096, len: 16 }]);
            let _ = client.read_physical(&[MemoryChunk { addr: 0, len: 16 }]);
            let _ = client.read_object("features", "target.xml");
            if client.resume(&[(Resume::Continue(None), None)]).is_ok() {
                let interrupt = Interrupt::new();
                interrupt.raise();
                let _ = client.wait(Duration::from_secs(60), &interrupt);
            }
        }
        // Each of a few dozen requests costs some seconds at most.
        prop_assert!(clock.get() < Duration::from_secs(1200), "{:?}", clock.get());
    }
}
