//! Expressions, memory and registers.

use crate::commands::{Outcome, Session, usage};
use crate::options::Options;
use crate::record::Fields;
use crate::stack::value_text;
use kdive_base::{ReadMemory, VirtAddr};

/// Most bytes that are read for one command.
const MAX_BYTES: u64 = 16 << 20;

impl Session<'_> {
    /// `-data-evaluate-expression`.
    pub fn evaluate_expression(&mut self, args: &[String]) -> Outcome {
        let [text] = args else {
            return usage("-data-evaluate-expression: Usage: -data-evaluate-expression expression");
        };
        let scope = self.scope;
        let engine = self.engine();
        let made = engine.evaluate(&scope, text);
        let id = match made {
            Ok(id) => id,
            Err(error) => return Err(self.failure(error)),
        };
        let engine = self.engine();
        let info = engine.variable(id).map_err(|error| error.to_string());
        engine.release(id);
        let info = info?;
        if let Some(error) = info.error {
            return Err(error);
        }
        let mut fields = Fields::new();
        fields.field("value", value_text(&info));
        Ok(fields)
    }

    /// `-data-read-memory-bytes`.
    pub fn read_memory_bytes(&mut self, args: &[String]) -> Outcome {
        let mut offset = 0;
        let mut options = Options::new("data-read-memory-bytes", args);
        while let Some((_, value)) = options.next(&[("-o", true)])? {
            offset = value.parse::<i64>().map_err(|_| format!("Invalid offset: {value}"))?;
        }
        let [address, length] = options.rest() else { return usage("Usage: [ -o OFFSET ] ADDR LENGTH.") };
        let start = self.address(address)?.wrapping_add_signed(offset);
        let length = self.number(length)?.min(MAX_BYTES);
        let blocks = readable(self.console.engine().program(), start, length);
        if blocks.is_empty() {
            return Err("Unable to read memory.".to_owned());
        }
        let mut fields = Fields::new();
        fields.list("memory", |fields| {
            for (at, bytes) in &blocks {
                fields.tuple("", |fields| {
                    fields.field("begin", format_args!("{at:#018x}"));
                    fields.field("offset", format_args!("{:#018x}", at.wrapping_sub(start)));
                    fields.field("end", format_args!("{:#018x}", at.wrapping_add(bytes.len() as u64)));
                    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                    fields.field("contents", hex);
                });
            }
        });
        Ok(fields)
    }

    /// `-data-write-memory-bytes`.
    pub fn write_memory_bytes(&mut self, args: &[String]) -> Outcome {
        let (address, hex, count) = match args {
            [address, hex] => (address, hex, None),
            [address, hex, count] => (address, hex, Some(self.number(count)?)),
            _ => return usage("Usage: ADDR DATA [COUNT]."),
        };
        let pattern = bytes_of(hex)
            .ok_or_else(|| format!("Hex-encoded '{hex}' must have an even number of characters."))?;
        let count = count.unwrap_or(pattern.len() as u64).min(MAX_BYTES) as usize;
        let bytes: Vec<u8> = pattern.iter().copied().cycle().take(count).collect();
        let at = self.address(address)?;
        self.engine().write_memory(at, &bytes).map_err(|error| error.to_string())?;
        Ok(Fields::new())
    }

    /// The address an expression means.
    pub fn address(&mut self, text: &str) -> Result<u64, String> {
        let scope = self.scope;
        self.engine().address_of(&scope, text).map_err(|error| error.to_string())
    }

    /// `-data-read-memory`: rows of words.
    pub fn read_memory(&mut self, args: &[String]) -> Outcome {
        const WORDS: &str = "-data-read-memory: Usage: ADDR WORD-FORMAT WORD-SIZE NR-ROWS NR-COLS [ASCHAR].";
        let mut offset = 0;
        let mut options = Options::new("data-read-memory", args);
        while let Some((_, value)) = options.next(&[("-o", true)])? {
            offset = value.parse::<i64>().map_err(|_| format!("Invalid offset: {value}"))?;
        }
        let (address, format, size, rows, columns, replacement) = match options.rest() {
            [address, format, size, rows, columns] => (address, format, size, rows, columns, None),
            [address, format, size, rows, columns, replacement] => {
                (address, format, size, rows, columns, replacement.chars().next())
            }
            _ => return usage(WORDS),
        };
        let number = |text: &String, what: &str| match text.parse::<u64>() {
            Ok(number) if (1..=1 << 16).contains(&number) => Ok(number),
            _ => Err(format!("-data-read-memory: invalid number of {what}.")),
        };
        let size = size.parse::<u64>().ok().filter(|size| matches!(size, 1 | 2 | 4 | 8));
        let size = size.ok_or("-data-read-memory: invalid word size.")?;
        let (rows, columns) = (number(rows, "rows")?, number(columns, "columns")?);
        let start = self.address(address)?.wrapping_add_signed(offset);
        let row = size * columns;
        let total = (row * rows).min(MAX_BYTES);
        let mut bytes = vec![0; total as usize];
        let program = self.console.engine().program();
        let first: u64 =
            readable(program, start, total).first().filter(|(at, _)| *at == start).map_or(0, |(_, found)| {
                let len = found.len().min(bytes.len());
                if let (Some(to), Some(from)) = (bytes.get_mut(..len), found.get(..len)) {
                    to.copy_from_slice(from);
                }
                len as u64
            });
        if first == 0 {
            return Err("Unable to read memory.".to_owned());
        }
        let mut fields = Fields::new();
        let hex = |address: u64| format!("{address:#018x}");
        fields.field("addr", hex(start)).field("nr-bytes", first).field("total-bytes", total);
        fields
            .field("next-row", hex(start.wrapping_add(row)))
            .field("prev-row", hex(start.wrapping_sub(row)));
        fields
            .field("next-page", hex(start.wrapping_add(total)))
            .field("prev-page", hex(start.wrapping_sub(total)));
        fields.list("memory", |fields| {
            for (index, line) in bytes.chunks(row as usize).enumerate() {
                fields.tuple("", |fields| {
                    let at = index as u64 * row;
                    fields.field("addr", hex(start.wrapping_add(at)));
                    fields.list("data", |fields| {
                        for (column, word) in line.chunks(size as usize).enumerate() {
                            let known = at + (column as u64 + 1) * size <= first;
                            fields.field("", if known { word_text(word, format) } else { "N/A".to_owned() });
                        }
                    });
                    if let Some(replacement) = replacement {
                        let text: String = line
                            .iter()
                            .map(
                                |&byte| {
                                    if (32..=126).contains(&byte) { char::from(byte) } else { replacement }
                                },
                            )
                            .collect();
                        fields.field("ascii", text);
                    }
                });
            }
        });
        Ok(fields)
    }

    /// `-data-list-register-names`.
    pub fn register_names(&mut self, args: &[String]) -> Outcome {
        let names = self.names()?;
        let wanted = wanted(args, names.len())?;
        let mut fields = Fields::new();
        fields.list("register-names", |fields| {
            for number in wanted {
                fields.field("", names.get(number).map_or("", String::as_str));
            }
        });
        Ok(fields)
    }

    fn names(&mut self) -> Result<Vec<String>, String> {
        if self.engine().program().machine().is_none() {
            return Ok(Vec::new());
        }
        let registers = self.engine().registers().map_err(|error| error.to_string())?;
        Ok(registers.into_iter().map(|register| register.name).collect())
    }

    /// `-data-list-register-values`.
    pub fn register_values(&mut self, args: &[String]) -> Outcome {
        let args = match args.split_first() {
            Some((first, rest)) if first == "--skip-unavailable" => rest,
            _ => args,
        };
        let Some((format, numbers)) = args.split_first() else {
            return usage(
                "-data-list-register-values: Usage: -data-list-register-values [--skip-unavailable] <format> \
                          [<regnum1>...<regnumN>]",
            );
        };
        if self.engine().program().machine().is_none() {
            return Err("No registers.".to_owned());
        }
        use kdive_engine::ValueFormat;
        let format = match format.as_str() {
            "x" | "r" => ValueFormat::Hexadecimal,
            "o" => ValueFormat::Octal,
            "t" => ValueFormat::Binary,
            "d" => ValueFormat::Decimal,
            "z" => ValueFormat::ZeroHexadecimal,
            _ => ValueFormat::Natural,
        };
        let names = self.names()?;
        let wanted = wanted(numbers, names.len())?;
        let scope = self.scope;
        let values = self
            .engine()
            .register_values(&scope, Some(&wanted), format)
            .map_err(|error| error.to_string())?;
        let mut fields = Fields::new();
        fields.list("register-values", |fields| {
            for register in &values {
                let value = register
                    .error
                    .as_ref()
                    .map_or_else(|| register.value.clone(), |error| format!("<error: {error}>"));
                fields
                    .tuple("", |fields| fields.field("number", register.number).field("value", value).end());
            }
        });
        Ok(fields)
    }

    /// `-data-list-changed-registers`.
    pub fn changed_registers(&mut self, args: &[String]) -> Outcome {
        if self.engine().program().machine().is_none() {
            return Err("No registers.".to_owned());
        }
        let count = self.names()?.len();
        let wanted = wanted(args, count)?;
        let scope = self.scope;
        let mut changed = self.engine().changed_registers(&scope).map_err(|error| error.to_string())?;
        changed.retain(|number| wanted.contains(number));
        let mut fields = Fields::new();
        fields.list("changed-registers", |fields| {
            for number in changed {
                fields.field("", number);
            }
        });
        Ok(fields)
    }

    /// `-data-write-register-values`.
    pub fn write_registers(&mut self, args: &[String]) -> Outcome {
        let Some((_, pairs)) =
            args.split_first().filter(|(_, pairs)| !pairs.is_empty() && pairs.len() % 2 == 0)
        else {
            return usage(
                "-data-write-register-values: Usage: -data-write-register-values <format> [<regnum1> <value1>...<regnumN> \
                          <valueN>]",
            );
        };
        let names = self.names()?;
        for pair in pairs.chunks(2) {
            let [number, value] = pair else { continue };
            let name = number
                .parse()
                .ok()
                .and_then(|number: usize| names.get(number))
                .filter(|name| !name.is_empty());
            let name = name.ok_or("bad register number")?;
            let scope = self.scope;
            let engine = self.engine();
            let id =
                engine.evaluate(&scope, &format!("${name} = {value}")).map_err(|error| error.to_string())?;
            engine.release(id);
        }
        Ok(Fields::new())
    }
}

