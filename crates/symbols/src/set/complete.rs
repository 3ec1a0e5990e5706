//! Names that begin with what was typed.

use super::ModuleSet;
use super::by_btf::complete_from_btf;
use crate::dwarf::IndexKind;
use crate::{Completion, paths};
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
    /// Names beginning with `prefix`, sorted, at most `limit`.
    #[must_use]
    pub fn complete_name(&self, what: Completion, prefix: &str, limit: usize) -> Vec<String> {
        let mut found = BTreeSet::new();
        let kinds = what.kinds();
        for module in &self.modules {
            if matches!(what, Completion::Expression | Completion::Location) {
                let symbols = module.object().symbols();
                let code_only = what == Completion::Location;
                for entry in symbols.entries().iter().filter(|entry| !code_only || entry.kind.is_text()) {
                    let name = symbols.name(entry);
                    if name.starts_with(prefix) {
                        found.insert(name.to_owned());
                    }
                }
            }
            if let Some(btf) = self.btf_of(module) {
                complete_from_btf(btf, what, prefix, &mut found);
            }
            let Some(debug) = module.object().debug() else { continue };
            if !kinds.is_empty() {
                debug.for_each_name(|kind, name, _| {
                    if kinds.contains(&kind)
                        && name.starts_with(prefix.as_bytes())
                        && let Ok(name) = std::str::from_utf8(name)
                    {
                        found.insert(name.to_owned());
                    }
                });
            }
            if matches!(what, Completion::File | Completion::Location) {
                for (name, _) in debug.sources().all() {
                    // A file may be named by any of its last components.
                    if name.starts_with(prefix) {
                        found.insert(name.to_string());
                    } else if paths::base_name(name).starts_with(prefix) {
                        found.insert(paths::base_name(name).to_owned());
                    }
                }
            }
        }
        found.into_iter().take(limit).collect()
    }
}
