//! The Linux layer of a program: keeps the symbols of loaded modules in step with the running kernel.

use crate::current::Current;
use crate::extable::ExceptionTables;
use crate::identity::{Identity, banner, hex, identity, symbol};
use crate::locate::{RESET_VECTOR, Whereabouts};
use crate::sites::is_starting;
use crate::tables::module_with;
use crate::trampoline::Trampolines;
use crate::{
    Defining, FindResult, Fit, KernelPlace, ModuleFinder, ModuleInfo, PatchMap, Site, module_at, modules,
};
use kdive_base::{AddrRange, LinkAddr, VirtAddr};
use kdive_program::{Machine, OsLayer, OsReport, OsWarning, Program, TaskFilter};
use kdive_symbols::{ModuleId, ObjectFile, OpenOptions, Placement};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Where the symbols of a module come from, or why there are none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SymbolsFrom {
    /// This file.
    File {
        /// The file.
        path: PathBuf,
        /// Its id among the loaded files.
        id: ModuleId,
        /// Whether build-ids were there to be compared.
        verified: bool,
        /// Whether it has debug information.
        debug: bool,
    },
    /// There are none, and this is why.
    None(String),
}

/// A module of the running kernel with its symbols.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModuleSymbols {
    /// What the kernel says.
    pub info: ModuleInfo,
    /// The symbols.
    pub symbols: SymbolsFrom,
}

/// What is rewritten in a module.
type Rewritten = (Rc<[Site]>, Rc<PatchMap>);

/// Something that is worked out once for each place of the kernel.
type Kept<T> = RefCell<Option<(Option<KernelPlace>, T)>>;

/// What is known of the running Linux.
#[derive(Debug, Default)]
pub struct LinuxLayer {
    /// Finds the files of modules.
    pub finder: ModuleFinder,
    /// Directory of the on-disk name index; `None` switches it off.
    pub index_cache: Option<PathBuf>,
    pub(crate) place: Whereabouts,
    pub(crate) exceptions: ExceptionTables,
    current: Current,
    trampolines: Trampolines,
    /// Text the kernel rewrites, once it was asked for; and where the kernel was then.
    sites: Kept<Rc<[Site]>>,
    patches: Kept<Rc<PatchMap>>,
    /// The same of modules, while their files are loaded.
    of_modules: RefCell<HashMap<ModuleId, Rewritten>>,
    modules: Vec<ModuleSymbols>,
    identified: bool,
    /// A kernel that is debugged by its own stub has started: no further check is needed.
    has_started: Cell<bool>,
    listed: bool,
}

/// Where a module's memory is complete and its init function about to run (kernel/module/main.c). Its first argument is
/// the `struct module *`.
const LOADED: &str = "do_init_module";
/// Where a module's memory is given back; the same argument.
const UNLOADED: &str = "free_module";
/// Where the kernel gives back its init code (init/main.c, arch/x86/mm/init.c).
const FREES_INIT: &str = "free_initmem";

/// How long files of modules are looked through for a function.
const PATIENCE: Duration = Duration::from_millis(700);

/// Where sections go that are no longer anywhere: a place no x86-64 address points to, so that no address is taken for
/// one of theirs.
const NOWHERE: u64 = 1 << 63;

impl LinuxLayer {
    /// Knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The modules of the running kernel as last seen, with their symbols.
    #[must_use]
    pub fn modules(&self) -> &[ModuleSymbols] {
        &self.modules
    }

    /// Reads the kernel's module list and loads and drops symbols accordingly. `None` when there is no list to read.
    pub fn refresh(&mut self, program: &mut Program) -> Option<OsReport> {
        let list = modules(program).ok()?;
        let mut report = OsReport::default();
        let gone: Vec<VirtAddr> = self
            .modules
            .iter()
            .filter(|known| !list.found.iter().any(|info| same_load(info, &known.info)))
            .map(|known| known.info.addr)
            .collect();
        for addr in gone {
            report.symbols_changed |= self.drop_module(program, addr);
        }
        for info in list.found {
            report.symbols_changed |= self.take(program, info);
        }
        self.listed = true;
        Some(report)
    }

