//! One step: from a frame's registers to its caller's.

use crate::cfi::{Cfa, Rule, Rules};
use crate::eval::{Machine, read_register};
use crate::heuristic::{self, Found};
use crate::orc::{OrcEntry, OrcKind};
use crate::walk::{Context, Policy};
use crate::{
    CfiKind, FrameId, FrameKind, Location, Method, ObjectAt, RegisterSet, UnwindError, pt_regs, reg,
};
use kdive_base::{ReadMemory, VirtAddr};

/// A frame as far as it is known before it is unwound.
pub(crate) struct Start<'a> {
    pub(crate) level: usize,
    pub(crate) kind: FrameKind,
    pub(crate) pc: VirtAddr,
    pub(crate) lookup_pc: VirtAddr,
    pub(crate) function: Option<VirtAddr>,
    pub(crate) registers: &'a RegisterSet,
    pub(crate) user_mode: bool,
}

impl Start<'_> {
    /// What a kernel's stacks have been made by; in user mode it is all as gdb knows it.
    fn policy(&self, policy: Policy) -> Policy {
        if self.user_mode { Policy::Gdb } else { policy }
    }
}

/// What unwinding a frame found.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) method: Method,
    pub(crate) id: FrameId,
    pub(crate) caller: RegisterSet,
    /// The frame is a signal trampoline by its CFI, which is to be looked up at the pc itself.
    pub(crate) is_trampoline: bool,
    /// How the caller came to be suspended.
    pub(crate) caller_kind: FrameKind,
    /// There is no caller.
    pub(crate) outermost: bool,
    /// The caller is on another stack, whose addresses do not compare.
    pub(crate) switches_stack: bool,
}

/// The frame from which the debugger called a function; `None` for others.
pub(crate) fn call_by_debugger(start: &Start<'_>, context: Context<'_>) -> Option<Step> {
    let sp = VirtAddr(start.registers.read(reg::RSP, context.memory).ok()?);
    let caller = context.info.before_call(start.pc, sp)?;
    Some(Step {
        method: Method::Kept,
        id: FrameId::Stack { cfa: sp, function: start.pc, tail_depth: 0 },
        caller,
        is_trampoline: false,
        caller_kind: FrameKind::Interrupted,
        outermost: false,
        switches_stack: true,
    })
}

/// Unwinds a frame.
///
/// # Errors
/// Why its caller cannot be found, for each of the reasons of [`UnwindError`].
pub(crate) fn unwind(start: &Start<'_>, policy: Policy, context: Context<'_>) -> Result<Step, UnwindError> {
    let policy = start.policy(policy);
    if policy == Policy::Kernel
        && start.pc == start.lookup_pc
        && context.info.is_return_trampoline(start.pc)
        && let Some(step) = at_return_trampoline(start, context)
    {
        return Ok(step);
    }
    if policy == Policy::Kernel
        && let Some(step) = in_return_trampoline(start, context)
    {
        return Ok(step);
    }
    if start.level == 0
        && !context.info.epilogue_cfi_valid(start.pc)
        && heuristic::is_at_ret(start.pc, context.memory)
    {
        let found = heuristic::epilogue_frame(start.registers, context.memory)?;
        return Ok(by_instructions(start, Method::Epilogue, found));
    }
    let object = context.info.object_at(start.lookup_pc);
    let orc = match (&object, policy) {
        (Some(object), Policy::Kernel) => find_orc(object, start, context),
        _ => None,
    };
    if let Some(object) = &object {
        for section in &object.tables.cfi {
            if let Some(rules) = section.rules(object.pc)? {
                return by_cfi(start, object, section.kind(), &rules, orc, context);
            }
        }
    }
    if policy == Policy::Kernel
        && let Some(step) = by_kernel_knowledge(start, object.as_ref(), orc, context)?
    {
        return Ok(step);
    }
    // A user program's, where its C library has no CFI for it.
    if policy == Policy::Gdb && start.pc.0 >> 63 == 0 && heuristic::is_at_sigreturn(start.pc, context.memory)
    {
        let found = heuristic::signal_frame(start.registers, context.memory)?;
        return Ok(Step {
            caller_kind: FrameKind::Interrupted,
            is_trampoline: true,
            switches_stack: true,
            ..by_instructions(start, Method::Sigreturn, found)
        });
    }
    let found = heuristic::prologue_frame(start.function, start.pc, start.registers, context.memory)?;
    Ok(by_instructions(start, Method::Prologue, found))
}

