//! A scripted stub: a list of what it expects and what it then does, good or bad, in virtual time.
//!
//! It stands behind [`kdive_rsp::transport::Transport`] in the test's own thread; its clock only moves when the client waits, so a test of a ten-second timeout
//! takes no time and never depends on the machine. It keeps what QEMU keeps (the last packet until it is acknowledged, whether the machine runs) and
//! records what no client may do: a byte other than 0x03 while the machine runs, a resume with an ack outstanding.

use kdive_rsp::frame;
use kdive_rsp::transport::{Hangup, Received, Transport};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// One thing a stub does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// `+` and the packet.
    Reply(Vec<u8>),
    /// The packet without `+`: the ack got lost, or it is one more packet.
    Packet(Vec<u8>),
    /// These bytes.
    Raw(Vec<u8>),
    /// `+` and the packet with a wrong checksum; a `-` brings the right one.
    Damaged(Vec<u8>),
    /// `+` and the packet with a wrong checksum, also after each `-`.
    DamagedForEver(Vec<u8>),
    /// These bytes, and other ones after each `-`.
    Broken {
        /// Sent first.
        sent: Vec<u8>,
        /// Sent again.
        again: Vec<u8>,
    },
    /// `+`, and the machine runs.
    Run,
    /// A stop reply: the machine is stopped from the moment it is sent.
    Stop(Vec<u8>),
    /// The machine is stopped, and the stub does not say so.
    StopSilently,
    /// What follows happens this much later.
    Wait(Duration),
    /// The connection ends.
    Hangup(Hangup),
    /// No more acks, from both sides.
    NoAcks,
}

/// `+` and a packet.
#[must_use]
pub fn reply(text: &str) -> Action {
    Action::Reply(text.as_bytes().to_vec())
}

/// A packet without `+`.
#[must_use]
pub fn packet(text: &str) -> Action {
    Action::Packet(text.as_bytes().to_vec())
}

/// Bytes as they are.
#[must_use]
pub fn raw(bytes: &[u8]) -> Action {
    Action::Raw(bytes.to_vec())
}

/// A stop reply.
#[must_use]
pub fn stop(text: &str) -> Action {
    Action::Stop(text.as_bytes().to_vec())
}

/// Milliseconds of silence.
#[must_use]
pub fn wait_ms(ms: u64) -> Action {
    Action::Wait(Duration::from_millis(ms))
}

/// What a stub heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// `+`
    Ack,
    /// `-`
    Nack,
    /// 0x03
    Interrupt,
    /// A break condition.
    Break,
    /// `g` after a break condition.
    SysRq,
    /// A packet with a good checksum.
    Packet(String),
    /// Anything else.
    Junk(u8),
}

/// What a step waits for. Patterns end in `*` when only the beginning counts; `\x03` is the interrupt, `BREAK` a
/// break condition, `BREAK-g` the magic SysRq key after it, `-` a nack.
#[derive(Debug)]
struct Step {
    pattern: String,
    actions: Vec<Action>,
}

/// The stub's side of the script. Clones are the same stub: one goes to the client as its transport, one stays with the test.
#[derive(Clone, Debug)]
pub struct Stub(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    start: Instant,
    clock: Duration,
    steps: VecDeque<Step>,
    /// Answered whenever they come and no step is about them.
    always: Vec<Step>,
    /// What will reach the client, and when.
    outgoing: VecDeque<(Duration, Outgoing)>,
    incoming: Vec<u8>,
    heard: Vec<Heard>,
    violations: Vec<String>,
    unexpected: Vec<String>,
    acks: bool,
    /// The last packet sent, until it is acknowledged.
    last: Option<Vec<u8>>,
    running: bool,
    /// Bytes that come while the machine runs wait until it stops.
    holds: bool,
    unsent: Vec<u8>,
    ended: Option<Hangup>,
}

#[derive(Debug)]
enum Outgoing {
    Bytes(Vec<u8>),
    /// Bytes that become the last packet when sent.
    Framed {
        sent: Vec<u8>,
        again: Vec<u8>,
    },
    Stopped,
    Hangup(Hangup),
}

