//! What register bits mean, in words: `info registers -v`, which gdb does not have.

use crate::{CpuMode, PagingMode, RegisterFile, x86};

/// One explained bit or field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// The field as the manuals name it (`IOPL`, `WP`, `index`).
    pub field: String,
    /// Its value when it is more than one bit.
    pub value: Option<u64>,
    /// What it means, lower case, without full stop.
    pub meaning: String,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.value {
            Some(value) => write!(f, "{}={value:#x}: {}", self.field, self.meaning),
            None => write!(f, "{}: {}", self.field, self.meaning),
        }
    }
}

/// Each set bit of a register in words, lowest bit first; empty for registers without fields and for values that are
/// not available.
///
/// Knows eflags, cr0, cr3, cr4, efer, mxcsr and the segment selectors (with what they select on Linux).
#[must_use]
pub fn register(file: &RegisterFile, name: &str) -> Vec<Note> {
    x86::explain::register(file, name)
}

/// Mode, privilege level, paging mode and page-table root, one short line each.
#[must_use]
pub fn state(file: &RegisterFile) -> Vec<String> {
    let state = file.layout().arch().cpu_state(file);
    let mut lines = vec![format!("{}, CPL {}", state.mode, state.cpl)];
    if state.code.linear != state.code.pc {
        lines.push(format!("code at linear address {:#x}", state.code.linear));
    }
    if file.by_name("cr0").is_none() {
        // A target without control registers says nothing about paging.
        return lines;
    }
    match state.page_table_root {
        Some(root) => lines.push(format!("{}, root at physical address {root:#x}", state.paging)),
        None => lines.push(state.paging.to_string()),
    }
    if let (Some(pcid), CpuMode::Long | CpuMode::Compatibility) = (x86::mode::pcid(file), state.mode) {
        lines.push(format!("PCID {pcid}"));
    }
    if matches!(state.paging, PagingMode::FourLevel | PagingMode::FiveLevel) {
        lines.push(format!("{}-bit linear addresses", state.paging.linear_bits()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arch, RegisterLayout};
    use std::sync::Arc;

    fn kernel() -> RegisterFile {
        let layout = Arc::new(RegisterLayout::for_g_length(Arch::X86_64, 608).unwrap());
        let mut file = RegisterFile::from_bytes(layout, &[0; 608]);
        let values = [
            ("eflags", 0x3246),
            ("cs", 0x10),
            ("ss", 0x18),
            ("ds", 0x2b),
            ("cr0", 0x8005_0033),
            ("cr3", 0x0435_7005),
            ("cr4", 0x2_06a0),
            ("efer", 0xd01),
            ("mxcsr", 0x7f80),
            ("rip", 0xffff_ffff_8100_0000),
        ];
        for (name, value) in values {
            assert!(file.set_by_name(name, value));
        }
        file
    }

    fn texts(file: &RegisterFile, name: &str) -> Vec<String> {
        register(file, name).iter().map(Note::to_string).collect()
    }

    #[test]
    fn bits_in_words() {
        let file = kernel();
        assert_eq!(
            texts(&file, "eflags"),
            [
                "PF: the low byte of the last result has an even number of ones",
                "ZF: the last result was zero",
                "IF: maskable interrupts are delivered",
                "IOPL=0x3: I/O instructions are allowed up to privilege level 3",
            ]
        );
        assert_eq!(texts(&file, "cr0").first().unwrap(), "PE: protected mode");
        assert_eq!(texts(&file, "cr0").last().unwrap(), "PG: paging");
        assert_eq!(
            texts(&file, "cr3"),
            [
                "PCID=0x5: process-context identifier of the translations in use",
                "root=0x4357000: physical address of the top page table",
            ]
        );
        assert_eq!(texts(&file, "efer").len(), 4);
        assert_eq!(texts(&file, "mxcsr").last().unwrap(), "RC=0x3: rounds toward zero");
        assert!(texts(&file, "rax").is_empty());
    }

    #[test]
    fn selectors_on_linux() {
        let file = kernel();
        assert_eq!(
            texts(&file, "cs"),
            [
                "RPL=0x0: requested privilege level",
                "TI=0x0: global descriptor table",
                "index=0x2: __KERNEL_CS on Linux",
            ]
        );
        assert_eq!(texts(&file, "ds")[2], "index=0x5: __USER_DS on Linux");
        assert_eq!(texts(&file, "fs"), ["selector=0x0: null selector"]);
    }

    #[test]
    fn selectors_are_paragraphs_in_real_mode() {
        let mut file = kernel();
        file.set_by_name("cr0", 0x10);
        file.set_by_name("cs", 0x1000);
        assert_eq!(texts(&file, "cs"), ["selector=0x1000: segment at linear address 0x10000"]);
    }

    #[test]
    fn state_in_words() {
        let file = kernel();
        assert_eq!(
            state(&file),
            [
                "long mode, CPL 0",
                "4-level paging, root at physical address 0x4357000",
                "PCID 5",
                "48-bit linear addresses",
            ]
        );
        let mut reset = kernel();
        for (name, value) in [("cr0", 0x10), ("efer", 0), ("cs", 0xf000), ("rip", 0xfff0), ("cr4", 0)] {
            reset.set_by_name(name, value);
        }
        assert_eq!(state(&reset), ["real mode, CPL 0", "code at linear address 0xfffffff0", "no paging"]);
    }
}
