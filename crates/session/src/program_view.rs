//! The program façade as run control sees it.

use crate::view::{
    CodeLocation, Frame, FrameId, FunctionAt, InlineBlock, LineRow, Resolution, ReturnPlan, View,
    WatchReading,
};
use crate::{Absent, Error};
use kdive_arch::paging::PageTables;
use kdive_arch::{CpuMode, Disassembler, Flavor, Insn, RawWrite, RegisterFile};
use kdive_base::{AddrRange, Fault, PhysAddr, ReadMemory, VirtAddr, WriteMemory};
use kdive_expr::print::value_text;
use kdive_expr::{Context, Cpu, Expr, ExprError, SymbolClass};
use kdive_program::{Machine, OsReport, Program, TaskFilter};
use kdive_symbols::{LinespecMode, ModuleId, Sal, SourceName};
use kdive_target::{Target, ThreadId};
use kdive_types::{Encoding, Kind, Type, Value, ValueError};
use kdive_unwind::{FrameKind, UnwindInfo};
use std::rc::Rc;

/// One thread of a target, as a program looks at it.
struct TargetMachine {
    target: Rc<dyn Target>,
    thread: ThreadId,
}

impl ReadMemory for TargetMachine {
    fn read(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        let result = self.target.read(addr, buf);
        // After Ctrl-C there is no second try.
        let refused = result.as_ref().is_err_and(|fault| !fault.is_interrupted());
        if refused && addr.0 >> 63 == 1 && self.read_behind_isolation(addr, buf).is_some() {
            return Ok(());
        }
        result
    }
}

impl TargetMachine {
    /// Kernel memory as seen from user mode and from where the kernel is entered and left, where page-table isolation (KPTI) hides
    /// nearly all of it: through the kernel's half of the pair of page tables.
    fn read_behind_isolation(&self, addr: VirtAddr, buf: &mut [u8]) -> Option<()> {
        let registers = self.registers().ok()?;
        let state = registers.layout().arch().cpu_state(&registers);
        let mut entry = |at: PhysAddr, size: usize| -> Result<u64, Fault> {
            let mut bytes = [0; 8];
            self.read_physical(at, bytes.get_mut(..size).unwrap_or_default())?;
            Ok(u64::from_le_bytes(bytes))
        };
        let tables = PageTables::of(&state)?.isolated_from(&mut entry).ok()??;
        let mut done = 0;
        while done < buf.len() {
            let at = addr.offset(done as u64);
            let walk = tables.walk(at, &mut entry).ok()?;
            let left = usize::try_from(walk.size - at.0 % walk.size).ok()?;
            let part = buf.get_mut(done..)?;
            let len = part.len().min(left);
            self.read_physical(walk.phys?, part.get_mut(..len)?).ok()?;
            done += len;
        }
        Some(())
    }
}

impl WriteMemory for TargetMachine {
    fn write(&self, addr: VirtAddr, bytes: &[u8]) -> Result<(), Fault> {
        self.target.write(addr, bytes)
    }
}

impl Machine for TargetMachine {
    fn registers(&self) -> Result<Rc<RegisterFile>, String> {
        self.target.registers(self.thread).map_err(|error| error.to_string())
    }

    fn fetch_register(&self, index: usize) -> Result<Option<Vec<u8>>, String> {
        let file = self.target.registers_with(self.thread, index).map_err(|error| error.to_string())?;
        Ok(file.raw(index).map(<[u8]>::to_vec))
    }

    fn read_physical(&self, addr: PhysAddr, buf: &mut [u8]) -> Result<(), Fault> {
        self.target.read_physical(addr, buf).map_err(|_| Fault::unmapped(VirtAddr(addr.0)))
    }

    fn prefetch(&self, addr: VirtAddr, len: usize) {
        self.target.prefetch(addr, len);
    }

    fn ask_monitor(&self, question: &str) -> Option<String> {
        self.target.ask_monitor(question)
    }

    fn is_debugged_by_itself(&self) -> bool {
        self.target.threads_are_tasks()
    }

