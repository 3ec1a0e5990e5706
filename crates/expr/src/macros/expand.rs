//! Replacing macros by what they stand for.

use super::Macro;
use super::token::{Class, Token, follows_dollar, is_closed, next_token};
use crate::error::{ExprError, Result};
use std::sync::Arc;

/// What an expansion may grow to: macros of macros double their text with every line of their definition.
const MAX_LENGTH: usize = 1 << 20;

/// Macros within arguments of macros.
const MAX_DEPTH: usize = 100;

/// Macros that may be replaced in one text: those that stand for nothing make it no longer.
const MAX_STEPS: usize = 1 << 16;

/// Finds macros by name.
type Find<'a> = dyn Fn(&str) -> Option<Arc<Macro>> + 'a;

/// A text with its macros replaced.
#[derive(Debug)]
pub(crate) struct Expansion {
    pub(crate) text: String,
    /// Where tokens of the text it was made from went: their place in the new text and in the old.
    places: Vec<(usize, usize)>,
}

impl Expansion {
    /// Where in the old text the first token begins that is at or after a place in the new.
    pub(crate) fn origin(&self, place: usize) -> Option<usize> {
        let at = self.places.partition_point(|&(new, _)| new < place);
        self.places.get(at).map(|&(_, old)| old)
    }
}

/// Expands `text`. In an expression a `$` belongs to the name after it.
pub(super) fn expand(find: &Find<'_>, text: &str, is_expression: bool) -> Result<Expansion> {
    let mut expander = Expander { find, is_expression, active: Vec::new(), steps: 0 };
    let mut out = Out::default();
    let mut places = Vec::new();
    expander.scan(text, &mut out, |new, old| places.push((new, old)))?;
    Ok(Expansion { text: out.text, places })
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

    /// Appends tokens, with a blank where the first would become one with what is there; where the first begins.
    fn tokens(&mut self, tokens: &str) -> Result<usize> {
        let Some(first) = next_token(tokens) else {
            self.blanks(tokens);
            return Ok(self.text.len());
        };
        let before = self.text.get(self.last..).unwrap_or_default();
        let joined = format!("{before}{}", tokens.get(..first.end).unwrap_or_default());
        let splits = before.is_empty() || next_token(&joined).is_some_and(|token| token.end == before.len());
        if !splits {
            self.text.push(' ');
        }
        let start = self.text.len();
        self.last = start;
        self.pasted(tokens)?;
        Ok(start)
    }

    /// Appends what becomes one with the last token.
    fn pasted(&mut self, tokens: &str) -> Result<()> {
        self.text.push_str(tokens);
        while let Some(token) = self.text.get(self.last..).and_then(next_token)
            && self.last + token.end < self.text.len()
        {
            self.last += token.end;
        }
        let rest = self.text.get(self.last..).unwrap_or_default();
        self.last += next_token(rest).map_or(rest.len(), |token| token.start);
        if self.text.len() > MAX_LENGTH {
            return Err(ExprError::msg("The expansion of the macros in this expression is too long."));
        }
        Ok(())
    }
}

/// One token of a replacement, and the blanks before it.
#[derive(Clone, Copy)]
struct Piece<'t> {
    blanks: &'t str,
    class: Class,
    word: &'t str,
}

impl Piece<'_> {
    fn is(&self, operator: &str) -> bool {
        self.class == Class::Other && self.word == operator
    }
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(token) = text.get(at..).and_then(next_token) {
        let (start, end) = (at + token.start, at + token.end);
        let (blanks, word) = (text.get(at..start), text.get(start..end));
        pieces.push(Piece {
            blanks: blanks.unwrap_or_default(),
            class: token.class,
            word: word.unwrap_or_default(),
        });
        at = end;
    }
    pieces
}

struct Expander<'a> {
    find: &'a Find<'a>,
    is_expression: bool,
    /// The macros whose replacement this is in.
    active: Vec<String>,
    steps: usize,
}

