//! Meanings of x86 register bits (Intel SDM vol. 1, 3.4.3, 10.2.3; vol. 3, 2.3 to 2.5, 3.4.2; AMD APM vol. 2, 3.1.7).

use super::mode;
use crate::explain::Note;
use crate::{CpuMode, PagingMode, RegisterFile};

/// Bit number, name, meaning when set.
type Bit = (u32, &'static str, &'static str);

const EFLAGS: &[Bit] = &[
    (0, "CF", "the last result carried or borrowed out of its top bit"),
    (2, "PF", "the low byte of the last result has an even number of ones"),
    (4, "AF", "the last result carried out of its low four bits"),
    (6, "ZF", "the last result was zero"),
    (7, "SF", "the last result was negative"),
    (8, "TF", "a debug exception follows every instruction"),
    (9, "IF", "maskable interrupts are delivered"),
    (10, "DF", "string instructions go downwards"),
    (11, "OF", "the last signed result overflowed"),
    (14, "NT", "this task was called by another (iret switches back)"),
    (16, "RF", "instruction breakpoints are suppressed for one instruction"),
    (17, "VM", "virtual-8086 mode"),
    (18, "AC", "with cr4.SMAP the kernel may access user pages; at CPL 3 unaligned accesses fault"),
    (19, "VIF", "virtual image of IF"),
    (20, "VIP", "a virtual interrupt is pending"),
    (21, "ID", "cpuid exists"),
];

const CR0: &[Bit] = &[
    (0, "PE", "protected mode"),
    (1, "MP", "wait and fwait obey TS"),
    (2, "EM", "x87 instructions fault, to be emulated"),
    (3, "TS", "x87 and SSE instructions fault until the task's registers are loaded"),
    (4, "ET", "x87 is of the 387 kind (always set)"),
    (5, "NE", "x87 errors raise an exception instead of an interrupt"),
    (16, "WP", "read-only pages are read-only for the kernel too"),
    (18, "AM", "eflags.AC takes effect at CPL 3"),
    (29, "NW", "caches do not write through"),
    (30, "CD", "caches are disabled"),
    (31, "PG", "paging"),
];

const CR4: &[Bit] = &[
    (0, "VME", "virtual interrupts in virtual-8086 mode"),
    (1, "PVI", "virtual interrupts in protected mode"),
    (2, "TSD", "rdtsc only at CPL 0"),
    (3, "DE", "I/O breakpoints"),
    (4, "PSE", "4 MiB pages with 32-bit paging"),
    (5, "PAE", "64-bit page-table entries"),
    (6, "MCE", "machine-check exceptions"),
    (7, "PGE", "global pages stay in the TLB when cr3 is written"),
    (8, "PCE", "rdpmc at any CPL"),
    (9, "OSFXSR", "the kernel saves SSE state"),
    (10, "OSXMMEXCPT", "the kernel handles SSE exceptions"),
    (11, "UMIP", "sgdt, sidt, sldt, smsw and str only at CPL 0"),
    (12, "LA57", "5-level paging"),
    (13, "VMXE", "VMX instructions"),
    (14, "SMXE", "SMX instructions"),
    (16, "FSGSBASE", "rdfsbase, wrgsbase and the like at any CPL"),
    (17, "PCIDE", "process-context identifiers in cr3"),
    (18, "OSXSAVE", "the kernel uses xsave"),
    (19, "KL", "key locker"),
    (20, "SMEP", "the kernel cannot execute user pages"),
    (21, "SMAP", "the kernel cannot access user pages unless eflags.AC is set"),
    (22, "PKE", "protection keys for user pages"),
    (23, "CET", "control-flow enforcement"),
    (24, "PKS", "protection keys for kernel pages"),
    (25, "UINTR", "user interrupts"),
    (27, "LASS", "user and kernel halves of the address space are separated before translation"),
    (28, "LAM_SUP", "kernel pointers may carry a tag"),
    (32, "FRED", "flexible return and event delivery"),
];

const EFER: &[Bit] = &[
    (0, "SCE", "syscall and sysret"),
    (8, "LME", "long mode is enabled"),
    (10, "LMA", "long mode is active"),
    (11, "NXE", "pages can be non-executable"),
    (12, "SVME", "SVM instructions"),
    (13, "LMSLE", "segment limits in long mode"),
    (14, "FFXSR", "fxsave at CPL 0 leaves the SSE registers out"),
    (15, "TCE", "invlpg drops only the translations of its address"),
    (21, "AIBRSE", "automatic IBRS"),
];

const MXCSR: &[Bit] = &[
    (0, "IE", "an invalid operation happened"),
    (1, "DE", "a denormal operand was used"),
    (2, "ZE", "a division by zero happened"),
    (3, "OE", "a result overflowed"),
    (4, "UE", "a result underflowed"),
    (5, "PE", "a result was rounded"),
    (6, "DAZ", "denormal operands count as zero"),
    (7, "IM", "invalid operations raise no exception"),
    (8, "DM", "denormal operands raise no exception"),
    (9, "ZM", "divisions by zero raise no exception"),
    (10, "OM", "overflow raises no exception"),
    (11, "UM", "underflow raises no exception"),
    (12, "PM", "rounding raises no exception"),
    (15, "FZ", "results too small become zero"),
];

