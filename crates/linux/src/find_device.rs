//! Devices by the names of their bus or class (drivers/base/base.h), clocks by name (drivers/clk/clk.c).

use crate::{Error, ListWalk, Object, chain};
use kdive_base::VirtAddr;
use kdive_program::Program;
use std::collections::HashSet;
use std::fmt;

/// What devices belong to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Group {
    /// A `struct bus_type`.
    Bus,
    /// A `struct class`.
    Class,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bus => "bus",
            Self::Class => "class",
        })
    }
}

/// Members of one list of the driver core.
const MAX_MEMBERS: u64 = 1 << 16;
const MAX_NAME: usize = 256;
/// Deepest clock below another.
const MAX_DEPTH: usize = 32;

/// A device by the name of its bus or class and its own; or a sentence about which of them is not there.
///
/// # Errors
/// Memory, symbols, lists.
pub(crate) fn find_device(
    program: &Program,
    group: Group,
    of: &str,
    name: &str,
) -> Result<Result<VirtAddr, String>, Error> {
    let (kset, node) = match group {
        Group::Bus => ("bus_kset", "knode_bus"),
        Group::Class => ("class_kset", "knode_class"),
    };
    let Some(private) = subsystem(program, kset, of)? else {
        return Ok(Err(format!("There is no {group} {of}.")));
    };
    let holder = Object::of_struct(program, "device_private", VirtAddr(0))?;
    let offset = holder.offset_of(&format!("{node}.n_node"))?;
    let head = private.member("klist_devices.k_list")?.addr();
    for link in ListWalk::new(program, head, MAX_MEMBERS) {
        let holder = VirtAddr(link?.0.wrapping_sub(offset));
        let device = Object::of_struct(program, "device_private", holder)?.member("device")?.deref()?;
        if device_name(&device)? == name {
            return Ok(Ok(device.addr()));
        }
    }
    Ok(Err(format!("There is no device {name} on the {group} {of}.")))
}

/// `dev_name()`: the name from before it was registered, else that of its kobject.
fn device_name(device: &Object<'_>) -> Result<String, Error> {
    let early = device.member("init_name")?;
    if early.pointer()?.0 != 0 {
        return early.string(MAX_NAME);
    }
    let name = device.member("kobj.name")?;
    if name.pointer()?.0 == 0 { Ok(String::new()) } else { name.string(MAX_NAME) }
}

/// The `struct subsys_private` of a bus or class, from the kset that all of them are in.
fn subsystem<'a>(program: &'a Program, kset: &str, of: &str) -> Result<Option<Object<'a>>, Error> {
    let kset = Object::variable(program, kset)?.deref()?;
    let head = kset.member("list")?.addr();
    let kobject = Object::of_struct(program, "kobject", VirtAddr(0))?;
    let private = Object::of_struct(program, "subsys_private", VirtAddr(0))?;
    let offset = private.offset_of("subsys.kobj")?.wrapping_add(kobject.offset_of("entry")?);
    for link in ListWalk::new(program, head, MAX_MEMBERS) {
        let addr = VirtAddr(link?.0.wrapping_sub(offset));
        let private = Object::of_struct(program, "subsys_private", addr)?;
        if private.member("subsys.kobj.name")?.string(MAX_NAME)? == of {
            return Ok(Some(private));
        }
    }
    Ok(None)
}

/// A clock by name, from those without a parent downwards; `None` when none is called so.
///
/// # Errors
/// [`Error::NoSymbol`] for a kernel without the common clock framework; memory, lists.
pub(crate) fn find_clock(program: &Program, name: &str) -> Result<Option<VirtAddr>, Error> {
    let mut seen = HashSet::new();
    for head in ["clk_root_list", "clk_orphan_list"] {
        let head = Object::variable(program, head)?.addr();
        if let Some(found) = clock_below(program, head, name, &mut seen, MAX_DEPTH)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn clock_below(
    program: &Program,
    head: VirtAddr,
    name: &str,
    seen: &mut HashSet<VirtAddr>,
    depth: usize,
) -> Result<Option<VirtAddr>, Error> {
    let core = Object::of_struct(program, "clk_core", VirtAddr(0))?;
    let offset = core.offset_of("child_node")?;
    let (nodes, broken) = chain(program, head, false, MAX_MEMBERS);
    for node in nodes {
        let clock = Object::of_struct(program, "clk_core", VirtAddr(node.0.wrapping_sub(offset)))?;
        // Each clock has one parent.
        if !seen.insert(clock.addr()) {
            let reason = "it leads back into itself".to_owned();
            return Err(Error::Corrupt { what: "tree of clocks", addr: clock.addr(), reason });
        }
        if clock.member("name")?.string(MAX_NAME)? == name {
            return Ok(Some(clock.addr()));
        }
        if depth > 0 {
            let children = clock.member("children")?.addr();
            if let Some(found) = clock_below(program, children, name, seen, depth - 1)? {
                return Ok(Some(found));
            }
        }
    }
    broken.map_or(Ok(None), Err)
}
