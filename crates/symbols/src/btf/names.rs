//! Names to numbers: every name of the file's own types, enumerators and variables, by its hash.

use super::raw::{Raw, kind};
use super::{Btf, TypeId};
use crate::hash::name_hash;

/// Marks an entry as that of an enumerator; the number is that of its enumeration. Numbers of types stay far below.
const ENUMERATOR: u32 = 1 << 31;

/// Hash and number of each name, sorted.
#[derive(Debug)]
pub(super) struct Names {
    entries: Vec<(u32, u32)>,
}

impl Names {
    pub(super) fn read(raw: &Raw, btf: &Btf) -> Self {
        let mut entries = Vec::new();
        for (id, record) in raw.records() {
            if id & ENUMERATOR != 0 {
                break;
            }
            let named = matches!(
                record.kind,
                kind::INT
                    | kind::FLOAT
                    | kind::STRUCT
                    | kind::UNION
                    | kind::ENUM
                    | kind::ENUM64
                    | kind::TYPEDEF
                    | kind::VAR
            );
            let mut add = |name, id| {
                let name = btf.string(name);
                if !name.is_empty() {
                    entries.push((name_hash(name.as_bytes()), id));
                }
            };
            if named {
                add(record.name, id);
            }
            for name in raw.enumerator_names(id) {
                add(name, id | ENUMERATOR);
            }
        }
        entries.sort_unstable();
        Self { entries }
    }

    fn with_hash(&self, name: &str) -> impl Iterator<Item = u32> + '_ {
        let hash = name_hash(name.as_bytes());
        let start = self.entries.partition_point(|&(known, _)| known < hash);
        let rest = self.entries.get(start..).unwrap_or_default();
        rest.iter().take_while(move |(known, _)| *known == hash).map(|&(_, id)| id)
    }

    /// Numbers of the types and variables of a name, ascending.
    pub(super) fn ids<'a>(
        &'a self,
        raw: &'a Raw,
        btf: &'a Btf,
        name: &'a str,
    ) -> impl Iterator<Item = TypeId> + 'a {
        let types = self.with_hash(name).filter(|id| id & ENUMERATOR == 0);
        types.filter(move |&id| raw.record(id).is_some_and(|record| btf.string(record.name) == name))
    }

    /// Numbers of the enumerations that may have a constant of a name: hashes may be equal where names are not.
    pub(super) fn enumerations(&self, raw: &Raw, name: &str) -> Vec<TypeId> {
        let found = self.with_hash(name).filter(|id| id & ENUMERATOR != 0).map(|id| id & !ENUMERATOR);
        found.filter(|&id| raw.record(id).is_some()).collect()
    }
}
