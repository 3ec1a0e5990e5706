//! Standard output and standard error: in order, coloured and paged on a terminal, quiet when the pipe was closed.

use std::io::{self, IsTerminal};

use kdive_base::Interrupt;
use kdive_commands::output::{Flow, Look, Sink, Stream, Style, Window};

use crate::pager::{Answer, Full, Pager, ask};
use crate::stream::{Stop, Stream as To};

/// Output is collected up to this size before it is written to a pipe.
const BUFFER: usize = 64 << 10;

/// A place that takes both streams.
pub struct Console {
    out: To,
    err: To,
    pending: Vec<u8>,
    terminal: bool,
    colour: bool,
    styles: Vec<(Style, String)>,
    pager: Option<Pager>,
    ask: fn() -> Answer,
    /// Where the line that is pending may be broken.
    at: Option<Break>,
}

#[derive(Clone, Copy)]
struct Break {
    pending: usize,
    column: u64,
    indent: usize,
}

/// Standard error alone.
pub struct ErrorsOnly(pub Console);

impl Sink for ErrorsOnly {
    fn write(&mut self, stream: Stream, style: Style, bytes: &[u8]) -> Flow {
        match stream {
            Stream::Out => Flow::Go,
            Stream::Err => self.0.write(stream, style, bytes),
        }
    }

    fn flush(&mut self) -> Flow {
        self.0.flush()
    }
}

impl Console {
    /// The process's own streams. Nothing waits for their reader once `interrupt` is raised.
    #[must_use]
    pub fn standard(interrupt: &Interrupt) -> Self {
        let terminal = io::stdout().is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            out: To::stdout(interrupt),
            err: To::stderr(interrupt),
            pending: Vec::new(),
            terminal,
            colour: terminal && !dumb && !set("NO_COLOR"),
            styles: Vec::new(),
            pager: (terminal && io::stdin().is_terminal()).then(Pager::default),
            ask,
            at: None,
        }
    }

    fn write_out(&mut self, style: Style, bytes: &[u8]) -> Flow {
        let mut rest = bytes;
        loop {
            let may_break = self.at.is_some();
            let (fits, full) =
                self.pager.as_mut().map_or((rest.len(), Full::Nothing), |pager| pager.fit(rest, may_break));
            let (now, later) = rest.split_at(fits);
            self.put(style, now);
            if now.contains(&b'\n') {
                self.at = None;
            }
            rest = later;
            match full {
                Full::Nothing => break,
                Full::Line => self.break_line(),
                Full::Page => {
                    let flow = self.flush();
                    if flow != Flow::Go {
                        return flow;
                    }
                    let answer = (self.ask)();
                    if let Some(pager) = &mut self.pager {
                        pager.answered(answer);
                    }
                    if answer == Answer::Quit {
                        return Flow::Quit;
                    }
                }
            }
        }
        let now = self.terminal && bytes.contains(&b'\n');
        if now || self.pending.len() >= BUFFER { self.flush() } else { Flow::Go }
    }

    /// Moves what is after the place where the line may be broken to a line of its own.
    fn break_line(&mut self) {
        let (Some(at), Some(pager)) = (self.at.take(), &mut self.pager) else { return };
        let between = std::iter::once(b'\n').chain(std::iter::repeat_n(b' ', at.indent));
        self.pending.splice(at.pending..at.pending, between);
        pager.broken(at.column, at.indent);
    }

    fn put(&mut self, style: Style, bytes: &[u8]) {
        let sequence = if self.colour && !bytes.is_empty() {
            self.styles.iter().find(|(known, _)| *known == style).map(|(_, sequence)| sequence.as_bytes())
        } else {
            None
        };
        match sequence {
            Some(sequence) => {
                self.pending.extend_from_slice(sequence);
                self.pending.extend_from_slice(bytes);
                self.pending.extend_from_slice(b"\x1b[m");
            }
            None => self.pending.extend_from_slice(bytes),
        }
    }
}

/// The reader that closed the pipe has seen enough; any other error leaves nothing to do either.
fn flow(result: Result<(), Stop>) -> Flow {
    match result {
        Ok(()) => Flow::Go,
        Err(Stop::Interrupted) => Flow::Quit,
        Err(Stop::Closed) => Flow::Closed,
    }
}

impl Sink for Console {
    fn write(&mut self, stream: Stream, style: Style, bytes: &[u8]) -> Flow {
        match stream {
            Stream::Out => self.write_out(style, bytes),
            Stream::Err => {
                if self.flush() == Flow::Closed {
                    return Flow::Closed;
                }
                // Closed standard error is no reason to stop.
                match self.err.write_all(bytes) {
                    Err(Stop::Interrupted) => Flow::Quit,
                    Ok(()) | Err(Stop::Closed) => Flow::Go,
                }
            }
        }
    }

    fn flush(&mut self) -> Flow {
        if self.pending.is_empty() {
            return Flow::Go;
        }
        self.at = None;
        let result = self.out.write_all(&self.pending);
        self.pending.clear();
        flow(result)
    }

