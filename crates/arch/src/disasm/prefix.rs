//! Instruction prefixes as binutils shows them: those that act by themselves (`lock`, `rep`) and those that have no
//! effect (`cs nopw`, `data16 call`, `rex.W ret`).

use super::text::{self, Context};
use super::{Flavor, mnemonic};
use iced_x86::{Code, Instruction, Mnemonic, OpKind, Register};

/// Names of the prefixes to print before the mnemonic, in the order of the bytes.
pub(super) fn names(context: &Context<'_>, instr: &Instruction) -> Vec<&'static str> {
    let legacy = legacy_len(context.bytes);
    let prefixes = context.bytes.get(..legacy).unwrap_or(&[]);
    let last_segment = prefixes.iter().rposition(|byte| is_segment(*byte));
    let mut names = Vec::new();
    for (at, &byte) in prefixes.iter().enumerate() {
        // Of several prefixes of one kind only the last can have an effect; the segment prefixes are one kind.
        let last = match is_segment(byte) {
            true => last_segment == Some(at),
            false => prefixes.iter().rposition(|other| *other == byte) == Some(at),
        };
        let shown = if last { idle_name(context, instr, byte) } else { Some(bare_name(context, byte)) };
        names.extend(shown);
    }
    names.extend(rex_name(context, instr, legacy));
    names
}

/// The prefixes alone, for bytes that are nothing but prefixes to the CPU's decoder.
pub(super) fn bare_names(context: &Context<'_>) -> Vec<&'static str> {
    let legacy = legacy_len(context.bytes);
    let mut names: Vec<_> = context.bytes.iter().take(legacy).map(|byte| bare_name(context, *byte)).collect();
    names.extend(rex_at(context, legacy).and_then(|rex| REX_NAMES.get(usize::from(rex & 0xf)).copied()));
    names
}

/// Number of legacy prefix bytes at the start.
pub(super) fn legacy_len(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| is_legacy(**byte)).count()
}

pub(super) fn is_legacy(byte: u8) -> bool {
    is_segment(byte) || matches!(byte, 0x66 | 0x67 | 0xf0 | 0xf2 | 0xf3)
}

fn is_segment(byte: u8) -> bool {
    matches!(byte, 0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65)
}

fn bare_name(context: &Context<'_>, byte: u8) -> &'static str {
    match byte {
        0x26 => "es",
        0x2e => "cs",
        0x36 => "ss",
        0x3e => "ds",
        0x64 => "fs",
        0x65 => "gs",
        0x66 if context.bits == 16 => "data32",
        0x66 => "data16",
        0x67 if context.bits == 32 => "addr16",
        0x67 => "addr32",
        0xf0 => "lock",
        0xf2 => "repnz",
        _ => "repz",
    }
}

/// The name to show for the last prefix of its kind, `None` when the operands or the mnemonic already show its effect.
fn idle_name(context: &Context<'_>, instr: &Instruction, byte: u8) -> Option<&'static str> {
    let name = bare_name(context, byte);
    match byte {
        0xf0 => Some(name),
        0xf2 | 0xf3 => repeat_name(context, instr, byte),
        0x3e if context.bits != 16 && is_indirect_branch(instr) => Some("notrack"),
        _ if is_segment(byte) => {
            (!segment_acts(context, instr) && branch_hint(context, instr).is_none()).then_some(name)
        }
        // An address without registers does not show its size.
        0x67 if is_moffs(context) || (context.bits != 64 && is_absolute32(instr)) => Some(name),
        _ => (!matters(context, instr, byte)).then_some(name),
    }
}

fn is_indirect_branch(instr: &Instruction) -> bool {
    instr.is_jmp_near_indirect() || instr.is_call_near_indirect()
}

/// Whether the instruction is `mov` between the accumulator and an address in the instruction.
pub(super) fn is_moffs(context: &Context<'_>) -> bool {
    matches!(context.opcode(), Some(0xa0..=0xa3))
}

fn is_absolute32(instr: &Instruction) -> bool {
    (0..instr.op_count()).any(|op| instr.op_kind(op) == OpKind::Memory)
        && instr.memory_base() == Register::None
        && instr.memory_index() == Register::None
        && instr.memory_displ_size() == 4
}

/// Whether a segment override shows in a memory operand, or is taken in by a string instruction.
fn segment_acts(context: &Context<'_>, instr: &Instruction) -> bool {
    (0..instr.op_count()).any(|op| match instr.op_kind(op) {
        OpKind::Memory => segment_override(context, instr).is_some() || instr.mnemonic() == Mnemonic::Xlatb,
        OpKind::MemorySegSI
        | OpKind::MemorySegESI
        | OpKind::MemorySegRSI
        | OpKind::MemorySegDI
        | OpKind::MemorySegEDI
        | OpKind::MemorySegRDI => true,
        _ => false,
    })
}

/// The hint that cs and ds prefixes give a conditional jump.
pub(super) fn branch_hint(context: &Context<'_>, instr: &Instruction) -> Option<&'static str> {
    let conditional =
        instr.is_jcc_short_or_near() || instr.is_loop() || instr.is_loopcc() || instr.is_jcx_short();
    if !conditional || context.flavor == Flavor::Intel {
        return None;
    }
    let prefixes = context.bytes.get(..legacy_len(context.bytes))?;
    match (prefixes.contains(&0x2e), prefixes.contains(&0x3e)) {
        (true, false) => Some(",pn"),
        (false, true) => Some(",pt"),
        _ => None,
    }
}

/// The segment override in effect. Overrides other than fs and gs have none in 64-bit code, and do not undo an earlier
/// fs or gs.
pub(super) fn segment_override(context: &Context<'_>, instr: &Instruction) -> Option<Register> {
    if context.bits != 64 {
        // ds before an indirect branch means notrack.
        return Some(instr.segment_prefix())
            .filter(|segment| *segment != Register::None)
            .filter(|segment| *segment != Register::DS || !is_indirect_branch(instr));
    }
    let legacy = legacy_len(context.bytes);
    context.bytes.get(..legacy)?.iter().rev().find_map(|byte| match byte {
        0x64 => Some(Register::FS),
        0x65 => Some(Register::GS),
        _ => None,
    })
}

fn repeat_name(context: &Context<'_>, instr: &Instruction, byte: u8) -> Option<&'static str> {
    let repz = byte == 0xf3;
    if instr.is_string_instruction() {
        return Some(match (repz, compares(instr.mnemonic())) {
            (true, false) => "rep",
            (true, true) => "repz",
            (false, _) => "repnz",
        });
    }
    if matters(context, instr, byte) {
        return None;
    }
    let near = matches!(instr.op0_kind(), OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64)
        || is_indirect_branch(instr)
        || instr.mnemonic() == Mnemonic::Ret;
    if !repz && near && !instr.is_loop() && !instr.is_loopcc() && !instr.is_jcx_short() {
        return Some("bnd");
    }
    if instr.has_xacquire_prefix() {
        return Some("xacquire");
    }
    if instr.has_xrelease_prefix() {
        return Some("xrelease");
    }
    Some(if repz { "repz" } else { "repnz" })
}

fn compares(mnemonic: Mnemonic) -> bool {
    matches!(
        mnemonic,
        Mnemonic::Cmpsb
            | Mnemonic::Cmpsw
            | Mnemonic::Cmpsd
            | Mnemonic::Cmpsq
            | Mnemonic::Scasb
            | Mnemonic::Scasw
            | Mnemonic::Scasd
            | Mnemonic::Scasq
    )
}

/// Whether the instruction reads differently without the prefix `byte`.
fn matters(context: &Context<'_>, instr: &Instruction, byte: u8) -> bool {
    let legacy = legacy_len(context.bytes);
    let rest = context.bytes.iter().enumerate();
    let without: Vec<u8> = rest.filter(|(at, b)| *at >= legacy || **b != byte).map(|(_, b)| *b).collect();
    reads_differently(context, instr, &without)
}

fn reads_differently(context: &Context<'_>, instr: &Instruction, bytes: &[u8]) -> bool {
    // Shorter bytes start later, so that relative addresses stay what they are.
    let shift = context.bytes.len().saturating_sub(bytes.len()) as u64;
    let addr = context.addr.wrapping_add(shift);
    let (other, _) = text::decode_raw(context.bits, bytes, addr);
    if other.code() == Code::INVALID || other.len() != bytes.len() {
        return true;
    }
    let other_context = Context { bytes, addr, ..*context };
    text::body(context, instr) != text::body(&other_context, &other)
}

const REX_NAMES: [&str; 16] = [
    "rex", "rex.B", "rex.X", "rex.XB", "rex.R", "rex.RB", "rex.RX", "rex.RXB", "rex.W", "rex.WB", "rex.WX",
    "rex.WXB", "rex.WR", "rex.WRB", "rex.WRX", "rex.WRXB",
];

const REX_B: u8 = 1;
const REX_X: u8 = 2;
const REX_W: u8 = 8;

/// The REX prefix at `at`.
pub(super) fn rex_at(context: &Context<'_>, at: usize) -> Option<u8> {
    let rex = *context.bytes.get(at)?;
    (context.bits == 64 && rex & 0xf0 == 0x40).then_some(rex)
}

/// Whether there is a REX prefix with W.
pub(super) fn has_rex_w(context: &Context<'_>) -> bool {
    rex_at(context, legacy_len(context.bytes)).is_some_and(|rex| rex & REX_W != 0)
}

/// The REX prefix, when some of its bits have no effect.
fn rex_name(context: &Context<'_>, instr: &Instruction, at: usize) -> Option<&'static str> {
    let rex = rex_at(context, at)?;
    let name = REX_NAMES.get(usize::from(rex & 0xf)).copied();
    if rex == 0x40 {
        let mut without = context.bytes.to_vec();
        without.remove(at);
        return if reads_differently(context, instr, &without) { None } else { name };
    }
    let has_memory = context.has_memory(instr);
    let idle = |bit: u8| match bit {
        _ if rex & bit == 0 => false,
        // The base of a memory operand takes the bit even where rip or nothing stands in its place.
        REX_B if has_memory => false,
        REX_X => context.sib(instr).is_none(),
        REX_W if has_wide_register(context, instr) => false,
        _ => {
            let mut without = context.bytes.to_vec();
            if let Some(byte) = without.get_mut(at) {
                *byte &= !bit;
            }
            // W overrides an operand size prefix, which must not show up in its place.
            let narrow: Vec<u8> = without
                .iter()
                .enumerate()
                .filter(|(i, b)| *i >= at || **b != 0x66)
                .map(|(_, b)| *b)
                .collect();
            !reads_differently(context, instr, &without)
                || (bit == REX_W && !reads_differently(context, instr, &narrow))
        }
    };
    [1, 2, 4, 8].into_iter().any(idle).then_some(name)?
}

/// Whether W must have an effect because a 64-bit register is shown, to save the comparison.
fn has_wide_register(context: &Context<'_>, instr: &Instruction) -> bool {
    (0..instr.op_count())
        .any(|op| instr.op_kind(op) == OpKind::Register && mnemonic::shown_register(instr, op).is_gpr64())
        && matches!(
            context.opcode(),
            Some(0x01..=0x4f | 0x63 | 0x69 | 0x6b | 0x81..=0x8d | 0xb8..=0xd3 | 0xf7)
        )
        && context.opcode() != Some(0x0f)
}
