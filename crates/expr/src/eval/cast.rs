//! Casts, and values written out in braces.

use super::Evaluator;
use super::convert::{as_decimal, as_float, as_int, float_format, from_float, from_int};
use crate::ast::Node;
use crate::context::SymbolClass;
use crate::error::{ExprError, Result};
use kdive_types::{Array, Composite, CompositeKind, DecimalFormat, Kind, Place, Type, Value};

impl Evaluator<'_> {
    pub(super) fn cast_node(&self, ty: &Node, operand: &Node) -> Result<Value> {
        let ty = self.ty(ty)?;
        match operand {
            // The cast says what the symbol table does not.
            Node::Symbol(symbol) => {
                if let SymbolClass::Minimal(addr) = symbol.class
                    && matches!(symbol.ty.kind(), Kind::NoDebugData)
                {
                    return Ok(Value::at(ty, self.copy_at(symbol, addr)?).without_place(self.access));
                }
                if symbol.ty.is_unknown() && matches!(symbol.class, SymbolClass::Variable { .. }) {
                    return if self.types_only {
                        Ok(self.of_type(ty))
                    } else {
                        Ok(self.variable(symbol)?.with_type(ty).without_place(self.access))
                    };
                }
            }
            Node::Call(function, args) => {
                if let Some(value) = self.call_without_debug_info(function, args, &ty)? {
                    return Ok(value);
                }
            }
            _ => {}
        }
        let value = self.value_as(operand, Some(&ty))?;
        self.cast(&ty, &value)
    }

    /// Converts a value to a type as C's casts and gdb's liberties have it.
    pub(crate) fn cast(&self, ty: &Type, value: &Value) -> Result<Value> {
        if same_type(ty, value.ty()) {
            return Ok(if value.ty().same_node(ty) { value.clone() } else { value.with_type(ty.clone()) });
        }
        let to = ty.unaliased().split_quals().1;
        if let Kind::Array(Array { count: None, elem, vector }) = to.kind() {
            return self.cast_to_open_array(elem.get(), *vector, value);
        }
        let value = &self.decayed(value)?;
        let from = value.ty().unaliased().split_quals().1;
        // As in gdb, flags of a register count as a number everywhere but in casts, which only take them to a type of their size.
        let (to_flags, from_flags) = (is_flags(&to), is_flags(&from));
        let is_scalar = from.is_integral() && !from_flags || from.is_float() || from.is_decimal();
        if to.is_complex() {
            return self.cast_to_complex(ty, value);
        }
        if to.is_decimal()
            && is_scalar
            && let Some(format) = DecimalFormat::of(to.size().unwrap_or(0))
        {
            let number = as_decimal(value, self.access)?;
            return Ok(Value::from_bytes(ty.clone(), number.encode(format)));
        }
        if let Some(format) = float_format(&to)
            && is_scalar
        {
            return Ok(from_float(ty, as_float(value, self.access)?, format));
        }
        if to.is_integral() && !to_flags && (is_scalar || from.is_pointer()) {
            let number = as_int(value, self.access)?;
            // By way of an integer even from floating point: half is false, as in gdb.
            return Ok(from_int(ty, if to.is_bool() { i128::from(number != 0) } else { number }));
        }
        if to.is_pointer() && from.is_integral() && !from_flags {
            return Ok(from_int(ty, as_int(value, self.access)?));
        }
        if to.is_vector() && (from.is_vector() || is_scalar) && to.size() != from.size() {
            return Err(ExprError::msg(if from.is_vector() {
                "Cannot convert between vector values of different sizes"
            } else {
                "can only cast scalar to vector of same size"
            }));
        }
        if to.is_void() {
            return Ok(Value::from_bytes(ty.clone(), [0]));
        }
        if self.types_only || self.complete(&to).size() == self.complete(&from).size() {
            return Ok(value.with_type(ty.clone()));
        }
        match value.place() {
            Place::Memory(addr) => Ok(Value::at(ty.clone(), *addr)),
            _ => Err(ExprError::msg("Invalid cast.")),
        }
    }

    /// `(int []) object`: as many elements as fit.
    fn cast_to_open_array(&self, elem: Type, vector: bool, value: &Value) -> Result<Value> {
        let size = value.ty().size().unwrap_or(0);
        let each = elem.size().filter(|&each| each > 0).ok_or_else(|| ExprError::msg("Invalid cast."))?;
        if !size.is_multiple_of(each) {
            self.context.warn("array element type size does not divide object size in cast");
        }
        let kind = Kind::Array(Array { elem: elem.into(), count: Some(size / each), vector });
        Ok(value.with_type(Type::derived(kind)))
    }

    fn cast_to_complex(&self, ty: &Type, value: &Value) -> Result<Value> {
        let part = super::arith::part_type(ty);
        let (real, imaginary) = if value.ty().is_complex() {
            self.parts(value)?
        } else if value.ty().is_integral() || value.ty().is_float() {
            (value.clone(), from_int(&part, 0))
        } else {
            return Err(ExprError::msg("cannot cast non-number to complex"));
        };
        let (real, imaginary) = (self.cast(&part, &real)?, self.cast(&part, &imaginary)?);
        self.complex(ty, &real, &imaginary)
    }

    /// A string literal where an array of integers is wanted: the array, with the bytes of the string at its start.
    pub(super) fn string_as(&self, literal: &Value, expected: &Type) -> Result<Value> {
        let ty = expected.unaliased().split_quals().1;
        let Kind::Array(Array { elem, count: Some(count), .. }) = ty.kind() else {
            return Ok(literal.clone());
        };
        if !elem.get().is_integral() {
            return Ok(literal.clone());
        }
        let bytes = literal.bytes(self.access)?;
        let unit = literal.ty().target().and_then(|ty| ty.size()).unwrap_or(1);
        // The final NUL is left out where there is no room for it.
        let len = (bytes.len() as u64).saturating_sub(unit);
        if len > count.saturating_mul(unit) {
            return Err(ExprError::msg("Too many array elements"));
        }
        let size = ty.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let shown = bytes.get(..usize::try_from(len).unwrap_or(0)).unwrap_or(bytes);
        self.sized(expected, shown.to_vec(), size)
    }

    /// `{1, 2}`, as a struct or array where one is wanted.
    pub(super) fn array(&self, items: &[Node], expected: Option<&Type>) -> Result<Value> {
        if let Some(expected) = expected {
            let ty = self.complete(&expected.unaliased().split_quals().1);
            match ty.kind() {
                Kind::Composite(composite) if composite.kind == CompositeKind::Struct => {
                    return self.struct_of(items, expected, composite);
                }
                Kind::Array(Array { elem, count: Some(count), .. }) => {
                    return self.array_of(items, expected, &elem.get(), *count);
                }
                _ => {}
            }
        }
        let mut bytes = Vec::new();
        let mut elem: Option<Type> = None;
        for item in items {
            let value = self.value(item)?;
            // Elements that are arrays in the program are pointers here; written out ones stay arrays.
            let value = if value.address().is_some() && value.ty().is_array() {
                self.decayed(&value)?
            } else {
                value
            };
            match &elem {
                None => elem = Some(value.ty().clone()),
                Some(elem) if elem.size() != value.ty().size() => {
                    return Err(ExprError::msg("array elements must all be the same size"));
                }
                Some(_) => {}
            }
            bytes.extend_from_slice(value.bytes(self.access)?);
        }
        let elem = elem.ok_or_else(|| ExprError::msg("bad array bounds (0, -1)"))?;
        Ok(Value::from_bytes(elem.array_of(Some(items.len() as u64)), bytes))
    }

    fn array_of(&self, items: &[Node], ty: &Type, elem: &Type, count: u64) -> Result<Value> {
        let size = ty.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let mut bytes = Vec::new();
        for (at, item) in items.iter().enumerate() {
            if at as u64 >= count {
                return Err(ExprError::msg("Too many array elements"));
            }
            let value = self.value_as(item, Some(elem))?;
            let value = self.cast(elem, &value)?;
            bytes.extend_from_slice(value.bytes(self.access)?);
        }
        self.sized(ty, bytes, size)
    }

    fn sized(&self, ty: &Type, mut bytes: Vec<u8>, size: usize) -> Result<Value> {
        if size as u64 > self.access.max_value_size().unwrap_or(u64::MAX).min(1 << 30) {
            return Err(kdive_types::ValueError::TooLarge { size: size as u64, name: None }.into());
        }
        bytes.resize(size, 0);
        Ok(Value::from_bytes(ty.clone(), bytes))
    }

    fn struct_of(&self, items: &[Node], ty: &Type, composite: &Composite) -> Result<Value> {
        let size = self.complete(ty).size().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let mut value = self.sized(ty, Vec::new(), size)?;
        let mut members = composite.members().iter();
        for item in items {
            let member = members.next().ok_or_else(|| ExprError::msg("too many initializers"))?;
            let member_ty = member.ty.get();
            let item = self.value_as(item, Some(&member_ty))?;
            let item = self.cast(&member_ty, &item)?;
            let mut bytes = value.bytes(self.access)?.to_vec();
            let item = item.bytes(self.access)?;
            let bits = member.bit_size.map_or(item.len() as u64 * 8, u64::from);
            kdive_types::copy_bits(item, 0, &mut bytes, member.bit_offset, bits);
            value = Value::from_bytes(ty.clone(), bytes);
        }
        Ok(value)
    }
}

