//! Puts an instruction's text together: prefixes, mnemonic, operands, comment.

use super::{Flavor, Insn, Symbolize, facts, mnemonic, operand, prefix};
use crate::CodeSize;
use iced_x86::{Code, Decoder, DecoderError, DecoderOptions, Instruction, Mnemonic, OpKind};
use kdive_base::VirtAddr;

/// Decodes one instruction the way binutils does: it still knows MPX, and takes AMD's side on operand size prefixes of
/// near branches in 64-bit code, but Intel's elsewhere.
pub(super) fn decode_raw(bits: u32, bytes: &[u8], addr: u64) -> (Instruction, DecoderError) {
    let mut decoder = Decoder::with_ip(bits, bytes, addr, DecoderOptions::MPX);
    let mut instr = decoder.decode();
    let legacy = bytes.get(..prefix::legacy_len(bytes)).unwrap_or(&[]);
    if bits == 64 && legacy.contains(&0x66) && instr.is_near_branch() {
        decoder = Decoder::with_ip(bits, bytes, addr, DecoderOptions::AMD);
        instr = decoder.decode();
    }
    if instr.code() == Code::INVALID && legacy.contains(&0xf0) {
        // The CPU refuses to lock most instructions; binutils shows them all the same.
        let options = DecoderOptions::MPX | DecoderOptions::NO_INVALID_CHECK;
        decoder = Decoder::with_ip(bits, bytes, addr, options);
        instr = decoder.decode();
    }
    (instr, decoder.last_error())
}

/// `is_near_branch` of an instruction: whether a displacement to the next instruction is its operand.
trait NearBranch {
    fn is_near_branch(&self) -> bool;
}

impl NearBranch for Instruction {
    fn is_near_branch(&self) -> bool {
        matches!(self.op0_kind(), OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64)
            || self.mnemonic() == Mnemonic::Ret
            || self.is_call_near_indirect()
            || self.is_jmp_near_indirect()
    }
}

/// What every part of the formatter needs to know.
pub(super) struct Context<'a> {
    pub bytes: &'a [u8],
    pub addr: u64,
    pub bits: u32,
    pub flavor: Flavor,
    pub symbols: &'a dyn Symbolize,
}

impl Context<'_> {
    /// The SIB byte, when there is a memory operand that has one.
    pub(super) fn sib(&self, instr: &Instruction) -> Option<u8> {
        if !self.has_memory(instr) {
            return None;
        }
        let at = self.modrm_offset()?;
        let modrm = *self.bytes.get(at)?;
        (modrm >> 6 != 3 && modrm & 7 == 4).then(|| self.bytes.get(at + 1).copied())?
    }

    /// Whether a ModRM byte gives the instruction a memory operand.
    pub(super) fn has_memory(&self, instr: &Instruction) -> bool {
        (0..instr.op_count()).any(|op| instr.op_kind(op) == OpKind::Memory)
            && !matches!(self.opcode(), Some(0xa0..=0xa3 | 0xd7))
    }

    /// The first opcode byte after prefixes and REX.
    pub(super) fn opcode(&self) -> Option<u8> {
        self.bytes.get(self.opcode_offset()).copied()
    }

    fn opcode_offset(&self) -> usize {
        let at = prefix::legacy_len(self.bytes);
        at + usize::from(prefix::rex_at(self, at).is_some())
    }

    /// The second opcode byte of an instruction in the 0F map.
    pub(super) fn opcode_map_0f(&self) -> Option<u8> {
        let at = self.opcode_offset();
        (*self.bytes.get(at)? == 0x0f).then(|| self.bytes.get(at + 1).copied())?
    }

    /// The middle field of the ModRM byte.
    pub(super) fn modrm_reg(&self) -> Option<u8> {
        Some(self.bytes.get(self.modrm_offset()?)? >> 3 & 7)
    }

    /// Whether there is an operand size prefix.
    pub(super) fn has_data_prefix(&self) -> bool {
        self.bytes.iter().take(prefix::legacy_len(self.bytes)).any(|byte| *byte == 0x66)
    }

    /// How much binutils takes for `(bad)`: everything up to the opcode, or only the first byte of an escape whose
    /// next byte says that it cannot be one.
    fn bad_len(&self) -> Option<usize> {
        let at = self.opcode_offset();
        let byte = |offset: usize| self.bytes.get(at + offset).copied();
        let map = byte(1).unwrap_or(0);
        Some(match byte(0)? {
            0xc4 if !matches!(map & 0x1f, 1..=3) => at + 1,
            0x8f if !matches!(map & 0x1f, 8..=10) => at + 1,
            0x62 if !matches!(map & 0x0f, 1 | 2 | 3 | 5 | 6) => at + 1,
            0x62 if byte(2).is_some_and(|payload| payload & 4 == 0) => at + 2,
            0x0f if map == 0x0f => at + 1,
            _ => self.modrm_offset()?,
        })
    }

    /// Where the ModRM byte of the instruction is, if it has one (Intel SDM vol. 2, 2.1 to 2.7).
    fn modrm_offset(&self) -> Option<usize> {
        let at = self.opcode_offset();
        let byte = |at: usize| self.bytes.get(at).copied();
        let next = byte(at + 1).unwrap_or(0);
        // In 16- and 32-bit code the VEX and EVEX escapes are instructions of their own unless a register follows.
        let vector = self.bits == 64 || next >= 0xc0;
        Some(match byte(at)? {
            0x0f if matches!(next, 0x38 | 0x3a) => at + 3,
            0x0f => at + 2,
            0xc5 if vector => at + 3,
            0xc4 if vector => at + 4,
            0x62 if vector => at + 5,
            0x8f if next & 0x1f >= 8 => at + 4,
            _ => at + 1,
        })
    }
}

