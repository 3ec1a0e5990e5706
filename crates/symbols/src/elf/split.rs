//! Split DWARF (DWARF 5, 7.3.2): what the compiler left in `.dwo` files, or what was collected of them in a `.dwp` file (7.3.5), put
//! after the file's own debug information. What the skeleton that stays in the file says of a unit's tables is kept beside it.

use super::separate::{MissingFile, Sought};
use super::{Image, OpenOptions};
use gimli::{EndianSlice, LittleEndian, UnitType};
use std::path::{Path, PathBuf};

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// Where the tables of a unit of a `.dwo` file are in the joined sections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Split {
    /// Where the skeleton of the unit begins.
    pub(crate) skeleton: u64,
    pub(crate) str_offsets_base: u64,
    pub(crate) addr_base: u64,
    pub(crate) loclists_base: u64,
    pub(crate) rnglists_base: u64,
    /// By how much what refers to the unit's macros moved.
    pub(crate) macro_base: u64,
}

/// The sections that are joined, in the order of [`Joined::sections`].
const JOINED: [&str; 7] = [
    ".debug_info",
    ".debug_abbrev",
    ".debug_str",
    ".debug_str_offsets",
    ".debug_loclists",
    ".debug_rnglists",
    ".debug_macro",
];
const INFO: usize = 0;
const ABBREV: usize = 1;
const STR: usize = 2;
const STR_OFFSETS: usize = 3;
const LOCLISTS: usize = 4;
const RNGLISTS: usize = 5;
const MACRO: usize = 6;

/// Headers of `.debug_str_offsets`, `.debug_loclists` and `.debug_rnglists` in the 32-bit format (DWARF 5, 7.26 to 7.29).
const STR_OFFSETS_HEADER: u64 = 8;
const LISTS_HEADER: u64 = 12;

/// A unit of which only the skeleton is in the file.
struct Skeleton {
    start: u64,
    id: u64,
    addr_base: u64,
    name: String,
    directory: PathBuf,
}

/// Finds the `.dwo` files of a file, or the package of them, and joins them to `image`; what could not be found. `name` is that of the
/// file the package is named after, when it is another one.
pub(super) fn attach(image: &mut Image, name: Option<&Path>, options: &OpenOptions) -> Vec<MissingFile> {
    // Without a table of addresses no unit can be a skeleton.
    if image.section(".debug_addr").is_none() {
        return Vec::new();
    }
    let skeletons = skeletons(image);
    let mut missing = Vec::new();
    let mut joined = Joined::new(image);
    let packages = if skeletons.is_empty() { Vec::new() } else { packages(image, name) };
    let package = packages.iter().find_map(|path| Image::open(path, options).ok());
    let index = package.as_ref().and_then(package_index);
    let mut package_strings = None;
    for skeleton in skeletons {
        if let (Some(package), Some(index)) = (&package, &index)
            && let Some(pieces) = Pieces::in_package(package, index, skeleton.id)
            && joined.add(&pieces, &mut package_strings, &skeleton).is_some()
        {
            continue;
        }
        let mut looked = Vec::new();
        let mut others = Vec::new();
        let found = places(image, &skeleton).into_iter().find_map(|path| {
            let found = Image::open(&path, options).ok();
            let fits = found.as_ref().is_some_and(|found| holds(found, skeleton.id));
            if found.is_some() && !fits {
                others.push(path.clone());
            }
            looked.push(path);
            found.filter(|_| fits)
        });
        let is_joined =
            found.is_some_and(|found| joined.add(&Pieces::of(&found), &mut None, &skeleton).is_some());
        if !is_joined {
            looked.extend(packages.iter().cloned());
            missing.push(MissingFile { sought: Sought::Split(skeleton.name), looked, others });
        }
    }
    if !joined.splits.is_empty() {
        let Joined { sections, splits } = joined;
        for (name, bytes) in JOINED.into_iter().zip(sections) {
            image.replace_section(name, bytes);
        }
        image.set_splits(splits);
    }
    missing
}

fn slice<'a>(image: &'a Image, name: &str) -> Slice<'a> {
    Slice::new(image.data_by_name(name).unwrap_or_default(), LittleEndian)
}

