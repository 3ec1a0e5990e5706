//! Operands in AT&T and Intel syntax as binutils writes them.

use super::prefix::segment_override;
use super::text::Context;
use super::{Flavor, mnemonic, prefix};
use iced_x86::{Instruction, MemorySize, Mnemonic, OpKind, Register};
use kdive_base::VirtAddr;
use std::fmt::Write as _;

/// All operands in Intel order (destination first).
pub(super) fn all(context: &Context<'_>, instr: &Instruction) -> Vec<String> {
    if let Some(implicit) = mnemonic::implicit_registers(context, instr) {
        return implicit.iter().map(|reg| register(context, *reg)).collect();
    }
    let shown = mnemonic::shown_operands(context, instr);
    let mut operands: Vec<String> = shown.map(|op| one(context, instr, op)).collect();
    decorate(context, instr, &mut operands);
    if matches!(
        instr.mnemonic(),
        Mnemonic::Sha256rnds2 | Mnemonic::Pblendvb | Mnemonic::Blendvps | Mnemonic::Blendvpd
    ) {
        operands.push(register(context, Register::XMM0));
    }
    operands
}

/// Mask, zeroing, broadcast and rounding of EVEX.
fn decorate(context: &Context<'_>, instr: &Instruction, operands: &mut Vec<String>) {
    if let Some(first) = operands.first_mut()
        && instr.op_mask() != Register::None
    {
        let _ = write!(first, "{{{}}}", register(context, instr.op_mask()));
        if instr.zeroing_masking() {
            first.push_str("{z}");
        }
    }
    let rounding = match instr.rounding_control() {
        iced_x86::RoundingControl::RoundToNearest => Some("{rn-sae}"),
        iced_x86::RoundingControl::RoundDown => Some("{rd-sae}"),
        iced_x86::RoundingControl::RoundUp => Some("{ru-sae}"),
        iced_x86::RoundingControl::RoundTowardZero => Some("{rz-sae}"),
        iced_x86::RoundingControl::None if instr.suppress_all_exceptions() => Some("{sae}"),
        iced_x86::RoundingControl::None => None,
    };
    if let Some(rounding) = rounding {
        // Before an immediate, after everything else; in Intel syntax without a comma.
        let last_is_immediate =
            instr.op_count() > 0 && instr.op_kind(instr.op_count() - 1) == OpKind::Immediate8;
        let at = operands.len().saturating_sub(usize::from(last_is_immediate));
        match (context.flavor, at.checked_sub(1).and_then(|last| operands.get_mut(last))) {
            (Flavor::Intel, Some(last)) => last.push_str(rounding),
            _ => operands.insert(at, rounding.to_owned()),
        }
    }
}

fn one(context: &Context<'_>, instr: &Instruction, op: u32) -> String {
    match instr.op_kind(op) {
        OpKind::Register => register_operand(context, instr, op),
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {
            address(context, near_target(context, instr).unwrap_or(VirtAddr(0)))
        }
        OpKind::FarBranch16 => far(context, instr.far_branch_selector(), u64::from(instr.far_branch16())),
        OpKind::FarBranch32 => far(context, instr.far_branch_selector(), u64::from(instr.far_branch32())),
        OpKind::MemorySegSI => string(context, instr, None, Register::SI),
        OpKind::MemorySegESI => string(context, instr, None, Register::ESI),
        OpKind::MemorySegRSI => string(context, instr, None, Register::RSI),
        OpKind::MemorySegDI => string(context, instr, None, Register::DI),
        OpKind::MemorySegEDI => string(context, instr, None, Register::EDI),
        OpKind::MemorySegRDI => string(context, instr, None, Register::RDI),
        OpKind::MemoryESDI => string(context, instr, Some(Register::ES), Register::DI),
        OpKind::MemoryESEDI => string(context, instr, Some(Register::ES), Register::EDI),
        OpKind::MemoryESRDI => string(context, instr, Some(Register::ES), Register::RDI),
        OpKind::Memory if instr.mnemonic() == Mnemonic::Xlatb => {
            string(context, instr, None, instr.memory_base())
        }
        OpKind::Memory => memory(context, instr),
        _ => immediate(context, instr, op),
    }
}

