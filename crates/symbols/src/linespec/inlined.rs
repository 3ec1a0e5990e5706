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
        debug.context(*unit).map(|context| calls_in(&context, keys)).unwrap_or_default()
    };
    if units.len() > 8 {
        units.par_iter().flat_map_iter(search).collect()
    } else {
        units.iter().flat_map(search).collect()
    }
}

/// Looks through all entries of a unit for instances of the abstract functions `origins`.
fn calls_in(context: &UnitContext<'_>, origins: &[DieKey]) -> Vec<(DieKey, u64)> {
    let mut found = Vec::new();
    // A function that is never inlined has no abstract instance, and its unit need not be searched.
    let is_abstract = |&key: &u64| context.die_of_key(key).is_some_and(|die| die.has_attr(dw::DW_AT_inline));
    if !origins.iter().any(is_abstract) {
        return found;
    }
    let Ok(mut entries) = context.unit.entries_raw(None) else { return found };
    while !entries.is_empty() {
        let offset = entries.next_offset();
        let Ok(abbreviation) = entries.read_abbreviation() else { break };
        let Some(abbreviation) = abbreviation else { continue };
        if abbreviation.tag() == dw::DW_TAG_inlined_subroutine
            && let Some(die) = context.die(offset.0)
            && context.origin(&die).is_some_and(|origin| origins.contains(&origin))
            && die.has_attr(dw::DW_AT_call_line)
            && die.has_attr(dw::DW_AT_call_file)
            && let Some(ranges) = context.ranges(&die)
            && let Some(&(entry, _)) = ranges.first()
        {
            found.push((context.key(&die), entry));
        }
        if entries.skip_attributes(abbreviation.attributes()).is_err() {
            break;
        }
    }
    found
}
