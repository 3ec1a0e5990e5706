//! The kernel's log: `lx-dmesg`, `log`.

use crate::spec::{Class, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_linux::LogRecord;

const NEEDS: Needs = Needs::TARGET.and(Needs::SYMBOLS);

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "lx-dmesg",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Print Linux kernel log buffer",
        help: "Usage: lx-dmesg [-l] [[-n] COUNT]\n\
               Each line with the time since boot, as scripts/gdb does. The last COUNT messages,\n\
               or all.\n\
               -l   with the level of each in front, <0> emergency to <7> debug",
        keywords: &["printk", "dmesg", "console", "oops", "kernel messages"],
        examples: &["lx-dmesg", "lx-dmesg -n 5"],
        run: log,
        ..Spec::EMPTY
    },
    Spec {
        name: "log",
        aliases: &["dmesg"],
        class: Class::Linux,
        needs: NEEDS,
        summary: "The kernel's messages",
        help: "Usage: log [-l] [[-n] COUNT]\n\
               The last COUNT messages, or all.\n\
               -l   with the level of each in front, <0> emergency to <7> debug",
        keywords: &["printk", "dmesg", "console", "oops"],
        examples: &["log", "log 20", "log -l 5"],
        run: log,
        ..Spec::EMPTY
    },
];

fn log(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let command = if args.invoked.starts_with("lx") { "lx-dmesg" } else { "log" };
    let (mut count, mut levels, mut wants_count) = (None, false, false);
    for word in args.text().split_whitespace() {
        match word {
            "-l" => levels = true,
            "-n" => wants_count = true,
            option if option.starts_with('-') && option.parse::<i64>().is_err() => {
                return Err(Error::msg(format!("{command} has no option {option}; see help {command}.")));
            }
            number => {
                // `-5` as tail has it.
                let digits = number.strip_prefix('-').unwrap_or(number);
                wants_count = false;
                count = Some(digits.parse().map_err(|_| {
                    Error::msg(format!("{number} is no number of messages; see help {command}."))
                })?);
            }
        }
    }
    if wants_count {
        return Err(Error::msg(format!("{command} -n takes a number of messages, as in {command} -n 20.")));
    }
    show(shell, count, levels)
}

/// The lines of one message as `dmesg` has them.
pub(crate) fn lines(record: &LogRecord, level: bool) -> Vec<String> {
    let seconds = record.ts_nsec / 1_000_000_000;
    // Rounded half to even as Python's format does is not worth it: microseconds are cut off by the kernel too.
    let micros = record.ts_nsec % 1_000_000_000 / 1000;
    let level = if level { format!("<{}>", record.level) } else { String::new() };
    let prefix = format!("{level}[{seconds:5}.{micros:06}] ");
    let text = if record.text.is_empty() { vec![""] } else { record.text.lines().collect() };
    text.into_iter().map(|line| format!("{prefix}{line}")).collect()
}

fn show(shell: &mut Shell, count: Option<usize>, levels: bool) -> Result<(), Error> {
    let log = kdive_linux::log(shell.program()).map_err(Error::msg)?;
    let skipped = count.map_or(0, |count| log.records.len().saturating_sub(count));
    for record in log.records.iter().skip(skipped) {
        for line in lines(record, levels) {
            shell.out.line(&line);
        }
    }
    if let Some(broken) = log.broken {
        super::damaged(shell, &format!("the log is damaged: {broken}"));
    }
    Ok(())
}
