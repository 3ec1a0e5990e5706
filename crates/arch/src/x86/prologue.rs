//! Prologue analysis by instruction bytes.
//!
//! What is recognised is what gdb's `amd64_analyze_prologue` and `i386_analyze_prologue` recognise, because breakpoints
//! on functions without line information go to the address they answer with.

use crate::{Arch, FrameBase, Prologue};
use kdive_base::{ReadMemory, VirtAddr};

/// `endbr64`, `endbr32`.
const ENDBR64: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];
const ENDBR32: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfb];
/// `push %rbp`.
const PUSH_FP: u8 = 0x55;
/// `mov %rsp,%rbp` in both encodings, without REX.
const MOV_SP_FP: [[u8; 2]; 2] = [[0x89, 0xe5], [0x8b, 0xec]];

pub(crate) fn analyze(arch: Arch, memory: &dyn ReadMemory, start: VirtAddr, limit: VirtAddr) -> Prologue {
    let mut code = Code { memory, at: start, limit };
    let found = match arch {
        Arch::X86_64 => amd64(&mut code),
        Arch::I386 => i386(&mut code),
        Arch::Foreign(_) => None,
    };
    found.unwrap_or(Prologue { end: start, frame: FrameBase::StackPointer })
}

/// gdb's `amd64_frame_base_address` and `i386_frame_base_address`: the frame pointer once the prologue has set it,
/// before that and in functions without one the slot below the return address as far as the stack pointer tells.
pub(crate) fn frame_base(
    arch: Arch,
    memory: &dyn ReadMemory,
    function: Option<VirtAddr>,
    pc: VirtAddr,
    sp: VirtAddr,
    fp: VirtAddr,
) -> VirtAddr {
    let slot = u64::from(arch.address_size());
    if arch == Arch::I386 && fp.0 == 0 {
        return fp;
    }
    let frame = function.map(|start| analyze(arch, memory, start, pc).frame);
    match frame {
        Some(FrameBase::FramePointer { set_at: Some(_), .. }) => fp,
        // The frame pointer was pushed, so that its slot is the base.
        Some(FrameBase::FramePointer { set_at: None, .. }) => sp,
        Some(FrameBase::StackPointer) => VirtAddr(sp.0.wrapping_sub(slot)),
        // In unknown code, i386 frames are taken to be regular, x86-64 ones not.
        None if arch == Arch::I386 => {
            let readable = memory.read(pc, &mut [0]).is_ok();
            if readable { fp } else { VirtAddr(sp.0.wrapping_sub(slot)) }
        }
        None => VirtAddr(sp.0.wrapping_sub(slot)),
    }
}

struct Code<'m> {
    memory: &'m dyn ReadMemory,
    at: VirtAddr,
    limit: VirtAddr,
}

impl Code<'_> {
    fn peek<const N: usize>(&self) -> Option<[u8; N]> {
        let end = self.at.0.checked_add(N as u64)?;
        let mut bytes = [0; N];
        (end <= self.limit.0).then(|| self.memory.read(self.at, &mut bytes))?.ok()?;
        Some(bytes)
    }

    fn skip(&mut self, len: u64) {
        self.at = self.at.offset(len);
    }

    fn eat<const N: usize>(&mut self, expected: [u8; N]) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.skip(N as u64);
        }
        found
    }
}

/// `[lea 8(%rsp),%r10; and $-16,%rsp; pushq -8(%r10)] [endbr64] push %rbp; mov %rsp,%rbp`. Without the last
/// instruction there is no frame, and gdb stays at the start, before an `endbr64` too.
fn amd64(code: &mut Code<'_>) -> Option<Prologue> {
    let start = code.at;
    align_stack64(code);
    code.eat(ENDBR64);
    if !code.eat([PUSH_FP]) {
        return None;
    }
    let pushed_at = code.at;
    let long = code
        .peek()
        .is_some_and(|bytes: [u8; 3]| bytes[0] == 0x48 && MOV_SP_FP.iter().any(|form| form == &bytes[1..]));
    if long {
        code.skip(3);
        let frame = FrameBase::FramePointer { pushed_at, set_at: Some(code.at) };
        return Some(Prologue { end: code.at, frame });
    }
    Some(Prologue { end: start, frame: FrameBase::FramePointer { pushed_at, set_at: None } })
}

/// Realignment of the stack as gcc writes it at the start of functions that need more than 16 bytes.
fn align_stack64(code: &mut Code<'_>) {
    let start = code.at;
    if try_align_stack64(code).is_none() {
        code.at = start;
    }
}

fn try_align_stack64(code: &mut Code<'_>) -> Option<()> {
    // An optional push of the register that will hold the old stack pointer.
    let (mut saved, mut distance) = (None, 8);
    let bytes: [u8; 2] = code.peek()?;
    if bytes[0] == 0x41 && bytes[1] & 0xf8 == 0x50 {
        saved = Some((bytes[1] & 7) | 8);
        code.skip(2);
    } else if bytes[0] & 0xf8 == 0x50 {
        saved = Some(bytes[0] & 7);
        code.skip(1);
    }
    if saved.is_some() {
        distance = 16;
    }
    // lea 8(%rsp),%reg or lea 16(%rsp),%reg
    let [rex, opcode, modrm, sib, disp]: [u8; 5] = code.peek()?;
    if rex & 0xfb != 0x48 || opcode != 0x8d || modrm & 0xc7 != 0x44 || sib != 0x24 || disp != distance {
        return None;
    }
    let reg = (rex & 4) << 1 | (modrm >> 3 & 7);
    if reg == 4 || reg == 5 || saved.is_some_and(|saved| saved != reg) {
        return None;
    }
    code.skip(5);
    // and $-XXX,%rsp
    match code.peek()? {
        [0x48, 0x83, 0xe4] => code.skip(4),
        [0x48, 0x81, 0xe4] => code.skip(7),
        _ => return None,
    }
    // pushq -8(%reg)
    if reg >= 8 {
        code.eat([0x41, 0xff, 0x70 | (reg & 7), 0xf8]).then_some(())
    } else {
        code.eat([0xff, 0x70 | reg, 0xf8]).then_some(())
    }
}

