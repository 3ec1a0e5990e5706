//! What the client is told while things happen: text, what runs and stops, what has changed.

use crate::breakpoints::{Form, breakpoint};
use crate::record::{Fields, quote};
use crate::stop;
use kdive_engine::{Breakpoint, Engine, Event, Observer, Piece, StopReason};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The way to the client, and what it was told last.
pub struct Channel {
    out: Box<dyn Write>,
    /// Whether nobody reads any more.
    pub closed: bool,
    /// Text that has no end of line yet, and whether it is an error.
    text: (bool, String),
    /// Token of the command that runs.
    pub token: String,
    /// Whether that command was answered (`^running`).
    pub answered: bool,
    /// Whether the command that runs is one of MI: it changes breakpoints without being told so.
    pub is_quiet: bool,
    running: Arc<AtomicBool>,
    /// Records about stops, which come after the text.
    stops: Vec<String>,
    breakpoints: Vec<(Breakpoint, String)>,
    threads: Vec<u32>,
    group: Option<String>,
    modules: Vec<String>,
    /// `-fix-multi-location-breakpoint-output`.
    pub nested_locations: bool,
    /// `-fix-breakpoint-script-output`.
    pub script_list: bool,
}

/// A channel with several users.
pub type Shared = Rc<RefCell<Channel>>;

impl Channel {
    /// A channel that writes to `out`.
    pub fn new(out: Box<dyn Write>, running: Arc<AtomicBool>, version: u8) -> Self {
        Self {
            out,
            closed: false,
            text: (false, String::new()),
            token: String::new(),
            answered: false,
            is_quiet: false,
            running,
            stops: Vec::new(),
            breakpoints: Vec::new(),
            threads: Vec::new(),
            group: None,
            modules: Vec::new(),
            nested_locations: version >= 3,
            script_list: version >= 4,
        }
    }

    fn write(&mut self, line: &str) {
        let written = self.out.write_all(line.as_bytes()).and_then(|()| self.out.write_all(b"\n"));
        if written.is_err() {
            self.closed = true;
        }
    }

    /// Writes a record, after the text so far.
    pub fn record(&mut self, line: &str) {
        self.end_text();
        self.write(line);
    }

    /// `CLASS,FIELDS`, before it `prefix`.
    pub fn notify(&mut self, class: &str, fields: &Fields) {
        let comma = if fields.is_empty() { "" } else { "," };
        self.record(&format!("{class}{comma}{}", fields.text()));
    }

    /// Writes what was not ended by an end of line.
    pub fn end_text(&mut self) {
        let (is_error, text) = std::mem::take(&mut self.text);
        if !text.is_empty() {
            self.write(&format!("{}{}", if is_error { '&' } else { '~' }, quote(&text)));
        }
    }

    /// Text for the user: one record a line.
    pub fn say(&mut self, is_error: bool, text: &str) {
        if self.text.0 != is_error {
            self.end_text();
            self.text.0 = is_error;
        }
        for part in text.split_inclusive('\n') {
            self.text.1.push_str(part);
            if part.ends_with('\n') {
                self.end_text();
                self.text.0 = is_error;
            }
        }
    }

    /// What the target printed.
    pub fn target_output(&mut self, bytes: &[u8]) {
        self.record(&format!("@{}", quote(&String::from_utf8_lossy(bytes))));
    }

    /// The prompt.
    pub fn prompt(&mut self) {
        self.record("(gdb) ");
        self.flush();
    }

    /// Sends what was written.
    pub fn flush(&mut self) {
        if self.out.flush().is_err() {
            self.closed = true;
        }
    }

    /// Whether no record of a stop waits.
    pub fn is_without_stops(&self) -> bool {
        self.stops.is_empty()
    }

    /// How breakpoints are written.
    pub fn form(&self, engine: &Engine) -> Form {
        Form {
            nested_locations: self.nested_locations,
            script_list: self.script_list,
            connected: engine.target().is_some(),
        }
    }

    /// Writes the stops that wait for it.
    pub fn tell_stops(&mut self) {
        for line in std::mem::take(&mut self.stops) {
            self.record(&line);
        }
    }

    /// Tells what has changed of breakpoints since the last time, unless the client changed it itself.
    pub fn tell_breakpoints(&mut self, engine: &Engine, hits: &[u32], quietly: bool) -> Vec<u32> {
        let form = self.form(engine);
        let old = std::mem::take(&mut self.breakpoints);
        let mut deleted = Vec::new();
        for (shown, _) in &old {
            if engine.breakpoints().all(|now| now.number != shown.number) {
                if hits.contains(&shown.number) && !quietly {
                    let mut hit = shown.clone();
                    hit.hits += 1;
                    self.notify("=breakpoint-modified", &breakpoint(engine, &hit, form));
                }
                deleted.push(shown.number);
            }
        }
        for shown in engine.breakpoints() {
            let fields = breakpoint(engine, shown, form);
            let before = old.iter().find(|(before, _)| before.number == shown.number);
            match before {
                _ if quietly => {}
                None => self.notify("=breakpoint-created", &fields),
                Some((_, text)) if text != fields.text() => self.notify("=breakpoint-modified", &fields),
                Some(_) => {}
            }
            self.breakpoints.push((shown.clone(), fields.text().to_owned()));
        }
        deleted
    }

    /// The breakpoint as it was before the last stop.
    fn known(&self, number: u32) -> Option<&Breakpoint> {
        self.breakpoints.iter().map(|(shown, _)| shown).find(|shown| shown.number == number)
    }

