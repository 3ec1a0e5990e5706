//! The program: what is loaded, what it runs on, and which frame is selected.

use crate::frames::FrameCache;
use crate::os::OsLayer;
use crate::place::ListPosition;
use crate::{Machine, SourcePath};
use kdive_arch::{Arch, CodeAddress, CodeSize, CpuState, Flavor};
use kdive_base::{Fault, Interrupt, ReadMemory, VirtAddr};
use kdive_expr::{Examine, PrintOptions, Store};
use kdive_symbols::{ModuleId, ModuleSet, SourceName};
use kdive_unwind::{Policy, UnwindTables};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// `set print entry-values`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum EntryValues {
    /// Only actual values.
    No,
    /// Only entry values.
    Only,
    /// Actual values, entry values where those are not known.
    Preferred,
    /// Actual values, entry values where those are not known and the entry value is.
    IfNeeded,
    /// Both.
    Both,
    /// Both, merged when equal, without what is not known.
    Compact,
    /// The actual value, and the entry value where it is known.
    #[default]
    Default,
}

/// Settings that decide how a program is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// `set print ...`.
    pub print: PrintOptions,
    /// `set print entry-values`.
    pub entry_values: EntryValues,
    /// `set input-radix`.
    pub input_radix: u32,
    /// `set max-value-size`; `None` is unlimited.
    pub max_value_size: Option<u64>,
    /// `set backtrace limit`; `None` is unlimited.
    pub backtrace_limit: Option<usize>,
    /// Which frames a backtrace finds.
    pub unwind_policy: Policy,
    /// `set case-sensitive off`.
    pub ignore_case: bool,
    /// `set filename-display`.
    pub file_names: FileNames,
    /// How code is decoded whatever the CPU's mode (`set architecture`).
    pub code_size: Option<CodeSize>,
    /// How instructions are written (`set disassembly-flavor`).
    pub flavor: Flavor,
    /// Whether a per-CPU variable stands for the copy of the selected CPU (`set percpu`).
    pub per_cpu: bool,
    /// Whether low addresses have the names of per-CPU variables in a kernel that counts those from 0 (`set print
    /// low-symbols`).
    pub per_cpu_symbols: bool,
    /// Whether what is shown of read-only sections is what their file holds (`set trust-readonly-sections`).
    pub trust_files: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            print: PrintOptions::default(),
            entry_values: EntryValues::default(),
            input_radix: 10,
            max_value_size: Some(65536),
            backtrace_limit: None,
            unwind_policy: Policy::Kernel,
            ignore_case: false,
            file_names: FileNames::default(),
            code_size: None,
            flavor: Flavor::Att,
            per_cpu: true,
            per_cpu_symbols: true,
            trust_files: false,
        }
    }
}

/// How names of source files are shown.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum FileNames {
    /// As the debug information has them.
    #[default]
    Relative,
    /// Without directories.
    Basename,
    /// With the whole path: of the file where there is one, else of the one that was compiled.
    Absolute,
}

/// A line of a file, and the first address it has code at.
pub(crate) type LineStart = ((kdive_symbols::SourceName, u32), Option<VirtAddr>);

/// The debugged program as far as it can be examined without running it.
pub struct Program {
    /// The object files and where they are.
    pub modules: ModuleSet,
    /// Where source files are.
    pub sources: SourcePath,
    /// Settings.
    pub options: Options,
    /// Raised by Ctrl-C.
    pub interrupt: Interrupt,
    /// The lines shown last.
    pub listed: RefCell<Option<ListPosition>>,
    /// First address of the line in `listed`, once it was asked for: every name looked up without a frame asks.
    pub(crate) near_listed: RefCell<Option<LineStart>>,
    /// What `x` and `print/FMT` remember from one command to the next.
    pub examine: RefCell<Examine>,
    pub(crate) os: Option<Box<dyn OsLayer>>,
    pub(crate) store: Store,
    pub(crate) machine: Option<Rc<dyn Machine>>,
    pub(crate) frames: RefCell<FrameCache>,
    pub(crate) selected: Cell<usize>,
    pub(crate) hidden: Cell<usize>,
    pub(crate) scope_pc: Cell<Option<VirtAddr>>,
    pub(crate) tables: RefCell<HashMap<ModuleId, Arc<UnwindTables>>>,
    pub(crate) functions: RefCell<HashMap<String, Arc<dyn kdive_expr::Function>>>,
    pub(crate) warnings: RefCell<Vec<String>>,
    pub(crate) copies: RefCell<Vec<(Arc<str>, u64)>>,
    pub(crate) trace: RefCell<Option<crate::eval::Trace>>,
    pub(crate) calls: RefCell<crate::call::Calls>,
    pub(crate) computed: RefCell<HashMap<String, kdive_types::Value>>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("modules", &self.modules.modules().len())
            .field("machine", &self.machine.is_some())
            .finish_non_exhaustive()
    }
}

impl Program {
    /// Nothing loaded, no machine.
    #[must_use]
    pub fn new(interrupt: Interrupt) -> Self {
        Self {
            modules: ModuleSet::new(),
            sources: SourcePath::default(),
            options: Options::default(),
            interrupt,
            listed: RefCell::default(),
            near_listed: RefCell::default(),
            examine: RefCell::default(),
            os: None,
            store: Store::new(),
            machine: None,
            frames: RefCell::default(),
            selected: Cell::new(0),
            hidden: Cell::new(0),
            scope_pc: Cell::new(None),
            tables: RefCell::default(),
            functions: RefCell::default(),
            warnings: RefCell::default(),
            copies: RefCell::default(),
            trace: RefCell::default(),
            calls: RefCell::default(),
            computed: RefCell::default(),
        }
    }

