//! Frames of code without CFI, found as gdb 13 finds them on amd64 (its `amd64 prologue` and `amd64 epilogue`
//! unwinders): from the first instructions of the function, or from a `ret` that is about to be executed.

use crate::eval::read_register;
use crate::{Location, RegisterSet, UnwindError, reg};
use kdive_base::{ReadMemory, VirtAddr};

const ENDBR64: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];
const PUSH_RBP: u8 = 0x55;
const RET: u8 = 0xc3;
/// Both encodings of `mov %rsp,%rbp`.
const MOV_RSP_RBP: [[u8; 3]; 2] = [[0x48, 0x89, 0xe5], [0x48, 0x8b, 0xec]];
/// Bytes of the longest stack realignment sequence.
const REALIGN_LEN: usize = 18;

/// A frame as the instructions tell.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What gdb's `info frame` gives as `Arglist at`; 0 marks the outermost frame.
    pub(crate) base: u64,
    /// Canonical frame address.
    pub(crate) cfa: u64,
    /// Registers of the caller.
    pub(crate) caller: RegisterSet,
}

/// What a look at the executed part of a prologue shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Prologue {
    /// `push %rbp` has been executed.
    rbp_pushed: bool,
    /// `mov %rsp,%rbp` follows it.
    rbp_is_base: bool,
    /// The function realigns the stack and keeps its entry `rsp` plus 8 in this register (DWARF number).
    entry_sp_in: Option<u16>,
}

/// The frame of the function that starts at `function` and has reached `pc`.
///
/// # Errors
/// Code of a known function that cannot be read, `rsp` or `rbp` that is not known.
pub(crate) fn prologue_frame(
    function: Option<VirtAddr>,
    pc: VirtAddr,
    registers: &RegisterSet,
    memory: &dyn ReadMemory,
) -> Result<Found, UnwindError> {
    let prologue = match function {
        Some(start) if start.0 != 0 => analyze(start, pc, memory)?,
        _ => Prologue { rbp_pushed: false, rbp_is_base: false, entry_sp_in: None },
    };
    // gdb's base is where `mov %rsp,%rbp` would make rbp point: return address at base + 8, caller's rsp base + 16.
    let mut return_address = 8;
    let base = if prologue.rbp_is_base {
        read_register(registers, reg::RBP, memory)?
    } else if let Some(register) = prologue.entry_sp_in {
        let entry = read_register(registers, register, memory)?;
        let base = (entry.wrapping_sub(8) & !0xf).wrapping_sub(8);
        return_address = entry.wrapping_sub(8).wrapping_sub(base);
        base
    } else {
        let sp = read_register(registers, reg::RSP, memory)?;
        if prologue.rbp_pushed { sp } else { sp.wrapping_sub(8) }
    };
    let cfa = base.wrapping_add(16);
    let mut caller = registers.clone();
    caller.set(reg::RIP, Location::Memory(VirtAddr(base.wrapping_add(return_address))));
    caller.set(reg::RSP, Location::Value(cfa));
    if prologue.rbp_pushed {
        caller.set(reg::RBP, Location::Memory(VirtAddr(base)));
    }
    Ok(Found { base, cfa, caller })
}

/// Whether the instruction at `pc` is a plain `ret`.
pub(crate) fn is_at_ret(pc: VirtAddr, memory: &dyn ReadMemory) -> bool {
    memory.read_uint(pc, 1) == Ok(u64::from(RET))
}

/// The frame of a function that is about to execute `ret`.
///
/// # Errors
/// `rsp` that is not known.
pub(crate) fn epilogue_frame(registers: &RegisterSet, memory: &dyn ReadMemory) -> Result<Found, UnwindError> {
    let sp = read_register(registers, reg::RSP, memory)?;
    let mut caller = registers.clone();
    caller.set(reg::RIP, Location::Memory(VirtAddr(sp)));
    caller.set(reg::RSP, Location::Value(sp.wrapping_add(8)));
    Ok(Found { base: sp.wrapping_sub(8), cfa: sp.wrapping_add(8), caller })
}

