//! Walks over a made-up kernel. What gdb does is compared with gdb in `tests/gdb_oracle.rs`; here is what it does not do.

use super::*;
use crate::info::Call;
use crate::{CfiKind, CfiSection, ObjectAt, OrcTable, Passed, UnwindTables};
use gimli::write::{
    Address, CallFrameInstruction as Insn, CommonInformationEntry, EndianVec, FrameDescriptionEntry,
    FrameTable,
};
use gimli::{Encoding, Format, LittleEndian, X86_64};
use kdive_base::{LinkAddr, SparseMemory};
use std::sync::Arc;

/// C functions of 0x100 bytes, each with a frame of 8 bytes between its entry and its return address.
const TEXT: u64 = 0xffff_ffff_8100_0000;
/// Entry code without CFI.
const ENTRY: u64 = 0xffff_ffff_81c0_0000;
const STACK: u64 = 0xffff_c900_0000_0000;
const IRQ_STACK: u64 = 0xffff_c900_0010_0000;
const USER_PC: u64 = 0x40_1000;
/// Code of the same program without CFI, to which signal handlers return.
const SIGRETURN: u64 = USER_PC + 0x1_0010;
const USER_STACK: u64 = 0x7fff_0000;
/// A trampoline, among entry code.
const TRAMPOLINE: u64 = ENTRY + 0x8000;

struct Kernel {
    tables: Arc<UnwindTables>,
    memory: SparseMemory,
    /// Code of a user program with the same CFI, from `USER_PC` on; and whether it is the one in memory.
    program: Option<bool>,
    /// The same of records that the trampoline has dropped.
    dropped: Vec<(u64, u64)>,
    /// True return addresses by where the trampoline's stands.
    returns: Vec<(u64, u64)>,
}

/// `(address, sp_offset, flags)` of ORC entries, version 1.
type OrcRow = (u64, i16, u16);

fn kernel(orc: &[OrcRow]) -> Kernel {
    let mut table = FrameTable::default();
    let encoding = Encoding { format: Format::Dwarf32, version: 4, address_size: 8 };
    let mut cie = CommonInformationEntry::new(encoding, 1, -8, X86_64::RA);
    cie.add_instruction(Insn::Cfa(X86_64::RSP, 16));
    cie.add_instruction(Insn::Offset(X86_64::RA, -8));
    cie.add_instruction(Insn::Offset(X86_64::RBX, -16));
    let cie = table.add_cie(cie);
    table.add_fde(cie, FrameDescriptionEntry::new(Address::Constant(TEXT), 0x1_0000));
    table.add_fde(cie, FrameDescriptionEntry::new(Address::Constant(USER_PC), 0x1_0000));
    let mut section = gimli::write::DebugFrame::from(EndianVec::new(LittleEndian));
    table.write_debug_frame(&mut section).unwrap();
    let cfi = CfiSection::new(CfiKind::DebugFrame, Arc::new(section.slice().to_vec()), LinkAddr(0));

    let ip_addr = 0xffff_ffff_8200_0000u64;
    let (mut ip, mut entries) = (Vec::new(), Vec::new());
    for (index, (address, sp_offset, flags)) in orc.iter().enumerate() {
        let distance = *address as i64 - (ip_addr + 4 * index as u64) as i64;
        ip.extend_from_slice(&i32::try_from(distance).unwrap().to_le_bytes());
        entries.extend_from_slice(&sp_offset.to_le_bytes());
        entries.extend_from_slice(&[0, 0]);
        entries.extend_from_slice(&flags.to_le_bytes());
    }
    let orc = OrcTable::in_file(None, Arc::new(ip), LinkAddr(ip_addr), Arc::new(entries));
    Kernel {
        tables: Arc::new(UnwindTables { cfi: vec![cfi], orc: Some(orc) }),
        memory: SparseMemory::new(),
        program: None,
        dropped: Vec::new(),
        returns: Vec::new(),
    }
}

impl UnwindInfo for Kernel {
    fn object_at(&self, pc: VirtAddr) -> Option<ObjectAt> {
        let inside = (TEXT..ENTRY + 0x1_0000).contains(&pc.0) || self.is_user_code(pc);
        inside.then(|| ObjectAt { tables: Arc::clone(&self.tables), pc: LinkAddr(pc.0), slide: 0 })
    }

    fn function_start(&self, pc: VirtAddr) -> Option<VirtAddr> {
        (pc.0 >= TEXT || self.is_user_code(pc)).then_some(VirtAddr(pc.0 & !0xff))
    }

