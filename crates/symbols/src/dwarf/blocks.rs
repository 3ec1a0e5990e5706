//! The blocks of a function: itself, its lexical blocks, and the calls inlined into it, with what each declares.
//!
//! Which entries make a block, in which order their names stand, and what an instance inherits from the abstract function it
//! was made from follow gdb 13 (`read_func_scope`, `read_lexical_block_scope`, `inherit_abstract_dies`), since that order is
//! what `info scope` and `info locals` show.

use super::debug_info::UnitContext;
use super::die::{Die, FileRef};
use super::functions::FunctionInfo;
use super::hashed::hashed_order;
use super::units::DieKey;
use super::variable::VariableInfo;
use gimli::constants as dw;
use std::collections::HashSet;
use std::sync::Arc;

/// A block.
#[derive(Debug)]
pub(crate) struct Block {
    /// Position of the block around it; `None` for the function.
    pub(crate) parent: Option<usize>,
    pub(crate) kind: BlockKind,
    /// Code ranges; the block's entry is the start of the first.
    pub(crate) ranges: Vec<(u64, u64)>,
    /// In gdb's order.
    pub(crate) symbols: Vec<BlockSymbol>,
}

/// What a block is.
#[derive(Debug)]
pub(crate) enum BlockKind {
    /// The function itself.
    Function,
    /// `{ ... }`.
    Lexical,
    /// A call inlined here.
    Inlined(Arc<InlinedCall>),
}

/// A call that was inlined.
#[derive(Debug)]
pub(crate) struct InlinedCall {
    pub(crate) name: Arc<str>,
    /// The entry of the call.
    pub(crate) key: DieKey,
    pub(crate) call_file: Option<FileRef>,
    pub(crate) call_line: u32,
    /// Start of its block.
    pub(crate) entry: u64,
}

/// A name declared in a block.
#[derive(Clone, Debug)]
pub(crate) enum BlockSymbol {
    Variable(Arc<VariableInfo>),
    /// A `goto` label whose code is gone: to gdb a variable that was optimized out.
    LostLabel(Arc<VariableInfo>),
    /// A `goto` label.
    Label {
        name: Arc<str>,
        addr: u64,
        file: Option<FileRef>,
        line: u32,
    },
    /// The call the block is.
    Inlined(Arc<InlinedCall>),
    /// `struct`, `union`, `enum` or typedef declared in the block.
    Type {
        name: Arc<str>,
        key: DieKey,
        tag: gimli::DwTag,
    },
    /// An enumerator of an enumeration declared in the block.
    Enumerator {
        name: Arc<str>,
        value: i64,
        enumeration: DieKey,
    },
}

impl BlockSymbol {
    pub(crate) fn name(&self) -> &Arc<str> {
        match self {
            Self::Variable(variable) | Self::LostLabel(variable) => &variable.name,
            Self::Inlined(call) => &call.name,
            Self::Label { name, .. } | Self::Type { name, .. } | Self::Enumerator { name, .. } => name,
        }
    }
}

impl Block {
    pub(crate) fn contains(&self, pc: u64) -> bool {
        self.ranges.iter().any(|&(start, end)| start <= pc && pc < end)
    }

    /// gdb's `BLOCK_ENTRY_PC`.
    pub(crate) fn entry(&self) -> u64 {
        self.ranges.first().map_or(0, |range| range.0)
    }

    pub(crate) fn inlined(&self) -> Option<&Arc<InlinedCall>> {
        match &self.kind {
            BlockKind::Inlined(call) => Some(call),
            _ => None,
        }
    }

    /// Whether it is a function, inlined or not: where name look-up leaves the frame.
    pub(crate) fn is_function(&self) -> bool {
        !matches!(self.kind, BlockKind::Lexical)
    }
}

/// The blocks of a function; the function itself is the first, and every block stands after its parent.
#[derive(Debug)]
pub(crate) struct BlockTree {
    pub(crate) blocks: Vec<Block>,
}

/// Deepest nesting of blocks that is followed.
const MAX_DEPTH: usize = 200;
/// Most entries read for one function, inherited ones included.
const MAX_ENTRIES: usize = 1 << 20;

impl BlockTree {
    pub(crate) fn read(context: &UnitContext<'_>, function: &FunctionInfo) -> Self {
        let mut builder =
            Builder { blocks: Vec::new(), entries: 0, in_process: HashSet::new(), owner: function.key };
        builder.blocks.push(Block {
            parent: None,
            kind: BlockKind::Function,
            ranges: function.ranges.clone(),
            symbols: Vec::new(),
        });
        if let Some(die) = context.die_of_key(function.key) {
            builder.scope(context, &die, Place { block: 0, arguments: true, depth: 0 });
        }
        Self { blocks: builder.blocks }
    }