    fn patches_memory(&self) -> bool {
        !self.target.run_control().is_some_and(|control| control.steps_over_breakpoints())
    }

    fn write_register(&self, write: &RawWrite) -> Result<(), String> {
        self.target
            .write_registers(self.thread, std::slice::from_ref(write))
            .map_err(|error| error.to_string())
    }
}

/// A program over a target.
pub struct ProgramView {
    /// The program.
    pub program: Program,
    /// What the operating system layer had to say during run control, for the command layer to show.
    pub reports: Vec<OsReport>,
    target: Option<Rc<dyn Target>>,
    thread: Option<ThreadId>,
}

impl ProgramView {
    /// A program without a target.
    #[must_use]
    pub fn new(program: Program) -> Self {
        Self { program, reports: Vec::new(), target: None, thread: None }
    }

    /// Keeps what the operating system layer had to say for the command layer. Whether symbols have changed.
    fn take_report(&mut self, report: OsReport) -> bool {
        let changed = report.symbols_changed;
        if changed {
            self.program.modules_changed();
        }
        if report != OsReport::default() {
            self.reports.push(report);
        }
        changed
    }

    /// What the operating system layer knows of the selected thread when the stub says that it is there and not where.
    fn sleeper(&self) -> Option<Rc<dyn Machine>> {
        let thread = self.thread.filter(|thread| i32::try_from(thread.tid).is_ok_and(|pid| pid > 0))?;
        if !self.target.as_ref()?.threads_are_tasks() {
            return None;
        }
        let registers = self.program.machine()?.registers().ok()?;
        if registers.pc() != Some(VirtAddr(0)) {
            return None;
        }
        self.program.sleeper(thread.tid)
    }

    fn convert(&self, frame: &kdive_program::Frame) -> Frame {
        let line = self.program.frame_line(frame);
        let id = frame.key().map(|key| FrameId {
            stack: key.stack.cfa(),
            code: match (key.block, key.stack) {
                (Some(block), _) => block,
                (None, kdive_unwind::FrameId::Stack { function, .. }) => function,
                (None, kdive_unwind::FrameId::Unavailable { function }) => function,
                (None, kdive_unwind::FrameId::Outer) => frame.real.function.unwrap_or_default(),
            },
            inline_depth: u32::try_from(key.inline_depth).unwrap_or(u32::MAX),
        });
        Frame {
            id,
            pc: frame.pc(),
            inlined: frame.is_inlined(),
            user_mode: frame.is_user_mode(),
            tail_call: frame.real.kind == FrameKind::TailCall,
            function: self.program.frame_function(frame).map(Into::into),
            line: line.map(|line| (Rc::from(&*line.file.name), line.line)),
        }
    }

    fn code_location(&self, sal: &Sal) -> Option<CodeLocation> {
        let addr = sal.pc?;
        // Several calls may begin at the same address; the place was found by one of them.
        let frames = self.program.modules.scope_at(addr).map(|scope| scope.frames()).unwrap_or_default();
        let inline_entry = frames.iter().find(|frame| {
            frame.is_inlined() && frame.entry() == addr && sal.function_name.as_deref() == Some(frame.name())
        });
        Some(CodeLocation {
            addr,
            function: sal.function_name.as_deref().map(Into::into),
            inline_entry: inline_entry.map(|frame| frame.entry()),
            file: sal.file.as_ref().map(|file| Rc::from(&*self.program.shown_file(file))),
            line: if sal.file.is_some() { sal.line } else { 0 },
            symbol: self.program.symbolic(addr).map(Into::into),
            label: None,
        })
    }
}

/// Name of a module as the kernel has it, by its file: `nf_tables` for `nf-tables.ko.xz`.
fn module_name(path: &std::path::Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().replace('-', "_")
}

impl ProgramView {
    fn sals(&self, location: &str) -> Result<Vec<Sal>, Error> {
        self.program.resolve_location(location, LinespecMode::Breakpoint).map_err(|error| match error {
            kdive_program::Error::Linespec(error) => error.into(),
            other => Error::msg(other),
        })
    }

