//! Things every crate of kdive may name and that have no opinion: addresses, the memory traits, limits.
//!
//! This crate depends on nothing else in the workspace.

mod addr;
mod limit;
mod mem;

pub use addr::{AddrRange, LinkAddr, PhysAddr, VirtAddr};
pub use limit::{Budget, Exhausted, Interrupt};
pub use mem::{Fault, FaultKind, ReadMemory, SparseMemory, WriteMemory};
