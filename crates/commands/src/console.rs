//! The shell as the console of an editor's protocol.

use crate::gdb::debugger::Debugger;
use crate::output::{Flow, Sink, Stream, Style};
use crate::tree::What;
use crate::{Error, Output, Shell};
use kdive_base::Interrupt;
use kdive_engine::{Answer, Console, Engine, Event, Piece};
use std::cell::RefCell;
use std::rc::Rc;

/// A shell whose answers are collected.
pub struct ShellConsole {
    /// The shell.
    pub shell: Shell,
    written: Rc<RefCell<Written>>,
}

/// What was written, or where it goes at once.
#[derive(Default)]
struct Written {
    pieces: Vec<Piece>,
    sink: Option<Box<dyn FnMut(Piece)>>,
}

impl std::fmt::Debug for ShellConsole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShellConsole").field("engine", self.engine()).finish_non_exhaustive()
    }
}

struct Collector(Rc<RefCell<Written>>);

impl Sink for Collector {
    fn write(&mut self, stream: Stream, _: Style, bytes: &[u8]) -> Flow {
        let is_error = stream == Stream::Err;
        let text = String::from_utf8_lossy(bytes);
        let mut written = self.0.borrow_mut();
        if let Some(sink) = &mut written.sink {
            sink(Piece { is_error, text: text.into_owned() });
            return Flow::Go;
        }
        match written.pieces.last_mut().filter(|last| last.is_error == is_error) {
            Some(last) => last.text.push_str(&text),
            None => written.pieces.push(Piece { is_error, text: text.into_owned() }),
        }
        Flow::Go
    }
}

impl ShellConsole {
    /// A shell over a new engine.
    #[must_use]
    pub fn new(interrupt: Interrupt) -> Self {
        let written = Rc::new(RefCell::new(Written::default()));
        let output = Output::new(Box::new(Collector(Rc::clone(&written))));
        let shell = Shell::new(Engine::new(interrupt.clone()), output, Rc::new(Debugger), interrupt);
        Self { shell, written }
    }

    /// What was written so far, and how it ended.
    fn answer(&mut self, result: Result<(), Error>) -> Answer {
        self.shell.out.flush();
        let _ = self.shell.interrupt.take();
        let text = std::mem::take(&mut self.written.borrow_mut().pieces);
        match result {
            Ok(()) => Answer { text, ..Answer::default() },
            Err(Error::Exit(status)) => Answer { text, exit: Some(status), ..Answer::default() },
            Err(error) => {
                Answer { text, code: Some(error.code()), error: Some(error.to_string()), exit: None }
            }
        }
    }
}

impl Console for ShellConsole {
    fn engine(&self) -> &Engine {
        &self.shell.session
    }

    fn engine_mut(&mut self) -> &mut Engine {
        &mut self.shell.session
    }

    fn command(&mut self, line: &str) -> Answer {
        let result = self.shell.execute(line, true);
        self.answer(result)
    }

    fn stream(&mut self, sink: Option<Box<dyn FnMut(Piece)>>) {
        self.written.borrow_mut().sink = sink;
    }

    fn show(&mut self, event: Event) -> Answer {
        crate::gdb::events::tell(&mut self.shell, vec![event]);
        self.answer(Ok(()))
    }

    fn breakpoint_commands(&mut self) -> Answer {
        let hooks = self.shell.hooks();
        let result = hooks.after_command(&mut self.shell);
        self.answer(result)
    }

    fn changed_settings(&mut self) -> Vec<(String, String)> {
        let changed = self.shell.settings.take_changed();
        changed.into_iter().map(|name| (name.to_owned(), self.shell.settings.text(name))).collect()
    }

    fn complete(&self, line: &str) -> (usize, Vec<String>) {
        let completion = self.shell.complete(line);
        (completion.start, completion.words)
    }

    fn resolve(&self, line: &str) -> Option<(String, String)> {
        let found = self.shell.tree().find(line).ok()?;
        let name = found.name();
        let rest = format!("{} {}", found.default_args, found.rest);
        matches!(found.what, What::Command(_)).then(|| (name, rest.trim().to_owned()))
    }

    fn setting(&self, name: &str) -> Option<String> {
        if self.shell.settings.value(name).is_some() {
            return Some(self.shell.settings.text(name));
        }
        // Each word may be shortened.
        let line = format!("show {name}");
        let found = self.shell.tree().find(&line).ok().filter(|found| found.rest.trim().is_empty())?;
        let whole = found.path.get(1..)?.join(" ");
        self.shell.settings.value(&whole).map(|_| self.shell.settings.text(&whole))
    }
}
