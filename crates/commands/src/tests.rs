//! Sessions through the engine, with answers as gdb 13.1 gives them.

pub(crate) mod harness;

mod commands;
mod complete;
mod interrupt;
mod lint;
mod readers;
mod repeat;
mod scripts;
