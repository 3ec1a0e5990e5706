//! Where commands put their answers: a stream of styled pieces, standard output and standard error kept in order.
//!
//! Commands never see a file or a terminal. Writing never fails for them: a closed pipe or `q` at the pager makes the
//! rest of the output vanish, raises the interrupt flag, and the shell ends the command.

use std::cell::RefCell;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::rc::Rc;

use kdive_base::Interrupt;

use crate::settings::{Settings, look};

/// What a piece of output is. Whether and how that is shown is decided by the sink.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Style {
    /// Nothing in particular.
    #[default]
    Plain,
    /// A function name.
    Function,
    /// A file name.
    File,
    /// An address of the target.
    Address,
    /// A variable, member or register name.
    Variable,
    /// A heading or a column title.
    Title,
    /// What is said about a value rather than the value: `<optimized out>`, `<repeats 16 times>`.
    Metadata,
    /// What a search found.
    Highlight,
    /// The name of a command in running text.
    Command,
    /// An error message.
    Error,
}

/// Which of the two streams.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stream {
    /// Results.
    Out,
    /// Errors and warnings.
    Err,
}

/// What became of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// Go on.
    Go,
    /// The user has seen enough (`q` at the pager).
    Quit,
    /// The output was closed.
    Closed,
}

/// The size of a terminal's window, in characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// Characters of a line; 0 is not known.
    pub columns: u16,
    /// Lines; 0 is not known.
    pub rows: u16,
}

/// How output is to look, out of the settings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Look {
    /// Lines of a page; `None` is unlimited.
    pub height: Option<u64>,
    /// Columns; `None` is unlimited.
    pub width: Option<u64>,
    /// Whether to stop after each page.
    pub pagination: bool,
    /// Whether colours are wanted; a sink that is no terminal has none anyway.
    pub styled: bool,
    /// Escape sequence that switches each style on; styles that look like plain text are missing.
    pub sequences: Vec<(Style, String)>,
}

/// The receiving end: a terminal, a file, a buffer.
pub trait Sink {
    /// Takes one piece of output. Target data may hold bytes that are not UTF-8.
    fn write(&mut self, stream: Stream, style: Style, bytes: &[u8]) -> Flow;

    /// Brings everything written so far to the reader.
    fn flush(&mut self) -> Flow {
        Flow::Go
    }

    /// A line that gets too long may be broken here; the rest then begins with `indent` blanks.
    fn may_break(&mut self, indent: usize) {
        let _ = indent;
    }

    /// The window it is shown in, when there is one whose size matters.
    fn window(&self) -> Option<Window> {
        None
    }

    /// A new command starts: the pager counts lines from here.
    fn begin_command(&mut self) {}

    /// Settings have changed.
    fn configure(&mut self, look: &Look) {
        let _ = look;
    }
}

/// `set logging`: a copy of the output in a file.
struct Log {
    name: String,
    file: File,
    redirect: bool,
}

/// What commands write to.
pub struct Output {
    sink: Box<dyn Sink>,
    flow: Flow,
    captures: Vec<Vec<u8>>,
    log: Option<Log>,
    interrupt: Interrupt,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("flow", &self.flow).finish_non_exhaustive()
    }
}

impl Output {
    /// Output that ends in `sink`.
    #[must_use]
    pub fn new(sink: Box<dyn Sink>) -> Self {
        Self { sink, flow: Flow::Go, captures: Vec::new(), log: None, interrupt: Interrupt::new() }
    }

    /// The flag that Ctrl-C raises, and that is raised here when the output was closed.
    pub(crate) fn watch(&mut self, interrupt: &Interrupt) {
        self.interrupt = interrupt.clone();
    }

    /// Plain text to standard output.
    pub fn put(&mut self, text: &str) {
        self.emit(Stream::Out, Style::Plain, text.as_bytes());
    }

    /// Plain text and a newline to standard output.
    pub fn line(&mut self, text: &str) {
        self.put(text);
        self.put("\n");
    }

    /// Text of some kind to standard output.
    pub fn styled(&mut self, style: Style, text: &str) {
        self.emit(Stream::Out, style, text.as_bytes());
    }

    /// A line that gets too long for the window is broken here rather than anywhere, and goes on after `indent` blanks.
    pub fn may_break(&mut self, indent: usize) {
        if self.captures.is_empty() {
            self.sink.may_break(indent);
        }
    }

