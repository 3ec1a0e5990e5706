//! Command files and everything between a line with `if`, `while`, `define`, `document`, `commands` and its `end`.
//!
//! A block is read as a whole, before any of it runs, from wherever commands come from at that moment ([`LineSource`]);
//! a file is not, so that a definition in it takes effect on the lines after it.

mod arguments;
mod parse;
mod run;
mod source;

pub use arguments::UserArgs;
pub use parse::{MAX_NESTING, Reader, parse, parse_block};
pub use run::Flow;
pub use source::{FileSource, Line, LineSource, join_continued};

/// A parsed list of command lines, blocks nested.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Script {
    /// The commands in order.
    pub lines: Vec<ScriptLine>,
}

/// One command of a script with the blocks that belong to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptLine {
    /// The line without blanks at either end; for a block its head (`if $x > 1`, `define foo`).
    pub text: String,
    /// What kind of line.
    pub kind: Kind,
    /// The lines up to `else` or `end`. Empty for kinds without a block.
    pub body: Script,
    /// The lines between `else` and `end` of an `if`.
    pub otherwise: Option<Script>,
}

/// Kinds of line of a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An ordinary command.
    Simple,
    /// `if`.
    If,
    /// `while`.
    While,
    /// `commands`.
    Commands,
    /// `define`.
    Define,
    /// `document`, `actions` of a tracepoint; its body is text, not commands.
    Document,
    /// `python` without an argument; its body is text, not commands.
    Python,
    /// `loop_break`.
    Break,
    /// `loop_continue`.
    Continue,
}

impl Kind {
    /// The kind of the command with this canonical name and argument.
    #[must_use]
    pub fn of(name: &str, args: &str) -> Self {
        match name {
            "if" => Self::If,
            "while" => Self::While,
            "commands" => Self::Commands,
            "define" => Self::Define,
            "document" | "actions" => Self::Document,
            "python" if args.is_empty() => Self::Python,
            "loop_break" if args.is_empty() => Self::Break,
            "loop_continue" if args.is_empty() => Self::Continue,
            _ => Self::Simple,
        }
    }

    /// Whether lines up to `end` belong to it.
    #[must_use]
    pub fn has_body(self) -> bool {
        !matches!(self, Self::Simple | Self::Break | Self::Continue)
    }

    /// Whether its body is text: kept with its blanks, not parsed.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Document | Self::Python)
    }
}

impl ScriptLine {
    /// An ordinary command.
    #[must_use]
    pub fn simple(text: impl Into<String>) -> Self {
        Self { text: text.into(), kind: Kind::Simple, body: Script::default(), otherwise: None }
    }
}

impl Script {
    /// A list of ordinary commands or of text.
    #[must_use]
    pub fn of_lines<T: Into<String>>(lines: impl IntoIterator<Item = T>) -> Self {
        Self { lines: lines.into_iter().map(ScriptLine::simple).collect() }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines with gdb's indentation of two blanks per level, starting with `indent` blanks, as `info breakpoints`
    /// (8) and `show user` (2) print them. [`parse()`] reads them back.
    #[must_use]
    pub fn render(&self, indent: usize) -> Vec<String> {
        let mut out = Vec::new();
        self.render_into(indent, &mut out);
        out
    }

    fn render_into(&self, indent: usize, out: &mut Vec<String>) {
        let pad = " ".repeat(indent);
        for line in &self.lines {
            out.push(format!("{pad}{}", line.text));
            if !line.kind.has_body() {
                continue;
            }
            if line.kind.is_text() {
                out.extend(line.body.lines.iter().map(|text| text.text.clone()));
            } else {
                line.body.render_into(indent + 2, out);
            }
            if let Some(otherwise) = &line.otherwise {
                out.push(format!("{pad}else"));
                otherwise.render_into(indent + 2, out);
            }
            out.push(format!("{pad}end"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    struct Lines<'a>(std::str::Lines<'a>);

    impl Reader for Lines<'_> {
        fn next(&mut self, _depth: usize) -> Result<Line, Error> {
            Ok(Line::from(self.0.next().map(str::to_owned)))
        }

        fn classify(&self, line: &str) -> (Kind, String) {
            let (name, args) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            (Kind::of(name, args.trim()), name.to_owned())
        }
    }

    pub(super) fn read(text: &str) -> Result<Script, Error> {
        parse(&mut Lines(text.lines()), false)
    }

    #[test]
    fn rendering_is_what_gdb_prints_and_parses_back() {
        let text =
            "if 1\nwhile $i < 3\np 1\nend\nelse\np 2\nend\ncommands\nsilent\nend\npython\n  print(1)\nend";
        let script = read(text).unwrap();
        let rendered = script.render(2).join("\n");
        assert_eq!(
            rendered,
            "  if 1\n    while $i < 3\n      p 1\n    end\n  else\n    p 2\n  end\n  commands\n    silent\n  end\n  \
             python\n  print(1)\n  end"
        );
        assert_eq!(read(&rendered).unwrap(), script);
    }
}
