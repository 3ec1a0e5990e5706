//! The loop: lines in, records out.

use crate::commands::{Client, Session};
use crate::input::{Lines, Next};
use crate::parse::{Command, MAX_LINE, MiCommand, arguments, parse};
use crate::record::{Fields, quote};
use crate::run::{Channel, Follower, Shared, text_sink};
use crate::stop;
use kdive_engine::{Console, Event, Scope};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Write;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long the target is waited for between two looks for input.
const PATIENCE: Duration = Duration::from_millis(20);

/// How long a program that a leaving client has left running may take to stop.
const LEAVING: Duration = Duration::from_secs(5);

/// What a command of MI is refused with while the program runs.
const RUNNING: &str = "Cannot execute this command while the target is running.\n\
     Use the \"interrupt\" command to stop the target\nand then try again.";

/// Reads a line that belongs to a command of the console, after a prompt; `None` at the end.
pub type BodyReader = Box<dyn FnMut(&str) -> Option<String>>;

/// A client and what it has set up.
pub struct Server {
    shared: Shared,
    lines: Rc<Lines>,
    /// Lines that came while the program ran.
    waiting: Rc<RefCell<VecDeque<String>>>,
    client: Client,
    /// Whether the client has gone.
    gone: bool,
    /// Thread and frame that were selected last.
    selected: (Option<u32>, usize),
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("gone", &self.gone).finish_non_exhaustive()
    }
}

impl Server {
    /// A server of this version of MI that reads `lines` and writes to `out`.
    #[must_use]
    pub fn new(lines: Lines, out: Box<dyn Write>, version: u8) -> Self {
        let channel = Channel::new(out, lines.running(), version);
        Self {
            shared: Rc::new(RefCell::new(channel)),
            lines: Rc::new(lines),
            waiting: Rc::default(),
            client: Client::default(),
            gone: false,
            selected: (None, 0),
        }
    }

    /// Makes everything the console writes and the engine does a record from now on, and greets the client.
    pub fn attach(&self, console: &mut dyn Console) {
        console.stream(Some(text_sink(&self.shared)));
        console.engine_mut().observe(Some(Box::new(Follower(Rc::clone(&self.shared)))));
        let mut channel = self.shared.borrow_mut();
        channel.record("=thread-group-added,id=\"i1\"");
        // What runs before the first line is answered by nothing.
        channel.answered = true;
    }

    /// Where commands of the console read lines that follow them (`commands`, `define`): with the prompt for each.
    #[must_use]
    pub fn reader(&self) -> BodyReader {
        let (shared, lines, waiting) =
            (Rc::clone(&self.shared), Rc::clone(&self.lines), Rc::clone(&self.waiting));
        Box::new(move |prompt| {
            let mut channel = shared.borrow_mut();
            channel.say(false, prompt);
            channel.end_text();
            channel.flush();
            drop(channel);
            if let Some(line) = waiting.borrow_mut().pop_front() {
                return Some(line);
            }
            match lines.wait() {
                Next::Line(line) => Some(line),
                Next::Nothing | Next::End => None,
            }
        })
    }

    /// Greets the client as gdb does: front ends look for its name and version.
    pub fn greet(&self) {
        self.shared.borrow_mut().say(false, GREETING);
    }

    /// Answers lines until the client leaves; the exit status.
    pub fn run(&mut self, console: &mut dyn Console) -> i32 {
        self.tell_settings(console, false);
        self.shared.borrow_mut().tell_changes(console.engine());
        self.shared.borrow_mut().tell_stops();
        self.selected = selection(console);
        self.shared.borrow_mut().prompt();
        loop {
            if self.shared.borrow().closed {
                return 0;
            }
            let waiting = self.waiting.borrow_mut().pop_front();
            let line = match waiting {
                Some(line) => line,
                None if self.gone => return 0,
                None => match self.lines.wait() {
                    Next::Line(line) => line,
                    Next::Nothing => continue,
                    Next::End => return 0,
                },
            };
            if let Some(status) = self.line(console, &line) {
                return status;
            }
        }
    }