fn skeletons(image: &Image) -> Vec<Skeleton> {
    let load = |id: gimli::SectionId| Ok::<_, std::convert::Infallible>(slice(image, id.name()));
    let dwarf = match gimli::Dwarf::load(load) {
        Ok(dwarf) => dwarf,
        Err(never) => match never {},
    };
    let directory_of_image = image.path().parent().map(PathBuf::from).unwrap_or_default();
    let mut found = Vec::new();
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        let UnitType::Skeleton(id) = header.type_() else { continue };
        let Some(start) = header.debug_info_offset() else { continue };
        let Ok(unit) = dwarf.unit(header) else { continue };
        let name = unit.dwo_name().ok().flatten().and_then(|value| dwarf.attr_string(&unit, value).ok());
        let Some(name) = name else { continue };
        let directory = unit.comp_dir.map(|dir| PathBuf::from(dir.to_string_lossy().into_owned()));
        found.push(Skeleton {
            start: start.0 as u64,
            id: id.0,
            addr_base: unit.addr_base.0 as u64,
            name: name.to_string_lossy().into_owned(),
            directory: directory.unwrap_or_else(|| directory_of_image.clone()),
        });
    }
    found
}

/// In the directory of compilation, then beside the file.
fn places(image: &Image, skeleton: &Skeleton) -> Vec<PathBuf> {
    let directory_of_image = image.path().parent().map(PathBuf::from).unwrap_or_default();
    let name = PathBuf::from(&skeleton.name);
    let mut places = vec![skeleton.directory.join(&name)];
    if let Some(base) = name.file_name() {
        let beside = directory_of_image.join(base);
        if !places.contains(&beside) {
            places.push(beside);
        }
    }
    places
}

/// Where a package of the file's units may be: as gdb looks, beside the file, under its name and `.dwp`.
fn packages(image: &Image, name: Option<&Path>) -> Vec<PathBuf> {
    let mut packages: Vec<PathBuf> = Vec::new();
    let resolved = image.path().canonicalize().ok();
    for path in [Some(image.path()), resolved.as_deref(), name].into_iter().flatten() {
        let mut package = path.as_os_str().to_owned();
        package.push(".dwp");
        if !packages.iter().any(|other| *other == package) {
            packages.push(package.into());
        }
    }
    packages
}

/// Which parts of the sections of a package belong to which unit (DWARF 5, 7.3.5.3).
fn package_index(package: &Image) -> Option<gimli::UnitIndex<Slice<'_>>> {
    let bytes = package.data_by_name(".debug_cu_index")?;
    let index = gimli::DebugCuIndex::new(bytes, LittleEndian).index().ok()?;
    (index.version() == 5).then_some(index)
}

/// What a `.dwo` file has, or what a package has of one.
#[derive(Default)]
struct Pieces<'a> {
    info: &'a [u8],
    abbrev: &'a [u8],
    str: &'a [u8],
    str_offsets: &'a [u8],
    loclists: &'a [u8],
    rnglists: &'a [u8],
    macros: &'a [u8],
}

impl<'a> Pieces<'a> {
    fn of(file: &'a Image) -> Self {
        let section = |name| file.data_by_name(name).unwrap_or_default();
        Self {
            info: section(".debug_info.dwo"),
            abbrev: section(".debug_abbrev.dwo"),
            str: section(".debug_str.dwo"),
            str_offsets: section(".debug_str_offsets.dwo"),
            loclists: section(".debug_loclists.dwo"),
            rnglists: section(".debug_rnglists.dwo"),
            macros: section(".debug_macro.dwo"),
        }
    }

