//! The object file of a simulated machine's program: x86 code, symbols, DWARF and call frame information.

use super::toy::{Function, Inlined, LOCALS, Op, Source};
use gimli::write::{
    Address, AttributeValue, CallFrameInstruction, CommonInformationEntry, Dwarf, EndianVec, Expression,
    FrameDescriptionEntry, FrameTable, LineProgram, LineString, Sections, Unit, UnitEntryId,
};
use gimli::{Encoding, Format, LineEncoding, LittleEndian, X86_64, constants};
use kdive_base::LinkAddr;
use kdive_program::Program;
use kdive_symbols::{ObjectFile, OpenOptions, Placement};
use object::write::{Object, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope};
use std::collections::BTreeMap;

/// Puts a program in the place of the one that was loaded.
pub(super) fn load(program: &mut Program, code: &BTreeMap<u64, Op>, source: &Source) {
    let loaded: Vec<_> = program.modules.modules().iter().map(|module| module.id()).collect();
    for id in loaded {
        program.modules.remove(id);
    }
    if let Some(kernel) = source.kernel {
        // The kernel comes first; programs are files of their own.
        let (above, below) = source.functions.iter().cloned().partition(|f: &Function| f.start >= kernel);
        let part = |functions| Source { functions, ..source.clone() };
        add(program, code, &Source { rows: Vec::new(), ..part(above) }, false);
        add(program, code, &part(below), true);
    } else {
        add(program, code, source, false);
    }
    program.modules_changed();
}

fn add(program: &mut Program, code: &BTreeMap<u64, Op>, source: &Source, executable: bool) {
    let mut file = object(code, source);
    let start = text(source).0;
    if executable {
        make_executable(&mut file, start);
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("toy");
    std::fs::write(&path, file).expect("the object file");
    let section_addresses = vec![(".text".to_owned(), LinkAddr(start))];
    // The file stays mapped after its directory is gone.
    let object =
        ObjectFile::open(&path, &OpenOptions { section_addresses, ..OpenOptions::default() }).expect("ELF");
    program.modules.add(object, Placement::default());
}

/// Makes an executable of an object file whose first section is the code and whose symbols are all in it.
fn make_executable(file: &mut [u8], start: u64) {
    let word = |file: &[u8], at: usize| {
        let bytes = file[at..at + 8].try_into().expect("eight bytes");
        usize::try_from(u64::from_le_bytes(bytes)).expect("an offset")
    };
    // e_type, then sh_addr of the first section.
    file[16..18].copy_from_slice(&2u16.to_le_bytes());
    let first = word(file, 40) + 64;
    file[first + 16..first + 24].copy_from_slice(&start.to_le_bytes());
    let count = usize::from(u16::from_le_bytes([file[60], file[61]]));
    let headers = word(file, 40);
    for header in (1..count).map(|index| headers + index * 64) {
        let is_symbols = file[header + 4] == 2;
        let (at, size) = (word(file, header + 24), word(file, header + 32));
        // st_value of each symbol but the first, which is none.
        for symbol in (at + 24..at + size).step_by(24).filter(|_| is_symbols) {
            let value = word(file, symbol + 8) as u64 + start;
            file[symbol + 8..symbol + 16].copy_from_slice(&value.to_le_bytes());
        }
    }
}

/// Bytes of the instruction for an operation: four, so that addresses are easily read, but a call has five and what comes after it
/// three.
pub(super) fn length(op: Op, addr: u64) -> u64 {
    match op {
        Op::Call(_) => 5,
        _ => 4 - addr % 4,
    }
}

/// An x86 instruction with the same flow of control.
fn instruction(op: Op, addr: u64) -> Vec<u8> {
    let length = length(op, addr);
    let distance = |to: u64| i8::try_from(to.wrapping_sub(addr + length) as i64).expect("a short jump") as u8;
    let mut bytes = match op {
        // add $0,%rax
        Op::Nop if length == 4 => vec![0x48, 0x83, 0xc0, 0x00],
        Op::Nopl => vec![0x0f, 0x1f, 0x40, 0x00],
        Op::Call(target) => {
            let distance = i32::try_from(target.wrapping_sub(addr + length) as i64).expect("a near call");
            [&[0xe8][..], &distance.to_le_bytes()].concat()
        }
        Op::Ret => vec![0xc3],
        Op::Jump(target) => vec![0xeb, distance(target)],
        Op::Loop(_, target) => vec![0x75, distance(target)],
        Op::Halt => vec![0xf4],
        // mov %rax,(%rdi); mov (%rdi),%rax
        Op::Store(..) => vec![0x48, 0x89, 0x07],
        Op::Load(_) => vec![0x48, 0x8b, 0x07],
        // inc %rax
        _ => vec![0x48, 0xff, 0xc0],
    };
    while (bytes.len() as u64) < length {
        // A prefix without an effect.
        bytes.insert(0, 0x3e);
    }
    bytes
}

/// `push %rbp; mov %rsp,%rbp`: how a function begins whose body begins after it.
const FRAME_SETUP: [u8; 4] = [0x55, 0x48, 0x89, 0xe5];

/// The byte of code at an address, if there is code.
pub(super) fn code_byte(code: &BTreeMap<u64, Op>, source: &Source, addr: u64) -> Option<u8> {
    let function = source.functions.iter().find(|f| (f.start..f.end).contains(&addr));
    if let Some(function) = function
        && function.body == function.start + 4
        && addr < function.body
    {
        return Some(FRAME_SETUP[(addr - function.start) as usize]);
    }
    let operation = code.range(..=addr).next_back().map(|(&at, &op)| (at, op));
    match operation.filter(|&(at, op)| addr < at + length(op, at)) {
        Some((at, op)) => Some(instruction(op, at)[(addr - at) as usize]),
        None => function.map(|_| 0x90),
    }
}

/// First address of the code and the one after it.
fn text(source: &Source) -> (u64, u64) {
    let start = source.functions.iter().map(|function| function.start).min().unwrap_or(0x1000);
    (start, source.functions.iter().map(|function| function.end).max().unwrap_or(start))
}

fn object(code: &BTreeMap<u64, Op>, source: &Source) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let section = object.add_section(Vec::new(), b".text".to_vec(), SectionKind::Text);
    let (start, end) = text(source);
    let bytes: Vec<u8> = (start..end).map(|addr| code_byte(code, source, addr).unwrap_or(0x90)).collect();
    object.append_section_data(section, &bytes, 16);
    for function in &source.functions {
        object.add_symbol(Symbol {
            name: function.name.as_bytes().to_vec(),
            value: function.start - start,
            size: function.end - function.start,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section: SymbolSection::Section(section),
            flags: SymbolFlags::None,
        });
    }
    let sections = debug_information(source);
    let result: Result<(), ()> = sections.for_each(|id, data| {
        if !data.slice().is_empty() {
            let name = id.name().as_bytes().to_vec();
            let section = object.add_section(Vec::new(), name, SectionKind::Debug);
            object.append_section_data(section, data.slice(), 1);
        }
        Ok(())
    });
    result.expect("sections");
    object.write().expect("an object file")
}

