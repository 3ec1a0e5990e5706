//! What run control has to know about the program: the one trait between it and symbols, frames and expressions.
//!
//! [`View`] is implemented for the program façade and, in tests, for a few lines of made-up code. Everything it answers
//! is about one thread, the one given to [`View::select`] last, and about the moment of the last stop.

use crate::Error;
use kdive_base::{AddrRange, VirtAddr};
use kdive_program::TaskFilter;
use kdive_target::{Target, ThreadId};
use std::rc::Rc;

/// What stays the same about a frame while it lives.
///
/// Inlined calls share the stack frame of the function they are inlined into: same `stack`, own `code`, and `inline_depth`
/// counts them from the function outwards in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FrameId {
    /// Canonical frame address; `None` for an outermost frame that has none.
    pub stack: Option<VirtAddr>,
    /// Start of the function, or of the block of the inlined call.
    pub code: VirtAddr,
    /// 0 for a function with a frame of its own.
    pub inline_depth: u32,
}

/// One frame, inlined calls included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// Its identity; `None` when the unwinder could not tell.
    pub id: Option<FrameId>,
    /// Where it executes, or will when its callee returns.
    pub pc: VirtAddr,
    /// Whether it is a call inlined into the frame above it.
    pub inlined: bool,
    /// Whether it executes in user mode.
    pub user_mode: bool,
    /// Whether it is shown only because a function left by a jump (it has no registers of its own).
    pub tail_call: bool,
    /// Name of the function or inlined function, where there is one.
    pub function: Option<Rc<str>>,
    /// Line shown for it: of the pc, or of the inlined call it is making.
    pub line: Option<(Rc<str>, u32)>,
}

/// The entry of the line table that covers an address, as gdb's `find_pc_line` chooses it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineRow {
    /// Addresses it covers.
    pub range: AddrRange,
    /// Source file; compared, never opened here.
    pub file: Rc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Whether it begins a statement.
    pub is_stmt: bool,
}

/// The function around an address (gdb's `find_pc_partial_function`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FunctionAt {
    /// Its name, from debug information or else from the symbol table.
    pub name: Rc<str>,
    /// From its entry to its end.
    pub range: AddrRange,
    /// Whether debug information describes it; otherwise it is a symbol only.
    pub has_debug: bool,
}

/// One inlined call that covers an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InlineBlock {
    /// First address of the block (gdb's `BLOCK_ENTRY_PC`).
    pub entry: VirtAddr,
    /// Name of the inlined function.
    pub function: Rc<str>,
    /// Whether control has just arrived in the block when the pc is the address asked about: the block begins there, or
    /// begins again after code of another block.
    pub begins_here: bool,
    /// Where the call stands in the code around it.
    pub call_line: Option<(Rc<str>, u32)>,
}

/// One address a place in the source stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeLocation {
    /// The address.
    pub addr: VirtAddr,
    /// The function it was found by or lies in.
    pub function: Option<Rc<str>>,
    /// First address of the inlined call the place is in, when it was found as that call of an inlined function.
    pub inline_entry: Option<VirtAddr>,
    /// Source file as gdb prints it.
    pub file: Option<Rc<str>>,
    /// Source line, 0 when there is none.
    pub line: u32,
    /// `<symbol+offset>` for places without source.
    pub symbol: Option<Rc<str>>,
    /// `FUNCTION:LABEL` for the place of a label: tables show that instead of file and line.
    pub label: Option<Rc<str>>,
}

/// What a location typed by the user stands for now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Resolution {
    /// The addresses in gdb's order.
    pub locations: Vec<CodeLocation>,
    /// The location in a form that means the same later (`FILE:LINE` for a bare line number).
    pub canonical: String,
}

/// One look at a watched expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchReading {
    /// The bytes of the value, compared between stops; `None` when it could not be read.
    pub bytes: Option<Vec<u8>>,
    /// The value as `print` shows it, or `<error: ...>`.
    pub text: String,
    /// Every piece of memory the value depends on, the value itself last.
    pub ranges: Vec<(VirtAddr, u64)>,
    /// Whether it also depends on something that is not memory (a register), so that no debug register can watch it.
    pub beyond_memory: bool,
    /// Why there will never be a value to watch. Memory that cannot be read now is no such reason.
    pub refused: Option<Error>,
}