    /// Takes `MODULE:FUNCTION` apart when a module of that name is loaded and no source file is called so.
    fn in_module<'a>(&self, location: &'a str) -> Option<(ModuleId, &'a str)> {
        let (name, function) = location.split_once(':')?;
        let is_word = |text: &str, more: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || more.contains(c))
        };
        if !is_word(name, "_-")
            || !is_word(function, "_.")
            || function.starts_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        let name = name.replace('-', "_");
        let modules = self.program.modules.modules();
        let module = modules.iter().find(|module| module_name(module.object().path()) == name)?;
        (!self.program.modules.has_file(&name)).then(|| (module.id(), function))
    }

    /// A function of one module; `init` is the one it begins with, whatever its name.
    fn resolve_in_module(&self, module: ModuleId, function: &str, typed: &str) -> Result<Resolution, Error> {
        let modules = &self.program.modules;
        let is_its = |addr: VirtAddr| modules.module_at(addr).is_some_and(|(owner, _)| owner.id() == module);
        let mut name = function.to_owned();
        let mut is_freed = false;
        // The kernel's name for it, an alias made by module_init() (include/linux/module.h).
        if function == "init" {
            let init = modules.symbols_named("init_module").into_iter().find(|symbol| is_its(symbol.addr));
            is_freed = init.is_none();
            if let Some(function) = init.and_then(|init| modules.function_at(init.addr)) {
                function.name().clone_into(&mut name);
            }
        }
        let missing = || {
            let module = typed.split(':').next().unwrap_or_default();
            match is_freed {
                true => Error::NotFound {
                    missing: Absent::Other,
                    text: format!(
                        "Module \"{module}\" has no init code now: it is freed once it ran.  The next load brings it back."
                    ),
                },
                false => Error::NotFound {
                    missing: Absent::Function(name.clone()),
                    text: format!("Function \"{name}\" not defined in module \"{module}\"."),
                },
            }
        };
        let sals = self.sals(&name).map_err(|error| match error {
            Error::NotFound { .. } => missing(),
            other => other,
        })?;
        let locations: Vec<CodeLocation> = sals
            .iter()
            .filter(|sal| sal.pc.is_some_and(is_its))
            .filter_map(|sal| self.code_location(sal))
            .collect();
        if locations.is_empty() {
            return Err(missing());
        }
        Ok(Resolution { locations, canonical: typed.to_owned() })
    }
}

/// A source file by its full path, which means the same from everywhere.
fn full_name(file: &SourceName) -> String {
    match &file.comp_dir {
        Some(dir) if !file.name.starts_with('/') => format!("{dir}/{}", file.name),
        _ => file.name.to_string(),
    }
}

/// A function about to return.
struct Returning {
    ty: Type,
}

impl View for ProgramView {
    type Expr = Expr;

    fn set_target(&mut self, target: Option<Rc<dyn Target>>) {
        self.target = target;
        self.thread = None;
        self.program.set_machine(None);
    }

    fn select(&mut self, thread: Option<ThreadId>) {
        self.thread = thread;
        let machine: Option<Rc<dyn Machine>> = match (&self.target, thread) {
            (Some(target), Some(thread)) => {
                target.focus(thread);
                Some(Rc::new(TargetMachine { target: Rc::clone(target), thread }))
            }
            _ => None,
        };
        self.program.set_machine(machine);
        if let Some(sleeper) = self.sleeper() {
            self.program.set_machine(Some(sleeper));
        }
    }

    fn invalidate(&mut self) {
        self.program.hide_inlined(0);
        self.program.invalidate();
    }

    fn pc(&mut self) -> Result<VirtAddr, Error> {
        let machine = self.program.machine().ok_or(Error::NotRunning)?;
        let registers = machine.registers().map_err(Error::msg)?;
        let arch = registers.layout().arch();
        let pc = registers.pc().ok_or(Error::NoRegisters)?;
        let code = arch.cpu_state(&registers).code;
        Ok(if code.pc == pc { code.linear } else { pc })
    }

