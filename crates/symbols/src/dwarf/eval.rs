//! Location descriptions evaluated in a frame.

use super::debug_info::{DebugInfo, UnitContext};
use super::units::{DieKey, Slice};
use super::variable::{Location, VariableInfo};
use crate::{EntryValue, EvalContext, Located, LocationError, Piece, Storage};
use gimli::constants as dw;
use gimli::{
    AttributeValue, DieReference, Evaluation, EvaluationResult, Expression, LocationListsOffset, Operation,
    UnitOffset, Value, ValueType,
};
use kdive_base::VirtAddr;

/// Operations one evaluation may execute.
const MAX_OPERATIONS: u32 = 10_000;
/// Most pieces a value is described in.
const MAX_PIECES: usize = 1024;

/// What evaluation needs besides the frame's registers and memory.
pub(crate) struct Environment<'e> {
    pub(crate) frame: &'e dyn EvalContext,
    /// Moves a link address to where it is at run time.
    pub(crate) relocate: &'e dyn Fn(u64) -> u64,
    /// The function whose `DW_AT_frame_base` `DW_OP_fbreg` means.
    pub(crate) function: Option<DieKey>,
    /// The link address execution is at.
    pub(crate) pc: Option<u64>,
}

fn malformed(error: gimli::Error) -> LocationError {
    match error {
        gimli::Error::DivisionByZero => LocationError::DivisionByZero,
        error => LocationError::Malformed(format!("DWARF expression: {error}")),
    }
}

impl DebugInfo {
    /// Where a variable's value is.
    pub(crate) fn locate(
        &self,
        variable: &VariableInfo,
        env: &Environment<'_>,
    ) -> Result<Located, LocationError> {
        let whole = |storage| Ok(Located::whole(storage));
        match &variable.location {
            Location::Static(addr) => whole(Storage::Memory(VirtAddr((env.relocate)(*addr)))),
            Location::Constant(value) => whole(Storage::Value(value.to_le_bytes().to_vec())),
            Location::Bytes(bytes) => whole(Storage::Value(bytes.to_vec())),
            Location::OptimizedOut | Location::Unresolved => whole(Storage::OptimizedOut),
            Location::Expression { start, len } => {
                let context = self.variable_context(variable)?;
                let expression = context.expression(*start, *len).ok_or_else(|| damaged("location"))?;
                context.evaluate(expression, env)
            }
            Location::List(offset) => {
                let context = self.variable_context(variable)?;
                let Some(pc) = env.pc else { return Err(LocationError::NoFrame) };
                match context.expression_at(*offset, pc) {
                    Some(expression) => context.evaluate(expression, env),
                    None => whole(Storage::OptimizedOut),
                }
            }
        }
    }

    fn variable_context(&self, variable: &VariableInfo) -> Result<UnitContext<'_>, LocationError> {
        self.context_over(variable.unit, self.dwarf_with_locations()).ok_or_else(|| damaged("unit"))
    }

    /// The link address ranges in which a variable has a value; `None` when it has one everywhere.
    pub(crate) fn live_ranges(&self, variable: &VariableInfo) -> Option<Vec<(u64, u64)>> {
        match variable.location {
            Location::OptimizedOut => Some(Vec::new()),
            Location::List(offset) => {
                let context = self.variable_context(variable).ok()?;
                let mut ranges: Vec<(u64, u64)> = Vec::new();
                let mut list = context.dwarf.locations(&context.unit, LocationListsOffset(offset)).ok()?;
                while let Ok(Some(entry)) = list.next() {
                    if entry.range.begin < entry.range.end && !entry.data.0.is_empty() {
                        ranges.push((entry.range.begin, entry.range.end));
                    }
                }
                ranges.sort_unstable();
                Some(merge(&ranges))
            }
            _ => None,
        }
    }
}

