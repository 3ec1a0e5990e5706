//! The tasks of the kernel, as a front end lists them.

use crate::scope::Whose;
use crate::{Engine, Error, Scope};
use serde::Serialize;

/// A task of the kernel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TaskInfo {
    /// Its thread id.
    pub pid: i32,
    /// The id of its process.
    pub tgid: i32,
    /// The PID of its parent.
    pub parent: i32,
    /// Its name.
    pub comm: String,
    /// The letter of `/proc/PID/stat`: `R`, `S`, `D`, `I`, `T`, `t`, `Z`, `X`, `P`.
    pub state: char,
    /// The CPU it runs on or ran on last.
    pub cpu: Option<u64>,
    /// Whether a CPU runs it now.
    pub running: bool,
    /// Whether it is a kernel thread.
    pub kernel_thread: bool,
    /// Address of its `task_struct`.
    #[serde(serialize_with = "crate::hex::number")]
    pub address: u64,
    /// Its virtual memory in KiB; 0 for kernel threads.
    pub virtual_kib: u64,
    /// Its resident memory in KiB.
    pub resident_kib: u64,
}

/// All tasks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TaskListInfo {
    /// Idle tasks first, then as in the kernel's list.
    pub tasks: Vec<TaskInfo>,
    /// What could not be read of the list.
    pub damage: Vec<String>,
}

impl Engine {
    /// All tasks of a guest that stands still.
    ///
    /// # Errors
    /// No list that can be read.
    pub fn tasks(&self) -> Result<TaskListInfo, Error> {
        let program = self.program();
        let list = kdive_linux::TaskList::read(program)?;
        let info = |task: &kdive_linux::Task| {
            let running = list.cpu_running(task);
            // Memory that cannot be read is not counted.
            let sizes = match task.mm.0 {
                0 => None,
                _ => kdive_linux::memory_use(program, task.mm).ok(),
            }
            .unwrap_or_default();
            TaskInfo {
                pid: task.pid,
                tgid: task.tgid,
                parent: list.parent_pid(task),
                comm: task.comm.clone(),
                state: task.state_letter(),
                cpu: running.map(|cpu| cpu as u64).or(task.cpu.map(u64::from)),
                running: running.is_some(),
                kernel_thread: task.kernel_thread,
                address: task.addr.0,
                virtual_kib: sizes.mapped * 4,
                resident_kib: sizes.resident * 4,
            }
        };
        Ok(TaskListInfo {
            tasks: list.tasks.iter().map(info).collect(),
            damage: list.broken.iter().map(ToString::to_string).collect(),
        })
    }

    /// The name and number of the task a CPU runs: `cat, pid 91`; `None` where the kernel cannot tell.
    #[must_use]
    pub fn task_on(&self, cpu: u64) -> Option<String> {
        let program = self.program();
        if !program.knows_tasks() {
            return None;
        }
        let addr = kdive_linux::current_task(program, usize::try_from(cpu).ok()?).ok()?;
        let task = kdive_linux::TaskLayout::new(program).ok()?.read(program, addr).ok()?;
        Some(format!("{}, pid {}", task.comm, task.pid))
    }

    /// The tasks that no CPU runs, by PID, `most` at most: their numbers and names. What is read of a damaged list is told.
    #[must_use]
    pub fn sleeping_tasks(&self, most: usize) -> Vec<(u64, String)> {
        let program = self.program();
        if !program.knows_tasks() {
            return Vec::new();
        }
        let Ok(tasks) = kdive_linux::tasks(program, true) else { return Vec::new() };
        let sleeping = tasks.found.into_iter().filter(|task| task.on_cpu != Some(true) && task.pid > 0);
        sleeping.filter_map(|task| Some((u64::try_from(task.pid).ok()?, task.comm))).take(most).collect()
    }

    /// The stub's thread that is a CPU of the kernel's, by its GS base; by number where that tells nothing.
    #[must_use]
    pub fn thread_of_cpu(&self, cpu: usize) -> Option<u32> {
        let program = self.program();
        let target = self.session.target()?;
        let entries = self.session.known_threads().entries();
        let offsets = kdive_linux::per_cpu_offsets(program).ok()?;
        if entries.len() == 1 {
            return entries.first().map(|entry| entry.number);
        }
        let found = entries.iter().find(|entry| {
            target
                .registers(entry.id)
                .is_ok_and(|registers| kdive_linux::cpu_of(program, &registers, &offsets) == Some(cpu))
        });
        found.or_else(|| entries.get(cpu)).map(|entry| entry.number)
    }

    /// The thread that runs a task now; `None` for one that no CPU runs.
    pub(crate) fn thread_of_task(&self, pid: u64) -> Option<u32> {
        let program = self.program();
        let task = kdive_linux::task_of_pid(program, pid).ok()??;
        let cpus = kdive_expr::Context::online_cpus(program).ok()?;
        let mut cpus = cpus.into_iter().filter_map(|cpu| usize::try_from(cpu).ok());
        let cpu = cpus.find(|cpu| kdive_linux::current_task(program, *cpu) == Ok(task))?;
        self.thread_of_cpu(cpu)
    }

    /// Selects a scope, for commands of the console that are about what is selected.
    ///
    /// # Errors
    /// A thread, task or frame there is not.
    pub fn select_scope(&mut self, scope: &Scope) -> Result<(), Error> {
        if let Some(number) = scope.thread {
            self.session.select_thread(number)?;
        }
        if let Some(pid) = scope.task {
            self.visit(&Whose::Task(pid))?;
        }
        self.session.select_level(scope.frame);
        Ok(())
    }

    /// The number of the selected thread.
    #[must_use]
    pub fn thread(&self) -> Option<u32> {
        self.selected_thread()
    }
}