    /// Answers a line; the exit status if the client leaves.
    fn line(&mut self, console: &mut dyn Console, line: &str) -> Option<i32> {
        let input = match parse(line) {
            Ok(input) => input,
            Err((token, message)) => {
                let mut channel = self.shared.borrow_mut();
                channel.record(&format!("{token}^error,msg={}", quote(&message)));
                channel.prompt();
                return None;
            }
        };
        {
            let mut channel = self.shared.borrow_mut();
            channel.token.clone_from(&input.token);
            channel.answered = false;
            channel.is_quiet = matches!(input.command, Command::Mi(_));
        }
        let exit = match input.command {
            Command::Console(text) => {
                self.shared.borrow_mut().record(&format!("&{}", quote(&format!("{text}\n"))));
                self.console_line(console, &text)
            }
            Command::Mi(command) => self.mi(console, &command),
        };
        if exit.is_some() {
            return exit;
        }
        let mut channel = self.shared.borrow_mut();
        channel.tell_stops();
        channel.prompt();
        None
    }

    /// A command as people type it, or `interpreter-exec`.
    fn console_line(&mut self, console: &mut dyn Console, text: &str) -> Option<i32> {
        if let Some(rest) = text.trim_start().strip_prefix("interpreter-exec")
            && let Ok(args) = arguments(rest)
            && let [interpreter, commands @ ..] = args.as_slice()
            && matches!(interpreter.as_str(), "mi" | "mi2" | "mi3" | "mi4" | "console")
        {
            for line in commands {
                match parse(line) {
                    Ok(input) if interpreter != "console" => {
                        let Command::Mi(command) = input.command else { continue };
                        self.shared.borrow_mut().is_quiet = true;
                        let exit = self.mi(console, &command);
                        if exit.is_some() {
                            return exit;
                        }
                    }
                    _ => {
                        let answer = console.command(line);
                        if answer.exit.is_some() {
                            return answer.exit;
                        }
                        if let Some(error) = answer.error {
                            self.shared.borrow_mut().say(true, &format!("{error}\n"));
                            self.finish(console, Err(error), "done");
                            return None;
                        }
                    }
                }
            }
            self.shared.borrow_mut().is_quiet = false;
            self.finish(console, Ok(Fields::new()), "done");
            return None;
        }
        let answer = console.command(text);
        if answer.exit.is_some() {
            return answer.exit;
        }
        let outcome = match answer.error {
            Some(error) => {
                self.shared.borrow_mut().say(true, &format!("{error}\n"));
                Err(error)
            }
            None => Ok(Fields::new()),
        };
        self.finish(console, outcome, "done");
        None
    }

    /// A command of MI.
    fn mi(&mut self, console: &mut dyn Console, command: &MiCommand) -> Option<i32> {
        let began = Instant::now();
        if command.name == "gdb-exit" {
            let mut channel = self.shared.borrow_mut();
            let line = format!("{}^exit", channel.token);
            channel.record(&line);
            channel.flush();
            return Some(0);
        }
        if command.name == "interpreter-exec" && command.rest.trim_start().starts_with("mi") {
            return self.console_line(console, &format!("interpreter-exec {}", command.rest));
        }
        let selected = selection(console);
        let mut session = Session {
            console,
            shared: &self.shared,
            client: &mut self.client,
            scope: Scope::of(
                command.thread.or(selected.0),
                command.frame.unwrap_or(match command.thread {
                    Some(thread) if Some(thread) != selected.0 => 0,
                    _ => selected.1,
                }),
            ),
            has_scope: command.thread.is_some() || command.frame.is_some(),
            runs: false,
            class: "done",
            exit: None,
        };
        let mut outcome = session.run(command);
        let (runs, exit, class) = (session.runs, session.exit, session.class);
        if exit.is_some() {
            return exit;
        }
        if runs {
            self.follow(console);
        } else {
            // Such as the stop of a function that an expression called.
            for event in console.engine_mut().take_events() {
                console.show(event);
            }
        }
        if outcome.as_ref().is_err_and(String::is_empty) {
            let name = &command.name;
            let mut channel = self.shared.borrow_mut();
            let text = quote(&format!("Undefined MI command: {name}"));
            let line = format!("{}^error,msg={text},code=\"undefined-command\"", channel.token);
            channel.record(&line);
            return None;
        }
        if self.client.timings
            && let Ok(fields) = &mut outcome
        {
            let seconds = began.elapsed().as_secs_f64();
            fields.tuple("time", |fields| {
                fields.field("wallclock", format_args!("{seconds:.5}"));
                fields.field("user", format_args!("{seconds:.5}")).field("system", "0.00000");
            });
        }
        // A frame that was chosen by an option is chosen for that command only.
        if !matches!(command.name.as_str(), "thread-select" | "stack-select-frame" | "interpreter-exec")
            && !runs
            && session_moved(console, selected)
        {
            restore(console, selected);
        }
        self.finish(console, outcome, class);
        None
    }

