//! What expressions ask their surroundings for: names, types, registers, memory, calls.
//!
//! An expression is parsed against a [`Context`] (names are resolved then) and evaluated against one, which may be
//! another: the condition of a breakpoint is parsed in the scope of its location and evaluated in the frame that
//! stopped. Everything takes `&self`; implementations keep caches and connections behind interior mutability.

use crate::error::{ExprError, Result};
use crate::macros::FindMacro;
use crate::settings::PrintOptions;
use crate::store::Store;
use kdive_base::VirtAddr;
use kdive_types::{Access, RegisterId, Type, Value};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Where a name is to be looked for.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// As the selected frame's block sees it: local, file-static, global, static of any file, then ELF symbols.
    Here,
    /// `::NAME`: file-static and global only.
    Global,
    /// `FUNCTION::NAME`, and `FILE::FUNCTION::NAME`: the outermost block of the function.
    Function(&'a Symbol),
    /// `'FILE'::NAME`: the static block of a source file, then its global block.
    File(&'a str),
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// The name.
    pub name: Arc<str>,
    /// What it is.
    pub class: SymbolClass,
    /// Its type: of the variable, of the function, or what the typedef means.
    pub ty: Type,
    /// What the resolver of the name needs to read the variable.
    pub handle: Option<Arc<dyn Any + Send + Sync>>,
}

/// The kinds of symbol an expression may name.
#[derive(Clone, Debug)]
pub enum SymbolClass {
    /// A variable or parameter. With `needs_frame`, reading it needs a selected frame of its function.
    Variable {
        /// Whether it is a local.
        needs_frame: bool,
        /// Whether the compiler keeps it in a register: no address can be taken.
        in_register: Option<Arc<str>>,
    },
    /// A function and its entry address.
    Function(VirtAddr),
    /// An enumerator or a constant (`DW_AT_const_value`).
    Constant(Value),
    /// A name for a type.
    Typedef,
    /// A label of a function.
    Label(VirtAddr),
    /// Known from the ELF symbol table only; [`Symbol::ty`] is `NoDebugData` or `NoDebugText`.
    Minimal(VirtAddr),
}

/// Which kind of tag (`struct foo`) is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Tag {
    /// `struct`.
    Struct,
    /// `union`.
    Union,
    /// `enum`.
    Enum,
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Struct => "struct",
            Self::Union => "union",
            Self::Enum => "enum",
        })
    }
}

/// The symbol at or before an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbolized {
    /// The name.
    pub name: String,
    /// Bytes from the symbol to the address.
    pub offset: u64,
    /// Whether it is code.
    pub is_function: bool,
    /// Source file and line of the address, for `set print symbol-filename on`.
    pub line: Option<(String, u32)>,
}

/// Which copy of a per-CPU variable is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Cpu {
    /// That of the selected CPU, where the debugger goes by that.
    #[default]
    Selected,
    /// That of a CPU by number: `x@cpu(1)`.
    Number(u64),
    /// None: the variable where the symbol table has it, to which a CPU's offset is added.
    Template,
}

/// How an argument of a [`Function`] is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Argument {
    /// As an expression.
    Value,
    /// As a type name (`struct task_struct`), or as an expression whose value is its text. A type arrives as a value of that
    /// type at address 0.
    Type,
    /// As the name of a member (`tasks`, `se.run_node`), or as a string or `$variable` that holds it. A name arrives as a
    /// string.
    Member,
}

/// A function that is called as `$name(...)`: `$_strlen`, `$lx_current`, ...
pub trait Function: Send + Sync {
    /// Calls it. The arguments are values as written, unread when they are lvalues.
    ///
    /// # Errors
    /// Whatever it has to say to the user.
    fn call(&self, context: &dyn Context, args: &[Value]) -> Result<Value>;

    /// How the argument at a position, from 0 on, is written.
    fn argument(&self, _position: usize) -> Argument {
        Argument::Value
    }

    /// Whether it may be called without the dollar where nothing of the program has its name.
    fn is_plain(&self) -> bool {
        false
    }

    /// Whether per-CPU variables among its arguments are meant where the symbol table has them.
    fn takes_templates(&self) -> bool {
        false
    }

    /// The type its value would have; of the arguments only the types count. `None` is `int`, as gdb has it for all of them.
    ///
    /// # Errors
    /// As [`Function::call`].
    fn result_type(&self, _context: &dyn Context, _args: &[Value]) -> Result<Option<Type>> {
        Ok(None)
    }
}

impl fmt::Debug for dyn Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("internal function")
    }
}

