//! Commands about the Linux kernel that runs in the guest.

pub mod kernel;
pub mod modules;
