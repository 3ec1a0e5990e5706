//! Macros of the C preprocessor: those a user defined (`macro define`) and those of the program, and their expansion in
//! expressions.
//!
//! Expansion is gdb's: a macro is not expanded again in what it expands to, what an expansion ends with is not taken together
//! with the text after it, and `#` and `##` mean something only in macros with parameters.

mod expand;
mod token;

use crate::context::Context;
use crate::error::{ExprError, Result};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use token::{Class, next_token};

pub(crate) use expand::Expansion;

/// One macro.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Macro {
    /// Its parameters as they were written, in order: `x`, `...`, `rest...`; `None`: it takes no list of arguments.
    parameters: Option<Vec<String>>,
    replacement: String,
}

/// Finds the macros of the program at one place.
pub type FindMacro<'a> = Box<dyn Fn(&str) -> Option<Macro> + 'a>;

impl Macro {
    /// A macro as debug information records it: what follows its name, `(a,b) ((a)+(b))` or ` 37`.
    #[must_use]
    pub fn recorded(rest: &str) -> Self {
        let body = |text: &str| text.strip_prefix(' ').unwrap_or(text).to_owned();
        if let Some((list, behind)) = rest.strip_prefix('(').and_then(|list| list.split_once(')')) {
            let parameters = list.split(',').map(|name| name.trim().to_owned());
            let parameters = parameters.filter(|name| !name.is_empty()).collect();
            return Self { parameters: Some(parameters), replacement: body(behind) };
        }
        Self { parameters: None, replacement: body(rest) }
    }

    /// What it stands for.
    #[must_use]
    pub fn replacement(&self) -> &str {
        &self.replacement
    }

    /// A name with the macro's parameters: `ADD(a, b)`.
    #[must_use]
    pub fn declaration(&self, name: &str) -> String {
        match &self.parameters {
            Some(parameters) => format!("{name}({})", parameters.join(", ")),
            None => name.to_owned(),
        }
    }

    /// The last parameter takes all arguments that are left.
    fn is_variadic(&self) -> bool {
        let last = self.parameters.as_ref().and_then(|parameters| parameters.last());
        last.is_some_and(|last| last.ends_with(token::REST))
    }

    /// Which parameter a word of the replacement means.
    fn parameter(&self, word: &str) -> Option<usize> {
        let parameters = self.parameters.as_ref()?;
        let (last, first) = parameters.split_last()?;
        if let Some(at) = first.iter().position(|name| name == word) {
            return Some(at);
        }
        let last = match last.strip_suffix(token::REST) {
            Some("") => token::REST_NAME,
            Some(name) => name,
            None => last,
        };
        (last == word).then_some(first.len())
    }
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
        let (parameters, rest) = match rest.strip_prefix('(') {
            Some(list) => {
                let (parameters, rest) = parameter_list(list)?;
                (Some(parameters), rest)
            }
            None => (None, rest),
        };
        let made = Macro { parameters, replacement: rest.trim().to_owned() };
        self.0.insert(name.to_owned(), Arc::new(made));
        Ok(())
    }

    /// Forgets a macro.
    pub fn undefine(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The macro of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Macro>> {
        self.0.get(name)
    }

    /// Names and macros, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Macro)> {
        self.0.iter().map(|(name, found)| (name.as_str(), &**found))
    }
}

/// The text with every macro in it replaced: those of the user, and others that `program` finds.
///
/// # Errors
/// `Wrong number of arguments to macro ...`, and when the result becomes too long.
pub fn expand_macros(macros: &Macros, program: Option<&FindMacro<'_>>, text: &str) -> Result<String> {
    let find = |name: &str| {
        macros.get(name).cloned().or_else(|| program.and_then(|program| program(name)).map(Arc::new))
    };
    Ok(expand::expand(&find, text, false)?.text)
}

/// The text of an expression with every macro in it replaced, those of the user first; `None` when it names none. Where the
/// program's macros are is asked only if there is a name that may be one.
pub(crate) fn expand_expression(text: &str, context: &dyn Context) -> Result<Option<Expansion>> {
    let macros = context.store().macros();
    if macros.0.is_empty() && !context.has_macros() {
        return Ok(None);
    }
    let program = OnceCell::new();
    let find = |name: &str| -> Option<Arc<Macro>> {
        if let Some(found) = macros.get(name) {
            return Some(Arc::clone(found));
        }
        let program: &Option<FindMacro<'_>> = program.get_or_init(|| context.macros());
        let found = program.as_ref()?(name)?;
        // The kernel's `container_of` and its kin are statements, which no expression can be: the debugger's own are meant.
        let is_own = context.function(name).is_some_and(|function| function.is_plain());
        (!is_own).then(|| Arc::new(found))
    };
    if !token::names(text).any(|name| find(name).is_some()) {
        return Ok(None);
    }
    expand::expand(&find, text, true).map(Some)
}

/// What follows the bracket: the parameters, and what is after the list.
fn parameter_list(mut text: &str) -> Result<(Vec<String>, &str)> {
    let mut names: Vec<String> = Vec::new();
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix(')') {
            return Ok((names, rest));
        }
        let missing = || ExprError::msg("Macro is missing an argument.");
        let token = next_token(text).ok_or_else(missing)?;
        let mut end = token.end;
        if token.class == Class::Identifier {
            let behind = text.get(end..).unwrap_or_default();
            if behind.trim_start().starts_with(token::REST) {
                end += behind.len() - behind.trim_start().len() + token::REST.len();
            }
        } else if !text.starts_with(token::REST) {
            return Err(missing());
        }
        let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        let name: String = name.split_whitespace().collect();
        if names.contains(&name) {
            return Err(ExprError::msg("Two macro arguments with identical names."));
        }
        names.push(name);
        text = rest.trim_start();
        match text.strip_prefix(',') {
            Some(rest) => text = rest,
            None if text.starts_with(')') => {}
            None => return Err(ExprError::msg("',' or ')' expected at end of macro arguments.")),
        }
    }
}

#[cfg(test)]
mod tests;
