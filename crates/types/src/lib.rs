//! C types and values, independent of where they were read from.
