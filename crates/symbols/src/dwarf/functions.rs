//! Functions of a unit that have code of their own.

use super::debug_info::UnitContext;
use super::die::{Die, FileRef};
use super::units::{DieKey, UnitIndex};
use gimli::constants as dw;
use std::sync::Arc;

/// A function with code.
#[derive(Debug)]
pub(crate) struct FunctionInfo {
    pub(crate) key: DieKey,
    pub(crate) unit: UnitIndex,
    pub(crate) name: Arc<str>,
    /// Never empty; the entry is the start of the first.
    pub(crate) ranges: Vec<(u64, u64)>,
    pub(crate) external: bool,
    pub(crate) noreturn: bool,
    pub(crate) decl_file: Option<FileRef>,
    pub(crate) decl_line: u32,
}

impl FunctionInfo {
    /// gdb's `BLOCK_ENTRY_PC`.
    pub(crate) fn entry(&self) -> u64 {
        self.ranges.first().map_or(0, |range| range.0)
    }

    pub(crate) fn contains(&self, pc: u64) -> bool {
        self.ranges.iter().any(|&(start, end)| start <= pc && pc < end)
    }

    pub(super) fn read<'a>(context: &UnitContext<'a>, die: &Die<'a>) -> Option<Self> {
        let ranges = context.ranges(die)?;
        if ranges.is_empty() {
            return None;
        }
        let name = context.name(die).or_else(|| {
            context.inherited(die, |context, die| context.text(die.attr_value(dw::DW_AT_linkage_name)?))
        })?;
        let (decl_file, decl_line) = context.declared_at(die);
        Some(Self {
            key: context.key(die),
            unit: context.index,
            name,
            ranges,
            external: context.flag(die, dw::DW_AT_external),
            noreturn: context.flag(die, dw::DW_AT_noreturn),
            decl_file,
            decl_line,
        })
    }
}

/// The functions of a unit.
#[derive(Debug, Default)]
pub(crate) struct FunctionTable {
    /// In the order of the unit.
    pub(crate) functions: Vec<Arc<FunctionInfo>>,
    /// Ranges by start, with the position of their function.
    by_address: Vec<(u64, u64, usize)>,
}

impl FunctionTable {
    /// Reads the functions at `entries`, those of the unit's top level.
    pub(super) fn read(context: &UnitContext<'_>, entries: &[DieKey]) -> Self {
        let mut table = Self::default();
        for &entry in entries {
            if let Some(die) = context.die_of_key(entry)
                && (die.has_attr(dw::DW_AT_high_pc) || die.has_attr(dw::DW_AT_ranges))
                && let Some(function) = FunctionInfo::read(context, &die)
            {
                let index = table.functions.len();
                table.by_address.extend(function.ranges.iter().map(|&(start, end)| (start, end, index)));
                table.functions.push(Arc::new(function));
            }
        }
        table.by_address.sort_unstable();
        table
    }

    /// The function that contains an address.
    pub(crate) fn find(&self, pc: u64) -> Option<&Arc<FunctionInfo>> {
        let after = self.by_address.partition_point(|&(start, _, _)| start <= pc);
        // Ranges of functions do not nest; identical code folding may make them equal.
        let &(_, end, index) = self.by_address.get(after.checked_sub(1)?)?;
        if pc < end { self.functions.get(index) } else { None }
    }
}
