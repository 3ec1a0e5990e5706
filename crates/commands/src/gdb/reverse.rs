//! `reverse-step` and its kin: kdive runs forwards only, and nearly every target does.

use crate::settings::direction::{NOT_YET, stub_runs_backwards};
use crate::spec::Class;
use crate::{Args, Error, Shell, Spec};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    backwards("reverse-continue", &["rc"], "Continue backwards", &["reverse-continue"]),
    backwards("reverse-finish", &[], "Run backwards to where the function was called", &["reverse-finish"]),
    backwards("reverse-next", &["rn"], "Step backwards by a line, over calls", &["reverse-next"]),
    backwards("reverse-nexti", &["rni"], "Step backwards by an instruction, over calls", &["reverse-nexti"]),
    backwards("reverse-step", &["rs"], "Step backwards by a line", &["reverse-step"]),
    backwards("reverse-stepi", &["rsi"], "Step backwards by an instruction", &["reverse-stepi"]),
];

const fn backwards(
    name: &'static str,
    aliases: &'static [&'static str],
    summary: &'static str,
    examples: &'static [&'static str],
) -> Spec {
    Spec {
        name,
        aliases,
        class: Class::Running,
        summary,
        help: "kdive does not run backwards. gdb does where the stub can: QEMU's does while it\n\
               replays a recording.",
        examples,
        run: refuse,
        ..Spec::EMPTY
    }
}

/// gdb names what kind of target it is that cannot.
fn refuse(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    if stub_runs_backwards(shell) {
        return Err(Error::msg(NOT_YET));
    }
    let target = match shell.session.remote() {
        Some(remote) if remote.is_extended() => "extended-remote",
        Some(_) => "remote",
        None if shell.program().modules.modules().is_empty() => "None",
        None => "exec",
    };
    Err(Error::msg(format!("Target {target} does not support this command.")))
}
