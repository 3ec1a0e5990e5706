//! Per-CPU variables, and which task each CPU runs.
//!
//! A per-CPU variable of CPU n is at the symbol's address plus `__per_cpu_offset[n]`. Until 6.14 the symbols of x86-64
//! count from 0, since then they are ordinary addresses; the sum is right for both, as the offsets changed with them. A
//! kernel without SMP has no such array and plain variables.

use crate::identity::symbol;
use crate::{Error, Object};
use kdive_arch::RegisterFile;
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;
use kdive_symbols::Tag;

/// `CONFIG_NR_CPUS` of the largest configuration (`MAXSMP`).
const MAX_CPUS: u64 = 8192;

/// `__per_cpu_offset` of every CPU the kernel counts (`nr_cpu_ids`). Before the kernel has set up its per-CPU areas all
/// are those of the boot CPU.
///
/// # Errors
/// Memory that is not there (yet).
pub fn per_cpu_offsets(program: &Program) -> Result<Vec<u64>, Error> {
    let Some(offsets) = symbol(program, "__per_cpu_offset") else { return Ok(vec![0]) };
    let count = match Object::variable(program, "nr_cpu_ids") {
        Ok(count) => count.uint()?.clamp(1, MAX_CPUS),
        Err(_) => 1,
    };
    let mut bytes = vec![0; usize::try_from(count).unwrap_or(1) * 8];
    program.read(offsets, &mut bytes)?;
    Ok(bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect())
}

/// The Linux CPU the selected thread is, by its GS base: in the kernel that is the CPU's offset, in user mode and in the
/// first instructions of entry code it is the one to be swapped in; where a stub shows neither (kgdb), by the stack it is on.
/// `None` when nothing tells.
#[must_use]
pub fn selected_cpu(program: &Program) -> Option<usize> {
    let registers = program.registers()?;
    let offsets = per_cpu_offsets(program).ok()?;
    // Without SMP there is one, and its offset is 0.
    if offsets == [0] {
        return Some(0);
    }
    cpu_of(program, &registers, &offsets)
}

/// A CPU by the kernel's number, or the selected one, and its `__per_cpu_offset`; or why not, to stand after "and".
pub(crate) fn cpu_and_offset(program: &Program, number: Option<u64>) -> Result<(u64, u64), String> {
    let offsets = per_cpu_offsets(program).map_err(|error| format!("no CPU has its copy yet: {error}"))?;
    let known = |cpu: usize| offsets.get(cpu).map(|offset| (cpu as u64, *offset));
    if let Some(number) = number {
        let found = usize::try_from(number).ok().and_then(known);
        return found
            .ok_or_else(|| format!("the kernel counts {} CPUs, none of them {number}", offsets.len()));
    }
    let first = offsets.first().copied();
    // Without SMP, and before the kernel has made copies, there is one for all.
    if offsets.iter().all(|offset| Some(*offset) == first) && first.is_some() {
        return Ok((0, first.unwrap_or(0)));
    }
    let registers = program.registers();
    let selected = registers.and_then(|registers| cpu_of(program, &registers, &offsets)).and_then(known);
    selected.ok_or_else(|| "which CPU this is is not known here: name one, as in @cpu(0)".to_owned())
}

/// The CPUs that are online; without SMP the only one.
///
/// # Errors
/// As [`cpu_mask`].
pub(crate) fn online(program: &Program) -> Result<Vec<u64>, Error> {
    if symbol(program, "__per_cpu_offset").is_none() {
        return Ok(vec![0]);
    }
    cpu_mask(program, "online")
}

/// The address of the `task_struct` a CPU runs: `current_task`, or `pcpu_hot.current_task` (6.2 to 6.14).
///
/// # Errors
/// [`Error::NoSymbol`] for a CPU that is not there or a kernel of another architecture; memory.
pub fn current_task(program: &Program, cpu: usize) -> Result<VirtAddr, Error> {
    let offsets = per_cpu_offsets(program)?;
    let offset = *offsets.get(cpu).ok_or_else(|| Error::NoSymbol(format!("__per_cpu_offset[{cpu}]")))?;
    let place = match Object::variable(program, "pcpu_hot").and_then(|hot| hot.member("current_task")) {
        Ok(current) => current.addr(),
        Err(_) => {
            symbol(program, "current_task").ok_or_else(|| Error::NoSymbol("current_task".to_owned()))?
        }
    };
    let at = place.offset(offset);
    if let Some(machine) = program.machine() {
        machine.prefetch(at, 8);
    }
    Ok(VirtAddr(program.read_uint(at, 8)?))
}

