//! What there is to ask about a file: its symbols, functions, lines, types and variables, read with object and
//! gimli. Nothing here decides what is right; the debuggers are compared with each other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use gimli::{DwTag, EndianSlice, LittleEndian, UnitOffset, constants as dw};
use object::{Object, ObjectSymbol, SymbolKind};

use super::elf::{self, Layout};

type Slice<'a> = EndianSlice<'a, LittleEndian>;
type Dwarf<'a> = gimli::Dwarf<Slice<'a>>;
type Unit<'a> = gimli::Unit<Slice<'a>>;
type Entry<'a> = gimli::DebuggingInformationEntry<Slice<'a>>;

/// A function with code.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name in the debug information.
    pub name: String,
    /// Its first address.
    pub low: u64,
    /// The address after its last one; of its first part, if it has several.
    pub high: u64,
    /// Its parameters and variables, those of inlined calls included.
    pub locals: Vec<String>,
}

/// A symbol of code in the symbol table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: u64,
    /// Its size in bytes, at least 1.
    pub size: u64,
}

/// One of the definitions a type's name has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The line it begins on.
    line: u64,
    /// Bytes, or 0 where it has none (a typedef).
    size: u64,
    /// A function of the unit with this definition, to ask from there.
    pub from: Option<String>,
}

/// A variable with static storage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The name of the unit that defines it.
    pub unit: String,
    /// Whether other units can name it.
    pub external: bool,
}

/// What there is to ask about a file.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Symbols of code.
    pub text: Vec<Text>,
    /// Functions with code.
    pub functions: Vec<Function>,
    /// Names of functions of which inlined copies may exist.
    pub inlined: BTreeSet<String>,
    /// Files, as the line programs name them, and lines with code.
    pub lines: Vec<(String, u64)>,
    /// Named structures, unions, enumerations and type definitions: `struct list_head`, `pid_t`.
    pub types: BTreeMap<String, Vec<Definition>>,
    /// Variables with static storage.
    pub variables: Vec<Variable>,
    /// Where its sections are, if it is a module.
    pub layout: Layout,
}

impl Inventory {
    /// Reads `path`; a relocatable file is laid out from `base` on.
    pub fn read(path: &Path, base: Option<u64>) -> Result<Self> {
        let at = || path.display().to_string();
        let file = File::open(path).with_context(at)?;
        // SAFETY: the files that are audited are not written while they are audited; should it happen all the
        // same, a tool of development reads nonsense.
        let data = unsafe { memmap2::Mmap::map(&file) }.with_context(at)?;
        let file = object::File::parse(&*data).with_context(at)?;
        Self::of(&file, base).with_context(at)
    }

    fn of(file: &object::File<'_>, base: Option<u64>) -> Result<Self> {
        let mut inventory = Self { layout: Layout::of(file, base), ..Self::default() };
        for symbol in file.symbols() {
            let (Ok(name), SymbolKind::Text) = (symbol.name(), symbol.kind()) else { continue };
            if symbol.size() == 0 || name.is_empty() || !symbol.is_definition() {
                continue;
            }
            let address = symbol.address().wrapping_add(inventory.layout.base(symbol.section_index()));
            inventory.text.push(Text { name: name.to_owned(), address, size: symbol.size() });
        }
        inventory.text.sort();
        inventory.text.dedup_by_key(|text| text.address);

        let sections = gimli::DwarfSections::load(|id| elf::content(file, id.name(), &inventory.layout))?;
        let dwarf = sections.borrow(|section| Slice::new(section, LittleEndian));
        Reader { dwarf: &dwarf, inventory: &mut inventory, types: HashMap::new(), lines: HashSet::new() }
            .read()?;
        Ok(inventory)
    }
}

/// A type while reading: the tag and the name.
type TypeKey<'a> = (DwTag, Slice<'a>);

struct Reader<'a, 'i> {
    dwarf: &'i Dwarf<'a>,
    inventory: &'i mut Inventory,
    types: HashMap<TypeKey<'a>, Vec<Definition>>,
    lines: HashSet<(String, u64)>,
}

/// A function while its unit is read.
struct Pending<'a> {
    origin: Origin<'a>,
    low: u64,
    high: u64,
    locals: Vec<Origin<'a>>,
}

/// A name, or the entry that has it.
#[derive(Clone, Copy)]
enum Origin<'a> {
    Name(Slice<'a>),
    Entry(UnitOffset),
}

