//! All commands of one shell by name: the table, a `set` and a `show` per setting, the user's own and the aliases.
//! Knows gdb's rules of abbreviation, nothing of what commands do.

use std::rc::Rc;

use crate::Error;
use crate::settings::{self, Setting};
use crate::spec::Spec;
use crate::suggest::Missing;
use crate::user::UserCommand;

/// What stands after a name.
#[derive(Clone)]
pub enum What {
    /// A record of the table.
    Command(&'static Spec),
    /// `set NAME`.
    Set(&'static Setting),
    /// `show NAME`.
    Show(&'static Setting),
    /// Only a prefix of others: `set print`, `show history`.
    Prefix,
    /// Made with `define`.
    User(Rc<UserCommand>),
    /// Another name.
    Alias(Rc<Alias>),
}

/// Another name for a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alias {
    /// Full name of the command.
    pub target: Vec<String>,
    /// What is put before the arguments.
    pub default_args: String,
    /// Made with the command `alias`: the how manieth. 0: built in.
    pub by_user: usize,
    /// `alias -a`: not offered by completion.
    pub hidden: bool,
}

/// One name and what is under it.
#[derive(Clone)]
pub struct Entry {
    /// The last word of the name.
    pub name: String,
    /// What it does.
    pub what: What,
    /// Commands whose name begins with this one's.
    pub children: Branch,
    /// Set by `maintenance deprecate`, or an old name from the start.
    pub deprecated: Option<Deprecation>,
    allow_unknown: bool,
}

/// What `maintenance deprecate` said of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deprecation {
    /// What to use instead.
    pub replacement: Option<String>,
    /// The user has not been warned yet.
    pub warn: bool,
}

/// Names sorted, as gdb lists them.
#[derive(Clone, Default)]
pub struct Branch(Vec<Entry>);

/// The outcome of looking a line up.
#[derive(Clone)]
pub struct Found<'l> {
    /// Canonical name, word by word.
    pub path: Vec<String>,
    /// What it does; never an alias.
    pub what: What,
    /// The rest of the line after the name, as it stands.
    pub rest: &'l str,
    /// Arguments an alias on the way puts first.
    pub default_args: String,
    /// Whether the entry has others under it.
    pub is_prefix: bool,
    /// Full name of the alias it was found by.
    pub alias: Option<Vec<String>>,
}

impl Found<'_> {
    /// Canonical name.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.join(" ")
    }
}

/// All commands.
#[derive(Clone, Default)]
pub struct Tree {
    root: Branch,
}

/// Longest list of candidates in the message about an ambiguous command, gdb's.
const AMBIGUOUS_LIMIT: usize = 100;

enum Pick<'t> {
    None,
    One(&'t Entry),
    Many,
}

impl Entry {
    /// Whether it and all under it are commands of gdb that have no meaning here: they are not suggested.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        let has_meaning_here = match &self.what {
            What::Command(spec) => spec.stand_in.is_none(),
            What::Prefix => self.children.is_empty(),
            _ => true,
        };
        !has_meaning_here && self.children.0.iter().all(Self::is_foreign)
    }
}

impl Branch {
    /// Entries in order of their names.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn get(&self, name: &str) -> Option<&Entry> {
        self.0.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok().and_then(|at| self.0.get(at))
    }

    fn entry(&mut self, name: &str) -> &mut Entry {
        let at = match self.0.binary_search_by(|entry| entry.name.as_str().cmp(name)) {
            Ok(at) => at,
            Err(at) => {
                let new = Entry {
                    name: name.to_owned(),
                    what: What::Prefix,
                    children: Self::default(),
                    deprecated: None,
                    allow_unknown: false,
                };
                self.0.insert(at, new);
                at
            }
        };
        &mut self.0[at]
    }

    fn with_prefix<'t>(&'t self, prefix: &str) -> impl Iterator<Item = &'t Entry> {
        let start = self.0.partition_point(|entry| entry.name.as_str() < prefix);
        let prefix = prefix.to_owned();
        self.0[start..].iter().take_while(move |entry| entry.name.starts_with(&prefix))
    }
}

