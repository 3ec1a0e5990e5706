//! The time a call may take: at its end what runs is interrupted as by Ctrl-C.

use kdive_base::Interrupt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long until the interrupt is raised again: something may have taken it that goes on.
const AGAIN: Duration = Duration::from_millis(50);

#[derive(Default)]
struct State {
    deadline: Option<Instant>,
    /// Whether the time of the call is over.
    is_over: bool,
}

/// Watches over calls.
#[derive(Clone)]
pub(crate) struct Limit(Arc<(Mutex<State>, Condvar)>);

fn locked(shared: &(Mutex<State>, Condvar)) -> MutexGuard<'_, State> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Limit {
    /// Begins to watch.
    ///
    /// # Errors
    /// When no thread can be made.
    pub(crate) fn start(interrupt: Interrupt) -> io::Result<Self> {
        let shared = Arc::<(Mutex<State>, Condvar)>::default();
        let watched = Arc::clone(&shared);
        std::thread::Builder::new().name("mcp-limit".to_owned()).spawn(move || {
            let mut state = locked(&watched);
            loop {
                let now = Instant::now();
                state = match state.deadline {
                    None => watched.1.wait(state).unwrap_or_else(PoisonError::into_inner),
                    Some(deadline) if deadline > now => {
                        let waited = watched.1.wait_timeout(state, deadline - now);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                    Some(_) => {
                        state.is_over = true;
                        interrupt.raise();
                        state.deadline = Some(now + AGAIN);
                        state
                    }
                };
            }
        })?;
        Ok(Self(shared))
    }

    /// A call begins that may take so long.
    pub(crate) fn begin(&self, time: Duration) {
        *locked(&self.0) = State { deadline: Instant::now().checked_add(time), is_over: false };
        self.0.1.notify_all();
    }

    /// The call that runs, and each that begins later, has so much time at most.
    pub(crate) fn shorten(&self, time: Duration) {
        let mut state = locked(&self.0);
        let latest = Instant::now() + time;
        state.deadline = state.deadline.map(|deadline| deadline.min(latest));
        self.0.1.notify_all();
    }

    /// The call is over; whether its time was.
    pub(crate) fn end(&self) -> bool {
        let mut state = locked(&self.0);
        state.deadline = None;
        state.is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interrupt_is_raised_at_the_end_of_the_time_only() {
        let interrupt = Interrupt::new();
        let limit = Limit::start(interrupt.clone()).unwrap();
        limit.begin(Duration::from_secs(3600));
        assert!(!limit.end());
        assert!(!interrupt.take());
        limit.begin(Duration::from_secs(3600));
        limit.shorten(Duration::from_millis(1));
        for _ in 0..2 {
            while !interrupt.take() {
                std::thread::yield_now();
            }
        }
        assert!(limit.end());
    }
}