    /// The parts of the unit with this id; `None` when the package does not have it.
    fn in_package(package: &'a Image, index: &gimli::UnitIndex<Slice<'_>>, id: u64) -> Option<Self> {
        let whole = Self::of(package);
        // The units share their strings.
        let mut pieces = Self { str: whole.str, ..Self::default() };
        for part in index.sections(index.find(id)?).ok()? {
            let start = part.offset as usize;
            let of = |bytes: &'a [u8]| bytes.get(start..start.checked_add(part.size as usize)?);
            match part.section {
                gimli::IndexSectionId::DebugInfo => pieces.info = of(whole.info)?,
                gimli::IndexSectionId::DebugAbbrev => pieces.abbrev = of(whole.abbrev)?,
                gimli::IndexSectionId::DebugStrOffsets => pieces.str_offsets = of(whole.str_offsets)?,
                gimli::IndexSectionId::DebugLocLists => pieces.loclists = of(whole.loclists)?,
                gimli::IndexSectionId::DebugRngLists => pieces.rnglists = of(whole.rnglists)?,
                gimli::IndexSectionId::DebugMacro => pieces.macros = of(whole.macros)?,
                _ => {}
            }
        }
        (!pieces.info.is_empty()).then_some(pieces)
    }
}

/// Whether a `.dwo` file has the unit with this id.
fn holds(file: &Image, id: u64) -> bool {
    let units = gimli::DebugInfo::from(slice(file, ".debug_info.dwo"));
    let mut headers = units.units();
    while let Ok(Some(header)) = headers.next() {
        if matches!(header.type_(), UnitType::SplitCompilation(unit_id) if unit_id.0 == id) {
            return true;
        }
    }
    false
}

/// The sections while they are joined.
struct Joined {
    sections: [Vec<u8>; 7],
    /// Units by where they begin.
    splits: Vec<(u64, Split)>,
}

impl Joined {
    fn new(image: &Image) -> Self {
        Self {
            sections: JOINED.map(|name| image.data_by_name(name).unwrap_or_default().to_vec()),
            splits: Vec::new(),
        }
    }

    fn len(&self, section: usize) -> u64 {
        self.sections.get(section).map_or(0, |bytes| bytes.len() as u64)
    }

    /// Puts what there is of a unit after what is there. `None` when it is damaged. `strings` is where its strings are already, and set
    /// when they are not.
    fn add(&mut self, pieces: &Pieces<'_>, strings: &mut Option<u64>, skeleton: &Skeleton) -> Option<()> {
        let mut info = pieces.info.to_vec();
        let split = Split {
            skeleton: skeleton.start,
            str_offsets_base: self.len(STR_OFFSETS) + STR_OFFSETS_HEADER,
            addr_base: skeleton.addr_base,
            loclists_base: self.len(LOCLISTS) + LISTS_HEADER,
            rnglists_base: self.len(RNGLISTS) + LISTS_HEADER,
            macro_base: self.len(MACRO),
        };
        let units = gimli::DebugInfo::new(pieces.info, LittleEndian);
        let mut headers = units.units();
        let mut splits = Vec::new();
        while let Some(header) = headers.next().ok()? {
            let start = header.debug_info_offset()?.0;
            if header.encoding().format.word_size() != 4 || header.version() < 5 {
                return None;
            }
            // After length, version, kind and size of addresses.
            add(&mut info, start + 8, self.len(ABBREV))?;
            splits.push((self.len(INFO) + start as u64, split));
        }
        let (strings_at, str): (u64, &[u8]) = match *strings {
            Some(at) => (at, &[]),
            None => (self.len(STR), pieces.str),
        };
        let mut offsets = pieces.str_offsets.to_vec();
        for at in (STR_OFFSETS_HEADER as usize..offsets.len()).step_by(4) {
            add(&mut offsets, at, strings_at)?;
        }
        *strings = Some(strings_at);
        let added = [&info, pieces.abbrev, str, &offsets, pieces.loclists, pieces.rnglists, pieces.macros];
        for (section, bytes) in self.sections.iter_mut().zip(added) {
            section.extend_from_slice(bytes);
        }
        self.splits.extend(splits);
        Some(())
    }
}

/// Adds to a little-endian number of four bytes.
fn add(bytes: &mut [u8], at: usize, shift: u64) -> Option<()> {
    let slot = bytes.get_mut(at..)?.first_chunk_mut::<4>()?;
    let value = u64::from(u32::from_le_bytes(*slot)).checked_add(shift)?;
    *slot = u32::try_from(value).ok()?.to_le_bytes();
    Some(())
}
