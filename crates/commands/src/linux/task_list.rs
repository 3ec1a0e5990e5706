//! Which tasks a command is about: all of them with their CPUs, and how the user names one.

use super::modules::with_linux;
use crate::{Error, Missing, Shell};
use kdive_base::VirtAddr;
use kdive_linux::{Task, TaskList, current_task};

/// All tasks of a stopped guest.
///
/// # Errors
/// When there is no list to read.
pub fn read_tasks(shell: &Shell) -> Result<TaskList, Error> {
    TaskList::read(shell.program()).map_err(Error::msg)
}

/// What users mean by a word, and the damage of the list.
pub trait TaskWords {
    /// Says what was wrong with the kernel's list.
    fn warn(&self, shell: &mut Shell);

    /// The tasks a word of the user's means: a pid, the address of a `task_struct`, an expression that has it as value, or
    /// a name.
    ///
    /// # Errors
    /// `No task WORD.`
    fn named(&self, shell: &Shell, word: &str) -> Result<Vec<&Task>, Error>;
}

impl TaskWords for TaskList {
    fn warn(&self, shell: &mut Shell) {
        for reason in &self.broken {
            super::damaged(shell, &format!("the kernel's task list is damaged: {reason}"));
        }
    }

    fn named(&self, shell: &Shell, word: &str) -> Result<Vec<&Task>, Error> {
        let by = |wanted: &dyn Fn(&Task) -> bool| {
            self.tasks.iter().filter(|task| wanted(task)).collect::<Vec<_>>()
        };
        if let Ok(pid) = word.parse::<i32>() {
            let found = by(&|task| task.pid == pid);
            if !found.is_empty() {
                return Ok(found);
            }
        }
        let digits = word.strip_prefix("0x").unwrap_or(word);
        if let Some(addr) = u64::from_str_radix(digits, 16).ok().filter(|addr| addr >> 63 == 1) {
            let found = by(&|task| task.addr.0 == addr);
            return if found.is_empty() {
                Err(Error::msg(format!("No task at {addr:#x}.")))
            } else {
                Ok(found)
            };
        }
        let found = by(&|task| task.comm == word);
        if !found.is_empty() {
            return Ok(found);
        }
        if word.starts_with(['$', '&', '(']) || word.contains("->") {
            let value = shell.program().evaluate(word)?;
            let addr = match value.address().filter(|_| !value.ty().strip().is_pointer()) {
                Some(addr) => addr,
                None => shell.program().evaluate_address(word)?,
            };
            let found = by(&|task| task.addr == addr);
            return if found.is_empty() { Err(Error::msg(format!("No task at {addr}."))) } else { Ok(found) };
        }
        let names = self.tasks.iter().map(|task| task.comm.as_str());
        Err(Error::unknown(format!("No task {word}."), Missing::among(word, names)))
    }
}

/// Looks at a task from now on: as a thread if a CPU runs it, else at its saved state.
///
/// # Errors
/// When neither can be had.
pub fn select(shell: &mut Shell, list: &TaskList, task: &Task) -> Result<(), Error> {
    shell.session.back_to_thread();
    if let Some(cpu) = list.cpu_running(task) {
        let number = shell.session.thread_of_cpu(cpu).ok_or_else(|| {
            Error::msg(format!("CPU {cpu} runs it, but no thread of the stub is that CPU."))
        })?;
        return shell.session.select_thread(number).map_err(crate::gdb::events::failure);
    }
    let machine = kdive_linux::sleeper(shell.program(), task.addr).map_err(Error::msg)?;
    shell.program_mut().set_machine(Some(machine));
    Ok(())
}

/// The selected task: the sleeping one that was selected, or the one the selected CPU runs.
#[must_use]
pub fn selected(shell: &Shell) -> Option<VirtAddr> {
    let program = shell.program();
    if let Some(task) = program.machine()?.sleeping_task() {
        return Some(task);
    }
    current_task(program, kdive_linux::selected_cpu(program)?).ok()
}

/// Runs `work` and looks at the same thread, task and frame again afterwards.
pub fn keeping_selection<T>(shell: &mut Shell, work: impl FnOnce(&mut Shell) -> T) -> T {
    let thread = shell.session.known_threads().selected().map(|entry| entry.number);
    let task = shell.program().machine().and_then(|machine| machine.sleeping_task());
    let level = shell.program().selected_level();
    let result = work(shell);
    shell.session.back_to_thread();
    if let Some(number) = thread {
        // A thread that is gone leaves another one selected.
        let _ = shell.session.select_thread(number);
    }
    if let Some(machine) = task.and_then(|task| kdive_linux::sleeper(shell.program(), task).ok()) {
        shell.program_mut().set_machine(Some(machine));
    }
    // As a frame that is gone leaves the innermost.
    let _ = shell.program().select_frame(level);
    result
}

/// Fails when no Linux kernel is loaded.
///
/// # Errors
/// One line with what to do.
pub fn check(shell: &mut Shell) -> Result<(), Error> {
    with_linux(shell, |_, _| ())
        .ok_or_else(|| Error::msg("No Linux kernel is loaded: give its vmlinux with the file command."))
}
