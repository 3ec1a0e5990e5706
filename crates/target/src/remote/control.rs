//! Execution and breakpoints.

use super::inner::{Inner, Regain, State};
use super::{Accelerator, RemoteTarget};
use crate::{
    BreakpointError, BreakpointKind, Error, Event, Others, Resume, RunControl, Stop, StopReason, Wait,
    WatchKind,
};
use kdive_base::{Interrupt, VirtAddr};
use kdive_rsp::packet::Reply;
use kdive_rsp::packet::breakpoint::Kind;
use kdive_rsp::packet::resume::Action;
use kdive_rsp::packet::stop_reply::Stopped;
use kdive_rsp::{RunEvent, ThreadId};
use std::time::{Duration, Instant};

const SIGINT: u8 = 2;
const SIGTRAP: u8 = 5;
/// How long a running target may take to stop so that breakpoints can be taken out before leaving.
const PATIENCE_TO_LEAVE: Duration = Duration::from_secs(2);

impl RunControl for RemoteTarget {
    fn stop(&self) -> Option<Stop> {
        match &self.inner.try_borrow().ok()?.state {
            State::Stopped(stop) => Some(stop.clone()),
            _ => None,
        }
    }

    fn generation(&self) -> u64 {
        self.inner.try_borrow().map_or(0, |inner| inner.generation)
    }

    fn insert(&self, kind: BreakpointKind, addr: VirtAddr, len: u64) -> Result<(), BreakpointError> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.insert(kind, addr, len)
    }

    fn remove(&self, kind: BreakpointKind, addr: VirtAddr, len: u64) -> Result<(), BreakpointError> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.remove(kind, addr, len)
    }

    fn resume(&self, how: Resume) -> Result<(), Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::Now)?;
        inner.resume(how)
    }

    fn deliver(&self, thread: ThreadId, signal: u8) {
        if let Ok(mut inner) = self.inner() {
            inner.signals.retain(|(other, _)| *other != thread);
            inner.signals.push((thread, signal));
        }
    }

    fn wait_for_answers(&self, on: bool) {
        if let Ok(mut inner) = self.inner() {
            inner.client.config_mut().until_interrupted = on;
        }
    }

    fn owes_answers(&self) -> bool {
        self.inner().is_ok_and(|inner| match inner.state {
            State::Stopped(_) => inner.client.is_out_of_step(),
            State::Unresponsive(_) => true,
            State::Running | State::NoProcess | State::Closed => false,
        })
    }

    fn wait(&self, timeout: Duration, interrupt: &Interrupt) -> Result<Wait, Error> {
        self.inner()?.wait(timeout, interrupt)
    }

    fn pending_event(&self) -> Option<Event> {
        self.inner().ok()?.events.pop_front()
    }

    fn steps_over_breakpoints(&self) -> bool {
        self.accelerator() == Ok(Accelerator::Tcg)
    }

    fn lost_breakpoints(&self) -> Vec<VirtAddr> {
        let Ok(mut inner) = self.inner() else { return Vec::new() };
        match inner.ready(Regain::IfRested) {
            Ok(()) => inner.overwritten(),
            Err(_) => Vec::new(),
        }
    }

    fn steps_into_interrupts(&self) -> bool {
        // KVM never holds timers back: a mask that says so is of a QEMU that does not know what its accelerator can.
        self.accelerator() == Ok(Accelerator::Kvm)
            && self.step_mask().is_ok_and(|mask| mask & 2 == 0 || mask & 4 != 0)
    }
}

impl Inner {
    /// The thread whose page tables count, for what is not about a thread.
    pub(super) fn focus(&self) -> Option<ThreadId> {
        match &self.state {
            State::Stopped(stop) => Some(self.focus.unwrap_or(stop.thread)),
            _ => None,
        }
    }

    fn insert(&mut self, kind: BreakpointKind, addr: VirtAddr, len: u64) -> Result<(), BreakpointError> {
        let thread = self.focus().ok_or(Error::NotConnected)?;
        if kind == BreakpointKind::Software && !self.permissions.insert_breakpoints {
            return Err(BreakpointError::Forbidden(addr));
        }
        let covered = match kind {
            BreakpointKind::Software if self.shows_breakpoints()? => Some(self.bytes_to_cover(addr)?),
            _ => None,
        };
        let result = self.client.insert_breakpoint(thread, wire(kind), addr.0, len);
        match self.checked(result)? {
            Reply::Data(_) => {
                if let Some(original) = covered {
                    self.note_planted(addr, original);
                }
            }
            Reply::Empty if kind == BreakpointKind::Software => self.plant(addr)?,
            Reply::Empty => return Err(BreakpointError::Unsupported),
            Reply::Error(error) => return Err(self.why_refused(kind, addr, error.text())),
        }
        self.inserted.push((kind, addr.0, len));
        self.memory_touched(kind, addr);
        Ok(())
    }

