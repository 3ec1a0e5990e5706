//! Code of the kernel and its modules in memory against the file: what differs, and which of their own tables says that it may.
//!
//! Besides the tables of [`crate::kernel_sites`] there are those of code that is rewritten once, while the kernel boots or the module is
//! loaded; they lie in init memory, so they are read from the file. A module has sections for them: `.altinstructions`,
//! `.parainstructions`, and for the others a dot instead of the two underscores.
//!
//! | table | entry | source |
//! |---|---|---|
//! | `__alt_instructions` | `struct alt_instr` | arch/x86/include/asm/alternative.h |
//! | `__retpoline_sites`, `__return_sites`, `__call_sites`, `__ibt_endbr_seal` | 32-bit distance from itself | arch/x86/kernel/alternative.c |
//! | `__parainstructions` | `struct paravirt_patch_site` (until 6.7) | arch/x86/include/asm/paravirt_types.h |
//! | `__smp_locks` | 32-bit distance from itself | arch/x86/include/asm/alternative.h |
//! | `__start_runtime_ptr_NAME`, `__start_runtime_shift_NAME` (since 6.11) | 32-bit distance from itself | arch/x86/include/asm/runtime-const.h |
//!
//! With KASLR the words that hold absolute addresses were moved; the file lists them where it was linked with `--emit-relocs`. Those of
//! a module are filled in by its relocations before anything is compared.

use crate::field::Field;
use crate::identity::symbol;
use crate::tables::{
    ALTERNATIVES, CALLS, ENDBR, PARAVIRT, RETPOLINES, RETURNS, SMP_LOCKS, TableName, Tables, between,
    code_of, loaded, module_with, relative, word,
};
use crate::{Error, Object, Site, SiteKind};
use kdive_base::{AddrRange, LinkAddr, ReadMemory, VirtAddr};
use kdive_program::Program;
use kdive_symbols::Module;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// Why a piece of text may differ from the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Patch {
    /// An entry of [`crate::kernel_sites`].
    Site(SiteKind),
    /// The trampoline of a static call.
    StaticCallTrampoline,
    /// Another instruction for this CPU.
    Alternative,
    /// An indirect call or jump that went through a thunk.
    Retpoline,
    /// A return that went through a thunk.
    ReturnThunk,
    /// A direct call that counts its depth.
    CallThunk,
    /// A landing pad that nothing jumps to.
    Endbr,
    /// A call through `pv_ops`.
    Paravirt,
    /// The lock prefix of a kernel that runs on one CPU.
    SmpLock,
    /// A constant that is known only when the kernel runs.
    RuntimeConstant,
    /// An absolute address, moved by KASLR.
    Moved,
    /// A probe.
    Kprobe,
    /// Nothing known accounts for it.
    Unexplained,
}

impl fmt::Display for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Site(SiteKind::JumpLabel(_)) => "static branch",
            Self::Site(SiteKind::StaticCall(_)) => "static call",
            Self::Site(SiteKind::Ftrace) => "ftrace site",
            Self::StaticCallTrampoline => "static call trampoline",
            Self::Alternative => "alternative",
            Self::Retpoline => "retpoline",
            Self::ReturnThunk => "return thunk",
            Self::CallThunk => "call thunk",
            Self::Endbr => "sealed endbr",
            Self::Paravirt => "paravirt call",
            Self::SmpLock => "lock prefix",
            Self::RuntimeConstant => "runtime constant",
            Self::Moved => "address moved by KASLR",
            Self::Kprobe => "kprobe",
            Self::Unexplained => "unexplained",
        })
    }
}

/// A piece of text that differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// Its first byte.
    pub addr: VirtAddr,
    /// The bytes of the file.
    pub file: Vec<u8>,
    /// Those in memory.
    pub memory: Vec<u8>,
    /// Why.
    pub patch: Patch,
}

/// What was compared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Checked {
    /// What differs, by address.
    pub differences: Vec<Difference>,
    /// Bytes that were compared.
    pub bytes: u64,
    /// Words in them that were not: what they refer to has no known address.
    pub unresolved: u64,
    /// What could not be read.
    pub broken: Vec<Error>,
}

