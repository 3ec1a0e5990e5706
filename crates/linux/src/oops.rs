//! The text of an oops, BUG, warning or panic, taken apart (arch/x86/kernel/dumpstack.c, arch/x86/mm/fault.c,
//! lib/dump_stack.c): from the kernel's own log or pasted from anywhere.

use kdive_base::VirtAddr;
use kdive_program::Program;

/// `hello_init+0x1d/0x40 [poc]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The symbol.
    pub symbol: String,
    /// Bytes from its start.
    pub offset: u64,
    /// Bytes to the next symbol, as the kernel counts; tells functions of one name apart.
    pub size: Option<u64>,
    /// The module it is in.
    pub module: Option<String>,
}

impl Place {
    /// Reads it from the start of a text; trailing text that is no module in brackets is left.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (symbol, rest) = text.split_once("+0x")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.$".contains(c);
        if symbol.is_empty() || !symbol.chars().all(plain) {
            return None;
        }
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(text.len());
        let (offset, rest) = rest.split_at(digits(rest));
        let offset = u64::from_str_radix(offset, 16).ok()?;
        let (size, rest) = match rest.strip_prefix("/0x") {
            Some(rest) => {
                let (size, rest) = rest.split_at(digits(rest));
                (Some(u64::from_str_radix(size, 16).ok()?), rest)
            }
            None => (None, rest),
        };
        let module = rest.trim_start().strip_prefix('[').and_then(|rest| {
            // `[nf_tables 1a2b3c...]`: since 5.14 with the build-id, if configured.
            let name = rest.split([']', ' ']).next()?;
            Some(name.to_owned())
        });
        Some(Self { symbol: symbol.to_owned(), offset, size, module })
    }

    /// Where it is in the program; `None` when the symbol is not known, or not in that module.
    #[must_use]
    pub fn address(&self, program: &Program) -> Option<VirtAddr> {
        let of_module = |path: &std::path::Path| {
            let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            file.split(".ko").next().map(|name| name.replace('-', "_"))
        };
        let symbols = program.modules.symbols_named(&self.symbol);
        let right = |symbol: &&kdive_symbols::Symbol| {
            let name = of_module(symbol.module.object().path())
                .filter(|_| symbol.module.object().path().to_string_lossy().contains(".ko"));
            name == self.module.as_ref().map(|module| module.replace('-', "_"))
        };
        let candidates: Vec<_> = symbols
            .iter()
            .filter(right)
            .filter(|symbol| self.offset <= symbol.size.max(self.size.unwrap_or(0)))
            .collect();
        // The kernel counts up to the next symbol, padding and all; the file knows the exact size.
        let closest =
            candidates.iter().min_by_key(|symbol| self.size.map_or(0, |size| size.abs_diff(symbol.size)));
        closest.map(|symbol| symbol.addr.offset(self.offset))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}+{:#x}", self.symbol, self.offset)?;
        if let Some(module) = &self.module {
            write!(f, " [{module}]")?;
        }
        Ok(())
    }
}

/// What the CPU did when it faulted (`#PF: supervisor write access in kernel mode`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// It read.
    Read,
    /// It wrote.
    Write,
    /// It fetched an instruction.
    Fetch,
}

/// A line of the call trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceLine {
    /// The place; a return address.
    pub place: Place,
    /// Whether the kernel's unwinder vouches for it (no `?` in front).
    pub sure: bool,
}

/// One report.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Oops {
    /// Its first lines: what happened in the kernel's words.
    pub reason: Vec<String>,
    /// The address that could not be accessed.
    pub address: Option<u64>,
    /// How it was accessed.
    pub access: Option<Access>,
    /// `CPU: N`.
    pub cpu: Option<u32>,
    /// `PID: N`.
    pub pid: Option<i32>,
    /// `Comm: NAME`.
    pub comm: Option<String>,
    /// `Tainted: G           OE`, the letters; `None` for `Not tainted`.
    pub taint: Option<String>,
    /// Where it happened.
    pub at: Option<Place>,
    /// Where it happened, when the kernel had no symbol for it (`RIP: 0010:0x0`).
    pub at_address: Option<u64>,
    /// General registers by lower-case name (`rax`, `rip` left out), `rsp`, `eflags`, and `cr2`.
    pub registers: Vec<(&'static str, u64)>,
    /// `Code:`, and the index of the byte the instruction begins at.
    pub code: (Vec<u8>, usize),
    /// The call trace.
    pub trace: Vec<TraceLine>,
    /// `Modules linked in:`, with flags as printed.
    pub modules: Vec<String>,
}

const REGISTERS: [(&str, &str); 17] = [
    ("RAX:", "rax"),
    ("RBX:", "rbx"),
    ("RCX:", "rcx"),
    ("RDX:", "rdx"),
    ("RSI:", "rsi"),
    ("RDI:", "rdi"),
    ("RBP:", "rbp"),
    ("R08:", "r8"),
    ("R09:", "r9"),
    ("R10:", "r10"),
    ("R11:", "r11"),
    ("R12:", "r12"),
    ("R13:", "r13"),
    ("R14:", "r14"),
    ("R15:", "r15"),
    ("EFLAGS:", "eflags"),
    ("CR2:", "cr2"),
];

