//! Locations: where a breakpoint on a function or a line goes.

use crate::fixture::{Fixture, entry, line_of};
use kdive_base::VirtAddr;
use kdive_symbols::{LinespecDefaults, LinespecMode, ModuleSet, Sal, SourceName};

fn resolve(set: &ModuleSet, text: &str) -> Result<Vec<Sal>, String> {
    resolve_with(set, text, LinespecMode::Breakpoint, &LinespecDefaults::default())
}

fn resolve_with(
    set: &ModuleSet,
    text: &str,
    mode: LinespecMode,
    defaults: &LinespecDefaults,
) -> Result<Vec<Sal>, String> {
    let spec = set.parse_linespec(text).map_err(|error| error.to_string())?;
    set.resolve(&spec, mode, defaults, set.image()).map_err(|error| error.to_string())
}

fn one(set: &ModuleSet, text: &str) -> (VirtAddr, String, u32) {
    let sals = resolve(set, text).unwrap();
    let [sal] = &sals[..] else { panic!("{text}: {sals:?}") };
    (sal.pc.unwrap(), sal.file.as_ref().unwrap().name.to_string(), sal.line)
}

#[test]
fn unoptimised_functions_stop_behind_the_prologue() {
    for flags in [&["-O0", "-g", "-fcf-protection=none"][..], &["-O0", "-g", "-fcf-protection=full"]] {
        let Some(fixture) = Fixture::program(flags) else { return };
        let set = fixture.set();
        let (pc, file, line) = one(&set, "area");
        assert!(pc > entry(&set, "area"), "{flags:?}");
        assert_eq!((file.as_str(), line), ("shapes.c", line_of("shapes.c", "int total = 0")));
        assert!(set.is_line_start(pc));
        // The opening line of the function means the same place.
        assert_eq!(one(&set, &format!("shapes.c:{}", line_of("shapes.c", "int area("))), (pc, file, line));
    }
}

#[test]
fn a_prologue_that_is_not_mapped_is_read_from_the_file() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let spec = set.parse_linespec("area").unwrap();
    let nothing = kdive_base::SparseMemory::new();
    let sals = set.resolve(&spec, LinespecMode::Breakpoint, &LinespecDefaults::default(), &nothing).unwrap();
    assert_eq!(sals[0].pc, Some(one(&set, "area").0));
}

#[test]
fn optimised_functions_stop_at_their_entry() {
    let Some(fixture) = Fixture::program(&["-O2", "-g"]) else { return };
    let set = fixture.set();
    let (pc, _, line) = one(&set, "area");
    assert_eq!((pc, line), (entry(&set, "area"), set.line_at(pc, false).unwrap().line));
}

#[test]
fn a_name_in_several_units_is_several_places() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let all = resolve(&set, "counter").unwrap();
    let files: Vec<&str> = all.iter().map(|sal| &*sal.file.as_ref().unwrap().name).collect();
    assert_eq!(files, ["shapes.c", "other.c"]);
    assert!(all.is_sorted_by_key(|sal| sal.pc));
    assert_eq!(one(&set, "other.c:counter").0, all[1].pc.unwrap());
    assert_eq!(one(&set, "-source other.c -function counter").0, all[1].pc.unwrap());
}

#[test]
fn inlined_calls_are_places_of_their_function() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let places = resolve(&set, "scaled").unwrap();
    assert!(places.len() >= 2, "{places:?}");
    for sal in &places {
        assert!(sal.inlined);
        assert_eq!(sal.function_name.as_deref(), Some("scaled"));
        let frames = set.scope_at(sal.pc.unwrap()).unwrap().frames();
        assert!(frames.iter().any(|frame| frame.name() == "scaled" && frame.entry() == sal.pc.unwrap()));
    }
    let functions: Vec<&str> = places.iter().map(|sal| sal.function.as_ref().unwrap().name()).collect();
    assert!(functions.contains(&"area") && functions.contains(&"other_area"), "{functions:?}");
}

#[test]
fn lines_without_code_mean_the_next_one_with() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let comment = line_of("shapes.c", "int result = 0") + 1;
    let (_, _, line) = one(&set, &format!("shapes.c:{comment}"));
    assert_eq!(line, comment + 1);
    assert_eq!(one(&set, &format!("-source shapes.c -line {comment}")).2, comment + 1);
}

#[test]
fn the_default_file_and_line() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let line = line_of("other.c", "tagged.c = ");
    let file = Some(SourceName { name: "other.c".into(), comp_dir: None });
    let defaults = LinespecDefaults { file, line: line - 2, pc: None };
    let at = |text: &str| resolve_with(&set, text, LinespecMode::Breakpoint, &defaults).unwrap()[0].line;
    assert_eq!((at(&line.to_string()), at("+2")), (line, line));
    // Without one it is the file of main.
    assert_eq!(&*resolve(&set, "20").unwrap()[0].file.as_ref().unwrap().name, "shapes.c");
}

