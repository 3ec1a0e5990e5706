//! Lookup rules on a small table of its own.

use super::*;
use crate::spec::Spec;

const TABLE: &[&[Spec]] = &[&[
    Spec { name: "info", aliases: &["i", "inf"], ..Spec::EMPTY },
    Spec { name: "info line", ..Spec::EMPTY },
    Spec { name: "info locals", ..Spec::EMPTY },
    Spec { name: "info frame", aliases: &["info f"], ..Spec::EMPTY },
    Spec { name: "step", aliases: &["s"], ..Spec::EMPTY },
    Spec { name: "stepi", aliases: &["si"], ..Spec::EMPTY },
    Spec { name: "thread", allow_unknown: true, ..Spec::EMPTY },
    Spec { name: "thread apply", allow_unknown: true, ..Spec::EMPTY },
    Spec { name: "thread apply all", ..Spec::EMPTY },
    Spec { name: "shell", aliases: &["!", "shello"], ..Spec::EMPTY },
]];

fn check(line: &str, expected: &str) {
    let tree = Tree::new(TABLE, &[]);
    let text = match tree.find(line) {
        Ok(found) => format!("{} <{}>", found.name(), found.rest),
        Err(error) => error.to_string(),
    };
    assert_eq!(text, expected, "{line}");
}

#[test]
fn abbreviations_at_every_level() {
    check("i li 5", "info line < 5>");
    check("inf f", "info frame <>");
    check("info fr", "info frame <>");
    check("i l", "Ambiguous info command \"l\": line, locals.");
    check("inf", "info <>");
    check("shel", "shell <>");
    check("st", "Ambiguous command \"st\": step, stepi.");
    check("step", "step <>");
    check("s+1", "Undefined command: \"s+1\".  Try \"help\".");
    check("$x y", "Undefined command: \"$x\".  Try \"help\".");
    check("@x", "Undefined command: \"\".  Try \"help\".");
    check("info foo$", "Undefined info command: \"foo$\".  Try \"help info\".");
    check("s(3)", "step <(3)>");
    check("s 3", "step < 3>");
    check("step/x", "step </x>");
    check("!ls -l", "shell <ls -l>");
    check("! ls", "shell < ls>");
}

#[test]
fn a_prefix_may_take_what_is_no_subcommand() {
    check("thread 2", "thread < 2>");
    check("thread", "thread <>");
    check("thread a 1 2 bt", "thread apply < 1 2 bt>");
    check("thread apply all bt", "thread apply all < bt>");
    check("thread apply al", "thread apply all <>");
    check("info", "info <>");
    check("info ", "info < >");
    check("info 5", "Undefined info command: \"5\".  Try \"help info\".");
}
