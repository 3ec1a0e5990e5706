//! The guest's initramfs: a static busybox, `tests/guest/init` and the modules.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cpio::Archive;

/// The busybox applets the guest's shell offers.
const APPLETS: &[&str] = &[
    "awk", "cat", "chmod", "cp", "cttyhack", "cut", "date", "dd", "dmesg", "echo", "env", "false", "find",
    "free", "grep", "halt", "head", "hexdump", "id", "ifconfig", "insmod", "kill", "killall", "ln", "ls",
    "lsmod", "mkdir", "mknod", "mount", "mv", "nproc", "pidof", "poweroff", "ps", "pwd", "reboot", "rm",
    "rmdir", "rmmod", "sed", "seq", "setsid", "sh", "sleep", "sort", "sync", "tail", "test", "top", "touch",
    "tr", "true", "umount", "uname", "uptime", "usleep", "vi", "wc", "xargs", "yes",
];

/// Changes whenever the same inputs give another archive.
pub const FORMAT: &str = "2";

/// Packs the initramfs into the bytes of a gzip file.
///
/// `modules` are files that become `/modules/NAME`.
pub fn pack(busybox: &Path, init: &Path, modules: &[&Path]) -> Result<Vec<u8>> {
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let mut archive = Archive::default();
    for directory in ["bin", "dev", "modules", "proc", "sys", "tmp", "root"] {
        archive.directory(directory);
    }
    // The kernel opens it for PID 1 before anything could mount devtmpfs.
    archive.character_device("dev/console", 5, 1);
    archive.file("init", 0o755, &read(init)?);
    archive.file("bin/busybox", 0o755, &read(busybox)?);
    for applet in APPLETS {
        archive.symlink(&format!("bin/{applet}"), "busybox");
    }
    for module in modules {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("modules/{name}"), 0o644, &read(module)?);
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&archive.finish())?;
    Ok(gzip.finish()?)
}
