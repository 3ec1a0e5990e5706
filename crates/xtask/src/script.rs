//! Debugger scripts: the head that says what they need, and the way they are fed to a debugger.
//!
//! A script is a file of gdb commands. Lines of its head that begin with `#:` say what it runs on:
//!
//! ```text
//! #: guest [WORDS]          a guest stopped at reset at `guest.sock`; WORDS go to the kernel command line
//! #: kgdb [WORDS]           the guest whose kernel has kgdb, in its debugger on connection `kgdb.sock`; WORDS go to the
//!                           kernel command line. Skipped where that guest is not prepared
//! #: cpus N                 the guest's CPUs (1)
//! #: program FILE [FLAGS]   `program`, compiled from tests/parity/programs/FILE; `target remote | ./serve` runs it
//! #: symbols FILE           what is named on the debugger's command line: a file of the run directory or
//!                           `none` (`program` if there is one, else `vmlinux`)
//! #: feed lines             every command by itself (-ex), so that a failing one does not end the script;
//!                           without it the script is one command file (-x)
//! #: timeout SECONDS        until a debugger is given up (240)
//! #: options WORDS          further options for the debugger
//! ```
//!
//! Lines that begin with `#=` and follow a command are lines its answer must have, in this order; `{{REGEX}}` in
//! them stands for text that matches the expression. The walk-through is checked by them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use regex::Regex;

use crate::pattern;

/// Before each command the debugger is made to print it after this mark, so that an answer can be separated from the
/// next and a difference can be found.
pub const MARK: &str = "@ ";

/// A native program to debug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The file in `tests/parity/programs`.
    pub source: String,
    /// Options for the compiler, after `-g`.
    pub flags: Vec<String>,
}

/// A script, read.
#[derive(Debug)]
pub struct Script {
    /// The file's name without `.gdb`.
    pub name: String,
    /// Words for the kernel command line, if it needs a guest.
    pub guest: Option<String>,
    /// Words for the command line of the kernel with kgdb, if it needs that.
    pub kgdb: Option<String>,
    /// The guest's CPUs.
    pub cpus: u32,
    /// The program, if it needs one.
    pub program: Option<Program>,
    /// The file on the debugger's command line.
    pub symbols: Option<String>,
    /// Whether every command is fed by itself.
    pub lines: bool,
    /// How long a debugger may take.
    pub timeout: Duration,
    /// Further options for the debugger.
    pub options: Vec<String>,
    /// The commands, in order.
    pub commands: Vec<Command>,
}

/// A command of a script.
#[derive(Debug, Default)]
pub struct Command {
    /// Its line; if it opens a block, that block's lines too.
    lines: Vec<String>,
    /// Lines its answer must have.
    pub answers: Vec<Regex>,
}

impl Command {
    /// What is printed before the command's answer.
    pub fn announcement(&self) -> String {
        format!("{MARK}{}", self.lines.first().map_or("", String::as_str))
    }

    /// The `echo` that makes a debugger print the announcement.
    fn echo(&self) -> String {
        format!("echo {}\\n", self.announcement().replace('\\', "\\\\"))
    }
}

impl Script {
    /// Reads a script.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Self::parse(&name, &text).with_context(|| path.display().to_string())
    }

    /// Reads a script from its text.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let mut script = Self {
            name: name.to_owned(),
            guest: None,
            kgdb: None,
            cpus: 1,
            program: None,
            symbols: Some("vmlinux".to_owned()),
            lines: false,
            timeout: Duration::from_secs(240),
            options: Vec::new(),
            commands: Vec::new(),
        };
        let mut named_symbols = false;
        for line in text.lines().filter_map(|line| line.strip_prefix("#:")) {
            let (key, value) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            let value = value.trim();
            match key {
                "guest" => script.guest = Some(value.to_owned()),
                "kgdb" => script.kgdb = Some(value.to_owned()),
                "cpus" => script.cpus = value.parse().context("#: cpus")?,
                "program" => {
                    let mut words = value.split_whitespace().map(str::to_owned);
                    let source = words.next().context("#: program names no file")?;
                    script.program = Some(Program { source, flags: words.collect() });
                }
                "symbols" => {
                    named_symbols = true;
                    script.symbols = (value != "none").then(|| value.to_owned());
                }
                "feed" if value == "lines" => script.lines = true,
                "options" => script.options = value.split_whitespace().map(str::to_owned).collect(),
                "timeout" => script.timeout = Duration::from_secs(value.parse().context("#: timeout")?),
                _ => bail!("no such head line: #:{line}"),
            }
        }
        if script.program.is_some() && !named_symbols {
            script.symbols = Some("program".to_owned());
        }
        script.commands = commands(text)?;
        Ok(script)
    }

    /// The arguments that make a debugger run the script, after its own options and before the symbol file.
    /// Command files are written into `directory`, the debugger's current one.
    pub fn arguments(&self, directory: &Path) -> Result<Vec<OsString>> {
        if !self.lines {
            return command_file(directory, format!("{}.gdb", self.name), &self.commands);
        }
        let mut arguments = Vec::new();
        for (index, command) in self.commands.iter().enumerate() {
            arguments.extend(if let [line] = command.lines.as_slice() {
                vec!["-ex".into(), command.echo().into(), "-ex".into(), line.into()]
            } else {
                let name = format!("{}-{}.gdb", self.name, index + 1);
                command_file(directory, name, std::slice::from_ref(command))?
            });
        }
        Ok(arguments)
    }
}

