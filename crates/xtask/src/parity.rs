//! `cargo xtask parity`: gdb and kdive on the same script and on identical boots; every difference is either
//! listed with its reason or a failure.

pub mod accepted;
pub mod diff;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::debugger::{self, Outcome, Subject};
use crate::script::{self, Script};
use crate::signals::Signals;
use crate::{host, kgdb, paths, process};

/// How many lines of a difference are shown; the files hold the rest.
const SHOWN: usize = 40;

/// How often a script is compared at most. Two boots with counted time are the same nearly always: what the host does to QEMU's
/// threads can still move a timer between two instructions, and with it the kernel's random numbers and every stack.
const ATTEMPTS: u32 = 3;

/// How often gdb plays a script in which kdive differs once more, to see whether boots are the same at all.
const CONTROLS: u32 = 2;

/// What one script came to.
struct Verdict {
    /// What is wrong, ready to be shown; empty if nothing is.
    complaint: String,
    /// The number of accepted differences met.
    accepted: usize,
}

/// Compares `debugger` with gdb on the named scripts, or on all. True if nothing unexpected was found.
pub fn run(subject: &Subject, debugger: &Path, names: &[String], signals: &Signals) -> Result<bool> {
    host::ensure(host::PARITY)?;
    let gdb = process::find("gdb").context("no gdb on PATH")?;
    let mut scripts = script::select(&paths::root().join("tests/parity"), names)?;
    if scripts.is_empty() {
        bail!("no script in tests/parity");
    }
    let with_kgdb = kgdb::existing().as_ref().map(Subject::from);
    if with_kgdb.is_none() {
        for script in scripts.extract_if(.., |script| script.kgdb.is_some()) {
            let name = script.name;
            println!("parity: {name} is skipped: no kernel with kgdb; `cargo xtask test-kgdb` builds one");
        }
    }
    let mut failed = Vec::new();
    for script in &scripts {
        signals.check()?;
        let subject = with_kgdb.as_ref().filter(|_| script.kgdb.is_some()).unwrap_or(subject);
        let (verdict, attempts) = attempts(&gdb, debugger, script, subject, signals)
            .unwrap_or_else(|error| (Verdict { complaint: format!("  {error:#}\n"), accepted: 0 }, 1));
        signals.check()?;
        if verdict.complaint.is_empty() {
            let accepted = match verdict.accepted {
                0 => String::new(),
                1 => " (1 accepted difference)".to_owned(),
                n => format!(" ({n} accepted differences)"),
            };
            let again = if attempts == 1 { "" } else { ", once gdb's boots were the same" };
            println!("parity: {} is equal{accepted}{again}", script.name);
        } else {
            println!("parity: {} DIFFERS\n{}", script.name, verdict.complaint);
            failed.push(script.name.as_str());
        }
    }
    println!("parity: {} of {} scripts are equal", scripts.len() - failed.len(), scripts.len());
    if !failed.is_empty() {
        println!("parity: look at {}", failed.join(" "));
    }
    Ok(failed.is_empty())
}

/// Compares, and again only when gdb itself differed between two boots: then the boots were not the same, and the difference says
/// nothing about kdive. The verdict and the number of attempts.
fn attempts(
    gdb: &Path,
    kdive: &Path,
    script: &Script,
    subject: &Subject,
    signals: &Signals,
) -> Result<(Verdict, u32)> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let (mut verdict, said) = compare(gdb, kdive, script, subject, signals)?;
        if verdict.complaint.is_empty() || script.program.is_some() {
            return Ok((verdict, attempt));
        }
        if !gdb_differs(gdb, &said, script, subject, signals)? {
            return Ok((verdict, attempt));
        }
        if attempt == ATTEMPTS {
            verdict.complaint.push_str("  gdb differs from gdb as well: no two boots are the same\n");
            return Ok((verdict, attempt));
        }
    }
}

