//! Facts about 16-, 32- and 64-bit x86.

pub(crate) mod abi;
pub(crate) mod dwarf;
pub(crate) mod explain;
pub(crate) mod groups;
pub(crate) mod layouts;
pub(crate) mod mode;
pub(crate) mod prologue;
pub(crate) mod pseudo;
pub mod x87;
