//! The loop: requests in, answers out.

use crate::arguments::More;
use crate::input::{Request, Shared, read};
use crate::limit::Limit;
use crate::rpc::{INVALID_PARAMS, NO_METHOD, Refusal};
use crate::schema;
use crate::tools::{Call, Given};
use kdive_base::Interrupt;
use kdive_engine::Console;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::time::Duration;

/// Characters that an answer has at most.
const MAX_TEXT: usize = 20_000;
/// Bytes of an answer that are kept for `more`.
const MAX_KEPT: usize = 16 << 20;
/// What a call may take when the client has gone.
const GONE: Duration = Duration::from_secs(5);

/// The versions of the protocol, the newest first.
const VERSIONS: [&str; 2] = ["2025-06-18", "2024-11-05"];

/// What the client is told to begin with.
const INSTRUCTIONS: &str = "kdive debugs a Linux kernel that runs in QEMU, over its gdb stub. Call connect first, unless \
    kdive was started with a target. The guest stands still except while continue, or a command such as next, runs. CPUs are \
    threads; sleeping tasks are named by PID. After a crash, analyze says what happened.";

/// Answers requests until the client leaves.
pub fn serve(
    console: &mut dyn Console,
    interrupt: Interrupt,
    input: Box<dyn Read + Send>,
    output: Box<dyn Write + Send>,
) {
    let shared = Shared::new(output, interrupt.clone());
    let Ok(limit) = Limit::start(interrupt) else { return };
    let Ok(requests) = read(input, &shared, &limit) else { return };
    let mut server = Server { shared, limit, rest: String::new() };
    while let Ok(request) = requests.recv() {
        server.answer(console, request);
    }
}

struct Server {
    shared: Shared,
    limit: Limit,
    /// The last answer that was cut, whole.
    rest: String,
}

#[derive(Deserialize)]
struct Initialize {
    #[serde(rename = "protocolVersion")]
    protocol_version: String,
}

#[derive(Deserialize)]
struct ToolCall {
    name: String,
    #[serde(default)]
    arguments: Option<Value>,
}

impl Server {
    fn answer(&mut self, console: &mut dyn Console, request: Request) {
        let Request { id, method, params } = request;
        let answer = match self.shared.begin(&id) {
            true => self.run(console, &method, params),
            false => Ok(Value::Null),
        };
        // Nobody waits for the answer to what was cancelled.
        if !self.shared.end(&id) {
            return;
        }
        self.shared.send(&match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err((code, message)) => Refusal::new(id, code, message).message(),
        });
    }

    fn run(
        &mut self,
        console: &mut dyn Console,
        method: &str,
        params: Value,
    ) -> Result<Value, (i64, String)> {
        let wrong = |error: serde_json::Error| (INVALID_PARAMS, format!("{method}: {error}"));
        match method {
            "initialize" => {
                let client: Initialize = serde_json::from_value(params).map_err(wrong)?;
                let version = VERSIONS.iter().find(|version| **version == client.protocol_version);
                Ok(json!({
                    "protocolVersion": version.unwrap_or(&VERSIONS[0]),
                    "capabilities": { "tools": {} },
                    "serverInfo": { "name": "kdive", "version": env!("CARGO_PKG_VERSION") },
                    "instructions": INSTRUCTIONS,
                }))
            }
            "tools/list" => Ok(schema::list()),
            "tools/call" => {
                let call: ToolCall = serde_json::from_value(params).map_err(wrong)?;
                self.call(console, &call.name, call.arguments.unwrap_or_else(|| json!({})))
            }
            _ => Err((NO_METHOD, format!("there is no method {method}"))),
        }
    }

    fn call(
        &mut self,
        console: &mut dyn Console,
        name: &str,
        arguments: Value,
    ) -> Result<Value, (i64, String)> {
        let wrong = |error: String| (INVALID_PARAMS, format!("{name}: {error}"));
        if let Some(missing) = missing(name, &arguments) {
            return Err(wrong(format!("the argument \"{missing}\" is missing")));
        }
        if name == "more" {
            let more: More = serde_json::from_value(arguments).map_err(|error| wrong(error.to_string()))?;
            return Ok(self.page(more.from, false));
        }
        let call = Call::read(name, arguments)
            .ok_or_else(|| (INVALID_PARAMS, format!("there is no tool {name}")))?
            .map_err(wrong)?;
        let time = match self.shared.is_gone() {
            true => call.time().min(GONE),
            false => call.time(),
        };
        let expected = call.ends_with_its_time();
        self.limit.begin(time);
        let given = call.run(console);
        let over = self.limit.end() && !expected;
        // What was interrupted is over.
        let _ = console.engine().interrupt_flag().take();
        let (data, mut text, mut failed) = match given {
            Given::Data(data) => (Some(data), String::new(), false),
            Given::Text(text) => (None, text, false),
            Given::Failed(text) => (None, text, true),
        };
        if let Some(data) = &data {
            text = data.to_string();
        }
        if over {
            failed = true;
            text.push_str(&format!("\nThe time limit of {} s was reached.", time.as_secs_f64()));
        }
        text.truncate(boundary(&text, MAX_KEPT));
        self.rest = text;
        let mut result = self.page(0, failed);
        // What does not fit is not given twice.
        if let Some(data) = data.filter(|_| self.rest.len() <= MAX_TEXT && !failed) {
            result["structuredContent"] = data;
        }
        Ok(result)
    }

    /// A part of the last answer.
    fn page(&self, from: usize, failed: bool) -> Value {
        let from = boundary(&self.rest, from);
        let rest = self.rest.get(from..).unwrap_or_default();
        let end = boundary(rest, MAX_TEXT);
        let mut text = rest.get(..end).unwrap_or_default().to_owned();
        if end < rest.len() {
            let next = from + end;
            let (left, all) = (rest.len() - end, self.rest.len());
            text.push_str(&format!(
                "\n[{left} of {all} bytes were cut; call the tool more with {{\"from\": {next}}} for the next part]"
            ));
        }
        json!({ "content": [{ "type": "text", "text": text }], "isError": failed })
    }
}

/// The last place at `at` or before where a character begins, or the end.
fn boundary(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// An argument that a tool needs and was not given.
fn missing(name: &str, arguments: &Value) -> Option<&'static str> {
    let (_, _, rows, _) = schema::TOOLS.iter().find(|row| row.0 == name)?;
    let needed = rows.iter().filter(|row| row.2).map(|row| row.0);
    needed.into_iter().find(|needed| arguments.get(needed).is_none())
}