pub(super) fn decode(
    size: CodeSize,
    flavor: Flavor,
    bytes: &[u8],
    addr: VirtAddr,
    symbols: Option<&dyn Symbolize>,
) -> Option<Insn> {
    let names = symbols.unwrap_or(&());
    let bits = match size {
        CodeSize::Bits16 => 16,
        CodeSize::Bits32 => 32,
        CodeSize::Bits64 => 64,
        CodeSize::Foreign { family, big_endian } => {
            return super::foreign::decode(family, big_endian, bytes, addr, names);
        }
    };
    if let Some(len) = lone_prefixes(bits, bytes)? {
        let context = Context { bytes: bytes.get(..len)?, addr: addr.0, bits, flavor, symbols: names };
        return Some(not_an_insn(&context, prefix::bare_names(&context).join(" ")));
    }
    if let [0x9b, rest @ ..] = bytes
        && matches!(rest.first()?, 0xd8..=0xdf)
    {
        return waiting(size, flavor, rest, addr, symbols);
    }
    let (instr, error) = decode_raw(bits, bytes, addr.0);
    if instr.code() == Code::INVALID {
        return match error {
            DecoderError::NoMoreBytes => None,
            _ => Some(bad(Context { bytes, addr: addr.0, bits, flavor, symbols: names })),
        };
    }
    let bytes = bytes.get(..instr.len())?;
    let context = Context { bytes, addr: addr.0, bits, flavor, symbols: names };
    Some(Insn {
        addr,
        bytes: bytes.to_vec(),
        text: symbols.map(|_| text(&context, &instr)).unwrap_or_default(),
        flow: facts::flow(&instr),
        target: operand::near_target(&context, &instr),
        memory: facts::memory(&instr),
        writes_flags: facts::writes_flags(&instr),
        writes_sp: facts::writes_sp(&instr),
        does_nothing: facts::does_nothing(&instr),
    })
}

/// An x87 instruction after `fwait`: binutils takes both as one (`fnstcw` becomes `fstcw`).
fn waiting(
    size: CodeSize,
    flavor: Flavor,
    rest: &[u8],
    addr: VirtAddr,
    symbols: Option<&dyn Symbolize>,
) -> Option<Insn> {
    let mut insn = decode(size, flavor, rest, addr.offset(1), symbols)?;
    insn.addr = addr;
    insn.bytes.insert(0, 0x9b);
    insn.text = match insn.text.strip_prefix("fn") {
        Some(text) if !text.starts_with("op") => {
            let (name, operands) = text.split_once(' ').unwrap_or((text, ""));
            format!("f{name:<5} {}", operands.trim_start()).trim_end().to_owned()
        }
        _ => insn.text,
    };
    Some(insn)
}

/// Number of bytes when they start with a REX prefix that another prefix follows: binutils shows the prefixes up to it
/// as a line of their own. `None` when there are too few bytes to tell.
fn lone_prefixes(bits: u32, bytes: &[u8]) -> Option<Option<usize>> {
    let legacy = prefix::legacy_len(bytes);
    let rex = *bytes.get(legacy)?;
    if bits != 64 || rex & 0xf0 != 0x40 {
        return Some(None);
    }
    let next = *bytes.get(legacy + 1)?;
    Some((prefix::is_legacy(next) || next & 0xf0 == 0x40 || next == 0x9b).then_some(legacy + 1))
}

fn not_an_insn(context: &Context<'_>, text: String) -> Insn {
    Insn {
        addr: VirtAddr(context.addr),
        bytes: context.bytes.to_vec(),
        text,
        flow: super::Flow::Invalid,
        target: None,
        memory: None,
        writes_flags: false,
        writes_sp: false,
        does_nothing: false,
    }
}

/// Bytes that are no instruction: prefixes and opcode.
fn bad(context: Context<'_>) -> Insn {
    let prefixes = prefix::bare_names(&context);
    let len = context.bad_len().unwrap_or(1).clamp(1, context.bytes.len().max(1));
    let mut text = prefixes.join(" ");
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str("(bad)");
    not_an_insn(&Context { bytes: context.bytes.get(..len).unwrap_or(&[]), ..context }, text)
}

fn text(context: &Context<'_>, instr: &Instruction) -> String {
    let mut text = String::new();
    for name in prefix::names(context, instr) {
        text.push_str(name);
        text.push(' ');
    }
    let (mnemonic, operands) = body(context, instr);
    text.push_str(&mnemonic);
    if !operands.is_empty() {
        while text.len() < 6 {
            text.push(' ');
        }
        text.push(' ');
        text.push_str(&operands.join(","));
    }
    if let Some(target) = rip_relative(instr) {
        text.push_str("        # ");
        text.push_str(&operand::address(context, target));
    }
    text
}

/// Mnemonic and operands in the order they are written.
pub(super) fn body(context: &Context<'_>, instr: &Instruction) -> (String, Vec<String>) {
    let mut operands = operand::all(context, instr);
    if context.flavor == Flavor::Att && !mnemonic::keeps_order(instr) {
        operands.reverse();
    }
    let mut name = mnemonic::name(context, instr);
    if let Some(hint) = prefix::branch_hint(context, instr) {
        name.push_str(hint);
    }
    (name, operands)
}

fn rip_relative(instr: &Instruction) -> Option<VirtAddr> {
    let has_memory = (0..instr.op_count()).any(|op| instr.op_kind(op) == OpKind::Memory);
    (has_memory && instr.is_ip_rel_memory_operand()).then(|| VirtAddr(instr.memory_displacement64()))
}