pub(crate) fn register(file: &RegisterFile, name: &str) -> Vec<Note> {
    let Some(value) = file.by_name(name) else { return Vec::new() };
    match name {
        "eflags" | "ps" => eflags(value),
        "cr0" => bits(CR0, value),
        "cr3" => cr3(file, value),
        "cr4" => bits(CR4, value),
        "efer" => bits(EFER, value),
        "mxcsr" => mxcsr(value),
        "cs" | "ss" | "ds" | "es" | "fs" | "gs" => selector(file, value),
        _ => Vec::new(),
    }
}

fn bit(field: &str, meaning: &str) -> Note {
    Note { field: field.to_owned(), value: None, meaning: meaning.to_owned() }
}

fn number(field: &str, value: u64, meaning: impl Into<String>) -> Note {
    Note { field: field.to_owned(), value: Some(value), meaning: meaning.into() }
}

fn bits(table: &[Bit], value: u64) -> Vec<Note> {
    let set = table.iter().filter(|(at, ..)| value >> at & 1 == 1);
    set.map(|(_, name, meaning)| bit(name, meaning)).collect()
}

fn eflags(value: u64) -> Vec<Note> {
    let iopl = value >> 12 & 3;
    let (mut notes, high) = (bits(EFLAGS, value & 0xfff), bits(EFLAGS, value & !0xfff));
    if iopl != 0 {
        notes.push(number(
            "IOPL",
            iopl,
            format!("I/O instructions are allowed up to privilege level {iopl}"),
        ));
    }
    notes.extend(high);
    notes
}

fn mxcsr(value: u64) -> Vec<Note> {
    let mut notes = bits(MXCSR, value);
    let rounding = value >> 13 & 3;
    let meaning = match rounding {
        0 => "rounds to nearest even",
        1 => "rounds down",
        2 => "rounds up",
        _ => "rounds toward zero",
    };
    notes.push(number("RC", rounding, meaning));
    notes
}

fn cr3(file: &RegisterFile, value: u64) -> Vec<Note> {
    let state = file.layout().arch().cpu_state(file);
    let mut notes = Vec::new();
    match mode::pcid(file) {
        Some(pcid) => {
            notes.push(number("PCID", pcid, "process-context identifier of the translations in use"));
        }
        None => {
            notes.extend(bits(
                &[
                    (3, "PWT", "the top page table is written through"),
                    (4, "PCD", "the top page table is not cached"),
                ],
                value,
            ));
        }
    }
    if let Some(root) = state.page_table_root {
        let meaning = match state.paging {
            PagingMode::Pae => "physical address of the page-directory-pointer table",
            PagingMode::Bits32 => "physical address of the page directory",
            _ => "physical address of the top page table",
        };
        notes.push(number("root", root.0, meaning));
    }
    notes
}

fn selector(file: &RegisterFile, value: u64) -> Vec<Note> {
    let arch = file.layout().arch();
    let mode = arch.cpu_state(file).mode;
    if matches!(mode, CpuMode::Real | CpuMode::Virtual8086) {
        let base = (value & 0xffff) << 4;
        return vec![number("selector", value, format!("segment at linear address {base:#x}"))];
    }
    if value & 0xfffc == 0 {
        return vec![number("selector", value, "null selector")];
    }
    let (rpl, table, index) = (value & 3, value >> 2 & 1, value >> 3 & 0x1fff);
    let long = matches!(mode, CpuMode::Long | CpuMode::Compatibility);
    let segment = match (table, linux_segment(long, index)) {
        (0, Some(name)) => format!("{name} on Linux"),
        _ => "descriptor number".to_owned(),
    };
    vec![
        number("RPL", rpl, "requested privilege level"),
        number("TI", table, if table == 0 { "global descriptor table" } else { "local descriptor table" }),
        number("index", index, segment),
    ]
}

/// What Linux keeps at an index of the GDT (`arch/x86/include/asm/segment.h`).
fn linux_segment(long: bool, index: u64) -> Option<&'static str> {
    Some(match (long, index) {
        (true, 1) => "__KERNEL32_CS",
        (true, 2) => "__KERNEL_CS",
        (true, 3) => "__KERNEL_DS",
        (true, 4) => "__USER32_CS",
        (true, 5) => "__USER_DS",
        (true, 6) => "__USER_CS",
        (true, 8) => "the task state segment",
        (true, 12..=14) => "a thread-local storage segment",
        (true, 15) => "the segment whose limit holds the CPU number",
        (false, 2) => "__BOOT_CS",
        (false, 3) => "__BOOT_DS",
        (false, 6..=8) => "a thread-local storage segment",
        (false, 12) => "__KERNEL_CS",
        (false, 13) => "__KERNEL_DS",
        (false, 14) => "__USER_CS",
        (false, 15) => "__USER_DS",
        (false, 27) => "the per-CPU data segment",
        _ => return None,
    })
}
