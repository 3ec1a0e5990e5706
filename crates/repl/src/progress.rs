//! A line on the terminal while the user waits for symbols; removed when the wait is over.

use kdive_base::Interrupt;
use kdive_commands::IndexProgress;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Waits shorter than this are not worth a line.
const PATIENCE: Duration = Duration::from_millis(500);
/// Time between two states of the line.
const PAUSE: Duration = Duration::from_millis(100);

/// Shows how far the index of a file is, to who waits for it on a terminal.
pub struct Progress {
    state: Mutex<State>,
    patience: Duration,
    interrupt: Interrupt,
}

struct State {
    terminal: Box<dyn Write + Send>,
    waiting: usize,
    since: Instant,
    shown: Option<Instant>,
}

/// Progress on standard output, if that is `wanted` and a terminal that can erase a line. Without it nothing is shown, and Ctrl-C
/// ends a wait all the same.
#[must_use]
pub fn progress(interrupt: &Interrupt, wanted: bool) -> Arc<dyn IndexProgress> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if wanted && io::stdout().is_terminal() && !dumb {
        Arc::new(Progress::new(Box::new(io::stdout()), PATIENCE, interrupt))
    } else {
        Arc::new(Silent(interrupt.clone()))
    }
}

/// Shows nothing.
struct Silent(Interrupt);

impl IndexProgress for Silent {
    fn begin(&self) {}

    fn advance(&self, _: u64, _: u64) {}

    fn is_given_up(&self) -> bool {
        self.0.is_raised()
    }

    fn end(&self) {}
}

impl Progress {
    fn new(terminal: Box<dyn Write + Send>, patience: Duration, interrupt: &Interrupt) -> Self {
        let state = State { terminal, waiting: 0, since: Instant::now(), shown: None };
        Self { state: Mutex::new(state), patience, interrupt: interrupt.clone() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IndexProgress for Progress {
    fn begin(&self) {
        let mut state = self.state();
        if state.waiting == 0 {
            state.since = Instant::now();
        }
        state.waiting += 1;
    }

    fn advance(&self, done: u64, total: u64) {
        let mut state = self.state();
        let soon = state.shown.is_some_and(|shown| shown.elapsed() < PAUSE);
        if state.waiting == 0 || soon || state.since.elapsed() < self.patience {
            return;
        }
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100).min(100);
        let text = format!("\rReading symbols: {percent}%\x1b[K");
        // A terminal that is gone is noticed when the answer is written.
        let _ = state.terminal.write_all(text.as_bytes()).and_then(|()| state.terminal.flush());
        state.shown = Some(Instant::now());
    }

    fn is_given_up(&self) -> bool {
        self.interrupt.is_raised()
    }

    fn end(&self) {
        let mut state = self.state();
        state.waiting = state.waiting.saturating_sub(1);
        if state.waiting == 0 && state.shown.take().is_some() {
            let _ = state.terminal.write_all(b"\r\x1b[K").and_then(|()| state.terminal.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Screen {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn a_wait_has_a_line_until_it_is_over() {
        let screen = Screen::default();
        let progress = Progress::new(Box::new(screen.clone()), Duration::ZERO, &Interrupt::new());
        progress.advance(1, 10);
        assert_eq!(screen.text(), "", "no caller waits");
        progress.begin();
        progress.begin();
        progress.advance(4, 10);
        progress.advance(5, 10);
        assert_eq!(screen.text(), "\rReading symbols: 40%\x1b[K", "not at every step");
        progress.end();
        assert_eq!(screen.text().matches("\r\x1b[K").count(), 0, "somebody still waits");
        progress.end();
        assert!(screen.text().ends_with("40%\x1b[K\r\x1b[K"));
        progress.advance(10, 10);
        assert!(screen.text().ends_with("\r\x1b[K"));
    }

    #[test]
    fn a_short_wait_leaves_no_trace() {
        let screen = Screen::default();
        let progress = Progress::new(Box::new(screen.clone()), Duration::from_secs(3600), &Interrupt::new());
        progress.begin();
        progress.advance(1, 2);
        progress.end();
        assert_eq!(screen.text(), "");
        let nothing = Progress::new(Box::new(screen.clone()), Duration::ZERO, &Interrupt::new());
        nothing.begin();
        nothing.advance(0, 0);
        nothing.end();
        assert_eq!(screen.text(), "\rReading symbols: 100%\x1b[K\r\x1b[K");
    }
}