    /// Looks again for the files of modules that have none, or one without debug information, after the finder's places
    /// have changed.
    pub fn search_again(&mut self, program: &mut Program) -> OsReport {
        self.finder.forget();
        let mut report = OsReport::default();
        let lacking = self.modules.iter().filter(|known| match &known.symbols {
            SymbolsFrom::File { debug, .. } => !debug,
            SymbolsFrom::None(_) => true,
        });
        for addr in lacking.map(|known| known.info.addr).collect::<Vec<_>>() {
            report.symbols_changed |= self.drop_module(program, addr);
        }
        if self.listed
            && let Some(more) = self.refresh(program)
        {
            report.symbols_changed |= more.symbols_changed;
        }
        report
    }

    /// Adds a module, or notes the new state of a known one. Whether symbols changed.
    fn take(&mut self, program: &mut Program, info: ModuleInfo) -> bool {
        if let Some(known) = self.modules.iter_mut().find(|known| same_load(&known.info, &info))
            && (known.info.freed == info.freed || matches!(known.symbols, SymbolsFrom::None(_)))
        {
            known.info = info;
            return false;
        }
        // New, or its memory for initialisation is gone since.
        self.drop_module(program, info.addr);
        let symbols = self.load(program, &info);
        let changed = matches!(symbols, SymbolsFrom::File { .. });
        self.modules.push(ModuleSymbols { info, symbols });
        changed
    }

    fn drop_module(&mut self, program: &mut Program, addr: VirtAddr) -> bool {
        let Some(at) = self.modules.iter().position(|known| known.info.addr == addr) else { return false };
        match self.modules.remove(at).symbols {
            SymbolsFrom::File { id, .. } => {
                self.of_modules.get_mut().remove(&id);
                program.modules.remove(id)
            }
            SymbolsFrom::None(_) => false,
        }
    }

    fn load(&mut self, program: &mut Program, info: &ModuleInfo) -> SymbolsFrom {
        if info.sections.is_empty() {
            return SymbolsFrom::None("the kernel does not tell its section addresses".into());
        }
        let wanted = info.build_id.as_deref();
        let fits = |path: &Path| match ObjectFile::open(path, &OpenOptions::default()) {
            Ok(object) => match (object.build_id(), wanted) {
                (Some(file), Some(wanted)) if file != wanted => Fit::Other,
                _ if has_dwarf(&object) => Fit::Full,
                _ => Fit::Stripped,
            },
            Err(_) => Fit::Other,
        };
        self.finder.vmlinux = program.modules.modules().first().map(|main| main.object().path().to_owned());
        let path = match self.finder.find(&info.name, wanted, &fits) {
            FindResult::Found(path) => path,
            FindResult::WrongBuild(paths) => {
                let first = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
                let id = wanted.map(hex).unwrap_or_default();
                return SymbolsFrom::None(format!("{first} is another build, the guest has build-id {id}"));
            }
            FindResult::Missing => {
                return SymbolsFrom::None(format!(
                    "no {}.ko found: give its directory with set module-path",
                    info.name
                ));
            }
        };
        let path = std::path::absolute(&path).unwrap_or(path);
        let freed = info.freed.iter().enumerate();
        let options = OpenOptions {
            section_addresses: info
                .sections
                .iter()
                .map(|(name, addr)| (name.clone(), LinkAddr(addr.0)))
                .chain(freed.map(|(index, name)| (name.clone(), LinkAddr(NOWHERE | (index as u64) << 24))))
                .collect(),
            index_cache: self.index_cache.clone(),
            ..OpenOptions::default()
        };
        match ObjectFile::open(&path, &options) {
            Ok(object) => {
                let verified = wanted.is_some() && object.build_id().is_some();
                let debug = has_dwarf(&object);
                SymbolsFrom::File { path, id: add(program, object), verified, debug }
            }
            Err(error) => SymbolsFrom::None(error.to_string()),
        }
    }

    /// A module that is not loaded and whose file on this machine has a function of that name; `None` without a kernel.
    pub fn module_with_function(&mut self, program: &Program, function: &str) -> Option<Defining> {
        let kernel = crate::kaslr::Kernel::of(program)?;
        self.finder.vmlinux = Some(kernel.module.object().path().to_owned());
        if self.finder.release.is_none() {
            // Nothing runs yet: the file knows what will.
            self.finder.release = crate::stranger::release_of(kernel.text());
        }
        let found = self.finder.defining(function, PATIENCE, &program.interrupt)?;
        let path = std::path::absolute(&found.path).unwrap_or(found.path);
        Some(Defining { path, ..found })
    }

