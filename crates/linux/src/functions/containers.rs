//! Walkers: what hangs on a list or in a tree of the kernel, as an array of pointers to what contains the nodes. gdb's own
//! operators do the rest: `$list(modules, struct module, list)[1]->name`.

use super::call::{Call, int, offset_of, void};
use super::{Lx, failed};
use crate::{Error, ListWalk, Object, chain, maple_entries, rb_nodes, xa_entries};
use kdive_base::VirtAddr;
use kdive_expr::{Argument, ExprError, Result};
use kdive_types::{Kind, Type, Value};

const NODES: &[Argument] = &[Argument::Value, Argument::Type, Argument::Member];
const ENTRIES: &[Argument] = &[Argument::Value, Argument::Type];

/// A walker over nodes that are members of what is wanted.
const fn of_nodes(name: &'static str, run: fn(&Call<'_>) -> Result<Value>) -> Lx {
    Lx { name, args: (1, 3), written: NODES, plain: true, ty: array_type, run, ..Lx::EMPTY }
}

/// A walker over pointers to what is wanted.
const fn of_entries(name: &'static str, run: fn(&Call<'_>) -> Result<Value>) -> Lx {
    Lx { name, args: (1, 2), written: ENTRIES, plain: true, ty: array_type, run, ..Lx::EMPTY }
}

pub(super) const FUNCTIONS: &[Lx] = &[
    of_nodes("list", list),
    of_nodes("hlist", hlist),
    of_nodes("llist", llist),
    of_nodes("rb", rb),
    of_entries("xa", xa),
    of_entries("idr", idr),
    of_entries("maple", maple),
    Lx { name: "count", args: (1, 1), plain: true, run: count, ..Lx::EMPTY },
];

/// Nodes of one list or tree.
const MAX_NODES: u64 = 1 << 20;

/// An array of unknown length: the types alone do not tell how much there is.
fn array_type(call: &Call<'_>) -> Result<Option<Type>> {
    let elem = if call.args.len() > 1 { call.type_at(1)? } else { void() };
    Ok(Some(elem.pointer_to().array_of(None)))
}

/// Damaged heads of one array that are reported; with more of them the array is none of heads.
const MAX_DAMAGED: usize = 8;

/// What a walk found: the words of the array.
#[derive(Default)]
struct Found {
    words: Vec<u64>,
    damaged: usize,
}

impl Found {
    /// Takes in what one head gave. Damage is reported once something was found, and is an error otherwise. Whether
    /// to go on with the next head.
    fn add(
        &mut self,
        call: &Call<'_>,
        found: impl IntoIterator<Item = u64>,
        broken: Option<Error>,
    ) -> Result<bool> {
        self.words.extend(found);
        let Some(error) = broken else { return Ok(self.words.len() as u64 <= MAX_NODES) };
        if self.words.is_empty() {
            return Err(failed(error));
        }
        let count = self.words.len();
        call.context.warn(&format!("${} ends after {count} of them: {error}", call.name));
        self.damaged += 1;
        Ok(self.damaged < MAX_DAMAGED && !matches!(error, Error::Exhausted(_)))
    }

    /// The words as pointers to a type.
    fn array(self, ty: &Type) -> Value {
        let bytes: Vec<u8> = self.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Value::from_bytes(ty.pointer_to().array_of(Some(self.words.len() as u64)), bytes)
    }
}

/// The type that contains the nodes, and where in it they are. Without a type the nodes themselves are wanted; without a
/// member the only one of the node's type.
fn container(call: &Call<'_>, node: &str) -> Result<(Type, u64)> {
    if call.args.len() < 2 {
        return Ok((call.kernel_type(node)?, 0));
    }
    let ty = call.type_at(1)?;
    if call.args.len() > 2 {
        let offset = call.offset_in(&ty, 2)?;
        return Ok((ty, offset));
    }
    let complete = call.program.modules.complete(&ty.strip());
    let mut names = Vec::new();
    if let Kind::Composite(composite) = complete.strip().kind() {
        for member in composite.members() {
            let is_node = member.ty.get().strip().name() == Some(node);
            names.extend(member.name.as_ref().filter(|_| is_node).map(ToString::to_string));
        }
    }
    match names.as_slice() {
        [only] => {
            let offset = offset_of(call.program, &ty, only)?;
            Ok((ty, offset))
        }
        [] => Err(ExprError::msg(format!(
            "{} has no struct {node} of its own: name the member, as in ${}(HEAD, TYPE, MEMBER).",
            ty.declaration(""),
            call.name
        ))),
        several => Err(ExprError::msg(format!(
            "{} has several struct {node}: name one of {}.",
            ty.declaration(""),
            several.join(", ")
        ))),
    }
}

