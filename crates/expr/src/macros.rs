//! Macros of the C preprocessor that a user defined (`macro define`), and their expansion in expressions.
//!
//! Expansion is gdb's: a macro is not expanded again in what it expands to, and what an expansion ends with is not taken together
//! with the text behind it.

mod expand;
mod token;

use crate::error::{ExprError, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use token::{Class, next_token};

/// One macro.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Macro {
    /// Names of its parameters, in order; `None`: it takes no list of arguments.
    parameters: Option<Vec<String>>,
    /// The last parameter takes all arguments that are left.
    variadic: bool,
    replacement: String,
}

/// Macros by name.
#[derive(Clone, Debug, Default)]
pub struct Macros(BTreeMap<String, Arc<Macro>>);

impl Macros {
    /// Takes `NAME REPLACEMENT` or `NAME(PARAMETERS) REPLACEMENT`, in place of what the name stood for.
    ///
    /// # Errors
    /// What is wrong with it, in gdb's words.
    pub fn define(&mut self, text: &str) -> Result<()> {
        let name = next_token(text).filter(|token| token.class == Class::Identifier && token.start == 0);
        let name = name.ok_or_else(|| ExprError::msg("Invalid macro name."))?;
        let (name, rest) = text.split_at(name.end);
        let (parameters, variadic, rest) = match rest.strip_prefix('(') {
            Some(list) => {
                let (parameters, variadic, rest) = parameter_list(list)?;
                (Some(parameters), variadic, rest)
            }
            None => (None, false, rest),
        };
        let made = Macro { parameters, variadic, replacement: rest.trim().to_owned() };
        self.0.insert(name.to_owned(), Arc::new(made));
        Ok(())
    }

    /// Forgets a macro.
    pub fn undefine(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A macro as it would be defined: `ADD(a, b) ((a)+(b))`.
    #[must_use]
    pub fn definition(&self, name: &str) -> Option<String> {
        let found = self.0.get(name)?;
        let mut text = name.to_owned();
        if let Some(parameters) = &found.parameters {
            let mut names = parameters.clone();
            if found.variadic
                && let Some(last) = names.last_mut()
            {
                *last = if last == token::REST { "...".to_owned() } else { format!("{last}...") };
            }
            text.push_str(&format!("({})", names.join(", ")));
        }
        Some(format!("{text} {}", found.replacement))
    }

    /// Every macro as it would be defined, by name.
    #[must_use]
    pub fn definitions(&self) -> Vec<String> {
        self.0.keys().filter_map(|name| self.definition(name)).collect()
    }

    /// The text with every macro in it replaced.
    ///
    /// # Errors
    /// `Wrong number of arguments to macro ...`, and when the result becomes too long.
    pub fn expand(&self, text: &str) -> Result<String> {
        expand::expand(self, text)
    }

    fn get(&self, name: &str) -> Option<&Arc<Macro>> {
        self.0.get(name)
    }
}

/// What follows the bracket: the names, whether the last takes the rest, and what is behind the list.
fn parameter_list(mut text: &str) -> Result<(Vec<String>, bool, &str)> {
    let unfinished = || ExprError::msg("',' or ')' expected at end of macro arguments.");
    let mut names: Vec<String> = Vec::new();
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix(')') {
            return Ok((names, false, rest));
        }
        let token = next_token(text).ok_or_else(|| ExprError::msg("Macro is missing an argument."))?;
        let word = text.get(token.start..token.end).unwrap_or_default();
        let mut variadic = text.starts_with("...");
        let name = if variadic { token::REST } else { word };
        if !variadic && token.class != Class::Identifier {
            return Err(ExprError::msg("Macro is missing an argument."));
        }
        if names.iter().any(|other| other == name) {
            return Err(ExprError::msg("Two macro arguments with identical names."));
        }
        names.push(name.to_owned());
        text = if variadic { &text[3..] } else { &text[token.end..] }.trim_start();
        if let Some(rest) = text.strip_prefix("...") {
            variadic = true;
            text = rest.trim_start();
        }
        if let Some(rest) = text.strip_prefix(')') {
            return Ok((names, variadic, rest));
        }
        text = text.strip_prefix(',').filter(|_| !variadic).ok_or_else(unfinished)?;
    }
}

#[cfg(test)]
mod tests;
