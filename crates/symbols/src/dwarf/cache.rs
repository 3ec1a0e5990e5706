//! The name index on disk, so that a kernel's is built once.
//!
//! One file per object file, named by its build-id (by size and time of modification where it has none). The file has no
//! name while it is written, or another one, and is renamed, so a reader never sees half of one. What is read is believed only after the key,
//! the sizes of the indexed sections and a checksum agree; everything else counts as absent and is written again.
//!
//! Layout, little-endian: [`MAGIC`], version, key length and key (padded to 64 bytes), sizes of `.debug_info`,
//! `.debug_types` and `.debug_str`, log2 of the bucket count, numbers of units, heads and records, checksum of all that
//! follows; then the units (seven words of 8 bytes each), the heads and the records as in [`super::index`].

use super::abbrev::Sizes;
use super::index::{Index, Words};
use super::units::UnitHead;
use crate::elf::Image;
use crate::hash::checksum;
use memmap2::Mmap;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

const MAGIC: &[u8; 8] = b"kdive-ix";
/// Changes with anything an index of the same file would hold different bytes for.
const VERSION: u32 = 1;
const HEADER: usize = 160;
const KEY: usize = 64;
const UNIT: usize = 56;
/// All index files together; the least recently used go first.
const MAX_TOTAL: u64 = 256 << 20;

/// What identifies an object file and the sections that were indexed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Identity {
    key: Vec<u8>,
    name: String,
    sections: [u64; 3],
}

impl Identity {
    pub(super) fn new(image: &Image, sections: [usize; 3]) -> Self {
        let (kind, key) = match image.build_id() {
            Some(id) => (b'b', id.to_vec()),
            None => {
                let time = image
                    .modified()
                    .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                    .unwrap_or_default();
                let mut key = image.len().to_le_bytes().to_vec();
                key.extend(time.as_nanos().to_le_bytes());
                // Names of object files without build-id are often the same; their paths are not.
                key.extend(checksum(image.path().as_os_str().as_encoded_bytes()).to_le_bytes());
                (b'f', key)
            }
        };
        let name = key.iter().take(32).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let key = [kind].into_iter().chain(key).take(KEY - 1).collect();
        Self { key, name: format!("{name}.index"), sections: sections.map(|len| len as u64) }
    }
}

/// A stored index and the unit table that came with it.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) index: Index,
    pub(super) units: Vec<UnitHead>,
}

/// Reads the index of an object file. `None` when there is none that can be trusted.
pub(super) fn load(directory: &Path, identity: &Identity) -> Option<Stored> {
    let path = directory.join(&identity.name);
    let file = File::open(&path).ok()?;
    // SAFETY: the mapping is private and read-only, and no file of that name is written to: it is only ever replaced.
    let map = Arc::new(unsafe { Mmap::map(&file) }.ok()?);
    let stored = parse(&map, identity)?;
    // Marks it as used; without permission it only ages faster.
    let _ = file.set_modified(SystemTime::now());
    Some(stored)
}

fn parse(map: &Arc<Mmap>, identity: &Identity) -> Option<Stored> {
    let header = map.get(..HEADER)?;
    let (expected, after_identity) = encode_identity(identity);
    if header.get(..after_identity)? != expected.get(..after_identity)? {
        return None;
    }
    let word = |index: usize| -> Option<u64> {
        Some(u64::from_le_bytes(*header.get(after_identity + index * 8..)?.first_chunk()?))
    };
    let (bits, units, heads, records) = (word(0)?, word(1)?, word(2)?, word(3)?);
    let body = map.get(HEADER..)?;
    let size = |count: u64, each: u64| usize::try_from(count.checked_mul(each)?).ok();
    let (unit_bytes, head_bytes, record_bytes) =
        (size(units, UNIT as u64)?, size(heads, 4)?, size(records, 4)?);
    let total = unit_bytes.checked_add(head_bytes)?.checked_add(record_bytes)?;
    let bits = u32::try_from(bits).ok().filter(|bits| (1..=24).contains(bits))?;
    if body.len() != total || heads != (1 << bits) + 1 || checksum(body) != word(4)? {
        return None;
    }
    let heads_at = HEADER + unit_bytes;
    let words = |start, len| Words::Mapped { map: Arc::clone(map), start, len };
    let index = Index {
        heads: words(heads_at, usize::try_from(heads).ok()?),
        records: words(heads_at + head_bytes, usize::try_from(records).ok()?),
        bits,
        stored: true,
    };
    let units = body.get(..unit_bytes)?.chunks_exact(UNIT).map(decode_unit).collect::<Option<Vec<_>>>()?;
    Some(Stored { index, units })
}

/// The header as far as it identifies the object file, and how far that is.
fn encode_identity(identity: &Identity) -> (Vec<u8>, usize) {
    let mut header = Vec::with_capacity(HEADER);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    header.extend((identity.key.len() as u32).to_le_bytes());
    header.extend(&identity.key);
    header.resize(16 + KEY, 0);
    for size in identity.sections {
        header.extend(size.to_le_bytes());
    }
    let len = header.len();
    (header, len)
}

