//! Comparing the answers: which are equal, which differ for an accepted reason, and what kinds of other
//! differences there are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::questions::Question;
use crate::parity::accepted::Accepted;
use crate::parity::diff;

/// Lines of a difference that are shown.
const SHOWN: usize = 12;
/// Characters of a line that are shown.
const WIDTH: usize = 400;

/// Numbers of commands by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Commands asked.
    pub commands: usize,
    /// Commands whose answers differ for accepted reasons only.
    pub accepted: usize,
    /// Commands whose answers differ otherwise.
    pub different: usize,
}

impl Tally {
    /// The share of commands without an unexpected difference, in percent, never rounded up to 100.
    pub fn agreement(self) -> f64 {
        let Self { commands, different, .. } = self;
        if commands == 0 {
            return 100.0;
        }
        let share = 100.0 * (commands - different) as f64 / commands as f64;
        if different == 0 { share } else { (share * 100.0).floor() / 100.0 }
    }
}

/// Differences that look alike once names and numbers are taken out.
#[derive(Debug)]
pub struct Class {
    /// The first of them: the commands of its question up to the one that differs.
    pub commands: Vec<String>,
    /// What differs there, gdb's lines with `-`, kdive's with `+`.
    pub difference: String,
    /// How many there are.
    pub count: usize,
}

/// What a comparison came to.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The numbers.
    pub tally: Tally,
    /// The unexpected differences, the most frequent first.
    pub classes: Vec<Class>,
    /// Every unexpected difference, in full.
    pub full: String,
}

/// Compares the answers of gdb and kdive.
pub fn compare(
    questions: &[Question],
    left: &[Vec<Option<String>>],
    right: &[Vec<Option<String>>],
    accepted: &[Accepted],
) -> Verdict {
    let mut verdict = Verdict::default();
    let mut classes: BTreeMap<(String, String), Class> = BTreeMap::new();
    for ((question, left), right) in questions.iter().zip(left).zip(right) {
        for (index, ((command, left), right)) in question.iter().zip(left).zip(right).enumerate() {
            verdict.tally.commands += 1;
            const NONE: &str = "(no answer)";
            let (left, right) = (left.as_deref().unwrap_or(NONE), right.as_deref().unwrap_or(NONE));
            if left == right && left != NONE {
                continue;
            }
            let unexpected = unexpected(command, left, right, accepted);
            if unexpected.is_empty() && left != NONE {
                verdict.tally.accepted += 1;
                continue;
            }
            verdict.tally.different += 1;
            let commands = question.get(..=index).unwrap_or_default().to_vec();
            let difference = unexpected.join("\n");
            verdict.full.push_str(&format!("{}\n{difference}\n\n", commands.join("\n")));
            let word: Vec<&str> =
                command.split(' ').take(1 + usize::from(command.starts_with("info "))).collect();
            classes
                .entry((word.join(" "), shape(&unexpected)))
                .or_insert_with(|| Class { commands, difference: cut(&unexpected), count: 0 })
                .count += 1;
        }
    }
    verdict.classes = classes.into_values().collect();
    verdict.classes.sort_by_key(|class| std::cmp::Reverse(class.count));
    verdict
}

/// The lines in which two answers differ without being accepted.
fn unexpected(command: &str, left: &str, right: &str, accepted: &[Accepted]) -> Vec<String> {
    let mut lines = Vec::new();
    // Differences within lines first: what is left are whole lines.
    let overlook = |text: &str| -> String {
        let mut text = text.to_owned();
        for accepted in accepted.iter().filter(|accepted| accepted.answers(command)) {
            if let Some(Cow::Owned(rewritten)) = accepted.rewrite(&text) {
                text = rewritten;
            }
        }
        text
    };
    for hunk in diff::hunks(&overlook(left), &overlook(right)) {
        if accepted.iter().any(|accepted| accepted.answers(command) && accepted.matches(&hunk)) {
            continue;
        }
        lines.extend(hunk.left.iter().map(|line| format!("-{line}")));
        lines.extend(hunk.right.iter().map(|line| format!("+{line}")));
    }
    lines
}

