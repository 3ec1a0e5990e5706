//! Stepping: whether a thread that has just executed something has arrived.
//!
//! The rules are gdb's, because users and scripts know them by heart. A step has a range of addresses, those of the line
//! it began in, and the frame it began in. As long as the pc is in the range it goes on. Outside of it, in this order:
//!
//! - a function called from the frame of the step is stepped into past its prologue (`step`, when it has lines), or left at
//!   once through a breakpoint at its return address that counts in the caller's frame only;
//! - code nobody has lines for is left the same way, or ends the step;
//! - the beginning of an inlined call ends a `step`, or is entered when the call stands on the line left behind;
//! - the beginning of another line ends the step;
//! - the middle of a line, as after a return, becomes the new range.

use crate::event::Notice;
use crate::frames;
use crate::line_rules::{Here, LineAction};
use crate::run::{Command, Momentary, StepKind};
use crate::{Error, Event, Session};
use kdive_base::{AddrRange, VirtAddr};
use kdive_program::FrameKey;
use kdive_symbols::SourceName;
use kdive_unwind::UnwindInfo as _;

/// Addresses a step stays in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Range {
    /// One instruction, wherever it leads.
    Instruction,
    /// As long as the pc is here.
    Within(AddrRange),
}

/// What happens at calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StepOver {
    /// They are steps like any other (`stepi`).
    Nothing,
    /// Functions without lines are run through (`step`).
    Undebuggable,
    /// All are run through (`next`).
    All,
}

/// A step under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    pub(crate) range: Range,
    pub(crate) over: StepOver,
    /// The frame, inlined calls told apart.
    pub(crate) frame: Option<FrameKey>,
    /// The frame with registers of its own.
    pub(crate) stack: Option<FrameKey>,
    /// The function the command began in.
    pub(crate) function: Option<VirtAddr>,
    /// The line that is being left; `None` compares unequal to every line.
    pub(crate) line: Option<(SourceName, u32)>,
    /// The step goes on when this is reached.
    pub(crate) resume_at: Option<Momentary>,
}

/// Whether a step goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Keep,
    Done,
}

impl Session {
    /// A step that starts where the selected thread stands (gdb's `set_step_frame`); the range is still to be set.
    pub(crate) fn new_step(&mut self, over: StepOver) -> Step {
        let frame = self.program.frame(0).ok();
        let pc = frame.as_ref().map(|frame| frame.pc());
        let line = frame.as_ref().and_then(|frame| self.program.frame_line(frame));
        Step {
            range: Range::Instruction,
            over,
            stack: frames::stack_id(&self.program, 0),
            function: pc.and_then(|pc| self.program.described_function(pc)),
            line: line.map(|line| (line.file, line.line)),
            frame: frame.and_then(|frame| frame.key()),
            resume_at: None,
        }
    }

    /// Sets the running command up for its next step. `true`: it ended without anything running, by going into an inlined
    /// call.
    ///
    /// # Errors
    /// `Cannot find bounds of current function`.
    pub(crate) fn prepare_step(&mut self) -> Result<bool, Error> {
        loop {
            let Some(run) = self.run.as_mut() else { return Ok(true) };
            let Command::Step { kind, left } = &mut run.command else { return Ok(false) };
            if *left == 0 {
                return Ok(true);
            }
            let kind = *kind;
            if kind == StepKind::Into && self.program.hidden_inlined() > 0 {
                *left -= 1;
                run.step = None;
                let hidden = self.program.hidden_inlined();
                self.program.hide_inlined(hidden - 1);
                continue;
            }
            let over = match kind {
                StepKind::Into => StepOver::Undebuggable,
                StepKind::Instruction => StepOver::Nothing,
                StepKind::Over | StepKind::InstructionOver => StepOver::All,
            };
            let mut step = self.new_step(over);
            if matches!(kind, StepKind::Into | StepKind::Over) {
                let pc = self.program.pc()?;
                step.range = self.line_range(pc)?;
            }
            if let Some(run) = self.run.as_mut() {
                run.step = Some(step);
                run.steps = 0;
            }
            return Ok(false);
        }
    }