fn encode_unit(unit: &UnitHead) -> [u64; 7] {
    let sizes = u64::from(unit.sizes.offset)
        | u64::from(unit.sizes.address) << 8
        | u64::from(unit.sizes.version) << 16;
    let flags = u64::from(unit.in_types) << 32 | u64::from(unit.signature.is_some()) << 33;
    let (signature, type_offset) = unit.signature.unwrap_or_default();
    [unit.start, unit.end, unit.root, unit.abbrev_offset, sizes | flags, signature, type_offset]
}

fn decode_unit(bytes: &[u8]) -> Option<UnitHead> {
    let word = |index: usize| Some(u64::from_le_bytes(*bytes.get(index * 8..)?.first_chunk()?));
    let sizes = word(4)?;
    Some(UnitHead {
        start: word(0)?,
        end: word(1)?,
        root: word(2)?,
        abbrev_offset: word(3)?,
        sizes: Sizes { offset: sizes as u8, address: (sizes >> 8) as u8, version: (sizes >> 16) as u16 },
        in_types: sizes >> 32 & 1 != 0,
        signature: if sizes >> 33 & 1 != 0 { Some((word(5)?, word(6)?)) } else { None },
        // Indexes of files with split DWARF are not kept.
        split: None,
    })
}

/// Writes the index of an object file and makes room for it.
///
/// # Errors
/// What the file system says; nothing is left behind then.
pub(super) fn store<'a>(
    directory: &Path,
    identity: &Identity,
    index: &Index,
    units: impl Iterator<Item = &'a UnitHead>,
) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let mut body = Vec::new();
    let mut unit_count = 0u64;
    for unit in units {
        unit_count += 1;
        body.extend(encode_unit(unit).into_iter().flat_map(u64::to_le_bytes));
    }
    for words in [&index.heads, &index.records] {
        body.extend((0..words.len()).filter_map(|at| words.get(at)).flat_map(u32::to_le_bytes));
    }
    let (mut header, _) = encode_identity(identity);
    let counts = [u64::from(index.bits), unit_count, index.heads.len() as u64, index.records.len() as u64];
    header.extend(counts.into_iter().flat_map(u64::to_le_bytes));
    header.extend(checksum(&body).to_le_bytes());
    header.resize(HEADER, 0);

    // Two processes may write the same index at once; each renames its own.
    let unique = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let scratch = directory.join(format!("{}.{}.{unique}.tmp", identity.name, std::process::id()));
    let written = write(directory, &scratch, |mut file| {
        file.write_all(&header)?;
        file.write_all(&body)
    })
    .and_then(|()| fs::rename(&scratch, directory.join(&identity.name)));
    if written.is_err() {
        let _ = fs::remove_file(&scratch);
    }
    written?;
    prune(directory, &identity.name);
    Ok(())
}

/// Makes a file with what `fill` writes. Until it is complete it has no name where the file system allows that: a process that is
/// ended meanwhile leaves nothing behind.
fn write(directory: &Path, path: &Path, fill: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let nameless = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let Ok(file) = openat(CWD, directory, nameless, Mode::from_raw_mode(0o644)) else {
        return File::create_new(path).and_then(|file| fill(&file));
    };
    let file = File::from(file);
    fill(&file)?;
    // The way that needs no privilege (open(2), O_TMPFILE).
    let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, descriptor, CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(Into::into)
}

/// Removes the least recently used index files until the rest is small enough, and what writers that died left behind.
fn prune(directory: &Path, keep: &str) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(metadata) = entry.metadata() else { continue };
        let time = metadata.modified().unwrap_or(UNIX_EPOCH);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("index") if path.file_name().is_some_and(|name| name != keep) => {
                files.push((time, metadata.len(), path));
            }
            Some("tmp") if time.elapsed().is_ok_and(|age| age.as_secs() > 3600) => {
                let _ = fs::remove_file(path);
            }
            _ => {}
        }
    }
    files.sort();
    let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in files {
        if total <= MAX_TOTAL {
            break;
        }
        let _ = fs::remove_file(path);
        total -= size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_no_name_until_it_is_complete() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.tmp");
        let names = || fs::read_dir(directory.path()).unwrap().count();
        let mut meanwhile = None;
        write(directory.path(), &path, |mut file| {
            file.write_all(b"some")?;
            meanwhile = Some(names());
            file.write_all(b"thing")
        })
        .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"something");
        // Only where the file system can do it; every usual one of Linux does.
        let can = openat(CWD, directory.path(), OFlags::TMPFILE | OFlags::WRONLY, Mode::empty()).is_ok();
        assert_eq!(meanwhile, Some(usize::from(!can)));
        let failed = write(directory.path(), &directory.path().join("b.tmp"), |mut file| {
            file.write_all(b"some")?;
            Err(io::Error::other("no space"))
        });
        assert!(failed.is_err());
        assert_eq!(names(), 1);
    }
}
