//! Tables made with `gimli::write`, read back, and damaged.

use super::*;
use gimli::write::{
    Address, CallFrameInstruction as Insn, CommonInformationEntry, EndianVec, FrameDescriptionEntry,
    FrameTable,
};
use gimli::{Encoding, Format, X86_64};

const BASE: u64 = 0xffff_ffff_8100_0000;

/// Two functions as GCC describes them: `push %rbp; mov %rsp,%rbp` at BASE + 0x100, a leaf of 16 bytes at BASE.
fn table(format: Format, version: u16) -> FrameTable {
    let mut table = FrameTable::default();
    let encoding = Encoding { format, version, address_size: 8 };
    let mut cie = CommonInformationEntry::new(encoding, 1, -8, X86_64::RA);
    cie.add_instruction(Insn::Cfa(X86_64::RSP, 8));
    cie.add_instruction(Insn::Offset(X86_64::RA, -8));
    let cie = table.add_cie(cie);
    let mut fde = FrameDescriptionEntry::new(Address::Constant(BASE + 0x100), 0x40);
    fde.add_instruction(1, Insn::CfaOffset(16));
    fde.add_instruction(1, Insn::Offset(X86_64::RBP, -16));
    fde.add_instruction(4, Insn::CfaRegister(X86_64::RBP));
    fde.add_instruction(0x3f, Insn::Cfa(X86_64::RSP, 8));
    fde.add_instruction(0x3f, Insn::Restore(X86_64::RBP));
    table.add_fde(cie, fde);
    table.add_fde(cie, FrameDescriptionEntry::new(Address::Constant(BASE), 0x10));
    table
}

fn bytes(kind: CfiKind, table: &FrameTable) -> Vec<u8> {
    let vec = EndianVec::new(LittleEndian);
    match kind {
        CfiKind::DebugFrame => {
            let mut section = gimli::write::DebugFrame::from(vec);
            table.write_debug_frame(&mut section).unwrap();
            section.slice().to_vec()
        }
        CfiKind::EhFrame => {
            let mut section = gimli::write::EhFrame::from(vec);
            table.write_eh_frame(&mut section).unwrap();
            section.slice().to_vec()
        }
    }
}

fn check(section: &CfiSection) {
    let at = |offset: u64| section.rules(LinkAddr(BASE + offset)).unwrap();
    let cfa = |offset: u64| match at(offset).unwrap().cfa {
        Cfa::Register(register, offset) => (register, offset),
        Cfa::Expression(_) => panic!("an expression"),
    };
    assert_eq!(cfa(0), (7, 8));
    assert_eq!(cfa(0x100), (7, 8));
    assert_eq!(cfa(0x101), (7, 16));
    assert_eq!(cfa(0x104), (6, 16));
    assert_eq!(cfa(0x13f), (7, 8));
    assert!(matches!(at(0x104).unwrap().register(6), Some(Rule::Offset(-16))));
    assert!(at(0x13f).unwrap().register(6).is_none());
    assert!(matches!(at(0x13f).unwrap().register(16), Some(Rule::Offset(-8))));
    // Between the two, after, and before.
    assert!(at(0x10).is_none());
    assert!(at(0x140).is_none());
    assert!(section.rules(LinkAddr(BASE - 1)).unwrap().is_none());
}

#[test]
fn debug_frame_by_the_fast_scan_and_by_decoding() {
    // 64-bit DWARF is not for the fast scan.
    for (format, version) in [(Format::Dwarf32, 4), (Format::Dwarf32, 3), (Format::Dwarf64, 4)] {
        let data = bytes(CfiKind::DebugFrame, &table(format, version));
        let section = CfiSection::new(CfiKind::DebugFrame, Arc::new(data), LinkAddr(0));
        check(&section);
        assert_eq!(section.index().ranges().len(), 2);
        assert_eq!((section.index().ranges()[0].start, section.index().ranges()[0].end), (BASE, BASE + 0x10));
    }
}

#[test]
fn eh_frame() {
    let data = bytes(CfiKind::EhFrame, &table(Format::Dwarf32, 1));
    check(&CfiSection::new(CfiKind::EhFrame, Arc::new(data), LinkAddr(0x40_0000)));
}

#[test]
fn an_index_kept_from_before_gives_the_same_answers() {
    let data = Arc::new(bytes(CfiKind::DebugFrame, &table(Format::Dwarf32, 4)));
    let first = CfiSection::new(CfiKind::DebugFrame, data.clone(), LinkAddr(0));
    let index = first.index().clone();
    check(&CfiSection::with_index(CfiKind::DebugFrame, data, LinkAddr(0), index));
}

#[test]
fn leftovers_of_dropped_functions_and_duplicates() {
    let range = |start, end, offset| FdeRange { start, end, offset };
    let index = FdeIndex::from_ranges(vec![
        range(0, 0x2000, 1),
        range(0x1000, 0x1100, 2),
        range(0x1000, 0x1080, 3),
        range(0x3000, 0x3000, 4),
    ]);
    assert_eq!(index.ranges(), [range(0x1000, 0x1100, 2)]);
    // Code at 0 that ends before the rest is real: a relocatable file.
    let index = FdeIndex::from_ranges(vec![range(0x1000, 0x1100, 2), range(0, 0x10, 1)]);
    assert_eq!(index.find(0), Some(range(0, 0x10, 1)));
    assert_eq!(index.find(0x10), None);
}

#[test]
fn truncated_tables_keep_their_whole_entries() {
    let data = bytes(CfiKind::DebugFrame, &table(Format::Dwarf32, 4));
    for len in 0..data.len() {
        let section = CfiSection::new(CfiKind::DebugFrame, Arc::new(data[..len].to_vec()), LinkAddr(0));
        for range in section.index().ranges() {
            let _ = section.rules(LinkAddr(range.start));
        }
        assert!(section.rules(LinkAddr(BASE)).unwrap().is_none());
    }
}

/// Every byte replaced by a few others: any answer will do, as long as there is one.
#[test]
fn damaged_tables_do_no_harm() {
    for kind in [CfiKind::DebugFrame, CfiKind::EhFrame] {
        let good = bytes(kind, &table(Format::Dwarf32, if kind == CfiKind::EhFrame { 1 } else { 4 }));
        for at in 0..good.len() {
            for value in [0, 1, 0x7f, 0x80, 0xfe, 0xff, good[at] ^ 1, good[at].wrapping_add(8)] {
                let mut data = good.clone();
                data[at] = value;
                let section = CfiSection::new(kind, Arc::new(data), LinkAddr(0x40_0000));
                for offset in [0, 0x100, 0x104, 0x13f] {
                    let _ = section.rules(LinkAddr(BASE + offset));
                }
                for range in section.index().ranges() {
                    let _ = section.rules(LinkAddr(range.start));
                }
            }
        }
    }
}
