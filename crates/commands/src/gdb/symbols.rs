//! Questions about symbols: `info line`, `info symbol`, `info address`, `info scope`, `info source`, `info functions`
//! and their kin.

use crate::gdb::annotate;
use crate::gdb::filter::Filter;
use crate::output::Style;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Missing, Shell, Spec};
use kdive_base::VirtAddr;
use kdive_engine::type_line;
use kdive_symbols::{LinespecMode, ListingKind, Sal};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "info line",
        class: Class::Status,
        needs: Needs::NONE,
        summary: "Core addresses of the code for a source line",
        help: "Usage: info line [LOCATION]\n\
               LOCATION is a function, LINE, FILE:LINE or *ADDRESS. The address becomes the\n\
               default for x.",
        examples: &["info line start_kernel", "info line init/main.c:905", "info line *0xffffffff81000000"],
        complete: Completer::Location,
        run: info_line,
        ..Spec::EMPTY
    },
    Spec {
        name: "info symbol",
        class: Class::Status,
        summary: "Describe what symbol is at an address",
        help: "Usage: info symbol EXPRESSION",
        examples: &["info symbol 0xffffffff81000000", "info symbol &init_task"],
        complete: Completer::Expr,
        run: info_symbol,
        ..Spec::EMPTY
    },
    Spec {
        name: "info address",
        class: Class::Status,
        summary: "Describe where a symbol is stored",
        help: "Usage: info address SYMBOL",
        examples: &["info address init_task"],
        complete: Completer::Symbol,
        run: info_address,
        ..Spec::EMPTY
    },
    Spec {
        name: "info scope",
        class: Class::Status,
        summary: "List the variables local to a scope, and where they live",
        help: "Usage: info scope LOCATION",
        examples: &["info scope vfs_read"],
        complete: Completer::Location,
        run: info_scope,
        ..Spec::EMPTY
    },
    Spec {
        name: "info source",
        class: Class::Status,
        summary: "Information about the current source file",
        help: "Shows the file, its compilation directory, compiler and debugging format.",
        examples: &["info source"],
        run: info_source,
        ..Spec::EMPTY
    },
    Spec {
        name: "info functions",
        aliases: &["info fun"],
        class: Class::Status,
        needs: Needs::NONE,
        summary: "All function names or those matching a regular expression",
        help: "Usage: info functions [-q] [-n] [REGEX]\n  -n  leave out symbols without debug information",
        examples: &["info functions ^vfs_read$"],
        complete: Completer::Symbol,
        run: |shell, args| listing(shell, args, ListingKind::Functions),
        ..Spec::EMPTY
    },
    Spec {
        name: "info variables",
        class: Class::Status,
        summary: "All global and static variable names or those matching a regular expression",
        help: "Usage: info variables [-q] [-n] [REGEX]\n  -n  leave out symbols without debug information",
        examples: &["info variables ^init_task$"],
        complete: Completer::Symbol,
        run: |shell, args| listing(shell, args, ListingKind::Variables),
        ..Spec::EMPTY
    },
    Spec {
        name: "info types",
        class: Class::Status,
        summary: "All type names or those matching a regular expression",
        help: "Usage: info types [-q] [REGEX]",
        examples: &["info types ^list_head$"],
        complete: Completer::Type,
        run: |shell, args| listing(shell, args, ListingKind::Types),
        ..Spec::EMPTY
    },
];

/// `0xADDR <symbol+offset>`.
fn address(shell: &Shell, addr: VirtAddr) -> String {
    match shell.program().symbolic(addr) {
        Some(symbol) => format!("{addr:#x} <{symbol}>"),
        None => format!("{addr:#x}"),
    }
}

fn info_line(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let sals = if args.is_empty() {
        let listed = shell.program().listed.borrow().clone();
        let Some(listed) = listed else { return Err(Error::msg("No line number information available.")) };
        let line = if listed.last == 0 { listed.line } else { listed.last };
        shell.program().resolve_location(&format!("{}:{line}", listed.file.name), LinespecMode::List)?
    } else {
        // By itself it goes on to the next line, as often as it is repeated.
        shell.dont_repeat();
        shell.program().resolve_location(args.text(), LinespecMode::List)?
    };
    let alone = sals.len() == 1;
    for sal in &sals {
        let start = one_line(shell, sal);
        if let (true, Some(start), Some(file)) = (alone, start, &sal.file) {
            annotate::source_line(shell, file, sal.line, false, start)?;
        }
    }
    Ok(())
}

