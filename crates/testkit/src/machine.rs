//! A second implementation of the protocol to test against: a toy two-CPU machine behind the gdbstub crate, over a real socket.
//!
//! The stubs of crosvm, Cloud Hypervisor and Firecracker are built on that crate, with its habits: run lengths in replies, `S05` without a thread after a
//! step, the end of the session for a `-`. The machine executes four instructions: `90` does nothing, `aa` stores al at rdi and adds one to it, `f4`
//! exits with the code in al, `eb fe` loops; every other byte is taken for `90`.

use gdbstub::common::{Signal, Tid};
use gdbstub::conn::ConnectionExt;
use gdbstub::stub::run_blocking::{BlockingEventLoop, Event, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::multithread::{
    MultiThreadBase, MultiThreadResume, MultiThreadResumeOps, MultiThreadSchedulerLocking,
    MultiThreadSchedulerLockingOps, MultiThreadSingleStep, MultiThreadSingleStepOps,
};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwBreakpoint, HwBreakpointOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint,
    SwBreakpointOps, WatchKind,
};
use gdbstub::target::ext::monitor_cmd::{ConsoleOutput, MonitorCmd, MonitorCmdOps, outputln};
use gdbstub::target::ext::thread_extra_info::{ThreadExtraInfo, ThreadExtraInfoOps};
use gdbstub::target::{Target, TargetError, TargetResult};
use gdbstub_arch::x86::X86_64_SSE;
use gdbstub_arch::x86::reg::X86_64CoreRegs;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

/// First address of the machine's memory.
pub const BASE: u64 = 0xffff_ffff_8100_0000;
/// Bytes of memory.
pub const SIZE: usize = 64 << 10;
/// Debug registers.
const SLOTS: usize = 4;
/// CPUs.
const CPUS: usize = 2;

/// What the stub offers.
#[derive(Clone, Copy, Debug)]
pub struct Offers {
    /// `QStartNoAckMode`.
    pub no_ack: bool,
    /// A `vCont` that leaves threads out; without it that ends the session.
    pub scheduler_locking: bool,
}

/// The machine.
#[derive(Debug)]
pub struct Machine {
    offers: Offers,
    registers: [X86_64CoreRegs; CPUS],
    memory: Vec<u8>,
    software: Vec<u64>,
    hardware: Vec<u64>,
    watched: Vec<(u64, u64, WatchKind)>,
    /// What the client said; a CPU it said nothing of runs unless `locked`.
    actions: [Option<Mode>; CPUS],
    locked: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Run,
    Step,
}

impl Machine {
    /// A machine with `code` at [`BASE`], both CPUs at its beginning, rdi in the second half of memory.
    #[must_use]
    pub fn new(code: &[u8], offers: Offers) -> Self {
        let mut memory = vec![0; SIZE];
        memory[..code.len()].copy_from_slice(code);
        let mut registers: [X86_64CoreRegs; CPUS] = Default::default();
        for (cpu, regs) in registers.iter_mut().enumerate() {
            regs.rip = BASE;
            regs.regs[0] = 0x2a;
            regs.regs[5] = BASE + 0x8000 + 0x100 * cpu as u64;
        }
        Self {
            offers,
            registers,
            memory,
            software: Vec::new(),
            hardware: Vec::new(),
            watched: Vec::new(),
            actions: [None; CPUS],
            locked: false,
        }
    }

    /// Serves one client in a thread; its result says how the session ended.
    pub fn serve(mut self, stream: UnixStream) -> JoinHandle<Result<DisconnectReason, String>> {
        thread::spawn(move || {
            let connection: Box<dyn ConnectionExt<Error = std::io::Error>> = Box::new(stream);
            GdbStub::new(connection).run_blocking::<Loop>(&mut self).map_err(|error| error.to_string())
        })
    }

    fn offset(addr: u64, len: usize) -> Option<usize> {
        let offset = usize::try_from(addr.checked_sub(BASE)?).ok()?;
        (offset.checked_add(len)? <= SIZE).then_some(offset)
    }

