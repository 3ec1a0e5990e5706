//! What may follow a location: `if COND`, `thread N`, `task N`, `-force-condition`.

use crate::context::Context;
use crate::error::{ExprError, Result};
use crate::expr::Expr;

/// The words after a location.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// The condition, parsed in the scope of the location, when it could be.
    pub condition: Option<Expr>,
    /// Its text.
    pub condition_text: Option<String>,
    /// Why it could not be parsed; only with `-force-condition`.
    pub condition_error: Option<ExprError>,
    /// `thread N`: the number as typed, `1` or `1.2`.
    pub thread: Option<String>,
    /// `task N`.
    pub task: Option<String>,
    /// `-force-condition`.
    pub force: bool,
    /// From a comma or quotation mark on: the format of `dprintf`.
    pub extra: Option<String>,
}

impl Tail {
    /// Reads what follows a location.
    ///
    /// # Errors
    /// The condition's, unless it is forced; `Junk at end of arguments.`
    pub fn parse(text: &str, context: &dyn Context) -> Result<Self> {
        let mut this = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            if rest.starts_with([',', '"']) {
                this.extra = Some(rest.to_owned());
                return Ok(this);
            }
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let is = |full: &str| full.starts_with(word);
            if is("if") {
                rest = this.condition(after.trim_start(), context)?;
            } else if is("-force-condition") {
                this.force = true;
                rest = after;
            } else if is("thread") {
                (this.thread, rest) = number(after, "Junk after thread keyword.")?;
            } else if is("task") {
                (this.task, rest) = number(after, "Junk after task keyword.")?;
            } else {
                return Err(ExprError::msg("Junk at end of arguments."));
            }
            rest = rest.trim_start();
        }
        Ok(this)
    }

    fn condition<'a>(&mut self, text: &'a str, context: &dyn Context) -> Result<&'a str> {
        match Expr::parse_condition(text, context) {
            Ok((expr, rest)) => {
                self.condition_text = Some(expr.text().to_owned());
                self.condition = Some(expr);
                Ok(rest)
            }
            Err(error) if self.force => {
                self.condition_text = Some(text.trim_end().to_owned());
                self.condition_error = Some(error);
                Ok("")
            }
            Err(error) => Err(error),
        }
    }
}

fn number<'a>(text: &'a str, junk: &str) -> Result<(Option<String>, &'a str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit() || c == '$')
        && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '$' || c == '_');
    if !is_number {
        return Err(ExprError::msg(junk));
    }
    Ok((Some(number.to_owned()), rest))
}
