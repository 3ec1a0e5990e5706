//! What holds for the program as a whole: the process and its options, the layout of the source tree, the generated pages.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod bad_input;
mod cli;
mod dap;
mod docs_fresh;
mod formats;
mod guest;
mod interrupt;
mod json;
mod linux;
mod listing;
mod mcp;
mod mi;
mod terminal;
mod tidy;

use std::path::PathBuf;

/// Root of the source tree.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
