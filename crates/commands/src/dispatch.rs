//! From a line of text to the command: lookup, preconditions, hooks, and what an empty line will do.

use std::borrow::Cow;

use crate::script::Script;
use crate::spec::{Needs, Repeat, Spec};
use crate::tree::What;
use crate::user::When;
use crate::{Args, Error, Missing, Shell, help, meta, settings};

/// How a line came to be run.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin<'a> {
    /// Typed at the prompt (or given with `-ex` outside of batch mode).
    pub from_tty: bool,
    /// By an empty line.
    pub repeated: bool,
    /// The block of a script line.
    pub body: Option<&'a Script>,
}

/// What an empty line will do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) enum Next {
    /// The same line again.
    #[default]
    Same,
    /// Nothing.
    Nothing,
    /// The same command with other arguments.
    With(String),
}

/// Deepest nesting of commands in commands (scripts, blocks, user-defined commands, `with`, `pipe`): a bound on the
/// stack whatever a command file contains.
const MAX_DEPTH: usize = 3000;

impl Shell {
    /// Runs one command line, as `-ex` does. A block command reads its lines from the user.
    ///
    /// # Errors
    /// The command's.
    pub fn execute(&mut self, line: &str, from_tty: bool) -> Result<(), Error> {
        self.run_line(line, &Origin { from_tty, ..Origin::default() })
    }

    pub(crate) fn run_line(&mut self, line: &str, origin: &Origin<'_>) -> Result<(), Error> {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        self.check_interrupt()?;
        let tree = self.tree_rc();
        let found = tree.find(line)?;
        let typed = line.len() - found.rest.len();
        let invoked = line.get(..typed).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let raw = found.rest.trim_start_matches([' ', '\t']);
        let raw: Cow<'_, str> = if found.default_args.is_empty() {
            Cow::Borrowed(raw)
        } else {
            Cow::Owned(format!("{} {raw}", found.default_args))
        };
        self.trace(line.trim_end());
        meta::deprecate::warn(self, &found);
        self.doing.begin(line.trim_end());
        let args = Args {
            raw: &raw,
            invoked: &invoked,
            from_tty: origin.from_tty,
            repeated: origin.repeated,
            body: origin.body,
        };
        let per_cpu_symbols = match self.settings.text("print low-symbols").as_str() {
            "on" => true,
            "off" => false,
            _ => !self.is_interactive(),
        };
        self.program_mut().options.per_cpu_symbols = per_cpu_symbols;
        let result = self.nested(|shell| {
            shell.run_hook(When::Before, &found.path)?;
            match &found.what {
                What::Command(spec) => match spec.stand_in {
                    Some(answers) => crate::gdb::stand_ins::run(shell, &found.name(), answers, &args)?,
                    None => shell.run_spec(spec, args)?,
                },
                What::Set(setting) => {
                    if found.rest.starts_with(|c: char| !c.is_whitespace()) {
                        return Err(Error::msg("Argument must be preceded by space."));
                    }
                    settings::command::set(shell, setting, args)?;
                }
                What::Show(setting) => settings::command::show(shell, setting),
                What::Prefix if found.path.first().is_some_and(|verb| verb == "show") => {
                    settings::command::show_all(shell, &found.path);
                }
                What::Prefix => help::list_subcommands(shell, &found.path),
                What::User(user) if user.prefix && user.body.is_empty() => {
                    help::list_subcommands(shell, &found.path);
                }
                What::User(user) => shell.run_user(user, args.text())?,
                // The tree never answers with an alias.
                What::Alias(_) => {}
            }
            shell.run_hook(When::After, &found.path)
        });
        let hooks = self.hooks();
        let result = match result {
            Ok(()) => hooks.after_command(self),
            Err(error) => Err(hooks.after_failure(self, error)),
        };
        // However a command took it that the user interrupted something, it has not come to its end.
        let result = match result {
            Err(Error::Exit(status)) => Err(Error::Exit(status)),
            other => self.check_interrupt().and(other),
        };
        if self.depth == 0 {
            let _ = self.interrupt.take();
        }
        result
    }

    fn run_spec(&mut self, spec: &Spec, args: Args<'_>) -> Result<(), Error> {
        check_needs(spec.needs, self)?;
        if self.depth <= 1 {
            match spec.repeat {
                Repeat::Again => {}
                Repeat::Bare => self.next = Next::With(String::new()),
                Repeat::No => self.next = Next::Nothing,
            }
        }
        let result = (spec.run)(self, args);
        if std::mem::take(&mut self.unanswered) { Err(Error::Interrupted) } else { result }
    }

    /// An empty line after this command does nothing.
    pub fn dont_repeat(&mut self) {
        self.next = Next::Nothing;
    }

    /// An empty line after this command runs the command with these arguments instead.
    pub fn repeat_with(&mut self, args: &str) {
        if self.depth <= 1 {
            self.next = Next::With(args.to_owned());
        }
    }

    /// Runs the user's `hook-stop`, before the stop is reported. An error in it ends the hook and nothing else.
    ///
    /// # Errors
    /// [`Error::Exit`] when the hook said `quit`, [`Error::Interrupted`].
    pub fn run_stop_hook(&mut self) -> Result<(), Error> {
        match self.run_hook(When::Before, &["stop".to_owned()]) {
            Err(error @ (Error::Message(_) | Error::Unknown(_) | Error::BadBlock)) => {
                self.report(&Error::Message(format!("Error while running hook_stop:\n{error}")));
                Ok(())
            }
            other => other,
        }
    }

    fn run_hook(&mut self, when: When, path: &[String]) -> Result<(), Error> {
        let key = (when, path.to_vec());
        let Some(hook) = self.user_state().hooks.get(&key) else { return Ok(()) };
        let Some(What::User(command)) = self.tree().get(hook).map(|entry| entry.what.clone()) else {
            return Ok(());
        };
        // A hook that runs the command it hooks does not hook it again.
        if !self.user_state_mut().running.insert(key.clone()) {
            return Ok(());
        }
        let result = self.run_user(&command, "");
        self.user_state_mut().running.remove(&key);
        result
    }

    /// Runs `f` one level deeper.
    pub(crate) fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::msg("Max user call depth exceeded -- command aborted."));
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// Whether to go on. What loops looks at it in every turn.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when Ctrl-C was hit or the output was closed. The flag stays up until the
    /// command that was typed is over.
    pub(crate) fn check_interrupt(&self) -> Result<(), Error> {
        if self.interrupt.is_raised() || self.out.is_closed() {
            return Err(Error::Interrupted);
        }
        Ok(())
    }
}

/// What to do where there is no target.
const CONNECT: &str =
    "Connect with \"target remote :1234\"; \"help target\" tells how to start a guest for it.";

/// The preconditions of a command, in one place.
fn check_needs(needs: Needs, shell: &Shell) -> Result<(), Error> {
    if needs == Needs::NONE {
        return Ok(());
    }
    let state = shell.hooks().state(shell);
    let messages = [
        (Needs::SYMBOLS, "No symbol table is loaded.  Use the \"file\" command."),
        (Needs::REGISTERS, "The program has no registers now."),
        (Needs::STACK, "No stack."),
        (Needs::FRAME, "No frame selected."),
        (Needs::TARGET, "The program is not being run."),
        (Needs::STOPPED, "Selected thread is running."),
    ];
    for (need, message) in messages {
        if needs.contains(need) && !state.contains(need) {
            return Err(match shell.session.target() {
                None if need != Needs::SYMBOLS => Error::unknown(message, Missing::Advice(CONNECT)),
                _ => Error::msg(message),
            });
        }
    }
    Ok(())
}
