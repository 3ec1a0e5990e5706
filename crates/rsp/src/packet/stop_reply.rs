//! Stop replies: `Sxx`, `Txx key:value;…`, `Wxx`, `Xxx`, `N`, and what may come between (`O`, `F`).
//!
//! QEMU sends `T05thread:p01.01;` and for watchpoints `watch:`, `rwatch:` or `awatch:` with the start of the watched range; no
//! registers, no `swbreak`. gdbserver adds registers (`06:…;`), `core:`, library events. Unknown keys are skipped.

use crate::{ThreadId, ThreadSelector, hex};

/// How a watchpoint was touched.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Watch {
    /// `watch:`
    Write,
    /// `rwatch:`
    Read,
    /// `awatch:`
    Access,
}

/// What a stop reply says beyond the signal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Nothing.
    None,
    /// A watchpoint and the address the stub names.
    Watch(Watch, u64),
    /// `swbreak:`: the stub has already moved the pc back to the breakpoint.
    SoftwareBreakpoint,
    /// `hwbreak:`
    HardwareBreakpoint,
    /// `replaylog:begin` or `replaylog:end`: reverse execution ran out of history.
    ReplayLog,
    /// Another event by name (`library`, `fork`, `exec`, `syscall_entry`, `create`).
    Other(String),
}

/// A stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// Signal in gdb's numbering.
    pub signal: u8,
    /// The thread, when the stub names one.
    pub thread: Option<ThreadId>,
    /// What happened.
    pub reason: Reason,
    /// The host CPU or core (`core:`).
    pub core: Option<u64>,
    /// Registers sent along, by number, in target byte order.
    pub registers: Vec<(u32, Vec<u8>)>,
}

/// A reply that ends (or interrupts) a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StopReply {
    /// The target stopped.
    Stopped(Stopped),
    /// `W`: it exited with this code.
    Exited(u64),
    /// `X`: a signal ended it.
    Killed(u64),
    /// `N`: no thread is left to wait for.
    NoResumed,
}

impl StopReply {
    /// Reads a stop reply; `None` when the payload is something else.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (kind, rest) = payload.split_first()?;
        match kind {
            b'N' if rest.is_empty() => Some(Self::NoResumed),
            b'W' => Some(Self::Exited(exit_number(rest)?)),
            b'X' => Some(Self::Killed(exit_number(rest)?)),
            b'S' | b'T' => {
                let [high, low, pairs @ ..] = rest else { return None };
                let signal = hex::digit(*high)? << 4 | hex::digit(*low)?;
                Some(Self::Stopped(Stopped::with_pairs(signal, pairs)))
            }
            _ => None,
        }
    }
}

impl Stopped {
    /// A stop that says nothing but a signal.
    #[must_use]
    pub fn bare(signal: u8) -> Self {
        Self { signal, thread: None, reason: Reason::None, core: None, registers: Vec::new() }
    }

    fn with_pairs(signal: u8, pairs: &[u8]) -> Self {
        let mut stop = Self::bare(signal);
        for pair in pairs.split(|&b| b == b';') {
            let Some(colon) = pair.iter().position(|&b| b == b':') else { continue };
            let (key, value) =
                (pair.get(..colon).unwrap_or_default(), pair.get(colon + 1..).unwrap_or_default());
            // A key of nothing but hex digits is a register number; no event name is one.
            if let Some(number) = hex::parse_u64(key) {
                if let (Ok(number), Some(bytes)) = (u32::try_from(number), hex::decode(value)) {
                    stop.registers.push((number, bytes));
                }
                continue;
            }
            match key {
                b"thread" => {
                    if let Some(ThreadSelector::One(thread)) = ThreadSelector::parse(value) {
                        stop.thread = Some(thread);
                    }
                }
                b"core" => stop.core = hex::parse_u64(value),
                b"watch" => stop.watch(Watch::Write, value),
                b"rwatch" => stop.watch(Watch::Read, value),
                b"awatch" => stop.watch(Watch::Access, value),
                b"swbreak" => stop.reason = Reason::SoftwareBreakpoint,
                b"hwbreak" => stop.reason = Reason::HardwareBreakpoint,
                b"replaylog" => stop.reason = Reason::ReplayLog,
                b"library" | b"fork" | b"vfork" | b"vforkdone" | b"exec" | b"create" | b"clone"
                | b"syscall_entry" | b"syscall_return" => {
                    stop.reason = Reason::Other(String::from_utf8_lossy(key).into_owned());
                }
                _ => {}
            }
        }
        stop
    }