/// Every piece of the kernel's text that may differ, by its first address.
#[derive(Clone, Debug, Default)]
pub struct PatchMap {
    /// Length and reason. A place may be in several tables; the one that rewrites it last counts.
    places: BTreeMap<VirtAddr, Vec<(u64, Patch)>>,
    longest: u64,
}

/// `int3`, and a jump of five bytes.
const INT3: u8 = 0xcc;
const JUMP: u8 = 0xe9;
/// Bytes compared at a time.
const BLOCK: usize = 64 << 10;
/// More text than any kernel has.
const MAX_TEXT: u64 = 256 << 20;
/// Types of relocation: R_X86_64_64, PC32, 32, 32S (the psABI's table).
const MOVED: [(u64, usize); 4] = [(1, 8), (2, 4), (10, 4), (11, 4)];

impl PatchMap {
    fn add(&mut self, addr: VirtAddr, len: u64, patch: Patch) {
        self.longest = self.longest.max(len);
        self.places.entry(addr).or_default().push((len, patch));
    }

    /// Entries that are a distance from their own place.
    fn relative(&mut self, table: Option<(VirtAddr, Vec<u8>)>, len: u64, patch: Patch) {
        let Some((start, bytes)) = table else { return };
        for (index, entry) in bytes.chunks_exact(4).enumerate() {
            if let Some(addr) = relative(start.offset(index as u64 * 4), entry) {
                self.add(addr, len, patch);
            }
        }
    }

    fn alternatives(&mut self, tables: &Tables<'_>) -> Option<()> {
        let (start, bytes) = tables.get(ALTERNATIVES)?;
        let entry = Object::of_struct(tables.program, "alt_instr", VirtAddr(0)).ok()?;
        let size = usize::try_from(entry.ty().size()?).ok().filter(|&size| size >= 4)?;
        let (place, len) = (Field::new(&entry, "instr_offset").ok()?, Field::new(&entry, "instrlen").ok()?);
        for (index, entry) in bytes.chunks_exact(size).enumerate() {
            let at = start.offset((index * size) as u64 + place.offset);
            let from = entry.get(usize::try_from(place.offset).ok()?..);
            if let Some(addr) = from.and_then(|from| relative(at, from)) {
                self.add(addr, len.get(entry, 0), Patch::Alternative);
            }
        }
        Some(())
    }

    fn paravirt(&mut self, tables: &Tables<'_>) -> Option<()> {
        let (_, bytes) = tables.get(PARAVIRT)?;
        let entry = Object::of_struct(tables.program, "paravirt_patch_site", VirtAddr(0)).ok()?;
        let len = Field::new(&entry, "len").ok()?;
        let size = usize::try_from(entry.ty().size()?).ok().filter(|&size| size >= 8)?;
        for entry in bytes.chunks_exact(size) {
            let addr = tables.absolute(word(entry)?)?;
            self.add(addr, len.get(entry, 0), Patch::Paravirt);
        }
        Some(())
    }

    /// Every place of the kernel image.
    #[must_use]
    pub fn of_kernel(program: &Program, sites: &[Site]) -> Self {
        let mut map = Self::of_tables(&Tables::of_kernel(program), sites);
        for (kind, names, len) in [
            ("ptr", &["dentry_hashtable", "USER_PTR_MAX", "__dentry_cache"][..], 8),
            ("shift", &["d_hash_shift"][..], 1),
        ] {
            for name in names {
                let (start, end) =
                    (format!("__start_runtime_{kind}_{name}"), format!("__stop_runtime_{kind}_{name}"));
                map.relative(between(program, &start, &end), len, Patch::RuntimeConstant);
            }
        }
        map
    }

    /// Every place of a module.
    #[must_use]
    pub fn of_module(program: &Program, module: &Arc<Module>, sites: &[Site]) -> Self {
        Self::of_tables(&Tables::of_module(program, module), sites)
    }

