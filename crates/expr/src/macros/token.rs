//! Tokens of the preprocessor, as far as macros need them.

/// The name `...` gives its arguments.
pub(super) const REST: &str = "__VA_ARGS__";

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
const OPERATORS: [&str; 22] = [
    "<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "*=", "/=", "%=",
    "+=", "-=", "&=", "^=", "##",
];

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The first token of a text, blanks in front of it skipped.
pub(super) fn next_token(text: &str) -> Option<Token> {
    let start = text.len() - text.trim_start().len();
    let rest = text.get(start..)?;
    let mut chars = rest.chars();
    let first = chars.next()?;
    let second = chars.next();
    let (class, length) = if starts_name(first) {
        (Class::Identifier, rest.find(|c| !in_name(c)).unwrap_or(rest.len()))
    } else if first.is_ascii_digit() || first == '.' && second.is_some_and(|c| c.is_ascii_digit()) {
        (Class::Number, number(rest))
    } else if first == '"' || first == '\'' {
        (Class::Text, quoted(rest, first))
    } else {
        let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator));
        (Class::Other, operator.map_or(first.len_utf8(), |operator| operator.len()))
    };
    Some(Token { class, start, end: start + length })
}

/// Length of a preprocessing number: digits, letters, dots, and a sign behind an exponent.
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

/// Length of a string or character, its quotes included; one that does not end goes to the end of the text.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}
