//! `set print ...` and how values, frames and numbers are shown.

use crate::settings::kind::Kind::{Bool, Enum, Limit, Plain, UInteger};
use crate::settings::{Setting, Show, Value};

/// The settings of this file.
pub(super) const ROWS: &[Setting] = &[
    Setting::new(
        "print address",
        Bool,
        "on",
        "whether addresses are printed in stack traces, values and breakpoints",
        "Printing of addresses is {}.",
    ),
    Setting::new(
        "print array",
        Bool,
        "off",
        "whether arrays are printed over several lines",
        "Pretty formatting of arrays is {}.",
    ),
    Setting::new(
        "print array-indexes",
        Bool,
        "off",
        "whether each element of an array is printed with its index",
        "Printing of array indexes is {}.",
    ),
    Setting::new(
        "print elements",
        UInteger,
        "200",
        "how many elements of an array and characters of a string are printed",
        "Limit on string chars or array elements to print is {}.",
    ),
    Setting::new(
        "print entry-values",
        Enum(&["no", "only", "preferred", "if-needed", "both", "compact", "default"]),
        "default",
        "how values of arguments at the entry of a function are printed",
        "Printing of function arguments at function entry is \"{}\".",
    ),
    Setting::new(
        "print finish",
        Bool,
        "on",
        "whether \"finish\" prints the value a function returned",
        "Printing of return value after `finish' is {}.",
    ),
    Setting::new(
        "print cpu-context",
        Enum(&["auto", "on", "off"]),
        "auto",
        "whether a stop also shows the CPU, its task, and the interrupt and preemption state",
        "Printing of the kernel's context at stops is \"{}\".",
    ),
    Setting::new(
        "print low-symbols",
        Enum(&["auto", "on", "off"]),
        "auto",
        "whether low addresses have the names of per-CPU variables",
        "Printing of per-CPU symbols for low addresses is \"{}\".",
    )
    .help("Many kernels count those from 0: NULL is <fixed_percpu_data> then. auto is off at a terminal, and on in scripts, as in gdb."),
    Setting::new(
        "print frame-arguments",
        Enum(&["all", "scalars", "none", "presence"]),
        "scalars",
        "which arguments of functions are printed in stack traces",
        "Printing of non-scalar frame arguments is \"{}\".",
    ),
    Setting::new(
        "print frame-info",
        Enum(&[
            "auto",
            "source-line",
            "location",
            "source-and-location",
            "location-and-address",
            "short-location",
        ]),
        "auto",
        "what is printed when a frame is shown",
        "Printing of frame information is \"{}\".",
    ),
    Setting::new(
        "print inferior-events",
        Bool,
        "on",
        "whether messages about the start and end of the program are printed",
        "Printing of inferior events is {}.",
    ),
    Setting::new(
        "print max-depth",
        Limit,
        "20",
        "how deep nested structures, unions and arrays are printed",
        "Maximum print depth is {}.",
    )
    .help("Deeper ones are printed as {...}; -1 is unlimited."),
    Setting::new(
        "print max-symbolic-offset",
        UInteger,
        "unlimited",
        "the largest offset up to which an address is printed as <symbol+offset>",
        "The largest offset that will be printed in <symbol+1234> form is {}.",
    ),
    Setting::new(
        "print nibbles",
        Bool,
        "off",
        "whether binary numbers are printed in groups of four digits",
        "Printing binary values in groups is {}.",
    ),
    Setting::new(
        "print null-stop",
        Bool,
        "off",
        "whether an array of characters is printed only up to the first NUL",
        "Printing of char arrays to stop at first null char is {}.",
    ),
    Setting::new(
        "print pretty",
        Bool,
        "off",
        "whether structures are printed over several lines",
        "Pretty formatting of structures is {}.",
    ),
    Setting::new(
        "print raw-frame-arguments",
        Bool,
        "off",
        "whether arguments in stack traces are printed without pretty-printers",
        "Whether to print frame arguments in raw form is {}.",
    )
    .aliases(&["print raw frame-arguments"])
    .same(),
    Setting::new(
        "print raw-values",
        Bool,
        "off",
        "whether values are printed without pretty-printers",
        "Whether to print values in raw form is {}.",
    )
    .same(),
    Setting::new(
        "print repeats",
        UInteger,
        "10",
        "how many equal elements in a row are printed as one with a count",
        "Threshold for repeated print elements is {}.",
    ),
    Setting::new(
        "print sevenbit-strings",
        Bool,
        "off",
        "whether characters beyond ASCII are printed as \\nnn",
        "Printing of 8-bit characters in strings as \\nnn is {}.",
    ),
    Setting::new(
        "print symbol",
        Bool,
        "on",
        "whether pointers are printed with the symbol they point to",
        "Printing of symbols when printing pointers is {}.",
    ),
    Setting::new(
        "print symbol-filename",
        Bool,
        "off",
        "whether <symbol> is printed with file and line",
        "Printing of source filename and line number with <symbol> is {}.",
    ),
    Setting::new(
        "print symbol-loading",
        Enum(&["off", "brief", "full"]),
        "full",
        "how much is said about symbols being read",
        "Printing of symbol loading messages is \"{}\".",
    ),
    Setting::new(
        "print thread-events",
        Bool,
        "on",
        "whether messages about threads that start or end are printed",
        "Printing of thread events is {}.",
    )
    .ignored()
    .anyway(&["off"]),
    Setting::new(
        "print type hex",
        Bool,
        "off",
        "whether \"ptype /o\" prints offsets and sizes in hexadecimal",
        "Display of struct members offsets and sizes in hexadecimal is {}",
    ),
    Setting::new(
        "print union",
        Bool,
        "on",
        "whether unions inside structures are printed",
        "Printing of unions interior to structures is {}.",
    ),
    Setting::new(
        "output-radix",
        Plain,
        "10",
        "the radix numbers are printed in: 8, 10 or 16",
        "Default output radix for printing of values is {}.",
    ),
    Setting::new(
        "input-radix",
        Plain,
        "10",
        "the radix numbers are read in",
        "Default input radix for entering numbers is {}.",
    ),
    Setting::new(
        "backtrace limit",
        UInteger,
        "unlimited",
        "how many frames a stack may have",
        "An upper bound on the number of backtrace levels is {}.",
    ),
    Setting::new(
        "backtrace past-main",
        Bool,
        "off",
        "whether stack traces go on past main",
        "Whether backtraces should continue past \"main\" is {}.",
    ),
    Setting::new(
        "backtrace past-entry",
        Bool,
        "off",
        "whether stack traces go on past the entry point",
        "Whether backtraces should continue past the entry point of a program is {}.",
    ),
    Setting::new(
        "unwinder",
        Enum(&["kernel", "gdb"]),
        "kernel",
        "whether stacks of a kernel are unwound through exceptions to user mode (kernel), or as gdb does",
        "Call frames are found as by \"{}\".",
    ),
    Setting::new(
        "filename-display",
        Enum(&["basename", "relative", "absolute"]),
        "relative",
        "how file names are printed",
        "Filenames are displayed as \"{}\".",
    ),
    Setting::new("max-value-size", Limit, "65536", "how many bytes a value may have", "").show(Show::Custom(
        |_, value| match value {
            Value::Number(Some(size)) => format!("Maximum value size is {size} bytes."),
            _ => "Maximum value size is unlimited.".to_owned(),
        },
    )),
];