/// Where the code of the line starts last.
fn one_line(shell: &mut Shell, sal: &Sal) -> Option<VirtAddr> {
    let Some(file) = &sal.file else {
        let at = sal.pc.map_or_else(|| ".".to_owned(), |pc| format!(" for address {}", address(shell, pc)));
        shell.out.line(&format!("No line number information available{at}"));
        return None;
    };
    let (number, name) = (sal.line, shell.program().shown_file(file));
    let ranges = match sal.pc {
        _ if number == 0 => Vec::new(),
        Some(pc) => match shell.program().modules.line_at(pc, false) {
            Some(line) => vec![(line.start, if line.line == number { line.end } else { line.start })],
            // A variable: its line is where it is declared.
            None => vec![(pc, pc)],
        },
        None => shell.program().modules.line_ranges(file, number),
    };
    if ranges.is_empty() {
        shell.out.line(&format!("Line number {number} is out of range for \"{name}\"."));
        return None;
    }
    let last = ranges.last().map(|range| range.0);
    for (start, end) in ranges {
        let at = address(shell, start);
        let (first, second) = if start == end {
            (format!(" is at address {at}"), " but contains no code.".to_owned())
        } else {
            let end = address(shell, end);
            (format!(" starts at address {at}"), format!(" and ends at {end}."))
        };
        shell.out.put(&format!("Line {number} of \"{name}\""));
        for part in [first, second] {
            shell.out.may_break(2);
            shell.out.put(&part);
        }
        shell.out.line("");
        shell.program().set_next_address(start);
    }
    if let Some(listed) = &mut *shell.program().listed.borrow_mut()
        && listed.file == *file
    {
        listed.last = number + 1;
    }
    last
}

fn info_symbol(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("Argument required (address).")?;
    let addr = shell.program().evaluate_address(text)?;
    let program = shell.program();
    let several = program.modules.modules().len() > 1;
    let Some(symbol) = program.modules.symbol_at(addr) else {
        shell.out.line(&format!("No symbol matches {text}."));
        return Ok(());
    };
    let offset = addr.0.wrapping_sub(symbol.addr.0);
    let place = if offset == 0 { symbol.name.to_string() } else { format!("{} + {offset}", symbol.name) };
    let section = symbol.section.as_deref().unwrap_or("*ABS*");
    let file =
        if several { format!(" of {}", symbol.module.object().path().display()) } else { String::new() };
    shell.out.line(&format!("{place} in section {section}{file}"));
    Ok(())
}

fn info_address(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let name = args.required("Argument required.")?;
    let program = shell.program();
    let pc = program.selected_frame().ok().map(|frame| frame.real.lookup_pc);
    let local = program
        .selected_frame()
        .ok()
        .and_then(|frame| frame.scope.as_ref().and_then(|scope| scope.variable(name)));
    let text = if let Some(variable) = local.or_else(|| program.modules.variable(name, pc)) {
        format!("Symbol \"{name}\" is {}.", variable.describe(pc))
    } else if let Some(function) = program.modules.function(name, pc) {
        format!("Symbol \"{name}\" is a function at address {:#x}.", function.entry())
    } else if program.modules.enumerator(name, pc).is_some() {
        format!("Symbol \"{name}\" is constant.")
    } else if let Some(symbol) = program.modules.symbols_named(name).into_iter().next() {
        format!("Symbol \"{name}\" is at {:#x} in a file compiled without debugging.", symbol.addr)
    } else {
        let text = format!("No symbol \"{name}\" in current context.");
        return Err(Error::unknown(text, Missing::Symbol(name.to_owned())));
    };
    shell.out.line(&text);
    Ok(())
}

fn info_scope(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("requires an argument (function, line or *addr) to define a scope")?;
    let sals = shell.program().resolve_location(text, LinespecMode::Breakpoint)?;
    let pc = sals.first().and_then(|sal| sal.pc);
    let lines = pc.and_then(|pc| shell.program().modules.scope_at(pc)).map(|scope| scope.describe());
    let lines = lines.unwrap_or_default();
    if lines.is_empty() {
        shell.out.line(&format!("Scope for {text} contains no locals or arguments."));
        return Ok(());
    }
    shell.out.line(&format!("Scope for {text}:"));
    for line in &lines {
        shell.out.line(line);
    }
    Ok(())
}

