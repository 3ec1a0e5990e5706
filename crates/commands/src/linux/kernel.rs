//! The running kernel as a whole: `info kernel`, `set kaslr`, `lx-version`, `lx-cmdline`, `lx-cpus`.

use super::modules::with_linux;
use crate::gdb::events::tell_pending;
use crate::settings::kind;
use crate::spec::{Class, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_linux::{Identity, Kaslr};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "info kernel",
        class: Class::Linux,
        needs: Needs::TARGET.and(Needs::SYMBOLS),
        summary: "The running kernel: release, place, and whether its symbols are the right ones",
        help: "The place is found by itself, also with KASLR; see set kaslr.",
        keywords: &["KASLR", "address randomization", "kernel version"],
        examples: &["info kernel"],
        run: info_kernel,
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-version",
        class: Class::Linux,
        needs: Needs::TARGET.and(Needs::SYMBOLS),
        summary: "Report the Linux version of the running kernel",
        help: "Shows linux_banner.",
        examples: &["lx-version"],
        run: |shell, _| {
            let banner = kdive_linux::banner(shell.program()).map_err(Error::msg)?;
            shell.out.line(&banner);
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-cmdline",
        class: Class::Linux,
        needs: Needs::TARGET.and(Needs::SYMBOLS),
        summary: "Report the Linux command line used in the running kernel",
        help: "Shows saved_command_line.",
        examples: &["lx-cmdline"],
        run: |shell, _| {
            let line = kdive_linux::command_line(shell.program()).map_err(Error::msg)?;
            shell.out.line(&line);
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "lx-cpus",
        class: Class::Linux,
        needs: Needs::TARGET.and(Needs::SYMBOLS),
        summary: "List CPU status arrays",
        help: "The CPUs that are possible, present, online and active.",
        examples: &["lx-cpus"],
        run: lx_cpus,
        ..Spec::EMPTY
    },
];

/// Takes over `set kaslr`.
pub fn set_kaslr(shell: &mut Shell) {
    let text = shell.settings.text("kaslr");
    let kaslr = match text.as_str() {
        "auto" => Kaslr::Auto,
        "off" => Kaslr::Off,
        offset => Kaslr::By(kind::offset(offset).unwrap_or(0)),
    };
    shell.session.set_kaslr(kaslr);
    tell_pending(shell);
}

fn info_kernel(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let place = with_linux(shell, |linux, _| linux.kernel_place()).flatten();
    let program = shell.program();
    let mut lines = Vec::new();
    let mut row = |title: &str, text: String| lines.push(format!("{:<10} {text}", format!("{title}:")));
    match kdive_linux::banner(program) {
        Ok(banner) => row("Kernel", banner),
        Err(error) => row("Kernel", format!("not found yet (not started, or another vmlinux): {error}")),
    }
    match place {
        Some(place) => {
            let slide = if place.slide == 0 {
                "not moved".to_owned()
            } else {
                format!("KASLR slide {:#x}", place.slide)
            };
            row("Image", format!("{}, {slide}, {}", place.start, place.by));
        }
        None => {
            let setting = shell.settings.text("kaslr");
            row("Image", match setting.as_str() {
                "auto" => "place not known yet; it is looked for at each stop, and when the kernel turns on its page tables".to_owned(),
                "off" => "where the file says (set kaslr off)".to_owned(),
                offset => format!("moved by {offset} (set kaslr)"),
            });
        }
    }
    if let Some(main) = program.modules.modules().first() {
        let same = match kdive_linux::identity(program) {
            Identity::Same => "build-id is the guest's".to_owned(),
            Identity::Different { running, .. } => format!("another build: the guest has build-id {running}"),
            Identity::NotThere => "the guest has no build-id where this file has its own".to_owned(),
            Identity::Unknown => "build-id not compared yet".to_owned(),
        };
        row("Symbols", format!("{}, {same}", main.object().path().display()));
    }
    if let Some(state) = program.cpu_state() {
        let root =
            state.page_table_root.map_or_else(String::new, |root| format!(", root at physical {root}"));
        row("CPU", format!("{}, CPL {}, {}{root}", state.mode, state.cpl, state.paging));
    }
    for line in lines {
        shell.out.line(&line);
    }
    Ok(())
}

fn lx_cpus(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    for (title, mask) in
        [("Possible", "possible"), ("Present", "present"), ("Online", "online"), ("Active", "active")]
    {
        let cpus = kdive_linux::cpu_mask(shell.program(), mask).map_err(Error::msg)?;
        shell.out.line(&format!("{title:<8} CPUs : {cpus:?}"));
    }
    Ok(())
}
