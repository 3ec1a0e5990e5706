//! Debian's cloud kernel, its debug symbols and headers: resolved, downloaded and unpacked, not installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::host::Apt;
use crate::process;

/// The metapackage that names the current kernel, of the distribution's own series or of another one it carries.
fn metapackage(series: Option<&str>) -> String {
    match series {
        Some(series) => format!("linux-image-{series}-cloud-amd64"),
        None => "linux-image-cloud-amd64".to_owned(),
    }
}

/// Is called like a part of the kernel and is none: scripts for boot loaders.
const NOT_KERNEL: &str = "linux-base";

/// In the unpacked tree: the file that says what was unpacked. Written last.
const RECORD: &str = "kdive-packages";

/// The packages of one kernel.
#[derive(Debug, PartialEq, Eq)]
pub struct Packages {
    /// The kernel's release, as `uname -r` says it.
    pub release: String,
    /// What is unpacked.
    pub unpacked: Vec<String>,
    /// What the build of a module needs on the host: compiler, libraries.
    pub host: Vec<String>,
}

impl Packages {
    /// Reads what was unpacked into `tree`, if that was finished.
    pub fn unpacked(tree: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(tree.join(RECORD)).ok()?)
    }

    fn parse(record: &str) -> Option<Self> {
        let field = |name: &str| {
            let line = record.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        };
        let release = field("release:")?.into_iter().next()?;
        Some(Self { release, unpacked: field("unpacked:")?, host: field("host:")? })
    }

    fn record(&self) -> String {
        let Self { release, unpacked, host } = self;
        format!("release: {release}\nunpacked: {}\nhost: {}\n", unpacked.join(" "), host.join(" "))
    }
}

/// Fetches the packages of the current kernel (of `series`, or the usual one) into `cache` and unpacks them into `tree`, unless that is done.
/// `state` is a directory apt may use.
pub fn fetch(series: Option<&str>, tree: &Path, cache: &Path, state: &Path) -> Result<Packages> {
    if let Some(packages) = Packages::unpacked(tree) {
        return Ok(packages);
    }
    let mut apt = Apt::new(state.to_owned())?;
    let (packages, files) = loop {
        match resolve_and_download(&metapackage(series), &apt, cache) {
            Ok(done) => break done,
            // No list knows the kernel, or the lists are older than the archive.
            Err(error) => {
                if !apt.update()? {
                    return Err(error);
                }
            }
        }
    };
    unpack(&packages, &files, cache, tree)?;
    Ok(packages)
}

/// Fetches packages as they are into `cache`; their files, in the same order. `state` is a directory apt may use.
pub fn download(names: &[&str], cache: &Path, state: &Path) -> Result<Vec<PathBuf>> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut apt = Apt::new(state.to_owned())?;
    loop {
        match fetch_missing(&names, &names.join(" and "), &apt, cache) {
            Ok(files) => {
                let file = |name: &String| files.iter().find(|file| is_file_of(file, name));
                return names
                    .iter()
                    .map(|name| file(name).map(|file| cache.join(file)))
                    .collect::<Option<_>>()
                    .with_context(|| format!("apt names no file of {}", names.join(" or ")));
            }
            Err(error) => {
                if !apt.update()? {
                    return Err(error);
                }
            }
        }
    }
}

fn resolve_and_download(kernel: &str, apt: &Apt, cache: &Path) -> Result<(Packages, Vec<String>)> {
    let packages = resolve(kernel, |name| apt.show(name))?;
    let files = fetch_missing(&packages.unpacked, &packages.release, apt, cache)?;
    Ok((packages, files))
}

/// Downloads those of the packages that `cache` lacks; the files of all.
fn fetch_missing(packages: &[String], what: &str, apt: &Apt, cache: &Path) -> Result<Vec<String>> {
    let files = apt.files(packages)?;
    let missing: Vec<&(String, u64)> = files
        .iter()
        .filter(|(file, size)| fs::metadata(cache.join(file)).map_or(true, |m| m.len() != *size))
        .collect();
    if !missing.is_empty() {
        let bytes: u64 = missing.iter().map(|(_, size)| size).sum();
        eprintln!("xtask: downloading {what} ({} MB)", bytes / 1_000_000);
        fs::create_dir_all(cache)?;
        let names: Vec<String> = missing
            .iter()
            .filter_map(|(file, _)| packages.iter().find(|name| is_file_of(file, name)).cloned())
            .collect();
        apt.download(&names, cache)?;
    }
    Ok(files.into_iter().map(|(file, _)| file).collect())
}

/// Whether `file` is called `NAME_VERSION_ARCH.deb`.
fn is_file_of(file: &str, name: &str) -> bool {
    file.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'))
}

