//! What gdb tells of its program and takes for it besides: `info program`, `info connections`, the environment, `return`.

use crate::gdb::call::with_calls;
use crate::gdb::events::show_selected;
use crate::spec::{Class, Completer, Needs, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_base::VirtAddr;
use kdive_expr::{Context, Expr};
use kdive_session::{Show, StopReason, known_signal};
use kdive_types::{Kind, Type, Value};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "info program",
        class: Class::Status,
        summary: "Where the program stands and why it stopped",
        help: "Usage: info program",
        examples: &["info program"],
        run: info_program,
        ..Spec::EMPTY
    },
    Spec {
        name: "info connections",
        class: Class::Status,
        summary: "The connection to the target",
        help: "Usage: info connections",
        examples: &["info connections"],
        run: info_connections,
        ..Spec::EMPTY
    },
    Spec {
        name: "inferior",
        class: Class::Running,
        summary: "Show what is being debugged",
        help: "Usage: inferior [1]\nThere is one: a guest is one program to its stub.",
        examples: &["inferior"],
        run: inferior,
        ..Spec::EMPTY
    },
    Spec {
        name: "interrupt",
        class: Class::Running,
        summary: "Stop the program",
        help: "Usage: interrupt\nWhile a command can be given it stands still already; Ctrl-C stops it.",
        examples: &["interrupt"],
        run: |_, _| Ok(()),
        repeat: Repeat::No,
        ..Spec::EMPTY
    },
    Spec {
        name: "return",
        class: Class::Running,
        needs: Needs::NONE,
        summary: "Make the selected frame return to its caller",
        help: "Usage: return [EXPRESSION]\n\
               Registers are set to what the caller will find when the frame is left; nothing of\n\
               the function is executed. EXPRESSION, a number or pointer, is what it returns.",
        examples: &["return", "return -1"],
        complete: Completer::Expr,
        run: return_command,
        ..Spec::EMPTY
    },
    Spec {
        name: "demangle",
        class: Class::Support,
        summary: "Not available: kernels have no mangled names",
        help: "Usage: demangle [-l LANGUAGE] [--] NAME",
        examples: &["demangle _Z3foov"],
        run: demangle,
        ..Spec::EMPTY
    },
    Spec {
        name: "maintenance info breakpoints",
        class: Class::Internals,
        summary: "List breakpoints, those of kdive itself too",
        help: "Usage: maintenance info breakpoints\nAs info breakpoints.",
        examples: &["maintenance info breakpoints"],
        run: |shell, args| shell.execute(&format!("info breakpoints {}", args.text()), false),
        ..Spec::EMPTY
    },
    Spec {
        name: "maintenance info sections",
        class: Class::Internals,
        summary: "List the sections of the files that are loaded",
        help: "Usage: maintenance info sections [NAME | FLAG]...\n\
               FLAG is ALLOC, LOAD, READONLY, CODE, DATA or HAS_CONTENTS.",
        examples: &["maintenance info sections", "maintenance info sections .text"],
        run: sections,
        ..Spec::EMPTY
    },
    Spec {
        name: "target exec",
        class: Class::Files,
        summary: "Use FILE as program to be debugged",
        help: "Usage: target exec [FILE]\nThe same as file.",
        examples: &["target exec vmlinux"],
        repeat: Repeat::No,
        complete: Completer::File,
        run: |shell, args| shell.execute(&format!("exec-file {}", args.text()), false),
        ..Spec::EMPTY
    },
    Spec {
        name: "info set",
        class: Class::Status,
        summary: "Show settings",
        help: "Usage: info set\nThe same as show.",
        examples: &["info set"],
        run: |shell, args| shell.execute(&format!("show {}", args.text()), false),
        ..Spec::EMPTY
    },
    Spec {
        name: "core-file",
        class: Class::Files,
        summary: "Not available: kdive debugs what runs",
        help: "Usage: core-file [FILE]",
        examples: &["core-file"],
        complete: Completer::File,
        run: |shell, args| {
            if args.is_empty() {
                if args.from_tty {
                    shell.out.line("No core file now.");
                }
                return Ok(());
            }
            core(args)
        },
        repeat: Repeat::No,
        ..Spec::EMPTY
    },
    Spec {
        name: "target core",
        class: Class::Files,
        summary: "Not available: kdive debugs what runs",
        help: "Usage: target core FILE",
        examples: &["target core vmcore"],
        complete: Completer::File,
        run: |_, args| core(args),
        repeat: Repeat::No,
        ..Spec::EMPTY
    },
    Spec {
        name: "set environment",
        class: Class::Running,
        summary: "Set a variable of the environment of programs",
        help: "Usage: set environment NAME [=] VALUE\n\
               kdive starts no program, so it is only shown again.",
        examples: &["set environment FOO=1"],
        run: set_environment,
        ..Spec::EMPTY
    },
    Spec {
        name: "show environment",
        class: Class::Running,
        summary: "Show the environment of programs, or one variable of it",
        help: "Usage: show environment [NAME]",
        examples: &["show environment", "show environment PATH"],
        run: show_environment,
        ..Spec::EMPTY
    },
    Spec {
        name: "unset environment",
        class: Class::Running,
        summary: "Take a variable, or all, out of the environment of programs",
        help: "Usage: unset environment [NAME]",
        examples: &["unset environment FOO"],
        run: unset_environment,
        ..Spec::EMPTY
    },
    Spec {
        name: "path",
        class: Class::Files,
        summary: "Put directories in front of where programs are looked for",
        help: "Usage: path [DIRECTORY]...",
        examples: &["path /usr/local/bin"],
        complete: Completer::Dir,
        run: path,
        repeat: Repeat::No,
        ..Spec::EMPTY
    },
    Spec {
        name: "show paths",
        class: Class::Files,
        summary: "Where programs are looked for",
        help: "Usage: show paths",
        examples: &["show paths"],
        run: |shell, _| {
            show_paths(shell);
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "tty",
        class: Class::Running,
        summary: "Set the terminal of programs that are started",
        help: "Usage: tty TERMINAL\nThe same as set inferior-tty: kdive starts no program.",
        examples: &["tty /dev/null"],
        complete: Completer::File,
        run: |shell, args| shell.execute(&format!("set inferior-tty {}", args.text()), false),
        ..Spec::EMPTY
    },
];

