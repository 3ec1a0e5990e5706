//! A child process that never outlives this one.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process;
use crate::signals::Signals;

/// How often a child is looked after.
const TICK: Duration = Duration::from_millis(10);

/// A running child, killed when this is dropped.
pub struct Owned {
    child: Child,
    name: String,
}

impl Owned {
    /// Starts `program` after `prepare` has given it arguments, in a process group of its own when `detached`:
    /// Ctrl-C on the terminal does not reach it then.
    ///
    /// Where util-linux' `setpriv` exists, the kernel kills the child should this process die without a chance
    /// to. That goes by the thread that starts it: let it not end before the child.
    pub fn spawn(program: &str, detached: bool, prepare: impl FnOnce(&mut Command)) -> Result<Self> {
        let mut command = match process::find("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL", "--", program]);
                command
            }
            None => Command::new(program),
        };
        prepare(&mut command);
        if detached {
            command.process_group(0);
        }
        let child = command.spawn().with_context(|| format!("cannot start {program}"))?;
        Ok(Self { child, name: program.to_owned() })
    }

    /// Waits for the end of the child, at most `limit`.
    pub fn wait(&mut self, limit: Duration, signals: &Signals) -> Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            signals.check()?;
            if start.elapsed() > limit {
                bail!("{} did not end within {} seconds", self.name, limit.as_secs());
            }
            thread::sleep(TICK);
        }
    }

    /// Waits for the end of a child that has the terminal: Ctrl-C is its business.
    pub fn wait_in_foreground(&mut self, signals: &Signals) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if signals.terminated() {
                bail!("terminated");
            }
            thread::sleep(TICK);
        }
    }

    /// Waits until `ready` says yes; an error if the child ends first, or after `limit`.
    pub fn wait_until(&mut self, limit: Duration, ready: impl Fn() -> bool) -> Result<()> {
        let start = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended at once ({status})", self.name);
            }
            if start.elapsed() > limit {
                bail!("{} was not ready within {} seconds", self.name, limit.as_secs());
            }
            thread::sleep(TICK);
        }
        Ok(())
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_child_is_gone() {
        let child = Owned::spawn("sleep", true, |command| {
            command.arg("1000");
        })
        .unwrap();
        let proc = format!("/proc/{}", child.child.id());
        assert!(std::path::Path::new(&proc).exists());
        drop(child);
        assert!(!std::path::Path::new(&proc).exists());
    }

    #[test]
    fn a_child_that_takes_too_long_is_an_error() {
        let mut child = Owned::spawn("sleep", true, |command| {
            command.arg("1000");
        })
        .unwrap();
        let error = child.wait(Duration::from_millis(30), &Signals::default()).unwrap_err();
        assert_eq!(error.to_string(), "sleep did not end within 0 seconds");
    }

    #[test]
    fn a_child_that_ends_before_it_is_ready_is_an_error() {
        let mut child = Owned::spawn("false", true, |_| {}).unwrap();
        let error = child.wait_until(Duration::from_secs(10), || false).unwrap_err();
        assert_eq!(error.to_string(), "false ended at once (exit status: 1)");
    }
}
