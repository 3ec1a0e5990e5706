//! Line tables of a unit, one per source file, arranged as gdb arranges them.
//!
//! Which line an address has, and at which addresses a line begins, follows from details of how gdb records rows: a change
//! of file ends the table of the old file at that address, a row replaced at the same address disappears, runs of a line
//! that differ only in discriminators collapse. The rules below are those of gdb 13 (`lnp_state_machine::record_line`,
//! `buildsym_compunit::record_line`, `find_pc_sect_line`), without which breakpoints land elsewhere than its users expect.

use super::debug_info::UnitContext;
use super::files::{FileIndex, FileTable, line_program};
use std::sync::Arc;

/// A row: line `line` begins at `pc`. Line 0 ends the rows before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) pc: u64,
    pub(crate) line: u32,
    pub(crate) is_stmt: bool,
}

/// The line tables of a unit.
#[derive(Debug)]
pub(crate) struct LineTables {
    pub(crate) files: Arc<FileTable>,
    /// Rows by address, for each file.
    rows: Vec<Vec<Row>>,
}

/// The line an address belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LineHit {
    pub(crate) file: FileIndex,
    pub(crate) line: u32,
    pub(crate) start: u64,
    /// `None`: to the end of the unit's code.
    pub(crate) end: Option<u64>,
    pub(crate) is_stmt: bool,
}

impl LineTables {
    /// Decodes a unit's line program. `None` when it has none or its header is damaged.
    pub(super) fn read(context: &UnitContext<'_>, files: &Arc<FileTable>) -> Option<Self> {
        let mut rows = line_program(context)?.rows();
        let mut tables = Self { files: Arc::clone(files), rows: vec![Vec::new(); files.files.len()] };
        let mut recorder = Recorder::default();
        // A damaged program counts up to the damage.
        while let Ok(Some((_, row))) = rows.next_row() {
            recorder.row(&mut tables, row);
        }
        for rows in &mut tables.rows {
            // gdb sorts ends before beginnings at an address, and is otherwise stable.
            rows.sort_by(|a, b| (a.pc, a.line != 0).cmp(&(b.pc, b.line != 0)));
            rows.shrink_to_fit();
        }
        Some(tables)
    }

    pub(crate) fn rows(&self, file: FileIndex) -> &[Row] {
        self.rows.get(file).map_or(&[], Vec::as_slice)
    }

    /// The line of an address: in each file the last row at or before it, and of those the nearest. Its range ends at the
    /// first row of any file behind its start.
    pub(crate) fn find(&self, pc: u64) -> Option<LineHit> {
        let mut best: Option<(FileIndex, Row)> = None;
        let mut best_end: Option<u64> = None;
        // The nearest row that no row of its file precedes.
        let mut first_behind: Option<u64> = None;
        for (file, rows) in self.rows.iter().enumerate() {
            let Some(first) = rows.first() else { continue };
            if first.pc > pc && first_behind.is_none_or(|behind| first.pc < behind) {
                first_behind = Some(first.pc);
            }
            let after = rows.partition_point(|row| row.pc <= pc);
            let previous = after.checked_sub(1).and_then(|index| rows.get(index));
            if let Some(previous) = previous
                && previous.line != 0
                && best.is_none_or(|(_, best)| previous.pc > best.pc)
            {
                let row = statement_at_same_pc(rows, after - 1).unwrap_or(*previous);
                best = Some((file, row));
                if best_end.is_some_and(|end| end <= row.pc) {
                    best_end = None;
                }
            }
            if let Some((_, best)) = best
                && let Some(next) = rows.get(after)
                && next.pc > best.pc
                && best_end.is_none_or(|end| end > next.pc)
            {
                best_end = Some(next.pc);
            }
        }
        let (file, row) = best?;
        let end = match (best_end, first_behind) {
            (Some(end), Some(behind)) if end >= behind => Some(behind),
            (Some(end), _) => Some(end),
            (None, behind) => behind,
        };
        Some(LineHit { file, line: row.line, start: row.pc, end, is_stmt: row.is_stmt })
    }

    /// Addresses at which exactly `line` of a file begins.
    pub(crate) fn exact(&self, file: FileIndex, line: u32) -> impl Iterator<Item = u64> {
        self.rows(file).iter().filter(move |row| row.is_stmt && row.line == line).map(|row| row.pc)
    }

