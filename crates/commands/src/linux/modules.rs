//! The modules of the running kernel: `info modules`, `lx-lsmod`, `lx-symbols`.

use crate::gdb::events::tell_pending;
use crate::output::Style;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_linux::{LinuxLayer, ModuleInfo, ModuleSymbols, SymbolsFrom};
use std::path::PathBuf;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "info modules",
        class: Class::Linux,
        needs: Needs::TARGET.and(Needs::SYMBOLS),
        summary: "Modules of the running kernel and where their symbols come from",
        help: "Usage: info modules [-s] [NAME]...\n\
               For each module: address of its text, state, and the file its symbols were read\n\
               from, or why there are none. -s lists the address of every section.",
        keywords: &["kernel module", "lsmod", "module symbols"],
        examples: &["info modules", "info modules -s poc"],
        run: info_modules,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-lsmod",
        class: Class::Linux,
        needs: Needs::TARGET.and(Needs::SYMBOLS),
        summary: "List currently loaded modules",
        help: "Shows address, name, size, reference count and users of each module, as\n\
               scripts/gdb does.",
        keywords: &["kernel module", "module symbols"],
        examples: &["lx-lsmod"],
        run: lsmod,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-symbols",
        class: Class::Linux,
        needs: Needs::TARGET.and(Needs::SYMBOLS),
        summary: "Read the kernel's module list again and load the symbols of its modules",
        help: "Usage: lx-symbols [DIRECTORY]...\n\
               Seldom needed: this happens by itself when a target is connected and when a\n\
               module is loaded.\n\
               Each DIRECTORY is added to the module path.",
        keywords: &["kernel module", "module symbols", "insmod"],
        examples: &["lx-symbols"],
        complete: Completer::Dir,
        run: symbols,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-getmod-by-textaddr",
        class: Class::Linux,
        needs: Needs::TARGET.and(Needs::SYMBOLS),
        summary: "Look up loaded kernel module by text address",
        help: "Usage: lx-getmod-by-textaddr ADDRESS",
        examples: &["lx-getmod-by-textaddr 0xffffffffc0201000"],
        complete: Completer::Expr,
        run: by_text_address,
        ..Spec::EMPTY
    },
    Spec {
        name: "mod",
        class: Class::Linux,
        needs: Needs::TARGET.and(Needs::SYMBOLS),
        summary: "Modules of the running kernel, in crash's columns",
        help: "Usage: mod [NAME]\n\
               Address of the struct module, name, address of its text, size, and the file its\n\
               symbols are from. Nothing needs to be loaded by hand: info modules says why a module\n\
               has no symbols.",
        examples: &["mod", "mod xfs"],
        run: crash_mod,
        ..Spec::EMPTY
    },
];

/// Works with the Linux layer; `None` when the program is not Linux.
pub fn with_linux<T>(
    shell: &mut Shell,
    work: impl FnOnce(&mut LinuxLayer, &mut kdive_program::Program) -> T,
) -> Option<T> {
    shell.session.with_linux(work)
}

fn current(shell: &mut Shell) -> Result<Vec<ModuleSymbols>, Error> {
    let listed = kdive_linux::modules(shell.program()).map_err(Error::msg)?;
    let modules = shell
        .session
        .modules()
        .ok_or_else(|| Error::msg("No Linux kernel is loaded: give its vmlinux with the file command."))?;
    tell_pending(shell);
    if let Some(broken) = listed.broken {
        shell.out.warning(&format!("the kernel's module list is damaged: {broken}"));
    }
    // The kernel's order, newest first.
    let order = |module: &ModuleSymbols| listed.found.iter().position(|info| info.addr == module.info.addr);
    let mut modules = modules;
    modules.sort_by_key(order);
    Ok(modules)
}

