//! Where commands put their answers: a stream of styled pieces, standard output and standard error kept in order.
//!
//! Commands never see a file or a terminal. Writing never fails for them: a closed pipe or `q` at the pager makes the
//! rest of the output vanish, raises the interrupt flag, and the shell ends the command.

use std::fmt;

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
    /// Nobody reads any more.
    Closed,
}

/// The receiving end: a terminal, a file, a buffer.
pub trait Sink {
    /// Takes one piece of output. Target data may hold bytes that are not UTF-8.
    fn write(&mut self, stream: Stream, style: Style, bytes: &[u8]) -> Flow;

    /// Brings everything written so far to the reader.
    fn flush(&mut self) -> Flow {
        Flow::Go
    }

    /// A new command starts: the pager counts lines from here.
    fn begin_command(&mut self) {}
}

/// What commands write to.
pub struct Output {
    sink: Box<dyn Sink>,
    flow: Flow,
    captures: Vec<Vec<u8>>,
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
        Self { sink, flow: Flow::Go, captures: Vec::new() }
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
        if stream == Stream::Out
            && let Some(capture) = self.captures.last_mut()
        {
            capture.extend_from_slice(bytes);
            return;
        }
        if self.flow == Flow::Go {
            self.flow = self.sink.write(stream, style, bytes);
        }
    }

    /// Shows progress now rather than at the end of the command.
    pub fn flush(&mut self) {
        if self.flow == Flow::Go {
            self.flow = self.sink.flush();
        }
    }

    /// Whether anyone still reads.
    #[must_use]
    pub fn flow(&self) -> Flow {
        self.flow
    }
}

/// `write!(shell.out, …)` is plain text to standard output; it never fails.
impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text);
        Ok(())
    }
}
