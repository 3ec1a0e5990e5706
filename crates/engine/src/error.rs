//! Why the engine could not do what it was asked for.

use std::io;
use std::path::PathBuf;

/// A request failed; everything is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{}: {}", .path.display(), .source)]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has no symbols that can be read; why, with its name.
    #[error("{0}")]
    Symbols(#[from] kdive_symbols::Error),
    /// An object file lacks a section that was given an address.
    #[error("\"{}\" has no section {section}", .path.display())]
    NoSection {
        /// The file.
        path: PathBuf,
        /// The section.
        section: String,
    },
    /// The session refused.
    #[error(transparent)]
    Session(#[from] kdive_session::Error),
    /// The stub or the connection.
    #[error(transparent)]
    Target(#[from] kdive_target::Error),
    /// No connection came about.
    #[error(transparent)]
    Connect(#[from] kdive_target::ConnectError),
}
