//! GDB Remote Serial Protocol client, sans-IO.

pub mod hex;
mod thread_id;

pub use thread_id::{ThreadId, ThreadSelector};
