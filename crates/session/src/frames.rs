//! Questions about frames that run control asks again and again.

use crate::view::{Frame, FrameId, View};
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
