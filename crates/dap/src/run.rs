//! Running, stepping, pausing, and what a stop is called.

use crate::arguments::Arguments;
use crate::protocol::{Answer, Failure, Request};
use crate::server::Server;
use kdive_engine::{Event, Request as Run, StepKind, Stop, StopReason, known_signal};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// gdb's number of the signal that stands for a pause.
const SIGINT: u8 = 2;
/// How long a pause may take: a guest that is halted in SMM or a QEMU that is frozen never stops.
const PAUSE: Duration = Duration::from_secs(5);

impl Server<'_> {
    /// Makes the thread the one that is stepped.
    fn select(&mut self, thread: i64) -> Result<(), Failure> {
        match u32::try_from(thread) {
            Ok(number) if number > 0 => Ok(self.engine().select_thread(number)?),
            _ => Ok(()),
        }
    }

    pub(crate) fn resume(&mut self, request: &Request, run: Run) -> Answer {
        let _: Arguments = request.parse()?;
        self.go(run)?;
        Ok(json!({ "allThreadsContinued": true }))
    }

    fn go(&mut self, run: Run) -> Result<(), Failure> {
        self.engine().back_to_thread();
        self.engine().resume(run)?;
        self.forget();
        Ok(())
    }

    pub(crate) fn step(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        self.select(wanted.thread_id)?;
        let by_instruction = wanted.granularity.as_deref() == Some("instruction");
        let kind = match (request.command.as_str(), by_instruction) {
            ("next", false) => StepKind::Over,
            ("next", true) => StepKind::InstructionOver,
            ("stepIn", false) => StepKind::Into,
            ("stepIn", true) => StepKind::Instruction,
            _ => {
                self.go(Run::Finish)?;
                return Ok(Value::Null);
            }
        };
        self.go(Run::Step { kind, count: 1 })?;
        Ok(Value::Null)
    }

    pub(crate) fn pause(&mut self) -> Answer {
        if self.engine().is_running() {
            self.reason = Some("pause");
            self.interrupt.raise();
        }
        Ok(Value::Null)
    }

    /// Stops the guest for a moment, for what cannot be done while it runs; whether it is to go on.
    pub(crate) fn halt_for_a_while(&mut self) -> bool {
        if !self.engine().is_running() {
            return false;
        }
        self.interrupt.raise();
        let since = Instant::now();
        while self.engine().is_running() && since.elapsed() < PAUSE {
            match self.engine().poll(Duration::from_millis(100)) {
                Ok(Some(Event::Stopped(stop))) if stop.reasons == [StopReason::Signal(SIGINT)] => {
                    let _ = self.interrupt.take();
                    return true;
                }
                Ok(Some(event)) => self.take(event),
                Ok(None) | Err(_) => {}
            }
        }
        let _ = self.interrupt.take();
        false
    }

    /// Lets the guest go on after [`Server::halt_for_a_while`].
    pub(crate) fn go_on(&mut self, resumes: bool) {
        if resumes && let Err(error) = self.engine().resume(Run::Continue) {
            self.print("stderr", &format!("{error}\n"));
        }
    }

    /// The program stands still.
    pub(crate) fn stopped(&mut self, stop: &Stop) {
        let hits: Vec<u32> = stop.hits().map(|hit| hit.number).collect();
        if !hits.is_empty() && hits.len() == stop.reasons.len() {
            let counted: Vec<u32> = hits.iter().copied().filter(|&number| self.counts(number)).collect();
            if counted.is_empty() {
                self.go_on(true);
                return;
            }
        }
        let pause = self.reason.take();
        let (reason, text) = match stop.reasons.first() {
            Some(StopReason::Hit(hit)) => (self.reason_of(hit.number), None),
            Some(StopReason::StepDone | StopReason::Finished | StopReason::LocationReached) => ("step", None),
            Some(StopReason::Signal(SIGINT)) => (pause.unwrap_or("pause"), None),
            Some(StopReason::Signal(signal)) => {
                let text = known_signal(*signal).map(|(name, meaning)| format!("{name}, {meaning}"));
                ("exception", text)
            }
            Some(StopReason::WatchScopeEnd(_)) => {
                ("data breakpoint", Some("the block of the watched variable was left".to_owned()))
            }
            Some(StopReason::Returned) | None => ("step", None),
        };
        let mut body = self.stop_body(reason, text);
        if !hits.is_empty() {
            body["hitBreakpointIds"] = json!(self.ids(&hits));
        }
        self.tell("stopped", body);
        if let Some(Ok((number, text))) = &stop.returned {
            self.print("console", &format!("Value returned is ${number} = {text}\n"));
        }
    }

    /// What is told of a stop.
    pub(crate) fn stop_body(&mut self, reason: &str, text: Option<String>) -> Value {
        let mut body = json!({ "reason": reason, "allThreadsStopped": true });
        if let Some(thread) = self.engine().thread() {
            body["threadId"] = thread.into();
        }
        if let Some(text) = text {
            body["description"] = text.clone().into();
            body["text"] = text.into();
        }
        body
    }

    /// Places where the thread can be made to go on.
    pub(crate) fn goto_targets(&mut self, request: &Request) -> Answer {
        let place: Arguments = request.parse()?;
        let path = place.source.path.or(place.source.name).unwrap_or_default();
        let line = place.line + i64::from(!self.client.lines_from_1);
        let addresses = self.engine().addresses_by_path(&path, line);
        let targets: Vec<Value> = addresses
            .into_iter()
            .map(|addr| {
                json!({
                    "id": addr.cast_signed(),
                    "label": format!("line {line}, {addr:#x}"),
                    "line": place.line,
                    "instructionPointerReference": crate::protocol::hex(addr),
                })
            })
            .collect();
        Ok(json!({ "targets": targets }))
    }

    pub(crate) fn goto(&mut self, request: &Request) -> Answer {
        let wanted: Arguments = request.parse()?;
        self.select(wanted.thread_id)?;
        let id = wanted.target_id.ok_or_else(|| Failure::new("arguments", "goto names no target"))?;
        self.run_command(&format!("set var $pc = {:#x}", id.cast_unsigned()))?;
        self.forget();
        let body = self.stop_body("goto", None);
        self.later("stopped", body);
        Ok(Value::Null)
    }
}
