//! Lines and inlined calls against addr2line, which reads the same sections in its own way.

use crate::fixture::{Fixture, text};
use kdive_base::VirtAddr;
use kdive_symbols::{ModuleSet, ObjectFile};

type Reader<'a> = gimli::EndianSlice<'a, gimli::LittleEndian>;

pub fn context(object: &ObjectFile) -> addr2line::Context<Reader<'_>> {
    let section = |id: gimli::SectionId| {
        Ok::<_, gimli::Error>(Reader::new(
            object.section_data(id.name()).unwrap_or_default(),
            gimli::LittleEndian,
        ))
    };
    addr2line::Context::from_dwarf(gimli::Dwarf::load(section).unwrap()).unwrap()
}

/// Function names from the inside out, and the lines of all but the innermost.
pub fn frames(context: &addr2line::Context<Reader<'_>>, addr: u64) -> (Vec<String>, Vec<Option<u32>>) {
    let mut iter = context.find_frames(addr).skip_all_loads().unwrap();
    let (mut names, mut lines) = (Vec::new(), Vec::new());
    while let Some(frame) = iter.next().unwrap() {
        if let Some(function) = frame.function {
            names.push(function.raw_name().unwrap().into_owned());
        }
        lines.push(frame.location.and_then(|location| location.line));
    }
    (names, lines.split_off(1.min(lines.len())))
}

pub fn ours(set: &ModuleSet, addr: u64) -> (Vec<String>, Vec<Option<u32>>) {
    let frames = set.scope_at(VirtAddr(addr)).map(|scope| scope.frames()).unwrap_or_default();
    let names = frames.iter().map(|frame| frame.name().to_owned()).collect();
    let lines = frames.iter().filter_map(|frame| Some(Some(frame.call_site_line()?.1))).collect();
    (names, lines)
}

#[test]
fn inline_chains_and_call_lines() {
    for flags in [["-O2", "-gdwarf-5"], ["-O2", "-gdwarf-4"], ["-O0", "-gdwarf-5"], ["-Os", "-gdwarf-5"]] {
        let Some(fixture) = Fixture::program(&flags) else { return };
        let set = fixture.set();
        let object = fixture.open();
        let context = context(&object);
        let mut deepest = 0;
        for addr in text(&set) {
            let (names, lines) = frames(&context, addr);
            assert_eq!(ours(&set, addr).0, names, "{flags:?} {addr:#x}");
            assert_eq!(ours(&set, addr).1, lines, "{flags:?} {addr:#x}");
            deepest = deepest.max(names.len());
        }
        assert!(deepest >= 3, "{flags:?}: the fixture inlines");
    }
}

/// Where a statement begins, both must name its line: gdb's rules only decide between rows of one address.
#[test]
fn lines_where_statements_begin() {
    let Some(fixture) = Fixture::program(&["-O0", "-g"]) else { return };
    let set = fixture.set();
    let object = fixture.open();
    let context = context(&object);
    let mut compared = 0;
    for addr in text(&set) {
        let Some(line) = set.line_at(VirtAddr(addr), false) else { continue };
        let location = context.find_location(addr).unwrap().unwrap();
        assert_eq!(location.line, Some(line.line), "{addr:#x}");
        assert!(location.file.unwrap().ends_with(&*line.file.name));
        compared += 1;
    }
    assert!(compared > 500);
}
