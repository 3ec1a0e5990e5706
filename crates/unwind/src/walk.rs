//! From registers to frames, one caller after the other.

use crate::eval::read_register;
use crate::step::{self, Start};
use crate::{Frame, FrameId, FrameKind, Location, Method, RegisterSet, UnwindError, UnwindInfo, reg, tail};
use kdive_base::{Interrupt, ReadMemory, VirtAddr};
use std::collections::HashSet;
use std::fmt;

/// Which frames to find.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Policy {
    /// Those of gdb 13, for the same registers and memory.
    #[default]
    Gdb,
    /// DWARF, then ORC, then the prologue; through exceptions and interrupts to the registers of user mode, and on in programs
    /// whose code is known.
    Kernel,
}

/// What a walk needs at each step.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Facts about code.
    pub info: &'a dyn UnwindInfo,
    /// Target memory.
    pub memory: &'a dyn ReadMemory,
    /// The user's Ctrl-C.
    pub interrupt: &'a Interrupt,
}

/// Why there is no further frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StopReason {
    /// The outermost frame: return address undefined, or the frame base is 0.
    Outermost,
    /// pc is 0.
    ZeroPc,
    /// The function with the program's entry point.
    EntryFunction,
    /// Unknown code of user mode is reached ([`Policy::Kernel`]).
    UserMode,
    /// The caller would lie below its callee on the stack.
    Inner,
    /// The caller would be a frame that was already seen.
    Same,
    /// Caller and callee would have saved their return address in the same place.
    NoSavedPc,
    /// More frames than any stack holds.
    Limit(usize),
    /// Ctrl-C.
    Interrupted,
    /// Memory, a register or the unwind tables failed.
    Failed(UnwindError),
}

impl StopReason {
    /// Whether gdb says `Backtrace stopped: REASON`; a regular end is silent.
    #[must_use]
    pub fn is_error(&self) -> bool {
        !matches!(self, Self::Outermost | Self::ZeroPc | Self::EntryFunction | Self::UserMode)
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outermost => f.write_str("outermost"),
            Self::ZeroPc => f.write_str("zero pc"),
            Self::EntryFunction => f.write_str("inside entry function"),
            Self::UserMode => f.write_str("user mode"),
            Self::Inner => f.write_str("previous frame inner to this frame (corrupt stack?)"),
            Self::Same => f.write_str("previous frame identical to this frame (corrupt stack?)"),
            Self::NoSavedPc => f.write_str("frame did not save the PC"),
            Self::Limit(limit) => write!(f, "more than {limit} frames (corrupt stack?)"),
            Self::Interrupted => f.write_str("Quit"),
            Self::Failed(error) => write!(f, "{error}"),
        }
    }
}

/// The frames found so far from one set of registers. Plain data: it holds no reference to target or symbols and can
/// be kept until the target runs.
#[derive(Clone, Debug)]
pub struct Walk {
    policy: Policy,
    start: RegisterSet,
    start_is_return_address: bool,
    innermost_only: bool,
    frames: Vec<Frame>,
    seen: HashSet<FrameId>,
    stop: Option<StopReason>,
}

/// Most frames of one walk. A 16 KiB stack holds 2,048 return addresses; this is for user stacks.
const MAX_FRAMES: usize = 10_000;

impl Walk {
    /// A walk from the registers of a stopped CPU, which must have at least `rip` and `rsp`; `cs` tells user mode.
    #[must_use]
    pub fn new(registers: RegisterSet, policy: Policy) -> Self {
        Self {
            policy,
            start: registers,
            start_is_return_address: false,
            innermost_only: false,
            frames: Vec::new(),
            seen: HashSet::new(),
            stop: None,
        }
    }

    /// A walk from what a sleeping task will have when it runs again: `rip` is a return address, so symbols are looked
    /// up one byte before it in the innermost frame too.
    #[must_use]
    pub fn sleeping(registers: RegisterSet, policy: Policy) -> Self {
        Self { start_is_return_address: true, ..Self::new(registers, policy) }
    }

