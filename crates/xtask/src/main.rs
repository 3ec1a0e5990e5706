//! Project tasks, run as `cargo xtask TASK`.
//!
//! Everything here prepares, runs or compares; nothing of it is part of the debugger. A task names no crate of
//! the workspace: it starts the finished binary as a user would.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the tasks talk to a terminal")]

mod audit;
mod bench;
mod cargo;
mod child;
mod cpio;
mod debs;
mod debugger;
mod demo;
mod distribution;
mod gdb_suite;
mod guest;
mod host;
mod initrd;
mod kbuild;
mod kgdb;
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

  guest [SERIES]        prepare the guest: kernel, debug symbols, modules, initramfs;
                        SERIES is one that Debian carries beside its own, such as 6.12, or kgdb: a small
                        kernel with its own stub, lockdep and frame pointers, built from Debian's sources
  demo [OPTIONS]        prepare it, boot it stopped at reset and open kdive on it;
                        without a terminal: play the walk-through and say whether it went as it should
      --kernel FILE       bzImage to boot            (default: Debian's cloud kernel)
      --vmlinux FILE      its vmlinux with DWARF
      --initrd FILE       initramfs to boot with
      --append WORDS      further words for the kernel command line
      --debugger FILE     use this program instead of a kdive built here
  test [ARGS]           prepare it, then run every test and the parity scripts; ARGS go to the test runner
  test-kgdb             prepare the guest with kgdb, then run the tests and the parity scripts that need it
  parity [NAME...]      run gdb and kdive on tests/parity/NAME.gdb and compare what they say
      --guest SERIES      on the kernel of this series, such as 6.12
      --debugger FILE     compare this program with gdb instead of a kdive built here
  audit [OPTIONS]       ask gdb and kdive the same random questions about vmlinux, modules and small programs
                        and compare the answers
      --count N           questions of each kind       (default: as many as the kind needs)
      --seed N            what the samples depend on   (default: 1)
      --only KIND         addresses, functions, lines, layouts, names, values, locals or frames; may be repeated
      --part PART         vmlinux, modules or programs; may be repeated
      --write             put the figures into docs/gdb-compat.md
      --guest SERIES      also on the kernel of this series, such as 6.12; may be repeated
      --debugger FILE     compare this program with gdb instead of a kdive built here
  bench [OPTIONS]       measure kdive, gdb and drgn on the same work; write docs/performance.md
      --repetitions N     how often everything is measured (default: 5)
      --guest SERIES      also on the kernel of this series, such as 6.12
      --only-kdive        measure only kdive and write nothing
      --debugger FILE     measure this kdive instead of a release build
  gdb-suite [--mi] [NAME...]
                        run files of gdb's own testsuite and compare the counts with gdb's
      --mi                files of gdb.mi, the protocol of editors
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

/// The arguments of a task that runs scripts by name.
#[derive(Default)]
struct Named {
    /// The debugger, unless a kdive is to be built.
    debugger: Option<PathBuf>,
    /// The series of the guest's kernel, unless the usual one.
    series: Option<String>,
    /// Files of gdb.mi rather than gdb.base.
    mi: bool,
    /// The names.
    names: Vec<String>,
}

fn named(args: &mut lexopt::Parser) -> Result<Named> {
    let mut named = Named::default();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("debugger") => named.debugger = Some(std::fs::canonicalize(args.value()?)?),
            lexopt::Arg::Long("guest") => named.series = Some(args.value()?.string()?),
            lexopt::Arg::Long("mi") => named.mi = true,
            lexopt::Arg::Value(name) => named.names.push(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(named)
}

/// The arguments of the audit, with the debugger if one is given.
fn audit_options(args: &mut lexopt::Parser) -> Result<(Option<PathBuf>, audit::Options)> {
    let mut options = audit::Options {
        count: None,
        seed: 1,
        only: Vec::new(),
        parts: Vec::new(),
        write: false,
        series: Vec::new(),
    };
    let mut debugger = None;
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("debugger") => debugger = Some(std::fs::canonicalize(args.value()?)?),
            lexopt::Arg::Long("count") => options.count = Some(args.value()?.parse()?),
            lexopt::Arg::Long("seed") => options.seed = args.value()?.parse()?,
            lexopt::Arg::Long("write") => options.write = true,
            lexopt::Arg::Long("guest") => options.series.push(args.value()?.string()?),
            lexopt::Arg::Long("only") => {
                options
                    .only
                    .push(args.value()?.parse_with(|name| audit::Kind::parse(name).ok_or("no such kind"))?);
            }
            lexopt::Arg::Long("part") => {
                options
                    .parts
                    .push(args.value()?.parse_with(|name| audit::Part::parse(name).ok_or("no such part"))?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok((debugger, options))
}

/// The arguments of the benchmark, with the debugger if one is given.
fn bench_options(args: &mut lexopt::Parser) -> Result<(Option<PathBuf>, bench::Options)> {
    let mut options = bench::Options { repetitions: 5, series: Vec::new(), only_kdive: false };
    let mut debugger = None;
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("debugger") => debugger = Some(std::fs::canonicalize(args.value()?)?),
            lexopt::Arg::Long("repetitions") => options.repetitions = args.value()?.parse()?,
            lexopt::Arg::Long("guest") => options.series.push(args.value()?.string()?),
            lexopt::Arg::Long("only-kdive") => options.only_kdive = true,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok((debugger, options))
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
            let series = match args.next()? {
                Some(lexopt::Arg::Value(series)) => Some(series.string()?),
                Some(other) => return Err(other.unexpected().into()),
                None => None,
            };
            let guest = guest::prepare(series.as_deref())?;
            println!("{}", guest.dir().display());
            Ok(ExitCode::SUCCESS)
        }
        "parity" => {
            let Named { debugger, series, names, .. } = named(&mut args)?;
            let signals = signals::Signals::listen()?;
            let subject = debugger::Subject::from(&guest::prepare(series.as_deref())?);
            let debugger = debugger.map_or_else(cargo::kdive, Ok)?;
            Ok(exit_code(parity::run(&subject, &debugger, &names, &signals)?))
        }
        "audit" => {
            let (debugger, options) = audit_options(&mut args)?;
            let signals = signals::Signals::listen()?;
            let guests =
                std::iter::once(None).chain(options.series.iter().map(|series| Some(series.as_str())));
            let guests = guests.map(guest::prepare).collect::<Result<Vec<_>>>()?;
            let debugger = debugger.map_or_else(cargo::kdive, Ok)?;
            Ok(exit_code(audit::run(&guests, &debugger, &options, &signals)?))
        }
        "bench" => {
            let (debugger, options) = bench_options(&mut args)?;
            let signals = signals::Signals::listen()?;
            let debugger = debugger.map_or_else(cargo::released_kdive, Ok)?;
            bench::run(&debugger, &options, &signals)?;
            Ok(ExitCode::SUCCESS)
        }
        "gdb-suite" => {
            let Named { debugger, names, mi, .. } = named(&mut args)?;
            let signals = signals::Signals::listen()?;
            let debugger = debugger.map_or_else(cargo::kdive, Ok)?;
            let part = if mi { gdb_suite::Part::Mi } else { gdb_suite::Part::Base };
            Ok(exit_code(gdb_suite::run(part, &debugger, &names, &signals)?))
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
        "test-kgdb" => Ok(exit_code(test::run_kgdb(&signals::Signals::listen()?)?)),
        "help" => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("no task `{other}`; `cargo xtask help` lists them"),
    }
}
