//! Registers, target descriptions and instructions of the CPUs kdive knows.
//!
//! The crate holds facts about CPUs and nothing about connections, symbols or threads: it turns the bytes of a `g`
//! packet into named, typed registers, bytes of memory into instructions, and control registers into words.
//!
//! | question | answer |
//! |---|---|
//! | which CPU family, its register names, DWARF numbers, breakpoint bytes | [`Arch`] |
//! | which registers, where in `g`, of which type | [`RegisterLayout`], read from XML by [`target_xml`] |
//! | what the registers hold | [`RegisterFile`] |
//! | what `info registers` prints | [`mod@format`] |
//! | what the bits mean, in words | [`explain`] |
//! | real, protected or long mode, CPL, page-table root | [`CpuMode`], [`PagingMode`] |
//! | where a linear address is in physical memory | [`paging::PageTables`] |
//! | what the bytes at an address do | [`Disassembler`], [`Insn`], [`Flow`] |
//! | which processor it is that kdive only knows by name | [`Foreign`] |
//! | where arguments and results live | [`abi`] |
//! | where a function's prologue ends | [`Arch::analyze_prologue`] |

pub mod abi;
mod cpu;
pub mod disasm;
mod error;
pub mod explain;
pub mod float;
mod foreign;
pub mod format;
mod layout;
mod mode;
pub mod paging;
mod prologue;
mod pseudo;
mod regfile;
mod regtype;
mod riscv;
pub mod target_xml;
mod x86;

pub use cpu::{Arch, CodeSize};
pub use disasm::{Disassembler, Flavor, Flow, Insn, Symbolize};
pub use error::ArchError;
pub use foreign::Foreign;
pub use layout::{Group, Register, RegisterLayout};
pub use mode::{CodeAddress, CpuMode, CpuState, PagingMode};
pub use prologue::{FrameBase, Prologue};
pub use pseudo::RegRef;
pub use regfile::{Availability, RawWrite, RegisterFile};
pub use regtype::{EnumValue, Field, FlagField, FloatFormat, RegType};
pub use x86::x87;
