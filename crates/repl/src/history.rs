//! The commands typed, kept across runs in a file that never grows beyond a bound.

use std::collections::VecDeque;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where the history is kept when nothing else is said: `$XDG_STATE_HOME/kdive/history`, or below `~/.local/state`.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state =
        absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("kdive/history"))
}

/// Commands in the order they were typed.
#[derive(Debug, Default)]
pub struct History {
    entries: VecDeque<String>,
    first: usize,
    limit: Option<usize>,
    remove_duplicates: Option<usize>,
    file: Option<PathBuf>,
    loaded: Option<PathBuf>,
}

impl History {
    /// An empty history without a file and without limit.
    #[must_use]
    pub fn new() -> Self {
        Self { first: 1, remove_duplicates: Some(0), ..Self::default() }
    }

    /// Takes over settings: the most entries to keep, how far back equal ones go (`None`: all the way), and the file.
    pub fn configure(
        &mut self,
        limit: Option<usize>,
        remove_duplicates: Option<usize>,
        file: Option<PathBuf>,
    ) {
        self.limit = limit;
        self.remove_duplicates = remove_duplicates;
        self.file = file;
        self.trim();
    }

    /// Reads the file, once. A file that has outgrown its limit by half is written again.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn load(&mut self) -> io::Result<()> {
        let Some(path) = self.file.clone().filter(|path| self.loaded.as_ref() != Some(path)) else {
            return Ok(());
        };
        self.loaded = Some(path.clone());
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        for line in lines.iter().rev() {
            if self.limit.is_some_and(|limit| self.entries.len() >= limit) {
                break;
            }
            self.entries.push_front((*line).to_owned());
        }
        let kept = self.entries.len();
        if lines.len() > kept + kept / 2 {
            self.rewrite(&path)?;
        }
        Ok(())
    }

    fn rewrite(&self, path: &Path) -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        let temporary = path.with_file_name(name);
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        for entry in &self.entries {
            writeln!(file, "{entry}")?;
        }
        fs::rename(&temporary, path)
    }

    /// Adds a command, in memory and at the end of the file at once, so that nothing is lost when the process is killed
    /// and two shells share one file.
    ///
    /// # Errors
    /// When the file cannot be written; the command is in memory all the same.
    pub fn add(&mut self, line: &str) -> io::Result<()> {
        let back = self.remove_duplicates.unwrap_or(usize::MAX).min(self.entries.len());
        let from = self.entries.len() - back;
        if let Some(at) = self.entries.range(from..).position(|entry| entry == line) {
            self.entries.remove(from + at);
            self.first += 1;
        }
        self.entries.push_back(line.to_owned());
        self.trim();
        let Some(path) = &self.file else { return Ok(()) };
        let open = || OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let mut file = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(dir) = path.parent() {
                    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
                }
                open()?
            }
            opened => opened?,
        };
        file.write_all(format!("{line}\n").as_bytes())
    }

    fn trim(&mut self) {
        while self.limit.is_some_and(|limit| self.entries.len() > limit) {
            self.entries.pop_front();
            self.first += 1;
        }
    }

    /// Number of the oldest entry, and all entries from it on.
    #[must_use]
    pub fn entries(&self) -> (usize, Vec<String>) {
        (self.first, self.entries.iter().cloned().collect())
    }

    /// `set history expansion`: what a line that starts with `!` stands for. `!!` is the last command, `!N` that with the
    /// number, `!-N` the Nth last, `!TEXT` the last that starts with it. `None` when the line is not meant so.
    ///
    /// # Errors
    /// `!foo: event not found`
    pub fn expand(&self, line: &str) -> Option<Result<String, String>> {
        let event = line.strip_prefix('!')?;
        let (event, rest) = match event.strip_prefix('!') {
            Some(rest) => ("-1", rest),
            None => event.split_at(event.find(char::is_whitespace).unwrap_or(event.len())),
        };
        // `! ls` and `!` alone are the shell command.
        if event.is_empty() || event.starts_with('=') {
            return None;
        }
        let entry = match event.parse::<i64>() {
            Ok(number) if number < 0 => {
                let back = usize::try_from(number.unsigned_abs()).ok();
                back.and_then(|back| self.entries.len().checked_sub(back)).and_then(|at| self.entries.get(at))
            }
            Ok(number) => {
                let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(self.first));
                at.and_then(|at| self.entries.get(at))
            }
            Err(_) => self.entries.iter().rev().find(|entry| entry.starts_with(event)),
        };
        Some(entry.map(|entry| format!("{entry}{rest}")).ok_or_else(|| format!("!{event}: event not found")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn with_file(path: &Path, limit: usize) -> History {
        let mut history = History::new();
        history.configure(Some(limit), Some(0), Some(path.to_owned()));
        history.load().unwrap();
        history
    }

    #[test]
    fn kept_across_runs_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/kdive/history");
        let mut first = with_file(&path, 3);
        for line in ["a", "b", "c", "d", "e"] {
            first.add(line).unwrap();
        }
        assert_eq!(first.entries(), (3, vec!["c".into(), "d".into(), "e".into()]));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\nc\nd\ne\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let mut second = with_file(&path, 3);
        assert_eq!(second.entries(), (1, vec!["c".into(), "d".into(), "e".into()]));
        assert_eq!(fs::read_to_string(&path).unwrap(), "c\nd\ne\n", "an overgrown file is cut");
        // Another shell at the same time: nothing of either is lost.
        first.add("f").unwrap();
        second.add("g").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "c\nd\ne\nf\ng\n");
    }

    #[test]
    fn duplicates_go_as_far_back_as_wanted() {
        let mut history = History::new();
        history.configure(None, None, None);
        for line in ["a", "b", "a"] {
            history.add(line).unwrap();
        }
        assert_eq!(history.entries().1, ["b", "a"]);
        history.configure(None, Some(1), None);
        for line in ["b", "b"] {
            history.add(line).unwrap();
        }
        assert_eq!(history.entries().1, ["b", "a", "b"]);
    }

    #[test]
    fn expansion() {
        let mut history = History::new();
        for line in ["info line 1", "print x", "print y"] {
            history.add(line).unwrap();
        }
        assert_eq!(history.expand("!!").unwrap().unwrap(), "print y");
        assert_eq!(history.expand("!! + 1").unwrap().unwrap(), "print y + 1");
        assert_eq!(history.expand("!1").unwrap().unwrap(), "info line 1");
        assert_eq!(history.expand("!-2").unwrap().unwrap(), "print x");
        assert_eq!(history.expand("!info").unwrap().unwrap(), "info line 1");
        assert_eq!(history.expand("!nope").unwrap().unwrap_err(), "!nope: event not found");
        assert!(history.expand("!-9").unwrap().is_err());
        assert!(history.expand("! ls").is_none());
        assert!(history.expand("print !x").is_none());
    }
}