impl<'a> Reader<'a, '_> {
    fn read(mut self) -> Result<()> {
        let mut headers = self.dwarf.units();
        while let Some(header) = headers.next()? {
            let unit = self.dwarf.unit(header)?;
            self.read_unit(&unit)?;
            self.read_lines(&unit)?;
        }
        self.inventory.types = std::mem::take(&mut self.types)
            .into_iter()
            .map(|((tag, name), definitions)| {
                let name = name.to_string_lossy();
                let name = match keyword(tag) {
                    "" => name.into_owned(),
                    keyword => format!("{keyword} {name}"),
                };
                (name, definitions)
            })
            .collect();
        self.inventory.lines = self.lines.drain().collect();
        self.inventory.lines.sort();
        self.inventory.variables.sort();
        self.inventory.functions.sort_by_key(|function| function.low);
        Ok(())
    }

    fn read_unit(&mut self, unit: &Unit<'a>) -> Result<()> {
        let dwarf = self.dwarf;
        let unit_name = unit.name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut names: HashMap<UnitOffset, Slice<'a>> = HashMap::new();
        let mut functions: Vec<Pending<'a>> = Vec::new();
        let mut variables: Vec<(Origin<'a>, bool)> = Vec::new();
        let mut externals: HashSet<UnitOffset> = HashSet::new();
        let mut types: Vec<(TypeKey<'a>, Definition)> = Vec::new();
        // The depth of the function whose entries are read.
        let mut function_depth = None;

        let mut entries = unit.entries_raw(None)?;
        let mut entry = Entry::null();
        while !entries.is_empty() {
            let depth = entries.next_depth();
            if !entries.read_entry(&mut entry)? {
                continue;
            }
            if function_depth.is_some_and(|function| depth <= function) {
                function_depth = None;
            }
            let name = entry.attr_value(dw::DW_AT_name).and_then(|value| dwarf.attr_string(unit, value).ok());
            let flag =
                |attribute| matches!(entry.attr_value(attribute), Some(gimli::AttributeValue::Flag(true)));
            match entry.tag() {
                dw::DW_TAG_subprogram => {
                    if let Some(name) = name {
                        names.insert(entry.offset(), name);
                        // Inlined, with or without being declared so.
                        if matches!(
                            entry.attr_value(dw::DW_AT_inline),
                            Some(gimli::AttributeValue::Inline(
                                dw::DW_INL_inlined | dw::DW_INL_declared_inlined
                            ))
                        ) {
                            self.inventory.inlined.insert(name.to_string_lossy().into_owned());
                        }
                    }
                    if let (Some(origin), Some((low, high))) =
                        (origin(&entry, name), range(dwarf, unit, &entry)?)
                    {
                        functions.push(Pending { origin, low, high, locals: Vec::new() });
                        function_depth = Some(depth);
                    }
                }
                dw::DW_TAG_variable | dw::DW_TAG_formal_parameter if depth > 1 => {
                    if let Some(name) = name {
                        names.insert(entry.offset(), name);
                    }
                    if let (Some(_), Some(function), Some(origin)) =
                        (function_depth, functions.last_mut(), origin(&entry, name))
                    {
                        function.locals.push(origin);
                    }
                }
                dw::DW_TAG_variable if depth == 1 => {
                    if let Some(name) = name {
                        names.insert(entry.offset(), name);
                    }
                    if flag(dw::DW_AT_external) {
                        externals.insert(entry.offset());
                    }
                    if let (true, Some(origin)) = (is_static(&entry), origin(&entry, name)) {
                        variables.push((origin, flag(dw::DW_AT_external)));
                    }
                }
                tag @ (dw::DW_TAG_structure_type
                | dw::DW_TAG_union_type
                | dw::DW_TAG_enumeration_type
                | dw::DW_TAG_typedef)
                    if depth == 1 && !flag(dw::DW_AT_declaration) =>
                {
                    let number =
                        |attribute| entry.attr_value(attribute).and_then(|value| value.udata_value());
                    let (size, line) = (number(dw::DW_AT_byte_size), number(dw::DW_AT_decl_line));
                    if let Some(name) = name {
                        let definition =
                            Definition { line: line.unwrap_or(0), size: size.unwrap_or(0), from: None };
                        types.push(((tag, name), definition));
                    }
                }
                _ => {}
            }
        }

        let named = |origin: Origin<'a>| match origin {
            Origin::Name(name) => Some(name.to_string_lossy().into_owned()),
            Origin::Entry(offset) => names.get(&offset).map(|name| name.to_string_lossy().into_owned()),
        };
        let from = functions.first().and_then(|function| named(function.origin));
        for (key, mut definition) in types {
            let known = self.types.entry(key).or_default();
            match known.iter_mut().find(|k| (k.line, k.size) == (definition.line, definition.size)) {
                Some(known) if known.from.is_none() => known.from.clone_from(&from),
                Some(_) => {}
                None => {
                    definition.from.clone_from(&from);
                    known.push(definition);
                }
            }
        }
        for (origin, external) in variables {
            let external = external || matches!(origin, Origin::Entry(at) if externals.contains(&at));
            if let Some(name) = named(origin) {
                self.inventory.variables.push(Variable { name, unit: unit_name.clone(), external });
            }
        }
        for function in functions {
            let Some(name) = named(function.origin) else { continue };
            let locals: BTreeSet<String> = function.locals.iter().filter_map(|local| named(*local)).collect();
            let (low, high) = (function.low, function.high);
            self.inventory.functions.push(Function { name, low, high, locals: locals.into_iter().collect() });
        }
        Ok(())
    }

    fn read_lines(&mut self, unit: &Unit<'a>) -> Result<()> {
        let Some(program) = unit.line_program.clone() else { return Ok(()) };
        let mut rows = program.rows();
        let mut files: HashMap<u64, String> = HashMap::new();
        let mut last = (0, 0);
        while let Some((header, row)) = rows.next_row()? {
            let (index, line) = (row.file_index(), row.line().map_or(0, std::num::NonZero::get));
            if row.end_sequence() || !row.is_stmt() || line == 0 || (index, line) == last {
                continue;
            }
            last = (index, line);
            let name = match files.get(&index) {
                Some(name) => name,
                None => {
                    let Some(file) = row.file(header) else { continue };
                    let string = |value| -> Result<String> {
                        Ok(self.dwarf.attr_string(unit, value)?.to_string_lossy().into_owned())
                    };
                    let mut name = string(file.path_name())?;
                    // Relative to the directory of the compilation, as one would type it.
                    if file.directory_index() != 0
                        && let Some(directory) = file.directory(header)
                    {
                        name = format!("{}/{name}", string(directory)?);
                    }
                    files.entry(index).or_insert(name)
                }
            };
            // Most rows repeat a line that is known: no new string for these.
            let key = (name.clone(), line);
            self.lines.insert(key);
        }
        Ok(())
    }
}

