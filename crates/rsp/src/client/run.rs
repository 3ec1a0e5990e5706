//! Resuming, waiting for a stop, and getting the prompt back when none comes.

use super::{Client, InterruptSequence, Pumped, Request, SLICE, Traffic};
use crate::engine::Happening;
use crate::packet::resume::{self, Action};
use crate::packet::stop_reply::{StopReply, Stopped};
use crate::packet::{Reply, Shape, StubError, threads};
use crate::packets::Packet;
use crate::{Error, ThreadId};
use kdive_base::Interrupt;
use std::time::{Duration, Instant};

/// How long a stub may take to react to 0x03 before it gets a second one.
const INTERRUPT_PATIENCE: Duration = Duration::from_secs(2);

/// How long a kernel is silent that has said that it stops, and has then stopped.
const STOPPED_AFTER: Duration = Duration::from_millis(500);

/// Something a running target did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunEvent {
    /// It stopped.
    Stopped(Stopped),
    /// It is stopped, but the stub did not say so by itself: found out by asking.
    FoundStopped(Stopped),
    /// Text to show.
    Output(Vec<u8>),
    /// It exited with this code.
    Exited(u64),
    /// A signal ended it.
    Killed(u64),
    /// The stub has no thread left to wait for.
    NothingRuns,
    /// The stub refused to resume (`None`: it does not know the packet, or never got it right). The target is still stopped.
    NotResumed(Option<StubError>),
    /// The stub does not react at all, not even to questions. Taken for stopped; the next request tries to get in step again.
    Unresponsive,
}

/// What is known about the present run.
#[derive(Debug, Default)]
pub(super) struct RunState {
    resumed_at: Option<Instant>,
    interrupted_at: Option<Instant>,
    bytes_at_interrupt: u64,
    last_thread: Option<ThreadId>,
}

impl Client {
    /// Resumes. Actions are for threads the stub listed; `None` as the thread of the last one means all the others.
    ///
    /// Returns as soon as the packet is sent: whether the stub takes it shows in [`Client::wait`].
    ///
    /// # Errors
    /// [`Error`]; the target is still stopped.
    pub fn resume(&mut self, actions: &[(Action, Option<ThreadId>)]) -> Result<(), Error> {
        self.check_open()?;
        if self.engine.is_running() {
            return Err(Error::State("Cannot execute this command while the target is running."));
        }
        self.settle()?;
        let payload = if self.vcont.is_some() && !self.refuses(Packet::Resume) {
            self.config.packets.note(Packet::Resume, true);
            let names_threads = actions.iter().all(|(_, thread)| thread.is_some());
            let mut actions = actions.to_vec();
            if self.threadless {
                actions.truncate(1);
                actions.iter_mut().for_each(|(_, thread)| *thread = None);
            } else if names_threads && !self.profile.can_hold_threads() {
                actions.push((Action::Continue(None), None));
            }
            resume::vcont(&actions)
        } else {
            self.legacy_resume(actions)?
        };
        self.drain()?;
        if !self.engine.resume(&payload) {
            return Err(Error::State("a reply of the stub is outstanding"));
        }
        // QEMU moves both of its current CPUs to the one that stops next.
        self.general = None;
        self.run = RunState {
            resumed_at: Some(self.transport.now()),
            last_thread: actions.iter().find_map(|(_, thread)| *thread).filter(|_| !self.threadless),
            ..RunState::default()
        };
        self.statistics.since_resume = Traffic::default();
        self.count_packet(&payload);
        self.flush()
    }

    /// Takes in and acknowledges what has come unasked, so that it is not taken for the answer to what is asked next; an ack that
    /// follows a resume packet would even pause QEMU for good.
    pub(super) fn drain(&mut self) -> Result<(), Error> {
        for _ in 0..64 {
            if self.pump(self.transport.now(), false)? == Pumped::Nothing {
                break;
            }
        }
        while let Some(happening) = self.engine.next_happening() {
            self.aside(happening);
        }
        Ok(())
    }

    /// `Hc` and `c` or `s`. Threads without an action of their own do what the stub makes of it.
    fn legacy_resume(&mut self, actions: &[(Action, Option<ThreadId>)]) -> Result<Vec<u8>, Error> {
        let (action, thread) = actions.first().copied().unwrap_or((Action::Continue(None), None));
        if let Some(thread) = thread.filter(|_| !self.threadless && !matches!(action, Action::Continue(None)))
        {
            match self.request(Request::query(threads::select_for_resume(thread), Shape::Ok))? {
                Reply::Error(error) => return Err(Error::Remote(error)),
                Reply::Empty | Reply::Data(_) => {}
            }
        }
        Ok(resume::legacy(action))
    }

    /// Sends 0x03 if the target runs and has not been sent one yet.
    ///
    /// # Errors
    /// [`Error`] when the connection is gone.
    pub fn interrupt(&mut self) -> Result<(), Error> {
        self.check_open()?;
        if self.engine.interrupts() == 0 { self.send_interrupt() } else { Ok(()) }
    }

    fn send_interrupt(&mut self) -> Result<(), Error> {
        let sequence = self.config.interrupt_sequence;
        if self.engine.is_running() && sequence != InterruptSequence::CtrlC {
            // What is to be sent first goes first: the break condition is not among the bytes.
            self.flush()?;
            self.send_break()?;
        }
        if self.engine.interrupt(sequence.bytes()) {
            self.log.interrupting(sequence.shown());
            self.statistics.total.packets_sent += 1;
            self.statistics.since_resume.packets_sent += 1;
            self.run.interrupted_at = Some(self.transport.now());
            self.run.bytes_at_interrupt = self.statistics.total.bytes_received;
        }
        self.flush()
    }

