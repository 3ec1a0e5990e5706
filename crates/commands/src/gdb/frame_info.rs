//! All about one frame: `info frame`.

use crate::gdb::data::put;
use crate::gdb::run::integer;
use crate::gdb::stack::visible;
use crate::spec::{Class, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_base::VirtAddr;
use kdive_program::{Frame, Program};
use kdive_types::{Out, Style};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "info frame",
    aliases: &["info f"],
    class: Class::Status,
    needs: Needs::STACK,
    summary: "All about the selected stack frame",
    help: "Usage: info frame [LEVEL]\n\
               Its address, its callers and callees, and where it saved registers.",
    examples: &["info frame", "info frame 1"],
    run: info_frame,
    ..Spec::EMPTY
}];

fn info_frame(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let program = shell.program();
    let selected = args.is_empty();
    let frame = if selected {
        program.selected_frame().map_err(Error::msg)?
    } else {
        let text = args.text().strip_prefix("level ").unwrap_or(args.text()).trim().to_owned();
        let level = integer(shell, &text)?;
        usize::try_from(level)
            .ok()
            .and_then(|level| visible(shell, level))
            .ok_or_else(|| Error::msg(format!("No frame at level {text}.")))?
    };
    let mut out = Out::new();
    let caller = visible(shell, frame.level + 1);
    describe(shell.program(), &frame, caller.as_deref(), selected, &mut out);
    put(shell, &out);
    Ok(())
}

fn address(out: &mut Out, addr: VirtAddr) {
    out.styled(Style::Address, &addr.to_string());
}

/// The text of `info frame`.
fn describe(program: &Program, frame: &Frame, caller: Option<&Frame>, selected: bool, out: &mut Out) {
    let arch = program.arch();
    let facts = program.frame_facts(frame);
    if selected {
        out.push(&format!("Stack level {}, frame at ", frame.level));
    } else {
        out.push("Stack frame at ");
    }
    address(out, facts.address.unwrap_or_default());
    out.push(&format!(":\n {} = ", arch.pc_name()));
    address(out, frame.pc());
    out.may_break(3);
    if let Some(name) = program.frame_function(frame) {
        out.push(" in ");
        out.styled(Style::Function, &name);
    }
    out.may_break(3);
    if let Some(line) = program.frame_line(frame) {
        out.push(" (");
        out.styled(Style::Filename, &program.shown_file(&line.file));
        out.push(&format!(":{})", line.line));
    }
    out.push("; ");
    out.may_break(4);
    out.push(&format!("saved {} = ", arch.pc_name()));
    match facts.saved_pc {
        Some(pc) => address(out, pc),
        None => out.styled(Style::Metadata, "<not saved>"),
    }
    out.push("\n");
    relations(program, frame, caller, facts.tail_call, out);
    if frame.scope.is_some() {
        let language = program.modules.unit_at(frame.real.lookup_pc).map_or("c", |unit| unit.language);
        out.push(&format!(" source language {language}.\n"));
    }
    match facts.base {
        Some(base) => {
            out.push(" Arglist at ");
            address(out, base);
            out.push(", args: ");
            out.append(&program.frame_args_text(frame));
            out.push("\n Locals at ");
            address(out, base);
            out.push(",");
        }
        None => out.push(" Arglist at unknown address.\n Locals at unknown address,"),
    }
    let mut ends_line = true;
    match facts.caller_sp {
        None if frame.is_inlined() => out.push(&format!(" Previous frame's sp in {}\n", arch.sp_name())),
        Some(sp) => {
            out.push(if facts.caller_sp_at.is_some() {
                " Previous frame's sp at "
            } else {
                " Previous frame's sp is "
            });
            address(out, facts.caller_sp_at.unwrap_or(sp));
            out.push("\n");
        }
        None => ends_line = false,
    }
    for (index, (name, at)) in facts.saved.iter().enumerate() {
        out.push(if index == 0 { " Saved registers:\n " } else { "," });
        out.may_break(1);
        out.push(&format!(" {name} at "));
        address(out, *at);
    }
    if !facts.saved.is_empty() || !ends_line {
        out.push("\n");
    }
}

/// Who called it and whom it called.
fn relations(program: &Program, frame: &Frame, caller: Option<&Frame>, tail_call: bool, out: &mut Out) {
    let callee = frame.level.checked_sub(1).and_then(|level| program.frame(level).ok());
    match caller {
        None => {
            if let Some(reason) = program.frames_end().filter(|reason| reason.is_error()) {
                out.push(&format!(" Outermost frame: {reason}\n"));
            }
        }
        Some(_) if tail_call => out.push(" tail call frame"),
        Some(caller) if frame.is_inlined() => out.push(&format!(" inlined into frame {}", caller.level)),
        Some(caller) => match caller.real.cfa() {
            Some(cfa) => {
                out.push(" called by frame at ");
                address(out, cfa);
            }
            None if caller.is_user_mode() => out.push(" called from user mode"),
            None => out.push(" called by a frame that is not known"),
        },
    }
    if callee.is_some() && caller.is_some() {
        out.push(",");
    }
    if let Some(callee) = &callee {
        out.may_break(3);
        out.push(" caller of frame at ");
        address(out, callee.real.cfa().unwrap_or_default());
    }
    if callee.is_some() || caller.is_some() {
        out.push("\n");
    }
}
