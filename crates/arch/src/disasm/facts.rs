//! What an instruction does, for stepping and unwinding.

use super::Flow;
use iced_x86::{Code, FlowControl, Instruction, Mnemonic, OpAccess, OpKind, Register};
use kdive_base::VirtAddr;

/// Kind of control flow.
pub(super) fn flow(instr: &Instruction) -> Flow {
    match instr.mnemonic() {
        Mnemonic::INVALID => return Flow::Invalid,
        Mnemonic::Hlt | Mnemonic::Mwait | Mnemonic::Mwaitx => return Flow::Halt,
        Mnemonic::Iret
        | Mnemonic::Iretd
        | Mnemonic::Iretq
        | Mnemonic::Eretu
        | Mnemonic::Erets
        | Mnemonic::Uiret => {
            return Flow::ExceptionReturn;
        }
        Mnemonic::Sysret | Mnemonic::Sysretq | Mnemonic::Sysexit | Mnemonic::Sysexitq => {
            return Flow::SyscallReturn;
        }
        Mnemonic::Syscall | Mnemonic::Sysenter => return Flow::Syscall,
        Mnemonic::Int3 => return Flow::Breakpoint,
        Mnemonic::Ud0 | Mnemonic::Ud1 | Mnemonic::Ud2 => return Flow::Undefined,
        _ => {}
    }
    match instr.flow_control() {
        FlowControl::Call | FlowControl::IndirectCall => call(instr),
        FlowControl::Return => Flow::Return,
        FlowControl::UnconditionalBranch | FlowControl::IndirectBranch => Flow::Jump,
        FlowControl::ConditionalBranch | FlowControl::XbeginXabortXend => branch(instr),
        FlowControl::Interrupt => Flow::Syscall,
        FlowControl::Exception => Flow::Undefined,
        FlowControl::Next if repeats(instr) => Flow::RepString,
        FlowControl::Next => Flow::Next,
    }
}

/// `vmcall` and friends count as calls for iced, but come back to the next instruction.
fn call(instr: &Instruction) -> Flow {
    match instr.mnemonic() {
        Mnemonic::Call => Flow::Call,
        _ => Flow::Next,
    }
}

fn branch(instr: &Instruction) -> Flow {
    match instr.mnemonic() {
        Mnemonic::Xabort | Mnemonic::Xend => Flow::Next,
        _ => Flow::Branch,
    }
}

fn repeats(instr: &Instruction) -> bool {
    instr.is_string_instruction() && (instr.has_rep_prefix() || instr.has_repne_prefix())
}

/// Address of a memory operand that needs no register but rip.
pub(super) fn memory(instr: &Instruction) -> Option<VirtAddr> {
    let has_memory = (0..instr.op_count()).any(|op| instr.op_kind(op) == OpKind::Memory);
    let absolute = instr.memory_base() == Register::None && instr.memory_index() == Register::None;
    (has_memory && (absolute || instr.is_ip_rel_memory_operand()))
        .then(|| VirtAddr(instr.memory_displacement64()))
}

/// Whether it only goes on with the next instruction.
pub(super) fn does_nothing(instr: &Instruction) -> bool {
    matches!(instr.mnemonic(), Mnemonic::Nop | Mnemonic::Endbr64 | Mnemonic::Endbr32)
}

/// Whether any of the arithmetic flags (or DF, IF, AC) may change.
pub(super) fn writes_flags(instr: &Instruction) -> bool {
    instr.rflags_modified() != 0
}

/// Whether the stack pointer may change.
pub(super) fn writes_sp(instr: &Instruction) -> bool {
    if instr.code() == Code::INVALID {
        return false;
    }
    if instr.is_stack_instruction() {
        return true;
    }
    let is_sp = |op: u32| {
        instr.op_kind(op) == OpKind::Register
            && matches!(instr.op_register(op), Register::RSP | Register::ESP | Register::SP | Register::SPL)
    };
    if !(0..instr.op_count()).any(is_sp) {
        return false;
    }
    let mut factory = iced_x86::InstructionInfoFactory::new();
    let info = factory.info(instr);
    let writes = |op: u32| {
        matches!(
            info.op_access(op),
            OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
        )
    };
    (0..instr.op_count()).any(|op| is_sp(op) && writes(op))
}
