//! C expressions, value printing and formats in gdb's words.
