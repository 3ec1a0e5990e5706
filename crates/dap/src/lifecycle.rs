//! Beginning and end: what kdive can do, attaching, leaving.

use crate::launch::Launch;
use crate::protocol::{Answer, Failure, Request, event};
use crate::server::Server;
use kdive_engine::{ConnectOptions, Log};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// Kinds of trouble of the kernel that can be stopped at: the filter, its label, and the command.
pub(crate) const FILTERS: &[(&str, &str, &str)] = &[
    ("oops", "Oops: the kernel faulted", "catch oops"),
    ("panic", "Panic: the kernel stops for good", "catch panic"),
    ("bug", "BUG: an assertion of the kernel failed", "catch bug"),
    ("warn", "WARN: something unexpected", "catch warn"),
    ("hung-task", "A task hangs", "catch hung-task"),
    ("lockup", "A CPU is locked up", "catch lockup"),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Initialize {
    lines_start_at1: bool,
    columns_start_at1: bool,
    supports_memory_event: bool,
    supports_invalidated_event: bool,
}

impl Default for Initialize {
    fn default() -> Self {
        Self {
            lines_start_at1: true,
            columns_start_at1: true,
            supports_memory_event: false,
            supports_invalidated_event: false,
        }
    }
}

/// What `attach` and `launch` share.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Attach {
    /// `vmlinux`.
    pub(crate) program: Option<String>,
    /// What `target remote` takes.
    pub(crate) target: Option<String>,
    pub(crate) init_commands: Vec<String>,
    pub(crate) settings: std::collections::BTreeMap<String, Value>,
    pub(crate) module_path: Vec<String>,
    pub(crate) tasks: bool,
    pub(crate) stop_on_attach: Option<bool>,
    pub(crate) cwd: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Disconnect {
    terminate_debuggee: Option<bool>,
    suspend_debuggee: bool,
}

/// How long a stub that was started may take until it listens.
const START: Duration = Duration::from_secs(30);

impl Server<'_> {
    pub(crate) fn initialize(&mut self, request: &Request) -> Answer {
        let client: Initialize = request.parse()?;
        self.client.lines_from_1 = client.lines_start_at1;
        self.client.columns_from_1 = client.columns_start_at1;
        self.client.memory_events = client.supports_memory_event;
        self.client.invalidated_events = client.supports_invalidated_event;
        let filters: Vec<Value> = FILTERS
            .iter()
            .map(|(filter, label, _)| json!({ "filter": filter, "label": label, "default": false }))
            .collect();
        Ok(json!({
            "supportsConfigurationDoneRequest": true,
            "supportsFunctionBreakpoints": true,
            "supportsConditionalBreakpoints": true,
            "supportsHitConditionalBreakpoints": true,
            "supportsLogPoints": true,
            "supportsDataBreakpoints": true,
            "supportsInstructionBreakpoints": true,
            "supportsBreakpointLocationsRequest": true,
            "supportsExceptionInfoRequest": true,
            "exceptionBreakpointFilters": filters,
            "supportsEvaluateForHovers": true,
            "supportsSetVariable": true,
            "supportsSetExpression": true,
            "supportsValueFormattingOptions": true,
            "supportsVariablePaging": true,
            "supportsDelayedStackTraceLoading": true,
            "supportsSteppingGranularity": true,
            "supportsGotoTargetsRequest": true,
            "supportsRestartRequest": true,
            "supportsTerminateRequest": true,
            "supportTerminateDebuggee": true,
            "supportSuspendDebuggee": true,
            "supportsCancelRequest": true,
            "supportsReadMemoryRequest": true,
            "supportsWriteMemoryRequest": true,
            "supportsDisassembleRequest": true,
            "supportsModulesRequest": true,
            "supportsLoadedSourcesRequest": true,
            "supportsCompletionsRequest": true,
            "completionTriggerCharacters": [".", ">", " ", "$"],
        }))
    }

    pub(crate) fn attach(&mut self, request: &Request) -> Answer {
        let wanted: Attach = request.parse()?;
        let target = wanted.target.clone().ok_or_else(|| {
            Failure::new("arguments", "attach needs \"target\": where the stub is, such as \":1234\"")
        })?;
        self.prepare(&wanted)?;
        self.connect(&target, false)?;
        self.after.push(event("initialized", json!({})));
        Ok(Value::Null)
    }

    pub(crate) fn launch(&mut self, request: &Request) -> Answer {
        let wanted: Attach = request.parse()?;
        let launch: Launch = request.parse()?;
        let target = launch.target(wanted.target.as_deref())?;
        self.prepare(&wanted)?;
        self.start(&launch, wanted.cwd.as_deref())?;
        self.connect(&target, true)?;
        self.after.push(event("initialized", json!({})));
        Ok(Value::Null)
    }

    /// Settings, the program, and the user's own commands: before the target.
    fn prepare(&mut self, wanted: &Attach) -> Result<(), Failure> {
        self.tasks = wanted.tasks;
        self.stop_on_attach = wanted.stop_on_attach.unwrap_or(true);
        for (name, value) in &wanted.settings {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.run_command(&format!("set {name} {value}"))?;
        }
        if !wanted.module_path.is_empty() {
            let paths = wanted.module_path.iter().map(PathBuf::from).collect();
            self.engine().add_module_path(paths);
        }
        if let Some(program) = &wanted.program {
            self.engine().load(&PathBuf::from(program))?;
        }
        for command in &wanted.init_commands {
            self.run_command(command)?;
        }
        Ok(())
    }

    /// Runs a command; what it prints goes to the editor's console.
    pub(crate) fn run_command(&mut self, line: &str) -> Result<(), Failure> {
        let mut answer = self.console.command(line);
        let error = answer.error.take();
        self.print_answer(&answer);
        match error {
            Some(error) => Err(Failure::new("command", format!("{line}: {error}"))),
            None => Ok(()),
        }
    }

    fn connect(&mut self, target: &str, started: bool) -> Result<(), Failure> {
        let mut options =
            ConnectOptions { arch: self.engine().program().arch(), ..ConnectOptions::default() };
        if started {
            options.connect_timeout = START;
        }
        let connected = self.engine().connect(target, &options, Log::new(), &mut || {});
        match connected {
            Ok(_) => Ok(()),
            Err(error) => {
                self.child = None;
                Err(Failure::new("connect", error.to_string()))
            }
        }
    }

    pub(crate) fn configuration_done(&mut self) -> Answer {
        if self.engine().target().is_none() {
            return Ok(Value::Null);
        }
        if self.stop_on_attach {
            let body = self.stop_body("entry", None);
            self.after.push(event("stopped", body));
        } else {
            self.engine().resume(kdive_engine::Request::Continue)?;
        }
        Ok(Value::Null)
    }

    pub(crate) fn disconnect(&mut self, request: &Request) -> Answer {
        let wanted: Disconnect = request.parse()?;
        self.done = true;
        self.halt();
        let launched = self.child.is_some();
        let engine = self.engine();
        if engine.target().is_none() {
            return Ok(Value::Null);
        }
        if wanted.terminate_debuggee.unwrap_or(launched) {
            engine.kill()?;
        } else if wanted.suspend_debuggee {
            engine.disconnect()?;
        } else {
            engine.detach()?;
        }
        Ok(Value::Null)
    }

    /// The client wants the guest to end.
    pub(crate) fn terminate(&mut self) -> Answer {
        self.halt();
        if self.engine().target().is_some() {
            self.engine().kill()?;
        }
        self.child = None;
        self.after.push(event("terminated", json!({})));
        Ok(Value::Null)
    }

    /// The guest starts anew, as its reset button does; breakpoints stay.
    pub(crate) fn restart(&mut self) -> Answer {
        self.halt();
        self.run_command("monitor system_reset")?;
        self.refs.forget();
        self.engine().release_all();
        let body = self.stop_body("restart", None);
        self.after.push(event("stopped", body));
        Ok(Value::Null)
    }

    /// The client is gone: a guest that was attached to goes on, one that was launched ends.
    pub(crate) fn leave(&mut self) {
        self.halt();
        let launched = self.child.is_some();
        let engine = self.engine();
        if engine.target().is_some() {
            // Nobody is there who could be told that it did not work.
            let _ = if launched { engine.kill() } else { engine.detach() };
        }
        self.child = None;
    }
}
