//! Packet logs: the lines of `set debug remote` and the records of `set remotelogfile`, both in gdb's form.

use crate::engine::Oddity;
use std::io::Write;

/// Longest part of a packet shown in a debug line, gdb's `set debug remote-packet-max-chars`.
const SHOWN: usize = 512;

/// Takes one line of debug output, without the newline.
pub type DebugSink = Box<dyn FnMut(&str)>;

/// Where packets are logged, if at all.
#[derive(Default)]
pub struct Log {
    debug: Option<DebugSink>,
    record: Option<Record>,
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
            debug(&format!("[remote] Sending packet: {}", shortened(frame)));
        }
    }

    /// 0x03 on its way out.
    pub(crate) fn interrupting(&mut self) {
        if let Some(debug) = &mut self.debug {
            debug("[remote] Sending interrupt: 0x03");
        }
    }

    /// What came in, as the engine saw it.
    pub(crate) fn received(&mut self, oddity: &Oddity) {
        let Some(debug) = &mut self.debug else { return };
        let line = match oddity {
            Oddity::Ack => "Received Ack".to_owned(),
            Oddity::Nack => "Received Nak".to_owned(),
            Oddity::Received(payload) => format!("Packet received: {}", shortened(payload)),
            Oddity::Stray(payload) => format!("Packet nobody asked for: {}", shortened(payload)),
            Oddity::Notification(payload) => format!("  Notification received: {}", shortened(payload)),
            Oddity::Damaged(why) => format!("Bad packet: {why}"),
            Oddity::FileIo(payload) => format!("File-I/O request refused: {}", shortened(payload)),
            Oddity::Garbage(bytes) => format!("Junk: {}", shortened(bytes)),
        };
        debug(&format!("[remote] {line}"));
    }

    /// Bytes as sent.
    pub(crate) fn wrote(&mut self, bytes: &[u8]) {
        if let Some(record) = &mut self.record {
            record.bytes(b'w', bytes);
        }
    }

    /// Bytes as received.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        if let Some(record) = &mut self.record {
            record.bytes(b'r', bytes);
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
    fn bytes(&mut self, direction: u8, bytes: &[u8]) {
        if self.direction != Some(direction) {
            let newline: &[u8] = if self.direction.is_some() { b"\n" } else { b"" };
            let _ = self.out.write_all(newline);
            let _ = self.out.write_all(&[direction, b' ']);
            self.direction = Some(direction);
        }
        let _ = self.out.write_all(&escaped(bytes)).and_then(|()| self.out.flush());
    }

    fn line(&mut self, mark: u8, text: &[u8]) {
        self.direction = None;
        self.bytes(mark, text);
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
fn shortened(bytes: &[u8]) -> String {
    let shown = bytes.get(..SHOWN).unwrap_or(bytes);
    let mut text = String::from_utf8_lossy(&escaped(shown)).into_owned();
    if let Some(omitted) = bytes.len().checked_sub(SHOWN).filter(|&n| n > 0) {
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
        let lines = lines.borrow();
        assert_eq!(lines[0], "[remote] Sending packet: $?#3f");
        assert_eq!(lines[1], "[remote] Received Ack");
        assert_eq!(lines[2], "[remote] Packet received: T05thread:p01.01;");
        assert_eq!(lines[3], "[remote] Packet received: l\"\\n\\xff");
        assert!(lines[4].ends_with("000 [88 bytes omitted]"), "{}", lines[4]);
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
