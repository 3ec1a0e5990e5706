//! `chkimg`: kernel text in memory against the file, each difference with its reason.

use super::modules::with_linux;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_base::AddrRange;
use kdive_linux::{Difference, Patch, PatchMap, check_text, kernel_text};
use kdive_program::Program;
use std::collections::BTreeMap;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "chkimg",
    class: Class::Linux,
    needs: Needs::TARGET.and(Needs::SYMBOLS),
    summary: "Kernel text that differs from its file, and why",
    help: "Usage: chkimg [-a] [FUNCTION]\n\
           Without argument all of the kernel's text is compared: how many places\n\
           differ for each reason, and every place that nothing accounts for. With a\n\
           function, or with -a, every place with its bytes before and now. A kernel\n\
           rewrites its own text: static branches and calls, the tracer's calls,\n\
           alternatives for the CPU, returns and indirect calls that go through thunks,\n\
           probes; KASLR moves the addresses in it. Breakpoints of kdive are not seen.",
    examples: &["chkimg", "chkimg vfs_read"],
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
    let map = with_linux(shell, |linux, program| {
        let sites = linux.sites(program);
        PatchMap::of_kernel(program, &sites).with_probes(program)
    })
    .ok_or_else(|| Error::msg("No Linux kernel is being debugged."))?;
    let program = shell.program();
    let ranges = if text.is_empty() {
        vec![
            kernel_text(program)
                .ok_or_else(|| Error::msg("No symbols _stext and _etext: is this a vmlinux?"))?,
        ]
    } else {
        function(program, text)?
    };
    let (mut found, mut bytes) = (Vec::new(), 0);
    for range in ranges {
        let checked = check_text(shell.program(), range, &map).map_err(Error::msg)?;
        found.extend(checked.differences);
        bytes += checked.bytes;
        for broken in checked.broken {
            shell.out.warning(&format!("not compared: {broken}"));
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for difference in &found {
        *counts.entry(difference.patch.to_string()).or_default() += 1;
        if all || !text.is_empty() || difference.patch == Patch::Unexplained {
            let line = describe(shell.program(), difference);
            shell.out.line(&line);
        }
    }
    for (reason, count) in &counts {
        shell.out.line(&format!("{count:>7}  {reason}"));
    }
    let unexplained = found.iter().filter(|difference| difference.patch == Patch::Unexplained).count();
    shell
        .out
        .line(&format!("{} places differ in {bytes} bytes, {unexplained} of them unexplained.", found.len()));
    Ok(())
}

/// The addresses of a function.
fn function(program: &Program, text: &str) -> Result<Vec<AddrRange>, Error> {
    let addr = program.evaluate_address(text)?;
    let (_, bounds) = program
        .modules
        .function_bounds(addr)
        .ok_or_else(|| Error::msg("No function contains specified address."))?;
    let kernel = program.modules.module_at(addr).is_some_and(|(module, _)| module.is_kernel());
    if !kernel {
        return Err(Error::msg(
            "Only text of the kernel image is compared: the tables of modules are gone once they are loaded.",
        ));
    }
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
