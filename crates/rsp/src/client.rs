//! A connection to a stub: drives the [`Engine`] over a [`Transport`] with deadlines, and puts both sides back in step when they are not.
//!
//! Every call returns: a request waits for *progress* (any byte) for three times [`Config::remote_timeout`], then the two sides are brought
//! back in step ([`Client::resync`]) and a request that may be repeated is repeated once. While the target runs, [`Client::wait`] returns after the
//! time it was given.

use crate::engine::{Engine, Failure, Happening, Oddity, Ticket};
use crate::log::Log;
pub use crate::packet::Reply;
use crate::packet::Shape;
use crate::packet::process;
use crate::packet::resume::Actions;
use crate::packet::stop_reply::{StopReply, Stopped};
use crate::packet::supported::Features;
use crate::packets::Packet;
use crate::profile::Profile;
use crate::transport::{Hangup, Received, Transport};
use crate::{Error, ThreadId};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

mod config;
mod handshake;
mod memory;
mod operations;
mod run;

pub use config::{Config, InterruptSequence, Note, PacketSize, Patience, Request, Statistics, Traffic};
pub use memory::{ChunkError, MemoryChunk};
pub use run::RunEvent;

/// How long a wait goes on without looking at the interrupt flag.
const SLICE: Duration = Duration::from_millis(20);
/// Silence that counts as "nothing more is coming" in a resynchronisation.
const QUIET: Duration = Duration::from_millis(200);
/// How long one probe of a resynchronisation is waited for.
///
/// The first is short: the byte that reaches a running QEMU first pauses it and is lost with the rest of its packet.
const PROBE_PATIENCE: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2)];
/// Requests that may be under way at once, and bytes of replies they may ask for.
const WINDOW_REQUESTS: usize = 32;
const WINDOW_BYTES: usize = 128 << 10;

/// A connection to a stub.
pub struct Client {
    transport: Box<dyn Transport>,
    engine: Engine,
    config: Config,
    log: Log,
    statistics: Statistics,
    notes: VecDeque<Note>,
    events: VecDeque<RunEvent>,
    features: Features,
    profile: Profile,
    vcont: Option<Actions>,
    probe: Probe,
    /// How often the question of a resynchronisation was sent since the two sides were last in step for sure.
    probes: u32,
    /// The thread `Hg` stands at, as far as known.
    general: Option<ThreadId>,
    unsupported: operations::Unsupported,
    /// The two sides may be out of step.
    dubious: bool,
    /// A monitor command may have let the machine run.
    unverified: bool,
    /// The physical-memory mode may have been left on.
    physical_mode_dubious: bool,
    /// No thread ids in requests.
    threadless: bool,
    run: run::RunState,
    closed_by: Option<Error>,
}

/// The harmless question of a resynchronisation, and how its answer begins. Never `?`, which deletes breakpoints in QEMU.
#[derive(Clone, Debug)]
struct Probe {
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// What was among the packets that were dropped.
#[derive(Clone, Copy, Default, Debug)]
struct Dropped {
    /// The answer to the harmless question.
    probe: bool,
    /// An empty packet: the answer to a question no stub knows.
    empty: bool,
}

/// What a wait for bytes came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pumped {
    Bytes,
    Nothing,
}

impl Client {
    /// What the stub said it can do.
    #[must_use]
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// What kind of stub it is.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Traffic so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Settings, to be changed at any time.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Whether the stub knows a packet; `None` while it was not tried.
    #[must_use]
    pub fn knows(&self, packet: Packet) -> Option<bool> {
        self.config.packets.found(packet)
    }

    /// Whether the user forbids a packet.
    fn refuses(&self, packet: Packet) -> bool {
        self.config.packets.refuses(packet)
    }

    /// Takes note of whether a reply is that of a stub that knows the packet.
    fn note(&mut self, packet: Packet, reply: &Reply) {
        self.config.packets.note(packet, *reply != Reply::Empty);
    }