    /// The innermost block that contains an address.
    pub(crate) fn innermost(&self, pc: u64) -> Option<usize> {
        // Inner blocks are recorded first in gdb's address map and keep what they cover; among siblings the first wins.
        let mut best = None;
        let mut best_depth = 0;
        let mut depths: Vec<usize> = Vec::with_capacity(self.blocks.len());
        for (index, block) in self.blocks.iter().enumerate() {
            let depth = block.parent.and_then(|parent| depths.get(parent)).map_or(1, |depth| depth + 1);
            depths.push(depth);
            if block.contains(pc) && depth > best_depth {
                best = Some(index);
                best_depth = depth;
            }
        }
        best
    }

    /// A block and those around it, inside out.
    pub(crate) fn outward(&self, from: usize) -> impl Iterator<Item = (usize, &Block)> {
        let mut next = Some(from);
        std::iter::from_fn(move || {
            let index = next?;
            let block = self.blocks.get(index)?;
            // Parents stand before their children, so this ends.
            next = block.parent.filter(|&parent| parent < index);
            Some((index, block))
        })
    }
}

/// Where the entries being read put their names.
#[derive(Clone, Copy)]
struct Place {
    block: usize,
    /// Parameters read here are the function's, not variables of a block.
    arguments: bool,
    depth: usize,
}

struct Builder {
    blocks: Vec<Block>,
    entries: usize,
    /// Entries whose children are being read: origins may refer to each other.
    in_process: HashSet<DieKey>,
    owner: DieKey,
}

