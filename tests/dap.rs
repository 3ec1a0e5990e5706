//! The Debug Adapter Protocol, spoken by a client of our own with the real guest.

use crate::linux::guest::{Boot, Guest};
use serde_json::{Value, json};
use std::io::{BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

struct Client {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    seq: i64,
    events: Vec<Value>,
}

impl Client {
    fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Ok(Some(Ok(message))) = kdive_dap::read_message(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take().unwrap();
        Self { child, input, messages, seq: 0, events: Vec::new() }
    }

    fn raw(&mut self, text: &str) {
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn send(&mut self, command: &str, arguments: Value) -> i64 {
        self.seq += 1;
        let message =
            json!({ "seq": self.seq, "type": "request", "command": command, "arguments": arguments });
        self.raw(&message.to_string());
        self.seq
    }

    #[track_caller]
    fn next(&mut self, what: &str) -> Value {
        match self.messages.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(_) => panic!("no {what}; events so far: {:#?}", self.events),
        }
    }

    /// The response, good or bad.
    #[track_caller]
    fn answer(&mut self, seq: i64) -> Value {
        loop {
            let message = self.next("response");
            if message["type"] == "response" && message["request_seq"] == seq {
                return message;
            }
            self.events.push(message);
        }
    }

    /// The body of a good response.
    #[track_caller]
    fn ask(&mut self, command: &str, arguments: Value) -> Value {
        let seq = self.send(command, arguments);
        let answer = self.answer(seq);
        assert_eq!(answer["success"], true, "{command}: {answer:#}");
        answer["body"].clone()
    }

    /// What is said of a request that is refused.
    #[track_caller]
    fn refused(&mut self, command: &str, arguments: Value) -> String {
        let seq = self.send(command, arguments);
        let answer = self.answer(seq);
        assert_eq!(answer["success"], false, "{command}: {answer:#}");
        answer["body"]["error"]["format"].as_str().unwrap().to_owned()
    }

    /// The next event of this name.
    #[track_caller]
    fn event(&mut self, name: &str) -> Value {
        if let Some(at) = self.events.iter().position(|event| event["event"] == name) {
            return self.events.remove(at)["body"].clone();
        }
        let limit = Instant::now() + PATIENCE;
        while Instant::now() < limit {
            let message = self.next(name);
            if message["event"] == name {
                return message["body"].clone();
            }
            self.events.push(message);
        }
        panic!("no event {name}");
    }

    /// Runs on and says why it stopped.
    #[track_caller]
    fn run(&mut self, command: &str, arguments: Value) -> Value {
        self.events.retain(|event| event["event"] != "stopped");
        self.ask(command, arguments);
        self.event("stopped")
    }

    #[track_caller]
    fn frames(&mut self, thread: &Value, levels: usize) -> Vec<Value> {
        let body = self.ask("stackTrace", json!({ "threadId": thread, "startFrame": 0, "levels": levels }));
        body["stackFrames"].as_array().unwrap().clone()
    }

    #[track_caller]
    fn scope(&mut self, frame: &Value, name: &str) -> Value {
        let body = self.ask("scopes", json!({ "frameId": frame }));
        let scopes = body["scopes"].as_array().unwrap().clone();
        let found = scopes.iter().find(|scope| scope["name"] == name);
        found.unwrap_or_else(|| panic!("no scope {name}: {scopes:#?}"))["variablesReference"].clone()
    }

    #[track_caller]
    fn variables(&mut self, reference: &Value) -> Vec<Value> {
        let body = self.ask("variables", json!({ "variablesReference": reference }));
        body["variables"].as_array().unwrap().clone()
    }

    fn ends(mut self) {
        drop(self.input);
        let status = crate::interrupt::ended(&mut self.child);
        assert!(status.success(), "{status}");
    }
}

#[track_caller]
fn named<'v>(variables: &'v [Value], name: &str) -> &'v Value {
    let found = variables.iter().find(|variable| variable["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {variables:#?}"))
}

