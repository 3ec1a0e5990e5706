//! One client: requests in, answers and events out.

use crate::Console;
use crate::breakpoints::Breakpoints;
use crate::protocol::{Answer, Failure, Request, event};
use crate::refs::Refs;
use crate::sources::Sources;
use crate::transport::{Output, read_message};
use kdive_engine::{Engine, Event, HostProcess, Interrupt};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

/// How long one look for an event takes while the guest runs; a request of the client waits no longer.
const PATIENCE: Duration = Duration::from_millis(30);

/// Requests that need a guest that stands still.
const STANDING: &str = "stackTrace scopes variables setVariable setExpression evaluate exceptionInfo dataBreakpointInfo \
    continue next stepIn stepOut gotoTargets goto readMemory writeMemory disassemble";

/// What the reader hands over.
enum Incoming {
    Message(Value),
    /// A message that is no JSON.
    Bad(String),
    /// The client is gone.
    End,
}

/// What the client said of itself, and what it was told.
#[derive(Default)]
pub(crate) struct Client {
    pub(crate) lines_from_1: bool,
    pub(crate) columns_from_1: bool,
    pub(crate) memory_events: bool,
    pub(crate) invalidated_events: bool,
    pub(crate) progress: bool,
}

pub(crate) struct Server<'c> {
    pub(crate) console: &'c mut dyn Console,
    pub(crate) output: Output,
    pub(crate) client: Client,
    pub(crate) refs: Refs,
    pub(crate) breakpoints: Breakpoints,
    pub(crate) sources: Sources,
    pub(crate) child: Option<HostProcess>,
    pub(crate) interrupt: Interrupt,
    /// Tasks are shown beside CPUs.
    pub(crate) tasks: bool,
    /// The guest is to stand still after `configurationDone`.
    pub(crate) stop_on_attach: bool,
    /// What a stop for which the client asked is called.
    pub(crate) reason: Option<&'static str>,
    /// Events for after the answer to the request that is worked on.
    pub(crate) after: Vec<Value>,
    pub(crate) done: bool,
    inbox: Receiver<Incoming>,
    waiting: VecDeque<Request>,
    current: Arc<AtomicI64>,
    cancelled: Arc<RwLock<Vec<i64>>>,
}

/// Reads messages until the stream ends. A `cancel` is seen at once, whatever is going on.
fn reader(
    input: Box<dyn Read + Send>,
    out: Sender<Incoming>,
    current: Arc<AtomicI64>,
    cancelled: Arc<RwLock<Vec<i64>>>,
    interrupt: Interrupt,
) {
    let mut input = BufReader::new(input);
    loop {
        let incoming = match read_message(&mut input) {
            Ok(Some(Ok(message))) => {
                if message["command"] == "cancel"
                    && let Some(id) = message["arguments"]["requestId"].as_i64()
                {
                    cancelled.write().unwrap_or_else(PoisonError::into_inner).push(id);
                    if current.load(Ordering::SeqCst) == id {
                        interrupt.raise();
                    }
                }
                Incoming::Message(message)
            }
            Ok(Some(Err(error))) => Incoming::Bad(error),
            Ok(None) | Err(_) => Incoming::End,
        };
        let ended = matches!(incoming, Incoming::End);
        if out.send(incoming).is_err() || ended {
            return;
        }
    }
}

/// Answers a client until it leaves. A guest that was attached to goes on then; one that was launched ends.
pub fn serve(
    console: &mut dyn Console,
    interrupt: Interrupt,
    input: Box<dyn Read + Send>,
    output: Box<dyn Write + Send>,
) {
    let (sender, inbox) = channel();
    let current = Arc::new(AtomicI64::new(0));
    let cancelled = Arc::new(RwLock::new(Vec::new()));
    {
        let (current, cancelled, interrupt) =
            (Arc::clone(&current), Arc::clone(&cancelled), interrupt.clone());
        // Without a thread nothing can be read: the client sees that nobody answers.
        let _ = thread::Builder::new()
            .name("requests".to_owned())
            .spawn(move || reader(input, sender, current, cancelled, interrupt));
    }
    let mut server = Server {
        console,
        output: Output::new(output),
        client: Client { lines_from_1: true, columns_from_1: true, ..Client::default() },
        refs: Refs::default(),
        breakpoints: Breakpoints::default(),
        sources: Sources::default(),
        child: None,
        interrupt,
        tasks: false,
        stop_on_attach: true,
        reason: None,
        after: Vec::new(),
        done: false,
        inbox,
        waiting: VecDeque::new(),
        current,
        cancelled,
    };
    server.work();
}

