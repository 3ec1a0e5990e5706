//! The source files of units: the numbers entries use, and which units a file contributed to.

use super::debug_info::{DebugInfo, UnitContext};
use super::units::{Slice, UnitIndex};
use crate::paths;
use gimli::{DebugLine, DebugLineOffset, FileEntry, IncompleteLineProgram, LineProgramHeader};
use rayon::prelude::*;
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

impl FileTable {
    /// The files of a unit's line table; without one, its main file.
    pub(super) fn read(context: &UnitContext<'_>) -> Self {
        let comp_dir = context.data.comp_dir.as_deref();
        let mut files = Files::default();
        if let Some(name) = &context.data.name {
            files.add(name, &absolute(comp_dir, name));
        }
        let mut table = Self { files: Vec::new(), numbers: Vec::new(), first_number: 1 };
        if let Some(program) = line_program(context) {
            let header = program.header();
            table.first_number = if header.version() < 5 { 1 } else { 0 };
            for file in header.file_names() {
                let name = file_name(context, header, file);
                let path = absolute(comp_dir, &name);
                table.numbers.push(files.add(&name, &path));
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

/// The line program of a unit, its header read.
pub(super) fn line_program<'a>(context: &UnitContext<'a>) -> Option<IncompleteLineProgram<Slice<'a>>> {
    let section = context.info.section(".debug_line");
    let line = DebugLine::from(Slice::new(section, gimli::LittleEndian));
    line.program(DebugLineOffset(context.data.line_offset?), context.unit.header.address_size(), None, None)
        .ok()
}

fn text(context: &UnitContext<'_>, value: gimli::AttributeValue<Slice<'_>>) -> Option<String> {
    // The two lifetimes are of the same sections.
    match value {
        gimli::AttributeValue::String(text) => Some(text.to_string_lossy().into_owned()),
        gimli::AttributeValue::DebugStrRef(offset) => {
            Some(context.dwarf.string(offset).ok()?.to_string_lossy().into_owned())
        }
        gimli::AttributeValue::DebugLineStrRef(offset) => {
            Some(context.dwarf.line_string(offset).ok()?.to_string_lossy().into_owned())
        }
        gimli::AttributeValue::DebugStrOffsetsIndex(index) => {
            let offset = context.dwarf.string_offset(&context.unit, index).ok()?;
            Some(context.dwarf.string(offset).ok()?.to_string_lossy().into_owned())
        }
        _ => None,
    }
}

/// Directory and name. Before DWARF 5, directory 0 is the compilation directory and not in the table.
fn file_name(
    context: &UnitContext<'_>,
    header: &LineProgramHeader<Slice<'_>>,
    file: &FileEntry<Slice<'_>>,
) -> String {
    let name = text(context, file.path_name()).unwrap_or_default();
    if header.version() < 5 && file.directory_index() == 0 {
        return name;
    }
    let index = file.directory_index() - u64::from(header.version() < 5);
    let directory = usize::try_from(index).ok().and_then(|index| header.include_directories().get(index));
    match directory.and_then(|&directory| text(context, directory)) {
        Some(directory) => join(&directory, &name),
        None => name,
    }
}

/// Files of a unit under construction; equal paths become one.
#[derive(Default)]
struct Files {
    files: Vec<SourceFile>,
    by_path: HashMap<Arc<str>, FileIndex>,
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
    format!("{}/{name}", directory.strip_suffix('/').unwrap_or(directory))
}

pub(crate) fn absolute(comp_dir: Option<&str>, name: &str) -> String {
    comp_dir.map_or_else(|| name.to_owned(), |directory| join(directory, name))
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
            units.par_chunks(64).map(|units| names_of(info, units)).collect();
        let mut index = Self::default();
        for (name, mut units) in parts.into_iter().flatten() {
            let name: Arc<str> = name.into();
            index.units.entry(name).or_default().append(&mut units);
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

/// The names of the files of some units, in the order of the units.
fn names_of(info: &DebugInfo, units: &[UnitIndex]) -> BTreeMap<String, Vec<UnitIndex>> {
    let mut found: BTreeMap<String, Vec<UnitIndex>> = BTreeMap::new();
    for &unit in units {
        let Some(context) = info.context(unit) else { continue };
        // Not kept: a kernel's tables together are large, and few are ever asked for.
        for file in FileTable::read(&context).files {
            match found.get_mut(&*file.name) {
                Some(units) => units.push(unit),
                None => {
                    found.insert(file.name.to_string(), vec![unit]);
                }
            }
        }
    }
    found
}
