//! Where the file of a module is on this machine.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What came of a search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FindResult {
    /// This file; its build-id is the running module's, or one of the two has none.
    Found(PathBuf),
    /// Files of that name exist, but none is the one that was loaded.
    WrongBuild(Vec<PathBuf>),
    /// Nothing of that name anywhere.
    Missing,
}

/// Looks for modules in the places where kernels are built and installed.
#[derive(Debug, Default)]
pub struct ModuleFinder {
    /// Directories the user named (`--module-path`, `set module-path`), searched first and with their subdirectories.
    pub paths: Vec<PathBuf>,
    /// Path of the loaded vmlinux: a build tree, or a file of a distribution's debug package.
    pub vmlinux: Option<PathBuf>,
    /// Release of the running kernel (`6.1.0-56-cloud-amd64`).
    pub release: Option<String>,
    known: HashMap<PathBuf, HashMap<String, Vec<PathBuf>>>,
}

/// Directories below which at most this deep is searched.
const MAX_DEPTH: usize = 8;
/// More directory entries than a kernel build tree has.
const MAX_ENTRIES: usize = 400_000;

/// `-` and `_` are the same in the name of a module.
fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// The module a file name stands for: `nf_tables.ko`, `nf-tables.ko.debug`, `xfs.ko.zst`.
fn module_of(file: &str) -> Option<String> {
    let (name, rest) = file.split_once(".ko")?;
    matches!(rest, "" | ".debug" | ".xz" | ".zst" | ".gz").then(|| canonical(name))
}

fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "xz" || extension == "zst" || extension == "gz")
}

impl ModuleFinder {
    /// Forgets what directories hold, after paths changed.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// The file of the module called `name`. `matches` tells whether a file has the running module's build-id.
    pub fn find(&mut self, name: &str, matches: &dyn Fn(&Path) -> bool) -> FindResult {
        let wanted = canonical(name);
        let mut wrong = Vec::new();
        // Of what one place holds, plain files first: a distribution's packed module has no debug information.
        for packed in [false, true] {
            for directory in self.directories() {
                for path in self.index(&directory).get(&wanted).cloned().unwrap_or_default() {
                    if is_compressed(&path) != packed {
                        continue;
                    }
                    if matches(&path) {
                        return FindResult::Found(path);
                    }
                    wrong.push(path);
                }
            }
        }
        if wrong.is_empty() { FindResult::Missing } else { FindResult::WrongBuild(wrong) }
    }

    /// Where to look, the most specific places first.
    fn directories(&self) -> Vec<PathBuf> {
        let mut directories = self.paths.clone();
        if let Some(dir) = self.vmlinux.as_deref().and_then(Path::parent) {
            // A build tree has vmlinux at its top and says so; a directory such as /boot does not.
            if dir.join("modules.order").exists()
                || dir.join("Kbuild").exists()
                || dir.join("Module.symvers").exists()
            {
                directories.push(dir.to_owned());
            }
            if let Some(release) = &self.release {
                // .../usr/lib/debug/boot/vmlinux-RELEASE of a debug package, unpacked anywhere.
                for up in dir.ancestors().take(5) {
                    directories.push(up.join("usr/lib/debug/lib/modules").join(release));
                    directories.push(up.join("lib/modules").join(release));
                }
            }
        }
        if let Some(release) = &self.release {
            directories.push(Path::new("/usr/lib/debug/lib/modules").join(release));
            directories.push(Path::new("/usr/lib/debug/usr/lib/modules").join(release));
            directories.push(Path::new("/lib/modules").join(release));
        }
        // Out-of-tree modules are often debugged from where they were built.
        directories.push(PathBuf::from("."));
        let mut seen = Vec::new();
        directories.retain(|directory| {
            let real = fs::canonicalize(directory);
            let new = real.as_ref().is_ok_and(|real| !seen.contains(real));
            seen.extend(real);
            new
        });
        directories
    }

    /// Module files below a directory by canonical name.
    fn index(&mut self, directory: &Path) -> &HashMap<String, Vec<PathBuf>> {
        self.known.entry(directory.to_owned()).or_insert_with(|| {
            // The current directory may be anything, a home directory too: not far down.
            let depth = if directory == Path::new(".") { 2 } else { MAX_DEPTH };
            let mut found = HashMap::new();
            let mut left = if depth == 2 { 20_000 } else { MAX_ENTRIES };
            collect(directory, depth, &mut left, &mut found);
            found
        })
    }
}

fn collect(directory: &Path, depth: usize, left: &mut usize, found: &mut HashMap<String, Vec<PathBuf>>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let mut below = Vec::new();
    let mut files = Vec::new();
    for entry in entries.flatten() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let Ok(kind) = entry.file_type() else { continue };
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        // Links are not followed into directories: `build` and `source` lead to whole trees, or in circles.
        if kind.is_dir() && !name.starts_with('.') {
            below.push(entry.path());
        } else if !kind.is_dir()
            && let Some(module) = module_of(name)
        {
            files.push((module, entry.path()));
        }
    }
    files.sort();
    for (module, path) in files {
        found.entry(module).or_default().push(path);
    }
    if depth > 0 {
        below.sort();
        for directory in below {
            collect(&directory, depth - 1, left, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        assert_eq!(module_of("nf-tables.ko"), Some("nf_tables".into()));
        assert_eq!(module_of("xfs.ko.debug"), Some("xfs".into()));
        assert_eq!(module_of("xfs.ko.zst"), Some("xfs".into()));
        assert_eq!(module_of("xfs.ko.cmd"), None);
        assert_eq!(module_of("xfs.o"), None);
    }

    #[test]
    fn build_id_decides_between_files_of_one_name() {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["a", "b/c"] {
            fs::create_dir_all(dir.path().join(sub)).unwrap();
            fs::write(dir.path().join(sub).join("my-mod.ko"), sub).unwrap();
        }
        let mut finder = ModuleFinder { paths: vec![dir.path().to_owned()], ..ModuleFinder::default() };
        let second = |path: &Path| fs::read(path).is_ok_and(|bytes| bytes == b"b/c");
        assert_eq!(finder.find("my_mod", &second), FindResult::Found(dir.path().join("b/c/my-mod.ko")));
        let none = |_: &Path| false;
        assert!(matches!(finder.find("my_mod", &none), FindResult::WrongBuild(paths) if paths.len() == 2));
        assert_eq!(finder.find("other", &none), FindResult::Missing);
    }
}
