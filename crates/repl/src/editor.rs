//! Line editing at a terminal, with history, completion and hints.
//!
//! rustyline keeps what was typed ahead in its editor, so the editor lives as long as the terminal; completion needs the
//! shell, which can be lent only while a line is read. Hence the editor runs on a thread of its own that asks for
//! completions over a channel, and the thread that owns the shell answers while it waits for the line.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use kdive_base::Interrupt;
use kdive_commands::input::{Ask, Input};
use kdive_commands::script::Line;
use kdive_commands::settings::Settings;
use kdive_commands::{Completion, Error, Shell};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::{History as _, MemHistory, SearchDirection};
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use crate::candidates::{Candidates, Choice, ctrl_c_pressed};
use crate::history::{History, default_path};
use crate::plain;
use crate::stream::{Stop, Stream};

/// A person at a terminal.
pub struct Terminal {
    history: History,
    expansion: bool,
    editing: bool,
    editor: Option<Channel>,
    interrupt: Interrupt,
    /// Further lines of what was pasted: each is a command of its own.
    pasted: VecDeque<String>,
    /// The command that runs, and those that ended with an error: they are no hints.
    running: Option<String>,
    failed: HashSet<String>,
}

/// Time between two looks whether candidates are there.
const PAUSE: Duration = Duration::from_millis(50);
/// A search for candidates that takes longer is checked for Ctrl-C.
const PATIENCE: Duration = Duration::from_millis(300);

struct Channel {
    requests: Sender<Request>,
    replies: Receiver<Reply>,
}

enum Request {
    /// Forget the history and take this one, and which of its lines failed.
    History(Vec<String>, HashSet<String>),
    /// Read a line; the flag says whether it is a command.
    Read(String, bool),
    /// The answer to [`Reply::Complete`].
    Completions(Completion),
}

enum Reply {
    /// What could follow this text?
    Complete(String),
    /// A line, or why there is none.
    Line(Result<String, ReadlineError>),
}

impl Terminal {
    /// The process's terminal. Nothing is read before the first line is. `interrupt` is the flag that Ctrl-C raises.
    #[must_use]
    pub fn new(interrupt: &Interrupt) -> Self {
        Self {
            history: History::new(),
            expansion: false,
            editing: true,
            editor: None,
            interrupt: interrupt.clone(),
            pasted: VecDeque::new(),
            running: None,
            failed: HashSet::new(),
        }
    }

    /// The next line of what was pasted, shown as if it were typed. Questions are for the person, whatever was pasted.
    fn read_pasted(&mut self, prompt: &str, ask: Ask) -> io::Result<Option<String>> {
        if ask == Ask::Answer {
            return Ok(None);
        }
        let Some(line) = self.pasted.pop_front() else { return Ok(None) };
        match Stream::stdout(&self.interrupt).write_all(format!("{prompt}{line}\n").as_bytes()) {
            Err(Stop::Closed) => Err(io::ErrorKind::BrokenPipe.into()),
            Ok(()) | Err(Stop::Interrupted) => Ok(Some(line)),
        }
    }

    /// The first line of what may have been pasted; the others are read next.
    fn first_of(&mut self, text: String) -> String {
        let mut lines = text.split(['\n', '\r']);
        let first = lines.next().unwrap_or_default().to_owned();
        // What ends with a line ends there.
        let rest: Vec<String> = lines.map(str::to_owned).collect();
        let count = rest.len() - rest.iter().rev().take_while(|line| line.is_empty()).count();
        self.pasted.extend(rest.into_iter().take(count));
        first
    }

