//! Stands in for value printing until the expr crate has it; goes away then.

use kdive_base::VirtAddr;
use kdive_expr::{Context, ExprError, PrintOptions, Result};
use kdive_types::{Access, Out, Value};

pub(crate) fn value_as_address(value: &Value, access: &dyn Access) -> Result<VirtAddr> {
    let bytes = value.bytes(access).map_err(|error| ExprError::msg(error.to_string()))?;
    let mut raw = [0; 8];
    for (to, from) in raw.iter_mut().zip(bytes.iter()) {
        *to = *from;
    }
    Ok(VirtAddr(u64::from_le_bytes(raw)))
}

pub(crate) fn print_value(
    value: &Value,
    _: &PrintOptions,
    context: &dyn Context,
    out: &mut Out,
) -> Result<()> {
    struct Upcast<'a>(&'a dyn Context);
    let _ = Upcast(context).0;
    out.push(&format!("{:?}", value.ty()));
    Ok(())
}
