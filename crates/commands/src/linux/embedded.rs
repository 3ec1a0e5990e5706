//! What embedded kernels have, and the kernel's own configuration: `lx-clk-summary`, `lx-genpd-summary`, `lx-configdump`,
//! `lx-fdtdump`. Where a kernel is built without it, that is said.

use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use std::path::Path;

const NEEDS: Needs = Needs::STOPPED.and(Needs::SYMBOLS);

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "lx-clk-summary",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Print clk tree summary",
        help: "A subset of /sys/kernel/debug/clk/clk_summary. Nothing is called in the guest:\n\
               (c) marks rates that are cached and may be out of date.",
        examples: &["lx-clk-summary"],
        run: clocks,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-genpd-summary",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Print genpd summary",
        help: "Similar to /sys/kernel/debug/pm_genpd/pm_genpd_summary.",
        examples: &["lx-genpd-summary"],
        run: domains,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-configdump",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Output kernel config to the filename specified as the command argument",
        help: "Usage: lx-configdump [FILE]\n\
               Like zcat /proc/config.gz in the guest. FILE is config.txt if it is not given.",
        examples: &["lx-configdump"],
        complete: Completer::File,
        run: config,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-fdtdump",
        class: Class::Linux,
        needs: NEEDS,
        summary: "Output Flattened Device Tree header and dump FDT blob to a file",
        help: "Usage: lx-fdtdump [FILE]\nFILE is fdtdump.dtb if it is not given.",
        examples: &["lx-fdtdump"],
        complete: Completer::File,
        run: device_tree,
        ..Spec::EMPTY
    },
];

/// Larger than any configuration.
const MAX_CONFIG: u64 = 64 << 20;

/// What a kernel without the symbol is built without.
fn without(what: &str, option: &str, error: kdive_linux::Error) -> Error {
    match error {
        kdive_linux::Error::NoSymbol(_) | kdive_linux::Error::NotInKernel(_) => {
            Error::msg(format!("Can't find {what}: this kernel is built without {option}."))
        }
        other => Error::msg(other),
    }
}

fn clocks(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let (found, broken) = kdive_linux::clocks(shell.program())
        .map_err(|error| without("clocks", "CONFIG_COMMON_CLK", error))?;
    shell.out.line("                                 enable  prepare  protect               ");
    shell.out.line("   clock                          count    count    count        rate   ");
    shell.out.line(&"-".repeat(72));
    for clock in found {
        let indent = " ".repeat(clock.depth * 3 + 1);
        let width = 30usize.saturating_sub(clock.depth * 3);
        let [enabled, prepared, protected] = clock.counts;
        let mark = if clock.uncached { "(c)" } else { "   " };
        shell.out.line(&format!(
            "{indent}{:<width$} {enabled:>7} {prepared:>8} {protected:>8} {:>11}{mark}",
            clock.name, clock.rate
        ));
    }
    if let Some(broken) = broken {
        super::damaged(shell, &format!("the tree of clocks is damaged: {broken}"));
    }
    Ok(())
}

fn domains(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let (found, broken) = kdive_linux::power_domains(shell.program())
        .map_err(|error| without("power domains", "CONFIG_PM_GENERIC_DOMAINS", error))?;
    shell.out.line("domain                          status          slaves");
    shell.out.line("    /device                                             runtime status");
    shell.out.line(&"-".repeat(70));
    for domain in found {
        let line = format!("{:<30}  {:<15} {}", domain.name, domain.status, domain.children.join(", "));
        shell.out.line(&line);
        for (path, status) in domain.devices {
            shell.out.line(&format!("    {path:<50}  {status}"));
        }
    }
    if let Some(broken) = broken {
        super::damaged(shell, &format!("the list of power domains is damaged: {broken}"));
    }
    Ok(())
}

fn write(path: &str, content: &[u8]) -> Result<(), Error> {
    std::fs::write(Path::new(path), content).map_err(|error| Error::msg(format!("{path}: {error}.")))
}

fn config(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let packed = kdive_linux::packed_config(shell.program())
        .map_err(|error| without("config", "CONFIG_IKCONFIG", error))?;
    let text = kdive_symbols::gunzip(&packed, MAX_CONFIG)
        .map_err(|reason| Error::msg(format!("The kernel's config {reason}.")))?;
    let file = if args.is_empty() { "config.txt" } else { args.text() };
    write(file, &text)?;
    shell.out.line(&format!("Dumped config to {file}"));
    Ok(())
}

fn device_tree(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    const FIELDS: [&str; 10] = [
        "magic",
        "totalsize",
        "off_dt_struct",
        "off_dt_strings",
        "off_mem_rsvmap",
        "version",
        "last_comp_version",
        "boot_cpuid_phys",
        "size_dt_strings",
        "size_dt_struct",
    ];
    let (header, blob) = kdive_linux::device_tree_blob(shell.program())
        .map_err(|error| without("a device tree", "CONFIG_OF", error))?;
    for (name, value) in FIELDS.iter().zip(header.words) {
        let title = format!("{name}:");
        shell.out.line(&format!("{title:<20} {value:#x}"));
    }
    let file = if args.is_empty() { "fdtdump.dtb" } else { args.text() };
    write(file, &blob)?;
    shell.out.line(&format!("Dumped fdt blob to {file}"));
    Ok(())
}
