//! Command files and everything between a line with `if`, `while`, `define`, `document`, `commands` and its `end`.

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
    /// The lines up to `else` or `end`. Empty for [`Kind::Simple`].
    pub body: Script,
    /// The lines between `else` and `end`.
    pub otherwise: Option<Script>,
    /// Line number in the file, 1-based; 0 when it was typed.
    pub number: u32,
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
    /// `commands`, `define`, `document`, `python`: a command that takes the body as it is.
    Block,
    /// `loop_break`.
    Break,
    /// `loop_continue`.
    Continue,
}

impl Script {
    /// Parses the lines of a body; the closing `end` of the body itself is not among them.
    ///
    /// # Errors
    /// gdb's words for a block without an end and the like.
    pub fn parse(lines: &[String]) -> Result<Self, crate::Error> {
        let _ = lines;
        Ok(Self::default())
    }

    /// The lines with gdb's indentation of two blanks per level, starting with `indent` blanks; what
    /// [`Script::parse`] reads back.
    #[must_use]
    pub fn render(&self, indent: usize) -> Vec<String> {
        let _ = indent;
        Vec::new()
    }
}