/// The difference without the names and numbers in it.
fn shape(lines: &[String]) -> String {
    static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
        [
            (r"0x[0-9a-f]+", "H"),
            (r"\b\d+\b", "N"),
            // Names with an underscore or a dot, files; words of the debugger's own stay.
            (r"[\w./-]*[_./]+[\w./-]*", "w"),
            (r"<[^>]*>", "<>"),
            (r#""[^"]*""#, "\"\""),
        ]
        .into_iter()
        .filter_map(|(pattern, to)| Some((Regex::new(pattern).ok()?, to)))
        .collect()
    });
    let mut text = lines.iter().take(4).map(String::as_str).collect::<Vec<_>>().join("\n");
    for (pattern, to) in PATTERNS.iter() {
        text = pattern.replace_all(&text, *to).into_owned();
    }
    text.chars().take(WIDTH).collect()
}

/// The difference, short enough to read.
fn cut(lines: &[String]) -> String {
    let short = |line: &String| {
        let mut text: String = line.chars().take(WIDTH).collect();
        if text.len() < line.len() {
            text.push_str(" ...");
        }
        text
    };
    let mut shown: Vec<String> = lines.iter().take(SHOWN).map(short).collect();
    if lines.len() > SHOWN {
        shown.push(format!("... and {} lines more", lines.len() - SHOWN));
        // Often all of these are of one side: the other one is what makes sense of them.
        let side = lines.first().and_then(|line| line.chars().next());
        let other = lines.iter().skip(SHOWN).filter(|line| line.chars().next() != side).take(3);
        shown.extend(other.map(short));
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parity::accepted;

    fn answer(text: &str) -> Vec<Vec<Option<String>>> {
        vec![vec![Some(text.to_owned())]]
    }

    #[test]
    fn equal_accepted_and_different_answers_are_counted() {
        let questions = vec![vec!["info symbol 0x1".to_owned()]];
        let accepted =
            accepted::parse("# Ada\n@ info symbol {{.*}}\n-{{.*}}[cold]{{.*}}\n+{{.*}}.cold{{.*}}\n")
                .unwrap();
        let tally =
            |left: &str, right: &str| compare(&questions, &answer(left), &answer(right), &accepted).tally;
        let counts = |accepted, different| Tally { commands: 1, accepted, different };
        assert_eq!(tally("f + 1", "f + 1"), counts(0, 0));
        assert_eq!(tally("f[cold] + 1", "f.cold + 1"), counts(1, 0));
        assert_eq!(tally("f[cold] + 1", "f + 1"), counts(0, 1));
        let other = compare(&[vec!["list *1".to_owned()]], &answer("f[cold]"), &answer("f.cold"), &accepted);
        assert_eq!(other.tally.different, 1);
    }

    #[test]
    fn differences_within_lines_are_overlooked_where_that_is_accepted() {
        let accepted = accepted::parse("# Ada\n~ __ => .\n").unwrap();
        let questions = vec![vec!["print x".to_owned()]];
        let tally =
            |left: &str, right: &str| compare(&questions, &answer(left), &answer(right), &accepted).tally;
        assert_eq!(tally("{<a.b>, 1}", "{<a__b>, 1}").accepted, 1);
        assert_eq!(tally("{<a.b>, 1}", "{<a__b>, 2}").different, 1);
    }

    #[test]
    fn differences_that_look_alike_are_one_class() {
        let ask = |a: u32| vec![format!("info line *{a:#x}")];
        let questions = vec![ask(1), ask(2), ask(3)];
        let left = [answer("<f.cold>"), answer("<g_h.cold>"), answer("x")].concat();
        let right = [answer("<f+16>"), answer("<g_h+1>"), answer("y")].concat();
        let verdict = compare(&questions, &left, &right, &[]);
        assert_eq!(verdict.tally.different, 3);
        let counts: Vec<usize> = verdict.classes.iter().map(|class| class.count).collect();
        assert_eq!(counts, [2, 1]);
        assert_eq!(verdict.classes[0].difference, "-<f.cold>\n+<f+16>");
    }

    #[test]
    fn no_answer_is_a_difference_even_on_both_sides() {
        let questions = vec![vec!["crash".to_owned()]];
        let none = vec![vec![None]];
        assert_eq!(compare(&questions, &none, &none, &[]).tally.different, 1);
    }

    #[test]
    fn agreement_is_not_rounded_up() {
        let tally = |commands, different| Tally { commands, accepted: 0, different };
        assert_eq!(tally(100_000, 1).agreement(), 99.99);
        assert_eq!(tally(100_000, 0).agreement(), 100.0);
        assert_eq!(tally(8, 1).agreement(), 87.5);
    }
}
