//! `x/NFU`: memory, unit by unit.

use crate::builtin::builtin;
use crate::context::Context;
use crate::error::{ExprError, Result};
use crate::eval::from_int;
use crate::format::{Format, FormatSpec, UnitSize};
use crate::print::{print_address, print_scalar, print_string_at};
use crate::settings::PrintOptions;
use kdive_base::VirtAddr;
use kdive_types::{Out, Type, Value};

/// What `x` and `print/FMT` remember from one command to the next. One per session.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Examine {
    format: Option<Format>,
    size: Option<UnitSize>,
    /// The size was left open by `x/a`: that of an address.
    count: i64,
    next: Option<VirtAddr>,
}

/// Decodes instructions for `x/i`. Knows the program counter.
pub trait Instructions {
    /// Appends the text of the instruction at an address; gives its length in bytes, at least 1.
    ///
    /// # Errors
    /// When its bytes cannot be read.
    fn instruction(&self, addr: VirtAddr, out: &mut Out) -> Result<u64>;

    /// Whether the program counter of the selected frame is here: the line gets `=> ` in front.
    fn is_pc(&self, addr: VirtAddr) -> bool;

    /// The start of the instruction `count` instructions before `addr`, and how many there really are.
    ///
    /// # Errors
    /// When none can be found.
    fn backward(&self, addr: VirtAddr, count: u64) -> Result<(VirtAddr, u64)>;
}

/// What is examined, from the command line and from what the last command was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Plan {
    format: Option<Format>,
    size: Option<UnitSize>,
    count: i64,
}

/// Units on a line.
fn per_line(format: Option<Format>, size: UnitSize) -> u64 {
    match (format, size) {
        (Some(Format::String | Format::Instruction), _) => 1,
        (_, UnitSize::Word) => 4,
        (_, UnitSize::Giant) => 2,
        _ => 8,
    }
}

impl Examine {
    /// The format that `print/FMT` leaves to the next command.
    pub fn set_last_format(&mut self, format: Option<Format>) {
        self.format = format;
    }

    /// The format of the last `print/FMT` or `x/FMT`.
    #[must_use]
    pub fn last_format(&self) -> Option<Format> {
        self.format
    }

    /// Where `x` without an address goes on.
    #[must_use]
    pub fn next_address(&self) -> Option<VirtAddr> {
        self.next
    }

    /// Lets `x` without an address go on after a value that `print` or `output` showed, once there was an `x`.
    pub fn set_printed(&mut self, value: &Value) {
        if let (Some(addr), Some(_)) = (value.address(), self.next) {
            self.next = Some(addr.offset(value.ty().size().unwrap_or(0)));
        }
    }

    /// Sets where `x` without an address goes on, and `$_` with it (`info line`, `info breakpoints`).
    pub fn set_next_address(&mut self, context: &dyn Context, addr: VirtAddr) {
        self.next = Some(addr);
        context.store().set("_", from_int(&builtin().data_ptr, i128::from(addr.0)));
    }

    fn plan(&self, spec: Option<&FormatSpec>, has_address: bool) -> Plan {
        let last_size = Some(self.size.unwrap_or(UnitSize::Word));
        let Some(spec) = spec else {
            let count = if has_address || self.count <= 0 { 1 } else { self.count };
            return Plan { format: self.format.or(Some(Format::Hex)), size: last_size, count };
        };
        let (format, size) = match (spec.format, spec.size) {
            (None, None) => (self.format, last_size),
            (None, size) => {
                let instruction = self.format == Some(Format::Instruction);
                (if instruction { Some(Format::Hex) } else { self.format }, size)
            }
            (format, None) => {
                let size = match format {
                    Some(Format::Address) => Some(UnitSize::Giant),
                    Some(Format::Float) => match last_size {
                        Some(UnitSize::Word) => Some(UnitSize::Word),
                        _ => Some(UnitSize::Giant),
                    },
                    Some(Format::Char) => Some(UnitSize::Byte),
                    // Strings have no size of their own.
                    Some(Format::String) => None,
                    _ => last_size,
                };
                (format, size)
            }
            both => both,
        };
        Plan { format, size, count: spec.count.unwrap_or(1) }
    }

    /// Runs `x`. `spec` is the `/FMT`, `addr` the evaluated address; both may be missing. What could be shown before an
    /// error is in `out`; nothing is remembered of a command that failed.
    ///
    /// # Errors
    /// Memory that cannot be read, formats that do not exist, no address to start at.
    pub fn run(
        &mut self,
        context: &dyn Context,
        instructions: &dyn Instructions,
        spec: Option<&FormatSpec>,
        addr: Option<VirtAddr>,
        options: &PrintOptions,
        out: &mut Out,
    ) -> Result<()> {
        let mut plan = self.plan(spec, addr.is_some());
        if plan.format == Some(Format::Address) && spec.is_none_or(|spec| spec.size.is_none()) {
            plan.size = Some(if context.address_size() == 4 { UnitSize::Word } else { UnitSize::Giant });
        }
        self.count = plan.count;
        let start = addr
            .or(self.next)
            .ok_or_else(|| ExprError::msg("Argument required (starting display address)."))?;
        self.next = Some(start);
        let mut walk = Walk::new(context, instructions, plan, options);
        let result = walk.run(start, out);
        self.next = Some(walk.next);
        let last = walk.last.take();
        result?;
        self.size = match plan.format {
            Some(Format::String) => Some(UnitSize::Byte),
            _ => plan.size,
        };
        self.format = plan.format;
        if let Some((addr, value)) = last {
            let store = context.store();
            store.set("_", from_int(&value.ty().pointer_to(), i128::from(addr.0)));
            if value.is_lazy() { store.clear("__") } else { store.set("__", value) }
        }
        Ok(())
    }
}

