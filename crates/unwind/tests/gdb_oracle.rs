//! Every frame of small native programs against gdb: pc, frame address, saved registers, stack pointer, argument list
//! address, and why the backtrace ends.
//!
//! gdb runs the program, stops at each of the places in `oracle/frames.S`, prints `info frame` for all frames and dumps
//! registers and stack; the walk then sees nothing but that dump and the file.

#![expect(clippy::unwrap_used, reason = "a test")]

use kdive_base::{Interrupt, LinkAddr, SparseMemory, VirtAddr};
use kdive_unwind::{
    Call, CfiKind, CfiSection, Context, FrameId, Location, ObjectAt, Passed, Policy, RegisterSet, UnwindInfo,
    UnwindTables, Walk, reg,
};
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Names gdb prints with their DWARF numbers, in gdb's order.
const NAMES: [(&str, u16); 17] = [
    ("rax", 0),
    ("rbx", 3),
    ("rcx", 2),
    ("rdx", 1),
    ("rsi", 4),
    ("rdi", 5),
    ("rbp", 6),
    ("rsp", 7),
    ("r8", 8),
    ("r9", 9),
    ("r10", 10),
    ("r11", 11),
    ("r12", 12),
    ("r13", 13),
    ("r14", 14),
    ("r15", 15),
    ("rip", 16),
];

/// Places in `frames.S`, and stops in a run: `stop_here` is reached five times.
const PLACES: usize = 18;
const STOPS: usize = PLACES + 4;

#[test]
fn frames_are_gdbs() {
    for tool in ["cc", "gdb"] {
        if Command::new(tool).arg("--version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "{tool} is needed");
            println!("skipped: no {tool}");
            return;
        }
    }
    let variants: [&[&str]; 5] = [
        &["-O0"],
        &["-O2"],
        &["-O1", "-fno-omit-frame-pointer"],
        // `.debug_frame` instead of `.eh_frame`, as in the kernel.
        &["-O2", "-fno-asynchronous-unwind-tables"],
        &["-Os", "-gdwarf-4", "-fomit-frame-pointer", "-fno-asynchronous-unwind-tables"],
    ];
    for flags in variants {
        check(flags);
    }
}

fn check(flags: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let program = compile(dir.path(), flags);
    let transcript = run_gdb(dir.path(), &program);
    let info = ElfInfo::load(&program);
    let blocks: Vec<&str> = transcript.split("@@stop\n").skip(1).collect();
    assert_eq!(blocks.len(), STOPS, "{transcript}");
    for (stop, block) in blocks.iter().enumerate() {
        let expected = parse_gdb(block);
        let mut memory = info.code.clone();
        memory.map(
            VirtAddr(expected.registers[&reg::RSP] - 256),
            std::fs::read(dir.path().join(format!("stack{stop}"))).unwrap(),
        );
        let registers = RegisterSet::live(expected.registers.iter().map(|(&number, &value)| (number, value)));
        let mut walk = Walk::new(registers, Policy::Gdb);
        let interrupt = Interrupt::new();
        walk.finish(Context { info: &info, memory: &memory, interrupt: &interrupt });
        let actual = describe(&walk, &memory);
        assert!(
            actual == expected.text,
            "{flags:?}, stop {stop}:\n{actual}\n--- gdb:\n{}\n{block}",
            expected.text
        );
    }
}

