//! The shapes of questions to a [`crate::ModuleSet`] and of its answers.

use crate::{Function, Module};
use kdive_base::VirtAddr;
use kdive_types::Type;
use std::sync::Arc;

/// A source file as the debug information names it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourceName {
    /// As gdb prints it: `init/main.c`, or absolute when recorded so.
    pub name: Arc<str>,
    /// `DW_AT_comp_dir` of the unit; relative names are relative to it.
    pub comp_dir: Option<Arc<str>>,
}

/// What an ELF symbol is, in gdb's terms (`minimal_symbol_type`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SymbolKind {
    /// In an executable section, global.
    Text,
    /// In an executable section, local.
    FileText,
    /// In an initialised data section, global.
    Data,
    /// In an initialised data section, local.
    FileData,
    /// In a section without bytes, global.
    Bss,
    /// In a section without bytes, local.
    FileBss,
    /// Absolute.
    Abs,
}

impl SymbolKind {
    /// Whether it is code.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::FileText)
    }
    /// Whether it is local to its file.
    #[must_use]
    pub fn is_local(self) -> bool {
        matches!(self, Self::FileText | Self::FileData | Self::FileBss)
    }
}

/// A symbol of an ELF symbol table.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Its name.
    pub name: Arc<str>,
    /// Its run-time address.
    pub addr: VirtAddr,
    /// `st_size`, 0 if not stated.
    pub size: u64,
    /// What it is.
    pub kind: SymbolKind,
    /// Name of its section.
    pub section: Option<Arc<str>>,
    /// Its module.
    pub module: Arc<Module>,
}

/// The line an address belongs to, with gdb's semantics (`find_pc_line`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The file.
    pub file: SourceName,
    /// The line, from 1.
    pub line: u32,
    /// First address of the line table entry; the pc may lie further on.
    pub start: VirtAddr,
    /// First address after it.
    pub end: VirtAddr,
    /// Whether the entry is marked as the beginning of a statement.
    pub is_stmt: bool,
}

/// Facts on a compilation unit, for `info source`.
#[derive(Clone, Default, Debug)]
pub struct UnitInfo {
    /// `DW_AT_name`.
    pub name: Option<Arc<str>>,
    /// `DW_AT_comp_dir`.
    pub comp_dir: Option<Arc<str>>,
    /// `DW_AT_producer`.
    pub producer: Option<Arc<str>>,
    /// gdb's name of the language: `c`, `asm`.
    pub language: &'static str,
    /// DWARF version of the unit.
    pub dwarf_version: u16,
    /// Whether it has macro information.
    pub has_macros: bool,
}

/// C's tag name spaces.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Tag {
    /// `struct NAME`.
    Struct,
    /// `union NAME`.
    Union,
    /// `enum NAME`.
    Enum,
    /// An ordinary type name: typedef or base type.
    Typedef,
}

/// A location as typed, parsed but not looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Linespec {
    /// `FUNCTION`, `FILE:FUNCTION`, `FILE:FUNCTION:LABEL`; a bare name may also turn out to be a label, and `A:B` a
    /// function and its label.
    Function {
        /// `FILE:`.
        file: Option<String>,
        /// The function.
        name: String,
        /// `:LABEL`.
        label: Option<String>,
    },
    /// `LINE` or `FILE:LINE`.
    Line {
        /// `FILE:`; the default file otherwise.
        file: Option<String>,
        /// The line.
        line: u32,
    },
    /// `-function FUNCTION -line N`.
    FunctionLine {
        /// `-source FILE`.
        file: Option<String>,
        /// The function.
        function: String,
        /// The line in the function's file, or its distance from the function's first line.
        line: i64,
        /// Which.
        relative: bool,
    },
    /// `+N` or `-N` from the default line.
    Offset(i64),
    /// `*EXPRESSION`: the caller evaluates it and uses [`crate::ModuleSet::sal_at`].
    Address(String),
}

/// What an incomplete location is completed from.
#[derive(Clone, Default, Debug)]
pub struct LinespecDefaults {
    /// The default source file.
    pub file: Option<SourceName>,
    /// The default line.
    pub line: u32,
    /// The selected frame's pc, for labels and for `+N`.
    pub pc: Option<VirtAddr>,
}

/// What the location is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LinespecMode {
    /// A breakpoint: past the prologue of functions (gdb's `funfirstline`).
    Breakpoint,
    /// As [`LinespecMode::Breakpoint`], in the order of the debug information instead of that of addresses: `info scope`
    /// looks at the first place of these.
    Scope,
    /// `info line`, `list`: where the function or line is, no more.
    List,
}

/// A place in the program that a location names (gdb's `symtab_and_line`).
#[derive(Clone, Debug)]
pub struct Sal {
    /// Its address; `None` for a line without code in list mode.
    pub pc: Option<VirtAddr>,
    /// End of the line's range, when known.
    pub end: Option<VirtAddr>,
    /// The file.
    pub file: Option<SourceName>,
    /// The line, 0 when there is none.
    pub line: u32,
    /// Name of the function the place was found by or lies in.
    pub function_name: Option<Arc<str>>,
    /// The function with debug information that contains it.
    pub function: Option<Function>,
    /// The symbol, for places without debug information.
    pub symbol: Option<Symbol>,
    /// Whether `function_name` is that of a call inlined into `function`.
    pub inlined: bool,
    /// The label of the function it was found by.
    pub label: Option<Arc<str>>,
}

/// What `info functions` and its kin list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ListingKind {
    /// `info functions`.
    Functions,
    /// `info variables`.
    Variables,
    /// `info types`.
    Types,
}

/// A name with debug information in a [`Listing`].
#[derive(Clone, Debug)]
pub struct ListedSymbol {
    /// Line of the declaration, 0 when unknown (gdb then prints a tab only).
    pub line: u32,
    /// The name.
    pub name: Arc<str>,
    /// `static`.
    pub is_static: bool,
    /// The type of the function or variable, or the type itself.
    pub ty: Type,
}

/// The symbols of one file in a [`Listing`].
#[derive(Clone, Debug)]
pub struct FileList {
    /// The file, as gdb prints it after `File `; `None` for types without a file.
    pub file: Option<Arc<str>>,
    /// Where a unit that has the file was compiled.
    pub comp_dir: Option<Arc<str>>,
    /// Sorted as gdb sorts them.
    pub symbols: Vec<ListedSymbol>,
}

/// The answer to `info functions`, `info variables`, `info types`.
#[derive(Clone, Default, Debug)]
pub struct Listing {
    /// Names with debug information, by file.
    pub files: Vec<FileList>,
    /// `Non-debugging symbols:` sorted by address.
    pub non_debugging: Vec<Symbol>,
}

/// What to complete.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Completion {
    /// Functions, variables, typedefs and enumerators: what an expression may begin with.
    Expression,
    /// Functions and source files: what a location may begin with.
    Location,
    /// Tags after `struct`, `union`, `enum`.
    Tag(Tag),
    /// Source files.
    File,
}
