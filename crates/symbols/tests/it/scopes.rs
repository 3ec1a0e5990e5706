//! Functions, their blocks and inlined calls, and what is visible in them.

use crate::fixture::{Fixture, entry, line_of, text};
use kdive_base::VirtAddr;
use kdive_symbols::{FrameScope, ModuleSet, Scope, Tag, Variable, VariableKind};

fn names(variables: &[Variable]) -> Vec<&str> {
    variables.iter().map(Variable::name).collect()
}

/// A scope at the first statement of a line.
fn at_line(set: &ModuleSet, file: &str, text: &str) -> Scope {
    let line = line_of(file, text);
    let start = crate::fixture::text(set)
        .map(VirtAddr)
        .find(|&addr| {
            set.line_at(addr, false).is_some_and(|found| found.line == line && &*found.file.name == file)
        })
        .unwrap_or_else(|| panic!("no code for {file}:{line}"));
    set.scope_at(start).unwrap()
}

#[test]
fn functions_and_their_extent() {
    for flags in [["-O0", "-gdwarf-5"], ["-O2", "-gdwarf-4"]] {
        let Some(fixture) = Fixture::program(&flags) else { return };
        let set = fixture.set();
        let area = &set.functions_named("area")[0];
        let symbol = &set.symbols_named("area")[0];
        assert_eq!((area.entry(), area.is_external()), (symbol.addr, true));
        assert_eq!(area.ranges()[0].len(), symbol.size, "{flags:?}");
        assert_eq!(area.decl_line(), line_of("shapes.c", "int area("));
        assert_eq!(&*area.decl_file().unwrap().name, "shapes.c");
        assert!(area.contains(area.entry()) && !area.contains(area.ranges()[0].end));
        assert_eq!(set.function_at(area.entry().offset(1)).unwrap(), *area);
        assert!(set.function_at(VirtAddr(1)).is_none());
        assert!(!set.functions_named("print_one")[0].is_external());
        let unit = area.unit();
        assert_eq!((unit.name.as_deref(), unit.language), (Some("shapes.c"), "c"));
        assert_eq!(unit.dwarf_version, flags[1].bytes().last().map(|digit| u16::from(digit - b'0')).unwrap());
        let (name, bounds) = set.function_bounds(area.entry().offset(2)).unwrap();
        assert_eq!((&*name, bounds.start, bounds.len()), ("area", area.entry(), symbol.size));
    }
}

#[test]
fn noreturn_is_known() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    assert!(set.functions_named("fail")[0].is_noreturn());
    assert!(!set.functions_named("area")[0].is_noreturn());
}

#[test]
fn blocks_inside_out() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let scope = at_line(&set, "shapes.c", "sum += shape->matrix");
    let frames = scope.frames();
    let [frame] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!((frame.name(), frame.is_inlined()), ("area", false));
    assert_eq!(names(&frame.params()), ["shape", "factor"]);
    let locals: Vec<Vec<String>> =
        frame.locals().iter().map(|block| names(block).iter().map(ToString::to_string).collect()).collect();
    assert_eq!(locals, [vec!["column"], vec!["sum"], vec!["row"], vec!["total"]]);
    assert_eq!(frame.variable("factor").unwrap().kind(), VariableKind::Param);
    assert_eq!(frame.variable("sum").unwrap().decl_line(), line_of("shapes.c", "int sum = 0"));
    // Not yet, or no longer, visible elsewhere.
    let outside = at_line(&set, "shapes.c", "return total + twice");
    assert!(outside.frames()[0].variable("sum").is_none());
    assert_eq!(outside.frames()[0].label("out"), Some(outside.pc()));
}

#[test]
fn static_locals() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let counters = set.functions_named("counter");
    let calls: Vec<Variable> = counters
        .iter()
        .map(|function| set.scope_at(function.entry()).unwrap().frames()[0].variable("calls").unwrap())
        .collect();
    assert_eq!(calls[0].kind(), VariableKind::LocalStatic);
    assert_eq!(calls[0].ty().declaration("calls"), "int calls");
    assert_eq!(calls[1].ty().declaration("calls"), "long calls");
    assert_ne!(calls[0].static_address(), calls[1].static_address());
    assert!(set.symbols_named("calls.0").iter().any(|symbol| Some(symbol.addr) == calls[0].static_address()));
}

