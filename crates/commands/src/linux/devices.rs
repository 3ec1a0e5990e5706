//! Devices: `lx-device-list-bus`, `lx-device-list-class`, `lx-device-list-tree`, and in the words of crash `dev`, `net`.

use super::names::{name_or_address, pointer};
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_base::VirtAddr;
use kdive_linux::{Device, Disk, Grouping, Major};

const NEEDS: Needs = Needs::STOPPED.and(Needs::SYMBOLS);

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "lx-device-list-bus",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Print devices on a bus (or all buses if not specified)",
        help: "Usage: lx-device-list-bus [BUS]",
        examples: &["lx-device-list-bus", "lx-device-list-bus pci"],
        run: |shell, args| groups(shell, args, Grouping::Bus),
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-device-list-class",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Print devices in a class (or all classes if not specified)",
        help: "Usage: lx-device-list-class [CLASS]",
        examples: &["lx-device-list-class", "lx-device-list-class net"],
        run: |shell, args| groups(shell, args, Grouping::Class),
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-device-list-tree",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Print a device and its children recursively",
        help: "Usage: lx-device-list-tree DEVICE\nDEVICE is a pointer to struct device.",
        examples: &["lx-device-list-tree &platform_bus"],
        complete: Completer::Expr,
        run: tree,
        ..Spec::EMPTY
    },
    Spec {
        name: "dev",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Character and block devices",
        help: "As crash shows them: major numbers as in /proc/devices, with the operations of those\n\
               character devices that have a cdev of their own, and the disks of each block driver.",
        keywords: &["disk", "block device", "character device"],
        examples: &["dev"],
        run: dev,
        ..Spec::EMPTY
    },
    Spec {
        name: "net",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Network devices and their IPv4 addresses",
        help: "Those of the first network namespace, as crash shows them.",
        keywords: &["network", "interface", "ifconfig"],
        examples: &["net"],
        run: net,
        ..Spec::EMPTY
    },
];

fn show(shell: &mut Shell, device: &Device, level: usize) {
    let at = pointer(shell.program(), device.addr);
    shell.out.line(&format!("{}dev {}:\t{at}", "\t".repeat(level), device.name));
}

fn groups(shell: &mut Shell, args: Args<'_>, by: Grouping) -> Result<(), Error> {
    let (groups, broken) = kdive_linux::device_groups(shell.program(), by).map_err(Error::msg)?;
    let (word, what) = match by {
        Grouping::Bus => ("bus", "bus type"),
        Grouping::Class => ("class", "device class"),
    };
    let wanted = args.text();
    if wanted.is_empty() {
        for group in groups {
            let at = pointer(shell.program(), group.addr);
            shell.out.line(&format!("{word} {}:\t{at}", group.name));
            for device in &group.devices {
                show(shell, device, 1);
            }
        }
    } else {
        let group = groups.iter().find(|group| group.name == wanted);
        let group = group.ok_or_else(|| Error::msg(format!("Can't find {what} '{wanted}'")))?;
        for device in &group.devices {
            show(shell, device, 0);
        }
    }
    warn(shell, "the kernel's lists of devices are damaged", broken);
    Ok(())
}

fn warn(shell: &mut Shell, what: &str, broken: impl IntoIterator<Item = kdive_linux::Error>) {
    for reason in broken {
        super::damaged(shell, &format!("{what}: {reason}"));
    }
}

fn tree(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    const USAGE: &str = "Please provide pointer to struct device";
    let text = args.required(USAGE)?;
    let program = shell.program();
    let value = program.evaluate(text)?;
    let ty = value.ty().strip();
    let target = ty.target().map(|target| target.strip().declaration(""));
    if !ty.is_pointer() || target.as_deref() != Some("struct device") {
        return Err(Error::msg(USAGE));
    }
    let addr = program.evaluate_address(text)?;
    let (found, broken) = kdive_linux::device_tree(program, addr).map_err(Error::msg)?;
    for (depth, device) in found {
        show(shell, &device, depth);
    }
    warn(shell, "the tree of devices is damaged", broken);
    Ok(())
}

fn dev(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let program = shell.program();
    let (characters, broken) = kdive_linux::character_devices(program).map_err(Error::msg)?;
    let (drivers, more) = kdive_linux::block_majors(program).map_err(Error::msg)?;
    let mut broken: Vec<_> = broken.into_iter().chain(more).collect();
    let mut disks = Vec::new();
    let (groups, more) = kdive_linux::device_groups(program, Grouping::Class).map_err(Error::msg)?;
    broken.extend(more);
    for device in groups.iter().filter(|group| group.name == "block").flat_map(|group| &group.devices) {
        match kdive_linux::disk_of(program, device.addr) {
            Ok(disk) => disks.extend(disk),
            Err(error) => broken.push(error),
        }
    }
    let mut lines = vec![format!("{:<7}  {:<15}  {:^16}  OPERATIONS", "CHRDEV", "NAME", "CDEV")];
    for Major { major, name, cdev, operations } in &characters {
        let (cdev, operations) = match cdev.0 {
            0 => ("(none)".to_owned(), String::new()),
            at => (format!("{at:016x}"), name_or_address(program, *operations)),
        };
        lines.push(format!("{major:>4}     {name:<15}  {cdev:^16}  {operations}"));
    }
    lines.push(String::new());
    lines.push(format!("{:<7}  {:<15}  {:^16}  OPERATIONS", "BLKDEV", "NAME", "GENDISK"));
    for driver in &drivers {
        let mut of_driver: Vec<&Disk> = disks.iter().filter(|disk| disk.major == driver.major).collect();
        of_driver.sort_by(|a, b| a.name.len().cmp(&b.name.len()).then_with(|| a.name.cmp(&b.name)));
        if of_driver.is_empty() {
            lines.push(format!("{:>4}     {:<15}  {:^16}", driver.major, driver.name, "(none)"));
        }
        for disk in of_driver {
            let operations = name_or_address(program, disk.operations);
            lines.push(format!(
                "{:>4}     {:<15}  {:016x}  {operations}",
                driver.major, disk.name, disk.addr.0
            ));
        }
    }
    for line in lines {
        shell.out.line(line.trim_end());
    }
    warn(shell, "the tables of devices are damaged", broken);
    Ok(())
}

fn net(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let (devices, broken) = kdive_linux::net_devices(shell.program()).map_err(Error::msg)?;
    shell.out.line("   NET_DEVICE     NAME       IP ADDRESS(ES)");
    for device in devices {
        let addresses: Vec<String> = device.addresses.iter().map(ToString::to_string).collect();
        let VirtAddr(addr) = device.addr;
        let line = format!("{addr:016x}  {:<10} {}", device.name, addresses.join(", "));
        shell.out.line(line.trim_end());
    }
    warn(shell, "the list of network devices is damaged", broken);
    Ok(())
}
