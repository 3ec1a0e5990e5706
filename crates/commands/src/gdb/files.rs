//! Which files are loaded: `file`, `symbol-file`, `add-symbol-file`, `remove-symbol-file`, `info files`.

use super::debugger::directories;
use super::files_missing::say_what_is_missing;
use crate::gdb::events::tell_pending;
use crate::spec::{Class, Completer, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_base::LinkAddr;
use kdive_symbols::{ModuleId, ObjectFile, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "file",
        aliases: &["fil"],
        class: Class::Files,
        summary: "Use FILE as program to be debugged",
        help: "Usage: file [FILE]\n\
               Its symbols are read, and memory is read from it while there is no target.\n\
               Without argument: no file.",
        examples: &["file vmlinux"],
        repeat: Repeat::No,
        complete: Completer::File,
        run: file,
        ..Spec::EMPTY
    },
    Spec {
        name: "exec-file",
        class: Class::Files,
        summary: "Use FILE as program for getting contents of pure memory",
        help: "Usage: exec-file [FILE]\nHere the same as file: a kernel's image and its symbols are one file.",
        examples: &["exec-file vmlinux"],
        complete: Completer::File,
        run: file,
        ..Spec::EMPTY
    },
    Spec {
        name: "symbol-file",
        aliases: &["sy"],
        class: Class::Files,
        summary: "Load symbol table from executable file FILE",
        help: "Usage: symbol-file [-o OFFSET] [FILE]\nOFFSET is added to every address of the file.",
        examples: &["symbol-file vmlinux", "symbol-file -o 0x1e000000 vmlinux"],
        repeat: Repeat::No,
        complete: Completer::File,
        run: symbol_file,
        ..Spec::EMPTY
    },
    Spec {
        name: "add-symbol-file",
        class: Class::Files,
        summary: "Load symbols from FILE, assuming FILE has been dynamically loaded",
        help: "Usage: add-symbol-file FILE [-o OFFSET] [ADDR] [-s SECTION ADDR]...\n\
               ADDR is the address of the .text section; -s gives the address of another one.\n\
               For a module that is loaded in a Linux guest this is not needed: see info modules.",
        examples: &["add-symbol-file poc.ko 0xffffffffc0000000 -s .data 0xffffffffc0002000"],
        repeat: Repeat::No,
        complete: Completer::File,
        run: add_symbol_file,
        ..Spec::EMPTY
    },
    Spec {
        name: "remove-symbol-file",
        class: Class::Files,
        summary: "Remove a symbol file added via the add-symbol-file command",
        help: "Usage: remove-symbol-file FILE\n       remove-symbol-file -a ADDRESS",
        examples: &["remove-symbol-file poc.ko", "remove-symbol-file -a 0xffffffffc0000000"],
        repeat: Repeat::No,
        complete: Completer::File,
        run: remove_symbol_file,
        ..Spec::EMPTY
    },
    Spec {
        name: "set index-cache on",
        class: Class::Files,
        summary: "Keep indexes of symbols on disk",
        help: "Usage: set index-cache on\nThe same as set index-cache enabled on.",
        examples: &["set index-cache on"],
        run: |shell, _| shell.execute("set index-cache enabled on", false),
        ..Spec::EMPTY
    },
    Spec {
        name: "set index-cache off",
        class: Class::Files,
        summary: "Do not keep indexes of symbols on disk",
        help: "Usage: set index-cache off\nThe same as set index-cache enabled off.",
        examples: &["set index-cache off"],
        run: |shell, _| shell.execute("set index-cache enabled off", false),
        ..Spec::EMPTY
    },
    Spec {
        name: "maintenance info index",
        class: Class::Internals,
        summary: "State of the indexes of symbols",
        help: "Of each file: the number of names and of units, and whether the index was built or\n\
               read from disk. It is made when a name is first asked for, and on a terminal in\n\
               the background as soon as the file is loaded.",
        examples: &["maintenance info index"],
        run: info_index,
        ..Spec::EMPTY
    },
    Spec {
        name: "info files",
        aliases: &["info target"],
        class: Class::Status,
        summary: "Names of targets and files being debugged",
        help: "Shows the files whose symbols are loaded, and the sections of the program with\n\
               their addresses.",
        examples: &["info files"],
        run: info_files,
        ..Spec::EMPTY
    },
    Spec {
        name: "info inferiors",
        class: Class::Status,
        summary: "What is being debugged, and over which connection",
        help: "There is one: a guest is one program to its stub.",
        examples: &["info inferiors"],
        run: info_inferiors,
        ..Spec::EMPTY
    },
    Spec {
        name: "info sharedlibrary",
        aliases: &["info dll"],
        class: Class::Status,
        summary: "Status of loaded shared object libraries",
        help: "A kernel has none; its loadable parts are listed by info modules.",
        examples: &["info sharedlibrary"],
        run: |shell, _| {
            shell.out.line("No shared libraries loaded at this time.");
            Ok(())
        },
        ..Spec::EMPTY
    },
];

