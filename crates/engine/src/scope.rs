//! Where something is evaluated: a thread and one of its frames. What is selected stays selected.

use crate::{Engine, Error};
use kdive_program::Machine;
use std::rc::Rc;

/// A place where names have a meaning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize)]
pub struct Scope {
    /// gdb's number of the thread; `None` is the selected one.
    pub thread: Option<u32>,
    /// A task by its PID, in place of a thread: one that sleeps, or the CPU that runs it.
    pub task: Option<u64>,
    /// The frame, 0 innermost.
    pub frame: usize,
}

impl Scope {
    /// A frame of a thread.
    #[must_use]
    pub fn of(thread: Option<u32>, frame: usize) -> Self {
        Self { thread, task: None, frame }
    }

    /// A frame of a task.
    #[must_use]
    pub fn of_task(pid: u64, frame: usize) -> Self {
        Self { thread: None, task: Some(pid), frame }
    }
}

/// Whose frames are looked at.
#[derive(Clone)]
pub(crate) enum Whose {
    /// What is selected.
    Selected,
    /// A thread's, by gdb's number.
    Thread(u32),
    /// A task's, by its PID.
    Task(u64),
    /// Those of something that is no thread, such as a task that was selected.
    Machine(Rc<dyn Machine>),
}

impl Scope {
    pub(crate) fn whose(&self) -> Whose {
        match (self.task, self.thread) {
            (Some(pid), _) => Whose::Task(pid),
            (None, Some(number)) => Whose::Thread(number),
            (None, None) => Whose::Selected,
        }
    }
}

/// What was selected, to be selected again.
struct Selection {
    thread: Option<u32>,
    /// The task that was looked at in place of a thread.
    task: Option<Rc<dyn Machine>>,
    level: usize,
    hidden: usize,
}

impl Engine {
    /// The scope that is selected.
    #[must_use]
    pub fn selected_scope(&self) -> Scope {
        Scope::of(self.selected_thread(), self.program().selected_level())
    }

    /// The number of the selected thread.
    pub(crate) fn selected_thread(&self) -> Option<u32> {
        self.session.known_threads().selected().map(|entry| entry.number)
    }

    /// Looks at something in a scope; afterwards what was selected is selected again, unless the program ran and stopped elsewhere.
    pub(crate) fn in_scope<T>(
        &mut self,
        scope: &Scope,
        look: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.visiting(&scope.whose(), |engine| {
            // Without a target there are no frames; what a file holds can be looked at all the same.
            if engine.program().machine().is_some() || scope.frame > 0 {
                engine.program().select_frame(scope.frame)?;
            }
            look(engine)
        })
    }

    /// The same without choosing a frame.
    pub(crate) fn visiting<T>(
        &mut self,
        whose: &Whose,
        look: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = self.selection();
        let result = self.visit(whose).and_then(|()| look(self));
        // A stop has selected what it is about.
        if !matches!(result, Err(Error::NotReturned(_))) {
            self.select(before);
        }
        result
    }

    /// The frames that are looked at, so that they can be found again.
    pub(crate) fn looked_at(&self) -> Whose {
        match (self.session.program.is_off_cpu(), self.program().machine(), self.selected_thread()) {
            (true, Some(machine), _) => Whose::Machine(Rc::clone(machine)),
            (_, _, Some(number)) => Whose::Thread(number),
            _ => Whose::Selected,
        }
    }

    fn selection(&self) -> Selection {
        Selection {
            thread: self.selected_thread(),
            task: self.program().machine().filter(|_| self.program().is_off_cpu()).cloned(),
            level: self.program().selected_level(),
            hidden: self.program().hidden_inlined(),
        }
    }

    /// Whether the target runs. At a log point it stands still although the run is not over.
    fn runs(&self) -> bool {
        let machine = self.program().machine();
        self.session.is_running()
            && (self.session.program.is_off_cpu()
                || machine.is_some_and(|machine| machine.registers().is_err()))
    }

    /// Looks at other frames from now on.
    pub(crate) fn visit(&mut self, whose: &Whose) -> Result<(), Error> {
        if self.runs() {
            return Err(Error::Running);
        }
        match whose {
            Whose::Selected => {}
            Whose::Thread(number) => {
                if self.selected_thread() != Some(*number) || self.session.program.is_off_cpu() {
                    self.session.visit_thread(*number)?;
                }
            }
            // What a task that runs had saved is of the past: its registers are its CPU's.
            Whose::Task(pid) => match self.thread_of_task(*pid) {
                Some(number) => self.visit(&Whose::Thread(number))?,
                None => {
                    let sleeper = self.program().sleeper(*pid).ok_or(Error::NoTask(*pid))?;
                    self.program_mut().set_machine(Some(sleeper));
                }
            },
            Whose::Machine(machine) => self.program_mut().set_machine(Some(Rc::clone(machine))),
        }
        Ok(())
    }

    fn select(&mut self, before: Selection) {
        if before.thread != self.selected_thread()
            && let Some(number) = before.thread
        {
            // A thread that is gone cannot be selected again.
            let _ = self.session.visit_thread(number);
        }
        match before.task {
            Some(task) => {
                let stays = self.program().machine().is_some_and(|machine| Rc::ptr_eq(machine, &task));
                if !stays {
                    self.program_mut().set_machine(Some(task));
                }
            }
            None => self.session.back_to_thread(),
        }
        if self.program().hidden_inlined() != before.hidden {
            self.program().hide_inlined(before.hidden);
        }
        if self.program().selected_level() != before.level {
            // So it is with a frame.
            let _ = self.program().select_frame(before.level);
        }
    }
}
