//! `cargo xtask demo`: kdive on a guest stopped at reset; without a terminal, the walk-through with its answers
//! checked.

use std::ffi::OsString;
use std::io::{IsTerminal, stdin, stdout};
use std::path::{Path, PathBuf};
use std::{fs, thread};

use anyhow::{Context, Result, anyhow, bail};

use crate::cargo;
use crate::child::Owned;
use crate::debugger::{self, Subject};
use crate::script::{self, Command};
use crate::signals::Signals;
use crate::{guest, host, paths, qemu};

/// What the user brings, if anything.
#[derive(Debug, Default)]
pub struct Options {
    /// `--kernel`
    pub kernel: Option<PathBuf>,
    /// `--vmlinux`
    pub vmlinux: Option<PathBuf>,
    /// `--initrd`
    pub initrd: Option<PathBuf>,
    /// `--append`
    pub append: String,
    /// `--debugger`: what is run instead of a kdive built here.
    pub debugger: Option<PathBuf>,
}

/// Prepares everything and runs the demo. True if it went as it should.
pub fn run(mut options: Options, signals: &Signals) -> Result<bool> {
    let debugger = options.debugger.take();
    let own_kernel = options.kernel.is_some();
    // The guest's packages come over the network while the compiler works.
    let (subject, kdive) = thread::scope(|scope| {
        let kdive = scope.spawn(|| match debugger {
            Some(debugger) => Ok(fs::canonicalize(debugger)?),
            None => cargo::kdive(),
        });
        (subject(options), kdive.join())
    });
    let kdive = kdive.map_err(|_| anyhow!("the build panicked"))??;
    let subject = subject?;
    let directory = paths::target().join("demo");
    if stdin().is_terminal() && stdout().is_terminal() {
        interactive(&kdive, &subject, own_kernel, &directory, signals)
    } else {
        play(&kdive, &subject, own_kernel, &directory, signals)
    }
}

fn subject(options: Options) -> Result<Subject> {
    let absolute = |path: PathBuf| -> Result<PathBuf> {
        fs::canonicalize(&path).with_context(|| format!("cannot find {}", path.display()))
    };
    let Options { kernel, vmlinux, initrd, append, debugger: _ } = options;
    let mut subject = match kernel {
        Some(kernel) => {
            host::ensure(host::QEMU)?;
            let (vmlinux, initrd) = (vmlinux.map(absolute), initrd.map(absolute));
            Subject {
                kernel: absolute(kernel)?,
                vmlinux: vmlinux.transpose()?,
                initrd: initrd.transpose()?,
                modules: None,
                append: String::new(),
            }
        }
        None => {
            if vmlinux.is_some() {
                bail!("--vmlinux without --kernel: the kernel that runs and its symbols belong together");
            }
            let mut subject = Subject::from(&guest::prepare(None)?);
            if let Some(initrd) = initrd {
                subject.initrd = Some(absolute(initrd)?);
            }
            subject
        }
    };
    subject.append = append;
    Ok(subject)
}

fn interactive(
    kdive: &Path,
    subject: &Subject,
    own_kernel: bool,
    directory: &Path,
    signals: &Signals,
) -> Result<bool> {
    subject.lay_out(directory)?;
    let append = if own_kernel { "" } else { "kdive.insmod=poc" };
    let machine = subject.boot(append, 1, qemu::Timing::Real).start(directory)?;
    println!(
        "\n\
         A guest is stopped at its first instruction. Its console: {}\n\
         Try    hbreak start_kernel    continue    next    print init_task.comm    backtrace",
        directory.join(qemu::CONSOLE).display()
    );
    if !own_kernel {
        println!("and    break hello_init       continue    next    next    print ts->comm");
    }
    println!("Leave with quit; the guest ends with it.\n");
    let mut arguments: Vec<OsString> = vec!["-q".into()];
    if subject.modules.is_some() {
        arguments.extend(["--module-path".into(), "modules".into()]);
    }
    arguments.extend(["-ex".into(), format!("target remote {}", qemu::SOCKET).into()]);
    arguments.extend(subject.vmlinux.iter().map(|_| "vmlinux".into()));
    let mut child = Owned::spawn(&kdive.to_string_lossy(), false, |command| {
        command.current_dir(directory).args(arguments);
    })?;
    let status = child.wait_in_foreground(signals)?;
    drop(machine);
    Ok(status.success())
}

/// Plays the scripts of the walk-through, each on a guest of its own.
fn play(
    kdive: &Path,
    subject: &Subject,
    own_kernel: bool,
    directory: &Path,
    signals: &Signals,
) -> Result<bool> {
    let mut scripts = script::select(&paths::root().join("tests/guest/walkthrough"), &[])?;
    if own_kernel {
        // The others are about our own modules.
        scripts.truncate(1);
    }
    let (mut right, mut wrong) = (0, 0);
    for script in &mut scripts {
        // One failing answer does not hide the next.
        script.lines = true;
        if subject.vmlinux.is_none() {
            script.symbols = None;
        }
        let directory = directory.join(&script.name);
        let outcome = debugger::run(kdive, &[], script, subject, None, &directory, signals)?;
        print!("{}", outcome.text);
        for complaint in check(&script.commands, &outcome.text) {
            println!("demo: {}: {complaint}", script.name);
            wrong += 1;
        }
        right += script.commands.iter().map(|command| command.answers.len()).sum::<usize>();
    }
    println!("demo: {} of {right} lines as expected", right - wrong);
    Ok(wrong == 0)
}

/// One complaint for every line that `commands` want and `text` lacks.
fn check(commands: &[Command], text: &str) -> Vec<String> {
    let mut lines = text.lines().peekable();
    let mut complaints = Vec::new();
    for command in commands {
        let announcement = command.announcement();
        // An answer that ends without a newline has the next announcement at its end.
        while lines.next_if(|line| !line.ends_with(&announcement)).is_some() {}
        if lines.next().is_none() {
            complaints.extend(command.answers.iter().map(|_| format!("`{announcement}` was never reached")));
            continue;
        }
        let mut answer = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.contains(script::MARK)) {
            answer.push(line);
        }
        let mut rest = answer.as_slice();
        for wanted in &command.answers {
            match rest.iter().position(|line| wanted.is_match(line)) {
                Some(at) => rest = rest.get(at + 1..).unwrap_or_default(),
                None => complaints.push(format!("`{announcement}` was not answered with {wanted}")),
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Script;

    fn complaints(script: &str, text: &str) -> Vec<String> {
        check(&Script::parse("x", script).unwrap().commands, text)
    }

    const SCRIPT: &str = "print 1\n#= $1 = 1\nbacktrace\n#= #0 {{.*}}\n#= #1 {{.*}}\n";

    #[test]
    fn expected_lines_in_order_are_right() {
        assert_eq!(complaints(SCRIPT, "@ print 1\n$1 = 1\n@ backtrace\n#0 a\nmore\n#1 b\n"), [""; 0]);
    }

    #[test]
    fn a_line_in_the_answer_to_another_command_does_not_count() {
        let complaints = complaints(SCRIPT, "@ print 1\n@ backtrace\n$1 = 1\n#1 b\n#0 a\n");
        assert_eq!(
            complaints,
            [
                r"`@ print 1` was not answered with ^\$1 = 1$",
                r"`@ backtrace` was not answered with ^\#1 (?:.*)$",
            ]
        );
    }

    #[test]
    fn a_command_that_was_not_reached_is_wrong_in_every_line() {
        assert_eq!(complaints(SCRIPT, "@ print 1\n$1 = 1\n").len(), 2);
    }
}
