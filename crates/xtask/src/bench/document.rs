//! `docs/performance.md`.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::profile::Profile;
use super::work::{DRGN, KDIVE, Results, Target, WIRE, Work};

/// What was measured on one kernel.
pub struct Measured {
    /// The kernel's release, and the size of its vmlinux in bytes.
    pub release: String,
    /// Bytes of its vmlinux.
    pub size: u64,
    /// Bytes of `.debug_info`, and the seconds it takes to read them once.
    pub reading: (u64, f64),
    /// One step over the bare wire, and one with the registers read after it, in seconds.
    pub wire_step: Option<(f64, f64)>,
    /// The number of tasks that are walked.
    pub tasks: usize,
    /// The table.
    pub results: Results,
    /// Where the instructions of kdive's cold start go.
    pub profile: Option<Profile>,
}

/// Everything the document says.
pub struct Document<'a> {
    /// The machine in words.
    pub machine: String,
    /// The names of the debuggers, kdive first.
    pub debuggers: Vec<String>,
    /// drgn's version.
    pub drgn: Option<String>,
    /// How often everything was measured.
    pub repetitions: usize,
    /// Reasons for targets that are not met: from the words of the row.
    pub reasons: &'a BTreeMap<String, String>,
    /// By kernel.
    pub measured: Vec<Measured>,
}

const HOW: &str = "\
## How it is measured

All debuggers are measured in one run, in turn, each on a guest of its own: QEMU with TCG, one CPU, time as on a machine. A
figure is the median of all repetitions; only figures of one run are comparable.

- A session's commands are written to the debugger's standard input, each followed by an `echo` of a mark; a command's time
  ends when the mark arrives. What mark and pipe cost is measured with nothing before the mark and subtracted.
- Start: from the start of the process until the answers to `tests/bench/startup.gdb` are there and it takes the next command.
  Files are in the page cache. gdb keeps an index on disk only with `set index-cache`: it has that for the row with the index.
- Memory is the peak resident size as the kernel counts it, mapped file pages included.
- The guest (`tests/bench/init`) does the same three steps for ever. `backtrace`, `print`, `stepi` and `next` are measured in
  `uptime_proc_show`, which it reaches through a system call.
- A breakpoint hit: the guest's time from one `ksys_sync` to the next, in which there are 300 calls of `write_null`, with the
  conditional breakpoint less that without it, divided by 300. The condition is `count == 123456789`.
- The tasks are walked by `tests/bench/walk.gdb`; drgn has its own helper and reads through the same stub.
- *wire* is what the work takes when no debugger is at the other end of the stub: one `vCont;s` for a step; insert, continue,
  remove and `g` to get to where kdive's `next` ended; remove, step, insert, continue for a hit; reads of 2040 bytes, 64 under way,
  for a dump.
- Modules are the debug files of the distribution's package, in alphabetical order, with all their sections, in one `source` of a
  file of `add-symbol-file` commands.
- drgn answers only the questions about types and symbols of the start.
";

