//! The command table, in help order. A command file is named here and nowhere else.

use crate::spec::Spec;

/// Every command, one slice per file.
pub const TABLE: &[&[Spec]] = &[];
