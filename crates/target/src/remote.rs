//! A target behind a stub: the client with caches over it.
//!
//! Nothing is asked twice between two stops, and nothing is asked before somebody wants it: a step costs its resume packet and the stop reply. Everything
//! hides behind a `RefCell`, because memory is read through `&self`; a callback given to [`RemoteTarget::monitor`] must not use the target.

use crate::cache::PageCache;
use crate::{BreakpointKind, Error, Event, RunControl, Stop, StopReason, Target, Thread, WatchKind};
use kdive_arch::target_xml::{self, Description};
use kdive_arch::{Arch, RegisterFile, RegisterLayout};
use kdive_base::{AddrRange, Interrupt};
use kdive_rsp::client::Patience;
use kdive_rsp::packet::stop_reply::{Reason, StopReply, Stopped, Watch};
use kdive_rsp::packet::{Shape, process, threads};
use kdive_rsp::transport::{self, OpenOptions, Transport};
use kdive_rsp::{Client, Config, Endpoint, Note, Profile, Request, Statistics, ThreadId, log};
use std::cell::{RefCell, RefMut};
use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

mod control;
mod memory;
mod planted;
mod registers;

/// How to connect, and how to behave afterwards.
#[derive(Clone, Debug)]
pub struct Options {
    /// `target extended-remote`.
    pub extended: bool,
    /// `set remotetimeout`.
    pub remote_timeout: Duration,
    /// `set tcp connect-timeout`.
    pub connect_timeout: Duration,
    /// `set tcp auto-retry`.
    pub auto_retry: bool,
    /// `set serial baud`.
    pub baud: Option<u32>,
    /// The CPU family to assume when the stub does not describe itself.
    pub arch: Arch,
    /// The user's Ctrl-C.
    pub interrupt: Interrupt,
}

impl Default for Options {
    fn default() -> Self {
        let open = OpenOptions::default();
        let config = Config::default();
        Self {
            extended: false,
            remote_timeout: config.remote_timeout,
            connect_timeout: open.connect_timeout,
            auto_retry: open.auto_retry,
            baud: open.baud,
            arch: Arch::X86_64,
            interrupt: config.interrupt,
        }
    }
}

/// What executes the guest, where QEMU says so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Accelerator {
    /// QEMU translates: breakpoints are unlimited and never touch memory.
    Tcg,
    /// The host's CPU executes: software breakpoints are in guest memory, four debug registers serve the rest.
    Kvm,
    /// Not QEMU, or it does not say.
    Unknown,
}

/// A stub that could not be reached, with what the command behind `target remote | COMMAND` wrote to its standard error.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{error}")]
pub struct ConnectError {
    /// What is wrong.
    pub error: Error,
    /// Text for the user, to be shown before the error.
    pub diagnostics: Vec<Vec<u8>>,
}

/// A target behind a stub.
pub struct RemoteTarget {
    address: String,
    inner: RefCell<Inner>,
}

/// Where a connection stands.
#[derive(Clone, PartialEq, Eq, Debug)]
enum State {
    Stopped(Stop),
    Running,
    /// The stub reacts to nothing. The next explicit request asks again.
    Unresponsive(Instant),
    /// Extended mode, and nothing has been started or attached.
    NoProcess,
    Closed,
}

struct Inner {
    client: Client,
    state: State,
    description: Option<Description>,
    layout: Arc<RegisterLayout>,
    /// Layouts of `g` replies that have another length than described.
    layouts: HashMap<usize, Arc<RegisterLayout>>,
    threads: Option<Rc<[Thread]>>,
    registers: HashMap<ThreadId, Rc<RegisterFile>>,
    cache: PageCache,
    uncached: Vec<AddrRange>,
    /// Whole pages are fetched; on slow lines only what is needed.
    fetch_pages: bool,
    focus: Option<ThreadId>,
    generation: u64,
    inserted: Vec<(BreakpointKind, u64, u64)>,
    planted: Vec<planted::Planted>,
    accelerator: Option<Accelerator>,
    events: VecDeque<Event>,
}