/// The idle task of a CPU, which is in no list: `runqueues.idle` (kernel/sched/sched.h).
///
/// # Errors
/// As [`current_task`].
pub fn idle_task(program: &Program, cpu: usize) -> Result<VirtAddr, Error> {
    let offsets = per_cpu_offsets(program)?;
    let offset = *offsets.get(cpu).ok_or_else(|| Error::NoSymbol(format!("__per_cpu_offset[{cpu}]")))?;
    let idle = Object::variable(program, "runqueues")?.member("idle")?;
    Ok(VirtAddr(program.read_uint(idle.addr().offset(offset), 8)?))
}

/// Which of the kernel's CPUs a set of registers is of, as [`selected_cpu`] tells it.
#[must_use]
pub fn cpu_of(program: &Program, registers: &RegisterFile, offsets: &[u64]) -> Option<usize> {
    if registers.by_name("gs_base").is_none() {
        let sp = registers.by_name(registers.layout().arch().sp_name())?;
        return (0..offsets.len()).find(|&cpu| has_stack(program, cpu, offsets, VirtAddr(sp)) == Ok(true));
    }
    ["gs_base", "k_gs_base"].iter().find_map(|name| {
        let base = registers.by_name(name).filter(|&base| base != 0)?;
        offsets.iter().position(|&offset| offset == base)
    })
}

/// `THREAD_SIZE` and `IRQ_STACK_SIZE` where the types do not tell (arch/x86/include/asm/page_64_types.h).
const STACK_SIZE: u64 = 16 << 10;

/// Whether a CPU is on the stack `sp` points into: that of its task, or the one it handles interrupts on.
fn has_stack(program: &Program, cpu: usize, offsets: &[u64], sp: VirtAddr) -> Result<bool, Error> {
    let size = program.modules.ty(Tag::Union, "thread_union", None).and_then(|ty| ty.size());
    let task = current_task(program, cpu)?;
    let stack = Object::of_struct(program, "task_struct", task)?.member("stack")?.pointer()?;
    if sp.distance_from(stack).is_some_and(|used| used < size.unwrap_or(STACK_SIZE)) {
        return Ok(true);
    }
    let offset = *offsets.get(cpu).unwrap_or(&0);
    Ok(below_interrupt_stack_top(program, offset, sp)?.is_some())
}

/// How many bytes below the top of the stack for interrupts of the CPU with this per-CPU offset an address is; `None` outside of it.
///
/// # Errors
/// A place that cannot be read.
pub(crate) fn below_interrupt_stack_top(
    program: &Program,
    offset: u64,
    addr: VirtAddr,
) -> Result<Option<u64>, Error> {
    let size =
        program.modules.ty(Tag::Struct, "irq_stack", None).and_then(|ty| ty.size()).unwrap_or(STACK_SIZE);
    // It points to the last word of the stack.
    let place = match Object::variable(program, "pcpu_hot").and_then(|hot| hot.member("hardirq_stack_ptr")) {
        Ok(pointer) => pointer.addr(),
        Err(_) => match symbol(program, "hardirq_stack_ptr") {
            Some(addr) => addr,
            None => return Ok(None),
        },
    };
    let top = VirtAddr(program.read_uint(place.offset(offset), 8)?).offset(8);
    Ok(top.distance_from(addr).filter(|&left| left > 0 && left <= size))
}

