//! A debugger on a pipe, and how long its commands take.
//!
//! A command is written, then an `echo` of a mark; its time ends when the mark arrives. That is the same for every
//! debugger and asks nothing of it but that it reads commands from its standard input. What the mark itself and the
//! pipes cost is measured with nothing before the mark, and subtracted.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::stats;

/// Until a debugger is given up: gdb needs half a minute for some first questions.
const LIMIT: Duration = Duration::from_secs(300);
/// Commands that do nothing, for the cost of the mark.
const EMPTY: usize = 51;

/// A program and what it needs to run.
#[derive(Debug, Clone)]
pub struct Debugger {
    /// What it is called in the report.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Arguments before all others.
    pub arguments: Vec<String>,
    /// Its environment.
    pub environment: Vec<(String, String)>,
}

impl Debugger {
    /// The command that runs it in `directory`, with nothing of the user's settings; what it keeps, it keeps below
    /// `cache`.
    pub fn command(&self, directory: &Path, cache: &Path) -> Command {
        let mut command = Command::new(&self.program);
        crate::debugger::clean_environment(&mut command);
        command.env("XDG_CACHE_HOME", cache).envs(self.environment.iter().cloned());
        command.current_dir(directory).args(&self.arguments);
        command
    }
}

/// A running debugger.
pub struct Session {
    child: Child,
    input: ChildStdin,
    output: Receiver<(Instant, Vec<u8>)>,
    /// What came after the last mark.
    rest: Vec<u8>,
    marks: usize,
    /// Seconds a command that does nothing takes.
    nothing: f64,
}

impl Session {
    /// Starts `debugger` with `arguments`; returns it and the time until it took its first command.
    pub fn start(
        debugger: &Debugger,
        arguments: &[&str],
        directory: &Path,
        cache: &Path,
    ) -> Result<(Self, Duration)> {
        let mut command = debugger.command(directory, cache);
        command.args(["-q", "-nx"]).args(arguments).stdin(Stdio::piped());
        // One pipe for both streams would need more than std has; errors are few, and their text is not needed.
        command.stdout(Stdio::piped()).stderr(fs::File::create(directory.join("errors.txt"))?);
        let start = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot start {}", debugger.name))?;
        let (Some(input), Some(mut pipe)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("no pipes to {}", debugger.name)
        };
        let (sender, output) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                if sender.send((Instant::now(), buffer[..length].to_vec())).is_err() {
                    break;
                }
            }
        });
        let mut session = Self { child, input, output, rest: Vec::new(), marks: 0, nothing: 0.0 };
        for setting in ["prompt", "confirm off", "pagination off", "width 0", "height 0"] {
            session.say(&format!("set {setting}"))?;
        }
        let (_, end) = session.mark()?;
        let taken = end - start;
        let empty = (0..EMPTY)
            .map(|_| session.time("").map(|taken| taken.as_secs_f64()))
            .collect::<Result<Vec<f64>>>()?;
        session.nothing = stats::median(&empty).unwrap_or(0.0);
        Ok((session, taken))
    }

    /// Has a command done and returns what it printed.
    pub fn run(&mut self, command: &str) -> Result<String> {
        self.say(command)?;
        Ok(String::from_utf8_lossy(&self.mark()?.0).into_owned())
    }

    /// Has a command done and returns the seconds it took, without those of the mark.
    pub fn seconds(&mut self, command: &str) -> Result<f64> {
        let taken = self.time(command)?;
        Ok(stats::net(taken, self.nothing))
    }

    fn time(&mut self, command: &str) -> Result<Duration> {
        let start = Instant::now();
        self.say(command)?;
        Ok(self.mark()?.1 - start)
    }

    fn say(&mut self, line: &str) -> Result<()> {
        if !line.is_empty() {
            self.input.write_all(format!("{line}\n").as_bytes())?;
        }
        Ok(())
    }

    /// Waits for a mark that comes after everything said so far: what came before it, and when it came.
    fn mark(&mut self) -> Result<(Vec<u8>, Instant)> {
        self.marks += 1;
        let mark = format!("@mark {}@", self.marks);
        // In two parts: a debugger that repeats its commands does not make a mark of them.
        self.input.write_all(format!("echo @mark\\ {}@\\n\n", self.marks).as_bytes())?;
        let deadline = Instant::now() + LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let (at, bytes) = self.output.recv_timeout(left).with_context(|| {
                format!("no answer; the last was {}", String::from_utf8_lossy(&self.rest))
            })?;
            self.rest.extend_from_slice(&bytes);
            let found = self.rest.windows(mark.len()).position(|window| window == mark.as_bytes());
            if let Some(found) = found {
                let before = self.rest.drain(..found).collect();
                self.rest.drain(..mark.len());
                return Ok((before, at));
            }
        }
    }

    /// The most memory it has had, in bytes, as the kernel counted it (`VmHWM`).
    pub fn peak(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        peak_of(&status).context("no VmHWM")
    }

    /// Ends it and waits for that.
    pub fn quit(mut self) -> Result<()> {
        self.say("quit")?;
        let deadline = Instant::now() + LIMIT;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                bail!("the debugger does not end");
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `VmHWM` in the text of `/proc/PID/status`, in bytes.
fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read() {
        assert_eq!(peak_of("Name:\tx\nVmHWM:\t   1024 kB\nVmRSS:\t 5 kB\n"), Some(1_048_576));
        assert_eq!(peak_of("Name:\tx\n"), None);
    }
}
