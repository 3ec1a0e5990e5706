//! The variables there are.

use super::{ValueFormat, VarId};
use crate::Error;
use crate::scope::Whose;
use kdive_expr::Expr;
use kdive_program::FrameKey;
use kdive_symbols::ModuleId;
use kdive_types::{Type, Value};
use std::collections::BTreeMap;

/// More than any front end shows.
const MOST: usize = 1 << 20;

/// Deepest nesting of children. Longer lists are walked by the kernel's walkers.
const DEEPEST: usize = 1000;

/// Where a root's names have their meaning.
#[derive(Clone)]
pub(crate) enum Binding {
    /// In the frame that is selected when it is evaluated.
    Floating,
    /// Everywhere; per-CPU variables are those of the CPU that was looked at.
    Everywhere(Whose),
    /// In this frame.
    Frame {
        /// Whose frame.
        whose: Whose,
        /// Which frame; `None` when the unwinder could not tell, and its number counts.
        key: Option<FrameKey>,
        /// Its number when the variable was made.
        level: usize,
        /// The number of the stop, for what is only looked at while nothing runs.
        stop: u64,
    },
}

/// Where a value comes from.
pub(crate) enum Origin {
    /// An expression.
    Expression {
        /// The expression, as typed.
        text: String,
        /// The same with its names resolved; that counts while the symbols are the same.
        parsed: Box<Expr>,
        /// Which symbols.
        symbols: u64,
        /// Where its names have their meaning.
        binding: Binding,
    },
    /// A variable of a frame.
    Local {
        /// The file that describes it.
        module: ModuleId,
        /// Its key there.
        key: u64,
        /// The frame.
        binding: Binding,
    },
    /// A part of another variable.
    Child {
        /// That.
        parent: VarId,
        /// Which part.
        index: usize,
    },
}

/// A variable.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) ty: Type,
    /// The value, read as far as it could be; `None` when there is none.
    pub(crate) value: Option<Value>,
    /// Why there is none, or why it could not be read.
    pub(crate) error: Option<String>,
    /// What was shown last, to be compared.
    pub(crate) shown: String,
    pub(crate) in_scope: bool,
    pub(crate) format: ValueFormat,
    pub(crate) is_frozen: bool,
    pub(crate) children: BTreeMap<usize, VarId>,
    /// How many parents it has.
    depth: usize,
}

impl Entry {
    /// A variable that nobody has looked at yet.
    pub(crate) fn new(name: String, origin: Origin, ty: Type) -> Self {
        Self {
            name,
            origin,
            ty,
            value: None,
            error: None,
            shown: String::new(),
            in_scope: true,
            format: ValueFormat::default(),
            is_frozen: false,
            children: BTreeMap::new(),
            depth: 0,
        }
    }
}

/// All variables.
#[derive(Default)]
pub(crate) struct Variables {
    entries: BTreeMap<VarId, Entry>,
    last: u32,
    /// Counts the changes of symbols.
    pub(crate) symbols: u64,
}

impl Variables {
    /// Names are to be resolved anew.
    pub(crate) fn symbols_changed(&mut self) {
        self.symbols += 1;
    }

    pub(crate) fn add(&mut self, mut entry: Entry) -> Result<VarId, Error> {
        if self.entries.len() >= MOST {
            return Err(Error::TooManyVariables(MOST));
        }
        self.last = self.last.checked_add(1).ok_or(Error::TooManyVariables(MOST))?;
        let id = VarId(self.last);
        if let Origin::Child { parent, index } = entry.origin
            && let Some(parent) = self.entries.get_mut(&parent)
        {
            entry.depth = parent.depth + 1;
            if entry.depth > DEEPEST {
                return Err(Error::TooDeep(DEEPEST));
            }
            parent.children.insert(index, id);
        }
        self.entries.insert(id, entry);
        Ok(id)
    }

    pub(crate) fn get(&self, id: VarId) -> Result<&Entry, Error> {
        self.entries.get(&id).ok_or(Error::NoVariable(id.0))
    }

    pub(crate) fn get_mut(&mut self, id: VarId) -> Result<&mut Entry, Error> {
        self.entries.get_mut(&id).ok_or(Error::NoVariable(id.0))
    }

    /// Forgets a variable and everything below it; how many.
    pub(crate) fn remove(&mut self, id: VarId) -> usize {
        let origin = self.entries.get(&id).map(|entry| &entry.origin);
        if let Some(&Origin::Child { parent, index }) = origin
            && let Some(parent) = self.entries.get_mut(&parent)
        {
            parent.children.remove(&index);
        }
        let mut pending = vec![id];
        let mut removed = 0;
        while let Some(id) = pending.pop() {
            if let Some(entry) = self.entries.remove(&id) {
                removed += 1;
                pending.extend(entry.children.into_values());
            }
        }
        removed
    }

    /// Forgets what is below a variable; how many.
    pub(crate) fn remove_children(&mut self, id: VarId) -> usize {
        let children = self.entries.get_mut(&id).map(|entry| std::mem::take(&mut entry.children));
        children.into_iter().flat_map(BTreeMap::into_values).map(|child| self.remove(child)).sum()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// The variable that something is a part of, or itself.
    pub(crate) fn root(&self, id: VarId) -> Result<VarId, Error> {
        let mut at = id;
        // A parent is older than its children.
        while let Origin::Child { parent, .. } = self.get(at)?.origin {
            at = parent;
        }
        Ok(at)
    }
}
