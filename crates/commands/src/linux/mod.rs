//! Commands about the Linux kernel that runs in the guest.

pub mod kernel;
pub mod log;
pub mod modules;
mod task_list;
pub mod tasks;
