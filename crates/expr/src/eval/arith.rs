//! Arithmetic and comparison with C's conversions, as gdb applies them.

use super::convert::{as_decimal, as_float, as_int, float_format, from_float, from_int, is_true, promoted};
use super::{Evaluator, no_user_operator};
use crate::ast::{Binary, Unary};
use crate::builtin::builtin;
use crate::error::{ExprError, Result};
use crate::lexer::complex_of;
use kdive_types::{DecimalFormat, DecimalOp, Float, FloatOp, Kind, Type, Value};
use std::cmp::Ordering;

const NOT_A_NUMBER: &str = "Argument to arithmetic operation not a number or boolean.";

impl Evaluator<'_> {
    pub(super) fn arithmetic_unary(&self, operator: Unary, operand: &Value) -> Result<Value> {
        let symbol = match operator {
            Unary::Neg => "-",
            Unary::Plus => "+",
            Unary::Not => "!",
            _ => "~",
        };
        no_user_operator(&[operand], symbol)?;
        if operator == Unary::Not {
            return Ok(from_int(&builtin().int, i128::from(!is_true(operand, self.access)?)));
        }
        let operand = match promoted(operand.ty()) {
            Some(int) => self.cast(int, operand)?,
            None => operand.clone(),
        };
        // Results have the type behind a typedef.
        let ty = operand.ty().unaliased();
        if ty.is_vector() {
            return self.each_element(&operand, |this, element| this.arithmetic_unary(operator, element));
        }
        match operator {
            Unary::Plus if ty.is_integral() || ty.is_float() || ty.is_decimal() || ty.is_complex() => {
                Ok(operand.with_type(ty).without_place(self.access))
            }
            Unary::Neg if ty.is_decimal() => {
                let format = DecimalFormat::of(ty.size().unwrap_or(0)).unwrap_or(DecimalFormat::LONG);
                let number = as_decimal(&operand, self.access)?.negated();
                Ok(Value::from_bytes(ty, number.encode(format)))
            }
            Unary::Neg if ty.is_integral() || ty.is_float() => {
                let zero = from_int(&ty, 0);
                self.scalar(Binary::Sub, &zero, &operand)
            }
            Unary::Neg | Unary::Complement if ty.is_complex() => {
                let (real, imaginary) = self.parts(&operand)?;
                let real =
                    if operator == Unary::Neg { self.arithmetic_unary(Unary::Neg, &real)? } else { real };
                let imaginary = self.arithmetic_unary(Unary::Neg, &imaginary)?;
                self.complex(&ty, &real, &imaginary)
            }
            Unary::Complement if ty.is_integral() => Ok(from_int(&ty, !as_int(&operand, self.access)?)),
            Unary::Plus => Err(ExprError::msg("Argument to positive operation not a number.")),
            Unary::Neg => Err(ExprError::msg("Argument to negate operation not a number.")),
            _ => Err(ExprError::msg("Argument to complement operation not an integer, boolean.")),
        }
    }

    /// A binary operator on two values, with pointer arithmetic and C's promotions.
    pub(super) fn arithmetic(&self, operator: Binary, left: &Value, right: &Value) -> Result<Value> {
        if let Some(reason) = left.ty().refusal().or_else(|| right.ty().refusal()) {
            return Err(ExprError::msg(reason.to_string()));
        }
        no_user_operator(&[left, right], operator.symbol())?;
        if is_comparison(operator) {
            return self.comparison(operator, left, right);
        }
        let (left_ptr, right_ptr) = (points(left.ty()), points(right.ty()));
        match operator {
            Binary::Add if left_ptr && right.ty().is_integral() => {
                return self.offset(left, as_int(right, self.access)?);
            }
            Binary::Add if right_ptr && left.ty().is_integral() => {
                return self.offset(right, as_int(left, self.access)?);
            }
            Binary::Sub if left_ptr && right.ty().is_integral() => {
                return self.offset(left, as_int(right, self.access)?.wrapping_neg());
            }
            Binary::Sub if left_ptr && right_ptr => return self.difference(left, right),
            _ => {}
        }
        if self.types_only && matches!(operator, Binary::Div | Binary::Rem) && !is_true(right, self.access)? {
            let one = from_int(right.ty(), 1);
            let (left, one) = self.promote(left, &one)?;
            return self.scalar_or_vector(operator, &left, &one);
        }
        let (left, right) = if matches!(operator, Binary::Shl | Binary::Shr) && right.ty().is_integral() {
            let left = match promoted(left.ty()) {
                Some(int) => self.cast(int, left)?,
                None => left.clone(),
            };
            (left, right.clone())
        } else {
            self.promote(left, right)?
        };
        self.scalar_or_vector(operator, &left, &right)
    }

    /// Both operands converted to their common type, where both are numbers.
    fn promote(&self, left: &Value, right: &Value) -> Result<(Value, Value)> {
        let (a, b) = (left.ty().strip(), right.ty().strip());
        let unchanged = !a.is_integral() || !b.is_integral() || (a.is_bool() && b.is_bool());
        if unchanged {
            return Ok((left.clone(), right.clone()));
        }
        let ty = common_type(&a, &b);
        let convert = |value: &Value| match value.ty().strip().kind() {
            // Those of another size do not go together in gdb either.
            Kind::Flags(_) => self.cast(ty, value),
            _ => as_int(value, self.access).map(|number| from_int(ty, number)),
        };
        Ok((convert(left)?, convert(right)?))
    }

    fn scalar_or_vector(&self, operator: Binary, left: &Value, right: &Value) -> Result<Value> {
        match (left.ty().is_vector(), right.ty().is_vector()) {
            (false, false) => self.scalar(operator, left, right),
            (true, true) => {
                let (n, m) = (element_count(left.ty()), element_count(right.ty()));
                if n != m {
                    return Err(ExprError::msg("Cannot perform operation on vectors with different types"));
                }
                self.elementwise(left, |this, at, element| {
                    let other = this.element(right, at)?;
                    this.scalar(operator, element, &other)
                })
            }
            (true, false) => self.elementwise(left, |this, _, element| {
                let right = this.cast(element.ty(), right)?;
                this.scalar(operator, element, &right)
            }),
            (false, true) => self.elementwise(right, |this, _, element| {
                let left = this.cast(element.ty(), left)?;
                this.scalar(operator, &left, element)
            }),
        }
    }

    fn each_element(&self, vector: &Value, make: impl Fn(&Self, &Value) -> Result<Value>) -> Result<Value> {
        self.elementwise(vector, |this, _, element| make(this, element))
    }

    fn elementwise(
        &self,
        vector: &Value,
        make: impl Fn(&Self, u64, &Value) -> Result<Value>,
    ) -> Result<Value> {
        let count = element_count(vector.ty());
        let mut bytes = Vec::new();
        for at in 0..count.min(1 << 12) {
            let element = self.element(vector, at)?;
            let made = self.cast(element.ty(), &make(self, at, &element)?)?;
            bytes.extend_from_slice(made.bytes(self.access)?);
        }
        Ok(Value::from_bytes(vector.ty().clone(), bytes))
    }

    fn element(&self, vector: &Value, at: u64) -> Result<Value> {
        let ty = vector.ty().target().ok_or_else(|| ExprError::msg(NOT_A_NUMBER))?;
        let size = ty.size().unwrap_or(0);
        Ok(vector.component(ty, at.saturating_mul(size).saturating_mul(8), None))
    }

    /// An operator on two numbers whose types are as they should be.
    fn scalar(&self, operator: Binary, left: &Value, right: &Value) -> Result<Value> {
        let (a, b) = (left.ty().strip(), right.ty().strip());
        if a.is_complex() || b.is_complex() {
            return self.complex_scalar(operator, left, right);
        }
        let is_number = |ty: &Type| ty.is_integral() || ty.is_float() || ty.is_decimal();
        if !is_number(&a) || !is_number(&b) {
            return Err(ExprError::msg(NOT_A_NUMBER));
        }
        if a.is_decimal() || b.is_decimal() {
            return self.decimal_scalar(operator, left, right);
        }
        if a.is_float() || b.is_float() {
            return self.float_scalar(operator, left, right);
        }
        let (x, y) = (as_int(left, self.access)?, as_int(right, self.access)?);
        if a.is_bool() || b.is_bool() {
            let result = match operator {
                Binary::BitAnd => x & y,
                Binary::BitOr => x | y,
                Binary::BitXor => x ^ y,
                Binary::Equal => i128::from(x == y),
                Binary::NotEqual => i128::from(x != y),
                _ => return Err(ExprError::msg("Invalid operation on booleans.")),
            };
            return Ok(from_int(&left.ty().unaliased(), result));
        }
        let ty = if matches!(operator, Binary::Shl | Binary::Shr) {
            left.ty()
        } else {
            wider(left.ty(), right.ty())
        };
        let signed = ty.is_signed();
        let result = match operator {
            Binary::Add => x.wrapping_add(y),
            Binary::Sub => x.wrapping_sub(y),
            Binary::Mul => x.wrapping_mul(y),
            Binary::Div | Binary::Rem if y == 0 => return Err(ExprError::msg("Division by zero")),
            Binary::Div if signed => x.wrapping_div(y),
            Binary::Rem if signed => x.wrapping_rem(y),
            Binary::Div => (x.cast_unsigned() / y.cast_unsigned()).cast_signed(),
            Binary::Rem => (x.cast_unsigned() % y.cast_unsigned()).cast_signed(),
            Binary::Shl | Binary::Shr => self.shift(operator, x, y, ty, right.ty()),
            Binary::BitAnd => x & y,
            Binary::BitOr => x | y,
            Binary::BitXor => x ^ y,
            _ => return Err(ExprError::msg("Invalid binary operation on numbers.")),
        };
        Ok(from_int(&ty.unaliased(), result))
    }

    fn shift(&self, operator: Binary, value: i128, count: i128, ty: &Type, count_ty: &Type) -> i128 {
        let is_left = operator == Binary::Shl;
        let bits = i128::from(ty.size().unwrap_or(0)) * 8;
        let direction = if is_left { "left" } else { "right" };
        let problem = if count_ty.is_signed() && count < 0 {
            Some("shift count is negative")
        } else if count >= bits {
            Some("shift count >= width of type")
        } else {
            None
        };
        if let Some(problem) = problem {
            self.context.warn(&format!("{direction} {problem}"));
            return if !is_left && ty.is_signed() && value < 0 { -1 } else { 0 };
        }
        let count = count as u32;
        if is_left { value << count } else { value >> count }
    }

    fn float_scalar(&self, operator: Binary, left: &Value, right: &Value) -> Result<Value> {
        let ty = match (left.ty().is_float(), right.ty().is_float()) {
            (true, false) => left.ty(),
            (false, true) => right.ty(),
            _ if right.ty().size() > left.ty().size() => right.ty(),
            _ => left.ty(),
        };
        let format = float_format(ty).ok_or_else(|| ExprError::msg(NOT_A_NUMBER))?;
        let operand = |value: &Value| -> Result<Float> {
            let number = as_float(value, self.access)?;
            Ok(if value.ty().is_float() { number } else { number.rounded(format) })
        };
        let (x, y) = (operand(left)?, operand(right)?);
        let operation = match operator {
            Binary::Add => FloatOp::Add,
            Binary::Sub => FloatOp::Sub,
            Binary::Mul => FloatOp::Mul,
            Binary::Div => FloatOp::Div,
            _ => return Err(ExprError::msg("Integer-only operation on floating point number.")),
        };
        Ok(from_float(&ty.unaliased(), x.binary(operation, y, format), format))
    }

    fn decimal_scalar(&self, operator: Binary, left: &Value, right: &Value) -> Result<Value> {
        no_mixture(left, right)?;
        let ty = match (left.ty().is_decimal(), right.ty().is_decimal()) {
            (true, false) => left.ty(),
            (false, true) => right.ty(),
            _ if right.ty().size() > left.ty().size() => right.ty(),
            _ => left.ty(),
        };
        let format = DecimalFormat::of(ty.size().unwrap_or(0)).ok_or_else(|| ExprError::msg(NOT_A_NUMBER))?;
        let operation = match operator {
            Binary::Add => DecimalOp::Add,
            Binary::Sub => DecimalOp::Sub,
            Binary::Mul => DecimalOp::Mul,
            Binary::Div => DecimalOp::Div,
            _ => return Err(ExprError::msg("Operation not valid for decimal floating point number.")),
        };
        let (x, y) = (as_decimal(left, self.access)?, as_decimal(right, self.access)?);
        Ok(Value::from_bytes(ty.unaliased(), x.binary(operation, &y, format).encode(format)))
    }

    /// The real and imaginary parts of a complex value.
    pub(super) fn parts(&self, value: &Value) -> Result<(Value, Value)> {
        let part = part_type(value.ty());
        let size = part.size().unwrap_or(0);
        let read = |at: u64| value.component(part.clone(), at * 8, None);
        Ok((read(0), read(size)))
    }

    pub(super) fn complex(&self, ty: &Type, real: &Value, imaginary: &Value) -> Result<Value> {
        let mut bytes = real.bytes(self.access)?.to_vec();
        bytes.extend_from_slice(imaginary.bytes(self.access)?);
        Ok(Value::from_bytes(ty.clone(), bytes))
    }

    fn complex_scalar(&self, operator: Binary, left: &Value, right: &Value) -> Result<Value> {
        let parts = |value: &Value| {
            if value.ty().is_complex() {
                self.parts(value)
            } else {
                Ok((value.clone(), from_int(value.ty(), 0)))
            }
        };
        let ((a, b), (c, d)) = (parts(left)?, parts(right)?);
        let ty = if a.ty().is_float() == c.ty().is_float() {
            wider(a.ty(), c.ty()).clone()
        } else if a.ty().is_float() {
            a.ty().clone()
        } else {
            c.ty().clone()
        };
        let [a, b, c, d] = [a, b, c, d].map(|part| self.cast(&ty, &part));
        let (a, b, c, d) = (a?, b?, c?, d?);
        let op = |operator, x: &Value, y: &Value| self.scalar(operator, x, y);
        let (real, imaginary) = match operator {
            Binary::Add | Binary::Sub => (op(operator, &a, &c)?, op(operator, &b, &d)?),
            Binary::Mul => (
                op(Binary::Sub, &op(operator, &a, &c)?, &op(operator, &b, &d)?)?,
                op(Binary::Add, &op(operator, &a, &d)?, &op(operator, &b, &c)?)?,
            ),
            Binary::Div => {
                let norm = op(Binary::Add, &op(Binary::Mul, &c, &c)?, &op(Binary::Mul, &d, &d)?)?;
                let real = op(Binary::Add, &op(Binary::Mul, &a, &c)?, &op(Binary::Mul, &b, &d)?)?;
                let imaginary = op(Binary::Sub, &op(Binary::Mul, &b, &c)?, &op(Binary::Mul, &a, &d)?)?;
                (op(operator, &real, &norm)?, op(operator, &imaginary, &norm)?)
            }
            _ => return Err(ExprError::msg("Invalid binary operation on numbers.")),
        };
        self.complex(&complex_of(&ty), &real, &imaginary)
    }

    fn comparison(&self, operator: Binary, left: &Value, right: &Value) -> Result<Value> {
        let (left, right) = self.promote(left, right)?;
        let holds = match operator {
            Binary::Equal => self.equal(&left, &right)?,
            Binary::NotEqual => !self.equal(&left, &right)?,
            Binary::Less => self.less(&left, &right)?,
            Binary::Greater => self.less(&right, &left)?,
            Binary::LessEqual => self.less(&left, &right)? || self.equal(&left, &right)?,
            _ => self.less(&right, &left)? || self.equal(&left, &right)?,
        };
        Ok(from_int(&builtin().int, i128::from(holds)))
    }

    fn compare_numbers(&self, left: &Value, right: &Value) -> Result<Option<Option<Ordering>>> {
        let (a, b) = (left.ty(), right.ty());
        let is_number = |ty: &Type| ty.is_integral() || ty.is_float() || ty.is_decimal();
        if is_number(a) && is_number(b) {
            if a.is_decimal() || b.is_decimal() {
                no_mixture(left, right)?;
                let (x, y) = (as_decimal(left, self.access)?, as_decimal(right, self.access)?);
                return Ok(Some(x.compare(&y)));
            }
            if a.is_float() || b.is_float() {
                return Ok(Some(as_float(left, self.access)?.compare(as_float(right, self.access)?)));
            }
            return Ok(Some(Some(as_int(left, self.access)?.cmp(&as_int(right, self.access)?))));
        }
        let is_address = |ty: &Type| ty.is_pointer() || ty.is_integral();
        if is_address(a) && is_address(b) {
            let address = |value| as_int(value, self.access).map(|number| number as u64);
            return Ok(Some(Some(address(left)?.cmp(&address(right)?))));
        }
        Ok(None)
    }

    fn equal(&self, left: &Value, right: &Value) -> Result<bool> {
        let (left, right) = (self.decayed(left)?, self.decayed(right)?);
        if let Some(ordering) = self.compare_numbers(&left, &right)? {
            return Ok(ordering == Some(Ordering::Equal));
        }
        let (a, b) = (left.ty().strip(), right.ty().strip());
        let same_kind = std::mem::discriminant(a.kind()) == std::mem::discriminant(b.kind());
        if same_kind && a.size() == b.size() && !matches!(a.kind(), Kind::Void) {
            return Ok(left.bytes(self.access)? == right.bytes(self.access)?);
        }
        Err(ExprError::msg("Invalid type combination in equality test."))
    }

    fn less(&self, left: &Value, right: &Value) -> Result<bool> {
        let (left, right) = (self.decayed(left)?, self.decayed(right)?);
        match self.compare_numbers(&left, &right)? {
            Some(ordering) => Ok(ordering == Some(Ordering::Less)),
            None => Err(ExprError::msg("Invalid type combination in ordering comparison.")),
        }
    }
}

