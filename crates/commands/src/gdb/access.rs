//! Ways from the shell to the parts of the debugger.

use crate::{Session, Shell};
use kdive_base::Interrupt;
use kdive_program::Program;
use kdive_session::ProgramView;
use std::path::PathBuf;

/// A debugger without program and target.
#[must_use]
pub fn new_session(interrupt: Interrupt) -> Session {
    let mut program = Program::new(interrupt.clone());
    program.set_os(Some(Box::new(kdive_linux::LinuxLayer::new())));
    kdive_linux::add_functions(&program);
    Session::new(ProgramView::new(program), interrupt)
}

impl Shell {
    /// Symbols, memory, frames, values.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.session.view().program
    }

    /// The same, to change.
    pub fn program_mut(&mut self) -> &mut Program {
        &mut self.session.view_mut().program
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
        self.program().modules_changed();
        let events = self.session.symbols_changed();
        crate::gdb::events::tell(self, events);
    }

    /// The user loaded or removed files: as [`Shell::symbols_changed`], and a target that is there is looked at as it is when it
    /// is connected, so that it does not matter which of the two came first.
    ///
    /// # Errors
    /// When the target cannot be asked.
    pub fn files_changed(&mut self) -> Result<(), crate::Error> {
        self.symbols_changed();
        crate::gdb::remote::meet(self, false)
    }
}
