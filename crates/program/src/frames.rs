//! Frames as the user counts them: the unwinder's, with inlined calls as frames of their own.

use crate::{Error, Machine, Program};
use kdive_arch::Arch;
use kdive_base::VirtAddr;
use kdive_symbols::{FrameScope, Line, SourceName};
use kdive_unwind::{Context, FrameKind, Location, Policy, RegisterSet, StopReason, UnwindInfo, Walk, reg};
use std::rc::Rc;

/// A frame as the user counts them.
#[derive(Clone, Debug)]
pub struct Frame {
    /// `#LEVEL`, 0 for the innermost.
    pub level: usize,
    /// The unwinder's frame it is or is inlined into.
    pub real: Rc<kdive_unwind::Frame>,
    /// The function or inlined call, where debug information describes it.
    pub scope: Option<FrameScope>,
    /// Inlined calls between the function with code of its own and this frame: 0 for the function itself.
    pub inline_depth: usize,
    /// The call this frame is making, when its callee is inlined into it: that call's place in the source.
    pub inlined_call: Option<Option<(SourceName, u32)>>,
}

/// Identity of a frame while it lives: what stepping compares (gdb's `frame_id`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FrameKey {
    /// The stack frame.
    pub stack: kdive_unwind::FrameId,
    /// For an inlined call, the start of its block; for an outermost frame, which has no place on the stack, that of its function.
    pub block: Option<VirtAddr>,
    /// Depth of inlining.
    pub inline_depth: usize,
}

impl FrameKey {
    /// Its canonical frame address; `None` for an outermost frame that has none.
    #[must_use]
    pub fn address(&self) -> Option<VirtAddr> {
        self.stack.cfa()
    }
}

/// A line of the source a frame stands at.
#[derive(Clone, Debug)]
pub struct FrameLine {
    /// The file.
    pub file: SourceName,
    /// The line.
    pub line: u32,
    /// The line table entry; `None` for the place of an inlined call, which has no address of its own.
    pub entry: Option<Line>,
}

impl Frame {
    /// Where it executes, or will when its callee returns.
    #[must_use]
    pub fn pc(&self) -> VirtAddr {
        self.real.pc
    }

    /// Whether it is an inlined call.
    #[must_use]
    pub fn is_inlined(&self) -> bool {
        self.inline_depth > 0
    }

    /// Whether it is shown only because a function left by a jump (it has no registers of its own).
    #[must_use]
    pub fn is_tail_call(&self) -> bool {
        self.real.kind == FrameKind::TailCall
    }

    /// Whether it executes in user mode.
    #[must_use]
    pub fn is_user_mode(&self) -> bool {
        self.real.user_mode
    }

    /// What stands in the place of a function, where none was called: the code that a signal handler returns to, and what the
    /// debugger called a function from.
    #[must_use]
    pub fn mark(&self) -> Option<&'static str> {
        match self.real.kind {
            FrameKind::SignalTrampoline => Some("<signal handler called>"),
            FrameKind::CallByDebugger => Some("<function called from gdb>"),
            _ => None,
        }
    }

    /// Its identity; `None` where the unwinder could not tell.
    #[must_use]
    pub fn key(&self) -> Option<FrameKey> {
        let stack = *self.real.id.as_ref().ok()?;
        let block = match stack {
            _ if self.is_inlined() => self.scope.as_ref().map(FrameScope::entry),
            kdive_unwind::FrameId::Outer => self.real.function,
            _ => None,
        };
        Some(FrameKey { stack, block, inline_depth: self.inline_depth })
    }
}

/// Frames found since the machine last ran.
#[derive(Default, Debug)]
pub(crate) struct FrameCache {
    walk: Option<Walk>,
    frames: Vec<Rc<Frame>>,
    /// Real frames already expanded.
    expanded: usize,
    /// Changes whenever the cache is emptied, so that values of old frames differ from new ones.
    pub(crate) generation: u64,
}

impl FrameCache {
    pub(crate) fn clear(&mut self) {
        *self = Self { generation: self.generation + 1, ..Self::default() };
    }
}