/// Decimal and binary floating point do not go together.
fn no_mixture(left: &Value, right: &Value) -> Result<()> {
    if left.ty().is_float() || right.ty().is_float() {
        return Err(ExprError::msg(
            "Mixing decimal floating types with other floating types is not allowed.",
        ));
    }
    Ok(())
}

fn is_comparison(operator: Binary) -> bool {
    matches!(
        operator,
        Binary::Equal
            | Binary::NotEqual
            | Binary::Less
            | Binary::Greater
            | Binary::LessEqual
            | Binary::GreaterEqual
    )
}

/// Whether pointer arithmetic applies to the type.
pub(super) fn points(ty: &Type) -> bool {
    ty.is_pointer() || ty.is_array() || ty.is_function()
}

/// The type of a complex type's parts.
pub(crate) fn part_type(ty: &Type) -> Type {
    let types = builtin();
    let ty = ty.strip();
    let name = ty.name().unwrap_or("");
    match ty.size() {
        Some(8) if name.contains("int") => types.int.clone(),
        Some(8) => types.float.clone(),
        Some(16) => types.double.clone(),
        _ => types.long_double.clone(),
    }
}

fn element_count(ty: &Type) -> u64 {
    match ty.strip().kind() {
        Kind::Array(array) => array.count.unwrap_or(0),
        _ => 0,
    }
}

