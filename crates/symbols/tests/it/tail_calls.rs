//! Tail calls: read from nothing but the entries of a function, and from its whole unit, which must be the same.

use crate::fixture::{Fixture, entry};
use kdive_symbols::{CallTarget, Function, ModuleSet, TailCall};

/// Asserts that both ways give the same; returns it, and whether there were two ways: a function that is inlined elsewhere
/// has only one.
pub fn both_ways(set: &ModuleSet, function: &Function) -> (Vec<TailCall>, bool) {
    let light = set.tail_calls_from(function.entry()).unwrap();
    assert_eq!(light.is_contiguous(), function.ranges().len() == 1, "{function:?}");
    let two = format!("{light:?}").contains("outline");
    let (light, full): (Vec<_>, Vec<_>) = (light.collect(), function.tail_calls().collect());
    assert_eq!(light, full, "{function:?}");
    (full, two)
}

#[test]
fn of_a_program() {
    for flags in [["-O2", "-gdwarf-5"], ["-O2", "-gdwarf-4"], ["-O2", "-gdwarf-3"], ["-O0", "-gdwarf-5"]] {
        let Some(fixture) = Fixture::with_tail_calls(&flags) else { return };
        let set = fixture.set();
        let calls = |name: &str| {
            let function = set.functions_named(name).remove(0);
            let (calls, two) = both_ways(&set, &function);
            assert!(two || name != "computed", "{function:?}");
            calls.into_iter().map(|call| call.target).collect::<Vec<_>>()
        };
        let named = |name: &str| Some(CallTarget::Name(name.into()));
        let at = |name: &str| Some(CallTarget::Entry(entry(&set, name)));
        if flags[0] == "-O0" {
            assert!(calls("direct").is_empty() && calls("chosen").is_empty());
            continue;
        }
        assert_eq!(calls("direct"), [named("elsewhere")], "{flags:?}");
        assert_eq!(calls("own"), [at("local")], "{flags:?}");
        assert_eq!(calls("computed"), [None], "{flags:?}");
        assert_eq!(calls("local"), [], "{flags:?}");
        let through = calls("through_inlined");
        assert!(through.contains(&named("elsewhere")) && through.contains(&at("local")), "{through:?}");
        assert!(!calls("chosen").is_empty());
        let split = set.functions_named("split").remove(0);
        assert_eq!(split.ranges().len(), 2, "{flags:?}");
        both_ways(&set, &split);
        assert!(set.tail_calls_from(entry(&set, "direct").offset(1)).is_none());
    }
}
