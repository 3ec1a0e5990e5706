//! Variables, their children, and what updates find. Shapes and names are those of gdb 13.1's variable objects.

use crate::program::stopped_in;
use kdive_engine::{
    Change, Engine, NamedVariable, Scope, ValueFormat, VarId, VariableInfo, VariableKind, Which,
};

fn named(engine: &mut Engine, id: VarId, name: &str) -> VarId {
    let children = engine.children(id, 0, usize::MAX).unwrap();
    let found = children.iter().find(|child| child.name == name);
    found.unwrap_or_else(|| panic!("no {name} among {children:?}")).id
}

fn info(engine: &mut Engine, id: VarId, path: &[&str]) -> VariableInfo {
    let id = path.iter().fold(id, |id, name| named(engine, id, name));
    engine.variable(id).unwrap()
}

#[test]
fn arguments_and_locals_of_a_frame() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let engine = &mut debugged.engine;
    let scope = Scope::default();
    let names = |list: &[NamedVariable]| -> Vec<(String, bool)> {
        list.iter().map(|variable| (variable.name.clone(), variable.is_argument)).collect()
    };
    let all = engine.variables_of(&scope, Which::All).unwrap();
    let expected = [("a", true), ("n", true), ("loc", false), ("k", false)];
    assert_eq!(names(&all), expected.map(|(name, is_argument)| (name.to_owned(), is_argument)));
    assert_eq!(engine.variables_of(&scope, Which::Arguments).unwrap().len(), 2);
    assert_eq!(engine.variable(all[1].id).unwrap().value, "3");
    let main = engine.variables_of(&Scope::of(Some(1), 1), Which::Arguments).unwrap();
    assert_eq!(engine.variable(main[0].id).unwrap().value, "1");
    assert_eq!(engine.program().selected_level(), 0);
}

#[test]
fn children_are_those_of_variable_objects() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let engine = &mut debugged.engine;
    let a = engine.evaluate(&Scope::default(), "a").unwrap();
    let shown: Vec<(String, usize, String)> = engine
        .children(a, 0, usize::MAX)
        .unwrap()
        .iter()
        .map(|child| {
            let info = engine.variable(child.id).unwrap();
            assert_eq!(info.name, child.name);
            (child.name.clone(), info.children, info.ty)
        })
        .collect();
    let expected = [
        ("x", 0, "int"),
        ("in", 2, "struct in"),
        ("p", 2, "struct in *"),
        ("<anonymous union>", 2, "union {...}"),
        ("str", 1, "char *"),
        ("arr", 3, "int [3]"),
        ("m", 2, "int [2][2]"),
        ("bf", 0, "unsigned int"),
        ("fn", 0, "void (*)(int)"),
        ("vp", 0, "void *"),
        ("ip", 1, "int *"),
        ("next", 14, "struct s *"),
        ("und", 0, "struct undefd *"),
        ("fam", 0, "long []"),
    ];
    assert_eq!(shown, expected.map(|(name, count, ty)| (name.to_owned(), count, ty.to_owned())));

    let whole = engine.variable(a).unwrap();
    assert_eq!((whole.kind, whole.thread, whole.is_editable), (VariableKind::Pointer, Some(1), true));
    assert_eq!(info(engine, a, &["in"]).summary, "{...}");
    assert_eq!(info(engine, a, &["in"]).value, "{a = 0, c = \"\\000\\000\\000\"}");
    assert_eq!(info(engine, a, &["arr"]).summary, "[3]");
    assert_eq!(info(engine, a, &["bf"]).value, "5");
    assert!(info(engine, a, &["str"]).value.ends_with(" \"hello\""));
    assert_eq!(info(engine, a, &["str", "*str"]).value, "104 'h'");
    assert_eq!(info(engine, a, &["ip", "*ip"]).value, "5");
    let union = info(engine, a, &["<anonymous union>"]);
    assert_eq!((union.expression.as_str(), union.kind), ("", VariableKind::Union));
    assert_eq!(info(engine, a, &["<anonymous union>", "u1"]).expression, "(a).u1");
    assert_eq!(info(engine, a, &["in", "c", "1"]).expression, "(((a)->in).c)[1]");
    assert_eq!(info(engine, a, &["ip", "*ip"]).expression, "*((a)->ip)");
    assert_eq!(info(engine, a, &["next", "next", "next", "x"]).value, "1");
    assert_eq!(info(engine, a, &["x"]).address, whole.points_to);

    // A page; the same variables as before.
    let page = engine.children(a, 5, 2).unwrap();
    assert_eq!([page[0].name.as_str(), page[1].name.as_str()], ["arr", "m"]);
    assert_eq!(page[0].id, named(engine, a, "arr"));
    assert_eq!((page[0].index, page[1].index), (5, 6));
    assert_eq!(engine.children(a, 14, 2).unwrap(), []);
    assert!(engine.release(a) > 14);
    assert!(engine.variable(page[0].id).is_err());
}