    /// Whether the stub is the kernel's own and the kernel still starts: an instruction that the stub writes now cannot be taken out again
    /// once the code is write-protected, because the stub takes it out the way it put it in (arch/x86/kernel/kgdb.c).
    fn protects_code_later(&self, program: &Program) -> bool {
        if self.has_started.get() || !program.machine().is_some_and(|machine| machine.is_debugged_by_itself())
        {
            return false;
        }
        let starts = is_starting(program);
        self.has_started.set(!starts);
        starts
    }

    /// The task whose frames are shown: one that sleeps, or the one the CPU runs.
    fn task_of_frames(&self, program: &Program) -> Option<VirtAddr> {
        match program.machine().and_then(|machine| machine.sleeping_task()) {
            Some(task) => Some(task),
            None => self.task(program),
        }
    }

    /// The places in the kernel image that it rewrites, by address.
    #[must_use]
    pub fn sites(&self, program: &Program) -> Rc<[Site]> {
        let place = self.kernel_place();
        let mut known = self.sites.borrow_mut();
        match &*known {
            Some((then, sites)) if *then == place => Rc::clone(sites),
            _ => {
                let sites: Rc<[Site]> = crate::kernel_sites(program).into();
                *known = Some((place, Rc::clone(&sites)));
                sites
            }
        }
    }

    /// Everything in the kernel image that may differ from the file, but for probes.
    #[must_use]
    pub fn patches(&self, program: &Program) -> Rc<PatchMap> {
        let place = self.kernel_place();
        let sites = self.sites(program);
        let mut known = self.patches.borrow_mut();
        match &*known {
            Some((then, map)) if *then == place => Rc::clone(map),
            _ => {
                let map = Rc::new(PatchMap::of_kernel(program, &sites));
                *known = Some((place, Rc::clone(&map)));
                map
            }
        }
    }

    /// The places that are rewritten in the code at an address, of the kernel or of a module.
    #[must_use]
    pub fn sites_at(&self, program: &Program, addr: VirtAddr) -> Rc<[Site]> {
        match self.of_module_at(program, addr) {
            Some((sites, _)) => sites,
            None => self.sites(program),
        }
    }

    /// Everything that may differ from the file in the code at an address, but for probes.
    #[must_use]
    pub fn patches_at(&self, program: &Program, addr: VirtAddr) -> Rc<PatchMap> {
        match self.of_module_at(program, addr) {
            Some((_, patches)) => patches,
            None => self.patches(program),
        }
    }

    fn of_module_at(&self, program: &Program, addr: VirtAddr) -> Option<Rewritten> {
        let (module, _) = module_with(program, addr)?;
        let mut known = self.of_modules.borrow_mut();
        let found = known.entry(module.id()).or_insert_with(|| {
            let sites: Rc<[Site]> = crate::module_sites(program, module).into();
            let patches = Rc::new(PatchMap::of_module(program, module, &sites));
            (sites, patches)
        });
        Some(found.clone())
    }

    /// Whether the running kernel was found to be the one of the loaded vmlinux, or another.
    #[must_use]
    pub fn is_identified(&self) -> bool {
        self.identified
    }

    /// Forgets the running system.
    pub(crate) fn forget(&mut self, program: &mut Program) -> bool {
        self.identified = false;
        self.listed = false;
        self.current.forget();
        self.trampolines.forget();
        *self.sites.get_mut() = None;
        *self.patches.get_mut() = None;
        self.of_modules.get_mut().clear();
        let mut changed = false;
        for known in std::mem::take(&mut self.modules) {
            if let SymbolsFrom::File { id, .. } = known.symbols {
                changed |= program.modules.remove(id);
            }
        }
        changed
    }