    fn is_user_code(&self, pc: VirtAddr) -> bool {
        self.program.is_some() && (USER_PC..SIGRETURN + 0x100).contains(&pc.0)
    }

    fn is_in_place(&self, _: VirtAddr) -> bool {
        self.program == Some(true)
    }

    fn is_return_trampoline(&self, pc: VirtAddr) -> bool {
        pc.0 == TRAMPOLINE
    }

    fn true_return(&self, return_pc: VirtAddr, slot: VirtAddr) -> Option<VirtAddr> {
        let known = self.returns.iter().find(|known| return_pc.0 == TRAMPOLINE && known.0 == slot.0);
        known.map(|known| VirtAddr(known.1))
    }

    fn return_from_inside(&self, _: VirtAddr, sp: VirtAddr, holds: &[u64]) -> Option<(VirtAddr, VirtAddr)> {
        let known = self.dropped.iter().find(|known| known.0 == sp.0 + 0x10 && holds.contains(&known.1));
        known.map(|known| (VirtAddr(known.0), VirtAddr(known.1)))
    }

    fn epilogue_cfi_valid(&self, _: VirtAddr) -> bool {
        true
    }

    fn inlined_calls(&self, _: VirtAddr) -> usize {
        0
    }

    fn call_site(&self, _: VirtAddr) -> Option<Call> {
        None
    }

    fn passed(&self, _: VirtAddr) -> Passed<'_> {
        Passed::Unknown
    }
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A `pt_regs` whose r15 is 15, ..., with this end.
fn pt_regs(rip: u64, cs: u64, rsp: u64) -> Vec<u64> {
    let mut regs: Vec<u64> = vec![15, 14, 13, 12, 6, 3, 11, 10, 9, 8, 0xa, 0xc, 0xd, 4, 5, u64::MAX];
    regs.extend([rip, cs, 0x246, rsp, 0x18]);
    regs
}

fn walk(kernel: &Kernel, rip: u64, rsp: u64, policy: Policy) -> Walk {
    walk_from(
        kernel,
        RegisterSet::live([(reg::RIP, rip), (reg::RSP, rsp), (reg::RBP, 0), (reg::CS, 0x10)]),
        policy,
    )
}

fn walk_from(kernel: &Kernel, registers: RegisterSet, policy: Policy) -> Walk {
    let mut walk = Walk::new(registers, policy);
    walk.finish(Context { info: kernel, memory: &kernel.memory, interrupt: &Interrupt::new() });
    walk
}

fn shape(walk: &Walk) -> Vec<(u64, FrameKind, Method)> {
    walk.frames().iter().map(|frame| (frame.pc.0, frame.kind, frame.method)).collect()
}

const ORC_CALL: u16 = 0x05;
const ORC_REGS: u16 = 0x105;
const ORC_IRET: u16 = 0x205;
const ORC_SP_INDIRECT: u16 = 0x09;
const ORC_END: u16 = 0x400;

#[test]
fn a_system_call_ends_at_the_registers_of_user_mode() {
    let mut kernel = kernel(&[(ENTRY, 0, ORC_REGS)]);
    let regs = STACK + 0x20;
    kernel.memory.map(VirtAddr(STACK), words(&[0x33, TEXT + 0x210, 0x44, ENTRY + 0x20]));
    kernel.memory.map(VirtAddr(regs), words(&pt_regs(USER_PC, 0x33, 0x7fff_0000)));
    let walk = walk(&kernel, TEXT + 0x110, STACK, Policy::Kernel);
    assert_eq!(
        shape(&walk),
        [
            (TEXT + 0x110, FrameKind::Normal, Method::DebugFrame),
            (TEXT + 0x210, FrameKind::Normal, Method::DebugFrame),
            (ENTRY + 0x20, FrameKind::Normal, Method::Orc),
            (USER_PC, FrameKind::User, Method::None),
        ]
    );
    assert_eq!(walk.stop(), Some(&StopReason::UserMode));
    let [c, _, entry, user] = walk.frames() else { panic!() };
    assert_eq!(c.lookup_pc, c.pc);
    assert_eq!(entry.lookup_pc.0, ENTRY + 0x1f);
    assert_eq!(user.lookup_pc, user.pc);
    assert_eq!(user.registers.read(reg::RSP, &kernel.memory), Ok(0x7fff_0000));
    assert_eq!(user.registers.read(reg::R15, &kernel.memory), Ok(15));
    assert_eq!(user.registers.location(reg::RFLAGS), Location::Memory(VirtAddr(regs + 18 * 8)));
    // The second frame's rbx was saved by the first, the entry code's by the second.
    assert_eq!(walk.frames()[1].registers.read(reg::RBX, &kernel.memory), Ok(0x33));
    assert_eq!(entry.registers.read(reg::RBX, &kernel.memory), Ok(0x44));
    assert_eq!(c.saved().collect::<Vec<_>>(), [(reg::RBX, VirtAddr(STACK)), (reg::RIP, VirtAddr(STACK + 8))]);
}

