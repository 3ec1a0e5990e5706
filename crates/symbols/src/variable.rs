//! Variables and parameters.

use crate::btf::{Btf, BtfVariable};
use crate::dwarf::{DebugInfo, DieKey, Environment, Location, Surroundings, VariableInfo};
use crate::{EvalContext, Located, LocationError, Module, SourceName, Storage};
use kdive_base::{AddrRange, LinkAddr, VirtAddr};
use kdive_types::{Type, TypeSource};
use std::fmt;
use std::sync::Arc;

/// What kind of variable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VariableKind {
    /// A formal parameter.
    Param,
    /// An automatic local.
    Local,
    /// Declared `static` in a block.
    LocalStatic,
    /// At file scope, `static`.
    FileStatic,
    /// At file scope, visible everywhere.
    Global,
}

/// A variable or parameter. A handle: cloning is cheap.
#[derive(Clone)]
pub struct Variable {
    module: Arc<Module>,
    origin: Origin,
    info: Arc<VariableInfo>,
}

/// Whose number its type is.
#[derive(Clone)]
enum Origin {
    Dwarf(Arc<DebugInfo>),
    Btf(Arc<Btf>),
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Variable({} {:?})", self.info.name, self.info.location)
    }
}

impl PartialEq for Variable {
    fn eq(&self, other: &Self) -> bool {
        self.module.id() == other.module.id() && self.info.key == other.info.key
    }
}

impl Eq for Variable {}

impl Variable {
    pub(crate) fn new(module: &Arc<Module>, debug: &Arc<DebugInfo>, info: Arc<VariableInfo>) -> Self {
        Self { module: Arc::clone(module), origin: Origin::Dwarf(Arc::clone(debug)), info }
    }

    /// A variable of BTF, whose address is that of the symbol of its name.
    pub(crate) fn of_btf(
        module: &Arc<Module>,
        btf: &Arc<Btf>,
        found: BtfVariable,
        name: &str,
    ) -> Option<Self> {
        let symbols = module.object().symbols();
        let LinkAddr(addr) = symbols.named(name).first()?.addr;
        let info = VariableInfo {
            key: u64::from(found.id),
            unit: 0,
            name: name.into(),
            ty: Some(u64::from(found.ty)),
            argument: false,
            external: found.external,
            decl_file: None,
            decl_line: 0,
            location: Location::Static(addr),
            function: None,
        };
        Some(Self { module: Arc::clone(module), origin: Origin::Btf(Arc::clone(btf)), info: Arc::new(info) })
    }

    /// A declared variable whose definition is at an address of another module.
    pub(crate) fn defined_at(&self, addr: VirtAddr) -> Self {
        let mut info = (*self.info).clone();
        info.location = Location::Static(self.module.to_link(addr).0);
        Self { info: Arc::new(info), ..self.clone() }
    }

    fn debug(&self) -> Option<&Arc<DebugInfo>> {
        match &self.origin {
            Origin::Dwarf(debug) => Some(debug),
            Origin::Btf(_) => None,
        }
    }

    pub(crate) fn info(&self) -> &VariableInfo {
        &self.info
    }

