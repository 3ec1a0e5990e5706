//! The kernel's list of modules (kernel/module, include/linux/module.h) and where their sections are.

use crate::identity::build_id_in;
use crate::{Error, ListWalk, Object};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;

/// `enum module_state`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ModuleState {
    /// `MODULE_STATE_LIVE`.
    Live,
    /// `MODULE_STATE_COMING`: its init function runs.
    Coming,
    /// `MODULE_STATE_GOING`: its exit function runs.
    Going,
    /// `MODULE_STATE_UNFORMED`: being set up.
    Unformed,
    /// None of these: corrupt.
    Other(u64),
}

impl std::fmt::Display for ModuleState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Live => f.write_str("live"),
            Self::Coming => f.write_str("coming"),
            Self::Going => f.write_str("going"),
            Self::Unformed => f.write_str("unformed"),
            Self::Other(value) => write!(f, "state {value}"),
        }
    }
}

/// One module of the running kernel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModuleInfo {
    /// Address of its `struct module`.
    pub addr: VirtAddr,
    /// `mod->name`.
    pub name: String,
    /// `mod->state`.
    pub state: ModuleState,
    /// Start of its core text.
    pub base: VirtAddr,
    /// Bytes of its core memory.
    pub size: u64,
    /// Bytes of its text, which begins at [`ModuleInfo::base`].
    pub text_size: u64,
    /// `mod->refcnt` less the reference the kernel itself holds; `None` where modules cannot be unloaded.
    pub references: Option<i64>,
    /// Names of the modules that use it.
    pub used_by: Vec<String>,
    /// Run-time address of each section, in the order of the file, without [`ModuleInfo::freed`].
    pub sections: Vec<(String, VirtAddr)>,
    /// Sections for initialisation whose memory was given back. The kernel keeps their addresses; by now there may be
    /// another module.
    pub freed: Vec<String>,
    /// The `NT_GNU_BUILD_ID` it was loaded with.
    pub build_id: Option<Vec<u8>>,
}

/// The modules, and why there may be more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Modules {
    /// Those that could be read, newest first as in the kernel's list.
    pub found: Vec<ModuleInfo>,
    /// What ended the walk before its end.
    pub broken: Option<Error>,
}

/// More modules than any kernel loads.
const MAX_MODULES: u64 = 4096;
/// More sections than any module has.
const MAX_SECTIONS: u64 = 1024;
/// `MODULE_NAME_LEN` is 56 on 64-bit machines.
const MAX_NAME: usize = 64;

/// All modules of the running kernel, from the list head `modules`.
///
/// # Errors
/// Without symbols or types of the kernel, or while the list is not mapped.
pub fn modules(program: &Program) -> Result<Modules, Error> {
    let head = Object::variable(program, "modules")?.addr();
    let offset = Object::of_struct(program, "module", VirtAddr(0))?.offset_of("list")?;
    let mut found = Vec::new();
    let mut broken = None;
    for (index, entry) in ListWalk::new(program, head, MAX_MODULES).enumerate() {
        match entry.and_then(|entry| module_at(program, VirtAddr(entry.0.wrapping_sub(offset)))) {
            // Half made: the kernel itself does not show it either (/proc/modules).
            Ok(module) if module.state == ModuleState::Unformed => {}
            Ok(module) => found.push(module),
            // Nothing at all could be read: not a broken list but one that is not there.
            Err(error @ Error::Memory(_)) if index == 0 => return Err(error),
            Err(error) => {
                broken = Some(error);
                break;
            }
        }
    }
    Ok(Modules { found, broken })
}

/// The module whose `struct module` is at an address.
///
/// # Errors
/// Without types of the kernel, or when the structure cannot be read.
pub fn module_at(program: &Program, addr: VirtAddr) -> Result<ModuleInfo, Error> {
    let module = Object::of_struct(program, "module", addr)?;
    let memory = Memory::of(&module)?;
    let mut sections = sections(&module).unwrap_or_default();
    let mut freed = Vec::new();
    sections.retain(|(name, addr)| {
        let live = !name.starts_with(".init") || memory.contains(*addr);
        if !live {
            freed.push(name.clone());
        }
        live
    });
    // The attributes leave it out: it is a per-CPU address, to which a CPU's offset is added.
    if let Ok(percpu) = module.member("percpu").and_then(|percpu| percpu.pointer())
        && percpu.0 != 0
    {
        sections.push((".data..percpu".to_owned(), percpu));
    }
    let build_id = sections.iter().find(|(name, _)| name == ".note.gnu.build-id").and_then(|(_, addr)| {
        let mut note = [0; 36];
        program.read(*addr, &mut note).ok()?;
        build_id_in(&note)
    });
    // One reference is the kernel's own while the module is loaded (kernel/module/main.c, MODULE_REF_BASE).
    let references = match module.member("refcnt.counter") {
        Ok(counter) => Some(counter.int()? - 1),
        Err(_) => None,
    };
    Ok(ModuleInfo {
        addr,
        name: module.member("name")?.string(MAX_NAME)?,
        state: state(module.member("state")?.uint()?),
        base: memory.base(),
        size: memory.core_size(),
        text_size: memory.text_size,
        references,
        used_by: used_by(program, &module).unwrap_or_default(),
        sections,
        freed,
        build_id,
    })
}