#[test]
fn gdb_takes_each_word_of_entry_code_for_a_return_address() {
    let mut kernel = kernel(&[(ENTRY, 0, ORC_REGS)]);
    kernel.memory.map(VirtAddr(STACK), words(&[0, ENTRY + 0x20]));
    kernel.memory.map(VirtAddr(STACK + 0x10), words(&[0x1111, 0x2222, 0]));
    kernel.memory.map(VirtAddr(ENTRY), vec![0x90; 0x100]);
    let walk = walk(&kernel, TEXT + 0x110, STACK, Policy::Gdb);
    let pcs: Vec<u64> = walk.frames().iter().map(|frame| frame.pc.0).collect();
    assert_eq!(pcs, [TEXT + 0x110, ENTRY + 0x20, 0x1111, 0x2222, 0]);
    assert_eq!(walk.stop(), Some(&StopReason::ZeroPc));
    assert!(!walk.stop().unwrap().is_error());
}

#[test]
fn an_interrupted_function_goes_on_at_its_pc_itself() {
    // The exception arrives at the first instruction of a function: one byte before belongs to another.
    let mut kernel = kernel(&[(ENTRY, 0, ORC_REGS)]);
    let regs = pt_regs(TEXT + 0x300, 0x10, STACK + 0x400);
    kernel.memory.map(VirtAddr(STACK), words(&[0, ENTRY + 0x20]));
    kernel.memory.map(VirtAddr(STACK + 0x10), words(&regs));
    kernel.memory.map(VirtAddr(STACK + 0x400), words(&[0, 0]));
    let walk = walk(&kernel, TEXT + 0x110, STACK, Policy::Kernel);
    let frame = &walk.frames()[2];
    assert_eq!(
        (frame.kind, frame.lookup_pc.0, frame.function),
        (FrameKind::Interrupted, TEXT + 0x300, Some(VirtAddr(TEXT + 0x300)))
    );
    assert_eq!(frame.registers.read(reg::R12, &kernel.memory), Ok(12));
    assert_eq!(walk.stop(), Some(&StopReason::ZeroPc));
}

#[test]
fn orc_leads_back_from_the_interrupt_stack() {
    // The function at TEXT + 0x200 stored its rsp at the top of the interrupt stack, switched and called. Its CFI knows
    // nothing of it.
    let mut kernel =
        kernel(&[(TEXT, 16, ORC_CALL), (TEXT + 0x200, 16, ORC_SP_INDIRECT), (ENTRY, 0, ORC_END)]);
    kernel.memory.map(VirtAddr(IRQ_STACK), words(&[0, TEXT + 0x210]));
    kernel.memory.map(VirtAddr(IRQ_STACK + 0x10), words(&[STACK]));
    kernel.memory.map(VirtAddr(STACK), words(&[0x77, ENTRY + 0x20]));
    let by_kernel = walk(&kernel, TEXT + 0x110, IRQ_STACK, Policy::Kernel);
    let cfas: Vec<u64> = by_kernel.frames().iter().map(|frame| frame.cfa().unwrap_or_default().0).collect();
    assert_eq!(cfas, [IRQ_STACK + 0x10, STACK + 0x10, 0]);
    assert_eq!(by_kernel.stop(), Some(&StopReason::Outermost));
    assert_eq!(by_kernel.frames()[2].registers.read(reg::RBX, &kernel.memory), Ok(0x77));
    // gdb believes the CFI and falls off the stack.
    let by_gdb = walk(&kernel, TEXT + 0x110, IRQ_STACK, Policy::Gdb);
    assert_eq!(
        by_gdb.stop().unwrap().to_string(),
        format!("Cannot access memory at address {:#x}", IRQ_STACK + 0x18)
    );
}

