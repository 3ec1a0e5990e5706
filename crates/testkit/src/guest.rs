//! A guest under QEMU for one test: stopped at reset, its stub on a unix socket of its own, ended with the test.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for QEMU to open its socket.
const START: Duration = Duration::from_secs(60);

/// A running QEMU, killed when this is dropped.
#[derive(Debug)]
pub struct Guest {
    process: Child,
    directory: PathBuf,
}

impl Guest {
    /// Name of the stub's socket, relative to the guest's directory: what is printed of it is the same everywhere.
    pub const SOCKET: &'static str = "guest.sock";

    /// Boots the kernel of `prepared` (a directory of [`crate::environment::guest`]) with its socket and console log in
    /// `directory`. `append` are words for the kernel command line: `nokaslr` keeps the kernel where vmlinux says.
    /// `options` go to QEMU as they are, after its usual ones.
    ///
    /// # Panics
    /// If QEMU does not start: a test has nothing to do then.
    #[must_use]
    pub fn boot(prepared: &Path, directory: &Path, append: &str, options: &[&str]) -> Self {
        let log = File::create(directory.join("qemu.log")).expect("a log file for qemu");
        let append = format!("console=ttyS0 panic=-1 rdinit=/init {append}");
        let process = Command::new("qemu-system-x86_64")
            .current_dir(directory)
            .args(["-accel", "tcg", "-m", "512", "-display", "none", "-nodefaults", "-no-reboot", "-S"])
            .args(["-serial", "file:console.log"])
            .args(["-chardev", &format!("socket,id=stub,path={},server=on,wait=off", Self::SOCKET)])
            .args(["-gdb", "chardev:stub"])
            .arg("-kernel")
            .arg(prepared.join("vmlinuz"))
            .arg("-initrd")
            .arg(prepared.join("initrd.gz"))
            .args(["-append", append.trim_end()])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("qemu-system-x86_64 to start");
        let mut guest = Self { process, directory: directory.to_owned() };
        let start = Instant::now();
        while !directory.join(Self::SOCKET).exists() {
            let ended = guest.process.try_wait().expect("the state of qemu");
            assert!(
                ended.is_none() && start.elapsed() < START,
                "qemu did not come up: {}",
                fs::read_to_string(directory.join("qemu.log")).unwrap_or_default()
            );
            thread::sleep(Duration::from_millis(5));
        }
        guest
    }

    /// The process that QEMU is.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What the guest has printed on its console.
    #[must_use]
    pub fn console(&self) -> String {
        let bytes = fs::read(self.directory.join("console.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until the console shows `text`.
    ///
    /// # Panics
    /// If it does not within two minutes.
    pub fn wait_for(&self, text: &str) {
        let start = Instant::now();
        while !self.console().contains(text) {
            assert!(start.elapsed() < Duration::from_secs(120), "no `{text}` in {}", self.console());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends QEMU at once, as a crash would.
    pub fn kill(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Whether QEMU still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.kill();
    }
}
