//! Names: which there are, and which of several is meant.

use crate::fixture::{Fixture, entry};
use kdive_base::Interrupt;
use kdive_symbols::{Completion, ListingKind, SymbolKind, Tag, VariableKind};
use kdive_types::Kind;

const VARIANTS: [&[&str]; 5] = [
    &["-O0", "-gdwarf-5"],
    &["-O2", "-gdwarf-4"],
    &["-O0", "-gdwarf-3", "-gstrict-dwarf"],
    &["-O2", "-gdwarf-4", "-fdebug-types-section"],
    &["-O2", "-gdwarf-5", "-fdebug-types-section"],
];

#[test]
fn variables_of_all_dwarf_versions() {
    for flags in VARIANTS {
        let Some(fixture) = Fixture::program(flags) else { return };
        let set = fixture.set();
        let shared = set.variable("shared_counter", None).unwrap();
        assert_eq!(shared.kind(), VariableKind::Global, "{flags:?}");
        assert_eq!(shared.static_address(), Some(set.symbols_named("shared_counter")[0].addr));
        assert_eq!(shared.ty().declaration("shared_counter"), "int shared_counter");
        assert_eq!(
            shared.describe(None),
            format!("static storage at address {}", shared.static_address().unwrap())
        );
        assert_eq!(set.variable("first_shape", None).unwrap().ty().declaration(""), "struct shape *");
        assert!(set.variable("nothing", None).is_none());
    }
}

#[test]
fn a_static_of_the_unit_at_hand_comes_first() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let (main, other) = (entry(&set, "main"), entry(&set, "other_area"));
    let in_main = set.variable("hidden", Some(main)).unwrap();
    let in_other = set.variable("hidden", Some(other)).unwrap();
    assert_eq!(in_main.ty().declaration(""), "struct opaque");
    assert_eq!(in_other.ty().declaration(""), "int");
    assert_eq!((in_main.kind(), in_other.kind()), (VariableKind::FileStatic, VariableKind::FileStatic));
    // Without a place to look from it is the first unit's.
    assert_eq!(set.variable("hidden", None), Some(in_main));
    assert_eq!(set.variable_in_file("other.c", "hidden"), Some(in_other));
    let counters = set.functions_named("counter");
    assert_eq!(counters.len(), 2);
    assert_eq!(set.function("counter", Some(other)).unwrap(), counters[1]);
    assert_eq!(set.function_in_file("other.c", "counter").unwrap(), counters[1]);
}

#[test]
fn types_by_name() {
    for flags in VARIANTS {
        let Some(fixture) = Fixture::program(flags) else { return };
        let set = fixture.set();
        assert_eq!(set.ty(Tag::Struct, "shape", None).unwrap().size(), Some(144), "{flags:?}");
        assert_eq!(set.ty(Tag::Union, "word", None).unwrap().size(), Some(4));
        assert_eq!(set.ty(Tag::Typedef, "u32", None).unwrap().strip().name(), Some("unsigned int"));
        assert_eq!(set.ty(Tag::Typedef, "char", None).unwrap().size(), Some(1));
        assert!(set.ty(Tag::Union, "shape", None).is_none());
        assert!(set.ty(Tag::Struct, "local_tag", None).is_some());
    }
}

#[test]
fn enumerators_are_names_too() {
    let Some(fixture) = Fixture::program(&["-O2", "-g"]) else { return };
    let set = fixture.set();
    for (name, tag, value) in [
        ("GREEN", "colour", 5),
        ("BLUE", "colour", 6),
        ("MODE_BOTH", "mode", 3),
        ("COLD", "temperature", -40),
    ] {
        let (ty, found) = set.enumerator(name, None).unwrap();
        assert_eq!((ty.name(), found), (Some(tag), value));
    }
    assert!(set.enumerator("PURPLE", None).is_none());
}

#[test]
fn a_declared_struct_is_completed_by_name() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    // other.c only declares `struct opaque`; shapes.c defines it.
    let shape = set.ty(Tag::Struct, "shape", Some(entry(&set, "other_area"))).unwrap();
    let Kind::Composite(body) = shape.kind() else { panic!("{shape:?}") };
    let hidden = body.members().iter().find(|member| member.name.as_deref() == Some("hidden")).unwrap();
    let pointer = hidden.ty.get();
    let Kind::Pointer(target) = pointer.kind() else { panic!("{pointer:?}") };
    assert_eq!(target.get().size(), None);
    assert_eq!(set.complete(&target.get()).size(), Some(8));
}

#[test]
fn elf_symbols_by_name_and_address() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let [area] = &set.symbols_named("area")[..] else { panic!() };
    assert_eq!((area.kind, area.section.as_deref()), (SymbolKind::Text, Some(".text")));
    let inside = set.symbol_at(area.addr.offset(area.size - 1)).unwrap();
    assert_eq!((&*inside.name, inside.addr), ("area", area.addr));
    assert_eq!(set.symbolic(area.addr.offset(4), false), Some(("area".into(), 4)));
    let kinds: Vec<SymbolKind> = set.symbols_named("counter").iter().map(|symbol| symbol.kind).collect();
    assert_eq!(kinds, [SymbolKind::FileText, SymbolKind::FileText]);
    assert!(set.symbols_named("nothing").is_empty());
    assert!(set.symbol_at(kdive_base::VirtAddr(u64::MAX)).is_none());
}