    fn of_tables(tables: &Tables<'_>, sites: &[Site]) -> Self {
        const ONE_LENGTH: [(TableName, u64, Patch); 5] = [
            // A prefix before the call makes six bytes.
            (RETPOLINES, 6, Patch::Retpoline),
            (RETURNS, 5, Patch::ReturnThunk),
            (CALLS, 5, Patch::CallThunk),
            (ENDBR, 4, Patch::Endbr),
            (SMP_LOCKS, 1, Patch::SmpLock),
        ];
        let mut map = Self::default();
        for site in sites {
            // A branch to a place nearby has two bytes (since 5.14).
            let mut first = [0; 2];
            let is_short = matches!(site.kind, SiteKind::JumpLabel(_))
                && tables.program.modules.image().read(site.addr, &mut first).is_ok()
                && (first[0] == 0xeb || first == [0x66, 0x90]);
            map.add(site.addr, if is_short { 2 } else { 5 }, Patch::Site(site.kind));
        }
        map.alternatives(tables);
        map.paravirt(tables);
        for (name, len, patch) in ONE_LENGTH {
            map.relative(tables.get(name), len, patch);
        }
        map
    }

    /// With the kprobes that are in place now.
    #[must_use]
    pub fn with_probes(map: Rc<Self>, program: &Program) -> Rc<Self> {
        let probes = probes(program);
        if probes.is_empty() {
            return map;
        }
        let mut map = Self::clone(&map);
        for probe in probes {
            map.longest = map.longest.max(probe.len());
            // It was put there last.
            map.places.entry(probe.start).or_default().insert(0, (probe.len(), Patch::Kprobe));
        }
        Rc::new(map)
    }

    /// What a place in an instruction is now, for a listing; `None` where nothing is rewritten, or where what the file has still stands.
    #[must_use]
    pub fn note(&self, program: &Program, range: AddrRange) -> Option<String> {
        // Told at the instruction the place begins with.
        let mut places = (0..range.len()).filter_map(|offset| self.at(range.start.offset(offset)));
        let (addr, patch) = places.find(|(addr, _)| range.contains(*addr))?;
        let mut now = [0; 5];
        program.read(addr, &mut now).ok()?;
        let before = Before::of(program, AddrRange::new(addr, addr.offset(5))).ok()?;
        let (file, now) = (before.bytes.as_slice(), now.get(..before.bytes.len())?);
        let is_nop = now.starts_with(&[0x0f, 0x1f]) || now.starts_with(&[0x66, 0x90]);
        Some(match patch {
            Patch::Site(kind) => {
                let state = match kind {
                    SiteKind::JumpLabel(_) if is_nop => "falls through",
                    SiteKind::JumpLabel(_) => "jumps",
                    SiteKind::StaticCall(_) if is_nop => "calls nothing",
                    SiteKind::StaticCall(_) => "calls",
                    SiteKind::Ftrace if is_nop => "off",
                    SiteKind::Ftrace => "on",
                };
                format!("{}: {state}", Site { addr, kind }.describe(program))
            }
            Patch::Alternative if now == file => "alternative: as built".to_owned(),
            Patch::Alternative => "alternative: replaced for this CPU".to_owned(),
            _ if now == file => return None,
            Patch::Kprobe if now.first() == Some(&INT3) => "kprobe: breakpoint".to_owned(),
            Patch::Kprobe => "kprobe: jumps to its copy".to_owned(),
            other => format!("{other}: rewritten"),
        })
    }

    /// What may have rewritten a byte.
    #[must_use]
    pub fn at(&self, addr: VirtAddr) -> Option<(VirtAddr, Patch)> {
        let first = VirtAddr(addr.0.saturating_sub(self.longest));
        self.places.range(first..=addr).rev().find_map(|(&start, patches)| {
            let mut covering = patches.iter().filter(|(len, _)| addr.0 - start.0 < *len);
            covering.next().map(|(_, patch)| (start, *patch))
        })
    }
}

/// What kprobes have written over instructions: a breakpoint, or a jump over several of them where the probe was optimised
/// (kernel/kprobes.c: `kprobe_table`, 64 lists of `struct kprobe.hlist`). Those that use the tracer's call, and those that are switched
/// off, write nothing.
pub(crate) fn probes(program: &Program) -> Vec<AddrRange> {
    let mut found = Vec::new();
    // Those that could be read count.
    let _ = collect_probes(program, &mut found);
    found
}