fn info_source(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let listed = shell.program().listed.borrow().clone();
    let Some(listed) = listed else {
        shell.out.line("No current source file.");
        return Ok(());
    };
    let program = shell.program();
    let comp_dir = listed.file.comp_dir.clone();
    let source = program.sources.find(&listed.file.name, comp_dir.as_deref().unwrap_or_default());
    let unit = program
        .modules
        .line_ranges(&listed.file, listed.line.max(1))
        .first()
        .and_then(|&(pc, _)| program.modules.unit_at(pc));
    let mut text = format!("Current source file is {}\n", listed.file.name);
    if let Some(dir) = &comp_dir {
        text.push_str(&format!("Compilation directory is {dir}\n"));
    }
    match (&source, &comp_dir) {
        (Some(source), _) => {
            let path = std::path::absolute(&source.path).unwrap_or_else(|_| source.path.clone());
            text.push_str(&format!("Located in {}\n", path.display()));
        }
        (None, Some(dir)) if !listed.file.name.starts_with('/') => {
            text.push_str(&format!("Located in {dir}/{}\n", listed.file.name));
        }
        (None, _) => text.push_str(&format!("Located in {}\n", listed.file.name)),
    }
    if let Some(source) = &source {
        let count = source.line_count();
        text.push_str(&format!("Contains {count} line{}.\n", if count == 1 { "" } else { "s" }));
    }
    if let Some(unit) = &unit {
        text.push_str(&format!("Source language is {}.\n", unit.language));
        if let Some(producer) = &unit.producer {
            text.push_str(&format!("Producer is {producer}.\n"));
        }
        text.push_str(&format!("Compiled with DWARF {} debugging format.\n", unit.dwarf_version));
        let macros = if unit.has_macros { "Includes" } else { "Does not include" };
        text.push_str(&format!("{macros} preprocessor macro info.\n"));
    }
    shell.out.put(&text);
    Ok(())
}

/// A regular expression typed by the user; `None` for no text.
///
/// # Errors
/// `Invalid regexp: ...`
pub fn pattern(text: &str) -> Result<Option<regex::Regex>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    regex::Regex::new(text).map(Some).map_err(|error| {
        Error::msg(format!("Invalid regexp: {}", error.to_string().lines().last().unwrap_or_default()))
    })
}

/// As [`pattern`], for the names of symbols: `set case-sensitive off` holds for them.
///
/// # Errors
/// As [`pattern`].
pub fn name_pattern(shell: &Shell, text: &str) -> Result<Option<regex::Regex>, Error> {
    if shell.program().options.ignore_case && !text.is_empty() {
        return pattern(&format!("(?i){text}"));
    }
    pattern(text)
}

fn listing(shell: &mut Shell, args: Args<'_>, kind: ListingKind) -> Result<(), Error> {
    let known = if kind == ListingKind::Types { "qn" } else { "qnt" };
    let Filter { quiet, debugging_only, ty: of_type, name: text } = Filter::parse(args.text(), known)?;
    // What has no debug information is no type, and has none.
    let non_debugging = kind != ListingKind::Types && of_type.is_none() && !debugging_only;
    let regex = name_pattern(shell, text)?;
    let what = match kind {
        ListingKind::Functions => "function",
        ListingKind::Variables => "variable",
        ListingKind::Types => "type",
    };
    let interrupt = shell.interrupt.clone();
    let found = shell.program().modules.listing(kind, regex.as_ref(), non_debugging, &interrupt);
    shell.check_interrupt()?;
    let type_pattern = pattern(of_type.as_deref().unwrap_or_default())?;
    if !quiet {
        shell.out.line(&match (&regex, &of_type) {
            (Some(_), None) => format!("All {what}s matching regular expression \"{text}\":"),
            (Some(_), Some(ty)) => format!(
                "All {what}s matching regular expression \"{text}\" with type matching regular expression \"{ty}\":"
            ),
            (None, None) => format!("All defined {what}s:"),
            (None, Some(ty)) => format!("All defined {what}s with type matching regular expression \"{ty}\" :"),
        });
    }
    let matches_type = |symbol: &kdive_symbols::ListedSymbol| {
        type_pattern.as_ref().is_none_or(|pattern| pattern.is_match(&symbol.ty.declaration("")))
    };
    for file in &found.files {
        shell.check_interrupt()?;
        if !file.symbols.iter().any(matches_type) {
            continue;
        }
        match &file.file {
            Some(name) => {
                shell.out.put("\nFile ");
                shell.out.styled(Style::File, name);
                shell.out.put(":\n");
            }
            None => shell.out.put("\n"),
        }
        for symbol in file.symbols.iter().filter(|symbol| matches_type(symbol)) {
            shell.check_interrupt()?;
            let line = if symbol.line == 0 { "\t".to_owned() } else { format!("{}:\t", symbol.line) };
            let text = match kind {
                ListingKind::Types => type_line(&symbol.name, &symbol.ty),
                _ => {
                    let prefix = if symbol.is_static { "static " } else { "" };
                    let declaration = symbol.ty.declaration(&symbol.name);
                    format!("{prefix}{declaration};")
                }
            };
            shell.out.line(&format!("{line}{text}"));
        }
    }
    if !found.non_debugging.is_empty() {
        shell.out.put("\nNon-debugging symbols:\n");
        for symbol in &found.non_debugging {
            shell.check_interrupt()?;
            shell.out.styled(Style::Address, &format!("{:#018x}", symbol.addr));
            shell.out.line(&format!("  {}", symbol.name));
        }
    }
    Ok(())
}