/// The registers that were asked for by number; all without one.
fn wanted(args: &[String], count: usize) -> Result<Vec<usize>, String> {
    if args.is_empty() {
        return Ok((0..count).collect());
    }
    args.iter()
        .map(|arg| {
            arg.parse().ok().filter(|number| *number < count).ok_or_else(|| "bad register number".to_owned())
        })
        .collect()
}

/// A word of memory in one of the formats of `x`.
fn word_text(bytes: &[u8], format: &str) -> String {
    let width = bytes.len() * 8;
    let value = bytes.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
    let signed = if width == 0 { 0 } else { (value << (64 - width)) as i64 >> (64 - width) };
    match format {
        "d" => signed.to_string(),
        "u" => value.to_string(),
        "o" if value == 0 => "0".to_owned(),
        "o" => format!("0{value:o}"),
        "t" => format!("{value:0width$b}"),
        "a" => format!("{value:#x}"),
        "c" => format!("{signed} {}", char_text(value as u8)),
        _ => format!("0x{value:0width$x}", width = bytes.len() * 2),
    }
}

fn char_text(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'\\' => "'\\\\'".to_owned(),
        32..=126 => format!("'{}'", char::from(byte)),
        other => format!("'\\{other:03o}'"),
    }
}

/// The parts of a range that can be read.
fn readable(memory: &impl ReadMemory, start: u64, length: u64) -> Vec<(u64, Vec<u8>)> {
    const PAGE: u64 = 4096;
    let mut found: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut at = start;
    let mut left = length;
    while left > 0 {
        let part = left.min(PAGE - at % PAGE);
        let mut bytes = vec![0; part as usize];
        if memory.read(VirtAddr(at), &mut bytes).is_ok() {
            match found.last_mut().filter(|(start, bytes)| start.wrapping_add(bytes.len() as u64) == at) {
                Some((_, before)) => before.extend(bytes),
                None => found.push((at, bytes)),
            }
        } else {
            readable_bytes(memory, at, part, &mut found);
        }
        at = at.wrapping_add(part);
        left -= part;
    }
    found
}

