//! Mnemonics as binutils has them where iced's differ, and the operands binutils shows otherwise.

use super::Flavor;
use super::text::Context;
use iced_x86::{
    Code, FormatMnemonicOptions, Formatter, GasFormatter, Instruction, IntelFormatter, Mnemonic, OpKind,
    Register,
};
use std::ops::Range;

/// The mnemonic with its AT&T size suffix.
pub(super) fn name(context: &Context<'_>, instr: &Instruction) -> String {
    let mut name = String::new();
    match context.flavor {
        Flavor::Att => {
            GasFormatter::new().format_mnemonic_options(instr, &mut name, FormatMnemonicOptions::NO_PREFIXES);
            correct_att(context, instr, &mut name);
        }
        Flavor::Intel => {
            IntelFormatter::new().format_mnemonic_options(
                instr,
                &mut name,
                FormatMnemonicOptions::NO_PREFIXES,
            );
            correct_intel(context, instr, &mut name);
        }
    }
    name
}

fn correct_att(context: &Context<'_>, instr: &Instruction, name: &mut String) {
    if let Some(rest) = name.strip_prefix("sal") {
        *name = format!("shl{rest}");
    }
    let has_memory = has_memory(instr);
    let stem = match instr.mnemonic() {
        Mnemonic::Call if name.starts_with('l') => "lcall",
        Mnemonic::Jmp if name.starts_with('l') => "ljmp",
        Mnemonic::Call => "call",
        Mnemonic::Jmp => "jmp",
        Mnemonic::Push => "push",
        Mnemonic::Pop => "pop",
        Mnemonic::Ret => "ret",
        Mnemonic::Retf => "lret",
        Mnemonic::Iret | Mnemonic::Iretd | Mnemonic::Iretq => "iret",
        Mnemonic::Pushf | Mnemonic::Pushfd | Mnemonic::Pushfq => "pushf",
        Mnemonic::Popf | Mnemonic::Popfd | Mnemonic::Popfq => "popf",
        Mnemonic::Pusha | Mnemonic::Pushad => "pusha",
        Mnemonic::Popa | Mnemonic::Popad => "popa",
        Mnemonic::Enter => "enter",
        Mnemonic::Leave => "leave",
        _ => "",
    };
    if !stem.is_empty() {
        *name = stem.to_owned();
        if !shows_size_itself(context, instr) {
            name.push_str(size_suffix(context, instr));
        }
        return;
    }
    match instr.mnemonic() {
        Mnemonic::Xlatb => *name = "xlat".to_owned(),
        Mnemonic::Nop if is_exchange(context, instr) => *name = "xchg".to_owned(),
        Mnemonic::Nop if instr.op_count() == 0 => *name = "nop".to_owned(),
        Mnemonic::Movsx if name.starts_with("movsx") => name.replace_range(4..5, "w"),
        Mnemonic::Movzx if name.starts_with("movzx") => name.replace_range(4..5, "w"),
        Mnemonic::Cvtsi2sd | Mnemonic::Cvtsi2ss if context.bits != 64 && name.ends_with('l') => {
            name.pop();
        }
        Mnemonic::Lgdt | Mnemonic::Lidt | Mnemonic::Sgdt | Mnemonic::Sidt if context.bits != 64 => {
            name.truncate(4);
            name.push(if operand_size(context) == 4 { 'l' } else { 'w' });
        }
        _ if is_hint_nop(instr) => {
            *name = "nop".to_owned();
            if has_memory {
                name.push(match operand_size(context) {
                    2 => 'w',
                    4 => 'l',
                    _ => 'q',
                });
            }
        }
        _ => correct_both(context, name),
    }
}

/// Corrections that do not depend on the syntax.
fn correct_both(context: &Context<'_>, name: &mut String) {
    if name.starts_with("prefetch") && context.opcode_map_0f() == Some(0x0d) {
        *name = match context.modrm_reg() {
            Some(1) => "prefetchw",
            Some(2) => "prefetchwt1",
            _ => "prefetch",
        }
        .to_owned();
    }
}

