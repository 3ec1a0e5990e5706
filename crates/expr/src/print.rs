//! Printing of values.
use crate::context::Context;
use crate::error::Result;
use crate::settings::PrintOptions;
use kdive_types::Value;
/// The text of a value without its type.
pub fn value_text(_context: &dyn Context, _value: &Value, _options: &PrintOptions) -> Result<String> {
    Ok(String::new())
}
