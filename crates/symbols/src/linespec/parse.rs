//! The grammar of locations (GDB manual, "Linespec Locations" and "Explicit Locations").

use crate::{Linespec, LinespecError, ModuleSet};

/// Words that end a location: what follows belongs to the command.
pub const LINESPEC_KEYWORDS: [&str; 5] = ["if", "thread", "task", "inferior", "-force-condition"];

impl ModuleSet {
    /// Parses a whole text as a location.
    ///
    /// # Errors
    /// [`LinespecError::Malformed`]; also when something that is no location follows.
    pub fn parse_linespec(&self, text: &str) -> Result<Linespec, LinespecError> {
        let (spec, rest) = self.parse_linespec_prefix(text)?;
        match rest.trim() {
            "" => Ok(spec),
            rest => Err(unexpected_string(rest)),
        }
    }

    /// Parses the location a text begins with, and gives back what follows: from a keyword (`if`, `thread`, ...) or a comma
    /// on.
    ///
    /// # Errors
    /// [`LinespecError::Malformed`].
    pub fn parse_linespec_prefix<'t>(&self, text: &'t str) -> Result<(Linespec, &'t str), LinespecError> {
        let text = text.trim_start();
        if text.is_empty() {
            return Err(LinespecError::Malformed("unexpected end of input".into()));
        }
        let end = end_of_location(text);
        let (location, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        let location = location.trim_end();
        if let Some(expression) = location.strip_prefix('*') {
            return Ok((Linespec::Address(expression.trim_start().to_owned()), rest));
        }
        // Nothing in C is qualified, so that asking for it changes nothing.
        let unqualified = location.split_once(char::is_whitespace).filter(|(flag, rest)| {
            flag.len() >= 2 && "-qualified".starts_with(flag) && !rest.trim_start().starts_with('-')
        });
        let location = unqualified.map_or(location, |(_, rest)| rest.trim_start());
        let explicit = location.starts_with('-') && location.chars().nth(1).is_some_and(char::is_alphabetic);
        let spec = if explicit { parse_explicit(location)? } else { parse_implicit(location)? };
        Ok((spec, rest))
    }
}

/// After a line number there is nothing.
fn nothing_after_number(text: &str) -> Result<(), LinespecError> {
    let Some((_, rest)) = text.split_once(char::is_whitespace).filter(|(first, _)| number(first).is_some())
    else {
        return Ok(());
    };
    let rest = rest.trim_start();
    let next = rest.split(char::is_whitespace).next().unwrap_or_default();
    Err(match number(next) {
        Some(_) => LinespecError::Malformed(format!("unexpected number, \"{next}\"")),
        None => unexpected_string(rest),
    })
}

fn unexpected_string(text: &str) -> LinespecError {
    LinespecError::Malformed(format!("unexpected string, \"{text}\""))
}

/// Where the location ends: at a keyword that is a word of its own, or at a comma outside of quotes and parentheses. An
/// expression (`*ADDR`) may contain commas only in parentheses.
fn end_of_location(text: &str) -> usize {
    let mut quote = None;
    let mut depth = 0usize;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => return at,
            (None, _) if previous.is_whitespace() && at > 0 => {
                let rest = text.get(at..).unwrap_or_default();
                let is_keyword = |word: &str| {
                    rest.strip_prefix(word).is_some_and(|rest| {
                        rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == '(')
                    })
                };
                if LINESPEC_KEYWORDS.iter().any(|&word| is_keyword(word)) {
                    return at;
                }
            }
            _ => {}
        }
        previous = c;
    }
    text.len()
}