fn collect_probes(program: &Program, found: &mut Vec<AddrRange>) -> Option<()> {
    const LISTS: u64 = 64;
    const MAX_PROBES: usize = 100_000;
    let table = Object::variable(program, "kprobe_table").ok()?;
    let probe = Object::of_struct(program, "kprobe", VirtAddr(0)).ok()?;
    let (link, addr) = (probe.offset_of("hlist").ok()?, probe.offset_of("addr").ok()?);
    let mut seen = HashSet::new();
    for head in 0..LISTS {
        let mut node = table.index(head).ok()?.member("first").ok()?.pointer().ok()?;
        while node.0 != 0 && seen.len() < MAX_PROBES && seen.insert(node) {
            let probe = VirtAddr(node.0.wrapping_sub(link));
            let at = VirtAddr(program.read_uint(probe.offset(addr), 8).ok()?);
            match program.read_uint(at, 1).map(|byte| byte as u8) {
                Ok(INT3) => found.push(AddrRange::new(at, at.offset(1))),
                Ok(JUMP) => found.push(AddrRange::new(at, at.offset(5))),
                _ => {}
            }
            node = VirtAddr(program.read_uint(node, 8).ok()?);
        }
    }
    Some(())
}

/// Where the linker left absolute addresses in the text, by their first byte: how many bytes. `None` when the file does not say.
fn moved_words(program: &Program) -> Option<BTreeMap<VirtAddr, usize>> {
    let main = program.modules.modules().first()?;
    let data = main.object().section_data(".rela.text")?;
    let mut words = BTreeMap::new();
    for entry in data.chunks_exact(24) {
        let kind = entry.get(8..).and_then(word)? & 0xffff_ffff;
        if let Some(&(_, len)) = MOVED.iter().find(|(known, _)| *known == kind) {
            words.insert(main.to_virt(LinkAddr(word(entry)?)), len);
        }
    }
    Some(words)
}

/// Whether a word of the file is the one in memory, moved by the slide; PC-relative words that name something that does not move
/// with the text (per-CPU data) go the other way.
fn is_moved(file: &[u8], memory: &[u8], slide: u64) -> bool {
    let value = |bytes: &[u8]| {
        let mut word = [0; 8];
        if let Some(part) = word.get_mut(..bytes.len()) {
            part.copy_from_slice(bytes);
        }
        u64::from_le_bytes(word)
    };
    let mask = if file.len() >= 8 { u64::MAX } else { u64::from(u32::MAX) };
    let (old, new) = (value(file), value(memory));
    slide != 0 && (old.wrapping_add(slide) & mask == new || old.wrapping_sub(slide) & mask == new)
}

/// Code as it was before anything was rewritten.
struct Before {
    bytes: Vec<u8>,
    /// Bytes that are unknown, from the start on.
    unresolved: Vec<std::ops::Range<usize>>,
    /// Whether it is of a module: KASLR has nothing to move in it.
    is_module: bool,
}

impl Before {
    /// What the file has; shorter where a section of a module ends before.
    fn of(program: &Program, range: AddrRange) -> Result<Self, Error> {
        let len = range.len().min(MAX_TEXT) as usize;
        let Some((module, section)) = module_with(program, range.start) else {
            let mut bytes = vec![0; len];
            program.modules.image().read(range.start, &mut bytes)?;
            return Ok(Self { bytes, unresolved: Vec::new(), is_module: false });
        };
        let hole = || Error::Memory(kdive_base::Fault::unmapped(range.start));
        let whole = loaded(program, module, section).ok_or_else(hole)?;
        let skip = range.start.distance_from(module.to_virt(section.addr)).ok_or_else(hole)?;
        let first = usize::try_from(skip).map_err(|_| hole())?;
        let end = first.saturating_add(len).min(whole.bytes.len());
        let bytes = whole.bytes.get(first..end).ok_or_else(hole)?.to_vec();
        let within = |&(at, len): &(u64, u64)| {
            let start = usize::try_from(at.checked_sub(skip)?).ok()?;
            let end = start.checked_add(usize::try_from(len).ok()?)?;
            (end <= bytes.len()).then_some(start..end)
        };
        let unresolved = whole.unresolved.iter().filter_map(within).collect();
        Ok(Self { bytes, unresolved, is_module: true })
    }
}

