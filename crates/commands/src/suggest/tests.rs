//! At a terminal a second line; in scripts gdb's line alone.

use crate::tests::harness::{Bench, ex};

/// What a line typed at a terminal prints.
fn typed(line: &str) -> String {
    let text = Bench::new().typed(line, true);
    let text = text.strip_prefix(&format!("(kdive) {line}\n")).unwrap_or(&text);
    text.strip_suffix("(kdive) quit\n[exit 0]").unwrap_or(text).to_owned()
}

#[test]
fn commands_and_settings() {
    for (line, expected) in [
        ("helo", "Undefined command: \"helo\".  Try \"help\".\nDid you mean help?\n"),
        ("frobnicate", "Undefined command: \"frobnicate\".  Try \"help\".\n"),
        ("locals", "Undefined command: \"locals\".  Try \"help\".\nDid you mean info locals?\n"),
        ("info lien", "Undefined info command: \"lien\".  Try \"help info\".\nDid you mean info line?\n"),
        (
            "show pagnation",
            "Undefined show command: \"pagnation\".  Try \"help show\".\nDid you mean show pagination?\n",
        ),
        (
            "set pagnation off",
            "No symbol \"pagnation off\" in current context.\nDid you mean set pagination?\n",
        ),
        (
            "set print pertty on",
            "Undefined set print command: \"pertty on\".  Try \"help set print\".\nDid you mean set print pretty?\n",
        ),
        ("help contniue", "Undefined command: \"contniue\".  Try \"help\".\nDid you mean continue?\n"),
        (
            "telescope $sp",
            "Undefined command: \"telescope\".  Try \"help\".\n\
             \"telescope\" is pwndbg's and GEF's word; here it is \"x/16ga $sp\".\n",
        ),
    ] {
        assert_eq!(typed(line), expected, "{line}");
    }
}

#[test]
fn scripts_see_gdbs_line_and_nothing_else() {
    assert_eq!(ex("helo"), "Undefined command: \"helo\".  Try \"help\".\n");
    let piped = Bench::new().typed("helo", false);
    assert_eq!(piped, "(kdive) Undefined command: \"helo\".  Try \"help\".\n(kdive) [exit 0]");
    let mut bench = Bench::new();
    bench.ex("set suggestions on");
    assert_eq!(bench.ex("helo"), "Undefined command: \"helo\".  Try \"help\".\nDid you mean help?\n");
    bench.ex("set suggestions off");
    let typed = bench.typed("helo", true);
    assert_eq!(typed, "(kdive) helo\nUndefined command: \"helo\".  Try \"help\".\n(kdive) quit\n[exit 0]");
}
