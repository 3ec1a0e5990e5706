//! Run control: breakpoints, stepping, threads and stops.
//!
//! A [`Session`] is the only owner of run state. Whoever drives it asks for something to run ([`Session::resume`]) and
//! then takes [`Event`]s one by one ([`Session::poll`]) until one of them says that the program stands still or is gone.
//! Nothing here prints: a [`Stop`] says what happened in words and which part of the source line is to be shown.
//!
//! Two things are kept apart all the way through. A *logical* breakpoint is what the user made: a number, a place as
//! typed, a condition, commands ([`Breakpoint`]). A *physical* one is what the stub was told (the private module
//! `inserted`): before each resume the set that is wanted is compared with the set that is there, and only the
//! differences are sent.
//!
//! What the session has to know about code (frames, lines, functions, inlined calls, expressions) it asks its
//! [`kdive_program::Program`]; control over execution comes through [`kdive_target::Target`]. It knows nothing of Linux: places where
//! the operating system wants to be asked are [`kdive_program::OsLayer::points`].

mod breakpoint;
mod catch;
mod edit;
mod error;
mod event;
mod frames;
mod inserted;
mod line_rules;
mod machine;
mod no_ops;
mod numbers;
mod place;
mod range_ends;
mod remote;
mod request;
mod run;
mod session;
mod signal;
mod spurious_stops;
mod step;
mod stop;
mod task;
mod thread;
mod user_mode;
mod watch;

pub use breakpoint::{Breakpoint, BreakpointKind, Disposition, Location, LocationState, SeenValue, Watch};
pub use catch::Caught;
pub use edit::{Added, AlsoSet, BreakRequest, Switch};
pub use error::{Absent, Error, Refusal};
pub use event::{
    Event, Failure, HardwareReason, Hit, HitKind, Notice, Show, Stop, StopReason, ThreadLabel, Warning,
};
pub use numbers::{Complaint, NumberRange, parse_list, parse_ranges};
pub use place::BreakArgs;
pub use remote::ConnectOptions;
pub use request::Request;
pub use run::StepKind;
pub use session::{HardwareLimits, SchedulerLocking, Session, Settings, Skip};
pub use signal::{Signals, Treatment, describe as describe_signal, known_signal, signal_named};
pub use thread::{ThreadEntry, Threads};
pub use watch::WatchRequest;

pub use kdive_program::{CodeLocation, FrameKey, OsNote, OsWarning, Resolution, TaskFilter, WatchReading};
pub use kdive_target::{
    BreakpointError, ConnectError, DebugSink, InterruptSequence, Log, LogBase, Note, Packet, PacketSize,
    Packets, Permissions, RemoteTarget, Statistics, ThreadId, WatchKind,
};

// The tests read stops in the words of the console, which name this crate.
#[cfg(test)]
extern crate self as kdive_session;
#[cfg(test)]
mod tests;
