//! Relocatable files, and files at a place other than their own.

use crate::fixture::{Fixture, entry, set_of};
use kdive_base::{LinkAddr, VirtAddr};
use kdive_symbols::{ElfKind, Error, ModuleSet, ObjectFile, OpenOptions, Placement};

fn open(fixture: &Fixture, sections: &[(&str, u64)]) -> Result<ModuleSet, Error> {
    let section_addresses =
        sections.iter().map(|(name, addr)| ((*name).to_owned(), LinkAddr(*addr))).collect();
    let options = OpenOptions { section_addresses, ..OpenOptions::default() };
    Ok(set_of(ObjectFile::open(&fixture.path, &options)?))
}

/// As a module: text and data far apart, every section where the caller says.
#[test]
fn sections_at_run_time_addresses() {
    for flags in [&["-O2", "-gdwarf-5"][..], &["-O2", "-gdwarf-4", "-gz=zlib"], &["-O0", "-g"]] {
        let Some(fixture) = Fixture::object(flags, "shapes.c") else { return };
        let places = [
            (".text", 0xffff_ffff_c010_0000),
            (".data", 0xffff_ffff_c010_3000),
            (".bss", 0xffff_ffff_c010_4000),
        ];
        let set = open(&fixture, &places).unwrap();
        assert_eq!(set.modules()[0].object().kind(), ElfKind::Relocatable);
        let area = entry(&set, "area");
        assert_eq!(set.symbols_named("area")[0].addr, area, "{flags:?}");
        assert!((0xffff_ffff_c010_0000..0xffff_ffff_c010_1000).contains(&area.0));
        let line = set.line_at(area, false).unwrap();
        assert_eq!((&*line.file.name, line.start), ("shapes.c", area));
        let counter = set.variable("shared_counter", None).unwrap().static_address().unwrap();
        assert!((0xffff_ffff_c010_3000..0xffff_ffff_c010_4000).contains(&counter.0));
        assert_eq!(set.image().read_uint(counter, 4), Ok(7));
        assert_eq!(
            set.variable("first_shape", None).unwrap().static_address().map(|a| a.0 >> 12),
            Some(0xf_ffff_fffc_0104)
        );
        assert!(!set.scope_at(area).unwrap().describe().is_empty());
    }
}

#[test]
fn without_addresses_sections_follow_one_another() {
    let Some(fixture) = Fixture::object(&["-O2", "-g"], "shapes.c") else { return };
    let set = open(&fixture, &[]).unwrap();
    let sections: Vec<_> =
        set.modules()[0].object().sections().iter().filter(|s| s.alloc && s.size > 0).collect();
    assert_eq!(sections[0].addr, LinkAddr(0));
    for pair in sections.windows(2) {
        assert!(pair[0].addr.0 + pair[0].size <= pair[1].addr.0, "{pair:?}");
        assert_eq!(pair[1].addr.0 % pair[1].align.max(1), 0);
    }
}

#[test]
fn a_section_that_is_not_there() {
    let Some(fixture) = Fixture::object(&["-O0", "-g"], "other.c") else { return };
    let error = open(&fixture, &[(".nothing", 0x1000)]).unwrap_err();
    assert_eq!(error.to_string(), format!("\"{}\" has no section .nothing", fixture.path.display()));
}

#[test]
fn a_slide_moves_everything() {
    let Some(fixture) = Fixture::program(&["-O2", "-g"]) else { return };
    let still = fixture.set();
    let mut moved = ModuleSet::new();
    let id = moved.add(fixture.open(), Placement { slide: 0x5555_0000_0000 });
    let slide = |addr: VirtAddr| addr.offset(0x5555_0000_0000);
    let area = entry(&still, "area");
    assert_eq!(entry(&moved, "area"), slide(area));
    assert_eq!(moved.symbols_named("area")[0].addr, slide(area));
    let (a, b) = (still.line_at(area, false).unwrap(), moved.line_at(slide(area), false).unwrap());
    assert_eq!((slide(a.start), slide(a.end), a.line), (b.start, b.end, b.line));
    assert!(moved.line_at(area, false).is_none() && moved.module_at(area).is_none());
    let frames = |set: &ModuleSet, at| {
        set.scope_at(at).unwrap().frames().iter().map(|f| f.name().to_owned()).collect::<Vec<_>>()
    };
    for offset in 0..40 {
        assert_eq!(frames(&still, area.offset(offset)), frames(&moved, slide(area).offset(offset)));
    }
    // Found out later: what was read is kept, new answers are at the new place.
    assert!(moved.set_placement(id, Placement::default()));
    assert_eq!(entry(&moved, "area"), area);
}

