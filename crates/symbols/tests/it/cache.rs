//! The name index on disk.

use crate::fixture::{Fixture, set_of};
use kdive_symbols::{ObjectFile, OpenOptions, Tag};
use std::fs;
use std::path::{Path, PathBuf};

fn open(fixture: &Fixture, cache: Option<&Path>) -> (bool, Option<u64>) {
    let options = OpenOptions { index_cache: cache.map(Into::into), ..OpenOptions::default() };
    let object = ObjectFile::open(&fixture.path, &options).unwrap();
    let set = set_of(object.clone());
    let size = set.ty(Tag::Struct, "shape", None).and_then(|ty| ty.size());
    assert_eq!(set.functions_named("print_one").len(), 1);
    assert_eq!(set.variable("shared_counter", None).unwrap().ty().size(), Some(4));
    (object.index_info().unwrap().from_cache, size)
}

fn index_files(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn written_once_and_read_from_then_on() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("deep/kdive");
    assert_eq!(open(&fixture, Some(&cache)), (false, Some(144)));
    assert_eq!(open(&fixture, Some(&cache)), (true, Some(144)));
    let [file] = &index_files(&cache)[..] else { panic!() };
    assert_eq!(file.extension().unwrap(), "index");
    // Switched off, it is neither read nor written.
    assert_eq!(open(&fixture, None), (false, Some(144)));
}

#[test]
fn damage_is_repaired_without_a_word() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    let directory = tempfile::tempdir().unwrap();
    open(&fixture, Some(directory.path()));
    let file = index_files(directory.path()).remove(0);
    let good = fs::read(&file).unwrap();
    for at in (0..good.len()).step_by(61) {
        let mut damaged = good.clone();
        damaged[at] ^= 0x10;
        fs::write(&file, &damaged).unwrap();
        let (from_cache, size) = open(&fixture, Some(directory.path()));
        assert_eq!(size, Some(144));
        // Padding of the header is not looked at.
        assert!(!from_cache || (24..160).contains(&at), "byte {at} was believed");
        assert_eq!(fs::read(&file).unwrap() == good, !from_cache || damaged == good);
    }
    for len in [0, 7, 100, 160, good.len() / 2, good.len() - 1] {
        fs::write(&file, &good[..len]).unwrap();
        assert_eq!(open(&fixture, Some(directory.path())), (false, Some(144)));
        assert_eq!(fs::read(&file).unwrap(), good);
    }
}

#[test]
fn another_build_has_another_index() {
    let (Some(first), Some(second)) = (Fixture::program(&["-g"]), Fixture::program(&["-g", "-O2"])) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    open(&first, Some(directory.path()));
    open(&second, Some(directory.path()));
    assert_eq!(index_files(directory.path()).len(), 2);
    // A foreign index under this file's name is not believed.
    let files = index_files(directory.path());
    fs::copy(&files[0], &files[1]).unwrap();
    let from_cache = [&first, &second].map(|fixture| open(fixture, Some(directory.path())).0);
    assert_eq!(from_cache.iter().filter(|&&from_cache| from_cache).count(), 1);
}

#[test]
fn a_place_that_cannot_be_written_is_no_harm() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    assert_eq!(open(&fixture, Some(Path::new("/proc/no/such/place"))), (false, Some(144)));
}
