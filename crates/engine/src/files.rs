//! Files with symbols: the program, and what was loaded beside it.

use crate::{Engine, Error};
use kdive_base::LinkAddr;
use kdive_symbols::{ElfKind, ModuleId, ObjectFile, OpenOptions, Placement};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens an object file.
///
/// # Errors
/// Why it cannot be read, or is none.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Arc<ObjectFile>, Error> {
    let of_file = |source| Error::File { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(of_file)?.is_dir() {
        return Err(of_file(io::ErrorKind::IsADirectory.into()));
    }
    Ok(ObjectFile::open(path, options)?)
}

/// Directories below which the sources of a kernel may be found.
fn source_roots(vmlinux: &Path) -> Vec<PathBuf> {
    let mut roots = Vec::new();
    if let Some(dir) = vmlinux.parent() {
        for link in ["", "source", "build"] {
            roots.push(if link.is_empty() { dir.to_owned() } else { dir.join(link) });
        }
    }
    for link in [".", "source", "build"] {
        roots.push(PathBuf::from(link));
    }
    roots
}

impl Engine {
    /// Opens a program, such as `vmlinux`, in place of the one there was.
    ///
    /// # Errors
    /// As [`open`]: the program there was stays. When the target cannot be asked.
    pub fn load(&mut self, path: &Path) -> Result<ModuleId, Error> {
        let object = open(path, &self.open_options)?;
        self.set_program(object, 0)
    }

    /// Takes an opened file, moved by `slide`, in place of all files there were.
    ///
    /// # Errors
    /// When the target cannot be asked.
    pub fn set_program(&mut self, object: Arc<ObjectFile>, slide: u64) -> Result<ModuleId, Error> {
        let roots = source_roots(object.path());
        self.remove_all();
        let program = self.program_mut();
        let id = program.modules.add(object, Placement { slide });
        for root in roots {
            program.sources.add_root(root);
        }
        self.files_changed()?;
        Ok(id)
    }

    /// Forgets all files.
    ///
    /// # Errors
    /// When the target cannot be asked.
    pub fn discard_files(&mut self) -> Result<(), Error> {
        self.remove_all();
        self.files_changed()
    }

    fn remove_all(&mut self) {
        let modules = &mut self.program_mut().modules;
        for id in modules.modules().iter().map(|module| module.id()).collect::<Vec<_>>() {
            modules.remove(id);
        }
    }

    /// Loads one more object file at the given section addresses; a linked file is moved as a whole. `offset` is where sections go that are
    /// not named.
    ///
    /// # Errors
    /// As [`open`]; a section the file does not have.
    pub fn add_file(
        &mut self,
        path: &Path,
        sections: Vec<(String, LinkAddr)>,
        offset: Option<u64>,
    ) -> Result<ModuleId, Error> {
        let plain = open(path, &self.open_options)?;
        let (object, slide) = if plain.kind() == ElfKind::Relocatable {
            let mut addresses = sections;
            if let Some(offset) = offset {
                for section in plain.sections().iter().filter(|section| section.alloc) {
                    if !addresses.iter().any(|(name, _)| **name == *section.name) {
                        let addr = LinkAddr(section.addr.0.wrapping_add(offset));
                        addresses.push((section.name.to_string(), addr));
                    }
                }
            }
            let options = OpenOptions { section_addresses: addresses, ..self.open_options.clone() };
            (open(path, &options)?, 0)
        } else {
            // A linked file moves as a whole: by the offset, or so that the first section named comes to its address.
            let slide = match sections.first() {
                Some((name, addr)) => {
                    let section = plain
                        .section(name)
                        .ok_or_else(|| Error::NoSection { path: path.to_owned(), section: name.clone() })?;
                    addr.0.wrapping_sub(section.addr.0)
                }
                None => offset.unwrap_or(0),
            };
            (plain, slide)
        };
        let id = self.program_mut().modules.add(object, Placement { slide });
        self.files_changed()?;
        Ok(id)
    }

    /// Forgets one file.
    ///
    /// # Errors
    /// When the target cannot be asked.
    pub fn remove_file(&mut self, id: ModuleId) -> Result<(), Error> {
        self.program_mut().modules.remove(id);
        self.files_changed()
    }

    /// Files were loaded or removed: a target that is there is looked at as when it is connected, so that it does not matter which of the
    /// two came first.
    fn files_changed(&mut self) -> Result<(), Error> {
        self.symbols_changed();
        self.meet(false)
    }
}