#[test]
fn registers_pushed_by_assembly() {
    // push %rbx; push %r12; then 8 bytes of its own.
    let mut kernel = kernel(&[(TEXT, 16, ORC_CALL), (ENTRY, 32, ORC_CALL), (ENTRY + 0x80, 16, ORC_CALL)]);
    kernel.memory.map(VirtAddr(ENTRY), [&[0x53, 0x41, 0x54][..], &[0x90; 0x100]].concat());
    kernel.memory.map(VirtAddr(STACK), words(&[0x11, 12, 3, TEXT + 0x110]));
    let registers = |rip| {
        RegisterSet::live([
            (reg::RIP, rip),
            (reg::RSP, STACK),
            (reg::RBP, 0),
            (reg::RBX, 0x99),
            (reg::R12, 0x98),
        ])
    };
    let found = walk_from(&kernel, registers(ENTRY + 0x20), Policy::Kernel);
    assert_eq!(found.frame_at(1).registers.read(reg::RBX, &kernel.memory), Ok(3));
    assert_eq!(found.frame_at(1).registers.read(reg::R12, &kernel.memory), Ok(12));
    // Where r12 has been popped again it is in the register, rbx is not.
    kernel.memory = SparseMemory::new();
    kernel.memory.map(VirtAddr(ENTRY), [&[0x53, 0x41, 0x54][..], &[0x90; 0x100]].concat());
    kernel.memory.map(VirtAddr(STACK), words(&[3, TEXT + 0x110]));
    let found = walk_from(&kernel, registers(ENTRY + 0x90), Policy::Kernel);
    assert_eq!(found.frame_at(1).registers.read(reg::RBX, &kernel.memory), Ok(3));
    assert_eq!(found.frame_at(1).registers.read(reg::R12, &kernel.memory), Ok(0x98));
}

#[test]
fn exception_frame_before_anything_is_pushed() {
    let mut kernel = kernel(&[(ENTRY, 8, ORC_IRET)]);
    kernel.memory.map(VirtAddr(STACK), words(&[0xbad, USER_PC, 0x33, 0x246, 0x7fff_0000, 0x2b]));
    let registers = RegisterSet::live([(reg::RIP, ENTRY), (reg::RSP, STACK), (reg::RBP, 6), (reg::RBX, 3)]);
    let walk = walk_from(&kernel, registers, Policy::Kernel);
    let user = walk.frame_at(1);
    assert_eq!((user.kind, user.pc.0), (FrameKind::User, USER_PC));
    // The CPU has the other registers still.
    assert_eq!(user.registers.location(reg::RBX), Location::Register { number: reg::RBX, value: 3 });
    assert_eq!(user.registers.read(reg::SS, &kernel.memory), Ok(0x2b));
}

#[test]
fn kernels_with_frame_pointers_encode_the_registers() {
    let mut kernel = kernel(&[]);
    kernel.tables = Arc::new(UnwindTables { cfi: Vec::new(), orc: None });
    kernel.memory.map(VirtAddr(STACK), words(&pt_regs(USER_PC, 0x33, 0x7fff_0000)));
    let registers = RegisterSet::live([(reg::RIP, ENTRY + 0x20), (reg::RSP, STACK), (reg::RBP, STACK + 1)]);
    let walk = walk_from(&kernel, registers, Policy::Kernel);
    assert_eq!(
        shape(&walk),
        [(ENTRY + 0x20, FrameKind::Normal, Method::FramePointer), (USER_PC, FrameKind::User, Method::None),]
    );
}

/// Kernels with frame pointers have CFI for C and nothing for entry code.
fn with_frame_pointers() -> Kernel {
    let mut kernel = kernel(&[]);
    Arc::get_mut(&mut kernel.tables).unwrap().orc = None;
    kernel
}

#[test]
fn a_system_call_of_a_kernel_with_frame_pointers_ends_at_the_registers_of_user_mode() {
    for padding in [0, 16] {
        let mut kernel = with_frame_pointers();
        let regs = STACK + 0x1000 - padding - 168;
        let mut user = pt_regs(USER_PC, 0x33, 0x7fff_0000);
        user[20] = 0x2b;
        kernel.memory.map(VirtAddr(regs - 16), words(&[3, ENTRY + 0x20]));
        kernel.memory.map(VirtAddr(regs), words(&user));
        let walk = walk(&kernel, TEXT + 0x110, regs - 16, Policy::Kernel);
        assert_eq!(
            shape(&walk),
            [
                (TEXT + 0x110, FrameKind::Normal, Method::DebugFrame),
                (ENTRY + 0x20, FrameKind::Normal, Method::FramePointer),
                (USER_PC, FrameKind::User, Method::None),
            ]
        );
        assert_eq!(walk.stop(), Some(&StopReason::UserMode));
    }
}