#[test]
fn what_cannot_be_read_says_why() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let engine = &mut debugged.engine;
    let scope = Scope::default();
    let null = engine.evaluate(&scope, "*(struct in *)0").unwrap();
    let whole = engine.variable(null).unwrap();
    assert_eq!((whole.summary.as_str(), whole.value.as_str()), ("{...}", ""));
    let member = info(engine, null, &["a"]);
    assert_eq!(member.error.as_deref(), Some("Cannot access memory at address 0x0"));
    assert_eq!((member.value.as_str(), member.ty.as_str()), ("", "int"));
    let unknown = engine.evaluate(&scope, "nosuch").unwrap_err();
    assert_eq!(unknown.to_string(), "No symbol \"nosuch\" in current context.");
    assert!(engine.evaluate(&scope, "a +").is_err());
    assert!(engine.variable(VarId(4000)).is_err());
    // Too large to be read as a whole: its elements can be read.
    let large = engine.evaluate(&scope, "*(char (*)[1000000])&gs").unwrap();
    let whole = engine.variable(large).unwrap();
    assert_eq!((whole.summary.as_str(), whole.children), ("[1000000]", 1_000_000));
    assert!(whole.error.is_some());
    let first = engine.children(large, 0, 1).unwrap()[0].id;
    assert_eq!(engine.variable(first).unwrap().value, "1 '\\001'");
}

#[test]
fn updates_tell_what_changed_and_what_is_left() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let scope = Scope::default();
    let engine = &mut debugged.engine;
    engine.evaluate(&scope, "loc").unwrap();
    debugged.next();
    debugged.next();
    let engine = &mut debugged.engine;
    let inner = engine.variables_of(&scope, Which::Locals).unwrap()[0].id;
    let outer = engine.evaluate(&Scope::of(None, 1), "argc").unwrap();
    let global = engine.evaluate(&scope, "gs.x").unwrap();
    let floating = engine.evaluate_floating("argc").unwrap_err();
    assert!(floating.to_string().contains("argc"));
    let floating = engine.evaluate_floating("n").unwrap();
    let loc = engine.evaluate(&scope, "loc").unwrap();
    let x = named(engine, loc, "x");
    engine.set_format(x, ValueFormat::ZeroHexadecimal).unwrap();
    assert_eq!(engine.update(loc).unwrap(), []);
    debugged.next();
    let engine = &mut debugged.engine;
    let changed: Vec<_> =
        engine.update(loc).unwrap().iter().map(|update| (update.id, update.change)).collect();
    assert_eq!(changed, []);
    assert_eq!(engine.variable(inner).unwrap().name, "k");
    engine.update(inner).unwrap();
    assert_eq!(engine.variable(inner).unwrap().value, "7");
    debugged.next();
    debugged.next();
    let engine = &mut debugged.engine;
    let changed: Vec<_> =
        engine.update(loc).unwrap().iter().map(|update| (update.id, update.change)).collect();
    assert_eq!(changed, [(x, Change::Value)]);
    assert_eq!(engine.variable(x).unwrap().value, "0x0000000b");
    // The inner block is left.
    let left = engine.update(inner).unwrap();
    assert_eq!((left[0].id, left[0].change), (inner, Change::OutOfScope));
    assert_eq!(engine.update(inner).unwrap(), []);
    assert!(!engine.variable(inner).unwrap().in_scope);
    // What a write changed.
    engine.set_variable(x, "twice(21)").unwrap();
    assert_eq!(engine.variable(x).unwrap().value, "0x0000002a");
    let again = engine.evaluate(&scope, "loc.x").unwrap();
    assert_eq!(engine.variable(again).unwrap().value, "42");
    assert!(engine.set_variable(loc, "5").is_err());
    debugged.run_to("program.c:29");
    let engine = &mut debugged.engine;
    assert_eq!(engine.update(loc).unwrap()[0].change, Change::OutOfScope);
    assert_eq!(engine.update(floating).unwrap()[0].change, Change::OutOfScope);
    assert_eq!(engine.update(outer).unwrap(), []);
    assert_eq!(engine.update(global).unwrap(), []);
    assert!(engine.set_variable(x, "1").is_err());
}

