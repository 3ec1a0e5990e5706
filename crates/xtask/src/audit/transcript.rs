//! The script that asks, and the answers in what a debugger printed.

use std::sync::LazyLock;

use regex::Regex;

use super::questions::Question;

/// Stands before the number of a question.
const QUESTION: &str = "@@ question ";
/// Stands before a command, on a line of its own.
const COMMAND: &str = "@@ command";

/// What makes answers comparable: no questions back, no cut lines, no limit that only one of the two has.
const SETTINGS: &str = "\
set prompt
set confirm off
set width 0
set height 0
set breakpoint pending off
set max-value-size unlimited
";

/// A script that a debugger reads from its standard input: there, other than in a command file, a command that
/// fails does not end it. `before` comes first.
pub fn script(before: &[String], questions: &[Question]) -> String {
    let mut script = SETTINGS.to_owned();
    for line in before {
        script.push_str(&format!("{line}\n"));
    }
    for (number, question) in questions.iter().enumerate() {
        script.push_str(&format!("echo \\n{QUESTION}{number}\\n\n"));
        for command in question {
            script.push_str(&format!("echo \\n{COMMAND}\\n\n{command}\n"));
        }
    }
    script.push_str(&format!("echo \\n{QUESTION}end\\n\n"));
    script
}

/// The answers to each command of each question; `None` where the debugger did not get that far.
pub fn answers(text: &str, questions: &[Question]) -> Vec<Vec<Option<String>>> {
    let mut all: Vec<Vec<Option<String>>> =
        questions.iter().map(|question| vec![None; question.len()]).collect();
    let (question, command) = (format!("\n{QUESTION}"), format!("\n{COMMAND}\n"));
    let mut parts = text.split(&question).skip(1).peekable();
    while let Some(part) = parts.next() {
        let (number, rest) = part.split_once('\n').unwrap_or((part, ""));
        let Some(slots) = number.trim().parse().ok().and_then(|n: usize| all.get_mut(n)) else { continue };
        let mut commands = rest.split(&command).skip(1).peekable();
        for (slot, asked) in slots.iter_mut().zip(question_commands(questions, number)) {
            let Some(answer) = commands.next() else { break };
            // What comes last when a debugger dies is not an answer.
            if commands.peek().is_some() || parts.peek().is_some() {
                *slot = Some(normalise(asked, answer));
            }
        }
    }
    all
}

/// The commands of the question with this number.
fn question_commands<'a>(questions: &'a [Question], number: &str) -> &'a [String] {
    let question = number.trim().parse().ok().and_then(|number: usize| questions.get(number));
    question.map_or(&[], Vec::as_slice)
}

/// Takes out what numbers things in the order they are made: after one difference every further one would follow.
///
/// Of several places `info line` names, gdb's order is that in which it happened to read their units, and it names
/// a place of a header once for every unit that includes it: neither is compared.
fn normalise(command: &str, text: &str) -> String {
    static NUMBERS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
        [
            (r"(?m)^(Breakpoint|Note: breakpoint|Hardware assisted breakpoint) \d+", "$1 N"),
            // A row of the table of breakpoints.
            (r"(?m)^\d+((?:\.\d+)? +(?:breakpoint|hw breakpoint|y|n) )", "N$1"),
            (r"(?m)^\$\d+ = ", "$$N = "),
        ]
        .into_iter()
        .filter_map(|(pattern, to)| Some((Regex::new(pattern).ok()?, to)))
        .collect()
    });
    let mut text = text.trim_matches('\n').to_owned();
    for (pattern, to) in NUMBERS.iter() {
        text = pattern.replace_all(&text, *to).into_owned();
    }
    if command.starts_with("info line ") {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines.dedup();
        text = lines.join("\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions() -> Vec<Question> {
        vec![vec!["break f".to_owned(), "info breakpoints".to_owned()], vec!["print x".to_owned()]]
    }

    #[test]
    fn every_command_is_announced() {
        let script = script(&["target remote s".to_owned()], &questions());
        assert!(script.starts_with(SETTINGS));
        let rest = script.strip_prefix(SETTINGS).unwrap();
        assert_eq!(
            rest,
            "target remote s\necho \\n@@ question 0\\n\necho \\n@@ command\\n\nbreak f\necho \\n@@ command\\n\n\
             info breakpoints\necho \\n@@ question 1\\n\necho \\n@@ command\\n\nprint x\n\
             echo \\n@@ question end\\n\n"
        );
    }

    #[test]
    fn answers_are_found_and_their_numbers_forgotten() {
        let text = "hello\n\n@@ question 0\n\n@@ command\nBreakpoint 7 at 0x1: file a.c, line 2.\n\n@@ command\n\
                    Num     Type\n7       breakpoint     keep y   0x1\n7.1 y 0x1\n\n@@ question 1\n\n@@ command\n\
                    $12 = 12\n\n@@ question end\n";
        let answers = answers(text, &questions());
        assert_eq!(answers[0][0].as_deref(), Some("Breakpoint N at 0x1: file a.c, line 2."));
        assert_eq!(
            answers[0][1].as_deref(),
            Some("Num     Type\nN       breakpoint     keep y   0x1\nN.1 y 0x1")
        );
        assert_eq!(answers[1][0].as_deref(), Some("$N = 12"));
    }

    #[test]
    fn order_and_repetition_of_several_lines_do_not_matter() {
        let text = "Line 2 of \"b\"\nLine 1 of \"a\"\nLine 2 of \"b\"";
        assert_eq!(normalise("info line f", text), "Line 1 of \"a\"\nLine 2 of \"b\"");
        assert_eq!(normalise("list f", text), text);
    }

    #[test]
    fn what_was_not_reached_has_no_answer() {
        let text = "\n@@ question 0\n\n@@ command\nBreakpoint 1\n\n@@ command\nNum";
        let answers = answers(text, &questions());
        assert_eq!(answers, [vec![Some("Breakpoint N".to_owned()), None], vec![None]]);
    }
}
