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
    let got = expand_macros(&macros(), None, text).unwrap_or_else(|error| error.to_string());
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
    let definition = |macros: &Macros, name: &str| {
        macros.get(name).map(|found| format!("{} {}", found.declaration(name), found.replacement()))
    };
    assert_eq!(definition(&macros, "V").unwrap(), "V(x, ...) f(x,__VA_ARGS__)");
    assert_eq!(definition(&macros, "W").unwrap(), "W(x, r...) f(x,r)");
    assert_eq!(definition(&macros, "EMPTY").unwrap(), "EMPTY ");
    assert_eq!(definition(&macros, "Z").unwrap(), "Z() 5");
    for (text, error) in [
        ("1x", "Invalid macro name."),
        ("A(", "Macro is missing an argument."),
        ("A(x", "',' or ')' expected at end of macro arguments."),
    ] {
        assert_eq!(macros.define(text).unwrap_err().to_string(), error, "{text}");
    }
    macros.define("A(x,) 1").unwrap();
    assert_eq!(definition(&macros, "A").unwrap(), "A(x) 1");
    macros.undefine("A");
    assert_eq!(definition(&macros, "A"), None);
}

#[test]
fn what_grows_without_end_is_refused() {
    let mut macros = Macros::default();
    macros.define(&format!("M0 {}", "x ".repeat(100))).unwrap();
    for level in 1..60 {
        macros.define(&format!("M{level} M{} M{}", level - 1, level - 1)).unwrap();
    }
    let error = expand_macros(&macros, None, "M59").unwrap_err().to_string();
    assert_eq!(error, "The expansion of the macros in this expression is too long.");
    let deep = "G(".repeat(5000) + &")".repeat(5000);
    macros.define("G(x) x").unwrap();
    assert!(expand_macros(&macros, None, &deep).is_err());
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

#[test]
fn examples_of_the_standard_for_c() {
    // 6.10.3.5 of ISO C, as gdb answers: what it expands is not taken together with the text after it.
    let mut macros = Macros::default();
    for text in [
        "x 2",
        "f(a) f(x * (a))",
        "g f",
        "z z[0]",
        "m(a) a(w)",
        "w 0,1",
        "t(a) a",
        "p() int",
        "q(x) x",
        "r(x,y) x ## y",
        "str(x) # x",
        "xstr(s) str(s)",
        "debug(s, t) printf(\"x\" # s \"= %d, x\" # t \"= %s\", x ## s, x ## t)",
        "INCFILE(n) vers ## n",
        "glue(a, b) a ## b",
        "xglue(a, b) glue(a, b)",
        "HIGHLOW \"hello\"",
        "LOW LOW \", world\"",
        "t2(x,y,z) x ## y ## z",
        "showlist(...) puts(#__VA_ARGS__)",
        "report(test, ...) ((test)?puts(#test): printf(__VA_ARGS__))",
    ] {
        macros.define(text).unwrap();
    }
    for (text, expected) in [
        (
            "f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);",
            "f(2 * (y+1)) + f(2 * (f(2 * (z[0][0][0])))) % f(2 * (0)) + t(1);",
        ),
        ("p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };", "int i[] = { 1, 23, 4, 5,  };"),
        ("char c[2][6] = { str(hello), str() };", "char c[2][6] = { \"hello\", \"\" };"),
        ("debug(1, 2);", "printf(\"x\" \"1\" \"= %d, x\" \"2\" \"= %s\", x1, x2);"),
        ("str(strncmp(\"abc\\0d\", '\\4') == 0)", "\"strncmp(\\\"abc\\\\0d\\\", '\\\\4') == 0\""),
        ("xstr(INCFILE(2).hh)", "\"vers2.hh\""),
        ("glue(HIGH, LOW);", "\"hello\";"),
        ("xglue(HIGH, LOW)", "\"hello\" \", world\""),
        ("t2(1,2,3), t2(,4,5), t2(6,,7), t2(8,9,), t2(,,)", "123, 45, 67, 89, "),
        ("showlist(The first, second, and third items.);", "puts(\"The first, second, and third items.\");"),
        ("report(x>y, \"x is %d\", x);", "((2>y)?puts(\"x>y\"): printf(\"x is %d\", 2));"),
    ] {
        assert_eq!(expand_macros(&macros, None, text).unwrap(), expected, "{text}");
    }
}

#[test]
fn arguments_that_are_left_may_be_none() {
    let mut macros = Macros::default();
    for text in [
        "c99(...) f (a, __VA_ARGS__)",
        "gnu(x, rest...) g(x, ## rest)",
        "opt(x, ...) f(x __VA_OPT__(,) __VA_ARGS__)",
        "all(x, ...) f (x __VA_OPT__(, __VA_ARGS__))",
        "two(x, ...) f (x __VA_OPT__(,) __VA_OPT__(__VA_ARGS__))",
        "bad1(x, ...) __VA_OPT__) x",
        "bad2(x, ...) __VA_OPT__(__VA_OPT__(,)) x",
        "bad3(x) __VA_OPT__",
        "bad4(x, ...) __VA_OPT__(x",
        "hash(x) #",
        "name(x) # y",
        "splice(x) x ##",
        "object a ## b",
    ] {
        macros.define(text).unwrap();
    }
    for (text, expected) in [
        ("c99(one, two)", "f (a, one, two)"),
        ("c99()", "f (a, )"),
        ("gnu(1)", "g(1)"),
        ("gnu()", "g()"),
        ("gnu(1,2,3)", "g(1,2,3)"),
        ("opt(1)", "f(1 )"),
        ("opt(1,2)", "f(1, 2)"),
        ("all(23)", "f (23)"),
        ("all(23, 24, 25)", "f (23, 24, 25)"),
        ("two(23, 24, 25)", "f (23,24, 25)"),
        ("bad1(5)", "__VA_OPT__ must be followed by an open parenthesis"),
        ("bad2(5)", "__VA_OPT__ cannot appear inside __VA_OPT__"),
        ("bad3(5)", "__VA_OPT__ is only valid in a variadic macro"),
        ("bad4(5)", "Unterminated __VA_OPT__"),
        ("hash(1)", "Stringification operator requires an argument."),
        ("name(1)", "Argument to stringification operator must name a macro parameter."),
        ("splice(1)", "Splicing operator at end of macro"),
        ("object", "a ## b"),
        ("\"object", "Unterminated string in expression."),
    ] {
        let got = expand_macros(&macros, None, text).unwrap_or_else(|error| error.to_string());
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn comments_and_variables_of_the_debugger_are_left_alone() {
    let mut macros = Macros::default();
    macros.define("X 4").unwrap();
    assert_eq!(expand_macros(&macros, None, "X /* X */ + 1 // X").unwrap(), "4 /* X */ + 1 // X");
    // Outside of an expression a dollar is a character like others.
    assert_eq!(expand_macros(&macros, None, "$X").unwrap(), "$4");
    let fake = crate::fake::kitchen();
    fake.store().macros_mut().define("X 4").unwrap();
    fake.store().set("X", Expr::parse("7", &fake).unwrap().evaluate(&fake).unwrap());
    assert_eq!(Expr::parse("$X + X", &fake).unwrap().evaluate_int(&fake).unwrap(), 11);
}

#[test]
fn what_ends_an_expression_is_given_back_as_typed() {
    let fake = crate::fake::kitchen();
    fake.store().macros_mut().define("LIMIT (37 + 1)").unwrap();
    let (place, rest) = Expr::parse_location("LIMIT if 3 == LIMIT", &fake).unwrap();
    assert_eq!((place.text(), rest), ("LIMIT", "if 3 == LIMIT"));
}

#[test]
fn recorded_macros_are_read() {
    for (rest, declaration, replacement) in [
        (" 37", "M", "37"),
        (" ", "M", ""),
        ("", "M", ""),
        ("(a,b) ((a)+(b))", "M(a, b)", "((a)+(b))"),
        ("() 5", "M()", "5"),
        ("(x,rest...) f(x, ## rest)", "M(x, rest...)", "f(x, ## rest)"),
        ("(...) f(__VA_ARGS__)", "M(...)", "f(__VA_ARGS__)"),
        ("(x", "M", "(x"),
    ] {
        let found = Macro::recorded(rest);
        assert_eq!((found.declaration("M").as_str(), found.replacement()), (declaration, replacement));
    }
}

#[test]
fn macros_of_nothing_are_counted() {
    let mut macros = Macros::default();
    macros.define("E0").unwrap();
    for level in 1..40 {
        macros.define(&format!("E{level} E{} E{}", level - 1, level - 1)).unwrap();
    }
    let error = expand_macros(&macros, None, "E39").unwrap_err().to_string();
    assert_eq!(error, "There are too many macros in this expression.");
}
