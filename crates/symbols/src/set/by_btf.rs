//! What files without DWARF know of types: their `.BTF`.

use super::ModuleSet;
use crate::btf::Btf;
use crate::{Completion, Module, Tag, Variable};
use kdive_types::Type;
use std::sync::Arc;

impl ModuleSet {
    /// The BTF of a module that has no DWARF. A kernel module's continues that of the kernel.
    pub(super) fn btf_of<'a>(&'a self, module: &'a Module) -> Option<&'a Arc<Btf>> {
        let object = module.object();
        if object.debug().is_some() {
            return None;
        }
        object.btf().or_else(|| object.split_btf(self.kernel_btf()?))
    }

    fn kernel_btf(&self) -> Option<&Arc<Btf>> {
        self.modules.iter().filter(|module| module.is_kernel()).find_map(|module| module.object().btf())
    }

    pub(super) fn btfs(&self) -> impl Iterator<Item = (&Arc<Module>, &Arc<Btf>)> {
        self.modules.iter().filter_map(|module| Some((module, self.btf_of(module)?)))
    }

    pub(super) fn type_from_btf(&self, tag: Tag, name: &str) -> Option<Type> {
        self.btfs().find_map(|(_, btf)| btf.ty(tag, name))
    }

    pub(super) fn variable_from_btf(&self, name: &str) -> Option<Variable> {
        self.btfs().find_map(|(module, btf)| Variable::of_btf(module, btf, btf.variable(name)?, name))
    }
}

/// Shows `visit` the names of a kind.
pub(super) fn for_each_name_of_btf(btf: &Btf, what: Completion, visit: &mut dyn FnMut(&str)) {
    btf.for_each_name(|tag, name| {
        let wanted = match what {
            Completion::Expression => tag.is_none_or(|tag| tag == Tag::Typedef),
            Completion::Tag(wanted) => tag == Some(wanted),
            Completion::Location | Completion::File => false,
        };
        if wanted {
            visit(name);
        }
    });
}
