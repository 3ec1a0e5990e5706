//! Source files: which there are, and where the code of their lines is.

use super::ModuleSet;
use super::by_address::make_line;
use crate::dwarf::{DebugInfo, FileIndex, LineTables, UnitIndex};
use crate::{Module, SourceName, paths};
use kdive_base::{Interrupt, LinkAddr, VirtAddr};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A file of a unit with its lines: what gdb calls a symtab.
pub(crate) struct FileInUnit<'a> {
    pub(crate) module: &'a Arc<Module>,
    pub(crate) debug: &'a Arc<DebugInfo>,
    pub(crate) unit: UnitIndex,
    pub(crate) tables: Arc<LineTables>,
    pub(crate) file: FileIndex,
}

impl FileInUnit<'_> {
    pub(crate) fn name(&self) -> SourceName {
        let name =
            self.tables.files.files.get(self.file).map_or_else(|| "".into(), |file| Arc::clone(&file.name));
        SourceName { name, comp_dir: self.debug.unit_data(self.unit).and_then(|data| data.comp_dir.clone()) }
    }

    /// The line an address of this unit belongs to.
    pub(crate) fn line_at(&self, pc: u64) -> Option<crate::Line> {
        make_line(self.module, self.debug, self.unit, &self.tables, self.tables.find(pc)?)
    }
}

impl ModuleSet {
    /// The files of units that a user may mean by `wanted`, and have lines.
    pub(crate) fn files_named(&self, wanted: &str) -> Vec<FileInUnit<'_>> {
        let mut found = Vec::new();
        for module in &self.modules {
            let Some(debug) = module.object().debug() else { continue };
            let mut units = BTreeSet::new();
            for (_, mentioned) in debug.sources().candidates(wanted) {
                units.extend(mentioned.iter().copied());
            }
            for unit in units {
                let Some(tables) = debug.line_tables_once(unit) else { continue };
                let comp_dir = debug.unit_data(unit).and_then(|data| data.comp_dir.as_deref());
                for (file, source) in tables.files.files.iter().enumerate() {
                    if meant(wanted, &source.name, &source.path, comp_dir) {
                        found.push(FileInUnit { module, debug, unit, tables: Arc::clone(&tables), file });
                    }
                }
            }
        }
        found
    }

    /// Whether some file of that name is known.
    #[must_use]
    pub fn has_file(&self, wanted: &str) -> bool {
        self.modules.iter().filter_map(|module| module.object().debug()).any(|debug| {
            debug
                .sources()
                .candidates(wanted)
                .any(|(name, _)| wanted.starts_with('/') || paths::matches(name, wanted))
        })
    }

    /// All source files, sorted, without duplicates.
    #[must_use]
    pub fn files(&self, interrupt: &Interrupt) -> Vec<SourceName> {
        let mut found = BTreeSet::new();
        for debug in self.modules.iter().filter_map(|module| module.object().debug()) {
            for (name, units) in debug.sources().all() {
                if interrupt.is_raised() {
                    break;
                }
                let comp_dir = units.first().and_then(|&unit| debug.unit_data(unit)?.comp_dir.clone());
                found.insert(SourceName { name: Arc::clone(name), comp_dir });
            }
        }
        found.into_iter().collect()
    }

    /// The code of a line for `info line FILE:LINE` (gdb's `find_line_pc_range`): start and end of the entry, equal when
    /// the line itself has no code but a later one has. `None` when no line from there on has any.
    #[must_use]
    pub fn line_range(&self, file: &SourceName, line: u32) -> Option<(VirtAddr, VirtAddr)> {
        let files = self.files_named(&file.name);
        let exact =
            files.iter().find_map(|file| Some((file, line, file.tables.exact(file.file, line).next()?)));
        let (file, found, pc) = exact.or_else(|| {
            let later = files.iter().filter_map(|file| {
                let (line, pc) = file.tables.at_or_after(file.file, line)?;
                Some((file, line, pc))
            });
            later.min_by_key(|&(_, line, _)| line)
        })?;
        let _ = found;
        let hit = file.line_at(pc)?;
        if hit.line == line { Some((hit.start, hit.end)) } else { Some((hit.start, hit.start)) }
    }

    /// The largest line of a file that has code.
    #[must_use]
    pub fn last_line(&self, file: &SourceName) -> Option<u32> {
        self.files_named(&file.name)
            .iter()
            .map(|file| file.tables.last_line(file.file))
            .max()
            .filter(|&line| line > 0)
    }

    /// The file a program is read from when nothing else was said: that of `main`, or else of the first unit with code
    /// (gdb's default source file).
    #[must_use]
    pub fn default_file(&self) -> Option<(SourceName, u32)> {
        let main = self.functions_named("main").into_iter().find(crate::Function::is_external)?;
        let line = self.line_at(main.entry(), false)?;
        Some((line.file, line.line))
    }
}

/// gdb's `iterate_over_some_symtabs`: by the name shown, or for an absolute name by the whole path.
fn meant(wanted: &str, name: &str, path: &str, comp_dir: Option<&str>) -> bool {
    paths::matches(name, wanted)
        || (wanted.starts_with('/') && (path == wanted || crate::dwarf::absolute(comp_dir, name) == wanted))
}

impl FileInUnit<'_> {
    pub(crate) fn to_virt(&self, pc: u64) -> VirtAddr {
        self.module.to_virt(LinkAddr(pc))
    }
}
