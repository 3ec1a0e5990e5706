//! Where a breakpoint goes: `vfs_read`, `init/main.c:905`, `+3`, `*$pc`, `-function f -line 3`, and what may follow.
//!
//! Grammar only. Whether `A:B` is a line of a file, a label of a function or a function of a module is for the code that
//! knows the names.

mod tail;

pub use tail::Tail;

use crate::context::Context;
use crate::error::{ExprError, Result};
use crate::expr::Expr;

/// A location as it was typed.
#[derive(Clone, Debug)]
pub enum Location {
    /// Nothing: where the program is.
    Default,
    /// `*EXPR`.
    Address(Expr),
    /// `FUNCTION`, `FILE:LINE`, ...
    Linespec(Linespec),
    /// `-source FILE -function F ...`.
    Explicit(Explicit),
}

/// A line, absolute or counted from the current one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineOffset {
    /// `12`.
    Absolute(u32),
    /// `+3`; a bare `+` is 1 in `list` and 0 lines on in `break`: the number is as typed.
    Plus(u32),
    /// `-3`.
    Minus(u32),
}

/// One part of a [`Linespec`] between colons.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// A number.
    Line(LineOffset),
    /// A name, without its quotes. One that begins with a dollar may be a convenience variable holding a line.
    Name(String),
}

/// Up to three parts. The first of several is a file, a function (then a label follows), or a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Linespec {
    /// The text without blanks around it.
    pub text: String,
    /// One to three parts; only the last is ever a [`Part::Line`].
    pub parts: Vec<Part>,
}

/// `-source`, `-function`, `-line`, `-label`, `-qualified`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Explicit {
    /// `-source`.
    pub source: Option<String>,
    /// `-function`.
    pub function: Option<String>,
    /// `-label`.
    pub label: Option<String>,
    /// `-line`.
    pub line: Option<LineOffset>,
    /// `-qualified`.
    pub qualified: bool,
}

impl Location {
    /// Reads the location at the start of `text`; gives what follows: a condition, `thread N`, a comma, or nothing.
    ///
    /// # Errors
    /// gdb's words for what is wrong with the grammar, or with the expression after `*`.
    pub fn parse<'a>(text: &'a str, context: &dyn Context) -> Result<(Self, &'a str)> {
        let text = text.trim_start();
        if text.is_empty() || keyword(text).is_some() {
            return Ok((Self::Default, text));
        }
        if let Some(expr) = text.strip_prefix('*') {
            let (expr, rest) = Expr::parse_location(expr.trim_start(), context)?;
            return Ok((Self::Address(expr), rest));
        }
        let is_option = text.starts_with('-') && text[1..].starts_with(|c: char| c.is_ascii_alphabetic());
        if is_option {
            return Explicit::parse(text);
        }
        let (linespec, rest) = Linespec::parse(text)?;
        Ok((Self::Linespec(linespec), rest))
    }
}

/// What stands after a word that is followed by a blank.
fn followed<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.strip_prefix(word).filter(|rest| rest.starts_with(char::is_whitespace))
}

/// The word at the start of `text` that ends a location, if there is one.
fn keyword(text: &str) -> Option<&'static str> {
    const KEYWORDS: [&str; 4] = ["if", "thread", "task", "-force-condition"];
    for keyword in KEYWORDS {
        if keyword == "-force-condition" && text.trim_end() == keyword {
            return Some(keyword);
        }
        let Some(rest) = followed(text, keyword) else { continue };
        let another = KEYWORDS.iter().any(|keyword| followed(rest.trim_start(), keyword).is_some());
        match keyword {
            // What a condition says is not known yet.
            "if" => return Some(keyword),
            // `-force-condition` stands before another of them, `thread` and `task` before a number.
            "-force-condition" if !another => {}
            "thread" | "task" if another => return None,
            _ => return Some(keyword),
        }
    }
    None
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Line(LineOffset),
    Name(String),
    Colon,
    Comma,
    End,
    Keyword(&'static str),
}

impl Token {
    fn unexpected(&self, text: &str) -> ExprError {
        let what = match self {
            Self::Line(_) => format!("number, \"{text}\""),
            Self::Name(_) => format!("string, \"{text}\""),
            Self::Colon => "colon".to_owned(),
            Self::Comma => "comma, \",\"".to_owned(),
            Self::End => "end of input".to_owned(),
            Self::Keyword(keyword) => format!("keyword, \"{keyword}\""),
        };
        ExprError::msg(format!("malformed linespec error: unexpected {what}"))
    }
}

