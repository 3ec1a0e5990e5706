//! When the kernel broke: `analyze`, `decode`, `catch`.

use super::log;
use crate::gdb::data::put;
use crate::gdb::list::show_lines;
use crate::output::Style;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_arch::{Disassembler, Flavor};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_linux::{Access, BadPointer, Cause, Oops, Place, Trouble, cause_of, parse_oopses, taint_words};
use kdive_program::FrameStyle;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "analyze",
        class: Class::Linux,
        needs: Needs::STOPPED.and(Needs::SYMBOLS),
        summary: "What the last oops, BUG, warning or panic of the guest was about",
        help: "Usage: analyze [-n]\n\
               Finds the last report in the kernel's log and explains it: the instruction, the\n\
               source line, which member of which pointer could not be accessed, the call\n\
               trace with lines, the locks that are held (as far as the command locks finds\n\
               them), taint, and the messages before it. Where a report only begins (at a stop\n\
               of catch panic, warn or hung), it is read from the arguments, before the kernel\n\
               prints it. After a report in the log, backtrace, up and info\n\
               locals are about the state at the report; thread goes back to a CPU.\n\
               -n   do not go there",
        keywords: &[
            "panic",
            "BUG",
            "crash",
            "general protection fault",
            "page fault",
            "NULL pointer dereference",
            "use after free",
            "call trace",
        ],
        examples: &["analyze"],
        run: analyze,
        ..Spec::EMPTY
    },
    Spec {
        name: "decode",
        class: Class::Linux,
        needs: Needs::SYMBOLS,
        summary: "Turn an oops, a call trace or a place in one into source lines",
        help: "Usage: decode PLACE\n\
               decode FILE\n\
               decode\n\
               PLACE is as the kernel prints it: hello_init+0x1d/0x40 [poc]. FILE holds a log.\n\
               Without argument, the text follows, up to a line with end.",
        keywords: &["call trace", "stack trace", "oops", "panic", "decode_stacktrace", "addr2line"],
        examples: &["decode do_one_initcall+0x59/0x220", "decode oops.txt"],
        complete: Completer::File,
        run: decode,
        ..Spec::EMPTY
    },
];

fn check_linux(shell: &mut Shell) -> Result<(), Error> {
    super::task_list::check(shell)
}

fn analyze(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    check_linux(shell)?;
    let stay = match args.text() {
        "" => false,
        "-n" => true,
        other => return Err(Error::msg(format!("analyze has no argument {other}; see help analyze."))),
    };
    let records = kdive_linux::log(shell.program()).map_err(Error::msg)?.records;
    let text: String =
        records.iter().flat_map(|record| log::lines(record, false)).map(|line| line + "\n").collect();
    let oops = parse_oopses(&text).into_iter().next_back().filter(|oops| !oops.reason.is_empty());
    let begins = present(shell, &text);
    let Some(oops) = oops else {
        if begins.is_some() {
            return Ok(());
        }
        return Err(Error::msg("The kernel's log has no oops, BUG, warning or panic."));
    };
    // What was reported before has to do with it when it is what the kernel dies of.
    match begins {
        Some(trouble) if !trouble.follows_oops => return Ok(()),
        Some(_) => shell.out.line("The last report in the log:"),
        None => {}
    }
    shell.session.back_to_thread();
    summary(shell, &oops);
    let went = place(shell, &oops);
    trace(shell, &oops);
    if went {
        super::locks::of_report(shell, oops.comm.as_deref(), oops.pid);
    }
    rest(shell, &oops);
    before(shell, &text, &oops);
    if stay || !went {
        shell.session.back_to_thread();
    } else {
        shell.out.line("[Registers and frames are those of the report now; thread goes back to the CPU]");
    }
    Ok(())
}

/// Most frames that are shown of who called.
const MAX_CALLERS: usize = 12;

/// The report that begins where the selected CPU stands: what the kernel will print, in which task, and who called. `None` when
/// none does.
fn present(shell: &mut Shell, log: &str) -> Option<Trouble> {
    let trouble = kdive_linux::trouble_here(shell.program())?;
    shell.out.styled(Style::Title, &trouble.reason);
    shell.out.put("\n");
    let context = kdive_linux::stop_context(shell.program()).ok();
    if let Some(context) = &context {
        shell.out.line(&format!("In {} (pid {}) on CPU {}", context.comm, context.pid, context.cpu));
    }
    shell.out.line("Called from:");
    for level in 1..=MAX_CALLERS {
        let Ok(frame) = shell.program().frame(level) else { break };
        let text = shell.program().frame_text(&frame, FrameStyle::default());
        shell.out.put("  ");
        put(shell, &text);
        shell.out.put("\n");
    }
    if let Some(context) = &context {
        super::locks::of_report(shell, Some(&context.comm), Some(context.pid));
    }
    let lines: Vec<&str> = log.lines().collect();
    let last = lines.get(lines.len().saturating_sub(5)..).unwrap_or_default();
    if !last.is_empty() {
        shell.out.line("Messages before it:");
        for line in last {
            shell.out.line(&format!("  {line}"));
        }
    }
    Some(trouble)
}

