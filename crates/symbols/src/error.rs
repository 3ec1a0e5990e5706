//! What can go wrong, in gdb's words where gdb has words for it.

use std::path::PathBuf;

/// An object file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such file, no permission, a directory.
    #[error("{}: {}.", .path.display(), io_words(.source))]
    Io {
        /// The file as given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not an ELF file at all.
    #[error("\"{}\": not in executable format: file format not recognized", .path.display())]
    NotElf {
        /// The file as given.
        path: PathBuf,
    },
    /// An ELF file whose tables point outside of it or contradict each other.
    #[error("\"{}\": not in executable format: {what}", .path.display())]
    Malformed {
        /// The file as given.
        path: PathBuf,
        /// Which table, and how.
        what: String,
    },
    /// An address for a section the file does not have.
    #[error("\"{}\" has no section {section}", .path.display())]
    NoSection {
        /// The file as given.
        path: PathBuf,
        /// The section name.
        section: String,
    },
}

impl Error {
    /// The reason alone, for commands that word the rest themselves (`` `F': can't read symbols: REASON. ``).
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Io { source, .. } => io_words(source),
            Self::NotElf { .. } => "file format not recognized".into(),
            Self::Malformed { what, .. } => what.clone(),
            Self::NoSection { section, .. } => format!("no section {section}"),
        }
    }
}

/// The system's message without Rust's ` (os error N)`.
fn io_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text.get(..at).unwrap_or_default().to_owned(),
        None => text,
    }
}

/// Why the value of a variable cannot be located.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LocationError {
    /// A register or frame is needed and there is none.
    #[error("No frame selected.")]
    NoFrame,
    /// The register's value was not saved in this frame.
    #[error("value is not available: register {0} was not saved")]
    RegisterNotSaved(u16),
    /// `DW_OP_entry_value` that the caller's call site does not answer; the value is then optimized out.
    #[error("Cannot find matching parameter at DW_TAG_call_site")]
    NoEntryValue,
    /// Target memory that a location expression dereferences.
    #[error(transparent)]
    Fault(#[from] kdive_base::Fault),
    /// A location expression that is damaged or uses an unknown operation.
    #[error("{0}")]
    Malformed(String),
    /// A location expression divides by what turned out to be 0.
    #[error("Division by zero")]
    DivisionByZero,
    /// Thread-local storage, which a kernel does not have.
    #[error("Cannot find thread-local variables on this target")]
    ThreadLocal,
}

/// Why a location such as `FILE:LINE` or `FUNCTION` names no place. The texts are gdb's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinespecError {
    /// `Function "foo" not defined.`
    #[error("Function \"{0}\" not defined.")]
    NoFunction(String),
    /// `Function "foo" not defined in "bar.c".`
    #[error("Function \"{0}\" not defined in \"{1}\".")]
    NoFunctionIn(String, String),
    /// `No source file named foo.c.`
    #[error("No source file named {0}.")]
    NoFile(String),
    /// `No symbol table is loaded.  Use the "file" command.`
    #[error("No symbol table is loaded.  Use the \"file\" command.")]
    NoSymbols,
    /// `No line 9999 in file "init/main.c".`
    #[error("No line {0} in file \"{1}\".")]
    NoLine(u32, String),
    /// `No line 9999 in the current file.`
    #[error("No line {0} in the current file.")]
    NoLineHere(u32),
    /// `No label "out" defined in function "f".`
    #[error("No label \"{0}\" defined in function \"{1}\".")]
    NoLabel(String, String),
    /// An option of an explicit location without its value.
    #[error("missing argument for \"{0}\"")]
    MissingArgument(String),
    /// An unknown option of an explicit location.
    #[error("invalid explicit location argument, \"{0}\"")]
    InvalidExplicit(String),
    /// `-source FILE` and nothing else.
    #[error("Source filename requires function, label, or line offset.")]
    SourceAlone,
    /// `malformed linespec error: unexpected string, "x".` and its kin.
    #[error("malformed linespec error: {0}")]
    Malformed(String),
}
