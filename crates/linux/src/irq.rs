//! Interrupts (`struct irq_desc`, include/linux/irqdesc.h).

use crate::{Error, Object, cpu_mask, maple_entries, per_cpu_offsets, xa_entries};
use kdive_base::{Budget, ReadMemory, VirtAddr};
use kdive_program::Program;

/// One interrupt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Irq {
    /// Its number.
    pub number: u64,
    /// Address of its `irq_desc`.
    pub addr: VirtAddr,
    /// How often it came, for each CPU that is online.
    pub counts: Vec<u64>,
    /// Name of the interrupt controller.
    pub chip: String,
    /// Its number there, where there is a domain.
    pub hwirq: Option<u64>,
    /// Whether it is level-triggered.
    pub level: bool,
    /// `desc->name`: `edge`, `fasteoi`.
    pub name: Option<String>,
    /// Who handles it.
    pub actions: Vec<String>,
}

/// Handlers of one shared interrupt.
const MAX_ACTIONS: u64 = 256;

/// The interrupts that came or are handled, as /proc/interrupts has them, and what ended the walk before its end.
///
/// # Errors
/// Without symbols or types of the kernel.
pub fn interrupts(program: &Program) -> Result<(Vec<Irq>, Option<Error>), Error> {
    let (entries, mut broken) = match Object::variable(program, "irq_desc_tree") {
        Ok(tree) => xa_entries(program, tree.addr())?,
        // A maple tree since 6.5.
        Err(_) => {
            let tree = Object::variable(program, "sparse_irqs")?;
            let (entries, broken) = maple_entries(program, tree.addr())?;
            (entries.into_iter().map(|entry| (entry.first, entry.entry)).collect(), broken)
        }
    };
    let offsets = online_offsets(program)?;
    let mut found = Vec::new();
    for (number, entry) in entries {
        match irq(program, number, VirtAddr(entry), &offsets) {
            Ok(irq) if irq.actions.is_empty() && irq.counts.iter().all(|count| *count == 0) => {}
            Ok(irq) => found.push(irq),
            Err(error) => broken = broken.or(Some(error)),
        }
    }
    Ok((found, broken))
}

fn irq(program: &Program, number: u64, addr: VirtAddr, offsets: &[u64]) -> Result<Irq, Error> {
    /// `IRQD_LEVEL`.
    const LEVEL: u64 = 1 << 13;
    let desc = Object::of_struct(program, "irq_desc", addr)?;
    let kstat = desc.member("kstat_irqs")?.pointer()?;
    // An unsigned int, since 6.10 the first member of a structure.
    let counts: Result<Vec<u64>, _> =
        offsets.iter().map(|offset| program.read_uint(kstat.offset(*offset), 4)).collect();
    let data = desc.member("irq_data")?;
    let chip = data.member("chip")?;
    let chip_name = if chip.pointer()?.0 == 0 { None } else { Some(chip.deref()?.member("name")?) };
    let has_domain =
        data.member("domain").and_then(|domain| domain.pointer()).is_ok_and(|domain| domain.0 != 0);
    let state =
        desc.member("irq_common_data.state_use_accessors").and_then(|state| state.uint()).unwrap_or(0);
    let name = desc.member("name")?;
    let mut actions = Vec::new();
    let mut budget = Budget::new(MAX_ACTIONS, program.interrupt.clone());
    let mut at = desc.member("action")?.pointer()?;
    while at.0 != 0 {
        budget.step()?;
        let action = Object::of_struct(program, "irqaction", at)?;
        let name = action.member("name")?;
        actions.push(if name.pointer()?.0 == 0 { String::new() } else { name.string(128)? });
        at = action.member("next")?.pointer()?;
    }
    Ok(Irq {
        number,
        addr,
        counts: counts?,
        chip: match chip_name {
            Some(name) if name.pointer()?.0 != 0 => name.string(64)?,
            _ => "None".to_owned(),
        },
        hwirq: if has_domain { Some(data.member("hwirq")?.uint()?) } else { None },
        level: state & LEVEL != 0,
        name: if name.pointer()?.0 == 0 { None } else { Some(name.string(64)?) },
        actions,
    })
}

/// A line of /proc/interrupts for interrupts without a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IrqTotal {
    /// `NMI`, `LOC`.
    pub label: &'static str,
    /// For each CPU that is online, or one for all of them.
    pub counts: Vec<u64>,
    /// What it is; none after a number for all CPUs.
    pub description: Option<&'static str>,
}

