//! Calls of the program's own functions: what an expression wants called, and how a call is made and undone.
//!
//! An expression cannot run anything. It ends with [`ExprError::Call`] where it needs the result of a function; the caller has
//! the function called and evaluates it again, the results of the calls so far being at hand. What has been stored on the way is not
//! stored a second time.
//!
//! A call leaves its mark on the stack until it returns, or for as long as the program stands somewhere within: the frame from which it
//! was made, whose caller is what stood there before.

use crate::returned::shape;
use crate::{Machine, Program};
use kdive_arch::abi::{self, Place, Shape};
use kdive_arch::{Arch, CpuMode, RawWrite, RegisterFile};
use kdive_base::VirtAddr;
use kdive_expr::{Context, ExprError, Result};
use kdive_types::{Encoding, Function, Kind, Type, Value};
use kdive_unwind::{Location, RegisterSet};

/// Bytes below the stack pointer that belong to the function (psABI of x86-64, 3.2.2). The kernel has none, and loses nothing.
const RED_ZONE: u64 = 128;

/// Alignment of the stack at a call.
const STACK_ALIGNMENT: u64 = 16;

/// Most bytes of arguments and result on the stack: that of a kernel is small.
const MOST_ON_STACK: u64 = 4096;

/// What an evaluation has had called and stored so far.
#[derive(Default, Debug)]
pub struct Evaluation {
    results: Vec<Value>,
    stored: Vec<Value>,
    next_result: usize,
    next_stored: usize,
    wanted: Option<(Value, Vec<Value>)>,
    warnings: usize,
    /// How many calls were open when it began, which others wait for: a dprintf on the way of a call evaluates too.
    below: usize,
    /// Bytes below the stack pointer that values of the debugger's take.
    reserved: u64,
}

/// A function that was called and has not returned.
#[derive(Debug)]
struct Open {
    /// Where it returns to, and the stack pointer there.
    at: (VirtAddr, VirtAddr),
    /// Every register that is put back.
    registers: Vec<RawWrite>,
    before: RegisterSet,
    selected: usize,
    hidden: usize,
    result: Type,
    /// Where a result in memory is put.
    result_at: VirtAddr,
    /// Whether an evaluation waits for the result.
    awaited: bool,
}

/// The calls of a program.
#[derive(Default, Debug)]
pub(crate) struct Calls {
    open: Vec<Open>,
    evaluation: Option<Evaluation>,
}

impl Program {
    /// From here on, until [`Program::end_evaluation`] with what this gives back, expressions may call functions.
    #[must_use]
    pub fn begin_evaluation(&self) -> Option<Evaluation> {
        let warnings = self.warnings.borrow().len();
        let mut calls = self.calls.borrow_mut();
        let below = calls.open.len();
        calls.evaluation.replace(Evaluation { warnings, below, ..Evaluation::default() })
    }

    /// The evaluation is over.
    pub fn end_evaluation(&self, outer: Option<Evaluation>) {
        let mut calls = self.calls.borrow_mut();
        let below = std::mem::replace(&mut calls.evaluation, outer).map_or(0, |ended| ended.below);
        calls.open.iter_mut().skip(below).for_each(|open| open.awaited = false);
    }

    /// Whether something is being evaluated that may call functions.
    #[must_use]
    pub fn is_evaluating(&self) -> bool {
        self.calls.borrow().evaluation.is_some()
    }

    /// The expression is evaluated from its start again.
    pub fn evaluate_again(&self) {
        if let Some(evaluation) = &mut self.calls.borrow_mut().evaluation {
            evaluation.next_result = 0;
            evaluation.next_stored = 0;
            evaluation.reserved = 0;
            self.warnings.borrow_mut().truncate(evaluation.warnings);
        }
    }

    /// The name of the function an expression waits for, as messages have it.
    #[must_use]
    pub fn wanted_function(&self) -> Option<String> {
        let calls = self.calls.borrow();
        let (function, _) = calls.evaluation.as_ref()?.wanted.as_ref()?;
        let addr = self.address_of(function)?;
        Some(match self.modules.symbol_at(addr) {
            Some(symbol) if symbol.addr == addr => symbol.name.to_string(),
            _ => format!("at {addr}"),
        })
    }