fn state(value: u64) -> ModuleState {
    match value {
        0 => ModuleState::Live,
        1 => ModuleState::Coming,
        2 => ModuleState::Going,
        3 => ModuleState::Unformed,
        other => ModuleState::Other(other),
    }
}

/// Start and size of a piece of a module's memory.
type Piece = (VirtAddr, u64);

/// A module's memory: `mem[]` (since 6.4), `core_layout` and `init_layout` (since 4.5), `module_core` and `module_init`.
struct Memory {
    /// What stays, the text first.
    core: Vec<Piece>,
    /// What is given back after initialisation, with address 0 from then on.
    init: Vec<Piece>,
    /// Bytes of text at the start of the first piece.
    text_size: u64,
}

impl Memory {
    fn of(module: &Object<'_>) -> Result<Self, Error> {
        let piece = |base: Object<'_>, size: Object<'_>| -> Result<Piece, Error> {
            Ok((base.pointer()?, size.uint()?))
        };
        if module.has("mem") {
            let mem = module.member("mem")?;
            let types = |range: std::ops::Range<u64>| {
                let each = range.map(|index| mem.index(index));
                each.map(|mem| mem.and_then(|mem| piece(mem.member("base")?, mem.member("size")?))).collect()
            };
            // MOD_TEXT, MOD_DATA, MOD_RODATA, MOD_RO_AFTER_INIT; MOD_INIT_TEXT, MOD_INIT_DATA, MOD_INIT_RODATA.
            let (core, init): (Result<_, _>, Result<_, _>) = (types(0..4), types(4..7));
            let core: Vec<Piece> = core?;
            let text_size = core.first().map_or(0, |(_, size)| *size);
            return Ok(Self { core, init: init?, text_size });
        }
        if module.has("core_layout") {
            let layout = |name| -> Result<Vec<Piece>, Error> {
                let layout = module.member(name)?;
                Ok(vec![piece(layout.member("base")?, layout.member("size")?)?])
            };
            let mut core = layout("core_layout")?;
            // Only where data is allocated apart from text, which x86 does not do.
            core.extend(layout("data_layout").unwrap_or_default());
            let text_size = module.member("core_layout.text_size")?.uint()?;
            return Ok(Self { core, init: layout("init_layout")?, text_size });
        }
        let pair = |base, size| piece(module.member(base)?, module.member(size)?);
        Ok(Self {
            core: vec![pair("module_core", "core_size")?],
            init: vec![pair("module_init", "init_size")?],
            text_size: module.member("core_text_size")?.uint()?,
        })
    }

    fn base(&self) -> VirtAddr {
        self.core.first().map_or(VirtAddr(0), |(base, _)| *base)
    }

    fn core_size(&self) -> u64 {
        self.core.iter().fold(0, |total, (_, size)| total.saturating_add(*size))
    }

    /// Whether an address is in memory the module has now. An empty section may lie at the very end.
    fn contains(&self, addr: VirtAddr) -> bool {
        let mut pieces = self.core.iter().chain(&self.init).filter(|(base, _)| base.0 != 0);
        pieces.any(|(base, size)| addr.distance_from(*base).is_some_and(|offset| offset <= *size))
    }
}

/// Run-time addresses of the sections from `mod->sect_attrs` (kernel/module/sysfs.c).
fn sections(module: &Object<'_>) -> Result<Vec<(String, VirtAddr)>, Error> {
    let attrs = module.member("sect_attrs")?;
    if attrs.pointer()?.0 == 0 {
        return Ok(Vec::new());
    }
    let attrs = attrs.deref()?;
    let mut sections = Vec::new();
    if attrs.has("nsections") {
        let count = attrs.member("nsections")?.uint()?.min(MAX_SECTIONS);
        let list = attrs.member("attrs")?;
        for index in 0..count {
            let attr = list.index(index)?;
            // A plain `name` until 5.7, then the name of the binary attribute.
            let name = if attr.has("battr") { attr.member("battr.attr.name")? } else { attr.member("name")? };
            sections.push((name.string(256)?, attr.member("address")?.pointer()?));
        }
        return Ok(sections);
    }
    // Since 6.14 only the attributes are left, ended by NULL; the address is their private pointer.
    let list = attrs.member("grp.bin_attrs")?;
    for index in 0..MAX_SECTIONS {
        let entry = list.index(index)?;
        if entry.pointer()?.0 == 0 {
            break;
        }
        let attr = entry.deref()?;
        sections.push((attr.member("attr.name")?.string(256)?, attr.member("private")?.pointer()?));
    }
    Ok(sections)
}

/// `struct module_use` entries of `mod->source_list`: who depends on this module.
fn used_by(program: &Program, module: &Object<'_>) -> Result<Vec<String>, Error> {
    if !module.has("source_list") {
        return Ok(Vec::new());
    }
    let head = module.member("source_list")?.addr();
    let entry = Object::of_struct(program, "module_use", VirtAddr(0))?;
    let offset = entry.offset_of("source_list")?;
    let mut names = Vec::new();
    for link in ListWalk::new(program, head, MAX_MODULES) {
        let entry = Object::of_struct(program, "module_use", VirtAddr(link?.0.wrapping_sub(offset)))?;
        names.push(entry.member("source")?.deref()?.member("name")?.string(MAX_NAME)?);
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
