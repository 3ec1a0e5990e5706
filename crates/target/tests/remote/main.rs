//! The remote target against scripted stubs, real QEMU and real gdbserver.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod gdbserver;
mod gdbstub;
mod kgdb;
mod minimal;
mod qemu;
mod scripted;
