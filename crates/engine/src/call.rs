//! Expressions that call functions of the program.

use crate::{Engine, Error, Event};
use kdive_expr::{ExprError, Result as ExprResult};
use kdive_program::Program;
use kdive_session::StopReason;
use std::time::Duration;

/// How long one look for an event takes at most; Ctrl-C is seen at once, whatever this is.
const PATIENCE: Duration = Duration::from_millis(500);

impl Engine {
    /// Evaluates something, with the functions it calls: `look` is asked again after each.
    ///
    /// # Errors
    /// Those of `look`; [`Error::CallsForbidden`], [`Error::NotReturned`].
    pub(crate) fn with_calls<T>(&mut self, look: impl Fn(&Program) -> ExprResult<T>) -> Result<T, Error> {
        let outer = self.program().begin_evaluation();
        let result = loop {
            match look(self.program()) {
                Err(ExprError::Call) => {}
                result => break result.map_err(Error::from),
            }
            if let Err(error) = self.call_function() {
                break Err(error);
            }
            self.program().evaluate_again();
        };
        self.program().end_evaluation(outer);
        result
    }

    /// Calls the function that the evaluation waits for. What happens meanwhile waits among the events.
    fn call_function(&mut self) -> Result<(), Error> {
        if !self.may_call_functions {
            return Err(Error::CallsForbidden);
        }
        let name = self.program().wanted_function().unwrap_or_default();
        let last_stop = self.last_stop.clone();
        self.session.call()?;
        // Polling gives these before it waits for anything.
        let mut seen = std::mem::take(&mut self.events);
        let result = loop {
            match self.poll(PATIENCE) {
                Ok(None) => {}
                Ok(Some(Event::Stopped(stop))) if stop.reasons == [StopReason::Returned] => {
                    self.last_stop = last_stop;
                    break Ok(());
                }
                Ok(Some(event)) => {
                    let ends = matches!(
                        event,
                        Event::Stopped(_) | Event::Exited { .. } | Event::Killed(_) | Event::Disconnected(_)
                    );
                    seen.push_back(event);
                    if ends {
                        break Err(Error::NotReturned(name));
                    }
                }
                Err(error) => break Err(error),
            }
        };
        seen.append(&mut self.events);
        self.events = seen;
        result
    }
}