/// A client attached to a guest that stands in its shell, two CPUs, moved by KASLR.
fn attached(guest: &Guest, more: Value) -> Client {
    let mut client = Client::start(guest.command().args(["-nx", "-i=dap"]));
    let abilities = client.ask(
        "initialize",
        json!({ "adapterID": "kdive", "supportsMemoryEvent": true, "supportsProgressReporting": true }),
    );
    for ability in ["supportsDataBreakpoints", "supportsExceptionInfoRequest", "supportsGotoTargetsRequest"] {
        assert_eq!(abilities[ability], true, "{ability}");
    }
    let mut arguments = json!({ "program": guest.vmlinux(), "target": "guest.sock" });
    for (name, value) in more.as_object().unwrap() {
        arguments[name] = value.clone();
    }
    client.ask("attach", arguments);
    let began = client.event("progressStart");
    assert_eq!(client.event("progressEnd")["progressId"], began["progressId"]);
    client.event("initialized");
    client
}

#[test]
fn an_editor_debugs_the_guest() {
    let Some(guest) = (Boot { options: &["-smp", "2"], ..Boot::default() }).to_shell() else { return };
    let mut guest = guest;
    let mut client = attached(&guest, json!({}));
    let set = client.ask(
        "setFunctionBreakpoints",
        json!({ "breakpoints": [{ "name": "vfs_read" }, { "name": "no_such" }] }),
    );
    assert_eq!(set["breakpoints"][0]["verified"], true, "{set:#}");
    assert!(
        set["breakpoints"][0]["source"]["path"].as_str().unwrap().ends_with("fs/read_write.c"),
        "{set:#}"
    );
    assert_eq!(set["breakpoints"][1]["verified"], false);
    assert!(!set["breakpoints"][1]["message"].as_str().unwrap().is_empty());
    client.ask("configurationDone", json!({}));
    assert_eq!(client.event("stopped")["reason"], "entry");
    // The guest does something that reads, as soon as it goes on.
    guest.type_line("while true; do head -c 9 /proc/uptime; done > /dev/null");
    let stop = client.run("continue", json!({ "threadId": 1 }));
    assert_eq!(stop["reason"], "function breakpoint", "{stop:#}");
    assert_eq!(stop["hitBreakpointIds"][0], set["breakpoints"][0]["id"]);
    let thread = stop["threadId"].clone();
    let threads = client.ask("threads", json!({}));
    let names: Vec<&str> = threads["threads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|thread| thread["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("CPU 0: ") && names[1].starts_with("CPU 1: "), "{names:?}");
    // Stack, in pages.
    let frames = client.frames(&thread, 2);
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0]["name"], "vfs_read");
    assert_eq!(frames[0]["moduleId"], "vmlinux");
    let rest = client.ask("stackTrace", json!({ "threadId": thread, "startFrame": 2, "levels": 50 }));
    let last = rest["stackFrames"].as_array().unwrap().last().unwrap()["name"].clone();
    assert!(["entry_SYSCALL_64", "<user mode>"].contains(&last.as_str().unwrap()), "{rest:#}");
    // Arguments with children, after pointers.
    let reference = client.scope(&frames[0]["id"], "Arguments");
    let arguments = client.variables(&reference);
    let file = named(&arguments, "file");
    assert_eq!(file["type"], "struct file *");
    assert!(file["variablesReference"].as_i64().unwrap() > 0);
    let members = client.variables(&file["variablesReference"]);
    let path = named(&members, "f_path");
    let path = client.variables(&path["variablesReference"]);
    assert_eq!(named(&path, "dentry")["type"], "struct dentry *");
    let hex = client.ask("variables", json!({ "variablesReference": reference, "format": { "hex": true } }));
    let count = named(hex["variables"].as_array().unwrap(), "count").clone();
    assert!(count["value"].as_str().unwrap().starts_with("0x"), "{count:#}");
    let changed = client
        .ask("setVariable", json!({ "variablesReference": reference, "name": "count", "value": "5 + 2" }));
    assert_eq!(changed["value"], "7");
    let value = client.ask(
        "evaluate",
        json!({ "expression": "count * 2", "frameId": frames[0]["id"], "context": "watch" }),
    );
    assert_eq!(value["result"], "14");
    client.ask(
        "setExpression",
        json!({ "expression": "count", "value": count["value"], "frameId": frames[0]["id"] }),
    );
    assert!(
        client
            .refused("evaluate", json!({ "expression": "no_such", "context": "hover" }))
            .contains("no_such")
    );
    // Per-CPU variables and registers.
    let per_cpu = client.scope(&frames[0]["id"], "Per-CPU");
    let page = client.ask("variables", json!({ "variablesReference": per_cpu, "start": 0, "count": 5000 }));
    assert!(page["variables"].as_array().unwrap().iter().any(|one| one["name"] == "runqueues"), "per CPU");
    let registers = client.scope(&frames[0]["id"], "Registers");
    let registers = client.variables(&registers);
    assert!(named(&registers, "rip")["value"].as_str().unwrap().contains("vfs_read"));
    // Memory and instructions, also backwards.
    let pc = frames[0]["instructionPointerReference"].clone();
    let code = client.ask("disassemble", json!({ "memoryReference": pc, "instructionOffset": -4, "instructionCount": 9, "resolveSymbols": true }));
    let code = code["instructions"].as_array().unwrap().clone();
    assert_eq!(code.len(), 9);
    assert_eq!(code[4]["address"], pc, "{code:#?}");
    let banner = client.ask("evaluate", json!({ "expression": "&linux_banner", "context": "watch" }));
    let memory =
        client.ask("readMemory", json!({ "memoryReference": banner["memoryReference"], "count": 13 }));
    assert_eq!(memory["data"], "TGludXggdmVyc2lvbg==", "Linux version");
    let hole = client.ask("readMemory", json!({ "memoryReference": "0x10", "count": 16 }));
    assert_eq!(hole["unreadableBytes"], 16);
    // The console takes commands, and completes them.
    let text = client.ask("evaluate", json!({ "expression": "info kernel", "context": "repl" }));
    assert!(text["result"].as_str().unwrap().contains("Image:     0xffffffff"), "{text:#}");
    let words = client.ask("completions", json!({ "text": "info kern", "column": 10 }));
    assert_eq!(words["targets"][0]["text"], "kernel");
    assert!(
        client.ask("exceptionInfo", json!({ "threadId": thread }))["description"].as_str().unwrap().len()
            > 20
    );
    let modules = client.ask("modules", json!({}));
    assert_eq!(modules["modules"][0]["name"], "vmlinux");
    // Steps.
    client.ask("setFunctionBreakpoints", json!({ "breakpoints": [] }));
    assert_eq!(client.run("next", json!({ "threadId": thread }))["reason"], "step");
    assert_eq!(
        client.run("stepIn", json!({ "threadId": thread, "granularity": "instruction" }))["reason"],
        "step"
    );
    assert_eq!(client.run("stepOut", json!({ "threadId": thread }))["reason"], "step");
    assert_eq!(client.frames(&thread, 1)[0]["name"], "ksys_read");
    assert!(client.refused("scopes", json!({ "frameId": frames[0]["id"] })).contains("earlier stop"));
    // A place of the source as an editor names it, a condition on hits, a text to print.
    let source = json!({ "path": "/home/me/linux/fs/read_write.c" });
    let line = set["breakpoints"][0]["line"].clone();
    let lines = client.ask("breakpointLocations", json!({ "source": source, "line": line, "endLine": line }));
    assert_eq!(lines["breakpoints"][0]["line"], line);
    let places = client.ask(
        "setBreakpoints",
        json!({ "source": source, "breakpoints": [
        { "line": line, "hitCondition": "3" },
        { "line": line, "logMessage": "read {count} bytes, {{not}} {no_such}" },
    ] }),
    );
    assert_eq!(places["breakpoints"][0]["verified"], true, "{places:#}");
    let stop = client.run("continue", json!({ "threadId": thread }));
    assert_eq!(stop["reason"], "breakpoint");
    let logged: Vec<String> = client
        .events
        .iter()
        .filter(|event| event["event"] == "output")
        .map(|event| event["body"]["output"].as_str().unwrap().to_owned())
        .collect();
    let told = logged
        .iter()
        .filter(|text| text.starts_with("read ") && text.contains(" bytes, {not} <No symbol"))
        .count();
    assert!(told >= 2, "{logged:?}");
    let targets = client.ask("gotoTargets", json!({ "source": source, "line": line }));
    let target = targets["targets"][0].clone();
    client.ask("setBreakpoints", json!({ "source": source, "breakpoints": [] }));
    client.run("next", json!({ "threadId": stop["threadId"] }));
    let stop = client.run("goto", json!({ "threadId": stop["threadId"], "targetId": target["id"] }));
    assert_eq!(stop["reason"], "goto");
    assert_eq!(client.frames(&stop["threadId"], 1)[0]["line"], line);
    // Data, and a pause; a list that is set while the guest runs.
    let data = client.ask("dataBreakpointInfo", json!({ "name": "jiffies_64" }));
    client.ask(
        "setDataBreakpoints",
        json!({ "breakpoints": [{ "dataId": data["dataId"], "accessType": "write" }] }),
    );
    assert_eq!(client.run("continue", json!({ "threadId": 1 }))["reason"], "data breakpoint");
    client.ask("setDataBreakpoints", json!({ "breakpoints": [] }));
    client.ask("continue", json!({ "threadId": 1 }));
    assert!(client.refused("stackTrace", json!({ "threadId": 1 })).contains("running"));
    client.ask(
        "setFunctionBreakpoints",
        json!({ "breakpoints": [{ "name": "vfs_read", "condition": "count == 12345678" }] }),
    );
    let stop = client.run("pause", json!({ "threadId": 1 }));
    assert_eq!(stop["reason"], "pause");
    client.ask("disconnect", json!({}));
    client.ends();
}

