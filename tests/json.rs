//! `kdive --json` as a process: every line is what docs/json.md says.

use crate::cli::Place;
use crate::linux::guest::Boot;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The tables of docs/json.md.
struct Schema {
    /// Fields and types of each object.
    objects: BTreeMap<String, Vec<(String, String)>>,
    /// The object of each kind of result.
    kinds: BTreeMap<String, String>,
    events: BTreeMap<String, String>,
}

impl Schema {
    fn read() -> Self {
        let page = fs::read_to_string(crate::root().join("docs/json.md")).unwrap();
        let mut schema = Self { objects: BTreeMap::new(), kinds: BTreeMap::new(), events: BTreeMap::new() };
        let (mut section, mut object) = (String::new(), String::new());
        for line in page.lines() {
            if let Some(name) = line.strip_prefix("## ") {
                section = name.to_owned();
            } else if let Some(name) = line.strip_prefix("### ") {
                object = name.to_owned();
                schema.objects.insert(object.clone(), Vec::new());
            } else if let Some(row) = line.strip_prefix("| `") {
                let cells: Vec<&str> = row.split(" | ").collect();
                let (name, second) = (cells[0].trim_end_matches('`').to_owned(), cells[1].to_owned());
                match section.as_str() {
                    "Kinds" => drop(schema.kinds.insert(name, second)),
                    "Events" => drop(schema.events.insert(name, second)),
                    _ => schema.objects.get_mut(&object).unwrap().push((name, second)),
                }
            }
        }
        schema
    }

    /// Checks a line; its kind, event, or `error`.
    #[track_caller]
    fn check(&self, line: &str) -> (String, Value) {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let kind = value["type"].as_str().unwrap_or_else(|| panic!("no type: {line}")).to_owned();
        assert!(["result", "error", "event"].contains(&kind.as_str()), "{line}");
        self.object(&kind, &value, line);
        let (name, table) = match kind.as_str() {
            "result" => (value["kind"].as_str().unwrap().to_owned(), &self.kinds),
            "event" => (value["event"].as_str().unwrap().to_owned(), &self.events),
            _ => return ("error".to_owned(), value),
        };
        let object = table.get(&name).unwrap_or_else(|| panic!("{name} is not documented: {line}"));
        match object.as_str() {
            "none" => assert_eq!(value["data"], Value::Null, "{line}"),
            object => self.object(object, &value["data"], line),
        }
        (name, value)
    }

    #[track_caller]
    fn object(&self, name: &str, value: &Value, line: &str) {
        let fields = self.objects.get(name).unwrap_or_else(|| panic!("no object {name} in docs/json.md"));
        let members = value.as_object().unwrap_or_else(|| panic!("{name} is no object: {value} in {line}"));
        for (field, ty) in fields {
            let (ty, optional) = ty.strip_suffix(", optional").map_or((ty.as_str(), false), |ty| (ty, true));
            match members.get(field) {
                Some(value) => self.value(ty, value, &format!("{name}.{field} in {line}")),
                None => assert!(optional, "{name} lacks {field}: {line}"),
            }
        }
        for member in members.keys() {
            assert!(
                fields.iter().any(|(field, _)| field == member),
                "{name}.{member} is not documented: {line}"
            );
        }
    }

    #[track_caller]
    fn value(&self, ty: &str, value: &Value, what: &str) {
        if let Some(ty) = ty.strip_suffix('?') {
            if !value.is_null() {
                self.value(ty, value, what);
            }
            return;
        }
        if let Some(ty) = ty.strip_suffix("[]") {
            let items = value.as_array().unwrap_or_else(|| panic!("no list: {what}"));
            return items.iter().for_each(|item| self.value(ty, item, what));
        }
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match ty {
            "string" => assert!(value.is_string(), "no string: {what}"),
            "integer" => assert!(value.is_i64() || value.is_u64(), "no integer: {what}"),
            "boolean" => assert!(value.is_boolean(), "no boolean: {what}"),
            "hex" => {
                let number = value.as_str().and_then(|text| text.strip_prefix("0x"));
                assert!(number.is_some_and(|text| !text.is_empty() && digits(text)), "no hex: {what}");
            }
            "bytes" => {
                let good = value.as_str().is_some_and(|text| text.len().is_multiple_of(2) && digits(text));
                assert!(good, "no bytes: {what}");
            }
            "any" | "data" => {}
            object => self.object(object, value, what),
        }
    }
}

/// The objects of a session, checked: the kind, event or `error` of each with its object.
#[track_caller]
fn checked(out: &str) -> Vec<(String, Value)> {
    let schema = Schema::read();
    out.lines().map(|line| schema.check(line)).collect()
}

#[track_caller]
fn answer<'v>(objects: &'v [(String, Value)], command: &str) -> &'v Value {
    let found = objects.iter().find(|(_, value)| value["command"] == command);
    &found.unwrap_or_else(|| panic!("no answer to {command}: {objects:#?}")).1
}

