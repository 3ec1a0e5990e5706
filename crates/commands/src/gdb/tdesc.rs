//! `set tdesc filename`: a target description of the user's, which goes before the stub's.

use crate::settings::command::assign;
use crate::settings::{Settings, Value, expand_home, os_message};
use crate::spec::{Class, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_arch::ArchError;
use kdive_arch::target_xml::{self, Description, MAX_ANNEX_SIZE};
use std::io::Read as _;
use std::path::Path;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "unset tdesc filename",
    class: Class::Internals,
    summary: "Read the target description from the target again",
    help: "What \"set tdesc filename\" named is not read any more.",
    examples: &["unset tdesc filename"],
    repeat: Repeat::No,
    run: unset,
    ..Spec::EMPTY
}];

fn unset(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    match Settings::find("tdesc filename") {
        Some(setting) => assign(shell, setting, Value::Text(String::new()), args.from_tty),
        None => Ok(()),
    }
}

/// The description in the file of the user's. One that cannot be used counts as none, after a warning.
pub(super) fn read(shell: &mut Shell) -> Option<Description> {
    let name = shell.settings.text("tdesc filename");
    if name.is_empty() {
        return None;
    }
    let path = expand_home(&name);
    let place = Path::new(&path);
    let directory = place.parent().unwrap_or(Path::new(""));
    let mut first = true;
    // Includes are beside the file that has them.
    let mut fetch = |annex: &str| {
        let whole = std::mem::take(&mut first);
        text(if whole { place.to_owned() } else { directory.join(annex) }.as_path())
    };
    match target_xml::parse_from(&name, shell.program().arch(), &mut fetch) {
        Ok(description) => Some(description),
        Err(ArchError::Fetch { annex, .. }) if annex == name => {
            shell.out.warning(&format!("Could not open \"{name}\""));
            None
        }
        Err(error) => {
            shell.out.warning(&format!("{error}"));
            shell.out.warning("Could not load XML target description; ignoring");
            None
        }
    }
}

/// The text of a file. Whatever is no file, or larger than any description, is not read: it might have no end.
fn text(path: &Path) -> Result<String, String> {
    let wrong = |error: std::io::Error| os_message(&error);
    if !std::fs::metadata(path).map_err(wrong)?.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(wrong)?;
    file.take(MAX_ANNEX_SIZE as u64 + 1).read_to_end(&mut bytes).map_err(wrong)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The setting has another value: the target there is has other registers.
pub(super) fn changed(shell: &mut Shell) -> Result<(), Error> {
    let description = read(shell);
    shell.session.set_description(description).map_err(super::events::failure)
}
