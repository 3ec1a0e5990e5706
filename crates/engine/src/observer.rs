//! Who is told when the program begins to run and when it stops.

use crate::{Engine, Event};

/// Follows the program, whichever front end or command makes it run.
pub trait Observer {
    /// The program runs. Calls of functions for an expression are not reported.
    fn resumed(&mut self, engine: &mut Engine);

    /// The program stands still, has ended or is out of reach: [`Event::Stopped`], [`Event::Exited`], [`Event::Killed`] or
    /// [`Event::Disconnected`]. A function that was called for an expression and has returned is a stop as well.
    fn stopped(&mut self, engine: &mut Engine, event: &Event);

    /// Anything else has happened: output, a warning, a signal.
    fn happened(&mut self, _event: &Event) {}
}
