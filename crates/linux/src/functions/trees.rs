//! Steps through red-black trees, and looking an index up in a radix tree, as scripts/gdb has them.

use super::call::{Call, pointer, void};
use super::{Lx, failed};
use crate::rbtree::{Side, end, neighbour};
use crate::xa_load;
use kdive_base::VirtAddr;
use kdive_expr::{ExprError, Result};
use kdive_types::{Type, Value};

pub(super) const FUNCTIONS: &[Lx] = &[
    Lx { name: "lx_rb_first", args: (1, 1), ty: node_type, run: |call| first(call, Side::Left), ..Lx::EMPTY },
    Lx { name: "lx_rb_last", args: (1, 1), ty: node_type, run: |call| first(call, Side::Right), ..Lx::EMPTY },
    Lx { name: "lx_rb_next", args: (1, 1), ty: node_type, run: |call| next(call, Side::Right), ..Lx::EMPTY },
    Lx { name: "lx_rb_prev", args: (1, 1), ty: node_type, run: |call| next(call, Side::Left), ..Lx::EMPTY },
    Lx {
        name: "lx_radix_tree_lookup",
        args: (1, 2),
        ty: |_| Ok(Some(void().pointer_to())),
        run: radix_tree_lookup,
        ..Lx::EMPTY
    },
];

fn node_type(call: &Call<'_>) -> Result<Option<Type>> {
    Ok(call.kernel_type("rb_node").ok().map(|ty| ty.pointer_to()))
}

fn found(call: &Call<'_>, node: Option<VirtAddr>) -> Result<Value> {
    call.pointer("rb_node", node.ok_or_else(|| ExprError::msg("No entry in tree"))?)
}

fn first(call: &Call<'_>, side: Side) -> Result<Value> {
    let root = call.structure(0, &["rb_root", "rb_root_cached"])?;
    found(call, end(call.program, root, side).map_err(failed)?)
}

fn next(call: &Call<'_>, side: Side) -> Result<Value> {
    let node = call.structure(0, &["rb_node"])?;
    found(call, neighbour(call.program, node, side).map_err(failed)?)
}

fn radix_tree_lookup(call: &Call<'_>) -> Result<Value> {
    let root = call.structure(0, &["xarray", "radix_tree_root"])?;
    let index = if call.args.len() > 1 { call.integer(1)? } else { 0 };
    match xa_load(call.program, root, index).map_err(failed)? {
        0 => Err(ExprError::msg(format!("No entry in tree at index {index}"))),
        entry => Ok(pointer(&void(), VirtAddr(entry))),
    }
}
