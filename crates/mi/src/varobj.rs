//! The names of variable objects.

use kdive_engine::VarId;
use std::collections::{BTreeMap, BTreeSet};

/// Variable objects by name.
#[derive(Debug, Default)]
pub struct VarObjects {
    named: BTreeMap<String, Object>,
    names: BTreeMap<VarId, String>,
    /// Those that are no children, the oldest first.
    roots: Vec<String>,
    last: u32,
    /// Those that the client gave another value, which no update has told yet.
    pub assigned: BTreeSet<VarId>,
}

/// A variable object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// The variable.
    pub id: VarId,
    /// What it is called among its parent's children, or its expression.
    pub expression: String,
    /// Which children `-var-list-children` tells without a range: from, to.
    pub range: (i64, i64),
}

impl VarObjects {
    /// A name that no object has.
    pub fn fresh_name(&mut self) -> String {
        loop {
            self.last += 1;
            let name = format!("var{}", self.last);
            if !self.named.contains_key(&name) {
                return name;
            }
        }
    }

    /// Whether an object has this name.
    pub fn contains(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// Adds one; `root`: it is nobody's child.
    pub fn add(&mut self, name: &str, id: VarId, expression: &str, root: bool) {
        if self.names.insert(id, name.to_owned()).is_none() && root {
            self.roots.push(name.to_owned());
        }
        let object = Object { id, expression: expression.to_owned(), range: (-1, -1) };
        self.named.entry(name.to_owned()).or_insert(object);
    }

    /// The object with this name.
    pub fn get(&self, name: &str) -> Result<&Object, String> {
        self.named.get(name).ok_or_else(|| "Variable object not found".to_owned())
    }

    /// The same, to change.
    pub fn get_mut(&mut self, name: &str) -> Result<&mut Object, String> {
        self.named.get_mut(name).ok_or_else(|| "Variable object not found".to_owned())
    }

    /// The name of a variable, if the client knows it.
    pub fn name_of(&self, id: VarId) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// Those that are no children, the newest first: the order of updates.
    pub fn roots(&self) -> Vec<String> {
        self.roots.iter().rev().cloned().collect()
    }

    /// Forgets what is below an object, and the object itself if `own`; how many.
    pub fn remove(&mut self, name: &str, own: bool) -> usize {
        let Some(object) = self.named.get(name) else { return 0 };
        let prefix = format!("{name}.");
        // A root may be called as if it was a child.
        let below: Vec<String> = self
            .named
            .range(prefix.clone()..)
            .map(|(other, _)| other.clone())
            .take_while(|other| other.starts_with(&prefix))
            .filter(|other| !self.roots.contains(other))
            .collect();
        let id = object.id;
        for other in &below {
            if let Some(object) = self.named.remove(other) {
                self.names.remove(&object.id);
            }
        }
        if own {
            self.named.remove(name);
            self.names.remove(&id);
            self.roots.retain(|root| root != name);
        }
        below.len() + usize::from(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_removal() {
        let mut objects = VarObjects::default();
        assert_eq!(objects.fresh_name(), "var1");
        objects.add("var2", VarId(1), "x", true);
        assert_eq!(objects.fresh_name(), "var3");
        objects.add("var2.a", VarId(2), "a", false);
        objects.add("var2.a.b", VarId(3), "b", false);
        objects.add("var2.z", VarId(4), "y", true);
        objects.add("var20", VarId(5), "w", true);
        assert_eq!(objects.roots(), ["var20", "var2.z", "var2"]);
        assert_eq!(objects.remove("var2", false), 2);
        assert!(objects.contains("var2") && objects.contains("var2.z") && !objects.contains("var2.a"));
        assert_eq!(objects.name_of(VarId(3)), None);
        assert_eq!(objects.remove("var2", true), 1);
        assert_eq!(objects.remove("nothing", true), 0);
        assert_eq!(objects.roots(), ["var20", "var2.z"]);
    }
}
