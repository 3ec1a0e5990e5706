//! gdb's words about breakpoints, to the character.

use kdive_base::VirtAddr;
use kdive_session::{Breakpoint, BreakpointKind, CodeLocation, Disposition, LocationState};
use kdive_session::{TaskFilter, WatchKind};
use kdive_types::Out;
use std::fmt::Write as _;

/// `Hardware watchpoint 2: x`.
#[must_use]
pub fn watch_title(number: u32, hardware: bool, access: WatchKind, expression: &str) -> String {
    let what = match (hardware, access) {
        (false, _) => "Watchpoint",
        (true, WatchKind::Write) => "Hardware watchpoint",
        (true, WatchKind::Read) => "Hardware read watchpoint",
        (true, WatchKind::Access) => "Hardware access (read/write) watchpoint",
    };
    format!("{what} {number}: {expression}")
}

/// What gdb says when a breakpoint was made: `Breakpoint 1 at 0x401136: file t.c, line 5.`
#[must_use]
pub fn mention(shown: &Breakpoint) -> String {
    let number = shown.number;
    let title = match &shown.kind {
        BreakpointKind::Watch(watch) => {
            return watch_title(number, watch.hardware, watch.access, &watch.text);
        }
        BreakpointKind::Signal(caught) => return format!("Catchpoint {number} ({})", caught.mention()),
        BreakpointKind::Hardware => format!("Hardware assisted breakpoint {number}"),
        BreakpointKind::Dprintf(_) => format!("Dprintf {number}"),
        BreakpointKind::Software if shown.disposition == Disposition::Delete => {
            format!("Temporary breakpoint {number}")
        }
        BreakpointKind::Software => format!("Breakpoint {number}"),
    };
    title + &place(shown)
}

/// ` at 0x401136: file t.c, line 5.`
fn place(shown: &Breakpoint) -> String {
    let Some(first) = shown.locations.first() else {
        return match &shown.kind {
            BreakpointKind::Dprintf(format) => format!(" ({},{format}) pending.", shown.spec),
            _ if shown.extra.is_empty() => format!(" ({}) pending.", shown.spec),
            _ => format!(" ({} {}) pending.", shown.spec, shown.extra),
        };
    };
    let mut text = format!(" at {}", first.place.addr);
    match (&first.place.file, shown.locations.len()) {
        (Some(file), 1) => {
            let _ = write!(text, ": file {file}, line {}.", first.place.line);
        }
        (Some(_), _) => {
            let _ = write!(text, ": {}.", shown.spec);
        }
        (None, _) => {}
    }
    if shown.locations.len() > 1 {
        let _ = write!(text, " ({} locations)", shown.locations.len());
    }
    text
}

/// `Note: breakpoints 1, 2 and 3 also set at pc 0x401136.`
#[must_use]
pub fn also_set(others: &[&Breakpoint], addr: VirtAddr, thread: Option<u32>) -> Option<String> {
    let mut text = String::from(if others.len() == 1 { "Note: breakpoint " } else { "Note: breakpoints " });
    for (index, other) in others.iter().enumerate() {
        let _ = write!(text, "{}", other.number);
        match (other.thread, thread) {
            (None, Some(_)) => text.push_str(" (all threads)"),
            (Some(own), _) => {
                let _ = write!(text, " (thread {own})");
            }
            (None, None) => {}
        }
        if let Some(task) = &other.task {
            let _ = write!(text, " ({})", task_words(task));
        }
        if !other.enabled {
            text.push_str(" (disabled)");
        }
        text.push_str(match others.len() - index - 1 {
            0 => " ",
            1 => " and ",
            _ => ", ",
        });
    }
    let _ = write!(text, "also set at pc {addr}.");
    (!others.is_empty()).then_some(text)
}

/// The columns of a table whose widths depend on what is in it.
#[derive(Clone, Copy)]
struct Widths {
    kind: usize,
    addr: usize,
}

impl Widths {
    /// The beginning of a row, up to the column of addresses.
    fn head(self, number: &str, kind: &str, disposition: &str, enabled: &str) -> String {
        format!("{number:<7} {kind:<0$} {disposition:<4} {enabled:<3} ", self.kind)
    }

    /// Where the last column begins.
    fn what(self) -> usize {
        self.head("", "", "", "").len() + self.addr + 1
    }
}

