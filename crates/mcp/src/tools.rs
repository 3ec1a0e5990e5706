//! What the tools do.

use crate::arguments::{
    Backtrace, BreakAction, Breakpoints, Command, Connect, Evaluate, Limited, Log, Memory, Tasks, scope,
};
use kdive_engine::{Console, Error, NewBreakpoint};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// What a call may take when it does not say.
const TIME: f64 = 30.0;
/// What the guest may run when the call does not say.
const RUN_TIME: f64 = 10.0;
/// The most a call may take.
const MAX_TIME: f64 = 600.0;

/// What a tool gives.
#[derive(Debug)]
pub(crate) enum Given {
    /// Data.
    Data(Value),
    /// Text.
    Text(String),
    /// It failed; why, after what was printed.
    Failed(String),
}

impl From<Error> for Given {
    fn from(error: Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A call with its arguments read.
#[derive(Debug)]
pub(crate) enum Call {
    Connect(Connect),
    Command(Command),
    Evaluate(Evaluate),
    Backtrace(Backtrace),
    Tasks(Tasks),
    Log(Log),
    Analyze(Limited),
    Memory(Memory),
    Breakpoints(Breakpoints),
    Continue(Limited),
}

fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, String> {
    serde_json::from_value(arguments).map_err(|error| error.to_string())
}

impl Call {
    /// Reads the arguments of a tool; `None` when there is no such tool.
    pub(crate) fn read(name: &str, arguments: Value) -> Option<Result<Self, String>> {
        Some(match name {
            "connect" => read(arguments).map(Self::Connect),
            "command" => read(arguments).map(Self::Command),
            "evaluate" => read(arguments).map(Self::Evaluate),
            "backtrace" => read(arguments).map(Self::Backtrace),
            "tasks" => read(arguments).map(Self::Tasks),
            "log" => read(arguments).map(Self::Log),
            "analyze" => read(arguments).map(Self::Analyze),
            "memory" => read(arguments).map(Self::Memory),
            "breakpoints" => read(arguments).map(Self::Breakpoints),
            "continue" => read(arguments).map(Self::Continue),
            _ => return None,
        })
    }

    /// How long it may take.
    pub(crate) fn time(&self) -> Duration {
        let (seconds, usual) = match self {
            Self::Connect(call) => (call.seconds, TIME),
            Self::Command(call) => (call.seconds, TIME),
            Self::Evaluate(call) => (call.seconds, TIME),
            Self::Backtrace(call) => (call.seconds, TIME),
            Self::Tasks(call) => (call.seconds, TIME),
            Self::Log(call) => (call.seconds, TIME),
            Self::Analyze(call) => (call.seconds, TIME),
            Self::Memory(call) => (call.seconds, TIME),
            Self::Breakpoints(call) => (call.seconds, TIME),
            Self::Continue(call) => (call.seconds, RUN_TIME),
        };
        Duration::try_from_secs_f64(seconds.unwrap_or(usual).clamp(0.0, MAX_TIME)).unwrap_or(Duration::ZERO)
    }

    /// Whether the end of its time is what it was asked for.
    pub(crate) fn ends_with_its_time(&self) -> bool {
        matches!(self, Self::Continue(_))
    }

    /// Does it.
    pub(crate) fn run(self, console: &mut dyn Console) -> Given {
        let given = match self {
            Self::Connect(call) => connect(console, call),
            Self::Command(call) => return command(console, &call.command),
            Self::Evaluate(call) => evaluate(console, &call),
            Self::Backtrace(call) => backtrace(console, &call),
            Self::Tasks(call) => tasks(console, &call),
            Self::Log(call) => log(console, &call),
            Self::Analyze(_) => console.engine_mut().analyze().map(|report| json!({ "report": report })),
            Self::Memory(call) => memory(console, &call),
            Self::Breakpoints(call) => return breakpoints(console, &call),
            Self::Continue(_) => return go_on(console),
        };
        given.map_or_else(Given::from, Given::Data)
    }
}

/// Runs a command line: what it printed.
fn command(console: &mut dyn Console, line: &str) -> Given {
    if line.contains(['\n', '\r', '\0']) {
        return Given::Failed("a command is one line".to_owned());
    }
    let answer = console.command(line);
    if answer.exit.is_some() {
        return Given::Failed("kdive ends when its standard input is closed".to_owned());
    }
    let mut text: String = answer.text.into_iter().map(|piece| piece.text).collect();
    match answer.error {
        Some(error) => {
            text.push_str(&error);
            Given::Failed(text)
        }
        None => Given::Text(text),
    }
}

fn connect(console: &mut dyn Console, call: Connect) -> Result<Value, Error> {
    let engine = console.engine_mut();
    if !call.module_path.is_empty() {
        engine.add_module_path(call.module_path.iter().map(PathBuf::from).collect());
    }
    if let Some(program) = &call.program {
        engine.load(&PathBuf::from(program))?;
    }
    let text = match command(console, &format!("target remote {}", call.target)) {
        Given::Failed(text) => return Ok(json!({ "connected": false, "text": text })),
        Given::Text(text) => text,
        Given::Data(data) => data.to_string(),
    };
    let engine = console.engine_mut();
    let kernel = engine.kernel();
    Ok(json!({ "connected": true, "kernel": kernel, "threads": engine.threads(), "text": text }))
}

fn evaluate(console: &mut dyn Console, call: &Evaluate) -> Result<Value, Error> {
    let engine = console.engine_mut();
    let selected = engine.selected_scope();
    let frame = match (call.frame, call.thread, call.task) {
        (Some(frame), _, _) => frame,
        (None, None, None) => selected.frame,
        _ => 0,
    };
    let id = engine.evaluate(&scope(call.thread, call.task, frame), &call.expression)?;
    let result = (|| {
        let info = engine.variable(id)?;
        let count = call.count.unwrap_or(50).min(200);
        let mut members = Vec::new();
        if info.children > 0 {
            for child in engine.children(id, call.from, count)? {
                let info = engine.variable(child.id)?;
                members.push(json!({ "name": child.name, "type": info.ty, "value": info.summary }));
            }
        }
        let left = info.children.saturating_sub(call.from.saturating_add(members.len()));
        Ok(json!({
            "type": info.ty,
            "value": info.value,
            "error": info.error,
            "address": info.address.map(|addr| format!("{addr:#x}")),
            "size": info.size,
            "members": members,
            "members_left_out": left,
        }))
    })();
    engine.release(id);
    result
}

fn backtrace(console: &mut dyn Console, call: &Backtrace) -> Result<Value, Error> {
    let count = call.count.unwrap_or(30).min(200);
    let whose = scope(call.thread, call.task, 0);
    let mut frames = console.engine_mut().stack_of(&whose, call.from, count + 1)?;
    let more = frames.len() > count;
    frames.truncate(count);
    let next = more.then_some(call.from.saturating_add(count));
    Ok(json!({ "frames": frames, "next": next }))
}

fn tasks(console: &mut dyn Console, call: &Tasks) -> Result<Value, Error> {
    let list = console.engine().tasks()?;
    let mut found = list.tasks;
    found.retain(|task| {
        call.name.as_ref().is_none_or(|name| task.comm.contains(name.as_str()))
            && call.state.is_none_or(|state| task.state == state)
    });
    let count = call.count.unwrap_or(100).min(500);
    let total = found.len();
    let page: Vec<_> = found.into_iter().skip(call.from).take(count).collect();
    let end = call.from.saturating_add(page.len());
    let next = (end < total).then_some(end);
    Ok(json!({ "tasks": page, "total": total, "next": next, "damage": list.damage }))
}

fn log(console: &mut dyn Console, call: &Log) -> Result<Value, Error> {
    let mut log = console.engine().log(usize::MAX)?;
    if let Some(text) = &call.contains {
        log.messages.retain(|message| message.text.contains(text.as_str()));
    }
    let before = log.messages.len().saturating_sub(call.count.unwrap_or(100).min(1000));
    log.messages.drain(..before);
    log.before = before;
    Ok(json!({ "before": log.before, "damage": log.damage, "text": log.text() }))
}

fn memory(console: &mut dyn Console, call: &Memory) -> Result<Value, Error> {
    let engine = console.engine_mut();
    let selected = engine.selected_scope();
    let addr = engine.address_of(&scope(None, None, selected.frame), &call.address)?;
    let pieces = engine.read_memory(addr, call.count.unwrap_or(256).min(4096))?;
    Ok(json!({ "address": format!("{addr:#x}"), "pieces": pieces }))
}

fn breakpoints(console: &mut dyn Console, call: &Breakpoints) -> Given {
    let engine = console.engine_mut();
    let done = match (&call.action, &call.location, call.number) {
        (BreakAction::List, _, _) => Ok(()),
        (BreakAction::Set, None, _) => return Given::Failed("set needs a location".to_owned()),
        (BreakAction::Set, Some(location), _) => {
            let new = NewBreakpoint {
                location: location.clone(),
                condition: call.condition.clone(),
                temporary: call.temporary,
                hardware: call.hardware,
                may_pend: call.pending,
                ..NewBreakpoint::default()
            };
            engine.make_breakpoint(&new).map(|_| ())
        }
        (BreakAction::Delete, _, Some(number)) => engine.delete(number).map_err(Error::from),
        (BreakAction::Delete, _, None) => {
            let numbers: Vec<u32> = engine.breakpoints().map(|shown| shown.number).collect();
            numbers.into_iter().try_for_each(|number| engine.delete(number)).map_err(Error::from)
        }
    };
    match done {
        Ok(()) => Given::Data(json!({ "breakpoints": engine.breakpoint_list() })),
        Err(error) => error.into(),
    }
}

fn go_on(console: &mut dyn Console) -> Given {
    let before = console.engine().stops();
    let given = command(console, "continue");
    let engine = console.engine_mut();
    let stop = engine.last_stop().filter(|_| engine.stops() > before).cloned();
    match (given, stop) {
        (Given::Text(text) | Given::Failed(text), Some(stop)) => {
            let stop = engine.stop_info(&stop);
            Given::Data(json!({ "stop": stop, "text": text }))
        }
        (given, _) => given,
    }
}
