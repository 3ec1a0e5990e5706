//! GDB Remote Serial Protocol client, sans-IO.
//!
//! From the bottom up:
//!
//! | module | what it is |
//! |---|---|
//! | [`frame`] | `$…#cc`, acks, escapes, run lengths: bytes to frames and back |
//! | [`packet`] | one file per packet family: how a request is written, how its reply is read |
//! | [`engine`] | the state machine: what received bytes mean now, what has to be sent; no clock, no I/O |
//! | [`transport`] | the only module with I/O: sockets, serial lines, children, the reader thread, the clock |
//! | [`Client`] | the engine driven over a transport with deadlines; typed requests |
//!
//! How stubs differ, and what the client does about it, is in `docs/rsp-quirks.md`.

pub mod client;
pub mod endpoint;
pub mod engine;
mod error;
pub mod frame;
pub mod hex;
pub mod log;
pub mod packet;
mod packets;
mod profile;
mod thread_id;
pub mod transport;

pub use client::{
    Client, Config, InterruptSequence, Note, PacketSize, Reply, Request, RunEvent, Statistics, Traffic,
};
pub use endpoint::Endpoint;
pub use error::Error;
pub use packets::{Packet, Packets};
pub use profile::Profile;
pub use thread_id::{ThreadId, ThreadSelector};
