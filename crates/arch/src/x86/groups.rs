//! Register groups and the order gdb prints registers in.

use crate::{Group, RegRef, RegisterLayout};

pub(crate) fn members(layout: &RegisterLayout, _: Group) -> Vec<RegRef> {
    (0..layout.registers().len()).filter_map(|index| RegRef::whole(layout, index)).collect()
}
