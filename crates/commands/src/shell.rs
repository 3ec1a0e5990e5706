//! The whole debugger as commands see it.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use kdive_base::Interrupt;
use kdive_symbols::IndexProgress;

use crate::dispatch::{Next, Origin};
use crate::hooks::Hooks;
use crate::input::{Ask, Input, NoInput};
use crate::output::{Output, Stream, Style, Window};
use crate::script::{Line, LineSource, UserArgs, join_continued};
use crate::settings::{Settings, Value};
use crate::table::TABLE;
use crate::tree::Tree;
use crate::user::When;
use crate::{Error, Session, settings};

/// The command line that was started last, to be read by another thread.
#[derive(Clone, Default, Debug)]
pub struct Doing(Arc<Mutex<String>>);

impl Doing {
    pub(crate) fn begin(&self, line: &str) {
        if let Ok(mut doing) = self.0.lock() {
            line.clone_into(&mut doing);
        }
    }

    /// The line.
    #[must_use]
    pub fn line(&self) -> String {
        self.0.lock().map_or_else(|_| String::new(), |doing| doing.clone())
    }
}

/// State shared by all commands.
pub struct Shell {
    /// Target, symbols, breakpoints, selection.
    pub session: Session,
    /// Where answers go.
    pub out: Output,
    /// `set` and `show`.
    pub settings: Settings,
    /// Raised by Ctrl-C; long commands look at it.
    pub interrupt: Interrupt,
    /// `-batch`: no questions are asked.
    pub batch: bool,
    /// Expressions shown at every stop.
    pub(crate) displays: crate::gdb::display::Displays,
    /// Breakpoints that `catch` made for trouble of the kernel, by number: `analyze` explains their stops.
    pub(crate) trouble: HashSet<u32>,
    /// What runs now, for the code that ends it from outside.
    pub doing: Doing,
    /// What `step` does not go into.
    pub(crate) skips: crate::gdb::skip::Skips,
    /// `set environment`: the variables programs get; `None`: those of this process.
    pub(crate) environment: Option<Vec<(String, String)>>,
    /// Why the program stopped last.
    pub(crate) last_stop: Option<kdive_session::StopReason>,
    /// Commands of breakpoints are being run.
    pub(crate) runs_breakpoint_commands: bool,
    progress: Option<Arc<dyn IndexProgress>>,
    hooks: Rc<dyn Hooks>,
    tree: Rc<Tree>,
    user: UserState,
    input: Option<Box<dyn Input>>,
    pub(crate) sources: Vec<Box<dyn LineSource>>,
    pub(crate) user_args: Vec<UserArgs>,
    pub(crate) next: Next,
    pub(crate) depth: usize,
    pub(crate) commands_shown: Option<i64>,
    pub(crate) values_shown: Option<i64>,
    /// The window that `height` and `width` were taken from.
    window: Option<Window>,
    last_line: Option<String>,
    previous: Option<String>,
    pub(crate) trace_level: usize,
    /// A question was answered with Ctrl-C: the command that asked is to end with `Quit`.
    pub(crate) unanswered: bool,
    /// `quit` was typed, or the input of the prompt ended.
    pub(crate) quit_from_tty: bool,
    /// The regular expression of the last search in a source file.
    pub(crate) last_search: Option<String>,
}

/// What `define` left behind besides the commands themselves.
#[derive(Default)]
pub(crate) struct UserState {
    /// Which user-defined command runs before or after which command.
    pub hooks: HashMap<(When, Vec<String>), Vec<String>>,
    /// Hooks that are running.
    pub running: HashSet<(When, Vec<String>)>,
}

impl Shell {
    /// A shell over `session` with the commands of [`TABLE`] and no front end.
    #[must_use]
    pub fn new(session: Session, out: Output, hooks: Rc<dyn Hooks>, interrupt: Interrupt) -> Self {
        let mut shell = Self {
            session,
            out,
            settings: Settings::new(),
            interrupt,
            batch: false,
            displays: Default::default(),
            trouble: HashSet::new(),
            doing: Doing::default(),
            skips: Default::default(),
            environment: None,
            last_stop: None,
            runs_breakpoint_commands: false,
            progress: None,
            hooks,
            tree: Rc::new(Tree::new(TABLE, settings::TABLE)),
            user: UserState::default(),
            input: Some(Box::new(NoInput)),
            sources: Vec::new(),
            user_args: Vec::new(),
            next: Next::default(),
            depth: 0,
            commands_shown: None,
            values_shown: None,
            window: None,
            last_line: None,
            previous: None,
            trace_level: 0,
            unanswered: false,
            quit_from_tty: false,
            last_search: None,
        };
        shell.out.watch(&shell.interrupt);
        crate::gdb::setting_functions::add(shell.program(), &shell.settings);
        // What scripts ask before they use something new.
        let hooks = shell.hooks();
        for (name, value) in [("_inferior", 1), ("_thread", 0), ("_gthread", 0)] {
            hooks.set_convenience(&mut shell, name, Some(value));
        }
        hooks.set_convenience(&mut shell, "_gdb_major", Some(13));
        hooks.set_convenience(&mut shell, "_gdb_minor", Some(1));
        shell
    }