impl RemoteTarget {
    /// Connects to a stub: `HOST:PORT`, `:PORT`, `tcp:…`, `tcp4:…`, `tcp6:…`, `unix:PATH`, the path of a socket, `| COMMAND`, or a serial
    /// device.
    ///
    /// # Errors
    /// [`ConnectError`], worded as gdb does: `:1234: Connection refused.`
    pub fn connect(text: &str, options: &Options, log: log::Log) -> Result<Self, ConnectError> {
        let plain = |error: kdive_rsp::Error| ConnectError { error: error.into(), diagnostics: Vec::new() };
        let endpoint = Endpoint::parse(text, transport::is_socket).map_err(plain)?;
        let open = OpenOptions {
            connect_timeout: options.connect_timeout,
            auto_retry: options.auto_retry,
            baud: options.baud,
            interrupt: options.interrupt.clone(),
        };
        let link = transport::open(&endpoint, &open).map_err(plain)?;
        let target = Self::over(link, &endpoint.to_string(), options, log)?;
        if endpoint.is_serial() {
            target.inner.borrow_mut().fetch_pages = false;
        }
        Ok(target)
    }

    /// As [`RemoteTarget::connect`], over a connection that is already open.
    ///
    /// # Errors
    /// As [`RemoteTarget::connect`].
    pub fn over(
        link: Box<dyn Transport>,
        address: &str,
        options: &Options,
        log: log::Log,
    ) -> Result<Self, ConnectError> {
        let config = Config {
            remote_timeout: options.remote_timeout,
            extended: options.extended,
            interrupt: options.interrupt.clone(),
        };
        let client = Client::connect(link, config, log).map_err(|(error, notes)| ConnectError {
            error: error.into(),
            diagnostics: diagnostics(notes),
        })?;
        let layout = Arc::new(RegisterLayout::new(options.arch, Vec::new()));
        let fetch_pages = client.profile().allows_pipelining(!client.features().no_ack);
        let mut inner = Inner {
            client,
            state: State::NoProcess,
            description: None,
            layout,
            layouts: HashMap::new(),
            threads: None,
            registers: HashMap::new(),
            cache: PageCache::default(),
            uncached: Vec::new(),
            fetch_pages,
            focus: None,
            generation: 0,
            inserted: Vec::new(),
            planted: Vec::new(),
            accelerator: None,
            events: VecDeque::new(),
        };
        match inner.begin(options) {
            Ok(()) => Ok(Self { address: address.to_owned(), inner: RefCell::new(inner) }),
            Err(error) => {
                let notes = std::iter::from_fn(|| inner.client.next_note()).collect();
                Err(ConnectError { error, diagnostics: diagnostics(notes) })
            }
        }
    }