    /// The addresses of the line at `pc`, or of the whole function where there are no lines.
    fn line_range(&mut self, pc: VirtAddr) -> Result<Range, Error> {
        if let Some(row) = self.program.line_row(pc) {
            return Ok(Range::Within(AddrRange::new(row.start, row.end)));
        }
        if self.settings.step_mode {
            return Ok(Range::Instruction);
        }
        let (name, range) = self
            .program
            .modules
            .function_bounds(pc)
            .ok_or_else(|| Error::msg("Cannot find bounds of current function"))?;
        self.queue.push_back(Event::Notice(Notice::StepsToEndOf(name.to_string())));
        Ok(Range::Within(range))
    }

    /// Whether the step of the running command is over, its thread standing at `pc`.
    pub(crate) fn step_verdict(&mut self, pc: VirtAddr) -> Verdict {
        let Some(step) = self.run.as_ref().and_then(|run| run.step.clone()) else { return Verdict::Keep };
        if matches!(step.range, Range::Within(range) if range.contains(pc)) {
            return Verdict::Keep;
        }
        let function = self.program.modules.function_bounds(pc);
        if step.over != StepOver::Nothing && function.as_ref().is_some_and(|(name, _)| is_branch_thunk(name))
        {
            return Verdict::Keep;
        }
        // A function has returned to what a tracer put in the place of its caller.
        if step.over != StepOver::Nothing && self.program.is_return_trampoline(pc) {
            return self.run_to_caller();
        }
        let stack = frames::stack_id(&self.program, 0);
        if (stack.is_none() || stack != step.stack) && self.is_called_from(&step, pc) {
            return self.entered_function(&step, pc);
        }
        let row = self.program.line_row(pc);
        if step.over == StepOver::Undebuggable && function.is_none() && row.is_none() {
            if self.settings.step_mode {
                return Verdict::Done;
            }
            return self.run_to_caller();
        }
        if step.range == Range::Instruction {
            return Verdict::Done;
        }
        let Some(row) = row else { return Verdict::Done };
        match step.action_at(&Here::now(&self.program, pc, row, stack)) {
            LineAction::Done => return Verdict::Done,
            LineAction::Entered => {
                let hidden = self.program.hidden_inlined();
                let entered =
                    hidden.checked_sub(1).and_then(|at| self.program.inlined_at(pc).0.into_iter().nth(at));
                if entered.is_some_and(|call| self.is_skipped(call.name(), pc)) {
                    return Verdict::Keep;
                }
                self.program.hide_inlined(hidden.saturating_sub(1));
                return Verdict::Done;
            }
            LineAction::Keep => {}
            LineAction::KeepAs(fresh) => {
                if let Some(run) = self.run.as_mut() {
                    run.step = Some(*fresh);
                }
            }
        }
        Verdict::Keep
    }

    /// Whether the function at `pc` was called from the frame of the step.
    fn is_called_from(&mut self, step: &Step, pc: VirtAddr) -> bool {
        let Some(origin) = step.stack else { return false };
        let caller = frames::caller(&self.program, 0).and_then(|caller| caller.key);
        caller == Some(origin)
            && (origin.address().is_some() || step.function != self.program.described_function(pc))
    }

