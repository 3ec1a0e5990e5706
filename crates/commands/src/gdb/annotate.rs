//! `set annotate`: marks for editors that run kdive as a program. A mark is a line that starts with two control-Z characters.

use crate::{Error, Shell};
use kdive_base::VirtAddr;
use kdive_symbols::SourceName;

/// Shows a source line as a mark instead of its text, `^Z^Z/PATH:LINE:OFFSET:beg:0xADDRESS`; whether it did. `middle`: the address
/// is not the first of the line. OFFSET counts the bytes of the file before the line.
///
/// # Errors
/// When the file has no such line.
pub fn source_line(
    shell: &mut Shell,
    file: &SourceName,
    line: u32,
    middle: bool,
    addr: VirtAddr,
) -> Result<bool, Error> {
    if level(shell) == 0 {
        return Ok(false);
    }
    let comp_dir = file.comp_dir.as_deref().unwrap_or_default();
    let Some(source) = shell.program().sources.find(&file.name, comp_dir) else { return Ok(false) };
    let Some(offset) = source.offset(u64::from(line)) else { return Ok(false) };
    let place = if middle { "middle" } else { "beg" };
    shell.out.line(&format!("\u{1a}\u{1a}{}:{line}:{offset}:{place}:{addr:#x}", source.path.display()));
    Ok(true)
}

/// `set annotate LEVEL`.
fn level(shell: &Shell) -> u64 {
    shell.settings.number("annotate").unwrap_or(0)
}

/// The marks around a prompt, from level 2 on.
pub(crate) fn around_prompt(shell: &Shell, prompt: &str) -> Option<String> {
    (level(shell) > 1).then(|| format!("\n\u{1a}\u{1a}pre-prompt\n{prompt}\n\u{1a}\u{1a}prompt\n"))
}

/// The mark after a command was read, from level 2 on.
pub(crate) const AFTER_PROMPT: &str = "\n\u{1a}\u{1a}post-prompt\n";