    /// Bytes to standard output as they are.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.emit(Stream::Out, Style::Plain, bytes);
    }

    /// One line to standard error, as the shell does with a command's error.
    pub fn error(&mut self, text: &str) {
        self.emit(Stream::Err, Style::Error, text.as_bytes());
        self.emit(Stream::Err, Style::Plain, b"\n");
    }

    /// `warning: TEXT` to standard error.
    pub fn warning(&mut self, text: &str) {
        self.emit(Stream::Err, Style::Plain, format!("warning: {text}\n").as_bytes());
    }

    /// One piece to one of the streams.
    pub fn emit(&mut self, stream: Stream, style: Style, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        // After Ctrl-C nothing more of the command is shown, unless it made something of it: the stop of the program.
        if self.interrupt.is_raised() {
            return;
        }
        if self.flow == Flow::Quit {
            self.flow = Flow::Go;
        }
        if stream == Stream::Out
            && let Some(capture) = self.captures.last_mut()
        {
            capture.extend_from_slice(bytes);
            return;
        }
        if let Some(log) = &mut self.log {
            // A full disk must not end the session; what is missing in the log is still on the screen.
            let written = log.file.write_all(bytes);
            if log.redirect && written.is_ok() {
                return;
            }
        }
        if self.flow == Flow::Go {
            let flow = self.sink.write(stream, style, bytes);
            self.became(flow);
        }
    }

    /// Shows progress now rather than at the end of the command.
    pub fn flush(&mut self) {
        if self.flow == Flow::Go {
            let flow = self.sink.flush();
            self.became(flow);
        }
    }

    /// Writing to a closed output ends at the flag.
    fn became(&mut self, flow: Flow) {
        self.flow = flow;
        if flow != Flow::Go {
            self.interrupt.raise();
        }
    }

    /// Whether anyone still wants the output of this command.
    #[must_use]
    pub fn flow(&self) -> Flow {
        self.flow
    }

    /// Whether the output was closed for good.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.flow == Flow::Closed
    }

    /// The output was closed.
    pub(crate) fn close(&mut self) {
        self.flow = Flow::Closed;
    }

    /// The window the output is shown in.
    pub(crate) fn window(&self) -> Option<Window> {
        self.sink.window()
    }

    /// The user has answered something: a page starts again.
    pub(crate) fn begin_command(&mut self) {
        self.sink.begin_command();
    }

    /// The command is over: what the user did not want to see any more of has ended.
    pub(crate) fn end_command(&mut self) {
        for _ in 0..2 {
            if self.flow == Flow::Quit {
                self.flow = Flow::Go;
                let _ = self.interrupt.take();
            }
            // What a reader does not take now is dropped.
            self.flush();
        }
        self.sink.begin_command();
    }

    /// Standard output is kept back from here on. Nests.
    pub(crate) fn begin_capture(&mut self) {
        self.captures.push(Vec::new());
    }

    /// What was kept back since the matching [`Output::begin_capture`].
    pub(crate) fn end_capture(&mut self) -> Vec<u8> {
        self.captures.pop().unwrap_or_default()
    }

    /// Name of the log file when there is one.
    pub(crate) fn log_name(&self) -> Option<&str> {
        self.log.as_ref().map(|log| log.name.as_str())
    }

    /// Starts a copy of everything in a file.
    pub(crate) fn start_log(&mut self, name: &str, overwrite: bool, redirect: bool) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(overwrite).append(!overwrite);
        self.log = Some(Log { name: name.to_owned(), file: options.open(name)?, redirect });
        Ok(())
    }

    /// Ends the copy.
    pub(crate) fn stop_log(&mut self) {
        self.log = None;
    }

    /// Takes over what the settings say about looks.
    pub(crate) fn configure(&mut self, settings: &Settings) {
        self.sink.configure(&look::of(settings));
    }
}

/// `write!(shell.out, …)` is plain text to standard output; it never fails.
impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text);
        Ok(())
    }
}

/// A sink that keeps everything in memory, for tests and for frontends without a terminal.
#[derive(Clone, Default, Debug)]
pub struct Transcript(Rc<RefCell<Vec<Piece>>>);

type Piece = (Stream, Style, Vec<u8>);

impl Transcript {
    /// Both streams in the order they were written, without styles.
    #[must_use]
    pub fn text(&self) -> String {
        self.collect(|_| true)
    }

    /// One stream.
    #[must_use]
    pub fn stream(&self, wanted: Stream) -> String {
        self.collect(|stream| stream == wanted)
    }

    /// The text of one style.
    #[must_use]
    pub fn styled(&self, wanted: Style) -> String {
        let pieces = self.0.borrow();
        let bytes: Vec<u8> = pieces
            .iter()
            .filter(|(_, style, _)| *style == wanted)
            .flat_map(|(_, _, bytes)| bytes.clone())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    fn collect(&self, wanted: impl Fn(Stream) -> bool) -> String {
        let pieces = self.0.borrow();
        let bytes: Vec<u8> = pieces
            .iter()
            .filter(|(stream, _, _)| wanted(*stream))
            .flat_map(|(_, _, bytes)| bytes.clone())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Sink for Transcript {
    fn write(&mut self, stream: Stream, style: Style, bytes: &[u8]) -> Flow {
        self.0.borrow_mut().push((stream, style, bytes.to_vec()));
        Flow::Go
    }
}
