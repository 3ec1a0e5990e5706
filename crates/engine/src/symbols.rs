//! Symbols by name: functions, variables and types with their file and line.

use crate::{Engine, Error};
use kdive_symbols::{ListedSymbol, ListingKind, SourceName};
use kdive_types::{Kind, Type};

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SymbolKind {
    /// Functions.
    Functions,
    /// Variables at file scope.
    Variables,
    /// Types.
    Types,
}

/// Which symbols.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct SymbolQuery {
    /// Their kind.
    pub kind: SymbolKind,
    /// A regular expression that is found in their names.
    pub name: Option<String>,
    /// A regular expression that is found in the names of their types.
    pub ty: Option<String>,
    /// Whether those without debug information are listed as well.
    pub include_nondebug: bool,
    /// How many at most.
    pub most: usize,
}

/// A symbol.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct SymbolInfo {
    /// Its name.
    pub name: String,
    /// The line that declares it, where it is known.
    pub line: Option<u32>,
    /// The name of its type; of a type, what it is a name for.
    pub ty: String,
    /// Its declaration: `static int vfs_read(struct file *, ...);`.
    pub declaration: String,
}

/// The symbols that a source file declares.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct SymbolsOfFile {
    /// The file, as the debug information names it; `None` for types that are declared nowhere.
    pub file: Option<String>,
    /// Its whole path.
    pub fullname: Option<String>,
    /// The symbols by name, those of other files first.
    pub symbols: Vec<SymbolInfo>,
}

/// Symbols that were found.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct SymbolList {
    /// Those with debug information, by file.
    pub debug: Vec<SymbolsOfFile>,
    /// Address and name of those without, by address.
    pub nondebug: Vec<(u64, String)>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// A type as `info types` lists it: `struct list_head;`, `typedef unsigned int u32;`, base types by name alone.
#[must_use]
pub fn type_line(name: &str, ty: &Type) -> String {
    match ty.kind() {
        // gdb writes the type as a whole before the name, also that of a pointer to function, and sees through names.
        Kind::Typedef(target) => format!("typedef {} {name};", target.get().unaliased().declaration("")),
        Kind::Base(_) => name.to_owned(),
        _ => format!("{};", ty.declaration("")),
    }
}

fn pattern(text: Option<&str>) -> Result<Option<regex::Regex>, Error> {
    let text = text.filter(|text| !text.is_empty());
    text.map(regex::Regex::new)
        .transpose()
        .map_err(|error| Error::Regex(error.to_string().lines().last().unwrap_or_default().trim().to_owned()))
}

impl Engine {
    /// Looks symbols up by name and type.
    ///
    /// # Errors
    /// [`Error::Regex`], [`Error::Interrupted`].
    pub fn symbols(&self, query: &SymbolQuery) -> Result<SymbolList, Error> {
        let program = self.program();
        let kind = match query.kind {
            SymbolKind::Functions => ListingKind::Functions,
            SymbolKind::Variables => ListingKind::Variables,
            SymbolKind::Types => ListingKind::Types,
        };
        let ignoring_case = |text: &str| format!("(?i){text}");
        let name = match (&query.name, program.options.ignore_case) {
            (Some(text), true) if !text.is_empty() => pattern(Some(&ignoring_case(text)))?,
            (text, _) => pattern(text.as_deref())?,
        };
        let ty = pattern(query.ty.as_deref())?;
        let nondebug = query.include_nondebug && ty.is_none();
        let found = program.modules.listing(kind, name.as_ref(), nondebug, &program.interrupt);
        let mut list = SymbolList::default();
        let mut left = query.most;
        let matches = |symbol: &&ListedSymbol| {
            ty.as_ref().is_none_or(|pattern| pattern.is_match(&symbol.ty.declaration("")))
        };
        for file in &found.files {
            if self.interrupt_is_raised() {
                return Err(Error::Interrupted);
            }
            let mut symbols = Vec::new();
            for symbol in file.symbols.iter().filter(matches) {
                if left == 0 {
                    list.is_cut = true;
                    break;
                }
                left -= 1;
                symbols.push(symbol_info(query.kind, symbol));
            }
            if !symbols.is_empty() {
                let name = file.file.clone().map(|name| SourceName { name, comp_dir: file.comp_dir.clone() });
                list.debug.push(SymbolsOfFile {
                    fullname: name.as_ref().map(|name| program.full_path(name)),
                    file: name.as_ref().map(|name| program.shown_file(name)),
                    symbols,
                });
            }
        }
        if found.non_debugging.len() > left {
            list.is_cut = true;
        }
        let without = found.non_debugging.iter().take(left);
        list.nondebug = without.map(|symbol| (symbol.addr.0, symbol.name.to_string())).collect();
        if self.interrupt_is_raised() { Err(Error::Interrupted) } else { Ok(list) }
    }
}

fn symbol_info(kind: SymbolKind, symbol: &ListedSymbol) -> SymbolInfo {
    let declaration = match kind {
        SymbolKind::Types => type_line(&symbol.name, &symbol.ty),
        _ => {
            let prefix = if symbol.is_static { "static " } else { "" };
            format!("{prefix}{};", symbol.ty.declaration(&symbol.name))
        }
    };
    SymbolInfo {
        name: symbol.name.to_string(),
        line: (symbol.line != 0).then_some(symbol.line),
        ty: symbol.ty.declaration(""),
        declaration,
    }
}
