//! `edit`: a source line in the user's editor.

use super::list::{default_position, file_of, list_size, places, say_address, say_ambiguous};
use crate::spec::{Class, Completer, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_symbols::SourceName;
use std::path::PathBuf;
use std::process::Command;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "edit",
    class: Class::Files,
    summary: "Edit the specified file or function",
    help: "Usage: edit [LOCATION]\n\
           The editor is that of the environment variable EDITOR, /bin/ex without one. It is\n\
           run as EDITOR +LINE FILE. Without LOCATION: the line listed last.",
    examples: &["edit start_kernel", "edit init/main.c:900"],
    repeat: Repeat::No,
    complete: Completer::Location,
    run: edit,
    ..Spec::EMPTY
}];

fn edit(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let (file, line) = match args.text() {
        "" => {
            let at = default_position(shell)?;
            let half = list_size(shell) / 2;
            // As gdb: nothing was listed yet, and the middle of what would be is edited.
            let line = if at.first == 0 { at.line.saturating_sub(half).max(1) + half } else { at.line };
            (at.file, line)
        }
        text => {
            let found = places(shell, text)?;
            if say_ambiguous(shell, "line", &found) {
                return Ok(());
            }
            let nowhere = || Error::msg(format!("No line number known for {text}."));
            let sal = found.into_iter().next().ok_or_else(nowhere)?;
            let file = file_of(&sal, text)?;
            if let (true, Some(pc)) = (text.starts_with('*'), sal.pc) {
                say_address(shell, pc, &file, sal.line);
            }
            (file, sal.line)
        }
    };
    let path = path_of(shell, &file);
    let editor = std::env::var("EDITOR").ok().filter(|editor| !editor.is_empty());
    let editor = editor.unwrap_or_else(|| "/bin/ex".to_owned());
    shell.out.flush();
    // The name of the file comes from the program: the shell must see it as an argument, never as its own text.
    let status = Command::new("/bin/sh")
        .args(["-c", &format!("{editor} \"$1\" \"$2\""), "sh", &format!("+{line}")])
        .arg(&path)
        .status()
        .map_err(|error| Error::msg(format!("Cannot execute /bin/sh: {error}")))?;
    // A Ctrl-C meanwhile was for the editor.
    let _ = shell.interrupt.take();
    if status.success() {
        Ok(())
    } else {
        Err(Error::msg(format!("{editor}: the editor failed ({status}).")))
    }
}

/// Where the file was found, or would be.
fn path_of(shell: &Shell, file: &SourceName) -> PathBuf {
    let directory = file.comp_dir.as_deref().unwrap_or_default();
    match shell.program().sources.find(&file.name, directory) {
        Some(found) => found.path.clone(),
        None => PathBuf::from(directory).join(&*file.name),
    }
}
