//! The debugger's own commands, one file per family; each exports `pub const COMMANDS: &[Spec]`, named once in
//! [`crate::table`].
