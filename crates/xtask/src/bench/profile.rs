//! Where the instructions of a cold start go, as callgrind counts them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// How many functions are named.
const SHOWN: usize = 12;

/// Functions and the instructions spent in each itself, most first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// All instructions.
    pub total: u64,
    /// Names and instructions.
    pub functions: Vec<(String, u64)>,
}

/// Counts a start of `kdive` on `vmlinux` that runs `script`, without an index on disk; in `directory`, which is to
/// be empty.
pub fn count(kdive: &Path, vmlinux: &Path, script: &Path, directory: &Path) -> Result<Profile> {
    let valgrind = process::find("valgrind").context("no valgrind on PATH")?;
    let output = directory.join("callgrind.out");
    let mut command = Command::new(valgrind);
    crate::debugger::clean_environment(&mut command);
    command.current_dir(directory).env("XDG_CACHE_HOME", directory.join("cache"));
    command.args(["-q", "--tool=callgrind"]).arg(format!("--callgrind-out-file={}", output.display()));
    command.arg(kdive).args(["-q", "-nx", "-batch", "-iex", "set index-cache enabled off", "-x"]);
    process::output(command.arg(script).arg(vmlinux))?;
    let text = process::output(
        Command::new("callgrind_annotate").args(["--auto=no", "--threshold=90"]).arg(output),
    )?;
    parse(&text).context("callgrind_annotate says nothing")
}

/// Reads what `callgrind_annotate` prints: a line of totals, then `INSTRUCTIONS (SHARE)  FILE:FUNCTION [OBJECT]`.
fn parse(text: &str) -> Option<Profile> {
    let number = |word: &str| word.replace(',', "").parse::<u64>().ok();
    let mut profile = Profile::default();
    for line in text.lines() {
        let Some((count, rest)) = line.trim_start().split_once(' ') else { continue };
        let Some(count) = number(count) else { continue };
        if line.contains("PROGRAM TOTALS") {
            profile.total = count;
            continue;
        }
        let Some((_, name)) = rest.split_once(')') else { continue };
        let name = name.trim();
        let name = name.split_once(" [").map_or(name, |(name, _)| name);
        let name = name.split_once(':').map_or(name, |(_, function)| function);
        profile.functions.push((shorten(name), count));
    }
    profile.functions.truncate(SHOWN);
    (profile.total > 0).then_some(profile)
}

/// The function without the hash the compiler puts after it.
fn shorten(name: &str) -> String {
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            path.to_owned()
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
--------------------------------------------------------------------------------
Profile data file 'callgrind.out' (creator: callgrind-3.19.0)
--------------------------------------------------------------------------------
Ir
--------------------------------------------------------------------------------
1,000,000 (100.0%)  PROGRAM TOTALS

--------------------------------------------------------------------------------
Ir                   file:function
--------------------------------------------------------------------------------
  600,000 (60.00%)  ???:gimli::read::skip::h0123456789abcdef [/x/kdive]
   90,000 ( 9.00%)  ./string/memmove.S:__memcpy [/lib/libc.so.6]
";

    #[test]
    fn the_functions_are_read() {
        let profile = parse(TEXT).unwrap();
        assert_eq!(profile.total, 1_000_000);
        let expected = [("gimli::read::skip".to_owned(), 600_000), ("__memcpy".to_owned(), 90_000)];
        assert_eq!(profile.functions, expected);
        assert_eq!(parse("nothing\n"), None);
    }
}
