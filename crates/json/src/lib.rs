//! Commands and events as lines of JSON: `kdive --json`.
//!
//! Each command is answered by one object on a line of its own, with data where the command's result is data, after the objects of the
//! events that it brought about. docs/json.md describes every object. Data comes from the engine, never from what commands print.

mod changes;
mod data;
mod events;
mod server;
mod words;

pub use server::{Ended, Server};