/// The table of `info breakpoints` with these breakpoints, every line ended.
#[must_use]
pub fn table(breakpoints: &[&Breakpoint]) -> Out {
    let has_address = breakpoints.iter().any(|shown| match &shown.kind {
        BreakpointKind::Watch(watch) => !watch.ranges.is_empty(),
        _ => !shown.locations.is_empty(),
    });
    let widths = Widths {
        kind: breakpoints.iter().map(|shown| shown.type_name().len()).fold(14, usize::max),
        addr: if has_address { 18 } else { 10 },
    };
    let mut out = Out::new();
    let head = widths.head("Num", "Type", "Disp", "Enb");
    out.push(&format!("{head}{:<1$} What\n", "Address", widths.addr));
    let mut footnote = false;
    for shown in breakpoints {
        rows(shown, widths, &mut out, &mut footnote);
    }
    if footnote {
        out.push("(*): Breakpoint condition is invalid at this location.\n");
    }
    out
}

fn rows(shown: &Breakpoint, widths: Widths, out: &mut Out, footnote: &mut bool) {
    let several = shown.locations.len() > 1
        || shown.locations.iter().any(|location| !location.enabled || location.condition_invalid);
    let enabled = if shown.enabled { "y" } else { "n" };
    let number = shown.number.to_string();
    out.push(&widths.head(&number, shown.type_name(), shown.disposition.name(), enabled));
    let width = widths.addr;
    match (&shown.kind, shown.locations.first()) {
        (BreakpointKind::Watch(watch), _) => out.push(&format!("{:<width$} {}", "", watch.text)),
        (BreakpointKind::Signal(caught), _) => out.push(&format!("{:<width$} {} ", "", caught.what())),
        (_, None) => {
            out.push(&format!("{:<width$} {}", "<PENDING>", shown.spec));
            if !shown.extra.is_empty() {
                out.push(&format!(" {}", shown.extra));
            }
        }
        (_, Some(_)) if several => out.push(&format!("{:<width$} ", "<MULTIPLE>")),
        (_, Some(only)) => place_row(&only.place, widths, out),
    }
    if let Some(thread) = shown.thread {
        out.push(&format!(" thread {thread}"));
    }
    // While it is pending, what was typed is shown.
    if let Some(task) = shown.task.as_ref().filter(|_| !shown.is_pending()) {
        out.push(&format!(" {}", task_words(task)));
    }
    out.push("\n");
    let mut text = String::new();
    details(shown, &mut text);
    out.push(&text);
    if !several {
        return;
    }
    for (index, location) in shown.locations.iter().enumerate() {
        let enabled = match (location.condition_invalid, location.enabled, shown.enabled) {
            (true, _, _) => {
                *footnote = true;
                "N*"
            }
            (false, false, _) => "n",
            (false, true, false) => "y-",
            (false, true, true) => "y",
        };
        out.push(&widths.head(&format!("{}.{}", shown.number, index + 1), "", "", enabled));
        place_row(&location.place, widths, out);
        out.push("\n");
    }
}

/// What there is to say about the state of a location that is not the usual one.
fn state_words(state: &LocationState) -> Option<String> {
    match state {
        LocationState::Idle | LocationState::Software | LocationState::Hardware => None,
        LocationState::HardwareInstead(why) => Some(format!("in a debug register: {why}")),
        LocationState::Failed(why) => Some(format!("not set, tried again at every resume: {why}")),
        LocationState::Owed(why) => Some(format!("not set until the code is there again: {why}")),
    }
}

/// `task 82`, `comm "a b"`: as it is typed.
fn task_words(task: &TaskFilter) -> String {
    match task {
        TaskFilter::Pid(pid) => format!("task {pid}"),
        TaskFilter::Comm(name) if name.contains('"') => format!("comm '{name}'"),
        TaskFilter::Comm(name) if name.contains(|c: char| c.is_whitespace() || c == '\'') => {
            format!("comm \"{name}\"")
        }
        TaskFilter::Comm(name) => format!("comm {name}"),
    }
}

/// The address and `in start_kernel at init/main.c:905`, or `<printk+10>` without source. A line that gets too long goes on below
/// its last column.
fn place_row(place: &CodeLocation, widths: Widths, out: &mut Out) {
    out.push(&format!("{:#018x} ", place.addr));
    match (&place.label, &place.file, &place.function) {
        (Some(label), _, _) => out.push(label),
        (None, Some(file), Some(function)) => {
            out.push(&format!("in {function} "));
            out.may_break(widths.what());
            out.push(&format!("at {file}:{}", place.line));
        }
        (None, Some(file), None) => out.push(&format!("{file}:{}", place.line)),
        (None, None, _) => {
            if let Some(symbol) = &place.symbol {
                out.push(&format!("<{symbol}>"));
            }
        }
    }
}

