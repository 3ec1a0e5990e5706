//! The shell itself: prompt, history, pages, log, scripts.

use crate::settings::kind::Kind::{AutoBool, Bool, File, Limit, OptionalFile, Plain, Text, UInteger};
use crate::settings::{Setting, Show};

/// The settings of this file.
pub(super) const ROWS: &[Setting] = &[
    Setting::new(
        "confirm",
        Bool,
        "on",
        "whether questions are asked before something is lost",
        "Whether to confirm potentially dangerous operations is {}.",
    ),
    Setting::new(
        "pagination",
        Bool,
        "on",
        "whether output stops after each page",
        "State of pagination is {}.",
    ),
    Setting::new(
        "height",
        UInteger,
        "unlimited",
        "how many lines a page has",
        "Number of lines gdb thinks are in a page is {}.",
    )
    .help("Taken from the terminal at start."),
    Setting::new(
        "width",
        UInteger,
        "unlimited",
        "how many characters a line has",
        "Number of characters gdb thinks are in a line is {}.",
    )
    .help("Taken from the terminal at start."),
    Setting::new(
        "annotate",
        Plain,
        "0",
        "which marks are printed for an editor that runs kdive",
        "Annotation_level is {}.",
    )
    .help(
        "0: none. 1: a source line that is shown is the line ^Z^ZFILE:LINE:OFFSET:beg:ADDRESS instead. \
         2: also lines before and after the prompt.",
    ),
    Setting::new("prompt", Text, "(kdive) ", "the prompt", "Gdb's prompt is \"{}\"."),
    Setting::new(
        "editing",
        Bool,
        "on",
        "whether lines are edited as they are typed",
        "Editing of command lines as they are typed is {}.",
    ),
    Setting::new("verbose", Bool, "off", "whether more is said about what is going on", "")
        .show(Show::OnOff("Verbose printing of informational messages is on.", "Verbosity is off."))
        .ignored(),
    Setting::new(
        "suggestions",
        AutoBool,
        "auto",
        "whether the nearest names follow the error about one that does not exist",
        "Whether the nearest names are proposed is {}.",
    )
    .help("\"auto\" does so at a terminal only, and not where TERM is dumb: scripts and programs see gdb's line and nothing else."),
    Setting::new(
        "trace-commands",
        Bool,
        "off",
        "whether each command is printed before it runs",
        "State of GDB CLI command tracing is {}.",
    ),
    Setting::new(
        "max-user-call-depth",
        UInteger,
        "1024",
        "how deep user-defined commands may call each other",
        "The max call depth for user-defined commands is {}.",
    ),
    Setting::new(
        "max-completions",
        Limit,
        "200",
        "how many completions are offered",
        "Maximum number of completion candidates is {}.",
    ),
    Setting::new(
        "startup-quietly",
        Bool,
        "off",
        "whether kdive starts without saying what it is",
        "Whether to start up quietly is {}.",
    ),
    Setting::new(
        "history expansion",
        Bool,
        "off",
        "whether !! and its kin stand for earlier commands",
        "History expansion on command input is {}.",
    ),
    Setting::new(
        "history filename",
        OptionalFile,
        "",
        "the file that keeps the commands typed",
        "The filename in which to record the command history is \"{}\".",
    ),
    Setting::new(
        "history remove-duplicates",
        Limit,
        "0",
        "how far back an equal command is removed from the history",
        "The number of history entries to look back at for duplicates is {}.",
    ),
    Setting::new(
        "history save",
        Bool,
        "on",
        "whether the commands typed are kept in a file",
        "Saving of the history record on exit is {}.",
    ),
    Setting::new(
        "history size",
        Limit,
        "10000",
        "how many commands the history keeps",
        "The size of the command history is {}.",
    ),
    Setting::new("logging enabled", Bool, "off", "whether output is copied to a file", "")
        .show(Show::OnOff("on: Logging is enabled.", "off: Logging is disabled.")),
    Setting::new(
        "logging file",
        File,
        "gdb.txt",
        "the file of \"set logging enabled\"",
        "The current logfile is \"{}\".",
    ),
    Setting::new("logging overwrite", Bool, "off", "whether logging starts with an empty file", "")
        .show(Show::OnOff("on: Logging overwrites the log file.", "off: Logging appends to the log file.")),
    Setting::new("logging redirect", Bool, "off", "whether output goes to the file only", "").show(
        Show::OnOff(
            "on: Output will go only to the log file.",
            "off: Output will go to both the screen and the log file.",
        ),
    ),
    Setting::new("logging debugredirect", Bool, "off", "whether debug output goes to the file only", "")
        .show(Show::OnOff(
            "on: Debug output will go only to the log file.",
            "off: Debug output will go to both the screen and the log file.",
        )),
];