/// The word before the type's name.
fn keyword(tag: DwTag) -> &'static str {
    match tag {
        dw::DW_TAG_structure_type => "struct",
        dw::DW_TAG_union_type => "union",
        dw::DW_TAG_enumeration_type => "enum",
        _ => "",
    }
}

fn origin<'a>(entry: &Entry<'a>, name: Option<Slice<'a>>) -> Option<Origin<'a>> {
    if let Some(name) = name {
        return Some(Origin::Name(name));
    }
    [dw::DW_AT_abstract_origin, dw::DW_AT_specification].iter().find_map(|attribute| {
        match entry.attr_value(*attribute) {
            Some(gimli::AttributeValue::UnitRef(offset)) => Some(Origin::Entry(offset)),
            _ => None,
        }
    })
}

/// The first contiguous part of a function's code.
fn range<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>, entry: &Entry<'a>) -> Result<Option<(u64, u64)>> {
    let mut ranges = dwarf.die_ranges(unit, entry)?;
    Ok(ranges.next()?.filter(|range| range.begin < range.end).map(|range| (range.begin, range.end)))
}

/// Whether a variable's location is an address and nothing else: in the expression, or clang's way in .debug_addr.
fn is_static(entry: &Entry<'_>) -> bool {
    let Some(gimli::AttributeValue::Exprloc(expression)) = entry.attr_value(dw::DW_AT_location) else {
        return false;
    };
    match expression.0.split_first() {
        Some((code, operand)) if *code == dw::DW_OP_addr.0 => operand.len() == 8,
        // One number: its last byte is the first without the continuation bit.
        Some((code, operand)) if *code == dw::DW_OP_addrx.0 => {
            operand.iter().position(|byte| byte & 0x80 == 0).is_some_and(|last| last + 1 == operand.len())
        }
        _ => false,
    }
}
