//! Commands that make the program run.

use crate::gdb::data::put;
use crate::gdb::events::{failure, run};
use crate::spec::{Class, Completer, Needs, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_program::FrameStyle;
use kdive_session::{Request, StepKind};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "continue",
        aliases: &["c", "fg"],
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Continue program being debugged, after a breakpoint or an interrupt",
        help: "Usage: continue [N]\n\
               If proceeding from a breakpoint, N sets its ignore count to N - 1, so that\n\
               the breakpoint does not break until the Nth time it is reached.",
        examples: &["continue", "continue 3"],
        complete: Completer::Expr,
        run: cont,
        ..Spec::EMPTY
    },
    Spec {
        name: "step",
        aliases: &["s"],
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Step program until it reaches a different source line",
        help: "Usage: step [N]\n\
               N times, or until it stops for another reason. Functions with line\n\
               information are entered, others are run through. Other CPUs stand still\n\
               while this one executes single instructions.",
        examples: &["step", "step 5"],
        complete: Completer::Expr,
        run: |shell, args| step(shell, args, StepKind::Into),
        ..Spec::EMPTY
    },
    Spec {
        name: "next",
        aliases: &["n"],
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Step program, proceeding through subroutine calls",
        help: "Usage: next [N]\n\
               As step, but functions that are called run as one step. In a kernel it ends in\n\
               the task it began in, on whatever CPU that wakes up.",
        examples: &["next", "next 5"],
        complete: Completer::Expr,
        run: |shell, args| step(shell, args, StepKind::Over),
        ..Spec::EMPTY
    },
    Spec {
        name: "stepi",
        aliases: &["si"],
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Step one instruction exactly",
        help: "Usage: stepi [N]\n\
               N times, or until it stops for another reason.",
        examples: &["stepi", "stepi 10"],
        complete: Completer::Expr,
        run: |shell, args| step(shell, args, StepKind::Instruction),
        ..Spec::EMPTY
    },
    Spec {
        name: "nexti",
        aliases: &["ni"],
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Step one instruction, but proceed through subroutine calls",
        help: "Usage: nexti [N]\n\
               N times, or until it stops for another reason.",
        examples: &["nexti", "nexti 10"],
        complete: Completer::Expr,
        run: |shell, args| step(shell, args, StepKind::InstructionOver),
        ..Spec::EMPTY
    },
    Spec {
        name: "finish",
        aliases: &["fin"],
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Execute until selected stack frame returns",
        help: "Usage: finish\n\
               The value it returns is printed and put into the value history.",
        examples: &["finish"],
        run: finish,
        ..Spec::EMPTY
    },
    Spec {
        name: "until",
        aliases: &["u"],
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Execute until past the current line or past a LOCATION",
        help: "Usage: until [LOCATION]\n\
               Without argument as next, but not back to a line above: useful at the end of\n\
               a loop. With a location, until it is reached in this frame, or the frame\n\
               returns.",
        examples: &["until", "until fs/read_write.c:460"],
        complete: Completer::Location,
        run: until,
        ..Spec::EMPTY
    },
    Spec {
        name: "advance",
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Continue the program up to the given location",
        help: "Usage: advance LOCATION\n\
               As until LOCATION, but in any frame.",
        examples: &["advance vfs_read"],
        complete: Completer::Location,
        run: advance,
        ..Spec::EMPTY
    },
    Spec {
        name: "jump",
        aliases: &["j"],
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Continue program being debugged at specified line or address",
        help: "Usage: jump LOCATION\n\
               Nothing else is changed: not the stack, not any register but the pc.",
        examples: &["jump 905", "jump *0xffffffff81000000"],
        complete: Completer::Location,
        run: jump,
        ..Spec::EMPTY
    },
    Spec {
        name: "run",
        aliases: &["r"],
        class: Class::Running,
        summary: "Start debugged program",
        help: "A guest is started by QEMU, not by the debugger: connect with target remote.",
        examples: &["run"],
        run: not_runnable,
        repeat: Repeat::No,
        ..Spec::EMPTY
    },
    Spec {
        name: "start",
        aliases: &["starti"],
        class: Class::Running,
        summary: "Start the debugged program stopping at the beginning of the main procedure",
        help: "A guest is started by QEMU, not by the debugger: connect with target remote.",
        examples: &["start"],
        run: not_runnable,
        repeat: Repeat::No,
        ..Spec::EMPTY
    },
];

