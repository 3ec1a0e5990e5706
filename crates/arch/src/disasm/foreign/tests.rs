//! Instructions as gdb 13 with all processors shows them, byte by byte; `f` is where the code begins.

use crate::disasm::{Disassembler, Flavor, Flow};
use crate::{CodeSize, Foreign};
use kdive_base::VirtAddr;

fn disassembler(family: Foreign) -> Disassembler {
    Disassembler::new(CodeSize::Foreign { family, big_endian: false }, Flavor::Att)
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[track_caller]
fn check(family: Foreign, start: u64, table: &str) {
    let symbols = |addr: VirtAddr| {
        let offset = addr.0.checked_sub(start).filter(|offset| *offset < 0x1000)?;
        Some(if offset == 0 { "f".to_owned() } else { format!("f+{offset}") })
    };
    let disassembler = disassembler(family);
    let mut at = start;
    let mut wrong = Vec::new();
    for line in table.lines() {
        let (code, expected) = line.split_once('\t').unwrap();
        let insn = disassembler.decode(&bytes(code), VirtAddr(at), &symbols).unwrap();
        if insn.text != expected || insn.len() != code.len() as u64 / 2 {
            wrong.push(format!("{code}: {:?}, gdb: {expected:?}", insn.text));
        }
        at += code.len() as u64 / 2;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn aarch64_as_in_gdb() {
    check(Foreign::Aarch64, 0x40_0000, include_str!("aarch64.txt"));
}

#[test]
fn riscv_as_in_gdb() {
    check(Foreign::Riscv64, 0x1_0000, include_str!("riscv64.txt"));
}

#[test]
fn flow_and_targets() {
    let flow = |family, code: &str| {
        let insn = disassembler(family).decode(&bytes(code), VirtAddr(0x1000), &()).unwrap();
        (insn.flow, insn.target)
    };
    // bl .+8, ret, cbz x0, .+8
    assert_eq!(flow(Foreign::Aarch64, "02000094"), (Flow::Call, Some(VirtAddr(0x1008))));
    assert_eq!(flow(Foreign::Aarch64, "c0035fd6"), (Flow::Return, None));
    assert_eq!(flow(Foreign::Aarch64, "400000b4"), (Flow::Branch, Some(VirtAddr(0x1008))));
    // jal ra, .+8, ret, beqz a0, .+8
    assert_eq!(flow(Foreign::Riscv64, "ef008000"), (Flow::Call, Some(VirtAddr(0x1008))));
    assert_eq!(flow(Foreign::Riscv64, "8280"), (Flow::Return, None));
    assert_eq!(flow(Foreign::Riscv64, "01c5"), (Flow::Branch, Some(VirtAddr(0x1008))));
}

#[test]
fn what_is_no_instruction_is_data_never_another_processors_code() {
    let decode = |family, bytes: &[u8]| disassembler(family).decode(bytes, VirtAddr(0), &());
    // On x86 these are nops.
    let nops = [0x90; 4];
    assert_eq!(decode(Foreign::Other(75), &nops).unwrap().text, ".byte\t0x90");
    assert_eq!(decode(Foreign::Aarch64, &[0xff; 4]).unwrap().text, ".inst\t0xffffffff ; undefined");
    // An instruction cut short is not made up.
    assert_eq!(decode(Foreign::Aarch64, &[0x1f, 0x20, 0x03]), None);
    for family in [Foreign::Aarch64, Foreign::Arm, Foreign::Riscv64, Foreign::Powerpc64, Foreign::Other(1)] {
        for seed in 0..2000u32 {
            let word = seed.wrapping_mul(0x9e37_79b9).to_le_bytes();
            if let Some(insn) = decode(family, &word) {
                assert!(!insn.is_empty() && !insn.text.contains('%'), "{family:?} {word:x?}: {}", insn.text);
            }
        }
    }
}
