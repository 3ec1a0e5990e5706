//! The source files of units: the numbers entries use, and which units a file contributed to.

use super::debug_info::DebugInfo;
use super::root::{Root, Roots};
use super::units::{Dwarf, Slice, UnitHead, UnitIndex};
use crate::hash::NameBuild;
use crate::paths;
use gimli::{
    AttributeValue, DebugLine, DebugLineOffset, FileEntry, IncompleteLineProgram, LineProgramHeader,
};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Position of a source file in the unit's files.
pub(crate) type FileIndex = usize;

/// A source file of a unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SourceFile {
    /// As gdb shows it: directory and name from the line table, or `DW_AT_name` for the unit's main file.
    pub(crate) name: Arc<str>,
    /// With the compilation directory in front where that makes a difference; equal paths are one file.
    pub(crate) path: Arc<str>,
}

/// The files of a unit.
#[derive(Debug)]
pub(crate) struct FileTable {
    /// The unit's main file first, then as in the line table.
    pub(crate) files: Vec<SourceFile>,
    /// File of a line program's or `DW_AT_decl_file`'s number.
    numbers: Vec<FileIndex>,
    /// The number of the first: 1 before DWARF 5, 0 from then on.
    first_number: u64,
}

/// What the line table of a unit is read with.
pub(super) struct LineUnit<'a> {
    pub(super) dwarf: Dwarf<'a>,
    section: &'a [u8],
    root: Root<'a>,
    address_size: u8,
}

impl<'a> LineUnit<'a> {
    pub(super) fn new(info: &'a DebugInfo, head: &UnitHead, root: Root<'a>) -> Self {
        let section = info.section(".debug_line");
        Self { dwarf: info.dwarf(), section, root, address_size: head.sizes.address }
    }

    /// The line program, its header read.
    pub(super) fn program(&self) -> Option<IncompleteLineProgram<Slice<'a>>> {
        let line = DebugLine::from(Slice::new(self.section, gimli::LittleEndian));
        line.program(DebugLineOffset(self.root.line_offset?), self.address_size, None, None).ok()
    }

    fn text(&self, value: AttributeValue<Slice<'a>>) -> Option<Slice<'a>> {
        match value {
            AttributeValue::String(text) => Some(text),
            AttributeValue::DebugStrRef(offset) => self.dwarf.string(offset).ok(),
            AttributeValue::DebugLineStrRef(offset) => self.dwarf.line_string(offset).ok(),
            _ => None,
        }
    }

    /// Directory and name of a file. Before DWARF 5, directory 0 is the compilation directory and not in the table.
    fn parts(
        &self,
        header: &LineProgramHeader<Slice<'a>>,
        file: &FileEntry<Slice<'a>>,
    ) -> (Option<Slice<'a>>, Option<Slice<'a>>) {
        let name = self.text(file.path_name());
        let first = u64::from(header.version() < 5);
        let directory = file
            .directory_index()
            .checked_sub(first)
            .and_then(|index| header.include_directories().get(usize::try_from(index).ok()?))
            .and_then(|&directory| self.text(directory));
        (directory, name)
    }
}

fn join_parts(directory: Option<Slice<'_>>, name: Option<Slice<'_>>) -> String {
    let name = name.map(|name| name.to_string_lossy()).unwrap_or_default();
    match directory {
        Some(directory) => join(&directory.to_string_lossy(), &name),
        None => name.into_owned(),
    }
}

impl FileTable {
    /// The files of a unit's line table; without one, its main file.
    pub(super) fn read(unit: &LineUnit<'_>) -> Self {
        let comp_dir = unit.root.comp_dir.as_deref();
        let mut files = Files::default();
        if let Some(name) = &unit.root.name {
            files.add(name, &absolute(comp_dir, name));
        }
        let mut table = Self { files: Vec::new(), numbers: Vec::new(), first_number: 1 };
        if let Some(program) = unit.program() {
            let header = program.header();
            table.first_number = if header.version() < 5 { 1 } else { 0 };
            for file in header.file_names() {
                let (directory, name) = unit.parts(header, file);
                let name = join_parts(directory, name);
                let path = absolute(comp_dir, &name);
                let index = files.add(&name, &path);
                // gdb reads no line table for a unit without code: whatever is declared in it counts as its main file's.
                table.numbers.push(if unit.root.has_code { index } else { 0 });
            }
        }
        table.files = files.files;
        table
    }

    /// The file of a number used by `DW_AT_decl_file` or the line program.
    pub(crate) fn of_number(&self, number: u64) -> Option<FileIndex> {
        let index = usize::try_from(number.checked_sub(self.first_number)?).ok()?;
        self.numbers.get(index).copied()
    }
}

/// Files of a unit under construction; equal paths become one.
#[derive(Default)]
struct Files {
    files: Vec<SourceFile>,
    by_path: HashMap<Arc<str>, FileIndex, NameBuild>,
}

