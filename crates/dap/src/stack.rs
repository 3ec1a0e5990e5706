//! Threads, their stacks, and the scopes of a frame.

use crate::arguments::Arguments;
use crate::protocol::{Answer, Failure, Request, hex};
use crate::refs::Container;
use crate::server::Server;
use kdive_engine::{FrameInfo, FrameKindInfo, RegisterGroup, Scope};
use serde_json::{Value, json};

/// Threads that stand for tasks have numbers from here on: this and the PID.
const TASKS: i64 = 1_000_000_000;
/// Most frames that are told without being asked for a page.
const MAX_FRAMES: usize = 1000;
/// Most tasks that are listed.
const MAX_TASKS: usize = 20_000;

impl Server<'_> {
    /// Whose frames a thread of the client stands for.
    fn scope_of(&self, thread: i64) -> Result<Scope, Failure> {
        if let Ok(pid) = u64::try_from(thread - TASKS) {
            return Ok(Scope::of_task(pid, 0));
        }
        match u32::try_from(thread) {
            Ok(number) if number > 0 => Ok(Scope::of(Some(number), 0)),
            _ => Err(Failure::new("arguments", format!("there is no thread {thread}"))),
        }
    }

    pub(crate) fn threads(&mut self) -> Answer {
        let tasks = self.tasks && !self.engine().is_running();
        let engine = self.engine();
        if engine.target().is_none() {
            return Ok(json!({ "threads": [] }));
        }
        let mut threads: Vec<Value> = Vec::new();
        for thread in engine.threads() {
            let mut name = match thread.cpu {
                Some(cpu) => format!("CPU {cpu}"),
                None => thread.name.clone().unwrap_or_else(|| thread.target_id.clone()),
            };
            if let Some(task) = thread.cpu.and_then(|cpu| engine.task_on(cpu)) {
                name.push_str(&format!(": {task}"));
            }
            threads.push(json!({ "id": thread.number, "name": name }));
        }
        if tasks {
            for (pid, name) in engine.sleeping_tasks(MAX_TASKS) {
                let id = i64::try_from(pid).unwrap_or(0) + TASKS;
                threads.push(json!({ "id": id, "name": format!("task {pid}: {name}") }));
            }
        }
        Ok(json!({ "threads": threads }))
    }

    pub(crate) fn stack_trace(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let scope = self.scope_of(wanted.thread_id)?;
        let count = if wanted.levels == 0 { MAX_FRAMES } else { wanted.levels.min(MAX_FRAMES) };
        // One more than asked for tells whether there are more.
        let mut found = self.engine().stack_of(&scope, wanted.start_frame, count + 1)?;
        let total = wanted.start_frame + found.len();
        found.truncate(count);
        let frames: Vec<Value> = found.iter().map(|frame| self.frame(scope, frame)).collect();
        Ok(json!({ "stackFrames": frames, "totalFrames": total }))
    }

    fn frame(&mut self, scope: Scope, frame: &FrameInfo) -> Value {
        let id = self.refs.frame(Scope { frame: frame.level, ..scope });
        let name = match frame.kind {
            FrameKindInfo::SignalHandler => "<signal handler called>".to_owned(),
            FrameKindInfo::CalledByDebugger => "<function called from kdive>".to_owned(),
            FrameKindInfo::User => "<user mode>".to_owned(),
            _ => frame.function.clone().unwrap_or_else(|| hex(frame.pc)),
        };
        let first = i64::from(!self.client.lines_from_1);
        let line = frame.line.map_or(0, |line| i64::from(line) - first);
        let mut body = json!({
            "id": id,
            "name": &name,
            "line": line,
            "column": i64::from(self.client.columns_from_1 && frame.line.is_some()),
            "instructionPointerReference": hex(frame.pc),
        });
        if let (Some(path), Some(_)) = (&frame.fullname, frame.line) {
            body["source"] = self.source_body(path);
        }
        if let Some(module) = &frame.module {
            body["moduleId"] = module.clone().into();
        }
        if name.starts_with('<') {
            body["presentationHint"] = "label".into();
        }
        body
    }

    /// The scope of a frame of the client; without one what is selected.
    pub(crate) fn frame_scope(&self, frame: Option<i64>) -> Result<Scope, Failure> {
        match frame {
            None => Ok(Scope::default()),
            Some(frame) => self
                .refs
                .scope(frame)
                .ok_or_else(|| Failure::new("arguments", format!("frame {frame} is of an earlier stop"))),
        }
    }

    pub(crate) fn scopes(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        let scope = self.frame_scope(Some(wanted.frame_id.unwrap_or_default()))?;
        let mut scopes = Vec::new();
        let mut add = |server: &mut Self, name: &str, hint: &str, container, expensive: bool| {
            let reference = server.refs.container(container);
            scopes.push(json!({
                "name": name,
                "presentationHint": hint,
                "variablesReference": reference,
                "expensive": expensive,
            }));
        };
        add(self, "Arguments", "arguments", Container::Arguments(scope), false);
        add(self, "Locals", "locals", Container::Locals(scope), false);
        let groups: Vec<RegisterGroup> = self.engine().registers()?.iter().map(|one| one.group).collect();
        for (name, group) in [
            ("Registers", RegisterGroup::General),
            ("System registers", RegisterGroup::System),
            ("Floating-point registers", RegisterGroup::Float),
            ("Vector registers", RegisterGroup::Vector),
        ] {
            if groups.contains(&group) {
                add(self, name, "registers", Container::Registers(scope, group), true);
            }
        }
        if self.engine().has_per_cpu() {
            add(self, "Per-CPU", "globals", Container::PerCpu(scope), true);
        }
        add(self, "Globals", "globals", Container::Globals(scope), true);
        Ok(json!({ "scopes": scopes }))
    }
}
