//! Macros of the C preprocessor, as `.debug_macro` (DWARF 5, and GNU's form of it for DWARF 4) and `.debug_macinfo` record
//! them: which file was included where, and from where to where each definition holds.
//!
//! How places are compared, and what happens to records no compiler should write, is as in gdb 13 (`macrotab.c`).

use super::debug_info::UnitContext;
use super::files::FileTable;
use super::units::Slice;
use gimli::{
    DebugMacinfo, DebugMacinfoOffset, DebugMacro, DebugMacroOffset, LittleEndian, MacroEntry, MacroIter,
    MacroString,
};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// Steps the macros of one unit may take to read: a unit of the kernel takes a twentieth. Records that import others may
/// stand for more than the file could hold.
const MAX_STEPS: usize = 1 << 22;

/// Bytes of text the macros of one unit may have.
const MAX_TEXT: usize = 1 << 28;

/// How deep files include each other; compilers stop at 200.
const MAX_DEPTH: usize = 256;

/// How deep records import others; compilers write one level.
const MAX_IMPORTS: usize = 16;

/// Position of a file in [`MacroTable::files`]. A file that is included twice is there twice.
pub(crate) type MacroFile = usize;

/// The line gdb gives what the preprocessor defines itself.
pub(crate) const BUILT_IN_LINE: i64 = -1;

/// Where the macros of a unit are recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MacroSection {
    /// Offset in `.debug_macro`.
    Macro(usize),
    /// Offset in `.debug_macinfo`.
    Macinfo(usize),
}

/// A file that was read for a unit.
#[derive(Debug)]
struct Included {
    path: Arc<str>,
    /// Which file included it, and on which line.
    by: Option<(MacroFile, i64)>,
    depth: usize,
    /// Lines on which it includes others, in order.
    lines: Vec<i64>,
}

/// One definition.
#[derive(Debug)]
pub(crate) struct Definition {
    text: Box<str>,
    name_length: usize,
    /// Where it begins to hold.
    pub(crate) file: MacroFile,
    pub(crate) line: i64,
    /// Where it was undefined; `None`: it holds to the end of the unit.
    end: Option<(MacroFile, i64)>,
}

impl Definition {
    pub(crate) fn name(&self) -> &str {
        self.text.get(..self.name_length).unwrap_or_default()
    }

    /// What is after the name: `(a,b) ((a)+(b))`, ` 37`.
    pub(crate) fn rest(&self) -> &str {
        self.text.get(self.name_length..).unwrap_or_default()
    }
}

/// The macros of a unit.
#[derive(Debug, Default)]
pub(crate) struct MacroTable {
    /// The unit's main file first.
    files: Vec<Included>,
    /// By name, those of one name in the order they were made.
    definitions: Vec<Definition>,
}

impl MacroTable {
    /// Reads the macros of a unit. `None` when no main file is recorded: without it nothing has a place.
    pub(super) fn read(context: &UnitContext<'_>, at: MacroSection, files: &FileTable) -> Option<Self> {
        let mut reader = Reader {
            context,
            sources: files,
            table: Self::default(),
            names: HashMap::new(),
            current: None,
            importing: Vec::new(),
            import_base: context.macro_base(),
            steps: MAX_STEPS,
            text: MAX_TEXT,
        };
        // What was defined before the first file belongs to it, so that has to be known first.
        let mut records = reader.records(at)?;
        while let Ok(Some(entry)) = records.next() {
            if let MacroEntry::StartFile { file, .. } = entry {
                reader.start_file(0, file)?;
                break;
            }
        }
        reader.current?;
        reader.run(at);
        let mut table = reader.table;
        table.definitions.sort_by(|a, b| a.name().cmp(b.name()));
        table.definitions.shrink_to_fit();
        Some(table)
    }

    /// The file of a path that was included by the fewest others, the first of those; `None` when none has the path.
    pub(crate) fn file_of(&self, path: &str) -> Option<MacroFile> {
        let files = self.files.iter().enumerate().filter(|(_, file)| &*file.path == path);
        let first = files.min_by(|(a, left), (b, right)| {
            left.depth.cmp(&right.depth).then_with(|| self.compare((*a, 0), (*b, 0)))
        });
        first.map(|(index, _)| index)
    }

    /// The path of a file.
    pub(crate) fn path(&self, file: MacroFile) -> Option<&Arc<str>> {
        Some(&self.files.get(file)?.path)
    }

