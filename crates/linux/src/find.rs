//! Where the file of a module is on this machine.

use std::collections::{HashMap, HashSet};
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

/// How well a file goes with the running module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fit {
    /// It is another build, or no file that can be read.
    Other,
    /// It is the one that was loaded, without debug information.
    Stripped,
    /// It is the one, with debug information.
    Full,
}

/// Looks for modules in the places where kernels are built and installed.
#[derive(Clone, Debug)]
pub struct ModuleFinder {
    /// Directories the user named (`--module-path`, `set module-path`), searched first and with their subdirectories.
    pub paths: Vec<PathBuf>,
    /// Where distributions put debug information (`set debug-file-directory`).
    pub debug_directories: Vec<PathBuf>,
    /// Path of the loaded vmlinux: a build tree, or a file of a distribution's debug package.
    pub vmlinux: Option<PathBuf>,
    /// Release of the running kernel (`6.1.0-56-cloud-amd64`).
    pub release: Option<String>,
    known: HashMap<PathBuf, HashMap<String, Vec<PathBuf>>>,
}

impl Default for ModuleFinder {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            debug_directories: vec![PathBuf::from("/usr/lib/debug")],
            vmlinux: None,
            release: None,
            known: HashMap::new(),
        }
    }
}

/// Directories below which at most this deep is searched.
const MAX_DEPTH: usize = 8;
/// More directory entries than a kernel build tree has.
const MAX_ENTRIES: usize = 400_000;

/// Larger than any list of modules.
const MAX_LIST: u64 = 64 << 20;

/// `-` and `_` are the same in the name of a module.
fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// The module a file name stands for: `nf_tables.ko`, `nf-tables.ko.debug`, `xfs.ko.zst`.
fn module_of(file: &str) -> Option<String> {
    let (name, rest) = file.split_once(".ko")?;
    matches!(rest, "" | ".debug" | ".xz" | ".zst" | ".gz").then(|| canonical(name))
}

pub(crate) fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "xz" || extension == "zst" || extension == "gz")
}

impl ModuleFinder {
    /// Forgets what directories hold, after paths changed.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// The file of the module called `name`, with debug information if there is one with it. `fits` looks at a file.
    pub fn find(&mut self, name: &str, build_id: Option<&[u8]>, fits: &dyn Fn(&Path) -> Fit) -> FindResult {
        let wanted = canonical(name);
        let mut search = Search { fits, seen: HashSet::new(), stripped: None, wrong: Vec::new() };
        let directories = self.directories();
        // What the user named goes first, then what is named by the build-id itself. Plain files before packed ones: a
        // distribution's packed module has no debug information.
        let named = self.paths.len().min(directories.len());
        for packed in [false, true] {
            for (index, directory) in directories.iter().enumerate() {
                if index == named
                    && !packed
                    && let Some(path) = self.by_build_id(build_id).into_iter().find(|path| search.takes(path))
                {
                    return FindResult::Found(path);
                }
                let files = self.index(directory).get(&wanted).cloned().unwrap_or_default();
                let mut files = files.into_iter().filter(|path| is_compressed(path) == packed);
                if let Some(path) = files.find(|path| search.takes(path)) {
                    return FindResult::Found(path);
                }
            }
        }
        // Where the walk does not get to, or under another name.
        if search.stripped.is_none() {
            let listed = directories.iter().flat_map(|directory| listed(directory, &wanted));
            if let Some(path) = listed.into_iter().find(|path| search.takes(path)) {
                return FindResult::Found(path);
            }
        }
        match search.stripped {
            Some(path) => FindResult::Found(path),
            None if search.wrong.is_empty() => FindResult::Missing,
            None => FindResult::WrongBuild(search.wrong),
        }
    }

    /// `.build-id/ab/cdef.debug` in the directories of debug information.
    fn by_build_id(&self, build_id: Option<&[u8]>) -> Vec<PathBuf> {
        let Some((first, rest)) = build_id.and_then(<[u8]>::split_first) else { return Vec::new() };
        let file = format!(".build-id/{first:02x}/{}.debug", crate::identity::hex(rest));
        self.debug_places()
            .into_iter()
            .map(|directory| directory.join(&file))
            .filter(|path| path.exists())
            .collect()
    }

