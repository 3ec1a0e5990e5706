//! The macros of the C preprocessor that hold at a place in the source.

use super::ModuleSet;
use crate::SourceName;
use crate::dwarf::{BUILT_IN_LINE, DebugInfo, Definition, MacroFile, MacroTable, UnitIndex};
use kdive_base::VirtAddr;
use std::fmt;
use std::sync::Arc;

/// What the preprocessor defines itself.
const FILE: &str = "__FILE__";
const LINE: &str = "__LINE__";

/// A place in the source of a unit that has macros. A handle.
#[derive(Clone)]
pub struct MacroScope {
    table: Arc<MacroTable>,
    file: MacroFile,
    line: i64,
}

impl fmt::Debug for MacroScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.table.path(self.file).map_or("?", |path| path);
        write!(f, "MacroScope({path}:{})", self.line)
    }
}

/// A macro, and where it is defined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefinedMacro {
    /// Its name.
    pub name: String,
    /// What follows the name: `(a,b) ((a)+(b))`, ` 37`; empty for one that stands for nothing.
    pub rest: String,
    /// Path and line of the definition, then of the line that included the file, and so on. Line 0: by an option of the
    /// compiler. A negative line: by the preprocessor itself.
    pub places: Vec<(Arc<str>, i64)>,
}

impl MacroScope {
    /// The place itself, then the line that included its file, and so on.
    #[must_use]
    pub fn places(&self) -> Vec<(Arc<str>, i64)> {
        self.table.places(self.file, self.line)
    }

    /// The macro of that name that holds here.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<DefinedMacro> {
        if let Some(definition) = self.table.find(name, (self.file, self.line)) {
            return Some(self.defined(definition));
        }
        self.built_in(name, self.file, self.line)
    }

    /// Every definition of that name in the unit, wherever it holds, in order.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<DefinedMacro> {
        let built_in = self.built_in(name, 0, BUILT_IN_LINE);
        built_in.into_iter().chain(self.table.named(name).iter().map(|found| self.defined(found))).collect()
    }

    /// The macros that hold here, by name.
    #[must_use]
    pub fn holding(&self) -> Vec<DefinedMacro> {
        let holding = self.table.holding((self.file, self.line));
        let mut found: Vec<DefinedMacro> =
            holding.into_iter().map(|definition| self.defined(definition)).collect();
        for name in [FILE, LINE] {
            if let Err(at) = found.binary_search_by(|other| other.name.as_str().cmp(name)) {
                found.splice(at..at, self.built_in(name, self.file, self.line));
            }
        }
        found
    }

    /// The names of the macros that hold here and begin with `prefix`, in order.
    #[must_use]
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let holding = self.table.holding((self.file, self.line));
        let names = holding.into_iter().map(Definition::name).chain([FILE, LINE]);
        let mut names: Vec<String> =
            names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn defined(&self, definition: &Definition) -> DefinedMacro {
        DefinedMacro {
            name: definition.name().to_owned(),
            rest: definition.rest().to_owned(),
            places: self.table.places(definition.file, definition.line),
        }
    }

    /// The macros that mean the place they stand at.
    fn built_in(&self, name: &str, file: MacroFile, line: i64) -> Option<DefinedMacro> {
        let rest = match name {
            FILE => {
                let path = self.table.path(file)?;
                format!(" \"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
            }
            LINE => format!(" {line}"),
            _ => return None,
        };
        Some(DefinedMacro { name: name.to_owned(), rest, places: self.table.places(0, BUILT_IN_LINE) })
    }
}

impl ModuleSet {
    /// Whether some file has macros. Nothing is read for it.
    #[must_use]
    pub fn has_macros(&self) -> bool {
        self.debugs().any(|(_, debug)| debug.has_macros())
    }

    /// The macros at the line of an address.
    #[must_use]
    pub fn macros_at(&self, pc: VirtAddr) -> Option<MacroScope> {
        let (_, debug, pc) = self.debug_at(pc).filter(|(_, debug, _)| debug.has_macros())?;
        Self::macros_at_link(debug, debug.unit_at(pc)?, pc)
    }

    /// The macros at the line of the first code of the unit that an address is in: where gdb looks without a frame.
    #[must_use]
    pub fn macros_at_start_of_unit(&self, pc: VirtAddr) -> Option<MacroScope> {
        let (_, debug, pc) = self.debug_at(pc).filter(|(_, debug, _)| debug.has_macros())?;
        let unit = debug.unit_at(pc)?;
        let start = debug.unit_data(unit)?.ranges.first()?.0;
        Self::macros_at_link(debug, unit, start)
    }

    /// The macros at a line of a file, as the unit sees them that an address is in.
    #[must_use]
    pub fn macros_at_line(&self, file: &SourceName, line: u32, near: VirtAddr) -> Option<MacroScope> {
        let (_, debug, pc) = self.debug_at(near).filter(|(_, debug, _)| debug.has_macros())?;
        let unit = debug.unit_at(pc)?;
        let files = debug.files(unit)?;
        let path = files.files.iter().find(|known| known.name == file.name).map(|known| &*known.path);
        Self::macros_in(debug, unit, path.unwrap_or(&file.name), line)
    }

    fn macros_at_link(debug: &DebugInfo, unit: UnitIndex, pc: u64) -> Option<MacroScope> {
        let tables = debug.line_tables(unit)?;
        let hit = tables.find(pc)?;
        let path = &tables.files.files.get(hit.file)?.path;
        Self::macros_in(debug, unit, path, hit.line)
    }

    fn macros_in(debug: &DebugInfo, unit: UnitIndex, path: &str, line: u32) -> Option<MacroScope> {
        let table = debug.macros(unit)?;
        // Code may be of files the preprocessor never saw: then gdb looks at the beginning of the main file.
        let (file, line) = table.file_of(path).map_or((0, BUILT_IN_LINE), |file| (file, i64::from(line)));
        Some(MacroScope { table: Arc::clone(table), file, line })
    }
}