/// The surroundings of an expression.
pub trait Context: Access {
    /// Looks a name up among variables, functions, enumerators, typedefs, and last ELF symbols.
    ///
    /// # Errors
    /// When debug information that would have to be consulted cannot be read.
    fn lookup(&self, name: &str, scope: Scope<'_>) -> Result<Option<Symbol>>;

    /// The value of a [`SymbolClass::Variable`] in the selected frame (unread, where it has a place).
    ///
    /// # Errors
    /// No frame, `Cannot find frame`, location expression that cannot be evaluated.
    fn variable(&self, symbol: &Symbol) -> Result<Value>;

    /// Looks up `struct NAME`, `union NAME`, `enum NAME`, preferring a full definition.
    ///
    /// # Errors
    /// As [`Context::lookup`].
    fn lookup_tag(&self, tag: Tag, name: &str) -> Result<Option<Type>>;

    /// A base type of the debug information (`unsigned long`, as DWARF spells it); `None` lets the built-in one be used.
    fn base_type(&self, _name: &str) -> Option<Type> {
        None
    }

    /// Bytes of an address, and of a `long`.
    fn address_size(&self) -> u8 {
        8
    }

    /// The full definition of a type that was only declared where it was found.
    fn complete(&self, _ty: &Type) -> Option<Type> {
        None
    }

    /// Whether a source file of this name is known: decides `'file.c'::x` against `func::x`.
    fn has_file(&self, _name: &str) -> bool {
        false
    }

    /// Whether any symbols are loaded: decides between two error texts for unknown names.
    fn has_symbols(&self) -> bool {
        true
    }

    /// `$NAME` as a register of the selected frame, if it is one. `fp`, `sp`, `pc` and `ps` are also asked for.
    fn register(&self, _name: &str) -> Option<Result<Value>> {
        None
    }

    /// The symbol at or before an address, where one covers it.
    fn symbolize(&self, _addr: VirtAddr) -> Option<Symbolized> {
        None
    }

    /// Whether the address lies in code: decides how a pointer to function prints.
    fn is_code(&self, addr: VirtAddr) -> bool {
        self.symbolize(addr).is_some_and(|found| found.is_function)
    }

    /// The name of a register, for messages.
    fn register_name(&self, register: RegisterId) -> String {
        format!("r{}", register.0)
    }

    /// The value a parameter had when its function was entered: `x@entry`.
    ///
    /// # Errors
    /// By default: it cannot be had.
    fn entry_value(&self, _symbol: &Symbol) -> Result<Value> {
        Err(ExprError::msg("Cannot find matching parameter at caller and callee"))
    }

    /// Whether names are the same that differ in the case of their letters (`set case-sensitive off`).
    fn ignores_case(&self) -> bool {
        false
    }

    /// Whether a symbol is a per-CPU variable.
    fn is_per_cpu(&self, _symbol: &Symbol) -> bool {
        false
    }

    /// Where the copy of a per-CPU variable is. The symbol itself is at `addr`. `None`: it is not per-CPU, or `cpu` asks for
    /// no copy.
    ///
    /// # Errors
    /// A CPU that does not exist, or is unknown.
    fn per_cpu(&self, _symbol: &Symbol, _addr: VirtAddr, _cpu: Cpu) -> Result<Option<VirtAddr>> {
        Ok(None)
    }

    /// Where a per-CPU pointer points on a CPU.
    ///
    /// # Errors
    /// As [`Context::per_cpu`]; by default: there are no CPUs.
    fn per_cpu_pointer(&self, _addr: VirtAddr, _cpu: u64) -> Result<VirtAddr> {
        Err(ExprError::msg("There is no kernel whose CPUs could be asked."))
    }

    /// The CPUs that `x@all` is about.
    ///
    /// # Errors
    /// As [`Context::per_cpu_pointer`].
    fn online_cpus(&self) -> Result<Vec<u64>> {
        Err(ExprError::msg("There is no kernel whose CPUs could be asked."))
    }

    /// Whether the user pressed Ctrl-C: whatever takes long ends then.
    fn is_interrupted(&self) -> bool {
        false
    }

    /// Ends what takes long.
    ///
    /// # Errors
    /// [`ExprError::Interrupted`] when the user pressed Ctrl-C.
    fn check_interrupt(&self) -> Result<()> {
        if self.is_interrupted() { Err(ExprError::Interrupted) } else { Ok(()) }
    }

    /// Tells the user something that is no error; the text comes without `warning: `.
    fn warn(&self, _text: &str) {}

    /// Whether functions of the debugged program can be called at all; asked before their arguments are parsed.
    ///
    /// # Errors
    /// By default: they cannot.
    fn may_call(&self) -> Result<()> {
        Err(ExprError::msg("You can't do that without a process to debug."))
    }

    /// Calls a function of the debugged program: a pointer to it (or a number) and arguments converted as C does.
    ///
    /// # Errors
    /// By default: calls are not possible.
    fn call(&self, _function: &Value, _args: &[Value]) -> Result<Value> {
        Err(ExprError::msg("You can't do that without a process to debug."))
    }

    /// What the next store of this evaluation has stored, when the expression is evaluated again because of a call.
    fn stored_before(&self) -> Option<Value> {
        None
    }

    /// Tells what a store has stored.
    fn note_stored(&self, _value: &Value) {}

    /// Reserves room in the debugged program for a value that has to have an address (`&"abc"`, string arguments).
    ///
    /// # Errors
    /// By default: not possible. With a running target that has no `malloc` gdb says
    /// `evaluation of this expression requires the program to have a function "malloc".`
    fn allocate(&self, _bytes: &[u8]) -> Result<VirtAddr> {
        Err(ExprError::msg("evaluation of this expression requires the target program to be active"))
    }

    /// A `$name(...)` function beyond the ones every debugger has.
    fn function(&self, _name: &str) -> Option<Arc<dyn Function>> {
        None
    }

    /// A `$name` that is computed at every use: `$_thread`, `$_siginfo`, ...
    fn computed_variable(&self, _name: &str) -> Option<Result<Value>> {
        None
    }

    /// What stands behind these surroundings, for functions that know more than expressions do.
    fn host(&self) -> Option<&dyn std::any::Any> {
        None
    }

    /// Value history and convenience variables.
    fn store(&self) -> &Store;

    /// Whether the program has macros anywhere. Asked for every expression.
    fn has_macros(&self) -> bool {
        false
    }

    /// What finds the program's macros at the place the names of an expression are resolved at; `None` where it has none. The
    /// user's own are in the store.
    fn macros(&self) -> Option<FindMacro<'_>> {
        None
    }

    /// `set print ...`, `set input-radix`, ...: what functions like `$_as_string` and casts go by.
    fn print_options(&self) -> PrintOptions {
        PrintOptions::default()
    }

    /// `set input-radix`.
    fn input_radix(&self) -> u32 {
        10
    }
}
