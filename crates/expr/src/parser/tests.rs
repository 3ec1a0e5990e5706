//! Parsing, seen through evaluation.
