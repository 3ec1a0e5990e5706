//! The signals of stop replies in gdb's numbering, and what is done about each.

use std::borrow::Cow;

/// `SIGTRAP`.
pub(crate) const TRAP: u8 = 5;
/// `SIGINT`.
pub(crate) const INT: u8 = 2;

/// Names and descriptions from 1 on (`include/gdb/signals.def` lists them; the numbers are part of the protocol).
const NAMED: &[(&str, &str)] = &[
    ("SIGHUP", "Hangup"),
    ("SIGINT", "Interrupt"),
    ("SIGQUIT", "Quit"),
    ("SIGILL", "Illegal instruction"),
    ("SIGTRAP", "Trace/breakpoint trap"),
    ("SIGABRT", "Aborted"),
    ("SIGEMT", "Emulation trap"),
    ("SIGFPE", "Arithmetic exception"),
    ("SIGKILL", "Killed"),
    ("SIGBUS", "Bus error"),
    ("SIGSEGV", "Segmentation fault"),
    ("SIGSYS", "Bad system call"),
    ("SIGPIPE", "Broken pipe"),
    ("SIGALRM", "Alarm clock"),
    ("SIGTERM", "Terminated"),
    ("SIGURG", "Urgent I/O condition"),
    ("SIGSTOP", "Stopped (signal)"),
    ("SIGTSTP", "Stopped (user)"),
    ("SIGCONT", "Continued"),
    ("SIGCHLD", "Child status changed"),
    ("SIGTTIN", "Stopped (tty input)"),
    ("SIGTTOU", "Stopped (tty output)"),
    ("SIGIO", "I/O possible"),
    ("SIGXCPU", "CPU time limit exceeded"),
    ("SIGXFSZ", "File size limit exceeded"),
    ("SIGVTALRM", "Virtual timer expired"),
    ("SIGPROF", "Profiling timer expired"),
    ("SIGWINCH", "Window size changed"),
    ("SIGLOST", "Resource lost"),
    ("SIGUSR1", "User defined signal 1"),
    ("SIGUSR2", "User defined signal 2"),
    ("SIGPWR", "Power fail/restart"),
    ("SIGPOLL", "Pollable event occurred"),
    ("SIGWIND", "SIGWIND"),
    ("SIGPHONE", "SIGPHONE"),
    ("SIGWAITING", "Process's LWPs are blocked"),
    ("SIGLWP", "Signal LWP"),
    ("SIGDANGER", "Swap space dangerously low"),
    ("SIGGRANT", "Monitor mode granted"),
    ("SIGRETRACT", "Need to relinquish monitor mode"),
    ("SIGMSG", "Monitor mode data available"),
    ("SIGSOUND", "Sound completed"),
    ("SIGSAK", "Secure attention"),
    ("SIGPRIO", "SIGPRIO"),
];

/// Those behind the real-time signals.
const LATE: &[(u8, &str, &str)] = &[
    (76, "SIGCANCEL", "LWP internal signal"),
    (142, "SIGINFO", "Information request"),
    (145, "EXC_BAD_ACCESS", "Could not access memory"),
    (146, "EXC_BAD_INSTRUCTION", "Illegal instruction/operand"),
    (147, "EXC_ARITHMETIC", "Arithmetic exception"),
    (148, "EXC_EMULATION", "Emulation instruction"),
    (149, "EXC_SOFTWARE", "Software generated exception"),
    (150, "EXC_BREAKPOINT", "Breakpoint"),
    (151, "SIGLIBRT", "librt internal signal"),
];

/// The highest number there is.
const LAST: u8 = 151;

/// Those that happen all the time in programs that work: neither told nor stopped for.
const QUIET: &[u8] = &[14, 16, 20, 23, 26, 27, 28, 33, 36, 37, 44, 76, 151];