fn immediate(context: &Context<'_>, instr: &Instruction, op: u32) -> String {
    if mnemonic::shifts_by_one(context, instr) {
        return "1".to_owned();
    }
    let value = instr.immediate(op);
    let value = match instr.op_kind(op) {
        OpKind::Immediate8 | OpKind::Immediate8_2nd => value & 0xff,
        OpKind::Immediate16 | OpKind::Immediate8to16 => value & 0xffff,
        OpKind::Immediate32 | OpKind::Immediate8to32 => value & 0xffff_ffff,
        _ => value,
    };
    match context.flavor {
        Flavor::Att => format!("${value:#x}"),
        Flavor::Intel => format!("{value:#x}"),
    }
}

fn far(context: &Context<'_>, selector: u16, offset: u64) -> String {
    match context.flavor {
        Flavor::Att => format!("${selector:#x},${offset:#x}"),
        Flavor::Intel => format!("{selector:#x}:{offset:#x}"),
    }
}

/// Where a direct jump or call goes. With 16-bit operand size a 16-bit displacement stays inside the 64 KiB of the
/// next instruction (with an operand size prefix: inside the first), an 8-bit one is not wrapped.
pub(super) fn near_target(context: &Context<'_>, instr: &Instruction) -> Option<VirtAddr> {
    match instr.op0_kind() {
        OpKind::NearBranch32 | OpKind::NearBranch64 => Some(VirtAddr(instr.near_branch_target())),
        OpKind::NearBranch16 => {
            let next = instr.next_ip();
            let wrapped = u64::from(instr.near_branch16());
            Some(VirtAddr(match context.opcode()? {
                0x70..=0x7f | 0xe0..=0xe3 | 0xeb => {
                    let disp = *context.bytes.last()? as i8;
                    next.wrapping_add_signed(i64::from(disp))
                }
                _ if context.has_data_prefix() => wrapped,
                _ => wrapped | (next & !0xffff),
            }))
        }
        _ => None,
    }
}

/// `0xADDR <symbol>`.
pub(super) fn address(context: &Context<'_>, addr: VirtAddr) -> String {
    match context.symbols.symbolize(addr) {
        Some(name) => format!("{addr:#x} <{name}>"),
        None => format!("{addr:#x}"),
    }
}

fn register_operand(context: &Context<'_>, instr: &Instruction, op: u32) -> String {
    let reg = mnemonic::shown_register(instr, op);
    let mut name = register(context, reg);
    if reg == Register::ST0 && mnemonic::is_explicit_stack_slot(instr, op) {
        name.push_str("(0)");
    }
    if context.flavor == Flavor::Att {
        if mnemonic::is_port(instr, op) {
            return format!("({name})");
        }
        if mnemonic::is_indirect(instr) {
            return format!("*{name}");
        }
    }
    name
}

/// A register's name with the `%` of AT&T syntax.
pub(super) fn register(context: &Context<'_>, reg: Register) -> String {
    let mut name = format!("{reg:?}").to_ascii_lowercase();
    if (Register::R8L..=Register::R15L).contains(&reg) {
        name.pop();
        name.push('b');
    }
    if reg.is_st() {
        name = match reg.number() {
            0 => "st".to_owned(),
            number => format!("st({number})"),
        };
    }
    if context.flavor == Flavor::Intel {
        return name;
    }
    if reg.is_dr() {
        name.replace_range(..2, "db");
    }
    format!("%{name}")
}

/// The implicit memory operand of a string instruction: in a fixed segment, or in ds unless overridden.
fn string(context: &Context<'_>, instr: &Instruction, fixed: Option<Register>, index: Register) -> String {
    let segment = fixed.or_else(|| segment_override(context, instr)).unwrap_or(Register::DS);
    let (segment, index) = (register(context, segment), register(context, index));
    match context.flavor {
        Flavor::Att => format!("{segment}:({index})"),
        Flavor::Intel => format!("{}{segment}:[{index}]", size_keyword(context, instr)),
    }
}

/// An explicit memory operand.
fn memory(context: &Context<'_>, instr: &Instruction) -> String {
    let parts = Parts::of(context, instr);
    let mut text = String::new();
    match context.flavor {
        Flavor::Att => {
            if mnemonic::is_indirect(instr) {
                text.push('*');
            }
            parts.segment(context, &mut text);
            parts.att(context, &mut text);
        }
        Flavor::Intel => {
            text.push_str(size_keyword(context, instr));
            parts.segment(context, &mut text);
            parts.intel(context, &mut text);
        }
    }
    if instr.is_broadcast() && context.flavor == Flavor::Att {
        broadcast(instr, &mut text);
    }
    text
}

