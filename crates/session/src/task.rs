//! Whose stop it is: commands follow a task, which the system may put to sleep and wake up on another thread of the target (CPU).

use crate::event::{Failure, Warning};
use crate::run::Momentary;
use crate::{Error, Session};
use kdive_base::VirtAddr;
use kdive_program::TaskFilter;
use kdive_target::ThreadId;

impl Session {
    /// What `task PID` and `comm NAME` ask for.
    ///
    /// # Errors
    /// gdb's words, whose tasks are those of Ada programs: `Unknown task 7.` where the operating system is not known,
    /// `Junk after task keyword.`
    pub(crate) fn task_filter(
        &mut self,
        task: Option<&str>,
        comm: Option<&str>,
    ) -> Result<Option<TaskFilter>, Error> {
        let filter = match (task, comm) {
            (None, None) => return Ok(None),
            (None, Some(name)) => TaskFilter::Comm(name.to_owned()),
            (Some(text), _) => {
                let junk = || Error::msg("Junk after task keyword.");
                let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let number = match text.parse::<u32>() {
                    Ok(number) if is_number => number,
                    _ if text.starts_with('$') => {
                        u32::try_from(self.program.integer(text)?).map_err(|_| junk())?
                    }
                    _ => return self.task_called(text).ok_or_else(junk).map(Some),
                };
                TaskFilter::Pid(number)
            }
        };
        if self.program.knows_tasks() {
            return Ok(Some(filter));
        }
        Err(Error::msg(match filter {
            TaskFilter::Pid(pid) => format!("Unknown task {pid}."),
            TaskFilter::Comm(name) => {
                format!("Unknown task {name}: tasks are known with the debug information of a Linux kernel.")
            }
        }))
    }

    /// `task sh`: gdb knows tasks by numbers only, a kernel's have names.
    fn task_called(&self, name: &str) -> Option<TaskFilter> {
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '('));
        (is_name && self.program.knows_tasks()).then(|| TaskFilter::Comm(name.to_owned()))
    }

    /// What to say of a breakpoint for a task that is not there: it is no mistake, the task may come.
    pub(crate) fn absent_task(&self, wanted: Option<&TaskFilter>) -> Option<Warning> {
        let Some(TaskFilter::Pid(pid)) = wanted else { return None };
        self.program.lacks_task(*pid).then_some(Warning::NoTask(*pid))
    }

    /// Whether the selected thread runs a task a breakpoint is for. Where that cannot be told it stops, and says so.
    pub(crate) fn is_wanted_task(&mut self, number: u32, wanted: Option<&TaskFilter>) -> bool {
        let Some(wanted) = wanted else { return true };
        match self.program.is_task(wanted) {
            Ok(is_it) => is_it,
            Err(reason) => {
                self.fails(Failure::Task { breakpoint: number, reason });
                true
            }
        }
    }

    /// Whether a breakpoint of the command is for the task that reached it: several run the same code, on one CPU in turn or on
    /// several at once, and each may go on on another CPU than the one it fell asleep on.
    pub(crate) fn is_for_this_task(&mut self, momentary: &Momentary, thread: ThreadId) -> bool {
        // While a kernel changes from one task to the next, the one it calls its current one and the stack it is on are of different
        // tasks for a moment. A stack in the kernel's half of memory belongs to one task, or to one CPU.
        let own_stack =
            momentary.frame.and_then(|frame| frame.address()).is_some_and(|stack| stack.0 >> 63 == 1);
        if momentary.thread == thread && own_stack {
            return true;
        }
        match momentary.task.zip(self.program.task()) {
            Some((wanted, here)) => wanted == here,
            None => momentary.thread == thread,
        }
    }

    /// The task of the command may have come to another CPU: where one of the command's own breakpoints is reached there, the
    /// command goes on there.
    pub(crate) fn follow_task(&mut self, thread: ThreadId, pc: VirtAddr) {
        let Some(run) = self.run.as_ref().filter(|run| run.thread != thread) else { return };
        let wanted: Vec<VirtAddr> =
            run.momentary().filter(|momentary| momentary.addr == pc).filter_map(|found| found.task).collect();
        if !wanted.is_empty()
            && self.program.task().is_some_and(|task| wanted.contains(&task))
            && let Some(run) = self.run.as_mut()
        {
            run.thread = thread;
        }
    }
}
