//! The rows of the table of settings, a file per topic.

mod charset;
mod code;
mod files;
mod ignored;
mod interface;
pub(crate) mod packets;
mod print;
mod remote;
mod run;
mod style;

use super::Setting;

/// Every setting.
pub(super) const TABLE: &[&[Setting]] = &[
    print::ROWS,
    charset::ROWS,
    code::ROWS,
    files::ROWS,
    run::ROWS,
    remote::ROWS,
    packets::ROWS,
    packets::NEVER_SENT,
    interface::ROWS,
    style::ROWS,
    style::ADDRESS,
    style::FILENAME,
    style::FUNCTION,
    style::HIGHLIGHT,
    style::METADATA,
    style::TITLE,
    style::VARIABLE,
    style::VERSION,
    style::DISASSEMBLER_COMMENT,
    style::DISASSEMBLER_IMMEDIATE,
    style::DISASSEMBLER_MNEMONIC,
    style::DISASSEMBLER_REGISTER,
    ignored::ROWS,
];
