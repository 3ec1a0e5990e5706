//! Questions about frames that run control asks again and again.

use kdive_arch::Flow;
use kdive_base::VirtAddr;
use kdive_program::{Frame, FrameKey, Program};
use std::rc::Rc;

/// More frames than any stack that is searched for one frame.
pub(crate) const SEARCH_LIMIT: usize = 4096;

/// The frame with registers of its own that frame `level` is, or is inlined into (gdb's `skip_artificial_frames`).
pub(crate) fn real_frame(program: &Program, level: usize) -> Option<(usize, Rc<Frame>)> {
    (level..level + SEARCH_LIMIT)
        .map_while(|at| program.frame(at).ok().map(|frame| (at, frame)))
        .find(|(_, frame)| !frame.is_inlined() && !frame.is_tail_call())
}

/// Identity of that frame (gdb's `get_stack_frame_id`).
pub(crate) fn stack_id(program: &Program, level: usize) -> Option<FrameKey> {
    real_frame(program, level)?.1.key()
}

/// The caller, with registers of its own, of the function frame `level` is in (gdb's `frame_unwind_caller_id` and `_pc`).
pub(crate) fn caller(program: &Program, level: usize) -> Option<Caller> {
    let (real, _) = real_frame(program, level)?;
    let pc = program.frame(real + 1).ok()?.pc();
    let (_, caller) = real_frame(program, real + 1)?;
    Some(Caller { pc, key: caller.key() })
}

/// The caller of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// Where the function returns to.
    pub(crate) pc: VirtAddr,
    /// The frame it returns to; `None` when the unwinder could not tell.
    pub(crate) key: Option<FrameKey>,
}

/// Level of the frame with this identity, looking no further out than its place on the stack.
pub(crate) fn find(program: &Program, id: FrameKey) -> Option<usize> {
    for level in 0..SEARCH_LIMIT {
        let frame = program.frame(level).ok()?;
        let Some(here) = frame.key() else { continue };
        if here == id {
            return Some(level);
        }
        if let (Some(at), Some(wanted)) = (here.address(), id.address())
            && at > wanted
            && level > 0
        {
            return None;
        }
    }
    None
}

/// Bytes of the shortest and the longest call.
const CALLS: std::ops::RangeInclusive<u64> = 2..=8;

/// Whether a breakpoint for a return may be put at an address: an instruction begins there as far as can be told. A frame that is wrong
/// leads into the middle of one, and a breakpoint written there makes another instruction of it.
pub(crate) fn begins_instruction(program: &Program, addr: VirtAddr) -> bool {
    let bounds = program.modules.function_bounds(addr);
    let Some((_, function)) = bounds.filter(|(_, range)| range.start != addr) else {
        return true;
    };
    let is_call = |len: u64| {
        let insn = addr.0.checked_sub(len).and_then(|at| program.decode(VirtAddr(at)));
        insn.is_some_and(|insn| insn.flow == Flow::Call && insn.len() == len)
    };
    if CALLS.into_iter().any(is_call) {
        return true;
    }
    let mut at = function.start;
    while at < addr {
        // What cannot be read or is no code tells nothing.
        let Some(insn) = program.decode(at).filter(|insn| insn.flow != Flow::Invalid) else { return true };
        at = at.offset(insn.len().max(1));
    }
    at == addr
}
