//! Functions and the calls in them.

use crate::dwarf::{BlockSymbol, BlockTree, CallSiteInfo, DebugInfo, DieKey, Environment, FunctionInfo};
use crate::{
    CallTarget, EntryValue, EvalContext, LocationError, Module, SourceName, TailCall, TailCalls, UnitInfo,
    Variable,
};
use kdive_base::{AddrRange, LinkAddr, VirtAddr};
use kdive_types::Type;
use std::fmt;
use std::sync::Arc;

/// A function with code of its own. A handle: cloning is cheap.
#[derive(Clone)]
pub struct Function {
    module: Arc<Module>,
    debug: Arc<DebugInfo>,
    info: Arc<FunctionInfo>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({} at {})", self.info.name, self.entry())
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.module.id() == other.module.id() && self.info.key == other.info.key
    }
}

impl Eq for Function {}

impl Function {
    pub(crate) fn new(module: &Arc<Module>, debug: &Arc<DebugInfo>, info: Arc<FunctionInfo>) -> Self {
        Self { module: Arc::clone(module), debug: Arc::clone(debug), info }
    }

    pub(crate) fn debug(&self) -> &Arc<DebugInfo> {
        &self.debug
    }

    pub(crate) fn info(&self) -> &FunctionInfo {
        &self.info
    }

    pub(crate) fn key(&self) -> DieKey {
        self.info.key
    }

    pub(crate) fn blocks(&self) -> Option<Arc<BlockTree>> {
        self.debug.blocks(&self.info)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// Its name, shared.
    #[must_use]
    pub fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.info.name)
    }

    /// The module it belongs to.
    #[must_use]
    pub fn module(&self) -> &Arc<Module> {
        &self.module
    }

    /// Entry pc: `DW_AT_low_pc` or the start of the first range.
    #[must_use]
    pub fn entry(&self) -> VirtAddr {
        self.module.to_virt(LinkAddr(self.info.entry()))
    }

    /// All ranges, the entry's first; a cold part is a second one.
    #[must_use]
    pub fn ranges(&self) -> Vec<AddrRange> {
        self.info.ranges.iter().map(|&range| self.module.range(range)).collect()
    }

    /// Whether an address is in one of its ranges.
    #[must_use]
    pub fn contains(&self, addr: VirtAddr) -> bool {
        self.info.contains(self.module.to_link(addr).0)
    }

    /// Its type (`Kind::Function`), with parameter names.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.debug.type_ref(Some(self.info.key)).get()
    }

    /// `false` for `static`.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.info.external
    }

    /// `DW_AT_noreturn`.
    #[must_use]
    pub fn is_noreturn(&self) -> bool {
        self.info.noreturn
    }

    /// Line of the declaration, 0 if unknown.
    #[must_use]
    pub fn decl_line(&self) -> u32 {
        self.info.decl_line
    }

    /// File of the declaration.
    #[must_use]
    pub fn decl_file(&self) -> Option<SourceName> {
        self.debug.source_name(self.info.decl_file?)
    }

    /// The compilation unit.
    #[must_use]
    pub fn unit(&self) -> UnitInfo {
        self.debug.unit_facts(self.info.unit)
    }

    /// Parameters and locals of the function's outermost block.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        let Some(tree) = self.blocks() else { return Vec::new() };
        let symbols = tree.blocks.first().map(|block| block.symbols.as_slice()).unwrap_or_default();
        symbols
            .iter()
            .filter_map(|symbol| match symbol {
                BlockSymbol::Variable(variable) => {
                    Some(Variable::new(&self.module, &self.debug, Arc::clone(variable)))
                }
                _ => None,
            })
            .collect()
    }

    /// The call site whose call returns to `return_pc` (`DW_AT_call_return_pc`).
    #[must_use]
    pub fn call_site(&self, return_pc: VirtAddr) -> Option<CallSite> {
        let pc = self.module.to_link(return_pc).0;
        let sites = self.debug.call_sites(&self.info)?;
        let index = sites.iter().position(|site| site.return_pc == pc)?;
        self.make_call_site(&sites, index)
    }

    /// All call sites that are tail calls.
    #[must_use]
    pub fn tail_calls(&self) -> TailCalls {
        TailCalls::of_function(self.clone())
    }

    /// The first tail call at or after a position among the call sites, and its position.
    pub(crate) fn tail_call(&self, from: usize) -> Option<(usize, TailCall)> {
        let sites = self.debug.call_sites(&self.info)?;
        let behind = sites.get(from..)?;
        let index = from + behind.iter().position(|site| site.tail_call)?;
        let site = self.make_call_site(&sites, index)?;
        let target = site.target.map(CallTarget::Entry).or(site.callee.map(CallTarget::Name));
        Some((index, TailCall { return_pc: site.return_pc, target }))
    }

    fn make_call_site(&self, sites: &Arc<Vec<CallSiteInfo>>, index: usize) -> Option<CallSite> {
        let info = sites.get(index)?;
        let params = info.params.iter().enumerate().map(|(param, info)| CallSiteParam {
            what: info.what,
            function: self.clone(),
            sites: Arc::clone(sites),
            site: index,
            param,
        });
        let callee = info.callee.and_then(|key| self.debug.callee(key));
        Some(CallSite {
            return_pc: self.module.to_virt(LinkAddr(info.return_pc)),
            target: callee.as_ref().and_then(|(_, entry)| Some(self.module.to_virt(LinkAddr((*entry)?)))),
            callee: callee.map(|(name, _)| name),
            tail_call: info.tail_call,
            params: params.collect(),
        })
    }
}

/// A call in a function, with what is known of its arguments (`DW_TAG_call_site`).
#[derive(Clone, Debug)]
pub struct CallSite {
    /// Address after the call instruction.
    pub return_pc: VirtAddr,
    /// Entry of the callee of a direct call, when the same unit defines it.
    pub target: Option<VirtAddr>,
    /// Name of the callee of a direct call.
    pub callee: Option<Arc<str>>,
    /// `DW_AT_call_tail_call`.
    pub tail_call: bool,
    /// Arguments.
    pub params: Vec<CallSiteParam>,
}

/// An argument of a call whose value can be computed in the caller's frame.
#[derive(Clone)]
pub struct CallSiteParam {
    /// What it answers in the callee.
    pub what: EntryValue,
    function: Function,
    sites: Arc<Vec<CallSiteInfo>>,
    site: usize,
    param: usize,
}

impl fmt::Debug for CallSiteParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallSiteParam({:?})", self.what)
    }
}

impl CallSiteParam {
    /// The value, evaluated with the *caller's* frame.
    ///
    /// # Errors
    /// [`LocationError`].
    pub fn value(&self, caller: &dyn EvalContext) -> Result<u64, LocationError> {
        let site = self.sites.get(self.site).ok_or(LocationError::NoEntryValue)?;
        let param = site.params.get(self.param).ok_or(LocationError::NoEntryValue)?;
        let module = &self.function.module;
        let environment = Environment {
            frame: caller,
            relocate: &|addr| module.to_virt(LinkAddr(addr)).0,
            function: Some(site.function),
            // The caller is at its call, one byte before where it returns to.
            pc: Some(site.return_pc.wrapping_sub(1)),
        };
        self.function.debug.call_site_value(site, param, &environment)
    }
}
