//! Settings whose value lives in the structure of the crate that reads it: a setter and a getter for each.
//!
//! `set` hands a new value to its owner, and to no other; `show` asks the owner. [`super::Settings`] has the values by name for
//! `$_gdb_setting`; a test compares each with its owner's.

use super::{Value, architecture, charset};
use crate::Shell;
use crate::gdb::debugger::directories;
use kdive_arch::Flavor;
use kdive_expr::FrameArguments;
use kdive_program::{EntryValues, FileNames, UnwindPolicy};
use kdive_session::SchedulerLocking;

/// The way from a setting to the structure that holds it.
pub(crate) struct Owner {
    /// The setting's full name.
    pub(crate) name: &'static str,
    /// Hands the value over.
    pub(crate) set: fn(&mut Shell, &Value),
    /// The owner's value; `None` where it keeps something that is computed from several settings.
    pub(crate) get: Option<fn(&Shell) -> Value>,
}

/// The words of an enum, and what each stands for.
type Words<T> = [(&'static str, T)];

const FRAME_ARGUMENTS: &Words<FrameArguments> = &[
    ("scalars", FrameArguments::Scalars),
    ("all", FrameArguments::All),
    ("none", FrameArguments::None),
    ("presence", FrameArguments::Presence),
];

const ENTRY_VALUES: &Words<EntryValues> = &[
    ("default", EntryValues::Default),
    ("no", EntryValues::No),
    ("only", EntryValues::Only),
    ("preferred", EntryValues::Preferred),
    ("if-needed", EntryValues::IfNeeded),
    ("both", EntryValues::Both),
    ("compact", EntryValues::Compact),
];

const LOCKING: &Words<SchedulerLocking> = &[
    ("replay", SchedulerLocking::Replay),
    ("off", SchedulerLocking::Off),
    ("on", SchedulerLocking::On),
    ("step", SchedulerLocking::Step),
];

const FILE_NAMES: &Words<FileNames> = &[
    ("relative", FileNames::Relative),
    ("basename", FileNames::Basename),
    ("absolute", FileNames::Absolute),
];

const FLAVORS: &Words<Flavor> = &[("att", Flavor::Att), ("intel", Flavor::Intel)];

const UNWINDERS: &Words<UnwindPolicy> = &[("kernel", UnwindPolicy::Kernel), ("gdb", UnwindPolicy::Gdb)];

/// What a word stands for; the first one is the default.
fn meaning<T: Copy>(words: &Words<T>, value: &Value) -> T {
    let shown = value.shown();
    words.iter().find(|(word, _)| *word == shown).unwrap_or(&words[0]).1
}

fn word<T: Copy + PartialEq>(words: &Words<T>, of: T) -> Value {
    let found = words.iter().find(|(_, meaning)| *meaning == of);
    Value::Text(found.map_or("", |(word, _)| word).to_owned())
}

/// A number, `None` for unlimited, as large as the owner takes.
fn number<T: TryFrom<u64>>(value: &Value, most: T) -> Option<T> {
    let Value::Number(Some(number)) = value else { return None };
    Some(T::try_from(u64::try_from(*number).unwrap_or(0)).unwrap_or(most))
}

fn number_value<T: TryInto<i64>>(number: Option<T>) -> Value {
    Value::Number(number.map(|number| number.try_into().unwrap_or(i64::MAX)))
}

/// A field of the options of the program (`program`) or of run control (`run`), and how a setting's value becomes one.
macro_rules! owner {
    ($name:literal, bool, program $($field:ident).+) => {
        Owner {
            name: $name,
            set: |shell, value| shell.program_mut().options.$($field).+ = *value == Value::Bool(true),
            get: Some(|shell| Value::Bool(shell.program().options.$($field).+)),
        }
    };
    ($name:literal, bool, run $($field:ident).+) => {
        Owner {
            name: $name,
            set: |shell, value| shell.session.$($field).+ = *value == Value::Bool(true),
            get: Some(|shell| Value::Bool(shell.session.$($field).+)),
        }
    };
    ($name:literal, $type:ty, program $($field:ident).+) => {
        Owner {
            name: $name,
            set: |shell, value| shell.program_mut().options.$($field).+ = number(value, <$type>::MAX),
            get: Some(|shell| number_value(shell.program().options.$($field).+)),
        }
    };
    ($name:literal, $type:ty, run $($field:ident).+) => {
        Owner {
            name: $name,
            set: |shell, value| shell.session.$($field).+ = number(value, <$type>::MAX),
            get: Some(|shell| number_value(shell.session.$($field).+)),
        }
    };
    ($name:literal, words $words:ident, program $($field:ident).+) => {
        Owner {
            name: $name,
            set: |shell, value| shell.program_mut().options.$($field).+ = meaning($words, value),
            get: Some(|shell| word($words, shell.program().options.$($field).+)),
        }
    };
    ($name:literal, words $words:ident, run $($field:ident).+) => {
        Owner {
            name: $name,
            set: |shell, value| shell.session.$($field).+ = meaning($words, value),
            get: Some(|shell| word($words, shell.session.$($field).+)),
        }
    };
    ($name:literal, $set:expr) => {
        Owner { name: $name, set: $set, get: None }
    };
    ($name:literal, $set:expr, $get:expr) => {
        Owner { name: $name, set: $set, get: Some($get) }
    };
}

/// All of them.
pub(crate) const OWNERS: &[Owner] = &[
    owner!("print pretty", bool, program print.pretty),
    owner!("print address", bool, program print.address),
    owner!("print symbol", bool, program print.symbol),
    owner!("print symbol-filename", bool, program print.symbol_filename),
    owner!("print max-symbolic-offset", u64, program print.max_symbolic_offset),
    owner!("print array", bool, program print.array),
    owner!("print array-indexes", bool, program print.array_indexes),
    owner!("print union", bool, program print.union),
    owner!("print elements", u32, program print.elements),
    owner!("print repeats", u32, program print.repeats),
    owner!("print null-stop", bool, program print.null_stop),
    owner!("print max-depth", u32, program print.max_depth),
    owner!("print sevenbit-strings", bool, program print.sevenbit_strings),
    owner!("print nibbles", bool, program print.nibbles),
    owner!("print frame-arguments", words FRAME_ARGUMENTS, program print.frame_arguments),
    owner!("print entry-values", words ENTRY_VALUES, program entry_values),
    owner!("target-charset", |shell, _| {
        shell.program_mut().options.print.charset = charset::target(&shell.settings);
    }),
    owner!("host-charset", |shell, _| {
        shell.program_mut().options.print.utf8 = charset::shows_utf8(&shell.settings);
    }),
    owner!(
        "output-radix",
        |shell, value| shell.program_mut().options.print.output_radix = number(value, u32::MAX).unwrap_or(10),
        |shell| number_value(Some(shell.program().options.print.output_radix))
    ),
    owner!(
        "input-radix",
        |shell, value| shell.program_mut().options.input_radix = number(value, u32::MAX).unwrap_or(10),
        |shell| number_value(Some(shell.program().options.input_radix))
    ),
    owner!("max-value-size", u64, program max_value_size),
    owner!("backtrace limit", usize, program backtrace_limit),
    owner!(
        "unwinder",
        |shell, value| {
            shell.program_mut().options.unwind_policy = meaning(UNWINDERS, value);
            shell.program().forget_frames();
        },
        |shell| word(UNWINDERS, shell.program().options.unwind_policy)
    ),
    owner!(
        "filename-display",
        |shell, value| {
            shell.program_mut().options.file_names = meaning(FILE_NAMES, value);
            // Breakpoints keep the names of their files as they are shown.
            shell.session.symbols_changed();
        },
        |shell| word(FILE_NAMES, shell.program().options.file_names)
    ),
    owner!("case-sensitive", |shell, value| {
        shell.program_mut().options.ignore_case = value.shown() == "off";
    }),
    owner!("opaque-type-resolution", |shell, value| {
        shell.program_mut().modules.resolve_opaque(*value == Value::Bool(true));
    }),
    owner!("architecture", |shell, _| {
        shell.program_mut().options.code_size = architecture::code_size(&shell.settings);
    }),
    owner!("disassembly-flavor", words FLAVORS, program flavor),
    owner!("percpu", |shell, value| shell.program_mut().options.per_cpu = value.shown() != "off"),
    owner!("trust-readonly-sections", bool, program trust_files),
    owner!("may-call-functions", bool, run may_call_functions),
    owner!("scheduler-locking", words LOCKING, run settings.scheduler_locking),
    owner!("step-mode", bool, run settings.step_mode),
    owner!("range-stepping", bool, run settings.range_stepping),
    owner!("can-use-hw-watchpoints", |shell, value| {
        shell.session.settings.hardware_watchpoints = *value != Value::Number(Some(0));
    }),
    owner!("breakpoint auto-hw", bool, run settings.auto_hardware),
    owner!("remote hardware-breakpoint-limit", u64, run settings.hardware.breakpoints),
    owner!("remote hardware-watchpoint-limit", u64, run settings.hardware.watchpoints),
    owner!("remote hardware-watchpoint-length-limit", u64, run settings.hardware.watch_length),
    owner!("directories", |shell, _| {
        let directories = shell.settings.directories();
        shell.program_mut().sources.set_directories(directories);
    }),
    owner!("substitute-path", |shell, _| {
        let rules = shell.settings.substitutions().to_vec();
        shell.program_mut().sources.set_substitutions(rules);
    }),
    owner!("source open", |shell, value| {
        shell.program_mut().sources.set_open(*value == Value::Bool(true));
    }),
    owner!("module-path", |shell, _| {
        let paths = directories(shell, "module-path");
        shell.session.set_module_path(paths);
    }),
    owner!("debug-file-directory", |shell, _| {
        let paths = directories(shell, "debug-file-directory");
        shell.session.open_options.debug_directories = Some(paths.clone());
        shell.session.set_debug_directories(paths);
    }),
    owner!("kaslr", |shell, _| crate::linux::kernel::set_kaslr(shell)),
    owner!("index-cache enabled", |shell, _| crate::gdb::debugger::take_index_cache(shell)),
    owner!("index-cache directory", |shell, _| crate::gdb::debugger::take_index_cache(shell)),
];

/// Hands every value that was put since the last time, and that of `name`, to its owner.
pub(crate) fn hand_over(shell: &mut Shell, name: &str) {
    let put = shell.settings.take_put();
    for owner in OWNERS.iter().filter(|owner| owner.name == name || put.contains(&owner.name)) {
        let value = shell.settings.value(owner.name).cloned().unwrap_or(Value::Number(None));
        (owner.set)(shell, &value);
    }
}

/// The value that the owner of a setting holds, where it has one as it was set.
pub(crate) fn value(shell: &Shell, name: &str) -> Option<Value> {
    let owner = OWNERS.iter().find(|owner| owner.name == name)?;
    owner.get.map(|get| get(shell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gdb::access::new_session;
    use crate::gdb::debugger::Debugger;
    use crate::output::{Output, Transcript};
    use crate::settings::{Settings, command};
    use kdive_base::Interrupt;
    use std::rc::Rc;

    /// Each owner holds what `show` says: at the start, and after every value that its setting may have.
    #[test]
    fn owners_hold_what_show_says() {
        let output = Output::new(Box::new(Transcript::default()));
        let session = new_session(Interrupt::new());
        let shell = &mut Shell::new(session, output, Rc::new(Debugger), Interrupt::new());
        let mut compared = 0;
        for owner in OWNERS {
            let Some(get) = owner.get else { continue };
            let setting = Settings::find(owner.name).unwrap_or_else(|| panic!("no setting {}", owner.name));
            assert_eq!(Some(&get(shell)), shell.settings.value(owner.name), "{} at the start", owner.name);
            for value in setting.kind.samples() {
                // Some refuse a value, or take another one for it.
                let _ = command::assign(shell, setting, value.clone(), false);
                let shown = shell.settings.value(owner.name);
                assert_eq!(Some(&get(shell)), shown, "set {} {}", owner.name, value.shown());
                compared += usize::from(shown == Some(&value));
            }
        }
        assert!(compared > 70, "{compared}");
    }
}
