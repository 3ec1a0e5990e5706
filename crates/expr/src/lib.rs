//! C expressions, value printing and formats in gdb's words.
//!
//! Knows neither DWARF nor a target: names, registers and memory come through [`Context`].

mod context;
mod error;
mod expr;
mod format;
mod settings;
mod store;

pub use context::{Context, Function, Scope, Symbol, SymbolClass, Symbolized, Tag};
pub use error::{ExprError, Result};
pub use expr::Expr;
pub use format::{Format, UnitSize};
pub use settings::{FrameArguments, PrintOptions};
pub use store::Store;
