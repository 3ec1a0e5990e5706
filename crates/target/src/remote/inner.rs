//! The state behind a remote target: where the connection stands, what was read, and how both stay true.

use super::{Accelerator, Options, planted};
use crate::cache::PageCache;
use crate::{BreakpointKind, Error, Event, Permissions, Stop, StopReason, Thread, WatchKind};
use kdive_arch::target_xml::{self, Description};
use kdive_arch::{Arch, RegisterFile, RegisterLayout};
use kdive_base::AddrRange;
use kdive_rsp::packet::stop_reply::{Reason, StopReply, Stopped, Watch};
use kdive_rsp::packet::{Shape, process, threads};
use kdive_rsp::{Client, Packet, Request, ThreadId};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where a connection stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum State {
    Stopped(Stop),
    Running,
    /// The stub reacts to nothing. The next explicit request asks again.
    Unresponsive(Instant),
    /// Extended mode, and nothing has been started or attached.
    NoProcess,
    Closed,
}

pub(super) struct Inner {
    pub(super) client: Client,
    pub(super) state: State,
    pub(super) description: Option<Description>,
    /// A description of the user's, which goes before the stub's.
    pub(super) given: Option<Description>,
    /// The family where nothing is described.
    pub(super) arch: Arch,
    pub(super) layout: Arc<RegisterLayout>,
    /// Layouts of `g` replies that have another length than described.
    pub(super) layouts: HashMap<usize, Arc<RegisterLayout>>,
    pub(super) threads: Option<Rc<[Thread]>>,
    pub(super) registers: HashMap<ThreadId, Rc<RegisterFile>>,
    pub(super) cache: PageCache,
    pub(super) uncached: Vec<AddrRange>,
    /// Whole pages are fetched; on slow lines only what is needed.
    pub(super) fetch_pages: bool,
    pub(super) focus: Option<ThreadId>,
    pub(super) generation: u64,
    pub(super) inserted: Vec<(BreakpointKind, u64, u64)>,
    pub(super) planted: Vec<planted::Planted>,
    pub(super) accelerator: Option<Accelerator>,
    pub(super) events: VecDeque<Event>,
    pub(super) permissions: Permissions,
    /// The thread that was stepped last, and where the step began as far as known.
    pub(super) stepping: Option<(ThreadId, Option<u64>)>,
    /// Signals threads get with the next resume that lets them run.
    pub(super) signals: Vec<(ThreadId, u8)>,
}

/// Whether a stub that fell silent is asked again now. Every read of a long command must not wait for it again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Regain {
    Now,
    IfRested,
}

/// Time after a failed attempt in which requests fail at once.
const REST: Duration = Duration::from_secs(1);

impl Inner {
    /// Nothing known yet behind a fresh connection.
    pub(super) fn new(client: Client, options: &Options) -> Self {
        let fetch_pages = client.profile().allows_pipelining(!client.features().no_ack);
        Self {
            client,
            state: State::NoProcess,
            description: None,
            given: options.description.clone(),
            arch: options.arch,
            layout: Arc::new(RegisterLayout::new(options.arch, Vec::new())),
            layouts: HashMap::new(),
            threads: None,
            registers: HashMap::new(),
            cache: PageCache::default(),
            uncached: Vec::new(),
            fetch_pages,
            focus: None,
            generation: 0,
            inserted: Vec::new(),
            signals: Vec::new(),
            planted: Vec::new(),
            accelerator: None,
            events: VecDeque::new(),
            permissions: options.permissions,
            stepping: None,
        }
    }

