//! Expressions: names, types, registers and memory of the program, as the selected frame sees them.

use crate::program::LineStart;
use crate::{Error, Program};
use kdive_base::{Fault, FaultKind, VirtAddr};
use kdive_expr::{
    Context, Cpu, Expr, ExprError, FindMacro, Function as NamedFunction, PrintOptions, Result, Scope, Store,
    Symbol, SymbolClass, Symbolized, Tag,
};
use kdive_symbols::{Completion, Function, SymbolKind, Variable};
use kdive_types::{Access, FrameId, Kind, Node, RegisterId, Type, Value, ValueError};
use std::sync::Arc;

/// What a [`Symbol`] keeps of a variable.
pub(crate) struct Named {
    pub(crate) variable: Variable,
    /// The function it was looked up in by name (`FUNCTION::NAME`).
    function: Option<Arc<str>>,
}

/// What values were read from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// Address and length in bytes of each read, in order.
    pub memory: Vec<(VirtAddr, u64)>,
    /// Whether a register was read.
    pub registers: bool,
}

impl Program {
    /// Parses and evaluates an expression in the selected frame.
    ///
    /// # Errors
    /// gdb's words for what is wrong.
    pub fn evaluate(&self, text: &str) -> Result<Value> {
        Expr::parse(text, self)?.evaluate(self)
    }

    /// Evaluates an expression to an address or other integer.
    ///
    /// # Errors
    /// As [`Program::evaluate`]; also for values that are no number.
    pub fn evaluate_address(&self, text: &str) -> Result<VirtAddr> {
        Expr::parse(text, self)?.evaluate_address(self)
    }

    /// Runs `look` as if the program stood at `pc`: names are resolved in that scope, without a frame.
    pub fn in_scope_of<T>(&self, pc: Option<VirtAddr>, look: impl FnOnce(&Self) -> T) -> T {
        let before = self.scope_pc.replace(pc);
        let result = look(self);
        self.scope_pc.set(before);
        result
    }

    /// Runs `look` and tells what the values in it were read from.
    pub fn traced<T>(&self, look: impl FnOnce(&Self) -> T) -> (T, Trace) {
        let before = self.trace.replace(Some(Trace::default()));
        let result = look(self);
        (result, self.trace.replace(before).unwrap_or_default())
    }

    /// Whether what a symbol of a parsed expression names is seen from a frame: a local only from the block that declares it and from
    /// those within.
    #[must_use]
    pub fn is_visible(&self, symbol: &Symbol, frame: &crate::Frame) -> bool {
        let named = symbol.handle.as_ref().and_then(|handle| handle.downcast_ref::<Named>());
        let Some(named) = named.filter(|named| named.variable.needs_frame() && named.function.is_none())
        else {
            return true;
        };
        let (module, key) = (named.variable.module().id(), named.variable.key());
        frame.scope.as_ref().is_some_and(|scope| scope.variable_by_key(module, key).is_some())
    }

    /// Where names are resolved: a given place, the selected frame, or the line listed last.
    fn near(&self) -> Option<VirtAddr> {
        if let Some(pc) = self.scope_pc.get() {
            return Some(pc);
        }
        if let Ok(frame) = self.selected_frame() {
            return Some(frame.real.lookup_pc);
        }
        // Without a frame the file shown last is the place, as in gdb.
        self.near_listed()
    }

    /// Where the line listed last has code.
    pub(crate) fn near_listed(&self) -> Option<VirtAddr> {
        let listed = self.listed.borrow();
        let listed = listed.as_ref()?;
        let key = (listed.file.clone(), listed.line.max(1));
        // Lines of one file that several units have are those of the unit shown first.
        let is_here = |(at, addr): &&LineStart| *at == key || at.0 == key.0 && addr.is_some();
        let known = self.near_listed.borrow().as_ref().filter(is_here).map(|(_, addr)| *addr);
        known.unwrap_or_else(|| {
            let addr = self.modules.line_ranges(&key.0, key.1).first().map(|&(start, _)| start);
            *self.near_listed.borrow_mut() = Some((key, addr));
            addr
        })
    }

    /// The lines listed last are those around `pc`: of a file that several units have, the unit with that address is meant.
    pub fn list_near(&self, pc: VirtAddr) {
        if let Some(listed) = &*self.listed.borrow() {
            *self.near_listed.borrow_mut() = Some(((listed.file.clone(), listed.line.max(1)), Some(pc)));
        }
    }

