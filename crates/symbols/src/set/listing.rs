//! `info functions`, `info variables` and `info types`.

use super::ModuleSet;
use crate::dwarf::{
    DebugInfo, DieKey, FileTable, FunctionInfo, IndexKind, UnitContext, UnitIndex, VariableInfo,
};
use crate::elf::symtab::Entry;
use crate::{FileList, ListedSymbol, Listing, ListingKind, Module, Symbol};
use kdive_base::{Interrupt, LinkAddr};
use kdive_types::base_type_name;
use rayon::prelude::*;
use regex::Regex;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// What gdb sorts a listing by: file, then global names before static ones, then the name.
type Key = (Arc<str>, bool, Arc<str>);

/// Where a file was compiled, and its symbols.
type OfFile = (Option<Arc<str>>, Vec<ListedSymbol>);

/// A line of a listing before its type is resolved.
struct Entity {
    line: u32,
    ty: DieKey,
}

impl ModuleSet {
    /// `info functions|variables|types [REGEX]`: what gdb lists, in its order. The walk ends early, with what it has, when
    /// the user interrupts.
    #[must_use]
    pub fn listing(
        &self,
        kind: ListingKind,
        regex: Option<&Regex>,
        include_non_debugging: bool,
        interrupt: &Interrupt,
    ) -> Listing {
        let mut files: BTreeMap<Arc<str>, OfFile> = BTreeMap::new();
        let mut seen: HashSet<Key> = HashSet::new();
        let mut non_debugging = Vec::new();
        for module in &self.modules {
            if let Some(debug) = module.object().debug() {
                for ((file, is_static, name), entity) in entities(debug, kind, regex, interrupt) {
                    if interrupt.is_raised() {
                        break;
                    }
                    if !seen.insert((Arc::clone(&file), is_static, Arc::clone(&name))) {
                        continue;
                    }
                    let ty = debug.type_ref(Some(entity.ty)).get();
                    let unit = || debug.unit_of(entity.ty).and_then(|unit| debug.comp_dir(unit));
                    let (_, symbols) = files.entry(file).or_insert_with(|| (unit(), Vec::new()));
                    symbols.push(ListedSymbol { line: entity.line, name, is_static, ty });
                }
            }
            if include_non_debugging && !interrupt.is_raised() && kind != ListingKind::Types {
                non_debugging.extend(without_debug_info(module, kind, regex, interrupt));
            }
        }
        let files = files
            .into_iter()
            .map(|(file, (comp_dir, mut symbols))| {
                symbols.sort_by(|a, b| (a.is_static, &a.name).cmp(&(b.is_static, &b.name)));
                FileList { file: (!file.is_empty()).then_some(file), comp_dir, symbols }
            })
            .collect();
        Listing { files, non_debugging }
    }
}

fn matches(regex: Option<&Regex>, name: &str) -> bool {
    regex.is_none_or(|regex| regex.is_match(name))
}

/// All names of a kind in a file, each once per source file.
fn entities(
    debug: &Arc<DebugInfo>,
    kind: ListingKind,
    regex: Option<&Regex>,
    interrupt: &Interrupt,
) -> BTreeMap<Key, Entity> {
    // Functions and variables are all in the index; of types it keeps one of each name, so the units are looked through.
    let units: Vec<UnitIndex> = match kind {
        ListingKind::Types => (0..debug.units().len()).collect(),
        ListingKind::Functions => units_naming(debug, IndexKind::Function, regex),
        ListingKind::Variables => units_naming(debug, IndexKind::Variable, regex),
    };
    let of_unit = |&unit: &UnitIndex| {
        let mut found = BTreeMap::new();
        if !interrupt.is_raised() {
            collect(debug, unit, kind, regex, &mut found);
        }
        found
    };
    units.par_iter().map(of_unit).reduce(BTreeMap::new, |mut all, part| {
        for (key, entity) in part {
            all.entry(key).or_insert(entity);
        }
        all
    })
}

