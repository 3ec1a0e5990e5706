//! Building the guest's modules out of tree, with headers that are unpacked but not installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// Builds the modules in `directory`, which holds `Kbuild` and the sources, for the kernel `release` whose
/// packages are unpacked in `tree`.
///
/// The sources stay where they are built: that is where the debug information says they are.
pub fn build(tree: &Path, release: &str, directory: &Path) -> Result<()> {
    let sources = tree.join("usr/src");
    let headers = sources.join(format!("linux-headers-{release}"));
    let common = common_headers(&sources, release)?;
    // The flavour's Makefile includes the common one by its installed path. Starting from the common one with
    // the flavour as output directory needs no path at all.
    let mut make = Command::new("make");
    make.arg("-C").arg(&common);
    make.arg(format!("O={}", headers.display()));
    make.arg(format!("M={}", directory.display()));
    make.arg(format!("KERNELRELEASE={release}"));
    if let Some(compiler) = compiler(&headers)
        && process::find(&compiler).is_none()
    {
        eprintln!("xtask: no {compiler}, the kernel's own compiler: building the modules with gcc");
        make.arg("CC=gcc");
    }
    // Nothing of the surrounding build may leak in.
    for variable in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "ARCH", "CROSS_COMPILE", "KBUILD_OUTPUT", "CC"] {
        make.env_remove(variable);
    }
    process::output(make.arg("modules")).context("cannot build the guest's modules")?;
    Ok(())
}

/// The headers all flavours share: `6.1.0-9-common` for `6.1.0-9-cloud-amd64`.
fn common_headers(sources: &Path, release: &str) -> Result<std::path::PathBuf> {
    for entry in fs::read_dir(sources).with_context(|| format!("cannot read {}", sources.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let version = name.strip_prefix("linux-headers-").and_then(|rest| rest.strip_suffix("-common"));
        if version.is_some_and(|version| release.starts_with(version)) {
            return Ok(path);
        }
    }
    bail!("no linux-headers-*-common for {release} in {}", sources.display())
}

/// The compiler the kernel was built with, from its configuration: `gcc-12`.
fn compiler(headers: &Path) -> Option<String> {
    let config = fs::read_to_string(headers.join(".config")).ok()?;
    let text = config.lines().find_map(|line| line.strip_prefix("CONFIG_CC_VERSION_TEXT=\""))?;
    let program = text.split_whitespace().next()?;
    // x86_64-linux-gnu-gcc-12 as well as gcc-12
    let at = program.find("gcc")?;
    Some(program[at..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_is_read_from_the_configuration() {
        let directory = std::env::temp_dir().join(format!("kdive-xtask-kbuild-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let config =
            "CONFIG_X=y\nCONFIG_CC_VERSION_TEXT=\"x86_64-linux-gnu-gcc-12 (Debian 12.2.0-14) 12.2.0\"\n";
        fs::write(directory.join(".config"), config).unwrap();
        let found = compiler(&directory);
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(found.as_deref(), Some("gcc-12"));
    }
}
