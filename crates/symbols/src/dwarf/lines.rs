//! Line tables of a unit, one per source file, arranged as gdb arranges them.
//!
//! Which line an address has, and at which addresses a line begins, follows from details of how gdb records rows: a change
//! of file ends the table of the old file at that address, a row replaced at the same address disappears, runs of a line
//! that differ only in discriminators collapse. The rules below are those of gdb 13 (`lnp_state_machine::record_line`,
//! `buildsym_compunit::record_line`, `find_pc_sect_line`), without which breakpoints land elsewhere than its users expect.

use super::files::{FileIndex, FileTable, LineUnit};
use super::units::Slice;
use gimli::{LineInstruction, LineRow};
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
    pub(super) fn read(unit: &LineUnit<'_>, files: &Arc<FileTable>) -> Option<Self> {
        let mut program = unit.program()?;
        let mut tables = Self { files: Arc::clone(files), rows: vec![Vec::new(); files.files.len()] };
        let mut recorder = Recorder::new(&tables);
        let mut row = LineRow::new(program.header());
        let mut instructions = program.header().instructions();
        // A damaged program counts up to the damage.
        while let Ok(Some(instruction)) = instructions.next_instruction(program.header()) {
            recorder.before(&instruction, &row);
            let line = row.line();
            let Ok(emits) = row.execute(instruction, &mut program) else { break };
            recorder.after(&tables, &row, line != row.line());
            if emits {
                recorder.row(&mut tables, &row);
                row.reset(program.header());
            }
        }
        for rows in &mut tables.rows {
            // gdb sorts ends before beginnings at an address, and is otherwise stable.
            rows.sort_by_key(|row| (row.pc, row.line != 0));
            rows.shrink_to_fit();
        }
        Some(tables)
    }

    pub(crate) fn rows(&self, file: FileIndex) -> &[Row] {
        self.rows.get(file).map_or(&[], Vec::as_slice)
    }

    /// The line of an address: in each file the last row at or before it, and of those the nearest. Its range ends at the
    /// first row of any file after its start.
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

/// gdb's state machine, as far as it goes beyond the standard's.
struct Recorder {
    /// The file that was current before the last change, or that of the last row recorded since.
    last_file: Option<FileIndex>,
    file: Option<FileIndex>,
    last_line: u32,
    last_address: Option<u64>,
    statement_at_address: bool,
    discriminator: u64,
    /// Whether the current line has had a discriminator since it became current.
    discriminated: bool,
    /// The sequence is of code that the linker dropped.
    dropped: bool,
    changes_file: bool,
}

impl Recorder {
    fn new(tables: &LineTables) -> Self {
        Self {
            last_file: None,
            file: tables.files.of_number(1),
            last_line: 0,
            last_address: None,
            statement_at_address: false,
            discriminator: 0,
            discriminated: false,
            dropped: false,
            changes_file: false,
        }
    }

    fn before(&mut self, instruction: &LineInstruction<Slice<'_>>, row: &LineRow) {
        match *instruction {
            LineInstruction::SetFile(_) => self.changes_file = true,
            LineInstruction::SetDiscriminator(discriminator) => {
                self.discriminated |= discriminator != 0;
                self.discriminator = discriminator;
            }
            // Linkers leave -1, -2 or an address that was passed already.
            LineInstruction::SetAddress(address) => {
                self.dropped = address < row.address() || address >= u64::MAX - 1
            }
            _ => {}
        }
    }

    fn after(&mut self, tables: &LineTables, row: &LineRow, line_changed: bool) {
        if std::mem::take(&mut self.changes_file) {
            self.discriminated = self.discriminator != 0;
            self.last_file = self.file;
            self.file = tables.files.of_number(row.file_index()).or(self.file);
        }
        if line_changed {
            self.discriminated = self.discriminator != 0;
        }
    }

    fn row(&mut self, tables: &mut LineTables, row: &LineRow) {
        let line = row.line().map_or(0, |line| u32::try_from(line.get()).unwrap_or(0));
        let (pc, end) = (row.address(), row.end_sequence());
        let known_file = tables.files.of_number(row.file_index()).is_some();
        if (row.op_index() == 0 || end)
            && known_file
            && let Some(file) = self.file
        {
            let changed = self.last_file != Some(file);
            let again = self.last_address == Some(pc);
            let ignored =
                !end && (line == 0 || (changed && again && !row.is_stmt() && self.statement_at_address));
            if ((changed && !ignored) || end)
                && let Some(last) = self.last_file
            {
                self.record(tables, last, Row { pc, line: 0, is_stmt: true });
            }
            if !end && !ignored {
                if changed || line != self.last_line || !self.discriminated {
                    self.record(tables, file, Row { pc, line, is_stmt: row.is_stmt() });
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
        self.discriminator = 0;
        if end {
            *self = Self::new(tables);
        }
    }

    fn record(&self, tables: &mut LineTables, file: FileIndex, row: Row) {
        if !self.dropped {
            record(tables, file, row);
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