    /// Packet logs.
    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    /// The next thing worth telling the user.
    pub fn next_note(&mut self) -> Option<Note> {
        self.notes.pop_front()
    }

    /// Why the connection is over, once it is.
    #[must_use]
    pub fn closed_by(&self) -> Option<&Error> {
        self.closed_by.as_ref()
    }

    /// Whether the target runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.engine.is_running()
    }

    /// How long to wait for progress.
    fn patience(&self) -> Duration {
        self.config.remote_timeout.saturating_mul(3).max(Duration::from_millis(100))
    }

    /// Sends one request and waits for its reply.
    ///
    /// # Errors
    /// [`Error`]; a refusal by the stub is no error here but [`Reply::Error`].
    pub fn request(&mut self, request: Request) -> Result<Reply, Error> {
        let mut replies = self.exchange(&[request], &mut |_| {})?;
        replies.pop().ok_or(Error::State("no request"))
    }

    /// As [`Client::request`], with the text the stub sends meanwhile (`O` packets) going to `output`.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn request_with_output(
        &mut self,
        request: Request,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<Reply, Error> {
        let mut replies = self.exchange(&[request], output)?;
        replies.pop().ok_or(Error::State("no request"))
    }

    /// Sends requests, several at once where the stub can take that, and waits for all replies, in order.
    ///
    /// They belong together: when one has to be repeated, all are, from the first on.
    ///
    /// # Errors
    /// [`Error`] of the first request that did not get through.
    pub fn exchange(
        &mut self,
        requests: &[Request],
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<Vec<Reply>, Error> {
        self.exchange_each(requests, output, &mut |_, reply| reply)
    }

    /// As [`Client::exchange`], with each reply given to `arrived` as soon as it is there, while others are under way; what that
    /// returns takes its place. When requests are repeated it sees their replies again.
    pub(crate) fn exchange_each(
        &mut self,
        requests: &[Request],
        output: &mut dyn FnMut(&[u8]),
        arrived: &mut dyn FnMut(usize, Reply) -> Reply,
    ) -> Result<Vec<Reply>, Error> {
        self.check_open()?;
        if self.engine.is_running() {
            return Err(Error::State("Cannot execute this command while the target is running."));
        }
        self.settle()?;
        self.drain()?;
        let mut resynchronized = false;
        for attempt in 0.. {
            let (trouble, index) = match self.attempt_each(requests, resynchronized, output, arrived) {
                Ok(replies) => {
                    if resynchronized {
                        let name = requests.first().map(Request::name).unwrap_or_default();
                        self.notes.push_back(Note::Resynchronized(name));
                    }
                    self.probes = 0;
                    return Ok(replies);
                }
                Err((Error::Interrupted, _)) => {
                    self.dubious = true;
                    return Err(Error::Interrupted);
                }
                Err((error, index)) if error.is_fatal() || self.closed_by.is_some() => {
                    let _ = index;
                    return Err(error);
                }
                Err(trouble) => trouble,
            };
            // A damaged or refused packet says that the other side is there and waits; anything else needs a probe first.
            if self.engine.in_flight() > 0 || !matches!(trouble, Error::Damaged(_)) {
                self.dubious = true;
                if let Err(error) = self.regain() {
                    // A stub that is silent altogether: the request is what the user knows about.
                    return Err(if error == Error::Interrupted { error } else { trouble });
                }
                resynchronized = true;
            }
            let repeatable = requests.iter().take(index + 1).all(|request| request.repeatable);
            if attempt > 0 || !repeatable {
                return Err(trouble);
            }
        }
        Err(Error::State("no request"))
    }

    /// One go at a batch. The error comes with the index of the request it struck.
    fn attempt(
        &mut self,
        requests: &[Request],
        carefully: bool,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<Vec<Reply>, (Error, usize)> {
        self.attempt_each(requests, carefully, output, &mut |_, reply| reply)
    }

    fn attempt_each(
        &mut self,
        requests: &[Request],
        carefully: bool,
        output: &mut dyn FnMut(&[u8]),
        arrived: &mut dyn FnMut(usize, Reply) -> Reply,
    ) -> Result<Vec<Reply>, (Error, usize)> {
        let pipelined = !carefully && self.profile.allows_pipelining(self.engine.acks());
        let mut replies = Vec::with_capacity(requests.len());
        let mut under_way: VecDeque<Ticket> = VecDeque::new();
        let mut sent = 0;
        let mut expected = 0usize;
        let mut deadline = self.transport.now() + self.patience();
        let cap = self.transport.now() + self.patience().saturating_mul(20);
        loop {
            while let Some(request) = requests.get(sent) {
                let room = under_way.is_empty()
                    || pipelined
                        && under_way.len() < WINDOW_REQUESTS
                        && expected + request.expected <= WINDOW_BYTES;
                if !room {
                    break;
                }
                let ticket = self.submit(request).ok_or((Error::State("the target is running"), sent))?;
                under_way.push_back(ticket);
                expected += request.expected;
                sent += 1;
            }
            let current = replies.len();
            let Some(request) = requests.get(current) else { return Ok(replies) };
            self.flush().map_err(|error| (error, current))?;
            let limit = match request.patience {
                Patience::Normal => deadline.min(cap),
                Patience::Unlimited => self.transport.now() + Duration::from_secs(3600),
            };
            match self.pump(limit, true).map_err(|error| (error, current))? {
                Pumped::Bytes => deadline = self.transport.now() + self.patience(),
                Pumped::Nothing => {
                    // Half a packet came and no more: have it sent again, once for each wait.
                    if self.engine.ask_again() {
                        deadline = self.transport.now() + self.patience();
                        continue;
                    }
                    return Err((Error::Timeout(request.name()), current));
                }
            }
            while let Some(happening) = self.engine.next_happening() {
                match happening {
                    Happening::Reply(ticket, payload) if under_way.front() == Some(&ticket) => {
                        under_way.pop_front();
                        expected -= requests.get(replies.len()).map_or(0, |request| request.expected);
                        let reply = arrived(replies.len(), Reply::sort(payload));
                        replies.push(reply);
                    }
                    Happening::Failed(ticket, failure) if under_way.front() == Some(&ticket) => {
                        let index = replies.len();
                        let name = requests.get(index).map(Request::name).unwrap_or_default();
                        let error = match failure {
                            Failure::Misfit(payload) => {
                                let reply = String::from_utf8_lossy(payload.get(..64).unwrap_or(&payload))
                                    .into_owned();
                                Error::Unexpected { request: name, reply }
                            }
                            Failure::Refused | Failure::Damaged(_) => Error::Damaged(name),
                        };
                        return Err((error, index));
                    }
                    Happening::Output(text) => output(&text),
                    other => self.aside(other),
                }
            }
        }
    }

    /// Fails once the connection is over.
    fn check_open(&self) -> Result<(), Error> {
        self.closed_by.as_ref().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Hands a request to the engine, with the books kept.
    fn submit(&mut self, request: &Request) -> Option<Ticket> {
        let ticket = self.engine.submit(&request.payload, request.shape)?;
        self.count_packet(&request.payload);
        if request.payload == self.probe.request {
            self.probes += 1;
        }
        Some(ticket)
    }

    fn count_packet(&mut self, payload: &[u8]) {
        self.statistics.total.packets_sent += 1;
        self.statistics.since_resume.packets_sent += 1;
        if self.log.is_on() {
            self.log.sending(&crate::frame::encode(payload));
        }
    }

    /// Sends what the engine has to send.
    fn flush(&mut self) -> Result<(), Error> {
        let bytes = self.engine.take_output();
        if bytes.is_empty() {
            return Ok(());
        }
        let count = bytes.len() as u64;
        self.statistics.total.bytes_sent += count;
        self.statistics.since_resume.bytes_sent += count;
        self.log.wrote(&bytes);
        let Err(hangup) = self.transport.send(&bytes) else { return Ok(()) };
        // What the stub said last may still be there to read, the exit of the guest among it.
        let mut error = Error::from(hangup);
        for _ in 0..64 {
            match self.transport.receive(Duration::ZERO) {
                Received::Bytes(bytes) => {
                    let _ = self.take_in(&bytes);
                }
                Received::Diagnostics(text) => self.notes.push_back(Note::Diagnostics(text)),
                Received::Nothing => break,
                Received::Hangup(Hangup::Closed) => {
                    error = Error::Closed;
                    break;
                }
                Received::Hangup(Hangup::Broken(_)) => break,
            }
        }
        Err(self.lost(error))
    }

    /// Waits for bytes until `limit` and takes them in. With `interruptible`, Ctrl-C ends the wait.
    fn pump(&mut self, limit: Instant, interruptible: bool) -> Result<Pumped, Error> {
        loop {
            let left = limit.saturating_duration_since(self.transport.now());
            match self.transport.receive(left.min(SLICE)) {
                Received::Bytes(bytes) => {
                    self.take_in(&bytes)?;
                    // The acks.
                    self.flush()?;
                    return Ok(Pumped::Bytes);
                }
                Received::Diagnostics(text) => self.notes.push_back(Note::Diagnostics(text)),
                Received::Hangup(hangup) => return Err(self.lost(hangup.into())),
                Received::Nothing if left.is_zero() => return Ok(Pumped::Nothing),
                Received::Nothing if interruptible && self.config.interrupt.is_raised() => {
                    return Err(Error::Interrupted);
                }
                Received::Nothing => {}
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let count = bytes.len() as u64;
        self.statistics.total.bytes_received += count;
        self.statistics.since_resume.bytes_received += count;
        self.log.read(bytes);
        self.engine.set_trace(self.log.is_on());
        let before = self.engine.packets_received();
        let result = self.engine.receive(bytes);
        let packets = self.engine.packets_received() - before;
        self.statistics.total.packets_received += packets;
        self.statistics.since_resume.packets_received += packets;
        result.map_err(|endless| self.lost(Error::Broken(endless.to_string())))
    }

    /// Ends the connection for good.
    fn lost(&mut self, error: Error) -> Error {
        self.engine.abandon_requests();
        self.engine.abandon_run();
        self.closed_by.get_or_insert(error).clone()
    }

    /// What happens beside the request at hand.
    fn aside(&mut self, happening: Happening) {
        match happening {
            Happening::Oddity(oddity) => self.log.received(&oddity),
            Happening::Output(text) => self.events.push_back(RunEvent::Output(text)),
            Happening::Reply(..)
            | Happening::Failed(..)
            | Happening::Stopped(_)
            | Happening::NotResumed(_)
            | Happening::StopLost => {}
        }
    }

    /// Makes sure that the two sides are in step and the stub in its normal mode.
    fn settle(&mut self) -> Result<(), Error> {
        if self.dubious {
            // Who interrupted a request that had no answer yet does not wait for the next one either.
            if self.config.interrupt.is_raised() {
                return Err(Error::Interrupted);
            }
            self.regain()?;
        }
        if std::mem::take(&mut self.unverified) {
            self.probe()?;
        }
        if std::mem::take(&mut self.physical_mode_dubious) {
            let request = Request::query(crate::packet::qemu::set_physical_mode(false), Shape::Ok);
            if let Err((error, _)) = self.attempt(&[request], true, &mut |_| {}) {
                self.physical_mode_dubious = true;
                self.dubious = true;
                return Err(error);
            }
        }
        Ok(())
    }

    /// As [`Client::resync`], again and again where requests wait for a silent stub ([`Config::until_interrupted`]).
    ///
    /// # Errors
    /// As [`Client::resync`]; [`Error::Interrupted`].
    pub fn regain(&mut self) -> Result<Option<Stopped>, Error> {
        loop {
            match self.resync() {
                Err(Error::Timeout(_)) if self.config.until_interrupted => {}
                result => return result,
            }
        }
    }

    /// Puts the two sides back in step: drops what is outstanding, reads until nothing more comes, then asks a harmless question until the answer to
    /// exactly that question arrives.
    ///
    /// Gives the last stop reply that came in meanwhile, if any. `Hg` is taken for unknown afterwards.
    ///
    /// # Errors
    /// [`Error::Timeout`] when the stub stays silent; the next request tries again.
    pub fn resync(&mut self) -> Result<Option<Stopped>, Error> {
        self.check_open()?;
        self.dubious = true;
        let mut stop = None;
        self.engine.abandon_requests();
        let start = self.transport.now();
        let cap = start + self.patience();
        let mut quiet = start + QUIET;
        while self.pump(quiet.min(cap), true)? == Pumped::Bytes {
            quiet = self.transport.now() + QUIET;
            self.drop_happenings(&mut stop);
        }
        Ok(self.probe()?.or(stop))
    }

    /// Asks the harmless question until its answer comes. Gives the last stop reply that came meanwhile.
    ///
    /// Where it was asked more than once, the answers to the other times are still under way, and would be taken for answers to what is
    /// asked next: what comes up to the answer to yet another question is dropped.
    fn probe(&mut self) -> Result<Option<Stopped>, Error> {
        self.dubious = true;
        self.general = None;
        let mut stop = None;
        for patience in PROBE_PATIENCE {
            self.engine.abandon_requests();
            let probe = Request::query(self.probe.request.clone(), Shape::Any);
            self.submit(&probe).ok_or(Error::State("the target is running"))?;
            self.flush()?;
            let limit = self.transport.now() + patience;
            while self.pump(limit, true)? == Pumped::Bytes {
                if self.drop_happenings(&mut stop).probe {
                    if self.probes > 1 {
                        self.catch_up(&mut stop)?;
                    }
                    self.engine.abandon_requests();
                    self.probes = 0;
                    self.dubious = false;
                    return Ok(stop);
                }
                if self.transport.now() > limit {
                    break;
                }
            }
        }
        self.engine.abandon_requests();
        Err(Error::Timeout(String::from_utf8_lossy(&self.probe.request).into_owned()))
    }

    /// Waits for the answer to a packet that no stub knows, and drops the late answers before it.
    fn catch_up(&mut self, stop: &mut Option<Stopped>) -> Result<(), Error> {
        self.engine.abandon_requests();
        let barrier = Request::query(process::MUST_REPLY_EMPTY, Shape::Any);
        self.submit(&barrier).ok_or(Error::State("the target is running"))?;
        self.flush()?;
        let mut limit = self.transport.now() + self.patience();
        while self.pump(limit, true)? == Pumped::Bytes {
            if self.drop_happenings(stop).empty {
                return Ok(());
            }
            limit = self.transport.now() + self.patience();
        }
        self.engine.abandon_requests();
        Err(Error::Timeout(barrier.name()))
    }

    /// Drops everything that happened, keeping the last stop. Tells what was among it.
    fn drop_happenings(&mut self, stop: &mut Option<Stopped>) -> Dropped {
        let mut dropped = Dropped::default();
        while let Some(happening) = self.engine.next_happening() {
            let payload = match &happening {
                Happening::Reply(_, payload)
                | Happening::Stopped(payload)
                | Happening::Failed(_, Failure::Misfit(payload))
                | Happening::Oddity(Oddity::Stray(payload)) => Some(payload.as_slice()),
                _ => None,
            };
            if let Some(StopReply::Stopped(seen)) = payload.and_then(StopReply::parse) {
                *stop = Some(seen);
            }
            dropped.empty |= payload.is_some_and(<[u8]>::is_empty);
            dropped.probe |=
                payload.is_some_and(|payload| !payload.is_empty() && payload.starts_with(&self.probe.answer));
            self.aside(happening);
        }
        dropped
    }
}
