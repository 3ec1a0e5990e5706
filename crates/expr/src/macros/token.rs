//! Tokens of the preprocessor, as far as macros need them.

/// What takes all arguments that are left.
pub(super) const REST: &str = "...";

/// The name `...` gives its arguments.
pub(super) const REST_NAME: &str = "__VA_ARGS__";

/// Kinds of token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Identifier,
    Number,
    Text,
    Other,
}

/// Where a token is in its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub(super) class: Class,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Operators of more than one character, longest first.
const OPERATORS: [&str; 24] = [
    "<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "*=", "/=", "%=",
    "+=", "-=", "&=", "|=", "^=", "##", "::",
];

fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The first token of a text, blanks and comments in front of it skipped.
pub(super) fn next_token(text: &str) -> Option<Token> {
    let mut start = 0;
    let rest = loop {
        let rest = text.get(start..)?;
        let trimmed = rest.trim_start();
        start += rest.len() - trimmed.len();
        let comment = match trimmed.get(..2) {
            Some("/*") => trimmed.get(2..)?.find("*/")? + 4,
            Some("//") => trimmed.find('\n')?,
            _ => break trimmed,
        };
        start += comment;
    };
    let mut chars = rest.chars();
    let first = chars.next()?;
    let second = chars.next();
    let (class, length) = if starts_name(first) {
        (Class::Identifier, rest.find(|c| !in_name(c)).unwrap_or(rest.len()))
    } else if first.is_ascii_digit() || first == '.' && second.is_some_and(|c| c.is_ascii_digit()) {
        (Class::Number, number(rest))
    } else if first == '"' || first == '\'' {
        (Class::Text, quoted(rest, first).unwrap_or(rest.len()))
    } else {
        let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator));
        (Class::Other, operator.map_or(first.len_utf8(), |operator| operator.len()))
    };
    Some(Token { class, start, end: start + length })
}

/// The names in an expression, but for those of variables of the debugger: `$name`.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(token) = text.get(at..).and_then(next_token) {
            let (start, end) = (at + token.start, at + token.end);
            at = end;
            if token.class == Class::Identifier && !follows_dollar(text, start) {
                return text.get(start..end);
            }
        }
        None
    })
}

/// Whether there is a `$` right before a token.
pub(super) fn follows_dollar(text: &str, start: usize) -> bool {
    text.get(..start).is_some_and(|before| before.ends_with('$'))
}

/// Whether a string or character has its closing quote.
pub(super) fn is_closed(text: &str) -> bool {
    text.chars().next().is_some_and(|quote| quoted(text, quote).is_some())
}

/// Length of a preprocessing number: digits, letters, dots, and a sign after an exponent.
fn number(text: &str) -> usize {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E' | 'p' | 'P');
        if !(in_name(c) || c == '.' || sign) {
            return at;
        }
        before = c;
    }
    text.len()
}

/// Length of a string or character, its quotes included; `None` when it does not end.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}
