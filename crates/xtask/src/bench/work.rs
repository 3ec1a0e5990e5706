//! What is measured, what kdive is to reach, and what came out.

use std::collections::BTreeMap;

use super::stats;

/// A piece of work: a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// The questions of `tests/bench/startup.gdb`, without an index on disk.
    Cold,
    /// The most memory that took.
    ColdMemory,
    /// The same with the index that the last run left on disk, where the debugger keeps one.
    Warm,
    /// The most memory that took.
    WarmMemory,
    /// The first backtrace.
    Backtrace,
    /// The first look at a large structure.
    PrintFirst,
    /// The same look again.
    PrintAgain,
    /// One instruction.
    Stepi,
    /// One line, the mean over a function.
    Next,
    /// One hit of a breakpoint whose condition is false.
    Condition,
    /// 16 MiB of memory into a file.
    Dump,
    /// All tasks by a script.
    Walk,
    /// This many modules from files.
    Modules(usize),
}

/// How many modules are loaded.
pub const MODULES: &[usize] = &[1, 10, 100, 1000];

/// What kdive is to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// At most so many seconds.
    Seconds(f64),
    /// At most so many bytes.
    Bytes(f64),
    /// At most so many times what the bare wire takes, measured in the same run.
    TimesWire(f64),
}

impl Work {
    /// All rows, in order.
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Cold,
            Self::ColdMemory,
            Self::Warm,
            Self::WarmMemory,
            Self::Backtrace,
            Self::PrintFirst,
            Self::PrintAgain,
            Self::Stepi,
            Self::Next,
            Self::Condition,
            Self::Dump,
            Self::Walk,
        ];
        all.extend(MODULES.iter().map(|count| Self::Modules(*count)));
        all
    }

    /// What it is, for the table.
    pub fn words(self) -> String {
        match self {
            Self::Cold => "start and five questions, no index on disk".to_owned(),
            Self::ColdMemory => "peak memory of that, no index on disk".to_owned(),
            Self::Warm => "start and five questions, index on disk".to_owned(),
            Self::WarmMemory => "peak memory of that, index on disk".to_owned(),
            Self::Backtrace => "first `backtrace`".to_owned(),
            Self::PrintFirst => "`print init_task`, first".to_owned(),
            Self::PrintAgain => "`print init_task`, again".to_owned(),
            Self::Stepi => "`stepi`".to_owned(),
            Self::Next => "`next`, mean over `uptime_proc_show`".to_owned(),
            Self::Condition => "breakpoint on `write_null`, condition never true, per hit".to_owned(),
            Self::Dump => "`dump binary memory`, 16 MiB".to_owned(),
            Self::Walk => "walk of all tasks, pid and comm".to_owned(),
            Self::Modules(count) => {
                format!("`add-symbol-file` of {count} module{}", if count == 1 { "" } else { "s" })
            }
        }
    }

    /// What kdive is to reach, if anything was set.
    pub fn target(self) -> Option<Target> {
        match self {
            Self::Cold => Some(Target::Seconds(0.20)),
            Self::ColdMemory => Some(Target::Bytes(120e6)),
            Self::Warm => Some(Target::Seconds(0.05)),
            Self::WarmMemory => Some(Target::Bytes(60e6)),
            Self::Backtrace => Some(Target::Seconds(0.010)),
            Self::PrintFirst => Some(Target::Seconds(0.020)),
            Self::PrintAgain => Some(Target::Seconds(0.002)),
            Self::Stepi => Some(Target::Seconds(0.000_35)),
            Self::Next => Some(Target::Seconds(0.002)),
            Self::Condition => Some(Target::TimesWire(1.1)),
            Self::Dump => Some(Target::Seconds(0.2)),
            Self::Walk => Some(Target::Seconds(0.005)),
            Self::Modules(_) => None,
        }
    }

    /// A value of this row as text.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::ColdMemory | Self::WarmMemory => format!("{:.0} MB", value / 1e6),
            _ => stats::seconds(value),
        }
    }
}

/// The column of the bare wire.
pub const WIRE: &str = "wire";
/// The column of drgn.
pub const DRGN: &str = "drgn";
/// The column of kdive.
pub const KDIVE: &str = "kdive";

/// What came out: for each row and column the values of all repetitions.
#[derive(Debug, Default)]
pub struct Results {
    values: BTreeMap<(Work, String), Vec<f64>>,
}

impl Results {
    /// Adds a value.
    pub fn add(&mut self, work: Work, column: &str, value: f64) {
        self.values.entry((work, column.to_owned())).or_default().push(value);
    }

    /// The median of a cell.
    pub fn median(&self, work: Work, column: &str) -> Option<f64> {
        stats::median(self.values.get(&(work, column.to_owned()))?)
    }

    /// Whether kdive reaches the row's target; `None` where there is none or nothing was measured.
    pub fn met(&self, work: Work) -> Option<bool> {
        let value = self.median(work, KDIVE)?;
        Some(match work.target()? {
            Target::Seconds(limit) | Target::Bytes(limit) => value <= limit,
            Target::TimesWire(times) => value <= times * self.median(work, WIRE)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_met_by_the_median() {
        let mut results = Results::default();
        assert_eq!(results.met(Work::Stepi), None);
        for value in [0.0003, 0.0003, 0.1] {
            results.add(Work::Stepi, KDIVE, value);
        }
        assert_eq!(results.met(Work::Stepi), Some(true));
        results.add(Work::Condition, KDIVE, 0.0034);
        assert_eq!(results.met(Work::Condition), None);
        results.add(Work::Condition, WIRE, 0.003);
        assert_eq!(results.met(Work::Condition), Some(false));
    }

    #[test]
    fn values_have_the_unit_of_their_row() {
        assert_eq!(Work::ColdMemory.show(1.9e9), "1900 MB");
        assert_eq!(Work::Stepi.show(0.0016), "1.60 ms");
    }
}
