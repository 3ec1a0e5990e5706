//! Running a debugger on a script: same directory layout, same environment, one stream for both of its outputs.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result};

use crate::child::Owned;
use crate::guest::Guest;
use crate::process;
use crate::script::{Program, Script};
use crate::signals::Signals;
use crate::{paths, qemu};

/// What a debugger said and how it ended.
pub struct Outcome {
    /// Both streams, in the order they were written.
    pub text: String,
    /// The exit status.
    pub status: ExitStatus,
}

/// What a debugger is run on.
pub struct Subject {
    /// The bzImage.
    pub kernel: PathBuf,
    /// The initramfs.
    pub initrd: Option<PathBuf>,
    /// The file with its debug information.
    pub vmlinux: Option<PathBuf>,
    /// The directory of modules.
    pub modules: Option<PathBuf>,
    /// Words for the kernel command line, after those of the script.
    pub append: String,
}

impl From<&Guest> for Subject {
    fn from(guest: &Guest) -> Self {
        Self {
            kernel: guest.vmlinuz(),
            initrd: Some(guest.initrd()),
            vmlinux: Some(guest.vmlinux()),
            modules: Some(guest.modules()),
            append: String::new(),
        }
    }
}

impl Subject {
    /// What to boot with these further words on the kernel command line.
    pub fn boot(&self, append: &str, cpus: u32, timing: qemu::Timing) -> qemu::Boot {
        let append = format!("{append} {}", self.append).trim().to_owned();
        qemu::Boot {
            kernel: self.kernel.clone(),
            initrd: self.initrd.clone(),
            append,
            cpus,
            timing,
            kgdb: false,
        }
    }

    /// Makes `directory` again, with `vmlinux` and `modules` in it.
    pub fn lay_out(&self, directory: &Path) -> Result<()> {
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
        for (file, name) in [(&self.vmlinux, "vmlinux"), (&self.modules, "modules")] {
            if let Some(file) = file {
                symlink(file, directory.join(name))?;
            }
        }
        Ok(())
    }
}

/// Runs `debugger` on `script` in `directory`, which is made again. A guest or program the script asks for is
/// there for it under the names the script format promises. `before` are commands of this debugger alone, run first.
pub fn run(
    debugger: &Path,
    before: &[&str],
    script: &Script,
    subject: &Subject,
    program: Option<&Path>,
    directory: &Path,
    signals: &Signals,
) -> Result<Outcome> {
    subject.lay_out(directory)?;
    if let Some(program) = program {
        symlink(program, directory.join("program"))?;
        write_server(&directory.join("serve"))?;
    }
    let counted = |append: &str| subject.boot(append, script.cpus, qemu::Timing::Counted);
    let machine = match (&script.guest, &script.kgdb) {
        (Some(append), _) => Some(counted(append).start(directory)?),
        (None, Some(append)) => {
            let boot = counted(&format!("kgdboc=ttyS1,115200 kdive.kgdb {append}"));
            Some(qemu::Boot { kgdb: true, ..boot }.start(directory)?)
        }
        (None, None) => None,
    };
    let path = directory.join("output.txt");
    let output = File::create(&path)?;
    let errors = output.try_clone()?;
    let arguments = script.arguments(directory)?;
    let debugger = debugger.to_string_lossy();
    let mut child = Owned::spawn(&debugger, true, |command| {
        command.current_dir(directory).stdin(Stdio::null()).stdout(output).stderr(errors);
        clean_environment(command);
        command.args(["-q", "-nx", "-batch"]);
        command.args(before.iter().flat_map(|line| ["-iex", line])).args(&script.options).args(arguments);
        command.args(&script.symbols);
    })?;
    let status = child.wait(script.timeout, signals).with_context(|| format!("see {}", path.display()))?;
    drop(machine);
    let bytes = fs::read(&path)?;
    let text = normalise(&String::from_utf8_lossy(&bytes), directory);
    fs::write(&path, &text)?;
    Ok(Outcome { text, status })
}

/// Nothing of the user's surroundings changes what a debugger says.
pub fn clean_environment(command: &mut Command) {
    command.env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", "/nonexistent").env("LC_ALL", "C.UTF-8").env("TERM", "dumb").env("TZ", "UTC");
    // Indexes are no settings: what one run has built the next may use.
    command.env("XDG_CACHE_HOME", paths::target().join("cache"));
}

/// Writes the program that `target remote | ./serve` starts: gdbserver on its standard streams. The environment
/// is emptied because it lies on the program's stack and moves every address there.
fn write_server(path: &Path) -> Result<()> {
    let gdbserver = process::find("gdbserver").context("no gdbserver on PATH")?;
    let text = format!("#!/bin/sh\nexec env -i {} --once - ./program 2>/dev/null\n", gdbserver.display());
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Everything that may differ between two runs without meaning anything: the run directory, and the process
/// number of a native program.
fn normalise(text: &str, directory: &Path) -> String {
    let text = text.replace(&*directory.to_string_lossy(), "DIR");
    match regex::Regex::new(r"\b([Pp]rocess) [0-9]{2,}\b") {
        Ok(process) => process.replace_all(&text, "$1 PID").into_owned(),
        Err(_) => text,
    }
}

/// Compiles a native program in `directory` and returns its path. Linked statically and at a fixed address, so
/// that its addresses are the same in every process.
pub fn compile(program: &Program, directory: &Path) -> Result<PathBuf> {
    fs::create_dir_all(directory)?;
    let source = paths::root().join("tests/parity/programs").join(&program.source);
    fs::copy(&source, directory.join(&program.source))
        .with_context(|| format!("cannot copy {}", source.display()))?;
    let binary = directory.join("program");
    let mut compiler = Command::new("gcc");
    compiler.current_dir(directory).args(["-g", "-static", "-no-pie", "-fno-pie", "-Wl,--build-id=none"]);
    compiler.args(&program.flags).args(["-o", "program"]).arg(&program.source);
    process::output(&mut compiler)?;
    Ok(binary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directory_and_process_number_are_normalised() {
        let text =
            "Symbols from \"/t/gdb/x\".\n[Inferior 1 (process 4711) exited normally]\nprocess 1\n0x4711\n";
        let expected =
            "Symbols from \"DIR/x\".\n[Inferior 1 (process PID) exited normally]\nprocess 1\n0x4711\n";
        assert_eq!(normalise(text, Path::new("/t/gdb")), expected);
    }
}
