//! Addresses: `pagewalk`, `address`, `vmmap`, `lx-vmallocinfo`, `lx-slabinfo`, `lx-iomem`, `lx-ioports`.

use super::task_list::{check, read_tasks, selected};
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_linux::Object;

const NEEDS: Needs = Needs::STOPPED.and(Needs::SYMBOLS);

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "pagewalk",
        aliases: &["vtop"],
        class: Class::Linux,
        needs: Needs::STOPPED,
        summary: "Walk the page tables to an address",
        help: "Usage: pagewalk ADDRESS\n\
               Every entry on the way with its flags, then the physical address. The tables are\n\
               those of the selected CPU, or for user addresses of the selected task.",
        keywords: &["page table", "physical address", "translation", "page fault"],
        examples: &["pagewalk jiffies", "pagewalk $sp"],
        complete: Completer::Expr,
        run: pagewalk,
        ..Spec::EMPTY
    },
    Spec {
        name: "address",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Say what an address is",
        help: "Usage: address ADDRESS\n\
               Symbol and line, per-CPU variable, stack or task_struct of which task, slab\n\
               object, vmalloc area, user memory of the selected task, region, physical address.",
        keywords: &["use after free", "memory corruption", "wild pointer", "bad pointer", "slab object"],
        examples: &["address $sp", "address &init_task.comm"],
        complete: Completer::Expr,
        run: address,
        ..Spec::EMPTY
    },
    Spec {
        name: "vmmap",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Memory areas of the selected task and regions of the kernel",
        help: "User memory as in /proc/PID/maps, then what the kernel's half is divided into.",
        keywords: &["memory map", "layout", "process memory"],
        examples: &["vmmap"],
        run: vmmap,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-vmallocinfo",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Show the areas of vmalloc",
        help: "Address range, size, who asked for it, pages, kind.",
        keywords: &["memory leak", "vmalloc leak", "ioremap"],
        examples: &["lx-vmallocinfo"],
        run: vmallocinfo,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-slabinfo",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Show the slab caches",
        help: "Address, name, number of objects there is room for, size of an object, objects and\n\
               pages of a slab. ? where the kernel does not count.",
        keywords: &["memory leak", "slab leak", "out of memory", "kmalloc"],
        examples: &["lx-slabinfo"],
        run: slabinfo,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-iomem",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Identify the IO memory resource locations defined by the kernel",
        help: "As /proc/iomem.",
        examples: &["lx-iomem"],
        run: |shell, _| resources(shell, "iomem_resource"),
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-ioports",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Identify the IO port resource locations defined by the kernel",
        help: "As /proc/ioports.",
        examples: &["lx-ioports"],
        run: |shell, _| resources(shell, "ioport_resource"),
        ..Spec::EMPTY
    },
];

/// The address an expression means: its value, or where it is when it is no number.
fn argument(shell: &Shell, args: &Args<'_>) -> Result<VirtAddr, Error> {
    let text = args.required("Argument required (address).")?;
    let program = shell.program();
    let is_name = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let value = match program.evaluate(text) {
        Ok(value) => value,
        // Without debug information a name still has an address.
        Err(error) => match program.modules.symbols_named(text).first() {
            Some(symbol) if is_name => return Ok(symbol.addr),
            _ => return Err(error.into()),
        },
    };
    let ty = value.ty().strip();
    // A variable by its name and a structure are asked about for where they are, other values for what they are.
    match value.address() {
        Some(addr) if (is_name && !ty.is_pointer()) || (!ty.is_pointer() && !ty.is_integral()) => Ok(addr),
        _ => Ok(program.evaluate_address(text)?),
    }
}

/// The `mm_struct` of the selected task; 0 for kernel threads.
fn selected_mm(shell: &Shell) -> Option<VirtAddr> {
    let task = selected(shell)?;
    Object::of_struct(shell.program(), "task_struct", task).ok()?.member("mm").ok()?.pointer().ok()
}

fn pagewalk(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let addr = argument(shell, &args)?;
    let program = shell.program();
    let mut tables = kdive_linux::page_tables(program)
        .ok_or_else(|| Error::msg("Paging is off: linear addresses are physical."))?;
    let sleeping = program.machine().is_some_and(|machine| machine.sleeping_task().is_some());
    if addr.0 >> 63 == 0
        && sleeping
        && let Some(mm) = selected_mm(shell).filter(|mm| mm.0 != 0)
    {
        tables = kdive_linux::tables_of_mm(program, mm).map_err(Error::msg)?;
    }
    let walk = kdive_linux::walk(program, tables, addr)
        .map_err(|error| Error::msg(format!("The page tables cannot be read: {error}")))?;
    let mut lines = vec![format!("{}, root at physical {}", tables.mode, tables.root)];
    let count = walk.entries.len();
    for (index, entry) in walk.entries.iter().enumerate() {
        let leaf = index + 1 == count;
        let flags = if entry.present() { entry.flags(leaf).join(" ") } else { "not present".to_owned() };
        lines.push(format!(
            "{}[{}] at {:#x}: {:#018x} {flags}",
            entry.level.name(),
            entry.index,
            entry.addr,
            entry.value
        ));
    }
    let size = match walk.size {
        size if size >= 1 << 30 => format!("{} GiB", size >> 30),
        size if size >= 1 << 20 => format!("{} MiB", size >> 20),
        size => format!("{} KiB", size >> 10),
    };
    lines.push(match walk.phys {
        Some(phys) => format!("{addr:#x} is physical {phys:#x}, in a page of {size}"),
        None => format!("{addr:#x} is not mapped, like {size} around it"),
    });
    for line in lines {
        shell.out.line(&line);
    }
    Ok(())
}

