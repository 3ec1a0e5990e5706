//! The blocks an address lies in, and the frames they make.

use crate::dwarf::{Block, BlockSymbol, BlockTree, VariableInfo};
use crate::{Function, ModuleId, SourceName, Tag, Variable};
use kdive_base::{LinkAddr, VirtAddr};
use kdive_types::Type;
use std::fmt;
use std::sync::Arc;

/// The blocks an address lies in: the function, its lexical blocks, and calls inlined into it. A handle.
#[derive(Clone)]
pub struct Scope {
    function: Function,
    tree: Arc<BlockTree>,
    innermost: usize,
    pc: VirtAddr,
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({} in {})", self.pc, self.function.name())
    }
}

impl Scope {
    pub(crate) fn new(function: Function, pc: VirtAddr) -> Option<Self> {
        let tree = function.blocks()?;
        let innermost = tree.innermost(function.module().to_link(pc).0)?;
        Some(Self { function, tree, innermost, pc })
    }

    /// The function with code of its own.
    #[must_use]
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// The address looked up.
    #[must_use]
    pub fn pc(&self) -> VirtAddr {
        self.pc
    }

    /// Identifies the innermost block within the function: equal numbers are the same block.
    #[must_use]
    pub fn block(&self) -> usize {
        self.innermost
    }

    /// The virtual frames at the address, innermost inlined call first, the function itself last. Never empty.
    #[must_use]
    pub fn frames(&self) -> Vec<FrameScope> {
        let mut frames = Vec::new();
        let mut innermost = None;
        for (index, block) in self.tree.outward(self.innermost) {
            let inner = *innermost.get_or_insert(index);
            if block.is_function() {
                frames.push(FrameScope {
                    function: self.function.clone(),
                    tree: Arc::clone(&self.tree),
                    innermost: inner,
                    root: index,
                    pc: self.pc,
                });
                innermost = None;
            }
        }
        frames
    }

    /// How many of [`Scope::frames`], counted from the innermost, are inlined calls that begin exactly here: gdb shows the
    /// frame of their caller when it stops at such a place (`skip_inline_frames`).
    #[must_use]
    pub fn inline_frames_starting_here(&self) -> usize {
        self.frames().iter().take_while(|frame| frame.is_inlined() && frame.starts_here()).count()
    }

    /// What `info scope` prints for the address, one entry per name: `Symbol NAME is ...`, possibly of several lines.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (_, block) in self.tree.outward(self.innermost) {
            lines.extend(block.symbols.iter().map(|symbol| self.describe_symbol(symbol, block)));
            if block.is_function() {
                break;
            }
        }
        lines
    }

    fn describe_symbol(&self, symbol: &BlockSymbol, block: &Block) -> String {
        let at = |addr: u64| self.function.module().to_virt(LinkAddr(addr));
        let block_entry = at(block.entry());
        let text = match symbol {
            BlockSymbol::Variable(variable) => {
                Variable::new(self.function.module(), self.function.debug(), Arc::clone(variable))
                    .describe_in_scope(block_entry)
            }
            BlockSymbol::Label { addr, .. } => {
                format!("a label at address {}, length 8.", at(*addr))
            }
            BlockSymbol::LostLabel(_) => "optimized out.".into(),
            BlockSymbol::Inlined(call) => format!("a function at address {}, length 1.", at(call.entry)),
            BlockSymbol::Type { .. } => "a typedef.".into(),
            BlockSymbol::Enumerator { value, enumeration, .. } => {
                let size = self.function.debug().type_ref(Some(*enumeration)).get().size().unwrap_or(4);
                format!("a constant with value {value} ({value:#x}), length {size}.")
            }
        };
        format!("Symbol {} is {text}", symbol.name())
    }
}

/// One virtual frame at an address: a function, or a call inlined into it. A handle.
#[derive(Clone)]
pub struct FrameScope {
    function: Function,
    tree: Arc<BlockTree>,
    /// Innermost block of this frame.
    innermost: usize,
    /// The block that is the function or the inlined call.
    root: usize,
    pc: VirtAddr,
}

impl fmt::Debug for FrameScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameScope({} at {})", self.name(), self.pc)
    }
}

impl FrameScope {
    fn root(&self) -> Option<&Block> {
        self.tree.blocks.get(self.root)
    }

