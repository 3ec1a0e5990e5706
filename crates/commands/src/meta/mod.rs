//! The shell's own commands: those that would make sense without any program to debug.

pub(crate) mod deprecate;
pub(crate) mod dir;
pub(crate) mod echo;
pub(crate) mod flow;
pub(crate) mod logging;
pub(crate) mod prefix;
pub(crate) mod quit;
pub(crate) mod radix;
pub(crate) mod shell;
pub(crate) mod show;
pub(crate) mod with;
