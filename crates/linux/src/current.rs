//! The task the selected thread runs, asked for again and again by run control: everything about it that does not change
//! from stop to stop is kept.

use crate::field::Field;
use crate::identity::symbol;
use crate::{KernelPlace, Object, cpu_of, per_cpu_offsets};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::{Program, TaskFilter};
use std::cell::RefCell;

/// `TASK_COMM_LEN` without the NUL (include/linux/sched.h).
const COMM: usize = 15;

/// Where to look.
#[derive(Debug)]
struct Places {
    /// Where the kernel was when this was looked up.
    kernel: Option<KernelPlace>,
    /// `current_task`, or `pcpu_hot.current_task` (6.2 to 6.14), before a CPU's offset is added.
    current: VirtAddr,
    /// `__per_cpu_offset` as read last; CPUs get theirs early in the boot.
    offsets: RefCell<Vec<u64>>,
    pid: Field,
    comm: Field,
}

/// What is known of it; `Some(None)`: nothing can be.
#[derive(Debug, Default)]
pub(crate) struct Current(RefCell<Option<Option<Places>>>);

impl Places {
    fn of(program: &Program, kernel: Option<KernelPlace>) -> Option<Self> {
        let task = Object::of_struct(program, "task_struct", VirtAddr(0)).ok()?;
        let (pid, comm) = (Field::new(&task, "pid").ok()?, Field::new(&task, "comm").ok()?);
        let hot = Object::variable(program, "pcpu_hot").and_then(|hot| hot.member("current_task"));
        let current = match hot {
            Ok(current) => current.addr(),
            Err(_) => symbol(program, "current_task")?,
        };
        Some(Self { kernel, current, offsets: RefCell::default(), pid, comm })
    }

    /// The offset of the CPU that is selected.
    fn offset(&self, program: &Program) -> Option<u64> {
        let registers = program.registers()?;
        for again in [false, true] {
            let mut offsets = self.offsets.borrow_mut();
            if again || offsets.is_empty() {
                *offsets = per_cpu_offsets(program).ok()?;
            }
            // Without SMP there is one, and its offset is 0.
            if *offsets == [0] {
                return Some(0);
            }
            if let Some(&offset) = cpu_of(program, &registers, &offsets).and_then(|cpu| offsets.get(cpu)) {
                return Some(offset);
            }
        }
        None
    }

    fn task(&self, program: &Program) -> Option<VirtAddr> {
        let offset = self.offset(program)?;
        let task = program.read_uint(self.current.offset(offset), 8).ok()?;
        (task != 0).then_some(VirtAddr(task))
    }
}

impl Current {
    /// Another system, or other files.
    pub(crate) fn forget(&mut self) {
        *self.0.get_mut() = None;
    }

    fn with<T>(
        &self,
        program: &Program,
        kernel: Option<KernelPlace>,
        ask: impl FnOnce(&Places) -> Option<T>,
    ) -> Option<T> {
        let mut known = self.0.borrow_mut();
        if known.as_ref().is_none_or(|places| places.as_ref().is_some_and(|places| places.kernel != kernel)) {
            *known = Some(Places::of(program, kernel));
        }
        known.as_ref()?.as_ref().and_then(ask)
    }

    /// Whether the debug information tells tasks from each other.
    pub(crate) fn is_known(&self, program: &Program, kernel: Option<KernelPlace>) -> bool {
        self.with(program, kernel, |_| Some(())).is_some()
    }

    /// The `task_struct` of the task the selected thread runs.
    pub(crate) fn task(&self, program: &Program, kernel: Option<KernelPlace>) -> Option<VirtAddr> {
        self.with(program, kernel, |places| places.task(program))
    }

    /// Whether that is one of those asked for.
    pub(crate) fn is_one_of(
        &self,
        program: &Program,
        kernel: Option<KernelPlace>,
        wanted: &TaskFilter,
    ) -> Option<bool> {
        self.with(program, kernel, |places| {
            let task = places.task(program)?;
            match wanted {
                TaskFilter::Pid(pid) => Some(places.pid.read(program, task).ok()? as u32 == *pid),
                TaskFilter::Comm(name) => {
                    let mut bytes = [0; COMM + 1];
                    let part = bytes.get_mut(..places.comm.size.min(COMM))?;
                    program.read(task.offset(places.comm.offset), part).ok()?;
                    let end = part.iter().position(|&byte| byte == 0).unwrap_or(part.len());
                    let name = name.as_bytes();
                    Some(part.get(..end)? == name.get(..COMM).unwrap_or(name))
                }
            }
        })
    }
}
