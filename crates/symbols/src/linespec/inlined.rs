//! Calls of a function that were inlined.

use crate::dwarf::{DebugInfo, DieKey, IndexKind, UnitContext, UnitIndex};
use gimli::constants as dw;
use rayon::prelude::*;

/// The calls of `name` that were inlined: key of the call, and where its block begins. Only those that gdb makes a block
/// of count, which have a call site and code.
pub(super) fn inlined_calls(debug: &DebugInfo, name: &str) -> Vec<(DieKey, u64)> {
    let mut units: Vec<(UnitIndex, Vec<u64>)> = Vec::new();
    for (_, key) in debug.named(name, &[IndexKind::Function]) {
        let Some(unit) = debug.unit_of(key) else { continue };
        match units.last_mut() {
            Some((last, keys)) if *last == unit => keys.push(key),
            _ => units.push((unit, vec![key])),
        }
    }
    let search = |(unit, keys): &(UnitIndex, Vec<u64>)| {
        let calls = debug.inlined_calls(*unit, keys);
        if calls.is_empty() {
            return Vec::new();
        }
        // Only units with such calls are read in full.
        let context = debug.context(*unit);
        let entry = |&key: &DieKey| Some((key, entry_of(context.as_ref()?, key, keys)?));
        calls.iter().filter_map(entry).collect::<Vec<_>>()
    };
    if units.len() > 8 {
        units.par_iter().flat_map_iter(search).collect()
    } else {
        units.iter().flat_map(search).collect()
    }
}

/// Where the block of a call begins, if gdb makes one of it.
fn entry_of(context: &UnitContext<'_>, key: DieKey, origins: &[DieKey]) -> Option<u64> {
    let die = context.die_of_key(key)?;
    let origin = context.origin(&die)?;
    if !origins.contains(&origin) || !die.has_attr(dw::DW_AT_call_line) || !die.has_attr(dw::DW_AT_call_file)
    {
        return None;
    }
    Some(context.ranges(&die)?.first()?.0)
}
