//! Prologue analysis by instruction bytes.

use crate::{Arch, FrameBase, Prologue};
use kdive_base::{ReadMemory, VirtAddr};

pub(crate) fn analyze(_: Arch, _: &dyn ReadMemory, start: VirtAddr, _: VirtAddr) -> Prologue {
    Prologue { end: start, frame: FrameBase::StackPointer }
}
