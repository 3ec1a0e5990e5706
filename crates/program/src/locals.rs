//! Values of variables in frames: DWARF locations turned into values, entry values from the caller's call site.

use crate::{Frame, Program};
use kdive_base::ReadMemory;
use kdive_symbols::{EntryValue, EvalContext, Located, LocationError, Storage, Variable};
use kdive_types::{Encoding, Piece, PieceSource, Type, Value, ValueError};
use kdive_unwind::RegisterError;
use std::rc::Rc;
use std::sync::Arc;

/// What a location expression may ask of one frame.
struct FrameEval<'a> {
    program: &'a Program,
    real: Option<Rc<kdive_unwind::Frame>>,
    /// Entry values ask the caller, whose own values may ask its caller: bounded.
    depth: usize,
}

/// Longest chain of entry values that is followed.
const MAX_ENTRY_DEPTH: usize = 16;

impl EvalContext for FrameEval<'_> {
    fn memory(&self) -> &dyn ReadMemory {
        self.program
    }

    fn register(&self, dwarf_number: u16) -> Result<u64, LocationError> {
        let real = self.real.as_ref().ok_or(LocationError::NoFrame)?;
        real.registers.read(dwarf_number, self.program).map_err(|error| match error {
            RegisterError::Memory(fault) => LocationError::Fault(fault),
            RegisterError::NotSaved | RegisterError::Unavailable => {
                LocationError::RegisterNotSaved(dwarf_number)
            }
        })
    }

    fn cfa(&self) -> Result<u64, LocationError> {
        let real = self.real.as_ref().ok_or(LocationError::NoFrame)?;
        real.cfa().map(|cfa| cfa.0).ok_or(LocationError::NoFrame)
    }

    fn entry_value(&self, what: EntryValue) -> Result<u64, LocationError> {
        let real = self.real.as_ref().ok_or(LocationError::NoFrame)?;
        if self.depth >= MAX_ENTRY_DEPTH {
            return Err(LocationError::NoEntryValue);
        }
        let caller = self.program.real_frame_at(real.level + 1).ok_or(LocationError::NoEntryValue)?;
        let function =
            self.program.modules.function_at(caller.lookup_pc).ok_or(LocationError::NoEntryValue)?;
        let site = function.call_site(caller.pc).ok_or(LocationError::NoEntryValue)?;
        // A call that went elsewhere (a tail call in between) says nothing about this function's arguments.
        let callee = self.program.modules.function_at(real.lookup_pc).map(|function| function.entry());
        // Nor does an indirect call, whose callee may have jumped on to this function.
        let target = self.program.callee_entry(&site);
        if target.is_none() || target != callee {
            return Err(LocationError::NoEntryValue);
        }
        let param = site.params.iter().find(|param| param.what == what).ok_or(LocationError::NoEntryValue)?;
        param.value(&FrameEval { program: self.program, real: Some(caller), depth: self.depth + 1 })
    }
}

impl Program {
    /// The value of a variable as `frame` has it; unread, where it has a place.
    ///
    /// # Errors
    /// Why it cannot be located. A value that is optimized out is a value.
    pub fn variable_value(&self, variable: &Variable, frame: Option<&Frame>) -> Result<Value, ValueError> {
        let ty = self.modules.complete(&variable.ty());
        if let Some(addr) = variable.static_address() {
            return Ok(Value::at(ty, addr));
        }
        let eval = FrameEval { program: self, real: frame.map(|frame| Rc::clone(&frame.real)), depth: 0 };
        let pc = frame.map(|frame| frame.real.lookup_pc);
        match variable.locate(pc, &eval) {
            Ok(located) => self.located_value(ty, &located, frame, variable, 0),
            Err(LocationError::NoEntryValue) => Ok(Value::optimized_out(ty)),
            Err(LocationError::Fault(fault)) => Err(fault.into()),
            Err(error) => Err(ValueError::other(error.to_string())),
        }
    }

