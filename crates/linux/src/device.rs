//! The driver model: buses, classes and their devices (drivers/base, include/linux/device.h).

use crate::{Error, ListWalk, Object};
use kdive_base::{Budget, VirtAddr};
use kdive_program::Program;
use std::collections::HashSet;

/// What devices are grouped by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grouping {
    /// The bus they are on (`bus_kset`).
    Bus,
    /// What they do (`class_kset`).
    Class,
}

/// One device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// Address of its `struct device`.
    pub addr: VirtAddr,
    /// Its name (`dev_name`).
    pub name: String,
}

/// A bus or a class with its devices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceGroup {
    /// Address of its `struct subsys_private`.
    pub addr: VirtAddr,
    /// Its name.
    pub name: String,
    /// Its devices, in the kernel's order.
    pub devices: Vec<Device>,
}

/// More of anything here than a machine has.
const MAX_ENTRIES: u64 = 1 << 18;
/// Deepest tree of devices that is followed.
const MAX_DEPTH: usize = 64;

/// Every bus or class with its devices, and what could not be read.
///
/// # Errors
/// Without symbols or types of the kernel.
pub fn device_groups(program: &Program, by: Grouping) -> Result<(Vec<DeviceGroup>, Vec<Error>), Error> {
    let (kset, member) = match by {
        Grouping::Bus => ("bus_kset", "bus"),
        Grouping::Class => ("class_kset", "class"),
    };
    let kset = Object::variable(program, kset)?.deref()?;
    let private = Object::of_struct(program, "subsys_private", VirtAddr(0))?;
    // kobject.entry in kset.kobj in subsys_private.subsys.
    let offset = private.offset_of("subsys.kobj.entry")?;
    private.member(member)?;
    let (mut groups, mut broken) = (Vec::new(), Vec::new());
    for entry in ListWalk::new(program, kset.member("list")?.addr(), MAX_ENTRIES) {
        let group = entry.and_then(|entry| {
            let addr = VirtAddr(entry.0.wrapping_sub(offset));
            let private = Object::of_struct(program, "subsys_private", addr)?;
            let name = private.member(member)?.deref()?.member("name")?.string(256)?;
            let knode = match by {
                Grouping::Bus => "knode_bus",
                Grouping::Class => "knode_class",
            };
            let devices = klist(program, &private.member("klist_devices")?, knode, &mut broken)?;
            Ok(DeviceGroup { addr, name, devices })
        });
        match group {
            Ok(group) => groups.push(group),
            Err(error) => broken.push(error),
        }
    }
    Ok((groups, broken))
}

/// The devices of a `struct klist`, linked by this member of `struct device_private`.
fn klist(
    program: &Program,
    list: &Object<'_>,
    knode: &str,
    broken: &mut Vec<Error>,
) -> Result<Vec<Device>, Error> {
    let private = Object::of_struct(program, "device_private", VirtAddr(0))?;
    let offset = private.offset_of(&format!("{knode}.n_node"))?;
    let mut devices = Vec::new();
    for entry in ListWalk::new(program, list.member("k_list")?.addr(), MAX_ENTRIES) {
        let device = entry.and_then(|entry| {
            let private =
                Object::of_struct(program, "device_private", VirtAddr(entry.0.wrapping_sub(offset)))?;
            device_at(program, private.member("device")?.pointer()?)
        });
        match device {
            Ok(device) => devices.push(device),
            Err(error) => broken.push(error),
        }
    }
    Ok(devices)
}

/// The device at an address.
///
/// # Errors
/// Without types of the kernel; memory.
pub fn device_at(program: &Program, addr: VirtAddr) -> Result<Device, Error> {
    let device = Object::of_struct(program, "device", addr)?;
    // Before it is registered a device has its name here.
    let init_name = device.member("init_name")?;
    let name = if init_name.pointer()?.0 != 0 { init_name } else { device.member("kobj.name")? };
    let name = if name.pointer()?.0 == 0 { String::new() } else { name.string(256)? };
    Ok(Device { addr, name })
}

/// Devices with their depth, and what could not be read.
pub type DeviceTree = (Vec<(usize, Device)>, Vec<Error>);

/// A device and all below it with their depth, parents first, and what could not be read.
///
/// # Errors
/// When the device itself cannot be read.
pub fn device_tree(program: &Program, addr: VirtAddr) -> Result<DeviceTree, Error> {
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    let mut budget = Budget::new(MAX_ENTRIES, program.interrupt.clone());
    let mut seen = HashSet::new();
    let mut open = vec![(0, device_at(program, addr)?)];
    while let Some((depth, device)) = open.pop() {
        if let Err(error) = budget.step() {
            broken.push(error.into());
            break;
        }
        let addr = device.addr;
        found.push((depth, device));
        if !seen.insert(addr) || depth >= MAX_DEPTH {
            let reason = "the tree leads back into itself".to_owned();
            broken.push(Error::Corrupt { what: "device", addr, reason });
            continue;
        }
        let children = Object::of_struct(program, "device", addr)
            .and_then(|device| device.member("p"))
            .and_then(|private| {
                if private.pointer()?.0 == 0 {
                    return Ok(Vec::new());
                }
                let list = private.deref()?.member("klist_children")?;
                klist(program, &list, "knode_parent", &mut broken)
            });
        match children {
            Ok(children) => open.extend(children.into_iter().rev().map(|child| (depth + 1, child))),
            Err(error) => broken.push(error),
        }
    }
    Ok((found, broken))
}

