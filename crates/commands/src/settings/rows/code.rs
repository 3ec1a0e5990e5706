//! Language, architecture, disassembly, source lines.

use crate::Shell;
use crate::settings::kind::Kind::{AutoBool, Bool, Enum, Integer};
use crate::settings::{Setting, Show, Value};

/// The settings of this file.
pub(super) const ROWS: &[Setting] = &[
    Setting::new("check range", Enum(&["on", "off", "warn", "auto"]), "auto", "whether ranges are checked", "")
        .help("C checks none.")
        .show(Show::Custom(|_, value| match value.shown().as_str() {
            "auto" => "Range checking is \"auto; currently off\".".to_owned(),
            other => format!("Range checking is \"{other}\"."),
        }))
        .same(),
    Setting::new(
        "check type",
        Bool,
        "on",
        "whether arguments of functions must have the types of the parameters",
        "Strict type checking is {}.",
    )
    .help("C converts them.")
    .same(),
    Setting::new(
        "print asm-demangle",
        Bool,
        "off",
        "whether C++ names are readable in disassembly",
        "Demangling of C++/ObjC names in disassembly listings is {}.",
    )
    .help("C has no other names.")
    .same(),
    Setting::new(
        "print demangle",
        Bool,
        "on",
        "whether C++ names are readable",
        "Demangling of encoded C++/ObjC names when displaying symbols is {}.",
    )
    .help("C has no other names.")
    .same(),
    Setting::new(
        "disassembly-flavor",
        Enum(&["att", "intel"]),
        "att",
        "the syntax of disassembled x86 instructions",
        "The disassembly flavor is \"{}\".",
    ),
    Setting::new(
        "disassemble-patched",
        Enum(&["auto", "on", "off"]),
        "auto",
        "whether \"disassemble\" tells what the kernel has made of code it rewrites",
        "Telling what rewritten code is now in disassembly is \"{}\".",
    )
    .help("So do x/i, display/i and what disassemble-next-line shows. auto is on at a terminal."),
    Setting::new(
        "disassemble-next-line",
        AutoBool,
        "off",
        "whether a stop shows the instructions to come",
        "Debugger's willingness to use disassemble-next-line is {}.",
    )
    .help("auto shows the next instruction where there is no source line.")
    ,
    Setting::new(
        "language",
        Enum(&[
            "auto",
            "local",
            "unknown",
            "ada",
            "asm",
            "c",
            "c++",
            "d",
            "fortran",
            "go",
            "minimal",
            "modula-2",
            "objective-c",
            "opencl",
            "pascal",
            "rust",
        ]),
        "auto",
        "the language expressions are read in",
        "",
    )
    .help("auto is the language of the selected frame. Expressions are read as C whatever it is; any other says so.")
    .show(Show::Custom(language))
    ,
    Setting::new(
        "architecture",
        Enum(&["i386", "i386:x86-64", "i386:x64-32", "i8086", "i386:intel", "i386:x86-64:intel", "auto"]),
        "auto",
        "the architecture of the target",
        "",
    )
    .aliases(&["processor"])
    .show(Show::Custom(architecture))
    ,
    Setting::new("endian", Enum(&["big", "little", "auto"]), "auto", "the byte order of the target", "")
        .show(Show::Custom(endian))
        ,
    Setting::new(
        "osabi",
        Enum(&["auto", "default", "none", "SVR4", "GNU/Linux"]),
        "auto",
        "the operating system interface of the target",
        "",
    )
    .show(Show::Custom(osabi))
    .ignored().anyway(&["default", "GNU/Linux"]),
    Setting::new(
        "case-sensitive",
        Enum(&["on", "off", "auto"]),
        "auto",
        "whether names are looked up with regard to case",
        "",
    )
    .show(Show::Custom(|_, value| match value.shown().as_str() {
        "auto" => "Case sensitivity in name search is \"auto; currently on\".".to_owned(),
        other => format!("Case sensitivity in name search is \"{other}\"."),
    }))
    ,
    Setting::new(
        "multiple-symbols",
        Enum(&["ask", "all", "cancel"]),
        "all",
        "what is done when a name stands for several things",
        "How the debugger handles ambiguities in expressions is \"{}\".",
    )
    .help("cancel refuses breakpoints at such names. ask is as all."),
    Setting::new(
        "opaque-type-resolution",
        Bool,
        "on",
        "whether a structure that is only declared in one file is looked for in others",
        "Resolution of opaque struct/class/union types (if set before loading symbols) is {}.",
    )
    ,
    Setting::new(
        "listsize",
        Integer,
        "10",
        "how many lines \"list\" shows",
        "Number of source lines gdb will list by default is {}.",
    ),
    Setting::new(
        "source open",
        Bool,
        "on",
        "whether source files are opened at all",
        "Source opening is \"{}\".",
    )
    ,
];

fn language(shell: &Shell, value: &Value) -> String {
    let shown = value.shown();
    if shown != "auto" && shown != "local" {
        return format!("The current source language is \"{shown}\".");
    }
    let current = shell.hooks().current(shell, "language").unwrap_or_else(|| "c".to_owned());
    format!("The current source language is \"auto; currently {current}\".")
}

fn architecture(shell: &Shell, value: &Value) -> String {
    let shown = value.shown();
    if shown != "auto" {
        return format!("The target architecture is set to \"{shown}\".");
    }
    let current = shell.hooks().current(shell, "architecture").unwrap_or_else(|| "i386:x86-64".to_owned());
    format!("The target architecture is set to \"auto\" (currently \"{current}\").")
}

fn endian(shell: &Shell, value: &Value) -> String {
    let shown = value.shown();
    if shown != "auto" {
        return format!("The target is set to {shown} endian.");
    }
    let current = shell.hooks().current(shell, "endian").unwrap_or_else(|| "little".to_owned());
    format!("The target endianness is set automatically (currently {current} endian).")
}

fn osabi(_shell: &Shell, value: &Value) -> String {
    let current = match value.shown().as_str() {
        "auto" => "\"auto\" (currently \"GNU/Linux\")".to_owned(),
        "default" => "\"default\" (currently \"GNU/Linux\")".to_owned(),
        other => format!("\"{other}\""),
    };
    format!("The current OS ABI is {current}.\nThe default OS ABI is \"GNU/Linux\".")
}