/// Splits a command's argument into words as gdb does: blanks, quotes, backslashes.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().push(chars.next().unwrap_or('\\')),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// `~` as the home directory, made absolute.
fn expand(path: &str) -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let path = match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    };
    let path = std::path::absolute(&path).unwrap_or(path);
    // As gdb names files: links of directories followed, a link that is the file itself kept.
    match (path.parent().and_then(|parent| parent.canonicalize().ok()), path.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => path,
    }
}

/// How files are opened by the settings.
fn take_options(shell: &mut Shell) {
    shell.session.open_options = OpenOptions {
        index_cache: shell.index_cache(),
        debug_directories: Some(directories(shell, "debug-file-directory")),
        progress: shell.progress(),
        ..OpenOptions::default()
    };
}

/// Opens an object file, with errors in terms of the path as typed.
///
/// # Errors
/// `FILE: No such file or directory.`, `"FILE": not in executable format: file format not recognized`.
pub fn open(typed: &str, options: &OpenOptions) -> Result<Arc<ObjectFile>, Error> {
    kdive_engine::open(&expand(typed), options).map_err(|error| as_typed(typed, error))
}

/// `Reading symbols from FILE...`, as far as `set print symbol-loading` wants it: `brief` only for the main file.
fn tell_loading(shell: &mut Shell, file: &str, main: bool) {
    let wanted = match shell.settings.text("print symbol-loading").as_str() {
        "off" => false,
        "brief" => main,
        _ => true,
    };
    if wanted {
        shell.out.line(&format!("Reading symbols from {file}..."));
    }
}

/// Replaces all symbols by those of one file.
///
/// # Errors
/// As [`open`]; the symbols loaded before then stay.
pub fn load_main(shell: &mut Shell, typed: &str, slide: u64, from_tty: bool) -> Result<ModuleId, Error> {
    take_options(shell);
    if from_tty {
        tell_loading(shell, typed, true);
    }
    let object = open(typed, &shell.session.open_options)?;
    say_what_is_missing(shell, &object, typed, from_tty);
    if from_tty {
        prepare_index(&object);
    }
    let id = shell.session.set_program(object, slide);
    tell_pending(shell);
    Ok(id?)
}

/// Makes the index while the user reads the prompt; what is asked meanwhile waits for it where it needs it.
fn prepare_index(object: &Arc<ObjectFile>) {
    let object = Arc::clone(object);
    // Without a thread the first question makes it.
    let _ = std::thread::Builder::new().name("index".to_owned()).spawn(move || object.prepare_index());
}

fn info_index(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    match shell.index_cache() {
        Some(directory) => shell.out.line(&format!("Indexes are kept in {}.", directory.display())),
        None => shell.out.line("Indexes are not kept on disk."),
    }
    let lines: Vec<String> = shell
        .program()
        .modules
        .modules()
        .iter()
        .map(|module| {
            let object = module.object();
            let state = match object.index_info() {
                None => "no debug information".to_owned(),
                Some(info) if !info.ready => format!("not made yet, {} units", info.units),
                Some(info) => {
                    let how = if info.from_cache { "read from disk" } else { "built" };
                    format!("{how}, {} names in {} units", info.names, info.units)
                }
            };
            format!("{}: {state}", object.path().display())
        })
        .collect();
    for line in lines {
        shell.out.line(&line);
    }
    Ok(())
}

fn file(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let words = words(args.text());
    match words.as_slice() {
        [] => {
            discard(shell, args.from_tty)?;
            if args.from_tty {
                shell.out.line("No executable file now.");
                shell.out.line("No symbol file now.");
            }
            Ok(())
        }
        [name] => load_main(shell, name, 0, args.from_tty).map(|_| ()),
        _ => Err(Error::msg("file takes one file name")),
    }
}

fn discard(shell: &mut Shell, from_tty: bool) -> Result<(), Error> {
    let main =
        shell.program().modules.modules().first().map(|main| main.object().path().display().to_string());
    if let Some(path) = main.filter(|_| from_tty)
        && !shell.query(&format!("Discard symbol table from `{path}'"))
    {
        return Err(Error::msg("Not confirmed."));
    }
    let result = shell.session.discard_files();
    tell_pending(shell);
    Ok(result?)
}

