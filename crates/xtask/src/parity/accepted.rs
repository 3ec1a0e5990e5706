//! Accepted differences: `NAME.diff-ok` beside `NAME.gdb`.
//!
//! One block per difference, blocks apart by an empty line: why it is right to differ, then gdb's lines and
//! kdive's. `{{REGEX}}` stands for text that matches the expression. `-...` and `+...` stand for any number of
//! further lines, and `@ COMMAND` for the commands it is limited to. `~ REGEX => TEXT` instead of lines: answers are
//! the same if they are after REGEX was replaced by TEXT in both.
//!
//! ```text
//! # kdive says where the breakpoint will take effect
//! -Breakpoint 2 at {{0x[0-9a-f]+}}
//! +Breakpoint 2 at {{0x[0-9a-f]+}} in module poc
//! ```

use std::borrow::Cow;

use anyhow::{Context, Result, bail};
use regex::Regex;

use super::diff::Hunk;
use crate::pattern;

/// One accepted difference.
pub struct Accepted {
    command: Option<Regex>,
    left: Lines,
    right: Lines,
    rewrite: Option<(Regex, String)>,
    /// The number of the block's first line, from 1.
    pub line: usize,
}

/// Patterns for the lines of one side.
#[derive(Default)]
struct Lines {
    patterns: Vec<Regex>,
    /// Whether any lines may follow.
    more: bool,
}

impl Lines {
    fn push(&mut self, text: &str) -> Result<()> {
        if text == "..." {
            self.more = true;
        } else {
            self.patterns.push(pattern::line(text)?);
        }
        Ok(())
    }

    fn match_all(&self, lines: &[&str]) -> bool {
        let Self { patterns, more } = self;
        (patterns.len() == lines.len() || *more && patterns.len() < lines.len())
            && patterns.iter().zip(lines).all(|(pattern, line)| pattern.is_match(line))
    }

    fn len(&self) -> usize {
        self.patterns.len() + usize::from(self.more)
    }
}

impl Accepted {
    /// Whether it is this difference: every line matches, none is left over.
    pub fn matches(&self, hunk: &Hunk<'_>) -> bool {
        self.rewrite.is_none() && self.left.match_all(&hunk.left) && self.right.match_all(&hunk.right)
    }

    /// What the answer is when this difference is overlooked, if it is one within lines.
    pub fn rewrite<'a>(&self, answer: &'a str) -> Option<Cow<'a, str>> {
        let (pattern, to) = self.rewrite.as_ref()?;
        Some(pattern.replace_all(answer, to.as_str()))
    }

    /// Whether it is about answers to this command.
    pub fn answers(&self, command: &str) -> bool {
        self.command.as_ref().is_none_or(|pattern| pattern.is_match(command))
    }
}

/// Reads a file of accepted differences.
pub fn parse(text: &str) -> Result<Vec<Accepted>> {
    let mut all = Vec::new();
    let mut block: Option<(Accepted, bool)> = None;
    // An empty line at the end closes the last block.
    for (index, line) in text.lines().chain([""]).enumerate() {
        let at = || format!("line {}", index + 1);
        if line.trim().is_empty() {
            if let Some((accepted, reason)) = block.take() {
                let lines =
                    accepted.left.len() + accepted.right.len() + usize::from(accepted.rewrite.is_some());
                match (reason, lines) {
                    (false, _) => bail!("line {}: a difference without a reason", accepted.line),
                    // A comment by itself.
                    (true, 0) => {}
                    (true, _) => all.push(accepted),
                }
            }
            continue;
        }
        let (accepted, reason) = block.get_or_insert_with(|| {
            let (left, right) = (Lines::default(), Lines::default());
            (Accepted { command: None, left, right, rewrite: None, line: index + 1 }, false)
        });
        match line.split_at_checked(1) {
            Some(("#", _)) => *reason = true,
            Some(("@", rest)) => accepted.command = Some(pattern::line(rest.trim_start()).with_context(at)?),
            Some(("~", rest)) => {
                let (from, to) = rest.trim_start().split_once(" =>").with_context(at)?;
                let from = Regex::new(&format!("(?m){from}")).with_context(at)?;
                accepted.rewrite = Some((from, to.trim_start().to_owned()));
            }
            Some(("-", rest)) => accepted.left.push(rest).with_context(at)?,
            Some(("+", rest)) => accepted.right.push(rest).with_context(at)?,
            _ => bail!("{}: a line begins with `#`, `@`, `~`, `-` or `+`", at()),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::super::diff::hunks;
    use super::*;

    const TEXT: &str = "\
# Why this differs.
-at {{0x[0-9a-f]+}} (a.b)
+at {{0x[0-9a-f]+}} in module poc

# Only kdive says it.
+note
";

    #[test]
    fn a_difference_is_accepted_when_every_line_fits() {
        let accepted = parse(TEXT).unwrap();
        assert_eq!(accepted.len(), 2);
        assert_eq!((accepted[0].line, accepted[1].line), (1, 5));
        let fits = |left, right| accepted[0].matches(&hunks(left, right)[0]);
        assert!(fits("at 0x1f (a.b)", "at 0x2 in module poc"));
        // The dot is no wildcard, and nothing may follow.
        assert!(!fits("at 0x1f (axb)", "at 0x2 in module poc"));
        assert!(!fits("at 0x1f (a.b)", "at 0x2 in module poc!"));
        assert!(!fits("at 0x1f (a.b)", "at 0x2 in module poc\nmore"));
        assert!(accepted[1].matches(&hunks("a\nb", "a\nnote\nb")[0]));
    }

    #[test]
    fn it_may_be_limited_to_a_command_and_open_at_its_end() {
        let accepted = parse("# why\n@ info scope {{.*}}\n-Symbol a.\n-...\n+none\n").unwrap();
        assert!(accepted[0].answers("info scope *0x1"));
        assert!(!accepted[0].answers("info line *0x1"));
        assert!(accepted[0].matches(&hunks("Symbol a.", "none")[0]));
        assert!(accepted[0].matches(&hunks("Symbol a.\nSymbol b.\nSymbol c.", "none")[0]));
        assert!(!accepted[0].matches(&hunks("Symbol a.", "none\nmore")[0]));
        assert!(!accepted[0].matches(&hunks("Symbol b.\nSymbol b.", "none")[0]));
    }

    #[test]
    fn a_difference_within_a_line_is_overlooked() {
        let accepted = parse("# Ada\n~ \\[cold\\] => .cold\n").unwrap();
        assert_eq!(accepted[0].rewrite("f[cold] + 1").unwrap(), "f.cold + 1");
        assert!(!accepted[0].matches(&hunks("a", "b")[0]));
        assert!(accepted[0].rewrite.is_some() && parse(TEXT).unwrap()[0].rewrite("x").is_none());
    }

    #[test]
    fn mistakes_are_errors() {
        let error = |text| parse(text).err().unwrap().to_string();
        assert_eq!(error("-a\n+b\n"), "line 1: a difference without a reason");
        assert_eq!(error("# why\n*a\n"), "line 2: a line begins with `#`, `@`, `~`, `-` or `+`");
        assert_eq!(error("# why\n-a {{b\n"), "line 2");
    }
}