/// Length of the command name at the start of `text`. `!` and `|` are commands of one character.
fn name_length(text: &str, first: bool) -> usize {
    if first && text.starts_with(['!', '|']) {
        return 1;
    }
    // gdb takes `p+1` and `p$x` for names; only other characters end one.
    text.find(|c: char| !(is_name_char(c) || matches!(c, '$' | '+'))).unwrap_or(text.len())
}

/// Whether a command name can contain `c`.
#[must_use]
pub fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

impl Tree {
    /// The tree of a fresh shell.
    #[must_use]
    pub fn new(table: &[&'static [Spec]], settings: &[&'static [Setting]]) -> Self {
        let mut tree = Self::default();
        for setting in settings.iter().copied().flatten() {
            for (verb, what) in [("set", What::Set(setting)), ("show", What::Show(setting))] {
                let entry = tree.insert(&full_name(verb, setting.name), what);
                entry.deprecated = settings::deprecated::newer(setting.name)
                    .map(|new| Deprecation { replacement: Some(format!("{verb} {new}")), warn: true });
            }
        }
        for spec in table.iter().copied().flatten() {
            let entry = tree.insert(&words(spec.name), What::Command(spec));
            entry.allow_unknown = spec.allow_unknown;
        }
        let commands = table.iter().copied().flatten();
        let commands =
            commands.flat_map(|spec| spec.aliases.iter().map(|alias| (words(alias), words(spec.name))));
        let of_settings = settings.iter().copied().flatten().flat_map(|setting| {
            let names = setting.aliases.iter().map(|alias| (alias, setting.name));
            names.flat_map(|(alias, name)| {
                ["set", "show"].map(|verb| (full_name(verb, alias), full_name(verb, name)))
            })
        });
        let of_prefixes = settings::PREFIX_ALIASES.iter().flat_map(|(alias, name)| {
            ["set", "show"].map(|verb| (full_name(verb, alias), full_name(verb, name)))
        });
        let aliases: Vec<_> = commands.chain(of_settings).chain(of_prefixes).collect();
        for (name, target) in aliases {
            tree.add_alias(&name, Alias { target, default_args: String::new(), by_user: 0, hidden: false });
        }
        tree
    }

    fn insert(&mut self, path: &[String], what: What) -> &mut Entry {
        let mut branch = &mut self.root;
        let (last, prefix) = path.split_last().map_or(("", path), |(last, prefix)| (last.as_str(), prefix));
        for word in prefix {
            branch = &mut branch.entry(word).children;
        }
        let entry = branch.entry(last);
        entry.what = what;
        entry
    }

    /// Adds a user-defined command, or replaces whatever has the name; its subcommands stay.
    pub fn add_user(&mut self, path: &[String], command: Rc<UserCommand>) {
        let prefix = command.prefix;
        let entry = self.insert(path, What::User(command));
        entry.allow_unknown = !prefix;
    }

    /// Adds another name.
    pub fn add_alias(&mut self, path: &[String], alias: Alias) {
        self.insert(path, What::Alias(Rc::new(alias)));
    }

    /// The entry with exactly this name, aliases not followed.
    #[must_use]
    pub fn get(&self, path: &[String]) -> Option<&Entry> {
        let (first, rest) = path.split_first()?;
        let mut entry = self.root.get(first)?;
        for word in rest {
            entry = self.follow(entry)?.children.get(word)?;
        }
        Some(entry)
    }

    /// The entry with exactly this name, to change it. Aliases are not followed.
    pub(crate) fn get_mut(&mut self, path: &[String]) -> Option<&mut Entry> {
        let (last, prefix) = path.split_last()?;
        let mut branch = &mut self.root;
        for word in prefix {
            let at = branch.0.binary_search_by(|entry| entry.name.as_str().cmp(word)).ok()?;
            branch = &mut branch.0.get_mut(at)?.children;
        }
        let at = branch.0.binary_search_by(|entry| entry.name.as_str().cmp(last)).ok()?;
        branch.0.get_mut(at)
    }

