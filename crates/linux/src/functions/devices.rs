//! Devices, clocks and directory entries, as scripts/gdb finds them.

use super::call::Call;
use super::{Lx, failed};
use crate::find_device::{Group, find_clock, find_device};
use crate::{Object, dentry_path};
use kdive_base::VirtAddr;
use kdive_expr::{ExprError, Result};
use kdive_types::{Encoding, Type, Value};

pub(super) const FUNCTIONS: &[Lx] = &[
    Lx {
        name: "lx_device_find_by_bus_name",
        args: (2, 2),
        ty: |call| pointer_to(call, "device"),
        run: |call| device(call, Group::Bus),
        ..Lx::EMPTY
    },
    Lx {
        name: "lx_device_find_by_class_name",
        args: (2, 2),
        ty: |call| pointer_to(call, "device"),
        run: |call| device(call, Group::Class),
        ..Lx::EMPTY
    },
    Lx {
        name: "lx_clk_core_lookup",
        args: (1, 1),
        ty: |call| pointer_to(call, "clk_core"),
        run: clock,
        ..Lx::EMPTY
    },
    Lx {
        name: "lx_dentry_name",
        args: (1, 1),
        ty: |_| Ok(Some(character().array_of(None))),
        run: dentry_name,
        ..Lx::EMPTY
    },
    Lx {
        name: "lx_i_dentry",
        args: (1, 1),
        ty: |call| pointer_to(call, "dentry"),
        run: inode_dentry,
        ..Lx::EMPTY
    },
];

fn pointer_to(call: &Call<'_>, name: &str) -> Result<Option<Type>> {
    Ok(call.kernel_type(name).ok().map(|ty| ty.pointer_to()))
}

fn character() -> Type {
    Type::base("char", 1, Encoding::SignedChar)
}

fn device(call: &Call<'_>, group: Group) -> Result<Value> {
    let (of, name) = (call.text(0)?, call.text(1)?);
    let found = find_device(call.program, group, &of, &name).map_err(failed)?;
    call.pointer("device", found.map_err(ExprError::msg)?)
}

fn clock(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0)?;
    match find_clock(call.program, &name).map_err(failed)? {
        Some(addr) => call.pointer("clk_core", addr),
        None => Err(ExprError::msg(format!("No clock is called {name}."))),
    }
}

fn dentry_name(call: &Call<'_>) -> Result<Value> {
    let dentry = call.structure(0, &["dentry"])?;
    let path = dentry_path(call.program, VirtAddr(0), dentry).map_err(failed)?;
    let mut bytes = path.into_bytes();
    bytes.push(0);
    Ok(Value::from_bytes(character().array_of(Some(bytes.len() as u64)), bytes))
}

/// The first directory entry of an inode, by `inode.i_dentry` and `dentry.d_u.d_alias`.
fn inode_dentry(call: &Call<'_>) -> Result<Value> {
    let inode = call.structure(0, &["inode"])?;
    let find = || -> std::result::Result<VirtAddr, crate::Error> {
        let first = Object::of_struct(call.program, "inode", inode)?.member("i_dentry.first")?.pointer()?;
        let entry = Object::of_struct(call.program, "dentry", VirtAddr(0))?;
        let offset = entry.offset_of("d_u.d_alias").or_else(|_| entry.offset_of("d_alias"))?;
        Ok(if first.0 == 0 { first } else { VirtAddr(first.0.wrapping_sub(offset)) })
    };
    match find().map_err(failed)? {
        VirtAddr(0) => Err(ExprError::msg("The inode has no directory entry.")),
        entry => call.pointer("dentry", entry),
    }
}
