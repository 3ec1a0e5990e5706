//! What a look at a function's first instructions tells about its frame.

use kdive_base::VirtAddr;

/// Where a function without CFI keeps its caller's frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameBase {
    /// The prologue does not set up a frame pointer: nothing is known but the stack pointer at entry.
    StackPointer,
    /// The frame pointer was pushed; it takes effect after the instruction that loads it.
    FramePointer {
        /// Address of the instruction after the push.
        pushed_at: VirtAddr,
        /// Address of the instruction after `mov %rsp,%rbp`, `None` when the push is not followed by it.
        set_at: Option<VirtAddr>,
    },
}

/// Result of [`crate::Arch::analyze_prologue`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prologue {
    /// First address after the prologue: where gdb puts a breakpoint on a function without line information.
    pub end: VirtAddr,
    /// How the frame is laid out.
    pub frame: FrameBase,
}
