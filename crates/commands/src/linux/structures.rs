//! The kernel's data structures by hand: `lx-list-check`, `lx-mounts`, `mount`.

use super::memory::word;
use super::task_list::{TaskWords, check, read_tasks};
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_linux::Mount;
use std::collections::HashSet;

const NEEDS: Needs = Needs::STOPPED.and(Needs::SYMBOLS);

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "lx-list-check",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Verify a list consistency",
        help: "Usage: lx-list-check HEAD\n\
               Follows a struct list_head and checks the links of each node in both directions.",
        keywords: &["list corruption", "memory corruption", "list_del corruption"],
        examples: &["lx-list-check modules"],
        complete: Completer::Expr,
        run: list_check,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-mounts",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Report the mounts of a process",
        help: "Usage: lx-mounts [PID]\nOf process 1 without PID.",
        keywords: &["file system"],
        examples: &["lx-mounts", "lx-mounts 1"],
        run: mounts,
        ..Spec::EMPTY
    },
    Spec {
        name: "mount",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Mounts of a process, in crash's columns",
        help: "Usage: mount [PID]\nOf process 1 without PID.",
        keywords: &["file system"],
        examples: &["mount", "mount 1"],
        run: crash_mount,
        ..Spec::EMPTY
    },
];

/// Nodes of a list that is taken for sane.
const MAX_NODES: usize = 1 << 20;

fn list_check(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("lx-list-check takes the head of a list.")?;
    let program = shell.program();
    let value = program.evaluate(text)?;
    let head = match value.address() {
        Some(addr) if !value.ty().strip().is_pointer() => addr,
        _ => program.evaluate_address(text)?,
    };
    shell.out.line(&format!("Starting with: {head:#x}"));
    let mut at = head;
    let mut seen = HashSet::new();
    for count in 1..=MAX_NODES {
        if shell.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        // next, then prev.
        let (next, prev) = (word(shell, at)?, word(shell, at.offset(8))?);
        for (name, other, back, field) in [("prev", prev, "next", 0), ("next", next, "prev", 8)] {
            match word(shell, other.offset(field)) {
                Ok(link) if link == at => {}
                Ok(link) => {
                    shell.out.line(&format!(
                        "{name}.{back} != current: current@{at:#x} {name}@{other:#x} {name}.{back}={link:#x}"
                    ));
                    return Ok(());
                }
                Err(_) => {
                    shell.out.line(&format!("{name} is not accessible: current@{at:#x} {name}@{other:#x}"));
                    return Ok(());
                }
            }
        }
        at = next;
        if at == head {
            shell.out.line(&format!("list is consistent: {count} node(s)"));
            return Ok(());
        }
        if !seen.insert(at) {
            shell.out.line(&format!("the list leads back into itself at {at:#x} without passing its head"));
            return Ok(());
        }
    }
    Err(Error::msg(format!("The list has more than {MAX_NODES} nodes.")))
}

/// The mounts of the process a command names, and what was wrong with their list.
fn mounts_of(shell: &mut Shell, args: &Args<'_>) -> Result<(Vec<Mount>, Option<kdive_linux::Error>), Error> {
    check(shell)?;
    let word = if args.is_empty() { "1" } else { args.text() };
    let list = read_tasks(shell)?;
    let tasks = list.named(shell, word)?;
    let task = tasks.first().ok_or_else(|| Error::msg(format!("No task {word}.")))?;
    kdive_linux::mounts(shell.program(), task.addr).map_err(Error::msg)
}

fn crash_mount(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let (mounts, broken) = mounts_of(shell, &args)?;
    let devices = mounts.iter().map(|mount| mount.device.len()).fold(9, usize::max);
    shell
        .out
        .line(&format!("{:^16} {:^16} {:<8} {:<devices$} DIRNAME", "MOUNT", "SUPERBLK", "TYPE", "DEVNAME"));
    for mount in mounts {
        shell.out.line(&format!(
            "{:016x} {:016x} {:<8} {:<devices$} {}",
            mount.addr.0, mount.super_block.0, mount.fstype, mount.device, mount.path
        ));
    }
    if let Some(broken) = broken {
        super::damaged(shell, &format!("the list of mounts is damaged: {broken}"));
    }
    Ok(())
}

fn mounts(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let (mounts, broken) = mounts_of(shell, &args)?;
    shell.out.line(&format!(
        "{:^18} {:^15} {:>9} {} {} options",
        "mount", "super_block", "devname", "pathname", "fstype"
    ));
    for mount in mounts {
        shell.out.line(&format!(
            "{:#x} {:#x} {} {} {} {} 0 0",
            mount.addr, mount.super_block, mount.device, mount.path, mount.fstype, mount.options
        ));
    }
    if let Some(broken) = broken {
        super::damaged(shell, &format!("the list of mounts is damaged: {broken}"));
    }
    Ok(())
}
