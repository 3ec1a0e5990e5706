//! What the grammar must survive.

use crate::fake::kitchen;
use crate::{Context, Expr};
use proptest::prelude::*;

fn error(text: &str) -> String {
    let fake = kitchen();
    match Expr::parse(text, &fake).and_then(|expr| expr.evaluate(&fake)) {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = "expression is nested more than 250 levels deep";
    assert_eq!(error(&"(".repeat(100_000)), deep);
    assert_eq!(error(&"-".repeat(100_001)), deep);
    assert_eq!(error(&format!("1{}", "+1".repeat(100_000))), deep);
    assert_eq!(error(&format!("garr{}", "[0]".repeat(100_000))), deep);
    assert_eq!(error(&format!("(int {}) 0", "*(".repeat(100_000))), deep);
    assert_eq!(error(&format!("sizeof({})", "1,".repeat(100_000))), deep);
    assert_eq!(error(&format!("1{}", "?1:1".repeat(100_000))), deep);
}

#[test]
fn an_expression_may_be_long_where_it_is_not_deep() {
    let fake = kitchen();
    let sum = format!("{{{}0}}", "1+1,".repeat(5_000));
    let array = Expr::parse(&sum, &fake).unwrap().evaluate(&fake).unwrap();
    assert_eq!(array.ty().size(), Some(4 * 5_001));
}

#[test]
fn an_expression_ends_where_its_command_wants() {
    let fake = kitchen();
    let rest = |text| Expr::parse_until_comma(text, &fake).unwrap().1.to_owned();
    assert_eq!(rest("(1, 2), 3"), ", 3");
    assert_eq!(rest("garr[1, 2], 3"), ", 3");
    // Braces do not protect a comma, as in gdb.
    let error = Expr::parse_until_comma("{1, 2}", &fake).unwrap_err();
    assert_eq!(error.to_string(), "A syntax error in expression, near `, 2}'.");
    let (expr, rest) = Expr::parse_location("main_not + 1", &fake).err().map_or_else(
        || panic!("there is no such symbol"),
        |error| {
            assert_eq!(error.to_string(), "No symbol \"main_not\" in current context.");
            Expr::parse_location("f + 4 if gs.x == 1", &fake).unwrap()
        },
    );
    assert_eq!((expr.text(), rest), ("f + 4", "if gs.x == 1"));
    let (expr, rest) = Expr::parse_condition("gs.x == 1, 2 thread 3", &fake).unwrap();
    assert_eq!((expr.text(), rest), ("gs.x == 1, 2", "thread 3"));
}

#[test]
fn an_expression_tells_what_it_names() {
    let fake = kitchen();
    let expr = Expr::parse("gs.x + garr[$i] + $rax * sizeof(ops)", &fake).unwrap();
    let names: Vec<_> = expr.symbols().iter().map(|symbol| symbol.name.to_string()).collect();
    assert_eq!(names, ["gs", "garr", "ops"]);
    assert_eq!(expr.dollar_names(), ["i", "rax"]);
    assert!(!expr.is_constant() && !expr.is_type());
    assert!(Expr::parse("1 + sizeof(gs)", &fake).unwrap().is_constant());
    assert!(Expr::parse("struct s *", &fake).unwrap().is_type());
}

#[test]
fn names_that_are_numbers_in_another_radix() {
    let fake = kitchen();
    fake.radix.set(16);
    let number = |text: &str| Expr::parse(text, &fake).unwrap().evaluate_int(&fake).unwrap();
    assert_eq!(number("10"), 16);
    assert_eq!(number("ff"), 1, "a variable of that name comes first");
    assert_eq!(number("fe"), 254);
    assert_eq!(number("0t10"), 10);
    assert_eq!(number("1e1"), 0x1e1);
}

proptest! {
    #[test]
    fn no_text_does_harm(text in "\\PC{0,60}") {
        let _ = error(&text);
    }

    #[test]
    fn no_argument_does_harm(text in "[-a-z0-9 :,*'\"%/$+(){}.\\\\@é]{0,30}") {
        let fake = kitchen();
        let mut options = fake.print_options();
        let _ = crate::parse_print_options(&text, &mut options);
        let _ = crate::parse_type_flags(&text);
        let _ = crate::FormatSpec::parse(&text);
        let _ = crate::Location::parse(&text, &fake);
        let _ = crate::Tail::parse(&text, &fake);
        let _ = crate::Find::parse(&text, &fake);
        let _ = crate::echo(&text);
        for args in [text.clone(), format!("\"{text}\", 1, gs"), format!("\"%{text}\", 1")] {
            if let Ok(printf) = crate::Printf::parse(&args, &fake) {
                let _ = printf.print(&fake);
            }
        }
    }

    #[test]
    fn no_tokens_do_harm(tokens in prop::collection::vec(prop::sample::select(vec![
        "gs", "sp", "garr", "f", "str", "col", "$x", "$", "$$2", "1", "0x10", "1.5", "'a'", "\"s\"", "(", ")", "[", "]",
        "{", "}", "*", "&", "-", "+", "!", "~", "->x", ".in", ".name", "=", "+=", "==", "<", "<<", "@", ",", "?", ":", "::",
        "++", "--", "sizeof", "int", "char *", "struct s", "unsigned", "s_t", "_Alignof", "typeof", "@entry", "/", "%",
        "@cpu(", "@all", "garr@cpu(1)", "$pick(",
    ]), 0..12)) {
        let _ = error(&tokens.join(" "));
        let fake = kitchen();
        if let Ok(expr) = Expr::parse(&tokens.join(" "), &fake) {
            let _ = expr.type_of(&fake);
            let _ = fake.store().variables();
        }
    }
}
