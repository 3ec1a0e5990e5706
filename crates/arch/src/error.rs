//! What can go wrong between a stub's description of its registers and a register's value.

/// Errors of this crate. The text is what the user reads.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ArchError {
    /// The target description is not well-formed XML, or has a value that cannot be.
    #[error("target description {annex}: {what}")]
    BadDescription {
        /// The annex (file name in `qXfer:features:read`) at fault.
        annex: String,
        /// What is wrong, with the line where it is known.
        what: String,
    },
    /// A description exceeds a limit that no real one comes near.
    #[error("target description {annex}: more than {limit} {what}")]
    TooLarge {
        /// The annex at fault.
        annex: String,
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// An included annex could not be fetched.
    #[error("target description {annex}: {reason}")]
    Fetch {
        /// The annex that is missing.
        annex: String,
        /// The stub's or the connection's reason.
        reason: String,
    },
    /// An unknown register name; gdb's words for `info registers foo`.
    #[error("Invalid register `{0}'")]
    NoSuchRegister(String),
    /// The stub sent `xx` for the register, or nothing at all. gdb's words when such a value is needed.
    #[error("value is not available")]
    Unavailable,
    /// A value of the wrong size was given for a register.
    #[error("register {name} has {expected} bytes, not {given}")]
    WrongSize {
        /// The register.
        name: String,
        /// Its size in bytes.
        expected: usize,
        /// The size of the value.
        given: usize,
    },
    /// A `g` reply whose length fits no layout of the CPU.
    #[error("no register layout of {arch} has {length} bytes")]
    UnknownLength {
        /// The CPU family.
        arch: &'static str,
        /// Bytes in the reply.
        length: usize,
    },
}