/// The longer of two types; of equal ones the unsigned.
fn wider<'a>(a: &'a Type, b: &'a Type) -> &'a Type {
    match a.size().cmp(&b.size()) {
        Ordering::Greater => a,
        Ordering::Less => b,
        Ordering::Equal if !a.is_signed() => a,
        Ordering::Equal if !b.is_signed() => b,
        Ordering::Equal => a,
    }
}

/// C's usual arithmetic conversions for two integer types.
fn common_type(a: &Type, b: &Type) -> &'static Type {
    let types = builtin();
    let rank = |ty: &Type| match ty.size() {
        Some(size) if size >= 4 => (size, !ty.is_signed()),
        _ => (4, false),
    };
    let ((a_size, a_unsigned), (b_size, b_unsigned)) = (rank(a), rank(b));
    let unsigned = match a_size.cmp(&b_size) {
        Ordering::Greater => a_unsigned,
        Ordering::Less => b_unsigned,
        Ordering::Equal => a_unsigned || b_unsigned,
    };
    match (a_size.max(b_size), unsigned) {
        (..=4, false) => &types.int,
        (..=4, true) => &types.unsigned_int,
        (5..=8, false) => &types.long,
        (5..=8, true) => &types.unsigned_long,
        // gdb 13 cuts to long long here; there is no reason to.
        (_, false) => &types.int128,
        (_, true) => &types.unsigned_int128,
    }
}