#[test]
fn what_looks_like_registers_of_user_mode_in_the_middle_of_a_stack_is_not_theirs() {
    let mut kernel = with_frame_pointers();
    let mut user = pt_regs(USER_PC, 0x33, 0x7fff_0000);
    user[20] = 0x2b;
    kernel.memory.map(VirtAddr(STACK), words(&[3, ENTRY + 0x20]));
    kernel.memory.map(VirtAddr(STACK + 16), words(&user));
    let walk = walk(&kernel, TEXT + 0x110, STACK, Policy::Kernel);
    assert_eq!(walk.frames().len(), 2, "{:?}", shape(&walk));
    assert_eq!(walk.stop(), Some(&StopReason::Outermost));
}

#[test]
fn a_kernel_thread_of_a_kernel_with_frame_pointers_has_an_end() {
    // Its rbp points to registers that are all 0; the first code of a CPU has 0 in rbp, and 0 where a return address would be.
    let regs = STACK + 0x1000 - 168;
    for rbp in [regs + 1, 0] {
        let mut kernel = with_frame_pointers();
        kernel.memory.map(VirtAddr(regs - 16), words(&[3, ENTRY + 0x20]));
        kernel.memory.map(VirtAddr(regs), words(&[0; 21]));
        let registers = [(reg::RIP, TEXT + 0x110), (reg::RSP, regs - 16), (reg::RBP, rbp), (reg::CS, 0x10)];
        let walk = walk_from(&kernel, RegisterSet::live(registers), Policy::Kernel);
        assert_eq!(
            shape(&walk),
            [
                (TEXT + 0x110, FrameKind::Normal, Method::DebugFrame),
                (ENTRY + 0x20, FrameKind::Normal, Method::FramePointer),
            ]
        );
        assert_eq!(walk.stop(), Some(&StopReason::Outermost));
    }
}

#[test]
fn assembly_that_happens_to_have_a_zero_in_its_frame_pointer_has_a_caller() {
    let mut kernel = with_frame_pointers();
    kernel.memory.map(VirtAddr(STACK), words(&[TEXT + 0x210, 3, ENTRY + 0x20, 0]));
    let registers = [(reg::RIP, ENTRY + 0x8000), (reg::RSP, STACK), (reg::RBP, 0), (reg::CS, 0x10)];
    let walk = walk_from(&kernel, RegisterSet::live(registers), Policy::Kernel);
    assert_eq!(walk.frames().get(1).map(|frame| frame.pc.0), Some(TEXT + 0x210));
}

#[test]
fn code_made_at_run_time_has_frame_pointers() {
    let mut kernel = kernel(&[(TEXT, 16, ORC_CALL), (ENTRY, 0, ORC_END)]);
    let jit = 0xffff_ffff_c012_3456;
    kernel.memory.map(VirtAddr(STACK), words(&[1, 2, STACK + 0x30, TEXT + 0x110]));
    kernel.memory.map(VirtAddr(STACK + 0x20), words(&[0, ENTRY + 0x20]));
    let registers = RegisterSet::live([(reg::RIP, jit), (reg::RSP, STACK), (reg::RBP, STACK + 0x10)]);
    let walk = walk_from(&kernel, registers, Policy::Kernel);
    assert_eq!(
        shape(&walk),
        [
            (jit, FrameKind::Normal, Method::FramePointer),
            (TEXT + 0x110, FrameKind::Normal, Method::DebugFrame),
            (ENTRY + 0x20, FrameKind::Normal, Method::Orc),
        ]
    );
}

#[test]
fn a_sleeping_task_starts_at_a_return_address() {
    let mut kernel = kernel(&[(TEXT, 16, ORC_CALL), (ENTRY, 0, ORC_END)]);
    kernel.memory.map(VirtAddr(STACK), words(&[0, ENTRY + 0x20]));
    let mut registers = RegisterSet::default();
    registers.set(reg::RIP, Location::Value(TEXT + 0x200));
    registers.set(reg::RSP, Location::Value(STACK));
    let mut walk = Walk::sleeping(registers, Policy::Kernel);
    walk.finish(Context { info: &kernel, memory: &kernel.memory, interrupt: &Interrupt::new() });
    assert_eq!(walk.frame_at(0).function, Some(VirtAddr(TEXT + 0x100)));
    assert_eq!(walk.frames().len(), 2);
}

#[test]
fn a_cpu_in_user_mode_has_one_frame() {
    let kernel = kernel(&[]);
    let registers = RegisterSet::live([(reg::RIP, USER_PC), (reg::RSP, 0x7fff_0000), (reg::CS, 0x33)]);
    let walk = walk_from(&kernel, registers, Policy::Kernel);
    assert_eq!(shape(&walk), [(USER_PC, FrameKind::User, Method::None)]);
    assert_eq!(walk.stop(), Some(&StopReason::UserMode));
}

