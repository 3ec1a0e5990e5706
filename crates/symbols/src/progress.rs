//! Who wants to know how far the name index of a file is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Is called while a caller waits for an index that is being built. Called from several threads; must not ask the file
/// anything.
pub trait IndexProgress: Send + Sync {
    /// Somebody waits from now on.
    fn begin(&self);

    /// So much of it is done. Also called when no caller waits.
    fn advance(&self, done: u64, total: u64);

    /// Whether the waiting callers give up: they go on without the index then, and if they were making it, it is made when somebody
    /// asks for it again. Called from several threads.
    fn is_given_up(&self) -> bool {
        false
    }

    /// Who called [`IndexProgress::begin`] has what it waited for.
    fn end(&self);
}

impl fmt::Debug for dyn IndexProgress + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexProgress")
    }
}

/// Tells the end of a wait even if it ends in a panic.
pub(crate) struct Waiting<'a>(Option<&'a dyn IndexProgress>);

impl<'a> Waiting<'a> {
    pub(crate) fn new(progress: Option<&'a Arc<dyn IndexProgress>>) -> Self {
        let progress = progress.map(|progress| &**progress);
        if let Some(progress) = progress {
            progress.begin();
        }
        Self(progress)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(progress) = self.0 {
            progress.end();
        }
    }
}

/// Counts bytes of debug information on behalf of the threads that read it.
#[derive(Debug)]
pub(crate) struct Counter<'a> {
    done: AtomicU64,
    total: u64,
    progress: Option<&'a dyn IndexProgress>,
}

impl<'a> Counter<'a> {
    pub(crate) fn new(total: u64, progress: Option<&'a Arc<dyn IndexProgress>>) -> Self {
        Self { done: AtomicU64::new(0), total, progress: progress.map(|progress| &**progress) }
    }

    pub(crate) fn add(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if let Some(progress) = self.progress {
            progress.advance(done.min(self.total), self.total);
        }
    }
}
