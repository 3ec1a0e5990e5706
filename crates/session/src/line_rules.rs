//! What it means for a step over a line that control has come to an address of the same stack frame.
//!
//! The rules are gdb's (`process_event_stop_test`), from the inlined calls on. They need nothing that runs, so they serve for
//! the place a thread stands at as well as for one it will come to.

use crate::frames;
use crate::step::{Range, Step, StepOver};
use kdive_base::{AddrRange, VirtAddr};
use kdive_program::{FrameKey, Program};
use kdive_symbols::{FrameScope, Line, SourceName};

/// An address control has come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Here {
    pub(crate) pc: VirtAddr,
    pub(crate) row: Line,
    /// The frame shown, inlined calls told apart.
    pub(crate) frame: Option<FrameKey>,
    /// The frame with registers of its own.
    pub(crate) stack: Option<FrameKey>,
    /// The line shown for it when inlined calls that begin here are hidden: that of the outermost of them.
    pub(crate) call_line: Option<(SourceName, u32)>,
    /// How many those are.
    pub(crate) hidden: usize,
    /// The frames the frame shown is inlined into, inside out; none when it is not inlined.
    pub(crate) around: Vec<FrameKey>,
}

/// What a step does there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum LineAction {
    /// It is over.
    Done,
    /// It is over, in the outermost of the hidden inlined calls.
    Entered,
    /// It goes on.
    Keep,
    /// It goes on, as this one.
    KeepAs(Box<Step>),
}

impl Step {
    /// What the step does at an address outside of its range.
    pub(crate) fn action_at(&self, here: &Here) -> LineAction {
        if here.frame.is_some() && here.frame == self.frame && here.hidden > 0 {
            // Control stands before the first instruction of an inlined call; the frame's line is that of the call.
            let same_line = self.line.is_some() && here.call_line == self.line;
            return match (self.over, same_line) {
                (StepOver::All, true) => LineAction::Keep,
                (StepOver::All, false) | (_, false) => LineAction::Done,
                (_, true) => LineAction::Entered,
            };
        }
        if here.frame.is_some()
            && here.frame != self.frame
            && self.frame.is_some_and(|frame| here.around.contains(&frame))
        {
            return if self.over == StepOver::All { LineAction::Keep } else { LineAction::Done };
        }
        let line = (here.row.file.clone(), here.row.line);
        let other_line = here.pc == here.row.start && self.line.as_ref() != Some(&line);
        if other_line && here.row.is_stmt {
            return LineAction::Done;
        }
        // Not the beginning of a statement: go on, and stop at the next that is one, be it of the same line.
        let mut fresh = self.clone();
        fresh.range = Range::Within(AddrRange::new(here.row.start, here.row.end));
        if !(other_line && here.frame.is_some() && here.frame == self.frame) {
            fresh.frame = here.frame;
            fresh.stack = here.stack;
            fresh.line = if other_line { None } else { Some(line) };
        }
        LineAction::KeepAs(Box::new(fresh))
    }
}

impl Here {
    /// An address in the function whose frame is `stack`, as it will be when control comes there.
    pub(crate) fn expected(program: &Program, stack: FrameKey, pc: VirtAddr) -> Option<Self> {
        let row = program.line_row(pc)?;
        let (calls, hidden) = program.inlined_at(pc);
        let shown = calls.get(hidden..).unwrap_or_default();
        let frame = |index: usize| {
            let inline_depth = shown.len() - index;
            shown.get(index).map_or(stack, |call: &FrameScope| FrameKey {
                block: Some(call.entry()),
                inline_depth,
                stack: stack.stack,
            })
        };
        Some(Self {
            pc,
            row,
            frame: Some(frame(0)),
            stack: Some(stack),
            call_line: hidden.checked_sub(1).and_then(|outermost| calls.get(outermost)?.call_site_line()),
            hidden,
            around: (1..=shown.len()).map(frame).collect(),
        })
    }

    /// Where the selected thread stands.
    pub(crate) fn now(program: &Program, pc: VirtAddr, row: Line, stack: Option<FrameKey>) -> Self {
        let hidden = program.hidden_inlined();
        let shown = program.frame(0).ok();
        let mut around = Vec::new();
        if shown.as_ref().is_some_and(|frame| frame.is_inlined()) {
            for level in 1..frames::SEARCH_LIMIT {
                let Ok(frame) = program.frame(level) else { break };
                around.extend(frame.key());
                if !frame.is_inlined() {
                    break;
                }
            }
        }
        Self {
            pc,
            row,
            frame: shown.as_ref().and_then(|frame| frame.key()),
            stack,
            call_line: shown
                .filter(|_| hidden > 0)
                .and_then(|frame| program.frame_line(&frame))
                .map(|line| (line.file, line.line)),
            hidden,
            around,
        }
    }
}
