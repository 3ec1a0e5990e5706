//! Byte sequences of prologues. The frames they give are compared with gdb's in `tests/gdb_oracle.rs`.

use super::*;
use kdive_base::SparseMemory;

const START: VirtAddr = VirtAddr(0x1000);

fn prologue(code: &[u8], executed: u64) -> Prologue {
    let mut memory = SparseMemory::new();
    let mut bytes = code.to_vec();
    bytes.resize(64, 0x90);
    memory.map(START, bytes);
    analyze(START, START.offset(executed), &memory).unwrap()
}

const NOTHING: Prologue = Prologue { rbp_pushed: false, rbp_is_base: false, entry_sp_in: None };

#[test]
fn push_and_mov() {
    let code = [0x55, 0x48, 0x89, 0xe5];
    assert_eq!(prologue(&code, 0), NOTHING);
    assert_eq!(prologue(&code, 1), Prologue { rbp_pushed: true, ..NOTHING });
    assert_eq!(prologue(&code, 4), Prologue { rbp_pushed: true, rbp_is_base: true, entry_sp_in: None });
    let with_endbr = [0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x8b, 0xec];
    assert_eq!(prologue(&with_endbr, 4), NOTHING);
    assert_eq!(prologue(&with_endbr, 5), Prologue { rbp_pushed: true, ..NOTHING });
    assert!(prologue(&with_endbr, 9).rbp_is_base);
    // `mov %esp,%ebp` is a frame only for the x32 ABI.
    assert_eq!(prologue(&[0x55, 0x89, 0xe5], 10), Prologue { rbp_pushed: true, ..NOTHING });
}

#[test]
fn realignment() {
    // lea 8(%rsp),%r10; and $-64,%rsp; push -8(%r10)
    let r10 = [
        0x4c, 0x8d, 0x54, 0x24, 0x08, 0x48, 0x83, 0xe4, 0xc0, 0x41, 0xff, 0x72, 0xf8, 0x55, 0x48, 0x89, 0xe5,
    ];
    assert_eq!(prologue(&r10, 5), NOTHING);
    assert_eq!(prologue(&r10, 9).entry_sp_in, Some(10));
    assert_eq!(prologue(&r10, 13).entry_sp_in, Some(10));
    let whole = prologue(&r10, 20);
    assert!(whole.rbp_pushed && whole.rbp_is_base);
    // push %r13; lea 16(%rsp),%r13; and $-256,%rsp; push -8(%r13)
    let r13 = [
        0x41, 0x55, 0x4c, 0x8d, 0x6c, 0x24, 0x10, 0x48, 0x81, 0xe4, 0, 0xff, 0xff, 0xff, 0x41, 0xff, 0x75,
        0xf8,
    ];
    assert_eq!(prologue(&r13, 14).entry_sp_in, Some(13));
    // The same with another register in the last push is something else.
    let mut other = r13;
    other[16] = 0x76;
    assert_eq!(prologue(&other, 14), NOTHING);
}

#[test]
fn code_that_cannot_be_read_is_a_reason() {
    let memory = SparseMemory::new();
    let registers = RegisterSet::live([(reg::RSP, 0x8000), (reg::RIP, 0x1004)]);
    let error = prologue_frame(Some(START), START.offset(4), &registers, &memory).unwrap_err();
    assert_eq!(error.to_string(), "Cannot access memory at address 0x1000");
    // At the function's first instruction nothing needs to be read.
    let found = prologue_frame(Some(START), START, &registers, &memory).unwrap();
    assert_eq!((found.cfa, found.base), (0x8008, 0x7ff8));
    assert_eq!(found.caller.location(reg::RIP), Location::Memory(VirtAddr(0x8000)));
}

#[test]
fn registers_pushed_so_far() {
    let mut memory = SparseMemory::new();
    // endbr64; push %rbp; mov %rsp,%rbp; push %r12; push %rbx; sub $16,%rsp; push %r13
    let code = [
        0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0x41, 0x54, 0x53, 0x48, 0x83, 0xec, 0x10, 0x41, 0x55,
    ];
    memory.map(START, [&code[..], &[0x90; 16]].concat());
    let pushed = |executed| pushed_registers(START, START.offset(executed), &memory);
    assert_eq!(pushed(4), [0u16; 0]);
    assert_eq!(pushed(5), [reg::RBP]);
    assert_eq!(pushed(10), [reg::RBP, reg::R12]);
    // After the sub slots no longer follow one another.
    assert_eq!(pushed(17), [reg::RBP, reg::R12, reg::RBX]);
    assert_eq!(pushed_registers(VirtAddr(0x9000), VirtAddr(0x9100), &memory), [0u16; 0]);
}

#[test]
fn any_bytes_will_do() {
    let mut seed = 1u64;
    for _ in 0..20_000 {
        let code: Vec<u8> = (0..REALIGN_LEN)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // Bytes that occur in the patterns are the ones that lead somewhere.
                [
                    0x41, 0x48, 0x4c, 0x55, 0x50, 0x8d, 0x54, 0x24, 0x08, 0x10, 0x83, 0x81, 0xe4, 0xff, 0x72,
                    0xf8,
                ][(seed >> 60) as usize]
            })
            .collect();
        let _ = prologue(&code, 40);
    }
}

#[test]
fn return_from_a_signal_handler() {
    let mut memory = SparseMemory::new();
    memory.map(START, [&SIGRETURN[..], &[0x90; 16]].concat());
    let at = |offset| is_at_sigreturn(START.offset(offset), &memory);
    assert_eq!([0, 1, 7, 9].map(at), [true, false, true, false]);
    // `sigreturn` of 32-bit programs, 119, is no such code here.
    memory.map(VirtAddr(0x2000), vec![0x48, 0xc7, 0xc0, 0x77, 0, 0, 0, 0x0f, 0x05]);
    assert!(!is_at_sigreturn(VirtAddr(0x2000), &memory));

    let found = signal_frame(&RegisterSet::live([(reg::RSP, 0x7000)]), &memory).unwrap();
    assert_eq!(found.cfa, 0x7008);
    let at = |number| found.caller.location(number);
    assert_eq!(at(reg::R8), Location::Memory(VirtAddr(0x7028)));
    assert_eq!(at(reg::RSP), Location::Memory(VirtAddr(0x7028 + 15 * 8)));
    assert_eq!(at(reg::RIP), Location::Memory(VirtAddr(0x7028 + 16 * 8)));
    assert_eq!(at(reg::RFLAGS), Location::Memory(VirtAddr(0x7028 + 17 * 8)));
}
