//! Ways from the shell to the parts of the debugger.

use crate::{Session, Shell};
use kdive_base::Interrupt;
use kdive_program::Program;
use std::path::PathBuf;

/// A debugger without program and target.
#[must_use]
pub fn new_session(interrupt: Interrupt) -> Session {
    Session::new(interrupt)
}

impl Shell {
    /// Symbols, memory, frames, values.
    #[must_use]
    pub fn program(&self) -> &Program {
        self.session.program()
    }

    /// The same, to change.
    pub fn program_mut(&mut self) -> &mut Program {
        self.session.program_mut()
    }

    /// Directory of the on-disk index of symbols; `None` when `set index-cache enabled off`.
    #[must_use]
    pub fn index_cache(&self) -> Option<PathBuf> {
        if !self.settings.bool("index-cache enabled") {
            return None;
        }
        let directory = self.settings.text("index-cache directory");
        if !directory.is_empty() {
            return Some(PathBuf::from(directory));
        }
        let cache = std::env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
        Some(cache.join("kdive"))
    }

    /// Files were added, moved or removed: frames and the places of breakpoints are looked up again.
    pub fn symbols_changed(&mut self) {
        self.session.symbols_changed();
        crate::gdb::events::tell_pending(self);
    }
}
