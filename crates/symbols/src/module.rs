//! The set of loaded object files, and the only place where link addresses become run-time addresses.

use crate::{
    Completion, Function, Line, Linespec, LinespecDefaults, LinespecError, LinespecMode, Listing,
    ListingKind, ObjectFile, Sal, Scope, SourceName, Symbol, Tag, UnitInfo, Variable,
};
use kdive_base::{AddrRange, Interrupt, LinkAddr, ReadMemory, VirtAddr};
use kdive_types::Type;
use std::sync::Arc;

/// Names a module of a [`ModuleSet`]; never used again after removal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ModuleId(pub u32);

/// Where an object file is at run time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Placement {
    /// Added to every link address (KASLR offset, `-o`), except to per-CPU and absolute ones. Relocatable files carry
    /// their run-time addresses already ([`crate::OpenOptions::section_addresses`]) and have 0.
    pub slide: u64,
}

/// An object file at its place.
#[derive(Debug)]
pub struct Module {
    id: ModuleId,
    object: Arc<ObjectFile>,
    placement: Placement,
}

impl Module {
    /// Its id.
    pub fn id(&self) -> ModuleId {
        self.id
    }
    /// The file.
    pub fn object(&self) -> &Arc<ObjectFile> {
        &self.object
    }
    /// Where it is.
    pub fn placement(&self) -> Placement {
        self.placement
    }
    /// Run-time address of a link address.
    pub fn to_virt(&self, addr: LinkAddr) -> VirtAddr {
        VirtAddr(addr.0)
    }
    /// Link address of a run-time address.
    pub fn to_link(&self, addr: VirtAddr) -> LinkAddr {
        LinkAddr(addr.0)
    }
}

/// All object files of the debugged program, in the order they were added; that order decides among equals.
#[derive(Default, Debug)]
pub struct ModuleSet {
    modules: Vec<Arc<Module>>,
    next_id: u32,
}

impl ModuleSet {
    /// No modules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Adds a file at a place.
    pub fn add(&mut self, object: Arc<ObjectFile>, placement: Placement) -> ModuleId {
        let id = ModuleId(self.next_id);
        self.next_id += 1;
        self.modules.push(Arc::new(Module { id, object, placement }));
        id
    }
    /// Removes a module; `false` when it is not there. Handles into it stay valid.
    pub fn remove(&mut self, id: ModuleId) -> bool {
        let before = self.modules.len();
        self.modules.retain(|module| module.id != id);
        self.modules.len() != before
    }
    /// Moves a module (KASLR offset found out later). Its types and tables are kept; handles made before keep the old place.
    pub fn set_placement(&mut self, _id: ModuleId, _placement: Placement) -> bool {
        false
    }
    /// The modules in order.
    pub fn modules(&self) -> &[Arc<Module>] {
        &self.modules
    }
    /// A module.
    pub fn module(&self, id: ModuleId) -> Option<&Arc<Module>> {
        self.modules.iter().find(|module| module.id == id)
    }
    /// The module one of whose allocated sections contains the address, with that section's name.
    pub fn module_at(&self, _addr: VirtAddr) -> Option<(&Arc<Module>, &str)> {
        None
    }
    /// The program's bytes as they are in the files, for use without a target.
    pub fn image(&self) -> &dyn ReadMemory {
        self
    }

    // By address.

    /// The ELF symbol an address belongs to, by gdb's rules of preference (`lookup_minimal_symbol_by_pc`).
    pub fn symbol_at(&self, _addr: VirtAddr) -> Option<Symbol> {
        None
    }
    /// Name and offset for `<name+offset>`: function or symbol, whichever begins nearer (gdb's
    /// `build_address_symbolic`). `prefer_function` for `disassemble` and `x/i`.
    pub fn symbolic(&self, _addr: VirtAddr, _prefer_function: bool) -> Option<(Arc<str>, u64)> {
        None
    }
    /// Start and end of the function an address is in, from debug information or else from symbols
    /// (gdb's `find_pc_partial_function`), with its name.
    pub fn function_bounds(&self, _addr: VirtAddr) -> Option<(Arc<str>, AddrRange)> {
        None
    }
    /// The line of an address. `for_call`: the address is a return address, so look one byte before
    /// (gdb's `notcurrent`).
    pub fn line_at(&self, _addr: VirtAddr, _for_call: bool) -> Option<Line> {
        None
    }
    /// Whether a line table entry marked `is_stmt` begins exactly here.
    pub fn is_line_start(&self, _addr: VirtAddr) -> bool {
        false
    }
    /// All line table entries within a range in address order, for `disassemble /s` and stepping.
    pub fn lines_in(&self, _range: AddrRange) -> Vec<Line> {
        Vec::new()
    }
    /// The function with debug information that contains the address.
    pub fn function_at(&self, _addr: VirtAddr) -> Option<Function> {
        None
    }
    /// The blocks the address lies in.
    pub fn scope_at(&self, _addr: VirtAddr) -> Option<Scope> {
        None
    }
    /// The compilation unit of an address.
    pub fn unit_at(&self, _addr: VirtAddr) -> Option<UnitInfo> {
        None
    }

