//! A target behind a stub: the client with caches over it.
//!
//! Nothing is asked twice between two stops, and nothing is asked before somebody wants it: a step costs its resume packet and the stop reply. Everything
//! hides behind a `RefCell`, because memory is read through `&self`; a callback given to [`RemoteTarget::monitor`] must not use the target.

use crate::{Error, Permissions, RunControl, Target, Thread};
use inner::{Inner, Regain, State};
use kdive_arch::target_xml::Description;
use kdive_arch::{Arch, RawWrite, RegisterFile, RegisterLayout};
use kdive_base::{AddrRange, Interrupt, PhysAddr, VirtAddr};
use kdive_rsp::packet::process;
use kdive_rsp::transport::{self, OpenOptions, Transport};
use kdive_rsp::{
    Client, Config, Endpoint, InterruptSequence, Note, Packet, PacketSize, Packets, Profile, Statistics,
    ThreadId, log,
};
use std::cell::{RefCell, RefMut};
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

mod control;
mod inner;
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
    /// `set remote interrupt-sequence`.
    pub interrupt_sequence: InterruptSequence,
    /// `set remote interrupt-on-connect`.
    pub interrupt_on_connect: bool,
    /// The CPU family to assume when the stub does not describe itself.
    pub arch: Arch,
    /// The user's Ctrl-C.
    pub interrupt: Interrupt,
    /// What may be done to the target.
    pub permissions: Permissions,
    /// Packets the user forbids or demands.
    pub packets: Packets,
    /// `set remote memory-read-packet-size` and `memory-write-packet-size`.
    pub packet_sizes: (PacketSize, PacketSize),
    /// `set tdesc filename`: the registers, whatever the stub says of them.
    pub description: Option<Description>,
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
            interrupt_sequence: config.interrupt_sequence,
            interrupt_on_connect: config.interrupt_on_connect,
            arch: Arch::X86_64,
            interrupt: config.interrupt,
            permissions: Permissions::default(),
            packets: Packets::default(),
            packet_sizes: (config.read_size, config.write_size),
            description: None,
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

/// Address of the first instruction, in an auxiliary vector (`elf.h`).
const AT_ENTRY: u64 = 9;

/// The entries of a 64-bit auxiliary vector: pairs of tag and value, the last of which has tag 0.
fn auxiliary(vector: &[u8]) -> Vec<(u64, u64)> {
    let (pairs, _) = vector.as_chunks::<16>();
    let word = |pair: &[u8; 16], at: usize| {
        pair.get(at..).and_then(|bytes| bytes.first_chunk().copied()).map(u64::from_le_bytes)
    };
    let mut ended = false;
    pairs
        .iter()
        .filter_map(|pair| Some((word(pair, 0)?, word(pair, 8)?)))
        .take_while(|(tag, _)| !std::mem::replace(&mut ended, *tag == 0))
        .collect()
}

/// A target behind a stub.
pub struct RemoteTarget {
    address: String,
    inner: RefCell<Inner>,
}

impl RemoteTarget {
    /// Connects to a stub: `HOST:PORT`, `:PORT`, `tcp:…`, `tcp4:…`, `tcp6:…`, `unix:PATH`, the path of a socket, `| COMMAND`, or a serial
    /// device. `waits` is called once when the connection is refused and it is tried again.
    ///
    /// # Errors
    /// [`ConnectError`], worded as gdb does: `:1234: Connection refused.`
    pub fn connect(
        text: &str,
        options: &Options,
        log: log::Log,
        waits: &mut dyn FnMut(),
    ) -> Result<Self, ConnectError> {
        let plain = |error: kdive_rsp::Error| ConnectError { error: error.into(), diagnostics: Vec::new() };
        let endpoint = Endpoint::parse(text, transport::is_socket).map_err(plain)?;
        let open = OpenOptions {
            connect_timeout: options.connect_timeout,
            auto_retry: options.auto_retry,
            baud: options.baud,
            interrupt: options.interrupt.clone(),
        };
        let link = transport::open(&endpoint, &open, waits).map_err(plain)?;
        let target = Self::from_link(link, &endpoint.to_string(), options, log)?;
        if endpoint.is_serial() {
            target.inner.borrow_mut().fetch_pages = false;
        }
        Ok(target)
    }

