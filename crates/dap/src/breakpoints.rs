//! Breakpoints of every kind, each list replaced as a whole by the client.

use crate::arguments::{Arguments, One};
use crate::protocol::{Answer, Failure, Request, address, event, hex};
use crate::server::Server;
use kdive_engine::{
    Breakpoint, LocationState, NewBreakpoint, TROUBLE, WatchKind, WatchRequest, hits_hold, path_ends,
};
use serde_json::{Value, json};

/// A list that the client replaces as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
enum List {
    Source(String),
    Functions,
    Instructions,
    Data,
    Exceptions,
}

/// What a breakpoint is to be made of.
#[derive(Clone, PartialEq, Eq, Debug)]
enum What {
    /// In code: the places to be tried in order, as `break` takes them.
    Code(Vec<String>),
    /// On data: an expression.
    Data(String, WatchKind),
    /// By a command of the console.
    Command(String),
}

/// A breakpoint the client wants.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Wanted {
    what: What,
    condition: Option<String>,
    hits: Option<String>,
    log: Option<String>,
    /// The line that was asked for.
    line: Option<i64>,
}

/// A breakpoint the client has.
struct Entry {
    id: i64,
    list: List,
    wanted: Wanted,
    number: Option<u32>,
    /// Why there is none.
    error: Option<String>,
    /// What the client was told of it.
    told: Value,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Breakpoints {
    entries: Vec<Entry>,
    last: i64,
}

impl One {
    fn wanted(&self, what: What) -> Wanted {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        Wanted {
            what,
            condition: filled(&self.condition),
            hits: filled(&self.hit_condition),
            log: filled(&self.log_message),
            line: (self.line > 0).then_some(self.line),
        }
    }
}

/// The ends of a path, the whole first: the kernel's files are known by their paths in its tree.
fn places(path: &str, line: i64) -> Vec<String> {
    path_ends(path).map(|end| format!("{end}:{line}")).collect()
}

impl Server<'_> {
    pub(crate) fn set_breakpoints(&mut self, request: &Request) -> Answer {
        let set: Arguments = request.parse()?;
        let path = set
            .source
            .path
            .or(set.source.name)
            .or_else(|| set.source.source_reference.and_then(|reference| self.sources.name(reference)));
        let path = path.ok_or_else(|| Failure::new("arguments", "setBreakpoints names no source"))?;
        let first = i64::from(!self.client.lines_from_1);
        let wanted = set
            .breakpoints
            .iter()
            .map(|one| {
                let line = one.line + first;
                Wanted { line: Some(line), ..one.wanted(What::Code(places(&path, line))) }
            })
            .collect();
        self.replace(&List::Source(path), wanted)
    }

    pub(crate) fn set_function_breakpoints(&mut self, request: &Request) -> Answer {
        let set: Arguments = request.parse()?;
        let wanted = set.breakpoints.iter().map(|one| one.wanted(What::Code(vec![one.name.clone()])));
        self.replace(&List::Functions, wanted.collect())
    }

    pub(crate) fn set_instruction_breakpoints(&mut self, request: &Request) -> Answer {
        let set: Arguments = request.parse()?;
        let mut wanted = Vec::new();
        for one in &set.breakpoints {
            let addr = address(&one.instruction_reference, one.offset)?;
            wanted.push(one.wanted(What::Code(vec![format!("*{addr:#x}")])));
        }
        self.replace(&List::Instructions, wanted)
    }

    pub(crate) fn set_data_breakpoints(&mut self, request: &Request) -> Answer {
        let set: Arguments = request.parse()?;
        let wanted = set.breakpoints.iter().map(|one| {
            let access = match one.access_type.as_deref() {
                Some("read") => WatchKind::Read,
                Some("readWrite") => WatchKind::Access,
                _ => WatchKind::Write,
            };
            one.wanted(What::Data(one.data_id.clone(), access))
        });
        self.replace(&List::Data, wanted.collect())
    }

    pub(crate) fn set_exception_breakpoints(&mut self, request: &Request) -> Answer {
        let set: Arguments = request.parse()?;
        let command = |filter: &String| TROUBLE.iter().find(|(name, _, _)| name == filter).map(|row| row.2);
        let wanted = set.filters.iter().map(|filter| {
            let command = command(filter).unwrap_or_default();
            One::default().wanted(What::Command(command.to_owned()))
        });
        self.replace(&List::Exceptions, wanted.collect())
    }

