//! Accepted differences: `NAME.diff-ok` beside `NAME.gdb`.
//!
//! One block per difference, blocks apart by an empty line: why it is right to differ, then gdb's lines and
//! kdive's. `{{REGEX}}` stands for text that matches the expression.
//!
//! ```text
//! # kdive says where the breakpoint will take effect
//! -Breakpoint 2 at {{0x[0-9a-f]+}}
//! +Breakpoint 2 at {{0x[0-9a-f]+}} in module poc
//! ```

use anyhow::{Context, Result, bail};
use regex::Regex;

use super::diff::Hunk;
use crate::pattern;

/// One accepted difference.
pub struct Accepted {
    left: Vec<Regex>,
    right: Vec<Regex>,
    /// The number of the block's first line, from 1.
    pub line: usize,
}

impl Accepted {
    /// Whether it is this difference: every line matches, none is left over.
    pub fn matches(&self, hunk: &Hunk<'_>) -> bool {
        let all = |patterns: &[Regex], lines: &[&str]| {
            patterns.len() == lines.len() && patterns.iter().zip(lines).all(|(p, line)| p.is_match(line))
        };
        all(&self.left, &hunk.left) && all(&self.right, &hunk.right)
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
                let lines = accepted.left.len() + accepted.right.len();
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
            (Accepted { left: Vec::new(), right: Vec::new(), line: index + 1 }, false)
        });
        match line.split_at_checked(1) {
            Some(("#", _)) => *reason = true,
            Some(("-", rest)) => accepted.left.push(pattern::line(rest).with_context(at)?),
            Some(("+", rest)) => accepted.right.push(pattern::line(rest).with_context(at)?),
            _ => bail!("{}: a line begins with `#`, `-` or `+`", at()),
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
    fn mistakes_are_errors() {
        let error = |text| parse(text).err().unwrap().to_string();
        assert_eq!(error("-a\n+b\n"), "line 1: a difference without a reason");
        assert_eq!(error("# why\n*a\n"), "line 2: a line begins with `#`, `-` or `+`");
        assert_eq!(error("# why\n-a {{b\n"), "line 2");
    }
}
