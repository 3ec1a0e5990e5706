//! Locations in gdb's words, for `info address` and `info scope`.

use super::debug_info::{DebugInfo, UnitContext};
use super::units::{DieKey, Slice};
use super::variable::{Location, VariableInfo};
use gimli::constants as dw;
use gimli::{AttributeValue, Expression, LocationListsOffset, Operation, RawLocListEntry};
use kdive_types::TypeSource;
use std::fmt::Write;
use std::ops::Range;

/// What describing needs besides the variable.
pub(crate) struct Surroundings<'e> {
    /// Moves a link address to where it is at run time.
    pub(crate) relocate: &'e dyn Fn(u64) -> u64,
    pub(crate) function: Option<DieKey>,
    /// Where the frame base is asked for.
    pub(crate) pc: Option<u64>,
    /// `e_machine`, for the names of registers.
    pub(crate) machine: u16,
}

impl DebugInfo {
    /// The description of a computed location; `None` for the kinds whose words differ between commands.
    pub(crate) fn describe(&self, variable: &VariableInfo, around: &Surroundings<'_>) -> Option<String> {
        let context = || self.context_over(variable.unit, self.dwarf_with_locations());
        match variable.location {
            Location::Expression { start, len } => {
                let context = context()?;
                let expression = context.expression(start, len)?;
                let mut out = String::new();
                context.describe_expression(&mut out, expression, around);
                Some(out)
            }
            Location::List(offset) => Some(context()?.describe_list(offset, around)),
            _ => None,
        }
    }
}

impl<'a> UnitContext<'a> {
    fn describe_list(&self, list: usize, around: &Surroundings<'_>) -> String {
        let mut out = String::from("multi-location:\n");
        let mut base = self.unit.low_pc;
        let Ok(mut entries) = self.dwarf.raw_locations(&self.unit, LocationListsOffset(list)) else {
            return out;
        };
        let at = |index| self.dwarf.address(&self.unit, index).unwrap_or(0);
        while let Ok(Some(entry)) = entries.next() {
            let (begin, end, data) = match entry {
                RawLocListEntry::BaseAddress { addr } => {
                    base = addr;
                    let _ = write!(out, "  Base address {:#x}", (around.relocate)(base));
                    continue;
                }
                RawLocListEntry::BaseAddressx { addr } => {
                    base = at(addr);
                    let _ = write!(out, "  Base address {:#x}", (around.relocate)(base));
                    continue;
                }
                RawLocListEntry::AddressOrOffsetPair { begin, end, data } if begin == u64::MAX => {
                    base = end;
                    let _ = (write!(out, "  Base address {:#x}", (around.relocate)(base)), data);
                    continue;
                }
                RawLocListEntry::AddressOrOffsetPair { begin, end, data }
                | RawLocListEntry::OffsetPair { begin, end, data } => {
                    (base.wrapping_add(begin), base.wrapping_add(end), data)
                }
                RawLocListEntry::StartEnd { begin, end, data } => (begin, end, data),
                RawLocListEntry::StartLength { begin, length, data } => {
                    (begin, begin.wrapping_add(length), data)
                }
                RawLocListEntry::StartxEndx { begin, end, data } => (at(begin), at(end), data),
                RawLocListEntry::StartxLength { begin, length, data } => {
                    (at(begin), at(begin).wrapping_add(length), data)
                }
                RawLocListEntry::DefaultLocation { .. } => continue,
            };
            let _ = write!(out, "  Range {:#x}-{:#x}: ", (around.relocate)(begin), (around.relocate)(end));
            self.describe_expression(&mut out, data, around);
            out.push('\n');
        }
        out
    }

    /// gdb's `locexpr_describe_location_1`: piece by piece, in words where a piece is simple.
    fn describe_expression(
        &self,
        out: &mut String,
        expression: Expression<Slice<'a>>,
        around: &Surroundings<'_>,
    ) {
        let before = out.len();
        let all = expression.0.slice();
        let mut at = 0;
        let mut first = true;
        while at < all.len() {
            if !std::mem::take(&mut first) {
                out.push_str(", and ");
            }
            let here = at;
            let rest = all.get(at..).unwrap_or_default();
            at += self.describe_simple(out, rest, around).unwrap_or(0);
            let is_piece = |at: usize| {
                matches!(all.get(at).map(|&op| gimli::DwOp(op)), Some(dw::DW_OP_piece | dw::DW_OP_bit_piece))
            };
            let disassemble = at == here && !is_piece(at);
            if disassemble {
                out.push_str("a complex DWARF expression:\n");
                at = self.disassemble(out, all, at, at..all.len(), 0, around);
            }
            if at >= all.len() {
                break;
            }
            let empty = at == here;
            if disassemble {
                out.push_str("   ");
            }
            let (operation, len) = match self.operation(all, at) {
                Some(found) if is_piece(at) => found,
                // More than one thing in one piece: gdb calls that corrupted.
                _ => {
                    out.truncate(before);
                    out.push_str("a complex DWARF expression:\n");
                    self.disassemble(out, all, 0, 0..all.len(), 0, around);
                    return;
                }
            };
            if let Operation::Piece { size_in_bits, bit_offset } = operation {
                let _ = match (bit_offset, empty) {
                    (None, true) => write!(out, "an empty {}-byte piece", size_in_bits / 8),
                    (None, false) => write!(out, " [{}-byte piece]", size_in_bits / 8),
                    (Some(_), true) => write!(out, "an empty {size_in_bits}-bit piece"),
                    (Some(offset), false) => write!(out, " [{size_in_bits}-bit piece, offset {offset} bits]"),
                };
            }
            at += len;
        }
    }