    fn send_break(&mut self) -> Result<(), Error> {
        self.transport.send_break().map_err(|hangup| self.lost(hangup.into()))
    }

    /// Stops a target that may be running before anything is known about the stub: `set remote interrupt-on-connect`.
    pub(super) fn interrupt_before_greeting(&mut self) -> Result<(), Error> {
        let sequence = self.config.interrupt_sequence;
        self.log.interrupting(sequence.shown());
        if sequence != InterruptSequence::CtrlC {
            self.send_break()?;
        }
        let bytes = sequence.bytes();
        self.log.wrote(bytes);
        self.statistics.total.bytes_sent += bytes.len() as u64;
        self.transport.send(bytes).map_err(|hangup| self.lost(hangup.into()))?;
        // What reaches a kernel before it has stopped is input of its terminal, not of its debugger. It says that it stops, or that it
        // has, and then no more.
        let cap = self.transport.now() + INTERRUPT_PATIENCE;
        let mut limit = cap;
        let mut stop = None;
        while stop.is_none() && self.pump(limit.min(cap), true)? == Pumped::Bytes {
            self.drop_happenings(&mut stop);
            limit = self.transport.now() + STOPPED_AFTER;
        }
        Ok(())
    }

    /// Waits up to `timeout` for the running target to do something; `None` when it did nothing.
    ///
    /// Ctrl-C (`interrupt`, which is taken down) sends one 0x03. When the stub does not react within two seconds it gets a second one, and after
    /// a third second, or at once on a second Ctrl-C, the stub is *asked*: a QEMU that paused without a stop reply answers, and the prompt comes back.
    ///
    /// # Errors
    /// [`Error`] when the connection is gone. What the stub said last is handed out first.
    pub fn wait(&mut self, timeout: Duration, interrupt: &Interrupt) -> Result<Option<RunEvent>, Error> {
        let limit = self.transport.now() + timeout;
        loop {
            if let Some(event) = self.next_event() {
                return Ok(Some(event));
            }
            self.check_open()?;
            if !self.engine.is_running() {
                return Err(Error::State("The program is not being run."));
            }
            if interrupt.take() {
                if self.engine.interrupts() > 0 {
                    return Ok(Some(self.force_stop()));
                }
                self.send_interrupt()?;
            }
            if self.interrupt_ignored()? {
                return Ok(Some(self.force_stop()));
            }
            let now = self.transport.now();
            if now >= limit {
                return Ok(None);
            }
            match self.pump(limit.min(now + SLICE), false) {
                Ok(Pumped::Bytes | Pumped::Nothing) => {}
                // The connection broke; a last word of the stub goes first.
                Err(error) => return self.next_event().map(Some).ok_or(error),
            }
        }
    }

    /// The next thing that happened, without waiting.
    pub fn next_event(&mut self) -> Option<RunEvent> {
        while let Some(happening) = self.engine.next_happening() {
            match happening {
                Happening::Stopped(payload) => {
                    let event = self.stopped(&payload);
                    self.events.push_back(event);
                }
                Happening::NotResumed(payload) => {
                    self.events.push_back(RunEvent::NotResumed(StubError::parse(&payload)));
                }
                Happening::StopLost => {
                    let event = self.force_stop();
                    self.events.push_back(event);
                }
                other => self.aside(other),
            }
        }
        self.events.pop_front()
    }

    fn stopped(&mut self, payload: &[u8]) -> RunEvent {
        match StopReply::parse(payload) {
            Some(StopReply::Stopped(mut stop)) => {
                // `gdb_set_stop_cpu`: QEMU now reads for the CPU it names.
                if self.profile.is_qemu() {
                    self.general = stop.thread;
                }
                // `S05` of a stub with one thread, or of one that means the thread that was resumed.
                stop.thread = stop.thread.or(self.run.last_thread);
                RunEvent::Stopped(stop)
            }
            Some(StopReply::Exited(code)) => RunEvent::Exited(code),
            Some(StopReply::Killed(signal)) => RunEvent::Killed(signal),
            Some(StopReply::NoResumed) => RunEvent::NothingRuns,
            // It begins like a stop and is none: that something stopped is sure, what is not.
            None => self.force_stop(),
        }
    }

    /// Whether 0x03 has been sent and nothing came of it. Sends the second one on the way, and the first one when the stub never acknowledged the
    /// resume packet: resuming again could resume twice.
    fn interrupt_ignored(&mut self) -> Result<bool, Error> {
        let now = self.transport.now();
        let Some(at) = self.run.interrupted_at else {
            let late = self.run.resumed_at.is_some_and(|at| now.duration_since(at) > self.patience());
            if late && !self.engine.resume_acked() {
                self.send_interrupt()?;
            }
            return Ok(false);
        };
        if now.duration_since(at) < INTERRUPT_PATIENCE {
            return Ok(false);
        }
        let silent = self.statistics.total.bytes_received == self.run.bytes_at_interrupt;
        if self.engine.interrupts() == 1 && silent {
            self.send_interrupt()?;
            // One more second for this one.
            self.run.interrupted_at = Some(now.checked_sub(Duration::from_secs(1)).unwrap_or(now));
            return Ok(false);
        }
        Ok(true)
    }

    /// Takes the target for stopped and asks the stub whether it is there.
    fn force_stop(&mut self) -> RunEvent {
        self.engine.abandon_run();
        match self.resync() {
            Ok(Some(stop)) => RunEvent::Stopped(stop),
            Ok(None) => RunEvent::FoundStopped(Stopped { thread: self.run.last_thread, ..Stopped::bare(0) }),
            Err(error) if error.is_fatal() => RunEvent::Unresponsive,
            Err(_) => {
                self.dubious = true;
                RunEvent::Unresponsive
            }
        }
    }
}
