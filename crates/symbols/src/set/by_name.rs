//! What a name means.

use super::ModuleSet;
use crate::dwarf::{DebugInfo, DieKey, FunctionInfo, IndexKind, UnitIndex, language_name};
use crate::variable::variable_of;
use crate::{Function, Module, ModuleId, Symbol, Tag, Variable};
use kdive_base::VirtAddr;
use kdive_types::{Composite, CompositeKind, Enum, Kind, Type};
use std::sync::Arc;

impl Tag {
    pub(crate) fn kinds(self) -> &'static [IndexKind] {
        match self {
            Self::Struct => &[IndexKind::Struct],
            Self::Union => &[IndexKind::Union],
            Self::Enum => &[IndexKind::Enum],
            Self::Typedef => &[IndexKind::Typedef, IndexKind::Base],
        }
    }
}

/// The definition of a variable at file scope: a global one, else a `static` one.
fn defined<'a>(
    debugs: impl Iterator<Item = (&'a Arc<Module>, &'a Arc<DebugInfo>)>,
    name: &str,
) -> Option<Variable> {
    let (mut first_static, mut open) = (None, None);
    for (module, debug) in debugs {
        for (_, key) in debug.named(name, &[IndexKind::Variable]) {
            let Some(variable) = variable_of(module, debug, key) else { continue };
            if variable.info().external {
                // `extern const char banner[]` beside the definition that says how long it is.
                if !is_open_array(&variable.ty()) {
                    return Some(variable);
                }
                open = open.or(Some(variable));
                continue;
            }
            first_static = first_static.or(Some(variable));
        }
    }
    open.or(first_static)
}

/// The unit that names are looked up from.
type Near<'a> = Option<(&'a Arc<Module>, &'a Arc<DebugInfo>, UnitIndex)>;

impl ModuleSet {
    pub(crate) fn debugs(&self) -> impl Iterator<Item = (&Arc<Module>, &Arc<DebugInfo>)> {
        self.modules.iter().filter_map(|module| Some((module, module.object().debug()?)))
    }