struct Walk<'a> {
    context: &'a dyn Context,
    instructions: &'a dyn Instructions,
    plan: Plan,
    size: UnitSize,
    ty: Type,
    options: PrintOptions,
    next: VirtAddr,
    /// The last unit shown.
    last: Option<(VirtAddr, Value)>,
}

impl<'a> Walk<'a> {
    fn new(
        context: &'a dyn Context,
        instructions: &'a dyn Instructions,
        plan: Plan,
        options: &PrintOptions,
    ) -> Self {
        let types = builtin();
        let mut size = plan.size.unwrap_or(UnitSize::Byte);
        if plan.format == Some(Format::Instruction) {
            size = UnitSize::Byte;
        }
        let mut ty = match size {
            UnitSize::Byte => &types.int8,
            UnitSize::Half => &types.int16,
            UnitSize::Word => &types.int32,
            UnitSize::Giant => &types.int64,
        };
        if plan.format == Some(Format::String) {
            match size {
                UnitSize::Half => ty = &types.char16,
                UnitSize::Word => ty = &types.char32,
                UnitSize::Byte => {}
                UnitSize::Giant => {
                    context.warn("Unable to display strings with size 'g', using 'b' instead.");
                    (size, ty) = (UnitSize::Byte, &types.int8);
                }
            }
        }
        let options = PrintOptions { format: plan.format, ..options.clone() };
        Self { context, instructions, plan, size, ty: ty.clone(), options, next: VirtAddr(0), last: None }
    }

    fn run(&mut self, start: VirtAddr, out: &mut Out) -> Result<()> {
        self.next = start;
        let mut count = self.plan.count.unsigned_abs();
        let mut rewound = None;
        if self.plan.count < 0 {
            (self.next, count) = self.backward(start, count, out)?;
            let is_string = self.plan.format == Some(Format::String);
            let back = if is_string { self.unit() } else { 0 };
            rewound = Some(VirtAddr(self.next.0.wrapping_sub(back)));
        }
        let line = per_line(self.plan.format, self.size);
        while count > 0 {
            self.context.check_interrupt()?;
            if self.plan.format == Some(Format::Instruction) {
                out.push(if self.instructions.is_pc(self.next) { "=> " } else { "   " });
            }
            print_address(self.context, self.next, &self.options, out);
            out.push(":");
            for _ in 0..line.min(count) {
                out.push("\t");
                self.unit_at(out)?;
                count -= 1;
            }
            out.push("\n");
        }
        if let Some(rewound) = rewound {
            self.next = rewound;
        }
        Ok(())
    }

    fn unit(&self) -> u64 {
        self.ty.size().unwrap_or(1)
    }

    fn unit_at(&mut self, out: &mut Out) -> Result<()> {
        let addr = self.next;
        let value = Value::at(self.ty.clone(), addr);
        self.last = Some((addr, value.clone()));
        match self.plan.format {
            Some(Format::String) => {
                let read = print_string_at(self.context, &self.ty, addr, None, &self.options, out);
                self.next = addr.offset(read.wrapping_mul(self.unit()));
            }
            Some(Format::Instruction) => {
                let length = self.instructions.instruction(addr, out)?;
                self.next = addr.offset(length.max(1));
            }
            None => {
                self.next = addr.offset(self.unit());
                let options = PrintOptions { format: None, ..self.options.clone() };
                crate::print::print_plain(self.context, &value, &options, 0, out)?;
                self.last = Some((addr, value));
            }
            Some(_) => {
                self.next = addr.offset(self.unit());
                print_scalar(self.context, &value, &self.options, Some(self.size), out)?;
                self.last = Some((addr, value));
            }
        }
        Ok(())
    }

    fn backward(&self, addr: VirtAddr, count: u64, out: &mut Out) -> Result<(VirtAddr, u64)> {
        match self.plan.format {
            Some(Format::Instruction) => self.instructions.backward(addr, count),
            Some(Format::String) => Ok(self.strings_backward(addr, count, out)),
            _ => Ok((VirtAddr(addr.0.wrapping_sub(count.wrapping_mul(self.unit()))), count)),
        }
    }

    /// The start of the string `count` strings before `addr`, and how many there really are. Strings longer than
    /// `set print elements` count as several.
    fn strings_backward(&self, addr: VirtAddr, count: u64, out: &mut Out) -> (VirtAddr, u64) {
        let unit = self.unit();
        let most = self.options.elements.map_or(u64::MAX, u64::from);
        let mut found = 0;
        let mut chars = 0;
        let mut start = addr;
        let mut here = addr;
        let width = usize::try_from(unit).unwrap_or(1);
        // What cannot be read ends it; a whole address space of NULs would too.
        for _ in 0..MAX_BACKWARD {
            if found >= count || self.context.is_interrupted() {
                break;
            }
            here = VirtAddr(here.0.wrapping_sub(unit));
            let mut bytes = [0; 8];
            let Some(bytes) = bytes.get_mut(..width) else { break };
            if let Err(fault) = self.context.read_memory(here, bytes) {
                out.push(&format!("{fault}\n"));
                return (VirtAddr(start.0.wrapping_sub(chars * unit)), found);
            }
            if bytes.iter().all(|&byte| byte == 0) || chars == most {
                found += 1;
                start = here.offset(unit);
                chars = 0;
            }
            chars += 1;
        }
        (start, found)
    }
}

/// Most characters `x/-Ns` goes back.
const MAX_BACKWARD: u64 = 1 << 20;

#[cfg(test)]
mod tests;
