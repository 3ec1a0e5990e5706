//! Code of processors other than x86: capstone decodes, and its text is brought into gdb's form.

mod aarch64;
mod riscv;

use super::{Flow, Insn, Symbolize};
use crate::Foreign;
use capstone::prelude::*;
use capstone::{Capstone, Endian};
use kdive_base::VirtAddr;

/// An instruction as capstone has it.
struct Raw<'t> {
    addr: VirtAddr,
    mnemonic: &'t str,
    operands: &'t str,
}

/// What is made of it.
struct Shown {
    text: String,
    target: Option<VirtAddr>,
}

/// Decodes the first instruction of `bytes`. Bytes that are no instruction, or belong to an unknown processor, give
/// the word they are. `None` when `bytes` ends before the instruction does.
pub(super) fn decode(
    family: Foreign,
    big_endian: bool,
    bytes: &[u8],
    addr: VirtAddr,
    symbols: &dyn Symbolize,
) -> Option<Insn> {
    let decoder = decoder(family, big_endian);
    let found = decoder.as_ref().and_then(|decoder| decoder.disasm_count(bytes, addr.0, 1).ok());
    let insn = found.as_ref().and_then(|found| found.iter().next());
    let Some(insn) = insn else { return data(family, big_endian, bytes, addr) };
    let raw = Raw {
        addr,
        mnemonic: insn.mnemonic().unwrap_or_default(),
        operands: insn.op_str().unwrap_or_default(),
    };
    let shown = match family {
        Foreign::Aarch64 => aarch64::show(&raw, symbols),
        Foreign::Riscv32 | Foreign::Riscv64 => riscv::show(&raw, symbols),
        _ => plain(&raw, symbols),
    };
    let flow = flow(family, raw.mnemonic, raw.operands);
    Some(Insn {
        addr,
        bytes: insn.bytes().to_vec(),
        target: shown.target.filter(|_| matches!(flow, Flow::Call | Flow::Jump | Flow::Branch)),
        text: shown.text,
        flow,
        memory: None,
        writes_flags: false,
        writes_sp: false,
        does_nothing: raw.mnemonic == "nop",
    })
}

fn decoder(family: Foreign, big_endian: bool) -> Option<Capstone> {
    let endian = if big_endian { Endian::Big } else { Endian::Little };
    let riscv = |mode| {
        Capstone::new()
            .riscv()
            .mode(mode)
            .extra_mode([arch::riscv::ArchExtraMode::RiscVC].iter().copied())
            .build()
    };
    match family {
        Foreign::Aarch64 => {
            // Instructions are little-endian whatever order the data has.
            Capstone::new().arm64().mode(arch::arm64::ArchMode::Arm).build()
        }
        Foreign::Arm => Capstone::new().arm().mode(arch::arm::ArchMode::Arm).endian(endian).build(),
        Foreign::Riscv32 => riscv(arch::riscv::ArchMode::RiscV32),
        Foreign::Riscv64 => riscv(arch::riscv::ArchMode::RiscV64),
        Foreign::Powerpc => Capstone::new().ppc().mode(arch::ppc::ArchMode::Mode32).endian(endian).build(),
        Foreign::Powerpc64 => Capstone::new().ppc().mode(arch::ppc::ArchMode::Mode64).endian(endian).build(),
        Foreign::Other(_) => return None,
    }
    .ok()
}

/// A word that is no instruction, as data.
fn data(family: Foreign, big_endian: bool, bytes: &[u8], addr: VirtAddr) -> Option<Insn> {
    let compressed = matches!(family, Foreign::Riscv32 | Foreign::Riscv64)
        && bytes.first().is_some_and(|first| first & 3 != 3);
    let size = match family {
        Foreign::Other(_) => 1,
        _ if compressed => 2,
        _ => 4,
    };
    let bytes = bytes.get(..size)?;
    let fold = |value: u32, byte: &u8| value << 8 | u32::from(*byte);
    let value = if big_endian { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) };
    let text = match (family, size) {
        (Foreign::Aarch64, _) => format!(".inst\t{value:#010x} ; undefined"),
        (_, 1) => format!(".byte\t{value:#04x}"),
        (_, 2) => format!(".2byte\t{value:#x}"),
        _ => format!(".4byte\t{value:#x}"),
    };
    Some(Insn {
        addr,
        bytes: bytes.to_vec(),
        text,
        flow: Flow::Invalid,
        target: None,
        memory: None,
        writes_flags: false,
        writes_sp: false,
        does_nothing: false,
    })
}

