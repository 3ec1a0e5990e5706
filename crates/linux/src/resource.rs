//! Trees of resources: I/O memory and ports (`struct resource`, include/linux/ioport.h).

use crate::{Error, Object};
use kdive_base::{Budget, VirtAddr};
use kdive_program::Program;
use std::collections::HashSet;

/// One resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// First address or port.
    pub start: u64,
    /// The last.
    pub end: u64,
    /// Who it belongs to.
    pub name: String,
    /// How deep in the tree, 0 for the children of the root.
    pub depth: usize,
}

/// More resources than any machine has.
const MAX_RESOURCES: u64 = 1 << 16;

/// Everything below `iomem_resource` or `ioport_resource`, in the order of /proc, and what ended the walk before its end.
///
/// # Errors
/// Without symbols or types of the kernel.
pub fn resources(program: &Program, root: &str) -> Result<(Vec<Resource>, Option<Error>), Error> {
    let root = Object::variable(program, root)?;
    let mut budget = Budget::new(MAX_RESOURCES, program.interrupt.clone());
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    // What is still to be visited, the next at the end.
    let mut open = vec![(root.member("child")?.pointer()?, 0)];
    while let Some((addr, depth)) = open.pop() {
        if addr.0 == 0 {
            continue;
        }
        let mut visit = || -> Result<(), Error> {
            budget.step()?;
            if !seen.insert(addr) {
                let reason = "the tree leads back into itself".to_owned();
                return Err(Error::Corrupt { what: "resource", addr, reason });
            }
            let resource = Object::of_struct(program, "resource", addr)?;
            let name = resource.member("name")?;
            found.push(Resource {
                start: resource.member("start")?.uint()?,
                end: resource.member("end")?.uint()?,
                name: if name.pointer()?.0 == 0 { "<BAD>".to_owned() } else { name.string(256)? },
                depth,
            });
            open.push((resource.member("sibling")?.pointer()?, depth));
            open.push((resource.member("child")?.pointer()?, depth + 1));
            Ok(())
        };
        if let Err(error) = visit() {
            return Ok((found, Some(error)));
        }
    }
    Ok((found, None))
}

/// One mount.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mount {
    /// Address of its `struct mount`.
    pub addr: VirtAddr,
    /// Address of its super block.
    pub super_block: VirtAddr,
    /// Device or what stands for it.
    pub device: String,
    /// Where it is mounted.
    pub path: String,
    /// Type of the file system.
    pub fstype: String,
    /// `rw,nosuid,relatime`.
    pub options: String,
}

/// More mounts than `fs.mount-max` allows.
const MAX_MOUNTS: u64 = 100_000;

/// The mounts of the namespace a task is in, and what ended the walk before its end.
///
/// # Errors
/// Without symbols or types of the kernel; memory.
pub fn mounts(program: &Program, task: VirtAddr) -> Result<(Vec<Mount>, Option<Error>), Error> {
    let namespace = Object::of_struct(program, "task_struct", task)?.member("nsproxy")?;
    if namespace.pointer()?.0 == 0 {
        return Ok((Vec::new(), None));
    }
    let namespace = namespace.deref()?.member("mnt_ns")?.deref()?;
    let mount = Object::of_struct(program, "mount", VirtAddr(0))?;
    let mut entries = Vec::new();
    let mut broken = None;
    if namespace.has("list") && mount.has("mnt_list") {
        // A list until 6.7.
        let offset = mount.offset_of("mnt_list")?;
        for entry in crate::ListWalk::new(program, namespace.member("list")?.addr(), MAX_MOUNTS) {
            match entry {
                Ok(entry) => entries.push(VirtAddr(entry.0.wrapping_sub(offset))),
                Err(error) => broken = Some(error),
            }
        }
    } else {
        let offset = mount.offset_of("mnt_node")?;
        let (nodes, error) = crate::rbtree::nodes(program, namespace.member("mounts")?.addr(), MAX_MOUNTS)?;
        entries.extend(nodes.into_iter().map(|node| VirtAddr(node.0.wrapping_sub(offset))));
        broken = error;
    }
    let mut found = Vec::new();
    for addr in entries {
        match mount_at(program, addr) {
            Ok(Some(mount)) => found.push(mount),
            Ok(None) => {}
            Err(error) => broken = broken.or(Some(error)),
        }
    }
    Ok((found, broken))
}

fn mount_at(program: &Program, addr: VirtAddr) -> Result<Option<Mount>, Error> {
    const SB: [(u64, &str); 4] = [(16, ",sync"), (64, ",mand"), (128, ",dirsync"), (1 << 25, ",lazytime")];
    const MNT: [(u64, &str); 6] = [
        (1, ",nosuid"),
        (2, ",nodev"),
        (4, ",noexec"),
        (8, ",noatime"),
        (16, ",nodiratime"),
        (32, ",relatime"),
    ];
    let mount = Object::of_struct(program, "mount", addr)?;
    let super_block = mount.member("mnt.mnt_sb")?;
    // Readers of /proc/mounts leave marks in the list (5.8 to 6.7).
    if super_block.pointer()?.0 == 0 {
        return Ok(None);
    }
    let super_block = super_block.deref()?;
    let name = mount.member("mnt_devname")?;
    let device = if name.pointer()?.0 == 0 { "none".to_owned() } else { name.string(4096)? };
    let inner = mount.member("mnt")?.addr();
    let path = crate::dentry_path(program, inner, mount.member("mnt.mnt_root")?.pointer()?)?;
    let (s_flags, m_flags) = (super_block.member("s_flags")?.uint()?, mount.member("mnt.mnt_flags")?.uint()?);
    // SB_RDONLY, MNT_READONLY.
    let mut options = if s_flags & 1 != 0 || m_flags & 0x40 != 0 { "ro" } else { "rw" }.to_owned();
    options.extend(SB.iter().filter(|(bit, _)| s_flags & bit != 0).map(|(_, word)| *word));
    options.extend(MNT.iter().filter(|(bit, _)| m_flags & bit != 0).map(|(_, word)| *word));
    Ok(Some(Mount {
        addr,
        super_block: super_block.addr(),
        device: if device.is_empty() { "none".to_owned() } else { device },
        path,
        fstype: super_block.member("s_type")?.deref()?.member("name")?.string(64)?,
        options,
    }))
}
