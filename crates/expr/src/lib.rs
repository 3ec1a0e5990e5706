//! C expressions, value printing and formats in gdb's words.
//!
//! Knows neither DWARF nor a target: names, registers and memory come through [`Context`].

mod ast;
mod builtin;
mod context;
mod error;
mod eval;
mod examine;
mod expr;
#[cfg(test)]
mod fake;
mod find;
mod format;
mod functions;
mod lexer;
mod location;
mod macros;
mod options;
mod parser;
pub mod print;
mod printf;
mod settings;
mod store;
mod whatis;

pub use builtin::{Builtin, builtin};
pub use context::{Argument, Context, Cpu, Function, Scope, Symbol, SymbolClass, Symbolized, Tag};
pub use error::{ExprError, Result};
pub use examine::{Examine, Instructions};
pub use expr::{Expr, dereference};
pub use find::Find;
pub use format::{Format, FormatSpec, UnitSize};
pub use functions::standard_names;
pub use location::{Explicit, LineOffset, Linespec, Location, Part, Tail};
pub use macros::{FindMacro, Macro, Macros, expand_macros};
pub use options::{parse_boolean, parse_print_options, print_option_names};
pub use printf::{Printf, echo};
pub use settings::{Charset, FrameArguments, PrintOptions};
pub use store::Store;
pub use whatis::{describe, describe_type, parse_type_flags, parse_type_flags_over};
