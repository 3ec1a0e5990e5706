//! The command table and the command language.