fn compile(dir: &Path, flags: &[&str]) -> PathBuf {
    let program = dir.join("frames");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let output = Command::new("cc")
        .args(["-g", "-static", "-no-pie"])
        .args(flags)
        .arg(sources.join("frames.c"))
        .arg(sources.join("frames.S"))
        .arg("-o")
        .arg(&program)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

fn run_gdb(dir: &Path, program: &Path) -> String {
    let mut script = String::from(
        "set startup-with-shell off\nset width 0\nset height 0\nset backtrace past-main on\n\
         handle SIGUSR1 nostop noprint pass\nset $i = 0\n",
    );
    let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    write!(
        script,
        "while $i < {PLACES}\n set $a = ((unsigned long *) &stops)[$i]\n eval \"break *%lu\", $a\n set $i = $i + 1\nend\nrun\n"
    )
    .unwrap();
    for stop in 0..STOPS {
        write!(
            script,
            "printf \"@@stop\\n\"\ninfo registers {}\nframe apply all -s -q info frame\nbt\n\
             dump binary memory stack{stop} $rsp-256 *(long *) *(long *) &environ\ncontinue\n",
            names.join(" ")
        )
        .unwrap();
    }
    std::fs::write(dir.join("script"), script).unwrap();
    let output = Command::new("gdb")
        .current_dir(dir)
        .args(["-q", "-nx", "-batch", "-x", "script"])
        .arg(program)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

struct Expected {
    registers: BTreeMap<u16, u64>,
    text: String,
}

/// Reduces gdb's answer to what the unwinder is responsible for, one line per frame.
fn parse_gdb(block: &str) -> Expected {
    let mut registers = BTreeMap::new();
    let (mut text, mut frames, mut end) = (String::new(), 0, String::new());
    let mut lines = block.lines().peekable();
    let word_after = |line: &str, key: &str| {
        let rest =
            line.split_once(key).map(|(_, rest)| rest).unwrap_or_else(|| panic!("no {key:?} in {line:?}"));
        rest.split([',', ';', ':', ' ']).next().unwrap().to_owned()
    };
    while let Some(line) = lines.next() {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        if let Some((_, number)) = NAMES.iter().find(|(name, _)| *name == first && !line.starts_with(' ')) {
            let value = words.next().unwrap().trim_start_matches("0x");
            registers.insert(*number, u64::from_str_radix(value, 16).unwrap());
        } else if line.starts_with("Stack level") {
            write!(text, "#{} at {}", word_after(line, "level "), word_after(line, "frame at ")).unwrap();
        } else if line.starts_with(" rip = ") {
            write!(text, " pc {}", word_after(line, "rip = ")).unwrap();
        } else if line.starts_with(" Arglist at ") {
            write!(text, " base {}", word_after(line, "Arglist at ")).unwrap();
        } else if line.starts_with(" Locals at ") {
            // `sp is` a value, or it is saved and `sp at` an address.
            writeln!(text, " sp {}", line.rsplit("sp ").next().unwrap()).unwrap();
        } else if line.starts_with(" Saved registers:") {
            writeln!(text, "{}", lines.next().unwrap_or_default()).unwrap();
        } else if line.starts_with('#') {
            frames += 1;
        } else if line.starts_with("Backtrace stopped: ") {
            end = format!("{line}\n");
        }
    }
    write!(text, "{frames} frames\n{end}").unwrap();
    Expected { registers, text }
}

/// The same of a walk.
fn describe(walk: &Walk, memory: &SparseMemory) -> String {
    let mut text = String::new();
    for frame in walk.frames() {
        let at = match frame.id {
            Ok(FrameId::Stack { cfa, .. }) => cfa,
            _ => VirtAddr(0),
        };
        let base = frame.base(memory).map_or_else(|| "unknown".to_owned(), |base| base.to_string());
        let sp = match frame.caller().location(reg::RSP) {
            Location::Value(sp) | Location::Register { value: sp, .. } => format!("is {sp:#x}"),
            Location::Memory(addr) => format!("at {addr}"),
            other => format!("{other:?}"),
        };
        let saved: BTreeMap<u16, VirtAddr> = frame.saved().collect();
        // gdb reads the values too, and `frame apply -s` says nothing at all where it cannot.
        if saved.keys().any(|&number| frame.caller().read(number, memory).is_err()) {
            continue;
        }
        writeln!(text, "#{} at {at} pc {} base {base} sp {sp}", frame.level, frame.pc).unwrap();
        let saved: Vec<String> = NAMES
            .iter()
            .filter_map(|(name, number)| Some(format!("{name} at {}", saved.get(number)?)))
            .collect();
        if !saved.is_empty() {
            writeln!(text, "  {}", saved.join(", ")).unwrap();
        }
    }
    writeln!(text, "{} frames", walk.frames().len()).unwrap();
    if let Some(stop) = walk.stop().filter(|stop| stop.is_error()) {
        writeln!(text, "Backtrace stopped: {stop}").unwrap();
    }
    text
}

/// The program as the unwinder sees it.
struct ElfInfo {
    tables: Arc<UnwindTables>,
    code: SparseMemory,
    /// Address, end and whether it comes from assembly, of all functions.
    functions: Vec<(u64, u64)>,
    entry: u64,
    assembly: (u64, u64),
    /// Calls by the address they return to.
    calls: BTreeMap<u64, Call>,
    /// Tail calls by the start of the function that makes them.
    tail_calls: BTreeMap<u64, Vec<Call>>,
}

impl ElfInfo {
    fn load(program: &Path) -> Self {
        let bytes = std::fs::read(program).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let section = |kind: CfiKind| {
            let section = file.section_by_name(kind.section_name())?;
            let data: Arc<Vec<u8>> = Arc::new(section.uncompressed_data().ok()?.into_owned());
            Some(CfiSection::new(kind, data, LinkAddr(section.address())))
        };
        let cfi = [CfiKind::DebugFrame, CfiKind::EhFrame].into_iter().filter_map(section).collect();
        let mut code = SparseMemory::new();
        for section in file.sections().filter(|section| section.kind() == object::SectionKind::Text) {
            code.map(VirtAddr(section.address()), section.data().unwrap().to_vec());
        }
        let mut functions: Vec<(u64, u64)> = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text)
            .map(|symbol| (symbol.address(), symbol.address() + symbol.size()))
            .collect();
        functions.sort_unstable();
        let address = |name| file.symbol_by_name(name).unwrap().address();
        Self {
            tables: Arc::new(UnwindTables { cfi, orc: None }),
            code,
            functions,
            entry: file.entry(),
            assembly: (address("stop_here"), address("leaves_two_frames") + 8),
            calls: BTreeMap::new(),
            tail_calls: BTreeMap::new(),
        }
        .with_calls(&file)
    }

    /// Reads `DW_TAG_call_site`.
    fn with_calls(mut self, file: &object::File<'_>) -> Self {
        let load = |id: gimli::SectionId| -> Result<_, gimli::Error> {
            let data = file.section_by_name(id.name()).map(|section| section.uncompressed_data().unwrap());
            Ok(gimli::EndianArcSlice::new(data.unwrap_or_default().into(), gimli::LittleEndian))
        };
        let dwarf = gimli::Dwarf::load(load).unwrap();
        let mut units = dwarf.units();
        while let Some(header) = units.next().unwrap() {
            let unit = dwarf.unit(header).unwrap();
            let address = |entry: &gimli::DebuggingInformationEntry<_>, at| {
                entry.attr_value(at).and_then(|value| dwarf.attr_address(&unit, value).unwrap())
            };
            let mut function = 0;
            let mut entries = unit.entries();
            while let Some(entry) = entries.next_dfs().unwrap() {
                if entry.tag() == gimli::DW_TAG_subprogram {
                    function = address(entry, gimli::DW_AT_low_pc).unwrap_or_default();
                    self.tail_calls.entry(function).or_default();
                }
                // DWARF 5, or GNU's extension of DWARF 4.
                let (origin, return_pc, tail_call) = match entry.tag() {
                    gimli::DW_TAG_call_site => {
                        (gimli::DW_AT_call_origin, gimli::DW_AT_call_return_pc, gimli::DW_AT_call_tail_call)
                    }
                    gimli::DW_TAG_GNU_call_site => {
                        (gimli::DW_AT_abstract_origin, gimli::DW_AT_low_pc, gimli::DW_AT_GNU_tail_call)
                    }
                    _ => continue,
                };
                let target = match entry.attr_value(origin) {
                    Some(gimli::AttributeValue::UnitRef(offset)) => {
                        let origin = unit.entry(offset).unwrap();
                        address(&origin, gimli::DW_AT_low_pc).or_else(|| {
                            let name =
                                dwarf.attr_string(&unit, origin.attr_value(gimli::DW_AT_name)?).unwrap();
                            let name = String::from_utf8_lossy(name.bytes()).into_owned();
                            file.symbol_by_name(&name).map(|symbol| symbol.address())
                        })
                    }
                    _ => None,
                };
                let return_pc = VirtAddr(address(entry, return_pc).unwrap());
                let call = Call { return_pc, target: target.map(VirtAddr) };
                self.calls.insert(return_pc.0, call);
                if entry.attr_value(tail_call).is_some() {
                    self.tail_calls.get_mut(&function).unwrap().push(call);
                }
            }
        }
        self
    }
}

impl UnwindInfo for ElfInfo {
    fn object_at(&self, pc: VirtAddr) -> Option<ObjectAt> {
        Some(ObjectAt { tables: Arc::clone(&self.tables), pc: LinkAddr(pc.0), slide: 0 })
    }

    fn function_start(&self, pc: VirtAddr) -> Option<VirtAddr> {
        let after = self.functions.partition_point(|(start, _)| *start <= pc.0);
        let (start, end) = *self.functions.get(after.checked_sub(1)?)?;
        (pc.0 < end || start == end).then_some(VirtAddr(start))
    }

    fn epilogue_cfi_valid(&self, pc: VirtAddr) -> bool {
        !(self.assembly.0..self.assembly.1).contains(&pc.0)
    }

    fn inlined_calls(&self, _: VirtAddr) -> usize {
        // The sources forbid inlining.
        0
    }

    fn call_site(&self, return_pc: VirtAddr) -> Option<Call> {
        self.calls.get(&return_pc.0).copied()
    }

    fn passed(&self, function: VirtAddr) -> Passed<'_> {
        match self.tail_calls.get(&function.0) {
            Some(calls) => Passed::Known(Box::new(calls.iter().copied())),
            None => Passed::Unknown,
        }
    }

    fn is_entry_function(&self, function: Option<VirtAddr>) -> bool {
        function == Some(VirtAddr(self.entry))
    }
}
