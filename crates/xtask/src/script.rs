//! Debugger scripts: the head that says what they need, and the way they are fed to a debugger.
//!
//! A script is a file of gdb commands. Lines of its head that begin with `#:` say what it runs on:
//!
//! ```text
//! #: guest [WORDS]          a guest stopped at reset at `guest.sock`; WORDS go to the kernel command line
//! #: cpus N                 the guest's CPUs (1)
//! #: program FILE [FLAGS]   `program`, compiled from tests/parity/programs/FILE; `target remote | ./serve` runs it
//! #: symbols FILE           what is named on the debugger's command line: a file of the run directory or
//!                           `none` (`program` if there is one, else `vmlinux`)
//! #: feed lines             every command by itself (-ex), so that a failing one does not end the script;
//!                           without it the script is one command file (-x)
//! #: timeout SECONDS        until a debugger is given up (120)
//! ```

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Before each command the debugger is made to print it after this mark, so that an answer can be told from the
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
    /// The commands, each with the lines of its block if it opens one.
    commands: Vec<Vec<String>>,
}

impl Script {
    /// Reads a script.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Self::parse(&name, &text).with_context(|| path.display().to_string())
    }

    fn parse(name: &str, text: &str) -> Result<Self> {
        let mut script = Self {
            name: name.to_owned(),
            guest: None,
            cpus: 1,
            program: None,
            symbols: Some("vmlinux".to_owned()),
            lines: false,
            timeout: Duration::from_secs(120),
            commands: Vec::new(),
        };
        let mut named_symbols = false;
        for line in text.lines().filter_map(|line| line.strip_prefix("#:")) {
            let (key, value) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            let value = value.trim();
            match key {
                "guest" => script.guest = Some(value.to_owned()),
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
        let mut arguments: Vec<OsString> = Vec::new();
        let mut file = |stem: &str, lines: &[String]| -> Result<()> {
            let name = format!("{stem}.gdb");
            fs::write(directory.join(&name), lines.join("\n") + "\n")?;
            arguments.extend(["-x".into(), name.into()]);
            Ok(())
        };
        if !self.lines {
            let marked = |command: &Vec<String>| [vec![mark(command)], command.clone()].concat();
            let lines: Vec<String> = self.commands.iter().flat_map(marked).collect();
            file(&self.name, &lines)?;
            return Ok(arguments);
        }
        for (number, command) in self.commands.iter().enumerate() {
            if let [line] = command.as_slice() {
                arguments.extend(["-ex".into(), mark(command).into(), "-ex".into(), line.into()]);
            } else {
                let lines = [vec![mark(command)], command.clone()].concat();
                let name = format!("{}-{}", self.name, number + 1);
                fs::write(directory.join(format!("{name}.gdb")), lines.join("\n") + "\n")?;
                arguments.extend(["-x".into(), format!("{name}.gdb").into()]);
            }
        }
        Ok(arguments)
    }

    /// The first line of every command, in order.
    pub fn first_lines(&self) -> impl Iterator<Item = &str> {
        self.commands.iter().filter_map(|command| command.first()).map(String::as_str)
    }
}

/// The `echo` that prints a command's first line after the mark.
fn mark(command: &[String]) -> String {
    let first = command.first().map_or("", String::as_str);
    format!("echo {MARK}{}\\n", first.replace('\\', "\\\\"))
}

/// Commands whose block ends with a line saying `end`.
const BLOCKS: &[&str] = &["define", "document", "if", "while", "commands"];

/// Splits a script into commands; a block goes with the command that opens it.
fn commands(text: &str) -> Result<Vec<Vec<String>>> {
    let mut commands: Vec<Vec<String>> = Vec::new();
    let mut depth = 0_usize;
    for line in text.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        if depth == 0 && (word.is_empty() || word.starts_with('#')) {
            continue;
        }
        match commands.last_mut() {
            Some(block) if depth > 0 => block.push(line.to_owned()),
            _ => commands.push(vec![line.trim().to_owned()]),
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
        for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "gdb") {
                paths.push(path);
            }
        }
        paths.sort();
    } else {
        paths.extend(names.iter().map(|name| directory.join(name.trim_end_matches(".gdb")).with_extension("gdb")));
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
        let first: Vec<&str> = script.first_lines().collect();
        assert_eq!(first, ["target remote guest.sock", "define twice", "echo a\\n"]);
        assert_eq!(script.commands[1].len(), 5);
    }

    #[test]
    fn every_command_is_announced() {
        assert_eq!(mark(&["echo a\\n".to_owned()]), "echo @ echo a\\\\n\\n");
    }

    #[test]
    fn mistakes_in_a_script_are_errors() {
        let error = |text| Script::parse("x", text).unwrap_err().to_string();
        assert_eq!(error("#: gest\n"), "no such head line: #: gest");
        assert_eq!(error("end\n"), "`end` closes no block: end");
        assert_eq!(error("if 1\n"), "a block is not closed with `end`");
    }
}