/// The lines below a row.
fn details(shown: &Breakpoint, text: &mut String) {
    if let Some(condition) = &shown.condition
        && !shown.is_pending()
    {
        let _ = writeln!(text, "\tstop only if {condition}");
    }
    if let Some(thread) = shown.thread {
        let _ = writeln!(text, "\tstop only in thread {thread}");
    }
    match &shown.task {
        Some(TaskFilter::Pid(pid)) => {
            let _ = writeln!(text, "\tstop only in task {pid}");
        }
        Some(TaskFilter::Comm(name)) => {
            let _ = writeln!(text, "\tstop only in tasks named {name}");
        }
        None => {}
    }
    for (index, location) in shown.locations.iter().enumerate() {
        let Some(told) = state_words(&location.state) else { continue };
        match shown.locations.len() {
            1 => text.push_str(&format!("\t{told}\n")),
            _ => text.push_str(&format!("\tlocation {}: {told}\n", index + 1)),
        }
    }
    let title = if shown.is_catch() { "catchpoint" } else { "breakpoint" };
    match shown.hits {
        0 => {}
        1 => {
            let _ = writeln!(text, "\t{title} already hit 1 time");
        }
        hits => {
            let _ = writeln!(text, "\t{title} already hit {hits} times");
        }
    }
    if shown.ignore > 0 {
        let _ = writeln!(text, "\tignore next {} hits", shown.ignore);
    }
    if shown.enable_count > 1 {
        let which = if shown.ignore > 0 { "additional" } else { "next" };
        let _ = writeln!(text, "\tdisable after {which} {} hits", shown.enable_count);
    }
    if let BreakpointKind::Dprintf(format) = &shown.kind {
        let _ = writeln!(text, "        printf {format}");
    }
    for line in &shown.commands {
        let _ = writeln!(text, "        {line}");
    }
}

/// What `save breakpoints` writes: commands that make the same breakpoints again.
#[must_use]
pub fn save<'a>(breakpoints: impl Iterator<Item = &'a Breakpoint>) -> String {
    let mut text = String::new();
    for shown in breakpoints {
        let temporary = shown.disposition == Disposition::Delete;
        match &shown.kind {
            BreakpointKind::Watch(watch) => {
                let command = match watch.access {
                    WatchKind::Write => "watch",
                    WatchKind::Read => "rwatch",
                    WatchKind::Access => "awatch",
                };
                let _ = write!(text, "{command} {}", watch.text);
            }
            BreakpointKind::Signal(caught) => {
                let _ = write!(text, "catch signal{}", caught.argument());
            }
            kind => {
                let command = match kind {
                    BreakpointKind::Hardware if temporary => "thbreak",
                    BreakpointKind::Hardware => "hbreak",
                    BreakpointKind::Dprintf(_) => "dprintf",
                    _ if temporary => "tbreak",
                    _ => "break",
                };
                let _ = write!(text, "{command} {}", shown.canonical);
                if let BreakpointKind::Dprintf(format) = kind {
                    let _ = write!(text, ",{format}");
                }
                if shown.is_pending() && !shown.extra.is_empty() {
                    let _ = write!(text, " {}", shown.extra);
                }
            }
        }
        if let Some(thread) = shown.thread.filter(|_| !shown.is_pending()) {
            let _ = write!(text, " thread {thread}");
        }
        if let Some(task) = shown.task.as_ref().filter(|_| !shown.is_pending()) {
            let _ = write!(text, " {}", task_words(task));
        }
        text.push('\n');
        if let Some(condition) = shown.condition.as_ref().filter(|_| !shown.is_pending()) {
            let _ = writeln!(text, "  condition $bpnum {condition}");
        }
        if shown.ignore > 0 {
            let _ = writeln!(text, "  ignore $bpnum {}", shown.ignore);
        }
        if !shown.commands.is_empty() {
            text.push_str("  commands\n");
            for line in &shown.commands {
                let _ = writeln!(text, "    {line}");
            }
            text.push_str("  end\n");
        }
        if !shown.enabled {
            text.push_str("disable $bpnum\n");
        }
        for (index, location) in shown.locations.iter().enumerate() {
            if !location.enabled {
                let _ = writeln!(text, "disable $bpnum.{}", index + 1);
            }
        }
    }
    text
}