    fn read_edited(&mut self, shell: &Shell, prompt: &str, command: bool) -> io::Result<Line> {
        if self.editor.is_none() {
            self.editor = Some(start(&self.interrupt)?);
        }
        let gone = |_| io::Error::other("the line editor has ended");
        let Some(channel) = &self.editor else { return Ok(Line::End) };
        if command {
            channel
                .requests
                .send(Request::History(self.history.entries().1, self.failed.clone()))
                .map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        channel
            .requests
            .send(Request::Read(prompt.to_owned(), command))
            .map_err(|_| io::ErrorKind::BrokenPipe)?;
        loop {
            match channel.replies.recv().map_err(gone)? {
                Reply::Complete(text) => {
                    let completion = if command { shell.complete(&text) } else { Completion::default() };
                    channel
                        .requests
                        .send(Request::Completions(completion))
                        .map_err(|_| io::ErrorKind::BrokenPipe)?;
                }
                Reply::Line(Ok(line)) => return Ok(Line::Text(line)),
                Reply::Line(Err(ReadlineError::Interrupted)) => return Ok(Line::Interrupted),
                Reply::Line(Err(ReadlineError::Eof)) => return Ok(Line::End),
                Reply::Line(Err(error)) => return Err(io::Error::other(error)),
            }
        }
    }

    /// `!!` and its kin, when wanted: the line they stand for is shown before it runs.
    fn expand(&self, line: String) -> io::Result<String> {
        if !self.expansion {
            return Ok(line);
        }
        match self.history.expand(&line) {
            None => Ok(line),
            Some(Ok(expanded)) => {
                writeln!(io::stdout(), "{expanded}")?;
                Ok(expanded)
            }
            Some(Err(message)) => Err(io::Error::other(message)),
        }
    }
}

impl Input for Terminal {
    fn is_terminal(&self) -> bool {
        true
    }

    fn is_dumb(&self) -> bool {
        is_dumb()
    }

    fn read(&mut self, shell: &Shell, prompt: &str, ask: Ask) -> io::Result<Line> {
        if ask == Ask::Command {
            // A history that cannot be read is not worth an error at every prompt.
            let _ = self.history.load();
        }
        // gdb's marks around what takes no room.
        let prompt = prompt.replace(['\x01', '\x02'], "");
        let line = if let Some(line) = self.read_pasted(&prompt, ask)? {
            Line::Text(line)
        } else if self.editing {
            self.read_edited(shell, &prompt, ask != Ask::Answer)?
        } else {
            plain::read_line(&prompt, &self.interrupt)?
        };
        let Line::Text(line) = line else {
            self.pasted.clear();
            return Ok(line);
        };
        let line = if ask == Ask::Answer { line } else { self.first_of(line) };
        let line = if ask == Ask::Command { self.expand(line)? } else { line };
        // Lines of blocks are kept too, as gdb does: they are what one wants back when a definition was wrong.
        if ask != Ask::Answer && !line.trim().is_empty() {
            let _ = self.history.add(&line);
        }
        if ask == Ask::Command {
            self.running = Some(line.clone());
        }
        Ok(Line::Text(line))
    }

    fn ended(&mut self, result: &Result<(), Error>) {
        if *result == Err(Error::Interrupted) {
            self.pasted.clear();
        }
        let Some(line) = self.running.take().filter(|line| !line.trim().is_empty()) else { return };
        match result {
            Ok(()) | Err(Error::Interrupted | Error::Exit(_)) => drop(self.failed.remove(&line)),
            Err(_) => drop(self.failed.insert(line)),
        }
    }

    fn configure(&mut self, settings: &Settings) {
        let size =
            |name: &str| settings.number(name).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let file = settings.text("history filename");
        let file = if file.is_empty() { default_path() } else { Some(PathBuf::from(file)) };
        let file = file.filter(|_| settings.bool("history save"));
        self.history.configure(size("history size"), size("history remove-duplicates"), file);
        self.expansion = settings.bool("history expansion");
        self.editing = settings.bool("editing") && !is_dumb();
    }