    /// Tells everything that has changed: the program, its threads, modules, breakpoints.
    pub fn tell_changes(&mut self, engine: &Engine) {
        self.tell_threads(engine);
        self.tell_modules(engine);
        let quietly = self.is_quiet;
        for number in self.tell_breakpoints(engine, &[], quietly) {
            if !quietly {
                self.record(&format!("=breakpoint-deleted,id=\"{number}\""));
            }
        }
    }

    fn tell_threads(&mut self, engine: &Engine) {
        let connected = engine.target().is_some();
        if connected && self.group.is_none() {
            let pid =
                engine.known_threads().entries().first().and_then(|entry| entry.id.pid).unwrap_or(42000);
            self.record(&format!("=thread-group-started,id=\"i1\",pid=\"{pid}\""));
            self.group = Some(pid.to_string());
        }
        let now: Vec<u32> = engine.known_threads().entries().iter().map(|entry| entry.number).collect();
        for gone in std::mem::take(&mut self.threads) {
            if !now.contains(&gone) {
                self.record(&format!("=thread-exited,id=\"{gone}\",group-id=\"i1\""));
            } else {
                self.threads.push(gone);
            }
        }
        for &number in &now {
            if !self.threads.contains(&number) {
                self.record(&format!("=thread-created,id=\"{number}\",group-id=\"i1\""));
            }
        }
        self.threads = now;
        if !connected && self.group.take().is_some() {
            self.record("=thread-group-exited,id=\"i1\"");
        }
    }

    fn tell_modules(&mut self, engine: &Engine) {
        let now = engine.module_files();
        let old = std::mem::take(&mut self.modules);
        for name in old.iter().filter(|name| !now.contains(name)) {
            let mut fields = Fields::new();
            fields.field("id", name).field("target-name", name).field("host-name", name);
            fields.field("thread-group", "i1");
            self.notify("=library-unloaded", &fields);
        }
        for name in now.iter().filter(|name| !old.contains(name)) {
            let mut fields = Fields::new();
            fields.field("id", name).field("target-name", name).field("host-name", name);
            fields.field("symbols-loaded", 1).field("thread-group", "i1");
            self.notify("=library-loaded", &fields);
        }
        self.modules = now;
    }

    /// The program has ended.
    fn tell_exit(&mut self, code: Option<u8>) {
        for thread in std::mem::take(&mut self.threads) {
            self.record(&format!("=thread-exited,id=\"{thread}\",group-id=\"i1\""));
        }
        if self.group.take().is_some() {
            let code = code.map(|code| format!(",exit-code=\"{code:o}\"")).unwrap_or_default();
            self.record(&format!("=thread-group-exited,id=\"i1\"{code}"));
        }
    }
}

/// Text goes to the client as it comes.
pub fn text_sink(channel: &Shared) -> Box<dyn FnMut(Piece)> {
    let channel = Rc::clone(channel);
    Box::new(move |piece: Piece| {
        if let Ok(mut channel) = channel.try_borrow_mut() {
            channel.say(piece.is_error, &piece.text);
        }
    })
}

/// Follows the program.
pub struct Follower(pub Shared);

impl Observer for Follower {
    fn resumed(&mut self, _: &mut Engine) {
        let mut channel = self.0.borrow_mut();
        channel.tell_stops();
        let first = !channel.answered;
        if first {
            channel.answered = true;
            let line = format!("{}^running", channel.token);
            channel.record(&line);
        }
        channel.record("*running,thread-id=\"all\"");
        channel.running.store(true, Ordering::SeqCst);
        if first {
            channel.prompt();
        }
    }

    fn stopped(&mut self, engine: &mut Engine, event: &Event) {
        let mut channel = self.0.borrow_mut();
        channel.running.store(false, Ordering::SeqCst);
        match event {
            // A function that an expression called has returned: nothing has happened.
            Event::Stopped(stop)
                if stop.reasons == [StopReason::Returned] && engine.program().is_evaluating() => {}
            Event::Stopped(stop) => {
                channel.tell_threads(engine);
                channel.tell_modules(engine);
                let hits: Vec<u32> = stop.hits().map(|hit| hit.number).collect();
                let known = |number: u32| channel.known(number).map(|shown| shown.disposition.name());
                let dispositions: Vec<(u32, &'static str)> =
                    hits.iter().filter_map(|number| Some((*number, known(*number)?))).collect();
                let deleted = channel.tell_breakpoints(engine, &hits, false);
                let line = stop::record(engine, stop, |number| {
                    dispositions.iter().find(|(known, _)| *known == number).map_or("keep", |(_, text)| text)
                });
                channel.stops.push(line);
                channel
                    .stops
                    .extend(deleted.iter().map(|number| format!("=breakpoint-deleted,id=\"{number}\"")));
            }
            Event::Exited { code, .. } => {
                channel.tell_exit(Some(*code));
                channel.stops.push(match code {
                    0 => "*stopped,reason=\"exited-normally\"".to_owned(),
                    code => format!("*stopped,reason=\"exited\",exit-code=\"{code:02o}\""),
                });
            }
            Event::Killed(signal) => {
                channel.tell_exit(None);
                let (name, meaning) = stop::signal(*signal);
                channel.stops.push(format!(
                    "*stopped,reason=\"exited-signalled\",signal-name={},signal-meaning={}",
                    quote(&name),
                    quote(&meaning)
                ));
            }
            _ => channel.tell_exit(None),
        }
    }
}
