//! The kernel that is debugged, and its modules.

use crate::Engine;
use kdive_linux::{Kaslr, LinuxLayer, ModuleFinder, ModuleSymbols, SymbolsFrom};
use kdive_program::Program;
use serde::Serialize;
use std::path::PathBuf;

/// The running kernel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KernelInfo {
    /// What it calls itself.
    pub banner: Option<String>,
    /// First address of its image; `None` while it is not found.
    #[serde(serialize_with = "crate::hex::optional")]
    pub start: Option<u64>,
    /// How far it was moved (KASLR).
    #[serde(serialize_with = "crate::hex::optional")]
    pub slide: Option<u64>,
}

/// A module of the kernel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KernelModuleInfo {
    /// Its name.
    pub name: String,
    /// Start of its code.
    #[serde(serialize_with = "crate::hex::number")]
    pub base: u64,
    /// Bytes of its memory.
    pub size: u64,
    /// `Live`, `Loading`, `Unloading`, as the kernel has it.
    pub state: String,
    /// How many users it has; `None` where modules cannot be unloaded.
    pub references: Option<i64>,
    /// The modules that use it.
    pub used_by: Vec<String>,
    /// The file its symbols were read from.
    pub file: Option<String>,
    /// Why it has no symbols.
    pub problem: Option<String>,
}

impl From<&ModuleSymbols> for KernelModuleInfo {
    fn from(module: &ModuleSymbols) -> Self {
        let info = &module.info;
        let (file, problem) = match &module.symbols {
            SymbolsFrom::File { path, .. } => (Some(path.display().to_string()), None),
            SymbolsFrom::None(why) => (None, Some(why.clone())),
        };
        Self {
            name: info.name.clone(),
            base: info.base.0,
            size: info.size,
            state: info.state.to_string(),
            references: info.references,
            used_by: info.used_by.clone(),
            file,
            problem,
        }
    }
}

impl Engine {
    /// Works with what knows Linux; `None` when the program is not Linux.
    pub fn with_linux<T>(&mut self, work: impl FnOnce(&mut LinuxLayer, &mut Program) -> T) -> Option<T> {
        self.program_mut()
            .with_os(|os, program| os.as_any().downcast_mut::<LinuxLayer>().map(|linux| work(linux, program)))
            .flatten()
    }

    /// What is known of the running kernel.
    pub fn kernel(&mut self) -> KernelInfo {
        let place = self.with_linux(|linux, _| linux.kernel_place()).flatten();
        KernelInfo {
            banner: kdive_linux::banner(self.program()).ok(),
            start: place.map(|place| place.start.0),
            slide: place.map(|place| place.slide),
        }
    }

    /// The modules the kernel has loaded.
    pub fn kernel_modules(&mut self) -> Vec<KernelModuleInfo> {
        self.modules().unwrap_or_default().iter().map(KernelModuleInfo::from).collect()
    }

    /// First address and slide of the kernel, once they are known. Nothing is asked of the target.
    pub fn kernel_place(&mut self) -> Option<(u64, u64)> {
        let place = self.with_linux(|linux, _| linux.kernel_place()).flatten()?;
        Some((place.start.0, place.slide))
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