impl Files {
    fn add(&mut self, name: &str, path: &str) -> FileIndex {
        if let Some(&index) = self.by_path.get(path) {
            return index;
        }
        let path: Arc<str> = path.into();
        let name = if name == &*path { Arc::clone(&path) } else { name.into() };
        self.files.push(SourceFile { name, path: Arc::clone(&path) });
        self.by_path.insert(path, self.files.len() - 1);
        self.files.len() - 1
    }
}

fn join(directory: &str, name: &str) -> String {
    if name.starts_with('/') || directory.is_empty() {
        return name.to_owned();
    }
    let directory = directory.strip_suffix('/').unwrap_or(directory);
    let mut joined = String::with_capacity(directory.len() + 1 + name.len());
    joined.push_str(directory);
    joined.push('/');
    joined.push_str(name);
    joined
}

fn absolute<'a>(comp_dir: Option<&str>, name: &'a str) -> Cow<'a, str> {
    match comp_dir {
        Some(directory) if !name.starts_with('/') && !directory.is_empty() => join(directory, name).into(),
        _ => name.into(),
    }
}

/// All source files by name, with the units that mention them.
#[derive(Debug, Default)]
pub(crate) struct SourceIndex {
    units: BTreeMap<Arc<str>, Vec<UnitIndex>>,
    /// Names by their last component.
    by_base: HashMap<Arc<str>, Vec<Arc<str>>>,
}

impl SourceIndex {
    /// Reads the headers of all line tables.
    pub(super) fn read(info: &DebugInfo) -> Self {
        let units: Vec<UnitIndex> = (0..info.units().len()).collect();
        let parts: Vec<BTreeMap<String, Vec<UnitIndex>>> =
            units.par_chunks(128).map(|units| names_of(info, units)).collect();
        info.release_section(".debug_line");
        let mut index = Self::default();
        for (name, mut units) in parts.into_iter().flatten() {
            match index.units.get_mut(name.as_str()) {
                Some(known) => known.append(&mut units),
                None => {
                    index.units.insert(name.into(), units);
                }
            }
        }
        for name in index.units.keys() {
            let base = paths::base_name(name);
            match index.by_base.get_mut(base) {
                Some(names) => names.push(Arc::clone(name)),
                None => {
                    index.by_base.insert(base.into(), vec![Arc::clone(name)]);
                }
            }
        }
        index
    }

    /// All names, sorted, with the units that mention them.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Arc<str>, &[UnitIndex])> {
        self.units.iter().map(|(name, units)| (name, units.as_slice()))
    }

    /// Names that end like `wanted`, with the units that mention them.
    pub(crate) fn candidates(&self, wanted: &str) -> impl Iterator<Item = (&Arc<str>, &[UnitIndex])> {
        let names = self.by_base.get(paths::base_name(wanted)).map(Vec::as_slice).unwrap_or_default();
        names.iter().filter_map(|name| Some((name, self.units.get(name)?.as_slice())))
    }
}

/// The names of the files of some units, with the units in order.
fn names_of(info: &DebugInfo, units: &[UnitIndex]) -> BTreeMap<String, Vec<UnitIndex>> {
    let mut roots = Roots::new(info);
    let mut names: Vec<(String, Vec<UnitIndex>)> = Vec::new();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    // Directories and names are shared strings: the same two places mean the same file.
    let mut by_place: HashMap<(usize, usize), usize> = HashMap::new();
    let place = |text: Option<Slice<'_>>| text.map_or(0, |text| text.slice().as_ptr() as usize);
    for &unit in units {
        let Some(head) = info.units().get(unit).map(|unit| unit.head) else { continue };
        let Some(root) = roots.read(&head) else { continue };
        let line_unit = LineUnit::new(info, &head, root);
        let comp_dir = line_unit.root.comp_dir.as_deref();
        let mut mention = |name: String| -> usize {
            let next = names.len();
            let id = *by_name.entry(name.clone()).or_insert(next);
            if id == next {
                names.push((name, Vec::new()));
            }
            id
        };
        let mut ids = Vec::new();
        let main = line_unit.root.name.as_deref();
        let main_path = main.map(|name| absolute(comp_dir, name));
        ids.extend(main.map(|name| mention(name.to_owned())));
        if let Some(program) = line_unit.program() {
            let header = program.header();
            for file in header.file_names() {
                let (directory, name) = line_unit.parts(header, file);
                let known = by_place.get(&(place(directory), place(name))).copied();
                let id = known.unwrap_or_else(|| {
                    let id = mention(join_parts(directory, name));
                    by_place.insert((place(directory), place(name)), id);
                    id
                });
                ids.push(id);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            if let Some((name, units)) = names.get_mut(id) {
                // The main file goes by the unit's name alone.
                let is_main = main.is_some_and(|main| main != name)
                    && main_path.as_ref().is_some_and(|path| path.ends_with(paths::base_name(name)))
                    && main_path == Some(absolute(comp_dir, name));
                if !is_main {
                    units.push(unit);
                }
            }
        }
    }
    info.release_units(units);
    names.into_iter().filter(|(_, units)| !units.is_empty()).collect()
}