    fn inner(&self) -> Result<RefMut<'_, Inner>, Error> {
        self.inner
            .try_borrow_mut()
            .map_err(|_| Error::Remote("the target is busy with another request".into()))
    }

    /// The address as the user typed it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What kind of stub it is.
    ///
    /// # Errors
    /// Only inside a callback of [`RemoteTarget::monitor`].
    pub fn profile(&self) -> Result<Profile, Error> {
        Ok(self.inner()?.client.profile())
    }

    /// Whether the target is there: stopped, running or silent, but not exited, detached or lost.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.inner.try_borrow().is_ok_and(|inner| !matches!(inner.state, State::Closed | State::NoProcess))
    }

    /// Whether the connection is open; in extended mode also without a process.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.inner.try_borrow().is_ok_and(|inner| inner.state != State::Closed)
    }

    /// The stub's description of itself, if it has one that can be read.
    ///
    /// # Errors
    /// Only inside a callback of [`RemoteTarget::monitor`].
    pub fn description(&self) -> Result<Option<Description>, Error> {
        Ok(self.inner()?.description.clone())
    }

    /// What executes the guest. Asked of QEMU once, when first wanted.
    ///
    /// # Errors
    /// As for any request.
    pub fn accelerator(&self) -> Result<Accelerator, Error> {
        self.inner()?.accelerator()
    }

    /// `monitor COMMAND`: the stub's own command line. Text goes to `output` as it comes; registers, memory and threads are taken for changed afterwards.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the stub has none.
    pub fn monitor(&self, command: &[u8], output: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::Now)?;
        let result = inner.client.monitor(command, output);
        inner.forget();
        inner.checked(result).map_err(|error| match error {
            Error::Unsupported(_) => Error::Unsupported("Target does not support this command.".into()),
            Error::Remote(text) => Error::Remote(format!("Protocol error with Rcmd: {text}")),
            other => other,
        })
    }

    /// `maintenance packet TEXT`: one packet as it stands, and its reply. Everything is taken for changed afterwards.
    ///
    /// # Errors
    /// As for any request.
    pub fn packet(&self, payload: &[u8]) -> Result<Vec<u8>, Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::Now)?;
        let result = inner.client.raw_packet(payload);
        inner.forget();
        inner.checked(result)
    }

    /// Leaves the target running and closes the connection. Breakpoints are taken out first.
    ///
    /// # Errors
    /// As for any request. The connection is closed in any case.
    pub fn detach(&self) -> Result<(), Error> {
        let mut inner = self.inner()?;
        let result = inner.ready(Regain::Now).and_then(|()| {
            inner.remove_all();
            let pid = inner.pid();
            let result = inner.client.detach(pid);
            inner.close();
            result.map_err(Error::from)
        });
        inner.close();
        result
    }

    /// Closes the connection and leaves the target as it is: stopped if it is stopped, running if it runs. Breakpoints are taken out if it is
    /// stopped.
    pub fn disconnect(&self) {
        if let Ok(mut inner) = self.inner() {
            if matches!(inner.state, State::Stopped(_)) {
                inner.remove_all();
            }
            inner.close();
        }
    }

    /// Ends the target: QEMU exits.
    ///
    /// # Errors
    /// As for any request. The connection is closed in any case.
    pub fn kill(&self) -> Result<(), Error> {
        let mut inner = self.inner()?;
        let result = inner.ready(Regain::Now).and_then(|()| {
            let pid = inner.pid();
            inner.client.kill(pid).map_err(Error::from)
        });
        inner.close();
        result
    }

    /// `attach PID` in extended mode (`vAttach`).
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the stub cannot attach, [`Error::Remote`] when it refuses.
    pub fn attach(&self, pid: u64) -> Result<(), Error> {
        self.start(process::attach(pid))
    }

    /// `run` in extended mode (`vRun`): starts a program on the stub's side, its default one when `program` is empty.
    ///
    /// # Errors
    /// As [`RemoteTarget::attach`].
    pub fn run(&self, program: &[u8], arguments: &[&[u8]]) -> Result<(), Error> {
        self.start(process::run(program, arguments))
    }

    fn start(&self, payload: Vec<u8>) -> Result<(), Error> {
        let mut inner = self.inner()?;
        let result = inner.client.start(payload);
        inner.forget();
        let reply = inner.checked(result)?;
        inner.learn_stop(&reply)?;
        match inner.focus() {
            Some(thread) => inner.describe(thread),
            None => Ok(()),
        }
    }

    /// `set remotetimeout`, for the connection there is.
    pub fn set_remote_timeout(&self, timeout: Duration) {
        if let Ok(mut inner) = self.inner() {
            inner.client.config_mut().remote_timeout = timeout;
        }
    }

    /// `set debug remote`: lines go to `sink`, none when it is `None`.
    pub fn set_debug(&self, sink: Option<log::DebugSink>) {
        if let Ok(mut inner) = self.inner() {
            inner.client.log_mut().set_debug(sink);
        }
    }

    /// `set remotelogfile`.
    pub fn set_record(&self, writer: Option<Box<dyn Write>>) {
        if let Ok(mut inner) = self.inner() {
            inner.client.log_mut().set_record(writer);
        }
    }

    /// Writes a command of the user into the log file, if there is one.
    pub fn record_command(&self, text: &str) {
        if let Ok(mut inner) = self.inner() {
            inner.client.log_mut().command(text);
        }
    }

    /// Traffic in all and since the last resume.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.inner.try_borrow().map_or_else(|_| Statistics::default(), |inner| inner.client.statistics())
    }

    /// Things to tell the user that are no errors: standard error of a child, that the two sides had to be put back in step.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        self.inner().map_or_else(
            |_| Vec::new(),
            |mut inner| std::iter::from_fn(|| inner.client.next_note()).collect(),
        )
    }

    /// Address ranges that are never cached and never read beyond what is asked for: device registers, where a read has effects.
    pub fn set_uncached(&self, ranges: Vec<AddrRange>) {
        if let Ok(mut inner) = self.inner() {
            inner.uncached = ranges;
            inner.cache.clear();
        }
    }

    /// Forgets everything that was read, as `maintenance flush dcache` and `maintenance flush register-cache` do.
    pub fn flush(&self) {
        if let Ok(mut inner) = self.inner() {
            inner.forget();
        }
    }
}

impl Drop for RemoteTarget {
    /// Quitting leaves the guest as it is, without our breakpoints in it.
    fn drop(&mut self) {
        self.disconnect();
    }
}

