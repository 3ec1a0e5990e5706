//! `-data-disassemble`.

use crate::commands::{Outcome, Session, usage};
use crate::record::Fields;
use kdive_engine::InstructionInfo;

const USAGE: &str = "-data-disassemble: Usage: ( -f filename -l linenum [-n howmany] | -s startaddr -e endaddr | -a addr ) \
                     [ --opcodes mode ] [ --source ] [ [--] mode ].";

/// What is disassembled, and how.
#[derive(Default)]
struct Wanted {
    file: Option<String>,
    line: Option<String>,
    count: Option<usize>,
    start: Option<String>,
    end: Option<String>,
    address: Option<String>,
    opcodes: Option<bool>,
    source: bool,
    mode: u32,
}

impl Wanted {
    fn parse(args: &[String]) -> Result<Self, String> {
        let mut wanted = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().cloned().ok_or_else(|| USAGE.to_owned());
            match arg.as_str() {
                "-f" => wanted.file = Some(value()?),
                "-l" => wanted.line = Some(value()?),
                "-n" => {
                    let count = value()?.parse::<i64>().map_err(|_| USAGE.to_owned())?;
                    wanted.count = usize::try_from(count).ok();
                }
                "-s" => wanted.start = Some(value()?),
                "-e" => wanted.end = Some(value()?),
                "-a" => wanted.address = Some(value()?),
                "--source" => wanted.source = true,
                "--opcodes" => {
                    wanted.opcodes = Some(match value()?.as_str() {
                        "none" => false,
                        "bytes" | "display" => true,
                        _ => return Err("-data-disassemble: unknown value for --opcodes argument".to_owned()),
                    });
                }
                "--" => {}
                mode => {
                    let mode = mode.parse::<u32>().map_err(|_| USAGE.to_owned())?;
                    if args.next().is_some() {
                        return Err(USAGE.to_owned());
                    }
                    if mode > 5 {
                        return Err("-data-disassemble: Mode argument must be in the range 0-5.".to_owned());
                    }
                    wanted.mode = mode;
                }
            }
        }
        let by_line = wanted.file.is_some() && wanted.line.is_some();
        let by_range = wanted.start.is_some() && wanted.end.is_some();
        let any_line = wanted.file.is_some() || wanted.line.is_some() || wanted.count.is_some();
        let any_range = wanted.start.is_some() || wanted.end.is_some();
        let is_one = match (any_line, any_range, wanted.address.is_some()) {
            (true, false, false) => by_line,
            (false, true, false) => by_range,
            (false, false, true) => true,
            _ => false,
        };
        if !is_one {
            return Err(USAGE.to_owned());
        }
        if wanted.mode != 0 && (wanted.opcodes.is_some() || wanted.source) {
            return Err("-data-disassemble: --opcodes and --source can only be used with mode 0".to_owned());
        }
        Ok(wanted)
    }

    /// Whether the bytes of instructions are told.
    fn has_bytes(&self) -> bool {
        matches!(self.mode, 2 | 3 | 5) || self.opcodes == Some(true)
    }
}

impl Session<'_> {
    /// `-data-disassemble`.
    pub fn disassemble(&mut self, args: &[String]) -> Outcome {
        if args.is_empty() {
            return usage(USAGE);
        }
        let wanted = Wanted::parse(args)?;
        let mut found = Vec::new();
        for (start, end) in self.code_ranges(&wanted)? {
            found.extend(self.engine().disassemble(start, end).map_err(|error| error.to_string())?);
        }
        // Of a whole function without an instruction the line is told all the same.
        let line_of = found.first().cloned();
        if let Some(count) = wanted.count {
            found.truncate(count);
        }
        let bytes = wanted.has_bytes();
        let mut fields = Fields::new();
        fields.list("asm_insns", |fields| match wanted.mode {
            _ if wanted.source => by_address(fields, &found, bytes),
            1 | 3 => by_line(fields, &found, line_of.as_ref(), bytes),
            4 | 5 if found.is_empty() => by_line(fields, &found, line_of.as_ref(), bytes),
            4 | 5 => by_address(fields, &found, bytes),
            _ => {
                for insn in &found {
                    instruction(fields, insn, bytes);
                }
            }
        });
        Ok(fields)
    }

    fn code_ranges(&mut self, wanted: &Wanted) -> Result<Vec<(u64, u64)>, String> {
        if let (Some(start), Some(end)) = (&wanted.start, &wanted.end) {
            return Ok(vec![(self.address(start)?, self.address(end)?)]);
        }
        if let Some(address) = &wanted.address {
            let address = self.address(address)?;
            let ranges = self.engine().function_ranges(address);
            let (_, ranges) =
                ranges.map_err(|_| "-data-disassemble: No function contains specified address".to_owned())?;
            return Ok(ranges);
        }
        let (Some(file), Some(line)) = (&wanted.file, &wanted.line) else { return Err(USAGE.to_owned()) };
        let engine = self.engine();
        if engine.source_lines(file).is_err() {
            return Err("-data-disassemble: Invalid filename.".to_owned());
        }
        let invalid = || "-data-disassemble: Invalid line number".to_owned();
        let line = line.parse::<u32>().map_err(|_| invalid())?;
        let found = engine.addresses(&format!("{file}:{line}")).unwrap_or_default();
        let at = found.first().copied().ok_or_else(invalid)?;
        Ok(engine.function_ranges(at).map_err(|error| error.to_string())?.1)
    }
}