/// The first part of a location, and what follows its colon.
fn part(text: &str) -> Result<(String, Option<&str>), LinespecError> {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let inner = text.get(1..).unwrap_or_default();
        let Some(end) = inner.find(quote) else {
            return Err(LinespecError::Malformed(format!("unmatched quote, \"{text}\"")));
        };
        let name = inner.get(..end).unwrap_or_default();
        let rest = inner.get(end + 1..).unwrap_or_default().trim_start();
        return match rest.strip_prefix(':') {
            Some(rest) => Ok((name.to_owned(), Some(rest.trim_start()))),
            // The quotes may be around all of it: 'FILE:FUNCTION'.
            None if rest.is_empty() => Ok(unquoted_part(name)),
            None => Err(unexpected_string(rest)),
        };
    }
    Ok(unquoted_part(text))
}

/// As [`part`], without quotes. `::` is part of a name.
fn unquoted_part(text: &str) -> (String, Option<&str>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b':' {
            if bytes.get(at + 1) == Some(&b':') {
                at += 2;
                continue;
            }
            let name = text.get(..at).unwrap_or_default().trim_end().to_owned();
            return (name, Some(text.get(at + 1..).unwrap_or_default().trim_start()));
        }
        at += 1;
    }
    (text.trim_end().to_owned(), None)
}

fn number(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().unwrap_or(u32::MAX))
}

/// `+N`, `-N`; a bare sign means gdb's default distances.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits, default) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits, 5),
        ("-", digits) => (-1, digits, 15),
        _ => return None,
    };
    let digits = digits.trim_start();
    let distance = if digits.is_empty() { default } else { i64::from(number(digits)?) };
    Some(sign * distance)
}

fn parse_implicit(text: &str) -> Result<Linespec, LinespecError> {
    if text.starts_with(':') {
        return Err(LinespecError::Malformed("unexpected colon".into()));
    }
    if let Some(line) = number(text) {
        return Ok(Linespec::Line { file: None, line });
    }
    if let Some(distance) = offset(text) {
        return Ok(Linespec::Offset(distance));
    }
    nothing_after_number(text)?;
    let (first, rest) = part(text)?;
    let Some(rest) = rest else {
        return Ok(Linespec::Function { file: None, name: first, label: None });
    };
    if rest.is_empty() {
        return Err(LinespecError::Malformed("unexpected end of input".into()));
    }
    if let Some(line) = number(rest) {
        return Ok(Linespec::Line { file: Some(first), line });
    }
    nothing_after_number(rest)?;
    let (second, rest) = part(rest)?;
    match rest {
        // Whether the first part is a file or a function is for the look-up to find out.
        None => Ok(Linespec::Function { file: Some(first), name: second, label: None }),
        Some("") => Err(LinespecError::Malformed("unexpected end of input".into())),
        Some(rest) => {
            let (label, rest) = part(rest)?;
            match rest {
                None => Ok(Linespec::Function { file: Some(first), name: second, label: Some(label) }),
                Some(_) => Err(LinespecError::Malformed("unexpected colon".into())),
            }
        }
    }
}

