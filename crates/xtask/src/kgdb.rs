//! The guest whose kernel is debugged by its own stub, kgdb: a small kernel built from Debian's sources, because no kernel of the
//! distribution has kgdb, lockdep and frame pointers.
//!
//! ```text
//! vmlinux, vmlinuz, release   as in any guest
//! initrd.gz                   busybox and init
//! ```

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::guest::{self, Guest};
use crate::{debs, host, initrd, paths, process};

/// What the guest is called where a series is named.
pub const NAME: &str = "kgdb";
/// The package with the sources.
const SOURCE: &str = "linux-source-6.1";

/// What is switched on over `make tinyconfig`.
const ON: &[&str] = &[
    "64BIT",
    "SMP",
    "EXPERT",
    "MULTIUSER",
    "PRINTK",
    "FUTEX",
    "POSIX_TIMERS",
    "TTY",
    "SERIAL_8250",
    "SERIAL_8250_CONSOLE",
    "DEBUG_KERNEL",
    "KGDB",
    "KGDB_SERIAL_CONSOLE",
    "PERF_EVENTS",
    "BLK_DEV_INITRD",
    "RD_GZIP",
    "BINFMT_ELF",
    "BINFMT_SCRIPT",
    "PROC_FS",
    "SYSFS",
    "DEVTMPFS",
    "ACPI",
    "MODULES",
    "KALLSYMS",
    "KALLSYMS_ALL",
    "MAGIC_SYSRQ",
    "MAGIC_SYSRQ_SERIAL",
    "PROVE_LOCKING",
    "UNWINDER_FRAME_POINTER",
    "RELOCATABLE",
    "RANDOMIZE_BASE",
    "DEBUG_INFO_DWARF5",
    "KERNEL_GZIP",
];
/// What is switched off: the other members of the same choices.
const OFF: &[&str] = &["UNWINDER_ORC", "UNWINDER_GUESS", "DEBUG_INFO_NONE", "KERNEL_XZ"];

/// Makes the guest, doing only what is not done yet.
pub fn prepare(guest: Guest) -> Result<Guest> {
    let dir = guest.dir();
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let _lock = guest::lock(dir)?;
    host::ensure(host::KERNEL)?;
    let packages = debs::download(&[SOURCE, "busybox-static"], &paths::debs(), &dir.join("apt"))?;
    let [source, busybox] = packages.as_slice() else { bail!("apt names no file of {SOURCE}") };
    let recipe = format!("{} {} {}", source.display(), ON.join(" "), OFF.join(" "));
    let stamp = guest::stamp(&[], &recipe)?;
    let built = ["vmlinux", "vmlinuz", "release"].iter().all(|name| dir.join(name).exists());
    if !built || !guest::stamped(dir, &stamp) {
        build(dir, source)?;
        fs::write(dir.join(".stamp"), stamp)?;
    }
    pack_initrd(&guest, busybox)?;
    Ok(guest)
}

/// Whether it is there, without making it.
pub fn existing() -> Option<Guest> {
    let guest = Guest::at(paths::guest(Some(NAME)));
    let complete = [guest.vmlinux(), guest.vmlinuz(), guest.initrd()].iter().all(|file| file.exists());
    complete.then_some(guest)
}

/// Unpacks and builds the kernel; what is left of it are the files of the guest.
fn build(dir: &Path, source: &Path) -> Result<()> {
    let work = dir.join("build");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    eprintln!("xtask: unpacking {SOURCE} (2 GB)");
    process::output(Command::new("dpkg").arg("-x").arg(source).arg(&work))?;
    let archive = work.join("usr/src").join(format!("{SOURCE}.tar.xz"));
    process::output(Command::new("tar").arg("-xJf").arg(archive).arg("-C").arg(&work))?;
    let tree = work.join(SOURCE);
    let make = |arguments: &[&str]| {
        let mut command = Command::new("make");
        command.arg("-C").arg(&tree).args(arguments);
        for variable in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "ARCH", "CROSS_COMPILE", "KBUILD_OUTPUT", "CC"] {
            command.env_remove(variable);
        }
        process::output(&mut command)
    };
    make(&["-s", "tinyconfig"])?;
    let mut config = Command::new(tree.join("scripts/config"));
    config.current_dir(&tree);
    config.args(ON.iter().flat_map(|name| ["-e", name]));
    config.args(OFF.iter().flat_map(|name| ["-d", name]));
    process::output(&mut config)?;
    make(&["-s", "olddefconfig"])?;
    let text = fs::read_to_string(tree.join(".config"))?;
    if let Some(name) = ON.iter().find(|name| !is_on(&text, name)) {
        bail!("{SOURCE} has no CONFIG_{name} that could be switched on with the others");
    }
    eprintln!("xtask: building the kernel with kgdb");
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    make(&["-s", &format!("-j{jobs}"), "bzImage"])?;
    fs::copy(tree.join("vmlinux"), dir.join("vmlinux"))?;
    fs::copy(tree.join("arch/x86/boot/bzImage"), dir.join("vmlinuz"))?;
    fs::copy(tree.join("include/config/kernel.release"), dir.join("release"))?;
    fs::remove_dir_all(&work)?;
    Ok(())
}

fn is_on(config: &str, name: &str) -> bool {
    config
        .lines()
        .any(|line| line.strip_prefix("CONFIG_").and_then(|line| line.strip_prefix(name)) == Some("=y"))
}

fn pack_initrd(guest: &Guest, package: &Path) -> Result<()> {
    let init = paths::root().join("tests/guest/init");
    let stamp = guest::stamp(&[init.clone(), package.to_owned()], initrd::FORMAT)?;
    let stamp_file = guest.dir().join(".initrd-stamp");
    if guest.initrd().exists() && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    let tree = guest.dir().join("busybox");
    process::output(Command::new("dpkg").arg("-x").arg(package).arg(&tree))?;
    let busybox = guest::busybox(&tree)?;
    fs::write(guest.initrd(), initrd::pack(&busybox, &init, &[])?)?;
    fs::write(stamp_file, stamp)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_on_when_its_own_line_says_so() {
        let config = "CONFIG_KGDB=y\n# CONFIG_KGDB_KDB is not set\nCONFIG_SMP_X=y\n";
        assert!(is_on(config, "KGDB"));
        assert!(!is_on(config, "KGDB_KDB"));
        assert!(!is_on(config, "SMP"));
    }
}