impl Expander<'_> {
    /// Expands `text`, but for the macros that are active. `placed` gets the place of each token.
    fn scan(&mut self, text: &str, out: &mut Out, mut placed: impl FnMut(usize, usize)) -> Result<()> {
        if self.active.len() > MAX_DEPTH {
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
            let (expanded, end) = match self.replace(text, token, word)? {
                Some(expanded) => expanded,
                None => (word.to_owned(), at),
            };
            at = end;
            placed(out.tokens(&expanded)?, token.start);
        }
        out.blanks(text.get(at..).unwrap_or_default());
        Ok(())
    }

    /// What a macro and its arguments become, and where they end; `None` when the token is none.
    fn replace(&mut self, text: &str, token: Token, word: &str) -> Result<Option<(String, usize)>> {
        if token.class == Class::Text && !is_closed(word) {
            let what = if word.starts_with('"') {
                "Unterminated string in expression."
            } else {
                "Unmatched single quote."
            };
            return Err(ExprError::msg(what));
        }
        let is_variable = self.is_expression && follows_dollar(text, token.start);
        if token.class != Class::Identifier || is_variable || self.active.iter().any(|name| name == word) {
            return Ok(None);
        }
        let Some(found) = (self.find)(word) else { return Ok(None) };
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(ExprError::msg("There are too many macros in this expression."));
        }
        let mut end = token.end;
        let replaced = match &found.parameters {
            None => found.replacement.clone(),
            Some(parameters) => {
                let Some((args, behind)) = arguments(word, text, end, &found, parameters.len())? else {
                    return Ok(None);
                };
                end = behind;
                let args = counted(word, args, parameters.len(), found.is_variadic())?;
                self.substitute(&found, &args)?
            }
        };
        self.active.push(word.to_owned());
        let mut inner = Out::default();
        let result = self.scan(&replaced, &mut inner, |_, _| {});
        self.active.pop();
        result?;
        Ok(Some((inner.text, end)))
    }

    /// An argument with its macros replaced.
    fn argument(&mut self, text: &str) -> Result<String> {
        let mut inner = Out::default();
        // Arguments count where they nest, as macros do.
        self.active.push(String::new());
        let result = self.scan(text, &mut inner, |_, _| {});
        self.active.pop();
        result.map(|()| inner.text)
    }

    /// The replacement of a macro with parameters, with the arguments in place of them.
    fn substitute(&mut self, found: &Macro, args: &[String]) -> Result<String> {
        let has_rest = found.is_variadic() && args.last().is_some_and(|last| !last.is_empty());
        let pieces = with_options(pieces(&found.replacement), found.is_variadic(), has_rest)?;
        let value = |piece: &Piece<'_>| {
            let at = found.parameter(piece.word).filter(|_| piece.class == Class::Identifier)?;
            args.get(at)
        };
        let raw = |piece: &Piece<'_>| value(piece).map_or(piece.word, String::as_str).to_owned();
        let mut out = Out::default();
        let mut rest = pieces.as_slice();
        while let Some((piece, behind)) = rest.split_first() {
            rest = behind;
            if !piece.blanks.is_empty() {
                out.blanks(piece.blanks);
            }
            if piece.is("#") {
                let (next, behind) = rest
                    .split_first()
                    .ok_or_else(|| ExprError::msg("Stringification operator requires an argument."))?;
                let arg = value(next).ok_or_else(|| {
                    ExprError::msg("Argument to stringification operator must name a macro parameter.")
                })?;
                out.tokens(&stringified(arg))?;
                rest = behind;
                continue;
            }
            if !rest.first().is_some_and(|next| next.is("##")) {
                let text = match value(piece) {
                    Some(arg) => self.argument(arg)?,
                    None => piece.word.to_owned(),
                };
                out.tokens(&text)?;
                continue;
            }
            // A comma waits for what is put after it: with nothing there it goes away.
            let mut comma = piece.is(",");
            if !comma {
                out.tokens(&raw(piece))?;
            }
            while let Some((_, behind)) = rest.split_first().filter(|(next, _)| next.is("##")) {
                let (next, behind) = behind
                    .split_first()
                    .ok_or_else(|| ExprError::msg("Splicing operator at end of macro"))?;
                rest = behind;
                let is_rest = found.is_variadic() && found.parameter(next.word) == args.len().checked_sub(1);
                let had_comma = std::mem::take(&mut comma);
                if had_comma && (has_rest || !is_rest) {
                    out.pasted(",")?;
                }
                comma = next.is(",") && rest.first().is_some_and(|next| next.is("##"));
                if !comma {
                    out.pasted(&raw(next))?;
                }
            }
        }
        Ok(out.text)
    }
}

/// The tokens of a replacement with what `__VA_OPT__(...)` stands for: what is in its brackets when there are arguments left
/// for the last parameter, else nothing.
fn with_options(pieces: Vec<Piece<'_>>, is_variadic: bool, has_rest: bool) -> Result<Vec<Piece<'_>>> {
    const OPTION: &str = "__VA_OPT__";
    let mut kept = Vec::with_capacity(pieces.len());
    let mut pieces = pieces.into_iter();
    while let Some(piece) = pieces.next() {
        if piece.class != Class::Identifier || piece.word != OPTION {
            kept.push(piece);
            continue;
        }
        if !is_variadic {
            return Err(ExprError::msg("__VA_OPT__ is only valid in a variadic macro"));
        }
        if !pieces.next().is_some_and(|next| next.is("(")) {
            return Err(ExprError::msg("__VA_OPT__ must be followed by an open parenthesis"));
        }
        let mut depth = 1_usize;
        loop {
            let next = pieces.next().ok_or_else(|| ExprError::msg("Unterminated __VA_OPT__"))?;
            match next.word {
                "(" => depth += 1,
                ")" => depth -= 1,
                OPTION => return Err(ExprError::msg("__VA_OPT__ cannot appear inside __VA_OPT__")),
                _ => {}
            }
            if depth == 0 {
                break;
            }
            if has_rest {
                kept.push(next);
            }
        }
    }
    Ok(kept)
}

/// The arguments in brackets after the name of a macro, and where they end; `None` when there is no bracket.
fn arguments(
    name: &str,
    text: &str,
    from: usize,
    found: &Macro,
    fixed: usize,
) -> Result<Option<(Vec<String>, usize)>> {
    let rest = text.get(from..).unwrap_or_default();
    let mut args = Vec::new();
    let (mut depth, mut at, mut start) = (0_usize, 0, 0);
    while let Some(token) = rest.get(at..).and_then(next_token) {
        let (begin, end) = (at + token.start, at + token.end);
        at = end;
        match rest.get(begin..end).unwrap_or_default() {
            "(" if depth == 0 => (depth, start) = (1, end),
            _ if depth == 0 => return Ok(None),
            "(" => depth += 1,
            ")" if depth == 1 => {
                args.push(rest.get(start..begin).unwrap_or_default().trim().to_owned());
                return Ok(Some((args, from + end)));
            }
            ")" => depth -= 1,
            "," if depth == 1 && !(found.is_variadic() && args.len() + 1 >= fixed) => {
                args.push(rest.get(start..begin).unwrap_or_default().trim().to_owned());
                start = end;
            }
            _ => {}
        }
    }
    if depth == 0 {
        return Ok(None);
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
