//! The protocol state machine: which bytes to send, and what received bytes mean at this moment.
//!
//! No clock, no socket. The driver ([`Client`](crate::Client)) submits requests, moves bytes, and decides what to do when nothing comes.
//!
//! What it guarantees, whatever the peer does:
//! - every packet is acknowledged at once, before anything else is sent (QEMU never offers no-ack mode, and an ack that arrives after
//!   a resume packet pauses the machine without a stop reply);
//! - while the target runs nothing is sent but 0x03, acks of packets that came in, and the refusal of a file-I/O request;
//! - a resume packet is only sent when no reply is outstanding, and is only repeated when the peer said it did not get it;
//! - replies go to requests in order; one that cannot belong to the oldest request is reported, not handed out.

use crate::frame::{self, Corruption, Decoder, Endless, Frame};
use crate::packet::{Fit, Shape, monitor, process};
use std::collections::VecDeque;

/// How often a packet is sent again because the peer asked for it, and how often kdive asks.
const MAX_REPEATS: u8 = 3;

/// Names a submitted request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(u64);

/// What came of received bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happening {
    /// The final reply to a request.
    Reply(Ticket, Vec<u8>),
    /// A request will get no usable reply.
    Failed(Ticket, Failure),
    /// Text to show: from the stub's monitor, or from a running target.
    Output(Vec<u8>),
    /// A packet that ends the run: the payload of a stop reply.
    Stopped(Vec<u8>),
    /// The stub did not resume: the payload of its reply.
    NotResumed(Vec<u8>),
    /// A packet that may have been the stop reply was damaged and cannot be had again.
    StopLost,
    /// Something a debugger log wants to know; it has no other effect.
    Oddity(Oddity),
}

/// Why a request got no reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The peer reported bad checksums again and again.
    Refused,
    /// The reply was damaged and cannot be had again.
    Damaged(Corruption),
    /// A packet came that belongs to something else.
    Misfit(Vec<u8>),
}

/// Things peers should not do and that are dropped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Oddity {
    /// An unexpected packet.
    Stray(Vec<u8>),
    /// A notification, although non-stop mode was never asked for.
    Notification(Vec<u8>),
    /// A damaged packet.
    Damaged(Corruption),
    /// A file-I/O request; it was refused.
    FileIo(Vec<u8>),
    /// Bytes between packets.
    Garbage(Vec<u8>),
    /// `+`; only with [`Engine::set_trace`].
    Ack,
    /// `-`; only with [`Engine::set_trace`].
    Nack,
    /// Any packet; only with [`Engine::set_trace`].
    Received(Vec<u8>),
}

#[derive(Debug)]
struct Outstanding {
    ticket: Ticket,
    frame: Vec<u8>,
    shape: Shape,
    acked: bool,
    /// How often the peer asked for the request again.
    sent_again: u8,
    /// How often kdive asked for the reply again.
    asked_again: u8,
}

#[derive(Debug)]
struct Run {
    frame: Vec<u8>,
    acked: bool,
    sent_again: u8,
    asked_again: u8,
    interrupts: u32,
}