/// What Linux programs return from a signal handler with: `mov $15,%rax` (`rt_sigreturn`) and `syscall`.
const SIGRETURN: [u8; 9] = [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05];
/// Where its `syscall` begins.
const SIGRETURN_SYSCALL: u64 = 7;
/// Where `struct sigcontext` begins in the `struct ucontext` that a handler returns to.
const SIGCONTEXT: u64 = 40;
/// Registers by DWARF number in the order of `struct sigcontext`, 8 bytes each.
const SIGCONTEXT_LAYOUT: [u16; 18] = [
    reg::R8,
    9,
    reg::R10,
    11,
    reg::R12,
    reg::R13,
    reg::R14,
    reg::R15,
    reg::RDI,
    reg::RSI,
    reg::RBP,
    reg::RBX,
    reg::RDX,
    reg::RAX,
    reg::RCX,
    reg::RSP,
    reg::RIP,
    reg::RFLAGS,
];

/// Whether the code at `pc` returns from a signal handler of Linux.
pub(crate) fn is_at_sigreturn(pc: VirtAddr, memory: &dyn ReadMemory) -> bool {
    [0, SIGRETURN_SYSCALL].into_iter().any(|done| {
        let mut code = [0u8; SIGRETURN.len()];
        memory.read(VirtAddr(pc.0.wrapping_sub(done)), &mut code).is_ok() && code == SIGRETURN
    })
}

/// The frame of that code: its caller is what the signal interrupted.
///
/// # Errors
/// `rsp` that is not known.
pub(crate) fn signal_frame(registers: &RegisterSet, memory: &dyn ReadMemory) -> Result<Found, UnwindError> {
    let sp = read_register(registers, reg::RSP, memory)?;
    let mut caller = registers.clone();
    for (index, number) in SIGCONTEXT_LAYOUT.into_iter().enumerate() {
        let at = sp.wrapping_add(SIGCONTEXT).wrapping_add(8 * index as u64);
        caller.set(number, Location::Memory(VirtAddr(at)));
    }
    Ok(Found { base: sp.wrapping_sub(8), cfa: sp.wrapping_add(8), caller })
}

fn analyze(start: VirtAddr, current: VirtAddr, memory: &dyn ReadMemory) -> Result<Prologue, UnwindError> {
    let mut found = Prologue { rbp_pushed: false, rbp_is_base: false, entry_sp_in: None };
    if current <= start {
        return Ok(found);
    }
    let mut pc = start;
    let mut head = [0u8; REALIGN_LEN];
    if memory.read(pc, &mut head).is_ok()
        && let Some(realign) = Realign::parse(&head)
    {
        if current > pc.offset(realign.and_at as u64) {
            found.entry_sp_in = Some(realign.register);
        }
        pc = pc.offset(realign.len as u64).min(current);
    }
    let mut opcode = [0u8; 1];
    memory.read(pc, &mut opcode)?;
    if current > pc.offset(4) {
        let mut insn = [0u8; 4];
        memory.read(pc, &mut insn)?;
        if insn == ENDBR64 {
            pc = pc.offset(4);
            memory.read(pc, &mut opcode)?;
        }
    }
    if current <= pc || opcode != [PUSH_RBP] {
        return Ok(found);
    }
    found.rbp_pushed = true;
    if current > pc.offset(1) {
        let mut insn = [0u8; 3];
        memory.read(pc.offset(1), &mut insn)?;
        found.rbp_is_base = MOV_RSP_RBP.contains(&insn);
    }
    Ok(found)
}

/// Most registers a function can push at its start: all but rsp.
const MAX_PUSHES: usize = 15;

