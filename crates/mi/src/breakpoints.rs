//! Breakpoints as records.

use crate::record::Fields;
use kdive_engine::{Breakpoint, BreakpointKind, Engine, Location};

/// How records of breakpoints are written, which depends on the version of MI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form {
    /// Several locations are a list within the breakpoint (MI 3), not tuples after it.
    pub nested_locations: bool,
    /// Commands are a list (MI 4), not a tuple.
    pub script_list: bool,
    /// There is a target: it is told who evaluates conditions.
    pub connected: bool,
}

/// `bkpt={...}`.
pub fn breakpoint(engine: &Engine, shown: &Breakpoint, form: Form) -> Fields {
    let mut fields = Fields::new();
    let several = is_multiple(shown);
    fields.tuple("bkpt", |fields| {
        main(engine, shown, form, several, fields);
        if several && form.nested_locations {
            fields.list("locations", |fields| locations(engine, shown, fields));
        }
    });
    if several && !form.nested_locations {
        locations(engine, shown, &mut fields);
    }
    fields
}

fn is_multiple(shown: &Breakpoint) -> bool {
    shown.locations.len() > 1
        || shown.locations.iter().any(|location| !location.enabled || location.condition_invalid)
}

fn locations(engine: &Engine, shown: &Breakpoint, fields: &mut Fields) {
    for (index, location) in shown.locations.iter().enumerate() {
        fields.tuple("", |fields| {
            fields.field("number", format_args!("{}.{}", shown.number, index + 1));
            let enabled = match (location.condition_invalid, location.enabled) {
                (true, _) => "N",
                (false, true) => "y",
                (false, false) => "n",
            };
            fields.field("enabled", enabled);
            place(engine, location, fields);
            groups(fields);
        });
    }
}

fn main(engine: &Engine, shown: &Breakpoint, form: Form, several: bool, fields: &mut Fields) {
    fields.field("number", shown.number).field("type", shown.type_name());
    fields.field("disp", shown.disposition.name());
    fields.field("enabled", if shown.enabled { "y" } else { "n" });
    match (&shown.kind, shown.locations.first()) {
        (BreakpointKind::Watch(watch), _) => {
            fields.field("what", &watch.text);
            groups(fields);
        }
        (BreakpointKind::Signal(caught), _) => {
            fields.field("what", caught.what().trim()).field("catch-type", "signal");
            groups(fields);
        }
        (_, None) => {
            fields.field("addr", "<PENDING>").field("pending", original_location(&shown.spec));
        }
        (_, Some(_)) if several => {
            fields.field("addr", "<MULTIPLE>");
        }
        (_, Some(only)) => {
            place(engine, only, fields);
            groups(fields);
        }
    }
    if let Some(condition) = &shown.condition {
        fields.field("cond", condition.trim_end());
        if form.connected && !shown.is_watch() && !shown.locations.is_empty() {
            fields.field("evaluated-by", "host");
        }
    }
    if let Some(thread) = shown.thread {
        // As gdb: twice.
        fields.field("thread", thread).field("thread", thread);
    }
    fields.field("times", shown.hits);
    if shown.ignore > 0 {
        fields.field("ignore", shown.ignore);
    }
    let script = script(shown);
    if !script.is_empty() {
        let fill = |fields: &mut Fields| {
            for line in &script {
                fields.field("", line);
            }
        };
        if form.script_list {
            fields.list("script", fill)
        } else {
            fields.tuple("script", fill)
        };
    }
    match &shown.kind {
        BreakpointKind::Watch(watch) => {
            fields.field("original-location", &watch.text);
        }
        BreakpointKind::Signal(_) => {}
        _ => {
            let canonical = if shown.canonical.is_empty() { &shown.spec } else { &shown.canonical };
            fields.field("original-location", original_location(canonical));
        }
    }
}

/// A location as it was typed, without the quotes around a file name.
fn original_location(spec: &str) -> String {
    match spec.strip_prefix('"').and_then(|rest| rest.split_once("\":")) {
        Some((file, rest)) => format!("{file}:{rest}"),
        None => spec.to_owned(),
    }
}

fn script(shown: &Breakpoint) -> Vec<String> {
    match &shown.kind {
        BreakpointKind::Dprintf(text) => vec![format!("printf {}", text.trim_start())],
        _ => shown.commands.clone(),
    }
}

fn place(engine: &Engine, location: &Location, fields: &mut Fields) {
    let place = &location.place;
    fields.field("addr", format_args!("{:#018x}", place.addr.0));
    match &place.file {
        Some(file) => {
            fields.optional("func", place.function.as_deref());
            fields.field("file", file).optional("fullname", engine.source_path(place));
            fields.field("line", place.line);
        }
        None => {
            fields.optional("at", place.symbol.as_deref().map(|symbol| format!("<{symbol}>")));
        }
    }
}

fn groups(fields: &mut Fields) {
    fields.list("thread-groups", |fields| {
        fields.field("", "i1");
    });
}

/// `BreakpointTable={...}` with these breakpoints.
pub fn table(engine: &Engine, shown: &[Breakpoint], form: Form) -> Fields {
    let has_address = shown.iter().any(|shown| match &shown.kind {
        BreakpointKind::Watch(watch) => !watch.ranges.is_empty(),
        _ => !shown.locations.is_empty(),
    });
    let kind = shown.iter().map(|shown| shown.type_name().len()).fold(14, usize::max);
    let columns = [
        (7, "-1", "number", "Num"),
        (kind, "-1", "type", "Type"),
        (4, "-1", "disp", "Disp"),
        (3, "-1", "enabled", "Enb"),
        (if has_address { 18 } else { 10 }, "-1", "addr", "Address"),
        (40, "2", "what", "What"),
    ];
    let mut fields = Fields::new();
    fields.tuple("BreakpointTable", |fields| {
        fields.field("nr_rows", shown.len()).field("nr_cols", columns.len());
        fields.list("hdr", |fields| {
            for (width, alignment, name, title) in columns {
                fields.tuple("", |fields| {
                    fields.field("width", width).field("alignment", alignment);
                    fields.field("col_name", name).field("colhdr", title);
                });
            }
        });
        fields.list("body", |fields| {
            for shown in shown {
                fields.append(&breakpoint(engine, shown, form));
            }
        });
    });
    fields
}
