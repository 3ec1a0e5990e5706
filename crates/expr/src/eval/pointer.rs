//! Pointers, arrays, members.

use super::convert::{as_address, as_int, from_int};
use super::{Evaluator, no_user_operator};
use crate::ast::{Found, Node};
use crate::builtin::builtin;
use crate::context::SymbolClass;
use crate::error::{ExprError, Result};
use kdive_base::VirtAddr;
use kdive_types::{Array, Kind, Piece, PieceSource, Place, Type, Value};
use std::sync::{Arc, OnceLock};

const NOT_IN_MEMORY: &str = "Attempt to take address of value not located in memory.";

impl Evaluator<'_> {
    /// A pointer value.
    fn pointer(&self, target: &Type, addr: VirtAddr) -> Value {
        from_int(&target.pointer_of_size(self.context.address_size()), i128::from(addr.0))
    }

    /// An array as the pointer to its first element, a function as the pointer to itself; other values as they are.
    pub(super) fn decayed(&self, value: &Value) -> Result<Value> {
        match value.ty().strip().kind() {
            Kind::Array(Array { vector: false, .. }) => {
                let addr = self.in_memory(value)?;
                // The qualifiers of the array are those of its elements.
                let elem = value.ty().unaliased().target().ok_or_else(not_a_pointer)?;
                Ok(self.pointer(&elem, addr))
            }
            Kind::Function(_) | Kind::NoDebugText => {
                let addr = value.address().ok_or_else(|| ExprError::msg(NOT_IN_MEMORY))?;
                Ok(self.pointer(value.ty(), addr))
            }
            _ => Ok(value.clone()),
        }
    }

    /// The address of an array. One that the debugger made has to be put into the program first.
    fn in_memory(&self, array: &Value) -> Result<VirtAddr> {
        match array.place() {
            Place::Memory(addr) => Ok(*addr),
            Place::None | Place::Internal(_) | Place::InternalPart { .. } if self.types_only => {
                Ok(VirtAddr(0))
            }
            Place::None | Place::Internal(_) | Place::InternalPart { .. } => {
                self.context.allocate(array.bytes(self.access)?)
            }
            Place::Register { .. } | Place::Pieces(_) => Err(ExprError::msg(NOT_IN_MEMORY)),
        }
    }

    pub(crate) fn deref(&self, operand: &Value) -> Result<Value> {
        no_user_operator(&[operand], "*")?;
        let ty = operand.ty().strip();
        let is_int = matches!(ty.kind(), Kind::Base(_)) && ty.is_integral() && !ty.is_bool();
        if self.types_only {
            return match ty.target() {
                Some(target) if !ty.is_function() => Ok(self.of_type(target)),
                _ if is_int => Ok(self.of_type(builtin().int.clone())),
                _ => Err(not_a_pointer()),
            };
        }
        if is_int {
            return Ok(Value::at(builtin().int.clone(), as_address(operand, self.access)?));
        }
        let operand = self.decayed(operand)?;
        if let Some((target, offset)) = synthetic(&operand)
            && let Some(ty) = operand.ty().target()
        {
            let size = ty.size().unwrap_or(0);
            let start = u64::try_from(offset).ok();
            let end = start.and_then(|start| start.checked_add(size));
            return match (start, end) {
                (Some(start), Some(end)) if target.ty().size().is_none_or(|size| end <= size) => {
                    Ok(target.component(ty, start.saturating_mul(8), None))
                }
                _ => Err(ExprError::msg("access outside bounds of object referenced via synthetic pointer")),
            };
        }
        let Some(target) = operand.ty().target().filter(|_| operand.ty().is_pointer()) else {
            return Err(not_a_pointer());
        };
        if target.is_void() {
            return Err(ExprError::msg("Attempt to dereference a generic pointer."));
        }
        Ok(Value::at(target, as_address(&operand, self.access)?))
    }

    pub(super) fn address_of(&self, operand: &Node) -> Result<Value> {
        match operand {
            // What a pointer points to has its address, whether it is there or not.
            Node::Memory(ty, address) => {
                let pointer_ty = self.ty(ty)?.pointer_of_size(self.context.address_size());
                let address = self.value(address)?;
                self.cast(&pointer_ty, &address)
            }
            Node::Symbol(symbol) => {
                let what = || format!("Can't take address of \"{}\" which isn't an lvalue.", symbol.name);
                match &symbol.class {
                    SymbolClass::Minimal(addr) => Ok(self.pointer(&symbol.ty, self.copy_at(symbol, *addr)?)),
                    SymbolClass::Function(addr) | SymbolClass::Label(addr) => {
                        Ok(self.pointer(&symbol.ty, *addr))
                    }
                    SymbolClass::Constant(_) if self.types_only => {
                        Err(ExprError::msg("Attempt to take address of register or constant."))
                    }
                    SymbolClass::Constant(_) | SymbolClass::Typedef => Err(ExprError::msg(what())),
                    SymbolClass::Variable { .. } if self.types_only => {
                        Ok(self.pointer(&symbol.ty, VirtAddr(0)))
                    }
                    SymbolClass::Variable { .. } => {
                        let value = self.variable(symbol)?;
                        if let Some(addr) = value.address() {
                            return Ok(self.pointer(value.ty(), addr));
                        }
                        match value.place() {
                            Place::Register { register, .. } => {
                                let name = self.context.register_name(*register);
                                Err(ExprError::msg(format!(
                                    "Address requested for identifier \"{}\" which is in register ${name}",
                                    symbol.name
                                )))
                            }
                            _ => Err(ExprError::msg(what())),
                        }
                    }
                }
            }
            _ => {
                let value = self.value(operand)?;
                let addr = match value.address() {
                    Some(addr) => addr,
                    None if value.ty().is_array() => self.in_memory(&value)?,
                    None => return Err(ExprError::msg(NOT_IN_MEMORY)),
                };
                Ok(self.pointer(value.ty(), addr))
            }
        }
    }

    /// A pointer moved by a number of elements.
    pub(super) fn offset(&self, base: &Value, count: i128) -> Result<Value> {
        let base = self.decayed(base)?;
        let size = i128::from(self.element_size(base.ty())?);
        let addr = as_int(&base, self.access)?;
        let bytes = count.wrapping_mul(size);
        if let Some((target, offset)) = synthetic(&base) {
            let offset = offset.wrapping_add(bytes as i64);
            let source = PieceSource::ImplicitPointer { target: Arc::clone(target), offset };
            let bit_size = base.ty().size().unwrap_or(0).saturating_mul(8);
            return Ok(Value::pieces(base.ty().unaliased(), vec![Piece { bit_size, bit_offset: 0, source }]));
        }
        // Not the name a typedef gave the pointer.
        Ok(from_int(&base.ty().unaliased(), addr.wrapping_add(bytes)))
    }

    fn element_size(&self, pointer: &Type) -> Result<u64> {
        let target = pointer.target().ok_or_else(not_a_pointer)?;
        let target = self.complete(&target);
        match target.size() {
            Some(0) | None if target.is_void() => Ok(1),
            Some(size) if size > 0 => Ok(size),
            _ => Err(ExprError::msg(match target.strip().name() {
                Some(name) => format!(
                    "Cannot perform pointer math on incomplete type \"{name}\", \
                     try casting to a known type, or void *."
                ),
                None => "Cannot perform pointer math on incomplete types, \
                         try casting to a known type, or void *."
                    .to_owned(),
            })),
        }
    }

    pub(super) fn difference(&self, left: &Value, right: &Value) -> Result<Value> {
        let (left, right) = (self.decayed(left)?, self.decayed(right)?);
        let size = |value: &Value| {
            value.ty().target().map(|target| self.complete(&target).size().unwrap_or(0)).unwrap_or(0)
        };
        if size(&left) != size(&right) {
            return Err(ExprError::msg(
                "First argument of `-' is a pointer and second argument is neither\n\
                 an integer nor a pointer of the same type.",
            ));
        }
        let mut size = i128::from(size(&left));
        if size == 0 {
            self.context.warn("Type size unknown, assuming 1.  Try casting to a known type, or void *.");
            size = 1;
        }
        let distance = as_int(&left, self.access)?.wrapping_sub(as_int(&right, self.access)?);
        // Addresses are compared as 64-bit numbers with a sign.
        Ok(from_int(&builtin().long, i128::from(distance as i64) / size))
    }

    pub(super) fn member(
        &self,
        of: &Value,
        name: &str,
        arrow: bool,
        found: &OnceLock<Found>,
    ) -> Result<Value> {
        let mut of = if self.types_only && of.ty().is_array() { self.deref(of)? } else { self.decayed(of)? };
        // Each level of a chain of pointers costs a read; real code has no more than a few stars.
        for _ in 0..16 {
            if !of.ty().is_pointer() {
                break;
            }
            of = self.deref(&of)?;
            if !of.ty().is_function() {
                of = if self.types_only { of } else { self.decayed(&of)? };
            }
        }
        if let Some(found) = found.get()
            && found.of.same_node(of.ty())
        {
            return Ok(of.component(found.ty.clone(), found.offset, found.bit_size));
        }
        let ty = self.complete(of.ty());
        if let Some(reason) = ty.refusal() {
            return Err(ExprError::msg(reason.to_string()));
        }
        if !ty.is_composite() {
            let what = if arrow { "structure pointer" } else { "structure" };
            return Err(ExprError::msg(format!(
                "Attempt to extract a component of a value that is not a {what}."
            )));
        }
        let (offset, member) = ty
            .member(name)
            .or_else(|| ty.member_ignoring_case(name).filter(|_| self.context.ignores_case()))
            .ok_or_else(|| ExprError::NoMember { name: name.to_owned(), near: ty.nearest_members(name) })?;
        let member_ty = member.ty.get();
        // Of a second type at the same place of the text (`$x.a`) nothing is kept.
        let _ = found.set(Found {
            of: of.ty().clone(),
            offset,
            bit_size: member.bit_size,
            ty: member_ty.clone(),
        });
        Ok(of.component(member_ty, offset, member.bit_size))
    }

    pub(super) fn subscript(&self, array: &Node, index: &Node) -> Result<Value> {
        let array = self.value(array)?;
        let index = self.value(index)?;
        self.subscript_of(&array, &index)
    }

    fn subscript_of(&self, array: &Value, index: &Value) -> Result<Value> {
        no_user_operator(&[array, index], "[]")?;
        let ty = array.ty().strip();
        let target = match ty.kind() {
            Kind::Array(array) => array.elem.get(),
            Kind::Pointer(target) => target.get(),
            _ => {
                return Err(ExprError::msg(match ty.name() {
                    Some(name) => format!("cannot subscript something of type `{name}'"),
                    None => "cannot subscript requested type".to_owned(),
                }));
            }
        };
        if self.types_only {
            // The element of a value that lives nowhere lives nowhere.
            let nowhere = matches!(array.place(), Place::None);
            return Ok(if nowhere && array.ty().is_array() {
                Value::optimized_out(target)
            } else {
                self.of_type(target)
            });
        }
        let index = as_int(&self.decayed(index)?, self.access)?;
        self.element_at(array, index)
    }

    /// `array[index]`, for arrays and pointers.
    pub(crate) fn element_at(&self, array: &Value, index: i128) -> Result<Value> {
        let ty = array.ty().unaliased().split_quals().1;
        if let Kind::Array(Array { elem, count, .. }) = ty.kind() {
            let in_bounds = index >= 0 && count.is_some_and(|count| index < i128::from(count));
            if in_bounds {
                let elem = elem.get();
                let bits = elem.size().unwrap_or(0).saturating_mul(8);
                let at = u64::try_from(index).unwrap_or(u64::MAX);
                return Ok(array.component(elem, at.saturating_mul(bits), None));
            }
            if array.address().is_none() {
                return Err(ExprError::msg("no such vector element"));
            }
        }
        self.deref(&self.offset(array, index)?)
    }

    /// `value @ count`, where `array[index] @ count` may be of an array that is nowhere in memory.
    pub(super) fn repeat_node(&self, value: &Node, count: &Node) -> Result<Value> {
        let Node::Subscript(array, index) = value else {
            let (value, count) = (self.value(value)?, self.value(count)?);
            return self.repeat(&value, &count);
        };
        let (array, index, count) = (self.value(array)?, self.value(index)?, self.value(count)?);
        if !self.types_only
            && let Some(slice) = self.slice(&array, &index, &count)?
        {
            return Ok(slice);
        }
        self.repeat(&self.subscript_of(&array, &index)?, &count)
    }

    /// Elements of an array the debugger made, such as what `$list(...)` found.
    fn slice(&self, array: &Value, index: &Value, count: &Value) -> Result<Option<Value>> {
        let ty = array.ty().strip();
        let (Kind::Array(Array { elem, count: Some(len), vector: false }), Place::None | Place::Internal(_)) =
            (ty.kind(), array.place())
        else {
            return Ok(None);
        };
        let (elem, len) = (elem.get(), i128::from(*len));
        let (first, count) = (as_int(index, self.access)?, as_int(count, self.access)?);
        let size = i128::from(elem.size().unwrap_or(0));
        if count < 1 {
            return Err(ExprError::msg(format!("Invalid number {count} of repetitions.")));
        }
        let inside = first >= 0 && first < len && count <= len - first;
        let at = |element: i128| usize::try_from(element * size).ok();
        let bytes = array.bytes(self.access)?;
        let bytes = inside.then(|| bytes.get(at(first)?..at(first + count)?)).flatten();
        let bytes = bytes.ok_or_else(|| ExprError::msg(format!("The array has only {len} elements.")))?;
        Ok(Some(Value::from_bytes(elem.array_of(u64::try_from(count).ok()), bytes.to_vec())))
    }

    /// `value @ count`.
    pub(super) fn repeat(&self, value: &Value, count: &Value) -> Result<Value> {
        let count_ty = count.ty().strip();
        let is_int = matches!(count_ty.kind(), Kind::Enum(_))
            || (matches!(count_ty.kind(), Kind::Base(_)) && count_ty.is_integral() && !count_ty.is_bool());
        if !is_int {
            return Err(ExprError::msg("Non-integral right operand for \"@\" operator."));
        }
        let count = as_int(count, self.access)?;
        let array = |count| value.ty().array_of(Some(count));
        if self.types_only {
            return Ok(self.of_type(array(u64::try_from(count).unwrap_or(1))));
        }
        let Some(addr) = value.address() else {
            return Err(ExprError::msg("Only values in memory can be extended with '@'."));
        };
        if i32::try_from(count).is_err() {
            return Err(ExprError::msg("Value out of range."));
        }
        if count < 1 {
            return Err(ExprError::msg(format!("Invalid number {count} of repetitions.")));
        }
        Ok(Value::at(array(u64::try_from(count).unwrap_or(1)), addr))
    }
}

/// What a pointer to something without an address points to, and the offset into it in bytes.
fn synthetic(pointer: &Value) -> Option<(&Arc<Value>, i64)> {
    let Place::Pieces(pieces) = pointer.place() else { return None };
    match &pieces.first()?.source {
        PieceSource::ImplicitPointer { target, offset } if pointer.ty().is_pointer() => {
            Some((target, *offset))
        }
        _ => None,
    }
}

fn not_a_pointer() -> ExprError {
    ExprError::msg("Attempt to take contents of a non-pointer value.")
}
