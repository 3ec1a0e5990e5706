//! `why`: why a variable has no value here, and what became of a breakpoint.

use crate::spec::{Class, Completer, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_base::AddrRange;
use kdive_program::Program;
use kdive_session::{Breakpoint, BreakpointKind, LocationState, TaskFilter};
use kdive_symbols::Variable;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "why",
    class: Class::Status,
    summary: "Explain why a variable has no value here, or the state of a breakpoint",
    help: "Usage: why VARIABLE\n       why NUMBER\n\
           Of a variable of the selected frame: where its value is, or else at which addresses\n\
           and lines it is available. Of a breakpoint, by number: what the target was asked for\n\
           each of its places, and why it is not hit where it is not.",
    examples: &["why count", "why 2"],
    repeat: Repeat::No,
    complete: Completer::Expr,
    run: explain,
    ..Spec::EMPTY
}];

fn explain(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("Argument required (variable, or number of a breakpoint).")?;
    let lines = match text.parse::<u32>() {
        Ok(number) => {
            shell.session.note_states();
            let found = shell.session.breakpoints().find(|breakpoint| breakpoint.number == number);
            let breakpoint = found.ok_or_else(|| Error::msg(format!("No breakpoint number {number}.")))?;
            explain_breakpoint(breakpoint, shell.session.target().is_some())
        }
        Err(_) => explain_variable(shell.program(), text)?,
    };
    for line in lines {
        shell.out.line(&line);
    }
    Ok(())
}

fn explain_variable(program: &Program, name: &str) -> Result<Vec<String>, Error> {
    let frame = program.selected_frame()?;
    let scope = frame.scope.as_ref();
    let scope = scope.ok_or_else(|| Error::msg("No symbol table info available."))?;
    let variable = scope
        .variable(name)
        .ok_or_else(|| Error::msg(format!("No symbol \"{name}\" in {}.", scope.name())))?;
    let pc = frame.real.lookup_pc;
    let here = |text: &str| format!("{name} {text} at {pc}{}.", line_of(program, pc.0, pc.0));
    let Some(ranges) = variable.live_ranges() else {
        let text = if variable.is_optimized_out() {
            format!("{name} has no value anywhere in {}: the compiler has removed it.", scope.name())
        } else {
            format!("{name} has a value everywhere in {}: {}.", scope.name(), variable.describe(Some(pc)))
        };
        return Ok(vec![text]);
    };
    let live = ranges.iter().any(|range| range.contains(pc));
    let mut lines = Vec::new();
    match program.variable_value(&variable, Some(&frame)) {
        Ok(value) if live && value.bytes(program).is_ok() => lines.push(here("has a value")),
        _ if live => lines.push(here("is only known from its caller, which did not keep it, ")),
        _ => lines.push(here("has no value")),
    }
    lines.push(match ranges.len() {
        0 => format!("It has none anywhere in {}.", scope.name()),
        _ => "It has one in".to_owned(),
    });
    lines.extend(ranges.iter().map(|range| describe(program, &variable, range)));
    Ok(lines)
}

/// `  0xffffffff8134cc50-0xffffffff8134cc7f  fs/read_write.c:451-470  a variable in $rdi`.
fn describe(program: &Program, variable: &Variable, range: &AddrRange) -> String {
    let last = range.end.0.saturating_sub(1).max(range.start.0);
    let described = variable.describe(None);
    // The line of the location list that is about this range.
    let key = format!("Range {}-{}: ", range.start, range.end);
    let place = described.lines().find_map(|line| line.split_once(&key)).map_or("", |(_, place)| place);
    let place = place.trim_end_matches(':');
    format!("  {}-{}{}  {place}", range.start, range.end, line_of(program, range.start.0, last))
        .trim_end()
        .to_owned()
}

/// ` (fs/read_write.c:451-470)`: the lines of an address range, as far as they are of one file.
fn line_of(program: &Program, first: u64, last: u64) -> String {
    let line = |addr: u64| program.modules.line_at(kdive_base::VirtAddr(addr), false);
    let Some(from) = line(first).filter(|line| line.line != 0) else { return String::new() };
    match line(last).filter(|line| line.line != 0 && line.file == from.file && line.line != from.line) {
        Some(to) => {
            let (low, high) = (from.line.min(to.line), from.line.max(to.line));
            format!(" ({}:{low}-{high})", from.file.name)
        }
        None => format!(" ({}:{})", from.file.name, from.line),
    }
}

fn explain_breakpoint(breakpoint: &Breakpoint, has_target: bool) -> Vec<String> {
    let number = breakpoint.number;
    let mut lines = Vec::new();
    if !breakpoint.enabled {
        lines.push(format!("Breakpoint {number} is disabled: enable {number}."));
    }
    if breakpoint.is_pending() {
        lines.push(format!(
            "Breakpoint {number} waits: nothing is called \"{}\" yet. It is set when a module or file that has it is loaded.",
            breakpoint.spec
        ));
    }
    let wants_hardware = matches!(breakpoint.kind, BreakpointKind::Hardware);
    for (index, location) in breakpoint.locations.iter().enumerate() {
        let name = match breakpoint.locations.len() {
            1 => format!("Breakpoint {number}"),
            _ => format!("Breakpoint {number}.{}", index + 1),
        };
        let addr = location.place.addr;
        let state = match &location.state {
            _ if !location.enabled => "is disabled".to_owned(),
            _ if location.condition_invalid => "is off: its condition means nothing there".to_owned(),
            LocationState::Software => "is in the target".to_owned(),
            LocationState::Hardware if wants_hardware => "is in a debug register".to_owned(),
            LocationState::Hardware => "is in the target as a hardware one".to_owned(),
            LocationState::HardwareInstead(reason) => format!("is in a debug register: {reason}"),
            LocationState::Owed(reason) => format!("is not set until its code is there again: {reason}"),
            LocationState::Failed(reason) => {
                format!("could not be set and is tried again at every resume: {reason}")
            }
            LocationState::Idle if has_target => "is set at the next resume".to_owned(),
            LocationState::Idle => "is set when there is a target".to_owned(),
        };
        lines.push(format!("{name} at {addr} {state}."));
    }
    if breakpoint.ignore > 0 {
        lines.push(format!("It will ignore the next {} crossings.", breakpoint.ignore));
    }
    if let Some(condition) = &breakpoint.condition {
        lines.push(format!("It stops only if {condition}."));
    }
    if let Some(thread) = breakpoint.thread {
        lines.push(format!("It stops only in thread {thread}."));
    }
    match &breakpoint.task {
        Some(TaskFilter::Pid(pid)) => lines.push(format!("It stops only in task {pid}.")),
        Some(TaskFilter::Comm(name)) => lines.push(format!("It stops only in tasks named {name}.")),
        None => {}
    }
    let times = if breakpoint.hits == 1 { "once".to_owned() } else { format!("{} times", breakpoint.hits) };
    lines.push(match breakpoint.hits {
        0 => "It was not reached yet.".to_owned(),
        _ => format!("It was reached {times}."),
    });
    lines
}