impl Document<'_> {
    /// The whole text.
    pub fn text(&self) -> String {
        let mut text = String::from("# Performance\n\n");
        text.push_str(
            "Written by `cargo xtask bench`; the reasons at the end are from `tests/bench/reasons.txt`.\n\n",
        );
        let _ = writeln!(
            text,
            "Measured on {}. {} repetitions. {}.\n",
            self.machine,
            self.repetitions,
            self.debuggers
                .iter()
                .cloned()
                .chain(self.drgn.iter().map(|v| format!("drgn {v}")))
                .collect::<Vec<_>>()
                .join(", ")
        );
        text.push_str(HOW);
        for measured in &self.measured {
            text.push('\n');
            text.push_str(&self.section(measured));
        }
        text
    }

    fn section(&self, measured: &Measured) -> String {
        let Measured { release, size, reading: (bytes, seconds), wire_step, tasks, results, profile } =
            measured;
        let mut text = format!(
            "## {release}\n\nvmlinux of {:.0} MB; its `.debug_info` of {:.0} MB is read once in {}. {tasks} tasks.",
            *size as f64 / 1e6,
            *bytes as f64 / 1e6,
            super::stats::seconds(*seconds),
        );
        if let Some((step, with_registers)) = wire_step {
            let _ = write!(
                text,
                " A bare `vCont;s` takes {}, with `g` after it {}. The targets were set where reading took 20 ms and a bare step 220 µs.",
                super::stats::seconds(*step),
                super::stats::seconds(*with_registers)
            );
        }
        text.push_str("\n\n");
        let mut columns: Vec<&str> = self.debuggers.iter().map(String::as_str).collect();
        if self.drgn.is_some() {
            columns.push(DRGN);
        }
        columns.push(WIRE);
        let _ = writeln!(text, "| work | {} | target | met |", columns.join(" | "));
        let _ = writeln!(text, "|---|{}---:|---|", "---:|".repeat(columns.len()));
        let mut unmet = Vec::new();
        for work in Work::all() {
            let kdive_median = results.median(work, KDIVE);
            let cells = columns.iter().map(|column| match (results.median(work, column), kdive_median) {
                (None, _) => String::new(),
                (Some(value), Some(kdive_median)) if *column != KDIVE && kdive_median > 0.0 => {
                    format!("{} ({:.2}x)", work.show(value), value / kdive_median)
                }
                (Some(value), _) => work.show(value),
            });
            let cells = cells.collect::<Vec<_>>().join(" | ");
            let target = match work.target() {
                Some(Target::Seconds(limit) | Target::Bytes(limit)) => work.show(limit),
                Some(Target::TimesWire(times)) => format!("{times} x wire"),
                None => String::new(),
            };
            let met = match results.met(work) {
                Some(true) => "yes",
                Some(false) => "no",
                None => "",
            };
            if met == "no" {
                unmet.push(work.words());
            }
            let _ = writeln!(text, "| {} | {cells} | {target} | {met} |", work.words());
        }
        text.push_str("\nIn parentheses: as a multiple of kdive's.\n");
        if !unmet.is_empty() {
            text.push_str("\nTargets not met:\n\n");
        }
        for words in unmet {
            let reason = self.reasons.get(&words).map_or("no reason is known yet", String::as_str);
            let _ = writeln!(text, "- {words}: {reason}");
        }
        if let Some(Profile { total, functions }) = profile {
            let _ = writeln!(
                text,
                "\nA cold start of kdive executes {:.0} million instructions (callgrind, all threads), most of them in:\n",
                *total as f64 / 1e6
            );
            for (name, count) in functions {
                let _ = writeln!(text, "- `{name}`: {:.1} %", 100.0 * *count as f64 / *total as f64);
            }
        }
        text
    }
}

/// Reasons from a file of lines `WORK: REASON`; a line that begins with a space continues the one before.
pub fn reasons(text: &str) -> BTreeMap<String, String> {
    let mut reasons: BTreeMap<String, String> = BTreeMap::new();
    let mut last: Option<String> = None;
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if let (true, Some(last)) = (line.starts_with(' '), &last) {
            if let Some(reason) = reasons.get_mut(last) {
                reason.push(' ');
                reason.push_str(line.trim());
            }
        } else if let Some((work, reason)) = line.split_once(": ") {
            reasons.insert(work.to_owned(), reason.to_owned());
            last = Some(work.to_owned());
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_may_span_lines() {
        let reasons = reasons("# comment\n`stepi`: QEMU takes\n  longer\nother: x\n");
        assert_eq!(reasons["`stepi`"], "QEMU takes longer");
        assert_eq!(reasons["other"], "x");
    }

    #[test]
    fn the_table_says_which_targets_are_met_and_why_not() {
        let mut results = Results::default();
        results.add(Work::Stepi, KDIVE, 0.001);
        results.add(Work::Stepi, "gdb 13.1", 0.002);
        results.add(Work::Next, KDIVE, 0.001);
        let reasons = reasons("`stepi`: because\n");
        let measured = Measured {
            release: "6.1".to_owned(),
            size: 590_000_000,
            reading: (164_000_000, 0.02),
            wire_step: Some((0.000_22, 0.000_3)),
            tasks: 61,
            results,
            profile: Some(Profile { total: 8_000_000, functions: vec![("skip".to_owned(), 2_000_000)] }),
        };
        let document = Document {
            machine: "2 cores".to_owned(),
            debuggers: vec![KDIVE.to_owned(), "gdb 13.1".to_owned()],
            drgn: None,
            repetitions: 3,
            reasons: &reasons,
            measured: vec![measured],
        };
        let text = document.text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.contains(&"| `stepi` | 1.00 ms | 2.00 ms (2.00x) |  | 350 µs | no |"), "{text}");
        assert!(
            lines.contains(&"| `next`, mean over `uptime_proc_show` | 1.00 ms |  |  | 2.00 ms | yes |"),
            "{text}"
        );
        assert!(lines.contains(&"- `stepi`: because"), "{text}");
        assert!(lines.contains(&"- `skip`: 25.0 %"), "{text}");
    }
}
