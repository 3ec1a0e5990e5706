//! GDB/MI, the line protocol between editors and the debugger: `kdive -i=mi`.
//!
//! A client sends command lines; every line is answered by one result record (`^done`, `^running`, `^error`), after records about what
//! has changed (`*stopped`, `=breakpoint-modified`) and text for the user (`~"..."`), and by a prompt. Commands that begin with `-` are
//! MI's own; any other line is a command as people type it, which the console runs.

mod break_commands;
mod break_insert;
mod breakpoints;
mod commands;
mod data;
mod disassembly;
mod environment;
mod exec;
mod input;
mod options;
mod parse;
mod record;
mod run;
mod server;
mod settings;
mod sources;
mod stack;
mod stop;
mod threads;
mod variables;
mod varobj;

pub use input::Lines;
pub use parse::{Command, Input, MiCommand, arguments, parse};
pub use record::quote;
pub use server::{BodyReader, Server};
