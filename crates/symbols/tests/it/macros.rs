//! Macros of the C preprocessor, in every form compilers write them.

use crate::fixture::{Fixture, entry, set_of, sources};
use kdive_symbols::{DefinedMacro, MacroScope, ObjectFile, OpenOptions, SourceName};

/// DWARF 5's form, GNU's for DWARF 4, and `.debug_macinfo`.
const FORMS: [&[&str]; 4] = [
    &["-g3", "-gdwarf-5"],
    &["-g3", "-gdwarf-4"],
    &["-g3", "-gdwarf-4", "-gstrict-dwarf"],
    &["-g3", "-gdwarf-3", "-gstrict-dwarf"],
];

fn program(flags: &[&str]) -> Option<Fixture> {
    Fixture::with_macros(&[&["-O0", "-DOPTION=7"], flags].concat())
}

/// What a macro stands for, and the places of its definition without the directory.
fn definition(found: Option<DefinedMacro>) -> Option<(String, Vec<String>)> {
    let found = found?;
    let prefix = format!("{}/", sources().display());
    let place = |(path, line): &(std::sync::Arc<str>, i64)| {
        format!("{}:{line}", path.strip_prefix(&prefix).unwrap_or(path))
    };
    Some((found.rest.clone(), found.places.iter().map(place).collect()))
}

fn check(scope: &MacroScope, name: &str, expected: Option<(&str, &[&str])>) {
    let expected = expected
        .map(|(rest, places)| (rest.to_owned(), places.iter().map(|place| (*place).to_owned()).collect()));
    assert_eq!(definition(scope.find(name)), expected, "{name} in {scope:?}");
}

#[test]
fn a_macro_holds_from_its_definition_to_its_end() {
    for flags in FORMS {
        let Some(program) = program(flags) else { return };
        let set = program.set();
        assert!(set.has_macros(), "{flags:?}");
        let at = |name| set.macros_at(entry(&set, name)).unwrap();
        let (first, second, main) = (at("first"), at("second"), at("main"));
        check(&first, "LIMIT", Some((" 1", &["macros.c:2"])));
        check(&first, "IN_HEADER", None);
        check(&second, "LIMIT", Some((" 2", &["macros.h:2", "macros.c:10"])));
        check(&second, "IN_HEADER", Some((" 1", &["macros.h:1", "macros.c:10"])));
        check(&main, "LIMIT", Some((" 3", &["macros.c:17"])));
        check(&main, "IN_HEADER", None);
        check(&main, "OPTION", Some((" 7", &["macros.c:0"])));
        check(&main, "ADD", Some(("(a,b) ((a) + (b))", &["macros.c:3"])));
        check(&main, "REST", Some(("(fmt,rest...) call(fmt, ## rest)", &["macros.c:4"])));
        check(&main, "LIMI", None);
        check(&main, "__LINE__", Some((" 20", &["macros.c:-1"])));
        assert_eq!(main.find("EMPTY").unwrap().rest.trim(), "");
        assert!(main.find("__FILE__").unwrap().rest.ends_with("macros.c\""));
        let all = main.all("LIMIT").into_iter().map(|found| found.rest);
        assert_eq!(all.collect::<Vec<_>>(), [" 1", " 2", " 3"], "{flags:?}");
    }
}

#[test]
fn macros_that_hold_are_listed_by_name() {
    let Some(program) = program(FORMS[0]) else { return };
    let set = program.set();
    let scope = set.macros_at(entry(&set, "second")).unwrap();
    let holding = scope.holding();
    assert!(holding.is_sorted_by(|a, b| a.name < b.name));
    let limits = holding.iter().filter(|found| found.name == "LIMIT").map(|found| found.rest.as_str());
    assert_eq!(limits.collect::<Vec<_>>(), [" 2"]);
    assert!(holding.iter().any(|found| found.name == "__FILE__"));
    assert_eq!(scope.names("IN_"), ["IN_HEADER"]);
    assert_eq!(scope.names("EMPT"), [""; 0]);
}

#[test]
fn a_line_without_an_address_has_macros() {
    let Some(program) = program(FORMS[0]) else { return };
    let set = program.set();
    let main = entry(&set, "main");
    let file: SourceName = set.line_at(main, false).unwrap().file;
    let limit = |line| set.macros_at_line(&file, line, main).unwrap().find("LIMIT").map(|found| found.rest);
    assert_eq!([1, 2, 9, 16, 17].map(limit), [None, Some(" 1".into()), None, None, Some(" 3".into())]);
    // The first code of the unit.
    let start = set.macros_at_start_of_unit(main).unwrap();
    check(&start, "LIMIT", Some((" 1", &["macros.c:2"])));
}

#[test]
fn what_options_include_is_told_apart() {
    let flags = ["-g3", "-include", "macros.h", "-include", "macros.h"];
    let Some(program) = program(&flags) else { return };
    let set = program.set();
    let scope = set.macros_at(entry(&set, "first")).unwrap();
    // The second is not on line 0 as the first is: gdb counts on.
    check(&scope, "IN_HEADER", Some((" 1", &["./macros.h:1", "macros.c:2"])));
}

#[test]
fn macros_of_split_debug_information_are_read() {
    let Some(program) = program(&["-g3", "-gsplit-dwarf"]) else { return };
    let options = OpenOptions { debug_directories: Some(Vec::new()), ..OpenOptions::default() };
    let set = set_of(ObjectFile::open(&program.path, &options).unwrap());
    let scope = set.macros_at_start_of_unit(entry(&set, "main")).unwrap();
    check(&scope, "LIMIT", Some((" 1", &["macros.c:2"])));
    check(&scope, "ADD", Some(("(a,b) ((a) + (b))", &["macros.c:3"])));
}

#[test]
fn a_file_without_macros_has_none() {
    let Some(program) = program(&["-g"]) else { return };
    let set = program.set();
    assert!(!set.has_macros());
    assert!(set.macros_at(entry(&set, "main")).is_none());
}
