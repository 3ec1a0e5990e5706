//! Breakpoints and watchpoints: making, listing, changing, deleting and saving them.

use crate::gdb::breakpoint_words::{also_set, mention, save, table};
use crate::gdb::data::put;
use crate::gdb::event_words;
use crate::gdb::events::failure;
use crate::gdb::pending::may_pend;
use crate::gdb::run::integer;
use crate::output::{Stream, Style};
use crate::settings::{expand_home, os_message};
use crate::spec::{Class, Completer, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_session::{
    Added, BreakArgs, BreakRequest, Breakpoint, BreakpointKind, Complaint, Switch, WatchKind, WatchRequest,
    parse_list, parse_ranges,
};

const PLACES: &str = "LOCATION is a function, LINE, FILE:LINE, *ADDRESS, +N or -N lines from the line\n\
    shown last, or -function F, -source S, -line N. Without one it is where the\n\
    selected frame stands. if CONDITION stops only when it is true, thread N only on\n\
    that CPU, task PID only in that task of a kernel, comm NAME only in tasks of that\n\
    name. A place that is not known yet can be waited for: the breakpoint takes effect\n\
    when its module is loaded. That is asked at a terminal and done in a command file;\n\
    see set breakpoint pending.";

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "break",
        aliases: &["b", "br", "bre", "brea"],
        class: Class::Breakpoints,
        summary: "Set breakpoint at specified location",
        help: PLACES,
        examples: &[
            "break vfs_read",
            "break init/main.c:905 if argc > 1",
            "break *0xffffffff81000000 thread 2",
            "break vfs_read task 82",
            "break vfs_write comm sshd if count > 4096",
        ],
        complete: Completer::Location,
        run: |shell, args| make(shell, args, BreakpointKind::Software, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "tbreak",
        aliases: &["tb"],
        class: Class::Breakpoints,
        summary: "Set a temporary breakpoint",
        help: "Like break, but the breakpoint is deleted when it is hit.",
        examples: &["tbreak start_kernel"],
        complete: Completer::Location,
        run: |shell, args| make(shell, args, BreakpointKind::Software, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "rbreak",
        class: Class::Breakpoints,
        summary: "Set a breakpoint for all functions matching REGEXP",
        help: "Usage: rbreak REGEXP",
        examples: &["rbreak ^vfs_read"],
        run: rbreak,
        ..Spec::EMPTY
    },
    Spec {
        name: "hbreak",
        aliases: &["hb"],
        class: Class::Breakpoints,
        summary: "Set a hardware assisted breakpoint",
        help: "Like break, but a debug register of the CPU is used. break does so by itself where\n\
               no software breakpoint can be written yet.",
        examples: &["hbreak start_kernel"],
        complete: Completer::Location,
        run: |shell, args| make(shell, args, BreakpointKind::Hardware, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "thbreak",
        class: Class::Breakpoints,
        summary: "Set a temporary hardware assisted breakpoint",
        help: "Like hbreak, but the breakpoint is deleted when it is hit.",
        examples: &["thbreak start_kernel"],
        complete: Completer::Location,
        run: |shell, args| make(shell, args, BreakpointKind::Hardware, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "dprintf",
        class: Class::Breakpoints,
        summary: "Set a dynamic printf at specified location",
        help: "Usage: dprintf LOCATION,\"FORMAT\"[,ARG]...\n\
               Whenever the place is reached the text is printed and the program goes on.",
        examples: &["dprintf vfs_read,\"count=%lu\\n\",count"],
        // One text at every hit is enough.
        repeat: Repeat::No,
        complete: Completer::Location,
        run: dprintf,
        ..Spec::EMPTY
    },
    Spec {
        name: "watch",
        aliases: &["wa"],
        class: Class::Breakpoints,
        summary: "Set a watchpoint for an expression",
        help: "Usage: watch [-l|-location] EXPRESSION [if CONDITION] [thread N] [task PID]\n\
               Stops when the value of the expression changes. With -l the memory the\n\
               expression names now is watched. Where no debug register can watch it (a\n\
               register, an expression without memory), the program is stepped.",
        keywords: &["memory corruption", "who writes", "use after free"],
        examples: &["watch jiffies", "watch -l ts->pid if $_thread == 1"],
        complete: Completer::Expr,
        run: |shell, args| watch(shell, args, WatchKind::Write),
        ..Spec::EMPTY
    },
    Spec {
        name: "rwatch",
        class: Class::Breakpoints,
        summary: "Set a read watchpoint for an expression",
        help: "Usage: rwatch [-l|-location] EXPRESSION [if CONDITION] [thread N] [task PID]\n\
               Stops when the value of the expression is read.",
        examples: &["rwatch jiffies"],
        complete: Completer::Expr,
        run: |shell, args| watch(shell, args, WatchKind::Read),
        ..Spec::EMPTY
    },
    Spec {
        name: "awatch",
        class: Class::Breakpoints,
        summary: "Set a watchpoint for an expression, read or written",
        help: "Usage: awatch [-l|-location] EXPRESSION [if CONDITION] [thread N] [task PID]\n\
               Stops when the value of the expression is read or written.",
        examples: &["awatch jiffies"],
        complete: Completer::Expr,
        run: |shell, args| watch(shell, args, WatchKind::Access),
        ..Spec::EMPTY
    },
    Spec {
        name: "info breakpoints",
        aliases: &["info b"],
        class: Class::Breakpoints,
        summary: "Status of specified breakpoints (all user-settable breakpoints if no argument)",
        help: "Usage: info breakpoints [NUMBER]...\n\
               For each its kind, what happens when it is hit, whether it is enabled, where it\n\
               is, its condition, and how often it was hit.",
        examples: &["info breakpoints", "info breakpoints 2-4"],
        run: |shell, args| list(shell, args, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "info watchpoints",
        class: Class::Breakpoints,
        summary: "Status of specified watchpoints (all watchpoints if no argument)",
        help: "Usage: info watchpoints [NUMBER]...",
        examples: &["info watchpoints"],
        run: |shell, args| list(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "delete",
        aliases: &["d"],
        class: Class::Breakpoints,
        summary: "Delete all or some breakpoints",
        help: "Usage: delete [NUMBER]...\nWithout argument all are deleted.",
        examples: &["delete 1-3", "delete $bpnum", "delete"],
        repeat: Repeat::No,
        allow_unknown: true,
        run: delete,
        ..Spec::EMPTY
    },
    Spec {
        name: "delete breakpoints",
        class: Class::Breakpoints,
        summary: "Delete all or some breakpoints",
        help: "Usage: delete breakpoints [NUMBER]...",
        examples: &["delete breakpoints 2"],
        repeat: Repeat::No,
        run: delete,
        ..Spec::EMPTY
    },
    Spec {
        name: "clear",
        aliases: &["cl"],
        class: Class::Breakpoints,
        summary: "Clear breakpoint at specified location",
        help: "Usage: clear [LOCATION]\n\
               All breakpoints at that place or line; without argument at the line shown last.",
        examples: &["clear vfs_read", "clear init/main.c:905"],
        complete: Completer::Location,
        run: clear,
        ..Spec::EMPTY
    },
    Spec {
        name: "enable",
        aliases: &["en"],
        class: Class::Breakpoints,
        summary: "Enable all or some breakpoints",
        help: "Usage: enable [NUMBER[.LOCATION]]...",
        examples: &["enable", "enable 2", "enable 1.2-4"],
        allow_unknown: true,
        run: |shell, args| switch(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "enable breakpoints",
        class: Class::Breakpoints,
        summary: "Enable all or some breakpoints",
        help: "Usage: enable breakpoints [NUMBER[.LOCATION]]...",
        examples: &["enable breakpoints 2"],
        allow_unknown: true,
        run: |shell, args| switch(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "enable once",
        aliases: &["enable breakpoints once"],
        class: Class::Breakpoints,
        summary: "Enable some breakpoints for one hit",
        help: "Usage: enable once NUMBER...\nA breakpoint that is hit is disabled then.",
        examples: &["enable once 2"],
        run: |shell, args| switch_each(shell, args, Switch::Once),
        ..Spec::EMPTY
    },
    Spec {
        name: "enable delete",
        aliases: &["enable breakpoints delete"],
        class: Class::Breakpoints,
        summary: "Enable some breakpoints and delete when hit",
        help: "Usage: enable delete NUMBER...",
        examples: &["enable delete 2"],
        run: |shell, args| switch_each(shell, args, Switch::Delete),
        ..Spec::EMPTY
    },
    Spec {
        name: "enable count",
        aliases: &["enable breakpoints count"],
        class: Class::Breakpoints,
        summary: "Enable some breakpoints for COUNT hits",
        help: "Usage: enable count COUNT NUMBER...\nA breakpoint is disabled after that many hits.",
        examples: &["enable count 3 2"],
        run: enable_count,
        ..Spec::EMPTY
    },
    Spec {
        name: "disable",
        aliases: &["dis", "disa"],
        class: Class::Breakpoints,
        summary: "Disable all or some breakpoints",
        help: "Usage: disable [NUMBER[.LOCATION]]...",
        examples: &["disable", "disable 2", "disable 1.2-4"],
        allow_unknown: true,
        run: |shell, args| switch(shell, args, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "disable breakpoints",
        class: Class::Breakpoints,
        summary: "Disable all or some breakpoints",
        help: "Usage: disable breakpoints [NUMBER[.LOCATION]]...",
        examples: &["disable breakpoints 2"],
        run: |shell, args| switch(shell, args, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "condition",
        class: Class::Breakpoints,
        summary: "Specify breakpoint number N to break only if COND is true",
        help: "Usage: condition [-force] N [COND]\n\
               Without COND the breakpoint becomes unconditional. With -force a condition that\n\
               means nothing in the breakpoint's places is kept all the same.",
        examples: &["condition 1 argc > 2", "condition 1"],
        complete: Completer::Condition,
        run: condition,
        ..Spec::EMPTY
    },
    Spec {
        name: "ignore",
        class: Class::Breakpoints,
        summary: "Set ignore-count of breakpoint number N to COUNT",
        help: "Usage: ignore N COUNT\nThe breakpoint is passed that many times before it stops.",
        examples: &["ignore 1 10"],
        run: ignore,
        ..Spec::EMPTY
    },
    Spec {
        name: "commands",
        class: Class::Breakpoints,
        summary: "Set commands to be executed when the given breakpoints are hit",
        help: "Usage: commands [NUMBER]...\n\
               COMMANDS\n\
               end\n\
               Without number, those of the breakpoint made last. If the first command is silent,\n\
               the stop itself is not shown. Commands after one that resumes the guest are\n\
               ignored.",
        examples: &["commands 1"],
        run: commands,
        ..Spec::EMPTY
    },
    Spec {
        name: "save breakpoints",
        class: Class::Breakpoints,
        summary: "Save current breakpoint definitions as a script",
        help: "Usage: save breakpoints FILE\nUse source FILE in another session to restore them.",
        examples: &["save breakpoints bps.gdb"],
        complete: Completer::File,
        run: save_breakpoints,
        ..Spec::EMPTY
    },
];

pub(crate) fn tell(shell: &mut Shell, added: &Added, from_tty: bool) {
    let Ok(shown) = shell.session.breakpoint(added.number).cloned() else { return };
    for place in added.also_set.iter().filter(|_| from_tty) {
        let others = place.breakpoints.iter().filter_map(|number| shell.session.breakpoint(*number).ok());
        if let Some(note) = also_set(&others.collect::<Vec<_>>(), place.addr, shown.thread) {
            shell.out.line(&note);
        }
    }
    for warning in &added.warnings {
        shell.out.warning(&event_words::warning(warning));
    }
    if let Some(line) = &added.copies {
        shell.out.line(line);
    }
    shell.out.line(&mention(&shown));
}

fn add(
    shell: &mut Shell,
    args: BreakArgs,
    kind: BreakpointKind,
    temporary: bool,
    from_tty: bool,
) -> Result<(), Error> {
    if shell.settings.text("multiple-symbols") == "cancel" && is_ambiguous(shell, &args.location) {
        return Err(Error::msg("canceled because the command is ambiguous\nSee set/show multiple-symbol."));
    }
    let request = BreakRequest { args, kind, temporary, may_pend: false };
    let added = match shell.session.add_breakpoint(request.clone()) {
        Ok(added) => added,
        Err(error @ kdive_session::Error::NotFound { .. }) => {
            if !may_pend(shell, &request.args, &request.kind, error.into())? {
                return Ok(());
            }
            shell.session.add_breakpoint(BreakRequest { may_pend: true, ..request }).map_err(failure)?
        }
        Err(error) => return Err(failure(error)),
    };
    tell(shell, &added, from_tty);
    Ok(())
}

/// Whether a location stands for several functions.
fn is_ambiguous(shell: &Shell, location: &str) -> bool {
    let places = shell.program().resolve_location(location, kdive_symbols::LinespecMode::Breakpoint);
    !location.is_empty() && places.is_ok_and(|places| places.len() > 1)
}

fn make(shell: &mut Shell, args: Args<'_>, kind: BreakpointKind, temporary: bool) -> Result<(), Error> {
    if kind == BreakpointKind::Hardware && shell.session.target().is_none() {
        return Err(Error::msg("No hardware breakpoint support in the target."));
    }
    if kind == BreakpointKind::Hardware {
        hardware_room(shell)?;
    }
    let parsed = BreakArgs::parse(args.text()).map_err(failure)?;
    add(shell, parsed, kind, temporary, args.from_tty)
}

/// `set remote hardware-breakpoint-limit`.
fn hardware_room(shell: &Shell) -> Result<(), Error> {
    let Some(most) = shell.session.settings.hardware.breakpoints else { return Ok(()) };
    let hardware = shell.session.breakpoints().filter(|shown| shown.kind == BreakpointKind::Hardware);
    let used: usize = hardware.map(|shown| shown.locations.len()).sum();
    match most {
        0 => Err(Error::msg("No hardware breakpoint support in the target.")),
        most if used as u64 >= most => Err(Error::msg("Hardware breakpoints used exceeds limit.")),
        _ => Ok(()),
    }
}

/// A breakpoint on every function whose name matches, each with the function's declaration after it.
fn rbreak(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.text();
    let pattern = crate::gdb::symbols::name_pattern(shell, text)?;
    let interrupt = shell.interrupt.clone();
    let found = shell.program().modules.listing(
        kdive_symbols::ListingKind::Functions,
        pattern.as_ref(),
        true,
        &interrupt,
    );
    for file in &found.files {
        for function in &file.symbols {
            let place = match &file.file {
                Some(name) => format!("{name}:{}", function.name),
                None => function.name.to_string(),
            };
            let parsed = BreakArgs::parse(&place).map_err(failure)?;
            add(shell, parsed, BreakpointKind::Software, false, args.from_tty)?;
            let prefix = if function.is_static { "static " } else { "" };
            shell.out.line(&format!("{prefix}{};", function.ty.declaration(&function.name)));
        }
    }
    for symbol in found.non_debugging.iter().filter(|symbol| symbol.kind.is_text()) {
        let parsed = BreakArgs::parse(&symbol.name).map_err(failure)?;
        add(shell, parsed, BreakpointKind::Software, false, args.from_tty)?;
        shell.out.line(&format!("<function, no debug info> {};", symbol.name));
    }
    Ok(())
}

fn dprintf(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.text();
    let Some((location, format)) = text.split_once(',') else {
        return Err(Error::msg("Format string required"));
    };
    let parsed = BreakArgs::parse(location).map_err(failure)?;
    if !format.trim_start().starts_with('"') {
        return Err(Error::msg("Bad format string, missing '\"'."));
    }
    add(shell, parsed, BreakpointKind::Dprintf(format.trim_start().to_owned()), false, args.from_tty)
}

fn watch(shell: &mut Shell, args: Args<'_>, access: WatchKind) -> Result<(), Error> {
    let mut text = args.text();
    let mut location = false;
    for option in ["-location", "-l"] {
        if let Some(rest) = text.strip_prefix(option).filter(|rest| rest.starts_with(char::is_whitespace)) {
            (text, location) = (rest.trim_start(), true);
        }
    }
    let request = WatchRequest { text: text.to_owned(), access, location };
    let added = shell.session.add_watch(&request).map_err(failure)?;
    tell(shell, &added, args.from_tty);
    Ok(())
}

/// The breakpoints of a number list for tables.
fn listed(shell: &mut Shell, text: &str) -> Result<Option<Vec<u32>>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let is_number =
        |word: &str| word.starts_with('$') || word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !text.split_whitespace().all(is_number) {
        return Err(Error::msg("Arguments must be numbers or '$' variables."));
    }
    let (numbers, complaints) = parse_list(&shell.session.program, text).map_err(failure)?;
    complain(shell, complaints);
    Ok(Some(numbers))
}

fn complain(shell: &mut Shell, complaints: Vec<Complaint>) {
    for complaint in complaints {
        match complaint {
            Complaint::Plain(text) => shell.out.line(&text),
            Complaint::Warning(text) => shell.out.warning(&text),
        }
    }
}

fn list(shell: &mut Shell, args: Args<'_>, watches: bool) -> Result<(), Error> {
    let wanted = listed(shell, args.text())?;
    shell.session.note_states();
    let shown: Vec<&Breakpoint> = shell
        .session
        .breakpoints()
        .filter(|shown| !watches || shown.is_watch())
        .filter(|shown| wanted.as_ref().is_none_or(|wanted| wanted.contains(&shown.number)))
        .collect();
    if shown.is_empty() {
        let text = match (&wanted, watches) {
            (None, false) => "No breakpoints or watchpoints.".to_owned(),
            (None, true) => "No watchpoints.".to_owned(),
            (Some(_), false) => format!("No breakpoint or watchpoint matching '{}'.", args.text()),
            (Some(_), true) => format!("No watchpoint matching '{}'.", args.text()),
        };
        shell.out.line(&text);
        return Ok(());
    }
    let text = table(&shown);
    let last = shown.last().and_then(|shown| shown.locations.last()).map(|location| location.place.addr);
    put(shell, &text);
    if let Some(addr) = last {
        shell.program().set_next_address(addr);
    }
    Ok(())
}

/// The breakpoints a command that changes some is about; each that is not there is said, and passed over.
fn existing(shell: &mut Shell, text: &str) -> Result<Vec<u32>, Error> {
    if text.is_empty() {
        return Err(Error::msg("Argument required (one or more breakpoint numbers)."));
    }
    let (numbers, complaints) = parse_list(&shell.session.program, text).map_err(failure)?;
    complain(shell, complaints);
    let mut found = Vec::new();
    for number in numbers {
        match shell.session.breakpoint(number) {
            Ok(_) => found.push(number),
            Err(error) => shell.out.line(&error.to_string()),
        }
    }
    Ok(found)
}

fn delete(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if args.is_empty() {
        let any = shell.session.breakpoints().next().is_some();
        if any && (!args.from_tty || shell.query("Delete all breakpoints")) {
            shell.session.delete_all();
        }
        return Ok(());
    }
    for number in existing(shell, args.text())? {
        shell.session.delete(number).map_err(failure)?;
    }
    Ok(())
}

fn clear(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.text();
    let (location, by_line) = if text.is_empty() {
        let defaults = shell.program().location_defaults();
        let file = defaults.file.ok_or_else(|| Error::msg("No source file specified."))?;
        (format!("{}:{}", file.name, defaults.line), true)
    } else {
        let line = text.rsplit(':').next().unwrap_or(text).trim_start_matches(['+', '-']);
        (text.to_owned(), !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let resolution = shell.session.resolve(&location).map_err(failure)?;
    let found = shell.session.at_places(&resolution.locations, by_line);
    if found.is_empty() {
        return Err(Error::msg(match text {
            "" => "No breakpoint at this line.".to_owned(),
            text => format!("No breakpoint at {text}."),
        }));
    }
    let tells = args.from_tty || found.len() > 1;
    if tells {
        shell.out.put(if found.len() == 1 { "Deleted breakpoint " } else { "Deleted breakpoints " });
    }
    for number in found {
        if tells {
            shell.out.put(&format!("{number} "));
        }
        shell.session.delete(number).map_err(failure)?;
    }
    if tells {
        shell.out.put("\n");
    }
    Ok(())
}

fn switch(shell: &mut Shell, args: Args<'_>, on: bool) -> Result<(), Error> {
    let how = if on { Switch::On } else { Switch::Off };
    if args.is_empty() {
        let all: Vec<u32> = shell.session.breakpoints().map(|shown| shown.number).collect();
        for number in all {
            shell.session.switch(number, how).map_err(failure)?;
        }
        return Ok(());
    }
    for word in args.text().split_whitespace() {
        for range in parse_ranges(&shell.session.program, word).map_err(failure)? {
            match range.locations {
                Some(locations) => {
                    if !shell.session.breakpoints().any(|shown| shown.number == range.number) {
                        return Err(Error::msg(format!("Bad breakpoint number '{}'", range.number)));
                    }
                    shell.session.switch_locations(range.number, locations, on).map_err(failure)?;
                }
                None => {
                    if let Err(error) = shell.session.switch(range.number, how) {
                        shell.out.line(&error.to_string());
                    }
                }
            }
        }
    }
    Ok(())
}

fn switch_each(shell: &mut Shell, args: Args<'_>, how: Switch) -> Result<(), Error> {
    for number in existing(shell, args.text())? {
        shell.session.switch(number, how).map_err(failure)?;
    }
    Ok(())
}

fn enable_count(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let (count, rest) = args.split_word().ok_or_else(|| Error::msg("Argument required (hit count)."))?;
    let count = integer(shell, count)?;
    switch_each(shell, rest, Switch::Count(u64::try_from(count).unwrap_or(0)))
}

fn condition(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let mut text = args.required("Argument required (breakpoint number).")?;
    let mut force = false;
    if let Some(rest) = text.strip_prefix("-force").filter(|rest| rest.starts_with(char::is_whitespace)) {
        (text, force) = (rest.trim_start(), true);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, expression) = text.split_at(end);
    let bad = || Error::msg(format!("Bad breakpoint argument: '{word}'"));
    let number =
        if word.starts_with('$') { integer(shell, word)? } else { word.parse().map_err(|_| bad())? };
    let number = u32::try_from(number).map_err(|_| bad())?;
    let expression = Some(expression.trim()).filter(|text| !text.is_empty());
    let warnings = shell.session.set_condition(number, expression, force).map_err(failure)?;
    for warning in warnings {
        shell.out.warning(&event_words::warning(&warning));
    }
    if expression.is_none() && args.from_tty {
        shell.out.line(&format!("Breakpoint {number} now unconditional."));
    }
    Ok(())
}

/// `Will ignore next 5 crossings of breakpoint 1.`
pub fn ignore_text(number: u32, count: i64) -> String {
    match count {
        ..=0 => format!("Will stop next time breakpoint {number} is reached."),
        1 => format!("Will ignore next crossing of breakpoint {number}."),
        _ => format!("Will ignore next {count} crossings of breakpoint {number}."),
    }
}

fn ignore(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("Argument required (a breakpoint number).")?;
    let (word, rest) = args.split_word().unwrap_or((text, args));
    let bad = || Error::msg(format!("bad breakpoint number: '{text}'"));
    let number =
        if word.starts_with('$') { integer(shell, word)? } else { word.parse().map_err(|_| bad())? };
    let number = u32::try_from(number).ok().filter(|&number| number > 0).ok_or_else(bad)?;
    let count = rest.required("Second argument (specified ignore-count) is missing.")?;
    let count = integer(shell, count)?;
    shell.session.set_ignore(number, count).map_err(failure)?;
    if args.from_tty {
        shell.out.line(&ignore_text(number, count));
    }
    Ok(())
}

fn commands(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let last = shell.session.last_number();
    let text = match args.text() {
        "" if last > 0 => last.to_string(),
        text => text.to_owned(),
    };
    let numbers = existing(shell, &text)?;
    if numbers.is_empty() {
        return Ok(());
    }
    if args.from_tty && args.body.is_none() && shell.is_interactive() {
        shell.out.line(&format!("Type commands for breakpoint(s) {text}, one per line."));
        shell.out.line("End with a line saying just \"end\".");
    }
    let script = shell.read_body(&args)?;
    let lines = script.render(0);
    for number in numbers {
        shell.session.set_commands(number, lines.clone()).map_err(failure)?;
    }
    Ok(())
}

fn save_breakpoints(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let name = args.required("Argument required (file name in which to save)")?;
    if shell.session.breakpoints().next().is_none() {
        shell.out.emit(Stream::Err, Style::Plain, b"warning: Nothing to save.\n");
        return Ok(());
    }
    let path = expand_home(name);
    std::fs::write(&path, save(shell.session.breakpoints())).map_err(|error| {
        Error::msg(format!("Unable to open file '{path}' for saving ({})", os_message(&error)))
    })?;
    if args.from_tty {
        shell.out.line(&format!("Saved to file '{path}'."));
    }
    Ok(())
}