    /// A line, the line that included its file, and so on to the main file.
    pub(crate) fn places(&self, file: MacroFile, line: i64) -> Vec<(Arc<str>, i64)> {
        let mut places = Vec::new();
        let mut next = Some((file, line));
        while let Some((file, line)) = next
            && let Some(included) = self.files.get(file)
        {
            places.push((Arc::clone(&included.path), line));
            next = included.by;
        }
        places
    }

    /// All definitions of a name, in order.
    pub(crate) fn named(&self, name: &str) -> &[Definition] {
        let from = self.definitions.partition_point(|definition| definition.name() < name);
        let rest = self.definitions.get(from..).unwrap_or_default();
        let length = rest.partition_point(|definition| definition.name() == name);
        rest.get(..length).unwrap_or_default()
    }

    /// The definition of a name that holds at a place.
    pub(crate) fn find(&self, name: &str, at: (MacroFile, i64)) -> Option<&Definition> {
        self.last_before(self.named(name).iter(), at)
    }

    /// The definitions that hold at a place, by name.
    pub(crate) fn holding(&self, at: (MacroFile, i64)) -> Vec<&Definition> {
        self.definitions
            .chunk_by(|a, b| a.name() == b.name())
            .filter_map(|named| self.last_before(named.iter(), at))
            .collect()
    }

    /// Of definitions of one name the last that begins at or before a place, if it holds there.
    fn last_before<'a>(
        &self,
        named: impl DoubleEndedIterator<Item = &'a Definition>,
        at: (MacroFile, i64),
    ) -> Option<&'a Definition> {
        let begun = named.filter(|found| self.compare((found.file, found.line), at).is_le());
        let last = begun.max_by(|a, b| self.compare((a.file, a.line), (b.file, b.line)))?;
        self.holds(last, at).then_some(last)
    }

    fn holds(&self, definition: &Definition, at: (MacroFile, i64)) -> bool {
        definition.end.is_none_or(|end| self.compare(at, end).is_lt())
    }

    /// The order of two places. What is in a file comes after the line that included it, and before the next.
    fn compare(&self, a: (MacroFile, i64), b: (MacroFile, i64)) -> Ordering {
        let depth = |file: MacroFile| self.files.get(file).map_or(0, |file| file.depth);
        let outer = |at: (MacroFile, i64)| self.files.get(at.0).and_then(|file| file.by);
        let (mut left, mut right) = (a, b);
        let (mut left_inside, mut right_inside) = (false, false);
        while left.0 != right.0 {
            let (left_depth, right_depth) = (depth(left.0), depth(right.0));
            if left_depth >= right_depth {
                let Some(out) = outer(left) else { break };
                (left, left_inside) = (out, true);
            }
            if right_depth >= left_depth {
                let Some(out) = outer(right) else { break };
                (right, right_inside) = (out, true);
            }
        }
        left.1.cmp(&right.1).then(left_inside.cmp(&right_inside))
    }
}

/// A table while it is made.
struct Reader<'a, 'c> {
    context: &'c UnitContext<'a>,
    sources: &'c FileTable,
    table: MacroTable,
    /// Definitions so far.
    names: HashMap<String, Vec<usize>>,
    current: Option<MacroFile>,
    /// The lists that are being read: each is imported by the one before.
    importing: Vec<usize>,
    /// What is added to where an imported list is said to be.
    import_base: usize,
    steps: usize,
    text: usize,
}