/// A number range of character devices (`chrdevs`, fs/char_dev.c) or a block driver (`major_names`, block/genhd.c).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Major {
    /// The major number.
    pub major: u64,
    /// Its name in /proc/devices.
    pub name: String,
    /// The `struct cdev` where the range has one of its own, else 0.
    pub cdev: VirtAddr,
    /// Its `file_operations`, else 0.
    pub operations: VirtAddr,
}

/// Longest chain in one slot of the tables.
const MAX_CHAIN: u64 = 4096;

/// The character devices, by number, and what ended the walk before its end.
///
/// # Errors
/// Without symbols or types of the kernel.
pub fn character_devices(program: &Program) -> Result<(Vec<Major>, Option<Error>), Error> {
    let table = Object::variable(program, "chrdevs")?;
    chains(program, &table, |entry| {
        let cdev = entry.member("cdev")?;
        let addr = cdev.pointer()?;
        let operations = if addr.0 == 0 { VirtAddr(0) } else { cdev.deref()?.member("ops")?.pointer()? };
        Ok((addr, operations))
    })
}

/// The block drivers, by number, and what ended the walk before its end.
///
/// # Errors
/// Without symbols or types of the kernel.
pub fn block_majors(program: &Program) -> Result<(Vec<Major>, Option<Error>), Error> {
    let table = Object::variable(program, "major_names")?;
    chains(program, &table, |_| Ok((VirtAddr(0), VirtAddr(0))))
}

fn chains(
    program: &Program,
    table: &Object<'_>,
    more: impl Fn(&Object<'_>) -> Result<(VirtAddr, VirtAddr), Error>,
) -> Result<(Vec<Major>, Option<Error>), Error> {
    let slots = table.ty().size().unwrap_or(0) / 8;
    let mut found: Vec<Major> = Vec::new();
    let mut broken = None;
    for slot in 0..slots.min(4096) {
        let mut chain = || -> Result<(), Error> {
            let mut budget = Budget::new(MAX_CHAIN, program.interrupt.clone());
            let mut link = table.index(slot)?;
            while link.pointer()?.0 != 0 {
                budget.step()?;
                let entry = link.deref()?;
                let (cdev, operations) = more(&entry)?;
                found.push(Major {
                    major: entry.member("major")?.uint()?,
                    name: entry.member("name")?.string(64)?,
                    cdev,
                    operations,
                });
                link = entry.member("next")?;
            }
            Ok(())
        };
        if let Err(error) = chain() {
            broken = broken.or(Some(error));
        }
    }
    found.sort_by_key(|major| major.major);
    Ok((found, broken))
}

/// A disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disk {
    /// Address of its `struct gendisk`.
    pub addr: VirtAddr,
    /// Its major number.
    pub major: u64,
    /// `sda`, `loop0`.
    pub name: String,
    /// Its `block_device_operations`.
    pub operations: VirtAddr,
}

/// The disk a device of class `block` is; `None` for a partition.
///
/// # Errors
/// Without types of the kernel; memory.
pub fn disk_of(program: &Program, device: VirtAddr) -> Result<Option<Disk>, Error> {
    // A device is in its block_device since 5.11, in the disk's first partition before.
    let (holder, member, disk) = match Object::of_struct(program, "block_device", VirtAddr(0)) {
        Ok(bdev) if bdev.has("bd_device") => ("block_device", "bd_device", "bd_disk"),
        _ => ("hd_struct", "__dev", ""),
    };
    let offset = Object::of_struct(program, holder, VirtAddr(0))?.offset_of(member)?;
    let bdev = Object::of_struct(program, holder, VirtAddr(device.0.wrapping_sub(offset)))?;
    let disk = if disk.is_empty() {
        let part0 = Object::of_struct(program, "gendisk", VirtAddr(0))?.offset_of("part0")?;
        Object::of_struct(program, "gendisk", VirtAddr(bdev.addr().0.wrapping_sub(part0)))?
    } else {
        bdev.member(disk)?.deref()?
    };
    let part0 = disk.member("part0")?;
    if part0.ty().strip().is_pointer() && part0.pointer()? != bdev.addr() {
        return Ok(None);
    }
    Ok(Some(Disk {
        addr: disk.addr(),
        major: disk.member("major")?.uint()?,
        name: disk.member("disk_name")?.string(64)?,
        operations: disk.member("fops")?.pointer()?,
    }))
}
