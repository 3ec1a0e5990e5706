//! Commands about the Linux kernel that runs in the guest.

pub mod catch;
mod cause;
pub mod kernel;
pub mod log;
pub mod modules;
pub mod oops;
mod task_list;
pub mod tasks;
