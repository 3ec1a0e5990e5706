//! In which context a CPU stopped: which task, in a system call or in an interrupt, what is held off.
//!
//! The kernel counts in one word per CPU (include/linux/preempt.h): bits 0-7 how often preemption is disabled, 8-15 softirqs (the
//! lowest bit: one is being served), 16-19 hard interrupts, 20-23 NMIs; bit 31 is the inverted need to reschedule.

use crate::identity::symbol;
use crate::{Error, Object, TaskLayout, current_task, per_cpu_offsets, selected_cpu};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;
use std::fmt;

/// What a CPU does, by what it would have to finish before anything else runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ContextKind {
    /// A process in its own code.
    User,
    /// Kernel code on behalf of a task.
    Task,
    /// A softirq.
    SoftIrq,
    /// A hard interrupt.
    HardIrq,
    /// A non-maskable interrupt, or a debug or machine check exception, which count as one.
    Nmi,
}

/// The context of a stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StopContext {
    /// The kernel's number of the CPU.
    pub cpu: usize,
    /// Name of the task it runs, or has interrupted.
    pub comm: String,
    /// Its thread id.
    pub pid: i32,
    /// What it does.
    pub kind: ContextKind,
    /// Whether interrupts are held off (the CPU's flag).
    pub irqs_off: bool,
    /// Whether softirqs are held off without one being served.
    pub softirqs_off: bool,
    /// How often preemption is disabled.
    pub preempt: u64,
}

/// `EFLAGS.IF`.
const INTERRUPTS_ON: u64 = 1 << 9;

impl ContextKind {
    /// From the CPU's count and privilege level.
    fn of(count: u64, in_user_mode: bool) -> Self {
        match count {
            _ if in_user_mode => Self::User,
            count if count & 0x00f0_0000 != 0 => Self::Nmi,
            count if count & 0x000f_0000 != 0 => Self::HardIrq,
            count if count & 0x0000_0100 != 0 => Self::SoftIrq,
            _ => Self::Task,
        }
    }
}

/// The count of a CPU: `__preempt_count`, `pcpu_hot.preempt_count` (6.2 to 6.14), or that of the task's `thread_info` (before 3.13
/// and other architectures).
fn preempt_count(program: &Program, cpu: usize, task: VirtAddr) -> Result<u64, Error> {
    let offsets = per_cpu_offsets(program)?;
    let offset = *offsets.get(cpu).ok_or_else(|| Error::NoSymbol(format!("__per_cpu_offset[{cpu}]")))?;
    let hot = Object::variable(program, "pcpu_hot").and_then(|hot| hot.member("preempt_count"));
    let place = match hot {
        Ok(count) => Some(count.addr()),
        Err(_) => symbol(program, "__preempt_count"),
    };
    if let Some(place) = place {
        return Ok(program.read_uint(place.offset(offset), 4)?);
    }
    let task = Object::of_struct(program, "task_struct", task)?;
    let info = match task.member("thread_info") {
        Ok(info) => info.addr(),
        Err(_) => task.member("stack")?.pointer()?,
    };
    Object::of_struct(program, "thread_info", info)?.member("preempt_count")?.uint()
}

/// The context of the selected thread.
///
/// # Errors
/// While the kernel has not set its per-CPU data up, without its debug information, or where memory cannot be read.
pub fn stop_context(program: &Program) -> Result<StopContext, Error> {
    let cpu = selected_cpu(program).ok_or_else(|| Error::NoSymbol("__per_cpu_offset".to_owned()))?;
    let addr = current_task(program, cpu)?;
    let task = TaskLayout::new(program)?.read(program, addr)?;
    let count = preempt_count(program, cpu, addr)?;
    let registers = program.registers().ok_or_else(|| Error::NoSymbol("eflags".to_owned()))?;
    let flags = registers.by_name("eflags").unwrap_or(INTERRUPTS_ON);
    let state = registers.layout().arch().cpu_state(&registers);
    let kind = ContextKind::of(count, state.cpl == 3);
    Ok(StopContext {
        cpu,
        comm: task.comm,
        pid: task.pid,
        kind,
        irqs_off: flags & INTERRUPTS_ON == 0,
        softirqs_off: count & 0xff00 != 0 && count & 0x100 == 0,
        preempt: count & 0xff,
    })
}

impl fmt::Display for StopContext {
    /// `CPU 1: cat (pid 91), hardirq, irqs off, preempt count 1`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ContextKind::User => "user mode",
            ContextKind::Task => "task",
            ContextKind::SoftIrq => "softirq",
            ContextKind::HardIrq => "hardirq",
            ContextKind::Nmi => "NMI",
        };
        write!(f, "CPU {}: {} (pid {}), {kind}", self.cpu, self.comm, self.pid)?;
        if self.kind == ContextKind::User {
            return Ok(());
        }
        write!(f, ", irqs {}", if self.irqs_off { "off" } else { "on" })?;
        if self.softirqs_off {
            f.write_str(", softirqs off")?;
        }
        write!(f, ", preempt count {}", self.preempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_by_count() {
        for (count, kind) in [
            (0, ContextKind::Task),
            (0x8000_0000, ContextKind::Task),
            (0x0000_0003, ContextKind::Task),
            // Held off, not served.
            (0x0000_0200, ContextKind::Task),
            (0x0000_0101, ContextKind::SoftIrq),
            (0x0001_0000, ContextKind::HardIrq),
            (0x0001_0100, ContextKind::HardIrq),
            (0x0011_0000, ContextKind::Nmi),
            (0x0020_0000, ContextKind::Nmi),
        ] {
            assert_eq!(ContextKind::of(count, false), kind, "{count:#x}");
        }
        assert_eq!(ContextKind::of(0x8000_0000, true), ContextKind::User);
    }

    #[test]
    fn in_words() {
        let mut context = StopContext {
            cpu: 1,
            comm: "cat".to_owned(),
            pid: 91,
            kind: ContextKind::HardIrq,
            irqs_off: true,
            softirqs_off: true,
            preempt: 2,
        };
        assert_eq!(
            context.to_string(),
            "CPU 1: cat (pid 91), hardirq, irqs off, softirqs off, preempt count 2"
        );
        context.kind = ContextKind::User;
        assert_eq!(context.to_string(), "CPU 1: cat (pid 91), user mode");
    }

    #[test]
    fn the_count_of_each_layout() {
        use crate::testing::image;
        let hot = image(
            "struct task_struct { int pid; } t;
             struct pcpu_hot { union { struct { struct task_struct *current_task; int preempt_count; }; char pad[64]; }; };
             struct pcpu_hot pcpu_hot = { { { &t, 0x10001 } } };",
        );
        assert_eq!(preempt_count(&hot, 0, VirtAddr(0)), Ok(0x10001));
        let plain = image("int __preempt_count = 0x202;");
        assert_eq!(preempt_count(&plain, 0, VirtAddr(0)), Ok(0x202));
        let old = image(
            "struct thread_info { void *task; int preempt_count; } info = { 0, 7 };
             struct task_struct { long state; void *stack; } t = { 0, &info };",
        );
        let task = symbol(&old, "t").unwrap();
        assert_eq!(preempt_count(&old, 0, task), Ok(7));
        assert!(preempt_count(&image("int nothing;"), 0, VirtAddr(0)).is_err());
    }
}
