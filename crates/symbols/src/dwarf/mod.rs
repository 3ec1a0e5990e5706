//! DWARF: units, names, types, lines, scopes and locations of one file. All addresses are link addresses.

mod abbrev;
mod address_map;
mod blocks;
mod cache;
mod call_sites;
mod debug_info;
mod describe;
mod die;
mod eval;
mod files;
mod foreign;
mod functions;
mod hashed;
mod index;
mod lines;
mod macros;
mod root;
mod scan;
mod tail_calls;
mod types;
mod unit_names;
mod units;
mod variable;

pub(crate) use blocks::{Block, BlockSymbol, BlockTree};
pub(crate) use call_sites::CallSiteInfo;
pub(crate) use debug_info::{DebugInfo, UnitContext};
pub(crate) use describe::Surroundings;
pub(crate) use eval::Environment;
pub(crate) use files::FileTable;
pub(crate) use functions::FunctionInfo;
pub(crate) use index::IndexKind;
pub(crate) use lines::{LineHit, LineTables, Row};
pub(crate) use macros::{BUILT_IN_LINE, Definition, MacroFile, MacroTable};
pub(crate) use tail_calls::{Callee, Outline};
pub(crate) use units::{DieKey, UnitIndex, language_name};
pub(crate) use variable::{Location, VariableInfo};
