//! From ELF, DWARF and BTF to names, types, lines, scopes and locations.
//!
//! Everything above this crate starts from a [`ModuleSet`]: the object files that make up the debugged program, each with
//! the place where it was loaded. What a `ModuleSet` returns are cheap handles ([`Function`], [`Variable`], [`Scope`],
//! [`Line`], [`Symbol`]) that speak in [`VirtAddr`](kdive_base::VirtAddr)s and keep their module alive. Addresses as
//! written in a file are [`LinkAddr`](kdive_base::LinkAddr)s and stay inside the readers of one file ([`ObjectFile`]).
//!
//! Nothing is read before somebody asks: a file is mapped, its symbol table is sorted on the first lookup, the DWARF name
//! index is built by the first name that is asked for, a unit is parsed when an address falls into it.
//!
//! This crate never reads target memory by itself: evaluation of locations goes through [`EvalContext`].

mod btf;
mod dwarf;
mod elf;
mod error;
mod function;
mod hash;
mod linespec;
mod location;
mod module;
mod paths;
mod progress;
mod query;
mod scope;
mod set;
mod tail_calls;
mod variable;

pub use btf::{Btf, TypeId};
pub use elf::{
    DebugLink, ElfKind, IndexInfo, MissingFile, Note, ObjectFile, OpenOptions, Relocated, Section, Sought,
    Target, gunzip,
};
pub use error::{Error, LinespecError, LocationError};
pub use function::{CallSite, CallSiteParam, Function};
pub use linespec::LINESPEC_KEYWORDS;
pub use location::{EntryValue, EvalContext, Located, Piece, Storage};
pub use module::{Module, ModuleId, Placement};
pub use progress::IndexProgress;
pub use query::{
    Completion, FileList, Line, Linespec, LinespecDefaults, LinespecMode, ListedSymbol, Listing, ListingKind,
    Sal, SourceName, Symbol, SymbolKind, Tag, UnitInfo,
};
pub use scope::{FrameScope, Scope};
pub use set::{DefinedMacro, FileLines, MacroScope, ModuleSet, SourceList};
pub use tail_calls::{CallTarget, TailCall, TailCalls};
pub use variable::{Variable, VariableKind};
