//! Names that begin with what was typed, and those near to it.

use super::ModuleSet;
use super::by_btf::for_each_name_of_btf;
use crate::dwarf::IndexKind;
use crate::{Completion, Module, paths};
use kdive_base::Nearest;
use std::collections::BTreeSet;

impl Completion {
    fn kinds(self) -> &'static [IndexKind] {
        match self {
            Self::Expression => &[
                IndexKind::Function,
                IndexKind::Variable,
                IndexKind::VariableDeclaration,
                IndexKind::Typedef,
                IndexKind::Base,
                IndexKind::Enumerator,
            ],
            Self::Location => &[IndexKind::Function],
            Self::Tag(tag) => tag.kinds(),
            Self::File => &[],
        }
    }
}

impl ModuleSet {
    /// A name that differs from `name` in the case of its letters only.
    #[must_use]
    pub fn spelled(&self, what: Completion, name: &str) -> Option<String> {
        let is_it = |found: &str| found != name && found.eq_ignore_ascii_case(name);
        let kinds = what.kinds();
        for module in &self.modules {
            if let Some(debug) = module.object().debug() {
                let mut found = None;
                debug.for_each_name(|kind, name, _| {
                    if found.is_none() && kinds.contains(&kind) {
                        found = std::str::from_utf8(name).ok().filter(|name| is_it(name)).map(str::to_owned);
                    }
                });
                if found.is_some() {
                    return found;
                }
            }
            if matches!(what, Completion::Expression | Completion::Location) {
                let symbols = module.object().symbols();
                let found =
                    symbols.entries().iter().map(|entry| symbols.name(entry)).find(|name| is_it(name));
                if let Some(found) = found {
                    return Some(found.to_owned());
                }
            }
        }
        None
    }

    /// Names beginning with `prefix`, sorted, at most `limit`.
    #[must_use]
    pub fn complete_name(&self, what: Completion, prefix: &str, limit: usize) -> Vec<String> {
        let mut found = BTreeSet::new();
        self.for_each_name(what, &mut |name| {
            if name.starts_with(prefix) {
                found.insert(name.to_owned());
            }
        });
        found.into_iter().take(limit).collect()
    }

    /// The names that `wanted`, which does not exist, was probably meant to be, best first.
    #[must_use]
    pub fn nearest_name(&self, what: Completion, wanted: &str) -> Vec<String> {
        let mut nearest = Nearest::to(wanted);
        self.for_each_name(what, &mut |name| nearest.offer(name));
        nearest.names()
    }

    /// Shows `visit` every name of a kind, some of them more than once. A source file has two: its path and the last part of it.
    fn for_each_name(&self, what: Completion, visit: &mut dyn FnMut(&str)) {
        let kinds = what.kinds();
        for module in &self.modules {
            if matches!(what, Completion::Expression | Completion::Location) {
                let symbols = module.object().symbols();
                let code_only = what == Completion::Location;
                for entry in symbols.entries().iter().filter(|entry| !code_only || entry.kind.is_text()) {
                    let name = symbols.name(entry);
                    if !is_local_label(name) {
                        visit(name);
                    }
                }
            }
            if let Some(btf) = self.btf_of(module) {
                for_each_name_of_btf(btf, what, visit);
            }
            let Some(debug) = module.object().debug() else { continue };
            if !kinds.is_empty() {
                debug.for_each_name(|kind, name, _| {
                    if kinds.contains(&kind)
                        && let Ok(name) = std::str::from_utf8(name)
                    {
                        visit(name);
                    }
                });
            }
            if matches!(what, Completion::File | Completion::Location) {
                for (name, _) in debug.sources().all() {
                    visit(name);
                    visit(paths::base_name(name));
                }
            }
        }
    }

    /// Functions of a source file or, where no file is called so, of a module of the kernel: what may follow `FILE:` and
    /// `MODULE:`. Those beginning with `prefix`, sorted, at most `limit`.
    #[must_use]
    pub fn complete_function_in(&self, place: &str, prefix: &str, limit: usize) -> Vec<String> {
        let mut found = BTreeSet::new();
        for file in self.files_named(place) {
            let Some(table) = file.debug.functions(file.unit) else { continue };
            for function in table.functions.iter().filter(|function| function.name.starts_with(prefix)) {
                // A unit has the inline functions of its headers too.
                let declared = function.decl_file.and_then(|declared| file.debug.source_name(declared));
                if declared.is_none_or(|declared| declared.name == file.name.name) {
                    found.insert(function.name.to_string());
                }
            }
        }
        if found.is_empty() {
            for module in self.modules.iter().filter(|module| is_called(module, place)) {
                let symbols = module.object().symbols();
                let names = symbols.entries().iter().filter(|entry| entry.kind.is_text());
                let names = names.map(|entry| symbols.name(entry));
                found.extend(
                    names.filter(|name| name.starts_with(prefix) && !is_local_label(name)).map(str::to_owned),
                );
            }
        }
        found.into_iter().take(limit).collect()
    }

    /// Names of the modules of the kernel whose files are loaded.
    pub fn module_names(&self) -> impl Iterator<Item = String> {
        self.modules.iter().filter_map(|module| module_name(module))
    }
}

/// `.LC0`, `.Ltmp3`: made by the compiler, never typed by users.
fn is_local_label(name: &str) -> bool {
    name.starts_with('.')
}

/// `nf-tables.ko.xz` is the file of `nf_tables`.
fn module_name(module: &Module) -> Option<String> {
    let file = module.object().path().file_name()?.to_str()?;
    Some(file.split_once(".ko")?.0.replace('-', "_"))
}

fn is_called(module: &Module, name: &str) -> bool {
    module_name(module).is_some_and(|loaded_name| loaded_name == name.replace('-', "_"))
}