    /// As [`RemoteTarget::connect`], over a connection that is already open.
    ///
    /// # Errors
    /// As [`RemoteTarget::connect`].
    pub fn from_link(
        link: Box<dyn Transport>,
        address: &str,
        options: &Options,
        log: log::Log,
    ) -> Result<Self, ConnectError> {
        let config = Config {
            remote_timeout: options.remote_timeout,
            extended: options.extended,
            interrupt: options.interrupt.clone(),
            until_interrupted: false,
            interrupt_sequence: options.interrupt_sequence,
            interrupt_on_connect: options.interrupt_on_connect,
            packets: options.packets.clone(),
            read_size: options.packet_sizes.0,
            write_size: options.packet_sizes.1,
        };
        let client = Client::connect(link, config, log).map_err(|(error, notes)| ConnectError {
            error: error.into(),
            diagnostics: diagnostics(notes),
        })?;
        let mut inner = Inner::new(client, options);
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

    /// What QEMU holds back while one instruction is stepped: 2 interrupts, 4 timers, 1 always set. 7 by default, so that a step does not
    /// land in an interrupt handler.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the stub is not QEMU.
    pub fn step_mask(&self) -> Result<u8, Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::Now)?;
        let result = inner.client.step_mask();
        inner.checked(result)
    }

    /// Sets the step mask. It outlives the connection.
    ///
    /// # Errors
    /// As [`RemoteTarget::step_mask`], and [`Error::Remote`] for a bit the accelerator does not have.
    pub fn set_step_mask(&self, mask: u8) -> Result<(), Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::Now)?;
        let result = inner.client.set_step_mask(mask);
        inner.checked(result)
    }

    /// Whether the stub found the target running rather than started it; `None` when it does not say.
    ///
    /// # Errors
    /// As for any request.
    pub fn attached(&self) -> Result<Option<bool>, Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::Now)?;
        let pid = inner.pid();
        let result = inner.client.attached(pid);
        inner.checked(result)
    }

    /// The auxiliary vector the program was given (getauxval.3). `None` where the stub has none, as QEMU for a whole machine.
    ///
    /// # Errors
    /// As for any request.
    pub fn auxiliary_vector(&self) -> Result<Option<Vec<(u64, u64)>>, Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::Now)?;
        let packets = &inner.client.config().packets;
        if packets.refuses(Packet::AuxiliaryVector) || !inner.client.features().has("qXfer:auxv:read+") {
            return Ok(None);
        }
        let result = inner.client.read_object("auxv", "");
        Ok(Some(auxiliary(&inner.checked(result)?)))
    }

    /// Where execution of the program started, from its auxiliary vector.
    ///
    /// # Errors
    /// As for any request.
    pub fn entry_point(&self) -> Result<Option<VirtAddr>, Error> {
        let vector = self.auxiliary_vector()?.unwrap_or_default();
        Ok(vector.into_iter().find(|(tag, _)| *tag == AT_ENTRY).map(|(_, value)| VirtAddr(value)))
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

    /// Closes the connection and leaves the target as it is: stopped if it is stopped, running if it runs. Breakpoints are taken out; a running
    /// target is stopped for that, if it has any, for a moment.
    pub fn disconnect(&self) {
        if let Ok(mut inner) = self.inner() {
            match inner.state {
                State::Stopped(_) => inner.remove_all(),
                State::Running => inner.leave_running(),
                State::Unresponsive(_) | State::NoProcess | State::Closed => {}
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

    /// `set remote NAME-packet`: on, off, or auto, which is `None`.
    pub fn decide_packet(&self, packet: Packet, choice: Option<bool>) {
        if let Ok(mut inner) = self.inner() {
            inner.client.config_mut().packets.decide(packet, choice);
        }
    }

    /// Whether the stub knows a packet; `None` while it was not tried.
    #[must_use]
    pub fn knows_packet(&self, packet: Packet) -> Option<bool> {
        self.inner.try_borrow().ok()?.client.knows(packet)
    }

    /// Whether the stub offered a feature when the connection was made.
    #[must_use]
    pub fn offers(&self, feature: &str) -> bool {
        self.inner.try_borrow().is_ok_and(|inner| inner.client.features().has(&format!("{feature}+")))
    }

    /// How large packets may be that read and that write memory, and bytes of what they are now.
    pub fn set_packet_sizes(&self, read: PacketSize, write: PacketSize) {
        if let Ok(mut inner) = self.inner() {
            let config = inner.client.config_mut();
            (config.read_size, config.write_size) = (read, write);
        }
    }

    /// Whether it is `target extended-remote`.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        self.inner.try_borrow().is_ok_and(|inner| inner.client.is_extended())
    }

    /// Whether the stub says that it can run backwards.
    #[must_use]
    pub fn runs_backwards(&self) -> bool {
        self.inner.try_borrow().is_ok_and(|inner| {
            let features = inner.client.features();
            features.reverse_step || features.reverse_continue
        })
    }

    /// The registers are those of a description of the user's from now on, or again those of the stub's own.
    ///
    /// # Errors
    /// When the stub cannot be asked for its own.
    pub fn set_description(&self, given: Option<Description>) -> Result<(), Error> {
        let mut inner = self.inner()?;
        inner.given = given;
        inner.description = None;
        inner.layout = Arc::new(RegisterLayout::new(inner.arch, Vec::new()));
        inner.layouts.clear();
        inner.forget();
        match &inner.state {
            State::Stopped(stop) => {
                let thread = stop.thread;
                inner.describe(thread)
            }
            _ => Ok(()),
        }
    }

    /// Bytes the stub takes in one packet.
    #[must_use]
    pub fn packet_size(&self) -> usize {
        self.inner.try_borrow().map_or(0, |inner| inner.client.features().packet_size)
    }

    /// What may be done to the target, from now on.
    pub fn set_permissions(&self, permissions: Permissions) {
        if let Ok(mut inner) = self.inner() {
            inner.permissions = permissions;
        }
    }

    /// `set remote interrupt-sequence`, for the connection there is.
    pub fn set_interrupt_sequence(&self, sequence: InterruptSequence) {
        if let Ok(mut inner) = self.inner() {
            inner.client.config_mut().interrupt_sequence = sequence;
        }
    }

    /// `set debug remote`: lines go to `sink`, none when it is `None`.
    pub fn set_debug(&self, sink: Option<log::DebugSink>) {
        if let Ok(mut inner) = self.inner() {
            inner.client.log_mut().set_debug(sink);
        }
    }

    /// `set debug remote-packet-max-chars`.
    pub fn set_shown(&self, shown: Option<usize>) {
        if let Ok(mut inner) = self.inner() {
            inner.client.log_mut().set_shown(shown);
        }
    }

    /// `set remotelogbase`.
    pub fn set_log_base(&self, base: log::LogBase) {
        if let Ok(mut inner) = self.inner() {
            inner.client.log_mut().set_base(base);
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

    fn write_registers(&self, thread: ThreadId, writes: &[RawWrite]) -> Result<(), Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.write_registers(thread, writes)
    }

    fn read_physical(&self, addr: PhysAddr, buf: &mut [u8]) -> Result<(), Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.read_physical(addr, buf)
    }

    fn write_physical(&self, addr: PhysAddr, bytes: &[u8]) -> Result<(), Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        inner.write_physical(addr, bytes)
    }

    fn prefetch(&self, addr: VirtAddr, len: usize) {
        let Ok(mut inner) = self.inner() else { return };
        if inner.ready(Regain::IfRested).is_err() {
            return;
        }
        let pages = std::mem::replace(&mut inner.fetch_pages, false);
        // Its reader finds out what is wrong with it.
        let _ = inner.read_virtual(addr, &mut vec![0; len]);
        inner.fetch_pages = pages;
    }

    fn threads_are_tasks(&self) -> bool {
        self.profile() == Ok(Profile::Kgdb)
    }

    fn signal_info(&self, thread: ThreadId) -> Option<Vec<u8>> {
        let mut inner = self.inner().ok()?;
        inner.ready(Regain::IfRested).ok()?;
        let packets = &inner.client.config().packets;
        let refused = packets.refuses(Packet::ReadSignalInfo);
        if refused || !inner.client.features().has("qXfer:siginfo:read+") {
            return None;
        }
        let result = inner.client.select(thread);
        inner.checked(result).ok()?;
        let result = inner.client.read_object("siginfo", "");
        inner.checked(result).ok()
    }

    fn checksum(&self, addr: VirtAddr, len: u64) -> Result<Option<u32>, Error> {
        let mut inner = self.inner()?;
        inner.ready(Regain::IfRested)?;
        let thread = inner.focus().ok_or(Error::NotConnected)?;
        let result = inner.client.checksum(thread, addr.0, len);
        inner.checked(result)
    }

    fn ask_monitor(&self, question: &str) -> Option<String> {
        let mut inner = self.inner().ok()?;
        inner.ready(Regain::IfRested).ok()?;
        if !inner.client.profile().is_qemu() {
            return None;
        }
        let mut text = Vec::new();
        let result = inner.client.monitor(question.as_bytes(), &mut |bytes| text.extend_from_slice(bytes));
        inner.checked(result).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    fn run_control(&self) -> Option<&dyn RunControl> {
        Some(self)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auxiliary_vector_is_pairs_up_to_tag_0() {
        let vector: Vec<u8> = [3_u64, 0x40, AT_ENTRY, 0x5555_5555_5060, 0, 0, AT_ENTRY, 1]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect();
        assert_eq!(auxiliary(&vector), [(3, 0x40), (AT_ENTRY, 0x5555_5555_5060), (0, 0)]);
        assert_eq!(auxiliary(&vector[32..]), [(0, 0)], "after the end");
        assert_eq!(auxiliary(&vector[..30]), [(3, 0x40)], "cut off");
    }
}