/// What happened, to whom.
fn summary(shell: &mut Shell, oops: &Oops) {
    for line in &oops.reason {
        shell.out.styled(Style::Title, line);
        shell.out.put("\n");
    }
    if let (Some(comm), Some(pid)) = (&oops.comm, oops.pid) {
        let cpu = oops.cpu.map_or_else(String::new, |cpu| format!(" on CPU {cpu}"));
        shell.out.line(&format!("In {comm} (pid {pid}){cpu}"));
    }
}

/// Where it happened: the instruction, the line, and why. Whether there is a state to look at.
fn place(shell: &mut Shell, oops: &Oops) -> bool {
    let pc = match (&oops.at, oops.at_address) {
        (Some(at), _) => {
            let Some(pc) = at.address(shell.program()) else {
                shell.out.line(&format!("At {at}: no symbols for it"));
                return false;
            };
            pc
        }
        (None, Some(addr)) => VirtAddr(addr),
        (None, None) => return false,
    };
    let machine = match kdive_linux::at_oops(shell.program(), pc, &oops.registers) {
        Ok(machine) => machine,
        Err(_) => return false,
    };
    shell.program_mut().set_machine(Some(machine));
    let Ok(frame) = shell.program().frame(0) else { return false };
    let at = oops.at.as_ref().map_or_else(|| format!("{pc}"), Place::to_string);
    shell.out.put(&format!("At {at}, "));
    let text = shell.program().frame_text(&frame, FrameStyle::default());
    put(shell, &text);
    shell.out.put("\n");
    let line = shell.program().frame_line(&frame);
    if let Some(line) = line {
        // A source file that is not there has said so.
        let _ = show_lines(shell, &line.file, line.line, line.line + 1);
    }
    instruction(shell, oops, pc);
    if let Some(cause) = cause_of(shell.program(), oops) {
        tell(shell, &cause);
    }
    true
}

fn instruction(shell: &mut Shell, oops: &Oops, pc: VirtAddr) {
    let program = shell.program();
    let code = program.code_address(pc);
    let mut bytes = oops.instruction().to_vec();
    if bytes.is_empty() {
        bytes.resize(15, 0);
        if program.read(pc, &mut bytes).is_err() {
            return;
        }
    }
    let symbols = |addr: VirtAddr| program.symbolic(addr);
    let Some(insn) = Disassembler::new(code.size, Flavor::Att).decode(&bytes, pc, &symbols) else { return };
    let mut used: Vec<String> = Vec::new();
    for (name, value) in &oops.registers {
        if insn.text.contains(&format!("%{name}")) {
            // Per-CPU symbols have small numbers for addresses.
            let symbol = program.symbolic(VirtAddr(*value)).filter(|_| value >> 63 == 1);
            let symbol = symbol.map_or_else(String::new, |name| format!(" <{name}>"));
            used.push(format!("{name} = {value:#x}{symbol}"));
        }
    }
    let line = format!("   {}    {}", insn.text.replace('\t', " "), used.join(", "));
    shell.out.line(line.trim_end());
}

fn tell(shell: &mut Shell, cause: &Cause) {
    shell.out.styled(Style::Highlight, &format!("Cause: {}", cause_text(cause)));
    shell.out.put("\n");
}

/// `writing ts->pid at 0x0 + 0x970: ts is NULL (struct task_struct)`.
fn cause_text(cause: &Cause) -> String {
    let verb = match cause.access {
        Some(Access::Write) => "writing ",
        Some(Access::Read) => "reading ",
        Some(Access::Fetch) | None => "",
    };
    let Cause { pointer, member, value, offset, target, .. } = cause;
    let wrong = match cause.wrong {
        _ if cause.by_line => format!("{pointer} was NULL"),
        Some(wrong) => format!("{pointer} is {}", bad_pointer(wrong, value.0)),
        None => format!("{pointer} is {value:#x}, where that is not mapped"),
    };
    format!("{verb}{pointer}->{member} at {value:#x} + {offset:#x}: {wrong} ({target})")
}

fn bad_pointer(wrong: BadPointer, value: u64) -> String {
    match wrong {
        BadPointer::Null => "NULL".to_owned(),
        BadPointer::NearNull => format!("{value:#x}, an offset from NULL"),
        BadPointer::ErrorNumber(error) => format!("ERR_PTR({error}): an error that was not checked for"),
        BadPointer::ListPoison1 => format!("{value:#x}, LIST_POISON1: it was taken off its list"),
        BadPointer::ListPoison2 => format!("{value:#x}, LIST_POISON2: it was taken off its list"),
        BadPointer::FreedObject => {
            format!("{value:#x}, the poison of freed slab objects: used after it was freed")
        }
        BadPointer::NewObject => {
            format!("{value:#x}, the poison of new slab objects: used before it was set")
        }
        BadPointer::NoAddress => format!("{value:#x}, which is no address"),
    }
}

