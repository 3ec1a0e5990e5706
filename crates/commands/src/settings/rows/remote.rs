//! The connection to the target.

use crate::Shell;
use crate::settings::kind::Kind::{Bool, Enum, File, Limit, Plain, RawText, UInteger};
use crate::settings::{Setting, Show, Value, packet_size};

/// The settings of this file.
pub(super) const ROWS: &[Setting] = &[
    Setting::new(
        "remotetimeout",
        Limit,
        "2",
        "how many seconds the target has for an answer",
        "Timeout limit to wait for target to respond is {}.",
    ),
    Setting::new(
        "remotelogfile",
        File,
        "",
        "a file in which everything sent and received is recorded",
        "Filename for remote session recording is \"{}\".",
    ),
    Setting::new(
        "remotelogbase",
        Enum(&["hex", "octal", "ascii"]),
        "ascii",
        "how bytes are written in the file of \"set remotelogfile\"",
        "Numerical base for remote session logging is \"{}\".",
    ),
    Setting::new(
        "tcp auto-retry",
        Bool,
        "on",
        "whether a refused connection is tried again",
        "Auto-retry on socket connect is {}.",
    )
    .help("Until the time of \"set tcp connect-timeout\" is up."),
    Setting::new(
        "tcp connect-timeout",
        UInteger,
        "15",
        "how many seconds a connection is tried for",
        "Timeout limit in seconds for socket connection is {}.",
    ),
    Setting::new(
        "serial baud",
        Plain,
        "-1",
        "the speed of serial lines; -1 leaves it as it is",
        "Baud rate for remote serial I/O is {}.",
    ),
    Setting::new(
        "serial parity",
        Enum(&["none", "odd", "even"]),
        "none",
        "the parity of serial lines",
        "Parity for remote serial I/O is \"{}\".",
    )
    .ignored(),
    Setting::new(
        "remote interrupt-sequence",
        Enum(&["Ctrl-C", "BREAK", "BREAK-g"]),
        "Ctrl-C",
        "what is sent to stop the target",
        "",
    )
    .show(Show::Custom(interrupt_sequence))
    .help("BREAK is a break condition of a serial line, or telnet's for it on a socket. A kernel with kgdb\nhears BREAK-g where the line is its console too."),
    Setting::new(
        "remotebreak",
        Bool,
        "off",
        "whether a break signal is sent to stop the target",
        "",
    )
    .show(Show::Custom(|_, _| String::new()))
    .help("The old name of \"set remote interrupt-sequence\": on is BREAK, off is Ctrl-C."),
    Setting::new(
        "remote interrupt-on-connect",
        Bool,
        "off",
        "whether the target is stopped when a connection is made",
        "Whether interrupt-sequence is sent to remote target when gdb connects to is {}.",
    )
    .help("For a target that runs and does not stop by itself when somebody connects, such as a kernel with kgdb."),
    Setting::new(
        "remote hardware-breakpoint-limit",
        Limit,
        "unlimited",
        "how many hardware breakpoints the target has",
        "The maximum number of target hardware breakpoints is {}.",
    ),
    Setting::new(
        "remote hardware-watchpoint-limit",
        Limit,
        "unlimited",
        "how many hardware watchpoints the target has",
        "The maximum number of target hardware watchpoints is {}.",
    ),
    Setting::new(
        "remote hardware-watchpoint-length-limit",
        Limit,
        "unlimited",
        "how many bytes one hardware watchpoint covers",
        "The maximum length (in bytes) of a target hardware watchpoint is {}.",
    ),
    Setting::new("remote memory-read-packet-size", RawText, "0", "how many bytes one packet may read", "")
        .show(Show::Custom(|shell, value| packet_size::say(shell, "read", value))),
    Setting::new("remote memory-write-packet-size", RawText, "0", "how many bytes one packet may write", "")
        .show(Show::Custom(|shell, value| packet_size::say(shell, "write", value))),
    Setting::new(
        "debug remote",
        Bool,
        "off",
        "whether packets sent and received are printed",
        "Debugging of remote protocol is {}.",
    ),
    Setting::new(
        "debug remote-packet-max-chars",
        Limit,
        "512",
        "how much of a packet \"set debug remote\" prints",
        "Number of remote packet characters to display is {}.",
    ),
];

fn interrupt_sequence(_shell: &Shell, value: &Value) -> String {
    match value.shown().as_str() {
        "BREAK" => "send a break signal to the remote target to interrupt the execution of the program.",
        "BREAK-g" => {
            "Send a break signal and 'g' a.k.a. Magic SysRq g to the remote target to interrupt the execution of Linux kernel."
        }
        _ => "Send the ASCII ETX character (Ctrl-c) to the remote target to interrupt the execution of the program.",
    }
    .to_owned()
}