fn info_modules(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let mut names: Vec<&str> = args.text().split_whitespace().collect();
    let sections = names.first() == Some(&"-s");
    if sections {
        names.remove(0);
    }
    let modules = current(shell)?;
    let shown: Vec<&ModuleSymbols> = modules
        .iter()
        .filter(|module| names.is_empty() || names.contains(&module.info.name.as_str()))
        .collect();
    if let Some(unknown) = names.iter().find(|name| !modules.iter().any(|module| module.info.name == **name))
    {
        return Err(Error::msg(format!("No module {unknown} is loaded in the guest.")));
    }
    if shown.is_empty() {
        shell.out.line("No modules are loaded in the guest.");
        return Ok(());
    }
    shell.out.styled(Style::Title, "Text               State    Name                 Symbols\n");
    for module in shown {
        let info = &module.info;
        let symbols = match &module.symbols {
            SymbolsFrom::File { path, verified, debug, .. } => {
                let doubt = if *verified { "" } else { " (no build-id to compare)" };
                let bare = if *debug { "" } else { " (no debug information in it)" };
                format!("{}{doubt}{bare}", path.display())
            }
            SymbolsFrom::None(reason) => format!("none: {reason}"),
        };
        shell.out.styled(Style::Address, &format!("{:#018x}", text(info)));
        shell.out.line(&format!(" {:<8} {:<20} {symbols}", info.state.to_string(), info.name));
        if sections {
            for (name, addr) in &info.sections {
                shell.out.line(&format!("  {addr:#018x} {name}"));
            }
        }
    }
    Ok(())
}

fn text(info: &ModuleInfo) -> kdive_base::VirtAddr {
    info.sections.iter().find(|(name, _)| name == ".text").map_or(info.base, |(_, addr)| *addr)
}

fn lsmod(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let modules = current(shell)?;
    shell.out.line(&format!("Address            {:<19} {:>8}  Used by", "Module", "Size"));
    for ModuleSymbols { info, .. } in &modules {
        let references = info.references.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let users = info.used_by.join(",");
        let blank = if users.is_empty() { "" } else { " " };
        shell.out.line(&format!(
            "{:#018x} {:<19} {:>8}  {references}{blank}{users}",
            info.base, info.name, info.size
        ));
    }
    Ok(())
}

fn symbols(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let more: Vec<PathBuf> = crate::gdb::files::words(args.text()).iter().map(PathBuf::from).collect();
    shell.session.add_module_path(more);
    tell_pending(shell);
    for ModuleSymbols { info, symbols } in current(shell)? {
        match symbols {
            SymbolsFrom::File { path, .. } => {
                shell.out.line(&format!("loading @{:#x}: {}", text(&info), path.display()));
            }
            SymbolsFrom::None(reason) => shell.out.line(&format!("no symbols for '{}': {reason}", info.name)),
        }
    }
    Ok(())
}

fn by_text_address(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("lx-getmod-by-textaddr takes one address.")?;
    let addr = shell.program().evaluate_address(text)?;
    let listed = kdive_linux::modules(shell.program()).map_err(Error::msg)?;
    let inside = |info: &&ModuleInfo| addr.distance_from(info.base).is_some_and(|at| at < info.text_size);
    let found = listed.found.iter().find(inside).map(|info| info.name.clone());
    if let Some(broken) = listed.broken {
        shell.out.warning(&format!("the kernel's module list is damaged: {broken}"));
    }
    let name = found.ok_or_else(|| Error::msg(format!("{addr:#x} is in the text of no module.")))?;
    shell.out.line(&format!("{addr:#x} is in {name}.ko"));
    Ok(())
}

fn crash_mod(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let modules = current(shell)?;
    let wanted = args.text().replace('-', "_");
    if !wanted.is_empty() && !modules.iter().any(|module| module.info.name == wanted) {
        return Err(Error::msg(format!("No module {} is loaded in the guest.", args.text())));
    }
    let shown = modules.iter().filter(|module| wanted.is_empty() || module.info.name == wanted);
    let width = modules.iter().map(|module| module.info.name.len()).fold(20, usize::max);
    shell.out.line(&format!(
        "{:^16}  {:<width$}  {:^16}  {:>8}  OBJECT FILE",
        "MODULE", "NAME", "TEXT_BASE", "SIZE"
    ));
    for ModuleSymbols { info, symbols } in shown {
        let file = match symbols {
            SymbolsFrom::File { path, .. } => path.display().to_string(),
            SymbolsFrom::None(_) => "(not loaded)".to_owned(),
        };
        shell.out.line(&format!(
            "{:016x}  {:<width$}  {:016x}  {:>8}  {file}",
            info.addr.0, info.name, info.base.0, info.size
        ));
    }
    Ok(())
}
