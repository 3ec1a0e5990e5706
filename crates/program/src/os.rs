//! The seam to what knows the operating system: run control and the program see it only through [`OsLayer`].

use crate::{Machine, Program};
use kdive_base::{AddrRange, VirtAddr};
use std::rc::Rc;

/// What the operating system layer reports after it examined the program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OsReport {
    /// Modules were added, moved or removed: places have to be looked up again.
    pub symbols_changed: bool,
    /// What it has found.
    pub notes: Vec<OsNote>,
    /// What is not as it should be.
    pub warnings: Vec<OsWarning>,
}

/// What the operating system layer has found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OsNote {
    /// The kernel was found where its symbols did not have it.
    KernelAt {
        /// Its first address.
        start: VirtAddr,
        /// By how much it is moved.
        slide: u64,
    },
    /// The guest restarts.
    Restarted,
}

/// What is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OsWarning {
    /// The loaded file is not that of the running kernel.
    OtherKernel {
        /// Release of the running kernel, where it was found.
        running: Option<String>,
        /// Release of the file.
        file: Option<String>,
        /// Build-ids of the running kernel and of the file, where both are known.
        build_ids: Option<(String, String)>,
        /// Build-id of the file.
        file_id: Option<String>,
    },
    /// The stub cannot take breakpoints out again that are set now.
    StubKeepsBreakpoints,
}

/// Which tasks a breakpoint is for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TaskFilter {
    /// `task PID`: the one with this thread id (for Linux: `task_struct.pid`).
    Pid(u32),
    /// `comm NAME`: those with this name; what is longer than the system keeps is cut.
    Comm(String),
}

/// Knowledge of an operating system, asked at the moments when it may have something to say.
pub trait OsLayer {
    /// A target was connected: everything known about the running system is stale.
    fn attached(&mut self, program: &mut Program) -> OsReport;

    /// The user loaded or removed files while there is a target.
    fn files_changed(&mut self, program: &mut Program) -> OsReport;

    /// The program stopped. Called at every stop, so it must cost nothing once everything is known.
    fn stopped(&mut self, program: &mut Program) -> OsReport;

    /// Addresses at which the layer wants to look, invisible to the user (for Linux: where modules come and go).
    fn points(&self, program: &Program) -> Vec<VirtAddr>;

    /// The selected thread reached one of [`OsLayer::points`].
    fn reached(&mut self, program: &mut Program, addr: VirtAddr) -> OsReport;

    /// Memory of which the layer wants to hear when it is used, invisible to the user: asked before each resume.
    fn watched(&self, _program: &Program) -> Option<AddrRange> {
        None
    }

    /// Memory in [`OsLayer::watched`] was used by the selected thread.
    fn touched(&mut self, _program: &mut Program) -> OsReport {
        OsReport::default()
    }

    /// Where code in a range may go on when one of its instructions faults.
    fn fixups(&self, _program: &Program, _range: AddrRange) -> Vec<VirtAddr> {
        Vec::new()
    }

    /// Who the selected thread runs in user mode: `insmod, pid 65`.
    fn user_mode(&self, program: &Program) -> Option<String>;

    /// A CPU by the kernel's number, or the selected one, and what is added to the address of a per-CPU variable
    /// for it.
    ///
    /// # Errors
    /// Why there is no such CPU, or why it is unknown, to stand after "and".
    fn cpu(&self, _program: &Program, _number: Option<u64>) -> Result<(u64, u64), String> {
        Err("there is no kernel whose CPUs could be asked".to_owned())
    }

    /// The CPUs that are online, by the kernel's numbers.
    ///
    /// # Errors
    /// Why they are not known.
    fn online_cpus(&self, _program: &Program) -> Result<Vec<u64>, String> {
        Err("there is no kernel whose CPUs could be asked".to_owned())
    }

    /// Whether a module of the kernel has its per-CPU variables from `start` on.
    fn is_module_per_cpu(&self, _start: VirtAddr) -> bool {
        false
    }

    /// Why code at an address is not there now and no breakpoint may be put there, until the system restarts: it was freed.
    fn freed(&self, _program: &Program, _addr: VirtAddr) -> Option<String> {
        None
    }

    /// Why no breakpoint instruction should be written at an address: the system rewrites the code there and does not expect one.
    fn rewritten(&self, _program: &Program, _addr: VirtAddr) -> Option<String> {
        None
    }

    /// Whether tasks can be distinguished at all: with the debug information there is, once the system runs.
    fn knows_tasks(&self, _program: &Program) -> bool {
        false
    }

    /// The task the selected thread runs, by an address that is no other task's; `None` when that is not known. Asked in the middle of
    /// run control, so it must cost no more than a read or two.
    fn task(&self, _program: &Program) -> Option<VirtAddr> {
        None
    }

    /// A task by its number as it will go on, when no CPU runs it: for stubs whose threads are the tasks of the system, and that do
    /// not know where one that sleeps stands.
    fn sleeper(&self, _program: &Program, _pid: u64) -> Option<Rc<dyn Machine>> {
        None
    }