/// Finds out what to unpack. `show` gives the control fields of a package.
fn resolve(kernel: &str, show: impl Fn(&str) -> Option<String>) -> Result<Packages> {
    let show = |name: &str| {
        show(name).with_context(|| {
            format!(
                "apt knows no package {name}, part of Debian's cloud kernel \
                 (the demo also takes a kernel of yours: --kernel, --vmlinux, --initrd)"
            )
        })
    };
    let image = depends(&show(kernel)?)
        .into_iter()
        .find(|name| name.starts_with("linux-image-"))
        .with_context(|| format!("{kernel} depends on no linux-image-*"))?;
    let release = image.trim_start_matches("linux-image-").to_owned();

    let debug = format!("{image}-dbg");
    show(&debug)?;
    let mut unpacked = vec![image, debug, "busybox-static".to_owned()];
    let mut host: Vec<String> = Vec::new();
    // The headers and whatever part of the kernel's packages they pull in.
    let mut queue = vec![format!("linux-headers-{release}")];
    while let Some(name) = queue.pop() {
        if unpacked.contains(&name) {
            continue;
        }
        for needed in depends(&show(&name)?) {
            if needed == NOT_KERNEL {
                continue;
            } else if needed.starts_with("linux-") {
                queue.push(needed);
            } else if !host.contains(&needed) {
                host.push(needed);
            }
        }
        unpacked.push(name);
    }
    host.sort();
    Ok(Packages { release, unpacked, host })
}

/// The names in the `Depends` field of control fields; of alternatives the first.
fn depends(control: &str) -> Vec<String> {
    let Some(field) = control.lines().find_map(|line| line.strip_prefix("Depends:")) else {
        return Vec::new();
    };
    let name = |clause: &str| {
        let first = clause.split(['|', '(']).next().unwrap_or_default().trim();
        first.split(':').next().unwrap_or_default().to_owned()
    };
    field.split(',').map(name).filter(|name| !name.is_empty()).collect()
}

fn unpack(packages: &Packages, files: &[String], cache: &Path, tree: &Path) -> Result<()> {
    eprintln!("xtask: unpacking {} (2 GB)", packages.release);
    let partial = tree.with_extension("partial");
    for old in [tree, &partial] {
        if old.exists() {
            fs::remove_dir_all(old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    fs::create_dir_all(&partial)?;
    for file in files {
        process::output(Command::new("dpkg").arg("-x").arg(cache.join(file)).arg(&partial))?;
    }
    let vmlinuz = partial.join("boot").join(format!("vmlinuz-{}", packages.release));
    if !vmlinuz.exists() {
        bail!("the packages of {} hold no {}", packages.release, vmlinuz.display());
    }
    fs::write(partial.join(RECORD), packages.record())?;
    fs::rename(&partial, tree)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(name: &str) -> Option<String> {
        let fields = match name {
            "linux-image-cloud-amd64" => "Depends: linux-image-6.1.0-9-cloud-amd64 (= 6.1.9-1)",
            "linux-image-6.1.0-9-cloud-amd64-dbg" => "Section: debug",
            "linux-headers-6.1.0-9-cloud-amd64" => {
                "Depends: linux-base, linux-headers-6.1.0-9-common (= 6.1.9-1), linux-kbuild-6.1 (>= 6.1.9-1), \
                 linux-compiler-gcc-12-x86"
            }
            "linux-headers-6.1.0-9-common" => "Section: kernel",
            "linux-kbuild-6.1" => "Depends: libc6 (>= 2.34), libelf1 (>= 0.142) | libelf1t64",
            "linux-compiler-gcc-12-x86" => "Depends: gcc-12:any, linux-kbuild-6.1",
            _ => return None,
        };
        Some(format!("Package: {name}\n{fields}\n"))
    }

    #[test]
    fn kernel_packages_are_unpacked_and_the_rest_is_needed_on_the_host() {
        let packages = resolve(&metapackage(None), archive).unwrap();
        assert_eq!(packages.release, "6.1.0-9-cloud-amd64");
        assert_eq!(
            packages.unpacked,
            [
                "linux-image-6.1.0-9-cloud-amd64",
                "linux-image-6.1.0-9-cloud-amd64-dbg",
                "busybox-static",
                "linux-headers-6.1.0-9-cloud-amd64",
                "linux-compiler-gcc-12-x86",
                "linux-kbuild-6.1",
                "linux-headers-6.1.0-9-common",
            ]
        );
        assert_eq!(packages.host, ["gcc-12", "libc6", "libelf1"]);
    }

    #[test]
    fn an_archive_without_the_kernel_is_one_clear_line() {
        let error = resolve(&metapackage(None), |_| None).unwrap_err().to_string();
        assert!(error.starts_with("apt knows no package linux-image-cloud-amd64"), "{error}");
    }

    #[test]
    fn a_series_has_a_metapackage_of_its_own() {
        assert_eq!(metapackage(Some("6.12")), "linux-image-6.12-cloud-amd64");
    }

    #[test]
    fn the_record_is_read_back() {
        let packages = resolve(&metapackage(None), archive).unwrap();
        assert_eq!(Packages::parse(&packages.record()), Some(packages));
        assert_eq!(Packages::parse("release: x\n"), None);
    }

    #[test]
    fn a_file_belongs_to_the_package_before_the_underscore() {
        assert!(is_file_of("linux-image-6.1_6.1-1_amd64.deb", "linux-image-6.1"));
        assert!(!is_file_of("linux-image-6.1-dbg_6.1-1_amd64.deb", "linux-image-6.1"));
    }
}