    fn near(&self, near: Option<VirtAddr>) -> Near<'_> {
        let addr = near?;
        let (module, _) = self.module_at(addr)?;
        let debug = module.object().debug()?;
        Some((module, debug, debug.unit_at(module.to_link(addr).0)?))
    }

    /// Entries of the near unit first, then of all, in order.
    fn entries(
        &self,
        near: Option<VirtAddr>,
        name: &str,
        kinds: &[IndexKind],
    ) -> impl Iterator<Item = (&Arc<Module>, &Arc<DebugInfo>, IndexKind, DieKey)> {
        let here = self.near(near).into_iter().flat_map(move |(module, debug, unit)| {
            debug.named_in(unit, name, kinds).into_iter().map(move |(kind, key)| (module, debug, kind, key))
        });
        let everywhere = self.debugs().flat_map(move |(module, debug)| {
            debug.named(name, kinds).into_iter().map(move |(kind, key)| (module, debug, kind, key))
        });
        here.chain(everywhere)
    }

    /// ELF symbols of that name, global ones first.
    #[must_use]
    pub fn symbols_named(&self, name: &str) -> Vec<Symbol> {
        let mut found: Vec<Symbol> = Vec::new();
        for module in &self.modules {
            let symbols = module.object().symbols();
            found.extend(symbols.named(name).into_iter().map(|entry| Symbol::new(module, symbols, entry)));
        }
        found.sort_by_key(|symbol| symbol.kind.is_local());
        found
    }

    /// The address of the first of [`ModuleSet::symbols_named`].
    #[must_use]
    pub fn symbol_address(&self, name: &str) -> Option<VirtAddr> {
        let first = |module: &Arc<Module>| {
            let found = module.object().symbols().named(name);
            found.first().map(|entry| (entry.kind.is_local(), module.to_virt(entry.addr)))
        };
        self.modules.iter().filter_map(first).min_by_key(|(local, _)| *local).map(|(_, addr)| addr)
    }

    /// Functions with debug information and code of their own of that name, in the order of the files.
    #[must_use]
    pub fn functions_named(&self, name: &str) -> Vec<Function> {
        let mut found = Vec::new();
        for (module, debug) in self.debugs() {
            found.extend(functions_in(module, debug, name));
        }
        found
    }

    /// The function an expression means by that name.
    #[must_use]
    pub fn function(&self, name: &str, near: Option<VirtAddr>) -> Option<Function> {
        if let Some((module, debug, unit)) = self.near(near)
            && !debug.named_in(unit, name, &[IndexKind::Function]).is_empty()
            && let Some(table) = debug.functions(unit)
            && let Some(function) = table.functions.iter().find(|function| &*function.name == name)
        {
            return Some(Function::new(module, debug, Arc::clone(function)));
        }
        let all = self.functions_named(name);
        all.iter().find(|function| function.is_external()).or(all.first()).cloned()
    }

    /// The variable at file scope an expression means by that name: the near unit's own, else a global one, else a
    /// `static` one, else one that is only declared and whose address the ELF symbol table knows.
    #[must_use]
    pub fn variable(&self, name: &str, near: Option<VirtAddr>) -> Option<Variable> {
        if let Some((module, debug, unit)) = self.near(near) {
            let in_unit = debug.named_in(unit, name, &[IndexKind::Variable]);
            if let Some(variable) = in_unit.into_iter().find_map(|(_, key)| variable_of(module, debug, key)) {
                return Some(variable);
            }
        }
        if let Some(variable) = defined(self.debugs(), name) {
            return Some(variable);
        }
        let declared = self.entries(near, name, &[IndexKind::VariableDeclaration]);
        let mut declared =
            declared.into_iter().filter_map(|(module, debug, _, key)| variable_of(module, debug, key));
        let Some(first) = declared.next() else { return self.variable_from_btf(name) };
        if first.static_address().is_some() {
            return Some(first);
        }
        // A module may declare what the kernel defines, of which there may be no more than a symbol.
        match declared.find(|variable| variable.static_address().is_some()) {
            Some(elsewhere) => Some(elsewhere),
            None => match self.symbols_named(name).first() {
                Some(symbol) => Some(first.defined_at(symbol.addr)),
                None => Some(first),
            },
        }
    }

    /// The variables at file scope of that name, in the order of the files.
    #[must_use]
    pub fn variables_named(&self, name: &str) -> Vec<Variable> {
        let of = |(module, debug): (&Arc<Module>, &Arc<DebugInfo>)| {
            let named = debug.named(name, &[IndexKind::Variable]).into_iter();
            named.filter_map(|(_, key)| variable_of(module, debug, key)).collect::<Vec<_>>()
        };
        self.debugs().flat_map(of).collect()
    }

    /// The variable of that name in the main file, the first one; the others are not searched, nor their indexes read.
    #[must_use]
    pub fn main_variable(&self, name: &str) -> Option<Variable> {
        let main = self.modules.first()?;
        let Some(debug) = main.object().debug() else { return self.variable_from_btf(name) };
        defined(std::iter::once((main, debug)), name).or_else(|| {
            let declared = debug.named(name, &[IndexKind::VariableDeclaration]);
            declared.into_iter().find_map(|(_, key)| variable_of(main, debug, key))
        })
    }

    /// The variable at file scope whose storage contains the address, and how far into it. The symbol table says which one it is.
    #[must_use]
    pub fn variable_at(&self, addr: VirtAddr) -> Option<(Variable, u64)> {
        let symbol = self.symbol_at(addr)?;
        let debug = symbol.module.object().debug()?;
        let of_name = debug.named(&symbol.name, &[IndexKind::Variable]);
        let mut found = of_name.into_iter().filter_map(|(_, key)| variable_of(&symbol.module, debug, key));
        let variable = found.find(|variable| variable.static_address() == Some(symbol.addr))?;
        Some((variable, addr.distance_from(symbol.addr)?))
    }

    /// The variables at file scope that a file defines, `limit` at most, in no order.
    #[must_use]
    pub fn variables_of(&self, module: ModuleId, limit: usize) -> Vec<Variable> {
        let Some(module) = self.module(module) else { return Vec::new() };
        let Some(debug) = module.object().debug() else { return Vec::new() };
        let mut keys = Vec::new();
        debug.for_each_name(|kind, _, key| {
            if kind == IndexKind::Variable && keys.len() < limit {
                keys.push(key);
            }
        });
        let found = keys.into_iter().filter_map(|key| variable_of(module, debug, key));
        found.filter(|variable| variable.static_address().is_some()).collect()
    }

    /// `'FILE'::NAME`: a variable of a given file.
    #[must_use]
    pub fn variable_in_file(&self, file: &str, name: &str) -> Option<Variable> {
        for (module, debug) in self.debugs() {
            for (_, key) in debug.named(name, &[IndexKind::Variable]) {
                let unit = debug.unit_of(key).and_then(|unit| debug.unit_data(unit));
                let in_file = unit
                    .and_then(|unit| unit.name.as_deref())
                    .is_some_and(|unit_name| crate::paths::matches(unit_name, file));
                if in_file && let Some(variable) = variable_of(module, debug, key) {
                    return Some(variable);
                }
            }
        }
        None
    }

    /// `'FILE'::NAME` for functions.
    #[must_use]
    pub fn function_in_file(&self, file: &str, name: &str) -> Option<Function> {
        self.functions_named(name).into_iter().find(|function| {
            function.unit().name.is_some_and(|unit_name| crate::paths::matches(&unit_name, file))
        })
    }

    /// The variable of [`crate::Storage::ImplicitPointer`]; without name and of type `void` when it is a text that is nowhere
    /// but in the debug information.
    #[must_use]
    pub fn variable_by_key(&self, module: ModuleId, key: u64) -> Option<Variable> {
        let module = self.module(module)?;
        variable_of(module, module.object().debug()?, key)
    }

    /// A type by name; only complete definitions are found.
    #[must_use]
    pub fn ty(&self, tag: Tag, name: &str, near: Option<VirtAddr>) -> Option<Type> {
        match self.entries(near, name, tag.kinds()).next() {
            Some((_, debug, _, key)) => Some(debug.type_ref(Some(key)).get()),
            None => self.type_from_btf(tag, name),
        }
    }

    /// The structure, union or enumeration that a program in another language than C names without a keyword.
    #[must_use]
    pub fn class(&self, name: &str, near: Option<VirtAddr>) -> Option<Type> {
        let mut found = self.entries(near, name, &[IndexKind::Struct, IndexKind::Union, IndexKind::Enum]);
        let is_other = |debug: &DebugInfo, key| {
            let data = debug.unit_of(key).and_then(|unit| debug.unit_data(unit));
            data.is_some_and(|data| !matches!(language_name(data.language), "c" | "asm"))
        };
        let (_, debug, _, key) = found.find(|(_, debug, _, key)| is_other(debug, *key))?;
        Some(debug.type_ref(Some(key)).get())
    }

    /// The definition of a `struct`, `union` or `enum` that is only declared here, by name; the type itself when it is
    /// complete or not defined.
    #[must_use]
    pub fn complete(&self, ty: &Type) -> Type {
        if self.opaque {
            return ty.clone();
        }
        let tag = match ty.kind() {
            Kind::Composite(Composite { kind: CompositeKind::Struct, declaration: true, .. }) => Tag::Struct,
            Kind::Composite(Composite { kind: CompositeKind::Union, declaration: true, .. }) => Tag::Union,
            Kind::Enum(Enum { declaration: true, .. }) => Tag::Enum,
            _ => return ty.clone(),
        };
        ty.name().and_then(|name| self.ty(tag, name, None)).unwrap_or_else(|| ty.clone())
    }

    /// A C constant: the enumeration and the value.
    #[must_use]
    pub fn enumerator(&self, name: &str, near: Option<VirtAddr>) -> Option<(Type, i64)> {
        let known = self.entries(near, name, &[IndexKind::Enumerator]).find_map(|(_, debug, _, key)| {
            let ty = debug.type_ref(Some(key)).get();
            let Kind::Enum(body) = ty.kind() else { return None };
            let value = body.enumerators.iter().find(|enumerator| &*enumerator.name == name)?.value;
            Some((ty, value))
        });
        known.or_else(|| self.btfs().find_map(|(_, btf)| btf.enumerator(name)))
    }
}

/// Functions of that name with code, in one file. Instances without a name of their own (`DW_AT_abstract_origin`) stand
/// in the same unit as the entry that has it.
pub(crate) fn functions_in(module: &Arc<Module>, debug: &Arc<DebugInfo>, name: &str) -> Vec<Function> {
    let mut units: Vec<UnitIndex> = debug
        .named(name, &[IndexKind::Function])
        .into_iter()
        .filter_map(|(_, key)| debug.unit_of(key))
        .collect();
    units.dedup();
    let named = |function: &&Arc<FunctionInfo>| &*function.name == name;
    units
        .into_iter()
        .filter_map(|unit| debug.functions(unit))
        .flat_map(|table| table.functions.iter().filter(named))
        .map(|function| Function::new(module, debug, Arc::clone(function)))
        .collect()
}

/// Whether a type is an array of unknown length.
fn is_open_array(ty: &Type) -> bool {
    matches!(ty.strip().kind(), Kind::Array(array) if array.count.is_none())
}