/// What gdb's `info frame` gives as `Arglist at` and `Locals at`: always what its prologue analysis says, whatever
/// unwinds the frame.
pub(crate) fn frame_base(
    start: &Start<'_>,
    method: Method,
    memory: &dyn ReadMemory,
) -> Result<u64, UnwindError> {
    Ok(match method {
        Method::Epilogue => heuristic::epilogue_frame(start.registers, memory)?.base,
        _ => heuristic::prologue_frame(start.function, start.pc, start.registers, memory)?.base,
    })
}

/// The registers user mode was left with: the end of a kernel stack.
pub(crate) fn user_mode(start: &Start<'_>) -> Step {
    Step { id: FrameId::Unavailable { function: start.pc }, ..unknown() }
}

/// At the first instruction of a return trampoline: a function has just taken its return address from the stack, and nothing of
/// the trampoline's own is there yet. `None` when it is not known what the trampoline goes on to.
fn at_return_trampoline(start: &Start<'_>, context: Context<'_>) -> Option<Step> {
    let sp = read_register(start.registers, reg::RSP, context.memory).ok()?;
    let to = context.info.true_return(start.pc, VirtAddr(sp.wrapping_sub(8)))?;
    let mut caller = start.registers.clone();
    caller.set(reg::RIP, Location::Value(to.0));
    Some(Step { method: Method::Trampoline, id: stack_id(start, sp), caller, outermost: false, ..unknown() })
}

/// Further into a return trampoline, which has registers of its own on the stack and perhaps dropped the record of what it goes on to
/// already. `None` outside of one, and where its records do not tell: then it is a frame as others are.
fn in_return_trampoline(start: &Start<'_>, context: Context<'_>) -> Option<Step> {
    let trampoline = start.function.filter(|&function| context.info.is_return_trampoline(function))?;
    let sp = read_register(start.registers, reg::RSP, context.memory).ok()?;
    let register = |number| read_register(start.registers, number, context.memory).ok();
    let mut word = [0; 8];
    let stacked = context.memory.read(VirtAddr(sp), &mut word).ok().map(|()| u64::from_le_bytes(word));
    let holds: Vec<u64> = [register(reg::RAX), register(reg::RDI), stacked].into_iter().flatten().collect();
    let (slot, to) = context.info.return_from_inside(trampoline, VirtAddr(sp), &holds)?;
    let entered_with = slot.offset(8);
    let mut caller = start.registers.clone();
    caller.set(reg::RIP, Location::Value(to.0));
    caller.set(reg::RSP, Location::Value(entered_with.0));
    let id = stack_id(start, entered_with.0);
    Some(Step { method: Method::Trampoline, id, caller, outermost: false, ..unknown() })
}

/// A frame nothing is known about.
pub(crate) fn unknown() -> Step {
    end_of_stack(Method::None)
}

/// The last frame of a stack.
fn end_of_stack(method: Method) -> Step {
    Step {
        method,
        id: FrameId::Outer,
        caller: RegisterSet::default(),
        caller_kind: FrameKind::Normal,
        outermost: true,
        switches_stack: false,
        is_trampoline: false,
    }
}

fn stack_id(start: &Start<'_>, cfa: u64) -> FrameId {
    let function = start.function.unwrap_or_default();
    FrameId::Stack { cfa: VirtAddr(cfa), function, tail_depth: 0 }
}

fn by_instructions(start: &Start<'_>, method: Method, found: Found) -> Step {
    let outermost = method == Method::Prologue && found.base == 0;
    Step {
        method,
        id: if outermost { FrameId::Outer } else { stack_id(start, found.cfa) },
        caller: found.caller,
        caller_kind: FrameKind::Normal,
        outermost,
        switches_stack: false,
        is_trampoline: false,
    }
}

/// The ORC entry, unless the table is of no use here. A table that cannot be read is not a reason to stop: there are
/// other ways.
fn find_orc(object: &ObjectAt, start: &Start<'_>, context: Context<'_>) -> Option<OrcEntry> {
    let table = object.tables.orc.as_ref()?;
    let entry = table.find(object.pc, start.lookup_pc, context.memory).ok()??;
    (entry.kind != OrcKind::Undefined).then_some(entry)
}

