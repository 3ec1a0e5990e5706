//! Files packed as a whole, as distributions ship modules.

use crate::fixture::{Fixture, entry, set_of};
use kdive_symbols::{ObjectFile, OpenOptions};
use kdive_testkit::environment::programs;
use std::process::Command;

/// What scripts/Makefile.modinst and distributions use.
const PACKERS: [(&str, &[&str], &str); 4] = [
    ("xz", &["-k", "--check=crc32", "--lzma2=dict=1MiB"], "xz"),
    ("xz", &["-k", "-f", "-9"], "xz"),
    ("zstd", &["-q", "-k", "-19"], "zst"),
    ("gzip", &["-k", "-n"], "gz"),
];

#[test]
fn symbols_and_lines_are_those_of_the_file() {
    let Some(fixture) = Fixture::object(&["-O2", "-g"], "shapes.c") else { return };
    if !programs(&["xz", "zstd", "gzip"]) {
        return;
    }
    let plain = set_of(ObjectFile::open(&fixture.path, &OpenOptions::default()).unwrap());
    let line = |set: &kdive_symbols::ModuleSet| set.line_at(entry(set, "area"), false).unwrap().line;
    for (program, options, extension) in PACKERS {
        let status = Command::new(program).args(options).arg(&fixture.path).status().unwrap();
        assert!(status.success());
        let path = fixture
            .path
            .with_file_name(format!("{}.{extension}", fixture.path.file_name().unwrap().to_str().unwrap()));
        let set = set_of(ObjectFile::open(&path, &OpenOptions::default()).unwrap());
        assert_eq!(entry(&set, "area"), entry(&plain, "area"), "{program}");
        assert_eq!(line(&set), line(&plain), "{program}");
        // Half of it is an error, not less.
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let error = ObjectFile::open(&path, &OpenOptions::default()).unwrap_err().to_string();
        assert!(error.contains("cannot be unpacked: "), "{program}: {error}");
        std::fs::remove_file(&path).unwrap();
    }
}