    /// The operation at an offset, and its length.
    fn operation(&self, all: &'a [u8], at: usize) -> Option<(Operation<Slice<'a>>, usize)> {
        let mut reader = Slice::new(all.get(at..)?, gimli::LittleEndian);
        let before = reader.slice().len();
        let operation = Operation::parse(&mut reader, self.unit.encoding()).ok()?;
        Some((operation, before - reader.slice().len()))
    }

    /// A piece that gdb has words for; the number of bytes described.
    fn describe_simple(&self, out: &mut String, rest: &'a [u8], around: &Surroundings<'_>) -> Option<usize> {
        let (operation, len) = self.operation(rest, 0)?;
        let ends = |at: usize| {
            rest.get(at).is_none_or(|&op| matches!(gimli::DwOp(op), dw::DW_OP_piece | dw::DW_OP_bit_piece))
        };
        match operation {
            Operation::Register { register } => {
                let _ = write!(out, "a variable in ${}", register_name(around.machine, register.0));
                Some(len)
            }
            Operation::FrameOffset { offset } if ends(len) => {
                let (register, base) = self.simple_frame_base(around)?;
                let register = register_name(around.machine, register);
                let _ = write!(out, "a variable at frame base reg ${register} offset {base}+{offset}");
                Some(len)
            }
            Operation::UnsignedConstant { value } => {
                let literal =
                    rest.first().is_some_and(|&op| (dw::DW_OP_lit0.0..=dw::DW_OP_lit31.0).contains(&op));
                let stack_value = rest.get(1) == Some(&dw::DW_OP_stack_value.0);
                if !literal || !stack_value {
                    return None;
                }
                let _ = write!(out, "the constant {value}");
                Some(2)
            }
            _ => None,
        }
    }

    /// The frame base of a function when it is a register, with or without an offset.
    fn simple_frame_base(&self, around: &Surroundings<'_>) -> Option<(u16, i64)> {
        let die = self.die_of_key(around.function?)?;
        let expression = match die.attr_value(dw::DW_AT_frame_base)? {
            AttributeValue::Exprloc(expression) => expression,
            AttributeValue::Block(block) => Expression(block),
            value => {
                let list = self.dwarf.attr_locations_offset(&self.unit, value).ok()??;
                self.expression_at(list.0, around.pc?)?
            }
        };
        let mut operations = expression.operations(self.unit.encoding());
        match (operations.next().ok()??, operations.next().ok()?) {
            (Operation::RegisterOffset { register, offset, base_type }, None) if base_type.0 == 0 => {
                Some((register.0, offset))
            }
            (Operation::Register { register }, None) => Some((register.0, 0)),
            _ => None,
        }
    }

    /// gdb's `disassemble_dwarf_expression`, up to a piece operation; offsets count from `base`. Returns where it stopped.
    fn disassemble(
        &self,
        out: &mut String,
        all: &'a [u8],
        base: usize,
        part: Range<usize>,
        indent: usize,
        around: &Surroundings<'_>,
    ) -> usize {
        let mut at = part.start;
        while at < part.end {
            let Some(&opcode) = all.get(at) else { break };
            let op = gimli::DwOp(opcode);
            if matches!(op, dw::DW_OP_piece | dw::DW_OP_bit_piece) {
                break;
            }
            let Some((operation, len)) = self.operation(all, at) else { return all.len() };
            let name = op.static_string().unwrap_or("DW_OP_<unknown>");
            let _ = write!(out, "  {:>width$}: {name}", at - base, width = indent + 4);
            let next = at + len;
            if let Operation::EntryValue { expression } = operation {
                out.push('\n');
                // The nested expression is the last part of the operation.
                if indent < 32 {
                    let start = next.saturating_sub(expression.slice().len());
                    self.disassemble(out, all, base, start..next, indent + 2, around);
                }
                at = next;
                continue;
            }
            self.operands(out, op, &operation, next - base, around);
            out.push('\n');
            at = next;
        }
        at
    }