/// Instructions that are hints binutils does not know, or knows as no-ops.
fn is_hint_nop(instr: &Instruction) -> bool {
    match instr.mnemonic() {
        Mnemonic::Reservednop => true,
        Mnemonic::Prefetchit0 | Mnemonic::Prefetchit1 => !instr.is_ip_rel_memory_operand(),
        _ => false,
    }
}

/// Operand size in bytes by prefixes alone.
fn operand_size(context: &Context<'_>) -> u8 {
    match (super::prefix::has_rex_w(context), (context.bits == 16) != context.has_data_prefix()) {
        (true, _) => 8,
        (false, true) => 2,
        (false, false) => 4,
    }
}

/// Whether the operand of an instruction of the code's size already shows the size, so that no suffix is needed.
fn shows_size_itself(context: &Context<'_>, instr: &Instruction) -> bool {
    let general = |op| instr.op_kind(op) == OpKind::Register && instr.op_register(op).is_gpr();
    match instr.mnemonic() {
        Mnemonic::Push | Mnemonic::Pop | Mnemonic::Call | Mnemonic::Jmp => {
            general(0) || context.opcode() == Some(0xeb)
        }
        _ => false,
    }
}

/// The suffix of instructions whose operand size is that of the code unless a prefix changes it.
fn size_suffix(context: &Context<'_>, instr: &Instruction) -> &'static str {
    let far = matches!(instr.mnemonic(), Mnemonic::Retf | Mnemonic::Iret | Mnemonic::Iretd | Mnemonic::Iretq);
    let wide = super::prefix::has_rex_w(context);
    match context.bits {
        64 if wide && far => "q",
        64 if wide => "",
        64 | 32 if context.has_data_prefix() => "w",
        16 if context.has_data_prefix() => "l",
        _ => "",
    }
}

/// As [`size_suffix`] in Intel syntax, where 32 bits are a `d`.
fn intel_suffix(context: &Context<'_>, instr: &Instruction) -> &'static str {
    match size_suffix(context, instr) {
        "l" => "d",
        suffix => suffix,
    }
}

/// Whether a `nop` of one byte is shown as the exchange it is.
fn is_exchange(context: &Context<'_>, instr: &Instruction) -> bool {
    instr.op_count() == 0 && context.has_data_prefix() && !super::prefix::has_rex_w(context)
}

fn correct_intel(context: &Context<'_>, instr: &Instruction, name: &mut String) {
    match instr.mnemonic() {
        Mnemonic::Sal => *name = "shl".to_owned(),
        Mnemonic::Xlatb => *name = "xlat".to_owned(),
        _ if is_hint_nop(instr) => *name = "nop".to_owned(),
        Mnemonic::Push | Mnemonic::Pop
            if !shows_size_itself(context, instr) && !has_memory(instr) && context.has_data_prefix() =>
        {
            name.push_str(intel_suffix(context, instr));
        }
        Mnemonic::Sysret | Mnemonic::Sysexit if context.bits == 64 => name.push('d'),
        Mnemonic::Getsecq => *name = "getsec".to_owned(),
        Mnemonic::Iret | Mnemonic::Iretd => {
            *name = format!("iret{}", intel_suffix(context, instr));
        }
        Mnemonic::Pushfq | Mnemonic::Popfq if context.bits == 64 => {
            name.pop();
        }
        Mnemonic::Retf | Mnemonic::Ret | Mnemonic::Leave | Mnemonic::Enter => {
            let stem = if instr.mnemonic() == Mnemonic::Retf { "retf" } else { name.as_str() };
            *name = format!("{stem}{}", intel_suffix(context, instr));
        }
        Mnemonic::Jmp | Mnemonic::Call => {
            let stem = name.split(' ').next().unwrap_or_default();
            let direct = matches!(context.opcode(), Some(0xe8 | 0xe9));
            *name = format!("{stem}{}", if direct { intel_suffix(context, instr) } else { "" });
        }
        Mnemonic::Lgdt | Mnemonic::Lidt | Mnemonic::Sgdt | Mnemonic::Sidt if context.bits != 64 => {
            name.push(if operand_size(context) == 4 { 'd' } else { 'w' });
        }
        Mnemonic::Pushf
        | Mnemonic::Pushfd
        | Mnemonic::Popf
        | Mnemonic::Popfd
        | Mnemonic::Pusha
        | Mnemonic::Pushad
        | Mnemonic::Popa
        | Mnemonic::Popad => {
            *name = format!("{}{}", name.trim_end_matches('d'), intel_suffix(context, instr));
        }
        Mnemonic::Nop if is_exchange(context, instr) => *name = "xchg".to_owned(),
        Mnemonic::Nop if instr.op_count() == 0 => *name = "nop".to_owned(),
        Mnemonic::Mov if is_movabs(instr) => *name = "movabs".to_owned(),
        _ if instr.is_string_instruction() => {
            // The operands show the size.
            if name.ends_with(['b', 'w', 'd', 'q']) {
                name.pop();
            }
        }
        _ => correct_both(context, name),
    }
}

fn has_memory(instr: &Instruction) -> bool {
    (0..instr.op_count()).any(|op| instr.op_kind(op) == OpKind::Memory)
}

fn is_movabs(instr: &Instruction) -> bool {
    matches!(instr.code(), Code::Mov_r64_imm64)
        || (instr.memory_displ_size() == 8
            && instr.memory_base() == Register::None
            && matches!(
                instr.code(),
                Code::Mov_AL_moffs8
                    | Code::Mov_AX_moffs16
                    | Code::Mov_EAX_moffs32
                    | Code::Mov_RAX_moffs64
                    | Code::Mov_moffs8_AL
                    | Code::Mov_moffs16_AX
                    | Code::Mov_moffs32_EAX
                    | Code::Mov_moffs64_RAX
            ))
}

/// Registers binutils names although the encoding does not.
pub(super) fn implicit_registers(context: &Context<'_>, instr: &Instruction) -> Option<&'static [Register]> {
    if matches!(instr.code(), Code::Nopw | Code::Nopd | Code::Nopq) {
        return Some(match (is_exchange(context, instr), context.bits) {
            (false, _) => &[],
            (true, 16) => &[Register::EAX, Register::EAX],
            (true, _) => &[Register::AX, Register::AX],
        });
    }
    if context.flavor == Flavor::Intel {
        return None;
    }
    Some(match instr.code() {
        Code::Mwait => &[Register::EAX, Register::ECX],
        Code::Mwaitx => &[Register::EAX, Register::ECX, Register::EBX],
        Code::Monitorq | Code::Monitorxq => &[Register::RAX, Register::ECX, Register::EDX],
        Code::Monitord | Code::Monitorxd => &[Register::EAX, Register::ECX, Register::EDX],
        Code::Monitorw | Code::Monitorxw => &[Register::AX, Register::ECX, Register::EDX],
        _ => return None,
    })
}

/// The operands of the encoding that binutils shows.
pub(super) fn shown_operands(context: &Context<'_>, instr: &Instruction) -> Range<u32> {
    let all = 0..instr.op_count();
    match instr.mnemonic() {
        _ if is_hint_nop(instr) => 0..1,
        Mnemonic::Maskmovq | Mnemonic::Maskmovdqu | Mnemonic::Vmaskmovdqu => 1..instr.op_count(),
        Mnemonic::Fxch | Mnemonic::Fcom | Mnemonic::Fcomp | Mnemonic::Fucom | Mnemonic::Fucomp
            if instr.op_count() == 2 =>
        {
            1..2
        }
        _ if context.flavor == Flavor::Att && is_shift_by_one(instr) => 0..1,
        _ if has_comparison_name(context, instr) => 0..instr.op_count() - 1,
        _ => all,
    }
}

/// Whether the immediate is part of the mnemonic (`cmpeqps` for `cmpps $0`).
fn has_comparison_name(context: &Context<'_>, instr: &Instruction) -> bool {
    let last_is_immediate = instr.op_count() > 0 && instr.op_kind(instr.op_count() - 1) == OpKind::Immediate8;
    let plain = || format!("{:?}", instr.mnemonic()).to_ascii_lowercase();
    last_is_immediate && has_vector_operand(instr) && name(context, instr) != plain()
}

fn has_vector_operand(instr: &Instruction) -> bool {
    (0..instr.op_count()).any(|op| instr.op_register(op).is_vector_register())
}

/// Whether operand `op` is the x87 register the instruction encodes, not the implied top of the stack.
pub(super) fn is_explicit_stack_slot(instr: &Instruction, op: u32) -> bool {
    let code = format!("{:?}", instr.code());
    if code.contains("_st0_sti") { op == 1 } else { op == 0 }
}

fn is_shift_by_one(instr: &Instruction) -> bool {
    matches!(
        instr.mnemonic(),
        Mnemonic::Rol
            | Mnemonic::Ror
            | Mnemonic::Rcl
            | Mnemonic::Rcr
            | Mnemonic::Shl
            | Mnemonic::Shr
            | Mnemonic::Sal
            | Mnemonic::Sar
    ) && instr.op_count() == 2
        && instr.op1_kind() == OpKind::Immediate8
        && instr.immediate8() == 1
        && format!("{:?}", instr.code()).ends_with("_1")
}

/// Whether the immediate is the constant of a shift by one, written without base.
pub(super) fn shifts_by_one(context: &Context<'_>, instr: &Instruction) -> bool {
    context.flavor == Flavor::Intel && is_shift_by_one(instr)
}

/// Instructions whose operands AT&T syntax leaves in Intel's order.
pub(super) fn keeps_order(instr: &Instruction) -> bool {
    matches!(
        instr.mnemonic(),
        Mnemonic::Enter
            | Mnemonic::Bound
            | Mnemonic::Monitor
            | Mnemonic::Monitorx
            | Mnemonic::Mwait
            | Mnemonic::Mwaitx
    )
}

/// The register to show for operand `op`.
pub(super) fn shown_register(instr: &Instruction, op: u32) -> Register {
    let reg = instr.op_register(op);
    match instr.mnemonic() {
        Mnemonic::Lmsw
        | Mnemonic::Lldt
        | Mnemonic::Ltr
        | Mnemonic::Verr
        | Mnemonic::Verw
        | Mnemonic::Arpl => word(reg),
        Mnemonic::Pinsrw | Mnemonic::Pextrw if reg.is_gpr64() => Register::EAX + reg.number() as u32,
        _ => reg,
    }
}

/// The 16-bit part of a general register.
fn word(reg: Register) -> Register {
    if reg.is_gpr32() || reg.is_gpr64() {
        return Register::AX + (reg.number() as u32);
    }
    reg
}

/// Whether operand `op` is the port in dx.
pub(super) fn is_port(instr: &Instruction, op: u32) -> bool {
    instr.op_register(op) == Register::DX
        && matches!(
            instr.mnemonic(),
            Mnemonic::In
                | Mnemonic::Out
                | Mnemonic::Insb
                | Mnemonic::Insw
                | Mnemonic::Insd
                | Mnemonic::Outsb
                | Mnemonic::Outsw
                | Mnemonic::Outsd
        )
}

/// Whether the operand is where a call or jump finds its target.
pub(super) fn is_indirect(instr: &Instruction) -> bool {
    instr.is_jmp_near_indirect()
        || instr.is_call_near_indirect()
        || instr.is_jmp_far_indirect()
        || instr.is_call_far_indirect()
}

/// Size keyword of Intel syntax where it is not that of the memory operand.
pub(super) fn size_keyword(context: &Context<'_>, instr: &Instruction) -> Option<&'static str> {
    if super::prefix::is_moffs(context) {
        return Some("");
    }
    if is_hint_nop(instr) {
        return Some(match operand_size(context) {
            2 => "WORD PTR ",
            4 => "DWORD PTR ",
            _ => "QWORD PTR ",
        });
    }
    Some(match instr.mnemonic() {
        Mnemonic::Lgdt | Mnemonic::Lidt | Mnemonic::Sgdt | Mnemonic::Sidt => "",
        Mnemonic::Invpcid | Mnemonic::Bndmov => "",
        Mnemonic::Invept | Mnemonic::Invvpid => "OWORD PTR ",
        Mnemonic::Wrssd | Mnemonic::Wrssq | Mnemonic::Wrussd | Mnemonic::Wrussq => "",
        Mnemonic::Invlpg => "BYTE PTR ",
        Mnemonic::Cmpxchg16b => "OWORD PTR ",
        _ => return None,
    })
}