struct Lexer<'a> {
    text: &'a str,
    pos: usize,
    /// The whole linespec stands in quotes; the mark that ends it.
    enclosed: Option<char>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or("")
    }

    /// The next token and its text; blanks before it are skipped, keywords are not passed.
    fn next(&mut self) -> Result<(Token, &'a str)> {
        self.pos += self.rest().len() - self.rest().trim_start().len();
        let rest = self.rest();
        if let Some(keyword) = keyword(rest) {
            return Ok((Token::Keyword(keyword), ""));
        }
        let Some(first) = rest.chars().next() else { return Ok((Token::End, "")) };
        match first {
            '+' | '-' | '0'..='9' => {
                if let Some((line, len)) = number(rest) {
                    self.pos += len;
                    return Ok((Token::Line(line), &rest[..len]));
                }
            }
            ':' if !rest.starts_with("::") => {
                self.pos += 1;
                return Ok((Token::Colon, ":"));
            }
            ',' => {
                self.pos += 1;
                return Ok((Token::Comma, ","));
            }
            '\'' | '"' => {
                if self.enclosed == Some(first) && closes(rest) {
                    self.pos += 1;
                    return Ok((Token::End, ""));
                }
                let end = rest[1..].find(first).ok_or_else(|| ExprError::msg("unmatched quote"))?;
                self.pos += end + 2;
                return Ok((Token::Name(rest[1..=end].to_owned()), &rest[1..=end]));
            }
            _ => {}
        }
        let len = self.name_len(rest);
        self.pos += len;
        let name = rest[..len].trim_end();
        Ok((Token::Name(name.to_owned()), &rest[..len]))
    }

    fn name_len(&self, text: &str) -> usize {
        let mut at = 0;
        while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
            let rest = &text[at..];
            if c.is_whitespace() {
                let blanks = rest.len() - rest.trim_start().len();
                if keyword(rest.trim_start()).is_some() {
                    return at;
                }
                at += blanks;
                continue;
            }
            match c {
                ':' if rest.starts_with("::") => at += 1,
                ':' | ',' => return at,
                '\'' | '"' if self.enclosed == Some(c) && closes(rest) => return at,
                // Commas, blanks and keywords inside of parentheses belong to a parameter list.
                '(' => {
                    at += parameters_len(rest);
                    continue;
                }
                _ => {}
            }
            at += c.len_utf8();
        }
        text.len()
    }
}

/// Whether the quotation mark at the start of `text` ends the linespec.
fn closes(text: &str) -> bool {
    let after = text[1..].trim_start();
    after.is_empty() || keyword(after).is_some()
}

/// Length of a balanced parameter list.
fn parameters_len(text: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// A number with an optional sign, and its length; `None` when a name begins so.
fn number(text: &str) -> Option<(LineOffset, usize)> {
    let (sign, digits) = match text.chars().next()? {
        sign @ ('+' | '-') => (Some(sign), &text[1..]),
        _ => (None, text),
    };
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let ends = rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || ",:'\"".contains(c));
    if !ends {
        return None;
    }
    let len = text.len() - rest.len();
    let digits = &digits[..digits.len() - rest.len()];
    let number = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u32::MAX) };
    let line = match sign {
        Some('+') => LineOffset::Plus(number),
        Some(_) => LineOffset::Minus(number),
        None => LineOffset::Absolute(number),
    };
    Some((line, len))
}

