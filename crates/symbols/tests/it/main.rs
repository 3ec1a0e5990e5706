//! The crate against compiled C programs, a kernel module's object file, gdb, addr2line and a kernel.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod addr2line;
mod cache;
mod damage;
mod fixture;
mod gdb;
mod guest;
mod linespec;
mod locations;
mod macros;
mod module;
mod names;
mod packed;
mod progress;
mod scopes;
mod tail_calls;
mod types;