fn by_cfi(
    start: &Start<'_>,
    object: &ObjectAt,
    kind: CfiKind,
    rules: &Rules<'_>,
    orc: Option<OrcEntry>,
    context: Context<'_>,
) -> Result<Step, UnwindError> {
    let memory = context.memory;
    let machine = Machine {
        memory,
        registers: start.registers,
        slide: object.slide,
        pc: object.pc,
        section: kind.section_name(),
    };
    // DWARF is made by the compiler, which does not look into inline assembly; where that pushes something or
    // switches to the interrupt stack, only ORC, made from the instructions, has the frame right. The places of saved
    // registers count from the frame's start and are right in both.
    let by_orc = orc.filter(|entry| entry.kind == OrcKind::Call);
    let orc_cfa = by_orc.and_then(|entry| entry.stack(start.registers, memory).ok());
    let cfa = match (orc_cfa, rules.cfa) {
        (Some(cfa), _) => cfa,
        (None, Cfa::Register(number, offset)) => {
            read_register(start.registers, number, memory)?.wrapping_add_signed(offset)
        }
        (None, Cfa::Expression(expression)) => machine.run(expression, None)?,
    };
    let mut caller = start.registers.clone();
    caller.set(reg::RSP, Location::Value(cfa));
    for (number, rule) in rules.registers() {
        let location = locate(rule, number, cfa, start.registers, &machine);
        // gdb computes where a register is when somebody wants it: only the return address is wanted always.
        let location =
            if number == rules.return_column { location? } else { location.unwrap_or(Location::Unavailable) };
        caller.set(number, location);
    }
    let outermost = matches!(rules.register(rules.return_column), Some(Rule::Undefined));
    caller.set(reg::RIP, caller.location(rules.return_column));
    Ok(Step {
        method: match kind {
            CfiKind::DebugFrame => Method::DebugFrame,
            CfiKind::EhFrame => Method::EhFrame,
        },
        id: if outermost { FrameId::Outer } else { stack_id(start, cfa) },
        caller,
        caller_kind: if rules.signal { FrameKind::Interrupted } else { FrameKind::Normal },
        outermost,
        switches_stack: by_orc.is_some_and(|entry| entry.switches_stack()),
        is_trampoline: rules.signal,
    })
}

fn locate(
    rule: Rule<'_>,
    number: u16,
    cfa: u64,
    registers: &RegisterSet,
    machine: &Machine<'_>,
) -> Result<Location, UnwindError> {
    Ok(match rule {
        Rule::Undefined => Location::NotSaved,
        Rule::SameValue => registers.location(number),
        Rule::Offset(offset) => Location::Memory(VirtAddr(cfa.wrapping_add_signed(offset))),
        Rule::ValOffset(offset) => Location::Value(cfa.wrapping_add_signed(offset)),
        Rule::Register(other) => registers.location(other),
        Rule::Expression(expression) => Location::Memory(VirtAddr(machine.run(expression, Some(cfa))?)),
        Rule::ValExpression(expression) => Location::Value(machine.run(expression, Some(cfa))?),
    })
}

/// Code without CFI where gdb would guess: ORC, an encoded frame pointer, or a plain one.
fn by_kernel_knowledge(
    start: &Start<'_>,
    object: Option<&ObjectAt>,
    orc: Option<OrcEntry>,
    context: Context<'_>,
) -> Result<Option<Step>, UnwindError> {
    let memory = context.memory;
    if let Some(entry) = orc {
        return by_orc(start, entry, memory).map(Some);
    }
    let Ok(rbp) = read_register(start.registers, reg::RBP, memory) else { return Ok(None) };
    // ENCODE_FRAME_POINTER of kernels built with frame pointers: rbp points one byte into the pt_regs.
    if rbp & 1 == 1 && object.is_none_or(|object| object.tables.orc.is_none()) {
        let regs = VirtAddr(rbp - 1);
        let caller = pt_regs::registers_at(regs);
        // Those of a kernel thread are all 0: nothing has called it.
        let never_ran = [reg::RIP, reg::CS].iter().all(|number| caller.read(*number, memory) == Ok(0));
        return Ok(Some(if never_ran {
            end_of_stack(Method::FramePointer)
        } else {
            interrupted(start, Method::FramePointer, regs.0, caller, memory)
        }));
    }
    if rbp == 0 && start.pc.0 >> 63 == 1 && object.is_some_and(|object| object.tables.orc.is_none()) {
        return Ok(by_cleared_frame_pointer(start, memory));
    }
    // Code made at run time (BPF, trampolines) keeps frame pointers; the kernel relies on it too (`orc_fp_entry`).
    let rsp = read_register(start.registers, reg::RSP, memory)?;
    let in_frame = rbp >= rsp && rbp - rsp < MAX_FRAME && rbp % 8 == 0;
    if object.is_none() && start.pc.0 >> 63 == 1 && in_frame {
        let mut caller = start.registers.clone();
        caller.set(reg::RIP, Location::Memory(VirtAddr(rbp.wrapping_add(8))));
        caller.set(reg::RSP, Location::Value(rbp.wrapping_add(16)));
        caller.set(reg::RBP, Location::Memory(VirtAddr(rbp)));
        return Ok(Some(Step {
            method: Method::FramePointer,
            id: stack_id(start, rbp.wrapping_add(16)),
            caller,
            caller_kind: FrameKind::Normal,
            outermost: false,
            switches_stack: false,
            is_trampoline: false,
        }));
    }
    Ok(None)
}

