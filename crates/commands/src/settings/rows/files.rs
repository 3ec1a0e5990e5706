//! Where files are looked for, and what may be run from them.

use crate::settings::kind::Kind::{AutoOffset, Bool, Enum, File, OptionalFile, RawText};
use crate::settings::{Setting, Show, Value};

/// The settings of this file.
pub(super) const ROWS: &[Setting] = &[
    Setting::new(
        "directories",
        RawText,
        "$cdir:$cwd",
        "the directories source files are looked for in",
        "Source directories searched: {}",
    )
    .help("Separated by colons. $cdir is the directory of compilation, $cwd the current one."),
    Setting::new(
        "debug-file-directory",
        OptionalFile,
        "/usr/lib/debug",
        "the directories separate debug information is looked for in",
        "The directory where separate debug symbols are searched for is \"{}\".",
    ),
    Setting::new(
        "module-path",
        OptionalFile,
        "",
        "the directories kernel modules are looked for in",
        "The search path for kernel modules is \"{}\".",
    )
    .help(
        "Separated by colons; /lib/modules, the debug file directories and the kernel's build tree follow.",
    ),
    Setting::new(
        "solib-search-path",
        OptionalFile,
        "",
        "the directories shared libraries are looked for in",
        "The search path for loading non-absolute shared library symbol files is {}.",
    ).ignored(),
    Setting::new(
        "sysroot",
        OptionalFile,
        "target:",
        "the directory that stands for the target's root",
        "The current system root is \"{}\".",
    )
    .aliases(&["solib-absolute-prefix"])
    .ignored()
    .anyway(&["", "/"]),
    Setting::new(
        "index-cache enabled",
        Bool,
        "on",
        "whether indexes of symbols are kept on disk",
        "The index cache is {}.",
    ),
    Setting::new(
        "index-cache directory",
        File,
        "",
        "where indexes of symbols are kept",
        "The directory of the index cache is \"{}\".",
    ),
    Setting::new(
        "auto-load local-gdbinit",
        Bool,
        "on",
        "whether a .kdiveinit in the current directory is run at start",
        "Auto-loading of .gdbinit script from current directory is {}.",
    )
    .help("Only a file that belongs to you and that only you can write is run."),
    Setting::new(
        "auto-load gdbinit",
        Bool,
        "off",
        "whether .gdbinit files are run at start",
        "Running of .gdbinit files is {}.",
    )
    .help("For the .kdiveinit of your home directory; the option -gdbinit does the same once."),
    Setting::new(
        "auto-load safe-path",
        RawText,
        "",
        "the directories whose .kdiveinit is run whatever its owner",
        "List of directories from which it is safe to auto-load files is {}.",
    ),
    Setting::new(
        "args",
        RawText,
        "",
        "the arguments of the program",
        "Argument list to give program being debugged when it is started is \"{}\".",
    )
    .help("Remembered; a program behind a stub has been started already.")
    .same(),
    Setting::new("tdesc filename", File, "", "a file with the description of the target's registers", "")
        .show(Show::Custom(|_, value| match value {
            Value::Text(path) if !path.is_empty() => {
                format!("The target description will be read from \"{path}\".")
            }
            _ => "The target description will be read from the target.".to_owned(),
        }))
        .help("It goes before the stub's own: for a stub that describes other registers than it sends. Includes are beside the file."),
    Setting::new(
        "kaslr",
        AutoOffset,
        "auto",
        "how far KASLR has moved the kernel: looked for (auto), not at all (off), or a number of bytes",
        "The KASLR slide of the kernel is {}.",
    ),
    Setting::new(
        "percpu",
        Enum(&["auto", "off"]),
        "auto",
        "whether a per-CPU variable stands for the copy of the selected CPU (auto), or as in gdb for none (off)",
        "Per-CPU variables are resolved by \"{}\".",
    )
    .help("SYMBOL@cpu(N) is the copy of another CPU, and `print SYMBOL@all` shows all of them."),
];
