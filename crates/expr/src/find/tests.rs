//! Patterns in memory made for it.