    /// Puts a list in the place of the one there was. What is in both stays as it is.
    fn replace(&mut self, list: &List, wanted: Vec<Wanted>) -> Answer {
        let resumes = self.halt_for_a_while();
        let (mut old, others): (Vec<Entry>, Vec<Entry>) =
            std::mem::take(&mut self.breakpoints.entries).into_iter().partition(|entry| entry.list == *list);
        self.breakpoints.entries = others;
        let mut kept = Vec::new();
        for wanted in wanted {
            match old.iter().position(|entry| entry.wanted == wanted && entry.error.is_none()) {
                Some(at) => kept.push(Ok(old.swap_remove(at))),
                None => kept.push(Err(wanted)),
            }
        }
        for entry in old {
            if let Some(number) = entry.number {
                // It may have been deleted in the console.
                let _ = self.engine().delete(number);
            }
        }
        let mut bodies = Vec::new();
        for kept in kept {
            let mut entry = match kept {
                Ok(entry) => entry,
                Err(wanted) => self.make(list.clone(), wanted),
            };
            entry.told = self.body(&entry);
            bodies.push(entry.told.clone());
            self.breakpoints.entries.push(entry);
        }
        self.go_on(resumes);
        Ok(json!({ "breakpoints": bodies }))
    }

    fn make(&mut self, list: List, wanted: Wanted) -> Entry {
        self.breakpoints.last += 1;
        let made = match &wanted.hits {
            Some(hits) if hits_hold(hits, 1).is_none() => {
                Err(format!("{hits:?} is no condition on hits: 5, > 3, == 2, % 10 are"))
            }
            _ => self.make_number(&wanted),
        };
        let (number, error) = match made {
            Ok(number) => (Some(number), None),
            Err(error) => (None, Some(error)),
        };
        Entry { id: self.breakpoints.last, list, wanted, number, error, told: Value::Null }
    }

    fn make_number(&mut self, wanted: &Wanted) -> Result<u32, String> {
        match &wanted.what {
            What::Code(places) => {
                let new = |place: &String, may_pend| NewBreakpoint {
                    location: place.clone(),
                    condition: wanted.condition.clone(),
                    // The text is made here when it is hit.
                    log: wanted.log.as_ref().map(|_| "\"\"".to_owned()),
                    may_pend,
                    ..NewBreakpoint::default()
                };
                let engine = self.engine();
                let mut error = String::new();
                for place in places {
                    match engine.make_breakpoint(&new(place, false)) {
                        Ok(number) => return Ok(number),
                        Err(why) => error = why.to_string(),
                    }
                }
                // It waits for a module that has the file; by the end of the path that a module's file has too.
                let place =
                    places.get(places.len().saturating_sub(1)).filter(|place| !place.starts_with('*'));
                let pending = place.and_then(|place| engine.make_breakpoint(&new(place, true)).ok());
                pending.ok_or(error)
            }
            What::Data(expression, access) => {
                let text = match &wanted.condition {
                    Some(condition) => format!("{expression} if {condition}"),
                    None => expression.clone(),
                };
                let request = WatchRequest { text, access: *access, location: false };
                self.engine().add_watch(&request).map(|added| added.number).map_err(|error| error.to_string())
            }
            What::Command(command) if command.is_empty() => Err("there is no such filter".to_owned()),
            What::Command(command) => {
                let before = self.engine().last_number();
                let answer = self.console.command(command);
                let number = self.engine().last_number();
                match answer.error {
                    None if number > before => Ok(number),
                    error => Err(error.unwrap_or_else(|| format!("{command} made no breakpoint"))),
                }
            }
        }
    }

    /// What is told of a breakpoint.
    fn body(&mut self, entry: &Entry) -> Value {
        let mut body = json!({ "id": entry.id, "verified": false });
        if let Some(line) = entry.wanted.line {
            body["line"] = (line - i64::from(!self.client.lines_from_1)).into();
        }
        let found = entry.number.and_then(|number| self.engine().breakpoint(number).ok().cloned());
        let Some(breakpoint) = found else {
            let why = entry.error.clone().unwrap_or_else(|| "it was deleted".to_owned());
            body["message"] = why.into();
            return body;
        };
        self.describe(&breakpoint, &mut body);
        body
    }