const ENCODING: Encoding = Encoding { format: Format::Dwarf32, version: 4, address_size: 8 };

fn debug_information(source: &Source) -> Sections<EndianVec<LittleEndian>> {
    let string = |text: &str| LineString::String(text.as_bytes().to_vec());
    let mut program =
        LineProgram::new(ENCODING, LineEncoding::default(), string("/src"), None, string("toy.c"), None);
    let directory = program.default_directory();
    let file = program.add_file(string("toy.c"), directory, None);
    let mut rows = source.rows.clone();
    rows.sort_unstable();
    for &(addr, line, is_statement) in &rows {
        let start = rows.iter().rev().find(|row| row.0 < addr && row.1 == 0).map_or(0, |row| row.0);
        let first = rows.iter().find(|row| row.0 >= start && row.1 != 0).map_or(addr, |row| row.0);
        if line == 0 {
            program.end_sequence(addr - first);
            continue;
        }
        if !program.in_sequence() {
            program.begin_sequence(Some(Address::Constant(addr)));
        }
        let row = program.row();
        row.address_offset = addr - first;
        row.line = line.into();
        row.file = file;
        row.is_statement = is_statement;
        program.generate_row();
    }
    let mut dwarf = Dwarf::new();
    let unit = dwarf.units.add(Unit::new(ENCODING, program));
    let unit = dwarf.units.get_mut(unit);
    let (start, end) = text(source);
    let root = unit.root();
    let compilation = unit.get_mut(root);
    let text = |text: &str| AttributeValue::String(text.as_bytes().to_vec());
    let producer = if source.is_clang { "clang version 14.0.6" } else { "GNU C17 12.2.0 -O0" };
    compilation.set(constants::DW_AT_producer, text(producer));
    compilation.set(constants::DW_AT_language, AttributeValue::Language(constants::DW_LANG_C11));
    compilation.set(constants::DW_AT_name, text("toy.c"));
    compilation.set(constants::DW_AT_comp_dir, text("/src"));
    compilation.set(constants::DW_AT_low_pc, AttributeValue::Address(Address::Constant(start)));
    compilation.set(constants::DW_AT_high_pc, AttributeValue::Udata(end - start));
    let long = unit.add(root, constants::DW_TAG_base_type);
    unit.get_mut(long).set(constants::DW_AT_name, text("long"));
    unit.get_mut(long).set(constants::DW_AT_byte_size, AttributeValue::Data1(8));
    unit.get_mut(long).set(constants::DW_AT_encoding, AttributeValue::Encoding(constants::DW_ATE_signed));
    for (name, &addr) in &source.variables {
        let mut location = Expression::new();
        location.op_addr(Address::Constant(addr));
        variable(unit, root, name, long, location);
        let last = *unit.get(root).children().last().expect("a child");
        unit.get_mut(last).set(constants::DW_AT_external, AttributeValue::Flag(true));
    }
    let line_at = |addr: u64| rows.iter().find(|row| row.0 == addr).map_or(0, |row| u64::from(row.1));
    let mut abstracts: BTreeMap<&str, UnitEntryId> = BTreeMap::new();
    for block in &source.inlined {
        abstracts.entry(block.name).or_insert_with(|| {
            let die = unit.add(root, constants::DW_TAG_subprogram);
            let entry = unit.get_mut(die);
            entry.set(constants::DW_AT_name, text(block.name));
            entry.set(constants::DW_AT_decl_file, AttributeValue::FileIndex(Some(file)));
            entry.set(constants::DW_AT_decl_line, AttributeValue::Udata(line_at(block.start)));
            entry.set(constants::DW_AT_inline, AttributeValue::Inline(constants::DW_INL_inlined));
            die
        });
    }
    for function in source.functions.iter().filter(|function| function.body != 0) {
        let die = unit.add(root, constants::DW_TAG_subprogram);
        let entry = unit.get_mut(die);
        entry.set(constants::DW_AT_external, AttributeValue::Flag(true));
        entry.set(constants::DW_AT_name, text(function.name));
        entry.set(constants::DW_AT_decl_file, AttributeValue::FileIndex(Some(file)));
        entry.set(constants::DW_AT_decl_line, AttributeValue::Udata(line_at(function.start)));
        entry.set(constants::DW_AT_type, AttributeValue::UnitRef(long));
        range(unit, die, function.start, function.end);
        let mut location = Expression::new();
        location.op(constants::DW_OP_call_frame_cfa);
        location.op_constu(LOCALS);
        location.op(constants::DW_OP_plus);
        variable(unit, die, "local", long, location);
        // Outer ones come first.
        let mut open: Vec<(&Inlined, UnitEntryId)> = Vec::new();
        let inside = |block: &&Inlined| (function.start..function.end).contains(&block.start);
        for block in source.inlined.iter().filter(inside) {
            let around = open.iter().rev().find(|(outer, _)| (outer.start..outer.end).contains(&block.start));
            let parent = around.map_or(die, |(_, die)| *die);
            let call = unit.add(parent, constants::DW_TAG_inlined_subroutine);
            let entry = unit.get_mut(call);
            entry.set(constants::DW_AT_abstract_origin, AttributeValue::UnitRef(abstracts[block.name]));
            entry.set(constants::DW_AT_call_file, AttributeValue::FileIndex(Some(file)));
            entry.set(constants::DW_AT_call_line, AttributeValue::Udata(block.call_line.into()));
            range(unit, call, block.start, block.end);
            open.push((block, call));
        }
    }
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).expect("DWARF");
    frames(source).write_debug_frame(&mut sections.debug_frame).expect("frames");
    sections
}