impl<'a> Reader<'a, '_> {
    fn records(&self, at: MacroSection) -> Option<MacroIter<Slice<'a>>> {
        let info = self.context.info;
        match at {
            MacroSection::Macro(offset) => {
                let section = DebugMacro::new(info.section(".debug_macro"), LittleEndian);
                section.get_macros(DebugMacroOffset(offset)).ok()
            }
            MacroSection::Macinfo(offset) => {
                let section = DebugMacinfo::new(info.section(".debug_macinfo"), LittleEndian);
                section.get_macinfo(DebugMacinfoOffset(offset)).ok()
            }
        }
    }

    /// Counts steps; `None` when there have been enough.
    fn spend(&mut self, steps: usize) -> Option<()> {
        self.steps = self.steps.checked_sub(steps)?;
        Some(())
    }

    /// Takes one list of records and what it imports. `None`: no more of this unit.
    fn run(&mut self, at: MacroSection) -> Option<()> {
        let (MacroSection::Macro(offset) | MacroSection::Macinfo(offset)) = at;
        // The main file has begun already.
        let mut before_main = self.importing.is_empty();
        let Some(mut records) = self.records(at) else { return Some(()) };
        self.importing.push(offset);
        // A damaged list counts up to the damage.
        while let Ok(Some(entry)) = records.next() {
            self.spend(1)?;
            match entry {
                MacroEntry::Define { line, text } => self.define(line, &text)?,
                MacroEntry::Undef { line, name } => self.undefine(line, &name)?,
                MacroEntry::StartFile { .. } if before_main => before_main = false,
                MacroEntry::StartFile { line, file } => self.start_file(signed(line), file)?,
                MacroEntry::EndFile => {
                    let file = self.table.files.get(self.current?)?;
                    // The end of the main file is the end of all.
                    self.current = Some(file.by?.0);
                }
                MacroEntry::Import { offset } => {
                    let Some(offset) = offset.0.checked_add(self.import_base) else { continue };
                    // Compilers leave an offset of 0 in `.dwo` files, whose lists are not linked.
                    if self.importing.len() <= MAX_IMPORTS && !self.importing.contains(&offset) {
                        self.run(MacroSection::Macro(offset))?;
                    }
                }
                MacroEntry::ImportSup { .. } | MacroEntry::VendorExt { .. } => {}
            }
        }
        self.importing.pop();
        Some(())
    }

    fn start_file(&mut self, mut line: i64, number: u64) -> Option<()> {
        let known = self.sources.of_number(number).and_then(|file| self.sources.files.get(file));
        let path = match known {
            Some(file) => Arc::clone(&file.path),
            None => format!("<bad macro file number {number}>").into(),
        };
        let new = self.table.files.len();
        let mut depth = 0;
        if let Some(current) = self.current {
            let including = self.table.files.get_mut(current)?;
            depth = including.depth + 1;
            // What options include is all included on line 0: each gets a line of its own, or nothing could be distinguished.
            let mut slot = including.lines.partition_point(|&taken| taken < line);
            let first = slot;
            while including.lines.get(slot) == Some(&line) {
                slot += 1;
                line += 1;
            }
            including.lines.insert(slot, line);
            self.spend(1 + slot - first)?;
        }
        if depth > MAX_DEPTH {
            return None;
        }
        let by = self.current.map(|file| (file, line));
        self.table.files.push(Included { path, by, depth, lines: Vec::new() });
        self.current = Some(new);
        Some(())
    }

    fn define(&mut self, line: u64, text: &MacroString<Slice<'a>>) -> Option<()> {
        let file = self.current?;
        let Some(text) = self.string(text) else { return Some(()) };
        self.text = self.text.checked_sub(text.len())?;
        let name_length = text.find([' ', '(']).unwrap_or(text.len());
        if name_length == 0 {
            return Some(());
        }
        let name = text.get(..name_length)?;
        let index = self.table.definitions.len();
        match self.names.get_mut(name) {
            Some(named) => named.push(index),
            None => {
                self.names.insert(name.to_owned(), vec![index]);
            }
        }
        let made =
            Definition { text: text.into_boxed_str(), name_length, file, line: signed(line), end: None };
        self.table.definitions.push(made);
        Some(())
    }

    fn undefine(&mut self, line: u64, name: &MacroString<Slice<'a>>) -> Option<()> {
        let at = (self.current?, signed(line));
        let Some(name) = self.string(name) else { return Some(()) };
        let Some(named) = self.names.get_mut(&name) else { return Some(()) };
        // In the order of the records the last is the nearest.
        let Some(&last) = named.last() else { return Some(()) };
        let definition = self.table.definitions.get(last)?;
        if self.table.compare((definition.file, definition.line), at).is_gt()
            || !self.table.holds(definition, at)
        {
            return Some(());
        }
        let definition = self.table.definitions.get_mut(last)?;
        // Options such as `-DX -UX -DX=2` undefine a macro where it was made; it then holds nowhere.
        definition.end = Some(at);
        if (definition.file, definition.line) == at {
            named.pop();
        }
        Some(())
    }

    fn string(&self, text: &MacroString<Slice<'a>>) -> Option<String> {
        let UnitContext { dwarf, unit, .. } = self.context;
        let text = match text {
            MacroString::Direct(text) => *text,
            MacroString::StringPointer(offset) => dwarf.string(*offset).ok()?,
            MacroString::IndirectStringPointer(index) => {
                dwarf.string(dwarf.string_offset(unit, *index).ok()?).ok()?
            }
            MacroString::Supplementary(offset) => dwarf.sup_string(*offset).ok()?,
        };
        Some(text.to_string_lossy().into_owned())
    }
}

fn signed(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}
