//! Completion of whatever stands on a line.

use proptest::prelude::*;
use std::rc::Rc;

use super::harness::Bench;
use crate::gdb::debugger::Debugger;
use crate::output::Transcript;
use crate::{Output, Shell};
use kdive_base::Interrupt;

/// A shell with all commands and settings, and no program.
fn shell() -> Shell {
    let interrupt = Interrupt::new();
    let session = crate::gdb::access::new_session(interrupt.clone());
    Shell::new(session, Output::new(Box::new(Transcript::default())), Rc::new(Debugger), interrupt)
}

#[test]
fn what_is_no_setting_ends_completion() {
    let mut bench = Bench::new();
    for line in ["complete set glo", "complete show zz", "complete with zz", "complete set VARIABLE"] {
        assert_eq!(bench.ex(line), "", "{line}");
    }
    // An expression may follow `set`, whatever it is called.
    assert_eq!(bench.ex("complete set init_t"), "set init_task\n");
    assert_eq!(bench.ex("complete set var init_t"), "set var init_task\n");
    // Commands in commands are looked through, but not for ever.
    assert_eq!(bench.ex("complete pipe pipe info li"), "pipe pipe info line\n");
    assert_eq!(bench.ex(&format!("complete {}info li", "pipe ".repeat(100_000))), "");
}

/// Words of commands and settings, the beginnings of some, and what is neither.
fn pieces() -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for spec in crate::table::TABLE.iter().flat_map(|commands| commands.iter()) {
        pieces.extend(spec.name.split(' ').map(str::to_owned));
        pieces.push(spec.name.chars().take(spec.name.len() / 2).collect());
    }
    for setting in crate::settings::TABLE.iter().flat_map(|settings| settings.iter()) {
        pieces.push(setting.name.to_owned());
    }
    let others = [
        "set",
        "show",
        "with",
        "glo",
        "zz",
        "/x",
        "/",
        "$",
        "$x",
        "x->",
        "a.b",
        "struct",
        "struct s.",
        "(",
        "((",
        ")",
        "[",
        "'",
        "\"",
        "\\",
        "--",
        "-- ",
        "|",
        "=",
        "é",
        "\u{3000}",
        "\u{1f980}",
        "0x",
        "file.c:",
        ":",
        "*",
    ];
    pieces.extend(others.iter().map(|piece| (*piece).to_owned()));
    pieces
}

#[test]
fn every_line_has_completions_that_fit() {
    let shell = shell();
    let piece = prop::sample::select(pieces());
    let blank = prop::sample::select(vec!["", " ", "  ", "\t", "\u{a0}", "\u{2003}", " -- "]);
    let line = prop::collection::vec((piece, blank), 0..9);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(2000));
    runner
        .run(&line, |line| {
            let line: String =
                line.into_iter().flat_map(|(piece, blank)| [piece, blank.to_owned()]).collect();
            // Wherever the cursor stands.
            for (at, _) in line.char_indices().chain([(line.len(), ' ')]) {
                let typed = &line[..at];
                let completion = shell.complete(typed);
                prop_assert!(typed.get(completion.start..).is_some(), "{typed:?}: {completion:?}");
                prop_assert!(completion.words.windows(2).all(|pair| pair[0] < pair[1]));
            }
            Ok(())
        })
        .unwrap();
}
