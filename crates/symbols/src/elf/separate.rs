//! Debug information that lies in another file: by build-id, and by the name in `.gnu_debuglink`.

use super::{DebugLink, Image, OpenOptions, alternate, split};
use crate::Error;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file with debug information that could not be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MissingFile {
    /// What it is and how it is called.
    pub sought: Sought,
    /// Where it was looked for.
    pub looked: Vec<PathBuf>,
    /// Files of the right name that belong to another build.
    pub others: Vec<PathBuf>,
}

/// What was looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sought {
    /// The file that `.gnu_debuglink` names.
    Linked(String),
    /// The file of shared debug information that `.gnu_debugaltlink` names (`dwz -m`).
    Shared(String),
    /// A `.dwo` file of split DWARF.
    Split(String),
}

impl fmt::Display for MissingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sought {
            Sought::Linked(name) => write!(f, "its debug information is in {name}")?,
            Sought::Shared(name) => write!(f, "part of its debug information is in {name}")?,
            Sought::Split(name) => write!(f, "the debug information of a unit is in {name}")?,
        }
        if let Some(other) = self.others.first() {
            write!(f, "; {} is of another build", other.display())?;
        }
        f.write_str(", which was looked for as ")?;
        for (at, path) in self.looked.iter().enumerate() {
            write!(f, "{}{}", if at > 0 { ", " } else { "" }, path.display())?;
        }
        Ok(())
    }
}

/// Opens a file, and takes in what of its debug information lies in others.
///
/// # Errors
/// As [`Image::open`].
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<(Image, Vec<MissingFile>), Error> {
    open_for(path, None, options)
}

/// As [`open`], for a file that has the debug information of the one called `main_file`.
fn open_for(
    path: &Path,
    main_file: Option<&Path>,
    options: &OpenOptions,
) -> Result<(Image, Vec<MissingFile>), Error> {
    let mut image = Image::open(path, options)?;
    let mut missing = Vec::new();
    if options.debug_directories.is_some() && image.has_dwarf() {
        missing.extend(alternate::attach(&mut image, options));
        missing.extend(split::attach(&mut image, main_file, options));
    }
    Ok((image, missing))
}

/// The answer of [`find`].
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) separate: Option<Arc<Image>>,
    pub(super) missing: Vec<MissingFile>,
}

/// The file that a file's debug information was moved to, looked for where gdb does: by build-id below the directories of
/// debug information, then by the debug link beside the file, in `.debug`, and in the file's own directory below those.
pub(super) fn find(image: &Image, options: &OpenOptions) -> Found {
    let Some(directories) = options.debug_directories.as_deref().filter(|_| !image.has_dwarf()) else {
        return Found::default();
    };
    let main_file = [image.path().to_owned(), image.path().canonicalize().unwrap_or_default()];
    let look_at = |path: &Path| {
        let is_itself = path.canonicalize().is_ok_and(|path| main_file.contains(&path));
        (!is_itself && path.is_file()).then(|| open_for(path, Some(image.path()), options).ok()).flatten()
    };
    if let Some(name) = image.build_id().and_then(build_id_name) {
        let named = directories.iter().map(|directory| directory.join(&name));
        let same = |(found, _): &(Image, _)| found.build_id() == image.build_id() && found.has_dwarf();
        if let Some((found, missing)) = named.filter_map(|path| look_at(&path)).find(same) {
            return Found { separate: Some(Arc::new(found)), missing };
        }
    }
    let Some(link) = image.debug_link() else { return Found::default() };
    let looked = places(&main_file, &link, directories);
    let mut others = Vec::new();
    for path in &looked {
        let Some((found, missing)) = look_at(path) else { continue };
        if found.crc() == link.crc {
            return Found { separate: Some(Arc::new(found)), missing };
        }
        others.push(path.clone());
    }
    Found { separate: None, missing: vec![MissingFile { sought: Sought::Linked(link.name), looked, others }] }
}

/// `.build-id/ab/cdef.debug`.
pub(super) fn build_id_name(id: &[u8]) -> Option<String> {
    let (first, rest) = id.split_first()?;
    let rest: String = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!(".build-id/{first:02x}/{rest}.debug"))
}

/// Where a debug link may lead, without repetitions.
fn places(main_file: &[PathBuf], link: &DebugLink, directories: &[PathBuf]) -> Vec<PathBuf> {
    let name = Path::new(std::ffi::OsStr::from_bytes(link.name.as_bytes()));
    let mut places = Vec::new();
    for directory in main_file.iter().filter_map(|path| path.parent()).filter(|path| path.is_absolute()) {
        let inside = directory.strip_prefix("/").unwrap_or(directory);
        let below = directories.iter().map(|debug| debug.join(inside).join(name));
        for place in [directory.join(name), directory.join(".debug").join(name)].into_iter().chain(below) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_id_names_a_file() {
        assert_eq!(build_id_name(&[0xab, 0x01, 0xff]).as_deref(), Some(".build-id/ab/01ff.debug"));
        assert_eq!(build_id_name(&[]), None);
    }

    #[test]
    fn a_debug_link_is_looked_for_beside_the_file_and_below_the_directories_of_debug_information() {
        let link = DebugLink { name: "prog.debug".into(), crc: 0 };
        let main_file = [PathBuf::from("/opt/bin/prog"), PathBuf::from("/opt/bin/prog")];
        let found = places(&main_file, &link, &[PathBuf::from("/usr/lib/debug")]);
        let found: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(
            found,
            ["/opt/bin/prog.debug", "/opt/bin/.debug/prog.debug", "/usr/lib/debug/opt/bin/prog.debug"]
        );
    }
}
