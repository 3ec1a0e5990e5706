//! Variables: what an entry says about one, and where its value is described.

use super::debug_info::UnitContext;
use super::die::{Die, FileRef};
use super::units::{DieKey, Slice, UnitIndex};
use gimli::constants as dw;
use gimli::{AttributeValue, Operation, Section};
use std::sync::Arc;

/// A variable or parameter.
#[derive(Clone, Debug)]
pub(crate) struct VariableInfo {
    pub(crate) key: DieKey,
    pub(crate) unit: UnitIndex,
    pub(crate) name: Arc<str>,
    pub(crate) ty: Option<DieKey>,
    /// A parameter of a function, inlined or not.
    pub(crate) argument: bool,
    pub(crate) external: bool,
    pub(crate) decl_file: Option<FileRef>,
    pub(crate) decl_line: u32,
    pub(crate) location: Location,
    /// The function with code whose frame it lives in; `None` at file scope.
    pub(crate) function: Option<DieKey>,
}

/// How the place of a value is described.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Location {
    /// In static storage.
    Static(u64),
    /// `DW_AT_const_value`, as a number.
    Constant(i64),
    /// `DW_AT_const_value`, as bytes.
    Bytes(Arc<[u8]>),
    /// An expression: its bytes in the unit's section.
    Expression { start: usize, len: usize },
    /// A location list: its offset in `.debug_loclists` or `.debug_loc`.
    List(usize),
    /// Declared here, defined elsewhere: the ELF symbol of that name has the address.
    Unresolved,
    /// Nowhere.
    OptimizedOut,
}

impl VariableInfo {
    /// A name declared in a function. `None` for entries that declare nothing (no name).
    pub(super) fn local<'a>(
        context: &UnitContext<'a>,
        die: &Die<'a>,
        argument: bool,
        function: DieKey,
    ) -> Option<Self> {
        let mut variable = Self::read(context, die)?;
        variable.argument = argument;
        variable.function = Some(function);
        Some(variable)
    }

    /// Reads a variable's entry.
    pub(crate) fn read<'a>(context: &UnitContext<'a>, die: &Die<'a>) -> Option<Self> {
        // What only an implicit pointer leads to is written as a procedure, which has neither name nor type.
        let name = match die.tag() {
            dw::DW_TAG_dwarf_procedure => "".into(),
            _ => context.name(die)?,
        };
        let (decl_file, decl_line) = context.declared_at(die);
        let external = context.flag(die, dw::DW_AT_external);
        let ty = context.type_key(die);
        let declaration = context.is_declaration(die);
        let location = match context.inherited(die, |context, die| read_location(context, die)) {
            Some(location) => location,
            None if die.tag() == dw::DW_TAG_variable && external && ty.is_some() => Location::Unresolved,
            // Only a declaration, and of nothing visible elsewhere: gdb makes no symbol of it.
            None if die.tag() == dw::DW_TAG_variable && declaration => return None,
            None => Location::OptimizedOut,
        };
        Some(Self {
            key: context.key(die),
            unit: context.index,
            name,
            ty,
            argument: false,
            external,
            decl_file,
            decl_line,
            location,
            function: None,
        })
    }
}

fn read_location<'a>(context: &UnitContext<'a>, die: &Die<'a>) -> Option<Location> {
    if let Some(value) = die.attr_value(dw::DW_AT_const_value) {
        return Some(match value {
            AttributeValue::Block(block) => Location::Bytes(block.slice().into()),
            AttributeValue::Exprloc(expression) => Location::Bytes(expression.0.slice().into()),
            AttributeValue::Addr(addr) => Location::Constant(addr as i64),
            AttributeValue::Data16(value) => Location::Bytes(value.to_le_bytes().as_slice().into()),
            value => match super::types::constant(value) {
                Some(number) => Location::Constant(number),
                None => {
                    let text = context.dwarf.attr_string(&context.unit, value).ok()?;
                    Location::Bytes(text.slice().iter().copied().chain([0]).collect())
                }
            },
        });
    }
    let value = die.attr_value(dw::DW_AT_location)?;
    let bytes = match value {
        AttributeValue::Exprloc(expression) => expression.0,
        AttributeValue::Block(block) => block,
        value => {
            let dwarf = context.info.dwarf_with_locations();
            let offset = dwarf.attr_locations_offset(&context.unit, value).ok()??;
            return Some(Location::List(offset.0));
        }
    };
    if bytes.is_empty() {
        return Some(Location::OptimizedOut);
    }
    let mut operations = gimli::Expression(bytes).operations(context.unit.encoding());
    let first = operations.next().ok().flatten();
    if matches!(operations.next(), Ok(None)) {
        match first {
            Some(Operation::Address { address }) => return Some(Location::Static(address)),
            Some(Operation::AddressIndex { index }) => {
                return Some(Location::Static(context.dwarf.address(&context.unit, index).ok()?));
            }
            _ => {}
        }
    }
    let section = context.section();
    let start = (bytes.slice().as_ptr() as usize).checked_sub(section.as_ptr() as usize)?;
    Some(Location::Expression { start, len: bytes.slice().len() })
}

impl<'a> UnitContext<'a> {
    /// The section the unit is in.
    pub(crate) fn section(&self) -> &'a [u8] {
        if self.unit.header.debug_types_offset().is_some() {
            return self.info.section(".debug_types");
        }
        self.dwarf.debug_info.reader().slice()
    }

    /// The bytes of an expression of this unit.
    pub(crate) fn expression(&self, start: usize, len: usize) -> Option<gimli::Expression<Slice<'a>>> {
        let bytes = self.section().get(start..start.checked_add(len)?)?;
        Some(gimli::Expression(Slice::new(bytes, gimli::LittleEndian)))
    }
}
