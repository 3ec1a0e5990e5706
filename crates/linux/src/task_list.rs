//! All tasks there are, with the CPU that runs each.

use crate::{Error, Task, TaskLayout, cpu_mask, current_task, idle_task, tasks};
use kdive_base::VirtAddr;
use kdive_program::Program;
use std::collections::HashMap;

/// All tasks of a stopped guest.
pub struct TaskList {
    /// Idle tasks first, then as in the kernel's list, threads after their process; then those that are about to end.
    pub tasks: Vec<Task>,
    /// What each CPU runs.
    running: HashMap<VirtAddr, usize>,
    /// What could not be read.
    pub broken: Vec<Error>,
}

impl TaskList {
    /// Reads them.
    ///
    /// # Errors
    /// When there is no list to read.
    pub fn read(program: &Program) -> Result<Self, Error> {
        let layout = TaskLayout::new(program)?;
        let found = tasks(program, true)?;
        let mut broken = found.broken;
        let mut tasks = found.found;
        let mut running = HashMap::new();
        let cpus = cpu_mask(program, "online").unwrap_or_else(|_| vec![0]);
        let mut at = 1;
        for cpu in cpus.into_iter().filter_map(|cpu| usize::try_from(cpu).ok()) {
            let is_listed = |tasks: &[Task], addr| tasks.iter().any(|task| task.addr == addr);
            // CPU 0's is init_task, which is in the list.
            if let Ok(idle) = idle_task(program, cpu)
                && !is_listed(&tasks, idle)
            {
                match layout.read(program, idle) {
                    Ok(task) => {
                        tasks.insert(at.min(tasks.len()), task);
                        at += 1;
                    }
                    Err(error) => broken.push(error),
                }
            }
            let Ok(current) = current_task(program, cpu) else { continue };
            running.insert(current, cpu);
            // A task that ends is taken out of the list while it still runs.
            if !is_listed(&tasks, current) {
                match layout.read(program, current) {
                    Ok(task) => tasks.push(task),
                    Err(error) => broken.push(error),
                }
            }
        }
        Ok(Self { tasks, running, broken })
    }

    /// The CPU that runs a task now.
    #[must_use]
    pub fn cpu_running(&self, task: &Task) -> Option<usize> {
        self.running.get(&task.addr).copied()
    }

    /// The parent's pid.
    #[must_use]
    pub fn parent_pid(&self, task: &Task) -> i32 {
        self.tasks.iter().find(|other| other.addr == task.parent).map_or(0, |parent| parent.pid)
    }
}
