//! A stream to a reader who may be slow, or never read at all: a write waits for room only until Ctrl-C.
//!
//! A write that blocks cannot be given up: the signal may reach another thread, and the system goes on with the write
//! after the handler. So terminals and pipes are opened once more, to write without blocking: the flag belongs to what
//! was opened, and other processes use the same terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::time::{Duration, Instant};

use kdive_base::Interrupt;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// Time between two looks at the flag.
const PAUSE: Duration = Duration::from_millis(50);
/// A reader that took nothing up to a Ctrl-C gets this long for what comes after it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why not all was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// The user does not want the rest.
    Interrupted,
    /// The output was closed.
    Closed,
}

/// Standard output or standard error.
pub(crate) struct Stream {
    to: Box<dyn Write>,
    /// What to wait for when `to` has no room.
    room: Option<OwnedFd>,
    terminal: bool,
    interrupt: Interrupt,
    /// The reader took nothing until Ctrl-C.
    stuck: bool,
}

impl Stream {
    /// Standard output.
    pub fn stdout(interrupt: &Interrupt) -> Self {
        let stream = io::stdout();
        let terminal = stream.is_terminal();
        Self::of(again(&stream, terminal), || Box::new(io::stdout()), terminal, interrupt)
    }

    /// Standard error.
    pub fn stderr(interrupt: &Interrupt) -> Self {
        let stream = io::stderr();
        let terminal = stream.is_terminal();
        Self::of(again(&stream, terminal), || Box::new(io::stderr()), terminal, interrupt)
    }

    fn of(
        again: Option<(File, OwnedFd)>,
        plain: impl FnOnce() -> Box<dyn Write>,
        terminal: bool,
        interrupt: &Interrupt,
    ) -> Self {
        let (to, room): (Box<dyn Write>, _) = match again {
            Some((file, room)) => (Box::new(file), Some(room)),
            None => (plain(), None),
        };
        Self { to, room, terminal, interrupt: interrupt.clone(), stuck: false }
    }

    /// Another place to write to, for tests.
    #[cfg(test)]
    pub fn new(to: Box<dyn Write>) -> Self {
        Self { to, room: None, terminal: false, interrupt: Interrupt::new(), stuck: false }
    }

    /// Writes everything, unless the user does not want to wait for it.
    pub fn write_all(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let mut rest = bytes;
        let mut since = Instant::now();
        while !rest.is_empty() {
            // What a terminal has not shown yet is dropped.
            if self.terminal && self.interrupt.is_raised() {
                return Err(Stop::Interrupted);
            }
            match self.to.write(rest) {
                Ok(0) => return Err(Stop::Closed),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    since = Instant::now();
                    self.stuck = false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(since)?,
                Err(_) => return Err(Stop::Closed),
            }
        }
        self.to.flush().map_err(|_| Stop::Closed)
    }

    fn wait(&mut self, since: Instant) -> Result<(), Stop> {
        if self.interrupt.is_raised() || self.stuck && since.elapsed() >= PATIENCE {
            self.stuck = true;
            return Err(Stop::Interrupted);
        }
        let Some(room) = &self.room else {
            std::thread::sleep(PAUSE);
            return Ok(());
        };
        let pause = Timespec { tv_sec: 0, tv_nsec: PAUSE.subsec_nanos().into() };
        // A reader that is gone, and a signal, show when it is tried again.
        let _ = poll(&mut [PollFd::new(room, PollFlags::OUT)], Some(&pause));
        Ok(())
    }
}

/// The same terminal or pipe, opened to write without blocking. Files never block, and have a position of their own that
/// another opening does not share.
fn again(stream: &(impl AsFd + AsRawFd), terminal: bool) -> Option<(File, OwnedFd)> {
    let file = File::from(stream.as_fd().try_clone_to_owned().ok()?);
    if !terminal && !file.metadata().ok()?.file_type().is_fifo() {
        return None;
    }
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let again = OpenOptions::new()
        .write(true)
        .custom_flags(i32::try_from(flags).ok()?)
        .open(format!("/proc/self/fd/{}", stream.as_raw_fd()))
        .ok()?;
    let room = again.as_fd().try_clone_to_owned().ok()?;
    Some((again, room))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// Takes a number of bytes, then has no room until somebody presses Ctrl-C.
    struct Full {
        room: usize,
        seen: Rc<RefCell<Vec<u8>>>,
        press: Interrupt,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                self.press.raise();
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let taken = bytes.len().min(self.room);
            self.room -= taken;
            self.seen.borrow_mut().extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn full(room: usize, terminal: bool) -> (Stream, Rc<RefCell<Vec<u8>>>, Interrupt) {
        let (seen, interrupt) = (Rc::default(), Interrupt::new());
        let to = Full { room, seen: Rc::clone(&seen), press: interrupt.clone() };
        let stream =
            Stream { to: Box::new(to), room: None, terminal, interrupt: interrupt.clone(), stuck: false };
        (stream, seen, interrupt)
    }

    #[test]
    fn ctrl_c_ends_the_wait_for_room() {
        let (mut stream, seen, interrupt) = full(3, false);
        assert_eq!(stream.write_all(b"12345"), Err(Stop::Interrupted));
        assert_eq!(*seen.borrow(), b"123");
        // The reader who took nothing is not waited for again.
        assert!(interrupt.take());
        assert_eq!(stream.write_all(b"Quit"), Err(Stop::Interrupted));
    }

    #[test]
    fn after_ctrl_c_a_pipe_with_room_gets_what_is_left_and_a_terminal_nothing() {
        let (mut pipe, seen, interrupt) = full(9, false);
        interrupt.raise();
        assert_eq!(pipe.write_all(b"12345"), Ok(()));
        assert_eq!(*seen.borrow(), b"12345");
        let (mut terminal, seen, interrupt) = full(9, true);
        interrupt.raise();
        assert_eq!(terminal.write_all(b"12345"), Err(Stop::Interrupted));
        assert_eq!(*seen.borrow(), b"");
    }
}
