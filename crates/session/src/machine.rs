//! The thread that is looked at, as the program sees it.

use crate::Session;
use kdive_arch::paging::PageTables;
use kdive_arch::{RawWrite, RegisterFile};
use kdive_base::{Fault, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use kdive_program::{Machine, OsReport};
use kdive_target::{Target, ThreadId};
use std::rc::Rc;

/// One thread of a target, as a program looks at it.
struct TargetMachine {
    target: Rc<dyn Target>,
    thread: ThreadId,
}

impl ReadMemory for TargetMachine {
    fn read(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        let result = self.target.read(addr, buf);
        // After Ctrl-C there is no second try.
        let refused = result.as_ref().is_err_and(|fault| !fault.is_interrupted());
        if refused && addr.0 >> 63 == 1 && self.read_behind_isolation(addr, buf).is_some() {
            return Ok(());
        }
        result
    }
}

impl TargetMachine {
    /// Kernel memory as seen from user mode and from where the kernel is entered and left, where page-table isolation (KPTI) hides
    /// nearly all of it: through the kernel's half of the pair of page tables.
    fn read_behind_isolation(&self, addr: VirtAddr, buf: &mut [u8]) -> Option<()> {
        let registers = self.registers().ok()?;
        let state = registers.layout().arch().cpu_state(&registers);
        let mut entry = |at: PhysAddr, size: usize| -> Result<u64, Fault> {
            let mut bytes = [0; 8];
            self.read_physical(at, bytes.get_mut(..size).unwrap_or_default())?;
            Ok(u64::from_le_bytes(bytes))
        };
        let tables = PageTables::of(&state)?.isolated_from(&mut entry).ok()??;
        let mut done = 0;
        while done < buf.len() {
            let at = addr.offset(done as u64);
            let walk = tables.walk(at, &mut entry).ok()?;
            let left = usize::try_from(walk.size - at.0 % walk.size).ok()?;
            let part = buf.get_mut(done..)?;
            let len = part.len().min(left);
            self.read_physical(walk.phys?, part.get_mut(..len)?).ok()?;
            done += len;
        }
        Some(())
    }
}

impl WriteMemory for TargetMachine {
    fn write(&self, addr: VirtAddr, bytes: &[u8]) -> Result<(), Fault> {
        self.target.write(addr, bytes)
    }
}

impl Machine for TargetMachine {
    fn registers(&self) -> Result<Rc<RegisterFile>, String> {
        self.target.registers(self.thread).map_err(|error| error.to_string())
    }

    fn fetch_register(&self, index: usize) -> Result<Option<Vec<u8>>, String> {
        let file = self.target.registers_with(self.thread, index).map_err(|error| error.to_string())?;
        Ok(file.raw(index).map(<[u8]>::to_vec))
    }

    fn read_physical(&self, addr: PhysAddr, buf: &mut [u8]) -> Result<(), Fault> {
        self.target.read_physical(addr, buf).map_err(|_| Fault::unmapped(VirtAddr(addr.0)))
    }

    fn prefetch(&self, addr: VirtAddr, len: usize) {
        self.target.prefetch(addr, len);
    }

    fn signal_info(&self) -> Option<Vec<u8>> {
        self.target.signal_info(self.thread)
    }

    fn ask_monitor(&self, question: &str) -> Option<String> {
        self.target.ask_monitor(question)
    }

    fn is_debugged_by_itself(&self) -> bool {
        self.target.threads_are_tasks()
    }

    fn patches_memory(&self) -> bool {
        !self.target.run_control().is_some_and(|control| control.steps_over_breakpoints())
    }

    fn write_register(&self, write: &RawWrite) -> Result<(), String> {
        self.target
            .write_registers(self.thread, std::slice::from_ref(write))
            .map_err(|error| error.to_string())
    }
}

impl Session {
    /// From now on the program is that of this thread, whose innermost frame is selected. `None`: there is no target.
    pub(crate) fn look_at(&mut self, thread: Option<ThreadId>) {
        let machine: Option<Rc<dyn Machine>> = match (&self.target, thread) {
            (Some(target), Some(thread)) => {
                target.focus(thread);
                Some(Rc::new(TargetMachine { target: Rc::clone(target), thread }))
            }
            _ => None,
        };
        self.program.set_machine(machine);
        if let Some(sleeper) = thread.and_then(|thread| self.sleeper(thread)) {
            self.program.set_machine(Some(sleeper));
        }
    }

    /// What the operating system layer knows of a thread when the stub says that it is there and not where.
    fn sleeper(&self, thread: ThreadId) -> Option<Rc<dyn Machine>> {
        let is_task = i32::try_from(thread.tid).is_ok_and(|pid| pid > 0);
        if !is_task || !self.target.as_ref()?.threads_are_tasks() {
            return None;
        }
        let registers = self.program.machine()?.registers().ok()?;
        if registers.pc() != Some(VirtAddr(0)) {
            return None;
        }
        self.program.sleeper(thread.tid)
    }

    /// The target ran or was written to: registers, frames and memory are fetched again.
    pub fn invalidate(&mut self) {
        self.program.hide_inlined(0);
        self.program.invalidate();
    }

    /// Selects a frame that exists.
    pub fn select_level(&mut self, level: usize) {
        let _ = self.program.select_frame(level);
    }

    /// The selected thread reached an address the operating system layer asked for. Whether symbols have changed.
    pub(crate) fn os_reached(&mut self, addr: VirtAddr) -> bool {
        let report = self.program.with_os(|os, program| os.reached(program, addr));
        self.take_report(report.unwrap_or_default())
    }

    /// The selected thread used memory the operating system layer asked for. Whether symbols have changed.
    pub(crate) fn os_touched(&mut self) -> bool {
        let report = self.program.with_os(|os, program| os.touched(program));
        self.take_report(report.unwrap_or_default())
    }

    /// Keeps what the operating system layer had to say for the front end. Whether symbols have changed.
    fn take_report(&mut self, report: OsReport) -> bool {
        let changed = report.symbols_changed;
        if changed {
            self.program.modules_changed();
        }
        if report != OsReport::default() {
            self.reports.push(report);
        }
        changed
    }
}
