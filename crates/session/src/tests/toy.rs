//! A simulated x86-64 machine with any number of CPUs, and a real program over it.
//!
//! The program is an object file with code, symbols, DWARF and call frame information (see [`super::image`]), and a
//! [`kdive_program::Program`] reads it. The machine executes [`Op`]s; what lies in memory for each is an x86 instruction with the same
//! flow of control. A call pushes the return address; nothing else touches the stack, so the canonical frame address of a function
//! is `sp + 8`.

use super::{breakpoint_words, event_words, image};
use crate::Session;
use kdive_arch::{Arch, RawWrite, RegisterFile, RegisterLayout};
use kdive_base::{Fault, Interrupt, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use kdive_program::{OsLayer, OsReport, Program, TaskFilter};
use kdive_target::{
    BreakpointError, BreakpointKind, Event, Others, Resume, RunControl, Stop, StopReason, Target, Thread,
    ThreadId, Wait, WatchKind,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Nop,
    /// A no-op that is known for one.
    Nopl,
    Call(u64),
    Ret,
    Jump(u64),
    /// Jumps as long as the counter at the address is not zero, counting down.
    Loop(u64, u64),
    Store(u64, u64),
    Load(u64),
    Set(u64),
    /// Waits for the other CPU to store a nonzero value there.
    Spin(u64),
    /// Adds one to what is stored there.
    Count(u64),
    /// Puts the task to sleep and goes on with the one that waits longest.
    Yield,
    Halt,
    Exit(u8),
    /// Enters the kernel there as a system call does: the stack is still that of the program, and only a register knows the way back.
    Enter(u64),
    /// Leaves the kernel for what it was entered from.
    Leave,
    /// Faults as often as is said at the address, counting down: the handler runs on the kernel's stack, above the registers of the
    /// program, and leaves to the same instruction. Does nothing afterwards.
    Fault(u64, u64),
    /// Puts the address of the trampoline in the place of the return address.
    Trace,
    /// Goes on where the function would have returned to.
    Rejoin,
}

/// Where the true return address is kept, by its place on the stack.
const TRUE_RETURNS: u64 = 0x5000_0000;

/// Where system calls come from, by CPU.
const ENTERED_FROM: u64 = 0x6000_0000;

/// End of the kernel's stack.
const KERNEL_STACK: u64 = 0xffff_c900_0001_0000;

/// `sizeof(struct pt_regs)`, and where in it the CPU saves `ip`, `cs`, `flags`, `sp` and `ss`.
const PT_REGS: (u64, u64) = (168, 128);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// First address after the prologue; 0 without debug information.
    pub(crate) body: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Inlined {
    pub(crate) name: &'static str,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) call_line: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Source {
    /// Address, line, whether a statement begins.
    pub(crate) rows: Vec<(u64, u32, bool)>,
    pub(crate) functions: Vec<Function>,
    /// Outer ones first.
    pub(crate) inlined: Vec<Inlined>,
    pub(crate) variables: BTreeMap<&'static str, u64>,
    pub(crate) internal: Vec<u64>,
    /// Code from here on is the kernel's; what lies before it runs in user mode.
    pub(crate) kernel: Option<u64>,
    /// Made by a compiler that marks the end of a prologue by a second line.
    pub(crate) is_clang: bool,
    /// What [`Op::Trace`] makes functions return to.
    pub(crate) trampoline: Option<u64>,
}

impl Source {
    fn is_user_code(&self, pc: u64) -> bool {
        self.kernel.is_some_and(|kernel| pc < kernel)
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) pc: u64,
    pub(crate) sp: u64,
    pub(crate) rax: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Machine {
    pub(crate) code: BTreeMap<u64, Op>,
    pub(crate) memory: BTreeMap<u64, u64>,
    pub(crate) cpus: Vec<Cpu>,
    pub(crate) source: Source,
    points: Vec<(BreakpointKind, u64, u64)>,
    /// What the target was asked: `Z0 1000`, `c`, `s1`.
    pub(crate) log: Vec<String>,
    running: Option<Resume>,
    last: Option<Stop>,
    /// Single steps do not stop at breakpoints (TCG).
    pub(crate) tcg: bool,
    /// Steps that are reported and not made.
    pub(crate) stalled_steps: u32,
    /// Software breakpoints fail here.
    pub(crate) unmapped: Vec<u64>,
    /// The user allows no software breakpoints.
    pub(crate) forbidden: bool,
    /// Hardware breakpoints and watchpoints the stub has.
    pub(crate) slots: usize,
    generation: u64,
    /// Single steps end in the handler that starts here.
    pub(crate) interrupt_handler: Option<u64>,
    /// Instructions until a halted CPU wakes up.
    pub(crate) wake_after: u32,
    /// The task of each CPU; empty where the system knows no tasks.
    pub(crate) tasks: Vec<u64>,
    /// Tasks that wait, longest first, and what they will have in their registers.
    pub(crate) ready: VecDeque<(u64, Cpu)>,
    /// Addresses whose breakpoint instruction the guest has written over.
    pub(crate) lost: Vec<u64>,
    /// Code the system rewrites.
    pub(crate) rewritten: Vec<u64>,
    /// Code the system has freed.
    pub(crate) freed: Vec<u64>,
    /// For each resume to come: the CPU in whose name the machine stops at once, nothing having been executed.
    pub(crate) left_over: VecDeque<Option<usize>>,
    /// CPUs that were told to step by somebody before: each ends one run by that.
    pub(crate) earlier_steps: VecDeque<usize>,
    /// The connection has ended, with this text, while something was read; nobody was told yet.
    pub(crate) broken: Option<String>,
    /// The CPU that is looked at.
    focused: usize,
    /// Code and source the object file was made of.
    loaded: (BTreeMap<u64, Op>, Source),
    /// The points of the operating system layer that were reached.
    pub(crate) internal_hits: Vec<u64>,
}

fn cpu_index(thread: ThreadId) -> usize {
    thread.tid as usize - 1
}

pub(crate) fn cpu_id(index: usize) -> ThreadId {
    ThreadId::in_process(1, index as u64 + 1)
}

impl Machine {
    fn hit(&self, kind: BreakpointKind, addr: u64) -> bool {
        self.points.iter().any(|&(k, a, _)| k == kind && a == addr)
    }

    fn watch_hit(&self, write: bool, addr: u64) -> Option<StopReason> {
        self.points.iter().find_map(|&(kind, start, len)| match kind {
            BreakpointKind::Watch(kind) if (start..start + len).contains(&addr) => {
                let matches = match kind {
                    WatchKind::Write => write,
                    WatchKind::Read => !write,
                    WatchKind::Access => true,
                };
                matches.then_some(StopReason::Watch { kind, addr: VirtAddr(start) })
            }
            _ => None,
        })
    }

    fn stop(&mut self, cpu: usize, signal: u8, reason: StopReason) -> Event {
        let stop = Stop { thread: cpu_id(cpu), signal, reason, synthesized: false };
        self.running = None;
        self.last = Some(stop.clone());
        Event::Stopped(stop)
    }

    /// Executes one instruction; `None` when nothing stops.
    fn execute(&mut self, cpu: usize, masked: bool) -> Option<Event> {
        let mut state = self.cpus[cpu];
        let op = self.code.get(&state.pc).copied().unwrap_or(Op::Exit(99));
        let next = state.pc + image::length(op, state.pc);
        let mut watched = None;
        match op {
            Op::Nop | Op::Nopl => state.pc = next,
            Op::Call(target) => {
                state.sp -= 8;
                self.memory.insert(state.sp, next);
                state.pc = target;
            }
            Op::Ret => {
                state.pc = self.memory.get(&state.sp).copied().unwrap_or(0);
                state.sp += 8;
            }
            Op::Jump(target) => state.pc = target,
            Op::Loop(counter, target) => {
                let left = self.memory.get(&counter).copied().unwrap_or(0);
                self.memory.insert(counter, left.saturating_sub(1));
                state.pc = if left > 0 { target } else { next };
            }
            Op::Store(addr, value) => {
                self.memory.insert(addr, value);
                watched = self.watch_hit(true, addr);
                state.pc = next;
            }
            Op::Load(addr) => {
                state.rax = self.memory.get(&addr).copied().unwrap_or(0);
                watched = self.watch_hit(false, addr);
                state.pc = next;
            }
            Op::Count(addr) => {
                *self.memory.entry(addr).or_default() += 1;
                watched = self.watch_hit(true, addr);
                state.pc = next;
            }
            Op::Set(value) => {
                state.rax = value;
                state.pc = next;
            }
            Op::Spin(addr) => {
                if self.memory.get(&addr).copied().unwrap_or(0) != 0 {
                    state.pc = next;
                }
            }
            Op::Yield => {
                state.pc = next;
                self.ready.push_back((self.tasks[cpu], state));
                if let Some((task, woken)) = self.ready.pop_front() {
                    (self.tasks[cpu], state) = (task, woken);
                }
            }
            Op::Halt => {
                if masked {
                    return None;
                }
                self.wake_after = self.wake_after.saturating_sub(1);
                if self.wake_after == 0 {
                    state.pc = next;
                }
            }
            Op::Enter(target) => {
                self.memory.insert(ENTERED_FROM + cpu as u64, next);
                state.pc = target;
            }
            Op::Leave => match self.memory.remove(&(ENTERED_FROM + cpu as u64)) {
                Some(next) => state.pc = next,
                None => {
                    let saved = state.sp + PT_REGS.1;
                    (state.pc, state.sp) = (self.memory[&saved], self.memory[&(saved + 24)]);
                }
            },
            Op::Fault(counter, handler) => {
                let left = self.memory.get(&counter).copied().unwrap_or(0);
                self.memory.insert(counter, left.saturating_sub(1));
                if left > 0 {
                    let registers = KERNEL_STACK - PT_REGS.0;
                    let saved = [state.pc, 0x33, 0x202, state.sp, 0x2b];
                    self.memory.extend((registers + PT_REGS.1..).step_by(8).zip(saved));
                    (state.pc, state.sp) = (handler, registers);
                } else {
                    state.pc = next;
                }
            }
            Op::Trace => {
                let to = self.memory.get(&state.sp).copied().unwrap_or(0);
                self.memory.insert(TRUE_RETURNS + state.sp, to);
                self.memory.insert(state.sp, self.source.trampoline.unwrap_or(0));
                state.pc = next;
            }
            Op::Rejoin => state.pc = self.memory[&(TRUE_RETURNS + state.sp - 8)],
            Op::Exit(code) => {
                self.running = None;
                return Some(Event::Exited(code));
            }
        }
        self.cpus[cpu] = state;
        watched.map(|reason| self.stop(cpu, 5, reason))
    }

    fn at_breakpoint(&self, cpu: usize) -> bool {
        let pc = self.cpus[cpu].pc;
        self.hit(BreakpointKind::Software, pc) || self.hit(BreakpointKind::Hardware, pc)
    }

    /// Runs until something happens, or for a while.
    fn run(&mut self, interrupted: bool) -> Option<Event> {
        let how = self.running?;
        if let Some(Some(cpu)) = self.left_over.pop_front() {
            return Some(self.stop(cpu, 5, StopReason::Signal));
        }
        if let Some(cpu) = self.earlier_steps.pop_front() {
            self.execute(cpu, true);
            return Some(self.stop(cpu, 5, StopReason::Signal));
        }
        if let Resume::Step { thread, others } = how {
            let cpu = cpu_index(thread);
            if !self.tcg && self.at_breakpoint(cpu) {
                return Some(self.stop(cpu, 5, StopReason::Signal));
            }
            if self.stalled_steps > 0 {
                self.stalled_steps -= 1;
                return Some(self.stop(cpu, 5, StopReason::Signal));
            }
            let halted = self.code.get(&self.cpus[cpu].pc) == Some(&Op::Halt);
            if others == Others::Running {
                for other in (0..self.cpus.len()).filter(|&other| other != cpu) {
                    for _ in 0..3 {
                        if self.at_breakpoint(other) {
                            return Some(self.stop(other, 5, StopReason::Signal));
                        }
                        if let Some(event) = self.execute(other, false) {
                            return Some(event);
                        }
                    }
                }
            }
            if halted {
                return interrupted.then(|| self.stop(cpu, 2, StopReason::Signal));
            }
            if let Some(handler) = self.interrupt_handler {
                let state = &mut self.cpus[cpu];
                state.sp -= 8;
                let (at, back) = (state.sp, state.pc);
                state.pc = handler;
                self.memory.insert(at, back);
                return Some(self.stop(cpu, 5, StopReason::Signal));
            }
            return Some(match self.execute(cpu, true) {
                Some(event) => event,
                None => self.stop(cpu, 5, StopReason::Signal),
            });
        }
        for _ in 0..20_000 {
            for cpu in 0..self.cpus.len() {
                if matches!(how, Resume::ContinueOne(thread) if cpu_index(thread) != cpu) {
                    continue;
                }
                if self.at_breakpoint(cpu) {
                    return Some(self.stop(cpu, 5, StopReason::Signal));
                }
                if let Some(event) = self.execute(cpu, false) {
                    return Some(event);
                }
            }
        }
        interrupted.then(|| self.stop(0, 2, StopReason::Signal))
    }
}

/// The machine as a target.
pub(crate) struct ToyTarget(pub(crate) Rc<RefCell<Machine>>);

impl Machine {
    /// Makes the object file, unless the loaded one was made of the same.
    fn load(&mut self, program: &mut Program) {
        if self.loaded.0 != self.code || self.loaded.1 != self.source {
            image::load(program, &self.code, &self.source);
            self.loaded = (self.code.clone(), self.source.clone());
        }
    }

    fn byte(&self, addr: u64) -> Option<u8> {
        if let Some(byte) = image::code_byte(&self.code, &self.source, addr) {
            return Some(byte);
        }
        let word = addr & !7;
        let is_data = word >= LOCALS || self.source.variables.values().any(|&at| at == word);
        let value = self.memory.get(&word).copied().or(is_data.then_some(0))?;
        Some(value.to_le_bytes()[(addr - word) as usize])
    }
}

/// Where functions have their locals, by canonical frame address.
pub(crate) const LOCALS: u64 = 0x9000_0000;

/// Bytes of a `g` reply without what only a kernel has.
const G_LENGTH: usize = 536;

impl ReadMemory for ToyTarget {
    fn read(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        let machine = self.0.borrow();
        for (at, byte) in (addr.0..).zip(buf) {
            *byte = machine.byte(at).ok_or(Fault::unmapped(VirtAddr(at)))?;
        }
        Ok(())
    }
}

impl WriteMemory for ToyTarget {
    fn write(&self, addr: VirtAddr, _: &[u8]) -> Result<(), Fault> {
        Err(Fault::unmapped(addr))
    }
}

impl Target for ToyTarget {
    fn threads(&self) -> Result<Rc<[Thread]>, kdive_target::Error> {
        let count = self.0.borrow().cpus.len();
        Ok((0..count)
            .map(|index| Thread { id: cpu_id(index), info: format!("CPU#{index} [running]") })
            .collect())
    }
    fn focus(&self, thread: ThreadId) {
        self.0.borrow_mut().focused = cpu_index(thread);
    }
    fn registers(&self, thread: ThreadId) -> Result<Rc<RegisterFile>, kdive_target::Error> {
        let machine = self.0.borrow();
        let cpu = machine.cpus[cpu_index(thread)];
        let layout = RegisterLayout::for_g_length(Arch::X86_64, G_LENGTH).expect("gdb's layout");
        let mut file = RegisterFile::from_bytes(Arc::new(layout), &[0; G_LENGTH]);
        let cs = if machine.source.is_user_code(cpu.pc) { 0x33 } else { 0x10 };
        for (name, value) in [("rip", cpu.pc), ("rsp", cpu.sp), ("rax", cpu.rax), ("cs", cs)] {
            assert!(file.set_by_name(name, value), "{name}");
        }
        Ok(Rc::new(file))
    }
    fn registers_with(&self, thread: ThreadId, _: usize) -> Result<Rc<RegisterFile>, kdive_target::Error> {
        self.registers(thread)
    }
    fn write_registers(&self, thread: ThreadId, writes: &[RawWrite]) -> Result<(), kdive_target::Error> {
        let mut file = (*self.registers(thread)?).clone();
        for write in writes {
            file.set_raw(write.index, &write.bytes).expect("a register");
        }
        let get = |name| file.by_name(name).expect("a register");
        self.0.borrow_mut().cpus[cpu_index(thread)] = Cpu { pc: get("rip"), sp: get("rsp"), rax: get("rax") };
        Ok(())
    }
    fn read_physical(&self, _: PhysAddr, _: &mut [u8]) -> Result<(), kdive_target::Error> {
        Err(kdive_target::Error::NotConnected)
    }
    fn write_physical(&self, _: PhysAddr, _: &[u8]) -> Result<(), kdive_target::Error> {
        Err(kdive_target::Error::NotConnected)
    }
    fn run_control(&self) -> Option<&dyn RunControl> {
        Some(self)
    }
}

fn letter(kind: BreakpointKind) -> u8 {
    match kind {
        BreakpointKind::Software => 0,
        BreakpointKind::Hardware => 1,
        BreakpointKind::Watch(WatchKind::Write) => 2,
        BreakpointKind::Watch(WatchKind::Read) => 3,
        BreakpointKind::Watch(WatchKind::Access) => 4,
    }
}

impl RunControl for ToyTarget {
    fn stop(&self) -> Option<Stop> {
        self.0.borrow().last.clone()
    }
    fn generation(&self) -> u64 {
        self.0.borrow().generation
    }
    fn insert(&self, kind: BreakpointKind, addr: VirtAddr, len: u64) -> Result<(), BreakpointError> {
        let mut machine = self.0.borrow_mut();
        if machine.forbidden && kind == BreakpointKind::Software {
            return Err(BreakpointError::Forbidden(addr));
        }
        machine.log.push(format!("Z{} {:x}", letter(kind), addr.0));
        if kind == BreakpointKind::Software && machine.unmapped.contains(&addr.0) {
            return Err(BreakpointError::NotMapped(addr));
        }
        let used = machine.points.iter().filter(|point| point.0 != BreakpointKind::Software).count();
        if kind != BreakpointKind::Software && used >= machine.slots {
            return Err(BreakpointError::NoSlot);
        }
        machine.points.push((kind, addr.0, len));
        Ok(())
    }
    fn remove(&self, kind: BreakpointKind, addr: VirtAddr, len: u64) -> Result<(), BreakpointError> {
        let mut machine = self.0.borrow_mut();
        machine.log.push(format!("z{} {:x}", letter(kind), addr.0));
        let found = machine.points.iter().position(|&point| point == (kind, addr.0, len));
        match found {
            Some(index) => {
                machine.points.remove(index);
                Ok(())
            }
            None => Err(BreakpointError::Refused("E22".to_owned())),
        }
    }
    fn resume(&self, how: Resume) -> Result<(), kdive_target::Error> {
        let mut machine = self.0.borrow_mut();
        if machine.broken.is_some() {
            return Err(kdive_target::Error::NotConnected);
        }
        let text = match how {
            Resume::Continue => "c".to_owned(),
            Resume::ContinueOne(thread) => format!("c{}", thread.tid),
            Resume::Step { thread, others: Others::Stopped } => format!("s{}", thread.tid),
            Resume::Step { thread, others: Others::Running } => format!("s{};c", thread.tid),
        };
        machine.log.push(text);
        machine.running = Some(how);
        machine.generation += 1;
        Ok(())
    }
    fn wait(&self, timeout: Duration, interrupt: &Interrupt) -> Result<Wait, kdive_target::Error> {
        let mut machine = self.0.borrow_mut();
        if machine.running.is_none() {
            return Err(kdive_target::Error::NotConnected);
        }
        match machine.run(interrupt.take()) {
            Some(event) => Ok(Wait::Event(event)),
            None => {
                std::thread::sleep(timeout.min(Duration::from_millis(20)));
                Ok(Wait::Pending)
            }
        }
    }
    fn pending_event(&self) -> Option<Event> {
        self.0.borrow_mut().broken.take().map(Event::Lost)
    }
    fn steps_over_breakpoints(&self) -> bool {
        self.0.borrow().tcg
    }
    fn lost_breakpoints(&self) -> Vec<VirtAddr> {
        std::mem::take(&mut self.0.borrow_mut().lost).into_iter().map(VirtAddr).collect()
    }
    fn steps_into_interrupts(&self) -> bool {
        self.0.borrow().interrupt_handler.is_some()
    }
}

/// What the machine's operating system would tell of itself.
struct ToyOs(Rc<RefCell<Machine>>);

impl OsLayer for ToyOs {
    fn attached(&mut self, _: &mut Program) -> OsReport {
        OsReport::default()
    }
    fn files_changed(&mut self, _: &mut Program) -> OsReport {
        OsReport::default()
    }
    fn stopped(&mut self, _: &mut Program) -> OsReport {
        OsReport::default()
    }
    fn points(&self, _: &Program) -> Vec<VirtAddr> {
        self.0.borrow().source.internal.iter().copied().map(VirtAddr).collect()
    }
    fn reached(&mut self, program: &mut Program, addr: VirtAddr) -> OsReport {
        let mut machine = self.0.borrow_mut();
        machine.internal_hits.push(addr.0);
        if machine.source.functions.iter().any(|function| function.name == "late") {
            return OsReport::default();
        }
        // The module that was waited for has arrived: its function gets a place.
        machine.source.functions.push(Function { name: "late", start: 0x7000, end: 0x7010, body: 0x7004 });
        machine.load(program);
        OsReport { symbols_changed: true, ..OsReport::default() }
    }
    fn user_mode(&self, _: &Program) -> Option<String> {
        None
    }
    fn freed(&self, _: &Program, addr: VirtAddr) -> Option<String> {
        self.0.borrow().freed.contains(&addr.0).then(|| "freed".to_owned())
    }
    fn rewritten(&self, _: &Program, addr: VirtAddr) -> Option<String> {
        self.0.borrow().rewritten.contains(&addr.0).then(|| "static branch of key k".to_owned())
    }
    fn knows_tasks(&self, _: &Program) -> bool {
        !self.0.borrow().tasks.is_empty()
    }
    fn task(&self, _: &Program) -> Option<VirtAddr> {
        let machine = self.0.borrow();
        machine.tasks.get(machine.focused).copied().map(VirtAddr)
    }
    fn is_task(&self, program: &Program, wanted: &TaskFilter) -> Result<bool, String> {
        let task = self.task(program).ok_or("no task")?.0;
        Ok(match wanted {
            TaskFilter::Pid(pid) => u64::from(*pid) == task,
            TaskFilter::Comm(name) => *name == format!("task{task}"),
        })
    }
    fn lacks_task(&self, _: &Program, pid: u32) -> bool {
        !self.0.borrow().tasks.contains(&u64::from(pid))
    }
    fn is_return_trampoline(&self, _: &Program, pc: VirtAddr) -> bool {
        self.0.borrow().source.trampoline == Some(pc.0)
    }
    fn true_return(&self, _: &Program, return_pc: VirtAddr, slot: VirtAddr) -> Option<VirtAddr> {
        let machine = self.0.borrow();
        machine.source.trampoline.filter(|&trampoline| trampoline == return_pc.0)?;
        machine.memory.get(&(TRUE_RETURNS + slot.0)).copied().map(VirtAddr)
    }
    fn return_from_inside(
        &self,
        _: &Program,
        _: VirtAddr,
        sp: VirtAddr,
        _: &[u64],
    ) -> Option<(VirtAddr, VirtAddr)> {
        let slot = sp.0 - 8;
        let to = self.0.borrow().memory.get(&(TRUE_RETURNS + slot)).copied()?;
        Some((VirtAddr(slot), VirtAddr(to)))
    }
    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }
}

/// A machine, the session on it, and what a user would see.
pub(crate) struct Toy {
    pub(crate) machine: Rc<RefCell<Machine>>,
    pub(crate) session: Session,
    pub(crate) interrupt: Interrupt,
}

impl Toy {
    pub(crate) fn new(code: &[(u64, Op)], source: Source, cpus: &[Cpu]) -> Self {
        let machine = Rc::new(RefCell::new(Machine {
            code: code.iter().copied().collect(),
            source,
            cpus: cpus.to_vec(),
            tcg: true,
            stalled_steps: 0,
            earlier_steps: VecDeque::new(),
            slots: 4,
            wake_after: 5,
            ..Machine::default()
        }));
        machine.borrow_mut().last =
            Some(Stop { thread: cpu_id(0), signal: 5, reason: StopReason::Signal, synthesized: false });
        let interrupt = Interrupt::new();
        let mut program = Program::new(interrupt.clone());
        program.set_os(Some(Box::new(ToyOs(Rc::clone(&machine)))));
        machine.borrow_mut().load(&mut program);
        let mut session = Session::new(program, interrupt.clone());
        session.attach(Rc::new(ToyTarget(Rc::clone(&machine)))).expect("attach");
        Self { machine, session, interrupt }
    }

    /// Makes the object file anew when a test has changed what it is made of.
    pub(crate) fn reload(&mut self) {
        self.machine.borrow_mut().load(&mut self.session.program);
    }

    /// What a convenience variable holds.
    pub(crate) fn convenience(&mut self, name: &str) -> i64 {
        self.session.program.integer_of(&format!("${name}")).expect("a value").expect("an integer")
    }

    /// Runs something to its end and writes down what a user would see.
    pub(crate) fn run(&mut self, request: crate::Request) -> String {
        self.reload();
        if let Err(error) = self.session.resume(request) {
            return event_words::error(&error);
        }
        self.drain()
    }

    pub(crate) fn drain(&mut self) -> String {
        let mut text = String::new();
        loop {
            let event = match self.session.poll(Duration::from_secs(5)) {
                Ok(Some(event)) => event,
                Ok(None) => return text + "(still running)",
                Err(error) => return text + &event_words::error(&error),
            };
            match event {
                crate::Event::Stopped(stop) => {
                    text.push_str(&super::stop_words::heading(&stop));
                    text.push_str(&self.shown(&stop));
                    return text;
                }
                crate::Event::Notice(notice) => {
                    text.push_str(&event_words::notice(&notice));
                    text.push('\n');
                }
                crate::Event::Failure(failure) => {
                    text.push_str(&event_words::failure(&failure));
                    text.push('\n');
                }
                crate::Event::Signal { signal, label } => {
                    text.push_str(super::stop_words::received(label.as_ref(), signal).trim_end());
                    text.push('\n');
                }
                crate::Event::Warning(warning) => {
                    text.push_str(&format!("warning: {}\n", event_words::warning(&warning)));
                }
                crate::Event::LogPoint { text: format, .. } => text.push_str(&format!("dprintf {format}\n")),
                crate::Event::Exited { code, process } => return text + &event_words::exited(code, process),
                crate::Event::Killed(signal) => return text + &event_words::killed(signal),
                crate::Event::Disconnected(line) => return text + &line,
                crate::Event::Output(bytes) | crate::Event::Diagnostics(bytes) => {
                    text.push_str(&String::from_utf8_lossy(&bytes))
                }
            }
        }
    }

    /// The place of a stop: `main:11`, with `0x...` where the pc is not at the beginning of the line, `|` before a place
    /// of which only the source line is shown.
    fn shown(&mut self, stop: &crate::Stop) -> String {
        let program = &self.session.program;
        let frame = program.frame(0).expect("a frame");
        let function = program.frame_function(&frame).unwrap_or_else(|| "??".to_owned());
        let line = program.frame_line(&frame).map_or(0, |line| line.line);
        let at_start = program.line_row(frame.pc()).is_some_and(|row| row.start == frame.pc());
        let hidden = program.hidden_inlined() > 0;
        let pc = if at_start || hidden { String::new() } else { format!("{} ", frame.pc()) };
        let mut text = match stop.show {
            crate::Show::Nothing => "-".to_owned(),
            crate::Show::Source => format!("| {pc}{line}"),
            crate::Show::FrameAndSource => format!("{pc}{function}:{line}"),
        };
        if let Some(Ok((number, value))) = &stop.returned {
            text.push_str(&format!(" ${number} = {value}"));
        }
        text
    }

    pub(crate) fn add(&mut self, text: &str) -> String {
        self.reload();
        let request = crate::BreakRequest {
            args: crate::BreakArgs::parse(text).expect("a location"),
            kind: crate::BreakpointKind::Software,
            temporary: false,
            may_pend: true,
        };
        match self.session.add_breakpoint(request) {
            Ok(added) => self.mention(added.number),
            Err(error) => error.to_string(),
        }
    }

    /// What a user is told when a breakpoint was made.
    pub(crate) fn mention(&self, number: u32) -> String {
        breakpoint_words::mention(self.session.breakpoint(number).expect("a breakpoint"))
    }

    pub(crate) fn step(&mut self, kind: crate::StepKind) -> String {
        self.run(crate::Request::Step { kind, count: 1 })
    }

    pub(crate) fn cont(&mut self) -> String {
        self.run(crate::Request::Continue)
    }

    /// What the target was asked since the last call.
    pub(crate) fn log(&mut self) -> String {
        std::mem::take(&mut self.machine.borrow_mut().log).join(" ")
    }
}