    /// The innermost variable of that name in scope.
    fn local(&self, name: &str) -> Option<Variable> {
        if let Some(pc) = self.scope_pc.get() {
            return self.modules.scope_at(pc)?.frames().into_iter().next()?.variable(name);
        }
        self.selected_frame().ok()?.scope.as_ref()?.variable(name)
    }

    fn function_symbol(function: &Function) -> Symbol {
        Symbol {
            name: function.name().into(),
            class: SymbolClass::Function(function.entry()),
            ty: function.ty(),
            handle: Some(Arc::new(function.clone())),
        }
    }

    fn variable_symbol(&self, variable: Variable, function: Option<&str>) -> Symbol {
        let needs_frame = variable.static_address().is_none() && variable.needs_frame();
        Symbol {
            name: variable.name().into(),
            class: SymbolClass::Variable { needs_frame, in_register: None },
            ty: self.modules.complete(&variable.ty()),
            handle: Some(Arc::new(Named { variable, function: function.map(Into::into) })),
        }
    }

    /// A structure by its bare name, which is how languages other than C name it.
    fn class(&self, name: &str, near: Option<VirtAddr>) -> Option<Symbol> {
        let ty = self.modules.class(name, near)?;
        Some(Symbol { name: name.into(), class: SymbolClass::Typedef, ty, handle: None })
    }

    fn global(&self, name: &str, near: Option<VirtAddr>) -> Option<Symbol> {
        self.global_as_written(name, near).or_else(|| {
            let spelled = self.spelled(Completion::Expression, name)?;
            self.global_as_written(&spelled, near)
        })
    }

    /// The name that is meant where the case of letters does not count.
    pub(crate) fn spelled(&self, what: Completion, name: &str) -> Option<String> {
        if self.options.ignore_case { self.modules.spelled(what, name) } else { None }
    }

    fn global_as_written(&self, name: &str, near: Option<VirtAddr>) -> Option<Symbol> {
        // A text symbol settles most names without the DWARF index: functions come first where there is one.
        if let Some(variable) = self.modules.variable(name, near) {
            return Some(self.variable_symbol(variable, None));
        }
        if let Some(function) = self.modules.function(name, near) {
            // The constructor of a class has its name, and is not what is meant.
            if function.unit().language != "c"
                && let Some(class) = self.class(name, near)
            {
                return Some(class);
            }
            return Some(Self::function_symbol(&function));
        }
        if let Some((ty, value)) = self.modules.enumerator(name, near) {
            let size = ty.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(4).min(8);
            let bytes = value.to_le_bytes().get(..size).unwrap_or_default().to_vec();
            let constant = Value::from_bytes(ty.clone(), bytes);
            return Some(Symbol {
                name: name.into(),
                class: SymbolClass::Constant(constant),
                ty,
                handle: None,
            });
        }
        if let Some(ty) = self.modules.ty(kdive_symbols::Tag::Typedef, name, near) {
            return Some(Symbol { name: name.into(), class: SymbolClass::Typedef, ty, handle: None });
        }
        if let Some(class) = self.class(name, near) {
            return Some(class);
        }
        let symbol = self.modules.symbols_named(name).into_iter().next()?;
        let (kind, type_name) = match symbol.kind {
            kind if kind.is_text() => (Kind::NoDebugText, "<text variable, no debug info>"),
            SymbolKind::Abs => (Kind::NoDebugData, "<variable (not text or data), no debug info>"),
            _ => (Kind::NoDebugData, "<data variable, no debug info>"),
        };
        let ty = Type::new(Node {
            name: Some(type_name.into()),
            byte_size: None,
            align: None,
            big_endian: false,
            kind,
        });
        Some(Symbol { name: name.into(), class: SymbolClass::Minimal(symbol.addr), ty, handle: None })
    }
}

impl Access for Program {
    fn read_memory(&self, addr: VirtAddr, buf: &mut [u8]) -> std::result::Result<(), Fault> {
        if let Some(trace) = &mut *self.trace.borrow_mut() {
            trace.memory.push((addr, buf.len() as u64));
        }
        self.read_shown(addr, buf)
    }

    fn write_memory(&self, addr: VirtAddr, bytes: &[u8]) -> std::result::Result<(), Fault> {
        match &self.machine {
            Some(machine) => {
                machine.write(addr, bytes)?;
                self.forget_frames();
                Ok(())
            }
            None => Err(Fault { addr, kind: FaultKind::NoTarget }),
        }
    }

    fn read_register(
        &self,
        frame: FrameId,
        register: RegisterId,
        offset: usize,
        buf: &mut [u8],
    ) -> std::result::Result<(), ValueError> {
        if let Some(trace) = &mut *self.trace.borrow_mut() {
            trace.registers = true;
        }
        self.read_register_bytes(frame, register, offset, buf)
    }

