//! The argument of a command: the rest of the line, and the small grammars gdb's commands share.

use crate::Error;
use crate::script::Script;

/// What follows the command's name on the line. The text has no blanks at either end, except that a command which
/// wants them (`echo`) finds them in [`Args::raw`].
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    /// Everything after the command's name, leading blanks removed, trailing ones kept.
    pub raw: &'a str,
    /// The command's name as typed, words joined by one space; for messages.
    pub invoked: &'a str,
    /// Whether a person typed the line at the prompt (gdb's `from_tty`): chatty commands are quiet otherwise.
    pub from_tty: bool,
    /// Whether this is a repetition by an empty line.
    pub repeated: bool,
    /// The lines up to `end` when the command stood inside a script that was parsed before.
    pub body: Option<&'a Script>,
}

impl<'a> Args<'a> {
    /// Arguments as if `text` had followed a command in a script.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { raw: text.trim_start(), invoked: "", from_tty: false, repeated: false, body: None }
    }

    /// The argument without blanks at either end.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.raw.trim()
    }

    /// Whether nothing but blanks follows the command.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// The same with another text.
    #[must_use]
    pub fn with(self, text: &'a str) -> Self {
        Self { raw: text.trim_start(), ..self }
    }

    /// The argument, or the error with this text when there is none.
    ///
    /// # Errors
    /// `message` when the argument is empty.
    pub fn required(&self, message: &str) -> Result<&'a str, Error> {
        if self.is_empty() { Err(Error::msg(message)) } else { Ok(self.text()) }
    }

    /// Splits a leading `/FORMAT` off: `/x foo` is `(Some("x"), foo)`. Several (`/r /s`) are taken one at a time.
    #[must_use]
    pub fn split_format(&self) -> (Option<&'a str>, Self) {
        match self.raw.strip_prefix('/') {
            None => (None, *self),
            Some(rest) => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                let (format, rest) = rest.split_at(end);
                (Some(format), self.with(rest))
            }
        }
    }

    /// Splits the first blank-separated word off. `None` when there is none.
    #[must_use]
    pub fn split_word(&self) -> Option<(&'a str, Self)> {
        let text = self.text();
        if text.is_empty() {
            return None;
        }
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        Some((word, self.with(rest)))
    }

    /// All words, as a shell splits them: quotes keep blanks, a backslash keeps the next character (gdb's `buildargv`).
    ///
    /// # Errors
    /// When a quote is not closed.
    pub fn words(&self) -> Result<Vec<String>, Error> {
        let mut words = Vec::new();
        let mut current: Option<String> = None;
        let mut quote = None;
        let mut chars = self.text().chars();
        while let Some(c) = chars.next() {
            match (c, quote) {
                ('\\', _) => current.get_or_insert_default().extend(chars.next()),
                (c, Some(open)) if c == open => quote = None,
                (c, Some(_)) => current.get_or_insert_default().push(c),
                ('"' | '\'', None) => {
                    quote = Some(c);
                    current.get_or_insert_default();
                }
                (c, None) if c.is_whitespace() => words.extend(current.take()),
                (c, None) => current.get_or_insert_default().push(c),
            }
        }
        if let Some(open) = quote {
            return Err(Error::msg(format!("unterminated {open} in argument")));
        }
        words.extend(current);
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_words() {
        let (format, rest) = Args::new("/4xg  $sp + 8 ").split_format();
        assert_eq!((format, rest.text()), (Some("4xg"), "$sp + 8"));
        assert_eq!(Args::new("foo").split_format().0, None);
        let (word, rest) = Args::new(" a  b c ").split_word().unwrap();
        assert_eq!((word, rest.text()), ("a", "b c"));
        assert!(Args::new("  ").split_word().is_none());
    }

    #[test]
    fn quoting() {
        let words = |text: &str| Args::new(text).words();
        assert_eq!(words(r#"a "b c" 'd "e' f\ g """#).unwrap(), ["a", "b c", "d \"e", "f g", ""]);
        assert_eq!(words("a 'b").unwrap_err().to_string(), "unterminated ' in argument");
    }
}
