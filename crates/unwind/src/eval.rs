//! The small DWARF expression machine that CFI needs.
