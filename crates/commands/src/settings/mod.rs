//! `set` and `show`: one table of every setting, and its current values by name.
//!
//! Every name gdb 13 knows is accepted, so that command files written for gdb run. A row is read by somebody, or is the same
//! to gdb whatever its value, or is marked as ignored: then `set` says that it has no effect. `tests::readers` finds a row
//! that is none of them.

pub(crate) mod architecture;
pub(crate) mod charset;
pub mod command;
pub(crate) mod deprecated;
pub(crate) mod direction;
pub(crate) mod kind;
pub(crate) mod look;
pub(crate) mod owners;
pub(crate) mod packet_size;
mod paths;
mod permissions;
pub(crate) mod rows;

pub use kind::{Kind, Parsed, Value, expand_home, unescape};
pub use paths::COMMANDS as PATH_COMMANDS;
pub(crate) use paths::os_message;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::gdb::setting_functions::Mirror;
use crate::{Error, Shell};

/// One setting.
#[derive(Clone, Copy)]
pub struct Setting {
    /// Full name without `set`: `print pretty`.
    pub name: &'static str,
    /// Other full names.
    pub aliases: &'static [&'static str],
    /// What values it takes.
    pub kind: Kind,
    /// The value at start, as text.
    pub default: &'static str,
    /// What it is, to stand after "Set" and "Show"; no capital, no full stop.
    pub summary: &'static str,
    /// More about it; may be empty.
    pub help: &'static str,
    /// How `show` says its value.
    pub show: Show,
    /// Accepted for the sake of command files only: it has no effect, and `set` says so.
    pub ignored: bool,
    /// It has no effect, because gdb too does the same whatever its value, as long as the target is a stub.
    pub same: bool,
    /// Values besides the default that ask for what kdive does anyway, where it is ignored.
    pub anyway: &'static [&'static str],
}

/// The sentence of `show`.
#[derive(Clone, Copy)]
pub enum Show {
    /// `{}` stands for the value.
    Sentence(&'static str),
    /// Two sentences: for on and for off.
    OnOff(&'static str, &'static str),
    /// Whatever the function says.
    Custom(fn(&Shell, &Value) -> String),
}

/// Every setting, one slice per topic.
pub const TABLE: &[&[Setting]] = rows::TABLE;

/// Short forms of prefixes, for `set` and `show`: gdb has them, and they win over names they are the start of.
pub const PREFIX_ALIASES: &[(&str, &str)] = &[
    ("p", "print"),
    ("pr", "print"),
    ("c", "check"),
    ("ch", "check"),
    ("br", "breakpoint"),
    ("rec", "record"),
];

impl Setting {
    /// The record to fill up from.
    pub const EMPTY: Self = Self {
        name: "",
        aliases: &[],
        kind: Kind::Bool,
        default: "",
        summary: "",
        help: "",
        show: Show::Sentence("{}"),
        ignored: false,
        same: false,
        anyway: &[],
    };

    pub(crate) const fn new(
        name: &'static str,
        kind: Kind,
        default: &'static str,
        summary: &'static str,
        sentence: &'static str,
    ) -> Self {
        Self { name, kind, default, summary, show: Show::Sentence(sentence), ..Self::EMPTY }
    }

    pub(crate) const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    pub(crate) const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    pub(crate) const fn show(self, show: Show) -> Self {
        Self { show, ..self }
    }

    /// These values ask for what kdive does anyway.
    pub(crate) const fn anyway(self, anyway: &'static [&'static str]) -> Self {
        Self { anyway, ..self }
    }

    /// Its values differ for gdb's other targets only, or for languages it has pretty-printers in.
    pub(crate) const fn same(self) -> Self {
        Self { same: true, ..self }
    }

    /// It has no effect.
    pub(crate) const fn ignored(self) -> Self {
        Self { ignored: true, ..self }
    }
}

