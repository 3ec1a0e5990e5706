//! Source text: where a file that DWARF names is on this machine, and its lines.
//!
//! The order is gdb's (`directory` path with `$cdir` and `$cwd`, after `set substitute-path`, then the bare file
//! name in the same directories). What gdb leaves to the user comes after it: every *root*, a directory in which a
//! kernel tree is expected (beside vmlinux, the current directory, `source` and `build` links, trees given by
//! name), is searched for the longest suffix of the path.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

/// A source file in memory, split into lines.
#[derive(Debug)]
pub struct SourceFile {
    /// Where it was found.
    pub path: PathBuf,
    /// When it was last changed, where the file system says.
    pub modified: Option<SystemTime>,
    text: String,
    starts: Vec<usize>,
}

impl SourceFile {
    fn load(path: PathBuf) -> std::io::Result<Self> {
        let bytes = std::fs::read(&path)?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            // Old kernel sources hold Latin-1 names of authors.
            Err(error) => error.into_bytes().iter().map(|&byte| char::from(byte)).collect(),
        };
        let modified = path.metadata().and_then(|meta| meta.modified()).ok();
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1).filter(|&at| at < text.len()));
        Ok(Self { path, modified, text, starts })
    }

    /// All of it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Number of lines.
    #[must_use]
    pub fn line_count(&self) -> u64 {
        if self.text.is_empty() { 0 } else { self.starts.len() as u64 }
    }

    /// Bytes before line `number`, counted from 1.
    #[must_use]
    pub fn offset(&self, number: u64) -> Option<usize> {
        self.starts.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
    }

    /// Line `number`, counted from 1, without its end.
    #[must_use]
    pub fn line(&self, number: u64) -> Option<&str> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied().unwrap_or(self.text.len());
        let line = self.text.get(start..end)?;
        let line = line.strip_suffix('\n').unwrap_or(line);
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}

/// A file as DWARF names it, and the directory it was compiled in.
type FileKey = (String, String);

/// Where source files are looked for, and the files found so far.
#[derive(Debug)]
pub struct SourcePath {
    directories: Vec<String>,
    substitutions: Vec<(String, String)>,
    roots: Vec<PathBuf>,
    found: RefCell<HashMap<FileKey, Option<Rc<SourceFile>>>>,
    missed: RefCell<Option<FileKey>>,
    newer: RefCell<HashSet<PathBuf>>,
    /// No file is opened.
    closed: bool,
}

impl Default for SourcePath {
    fn default() -> Self {
        Self {
            directories: vec!["$cdir".into(), "$cwd".into()],
            substitutions: Vec::new(),
            roots: Vec::new(),
            found: RefCell::default(),
            missed: RefCell::default(),
            newer: RefCell::default(),
            closed: false,
        }
    }
}

impl SourcePath {
    /// `directory`: where to look, `$cdir` and `$cwd` among the directories.
    pub fn set_directories(&mut self, directories: Vec<String>) {
        self.directories = directories;
        self.forget();
    }

    /// `set substitute-path`: the rules in the order in which they apply.
    pub fn set_substitutions(&mut self, rules: Vec<(String, String)>) {
        self.substitutions = rules;
        self.forget();
    }

    /// `set source open`: whether files are opened at all.
    pub fn set_open(&mut self, open: bool) {
        self.closed = !open;
        self.forget();
    }

    /// Adds a directory below which a source tree may lie.
    pub fn add_root(&mut self, root: PathBuf) {
        if !self.roots.contains(&root) {
            self.roots.push(root);
            self.forget();
        }
    }

    /// Drops what was found, after a change of directory or of files.
    pub fn forget(&self) {
        self.found.borrow_mut().clear();
    }

    /// `path` after the first substitution rule that applies, on whole components only.
    #[must_use]
    pub fn rewrite(&self, path: &str) -> String {
        for (from, to) in &self.substitutions {
            if let Some(rest) = path.strip_prefix(from.as_str())
                && (rest.is_empty() || rest.starts_with('/'))
            {
                return format!("{to}{rest}");
            }
        }
        path.to_owned()
    }

    /// The file that DWARF calls `name` (`DW_AT_name` or a line table entry) in a unit compiled in `comp_dir`.
    pub fn find(&self, name: &str, comp_dir: &str) -> Option<Rc<SourceFile>> {
        if self.closed {
            return None;
        }
        let key = (name.to_owned(), comp_dir.to_owned());
        if let Some(found) = self.found.borrow().get(&key) {
            return found.clone();
        }
        let found = self.search(name, comp_dir).map(Rc::new);
        self.found.borrow_mut().insert(key, found.clone());
        found
    }

