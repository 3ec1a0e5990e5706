//! The debugger without a front end: whoever holds an [`Engine`] and nothing else can debug a kernel.
//!
//! The engine loads files, connects, finds the kernel and its modules, places breakpoints and settles every stop by itself; a front end
//! asks, and turns [`Event`]s into whatever its users read. `examples/kernel.rs` is a debugger in thirty lines:
//!
//! ```no_run
#![doc = include_str!("../examples/kernel.rs")]
//! ```

mod analysis;
mod breakpoint_info;
mod breakpoints;
mod call;
mod client;
mod connect;
mod console;
mod disassembly;
mod engine;
mod error;
mod event;
mod files;
mod globals;
mod hex;
mod kernel;
mod log;
mod memory;
mod observer;
mod process;
mod registers;
mod scope;
mod sources;
mod stack;
mod stop_info;
mod symbol_files;
mod symbols;
mod tasks;
mod threads;
mod variables;

pub use analysis::{AccessInfo, Analysis, CauseInfo, TraceInfo, WrongPointer};
pub use breakpoint_info::{BreakpointInfo, BreakpointType, PlaceInfo};
pub use breakpoints::NewBreakpoint;
pub use client::{TROUBLE, hits_hold, path_ends};
pub use connect::Connected;
pub use console::{Answer, Console, Piece};
pub use disassembly::InstructionInfo;
pub use engine::Engine;
pub use error::Error;
pub use event::{Event, Failure, HardwareReason, Notice, OsNote, OsWarning, Warning};
pub use files::open;
pub use kdive_base::Interrupt;
pub use kdive_linux::{ModuleSymbols, SymbolsFrom};
pub use kdive_session::Error as SessionError;
pub use kdive_session::{
    BreakArgs, BreakRequest, Breakpoint, BreakpointKind, Caught, CodeLocation, ConnectOptions, Disposition,
    Hit, HitKind, Location, LocationState, Request, Show, StepKind, Stop, StopReason, Switch, ThreadEntry,
    ThreadLabel, Watch, WatchKind, WatchRequest, known_signal,
};
pub use kdive_target::Log;
pub use kernel::{KernelInfo, KernelModuleInfo};
pub use log::{LogInfo, LogMessage};
pub use memory::MemoryPiece;
pub use observer::Observer;
pub use process::{HostProcess, stub_of};
pub use registers::{RegisterGroup, RegisterInfo, RegisterValue};
pub use scope::Scope;
pub use sources::{LineInfo, SourceInfo, SourceText};
pub use stack::{ArgumentInfo, ArgumentTime, FrameInfo, FrameKindInfo};
pub use stop_info::{ReasonInfo, StopInfo};
pub use symbol_files::{SymbolFileInfo, SymbolState};
pub use symbols::{SymbolInfo, SymbolKind, SymbolList, SymbolQuery, SymbolsOfFile, type_line};
pub use tasks::{TaskInfo, TaskListInfo};
pub use threads::{ThreadInfo, ThreadState};
pub use variables::{
    Change, NamedVariable, ValueFormat, VarId, VariableInfo, VariableKind, VariableUpdate, Which,
};
