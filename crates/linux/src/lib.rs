//! What kdive knows about Linux: kernel structures read from a stopped guest.
//!
//! Layout is decided by which members the debug information has, never by a version number. Every walk has a
//! [`kdive_base::Budget`] and a cycle check; what could not be read is reported beside what could. Nothing here prints.
//!
//! Names and meanings of structures and members are the kernel's own; comments name the file they come from.

mod address;
mod cause;
mod chain;
mod context;
mod current;
mod device;
mod embedded;
mod errno;
mod error;
mod extable;
mod field;
mod find;
mod find_device;
mod find_function;
mod functions;
mod held_locks;
mod identity;
mod irq;
mod kaslr;
mod known;
mod layer;
mod list;
mod locate;
mod lock;
mod log;
mod maple;
mod member;
mod memory;
mod memory_info;
mod message;
mod mm;
mod module;
mod object;
mod oops;
mod paging;
mod patched;
mod percpu;
mod pid;
mod power;
mod process;
mod rbtree;
mod reachable_locks;
mod resource;
mod shared_pages;
mod sites;
mod slab;
mod sleeper;
mod stage;
mod stranger;
mod tables;
mod task;
mod task_list;
#[cfg(test)]
mod testing;
mod timer;
mod trampoline;
mod trouble;
mod vma;
mod xarray;

pub use address::{VmallocArea, describe, vmalloc_areas};
pub use cause::{BadPointer, Cause, cause_of};
pub use chain::chain;
pub use context::{ContextKind, StopContext, stop_context};
pub use device::{
    Device, DeviceGroup, DeviceTree, Disk, Grouping, Major, block_majors, character_devices, device_at,
    device_groups, device_tree, disk_of,
};
pub use embedded::{FdtHeader, device_tree_blob, packed_config};
pub use errno::errno_name;
pub use error::Error;
pub use find::{FindResult, Fit, ModuleFinder};
pub use find_function::Defining;
pub use functions::add_functions;
pub use held_locks::{
    LockdepEntry, StaticLock, StaticLocks, lockdep_held, static_lock_at, static_locks, waited_for,
};
pub use identity::{Identity, banner, command_line, identity, running_build_id};
pub use irq::{Irq, IrqTotal, OpenFile, interrupt_totals, interrupts, open_files};
pub use kaslr::{FoundBy, Kaslr};
pub use layer::{LinuxLayer, ModuleSymbols, SymbolsFrom};
pub use list::ListWalk;
pub use locate::KernelPlace;
pub use lock::{LockKind, LockLayout, LockMember, LockState, lock_at, lock_kind, locks_within};
pub use log::{Log, LogRecord, log};
pub use maple::{MapleEntry, maple_entries};
pub use member::member_at;
pub use memory::{Region, region, regions};
pub use memory_info::{MemoryInfo, memory_info};
pub use mm::{MemoryUse, memory_use, total_pages};
pub use module::{ModuleInfo, ModuleState, Modules, module_at, modules};
pub use object::Object;
pub use oops::{Access, Oops, Place, TraceLine, parse_oopses, taint_words};
pub use paging::{page_entry, page_tables, physical, tables_of_mm, walk};
pub use patched::{Checked, Difference, Patch, PatchMap, check_text, kernel_text, module_code};
pub use percpu::{cpu_mask, cpu_of, current_task, idle_task, per_cpu_offsets, selected_cpu};
pub use pid::task_of_pid;
pub use power::{Clock, PowerDomain, clocks, power_domains};
pub use process::{NetDevice, SignalAction, Signals, Waiters, net_devices, signals, waiters};
pub use rbtree::nodes as rb_nodes;
pub use reachable_locks::{FoundLock, ReachableLocks, lock_name, reachable_locks};
pub use resource::{Mount, Resource, mounts, resources};
pub use shared_pages::shared_pages;
pub use sites::{Site, SiteKind, freed_code, kernel_sites, module_sites, site_at};
pub use slab::{SlabCache, SlabObject, slab_caches, slab_object};
pub use sleeper::{at_oops, sleeper};
pub use task::{SavedRegisters, Task, TaskLayout, Tasks, saved_registers, tasks};
pub use task_list::TaskList;
pub use timer::{
    ClockBase, ClockEvent, CpuTimers, HrTimer, NamedValue, TickDevice, Wheel, WheelTimer, cpu_mask_text,
    hrtimers, monotonic_base, tick_devices, timer_wheels,
};
pub use trouble::{Trouble, trouble_here};
pub use vma::{Vma, dentry_path, file_path, vmas};
pub use xarray::{Entries, xa_entries, xa_load};
