//! Output records: fields, tuples and lists as MI writes them.

use std::fmt::{Display, Write as _};

/// The fields of a record, without what begins it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fields(String);

impl Fields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn separate(&mut self, name: &str) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[')) {
            self.0.push(',');
        }
        if !name.is_empty() {
            self.0.push_str(name);
            self.0.push('=');
        }
    }

    /// `name="value"`, without a name `"value"`.
    pub fn field(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.separate(name);
        self.0.push('"');
        let _ = write!(Escaped(&mut self.0), "{value}");
        self.0.push('"');
        self
    }

    /// The same if there is a value.
    pub fn optional(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.field(name, value);
        }
        self
    }

    /// `name={...}`.
    pub fn tuple(&mut self, name: &str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.bracketed(name, ('{', '}'), fill)
    }

    /// `name=[...]`.
    pub fn list(&mut self, name: &str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.bracketed(name, ('[', ']'), fill)
    }

    fn bracketed(
        &mut self,
        name: &str,
        (open, close): (char, char),
        fill: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.separate(name);
        self.0.push(open);
        fill(self);
        self.0.push(close);
        self
    }

    /// Ends a chain where nothing is wanted of it.
    pub fn end(&mut self) {}

    /// All fields of another record.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        if !other.is_empty() {
            self.separate("");
            self.0.push_str(&other.0);
        }
        self
    }
}

/// Writes text as it stands within quotes.
struct Escaped<'a>(&'a mut String);

impl std::fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            match c {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                '\n' => self.0.push_str("\\n"),
                '\t' => self.0.push_str("\\t"),
                '\r' => self.0.push_str("\\r"),
                '\u{8}' => self.0.push_str("\\b"),
                '\u{c}' => self.0.push_str("\\f"),
                '\u{7}' => self.0.push_str("\\a"),
                '\0'..'\x20' | '\x7f' => write!(self.0, "\\{:03o}", c as u32)?,
                c if c.is_ascii() => self.0.push(c),
                // As gdb, which prints seven bits in MI.
                c => {
                    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                        write!(self.0, "\\{byte:03o}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A text in quotes, as it stands in a record.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let _ = Escaped(&mut out).write_str(text);
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_tuples_and_lists() {
        let mut fields = Fields::new();
        fields.field("a", 1).tuple("t", |t| {
            t.list("l", |l| {
                l.field("", "x").field("", "y");
            });
            t.tuple("e", |_| {}).optional("none", None::<u32>).optional("some", Some("{"));
        });
        fields.field("z", "");
        assert_eq!(fields.text(), r#"a="1",t={l=["x","y"],e={},some="{"},z="""#);
        let mut all = Fields::new();
        all.append(&Fields::new()).append(&fields);
        assert_eq!(all, fields);
    }

    #[test]
    fn quoting() {
        assert_eq!(quote("a\"b\\c\n\t\u{1b}[0mé"), r#""a\"b\\c\n\t\033[0m\303\251""#);
        assert_eq!(quote("\0\x7f"), r#""\000\177""#);
    }
}