impl Default for Stub {
    fn default() -> Self {
        Self::new()
    }
}

impl Stub {
    /// A stub that expects nothing.
    #[must_use]
    pub fn new() -> Self {
        Self(Rc::new(RefCell::new(State {
            start: Instant::now(),
            clock: Duration::ZERO,
            steps: VecDeque::new(),
            always: Vec::new(),
            outgoing: VecDeque::new(),
            incoming: Vec::new(),
            heard: Vec::new(),
            violations: Vec::new(),
            unexpected: Vec::new(),
            acks: true,
            last: None,
            running: false,
            holds: false,
            unsent: Vec::new(),
            ended: None,
        })))
    }

    /// A stub that gets through the greeting as QEMU 7.2 does, with one CPU and no target description.
    #[must_use]
    pub fn qemu() -> Self {
        Self::new()
            .then(
                "qSupported:*",
                [reply("PacketSize=1000;qXfer:features:read+;vContSupported+;multiprocess+")],
            )
            .then("qqemu.Supported", [reply("sstepbits;sstep;PhyMemMode")])
            .then("qC", [reply("QCp01.01")])
            .then("vCont?", [reply("vCont;c;C;s;S")])
            .then("Qqemu.PhyMemMode:0", [reply("OK")])
    }

    /// A stub that gets through the greeting as the kernel's kgdb does.
    #[must_use]
    pub fn kgdb() -> Self {
        Self::new()
            .then("qSupported:*", [reply("")])
            .then("qC", [reply("QC0000000000000022")])
            .then("vCont?", [reply("")])
    }

    /// A stub of an unknown kind, without `-` or pipelining.
    #[must_use]
    pub fn plain() -> Self {
        Self::new()
            .then("qSupported:*", [reply("PacketSize=1000;vContSupported+;multiprocess+")])
            .then("qC", [reply("QC1")])
            .then("vCont?", [reply("vCont;c;C;s;S")])
    }

    /// A stub that reads nothing while the machine runs, as kgdb, whose line keeps the bytes until it does.
    #[must_use]
    pub fn holding_bytes_while_running(self) -> Self {
        self.0.borrow_mut().holds = true;
        self
    }

    /// Appends a step: when `pattern` is heard, the actions follow.
    #[must_use]
    pub fn then(self, pattern: &str, actions: impl IntoIterator<Item = Action>) -> Self {
        let step = Step { pattern: pattern.to_owned(), actions: actions.into_iter().collect() };
        self.0.borrow_mut().steps.push_back(step);
        self
    }

    /// Adds a rule for packets that may come at any time and any number of times.
    #[must_use]
    pub fn always(self, pattern: &str, actions: impl IntoIterator<Item = Action>) -> Self {
        let step = Step { pattern: pattern.to_owned(), actions: actions.into_iter().collect() };
        self.0.borrow_mut().always.push(step);
        self
    }

    /// What happens without being asked for, now.
    pub fn act(&self, actions: impl IntoIterator<Item = Action>) {
        let mut state = self.0.borrow_mut();
        let actions: Vec<_> = actions.into_iter().collect();
        state.act(&actions);
    }

    /// As a transport for the client.
    #[must_use]
    pub fn transport(&self) -> Box<dyn Transport> {
        Box::new(self.clone())
    }

    /// Everything heard so far.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.0.borrow().heard.clone()
    }

    /// The packets heard so far.
    #[must_use]
    pub fn packets(&self) -> Vec<String> {
        let heard = self.heard();
        heard
            .into_iter()
            .filter_map(|heard| if let Heard::Packet(text) = heard { Some(text) } else { None })
            .collect()
    }

    /// Forgets what was heard so far.
    pub fn forget(&self) {
        self.0.borrow_mut().heard.clear();
    }

    /// Virtual time since the beginning.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.borrow().clock
    }

    /// Whether the machine runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.0.borrow().running
    }

    /// Asserts that the script was played to its end, nothing unexpected was asked, and no rule was broken.
    ///
    /// # Panics
    /// When that is not so.
    pub fn assert_done(&self) {
        let state = self.0.borrow();
        assert!(state.violations.is_empty(), "rules broken: {:?}", state.violations);
        assert!(
            state.unexpected.is_empty(),
            "unexpected: {:?}, while waiting for {:?}",
            state.unexpected,
            state.steps.front()
        );
        assert!(state.steps.is_empty(), "not heard: {:?}", state.steps);
    }

    /// What the client did that no client may do.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.0.borrow().violations.clone()
    }
}

