//! The record of one command: from it derive dispatch, help, completion, preconditions and the reference manual.
//!
//! A command file exports `pub const COMMANDS: &[Spec]` and is named once in [`crate::table`]. A record is written as
//! `Spec { name: "info line", class: Class::Status, summary: "…", help: "…", run, ..Spec::EMPTY }`.

use crate::gdb::stand_ins::StandIn;
use crate::{Args, Error, Shell};

/// The body of a command.
pub type Run = fn(&mut Shell, Args<'_>) -> Result<(), Error>;

/// Answers completions of the command's argument: what is typed after the command name, up to the cursor.
pub type Complete = fn(&Shell, &str) -> Vec<String>;

/// One command of the debugger.
#[derive(Clone, Copy)]
pub struct Spec {
    /// Full name, words separated by one space: `info registers`.
    pub name: &'static str,
    /// Other full names: `b`, `bre`, `inf`. They win over prefix matching, so a short form that would be ambiguous
    /// is written here.
    pub aliases: &'static [&'static str],
    /// Where `help` lists it.
    pub class: Class,
    /// What must be there before `run` is called.
    pub needs: Needs,
    /// One line for lists, without a full stop; starts with a capital.
    pub summary: &'static str,
    /// The manual text after the summary: usage and details, lines of at most 80 columns, no newline at the end.
    pub help: &'static str,
    /// Words of a trouble that the command helps with and that are not in its text, for `apropos`: `deadlock` leads to `locks`.
    pub keywords: &'static [&'static str],
    /// Complete command lines a user could type; a test parses each.
    pub examples: &'static [&'static str],
    /// What an empty line after the command does.
    pub repeat: Repeat,
    /// How the argument is completed.
    pub complete: Completer,
    /// For a command that is also a prefix (`thread`, `set`, `delete`): whether words that name no subcommand are
    /// its own argument. Otherwise they are `Undefined info command: …`.
    pub allow_unknown: bool,
    /// A command of gdb that has no meaning here: what it answers instead of [`Self::run`].
    pub stand_in: Option<StandIn>,
    /// The command itself.
    pub run: Run,
}

impl Spec {
    /// The record to fill up from: no aliases, no needs, repeated by Enter, not completed.
    pub const EMPTY: Self = Self {
        name: "",
        aliases: &[],
        class: Class::Support,
        needs: Needs::NONE,
        summary: "",
        help: "",
        keywords: &[],
        examples: &[],
        repeat: Repeat::Again,
        complete: Completer::None,
        allow_unknown: false,
        stand_in: None,
        run: |_, _| Ok(()),
    };
}

/// The lists of `help`, in the order of gdb's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// Stopping the program at certain points.
    Breakpoints,
    /// Looking at data.
    Data,
    /// Executables, symbols, sources.
    Files,
    /// About the debugger itself.
    Internals,
    /// What the Linux kernel knows: tasks, modules, log.
    Linux,
    /// Commands of gdb that have no meaning here.
    Gdb,
    /// Rarely needed.
    Obscure,
    /// Making the program go.
    Running,
    /// Frames.
    Stack,
    /// Questions about state.
    Status,
    /// The shell itself.
    Support,
    /// Made with `define`.
    UserDefined,
}

/// Preconditions of a command, a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Needs(u8);

impl Needs {
    /// None at all.
    pub const NONE: Self = Self(0);
    /// There is a target: `The program is not being run.`
    pub const TARGET: Self = Self(1);
    /// There is a target and it stands still: as [`Self::TARGET`], and `Selected thread is running.`
    pub const STOPPED: Self = Self(1 | 2);
    /// Registers can be read: `The program has no registers now.`
    pub const REGISTERS: Self = Self(4);
    /// There is a selected frame: `No stack.`
    pub const STACK: Self = Self(8);
    /// A selected frame in the words of commands about it: `No frame selected.`
    pub const FRAME: Self = Self(16);
    /// A symbol table: `No symbol table is loaded.  Use the "file" command.`
    pub const SYMBOLS: Self = Self(32);

    /// Both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What an empty line typed after the command does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// The same line again.
    Again,
    /// The command's name alone again (`x`, `list`: go on from where they stopped).
    Bare,
    /// Nothing: the command is not to be run twice by accident.
    No,
}

/// How the argument of a command is completed.
#[derive(Clone, Copy)]
pub enum Completer {
    /// Not at all.
    None,
    /// A C expression: variables, functions, members after `.` and `->`, registers, convenience variables.
    Expr,
    /// `[-force] NUMBER EXPRESSION`: the number of a breakpoint and its condition.
    Condition,
    /// A place in the code: functions, `FILE:LINE`.
    Location,
    /// A path.
    File,
    /// A directory.
    Dir,
    /// A symbol of any kind.
    Symbol,
    /// A type name.
    Type,
    /// The name of a setting, then its values.
    Setting,
    /// A command line.
    Command,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Whatever the function says.
    Custom(Complete),
}
