//! `kdive -i=mcp` as a process: what a client of the Model Context Protocol sends and reads.

use crate::cli::Place;
use crate::linux::guest::Guest;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a process that is given `input` writes to standard output.
pub(crate) fn piped(command: &mut Command, input: &str) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

struct Client {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    last: u64,
}

impl Client {
    fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let message = serde_json::from_str(&line).unwrap();
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take();
        let mut client = Self { child, input, messages, last: 0 };
        let hello = client.ask("initialize", json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } }));
        assert_eq!(hello["result"]["protocolVersion"], "2025-06-18");
        client.raw(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        client
    }

    fn raw(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn send(&mut self, method: &str, params: Value) -> u64 {
        self.last += 1;
        let message = json!({ "jsonrpc": "2.0", "id": self.last, "method": method, "params": params });
        self.raw(&message.to_string());
        self.last
    }

    #[track_caller]
    fn next(&mut self) -> Value {
        self.messages.recv_timeout(PATIENCE).expect("an answer")
    }

    #[track_caller]
    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        let answer = self.next();
        assert_eq!(answer["id"], id, "{method}: {answer:#}");
        answer
    }

    /// Calls a tool: its text, its data, and whether it failed.
    #[track_caller]
    fn call(&mut self, name: &str, arguments: Value) -> (String, Value, bool) {
        let answer = self.ask("tools/call", json!({ "name": name, "arguments": arguments }));
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{name}: {answer:#}"));
        (text.to_owned(), result["structuredContent"].clone(), result["isError"].as_bool().unwrap())
    }

    /// The data of a tool that works.
    #[track_caller]
    fn data(&mut self, name: &str, arguments: Value) -> Value {
        let (text, data, failed) = self.call(name, arguments);
        assert!(!failed, "{name}: {text}");
        data
    }

    #[track_caller]
    fn ends(mut self) {
        drop(self.input.take());
        let status = crate::interrupt::ended(&mut self.child);
        assert!(status.success(), "{status}");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn bad_messages_are_answered_and_nothing_hangs() {
    let place = Place::new();
    let mut client = Client::start(place.command().args(["-nx", "-i=mcp"]));
    let error = |answer: &Value| answer["error"]["code"].as_i64().unwrap();
    for (line, code) in [
        ("{ no json", -32700),
        ("[]", -32600),
        ("{}", -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
    ] {
        client.raw(line);
        let answer = client.next();
        assert_eq!((error(&answer), &answer["id"]), (code, &Value::Null), "{line}");
    }
    for line in [r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, r#"{"jsonrpc":"2.0","method":"no such"}"#, ""] {
        client.raw(line);
    }
    client.raw(&"x".repeat(5 << 20));
    assert_eq!(error(&client.next()), -32600);
    assert_eq!(error(&client.ask("no/such", json!({}))), -32601);
    assert_eq!(error(&client.ask("initialize", json!({}))), -32602);
    assert_eq!(error(&client.ask("tools/call", json!([]))), -32602);
    for (name, arguments) in [
        ("nosuch", json!({})),
        ("evaluate", json!({})),
        ("evaluate", json!({ "expression": 5 })),
        ("backtrace", json!({ "nosuch": 1 })),
        ("backtrace", json!({ "from": -1 })),
        ("memory", json!("text")),
    ] {
        let answer = client.ask("tools/call", json!({ "name": name, "arguments": arguments }));
        assert_eq!(error(&answer), -32602, "{name} {arguments}: {answer}");
    }
    assert_eq!(client.ask("ping", json!({}))["result"], json!({}));
    let tools = client.ask("tools/list", json!({}))["result"]["tools"].as_array().unwrap().clone();
    let page = std::fs::read_to_string(crate::root().join("docs/mcp.md")).unwrap();
    for tool in &tools {
        let name = tool["name"].as_str().unwrap();
        assert!(page.contains(&format!("| `{name}` |")), "{name} is not in docs/mcp.md");
    }
    // Tools that need a guest say so.
    for name in ["tasks", "log", "analyze", "backtrace", "continue"] {
        let (text, _, failed) = client.call(name, json!({}));
        assert!(failed && !text.is_empty(), "{name}: {text}");
    }
    assert!(client.call("command", json!({ "command": "echo a\necho b" })).2);
    assert!(client.call("command", json!({ "command": "quit" })).2);
    let (text, _, failed) = client.call("command", json!({ "command": "while 1\n" }));
    assert!(failed, "{text}");
    // What is cut can be had.
    let (first, _, _) = client.call("command", json!({ "command": "help all" }));
    assert!(first.len() < 21_000, "{}", first.len());
    let from =
        first.split("{\"from\": ").nth(1).unwrap().split('}').next().unwrap().parse::<usize>().unwrap();
    let (second, _, failed) = client.call("more", json!({ "from": from }));
    assert!(!failed && !second.is_empty() && !first.contains(&second));
    // A thousand at once.
    let sent: Vec<u64> = (0..1000)
        .map(|number| {
            let arguments = json!({ "expression": format!("1 + {number}") });
            client.send("tools/call", json!({ "name": "evaluate", "arguments": arguments }))
        })
        .collect();
    for (number, id) in sent.into_iter().enumerate() {
        let answer = client.next();
        assert_eq!(answer["id"], id);
        assert_eq!(answer["result"]["structuredContent"]["value"], (1 + number).to_string());
    }
    client.ends();
}

/// What an assistant does with a guest, whose shell reads files all the time.
pub(crate) fn session(guest: &Guest) {
    let mut client = Client::start(guest.command().args(["-nx", "-i=mcp"]));
    let arguments =
        json!({ "program": guest.vmlinux(), "target": guest.stub(), "module_path": [guest.file("modules")] });
    let connected = client.data("connect", arguments);
    assert_eq!(connected["connected"], true, "{connected:#}");
    assert_eq!(connected["threads"].as_array().unwrap().len(), 2);
    assert!(connected["kernel"]["banner"].as_str().unwrap().starts_with("Linux version"));
    let tasks = client.data("tasks", json!({ "name": "init", "count": 1 }));
    assert_eq!(tasks["tasks"][0]["pid"], 1, "{tasks:#}");
    let stack = client.data("backtrace", json!({ "task": 2, "count": 2 }));
    assert_eq!((stack["frames"].as_array().unwrap().len(), &stack["next"]), (2, &json!(2)), "{stack:#}");
    let report = client.data("analyze", json!({}));
    assert_eq!(report["report"]["cause"]["wrong"], "null", "{report:#}");
    let log = client.data("log", json!({ "contains": "Linux version", "count": 1 }));
    assert!(log["text"].as_str().unwrap().contains("Linux version"), "{log:#}");
    let bytes = client.data("memory", json!({ "address": "&linux_banner", "count": 5 }));
    assert_eq!(bytes["pieces"][0]["bytes"], "4c696e7578", "{bytes:#}");
    let value = client.data("evaluate", json!({ "expression": "init_task.comm" }));
    assert!(value["value"].as_str().unwrap().starts_with("\"swapper/0"), "{value:#}");
    let set = client.data("breakpoints", json!({ "action": "set", "location": "vfs_read" }));
    assert_eq!(set["breakpoints"][0]["location"], "vfs_read");
    let stopped = client.data("continue", json!({ "seconds": 60 }));
    assert_eq!(stopped["stop"]["frame"]["function"], "vfs_read", "{stopped:#}");
    let value = client.data("evaluate", json!({ "expression": "count" }));
    assert_eq!(value["type"], "size_t", "{value:#}");
    client.data("breakpoints", json!({ "action": "delete" }));
    // The time limit stops the guest.
    let stopped = client.data("continue", json!({ "seconds": 0.5 }));
    assert_eq!(stopped["stop"]["reasons"][0]["signal"], "SIGINT", "{stopped:#}");
    // Requests while the guest runs wait; a ping does not, and what is cancelled is not answered.
    let run = client.send("tools/call", json!({ "name": "continue", "arguments": { "seconds": 600 } }));
    let waits =
        client.send("tools/call", json!({ "name": "evaluate", "arguments": { "expression": "6*7" } }));
    let ping = client.send("ping", json!({}));
    assert_eq!(client.next()["id"], ping);
    client.raw(
        &json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": run } })
            .to_string(),
    );
    let answer = client.next();
    assert_eq!(answer["id"], waits, "{answer:#}");
    assert_eq!(answer["result"]["structuredContent"]["value"], "42");
    // A client that vanishes while the guest runs.
    client.send("tools/call", json!({ "name": "continue", "arguments": { "seconds": 600 } }));
    client.ends();
}
