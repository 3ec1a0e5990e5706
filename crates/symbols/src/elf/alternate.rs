//! Debug information that several files share, as `dwz -m` moves it to a file of its own (`.gnu_debugaltlink`). It is put
//! after the file's own, and what refers to it is made to refer there: readers then see one file with plain DWARF.

use super::separate::{MissingFile, Sought, build_id_name};
use super::{Image, OpenOptions};
use gimli::constants as dw;
use gimli::{AttributeValue, DwForm, EndianSlice, LittleEndian, UnitOffset};
use std::path::{Path, PathBuf};

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// Sections that are joined.
const JOINED: [&str; 5] = [".debug_info", ".debug_abbrev", ".debug_str", ".debug_line_str", ".debug_line"];

/// Finds the file with shared debug information and joins it to `image`; what is missing if that fails.
pub(super) fn attach(image: &mut Image, options: &OpenOptions) -> Option<MissingFile> {
    let (name, id) = parse_link(image.section_bytes(".gnu_debugaltlink")?)?;
    let mut looked = Vec::new();
    let mut others = Vec::new();
    for path in places(image.path(), &name, &id, options) {
        if let Ok(found) = Image::open(&path, options) {
            if found.build_id() == Some(&id) && join(image, &found).is_some() {
                return None;
            }
            others.push(path.clone());
        }
        looked.push(path);
    }
    Some(MissingFile { sought: Sought::Shared(name), looked, others })
}

/// A file name, NUL, the build-id of the file.
fn parse_link(data: &[u8]) -> Option<(String, Vec<u8>)> {
    let len = data.iter().position(|&byte| byte == 0)?;
    let name = String::from_utf8_lossy(data.get(..len)?).into_owned();
    Some((name, data.get(len + 1..)?.to_vec()))
}

/// Beside the file where the name is relative, then by build-id below the directories of debug information.
fn places(file: &Path, name: &str, id: &[u8], options: &OpenOptions) -> Vec<PathBuf> {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let mut places = vec![file.parent().unwrap_or(Path::new("/")).join(name)];
    let directories = options.debug_directories.as_deref().unwrap_or_default();
    places.extend(
        build_id_name(id).into_iter().flat_map(|name| directories.iter().map(move |dir| dir.join(&name))),
    );
    places
}

/// By how much what refers to a section of the shared file moves.
struct Shifts {
    info: u64,
    abbrev: u64,
    str: u64,
    line_str: u64,
    line: u64,
}

/// Puts the sections of `shared` after those of `image`. `None` when one of the two is damaged.
fn join(image: &mut Image, shared: &Image) -> Option<()> {
    let len = |name| image.data_by_name(name).map_or(0, |data| data.len() as u64);
    let shifts = Shifts {
        info: len(".debug_info"),
        abbrev: len(".debug_abbrev"),
        str: len(".debug_str"),
        line_str: len(".debug_line_str"),
        line: len(".debug_line"),
    };
    let mut own_info = image.data_by_name(".debug_info")?.to_vec();
    let mut shared_info = shared.data_by_name(".debug_info")?.to_vec();
    rewrite(image, &mut own_info, &shifts, false)?;
    rewrite(shared, &mut shared_info, &shifts, true)?;
    let mut own_abbrev = image.data_by_name(".debug_abbrev")?.to_vec();
    plain_forms(&mut own_abbrev)?;
    let mut joined = Vec::new();
    for name in JOINED {
        let mut bytes = match name {
            ".debug_info" => std::mem::take(&mut own_info),
            ".debug_abbrev" => std::mem::take(&mut own_abbrev),
            _ => image.data_by_name(name).unwrap_or_default().to_vec(),
        };
        match name {
            ".debug_info" => bytes.extend_from_slice(&shared_info),
            _ => bytes.extend_from_slice(shared.data_by_name(name).unwrap_or_default()),
        }
        joined.push((name, bytes));
    }
    for (name, bytes) in joined {
        image.replace_section(name, bytes);
    }
    Some(())
}

/// Changes offsets in a copy of `.debug_info` so that they are right in the joined sections.
fn rewrite(image: &Image, info: &mut [u8], shifts: &Shifts, is_shared: bool) -> Option<()> {
    let section = |name: &str| Slice::new(image.data_by_name(name).unwrap_or_default(), LittleEndian);
    let abbrevs = gimli::DebugAbbrev::from(section(".debug_abbrev"));
    let units = gimli::DebugInfo::from(section(".debug_info"));
    let mut headers = units.units();
    while let Some(header) = headers.next().ok()? {
        let start = header.debug_info_offset()?.0;
        let word = header.encoding().format.word_size();
        if is_shared {
            // After the length and the version, and from DWARF 5 on after the kind and the size of addresses.
            let at = start + if word == 4 { 4 } else { 12 } + if header.version() >= 5 { 4 } else { 2 };
            add(info, at, usize::from(word), shifts.abbrev)?;
        }
        let table = header.abbreviations(&abbrevs).ok()?;
        let mut entries = header.entries_raw(&table, None).ok()?;
        while !entries.is_empty() {
            let Some(abbrev) = entries.read_abbreviation().ok()? else { continue };
            for spec in abbrev.attributes() {
                let UnitOffset(from) = entries.next_offset();
                let attr = entries.read_attribute(*spec).ok()?;
                let UnitOffset(to) = entries.next_offset();
                let is_line = attr.name() == dw::DW_AT_stmt_list
                    && matches!(attr.value(), AttributeValue::DebugLineRef(_) | AttributeValue::SecOffset(_));
                if let Some(shift) = shift(spec.form(), is_shared, is_line, shifts) {
                    add(info, start + from, to - from, shift)?;
                }
            }
        }
    }
    Some(())
}