    /// The entry an alias stands for, or the entry itself.
    fn follow<'t>(&'t self, entry: &'t Entry) -> Option<&'t Entry> {
        match &entry.what {
            // An alias names its target in full when it is made, so one step is enough.
            What::Alias(alias) => self.get(&alias.target),
            _ => Some(entry),
        }
    }

    /// The commands without a prefix.
    #[must_use]
    pub fn root(&self) -> &Branch {
        &self.root
    }

    /// Names under a prefix, `None` when it is none.
    #[must_use]
    pub fn children(&self, path: &[String]) -> Option<&Branch> {
        if path.is_empty() {
            return Some(&self.root);
        }
        Some(&self.get(path)?.children).filter(|branch| !branch.is_empty())
    }

    /// The other names of a command: last words of built-in aliases beside it first, then the user's aliases anywhere.
    #[must_use]
    pub fn aliases_of(&self, path: &[String]) -> Vec<(Vec<String>, Rc<Alias>)> {
        let mut found = Vec::new();
        self.walk(&mut |name, entry| {
            if let What::Alias(alias) = &entry.what
                && alias.target == path
            {
                found.push((name.to_vec(), Rc::clone(alias)));
            }
        });
        found
    }

    /// Visits every entry with its full name, in order, prefixes before what is under them.
    pub fn walk(&self, visit: &mut dyn FnMut(&[String], &Entry)) {
        fn go(branch: &Branch, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &Entry)) {
            for entry in &branch.0 {
                path.push(entry.name.clone());
                visit(path, entry);
                go(&entry.children, path, visit);
                path.pop();
            }
        }
        go(&self.root, &mut Vec::new(), visit);
    }

    /// Looks up the command a line starts with: exact name or unique abbreviation at every level.
    ///
    /// # Errors
    /// `Undefined command: "foo".  Try "help".`, `Undefined info command: "foo".  Try "help info".`,
    /// `Ambiguous command "x": a, b.`
    pub fn find<'l>(&self, line: &'l str) -> Result<Found<'l>, Error> {
        let mut branch = &self.root;
        let mut found: Option<Found<'l>> = None;
        let mut allow_unknown = false;
        let mut rest = line.trim_start();
        loop {
            let (word, after) = rest.split_at(name_length(rest, found.is_none()));
            let pick = if word.is_empty() { Pick::None } else { self.pick(branch, word) };
            match (pick, found) {
                (Pick::None, None) => {
                    let text = format!("Undefined command: \"{word}\".  Try \"help\".");
                    return Err(Error::unknown(text, Missing::Command(Vec::new(), word.to_owned())));
                }
                (Pick::None, Some(found)) if allow_unknown => return Ok(found),
                (Pick::None, Some(found)) => {
                    let prefix = found.name();
                    let unknown = rest.trim_end();
                    let text = format!("Undefined {prefix} command: \"{unknown}\".  Try \"help {prefix}\".");
                    return Err(Error::unknown(text, Missing::Command(found.path, word.to_owned())));
                }
                (Pick::Many, found) => return Err(ambiguous(found.map(|found| found.path), rest, branch)),
                (Pick::One(entry), previous) => {
                    let alias = matches!(entry.what, What::Alias(_)).then(|| {
                        let prefix = previous.iter().flat_map(|found| found.path.iter().cloned());
                        prefix.chain([entry.name.clone()]).collect()
                    });
                    let (path, entry, default_args) = self.resolve(previous, entry)?;
                    let is_prefix = !entry.children.is_empty();
                    let what = entry.what.clone();
                    found = Some(Found { path, what, rest: after, default_args, is_prefix, alias });
                    allow_unknown = entry.allow_unknown;
                    rest = after.trim_start();
                    branch = &entry.children;
                    if rest.is_empty() || !is_prefix {
                        break;
                    }
                }
            }
        }
        found.ok_or_else(|| Error::msg("Undefined command: \"\".  Try \"help\"."))
    }

    /// The entry with this name, or the only one that starts with it; several names of one command count as one.
    fn pick<'t>(&'t self, branch: &'t Branch, word: &str) -> Pick<'t> {
        if let Some(entry) = branch.get(word) {
            return Pick::One(entry);
        }
        let mut candidates = branch.with_prefix(word);
        let Some(first) = candidates.next() else { return Pick::None };
        let same = |entry: &Entry| match (self.follow(first), self.follow(entry)) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            _ => false,
        };
        if !candidates.all(same) {
            return Pick::Many;
        }
        // A command without meaning here is not abbreviated to a word of another debugger.
        let is_word = std::ptr::eq(branch, &raw const self.root) && crate::suggest::is_word_of_others(word);
        if is_word && first.is_foreign() { Pick::None } else { Pick::One(first) }
    }

    fn resolve<'t>(
        &'t self,
        previous: Option<Found<'_>>,
        entry: &'t Entry,
    ) -> Result<(Vec<String>, &'t Entry, String), Error> {
        let (mut path, mut default_args) =
            previous.map_or_else(Default::default, |found| (found.path, found.default_args));
        if let What::Alias(alias) = &entry.what {
            let dangling = || Error::msg(format!("Undefined command: \"{}\".  Try \"help\".", entry.name));
            let target = self.get(&alias.target).ok_or_else(dangling)?;
            default_args.clone_from(&alias.default_args);
            return Ok((alias.target.clone(), target, default_args));
        }
        path.push(entry.name.clone());
        Ok((path, entry, default_args))
    }

    /// Names under `branch` that start with `word`, for completion: short forms of other names are left out.
    pub fn candidates<'t>(branch: &'t Branch, word: &str) -> impl Iterator<Item = &'t str> {
        let offered = |entry: &&Entry| match &entry.what {
            What::Command(spec) if spec.stand_in.is_some() => false,
            What::Prefix if entry.is_foreign() => false,
            What::Alias(alias) => {
                !alias.hidden && (alias.by_user > 0 || !is_short_form(&entry.name, &alias.target))
            }
            _ => true,
        };
        branch.with_prefix(word).filter(offered).map(|entry| entry.name.as_str())
    }
}