fn symbol_file(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let words = words(args.text());
    let mut slide = 0;
    let mut name = None;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-o" => {
                let offset = rest.next().ok_or_else(|| Error::msg("Missing argument to -o"))?;
                slide = shell.program().evaluate_address(offset)?.0;
            }
            "-readnow" | "-readnever" | "--" => {}
            option if option.starts_with('-') && name.is_none() => {
                return Err(Error::msg(format!("Unrecognized argument \"{option}\"")));
            }
            other if name.is_none() => name = Some(other.to_owned()),
            other => return Err(Error::msg(format!("Unrecognized argument \"{other}\""))),
        }
    }
    match name {
        None => {
            discard(shell, args.from_tty)?;
            if args.from_tty {
                shell.out.line("No symbol file now.");
            }
            Ok(())
        }
        Some(name) => load_main(shell, &name, slide, args.from_tty).map(|_| ()),
    }
}

/// The parsed argument of `add-symbol-file`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Addition {
    file: String,
    /// Address of `.text` as typed, and of the other sections.
    sections: Vec<(String, String)>,
    offset: Option<String>,
}

fn parse_addition(words: &[String]) -> Result<Addition, Error> {
    let mut addition = Addition::default();
    let mut file = None;
    let mut text_seen = false;
    let mut only_names = false;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if !word.starts_with('-') || only_names {
            if file.is_none() {
                file = Some(word.clone());
            } else if text_seen {
                return Err(Error::msg(format!("Unrecognized argument \"{word}\"")));
            } else {
                text_seen = true;
                addition.sections.insert(0, (".text".to_owned(), word.clone()));
            }
            continue;
        }
        match word.as_str() {
            "-readnow" | "-readnever" => {}
            "--" => only_names = true,
            "-s" => {
                let name = rest.next().ok_or_else(|| Error::msg("Missing section name after \"-s\""))?;
                let addr = rest.next().ok_or_else(|| Error::msg("Missing section address after \"-s\""))?;
                addition.sections.push((name.clone(), addr.clone()));
            }
            "-o" => {
                let offset = rest.next().ok_or_else(|| Error::msg("Missing argument to -o"))?;
                addition.offset = Some(offset.clone());
            }
            _ => return Err(Error::msg(format!("Unrecognized argument \"{word}\""))),
        }
    }
    addition.file = file.ok_or_else(|| Error::msg("You must provide a filename to be loaded."))?;
    Ok(addition)
}

fn add_symbol_file(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let words = words(args.text());
    if words.is_empty() {
        return Err(Error::msg("add-symbol-file takes a file name and an address"));
    }
    let addition = parse_addition(&words)?;
    let program = shell.program();
    let mut sections = Vec::with_capacity(addition.sections.len());
    for (name, addr) in &addition.sections {
        sections.push((name.clone(), LinkAddr(program.evaluate_address(addr)?.0)));
    }
    let offset = match &addition.offset {
        Some(text) => Some(program.evaluate_address(text)?.0),
        None => None,
    };
    let mut text = format!("add symbol table from file \"{}\"", addition.file);
    if sections.is_empty() {
        if let Some(offset) = offset {
            text.push_str(&format!(" with all sections offset by {offset:#x}"));
        }
        text.push('\n');
    } else {
        text.push_str(" at\n");
        for (name, addr) in &sections {
            text.push_str(&format!("\t{name}_addr = {addr:#x}\n"));
        }
        if let Some(offset) = offset {
            text.push_str(&format!("with other sections offset by {offset:#x}\n"));
        }
    }
    shell.out.put(&text);
    if args.from_tty && !shell.query("") {
        return Err(Error::msg("Not confirmed."));
    }
    if args.from_tty {
        tell_loading(shell, &addition.file, false);
    }
    let id = add_object(shell, &addition.file, sections, offset)?;
    let object = shell.program().modules.module(id).map(|module| Arc::clone(module.object()));
    if let Some(object) = object {
        if !object.has_symbols() && !object.has_debug_info() {
            shell.out.warning(&format!(
                "newly-added symbol file \"{}\" does not provide any symbols",
                addition.file
            ));
        } else {
            say_what_is_missing(shell, &object, &addition.file, args.from_tty);
        }
    }
    Ok(())
}

/// Loads one more object file at the given section addresses.
///
/// # Errors
/// As [`open`]; a section the file does not have.
pub fn add_object(
    shell: &mut Shell,
    typed: &str,
    sections: Vec<(String, LinkAddr)>,
    offset: Option<u64>,
) -> Result<ModuleId, Error> {
    take_options(shell);
    let id = shell.session.add_file(&expand(typed), sections, offset);
    tell_pending(shell);
    id.map_err(|error| as_typed(typed, error))
}

/// An error in terms of the path as typed.
fn as_typed(typed: &str, error: kdive_engine::Error) -> Error {
    match error {
        kdive_engine::Error::File { source, .. } if source.kind() == std::io::ErrorKind::IsADirectory => {
            Error::msg(format!("\"{typed}\" is a directory: give the vmlinux in it"))
        }
        kdive_engine::Error::File { source, .. } => Error::of_file(typed, &source),
        kdive_engine::Error::NoSection { section, .. } => {
            Error::msg(format!("\"{typed}\" has no section {section}"))
        }
        other => other.into(),
    }
}