    fn located_value(
        &self,
        ty: Type,
        located: &Located,
        frame: Option<&Frame>,
        variable: &Variable,
        depth: usize,
    ) -> Result<Value, ValueError> {
        let real_level = frame.map_or(0, |frame| frame.real.level);
        let no_register = || ValueError::other("No frame selected.");
        match located.single() {
            Some(Storage::Memory(addr)) => return Ok(Value::at(ty, *addr)),
            Some(Storage::Register(number)) => {
                return self.dwarf_register_value(ty, real_level, *number).ok_or_else(no_register);
            }
            Some(Storage::Value(bytes)) => {
                let size = ty.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(bytes.len());
                let mut bytes = bytes.clone();
                bytes.resize(size.min(1 << 16), 0);
                return Ok(Value::from_bytes(ty, bytes));
            }
            Some(Storage::OptimizedOut) => return Ok(Value::optimized_out(ty)),
            Some(Storage::ImplicitPointer { .. }) | None => {}
        }
        let whole = ty.size().unwrap_or(0).saturating_mul(8);
        let frame_id = self.value_frame(real_level);
        let registers = self.registers();
        let mut pieces = Vec::with_capacity(located.pieces.len());
        for piece in &located.pieces {
            let source = match &piece.storage {
                Storage::Memory(addr) => PieceSource::Memory(*addr),
                Storage::Register(number) => {
                    let layout = registers.as_ref().map(|registers| registers.layout());
                    match layout.and_then(|layout| layout.index_of_dwarf(*number)) {
                        Some(index) => PieceSource::Register(frame_id, kdive_types::RegisterId(index as u32)),
                        None => return Err(no_register()),
                    }
                }
                Storage::Value(bytes) => PieceSource::Literal(bytes.clone().into()),
                Storage::ImplicitPointer { key, offset } => {
                    let target = self.implicit_target(*key, frame, variable, depth);
                    PieceSource::ImplicitPointer { target: Arc::new(target), offset: *offset }
                }
                Storage::OptimizedOut => PieceSource::OptimizedOut,
            };
            let bit_size = piece.bit_size.unwrap_or(whole);
            pieces.push(Piece { bit_size, bit_offset: piece.bit_offset, source });
        }
        Ok(Value::pieces(ty, pieces))
    }

    /// What a pointer without an address points to. It may be gone: the error comes when it is read.
    fn implicit_target(&self, key: u64, frame: Option<&Frame>, from: &Variable, depth: usize) -> Value {
        let Some(target) = self.modules.variable_by_key(from.module().id(), key) else {
            return Value::optimized_out(Type::void());
        };
        let ty = self.modules.complete(&target.ty());
        if let Some(addr) = target.static_address() {
            return Value::at(ty, addr);
        }
        let eval = FrameEval { program: self, real: frame.map(|frame| Rc::clone(&frame.real)), depth: 0 };
        let value = || {
            let located = target.locate(frame.map(|frame| frame.real.lookup_pc), &eval).ok()?;
            if let (true, Some(Storage::Value(bytes))) = (ty.is_void(), located.single()) {
                let text = Type::base("char", 1, Encoding::SignedChar).array_of(Some(bytes.len() as u64));
                return Some(Value::from_bytes(text, bytes.clone()));
            }
            self.located_value(ty.clone(), &located, frame, &target, depth + 1).ok()
        };
        let value = if depth < MAX_ENTRY_DEPTH { value() } else { None };
        value.unwrap_or_else(|| Value::optimized_out(ty))
    }

    /// The value a parameter had when the function of `frame` was called, from the caller's debug information
    /// (gdb's `NAME@entry`). `None` when the caller does not tell.
    #[must_use]
    pub fn entry_value(&self, variable: &Variable, frame: &Frame) -> Option<Value> {
        let eval = FrameEval { program: self, real: Some(Rc::clone(&frame.real)), depth: 0 };
        // Where it was at the first instruction decides which argument of the call it is.
        let entry = frame.scope.as_ref()?.entry();
        let located = variable.locate(Some(entry), &eval).ok()?;
        let Some(Storage::Register(number)) = located.single() else { return None };
        let value = eval.entry_value(EntryValue::Register(*number)).ok()?;
        let ty = variable.ty();
        let size = usize::try_from(ty.size()?).ok().filter(|&size| size <= 8)?;
        Some(Value::from_bytes(ty, value.to_le_bytes().get(..size)?.to_vec()))
    }
}