impl Program {
    /// Frame `level`, inlined calls counted, unwinding as far as needed.
    ///
    /// # Errors
    /// [`Error::NoStack`] without a machine, [`Error::NoFrameAt`] beyond the outermost frame.
    pub fn frame(&self, level: usize) -> Result<Rc<Frame>, Error> {
        loop {
            if let Some(frame) = self.frames.borrow().frames.get(level) {
                return Ok(Rc::clone(frame));
            }
            if self.options.backtrace_limit.is_some_and(|limit| level >= limit) || !self.expand_next()? {
                return Err(Error::NoFrameAt(level));
            }
        }
    }

    /// The selected frame.
    ///
    /// # Errors
    /// As [`Program::frame`].
    pub fn selected_frame(&self) -> Result<Rc<Frame>, Error> {
        self.frame(self.selected.get())
    }

    /// Level of the selected frame.
    #[must_use]
    pub fn selected_level(&self) -> usize {
        self.selected.get()
    }

    /// Selects a frame.
    ///
    /// # Errors
    /// As [`Program::frame`].
    pub fn select_frame(&self, level: usize) -> Result<Rc<Frame>, Error> {
        let frame = self.frame(level)?;
        self.selected.set(level);
        Ok(frame)
    }

    /// Why there are no frames beyond those found, once the outermost was found.
    #[must_use]
    pub fn frames_end(&self) -> Option<StopReason> {
        self.frames.borrow().walk.as_ref().and_then(|walk| walk.stop().cloned())
    }

    /// Hides the `count` innermost inlined calls: control has just arrived at their first instruction, and gdb shows
    /// their caller, about to make the call.
    pub fn hide_inlined(&self, count: usize) {
        self.hidden.set(count);
        self.forget_frames();
    }

    /// How many inlined calls are hidden.
    #[must_use]
    pub fn hidden_inlined(&self) -> usize {
        self.hidden.get()
    }

    /// The line a frame stands at (gdb's `find_frame_sal`).
    #[must_use]
    pub fn frame_line(&self, frame: &Frame) -> Option<FrameLine> {
        if frame.real.kind == FrameKind::CallByDebugger {
            return None;
        }
        if let Some(call) = &frame.inlined_call {
            let (file, line) = call.clone()?;
            return Some(FrameLine { file, line, entry: None });
        }
        let for_call = frame.real.pc != frame.real.lookup_pc;
        let entry = self.modules.line_at(frame.real.pc, for_call)?;
        (entry.line != 0).then(|| FrameLine {
            file: entry.file.clone(),
            line: entry.line,
            entry: Some(entry),
        })
    }

    /// Name of the frame's function, from debug information or else from the symbol table.
    #[must_use]
    pub fn frame_function(&self, frame: &Frame) -> Option<String> {
        if let Some(scope) = &frame.scope {
            return Some(scope.name().to_owned());
        }
        if matches!(frame.real.kind, FrameKind::User | FrameKind::CallByDebugger) {
            return None;
        }
        if self.is_unnamed(frame.real.lookup_pc) {
            return None;
        }
        self.modules.symbol_at(frame.real.lookup_pc).map(|symbol| symbol.name.to_string())
    }

    /// Whether it is a frame of the function at the program's entry: it has no caller.
    #[must_use]
    pub fn is_entry(&self, frame: &Frame) -> bool {
        let entry = || {
            let main = self.modules.modules().first()?;
            // That of a kernel is a physical address, at which there is no code before it has page tables.
            Some(main.to_virt(main.object().entry())).filter(|entry| self.modules.module_at(*entry).is_some())
        };
        frame.real.kind == FrameKind::Normal
            && !frame.is_inlined()
            && entry().is_some_and(|entry| self.function_start(frame.real.lookup_pc) == Some(entry))
    }