    fn write_register(
        &self,
        frame: FrameId,
        register: RegisterId,
        offset: usize,
        bytes: &[u8],
    ) -> std::result::Result<(), ValueError> {
        self.write_register_bytes(frame, register, offset, bytes)
    }

    fn max_value_size(&self) -> Option<u64> {
        self.options.max_value_size
    }
}

impl Context for Program {
    fn ignores_case(&self) -> bool {
        self.options.ignore_case
    }

    fn lookup(&self, name: &str, scope: Scope<'_>) -> Result<Option<Symbol>> {
        Ok(match scope {
            Scope::Here => match self.local(name) {
                Some(variable) => Some(self.variable_symbol(variable, None)),
                None => self.global(name, self.near()),
            },
            Scope::Global => self.global(name, self.near()),
            Scope::Function(symbol) => {
                let function = symbol.handle.as_ref().and_then(|handle| handle.downcast_ref::<Function>());
                let variable = function.and_then(|function| {
                    function.variables().into_iter().find(|variable| variable.name() == name)
                });
                variable.map(|variable| self.variable_symbol(variable, Some(&symbol.name)))
            }
            Scope::File(file) => {
                if let Some(variable) = self.modules.variable_in_file(file, name) {
                    Some(self.variable_symbol(variable, None))
                } else {
                    self.modules
                        .functions_named(name)
                        .iter()
                        .find(|function| {
                            function.decl_file().is_some_and(|found| same_file(&found.name, file))
                                || function.unit().name.is_some_and(|found| same_file(&found, file))
                        })
                        .map(Self::function_symbol)
                        .or_else(|| self.global(name, self.near()))
                }
            }
        })
    }

    fn variable(&self, symbol: &Symbol) -> Result<Value> {
        let missing = || ExprError::msg(format!("No symbol \"{}\" in current context.", symbol.name));
        let handle = symbol.handle.as_ref().and_then(|handle| handle.downcast_ref::<Named>());
        let Named { variable, function } = handle.ok_or_else(missing)?;
        if !variable.needs_frame() {
            return Ok(self.variable_value(variable, None)?);
        }
        let frame = match self.selected_frame() {
            Ok(frame) => frame,
            Err(Error::NoStack) => return Err(ExprError::msg("No frame selected.")),
            Err(error) => return Err(ExprError::msg(error.to_string())),
        };
        let in_scope = frame
            .scope
            .as_ref()
            .and_then(|scope| scope.variable(variable.name()))
            .is_some_and(|found| same_variable(&found, variable));
        if in_scope {
            return Ok(self.variable_value(variable, Some(&frame))?);
        }
        // `FUNCTION::NAME`: the innermost frame of that function from the selected one outwards.
        let mut level = frame.level;
        while let Ok(frame) = self.frame(level) {
            let found = frame.scope.as_ref().is_some_and(|scope| {
                scope
                    .params()
                    .iter()
                    .chain(scope.locals().iter().flatten())
                    .any(|found| same_variable(found, variable))
            });
            if found {
                return Ok(self.variable_value(variable, Some(&frame))?);
            }
            level += 1;
        }
        let block = function.as_deref().unwrap_or(variable.name());
        Err(ExprError::msg(format!("No frame is currently executing in block {block}.")))
    }

    fn lookup_tag(&self, tag: Tag, name: &str) -> Result<Option<Type>> {
        let tag = match tag {
            Tag::Struct => kdive_symbols::Tag::Struct,
            Tag::Union => kdive_symbols::Tag::Union,
            Tag::Enum => kdive_symbols::Tag::Enum,
        };
        Ok(self.modules.ty(tag, name, self.near()).or_else(|| {
            let spelled = self.spelled(Completion::Tag(tag), name)?;
            self.modules.ty(tag, &spelled, self.near())
        }))
    }

    fn base_type(&self, name: &str) -> Option<Type> {
        let ty = self.modules.ty(kdive_symbols::Tag::Typedef, name, self.near())?;
        matches!(ty.kind(), Kind::Base(_)).then_some(ty)
    }

    fn address_size(&self) -> u8 {
        // A file says how its code was compiled, whatever mode the CPU is in.
        if self.modules.modules().is_empty() { self.arch() } else { self.file_arch() }.address_size()
    }

    fn has_macros(&self) -> bool {
        self.modules.has_macros()
    }