fn info_program(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    if shell.session.target().is_none() {
        shell.out.line("The program being debugged is not being run.");
        return Ok(());
    }
    let pc = shell.session.program.pc()?;
    let mut text = format!("Program stopped at {:#x}.\n", pc.0);
    let mut first = true;
    let hits = shell.session.last_hits().to_vec();
    for number in hits {
        let word = if first { "It stopped" } else { "It stopped also" };
        text.push_str(&format!("{word} at breakpoint {number}.\n"));
        first = false;
    }
    match &shell.last_stop {
        _ if !first => {}
        Some(StopReason::StepDone | StopReason::LocationReached | StopReason::Finished) => {
            text.push_str("It stopped after being stepped.\n");
        }
        reason => {
            // At connect the stub has reported SIGTRAP.
            let signal = if let Some(StopReason::Signal(signal)) = reason { *signal } else { 5 };
            if let Some((name, meaning)) = known_signal(signal) {
                text.push_str(&format!("It stopped with signal {name}, {meaning}.\n"));
            }
        }
    }
    text.push_str("Type \"info stack\" or \"info registers\" for more information.\n");
    shell.out.put(&text);
    Ok(())
}

fn info_connections(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let Some(remote) = shell.session.remote() else {
        shell.out.line("No connections.");
        return Ok(());
    };
    let what = format!("remote {}", remote.address());
    let width = what.len();
    shell.out.line(&format!("  Num  {:<width$}  Description       ", "What"));
    shell.out.line(&format!("* 1    {what}  Remote target using gdb-specific protocol "));
    Ok(())
}

/// `[process 1] (vmlinux)`
fn inferior_text(shell: &Shell) -> String {
    let process = match shell.session.target() {
        Some(_) => shell.session.inferior(),
        None => "<null>".to_owned(),
    };
    let main = shell.program().modules.modules().first();
    let file =
        main.map_or_else(|| "<noexec>".to_owned(), |module| module.object().path().display().to_string());
    format!("1 [{process}] ({file})")
}

fn inferior(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if args.is_empty() {
        let text = format!("[Current inferior is {}]", inferior_text(shell));
        shell.out.line(&text);
        return Ok(());
    }
    let number = super::run::integer(shell, args.text())?;
    if number != 1 {
        return Err(Error::msg(format!("Inferior ID {number} not known.")));
    }
    let text = format!("[Switching to inferior {}]", inferior_text(shell));
    shell.out.line(&text);
    if let Some(thread) =
        shell.session.known_threads().selected().map(|entry| (entry.number, entry.target_id()))
    {
        shell.out.line(&format!("[Switching to thread {} ({})]", thread.0, thread.1));
        return show_selected(shell, true, Show::FrameAndSource);
    }
    Ok(())
}

/// Registers a function of the x86-64 calling convention leaves as it found them, and those that say where its caller stands.
const KEPT: [&str; 8] = ["rbx", "rbp", "r12", "r13", "r14", "r15", "rsp", "rip"];

