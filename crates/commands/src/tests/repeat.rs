//! What an empty line does after each command that gdb has too.

use crate::spec::Repeat;
use crate::table::TABLE;

/// Commands that gdb 13 runs again, as `set trace-commands on` shows.
#[rustfmt::skip]
const AGAIN: &[&str] = &[
    "advance", "alias", "append memory", "append value", "apropos", "awatch", "backtrace", "break",
    "call", "catch exec", "catch fork", "catch syscall", "catch vfork", "clear", "commands",
    "condition", "continue", "define-prefix", "demangle", "disable", "disable breakpoints",
    "disable display", "disassemble", "display", "document", "down", "down-silently", "dump memory",
    "dump value", "echo", "enable", "enable breakpoints", "enable count", "enable delete",
    "enable display", "enable once", "end", "eval", "exec-file", "faas", "find", "finish", "frame",
    "frame address", "frame apply", "frame function", "frame level", "handle", "hbreak", "help",
    "ignore", "inferior", "info", "info address", "info all-registers", "info args", "info breakpoints",
    "info connections", "info display", "info files", "info frame", "info functions", "info inferiors",
    "info locals", "info macro", "info program", "info registers", "info scope", "info set",
    "info sharedlibrary", "info signals", "info skip", "info source", "info sources", "info stack",
    "info symbol", "info threads", "info types", "info variables", "info watchpoints",
    "init-if-undefined", "jump", "list", "macro define", "macro expand", "macro expand-once",
    "macro list", "macro undef", "maintenance", "maintenance flush dcache",
    "maintenance flush register-cache", "maintenance info breakpoints", "maintenance info sections",
    "maintenance packet", "make", "monitor", "next", "nexti", "output", "print", "printf", "ptype",
    "pwd", "queue-signal", "rbreak", "restore", "return", "reverse-search", "rwatch",
    "save breakpoints", "search", "select-frame", "set", "set environment", "set index-cache off",
    "set index-cache on", "set logging off", "set logging on", "set radix", "set substitute-path",
    "set variable", "shell", "show", "show commands", "show convenience", "show environment",
    "show paths", "show radix", "show substitute-path", "show user", "show values", "show version",
    "skip", "skip delete", "skip disable", "skip enable", "skip file", "skip function", "source",
    "step", "stepi", "stop", "taas", "tbreak", "tfaas", "thbreak", "thread", "thread apply",
    "thread apply all", "thread find", "thread name", "tty", "unset", "unset environment",
    "unset substitute-path", "until", "up", "up-silently", "watch", "whatis", "with", "x",
];

/// Commands that it does not run again.
#[rustfmt::skip]
const ONCE: &[&str] = &[
    "add-symbol-file", "cd", "complete", "core-file", "delete", "delete breakpoints", "detach",
    "directory", "disconnect", "file", "interrupt", "path", "remove-symbol-file", "run",
    "signal", "start", "symbol-file", "target", "target core", "target exec", "target extended-remote",
    "target remote", "undisplay",
];

/// Those kdive does not run again although gdb does, and why.
const ON_PURPOSE: &[(&str, &str)] = &[
    ("dprintf", "a second one at the same place prints everything twice"),
    ("kill", "what is connected to by then is another guest"),
];

#[test]
fn an_empty_line_repeats_what_it_repeats_in_gdb() {
    let is_repeated = |name: &str| {
        let spec = TABLE.iter().flat_map(|commands| commands.iter()).find(|spec| spec.name == name);
        spec.unwrap_or_else(|| panic!("no command {name}")).repeat != Repeat::No
    };
    for name in AGAIN {
        assert!(is_repeated(name), "{name} is run again by gdb");
    }
    for name in ONCE {
        assert!(!is_repeated(name), "{name} is not run again by gdb");
    }
    for (name, reason) in ON_PURPOSE {
        assert!(!is_repeated(name) && !AGAIN.contains(name), "{name}: {reason}");
    }
}