    fn macros(&self) -> Option<FindMacro<'_>> {
        self.find_macro()
    }

    fn complete(&self, ty: &Type) -> Option<Type> {
        let complete = self.modules.complete(ty);
        (!complete.same_node(ty)).then_some(complete)
    }

    fn has_file(&self, name: &str) -> bool {
        self.modules.has_file(name)
    }

    fn has_symbols(&self) -> bool {
        !self.modules.modules().is_empty()
    }

    fn register(&self, name: &str) -> Option<Result<Value>> {
        self.register_value(name).map(|value| Ok(value?))
    }

    fn symbolize(&self, addr: VirtAddr) -> Option<Symbolized> {
        if self.is_unnamed(addr) {
            return None;
        }
        let symbol = self.modules.symbol_at(addr)?;
        let (name, offset) = self.modules.symbolic(addr, false)?;
        let line = self.modules.line_at(addr, false).map(|line| (line.file.name.to_string(), line.line));
        Some(Symbolized { name: name.to_string(), offset, is_function: symbol.kind.is_text(), line })
    }

    fn is_code(&self, addr: VirtAddr) -> bool {
        self.modules
            .symbol_at(addr)
            .is_some_and(|symbol| matches!(symbol.kind, SymbolKind::Text | SymbolKind::FileText))
    }

    fn register_name(&self, register: RegisterId) -> String {
        let registers = self.registers();
        let layout = registers.as_ref().map(|registers| registers.layout());
        let described = layout.and_then(|layout| layout.registers().get(register.0 as usize));
        described.map_or_else(|| format!("r{}", register.0), |described| described.name.clone())
    }

    fn entry_value(&self, symbol: &Symbol) -> Result<Value> {
        let missing = || ExprError::msg("Cannot find matching parameter at caller and callee");
        let handle = symbol.handle.as_ref().and_then(|handle| handle.downcast_ref::<Named>());
        let frame = self.selected_frame().map_err(|error| ExprError::msg(error.to_string()))?;
        Program::entry_value(self, &handle.ok_or_else(missing)?.variable, &frame).ok_or_else(missing)
    }

    fn is_per_cpu(&self, symbol: &Symbol) -> bool {
        self.is_per_cpu_symbol(symbol)
    }

    fn per_cpu(&self, symbol: &Symbol, addr: VirtAddr, cpu: Cpu) -> Result<Option<VirtAddr>> {
        self.per_cpu_copy(symbol, addr, cpu)
    }

    fn per_cpu_pointer(&self, addr: VirtAddr, cpu: u64) -> Result<VirtAddr> {
        self.per_cpu_target(addr, cpu)
    }

    fn online_cpus(&self) -> Result<Vec<u64>> {
        self.cpus_online()
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.is_raised()
    }

    fn warn(&self, text: &str) {
        self.warnings.borrow_mut().push(text.to_owned());
    }

    fn function(&self, name: &str) -> Option<Arc<dyn NamedFunction>> {
        self.functions.borrow().get(name).cloned()
    }

    fn computed_variable(&self, name: &str) -> Option<Result<Value>> {
        if name == "_siginfo" {
            return self.signal_info().map(Ok);
        }
        self.computed.borrow().get(name).cloned().map(Ok)
    }

    fn host(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }

    fn may_call(&self) -> Result<()> {
        match &self.machine {
            Some(_) => Ok(()),
            None => Err(ExprError::msg("You can't do that without a process to debug.")),
        }
    }

    fn call(&self, function: &Value, args: &[Value]) -> Result<Value> {
        self.called(function, args)
    }

    fn allocate(&self, bytes: &[u8]) -> Result<VirtAddr> {
        self.allocated(bytes)
    }

    fn stored_before(&self) -> Option<Value> {
        self.stored_before()
    }

    fn note_stored(&self, value: &Value) {
        self.note_stored(value);
    }

    fn store(&self) -> &Store {
        &self.store
    }

    fn print_options(&self) -> PrintOptions {
        self.options.print.clone()
    }

    fn input_radix(&self) -> u32 {
        self.options.input_radix
    }
}

/// Whether two handles are of the same variable.
fn same_variable(a: &Variable, b: &Variable) -> bool {
    a.module().id() == b.module().id() && a.key() == b.key()
}

/// Whether a file of the debug information is the one the user means: equal, or equal from the last components on.
fn same_file(known: &str, typed: &str) -> bool {
    known == typed
        || (known.len() > typed.len()
            && known.ends_with(typed)
            && known.as_bytes().get(known.len() - typed.len() - 1) == Some(&b'/'))
}