/// Writes commands and their announcements into a file; the arguments that make a debugger run it.
fn command_file(directory: &Path, name: String, commands: &[Command]) -> Result<Vec<OsString>> {
    let lines = |command: &Command| [vec![command.echo()], command.lines.clone()].concat();
    let text = commands.iter().flat_map(lines).collect::<Vec<_>>().join("\n");
    fs::write(directory.join(&name), text + "\n")?;
    Ok(vec!["-x".into(), name.into()])
}

/// Commands whose block ends with a line saying `end`.
const BLOCKS: &[&str] = &["define", "document", "if", "while", "commands"];

/// Splits a script into commands; a block goes with the command that opens it.
fn commands(text: &str) -> Result<Vec<Command>> {
    let mut commands: Vec<Command> = Vec::new();
    let mut depth = 0_usize;
    for line in text.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        if depth == 0 {
            if let Some(answer) = line.strip_prefix("#= ") {
                let command = commands.last_mut().context("`#=` before the first command")?;
                command.answers.push(pattern::line(answer).with_context(|| line.to_owned())?);
                continue;
            }
            if word.is_empty() || word.starts_with('#') {
                continue;
            }
        }
        match commands.last_mut() {
            Some(block) if depth > 0 => block.lines.push(line.to_owned()),
            _ => commands.push(Command { lines: vec![line.trim().to_owned()], ..Command::default() }),
        }
        if BLOCKS.contains(&word) {
            depth += 1;
        } else if word == "end" {
            depth = depth.checked_sub(1).with_context(|| format!("`end` closes no block: {line}"))?;
        }
    }
    if depth > 0 {
        bail!("a block is not closed with `end`");
    }
    Ok(commands)
}

/// All scripts in `directory`, or those of them that are named.
pub fn select(directory: &Path, names: &[String]) -> Result<Vec<Script>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    if names.is_empty() {
        for entry in
            fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?
        {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "gdb") {
                paths.push(path);
            }
        }
        paths.sort();
    } else {
        paths.extend(
            names.iter().map(|name| directory.join(name.trim_end_matches(".gdb")).with_extension("gdb")),
        );
    }
    paths.iter().map(|path| Script::read(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# A comment.
#: guest kdive.insmod=poc
#: cpus 2
#: timeout 9

target remote guest.sock
define twice
  if $argc
    print $arg0
  end
end
echo a\\n
";

    #[test]
    fn the_head_says_what_is_needed() {
        let script = Script::parse("x", TEXT).unwrap();
        assert_eq!(script.guest.as_deref(), Some("kdive.insmod=poc"));
        assert_eq!(script.cpus, 2);
        assert_eq!(script.timeout, Duration::from_secs(9));
        assert_eq!(script.symbols.as_deref(), Some("vmlinux"));
        assert!(!script.lines);
    }

    #[test]
    fn a_program_is_its_own_symbol_file() {
        let script = Script::parse("x", "#: program a.c -O2 -gdwarf-4\n").unwrap();
        let flags = vec!["-O2".to_owned(), "-gdwarf-4".to_owned()];
        assert_eq!(script.program, Some(Program { source: "a.c".to_owned(), flags }));
        assert_eq!(script.symbols.as_deref(), Some("program"));
    }

    #[test]
    fn a_block_is_one_command() {
        let script = Script::parse("x", TEXT).unwrap();
        let first: Vec<String> = script.commands.iter().map(Command::announcement).collect();
        assert_eq!(first, ["@ target remote guest.sock", "@ define twice", "@ echo a\\n"]);
        assert_eq!(script.commands[1].lines.len(), 5);
    }

    #[test]
    fn every_command_is_announced_in_letters() {
        let script = Script::parse("x", TEXT).unwrap();
        assert_eq!(script.commands[2].echo(), "echo @ echo a\\\\n\\n");
    }

    #[test]
    fn answers_belong_to_the_command_before_them() {
        let script = Script::parse("x", "print 1\n#= $1 = {{[0-9]+}}\nprint 2\n").unwrap();
        assert!(script.commands[0].answers[0].is_match("$1 = 42"));
        assert!(!script.commands[0].answers[0].is_match("$1 = x"));
        assert!(script.commands[1].answers.is_empty());
    }

    #[test]
    fn mistakes_in_a_script_are_errors() {
        let error = |text| Script::parse("x", text).unwrap_err().to_string();
        assert_eq!(error("#: gest\n"), "no such head line: #: gest");
        assert_eq!(error("end\n"), "`end` closes no block: end");
        assert_eq!(error("#= 1\n"), "`#=` before the first command");
        assert_eq!(error("if 1\n"), "a block is not closed with `end`");
    }
}