impl Step {
    fn matches(&self, text: &str) -> bool {
        match self.pattern.strip_suffix('*') {
            Some(prefix) => text.starts_with(prefix),
            None => self.pattern == text,
        }
    }
}

impl State {
    fn hear(&mut self, bytes: &[u8]) {
        if self.holds && self.running {
            self.unsent.extend_from_slice(bytes);
            return;
        }
        self.incoming.extend_from_slice(bytes);
        while let Some(&first) = self.incoming.first() {
            if first != b'$' {
                self.incoming.remove(0);
                self.hear_byte(first);
                continue;
            }
            let Some(hash) = self.incoming.iter().position(|&b| b == b'#') else { return };
            if self.incoming.len() < hash + 3 {
                return;
            }
            let whole: Vec<u8> = self.incoming.drain(..hash + 3).collect();
            let mut payload = None;
            let _ = frame::Decoder::new().push(&whole, |frame| {
                if let frame::Frame::Packet(bytes) = frame {
                    payload = Some(bytes);
                }
            });
            match payload {
                Some(payload) => self.hear_packet(&String::from_utf8_lossy(&payload)),
                None => self.violations.push(format!("bad packet {:?}", String::from_utf8_lossy(&whole))),
            }
        }
    }

    fn hear_byte(&mut self, byte: u8) {
        let heard = match byte {
            b'+' => Heard::Ack,
            b'-' => Heard::Nack,
            frame::INTERRUPT => Heard::Interrupt,
            b'g' if self.heard.last() == Some(&Heard::Break) => Heard::SysRq,
            other => Heard::Junk(other),
        };
        self.heard.push(heard.clone());
        // QEMU: while the last packet is not acknowledged, everything but '+', '-' and '$' is swallowed.
        match (heard, self.last.is_some()) {
            (Heard::Ack, true) => self.last = None,
            (Heard::Nack, true) => {
                if !self.step("-")
                    && let Some(again) = self.last.clone()
                {
                    self.schedule(Outgoing::Framed { sent: again.clone(), again });
                }
            }
            (Heard::Interrupt, true) => {
                self.violations.push("0x03 with an ack outstanding is swallowed".into())
            }
            (Heard::Interrupt | Heard::SysRq, false) if self.running => {
                let _ = self.step(if byte == b'g' { "BREAK-g" } else { "\x03" });
            }
            (_, false) if self.running => {
                self.violations.push(format!("byte {byte:#x} while running"));
                self.running = false;
            }
            _ => {}
        }
    }

    fn hear_packet(&mut self, text: &str) {
        self.heard.push(Heard::Packet(text.to_owned()));
        if self.running {
            self.violations.push(format!("packet {text} while running"));
            self.running = false;
            return;
        }
        if self.last.take().is_some()
            && self.acks
            && (text.starts_with("vCont;") || text == "c" || text == "s")
        {
            self.violations.push(format!("{text} with an ack outstanding"));
        }
        if !self.step(text) {
            self.unexpected.push(text.to_owned());
        }
    }

    /// Plays the next step if it is about this, or a rule that always holds.
    fn step(&mut self, text: &str) -> bool {
        let actions = if self.steps.front().is_some_and(|step| step.matches(text)) {
            self.steps.pop_front().map(|step| step.actions)
        } else {
            self.always.iter().find(|step| step.matches(text)).map(|step| step.actions.clone())
        };
        let Some(actions) = actions else { return false };
        self.act(&actions);
        true
    }

