//! The command table, in help order. A command file is named here and nowhere else.

use crate::spec::Spec;
use crate::{alias, apropos, complete, help, meta, settings, user};

/// Every command, one slice per file.
pub const TABLE: &[&[Spec]] = &[
    meta::prefix::COMMANDS,
    meta::flow::COMMANDS,
    meta::echo::COMMANDS,
    meta::shell::COMMANDS,
    meta::dir::COMMANDS,
    meta::quit::COMMANDS,
    meta::with::COMMANDS,
    meta::show::COMMANDS,
    meta::logging::COMMANDS,
    settings::PATH_COMMANDS,
    user::COMMANDS,
    alias::COMMANDS,
    help::COMMANDS,
    apropos::COMMANDS,
    complete::COMMANDS,
];
