//! What a CPU is about to report: it stands where all reports of a kind begin, and the log has nothing of it yet.

use crate::message::{self, Arguments};
use crate::{Error, TaskLayout};
use kdive_arch::{Disassembler, Flavor};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::{Frame, Program};

/// A report that begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// What the kernel will print.
    pub reason: String,
    /// Whether it is the end of what an oops that was reported before began.
    pub follows_oops: bool,
}

/// The registers of the arguments after the first (System V ABI AMD64, 3.2.3).
const ARGUMENT_REGISTERS: [&str; 5] = ["rsi", "rdx", "rcx", "r8", "r9"];
/// Where a function with variable arguments has stored them at the latest.
const PROLOGUE: usize = 192;

/// The register and distance of `%rsi,0x28(%rsp)`, if that is where an instruction stores `register`.
fn stored<'a>(text: &'a str, register: &str) -> Option<(&'a str, i64)> {
    let operands = text.strip_prefix("mov").and_then(|rest| rest.split_once('%'))?.1;
    let (distance, base) = operands.strip_prefix(register)?.strip_prefix(',')?.split_once("(%")?;
    let base = base.strip_suffix(')').filter(|base| matches!(*base, "rsp" | "rbp"))?;
    let (negative, digits) = distance.strip_prefix('-').map_or((false, distance), |rest| (true, rest));
    let value = match digits.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok()?,
        None if digits.is_empty() => 0,
        None => return None,
    };
    Some((base, if negative { -value } else { value }))
}

/// The variable arguments of the function a frame is in: where its prologue has stored them, or still in their registers.
fn variable_arguments(program: &Program, frame: &Frame) -> Option<Arguments> {
    let pc = frame.pc();
    let (_, range) = program.modules.function_bounds(pc)?;
    let mut code = vec![0; PROLOGUE];
    program.read(range.start, &mut code).ok()?;
    let registers = program.registers()?;
    let nothing = |_: VirtAddr| None::<String>;
    let disassembler = Disassembler::new(program.code_address(pc).size, Flavor::Att);
    let mut places: [Option<VirtAddr>; 5] = [None; 5];
    let mut at = 0;
    while let Some(insn) = disassembler.decode(code.get(at..)?, range.start.offset(at as u64), &nothing) {
        // What has not run yet has stored nothing.
        if range.start.offset(at as u64) >= pc || insn.bytes.is_empty() {
            break;
        }
        for (register, place) in ARGUMENT_REGISTERS.iter().zip(&mut places) {
            if let Some((base, distance)) = stored(&insn.text, register) {
                let base = registers.by_name(base)?;
                place.get_or_insert(VirtAddr(base.wrapping_add_signed(distance)));
            }
        }
        at += insn.bytes.len();
    }
    let value = |(register, place): (&&str, &Option<VirtAddr>)| match place {
        Some(place) => program.read_uint(*place, 8).ok(),
        None => registers.by_name(register),
    };
    let values: Option<Vec<u64>> = ARGUMENT_REGISTERS.iter().zip(&places).rev().map(value).collect();
    Some(Arguments::Call { registers: values?, stack: frame.real.cfa()? })
}

/// The message of `panic(fmt, ...)` or `vpanic(fmt, args)`.
fn panic_message(program: &Program, frame: &Frame, function: &str) -> Option<String> {
    let argument = |name: &str, register: &str| {
        let value = program.evaluate_address(name).ok();
        value.or_else(|| program.registers()?.by_name(register).map(VirtAddr))
    };
    let format = argument("fmt", "rdi")?;
    let mut arguments = match function {
        "vpanic" => Arguments::List(argument("args", "rsi")?),
        _ => variable_arguments(program, frame)?,
    };
    message::text(program, format, &mut arguments).ok()
}

/// What `__warn(file, line, caller, taint, regs, args)` will say.
fn warning(program: &Program) -> Option<String> {
    let value = |name: &str| program.evaluate_address(name).ok();
    let file = program.read_c_string(value("file")?, 512).ok()?;
    let mut text = format!("WARNING at {}:{}", String::from_utf8_lossy(&file), value("line")?.0 as u32);
    // struct warn_args { const char *fmt; va_list args; }
    if let Some(args) = value("args").filter(|args| args.0 != 0)
        && let Ok(format) = program.read_uint(args, 8)
        && let Ok(message) = message::text(program, VirtAddr(format), &mut Arguments::List(args.offset(8)))
    {
        text.push_str(&format!(": {message}"));
    }
    Some(text)
}

/// Whom khungtaskd is about to show.
fn hung(program: &Program) -> Option<String> {
    let named = |name: &str| -> Result<String, Error> {
        let addr = program.evaluate_address(name).map_err(|_| Error::NoSymbol(name.to_owned()))?;
        let task = TaskLayout::new(program)?.read(program, addr)?;
        Ok(format!("INFO: task {}:{} blocked for too long", task.comm, task.pid))
    };
    named("p").or_else(|_| named("tsk")).ok()
}

/// The report the selected CPU begins, if it does.
#[must_use]
pub fn trouble_here(program: &Program) -> Option<Trouble> {
    let frame = program.frame(0).ok()?;
    let function = program.frame_function(&frame)?;
    let selected = program.selected_level();
    program.select_frame(0).ok()?;
    let reason = match function.as_str() {
        "panic" | "vpanic" => panic_message(program, &frame, &function)
            .map(|message| format!("Kernel panic - not syncing: {message}")),
        "__warn" => warning(program),
        "sched_show_task" => hung(program),
        _ => None,
    };
    // As it was before.
    let _ = program.select_frame(selected);
    let reason = reason?;
    // What die() and its kin panic with (arch/x86/kernel/dumpstack.c, kernel/exit.c).
    let follows_oops = reason.contains(": Fatal exception");
    Some(Trouble { reason, follows_oops })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_prologue_stores_an_argument() {
        assert_eq!(stored("mov    %rsi,0x28(%rsp)", "rsi"), Some(("rsp", 0x28)));
        assert_eq!(stored("mov    %r8,-0x10(%rbp)", "r8"), Some(("rbp", -0x10)));
        assert_eq!(stored("mov %rdx,(%rsp)", "rdx"), Some(("rsp", 0)));
        for other in [
            "mov    %rsi,%rax",
            "mov    0x28(%rsp),%rsi",
            "mov    %rsi,0x28(%rax)",
            "push   %rsi",
            "mov %esi,8(%rsp)",
        ] {
            assert_eq!(stored(other, "rsi"), None, "{other}");
        }
    }
}
