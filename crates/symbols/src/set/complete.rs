//! Names that begin with what was typed, and those near to it.

use super::ModuleSet;
use super::by_btf::for_each_name_of_btf;
use crate::dwarf::IndexKind;
use crate::{Completion, paths};
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
                    visit(symbols.name(entry));
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
}