/// Whether gdb says something else on a further boot of the script than what it `said`.
fn gdb_differs(
    gdb: &Path,
    said: &str,
    script: &Script,
    subject: &Subject,
    signals: &Signals,
) -> Result<bool> {
    let directory = paths::target().join("parity").join(&script.name).join("again");
    for _ in 0..CONTROLS {
        let again = debugger::run(gdb, &[], script, subject, None, &directory, signals)?;
        if again.text != said {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The verdict on one run of both, and what gdb said.
fn compare(
    gdb: &Path,
    kdive: &Path,
    script: &Script,
    subject: &Subject,
    signals: &Signals,
) -> Result<(Verdict, String)> {
    let directory = paths::target().join("parity").join(&script.name);
    let program = match &script.program {
        Some(program) => Some(debugger::compile(program, &directory.join("program"))?),
        None => None,
    };
    let side = |debugger: &Path, before: &[&str], name: &str| -> Result<Outcome> {
        let directory = directory.join(name);
        debugger::run(debugger, before, script, subject, program.as_deref(), &directory, signals)
            .with_context(|| format!("{name} side"))
    };
    // Both at once: neither knows of the other, and the machine has more than one CPU.
    let (left, right) = thread::scope(|scope| {
        // Names of one length: the path of a native program lies on its stack and moves every address there.
        let left = scope.spawn(|| side(gdb, &[], "gdb13"));
        // A boot in which kdive stops to look where the kernel is does not go on as one in which it does not; and stacks end
        // where gdb thinks they do.
        let right = side(kdive, &["set kaslr off", "set unwinder gdb"], "kdive");
        (left.join(), right)
    });
    let left = left.map_err(|_| anyhow::anyhow!("the gdb side panicked"))??;
    let right = right?;
    let verdict = judge(script, &left, &right, &directory)?;
    Ok((verdict, left.text))
}

fn judge(script: &Script, left: &Outcome, right: &Outcome, directory: &Path) -> Result<Verdict> {
    let file = accepted_file(&script.name);
    let accepted = if file.exists() {
        accepted::parse(&fs::read_to_string(&file)?).with_context(|| file.display().to_string())?
    } else {
        Vec::new()
    };
    let hunks = diff::hunks(&left.text, &right.text);
    let mut used = vec![false; accepted.len()];
    let mut complaint = String::new();
    let mut unexpected = Vec::new();
    for hunk in &hunks {
        match accepted.iter().position(|accepted| accepted.matches(hunk)) {
            Some(index) => used[index] = true,
            None => unexpected.push(hunk),
        }
    }
    if !unexpected.is_empty() {
        let text = show(&unexpected, &left.text);
        let lines = text.lines().count();
        for line in text.lines().take(SHOWN) {
            complaint.push_str(&format!("  {line}\n"));
        }
        if lines > SHOWN {
            complaint.push_str(&format!("  ... and {} lines more\n", lines - SHOWN));
        }
        let shown = directory.display();
        complaint.push_str(&format!("  diff -u {shown}/gdb13/output.txt {shown}/kdive/output.txt\n"));
    }
    if left.status.code() != right.status.code() {
        complaint.push_str(&format!("  gdb ends with {}, kdive with {}\n", left.status, right.status));
    }
    for (accepted, _) in accepted.iter().zip(&used).filter(|(_, used)| !**used) {
        complaint.push_str(&format!(
            "  {}:{}: no longer differs; remove it\n",
            file.display(),
            accepted.line
        ));
    }
    Ok(Verdict { complaint, accepted: hunks.len() - unexpected.len() })
}

fn accepted_file(name: &str) -> PathBuf {
    paths::root().join("tests/parity").join(format!("{name}.diff-ok"))
}

/// The hunks, each under the command whose answer it is in.
fn show(hunks: &[&diff::Hunk<'_>], left: &str) -> String {
    let lines: Vec<&str> = left.lines().collect();
    let mut text = String::new();
    let mut last = None;
    for hunk in hunks {
        let command = lines.iter().take(hunk.at).rposition(|line| line.starts_with(script::MARK));
        if let Some(command) = command
            && last != Some(command)
        {
            text.push_str(&format!("{}\n", lines[command]));
            last = Some(command);
        }
        for line in &hunk.left {
            text.push_str(&format!("-{line}\n"));
        }
        for line in &hunk.right {
            text.push_str(&format!("+{line}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_under_its_command() {
        let left = "@ print 1\n$1 = 1\n@ print 2\n$2 = 2\n";
        let right = "@ print 1\n$1 = 1\n@ print 2\n$2 = 0x2\n";
        let hunks = diff::hunks(left, right);
        let hunks: Vec<_> = hunks.iter().collect();
        assert_eq!(show(&hunks, left), "@ print 2\n-$2 = 2\n+$2 = 0x2\n");
    }
}