/// `{1to8}`: how many copies of the element the vector operand takes.
fn broadcast(instr: &Instruction, text: &mut String) {
    let element = instr.memory_size().size();
    let vector = (0..instr.op_count())
        .filter(|op| instr.op_kind(*op) == OpKind::Register && instr.op_register(*op).is_vector_register())
        .map(|op| instr.op_register(op).size())
        .max();
    // Conversions to narrower elements name the wide source size only by their code.
    let whole = source_vector_size(instr).or(vector);
    if let (Some(whole), true) = (whole, element != 0) {
        let _ = write!(text, "{{1to{}}}", whole / element);
    }
}

/// Size of the vector a broadcast fills where it is not that of the register operands.
fn source_vector_size(instr: &Instruction) -> Option<usize> {
    let code = format!("{:?}", instr.code());
    let tail = code.rsplit_once('_')?.1;
    let size = |prefix: &str| match prefix {
        p if p.starts_with("xmmm") => Some(16),
        p if p.starts_with("ymmm") => Some(32),
        p if p.starts_with("zmmm") => Some(64),
        _ => None,
    };
    code.split('_').find_map(size).or_else(|| size(tail))
}

/// A memory operand taken apart the way binutils does.
struct Parts {
    base: Option<Register>,
    index: Option<Index>,
    /// Sign-extended displacement.
    disp: i64,
    /// Whether a displacement is written although it is zero.
    shows_disp: bool,
    rip: bool,
    segment: Option<Register>,
    address_bits: u32,
    /// The address stands in the instruction without ModRM.
    moffs: bool,
}

/// What stands between the commas.
struct Index {
    /// `None` for the pseudo index `riz`, `eiz` that stands for "no index" in a SIB byte.
    register: Option<Register>,
    scale: u32,
}

impl Parts {
    fn of(context: &Context<'_>, instr: &Instruction) -> Self {
        let rip = instr.is_ip_rel_memory_operand();
        let base = Some(instr.memory_base()).filter(|reg| *reg != Register::None && !rip);
        let address_bits = address_bits(context, instr);
        let raw = instr.memory_displacement64();
        let disp = if rip {
            let disp = raw.wrapping_sub(instr.next_ip()) as i64;
            if address_bits == 32 { i64::from(disp as i32) } else { disp }
        } else if address_bits == 64 {
            raw as i64
        } else if address_bits == 32 {
            i64::from(raw as u32 as i32)
        } else {
            i64::from(raw as u16 as i16)
        };
        let index = match instr.memory_index() {
            Register::None => no_index(context, instr, base),
            register => Some(Index { register: Some(register), scale: instr.memory_index_scale() }),
        };
        let shows_disp = instr.memory_displ_size() != 0 || (base.is_none() && !rip);
        let segment = segment_override(context, instr);
        let moffs = prefix::is_moffs(context);
        Self { base, index, disp, shows_disp, rip, segment, address_bits, moffs }
    }

    fn segment(&self, context: &Context<'_>, text: &mut String) {
        if let Some(segment) = self.segment {
            let _ = write!(text, "{}:", register(context, segment));
        }
    }

    fn is_absolute(&self) -> bool {
        self.base.is_none() && self.index.is_none() && !self.rip
    }

    fn absolute(&self) -> String {
        match self.address_bits {
            64 => format!("{:#x}", self.disp as u64),
            32 => format!("{:#x}", self.disp as u32),
            _ => format!("{:#x}", self.disp as u16),
        }
    }

    fn att(&self, context: &Context<'_>, text: &mut String) {
        if self.is_absolute() {
            // A 16-bit displacement is always taken as signed.
            let signed_disp = self.address_bits == 16 && !self.moffs;
            text.push_str(&if signed_disp { signed(self.disp) } else { self.absolute() });
            return;
        }
        if self.shows_disp || self.rip {
            text.push_str(&signed(self.disp));
        }
        text.push('(');
        if self.rip {
            text.push_str(if self.address_bits == 32 { "%eip" } else { "%rip" });
        }
        if let Some(base) = self.base {
            text.push_str(&register(context, base));
        }
        if let Some(index) = &self.index {
            let _ = write!(text, ",{}", self.index_name(context, index));
            if self.address_bits != 16 {
                let _ = write!(text, ",{}", index.scale);
            }
        }
        text.push(')');
    }