    // By name. `near` is where the program is or what is listed: that unit's own `static` names come first.

    /// ELF symbols of that name, global ones first.
    pub fn symbols_named(&self, _name: &str) -> Vec<Symbol> {
        Vec::new()
    }
    /// Functions with debug information and code of their own of that name.
    pub fn functions_named(&self, _name: &str) -> Vec<Function> {
        Vec::new()
    }
    /// The function an expression means by that name.
    pub fn function(&self, _name: &str, _near: Option<VirtAddr>) -> Option<Function> {
        None
    }
    /// The variable at file scope an expression means by that name.
    pub fn variable(&self, _name: &str, _near: Option<VirtAddr>) -> Option<Variable> {
        None
    }
    /// `'FILE'::NAME`: a variable of a given file.
    pub fn variable_in_file(&self, _file: &str, _name: &str) -> Option<Variable> {
        None
    }
    /// The variable of [`crate::Storage::ImplicitPointer`].
    pub fn variable_by_key(&self, _module: ModuleId, _key: u64) -> Option<Variable> {
        None
    }
    /// A type by name; a complete definition is preferred to a declaration.
    pub fn ty(&self, _tag: Tag, _name: &str, _near: Option<VirtAddr>) -> Option<Type> {
        None
    }
    /// The definition of a `struct`, `union` or `enum` that is only declared here, by name; the type itself when it is
    /// complete or nobody defines it.
    pub fn complete(&self, ty: &Type) -> Type {
        ty.clone()
    }
    /// A C constant: the enumeration and the value.
    pub fn enumerator(&self, _name: &str, _near: Option<VirtAddr>) -> Option<(Type, i64)> {
        None
    }

    // Places.

    /// Parses a location.
    ///
    /// # Errors
    /// [`LinespecError::Malformed`].
    pub fn parse_linespec(&self, _text: &str) -> Result<Linespec, LinespecError> {
        Err(LinespecError::NoSymbols)
    }
    /// Looks a location up as gdb's `decode_line` does. `code` is where prologues are read from: the target, or
    /// [`ModuleSet::image`].
    ///
    /// # Errors
    /// [`LinespecError`].
    pub fn resolve(
        &self,
        _spec: &Linespec,
        _mode: LinespecMode,
        _defaults: &LinespecDefaults,
        _code: &dyn ReadMemory,
    ) -> Result<Vec<Sal>, LinespecError> {
        Err(LinespecError::NoSymbols)
    }
    /// The place of an address (`*ADDR`).
    pub fn sal_at(&self, addr: VirtAddr) -> Sal {
        Sal {
            pc: Some(addr),
            end: None,
            file: None,
            line: 0,
            function_name: None,
            function: None,
            symbol: None,
        }
    }

    // Enumerations.

    /// `info functions|variables|types [REGEX]`.
    pub fn listing(
        &self,
        _kind: ListingKind,
        _regex: Option<&regex::Regex>,
        _include_non_debugging: bool,
        _interrupt: &Interrupt,
    ) -> Listing {
        Listing::default()
    }
    /// All source files, sorted, without duplicates.
    pub fn files(&self, _interrupt: &Interrupt) -> Vec<SourceName> {
        Vec::new()
    }
    /// Names beginning with `prefix`, sorted, at most `limit`.
    pub fn complete_name(&self, _what: Completion, _prefix: &str, _limit: usize) -> Vec<String> {
        Vec::new()
    }
}

impl ReadMemory for ModuleSet {
    fn read(&self, addr: VirtAddr, _buf: &mut [u8]) -> Result<(), kdive_base::Fault> {
        Err(kdive_base::Fault::unmapped(addr))
    }
}