impl Linespec {
    /// Reads a linespec; gives what follows it.
    ///
    /// # Errors
    /// `malformed linespec error: ...`, `unmatched quote`.
    pub fn parse(text: &str) -> Result<(Self, &str)> {
        let enclosed = text.chars().next().filter(|c| "'\"".contains(*c)).filter(|&quote| {
            text[1..].rfind(quote).is_some_and(|end| {
                // The quotes are around all of it, not around a file name at its start.
                closes(&text[1 + end..]) && text[1..].find(quote) == Some(end)
            })
        });
        let skip = usize::from(enclosed.is_some());
        let mut lexer = Lexer { text, pos: skip, enclosed };
        let mut parts = Vec::new();
        let mut end;
        loop {
            let (token, part) = lexer.next()?;
            match token {
                Token::Line(line) => parts.push(Part::Line(line)),
                Token::Name(name) => parts.push(Part::Name(name)),
                _ => return Err(token.unexpected(part)),
            }
            end = lexer.pos;
            let (token, text) = lexer.next()?;
            match token {
                // The colons of `'FILE'::FUNCTION` are one.
                Token::Name(name) if name.starts_with("::") && parts.len() == 1 => {
                    parts.push(Part::Name(name[2..].trim_start().to_owned()));
                    end = lexer.pos;
                    break;
                }
                Token::Colon if parts.len() < 3 && !matches!(parts.last(), Some(Part::Line(_))) => {}
                Token::End => {
                    if enclosed.is_some() {
                        end = lexer.pos;
                    }
                    break;
                }
                Token::Keyword(_) | Token::Comma => break,
                token => return Err(token.unexpected(text)),
            }
        }
        let location_text = text.get(..end).unwrap_or(text).trim();
        let rest = text.get(end..).unwrap_or("").trim_start();
        Ok((Self { text: location_text.to_owned(), parts }, rest))
    }
}

impl Explicit {
    fn parse(text: &str) -> Result<(Location, &str)> {
        const OPTIONS: [&str; 5] = ["-source", "-function", "-qualified", "-line", "-label"];
        let mut this = Self::default();
        let mut rest = text;
        while rest.starts_with('-') && keyword(rest).is_none() {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let after = after.trim_start();
            let option = OPTIONS
                .into_iter()
                .find(|option| word.len() > 1 && option.starts_with(word))
                .ok_or_else(|| ExprError::msg(format!("invalid explicit location argument, \"{word}\"")))?;
            if option == "-qualified" {
                this.qualified = true;
                rest = after;
                // `-qualified FUNCTION` is a linespec.
                if !rest.starts_with('-') && !rest.is_empty() && keyword(rest).is_none() {
                    let (linespec, rest) = Linespec::parse(rest)?;
                    if let [Part::Name(name)] = linespec.parts.as_slice() {
                        this.function = Some(name.clone());
                        return Ok((Location::Explicit(this), rest));
                    }
                    return Ok((Location::Linespec(linespec), rest));
                }
                continue;
            }
            let (value, after) = argument(option, after)?;
            match option {
                "-source" => this.source = Some(value),
                "-function" => this.function = Some(value),
                "-label" => this.label = Some(value),
                _ => {
                    let line = number(&value).filter(|(_, len)| *len == value.len());
                    let (line, _) =
                        line.ok_or_else(|| ExprError::msg(format!("malformed line offset: \"{value}\"")))?;
                    this.line = Some(line);
                }
            }
            rest = after;
        }
        let alone = this.function.is_none() && this.label.is_none() && this.line.is_none();
        if this.source.is_some() && alone {
            return Err(ExprError::msg("Source filename requires function, label, or line offset."));
        }
        if alone && rest.trim().is_empty() {
            return Ok((Location::Default, rest));
        }
        Ok((Location::Explicit(this), rest))
    }
}

/// The value of an option: quoted, or up to the next option or keyword.
fn argument<'a>(option: &str, text: &'a str) -> Result<(String, &'a str)> {
    let missing = || ExprError::msg(format!("missing argument for \"{option}\""));
    let first = text.chars().next().ok_or_else(missing)?;
    if first == '\'' || first == '"' {
        let end = text[1..].find(first).ok_or_else(|| ExprError::msg(format!("Unmatched quote, {text}.")))?;
        return Ok((text[1..=end].to_owned(), text[end + 2..].trim_start()));
    }
    if keyword(text).is_some() {
        return Err(missing());
    }
    if option == "-line" {
        let end = text.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(text.len());
        return Ok((text[..end].to_owned(), text[end..].trim_start()));
    }
    if first == '-' {
        return Err(missing());
    }
    let mut at = 0;
    while let Some(blank) = text[at..].find([' ', '\t', ',']) {
        let after = text[at + blank..].trim_start();
        let is_option = after.starts_with('-') && after[1..].starts_with(|c: char| c.is_ascii_alphabetic());
        if is_option || keyword(after).is_some() || after.starts_with(',') {
            return Ok((text[..at + blank].to_owned(), after));
        }
        at = text.len() - after.len();
    }
    Ok((text.trim_end().to_owned(), ""))
}

#[cfg(test)]
mod tests;
