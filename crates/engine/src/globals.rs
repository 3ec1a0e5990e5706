//! Variables that belong to no frame: per CPU, and of a file or module.

use crate::{Engine, Error, NamedVariable, Scope};
use kdive_base::VirtAddr;
use kdive_symbols::ModuleId;
use std::collections::HashMap;

/// The section per-CPU variables are collected in (include/asm-generic/vmlinux.lds.h).
const PER_CPU_SECTION: &str = ".data..percpu";

/// Names of variables of one file with symbols, by where they are declared.
#[derive(Default)]
pub(crate) struct Globals {
    module: Option<ModuleId>,
    per_cpu: Vec<String>,
    /// By source file, as DWARF names it.
    files: HashMap<String, Vec<String>>,
    all: Vec<String>,
}

impl Engine {
    /// Whether the program has per-CPU variables.
    #[must_use]
    pub fn has_per_cpu(&self) -> bool {
        let main = self.program().modules.modules().first();
        main.is_some_and(|main| {
            main.object().section(PER_CPU_SECTION).is_some_and(|section| section.size > 0)
        })
    }

    /// The per-CPU variables of the kernel, as the CPU of the scope has them: `count` of them from number `from` on, by name.
    ///
    /// # Errors
    /// A thread or frame there is not.
    pub fn per_cpu_variables(
        &mut self,
        scope: &Scope,
        from: usize,
        count: usize,
    ) -> Result<Vec<NamedVariable>, Error> {
        let main = self.program().modules.modules().first().map(|main| main.id());
        self.learn_globals(main);
        let names: Vec<String> = self.globals.per_cpu.iter().skip(from).take(count).cloned().collect();
        Ok(self.named(scope, names, from, |name| name.to_owned()))
    }

    /// The variables of the module a frame is in, or of its source file where that is the kernel itself.
    ///
    /// # Errors
    /// A thread or frame there is not.
    pub fn globals_of(
        &mut self,
        scope: &Scope,
        from: usize,
        count: usize,
    ) -> Result<Vec<NamedVariable>, Error> {
        let frame = self.frame_info(scope)?;
        let modules = &self.program().modules;
        let main = modules.modules().first().map(|main| main.id());
        let module = modules.module_at(VirtAddr(frame.pc)).map(|(module, _)| module.id());
        let file =
            self.program().modules.line_at(VirtAddr(frame.pc), true).map(|line| line.file.name.to_string());
        self.learn_globals(module);
        let names = match (&file, module == main) {
            (Some(file), true) => self.globals.files.get(file).cloned().unwrap_or_default(),
            _ => self.globals.all.clone(),
        };
        let names = names.into_iter().skip(from).take(count).collect();
        Ok(self.named(scope, names, from, |name| match &file {
            Some(file) if module == main => format!("'{file}'::{name}"),
            _ => name.to_owned(),
        }))
    }

    fn named(
        &mut self,
        scope: &Scope,
        names: Vec<String>,
        from: usize,
        expression: impl Fn(&str) -> String,
    ) -> Vec<NamedVariable> {
        let mut found = Vec::with_capacity(names.len());
        for (index, name) in names.into_iter().enumerate() {
            let id = self.evaluate(scope, &expression(&name)).or_else(|_| self.evaluate(scope, &name));
            if let Ok(id) = id {
                let index = from + index;
                found.push(NamedVariable { id, name, is_argument: false, is_anonymous: false, index });
            }
        }
        found
    }

    /// Collects the names of the variables of a file, once.
    fn learn_globals(&mut self, module: Option<ModuleId>) {
        let Some(module) = module.filter(|&module| self.globals.module != Some(module)) else { return };
        let modules = &self.program().modules;
        let section = modules.module(module).and_then(|module| {
            let section = module.object().section(PER_CPU_SECTION)?;
            Some((module.to_virt(section.addr), section.size))
        });
        let mut globals = Globals { module: Some(module), ..Globals::default() };
        for variable in modules.variables_of(module, usize::MAX) {
            let name = variable.name().to_owned();
            // What the linker has dropped has no symbol, and an address that is another's.
            if modules.symbol_address(&name).is_none() {
                continue;
            }
            let is_per_cpu = section.zip(variable.static_address()).is_some_and(|((start, size), addr)| {
                addr.distance_from(start).is_some_and(|offset| offset < size)
            });
            if is_per_cpu {
                globals.per_cpu.push(name.clone());
            }
            if let Some(file) = variable.decl_file() {
                globals.files.entry(file.name.to_string()).or_default().push(name.clone());
            }
            globals.all.push(name);
        }
        for names in globals.files.values_mut().chain([&mut globals.per_cpu, &mut globals.all]) {
            names.sort_unstable();
            names.dedup();
        }
        self.globals = globals;
    }
}
