//! What the client is told of the tools.

use serde_json::{Map, Value, json};

/// A tool: its name, what it is for, its arguments (name, type, whether it is needed, meaning), and whether it changes nothing.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str, bool, &'static str)], bool);

const SECONDS: (&str, &str, bool, &str) =
    ("seconds", "number", false, "Time limit of the call, 30 if not given, 600 at most.");
const THREAD: (&str, &str, bool, &str) = (
    "thread",
    "integer",
    false,
    "Number of a thread (of a CPU of the guest); the selected one if not given.",
);
const TASK: (&str, &str, bool, &str) =
    ("task", "integer", false, "PID of a task of the guest, also one that sleeps, in place of a thread.");

/// The tools by name.
pub(crate) const TOOLS: &[Row] = &[
    (
        "connect",
        "Connect to the gdb stub of a QEMU that runs a Linux kernel; finds the kernel (also with KASLR) and its modules.",
        &[
            (
                "target",
                "string",
                true,
                "Where the stub is: host:port such as \":1234\", or the path of a socket.",
            ),
            ("program", "string", false, "The file vmlinux with debug information."),
            ("module_path", "strings", false, "Directories with the files of kernel modules."),
            SECONDS,
        ],
        false,
    ),
    (
        "command",
        "Run any command of kdive, which are those of gdb and more for kernels (\"help\" lists them); the answer is what it prints.",
        &[("command", "string", true, "The command line."), SECONDS],
        false,
    ),
    (
        "evaluate",
        "Evaluate a C expression in a frame: its type, value and members.",
        &[
            ("expression", "string", true, "The expression, such as \"current->comm\" or \"jiffies\"."),
            THREAD,
            TASK,
            ("frame", "integer", false, "Number of the frame, 0 innermost."),
            ("from", "integer", false, "The first member or element to be given, from 0."),
            ("count", "integer", false, "How many members or elements, 50 if not given, 200 at most."),
            SECONDS,
        ],
        false,
    ),
    (
        "backtrace",
        "The stack of a CPU or task: functions, arguments, source lines.",
        &[
            THREAD,
            TASK,
            ("from", "integer", false, "The first frame, from 0."),
            ("count", "integer", false, "How many frames, 30 if not given, 200 at most."),
            SECONDS,
        ],
        true,
    ),
    (
        "tasks",
        "The tasks (processes and threads) of the guest with their states and CPUs.",
        &[
            ("name", "string", false, "Only tasks whose name contains this."),
            (
                "state",
                "string",
                false,
                "Only tasks in this state: R running, S sleeping, D uninterruptible, I idle, Z zombie.",
            ),
            ("from", "integer", false, "The first task, from 0."),
            ("count", "integer", false, "How many tasks, 100 if not given, 500 at most."),
            SECONDS,
        ],
        true,
    ),
    (
        "log",
        "The last messages of the kernel (dmesg).",
        &[
            ("contains", "string", false, "Only messages that contain this."),
            ("count", "integer", false, "How many messages, 100 if not given, 1000 at most."),
            SECONDS,
        ],
        true,
    ),
    (
        "analyze",
        "What the kernel's last oops, panic, BUG or warning was, where, and which pointer was wrong.",
        &[SECONDS],
        true,
    ),
    (
        "memory",
        "Bytes of memory.",
        &[
            ("address", "string", true, "An expression for the address: a number, \"&jiffies\", \"$sp\"."),
            ("count", "integer", false, "How many bytes, 256 if not given, 4096 at most."),
            SECONDS,
        ],
        true,
    ),
    (
        "breakpoints",
        "List, set or delete breakpoints.",
        &[
            ("action", "string", false, "\"list\" (if not given), \"set\" or \"delete\"."),
            ("location", "string", false, "For set: a function, FILE:LINE or *ADDRESS."),
            ("condition", "string", false, "For set: an expression that must hold for it to stop."),
            ("temporary", "boolean", false, "For set: it is deleted when it is hit."),
            (
                "hardware",
                "boolean",
                false,
                "For set: it uses a debug register, which works before the kernel is loaded.",
            ),
            ("pending", "boolean", false, "For set: it may wait for a module that has the location."),
            ("number", "integer", false, "For delete: the number of the breakpoint; all if not given."),
            SECONDS,
        ],
        false,
    ),
    (
        "continue",
        "Let the guest run until it stops at a breakpoint or the time limit is over; it is stopped then.",
        &[("seconds", "number", false, "How long it may run, 10 if not given, 600 at most.")],
        false,
    ),
    (
        "more",
        "The next part of the last answer that was cut.",
        &[("from", "integer", true, "The character to go on from, as the cut answer says.")],
        true,
    ),
];

/// The answer to `tools/list`.
pub(crate) fn list() -> Value {
    let tools = TOOLS.iter().map(|(name, description, arguments, reads_only)| {
        let mut properties = Map::new();
        for (name, kind, _, meaning) in *arguments {
            let property = match *kind {
                "strings" => {
                    json!({ "type": "array", "items": { "type": "string" }, "description": meaning })
                }
                kind => json!({ "type": kind, "description": meaning }),
            };
            properties.insert((*name).to_owned(), property);
        }
        let required: Vec<&str> =
            arguments.iter().filter(|argument| argument.2).map(|argument| argument.0).collect();
        json!({
            "name": name,
            "description": description,
            "inputSchema": {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            },
            "annotations": { "readOnlyHint": reads_only, "openWorldHint": false },
        })
    });
    json!({ "tools": tools.collect::<Vec<_>>() })
}