/// Current values. Access is by the setting's full name (`print pretty`). An unknown name is a bug of the caller; it reads
/// as off, unlimited or empty and fails a debug assertion.
#[derive(Clone, Debug)]
pub struct Settings {
    values: HashMap<&'static str, Value>,
    /// The same for functions of expressions, which live elsewhere.
    mirror: Mirror,
    substitutions: Vec<(String, String)>,
    /// Those that got another value, for a front end that shows them.
    changed: Vec<&'static str>,
    /// Those that were put and not yet handed to their owners.
    put: Vec<&'static str>,
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl Settings {
    /// Every setting at its default.
    #[must_use]
    pub fn new() -> Self {
        let rows = TABLE.iter().copied().flatten();
        let values = rows.map(|row| (row.name, row.kind.default_value(row.default))).collect();
        let values: HashMap<_, _> = values;
        let mirror = Mirror::new(RwLock::new(values.clone()));
        Self { values, mirror, substitutions: Vec::new(), changed: Vec::new(), put: Vec::new() }
    }

    /// The record of a setting.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Setting> {
        TABLE.iter().copied().flatten().find(|row| row.name == name)
    }

    /// The value as it is.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn expect(&self, name: &str) -> Option<&Value> {
        debug_assert!(self.values.contains_key(name), "no setting is called {name:?}");
        self.values.get(name)
    }

    /// Value of an on/off setting.
    #[must_use]
    pub fn bool(&self, name: &str) -> bool {
        matches!(self.expect(name), Some(Value::Bool(true)))
    }

    /// Value of a setting that is on, off or auto; `None` is auto.
    #[must_use]
    pub fn auto_bool(&self, name: &str) -> Option<bool> {
        match self.expect(name) {
            Some(Value::Bool(on)) => Some(*on),
            _ => None,
        }
    }

    /// Value of a number; `None` is unlimited. Negative numbers, which few settings take, read as 0.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.signed(name).map(|number| u64::try_from(number).unwrap_or(0))
    }

    /// Value of a number that may be negative; `None` is unlimited.
    #[must_use]
    pub fn signed(&self, name: &str) -> Option<i64> {
        match self.expect(name) {
            Some(Value::Number(number)) => *number,
            _ => None,
        }
    }

    /// Value of an enum, string or file name setting; any other as `show` would print it.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.expect(name).map(Value::shown).unwrap_or_default()
    }

    /// Puts a value in place without asking anybody; `set` does more.
    pub fn put(&mut self, name: &'static str, value: Value) {
        if self.values.get(name).is_some_and(|old| *old != value) && !self.changed.contains(&name) {
            self.changed.push(name);
        }
        if !self.put.contains(&name) {
            self.put.push(name);
        }
        let mut mirror = self.mirror.write().unwrap_or_else(PoisonError::into_inner);
        mirror.insert(name, value.clone());
        drop(mirror);
        self.values.insert(name, value);
    }

    /// The settings that got another value since the last time this was asked.
    pub(crate) fn take_changed(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.changed)
    }

    /// The settings that were put since the last time this was asked.
    pub(crate) fn take_put(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.put)
    }

    pub(crate) fn mirror(&self) -> Mirror {
        Arc::clone(&self.mirror)
    }

    /// `set substitute-path FROM TO`, in the order in which they apply.
    #[must_use]
    pub fn substitutions(&self) -> &[(String, String)] {
        &self.substitutions
    }

    /// `directory`: where to look for sources, `$cdir` and `$cwd` among them.
    #[must_use]
    pub fn directories(&self) -> Vec<String> {
        self.text("directories").split(':').filter(|dir| !dir.is_empty()).map(str::to_owned).collect()
    }
}

/// A setting got a new value: its owner gets it, and the debugger does what follows from it.
///
/// # Errors
/// What the debugger says of the value.
pub fn changed(shell: &mut Shell, name: &str) -> Result<(), Error> {
    owners::hand_over(shell, name);
    let hooks = shell.hooks();
    hooks.setting_changed(shell, name)
}

#[cfg(test)]
mod tests;
