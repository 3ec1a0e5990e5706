//! Which addresses which frame description entry covers, sorted.

use super::{CfiKind, Slice};
use gimli::{BaseAddresses, CieOrFde, DebugFrame, EhFrame, LittleEndian, UnwindSection};

/// One frame description entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FdeRange {
    /// First address, as in the file.
    pub start: u64,
    /// First address after.
    pub end: u64,
    /// Offset of the entry in its section.
    pub offset: usize,
}

/// The entries of one section, sorted by address, without duplicates. Plain data that depends on nothing but the
/// section's bytes and address, so it can be kept elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FdeIndex {
    ranges: Vec<FdeRange>,
}

impl FdeIndex {
    /// Reads all entries of a section up to the first that is damaged beyond finding the next one.
    pub(super) fn build(kind: CfiKind, data: &[u8], bases: &BaseAddresses) -> Self {
        let slice = Slice::new(data, LittleEndian);
        let ranges = match kind {
            CfiKind::DebugFrame => scan_debug_frame(data).unwrap_or_else(|| {
                let mut section = DebugFrame::from(slice);
                section.set_address_size(8);
                scan(&section, bases)
            }),
            CfiKind::EhFrame => {
                let mut section = EhFrame::from(slice);
                section.set_address_size(8);
                scan(&section, bases)
            }
        };
        Self::from_ranges(ranges)
    }

    /// An index of `ranges` in the order they stand in the section.
    #[must_use]
    pub fn from_ranges(mut ranges: Vec<FdeRange>) -> Self {
        ranges.retain(|range| range.start < range.end);
        ranges.sort_by_key(|range| range.start);
        // Linkers with --gc-sections leave the entries of dropped functions behind, all at address 0; gdb drops them
        // when they reach into real code.
        if let Some(first) = ranges.iter().map(|range| range.start).find(|&start| start > 0) {
            ranges.retain(|range| range.start > 0 || range.end <= first);
        }
        ranges.dedup_by_key(|range| range.start);
        Self { ranges }
    }

    /// The entry that covers `address`.
    #[must_use]
    pub fn find(&self, address: u64) -> Option<FdeRange> {
        let after = self.ranges.partition_point(|range| range.start <= address);
        self.ranges.get(after.checked_sub(1)?).copied().filter(|range| address < range.end)
    }

    /// All entries by address.
    #[must_use]
    pub fn ranges(&self) -> &[FdeRange] {
        &self.ranges
    }
}

/// The common case by hand, ten times as fast as decoding each entry: 32-bit `.debug_frame` whose CIEs have neither
/// augmentation nor segment nor addresses of other than 8 bytes. `None` when something else occurs.
fn scan_debug_frame(data: &[u8]) -> Option<Vec<FdeRange>> {
    const CIE_ID: u32 = 0xffff_ffff;
    let u32_at = |at: usize| Some(u32::from_le_bytes(*data.get(at..)?.first_chunk()?));
    let u64_at = |at: usize| Some(u64::from_le_bytes(*data.get(at..)?.first_chunk()?));
    // An FDE of a small function takes 40 to 60 bytes.
    let mut ranges = Vec::with_capacity(data.len() / 48);
    let mut offset = 0;
    while offset < data.len() {
        let length = u32_at(offset)?;
        if length >= 0xffff_fff0 {
            return None;
        }
        let id = u32_at(offset + 4);
        let next = offset.checked_add(4)?.checked_add(length as usize)?;
        if length < 4 {
            // Padding.
        } else if id? == CIE_ID {
            let version = *data.get(offset + 8)?;
            let plain = *data.get(offset + 9)? == 0
                && (version < 4 || data.get(offset + 10..offset + 12) == Some(&[8, 0]));
            if !plain || version > 4 {
                return None;
            }
        } else if next <= data.len() && length >= 20 {
            let start = u64_at(offset + 8)?;
            let end = start.wrapping_add(u64_at(offset + 16)?);
            ranges.push(FdeRange { start, end, offset });
        }
        offset = next;
    }
    Some(ranges)
}

fn scan<'a, S>(section: &S, bases: &BaseAddresses) -> Vec<FdeRange>
where
    S: UnwindSection<Slice<'a>>,
{
    let mut ranges = Vec::new();
    let mut entries = section.entries(bases);
    // A damaged length ends the section; the entries before it are good.
    while let Ok(Some(entry)) = entries.next() {
        let CieOrFde::Fde(partial) = entry else { continue };
        if let Ok(fde) = partial.parse(S::cie_from_offset) {
            ranges.push(FdeRange {
                start: fde.initial_address(),
                end: fde.end_address(),
                offset: fde.offset(),
            });
        }
    }
    ranges
}
