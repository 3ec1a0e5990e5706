//! Frames of code without CFI, as gdb finds them on amd64.
