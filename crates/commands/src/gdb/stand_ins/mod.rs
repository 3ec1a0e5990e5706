//! Commands of gdb that have no meaning here: tracepoints, its terminal interface, its own insides. A command file that has them
//! goes on where gdb's would go on, with one warning, and fails where gdb's would fail, with gdb's message.

pub(crate) mod data;
pub(crate) mod internals;
pub(crate) mod running;
pub(crate) mod scripting;
pub(crate) mod tracing;
pub(crate) mod windows;

use crate::spec::{Class, Spec};
use crate::{Args, Error, Shell};

/// What such a command does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Warns that it means nothing here.
    Warn,
    /// Nothing: gdb does nothing either, as long as there is nothing to do it to.
    Quiet,
    /// Says this.
    Says(&'static str),
    /// Fails with gdb's message.
    Fails(&'static str),
    /// Takes the lines up to `end`, and warns.
    Block,
    /// Fails as without a target if there is none, and warns if there is one.
    NeedsTarget(&'static str),
}

/// The answers of one command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StandIn {
    /// Without an argument.
    pub bare: Answer,
    /// With one.
    pub given: Answer,
}

const fn stand_in(name: &'static str, bare: Answer, given: Answer) -> Spec {
    Spec {
        name,
        class: Class::Gdb,
        summary: "A command of gdb without a meaning in kdive",
        help: "It is known so that command files written for gdb run on.",
        allow_unknown: true,
        stand_in: Some(StandIn { bare, given }),
        ..Spec::EMPTY
    }
}

/// Goes on with a warning.
const fn warns(name: &'static str) -> Spec {
    stand_in(name, Answer::Warn, Answer::Warn)
}

/// Goes on, and has nothing to do without an argument.
const fn quiet(name: &'static str) -> Spec {
    stand_in(name, Answer::Quiet, Answer::Warn)
}

/// Shows this, which is all there is.
const fn says(name: &'static str, text: &'static str) -> Spec {
    stand_in(name, Answer::Says(text), Answer::Says(text))
}

/// Fails whatever is given.
const fn fails(name: &'static str, message: &'static str) -> Spec {
    stand_in(name, Answer::Fails(message), Answer::Fails(message))
}

/// Fails without an argument; goes on with one.
const fn wants(name: &'static str, message: &'static str) -> Spec {
    stand_in(name, Answer::Fails(message), Answer::Warn)
}

/// Fails as without a target if there is none.
const fn needs_target(name: &'static str, message: &'static str) -> Spec {
    stand_in(name, Answer::NeedsTarget(message), Answer::NeedsTarget(message))
}

impl Spec {
    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// What it does with an argument.
    const fn given(self, given: Answer) -> Self {
        match self.stand_in {
            Some(answers) => Self { stand_in: Some(StandIn { given, ..answers }), ..self },
            None => self,
        }
    }
}

/// Answers for a command.
///
/// # Errors
/// gdb's message.
pub(crate) fn run(shell: &mut Shell, name: &str, answers: StandIn, args: &Args<'_>) -> Result<(), Error> {
    let answer = if args.is_empty() { answers.bare } else { answers.given };
    if answer == Answer::Block {
        shell.read_text_body(args)?;
    }
    match answer {
        Answer::Quiet => {}
        Answer::Says(text) => shell.out.line(text),
        Answer::Fails(message) => return Err(Error::msg(message)),
        Answer::NeedsTarget(message) if shell.session.target().is_none() => return Err(Error::msg(message)),
        Answer::Warn | Answer::Block | Answer::NeedsTarget(_) => {
            shell.out.warning(&format!(
                "\"{name}\" is a command of gdb that kdive does not have; the line does nothing."
            ));
        }
    }
    Ok(())
}
