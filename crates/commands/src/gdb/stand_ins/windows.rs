//! gdb's terminal interface, its front ends and its editor.

use super::Answer::Says;
use super::{fails, needs_target, quiet, says, wants};
use crate::spec::Spec;

const NO_TUI: &str = "Cannot enable the TUI when output is not a terminal";

/// The commands of this file.
pub(crate) const COMMANDS: &[Spec] = &[
    fails("tui enable", NO_TUI),
    quiet("tui disable"),
    fails("tui focus", NO_TUI).also(&["focus", "fs"]),
    fails("tui layout asm", NO_TUI).also(&["layout asm"]),
    fails("tui layout next", NO_TUI).also(&["layout next"]),
    fails("tui layout prev", NO_TUI).also(&["layout prev"]),
    fails("tui layout regs", NO_TUI).also(&["layout regs"]),
    fails("tui layout split", NO_TUI).also(&["layout split"]),
    fails("tui layout src", NO_TUI).also(&["layout src"]),
    wants("tui new-layout", "No layout name specified"),
    fails("tui refresh", NO_TUI).also(&["refresh"]),
    says(
        "tui reg",
        "\"tui reg\" must be followed by the name of either a register group,\nor one of 'next' or 'prev'.",
    ),
    fails("tui window height", NO_TUI).also(&["winheight", "wh"]),
    fails("tui window width", NO_TUI).also(&["winwidth"]),
    needs_target("update", "No registers."),
    says("info win", "The TUI is not active."),
    wants("new-ui", "Usage: new-ui INTERPRETER TTY").given(Says("New UI allocated")),
    wants("interpreter-exec", "Argument required (interpreter-exec command)."),
];