fn address(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    let addr = argument(shell, &args)?;
    // With the idle tasks, which are not in the kernel's list and have stacks of their own.
    let tasks =
        read_tasks(shell).ok().map(|list| kdive_linux::Tasks { found: list.tasks, broken: Vec::new() });
    let lines = kdive_linux::describe(shell.program(), addr, tasks.as_ref(), selected_mm(shell));
    for (index, line) in lines.iter().enumerate() {
        let start = if index == 0 { format!("{addr:#x}: ") } else { "  ".to_owned() };
        shell.out.line(&format!("{start}{line}"));
    }
    Ok(())
}

fn vmmap(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    check(shell)?;
    if let Some(mm) = selected_mm(shell).filter(|mm| mm.0 != 0) {
        let (areas, broken) = kdive_linux::vmas(shell.program(), mm).map_err(Error::msg)?;
        for area in areas {
            let offset = if area.file.is_some() { area.page_offset << 12 } else { 0 };
            let line = format!(
                "{:08x}-{:08x} {} {offset:08x} {}",
                area.start.0,
                area.end.0,
                area.permissions(),
                area.file.unwrap_or_default()
            );
            shell.out.line(line.trim_end());
        }
        if let Some(broken) = broken {
            shell.out.warning(&format!("the memory areas are damaged: {broken}"));
        }
    }
    for region in kdive_linux::regions(shell.program()) {
        shell.out.line(&format!("{:016x}-{:016x} {}", region.start.0, region.end.0, region.name));
    }
    Ok(())
}

fn vmallocinfo(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let (areas, broken) = kdive_linux::vmalloc_areas(shell.program()).map_err(Error::msg)?;
    for area in areas {
        let program = shell.program();
        let caller = program.modules.function_bounds(area.caller).map(|(name, range)| {
            let offset = area.caller.0.wrapping_sub(range.start.0);
            format!(" {name}+{offset:#x}/{:#x}", range.end.0.wrapping_sub(range.start.0))
        });
        let mut line = format!(
            "0x{:016x}-0x{:016x} {:>7}{}",
            area.start.0,
            area.end.0,
            area.end.0.wrapping_sub(area.start.0),
            caller.unwrap_or_default()
        );
        if area.pages != 0 {
            line.push_str(&format!(" pages={}", area.pages));
        }
        if area.phys != 0 {
            line.push_str(&format!(" phys={:#x}", area.phys));
        }
        for (bit, word) in [(1, " ioremap"), (2, " vmalloc"), (4, " vmap"), (8, " user")] {
            if area.flags & bit != 0 {
                line.push_str(word);
            }
        }
        shell.out.line(&line);
    }
    if let Some(broken) = broken {
        shell.out.warning(&format!("the list of vmalloc areas is damaged: {broken}"));
    }
    Ok(())
}

fn slabinfo(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let (caches, broken) = kdive_linux::slab_caches(shell.program()).map_err(Error::msg)?;
    shell.out.line(&format!(
        "{:^18} | {:<24} | {:>10} | {:>7} | {:>10} | {:>12}",
        "Pointer", "name", "num_objs", "objsize", "objperslab", "pagesperslab"
    ));
    for cache in caches {
        let objects = cache.objects.map_or_else(|| "?".to_owned(), |objects| objects.to_string());
        shell.out.line(&format!(
            "{:#018x} | {:<24} | {objects:>10} | {:>7} | {:>10} | {:>12}",
            cache.addr, cache.name, cache.size, cache.per_slab.0, cache.per_slab.1
        ));
    }
    if let Some(broken) = broken {
        shell.out.warning(&format!("the list of slab caches is damaged: {broken}"));
    }
    Ok(())
}

fn resources(shell: &mut Shell, root: &str) -> Result<(), Error> {
    let (found, broken) = kdive_linux::resources(shell.program(), root).map_err(Error::msg)?;
    let width = if root == "ioport_resource" { 4 } else { 8 };
    for resource in found {
        let indent = " ".repeat(resource.depth * 2);
        shell.out.line(&format!(
            "{indent}{:0width$x}-{:0width$x} : {}",
            resource.start, resource.end, resource.name
        ));
    }
    if let Some(broken) = broken {
        shell.out.warning(&format!("the tree of resources is damaged: {broken}"));
    }
    Ok(())
}

/// Reads a word of the guest for `lx-list-check`.
pub(crate) fn word(shell: &Shell, addr: VirtAddr) -> Result<VirtAddr, Error> {
    shell.program().read_uint(addr, 8).map(VirtAddr).map_err(Error::msg)
}
