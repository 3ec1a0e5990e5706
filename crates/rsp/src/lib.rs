//! GDB Remote Serial Protocol client, sans-IO.

pub mod error;
pub mod frame;
pub mod hex;
pub mod packet;
mod thread_id;

pub use error::Error;
pub use thread_id::{ThreadId, ThreadSelector};