    fn may_break(&mut self, indent: usize) {
        let Some(column) = self.pager.as_ref().and_then(Pager::column) else { return };
        self.at = Some(Break { pending: self.pending.len(), column, indent });
        if self.pager.as_ref().is_some_and(Pager::is_line_full) {
            self.break_line();
        }
    }

    fn window(&self) -> Option<Window> {
        if !self.terminal {
            return None;
        }
        let (columns, rows) = crossterm::terminal::size().ok()?;
        Some(Window { columns, rows })
    }

    fn begin_command(&mut self) {
        if let Some(pager) = &mut self.pager {
            pager.begin();
        }
    }

    fn configure(&mut self, look: &Look) {
        self.styles = if look.styled { look.sequences.clone() } else { Vec::new() };
        if let Some(pager) = &mut self.pager {
            pager.configure(look);
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::io::Write;
    use std::rc::Rc;

    /// Both streams in the order in which bytes reach them.
    #[derive(Clone, Default)]
    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn console(shared: &Shared, terminal: bool, answer: fn() -> Answer) -> Console {
        Console {
            out: To::new(Box::new(shared.clone())),
            err: To::new(Box::new(shared.clone())),
            pending: Vec::new(),
            terminal,
            colour: terminal,
            styles: Vec::new(),
            pager: terminal.then(Pager::default),
            ask: answer,
            at: None,
        }
    }

    fn text(shared: &Shared) -> String {
        String::from_utf8(shared.0.borrow().clone()).unwrap()
    }

    #[test]
    fn errors_come_after_the_output_before_them() {
        let shared = Shared::default();
        let mut console = console(&shared, false, || Answer::Quit);
        console.write(Stream::Out, Style::Plain, b"one\n");
        assert_eq!(text(&shared), "", "a pipe is written in large pieces");
        console.write(Stream::Err, Style::Error, b"bad\n");
        console.write(Stream::Out, Style::Function, b"two");
        drop(console);
        assert_eq!(text(&shared), "one\nbad\ntwo", "no colour in a pipe");
    }

    #[test]
    fn a_terminal_sees_each_line_and_colours() {
        let shared = Shared::default();
        let mut console = console(&shared, true, || Answer::Quit);
        let sequences = vec![(Style::Function, "\x1b[33m".to_owned())];
        console.configure(&Look { styled: true, sequences: sequences.clone(), ..Look::default() });
        console.write(Stream::Out, Style::Function, b"main");
        console.write(Stream::Out, Style::Plain, b" ()\n");
        assert_eq!(text(&shared), "\x1b[33mmain\x1b[m ()\n");
        console.configure(&Look { styled: false, sequences, ..Look::default() });
        console.write(Stream::Out, Style::Function, b"f\n");
        assert_eq!(text(&shared), "\x1b[33mmain\x1b[m ()\nf\n");
    }

    #[test]
    fn pages() {
        let look = Look { height: Some(3), pagination: true, ..Look::default() };
        let shared = Shared::default();
        let mut quitting = console(&shared, true, || Answer::Quit);
        quitting.configure(&look);
        assert_eq!(quitting.write(Stream::Out, Style::Plain, b"1\n2\n3\n4\n"), Flow::Quit);
        assert_eq!(text(&shared), "1\n2\n");
        let shared = Shared::default();
        let mut going_on = console(&shared, true, || Answer::More);
        going_on.configure(&look);
        assert_eq!(going_on.write(Stream::Out, Style::Plain, b"1\n2\n3\n4\n5"), Flow::Go);
        going_on.flush();
        assert_eq!(text(&shared), "1\n2\n3\n4\n5");
    }

    #[test]
    fn long_lines_are_broken_where_they_may_be() {
        let shared = Shared::default();
        let mut console = console(&shared, true, || Answer::Quit);
        console.configure(&Look { width: Some(10), pagination: true, ..Look::default() });
        let mut show = |parts: &[&str]| {
            for part in parts {
                console.may_break(2);
                console.write(Stream::Out, Style::Plain, part.as_bytes());
            }
            console.write(Stream::Out, Style::Plain, b"\n");
            String::from_utf8(std::mem::take(&mut *shared.0.borrow_mut())).unwrap()
        };
        assert_eq!(show(&["f ", "(a=1, ", "b=2)"]), "f (a=1, \n  b=2)\n");
        assert_eq!(show(&["f ", "(a=1, ", "b)"]), "f (a=1, b)\n");
        // A line that is full is broken before what comes next, even if that is short.
        assert_eq!(show(&["0123456789", "x"]), "0123456789\n  x\n");
        // What is too long for a line is broken by the terminal.
        assert_eq!(show(&["ab ", "0123456789abcdef", " c"]), "ab \n  0123456789abcdef c\n");
        assert_eq!(show(&["0123456\n89abc"]), "0123456\n89abc\n");
    }

    #[test]
    fn a_closed_pipe_is_noticed() {
        let shared = Shared::default();
        let mut console = console(&shared, false, || Answer::Quit);
        console.out = To::new(Box::new(Closed));
        assert_eq!(console.write(Stream::Out, Style::Plain, b"x"), Flow::Go);
        assert_eq!(console.flush(), Flow::Closed);
    }
}
