//! What may follow `target remote`: parsing only, nothing is opened here.

use crate::Error;
use std::fmt;
use std::path::PathBuf;

/// Which addresses of a host may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// `tcp:` or no prefix.
    Any,
    /// `tcp4:`
    V4,
    /// `tcp6:`
    V6,
}

/// Where a stub listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// `HOST:PORT`, `:PORT`, `[V6]:PORT`, with an optional `tcp:`, `tcp4:`, `tcp6:`.
    Tcp {
        /// Name or address; `localhost` when left out.
        host: String,
        /// Port number.
        port: u16,
        /// Allowed addresses.
        family: Family,
    },
    /// `unix:PATH`, or the path of a socket.
    Unix(PathBuf),
    /// `| COMMAND`: a child of ours speaks the protocol on its standard input and output.
    Command(String),
    /// A serial device.
    Serial(PathBuf),
}

/// A stub's address, with the text the user typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    text: String,
    /// Where it is.
    pub place: Place,
}

impl Endpoint {
    /// Reads what the user typed after `target remote`. `is_socket` tells whether a path names a unix socket, there or to come.
    ///
    /// # Errors
    /// [`Error::Address`] when it is empty or a port is missing or impossible.
    pub fn parse(text: &str, is_socket: impl Fn(&str) -> bool) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::Address(
                "To open a remote debug connection, you need to specify what\n\
                 serial device is attached to the remote system\n\
                 (e.g. /dev/ttyS0, /dev/ttya, COM1, etc.)."
                    .into(),
            ));
        }
        let place = if let Some(command) = text.strip_prefix('|') {
            Place::Command(command.trim_start().to_owned())
        } else if let Some(path) = text.strip_prefix("unix:") {
            Place::Unix(PathBuf::from(path))
        } else if text.starts_with("udp:") || text.starts_with("udp4:") || text.starts_with("udp6:") {
            return Err(Error::Address(format!("{text}: UDP loses packets; use tcp: or a unix socket.")));
        } else if is_socket(text) {
            Place::Unix(PathBuf::from(text))
        } else if text.contains(':') && !text.starts_with('/') {
            tcp(text)?
        } else {
            Place::Serial(PathBuf::from(text))
        };
        Ok(Self { text: text.to_owned(), place })
    }

    /// Whether bytes may get lost or damaged on the way, and come slowly.
    #[must_use]
    pub fn is_serial(&self) -> bool {
        matches!(self.place, Place::Serial(_))
    }
}

/// As the user typed it.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn tcp(text: &str) -> Result<Place, Error> {
    let (family, rest) = [("tcp:", Family::Any), ("tcp4:", Family::V4), ("tcp6:", Family::V6)]
        .into_iter()
        .find_map(|(prefix, family)| Some((family, text.strip_prefix(prefix)?)))
        .unwrap_or((Family::Any, text));
    let missing = || Error::Address(format!("Missing port on hostname '{text}'"));
    let (host, port) = rest.rsplit_once(':').ok_or_else(missing)?;
    if port.is_empty() || (host.starts_with('[') && !host.ends_with(']')) {
        return Err(missing());
    }
    let port = port.parse::<u16>().ok().filter(|&port| port != 0);
    let port =
        port.ok_or_else(|| Error::Address(format!("{text}: the port has to be a number from 1 to 65535.")))?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let host = if host.is_empty() { "localhost" } else { host };
    Ok(Place::Tcp { host: host.to_owned(), port, family })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Endpoint::parse(text, |path| path == "/run/gdb.sock" || path == "a:b").unwrap().place
    }

    fn complaint(text: &str) -> String {
        Endpoint::parse(text, |_| false).unwrap_err().to_string()
    }

    fn host_port(host: &str, port: u16, family: Family) -> Place {
        Place::Tcp { host: host.into(), port, family }
    }

    #[test]
    fn tcp_forms() {
        assert_eq!(place(":1234"), host_port("localhost", 1234, Family::Any));
        assert_eq!(place("tcp::1234"), host_port("localhost", 1234, Family::Any));
        assert_eq!(place("box:1"), host_port("box", 1, Family::Any));
        assert_eq!(place("tcp4:box:1"), host_port("box", 1, Family::V4));
        assert_eq!(place("tcp6:[fe80::1]:1"), host_port("fe80::1", 1, Family::V6));
        assert_eq!(place("[::1]:1234"), host_port("::1", 1234, Family::Any));
        assert_eq!(place("::1:1234"), host_port("::1", 1234, Family::Any));
    }

    #[test]
    fn other_forms() {
        assert_eq!(place("unix:/tmp/a:b"), Place::Unix("/tmp/a:b".into()));
        assert_eq!(place("/run/gdb.sock"), Place::Unix("/run/gdb.sock".into()));
        assert_eq!(place("a:b"), Place::Unix("a:b".into()));
        assert_eq!(place("| exec qemu -gdb stdio"), Place::Command("exec qemu -gdb stdio".into()));
        assert_eq!(place("/dev/ttyS0"), Place::Serial("/dev/ttyS0".into()));
        assert_eq!(
            place("/dev/serial/by-path/pci-0000:00"),
            Place::Serial("/dev/serial/by-path/pci-0000:00".into())
        );
    }

    #[test]
    fn nonsense() {
        assert_eq!(complaint("tcp:1"), "Missing port on hostname 'tcp:1'");
        assert_eq!(complaint("box:"), "Missing port on hostname 'box:'");
        assert_eq!(complaint("[::1:5"), "Missing port on hostname '[::1:5'");
        assert_eq!(complaint(":99999"), ":99999: the port has to be a number from 1 to 65535.");
        assert_eq!(complaint(":gdb"), ":gdb: the port has to be a number from 1 to 65535.");
        assert!(complaint("udp:box:1").contains("UDP"));
        assert!(complaint(" ").starts_with("To open a remote debug connection"));
    }
}
