//! The prepared guest: one directory with everything a boot needs, made once and then found.
//!
//! ```text
//! vmlinux             debug symbols and BTF      (a link into root/)
//! vmlinuz             the bzImage to boot        (a link into root/)
//! initrd.gz           busybox, init, modules
//! initrd-modules.gz   the same and modules of the distribution, which `kdive.distribution` loads
//! modules/*.ko        with their sources beside them
//! release             the kernel's release
//! root/               Debian's packages, unpacked: headers, modules, debug modules
//! debs/               what was downloaded, unless KDIVE_DEBS names another cache
//! ```

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::distribution::{self, Distribution};
use crate::{debs, host, initrd, kbuild, kgdb, paths};

/// The sources in `tests/guest` that make the modules.
const MODULE_SOURCES: &[&str] = &["Kbuild", "poc.c", "kdive_test.c"];
/// The modules themselves.
const MODULES: &[&str] = &["poc.ko", "kdive_test.ko"];

/// A directory laid out as above.
#[derive(Debug, Clone)]
pub struct Guest {
    dir: PathBuf,
}

impl Guest {
    /// The guest in a directory, prepared or not.
    pub fn at(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The directory, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file with debug symbols.
    pub fn vmlinux(&self) -> PathBuf {
        self.dir.join("vmlinux")
    }

    /// The bootable image.
    pub fn vmlinuz(&self) -> PathBuf {
        self.dir.join("vmlinuz")
    }

    /// The initramfs.
    pub fn initrd(&self) -> PathBuf {
        self.dir.join("initrd.gz")
    }

    /// The directory of the modules and their sources.
    pub fn modules(&self) -> PathBuf {
        self.dir.join("modules")
    }

    /// The kernel's release, as `uname -r` says it.
    pub fn release(&self) -> Result<String> {
        let path = self.dir.join("release");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    /// The initramfs with modules of the distribution.
    fn initrd_modules(&self) -> PathBuf {
        self.dir.join("initrd-modules.gz")
    }

    fn complete(&self) -> bool {
        ["vmlinux", "vmlinuz", "initrd.gz", "release"].iter().all(|name| self.dir.join(name).exists())
            && MODULES.iter().all(|name| self.modules().join(name).exists())
    }
}

/// Prepares the guest with the usual kernel, or that of a series such as `6.12`, or the one with kgdb, doing only what is not done yet.
pub fn prepare(series: Option<&str>) -> Result<Guest> {
    let guest = Guest::at(paths::guest(series));
    if series == Some(kgdb::NAME) {
        return kgdb::prepare(guest);
    }
    let Guest { dir } = &guest;
    let tree = dir.join("root");
    if guest.complete() && !tree.exists() {
        // Prepared elsewhere and pointed to by KDIVE_GUEST: taken as it is.
        return Ok(guest);
    }
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let _lock = lock(dir)?;

    host::ensure(host::GUEST)?;
    let packages = debs::fetch(series, &tree, &paths::debs(), &dir.join("apt"))?;
    let release = packages.release.as_str();
    link(dir, "vmlinux", &format!("root/usr/lib/debug/boot/vmlinux-{release}"))?;
    link(dir, "vmlinuz", &format!("root/boot/vmlinuz-{release}"))?;
    write_if_changed(&dir.join("release"), format!("{release}\n").as_bytes())?;
    build_modules(&guest, &tree, &packages)?;
    pack_initrd(&guest, &tree)?;
    pack_distribution(&guest, &tree, release)?;
    Ok(guest)
}

/// Two tasks at once must not unpack into each other; the lock goes with the file.
pub fn lock(dir: &Path) -> Result<File> {
    let lock = File::create(dir.join(".lock"))?;
    lock.lock().with_context(|| format!("cannot lock {}", dir.display()))?;
    Ok(lock)
}

/// The busybox of an unpacked package.
pub fn busybox(tree: &Path) -> Result<PathBuf> {
    let names = ["usr/bin/busybox", "bin/busybox"];
    names
        .iter()
        .map(|name| tree.join(name))
        .find(|path| path.exists())
        .with_context(|| format!("no busybox in {}", tree.display()))
}

fn build_modules(guest: &Guest, tree: &Path, packages: &debs::Packages) -> Result<()> {
    let sources = paths::root().join("tests/guest");
    let directory = guest.modules();
    let inputs: Vec<PathBuf> = MODULE_SOURCES.iter().map(|name| sources.join(name)).collect();
    // Paths end up in the debug information: a moved checkout is another build.
    let stamp = stamp(&inputs, &format!("{} {}", packages.release, directory.display()))?;
    let done = MODULES.iter().all(|name| directory.join(name).exists()) && stamped(&directory, &stamp);
    if done {
        return Ok(());
    }
    host::ensure_packages(&packages.host)?;
    eprintln!("xtask: building {}", MODULES.join(" and "));
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    for (name, source) in MODULE_SOURCES.iter().zip(&inputs) {
        fs::copy(source, directory.join(name))?;
    }
    kbuild::build(tree, &packages.release, &directory)?;
    fs::write(directory.join(".stamp"), stamp)?;
    Ok(())
}

fn pack_initrd(guest: &Guest, tree: &Path) -> Result<()> {
    let busybox = busybox(tree)?;
    let init = paths::root().join("tests/guest/init");
    let modules: Vec<PathBuf> = MODULES.iter().map(|name| guest.modules().join(name)).collect();
    let mut inputs = vec![busybox.clone(), init.clone()];
    inputs.extend_from_slice(&modules);
    let stamp = stamp(&inputs, initrd::FORMAT)?;
    let stamp_file = guest.dir.join(".initrd-stamp");
    if guest.initrd().exists() && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    let modules: Vec<&Path> = modules.iter().map(PathBuf::as_path).collect();
    fs::write(guest.initrd(), initrd::pack(&busybox, &init, &modules)?)?;
    fs::write(stamp_file, stamp)?;
    Ok(())
}

/// The same archive with modules of the distribution after it.
fn pack_distribution(guest: &Guest, tree: &Path, release: &str) -> Result<()> {
    let modules = Distribution::find(tree, release)?.in_order()?;
    let mut stamp = stamp(&[guest.initrd()], distribution::FORMAT)?;
    stamp.extend(modules.iter().map(|(name, content)| format!("{name} {}\n", content.len())));
    let stamp_file = guest.dir.join(".initrd-modules-stamp");
    if guest.initrd_modules().exists() && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    let mut bytes = fs::read(guest.initrd())?;
    bytes.extend(distribution::pack(&modules)?);
    fs::write(guest.initrd_modules(), bytes)?;
    fs::write(stamp_file, stamp)?;
    Ok(())
}

/// A hash of the contents of `inputs` and of `extra`.
pub fn stamp(inputs: &[PathBuf], extra: &str) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    extra.hash(&mut hasher);
    for input in inputs {
        fs::read(input).with_context(|| format!("cannot read {}", input.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}

/// Whether a directory was made from what `stamp` stands for.
pub fn stamped(directory: &Path, stamp: &str) -> bool {
    fs::read_to_string(directory.join(".stamp")).is_ok_and(|old| old == stamp)
}

fn link(directory: &Path, name: &str, to: &str) -> Result<()> {
    let path = directory.join(name);
    if fs::read_link(&path).is_ok_and(|old| old == Path::new(to)) {
        return Ok(());
    }
    if path.symlink_metadata().is_ok() {
        fs::remove_file(&path)?;
    }
    symlink(to, &path).with_context(|| format!("cannot link {}", path.display()))
}

fn write_if_changed(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}