    fn intel(&self, context: &Context<'_>, text: &mut String) {
        if self.is_absolute() {
            if self.segment.is_none() {
                text.push_str("ds:");
            }
            text.push_str(&self.absolute());
            return;
        }
        text.push('[');
        if self.rip {
            let name = if self.address_bits == 32 { "eip" } else { "rip" };
            let _ = write!(text, "{name}+{:#x}]", self.disp);
            return;
        }
        if let Some(base) = self.base {
            text.push_str(&register(context, base));
        }
        if let Some(index) = &self.index {
            if self.base.is_some() {
                text.push('+');
            }
            text.push_str(&self.index_name(context, index));
            if self.address_bits != 16 {
                let _ = write!(text, "*{}", index.scale);
            }
        }
        if self.shows_disp {
            if self.disp >= 0 {
                text.push('+');
            }
            text.push_str(&signed(self.disp));
        }
        text.push(']');
    }

    fn index_name(&self, context: &Context<'_>, index: &Index) -> String {
        let sigil = if context.flavor == Flavor::Att { "%" } else { "" };
        match index.register {
            Some(reg) => register(context, reg),
            None if self.address_bits == 64 => format!("{sigil}riz"),
            None => format!("{sigil}eiz"),
        }
    }
}

/// `0x10`, `-0x10`.
fn signed(value: i64) -> String {
    if value < 0 { format!("-{:#x}", value.unsigned_abs()) } else { format!("{value:#x}") }
}

/// Address size of the instruction's memory operand in bits.
fn address_bits(context: &Context<'_>, instr: &Instruction) -> u32 {
    let named = [instr.memory_base(), instr.memory_index()].into_iter().find(|reg| *reg != Register::None);
    match named {
        Some(Register::RIP) => 64,
        Some(Register::EIP) => 32,
        Some(reg) if reg.is_gpr64() => 64,
        Some(reg) if reg.is_gpr32() => 32,
        Some(reg) if reg.is_gpr16() => 16,
        _ => match instr.memory_displ_size() {
            8 => 64,
            4 => 32,
            2 => 16,
            _ => context.bits,
        },
    }
}

/// A SIB byte without index is shown when its base is not the stack pointer (or r12), which cannot be encoded without
/// SIB, or when it has a scale.
fn no_index(context: &Context<'_>, instr: &Instruction, base: Option<Register>) -> Option<Index> {
    let address_bits = address_bits(context, instr);
    if address_bits == 16 {
        return None;
    }
    let sib = context.sib(instr)?;
    let scale = 1 << (sib >> 6);
    let base_is_sp = sib & 7 == 4;
    let shown = match base {
        Some(_) => !base_is_sp,
        None => address_bits == 32 && context.bits != 16,
    };
    (scale != 1 || shown).then_some(Index { register: None, scale })
}

/// `QWORD PTR ` and so on; nothing for operands whose size means nothing.
fn size_keyword(context: &Context<'_>, instr: &Instruction) -> &'static str {
    if let Some(keyword) = mnemonic::size_keyword(context, instr) {
        return keyword;
    }
    let size = instr.memory_size();
    let bytes = if instr.is_broadcast() { size.element_size() } else { size.size() };
    match size {
        MemorySize::SegPtr16 => return "DWORD PTR ",
        MemorySize::SegPtr32 | MemorySize::SegPtr64 => return "FWORD PTR ",
        _ => {}
    }
    if instr.mnemonic() == Mnemonic::Lea {
        return "";
    }
    match bytes {
        2 if instr.is_broadcast() => "WORD BCST ",
        4 if instr.is_broadcast() => "DWORD BCST ",
        8 if instr.is_broadcast() => "QWORD BCST ",
        1 => "BYTE PTR ",
        2 => "WORD PTR ",
        4 => "DWORD PTR ",
        6 => "FWORD PTR ",
        8 => "QWORD PTR ",
        10 => "TBYTE PTR ",
        16 => "XMMWORD PTR ",
        32 => "YMMWORD PTR ",
        64 => "ZMMWORD PTR ",
        _ => "",
    }
}
