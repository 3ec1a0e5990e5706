//! Call frames from CFI, ORC and frame pointers.