    /// Stubs do not say why they refuse (QEMU: E22 for everything); what can be found out is.
    fn why_refused(&mut self, kind: BreakpointKind, addr: VirtAddr, text: &str) -> BreakpointError {
        let refused = BreakpointError::Refused(text.to_owned());
        match kind {
            BreakpointKind::Software => {
                let mut byte = [0];
                match self.read_virtual(addr, &mut byte) {
                    Ok(()) => refused,
                    Err(_) => BreakpointError::NotMapped(addr),
                }
            }
            // Under TCG there is no limit, so the reason is another one.
            BreakpointKind::Hardware | BreakpointKind::Watch(_) => {
                let others = self.inserted.iter().any(|(kind, ..)| *kind != BreakpointKind::Software);
                if others && self.accelerator() != Ok(Accelerator::Tcg) {
                    BreakpointError::NoSlot
                } else {
                    refused
                }
            }
        }
    }

    fn remove(&mut self, kind: BreakpointKind, addr: VirtAddr, len: u64) -> Result<(), BreakpointError> {
        let Some(index) = self.inserted.iter().position(|have| *have == (kind, addr.0, len)) else {
            return Err(BreakpointError::Refused("not inserted".into()));
        };
        self.inserted.swap_remove(index);
        let thread = self.focus().ok_or(Error::NotConnected)?;
        if kind == BreakpointKind::Software && self.unplant(addr)? {
            return Ok(());
        }
        let result = self.client.remove_breakpoint(thread, wire(kind), addr.0, len);
        let reply = self.checked(result)?;
        self.memory_touched(kind, addr);
        match reply {
            Reply::Data(_) => Ok(()),
            Reply::Empty => Err(BreakpointError::Unsupported),
            Reply::Error(error) => Err(BreakpointError::Refused(error.text().to_owned())),
        }
    }

    /// Where breakpoints are instructions in memory, what was read around them is no longer true.
    fn memory_touched(&mut self, kind: BreakpointKind, addr: VirtAddr) {
        if kind == BreakpointKind::Software && self.accelerator != Some(Accelerator::Tcg) {
            self.cache.forget_page(addr.0);
        }
    }

    /// Takes out what is still in, before leaving. Failures change nothing any more.
    pub(super) fn remove_all(&mut self) {
        while let Some((kind, addr, len)) = self.inserted.last().copied() {
            if matches!(self.remove(kind, VirtAddr(addr), len), Err(BreakpointError::Target(_))) {
                return;
            }
        }
    }

    /// Before leaving a running target: a breakpoint left behind would stop it unnoticed.
    pub(super) fn leave_running(&mut self) {
        if self.inserted.is_empty() {
            return;
        }
        let interrupt = Interrupt::new();
        interrupt.raise();
        let limit = Instant::now() + PATIENCE_TO_LEAVE;
        while self.state == State::Running && Instant::now() < limit {
            match self.wait(Duration::from_millis(100), &interrupt) {
                Ok(Wait::Pending | Wait::Event(_)) => {}
                Ok(Wait::GivenUp) | Err(_) => return,
            }
        }
        if matches!(self.state, State::Stopped(_)) {
            self.remove_all();
            let pid = self.pid();
            let _ = self.client.detach(pid);
        }
    }

    fn resume(&mut self, how: Resume) -> Result<(), Error> {
        let running = match how {
            Resume::Continue | Resume::Step { others: Others::Running, .. } => None,
            Resume::ContinueOne(thread) | Resume::Step { thread, others: Others::Stopped } => Some(thread),
        };
        let stepping = match how {
            Resume::Step { thread, .. } => {
                let from = self.registers.get(&thread).and_then(|file| file.pc());
                Some((thread, from.map(|pc| pc.0)))
            }
            Resume::Continue | Resume::ContinueOne(_) => None,
        };
        // A signal for a thread that is held waits.
        let (now, later): (Vec<_>, Vec<_>) =
            self.signals.drain(..).partition(|(thread, _)| running.is_none_or(|running| running == *thread));
        self.signals = later;
        let of = |wanted| now.iter().find(|(thread, _)| *thread == wanted).map(|(_, signal)| *signal);
        let mut actions = match how {
            Resume::Continue => Vec::new(),
            Resume::ContinueOne(thread) => vec![(Action::Continue(of(thread)), Some(thread))],
            Resume::Step { thread, .. } => vec![(Action::Step(of(thread)), Some(thread))],
        };
        if running.is_none() {
            for (thread, signal) in &now {
                if !actions.iter().any(|(_, other)| other == &Some(*thread)) {
                    actions.push((Action::Continue(Some(*signal)), Some(*thread)));
                }
            }
            actions.push((Action::Continue(None), None));
        }
        let result = self.client.resume(&actions);
        self.checked(result)?;
        self.stepping = stepping;
        self.forget();
        self.state = State::Running;
        Ok(())
    }

