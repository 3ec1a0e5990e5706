//! Completion of a command line, for the terminal and for the command `complete`.

use std::fs;
use std::path::Path;

use crate::settings::{Setting, expand_home};
use crate::spec::{Class, Completer, Repeat, Spec};
use crate::tree::{Tree, What, is_name_char};
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "complete",
    class: Class::Support,
    summary: "Print the completions of a command line",
    help: "Usage: complete LINE",
    examples: &["complete info l"],
    repeat: Repeat::No,
    complete: Completer::Command,
    run: complete,
    ..Spec::EMPTY
}];

/// What could stand at the end of a line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Completion {
    /// Where in the line the words go.
    pub start: usize,
    /// The words, sorted, each once.
    pub words: Vec<String>,
}

fn complete(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let line = args.raw;
    let limit = shell.settings.number("max-completions").and_then(|limit| usize::try_from(limit).ok());
    if limit == Some(0) {
        shell.out.line("max-completions is zero, completion is disabled.");
        return Ok(());
    }
    let completion = shell.complete(line);
    let stem = line.get(..completion.start).unwrap_or(line);
    let count = completion.words.len();
    for word in completion.words.into_iter().take(limit.unwrap_or(usize::MAX)) {
        shell.out.line(&format!("{stem}{word}"));
    }
    if limit.is_some_and(|limit| count > limit) {
        shell.out.line(&format!("{line} *** List may be truncated, max-completions reached. ***"));
    }
    Ok(())
}

/// Most commands in one another (`with`, `pipe`, `complete`, ...) that completion looks through.
const MAX_NESTING: usize = 20;

impl Shell {
    /// Completions of a line whose end is where the cursor is.
    #[must_use]
    pub fn complete(&self, line: &str) -> Completion {
        if self.settings.number("max-completions") == Some(0) {
            return Completion { start: line.len(), words: Vec::new() };
        }
        let mut completion = self.complete_line(line, MAX_NESTING);
        completion.words.sort_unstable();
        completion.words.dedup();
        completion
    }

