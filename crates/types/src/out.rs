//! Text with the places marked that a terminal may colour. The text itself is the same with and without colours.

use std::fmt;
use std::ops::Range;

/// What a piece of text is, as gdb's `set style` names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Style {
    /// `0xffffffff81000000`.
    Address,
    /// `start_kernel`.
    Function,
    /// A variable or a member.
    Variable,
    /// `init/main.c`.
    Filename,
    /// `<optimized out>`, `<repeats 16 times>`.
    Metadata,
    /// Column text such as the offsets of `ptype /o`.
    Highlight,
}

/// Output under construction.
#[derive(Clone, Default, Debug)]
pub struct Out {
    text: String,
    spans: Vec<(Range<usize>, Style)>,
}

impl Out {
    /// No text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends one character.
    pub fn push_char(&mut self, c: char) {
        self.text.push(c);
    }

    /// Appends text of a certain kind.
    pub fn styled(&mut self, style: Style, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.spans.push((start..self.text.len(), style));
    }

    /// Appends `n` spaces.
    pub fn spaces(&mut self, n: usize) {
        self.text.extend(std::iter::repeat_n(' ', n));
    }

    /// Appends what another collected.
    pub fn append(&mut self, other: &Self) {
        let base = self.text.len();
        self.text.push_str(&other.text);
        self.spans
            .extend(other.spans.iter().map(|(span, style)| (span.start + base..span.end + base, *style)));
    }

    /// The text so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, without the marks.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// Byte ranges of [`Out::text`] and what they are, in order.
    #[must_use]
    pub fn spans(&self) -> &[(Range<usize>, Style)] {
        &self.spans
    }
}

impl fmt::Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_spans_move_with_their_text() {
        let mut inner = Out::new();
        inner.styled(Style::Address, "0x10");
        let mut out = Out::new();
        out.push("p = ");
        out.append(&inner);
        assert_eq!(out.text(), "p = 0x10");
        assert_eq!(out.spans(), [(4..8, Style::Address)]);
    }
}
