//! Between values and numbers.

use crate::builtin::builtin;
use crate::error::{ExprError, Result};
use kdive_base::VirtAddr;
use kdive_types::{Access, Decimal, DecimalFormat, Encoding, Float, FloatFormat, Kind, Type, Value};

/// The floating-point layout of a type.
pub(crate) fn float_format(ty: &Type) -> Option<FloatFormat> {
    let stripped = ty.strip();
    match stripped.kind() {
        Kind::Base(base) if base.encoding == Encoding::Float => {
            FloatFormat::of(stripped.size()?, stripped.name().unwrap_or(""))
        }
        _ => None,
    }
}

/// Up to sixteen little-endian bytes as a number; sign-extended when `signed`.
pub(crate) fn int_from_bytes(bytes: &[u8], signed: bool) -> i128 {
    let mut raw = [0; 16];
    let len = bytes.len().min(16);
    raw[..len].copy_from_slice(&bytes[..len]);
    let value = i128::from_le_bytes(raw);
    let shift = 128 - 8 * len as u32;
    match (len, signed) {
        (0, _) => 0,
        (_, true) => (value << shift) >> shift,
        (_, false) => value,
    }
}

/// Whether the bits of a type are read as a signed number.
fn reads_signed(ty: &Type) -> bool {
    ty.is_signed()
}

/// A value as an integer; floating point is cut towards zero, pointers are their address.
pub(crate) fn as_int(value: &Value, access: &dyn Access) -> Result<i128> {
    let ty = value.ty().strip();
    match ty.kind() {
        Kind::Base(base) if base.encoding == Encoding::Float => {
            Ok(i128::from(as_float(value, access)?.to_i64()))
        }
        Kind::Base(base) if base.encoding == Encoding::DecimalFloat => {
            Ok(i128::from(as_float(value, access)?.to_i64()))
        }
        Kind::Base(base) if base.encoding == Encoding::ComplexFloat => Err(not_an_integer()),
        Kind::Base(base) => {
            let number = int_from_bytes(&value.number(access)?, reads_signed(&ty));
            match base.bit_size {
                // A type narrower than its bytes (`DW_AT_bit_size`).
                Some(bits) if bits > 0 && bits < 128 => {
                    let shift = 128 - bits;
                    Ok(if reads_signed(&ty) {
                        (number << shift) >> shift
                    } else {
                        (number.cast_unsigned() << shift >> shift).cast_signed()
                    })
                }
                _ => Ok(number),
            }
        }
        Kind::Enum(_) | Kind::Pointer(_) | Kind::Flags(_) => {
            Ok(int_from_bytes(&value.number(access)?, reads_signed(&ty)))
        }
        Kind::Foreign(reason) => Err(ExprError::msg(reason.to_string())),
        _ => Err(not_an_integer()),
    }
}

fn not_an_integer() -> ExprError {
    ExprError::msg("Value can't be converted to integer.")
}

/// A pointer's or number's value as an address.
pub(crate) fn as_address(value: &Value, access: &dyn Access) -> Result<VirtAddr> {
    if value.ty().is_function()
        && let Some(addr) = value.address()
    {
        return Ok(addr);
    }
    Ok(VirtAddr(as_int(value, access)? as u64))
}

/// A number as floating point.
pub(crate) fn as_float(value: &Value, access: &dyn Access) -> Result<Float> {
    if let Some(format) = float_format(value.ty()) {
        return Ok(Float::decode(&value.number(access)?, format));
    }
    if value.ty().is_decimal() {
        // By way of text, as between formats that have nothing in common.
        let text = as_decimal(value, access)?.to_string();
        return Ok(Float::parse(&text, FloatFormat::QUAD).unwrap_or(Float::ZERO));
    }
    let int = as_int(value, access)?;
    let is_wide_unsigned = int < 0 && !value.ty().is_signed();
    Ok(if is_wide_unsigned { Float::from_uint(int.cast_unsigned()) } else { Float::from_int(int) })
}

/// A number as decimal floating point.
pub(crate) fn as_decimal(value: &Value, access: &dyn Access) -> Result<Decimal> {
    if value.ty().is_decimal()
        && let Some(format) = DecimalFormat::of(value.ty().size().unwrap_or(0))
    {
        return Ok(Decimal::decode(&value.number(access)?, format));
    }
    if let Some(format) = float_format(value.ty()) {
        let text = as_float(value, access)?.printf('g', Some(format.decimal_digits()), false);
        return Ok(Decimal::parse(&text).unwrap_or_else(|| Decimal::from_int(0)));
    }
    Ok(Decimal::from_int(as_int(value, access)?))
}

/// A value of an integer, enumeration or pointer type (or of a float type, converted) with this number, cut to its size.
pub(crate) fn from_int(ty: &Type, number: i128) -> Value {
    if let Some(format) = float_format(ty) {
        return from_float(ty, Float::from_int(number), format);
    }
    if ty.is_decimal()
        && let Some(format) = DecimalFormat::of(ty.size().unwrap_or(0))
    {
        return Value::from_number(ty.clone(), Decimal::from_int(number).encode(format));
    }
    let size = usize::try_from(ty.size().unwrap_or(8)).unwrap_or(8);
    let bytes = number.to_le_bytes();
    if size <= bytes.len() {
        return Value::from_number(ty.clone(), &bytes[..size]);
    }
    let mut bytes = bytes.to_vec();
    bytes.resize(size.min(1 << 16), if number < 0 { 0xff } else { 0 });
    Value::from_number(ty.clone(), bytes)
}

/// A value of a floating-point type, padded to its size.
pub(crate) fn from_float(ty: &Type, number: Float, format: FloatFormat) -> Value {
    let mut bytes = number.encode(format);
    bytes.resize(usize::try_from(ty.size().unwrap_or(0)).unwrap_or(0).clamp(bytes.len(), 16), 0);
    Value::from_number(ty.clone(), bytes)
}

/// Whether a value counts as true. Arrays and functions do, being addresses.
pub(crate) fn is_true(value: &Value, access: &dyn Access) -> Result<bool> {
    let ty = value.ty();
    if ty.is_float() || ty.is_decimal() {
        return Ok(!as_float(value, access)?.is_zero());
    }
    if ty.is_array() || ty.is_function() {
        return Ok(value.address().is_none_or(|addr| addr.0 != 0));
    }
    Ok(value.bytes(access)?.iter().any(|&byte| byte != 0))
}

/// The integer type C promotes to; `None` where it does not.
pub(crate) fn promoted(ty: &Type) -> Option<&'static Type> {
    let ty = ty.strip();
    (ty.is_integral() && ty.size()? < 4).then(|| &builtin().int)
}
