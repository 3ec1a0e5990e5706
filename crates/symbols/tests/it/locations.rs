//! Where values are: locations evaluated in a made-up frame, and described in gdb's words.

use crate::fixture::{Fixture, entry, line_of, text};
use kdive_base::{ReadMemory, SparseMemory, VirtAddr};
use kdive_symbols::{EntryValue, EvalContext, LocationError, ModuleSet, Storage, Variable};
use std::collections::HashMap;

/// A frame with given registers.
#[derive(Default)]
struct Frame {
    registers: HashMap<u16, u64>,
    cfa: u64,
    memory: SparseMemory,
    entry_values: HashMap<u16, u64>,
}

impl EvalContext for Frame {
    fn memory(&self) -> &dyn ReadMemory {
        &self.memory
    }

    fn register(&self, number: u16) -> Result<u64, LocationError> {
        self.registers.get(&number).copied().ok_or(LocationError::RegisterNotSaved(number))
    }

    fn cfa(&self) -> Result<u64, LocationError> {
        Ok(self.cfa)
    }

    fn entry_value(&self, what: EntryValue) -> Result<u64, LocationError> {
        match what {
            EntryValue::Register(number) => {
                self.entry_values.get(&number).copied().ok_or(LocationError::NoEntryValue)
            }
            EntryValue::Memory { .. } => Err(LocationError::NoEntryValue),
        }
    }
}

fn local(set: &ModuleSet, function: &str, name: &str) -> Variable {
    set.scope_at(entry(set, function)).unwrap().frames().last().unwrap().variable(name).unwrap()
}

#[test]
fn static_storage_needs_no_frame() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let variable = set.variable("limits", None).unwrap();
    assert!(!variable.needs_frame() && variable.live_ranges().is_none());
    let addr = variable.static_address().unwrap();
    let located = variable.locate(None, &Frame::default()).unwrap();
    assert_eq!(located.single(), Some(&Storage::Memory(addr)));
    // And the file itself holds the initial value.
    assert_eq!(set.image().read_uint(addr.offset(4), 4), Ok(20));
}

#[test]
fn a_frame_base_relative_local() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let factor = local(&set, "area", "factor");
    assert!(factor.needs_frame());
    let frame = Frame { cfa: 0x7000, ..Frame::default() };
    let Ok(located) = factor.locate(Some(entry(&set, "area")), &frame) else { panic!() };
    let Some(Storage::Memory(addr)) = located.single() else { panic!("{located:?}") };
    assert!((0x6f00..0x7000).contains(&addr.0), "{addr} is in the frame");
    assert!(factor.describe(None).starts_with("a complex DWARF expression:\n     0: DW_OP_fbreg -"));
}

#[test]
fn a_parameter_in_a_register_and_after() {
    if !cfg!(target_arch = "x86_64") {
        return;
    }
    let Some(fixture) = Fixture::program(&["-O2", "-g"]) else { return };
    let set = fixture.set();
    let start = entry(&set, "area");
    let shape = local(&set, "area", "shape");
    let frame = Frame { cfa: 0x7000, ..Frame::default() };
    assert_eq!(shape.locate(Some(start), &frame).unwrap().single(), Some(&Storage::Register(5)));
    // Everywhere else it has one of: a place, the entry value, nothing. Never an error.
    let frame = Frame { entry_values: HashMap::from([(5, 0xabc0)]), ..frame };
    let bounds = set.functions_named("area")[0].ranges();
    let mut recovered = false;
    for addr in bounds.iter().flat_map(|range| range.start.0..range.end.0) {
        match shape.locate(Some(VirtAddr(addr)), &frame).unwrap().single().unwrap() {
            Storage::Register(_) | Storage::OptimizedOut => {}
            Storage::Value(bytes) => recovered |= bytes[..8] == 0xabc0u64.to_le_bytes(),
            other => panic!("{other:?}"),
        }
    }
    let uses_entry_value = shape.describe(None).contains("DW_OP_entry_value");
    assert_eq!(recovered, uses_entry_value, "{}", shape.describe(None));
}