/// `0x40018c <add+16>`.
fn place(addr: u64, symbols: &dyn Symbolize) -> String {
    match symbols.symbolize(VirtAddr(addr)) {
        Some(name) => format!("{addr:#x} <{name}>"),
        None => format!("{addr:#x}"),
    }
}

/// A number as capstone writes it: `3`, `0x58`, `-0x10`.
fn number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    let value = value.cast_signed();
    Some(if negative { value.wrapping_neg() } else { value })
}

/// Capstone's text, with the name of where a branch goes.
fn plain(raw: &Raw<'_>, symbols: &dyn Symbolize) -> Shown {
    let (before, last) =
        raw.operands.rsplit_once(", ").map_or(("", raw.operands), |(before, last)| (before, last));
    let is_branch =
        raw.mnemonic.starts_with('b') && !raw.mnemonic.starts_with("bic") && !raw.mnemonic.starts_with("bf");
    let target = number(last.trim_start_matches('#')).filter(|_| is_branch && last.contains("0x"));
    let operands = match target {
        Some(target) if before.is_empty() => place(target.cast_unsigned(), symbols),
        Some(target) => format!("{before}, {}", place(target.cast_unsigned(), symbols)),
        None => raw.operands.to_owned(),
    };
    Shown {
        text: joined(raw.mnemonic, &operands),
        target: target.map(|target| VirtAddr(target.cast_unsigned())),
    }
}

fn joined(mnemonic: &str, operands: &str) -> String {
    if operands.is_empty() { mnemonic.to_owned() } else { format!("{mnemonic}\t{operands}") }
}

/// What the common instructions do to the flow of control.
fn flow(family: Foreign, mnemonic: &str, operands: &str) -> Flow {
    match family {
        Foreign::Aarch64 => match mnemonic {
            "bl" | "blr" | "blraa" | "blraaz" => Flow::Call,
            "ret" | "retaa" | "retab" => Flow::Return,
            "b" | "br" => Flow::Jump,
            "eret" => Flow::ExceptionReturn,
            "svc" => Flow::Syscall,
            "brk" => Flow::Breakpoint,
            "udf" => Flow::Undefined,
            "wfi" | "wfe" => Flow::Halt,
            "cbz" | "cbnz" | "tbz" | "tbnz" => Flow::Branch,
            _ if mnemonic.starts_with("b.") => Flow::Branch,
            _ => Flow::Next,
        },
        Foreign::Riscv32 | Foreign::Riscv64 => match mnemonic.strip_prefix("c.").unwrap_or(mnemonic) {
            "ret" => Flow::Return,
            "jr" if operands == "ra" => Flow::Return,
            "j" | "jr" => Flow::Jump,
            "jal" | "jalr" | "call" => Flow::Call,
            "ecall" => Flow::Syscall,
            "ebreak" => Flow::Breakpoint,
            "sret" | "mret" | "uret" => Flow::ExceptionReturn,
            "wfi" => Flow::Halt,
            name if name.starts_with('b') => Flow::Branch,
            _ => Flow::Next,
        },
        Foreign::Arm => match mnemonic {
            "bl" | "blx" => Flow::Call,
            "bx" if operands == "lr" => Flow::Return,
            "b" | "bx" => Flow::Jump,
            "svc" => Flow::Syscall,
            _ if mnemonic.starts_with('b')
                && mnemonic.len() == 3
                && mnemonic != "bic"
                && mnemonic != "bfi" =>
            {
                Flow::Branch
            }
            _ => Flow::Next,
        },
        Foreign::Powerpc | Foreign::Powerpc64 => match mnemonic {
            "bl" | "bla" | "bctrl" => Flow::Call,
            "blr" => Flow::Return,
            "b" | "ba" | "bctr" => Flow::Jump,
            "sc" => Flow::Syscall,
            _ if mnemonic.starts_with('b') => Flow::Branch,
            _ => Flow::Next,
        },
        Foreign::Other(_) => Flow::Next,
    }
}

#[cfg(test)]
mod tests;
