//! Making breakpoints.

use crate::breakpoints::breakpoint;
use crate::commands::{Outcome, Session, usage};
use crate::options::Options;
use crate::record::Fields;
use kdive_engine::{
    BreakArgs, BreakRequest, BreakpointKind, Event, SessionError, Switch, WatchKind, WatchRequest,
};

const KNOWN: &[(&str, bool)] = &[
    ("-h", false),
    ("-t", false),
    ("-f", false),
    ("-d", false),
    ("-a", false),
    ("-c", true),
    ("-i", true),
    ("-p", true),
    ("--qualified", false),
    ("-qualified", false),
    ("--force-condition", false),
    ("--source", true),
    ("--function", true),
    ("--label", true),
    ("--line", true),
];

/// What the options of `-break-insert` and `-dprintf-insert` say.
#[derive(Default)]
struct Wanted {
    hardware: bool,
    temporary: bool,
    may_pend: bool,
    disabled: bool,
    force: bool,
    qualified: bool,
    condition: Option<String>,
    ignore: i64,
    thread: Option<String>,
    explicit: Vec<(&'static str, String)>,
}

impl Wanted {
    fn parse<'a>(command: &'a str, args: &'a [String]) -> Result<(Self, &'a [String]), String> {
        let mut wanted = Self::default();
        let mut options = Options::new(command, args);
        while let Some((name, value)) = options.next(KNOWN)? {
            let value = value.to_owned();
            match name {
                "-h" => wanted.hardware = true,
                "-t" => wanted.temporary = true,
                "-f" => wanted.may_pend = true,
                "-d" => wanted.disabled = true,
                "-a" => {
                    return Err("kdive has no tracepoints; dprintf shows values without a stop".to_owned());
                }
                "-c" => wanted.condition = Some(value),
                "-i" => wanted.ignore = value.parse().unwrap_or(0),
                "-p" => wanted.thread = Some(value),
                "--force-condition" => wanted.force = true,
                "--qualified" | "-qualified" => wanted.qualified = true,
                name => wanted.explicit.push((name.trim_start_matches('-'), value)),
            }
        }
        Ok((wanted, options.rest()))
    }

    /// The place as the debugger looks it up, and as the record shows it; the arguments that are left.
    fn location<'a>(
        &self,
        command: &str,
        rest: &'a [String],
    ) -> Result<(String, String, &'a [String]), String> {
        if self.explicit.is_empty() {
            let Some((location, rest)) = rest.split_first() else {
                return Err(format!("-{command}: Missing <location>"));
            };
            let spec = if self.qualified { format!("-qualified {location}") } else { location.clone() };
            return Ok((spec.clone(), spec, rest));
        }
        let get = |wanted: &str| {
            self.explicit.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
        };
        if get("source").is_some()
            && get("function").is_none()
            && get("line").is_none()
            && get("label").is_none()
        {
            return Err(format!("-{command}: --source option requires --function, --label, or --line"));
        }
        if get("label").is_some() && get("function").is_none() {
            return Err(format!("-{command}: a --label needs its --function"));
        }
        let mut parts = Vec::new();
        for name in ["source", "function", "label", "line"] {
            if let Some(value) = get(name) {
                parts.push(format!("-{name} {value}"));
            }
        }
        let shown = parts.join(" ");
        Ok((shown.clone(), shown, rest))
    }
}

