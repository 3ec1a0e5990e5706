//! Locations as users type them, and the places in the program they name.

mod inlined;
mod parse;
mod prologue;
mod resolve;

pub use parse::LINESPEC_KEYWORDS;
