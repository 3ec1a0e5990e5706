//! From a location to places, as gdb's `decode_line` does (linespec.c of gdb 13).

use super::inlined::inlined_calls;
use super::prologue::{Place, function_start, skip_prologue};
use crate::set::FileInUnit;
use crate::{
    Function, Linespec, LinespecDefaults, LinespecError, LinespecMode, ModuleSet, Sal, Scope, SourceName,
    Symbol, SymbolKind,
};
use kdive_base::{LinkAddr, ReadMemory, VirtAddr};
use std::collections::HashSet;
use std::sync::Arc;

/// What a look-up needs throughout.
struct Resolver<'a> {
    set: &'a ModuleSet,
    mode: LinespecMode,
    defaults: &'a LinespecDefaults,
    code: &'a dyn ReadMemory,
}

impl ModuleSet {
    /// Looks a location up as gdb's `decode_line` does. `code` is where prologues are read from: the target, or
    /// [`ModuleSet::image`]. For a breakpoint the places are sorted by address.
    ///
    /// # Errors
    /// [`LinespecError`].
    pub fn resolve(
        &self,
        spec: &Linespec,
        mode: LinespecMode,
        defaults: &LinespecDefaults,
        code: &dyn ReadMemory,
    ) -> Result<Vec<Sal>, LinespecError> {
        let resolver = Resolver { set: self, mode, defaults, code };
        let mut sals = resolver.resolve(spec)?;
        if mode == LinespecMode::Breakpoint {
            sals.sort_by_key(|sal| sal.pc);
        }
        Ok(sals)
    }

    /// The place of an address (`*ADDR`).
    #[must_use]
    pub fn sal_at(&self, addr: VirtAddr) -> Sal {
        let line = self.line_at(addr, false);
        let scope = self.scope_at(addr);
        let function_name = scope.as_ref().and_then(|scope| Some(scope.frames().first()?.shared_name()));
        Sal {
            pc: Some(addr),
            end: line.as_ref().map(|line| line.end),
            line: line.as_ref().map_or(0, |line| line.line),
            file: line.map(|line| line.file),
            function_name,
            function: self.function_at(addr),
            symbol: self.symbol_at(addr),
            inlined: scope.is_some_and(|scope| scope.frames().len() > 1),
            label: None,
        }
    }

    /// Whether locations are right from a function's first instruction on (gdb's `COMPUNIT_LOCATIONS_VALID`).
    pub(super) fn locations_valid_at(&self, addr: VirtAddr) -> bool {
        self.debug_at(addr)
            .is_some_and(|(_, debug, pc)| debug.unit_at(pc).is_some_and(|unit| debug.locations_valid(unit)))
    }

    pub(super) fn is_assembly(&self, addr: VirtAddr) -> bool {
        self.unit_at(addr).is_some_and(|unit| unit.language == "asm")
    }
}