    fn set_pc(&mut self, pc: VirtAddr) -> Result<(), Error> {
        let machine = Rc::clone(self.program.machine().ok_or(Error::NotRunning)?);
        let registers = machine.registers().map_err(Error::msg)?;
        let layout = registers.layout();
        let index = layout.index_of(layout.arch().pc_name()).ok_or(Error::NoRegisters)?;
        let register = layout.registers().get(index).ok_or(Error::NoRegisters)?;
        let mut bytes = pc.0.to_le_bytes().to_vec();
        bytes.resize(register.size(), 0);
        machine.write_register(&RawWrite { index, regnum: register.regnum, bytes }).map_err(Error::msg)?;
        self.program.forget_frames();
        Ok(())
    }

    fn frame(&mut self, level: usize) -> Option<Frame> {
        let frame = self.program.frame(level).ok()?;
        Some(self.convert(&frame))
    }

    fn selected_level(&self) -> usize {
        self.program.selected_level()
    }

    fn select_level(&mut self, level: usize) {
        // The caller has seen that the level exists.
        let _ = self.program.select_frame(level);
    }

    fn hide_inlined(&mut self, count: usize) {
        self.program.hide_inlined(count);
    }

    fn hidden_inlined(&self) -> usize {
        self.program.hidden_inlined()
    }

    fn line_row(&self, addr: VirtAddr) -> Option<LineRow> {
        let line = self.program.modules.line_at(addr, false).filter(|line| line.line != 0)?;
        Some(LineRow {
            range: AddrRange::new(line.start, line.end),
            file: Rc::from(&*line.file.name),
            line: line.line,
            is_stmt: line.is_stmt,
        })
    }

    fn function_at(&self, addr: VirtAddr) -> Option<FunctionAt> {
        let (name, range) = self.program.modules.function_bounds(addr)?;
        let has_debug = self.program.modules.function_at(addr).is_some();
        Some(FunctionAt { name: Rc::from(&*name), range, has_debug })
    }

    fn inline_blocks(&self, addr: VirtAddr) -> Vec<InlineBlock> {
        let Some(scope) = self.program.modules.scope_at(addr) else { return Vec::new() };
        let beginning = scope.inline_frames_starting_here();
        scope
            .frames()
            .iter()
            .enumerate()
            .filter(|(_, frame)| frame.is_inlined())
            .map(|(index, frame)| InlineBlock {
                entry: frame.entry(),
                function: Rc::from(frame.name()),
                begins_here: index < beginning,
                call_line: frame.call_site_line().map(|(file, line)| (Rc::from(&*file.name), line)),
            })
            .collect()
    }

    fn prologue_end(&self, function: VirtAddr) -> VirtAddr {
        if self.program.modules.unit_at(function).is_some_and(|unit| unit.language == "asm") {
            return function;
        }
        let limit = function.offset(64);
        self.program.arch().analyze_prologue(&self.program, function, limit).end
    }

    fn instruction(&self, addr: VirtAddr) -> Option<Insn> {
        let code = self.program.code_address(addr);
        let mut bytes = [0; 16];
        let longest = self.program.arch().max_insn_len();
        // Near the end of a mapping there are fewer bytes than the longest instruction has.
        let length = (1..=longest)
            .rev()
            .find(|&length| self.program.read(code.linear, &mut bytes[..length]).is_ok())?;
        Disassembler::new(code.size, Flavor::Att).decode(&bytes[..length], addr, &())
    }

    fn fixups(&self, range: AddrRange) -> Vec<VirtAddr> {
        self.program.fixups(range)
    }

    fn resolve(&mut self, location: &str) -> Result<Resolution, Error> {
        if let Some((module, function)) = self.in_module(location.trim()) {
            return self.resolve_in_module(module, function, location.trim());
        }
        let sals = self.sals(location.trim())?;
        let mut locations: Vec<CodeLocation> =
            sals.iter().filter_map(|sal| self.code_location(sal)).collect();
        let typed = location.trim();
        let by_line = typed.starts_with(['+', '-']) && !typed.starts_with("-l") && !typed.starts_with("-f")
            || typed.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = match sals.first() {
            Some(Sal { file: Some(file), line, .. }) if by_line => format!("{}:{line}", full_name(file)),
            // A label by its bare name means the function execution is in now.
            Some(Sal { label: Some(label), function_name: Some(function), .. }) => {
                let whole = typed.starts_with('-') || typed.contains(':');
                let name = if whole { typed.to_owned() } else { format!("{function}:{label}") };
                locations.iter_mut().for_each(|location| location.label = Some(name.as_str().into()));
                name
            }
            _ => typed.to_owned(),
        };
        Ok(Resolution { locations, canonical })
    }

