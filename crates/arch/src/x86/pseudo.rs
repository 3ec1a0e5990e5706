//! Pseudo registers of x86.

use crate::{RegRef, RegisterLayout};

pub(crate) fn lookup(layout: &RegisterLayout, name: &str) -> Option<RegRef> {
    let arch = layout.arch();
    let raw = match name {
        "pc" => arch.pc_name(),
        "sp" => arch.sp_name(),
        "fp" => arch.fp_name(),
        "ps" => arch.flags_name(),
        _ => return None,
    };
    let mut found = RegRef::whole(layout, layout.index_of(raw)?)?;
    found.name = name.to_owned();
    Some(found)
}

pub(crate) fn names(layout: &RegisterLayout) -> Vec<String> {
    layout.registers().iter().map(|reg| reg.name.clone()).collect()
}