    /// Learns what there is to know at the start: the stop, registers; takes out what an earlier client left behind.
    pub(super) fn begin(&mut self, options: &Options) -> Result<(), Error> {
        let reply = match self.client.stop_reason() {
            Ok(reply) => reply,
            // Extended mode with nothing to debug yet; some stubs answer with an error then.
            Err(kdive_rsp::Error::Remote(_)) if options.extended => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        self.learn_stop(&reply)?;
        if let State::Stopped(stop) = &self.state {
            let thread = stop.thread;
            self.describe(thread)?;
            self.forget_stale_breakpoints(thread)?;
        }
        Ok(())
    }

    /// Reads the target description, unless the user has given one. One that is missing or malformed costs names of registers, not the session.
    pub(super) fn describe(&mut self, thread: ThreadId) -> Result<(), Error> {
        if self.description.is_none()
            && let Some(given) = &self.given
        {
            self.layout = Arc::new(given.layout.clone());
            self.description = Some(given.clone());
            return Ok(());
        }
        let refused = self.client.config().packets.refuses(Packet::TargetFeatures);
        if self.description.is_some() || refused || !self.client.features().target_xml {
            return Ok(());
        }
        self.client.select(thread)?;
        let client = &mut self.client;
        let mut fetch = |annex: &str| {
            let bytes = client.read_object("features", annex).map_err(|error| error.to_string())?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        if let Ok(description) = target_xml::parse(self.layout.arch(), &mut fetch) {
            self.layout = Arc::new(description.layout.clone());
            self.description = Some(description);
        }
        self.lost_check()
    }

    /// Takes in a stop reply that came as the answer to a request.
    pub(super) fn learn_stop(&mut self, payload: &[u8]) -> Result<(), Error> {
        match StopReply::parse(payload) {
            Some(StopReply::Stopped(stopped)) => {
                let stop = self.stop_from(stopped, false)?;
                self.state = State::Stopped(stop);
                Ok(())
            }
            Some(StopReply::Exited(_) | StopReply::Killed(_) | StopReply::NoResumed) => {
                self.state = State::NoProcess;
                Ok(())
            }
            None => {
                Err(Error::Remote(format!("unexpected stop reply: {}", String::from_utf8_lossy(payload))))
            }
        }
    }

    /// The stop with its thread made certain: named by the reply, or the one the stub calls current, or the first of its list.
    pub(super) fn stop_from(&mut self, stopped: Stopped, synthesized: bool) -> Result<Stop, Error> {
        let thread = match stopped.thread {
            Some(thread) => thread,
            None => match self.client.current_thread()? {
                Some(thread) => thread,
                None => match self.client.threads()?.first() {
                    Some(thread) => *thread,
                    None => {
                        // One thread without a name. The id is ours and never sent.
                        self.client.set_threadless();
                        ThreadId::plain(1)
                    }
                },
            },
        };
        let watch = |kind, addr| StopReason::Watch { kind, addr: kdive_base::VirtAddr(addr) };
        let reason = match stopped.reason {
            Reason::None | Reason::Other(_) => StopReason::Signal,
            Reason::Watch(Watch::Write, addr) => watch(WatchKind::Write, addr),
            Reason::Watch(Watch::Read, addr) => watch(WatchKind::Read, addr),
            Reason::Watch(Watch::Access, addr) => watch(WatchKind::Access, addr),
            Reason::SoftwareBreakpoint => StopReason::SoftwareBreakpoint,
            Reason::HardwareBreakpoint => StopReason::HardwareBreakpoint,
            Reason::ReplayLog => StopReason::EndOfHistory,
        };
        self.focus = Some(thread);
        Ok(Stop { thread, signal: stopped.signal, reason, synthesized })
    }

    /// QEMU under TCG keeps breakpoints for each CPU, and `?` clears those of one CPU only (7.2 and later): a breakpoint of a debugger that died
    /// would stop the other CPUs for ever. So `?` is asked with each CPU made current in turn, and last with the one it named first.
    fn forget_stale_breakpoints(&mut self, stopped: ThreadId) -> Result<(), Error> {
        if !self.client.profile().is_qemu() {
            return Ok(());
        }
        let others: Vec<_> = self.client.threads()?.into_iter().filter(|thread| *thread != stopped).collect();
        if others.is_empty() {
            return Ok(());
        }
        for thread in others.into_iter().chain([stopped]) {
            let select = Request::query(threads::select_for_resume(thread), Shape::Ok);
            let ask = Request::query(process::STOP_REASON, Shape::Stop);
            self.client.exchange(&[select, ask], &mut |_| {})?;
        }
        Ok(())
    }

    /// Makes sure that requests can be made.
    pub(super) fn ready(&mut self, regain: Regain) -> Result<(), Error> {
        match &self.state {
            State::Stopped(_) => Ok(()),
            State::Running => Err(Error::Running),
            State::NoProcess | State::Closed => Err(Error::NotConnected),
            State::Unresponsive(since) => {
                let waits = self.client.config().until_interrupted;
                if regain == Regain::IfRested && !waits && since.elapsed() < REST {
                    return Err(Error::Remote("the stub does not answer".into()));
                }
                self.regain()
            }
        }
    }

    /// Tries to get a silent stub to answer; on success the target is stopped.
    pub(super) fn regain(&mut self) -> Result<(), Error> {
        let result = self.client.regain();
        let stopped = match self.checked(result) {
            Ok(stopped) => stopped,
            Err(error) => {
                if self.state != State::Closed {
                    self.state = State::Unresponsive(Instant::now());
                }
                return Err(error);
            }
        };
        let synthesized = stopped.is_none();
        let stop = self.stop_from(stopped.unwrap_or_else(|| Stopped::bare(2)), synthesized)?;
        self.forget();
        self.take_stop(stop)
    }

    /// Turns a client's result into ours, and takes note when the connection is gone or the stub silent.
    pub(super) fn checked<T>(&mut self, result: Result<T, kdive_rsp::Error>) -> Result<T, Error> {
        if let Err(error) = &result {
            self.lost_check()?;
            if matches!(error, kdive_rsp::Error::Timeout(_)) && self.client.is_out_of_step() {
                self.state = State::Unresponsive(Instant::now());
            }
        }
        result.map_err(Error::from)
    }

    /// Fails when the connection is gone; the first time, with an event.
    pub(super) fn lost_check(&mut self) -> Result<(), Error> {
        let Some(error) = self.client.closed_by() else { return Ok(()) };
        let text = error.to_string();
        if self.state != State::Closed {
            self.events.push_back(Event::Lost(text.clone()));
            self.close();
        }
        Err(Error::Lost(text))
    }

    /// Forgets everything read from the target.
    pub(super) fn forget(&mut self) {
        self.generation += 1;
        self.threads = None;
        self.registers.clear();
        self.cache.clear();
    }

    pub(super) fn close(&mut self) {
        self.forget();
        self.inserted.clear();
        self.planted.clear();
        self.client.close();
        self.state = State::Closed;
    }

    /// The process part of ids, where there is one.
    pub(super) fn pid(&self) -> Option<u64> {
        match &self.state {
            State::Stopped(stop) => stop.thread.pid,
            _ => None,
        }
    }

    pub(super) fn threads(&mut self) -> Result<Rc<[Thread]>, Error> {
        if let Some(threads) = &self.threads {
            return Ok(Rc::clone(threads));
        }
        let result = self.client.threads();
        let mut ids = self.checked(result)?;
        // Ids in this list are known to the stub; the thread that stopped is too, list or not.
        let result = self.client.thread_info(&ids);
        let mut infos = self.checked(result)?;
        if let State::Stopped(stop) = &self.state
            && !ids.contains(&stop.thread)
        {
            ids.push(stop.thread);
            infos.push(String::new());
        }
        let threads: Rc<[Thread]> =
            ids.into_iter().zip(infos).map(|(id, info)| Thread { id, info }).collect();
        self.threads = Some(Rc::clone(&threads));
        Ok(threads)
    }

    pub(super) fn accelerator(&mut self) -> Result<Accelerator, Error> {
        if let Some(known) = self.accelerator {
            return Ok(known);
        }
        let accelerator = if self.client.profile().is_qemu() {
            let mut text = Vec::new();
            let result = self.client.monitor(b"info kvm", &mut |bytes| text.extend_from_slice(bytes));
            match self.checked(result) {
                Ok(()) => accelerator_from(&String::from_utf8_lossy(&text)),
                Err(Error::Unsupported(_) | Error::Remote(_)) => Accelerator::Unknown,
                Err(error) => return Err(error),
            }
        } else {
            Accelerator::Unknown
        };
        self.accelerator = Some(accelerator);
        Ok(accelerator)
    }
}

/// Reads HMP's `info kvm`. Without KVM the guest is taken for one under TCG; the few others are as unlimited in breakpoints.
fn accelerator_from(text: &str) -> Accelerator {
    match text.rsplit("kvm support:").next().map(str::trim) {
        Some(rest) if text.contains("kvm support:") => {
            if rest.starts_with("enabled") {
                Accelerator::Kvm
            } else {
                Accelerator::Tcg
            }
        }
        _ => Accelerator::Unknown,
    }
}
