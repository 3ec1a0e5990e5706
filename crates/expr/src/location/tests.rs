//! Locations against the ways gdb reads them.
