//! What was probably meant, where a name does not exist: one more line after gdb's.

use std::fmt;

use kdive_base::{Nearest, did_you_mean, nearest};
use kdive_expr::ExprError;
use kdive_session::Absent;
use kdive_symbols::{Completion, Tag};

use crate::help::functions;
use crate::linux::modules::with_linux;
use crate::output::{Stream, Style};
use crate::settings::expand_home;
use crate::tree::{Tree, What};
use crate::{Error, Shell};

mod words;

/// A name that does not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// A command, and the words in front of it, which do exist: none, `info`, `set print`.
    Command(Vec<String>, String),
    /// What an expression may begin with.
    Symbol(String),
    /// A function or a source file.
    Location(String),
    /// `struct NAME` and its kin.
    Type(Tag, String),
    /// A source file.
    File(String),
    /// A file on this machine, as it was typed.
    Path(String),
    /// One of a few names, of which these are the nearest.
    Near(Vec<String>),
    /// A function of expressions: `$NAME(...)`.
    Function(String),
    /// No name at all: a sentence that says what to do.
    Advice(&'static str),
}

/// The message about a name that does not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unknown {
    /// The message, one line, gdb's where gdb has one.
    pub text: String,
    /// What the name may have been meant to be; the first of them that something is near to counts.
    pub missing: Vec<Missing>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Missing {
    /// One of `names`.
    pub fn among<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Near(nearest(name, names))
    }

    pub(crate) fn of_expression(error: ExprError) -> Option<Self> {
        Some(match error {
            ExprError::NoSymbol(name) => Self::Symbol(name),
            ExprError::NoMember { near, .. } => Self::Near(near),
            ExprError::NoTag { tag, name } => Self::Type(tag_of(tag), name),
            ExprError::NoFunction { name, .. } => Self::Function(name),
            _ => return None,
        })
    }

    pub(crate) fn of_place(absent: Absent) -> Option<Self> {
        match absent {
            Absent::Function(name) => Some(Self::Location(name)),
            Absent::File(name) => Some(Self::File(name)),
            Absent::Other => None,
        }
    }
}

fn tag_of(tag: kdive_expr::Tag) -> Tag {
    match tag {
        kdive_expr::Tag::Struct => Tag::Struct,
        kdive_expr::Tag::Union => Tag::Union,
        kdive_expr::Tag::Enum => Tag::Enum,
    }
}

impl Shell {
    /// The line that follows an error about a name, if such lines are wanted and something is near to the name.
    pub(crate) fn suggestion(&mut self, error: &Error) -> Option<String> {
        match error {
            Error::Unknown(unknown) if self.suggests() => self.hint(unknown),
            _ => None,
        }
    }

    /// That line, wanted or not.
    pub(crate) fn hint(&mut self, unknown: &Unknown) -> Option<String> {
        unknown.missing.iter().find_map(|missing| self.hint_about(missing))
    }

    /// Whether lines that gdb does not have may follow its own.
    fn suggests(&self) -> bool {
        match self.settings.text("suggestions").as_str() {
            "on" => true,
            "off" => false,
            _ => self.is_interactive() && !self.is_dumb(),
        }
    }

    /// After `!process`, which the system's shell did not know: what WinDbg's commands are called here.
    pub(crate) fn suggest_for_bang(&mut self, command: &str) {
        if self.suggests()
            && let Some(hint) = words::bang_hint(command)
        {
            self.out.emit(Stream::Err, Style::Plain, format!("{hint}\n").as_bytes());
        }
    }

    fn hint_about(&mut self, missing: &Missing) -> Option<String> {
        let names = match missing {
            Missing::Command(path, word) => {
                if path.is_empty()
                    && let Some(hint) = words::hint(word)
                {
                    return Some(hint);
                }
                near_commands(self.tree(), path, word)
            }
            Missing::Symbol(name) => self.near_symbols(name),
            Missing::Location(name) => {
                if let Some(module) = module_with(self, name) {
                    return Some(module);
                }
                self.program().modules.nearest_name(Completion::Location, name)
            }
            Missing::Type(tag, name) => self.near_types(*tag, name),
            Missing::File(name) => self.program().modules.nearest_name(Completion::File, name),
            Missing::Path(typed) => near_files(typed),
            Missing::Near(names) => names.clone(),
            Missing::Function(name) => {
                let known = functions::FUNCTIONS.iter().map(functions::Row::name);
                nearest(name, known).into_iter().map(|name| format!("${name}")).collect()
            }
            Missing::Advice(text) => return Some((*text).to_owned()),
        };
        did_you_mean(&names)
    }

