//! Machines that no CPU is: a task that sleeps, with the registers it will have when it runs again and its own address
//! space, and the state an oops has left.

use crate::paging::tables_of_mm;
use crate::{Error, Object, per_cpu_offsets, saved_registers};
use kdive_arch::paging::PageTables;
use kdive_arch::{RawWrite, RegisterFile};
use kdive_base::{Fault, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use kdive_program::{Machine, Program};
use std::rc::Rc;

/// `__KERNEL_CS` and `__KERNEL_DS` (arch/x86/include/asm/segment.h).
const KERNEL_CS: u64 = 0x10;
const KERNEL_DS: u64 = 0x18;

struct OffCpu {
    /// The task, if it sleeps.
    task: Option<VirtAddr>,
    registers: Rc<RegisterFile>,
    /// The connection by which it is read.
    cpu: Rc<dyn Machine>,
    /// Its own page tables, for user addresses; kernel threads have none.
    user: Option<PageTables>,
}

/// The task at an address as it will go on.
///
/// # Errors
/// Without a machine; memory; [`Error::NoType`] for kernels before 4.9.
pub fn sleeper(program: &Program, task: VirtAddr) -> Result<Rc<dyn Machine>, Error> {
    let cpu = program.machine().cloned().ok_or(Error::Memory(Fault::unmapped(task)))?;
    let of_cpu = cpu.registers().map_err(|_| Error::Memory(Fault::unmapped(task)))?;
    let saved = saved_registers(program, task)?;
    let mut registers = RegisterFile::new(std::sync::Arc::clone(of_cpu.layout()));
    let arch = of_cpu.layout().arch();
    for (number, place) in saved.saved {
        let value = program.read_uint(place, 8)?;
        if number == RETURN_ADDRESS {
            registers.set_by_name(arch.pc_name(), value);
        } else {
            registers.set_by_dwarf(number, value);
        }
    }
    registers.set_by_name(arch.sp_name(), saved.sp.0);
    registers.set_by_name("cs", KERNEL_CS);
    registers.set_by_name("ss", KERNEL_DS);
    // What belongs to the CPU and not to the task is as the CPU has it.
    for name in ["eflags", "cr0", "cr3", "cr4", "efer"] {
        if let Some(value) = of_cpu.by_name(name) {
            registers.set_by_name(name, value);
        }
    }
    let object = Object::of_struct(program, "task_struct", task)?;
    let number =
        object.member("cpu").or_else(|_| object.member("thread_info.cpu")).and_then(|cpu| cpu.uint());
    let offsets = per_cpu_offsets(program)?;
    if let Some(offset) = number.ok().and_then(|cpu| offsets.get(usize::try_from(cpu).ok()?)) {
        registers.set_by_name("gs_base", *offset);
    }
    let mm = object.member("mm")?.pointer()?;
    let user = if mm.0 == 0 { None } else { tables_of_mm(program, mm).ok() };
    Ok(Rc::new(OffCpu { task: Some(task), registers: Rc::new(registers), cpu, user }))
}

/// The state at an oops: registers by name as the kernel printed them, memory as it is now.
///
/// # Errors
/// Without a machine.
pub fn at_oops(program: &Program, pc: VirtAddr, printed: &[(&str, u64)]) -> Result<Rc<dyn Machine>, Error> {
    let missing = || Error::Memory(Fault::unmapped(pc));
    let cpu = program.machine().cloned().ok_or_else(missing)?;
    let of_cpu = cpu.registers().map_err(|_| missing())?;
    let mut registers = RegisterFile::new(std::sync::Arc::clone(of_cpu.layout()));
    registers.set_by_name(of_cpu.layout().arch().pc_name(), pc.0);
    for (name, value) in [("cs", KERNEL_CS), ("ss", KERNEL_DS)].iter().chain(printed) {
        registers.set_by_name(name, *value);
    }
    for name in ["cr0", "cr3", "cr4", "efer", "gs_base"] {
        if let Some(value) = of_cpu.by_name(name) {
            registers.set_by_name(name, value);
        }
    }
    Ok(Rc::new(OffCpu { task: None, registers: Rc::new(registers), cpu, user: None }))
}

/// DWARF's number of the return address.
const RETURN_ADDRESS: u16 = 16;

impl OffCpu {
    /// Reads through the task's own page tables; `None` where it has nothing mapped (or swapped out).
    fn read_user(&self, tables: PageTables, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        let mut entry = |at: PhysAddr, size: usize| {
            let mut bytes = [0; 8];
            self.cpu.read_physical(at, bytes.get_mut(..size).unwrap_or_default())?;
            Ok::<_, Fault>(u64::from_le_bytes(bytes))
        };
        let mut done = 0;
        while let Some(part) = buf.get_mut(done..).filter(|part| !part.is_empty()) {
            let at = addr.offset(done as u64);
            let walk = tables.walk(at, &mut entry)?;
            let left = usize::try_from(walk.size - at.0 % walk.size).unwrap_or(usize::MAX);
            let len = part.len().min(left);
            let phys = walk.phys.ok_or_else(|| Fault::unmapped(at))?;
            let part = part.get_mut(..len).unwrap_or_default();
            self.cpu.read_physical(phys, part).map_err(|_| Fault::unmapped(at))?;
            done += len;
        }
        Ok(())
    }
}

impl ReadMemory for OffCpu {
    fn read(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        match self.user {
            Some(tables) if addr.0 >> 63 == 0 => self.read_user(tables, addr, buf),
            _ => self.cpu.read(addr, buf),
        }
    }
}

impl WriteMemory for OffCpu {
    fn write(&self, addr: VirtAddr, bytes: &[u8]) -> Result<(), Fault> {
        // Another address space is in use: the same address is somebody else's there.
        if self.user.is_some() && addr.0 >> 63 == 0 {
            return Err(Fault::unmapped(addr));
        }
        self.cpu.write(addr, bytes)
    }
}

impl Machine for OffCpu {
    fn registers(&self) -> Result<Rc<RegisterFile>, String> {
        Ok(Rc::clone(&self.registers))
    }

    fn fetch_register(&self, _index: usize) -> Result<Option<Vec<u8>>, String> {
        Ok(None)
    }

    fn write_register(&self, _write: &RawWrite) -> Result<(), String> {
        Err("No CPU has these registers now: they can be looked at, not written.".to_owned())
    }

    fn read_physical(&self, addr: PhysAddr, buf: &mut [u8]) -> Result<(), Fault> {
        self.cpu.read_physical(addr, buf)
    }

    fn sleeping_task(&self) -> Option<VirtAddr> {
        self.task
    }

    fn is_off_cpu(&self) -> bool {
        true
    }

    fn patches_memory(&self) -> bool {
        self.cpu.patches_memory()
    }
}
