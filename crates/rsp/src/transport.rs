//! All I/O of the protocol: opening sockets, serial lines and children, waiting with a deadline, and the clock.
//!
//! The caller's thread reads by itself, after `poll` on everything that may come in: handing bytes over from a reader thread would double the time of a
//! round trip on a local socket. Ctrl-C interrupts `poll`, so it is seen at once. Tests put a scripted peer with a clock of its own behind [`Transport`]
//! instead.

use crate::Error;
use crate::endpoint::{Endpoint, Family, Place};
use kdive_base::Interrupt;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use serial2::{SerialPort, Settings};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a write may block before the connection counts as broken: a peer that reads nothing is not served by waiting.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait between attempts while the connection is refused; gdb polls five times a second too.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// A break condition over a socket (RFC 854: IAC, BRK), as terminal servers and QEMU's `-serial telnet:` understand it.
const TELNET_BREAK: [u8; 2] = [255, 243];

/// A connection was ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hangup {
    /// The peer closed it in good order.
    Closed,
    /// The system's words for what broke it.
    Broken(String),
}

impl From<Hangup> for Error {
    fn from(hangup: Hangup) -> Self {
        match hangup {
            Hangup::Closed => Self::Closed,
            Hangup::Broken(reason) => Self::Broken(reason),
        }
    }
}

/// What came in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Received {
    /// Bytes of the protocol.
    Bytes(Vec<u8>),
    /// What a child wrote to its standard error.
    Diagnostics(Vec<u8>),
    /// Nothing before the timeout.
    Nothing,
    /// The end; every later call gives it again.
    Hangup(Hangup),
}

/// A connection to a stub and the clock it runs by.
pub trait Transport {
    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// [`Hangup`]; what the peer sent before can still be received.
    fn send(&mut self, bytes: &[u8]) -> Result<(), Hangup>;

    /// Sends a break condition: on a serial line the real one, elsewhere what telnet has for it.
    ///
    /// # Errors
    /// As [`Transport::send`].
    fn send_break(&mut self) -> Result<(), Hangup>;

    /// Waits up to `timeout` for something to come in.
    fn receive(&mut self, timeout: Duration) -> Received;

    /// The time, for deadlines.
    fn now(&self) -> Instant;
}

/// What `set tcp …`, `set serial …` say about opening a connection.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// `set tcp connect-timeout`: how long to try, 15 s by default.
    pub connect_timeout: Duration,
    /// `set tcp auto-retry`: whether a refused connection is tried again until then.
    pub auto_retry: bool,
    /// `set serial baud`; `None` leaves the line as it is.
    pub baud: Option<u32>,
    /// Ctrl-C ends the attempts.
    pub interrupt: Interrupt,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(15),
            auto_retry: true,
            baud: None,
            interrupt: Interrupt::new(),
        }
    }
}

/// Whether `path` names a unix socket, for [`Endpoint::parse`]: one that is there, or a name for one that its server has yet to
/// make, in a directory that exists. Names of devices and words that are no path are no sockets.
#[must_use]
pub fn is_socket(path: &str) -> bool {
    match std::fs::metadata(path) {
        Ok(metadata) => metadata.file_type().is_socket(),
        Err(error) => {
            let named = path.starts_with(['/', '.']) && !path.starts_with("/dev/")
                || [".sock", ".socket"].iter().any(|end| path.ends_with(end));
            named && error.kind() == io::ErrorKind::NotFound && may_come(Path::new(path))
        }
    }
}

/// Whether a file that is not there may still be made: its directory exists.
fn may_come(path: &Path) -> bool {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    directory.unwrap_or(Path::new(".")).is_dir()
}

/// Opens the connection an endpoint names. `waits` is called once when the connection is refused and it is tried again.
///
/// # Errors
/// [`Error::Connect`] in gdb's form `ADDRESS: Reason.`, [`Error::Interrupted`].
pub fn open(
    endpoint: &Endpoint,
    options: &OpenOptions,
    waits: &mut dyn FnMut(),
) -> Result<Box<dyn Transport>, Error> {
    let failed = |reason: String| Error::Connect { address: endpoint.to_string(), reason };
    let plain = |error: io::Error| failed(words(&error));
    let link = match &endpoint.place {
        Place::Tcp { host, port, family } => {
            let addresses = resolve(host, *port, *family)
                .map_err(|error| failed(format!("cannot resolve name: {}", words(&error))))?;
            let stream =
                retried(options, is_refusal, waits, |left| connect_any(&addresses, left))?.map_err(plain)?;
            stream.set_nodelay(true).map_err(plain)?;
            stream.set_write_timeout(Some(WRITE_TIMEOUT)).map_err(plain)?;
            Link::new(Stream::Tcp(stream), None)
        }
        Place::Unix(path) => {
            // The server makes the file when it starts, and what an earlier one has left there refuses until then.
            let comes = |error: &io::Error| {
                is_refusal(error) || error.kind() == io::ErrorKind::NotFound && may_come(path)
            };
            let stream = retried(options, comes, waits, |_| UnixStream::connect(path))?.map_err(plain)?;
            Link::over_unix(stream, None).map_err(plain)?
        }
        Place::Command(command) => Link::over_child(command).map_err(plain)?,
        Place::Serial(path) => Link::over_serial(path, options.baud).map_err(plain)?,
    };
    Ok(Box::new(link))
}

