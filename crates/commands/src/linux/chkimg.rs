//! `chkimg`: code in memory against the files, each difference with its reason.

use super::modules::with_linux;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_base::AddrRange;
use kdive_linux::{Checked, Difference, Patch, PatchMap, SymbolsFrom, check_text, kernel_text, module_code};
use kdive_program::Program;
use std::collections::BTreeMap;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "chkimg",
    class: Class::Linux,
    needs: Needs::TARGET.and(Needs::SYMBOLS),
    summary: "Code of the kernel and its modules that differs from the file, and why",
    help: "Usage: chkimg [-a] [FUNCTION | MODULE | vmlinux]\n\
           Without argument all code of the kernel and its modules is compared: how many\n\
           places differ for each reason, and every place that nothing accounts for. With\n\
           a function, or with -a, every place with its bytes before and now. A kernel\n\
           rewrites its own text, and a module's when it is loaded: static branches and\n\
           calls, the tracer's calls, alternatives for the CPU, returns and indirect calls\n\
           that go through thunks, probes; KASLR moves the addresses in it. Relocations of\n\
           a module are applied before its file is compared. Breakpoints of kdive are not\n\
           seen.",
    keywords: &["memory corruption", "rootkit", "patched code", "ftrace", "text section"],
    examples: &["chkimg", "chkimg vfs_read", "chkimg xfs"],
    complete: Completer::Expr,
    run: chkimg,
    ..Spec::EMPTY
}];

fn chkimg(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.text();
    let (all, text) = match text.strip_prefix("-a") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let modules = modules(shell)
        .ok_or_else(|| Error::msg("No Linux kernel is being debugged."))?
        .into_iter()
        .filter(|module| text.is_empty() || module.name == text.replace('-', "_"));
    let (mut ranges, mut compared, mut one_function) = (Vec::new(), Vec::new(), false);
    if text.is_empty() || text == "vmlinux" {
        let kernel = kernel_text(shell.program());
        ranges.push(kernel.ok_or_else(|| Error::msg("No symbols _stext and _etext: is this a vmlinux?"))?);
        compared.push("the kernel".to_owned());
    }
    let mut count = 0;
    for module in modules {
        match module.code {
            Ok(code) => {
                ranges.extend(code);
                count += 1;
            }
            Err(reason) if text.is_empty() => {
                shell.out.warning(&format!("module {} not compared: {reason}", module.name));
            }
            Err(reason) => return Err(Error::msg(format!("Module {} has no file: {reason}.", module.name))),
        }
    }
    match count {
        0 => {}
        1 => compared.push("1 module".to_owned()),
        _ => compared.push(format!("{count} modules")),
    }
    if compared.is_empty() {
        ranges = function(shell.program(), text)?;
        one_function = true;
    }
    let (mut found, mut bytes, mut unresolved) = (Vec::new(), 0, 0);
    for range in ranges {
        if shell.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        let checked = check(shell, range)?;
        found.extend(checked.differences);
        bytes += checked.bytes;
        unresolved += checked.unresolved;
        for broken in checked.broken {
            shell.out.warning(&format!("not compared: {broken}"));
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for difference in &found {
        *counts.entry(difference.patch.to_string()).or_default() += 1;
        if all || one_function || difference.patch == Patch::Unexplained {
            let line = describe(shell.program(), difference);
            shell.out.line(&line);
        }
    }
    for (reason, count) in &counts {
        shell.out.line(&format!("{count:>7}  {reason}"));
    }
    if unresolved > 0 {
        shell.out.line(&format!("{unresolved} references to what has no known address were not compared."));
    }
    if !compared.is_empty() {
        shell.out.line(&format!("Compared: {}.", compared.join(" and ")));
    }
    let unexplained = found.iter().filter(|difference| difference.patch == Patch::Unexplained).count();
    shell
        .out
        .line(&format!("{} places differ in {bytes} bytes, {unexplained} of them unexplained.", found.len()));
    Ok(())
}

/// A module with its code, or why there is no file to compare it with.
struct ModuleCode {
    name: String,
    code: Result<Vec<AddrRange>, String>,
}

fn modules(shell: &mut Shell) -> Option<Vec<ModuleCode>> {
    with_linux(shell, |linux, program| {
        let of = |known: &kdive_linux::ModuleSymbols| {
            let code = match &known.symbols {
                SymbolsFrom::File { id, .. } => {
                    program.modules.module(*id).map(|module| module_code(module)).ok_or_else(String::new)
                }
                SymbolsFrom::None(reason) => Err(reason.clone()),
            };
            ModuleCode { name: known.info.name.clone(), code }
        };
        linux.modules().iter().map(of).collect()
    })
}

fn check(shell: &mut Shell, range: AddrRange) -> Result<Checked, Error> {
    let checked = with_linux(shell, |linux, program| {
        let map = linux.patches_at(program, range.start);
        check_text(program, range, &PatchMap::with_probes(map, program))
    });
    checked.ok_or_else(|| Error::msg("No Linux kernel is being debugged."))?.map_err(Error::msg)
}

/// The addresses of a function.
fn function(program: &Program, text: &str) -> Result<Vec<AddrRange>, Error> {
    let addr = program.evaluate_address(text)?;
    let (_, bounds) = program
        .modules
        .function_bounds(addr)
        .ok_or_else(|| Error::msg("No function contains specified address."))?;
    Ok(match program.modules.function_at(addr) {
        Some(function) if function.ranges().len() > 1 => function.ranges(),
        _ => vec![bounds],
    })
}

/// `0xffffffff8134cc50 <vfs_read>: e8 0b c4 d1 ff -> 0f 1f 44 00 00  call of the function tracer`
fn describe(program: &Program, difference: &Difference) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    let place = program.symbolic(difference.addr).map(|name| format!(" <{name}>")).unwrap_or_default();
    let reason = match difference.patch {
        Patch::Site(kind) => kdive_linux::Site { addr: difference.addr, kind }.describe(program),
        other => other.to_string(),
    };
    format!("{}{place}: {} -> {}  {reason}", difference.addr, hex(&difference.file), hex(&difference.memory))
}
