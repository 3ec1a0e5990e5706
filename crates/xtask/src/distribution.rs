//! The distribution's own modules in the guest: which are loaded, in what order, and the archive they come in.
//!
//! A package holds no `modules.dep` (`depmod` makes it where the package is installed), so that dependencies are read
//! from each module's `.modinfo`.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cpio::Archive;

/// What is loaded, each with all it depends on: file systems, network, block devices, crypto.
const WANTED: &[&str] = &[
    "xfs",
    "btrfs",
    "nf_tables",
    "nft_ct",
    "nf_nat",
    "vxlan",
    "overlay",
    "fuse",
    "bridge",
    "bonding",
    "veth",
    "tun",
    "loop",
    "dm_mod",
    "squashfs",
    "isofs",
    "vfat",
    "udf",
    "wireguard",
    "macvlan",
    "nbd",
    "virtio_net",
    "dummy",
];

/// Changes whenever the same inputs give another archive.
pub const FORMAT: &str = "1";

/// The modules of one kernel below `root/lib/modules/RELEASE`.
pub struct Distribution {
    /// By name, with `_` for `-`.
    files: HashMap<String, PathBuf>,
    built_in: BTreeSet<String>,
}

impl Distribution {
    /// Finds the modules in an unpacked tree.
    pub fn find(tree: &Path, release: &str) -> Result<Self> {
        let directory = tree.join("lib/modules").join(release);
        let mut files = HashMap::new();
        collect(&directory.join("kernel"), &mut files)?;
        let path = directory.join("modules.builtin");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let built_in = text.lines().filter_map(|line| module_name(line.rsplit('/').next()?)).collect();
        Ok(Self { files, built_in })
    }

    /// Name and content of each wanted module and what it depends on, in an order they can be loaded in.
    pub fn in_order(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut done = Vec::new();
        for name in WANTED {
            self.add(name, &mut Vec::new(), &mut done)?;
        }
        Ok(done)
    }

    fn add(&self, name: &str, above: &mut Vec<String>, done: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
        if done.iter().any(|(known, _)| known == name) || self.built_in.contains(name) {
            return Ok(());
        }
        if above.iter().any(|known| known == name) {
            bail!("module {name} depends on itself: {}", above.join(" -> "));
        }
        let path =
            self.files.get(name).with_context(|| format!("the kernel's package has no module {name}"))?;
        let content = unpacked(path)?;
        above.push(name.to_owned());
        for needed in depends(&content) {
            self.add(&needed, above, done)?;
        }
        above.pop();
        done.push((name.to_owned(), content));
        Ok(())
    }
}

/// A gzip file with `modules/distribution/NAME.ko` and `modules/order`, to stand after the guest's own archive: the
/// kernel unpacks one after the other.
pub fn pack(modules: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    archive.directory("modules");
    archive.directory("modules/distribution");
    for (name, content) in modules {
        archive.file(&format!("modules/distribution/{name}.ko"), 0o644, content);
    }
    let order: String = modules.iter().map(|(name, _)| format!("{name}\n")).collect();
    archive.file("modules/order", 0o644, order.as_bytes());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&archive.finish())?;
    Ok(gzip.finish()?)
}

/// `nf_tables` of `nf-tables.ko.xz`.
fn module_name(file: &str) -> Option<String> {
    let (name, rest) = file.split_once(".ko")?;
    matches!(rest, "" | ".xz").then(|| name.replace('-', "_"))
}

fn collect(directory: &Path, files: &mut HashMap<String, PathBuf>) -> Result<()> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else if let Some(name) = entry.file_name().to_str().and_then(module_name) {
            files.insert(name, entry.path());
        }
    }
    Ok(())
}

fn unpacked(path: &Path) -> Result<Vec<u8>> {
    let read = || -> std::io::Result<Vec<u8>> {
        if path.extension().is_some_and(|extension| extension == "xz") {
            let mut content = Vec::new();
            lzma_rust2::XzReader::new(File::open(path)?, true).read_to_end(&mut content)?;
            return Ok(content);
        }
        fs::read(path)
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// The names after `depends=` in `.modinfo`, whose strings end with NUL.
fn depends(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(at) = module.windows(KEY.len()).position(|bytes| bytes == KEY) else { return Vec::new() };
    let value = module.get(at + KEY.len()..).unwrap_or_default();
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(value.len());
    let text = String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned();
    text.split(',').filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_come_first_and_built_in_ones_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let kernel = dir.path().join("lib/modules/1.2/kernel/fs");
        fs::create_dir_all(&kernel).unwrap();
        for name in WANTED {
            let content = if *name == "xfs" { "\0depends=crc-x,fuse\0" } else { "\0depends=\0" };
            if *name != "fuse" {
                fs::write(kernel.join(format!("{}.ko", name.replace('_', "-"))), content).unwrap();
            }
        }
        fs::write(kernel.join("crc-x.ko"), "none").unwrap();
        fs::write(dir.path().join("lib/modules/1.2/modules.builtin"), "kernel/fs/fuse/fuse.ko\n").unwrap();
        let found = Distribution::find(dir.path(), "1.2").unwrap().in_order().unwrap();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[..3], ["crc_x", "xfs", "btrfs"]);
        assert_eq!(names.len(), WANTED.len());
        fs::remove_file(kernel.join("crc-x.ko")).unwrap();
        let error = Distribution::find(dir.path(), "1.2").unwrap().in_order().unwrap_err();
        assert_eq!(error.to_string(), "the kernel's package has no module crc_x");
    }
}