#[test]
fn types_declared_in_a_function() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let frame = &set.scope_at(entry(&set, "other_area")).unwrap().frames()[0];
    assert_eq!(frame.local_type(Tag::Struct, "local_pair").unwrap().size(), Some(8));
    assert!(frame.local_type(Tag::Union, "local_pair").is_none());
    let (ty, value) = frame.local_enumerator("LOCAL_TWO").unwrap();
    assert_eq!((ty.name(), value), (Some("local_enum"), 12));
    assert!(set.ty(Tag::Struct, "local_pair", None).is_none(), "not visible outside");
}

/// `area` inlines `weighted`, which inlines `scaled`.
#[test]
fn chains_of_inlined_calls() {
    for level in ["-O0", "-O2"] {
        let Some(fixture) = Fixture::program(&[level, "-g"]) else { return };
        let set = fixture.set();
        let mut found = None;
        for addr in text(&set) {
            let Some(scope) = set.scope_at(VirtAddr(addr)) else { continue };
            let frames = scope.frames();
            let (last, inlined) = frames.split_last().unwrap();
            assert!(!last.is_inlined() && inlined.iter().all(FrameScope::is_inlined));
            assert!(last.call_site_line().is_none());
            if scope.function().name() == "area" && frames[0].name() == "scaled" {
                found = Some(frames);
            }
        }
        let frames = found.unwrap();
        let chain: Vec<(&str, Option<u32>)> =
            frames.iter().map(|frame| (frame.name(), frame.call_site_line().map(|(_, line)| line))).collect();
        let (inner, outer) =
            (line_of("shapes.h", "heavier = scaled"), line_of("shapes.c", "total += weighted"));
        assert_eq!(chain, [("scaled", Some(inner)), ("weighted", Some(outer)), ("area", None)]);
        let params = frames[0].params();
        assert!(names(&params).contains(&"value") && names(&params).contains(&"factor") && params.len() == 2);
        assert!(frames[1].variable("heavier").is_some() && frames[0].variable("heavier").is_none());
        assert_eq!(frames[0].ty().declaration("scaled"), "int scaled(int, int)");
        assert!(frames[0].call_site_line().unwrap().0.name.ends_with("shapes.h"));
    }
}

#[test]
fn how_many_inlined_calls_begin_at_an_address() {
    let Some(fixture) = Fixture::program(&["-O2", "-g"]) else { return };
    let set = fixture.set();
    let mut beginnings = 0;
    for scope in text(&set).filter_map(|addr| set.scope_at(VirtAddr(addr))) {
        let frames = scope.frames();
        let starting = scope.inline_frames_starting_here();
        assert!(starting < frames.len());
        for frame in &frames[..starting] {
            assert!(frame.is_inlined() && frame.starts_here());
            beginnings += 1;
        }
    }
    assert!(beginnings > 0);
    assert_eq!(
        set.scope_at(entry(&set, "area")).unwrap().frames().last().unwrap().entry(),
        entry(&set, "area")
    );
}

#[test]
fn calls_and_their_arguments() {
    let Some(fixture) = Fixture::program(&["-O2", "-g"]) else { return };
    let set = fixture.set();
    let print_one = &set.functions_named("print_one")[0];
    let sites: Vec<_> = text(&set).filter_map(|addr| print_one.call_site(VirtAddr(addr))).collect();
    let to_area = sites.iter().find(|site| site.callee.as_deref() == Some("area")).unwrap();
    assert_eq!(to_area.target, Some(entry(&set, "area")));
    assert!(!to_area.tail_call);
    assert!(print_one.call_site(VirtAddr(0)).is_none());
    // visit(&shapes, print_one, &sum): a constant argument can be computed without a frame.
    let main = &set.functions_named("main")[0];
    let visit = text(&set)
        .filter_map(|addr| main.call_site(VirtAddr(addr)))
        .find(|site| site.callee.as_deref() == Some("visit"));
    // The compiler may have inlined it.
    if let Some(visit) = visit {
        assert!(visit.params.iter().any(|param| param.what == kdive_symbols::EntryValue::Register(5)));
    }
}