    /// Puts registers and stack to where the function begins that the expression waits for. It returns to a place that is not among
    /// `taken`, where the user has breakpoints.
    ///
    /// # Errors
    /// One line: nothing was changed then, or has been changed back.
    pub fn begin_call(&self, taken: &[VirtAddr]) -> Result<()> {
        let wanted =
            self.calls.borrow_mut().evaluation.as_mut().and_then(|evaluation| evaluation.wanted.take());
        let (Some((function, args)), Some(machine)) = (wanted, &self.machine) else {
            return Err(ExprError::msg("You can't do that without a process to debug."));
        };
        if machine.is_off_cpu() {
            return Err(ExprError::msg(
                "Nothing can be called from here: no CPU stands here. \"thread N\" goes back to one.",
            ));
        }
        let registers = machine.registers().map_err(ExprError::msg)?;
        if registers.layout().arch() != Arch::X86_64
            || self.cpu_state().is_none_or(|state| state.mode != CpuMode::Long)
        {
            return Err(ExprError::msg("kdive calls functions on x86-64 in long mode only."));
        }
        let addr = self
            .address_of(&function)
            .ok_or_else(|| ExprError::msg("Invalid data type for function to be called."))?;
        let result = self.result_type(&function);
        let made = self.make_call(&**machine, &registers, addr, &result, &args, taken)?;
        let open = Open {
            at: made.at,
            registers: kept(&registers),
            before: before(&registers),
            selected: self.selected.get(),
            hidden: self.hidden.get(),
            result,
            result_at: made.result_at,
            awaited: true,
        };
        if let Err(error) = write_registers(&**machine, &made.registers) {
            // Some may have been written.
            let _ = write_registers(&**machine, &open.registers);
            self.invalidate();
            return Err(ExprError::msg(error));
        }
        self.calls.borrow_mut().open.push(open);
        self.hidden.set(0);
        self.invalidate();
        Ok(())
    }

    /// Where functions that were called return to.
    #[must_use]
    pub fn call_returns(&self) -> Vec<VirtAddr> {
        self.calls.borrow().open.iter().map(|open| open.at.0).collect()
    }

    /// Whether a function that was called has just returned.
    #[must_use]
    pub fn has_returned(&self) -> bool {
        self.returned_call().is_some()
    }

    fn returned_call(&self) -> Option<usize> {
        let registers = self.registers()?;
        let at = (VirtAddr(registers.by_name("rip")?), VirtAddr(registers.by_name("rsp")?));
        self.calls.borrow().open.iter().rposition(|open| open.at == at)
    }

    /// A function that was called has returned: its result goes to the evaluation that waits for it, and everything is as before the
    /// call, the memory it has written aside.
    ///
    /// # Errors
    /// One line: a register that could not be written.
    pub fn end_call(&self) -> std::result::Result<(), String> {
        let Some(index) = self.returned_call() else { return Ok(()) };
        // Those above were called from within this one, and are not waited for any more.
        let ended = self.calls.borrow_mut().open.drain(index..).next();
        let Some(open) = ended else { return Ok(()) };
        if open.awaited {
            let value = self.result_of(&open);
            if let Some(evaluation) = &mut self.calls.borrow_mut().evaluation {
                evaluation.results.push(value);
            }
        }
        self.put_back(&open)
    }

    /// Undoes the last call wherever it has come to (`set unwindonsignal on`).
    ///
    /// # Errors
    /// As [`Program::end_call`].
    pub fn undo_call(&self) -> std::result::Result<(), String> {
        let last = self.calls.borrow_mut().open.pop();
        last.map_or(Ok(()), |open| self.put_back(&open))
    }

    /// The target is gone, and what was called with it.
    pub(crate) fn forget_calls(&self) {
        self.calls.borrow_mut().open.clear();
    }

    /// The registers before the call that returns to `pc` with this stack pointer.
    pub(crate) fn registers_before_call(&self, pc: VirtAddr, sp: VirtAddr) -> Option<RegisterSet> {
        let calls = self.calls.borrow();
        calls.open.iter().find(|open| open.at == (pc, sp)).map(|open| open.before.clone())
    }