/// `[endbr32] push %ebp; mov %esp,%ebp; [sub $N,%esp]; [push %reg]...`.
fn i386(code: &mut Code<'_>) -> Option<Prologue> {
    let start = code.at;
    code.eat(ENDBR32);
    if !code.eat([PUSH_FP]) {
        return None;
    }
    let pushed_at = code.at;
    if !MOV_SP_FP.into_iter().any(|form| code.eat(form)) {
        return Some(Prologue { end: start, frame: FrameBase::FramePointer { pushed_at, set_at: None } });
    }
    let frame = FrameBase::FramePointer { pushed_at, set_at: Some(code.at) };
    match code.peek() {
        Some([0x83, 0xec]) => code.skip(3),
        Some([0x81, 0xec]) => code.skip(6),
        _ => {}
    }
    // gdb looks at no more than eight registers being saved.
    for _ in 0..8 {
        if !matches!(code.peek(), Some([0x50..=0x57])) {
            break;
        }
        code.skip(1);
    }
    Some(Prologue { end: code.at, frame })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kdive_base::SparseMemory;

    fn run(arch: Arch, bytes: &[u8]) -> Prologue {
        let mut memory = SparseMemory::new();
        memory.map(VirtAddr(0x1000), bytes);
        arch.analyze_prologue(&memory, VirtAddr(0x1000), VirtAddr(0x1000 + bytes.len() as u64))
    }

    fn framed(end: u64, pushed_at: u64, set_at: Option<u64>) -> Prologue {
        let frame = FrameBase::FramePointer { pushed_at: VirtAddr(pushed_at), set_at: set_at.map(VirtAddr) };
        Prologue { end: VirtAddr(end), frame }
    }

    #[test]
    fn amd64_frames() {
        let none = Prologue { end: VirtAddr(0x1000), frame: FrameBase::StackPointer };
        let plain = [0x55, 0x48, 0x89, 0xe5, 0x90];
        assert_eq!(run(Arch::X86_64, &plain), framed(0x1004, 0x1001, Some(0x1004)));
        let endbr = [0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x8b, 0xec];
        assert_eq!(run(Arch::X86_64, &endbr), framed(0x1008, 0x1005, Some(0x1008)));
        assert_eq!(run(Arch::X86_64, &[0xf3, 0x0f, 0x1e, 0xfa, 0x31, 0xc0, 0xc3]), none);
        assert_eq!(run(Arch::X86_64, &[0x55, 0x53, 0x48, 0x89, 0xfb]), framed(0x1000, 0x1001, None));
        assert_eq!(run(Arch::X86_64, &[0x55]), framed(0x1000, 0x1001, None));
        assert_eq!(run(Arch::X86_64, &[]), none);
    }

    #[test]
    fn amd64_realigned_stack() {
        let code = [
            0x4c, 0x8d, 0x54, 0x24, 0x08, 0x48, 0x83, 0xe4, 0xe0, 0x41, 0xff, 0x72, 0xf8, 0x55, 0x48, 0x89,
            0xe5,
        ];
        assert_eq!(run(Arch::X86_64, &code), framed(0x1011, 0x100e, Some(0x1011)));
        let other_register = [0x4c, 0x8d, 0x54, 0x24, 0x08, 0x48, 0x83, 0xe4, 0xe0, 0x41, 0xff, 0x71, 0xf8];
        assert_eq!(run(Arch::X86_64, &other_register).end, VirtAddr(0x1000));
    }

    #[test]
    fn frame_bases_at_every_step_of_the_prologue() {
        let mut memory = SparseMemory::new();
        memory.map(VirtAddr(0x1000), vec![0x55, 0x48, 0x89, 0xe5, 0x90]);
        let base = |function: Option<u64>, pc: u64| {
            let function = function.map(VirtAddr);
            Arch::X86_64.frame_base(&memory, function, VirtAddr(pc), VirtAddr(0x8000), VirtAddr(0x9000)).0
        };
        assert_eq!(base(Some(0x1000), 0x1000), 0x7ff8);
        assert_eq!(base(Some(0x1000), 0x1001), 0x8000);
        assert_eq!(base(Some(0x1000), 0x1004), 0x9000);
        assert_eq!(base(None, 0x1004), 0x7ff8);
        let i386 = |function: Option<u64>, pc: u64, fp: u64| {
            let function = function.map(VirtAddr);
            Arch::I386.frame_base(&memory, function, VirtAddr(pc), VirtAddr(0x8000), VirtAddr(fp)).0
        };
        assert_eq!(i386(Some(0x1000), 0x1000, 0x9000), 0x7ffc);
        assert_eq!(i386(None, 0x1000, 0x9000), 0x9000);
        assert_eq!(i386(None, 0x5000, 0x9000), 0x7ffc);
        assert_eq!(i386(Some(0x1000), 0x1000, 0), 0);
    }

    #[test]
    fn i386_frames() {
        let code = [0xf3, 0x0f, 0x1e, 0xfb, 0x55, 0x89, 0xe5, 0x83, 0xec, 0x18, 0x56, 0x53, 0x8b];
        assert_eq!(run(Arch::I386, &code), framed(0x100c, 0x1005, Some(0x1007)));
        assert_eq!(run(Arch::I386, &[0x55, 0x57, 0x56]), framed(0x1000, 0x1001, None));
    }
}
