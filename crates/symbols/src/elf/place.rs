//! Addresses for the sections of a relocatable file.

use super::Section;
use kdive_base::LinkAddr;

/// Gives every allocated section its address: the one in `given`, or else the lowest free place after the previous one,
/// as gdb does (`default_symfile_offsets`), which is what its users see when they look at a module without loading it.
///
/// # Errors
/// The name of a given section that the file does not have.
pub(super) fn place_sections(sections: &mut [Section], given: &[(String, LinkAddr)]) -> Result<(), String> {
    // A linked-with-`-r` file that assigns addresses itself is left alone.
    if sections.iter().any(|section| section.addr != LinkAddr(0)) && given.is_empty() {
        return Ok(());
    }
    let mut placed: Vec<(u64, u64)> = Vec::new();
    for (name, addr) in given {
        let section = sections.iter_mut().find(|s| *s.name == **name).ok_or_else(|| name.clone())?;
        section.addr = *addr;
        if section.alloc && addr.0 != 0 {
            placed.push((addr.0, section.size));
        }
    }
    let mut lowest = 0u64;
    for section in sections.iter_mut().filter(|section| section.alloc) {
        if given.iter().any(|(name, addr)| **name == *section.name && addr.0 != 0) {
            continue;
        }
        let align = section.align.max(1).checked_next_power_of_two().unwrap_or(1);
        let up = |addr: u64| addr.checked_next_multiple_of(align).unwrap_or(addr);
        let mut start = up(lowest);
        // Every conflict moves the start past one placed section, so this ends after as many rounds as there are.
        for _ in 0..=placed.len() {
            let end = start.saturating_add(section.size);
            match placed.iter().find(|(at, size)| end > *at && start < at.saturating_add(*size)) {
                Some((at, size)) => start = up(at.saturating_add(*size)),
                None => break,
            }
        }
        section.addr = LinkAddr(start);
        lowest = start.saturating_add(section.size);
        // gdb takes offset 0 for "not placed yet"; the lowest section is then after `lowest` anyway.
        if start != 0 {
            placed.push((start, section.size));
        }
    }
    Ok(())
}
