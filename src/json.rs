//! `--json`: commands from the command line, files and standard input, each answered by an object of JSON on a line of its own.

use crate::cli::{Action, Options};
use crate::startup::{begin, missed};
use crate::time_limit::{self, TimeLimit};
use kdive_base::Interrupt;
use kdive_commands::input::{Ask, Input};
use kdive_commands::script::Line;
use kdive_commands::settings::{Value, expand_home};
use kdive_commands::{Shell, ShellConsole};
use kdive_json::{Ended, Server};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::rc::Rc;

/// Longest line of standard input that is a command.
const MAX_LINE: u64 = 1 << 20;

/// Lines of the command file that runs, else of standard input.
#[derive(Clone, Default)]
struct Lines {
    file: Rc<RefCell<Option<VecDeque<String>>>>,
}

impl Lines {
    fn next(&self) -> io::Result<Option<String>> {
        if let Some(lines) = &mut *self.file.borrow_mut() {
            return Ok(lines.pop_front());
        }
        let mut line = Vec::new();
        let mut input = io::stdin().lock();
        io::Read::take(&mut input, MAX_LINE).read_until(b'\n', &mut line)?;
        if line.len() as u64 == MAX_LINE && line.last() != Some(&b'\n') {
            input.skip_until(b'\n')?;
            return Err(io::Error::other(format!("a line is longer than {MAX_LINE} bytes")));
        }
        let text = String::from_utf8_lossy(&line);
        Ok((!line.is_empty()).then(|| text.trim_end_matches(['\n', '\r']).to_owned()))
    }
}

/// Bodies of `define`, `commands` and the like come from where the command came from.
impl Input for Lines {
    fn is_terminal(&self) -> bool {
        false
    }

    fn read(&mut self, _: &Shell, _: &str, _: Ask) -> io::Result<Line> {
        Ok(self.next()?.into())
    }
}

/// Runs the debugger; the exit status.
pub fn run(options: &Options) -> u8 {
    let interrupt = Interrupt::new();
    // Without the handler Ctrl-C ends the process, which is what happens without a debugger too.
    let _ = kdive_repl::catch_ctrl_c(&interrupt);
    let mut console = ShellConsole::new(interrupt.clone());
    let server = Server::new(Box::new(io::BufWriter::new(io::stdout())));
    server.attach(&mut console);
    let shell = &mut console.shell;
    let lines = Lines::default();
    shell.batch = options.batch;
    shell.settings.put("style enabled", Value::Bool(false));
    shell.set_input(Box::new(lines.clone()));
    for name in ["host-charset", "target-charset"] {
        if let Err(error) = kdive_commands::settings::changed(shell, name) {
            shell.report(&error);
        }
    }
    let limit = options.time_limit.map(|limit| TimeLimit::start(limit, interrupt, shell.doing.clone()));
    let limit = match limit.transpose() {
        Ok(limit) => limit,
        Err(error) => {
            server.error("failed", &format!("--timeout cannot be kept: {error}"));
            return 1;
        }
    };
    let mut session = Session { console, server, lines, limit };
    let mut status = session.all(options);
    let missed = missed(&session.console.shell);
    if let Some(line) = session.limit.as_ref().and_then(|limit| limit.leave(&missed)) {
        session.server.error("time-limit", &line);
        status = i32::from(time_limit::STATUS);
    }
    let shell = &mut session.console.shell;
    let _ = shell.interrupt.take();
    let hooks = shell.hooks();
    hooks.before_exit(shell);
    (status & 0xff) as u8
}

struct Session {
    console: ShellConsole,
    server: Server,
    lines: Lines,
    limit: Option<TimeLimit>,
}

impl Session {
    /// Runs everything; the exit status.
    fn all(&mut self, options: &Options) -> i32 {
        let files = match begin(&mut self.console.shell, options) {
            Ok(files) => files,
            Err(status) => return status,
        };
        self.server.begin(&mut self.console);
        let mut ok = true;
        for action in &options.actions {
            let ended = match action {
                Action::Command(line) => self.command(line),
                Action::File(path) => self.file(path),
            };
            match ended {
                Ended::Exit(status) => return status,
                ended => ok = ended == Ended::Well,
            }
        }
        if options.batch {
            return i32::from(!ok || !files);
        }
        loop {
            match self.lines.next() {
                Ok(Some(line)) => {
                    if let Ended::Exit(status) = self.command(&line) {
                        return status;
                    }
                }
                Ok(None) => return 0,
                Err(error) => {
                    self.server.error("input", &error.to_string());
                    // After a line that is too long others follow.
                    if error.kind() != io::ErrorKind::Other {
                        return 1;
                    }
                }
            }
        }
    }

    fn command(&mut self, line: &str) -> Ended {
        let ended = self.server.command(&mut self.console, line);
        if self.server.is_closed() {
            return Ended::Exit(0);
        }
        if self.limit.as_ref().is_some_and(TimeLimit::is_over) {
            return Ended::Exit(i32::from(time_limit::STATUS));
        }
        ended
    }

    /// Runs a command file; a command that fails ends it.
    fn file(&mut self, path: &str) -> Ended {
        let bytes = match std::fs::read(expand_home(path)) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.server.error("no-file", &format!("{path}: {error}"));
                return Ended::Badly;
            }
        };
        let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        *self.lines.file.borrow_mut() = Some(lines);
        let mut ended = Ended::Well;
        while ended == Ended::Well
            && let Ok(Some(line)) = self.lines.next()
        {
            ended = self.command(&line);
        }
        *self.lines.file.borrow_mut() = None;
        ended
    }
}