/// Whether a name only saves typing: the start of the other (`brea`), or a few of its letters (`ni`, `thb`).
fn is_short_form(name: &str, target: &[String]) -> bool {
    let Some(full) = target.last() else { return false };
    let mut rest = full.chars();
    full.starts_with(name) || name.len() <= 3 && name.chars().all(|c| rest.any(|other| other == c))
}

fn ambiguous(prefix: Option<Vec<String>>, rest: &str, branch: &Branch) -> Error {
    // gdb compares up to the first blank here and cuts the list at a fixed size.
    let word = rest.split([' ', '\t']).next().unwrap_or_default();
    let mut list = String::new();
    for entry in branch.with_prefix(word) {
        if list.len() + entry.name.len() + 6 >= AMBIGUOUS_LIMIT {
            list.push_str("..");
            break;
        }
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&entry.name);
    }
    let prefix = prefix.map(|path| path.join(" ") + " ").unwrap_or_default();
    Error::msg(format!("Ambiguous {prefix}command \"{}\": {list}.", rest.trim_end()))
}

/// The words of a name.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    name.split_whitespace().map(str::to_owned).collect()
}

fn full_name(verb: &str, setting: &str) -> Vec<String> {
    std::iter::once(verb).chain(setting.split_whitespace()).map(str::to_owned).collect()
}

#[cfg(test)]
#[path = "tree/tests.rs"]
mod tests;