    /// Takes commands and answers from `input` from now on.
    pub fn set_input(&mut self, input: Box<dyn Input>) {
        self.input = Some(input);
        self.configure();
    }

    /// Who shows the progress of reading symbols.
    pub fn set_progress(&mut self, progress: Arc<dyn IndexProgress>) {
        self.progress = Some(progress);
    }

    pub(crate) fn progress(&self) -> Option<Arc<dyn IndexProgress>> {
        self.progress.clone()
    }

    /// What the command language asks of the rest.
    #[must_use]
    pub fn hooks(&self) -> Rc<dyn Hooks> {
        Rc::clone(&self.hooks)
    }

    /// All commands by name.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(crate) fn tree_rc(&self) -> Rc<Tree> {
        Rc::clone(&self.tree)
    }

    /// To add commands. A lookup that is going on keeps the tree it started with.
    pub(crate) fn tree_mut(&mut self) -> &mut Tree {
        Rc::make_mut(&mut self.tree)
    }

    pub(crate) fn user_state(&self) -> &UserState {
        &self.user
    }

    pub(crate) fn user_state_mut(&mut self) -> &mut UserState {
        &mut self.user
    }

    /// Whether the terminal is played by a program, which gets gdb's lines without hints.
    pub(crate) fn is_dumb(&self) -> bool {
        self.input.as_ref().is_some_and(|input| input.is_dumb())
    }

    /// Whether a person is there to be asked and prompted.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        !self.batch && self.sources.is_empty() && self.input.as_ref().is_some_and(|input| input.is_terminal())
    }

    /// Commands typed so far, oldest first, with the number of the first.
    #[must_use]
    pub fn history(&self) -> (usize, Vec<String>) {
        self.input.as_ref().map_or((1, Vec::new()), |input| input.history())
    }

    /// Tells those at the ends about settings that concern them.
    pub(crate) fn configure(&mut self) {
        self.out.configure(&self.settings);
        if let Some(input) = &mut self.input {
            input.configure(&self.settings);
        }
    }

    /// Reads a line from the user.
    pub(crate) fn read_input(&mut self, prompt: &str, ask: Ask) -> Result<Line, Error> {
        self.out.flush();
        let Some(mut input) = self.input.take() else { return Ok(Line::End) };
        let line = input.read(self, prompt, ask);
        self.input = Some(input);
        self.out.begin_command();
        match line {
            // The prompt could not be written: the output was closed.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.out.close();
                Err(Error::Interrupted)
            }
            other => other.map_err(Error::msg),
        }
    }

    /// Asks a yes-or-no question; the question mark and `(y or n)` are added here. With `set confirm off`, in batch mode
    /// and without a terminal the answer is yes, as in gdb.
    pub fn query(&mut self, question: &str) -> bool {
        self.ask(question, None)
    }

    /// Asks with no as the default answer (pending breakpoints): `(y or [n])`.
    pub fn query_no(&mut self, question: &str) -> bool {
        self.ask(question, Some(false))
    }

    fn ask(&mut self, question: &str, default: Option<bool>) -> bool {
        let answer = default.unwrap_or(true);
        if !self.settings.bool("confirm") {
            return answer;
        }
        let choice = match default {
            None => "(y or n) ",
            Some(true) => "([y] or n) ",
            Some(false) => "(y or [n]) ",
        };
        let question = if question.is_empty() { choice.to_owned() } else { format!("{question}? {choice}") };
        let is_terminal = self.input.as_ref().is_some_and(|input| input.is_terminal());
        if self.batch || !is_terminal {
            let letter = if answer { 'Y' } else { 'N' };
            self.out.line(&format!("{question}[answered {letter}; input not from terminal]"));
            return answer;
        }
        loop {
            let line = match self.read_input(&question, Ask::Answer) {
                Ok(Line::Text(line)) => line,
                // gdb takes the end of input for the default.
                Ok(Line::End) => {
                    self.out.line(&format!("EOF [assumed {}]", if answer { 'Y' } else { 'N' }));
                    return answer;
                }
                Ok(Line::Interrupted) | Err(_) => {
                    self.unanswered = true;
                    return false;
                }
            };
            match (line.trim().chars().next().map(|c| c.to_ascii_lowercase()), default) {
                (Some('y'), _) => return true,
                (Some('n'), _) => return false,
                (None, Some(default)) => return default,
                (_, None) => self.out.line("Please answer y or n."),
                (_, Some(true)) => self.out.line("Please answer [y] or n."),
                (_, Some(false)) => self.out.line("Please answer y or [n]."),
            }
        }
    }

    /// Runs `f` and returns what it wrote to standard output.
    pub fn capture<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> (T, Vec<u8>) {
        self.out.begin_capture();
        let value = f(self);
        (value, self.out.end_capture())
    }

    /// Prints an error as the prompt does: after all output so far, on standard error.
    pub fn report(&mut self, error: &Error) {
        // After Ctrl-C what is left of the output goes to a pipe with the flag up: when the pipe is not read, it is dropped rather than
        // waited for. On a terminal it is shown.
        if *error == Error::Interrupted && self.out.window().is_none() {
            self.interrupt.raise();
            self.out.flush();
        }
        // What was interrupted is over.
        let _ = self.interrupt.take();
        self.out.end_command();
        match error {
            Error::Exit(_) => {}
            Error::Interrupted if self.out.is_closed() => {}
            other => {
                self.out.error(&other.to_string());
                if let Some(hint) = self.suggestion(other) {
                    self.out.emit(Stream::Err, Style::Plain, format!("{hint}\n").as_bytes());
                }
            }
        }
    }

    /// Reads and runs commands until the user leaves; the exit status.
    pub fn interact(&mut self) -> i32 {
        loop {
            if self.out.is_closed() {
                return 0;
            }
            match self.read_and_run() {
                Ok(()) => {}
                Err(Error::Exit(status)) => return status,
                Err(error) => self.report(&error),
            }
        }
    }

    fn read_and_run(&mut self) -> Result<(), Error> {
        let plain = self.settings.text("prompt");
        let marked = crate::gdb::annotate::around_prompt(self, &plain);
        let prompt = marked.as_ref().unwrap_or(&plain);
        let line = join_continued(&mut |continued| {
            self.read_input(
                if continued { "" } else { prompt },
                if continued { Ask::Body } else { Ask::Command },
            )
        })?;
        if marked.is_some() {
            self.out.put(crate::gdb::annotate::AFTER_PROMPT);
        }
        // What was interrupted is over.
        let _ = self.interrupt.take();
        let line = match line {
            Line::Text(line) => line,
            Line::Interrupted => return Err(Error::Interrupted),
            Line::End => {
                if self.is_interactive() {
                    self.out.line("quit");
                }
                return self.execute("quit", true);
            }
        };
        let repeated = line.trim().is_empty();
        self.previous.clone_from(&self.last_line);
        let line = match (repeated, self.last_line.take()) {
            (false, _) => line,
            (true, Some(last)) => last,
            (true, None) => return Ok(()),
        };
        self.next = Next::Same;
        self.follow_window();
        let result = self.run_line(&line, &Origin { from_tty: true, repeated, body: None });
        self.out.end_command();
        if let Some(input) = &mut self.input {
            input.ended(&result);
        }
        self.last_line = match std::mem::take(&mut self.next) {
            Next::Same => Some(line),
            Next::Nothing => None,
            Next::With(args) => {
                let typed = self.tree.find(&line).map_or(line.len(), |found| line.len() - found.rest.len());
                let name = line.get(..typed).unwrap_or(&line).trim();
                Some(format!("{name} {args}").trim_end().to_owned())
            }
        };
        result
    }

    /// Takes the size of the terminal's window over into `height` and `width`.
    pub fn follow_window(&mut self) {
        let Some(size) = self.out.window() else { return };
        if self.window == Some(size) {
            return;
        }
        let shown = self.window.replace(size);
        let limit = |size: u16| (size > 0).then_some(i64::from(size));
        for (name, new, old) in [
            ("width", size.columns, shown.map(|size| size.columns)),
            ("height", size.rows, shown.map(|size| size.rows)),
        ] {
            // What the user has set stays.
            let ours = old.is_none_or(|old| self.settings.value(name) == Some(&Value::Number(limit(old))));
            if ours {
                self.settings.put(name, Value::Number(limit(new)));
            }
        }
        self.configure();
    }

    /// `set trace-commands`: shows a line before it runs, a `+` per level of nesting.
    pub(crate) fn trace(&mut self, line: &str) {
        if self.settings.bool("trace-commands") {
            let text = format!("{}{line}", "+".repeat(self.trace_level + 1));
            self.out.line(&text);
        }
    }

    /// The line typed before the one that is running.
    #[must_use]
    pub fn previous_line(&self) -> Option<String> {
        self.previous.clone()
    }
}