    fn operands(
        &self,
        out: &mut String,
        op: gimli::DwOp,
        operation: &Operation<Slice<'a>>,
        next: usize,
        around: &Surroundings<'_>,
    ) {
        let register = |register: gimli::Register| register_name(around.machine, register.0);
        let literal = (dw::DW_OP_lit0.0..=dw::DW_OP_lit31.0).contains(&op.0);
        let short_register = (dw::DW_OP_reg0.0..=dw::DW_OP_reg31.0).contains(&op.0);
        let short_base = (dw::DW_OP_breg0.0..=dw::DW_OP_breg31.0).contains(&op.0);
        let _ = match *operation {
            Operation::Address { address } => write!(out, " {address:#x}"),
            Operation::UnsignedConstant { value } if !literal => write!(out, " {value}"),
            Operation::SignedConstant { value } => write!(out, " {value}"),
            Operation::Register { register: r } if short_register => write!(out, " [${}]", register(r)),
            Operation::Register { register: r } => write!(out, " {} [${}]", r.0, register(r)),
            Operation::ImplicitValue { ref data } => write!(out, " {}", data.slice().len()),
            Operation::RegisterOffset { register: r, offset, base_type } if base_type.0 == 0 => {
                if short_base {
                    write!(out, " {offset} [${}]", register(r))
                } else {
                    write!(out, " register {} [${}] offset {offset}", r.0, register(r))
                }
            }
            Operation::RegisterOffset { register: r, base_type, .. } => {
                write!(out, "<{}> [${}]", self.type_label(base_type.0), register(r))
            }
            Operation::FrameOffset { offset } => write!(out, " {offset}"),
            Operation::Deref { size, base_type, .. } if base_type.0 != 0 => {
                write!(out, "<{}> {size}-byte", self.type_label(base_type.0))
            }
            Operation::Deref { size, .. } if op != dw::DW_OP_deref && op != dw::DW_OP_xderef => {
                write!(out, " {size}")
            }
            Operation::Pick { index } if op == dw::DW_OP_pick => write!(out, " {index}"),
            Operation::PlusConstant { value } => write!(out, " {value}"),
            Operation::Skip { target } => write!(out, " to {}", next as i64 + i64::from(target)),
            Operation::Bra { target } => write!(out, " {}", next as i64 + i64::from(target)),
            Operation::Call { offset } => match offset {
                gimli::DieReference::UnitRef(offset) => write!(out, " offset {:x}", offset.0),
                gimli::DieReference::DebugInfoRef(offset) => write!(out, " offset {:x}", offset.0),
            },
            Operation::ImplicitPointer { value, byte_offset } => {
                write!(out, " DIE {:x} offset {byte_offset}", value.0)
            }
            Operation::TypedLiteral { base_type, ref value } => {
                let _ = write!(out, "<{}> {}-byte block:", self.type_label(base_type.0), value.slice().len());
                value.slice().iter().try_for_each(|byte| write!(out, " {byte:02x}"))
            }
            Operation::Convert { base_type } | Operation::Reinterpret { base_type } => match base_type.0 {
                0 => write!(out, "<0>"),
                offset => write!(out, "<{}>", self.type_label(offset)),
            },
            Operation::ParameterRef { offset } => write!(out, " offset {:x}", offset.0),
            Operation::AddressIndex { index } | Operation::ConstantIndex { index } => {
                write!(out, " {:#x}", self.dwarf.address(&self.unit, index).unwrap_or(0))
            }
            _ => Ok(()),
        };
    }

    /// `long [0x1234]`.
    fn type_label(&self, offset: usize) -> String {
        let ty = self.info.resolve(self.key_at(gimli::UnitOffset(offset)));
        format!("{} [{offset:#x}]", ty.name().unwrap_or("void"))
    }
}

/// gdb's name of a DWARF register.
fn register_name(machine: u16, number: u16) -> String {
    // System V psABI for x86-64, figure 3.36.
    const X86_64: [&str; 17] = [
        "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
        "r14", "r15", "rip",
    ];
    if machine == object::elf::EM_X86_64.0 {
        return match number {
            17..=32 => format!("xmm{}", number - 17),
            33..=40 => format!("st{}", number - 33),
            41..=48 => format!("mm{}", number - 41),
            49 => "eflags".into(),
            50 => "es".into(),
            51 => "cs".into(),
            52 => "ss".into(),
            53 => "ds".into(),
            54 => "fs".into(),
            55 => "gs".into(),
            _ => X86_64.get(usize::from(number)).map_or_else(|| format!("r{number}"), |name| (*name).into()),
        };
    }
    if machine == object::elf::EM_AARCH64.0 {
        return match number {
            0..=30 => format!("x{number}"),
            31 => "sp".into(),
            64..=95 => format!("v{}", number - 64),
            _ => format!("r{number}"),
        };
    }
    format!("r{number}")
}