#[test]
fn an_unanswered_entry_value_is_optimized_out() {
    if !cfg!(target_arch = "x86_64") {
        return;
    }
    let Some(fixture) = Fixture::program(&["-O2", "-g"]) else { return };
    let set = fixture.set();
    let mut asked = 0;
    for function in ["area", "visit", "print_one", "other_area"] {
        for variable in set.functions_named(function)[0].variables() {
            let Some(ranges) = variable.live_ranges() else { continue };
            for range in ranges {
                let frame = Frame {
                    registers: (0..17).map(|n| (n, 0x1000)).collect(),
                    cfa: 0x7000,
                    ..Frame::default()
                };
                match variable.locate(Some(range.start), &frame) {
                    Ok(_) => asked += 1,
                    Err(LocationError::Fault(_)) => {}
                    Err(error) => panic!("{}: {error}", variable.name()),
                }
            }
        }
    }
    assert!(asked > 10);
}

#[test]
fn live_ranges_lie_in_the_function_and_agree_with_the_location() {
    let Some(fixture) = Fixture::program(&["-O2", "-g"]) else { return };
    let set = fixture.set();
    let area = &set.functions_named("area")[0];
    let total = local(&set, "area", "total");
    let live = total.live_ranges().unwrap();
    assert!(!live.is_empty());
    let frame = Frame { registers: (0..17).map(|n| (n, 0x1000)).collect(), cfa: 0x7000, ..Frame::default() };
    for addr in area.ranges().iter().flat_map(|range| range.start.0..range.end.0).map(VirtAddr) {
        let inside = live.iter().any(|range| range.contains(addr));
        let found = total.locate(Some(addr), &frame).unwrap();
        assert_eq!(inside, found.single() != Some(&Storage::OptimizedOut), "{addr}");
    }
    assert!(live.iter().all(|range| area.contains(range.start)));
}

/// What `info scope` prints for a block, against gdb 13's words.
#[test]
fn scope_in_words() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let counter = set.functions_named("counter")[0].entry();
    let calls = set.scope_at(counter).unwrap();
    let addr = calls.frames()[0].variable("calls").unwrap().static_address().unwrap();
    assert_eq!(calls.describe(), [format!("Symbol calls is in static storage at address {addr}, length 4.")]);
    let scope = set.scope_at(entry(&set, "visit")).unwrap();
    let names: Vec<String> =
        scope.describe().iter().map(|text| text.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(names, ["head", "each", "data", "entry", "result"]);
    assert!(scope.describe()[0].ends_with("\n, length 8."), "{}", scope.describe()[0]);
    let area = set.scope_at(entry(&set, "area")).unwrap().describe();
    let label = area.iter().find(|text| text.starts_with("Symbol out is a label at address 0x")).unwrap();
    assert!(label.ends_with(", length 8."));
}

#[test]
fn lines_of_addresses() {
    for flags in [["-O0", "-gdwarf-5"], ["-O0", "-gdwarf-4"], ["-O0", "-gdwarf-2"]] {
        let Some(fixture) = Fixture::program(&flags) else { return };
        let set = fixture.set();
        let area = entry(&set, "area");
        let line = set.line_at(area, false).unwrap();
        assert_eq!(
            (&*line.file.name, line.line, line.start, line.is_stmt),
            ("shapes.c", line_of("shapes.c", "int area(") + 1, area, true)
        );
        assert!(set.is_line_start(area) && !set.is_line_start(area.offset(1)));
        // A return address belongs to the line of the call.
        assert_eq!(set.line_at(line.end, true).unwrap().line, line.line);
        assert_ne!(set.line_at(line.end, false).unwrap().start, line.start);
        // Lines of a range follow one another without a gap.
        let range = set.functions_named("area")[0].ranges()[0];
        let lines = set.lines_in(range);
        assert_eq!(lines[0].start, range.start);
        assert!(lines.windows(2).all(|pair| pair[0].end == pair[1].start), "{flags:?}");
        assert!(lines.last().unwrap().end >= range.end);
    }
}

#[test]
fn every_address_of_a_function_has_a_line() {
    let Some(fixture) = Fixture::program(&["-O2", "-g"]) else { return };
    let set = fixture.set();
    let mut with_line = 0;
    for addr in text(&set).map(VirtAddr) {
        let line = set.line_at(addr, false);
        if set.function_at(addr).is_some() {
            let line = line.unwrap_or_else(|| panic!("no line at {addr}"));
            assert!(line.start <= addr && addr < line.end && line.line > 0);
            with_line += 1;
        }
    }
    assert!(with_line > 200);
}
