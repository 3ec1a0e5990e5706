//! `.kdiveinit` and `.gdbinit`: command files that run at start without being named.
//!
//! They can run any program, so one in the current directory is run only when it is the user's own: checking out somebody
//! else's tree and debugging in it must not be enough.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Which debugger's files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavor {
    /// `kdive/kdiveinit`, `.kdiveinit`
    Kdive,
    /// `gdb/gdbinit`, `.gdbinit`
    Gdb,
}

impl Flavor {
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Kdive => ("kdive/kdiveinit", ".kdiveinit"),
            Self::Gdb => ("gdb/gdbinit", ".gdbinit"),
        }
    }
}

/// A file in the current directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Local {
    /// There is none, or it is the one of the home directory.
    None,
    /// It may be run.
    Trusted(PathBuf),
    /// It may not, and why.
    Refused(PathBuf, &'static str),
}

/// The user's own file: below `$XDG_CONFIG_HOME` (or `~/.config`) if there is one, else in the home directory.
pub fn home(flavor: Flavor) -> Option<PathBuf> {
    let directory = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = directory("HOME");
    let (config_name, home_name) = flavor.names();
    let config = directory("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
    let candidates = [config.map(|dir| dir.join(config_name)), home.map(|home| home.join(home_name))];
    candidates.into_iter().flatten().find(|path| path.is_file())
}

/// The file in `dir`, the current directory. `home` is the one that ran already, `safe_path` the directories, separated by
/// colons, whose files are run whatever their owner.
pub fn local(flavor: Flavor, dir: &Path, home: Option<&Path>, safe_path: &str) -> Local {
    let path = dir.join(flavor.names().1);
    let Ok(meta) = fs::metadata(&path) else { return Local::None };
    let same = |other: &Path| {
        fs::metadata(other).is_ok_and(|other| other.dev() == meta.dev() && other.ino() == meta.ino())
    };
    if !meta.is_file() || home.is_some_and(same) {
        return Local::None;
    }
    let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    if safe_path.split(':').filter(|dir| !dir.is_empty()).any(|dir| real.starts_with(dir)) {
        return Local::Trusted(path);
    }
    // The owner of /proc/self is the effective user.
    let user = fs::metadata("/proc/self").map(|meta| meta.uid()).ok();
    if user != Some(meta.uid()) {
        return Local::Refused(path, "it belongs to another user");
    }
    if meta.mode() & 0o002 != 0 {
        return Local::Refused(path, "anybody can write it");
    }
    Local::Trusted(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_the_users_own_file_is_trusted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".kdiveinit");
        assert_eq!(local(Flavor::Kdive, dir.path(), None, ""), Local::None);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(local(Flavor::Kdive, dir.path(), None, ""), Local::Trusted(path.clone()));
        assert_eq!(local(Flavor::Gdb, dir.path(), None, ""), Local::None);
        assert_eq!(local(Flavor::Kdive, dir.path(), Some(&path), ""), Local::None, "it has run already");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let refused = Local::Refused(path.clone(), "anybody can write it");
        assert_eq!(local(Flavor::Kdive, dir.path(), None, "/nonexistent"), refused);
        let real = fs::canonicalize(dir.path()).unwrap();
        assert_eq!(local(Flavor::Kdive, dir.path(), None, real.to_str().unwrap()), Local::Trusted(path));
    }
}
