//! Packet logs: the lines of `set debug remote` and the records of `set remotelogfile`, both in gdb's form.

use crate::engine::Oddity;
use std::io::Write;

/// Takes one line of debug output, without the newline.
pub type DebugSink = Box<dyn FnMut(&str)>;

/// Where packets are logged, if at all.
pub struct Log {
    debug: Option<DebugSink>,
    /// Longest part of a packet shown in a debug line; `None` is without limit.
    shown: Option<usize>,
    record: Option<Record>,
    base: LogBase,
}

impl Default for Log {
    fn default() -> Self {
        Self { debug: None, shown: Some(512), record: None, base: LogBase::Ascii }
    }
}

/// `set remotelogbase`: how bytes are written in the log file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogBase {
    /// As text, with C escapes.
    Ascii,
    /// Two digits each.
    Hex,
    /// Three digits each.
    Octal,
}

impl Log {
    /// Nothing is logged.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `set debug remote 1` (or 0).
    pub fn set_debug(&mut self, sink: Option<DebugSink>) {
        self.debug = sink;
    }

    /// `set debug remote-packet-max-chars`.
    pub fn set_shown(&mut self, shown: Option<usize>) {
        self.shown = shown;
    }

    /// `set remotelogbase`.
    pub fn set_base(&mut self, base: LogBase) {
        self.base = base;
    }

    /// `set remotelogfile`. Errors of the writer are ignored: a full disk must not end a debug session.
    pub fn set_record(&mut self, writer: Option<Box<dyn Write>>) {
        self.record = writer.map(|out| Record { out, direction: None });
    }

    /// Whether debug lines are wanted.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.debug.is_some()
    }

    /// A packet on its way out, with framing.
    pub(crate) fn sending(&mut self, frame: &[u8]) {
        if let Some(debug) = &mut self.debug {
            debug(&format!("[remote] Sending packet: {}", shortened(frame, self.shown)));
        }
    }

    /// What stops the target, on its way out.
    pub(crate) fn interrupting(&mut self, with: &str) {
        if let Some(debug) = &mut self.debug {
            debug(&format!("[remote] Sending interrupt: {with}"));
        }
    }

    /// What came in, as the engine saw it.
    pub(crate) fn received(&mut self, oddity: &Oddity) {
        let Some(debug) = &mut self.debug else { return };
        let most = self.shown;
        let shortened = |bytes: &[u8]| shortened(bytes, most);
        let line = match oddity {
            Oddity::Ack => "Received Ack".to_owned(),
            Oddity::Nack => "Received Nak".to_owned(),
            Oddity::Received(payload) => format!("Packet received: {}", shortened(payload)),
            Oddity::Stray(payload) => format!("Unexpected packet: {}", shortened(payload)),
            Oddity::Notification(payload) => format!("  Notification received: {}", shortened(payload)),
            Oddity::Damaged(reason) => format!("Bad packet: {reason}"),
            Oddity::FileIo(payload) => format!("File-I/O request refused: {}", shortened(payload)),
            Oddity::Garbage(bytes) => format!("Junk: {}", shortened(bytes)),
        };
        debug(&format!("[remote] {line}"));
    }

    /// Bytes as sent.
    pub(crate) fn wrote(&mut self, bytes: &[u8]) {
        if let Some(record) = &mut self.record {
            record.bytes(b'w', bytes, self.base);
        }
    }

    /// Bytes as received.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        if let Some(record) = &mut self.record {
            record.bytes(b'r', bytes, self.base);
        }
    }

    /// A command of the user, for the log file.
    pub fn command(&mut self, text: &str) {
        if let Some(record) = &mut self.record {
            record.line(b'c', text.as_bytes());
        }
    }
}

/// The log file: one line for each change of direction, `w` written and `r` read.
struct Record {
    out: Box<dyn Write>,
    direction: Option<u8>,
}

