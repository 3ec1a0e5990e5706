//! The command table, in help order. A command file is named here and nowhere else.

use crate::linux::{catch, kernel, log, memory, modules, oops, structures, system, tasks};
use crate::spec::Spec;
use crate::{alias, apropos, complete, gdb, help, meta, settings, user};

/// Every command, one slice per file.
pub const TABLE: &[&[Spec]] = &[
    gdb::files::COMMANDS,
    gdb::data::COMMANDS,
    gdb::convenience::COMMANDS,
    gdb::display::COMMANDS,
    gdb::memory::COMMANDS,
    gdb::registers::COMMANDS,
    gdb::disassemble::COMMANDS,
    gdb::list::COMMANDS,
    gdb::symbols::COMMANDS,
    gdb::why::COMMANDS,
    gdb::run::COMMANDS,
    gdb::break_cmds::COMMANDS,
    gdb::stack::COMMANDS,
    gdb::threads::COMMANDS,
    gdb::remote::COMMANDS,
    kernel::COMMANDS,
    log::COMMANDS,
    modules::COMMANDS,
    catch::COMMANDS,
    memory::COMMANDS,
    structures::COMMANDS,
    system::COMMANDS,
    oops::COMMANDS,
    tasks::COMMANDS,
    meta::prefix::COMMANDS,
    meta::flow::COMMANDS,
    meta::echo::COMMANDS,
    meta::shell::COMMANDS,
    meta::dir::COMMANDS,
    meta::quit::COMMANDS,
    meta::with::COMMANDS,
    meta::show::COMMANDS,
    meta::logging::COMMANDS,
    meta::radix::COMMANDS,
    settings::PATH_COMMANDS,
    user::COMMANDS,
    alias::COMMANDS,
    help::COMMANDS,
    apropos::COMMANDS,
    complete::COMMANDS,
];