    /// Names the variable within its module: the key of its entry.
    #[must_use]
    pub fn key(&self) -> u64 {
        self.info.key
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// The module it belongs to.
    #[must_use]
    pub fn module(&self) -> &Arc<Module> {
        &self.module
    }

    /// Which kind.
    #[must_use]
    pub fn kind(&self) -> VariableKind {
        match (&self.info.function, self.info.argument, self.info.external) {
            (Some(_), true, _) => VariableKind::Param,
            (Some(_), false, _) if matches!(self.info.location, Location::Static(_)) => {
                VariableKind::LocalStatic
            }
            (Some(_), false, _) => VariableKind::Local,
            (None, _, true) => VariableKind::Global,
            (None, _, false) => VariableKind::FileStatic,
        }
    }

    /// Its declared type. gdb takes a missing one for `int`.
    #[must_use]
    pub fn ty(&self) -> Type {
        match (self.info.ty, &self.origin) {
            (Some(key), Origin::Dwarf(debug)) => debug.type_ref(Some(key)).get(),
            (Some(key), Origin::Btf(btf)) => btf.resolve(key),
            (None, _) => Type::base("int", 4, kdive_types::Encoding::Signed),
        }
    }

    /// Line of the declaration, 0 if unknown.
    #[must_use]
    pub fn decl_line(&self) -> u32 {
        self.info.decl_line
    }

    /// File of the declaration.
    #[must_use]
    pub fn decl_file(&self) -> Option<SourceName> {
        self.debug()?.source_name(self.info.decl_file?)
    }

    /// Address, when it is in static storage (no frame needed).
    #[must_use]
    pub fn static_address(&self) -> Option<VirtAddr> {
        match self.info.location {
            Location::Static(addr) => Some(self.module.to_virt(LinkAddr(addr))),
            Location::Unresolved => {
                let symbols = self.module.object().symbols();
                let entry = *symbols.named(&self.info.name).first()?;
                Some(self.module.to_virt(entry.addr))
            }
            _ => None,
        }
    }

    /// Whether it is a declaration of something that no file with debug information defines.
    #[must_use]
    pub fn is_unresolved(&self) -> bool {
        self.info.location == Location::Unresolved
    }

    /// Whether reading it needs a frame.
    #[must_use]
    pub fn needs_frame(&self) -> bool {
        matches!(self.info.location, Location::Expression { .. } | Location::List(_))
    }

    /// Whether it never has a value.
    #[must_use]
    pub fn is_optimized_out(&self) -> bool {
        self.info.location == Location::OptimizedOut
    }

    /// Where its value is when execution is at `pc`: for a frame that called another one, an address within the call
    /// instruction (gdb's `get_frame_address_in_block`).
    ///
    /// # Errors
    /// [`LocationError`]; a value that is gone is not an error but [`Storage::OptimizedOut`].
    pub fn locate(&self, pc: Option<VirtAddr>, frame: &dyn EvalContext) -> Result<Located, LocationError> {
        if matches!(self.info.location, Location::Unresolved | Location::Static(_))
            && let Some(addr) = self.static_address()
        {
            return Ok(Located::whole(Storage::Memory(addr)));
        }
        let Some(debug) = self.debug() else { return Ok(Located::whole(Storage::OptimizedOut)) };
        let environment = Environment {
            frame,
            relocate: &|addr| self.module.to_virt(LinkAddr(addr)).0,
            function: self.info.function,
            pc: pc.map(|pc| self.module.to_link(pc).0),
        };
        debug.locate(&self.info, &environment)
    }

    /// Address ranges in which it has a value; `None` when it always has.
    #[must_use]
    pub fn live_ranges(&self) -> Option<Vec<AddrRange>> {
        let ranges = self.debug()?.live_ranges(&self.info)?;
        Some(ranges.into_iter().map(|range| self.module.range(range)).collect())
    }

    /// What `info address` says after `Symbol "NAME" is `, without the final period:
    /// `static storage at address 0xffffffff82a10a40`, `multi-location:\n  Range 0x...`. `pc` selects the frame base where
    /// that depends on it.
    #[must_use]
    pub fn describe(&self, pc: Option<VirtAddr>) -> String {
        match &self.info.location {
            Location::Static(_) | Location::Unresolved => match self.static_address() {
                Some(addr) => format!("static storage at address {addr}"),
                None => "unresolved".into(),
            },
            Location::Constant(_) | Location::Bytes(_) => "constant".into(),
            Location::OptimizedOut => "optimized out".into(),
            Location::Expression { .. } | Location::List(_) => self.describe_computed(pc),
        }
    }

    fn describe_computed(&self, pc: Option<VirtAddr>) -> String {
        let around = Surroundings {
            relocate: &|addr| self.module.to_virt(LinkAddr(addr)).0,
            function: self.info.function,
            pc: pc.map(|pc| self.module.to_link(pc).0),
            machine: self.module.object().machine(),
        };
        self.debug()
            .and_then(|debug| debug.describe(&self.info, &around))
            .unwrap_or_else(|| "optimized out".into())
    }

    /// What `info scope` says of it after `Symbol NAME is `, with the final period and the length where gdb gives one.
    pub(crate) fn describe_in_scope(&self, pc: VirtAddr) -> String {
        let place = match &self.info.location {
            Location::Static(_) => match self.static_address() {
                Some(addr) => format!("in static storage at address {addr}"),
                None => "optimized out".into(),
            },
            Location::Unresolved => match self.static_address() {
                Some(addr) => format!("static storage at address {addr}"),
                None => "Unresolved Static".into(),
            },
            Location::Constant(value) => format!("a constant with value {value} ({value:#x})"),
            Location::Bytes(bytes) => {
                bytes.iter().fold("constant bytes: ".into(), |text, byte| format!("{text} {byte:02x}"))
            }
            Location::OptimizedOut => return "optimized out.".into(),
            Location::Expression { .. } | Location::List(_) => self.describe_computed(Some(pc)),
        };
        // gdb counts an incomplete array as empty.
        let length = self.ty().size().unwrap_or(0);
        format!("{place}, length {length}.")
    }
}

/// The variable of an entry.
pub(crate) fn variable_of(module: &Arc<Module>, debug: &Arc<DebugInfo>, key: DieKey) -> Option<Variable> {
    let context = debug.context_of(key)?;
    let die = context.die_of_key(key)?;
    let info = VariableInfo::read(&context, &die)?;
    Some(Variable::new(module, debug, Arc::new(info)))
}
