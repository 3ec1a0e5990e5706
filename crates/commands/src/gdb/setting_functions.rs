//! `$_gdb_setting("NAME")`, `$_gdb_setting_str("NAME")` and the same with `maint`: settings as values in expressions.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::settings::{self, Kind, Settings, Value as Setting};
use kdive_expr::{Context, ExprError, Function, builtin};
use kdive_program::Program;
use kdive_types::Value;

/// The values of settings, shared with the functions that show them.
pub(crate) type Mirror = Arc<RwLock<HashMap<&'static str, Setting>>>;

struct SettingFunction {
    name: &'static str,
    as_text: bool,
    /// Those of gdb for its maintainers are meant, of which kdive has none.
    of_maintainers: bool,
    values: Mirror,
}

/// Makes the functions known to expressions.
pub(crate) fn add(program: &Program, settings: &Settings) {
    let functions = [
        ("_gdb_setting", false, false),
        ("_gdb_setting_str", true, false),
        ("_gdb_maint_setting", false, true),
        ("_gdb_maint_setting_str", true, true),
    ];
    for (name, as_text, of_maintainers) in functions {
        let function = SettingFunction { name, as_text, of_maintainers, values: settings.mirror() };
        program.add_function(name, Arc::new(function));
    }
}

impl Function for SettingFunction {
    fn call(&self, context: &dyn Context, args: &[Value]) -> Result<Value, ExprError> {
        let [argument] = args else {
            return Err(ExprError::msg(format!("You must provide an argument to ${}", self.name)));
        };
        let ty = argument.ty().strip();
        if !ty.is_array() {
            return Err(ExprError::msg(format!("First argument of ${} must be a string.", self.name)));
        }
        let bytes = argument.bytes(context)?;
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        let wanted = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let wanted = words.join(" ");
        let row = settings::TABLE
            .iter()
            .copied()
            .flatten()
            .filter(|_| !self.of_maintainers)
            .find(|row| row.name == wanted || row.aliases.contains(&wanted.as_str()));
        let unknown = || {
            ExprError::msg(format!(
                "First argument of ${} must be a valid setting of the 'show' command.",
                self.name
            ))
        };
        let row = row.ok_or_else(unknown)?;
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        let value = values.get(row.name).ok_or_else(unknown)?;
        Ok(if self.as_text { text(&value.shown()) } else { plain(row.kind, value) })
    }
}

fn text(shown: &str) -> Value {
    let mut bytes = shown.as_bytes().to_vec();
    bytes.push(0);
    Value::from_bytes(builtin().char.array_of(Some(bytes.len() as u64)), bytes)
}

/// Numbers as numbers: what has no limit is 0, or -1 where 0 is a limit; auto is -1.
fn plain(kind: Kind, value: &Setting) -> Value {
    let number = match value {
        Setting::Bool(on) => i32::from(*on),
        Setting::Auto => -1,
        Setting::Number(Some(number)) => i32::try_from(*number).unwrap_or(i32::MAX),
        Setting::Number(None) if kind == Kind::Limit => -1,
        Setting::Number(None) => 0,
        Setting::Text(shown) => return text(shown),
    };
    Value::from_bytes(builtin().int.clone(), number.to_le_bytes())
}