/// The state machine. See the module text.
#[derive(Debug)]
pub struct Engine {
    decoder: Decoder,
    out: Vec<u8>,
    happenings: VecDeque<Happening>,
    outstanding: VecDeque<Outstanding>,
    run: Option<Run>,
    next_ticket: u64,
    acks: bool,
    nack_allowed: bool,
    trace: bool,
    packets_received: u64,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// A machine with acks on and nothing outstanding.
    #[must_use]
    pub fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            out: Vec::new(),
            happenings: VecDeque::new(),
            outstanding: VecDeque::new(),
            run: None,
            next_ticket: 0,
            acks: true,
            nack_allowed: false,
            trace: false,
            packets_received: 0,
        }
    }

    /// Switches acks; off after the stub agreed to `QStartNoAckMode`.
    pub fn set_acks(&mut self, on: bool) {
        self.acks = on;
    }

    /// Whether acks are in use.
    #[must_use]
    pub fn acks(&self) -> bool {
        self.acks
    }

    /// Whether `-` may be sent. Stubs built on the gdbstub crate end the session when they get one.
    pub fn allow_nack(&mut self, allowed: bool) {
        self.nack_allowed = allowed;
    }

    /// Whether acks and packets are reported as [`Oddity`] too, for packet logs.
    pub fn set_trace(&mut self, on: bool) {
        self.trace = on;
    }

    /// Good packets received so far.
    #[must_use]
    pub fn packets_received(&self) -> u64 {
        self.packets_received
    }

    /// Whether the target runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// Whether the stub has acknowledged the resume packet (always true without acks).
    #[must_use]
    pub fn resume_acked(&self) -> bool {
        self.run.as_ref().is_none_or(|run| run.acked || !self.acks)
    }

    /// How often 0x03 was sent in this run.
    #[must_use]
    pub fn interrupts(&self) -> u32 {
        self.run.as_ref().map_or(0, |run| run.interrupts)
    }

    /// Requests without reply so far.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.outstanding.len()
    }

    /// Whether the oldest request has been acknowledged; true without acks.
    #[must_use]
    pub fn oldest_acked(&self) -> bool {
        !self.acks || self.outstanding.front().is_none_or(|oldest| oldest.acked)
    }

    /// Whether half a packet has come in.
    #[must_use]
    pub fn is_mid_packet(&self) -> bool {
        self.decoder.is_mid_packet()
    }

    /// Bytes to send now.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The next thing that happened.
    pub fn next_happening(&mut self) -> Option<Happening> {
        self.happenings.pop_front()
    }

    /// Sends `+` outside any exchange: the greeting, which makes a stub forget a packet it is still waiting to see acknowledged.
    pub fn greet(&mut self) {
        self.out.push(b'+');
    }

    /// Submits a request. `None` while the target runs: a byte sent now would pause QEMU without a stop reply.
    pub fn submit(&mut self, payload: &[u8], shape: Shape) -> Option<Ticket> {
        if self.run.is_some() {
            return None;
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let frame = frame::encode(payload);
        self.out.extend_from_slice(&frame);
        self.outstanding.push_back(Outstanding {
            ticket,
            frame,
            shape,
            acked: false,
            sent_again: 0,
            asked_again: 0,
        });
        Some(ticket)
    }

    /// Sends a packet that gets no reply (`k`).
    pub fn submit_without_reply(&mut self, payload: &[u8]) {
        frame::encode_into(&mut self.out, payload);
    }

    /// Resumes with a `vCont`, `c` or `s` packet. False, and nothing sent, while the target runs or a reply is outstanding.
    pub fn resume(&mut self, payload: &[u8]) -> bool {
        if self.run.is_some() || !self.outstanding.is_empty() {
            return false;
        }
        let frame = frame::encode(payload);
        self.out.extend_from_slice(&frame);
        self.run = Some(Run { frame, acked: false, sent_again: 0, asked_again: 0, interrupts: 0 });
        true
    }

    /// Sends `bytes`, which stop the target (one 0x03 usually). False, and nothing sent, while it is stopped: QEMU would take them for
    /// garbage and never answer.
    pub fn interrupt(&mut self, bytes: &[u8]) -> bool {
        match &mut self.run {
            Some(run) => {
                run.interrupts += 1;
                self.out.extend_from_slice(bytes);
                true
            }
            None => false,
        }
    }

    /// Gives up on the run: the target is taken for stopped from now on, and what it still sends is stray.
    pub fn abandon_run(&mut self) {
        self.run = None;
    }

    /// Gives up on all outstanding requests and on a half-received packet; their replies are stray from now on.
    pub fn abandon_requests(&mut self) {
        self.outstanding.clear();
        self.decoder.reset();
    }

    /// Asks for a packet again that stopped coming in the middle. False when this peer must not be asked.
    pub fn ask_again(&mut self) -> bool {
        let allowed = self.acks && self.nack_allowed && self.decoder.is_mid_packet();
        self.decoder.reset();
        if allowed {
            self.out.push(b'-');
        }
        allowed
    }

    /// Takes received bytes in.
    ///
    /// # Errors
    /// [`Endless`] when the peer sends a packet without end.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Endless> {
        let mut frames = VecDeque::new();
        let result = self.decoder.push(bytes, |frame| frames.push_back(frame));
        for frame in frames {
            self.frame(frame);
        }
        let garbage = self.decoder.take_garbage();
        if !garbage.is_empty() {
            self.odd(Oddity::Garbage(garbage));
        }
        result
    }

    fn odd(&mut self, oddity: Oddity) {
        self.happenings.push_back(Happening::Oddity(oddity));
    }

    fn frame(&mut self, frame: Frame) {
        match frame {
            Frame::Ack => {
                if self.trace {
                    self.odd(Oddity::Ack);
                }
                self.ack();
            }
            Frame::Nack => {
                if self.trace {
                    self.odd(Oddity::Nack);
                }
                self.nack();
            }
            Frame::Packet(payload) => {
                self.packets_received += 1;
                if self.trace {
                    self.odd(Oddity::Received(payload.clone()));
                }
                if self.acks {
                    self.out.push(b'+');
                }
                self.packet(payload);
            }
            // Notifications are never acknowledged.
            Frame::Notification(payload) => self.odd(Oddity::Notification(payload)),
            Frame::Corrupt(corruption) => self.corrupt(corruption),
        }
    }

    fn ack(&mut self) {
        if let Some(run) = &mut self.run {
            run.acked = true;
        } else if let Some(first) = self.outstanding.iter_mut().find(|request| !request.acked) {
            first.acked = true;
        }
        // A surplus ack means nothing, running or not.
    }

    fn nack(&mut self) {
        if !self.acks {
            return;
        }
        if let Some(run) = &mut self.run {
            if run.acked {
                return;
            }
            if run.sent_again < MAX_REPEATS {
                run.sent_again += 1;
                self.out.extend_from_slice(&run.frame);
            } else {
                self.run = None;
                self.happenings.push_back(Happening::NotResumed(Vec::new()));
            }
            return;
        }
        let Some(index) = self.outstanding.iter().position(|request| !request.acked) else { return };
        // With several in flight the peer has gone on to the next one; sending this one again would change their order.
        let alone = self.outstanding.len() == 1;
        let Some(request) = self.outstanding.get_mut(index) else { return };
        if alone && request.sent_again < MAX_REPEATS {
            request.sent_again += 1;
            self.out.extend_from_slice(&request.frame);
        } else {
            self.happenings.push_back(Happening::Failed(request.ticket, Failure::Refused));
            self.outstanding.remove(index);
        }
    }

    fn packet(&mut self, payload: Vec<u8>) {
        if payload.first() == Some(&b'F') && self.refuses_file_io(&payload) {
            return;
        }
        if self.run.is_some() {
            self.packet_while_running(payload);
            return;
        }
        let Some(oldest) = self.outstanding.front() else {
            // A retransmission of something already taken, or a stop that was never asked for (QEMU up to 8.0 on connecting).
            self.odd(Oddity::Stray(payload));
            return;
        };
        // `O` never ends a request; only a user's own packet may have any reply.
        if oldest.shape != Shape::Any
            && let Some(text) = monitor::output(&payload)
        {
            self.happenings.push_back(Happening::Output(text));
            return;
        }
        match oldest.shape.judge(&payload) {
            Fit::StrayStop => self.odd(Oddity::Stray(payload)),
            Fit::Reply => {
                let ticket = oldest.ticket;
                self.outstanding.pop_front();
                self.happenings.push_back(Happening::Reply(ticket, payload));
            }
            Fit::Misfit => {
                let ticket = oldest.ticket;
                self.outstanding.pop_front();
                self.happenings.push_back(Happening::Failed(ticket, Failure::Misfit(payload)));
            }
        }
    }

    fn packet_while_running(&mut self, payload: Vec<u8>) {
        if let Some(text) = monitor::output(&payload) {
            self.happenings.push_back(Happening::Output(text));
            return;
        }
        match payload.first() {
            Some(b'S' | b'T' | b'W' | b'X' | b'N') => {
                self.run = None;
                self.happenings.push_back(Happening::Stopped(payload));
            }
            None | Some(b'E') => {
                self.run = None;
                self.happenings.push_back(Happening::NotResumed(payload));
            }
            Some(_) => self.odd(Oddity::Stray(payload)),
        }
    }

    /// Answers `Fcall,args` with EINVAL: the target waits for it and then goes on by itself.
    fn refuses_file_io(&mut self, payload: &[u8]) -> bool {
        let is_call = payload.get(1).is_some_and(u8::is_ascii_lowercase) && payload.contains(&b',');
        let expected = self.run.is_none()
            && self.outstanding.front().is_some_and(|oldest| oldest.shape.judge(payload) == Fit::Reply);
        if !is_call || expected {
            return false;
        }
        frame::encode_into(&mut self.out, process::FILE_IO_REFUSED);
        self.odd(Oddity::FileIo(payload.to_vec()));
        true
    }

    fn corrupt(&mut self, corruption: Corruption) {
        self.odd(Oddity::Damaged(corruption));
        // `-` brings back the last packet the peer sent, which is the damaged one only when no other reply was under way.
        let may_ask = self.acks && self.nack_allowed && self.outstanding.len() <= 1;
        let asked_again = match (&mut self.run, self.outstanding.front_mut()) {
            (Some(run), _) => &mut run.asked_again,
            (None, Some(oldest)) => &mut oldest.asked_again,
            (None, None) => {
                if self.acks {
                    self.out.push(b'+');
                }
                return;
            }
        };
        if may_ask && *asked_again < MAX_REPEATS {
            *asked_again += 1;
            self.out.push(b'-');
            return;
        }
        if self.acks {
            self.out.push(b'+');
        }
        if self.run.is_some() {
            self.happenings.push_back(Happening::StopLost);
        } else if let Some(oldest) = self.outstanding.pop_front() {
            self.happenings.push_back(Happening::Failed(oldest.ticket, Failure::Damaged(corruption)));
        }
    }
}

#[cfg(test)]
mod tests;
