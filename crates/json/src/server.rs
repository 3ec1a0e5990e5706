//! The writer of the objects, and the loop over commands.

use crate::changes::Known;
use crate::data::{breakpoints, last_value, of_command};
use crate::events::told;
use kdive_engine::{Console, Engine, Event, Observer, Piece, StopReason};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

/// Commands that put a value into the history.
const RECORDS: &[&str] = &["print", "inspect", "call", "finish"];

/// The kind of a result with its data, or the code and the text of an error.
type Outcome = Result<(&'static str, Value), (&'static str, String)>;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It did what it was asked.
    Well,
    /// It did not; the object says why.
    Badly,
    /// The user wants to leave, with this exit status.
    Exit(i32),
}

struct Writer {
    out: Box<dyn Write>,
    closed: bool,
    /// What the command has printed so far.
    text: Vec<Piece>,
    known: Known,
    /// Number of the command.
    id: u64,
}

impl Writer {
    fn write(&mut self, object: &Value) {
        let written = writeln!(self.out, "{object}").and_then(|()| self.out.flush());
        self.closed |= written.is_err();
    }

    fn event(&mut self, name: &str, data: Value) {
        self.write(&json!({ "type": "event", "event": name, "data": data }));
    }

    fn changes(&mut self, engine: &mut Engine) {
        for (name, data) in self.known.changes(engine) {
            self.event(name, data);
        }
    }

    fn say(&mut self, piece: Piece) {
        match self.text.last_mut().filter(|last| last.is_error == piece.is_error) {
            Some(last) => last.text.push_str(&piece.text),
            None => self.text.push(piece),
        }
    }

    /// The lines a command has printed; what it has complained about is not among them.
    fn take_lines(&mut self) -> Vec<String> {
        let text: String =
            self.text.drain(..).filter(|piece| !piece.is_error).map(|piece| piece.text).collect();
        text.lines().map(str::to_owned).collect()
    }
}

/// Writes an object for each command and event.
pub struct Server(Rc<RefCell<Writer>>);

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

impl Server {
    /// One that writes to `out`.
    #[must_use]
    pub fn new(out: Box<dyn Write>) -> Self {
        let writer = Writer { out, closed: false, text: Vec::new(), known: Known::default(), id: 0 };
        Self(Rc::new(RefCell::new(writer)))
    }

    /// Everything the console writes and the engine does becomes objects from now on.
    pub fn attach(&self, console: &mut dyn Console) {
        let writer = Rc::clone(&self.0);
        console.stream(Some(Box::new(move |piece| {
            if let Ok(mut writer) = writer.try_borrow_mut() {
                writer.say(piece);
            }
        })));
        console.engine_mut().observe(Some(Box::new(Follower(Rc::clone(&self.0)))));
    }

    /// Whether nobody reads any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.borrow().closed
    }

    /// What was done without a command, such as loading the program that the command line names.
    pub fn begin(&self, console: &mut dyn Console) {
        let mut writer = self.0.borrow_mut();
        writer.changes(console.engine_mut());
        let pieces = std::mem::take(&mut writer.text);
        for piece in pieces {
            let stream = if piece.is_error { "stderr" } else { "stdout" };
            writer.event("text", json!({ "stream": stream, "text": piece.text }));
        }
    }

    /// Writes an error that belongs to no command.
    pub fn error(&self, code: &str, message: &str) {
        let mut writer = self.0.borrow_mut();
        let object = json!({ "type": "error", "id": null, "command": null, "code": code, "message": message, "text": [] });
        writer.write(&object);
    }

    /// Runs a command and writes its object.
    pub fn command(&self, console: &mut dyn Console, line: &str) -> Ended {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ended::Well;
        }
        let id = {
            let mut writer = self.0.borrow_mut();
            writer.id += 1;
            writer.id
        };
        let (result, exit) = self.run(console, line);
        let mut writer = self.0.borrow_mut();
        writer.changes(console.engine_mut());
        let text = writer.take_lines();
        let ended = match (&result, exit) {
            (_, Some(status)) => Ended::Exit(status),
            (Ok(_), None) => Ended::Well,
            (Err(_), None) => Ended::Badly,
        };
        writer.write(&match result {
            Ok((kind, data)) => {
                json!({ "type": "result", "id": id, "command": line, "kind": kind, "data": data, "text": text })
            }
            Err((code, message)) => {
                json!({ "type": "error", "id": id, "command": line, "code": code, "message": message, "text": text })
            }
        });
        ended
    }

    /// Data or an error, and the status where the command leaves.
    fn run(&self, console: &mut dyn Console, line: &str) -> (Outcome, Option<i32>) {
        let resolved = console.resolve(line);
        let (name, arguments) =
            resolved.as_ref().map_or(("", ""), |(name, arguments)| (name.as_str(), arguments.as_str()));
        if let Some(answer) = of_command(console.engine_mut(), name, arguments) {
            // Ctrl-C that came while it was read has done its work.
            let _ = console.engine().interrupt_flag().take();
            return (answer.map_err(|error| (error.code(), error.to_string())), None);
        }
        let before = (console.engine().history_len(), console.engine().last_number());
        let answer = console.command(line);
        if let Some(error) = answer.error {
            return (Err((answer.code.unwrap_or("failed"), error)), answer.exit);
        }
        let engine = console.engine_mut();
        let data = if RECORDS.contains(&name) && engine.history_len() > before.0 {
            last_value(engine).ok()
        } else if engine.last_number() > before.1 {
            Some(breakpoints(engine, |number| number > before.1))
        } else {
            None
        };
        (Ok(data.unwrap_or(("text", Value::Null))), answer.exit)
    }
}

/// Writes the events.
struct Follower(Rc<RefCell<Writer>>);

impl Observer for Follower {
    fn resumed(&mut self, _: &mut Engine) {
        if let Ok(mut writer) = self.0.try_borrow_mut() {
            writer.event("running", json!({}));
        }
    }

    fn stopped(&mut self, engine: &mut Engine, event: &Event) {
        let Ok(mut writer) = self.0.try_borrow_mut() else { return };
        match event {
            // A function that an expression called has returned.
            Event::Stopped(stop)
                if stop.reasons == [StopReason::Returned] && engine.program().is_evaluating() => {}
            Event::Stopped(stop) => {
                writer.changes(engine);
                let info = engine.stop_info(stop);
                writer.event("stopped", json!(info));
            }
            event => {
                if let Some((name, data)) = told(event) {
                    writer.event(name, data);
                }
            }
        }
    }

    fn happened(&mut self, event: &Event) {
        if let Ok(mut writer) = self.0.try_borrow_mut()
            && let Some((name, data)) = told(event)
        {
            writer.event(name, data);
        }
    }
}