    /// Executes one instruction of a CPU; what stopped it, if anything did.
    fn execute(&mut self, cpu: usize) -> Option<MultiThreadStopReason<u64>> {
        let tid = tid(cpu);
        let regs = &mut self.registers[cpu];
        let code = Self::offset(regs.rip, 2).map(|at| (self.memory[at], self.memory[at + 1]));
        match code {
            Some((0xeb, 0xfe)) => {}
            Some((0xf4, _)) => return Some(MultiThreadStopReason::Exited(regs.regs[0] as u8)),
            Some((0xaa, _)) => {
                let to = regs.regs[5];
                regs.regs[5] += 1;
                regs.rip += 1;
                let value = regs.regs[0] as u8;
                if let Some(at) = Self::offset(to, 1) {
                    self.memory[at] = value;
                }
                let hit = self
                    .watched
                    .iter()
                    .find(|(addr, len, kind)| *kind != WatchKind::Read && *addr <= to && to < addr + len);
                if let Some((addr, _, kind)) = hit {
                    return Some(MultiThreadStopReason::Watch { tid, kind: *kind, addr: *addr });
                }
            }
            _ => regs.rip += 1,
        }
        let pc = self.registers[cpu].rip;
        if self.software.contains(&pc) {
            return Some(MultiThreadStopReason::SwBreak(tid));
        }
        if self.hardware.contains(&pc) {
            return Some(MultiThreadStopReason::HwBreak(tid));
        }
        None
    }
}

fn tid(cpu: usize) -> Tid {
    Tid::new(cpu + 1).unwrap_or(Tid::MIN)
}

fn cpu(tid: Tid) -> usize {
    (tid.get() - 1).min(CPUS - 1)
}

struct Loop;

impl BlockingEventLoop for Loop {
    type Target = Machine;
    type Connection = Box<dyn ConnectionExt<Error = std::io::Error>>;
    type StopReason = MultiThreadStopReason<u64>;

    fn wait_for_stop_reason(
        machine: &mut Machine,
        connection: &mut Self::Connection,
    ) -> Result<Event<Self::StopReason>, WaitForStopReasonError<&'static str, std::io::Error>> {
        loop {
            for _ in 0..1000 {
                for cpu in 0..CPUS {
                    let default = (!machine.locked).then_some(Mode::Run);
                    let Some(mode) = machine.actions[cpu].or(default) else { continue };
                    let stopped = machine.execute(cpu);
                    if let Some(reason) = stopped {
                        return Ok(Event::TargetStopped(reason));
                    }
                    if mode == Mode::Step {
                        return Ok(Event::TargetStopped(MultiThreadStopReason::DoneStep));
                    }
                }
            }
            if connection.peek().map_err(WaitForStopReasonError::Connection)?.is_some() {
                let byte = connection.read().map_err(WaitForStopReasonError::Connection)?;
                return Ok(Event::IncomingData(byte));
            }
            thread::yield_now();
        }
    }

    fn on_interrupt(_: &mut Machine) -> Result<Option<Self::StopReason>, &'static str> {
        Ok(Some(MultiThreadStopReason::SignalWithThread { tid: tid(0), signal: Signal::SIGINT }))
    }
}

impl Target for Machine {
    type Arch = X86_64_SSE;
    type Error = &'static str;

    fn base_ops(&mut self) -> BaseOps<'_, Self::Arch, Self::Error> {
        BaseOps::MultiThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }

    fn support_monitor_cmd(&mut self) -> Option<MonitorCmdOps<'_, Self>> {
        Some(self)
    }

    fn use_no_ack_mode(&self) -> bool {
        self.offers.no_ack
    }
}

impl MultiThreadBase for Machine {
    fn read_registers(&mut self, regs: &mut X86_64CoreRegs, tid: Tid) -> TargetResult<(), Self> {
        *regs = self.registers[cpu(tid)].clone();
        Ok(())
    }

    fn write_registers(&mut self, regs: &X86_64CoreRegs, tid: Tid) -> TargetResult<(), Self> {
        self.registers[cpu(tid)] = regs.clone();
        Ok(())
    }

    fn read_addrs(&mut self, start: u64, data: &mut [u8], _: Tid) -> TargetResult<usize, Self> {
        // As many as there are: the crate allows a short reply.
        let Some(at) = Self::offset(start, 1) else { return Err(TargetError::NonFatal) };
        let len = data.len().min(SIZE - at);
        data[..len].copy_from_slice(&self.memory[at..at + len]);
        Ok(len)
    }