    fn default_location(&self) -> Option<VirtAddr> {
        self.program.selected_frame().ok().map(|frame| frame.pc())
    }

    fn compile(&mut self, text: &str, at: Option<VirtAddr>) -> Result<Expr, Error> {
        match at {
            Some(_) => self.program.in_scope_of(at, |program| Expr::parse(text, program)),
            None => Expr::parse(text, &self.program),
        }
        .map_err(Error::from)
    }

    fn is_true(&mut self, condition: &Expr) -> Result<bool, Error> {
        condition.evaluate_bool(&self.program).map_err(Error::from)
    }

    fn integer(&mut self, text: &str) -> Result<i64, Error> {
        let value = Expr::parse(text, &self.program).and_then(|expr| expr.evaluate_int(&self.program))?;
        Ok(value as i64)
    }

    fn integer_of(&mut self, name: &str) -> Result<Option<i64>, Error> {
        let value = self.program.evaluate(name)?;
        if !value.ty().is_integral() {
            return Ok(None);
        }
        let expr = Expr::parse(name, &self.program)?;
        Ok(expr.evaluate_int(&self.program).ok().map(|value| value as i64))
    }

    fn watch(&mut self, expr: &Expr) -> WatchReading {
        let _ = self.program.take_copies();
        let (result, trace) = self.program.traced(|program| {
            let value = expr.evaluate(program)?;
            let size = match value.bit_field() {
                Some(bits) => Some((u64::from(bits.offset) + u64::from(bits.size)).div_ceil(8)),
                None => value.ty().size(),
            };
            let own = value.address().zip(size);
            let bytes = value.bytes(program).map(|bytes| bytes.to_vec()).ok();
            Ok::<_, ExprError>((own, bytes, value))
        });
        let mut ranges = trace.memory;
        let mut refused = None;
        let (bytes, text) = match result {
            Ok((own, bytes, value)) => {
                // Not traced: what the text of a pointer shows of the memory behind it is no part of the value.
                let text = value_text(&self.program, &value, &self.program.options.print);
                if let Some(own) = own {
                    ranges.retain(|range| *range != own);
                    ranges.push(own);
                }
                (bytes, text.unwrap_or_else(|error| format!("<error: {error}>")))
            }
            Err(error) => {
                let text = format!("<error: {error}>");
                if !matches!(error, ExprError::Value(ValueError::Memory(_))) {
                    refused = Some(error.into());
                }
                (None, text)
            }
        };
        ranges.dedup();
        WatchReading { bytes, text, ranges, beyond_memory: trace.registers, refused }
    }

    fn settle(&mut self, expr: Expr) -> (Expr, Option<String>) {
        let Some(cpu) = self.program.copies_of() else { return (expr, None) };
        (expr.on(Cpu::Number(cpu)), self.program.take_copies())
    }

    fn location_of(&mut self, text: &str) -> Result<String, Error> {
        let _ = self.program.take_copies();
        let value = self.program.evaluate(text)?;
        let addr = value
            .address()
            .ok_or_else(|| Error::msg("Attempt to take address of value not located in memory."))?;
        Ok(format!("* ({}) {addr:#x}", value.ty().pointer_to().declaration("")))
    }

    fn is_frame_bound(&self, expr: &Expr) -> bool {
        expr.symbols()
            .iter()
            .any(|symbol| matches!(symbol.class, SymbolClass::Variable { needs_frame: true, .. }))
    }

    fn is_constant(&self, expr: &Expr) -> bool {
        expr.is_constant()
    }

