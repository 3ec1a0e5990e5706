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
    breaks: Vec<(usize, usize)>,
}

/// A part of an [`Out`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part<'a> {
    /// Text and what it is.
    Text(&'a str, Option<Style>),
    /// A line that gets too long is broken here; the rest begins with so many blanks.
    Break(usize),
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

    /// A line that gets too long may be broken here; the rest then begins with `indent` blanks.
    pub fn may_break(&mut self, indent: usize) {
        self.breaks.push((self.text.len(), indent));
    }

    /// Appends what another collected, as something that is not broken.
    pub fn append_whole(&mut self, other: &Self) {
        let breaks = self.breaks.len();
        self.append(other);
        self.breaks.truncate(breaks);
    }

    /// The text piece by piece.
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        let mut breaks = self.breaks.iter().peekable();
        let mut at = 0;
        let mut up_to = |end: usize, style: Option<Style>, at: &mut usize| {
            while let Some(&&(place, indent)) = breaks.peek()
                && (place < end || place == end && style.is_none())
            {
                if place > *at {
                    parts.push(Part::Text(self.text.get(*at..place).unwrap_or_default(), style));
                    *at = place;
                }
                parts.push(Part::Break(indent));
                breaks.next();
            }
            if end > *at {
                parts.push(Part::Text(self.text.get(*at..end).unwrap_or_default(), style));
                *at = end;
            }
        };
        for (span, style) in &self.spans {
            if span.start >= at {
                up_to(span.start, None, &mut at);
                up_to(span.end, Some(*style), &mut at);
            }
        }
        up_to(self.text.len(), None, &mut at);
        parts
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
        self.breaks.extend(other.breaks.iter().map(|(at, indent)| (at + base, *indent)));
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

    #[test]
    fn parts_have_the_places_where_lines_may_be_broken() {
        let mut inner = Out::new();
        inner.may_break(4);
        inner.styled(Style::Variable, "a");
        inner.push("=1, ");
        inner.may_break(4);
        inner.styled(Style::Variable, "b");
        let mut out = Out::new();
        out.styled(Style::Function, "f");
        out.may_break(3);
        out.push(" (");
        out.append(&inner);
        out.push(")");
        let text = |text| Part::Text(text, None);
        let variable = |text| Part::Text(text, Some(Style::Variable));
        let function = Part::Text("f", Some(Style::Function));
        let (three, four) = (Part::Break(3), Part::Break(4));
        assert_eq!(
            out.parts(),
            [function, three, text(" ("), four, variable("a"), text("=1, "), four, variable("b"), text(")")]
        );
        let mut whole = Out::new();
        whole.append_whole(&inner);
        assert_eq!(whole.parts(), [variable("a"), text("=1, "), variable("b")]);
    }
}