    fn write_addrs(&mut self, start: u64, data: &[u8], _: Tid) -> TargetResult<(), Self> {
        let at = Self::offset(start, data.len()).ok_or(TargetError::NonFatal)?;
        self.memory[at..at + data.len()].copy_from_slice(data);
        Ok(())
    }

    fn list_active_threads(&mut self, register: &mut dyn FnMut(Tid)) -> Result<(), Self::Error> {
        (0..CPUS).map(tid).for_each(register);
        Ok(())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Self>> {
        Some(self)
    }

    fn support_thread_extra_info(&mut self) -> Option<ThreadExtraInfoOps<'_, Self>> {
        Some(self)
    }
}

impl ThreadExtraInfo for Machine {
    fn thread_extra_info(&self, tid: Tid, buf: &mut [u8]) -> Result<usize, Self::Error> {
        let text = format!("CPU {}", cpu(tid));
        let len = text.len().min(buf.len());
        buf[..len].copy_from_slice(&text.as_bytes()[..len]);
        Ok(len)
    }
}

impl MultiThreadResume for Machine {
    fn resume(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), Self::Error> {
        self.actions = [None; CPUS];
        self.locked = false;
        Ok(())
    }

    fn set_resume_action_continue(&mut self, tid: Tid, _: Option<Signal>) -> Result<(), Self::Error> {
        self.actions[cpu(tid)] = Some(Mode::Run);
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<MultiThreadSingleStepOps<'_, Self>> {
        Some(self)
    }

    fn support_scheduler_locking(&mut self) -> Option<MultiThreadSchedulerLockingOps<'_, Self>> {
        if self.offers.scheduler_locking { Some(self) } else { None }
    }
}

impl MultiThreadSingleStep for Machine {
    fn set_resume_action_step(&mut self, tid: Tid, _: Option<Signal>) -> Result<(), Self::Error> {
        self.actions[cpu(tid)] = Some(Mode::Step);
        Ok(())
    }
}

impl MultiThreadSchedulerLocking for Machine {
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), Self::Error> {
        self.locked = true;
        Ok(())
    }
}

impl Breakpoints for Machine {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for Machine {
    fn add_sw_breakpoint(&mut self, addr: u64, _: usize) -> TargetResult<bool, Self> {
        let mapped = Self::offset(addr, 1).is_some();
        if mapped {
            self.software.push(addr);
        }
        Ok(mapped)
    }

    fn remove_sw_breakpoint(&mut self, addr: u64, _: usize) -> TargetResult<bool, Self> {
        let index = self.software.iter().position(|have| *have == addr);
        Ok(index.map(|index| self.software.remove(index)).is_some())
    }
}

impl HwBreakpoint for Machine {
    fn add_hw_breakpoint(&mut self, addr: u64, _: usize) -> TargetResult<bool, Self> {
        let room = self.hardware.len() + self.watched.len() < SLOTS;
        if room {
            self.hardware.push(addr);
        }
        Ok(room)
    }

    fn remove_hw_breakpoint(&mut self, addr: u64, _: usize) -> TargetResult<bool, Self> {
        let index = self.hardware.iter().position(|have| *have == addr);
        Ok(index.map(|index| self.hardware.remove(index)).is_some())
    }
}

impl HwWatchpoint for Machine {
    fn add_hw_watchpoint(&mut self, addr: u64, len: u64, kind: WatchKind) -> TargetResult<bool, Self> {
        let room = self.hardware.len() + self.watched.len() < SLOTS;
        if room {
            self.watched.push((addr, len, kind));
        }
        Ok(room)
    }

    fn remove_hw_watchpoint(&mut self, addr: u64, len: u64, kind: WatchKind) -> TargetResult<bool, Self> {
        let index = self.watched.iter().position(|have| *have == (addr, len, kind));
        Ok(index.map(|index| self.watched.remove(index)).is_some())
    }
}

impl MonitorCmd for Machine {
    fn handle_monitor_cmd(&mut self, command: &[u8], mut out: ConsoleOutput<'_>) -> Result<(), Self::Error> {
        outputln!(out, "you said {:?}", String::from_utf8_lossy(command));
        Ok(())
    }
}
