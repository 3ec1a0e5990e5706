//! Small kernels for tests: C source with a kernel's structures, compiled, and read as a stopped guest would be.

use kdive_base::{Interrupt, LinkAddr};
use kdive_program::Program;
use kdive_symbols::{ModuleId, ObjectFile, OpenOptions, Placement};
use std::process::Command;

/// A program without a machine over an executable made of `source`: its memory is what the file holds.
pub(crate) fn image(source: &str) -> Program {
    image_with(source, "")
}

/// The same with a script for the linker that places sections before `.data`.
pub(crate) fn image_with(source: &str, sections: &str) -> Program {
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("image.c"), dir.path().join("image"));
    std::fs::write(&input, source).unwrap();
    let mut script = Vec::new();
    if !sections.is_empty() {
        let path = dir.path().join("image.ld");
        std::fs::write(&path, format!("SECTIONS {{ {sections} }} INSERT BEFORE .data;")).unwrap();
        script.push(format!("-Wl,-T,{}", path.display()));
    }
    let compiled = Command::new("cc")
        .args(["-g", "-O0", "-w", "-nostdlib", "-static", "-no-pie", "-Wl,-e,0", "-o"])
        .args([&output, &input])
        .args(script)
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    // The file stays mapped after its directory is gone.
    let object = ObjectFile::open(&output, &OpenOptions::default()).unwrap();
    let mut program = Program::new(Interrupt::new());
    program.modules.add(object, Placement::default());
    program
}

/// Adds a module made of `source` to a program: an object file whose sections are at `places`.
pub(crate) fn add_module(program: &mut Program, source: &str, places: &[(&str, u64)]) -> ModuleId {
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("module.c"), dir.path().join("module.o"));
    std::fs::write(&input, source).unwrap();
    let compiled = Command::new("cc")
        .args(["-g", "-O0", "-w", "-c", "-fno-pic", "-mcmodel=kernel", "-fcf-protection=none", "-o"])
        .args([&output, &input])
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let options = OpenOptions {
        section_addresses: places.iter().map(|(name, at)| ((*name).to_owned(), LinkAddr(*at))).collect(),
        ..OpenOptions::default()
    };
    let object = ObjectFile::open(&output, &options).unwrap();
    program.modules.add(object, Placement::default())
}
