//! What macros of the user are replaced with.

use super::*;
use crate::{Context, Expr};

fn macros() -> Macros {
    let mut macros = Macros::default();
    for text in [
        "NULL ((void *)0)",
        "ADD(a,b) ((a)+(b))",
        "EMPTY",
        "V(x,...) f(x,__VA_ARGS__)",
        "W(x,r...) f(x,r)",
        "S(x) #x",
        "C(a,b) a##b",
        "B 2",
        "R R + 1",
        "X Y",
        "Y X",
        "G(x) x",
        "Z() 5",
    ] {
        macros.define(text).unwrap();
    }
    macros
}

fn check(text: &str, expected: &str) {
    let got = macros().expand(text).unwrap_or_else(|error| error.to_string());
    assert_eq!(got, expected, "{text}");
}

#[test]
fn expansions_are_gdbs() {
    check("ADD(1, ADD(2,3))", "((1)+(((2)+(3))))");
    check("V(1,2,3)", "f(1,2,3)");
    check("W(1,2,3)", "f(1,2,3)");
    check("S(a  b \"q\")", "\"a b \\\"q\\\"\"");
    check("C(x,y)", "xy");
    check("ADD (1 , 2)", "((1)+(2))");
    check("ADD", "ADD");
    check("1 + EMPTY + \"ADD(1,2)\"", "1 +  + \"ADD(1,2)\"");
    check("R", "R + 1");
    check("X", "X");
    check("G()", "");
    check("Z()", "5");
    check("a->b  +   c", "a->b  +   c");
    check("B.B", "2 . 2");
    check("ADD(1)", "Wrong number of arguments to macro `ADD' (expected 2, got 1).");
    check("G(1,2)", "Wrong number of arguments to macro `G' (expected 1, got 2).");
    check("Z(1)", "Wrong number of arguments to macro `Z' (expected 0, got 1).");
    check("G(", "Malformed argument list for macro `G'.");
}

#[test]
fn definitions_are_read_and_shown_as_gdb_does() {
    let mut macros = macros();
    assert_eq!(macros.definition("V").unwrap(), "V(x, ...) f(x,__VA_ARGS__)");
    assert_eq!(macros.definition("W").unwrap(), "W(x, r...) f(x,r)");
    assert_eq!(macros.definition("EMPTY").unwrap(), "EMPTY ");
    assert_eq!(macros.definition("Z").unwrap(), "Z() 5");
    for (text, error) in [
        ("1x", "Invalid macro name."),
        ("A(", "Macro is missing an argument."),
        ("A(x", "',' or ')' expected at end of macro arguments."),
    ] {
        assert_eq!(macros.define(text).unwrap_err().to_string(), error, "{text}");
    }
    macros.define("A(x,) 1").unwrap();
    assert_eq!(macros.definition("A").unwrap(), "A(x) 1");
    macros.undefine("A");
    assert_eq!(macros.definition("A"), None);
}

#[test]
fn what_grows_without_end_is_refused() {
    let mut macros = Macros::default();
    macros.define("M0 x x").unwrap();
    for level in 1..60 {
        macros.define(&format!("M{level} M{} M{}", level - 1, level - 1)).unwrap();
    }
    let error = macros.expand("M59").unwrap_err().to_string();
    assert_eq!(error, "The expansion of the macros in this expression is too long.");
    let deep = "G(".repeat(5000) + &")".repeat(5000);
    macros.define("G(x) x").unwrap();
    assert!(macros.expand(&deep).is_err());
}

#[test]
fn expressions_are_expanded() {
    let fake = crate::fake::kitchen();
    fake.store().macros_mut().define("LIMIT 37").unwrap();
    fake.store().macros_mut().define("ADD(a,b) ((a)+(b))").unwrap();
    let int = |text: &str| Expr::parse(text, &fake).unwrap().evaluate_int(&fake).unwrap();
    assert_eq!(int("LIMIT + 1"), 38);
    assert_eq!(int("ADD(1, LIMIT)"), 38);
    let (first, rest) = Expr::parse_until_comma("ADD(1,2), LIMIT", &fake).unwrap();
    assert_eq!((first.evaluate_int(&fake).unwrap(), rest, first.text()), (3, ", LIMIT", "ADD(1,2)"));
    let (condition, rest) = Expr::parse_condition("1 == LIMIT thread 2", &fake).unwrap();
    assert_eq!((condition.evaluate_int(&fake).unwrap(), rest), (0, "thread 2"));
}
