//! Memory to and from files: `dump`, `append`, `restore`.

use crate::gdb::files::words;
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Shell, Spec};
use kdive_base::VirtAddr;
use kdive_types::Access;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "dump memory",
        aliases: &["dump binary memory"],
        class: Class::Data,
        summary: "Write contents of memory to a raw binary file",
        help: "Usage: dump [binary] memory FILE START STOP\nThe bytes from START up to STOP, not included.",
        examples: &["dump binary memory text.bin _stext _etext"],
        complete: Completer::File,
        run: |shell, args| memory(shell, args, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "dump value",
        aliases: &["dump binary value"],
        class: Class::Data,
        summary: "Write the value of an expression to a raw binary file",
        help: "Usage: dump [binary] value FILE EXPRESSION",
        examples: &["dump value task.bin init_task"],
        complete: Completer::File,
        run: |shell, args| value(shell, args, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "append memory",
        aliases: &["append binary memory"],
        class: Class::Data,
        summary: "Append contents of memory to a raw binary file",
        help: "Usage: append [binary] memory FILE START STOP",
        examples: &["append memory text.bin _stext _etext"],
        complete: Completer::File,
        run: |shell, args| memory(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "append value",
        aliases: &["append binary value"],
        class: Class::Data,
        summary: "Append the value of an expression to a raw binary file",
        help: "Usage: append [binary] value FILE EXPRESSION",
        examples: &["append value task.bin init_task"],
        complete: Completer::File,
        run: |shell, args| value(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "restore",
        class: Class::Data,
        needs: Needs::STOPPED,
        summary: "Restore the contents of FILE to target memory",
        help: "Usage: restore FILE binary OFFSET [START [END]]\n\
               Writes the file's bytes to memory from OFFSET on. START and END select a part\n\
               of the file by its positions; the byte at START goes to OFFSET + START.",
        examples: &["restore text.bin binary 0xffffffff81000000"],
        complete: Completer::File,
        run: restore,
        ..Spec::EMPTY
    },
];

/// Bytes read from the target at a time, so that Ctrl-C is heard.
const CHUNK: usize = 1 << 20;

fn create(name: &str, append: bool) -> Result<std::fs::File, Error> {
    let mut options = OpenOptions::new();
    if append {
        options.append(true)
    } else {
        options.write(true).truncate(true)
    };
    options.create(true).open(name).map_err(|error| Error::of_file(name, &error))
}

fn memory(shell: &mut Shell, args: Args<'_>, append: bool) -> Result<(), Error> {
    let (name, rest) = args.split_word().ok_or_else(|| Error::msg("Missing filename."))?;
    let rest = rest.text();
    if rest.is_empty() {
        return Err(Error::msg("Missing start and stop addresses."));
    }
    let words = words(rest);
    // Expressions with blanks in them are separated by the last blank that leaves two expressions.
    let (start, stop) = match words.as_slice() {
        [_] => return Err(Error::msg("Missing stop address.")),
        [start, stop] => (start.clone(), stop.clone()),
        _ => {
            let at = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (start, stop) = rest.split_at(at);
            (start.to_owned(), stop.trim().to_owned())
        }
    };
    let start = shell.program().evaluate_address(&start)?;
    let stop = shell.program().evaluate_address(&stop)?;
    let Some(length) = stop.distance_from(start).filter(|&length| length > 0) else {
        return Err(Error::msg("Invalid memory address range (start >= end)."));
    };
    // Read the beginning before the file is touched: a range that is not there must not destroy an old dump.
    let mut file = None;
    let mut done = 0;
    let mut buffer = vec![0; CHUNK.min(usize::try_from(length).unwrap_or(CHUNK))];
    while done < length {
        if shell.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        let size = (length - done).min(CHUNK as u64) as usize;
        let part = buffer.get_mut(..size).unwrap_or_default();
        shell.program().read_shown(start.offset(done), part)?;
        if file.is_none() {
            file = Some(create(name, append)?);
        }
        if let Some(file) = &mut file {
            file.write_all(part).map_err(|error| Error::of_file(name, &error))?;
        }
        done += size as u64;
    }
    Ok(())
}

fn value(shell: &mut Shell, args: Args<'_>, append: bool) -> Result<(), Error> {
    let (name, rest) = args.split_word().ok_or_else(|| Error::msg("Missing filename."))?;
    if rest.is_empty() {
        return Err(Error::msg("No value to dump."));
    }
    let program = shell.program();
    let value = program.evaluate(rest.text())?;
    let access: &dyn Access = program;
    let bytes = value.bytes(access).map_err(|error| Error::msg(error.to_string()))?;
    create(name, append)?.write_all(bytes).map_err(|error| Error::of_file(name, &error))
}

fn restore(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let words = words(args.text());
    let mut rest = words.iter().map(String::as_str);
    let name = rest.next().ok_or_else(|| Error::msg("You can't do that without a file name."))?;
    if rest.next() != Some("binary") {
        return Err(Error::msg(format!(
            "{name}: only binary files are restored: restore FILE binary OFFSET"
        )));
    }
    let mut numbers = Vec::new();
    for text in rest {
        numbers.push(shell.program().evaluate_address(text)?.0);
    }
    let offset = *numbers.first().ok_or_else(|| Error::msg("Missing offset for binary file."))?;
    let start = numbers.get(1).copied().unwrap_or(0);
    let mut file = std::fs::File::open(name).map_err(|error| Error::of_file(name, &error))?;
    let length = file.metadata().map_err(|error| Error::of_file(name, &error))?.len();
    let end = numbers.get(2).copied().unwrap_or(length).min(length);
    if start >= end {
        return Err(Error::msg(format!("Start address is greater than length of binary file {name}.")));
    }
    file.seek(SeekFrom::Start(start)).map_err(|error| Error::of_file(name, &error))?;
    let to = VirtAddr(offset).offset(start);
    shell.out.line(&format!(
        "Restoring binary file {name} into memory ({to:#x} to {:#x})",
        VirtAddr(offset).offset(end)
    ));
    let mut done = 0;
    while done < end - start {
        if shell.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        let size = (end - start - done).min(CHUNK as u64) as usize;
        let mut part = vec![0; size];
        file.read_exact(&mut part).map_err(|error| Error::of_file(name, &error))?;
        shell.program().write_memory(to.offset(done), &part)?;
        done += size as u64;
    }
    Ok(())
}
