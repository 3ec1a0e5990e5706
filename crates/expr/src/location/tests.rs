//! Locations against the ways gdb 13.1 reads them.

use super::*;
use crate::fake::kitchen;

/// The parts between colons, and the rest.
fn parts(text: &str) -> (String, String) {
    let fake = kitchen();
    match Location::parse(text, &fake) {
        Ok((location, rest)) => {
            let shown = match location {
                Location::Default => "default".to_owned(),
                Location::Address(expr) => format!("*{}", expr.text()),
                Location::Linespec(linespec) => {
                    let parts = linespec.parts.iter().map(|part| match part {
                        Part::Line(LineOffset::Absolute(line)) => format!("{line}"),
                        Part::Line(LineOffset::Plus(line)) => format!("+{line}"),
                        Part::Line(LineOffset::Minus(line)) => format!("-{line}"),
                        Part::Name(name) => format!("`{name}'"),
                    });
                    parts.collect::<Vec<_>>().join(" ")
                }
                Location::Explicit(explicit) => format!("{explicit:?}"),
            };
            (shown, rest.to_owned())
        }
        Err(error) => (error.to_string(), String::new()),
    }
}

fn check(text: &str, expected: &str) {
    assert_eq!(parts(text), (expected.to_owned(), String::new()), "{text}");
}

fn check_rest(text: &str, expected: &str, rest: &str) {
    assert_eq!(parts(text), (expected.to_owned(), rest.to_owned()), "{text}");
}

#[test]
fn linespecs() {
    check("f", "`f'");
    check("12", "12");
    check("+3", "+3");
    check("-3", "-3");
    check("+", "+0");
    check("kitchen.c:12", "`kitchen.c' 12");
    check("a/b-c.c : f", "`a/b-c.c' `f'");
    check("kitchen.c:f:out", "`kitchen.c' `f' `out'");
    check("f:out", "`f' `out'");
    check("kitchen.c:+1", "`kitchen.c' +1");
    check("poc:hello_init", "`poc' `hello_init'");
    check("'kitchen.c':f", "`kitchen.c' `f'");
    check("'kitchen.c'::f", "`kitchen.c' `f'");
    check("'f'", "`f'");
    check("\"kitchen.c:12\"", "`kitchen.c' 12");
    check("12abc", "`12abc'");
    check("f foo", "`f foo'");
    check("f 3", "`f 3'");
    check("$line", "`$line'");
    check("operator(int, char)", "`operator(int, char)'");
}

#[test]
fn what_follows_is_left() {
    check_rest("f if x > 3", "`f'", "if x > 3");
    check_rest("  f   if x", "`f'", "if x");
    check_rest("kitchen.c:12 thread 2", "`kitchen.c' 12", "thread 2");
    check_rest("f task 1", "`f'", "task 1");
    check_rest("f, 3", "`f'", ", 3");
    check_rest("10,20", "10", ",20");
    check_rest("f -force-condition if x", "`f'", "-force-condition if x");
    check_rest("'f' if 1", "`f'", "if 1");
    check_rest("if x", "default", "if x");
    check_rest("thread 1", "default", "thread 1");
    check_rest("-force-condition", "default", "-force-condition");
    check_rest("*f+4 if gs.x", "*f+4", "if gs.x");
    check_rest("*f thread 1", "*f", "thread 1");
    // A keyword needs a blank after it.
    check("f if", "`f if'");
    check("f if(1)", "`f if(1)'");
    check("iffy", "`iffy'");
}

#[test]
fn explicit_locations() {
    let explicit = |text: &str| {
        let fake = kitchen();
        match Location::parse(text, &fake) {
            Ok((Location::Explicit(explicit), rest)) => (explicit, rest.to_owned()),
            other => panic!("{text}: {other:?}"),
        }
    };
    let (found, rest) = explicit("-source init/main.c -line 905 if x");
    assert_eq!(found.source.as_deref(), Some("init/main.c"));
    assert_eq!((found.line, rest.as_str()), (Some(LineOffset::Absolute(905)), "if x"));
    let (found, _) = explicit("-fu f -lab out");
    assert_eq!((found.function.as_deref(), found.label.as_deref()), (Some("f"), Some("out")));
    let (found, _) = explicit("-qualified f");
    assert_eq!((found.function.as_deref(), found.qualified), (Some("f"), true));
    let (found, _) = explicit("-function 'a b' -line +2");
    assert_eq!((found.function.as_deref(), found.line), (Some("a b"), Some(LineOffset::Plus(2))));
    check("-source a.c", "Source filename requires function, label, or line offset.");
    check("-foo 3", "invalid explicit location argument, \"-foo\"");
    check("-function", "missing argument for \"-function\"");
    check("-line x", "malformed line offset: \"x\"");
}

#[test]
fn malformed_ones() {
    check("kitchen.c:", "malformed linespec error: unexpected end of input");
    check(":", "malformed linespec error: unexpected colon");
    check("3:", "malformed linespec error: unexpected colon");
    check("kitchen.c:f:", "malformed linespec error: unexpected end of input");
    check("'f", "unmatched quote");
    check("*", "Argument required (expression to compute).");
    check("*nosuch", "No symbol \"nosuch\" in current context.");
}

#[test]
fn tails() {
    let fake = kitchen();
    let tail = Tail::parse("if gs.x == 1 thread 2 -force-condition", &fake).unwrap();
    assert_eq!(tail.condition_text.as_deref(), Some("gs.x == 1"));
    assert_eq!((tail.thread.as_deref(), tail.force), (Some("2"), true));
    let tail = Tail::parse("-force-condition if nosuch > 1", &fake).unwrap();
    assert_eq!(tail.condition_text.as_deref(), Some("nosuch > 1"));
    assert_eq!(tail.condition_error.unwrap().to_string(), "No symbol \"nosuch\" in current context.");
    let tail = Tail::parse("if 1, \"x\"", &fake).unwrap();
    assert_eq!(tail.condition_text.as_deref(), Some("1, \"x\""), "the comma belongs to the condition");
}

#[test]
fn tails_that_are_wrong() {
    let fake = kitchen();
    let error = |text| Tail::parse(text, &fake).unwrap_err().to_string();
    assert_eq!(error("if nosuch"), "No symbol \"nosuch\" in current context.");
    assert_eq!(error("if gs.x =="), "A syntax error in expression, near `'.");
    assert_eq!(error("thread x"), "Junk after thread keyword.");
    assert_eq!(error("task"), "Junk after task keyword.");
    assert_eq!(error("foo"), "Junk at end of arguments.");
    assert_eq!(Tail::parse(",\"%d\", 1", &fake).unwrap().extra.as_deref(), Some(",\"%d\", 1"));
}
