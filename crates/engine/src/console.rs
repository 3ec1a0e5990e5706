//! The one way from an editor's protocol to the commands that people type.

use crate::{Engine, Event};

/// What a command printed, and how it ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// What it wrote, in order.
    pub text: Vec<Piece>,
    /// Why it did not do what it was asked for, in one line.
    pub error: Option<String>,
    /// A word for the kind of error, for programs: `undefined-command`, `no-symbol`, `interrupted`, `failed`.
    pub code: Option<&'static str>,
    /// The user wants to leave, with this exit status.
    pub exit: Option<i32>,
}

/// A piece of output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Whether it is an error or a warning.
    pub is_error: bool,
    /// The text.
    pub text: String,
}

/// A console over an engine: takes command lines.
pub trait Console {
    /// The debugger.
    fn engine(&self) -> &Engine;

    /// The debugger, to work with.
    fn engine_mut(&mut self) -> &mut Engine;

    /// Runs a command line as if it was typed. A command that makes the program run comes back when it has stopped;
    /// [`Engine::stops`] tells that it did. Nobody is asked anything: questions are answered with yes.
    fn command(&mut self, line: &str) -> Answer;

    /// From now on what is written goes to `sink` at once instead of into answers.
    fn stream(&mut self, sink: Option<Box<dyn FnMut(Piece)>>);

    /// Writes what a person is shown of an event, such as a stop with its frame and source line.
    fn show(&mut self, event: Event) -> Answer;

    /// Commands of the breakpoints that were hit: to be run after a stop that no command led to.
    fn breakpoint_commands(&mut self) -> Answer;

    /// The settings that were given another value since the last time this was asked, with their values.
    fn changed_settings(&mut self) -> Vec<(String, String)>;

    /// What could stand at the end of a command line: where in the line the words go, and the words.
    fn complete(&self, line: &str) -> (usize, Vec<String>);

    /// The whole name of the command that a line begins with, and the rest of the line; `None` for what is no command of the table,
    /// such as one that the user has defined.
    fn resolve(&self, line: &str) -> Option<(String, String)>;

    /// The value of a setting as `show` names it; `None` when there is no such setting.
    fn setting(&self, name: &str) -> Option<String>;
}
