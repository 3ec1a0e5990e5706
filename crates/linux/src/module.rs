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
    /// `mod->refcnt` less the reference the kernel itself holds; `None` where modules cannot be unloaded.
    pub references: Option<i64>,
    /// Names of the modules that use it.
    pub used_by: Vec<String>,
    /// Run-time address of each section, in the order of the file.
    pub sections: Vec<(String, VirtAddr)>,
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
    let (base, size) = core_memory(&module)?;
    let mut sections = sections(&module).unwrap_or_default();
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
        base,
        size,
        references,
        used_by: used_by(program, &module).unwrap_or_default(),
        sections,
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

/// Start and size of the module's core: `mem[MOD_TEXT]` and the sum of the core types (since 6.4), `core_layout` (since
/// 4.5), `module_core` and `core_size` before.
fn core_memory(module: &Object<'_>) -> Result<(VirtAddr, u64), Error> {
    if module.has("mem") {
        let mem = module.member("mem")?;
        let mut total = 0u64;
        // MOD_TEXT, MOD_DATA, MOD_RODATA, MOD_RO_AFTER_INIT; the init types follow.
        for index in 0..4 {
            total = total.saturating_add(mem.index(index)?.member("size")?.uint()?);
        }
        return Ok((mem.index(0)?.member("base")?.pointer()?, total));
    }
    if module.has("core_layout") {
        let layout = module.member("core_layout")?;
        return Ok((layout.member("base")?.pointer()?, layout.member("size")?.uint()?));
    }
    Ok((module.member("module_core")?.pointer()?, module.member("core_size")?.uint()?))
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