impl Builder {
    /// Reads the children of a function, block or inlined call, then what it inherits.
    fn scope<'a>(&mut self, context: &UnitContext<'a>, die: &Die<'a>, place: Place) {
        let key = context.key(die);
        if place.depth > MAX_DEPTH || !self.in_process.insert(key) {
            return;
        }
        let mut inherited = Vec::new();
        let mut children = Vec::new();
        context.for_each_child(die, |child| children.push(child.clone()));
        for child in &children {
            if child.tag() != dw::DW_TAG_call_site && child.tag() != dw::DW_TAG_GNU_call_site {
                inherited.extend(last_abstract_origin(context, child));
            }
            self.entry(context, child, place);
        }
        self.inherit(context, die, &inherited, place);
        self.in_process.remove(&key);
    }

    /// Entries of the abstract function or block that no child is an instance of: variables that were optimized out.
    fn inherit<'a>(&mut self, context: &UnitContext<'a>, die: &Die<'a>, instances: &[DieKey], place: Place) {
        let Some(origin) =
            die.attr_value(dw::DW_AT_abstract_origin).and_then(|value| context.reference(value))
        else {
            return;
        };
        let other;
        let origin_context = if context.holds(origin) {
            context
        } else {
            let Some(found) = context.info.context_of(origin) else { return };
            other = found;
            &other
        };
        let Some(origin_die) = origin_context.die_of_key(origin) else { return };
        let mut children = Vec::new();
        origin_context.for_each_child(&origin_die, |child| children.push(child.clone()));
        for child in &children {
            let key = origin_context.key(child);
            if !instances.contains(&key) && !self.in_process.contains(&key) {
                self.entry(origin_context, child, place);
            }
        }
    }

    fn entry<'a>(&mut self, context: &UnitContext<'a>, die: &Die<'a>, place: Place) {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return;
        }
        match die.tag() {
            dw::DW_TAG_lexical_block | dw::DW_TAG_try_block | dw::DW_TAG_catch_block => {
                self.lexical_block(context, die, place);
            }
            dw::DW_TAG_inlined_subroutine => self.inlined(context, die, place),
            dw::DW_TAG_variable | dw::DW_TAG_formal_parameter => {
                let argument = place.arguments && die.tag() == dw::DW_TAG_formal_parameter;
                if let Some(variable) = VariableInfo::local(context, die, argument, self.owner) {
                    self.push(place, BlockSymbol::Variable(Arc::new(variable)));
                }
            }
            dw::DW_TAG_label => {
                // Of a call inlined in part only, the rest of the function may have the label.
                let addr = context.inherited(die, |context, die| context.address(die, dw::DW_AT_low_pc));
                if let Some(addr) = addr {
                    if let Some(name) = context.name(die) {
                        let (file, line) = context.declared_at(die);
                        self.push(place, BlockSymbol::Label { name, addr, file, line });
                    }
                } else if let Some(label) = VariableInfo::local(context, die, false, self.owner) {
                    self.push(place, BlockSymbol::LostLabel(Arc::new(label)));
                }
            }
            tag @ (dw::DW_TAG_structure_type
            | dw::DW_TAG_union_type
            | dw::DW_TAG_enumeration_type
            | dw::DW_TAG_typedef) => {
                self.local_type(context, die, tag, place);
            }
            _ => {}
        }
    }

    fn local_type<'a>(&mut self, context: &UnitContext<'a>, die: &Die<'a>, tag: gimli::DwTag, place: Place) {
        if context.is_declaration(die) {
            return;
        }
        let key = context.key(die);
        if tag == dw::DW_TAG_enumeration_type {
            let mut enumerators = Vec::new();
            context.for_each_child(die, |child| {
                let value = child.attr_value(dw::DW_AT_const_value).and_then(super::types::constant);
                if let (Some(name), Some(value)) = (context.name(child), value) {
                    enumerators.push(BlockSymbol::Enumerator { name, value, enumeration: key });
                }
            });
            for enumerator in enumerators {
                self.push(place, enumerator);
            }
        }
        if let Some(name) = context.name(die) {
            self.push(place, BlockSymbol::Type { name, key, tag });
        }
    }

    fn lexical_block<'a>(&mut self, context: &UnitContext<'a>, die: &Die<'a>, place: Place) {
        let inside = Place { depth: place.depth + 1, arguments: false, ..place };
        match context.ranges(die) {
            // Without code of its own it does not count as a block.
            None => {
                let mut children = Vec::new();
                context.for_each_child(die, |child| children.push(child.clone()));
                if place.depth <= MAX_DEPTH {
                    for child in &children {
                        self.entry(context, child, Place { arguments: place.arguments, ..inside });
                    }
                }
            }
            Some(ranges) if ranges.is_empty() => {}
            Some(ranges) => {
                let block = self.open(Block {
                    parent: Some(place.block),
                    kind: BlockKind::Lexical,
                    ranges,
                    symbols: Vec::new(),
                });
                self.scope(context, die, Place { block, ..inside });
                self.close_lexical(block);
            }
        }
    }

    fn inlined<'a>(&mut self, context: &UnitContext<'a>, die: &Die<'a>, place: Place) {
        let call_line = die.attr_value(dw::DW_AT_call_line).and_then(|value| value.udata_value());
        let call_file = context.file_number(die, dw::DW_AT_call_file);
        // Without its call site it cannot be shown as a frame; its variables can.
        let (Some(call_line), Some(call_file)) = (call_line, call_file) else {
            self.lexical_block(context, die, place);
            return;
        };
        let Some(name) = context.name(die) else { return };
        let Some(ranges) = context.ranges(die).filter(|ranges| !ranges.is_empty()) else { return };
        let call = Arc::new(InlinedCall {
            name,
            key: context.key(die),
            call_file: Some(call_file),
            call_line: u32::try_from(call_line).unwrap_or(0),
            entry: ranges.first().map_or(0, |range| range.0),
        });
        // gdb's symbol of the call stands first in the call's own block.
        let symbols = vec![BlockSymbol::Inlined(Arc::clone(&call))];
        let kind = BlockKind::Inlined(call);
        let block = self.open(Block { parent: Some(place.block), kind, ranges, symbols });
        self.scope(context, die, Place { block, arguments: true, depth: place.depth + 1 });
    }

    fn push(&mut self, place: Place, symbol: BlockSymbol) {
        if let Some(block) = self.blocks.get_mut(place.block) {
            block.symbols.push(symbol);
        }
    }

    fn open(&mut self, block: Block) -> usize {
        self.blocks.push(block);
        self.blocks.len() - 1
    }

    /// A lexical block that declares nothing is none: its children belong to the block around it. One that does keeps its
    /// names in a hash table, whose order shows.
    fn close_lexical(&mut self, index: usize) {
        let Some(block) = self.blocks.get_mut(index) else { return };
        if !block.symbols.is_empty() {
            let order = hashed_order(block.symbols.iter().map(|symbol| &**symbol.name()));
            let mut symbols: Vec<Option<BlockSymbol>> =
                std::mem::take(&mut block.symbols).into_iter().map(Some).collect();
            block.symbols = order.into_iter().filter_map(|i| symbols.get_mut(i)?.take()).collect();
            return;
        }
        let parent = block.parent;
        // Its children stand after it.
        self.blocks.remove(index);
        for block in self.blocks.iter_mut().skip(index) {
            block.parent = match block.parent {
                Some(old) if old == index => parent,
                Some(old) if old > index => Some(old - 1),
                old => old,
            };
        }
    }
}

/// The last entry of the chain of `DW_AT_abstract_origin`s, if there is one.
fn last_abstract_origin<'a>(context: &UnitContext<'a>, die: &Die<'a>) -> Option<DieKey> {
    let mut last = None;
    let mut next = die.attr_value(dw::DW_AT_abstract_origin).and_then(|value| context.reference(value));
    for _ in 0..8 {
        let Some(key) = next else { break };
        last = Some(key);
        next = match context.holds(key) {
            true => context
                .die_of_key(key)
                .and_then(|die| context.reference(die.attr_value(dw::DW_AT_abstract_origin)?)),
            false => None,
        };
    }
    last
}