    /// `task_struct` is `struct task_struct`; otherwise the nearest of what an expression may begin with.
    fn near_symbols(&self, name: &str) -> Vec<String> {
        let modules = &self.program().modules;
        for (tag, keyword) in TAGS {
            if modules.complete_name(tag, name, 1).iter().any(|found| found == name) {
                return vec![format!("{keyword} {name}")];
            }
        }
        let locals = crate::gdb::debugger::locals(self, "");
        let near = nearest(name, locals.iter().map(String::as_str));
        if near.is_empty() { modules.nearest_name(Completion::Expression, name) } else { near }
    }

    /// The nearest with this tag; else the same name with another one.
    fn near_types(&self, tag: Tag, name: &str) -> Vec<String> {
        let near = self.program().modules.nearest_name(Completion::Tag(tag), name);
        let keyword =
            TAGS.iter().find(|(known, _)| *known == Completion::Tag(tag)).map_or("", |(_, word)| word);
        near.into_iter().map(|name| format!("{keyword} {name}")).collect()
    }
}

/// What stands in front of each kind of tag.
const TAGS: [(Completion, &str); 3] = [
    (Completion::Tag(Tag::Struct), "struct"),
    (Completion::Tag(Tag::Union), "union"),
    (Completion::Tag(Tag::Enum), "enum"),
];

/// Full names of commands near to `word` under `path`. A word that is a subcommand elsewhere stands for that: `locals` is
/// `info locals`.
fn near_commands(tree: &Tree, path: &[String], word: &str) -> Vec<String> {
    let Some(branch) = tree.children(path) else { return Vec::new() };
    let mut close = Nearest::to(word);
    Tree::candidates(branch, "").for_each(|name| close.offer(name));
    let full = |name: String| path.iter().cloned().chain([name]).collect::<Vec<_>>().join(" ");
    let near: Vec<String> = close.names().into_iter().map(full).collect();
    if !path.is_empty() && !near.is_empty() {
        return near;
    }
    let mut elsewhere = Vec::new();
    tree.walk(&mut |path, entry| {
        let is_it =
            path.len() > 1 && entry.name == word && !matches!(entry.what, What::Show(_) | What::Alias(_));
        if is_it && path.first().is_some_and(|verb| verb != "show") {
            elsewhere.push(path.join(" "));
        }
    });
    elsewhere.truncate(3);
    if elsewhere.is_empty() { near } else { elsewhere }
}

/// One line about the module on disk that has a function, for a kernel.
fn module_with(shell: &mut Shell, function: &str) -> Option<String> {
    let found =
        with_linux(shell, |linux, program| linux.module_with_function(program, function)).flatten()?;
    let path = found.path.display();
    Some(format!("{function} is in the module {}, which is not loaded: {path}", found.module))
}

/// The nearest names in the directory a file was looked for in, as they would be typed; of directories too.
fn near_files(typed: &str) -> Vec<String> {
    let (directory, name) = typed.split_at(typed.rfind('/').map_or(0, |slash| slash + 1));
    let place = if directory.is_empty() { "." } else { directory };
    let mut near = Nearest::to(name);
    for entry in std::fs::read_dir(expand_home(place)).into_iter().flatten().flatten() {
        if let Some(name) = entry.file_name().to_str() {
            near.offer(name);
        }
    }
    near.names().into_iter().map(|name| format!("{directory}{name}")).collect()
}

/// Whether another debugger has the word for a command, of which a hint tells.
pub(crate) fn is_word_of_others(word: &str) -> bool {
    words::hint(word).is_some()
}

#[cfg(test)]
mod tests;