    fn describe(&mut self, breakpoint: &Breakpoint, body: &mut Value) {
        if breakpoint.is_watch() || breakpoint.is_catch() {
            body["verified"] = true.into();
            return;
        }
        let Some(location) = breakpoint.locations.first() else {
            let connected = self.engine().target().is_some();
            body["reason"] = "pending".into();
            body["message"] = match connected {
                true => "no file or module that is loaded has it; it waits for one that does",
                false => "not connected yet",
            }
            .into();
            return;
        };
        if let LocationState::Failed(why) = &location.state {
            body["message"] = why.to_string().into();
            return;
        }
        body["verified"] = true.into();
        body["instructionReference"] = hex(location.place.addr.0).into();
        if location.place.line > 0 {
            body["line"] = (i64::from(location.place.line) - i64::from(!self.client.lines_from_1)).into();
            if let Some(path) = self.engine().source_path(&location.place) {
                body["source"] = self.source_body(&path);
            }
        }
        match &location.state {
            LocationState::HardwareInstead(reason) => body["message"] = reason.to_string().into(),
            LocationState::Owed(reason) => body["message"] = reason.clone().into(),
            _ => {}
        }
    }

    /// Tells what has become of breakpoints since the client was told last.
    pub(crate) fn tell_breakpoints(&mut self) {
        let mut entries = std::mem::take(&mut self.breakpoints.entries);
        for entry in &mut entries {
            let body = self.body(entry);
            if body != entry.told {
                self.output.send(event("breakpoint", json!({ "reason": "changed", "breakpoint": body })));
                entry.told = body;
            }
        }
        self.breakpoints.entries = entries;
    }

    /// Ids of the breakpoints with these numbers.
    pub(crate) fn ids(&self, numbers: &[u32]) -> Vec<i64> {
        let entries = self.breakpoints.entries.iter();
        entries
            .filter(|entry| entry.number.is_some_and(|it| numbers.contains(&it)))
            .map(|entry| entry.id)
            .collect()
    }

    /// Whether a breakpoint stops at this hit, by its condition on hits.
    pub(crate) fn counts(&mut self, number: u32) -> bool {
        let entry = self.breakpoints.entries.iter().find(|entry| entry.number == Some(number));
        let Some(condition) = entry.and_then(|entry| entry.wanted.hits.clone()) else { return true };
        let hits = self.engine().breakpoint(number).map_or(0, |breakpoint| breakpoint.hits);
        hits_hold(&condition, hits).unwrap_or(true)
    }

    /// Whether a breakpoint is one of data, of code by address, of a function, or of trouble; for the reason of a stop.
    pub(crate) fn reason_of(&self, number: u32) -> &'static str {
        let entry = self.breakpoints.entries.iter().find(|entry| entry.number == Some(number));
        match entry.map(|entry| &entry.list) {
            Some(List::Data) => "data breakpoint",
            Some(List::Functions) => "function breakpoint",
            Some(List::Instructions) => "instruction breakpoint",
            Some(List::Exceptions) => "exception",
            _ => "breakpoint",
        }
    }

    /// A log point was hit.
    pub(crate) fn log(&mut self, number: u32) {
        let entry = self.breakpoints.entries.iter().find(|entry| entry.number == Some(number));
        let Some(template) = entry.and_then(|entry| entry.wanted.log.clone()) else { return };
        if self.counts(number) {
            let text = self.engine().log_text(&template);
            self.print("console", &format!("{text}\n"));
        }
    }

    /// Lines of a file that have code.
    pub(crate) fn breakpoint_locations(&mut self, request: &Request) -> Answer {
        let range: Arguments = request.parse()?;
        let path = range.source.path.or(range.source.name).unwrap_or_default();
        let first = i64::from(!self.client.lines_from_1);
        let (from, to) = (range.line + first, range.end_line.unwrap_or(range.line) + first);
        let number = |line: i64| u32::try_from(line).unwrap_or_default();
        let lines = self.engine().lines_by_path(&path, number(from), number(to));
        let found: Vec<Value> =
            lines.into_iter().map(|line| json!({ "line": i64::from(line) - first })).collect();
        Ok(json!({ "breakpoints": found }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_looked_for_by_the_ends_of_its_path() {
        assert_eq!(
            places("/src/fs/open.c", 7),
            ["/src/fs/open.c:7", "src/fs/open.c:7", "fs/open.c:7", "open.c:7"]
        );
        assert_eq!(places("a.c", 1), ["a.c:1"]);
    }
}
