//! Python's and Guile's registries, compiled code, and what is loaded by itself.

use super::Answer::Fails;
use super::{fails, quiet, says, wants, warns};
use crate::spec::Spec;

const NO_GUILE: &str = "Guile scripting is not supported in this copy of GDB.";
const NO_GUILE_LINE: &str = "Scripting in the \"Guile\" language is not supported in this copy of GDB.";
const NO_COMPILE: &str = "The program must be running for the compile command to work.";

/// The commands of this file.
pub(crate) const COMMANDS: &[Spec] = &[
    wants(
        "add-auto-load-safe-path",
        "Directory argument required.\nUse 'set auto-load safe-path /' for disabling the auto-load safe-path security.",
    ),
    wants("add-auto-load-scripts-directory", "Directory argument required."),
    says("info auto-load gdb-scripts", "No auto-load scripts."),
    says("info auto-load libthread-db", "No auto-loaded libthread-db."),
    says("info auto-load local-gdbinit", "Local .gdbinit file was not found."),
    says("info auto-load python-scripts", "No auto-load scripts."),
    says(
        "info auto-load",
        "gdb-scripts:  No auto-load scripts.\nlibthread-db:  No auto-loaded libthread-db.\nlocal-gdbinit:  Local .gdbinit file          was not found.\npython-scripts:  No auto-load scripts.",
    ),
    wants("disable frame-filter", "disable frame-filter requires an argument"),
    wants("enable frame-filter", "enable frame-filter requires an argument"),
    wants("set frame-filter priority", "set frame-filter requires a frame-filter name and priority"),
    wants("show frame-filter priority", "show frame-filter requires a frame-filter name"),
    says("info frame-filter", "No frame filters."),
    warns("disable pretty-printer"),
    warns("enable pretty-printer"),
    says("info pretty-printer", "No pretty-printers: kdive has no Python."),
    quiet("disable type-printer"),
    quiet("enable type-printer"),
    quiet("info type-printers"),
    says("disable unwinder", "0 unwinders disabled"),
    says("enable unwinder", "0 unwinders enabled"),
    quiet("info unwinder"),
    quiet("disable xmethod"),
    quiet("enable xmethod"),
    quiet("info xmethod"),
    fails("guile", NO_GUILE_LINE).given(Fails(NO_GUILE)),
    quiet("info guile").also(&["info gu"]),
    fails("guile-repl", NO_GUILE).also(&["gr"]),
    wants("explore", "ERROR: 'explore' requires an argument."),
    wants("explore type", "ERROR: 'explore type' requires an argument."),
    wants("explore value", "ERROR: 'explore value' requires an argument."),
    fails("compile", NO_COMPILE),
    fails("compile code", NO_COMPILE),
    wants("compile file", "You must provide a filename for this command.").given(Fails(NO_COMPILE)),
    fails("compile print", NO_COMPILE),
    wants("jit-reader-load", "No reader name provided."),
    fails("jit-reader-unload", "No JIT reader loaded."),
];