#[test]
fn labels() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let line = line_of("shapes.c", "out:");
    assert_eq!(one(&set, "area:out").2, line);
    assert_eq!(one(&set, "shapes.c:area:out").2, line);
    assert_eq!(one(&set, "-function area -label out").2, line);
    // In the function at hand the label alone is enough.
    let defaults = LinespecDefaults { pc: Some(entry(&set, "area")), ..LinespecDefaults::default() };
    assert_eq!(resolve_with(&set, "out", LinespecMode::Breakpoint, &defaults).unwrap()[0].line, line);
}

#[test]
fn gdb_words_for_what_is_not_there() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let error = |text: &str| resolve(&set, text).unwrap_err();
    assert_eq!(error("nothing"), "Function \"nothing\" not defined.");
    assert_eq!(error("shapes.c:nothing"), "Function \"nothing\" not defined in \"shapes.c\".");
    assert_eq!(error("nothing.c:5"), "No source file named nothing.c.");
    assert_eq!(error("nothing:label"), "No source file named nothing.");
    assert_eq!(error("area:nothing"), "No label \"nothing\" defined in function \"area\".");
    assert_eq!(error("shapes.c:9999"), "No line 9999 in file \"shapes.c\".");
    assert_eq!(error("9999"), "No line 9999 in the current file.");
    let empty = ModuleSet::new();
    assert_eq!(resolve(&empty, "area").unwrap_err(), "No symbol table is loaded.  Use the \"file\" command.");
}

#[test]
fn without_debug_information_symbols_still_work() {
    let Some(fixture) = Fixture::program(&["-O0"]) else { return };
    let set = fixture.set();
    assert!(!fixture.open().has_debug_info());
    let sals = resolve(&set, "area").unwrap();
    let symbol = &set.symbols_named("area")[0];
    assert_eq!((sals.len(), sals[0].line, sals[0].function_name.as_deref()), (1, 0, Some("area")));
    // After `push %rbp; mov %rsp,%rbp`.
    assert!((symbol.addr..symbol.addr.offset(12)).contains(&sals[0].pc.unwrap()));
    assert_eq!(set.function_bounds(symbol.addr).unwrap().1.len(), symbol.size);
    assert_eq!(
        resolve(&set, "shapes.c:5").unwrap_err(),
        "No symbol table is loaded.  Use the \"file\" command."
    );
    assert!(set.variable("shared_counter", None).is_none() && set.scope_at(symbol.addr).is_none());
}

#[test]
fn listing_a_line_is_not_breaking_at_it() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let list =
        |text: &str| resolve_with(&set, text, LinespecMode::List, &LinespecDefaults::default()).unwrap();
    let sals = list("shapes.c:3");
    assert_eq!((sals.len(), sals[0].pc, sals[0].line), (1, None, 3));
    assert_eq!(list("area")[0].pc, Some(entry(&set, "area")));
    let file = sals[0].file.clone().unwrap();
    // A line without code begins and ends where the next one begins.
    let code = line_of("shapes.c", "int total = 0");
    let [(start, end)] = set.line_ranges(&file, code)[..] else { panic!("one place") };
    assert!(start < end);
    assert!(matches!(set.line_ranges(&file, code + 1)[..], [(start, end)] if start == end));
    assert_eq!(set.line_ranges(&file, 9999), []);
    assert!(set.last_line(&file).unwrap() <= line_of("shapes.c", "return sum + hidden") + 1);
}

#[test]
fn a_name_that_is_the_end_of_another() {
    let Some(fixture) = Fixture::object(&["-O1", "-g"], "namesakes.c") else { return };
    let set = fixture.set();
    let sals =
        resolve_with(&set, "core/ptrace.c:5", LinespecMode::List, &LinespecDefaults::default()).unwrap();
    let mut found: Vec<(String, Vec<VirtAddr>)> = sals
        .iter()
        .map(|sal| {
            let file = sal.file.clone().unwrap();
            let starts = set.line_ranges(&file, sal.line).into_iter().map(|(start, _)| start).collect();
            (file.name.to_string(), starts)
        })
        .collect();
    found.sort();
    let expected = [("arch/core/ptrace.c", "of_the_arch"), ("core/ptrace.c", "of_the_core")];
    assert_eq!(found, expected.map(|(file, function)| (file.to_owned(), vec![entry(&set, function)])));
}