    /// Value history and convenience variables.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The machine, while there is one.
    #[must_use]
    pub fn machine(&self) -> Option<&Rc<dyn Machine>> {
        self.machine.as_ref()
    }

    /// Looks at another machine or thread from now on, from its innermost frame; `None` when the target is gone.
    pub fn set_machine(&mut self, machine: Option<Rc<dyn Machine>>) {
        if machine.is_none() {
            self.forget_calls();
        }
        self.machine = machine;
        self.hidden.set(0);
        self.invalidate();
    }

    /// Everything derived from registers and memory is stale: the program ran, or something was written.
    /// The selection goes back to the innermost frame.
    pub fn invalidate(&self) {
        self.frames.borrow_mut().clear();
        self.selected.set(0);
    }

    /// Something was written: frames are unwound again, the selection stays.
    pub fn forget_frames(&self) {
        self.frames.borrow_mut().clear();
    }

    /// Call after modules were added, moved or removed.
    pub fn modules_changed(&self) {
        *self.near_listed.borrow_mut() = None;
        let known: Vec<ModuleId> = self.modules.modules().iter().map(|module| module.id()).collect();
        self.tables.borrow_mut().retain(|id, _| known.contains(id));
        self.frames.borrow_mut().clear();
    }

    /// Makes an address the default of `x` and the value of `$_`.
    pub fn set_next_address(&self, addr: VirtAddr) {
        self.examine.borrow_mut().set_next_address(self, addr);
    }

    /// What expressions had to say that is no error, since this was asked last.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// Makes `$name(...)` callable in expressions.
    pub fn add_function(&self, name: &str, function: Arc<dyn kdive_expr::Function>) {
        self.functions.borrow_mut().insert(name.to_owned(), function);
    }

    /// The names of the functions that were added, without the dollar.
    #[must_use]
    pub fn function_names(&self) -> Vec<String> {
        self.functions.borrow().keys().cloned().collect()
    }

    /// Sets a variable that is not the user's to change: `$_thread`, `$_inferior`.
    pub fn set_computed(&self, name: &str, value: kdive_types::Value) {
        self.computed.borrow_mut().insert(name.to_owned(), value);
    }

    /// The CPU family: of the machine, or of the first file.
    #[must_use]
    pub fn arch(&self) -> Arch {
        match self.machine.as_ref().and_then(|machine| machine.registers().ok()) {
            Some(registers) => registers.layout().arch(),
            None => self.file_arch(),
        }
    }

    /// The CPU family of the first file.
    #[must_use]
    pub fn file_arch(&self) -> Arch {
        let main = self.modules.modules().first();
        main.map_or(Arch::X86_64, |main| Arch::from_elf(main.object().machine(), main.object().is_64()))
    }

    /// Mode of the selected thread's CPU, where there is one.
    #[must_use]
    pub fn cpu_state(&self) -> Option<CpuState> {
        let registers = self.machine.as_ref()?.registers().ok()?;
        Some(registers.layout().arch().cpu_state(&registers))
    }

    /// The name of a source file as it is shown (`set filename-display`).
    #[must_use]
    pub fn shown_file(&self, file: &SourceName) -> String {
        match self.options.file_names {
            FileNames::Relative => file.name.to_string(),
            FileNames::Basename => file.name.rsplit('/').next().unwrap_or(&file.name).to_owned(),
            FileNames::Absolute => self.full_path(file),
        }
    }

    /// The path of a source file: where it was found, else where it was when it was compiled.
    #[must_use]
    pub fn full_path(&self, file: &SourceName) -> String {
        let comp_dir = file.comp_dir.as_deref().unwrap_or_default();
        if let Some(found) = self.sources.find(&file.name, comp_dir) {
            let path = std::path::absolute(&found.path).unwrap_or_else(|_| found.path.clone());
            return path.display().to_string();
        }
        let path = if file.name.starts_with('/') || comp_dir.is_empty() {
            file.name.to_string()
        } else {
            format!("{comp_dir}/{}", file.name)
        };
        self.sources.rewrite(&path)
    }

    /// Where the code that is shown at `pc` lies and how it is decoded. In real mode the bytes are at segment base plus
    /// `pc`, as long as `pc` is near the CPU's own.
    #[must_use]
    pub fn code_address(&self, pc: VirtAddr) -> CodeAddress {
        let Some(state) = self.cpu_state() else {
            let size = self.options.code_size.unwrap_or_else(|| self.arch().code_size());
            return CodeAddress { pc, linear: pc, size };
        };
        let size = self.options.code_size.unwrap_or(state.code.size);
        let near = pc.0 & !0xffff == state.code.pc.0 & !0xffff;
        let linear = if size == kdive_arch::CodeSize::Bits16 && near { state.code.linear_of(pc) } else { pc };
        CodeAddress { pc, linear, size }
    }

    /// `name+offset` for an address in code, as `<...>` shows it.
    #[must_use]
    pub fn symbolic(&self, addr: VirtAddr) -> Option<String> {
        if self.is_unnamed(addr) {
            return None;
        }
        let (name, offset) = self.modules.symbolic(addr, false)?;
        Some(if offset == 0 { name.to_string() } else { format!("{name}+{offset}") })
    }
}

/// Memory as the user sees it: the machine's, or without one what the files hold.
impl ReadMemory for Program {
    fn read(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        match &self.machine {
            Some(machine) => machine.read(addr, buf),
            None => self.modules.image().read(addr, buf),
        }
    }
}
