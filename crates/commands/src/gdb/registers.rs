//! `info registers`, `info all-registers`.

use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_arch::{Group, RegisterFile, explain, format, x87};
use kdive_base::VirtAddr;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "info registers",
        aliases: &["info r"],
        class: Class::Status,
        needs: Needs::REGISTERS,
        summary: "List of integer registers and their contents, for selected stack frame",
        help: "Usage: info registers [-v] [REGISTER | GROUP]...\n\
               -v explains every bit that is set, and the mode of the CPU, in words.\n\
               GROUP is general, float, vector, system or all.",
        examples: &["info registers", "info registers rip rsp", "info registers -v cr0 eflags"],
        complete: Completer::Custom(complete_register),
        run: |shell, args| registers(shell, args, Group::General),
        ..Spec::EMPTY
    },
    Spec {
        name: "info all-registers",
        class: Class::Status,
        needs: Needs::REGISTERS,
        summary: "List of all registers and their contents, for selected stack frame",
        help: "Usage: info all-registers [-v] [REGISTER | GROUP]...",
        examples: &["info all-registers"],
        complete: Completer::Custom(complete_register),
        run: |shell, args| registers(shell, args, Group::All),
        ..Spec::EMPTY
    },
    Spec {
        name: "info vector",
        class: Class::Status,
        needs: Needs::REGISTERS,
        summary: "The vector registers and their contents",
        help: "Usage: info vector",
        examples: &["info vector"],
        run: |shell, args| registers(shell, args.with(""), Group::Vector),
        ..Spec::EMPTY
    },
    Spec {
        name: "info float",
        class: Class::Status,
        needs: Needs::REGISTERS,
        summary: "The state of the floating-point unit",
        help: "Usage: info float\nThe x87 stack with the class of each value, and its status and control words.",
        examples: &["info float"],
        run: info_float,
        ..Spec::EMPTY
    },
];

fn complete_register(shell: &Shell, text: &str) -> Vec<String> {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default().trim_start_matches('$');
    let Some(registers) = shell.program().registers() else { return Vec::new() };
    registers.layout().names().into_iter().filter(|name| name.starts_with(word)).collect()
}

fn registers(shell: &mut Shell, args: Args<'_>, group: Group) -> Result<(), Error> {
    let mut names: Vec<&str> = args.text().split_whitespace().collect();
    let verbose = names.first() == Some(&"-v");
    if verbose {
        names.remove(0);
    }
    let program = shell.program();
    let level = program.selected_level();
    let mut file = program.frame_registers(level)?;
    program.fetch_rest(&mut file);
    let symbolize = |addr: VirtAddr| program.symbolic(addr);
    let mut text = String::new();
    if names.is_empty() {
        let rows = match group {
            Group::General => format::general(&file, &symbolize),
            _ => format::group(&file, group, &symbolize),
        };
        for row in rows {
            text.push_str(&row);
            text.push('\n');
        }
        if verbose {
            let names: Vec<&str> =
                file.layout().registers().iter().map(|register| register.name.as_str()).collect();
            text.push_str(&words(&file, &names));
        }
    }
    for name in &names {
        for row in format::named(&file, name, &symbolize)? {
            text.push_str(&row);
            text.push('\n');
        }
        if verbose {
            text.push_str(&words(&file, &[name.trim_start_matches('$')]));
        }
    }
    if verbose {
        for line in explain::state(&file) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    shell.out.put(&text);
    Ok(())
}

fn info_float(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let program = shell.program();
    let mut file = program.frame_registers(program.selected_level())?;
    program.fetch_rest(&mut file);
    match x87::state(&file) {
        Some(text) => shell.out.put(&text),
        // A processor without it, or one whose registers have no such meaning here.
        None => return registers(shell, Args::new(""), Group::Float),
    }
    Ok(())
}

/// The set bits of the named registers in words, indented below the register.
fn words(file: &RegisterFile, names: &[&str]) -> String {
    let mut text = String::new();
    for name in names {
        for note in explain::register(file, name) {
            text.push_str(&format!("    {name}: {note}\n"));
        }
    }
    text
}
