//! From lines to nested blocks.

use super::{Kind, Line, Script, ScriptLine};
use crate::Error;

/// Deepest nesting of blocks, gdb's bound.
pub const MAX_NESTING: usize = 254;

/// What the parser needs from outside: lines, and what the commands on them are.
pub trait Reader {
    /// The next logical line; `depth` is the nesting, from 0, for the prompt.
    ///
    /// # Errors
    /// When reading fails.
    fn next(&mut self, depth: usize) -> Result<Line, Error>;

    /// The kind of a line and the canonical name of its command.
    fn classify(&self, line: &str) -> (Kind, String);
}

/// Reads lines up to the `end` that closes the list, or to the end of input. With `text` the lines are kept as they are.
/// An `else` that belongs to no `if` ends the list as well: what follows is not part of it any more.
///
/// # Errors
/// `if command requires an argument.`, too deep nesting, [`Error::Interrupted`].
pub fn parse(reader: &mut dyn Reader, text: bool) -> Result<Script, Error> {
    let mut script = Script::default();
    match (Parser { reader }).block(&mut script, 0, text, false) {
        Ok(_) | Err(Error::BadBlock) => Ok(script),
        Err(error) => Err(error),
    }
}

/// Reads what belongs to the block whose head is `line`.
///
/// # Errors
/// As [`parse`], and [`Error::BadBlock`].
pub fn parse_block(mut line: ScriptLine, reader: &mut dyn Reader) -> Result<ScriptLine, Error> {
    Parser { reader }.fill(&mut line, 1)?;
    Ok(line)
}

/// What ended a list of lines.
#[derive(PartialEq, Eq)]
enum Close {
    End,
    Else,
}

struct Parser<'a> {
    reader: &'a mut dyn Reader,
}

impl Parser<'_> {
    fn fill(&mut self, line: &mut ScriptLine, depth: usize) -> Result<(), Error> {
        if depth >= MAX_NESTING {
            return Err(Error::msg("Control nesting too deep!"));
        }
        let is_if = line.kind == Kind::If;
        if self.block(&mut line.body, depth, line.kind.is_text(), is_if)? == Close::Else {
            self.block(line.otherwise.get_or_insert_default(), depth, false, false)?;
        }
        Ok(())
    }

    fn block(
        &mut self,
        script: &mut Script,
        depth: usize,
        text: bool,
        may_else: bool,
    ) -> Result<Close, Error> {
        loop {
            let raw = match self.reader.next(depth)? {
                Line::Text(raw) => raw,
                // gdb runs what it has when a file ends in the middle of a block.
                Line::End => return Ok(Close::End),
                Line::Interrupted => return Err(Error::Interrupted),
            };
            let line = raw.trim();
            if line == "end" {
                return Ok(Close::End);
            }
            if text {
                script.lines.push(ScriptLine::simple(raw.trim_end()));
                continue;
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line == "else" {
                if may_else {
                    return Ok(Close::Else);
                }
                return Err(Error::BadBlock);
            }
            let (kind, name) = self.reader.classify(line);
            let mut parsed = ScriptLine { kind, ..ScriptLine::simple(line) };
            if matches!(kind, Kind::If | Kind::While | Kind::Define) && line.trim_end() == first_word(line) {
                return Err(Error::msg(format!("{name} command requires an argument.")));
            }
            if kind.has_body() {
                self.fill(&mut parsed, depth + 1)?;
            }
            script.lines.push(parsed);
        }
    }
}

fn first_word(line: &str) -> &str {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(line.len());
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    fn check(text: &str) -> Result<Vec<String>, Error> {
        read(text).map(|script| script.render(0))
    }

    #[test]
    fn nesting_ends_and_comments() {
        assert_eq!(
            check(
                "p 1\n  # no\n\n if 1\n   p 2\n else  \n while 2\nloop_break\nend\n end \np 3\nend\nnot read"
            )
            .unwrap(),
            ["p 1", "if 1", "  p 2", "else", "  while 2", "    loop_break", "  end", "end", "p 3"]
        );
        assert_eq!(check("if 1\np 1").unwrap(), ["if 1", "  p 1", "end"]);
    }

    #[test]
    fn text_blocks_keep_their_blanks() {
        assert_eq!(
            check("document foo\n  if this\n\n# that\nend\np 1").unwrap(),
            ["document foo", "  if this", "", "# that", "end", "p 1"]
        );
    }

    #[test]
    fn errors() {
        assert_eq!(check("if\np 1\nend").unwrap_err().to_string(), "if command requires an argument.");
        let define = check("define\nend").unwrap_err();
        assert_eq!(define.to_string(), "define command requires an argument.");
        // gdb keeps what came before.
        assert_eq!(check("p 1\nelse\np 2\nend").unwrap(), ["p 1"]);
        assert_eq!(check("p 1\nwhile 1\nelse\nend").unwrap(), ["p 1"]);
        assert_eq!(check("p 1\nif 1\nelse\nelse\nend").unwrap(), ["p 1"]);
        assert_eq!(check(&"if 1\n".repeat(300)).unwrap_err().to_string(), "Control nesting too deep!");
    }

    #[test]
    fn loop_break_with_an_argument_is_no_loop_break() {
        let script = read("loop_break foo").unwrap();
        assert_eq!(script.lines[0].kind, Kind::Simple);
    }
}