/// A system call from a program whose functions are known, with two of them on its stack.
fn system_call_of_a_program(in_place: bool) -> Kernel {
    let mut kernel = kernel(&[(TEXT, 16, ORC_CALL), (ENTRY, 0, ORC_REGS)]);
    kernel.program = Some(in_place);
    kernel.memory.map(VirtAddr(STACK), words(&[0x33, ENTRY + 0x20]));
    kernel.memory.map(VirtAddr(STACK + 0x10), words(&pt_regs(USER_PC + 0x100, 0x33, USER_STACK)));
    // After the program's own functions there is an unknown one.
    kernel.memory.map(VirtAddr(USER_STACK), words(&[0x55, USER_PC + 0x210, 0x66, 0x7777_0000]));
    kernel
}

#[test]
fn frames_of_a_program_stand_above_those_of_the_kernel() {
    let kernel = system_call_of_a_program(true);
    let walk = walk(&kernel, TEXT + 0x110, STACK, Policy::Kernel);
    assert_eq!(
        shape(&walk),
        [
            (TEXT + 0x110, FrameKind::Normal, Method::DebugFrame),
            (ENTRY + 0x20, FrameKind::Normal, Method::Orc),
            (USER_PC + 0x100, FrameKind::Interrupted, Method::DebugFrame),
            (USER_PC + 0x210, FrameKind::Normal, Method::DebugFrame),
            (0x7777_0000, FrameKind::User, Method::None),
        ]
    );
    assert_eq!(walk.stop(), Some(&StopReason::UserMode));
    let modes: Vec<bool> = walk.frames().iter().map(|frame| frame.user_mode).collect();
    assert_eq!(modes, [false, false, true, true, true]);
    // It goes on at the instruction itself, which here is the first of its function.
    assert_eq!(walk.frame_at(2).function, Some(VirtAddr(USER_PC + 0x100)));
    assert_eq!(walk.frame_at(3).registers.read(reg::RBX, &kernel.memory), Ok(0x55));
    assert_eq!(walk.frame_at(2).cfa(), Some(VirtAddr(USER_STACK + 0x10)));
}

#[test]
fn memory_of_another_program_is_not_taken_for_this_one() {
    let kernel = system_call_of_a_program(false);
    let walk = walk(&kernel, TEXT + 0x110, STACK, Policy::Kernel);
    assert_eq!(walk.frames().len(), 3);
    assert_eq!((walk.frame_at(2).kind, walk.stop()), (FrameKind::User, Some(&StopReason::UserMode)));
}

#[test]
fn a_cpu_in_a_program_has_its_frames() {
    let kernel = system_call_of_a_program(true);
    let at = |sp| RegisterSet::live([(reg::RIP, USER_PC + 0x110), (reg::RSP, sp), (reg::CS, 0x33)]);
    let found = walk_from(&kernel, at(USER_STACK), Policy::Kernel);
    assert_eq!(
        shape(&found),
        [
            (USER_PC + 0x110, FrameKind::Normal, Method::DebugFrame),
            (USER_PC + 0x210, FrameKind::Normal, Method::DebugFrame),
            (0x7777_0000, FrameKind::User, Method::None),
        ]
    );
    // A page of its stack that is not there is a reason.
    let found = walk_from(&kernel, at(USER_STACK + 0x1000), Policy::Kernel);
    assert_eq!(found.frames().len(), 1);
    assert_eq!(found.stop().unwrap().to_string(), "Cannot access memory at address 0x7fff1008");
    // As gdb sees it nothing is known of modes.
    assert!(!walk_from(&kernel, at(USER_STACK), Policy::Gdb).frame_at(0).user_mode);
}