/// A connection over an already connected unix socket.
///
/// # Errors
/// When the socket cannot be duplicated or the reader thread not be started.
pub fn over_unix_stream(stream: UnixStream) -> io::Result<Box<dyn Transport>> {
    Ok(Box::new(Link::over_unix(stream, None)?))
}

/// The system's words without Rust's `(os error N)`.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.strip_prefix("failed to lookup address information: ").unwrap_or(text).to_owned()
}

fn resolve(host: &str, port: u16, family: Family) -> io::Result<Vec<SocketAddr>> {
    let addresses: Vec<_> = (host, port)
        .to_socket_addrs()?
        .filter(|address| match family {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        })
        .collect();
    if addresses.is_empty() {
        return Err(io::Error::other("No address associated with hostname"));
    }
    Ok(addresses)
}

/// Tries all addresses of a host; a refusal outweighs "unreachable", because it says that the host is there.
fn connect_any(addresses: &[SocketAddr], left: Duration) -> io::Result<TcpStream> {
    let mut result = Err(io::Error::from(io::ErrorKind::TimedOut));
    for address in addresses {
        match TcpStream::connect_timeout(address, left.max(Duration::from_millis(1))) {
            Ok(stream) => return Ok(stream),
            Err(error) if matches!(&result, Err(old) if is_refusal(old)) => drop(error),
            Err(error) => result = Err(error),
        }
    }
    result
}

fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

/// Repeats `attempt` while its error may go away, until it has taken the connect timeout. Each attempt gets at most a second, so
/// that Ctrl-C is heard.
fn retried<T>(
    options: &OpenOptions,
    may_go_away: impl Fn(&io::Error) -> bool,
    waits: &mut dyn FnMut(),
    mut attempt: impl FnMut(Duration) -> io::Result<T>,
) -> Result<io::Result<T>, Error> {
    let end = Instant::now() + options.connect_timeout;
    let mut waits = Some(waits);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let result = attempt(left.min(Duration::from_secs(1)));
        if options.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        let pause = match &result {
            Err(error) if may_go_away(error) && options.auto_retry => RETRY_PAUSE,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Duration::ZERO,
            _ => return Ok(result),
        };
        if Instant::now() + pause >= end {
            return Ok(result);
        }
        if let Some(waits) = waits.take() {
            waits();
        }
        thread::sleep(pause);
    }
}

/// A connection that has been given up.
#[derive(Debug)]
pub struct Closed;

impl Transport for Closed {
    fn send(&mut self, _: &[u8]) -> Result<(), Hangup> {
        Err(Hangup::Closed)
    }

    fn send_break(&mut self) -> Result<(), Hangup> {
        Err(Hangup::Closed)
    }

    fn receive(&mut self, _: Duration) -> Received {
        Received::Hangup(Hangup::Closed)
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// An open connection.
struct Link {
    stream: Stream,
    /// Standard error of the child at the other end, until it closes.
    errors: Option<ChildStderr>,
    ended: Option<Hangup>,
    buffer: Vec<u8>,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Serial(SerialPort),
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
            Self::Serial(port) => port.as_fd(),
        }
    }
}

impl Link {
    fn new(stream: Stream, errors: Option<ChildStderr>) -> Self {
        Self { stream, errors, ended: None, buffer: vec![0; 64 << 10] }
    }

    fn over_unix(stream: UnixStream, errors: Option<ChildStderr>) -> io::Result<Self> {
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        Ok(Self::new(Stream::Unix(stream), errors))
    }

