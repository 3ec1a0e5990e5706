//! The files with symbols, and modules of the kernel with and without.

use crate::stack::file_name;
use crate::{Engine, ModuleSymbols};
use kdive_base::LinkAddr;
use kdive_linux::SymbolsFrom;
use kdive_symbols::{Module, ModuleId, Section};

/// What is known of the symbols of a module.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SymbolState {
    /// They come with debug information.
    Debug,
    /// There are names only.
    Names,
    /// There are none, and this is why.
    None(String),
}

/// A program, or a module of the kernel.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct SymbolFileInfo {
    /// Its name: that of the module in the kernel, else of the file.
    pub name: String,
    /// The file its symbols were read from.
    pub path: Option<String>,
    /// The file that its debug information was moved to, where there is one.
    pub debug_path: Option<String>,
    /// Its addresses, from the lowest to beyond the highest.
    #[serde(serialize_with = "crate::hex::range")]
    pub range: Option<(u64, u64)>,
    /// What is known of its symbols.
    pub symbols: SymbolState,
    /// Whether the kernel loaded it.
    pub is_kernel_module: bool,
}

fn of_file(module: &Module) -> SymbolFileInfo {
    let object = module.object();
    // At 0 are the per-CPU variables of a kernel, and what was not placed.
    let is_placed = |section: &&Section| section.alloc && section.size > 0 && section.addr != LinkAddr(0);
    let sections = || object.sections().iter().filter(is_placed);
    let start = sections().map(|section| module.to_virt(section.addr).0).min();
    let end = sections().map(|section| module.to_virt(section.addr).0.saturating_add(section.size)).max();
    SymbolFileInfo {
        name: file_name(object.path()),
        path: Some(object.path().display().to_string()),
        debug_path: object.separate_debug_file().map(|path| path.display().to_string()),
        range: start.zip(end),
        symbols: if object.has_debug_info() { SymbolState::Debug } else { SymbolState::Names },
        is_kernel_module: false,
    }
}

/// A module of the kernel, with the file that was loaded for it.
fn of_kernel(module: &ModuleSymbols, file: Option<&Module>) -> SymbolFileInfo {
    let info = &module.info;
    let range = (info.base.0, info.base.0.saturating_add(info.size));
    let base = file.map(of_file);
    let symbols = match (&module.symbols, &base) {
        (SymbolsFrom::None(why), _) => SymbolState::None(why.clone()),
        (SymbolsFrom::File { debug: true, .. }, _) => SymbolState::Debug,
        (SymbolsFrom::File { .. }, _) => SymbolState::Names,
    };
    SymbolFileInfo {
        name: info.name.clone(),
        path: base.as_ref().and_then(|base| base.path.clone()),
        debug_path: base.and_then(|base| base.debug_path),
        range: Some(range),
        symbols,
        is_kernel_module: true,
    }
}

impl Engine {
    /// The program, other files with symbols, and the modules of the running kernel, whether their symbols were found or not.
    pub fn symbol_files(&mut self) -> Vec<SymbolFileInfo> {
        let kernel = self.modules().unwrap_or_default();
        self.files_and(&kernel)
    }

    /// The same as far as it is known: the target is not asked which modules the kernel has.
    pub fn loaded_files(&mut self) -> Vec<SymbolFileInfo> {
        let kernel = self.with_linux(|linux, _| linux.modules().to_vec()).unwrap_or_default();
        self.files_and(&kernel)
    }

    fn files_and(&self, kernel: &[ModuleSymbols]) -> Vec<SymbolFileInfo> {
        let ids: Vec<Option<ModuleId>> = kernel
            .iter()
            .map(|module| match &module.symbols {
                SymbolsFrom::File { id, .. } => Some(*id),
                SymbolsFrom::None(_) => None,
            })
            .collect();
        let modules = &self.program().modules;
        let files = modules.modules().iter();
        let own = files.filter(|module| !ids.contains(&Some(module.id()))).map(|module| of_file(module));
        let of_modules = kernel.iter().zip(&ids).map(|(module, id)| {
            of_kernel(module, id.and_then(|id| modules.module(id)).map(|module| &**module))
        });
        own.chain(of_modules).collect()
    }
}