    /// Says once when the loaded vmlinux is not the running kernel's, and learns the release.
    fn identify(&mut self, program: &Program, report: &mut OsReport) {
        match identity(program) {
            Identity::Unknown => return,
            Identity::Same => {}
            Identity::Different { running, file } => {
                let kernel = crate::kaslr::Kernel::of(program);
                let ids = Some((running.as_str(), file.as_str()));
                report.warnings.push(crate::stranger::warning(program, kernel.as_ref(), ids));
            }
            Identity::NotThere => return,
        }
        self.identified = true;
        let banner = banner(program).unwrap_or_default();
        self.finder.release =
            banner.strip_prefix("Linux version ").and_then(|rest| rest.split(' ').next()).map(str::to_owned);
        self.finder.forget();
    }
}

/// Whether a file has debug information, without reading it.
fn has_dwarf(object: &ObjectFile) -> bool {
    [".debug_info", ".zdebug_info"].iter().any(|name| object.section(name).is_some())
}

fn add(program: &mut Program, object: Arc<ObjectFile>) -> ModuleId {
    program.modules.add(object, Placement::default())
}

/// Whether two readings are of the same load of the same module: another one may come to lie at the same address.
fn same_load(a: &ModuleInfo, b: &ModuleInfo) -> bool {
    a.addr == b.addr && a.name == b.name && a.base == b.base && a.build_id == b.build_id
}

impl OsLayer for LinuxLayer {
    fn attached(&mut self, program: &mut Program) -> OsReport {
        let mut report = OsReport { symbols_changed: self.forget(program), ..OsReport::default() };
        self.place.take_file(program);
        self.place.start_over();
        let more = self.stopped(program);
        report.symbols_changed |= more.symbols_changed;
        report.notes.extend(more.notes);
        report.warnings.extend(more.warnings);
        self.has_started.set(false);
        if self.identified && self.protects_code_later(program) {
            report.warnings.push(OsWarning::StubKeepsBreakpoints);
        }
        report
    }

    fn files_changed(&mut self, program: &mut Program) -> OsReport {
        // What else the user loads or removes does not concern the kernel.
        if self.place.take_file(program) { self.attached(program) } else { OsReport::default() }
    }

    fn stopped(&mut self, program: &mut Program) -> OsReport {
        let mut report = OsReport::default();
        self.locate(program, &mut report);
        if !self.identified {
            self.identify(program, &mut report);
        }
        if self.identified
            && !self.listed
            && let Some(more) = self.refresh(program)
        {
            report.symbols_changed |= more.symbols_changed;
        }
        report
    }

    fn points(&self, program: &Program) -> Vec<VirtAddr> {
        if self.protects_code_later(program) {
            return Vec::new();
        }
        let mut points: Vec<VirtAddr> =
            [LOADED, UNLOADED].iter().filter_map(|name| symbol(program, name)).collect();
        // Where they are written into memory, those in init code have to go before it is freed.
        if program.machine().is_some_and(|machine| machine.patches_memory()) {
            points.extend(symbol(program, FREES_INIT));
        }
        // Where breakpoints are written into memory this one would end up in whatever a program has there.
        if self.place.is_known() && program.machine().is_some_and(|machine| !machine.patches_memory()) {
            points.push(RESET_VECTOR);
        }
        points
    }

    fn watched(&self, _program: &Program) -> Option<AddrRange> {
        self.place.watched()
    }

    fn touched(&mut self, program: &mut Program) -> OsReport {
        self.place.was_touched();
        self.stopped(program)
    }

    fn reached(&mut self, program: &mut Program, addr: VirtAddr) -> OsReport {
        let mut report = OsReport::default();
        if addr == RESET_VECTOR {
            self.restarted(program, &mut report);
            return report;
        }
        self.locate(program, &mut report);
        if !self.identified {
            self.identify(program, &mut report);
        }
        if symbol(program, FREES_INIT) == Some(addr) {
            return report;
        }
        let Some(argument) = program.registers().and_then(|registers| registers.by_name("rdi")) else {
            return report;
        };
        let module = VirtAddr(argument);
        if symbol(program, UNLOADED) == Some(addr) {
            report.symbols_changed |= self.drop_module(program, module);
        } else if let Ok(info) = module_at(program, module) {
            // The new one may lie where the init section of another was.
            let initialising = |known: &&ModuleSymbols| {
                known.info.addr != module
                    && known.info.sections.iter().any(|(name, _)| name.starts_with(".init"))
            };
            let others: Vec<VirtAddr> =
                self.modules.iter().filter(initialising).map(|known| known.info.addr).collect();
            for other in others {
                if let Ok(info) = module_at(program, other) {
                    report.symbols_changed |= self.take(program, info);
                }
            }
            report.symbols_changed |= self.take(program, info);
        }
        report
    }

