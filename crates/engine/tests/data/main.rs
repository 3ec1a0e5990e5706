//! What the engine gives as data, of a program under gdbserver.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod machine;
mod names;
mod program;
mod stack;
mod variables;
