//! Which module on this machine has a function, before it is loaded.

use crate::find::{ModuleFinder, is_compressed};
use kdive_base::Interrupt;
use kdive_symbols::{ModuleSet, ObjectFile, OpenOptions, Placement};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file of a module with a function of some name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Defining {
    /// The module's name.
    pub module: String,
    /// The file.
    pub path: PathBuf,
}

/// How many files are searched however long it takes.
const SURE: usize = 8;

/// How likely a module has a function, the smaller, the likelier: functions begin with the name of their module, or with the same
/// word as it. Packed files come last of their kind, because each has to be unpacked.
fn likelihood(module: &str, function: &str, packed: bool) -> (u8, bool) {
    let function = function.trim_start_matches('_');
    let first = |name: &str| name.split('_').next().unwrap_or_default().to_owned();
    let kind = match () {
        () if function.starts_with(module) => 0,
        () if first(module) == first(function) => 1,
        () => 2,
    };
    (kind, packed)
}

/// Whether a file has code of that name.
fn defines(path: &Path, function: &str) -> bool {
    let Ok(object) = ObjectFile::open(path, &OpenOptions::default()) else { return false };
    let mut set = ModuleSet::default();
    set.add(object, Placement::default());
    set.symbols_named(function).iter().any(|symbol| symbol.kind.is_text())
}

impl ModuleFinder {
    /// A module with a function of this name, among the files that [`ModuleFinder::find`] looks at, the likeliest first. After those
    /// it looks for `patience` at most: there may be thousands of files.
    pub fn defining(
        &mut self,
        function: &str,
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Option<Defining> {
        let named = self.paths.len();
        let mut files = Vec::new();
        for (index, directory) in self.directories().into_iter().enumerate() {
            // What the user named, and where out-of-tree modules are built.
            let far = index >= named && directory != Path::new(".");
            for (module, paths) in self.index(&directory) {
                files.extend(paths.iter().map(|path| (module.clone(), path.clone(), far)));
            }
        }
        files.sort_by_cached_key(|(module, path, far)| {
            let (kind, packed) = likelihood(module, function, is_compressed(path));
            (kind, *far, packed, path.clone())
        });
        let end = Instant::now() + patience;
        let goes_on = |count: usize| (count < SURE || Instant::now() < end) && !interrupt.is_raised();
        let looked = files.into_iter().enumerate().take_while(|(count, _)| goes_on(*count));
        let found = looked.map(|(_, file)| file).find(|(_, path, _)| defines(path, function));
        found.map(|(module, path, _)| Defining { module, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_a_function_is_named_after_comes_first() {
        let order = |function: &str| {
            let mut names = [("ext4", true), ("xfs", true), ("nf_tables", false), ("nf_nat", true)];
            names.sort_by_key(|(name, packed)| likelihood(name, function, *packed));
            names.map(|(name, _)| name)
        };
        assert_eq!(order("xfs_file_read_iter")[0], "xfs");
        assert_eq!(order("__ext4_iget")[0], "ext4");
        assert_eq!(order("nf_nat_setup_info")[..2], ["nf_nat", "nf_tables"]);
        assert_eq!(order("hello_init")[0], "nf_tables", "what need not be unpacked");
    }

    #[test]
    fn a_file_with_the_function_is_found_and_others_are_not() {
        let dir = tempfile::tempdir().unwrap();
        // A program that has its own symbols stands for a module.
        let program = std::env::current_exe().unwrap();
        std::os::unix::fs::symlink(program, dir.path().join("my-mod.ko")).unwrap();
        std::fs::write(dir.path().join("main.ko"), "no module").unwrap();
        let mut finder = ModuleFinder::default();
        finder.paths.push(dir.path().to_owned());
        let interrupt = Interrupt::new();
        let mut ask = |function| finder.defining(function, Duration::from_secs(20), &interrupt);
        let found = Defining { module: "my_mod".to_owned(), path: dir.path().join("my-mod.ko") };
        assert_eq!(ask("main"), Some(found));
        assert_eq!(ask("no_such_function_anywhere"), None);
        assert!(
            finder.defining("main", Duration::ZERO, &interrupt).is_some(),
            "one of the few that are always looked at"
        );
        interrupt.raise();
        assert_eq!(finder.defining("main", Duration::from_secs(20), &interrupt), None);
    }
}