    /// `nesting` is how many more commands in this one are completed: completion ends whatever the line is.
    fn complete_line(&self, line: &str, nesting: usize) -> Completion {
        let Some(nesting) = nesting.checked_sub(1) else { return Completion::default() };
        let tree = self.tree();
        let mut branch = tree.root();
        let mut at = line.len() - line.trim_start().len();
        let mut current: Option<What> = None;
        loop {
            let rest = &line[at..];
            let word_len = rest.find(|c: char| !is_name_char(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(word_len);
            if after.is_empty() {
                let words: Vec<String> = Tree::candidates(branch, word).map(str::to_owned).collect();
                return match current {
                    Some(what) if words.is_empty() => self.complete_argument(&what, line, at, nesting),
                    _ => Completion { start: at, words },
                };
            }
            // The name is typed in full: find out what it stands for.
            let first = rest.chars().next().map_or(0, char::len_utf8);
            let stem = &line[..at + word_len.max(first)];
            let found = match tree.find(stem) {
                Ok(found) if found.rest.trim().is_empty() => found,
                _ => {
                    return current.map_or_else(Completion::default, |what| {
                        self.complete_argument(&what, line, at, nesting)
                    });
                }
            };
            at = line.len() - line[stem.len()..].trim_start().len();
            let children = tree.children(&found.path);
            match children {
                Some(children) if !children.is_empty() => branch = children,
                _ => return self.complete_argument(&found.what, line, at, nesting),
            }
            current = Some(found.what);
        }
    }

    /// Completions of an argument that starts at `at`.
    fn complete_argument(&self, what: &What, line: &str, at: usize, nesting: usize) -> Completion {
        match what {
            What::Command(spec) => self.complete_with(spec.complete, line, at, nesting),
            What::Set(setting) => self.complete_value(setting, line, at),
            // The arguments of a user-defined command are mostly expressions.
            What::User(_) => self.complete_with(Completer::Expr, line, at, nesting),
            What::Show(_) | What::Prefix | What::Alias(_) => Completion::default(),
        }
    }

    fn complete_value(&self, setting: &Setting, line: &str, at: usize) -> Completion {
        if setting.kind.is_file() {
            return complete_path(line, at, false);
        }
        let text = &line[at..];
        let candidates = setting.kind.candidates().into_iter();
        Completion {
            start: at,
            words: candidates.filter(|word| word.starts_with(text)).map(str::to_owned).collect(),
        }
    }

    fn complete_with(&self, completer: Completer, line: &str, at: usize, nesting: usize) -> Completion {
        let hooks = self.hooks();
        let text = &line[at..];
        let takes_format = matches!(completer, Completer::Expr | Completer::Location | Completer::Type);
        // A format is not part of the expression: `x/4xg $s`.
        let text = match text.strip_prefix('/').map(|format| format.find(char::is_whitespace)) {
            Some(None) if takes_format => return Completion::default(),
            // One more for the slash.
            Some(Some(end)) if takes_format => text[end + 1..].trim_start(),
            _ => text,
        };
        // Blanks may be of more than one byte.
        let last_word = (line.trim_end_matches(|c: char| !c.is_whitespace()).len()).max(at);
        match completer {
            Completer::None => Completion::default(),
            Completer::Expr => {
                let identifier = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
                let start = line.len() - text.len() + text.trim_end_matches(identifier).len();
                Completion { start, words: hooks.complete_expression(self, text) }
            }
            Completer::Condition => self.complete_condition(line, at, nesting),
            Completer::Location => {
                Completion { start: last_word, words: hooks.complete_location(self, text) }
            }
            Completer::File => complete_path(line, last_word, false),
            Completer::Dir => complete_path(line, last_word, true),
            Completer::Symbol => {
                Completion { start: last_word, words: hooks.complete_symbol(self, &line[last_word..]) }
            }
            Completer::Type => {
                Completion { start: line.len() - text.len(), words: hooks.complete_type(self, text) }
            }
            Completer::Setting => self.complete_setting(line, at, nesting),
            Completer::Command => {
                let inner = self.complete_line(&line[at..], nesting);
                Completion { start: inner.start + at, words: inner.words }
            }
            Completer::Words(words) => {
                let typed = &line[last_word..];
                let words =
                    words.iter().filter(|word| word.starts_with(typed)).map(|word| (*word).to_owned());
                Completion { start: last_word, words: words.collect() }
            }
            Completer::Custom(complete) => Completion { start: last_word, words: complete(self, text) },
        }
    }

    /// `condition [-force] NUMBER EXPRESSION`.
    fn complete_condition(&self, line: &str, at: usize, nesting: usize) -> Completion {
        let text = &line[at..];
        let forced = text.strip_prefix("-force").filter(|rest| rest.starts_with(char::is_whitespace));
        let rest = forced.unwrap_or(text).trim_start();
        let start = line.len() - rest.len();
        match rest.split_once(char::is_whitespace) {
            Some((_, expression)) => {
                self.complete_with(Completer::Expr, line, line.len() - expression.len(), nesting)
            }
            None if rest.starts_with('$') => self.complete_with(Completer::Expr, line, start, nesting),
            None => {
                let numbers = self.session.breakpoints().map(|breakpoint| breakpoint.number.to_string());
                let option = forced.is_none().then(|| "-force".to_owned());
                let words = numbers.chain(option).filter(|word| word.starts_with(rest));
                Completion { start, words: words.collect() }
            }
        }
    }

    /// `with SETTING VALUE -- COMMAND`.
    fn complete_setting(&self, line: &str, at: usize, nesting: usize) -> Completion {
        let text = &line[at..];
        let (prefix, text, at) = match text.find("-- ") {
            Some(dashes) => ("", &text[dashes + 3..], at + dashes + 3),
            None => ("set ", text, at),
        };
        let inner = self.complete_line(&format!("{prefix}{text}"), nesting);
        // A position before the prefix would be a candidate for `set` itself.
        Completion { start: inner.start.saturating_sub(prefix.len()) + at, words: inner.words }
    }
}

/// Files and directories that start with the text from `start` on.
fn complete_path(line: &str, start: usize, only_dirs: bool) -> Completion {
    let typed = &line[start..];
    let (dir, name) = typed.rfind('/').map_or(("", typed), |slash| typed.split_at(slash + 1));
    let in_dir = if dir.is_empty() { ".".to_owned() } else { expand_home(dir) };
    let mut words = Vec::new();
    for entry in fs::read_dir(Path::new(&in_dir)).into_iter().flatten().flatten() {
        let Ok(file) = entry.file_name().into_string() else { continue };
        if !file.starts_with(name) || file.starts_with('.') && name.is_empty() {
            continue;
        }
        // Links to directories count.
        let is_dir = fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir());
        if is_dir {
            words.push(format!("{dir}{file}/"));
        } else if !only_dirs {
            words.push(format!("{dir}{file}"));
        }
    }
    Completion { start, words }
}