    /// A walk that ends at its first frame, for processors whose calling conventions are not known here. The program counter
    /// stands in `rip`, whatever the processor calls it.
    #[must_use]
    pub fn innermost_only(registers: RegisterSet) -> Self {
        Self { innermost_only: true, ..Self::new(registers, Policy::Gdb) }
    }

    /// Frame `level`, finding frames as far as needed; `None` when the stack ends before, see [`Walk::stop`].
    pub fn frame(&mut self, level: usize, context: Context<'_>) -> Option<&Frame> {
        self.peek(level, context)?;
        self.settle(level, context);
        self.frames.get(level)
    }

    /// As [`Walk::frame`], for who does not ask for [`Frame::caller`]: the stack is not read to find out whether functions left
    /// by a jump stand between the frame and its caller. Nothing at all is read for level 0 where its CFI needs no memory.
    pub fn peek(&mut self, level: usize, context: Context<'_>) -> Option<&Frame> {
        while self.frames.len() <= level {
            if !self.find_next(context) {
                return None;
            }
        }
        self.frames.get(level)
    }

    /// Finds all frames.
    pub fn finish(&mut self, context: Context<'_>) -> &[Frame] {
        while self.find_next(context) {}
        &self.frames
    }

    /// The frames found so far.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Why the last frame has no caller, once that is known.
    #[must_use]
    pub fn stop(&self) -> Option<&StopReason> {
        self.stop.as_ref()
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Finds out what stands between a frame and its caller: a trampoline, and functions that left by a jump.
    fn settle(&mut self, level: usize, context: Context<'_>) {
        let Some(frame) = self.frames.get_mut(level).filter(|frame| !frame.settled) else { return };
        frame.settled = true;
        if self.policy == Policy::Kernel && !frame.user_mode && frame.caller_kind == FrameKind::Normal {
            follow_trampoline(frame, context);
        }
        if !matches!(frame.method, Method::DebugFrame | Method::EhFrame)
            || frame.caller_kind != FrameKind::Normal
        {
            return;
        }
        let Ok(return_pc) = frame.beyond.read(reg::RIP, context.memory) else { return };
        frame.tail_callers = tail::find_chain(context.info, VirtAddr(return_pc), frame.lookup_pc);
        if let (Some(first), Some(cfa)) = (frame.tail_callers.first(), frame.cfa()) {
            frame.caller = after_tail_call(&frame.caller, Some(*first), cfa, context.memory);
        }
    }

    /// Finds one more frame; `false` when there is none, with the reason in `stop`.
    fn find_next(&mut self, context: Context<'_>) -> bool {
        if self.stop.is_some() {
            return false;
        }
        if let Some(last) = self.frames.len().checked_sub(1) {
            self.settle(last, context);
        }
        match self.next_frame(context) {
            Ok(frame) => {
                if let Ok(id) = frame.id {
                    self.seen.insert(id);
                }
                self.frames.push(frame);
                true
            }
            Err(reason) => {
                // Ctrl-C is not a property of the stack: the next question may go on from here.
                if reason != StopReason::Interrupted {
                    self.stop = Some(reason);
                }
                false
            }
        }
    }

    fn next_frame(&self, context: Context<'_>) -> Result<Frame, StopReason> {
        if context.interrupt.is_raised() {
            return Err(StopReason::Interrupted);
        }
        let Some(callee) = self.frames.last() else { return self.first_frame(context) };
        if self.frames.len() >= MAX_FRAMES {
            return Err(StopReason::Limit(MAX_FRAMES));
        }
        self.check_has_caller(callee, context)?;
        let frame = self.caller_of(callee, context)?;
        match &frame.id {
            // Without its id gdb does not show the frame; the callee is the last.
            Err(error) => Err(StopReason::Failed(error.clone())),
            Ok(id) if self.seen.contains(id) => Err(StopReason::Same),
            Ok(_) => Ok(frame),
        }
    }

    fn first_frame(&self, context: Context<'_>) -> Result<Frame, StopReason> {
        let registers = self.start.clone();
        let pc = VirtAddr(read_register(&registers, reg::RIP, context.memory).map_err(StopReason::Failed)?);
        let in_user_mode = registers.read(reg::CS, context.memory).is_ok_and(|cs| cs & 3 == 3);
        let kind = match self.policy {
            Policy::Kernel if in_user_mode => entered_from(pc, FrameKind::Normal, context),
            _ => FrameKind::Normal,
        };
        let user_mode = self.policy == Policy::Kernel && in_user_mode;
        let lookup_pc = if self.start_is_return_address { VirtAddr(pc.0.wrapping_sub(1)) } else { pc };
        Ok(self.make(kind, user_mode, pc, lookup_pc, registers, context))
    }

    /// gdb's reasons not to look for a caller, in gdb's order.
    fn check_has_caller(&self, frame: &Frame, context: Context<'_>) -> Result<(), StopReason> {
        let below = frame.level.checked_sub(1).and_then(|level| self.frames.get(level));
        // gdb's NORMAL_FRAME.
        let normal = |frame: &Frame| matches!(frame.kind, FrameKind::Normal | FrameKind::Interrupted);
        let is_normal = normal(frame);
        let after_normal = is_normal && below.is_some_and(normal);
        if frame.kind == FrameKind::User {
            return Err(StopReason::UserMode);
        }
        if is_normal && context.info.is_entry_function(frame.function) {
            return Err(StopReason::EntryFunction);
        }
        if after_normal && frame.pc == VirtAddr(0) {
            return Err(StopReason::ZeroPc);
        }
        let id = frame.id.as_ref().map_err(|error| StopReason::Failed(error.clone()))?;
        if frame.outermost {
            return Err(StopReason::Outermost);
        }
        let Some(below) = below.filter(|_| after_normal) else { return Ok(()) };
        // The frame below an inlined call is, to gdb, the inlined one, which the rule does not apply to.
        let inner = below.id.as_ref().is_ok_and(|below_id| id.is_inner_to(*below_id));
        if inner
            && !frame.switches_stack
            && !below.switches_stack
            && context.info.inlined_calls(frame.lookup_pc) == 0
        {
            return Err(StopReason::Inner);
        }
        let same_place = match (frame.caller.location(reg::RIP), frame.registers.location(reg::RIP)) {
            (Location::Memory(mine), Location::Memory(below)) => mine == below,
            (Location::Register { number: mine, .. }, Location::Register { number: below, .. }) => {
                mine == below
            }
            _ => false,
        };
        if same_place { Err(StopReason::NoSavedPc) } else { Ok(()) }
    }

    fn caller_of(&self, callee: &Frame, context: Context<'_>) -> Result<Frame, StopReason> {
        // The frame the tail calls stand on, and how many of them are shown already.
        let shown = self.frames.iter().rev().take_while(|frame| frame.kind == FrameKind::TailCall).count();
        let base = callee.level.checked_sub(shown).and_then(|level| self.frames.get(level)).unwrap_or(callee);
        if let Some(pc) = base.tail_callers.get(shown) {
            return Ok(self.tail_call_frame(base, *pc, shown, context));
        }
        let registers = callee.caller.clone();
        let pc = VirtAddr(read_register(&registers, reg::RIP, context.memory).map_err(StopReason::Failed)?);
        let returns_here = base.caller_kind == FrameKind::Normal;
        let lookup_pc = if returns_here { VirtAddr(pc.0.wrapping_sub(1)) } else { pc };
        let kind = match base.caller_kind {
            FrameKind::User => entered_from(pc, FrameKind::Interrupted, context),
            // For unknown functions gdb's analysis would make something up.
            _ if base.user_mode && !context.info.is_user_code(lookup_pc) => FrameKind::User,
            kind => kind,
        };
        let user_mode = base.user_mode || base.caller_kind == FrameKind::User;
        Ok(self.make(kind, user_mode, pc, lookup_pc, registers, context))
    }

    fn tail_call_frame(&self, base: &Frame, pc: VirtAddr, shown: usize, context: Context<'_>) -> Frame {
        let cfa = base.cfa().unwrap_or_default();
        let next = base.tail_callers.get(shown + 1);
        let caller = after_tail_call(&base.beyond, next.copied(), cfa, context.memory);
        let lookup_pc = VirtAddr(pc.0.wrapping_sub(1));
        let tail_depth = u32::try_from(base.tail_callers.len() - shown).unwrap_or(u32::MAX);
        let registers = self.frames.last().map_or_else(RegisterSet::default, |callee| callee.caller.clone());
        Frame {
            level: self.frames.len(),
            kind: FrameKind::TailCall,
            pc,
            lookup_pc,
            function: context.info.function_start(lookup_pc),
            registers,
            method: Method::TailCall,
            id: Ok(FrameId::Stack { cfa, function: pc, tail_depth }),
            user_mode: base.user_mode,
            caller,
            beyond: RegisterSet::default(),
            caller_kind: FrameKind::Normal,
            outermost: false,
            switches_stack: false,
            tail_callers: Vec::new(),
            return_slot: None,
            settled: true,
        }
    }

    fn make(
        &self,
        kind: FrameKind,
        user_mode: bool,
        pc: VirtAddr,
        lookup_pc: VirtAddr,
        registers: RegisterSet,
        context: Context<'_>,
    ) -> Frame {
        let level = self.frames.len();
        let mut start =
            Start { level, kind, pc, lookup_pc, function: None, registers: &registers, user_mode };
        let mut step = Ok(step::user_mode(&start));
        if let Some(call) = step::call_by_debugger(&start, context) {
            start.kind = FrameKind::CallByDebugger;
            start.lookup_pc = pc;
            step = Ok(call);
        } else if kind != FrameKind::User {
            start.function = context.info.function_start(lookup_pc);
            step = if self.innermost_only {
                Ok(step::unknown())
            } else {
                step::unwind(&start, self.policy, context)
            };
            if step.as_ref().is_ok_and(|step| step.is_trampoline) {
                start.kind = FrameKind::SignalTrampoline;
                start.lookup_pc = pc;
                start.function = context.info.function_start(pc);
                step = step::unwind(&start, self.policy, context);
            }
        }
        let Start { kind, lookup_pc, function, .. } = start;
        let (step, error) = match step {
            Ok(step) => (step, None),
            Err(error) => (step::unknown(), Some(error)),
        };
        Frame {
            level,
            kind,
            pc,
            lookup_pc,
            function,
            registers,
            method: step.method,
            id: error.map_or(Ok(step.id), Err),
            user_mode,
            caller: step.caller.clone(),
            beyond: step.caller,
            caller_kind: step.caller_kind,
            outermost: step.outermost,
            switches_stack: step.switches_stack,
            tail_callers: Vec::new(),
            return_slot: None,
            settled: false,
        }
    }
}

/// What a frame in user mode without a caller is: `kind` where the code is known and is in memory.
fn entered_from(pc: VirtAddr, kind: FrameKind, context: Context<'_>) -> FrameKind {
    let is_known = context.info.is_user_code(pc) && context.info.is_in_place(pc);
    if is_known { kind } else { FrameKind::User }
}

/// Puts the true return address in the place of that of a trampoline.
fn follow_trampoline(frame: &mut Frame, context: Context<'_>) {
    let Location::Memory(slot) = frame.beyond.location(reg::RIP) else { return };
    let Ok(return_pc) = frame.beyond.read(reg::RIP, context.memory) else { return };
    let Some(to) = context.info.true_return(VirtAddr(return_pc), slot) else { return };
    frame.return_slot = Some(slot);
    frame.beyond.set(reg::RIP, Location::Value(to.0));
    frame.caller.set(reg::RIP, Location::Value(to.0));
}

/// The registers of a function that left by the jump before `pc`, or, without one, of the caller of the first of them.
fn after_tail_call(
    beyond: &RegisterSet,
    pc: Option<VirtAddr>,
    cfa: VirtAddr,
    memory: &dyn ReadMemory,
) -> RegisterSet {
    let mut registers = beyond.clone();
    match pc {
        Some(pc) => {
            registers.set(reg::RIP, Location::Value(pc.0));
            // As it was when the callee was jumped to: at the return address.
            registers.set(reg::RSP, Location::Value(cfa.0.wrapping_sub(8)));
        }
        None => {
            if let Ok(pc) = beyond.read(reg::RIP, memory) {
                registers.set(reg::RIP, Location::Value(pc));
            }
        }
    }
    registers
}

#[cfg(test)]
mod tests;