/// Whether a cast between the types changes nothing: gdb compares the structure behind typedefs. Names decide for
/// structs and base types.
fn same_type(a: &Type, b: &Type) -> bool {
    same_within(a, b, 16)
}

fn same_within(a: &Type, b: &Type, depth: usize) -> bool {
    if a.same_node(b) {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return true };
    let ((a_quals, a), (b_quals, b)) = (a.unaliased().split_quals(), b.unaliased().split_quals());
    if a_quals != b_quals || a.size() != b.size() || a.is_big_endian() != b.is_big_endian() {
        return false;
    }
    match (a.kind(), b.kind()) {
        (Kind::Pointer(a), Kind::Pointer(b)) => same_within(&a.get(), &b.get(), depth),
        (Kind::Array(a), Kind::Array(b)) => {
            a.count == b.count && a.vector == b.vector && same_within(&a.elem.get(), &b.elem.get(), depth)
        }
        (Kind::Base(x), Kind::Base(y)) => x == y && a.name() == b.name(),
        (Kind::Void, Kind::Void) => true,
        (Kind::Composite(x), Kind::Composite(y)) => {
            x.kind == y.kind && a.name().is_some() && a.name() == b.name() && a.size() == b.size()
        }
        (Kind::Enum(_), Kind::Enum(_)) => a.name().is_some() && a.name() == b.name(),
        (Kind::Function(x), Kind::Function(y)) => {
            x.params.len() == y.params.len()
                && x.variadic == y.variadic
                && same_within(&x.ret.get(), &y.ret.get(), depth)
                && x.params.iter().zip(&y.params).all(|(x, y)| same_within(&x.ty.get(), &y.ty.get(), depth))
        }
        _ => false,
    }
}

fn is_flags(ty: &Type) -> bool {
    matches!(ty.kind(), Kind::Flags(_))
}