    /// The smallest line of a file with code that is not before `line`, and its first address.
    pub(crate) fn at_or_after(&self, file: FileIndex, line: u32) -> Option<(u32, u64)> {
        let mut best: Option<(u32, u64)> = None;
        for row in self.rows(file).iter().filter(|row| row.is_stmt && row.line >= line && row.line != 0) {
            if best.is_none_or(|(line, _)| row.line < line) {
                best = Some((row.line, row.pc));
            }
        }
        best
    }

    /// Beginnings of lines of all files within a range, by address.
    pub(crate) fn starts_in(&self, start: u64, end: u64) -> Vec<u64> {
        let mut starts: Vec<u64> = self
            .rows
            .iter()
            .flat_map(|rows| {
                let from = rows.partition_point(|row| row.pc < start);
                rows.get(from..).unwrap_or_default().iter().take_while(|row| row.pc < end).map(|row| row.pc)
            })
            .collect();
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// How many rows of a file begin a line at an address.
    pub(crate) fn rows_at(&self, file: FileIndex, pc: u64) -> usize {
        self.rows(file).iter().filter(|row| row.pc == pc && row.line != 0).count()
    }

    /// Largest line number of a file with code.
    pub(crate) fn last_line(&self, file: FileIndex) -> u32 {
        self.rows(file).iter().map(|row| row.line).max().unwrap_or(0)
    }
}

/// When the row found is no statement, an earlier one at the same address that is.
fn statement_at_same_pc(rows: &[Row], index: usize) -> Option<Row> {
    let found = rows.get(index)?;
    if found.is_stmt {
        return None;
    }
    rows.get(..index)?
        .iter()
        .rev()
        .take_while(|row| row.pc == found.pc && row.line != 0)
        .find(|row| row.is_stmt)
        .copied()
}

/// gdb's state between rows of a sequence.
#[derive(Default)]
struct Recorder {
    last_file: Option<FileIndex>,
    last_line: u32,
    /// Line of the previous row, recorded or not.
    row_line: u32,
    last_address: Option<u64>,
    statement_at_address: bool,
    /// Whether some row since the line last changed had a discriminator.
    discriminated: bool,
}

impl Recorder {
    fn row(&mut self, tables: &mut LineTables, row: &gimli::LineRow) {
        let line = row.line().map_or(0, |line| u32::try_from(line.get()).unwrap_or(0));
        let (pc, end) = (row.address(), row.end_sequence());
        let discriminated = row.discriminator() != 0;
        self.discriminated =
            if line == self.row_line { self.discriminated | discriminated } else { discriminated };
        self.row_line = line;

        let file = tables.files.of_number(row.file_index());
        if (row.op_index() == 0 || end)
            && let Some(file) = file
        {
            let changed = self.last_file != Some(file);
            let ignored = (changed
                && !end
                && self.last_address == Some(pc)
                && !row.is_stmt()
                && self.statement_at_address)
                || (!end && line == 0);
            if ((changed && !ignored) || end)
                && let Some(last) = self.last_file
            {
                record(tables, last, Row { pc, line: 0, is_stmt: true });
            }
            if !end && !ignored {
                if changed || line != self.last_line || !self.discriminated {
                    record(tables, file, Row { pc, line, is_stmt: row.is_stmt() });
                }
                self.last_file = Some(file);
                self.last_line = line;
            }
        }
        if self.last_address != Some(pc) {
            self.statement_at_address = false;
            self.last_address = Some(pc);
        }
        self.statement_at_address |= row.is_stmt();
        if end {
            *self = Self::default();
        }
    }
}

fn record(tables: &mut LineTables, file: FileIndex, row: Row) {
    let Some(rows) = tables.rows.get_mut(file) else { return };
    if row.line == 0 {
        // An end takes the rows at its address with it: no code belongs to them.
        let mut last_line = None;
        while let Some(last) = rows.last() {
            last_line = Some(last.line);
            if last.pc != row.pc {
                break;
            }
            rows.pop();
        }
        // Nothing is left for it to end.
        if last_line.is_none_or(|line| line == 0) {
            return;
        }
    }
    rows.push(row);
}