/// Symbols, frames and expressions, for the thread selected last.
pub trait View {
    /// An expression compiled once: a condition or a watched expression.
    type Expr: Clone;

    /// The target whose threads [`View::select`] selects; `None` when it is gone.
    fn set_target(&mut self, target: Option<Rc<dyn Target>>);

    /// From now on everything is about this thread, whose innermost frame is selected. `None`: there is no target.
    fn select(&mut self, thread: Option<ThreadId>);

    /// The target ran or was written to: registers, frames and memory are to be fetched anew.
    fn invalidate(&mut self);

    /// The program counter, as an address in the CPU's own terms (real mode: with the segment base).
    ///
    /// # Errors
    /// When the register cannot be read.
    fn pc(&mut self) -> Result<VirtAddr, Error>;

    /// Sets the program counter of the innermost frame.
    ///
    /// # Errors
    /// When the register cannot be written.
    fn set_pc(&mut self, pc: VirtAddr) -> Result<(), Error>;

    /// Frame `level`, 0 innermost, those hidden by [`View::hide_inlined`] not counted.
    fn frame(&mut self, level: usize) -> Option<Frame>;

    /// Level of the selected frame.
    fn selected_level(&self) -> usize;

    /// Selects a frame; the level exists.
    fn select_level(&mut self, level: usize);

    /// Hides the `count` innermost inlined calls at the pc: control stands just before them, in their caller.
    fn hide_inlined(&mut self, count: usize);

    /// How many are hidden.
    fn hidden_inlined(&self) -> usize;

    /// The line table entry that covers an address.
    fn line_row(&self, addr: VirtAddr) -> Option<LineRow>;

    /// The function around an address.
    fn function_at(&self, addr: VirtAddr) -> Option<FunctionAt>;

    /// The inlined calls that cover an address, innermost first.
    fn inline_blocks(&self, addr: VirtAddr) -> Vec<InlineBlock>;

    /// Where the prologue of the function starting at `function` ends by the architecture's own analysis
    /// (gdb's `gdbarch_skip_prologue`); `function` itself when nothing is known. Not used for assembly units.
    fn prologue_end(&self, function: VirtAddr) -> VirtAddr;

    /// The instruction at an address, without its text.
    fn instruction(&self, addr: VirtAddr) -> Option<kdive_arch::Insn>;

    /// Where else code in this range may go on when one of its instructions faults: the kernel's exception table.
    fn fixups(&self, _range: AddrRange) -> Vec<VirtAddr> {
        Vec::new()
    }

    /// Looks up a location typed by the user. The default place is the one shown last.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it may exist later, [`Error::Message`] when it is nonsense.
    fn resolve(&mut self, location: &str) -> Result<Resolution, Error>;

    /// The place a bare `break` means: the pc of the selected frame, or of what was shown last.
    fn default_location(&self) -> Option<VirtAddr>;

    /// Compiles an expression in the scope of `at`, or of the selected frame.
    ///
    /// # Errors
    /// gdb's words for what is wrong.
    fn compile(&mut self, text: &str, at: Option<VirtAddr>) -> Result<Self::Expr, Error>;

    /// Whether a condition holds in the selected frame.
    ///
    /// # Errors
    /// gdb's words for why it cannot be told.
    fn is_true(&mut self, condition: &Self::Expr) -> Result<bool, Error>;

    /// Evaluates an expression to an integer (`ignore 1 $n`, `continue 3`).
    ///
    /// # Errors
    /// gdb's words for what is wrong.
    fn integer(&mut self, text: &str) -> Result<i64, Error>;

    /// The integer a convenience variable or history value holds (`$bpnum`, `$3`); `None` for one that holds none.
    ///
    /// # Errors
    /// `History has not yet reached $10.`
    fn integer_of(&mut self, name: &str) -> Result<Option<i64>, Error>;

    /// Looks at a watched expression in the selected frame.
    fn watch(&mut self, expr: &Self::Expr) -> WatchReading;

    /// For `watch -l EXPR`: the expression that stands for the place `EXPR` names now, `* (TYPE *) 0xADDR`.
    ///
    /// # Errors
    /// `Attempt to take address of value not located in memory.`
    fn location_of(&mut self, text: &str) -> Result<String, Error>;

