//! The debugger's own commands, one file per family; each exports `pub const COMMANDS: &[Spec]`, named once in
//! [`crate::table`].

pub mod access;
pub(crate) mod annotate;
pub mod break_cmds;
mod call;
pub mod convenience;
pub mod data;
pub mod debugger;
pub mod disassemble;
pub mod display;
pub mod events;
pub mod files;
mod files_missing;
pub mod filter;
pub mod frame_info;
pub mod guest;
pub mod list;
pub mod locals;
pub mod macros;
pub mod memory;
pub mod pending;
pub mod registers;
pub mod remote;
pub mod reverse;
pub mod run;
pub mod sections;
pub mod setting_functions;
pub mod signals;
pub mod skip;
pub mod sources;
pub mod stack;
pub mod stand_ins;
pub mod state;
pub mod symbols;
pub mod tdesc;
pub mod threads;
pub mod why;