    fn history(&self) -> (usize, Vec<String>) {
        self.history.entries()
    }
}

/// Whether the terminal cannot move its cursor, such as a program that plays a terminal. Lines are read as they come then:
/// the answer to each is there before the next is typed.
fn is_dumb() -> bool {
    env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

fn start(interrupt: &Interrupt) -> io::Result<Channel> {
    let (requests, incoming) = channel();
    let (outgoing, replies) = channel();
    let interrupt = interrupt.clone();
    let editor = move || edit(incoming, outgoing, interrupt);
    thread::Builder::new().name("line editor".to_owned()).spawn(editor)?;
    Ok(Channel { requests, replies })
}

/// The editor's thread; ends when the terminal is dropped.
fn edit(requests: Receiver<Request>, replies: Sender<Reply>, interrupt: Interrupt) {
    let config = Config::builder().completion_type(CompletionType::List).auto_add_history(false).build();
    let mut editor = match Editor::with_history(config, MemHistory::new()) {
        Ok(editor) => editor,
        Err(error) => {
            let _ = replies.send(Reply::Line(Err(error)));
            return;
        }
    };
    let requests = Rc::new(requests);
    let assistant = Assistant {
        requests: Rc::clone(&requests),
        replies: replies.clone(),
        active: Cell::new(true),
        failed: RefCell::default(),
        candidates: RefCell::new(Candidates::new(interrupt.clone())),
        interrupt,
    };
    editor.set_helper(Some(assistant));
    while let Ok(request) = requests.recv() {
        match request {
            Request::History(lines, failed) => {
                if let Some(assistant) = editor.helper() {
                    assistant.failed.replace(failed);
                }
                let history = editor.history_mut();
                let same = history.len() == lines.len();
                if !same || lines.last().is_some_and(|last| !is_last(history, last)) {
                    let _ = history.set_max_len(lines.len().max(1)).and_then(|()| history.clear());
                    for line in lines {
                        let _ = history.add_owned(line);
                    }
                }
            }
            Request::Read(prompt, command) => {
                if let Some(assistant) = editor.helper() {
                    assistant.active.set(command);
                    assistant.candidates.borrow_mut().begin(&prompt);
                }
                if replies.send(Reply::Line(editor.readline(&prompt))).is_err() {
                    return;
                }
            }
            Request::Completions(_) => {}
        }
    }
}

fn is_last(history: &MemHistory, line: &str) -> bool {
    let last = history.len().checked_sub(1);
    last.is_some_and(
        |last| matches!(history.get(last, SearchDirection::Forward), Ok(Some(found)) if found.entry == line),
    )
}

/// Asks the thread that has the shell.
struct Assistant {
    requests: Rc<Receiver<Request>>,
    replies: Sender<Reply>,
    active: Cell<bool>,
    /// Lines that are no hints.
    failed: RefCell<HashSet<String>>,
    candidates: RefCell<Candidates>,
    interrupt: Interrupt,
}

impl Assistant {
    fn ask(&self, text: &str) -> Option<Completion> {
        self.replies.send(Reply::Complete(text.to_owned())).ok()?;
        let since = Instant::now();
        loop {
            match self.requests.recv_timeout(PAUSE) {
                Ok(Request::Completions(completion)) => return Some(completion),
                Err(RecvTimeoutError::Timeout) if since.elapsed() > PATIENCE && ctrl_c_pressed() => {
                    self.interrupt.raise();
                }
                Err(RecvTimeoutError::Timeout) => {}
                _ => return None,
            }
        }
    }
}

impl Helper for Assistant {}
impl Validator for Assistant {}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let text = line.get(..pos).unwrap_or_default();
        if !self.active.get() {
            return Ok((pos, Vec::new()));
        }
        match self.candidates.borrow_mut().choose(line, pos, || self.ask(text)) {
            Choice::Nothing => Ok((pos, Vec::new())),
            Choice::Text(start, text) => Ok((start, vec![text])),
            Choice::Interrupted => Err(ReadlineError::Interrupted),
        }
    }
}

impl Hinter for Assistant {
    type Hint = String;

    /// The rest of the latest command that starts like the line.
    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<String> {
        if !self.active.get() || line.trim().is_empty() || pos < line.len() {
            return None;
        }
        let (history, failed) = (context.history(), self.failed.borrow());
        let mut last = history.len().checked_sub(1)?;
        loop {
            let found = history.starts_with(line, last, SearchDirection::Reverse).ok()??;
            if !failed.contains(found.entry.as_ref()) {
                return found.entry.get(pos..).filter(|rest| !rest.is_empty()).map(str::to_owned);
            }
            last = found.idx.checked_sub(1)?;
        }
    }
}

impl Highlighter for Assistant {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[m"))
    }
}