/// The registers, by DWARF number, that the function at `start` pushes as its first instructions and has pushed when it
/// is at `current`; the first of them lies right below the return address. `mov %rsp,%rbp` may stand between.
pub(crate) fn pushed_registers(start: VirtAddr, current: VirtAddr, memory: &dyn ReadMemory) -> Vec<u16> {
    let mut pushed = Vec::new();
    let mut pc = start;
    while pc < current && pushed.len() < MAX_PUSHES {
        let mut insn = [0u8; 4];
        if memory.read(pc, &mut insn).is_err() {
            break;
        }
        let (len, register) = match insn {
            ENDBR64 => (4, None),
            [op @ 0x50..=0x57, ..] => (1, Some(op & 7)),
            [0x41, op @ 0x50..=0x57, ..] => (2, Some(8 | op & 7)),
            [a, b, c, _] if MOV_RSP_RBP.contains(&[a, b, c]) => (3, None),
            _ => break,
        };
        pushed.extend(register.map(dwarf_number));
        pc = pc.offset(len);
    }
    pushed
}

/// What GCC starts a function with whose stack needs more than 16-byte alignment:
/// `[push %REG;] lea N(%rsp),%REG; and $-ALIGN,%rsp; push -8(%REG)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Realign {
    /// DWARF number of REG.
    register: u16,
    /// Offset of the `and`.
    and_at: usize,
    /// Length of the sequence.
    len: usize,
}

impl Realign {
    fn parse(code: &[u8; REALIGN_LEN]) -> Option<Self> {
        let at = |index: usize| code.get(index).copied();
        // A REX prefix here can only have W, R and B set as the instruction needs.
        let (pushed, mut pos) = match (at(0)?, at(1)?) {
            (rex @ (0x40 | 0x41 | 0x48 | 0x49), op @ 0x50..=0x57) => (Some((rex & 1) << 3 | op & 7), 2),
            (op @ 0x50..=0x57, _) => (Some(op & 7), 1),
            _ => (None, 0),
        };
        // lea disp8(%rsp),%REG: REX.W[R] 8d /r, mod 01, r/m 100, SIB 24.
        let (rex, modrm) = (at(pos)?, at(pos + 2)?);
        let displacement = if pushed.is_some() { 16 } else { 8 };
        let is_lea = rex & 0xfb == 0x48
            && at(pos + 1)? == 0x8d
            && modrm & 0xc7 == 0x44
            && at(pos + 3)? == 0x24
            && at(pos + 4)? == displacement;
        let register = (rex & 4) << 1 | modrm >> 3 & 7;
        // Neither rsp nor rbp can serve.
        if !is_lea || pushed.is_some_and(|pushed| pushed != register) || matches!(register, 4 | 5) {
            return None;
        }
        pos += 5;
        let and_at = pos;
        // and $imm,%rsp: REX.W 83 /4 ib or 81 /4 id.
        if at(pos)? != 0x48 || at(pos + 2)? != 0xe4 {
            return None;
        }
        pos += match at(pos + 1)? {
            0x83 => 4,
            0x81 => 7,
            _ => return None,
        };
        // push -8(%REG): [REX.B] ff /6, mod 01.
        let high = match at(pos)? {
            0xff => 0,
            rex @ (0x40 | 0x41 | 0x48 | 0x49) if at(pos + 1)? == 0xff => {
                pos += 1;
                (rex & 1) << 3
            }
            _ => return None,
        };
        let modrm = at(pos + 1)?;
        if modrm & 0xf8 != 0x70 || at(pos + 2)? != 0xf8 || high | modrm & 7 != register {
            return None;
        }
        Some(Self { register: dwarf_number(register), and_at, len: pos + 3 })
    }
}

/// DWARF number of a register by its number in instructions (rax rcx rdx rbx rsp rbp rsi rdi).
fn dwarf_number(encoded: u8) -> u16 {
    match encoded {
        0 => reg::RAX,
        1 => reg::RCX,
        2 => reg::RDX,
        3 => reg::RBX,
        4 => reg::RSP,
        5 => reg::RBP,
        6 => reg::RSI,
        7 => reg::RDI,
        number => u16::from(number),
    }
}

#[cfg(test)]
mod tests;