fn cont(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if !args.is_empty() {
        let hits = shell.session.last_hits().to_vec();
        for &number in &hits {
            let count = integer(shell, args.text())?;
            shell.session.set_ignore(number, count.saturating_sub(1)).map_err(failure)?;
            if args.from_tty {
                let text = super::breakpoints::ignore_text(number, count.saturating_sub(1));
                shell.out.put(&format!("{text}  "));
            }
        }
        if hits.is_empty() && args.from_tty {
            shell.out.line("Not stopped at any breakpoint; argument ignored.");
        }
    }
    if args.from_tty {
        shell.out.line("Continuing.");
    }
    run(shell, Request::Continue)
}

/// The value of an integer argument.
///
/// # Errors
/// The expression's.
pub fn integer(shell: &mut Shell, text: &str) -> Result<i64, Error> {
    let hooks = shell.hooks();
    hooks.integer(shell, text)
}

fn step(shell: &mut Shell, args: Args<'_>, kind: StepKind) -> Result<(), Error> {
    let count = if args.is_empty() { 1 } else { integer(shell, args.text())? };
    let Ok(count @ 1..) = u64::try_from(count) else { return Ok(()) };
    run(shell, Request::Step { kind, count })
}

fn finish(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if !args.is_empty() {
        return Err(Error::msg("The \"finish\" command does not take any arguments."));
    }
    let program = shell.program();
    let level = program.selected_level();
    let frame = program.selected_frame().map_err(Error::msg)?;
    if super::stack::visible(shell, level + 1).is_none() {
        return Err(Error::msg("\"finish\" not meaningful in the outermost frame."));
    }
    if args.from_tty {
        let text = program.frame_text(&frame, FrameStyle { level: true, ..FrameStyle::default() });
        let noreturn = program.modules.function_at(frame.real.lookup_pc).filter(|_| !frame.is_inlined());
        if let Some(function) = noreturn.filter(|function| function.is_noreturn()) {
            let question = format!(
                "warning: Function {} does not return normally.\nTry to finish anyway",
                function.name()
            );
            if !shell.query(&question) {
                return Err(Error::msg("Not confirmed."));
            }
        }
        shell.out.put("Run till exit from ");
        put(shell, &text);
        shell.out.put("\n");
    }
    run(shell, Request::Finish)
}

fn until(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if args.is_empty() {
        return run(shell, Request::Until);
    }
    run_to(shell, args.text(), Request::UntilLocation(args.text().to_owned()))
}

fn advance(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let location = args.required("Argument required (a location).")?;
    run_to(shell, location, Request::Advance(location.to_owned()))
}

/// Runs to a place, which has to be known.
fn run_to(shell: &mut Shell, location: &str, request: Request) -> Result<(), Error> {
    if let Err(error @ kdive_session::Error::NotFound { .. }) = shell.session.resolve(location) {
        return Err(error.into());
    }
    run(shell, request)
}

fn jump(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let location = args.required("Argument required (starting address).")?;
    let resolution = shell.session.resolve(location)?;
    let [place] = resolution.locations.as_slice() else {
        return Err(Error::msg("Unreasonable jump request"));
    };
    let program = shell.program();
    let here =
        program.selected_frame().ok().and_then(|frame| program.modules.function_at(frame.real.lookup_pc));
    let there = program.modules.function_at(place.addr).map(|function| function.entry());
    if let Some(here) = here
        && there != Some(here.entry())
    {
        let question = format!("Line {} is not in `{}'.  Jump anyway", place.line, here.name());
        if !shell.query(&question) {
            return Err(Error::msg("Not confirmed."));
        }
    }
    if args.from_tty {
        shell.out.line(&format!("Continuing at {}.", place.addr));
    }
    run(shell, Request::Jump(place.addr))
}

fn not_runnable(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    Err(Error::msg(if shell.session.target().is_some() {
        format!(
            "The \"remote\" target does not support \"{}\".  Try \"help target\" or \"continue\".",
            args.invoked
        )
    } else {
        "Don't know how to run.  Try \"help target\".".to_owned()
    }))
}
