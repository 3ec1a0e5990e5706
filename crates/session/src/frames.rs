//! Questions about frames that run control asks again and again.

use crate::view::{Frame, FrameId, View};
use kdive_arch::Flow;
use kdive_base::VirtAddr;

/// More frames than any stack that is searched for one frame.
pub(crate) const SEARCH_LIMIT: usize = 4096;

/// The frame with registers of its own that frame `level` is, or is inlined into (gdb's `skip_artificial_frames`).
pub(crate) fn real_frame<V: View>(view: &mut V, level: usize) -> Option<(usize, Frame)> {
    (level..level + SEARCH_LIMIT)
        .map_while(|at| view.frame(at).map(|frame| (at, frame)))
        .find(|(_, frame)| !frame.inlined && !frame.tail_call)
}

/// Identity of that frame (gdb's `get_stack_frame_id`).
pub(crate) fn stack_id<V: View>(view: &mut V, level: usize) -> Option<FrameId> {
    real_frame(view, level)?.1.id
}

/// The caller, with registers of its own, of the function frame `level` is in (gdb's `frame_unwind_caller_id` and `_pc`).
pub(crate) fn caller<V: View>(view: &mut V, level: usize) -> Option<Frame> {
    let (own, _) = real_frame(view, level)?;
    let caller_pc = view.frame(own + 1)?.pc;
    let (_, mut caller) = real_frame(view, own + 1)?;
    caller.pc = caller_pc;
    Some(caller)
}

/// Level of the frame with this identity, looking no further out than its place on the stack.
pub(crate) fn find<V: View>(view: &mut V, id: FrameId) -> Option<usize> {
    for level in 0..SEARCH_LIMIT {
        let frame = view.frame(level)?;
        let Some(here) = frame.id else { continue };
        if here == id {
            return Some(level);
        }
        if let (Some(at), Some(wanted)) = (here.stack, id.stack)
            && at > wanted
            && level > 0
        {
            return None;
        }
    }
    None
}

/// Start of the function an address is in, as an identity to compare (gdb's `find_pc_function`); `None` where debug
/// information knows of none.
pub(crate) fn function<V: View>(view: &V, pc: VirtAddr) -> Option<VirtAddr> {
    view.function_at(pc).filter(|function| function.has_debug).map(|function| function.range.start)
}

/// Bytes of the shortest and the longest call.
const CALLS: std::ops::RangeInclusive<u64> = 2..=8;

/// Whether a breakpoint for a return may be put at an address: an instruction begins there as far as can be told. A frame that is wrong
/// leads into the middle of one, and a breakpoint written there makes another instruction of it.
pub(crate) fn begins_instruction<V: View>(view: &V, addr: VirtAddr) -> bool {
    let Some(function) = view.function_at(addr).filter(|function| function.range.start != addr) else {
        return true;
    };
    let is_call = |len: u64| {
        let insn = addr.0.checked_sub(len).and_then(|at| view.instruction(VirtAddr(at)));
        insn.is_some_and(|insn| insn.flow == Flow::Call && insn.len() == len)
    };
    if CALLS.into_iter().any(is_call) {
        return true;
    }
    let mut at = function.range.start;
    while at < addr {
        // What cannot be read or is no code tells nothing.
        let Some(insn) = view.instruction(at).filter(|insn| insn.flow != Flow::Invalid) else { return true };
        at = at.offset(insn.len().max(1));
    }
    at == addr
}
