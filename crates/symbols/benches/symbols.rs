//! How long the questions to the symbols of a kernel take: `KDIVE_GUEST=... cargo bench -p kdive-symbols`.
//!
//! Pages of the file are in memory; what is measured is this crate, not the disk.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on says where")]

use divan::{Bencher, black_box};
use kdive_base::VirtAddr;
use kdive_symbols::{LinespecDefaults, LinespecMode, ModuleSet, ObjectFile, OpenOptions, Placement, Tag};
use kdive_types::{Kind, Type};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

fn main() {
    if kdive_testkit::environment::guest().is_some() {
        divan::main();
    }
}

fn vmlinux() -> PathBuf {
    kdive_testkit::environment::guest().unwrap().join("vmlinux")
}

fn open(cache: Option<&Path>) -> Arc<ObjectFile> {
    let options = OpenOptions { index_cache: cache.map(Into::into), ..OpenOptions::default() };
    ObjectFile::open(&vmlinux(), &options).unwrap()
}

fn set_of(object: Arc<ObjectFile>) -> ModuleSet {
    let mut set = ModuleSet::new();
    set.add(object, Placement::default());
    set
}

/// A directory with the index of the kernel in it, made once.
fn stored() -> &'static Path {
    static DIRECTORY: OnceLock<tempfile::TempDir> = OnceLock::new();
    DIRECTORY
        .get_or_init(|| {
            let directory = tempfile::tempdir().unwrap();
            open(Some(directory.path())).prepare_index();
            directory
        })
        .path()
}

/// A kernel whose index is there.
fn ready() -> &'static ModuleSet {
    static SET: OnceLock<ModuleSet> = OnceLock::new();
    SET.get_or_init(|| {
        let object = open(Some(stored()));
        object.prepare_index();
        set_of(object)
    })
}

/// Addresses spread over `.text`, the same on every run.
fn addresses() -> Vec<VirtAddr> {
    let section = ready().modules()[0].object().section(".text").unwrap().clone();
    let at = |n: u64| VirtAddr(section.addr.0 + n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % section.size);
    (0..100).map(at).collect()
}

fn members(ty: &Type) -> usize {
    let Kind::Composite(body) = ty.kind() else { return 0 };
    body.members().iter().filter_map(|member| member.ty.get().size()).count()
}

/// The names of all units, without an index on disk.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn index_build(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| open(None)).bench_refs(|object| object.prepare_index());
}

/// The same from disk, with the check of its sum.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn index_load(bencher: Bencher<'_, '_>) {
    stored();
    bencher.with_inputs(|| open(Some(stored()))).bench_refs(|object| object.prepare_index());
}

/// The line of an address in a unit that was not read yet: a hundred of them.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn lines_of_100_addresses_first(bencher: Bencher<'_, '_>) {
    let addresses = addresses();
    bencher.with_inputs(|| set_of(open(Some(stored())))).bench_refs(|set| {
        addresses.iter().filter(|&&addr| black_box(set.line_at(addr, false)).is_some()).count()
    });
}

/// The same in units that are read.
#[divan::bench]
fn lines_of_100_addresses_again(bencher: Bencher<'_, '_>) {
    let (set, addresses) = (ready(), addresses());
    bencher.bench(|| addresses.iter().filter(|&&addr| black_box(set.line_at(addr, false)).is_some()).count());
}

/// The addresses of `FILE:LINE` in a source file of one unit.
#[divan::bench]
fn addresses_of_a_line(bencher: Bencher<'_, '_>) {
    resolve(bencher, "init/main.c:1000");
}

/// The same in a header of many units.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn addresses_of_a_line_of_a_header(bencher: Bencher<'_, '_>) {
    resolve(bencher, "include/linux/list.h:70");
}

fn resolve(bencher: Bencher<'_, '_>, location: &str) {
    let set = ready();
    let spec = set.parse_linespec(location).unwrap();
    let find = || set.resolve(&spec, LinespecMode::Breakpoint, &LinespecDefaults::default(), set.image());
    assert!(find().is_ok(), "{location}");
    bencher.bench(find);
}

/// The first `struct task_struct` with the sizes of its members, from DWARF: index from disk.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn type_by_dwarf_first(bencher: Bencher<'_, '_>) {
    stored();
    bencher
        .with_inputs(|| set_of(open(Some(stored()))))
        .bench_refs(|set| members(&set.ty(Tag::Struct, "task_struct", None).unwrap()));
}

/// The same from BTF.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn type_by_btf_first(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| open(None))
        .bench_refs(|object| members(&object.btf().unwrap().ty(Tag::Struct, "task_struct").unwrap()));
}

/// A type that was looked up before.
#[divan::bench]
fn type_by_dwarf_again(bencher: Bencher<'_, '_>) {
    let set = ready();
    bencher.bench(|| members(&set.ty(Tag::Struct, "task_struct", None).unwrap()));
}