impl Target for RemoteTarget {
    fn threads(&self) -> Result<Rc<[Thread]>, Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.threads()
    }

    fn focus(&self, thread: ThreadId) {
        if let Ok(mut inner) = self.inner() {
            inner.focus = Some(thread);
        }
    }

    fn registers(&self, thread: ThreadId) -> Result<Rc<RegisterFile>, Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.registers(thread)
    }

    fn registers_with(&self, thread: ThreadId, index: usize) -> Result<Rc<RegisterFile>, Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.registers_with(thread, index)
    }

    fn write_registers(&self, thread: ThreadId, writes: &[kdive_arch::RawWrite]) -> Result<(), Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.write_registers(thread, writes)
    }

    fn read_physical(&self, addr: kdive_base::PhysAddr, buf: &mut [u8]) -> Result<(), Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.read_physical(addr, buf)
    }

    fn write_physical(&self, addr: kdive_base::PhysAddr, bytes: &[u8]) -> Result<(), Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.write_physical(addr, bytes)
    }

    fn run_control(&self) -> Option<&dyn RunControl> {
        Some(self)
    }
}

/// Whether a stub that fell silent is asked again now. Every read of a long command must not wait for it anew.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Regain {
    Now,
    IfRested,
}

/// Time after a failed attempt in which requests fail at once.
const REST: Duration = Duration::from_secs(1);

impl Inner {
    /// Learns what there is to know at the start: the stop, registers; takes out what an earlier client left behind.
    fn begin(&mut self, options: &Options) -> Result<(), Error> {
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

    /// Reads the target description. One that is missing or malformed costs names of registers, not the session.
    fn describe(&mut self, thread: ThreadId) -> Result<(), Error> {
        if self.description.is_some() || !self.client.features().target_xml {
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
    fn learn_stop(&mut self, payload: &[u8]) -> Result<(), Error> {
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
    fn stop_from(&mut self, stopped: Stopped, synthesized: bool) -> Result<Stop, Error> {
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
            let ask = Request::query(process::STOP_REASON, Shape::Stop).with_patience(Patience::Normal);
            self.client.exchange(&[select, ask], &mut |_| {})?;
        }
        Ok(())
    }

    /// Makes sure that requests can be made.
    fn ready(&mut self, regain: Regain) -> Result<(), Error> {
        match &self.state {
            State::Stopped(_) => Ok(()),
            State::Running => Err(Error::Running),
            State::NoProcess | State::Closed => Err(Error::NotConnected),
            State::Unresponsive(since) => {
                if regain == Regain::IfRested && since.elapsed() < REST {
                    return Err(Error::Remote("the stub does not answer".into()));
                }
                self.regain()
            }
        }
    }

    /// Tries to get a silent stub to answer; on success the target is stopped.
    fn regain(&mut self) -> Result<(), Error> {
        let result = self.client.resync();
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
        self.state = State::Stopped(stop);
        Ok(())
    }

    /// Turns a client's result into ours, and takes note when the connection is gone or the stub silent.
    fn checked<T>(&mut self, result: Result<T, kdive_rsp::Error>) -> Result<T, Error> {
        if let Err(error) = &result {
            self.lost_check()?;
            if matches!(error, kdive_rsp::Error::Timeout(_)) && self.client.is_out_of_step() {
                self.state = State::Unresponsive(Instant::now());
            }
        }
        result.map_err(Error::from)
    }

    /// Fails when the connection is gone; the first time, with an event for whoever asks.
    fn lost_check(&mut self) -> Result<(), Error> {
        let Some(error) = self.client.over() else { return Ok(()) };
        let text = error.to_string();
        if self.state != State::Closed {
            self.events.push_back(Event::Lost(text.clone()));
            self.close();
        }
        Err(Error::Lost(text))
    }

    /// Forgets everything read from the target.
    fn forget(&mut self) {
        self.generation += 1;
        self.threads = None;
        self.registers.clear();
        self.cache.clear();
    }

    fn close(&mut self) {
        self.forget();
        self.inserted.clear();
        self.planted.clear();
        self.client.close();
        self.state = State::Closed;
    }

    /// The process part of ids, where there is one.
    fn pid(&self) -> Option<u64> {
        match &self.state {
            State::Stopped(stop) => stop.thread.pid,
            _ => None,
        }
    }

    fn threads(&mut self) -> Result<Rc<[Thread]>, Error> {
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

    fn accelerator(&mut self) -> Result<Accelerator, Error> {
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

fn diagnostics(notes: Vec<Note>) -> Vec<Vec<u8>> {
    notes
        .into_iter()
        .filter_map(|note| match note {
            Note::Diagnostics(text) => Some(text),
            Note::Resynchronized(_) => None,
        })
        .collect()
}
