//! Answers against gdb 13's, word for word, over every address and line of the fixture.
//!
//! Other versions of gdb differ in details (prologue markers, rejected lines), so the test runs only with the one whose
//! rules are followed.

use crate::fixture::{Fixture, text};
use kdive_base::VirtAddr;
use kdive_symbols::{LinespecDefaults, LinespecMode, ModuleSet, Sal};
use std::fmt::Write;
use std::io::Write as _;
use std::process::{Command, Stdio};

const MARK: &str = "=====next=====";

fn gdb_13() -> bool {
    let version =
        Command::new("gdb").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    if String::from_utf8_lossy(&version).lines().next().is_some_and(|line| line.contains(" 13.")) {
        return true;
    }
    kdive_testkit::environment::skip::<()>("no gdb 13").is_some()
}

/// What gdb prints for each command; errors print nothing here.
fn ask_gdb(program: &std::path::Path, commands: &[String]) -> Vec<String> {
    let script = commands.iter().fold(String::new(), |mut script, command| {
        let _ = writeln!(script, "{command}\necho {MARK}\\n");
        script
    });
    let mut child = Command::new("gdb")
        .args([
            "-nx",
            "-q",
            "-ex",
            "set prompt",
            "-ex",
            "set confirm off",
            "-ex",
            "set width 0",
            "-ex",
            "set height 0",
        ])
        .args(["-ex", "set breakpoint pending off", "-ex", &format!("echo {MARK}\\n")])
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(script.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(&format!("{MARK}\n")).skip(1).take(commands.len()).map(str::to_owned).collect()
}

fn symbolic(set: &ModuleSet, addr: VirtAddr) -> String {
    match set.signed_symbolic(addr, false) {
        Some((name, 0)) => format!(" <{name}>"),
        Some((name, offset)) => format!(" <{name}{offset:+}>"),
        None => String::new(),
    }
}

fn resolve(set: &ModuleSet, text: &str, mode: LinespecMode) -> Vec<Sal> {
    let spec = set.parse_linespec(text).unwrap();
    set.resolve(&spec, mode, &LinespecDefaults::default(), set.image()).unwrap_or_default()
}

fn our_info_symbol(set: &ModuleSet, addr: u64) -> String {
    let Some(symbol) = set.symbol_at(VirtAddr(addr)) else {
        return format!("No symbol matches {addr:#x}.\n");
    };
    let offset = addr - symbol.addr.0;
    let offset = if offset == 0 { String::new() } else { format!(" + {offset}") };
    format!("{}{offset} in section {}\n", symbol.name, symbol.section.unwrap())
}

fn our_info_line(set: &ModuleSet, addr: u64) -> String {
    let addr = VirtAddr(addr);
    let Some(line) = set.line_at(addr, false) else {
        return format!("No line number information available for address {addr}{}\n", symbolic(set, addr));
    };
    format!(
        "Line {} of \"{}\" starts at address {}{} and ends at {}{}.\n",
        line.line,
        line.file.name,
        line.start,
        symbolic(set, line.start),
        line.end,
        symbolic(set, line.end)
    )
}

fn our_break(set: &ModuleSet, text: &str, number: &mut u32) -> String {
    let sals = resolve(set, text, LinespecMode::Breakpoint);
    let Some(first) = sals.first() else { return String::new() };
    *number += 1;
    let pc = first.pc.unwrap();
    match (&sals[..], &first.file) {
        ([_], Some(file)) => {
            format!("Breakpoint {number} at {pc}: file {}, line {}.\n", file.name, first.line)
        }
        ([_], None) => format!("Breakpoint {number} at {pc}\n"),
        _ => format!("Breakpoint {number} at {pc}: {text}. ({} locations)\n", sals.len()),
    }
}

fn our_info_scope(set: &ModuleSet, addr: u64) -> String {
    let described = set.scope_at(VirtAddr(addr)).map(|scope| scope.describe()).unwrap_or_default();
    if described.is_empty() {
        return format!("Scope for *{addr:#x}:\nContains no locals or arguments?\n");
    }
    format!("Scope for *{addr:#x}:\n{}\n", described.join("\n"))
}

fn compare(flags: &[&str]) {
    let Some(fixture) = Fixture::program(flags) else { return };
    let set = fixture.set();
    let mut commands: Vec<String> = Vec::new();
    let mut expected: Vec<String> = Vec::new();
    for addr in text(&set) {
        commands.push(format!("info symbol {addr:#x}"));
        expected.push(our_info_symbol(&set, addr));
        commands.push(format!("info line *{addr:#x}"));
        expected.push(our_info_line(&set, addr));
        // Between functions gdb 13 may list a whole file; and a function without names is worded by the command.
        let in_function = set.scope_at(VirtAddr(addr)).is_some_and(|scope| !scope.describe().is_empty());
        if addr % 5 == 0 && in_function {
            commands.push(format!("info scope *{addr:#x}"));
            expected.push(our_info_scope(&set, addr));
        }
    }
    let mut number = 0;
    let functions = [
        "area",
        "visit",
        "print_one",
        "main",
        "counter",
        "twice",
        "clamp",
        "scaled",
        "other_area",
        "_start",
        "nothing",
    ];
    let mut places: Vec<String> = functions.iter().map(ToString::to_string).collect();
    places.extend(["other.c:counter", "shapes.c:counter", "area:out", "shapes.c:area:out"].map(Into::into));
    for (file, lines) in [("shapes.c", 100), ("other.c", 40), ("shapes.h", 75)] {
        places.extend((1..lines).map(|line| format!("{file}:{line}")));
    }
    for place in places {
        let ours = our_break(&set, &place, &mut number);
        commands.push(format!("break {place}"));
        expected.push(ours);
        // Otherwise gdb adds a note to the next one at the same place.
        commands.push("delete".into());
        expected.push(String::new());
    }
    let answers = ask_gdb(&fixture.path, &commands);
    assert_eq!(answers.len(), commands.len());
    let mut wrong = String::new();
    for ((command, answer), expected) in commands.iter().zip(&answers).zip(&expected) {
        if answer != expected {
            let _ = writeln!(wrong, "{command}\n  gdb:  {answer}  ours: {expected}");
        }
    }
    assert!(wrong.is_empty(), "{flags:?}\n{wrong}");
}

#[test]
fn unoptimised() {
    if gdb_13() {
        compare(&["-O0", "-gdwarf-5"]);
        compare(&["-O0", "-gdwarf-4", "-fcf-protection=none"]);
    }
}

#[test]
fn optimised() {
    if gdb_13() {
        compare(&["-O2", "-gdwarf-5"]);
        compare(&["-O2", "-gdwarf-4", "-no-pie"]);
        compare(&["-Os", "-gdwarf-5"]);
        compare(&["-Og", "-g3"]);
    }
}
