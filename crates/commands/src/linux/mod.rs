//! Commands about the Linux kernel that runs in the guest.

pub mod catch;
mod cause;
pub mod chkimg;
pub mod kernel;
pub mod log;
pub mod memory;
pub mod modules;
pub mod oops;
pub mod structures;
pub mod system;
mod task_list;
pub mod tasks;
pub mod walkers;
