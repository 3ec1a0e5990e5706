//! `catch`: stops at events of the kernel, each a breakpoint at the function all its cases come through.

use crate::gdb::debugger::MAX_COMPLETIONS;
use crate::help::list_subcommands;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Missing, Shell, Spec};
use kdive_symbols::Completion;

const NEEDS: Needs = Needs::SYMBOLS;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "catch",
        class: Class::Breakpoints,
        summary: "Stop at events of the kernel",
        help: "Usage: catch EVENT\n\
               Each is a breakpoint at the function that all cases of the event come through,\n\
               with a number of its own: conditions, commands and delete are as for others.",
        examples: &["catch panic"],
        run: |shell, _| {
            list_subcommands(shell, &["catch".to_owned()]);
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "catch panic",
        class: Class::Breakpoints,
        needs: NEEDS,
        summary: "Stop when the kernel panics",
        help: "At the entry of panic(), before anything of it is in the log: analyze reads the\n\
               message.",
        keywords: &["oops", "crash"],
        examples: &["catch panic"],
        run: |shell, args| {
            at_first(shell, args, &["vpanic", "panic"])?;
            is_trouble(shell)
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "catch oops",
        aliases: &["catch bug"],
        class: Class::Breakpoints,
        needs: NEEDS,
        summary: "Stop after the kernel has reported an oops or BUG",
        help: "The report is complete in the log and the task that caused it is still there:\n\
               analyze explains it.",
        keywords: &["panic", "crash", "general protection fault", "page fault", "NULL pointer dereference"],
        examples: &["catch oops"],
        run: |shell, args| {
            at_first(shell, args, &["oops_end", "oops_exit"])?;
            is_trouble(shell)
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "catch warn",
        class: Class::Breakpoints,
        needs: NEEDS,
        summary: "Stop when the kernel warns (WARN_ON and its kin)",
        help: "At the entry of __warn(), whose first arguments are file and line; analyze reads\n\
               them.",
        keywords: &["WARN_ON", "oops", "call trace"],
        examples: &["catch warn"],
        run: |shell, args| {
            at_first(shell, args, &["__warn", "warn_slowpath_common"])?;
            is_trouble(shell)
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "catch lockup",
        class: Class::Breakpoints,
        needs: NEEDS,
        summary: "Stop when the watchdog reports a soft lockup",
        help: "Where the kernel taints itself for it: the report is complete in the log, in the\n\
               context of the CPU that hangs.",
        keywords: &["hang", "watchdog", "deadlock", "endless loop", "soft lockup"],
        examples: &["catch lockup"],
        // TAINT_SOFTLOCKUP of include/linux/panic.h.
        run: |shell, args| {
            shell.execute("break add_taint if flag == 14", args.from_tty)?;
            is_trouble(shell)
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "catch hung",
        class: Class::Breakpoints,
        needs: NEEDS,
        summary: "Stop when a task is reported to be blocked for too long",
        help: "Where khungtaskd shows the task; its argument p is the task.",
        keywords: &["hang", "deadlock", "hung task", "khungtaskd", "D state"],
        examples: &["catch hung"],
        run: |shell, args| {
            shell.execute(
                "break sched_show_task if $_streq($lx_current().comm, \"khungtaskd\")",
                args.from_tty,
            )?;
            is_trouble(shell)
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "catch module",
        class: Class::Breakpoints,
        needs: NEEDS,
        summary: "Stop when a module is loaded, before its init function",
        help: "Usage: catch module [NAME]\n\
               Its symbols are loaded by then.",
        keywords: &["insmod", "modprobe", "init function"],
        examples: &["catch module", "catch module poc"],
        complete: Completer::Custom(complete_module),
        run: |shell, args| {
            let name = args.text().replace('-', "_");
            let condition =
                if name.is_empty() { String::new() } else { format!(" if $_streq(mod->name, \"{name}\")") };
            shell.execute(&format!("break do_init_module{condition}"), args.from_tty)
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "catch exec",
        class: Class::Breakpoints,
        summary: "Stop when a process executes another program",
        help: "Usage: catch exec\nAt the point of no return; bprm->filename is the program.",
        keywords: &["execve", "process", "program"],
        examples: &["catch exec"],
        run: |shell, args| of_gdb(shell, args, &["begin_new_exec", "flush_old_exec"]),
        ..Spec::EMPTY
    },
    Spec {
        name: "catch fork",
        class: Class::Breakpoints,
        summary: "Stop when a process makes another one",
        help: "Usage: catch fork\nWhere the kernel makes it; args->flags says how.",
        examples: &["catch fork"],
        run: |shell, args| of_gdb(shell, args, &["kernel_clone", "_do_fork"]),
        ..Spec::EMPTY
    },
    Spec {
        name: "catch vfork",
        class: Class::Breakpoints,
        summary: "Stop when a process makes another one that borrows its memory",
        help: "Usage: catch vfork\nWhere the kernel makes it, if CLONE_VFORK is asked for.",
        examples: &["catch vfork"],
        // CLONE_VFORK of include/uapi/linux/sched.h.
        run: |shell, args| of_gdb(shell, args.with("if (args->flags & 0x4000) != 0"), &["kernel_clone"]),
        ..Spec::EMPTY
    },
    Spec {
        name: "tcatch",
        class: Class::Breakpoints,
        summary: "Stop at an event of the kernel, once",
        help: "Usage: tcatch EVENT\nAs catch EVENT, but it is deleted when it was hit.",
        examples: &["tcatch panic"],
        complete: Completer::Custom(|shell, text| {
            let line = format!("catch {text}");
            shell.complete(&line).words
        }),
        run: once,
        ..Spec::EMPTY
    },
    Spec {
        name: "catch syscall",
        class: Class::Breakpoints,
        needs: NEEDS,
        summary: "Stop in a system call, by its name",
        help: "Usage: catch syscall NAME\nOf 64-bit processes; regs holds the arguments.",
        keywords: &["strace", "system call"],
        examples: &["catch syscall openat"],
        complete: Completer::Custom(complete_syscall),
        run: syscall,
        ..Spec::EMPTY
    },
    Spec {
        name: "catch exception",
        class: Class::Breakpoints,
        needs: NEEDS,
        summary: "Stop at an exception of the CPU, by number or name",
        help: "Usage: catch exception VECTOR\n\
               VECTOR is 0 to 21, or divide_error, debug, int3, overflow, bounds, invalid_op,\n\
               device_not_available, double_fault, invalid_tss, segment_not_present,\n\
               stack_segment, general_protection, page_fault, coproc_error, alignment_check,\n\
               machine_check, simd_coproc_error, virtualization_exception,\n\
               control_protection.",
        keywords: &["trap", "fault", "general protection fault", "page fault"],
        examples: &["catch exception 13", "catch exception general_protection"],
        run: exception,
        ..Spec::EMPTY
    },
];

fn complete_syscall(shell: &Shell, text: &str) -> Vec<String> {
    let modules = &shell.program().modules;
    let of = |prefix: &&str| -> Vec<String> {
        let names = modules
            .complete_name(Completion::Location, &format!("{prefix}{text}"), MAX_COMPLETIONS)
            .into_iter();
        names.filter_map(|name| name.strip_prefix(*prefix).map(str::to_owned)).collect()
    };
    // A kernel names them all in one way.
    SYSCALL_PREFIXES.iter().map(of).find(|names| !names.is_empty()).unwrap_or_default()
}

fn complete_module(shell: &Shell, text: &str) -> Vec<String> {
    let program = shell.program();
    let mut names: Vec<String> = program.modules.module_names().chain(program.os_module_names()).collect();
    names.retain(|name| name.starts_with(text));
    names
}

/// Names of the handlers by vector (arch/x86/include/asm/idtentry.h).
const EXCEPTIONS: [(u32, &str); 19] = [
    (0, "divide_error"),
    (1, "debug"),
    (3, "int3"),
    (4, "overflow"),
    (5, "bounds"),
    (6, "invalid_op"),
    (7, "device_not_available"),
    (8, "double_fault"),
    (10, "invalid_tss"),
    (11, "segment_not_present"),
    (12, "stack_segment"),
    (13, "general_protection"),
    (14, "page_fault"),
    (16, "coproc_error"),
    (17, "alignment_check"),
    (18, "machine_check"),
    (19, "simd_coproc_error"),
    (20, "virtualization_exception"),
    (21, "control_protection"),
];

/// The breakpoint made last stops when something is wrong with the kernel: its stops name `analyze`.
fn is_trouble(shell: &mut Shell) -> Result<(), Error> {
    let number = shell.session.last_number();
    shell.trouble.insert(number);
    Ok(())
}

/// A breakpoint at the first of these functions the kernel has.
fn at_first(shell: &mut Shell, args: Args<'_>, names: &[&str]) -> Result<(), Error> {
    let known = names.iter().find(|name| !shell.program().modules.symbols_named(name).is_empty());
    let name = known.ok_or_else(|| {
        Error::msg(format!(
            "The loaded kernel has no function {}: load its vmlinux with the file command.",
            names.join(" or ")
        ))
    })?;
    let rest = args.text();
    let blank = if rest.is_empty() { "" } else { " " };
    shell.execute(&format!("break {name}{blank}{rest}"), args.from_tty)
}

/// What the functions of system calls begin with: since 4.17, before, and where none of it is generated.
const SYSCALL_PREFIXES: [&str; 3] = ["__x64_sys_", "SyS_", "sys_"];

/// System calls whose function is called otherwise (arch/x86/entry/syscalls/syscall_64.tbl).
const SYSCALL_FUNCTIONS: [(&str, &str); 6] = [
    ("stat", "newstat"),
    ("fstat", "newfstat"),
    ("lstat", "newlstat"),
    ("uname", "newuname"),
    ("umount2", "umount"),
    ("sendfile", "sendfile64"),
];

fn syscall(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let name = args.required("catch syscall takes the name of a system call, as in catch syscall openat.")?;
    let function =
        SYSCALL_FUNCTIONS.iter().find(|(known, _)| *known == name).map_or(name, |(_, function)| function);
    let modules = &shell.program().modules;
    let names = SYSCALL_PREFIXES.map(|prefix| format!("{prefix}{function}"));
    if names.iter().all(|name| modules.symbols_named(name).is_empty()) {
        let known: Vec<String> = SYSCALL_PREFIXES
            .iter()
            .flat_map(|prefix| {
                modules
                    .complete_name(Completion::Location, prefix, usize::MAX)
                    .into_iter()
                    .map(|name| name.get(prefix.len()..).unwrap_or_default().to_owned())
            })
            .collect();
        // A kernel has hundreds of them.
        if !known.is_empty() {
            let names = known.iter().map(String::as_str).chain(SYSCALL_FUNCTIONS.map(|(name, _)| name));
            return Err(Error::unknown(
                format!("Unknown syscall name '{name}'."),
                Missing::among(name, names),
            ));
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    at_first(shell, args.with(""), &names)
}

/// As [`at_first`] for an event gdb catches in processes: a command file without a kernel goes on, with a warning.
fn of_gdb(shell: &mut Shell, args: Args<'_>, names: &[&str]) -> Result<(), Error> {
    match at_first(shell, args, names) {
        Err(error @ (Error::Message(_) | Error::Unknown(_))) if !args.from_tty => {
            shell.out.warning(&error.to_string());
            Ok(())
        }
        other => other,
    }
}

/// `tcatch`: what `catch` makes is deleted at its first stop.
fn once(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let before = shell.session.last_number();
    shell.execute(&format!("catch {}", args.text()), args.from_tty).map_err(|error| {
        match error.to_string().split_once("Undefined catch command: ") {
            Some((_, rest)) => {
                let rest = rest.replace("Try \"help catch\"", "Try \"help tcatch\"");
                Error::msg(format!("Undefined tcatch command: {rest}"))
            }
            None => error,
        }
    })?;
    for number in before + 1..=shell.session.last_number() {
        shell.execute(&format!("enable delete {number}"), false)?;
    }
    Ok(())
}

fn exception(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("catch exception takes a vector, as in catch exception 13.")?;
    let number = text.parse::<u32>();
    let found = EXCEPTIONS.iter().find(|(vector, name)| number == Ok(*vector) || *name == text);
    let (_, name) = found.ok_or_else(|| {
        let names = EXCEPTIONS.iter().map(|(_, name)| *name);
        Error::unknown(
            format!("{text} is no exception; see help catch exception."),
            Missing::among(text, names),
        )
    })?;
    let names = [format!("exc_{name}"), format!("do_{name}"), format!("asm_exc_{name}")];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    at_first(shell, args.with(""), &names)
}
