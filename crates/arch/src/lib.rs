//! Registers, target descriptions and instructions of the CPUs kdive knows.
