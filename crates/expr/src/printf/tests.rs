//! Formatted text as gdb 13.1 prints it.
