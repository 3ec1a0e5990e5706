//! Value history and convenience variables. One per session, owned by it.

use crate::builtin::builtin;
use crate::eval::NoTarget;
use crate::macros::Macros;
use kdive_types::{BitField, Bytes, Contents, Place, Value, ValueError, copy_bits};
use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `$1`, `$2`, ... and `$name`.
#[derive(Debug, Default)]
pub struct Store {
    history: RefCell<Vec<Value>>,
    variables: RefCell<BTreeMap<Arc<str>, Value>>,
    macros: RefCell<Macros>,
}

impl Store {
    /// Nothing recorded yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The macros of the user.
    #[must_use]
    pub fn macros(&self) -> Ref<'_, Macros> {
        self.macros.borrow()
    }

    /// The macros of the user, to change.
    #[must_use]
    pub fn macros_mut(&self) -> RefMut<'_, Macros> {
        self.macros.borrow_mut()
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

    /// The convenience variable as an expression sees it: an lvalue, `void` where it was never set.
    #[must_use]
    pub fn variable(&self, name: &str) -> Value {
        let place = Place::Internal(name.into());
        match self.get(name) {
            Some(value) => match value.contents(&NoTarget) {
                Ok(contents) => Value::with_contents(value.ty().clone(), place, contents.clone()),
                Err(error) => Value::error(value.ty().clone(), error),
            },
            None => Value::with_contents(builtin().void.clone(), place, Contents::from(Bytes::zeroed(0))),
        }
    }

    /// Overwrites part of a convenience variable.
    ///
    /// # Errors
    /// When the variable has no such part.
    pub fn set_part(
        &self,
        name: &str,
        offset: u64,
        bits: Option<BitField>,
        bytes: &[u8],
    ) -> Result<(), ValueError> {
        let value = self.get(name).ok_or(ValueError::NotLvalue)?;
        let mut whole = value.bytes(&NoTarget)?.to_vec();
        let (skip, count) = match bits {
            Some(bits) => (u64::from(bits.offset), u64::from(bits.size)),
            None => (0, bytes.len() as u64 * 8),
        };
        copy_bits(bytes, 0, &mut whole, offset.saturating_mul(8).saturating_add(skip), count);
        self.set(name, Value::from_bytes(value.ty().clone(), whole));
        Ok(())
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