#[test]
fn bad_requests_are_answered_and_nothing_hangs() {
    let mut client = Client::start(Command::new(env!("CARGO_BIN_EXE_kdive")).args(["-nx", "-i=dap"]));
    client.ask("initialize", json!({}));
    assert!(client.refused("no such request", json!({})).contains("no such request"));
    assert!(client.refused("attach", json!({})).contains("target"));
    assert!(client.refused("attach", json!({ "target": 5 })).contains("attach"));
    assert!(
        client
            .refused("attach", json!({ "program": "/no/such/file", "target": ":1" }))
            .contains("/no/such/file")
    );
    assert!(client.refused("launch", json!({ "target": ":1" })).contains("command"));
    assert!(client.refused("stackTrace", json!({ "threadId": "x" })).contains("stackTrace"));
    assert!(!client.refused("stackTrace", json!({ "threadId": 1 })).is_empty());
    assert!(!client.refused("scopes", json!({ "frameId": 99 })).is_empty());
    assert!(!client.refused("variables", json!({ "variablesReference": 99 })).is_empty());
    assert!(!client.refused("continue", json!({ "threadId": 1 })).is_empty());
    assert!(!client.refused("readMemory", json!({ "memoryReference": "zz", "count": 4 })).is_empty());
    assert_eq!(client.ask("threads", json!({}))["threads"], json!([]));
    client.raw("{ no json");
    client.raw("[]");
    client.raw("{\"type\": \"request\"}");
    client.raw("{\"type\": \"event\"}");
    // A thousand at once.
    let sent: Vec<i64> = (0..1000)
        .map(|number| client.send("evaluate", json!({ "expression": format!("1 + {number}") })))
        .collect();
    for (number, seq) in sent.into_iter().enumerate() {
        assert_eq!(client.answer(seq)["body"]["result"], (1 + number).to_string());
    }
    client.ends();
}

/// The client that the protocol's authors test adapters with, from npm.
#[test]
fn the_protocols_own_client_debugs_the_guest() {
    let Some(client) = kdive_testkit::environment::debug_client() else { return };
    let Some(guest) = (Boot { options: &["-smp", "2"], ..Boot::default() }).to_shell() else { return };
    let mut guest = guest;
    guest.type_line("while true; do head -c 9 /proc/uptime; done > /dev/null");
    let kdive = guest.command();
    let script = crate::root().join("tests/dap/client.cjs");
    let target = guest.stub();
    let mut node = Command::new("node");
    node.arg(script).arg(client).arg(kdive.get_program()).arg(guest.vmlinux()).arg(target);
    for (name, value) in kdive.get_envs() {
        match value {
            Some(value) => node.env(name, value),
            None => node.env_remove(name),
        };
    }
    let output = node.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.ends_with("ok\n"), "{out}{err}");
}