fn shift(form: DwForm, is_shared: bool, is_line: bool, shifts: &Shifts) -> Option<u64> {
    Some(match form {
        dw::DW_FORM_GNU_ref_alt | dw::DW_FORM_ref_sup4 if !is_shared => shifts.info,
        dw::DW_FORM_GNU_strp_alt | dw::DW_FORM_strp_sup if !is_shared => shifts.str,
        dw::DW_FORM_ref_addr if is_shared => shifts.info,
        dw::DW_FORM_strp if is_shared => shifts.str,
        dw::DW_FORM_line_strp if is_shared => shifts.line_str,
        dw::DW_FORM_sec_offset if is_shared && is_line => shifts.line,
        _ => return None,
    })
}

/// Adds to the little-endian number of `size` bytes at a place.
fn add(bytes: &mut [u8], at: usize, size: usize, shift: u64) -> Option<()> {
    let slot = bytes.get_mut(at..at.checked_add(size)?)?;
    let mut value = [0; 8];
    value.get_mut(..size)?.copy_from_slice(slot);
    let value = u64::from_le_bytes(value).wrapping_add(shift).to_le_bytes();
    slot.copy_from_slice(value.get(..size)?);
    Some(())
}

/// Replaces the forms of references to the shared file by the plain ones, in all tables of `.debug_abbrev`.
fn plain_forms(abbrev: &mut [u8]) -> Option<()> {
    let mut at = 0;
    while at < abbrev.len() {
        if uleb(abbrev, &mut at)? == 0 {
            continue;
        }
        uleb(abbrev, &mut at)?;
        at += 1;
        loop {
            let name = uleb(abbrev, &mut at)?;
            let from = at;
            let form = uleb(abbrev, &mut at)?;
            if name == 0 && form == 0 {
                break;
            }
            let plain = match DwForm(u16::try_from(form).ok()?) {
                dw::DW_FORM_GNU_ref_alt | dw::DW_FORM_ref_sup4 => dw::DW_FORM_ref_addr,
                dw::DW_FORM_GNU_strp_alt | dw::DW_FORM_strp_sup => dw::DW_FORM_strp,
                dw::DW_FORM_implicit_const => {
                    uleb(abbrev, &mut at)?;
                    continue;
                }
                _ => continue,
            };
            // The same number of bytes, all but the last marked as going on.
            let slot = abbrev.get_mut(from..at)?;
            slot.fill(0x80);
            *slot.last_mut()? = 0;
            let more = if slot.len() > 1 { 0x80 } else { 0 };
            *slot.first_mut()? = plain.0 as u8 | more;
        }
    }
    Some(())
}

fn uleb(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_keep_their_length() {
        // Entry 1: DW_TAG_member without children, DW_AT_type with DW_FORM_GNU_ref_alt, DW_AT_name with DW_FORM_GNU_strp_alt,
        // DW_AT_decl_line with DW_FORM_implicit_const -1; then the ends of the entry and of the table.
        let mut abbrev = vec![1, 0x0d, 0, 0x49, 0xa0, 0x3e, 0x03, 0xa1, 0x3e, 0x3b, 0x21, 0x7f, 0, 0, 0];
        plain_forms(&mut abbrev).unwrap();
        assert_eq!(abbrev, [1, 0x0d, 0, 0x49, 0x90, 0x00, 0x03, 0x8e, 0x00, 0x3b, 0x21, 0x7f, 0, 0, 0]);
        for cut in 1..abbrev.len() - 1 {
            let _ = plain_forms(&mut abbrev[..cut].to_vec());
        }
    }

    #[test]
    fn a_link_is_a_name_and_a_build_id() {
        assert_eq!(
            parse_link(b"common.debug\0\xab\xcd"),
            Some(("common.debug".to_owned(), vec![0xab, 0xcd]))
        );
        assert_eq!(parse_link(b"no end"), None);
    }

    #[test]
    fn offsets_are_changed_in_place() {
        let mut bytes = [1, 0xff, 0, 0, 0, 9];
        add(&mut bytes, 1, 4, 2).unwrap();
        assert_eq!(bytes, [1, 1, 1, 0, 0, 9]);
        assert!(add(&mut bytes, 4, 4, 2).is_none());
    }
}