impl Server<'_> {
    /// An event for after the answer.
    pub(crate) fn later(&mut self, name: &str, body: Value) {
        self.after.push(event(name, body));
    }

    /// What the client was told of frames and variables is of an earlier stop.
    pub(crate) fn forget(&mut self) {
        self.refs.forget();
        self.engine().release_all();
    }

    pub(crate) fn engine(&mut self) -> &mut Engine {
        self.console.engine_mut()
    }

    /// Sends an event.
    pub(crate) fn tell(&mut self, name: &str, body: Value) {
        self.output.send(event(name, body));
    }

    /// Text for the editor's console.
    pub(crate) fn print(&mut self, category: &str, text: &str) {
        if !text.is_empty() {
            self.tell("output", json!({ "category": category, "output": text }));
        }
    }

    fn work(&mut self) {
        while !self.done {
            // Before anything is waited for: a stop may have come together with something else.
            self.tell_pending();
            if let Some(request) = self.next() {
                self.answer(&request);
            }
            self.tell_pending();
            if self.engine().is_running() {
                self.watch();
            }
        }
        self.leave();
    }

    /// The next request. While the guest runs nobody waits for one.
    fn next(&mut self) -> Option<Request> {
        loop {
            if let Some(request) = self.waiting.pop_front() {
                return Some(request);
            }
            let incoming = if self.engine().is_running() {
                self.inbox.try_recv().ok()?
            } else {
                self.inbox.recv().unwrap_or(Incoming::End)
            };
            match incoming {
                Incoming::End => {
                    self.done = true;
                    return None;
                }
                Incoming::Bad(error) => {
                    self.print("stderr", &format!("a message is no JSON: {error}\n"));
                }
                // Responses of the client to requests of ours need nothing.
                Incoming::Message(message) if message["type"] != "request" => {}
                Incoming::Message(message) => match serde_json::from_value(message) {
                    Ok(request) => self.waiting.push_back(request),
                    Err(error) => self.print("stderr", &format!("a message is no request: {error}\n")),
                },
            }
        }
    }

    fn answer(&mut self, request: &Request) {
        let cancelled = {
            let mut list = self.cancelled.write().unwrap_or_else(PoisonError::into_inner);
            let found = list.iter().position(|&id| id == request.seq);
            found.map(|at| list.swap_remove(at)).is_some()
        };
        let answer = if cancelled {
            Err(Failure::new("cancelled", "the client cancelled the request"))
        } else {
            self.current.store(request.seq, Ordering::SeqCst);
            let answer = self.dispatch(request);
            self.current.store(0, Ordering::SeqCst);
            // What was interrupted is over; a guest that runs has yet to be.
            if !self.engine().is_running() {
                let _ = self.interrupt.take();
            }
            answer
        };
        self.output.send(request.response(answer));
        for message in std::mem::take(&mut self.after) {
            self.output.send(message);
        }
        self.tell_breakpoints();
    }

    fn dispatch(&mut self, request: &Request) -> Answer {
        let name = request.command.as_str();
        // Nothing of the target can be asked for while it runs.
        if STANDING.split_whitespace().any(|standing| standing == name) && self.engine().is_running() {
            return Err(Failure::new("notStopped", "the guest is running; pause it first"));
        }
        match name {
            "initialize" => self.initialize(request),
            "attach" => self.attach(request),
            "launch" => self.launch(request),
            "configurationDone" => self.configuration_done(),
            "disconnect" => self.disconnect(request),
            "terminate" => self.terminate(),
            "restart" => self.restart(),
            "cancel" => Ok(Value::Null),
            "setBreakpoints" => self.set_breakpoints(request),
            "setFunctionBreakpoints" => self.set_function_breakpoints(request),
            "setInstructionBreakpoints" => self.set_instruction_breakpoints(request),
            "setExceptionBreakpoints" => self.set_exception_breakpoints(request),
            "dataBreakpointInfo" => self.data_breakpoint_info(request),
            "setDataBreakpoints" => self.set_data_breakpoints(request),
            "breakpointLocations" => self.breakpoint_locations(request),
            "threads" => self.threads(),
            "stackTrace" => self.stack_trace(request),
            "scopes" => self.scopes(request),
            "variables" => self.variables(request),
            "setVariable" => self.set_variable(request),
            "setExpression" => self.set_expression(request),
            "evaluate" => self.evaluate(request),
            "completions" => self.completions(request),
            "exceptionInfo" => self.exception_info(),
            "continue" => self.resume(request, kdive_engine::Request::Continue),
            "next" | "stepIn" | "stepOut" => self.step(request),
            "pause" => self.pause(),
            "gotoTargets" => self.goto_targets(request),
            "goto" => self.goto(request),
            "readMemory" => self.read_memory(request),
            "writeMemory" => self.write_memory(request),
            "disassemble" => self.disassemble(request),
            "modules" => self.modules(request),
            "loadedSources" => self.loaded_sources(),
            "source" => self.source(request),
            other => Err(Failure::new("unknown", format!("there is no request {other:?}"))),
        }
    }

    /// Waits a little for the guest.
    fn watch(&mut self) {
        match self.engine().poll(PATIENCE) {
            Ok(Some(event)) => self.take(event),
            Ok(None) => {}
            Err(error) => self.print("stderr", &format!("{error}\n")),
        }
    }

    /// What has happened beside the requests.
    fn tell_pending(&mut self) {
        for event in self.engine().take_events() {
            self.take(event);
        }
    }

    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::Stopped(stop) => self.stopped(&stop),
            Event::LogPoint { number, .. } => self.log(number),
            Event::Output(bytes) => self.print("stdout", &String::from_utf8_lossy(&bytes)),
            Event::Exited { code, .. } => {
                self.tell("exited", json!({ "exitCode": code }));
                self.tell("terminated", json!({}));
            }
            Event::Killed(_) | Event::Disconnected(_) => {
                let answer = self.console.show(event);
                self.print_answer(&answer);
                self.tell("terminated", json!({}));
            }
            other => {
                let answer = self.console.show(other);
                self.print_answer(&answer);
                self.tell_modules();
            }
        }
        self.tell_breakpoints();
    }

    pub(crate) fn print_answer(&mut self, answer: &kdive_engine::Answer) {
        for piece in &answer.text {
            self.print(if piece.is_error { "stderr" } else { "console" }, &piece.text);
        }
        if let Some(error) = &answer.error {
            self.print("stderr", &format!("{error}\n"));
        }
    }
}
