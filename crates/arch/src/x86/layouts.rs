//! Layouts of stubs that send no description, by the length of their `g` reply.

use crate::{Arch, ArchError, RegisterLayout};

pub(crate) fn for_g_length(arch: Arch, length: usize) -> Result<RegisterLayout, ArchError> {
    Err(ArchError::UnknownLength { arch: arch.bfd_name(), length })
}
