//! What a location typed by the user stands for: the places of breakpoints.

use crate::{Error, Program};
use kdive_base::VirtAddr;
use kdive_symbols::{LinespecError, LinespecMode, ModuleId, Sal, SourceName};
use std::rc::Rc;

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

/// Name of a module as the kernel has it, by its file: `nf_tables` for `nf-tables.ko.xz`.
fn module_name(path: &std::path::Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().replace('-', "_")
}

impl Program {
    fn code_location(&self, sal: &Sal) -> Option<CodeLocation> {
        let addr = sal.pc?;
        // Several calls may begin at the same address; the place was found by one of them.
        let frames = self.modules.scope_at(addr).map(|scope| scope.frames()).unwrap_or_default();
        let inline_entry = frames.iter().find(|frame| {
            frame.is_inlined() && frame.entry() == addr && sal.function_name.as_deref() == Some(frame.name())
        });
        Some(CodeLocation {
            addr,
            function: sal.function_name.as_deref().map(Into::into),
            inline_entry: inline_entry.map(|frame| frame.entry()),
            file: sal.file.as_ref().map(|file| Rc::from(&*self.shown_file(file))),
            line: if sal.file.is_some() { sal.line } else { 0 },
            symbol: self.symbolic(addr).map(Into::into),
            label: None,
        })
    }

    fn sals(&self, location: &str) -> Result<Vec<Sal>, Error> {
        self.resolve_location(location, LinespecMode::Breakpoint)
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
        let modules = self.modules.modules();
        let module = modules.iter().find(|module| module_name(module.object().path()) == name)?;
        (!self.modules.has_file(&name)).then(|| (module.id(), function))
    }

    /// A function of one module; `init` is the one it begins with, whatever its name.
    fn resolve_in_module(&self, module: ModuleId, function: &str, typed: &str) -> Result<Resolution, Error> {
        let modules = &self.modules;
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
            let module = typed.split(':').next().unwrap_or_default().to_owned();
            match is_freed {
                true => Error::InitFreed { module },
                false => Error::NoFunctionInModule { function: name.clone(), module },
            }
        };
        let sals = self.sals(&name).map_err(|error| match error {
            Error::Linespec(error) if !matches!(error, LinespecError::Malformed(_)) => missing(),
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

impl Program {
    /// Looks up a location typed by the user. The default place is the one shown last.
    ///
    /// # Errors
    /// [`Error::is_absent`] tells what may exist later from nonsense.
    pub fn resolve(&self, location: &str) -> Result<Resolution, Error> {
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
}
