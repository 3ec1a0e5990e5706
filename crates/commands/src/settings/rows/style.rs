//! `set style ...`: colours.

use super::super::look::{COLOURS, INTENSITIES};
use crate::settings::kind::Kind::{Bool, Enum};
use crate::settings::{Setting, Show};

/// Nothing is shown in this style.
const IGNORED: bool = true;

/// The three settings of one kind of text. `IGNORED` after them says that kdive has no text of that kind.
macro_rules! style {
    ($group:literal, $shown:literal, $what:literal, $background:literal, $foreground:literal, $intensity:literal) => {
        style!($group, $shown, $what, $background, $foreground, $intensity, false)
    };
    ($group:literal, $shown:literal, $what:literal, $background:literal, $foreground:literal, $intensity:literal, $ignored:expr) => {
        &[
            Setting {
                ignored: $ignored,
                ..Setting::new(
                    concat!("style ", $group, " background"),
                    Enum(COLOURS),
                    $background,
                    concat!("the background colour of ", $what),
                    concat!("The \"", $shown, "\" style background color is: {}"),
                )
            },
            Setting {
                ignored: $ignored,
                ..Setting::new(
                    concat!("style ", $group, " foreground"),
                    Enum(COLOURS),
                    $foreground,
                    concat!("the colour of ", $what),
                    concat!("The \"", $shown, "\" style foreground color is: {}"),
                )
            },
            Setting {
                ignored: $ignored,
                ..Setting::new(
                    concat!("style ", $group, " intensity"),
                    Enum(INTENSITIES),
                    $intensity,
                    concat!("the brightness of ", $what),
                    concat!("The \"", $shown, "\" style display intensity is: {}"),
                )
            },
        ]
    };
}

/// The settings that are about no one kind of text.
pub(super) const ROWS: &[Setting] = &[
    Setting::new("style enabled", Bool, "on", "whether output is coloured", "")
        .show(Show::OnOff("CLI output styling is enabled.", "CLI output styling is disabled.")),
    Setting::new("style sources", Bool, "on", "whether source lines are coloured", "")
        .show(Show::OnOff("Source code styling is enabled.", "Source code styling is disabled."))
        .ignored(),
    Setting::new("style disassembler enabled", Bool, "on", "whether disassembly is coloured", "")
        .show(Show::OnOff(
            "Disassembler output styling is enabled.",
            "Disassembler output styling is disabled.",
        ))
        .ignored(),
];

/// `set style address`.
pub(super) const ADDRESS: &[Setting] = style!("address", "address", "addresses", "none", "blue", "normal");
/// `set style filename`.
pub(super) const FILENAME: &[Setting] =
    style!("filename", "filename", "file names", "none", "green", "normal");
/// `set style function`.
pub(super) const FUNCTION: &[Setting] =
    style!("function", "function", "function names", "none", "yellow", "normal");
/// `set style highlight`.
pub(super) const HIGHLIGHT: &[Setting] =
    style!("highlight", "highlight", "what a search found", "none", "red", "normal");
/// `set style metadata`.
pub(super) const METADATA: &[Setting] =
    style!("metadata", "metadata", "remarks about values", "none", "none", "dim");
/// `set style title`.
pub(super) const TITLE: &[Setting] = style!("title", "title", "titles", "none", "none", "bold");
/// `set style variable`.
pub(super) const VARIABLE: &[Setting] =
    style!("variable", "variable", "variable names", "none", "cyan", "normal");
/// `set style version`.
pub(super) const VERSION: &[Setting] =
    style!("version", "version", "the version", "none", "magenta", "bold", IGNORED);
/// `set style disassembler comment`.
pub(super) const DISASSEMBLER_COMMENT: &[Setting] =
    style!("disassembler comment", "comment", "comments in disassembly", "none", "white", "dim", IGNORED);
/// `set style disassembler immediate`.
pub(super) const DISASSEMBLER_IMMEDIATE: &[Setting] = style!(
    "disassembler immediate",
    "immediate",
    "numbers in disassembly",
    "none",
    "blue",
    "normal",
    IGNORED
);
/// `set style disassembler mnemonic`.
pub(super) const DISASSEMBLER_MNEMONIC: &[Setting] = style!(
    "disassembler mnemonic",
    "mnemonic",
    "mnemonics in disassembly",
    "none",
    "green",
    "normal",
    IGNORED
);
/// `set style disassembler register`.
pub(super) const DISASSEMBLER_REGISTER: &[Setting] =
    style!("disassembler register", "register", "registers in disassembly", "none", "red", "normal", IGNORED);
