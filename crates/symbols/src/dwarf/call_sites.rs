//! Call sites: what is known at a call of the callee and its arguments.
//!
//! DWARF 5 (section 3.4) and the GNU extension that came before it, which puts the return address into `DW_AT_low_pc`.

use super::debug_info::{DebugInfo, UnitContext};
use super::die::Die;
use super::eval::Environment;
use super::functions::FunctionInfo;
use super::units::{DieKey, UnitIndex};
use crate::{EntryValue, LocationError};
use gimli::AttributeValue;
use gimli::constants as dw;

/// A call.
#[derive(Debug)]
pub(crate) struct CallSiteInfo {
    pub(crate) unit: UnitIndex,
    pub(crate) return_pc: u64,
    pub(crate) tail_call: bool,
    /// The entry of the callee of a direct call; see [`DebugInfo::callee`].
    pub(crate) callee: Option<DieKey>,
    pub(crate) params: Vec<CallSiteParamInfo>,
    pub(crate) function: DieKey,
}

/// An argument whose value the caller can compute: the expression's bytes in the unit's section.
#[derive(Debug)]
pub(crate) struct CallSiteParamInfo {
    pub(crate) what: EntryValue,
    start: usize,
    len: usize,
}

/// Most calls read for one function.
pub(super) const MAX_CALLS: usize = 1 << 16;
/// Deepest nesting of blocks that is followed.
const MAX_DEPTH: isize = 512;

/// All call sites of a function, in the order of the file.
pub(super) fn read(context: &UnitContext<'_>, function: &FunctionInfo) -> Vec<CallSiteInfo> {
    let mut found = Vec::new();
    let Some(offset) = context.offset_of_key(function.key) else { return found };
    let Ok(mut entries) = context.unit.entries_at_offset(gimli::UnitOffset(offset)) else { return found };
    let Ok(Some(root)) = entries.next_dfs() else { return found };
    if !root.has_children() {
        return found;
    }
    while let Ok(Some(die)) = entries.next_dfs() {
        if die.depth() <= 0 || die.depth() > MAX_DEPTH || found.len() >= MAX_CALLS {
            break;
        }
        if matches!(die.tag(), dw::DW_TAG_call_site | dw::DW_TAG_GNU_call_site) {
            let die = die.clone();
            found.extend(call_site(context, &die, function.key));
        }
    }
    found
}

fn call_site<'a>(context: &UnitContext<'a>, die: &Die<'a>, function: DieKey) -> Option<CallSiteInfo> {
    let return_pc =
        context.address(die, dw::DW_AT_call_return_pc).or_else(|| context.address(die, dw::DW_AT_low_pc))?;
    let flag = |name| die.attr_value(name) == Some(AttributeValue::Flag(true));
    let origin = die.attr_value(dw::DW_AT_call_origin).or_else(|| die.attr_value(dw::DW_AT_abstract_origin));
    let callee = origin.and_then(|value| context.reference(value));
    let mut params = Vec::new();
    context.for_each_child(die, |child| {
        if matches!(child.tag(), dw::DW_TAG_call_site_parameter | dw::DW_TAG_GNU_call_site_parameter) {
            params.extend(param(context, child));
        }
    });
    Some(CallSiteInfo {
        unit: context.index,
        return_pc,
        tail_call: flag(dw::DW_AT_call_tail_call) || flag(dw::DW_AT_GNU_tail_call),
        callee,
        params,
        function,
    })
}

fn param<'a>(context: &UnitContext<'a>, die: &Die<'a>) -> Vec<CallSiteParamInfo> {
    let expression = |names: [gimli::DwAt; 2]| {
        names.iter().find_map(|&name| match die.attr_value(name)? {
            AttributeValue::Exprloc(expression) => Some(expression),
            AttributeValue::Block(block) => Some(gimli::Expression(block)),
            _ => None,
        })
    };
    let section = context.section().as_ptr() as usize;
    let make = |what, value: gimli::Expression<super::units::Slice<'a>>| {
        let bytes = value.0.slice();
        Some(CallSiteParamInfo {
            what,
            start: (bytes.as_ptr() as usize).checked_sub(section)?,
            len: bytes.len(),
        })
    };
    let location = expression([dw::DW_AT_location, dw::DW_AT_location]);
    let Some(location) = location else { return Vec::new() };
    let Some(what) = context.entry_value(location) else { return Vec::new() };
    let mut params = Vec::new();
    if let Some(value) = expression([dw::DW_AT_call_value, dw::DW_AT_GNU_call_site_value]) {
        params.extend(make(what, value));
    }
    // What the pointer passed in the register points at.
    if let EntryValue::Register(register) = what
        && let Some(value) = expression([dw::DW_AT_call_data_value, dw::DW_AT_GNU_call_site_data_value])
    {
        params.extend(make(EntryValue::Memory { register, offset: 0, size: 8 }, value));
    }
    params
}

impl DebugInfo {
    /// An argument's value, computed in the caller's frame.
    pub(crate) fn call_site_value(
        &self,
        site: &CallSiteInfo,
        param: &CallSiteParamInfo,
        caller: &Environment<'_>,
    ) -> Result<u64, LocationError> {
        let context = self
            .context_over(site.unit, self.dwarf_with_locations())
            .ok_or_else(|| LocationError::Malformed("damaged DWARF unit".into()))?;
        let expression = context
            .expression(param.start, param.len)
            .ok_or_else(|| LocationError::Malformed("damaged DWARF call site".into()))?;
        context.evaluate_number(expression, caller)
    }
}
