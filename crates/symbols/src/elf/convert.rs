//! ELF32 files in the form of ELF64, so that everything after this has one form to read. Contents stay as they are: debug
//! information says itself how wide its addresses are.

use object::LittleEndian;
use object::elf::{self, FileHeader32};
use object::read::elf::{FileHeader, SectionHeader, Sym};

const LE: LittleEndian = LittleEndian;
/// Bytes of an ELF64 file header, in front of which nothing of the old file can be.
const HEADER: usize = 64;

/// The section headers of the new file while they are made.
struct Section {
    name: u32,
    kind: u32,
    flags: u64,
    addr: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    align: u64,
    entry: u64,
}

/// The same file as ELF64. `None` when its tables point outside of it.
pub(super) fn to_elf64(file: &[u8]) -> Option<Vec<u8>> {
    let header = FileHeader32::<LittleEndian>::parse(file).ok()?;
    let table = header.sections(LE, file).ok()?;
    let mut out = vec![0; HEADER];
    out.extend_from_slice(file);
    let mut sections = Vec::new();
    for old in table.iter() {
        let kind = old.sh_type(LE);
        let mut new = Section {
            name: old.sh_name.get(LE),
            kind: kind.0,
            flags: old.sh_flags(LE).0,
            addr: u64::from(old.sh_addr.get(LE)),
            offset: u64::from(old.sh_offset.get(LE)) + HEADER as u64,
            size: u64::from(old.sh_size.get(LE)),
            link: old.sh_link(LE),
            info: old.sh_info(LE),
            align: u64::from(old.sh_addralign.get(LE)),
            entry: u64::from(old.sh_entsize.get(LE)),
        };
        let converted = match kind {
            elf::SHT_SYMTAB | elf::SHT_DYNSYM => Some((symbols(old.data_as_array(LE, file).ok()?), 24)),
            elf::SHT_RELA => Some((relocations(old.data_as_array(LE, file).ok()?), 24)),
            elf::SHT_REL if header.e_type(LE) == elf::ET_REL => {
                let target = table.section(object::SectionIndex(new.info as usize)).ok();
                let target = target.and_then(|target| target.data(LE, file).ok()).unwrap_or_default();
                new.kind = elf::SHT_RELA.0;
                Some((addends(old.data_as_array(LE, file).ok()?, target), 24))
            }
            _ if old.sh_flags(LE).contains(elf::SHF_COMPRESSED) => {
                Some((compressed(old.data(LE, file).ok()?)?, new.entry))
            }
            _ => None,
        };
        if let Some((bytes, entry)) = converted {
            new.offset = out.len() as u64;
            new.size = bytes.len() as u64;
            new.entry = entry;
            out.extend_from_slice(&bytes);
        }
        sections.push(new);
    }
    let start = out.len() as u64;
    for section in &sections {
        write_section(&mut out, section);
    }
    write_header(&mut out, header, start, u16::try_from(sections.len()).ok()?)?;
    Some(out)
}

fn symbols(old: &[elf::Sym32<LittleEndian>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(old.len() * 24);
    for symbol in old {
        bytes.extend(symbol.st_name(LE).to_le_bytes());
        bytes.extend([symbol.st_info().0, symbol.st_other().0]);
        bytes.extend(symbol.st_shndx.get(LE).0.to_le_bytes());
        bytes.extend(u64::from(symbol.st_value.get(LE)).to_le_bytes());
        bytes.extend(u64::from(symbol.st_size.get(LE)).to_le_bytes());
    }
    bytes
}

fn relocation(bytes: &mut Vec<u8>, offset: u32, symbol: u32, kind: u32, addend: i64) {
    bytes.extend(u64::from(offset).to_le_bytes());
    bytes.extend((u64::from(symbol) << 32 | u64::from(kind)).to_le_bytes());
    bytes.extend(addend.to_le_bytes());
}

fn relocations(old: &[elf::Rela32<LittleEndian>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(old.len() * 24);
    for entry in old {
        let (offset, addend) = (entry.r_offset.get(LE), i64::from(entry.r_addend.get(LE)));
        relocation(&mut bytes, offset, entry.r_sym(LE), entry.r_type(LE).0, addend);
    }
    bytes
}

/// Relocations whose addends are the words they are to change.
fn addends(old: &[elf::Rel32<LittleEndian>], target: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(old.len() * 24);
    for entry in old {
        let offset = entry.r_offset.get(LE);
        let word = target.get(offset as usize..).and_then(|rest| rest.first_chunk());
        let addend = word.map_or(0, |word| i64::from(i32::from_le_bytes(*word)));
        relocation(&mut bytes, offset, entry.r_sym(LE), entry.r_type(LE).0, addend);
    }
    bytes
}

/// The header of a compressed section, widened.
fn compressed(old: &[u8]) -> Option<Vec<u8>> {
    let word = |at: usize| Some(u32::from_le_bytes(*old.get(at..)?.first_chunk()?));
    let mut bytes = Vec::with_capacity(old.len() + 12);
    bytes.extend(word(0)?.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(u64::from(word(4)?).to_le_bytes());
    bytes.extend(u64::from(word(8)?).to_le_bytes());
    bytes.extend_from_slice(old.get(12..)?);
    Some(bytes)
}

fn write_section(out: &mut Vec<u8>, section: &Section) {
    out.extend(section.name.to_le_bytes());
    out.extend(section.kind.to_le_bytes());
    for value in [section.flags, section.addr, section.offset, section.size] {
        out.extend(value.to_le_bytes());
    }
    out.extend(section.link.to_le_bytes());
    out.extend(section.info.to_le_bytes());
    out.extend(section.align.to_le_bytes());
    out.extend(section.entry.to_le_bytes());
}

/// e_ident, e_type, e_machine, e_version, e_entry, e_phoff, e_shoff, e_flags, e_ehsize, e_phentsize, e_phnum, e_shentsize,
/// e_shnum, e_shstrndx (elf.5). Program headers are left out.
fn write_header(out: &mut [u8], old: &FileHeader32<LittleEndian>, sections: u64, count: u16) -> Option<()> {
    let mut bytes = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0];
    bytes.resize(16, 0);
    bytes.extend(old.e_type(LE).0.to_le_bytes());
    bytes.extend(old.e_machine(LE).0.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(u64::from(old.e_entry.get(LE)).to_le_bytes());
    bytes.extend(0u64.to_le_bytes());
    bytes.extend(sections.to_le_bytes());
    bytes.extend(old.e_flags(LE).0.to_le_bytes());
    for value in [HEADER as u16, 0, 0, 64, count, old.e_shstrndx(LE).0] {
        bytes.extend(value.to_le_bytes());
    }
    out.get_mut(..HEADER)?.copy_from_slice(&bytes);
    Some(())
}
