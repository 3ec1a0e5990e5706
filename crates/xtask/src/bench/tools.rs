//! The debuggers that are compared: kdive, the machine's gdb, and from PyPI a newer gdb and drgn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::session::Debugger;
use super::work::KDIVE;
use crate::process;

/// The debuggers there are.
pub struct Tools {
    /// kdive first, then the gdbs.
    pub debuggers: Vec<Debugger>,
    /// The Python that has drgn, and drgn's version.
    pub drgn: Option<(PathBuf, String)>,
}

impl Tools {
    /// kdive and nothing to compare it with.
    pub fn only(kdive: &Path) -> Self {
        Self { debuggers: vec![plain(KDIVE.to_owned(), kdive.to_owned())], drgn: None }
    }
}

/// Finds or installs them; `directory` gets a virtual environment with what comes from PyPI. What cannot be had is
/// left out and said.
pub fn find(kdive: &Path, directory: &Path) -> Result<Tools> {
    let gdb = process::find("gdb").context("no gdb on PATH")?;
    let version = process::output(Command::new(&gdb).arg("--version"))?;
    let mut debuggers =
        vec![plain(KDIVE.to_owned(), kdive.to_owned()), plain(format!("gdb {}", last_word(&version)), gdb)];
    let python = directory.join("venv/bin/python");
    if let Err(error) = install(directory, &python) {
        println!("bench: no virtual environment, so no other gdb and no drgn: {error:#}");
    }
    match packaged_gdb(directory, &python) {
        Ok(gdb) => debuggers.push(gdb),
        Err(error) => println!("bench: no gdb from PyPI: {error:#}"),
    }
    let drgn = process::output(
        Command::new(&python).args(["-c", "import drgn.internal.version as v; print(v.__version__)"]),
    )
    .or_else(|_| {
        process::output(
            Command::new(&python).args(["-c", "import importlib.metadata as m; print(m.version('drgn'))"]),
        )
    });
    let drgn = match drgn {
        Ok(version) => Some((python, version.trim().to_owned())),
        Err(error) => {
            println!("bench: no drgn: {error:#}");
            None
        }
    };
    Ok(Tools { debuggers, drgn })
}

fn plain(name: String, program: PathBuf) -> Debugger {
    Debugger { name, program, arguments: Vec::new(), environment: Vec::new() }
}

/// The last word of the first line: `13.1` in `GNU gdb (Debian 13.1-3) 13.1`.
fn last_word(version: &str) -> &str {
    version.lines().next().and_then(|line| line.split_whitespace().last()).unwrap_or_default()
}

fn install(directory: &Path, python: &Path) -> Result<()> {
    if python.exists() {
        return Ok(());
    }
    fs::create_dir_all(directory)?;
    eprintln!("xtask: installing drgn and a newer gdb for the comparison");
    let partial = directory.join("venv");
    let done = process::output(Command::new("python3").args(["-m", "venv"]).arg(&partial)).and_then(|_| {
        let pip = ["-m", "pip", "install", "--quiet", "drgn", "gdb-for-pwndbg"];
        process::output(Command::new(python).args(pip))
    });
    if done.is_err() && partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    done.map(drop)
}

/// The gdb of the package `gdb-for-pwndbg`, without the Python script that starts it: that would count as gdb's time.
fn packaged_gdb(directory: &Path, python: &Path) -> Result<Debugger> {
    // The script's first run links libpython to where this gdb looks for it.
    let version = process::output(Command::new(directory.join("venv/bin/gdb")).arg("--version"))?;
    let code = "import sys, pathlib, gdb_for_pwndbg as g\n\
                print(pathlib.Path(g.__path__[0]).resolve() / '_vendor')\n\
                print(sys.prefix + ':' + sys.exec_prefix)\n\
                print(':'.join(sys.path))";
    let paths = process::output(Command::new(python).args(["-c", code]))?;
    let [vendor, home, path] = paths.lines().collect::<Vec<_>>()[..] else {
        anyhow::bail!("its paths are unknown")
    };
    let environment = [("PYTHONNOUSERSITE", "1"), ("PYTHONHOME", home), ("PYTHONPATH", path)];
    let debugger = Debugger {
        name: format!("gdb {}", last_word(&version)),
        program: Path::new(vendor).join("bin/gdb"),
        arguments: vec!["--data-directory".to_owned(), format!("{vendor}/share/gdb")],
        environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    };
    process::output(
        Command::new(&debugger.program)
            .args(&debugger.arguments)
            .args(["-nx", "-batch"])
            .envs(debugger.environment.clone()),
    )?;
    Ok(debugger)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_last_word() {
        assert_eq!(last_word("GNU gdb (Debian 13.1-3) 13.1\nCopyright"), "13.1");
        assert_eq!(last_word(""), "");
    }
}