/// Joins ranges that touch.
fn merge(sorted: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for &(start, end) in sorted {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

fn damaged(what: &str) -> LocationError {
    LocationError::Malformed(format!("damaged DWARF {what}"))
}

impl<'a> UnitContext<'a> {
    /// The expression of a location list that holds at a link address.
    pub(crate) fn expression_at(&self, list: usize, pc: u64) -> Option<Expression<Slice<'a>>> {
        let mut entries = self.dwarf.locations(&self.unit, LocationListsOffset(list)).ok()?;
        while let Ok(Some(entry)) = entries.next() {
            if entry.range.begin <= pc && pc < entry.range.end {
                return Some(entry.data);
            }
        }
        None
    }

    /// Evaluates a location description.
    pub(crate) fn evaluate(
        &self,
        expression: Expression<Slice<'a>>,
        env: &Environment<'_>,
    ) -> Result<Located, LocationError> {
        if expression.0.is_empty() {
            return Ok(Located::whole(Storage::OptimizedOut));
        }
        let expression = self.without_uninit(expression);
        match self.run(expression, env, 0) {
            Ok(pieces) => located(pieces),
            // gdb: what only the caller could tell, and does not, is gone.
            Err(LocationError::NoEntryValue) => Ok(Located::whole(Storage::OptimizedOut)),
            Err(error) => Err(error),
        }
    }

    /// The expression without `DW_OP_GNU_uninit` at its end: GCC's note that the variable is there but not set yet. It is where the
    /// rest says.
    fn without_uninit(&self, expression: Expression<Slice<'a>>) -> Expression<Slice<'a>> {
        let bytes = expression.0.slice();
        let Some(rest) = bytes.strip_suffix(&[dw::DW_OP_GNU_uninit.0]) else { return expression };
        let shorter = Expression(Slice::new(rest, gimli::LittleEndian));
        // It may also be the last byte of an operand.
        let mut operations = shorter.operations(self.unit.encoding());
        loop {
            match operations.next() {
                Ok(Some(_)) => {}
                Ok(None) => return shorter,
                Err(_) => return expression,
            }
        }
    }

    /// Evaluates an expression that computes a number, such as a call site's argument.
    pub(crate) fn evaluate_number(
        &self,
        expression: Expression<Slice<'a>>,
        env: &Environment<'_>,
    ) -> Result<u64, LocationError> {
        let pieces = self.run(expression, env, 0)?;
        match pieces.as_slice() {
            [gimli::Piece { size_in_bits: None, location, .. }] => match *location {
                gimli::Location::Value { value } => value.to_u64(u64::MAX).map_err(malformed),
                gimli::Location::Address { address } => Ok(address),
                gimli::Location::Register { register } => env.frame.register(register.0),
                _ => Err(LocationError::NoEntryValue),
            },
            _ => Err(LocationError::NoEntryValue),
        }
    }

    fn run(
        &self,
        expression: Expression<Slice<'a>>,
        env: &Environment<'_>,
        depth: u32,
    ) -> Result<Vec<gimli::Piece<Slice<'a>>>, LocationError> {
        if depth > 4 {
            return Err(damaged("frame base: it refers to itself"));
        }
        let mut evaluation = Evaluation::new(expression.0, self.unit.encoding());
        evaluation.set_max_iterations(MAX_OPERATIONS);
        let mut state = evaluation.evaluate().map_err(malformed)?;
        loop {
            state = match state {
                EvaluationResult::Complete => break,
                EvaluationResult::RequiresMemory { address, size, base_type, .. } => {
                    let bits = env.frame.memory().read_uint(VirtAddr(address), usize::from(size))?;
                    evaluation.resume_with_memory(self.value(base_type, bits)?)
                }
                EvaluationResult::RequiresRegister { register, base_type } => {
                    let bits = env.frame.register(register.0)?;
                    evaluation.resume_with_register(self.value(base_type, bits)?)
                }
                EvaluationResult::RequiresFrameBase => {
                    let base = self.frame_base(env, depth)?;
                    evaluation.resume_with_frame_base(base)
                }
                EvaluationResult::RequiresCallFrameCfa => {
                    evaluation.resume_with_call_frame_cfa(env.frame.cfa()?)
                }
                EvaluationResult::RequiresEntryValue(expression) => {
                    let what = self.entry_value(expression).ok_or(LocationError::NoEntryValue)?;
                    let bits = env.frame.entry_value(what)?;
                    evaluation.resume_with_entry_value(Value::Generic(bits))
                }
                EvaluationResult::RequiresRelocatedAddress(address) => {
                    evaluation.resume_with_relocated_address((env.relocate)(address))
                }
                EvaluationResult::RequiresIndexedAddress { index, relocate } => {
                    let address = self.dwarf.address(&self.unit, index).map_err(malformed)?;
                    evaluation.resume_with_indexed_address(if relocate {
                        (env.relocate)(address)
                    } else {
                        address
                    })
                }
                EvaluationResult::RequiresBaseType(offset) => {
                    evaluation.resume_with_base_type(self.value_type(offset)?)
                }
                EvaluationResult::RequiresAtLocation(reference) => {
                    let bytes = self.procedure(reference);
                    evaluation.resume_with_at_location(bytes)
                }
                // What the caller passed for a parameter that was never made: its call site would have to name it.
                EvaluationResult::RequiresParameterRef(_) => return Err(LocationError::NoEntryValue),
                EvaluationResult::RequiresTls(_) => return Err(LocationError::ThreadLocal),
                _ => return Err(LocationError::Malformed("unsupported DWARF operation".into())),
            }
            .map_err(malformed)?;
        }
        let pieces = evaluation.result();
        if pieces.len() > MAX_PIECES {
            return Err(damaged("expression: too many pieces"));
        }
        Ok(pieces)
    }

    /// `DW_AT_frame_base` of the function.
    fn frame_base(&self, env: &Environment<'_>, depth: u32) -> Result<u64, LocationError> {
        let missing = || LocationError::Malformed("no frame base for a variable of the frame".into());
        let key = env.function.ok_or_else(missing)?;
        let die = self.die_of_key(key).ok_or_else(missing)?;
        let expression = match die.attr_value(dw::DW_AT_frame_base).ok_or_else(missing)? {
            AttributeValue::Exprloc(expression) => expression,
            AttributeValue::Block(block) => Expression(block),
            value => {
                let offset =
                    self.dwarf.attr_locations_offset(&self.unit, value).ok().flatten().ok_or_else(missing)?;
                let pc = env.pc.ok_or(LocationError::NoFrame)?;
                self.expression_at(offset.0, pc).ok_or_else(missing)?
            }
        };
        let pieces = self.run(expression, env, depth + 1)?;
        match pieces.first().map(|piece| piece.location) {
            Some(gimli::Location::Address { address }) => Ok(address),
            // A register as the frame base means its content.
            Some(gimli::Location::Register { register }) => env.frame.register(register.0),
            Some(gimli::Location::Value { value }) => value.to_u64(u64::MAX).map_err(malformed),
            _ => Err(missing()),
        }
    }

    /// What `DW_OP_entry_value` asks for.
    pub(crate) fn entry_value(&self, expression: Expression<Slice<'a>>) -> Option<EntryValue> {
        let mut operations = expression.operations(self.unit.encoding());
        let first = operations.next().ok()??;
        let second = operations.next().ok()?;
        match (first, second) {
            (Operation::Register { register }, None) => Some(EntryValue::Register(register.0)),
            (Operation::RegisterOffset { register, offset: 0, base_type }, None) if base_type.0 != 0 => {
                Some(EntryValue::Register(register.0))
            }
            (Operation::RegisterOffset { register, offset, .. }, Some(Operation::Deref { size, .. })) => {
                Some(EntryValue::Memory { register: register.0, offset, size })
            }
            _ => None,
        }
    }

    fn value(&self, base_type: UnitOffset, bits: u64) -> Result<Value, LocationError> {
        match self.value_type(base_type)? {
            ValueType::Generic => Ok(Value::Generic(bits)),
            ty @ (ValueType::F32 | ValueType::F64) => {
                let bytes = bits.to_le_bytes();
                let reader = Slice::new(&bytes, gimli::LittleEndian);
                Value::parse(ty, reader).map_err(malformed)
            }
            ty => Value::from_u64(ty, bits).map_err(malformed),
        }
    }

    fn value_type(&self, offset: UnitOffset) -> Result<ValueType, LocationError> {
        if offset.0 == 0 {
            return Ok(ValueType::Generic);
        }
        let unknown = || LocationError::Malformed("unsupported type in a DWARF expression".into());
        let die = self.die(offset.0).ok_or_else(unknown)?;
        let size =
            die.attr_value(dw::DW_AT_byte_size).and_then(|value| value.udata_value()).ok_or_else(unknown)?;
        match die.attr_value(dw::DW_AT_encoding) {
            Some(AttributeValue::Encoding(encoding)) => {
                ValueType::from_encoding(encoding, size).ok_or_else(unknown)
            }
            _ => Err(unknown()),
        }
    }

    /// The expression a `DW_OP_call` runs; nothing when its entry has none.
    fn procedure(&self, reference: DieReference<usize>) -> Slice<'a> {
        let die = match reference {
            DieReference::UnitRef(offset) => self.die(offset.0),
            DieReference::DebugInfoRef(offset) => self.die_of_key(offset.0 as u64),
        };
        match die.and_then(|die| die.attr_value(dw::DW_AT_location)) {
            Some(AttributeValue::Exprloc(expression)) => expression.0,
            Some(AttributeValue::Block(block)) => block,
            _ => Slice::new(&[], gimli::LittleEndian),
        }
    }
}

