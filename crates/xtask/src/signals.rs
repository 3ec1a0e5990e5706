//! Ctrl-C and termination: noticed, so that guests and debuggers are ended before the task is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// What signals have arrived. From its creation on they no longer end this process by themselves.
#[derive(Clone, Default)]
pub struct Signals {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Signals {
    /// Starts to listen.
    pub fn listen() -> Result<Self> {
        let signals = Self::default();
        flag::register(SIGINT, Arc::clone(&signals.interrupted))?;
        for signal in [SIGTERM, SIGHUP] {
            flag::register(signal, Arc::clone(&signals.terminated))?;
        }
        Ok(signals)
    }

    /// Whether the task was ended by anything but Ctrl-C, which may be meant for a child.
    pub fn terminated(&self) -> bool {
        self.terminated.load(Ordering::Relaxed)
    }

    /// An error if the task was asked to end.
    pub fn check(&self) -> Result<()> {
        if self.terminated() || self.interrupted.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        Ok(())
    }
}