    /// The result of a call an expression makes.
    pub(crate) fn called(&self, function: &Value, args: &[Value]) -> Result<Value> {
        let mut calls = self.calls.borrow_mut();
        let Some(evaluation) = &mut calls.evaluation else {
            return Err(ExprError::msg(
                "kdive calls functions for commands and displays, not for conditions, watchpoints and what else is evaluated while the program runs.",
            ));
        };
        let result = evaluation.results.get(evaluation.next_result).cloned();
        evaluation.next_result += 1;
        result.ok_or_else(|| {
            evaluation.wanted = Some((function.clone(), args.to_vec()));
            ExprError::Call
        })
    }

    /// Room in the program for a value of the debugger's, by the program's own `malloc`.
    pub(crate) fn allocated(&self, bytes: &[u8]) -> Result<VirtAddr> {
        if self.machine.is_none() {
            return Err(ExprError::msg(
                "evaluation of this expression requires the target program to be active",
            ));
        }
        let Some(malloc) = self.modules.symbol_address("malloc") else { return self.on_stack(bytes) };
        let unsigned = Type::base("unsigned long", 8, Encoding::Unsigned);
        let function = Function {
            ret: Type::void().pointer_of_size(8).into(),
            params: Vec::new(),
            variadic: false,
            prototyped: false,
        };
        let size = Value::from_bytes(unsigned, (bytes.len() as u64).to_le_bytes().to_vec());
        let room = self.called(&Value::at(Type::derived(Kind::Function(function)), malloc), &[size])?;
        let addr = room.bytes(self)?.get(..8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
        let Some(addr @ 1..) = addr else {
            return Err(ExprError::msg("No memory available to program: call to malloc failed"));
        };
        if self.stored_before().is_none() {
            if let Some(machine) = &self.machine {
                machine.write(VirtAddr(addr), bytes)?;
            }
            self.note_stored(&room);
        }
        Ok(VirtAddr(addr))
    }

    /// Room on the stack, for as long as the evaluation takes: a kernel has no `malloc`.
    fn on_stack(&self, bytes: &[u8]) -> Result<VirtAddr> {
        let lost = || ExprError::msg("The program has no registers now.");
        let machine = self.machine.as_ref().ok_or_else(lost)?;
        let sp = self.registers().and_then(|registers| registers.by_name("rsp")).ok_or_else(lost)?;
        let mut calls = self.calls.borrow_mut();
        let Some(evaluation) = calls.evaluation.as_mut().filter(|_| !machine.is_off_cpu()) else {
            return Err(ExprError::msg(
                "evaluation of this expression requires the program to have a function \"malloc\".",
            ));
        };
        let reserved =
            evaluation.reserved.saturating_add(bytes.len() as u64).next_multiple_of(STACK_ALIGNMENT);
        if reserved > MOST_ON_STACK {
            return Err(ExprError::msg(format!(
                "There is no room for more than {MOST_ON_STACK} bytes on the stack."
            )));
        }
        evaluation.reserved = reserved;
        let addr = VirtAddr(align_down(sp.wrapping_sub(RED_ZONE)).wrapping_sub(reserved));
        machine.write(addr, bytes)?;
        Ok(addr)
    }

    /// What the next store of this evaluation has stored already.
    pub(crate) fn stored_before(&self) -> Option<Value> {
        let mut calls = self.calls.borrow_mut();
        let evaluation = calls.evaluation.as_mut()?;
        let stored = evaluation.stored.get(evaluation.next_stored).cloned();
        evaluation.next_stored += usize::from(stored.is_some());
        stored
    }

    /// Keeps in mind what was stored.
    pub(crate) fn note_stored(&self, value: &Value) {
        if let Some(evaluation) = &mut self.calls.borrow_mut().evaluation {
            evaluation.stored.push(value.clone());
            evaluation.next_stored = evaluation.stored.len();
        }
    }

    /// Where a function begins: by itself, or by a pointer to it or a number.
    fn address_of(&self, function: &Value) -> Option<VirtAddr> {
        if function.ty().strip().is_function() {
            return function.address();
        }
        let mut bytes = function.bytes(self).ok()?.to_vec();
        bytes.resize(8, 0);
        Some(VirtAddr(u64::from_le_bytes(bytes.try_into().ok()?)))
    }

    fn result_type(&self, function: &Value) -> Type {
        let ty = function.ty().strip();
        let ty = match ty.kind() {
            Kind::Pointer(target) => target.get().strip(),
            _ => ty,
        };
        match ty.kind() {
            Kind::Function(function) => {
                let result = function.ret.get();
                Context::complete(self, &result).unwrap_or(result)
            }
            _ => Type::base("int", 4, Encoding::Signed),
        }
    }

    /// Somewhere in executable memory without a breakpoint: the entry point of a program, which has run long ago, or the
    /// beginning of the function at hand, whose own calls have another stack pointer. The stack where there is neither.
    fn place_to_return_to(&self, pc: VirtAddr, sp: VirtAddr, taken: &[VirtAddr]) -> VirtAddr {
        let program = self.modules.modules().first().filter(|main| !main.is_kernel());
        let entry = program.and_then(|_| self.modules.symbol_address("_start"));
        let function = self.modules.function_at(pc).map(|function| function.entry());
        let symbol = self.modules.symbol_at(pc).map(|symbol| symbol.addr);
        let is_free = |at: &VirtAddr| !taken.contains(at) && *at != pc;
        [entry, function, symbol].into_iter().flatten().find(is_free).unwrap_or(sp)
    }

    /// Writes the stack, and says what the registers are to be.
    fn make_call(
        &self,
        machine: &dyn Machine,
        registers: &RegisterFile,
        function: VirtAddr,
        result: &Type,
        args: &[Value],
        taken: &[VirtAddr],
    ) -> Result<Made> {
        let incomplete = || ExprError::msg("The type of an argument or of the result is not known.");
        let result_shape = shape(result).ok_or_else(incomplete)?;
        let shapes =
            args.iter().map(|arg| shape(arg.ty()).ok_or_else(incomplete)).collect::<Result<Vec<_>>>()?;
        let arch = registers.layout().arch();
        let lost = || ExprError::msg("The program has no registers now.");
        let (pc, top) = registers.by_name("rip").zip(registers.by_name("rsp")).ok_or_else(lost)?;
        let reserved = self.calls.borrow().evaluation.as_ref().map_or(0, |evaluation| evaluation.reserved);
        let mut sp = align_down(top.wrapping_sub(RED_ZONE)).wrapping_sub(reserved);
        let mut file = registers.clone();
        let mut result_at = VirtAddr(0);
        if let Place::Memory(_) = abi::return_place(arch, &result_shape) {
            sp = align_down(sp.wrapping_sub(result.size().unwrap_or(0)));
            result_at = VirtAddr(sp);
            file.set_by_name("rdi", sp);
        }
        let mut on_stack: Vec<(u64, &[u8])> = Vec::new();
        let mut used = 0u64;
        let mut vectors = 0;
        for ((place, shape), arg) in
            abi::argument_places(arch, &result_shape, &shapes).iter().zip(&shapes).zip(args)
        {
            let bytes = arg.bytes(self)?;
            match place {
                Place::Nothing => {}
                Place::Memory(_) => {
                    used = used.next_multiple_of(alignment(shape));
                    on_stack.push((used, bytes));
                    used = used.saturating_add((bytes.len() as u64).next_multiple_of(8));
                }
                Place::Registers(parts) => {
                    for part in parts {
                        let range = part.offset as usize..(part.offset + part.size) as usize;
                        let part_bytes = bytes.get(range).ok_or_else(incomplete)?;
                        set_low(&mut file, part.register, part_bytes).ok_or_else(|| {
                            ExprError::msg(format!(
                                "The target has no register {} for an argument.",
                                part.register
                            ))
                        })?;
                        vectors += u64::from(!part.register.starts_with('r'));
                    }
                }
            }
        }
        if used.saturating_add(top.wrapping_sub(sp)) > MOST_ON_STACK {
            return Err(ExprError::msg(format!(
                "Arguments and result take more than {MOST_ON_STACK} bytes of stack."
            )));
        }
        sp = align_down(sp.wrapping_sub(used));
        let at = self.place_to_return_to(VirtAddr(pc), VirtAddr(sp.wrapping_sub(8)), taken);
        for (offset, bytes) in on_stack {
            machine.write(VirtAddr(sp.wrapping_add(offset)), bytes)?;
        }
        machine.write(VirtAddr(sp.wrapping_sub(8)), &at.0.to_le_bytes())?;
        // What a function without a prototype or with `...` goes by: how many vector registers have arguments.
        file.set_by_name("rax", vectors);
        file.set_by_name("rsp", sp.wrapping_sub(8));
        file.set_by_name("rip", function.0);
        // A system call that is being interrupted is not to be made again with the function's registers.
        file.set_by_name("orig_rax", u64::MAX);
        let changed = (0..file.layout().registers().len())
            .filter(|&index| file.raw(index) != registers.raw(index))
            .filter_map(|index| raw_write(&file, index))
            .collect();
        Ok(Made { at: (at, VirtAddr(sp)), result_at, registers: changed })
    }

    /// The value a function has just returned, with its contents: the registers will be gone.
    fn result_of(&self, open: &Open) -> Value {
        let ty = open.result.clone();
        if ty.strip().is_void() {
            return Value::from_bytes(ty, Vec::new());
        }
        let value = if self.returns_in_memory(&ty) {
            Value::at(ty.clone(), open.result_at)
        } else {
            self.returned_value(&ty).unwrap_or_else(|| Value::from_bytes(ty.clone(), Vec::new()))
        };
        value.without_place(self)
    }

    fn put_back(&self, open: &Open) -> std::result::Result<(), String> {
        let machine = self.machine.as_ref().ok_or("The program has no registers now.")?;
        let now = machine.registers()?;
        let changed: Vec<_> = open
            .registers
            .iter()
            .filter(|write| now.raw(write.index) != Some(&write.bytes[..]))
            .cloned()
            .collect();
        let result = write_registers(&**machine, &changed);
        self.hidden.set(open.hidden);
        self.invalidate();
        self.selected.set(open.selected);
        result
    }
}

/// How a call begins.
struct Made {
    at: (VirtAddr, VirtAddr),
    result_at: VirtAddr,
    registers: Vec<RawWrite>,
}

fn align_down(sp: u64) -> u64 {
    sp & !(STACK_ALIGNMENT - 1)
}

/// Alignment of an argument on the stack (psABI 3.2.3, "Passing", step 1, and figure 3.1).
fn alignment(shape: &Shape) -> u64 {
    match shape {
        Shape::X87 | Shape::ComplexX87 => 16,
        Shape::Vector(size) => (*size).clamp(8, 64).next_power_of_two(),
        Shape::Integer(size) | Shape::Float(size) if *size > 8 => 16,
        Shape::Aggregate { members, .. } => {
            members.iter().map(|member| alignment(&member.shape)).max().unwrap_or(8)
        }
        _ => 8,
    }
}

/// Puts bytes into the low end of a register, the rest of it being zero.
fn set_low(file: &mut RegisterFile, name: &str, bytes: &[u8]) -> Option<()> {
    let index = file.layout().index_of(name)?;
    let mut all = vec![0; file.layout().registers().get(index)?.size()];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    file.set_raw(index, &all).ok()
}

fn raw_write(file: &RegisterFile, index: usize) -> Option<RawWrite> {
    let regnum = file.layout().registers().get(index)?.regnum;
    Some(RawWrite { index, regnum, bytes: file.raw(index)?.to_vec() })
}

/// Every register that a function may change. What belongs to the CPU stays: a task may come back on another one.
fn kept(registers: &RegisterFile) -> Vec<RawWrite> {
    let is_of_the_cpu = |name: &str| {
        matches!(name, "cs" | "ss" | "ds" | "es" | "fs" | "gs" | "efer")
            || name.ends_with("_base")
            || name.strip_prefix("cr").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let described = registers.layout().registers();
    (0..described.len())
        .filter(|&index| described.get(index).is_some_and(|register| !is_of_the_cpu(&register.name)))
        .filter_map(|index| raw_write(registers, index))
        .collect()
}

/// The registers as a frame has them.
fn before(registers: &RegisterFile) -> RegisterSet {
    let arch = registers.layout().arch();
    let mut set = RegisterSet::default();
    for (index, register) in registers.layout().registers().iter().enumerate() {
        if let (Some(number), Some(value)) = (arch.dwarf_number(&register.name), registers.get(index)) {
            set.set(number, Location::Value(value));
        }
    }
    set
}

fn write_registers(machine: &dyn Machine, writes: &[RawWrite]) -> std::result::Result<(), String> {
    writes.iter().try_for_each(|write| machine.write_register(write))
}
