//! From an address to the unit whose code it is.

use super::debug_info::DebugInfo;
use super::root::Roots;
use super::units::UnitIndex;
use gimli::{DebugAranges, LittleEndian};

/// Code ranges of all units, by address, without overlap.
#[derive(Debug, Default)]
pub(super) struct AddressMap {
    ranges: Vec<(u64, u64, UnitIndex)>,
}

impl AddressMap {
    /// From `.debug_aranges`, and for units it does not mention from their first entries.
    pub(super) fn read(info: &DebugInfo) -> Self {
        let mut ranges = Vec::new();
        let units = info.units();
        let mut mentioned = vec![false; units.len()];
        let aranges = DebugAranges::new(info.section(".debug_aranges"), LittleEndian);
        let mut headers = aranges.headers();
        while let Ok(Some(header)) = headers.next() {
            let Some(unit) = info.unit_at_offset(header.debug_info_offset().0 as u64) else { continue };
            let before = ranges.len();
            let mut entries = header.entries();
            while let Ok(Some(entry)) = entries.next() {
                let range = entry.range();
                if range.begin < range.end {
                    ranges.push((range.begin, range.end, unit));
                }
            }
            // An empty table, as assemblers write for units without code, says nothing.
            if ranges.len() > before
                && let Some(mentioned) = mentioned.get_mut(unit)
            {
                *mentioned = true;
            }
        }
        let mut roots = Roots::new(info);
        for (unit, mentioned) in mentioned.into_iter().enumerate() {
            let mut has_code =
                || units.get(unit).and_then(|unit| roots.read(&unit.head)).is_some_and(|root| root.has_code);
            if !mentioned
                && has_code()
                && let Some(data) = info.unit_data(unit)
            {
                ranges.extend(data.ranges.iter().map(|&(start, end)| (start, end, unit)));
            }
        }
        Self { ranges: without_overlap(ranges) }
    }

    pub(super) fn find(&self, pc: u64) -> Option<UnitIndex> {
        let after = self.ranges.partition_point(|&(start, _, _)| start <= pc);
        let &(_, end, unit) = self.ranges.get(after.checked_sub(1)?)?;
        (pc < end).then_some(unit)
    }
}

/// Sorts ranges and cuts each where an earlier one already covers it.
fn without_overlap(mut ranges: Vec<(u64, u64, UnitIndex)>) -> Vec<(u64, u64, UnitIndex)> {
    ranges.sort_unstable();
    let mut covered = 0;
    ranges.retain_mut(|(start, end, _)| {
        *start = (*start).max(covered);
        covered = covered.max(*end);
        *start < *end
    });
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_ranges_are_cut() {
        let map =
            AddressMap { ranges: without_overlap(vec![(8, 12, 1), (0, 10, 0), (20, 30, 2), (22, 24, 3)]) };
        assert_eq!(map.ranges, [(0, 10, 0), (10, 12, 1), (20, 30, 2)]);
        assert_eq!(
            [0, 9, 10, 12, 23, 30].map(|pc| map.find(pc)),
            [Some(0), Some(0), Some(1), None, Some(2), None]
        );
    }
}