    /// Tells what a command has changed, and its result.
    fn finish(&mut self, console: &mut dyn Console, outcome: Result<Fields, String>, class: &str) {
        let quiet = self.shared.borrow().is_quiet;
        self.tell_settings(console, !quiet);
        self.shared.borrow_mut().tell_changes(console.engine());
        self.tell_selection(console, quiet);
        let mut channel = self.shared.borrow_mut();
        if !channel.answered {
            channel.tell_stops();
            let token = channel.token.clone();
            match outcome {
                Ok(fields) => channel.notify(&format!("{token}^{class}"), &fields),
                Err(message) => channel.record(&format!("{token}^error,msg={}", quote(&message))),
            }
        } else if let Err(message) = outcome {
            // The answer was that the program runs.
            if quiet {
                channel.say(true, &format!("{message}\n"));
            }
        }
    }

    /// Settings that have changed, to a client that has not done so itself.
    fn tell_settings(&mut self, console: &mut dyn Console, aloud: bool) {
        for (name, value) in console.changed_settings() {
            if aloud || !self.shared.borrow().is_quiet {
                let mut fields = Fields::new();
                fields.field("param", name).field("value", value);
                self.shared.borrow_mut().notify("=cmd-param-changed", &fields);
            }
        }
    }

    /// The thread or frame that a command has selected.
    fn tell_selection(&mut self, console: &mut dyn Console, quiet: bool) {
        let now = selection(console);
        let stopped = !self.shared.borrow().is_without_stops();
        if now == self.selected {
            return;
        }
        self.selected = now;
        if quiet || stopped {
            return;
        }
        let (Some(thread), level) = now else { return };
        let mut fields = Fields::new();
        fields.field("id", thread);
        if let Ok(info) = console.engine_mut().frame_info(&Scope::of(Some(thread), level)) {
            crate::stack::frame(&mut fields, &info, true, true);
        }
        self.shared.borrow_mut().notify("=thread-selected", &fields);
    }

