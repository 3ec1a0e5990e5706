//! What is said at loading of what a file does not have.

use crate::Shell;
use kdive_arch::Arch;
use kdive_symbols::ObjectFile;

/// Tells of a file without debug information what works without, and of one whose debug information lies elsewhere where
/// it was looked for. `typed` is the file as the user names it.
pub(super) fn say_what_is_missing(shell: &mut Shell, object: &ObjectFile, typed: &str, from_tty: bool) {
    if let Some(path) = object.separate_debug_file().filter(|_| from_tty) {
        shell.out.line(&format!("Reading symbols from {}...", path.display()));
    }
    // A kernel has thousands of units: one file that is missing tells what is wrong with the others.
    if let [missing, more @ ..] = object.missing_files() {
        let more = if more.is_empty() { String::new() } else { format!(", and {} more files", more.len()) };
        shell.out.warning(&format!("{typed}: {missing}{more} (see set debug-file-directory)"));
    }
    if let Arch::Foreign(family) = Arch::from_elf(object.machine(), object.is_64()) {
        shell.out.warning(&format!(
            "{typed} is for {}; kdive knows its symbols, types and data, not its registers and calls",
            family.name()
        ));
    }
    if object.has_debug_info() {
        return;
    }
    if from_tty {
        shell.out.line(&format!("(No debugging symbols found in {typed})"));
    } else {
        let text = if object.has_symbols() && object.btf().is_some() {
            format!(
                "{typed} has no debug info but BTF: names, addresses and types work, lines and locals do not"
            )
        } else if object.has_symbols() {
            format!("{typed} has no debug info: names and addresses work, types and lines do not")
        } else {
            format!("{typed} has no symbols at all")
        };
        shell.out.warning(&text);
    }
}