/// Compares code of the kernel, or of one section of a module, with the file. Breakpoints the debugger has put there are not seen.
///
/// # Errors
/// When the file has no code there.
pub fn check_text(program: &Program, range: AddrRange, map: &PatchMap) -> Result<Checked, Error> {
    let mut checked = Checked::default();
    let Before { bytes: mut file, unresolved, is_module } = Before::of(program, range)?;
    let slide = program.modules.modules().first().map_or(0, |main| main.placement().slide);
    let slide = if is_module { 0 } else { slide };
    let words = if slide == 0 { None } else { moved_words(program) };
    let mut memory = file.clone();
    let mut at = range.start;
    for part in memory.chunks_mut(BLOCK) {
        if program.interrupt.is_raised() {
            break;
        }
        // What cannot be read stays as in the file.
        let mut fresh = vec![0; part.len()];
        match program.read(at, &mut fresh) {
            Ok(()) => {
                checked.bytes += part.len() as u64;
                part.copy_from_slice(&fresh);
            }
            Err(fault) => checked.broken.push(fault.into()),
        }
        at = at.offset(part.len() as u64);
    }
    for place in unresolved {
        checked.unresolved += 1;
        if let (Some(word), Some(now)) = (file.get_mut(place.clone()), memory.get(place)) {
            word.copy_from_slice(now);
        }
    }
    compare(range.start, &file, &memory, map, slide, words.as_ref(), &mut checked.differences);
    for difference in checked.differences.iter_mut().filter(|found| found.patch == Patch::Unexplained) {
        // Trampolines are in no table: the kernel finds them by their keys.
        let symbol = program.modules.symbolic(difference.addr, true);
        if symbol.is_some_and(|(name, offset)| name.starts_with("__SCT__") && offset < 8) {
            difference.patch = Patch::StaticCallTrampoline;
        }
    }
    Ok(checked)
}

/// Whether a place can have become these bytes: one that is in a table can be damaged all the same.
fn is_possible(patch: Patch, memory: &[u8]) -> bool {
    /// The no-op of five bytes that the kernel uses, and the first byte of a text that is being changed.
    const NOP: [u8; 5] = [0x0f, 0x1f, 0x44, 0, 0];
    const CHANGING: u8 = INT3;
    let starts = |bytes: &[u8]| memory.starts_with(bytes);
    match patch {
        Patch::Site(SiteKind::JumpLabel(_)) => {
            starts(&NOP) || starts(&[0x66, 0x90]) || starts(&[0xe9]) || starts(&[0xeb]) || starts(&[CHANGING])
        }
        // `xor eax,eax` with prefixes stands for a call that returns 0.
        Patch::Site(SiteKind::StaticCall(_)) => {
            starts(&NOP)
                || [0xe8, 0xe9, 0xc3, 0x2e, 0x66, 0x0f, CHANGING].iter().any(|&first| starts(&[first]))
        }
        Patch::Site(SiteKind::Ftrace) => starts(&NOP) || starts(&[0xe8]) || starts(&[CHANGING]),
        // `ret`, filled up with breakpoints.
        Patch::ReturnThunk => starts(&[0xc3, INT3, INT3, INT3, INT3]) || starts(&[JUMP]),
        Patch::SmpLock => starts(&[0xf0]) || starts(&[0x3e]),
        Patch::Endbr => starts(&[0x66, 0x0f, 0x1f, 0]) || starts(&[0x0f, 0x1f, 0x40]) || starts(&[0xd6]),
        Patch::Kprobe => starts(&[CHANGING]) || starts(&[JUMP]),
        _ => true,
    }
}

