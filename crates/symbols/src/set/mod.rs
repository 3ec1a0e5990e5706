//! All object files of the debugged program.

mod by_address;
mod by_btf;
mod by_name;
mod complete;
mod files;
mod listing;
mod macros;

pub(crate) use by_name::functions_in;
pub(crate) use files::FileInUnit;
pub use files::{FileLines, SourceList};
pub use macros::{DefinedMacro, MacroScope};

use crate::{Module, ModuleId, ObjectFile, Placement};
use kdive_base::{Fault, ReadMemory, VirtAddr};
use std::sync::Arc;

/// All object files of the debugged program, in the order they were added; that order decides among equals.
#[derive(Clone, Default, Debug)]
pub struct ModuleSet {
    modules: Vec<Arc<Module>>,
    next_id: u32,
    /// Types that are only declared stay so (`set opaque-type-resolution off`).
    opaque: bool,
}

impl ModuleSet {
    /// No modules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the definition of a type is looked for that is only declared where it is used.
    pub fn resolve_opaque(&mut self, resolve: bool) {
        self.opaque = !resolve;
    }

    /// Adds a file at a place.
    pub fn add(&mut self, object: Arc<ObjectFile>, placement: Placement) -> ModuleId {
        let id = ModuleId(self.next_id);
        self.next_id += 1;
        self.modules.push(Arc::new(Module::new(id, object, placement)));
        id
    }

    /// Removes a module; `false` when it is not there. Handles into it stay valid.
    pub fn remove(&mut self, id: ModuleId) -> bool {
        let before = self.modules.len();
        self.modules.retain(|module| module.id() != id);
        self.modules.len() != before
    }

    /// Moves a module (KASLR offset found out later); `false` when it is not there. What was read of the file is kept;
    /// handles made before keep the old place.
    pub fn set_placement(&mut self, id: ModuleId, placement: Placement) -> bool {
        let Some(module) = self.modules.iter_mut().find(|module| module.id() == id) else { return false };
        *module = Arc::new(Module::new(id, Arc::clone(module.object()), placement));
        true
    }

    /// The modules in order.
    #[must_use]
    pub fn modules(&self) -> &[Arc<Module>] {
        &self.modules
    }

    /// A module.
    #[must_use]
    pub fn module(&self, id: ModuleId) -> Option<&Arc<Module>> {
        self.modules.iter().find(|module| module.id() == id)
    }

    /// Whether any module has symbols at all, with or without debug information.
    #[must_use]
    pub fn has_symbols(&self) -> bool {
        self.modules.iter().any(|module| module.object().has_symbols() || module.object().has_debug_info())
    }

    /// The program's bytes as they are in the files, for use without a target.
    #[must_use]
    pub fn image(&self) -> &dyn ReadMemory {
        self
    }
}

impl ReadMemory for ModuleSet {
    fn read(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        let (module, _) = self.module_at(addr).ok_or(Fault::unmapped(addr))?;
        module.object().read_image(module.to_link(addr), buf).map_err(|fault| {
            let hole = module.to_virt(kdive_base::LinkAddr(fault.addr.0));
            Fault { addr: hole, kind: fault.kind }
        })
    }
}