fn located(pieces: Vec<gimli::Piece<Slice<'_>>>) -> Result<Located, LocationError> {
    let pieces = pieces
        .into_iter()
        .map(|piece| {
            Ok(Piece {
                storage: storage(piece.location)?,
                bit_offset: piece.bit_offset.unwrap_or(0),
                bit_size: piece.size_in_bits,
            })
        })
        .collect::<Result<Vec<_>, LocationError>>()?;
    if pieces.is_empty() {
        return Ok(Located::whole(Storage::OptimizedOut));
    }
    Ok(Located { pieces })
}

fn storage(location: gimli::Location<Slice<'_>>) -> Result<Storage, LocationError> {
    Ok(match location {
        gimli::Location::Empty => Storage::OptimizedOut,
        gimli::Location::Register { register } => Storage::Register(register.0),
        gimli::Location::Address { address } => Storage::Memory(VirtAddr(address)),
        gimli::Location::Bytes { value } => Storage::Value(value.slice().to_vec()),
        gimli::Location::ImplicitPointer { value, byte_offset } => {
            Storage::ImplicitPointer { key: value.0 as u64, offset: byte_offset }
        }
        gimli::Location::Value { value } => Storage::Value(match value {
            Value::F32(value) => value.to_le_bytes().to_vec(),
            Value::F64(value) => value.to_le_bytes().to_vec(),
            Value::I8(value) => value.to_le_bytes().to_vec(),
            Value::U8(value) => value.to_le_bytes().to_vec(),
            Value::I16(value) => value.to_le_bytes().to_vec(),
            Value::U16(value) => value.to_le_bytes().to_vec(),
            Value::I32(value) => value.to_le_bytes().to_vec(),
            Value::U32(value) => value.to_le_bytes().to_vec(),
            value => value.to_u64(u64::MAX).map_err(malformed)?.to_le_bytes().to_vec(),
        }),
    })
}
