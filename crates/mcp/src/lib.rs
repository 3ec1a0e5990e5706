//! The Model Context Protocol in front of the engine: `kdive -i=mcp`.
//!
//! A client sends JSON-RPC messages, one a line, and calls tools: they take commands, evaluate expressions, read stacks, tasks, the log
//! and memory, and let the guest run for a limited time. Every answer is bounded in size and in time. docs/mcp.md describes them.

mod arguments;
mod input;
mod limit;
mod rpc;
mod schema;
mod server;
mod tools;

pub use rpc::{Incoming, Refusal, parse};
pub use server::serve;