    fn over_child(command: &str) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut child = Command::new("/bin/sh")
            .args(["-c", command])
            .stdin(Stdio::from(OwnedFd::from(theirs.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            .stderr(Stdio::piped())
            // Its own process group: a Ctrl-C at our terminal must reach the debugger, not the guest.
            .process_group(0)
            .spawn()?;
        let errors = child.stderr.take();
        reap(child)?;
        Self::over_unix(ours, errors)
    }

    fn over_serial(path: &Path, baud: Option<u32>) -> io::Result<Self> {
        if path.is_dir() {
            return Err(io::Error::from(Errno::ISDIR));
        }
        let mut port = SerialPort::open(path, |mut settings: Settings| {
            settings.set_raw();
            if let Some(baud) = baud {
                settings.set_baud_rate(baud)?;
            }
            Ok(settings)
        })?;
        port.set_write_timeout(WRITE_TIMEOUT)?;
        Ok(Self::new(Stream::Serial(port), None))
    }

    /// Waits until the stream or the child's standard error has something; tells which, the stream first.
    fn ready(&self, timeout: Duration) -> Result<Ready, Errno> {
        // Hangups and errors are always reported, and read as the end.
        let mut fds =
            [PollFd::new(&self.stream, PollFlags::IN), PollFd::new(&self.stream, PollFlags::empty())];
        let mut count = 1;
        if let Some(errors) = &self.errors {
            fds[1] = PollFd::new(errors, PollFlags::IN);
            count = 2;
        }
        let timeout = Timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        let fds = fds.get_mut(..count).unwrap_or_default();
        if poll(fds, Some(&timeout))? == 0 {
            return Ok(Ready::Nothing);
        }
        Ok(match fds.first() {
            Some(stream) if !stream.revents().is_empty() => Ready::Stream,
            _ => Ready::Errors,
        })
    }

    /// Reads what the stream has; the end once it has none.
    fn read(&mut self) -> Result<Vec<u8>, Hangup> {
        loop {
            return match rustix::io::read(&self.stream, &mut self.buffer) {
                Ok(0) => Err(Hangup::Closed),
                Ok(count) => Ok(self.buffer.get(..count).unwrap_or_default().to_vec()),
                Err(Errno::INTR) => continue,
                // A serial line is opened non-blocking, and `poll` may be wrong about it.
                Err(Errno::AGAIN) => Ok(Vec::new()),
                // What the far end of a pseudo-terminal gives when its owner is gone.
                Err(Errno::IO) if matches!(self.stream, Stream::Serial(_)) => Err(Hangup::Closed),
                Err(errno) => Err(Hangup::Broken(words(&errno.into()))),
            };
        }
    }

    /// Reads what the child wrote to its standard error; closes it at its end.
    fn read_errors(&mut self) -> Option<Vec<u8>> {
        let errors = self.errors.as_ref()?;
        match rustix::io::read(errors, &mut self.buffer) {
            Ok(count @ 1..) => self.buffer.get(..count).map(<[u8]>::to_vec),
            Err(Errno::INTR) => None,
            Ok(0) | Err(_) => {
                self.errors = None;
                None
            }
        }
    }

    /// What a child still had to say on its standard error when its side of the protocol closed, then the hangup.
    fn last_words(&mut self, hangup: Hangup) -> Received {
        let patience = Instant::now() + Duration::from_millis(100);
        while let Some(errors) = &self.errors {
            let left = patience.saturating_duration_since(Instant::now());
            let mut fds = [PollFd::new(errors, PollFlags::IN)];
            let timeout = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
            if !matches!(poll(&mut fds, Some(&timeout)), Ok(1)) {
                break;
            }
            if let Some(text) = self.read_errors() {
                return Received::Diagnostics(text);
            }
        }
        Received::Hangup(hangup)
    }
}

enum Ready {
    Stream,
    Errors,
    Nothing,
}

impl Transport for Link {
    fn send(&mut self, bytes: &[u8]) -> Result<(), Hangup> {
        let result = match &mut self.stream {
            Stream::Tcp(stream) => stream.write_all(bytes),
            Stream::Unix(stream) => stream.write_all(bytes),
            Stream::Serial(port) => port.write_all(bytes),
        };
        result.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                Hangup::Broken("the stub does not read what it is sent".into())
            }
            _ => Hangup::Broken(words(&error)),
        })
    }

    fn send_break(&mut self) -> Result<(), Hangup> {
        let Stream::Serial(port) = &self.stream else { return self.send(&TELNET_BREAK) };
        // It lasts a quarter of a second, as the system makes it. A pseudo-terminal has no line that could be broken.
        match rustix::termios::tcsendbreak(port) {
            // Ctrl-C once more.
            Ok(()) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(Hangup::Broken(words(&errno.into()))),
        }
    }

    fn receive(&mut self, timeout: Duration) -> Received {
        if let Some(hangup) = &self.ended {
            let hangup = hangup.clone();
            return self.last_words(hangup);
        }
        let result = match self.ready(timeout) {
            Ok(Ready::Stream) => self.read(),
            Ok(Ready::Errors) => return self.read_errors().map_or(Received::Nothing, Received::Diagnostics),
            // A signal: the waiting code looks at the interrupt flag now.
            Ok(Ready::Nothing) | Err(Errno::INTR) => return Received::Nothing,
            Err(errno) => Err(Hangup::Broken(words(&errno.into()))),
        };
        match result {
            Ok(bytes) => Received::Bytes(bytes),
            Err(hangup) => {
                self.ended = Some(hangup.clone());
                self.last_words(hangup)
            }
        }
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A child that outlives the connection is left alone; one that ends is not left a zombie.
fn reap(mut child: Child) -> io::Result<()> {
    thread::Builder::new().name("rsp-child".into()).spawn(move || drop(child.wait())).map(drop)
}

#[cfg(test)]
mod tests;
