//! All I/O of the protocol: opening sockets, serial lines and children, the reader thread, and the clock.
//!
//! One thread owns the read side and passes what it gets through a channel, so a caller can wait with a deadline on any kind of
//! descriptor, and large replies are taken in while requests are still being written. Tests put a scripted peer with a clock of its
//! own behind [`Transport`] instead.

use crate::Error;
use crate::endpoint::{Endpoint, Family, Place};
use kdive_base::Interrupt;
use serial2::{SerialPort, Settings};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How long a write may block before the connection counts as broken: a peer that reads nothing is not served by waiting.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait between attempts while nobody listens yet; gdb polls five times a second too.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

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

/// Whether `path` names a unix socket, for [`Endpoint::parse`].
#[must_use]
pub fn is_socket(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

/// Opens the connection an endpoint names.
///
/// # Errors
/// [`Error::Connect`] in gdb's form `ADDRESS: Reason.`, [`Error::Interrupted`].
pub fn open(endpoint: &Endpoint, options: &OpenOptions) -> Result<Box<dyn Transport>, Error> {
    let failed = |reason: String| Error::Connect { address: endpoint.to_string(), reason };
    let plain = |error: io::Error| failed(words(&error));
    let link = match &endpoint.place {
        Place::Tcp { host, port, family } => {
            let addresses = resolve(host, *port, *family)
                .map_err(|error| failed(format!("cannot resolve name: {}", words(&error))))?;
            let stream = retried(options, |left| connect_any(&addresses, left))?.map_err(plain)?;
            stream.set_nodelay(true).map_err(plain)?;
            stream.set_write_timeout(Some(WRITE_TIMEOUT)).map_err(plain)?;
            Link::over_tcp(stream).map_err(plain)?
        }
        Place::Unix(path) => {
            let stream = retried(options, |_| UnixStream::connect(path))?.map_err(plain)?;
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

/// Repeats `attempt` while it is refused, until it has taken the connect timeout. Each attempt gets at most a second, so that
/// Ctrl-C is heard.
fn retried<T>(
    options: &OpenOptions,
    mut attempt: impl FnMut(Duration) -> io::Result<T>,
) -> Result<io::Result<T>, Error> {
    let end = Instant::now() + options.connect_timeout;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let result = attempt(left.min(Duration::from_secs(1)));
        if options.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        let pause = match &result {
            Err(error) if is_refusal(error) && options.auto_retry => RETRY_PAUSE,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Duration::ZERO,
            _ => return Ok(result),
        };
        if Instant::now() + pause >= end {
            return Ok(result);
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

    fn receive(&mut self, _: Duration) -> Received {
        Received::Hangup(Hangup::Closed)
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// Both halves of a connection: the write side here, the read side in its thread.
struct Link {
    write: WriteSide,
    incoming: Receiver<Received>,
    ended: Option<Hangup>,
}

enum WriteSide {
    Tcp(TcpStream),
    Unix(UnixStream),
    Serial { port: Arc<SerialPort>, stop: Arc<AtomicBool> },
}

impl Link {
    fn over_tcp(stream: TcpStream) -> io::Result<Self> {
        let reader = stream.try_clone()?;
        let (sender, incoming) = mpsc::channel();
        spawn("rsp-read", move || read_all(reader, &sender, Received::Bytes, false))?;
        Ok(Self { write: WriteSide::Tcp(stream), incoming, ended: None })
    }

    fn over_unix(stream: UnixStream, child: Option<Child>) -> io::Result<Self> {
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let reader = stream.try_clone()?;
        let (sender, incoming) = mpsc::channel();
        if let Some(mut child) = child {
            if let Some(errors) = child.stderr.take() {
                let sender = sender.clone();
                // Not an end of the connection when it closes: only the protocol's own side is.
                spawn("rsp-stderr", move || read_all(errors, &sender, Received::Diagnostics, true))?;
            }
            // A child that outlives the connection is left alone, one that ends is not left a zombie.
            spawn("rsp-child", move || drop(child.wait()))?;
        }
        spawn("rsp-read", move || read_all(reader, &sender, Received::Bytes, false))?;
        Ok(Self { write: WriteSide::Unix(stream), incoming, ended: None })
    }

    fn over_child(command: &str) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new("/bin/sh")
            .args(["-c", command])
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs.try_clone()?)))
            .stdout(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .stderr(Stdio::piped())
            // Its own process group: a Ctrl-C at our terminal must reach the debugger, not the guest.
            .process_group(0)
            .spawn()?;
        Self::over_unix(ours, Some(child))
    }

    fn over_serial(path: &Path, baud: Option<u32>) -> io::Result<Self> {
        if path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        let mut port = SerialPort::open(path, |mut settings: Settings| {
            settings.set_raw();
            if let Some(baud) = baud {
                settings.set_baud_rate(baud)?;
            }
            Ok(settings)
        })?;
        port.set_read_timeout(Duration::from_millis(200))?;
        port.set_write_timeout(WRITE_TIMEOUT)?;
        let port = Arc::new(port);
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, incoming) = mpsc::channel();
        let (reader, ending) = (Arc::clone(&port), Arc::clone(&stop));
        spawn("rsp-read", move || {
            let reader = UntilStopped { port: &reader, stop: &ending };
            read_all(reader, &sender, Received::Bytes, false);
        })?;
        Ok(Self { write: WriteSide::Serial { port, stop }, incoming, ended: None })
    }
}

impl Link {
    /// What a child still had to say on its standard error when its side of the protocol closed, then the hangup.
    fn last_words(&mut self) -> Received {
        match self.incoming.recv_timeout(Duration::from_millis(100)) {
            Ok(diagnostics @ Received::Diagnostics(_)) => diagnostics,
            _ => Received::Hangup(self.ended.clone().unwrap_or(Hangup::Closed)),
        }
    }
}

impl Transport for Link {
    fn send(&mut self, bytes: &[u8]) -> Result<(), Hangup> {
        let result = match &mut self.write {
            WriteSide::Tcp(stream) => stream.write_all(bytes),
            WriteSide::Unix(stream) => stream.write_all(bytes),
            WriteSide::Serial { port, .. } => port.write_all(bytes),
        };
        result.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                Hangup::Broken("the stub does not read what it is sent".into())
            }
            _ => Hangup::Broken(words(&error)),
        })
    }

    fn receive(&mut self, timeout: Duration) -> Received {
        if self.ended.is_some() {
            return self.last_words();
        }
        let hangup = match self.incoming.recv_timeout(timeout) {
            Ok(Received::Hangup(hangup)) => hangup,
            Ok(received) => return received,
            Err(RecvTimeoutError::Timeout) => return Received::Nothing,
            Err(RecvTimeoutError::Disconnected) => Hangup::Closed,
        };
        self.ended = Some(hangup);
        self.last_words()
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl Drop for Link {
    /// Ends the reader thread. The peer only sees the connection close; nothing is killed.
    fn drop(&mut self) {
        match &self.write {
            WriteSide::Tcp(stream) => drop(stream.shutdown(Shutdown::Both)),
            WriteSide::Unix(stream) => drop(stream.shutdown(Shutdown::Both)),
            WriteSide::Serial { stop, .. } => stop.store(true, Ordering::Relaxed),
        }
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.into()).spawn(body).map(drop)
}

/// Passes on everything read until the end, and the end itself unless `quiet_end`.
fn read_all(
    mut reader: impl Read,
    sender: &Sender<Received>,
    wrap: fn(Vec<u8>) -> Received,
    quiet_end: bool,
) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let received = match reader.read(&mut buffer) {
            Ok(n @ 1..) => wrap(buffer.get(..n).unwrap_or_default().to_vec()),
            Ok(0) => Received::Hangup(Hangup::Closed),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Received::Hangup(Hangup::Broken(words(&error))),
        };
        let last = matches!(received, Received::Hangup(_));
        let wanted = !(last && quiet_end);
        if (wanted && sender.send(received).is_err()) || last {
            return;
        }
    }
}

/// A serial line that looks up from reading now and then to see whether it should stop.
struct UntilStopped<'a> {
    port: &'a SerialPort,
    stop: &'a AtomicBool,
}

impl Read for UntilStopped<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.port.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    if self.stop.load(Ordering::Relaxed) {
                        return Ok(0);
                    }
                }
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests;