impl Session<'_> {
    /// `-break-insert`.
    pub fn break_insert(&mut self, args: &[String]) -> Outcome {
        let (wanted, rest) = Wanted::parse("break-insert", args)?;
        let (spec, _, rest) = wanted.location("break-insert", rest)?;
        if !rest.is_empty() {
            let what = if wanted.explicit.is_empty() { "<location>" } else { "explicit location" };
            return Err(format!("-break-insert: Garbage following {what}"));
        }
        let kind = if wanted.hardware { BreakpointKind::Hardware } else { BreakpointKind::Software };
        self.insert(wanted, spec, kind)
    }

    /// `-dprintf-insert`.
    pub fn dprintf_insert(&mut self, args: &[String]) -> Outcome {
        let (wanted, rest) = Wanted::parse("dprintf-insert", args)?;
        let (spec, _, rest) = wanted.location("dprintf-insert", rest)?;
        let Some((format, values)) = rest.split_first() else {
            return Err("-dprintf-insert: Missing <format>".to_owned());
        };
        let mut text = c_string(format);
        for value in values {
            text.push(',');
            text.push_str(value);
        }
        self.insert(wanted, spec, BreakpointKind::Dprintf(text))
    }

    fn insert(&mut self, wanted: Wanted, spec: String, kind: BreakpointKind) -> Outcome {
        // What follows a place in the console is an option here.
        let parsed = BreakArgs::parse(&spec).map_err(|error| error.to_string())?;
        if !parsed.extra.is_empty() && wanted.explicit.is_empty() && !wanted.qualified {
            return Err(format!("Garbage '{}' at end of location", parsed.extra.trim()));
        }
        let args = BreakArgs {
            location: spec,
            condition: wanted.condition.clone(),
            thread: wanted.thread.clone(),
            force_condition: wanted.force,
            ..BreakArgs::default()
        };
        let request = BreakRequest { args, kind, temporary: wanted.temporary, may_pend: false };
        let added = match self.engine().add_breakpoint(request.clone()) {
            Err(missing @ SessionError::NotFound { .. }) if wanted.may_pend => {
                self.channel().say(true, &format!("{missing}\n"));
                self.engine().add_breakpoint(BreakRequest { may_pend: true, ..request })
            }
            other => other,
        };
        let added = added.map_err(|error| error.to_string())?;
        for warning in added.warnings {
            self.console.show(Event::Warning(warning));
        }
        if wanted.ignore > 0 {
            self.engine().set_ignore(added.number, wanted.ignore).map_err(|error| error.to_string())?;
        }
        if wanted.disabled {
            self.engine().switch(added.number, Switch::Off).map_err(|error| error.to_string())?;
        }
        self.tell_breakpoint(added.number)
    }

    /// `bkpt={...}` of one breakpoint.
    pub fn tell_breakpoint(&mut self, number: u32) -> Outcome {
        let form = self.form();
        let engine = self.engine();
        let shown = engine.breakpoint(number).map_err(|error| error.to_string())?;
        Ok(breakpoint(engine, shown, form))
    }

    /// `-break-watch`.
    pub fn break_watch(&mut self, args: &[String]) -> Outcome {
        let mut options = Options::new("break-watch", args);
        let mut access = WatchKind::Write;
        while let Some((name, _)) = options.next(&[("-r", false), ("-a", false)])? {
            access = if name == "-r" { WatchKind::Read } else { WatchKind::Access };
        }
        if options.rest().is_empty() {
            return usage("-break-watch: Missing <expression>");
        }
        if options.rest().len() > 1 {
            return usage("-break-watch: Garbage following <expression>");
        }
        let text = options.rest().join(" ");
        self.select_scope()?;
        let request = WatchRequest { text: text.clone(), access, location: false };
        let added = self.engine().add_watch(&request).map_err(|error| error.to_string())?;
        let name = match access {
            WatchKind::Write => "wpt",
            WatchKind::Read => "hw-rwpt",
            WatchKind::Access => "hw-awpt",
        };
        let mut fields = Fields::new();
        fields.tuple(name, |fields| {
            fields.field("number", added.number).field("exp", text);
        });
        Ok(fields)
    }

    /// `-catch-...`: the console's `catch`, whose catchpoint is told.
    pub fn catch(&mut self, what: &str, args: &[String]) -> Outcome {
        let before = self.engine().last_number();
        let temporary = args.iter().any(|arg| arg == "-t");
        let words: Vec<&str> =
            args.iter().map(String::as_str).filter(|arg| !matches!(*arg, "-t" | "-d")).collect();
        let command = if temporary { "tcatch" } else { "catch" };
        self.console_command(&format!("{command} {what} {}", words.join(" ")))?;
        let number = self.engine().last_number();
        if number == before {
            return Ok(Fields::new());
        }
        if args.iter().any(|arg| arg == "-d") {
            self.engine().switch(number, Switch::Off).map_err(|error| error.to_string())?;
        }
        self.tell_breakpoint(number)
    }
}

/// A text as it stands in C.
fn c_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