fn return_command(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if shell.session.target().is_none() {
        return Err(Error::msg("No selected frame."));
    }
    let program = shell.program();
    let level = program.selected_level();
    let frame = program.selected_frame().map_err(Error::msg)?;
    if frame.is_inlined() {
        return Err(Error::msg("Can not force return from an inlined function."));
    }
    let value = match args.text() {
        "" => None,
        text => result_of(shell, text, frame.real.lookup_pc)?,
    };
    // A result in memory: its address was an argument, which the function need not have kept.
    let is_lost = value.as_ref().is_some_and(|value| shell.program().returns_in_memory(value.ty()));
    if super::stack::visible(shell, level + 1).is_none() {
        return Err(Error::msg("Can not force return from the outermost frame."));
    }
    if args.from_tty {
        let name = shell.program().modules.function_at(frame.real.lookup_pc);
        let question = match name {
            Some(function) => format!("Make {} return now", function.name()),
            None => "Make selected stack frame return now".to_owned(),
        };
        let warning = "The location at which to store the function's return value is unknown.\n\
                       If you continue, the return value that you specified will be ignored.\n";
        let question = if is_lost { format!("{warning}{question}") } else { question };
        if !shell.query(&question) {
            return Err(Error::msg("Not confirmed."));
        }
    }
    let found = found_by_caller(shell, level)?;
    shell.session.select_level(0);
    for (register, number) in found {
        assign(shell, register, number)?;
    }
    shell.program().forget_frames();
    if let Some(value) = value.filter(|_| !is_lost) {
        shell.program().put_result(&value)?;
    }
    shell.program().forget_frames();
    // To where a function returns that the debugger called: that call is over too.
    if shell.program().has_returned() {
        shell.program().end_call().map_err(Error::msg)?;
        shell.program().forget_frames();
    }
    if args.from_tty {
        show_selected(shell, true, Show::FrameAndSource)?;
    }
    Ok(())
}

/// What a function is to return, as the type of its result; `None` for a function without a result. Without debug information a cast
/// tells the type.
fn result_of(shell: &mut Shell, text: &str, pc: VirtAddr) -> Result<Option<Value>, Error> {
    let program = shell.program();
    let expr = Expr::parse(text, program)?;
    let declared = program.modules.function_at(pc).map(|function| function.ty());
    let ty = match declared.as_ref().map(Type::kind) {
        Some(Kind::Function(function)) => {
            let ty = function.ret.get();
            Some(Context::complete(program, &ty).unwrap_or(ty))
        }
        _ if expr.is_cast() => None,
        _ => {
            return Err(Error::msg(
                "Return value type not available for selected stack frame.\n\
                 Please use an explicit cast of the value to return.",
            ));
        }
    };
    let is_void = ty.as_ref().is_some_and(|ty| ty.strip().is_void());
    let value = with_calls(shell, |program| {
        let value = match ty.as_ref().filter(|_| !is_void) {
            Some(ty) => expr.evaluate_as(program, ty)?,
            None => expr.evaluate(program)?,
        };
        value.bytes(program)?;
        Ok(value)
    })?;
    Ok(Some(value).filter(|_| !is_void))
}

/// What the registers will be in the caller of frame `level`.
fn found_by_caller(shell: &mut Shell, level: usize) -> Result<Vec<(&'static str, i128)>, Error> {
    shell.session.select_level(level + 1);
    let program = shell.program();
    let mut found = Vec::new();
    for register in KEPT {
        let read =
            Expr::parse(&format!("(long)${register}"), program).and_then(|expr| expr.evaluate_int(program));
        match read {
            Ok(number) => found.push((register, number)),
            // What the function did with it is not known: it stays.
            Err(_) if !matches!(register, "rsp" | "rip") => {}
            Err(error) => {
                shell.session.select_level(level);
                return Err(error.into());
            }
        }
    }
    Ok(found)
}

fn assign(shell: &mut Shell, register: &str, number: i128) -> Result<(), Error> {
    let hooks = shell.hooks();
    hooks.evaluate(shell, &format!("${register} = {}", number as i64))
}

fn demangle(_: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let mut rest = args;
    while let Some((word, after)) = rest.split_word().filter(|(word, _)| word.starts_with('-')) {
        rest = if word == "-l" { after.split_word().map_or(after, |(_, rest)| rest) } else { after };
    }
    let name = rest.required("Usage: demangle [-l LANGUAGE] [--] NAME")?;
    Err(Error::msg(format!("Can't demangle \"{name}\"")))
}

