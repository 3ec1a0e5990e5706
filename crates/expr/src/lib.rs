//! C expressions, value printing and formats in gdb's words.
//!
//! Knows neither DWARF nor a target: names, registers and memory come through [`Context`].

mod ast;
mod builtin;
mod context;
mod error;
mod eval;
mod expr;
mod format;
mod functions;
mod lexer;
mod parser;
pub mod print;
mod settings;
mod store;

pub use builtin::{Builtin, builtin};
pub use context::{Context, Function, Scope, Symbol, SymbolClass, Symbolized, Tag};
pub use error::{ExprError, Result};
pub use expr::Expr;
pub use format::{Format, UnitSize};
pub use functions::standard_names;
pub use settings::{FrameArguments, PrintOptions};
pub use store::Store;
