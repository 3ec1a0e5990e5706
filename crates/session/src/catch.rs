//! `catch signal`: catchpoints, which stop at signals of the program instead of at places.

use crate::Session;
use crate::breakpoint::{Breakpoint, BreakpointKind, Disposition, Entry};
use crate::edit::Added;
use crate::signal::{self, Signals};

/// Which signals a catchpoint stops at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Caught {
    /// All but those the debugger itself lives by.
    Standard,
    /// All.
    Any,
    /// These, in the order they were named in.
    These(Vec<u8>),
}

impl Caught {
    /// Whether it stops at this signal.
    fn has(&self, signal: u8) -> bool {
        match self {
            Self::Standard => !Signals::is_own(signal),
            Self::Any => true,
            Self::These(signals) => signals.contains(&signal),
        }
    }

    fn names(signals: &[u8]) -> String {
        let names: Vec<_> = signals.iter().map(|signal| signal::describe(*signal).0).collect();
        names.join(" ")
    }

    /// `signal SIGUSR1`, `any signal`: what gdb says when one is made.
    #[must_use]
    pub fn mention(&self) -> String {
        match self {
            Self::Standard => "standard signals".to_owned(),
            Self::Any => "any signal".to_owned(),
            Self::These(signals) if signals.len() == 1 => format!("signal {}", Self::names(signals)),
            Self::These(signals) => format!("signals {}", Self::names(signals)),
        }
    }

    /// `signals "SIGUSR1 SIGALRM"`: what the table of breakpoints says.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::Standard => "signal \"<standard signals>\"".to_owned(),
            Self::Any => "signal \"<any signal>\"".to_owned(),
            Self::These(signals) => {
                let word = if signals.len() == 1 { "signal" } else { "signals" };
                format!("{word} \"{}\"", Self::names(signals))
            }
        }
    }

    /// The argument of the command that makes the same.
    #[must_use]
    pub fn argument(&self) -> String {
        match self {
            Self::Standard => String::new(),
            Self::Any => " all".to_owned(),
            Self::These(signals) => format!(" {}", Self::names(signals)),
        }
    }
}

impl Session {
    /// Makes a catchpoint for signals of the program.
    pub fn add_signal_catch(&mut self, caught: Caught) -> Added {
        let number = self.take_number();
        let shown = Breakpoint {
            number,
            kind: BreakpointKind::Signal(caught),
            disposition: Disposition::Keep,
            enabled: true,
            spec: String::new(),
            canonical: String::new(),
            extra: String::new(),
            locations: Vec::new(),
            condition: None,
            thread: None,
            task: None,
            hits: 0,
            ignore: 0,
            enable_count: 0,
            commands: Vec::new(),
        };
        self.breakpoints.push(Entry {
            shown,
            conditions: Vec::new(),
            expr: None,
            condition: None,
            scope: None,
            delete_at_stop: false,
        });
        Added { number, also_set: Vec::new(), warnings: Vec::new(), copies: None }
    }

    /// Numbers of the catchpoints that a signal is a matter of.
    pub(crate) fn catches_of(&self, signal: u8) -> Vec<u32> {
        let catches = |entry: &&Entry| match &entry.shown.kind {
            BreakpointKind::Signal(caught) => entry.is_active() && caught.has(signal),
            _ => false,
        };
        self.breakpoints.iter().filter(catches).map(|entry| entry.shown.number).collect()
    }
}
