//! One view over symbols, memory, registers and frames.
