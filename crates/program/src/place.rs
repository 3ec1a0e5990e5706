//! Places in the source: what locations typed by the user name, and which lines were shown last.

use crate::{Error, Frame, Program};
use kdive_symbols::{Completion, Linespec, LinespecDefaults, LinespecMode, Sal, SourceName};

/// The lines shown last: where `list`, `break LINE` and `+N` go on from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListPosition {
    /// The file.
    pub file: SourceName,
    /// The line that a bare `list` starts at, or centres on.
    pub line: u32,
    /// First line shown, for `list -`; 0 when nothing was shown.
    pub first: u32,
    /// Last line shown, for `+N` and searches; 0 when nothing was shown.
    pub last: u32,
    /// A frame was shown since the last `list`: the next one centres on `line`.
    pub center: bool,
}

impl Program {
    /// A frame was shown to the user: its line is the default place from now on.
    pub fn show_line_of(&self, frame: &Frame) {
        if let Some(line) = self.frame_line(frame) {
            *self.listed.borrow_mut() = Some(ListPosition {
                file: line.file,
                line: line.line,
                first: line.line,
                last: line.line,
                center: true,
            });
        }
    }

    /// What an incomplete location is completed from: the lines listed last, else the selected frame.
    #[must_use]
    pub fn location_defaults(&self) -> LinespecDefaults {
        let frame = self.selected_frame().ok();
        let pc = frame.as_ref().map(|frame| frame.real.lookup_pc);
        if let Some(listed) = &*self.listed.borrow() {
            let line = if listed.last == 0 { listed.line } else { listed.last };
            return LinespecDefaults { file: Some(listed.file.clone()), line, pc };
        }
        match frame.and_then(|frame| self.frame_line(&frame)) {
            Some(line) => LinespecDefaults { file: Some(line.file), line: line.line, pc },
            None => LinespecDefaults { file: None, line: 0, pc },
        }
    }

    /// The places a location names.
    ///
    /// # Errors
    /// [`Error::Linespec`] or, for `*EXPRESSION`, [`Error::Expr`].
    pub fn resolve_location(&self, text: &str, mode: LinespecMode) -> Result<Vec<Sal>, Error> {
        match self.modules.parse_linespec(text.trim())? {
            Linespec::Address(expression) => {
                let addr = self.evaluate_address(&expression)?;
                Ok(vec![self.modules.sal_at(addr)])
            }
            Linespec::Function { file, name, label: None } if name.starts_with('$') => {
                let spec = match self.line_variable(&name)? {
                    Some(line) => Linespec::Line { file, line },
                    None => Linespec::Function { file, name, label: None },
                };
                Ok(self.modules.resolve(&spec, mode, &self.location_defaults(), self)?)
            }
            spec => Ok(self
                .modules
                .resolve(&spec, mode, &self.location_defaults(), self)
                .or_else(|error| self.resolve_spelled(spec, mode).ok_or(error))?),
        }
    }

    /// The place of a function by its name in other letters, where their case does not count.
    fn resolve_spelled(&self, spec: Linespec, mode: LinespecMode) -> Option<Vec<Sal>> {
        let Linespec::Function { file, name, label } = spec else { return None };
        let name = self.spelled(Completion::Location, &name)?;
        let spec = Linespec::Function { file, name, label };
        self.modules.resolve(&spec, mode, &self.location_defaults(), self).ok()
    }
    /// The line a variable or value of the history stands for in a location; `None` when there is no such variable.
    fn line_variable(&self, name: &str) -> Result<Option<u32>, Error> {
        let bare = name.trim_start_matches('$');
        let from_history = bare.bytes().all(|byte| byte.is_ascii_digit());
        if !from_history && self.store().get(bare).is_none() {
            return Ok(None);
        }
        let value = self.evaluate(name)?;
        let line = value.ty().is_integral().then(|| self.evaluate_address(name)).transpose()?;
        match line.and_then(|line| u32::try_from(line.0).ok()) {
            Some(line) => Ok(Some(line)),
            None if from_history => Err(Error::NoLineInHistory),
            None => Err(Error::NoLineInVariable),
        }
    }
}
