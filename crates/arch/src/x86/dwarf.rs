//! DWARF register numbers.

use crate::Arch;

/// psABI x86-64, figure 3.36 (the names are those of target descriptions).
const X86_64: [&str; 67] = [
    "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
    "r15", "rip", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
    "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st0", "st1", "st2", "st3", "st4", "st5", "st6", "st7",
    "mm0", "mm1", "mm2", "mm3", "mm4", "mm5", "mm6", "mm7", "eflags", "es", "cs", "ss", "ds", "fs", "gs", "",
    "", "fs_base", "gs_base", "", "", "tr", "ldtr", "mxcsr", "fctrl", "fstat",
];

/// psABI i386, table 2.14.
const I386: [&str; 46] = [
    "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip", "eflags", "", "st0", "st1", "st2", "st3",
    "st4", "st5", "st6", "st7", "", "", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
    "mm0", "mm1", "mm2", "mm3", "mm4", "mm5", "mm6", "mm7", "fctrl", "fstat", "mxcsr", "es", "cs", "ss",
    "ds", "fs", "gs",
];

fn table(arch: Arch) -> &'static [&'static str] {
    match arch {
        Arch::X86_64 => &X86_64,
        Arch::I386 => &I386,
        Arch::Foreign(_) => &[],
    }
}

pub(crate) fn name(arch: Arch, number: u16) -> Option<&'static str> {
    table(arch).get(usize::from(number)).copied().filter(|name| !name.is_empty())
}

pub(crate) fn number(arch: Arch, name: &str) -> Option<u16> {
    if name.is_empty() {
        return None;
    }
    let index = table(arch).iter().position(|&entry| entry == name)?;
    u16::try_from(index).ok()
}