/// Longest call trace that is kept.
const MAX_TRACE: usize = 1000;

impl Oops {
    /// The value of a register.
    #[must_use]
    pub fn register(&self, name: &str) -> Option<u64> {
        self.registers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn set(&mut self, name: &'static str, value: u64) {
        match self.registers.iter_mut().find(|(known, _)| *known == name) {
            Some(_) => {}
            None => self.registers.push((name, value)),
        }
    }

    /// The instruction that faulted, from `Code:`.
    #[must_use]
    pub fn instruction(&self) -> &[u8] {
        self.code.0.get(self.code.1..).unwrap_or_default()
    }
}

/// A line without what precedes the message: `<4>`, `[    2.179816]`, `[ T82]`, and what journals and consoles put before that.
fn message(line: &str) -> &str {
    let mut rest = line.trim_end();
    // The time stamp is the last thing a journal's prefix can be followed by.
    if let Some(at) = rest.find('[')
        && let Some(end) = rest.get(at..).and_then(|rest| rest.find(']'))
        && rest.get(at + 1..at + end).is_some_and(|stamp| {
            let stamp = stamp.trim();
            stamp.contains('.') && stamp.chars().all(|c| c.is_ascii_digit() || c == '.')
        })
    {
        rest = rest.get(at + end + 1..).unwrap_or_default();
        rest = rest.strip_prefix(' ').unwrap_or(rest);
        // Who printed it: `[   T82]`, `[    C0]`.
        if let Some((caller, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']'))
            && matches!(caller.trim().as_bytes(), [b'T' | b'C', digits @ ..] if digits.iter().all(u8::is_ascii_digit))
        {
            rest = after.strip_prefix(' ').unwrap_or(after);
        }
    }
    if let Some((level, after)) = rest.strip_prefix('<').and_then(|inner| inner.split_once('>'))
        && level.len() <= 3
        && level.bytes().all(|byte| byte.is_ascii_digit())
    {
        rest = after;
    }
    rest
}

/// How reports begin.
const BEGINNINGS: [&str; 10] = [
    "BUG: ",
    "Oops: ",
    "kernel BUG at ",
    "WARNING: ",
    "general protection fault",
    "Kernel panic - not syncing",
    "Unable to handle kernel ",
    "divide error: ",
    "invalid opcode: ",
    "watchdog: BUG: ",
];

/// Every report in a text, in its order.
#[must_use]
pub fn parse_oopses(text: &str) -> Vec<Oops> {
    let mut found: Vec<Oops> = Vec::new();
    let mut state = State::None;
    for line in text.lines() {
        let line = message(line);
        let begins = BEGINNINGS.iter().any(|start| line.trim_start().starts_with(start));
        if begins {
            // `BUG: unable to handle ...`, `#PF: ...` and `Oops: ...` begin one report.
            let goes_on = matches!(state, State::Head);
            if !goes_on {
                found.push(Oops::default());
            }
            state = State::Head;
        }
        let Some(oops) = found.last_mut() else { continue };
        if matches!(state, State::None) {
            // A pasted call trace may have no head.
            continue;
        }
        state = oops.take(line, state);
    }
    if found.is_empty() {
        // No head at all: whatever registers and places there are.
        let mut oops = Oops::default();
        let mut state = State::Trace;
        for line in text.lines() {
            let line = message(line);
            state = match oops.take(line, state) {
                State::None => State::Trace,
                state => state,
            };
        }
        if oops != Oops::default() {
            found.push(oops);
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside of any report.
    None,
    /// What happened.
    Head,
    /// Registers.
    Body,
    /// The call trace.
    Trace,
    /// After it: the registers of user mode, and the end.
    Tail,
}

impl Oops {
    fn take(&mut self, line: &str, state: State) -> State {
        let text = line.trim();
        if text.starts_with("---[ end ") {
            return State::None;
        }
        if state == State::Head
            && (BEGINNINGS.iter().any(|start| text.starts_with(start)) || text.starts_with("#PF: "))
        {
            self.reason.push(text.to_owned());
            if let Some((_, digits)) = text.split_once("address: ").or_else(|| text.split_once("address 0x"))
            {
                let digits = digits.split(|c: char| !c.is_ascii_hexdigit()).next().unwrap_or_default();
                self.address = self.address.or(u64::from_str_radix(digits, 16).ok());
            }
            for (word, access) in [
                ("write access", Access::Write),
                ("read access", Access::Read),
                ("instruction fetch", Access::Fetch),
            ] {
                if text.contains(word) {
                    self.access = Some(access);
                }
            }
            return State::Head;
        }
        if let Some(rest) = text.strip_prefix("CPU: ") {
            self.take_cpu_line(rest);
            return State::Body;
        }
        if let Some(rest) = text.strip_prefix("RIP: ") {
            let place = rest.split_once(':').map_or(rest, |(_, place)| place);
            if self.at.is_none() && self.at_address.is_none() && !rest.starts_with("0033") {
                self.at = Place::parse(place);
                let digits = place.trim().strip_prefix("0x");
                self.at_address =
                    digits.and_then(|digits| u64::from_str_radix(digits.split(' ').next()?, 16).ok());
                return State::Body;
            }
            // Those of the process that entered the kernel.
            return State::Tail;
        }
        if let Some(rest) = text.strip_prefix("Modules linked in:") {
            // Those recently unloaded come in brackets.
            self.modules = rest
                .split_whitespace()
                .take_while(|word| !word.starts_with('['))
                .map(str::to_owned)
                .collect();
            return if state == State::Trace { State::Tail } else { state };
        }
        if text.starts_with("Call Trace:") {
            return State::Trace;
        }
        if state == State::Tail {
            return State::Tail;
        }
        if let Some(rest) = text.strip_prefix("Code: ") {
            if self.code.0.is_empty() {
                self.take_code(rest);
            }
            return state;
        }
        if self.take_registers(text) {
            return state;
        }
        if state == State::Trace {
            let (sure, place) = match text.strip_prefix("? ") {
                Some(place) => (false, place),
                None => (true, text),
            };
            if let Some(place) = Place::parse(place).filter(|_| self.trace.len() < MAX_TRACE) {
                self.trace.push(TraceLine { place, sure });
            }
        }
        state
    }

    /// `0 PID: 82 Comm: insmod Tainted: G           OE      6.1.0-56-cloud-amd64 #1`.
    fn take_cpu_line(&mut self, rest: &str) {
        let mut words = rest.split_whitespace();
        self.cpu = words.next().and_then(|word| word.parse().ok());
        if let Some((_, rest)) = rest.split_once("PID: ") {
            self.pid = rest.split_whitespace().next().and_then(|word| word.parse().ok());
        }
        if let Some((_, rest)) = rest.split_once("Comm: ") {
            let end = rest.find(" Tainted: ").or_else(|| rest.find(" Not tainted")).unwrap_or(rest.len());
            self.comm = rest.get(..end).map(|name| name.trim().to_owned());
        }
        if let Some((_, rest)) = rest.split_once("Tainted: ") {
            let letters =
                rest.split_whitespace().take_while(|word| word.bytes().all(|byte| byte.is_ascii_uppercase()));
            self.taint = Some(letters.collect::<Vec<_>>().concat());
        }
    }

    fn take_code(&mut self, rest: &str) {
        let (mut bytes, mut at) = (Vec::new(), 0);
        for word in rest.split_whitespace().take(256) {
            let marked = word.starts_with(['<', '(']);
            let digits = word.trim_matches(['<', '>', '(', ')']);
            let Ok(byte) = u8::from_str_radix(digits, 16) else { break };
            if marked {
                at = bytes.len();
            }
            bytes.push(byte);
        }
        self.code = (bytes, at);
    }

    /// `RSP: 0018:ffff... EFLAGS: 00000246`, `RAX: ... RBX: ...`, `CR2: ...`.
    fn take_registers(&mut self, text: &str) -> bool {
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut any = false;
        for pair in words.windows(2) {
            let [name, value] = pair else { continue };
            if *name == "RSP:" {
                let digits = value.split_once(':').map_or(*value, |(_, digits)| digits);
                if let Ok(value) = u64::from_str_radix(digits, 16) {
                    self.set("rsp", value);
                    any = true;
                }
                continue;
            }
            let known = REGISTERS.iter().find(|(printed, _)| printed == name);
            if let (Some((_, name)), Ok(value)) = (known, u64::from_str_radix(value, 16)) {
                self.set(name, value);
                any = true;
            }
        }
        any
    }
}

/// What the letters of a taint stand for (Documentation/admin-guide/tainted-kernels.rst).
#[must_use]
pub fn taint_words(letters: &str) -> Vec<&'static str> {
    const WORDS: [(char, &str); 18] = [
        ('P', "proprietary module"),
        ('F', "module loaded by force"),
        ('S', "CPU out of specification"),
        ('R', "module unloaded by force"),
        ('M', "machine check"),
        ('B', "bad page"),
        ('U', "on request of user space"),
        ('D', "died before: an oops or BUG"),
        ('A', "ACPI table overridden"),
        ('W', "warning before"),
        ('C', "staging driver"),
        ('I', "workaround for a firmware bug"),
        ('O', "out-of-tree module"),
        ('E', "unsigned module"),
        ('L', "soft lockup before"),
        ('K', "live patched"),
        ('X', "auxiliary, defined by the distribution"),
        ('T', "structure layout randomised"),
    ];
    let word = |letter: char| WORDS.iter().find(|(known, _)| *known == letter).map(|(_, word)| *word);
    letters.chars().filter_map(word).collect()
}

#[cfg(test)]
mod tests;