#[test]
fn functions_are_called_and_formats_kept() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let engine = &mut debugged.engine;
    let scope = Scope::default();
    let before = engine.stops();
    let called = engine.evaluate(&scope, "twice(n) + twice(1)").unwrap();
    assert_eq!(engine.variable(called).unwrap().value, "8");
    assert_eq!(engine.stops(), before);
    assert_eq!(engine.stack(None, 0, 1).unwrap()[0].function.as_deref(), Some("leaf"));
    let texts = [
        (ValueFormat::Natural, "10"),
        (ValueFormat::Binary, "1010"),
        (ValueFormat::Octal, "012"),
        (ValueFormat::Hexadecimal, "0xa"),
        (ValueFormat::ZeroHexadecimal, "0x0000000a"),
        (ValueFormat::Decimal, "10"),
    ];
    let ten = engine.evaluate(&scope, "n + 7").unwrap();
    for (format, text) in texts {
        engine.set_format(ten, format).unwrap();
        assert_eq!(engine.variable(ten).unwrap().value, text, "{format:?}");
    }
    assert!(!engine.variable(ten).unwrap().is_editable);
    let function = engine.evaluate(&scope, "twice").unwrap();
    let function = engine.variable(function).unwrap();
    assert_eq!((function.kind, function.children, function.thread), (VariableKind::Function, 0, None));
    engine.may_call_functions = false;
    assert!(engine.evaluate(&scope, "twice(n)").is_err());
}

#[test]
fn floating_variables_change_their_type_and_frozen_ones_wait() {
    let Some(mut debugged) = stopped_in("program.c:16") else { return };
    let engine = &mut debugged.engine;
    let scope = Scope::default();
    let floating = engine.evaluate_floating("k").unwrap();
    assert_eq!(engine.variable(floating).unwrap().ty, "int");
    debugged.run_to("program.c:19");
    let engine = &mut debugged.engine;
    let changes: Vec<_> = engine.update(floating).unwrap().iter().map(|update| update.change).collect();
    assert_eq!(changes, [Change::Type]);
    let shown = engine.variable(floating).unwrap();
    assert_eq!((shown.ty.as_str(), shown.value.as_str()), ("long", "7"));

    let loc = engine.evaluate(&scope, "loc").unwrap();
    let (x, member) = (named(engine, loc, "x"), named(engine, loc, "in"));
    engine.set_frozen(x, true).unwrap();
    debugged.run_to("program.c:22");
    let engine = &mut debugged.engine;
    assert_eq!(engine.update(loc).unwrap(), []);
    assert_eq!(engine.variable(x).unwrap().value, "1");
    let changed = engine.update(x).unwrap();
    assert_eq!((changed.len(), changed[0].id, changed[0].change), (1, x, Change::Value));
    assert_eq!(engine.variable(x).unwrap().value, "11");
    assert_eq!(engine.update(member).unwrap(), []);
    // Names are resolved anew where the symbols are others.
    engine.symbols_changed();
    assert_eq!(engine.update(loc).unwrap(), []);
    assert!(engine.variable(loc).unwrap().in_scope);
    assert_eq!(engine.release_children(loc), 14);
    assert_eq!(engine.children(loc, 0, 1).unwrap()[0].name, "x");
}

#[test]
fn a_recursive_call_has_variables_of_its_own() {
    let Some(mut debugged) = stopped_in("twice") else { return };
    let engine = &mut debugged.engine;
    let inner = engine.evaluate(&Scope::default(), "n").unwrap();
    let outer = engine.evaluate(&Scope::of(Some(1), 1), "n").unwrap();
    engine.set_variable(inner, "50").unwrap();
    assert_eq!(engine.update(outer).unwrap(), []);
    assert_eq!(engine.variable(outer).unwrap().value, "3");
    let other_function = engine.evaluate(&Scope::default(), "leaf::n").unwrap();
    assert_eq!(engine.variable(other_function).unwrap().value, "3");
}

#[test]
fn a_list_without_end_has_an_end() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let engine = &mut debugged.engine;
    // It points to itself.
    let mut at = engine.evaluate(&Scope::default(), "a").unwrap();
    let deep = (0..2000).find_map(|_| match engine.children(at, 11, 1) {
        Ok(children) => {
            assert_eq!(children[0].name, "next");
            at = children[0].id;
            None
        }
        Err(error) => Some(error),
    });
    assert_eq!(deep.unwrap().to_string(), "variables are nested more than 1000 deep");
    let last = engine.variable(at).unwrap();
    assert_eq!(last.expression.matches("->next").count(), 1000);
    assert_eq!(engine.update(at).unwrap(), []);
}
