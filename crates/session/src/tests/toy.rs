//! A made-up computer with two CPUs, an instruction set of ten, and debug information to match: enough to step through.
//!
//! Every instruction is four bytes long. A call pushes the return address; nothing else touches the stack, so the frame of
//! a function has its canonical frame address at `sp + 8` and frames are found by reading the stack upwards.

use crate::{
    CodeLocation, Error, Frame, FrameId, FunctionAt, InlineBlock, LineRow, Resolution, ReturnPlan, Session,
    View, WatchReading,
};
use kdive_arch::{Flow, Insn, RawWrite, RegisterFile};
use kdive_base::{AddrRange, Fault, Interrupt, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use kdive_program::TaskFilter;
use kdive_target::{
    BreakpointError, BreakpointKind, Event, Others, Resume, RunControl, Stop, StopReason, Target, Thread,
    ThreadId, Wait, WatchKind,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
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
    /// Enters the kernel there, which knows where to go on at, and nobody else does.
    Enter(u64),
    /// Leaves the kernel for what it was entered from.
    Leave,
    /// Faults as often as is said at the address, counting down: calls the handler, which returns to the instruction. Does nothing
    /// afterwards.
    Fault(u64, u64),
    /// Puts the address of the trampoline in the place of the return address.
    Trace,
    /// Goes on where the function would have returned to.
    Rejoin,
}

/// Where the true return address is kept, by its place on the stack.
const TRUE_RETURNS: u64 = 0x5000_0000;

/// Where the kernel keeps what it was entered from, by CPU.
const ENTERED_FROM: u64 = 0x6000_0000;

#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// First address after the prologue; 0 without debug information.
    pub(crate) body: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Inlined {
    pub(crate) name: &'static str,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) call_line: u32,
}

#[derive(Clone, Debug, Default)]
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
    /// What the target was told: `Z0 1000`, `c`, `s1`.
    pub(crate) log: Vec<String>,
    running: Option<Resume>,
    last: Option<Stop>,
    /// Single steps do not stop at breakpoints (TCG).
    pub(crate) tcg: bool,
    /// Steps that are reported and not made.
    pub(crate) phantom_steps: u32,
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
        let next = state.pc + 4;
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
            Op::Leave => state.pc = self.memory[&(ENTERED_FROM + cpu as u64)],
            Op::Fault(counter, handler) => {
                let left = self.memory.get(&counter).copied().unwrap_or(0);
                self.memory.insert(counter, left.saturating_sub(1));
                if left > 0 {
                    state.sp -= 8;
                    self.memory.insert(state.sp, state.pc);
                    state.pc = handler;
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
            if self.phantom_steps > 0 {
                self.phantom_steps -= 1;
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

impl ReadMemory for ToyTarget {
    fn read(&self, addr: VirtAddr, _: &mut [u8]) -> Result<(), Fault> {
        Err(Fault::unmapped(addr))
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
    fn focus(&self, _: ThreadId) {}
    fn registers(&self, _: ThreadId) -> Result<Rc<RegisterFile>, kdive_target::Error> {
        Err(kdive_target::Error::NotConnected)
    }
    fn registers_with(&self, _: ThreadId, _: usize) -> Result<Rc<RegisterFile>, kdive_target::Error> {
        Err(kdive_target::Error::NotConnected)
    }
    fn write_registers(&self, _: ThreadId, _: &[RawWrite]) -> Result<(), kdive_target::Error> {
        Err(kdive_target::Error::NotConnected)
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

/// The machine as a program.
pub(crate) struct ToyView {
    machine: Rc<RefCell<Machine>>,
    cpu: Option<usize>,
    level: usize,
    hidden: usize,
    pub(crate) convenience: BTreeMap<String, i64>,
    pub(crate) internal_hits: Vec<u64>,
}

/// `NAME`, `$rax`, `NAME == N`, `local` (a value in the selected frame), or a number.
#[derive(Clone, Debug)]
pub(crate) struct ToyExpr {
    name: String,
    equals: Option<u64>,
}

impl ToyView {
    fn machine(&self) -> std::cell::Ref<'_, Machine> {
        self.machine.borrow()
    }

    fn value(&self, name: &str) -> Result<(u64, Option<u64>), Error> {
        let machine = self.machine();
        if name == "$rax" {
            return Ok((self.cpu.map_or(0, |cpu| machine.cpus[cpu].rax), None));
        }
        if let Ok(number) = name.parse() {
            return Ok((number, None));
        }
        let addr =
            if name == "local" { self.local_addr() } else { machine.source.variables.get(name).copied() };
        match addr {
            Some(addr) => Ok((machine.memory.get(&addr).copied().unwrap_or(0), Some(addr))),
            None => Err(Error::msg(format!("No symbol \"{name}\" in current context."))),
        }
    }

    /// A local is found by its frame.
    fn local_addr(&self) -> Option<u64> {
        let frames = self.frames();
        let frame = frames.get(self.level)?;
        Some(0x9000_0000 + frame.id?.stack?.0)
    }

    fn frames(&self) -> Vec<Frame> {
        let Some(cpu) = self.cpu else { return Vec::new() };
        let machine = self.machine();
        let (mut pc, mut sp) = (machine.cpus[cpu].pc, machine.cpus[cpu].sp);
        let mut frames = Vec::new();
        for level in 0.. {
            let lookup = if level == 0 { pc } else { pc - 1 };
            let Some(function) =
                machine.source.functions.iter().find(|f| (f.start..f.end).contains(&lookup)).cloned()
            else {
                break;
            };
            let mut blocks: Vec<Inlined> = machine
                .source
                .inlined
                .iter()
                .filter(|block| (block.start..block.end).contains(&lookup))
                .cloned()
                .collect();
            let mut line = row(&machine.source, lookup).map(|row| (row.file, row.line));
            if level == 0 {
                for _ in 0..self.hidden {
                    if let Some(block) = blocks.pop() {
                        line = Some(("toy.c".into(), block.call_line));
                    }
                }
            }
            let stack = Some(VirtAddr(sp + 8));
            while let Some(block) = blocks.pop() {
                frames.push(Frame {
                    id: Some(FrameId {
                        stack,
                        code: VirtAddr(block.start),
                        inline_depth: blocks.len() as u32 + 1,
                    }),
                    pc: VirtAddr(pc),
                    inlined: true,
                    user_mode: machine.source.is_user_code(pc),
                    tail_call: false,
                    function: Some(block.name.into()),
                    line: line.replace(("toy.c".into(), block.call_line)),
                });
            }
            frames.push(Frame {
                id: Some(FrameId { stack, code: VirtAddr(function.start), inline_depth: 0 }),
                pc: VirtAddr(pc),
                inlined: false,
                user_mode: machine.source.is_user_code(pc),
                tail_call: false,
                function: Some(function.name.into()),
                line,
            });
            let is_trampoline = |pc: u64| machine.source.trampoline == Some(pc);
            if is_trampoline(pc) {
                pc = machine.memory[&(TRUE_RETURNS + sp - 8)];
                continue;
            }
            let Some(&back) = machine.memory.get(&sp) else { break };
            let back = if is_trampoline(back) { machine.memory[&(TRUE_RETURNS + sp)] } else { back };
            (pc, sp) = (back, sp + 8);
        }
        frames
    }
}

fn row(source: &Source, addr: u64) -> Option<LineRow> {
    let mut rows = source.rows.clone();
    rows.sort_unstable();
    let index = rows.partition_point(|row| row.0 <= addr).checked_sub(1)?;
    let (start, line, is_stmt) = rows[index];
    let end = rows.get(index + 1).map_or(start + 4, |next| next.0);
    (line != 0 && addr < end).then(|| LineRow {
        range: AddrRange::new(VirtAddr(start), VirtAddr(end)),
        file: "toy.c".into(),
        line,
        is_stmt,
    })
}

impl View for ToyView {
    type Expr = ToyExpr;

    fn set_target(&mut self, _: Option<Rc<dyn Target>>) {}

    fn select(&mut self, thread: Option<ThreadId>) {
        self.cpu = thread.map(cpu_index);
        self.level = 0;
        self.hidden = 0;
    }
    fn invalidate(&mut self) {
        self.hidden = 0;
        self.level = 0;
    }
    fn pc(&mut self) -> Result<VirtAddr, Error> {
        let cpu = self.cpu.ok_or(Error::NoRegisters)?;
        Ok(VirtAddr(self.machine().cpus[cpu].pc))
    }
    fn set_pc(&mut self, pc: VirtAddr) -> Result<(), Error> {
        let cpu = self.cpu.ok_or(Error::NoRegisters)?;
        self.machine.borrow_mut().cpus[cpu].pc = pc.0;
        Ok(())
    }
    fn frame(&mut self, level: usize) -> Option<Frame> {
        self.frames().get(level).cloned()
    }
    fn selected_level(&self) -> usize {
        self.level
    }
    fn select_level(&mut self, level: usize) {
        self.level = level;
    }
    fn hide_inlined(&mut self, count: usize) {
        self.hidden = count;
    }
    fn hidden_inlined(&self) -> usize {
        self.hidden
    }
    fn line_row(&self, addr: VirtAddr) -> Option<LineRow> {
        row(&self.machine().source, addr.0)
    }
    fn function_at(&self, addr: VirtAddr) -> Option<FunctionAt> {
        let machine = self.machine();
        let function = machine.source.functions.iter().find(|f| (f.start..f.end).contains(&addr.0))?;
        Some(FunctionAt {
            name: function.name.into(),
            range: AddrRange::new(VirtAddr(function.start), VirtAddr(function.end)),
            has_debug: function.body != 0,
        })
    }
    fn inline_blocks(&self, addr: VirtAddr) -> Vec<InlineBlock> {
        let machine = self.machine();
        let blocks = machine.source.inlined.iter().rev();
        blocks
            .filter(|block| (block.start..block.end).contains(&addr.0))
            .map(|block| InlineBlock {
                entry: VirtAddr(block.start),
                function: block.name.into(),
                begins_here: block.start == addr.0,
                call_line: Some(("toy.c".into(), block.call_line)),
            })
            .collect()
    }
    fn prologue_end(&self, function: VirtAddr) -> VirtAddr {
        let machine = self.machine();
        let found = machine.source.functions.iter().find(|f| f.start == function.0 && f.body != 0);
        found.map_or(function, |f| VirtAddr(f.body))
    }
    fn instruction(&self, addr: VirtAddr) -> Option<Insn> {
        let op = *self.machine().code.get(&addr.0)?;
        let flow = match op {
            Op::Call(_) => Flow::Call,
            Op::Ret => Flow::Return,
            Op::Jump(_) => Flow::Jump,
            Op::Loop(..) => Flow::Branch,
            Op::Halt => Flow::Halt,
            _ => Flow::Next,
        };
        Some(Insn {
            addr,
            bytes: vec![0; 4],
            text: if op == Op::Nopl { "nopl".to_owned() } else { String::new() },
            flow,
            target: match op {
                Op::Call(target) | Op::Jump(target) | Op::Loop(_, target) => Some(VirtAddr(target)),
                _ => None,
            },
            memory: None,
            writes_flags: false,
            writes_sp: false,
        })
    }
    fn resolve(&mut self, location: &str) -> Result<Resolution, Error> {
        let machine = self.machine();
        let source = &machine.source;
        let place = |addr: u64, inline: Option<&Inlined>| {
            let function = source.functions.iter().find(|f| (f.start..f.end).contains(&addr));
            let row = row(source, addr);
            CodeLocation {
                addr: VirtAddr(addr),
                function: inline.map(|b| b.name).or(function.map(|f| f.name)).map(Into::into),
                inline_entry: inline.map(|block| VirtAddr(block.start)),
                file: row.as_ref().map(|row| Rc::clone(&row.file)),
                line: row.map_or(0, |row| row.line),
                symbol: function.map(|f| {
                    let offset = addr - f.start;
                    if offset == 0 { f.name.into() } else { format!("{}+{offset}", f.name).into() }
                }),
                label: None,
            }
        };
        let mut locations = Vec::new();
        if let Some(addr) = location.strip_prefix("*0x") {
            let addr = u64::from_str_radix(addr, 16).map_err(Error::msg)?;
            locations.push(place(addr, None));
        } else if let Ok(line) = location.parse::<u32>() {
            locations.extend(
                source.rows.iter().filter(|row| row.1 == line && row.2).map(|row| place(row.0, None)),
            );
            locations.truncate(1);
        } else {
            let functions = source.functions.iter().filter(|f| f.name == location);
            locations.extend(functions.map(|f| place(if f.body == 0 { f.start } else { f.body }, None)));
            let inlined = source.inlined.iter().filter(|b| b.name == location);
            locations.extend(inlined.map(|block| place(block.start, Some(block))));
        }
        if locations.is_empty() {
            return Err(kdive_symbols::LinespecError::NoFunction(location.to_owned()).into());
        }
        let canonical = match location.parse::<u32>() {
            Ok(line) => format!("/src/toy.c:{line}"),
            Err(_) => location.to_owned(),
        };
        Ok(Resolution { locations, canonical })
    }
    fn default_location(&self) -> Option<VirtAddr> {
        self.frames().get(self.level).map(|frame| frame.pc)
    }
    fn compile(&mut self, text: &str, _: Option<VirtAddr>) -> Result<ToyExpr, Error> {
        let (name, equals) = match text.split_once("==") {
            Some((name, number)) => (name.trim(), number.trim().parse().ok()),
            None => (text.trim(), None),
        };
        if name != "local" {
            self.value(name)?;
        }
        Ok(ToyExpr { name: name.to_owned(), equals })
    }
    fn is_true(&mut self, condition: &ToyExpr) -> Result<bool, Error> {
        if condition.name == "broken" {
            return Err(Error::msg("Cannot access memory at address 0x0"));
        }
        let (value, _) = self.value(&condition.name)?;
        Ok(condition.equals.map_or(value != 0, |wanted| value == wanted))
    }
    fn integer(&mut self, text: &str) -> Result<i64, Error> {
        match text.strip_prefix('$').and_then(|name| self.convenience.get(name)) {
            Some(&value) => Ok(value),
            None => text.parse().map_err(|_| Error::msg("not a number")),
        }
    }
    fn integer_of(&mut self, name: &str) -> Result<Option<i64>, Error> {
        Ok(name.strip_prefix('$').and_then(|name| self.convenience.get(name)).copied())
    }
    fn watch(&mut self, expr: &ToyExpr) -> WatchReading {
        match self.value(&expr.name) {
            Ok((value, addr)) => WatchReading {
                bytes: Some(value.to_le_bytes().to_vec()),
                text: value.to_string(),
                ranges: addr.map(|addr| (VirtAddr(addr), 8)).into_iter().collect(),
                beyond_memory: addr.is_none(),
                refused: None,
            },
            Err(error) => WatchReading {
                bytes: None,
                text: error.to_string(),
                ranges: Vec::new(),
                beyond_memory: true,
                refused: None,
            },
        }
    }
    fn location_of(&mut self, text: &str) -> Result<String, Error> {
        Ok(text.to_owned())
    }
    fn is_frame_bound(&self, expr: &ToyExpr) -> bool {
        expr.name == "local"
    }
    fn is_constant(&self, expr: &ToyExpr) -> bool {
        expr.name.parse::<u64>().is_ok()
    }
    fn set_convenience(&mut self, name: &str, value: Option<i64>) {
        match value {
            Some(value) => self.convenience.insert(name.to_owned(), value),
            None => self.convenience.remove(name),
        };
    }
    fn is_user_mode(&self) -> bool {
        let machine = self.machine();
        self.cpu.is_some_and(|cpu| machine.source.is_user_code(machine.cpus[cpu].pc))
    }
    fn is_return_trampoline(&self, addr: VirtAddr) -> bool {
        self.machine().source.trampoline == Some(addr.0)
    }
    fn freed(&self, addr: VirtAddr) -> Option<String> {
        self.machine().freed.contains(&addr.0).then(|| "freed".to_owned())
    }
    fn rewritten(&self, addr: VirtAddr) -> Option<String> {
        self.machine().rewritten.contains(&addr.0).then(|| "static branch of key k".to_owned())
    }
    fn knows_tasks(&self) -> bool {
        !self.machine().tasks.is_empty()
    }
    fn task(&mut self) -> Option<VirtAddr> {
        self.machine().tasks.get(self.cpu?).copied().map(VirtAddr)
    }
    fn is_task(&mut self, wanted: &TaskFilter) -> Result<bool, Error> {
        let task = self.task().ok_or_else(|| Error::msg("no task"))?.0;
        Ok(match wanted {
            TaskFilter::Pid(pid) => u64::from(*pid) == task,
            TaskFilter::Comm(name) => *name == format!("task{task}"),
        })
    }
    fn lacks_task(&self, pid: u32) -> bool {
        !self.machine().tasks.contains(&u64::from(pid))
    }
    fn plan_return(&mut self) -> Option<ReturnPlan> {
        Some(ReturnPlan(Rc::new(())))
    }
    fn returned_value(&mut self, _: &ReturnPlan) -> Result<(usize, String), String> {
        let (value, _) = self.value("$rax").map_err(|error| error.to_string())?;
        Ok((1, value.to_string()))
    }
    fn internal_points(&self) -> Vec<VirtAddr> {
        self.machine().source.internal.iter().copied().map(VirtAddr).collect()
    }
    fn internal_hit(&mut self, addr: VirtAddr) -> bool {
        self.internal_hits.push(addr.0);
        if self.machine.borrow().source.functions.iter().any(|function| function.name == "late") {
            return false;
        }
        // The module that was waited for has arrived: its function gets a place.
        self.machine.borrow_mut().source.functions.push(Function {
            name: "late",
            start: 0x7000,
            end: 0x7010,
            body: 0x7004,
        });
        true
    }
}

/// A machine, the session on it, and what a user would see.
pub(crate) struct Toy {
    pub(crate) machine: Rc<RefCell<Machine>>,
    pub(crate) session: Session<ToyView>,
    pub(crate) interrupt: Interrupt,
}

impl Toy {
    pub(crate) fn new(code: &[(u64, Op)], source: Source, cpus: &[Cpu]) -> Self {
        let machine = Rc::new(RefCell::new(Machine {
            code: code.iter().copied().collect(),
            source,
            cpus: cpus.to_vec(),
            tcg: true,
            phantom_steps: 0,
            earlier_steps: VecDeque::new(),
            slots: 4,
            wake_after: 5,
            ..Machine::default()
        }));
        machine.borrow_mut().last =
            Some(Stop { thread: cpu_id(0), signal: 5, reason: StopReason::Signal, synthesized: false });
        let view = ToyView {
            machine: Rc::clone(&machine),
            cpu: None,
            level: 0,
            hidden: 0,
            convenience: BTreeMap::new(),
            internal_hits: Vec::new(),
        };
        let interrupt = Interrupt::new();
        let mut session = Session::new(view, interrupt.clone());
        session.attach(Rc::new(ToyTarget(Rc::clone(&machine)))).expect("attach");
        Self { machine, session, interrupt }
    }

    /// Runs something to its end and writes down what a user would see.
    pub(crate) fn run(&mut self, request: crate::Request) -> String {
        if let Err(error) = self.session.resume(request) {
            return error.to_string();
        }
        self.drain()
    }

    pub(crate) fn drain(&mut self) -> String {
        let mut text = String::new();
        loop {
            let event = match self.session.poll(Duration::from_secs(5)) {
                Ok(Some(event)) => event,
                Ok(None) => return text + "(still running)",
                Err(error) => return text + &error.to_string(),
            };
            match event {
                crate::Event::Stopped(stop) => {
                    text.push_str(&super::stop_words::heading(&stop));
                    text.push_str(&self.shown(&stop));
                    return text;
                }
                crate::Event::Notice(line) | crate::Event::Complaint(line) => {
                    text.push_str(&line);
                    text.push('\n');
                }
                crate::Event::Signal { signal, label } => {
                    text.push_str(super::stop_words::received(label.as_ref(), signal).trim_end());
                    text.push('\n');
                }
                crate::Event::Warning(line) => text.push_str(&format!("warning: {line}\n")),
                crate::Event::Dprintf { text: format, .. } => text.push_str(&format!("dprintf {format}\n")),
                crate::Event::Exited { text: line, .. } | crate::Event::Killed { text: line, .. } => {
                    return text + &line;
                }
                crate::Event::Disconnected(line) => return text + &line,
                crate::Event::Output(bytes) => text.push_str(&String::from_utf8_lossy(&bytes)),
            }
        }
    }

    /// The place of a stop: `main:11`, with `0x...` where the pc is not at the beginning of the line, `|` before a place
    /// of which only the source line is shown.
    fn shown(&mut self, stop: &crate::Stop) -> String {
        let frame = self.session.view_mut().frame(0).expect("a frame");
        let function = frame.function.clone().unwrap_or_else(|| "??".into());
        let line = frame.line.as_ref().map_or(0, |line| line.1);
        let at_start = self.session.view().line_row(frame.pc).is_some_and(|row| row.range.start == frame.pc);
        let hidden = self.session.view().hidden_inlined() > 0;
        let pc = if at_start || hidden { String::new() } else { format!("{} ", frame.pc) };
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
        let request = crate::BreakRequest {
            args: crate::BreakArgs::parse(text).expect("a location"),
            kind: crate::BreakpointKind::Software,
            temporary: false,
            may_pend: true,
        };
        match self.session.add_breakpoint(request) {
            Ok(added) => added.mention,
            Err(error) => error.to_string(),
        }
    }

    pub(crate) fn step(&mut self, kind: crate::StepKind) -> String {
        self.run(crate::Request::Step { kind, count: 1 })
    }

    pub(crate) fn cont(&mut self) -> String {
        self.run(crate::Request::Continue)
    }

    /// What the target was told since the last call.
    pub(crate) fn log(&mut self) -> String {
        std::mem::take(&mut self.machine.borrow_mut().log).join(" ")
    }
}
