//! Instructions that are recognised by their bytes.

use crate::Arch;

pub(crate) fn nop_len(_: Arch, bytes: &[u8]) -> Option<usize> {
    (bytes.first() == Some(&0x90)).then_some(1)
}
