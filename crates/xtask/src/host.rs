//! What the tasks need from the machine they run on: programs and packages, installed with apt where that is
//! possible, named in one message where it is not.

use std::fs;
use std::io::{IsTerminal, stdin};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// A program or file and the Debian package it comes from.
pub struct Need {
    /// The program's name, or an absolute path for anything that is not a program.
    pub provides: &'static str,
    /// The package's name.
    pub package: &'static str,
}

/// To boot a kernel.
pub const QEMU: &[Need] = &[Need { provides: "qemu-system-x86_64", package: "qemu-system-x86" }];

/// To prepare and boot a guest.
pub const GUEST: &[Need] = &[
    Need { provides: "qemu-system-x86_64", package: "qemu-system-x86" },
    Need { provides: "gcc", package: "gcc" },
    Need { provides: "make", package: "make" },
];

/// To build a kernel and boot it.
pub const KERNEL: &[Need] = &[
    Need { provides: "qemu-system-x86_64", package: "qemu-system-x86" },
    Need { provides: "gcc", package: "gcc" },
    Need { provides: "make", package: "make" },
    Need { provides: "flex", package: "flex" },
    Need { provides: "bison", package: "bison" },
    Need { provides: "bc", package: "bc" },
    Need { provides: "xz", package: "xz-utils" },
    Need { provides: "/usr/include/libelf.h", package: "libelf-dev" },
];

/// To compare with gdb.
pub const PARITY: &[Need] = &[
    Need { provides: "gdb", package: "gdb" },
    Need { provides: "gdbserver", package: "gdbserver" },
    Need { provides: "gcc", package: "gcc" },
    Need { provides: "/usr/include/stdio.h", package: "libc6-dev" },
];

/// Installs the packages of those needs that are not met.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let met = |need: &&Need| {
        let Need { provides, .. } = need;
        if provides.starts_with('/') {
            Path::new(provides).exists()
        } else {
            process::find(provides).is_some()
        }
    };
    let missing: Vec<String> =
        needs.iter().filter(|need| !met(need)).map(|need| need.package.to_owned()).collect();
    install(&missing)
}

/// Installs those of `packages` that dpkg does not list as installed.
pub fn ensure_packages(packages: &[String]) -> Result<()> {
    let installed = |name: &&String| {
        process::output(Command::new("dpkg-query").args(["-W", "-f", "${Status}", name]))
            .is_ok_and(|status| status == "install ok installed")
    };
    let missing: Vec<String> = packages.iter().filter(|name| !installed(name)).cloned().collect();
    install(&missing)
}

fn install(packages: &[String]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    let privilege = privilege();
    if process::find("apt-get").is_none() {
        bail!("these packages (Debian's names) are missing and there is no apt-get to install them: {names}");
    }
    if privilege == Privilege::None {
        bail!("these packages are missing; as root, `apt-get install -y {names}`, then run this again");
    }
    eprintln!("xtask: installing {names}");
    let install = || {
        let options = ["-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
        process::output(as_root(privilege, "apt-get").arg("install").args(options).args(packages))
    };
    if install().is_err() {
        // Package lists that are absent or too old for the archive: once more with fresh ones.
        update(privilege)?;
        install().with_context(|| format!("cannot install {names}"))?;
    }
    Ok(())
}

/// How this process becomes root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Privilege {
    Root,
    Sudo,
    None,
}

fn privilege() -> Privilege {
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if root {
        return Privilege::Root;
    }
    let sudo = process::find("sudo").is_some()
        && (stdin().is_terminal() || process::output(Command::new("sudo").args(["-n", "true"])).is_ok());
    if sudo { Privilege::Sudo } else { Privilege::None }
}

/// `program` run as root, asking no questions.
fn as_root(privilege: Privilege, program: &str) -> Command {
    let mut command = if privilege == Privilege::Sudo {
        let mut sudo = Command::new("sudo");
        sudo.arg("env");
        sudo
    } else {
        Command::new("env")
    };
    command.args(["DEBIAN_FRONTEND=noninteractive", program]);
    command
}

fn update(privilege: Privilege) -> Result<()> {
    eprintln!("xtask: updating the package lists");
    process::output(as_root(privilege, "apt-get").args(["update", "-q"]))
        .context("cannot update package lists")?;
    Ok(())
}

/// apt's view of the archive, for fetching packages that are unpacked rather than installed.
pub struct Apt {
    /// Options that point apt at lists of our own, when those of the system lack what is asked for and cannot
    /// be updated.
    options: Vec<String>,
    state: PathBuf,
    updated: bool,
}

impl Apt {
    /// `state` is a directory for package lists of our own, should they be needed.
    pub fn new(state: PathBuf) -> Result<Self> {
        if process::find("apt-get").is_none() || process::find("dpkg").is_none() {
            bail!(
                "Debian's packages are fetched with apt-get, which is not on this machine \
                 (the demo also takes a kernel of yours: --kernel, --vmlinux, --initrd)"
            );
        }
        Ok(Self { options: Vec::new(), state, updated: false })
    }

    /// The control fields of the version of `package` that apt would install, or `None` if it knows none.
    pub fn show(&self, package: &str) -> Option<String> {
        process::output(self.command("apt-cache").args(["show", "--no-all-versions", package]))
            .ok()
            .filter(|text| !text.trim().is_empty())
    }

    /// The `.deb` file name and size in bytes of each package.
    pub fn files(&self, packages: &[String]) -> Result<Vec<(String, u64)>> {
        let uris =
            process::output(self.command("apt-get").args(["download", "--print-uris"]).args(packages))?;
        // 'URI' FILE SIZE HASH
        let parse = |line: &str| {
            let mut words = line.split_whitespace().skip(1);
            Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
        };
        Ok(uris.lines().filter(|line| line.starts_with('\'')).filter_map(parse).collect())
    }

    /// Downloads packages into `directory`.
    pub fn download(&self, packages: &[String], directory: &Path) -> Result<()> {
        // The sandbox user may not be able to write into a checkout.
        let options = ["download", "-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"];
        process::output(self.command("apt-get").args(options).args(packages).current_dir(directory))?;
        Ok(())
    }

    /// Brings the package lists up to date, in place or, without the right to do that, in a copy of our own.
    /// Returns false when that was done before.
    pub fn update(&mut self) -> Result<bool> {
        if self.updated {
            return Ok(false);
        }
        self.updated = true;
        let privilege = privilege();
        if privilege != Privilege::None {
            update(privilege)?;
            return Ok(true);
        }
        for directory in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(self.state.join(directory))?;
        }
        self.options = [
            format!("Dir::State={}", self.state.join("state").display()),
            format!("Dir::State::lists={}", self.state.join("state/lists").display()),
            format!("Dir::Cache={}", self.state.join("cache").display()),
            "Dir::State::status=/var/lib/dpkg/status".to_owned(),
        ]
        .into_iter()
        .flat_map(|option| ["-o".to_owned(), option])
        .collect();
        eprintln!("xtask: fetching package lists");
        process::output(self.command("apt-get").args(["update", "-q"]))
            .context("cannot fetch package lists")?;
        Ok(true)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(&self.options).env("LC_ALL", "C");
        command
    }
}
