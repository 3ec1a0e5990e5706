//! Limits on walks over data that cannot be trusted, and the user's Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag the user raises with Ctrl-C. Cheap to clone; all clones are the same flag.
#[derive(Clone, Default, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// A flag that is down.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The flag itself, for a signal handler.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Raises the flag.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the flag is up; leaves it as it is.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Whether the flag was up; takes it down.
    #[must_use]
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

/// A walk used up its [`Budget`] or the user interrupted it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Exhausted {
    /// More steps than any sane structure has.
    #[error("stopped after {0} steps (corrupt or cyclic structure?)")]
    Steps(u64),
    /// Ctrl-C.
    #[error("Quit")]
    Interrupted,
}

/// How many more steps a walk over target data may take.
#[derive(Clone, Debug)]
pub struct Budget {
    limit: u64,
    used: u64,
    interrupt: Interrupt,
}

impl Budget {
    /// A budget of `limit` steps that also ends when `interrupt` is raised.
    #[must_use]
    pub fn new(limit: u64, interrupt: Interrupt) -> Self {
        Self { limit, used: 0, interrupt }
    }

    /// Takes one step.
    ///
    /// # Errors
    /// [`Exhausted`] when no step is left or the user interrupted.
    pub fn step(&mut self) -> Result<(), Exhausted> {
        if self.interrupt.is_raised() {
            return Err(Exhausted::Interrupted);
        }
        if self.used >= self.limit {
            return Err(Exhausted::Steps(self.limit));
        }
        self.used += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_ends_and_obeys_the_interrupt() {
        let interrupt = Interrupt::new();
        let mut budget = Budget::new(2, interrupt.clone());
        assert_eq!((budget.step(), budget.step()), (Ok(()), Ok(())));
        assert_eq!(budget.step(), Err(Exhausted::Steps(2)));
        interrupt.raise();
        assert_eq!(budget.step(), Err(Exhausted::Interrupted));
    }
}