/// The differences of one block.
fn compare(
    start: VirtAddr,
    file: &[u8],
    memory: &[u8],
    map: &PatchMap,
    slide: u64,
    words: Option<&BTreeMap<VirtAddr, usize>>,
    differences: &mut Vec<Difference>,
) {
    let mut index = 0;
    while let Some(next) = (index..file.len()).find(|&index| file.get(index) != memory.get(index)) {
        let addr = start.offset(next as u64);
        let known = map.at(addr);
        let mut end = next + 1;
        let patch = match known {
            Some((first, patch)) => {
                // All of it that this place accounts for.
                while end < file.len() && map.at(start.offset(end as u64)) == Some((first, patch)) {
                    end += 1;
                }
                let from = first.distance_from(start).and_then(|from| usize::try_from(from).ok());
                let whole = from.and_then(|from| memory.get(from..)).unwrap_or_default();
                if is_possible(patch, whole) { patch } else { Patch::Unexplained }
            }
            None => match moved_at(addr, start, file, memory, slide, words) {
                Some(stop) => {
                    end = stop;
                    Patch::Moved
                }
                None => Patch::Unexplained,
            },
        };
        let piece = |bytes: &[u8]| bytes.get(next..end).unwrap_or_default().to_vec();
        match differences.last_mut() {
            // Unexplained bytes in a row are one piece.
            Some(last)
                if patch == Patch::Unexplained
                    && last.patch == patch
                    && last.addr.offset(last.file.len() as u64) == addr =>
            {
                last.file.extend(piece(file));
                last.memory.extend(piece(memory));
            }
            _ => differences.push(Difference { addr, file: piece(file), memory: piece(memory), patch }),
        }
        index = end;
    }
}

/// Where the moved word ends that a byte is in.
fn moved_at(
    addr: VirtAddr,
    start: VirtAddr,
    file: &[u8],
    memory: &[u8],
    slide: u64,
    words: Option<&BTreeMap<VirtAddr, usize>>,
) -> Option<usize> {
    let offset = usize::try_from(addr.distance_from(start)?).ok()?;
    for before in 0..8usize {
        let Some(first) = offset.checked_sub(before) else { break };
        let lens: &[usize] = match words {
            Some(words) => match words.get(&start.offset(first as u64)) {
                Some(8) => &[8],
                Some(_) => &[4],
                None => continue,
            },
            // Without the linker's list: whatever looks like a moved word.
            None => &[8, 4],
        };
        for &len in lens.iter().filter(|&&len| before < len) {
            let end = first + len;
            if let (Some(old), Some(new)) = (file.get(first..end), memory.get(first..end))
                && is_moved(old, new, slide)
            {
                return Some(end);
            }
        }
    }
    None
}

/// The text of the kernel image that stays: `_stext` to `_etext`.
#[must_use]
pub fn kernel_text(program: &Program) -> Option<AddrRange> {
    Some(AddrRange::new(symbol(program, "_stext")?, symbol(program, "_etext")?))
}

/// The code of a module, by section, without what it has given back.
#[must_use]
pub fn module_code(module: &Module) -> Vec<AddrRange> {
    code_of(module)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;

    #[test]
    fn probes_that_have_written_something() {
        let program = image(
            r#"
            struct hlist_node { struct hlist_node *next, **pprev; };
            struct hlist_head { struct hlist_node *first; };
            struct kprobe { struct hlist_node hlist; long more; unsigned char *addr; };
            extern unsigned char planted[], jumps[], traced[];
            __asm__(".text\nplanted: .byte 0xcc, 1, 2\njumps: .byte 0xe9, 1, 2, 3, 4, 5\ntraced: .byte 0x0f, 0x1f\n");
            struct kprobe a = { {}, 0, planted }, b = { { &a.hlist }, 0, jumps }, c = { {}, 0, traced };
            struct kprobe cycle = { { &cycle.hlist }, 0, planted };
            struct hlist_head kprobe_table[64] = { [3] = { &b.hlist }, [4] = { &c.hlist }, [63] = { &cycle.hlist } };
            "#,
        );
        let at = |name| symbol(&program, name).unwrap();
        let range = |name, len| AddrRange::new(at(name), at(name).offset(len));
        assert_eq!(probes(&program), [range("jumps", 5), range("planted", 1), range("planted", 1)]);
        let mut map = PatchMap::default();
        map.add(at("planted"), 5, Patch::ReturnThunk);
        let map = PatchMap::with_probes(Rc::new(map), &program);
        let patch = |name, offset| map.at(at(name).offset(offset)).map(|(_, patch)| patch);
        assert_eq!(patch("planted", 0), Some(Patch::Kprobe));
        assert_eq!(patch("planted", 1), Some(Patch::ReturnThunk));
        assert_eq!(patch("jumps", 4), Some(Patch::Kprobe));
        assert_eq!((patch("jumps", 5), patch("traced", 0)), (None, None));
        assert!(probes(&image("int none;")).is_empty());
    }
}