/// `-source FILE -function NAME -line N -label LABEL`.
fn parse_explicit(text: &str) -> Result<Linespec, LinespecError> {
    let (mut file, mut function, mut label, mut line) = (None, None, None, None);
    let mut words = text.split_whitespace();
    while let Some(option) = words.next() {
        if option.len() >= 2 && "-qualified".starts_with(option) {
            continue;
        }
        let mut value = || words.next().map(|word| word.trim_matches(['\'', '"']).to_owned());
        let missing = || LinespecError::MissingArgument(option.to_owned());
        let named = |long: &str| option.len() >= 2 && long.starts_with(option);
        if named("-source") {
            file = Some(value().ok_or_else(missing)?);
        } else if named("-function") {
            function = Some(value().ok_or_else(missing)?);
        } else if option.len() >= 3 && named("-line") {
            line = Some(value().ok_or_else(missing)?);
        } else if option.len() >= 3 && named("-label") {
            label = Some(value().ok_or_else(missing)?);
        } else {
            return Err(LinespecError::InvalidExplicit(option.to_owned()));
        }
    }
    match (function, line) {
        (Some(name), None) => Ok(Linespec::Function { file, name, label }),
        (None, Some(text)) => match (number(&text), offset(&text)) {
            (Some(line), _) => Ok(Linespec::Line { file, line }),
            (None, Some(distance)) if file.is_none() => Ok(Linespec::Offset(distance)),
            _ => Err(LinespecError::Malformed(format!("invalid line offset, \"{text}\""))),
        },
        (Some(function), Some(text)) => match (number(&text), offset(&text)) {
            (Some(line), _) => {
                Ok(Linespec::FunctionLine { file, function, line: i64::from(line), relative: false })
            }
            (None, Some(line)) => Ok(Linespec::FunctionLine { file, function, line, relative: true }),
            _ => Err(LinespecError::Malformed(format!("invalid line offset, \"{text}\""))),
        },
        (None, None) if label.is_some() => {
            Ok(Linespec::Function { file, name: label.unwrap_or_default(), label: None })
        }
        (None, None) => Err(LinespecError::SourceAlone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(Linespec, &str), String> {
        ModuleSet::new().parse_linespec_prefix(text).map_err(|error| error.to_string())
    }

    fn function(file: Option<&str>, name: &str, label: Option<&str>) -> Linespec {
        Linespec::Function { file: file.map(Into::into), name: name.into(), label: label.map(Into::into) }
    }

    #[test]
    fn forms() {
        assert_eq!(parse("start_kernel"), Ok((function(None, "start_kernel", None), "")));
        assert_eq!(parse("905"), Ok((Linespec::Line { file: None, line: 905 }, "")));
        assert_eq!(
            parse("init/main.c:905"),
            Ok((Linespec::Line { file: Some("init/main.c".into()), line: 905 }, ""))
        );
        assert_eq!(
            parse("'init/main.c':905").unwrap().0,
            Linespec::Line { file: Some("init/main.c".into()), line: 905 }
        );
        assert_eq!(parse("'main.c:f'"), Ok((function(Some("main.c"), "f", None), "")));
        assert_eq!(parse("main.c:f:out"), Ok((function(Some("main.c"), "f", Some("out")), "")));
        assert_eq!(parse("*jiffies + 1"), Ok((Linespec::Address("jiffies + 1".into()), "")));
        assert_eq!(parse("+3"), Ok((Linespec::Offset(3), "")));
        assert_eq!(parse("-"), Ok((Linespec::Offset(-15), "")));
        assert_eq!(
            parse("-source a.c -line 7").unwrap().0,
            Linespec::Line { file: Some("a.c".into()), line: 7 }
        );
        assert_eq!(parse("-function f -label l").unwrap().0, function(None, "f", Some("l")));
        assert_eq!(parse("-q f").unwrap().0, function(None, "f", None));
        assert_eq!(parse("-fu f").unwrap().0, function(None, "f", None));
    }

    #[test]
    fn keywords_end_a_location() {
        assert_eq!(parse("f if x > 3"), Ok((function(None, "f", None), "if x > 3")));
        assert_eq!(parse("f thread 2"), Ok((function(None, "f", None), "thread 2")));
        assert_eq!(parse("a.c:5,a.c:9").unwrap().1, ",a.c:9");
        assert_eq!(parse("iffy"), Ok((function(None, "iffy", None), "")));
    }

    #[test]
    fn gdb_words_for_mistakes() {
        assert_eq!(parse(":5"), Err("malformed linespec error: unexpected colon".into()));
        assert_eq!(parse("main.c:"), Err("malformed linespec error: unexpected end of input".into()));
        assert_eq!(
            parse("48 foo bar"),
            Err("malformed linespec error: unexpected string, \"foo bar\"".into())
        );
        assert_eq!(parse("a.c:1 2"), Err("malformed linespec error: unexpected number, \"2\"".into()));
        assert_eq!(parse("-line"), Err("missing argument for \"-line\"".into()));
        assert_eq!(
            parse("-source a.c"),
            Err("Source filename requires function, label, or line offset.".into())
        );
    }
}
