//! Project tasks, run as `cargo xtask TASK`.
//!
//! Everything here prepares, runs or compares; nothing of it is part of the debugger. A task names no crate of
//! the workspace: it starts the finished binary as a user would.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the tasks talk to a terminal")]

mod cargo;
mod child;
mod cpio;
mod debs;
mod debugger;
mod demo;
mod gdb_suite;
mod guest;
mod host;
mod initrd;
mod kbuild;
mod parity;
mod paths;
mod pattern;
mod process;
mod qemu;
mod script;
mod signals;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::ValueExt;

const USAGE: &str = "\
usage: cargo xtask TASK

  guest                 prepare the guest: kernel, debug symbols, modules, initramfs
  demo [OPTIONS]        prepare it, boot it stopped at reset and open kdive on it;
                        without a terminal: play the walk-through and say whether it went as it should
      --kernel FILE       bzImage to boot            (default: Debian's cloud kernel)
      --vmlinux FILE      its vmlinux with DWARF
      --initrd FILE       initramfs to boot with
      --append WORDS      further words for the kernel command line
      --debugger FILE     use this program instead of a kdive built here
  test [ARGS]           prepare it, then run every test and the parity scripts; ARGS go to the test runner
  parity [NAME...]      run gdb and kdive on tests/parity/NAME.gdb and compare what they say
      --debugger FILE     compare this program with gdb instead of a kdive built here
  gdb-suite [NAME...]   run files of gdb's own testsuite and compare the counts with gdb's
      --debugger FILE     run them with this gdb instead of a kdive built here
  help                  this text
";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The arguments of a task that runs scripts by name, with the debugger given or a kdive built here.
fn debugger_and_names(args: &mut lexopt::Parser) -> Result<(Option<PathBuf>, Vec<String>)> {
    let (mut debugger, mut names) = (None, Vec::new());
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("debugger") => debugger = Some(std::fs::canonicalize(args.value()?)?),
            lexopt::Arg::Value(name) => names.push(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok((debugger, names))
}

fn exit_code(success: bool) -> ExitCode {
    if success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run() -> Result<ExitCode> {
    let mut args = lexopt::Parser::from_env();
    let task = match args.next()? {
        Some(lexopt::Arg::Value(task)) => task.to_string_lossy().into_owned(),
        Some(lexopt::Arg::Long("help") | lexopt::Arg::Short('h')) | None => "help".to_owned(),
        Some(arg) => return Err(arg.unexpected().into()),
    };
    match task.as_str() {
        "guest" => {
            let guest = guest::prepare()?;
            println!("{}", guest.dir().display());
            Ok(ExitCode::SUCCESS)
        }
        "parity" => {
            let (debugger, names) = debugger_and_names(&mut args)?;
            let signals = signals::Signals::listen()?;
            let subject = debugger::Subject::from(&guest::prepare()?);
            let debugger = debugger.map_or_else(cargo::kdive, Ok)?;
            Ok(exit_code(parity::run(&subject, &debugger, &names, &signals)?))
        }
        "gdb-suite" => {
            let (debugger, names) = debugger_and_names(&mut args)?;
            let signals = signals::Signals::listen()?;
            let debugger = debugger.map_or_else(cargo::kdive, Ok)?;
            Ok(exit_code(gdb_suite::run(&debugger, &names, &signals)?))
        }
        "demo" => {
            let mut options = demo::Options::default();
            while let Some(arg) = args.next()? {
                match arg {
                    lexopt::Arg::Long("kernel") => options.kernel = Some(args.value()?.into()),
                    lexopt::Arg::Long("vmlinux") => options.vmlinux = Some(args.value()?.into()),
                    lexopt::Arg::Long("initrd") => options.initrd = Some(args.value()?.into()),
                    lexopt::Arg::Long("debugger") => options.debugger = Some(args.value()?.into()),
                    lexopt::Arg::Long("append") => options.append = args.value()?.string()?,
                    other => return Err(other.unexpected().into()),
                }
            }
            Ok(exit_code(demo::run(options, &signals::Signals::listen()?)?))
        }
        "test" => {
            let arguments: Vec<_> = args.raw_args()?.collect();
            Ok(exit_code(test::run(&arguments, &signals::Signals::listen()?)?))
        }
        "help" => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("no task `{other}`; `cargo xtask help` lists them"),
    }
}
