//! Source files: which there are, which lines have code, and their text.

use crate::{Engine, Error};
use kdive_symbols::SourceName;
use std::collections::HashSet;

/// A source file of the program.
#[derive(Clone, PartialEq, Eq, Hash, Debug, serde::Serialize)]
pub struct SourceInfo {
    /// As the debug information names it.
    pub name: String,
    /// With its whole path, `set substitute-path` applied. It need not be there.
    pub fullname: String,
    /// The file with debug information that names it.
    pub symbol_file: String,
}

/// A line with code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
pub struct LineInfo {
    /// The line; 0 ends the code of those before it.
    pub line: u32,
    /// Where its code begins.
    #[serde(rename = "address", serialize_with = "crate::hex::number")]
    pub addr: u64,
    /// Whether a statement begins there.
    pub is_statement: bool,
}

/// A source file that was found.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct SourceText {
    /// Where it was found.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Engine {
    /// The source files of the program and its modules, each once, in the order of the debug information. A kernel has thousands, and
    /// all its units are looked at for them.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn sources(&self) -> Result<Vec<SourceInfo>, Error> {
        let program = self.program();
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for list in program.modules.sources(&program.interrupt) {
            let symbol_file = list.of.display().to_string();
            for (path, name) in list.paths.iter().zip(&list.names) {
                if seen.insert((path.clone(), name.clone())) {
                    found.push(SourceInfo {
                        name: name.to_string(),
                        fullname: program.sources.rewrite(path),
                        symbol_file: symbol_file.clone(),
                    });
                }
            }
        }
        if self.interrupt_is_raised() { Err(Error::Interrupted) } else { Ok(found) }
    }

    /// The line table of a file, by address, of each unit that has code of it.
    ///
    /// # Errors
    /// [`Error::NoSource`].
    pub fn source_lines(&self, file: &str) -> Result<Vec<LineInfo>, Error> {
        let lines = self.program().modules.lines_of(file);
        if lines.is_empty() && !self.program().modules.has_file(file) {
            return Err(Error::NoSource(file.to_owned()));
        }
        let entries = lines.iter().flat_map(|lines| &lines.entries);
        Ok(entries.map(|&(addr, line, is_statement)| LineInfo { line, addr: addr.0, is_statement }).collect())
    }

    /// The lines of a file from `first` to `last` at which statements begin, each once, in order: where breakpoints can be.
    ///
    /// # Errors
    /// [`Error::NoSource`].
    pub fn breakable_lines(&self, file: &str, first: u32, last: u32) -> Result<Vec<u32>, Error> {
        let lines = self.source_lines(file)?;
        let wanted =
            |line: &&LineInfo| line.is_statement && line.line != 0 && (first..=last).contains(&line.line);
        let mut found: Vec<u32> = lines.iter().filter(wanted).map(|line| line.line).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The names under which units have a file with code.
    pub(crate) fn source_names(&self, file: &str) -> Result<Vec<SourceName>, Error> {
        let lines = self.program().modules.lines_of(file);
        if lines.is_empty() {
            return Err(Error::NoSource(file.to_owned()));
        }
        let mut names: Vec<SourceName> = Vec::new();
        for lines in lines {
            if !names.contains(&lines.file) {
                names.push(lines.file);
            }
        }
        Ok(names)
    }

    /// The text of a file by one of the names that frames, instructions and [`Engine::sources`] give it, from where kdive finds it.
    ///
    /// # Errors
    /// [`Error::NoSource`]: it is nowhere.
    pub fn source_text(&self, file: &str) -> Result<SourceText, Error> {
        let program = self.program();
        let direct = || program.sources.find(file, "");
        let by_unit = || {
            let lines = program.modules.lines_of(file);
            lines.iter().find_map(|lines| {
                let comp_dir = lines.file.comp_dir.as_deref().unwrap_or_default();
                program.sources.find(&lines.file.name, comp_dir)
            })
        };
        let found = direct().or_else(by_unit).ok_or_else(|| Error::NoSource(file.to_owned()))?;
        Ok(SourceText { path: found.path.display().to_string(), text: found.text().to_owned() })
    }
}