impl Resolver<'_> {
    fn breakpoint(&self) -> bool {
        self.mode != LinespecMode::List
    }

    fn resolve(&self, spec: &Linespec) -> Result<Vec<Sal>, LinespecError> {
        match spec {
            Linespec::Address(_) => Ok(Vec::new()),
            Linespec::Line { file: Some(file), line } => self.line_in(file, *line),
            Linespec::Line { file: None, line } => self.line_here(*line),
            Linespec::Offset(distance) => {
                let line = (i64::from(self.defaults.line) + distance).max(0);
                self.line_here(u32::try_from(line).unwrap_or(u32::MAX))
            }
            Linespec::Function { file, name, label: Some(label) } => {
                let functions = self.functions(file.as_deref(), name)?;
                self.label(&functions, name, label)
            }
            Linespec::Function { file: Some(first), name, label: None } => self.two_parts(first, name),
            Linespec::Function { file: None, name, label: None } => self.one_part(name),
            Linespec::FunctionLine { file, function, line, relative } => {
                let found = self.functions(file.as_deref(), function)?;
                let (name, start) = found
                    .iter()
                    .find_map(|sal| {
                        Some((sal.file.clone()?, sal.function.as_ref().map_or(sal.line, Function::decl_line)))
                    })
                    .ok_or_else(|| LinespecError::NoFunction(function.clone()))?;
                let line = if *relative { i64::from(start) + line } else { *line };
                self.lines(
                    &self.set.files_named(&name.name),
                    u32::try_from(line.max(0)).unwrap_or(u32::MAX),
                    None,
                )
            }
        }
    }

    /// `FILE:FUNCTION` or `FUNCTION:LABEL`.
    fn two_parts(&self, first: &str, second: &str) -> Result<Vec<Sal>, LinespecError> {
        if self.set.has_file(first) {
            return self.functions(Some(first), second);
        }
        self.needs_debug_info()?;
        match self.functions(None, first) {
            Ok(functions) => self.label(&functions, first, second),
            Err(LinespecError::NoFunction(_)) => Err(LinespecError::NoFile(first.to_owned())),
            Err(error) => Err(error),
        }
    }

    /// A function, or a label of the function execution is in.
    fn one_part(&self, name: &str) -> Result<Vec<Sal>, LinespecError> {
        match self.functions(None, name) {
            Err(LinespecError::NoFunction(missing)) => {
                let here = self.defaults.pc.and_then(|pc| self.set.scope_at(pc));
                let found = here.and_then(|scope| self.label_sal(&scope, name));
                found.map(|sal| vec![sal]).ok_or(LinespecError::NoFunction(missing))
            }
            other => other,
        }
    }

    fn label(&self, functions: &[Sal], function: &str, label: &str) -> Result<Vec<Sal>, LinespecError> {
        let found: Vec<Sal> = functions
            .iter()
            .filter(|sal| !sal.inlined)
            .filter_map(|sal| {
                let scope = self.set.scope_at(sal.function.as_ref()?.entry())?;
                self.label_sal(&scope, label)
            })
            .collect();
        if found.is_empty() {
            return Err(LinespecError::NoLabel(label.to_owned(), function.to_owned()));
        }
        Ok(found)
    }

    fn label_sal(&self, scope: &Scope, label: &str) -> Option<Sal> {
        let (addr, file, line) = scope.frames().last()?.label_place(label)?;
        let mut sal = self.set.sal_at(addr);
        sal.label = Some(label.into());
        sal.function = Some(scope.function().clone());
        sal.function_name = Some(scope.function().shared_name());
        if line != 0 {
            (sal.file, sal.line) = (file, line);
        }
        Some(sal)
    }

    // Functions.

    fn functions(&self, file: Option<&str>, name: &str) -> Result<Vec<Sal>, LinespecError> {
        if !self.set.has_symbols() {
            return Err(LinespecError::NoSymbols);
        }
        let files = match file {
            Some(file) => {
                self.needs_debug_info()?;
                let files = self.set.files_named(file);
                if files.is_empty() && !self.set.has_file(file) {
                    return Err(LinespecError::NoFile(file.to_owned()));
                }
                Some(files)
            }
            None => None,
        };
        let mut found = Found::default();
        for (module, debug) in self.set.debugs() {
            let in_file = |unit| {
                files
                    .as_ref()
                    .is_none_or(|files| files.iter().any(|f| Arc::ptr_eq(f.debug, debug) && f.unit == unit))
            };
            let functions = crate::set::functions_in(module, debug, name);
            let of_files = functions.into_iter().filter(|function| in_file(function.info().unit));
            let mut candidates: Vec<_> = of_files.map(|f| (f.key(), f.entry(), Some(f))).collect();
            if files.is_none() {
                let calls = inlined_calls(debug, name).into_iter();
                candidates.extend(calls.map(|(key, entry)| (key, module.to_virt(LinkAddr(entry)), None)));
            }
            // gdb makes their symbols in the order of the debug information.
            candidates.sort_by_key(|candidate| candidate.0);
            for (_, entry, function) in candidates {
                match function {
                    Some(function) => self.add_function(&mut found, &function),
                    None => self.add_inlined(&mut found, entry, name),
                }
            }
        }
        self.add_symbols(&mut found, name, files.as_deref());
        if found.sals.is_empty() && self.mode == LinespecMode::List {
            return self.variables(file, files.as_deref(), name);
        }
        if found.sals.is_empty() {
            return Err(match file {
                Some(file) => LinespecError::NoFunctionIn(name.to_owned(), file.to_owned()),
                None => LinespecError::NoFunction(name.to_owned()),
            });
        }
        Ok(found.sals)
    }

    fn add_function(&self, found: &mut Found, function: &Function) {
        found.entries.insert(function.entry());
        let place = function_start(self.set, function.entry(), self.breakpoint(), self.code);
        found.add(place, Some(function.shared_name()), Some(function.clone()), None, false);
    }

    fn add_inlined(&self, found: &mut Found, entry: VirtAddr, name: &str) {
        found.entries.insert(entry);
        let place = function_start(self.set, entry, self.breakpoint(), self.code);
        let function = self.set.function_at(entry);
        found.add(place, Some(name.into()), function, None, true);
    }

    /// ELF symbols of code that no function found so far begins at: assembly, and files without debug information.
    fn add_symbols(&self, found: &mut Found, name: &str, files: Option<&[FileInUnit<'_>]>) {
        let mut symbols: Vec<Symbol> = self.set.symbols_named(name);
        symbols.retain(|symbol| symbol.kind.is_text() && !found.entries.contains(&symbol.addr));
        // Local ones count only where there is no global one.
        if symbols.iter().any(|symbol| symbol.kind == SymbolKind::Text) {
            symbols.retain(|symbol| symbol.kind == SymbolKind::Text);
        }
        for symbol in symbols {
            if let Some(files) = files {
                let line = self.set.line_at(symbol.addr, false);
                if !line.is_some_and(|line| files.iter().any(|file| file.name == line.file)) {
                    continue;
                }
            }
            let place = function_start(self.set, symbol.addr, self.breakpoint(), self.code);
            let containing = self.set.sal_at(place.pc);
            let name = containing.function_name.unwrap_or_else(|| Arc::clone(&symbol.name));
            found.add(place, Some(name), containing.function, Some(symbol), containing.inlined);
        }
    }

    /// Where variables at file scope are declared, which `list` and `info line` take as well: their addresses are no code.
    /// One without debug information has only an address.
    fn variables(
        &self,
        file: Option<&str>,
        files: Option<&[FileInUnit<'_>]>,
        name: &str,
    ) -> Result<Vec<Sal>, LinespecError> {
        let sal = |pc, file, line, symbol| Sal {
            pc,
            end: None,
            file,
            line,
            function_name: None,
            function: None,
            symbol,
            inlined: false,
            label: None,
        };
        let wanted =
            |file: &SourceName| files.is_none_or(|files| files.iter().any(|known| known.name == *file));
        let mut sals: Vec<Sal> = self
            .set
            .variables_named(name)
            .into_iter()
            .filter_map(|variable| {
                let file = variable.decl_file().filter(wanted)?;
                Some(sal(variable.static_address(), Some(file), variable.decl_line(), None))
            })
            .collect();
        if sals.is_empty() && files.is_none() {
            let symbol = self.set.symbols_named(name).into_iter().find(|symbol| !symbol.kind.is_text());
            sals.extend(symbol.map(|symbol| sal(Some(symbol.addr), None, 0, Some(symbol))));
        }
        match file {
            _ if !sals.is_empty() => Ok(sals),
            Some(file) => Err(LinespecError::NoFunctionIn(name.to_owned(), file.to_owned())),
            None => Err(LinespecError::NoFunction(name.to_owned())),
        }
    }

    // Lines.

    fn line_here(&self, line: u32) -> Result<Vec<Sal>, LinespecError> {
        self.needs_debug_info()?;
        let default = self.defaults.file.clone().or_else(|| self.set.default_file().map(|(file, _)| file));
        let Some(file) = default else { return Err(LinespecError::NoLineHere(line)) };
        self.lines(&self.set.files_named(&file.name), line, None)
    }

    /// Files and lines mean nothing without debug information.
    fn needs_debug_info(&self) -> Result<(), LinespecError> {
        if self.set.debugs().next().is_none() { Err(LinespecError::NoSymbols) } else { Ok(()) }
    }

    fn line_in(&self, file: &str, line: u32) -> Result<Vec<Sal>, LinespecError> {
        self.needs_debug_info()?;
        let files = self.set.files_named(file);
        if files.is_empty() && !self.set.has_file(file) {
            return Err(LinespecError::NoFile(file.to_owned()));
        }
        self.lines(&files, line, Some(file))
    }

    fn lines(
        &self,
        files: &[FileInUnit<'_>],
        line: u32,
        named: Option<&str>,
    ) -> Result<Vec<Sal>, LinespecError> {
        if !self.breakpoint() {
            return Ok(list_lines(files, line));
        }
        let exact = places_of_line(files, line);
        let places = if exact.is_empty() {
            // The nearest line after it that has code, in any of the files.
            let next = files.iter().filter_map(|file| file.at_or_after(line)).map(|(line, _)| line).min();
            next.map(|next| places_of_line(files, next)).unwrap_or_default()
        } else {
            exact
        };
        let sals = self.one_per_block(places);
        if sals.is_empty() {
            return Err(match named {
                Some(file) => LinespecError::NoLine(line, file.to_owned()),
                None => LinespecError::NoLineHere(line),
            });
        }
        Ok(sals)
    }

    /// A line's code may be scattered; only the first piece in each block is a place to stop at.
    fn one_per_block(&self, places: Vec<Place>) -> Vec<Sal> {
        let scopes: Vec<Option<Scope>> = places.iter().map(|place| self.set.scope_at(place.pc)).collect();
        let mut seen = HashSet::new();
        let mut sals = Vec::new();
        for (mut place, scope) in places.into_iter().zip(scopes) {
            let mut innermost = None;
            if let Some(scope) = &scope {
                let function = scope.function();
                if !seen.insert((function.module().id(), function.key(), scope.block())) {
                    continue;
                }
                innermost = scope.frames().into_iter().next();
            }
            skip_prologue(self.set, &mut place, self.code);
            sals.push(Sal {
                pc: Some(place.pc),
                end: place.end,
                file: place.file,
                line: place.line,
                function_name: innermost.as_ref().map(crate::FrameScope::shared_name),
                inlined: innermost.as_ref().is_some_and(crate::FrameScope::is_inlined),
                function: scope.map(|scope| scope.function().clone()),
                symbol: None,
                label: None,
            });
        }
        sals
    }
}

/// All places where exactly `line` begins, in the order of the files.
fn places_of_line(files: &[FileInUnit<'_>], line: u32) -> Vec<Place> {
    let mut places = Vec::new();
    for file in files {
        let place = |pc| Place { pc, end: None, file: Some(file.name.clone()), line };
        places.extend(file.exact(line).map(place));
    }
    places
}

/// The line itself, once for each file of that name.
fn list_lines(files: &[FileInUnit<'_>], line: u32) -> Vec<Sal> {
    let mut names: Vec<SourceName> = Vec::new();
    for file in files {
        if !names.contains(&file.name) {
            names.push(file.name.clone());
        }
    }
    let sal = |file| Sal {
        pc: None,
        end: None,
        file: Some(file),
        line,
        function_name: None,
        function: None,
        symbol: None,
        inlined: false,
        label: None,
    };
    names.into_iter().map(sal).collect()
}

/// Places of functions while they are collected; each address counts once.
#[derive(Default)]
struct Found {
    sals: Vec<Sal>,
    addresses: HashSet<VirtAddr>,
    /// Where the functions begin that were found by debug information.
    entries: HashSet<VirtAddr>,
}

impl Found {
    fn add(
        &mut self,
        place: Place,
        function_name: Option<Arc<str>>,
        function: Option<Function>,
        symbol: Option<Symbol>,
        inlined: bool,
    ) {
        if self.addresses.insert(place.pc) {
            let Place { pc, end, file, line } = place;
            let (pc, label) = (Some(pc), None);
            self.sals.push(Sal { pc, end, file, line, function_name, function, symbol, inlined, label });
        }
    }
}
