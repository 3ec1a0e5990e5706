//! Processes that gdb starts and attaches to, their libraries, and targets that are not stubs.

use super::Answer::{Fails, Quiet};
use super::{fails, needs_target, quiet, says, wants, warns};
use crate::spec::Spec;

const NO_PROCESS: &str = "No current process: you must name one.";

/// The commands of this file.
pub(crate) const COMMANDS: &[Spec] = &[
    warns("add-inferior"),
    warns("clone-inferior"),
    wants("remove-inferiors", "Requires an argument (inferior id(s) to remove)"),
    wants("kill inferiors", "Requires argument (inferior id(s) to kill)"),
    wants("detach inferiors", "Requires argument (inferior id(s) to detach)"),
    wants("attach", "Argument required (process-id to attach).")
        .given(Fails("ptrace: Operation not permitted.")),
    needs_target("checkpoint", "The program is not being run."),
    wants("delete checkpoint", "Requires argument (checkpoint id to delete)"),
    wants("detach checkpoint", "Requires argument (checkpoint id to detach)"),
    wants("restart", "Requires argument (checkpoint id to restart)"),
    says("info checkpoints", "No checkpoints."),
    fails("generate-core-file", "You can't do that without a process to debug.").also(&["gcore"]),
    fails("target native", "Don't know how to run.  Try \"help target\"."),
    quiet("nosharedlibrary"),
    quiet("sharedlibrary").given(Quiet),
    says("info terminal", "No saved terminal information."),
    fails("info proc", NO_PROCESS),
    fails("info proc all", NO_PROCESS),
    fails("info proc cmdline", NO_PROCESS),
    fails("info proc cwd", NO_PROCESS),
    fails("info proc exe", NO_PROCESS),
    fails("info proc files", NO_PROCESS),
    fails("info proc mappings", NO_PROCESS),
    fails("info proc stat", NO_PROCESS),
    fails("info proc status", NO_PROCESS),
    warns("info os"),
    wants("remote delete", "Argument required (file to delete)."),
    wants("remote get", "Argument required (file to get)."),
    wants("remote put", "Argument required (file to put)."),
    warns("unset exec-wrapper"),
    needs_target("load", "You can't do that when your target is `exec'"),
    wants("add-symbol-file-from-memory", "add-symbol-file-from-memory requires an expression argument"),
    wants("section", "Must specify section name and its virtual address"),
    fails("agent-printf", "May only run agent-printf on the target"),
    fails("break-range", "This target does not support hardware ranged breakpoints."),
    says("flash-erase", "No flash memory regions found."),
    warns("catch catch"),
    warns("catch load"),
    warns("catch rethrow"),
    warns("catch throw"),
    warns("catch unload"),
    fails("catch assert", "Unable to insert catchpoint.  Is this an Ada main program?"),
    fails("catch handlers", "Unable to insert catchpoint.  Is this an Ada main program?"),
    says("info probes all", "No probes matched."),
    says("info probes dtrace", "No probes matched."),
    says("info probes stap", "No probes matched."),
    says("info probes", "No probes matched."),
    says("enable probes", "No probes matched."),
    says("disable probes", "No probes matched."),
];