/// The CPUs of a mask: `__cpu_possible_mask`, `__cpu_online_mask`, ... (`cpu_possible_bits` before 4.5).
///
/// # Errors
/// Without the symbol; memory.
pub fn cpu_mask(program: &Program, name: &str) -> Result<Vec<u64>, Error> {
    let mask = Object::variable(program, &format!("__cpu_{name}_mask"))
        .and_then(|mask| mask.member("bits"))
        .or_else(|_| Object::variable(program, &format!("cpu_{name}_bits")))?;
    let count = match Object::variable(program, "nr_cpu_ids") {
        Ok(count) => count.uint()?.clamp(1, MAX_CPUS),
        Err(_) => 1,
    };
    let mut cpus = Vec::new();
    for word in 0..count.div_ceil(64) {
        let bits = mask.index(word)?.uint()?;
        cpus.extend((0..64).filter(|bit| bits >> bit & 1 == 1).map(|bit| word * 64 + bit));
    }
    Ok(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;
    use kdive_arch::{Arch, RegisterLayout};

    #[test]
    fn current_of_each_cpu() {
        let program = image(
            r#"
            struct task_struct { int pid; } boot = { 0 }, shell = { 77 };
            /* Areas of two CPUs; offsets count from the symbol. */
            struct area { long before; struct task_struct *task; } areas[3] = { [1] = { 1, &boot }, [2] = { 2, &shell } };
            __asm__(".globl current_task\n.type current_task, @object\n.set current_task, areas + 8\n");
            unsigned long __per_cpu_offset[8] = { 16, 32 };
            unsigned int nr_cpu_ids = 2;
            "#,
        );
        let boot = symbol(&program, "boot").unwrap();
        let shell = symbol(&program, "shell").unwrap();
        assert_eq!(per_cpu_offsets(&program), Ok(vec![16, 32]));
        assert_eq!(current_task(&program, 0), Ok(boot));
        assert_eq!(current_task(&program, 1), Ok(shell));
        assert_eq!(current_task(&program, 2), Err(Error::NoSymbol("__per_cpu_offset[2]".into())));
    }

    #[test]
    fn a_cpu_by_the_stack_it_is_on() {
        let program = image(
            r#"
            union thread_union { unsigned long stack[2048]; } stack_of_init, stack_of_shell, elsewhere;
            struct irq_stack { char stack[16384]; } interrupts;
            struct task_struct { int pid; void *stack; } init = { 1, &stack_of_init }, shell = { 77, &stack_of_shell };
            struct area { struct task_struct *task; void *irq; } areas[2] = {
                { &init, 0 }, { &shell, (char *) &interrupts + sizeof interrupts - 8 } };
            __asm__(".globl current_task, hardirq_stack_ptr\n.set current_task, areas\n.set hardirq_stack_ptr, areas + 8\n"
                    ".type current_task, @object\n.type hardirq_stack_ptr, @object\n");
            unsigned long __per_cpu_offset[2] = { 0, 16 };
            unsigned int nr_cpu_ids = 2;
            union thread_union *keep = &elsewhere;
            "#,
        );
        // kgdb's registers end before the GS base.
        let layout = std::sync::Arc::new(RegisterLayout::for_g_length(Arch::X86_64, 164).unwrap());
        let at = |name: &str, offset: u64| {
            let mut registers = RegisterFile::new(std::sync::Arc::clone(&layout));
            registers.set_by_name("rsp", symbol(&program, name).unwrap().offset(offset).0);
            cpu_of(&program, &registers, &[0, 16])
        };
        assert_eq!(at("stack_of_init", 0x3f00), Some(0));
        assert_eq!(at("stack_of_shell", 0x10), Some(1));
        assert_eq!(at("interrupts", 0x3f00), Some(1));
        assert_eq!(at("interrupts", 0x4000), None);
        assert_eq!(at("elsewhere", 0x100), None);
    }

    #[test]
    fn current_in_the_hot_area() {
        let program = image(
            r#"
            struct task_struct { int pid; } shell = { 77 };
            struct pcpu_hot { union { struct { struct task_struct *current_task; int preempt_count; }; char pad[64]; }; };
            struct pcpu_hot pcpu_hot, areas = { { { &shell, 0 } } };
            unsigned long __per_cpu_offset[8];
            "#,
        );
        // The C compiler cannot subtract two addresses in an initialiser, so the offset is 0 and CPU 0 has the template.
        assert_eq!(current_task(&program, 0), Ok(VirtAddr(0)));
        assert_eq!(per_cpu_offsets(&program), Ok(vec![0]));
    }

    #[test]
    fn without_smp() {
        let program =
            image("struct task_struct { int pid; } shell; struct task_struct *current_task = &shell;");
        assert_eq!(per_cpu_offsets(&program), Ok(vec![0]));
        assert_eq!(current_task(&program, 0), Ok(symbol(&program, "shell").unwrap()));
    }
}