/// Entry code of kernels built with frame pointers clears rbp before it calls anything (`CLEAR_REGS`, `secondary_startup_64`): what
/// the caller left on the stack are the registers of user mode, or it has no caller. `None` for code that only happens to
/// have a 0 there.
fn by_cleared_frame_pointer(start: &Start<'_>, memory: &dyn ReadMemory) -> Option<Step> {
    let rsp = read_register(start.registers, reg::RSP, memory).ok()?;
    if pt_regs::is_of_user_mode(VirtAddr(rsp), memory) {
        let caller = pt_regs::registers_at(VirtAddr(rsp));
        return Some(interrupted(start, Method::FramePointer, rsp, caller, memory));
    }
    // A return address into the kernel is one.
    let returns = memory.read_uint(VirtAddr(rsp), 8).is_ok_and(|word| word >> 63 == 1);
    (start.level > 0 && !returns).then(|| end_of_stack(Method::FramePointer))
}

/// Farthest a frame pointer is believed to be from the stack pointer: a whole kernel stack with KASAN.
const MAX_FRAME: u64 = 32 << 10;

fn by_orc(start: &Start<'_>, entry: OrcEntry, memory: &dyn ReadMemory) -> Result<Step, UnwindError> {
    if entry.kind == OrcKind::EndOfStack {
        return Ok(end_of_stack(Method::Orc));
    }
    let stack = entry.stack(start.registers, memory)?;
    let rbp = entry.saved_rbp(stack, start.registers, memory)?;
    match entry.kind {
        OrcKind::Regs => {
            let caller = pt_regs::registers_at(VirtAddr(stack));
            Ok(interrupted(start, Method::Orc, stack, caller, memory))
        }
        OrcKind::RegsPartial => {
            let mut caller = pt_regs::with_iret_frame(start.registers, VirtAddr(stack));
            caller.set(reg::RBP, rbp);
            Ok(interrupted(start, Method::Orc, stack, caller, memory))
        }
        _ => {
            let mut caller = start.registers.clone();
            caller.set(reg::RIP, Location::Memory(VirtAddr(stack.wrapping_sub(8))));
            caller.set(reg::RSP, Location::Value(stack));
            find_pushed(start, stack, &mut caller, memory);
            caller.set(reg::RBP, rbp);
            Ok(Step {
                method: Method::Orc,
                id: stack_id(start, stack),
                caller,
                caller_kind: if entry.signal { FrameKind::Interrupted } else { FrameKind::Normal },
                outermost: false,
                switches_stack: entry.switches_stack(),
                is_trampoline: false,
            })
        }
    }
}

/// ORC tells of rbp only; the other registers the function has pushed, and not popped yet, are found by their pushes.
fn find_pushed(start: &Start<'_>, cfa: u64, caller: &mut RegisterSet, memory: &dyn ReadMemory) {
    let (Some(function), Ok(sp)) = (start.function, read_register(start.registers, reg::RSP, memory)) else {
        return;
    };
    let mut slot = cfa.wrapping_sub(8);
    for number in heuristic::pushed_registers(function, start.pc, memory) {
        slot = slot.wrapping_sub(8);
        if slot < sp {
            break;
        }
        caller.set(number, Location::Memory(VirtAddr(slot)));
    }
}

/// A frame of entry code: its caller's registers were saved at `cfa` by the CPU and the kernel.
fn interrupted(
    start: &Start<'_>,
    method: Method,
    cfa: u64,
    caller: RegisterSet,
    memory: &dyn ReadMemory,
) -> Step {
    let from_user = caller.read(reg::CS, memory).is_ok_and(|cs| cs & 3 == 3);
    Step {
        method,
        id: stack_id(start, cfa),
        caller,
        caller_kind: if from_user { FrameKind::User } else { FrameKind::Interrupted },
        outermost: false,
        switches_stack: true,
        is_trampoline: false,
    }
}
