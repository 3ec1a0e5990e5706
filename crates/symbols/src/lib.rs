//! ELF and DWARF: names, types, lines, scopes and locations.