    /// A real frame as the unwinder knows it once it has looked for calls between it and its caller.
    pub(crate) fn settled(&self, real: &Rc<kdive_unwind::Frame>) -> Rc<kdive_unwind::Frame> {
        let Some(machine) = &self.machine else { return Rc::clone(real) };
        let context = Context { info: self, memory: &**machine, interrupt: &self.interrupt };
        // The unwinder asks this program about code, so it must not be borrowed while it does.
        let Some(mut walk) = self.frames.borrow_mut().walk.take() else { return Rc::clone(real) };
        let found = walk.frame(real.level, context).cloned();
        self.frames.borrow_mut().walk = Some(walk);
        found.map_or_else(|| Rc::clone(real), Rc::new)
    }

    fn expand_next(&self) -> Result<bool, Error> {
        let machine = self.machine.as_ref().ok_or(Error::NoStack)?;
        let (walk, expanded) = {
            let mut cache = self.frames.borrow_mut();
            (cache.walk.take(), cache.expanded)
        };
        let mut walk = match walk {
            Some(walk) => walk,
            None => self.new_walk(&**machine)?,
        };
        let context = Context { info: self, memory: &**machine, interrupt: &self.interrupt };
        let real = walk.peek(expanded, context).map(|real| Rc::new(real.clone()));
        let mut cache = self.frames.borrow_mut();
        cache.walk = Some(walk);
        let Some(real) = real else { return Ok(false) };
        cache.expanded += 1;
        let first = cache.frames.len();
        cache.frames.extend(self.expand(real, first));
        Ok(true)
    }

    /// A walk from the registers of the machine.
    fn new_walk(&self, machine: &dyn Machine) -> Result<Walk, Error> {
        let registers = machine.registers().map_err(Error::Target)?;
        let arch = registers.layout().arch();
        let mut live = RegisterSet::default();
        if arch != Arch::X86_64 {
            // Its pc is the one fact a frame needs; how its code calls is not known.
            let pc = registers.layout().index_of(arch.pc_name()).and_then(|index| registers.get(index));
            if let Some(pc) = pc {
                live.set(reg::RIP, Location::Value(pc));
            }
            return Ok(Walk::innermost_only(live));
        }
        for index in 0..registers.layout().registers().len() {
            let Some(register) = registers.layout().registers().get(index) else { continue };
            if let (Some(number), Some(value)) = (arch.dwarf_number(&register.name), registers.get(index)) {
                live.set(number, Location::Register { number, value });
            }
        }
        Ok(match machine.sleeping_task() {
            Some(_) => Walk::sleeping(live, Policy::Kernel),
            // In a program the rules of a kernel mean nothing.
            None if !self.modules.modules().first().is_some_and(|main| main.is_kernel()) => {
                Walk::new(live, Policy::Gdb)
            }
            None if machine.is_off_cpu() => Walk::new(live, Policy::Kernel),
            None => Walk::new(live, self.options.unwind_policy),
        })
    }

    /// The virtual frames of one real frame, innermost first.
    fn expand(&self, real: Rc<kdive_unwind::Frame>, first_level: usize) -> Vec<Rc<Frame>> {
        let plain = |inlined_call| {
            vec![Rc::new(Frame {
                level: first_level,
                real: Rc::clone(&real),
                scope: None,
                inline_depth: 0,
                inlined_call,
            })]
        };
        if matches!(real.kind, FrameKind::User | FrameKind::CallByDebugger) {
            return plain(None);
        }
        let Some(scope) = self.modules.scope_at(real.lookup_pc) else { return plain(None) };
        let scopes = scope.frames();
        let inlined = scopes.len().saturating_sub(1);
        let hidden = if real.level == 0 { self.hidden.get().min(inlined) } else { 0 };
        let mut frames = Vec::with_capacity(scopes.len());
        let innermost = hidden.checked_sub(1).and_then(|index| scopes.get(index));
        let mut call = innermost.map(FrameScope::call_site_line);
        for (index, scope) in scopes.iter().enumerate().skip(hidden) {
            frames.push(Rc::new(Frame {
                level: first_level + frames.len(),
                real: Rc::clone(&real),
                scope: Some(scope.clone()),
                inline_depth: inlined - index,
                inlined_call: call.take(),
            }));
            call = Some(scope.call_site_line());
        }
        if frames.is_empty() { plain(None) } else { frames }
    }
}