    /// Name of the function or of the inlined function.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.root().and_then(Block::inlined) {
            Some(call) => &call.name,
            None => self.function.name(),
        }
    }

    /// As [`FrameScope::name`], shared.
    #[must_use]
    pub fn shared_name(&self) -> Arc<str> {
        match self.root().and_then(Block::inlined) {
            Some(call) => Arc::clone(&call.name),
            None => self.function.shared_name(),
        }
    }

    /// Whether this is an inlined call.
    #[must_use]
    pub fn is_inlined(&self) -> bool {
        self.root().and_then(Block::inlined).is_some()
    }

    /// The function with code of its own that all of it is in.
    #[must_use]
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// Identifies the frame's block within the function, for comparing frames across stops.
    #[must_use]
    pub fn block(&self) -> usize {
        self.root
    }

    /// For an inlined call: where the outer frame made it (`DW_AT_call_file`, `DW_AT_call_line`).
    #[must_use]
    pub fn call_site_line(&self) -> Option<(SourceName, u32)> {
        let call = self.root()?.inlined()?;
        Some((self.function.debug().source_name(call.call_file?)?, call.call_line))
    }

    /// The type of the function, inlined or not.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self.root().and_then(Block::inlined) {
            Some(call) => {
                // An inlined call's own entry has no prototype; its origin has.
                let debug = self.function.debug();
                let origin = debug
                    .context_of(call.key)
                    .and_then(|context| context.origin(&context.die_of_key(call.key)?));
                debug.type_ref(Some(origin.unwrap_or(call.key))).get()
            }
            None => self.function.ty(),
        }
    }

    /// Start of the block, as gdb's `BLOCK_ENTRY_PC`.
    #[must_use]
    pub fn entry(&self) -> VirtAddr {
        self.function.module().to_virt(LinkAddr(self.root().map_or(0, Block::entry)))
    }

    /// Whether execution at the address enters the block: its entry, or the start of another of its ranges.
    #[must_use]
    pub fn starts_here(&self) -> bool {
        let pc = self.function.module().to_link(self.pc).0;
        self.root().is_some_and(|block| {
            block.entry() == pc || (block.contains(pc) && !block.contains(pc.wrapping_sub(1)))
        })
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        let mut done = false;
        self.tree.outward(self.innermost).map_while(move |(index, block)| {
            let last = std::mem::replace(&mut done, index == self.root);
            (!last).then_some(block)
        })
    }

    fn handle(&self, symbol: &BlockSymbol) -> Option<Variable> {
        match symbol {
            BlockSymbol::Variable(variable) => Some(self.variable_of(variable)),
            _ => None,
        }
    }

    /// Parameters in order.
    #[must_use]
    pub fn params(&self) -> Vec<Variable> {
        let symbols = self.root().map(|block| block.symbols.as_slice()).unwrap_or_default();
        symbols
            .iter()
            .filter_map(|symbol| self.handle(symbol))
            .filter(|variable| variable.info().argument)
            .collect()
    }

    /// Locals block by block, innermost first, in the order `info locals` shows them; labels whose code is gone are among them.
    #[must_use]
    pub fn locals(&self) -> Vec<Vec<Variable>> {
        self.blocks()
            .map(|block| {
                let variables = block.symbols.iter().filter_map(|symbol| match symbol {
                    BlockSymbol::LostLabel(label) => Some(self.variable_of(label)),
                    symbol => self.handle(symbol),
                });
                variables.filter(|variable| !variable.info().argument).collect()
            })
            .collect()
    }

    fn variable_of(&self, info: &Arc<VariableInfo>) -> Variable {
        Variable::new(self.function.module(), self.function.debug(), Arc::clone(info))
    }

    /// The innermost visible variable or parameter of that name in this frame.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<Variable> {
        self.blocks()
            .flat_map(|block| &block.symbols)
            .filter(|symbol| &**symbol.name() == name)
            .find_map(|symbol| self.handle(symbol))
    }

    /// The variable or parameter with this key, if its block is one of the frame's blocks at the address.
    #[must_use]
    pub fn variable_by_key(&self, module: ModuleId, key: u64) -> Option<Variable> {
        if self.function.module().id() != module {
            return None;
        }
        self.blocks()
            .flat_map(|block| &block.symbols)
            .filter_map(|symbol| self.handle(symbol))
            .find(|variable| variable.key() == key)
    }

    /// The address of a `goto` label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<VirtAddr> {
        self.label_place(name).map(|(addr, _, _)| addr)
    }

    /// A `goto` label: its address, and the file and line that declare it.
    pub(crate) fn label_place(&self, name: &str) -> Option<(VirtAddr, Option<SourceName>, u32)> {
        self.tree.blocks.iter().flat_map(|block| &block.symbols).find_map(|symbol| match symbol {
            BlockSymbol::Label { name: symbol_name, addr, file, line } if &**symbol_name == name => {
                let file = file.and_then(|file| self.function.debug().source_name(file));
                Some((self.function.module().to_virt(LinkAddr(*addr)), file, *line))
            }
            _ => None,
        })
    }

    /// A type declared in one of the frame's blocks.
    #[must_use]
    pub fn local_type(&self, tag: Tag, name: &str) -> Option<Type> {
        use gimli::constants as dw;
        let wanted = match tag {
            Tag::Struct => dw::DW_TAG_structure_type,
            Tag::Union => dw::DW_TAG_union_type,
            Tag::Enum => dw::DW_TAG_enumeration_type,
            Tag::Typedef => dw::DW_TAG_typedef,
        };
        self.blocks().flat_map(|block| &block.symbols).find_map(|symbol| match symbol {
            BlockSymbol::Type { name: symbol_name, key, tag } if *tag == wanted && &**symbol_name == name => {
                Some(self.function.debug().type_ref(Some(*key)).get())
            }
            _ => None,
        })
    }

    /// A constant of an enumeration declared in one of the frame's blocks.
    #[must_use]
    pub fn local_enumerator(&self, name: &str) -> Option<(Type, i64)> {
        self.blocks().flat_map(|block| &block.symbols).find_map(|symbol| match symbol {
            BlockSymbol::Enumerator { name: symbol_name, value, enumeration } if &**symbol_name == name => {
                Some((self.function.debug().type_ref(Some(*enumeration)).get(), *value))
            }
            _ => None,
        })
    }
}