    fn wait(&mut self, timeout: Duration, interrupt: &Interrupt) -> Result<Wait, Error> {
        if let Some(event) = self.events.pop_front() {
            return Ok(Wait::Event(event));
        }
        match self.state {
            State::Running => {}
            State::Unresponsive(_) => {
                return Ok(match self.regain() {
                    Ok(()) => self.stop_event(),
                    Err(Error::Lost(text)) => {
                        self.events.clear();
                        Wait::Event(Event::Lost(text))
                    }
                    Err(_) => Wait::GivenUp,
                });
            }
            State::Stopped(_) | State::NoProcess | State::Closed => return Err(Error::NotConnected),
        }
        // One that is never raised: the owner of the other one watches it.
        let never = Interrupt::new();
        let interrupt = if self.permissions.interrupt { interrupt } else { &never };
        match self.client.wait(timeout, interrupt) {
            Ok(None) => Ok(Wait::Pending),
            Ok(Some(event)) => self.run_event(event),
            Err(error) => {
                let text = error.to_string();
                if self.client.closed_by().is_none() {
                    return Err(error.into());
                }
                self.close();
                Ok(Wait::Event(Event::Lost(text)))
            }
        }
    }

    fn stop_event(&self) -> Wait {
        match &self.state {
            State::Stopped(stop) => Wait::Event(Event::Stopped(stop.clone())),
            _ => Wait::GivenUp,
        }
    }

    fn run_event(&mut self, event: RunEvent) -> Result<Wait, Error> {
        let (stopped, synthesized) = match event {
            RunEvent::Output(text) => return Ok(Wait::Event(Event::Output(text))),
            RunEvent::Stopped(stopped) => (stopped, false),
            // Whatever it was, it happened because we wanted it to stop.
            RunEvent::FoundStopped(stopped) => (Stopped { signal: SIGINT, ..stopped }, true),
            RunEvent::NothingRuns => (Stopped::bare(0), true),
            RunEvent::NotResumed(error) => {
                let result = self.stop_from(Stopped::bare(0), true);
                let stop = self.checked_ours(result)?;
                self.state = State::Stopped(stop);
                let reason = error
                    .map_or_else(|| "it does not know how".to_owned(), |error| format!("reply '{error}'"));
                return Err(Error::Remote(format!("the stub did not resume: {reason}")));
            }
            RunEvent::Exited(code) => return Ok(self.ended(Event::Exited(byte(code)))),
            RunEvent::Killed(signal) => return Ok(self.ended(Event::Killed(byte(signal)))),
            RunEvent::Unresponsive => {
                if let Some(error) = self.client.closed_by() {
                    let text = error.to_string();
                    self.close();
                    return Ok(Wait::Event(Event::Lost(text)));
                }
                self.state = State::Unresponsive(Instant::now());
                return Ok(Wait::GivenUp);
            }
        };
        let result = self.stop_from(stopped, synthesized);
        let stop = self.checked_ours(result)?;
        self.take_stop(stop)?;
        Ok(self.stop_event())
    }

    /// The target has stopped while it ran: a pc after a breakpoint is put back.
    pub(super) fn take_stop(&mut self, stop: Stop) -> Result<(), Error> {
        let (thread, signal) = (stop.thread, stop.signal);
        let unexplained = stop.reason == StopReason::Signal;
        self.state = State::Stopped(stop);
        if signal == SIGTRAP
            && unexplained
            && self.step_back_onto_breakpoint(thread)?
            && let State::Stopped(stop) = &mut self.state
        {
            stop.reason = StopReason::SoftwareBreakpoint;
        }
        Ok(())
    }

    /// As [`Inner::checked`] for a result that is ours already.
    fn checked_ours<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.lost_check()?;
            self.state = State::Unresponsive(Instant::now());
        }
        result
    }

    /// The guest is gone. In extended mode the stub stays and can start another.
    fn ended(&mut self, event: Event) -> Wait {
        self.forget();
        self.inserted.clear();
        self.planted.clear();
        if self.client.is_extended() {
            self.state = State::NoProcess;
        } else {
            self.close();
        }
        Wait::Event(event)
    }
}

fn wire(kind: BreakpointKind) -> Kind {
    match kind {
        BreakpointKind::Software => Kind::Software,
        BreakpointKind::Hardware => Kind::Hardware,
        BreakpointKind::Watch(WatchKind::Write) => Kind::WriteWatch,
        BreakpointKind::Watch(WatchKind::Read) => Kind::ReadWatch,
        BreakpointKind::Watch(WatchKind::Access) => Kind::AccessWatch,
    }
}

/// Exit codes and signals have eight bits; a stub that sends more is not believed.
fn byte(number: u64) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}
