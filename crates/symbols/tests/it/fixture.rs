//! The C programs of `tests/fixtures`, compiled by the test that needs them.

use kdive_base::VirtAddr;
use kdive_symbols::{ModuleSet, ObjectFile, OpenOptions, Placement};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

/// A compiled program; the directory goes with it.
pub struct Fixture {
    _directory: TempDir,
    pub path: PathBuf,
}

pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

impl Fixture {
    /// `shapes.c` and `other.c`, compiled and linked. Without a C compiler the test says so and ends.
    pub fn program(flags: &[&str]) -> Option<Self> {
        Self::compile(flags, &["shapes.c", "other.c"], "program")
    }

    /// `tails.c` and what it calls, compiled and linked.
    pub fn with_tail_calls(flags: &[&str]) -> Option<Self> {
        Self::compile(flags, &["tails.c", "tails_elsewhere.c"], "tails")
    }

    /// `macros.c`, compiled and linked.
    pub fn with_macros(flags: &[&str]) -> Option<Self> {
        Self::compile(flags, &["macros.c"], "macros")
    }

    /// One source file, compiled only.
    pub fn object(flags: &[&str], source: &str) -> Option<Self> {
        Self::compile(&[&["-c"], flags].concat(), &[source], "object.o")
    }

    fn compile(flags: &[&str], sources: &[&str], name: &str) -> Option<Self> {
        if !kdive_testkit::environment::programs(&["cc"]) {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        let mut command = Command::new("cc");
        command.current_dir(self::sources()).args(flags).arg("-o").arg(&path).args(sources);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        Some(Self { _directory: directory, path })
    }

    pub fn open(&self) -> Arc<ObjectFile> {
        ObjectFile::open(&self.path, &OpenOptions::default()).unwrap()
    }

    pub fn set(&self) -> ModuleSet {
        set_of(self.open())
    }
}

pub fn set_of(object: Arc<ObjectFile>) -> ModuleSet {
    let mut set = ModuleSet::new();
    set.add(object, Placement::default());
    set
}

/// The number of the first line of a source file that contains a text.
pub fn line_of(file: &str, text: &str) -> u32 {
    let content = std::fs::read_to_string(sources().join(file)).unwrap();
    let index =
        content.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{file}: no {text:?}"));
    u32::try_from(index).unwrap() + 1
}

/// All addresses of `.text`.
pub fn text(set: &ModuleSet) -> std::ops::Range<u64> {
    let module = &set.modules()[0];
    let section = module.object().section(".text").unwrap();
    let start = module.to_virt(section.addr).0;
    start..start + section.size
}

pub fn entry(set: &ModuleSet, function: &str) -> VirtAddr {
    set.functions_named(function)[0].entry()
}