    /// The step has come into a function called from its frame.
    fn entered_function(&mut self, step: &Step, pc: VirtAddr) -> Verdict {
        match step.over {
            StepOver::Nothing => return Verdict::Done,
            StepOver::All => return self.run_to_caller(),
            StepOver::Undebuggable => {}
        }
        let function = self.program.modules.function_bounds(pc);
        if function.as_ref().is_some_and(|(name, _)| self.is_skipped(name, pc)) {
            return self.run_to_caller();
        }
        if let Some((_, range)) = function
            && self.program.line_row(range.start).is_some()
        {
            let mut body = self.program.prologue_end(range.start);
            if let Some(row) = self.program.line_row(body)
                && row.start != body
                && row.end < range.end
            {
                // The prologue ends in the middle of a line: on to the next one.
                body = row.end;
            }
            if body == pc {
                return Verdict::Done;
            }
            let task = self.program.task();
            let Some(run) = self.run.as_mut() else { return Verdict::Done };
            let thread = run.thread;
            if let Some(step) = run.step.as_mut() {
                step.resume_at = Some(Momentary { addr: body, frame: None, thread, task });
                // Whatever is found there is not in the range.
                if let Range::Within(range) = step.range {
                    step.range = Range::Within(AddrRange::new(range.start, range.start));
                }
            }
            return Verdict::Keep;
        }
        if self.settings.step_mode {
            return Verdict::Done;
        }
        self.run_to_caller()
    }

    /// Whether the user does not want to step into a function that begins at `pc`.
    fn is_skipped(&self, function: &str, pc: VirtAddr) -> bool {
        if self.skips.is_empty() {
            return false;
        }
        let row = self.program.line_row(pc);
        self.skips.iter().any(|skip| skip(function, row.as_ref().map(|row| &*row.file.name)))
    }

    /// Runs to where the innermost function returns to, in its caller's frame.
    fn run_to_caller(&mut self) -> Verdict {
        let caller = frames::caller(&self.program, 0).filter(|caller| caller.key.is_some());
        let Some(caller) = caller.filter(|caller| frames::begins_instruction(&self.program, caller.pc))
        else {
            return Verdict::Done;
        };
        let task = self.program.task();
        let Some(run) = self.run.as_mut() else { return Verdict::Done };
        let thread = run.thread;
        if let Some(step) = run.step.as_mut() {
            step.resume_at = Some(Momentary { addr: caller.pc, frame: caller.key, thread, task });
        }
        Verdict::Keep
    }
}

/// Whether a function is one of the thunks through which kernels and programs built with `-mindirect-branch=thunk-extern`
/// make indirect jumps and calls, or one through which kernels return; they are no functions of their own to a step, and no
/// unwinder knows its way out of the middle of one.
///
/// Names: arch/x86/lib/retpoline.S and what it was called since 4.15. Where gdb knows a name of the array's own it is one of the thunk
/// in it: on the way through all of them have to be passed.
fn is_branch_thunk(name: &str) -> bool {
    const RETURNS: [&str; 7] = [
        "__x86_return_thunk",
        "retbleed_return_thunk",
        "srso_return_thunk",
        "srso_alias_return_thunk",
        "call_depth_return_thunk",
        "its_return_thunk",
        "zen_untrain_ret",
    ];
    const REGISTERS: [&str; 24] = [
        "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
        "r14", "r15", "eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp",
    ];
    if RETURNS.contains(&name) || name == "__x86_indirect_thunk" {
        return true;
    }
    ["thunk", "call_thunk", "jump_thunk", "its_thunk"].iter().any(|kind| {
        let rest = name.strip_prefix("__x86_indirect_").and_then(|rest| rest.strip_prefix(kind));
        rest.and_then(|rest| rest.strip_prefix('_'))
            .is_some_and(|which| which == "array" || REGISTERS.contains(&which))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thunks_by_name() {
        for name in [
            "__x86_return_thunk",
            "__x86_indirect_thunk",
            "__x86_indirect_thunk_rax",
            "__x86_indirect_thunk_r11",
            "__x86_indirect_thunk_array",
            "__x86_indirect_call_thunk_rax",
            "__x86_indirect_its_thunk_array",
            "srso_alias_return_thunk",
        ] {
            assert!(is_branch_thunk(name), "{name}");
        }
        for name in
            ["__x86_indirect_thunk_arrays", "__x86_return_thunk_x", "rax", "__x86_indirect_branch_rax"]
        {
            assert!(!is_branch_thunk(name), "{name}");
        }
    }
}