    /// Notes that a file was to be shown and is, or is not, there. True when it is not and was not the last one either:
    /// gdb says so only once in a row.
    pub fn note_shown(&self, name: &str, comp_dir: &str, found: bool) -> bool {
        let key = (name.to_owned(), comp_dir.to_owned());
        let mut missed = self.missed.borrow_mut();
        // The file was not searched for when files are not opened.
        let new = !found && !self.closed && missed.as_ref() != Some(&key);
        *missed = if found { None } else { Some(key) };
        new
    }

    /// Whether a file is to be reported as newer than what was compiled from it: true once per file.
    pub fn note_newer(&self, path: &Path) -> bool {
        self.newer.borrow_mut().insert(path.to_owned())
    }

    fn search(&self, name: &str, comp_dir: &str) -> Option<SourceFile> {
        let name = self.rewrite(name);
        let comp_dir = self.rewrite(comp_dir);
        if name.starts_with('/')
            && let Ok(file) = SourceFile::load(PathBuf::from(&name))
        {
            return Some(file);
        }
        let base = name.rsplit('/').next().unwrap_or(&name);
        let relative = name.trim_start_matches('/');
        let names = if base == relative { vec![relative] } else { vec![relative, base] };
        for candidate in names {
            for directory in &self.directories {
                let directory = match directory.as_str() {
                    "$cdir" => PathBuf::from(&comp_dir),
                    "$cwd" => PathBuf::from("."),
                    other => PathBuf::from(self.rewrite(other)),
                };
                if let Ok(file) = SourceFile::load(directory.join(candidate)) {
                    return Some(file);
                }
            }
        }
        self.search_roots(&name, &comp_dir)
    }

    fn search_roots(&self, name: &str, comp_dir: &str) -> Option<SourceFile> {
        let full = if name.starts_with('/') { PathBuf::from(name) } else { Path::new(comp_dir).join(name) };
        let full = normalize(&full);
        let parts: Vec<&std::ffi::OsStr> = full
            .components()
            .filter_map(|part| if let Component::Normal(part) = part { Some(part) } else { None })
            .collect();
        // A bare file name is too little to recognise a file by: a kernel has hundreds of `core.c`.
        let shortest = if name.contains('/') { 2 } else { 1 };
        for start in 0..parts.len() {
            if parts.len() - start < shortest {
                break;
            }
            let suffix: PathBuf = parts.get(start..)?.iter().collect();
            for root in &self.roots {
                if let Ok(file) = SourceFile::load(root.join(&suffix)) {
                    return Some(file);
                }
            }
        }
        None
    }
}

/// `a/./b/../c` as `a/c`, without asking the file system: the path is of the machine that compiled.
fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("tree/init")).unwrap();
        std::fs::write(dir.path().join("tree/init/main.c"), "one\ntwo\r\n\nfour").unwrap();
        dir
    }

    #[test]
    fn lines_are_counted_from_one() {
        let dir = tree();
        let file = SourceFile::load(dir.path().join("tree/init/main.c")).unwrap();
        assert_eq!(file.line_count(), 4);
        assert_eq!(file.line(0), None);
        assert_eq!(file.line(2), Some("two"));
        assert_eq!(file.line(3), Some(""));
        assert_eq!(file.line(4), Some("four"));
        assert_eq!(file.line(5), None);
    }

    #[test]
    fn closed_files_are_neither_found_nor_missed() {
        let dir = tree();
        let real = dir.path().join("tree");
        let mut path = SourcePath::default();
        path.set_open(false);
        assert!(path.find("init/main.c", real.to_str().unwrap()).is_none());
        assert!(!path.note_shown("init/main.c", "/", false));
        path.set_open(true);
        assert!(path.find("init/main.c", real.to_str().unwrap()).is_some());
    }

    #[test]
    fn compilation_directory_substitution_and_roots() {
        let dir = tree();
        let real = dir.path().join("tree");
        let mut path = SourcePath::default();
        assert!(path.find("init/main.c", real.to_str().unwrap()).is_some());
        assert!(path.find("init/main.c", "/build/linux").is_none());
        path.set_substitutions(vec![("/build/linux".into(), real.to_str().unwrap().into())]);
        assert!(path.find("init/main.c", "/build/linux").is_some());
        assert!(path.find("init/main.c", "/build/linux-6").is_none());
        path.set_substitutions(Vec::new());
        path.add_root(real.clone());
        let found = path.find("/home/me/linux/arch/../init/main.c", "/other").unwrap();
        assert_eq!(found.path, real.join("init/main.c"));
        assert!(path.find("main.h", "/other").is_none());
    }
}
