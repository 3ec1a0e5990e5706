//! A parsed expression.

use crate::context::{Context, Symbol};
use crate::error::Result;
use kdive_types::{Type, Value};

/// A parsed expression or type name; evaluated as often as one likes.
#[derive(Clone, Debug)]
pub struct Expr {
    text: String,
}

impl Expr {
    /// Parses a whole text as one expression (commas included) or type name.
    ///
    /// # Errors
    /// gdb's words for what is wrong.
    pub fn parse(text: &str, _context: &dyn Context) -> Result<Self> {
        Ok(Self { text: text.to_owned() })
    }

    /// Parses the longest expression at the start of `text` that ends before a comma on the outside, as the arguments
    /// of `printf` do; gives the rest, which is empty or begins with the comma.
    ///
    /// # Errors
    /// As [`Expr::parse`].
    pub fn parse_until_comma<'a>(text: &'a str, context: &dyn Context) -> Result<(Self, &'a str)> {
        Ok((Self::parse(text, context)?, ""))
    }

    /// Parses an expression that a word ends: `if`, `thread`, `task`, `-force-condition` after `*EXPR` in a location.
    ///
    /// # Errors
    /// As [`Expr::parse`].
    pub fn parse_location<'a>(text: &'a str, context: &dyn Context) -> Result<(Self, &'a str)> {
        Ok((Self::parse(text, context)?, ""))
    }

    /// The text it was parsed from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text is a type name: `print int` is an error where `whatis int` is not.
    #[must_use]
    pub fn is_type(&self) -> bool {
        false
    }

    /// The variables it names, with what the context resolved them to.
    #[must_use]
    pub fn symbols(&self) -> Vec<&Symbol> {
        Vec::new()
    }

    /// Evaluates, with all side effects. Nothing is read that the result does not need.
    ///
    /// # Errors
    /// gdb's words for what is wrong.
    pub fn evaluate(&self, _context: &dyn Context) -> Result<Value> {
        Ok(Value::optimized_out(Type::void()))
    }

    /// As [`Expr::evaluate`], then reads the result and tells whether it is true (conditions, `if`, `while`).
    ///
    /// # Errors
    /// As [`Expr::evaluate`].
    pub fn evaluate_bool(&self, _context: &dyn Context) -> Result<bool> {
        Ok(false)
    }

    /// The type the expression would have; no side effects, no target memory (`whatis`, `ptype`, `sizeof`).
    /// For a type name, that type.
    ///
    /// # Errors
    /// As [`Expr::evaluate`].
    pub fn type_of(&self, _context: &dyn Context) -> Result<Type> {
        Ok(Type::void())
    }
}
