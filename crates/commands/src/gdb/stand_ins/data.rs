//! Languages, memory and overlays that kernels do not have.

use super::Answer::Quiet;
use super::{fails, quiet, says, wants};
use crate::spec::Spec;

const NO_OVERLAYS: &str =
    "Overlay debugging not enabled.  Use either the 'overlay auto' or\nthe 'overlay manual' command.";
const NO_TAGS: &str = "Memory tagging not supported or disabled by the current architecture.";
const NO_OBJECTIVE_C: &str = "The 'print-object' command requires an argument (an Objective-C object)";

/// The commands of this file.
pub(crate) const COMMANDS: &[Spec] = &[
    quiet("overlay auto"),
    quiet("overlay manual"),
    quiet("overlay off"),
    says("overlay list-overlays", "No sections are mapped."),
    fails("overlay load-target", "This target does not know how to read its overlay state."),
    fails("overlay map-overlay", NO_OVERLAYS),
    fails("overlay unmap-overlay", NO_OVERLAYS),
    fails("memory-tag check", NO_TAGS),
    fails("memory-tag print-allocation-tag", NO_TAGS),
    fails("memory-tag print-logical-tag", NO_TAGS),
    fails("memory-tag set-allocation-tag", NO_TAGS),
    fails("memory-tag with-logical-tag", NO_TAGS),
    wants("mem", "Argument required (No mem).").given(Quiet),
    quiet("delete mem").given(Quiet),
    quiet("disable mem").given(Quiet),
    quiet("enable mem").given(Quiet),
    says("info mem", "Using memory regions provided by the target.\nThere are no memory regions defined."),
    says("info classes", "No classes matching \"*\""),
    says("info selectors", "No selectors matching \"*\""),
    fails("info common", "No frame selected"),
    says("info exceptions", "All defined Ada exceptions:"),
    says("info module functions", "All functions in all modules:"),
    says("info module variables", "All variables in all modules:"),
    wants("info vtbl", "Argument required (expression to compute)."),
    wants("print-object", NO_OBJECTIVE_C),
    wants("set mpx bound", "missing index"),
    wants("dump ihex memory", "Missing filename."),
    wants("dump ihex value", "Missing filename."),
    wants("dump srec memory", "Missing filename."),
    wants("dump srec value", "Missing filename."),
    wants("dump tekhex memory", "Missing filename."),
    wants("dump tekhex value", "Missing filename."),
    wants("dump verilog memory", "Missing filename."),
    wants("dump verilog value", "Missing filename."),
    wants("save gdb-index", "usage: save gdb-index [-dwarf-5] DIRECTORY"),
];
