//! Functions, their blocks, and the variables in them.

use crate::{EvalContext, Located, LocationError, Module, SourceName, UnitInfo};
use kdive_base::{AddrRange, VirtAddr};
use kdive_types::Type;
use std::sync::Arc;

/// A function with code of its own. A handle: cloning is cheap.
#[derive(Clone, Debug)]
pub struct Function {
    module: Arc<Module>,
}

impl Function {
    /// Its name.
    pub fn name(&self) -> &str {
        ""
    }
    /// The module it belongs to.
    pub fn module(&self) -> &Arc<Module> {
        &self.module
    }
    /// Entry pc: `DW_AT_low_pc` or the start of the first range.
    pub fn entry(&self) -> VirtAddr {
        VirtAddr(0)
    }
    /// All ranges, the entry's first; a cold part is a second one.
    pub fn ranges(&self) -> Vec<AddrRange> {
        Vec::new()
    }
    /// Its type (`Kind::Function`), with parameter names.
    pub fn ty(&self) -> Type {
        Type::void()
    }
    /// `false` for `static`.
    pub fn is_external(&self) -> bool {
        true
    }
    /// `DW_AT_noreturn`.
    pub fn is_noreturn(&self) -> bool {
        false
    }
    /// Line of the declaration, 0 if unknown.
    pub fn decl_line(&self) -> u32 {
        0
    }
    /// File of the declaration.
    pub fn decl_file(&self) -> Option<SourceName> {
        None
    }
    /// The compilation unit.
    pub fn unit(&self) -> UnitInfo {
        UnitInfo::default()
    }
    /// All variables of all blocks of the function, for `info scope` at its outermost block: parameters and locals of the
    /// function's own block only.
    pub fn variables(&self) -> Vec<Variable> {
        Vec::new()
    }
    /// The call site whose call returns to `return_pc` (`DW_AT_call_return_pc`).
    pub fn call_site(&self, _return_pc: VirtAddr) -> Option<CallSite> {
        None
    }
    /// All call sites that are tail calls.
    pub fn tail_calls(&self) -> Vec<CallSite> {
        Vec::new()
    }
}

/// A call in a function, with what is known of its arguments (`DW_TAG_call_site`).
#[derive(Clone, Debug)]
pub struct CallSite {
    /// Address after the call instruction.
    pub return_pc: VirtAddr,
    /// Entry of the callee, when it is a direct call.
    pub target: Option<VirtAddr>,
    /// `DW_AT_call_tail_call`.
    pub tail_call: bool,
    /// Arguments.
    pub params: Vec<CallSiteParam>,
}

/// An argument of a call whose value can be computed in the caller's frame.
#[derive(Clone, Debug)]
pub struct CallSiteParam {
    /// What it answers in the callee.
    pub what: crate::EntryValue,
    _private: (),
}

impl CallSiteParam {
    /// The value, evaluated with the *caller's* frame.
    ///
    /// # Errors
    /// [`LocationError`].
    pub fn value(&self, _caller: &dyn EvalContext) -> Result<u64, LocationError> {
        Err(LocationError::NoEntryValue)
    }
}

/// The blocks an address lies in: the function, its lexical blocks, and calls inlined into it. A handle.
#[derive(Clone, Debug)]
pub struct Scope {
    function: Function,
    pc: VirtAddr,
}

impl Scope {
    /// The function with code of its own.
    pub fn function(&self) -> &Function {
        &self.function
    }
    /// The address looked up.
    pub fn pc(&self) -> VirtAddr {
        self.pc
    }
    /// The virtual frames at the address, innermost inlined call first, the function itself last. Never empty.
    pub fn frames(&self) -> Vec<FrameScope> {
        Vec::new()
    }
    /// Address of the innermost block's start equals the pc: gdb then shows the frame of the caller of the inlined call
    /// (`stopped_by_user_bp_inline_frame`, skipping inline frames). How many of [`Scope::frames`] begin exactly here.
    pub fn inline_frames_starting_here(&self) -> usize {
        0
    }
}

/// One virtual frame at an address: a function, or a call inlined into it.
#[derive(Clone, Debug)]
pub struct FrameScope {
    function: Function,
    pc: VirtAddr,
}

impl FrameScope {
    /// Name of the function or of the inlined function.
    pub fn name(&self) -> &str {
        ""
    }
    /// Whether this is an inlined call.
    pub fn is_inlined(&self) -> bool {
        false
    }
    /// The function with code of its own that all of it is in.
    pub fn function(&self) -> &Function {
        &self.function
    }
    /// For an inlined call: where the outer frame made it (`DW_AT_call_file`, `DW_AT_call_line`).
    pub fn call_site_line(&self) -> Option<(SourceName, u32)> {
        None
    }
    /// Start of the block, as gdb's `BLOCK_ENTRY_PC`.
    pub fn entry(&self) -> VirtAddr {
        self.pc
    }
    /// Parameters in order.
    pub fn params(&self) -> Vec<Variable> {
        Vec::new()
    }
    /// Locals block by block, innermost first, as `info locals` shows them.
    pub fn locals(&self) -> Vec<Vec<Variable>> {
        Vec::new()
    }
    /// The innermost visible variable of that name in this frame.
    pub fn variable(&self, _name: &str) -> Option<Variable> {
        None
    }
}

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
#[derive(Clone, Debug)]
pub struct Variable {
    module: Arc<Module>,
}

impl Variable {
    /// Its name.
    pub fn name(&self) -> &str {
        ""
    }
    /// The module it belongs to.
    pub fn module(&self) -> &Arc<Module> {
        &self.module
    }
    /// Which kind.
    pub fn kind(&self) -> VariableKind {
        VariableKind::Global
    }
    /// Its declared type.
    pub fn ty(&self) -> Type {
        Type::void()
    }
    /// Line of the declaration, 0 if unknown.
    pub fn decl_line(&self) -> u32 {
        0
    }
    /// File of the declaration.
    pub fn decl_file(&self) -> Option<SourceName> {
        None
    }
    /// Address, when it is in static storage (no frame needed).
    pub fn static_address(&self) -> Option<VirtAddr> {
        None
    }
    /// Whether reading it needs a frame.
    pub fn needs_frame(&self) -> bool {
        false
    }
    /// Where its value is when execution is at `pc`.
    ///
    /// # Errors
    /// [`LocationError`]; a value that is gone is not an error but [`crate::Storage::OptimizedOut`].
    pub fn locate(&self, _pc: Option<VirtAddr>, _frame: &dyn EvalContext) -> Result<Located, LocationError> {
        Err(LocationError::NoFrame)
    }
    /// Address ranges in which it has a value; `None` when it always has.
    pub fn live_ranges(&self) -> Option<Vec<AddrRange>> {
        None
    }
    /// What `info address` says after `Symbol "NAME" is `, and `info scope` after `Symbol NAME is `, without a final
    /// period: `static storage at address 0xffffffff82a10a40`, `multi-location:\n  Range 0x...`.
    pub fn describe(&self, _pc: Option<VirtAddr>) -> String {
        String::new()
    }
}