    /// Whether the selected thread runs a task that was asked for. As cheap as [`OsLayer::task`].
    ///
    /// # Errors
    /// One line for the user: why it is not known.
    fn is_task(&self, _program: &Program, _wanted: &TaskFilter) -> Result<bool, String> {
        Err("nothing is known of tasks".to_owned())
    }

    /// Whether all tasks there are could be read, and none has this number.
    fn lacks_task(&self, _program: &Program, _pid: u32) -> bool {
        false
    }

    /// Whether a trampoline begins at an address to which functions return while something watches for their return.
    fn is_return_trampoline(&self, _program: &Program, _pc: VirtAddr) -> bool {
        false
    }

    /// Where the function really returns to whose return address at `slot` is the trampoline `return_pc`; `None` when it is no
    /// trampoline, or that is not known. Asked while frames are looked for, so it must not ask for any.
    fn true_return(&self, _program: &Program, _return_pc: VirtAddr, _slot: VirtAddr) -> Option<VirtAddr> {
        None
    }

    /// The same while the instructions of a trampoline run: where the return address was, and where control goes on. `holds` is what
    /// registers and the stack hold, among which that may be already.
    fn return_from_inside(
        &self,
        _program: &Program,
        _trampoline: VirtAddr,
        _sp: VirtAddr,
        _holds: &[u64],
    ) -> Option<(VirtAddr, VirtAddr)> {
        None
    }

    /// Names of what can be loaded into the system and has a file here (for Linux: modules).
    fn module_names(&self, _program: &Program) -> Vec<String> {
        Vec::new()
    }

    /// For callers that know which layer there is.
    fn as_any(&mut self) -> &mut dyn std::any::Any;
}

impl Program {
    /// Puts an operating system layer in, or takes it out.
    pub fn set_os(&mut self, os: Option<Box<dyn OsLayer>>) {
        self.os = os;
    }

    /// Asks the operating system layer something; `None` when there is none.
    pub fn with_os<T>(&mut self, ask: impl FnOnce(&mut dyn OsLayer, &mut Self) -> T) -> Option<T> {
        // The layer is out of the program while it works on it; it cannot ask for itself.
        let mut os = self.os.take()?;
        let answer = ask(&mut *os, self);
        self.os = Some(os);
        Some(answer)
    }

    /// Memory of which the operating system layer wants to hear when it is used.
    #[must_use]
    pub fn os_watched(&self) -> Option<AddrRange> {
        self.os.as_ref().and_then(|os| os.watched(self))
    }

    /// Who the selected thread runs in user mode, if the operating system layer knows.
    pub(crate) fn user_mode(&self) -> Option<String> {
        self.os.as_ref()?.user_mode(self)
    }

    /// Where code in a range may go on when one of its instructions faults, as far as the operating system layer knows.
    #[must_use]
    pub fn fixups(&self, range: AddrRange) -> Vec<VirtAddr> {
        self.os.as_ref().map(|os| os.fixups(self, range)).unwrap_or_default()
    }

    /// Why code at an address is not there now, as [`OsLayer::freed`] tells it.
    #[must_use]
    pub fn freed(&self, addr: VirtAddr) -> Option<String> {
        self.os.as_ref()?.freed(self, addr)
    }

    /// Why no breakpoint instruction should be written at an address, as [`OsLayer::rewritten`] tells it.
    #[must_use]
    pub fn rewritten(&self, addr: VirtAddr) -> Option<String> {
        self.os.as_ref()?.rewritten(self, addr)
    }

    /// Names of what can be loaded into the system, as [`OsLayer::module_names`] tells them.
    #[must_use]
    pub fn os_module_names(&self) -> Vec<String> {
        self.os.as_ref().map(|os| os.module_names(self)).unwrap_or_default()
    }

    /// Whether tasks can be distinguished.
    #[must_use]
    pub fn knows_tasks(&self) -> bool {
        self.os.as_ref().is_some_and(|os| os.knows_tasks(self))
    }

    /// The task the selected thread runs, as [`OsLayer::task`] tells it.
    #[must_use]
    pub fn task(&self) -> Option<VirtAddr> {
        self.os.as_ref()?.task(self)
    }

    /// A task no CPU runs, as [`OsLayer::sleeper`] tells it.
    #[must_use]
    pub fn sleeper(&self, pid: u64) -> Option<Rc<dyn Machine>> {
        self.os.as_ref()?.sleeper(self, pid)
    }

    /// Whether the selected thread runs a task that was asked for.
    ///
    /// # Errors
    /// One line for the user: why it is not known.
    pub fn is_task(&self, wanted: &TaskFilter) -> Result<bool, String> {
        match &self.os {
            Some(os) => os.is_task(self, wanted),
            None => Err("nothing is known of tasks".to_owned()),
        }
    }

    /// Whether there is no task of this number, as [`OsLayer::lacks_task`] tells it.
    #[must_use]
    pub fn lacks_task(&self, pid: u32) -> bool {
        self.os.as_ref().is_some_and(|os| os.lacks_task(self, pid))
    }

    /// Addresses where the operating system layer wants to look.
    #[must_use]
    pub fn os_points(&self) -> Vec<VirtAddr> {
        self.os.as_ref().map(|os| os.points(self)).unwrap_or_default()
    }
}