    /// The directories of debug information: those of the setting, and the one the loaded vmlinux lies in.
    fn debug_places(&self) -> Vec<PathBuf> {
        let mut places = self.debug_directories.clone();
        for directory in self.vmlinux_directories() {
            // .../usr/lib/debug/boot/vmlinux-RELEASE of a debug package, unpacked anywhere.
            places.extend(directory.ancestors().take(5).map(|up| up.join("usr/lib/debug")));
        }
        places
    }

    /// The directory of the loaded vmlinux as it was given, and the one it really lies in.
    fn vmlinux_directories(&self) -> Vec<PathBuf> {
        let Some(path) = &self.vmlinux else { return Vec::new() };
        let real = fs::canonicalize(path).ok();
        [Some(path), real.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|path| Some(path.parent()?.to_owned()))
            .collect()
    }

    /// Where to look, the most specific places first; those the user named are the first of them.
    pub(crate) fn directories(&self) -> Vec<PathBuf> {
        let mut directories = self.paths.clone();
        for dir in self.vmlinux_directories() {
            // A build tree has vmlinux at its top and says so; a directory such as /boot does not.
            if ["modules.order", "Kbuild", "Module.symvers"].iter().any(|name| dir.join(name).exists()) {
                directories.push(dir);
            }
        }
        if let Some(release) = &self.release {
            for debug in self.debug_places() {
                directories.push(debug.join("lib/modules").join(release));
                directories.push(debug.join("usr/lib/modules").join(release));
            }
            for dir in self.vmlinux_directories() {
                directories.extend(dir.ancestors().take(5).map(|up| up.join("lib/modules").join(release)));
            }
            directories.push(Path::new("/lib/modules").join(release));
        }
        // Out-of-tree modules are often debugged from where they were built.
        directories.push(PathBuf::from("."));
        let mut seen = HashSet::new();
        let named = self.paths.len();
        let mut index = 0;
        directories.retain(|directory| {
            index += 1;
            let new = fs::canonicalize(directory).is_ok_and(|real| seen.insert(real));
            new || index <= named
        });
        directories
    }

    /// Names of all modules that have a file where modules are looked for.
    pub fn names(&mut self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for directory in self.directories() {
            names.extend(self.index(&directory).keys().cloned());
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Module files below a directory by canonical name.
    pub(crate) fn index(&mut self, directory: &Path) -> &HashMap<String, Vec<PathBuf>> {
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

/// What a search has met so far.
struct Search<'a> {
    fits: &'a dyn Fn(&Path) -> Fit,
    seen: HashSet<PathBuf>,
    stripped: Option<PathBuf>,
    wrong: Vec<PathBuf>,
}

impl Search<'_> {
    /// Whether this file ends the search.
    fn takes(&mut self, path: &Path) -> bool {
        if !self.seen.insert(path.to_owned()) {
            return false;
        }
        match (self.fits)(path) {
            Fit::Full => return true,
            Fit::Stripped => {
                self.stripped.get_or_insert_with(|| path.to_owned());
            }
            Fit::Other => self.wrong.push(path.to_owned()),
        }
        false
    }
}

/// Files of a module that `modules.dep` (of an installed kernel, by depmod) or `modules.order` (of a build) lists in a
/// directory. Their paths are relative to it, or absolute for modules installed elsewhere.
fn listed(directory: &Path, wanted: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in ["modules.dep", "modules.order"] {
        let path = directory.join(name);
        // Anything may be called so.
        if !fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() <= MAX_LIST) {
            continue;
        }
        let text = fs::read(&path).unwrap_or_default();
        for line in String::from_utf8_lossy(&text).lines() {
            let file = line.split(':').next().unwrap_or(line).trim();
            // Builds before 5.x list objects of the form `kernel/fs/xfs.ko`, later ones `fs/xfs.o`.
            let file = file.strip_suffix(".o").map_or_else(|| file.to_owned(), |stem| format!("{stem}.ko"));
            let is_it = file.rsplit('/').next().and_then(module_of).is_some_and(|module| module == wanted);
            if is_it {
                let path = directory.join(file);
                found.extend(path.exists().then_some(path));
            }
        }
    }
    found
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
        let second = |path: &Path| {
            if fs::read(path).is_ok_and(|bytes| bytes == b"b/c") { Fit::Full } else { Fit::Other }
        };
        assert_eq!(finder.find("my_mod", None, &second), FindResult::Found(dir.path().join("b/c/my-mod.ko")));
        let none = |_: &Path| Fit::Other;
        assert!(
            matches!(finder.find("my_mod", None, &none), FindResult::WrongBuild(paths) if paths.len() == 2)
        );
        assert_eq!(finder.find("other", None, &none), FindResult::Missing);
    }