    fn set_convenience(&mut self, name: &str, value: Option<i64>) {
        let store = self.program.store();
        match value {
            Some(value) => {
                let (ty, bytes) = match i32::try_from(value) {
                    Ok(value) => (Type::base("int", 4, Encoding::Signed), value.to_le_bytes().to_vec()),
                    Err(_) => (Type::base("long", 8, Encoding::Signed), value.to_le_bytes().to_vec()),
                };
                store.set(name, Value::from_bytes(ty, bytes));
            }
            None => store.clear(name),
        }
    }

    fn plan_return(&mut self) -> Option<ReturnPlan> {
        let frame = self.program.selected_frame().ok()?;
        let ty = self.program.modules.function_at(frame.real.lookup_pc)?.ty();
        let Kind::Function(function) = ty.kind() else { return None };
        let ret = function.ret.get();
        if ret.is_void() {
            return None;
        }
        let ty = Context::complete(&self.program, &ret).unwrap_or(ret);
        Some(ReturnPlan(Rc::new(Returning { ty })))
    }

    fn returned_value(&mut self, plan: &ReturnPlan) -> Result<(usize, String), String> {
        let unknown = || "Value returned has type: void. Cannot determine contents".to_owned();
        let plan = plan.0.downcast_ref::<Returning>().ok_or_else(unknown)?;
        let cannot =
            || format!("Value returned has type: {}. Cannot determine contents", plan.ty.declaration(""));
        let value = self.program.returned_value(&plan.ty).ok_or_else(cannot)?;
        // Read now: the registers will be gone.
        let _ = value.contents(&self.program);
        let mut out = kdive_types::Out::new();
        kdive_expr::print::print_value(&self.program, &value, &self.program.options.print, &mut out)
            .map_err(|error| error.to_string())?;
        let number = self.program.store().record(value);
        Ok((number, out.into_text()))
    }

    fn begin_call(&mut self, taken: &[VirtAddr]) -> Result<(), Error> {
        self.program.begin_call(taken).map_err(Error::msg)
    }

    fn call_returns(&self) -> Vec<VirtAddr> {
        self.program.call_returns()
    }

    fn has_returned(&self) -> bool {
        self.program.has_returned()
    }

    fn end_call(&mut self) -> Result<(), Error> {
        self.program.end_call().map_err(Error::msg)
    }

    fn is_user_mode(&self) -> bool {
        self.program.cpu_state().is_some_and(|state| {
            state.cpl == 3 && matches!(state.mode, CpuMode::Long | CpuMode::Compatibility)
        })
    }

    fn is_return_trampoline(&self, addr: VirtAddr) -> bool {
        UnwindInfo::is_return_trampoline(&self.program, addr)
    }

    fn freed(&self, addr: VirtAddr) -> Option<String> {
        self.program.freed(addr)
    }

    fn rewritten(&self, addr: VirtAddr) -> Option<String> {
        self.program.rewritten(addr)
    }

    fn knows_tasks(&self) -> bool {
        self.program.knows_tasks()
    }

    fn task(&mut self) -> Option<VirtAddr> {
        self.program.task()
    }

    fn is_task(&mut self, wanted: &TaskFilter) -> Result<bool, Error> {
        self.program.is_task(wanted).map_err(Error::msg)
    }

    fn lacks_task(&self, pid: u32) -> bool {
        self.program.lacks_task(pid)
    }

    fn is_off_cpu(&self) -> bool {
        self.program.machine().is_some_and(|machine| machine.is_off_cpu())
    }

    fn internal_points(&self) -> Vec<VirtAddr> {
        self.program.os_points()
    }

    fn internal_hit(&mut self, addr: VirtAddr) -> bool {
        let report = self.program.with_os(|os, program| os.reached(program, addr));
        self.take_report(report.unwrap_or_default())
    }

    fn internal_watch(&self) -> Option<AddrRange> {
        self.program.os_watched()
    }

    fn internal_touched(&mut self) -> bool {
        let report = self.program.with_os(|os, program| os.touched(program));
        self.take_report(report.unwrap_or_default())
    }
}