impl Record {
    fn bytes(&mut self, direction: u8, bytes: &[u8], base: LogBase) {
        if self.direction != Some(direction) {
            let newline: &[u8] = if self.direction.is_some() { b"\n" } else { b"" };
            let _ = self.out.write_all(newline);
            let _ = self.out.write_all(&[direction, b' ']);
            self.direction = Some(direction);
        }
        let text = match base {
            LogBase::Ascii => escaped(bytes),
            LogBase::Hex => bytes.iter().flat_map(|byte| format!(" {byte:02x}").into_bytes()).collect(),
            LogBase::Octal => bytes.iter().flat_map(|byte| format!(" {byte:03o}").into_bytes()).collect(),
        };
        let _ = self.out.write_all(&text).and_then(|()| self.out.flush());
    }

    fn line(&mut self, mark: u8, text: &[u8]) {
        self.direction = None;
        self.bytes(mark, text, LogBase::Ascii);
        let _ = self.out.write_all(b"\n");
        self.direction = None;
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.direction.is_some() {
            let _ = self.out.write_all(b"\n");
        }
    }
}

/// Printable text of any bytes: C escapes, `\x..` for the rest. Quotes are left alone, as gdb leaves them.
fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'"' | b'\'' => text.push(byte),
            _ => text.extend(std::ascii::escape_default(byte)),
        }
    }
    text
}

/// As [`escaped`], cut to what gdb shows.
fn shortened(bytes: &[u8], most: Option<usize>) -> String {
    let most = most.unwrap_or(usize::MAX);
    let shown = bytes.get(..most).unwrap_or(bytes);
    let mut text = String::from_utf8_lossy(&escaped(shown)).into_owned();
    if let Some(omitted) = bytes.len().checked_sub(most).filter(|&n| n > 0) {
        text.push_str(&format!(" [{omitted} bytes omitted]"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[derive(Clone, Default)]
    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn debug_lines_are_gdbs() {
        let lines = Rc::new(RefCell::new(Vec::new()));
        let sink = Rc::clone(&lines);
        let mut log = Log::new();
        log.set_debug(Some(Box::new(move |line| sink.borrow_mut().push(line.to_owned()))));
        log.sending(b"$?#3f");
        log.received(&Oddity::Ack);
        log.received(&Oddity::Received(b"T05thread:p01.01;".to_vec()));
        log.received(&Oddity::Received(b"l\"\n\xff".to_vec()));
        log.received(&Oddity::Received(vec![b'0'; 600]));
        log.set_shown(Some(3));
        log.received(&Oddity::Received(b"OKOK".to_vec()));
        log.set_shown(None);
        log.received(&Oddity::Received(vec![b'1'; 600]));
        let lines = lines.borrow();
        assert_eq!(lines[5], "[remote] Packet received: OKO [1 bytes omitted]");
        assert!(lines[6].ends_with("111") && lines[6].len() > 600, "{}", lines[6]);
        assert_eq!(lines[0], "[remote] Sending packet: $?#3f");
        assert_eq!(lines[1], "[remote] Received Ack");
        assert_eq!(lines[2], "[remote] Packet received: T05thread:p01.01;");
        assert_eq!(lines[3], "[remote] Packet received: l\"\\n\\xff");
        assert!(lines[4].ends_with("000 [88 bytes omitted]"), "{}", lines[4]);
    }

    #[test]
    fn record_in_numbers() {
        let written = |base| {
            let file = Shared::default();
            let mut log = Log::new();
            log.set_base(base);
            log.set_record(Some(Box::new(file.clone())));
            log.wrote(b"$qC\xff");
            drop(log);
            String::from_utf8(file.0.borrow().clone()).unwrap()
        };
        assert_eq!(written(LogBase::Hex), "w  24 71 43 ff\n");
        assert_eq!(written(LogBase::Octal), "w  044 161 103 377\n");
    }

    #[test]
    fn record_starts_a_line_at_each_change_of_direction() {
        let file = Shared::default();
        let mut log = Log::new();
        log.set_record(Some(Box::new(file.clone())));
        log.command("target remote :1");
        log.wrote(b"+");
        log.wrote(b"$qC#b4");
        log.read(b"+");
        log.read(b"$QC1#c5");
        log.wrote(b"\x03");
        drop(log);
        assert_eq!(
            String::from_utf8(file.0.borrow().clone()).unwrap(),
            "c target remote :1\nw +$qC#b4\nr +$QC1#c5\nw \\x03\n"
        );
    }
}
