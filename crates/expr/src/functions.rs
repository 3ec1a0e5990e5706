//! Functions of the debugger itself: `$_strlen`, `$_streq`, `$_regex`, ...

use crate::builtin::builtin;
use crate::context::{Context, Function};
use crate::error::{ExprError, Result};
use crate::eval::{as_address, as_int, from_int};
use crate::lexer::complex_part;
use kdive_base::VirtAddr;
use kdive_types::{Kind, Value};
use std::sync::Arc;

/// Longest string that is read from the target.
const MAX_STRING: usize = 1 << 20;

/// A function every session has.
struct Standard {
    name: &'static str,
    args: usize,
    run: fn(&dyn Context, &[Value]) -> Result<Value>,
}

const STANDARD: &[Standard] = &[
    Standard { name: "_isvoid", args: 1, run: is_void },
    Standard { name: "_strlen", args: 1, run: strlen },
    Standard { name: "_streq", args: 2, run: streq },
    Standard { name: "_memeq", args: 3, run: memeq },
    Standard { name: "_regex", args: 2, run: regex_match },
    Standard { name: "_as_string", args: 1, run: as_string },
    Standard { name: "_creal", args: 1, run: |context, args| complex_part(context, args, 0) },
    Standard { name: "_cimag", args: 1, run: |context, args| complex_part(context, args, 1) },
];

impl Function for &'static Standard {
    fn call(&self, context: &dyn Context, args: &[Value]) -> Result<Value> {
        if args.len() != self.args {
            let count = match self.args {
                1 => "one argument",
                2 => "two arguments",
                _ => "three arguments",
            };
            return Err(ExprError::msg(format!("You must provide {count} for ${}.", self.name)));
        }
        (self.run)(context, args)
    }
}

/// The function called `name`, without the dollar.
pub(crate) fn standard(name: &str) -> Option<Arc<dyn Function>> {
    let found = STANDARD.iter().find(|function| function.name == name)?;
    Some(Arc::new(found))
}

/// The names of the functions every session has, for completion.
pub fn standard_names() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().map(|function| function.name)
}

fn int(number: i128) -> Value {
    from_int(&builtin().int, number)
}

fn is_void(_: &dyn Context, args: &[Value]) -> Result<Value> {
    Ok(int(i128::from(args.first().is_some_and(|value| value.ty().is_void()))))
}

fn arg(args: &[Value], at: usize) -> Result<&Value> {
    args.get(at).ok_or_else(|| ExprError::msg("Too few arguments in function call."))
}

/// The bytes of a C string: of an array up to the first NUL, or what a pointer points to.
pub(crate) fn c_string(context: &dyn Context, value: &Value) -> Result<Vec<u8>> {
    let ty = value.ty().strip();
    if let Kind::Array(_) = ty.kind() {
        let bytes = value.bytes(context)?;
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        return Ok(bytes.get(..end).unwrap_or(bytes).to_vec());
    }
    if !ty.is_pointer() && !ty.is_integral() {
        return Err(ExprError::msg("Trying to read string with inappropriate type."));
    }
    read_c_string(context, as_address(value, context)?)
}

/// Reads up to the NUL, a line of memory at a time so that a string at the end of a page is had.
pub(crate) fn read_c_string(context: &dyn Context, addr: VirtAddr) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    while text.len() < MAX_STRING {
        let here = addr.offset(text.len() as u64);
        let step = 64 - (here.0 % 64) as usize;
        let mut chunk = [0; 64];
        let chunk = &mut chunk[..step];
        context.read_memory(here, chunk)?;
        match chunk.iter().position(|&byte| byte == 0) {
            Some(nul) => {
                text.extend_from_slice(&chunk[..nul]);
                return Ok(text);
            }
            None => text.extend_from_slice(chunk),
        }
    }
    Ok(text)
}

fn strlen(context: &dyn Context, args: &[Value]) -> Result<Value> {
    let text = c_string(context, arg(args, 0)?)?;
    Ok(int(text.len() as i128))
}

fn streq(context: &dyn Context, args: &[Value]) -> Result<Value> {
    let same = c_string(context, arg(args, 0)?)? == c_string(context, arg(args, 1)?)?;
    Ok(int(i128::from(same)))
}

/// The first `len` bytes of an array, or at a pointer.
fn bytes_of(context: &dyn Context, value: &Value, len: usize) -> Result<Vec<u8>> {
    if let (Kind::Array(_), None) = (value.ty().strip().kind(), value.address()) {
        return Ok(value.bytes(context)?.iter().copied().take(len).collect());
    }
    let addr = match value.address() {
        Some(addr) if value.ty().is_array() => addr,
        _ => as_address(value, context)?,
    };
    let mut bytes = vec![0; len];
    context.read_memory(addr, &mut bytes)?;
    Ok(bytes)
}

fn memeq(context: &dyn Context, args: &[Value]) -> Result<Value> {
    let len = as_int(arg(args, 2)?, context)?;
    if len < 0 {
        return Err(ExprError::msg("length must be non-negative"));
    }
    let len = usize::try_from(len).ok().filter(|&len| len <= MAX_STRING);
    let len = len.ok_or_else(|| ExprError::msg(format!("length is larger than {MAX_STRING}")))?;
    let same = bytes_of(context, arg(args, 0)?, len)? == bytes_of(context, arg(args, 1)?, len)?;
    Ok(int(i128::from(same)))
}

fn regex_match(context: &dyn Context, args: &[Value]) -> Result<Value> {
    let text = c_string(context, arg(args, 0)?)?;
    let pattern = c_string(context, arg(args, 1)?)?;
    let pattern = String::from_utf8_lossy(&pattern);
    // As Python's re.match: anchored at the start only.
    let regex = regex::bytes::RegexBuilder::new(&format!("^(?:{pattern})"))
        .size_limit(1 << 20)
        .build()
        .map_err(|error| ExprError::msg(format!("invalid regular expression: {error}")))?;
    Ok(int(i128::from(regex.is_match(&text))))
}

fn as_string(context: &dyn Context, args: &[Value]) -> Result<Value> {
    let options = context.print_options();
    let text = crate::print::value_text(context, arg(args, 0)?, &options)?;
    let mut bytes = text.into_bytes();
    bytes.push(0);
    let ty = builtin().char.array_of(Some(bytes.len() as u64));
    Ok(Value::from_bytes(ty, bytes))
}