    fn user_mode(&self, program: &Program) -> Option<String> {
        let task = match program.machine()?.sleeping_task() {
            Some(task) => task,
            None => crate::current_task(program, crate::selected_cpu(program)?).ok()?,
        };
        let task = crate::TaskLayout::new(program).ok()?.read(program, task).ok()?;
        Some(format!("{}, pid {}", task.comm, task.pid))
    }

    fn sleeper(&self, program: &Program, pid: u64) -> Option<Rc<dyn Machine>> {
        let task = crate::task_of_pid(program, pid).ok()??;
        crate::sleeper(program, task).ok()
    }

    fn fixups(&self, program: &Program, range: AddrRange) -> Vec<VirtAddr> {
        self.exceptions.fixups(program, range)
    }

    fn cpu(&self, program: &Program, number: Option<u64>) -> Result<(u64, u64), String> {
        crate::percpu::cpu_and_offset(program, number)
    }

    fn online_cpus(&self, program: &Program) -> Result<Vec<u64>, String> {
        crate::percpu::online(program).map_err(|error| error.to_string())
    }

    fn is_module_per_cpu(&self, start: VirtAddr) -> bool {
        self.modules.iter().any(|module| {
            module.info.sections.iter().any(|(name, addr)| *addr == start && name == ".data..percpu")
        })
    }

    fn freed(&self, program: &Program, addr: VirtAddr) -> Option<String> {
        crate::freed_code(program, addr)
    }

    fn rewritten(&self, program: &Program, addr: VirtAddr) -> Option<String> {
        let sites = self.sites_at(program, addr);
        if let Some(site) = crate::site_at(&sites, addr) {
            return Some(site.describe(program));
        }
        // The kernel puts an instruction back when it takes its probe away.
        let probes = crate::patched::probes(program);
        probes.iter().any(|probe| probe.contains(addr)).then(|| "kprobe".to_owned())
    }

    fn knows_tasks(&self, program: &Program) -> bool {
        self.current.is_known(program, self.kernel_place())
    }

    fn task(&self, program: &Program) -> Option<VirtAddr> {
        self.current.task(program, self.kernel_place())
    }

    fn is_task(&self, program: &Program, wanted: &TaskFilter) -> Result<bool, String> {
        let answer = self.current.is_one_of(program, self.kernel_place(), wanted);
        answer.ok_or_else(|| "which task runs on this CPU cannot be read here".to_owned())
    }

    fn lacks_task(&self, program: &Program, pid: u32) -> bool {
        // Idle tasks, all of number 0, are in no list. Where the list is damaged it is not known.
        pid != 0
            && crate::task::tasks(program, true).is_ok_and(|tasks| {
                tasks.broken.is_empty()
                    && !tasks.found.iter().any(|task| i64::from(task.pid) == i64::from(pid))
            })
    }

    fn is_return_trampoline(&self, program: &Program, pc: VirtAddr) -> bool {
        self.trampolines.begins_at(program, self.kernel_place(), pc)
    }

    fn true_return(&self, program: &Program, return_pc: VirtAddr, slot: VirtAddr) -> Option<VirtAddr> {
        let task = || self.task_of_frames(program);
        self.trampolines.true_return(program, self.kernel_place(), return_pc, slot, task)
    }

    fn return_from_inside(
        &self,
        program: &Program,
        trampoline: VirtAddr,
        sp: VirtAddr,
        holds: &[u64],
    ) -> Option<(VirtAddr, VirtAddr)> {
        let task = self.task_of_frames(program)?;
        self.trampolines.inside(program, self.kernel_place(), trampoline, sp, holds, task)
    }

    fn module_names(&self, program: &Program) -> Vec<String> {
        let mut finder = self.finder.clone();
        finder.vmlinux = program.modules.modules().first().map(|main| main.object().path().to_owned());
        finder.names()
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
