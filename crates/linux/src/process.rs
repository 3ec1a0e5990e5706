//! What belongs to a process besides its memory and files: signals, and who waits for what.

use crate::{Error, ListWalk, Object};
use kdive_base::VirtAddr;
use kdive_program::Program;

/// What a process does about one signal (`struct k_sigaction`, include/linux/signal_types.h).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignalAction {
    /// The signal.
    pub number: u64,
    /// Address of the action.
    pub addr: VirtAddr,
    /// User address of the handler; 0 is the default, 1 ignores it.
    pub handler: u64,
    /// Signals blocked meanwhile, bit 0 for signal 1.
    pub mask: u64,
    /// `SA_*`.
    pub flags: u64,
}

/// Signals of a task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signals {
    /// Address of its `signal_struct`.
    pub addr: VirtAddr,
    /// Threads of the process.
    pub threads: u64,
    /// For each signal.
    pub actions: Vec<SignalAction>,
    /// Blocked by this task, bit 0 for signal 1.
    pub blocked: u64,
    /// Pending for this task alone.
    pub private_pending: u64,
    /// Pending for the process.
    pub shared_pending: u64,
}

/// `_NSIG`.
const SIGNALS: u64 = 64;

/// The signals of a task; `None` for one that has given them back (a zombie).
///
/// # Errors
/// Without types of the kernel; memory.
pub fn signals(program: &Program, task: VirtAddr) -> Result<Option<Signals>, Error> {
    let task = Object::of_struct(program, "task_struct", task)?;
    let (signal, handlers) = (task.member("signal")?, task.member("sighand")?);
    if signal.pointer()?.0 == 0 || handlers.pointer()?.0 == 0 {
        return Ok(None);
    }
    let (signal, handlers) = (signal.deref()?, handlers.deref()?.member("action")?);
    // One word on 64-bit machines.
    let set = |set: Object<'_>| set.member("sig")?.index(0)?.uint();
    let mut actions = Vec::new();
    for number in 1..=SIGNALS {
        let action = handlers.index(number - 1)?;
        let sa = action.member("sa")?;
        actions.push(SignalAction {
            number,
            addr: action.addr(),
            handler: sa.member("sa_handler")?.pointer()?.0,
            mask: set(sa.member("sa_mask")?)?,
            flags: sa.member("sa_flags")?.uint()?,
        });
    }
    Ok(Some(Signals {
        addr: signal.addr(),
        threads: signal.member("nr_threads")?.uint()?,
        actions,
        blocked: set(task.member("blocked")?)?,
        private_pending: set(task.member("pending.signal")?)?,
        shared_pending: set(signal.member("shared_pending.signal")?)?,
    }))
}

/// More waiters than there are tasks.
const MAX_WAITERS: u64 = 1 << 22;

/// The tasks that wait in a queue (`struct wait_queue_head`, include/linux/wait.h), in its order, and what ended the walk
/// before its end. Entries that wake something else than a task (poll, for one) are not among them but counted.
///
/// # Errors
/// Without types of the kernel.
pub fn waiters(program: &Program, queue: VirtAddr) -> Result<Waiters, Error> {
    // Until 4.12 they were called otherwise.
    let (queue, head, entry, link) = match Object::of_struct(program, "wait_queue_head", queue) {
        Ok(object) => (object, "head", "wait_queue_entry", "entry"),
        Err(_) => (
            Object::of_struct(program, "__wait_queue_head", queue)?,
            "task_list",
            "__wait_queue",
            "task_list",
        ),
    };
    let offset = Object::of_struct(program, entry, VirtAddr(0))?.offset_of(link)?;
    let mut found = Waiters { tasks: Vec::new(), others: 0, broken: None };
    for at in ListWalk::new(program, queue.member(head)?.addr(), MAX_WAITERS) {
        let waiter = at.and_then(|at| {
            let entry = Object::of_struct(program, entry, VirtAddr(at.0.wrapping_sub(offset)))?;
            entry.member("private")?.pointer()
        });
        match waiter {
            Ok(VirtAddr(0)) => found.others += 1,
            Ok(task) => found.tasks.push(task),
            Err(error) => found.broken = Some(error),
        }
    }
    Ok(found)
}

/// Who waits in a queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiters {
    /// Addresses of the tasks' `task_struct`; for entries of other kinds whatever they hold in its place.
    pub tasks: Vec<VirtAddr>,
    /// Entries without a task.
    pub others: u64,
    /// What ended the walk before its end.
    pub broken: Option<Error>,
}

/// A network device (`struct net_device`, include/linux/netdevice.h).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetDevice {
    /// Its address.
    pub addr: VirtAddr,
    /// Its name.
    pub name: String,
    /// Its IPv4 addresses.
    pub addresses: Vec<std::net::Ipv4Addr>,
}

/// More devices, or addresses of one, than is sane.
const MAX_DEVICES: u64 = 1 << 16;

/// The network devices of the first namespace (`init_net`), and what ended the walk before its end.
///
/// # Errors
/// [`Error::NoSymbol`] for a kernel without network.
pub fn net_devices(program: &Program) -> Result<(Vec<NetDevice>, Option<Error>), Error> {
    let head = Object::variable(program, "init_net")?.member("dev_base_head")?.addr();
    let offset = Object::of_struct(program, "net_device", VirtAddr(0))?.offset_of("dev_list")?;
    let mut found = Vec::new();
    for entry in ListWalk::new(program, head, MAX_DEVICES) {
        let device = entry.and_then(|entry| net_device(program, VirtAddr(entry.0.wrapping_sub(offset))));
        match device {
            Ok(device) => found.push(device),
            Err(error) => return Ok((found, Some(error))),
        }
    }
    Ok((found, None))
}

fn net_device(program: &Program, addr: VirtAddr) -> Result<NetDevice, Error> {
    let device = Object::of_struct(program, "net_device", addr)?;
    let mut addresses = Vec::new();
    // `struct in_device`, of a file of its own, where there is IPv4.
    let inet = device.member("ip_ptr").and_then(|inet| inet.pointer()).unwrap_or_default();
    if inet.0 != 0 {
        let mut at = Object::of_struct(program, "in_device", inet)?.member("ifa_list")?.pointer()?;
        while at.0 != 0 {
            let address = Object::of_struct(program, "in_ifaddr", at)?;
            // In network order: the first byte in memory is the first of the address.
            let bits = address.member("ifa_local")?.uint()? as u32;
            addresses.push(std::net::Ipv4Addr::from(bits.to_le_bytes()));
            if addresses.len() as u64 > MAX_DEVICES {
                let reason = "its addresses do not end".to_owned();
                return Err(Error::Corrupt { what: "network device", addr, reason });
            }
            at = address.member("ifa_next")?.pointer()?;
        }
    }
    Ok(NetDevice { addr, name: device.member("name")?.string(16)?, addresses })
}