fn instruction(fields: &mut Fields, insn: &InstructionInfo, bytes: bool) {
    fields.tuple("", |fields| {
        fields.field("address", format_args!("{:#018x}", insn.addr));
        if let Some(function) = &insn.function {
            fields.field("func-name", function).field("offset", insn.offset);
        }
        if bytes {
            let hex: Vec<String> = insn.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            fields.field("opcodes", hex.join(" "));
        }
        fields.field("inst", &insn.text);
    });
}

fn line_tuple(fields: &mut Fields, line: u32, of: &InstructionInfo, insns: &[&InstructionInfo], bytes: bool) {
    fields.tuple("src_and_asm_line", |fields| {
        fields.field("line", line);
        fields.optional("file", of.file.as_ref()).optional("fullname", of.fullname.as_ref());
        fields.list("line_asm_insn", |fields| {
            for insn in insns {
                instruction(fields, insn, bytes);
            }
        });
    });
}

/// In the order of lines; those between that have no code are told as well.
fn by_line(fields: &mut Fields, found: &[InstructionInfo], first: Option<&InstructionInfo>, bytes: bool) {
    let mut lines: Vec<u32> = found.iter().filter_map(|insn| insn.line).collect();
    lines.sort_unstable();
    lines.dedup();
    if found.is_empty()
        && let Some(first) = first
        && let Some(line) = first.line
    {
        return line_tuple(fields, line, first, &[], bytes);
    }
    let mut next = None;
    for line in lines {
        let of: Vec<&InstructionInfo> = found.iter().filter(|insn| insn.line == Some(line)).collect();
        let Some(first) = of.first() else { continue };
        for between in next.unwrap_or(line)..line {
            line_tuple(fields, between, first, &[], bytes);
        }
        line_tuple(fields, line, first, &of, bytes);
        next = Some(line + 1);
    }
    for insn in found.iter().filter(|insn| insn.line.is_none()) {
        instruction(fields, insn, bytes);
    }
}

/// In the order of addresses, what belongs to one line together.
fn by_address(fields: &mut Fields, found: &[InstructionInfo], bytes: bool) {
    let same = |a: &InstructionInfo, b: &InstructionInfo| a.line == b.line && a.file == b.file;
    for group in found.chunk_by(same) {
        let Some(first) = group.first() else { continue };
        match first.line {
            Some(line) => line_tuple(fields, line, first, &group.iter().collect::<Vec<_>>(), bytes),
            None => {
                for insn in group {
                    instruction(fields, insn, bytes);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Wanted, String> {
        Wanted::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn ways_to_name_code() {
        assert_eq!(parse("-s 1 -e 2 -- 3").unwrap().mode, 3);
        assert_eq!(parse("-f a.c -l 3 -n -1 --opcodes bytes").unwrap().opcodes, Some(true));
        assert_eq!(parse("-f a.c -l 3 -n 2 0").unwrap().count, Some(2));
        for wrong in ["-s 1", "-s 1 -f a.c -- 0", "-a f -s 1 -e 2", "-a f 0 1", "-f"] {
            assert_eq!(parse(wrong).err().as_deref(), Some(USAGE), "{wrong}");
        }
        assert!(parse("-a f -- 6").err().is_some_and(|error| error.contains("0-5")));
        assert!(
            parse("-a f --source -- 1").err().is_some_and(|error| error.contains("only be used with mode 0"))
        );
    }

    #[test]
    fn lines_between_have_no_code() {
        let insn = |addr, line| InstructionInfo {
            addr,
            line: Some(line),
            bytes: vec![0x90],
            ..InstructionInfo::default()
        };
        let mut fields = Fields::new();
        by_line(&mut fields, &[insn(1, 5), insn(2, 3), insn(3, 5)], None, true);
        let lines: Vec<&str> = fields.text().split("src_and_asm_line=").skip(1).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1], "{line=\"4\",line_asm_insn=[]},");
        assert!(lines[2].contains("0x0000000000000001") && lines[2].contains("0x0000000000000003"));
    }
}