/// A page of which some cannot be read: as when a file ends within it.
fn readable_bytes(memory: &impl ReadMemory, start: u64, length: u64, found: &mut Vec<(u64, Vec<u8>)>) {
    let mut first = [0];
    if memory.read(VirtAddr(start), &mut first).is_err() {
        return;
    }
    let (mut good, mut bad) = (1, length);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        let mut bytes = vec![0; middle as usize];
        if memory.read(VirtAddr(start), &mut bytes).is_ok() { good = middle } else { bad = middle }
    }
    let mut bytes = vec![0; good as usize];
    if memory.read(VirtAddr(start), &mut bytes).is_ok() {
        match found.last_mut().filter(|(at, before)| at.wrapping_add(before.len() as u64) == start) {
            Some((_, before)) => before.extend(bytes),
            None => found.push((start, bytes)),
        }
    }
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if hex.is_empty() || !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_all_formats() {
        let word = [0x80, 0xff];
        let texts = ["x", "d", "u", "o", "t", "a"].map(|format| word_text(&word, format));
        assert_eq!(texts, ["0xff80", "-128", "65408", "0177600", "1111111110000000", "0xff80"]);
        assert_eq!(word_text(&[0], "o"), "0");
        assert_eq!(word_text(&[65], "c"), "65 'A'");
        assert_eq!(word_text(&[1], "x"), "0x01");
    }

    #[test]
    fn hexadecimal_bytes() {
        assert_eq!(bytes_of("00ff"), Some(vec![0, 255]));
        assert_eq!((bytes_of("0"), bytes_of("zz"), bytes_of("é"), bytes_of("")), (None, None, None, None));
    }

    #[test]
    fn numbers_of_registers() {
        let numbers =
            |args: &[&str]| wanted(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>(), 3);
        assert_eq!(numbers(&[]), Ok(vec![0, 1, 2]));
        assert_eq!(numbers(&["2", "0"]), Ok(vec![2, 0]));
        assert!(numbers(&["3"]).is_err() && numbers(&["-1"]).is_err());
    }
}
