//! Instructions: of a range, forwards, and backwards from an address.

use crate::stack::FrameInfo;
use crate::{Engine, Error};
use kdive_arch::{Flow, Insn};
use kdive_base::{AddrRange, VirtAddr};
use kdive_program::Program;

/// Instructions that one request gives at most.
const MOST: usize = 1 << 16;
/// Bytes before an address that are looked through for where instructions begin.
const MOST_BEFORE: u64 = 1 << 16;
/// Bytes between two functions that are taken for padding.
const MOST_PADDING: u64 = 256;

/// An instruction.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct InstructionInfo {
    /// Its address.
    #[serde(rename = "address", serialize_with = "crate::hex::number")]
    pub addr: u64,
    /// Its bytes; none where no instruction can be read.
    #[serde(serialize_with = "crate::hex::bytes")]
    pub bytes: Vec<u8>,
    /// Mnemonic and operands, as `x/i` writes them; empty where no instruction can be read.
    pub text: String,
    /// The function or symbol it belongs to.
    pub function: Option<String>,
    /// Bytes from there; negative in the part of a function that lies before its entry.
    pub offset: i64,
    /// The source file its line is in, as `set filename-display` wants it.
    pub file: Option<String>,
    /// The same with its whole path.
    pub fullname: Option<String>,
    /// The line.
    pub line: Option<u32>,
    /// Whether the line table has an entry for exactly this address.
    pub starts_line: bool,
}

impl InstructionInfo {
    fn new(program: &Program, addr: VirtAddr, insn: Option<Insn>) -> Self {
        let place = program.modules.signed_symbolic(addr, true);
        let line = program.modules.line_at(addr, false).filter(|line| line.line != 0);
        let (bytes, text) = insn.map(|insn| (insn.bytes, insn.text)).unwrap_or_default();
        Self {
            addr: addr.0,
            bytes,
            text,
            function: place.as_ref().map(|(name, _)| name.to_string()),
            offset: place.map_or(0, |(_, offset)| offset),
            file: line.as_ref().map(|line| program.shown_file(&line.file)),
            fullname: line.as_ref().map(|line| program.full_path(&line.file)),
            line: line.as_ref().map(|line| line.line),
            starts_line: line.is_some_and(|line| line.start == addr),
        }
    }

    /// Whether there is an instruction.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        !self.bytes.is_empty()
    }
}

/// Where instructions begin between a place before `addr` where one does and `addr`, as far as that is known; the last ones are nearest.
fn starts_before(program: &Program, addr: VirtAddr, wanted: usize) -> Vec<VirtAddr> {
    let mut starts: Vec<VirtAddr> = Vec::new();
    let mut end = addr;
    while starts.len() < wanted && addr.0 - end.0 < MOST_BEFORE {
        let Some(before) = end.0.checked_sub(1).map(VirtAddr) else { break };
        let Some(from) = known_start(program, before, wanted) else { break };
        let mut own = Vec::new();
        let mut at = from;
        while at < end {
            if program.interrupt.is_raised() {
                return Vec::new();
            }
            let Ok(insn) = program.instruction(at) else { break };
            own.push(at);
            at = insn.next();
        }
        // Between two functions lies padding, which may not end where the next one begins; an address within an instruction was meant
        // as it is.
        own.append(&mut starts);
        starts = own;
        if from >= end {
            break;
        }
        end = from;
    }
    starts
}

/// An address at or before `addr` where an instruction begins: of the function, or of a line in it when that is long; of the padding
/// behind a function; without a function one from which instructions lead to the one after `addr`.
fn known_start(program: &Program, addr: VirtAddr, wanted: usize) -> Option<VirtAddr> {
    let longest = program.arch().max_insn_len() as u64;
    let window = longest.saturating_mul(wanted as u64).clamp(256, MOST_BEFORE);
    let near = VirtAddr(addr.0.saturating_sub(window));
    if let Some((_, bounds)) = program.modules.function_bounds(addr) {
        if bounds.start >= near {
            return Some(bounds.start);
        }
        let lines = program.modules.lines_in(AddrRange::new(near, addr));
        let line = lines.iter().map(|line| line.start).find(|start| *start >= near && *start <= addr);
        return Some(line.unwrap_or(bounds.start));
    }
    let below = (1..=MOST_PADDING.min(addr.0)).map(|distance| VirtAddr(addr.0 - distance));
    let mut functions = below.filter_map(|at| program.modules.function_bounds(at));
    if let Some(end) = functions.next().map(|(_, bounds)| bounds.end).filter(|end| *end <= addr) {
        return Some(end);
    }
    let end = addr.offset(1);
    (near.0..near.0.saturating_add(longest)).map(VirtAddr).find(|start| leads_to(program, *start, end))
}

/// Whether instructions follow each other from one address exactly to another.
fn leads_to(program: &Program, start: VirtAddr, end: VirtAddr) -> bool {
    let mut at = start;
    while at < end {
        match program.instruction(at) {
            Ok(insn) if insn.flow != Flow::Invalid && insn.next() > at => at = insn.next(),
            _ => return false,
        }
    }
    at == end
}

impl Engine {
    /// The instructions from `start` on that begin before `end`. The list ends where none can be read.
    ///
    /// # Errors
    /// When the first cannot be read; [`Error::Interrupted`].
    pub fn disassemble(&self, start: u64, end: u64) -> Result<Vec<InstructionInfo>, Error> {
        self.decode(VirtAddr(start), |found, at| at.0 < end && found < MOST)
    }

