//! Booting a guest under QEMU, stopped at reset, with a gdb stub on a unix socket.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::child::Owned;

/// The stub's socket in the run directory. The name is relative wherever it is used: what the debuggers print
/// of it is the same in every directory, and no path is too long for a socket.
pub const SOCKET: &str = "guest.sock";
/// The guest's console in the run directory.
pub const CONSOLE: &str = "console.log";

/// The socket of the second serial line, on which a kernel's own stub listens.
pub const KGDB_SOCKET: &str = "kgdb.sock";
/// The kernel says this when it stops for its own stub (drivers/tty/sysrq.c).
const ENTERING_KGDB: &str = "Entering KGDB";

/// The words every boot has. `nokaslr` puts the kernel where vmlinux says it is.
const APPEND: &str = "console=ttyS0 panic=-1 rdinit=/init nokaslr";

/// What to boot.
#[derive(Debug, Clone)]
pub struct Boot {
    /// The bzImage.
    pub kernel: PathBuf,
    /// The initramfs.
    pub initrd: Option<PathBuf>,
    /// Words for the kernel command line, after those every boot has.
    pub append: String,
    /// The number of CPUs.
    pub cpus: u32,
    /// How the guest's time passes.
    pub timing: Timing,
    /// The kernel's own stub is debugged with: the machine runs until the kernel stops for it.
    pub kgdb: bool,
}

/// How the guest's time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// Counted in instructions, from a fixed date on: two boots of the same kernel are the same to the address
    /// and to the tick. An idle guest skips to its next timer and so never sleeps.
    Counted,
    /// As on a machine.
    Real,
}

/// A guest, ended when this is dropped.
pub struct Machine {
    /// Kept for its end.
    _process: Owned,
}

impl Boot {
    /// Starts QEMU in `directory`, which gets the socket and the console's log, and waits for the socket.
    pub fn start(&self, directory: &Path) -> Result<Machine> {
        let socket = directory.join(SOCKET);
        for stale in [&socket, &directory.join(KGDB_SOCKET), &directory.join(CONSOLE)] {
            if stale.exists() {
                fs::remove_file(stale)?;
            }
        }
        let errors = directory.join("qemu.log");
        let log = File::create(&errors).with_context(|| format!("cannot create {}", errors.display()))?;
        let mut process = Owned::spawn("qemu-system-x86_64", true, |command| {
            command.current_dir(directory).stdin(Stdio::null());
            command.stdout(Stdio::null()).stderr(log);
            command.args(["-accel", "tcg", "-m", "512", "-smp", &self.cpus.to_string()]);
            if self.timing == Timing::Counted {
                command.args(["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm"]);
                // The boot loader's seed for the kernel's random numbers comes from the host otherwise.
                command.args(["-seed", "1"]);
            }
            command.args(["-display", "none", "-nodefaults", "-no-reboot"]);
            command.args(["-serial", &format!("file:{CONSOLE}")]);
            command.args(["-chardev", &format!("socket,id=stub,path={SOCKET},server=on,wait=off")]);
            command.args(["-gdb", "chardev:stub"]);
            if self.kgdb {
                command.args(["-chardev", &format!("socket,id=kgdb,path={KGDB_SOCKET},server=on,wait=off")]);
                command.args(["-serial", "chardev:kgdb"]);
            } else {
                command.arg("-S");
            }
            command.arg("-kernel").arg(&self.kernel);
            if let Some(initrd) = &self.initrd {
                command.arg("-initrd").arg(initrd);
            }
            command.arg("-append").arg(format!("{APPEND} {}", self.append).trim_end());
        })?;
        process.wait_until(Duration::from_secs(30), || socket.exists()).map_err(|error| {
            let said = fs::read_to_string(&errors).unwrap_or_default();
            anyhow!("{error}: {}", said.trim())
        })?;
        if self.kgdb {
            let entered = || {
                let console = fs::read(directory.join(CONSOLE)).unwrap_or_default();
                String::from_utf8_lossy(&console).contains(ENTERING_KGDB)
            };
            process
                .wait_until(Duration::from_secs(180), entered)
                .context("the kernel does not enter kgdb")?;
        }
        Ok(Machine { _process: process })
    }
}
