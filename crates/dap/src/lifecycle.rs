//! Beginning and end: what kdive can do, attaching, leaving.

use crate::arguments::Arguments;
use crate::protocol::{Answer, Failure, Request, event};
use crate::server::Server;
use kdive_engine::{ConnectOptions, HostProcess, Log, TROUBLE, stub_of};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// What kdive can do, in the protocol's words.
const ABILITIES: &str = "\
    supportsConfigurationDoneRequest supportsFunctionBreakpoints supportsConditionalBreakpoints \
    supportsHitConditionalBreakpoints supportsLogPoints supportsDataBreakpoints \
    supportsInstructionBreakpoints supportsBreakpointLocationsRequest supportsExceptionInfoRequest \
    supportsEvaluateForHovers supportsSetVariable supportsSetExpression supportsValueFormattingOptions \
    supportsVariablePaging supportsDelayedStackTraceLoading supportsSteppingGranularity \
    supportsGotoTargetsRequest supportsRestartRequest supportsTerminateRequest supportTerminateDebuggee \
    supportSuspendDebuggee supportsCancelRequest supportsReadMemoryRequest supportsWriteMemoryRequest \
    supportsDisassembleRequest supportsModulesRequest supportsLoadedSourcesRequest \
    supportsCompletionsRequest";

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
    /// The command line of QEMU, `["qemu-system-x86_64", "-kernel", ...]`.
    pub(crate) command: Vec<String>,
    pub(crate) env: std::collections::BTreeMap<String, String>,
}

/// How long a stub that was started may take until it listens.
const START: Duration = Duration::from_secs(30);

impl Server<'_> {
    pub(crate) fn initialize(&mut self, request: &Request) -> Answer {
        let client: Arguments = request.parse()?;
        self.client.lines_from_1 = client.lines_start_at1.unwrap_or(true);
        self.client.columns_from_1 = client.columns_start_at1.unwrap_or(true);
        self.client.memory_events = client.supports_memory_event;
        self.client.invalidated_events = client.supports_invalidated_event;
        self.client.progress = client.supports_progress_reporting;
        let filters: Vec<Value> = TROUBLE
            .iter()
            .map(|(filter, label, _)| json!({ "filter": filter, "label": label, "default": false }))
            .collect();
        let mut abilities = json!({
            "exceptionBreakpointFilters": filters,
            "completionTriggerCharacters": [".", ">", " ", "$"],
        });
        for ability in ABILITIES.split_whitespace() {
            abilities[ability] = true.into();
        }
        Ok(abilities)
    }

    pub(crate) fn attach(&mut self, request: &Request) -> Answer {
        let wanted: Attach = request.parse()?;
        let target = wanted.target.clone().ok_or_else(|| {
            Failure::new("arguments", "attach needs \"target\": where the stub is, such as \":1234\"")
        })?;
        self.progress("Connecting", |server| {
            server.prepare(&wanted)?;
            server.connect(&target, false)
        })?;
        self.later("initialized", json!({}));
        Ok(Value::Null)
    }

    pub(crate) fn launch(&mut self, request: &Request) -> Answer {
        let wanted: Attach = request.parse()?;
        let target = wanted.target.clone().or_else(|| stub_of(&wanted.command)).ok_or_else(|| {
            let text = "launch needs \"target\", or a command with -s or -gdb: where the stub will be";
            Failure::new("arguments", text)
        })?;
        if wanted.command.is_empty() {
            let text = "launch needs \"command\": the command line of QEMU as an array";
            return Err(Failure::new("arguments", text));
        }
        self.prepare(&wanted)?;
        let output = self.output.clone();
        let show = move |is_error: bool, text: &str| {
            let category = if is_error { "stderr" } else { "stdout" };
            output.send(event("output", json!({ "category": category, "output": text })));
        };
        let started = HostProcess::start(&wanted.command, &wanted.env, wanted.cwd.as_deref(), show);
        self.child = Some(started.map_err(|error| Failure::new("launch", error.to_string()))?);
        self.progress("Connecting to the guest", |server| server.connect(&target, true))?;
        self.later("initialized", json!({}));
        Ok(Value::Null)
    }

    /// Does what may take long; the client is told that it goes on.
    fn progress<T>(&mut self, title: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let shows = self.client.progress;
        if shows {
            self.tell("progressStart", json!({ "progressId": title, "title": title, "cancellable": true }));
        }
        let done = work(self);
        if shows {
            self.tell("progressEnd", json!({ "progressId": title }));
        }
        done
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
            self.later("stopped", body);
        } else {
            self.engine().resume(kdive_engine::Request::Continue)?;
        }
        Ok(Value::Null)
    }

    pub(crate) fn disconnect(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        self.done = true;
        self.halt_for_a_while();
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
        self.halt_for_a_while();
        if self.engine().target().is_some() {
            self.engine().kill()?;
        }
        self.child = None;
        self.later("terminated", json!({}));
        Ok(Value::Null)
    }

    /// The guest starts anew, as its reset button does; breakpoints stay.
    pub(crate) fn restart(&mut self) -> Answer {
        self.halt_for_a_while();
        self.run_command("monitor system_reset")?;
        self.forget();
        let body = self.stop_body("restart", None);
        self.later("stopped", body);
        Ok(Value::Null)
    }

    /// The client is gone: a guest that was attached to goes on, one that was launched ends.
    pub(crate) fn leave(&mut self) {
        self.halt_for_a_while();
        let launched = self.child.is_some();
        let engine = self.engine();
        if engine.target().is_some() {
            // Nobody is there who could be told that it did not work.
            let _ = if launched { engine.kill() } else { engine.detach() };
        }
        self.child = None;
    }
}
