//! Replacing macros by what they stand for.

use super::token::{Class, Token, next_token};
use super::{Macro, Macros};
use crate::error::{ExprError, Result};

/// What an expansion may grow to: macros of macros double their text with every line of their definition.
const MAX_LENGTH: usize = 1 << 20;

/// Macros within arguments of macros.
const MAX_DEPTH: usize = 100;

pub(super) fn expand(macros: &Macros, text: &str) -> Result<String> {
    let mut out = Out::default();
    scan(macros, text, &mut Vec::new(), &mut out)?;
    Ok(out.text)
}

/// Text that is made, and where its last token begins.
#[derive(Default)]
struct Out {
    text: String,
    last: usize,
}

impl Out {
    fn blanks(&mut self, blanks: &str) {
        self.text.push_str(blanks);
        self.last = self.text.len();
    }

    /// Appends tokens, with a blank where the first would become one with what is there.
    fn tokens(&mut self, tokens: &str) -> Result<()> {
        let Some(first) = next_token(tokens) else {
            self.blanks(tokens);
            return Ok(());
        };
        let before = self.text.get(self.last..).unwrap_or_default();
        let joined = format!("{before}{}", tokens.get(..first.end).unwrap_or_default());
        let splits = before.is_empty() || next_token(&joined).is_some_and(|token| token.end == before.len());
        if !splits {
            self.text.push(' ');
        }
        let mut at = 0;
        self.last = self.text.len();
        while let Some(token) = tokens.get(at..).and_then(next_token) {
            self.last = self.text.len() + at + token.start;
            at += token.end;
        }
        self.text.push_str(tokens);
        if self.text.len() > MAX_LENGTH {
            return Err(ExprError::msg("The expansion of the macros in this expression is too long."));
        }
        Ok(())
    }
}

/// Expands `text`, but for the macros in `active`.
fn scan(macros: &Macros, text: &str, active: &mut Vec<String>, out: &mut Out) -> Result<()> {
    if active.len() > MAX_DEPTH {
        return Err(ExprError::msg("Macros within macros nest too deep in this expression."));
    }
    let mut at = 0;
    while let Some(token) = text.get(at..).and_then(next_token) {
        let token = Token { start: at + token.start, end: at + token.end, ..token };
        if token.start > at {
            out.blanks(text.get(at..token.start).unwrap_or_default());
        }
        at = token.end;
        let word = text.get(token.start..token.end).unwrap_or_default();
        let known = macros.get(word).filter(|_| token.class == Class::Identifier);
        let Some(found) = known.filter(|_| !active.iter().any(|name| name == word)) else {
            out.tokens(word)?;
            continue;
        };
        let replaced = match &found.parameters {
            None => substitute(macros, found, &[], active)?,
            Some(parameters) => {
                let Some((args, end)) = arguments(word, text, at, found)? else {
                    out.tokens(word)?;
                    continue;
                };
                at = end;
                let args = counted(word, args, parameters.len(), found.variadic)?;
                substitute(macros, found, &args, active)?
            }
        };
        active.push(word.to_owned());
        let mut inner = Out::default();
        let result = scan(macros, &replaced, active, &mut inner);
        active.pop();
        result?;
        out.tokens(&inner.text)?;
    }
    out.blanks(text.get(at..).unwrap_or_default());
    Ok(())
}

/// The arguments in brackets behind the name of a macro, and where they end; `None` when there is no bracket.
fn arguments(name: &str, text: &str, from: usize, found: &Macro) -> Result<Option<(Vec<String>, usize)>> {
    let rest = text.get(from..).unwrap_or_default();
    if !rest.trim_start().starts_with('(') {
        return Ok(None);
    }
    let fixed = found.parameters.as_ref().map_or(0, Vec::len);
    let mut args = Vec::new();
    let (mut depth, mut at, mut start) = (0_usize, 0, 0);
    while let Some(token) = rest.get(at..).and_then(next_token) {
        let (begin, end) = (at + token.start, at + token.end);
        at = end;
        match rest.get(begin..end).unwrap_or_default() {
            "(" if depth == 0 => (depth, start) = (1, end),
            "(" => depth += 1,
            ")" if depth == 1 => {
                args.push(rest.get(start..begin).unwrap_or_default().trim().to_owned());
                return Ok(Some((args, from + end)));
            }
            ")" => depth -= 1,
            "," if depth == 1 && !(found.variadic && args.len() + 1 >= fixed) => {
                args.push(rest.get(start..begin).unwrap_or_default().trim().to_owned());
                start = end;
            }
            _ => {}
        }
    }
    Err(ExprError::msg(format!("Malformed argument list for macro `{name}'.")))
}

/// The arguments if there are as many as there have to be.
fn counted(name: &str, mut args: Vec<String>, expected: usize, variadic: bool) -> Result<Vec<String>> {
    // Nothing between the brackets is one empty argument, or none.
    if expected == 0 && args.len() == 1 && args.first().is_some_and(String::is_empty) {
        args.clear();
    }
    if variadic && args.len() + 1 == expected {
        args.push(String::new());
    }
    if args.len() == expected {
        return Ok(args);
    }
    let more = if variadic { "at least " } else { "" };
    let expected = expected - usize::from(variadic);
    Err(ExprError::msg(format!(
        "Wrong number of arguments to macro `{name}' (expected {more}{expected}, got {}).",
        args.len()
    )))
}

/// The replacement with the arguments in place of the parameters.
fn substitute(macros: &Macros, found: &Macro, args: &[String], active: &mut Vec<String>) -> Result<String> {
    let text = &found.replacement;
    let argument = |word: &str| {
        let at = found.parameters.as_ref()?.iter().position(|name| name == word)?;
        args.get(at)
    };
    let mut out = Out::default();
    let (mut at, mut pastes) = (0, false);
    while let Some(token) = text.get(at..).and_then(next_token) {
        let (start, end) = (at + token.start, at + token.end);
        let blanks = text.get(at..start).unwrap_or_default();
        let word = text.get(start..end).unwrap_or_default();
        at = end;
        if word == "##" {
            out.text.truncate(out.text.trim_end().len());
            pastes = true;
            continue;
        }
        if !pastes && !blanks.is_empty() {
            out.blanks(blanks);
        }
        let behind = text.get(at..).unwrap_or_default();
        if word == "#"
            && let Some(next) = next_token(behind)
            && let Some(arg) = behind.get(next.start..next.end).and_then(argument)
        {
            at += next.end;
            out.tokens(&stringified(arg))?;
            pastes = false;
            continue;
        }
        let will_paste = behind.trim_start().starts_with("##");
        let piece = match argument(word) {
            Some(arg) if pastes || will_paste => arg.clone(),
            Some(arg) => {
                let mut inner = Out::default();
                active.push(String::new());
                let result = scan(macros, arg, active, &mut inner);
                active.pop();
                result?;
                inner.text
            }
            None => word.to_owned(),
        };
        if std::mem::take(&mut pastes) {
            out.text.push_str(&piece);
        } else {
            out.tokens(&piece)?;
        }
    }
    Ok(out.text)
}

/// `#argument`: a string of it, with one blank for several.
fn stringified(arg: &str) -> String {
    let mut out = String::from("\"");
    let mut blank = false;
    for c in arg.trim().chars() {
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) {
            out.push(' ');
        }
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}
