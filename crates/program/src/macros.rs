//! Macros of the program: at which place they are looked up.
//!
//! As gdb does, an expression has the macros of the place its names are resolved at, and the commands about macros have
//! those of the instruction the selected frame goes on at, or of the line that is listed next.

use crate::{Error, Program};
use kdive_expr::{FindMacro, Macro, expand_macros};
use kdive_symbols::{LinespecMode, MacroScope};

impl Program {
    /// The macros that `info macro` and `macro expand` are about. `None`: only those of the user.
    #[must_use]
    pub fn macro_scope(&self) -> Option<MacroScope> {
        if !self.modules.has_macros() {
            return None;
        }
        let frame = self.selected_frame().ok();
        frame.and_then(|frame| self.modules.macros_at(frame.pc())).or_else(|| self.macros_listed())
    }

    /// The macros at the line that a bare `list` goes on with.
    fn macros_listed(&self) -> Option<MacroScope> {
        let near = self.near_listed()?;
        let listed = self.listed.borrow();
        let listed = listed.as_ref()?;
        self.modules.macros_at_line(&listed.file, listed.line, near)
    }

    /// The macros at a location. `None`: its unit has none.
    ///
    /// # Errors
    /// As [`Program::resolve_location`].
    pub fn macro_scope_of(&self, location: &str) -> Result<Option<MacroScope>, Error> {
        let Some(sal) = self.resolve_location(location, LinespecMode::List)?.into_iter().next() else {
            return Ok(None);
        };
        if let Some(pc) = sal.pc {
            return Ok(self.modules.macros_at(pc));
        }
        // A line without code stands for the next one with code.
        let ranges = sal.file.map(|file| self.modules.line_ranges(&file, sal.line)).unwrap_or_default();
        match ranges.first() {
            Some(&(start, _)) => Ok(self.modules.macros_at(start)),
            // Where there is none, the reason is that of a breakpoint.
            None => self.resolve_location(location, LinespecMode::Breakpoint).map(|_| None),
        }
    }

    /// A text with every macro in it replaced that holds where the selected frame is.
    ///
    /// # Errors
    /// [`Error::Expr`] with gdb's words for what is wrong.
    pub fn expand_macros(&self, text: &str) -> Result<String, Error> {
        let find = self.macro_scope().map(finder);
        Ok(expand_macros(&self.store().macros(), find.as_ref(), text)?)
    }

    /// What finds the macros of an expression.
    pub(crate) fn find_macro(&self) -> Option<FindMacro<'_>> {
        self.expression_macros().map(finder)
    }

    /// The macros of the place that names of an expression are resolved at.
    #[must_use]
    pub fn expression_macros(&self) -> Option<MacroScope> {
        if !self.modules.has_macros() {
            return None;
        }
        if let Some(pc) = self.scope_pc.get() {
            return self.modules.macros_at(pc);
        }
        if let Some(frame) = self.selected_frame().ok().filter(|frame| frame.scope.is_some()) {
            return self.modules.macros_at(frame.real.lookup_pc);
        }
        // Without a frame names are those of the unit listed last, and its macros those of its first code.
        self.modules.macros_at_start_of_unit(self.near_listed()?)
    }
}

fn finder<'a>(scope: MacroScope) -> FindMacro<'a> {
    Box::new(move |name| Some(Macro::recorded(&scope.find(name)?.rest)))
}