    /// Files with the word that says what they are.
    fn by_content(path: &Path) -> Fit {
        match fs::read(path).unwrap_or_default().as_slice() {
            b"full" => Fit::Full,
            b"stripped" => Fit::Stripped,
            _ => Fit::Other,
        }
    }

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        dir
    }

    #[test]
    fn a_file_with_debug_information_is_preferred_wherever_it_is() {
        let dir = tree(&[
            ("lib/modules/1.2/kernel/xfs.ko.xz", "stripped"),
            ("debug/.build-id/0a/0bff.debug", "full"),
            ("boot/vmlinux-1.2", ""),
        ]);
        let mut finder = ModuleFinder {
            debug_directories: vec![dir.path().join("debug")],
            vmlinux: Some(dir.path().join("boot/vmlinux-1.2")),
            release: Some("1.2".into()),
            ..ModuleFinder::default()
        };
        let debug = dir.path().join("debug/.build-id/0a/0bff.debug");
        assert_eq!(finder.find("xfs", Some(&[10, 11, 255]), &by_content), FindResult::Found(debug));
        let stripped = dir.path().join("lib/modules/1.2/kernel/xfs.ko.xz");
        assert_eq!(finder.find("xfs", Some(&[10, 11, 254]), &by_content), FindResult::Found(stripped));
    }

    #[test]
    fn a_link_to_vmlinux_leads_to_the_tree_it_is_in() {
        let dir = tree(&[
            ("root/usr/lib/debug/boot/vmlinux-1.2", ""),
            ("root/usr/lib/debug/lib/modules/1.2/kernel/fs/xfs.ko", "full"),
        ]);
        let link = dir.path().join("vmlinux");
        std::os::unix::fs::symlink("root/usr/lib/debug/boot/vmlinux-1.2", &link).unwrap();
        let mut finder =
            ModuleFinder { vmlinux: Some(link), release: Some("1.2".into()), ..ModuleFinder::default() };
        let FindResult::Found(path) = finder.find("xfs", None, &by_content) else { panic!() };
        assert!(path.ends_with("root/usr/lib/debug/lib/modules/1.2/kernel/fs/xfs.ko"), "{path:?}");
    }

    #[test]
    fn lists_of_modules_lead_where_no_walk_goes() {
        let deep = "a/b/c/d/e/f/g/h/i/j/far-away.ko";
        let dir = tree(&[
            ("dep/modules.dep", "kernel/x.ko: kernel/y.ko\na/b/c/d/e/f/g/h/i/j/far-away.ko: kernel/x.ko\n"),
            (&format!("dep/{deep}"), "full"),
            ("order/modules.order", "a/b/c/d/e/f/g/h/i/j/far-away.o\nno/where.o\n"),
            (&format!("order/{deep}"), "full"),
        ]);
        for place in ["dep", "order"] {
            let mut finder = ModuleFinder { paths: vec![dir.path().join(place)], ..ModuleFinder::default() };
            let expected = dir.path().join(place).join(deep);
            assert_eq!(finder.find("far_away", None, &by_content), FindResult::Found(expected));
            assert_eq!(finder.find("where", None, &by_content), FindResult::Missing);
        }
    }
}