/// The call trace with lines. A return address belongs to the call before it.
fn trace(shell: &mut Shell, oops: &Oops) {
    let sure = oops.trace.iter().filter(|line| line.sure);
    let lines: Vec<String> = sure.map(|line| decoded(shell, &line.place, true)).collect();
    if lines.is_empty() {
        return;
    }
    shell.out.line("Called from:");
    for line in lines {
        shell.out.line(&format!("  {line}"));
    }
}

fn rest(shell: &mut Shell, oops: &Oops) {
    if let Some(taint) = &oops.taint {
        let words = taint_words(taint);
        let words = if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
        shell.out.line(&format!("Tainted {taint}{words}"));
    }
    if let Some(module) = oops.at.as_ref().and_then(|at| at.module.as_ref()) {
        let of = super::modules::with_linux(shell, |linux, _| {
            linux.modules().iter().find(|known| known.info.name == *module).map(|known| known.symbols.clone())
        });
        let symbols = match of.flatten() {
            Some(kdive_linux::SymbolsFrom::File { path, .. }) => format!(", symbols from {}", path.display()),
            Some(kdive_linux::SymbolsFrom::None(reason)) => format!(", no symbols: {reason}"),
            None => ", not loaded any more".to_owned(),
        };
        shell.out.line(&format!("In module {module}{symbols}"));
    }
}

/// The last messages before the report.
fn before(shell: &mut Shell, text: &str, oops: &Oops) {
    let Some(first) = oops.reason.first() else { return };
    let lines: Vec<&str> = text.lines().collect();
    let Some(at) = lines.iter().rposition(|line| line.contains(first.as_str())) else { return };
    let from = at.saturating_sub(5);
    let Some(shown) = lines.get(from..at).filter(|shown| !shown.is_empty()) else { return };
    shell.out.line("Messages before it:");
    for line in shown {
        shell.out.line(&format!("  {line}"));
    }
}

/// A place as text: `hello_init+0x68 [poc] at poc.c:20`, with the calls inlined there.
fn decoded(shell: &Shell, place: &Place, is_return: bool) -> String {
    let program = shell.program();
    let Some(addr) = place.address(program) else {
        return format!("{place}: no symbols for it");
    };
    let lookup = if is_return { VirtAddr(addr.0.wrapping_sub(1)) } else { addr };
    let Some(line) = program.modules.line_at(lookup, false).filter(|line| line.line != 0) else {
        return place.to_string();
    };
    let mut at = format!("{}:{}", line.file.name, line.line);
    let mut text = place.to_string();
    let frames = program.modules.scope_at(lookup).map(|scope| scope.frames()).unwrap_or_default();
    for frame in frames.iter().filter(|frame| frame.is_inlined()) {
        text.push_str(&format!(" at {at} in {}, inlined", frame.name()));
        if let Some((file, line)) = frame.call_site_line() {
            at = format!("{}:{line}", file.name);
        }
    }
    format!("{text} at {at}")
}

fn decode(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let argument = args.text();
    if let Some(place) = Place::parse(argument) {
        if place.address(shell.program()).is_none() {
            let module = place.module.as_ref();
            let file = module.map_or_else(String::new, |module| format!(" of module {module}"));
            return Err(Error::msg(format!(
                "No symbol {}{file} is known; load its file with file or add-symbol-file.",
                place.symbol
            )));
        }
        let text = decoded(shell, &place, false);
        shell.out.line(&text);
        return Ok(());
    }
    let text = if argument.is_empty() {
        let script = shell.read_text_body(&args)?;
        script.lines.iter().map(|line| format!("{}\n", line.text)).collect()
    } else {
        let path = crate::settings::expand_home(argument);
        let bytes = std::fs::read(&path)
            .map_err(|error| Error::msg(format!("{path}: {}.", crate::settings::os_message(&error))))?;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let found = parse_oopses(&text);
    if found.is_empty() {
        return Err(Error::msg("There is no oops and no place like function+0x1d/0x40 in this text."));
    }
    for oops in found {
        summary(shell, &oops);
        if let Some(at) = &oops.at {
            let line = decoded(shell, at, false);
            shell.out.line(&format!("At {line}"));
            if let Some(pc) = at.address(shell.program()) {
                instruction(shell, &oops, pc);
                if let Some(line) = shell.program().modules.line_at(pc, false).filter(|line| line.line != 0) {
                    let _ = show_lines(shell, &line.file, line.line, line.line + 1);
                }
            }
        }
        trace(shell, &oops);
        rest(shell, &oops);
    }
    Ok(())
}
