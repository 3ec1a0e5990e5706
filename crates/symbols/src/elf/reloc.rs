//! Relocations of a relocatable file, applied to a copy of a section.
//!
//! Sources: System V psABI for x86-64 (table 4.9), for i386 (table 4.10), for AArch64 and Arm (ELF for the Arm 64-bit
//! Architecture, 5.7) and for RISC-V. Only the
//! relocations that assemblers write into data and debug sections are here; code is left as it is in the file.

use super::{Image, Section};
use object::LittleEndian;
use object::elf::{EM_386, EM_AARCH64, EM_ARM, EM_RISCV, EM_X86_64, SHN_ABS, SHN_COMMON, SHN_UNDEF};
use object::read::SymbolIndex;
use object::read::elf::{Rela, Sym};
use std::collections::HashMap;

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
    match (machine, kind) {
        (machine, 1) if machine == EM_386.0 => absolute(4), // R_386_32
        (machine, 2) if machine == EM_386.0 => relative(4), // R_386_PC32
        (machine, 2) if machine == EM_ARM.0 => absolute(4), // R_ARM_ABS32
        (machine, 3) if machine == EM_ARM.0 => relative(4), // R_ARM_REL32
        (machine, 1) if machine == EM_RISCV.0 => absolute(4), // R_RISCV_32
        (machine, 2) if machine == EM_RISCV.0 => absolute(8), // R_RISCV_64
        _ => None,
    }
}

/// What a relocation refers to.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// A symbol that another file defines, by its name.
    Symbol(&'a str),
    /// Something in a section of this file.
    Section(&'a Section),
}

/// A section's bytes with all relocations applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Relocated {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// First byte and length of the words whose target has no known address: they are as in the file.
    pub unresolved: Vec<(u64, u64)>,
}

/// Applies a section's relocations to `data`. Entries that point outside of the section, name a missing symbol or are of an
/// unknown kind are passed over: the rest of the section stays useful. `None` when the table itself cannot be read.
pub(super) fn apply(image: &Image, section: &Section, data: &mut [u8]) -> Option<()> {
    apply_with(image, section, data, &mut |target| match target {
        // What another module defines has no value here.
        Target::Symbol(_) => Some(0),
        Target::Section(section) => Some(section.addr.0),
    })
    .map(|_| ())
}

/// The bytes of a section as they are in memory once it is loaded. `resolve` gives the address of a target, where it is known.
pub(super) fn relocated(
    image: &Image,
    section: &Section,
    raw: &[u8],
    resolve: &mut dyn FnMut(Target<'_>) -> Option<u64>,
) -> Option<Relocated> {
    let mut bytes = raw.to_vec();
    let unresolved = match section.rela {
        Some(_) => apply_with(image, section, &mut bytes, resolve)?,
        None => Vec::new(),
    };
    Some(Relocated { bytes, unresolved })
}

/// As [`apply`]; gives the places whose target has no address.
fn apply_with(
    image: &Image,
    section: &Section,
    data: &mut [u8],
    resolve: &mut dyn FnMut(Target<'_>) -> Option<u64>,
) -> Option<Vec<(u64, u64)>> {
    let (entries, symbols) = image.relocations(section.rela?)?;
    // A section has tens of thousands of relocations against a handful of symbols.
    let mut values: HashMap<usize, Value> = HashMap::new();
    let mut unresolved = Vec::new();
    for entry in entries {
        let Some(howto) = howto(image.machine(), entry.r_type(LE, false).0) else { continue };
        let index = entry.r_sym(LE, false) as usize;
        let value = *values.entry(index).or_insert_with(|| symbol_value(image, &symbols, index, resolve));
        let offset = entry.r_offset(LE);
        let size = usize::from(howto.size);
        let value = match value {
            Value::Known(value) => value,
            Value::Unknown => {
                unresolved.push((offset, size as u64));
                continue;
            }
            Value::Damaged => continue,
        };
        let mut value = value.wrapping_add_signed(entry.r_addend(LE));
        if howto.pc_relative {
            value = value.wrapping_sub(section.addr.0.wrapping_add(offset));
        }
        if let Ok(at) = usize::try_from(offset)
            && let Some(end) = at.checked_add(size)
            && let Some(slot) = data.get_mut(at..end)
            && let Some(bytes) = value.to_le_bytes().get(..size)
        {
            slot.copy_from_slice(bytes);
        }
    }
    Some(unresolved)
}

/// The value of a symbol.
#[derive(Clone, Copy)]
enum Value {
    Known(u64),
    /// It is somewhere, but not known where.
    Unknown,
    /// There is no such symbol.
    Damaged,
}

fn symbol_value<'a>(
    image: &'a Image,
    symbols: &object::read::elf::SymbolTable<'a, object::elf::FileHeader64<LittleEndian>>,
    index: usize,
    resolve: &mut dyn FnMut(Target<'_>) -> Option<u64>,
) -> Value {
    if index == 0 {
        return Value::Known(0);
    }
    let index = SymbolIndex(index);
    let Ok(symbol) = symbols.symbol(index) else { return Value::Damaged };
    let base = match symbol.st_shndx(LE) {
        SHN_UNDEF | SHN_COMMON => {
            let name = String::from_utf8_lossy(symbols.symbol_name(LE, symbol).unwrap_or_default());
            return resolve(Target::Symbol(&name)).map_or(Value::Unknown, Value::Known);
        }
        SHN_ABS => 0,
        _ => {
            let section = symbols.symbol_section(LE, symbol, index).ok().flatten();
            let Some(section) = section.and_then(|section| image.sections().get(section.0)) else {
                return Value::Damaged;
            };
            match resolve(Target::Section(section)) {
                Some(addr) => addr,
                None => return Value::Unknown,
            }
        }
    };
    Value::Known(base.wrapping_add(symbol.st_value(LE)))
}