/// Members of x86's `irq_stat` (arch/x86/include/asm/hardirq.h) in the order of /proc/interrupts: `arch_show_interrupts`.
const TOTALS: [(&str, &str, &str); 12] = [
    ("NMI", "__nmi_count", "Non-maskable interrupts"),
    ("LOC", "apic_timer_irqs", "Local timer interrupts"),
    ("SPU", "irq_spurious_count", "Spurious interrupts"),
    ("PMI", "apic_perf_irqs", "Performance monitoring interrupts"),
    ("IWI", "apic_irq_work_irqs", "IRQ work interrupts"),
    ("RTR", "icr_read_retry_count", "APIC ICR read retries"),
    ("RES", "irq_resched_count", "Rescheduling interrupts"),
    ("CAL", "irq_call_count", "Function call interrupts"),
    ("TLB", "irq_tlb_count", "TLB shootdowns"),
    ("TRM", "irq_thermal_count", "Thermal event interrupts"),
    ("THR", "irq_threshold_count", "Threshold APIC interrupts"),
    ("DFR", "irq_deferred_error_count", "Deferred Error APIC interrupts"),
];
/// Those after the counts of machine checks and errors.
const POSTED: [(&str, &str, &str); 3] = [
    ("PIN", "kvm_posted_intr_ipis", "Posted-interrupt notification event"),
    ("NPI", "kvm_posted_intr_nested_ipis", "Nested posted-interrupt event"),
    ("PIW", "kvm_posted_intr_wakeup_ipis", "Posted-interrupt wakeup event"),
];

/// The interrupts of the CPU itself, as far as this kernel counts them.
///
/// # Errors
/// Without symbols of the kernel; memory.
pub fn interrupt_totals(program: &Program) -> Result<Vec<IrqTotal>, Error> {
    let offsets = online_offsets(program)?;
    let stat = Object::variable(program, "irq_stat")?;
    let each = |at: &Object<'_>| -> Result<Vec<u64>, Error> {
        let read = |offset: &u64| Ok(program.read_uint(at.addr().offset(*offset), 4)?);
        offsets.iter().map(read).collect()
    };
    let mut found = Vec::new();
    let mut add = |label, at: Object<'_>, description| -> Result<(), Error> {
        found.push(IrqTotal { label, counts: each(&at)?, description: Some(description) });
        Ok(())
    };
    for (label, member, description) in TOTALS {
        if let Ok(count) = stat.member(member) {
            add(label, count, description)?;
        }
    }
    for (label, variable, description) in [
        ("MCE", "mce_exception_count", "Machine check exceptions"),
        ("MCP", "mce_poll_count", "Machine check polls"),
    ] {
        if let Ok(count) = Object::variable(program, variable) {
            add(label, count, description)?;
        }
    }
    for (label, variable) in [("ERR", "irq_err_count"), ("MIS", "irq_mis_count")] {
        if let Ok(count) = Object::variable(program, variable).and_then(|count| count.member("counter")) {
            found.push(IrqTotal { label, counts: vec![count.uint()?], description: None });
        }
    }
    for (label, member, description) in POSTED {
        if let Ok(count) = stat.member(member) {
            found.push(IrqTotal { label, counts: each(&count)?, description: Some(description) });
        }
    }
    Ok(found)
}

/// Offsets of the per-CPU data of the CPUs that are online.
fn online_offsets(program: &Program) -> Result<Vec<u64>, Error> {
    let offsets = per_cpu_offsets(program)?;
    let online = cpu_mask(program, "online")?;
    Ok(online.into_iter().filter_map(|cpu| offsets.get(usize::try_from(cpu).ok()?).copied()).collect())
}

/// An open file of a process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenFile {
    /// The descriptor.
    pub fd: u64,
    /// Address of its `struct file`.
    pub file: VirtAddr,
    /// Its path.
    pub path: String,
}

/// More than `fs.nr_open` allows by default.
const MAX_FILES: u64 = 1 << 20;

/// The open files of a task (`task->files->fdt`), and what ended the walk before its end.
///
/// # Errors
/// Without types of the kernel; memory.
pub fn open_files(program: &Program, task: VirtAddr) -> Result<(Vec<OpenFile>, Option<Error>), Error> {
    let files = Object::of_struct(program, "task_struct", task)?.member("files")?;
    if files.pointer()?.0 == 0 {
        return Ok((Vec::new(), None));
    }
    let table = files.deref()?.member("fdt")?.deref()?;
    let count = table.member("max_fds")?.uint()?.min(MAX_FILES);
    let slots = table.member("fd")?.pointer()?;
    let mut budget = Budget::new(MAX_FILES, program.interrupt.clone());
    let mut found = Vec::new();
    for fd in 0..count {
        let mut one = || -> Result<(), Error> {
            budget.step()?;
            let file = VirtAddr(program.read_uint(slots.offset(fd * 8), 8)?);
            if file.0 != 0 {
                found.push(OpenFile { fd, file, path: crate::file_path(program, file)? });
            }
            Ok(())
        };
        if let Err(error) = one() {
            return Ok((found, Some(error)));
        }
    }
    Ok((found, None))
}