/// Number of the real-time event, `SIG33` and so on.
fn real_time(signal: u8) -> Option<u8> {
    match signal {
        45..=75 => Some(signal - 45 + 33),
        77 => Some(32),
        78..=141 => Some(signal - 78 + 64),
        _ => None,
    }
}

/// Name and description of a signal, if gdb has one with this number.
#[must_use]
pub fn known_signal(signal: u8) -> Option<(Cow<'static, str>, Cow<'static, str>)> {
    if let Some((name, meaning)) = NAMED.get(usize::from(signal).checked_sub(1)?) {
        return Some((Cow::Borrowed(name), Cow::Borrowed(meaning)));
    }
    if let Some(number) = real_time(signal) {
        return Some((Cow::Owned(format!("SIG{number}")), Cow::Owned(format!("Real-time event {number}"))));
    }
    let (_, name, meaning) = LATE.iter().find(|(number, ..)| *number == signal)?;
    Some((Cow::Borrowed(name), Cow::Borrowed(meaning)))
}

/// Name and description of a signal.
#[must_use]
pub fn describe(signal: u8) -> (Cow<'static, str>, Cow<'static, str>) {
    known_signal(signal).unwrap_or((Cow::Borrowed("?"), Cow::Borrowed("Unknown signal")))
}

/// The signal with this name.
#[must_use]
pub fn signal_named(name: &str) -> Option<u8> {
    (1..=LAST).find(|&signal| known_signal(signal).is_some_and(|(known, _)| known == name))
}

/// What happens when the program gets a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Treatment {
    /// The program stops.
    pub stop: bool,
    /// The user is told.
    pub print: bool,
    /// The program gets it when it goes on.
    pub pass: bool,
}

/// What is done about each signal: `handle`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signals(Vec<Treatment>);

impl Default for Signals {
    fn default() -> Self {
        let treatment = |signal| {
            let loud = !QUIET.contains(&signal);
            // These are the debugger's own: nobody sent them to the program.
            let own = matches!(signal, TRAP | INT);
            Treatment { stop: loud, print: loud, pass: !own }
        };
        Self((0..=LAST).map(treatment).collect())
    }
}

impl Signals {
    /// What is done about a signal.
    #[must_use]
    pub fn treatment(&self, signal: u8) -> Treatment {
        let unknown = Treatment { stop: true, print: true, pass: false };
        self.0.get(usize::from(signal)).copied().unwrap_or(unknown)
    }

    /// The same, to change.
    pub fn treatment_mut(&mut self, signal: u8) -> Option<&mut Treatment> {
        self.0.get_mut(usize::from(signal))
    }

    /// Every signal there is, by number.
    pub fn all() -> impl Iterator<Item = u8> {
        (1..=LAST).filter(|&signal| known_signal(signal).is_some())
    }

    /// Whether the debugger itself lives by it, so that changing its treatment is asked about.
    #[must_use]
    pub fn is_own(signal: u8) -> bool {
        matches!(signal, TRAP | INT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_gdbs() {
        for (number, name) in
            [(1, "SIGHUP"), (33, "SIGPOLL"), (45, "SIG33"), (75, "SIG63"), (76, "SIGCANCEL"), (77, "SIG32")]
        {
            assert_eq!(describe(number).0, name);
            assert_eq!(signal_named(name), Some(number));
        }
        assert_eq!(describe(78).0, "SIG64");
        assert_eq!(describe(141).1, "Real-time event 127");
        assert_eq!(describe(143).0, "?");
        assert_eq!(signal_named("SIGNOSUCH"), None);
        assert_eq!(Signals::all().count(), 149);
    }

    #[test]
    fn own_signals_are_not_passed_and_quiet_ones_do_not_stop() {
        let signals = Signals::default();
        assert_eq!(signals.treatment(TRAP), Treatment { stop: true, print: true, pass: false });
        assert_eq!(signals.treatment(14), Treatment { stop: false, print: false, pass: true });
        assert_eq!(signals.treatment(30), Treatment { stop: true, print: true, pass: true });
    }
}