fn list(call: &Call<'_>) -> Result<Value> {
    let (ty, offset) = container(call, "list_head")?;
    let mut all = Found::default();
    for head in call.heads(0, &["list_head"])? {
        let (mut found, mut broken) = (Vec::new(), None);
        for node in ListWalk::new(call.program, head, MAX_NODES) {
            match node {
                Ok(node) => found.push(node.0.wrapping_sub(offset)),
                Err(error) => broken = Some(error),
            }
        }
        if !all.add(call, found, broken)? {
            break;
        }
    }
    Ok(all.array(&ty))
}

fn chains(call: &Call<'_>, heads: &[&str], node: &str) -> Result<Value> {
    let (ty, offset) = container(call, node)?;
    let mut all = Found::default();
    for head in call.heads(0, heads)? {
        let (found, broken) = chain(call.program, head, node == "hlist_bl_node", MAX_NODES);
        if !all.add(call, found.into_iter().map(|node| node.0.wrapping_sub(offset)), broken)? {
            break;
        }
    }
    Ok(all.array(&ty))
}

fn hlist(call: &Call<'_>) -> Result<Value> {
    // Which kind of node goes with the head.
    let ty = call.arg(0)?.ty().strip();
    let head = ty.target().filter(|_| ty.is_pointer() || ty.is_array()).unwrap_or(ty).strip();
    let node = match head.name() {
        Some("hlist_bl_head") => "hlist_bl_node",
        Some("hlist_nulls_head") => "hlist_nulls_node",
        _ => "hlist_node",
    };
    chains(call, &["hlist_head", "hlist_bl_head", "hlist_nulls_head"], node)
}

fn llist(call: &Call<'_>) -> Result<Value> {
    chains(call, &["llist_head"], "llist_node")
}

fn rb(call: &Call<'_>) -> Result<Value> {
    let (ty, offset) = container(call, "rb_node")?;
    let mut all = Found::default();
    for root in call.heads(0, &["rb_root", "rb_root_cached"])? {
        let (found, broken) = rb_nodes(call.program, root, MAX_NODES).map_err(failed)?;
        if !all.add(call, found.into_iter().map(|node| node.0.wrapping_sub(offset)), broken)? {
            break;
        }
    }
    Ok(all.array(&ty))
}

/// The type that is pointed to: without one, whatever it may be.
fn entry_type(call: &Call<'_>) -> Result<Type> {
    if call.args.len() < 2 { Ok(void()) } else { call.type_at(1) }
}

fn entries(call: &Call<'_>, root: VirtAddr) -> Result<Value> {
    let ty = entry_type(call)?;
    let (found, broken) = xa_entries(call.program, root).map_err(failed)?;
    let mut all = Found::default();
    all.add(call, found.into_iter().map(|(_, entry)| entry), broken)?;
    Ok(all.array(&ty))
}

fn xa(call: &Call<'_>) -> Result<Value> {
    entries(call, call.structure(0, &["xarray", "radix_tree_root"])?)
}

fn idr(call: &Call<'_>) -> Result<Value> {
    let idr = Object::of_struct(call.program, "idr", call.structure(0, &["idr"])?).map_err(failed)?;
    entries(call, idr.member("idr_rt").map_err(failed)?.addr())
}

fn maple(call: &Call<'_>) -> Result<Value> {
    let ty = entry_type(call)?;
    let tree = call.structure(0, &["maple_tree"])?;
    let (found, broken) = maple_entries(call.program, tree).map_err(failed)?;
    let mut all = Found::default();
    all.add(call, found.into_iter().map(|entry| entry.entry), broken)?;
    Ok(all.array(&ty))
}

/// `$count(ARRAY)`: how many elements.
fn count(call: &Call<'_>) -> Result<Value> {
    match call.arg(0)?.ty().strip().kind() {
        Kind::Array(array) => Ok(int(array.count.unwrap_or(0))),
        _ => Err(ExprError::msg("$count takes an array, such as what $list(...) gives.")),
    }
}