fn range(unit: &mut Unit, die: UnitEntryId, start: u64, end: u64) {
    let entry = unit.get_mut(die);
    entry.set(constants::DW_AT_low_pc, AttributeValue::Address(Address::Constant(start)));
    entry.set(constants::DW_AT_high_pc, AttributeValue::Udata(end - start));
}

fn variable(unit: &mut Unit, parent: UnitEntryId, name: &str, ty: UnitEntryId, location: Expression) {
    let die = unit.add(parent, constants::DW_TAG_variable);
    let entry = unit.get_mut(die);
    entry.set(constants::DW_AT_name, AttributeValue::String(name.as_bytes().to_vec()));
    entry.set(constants::DW_AT_type, AttributeValue::UnitRef(ty));
    entry.set(constants::DW_AT_location, AttributeValue::Exprloc(location));
}

/// Nothing but the return address is on the stack, everywhere but in a kernel that programs enter.
fn frames(source: &Source) -> FrameTable {
    let mut table = FrameTable::default();
    let mut cie = CommonInformationEntry::new(ENCODING, 1, -8, X86_64::RA);
    cie.add_instruction(CallFrameInstruction::Cfa(X86_64::RSP, 8));
    cie.add_instruction(CallFrameInstruction::Offset(X86_64::RA, -8));
    let cie = table.add_cie(cie);
    for function in source.functions.iter().filter(|f| source.kernel.is_none_or(|at| f.start < at)) {
        let length = u32::try_from(function.end - function.start).expect("a length");
        table.add_fde(cie, FrameDescriptionEntry::new(Address::Constant(function.start), length));
    }
    table
}
