//! Entries of all versions, and tables in files and in memory.

use super::*;
use kdive_base::SparseMemory;
use std::sync::Arc;

const IP: LinkAddr = LinkAddr(0x9000);

fn entry(sp_offset: i16, bp_offset: i16, flags: u16) -> [u8; ENTRY_SIZE] {
    let ([s0, s1], [b0, b1], [f0, f1]) =
        (sp_offset.to_le_bytes(), bp_offset.to_le_bytes(), flags.to_le_bytes());
    [s0, s1, b0, b1, f0, f1]
}

fn decode(version: OrcVersion, flags: u16) -> Option<(OrcReg, OrcReg, OrcKind, bool)> {
    let entry = OrcEntry::decode(version, entry(8, -16, flags))?;
    assert_eq!((entry.sp_offset, entry.bp_offset), (8, -16));
    Some((entry.sp_reg, entry.bp_reg, entry.kind, entry.signal))
}

#[test]
fn flag_bits_of_all_versions() {
    use OrcKind::{Call, EndOfStack, Regs, RegsPartial};
    use OrcReg::{Bp, PrevSp, R10, Sp, SpIndirect};
    use OrcVersion::{V1, V2, V3, V4};
    let undefined = OrcReg::Undefined;

    assert_eq!(decode(V1, 0x0005), Some((Sp, undefined, Call, false)));
    assert_eq!(decode(V1, 0x0014), Some((Bp, PrevSp, Call, false)));
    assert_eq!(decode(V1, 0x0105), Some((Sp, undefined, Regs, true)));
    assert_eq!(decode(V1, 0x0205), Some((Sp, undefined, RegsPartial, true)));
    assert_eq!(decode(V1, 0x0400), Some((undefined, undefined, EndOfStack, false)));
    assert_eq!(decode(V1, 0x0000), Some((undefined, undefined, OrcKind::Undefined, false)));
    assert_eq!(decode(V1, 0x000f), None);

    assert_eq!(decode(V2, 0x0405), Some((Sp, undefined, Call, true)));
    assert_eq!(decode(V2, 0x0505), Some((Sp, undefined, Regs, true)));
    assert_eq!(decode(V2, 0x0800), Some((undefined, undefined, EndOfStack, false)));

    assert_eq!(decode(V3, 0x0209), Some((SpIndirect, undefined, Call, false)));
    assert_eq!(decode(V3, 0x0b05), Some((Sp, undefined, Regs, true)));
    assert_eq!(decode(V3, 0x0100), Some((undefined, undefined, EndOfStack, false)));
    assert_eq!(decode(V3, 0x0705), None);

    assert_eq!(decode(V4, 0x0283), Some((Sp, PrevSp, Call, false)));
    assert_eq!(decode(V4, 0x0c06), Some((R10, undefined, RegsPartial, true)));
    assert_eq!(decode(V4, 0x000b), None);
}

#[test]
fn versions_by_header_and_by_entries() {
    let hash = |start: [u8; 6]| [&start[..], &[0; 14]].concat();
    assert_eq!(
        OrcVersion::detect(Some(&hash([0xfe, 0x5d, 0x32, 0xbf, 0x58, 0x1b])), &[]),
        Some(OrcVersion::V3)
    );
    assert_eq!(
        OrcVersion::detect(Some(&hash([0x13, 0x7c, 0x36, 0xad, 0x76, 0x27])), &[]),
        Some(OrcVersion::V4)
    );
    assert_eq!(OrcVersion::detect(Some(&hash([1, 2, 3, 4, 5, 6])), &[]), None);
    let old = [entry(8, 0, 5), entry(0, 0, 0x400)].concat();
    assert_eq!(OrcVersion::detect(None, &old), Some(OrcVersion::V1));
    let with_signal = [entry(8, 0, 5), entry(0, 0, 0x505)].concat();
    assert_eq!(OrcVersion::detect(None, &with_signal), Some(OrcVersion::V2));
}

/// Addresses and entries as two sections.
fn sections(rows: &[(u64, [u8; ENTRY_SIZE])], ip_addr: u64) -> (Vec<u8>, Vec<u8>) {
    let mut ip = Vec::new();
    for (index, (address, _)) in rows.iter().enumerate() {
        let place = ip_addr + 4 * index as u64;
        ip.extend_from_slice(&i32::try_from(*address as i64 - place as i64).unwrap().to_le_bytes());
    }
    (ip, rows.iter().flat_map(|(_, entry)| *entry).collect())
}

#[test]
fn sorted_and_unsorted_files_and_memory_agree() {
    let rows = [
        (0x1000, entry(8, 0, 0x05)),
        (0x1001, entry(16, 0, 0x05)),
        (0x1010, entry(0, 0, 0)),
        // The end of one piece of code is the start of the next: the real entry wins.
        (0x1010, entry(24, 0, 0x05)),
    ];
    let find = |table: &OrcTable, pc: u64, memory: &SparseMemory| {
        table.find(LinkAddr(pc), VirtAddr(pc), memory).unwrap().map(|entry| entry.sp_offset)
    };
    let (ip, entries) = sections(&rows, IP.0);
    let mut memory = SparseMemory::new();
    memory.map(VirtAddr(IP.0), ip.clone());
    memory.map(VirtAddr(0xa000), entries.clone());
    let sorted = OrcTable::in_file(None, Arc::new(ip), IP, Arc::new(entries));
    let in_memory = OrcTable::in_memory(OrcVersion::V1, VirtAddr(IP.0), VirtAddr(0xa000), 4);
    let shuffled: Vec<_> = [3, 1, 2, 0].iter().map(|&index| rows[index]).collect();
    let (ip, entries) = sections(&shuffled, IP.0);
    let unsorted = OrcTable::in_file(None, Arc::new(ip), IP, Arc::new(entries));
    for table in [&sorted, &in_memory, &unsorted] {
        assert_eq!(find(table, 0xfff, &memory), None);
        assert_eq!(find(table, 0x1000, &memory), Some(8));
        assert_eq!(find(table, 0x100f, &memory), Some(16));
        assert_eq!(find(table, 0x1010, &memory), Some(24));
        assert_eq!(find(table, 0x9999, &memory), Some(24));
    }
}

#[test]
fn tables_that_lie_about_their_size() {
    let memory = SparseMemory::new();
    let in_memory = OrcTable::in_memory(OrcVersion::V1, VirtAddr(IP.0), VirtAddr(0xa000), u64::MAX);
    assert!(matches!(in_memory.find(LinkAddr(0), VirtAddr(0), &memory), Err(UnwindError::Memory(_))));
    // More addresses than entries.
    let (ip, _) = sections(&[(0x1000, entry(8, 0, 5)), (0x1001, entry(8, 0, 5))], IP.0);
    let short = OrcTable::in_file(None, Arc::new(ip), IP, Arc::new(entry(8, 0, 5).to_vec()));
    assert!(short.find(LinkAddr(0x1000), VirtAddr(0), &memory).unwrap().is_some());
    assert_eq!(short.find(LinkAddr(0x1001), VirtAddr(0), &memory), Ok(None));
}
