//! gdb's names for the signal numbers of stop replies.

/// Name and description of a signal in gdb's numbering (`include/gdb/signals.def` lists them; the numbers are part of the
/// protocol).
pub(crate) fn describe(signal: u8) -> (&'static str, &'static str) {
    match signal {
        1 => ("SIGHUP", "Hangup"),
        2 => ("SIGINT", "Interrupt"),
        3 => ("SIGQUIT", "Quit"),
        4 => ("SIGILL", "Illegal instruction"),
        5 => ("SIGTRAP", "Trace/breakpoint trap"),
        6 => ("SIGABRT", "Aborted"),
        7 => ("SIGEMT", "Emulation trap"),
        8 => ("SIGFPE", "Arithmetic exception"),
        9 => ("SIGKILL", "Killed"),
        10 => ("SIGBUS", "Bus error"),
        11 => ("SIGSEGV", "Segmentation fault"),
        12 => ("SIGSYS", "Bad system call"),
        13 => ("SIGPIPE", "Broken pipe"),
        14 => ("SIGALRM", "Alarm clock"),
        15 => ("SIGTERM", "Terminated"),
        16 => ("SIGURG", "Urgent I/O condition"),
        17 => ("SIGSTOP", "Stopped (signal)"),
        18 => ("SIGTSTP", "Stopped (user)"),
        19 => ("SIGCONT", "Continued"),
        20 => ("SIGCHLD", "Child status changed"),
        21 => ("SIGTTIN", "Stopped (tty input)"),
        22 => ("SIGTTOU", "Stopped (tty output)"),
        23 => ("SIGIO", "I/O possible"),
        24 => ("SIGXCPU", "CPU time limit exceeded"),
        25 => ("SIGXFSZ", "File size limit exceeded"),
        26 => ("SIGVTALRM", "Virtual timer expired"),
        27 => ("SIGPROF", "Profiling timer expired"),
        28 => ("SIGWINCH", "Window size changed"),
        29 => ("SIGLOST", "Resource lost"),
        30 => ("SIGUSR1", "User defined signal 1"),
        31 => ("SIGUSR2", "User defined signal 2"),
        32 => ("SIGPWR", "Power fail/restart"),
        _ => ("?", "Unknown signal"),
    }
}

/// `SIGTRAP`.
pub(crate) const TRAP: u8 = 5;
/// `SIGINT`.
pub(crate) const INT: u8 = 2;
