//! ELF notes and the link to separate debug information.

/// `.gnu_debuglink`: where debug information was moved to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DebugLink {
    /// File name without directory.
    pub name: String,
    /// CRC-32 of that file.
    pub crc: u32,
}

/// An ELF note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Owner, `GNU` or `Linux`.
    pub owner: String,
    /// `n_type`; with owner `GNU`, 3 is the build-id.
    pub kind: u32,
    /// The descriptor.
    pub desc: Vec<u8>,
}

/// The notes of a note section (System V gABI, "Note Section"). Stops at the first damaged one.
pub(super) fn parse_notes(mut data: &[u8], align: u64) -> Vec<Note> {
    let align = if align == 8 { 8 } else { 4 };
    let mut found = Vec::new();
    while let Some((note, rest)) = parse_note(data, align) {
        found.push(note);
        data = rest;
    }
    found
}

fn parse_note(data: &[u8], align: usize) -> Option<(Note, &[u8])> {
    let word = |at: usize| Some(u32::from_le_bytes(*data.get(at..)?.first_chunk()?));
    let (name_len, desc_len, kind) = (word(0)? as usize, word(4)? as usize, word(8)?);
    let name = data.get(12..12usize.checked_add(name_len)?)?;
    let desc_at = 12usize.checked_add(name_len)?.checked_next_multiple_of(align)?;
    let end = desc_at.checked_add(desc_len)?;
    let desc = data.get(desc_at..end)?.to_vec();
    let owner = name.split(|&byte| byte == 0).next().unwrap_or_default();
    let next = end.checked_next_multiple_of(align)?;
    let note = Note { owner: String::from_utf8_lossy(owner).into_owned(), kind, desc };
    Some((note, data.get(next..).unwrap_or_default()))
}

/// A file name, NUL, padding to four bytes, CRC-32 of the named file (GDB manual, "Separate Debug Files").
pub(super) fn parse_debug_link(data: &[u8]) -> Option<DebugLink> {
    let len = data.iter().position(|&byte| byte == 0)?;
    let name = String::from_utf8_lossy(data.get(..len)?).into_owned();
    let crc = u32::from_le_bytes(*data.get((len + 1).next_multiple_of(4)..)?.first_chunk()?);
    (!name.is_empty()).then_some(DebugLink { name, crc })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_notes() {
        let mut data = vec![4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0];
        data.extend(b"GNU\0\x01\x02\x03\0");
        data.extend([6, 0, 0, 0, 1, 0, 0, 0, 7, 1, 0, 0]);
        data.extend(b"Linux\0\0\0\x09");
        let notes = parse_notes(&data, 4);
        assert_eq!(
            notes,
            [
                Note { owner: "GNU".into(), kind: 3, desc: vec![1, 2, 3] },
                Note { owner: "Linux".into(), kind: 263, desc: vec![9] },
            ]
        );
        for cut in 0..data.len() {
            assert!(parse_notes(&data[..cut], 4).len() < 2);
        }
    }

    #[test]
    fn debug_link_is_padded() {
        let link = parse_debug_link(b"poc.ko.debug\0\0\0\0\x78\x56\x34\x12");
        assert_eq!(link, Some(DebugLink { name: "poc.ko.debug".into(), crc: 0x1234_5678 }));
        assert_eq!(parse_debug_link(b"poc.ko.debug\0\0\0\0\x78"), None);
        assert_eq!(parse_debug_link(b"no end"), None);
    }
}
