//! Things every crate of kdive may name and that have no opinion: addresses, the memory traits, limits, near names.
//!
//! This crate depends on nothing else in the workspace.

mod addr;
mod limit;
mod mem;
mod near;

pub use addr::{AddrRange, LinkAddr, PhysAddr, VirtAddr};
pub use limit::{Budget, Exhausted, Interrupt};
pub use mem::{Fault, FaultKind, ReadMemory, SparseMemory, WriteMemory};
pub use near::{Nearest, did_you_mean, nearest};