#[test]
fn signal_handlers_of_a_program_return_to_what_was_interrupted() {
    let mut kernel = system_call_of_a_program(true);
    kernel.memory.map(VirtAddr(SIGRETURN), vec![0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05]);
    // The handler's frame, the beginning of `struct ucontext`, and `struct sigcontext`: interrupted at the first byte of a function.
    let mut stack = vec![0x55, SIGRETURN];
    stack.extend([0; 5]);
    stack.extend([
        8,
        9,
        10,
        11,
        12,
        13,
        14,
        15,
        5,
        4,
        6,
        0x33,
        1,
        0,
        2,
        USER_STACK + 0x1000,
        USER_PC + 0x300,
        0x246,
    ]);
    kernel.memory.map(VirtAddr(USER_STACK), words(&stack));
    kernel.memory.map(VirtAddr(USER_STACK + 0x1000), words(&[0x77, 0x7777_0000]));
    let at = RegisterSet::live([(reg::RIP, USER_PC + 0x110), (reg::RSP, USER_STACK), (reg::CS, 0x33)]);
    for policy in [Policy::Kernel, Policy::Gdb] {
        let found = walk_from(&kernel, at.clone(), policy);
        assert_eq!(
            shape(&found)[..3],
            [
                (USER_PC + 0x110, FrameKind::Normal, Method::DebugFrame),
                (SIGRETURN, FrameKind::SignalTrampoline, Method::Sigreturn),
                (USER_PC + 0x300, FrameKind::Interrupted, Method::DebugFrame),
            ]
        );
        let interrupted = found.frame_at(2);
        assert_eq!((interrupted.lookup_pc.0, interrupted.function), (USER_PC + 0x300, Some(interrupted.pc)));
        assert_eq!(interrupted.registers.read(reg::RBX, &kernel.memory), Ok(0x33));
        assert_eq!(interrupted.cfa(), Some(VirtAddr(USER_STACK + 0x1010)));
        let saved: Vec<u16> = found.frame_at(1).saved().map(|(number, _)| number).collect();
        assert!(saved.contains(&reg::RFLAGS) && !saved.contains(&reg::RSP), "{saved:?}");
    }
}

#[test]
fn functions_return_through_trampolines() {
    let mut kernel = kernel(&[(TEXT, 16, ORC_CALL), (ENTRY, 0, ORC_END)]);
    kernel.memory.map(VirtAddr(STACK), words(&[0x33, TRAMPOLINE, 0x44, TRAMPOLINE, 0x55, TRAMPOLINE]));
    // It is not known where the third leads.
    kernel.returns = vec![(STACK + 8, TEXT + 0x210), (STACK + 0x18, TEXT + 0x310)];
    let found = walk(&kernel, TEXT + 0x110, STACK, Policy::Kernel);
    let pcs: Vec<u64> = found.frames().iter().map(|frame| frame.pc.0).collect();
    assert_eq!(pcs, [TEXT + 0x110, TEXT + 0x210, TEXT + 0x310, TRAMPOLINE]);
    let cfas: Vec<u64> = found.frames()[..3].iter().filter_map(|frame| Some(frame.cfa()?.0)).collect();
    assert_eq!(cfas, [STACK + 0x10, STACK + 0x20, STACK + 0x30]);
    // What was saved is where it was saved, whatever stands there now.
    let saved: Vec<_> = found.frame_at(0).saved().collect();
    assert_eq!(saved, [(reg::RBX, VirtAddr(STACK)), (reg::RIP, VirtAddr(STACK + 8))]);
    assert_eq!(found.frame_at(0).caller().read(reg::RIP, &kernel.memory), Ok(TEXT + 0x210));
    // gdb shows what is on the stack.
    let by_gdb = walk(&kernel, TEXT + 0x110, STACK, Policy::Gdb);
    assert_eq!(by_gdb.frame_at(0).caller().read(reg::RIP, &kernel.memory), Ok(TRAMPOLINE));
}

#[test]
fn at_a_trampoline_a_function_has_just_returned() {
    let mut kernel = kernel(&[(TEXT, 16, ORC_CALL), (ENTRY, 0, ORC_END)]);
    kernel.memory.map(VirtAddr(STACK), words(&[TRAMPOLINE, 0x44, ENTRY + 0x20]));
    kernel.returns = vec![(STACK, TEXT + 0x210)];
    let found = walk(&kernel, TRAMPOLINE, STACK + 8, Policy::Kernel);
    assert_eq!(
        shape(&found),
        [
            (TRAMPOLINE, FrameKind::Normal, Method::Trampoline),
            (TEXT + 0x210, FrameKind::Normal, Method::DebugFrame),
            (ENTRY + 0x20, FrameKind::Normal, Method::Orc),
        ]
    );
    // Further in it has registers of its own on the stack.
    let found = walk(&kernel, TRAMPOLINE + 4, STACK + 8, Policy::Kernel);
    assert_eq!(shape(&found), [(TRAMPOLINE + 4, FrameKind::Normal, Method::Orc)]);
}