#[test]
fn completion() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    assert_eq!(set.complete_name(Completion::Tag(Tag::Struct), "s", 10), ["shape"]);
    assert_eq!(set.complete_name(Completion::Tag(Tag::Enum), "", 10), ["colour", "mode", "temperature"]);
    assert_eq!(set.complete_name(Completion::Expression, "shared_", 10), ["shared_counter"]);
    assert_eq!(set.complete_name(Completion::Expression, "MODE_", 2), ["MODE_BOTH", "MODE_READ"]);
    assert_eq!(set.complete_name(Completion::Location, "shapes.", 10), ["shapes.c", "shapes.h"]);
    assert_eq!(set.complete_name(Completion::Location, "are", 10), ["area"]);
    assert_eq!(set.complete_name(Completion::File, "oth", 10), ["other.c"]);
}

#[test]
fn names_near_one_that_does_not_exist() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    assert_eq!(set.nearest_name(Completion::Tag(Tag::Struct), "shaep"), ["shape"]);
    assert_eq!(set.nearest_name(Completion::Expression, "shared_countre"), ["shared_counter"]);
    assert_eq!(set.nearest_name(Completion::Location, "shapse.c"), ["shapes.c"]);
    assert_eq!(set.nearest_name(Completion::File, "ohter.c"), ["other.c"]);
    assert!(set.nearest_name(Completion::Tag(Tag::Enum), "frobnicate").is_empty());
}

#[test]
fn listings_are_sorted_as_gdb_sorts_them() {
    // DWARF 5 would name the header by an absolute path.
    let Some(fixture) = Fixture::program(&["-O0", "-gdwarf-4"]) else { return };
    let set = fixture.set();
    let interrupt = Interrupt::new();
    let list = |kind, pattern: &str| {
        let regex = regex::Regex::new(pattern).unwrap();
        let found = set.listing(kind, Some(&regex), true, &interrupt);
        let names: Vec<String> = found
            .files
            .iter()
            .flat_map(|file| {
                let of_file = file.file.clone().unwrap();
                file.symbols.iter().map(move |symbol| {
                    format!(
                        "{of_file}:{} {}{}",
                        symbol.line,
                        if symbol.is_static { "static " } else { "" },
                        symbol.name
                    )
                })
            })
            .collect();
        (names, found.non_debugging.iter().map(|symbol| symbol.name.to_string()).collect::<Vec<_>>())
    };
    let line = crate::fixture::line_of;
    let (functions, _) = list(ListingKind::Functions, "^(area|main|counter|clamp)$");
    assert_eq!(
        functions,
        [
            format!("other.c:{} static counter", line("other.c", "counter(void)")),
            format!("shapes.c:{} area", line("shapes.c", "int area(")),
            format!("shapes.c:{} main", line("shapes.c", "int main(")),
            format!("shapes.c:{} static counter", line("shapes.c", "counter(void)")),
            format!("shapes.h:{} static clamp", line("shapes.h", "clamp(int value")),
        ]
    );
    let (variables, _) = list(ListingKind::Variables, "^(hidden|shared_counter|limits)$");
    assert_eq!(
        variables,
        [
            format!("other.c:{} static hidden", line("other.c", "int hidden")),
            format!("shapes.c:{} shared_counter", line("shapes.c", "int shared_counter")),
            format!("shapes.c:{} static hidden", line("shapes.c", "struct opaque hidden")),
            format!("shapes.c:{} static limits", line("shapes.c", "limits[]")),
        ]
    );
    let (types, _) = list(ListingKind::Types, "^(word|opaque|u32)$");
    assert_eq!(
        types,
        [
            format!("shapes.c:{} static opaque", line("shapes.c", "struct opaque {")),
            format!("shapes.h:{} static u32", line("shapes.h", "u32;")),
            format!("shapes.h:{} static word", line("shapes.h", "union word {")),
        ]
    );
    let (_, without) = list(ListingKind::Functions, "^_start$");
    assert_eq!(without, ["_start"]);
    assert!(
        list(ListingKind::Functions, "^area$").1.is_empty(),
        "what has debug information is not listed again"
    );
}

#[test]
fn files() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let lists = set.sources(&Interrupt::new());
    assert_eq!((lists.len(), lists[0].units, &lists[0].of), (1, 2, &fixture.path));
    for file in ["/shapes.c", "/other.c"] {
        assert_eq!(
            lists[0].paths.iter().filter(|path| path.ends_with(file)).count(),
            1,
            "{file} in {lists:?}"
        );
    }
    assert!(lists[0].paths[0].ends_with("/shapes.c"), "main is there: {lists:?}");
    assert!(set.has_file("shapes.h") && !set.has_file("apes.h"));
    let (main, line) = set.default_file().unwrap();
    assert_eq!((&*main.name, line), ("shapes.c", crate::fixture::line_of("shapes.c", "int main(") + 1));
}