fn units_naming(debug: &DebugInfo, wanted: IndexKind, regex: Option<&Regex>) -> Vec<UnitIndex> {
    let mut units = Vec::new();
    debug.for_each_name(|kind, name, key| {
        if kind == wanted && std::str::from_utf8(name).is_ok_and(|name| matches(regex, name)) {
            units.extend(debug.unit_of(key));
        }
    });
    units.sort_unstable();
    units.dedup();
    units
}

fn collect(
    debug: &Arc<DebugInfo>,
    unit: UnitIndex,
    kind: ListingKind,
    regex: Option<&Regex>,
    found: &mut BTreeMap<Key, Entity>,
) {
    let Some(context) = debug.context(unit) else { return };
    let Some(files) = debug.files_once(unit) else { return };
    let mut add = |file: Option<u64>, line: u32, is_static: bool, name: Arc<str>, ty: DieKey| {
        let file = file_name(&files, &context, file);
        found.entry((file, is_static, name)).or_insert(Entity { line, ty });
    };
    match kind {
        ListingKind::Functions => {
            let Some(table) = debug.functions(unit) else { return };
            for function in table.functions.iter().filter(|function| matches(regex, &function.name)) {
                let FunctionInfo { name, external, decl_file, decl_line, key, .. } = &**function;
                add(decl_file.map(|file| file.number), *decl_line, !external, Arc::clone(name), *key);
            }
        }
        ListingKind::Variables => {
            debug.for_each_name_in(unit, &[IndexKind::Variable], |_, name, key| {
                if !matches(regex, name) {
                    return;
                }
                let Some(variable) =
                    context.die_of_key(key).and_then(|die| VariableInfo::read(&context, &die))
                else {
                    return;
                };
                let ty = variable.ty.unwrap_or(key);
                let file = variable.decl_file.map(|file| file.number);
                add(file, variable.decl_line, !variable.external, variable.name, ty);
            });
        }
        ListingKind::Types => {
            let kinds =
                [IndexKind::Struct, IndexKind::Union, IndexKind::Enum, IndexKind::Typedef, IndexKind::Base];
            debug.for_each_name_in(unit, &kinds, |kind, name, key| {
                let name = if kind == IndexKind::Base { base_type_name(name) } else { name };
                if !matches(regex, name) {
                    return;
                }
                let Some(die) = context.die_of_key(key) else { return };
                let (file, line) = context.declared_at(&die);
                add(file.map(|file| file.number), line, true, name.into(), key);
            });
        }
    }
}

/// The file of a declaration; without one, the unit's own.
fn file_name(files: &FileTable, context: &UnitContext<'_>, number: Option<u64>) -> Arc<str> {
    number
        .and_then(|number| files.files.get(files.of_number(number)?))
        .map(|file| Arc::clone(&file.name))
        .or_else(|| context.data.name.clone())
        .unwrap_or_else(|| "".into())
}

/// ELF symbols that no debug information covers, by address.
fn without_debug_info(
    module: &Arc<Module>,
    kind: ListingKind,
    regex: Option<&Regex>,
    interrupt: &Interrupt,
) -> Vec<Symbol> {
    let symbols = module.object().symbols();
    let debug = module.object().debug();
    let uncovered = |entry: &&Entry| {
        let functions = kind == ListingKind::Functions;
        if entry.kind == crate::SymbolKind::Abs || entry.kind.is_text() != functions {
            return false;
        }
        let name = symbols.name(entry);
        if !matches(regex, name) {
            return false;
        }
        let Some(debug) = debug else { return true };
        let LinkAddr(addr) = entry.addr;
        if functions && debug.unit_at(addr).is_some() {
            return false;
        }
        debug
            .named(name, &[IndexKind::Function, IndexKind::Variable, IndexKind::VariableDeclaration])
            .is_empty()
    };
    let wanted = symbols.entries().iter().take_while(|_| !interrupt.is_raised());
    wanted.filter(uncovered).map(|entry| Symbol::new(module, symbols, entry)).collect()
}