fn remove_symbol_file(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let words = words(args.text());
    let program = shell.program();
    let found = match words.as_slice() {
        [] => return Err(Error::msg("remove-symbol-file: no symbol file provided")),
        [option, addr] if option == "-a" => {
            let addr = program.evaluate_address(addr)?;
            program.modules.module_at(addr).map(|(module, _)| module.id())
        }
        [option] if option == "-a" => return Err(Error::msg("Missing address argument")),
        [name] => {
            let path = expand(name);
            let mut modules = program.modules.modules().iter();
            modules.find(|module| module.object().path() == path).map(|module| module.id())
        }
        _ => return Err(Error::msg("Junk after file name.")),
    };
    let main = program.modules.modules().first().map(|module| module.id());
    let Some(id) = found.filter(|&id| Some(id) != main) else {
        return Err(Error::msg("No symbol file found"));
    };
    let path = program.modules.module(id).map(|module| module.object().path().to_owned());
    if args.from_tty
        && let Some(path) = path
        && !shell.query(&format!("Remove symbol table from file \"{}\"?", path.display()))
    {
        return Err(Error::msg("Not confirmed."));
    }
    let result = shell.session.remove_file(id);
    tell_pending(shell);
    Ok(result?)
}

/// `e_entry` of an ELF file (elf.5: 8 bytes at offset 24); 0 when it cannot be read.
fn entry_of(path: &Path) -> LinkAddr {
    let mut header = [0; 32];
    let read =
        std::fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut header));
    let bytes = header.get(24..32).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    LinkAddr(if read.is_ok() { u64::from_le_bytes(bytes) } else { 0 })
}

fn info_inferiors(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let description = match shell.session.target() {
        Some(_) => shell.session.inferior(),
        None => "<null>".to_owned(),
    };
    let connection = match shell.session.remote() {
        Some(remote) => format!("1 (remote {})", remote.address()),
        None => String::new(),
    };
    let main = shell.program().modules.modules().first();
    let executable = main.map(|module| module.object().path().display().to_string()).unwrap_or_default();
    let width = connection.len().max(17);
    shell.out.line(&format!("  Num  {:<17} {:<width$} {:<17} ", "Description", "Connection", "Executable"));
    shell.out.line(&format!("* 1    {description:<17} {connection:<width$} {executable:<17} "));
    Ok(())
}

fn info_files(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let program = shell.program();
    let mut text = String::new();
    if let Some(main) = program.modules.modules().first() {
        text.push_str(&format!("Symbols from \"{}\".\n", main.object().path().display()));
    }
    if program.machine().is_some() {
        text.push_str(
            "Remote target using gdb-specific protocol:\n\tDebugging a target over a serial line.\n\
             \tWhile running this, GDB does not access memory from...\n",
        );
    }
    for (index, module) in program.modules.modules().iter().enumerate() {
        let object = module.object();
        if index == 0 {
            text.push_str(&format!(
                "Local exec file:\n\t`{}', file type elf64-x86-64.\n\tEntry point: {:#x}\n",
                object.path().display(),
                module.to_virt(entry_of(object.path()))
            ));
        }
        for section in object.sections().iter().filter(|section| section.alloc && section.size > 0) {
            let start = module.to_virt(section.addr);
            let end = start.offset(section.size);
            text.push_str(&format!("\t{start:#018x} - {end:#018x} is {}", section.name));
            if index > 0 {
                text.push_str(&format!(" in {}", object.path().display()));
            }
            text.push('\n');
        }
    }
    shell.out.put(&text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Addition, String> {
        parse_addition(&words(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn words_know_quotes() {
        assert_eq!(words(r#"a "b c" d\ e ''"#), ["a", "b c", "d e", ""]);
    }

    #[test]
    fn addition_of_a_symbol_file() {
        let addition = parsed("m.ko 0x10 -s .data 0x20").unwrap();
        assert_eq!(addition.file, "m.ko");
        assert_eq!(
            addition.sections,
            [(".text".to_owned(), "0x10".to_owned()), (".data".to_owned(), "0x20".to_owned())]
        );
        assert_eq!(parsed("-s .data 0x20 m.ko 0x10").unwrap().sections[0].0, ".text");
        assert_eq!(parsed("-o 0x10"), Err("You must provide a filename to be loaded.".into()));
        assert_eq!(parsed("m.ko 1 2"), Err("Unrecognized argument \"2\"".into()));
        assert_eq!(parsed("m.ko -s"), Err("Missing section name after \"-s\"".into()));
        assert_eq!(parsed("m.ko -s .x"), Err("Missing section address after \"-s\"".into()));
    }
}
