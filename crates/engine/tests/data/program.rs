//! A program of our own under gdbserver.

use kdive_base::Interrupt;
use kdive_engine::{ConnectOptions, Engine, Event, NewBreakpoint, Request, StepKind, Stop};
use kdive_testkit::environment::{programs, skip};
use std::process::Command;
use std::time::{Duration, Instant};

/// The engine with the program, and the directory the program is in.
pub struct Debugged {
    pub engine: Engine,
    _dir: tempfile::TempDir,
}

/// The engine with the program of `program.c`, without a target, and the directory the program is in; `None` without a compiler.
pub fn loaded() -> Option<(Engine, tempfile::TempDir)> {
    if !programs(&["cc"]) {
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, binary) = (dir.path().join("program.c"), dir.path().join("program"));
    std::fs::write(&source, include_str!("program.c")).unwrap();
    let compiled = Command::new("cc")
        .args(["-g", "-O0", "-o"])
        .args([&binary, &source])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let mut engine = Engine::new(Interrupt::new());
    engine.load(&binary).unwrap();
    Some((engine, dir))
}

/// Starts the program and runs it to a place; `None` where that is not possible.
pub fn stopped_in(place: &str) -> Option<Debugged> {
    if !programs(&["gdbserver"]) {
        return None;
    }
    let (mut engine, dir) = loaded()?;
    let binary = dir.path().join("program");
    let command = format!("| exec gdbserver --once --no-startup-with-shell - {}", binary.display());
    let options = ConnectOptions::default();
    if let Err(error) = engine.connect(&command, &options, kdive_target::Log::new(), &mut || {}) {
        let said: Vec<_> = error.diagnostics.iter().map(|text| String::from_utf8_lossy(text)).collect();
        let said = said.concat();
        // Containers may forbid ptrace.
        assert!(said.contains("ptrace"), "{error}: {said}");
        return skip(&format!("gdbserver may not trace here: {said}"));
    }
    let mut debugged = Debugged { engine, _dir: dir };
    debugged.run_to(place);
    Some(debugged)
}

impl Debugged {
    /// Runs to a place.
    pub fn run_to(&mut self, place: &str) {
        let new = NewBreakpoint { location: place.to_owned(), temporary: true, ..NewBreakpoint::default() };
        self.engine.make_breakpoint(&new).unwrap();
        self.engine.resume(Request::Continue).unwrap();
        self.stop();
    }

    /// Steps to the next line.
    pub fn next(&mut self) {
        self.engine.resume(Request::Step { kind: StepKind::Over, count: 1 }).unwrap();
        self.stop();
    }

    /// Waits until it stands still.
    pub fn stop(&mut self) -> Box<Stop> {
        let limit = Instant::now() + Duration::from_secs(60);
        while Instant::now() < limit {
            match self.engine.poll(Duration::from_secs(1)).unwrap() {
                Some(Event::Stopped(stop)) => return stop,
                Some(Event::Exited { .. } | Event::Killed(_) | Event::Disconnected(_)) => break,
                _ => {}
            }
        }
        panic!("the program did not stop");
    }
}
