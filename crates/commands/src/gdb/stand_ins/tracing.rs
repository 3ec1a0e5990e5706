//! Tracepoints, recording and going backwards.

use super::Answer::{Block, Fails};
use super::{fails, needs_target, quiet, says, wants, warns};
use crate::spec::Spec;

const NO_RECORD: &str =
    "No recording is currently active.\nUse the \"record full\" or \"record btrace\" command first.";
const NOT_RUN: &str = "The program is not being run.";
const NO_RECORD_RUN: &str = "Process record: the program is not being run.";

/// The commands of this file.
pub(crate) const COMMANDS: &[Spec] = &[
    super::stand_in("actions", Block, Block),
    quiet("delete tracepoints").also(&["delete tr"]),
    quiet("delete tvariable"),
    fails("collect", "This command can only be used in a tracepoint actions list."),
    fails("teval", "This command can only be used in a tracepoint actions list."),
    fails("while-stepping", "This command can only be used in a tracepoint actions list.")
        .also(&["stepping", "ws"]),
    wants("ftrace", "No default breakpoint address now."),
    wants("strace", "No default breakpoint address now."),
    wants("trace", "No default breakpoint address now.").also(&["tp", "tr", "tra", "trac"]),
    wants("passcount", "passcount command requires an argument (count + optional TP num)"),
    wants("tvariable", "Argument required (Syntax is $NAME [ = EXPR ])."),
    says("info tracepoints", "No tracepoints.").also(&["info tp"]),
    says("info tvariables", "No trace state variables."),
    fails("info static-tracepoint-markers", "You can't do that when your target is `exec'"),
    fails("tdump", "No current trace frame."),
    says("tfind", "No trace frame found"),
    says("tfind end", "No longer looking at any trace frame").also(&["tfind none"]),
    fails("tfind line", "No registers."),
    says("tfind outside", "Usage: tfind outside STARTADDR, ENDADDR"),
    fails("tfind pc", "No registers."),
    says("tfind range", "Usage: tfind range STARTADDR, ENDADDR"),
    says("tfind start", "No trace frame found"),
    fails("tfind tracepoint", "No current tracepoint -- please supply an argument."),
    wants("tsave", "Argument required (file in which to save trace data)."),
    wants("save tracepoints", "Argument required (file name in which to save)"),
    fails("tstart", "No tracepoints defined, not starting trace"),
    fails("tstop", "Trace is not running."),
    says("tstatus", "Trace can not be run on this target."),
    needs_target("record", NO_RECORD_RUN).also(&["rec"]),
    needs_target("record full", NO_RECORD_RUN),
    needs_target("record full restore", NO_RECORD_RUN),
    needs_target("record btrace", NOT_RUN).also(&["record b"]),
    needs_target("record btrace bts", NOT_RUN).also(&["record bts"]),
    needs_target("record btrace pt", NOT_RUN).also(&["record pt"]),
    fails("record delete", NO_RECORD).also(&["record del", "record d"]),
    fails("record function-call-history", NO_RECORD),
    wants("record goto", "Command requires an argument (insn number to go to).").given(Fails(NO_RECORD)),
    fails("record goto begin", NO_RECORD).also(&["record goto start"]),
    fails("record goto end", NO_RECORD),
    fails("record instruction-history", NO_RECORD),
    fails("record save", NO_RECORD),
    fails("record stop", NO_RECORD).also(&["record s"]),
    says("info record", "No recording is currently active.").also(&["info rec"]),
    wants("goto-bookmark", "Command requires an argument (bookmark number, '$begin' or '$end').")
        .given(Fails("goto-bookmark: no bookmark found for this number.")),
    fails("bookmark", "target does not support bookmarks."),
    warns("delete bookmark"),
    says("info bookmarks", "No bookmarks."),
    fails("target record-btrace", NOT_RUN),
    fails("target record-core", NO_RECORD_RUN),
    fails("target record-full", NO_RECORD_RUN),
    fails("target ctf", "No CTF directory specified."),
    fails("target tfile", "No trace file specified."),
];