#[test]
fn further_into_a_trampoline_its_records_and_registers_tell() {
    let mut kernel = kernel(&[(TEXT, 16, ORC_CALL), (ENTRY, 0, ORC_END)]);
    // What it has saved, where it returns to by now, then where its caller returns to.
    let stack = [TEXT + 0x210, 0x44, TRAMPOLINE, 0x55, ENTRY + 0x20];
    kernel.memory.map(VirtAddr(STACK), words(&stack));
    kernel.dropped = vec![(STACK + 0x10, TEXT + 0x210)];
    let found = walk(&kernel, TRAMPOLINE + 4, STACK, Policy::Kernel);
    assert_eq!(
        shape(&found),
        [
            (TRAMPOLINE + 4, FrameKind::Normal, Method::Trampoline),
            (TEXT + 0x210, FrameKind::Normal, Method::DebugFrame),
            (ENTRY + 0x20, FrameKind::Normal, Method::Orc),
        ]
    );
    assert_eq!(found.frame_at(0).cfa(), Some(VirtAddr(STACK + 0x18)), "the same as at its first instruction");
}

#[test]
fn of_an_unknown_processor_only_the_pc_is_known() {
    let kernel = kernel(&[]);
    // Nothing but the pc is there, and code for which x86-64 would have a rule.
    for pc in [0, TEXT + 0x110] {
        let mut walk = Walk::innermost_only(RegisterSet::live([(reg::RIP, pc)]));
        walk.finish(Context { info: &kernel, memory: &kernel.memory, interrupt: &Interrupt::new() });
        assert_eq!(shape(&walk), [(pc, FrameKind::Normal, Method::None)]);
        assert_eq!((walk.stop(), walk.frame_at(0).cfa()), (Some(&StopReason::Outermost), None));
    }
}

#[test]
fn walks_end() {
    // A stack of return addresses into code without CFI, longer than any.
    let mut kernel = kernel(&[]);
    kernel.memory.map(VirtAddr(0x1000), words(&vec![0x1111; 20_000]));
    let by_gdb = walk(&kernel, 0x1111, 0x1000, Policy::Gdb);
    assert_eq!(by_gdb.stop(), Some(&StopReason::Limit(10_000)));
    assert_eq!(by_gdb.frames().len(), 10_000);

    // A pt_regs that says it was interrupted where the walk began.
    let mut kernel = self::kernel(&[(ENTRY, 0, ORC_REGS)]);
    kernel.memory.map(VirtAddr(STACK), words(&pt_regs(ENTRY + 4, 0x10, STACK)));
    let by_kernel = walk(&kernel, ENTRY + 4, STACK, Policy::Kernel);
    assert_eq!((by_kernel.stop(), by_kernel.frames().len()), (Some(&StopReason::Same), 1));
}

#[test]
fn an_interrupted_walk_can_go_on() {
    let mut kernel = kernel(&[(TEXT, 16, ORC_CALL), (ENTRY, 0, ORC_END)]);
    kernel.memory.map(VirtAddr(STACK), words(&[0, ENTRY + 0x20]));
    let interrupt = Interrupt::new();
    let context = Context { info: &kernel, memory: &kernel.memory, interrupt: &interrupt };
    let mut walk =
        Walk::new(RegisterSet::live([(reg::RIP, TEXT + 0x110), (reg::RSP, STACK)]), Policy::Kernel);
    assert!(walk.frame(0, context).is_some());
    interrupt.raise();
    assert!(walk.frame(1, context).is_none());
    assert_eq!(walk.stop(), None);
    assert!(interrupt.take());
    assert!(walk.frame(1, context).is_some());
}

#[test]
fn bad_tables_stop_the_walk_with_a_reason() {
    let mut kernel = kernel(&[]);
    // An FDE over all of TEXT whose program is one unknown instruction (0x3f).
    let mut data = Vec::new();
    data.extend([
        0x14, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 3, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1, 0, 0, 0, 0, 0, 0,
    ]);
    data.extend([0x1c, 0, 0, 0, 0, 0, 0, 0]);
    data.extend(TEXT.to_le_bytes());
    data.extend(0x1_0000u64.to_le_bytes());
    data.extend([0x3f, 0, 0, 0, 0, 0, 0, 0]);
    let cfi = CfiSection::new(CfiKind::DebugFrame, Arc::new(data), LinkAddr(0));
    kernel.tables = Arc::new(UnwindTables { cfi: vec![cfi], orc: None });
    let walk = walk(&kernel, TEXT + 0x110, STACK, Policy::Gdb);
    assert_eq!(walk.frames().len(), 1);
    let reason = walk.stop().unwrap().to_string();
    assert!(
        reason.starts_with("bad unwind information for 0xffffffff81000110 in .debug_frame: "),
        "{reason}"
    );
}

impl Walk {
    fn frame_at(&self, level: usize) -> &Frame {
        &self.frames()[level]
    }
}
