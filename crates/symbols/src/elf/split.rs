//! Split DWARF (DWARF 5, 7.3.2): what the compiler left in `.dwo` files, put after the file's own debug information. What the
//! skeleton that stays in the file says of a unit's tables is kept beside it.

use super::separate::{MissingFile, Sought};
use super::{Image, OpenOptions};
use gimli::{EndianSlice, LittleEndian, UnitType};
use std::path::PathBuf;

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

/// Finds the `.dwo` files of a file and joins them to `image`; what could not be found.
pub(super) fn attach(image: &mut Image, options: &OpenOptions) -> Vec<MissingFile> {
    // Without a table of addresses no unit can be a skeleton.
    if image.section(".debug_addr").is_none() {
        return Vec::new();
    }
    let skeletons = skeletons(image);
    let mut missing = Vec::new();
    let mut joined = Joined::new(image);
    for skeleton in skeletons {
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
        let is_joined = found.is_some_and(|found| joined.add(&found, &skeleton).is_some());
        if !is_joined {
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

    /// Puts the sections of a `.dwo` file after what is there. `None` when it is damaged.
    fn add(&mut self, file: &Image, skeleton: &Skeleton) -> Option<()> {
        let mut info = file.data_by_name(".debug_info.dwo")?.to_vec();
        let split = Split {
            skeleton: skeleton.start,
            str_offsets_base: self.len(STR_OFFSETS) + STR_OFFSETS_HEADER,
            addr_base: skeleton.addr_base,
            loclists_base: self.len(LOCLISTS) + LISTS_HEADER,
            rnglists_base: self.len(RNGLISTS) + LISTS_HEADER,
            macro_base: self.len(MACRO),
        };
        let units = gimli::DebugInfo::from(slice(file, ".debug_info.dwo"));
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
        let mut offsets = file.data_by_name(".debug_str_offsets.dwo").unwrap_or_default().to_vec();
        for at in (STR_OFFSETS_HEADER as usize..offsets.len()).step_by(4) {
            add(&mut offsets, at, self.len(STR))?;
        }
        let plain = |name| file.data_by_name(name).unwrap_or_default().to_vec();
        let added = [
            info,
            plain(".debug_abbrev.dwo"),
            plain(".debug_str.dwo"),
            offsets,
            plain(".debug_loclists.dwo"),
            plain(".debug_rnglists.dwo"),
            plain(".debug_macro.dwo"),
        ];
        for (section, bytes) in self.sections.iter_mut().zip(added) {
            section.extend_from_slice(&bytes);
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