    /// Binds a watched expression that was just looked at to what it was about then: per-CPU variables to the copies of that
    /// CPU, whichever is selected later. With a line for the user where that is so.
    fn settle(&mut self, expr: Self::Expr) -> (Self::Expr, Option<String>) {
        (expr, None)
    }

    /// Whether an expression names locals, so that it means something only while the selected frame lives.
    fn is_frame_bound(&self, expr: &Self::Expr) -> bool;

    /// Whether an expression can never change.
    fn is_constant(&self, expr: &Self::Expr) -> bool;

    /// Sets a convenience variable (`$bpnum`, `$_exitcode`, `$_thread`).
    fn set_convenience(&mut self, name: &str, value: Option<i64>);

    /// Before the innermost frame returns: what will be needed to read the value it returns, if it returns one.
    fn plan_return(&mut self) -> Option<ReturnPlan> {
        None
    }

    /// Just after the return: records the value in the history; its number and text. `Err` is the text gdb shows when
    /// the value cannot be found.
    ///
    /// # Errors
    /// The text to show instead.
    fn returned_value(&mut self, _plan: &ReturnPlan) -> Result<(usize, String), String> {
        Err(String::new())
    }

    /// Makes the selected thread stand where the function begins that an evaluation waits for; it is to return to a place that is not
    /// among `taken`.
    ///
    /// # Errors
    /// Why it cannot be called. Nothing has changed then.
    fn begin_call(&mut self, _taken: &[VirtAddr]) -> Result<(), Error> {
        Err(Error::msg("You can't do that without a process to debug."))
    }

    /// Where functions that were called and have not returned will return to.
    fn call_returns(&self) -> Vec<VirtAddr> {
        Vec::new()
    }

    /// Whether the selected thread stands where such a function has just returned to, with the stack pointer it returns with.
    fn has_returned(&self) -> bool {
        false
    }

    /// Such a function has returned: registers and selection are as before the call again.
    ///
    /// # Errors
    /// What could not be written.
    fn end_call(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether the selected thread executes in user mode.
    fn is_user_mode(&self) -> bool {
        false
    }

    /// Whether a trampoline begins at an address to which functions return while something watches for their return. A thread that
    /// stands there has the caller of the function that returned for its own.
    fn is_return_trampoline(&self, _addr: VirtAddr) -> bool {
        false
    }

    /// Why code at an address is not there now and no breakpoint may be put there.
    fn freed(&self, _addr: VirtAddr) -> Option<String> {
        None
    }

    /// Why no breakpoint instruction should be written at an address into memory: the system rewrites the code there.
    fn rewritten(&self, _addr: VirtAddr) -> Option<String> {
        None
    }

    /// Whether the operating system is known well enough to tell tasks from each other.
    fn knows_tasks(&self) -> bool {
        false
    }

    /// The task the selected thread runs, by an address that is no other task's; `None` when that cannot be told.
    fn task(&mut self) -> Option<VirtAddr> {
        None
    }

    /// Whether the selected thread runs a task that was asked for.
    ///
    /// # Errors
    /// Why it cannot be told.
    fn is_task(&mut self, _wanted: &TaskFilter) -> Result<bool, Error> {
        Err(Error::msg("nothing is known of tasks"))
    }

    /// Whether all tasks there are could be looked at, and none has this number.
    fn lacks_task(&self, _pid: u32) -> bool {
        false
    }

    /// Whether what is looked at is the saved state of a task rather than a thread of the target.
    fn is_off_cpu(&self) -> bool {
        false
    }

    /// Addresses where the operating system layer wants to be asked, invisible to the user.
    fn internal_points(&self) -> Vec<VirtAddr> {
        Vec::new()
    }

    /// One of [`View::internal_points`] was reached by the selected thread. `true`: symbols have changed.
    fn internal_hit(&mut self, _addr: VirtAddr) -> bool {
        false
    }

    /// Memory whose first use the operating system layer wants to hear of, invisible to the user.
    fn internal_watch(&self) -> Option<AddrRange> {
        None
    }

    /// The selected thread used memory in [`View::internal_watch`]. `true`: symbols have changed.
    fn internal_touched(&mut self) -> bool {
        false
    }
}

/// What [`View::plan_return`] has to remember until the function has returned. Opaque to the session.
#[derive(Clone)]
pub struct ReturnPlan(pub Rc<dyn std::any::Any>);

impl std::fmt::Debug for ReturnPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReturnPlan")
    }
}
