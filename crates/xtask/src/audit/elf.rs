//! The sections of an ELF file, relocated where it is a module.
//!
//! A module is an ET_REL file: its sections have no addresses until somebody loads it, and its debug information
//! has holes that relocations fill. It is laid out here as a loader would, and the debuggers get the same layout.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use object::read::elf::{FileHeader, SectionHeader};
use object::{
    LittleEndian, Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionFlags, SectionIndex, elf,
};

/// Addresses of sections.
#[derive(Debug, Default)]
pub struct Layout {
    /// The address of each section that is loaded.
    bases: BTreeMap<usize, u64>,
    /// Names and addresses, in the order of the addresses.
    pub named: Vec<(String, u64)>,
}

/// Sections of a module begin on a page: nothing of two of them is ever adjacent.
const PAGE: u64 = 0x1000;

impl Layout {
    /// Lays out the loaded sections of a relocatable file from `base` on; none for any other file, whose
    /// addresses are fixed.
    pub fn of(file: &object::File<'_>, base: Option<u64>) -> Self {
        let mut layout = Self::default();
        let Some(mut next) = base else { return layout };
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
            let Ok(name) = section.name() else { continue };
            if (sh_flags & elf::SHF_ALLOC).0 == 0 || section.size() == 0 || name.is_empty() {
                continue;
            }
            layout.bases.insert(section.index().0, next);
            layout.named.push((name.to_owned(), next));
            next = (next + section.size()).next_multiple_of(PAGE.max(section.align().min(1 << 21)));
        }
        layout
    }

    /// What is to be added to addresses in this section.
    pub fn base(&self, section: Option<SectionIndex>) -> u64 {
        section.and_then(|index| self.bases.get(&index.0)).copied().unwrap_or(0)
    }

    /// The command that loads `file` to these addresses.
    pub fn command(&self, file: &str) -> String {
        let mut command = format!("add-symbol-file {file}");
        // Without `-o` or a first address, every section has to be named.
        for (name, address) in &self.named {
            command.push_str(&format!(" -s {name} {address:#x}"));
        }
        command
    }
}

/// The relocatable file with all its sections at 0, if they are not. As soon as one has an address gdb takes the file for one whose
/// sections have their places (`default_symfile_offsets` looks for any that is not 0), and puts the debug information of all of
/// them at the first; the linker of Linux 6.12 leaves some in `__patchable_function_entries`.
pub fn unplaced(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let header = elf::FileHeader64::<LittleEndian>::parse(bytes)?;
    let endian = header.endian()?;
    let sections = header.section_headers(endian, bytes)?;
    if header.e_type(endian) != elf::ET_REL || sections.iter().all(|section| section.sh_addr(endian) == 0) {
        return Ok(None);
    }
    let table = usize::try_from(header.e_shoff(endian))?;
    let mut copy = bytes.to_vec();
    for index in 0..sections.len() {
        // sh_addr is after sh_name, sh_type and sh_flags.
        let at = table + index * usize::from(header.e_shentsize(endian)) + 16;
        copy.get_mut(at..at + 8).context("section table")?.fill(0);
    }
    Ok(Some(copy))
}

/// The content of a section, with what `layout` says filled in; empty if there is no such section.
pub fn content<'data>(file: &object::File<'data>, name: &str, layout: &Layout) -> Result<Cow<'data, [u8]>> {
    let Some(section) = file.section_by_name(name) else { return Ok(Cow::Borrowed(&[])) };
    let mut data = section.uncompressed_data().with_context(|| format!("section {name}"))?;
    if file.kind() != object::ObjectKind::Relocatable {
        return Ok(data);
    }
    for (offset, relocation) in section.relocations() {
        let value = match relocation.target() {
            RelocationTarget::Symbol(index) => {
                let symbol = file.symbol_by_index(index)?;
                symbol.address().wrapping_add(layout.base(symbol.section_index()))
            }
            RelocationTarget::Section(index) => layout.base(Some(index)),
            _ => 0,
        };
        let value = value.wrapping_add_signed(relocation.addend());
        let size = usize::from(relocation.size() / 8);
        if !matches!(size, 4 | 8) {
            bail!("section {name}: a relocation of {} bits", relocation.size());
        }
        let bytes = value.to_le_bytes();
        let at = usize::try_from(offset)?;
        let hole = data.to_mut().get_mut(at..at + size).context("a relocation outside of its section")?;
        hole.copy_from_slice(&bytes[..size]);
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_that_have_an_address() {
        // A header, and two section headers after it.
        let mut bytes = vec![0; 64 + 2 * 64];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[16] = 1;
        (bytes[40], bytes[58], bytes[60]) = (64, 64, 2);
        assert_eq!(unplaced(&bytes).unwrap(), None);
        let bare = bytes.clone();
        bytes[64 + 64 + 16] = 0x18;
        assert_eq!(unplaced(&bytes).unwrap(), Some(bare));
    }

    #[test]
    fn the_command_names_every_section() {
        let named = vec![(".text".to_owned(), 0x1000), (".data".to_owned(), 0x3000)];
        let layout = Layout { bases: BTreeMap::from([(1, 0x1000)]), named };
        assert_eq!(layout.command("a.ko"), "add-symbol-file a.ko -s .text 0x1000 -s .data 0x3000");
        assert_eq!((layout.base(Some(SectionIndex(1))), layout.base(None)), (0x1000, 0));
    }
}