#[test]
fn several_files_and_their_removal() {
    let Some(fixture) = Fixture::object(&["-O0", "-g"], "other.c") else { return };
    let mut set = ModuleSet::new();
    let mut ids = Vec::new();
    for base in [0x1_0000, 0x2_0000] {
        let section_addresses = vec![(".text".to_owned(), LinkAddr(base))];
        let options = OpenOptions { section_addresses, ..OpenOptions::default() };
        ids.push(set.add(ObjectFile::open(&fixture.path, &options).unwrap(), Placement::default()));
    }
    let entries = |set: &ModuleSet| {
        set.functions_named("other_area").iter().map(|f| f.entry().0 >> 16).collect::<Vec<_>>()
    };
    assert_eq!(entries(&set), [1, 2]);
    let handle = set.functions_named("other_area")[0].clone();
    assert!(set.remove(ids[0]) && !set.remove(ids[0]));
    assert_eq!(entries(&set), [2]);
    assert_eq!(handle.name(), "other_area", "handles stay valid");
    assert!(set.module(ids[0]).is_none() && set.module(ids[1]).is_some());
    assert!(set.function_at(handle.entry()).is_none());
}

#[test]
fn compressed_debug_sections() {
    for form in ["-gz=zlib", "-gz=zlib-gnu", "-gz=zstd"] {
        if form == "-gz=zstd" && !accepts(form) {
            continue;
        }
        let Some(fixture) = Fixture::program(&["-O2", "-g", form]) else { return };
        let set = fixture.set();
        assert!(fixture.open().has_debug_info(), "{form}");
        assert_eq!(set.line_at(entry(&set, "area"), false).unwrap().start, entry(&set, "area"));
        assert_eq!(set.variable("shared_counter", None).unwrap().ty().size(), Some(4));
    }
}

/// Whether compiler and assembler know an option.
fn accepts(option: &str) -> bool {
    std::process::Command::new("cc")
        .args([option, "-g", "-x", "c", "-", "-o", "/dev/null", "-nostdlib", "-shared"])
        .stdin(std::process::Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success())
}

#[test]
fn files_that_are_none() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let words =
        |path: &std::path::Path| ObjectFile::open(path, &OpenOptions::default()).unwrap_err().to_string();
    assert_eq!(words(&missing), format!("{}: No such file or directory.", missing.display()));
    let text = directory.path().join("text");
    std::fs::write(&text, "#!/bin/sh\nexit 0\n".repeat(20)).unwrap();
    assert_eq!(
        words(&text),
        format!("\"{}\": not in executable format: file format not recognized", text.display())
    );
    let empty = directory.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    assert_eq!(
        words(&empty),
        format!("\"{}\": not in executable format: file format not recognized", empty.display())
    );
    assert!(words(directory.path()).ends_with(": Is a directory."));
}

#[test]
fn build_id_and_notes() {
    let Some(fixture) = Fixture::program(&["-g", "-Wl,--build-id=0x0123456789abcdef"]) else { return };
    let object = fixture.open();
    assert_eq!(object.build_id(), Some(&[0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef][..]));
    let note = object.notes().into_iter().find(|note| note.kind == 3).unwrap();
    assert_eq!((note.owner.as_str(), note.desc.len()), ("GNU", 8));
    assert_eq!(object.debug_link(), None);
}
