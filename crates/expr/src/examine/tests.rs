//! Memory as gdb 13.1 lists it.
