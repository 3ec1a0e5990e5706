//! What an address is: symbol, per-CPU variable, stack, slab object, vmalloc area, user memory, or which region it lies in.

use crate::percpu::below_interrupt_stack_top;
use crate::{
    Error, ListWalk, Object, Tasks, errno_name, member_at, memory, per_cpu_offsets, physical, slab_object,
    vmas,
};
use kdive_base::{Budget, VirtAddr};
use kdive_program::Program;
use kdive_symbols::Tag;

/// An area of `vmalloc`, `ioremap`, `vmap`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VmallocArea {
    /// First address.
    pub start: VirtAddr,
    /// First address after it, guard page included.
    pub end: VirtAddr,
    /// Physical address of mapped device memory.
    pub phys: u64,
    /// Pages.
    pub pages: u64,
    /// `VM_IOREMAP` 1, `VM_ALLOC` 2, `VM_MAP` 4, `VM_USERMAP` 8 (include/linux/vmalloc.h).
    pub flags: u64,
    /// Who asked for it.
    pub caller: VirtAddr,
}

/// More areas than there is room for in a table a person reads.
const MAX_AREAS: u64 = 1 << 20;

/// All vmalloc areas that are in use, by address, and what ended the walk before its end.
///
/// # Errors
/// Without symbols or types of the kernel.
pub fn vmalloc_areas(program: &Program) -> Result<(Vec<VmallocArea>, Option<Error>), Error> {
    let offset = Object::of_struct(program, "vmap_area", VirtAddr(0))?.offset_of("list")?;
    let mut found = Vec::new();
    let mut broken = None;
    for head in area_heads(program)? {
        for entry in ListWalk::new(program, head, MAX_AREAS) {
            match entry.and_then(|entry| area(program, VirtAddr(entry.0.wrapping_sub(offset)))) {
                Ok(Some(area)) => found.push(area),
                Ok(None) => {}
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
    }
    found.sort_by_key(|area: &VmallocArea| area.start);
    Ok((found, broken))
}

/// `vmap_area_list`, or since 6.9 one list for each of `vmap_nodes`.
fn area_heads(program: &Program) -> Result<Vec<VirtAddr>, Error> {
    if let Ok(list) = Object::variable(program, "vmap_area_list") {
        return Ok(vec![list.addr()]);
    }
    let nodes = Object::variable(program, "vmap_nodes")?;
    let count = Object::variable(program, "nr_vmap_nodes")?.uint()?.min(1024);
    let mut budget = Budget::new(1024, program.interrupt.clone());
    (0..count)
        .map(|index| {
            budget.step()?;
            Ok(nodes.index(index)?.member("busy.head")?.addr())
        })
        .collect()
}

fn area(program: &Program, addr: VirtAddr) -> Result<Option<VmallocArea>, Error> {
    let area = Object::of_struct(program, "vmap_area", addr)?;
    let (start, end) = (area.member("va_start")?.pointer()?, area.member("va_end")?.pointer()?);
    let vm = area.member("vm")?;
    if vm.pointer()?.0 == 0 {
        // vm_map_ram() has no vm_struct.
        return Ok(Some(VmallocArea { start, end, phys: 0, pages: 0, flags: 0, caller: VirtAddr(0) }));
    }
    let vm = vm.deref()?;
    Ok(Some(VmallocArea {
        start,
        end,
        phys: vm.member("phys_addr")?.uint()?,
        pages: vm.member("nr_pages")?.uint()?,
        flags: vm.member("flags")?.uint()?,
        caller: vm.member("caller")?.pointer()?,
    }))
}

/// Says what an address is, in one or more lines, the most telling first. `tasks` are looked through for stacks; `mm` is the
/// address space whose user memory is meant.
#[must_use]
pub fn describe(
    program: &Program,
    addr: VirtAddr,
    tasks: Option<&Tasks>,
    mm: Option<VirtAddr>,
) -> Vec<String> {
    let mut lines = Vec::new();
    if !addr.is_canonical(57) {
        lines.push("no address: the CPU refuses it (not canonical)".to_owned());
        return lines;
    }
    if addr.0 > u64::MAX - 4095 {
        let number = addr.0.wrapping_neg();
        let name = errno_name(number).map_or_else(String::new, |name| format!(", {name}"));
        lines.push(format!("an error number: ERR_PTR(-{number}){name}"));
        return lines;
    }
    if addr.0 >> 63 == 0 {
        user(program, addr, mm, &mut lines);
        return lines;
    }
    if let Some(line) = symbol(program, addr) {
        lines.push(line);
    }
    lines.extend(per_cpu(program, addr));
    lines.extend(interrupt_stack(program, addr));
    if let Some(tasks) = tasks {
        lines.extend(stack_or_task(program, addr, tasks));
    }
    let region = memory::region(program, addr);
    if region.map(|region| region.name) == Some("vmalloc area") {
        lines.extend(vmalloc(program, addr));
    }
    if region.map(|region| region.name) == Some("direct map")
        && let Ok(Some(object)) = slab_object(program, addr)
    {
        lines.push(format!(
            "slab object of {}, {} bytes at {}, {:#x} into it",
            object.cache, object.size, object.object, object.offset
        ));
    }
    if let Some(region) = region {
        lines.push(format!("in the {} ({} to {})", region.name, region.start, region.end));
    }
    match physical(program, addr) {
        Ok(phys) => lines.push(format!("physical {phys}")),
        Err(_) => lines.push("not mapped".to_owned()),
    }
    lines
}

fn symbol(program: &Program, addr: VirtAddr) -> Option<String> {
    let (module, section) = program.modules.module_at(addr)?;
    let place = program.symbolic(addr).unwrap_or_else(|| format!("{addr}"));
    let file = module.object().path().file_name().map(|name| name.to_string_lossy().into_owned())?;
    let line = program.modules.line_at(addr, false).filter(|line| line.line != 0);
    let line = line.map_or_else(String::new, |line| format!(", {}:{}", line.file.name, line.line));
    Some(format!("{place} in section {} of {file}{line}", section.name))
}

fn per_cpu(program: &Program, addr: VirtAddr) -> Option<String> {
    let symbol_at = |name: &str| program.modules.symbols_named(name).first().map(|symbol| symbol.addr);
    let (start, end) = (symbol_at("__per_cpu_start")?, symbol_at("__per_cpu_end")?);
    for (cpu, offset) in per_cpu_offsets(program).ok()?.into_iter().enumerate() {
        let static_addr = VirtAddr(addr.0.wrapping_sub(offset));
        if offset != 0 && start <= static_addr && static_addr < end {
            // By its name in the file, whatever `set print low-symbols` says.
            let name = program.modules.symbolic(static_addr, false).map_or_else(
                || format!("{static_addr}"),
                |(name, offset)| if offset == 0 { name.to_string() } else { format!("{name}+{offset}") },
            );
            return Some(format!("per-CPU variable {name} of CPU {cpu}"));
        }
    }
    None
}

/// The stack a CPU handles interrupts on.
fn interrupt_stack(program: &Program, addr: VirtAddr) -> Option<String> {
    per_cpu_offsets(program).ok()?.into_iter().enumerate().find_map(|(cpu, offset)| {
        let left = below_interrupt_stack_top(program, offset, addr).ok()??;
        Some(format!("interrupt stack of CPU {cpu}, {left:#x} bytes below its top"))
    })
}

fn stack_or_task(program: &Program, addr: VirtAddr, tasks: &Tasks) -> Vec<String> {
    // union thread_union { unsigned long stack[THREAD_SIZE / sizeof(long)]; }
    let size = program.modules.ty(Tag::Union, "thread_union", None).and_then(|ty| ty.size()).unwrap_or(16384);
    let task_type = program.modules.ty(Tag::Struct, "task_struct", None);
    // The type ends in room for the largest FPU state there may be; how much of it there is, a variable tells.
    let declared = task_type.as_ref().and_then(kdive_types::Type::size).unwrap_or(0);
    let used = Object::variable(program, "arch_task_struct_size").and_then(|size| size.uint());
    let task_size = used.map_or(declared, |used| used.min(declared));
    let mut lines = Vec::new();
    for task in &tasks.found {
        let within = |start: VirtAddr, size: u64| addr.distance_from(start).filter(|offset| *offset < size);
        if task.stack.0 != 0
            && let Some(offset) = within(task.stack, size)
        {
            lines.push(format!(
                "kernel stack of task {} ({}), {:#x} bytes below its top",
                task.pid,
                task.comm,
                size - offset
            ));
        }
        if let Some(offset) = within(task.addr, task_size) {
            let member = task_type.as_ref().and_then(|ty| member_at(program, ty, offset));
            let member = member.map_or_else(String::new, |(name, _)| format!(", member {name}"));
            lines.push(format!("task_struct of task {} ({}){member}", task.pid, task.comm));
        }
    }
    lines
}

fn vmalloc(program: &Program, addr: VirtAddr) -> Option<String> {
    let (areas, _) = vmalloc_areas(program).ok()?;
    let area = areas.iter().find(|area| area.start <= addr && addr < area.end)?;
    let kind = match area.flags & 0xf {
        1 => format!("ioremap of physical {:#x}", area.phys),
        2 => "vmalloc".to_owned(),
        4 => "vmap".to_owned(),
        _ => "mapping".to_owned(),
    };
    let caller = program.symbolic(area.caller).map_or_else(String::new, |name| format!(", made by {name}"));
    Some(format!("{kind} area {} to {}{caller}", area.start, area.end))
}

fn user(program: &Program, addr: VirtAddr, mm: Option<VirtAddr>, lines: &mut Vec<String>) {
    if addr.0 < 4096 {
        lines.push(format!("NULL + {:#x}", addr.0));
    }
    // Zero-based per-CPU symbols have such numbers.
    if let Some(line) = symbol(program, addr) {
        lines.push(line);
    }
    let Some(mm) = mm.filter(|mm| mm.0 != 0) else {
        lines.push("a user address; the selected task has no user memory".to_owned());
        return;
    };
    match vmas(program, mm) {
        Ok((areas, _)) => match areas.iter().find(|area| area.start <= addr && addr < area.end) {
            Some(area) => {
                let file = match &area.file {
                    Some(file) => {
                        let offset = (area.page_offset << 12).wrapping_add(addr.0.wrapping_sub(area.start.0));
                        format!("{file}, offset {offset:#x}")
                    }
                    None => "anonymous".to_owned(),
                };
                lines.push(format!(
                    "user memory {} to {} {} of the selected task, {file}",
                    area.start,
                    area.end,
                    area.permissions()
                ));
            }
            None => lines.push("a user address that the selected task has not mapped".to_owned()),
        },
        Err(error) => lines.push(format!("a user address; the areas of the task cannot be read: {error}")),
    }
}
