//! Thread ids as RSP writes them: `2`, `p1.2`, `-1` (all), `0` (any).
//!
//! Source: gdb manual, "Remote Protocol: Packets", *thread-id syntax*. QEMU pads to two hex digits (`p01.02`), kgdb uses
//! 16 digits and gives its per-CPU shadow threads the ids `fffffffffffffffe`, `fffffffffffffffd`, and so on.

use std::fmt;

/// One thread (a CPU, for QEMU) of a stub. Ids are only ever taken from the stub, never made up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ThreadId {
    /// The process part, `None` when the stub does not speak the multiprocess form.
    pub pid: Option<u64>,
    /// The thread part; neither 0 nor -1.
    pub tid: u64,
}

/// What a stub may write where a thread id is expected.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ThreadSelector {
    /// One thread.
    One(ThreadId),
    /// `0`, `p0.0` or a process with thread 0: any thread.
    Any,
    /// `-1`, `pN.-1` or `pN`: all threads (of that process).
    All,
}

impl ThreadId {
    /// The id of a stub without processes.
    #[must_use]
    pub const fn plain(tid: u64) -> Self {
        Self { pid: None, tid }
    }

    /// The id `pPID.TID`.
    #[must_use]
    pub const fn in_process(pid: u64, tid: u64) -> Self {
        Self { pid: Some(pid), tid }
    }

    /// Parses an id that has to name one thread; `None` for anything else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        match ThreadSelector::parse(text)? {
            ThreadSelector::One(id) => Some(id),
            ThreadSelector::Any | ThreadSelector::All => None,
        }
    }
}

impl ThreadSelector {
    /// Parses any thread id; `None` when the text is not one.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let Some(rest) = text.strip_prefix(b"p") else {
            return Some(match Part::parse(text)? {
                Part::All => Self::All,
                Part::Any => Self::Any,
                Part::Number(tid) => Self::One(ThreadId::plain(tid)),
            });
        };
        let (pid, tid) = match rest.iter().position(|&b| b == b'.') {
            Some(dot) => (rest.get(..dot)?, Part::parse(rest.get(dot + 1..)?)?),
            None => (rest, Part::All),
        };
        Some(match (Part::parse(pid)?, tid) {
            (Part::Number(pid), Part::Number(tid)) => Self::One(ThreadId::in_process(pid, tid)),
            (_, Part::Any) => Self::Any,
            (_, Part::All) => Self::All,
            (Part::Any, Part::Number(_)) => Self::Any,
            (Part::All, Part::Number(_)) => return None,
        })
    }
}

/// One half of an id.
enum Part {
    All,
    Any,
    Number(u64),
}

impl Part {
    fn parse(text: &[u8]) -> Option<Self> {
        if text == b"-1" {
            return Some(Self::All);
        }
        Some(match crate::hex::parse_u64(text)? {
            0 => Self::Any,
            n => Self::Number(n),
        })
    }
}

/// As a stub expects it in a request.
impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "p{pid:x}.{:x}", self.tid),
            None => write!(f, "{:x}", self.tid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_and_the_special_numbers() {
        use ThreadSelector::{All, Any, One};
        let check = |text: &str| ThreadSelector::parse(text.as_bytes());
        assert_eq!(check("2"), Some(One(ThreadId::plain(2))));
        assert_eq!(check("p01.02"), Some(One(ThreadId::in_process(1, 2))));
        assert_eq!(check("p1A.2b"), Some(One(ThreadId::in_process(0x1a, 0x2b))));
        assert_eq!(check("fffffffffffffffe"), Some(One(ThreadId::plain(u64::MAX - 1))));
        assert_eq!(check("-1"), Some(All));
        assert_eq!(check("p1.-1"), Some(All));
        assert_eq!(check("p1"), Some(All));
        assert_eq!(check("0"), Some(Any));
        assert_eq!(check("p0.0"), Some(Any));
        assert_eq!(check("p1.0"), Some(Any));
        for bad in ["", "p", "p.", "p1.", "p.1", "x", "-2", "p-1.1", "1 ", "11111111111111111", "p1.2.3"] {
            assert_eq!(check(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn written_without_padding() {
        assert_eq!(ThreadId::in_process(1, 0x10).to_string(), "p1.10");
        assert_eq!(ThreadId::plain(u64::MAX - 1).to_string(), "fffffffffffffffe");
    }
}
