//! Value history and convenience variables. One per session, owned by it.

use kdive_types::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `$1`, `$2`, ... and `$name`.
#[derive(Debug, Default)]
pub struct Store {
    history: RefCell<Vec<Value>>,
    variables: RefCell<BTreeMap<Arc<str>, Value>>,
}

impl Store {
    /// Nothing recorded yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a value that was read; gives its number, from 1 on.
    pub fn record(&self, value: Value) -> usize {
        let mut history = self.history.borrow_mut();
        history.push(value);
        history.len()
    }

    /// Number of values recorded.
    #[must_use]
    pub fn history_len(&self) -> usize {
        self.history.borrow().len()
    }

    /// Value number `n`, from 1 on.
    #[must_use]
    pub fn history(&self, n: usize) -> Option<Value> {
        self.history.borrow().get(n.checked_sub(1)?).cloned()
    }

    /// The convenience variable `$name`, without the dollar; `None` is `void`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        self.variables.borrow().get(name).cloned()
    }

    /// Sets a convenience variable to a value that was read.
    pub fn set(&self, name: &str, value: Value) {
        self.variables.borrow_mut().insert(name.into(), value);
    }

    /// Makes a convenience variable void.
    pub fn clear(&self, name: &str) {
        self.variables.borrow_mut().remove(name);
    }

    /// All convenience variables, by name.
    #[must_use]
    pub fn variables(&self) -> Vec<(Arc<str>, Value)> {
        self.variables.borrow().iter().map(|(name, value)| (Arc::clone(name), value.clone())).collect()
    }
}
