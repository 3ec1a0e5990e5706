//! Relocations of a relocatable file, applied to a copy of a section.
//!
//! Sources: System V psABI for x86-64 (table 4.9) and for AArch64 (ELF for the Arm 64-bit Architecture, 5.7). Only the
//! relocations that assemblers write into data and debug sections are here; code is left as it is in the file.

use super::{Image, Section};
use object::LittleEndian;
use object::elf::{EM_AARCH64, EM_X86_64, SHN_ABS, SHN_COMMON, SHN_UNDEF};
use object::read::SymbolIndex;
use object::read::elf::{Rela, Sym};

const LE: LittleEndian = LittleEndian;

/// What a relocation stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Howto {
    size: u8,
    pc_relative: bool,
}

fn howto(machine: u16, kind: u32) -> Option<Howto> {
    let absolute = |size| Some(Howto { size, pc_relative: false });
    let relative = |size| Some(Howto { size, pc_relative: true });
    if machine == EM_X86_64.0 {
        return match kind {
            1 => absolute(8),       // R_X86_64_64
            10 | 11 => absolute(4), // R_X86_64_32, R_X86_64_32S
            12 => absolute(2),      // R_X86_64_16
            14 => absolute(1),      // R_X86_64_8
            2 | 4 => relative(4),   // R_X86_64_PC32, R_X86_64_PLT32
            24 => relative(8),      // R_X86_64_PC64
            _ => None,
        };
    }
    if machine == EM_AARCH64.0 {
        return match kind {
            257 => absolute(8), // R_AARCH64_ABS64
            258 => absolute(4), // R_AARCH64_ABS32
            259 => absolute(2), // R_AARCH64_ABS16
            260 => relative(8), // R_AARCH64_PREL64
            261 => relative(4), // R_AARCH64_PREL32
            _ => None,
        };
    }
    None
}

/// Applies a section's relocations to `data`. Entries that point outside of the section, name a missing symbol or are of an
/// unknown kind are passed over: the rest of the section stays useful. `None` when the table itself cannot be read.
pub(super) fn apply(image: &Image, section: &Section, data: &mut [u8]) -> Option<()> {
    let (entries, symbols) = image.relocations(section.rela?)?;
    // A debug section has tens of thousands of relocations against a handful of section symbols.
    let mut last = (usize::MAX, 0u64);
    for entry in entries {
        let Some(howto) = howto(image.machine(), entry.r_type(LE, false).0) else { continue };
        let index = entry.r_sym(LE, false) as usize;
        if index != last.0 {
            let Some(value) = symbol_value(image, &symbols, index) else { continue };
            last = (index, value);
        }
        let offset = entry.r_offset(LE);
        let mut value = last.1.wrapping_add_signed(entry.r_addend(LE));
        if howto.pc_relative {
            value = value.wrapping_sub(section.addr.0.wrapping_add(offset));
        }
        let size = usize::from(howto.size);
        if let Ok(at) = usize::try_from(offset)
            && let Some(end) = at.checked_add(size)
            && let Some(slot) = data.get_mut(at..end)
            && let Some(bytes) = value.to_le_bytes().get(..size)
        {
            slot.copy_from_slice(bytes);
        }
    }
    Some(())
}

fn symbol_value<'a>(
    image: &'a Image,
    symbols: &object::read::elf::SymbolTable<'a, object::elf::FileHeader64<LittleEndian>>,
    index: usize,
) -> Option<u64> {
    if index == 0 {
        return Some(0);
    }
    let index = SymbolIndex(index);
    let symbol = symbols.symbol(index).ok()?;
    let base = match symbol.st_shndx(LE) {
        // What another module defines has no value here.
        SHN_UNDEF | SHN_COMMON => return Some(0),
        SHN_ABS => 0,
        _ => {
            let section = symbols.symbol_section(LE, symbol, index).ok()??;
            image.sections().get(section.0)?.addr.0
        }
    };
    Some(base.wrapping_add(symbol.st_value(LE)))
}