    /// Follows a program that was made to run to its stop.
    fn follow(&mut self, console: &mut dyn Console) {
        let mut left: Option<Instant> = None;
        loop {
            match console.engine_mut().poll(PATIENCE) {
                Ok(Some(Event::Output(bytes))) => self.shared.borrow_mut().target_output(&bytes),
                Ok(Some(Event::Stopped(stop))) => {
                    // What asked for the stop is answered before it is told.
                    self.look(console);
                    let _ = console.engine().interrupt_flag().take();
                    if stop::is_for_people(&stop) {
                        console.show(Event::Stopped(stop));
                    }
                    let answer = console.breakpoint_commands();
                    if let Some(error) = answer.error {
                        self.shared.borrow_mut().say(true, &format!("{error}\n"));
                    }
                    return;
                }
                Ok(Some(event)) => {
                    let ends = event.is_stop();
                    console.show(event);
                    if ends {
                        return;
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    let mut channel = self.shared.borrow_mut();
                    channel.say(true, &format!("{error}\n"));
                    return;
                }
            }
            self.look(console);
            if self.gone {
                let since = *left.get_or_insert_with(Instant::now);
                if since.elapsed() > LEAVING {
                    return;
                }
            }
        }
    }

    /// Takes lines while the program runs.
    fn look(&mut self, console: &mut dyn Console) {
        loop {
            match self.lines.look(Duration::ZERO) {
                Next::Nothing => return,
                Next::End => {
                    if !self.gone {
                        self.gone = true;
                        console.engine_mut().interrupt();
                    }
                    return;
                }
                Next::Line(line) => self.while_running(console, line),
            }
        }
    }

    fn while_running(&mut self, console: &mut dyn Console, line: String) {
        let input = match parse(&line) {
            Ok(input) if line.len() <= MAX_LINE => input,
            _ => return self.waiting.borrow_mut().push_back(line),
        };
        let Command::Mi(command) = input.command else { return self.waiting.borrow_mut().push_back(line) };
        let answer = match command.name.as_str() {
            "exec-interrupt" => {
                if console.engine().is_running() {
                    console.engine_mut().interrupt();
                }
                "^done".to_owned()
            }
            "gdb-exit" => {
                // What waits is not answered any more.
                let mut waiting = self.waiting.borrow_mut();
                waiting.clear();
                waiting.push_back(line);
                drop(waiting);
                console.engine_mut().interrupt();
                return;
            }
            _ if !self.client.is_async || !console.engine().is_running() => {
                return self.waiting.borrow_mut().push_back(line);
            }
            name if WHILE_RUNNING.contains(&name) => {
                let mut session = Session {
                    console,
                    shared: &self.shared,
                    client: &mut self.client,
                    scope: Scope::default(),
                    has_scope: false,
                    runs: false,
                    class: "done",
                    exit: None,
                };
                match session.run(&command) {
                    Ok(fields) if fields.is_empty() => "^done".to_owned(),
                    Ok(fields) => format!("^done,{}", fields.text()),
                    Err(message) => format!("^error,msg={}", quote(&message)),
                }
            }
            _ => format!("^error,msg={}", quote(RUNNING)),
        };
        let mut channel = self.shared.borrow_mut();
        channel.record(&format!("{}{answer}", input.token));
        channel.prompt();
    }
}

/// Commands that need nothing of the target.
const WHILE_RUNNING: &[&str] = &[
    "gdb-set",
    "gdb-show",
    "gdb-version",
    "list-features",
    "list-target-features",
    "info-gdb-mi-command",
    "thread-info",
    "thread-list-ids",
    "list-thread-groups",
    "break-list",
    "break-info",
    "enable-pretty-printing",
    "enable-timings",
    "environment-pwd",
    "inferior-tty-show",
];

/// What the client is greeted with.
pub const GREETING: &str = concat!(
    "GNU gdb compatible: kdive ",
    env!("CARGO_PKG_VERSION"),
    " speaks the protocol of GNU gdb 13.1\n",
    "kdive is a debugger for kernels that run in QEMU, and no part of GDB.\n",
    "Licence: MIT or Apache-2.0. There is no warranty, to the extent permitted by law.\n"
);

/// The selected thread and frame.
fn selection(console: &dyn Console) -> (Option<u32>, usize) {
    let scope = console.engine().selected_scope();
    (scope.thread, scope.frame)
}

fn session_moved(console: &dyn Console, before: (Option<u32>, usize)) -> bool {
    selection(console) != before
}

fn restore(console: &mut dyn Console, (thread, frame): (Option<u32>, usize)) {
    let engine = console.engine_mut();
    if let Some(thread) = thread
        && engine.selected_scope().thread != Some(thread)
    {
        // A thread that is gone cannot be selected again.
        let _ = engine.select_thread(thread);
    }
    let _ = engine.program().select_frame(frame);
}