#[test]
fn commands_from_everywhere_are_answered() {
    let place = Place::new();
    place.file("good.gdb", "# a comment\ndefine twice\necho $arg0 $arg0\\n\nend\ntwice 7\n");
    place.file("bad.gdb", "print 1\nfoo\nprint 2\n");
    let outcome = place.run(
        &["-nx", "--json", "-ex", "print 6 * 7", "-x", "good.gdb", "-x", "bad.gdb"],
        "print nosuch\n\nshow version\nquit 3\nprint 5\n",
    );
    let objects = checked(&outcome.out);
    assert_eq!(outcome.status, 3, "{}", outcome.out);
    assert_eq!(answer(&objects, "print 6 * 7")["data"]["value"], "42");
    assert_eq!(answer(&objects, "twice 7")["text"][0], "7 7");
    assert_eq!(answer(&objects, "foo")["code"], "undefined-command");
    assert!(objects.iter().all(|(_, value)| value["command"] != "print 2"), "a file ends where it fails");
    assert!(answer(&objects, "print nosuch")["message"].as_str().unwrap().starts_with("No symbol"));
    assert_eq!(answer(&objects, "show version")["kind"], "text");
    assert!(objects.iter().all(|(_, value)| value["command"] != "print 5"), "kdive has left");
    for (args, status) in
        [(&["-ex", "foo"][..], 1), (&["-ex", "foo", "-ex", "print 1"], 0), (&["-x", "none"], 1)]
    {
        let args = [&["-nx", "--json", "-batch"], args].concat();
        let outcome = place.run(&args, "");
        assert_eq!((outcome.status, outcome.err.as_str()), (status, ""), "{args:?}: {}", outcome.out);
        checked(&outcome.out);
    }
    let args = ["-nx", "--json", "-batch", "-timeout", "0.2", "-ex", "while 1", "-ex", "print 1"];
    let outcome = place.run(&args, "set $x = 1\nend\n");
    assert_eq!(outcome.status, 124, "the body comes from standard input: {}", outcome.out);
    assert_eq!(checked(&outcome.out).last().unwrap().1["code"], "time-limit");
}

#[test]
fn nonsense_is_answered_and_a_long_line_is_refused() {
    let place = Place::new();
    let long = "x".repeat(3 << 20);
    let outcome = place.run(&["-nx", "--json"], &format!("{long}\n\u{1}\n\u{fffd}\nprint 1\n"));
    let objects = checked(&outcome.out);
    assert_eq!(outcome.status, 0);
    assert_eq!(objects[0].1["code"], "input");
    assert_eq!(answer(&objects, "print 1")["data"]["value"], "1");
    // A thousand commands at once.
    let many: String = (0..1000).map(|number| format!("print {number}\n")).collect();
    let objects = checked(&place.run(&["-nx", "--json"], &many).out);
    assert_eq!(objects.len(), 1000);
    for (number, (_, object)) in objects.iter().enumerate() {
        assert_eq!(object["data"]["value"], number.to_string());
    }
}

/// Both on one guest: moved by KASLR, two CPUs, a module that ends in an oops.
#[test]
fn programs_and_assistants_debug_the_guest() {
    let Some(mut guest) = (Boot { options: &["-smp", "2"], ..Boot::default() }).to_shell() else { return };
    guest.shell("insmod /modules/kdive_test.ko; insmod /modules/poc.ko");
    guest.type_line("while true; do head -c 9 /proc/uptime; done > /dev/null");
    session(&guest);
    crate::mcp::session(&guest);
}

fn session(guest: &crate::linux::guest::Guest) {
    let script = "target remote guest.sock
info kernel
info threads
ps
info modules
lx-dmesg 3
analyze
print init_task.se
print jiffies_64
x/4xg $sp
x/2i $pc
info registers rip rax
info registers nosuch
print nosuch
task 1
bt 4
break vfs_read if count > 0
continue
bt
info args
info locals
finish
watch jiffies_64
continue
info breakpoints
delete
next
detach
";
    let mut command = guest.command();
    command.args(["-nx", "--json", "-module-path"]).arg(guest.file("modules")).arg(guest.vmlinux());
    let out = crate::mcp::piped(&mut command, script);
    let objects = checked(&out);
    let seen: BTreeSet<&str> = objects.iter().map(|(name, _)| name.as_str()).collect();
    for wanted in [
        "kernel",
        "threads",
        "tasks",
        "modules",
        "log",
        "analysis",
        "value",
        "memory",
        "instructions",
        "registers",
        "frames",
        "breakpoints",
        "variables",
        "stopped",
        "running",
        "kernel-found",
        "module-loaded",
        "breakpoint-created",
        "breakpoint-changed",
        "breakpoint-deleted",
        "error",
    ] {
        assert!(seen.contains(wanted), "no {wanted}: {out}");
    }
    let tasks = answer(&objects, "ps")["data"]["tasks"].as_array().unwrap().clone();
    assert!(tasks.iter().any(|task| task["pid"] == 1 && task["comm"] == "init"), "{tasks:?}");
    let modules = answer(&objects, "info modules")["data"]["modules"].to_string();
    assert!(modules.contains("kdive_test"), "{modules}");
    let report = &answer(&objects, "analyze")["data"]["report"];
    assert_eq!(report["cause"]["wrong"], "null", "{report:#}");
    assert_eq!(report["cause"]["member"], "pid");
    assert_eq!(report["frame"]["function"], "hello_init");
    assert_eq!(answer(&objects, "info registers nosuch")["code"], "no-register");
    assert_eq!(answer(&objects, "print nosuch")["code"], "no-symbol");
    let stops: Vec<&Value> =
        objects.iter().filter(|(name, _)| name == "stopped").map(|(_, value)| &value["data"]).collect();
    let reason = |at: usize| stops[at]["reasons"][0]["reason"].as_str().unwrap_or_default();
    assert_eq!(reason(1), "breakpoint", "{stops:#?}");
    assert_eq!(stops[1]["frame"]["function"], "vfs_read");
    let watched = stops.iter().find(|stop| stop["reasons"][0]["reason"] == "watchpoint").unwrap();
    let value = |name: &str| watched["reasons"][0][name].as_str().unwrap().parse::<u64>().unwrap();
    assert!(value("value") > value("old"), "{watched:#}");
    let frames = answer(&objects, "bt")["data"]["frames"].as_array().unwrap();
    assert_eq!(frames[0]["function"], "vfs_read");
    assert_eq!(answer(&objects, "info args")["data"]["variables"].as_array().unwrap().len(), 4);
}
