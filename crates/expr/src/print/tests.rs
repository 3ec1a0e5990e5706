//! Values as gdb 13.1 prints them.
