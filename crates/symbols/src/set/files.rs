//! Source files: which there are, and where the code of their lines is.

use super::ModuleSet;
use crate::dwarf::{DebugInfo, IndexKind, Row, UnitIndex};
use crate::{Module, SourceName, paths};
use kdive_base::{Interrupt, LinkAddr, VirtAddr};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// A file of a unit with its lines: what gdb calls a symtab.
pub(crate) struct FileInUnit<'a> {
    module: &'a Arc<Module>,
    pub(crate) debug: &'a Arc<DebugInfo>,
    pub(crate) unit: UnitIndex,
    pub(crate) name: SourceName,
    rows: Vec<Row>,
}

impl FileInUnit<'_> {
    /// Addresses at which exactly `line` begins, in their order.
    pub(crate) fn exact(&self, line: u32) -> impl Iterator<Item = VirtAddr> {
        let statements = self.rows.iter().filter(move |row| row.is_stmt && row.line == line);
        statements.map(|row| self.module.to_virt(LinkAddr(row.pc)))
    }

    /// The smallest line with code that is not before `line`, and its first address.
    pub(crate) fn at_or_after(&self, line: u32) -> Option<(u32, VirtAddr)> {
        let statements = self.rows.iter().filter(|row| row.is_stmt && row.line >= line && row.line != 0);
        // Of equal lines the first.
        let row = statements.min_by_key(|row| row.line)?;
        Some((row.line, self.module.to_virt(LinkAddr(row.pc))))
    }

    fn last_line(&self) -> u32 {
        self.rows.iter().map(|row| row.line).max().unwrap_or(0)
    }
}

/// The source files of one file with debug information.
#[derive(Clone, Debug)]
pub struct SourceList {
    /// The file that has the debug information.
    pub of: PathBuf,
    /// Number of units they come from.
    pub units: usize,
    /// Each once, absolute where the unit says where it was compiled; in the order of the debug information.
    pub paths: Vec<Arc<str>>,
    /// Each as the debug information names it, in the same order.
    pub names: Vec<Arc<str>>,
}

/// The lines of a source file that have code, in one unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileLines {
    /// The file.
    pub file: SourceName,
    /// Each entry of the line table by address: the address, the line and whether a statement begins there. Line 0 ends the entries
    /// before it.
    pub entries: Vec<(VirtAddr, u32, bool)>,
}

impl ModuleSet {
    /// All source files, one list for each file with debug information: those of the unit that defines `main` first, which
    /// gdb has always read. Ends early when the user interrupts.
    #[must_use]
    pub fn sources(&self, interrupt: &Interrupt) -> Vec<SourceList> {
        let of = |(module, debug): (&Arc<Module>, &Arc<DebugInfo>)| {
            let mut order: Vec<UnitIndex> = (0..debug.units().len()).collect();
            let main = debug.named("main", &[IndexKind::Function]);
            if let Some(unit) = main.first().and_then(|&(_, key)| debug.unit_of(key)) {
                order.sort_by_key(|&other| other != unit);
            }
            let files = |unit| if interrupt.is_raised() { None } else { debug.files_once(unit) };
            let tables: Vec<_> = order.into_par_iter().filter_map(files).collect();
            let mut seen = HashSet::new();
            let all = tables.iter().flat_map(|table| table.files.iter());
            let (paths, names) = all
                .filter(|file| seen.insert(&*file.path))
                .map(|file| (Arc::clone(&file.path), Arc::clone(&file.name)))
                .unzip();
            let of = module.object().debug_path().to_owned();
            SourceList { of, units: debug.units().len(), paths, names }
        };
        self.debugs().map(of).collect()
    }

    /// The lines with code of the files that a user may mean by `wanted`, one list for each unit that has such a file with code.
    #[must_use]
    pub fn lines_of(&self, wanted: &str) -> Vec<FileLines> {
        let files = self.files_named(wanted).into_iter().filter(|file| !file.rows.is_empty());
        files
            .map(|file| FileLines {
                entries: file
                    .rows
                    .iter()
                    .map(|row| (file.module.to_virt(LinkAddr(row.pc)), row.line, row.is_stmt))
                    .collect(),
                file: file.name,
            })
            .collect()
    }

    /// The files of units that a user may mean by `wanted`, and have lines.
    pub(crate) fn files_named(&self, wanted: &str) -> Vec<FileInUnit<'_>> {
        let mut found = Vec::new();
        for module in &self.modules {
            let Some(debug) = module.object().debug() else { continue };
            let mut units = BTreeSet::new();
            for (_, mentioned) in debug.sources().candidates(wanted) {
                units.extend(mentioned.iter().copied());
            }
            // A header may be part of every unit of a kernel: only its own rows are kept.
            let in_unit = |unit| {
                let tables = debug.line_tables_once(unit)?;
                let comp_dir = debug.comp_dir(unit);
                let files = tables.files.files.iter().enumerate();
                let meant: Vec<(SourceName, Vec<Row>)> = files
                    .filter(|(_, source)| meant(wanted, &source.name, &source.path))
                    .map(|(file, source)| {
                        let name = SourceName { name: Arc::clone(&source.name), comp_dir: comp_dir.clone() };
                        (name, tables.rows(file).to_vec())
                    })
                    .collect();
                Some((unit, meant))
            };
            let units: Vec<UnitIndex> = units.into_iter().collect();
            let hits: Vec<_> = units.into_par_iter().filter_map(in_unit).collect();
            for (unit, files) in hits {
                found.extend(files.into_iter().map(|(name, rows)| FileInUnit {
                    module,
                    debug,
                    unit,
                    name,
                    rows,
                }));
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

    /// The code of a line for `info line FILE:LINE` (gdb's `find_line_pc_range` for each unit that has the file, every place once):
    /// start and end of the entry, equal when the line itself has no code but a later one has. Empty when no line from there on has
    /// any.
    #[must_use]
    pub fn line_ranges(&self, file: &SourceName, line: u32) -> Vec<(VirtAddr, VirtAddr)> {
        let files = self.pieces_of(file);
        let mut starts: Vec<VirtAddr> = files.iter().filter_map(|file| file.exact(line).next()).collect();
        if starts.is_empty() {
            let later: Vec<_> = files.iter().filter_map(|file| file.at_or_after(line)).collect();
            let next = later.iter().map(|&(line, _)| line).min();
            starts.extend(later.iter().filter(|&&(line, _)| Some(line) == next).map(|&(_, pc)| pc));
        }
        let mut seen = HashSet::new();
        starts.retain(|&start| seen.insert(start));
        starts
            .into_iter()
            .filter_map(|pc| {
                let found = self.line_at(pc, false)?;
                Some((found.start, if found.line == line { found.end } else { found.start }))
            })
            .collect()
    }

    /// A file in all units that have lines of it: `kernel/ptrace.c`, and not `arch/x86/kernel/ptrace.c`, which is meant by that
    /// name too.
    fn pieces_of(&self, file: &SourceName) -> Vec<FileInUnit<'_>> {
        let mut files = self.files_named(&file.name);
        files.retain(|found| found.name == *file);
        files
    }

    /// The largest line of a file that has code.
    #[must_use]
    pub fn last_line(&self, file: &SourceName) -> Option<u32> {
        self.pieces_of(file).iter().map(|file| file.last_line()).max().filter(|&line| line > 0)
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
fn meant(wanted: &str, name: &str, path: &str) -> bool {
    paths::matches(name, wanted) || (wanted.starts_with('/') && path == wanted)
}
