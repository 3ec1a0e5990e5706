//! The kernel that is debugged, and its modules.

use crate::Engine;
use kdive_linux::{Kaslr, LinuxLayer, ModuleFinder, ModuleSymbols};
use kdive_program::Program;
use std::path::PathBuf;

impl Engine {
    /// Works with what knows Linux; `None` when the program is not Linux.
    pub fn with_linux<T>(&mut self, work: impl FnOnce(&mut LinuxLayer, &mut Program) -> T) -> Option<T> {
        self.program_mut()
            .with_os(|os, program| os.as_any().downcast_mut::<LinuxLayer>().map(|linux| work(linux, program)))
            .flatten()
    }

    /// Where the kernel is looked for.
    pub fn set_kaslr(&mut self, kaslr: Kaslr) {
        let report = self.with_linux(|linux, program| linux.set_kaslr(program, kaslr));
        self.take_report(report);
    }

    /// Directories in which the files of modules are looked for first.
    pub fn set_module_path(&mut self, paths: Vec<PathBuf>) {
        self.search_modules(|finder| finder.paths = paths);
    }

    /// More such directories.
    pub fn add_module_path(&mut self, paths: Vec<PathBuf>) {
        self.search_modules(|finder| finder.paths.extend(paths));
    }

    /// Directories in which debug information of modules is looked for.
    pub fn set_debug_directories(&mut self, directories: Vec<PathBuf>) {
        self.search_modules(|finder| finder.debug_directories = directories);
    }

    /// Looks again for modules without symbols, after the places to look in have changed.
    fn search_modules(&mut self, change: impl FnOnce(&mut ModuleFinder)) {
        let report = self.with_linux(|linux, program| {
            change(&mut linux.finder);
            linux.search_again(program)
        });
        self.take_report(report);
    }

    /// Files of modules are indexed where other files are.
    pub fn take_index_cache(&mut self) {
        let cache = self.open_options.index_cache.clone();
        self.with_linux(|linux, _| linux.index_cache = cache);
    }

    /// The modules of the running kernel after a look at its list, in the order they were found; `None` when the program is not Linux.
    pub fn modules(&mut self) -> Option<Vec<ModuleSymbols>> {
        let (modules, report) = self.with_linux(|linux, program| {
            let report = linux.refresh(program).unwrap_or_default();
            (linux.modules().to_vec(), report)
        })?;
        self.take_report(Some(report));
        Some(modules)
    }
}
