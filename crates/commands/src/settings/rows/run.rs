//! Breakpoints, stepping, and what may be done to the target.

use crate::Shell;
use crate::settings::kind::Kind::{AutoBool, Bool, Enum, Unsigned};
use crate::settings::{Setting, Show, Value, direction};

/// The settings of this file.
pub(super) const ROWS: &[Setting] = &[
    Setting::new(
        "breakpoint pending",
        AutoBool,
        "auto",
        "what happens to a breakpoint whose place is not known yet",
        "Debugger's behavior regarding pending breakpoints is {}.",
    )
    .help("on keeps it until a file with its place is read, off refuses it, auto asks at a terminal and keeps it elsewhere."),
    Setting::new(
        "breakpoint auto-hw",
        Bool,
        "on",
        "whether a hardware breakpoint is used where memory cannot be written",
        "Automatic usage of hardware breakpoints is {}.",
    ),
    Setting::new(
        "breakpoint always-inserted",
        Bool,
        "off",
        "whether breakpoints stay in the target while it stands still",
        "Always inserted breakpoint mode is {}.",
    )
    .help("They stay there in any case once the program has run; on also puts new ones in at once."),
    Setting::new(
        "breakpoint condition-evaluation",
        Enum(&["auto", "host", "target"]),
        "auto",
        "who evaluates the conditions of breakpoints",
        "",
    )
    .show(Show::Custom(condition_evaluation)).ignored()
    .anyway(&["host"]),
    Setting::new(
        "can-use-hw-watchpoints",
        Unsigned,
        "1",
        "whether watchpoints use the hardware",
        "Debugger's willingness to use watchpoint hardware is {}.",
    ),
    Setting::new(
        "scheduler-locking",
        Enum(&["off", "on", "step", "replay"]),
        "replay",
        "which other threads run when one does",
        "Mode for locking scheduler during execution is \"{}\".",
    )
    .help("off: all of them. on: none. step: none while stepping. replay: all of them."),
    Setting::new(
        "may-call-functions",
        Bool,
        "on",
        "whether expressions may call functions of the program",
        "Permission to call functions in the program is {}.",
    ),
    Setting::new(
        "unwindonsignal",
        Bool,
        "off",
        "whether a signal in a function that was called ends the call",
        "Unwinding of stack if a signal is received while in a call dummy is {}.",
    )
    .help("on puts everything back to where it was before the call. off stays where the signal came."),
    Setting::new(
        "step-mode",
        Bool,
        "off",
        "whether \"step\" stops in functions without line information",
        "Mode of the step operation is {}.",
    ),
    Setting::new(
        "range-stepping",
        Bool,
        "on",
        "whether a line is run through at one go",
        "Debugger's willingness to use range stepping is {}.",
    )
    .help(
        "on runs to the places where the line can be left, with breakpoints of the command's own, where that is cheaper than \
         steps: in QEMU without KVM. off executes it instruction by instruction.",
    ),
    Setting::new(
        "may-write-memory",
        Bool,
        "on",
        "whether memory of the target may be written",
        "Permission to write into target memory is {}.",
    ),
    Setting::new(
        "may-write-registers",
        Bool,
        "on",
        "whether registers of the target may be written",
        "Permission to write into registers is {}.",
    ),
    Setting::new(
        "may-insert-breakpoints",
        Bool,
        "on",
        "whether breakpoints may be put into the target",
        "Permission to insert breakpoints in the target is {}.",
    ),
    Setting::new(
        "may-interrupt",
        Bool,
        "on",
        "whether the target may be stopped",
        "Permission to interrupt or signal the target is {}.",
    ),
    Setting::new(
        "may-insert-tracepoints",
        Bool,
        "on",
        "whether tracepoints may be put into the target",
        "Permission to insert tracepoints in the target is {}.",
    )
    .help("kdive has none; it counts for observer mode only."),
    Setting::new(
        "may-insert-fast-tracepoints",
        Bool,
        "on",
        "whether fast tracepoints may be put into the target",
        "Permission to insert fast tracepoints in the target is {}.",
    )
    .help("kdive has none; it counts for observer mode only."),
    Setting::new(
        "observer",
        Bool,
        "off",
        "whether the target is only observed",
        "Observer mode is {}.",
    )
    .help(
        "on forbids to write memory and registers, to insert breakpoints (hardware breakpoints may be set all the same) and to \
         stop the target with Ctrl-C. It can be changed only while no target is connected.",
    ),
    Setting::new(
        "stack-cache",
        Bool,
        "on",
        "whether memory of the stack is cached while the target stands still",
        "Cache use for stack accesses is {}.",
    ).ignored(),
    Setting::new(
        "code-cache",
        Bool,
        "on",
        "whether memory of code is cached while the target stands still",
        "Cache use for code accesses is {}.",
    ).ignored(),
    Setting::new(
        "trust-readonly-sections",
        Bool,
        "off",
        "whether read-only sections are read from the file rather than from the target",
        "Mode for reading from readonly sections is {}.",
    )
    .help(
        "What expressions, x and disassemble show. Code that the kernel has rewritten then looks as it was built. What kdive finds out\nabout the kernel by itself is always read from the target.",
    ),
    Setting::new(
        "exec-direction",
        Enum(&["forward", "reverse"]),
        "forward",
        "whether the program runs forwards or backwards",
        "",
    )
    .show(Show::Custom(direction::say))
    .help("kdive runs forwards only."),
    Setting::new(
        "schedule-multiple",
        Bool,
        "off",
        "whether the threads of all processes run when one does",
        "Resuming the execution of threads of all processes is {}.",
    )
    .same(),
    Setting::new(
        "mem inaccessible-by-default",
        Bool,
        "on",
        "how memory the target does not describe is treated",
        "",
    )
    .show(Show::OnOff(
        "Unknown memory addresses will be treated as inaccessible.",
        "Unknown memory addresses will be treated as RAM.",
    )).ignored(),
];

fn condition_evaluation(_shell: &Shell, value: &Value) -> String {
    match value.shown().as_str() {
        "auto" => "Breakpoint condition evaluation mode is auto (currently host).".to_owned(),
        other => format!("Breakpoint condition evaluation mode is {other}."),
    }
}
