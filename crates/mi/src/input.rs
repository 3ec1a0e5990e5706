//! Reading lines while the program runs.

use crate::parse::MAX_LINE;
use kdive_base::Interrupt;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Lines that may wait; a client that sends more has to wait itself.
const MAX_WAITING: usize = 10_000;

/// The lines of a client, read by a thread of their own: one that interrupts the program is seen while it runs.
#[derive(Debug)]
pub struct Lines {
    receiver: Receiver<String>,
    running: Arc<AtomicBool>,
}

/// What a look for a line found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// A line, without its end.
    Line(String),
    /// None yet.
    Nothing,
    /// The client has gone.
    End,
}

impl Lines {
    /// Begins to read. `interrupt` is what stops the program.
    ///
    /// # Errors
    /// When no thread can be made.
    pub fn read(input: impl Read + Send + 'static, interrupt: Interrupt) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let running = Arc::new(AtomicBool::new(false));
        let runs = Arc::clone(&running);
        std::thread::Builder::new()
            .name("mi-input".to_owned())
            .spawn(move || forward(input, &sender, &interrupt, &runs))?;
        Ok(Self { receiver, running })
    }

    /// Set while the program runs.
    pub fn running(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.running)
    }

    /// The next line, waiting for as long as it takes.
    pub fn wait(&self) -> Next {
        self.receiver.recv().map_or(Next::End, Next::Line)
    }

    /// The next line, if there is one within `patience`.
    pub fn look(&self, patience: Duration) -> Next {
        match self.receiver.recv_timeout(patience) {
            Ok(line) => Next::Line(line),
            Err(RecvTimeoutError::Timeout) => Next::Nothing,
            Err(RecvTimeoutError::Disconnected) => Next::End,
        }
    }
}

/// Whether a line asks for the program to stop.
pub fn interrupts(line: &str) -> bool {
    let command = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim();
    command == "-exec-interrupt" || command.starts_with("-exec-interrupt ")
}

fn forward(input: impl Read, sender: &SyncSender<String>, interrupt: &Interrupt, running: &AtomicBool) {
    let mut input = BufReader::new(input);
    while let Ok(Some(line)) = read_line(&mut input) {
        let stops =
            interrupts(&line) || line.trim_start_matches(|c: char| c.is_ascii_digit()).trim() == "-gdb-exit";
        if stops && running.load(Ordering::SeqCst) {
            interrupt.raise();
        }
        if sender.send(line).is_err() {
            return;
        }
    }
    if running.load(Ordering::SeqCst) {
        interrupt.raise();
    }
}

/// A line, without more of it than is taken.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut any = false;
    loop {
        let buffer = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if buffer.is_empty() {
            return Ok(any.then(|| text(line)));
        }
        any = true;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        let room = (MAX_LINE + 1).saturating_sub(line.len());
        line.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(Some(text(line)));
        }
    }
}

fn text(mut line: Vec<u8>) -> String {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8_lossy(&line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_the_end() {
        let lines = Lines::read(&b"one\r\n\xfftwo\n\nlast"[..], Interrupt::new()).unwrap();
        let all: Vec<Next> = (0..5).map(|_| lines.wait()).collect();
        let line = |text: &str| Next::Line(text.to_owned());
        assert_eq!(all, [line("one"), line("\u{fffd}two"), line(""), line("last"), Next::End]);
        assert_eq!(lines.look(Duration::ZERO), Next::End);
    }

    #[test]
    fn a_long_line_is_cut() {
        let mut input = vec![b'x'; 3 * MAX_LINE];
        input.extend_from_slice(b"\nnext\n");
        let lines = Lines::read(io::Cursor::new(input), Interrupt::new()).unwrap();
        assert!(matches!(lines.wait(), Next::Line(line) if line.len() == MAX_LINE + 1));
        assert_eq!(lines.wait(), Next::Line("next".to_owned()));
    }

    #[test]
    fn what_interrupts() {
        assert!(interrupts("12-exec-interrupt --all"));
        assert!(interrupts("-exec-interrupt"));
        assert!(!interrupts("-exec-interrupts"));
        assert!(!interrupts("interrupt"));
    }
}
