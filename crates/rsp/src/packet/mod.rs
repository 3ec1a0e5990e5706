//! One file per packet family: how a request is written and how its reply is read. Pure functions, no state.
//!
//! Source of every packet: gdb manual, appendix "Remote Serial Protocol"; where QEMU differs, the comment says so.

pub mod breakpoint;
pub mod memory;
pub mod monitor;
pub mod process;
pub mod qemu;
pub mod registers;
mod reply;
pub mod resume;
pub mod stop_reply;
pub mod supported;
pub mod threads;
pub mod transfer;

pub use reply::{Fit, Reply, Shape, StubError};