    fn watch(&mut self, watch: Watch, value: &[u8]) {
        if let Some(addr) = hex::parse_u64(value) {
            self.reason = Reason::Watch(watch, addr);
        }
    }
}

/// The number of `W00`, `W00;process:1`, `W00;`.
fn exit_number(rest: &[u8]) -> Option<u64> {
    hex::parse_u64(rest.split(|&b| b == b';').next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(text: &str) -> Stopped {
        match StopReply::parse(text.as_bytes()) {
            Some(StopReply::Stopped(stop)) => stop,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn qemu_stops() {
        let stop = stopped("T05thread:p01.02;");
        assert_eq!(stop, Stopped { thread: Some(ThreadId::in_process(1, 2)), ..Stopped::bare(5) });
        let stop = stopped("T05thread:01;awatch:ffffffff82e00040;");
        assert_eq!(stop.thread, Some(ThreadId::plain(1)));
        assert_eq!(stop.reason, Reason::Watch(Watch::Access, 0xffff_ffff_82e0_0040));
        assert_eq!(stopped("T02thread:01;").signal, 2);
    }

    #[test]
    fn gdbserver_stop_with_registers_and_core() {
        let stop = stopped(
            "T0506:0000000000000000;07:d0e3ffffff7f0000;10:90fefdf7ff7f0000;thread:p1a2b.1a2b;core:3;",
        );
        assert_eq!(stop.signal, 5);
        assert_eq!(stop.core, Some(3));
        assert_eq!(stop.thread, Some(ThreadId::in_process(0x1a2b, 0x1a2b)));
        assert_eq!(stop.registers.len(), 3);
        assert_eq!(stop.registers[2], (0x10, vec![0x90, 0xfe, 0xfd, 0xf7, 0xff, 0x7f, 0, 0]));
    }

    #[test]
    fn breakpoint_kinds_and_other_events() {
        assert_eq!(stopped("T05thread:p01.02;hwbreak:;").reason, Reason::HardwareBreakpoint);
        assert_eq!(stopped("T05swbreak:;thread:1;").reason, Reason::SoftwareBreakpoint);
        assert_eq!(stopped("T05replaylog:begin;").reason, Reason::ReplayLog);
        assert_eq!(stopped("T05library:;").reason, Reason::Other("library".into()));
        assert_eq!(stopped("T05;;nonsense;what:ever;:;thread:-1;"), Stopped::bare(5));
    }

    #[test]
    fn bare_stops() {
        assert_eq!(stopped("S05"), Stopped::bare(5));
        assert_eq!(stopped("S05;"), Stopped::bare(5));
        assert_eq!(stopped("T11thread:fffffffffffffffe;").thread, Some(ThreadId::plain(u64::MAX - 1)));
    }

    #[test]
    fn ends() {
        assert_eq!(StopReply::parse(b"W00"), Some(StopReply::Exited(0)));
        assert_eq!(StopReply::parse(b"W2a;process:1"), Some(StopReply::Exited(0x2a)));
        assert_eq!(StopReply::parse(b"W00;"), Some(StopReply::Exited(0)));
        assert_eq!(StopReply::parse(b"X09"), Some(StopReply::Killed(9)));
        assert_eq!(StopReply::parse(b"N"), Some(StopReply::NoResumed));
        for bad in [&b""[..], b"T", b"T5", b"Tzz", b"W", b"OK", b"E01", b"Nope"] {
            assert_eq!(StopReply::parse(bad), None, "{bad:?}");
        }
    }
}