/// Core files: what keeps one from being read, which is at least that kdive does not read them.
fn core(args: Args<'_>) -> Result<(), Error> {
    let name = args.required("No core file specified.")?;
    let path = std::path::absolute(crate::settings::expand_home(name)).map_err(Error::msg)?;
    let reason = match std::fs::metadata(&path) {
        Err(error) => format!("{}.", crate::settings::os_message(&error)),
        Ok(_) => "kdive reads no core files; connect to what runs with target remote.".to_owned(),
    };
    Err(Error::msg(format!("{}: {reason}", path.display())))
}

fn sections(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let wanted: Vec<&str> = args.text().split_whitespace().collect();
    let program = shell.program();
    let Some(main) = program.modules.modules().first() else { return Ok(()) };
    let object = main.object();
    let mut text = format!("Exec file: `{}', file type elf64-x86-64.\n", object.path().display());
    // Those that describe the file itself are none to gdb.
    let is_debug_section =
        |name: &str| matches!(name, "" | ".symtab" | ".strtab" | ".shstrtab") || name.starts_with(".rela");
    let shown =
        || object.sections().iter().filter(|section| section.alloc || !is_debug_section(&section.name));
    let width = shown().count().saturating_sub(1).to_string().len() + 2;
    for (index, section) in shown().enumerate() {
        let flags = flags(section);
        if !wanted.is_empty() && !wanted.iter().any(|word| **word == *section.name || flags.contains(word)) {
            continue;
        }
        let start = main.to_virt(section.addr);
        let end = start.offset(section.size);
        let number = format!("[{index}]");
        text.push_str(&format!(
            " {number:<width$}     {:#010x}->{:#010x} at {:#010x}: {} {}\n",
            start.0,
            end.0,
            section.file_offset(),
            section.name,
            flags.join(" "),
        ));
    }
    shell.out.put(&text);
    Ok(())
}

/// BFD's words for what a section is.
fn flags(section: &kdive_symbols::Section) -> Vec<&'static str> {
    let mut flags = Vec::new();
    if section.alloc {
        flags.push("ALLOC");
    }
    if section.alloc && !section.nobits {
        flags.push("LOAD");
    }
    if section.has_relocations() {
        flags.push("RELOC");
    }
    if !section.write {
        flags.push("READONLY");
    }
    if section.exec {
        flags.push("CODE");
    } else if section.alloc && !section.nobits {
        flags.push("DATA");
    }
    if !section.nobits {
        flags.push("HAS_CONTENTS");
    }
    flags
}

/// The variables, those of this process until one is set.
fn environment(shell: &mut Shell) -> &mut Vec<(String, String)> {
    shell.environment.get_or_insert_with(|| {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
    })
}

fn put(shell: &mut Shell, name: &str, value: &str) {
    let variables = environment(shell);
    variables.retain(|(other, _)| other != name);
    variables.push((name.to_owned(), value.to_owned()));
}

fn set_environment(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("Argument required (environment variable and value).")?;
    let end = text.find(['=', ' ', '\t']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return Err(Error::msg("Argument required (environment variable to set)."));
    }
    let rest = rest.trim_start();
    let value = rest.strip_prefix('=').map_or(rest, str::trim_start);
    if value.is_empty() {
        shell.out.line(&format!("Setting environment variable \"{name}\" to null value."));
    }
    put(shell, name, value);
    Ok(())
}

fn show_environment(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let name = args.text().to_owned();
    let variables = environment(shell).clone();
    if name.is_empty() {
        for (name, value) in variables {
            shell.out.line(&format!("{name}={value}"));
        }
        return Ok(());
    }
    let found = variables.into_iter().find(|(other, _)| *other == name);
    shell.out.line(&match found {
        Some((_, value)) => format!("{name} = {value}"),
        None => format!("Environment variable \"{name}\" not defined."),
    });
    Ok(())
}

fn unset_environment(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let name = args.text();
    if name.is_empty() && args.from_tty && !shell.query("Delete all environment variables") {
        return Ok(());
    }
    environment(shell).retain(|(other, _)| !name.is_empty() && other != name);
    Ok(())
}

fn show_paths(shell: &mut Shell) {
    let path = environment(shell).iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
    shell.out.line(&format!("Executable and object file path: {}", path.unwrap_or_default()));
}

fn path(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let old = environment(shell).iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
    let old = old.unwrap_or_default();
    let words = args.words()?;
    let mut dirs: Vec<&str> =
        words.iter().flat_map(|word| word.split(':')).filter(|dir| !dir.is_empty()).collect();
    let new = dirs.clone();
    dirs.extend(old.split(':').filter(|dir| !dir.is_empty() && !new.contains(dir)));
    let joined = dirs.join(":");
    put(shell, "PATH", &joined);
    if args.from_tty {
        show_paths(shell);
    }
    Ok(())
}