    /// `count` instructions from `start` on; fewer where none can be read.
    ///
    /// # Errors
    /// As [`Engine::disassemble`].
    pub fn disassemble_count(&self, start: u64, count: usize) -> Result<Vec<InstructionInfo>, Error> {
        self.decode(VirtAddr(start), |found, _| found < count.min(MOST))
    }

    fn decode(
        &self,
        start: VirtAddr,
        goes_on: impl Fn(usize, VirtAddr) -> bool,
    ) -> Result<Vec<InstructionInfo>, Error> {
        let program = self.program();
        let mut found = Vec::new();
        let mut at = start;
        while goes_on(found.len(), at) {
            if self.interrupt_is_raised() {
                return Err(Error::Interrupted);
            }
            match program.instruction(at) {
                Ok(insn) => {
                    let next = insn.next();
                    found.push(InstructionInfo::new(program, at, Some(insn)));
                    if next <= at {
                        break;
                    }
                    at = next;
                }
                Err(fault) if found.is_empty() => return Err(fault.into()),
                Err(_) => break,
            }
        }
        Ok(found)
    }

    /// Exactly `count` instructions, the first of them `offset` instructions after the one at `addr`, before it when negative. Where no
    /// instruction can be read or nobody knows where one begins, there is one without bytes for each byte.
    ///
    /// # Errors
    /// [`Error::TooMuch`], [`Error::Interrupted`].
    pub fn disassemble_around(
        &self,
        addr: u64,
        offset: i64,
        count: usize,
    ) -> Result<Vec<InstructionInfo>, Error> {
        let asked = offset.unsigned_abs().saturating_add(count as u64);
        if asked > MOST as u64 {
            return Err(Error::TooMuch { asked, most: MOST as u64 });
        }
        let program = self.program();
        let mut found: Vec<InstructionInfo> = Vec::new();
        let before = usize::try_from(offset.min(0).unsigned_abs()).unwrap_or(MOST);
        if before > 0 {
            let mut starts = starts_before(program, VirtAddr(addr), before);
            if self.interrupt_is_raised() {
                return Err(Error::Interrupted);
            }
            starts.drain(..starts.len().saturating_sub(before));
            let first = starts.first().map_or(addr, |first| first.0);
            for missing in (1..=(before - starts.len()) as u64).rev() {
                let at = VirtAddr(first.wrapping_sub(missing));
                found.push(InstructionInfo { addr: at.0, ..InstructionInfo::default() });
            }
            for at in starts {
                found.push(InstructionInfo::new(program, at, program.instruction(at).ok()));
            }
        }
        found.truncate(count);
        let mut skip = usize::try_from(offset.max(0)).unwrap_or(MOST);
        let mut at = VirtAddr(addr);
        while found.len() < count {
            if self.interrupt_is_raised() {
                return Err(Error::Interrupted);
            }
            let insn = program.instruction(at).ok();
            let next = insn.as_ref().map_or(at.offset(1), Insn::next);
            if skip > 0 {
                skip -= 1;
            } else {
                found.push(InstructionInfo::new(program, at, insn));
            }
            at = next;
        }
        Ok(found)
    }

    /// The ranges of code of the function at an address, with the function's name; the range with the entry first.
    ///
    /// # Errors
    /// [`Error::NoFunction`].
    pub fn function_ranges(&self, addr: u64) -> Result<(String, Vec<(u64, u64)>), Error> {
        let modules = &self.program().modules;
        let at = VirtAddr(addr);
        let (name, bounds) = modules.function_bounds(at).ok_or(Error::NoFunction(addr))?;
        let ranges = match modules.function_at(at) {
            Some(function) if function.ranges().len() > 1 => function.ranges(),
            _ => vec![bounds],
        };
        Ok((name.to_string(), ranges.iter().map(|range| (range.start.0, range.end.0)).collect()))
    }

    /// The first and the end of the code of a line of a file, for each place it has code at; of the next line with code where it has none.
    ///
    /// # Errors
    /// A file or line there is not.
    pub fn line_ranges(&self, file: &str, line: u32) -> Result<Vec<(u64, u64)>, Error> {
        let modules = &self.program().modules;
        let mut found: Vec<(u64, u64)> = Vec::new();
        for name in self.source_names(file)? {
            let ranges = modules.line_ranges(&name, line).into_iter();
            found.extend(ranges.map(|(start, end)| {
                let end = match end > start {
                    true => end,
                    false => modules.line_at(start, false).map_or(end, |line| line.end),
                };
                (start.0, end.0)
            }));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Where an address is in the source, without a frame: function, file and line.
    #[must_use]
    pub fn place_of(&self, addr: u64) -> FrameInfo {
        let program = self.program();
        let insn = InstructionInfo::new(program, VirtAddr(addr), None);
        FrameInfo {
            pc: addr,
            function: insn.function,
            file: insn.file,
            fullname: insn.fullname,
            line: insn.line,
            at_line: insn.starts_line,
            module: crate::stack::module_at(program, VirtAddr(addr)),
            arch: program.arch().bfd_name().to_owned(),
            ..FrameInfo::default()
        }
    }
}