    fn act(&mut self, actions: &[Action]) {
        let mut later = Duration::ZERO;
        for action in actions {
            let framed = |payload: &[u8], damaged: bool| {
                let mut frame = frame::encode(payload);
                if damaged && let Some(last) = frame.last_mut() {
                    *last = if *last == b'0' { b'1' } else { b'0' };
                }
                frame
            };
            let ack: &[u8] = if self.acks { b"+" } else { b"" };
            let acked = |frame: Vec<u8>| [ack, frame.as_slice()].concat();
            let outgoing = match action {
                Action::Wait(time) => {
                    later += *time;
                    continue;
                }
                Action::NoAcks => {
                    self.acks = false;
                    continue;
                }
                Action::Run => {
                    self.running = true;
                    Outgoing::Bytes(ack.to_vec())
                }
                Action::StopSilently => Outgoing::Stopped,
                Action::Reply(payload) => {
                    let frame = framed(payload, false);
                    Outgoing::Framed { sent: acked(frame.clone()), again: frame }
                }
                Action::Packet(payload) => {
                    let frame = framed(payload, false);
                    Outgoing::Framed { sent: frame.clone(), again: frame }
                }
                Action::Damaged(payload) => {
                    Outgoing::Framed { sent: acked(framed(payload, true)), again: framed(payload, false) }
                }
                Action::DamagedForEver(payload) => {
                    Outgoing::Framed { sent: acked(framed(payload, true)), again: framed(payload, true) }
                }
                Action::Broken { sent, again } => {
                    Outgoing::Framed { sent: sent.clone(), again: again.clone() }
                }
                Action::Stop(payload) => {
                    self.schedule_at(later, Outgoing::Stopped);
                    let frame = framed(payload, false);
                    Outgoing::Framed { sent: frame.clone(), again: frame }
                }
                Action::Raw(bytes) => Outgoing::Bytes(bytes.clone()),
                Action::Hangup(hangup) => Outgoing::Hangup(hangup.clone()),
            };
            self.schedule_at(later, outgoing);
        }
    }

    fn schedule(&mut self, outgoing: Outgoing) {
        self.schedule_at(Duration::ZERO, outgoing);
    }

    fn schedule_at(&mut self, later: Duration, outgoing: Outgoing) {
        let due = self.clock + later;
        let index = self.outgoing.partition_point(|(other, _)| *other <= due);
        self.outgoing.insert(index, (due, outgoing));
    }
}

impl Transport for Stub {
    fn send(&mut self, bytes: &[u8]) -> Result<(), Hangup> {
        let mut state = self.0.borrow_mut();
        if let Some(hangup) = &state.ended {
            return Err(hangup.clone());
        }
        state.hear(bytes);
        Ok(())
    }

    fn send_break(&mut self) -> Result<(), Hangup> {
        let mut state = self.0.borrow_mut();
        if let Some(hangup) = &state.ended {
            return Err(hangup.clone());
        }
        state.heard.push(Heard::Break);
        if state.running {
            let _ = state.step("BREAK");
        }
        Ok(())
    }

    fn receive(&mut self, timeout: Duration) -> Received {
        let mut state = self.0.borrow_mut();
        let limit = state.clock + timeout;
        loop {
            if let Some(hangup) = &state.ended {
                return Received::Hangup(hangup.clone());
            }
            let due = state.outgoing.front().map(|(due, _)| *due);
            let Some(due) = due.filter(|due| *due <= limit) else {
                state.clock = limit;
                return Received::Nothing;
            };
            state.clock = state.clock.max(due);
            match state.outgoing.pop_front() {
                Some((_, Outgoing::Bytes(bytes))) if bytes.is_empty() => {}
                Some((_, Outgoing::Bytes(bytes))) => return Received::Bytes(bytes),
                Some((_, Outgoing::Framed { sent, again })) => {
                    state.last = state.acks.then_some(again);
                    return Received::Bytes(sent);
                }
                Some((_, Outgoing::Stopped)) => {
                    state.running = false;
                    let unsent = std::mem::take(&mut state.unsent);
                    state.hear(&unsent);
                }
                Some((_, Outgoing::Hangup(hangup))) => state.ended = Some(hangup),
                None => {}
            }
        }
    }

    fn now(&self) -> Instant {
        let state = self.0.borrow();
        state.start + state.clock
    }
}
