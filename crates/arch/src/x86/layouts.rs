//! Layouts of stubs that send no description, by the length of their `g` reply.
//!
//! | bytes | stub |
//! |---|---|
//! | 608 | QEMU 4.0 and later, x86-64 |
//! | 560, 544, 536 | gdb's x86-64 default with segment bases, with `orig_rax`, bare (QEMU before 4.0, 64-bit code) |
//! | 156, 164 | kgdb, x86-64: the default cut short |
//! | 344 | qemu-system-i386 |
//! | 312, 308 | gdb's i386 default with and without `orig_eax` (QEMU before 2.8, 16- and 32-bit code) |

use crate::regtype::{Field, FlagField, FloatFormat, RegType};
use crate::{Arch, ArchError, Register, RegisterLayout};
use std::sync::Arc;

const CORE: &str = "org.gnu.gdb.i386.core";
const SSE: &str = "org.gnu.gdb.i386.sse";
const LINUX: &str = "org.gnu.gdb.i386.linux";
const SEGMENTS: &str = "org.gnu.gdb.i386.segments";

pub(crate) const GPR64: [&str; 16] = [
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
    "r15",
];
pub(crate) const GPR32: [&str; 8] = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"];
pub(crate) const SEGMENT_NAMES: [&str; 6] = ["cs", "ss", "ds", "es", "fs", "gs"];
pub(crate) const FPU_CONTROL: [&str; 8] =
    ["fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"];

pub(crate) fn for_g_length(arch: Arch, length: usize) -> Result<RegisterLayout, ArchError> {
    if arch.is_foreign() {
        // Only its own description says what it sends.
        return Err(ArchError::UnknownLength { arch: arch.bfd_name(), length });
    }
    Ok(match length {
        608 => qemu64(),
        536 => default64(&[]),
        544 => default64(&[("orig_rax", LINUX)]),
        560 => default64(&[("orig_rax", LINUX), ("fs_base", SEGMENTS), ("gs_base", SEGMENTS)]),
        344 => qemu32(),
        308 => default32(&[]),
        312 => default32(&[("orig_eax", LINUX)]),
        _ => shortened(arch, length).ok_or(ArchError::UnknownLength { arch: arch.bfd_name(), length })?,
    })
}

/// The default layout when the reply ends between two of its registers and holds at least the program counter.
fn shortened(arch: Arch, length: usize) -> Option<RegisterLayout> {
    let layout = match arch {
        Arch::X86_64 => default64(&[]),
        Arch::I386 => default32(&[]),
        Arch::Foreign(_) => return None,
    };
    let pc = layout.registers().get(layout.index_of(arch.pc_name())?)?;
    if length < pc.offset + pc.size() {
        return None;
    }
    layout.registers().iter().any(|reg| reg.offset + reg.size() == length).then_some(layout)
}

/// gdb's registers for x86-64 without a description.
pub(crate) fn default64(extra: &[(&str, &'static str)]) -> RegisterLayout {
    let mut build = Builder::new(CORE);
    build.general64(&flags("i386_eflags", 4, EFLAGS_GDB));
    build.fpu("int");
    build.sse(16, vec128());
    build.extra(64, extra);
    build.finish(Arch::X86_64)
}

/// gdb's registers for i386 without a description.
pub(crate) fn default32(extra: &[(&str, &'static str)]) -> RegisterLayout {
    let mut build = Builder::new(CORE);
    build.general32(&flags("i386_eflags", 4, EFLAGS_GDB));
    build.fpu("long");
    build.sse(8, vec128());
    build.extra(32, extra);
    build.finish(Arch::I386)
}

/// QEMU's `i386-64bit.xml` since 4.0.
fn qemu64() -> RegisterLayout {
    let mut build = Builder::new(CORE);
    build.general64(&flags("x64_eflags", 4, EFLAGS));
    build.qemu_system(64, "x64");
    build.fpu("int");
    build.xmm(16, vec128());
    build.push("mxcsr", 32, flags("x64_mxcsr", 4, MXCSR));
    build.finish(Arch::X86_64)
}

/// QEMU's `i386-32bit.xml` since 7.2.
fn qemu32() -> RegisterLayout {
    let mut build = Builder::new(CORE);
    build.general32(&flags("i386_eflags", 4, EFLAGS));
    build.qemu_system(32, "i386");
    build.fpu("long");
    build.xmm(8, vec128());
    build.push("mxcsr", 32, flags("i386_mxcsr", 4, MXCSR));
    build.finish(Arch::I386)
}

struct Builder {
    feature: &'static str,
    registers: Vec<Register>,
}

impl Builder {
    fn new(feature: &'static str) -> Self {
        Self { feature, registers: Vec::new() }
    }

    fn push(&mut self, name: &str, bits: u32, ty: RegType) {
        self.registers.push(Register {
            name: name.to_owned(),
            bits,
            regnum: u32::try_from(self.registers.len()).unwrap_or(u32::MAX),
            ty,
            group: None,
            feature: self.feature.to_owned(),
            offset: 0,
        });
    }

    fn general64(&mut self, eflags: &RegType) {
        for name in GPR64 {
            let pointer = matches!(name, "rbp" | "rsp");
            self.push(name, 64, if pointer { RegType::DataPtr(64) } else { RegType::int(64) });
        }
        self.push("rip", 64, RegType::CodePtr(64));
        self.flags_and_segments(eflags);
    }

    fn general32(&mut self, eflags: &RegType) {
        for name in GPR32 {
            let pointer = matches!(name, "ebp" | "esp");
            self.push(name, 32, if pointer { RegType::DataPtr(32) } else { RegType::int(32) });
        }
        self.push("eip", 32, RegType::CodePtr(32));
        self.flags_and_segments(eflags);
    }

    fn flags_and_segments(&mut self, eflags: &RegType) {
        self.push("eflags", 32, eflags.clone());
        for name in SEGMENT_NAMES {
            self.push(name, 32, RegType::int(32));
        }
    }

    fn qemu_system(&mut self, bits: u16, prefix: &str) {
        let size = usize::from(bits) / 8;
        let wide = u32::from(bits);
        for name in ["fs_base", "gs_base", "k_gs_base"] {
            self.push(name, wide, RegType::int(bits));
        }
        self.push("cr0", wide, flags(&format!("{prefix}_cr0"), size, CR0));
        self.push("cr2", wide, RegType::int(bits));
        self.push("cr3", wide, flags(&format!("{prefix}_cr3"), size, CR3));
        // The 32-bit description lists these bits from the lowest up.
        let cr4: Vec<Bits> = if bits == 64 { CR4.to_vec() } else { CR4.iter().rev().copied().collect() };
        self.push("cr4", wide, flags(&format!("{prefix}_cr4"), size, &cr4));
        self.push("cr8", wide, RegType::int(bits));
        self.push("efer", wide, flags(&format!("{prefix}_efer"), size, EFER));
    }

    /// `int` is the type of that size that gdb finds first: `long` where that has 32 bits.
    fn fpu(&mut self, int: &'static str) {
        for number in 0..8 {
            self.push(&format!("st{number}"), 80, RegType::Float(FloatFormat::I387Ext));
        }
        for name in FPU_CONTROL {
            self.push(name, 32, RegType::Int { bits: 32, signed: true, name: int });
        }
    }

    fn xmm(&mut self, count: usize, ty: RegType) {
        for number in 0..count {
            self.push(&format!("xmm{number}"), 128, ty.clone());
        }
    }

    fn sse(&mut self, count: usize, ty: RegType) {
        self.feature = SSE;
        self.xmm(count, ty);
        self.push("mxcsr", 32, flags("i386_mxcsr", 4, MXCSR));
    }

    fn extra(&mut self, bits: u16, names: &[(&str, &'static str)]) {
        for (name, feature) in names {
            self.feature = feature;
            self.push(name, bits.into(), RegType::Int { bits, signed: true, name: "long" });
        }
    }

    fn finish(self, arch: Arch) -> RegisterLayout {
        RegisterLayout::new(arch, self.registers)
    }
}

/// Name, first and last bit.
type Bits = (&'static str, u16, u16);

/// gdb's own description.
const EFLAGS_GDB: &[Bits] = &[
    ("CF", 0, 0),
    ("", 1, 1),
    ("PF", 2, 2),
    ("AF", 4, 4),
    ("ZF", 6, 6),
    ("SF", 7, 7),
    ("TF", 8, 8),
    ("IF", 9, 9),
    ("DF", 10, 10),
    ("OF", 11, 11),
    ("NT", 14, 14),
    ("RF", 16, 16),
    ("VM", 17, 17),
    ("AC", 18, 18),
    ("VIF", 19, 19),
    ("VIP", 20, 20),
    ("ID", 21, 21),
];
/// Order of QEMU's description, which is the order gdb prints them in.
const EFLAGS: &[Bits] = &[
    ("", 22, 31),
    ("ID", 21, 21),
    ("VIP", 20, 20),
    ("VIF", 19, 19),
    ("AC", 18, 18),
    ("VM", 17, 17),
    ("RF", 16, 16),
    ("", 15, 15),
    ("NT", 14, 14),
    ("IOPL", 12, 13),
    ("OF", 11, 11),
    ("DF", 10, 10),
    ("IF", 9, 9),
    ("TF", 8, 8),
    ("SF", 7, 7),
    ("ZF", 6, 6),
    ("", 5, 5),
    ("AF", 4, 4),
    ("", 3, 3),
    ("PF", 2, 2),
    ("", 1, 1),
    ("CF", 0, 0),
];
const CR0: &[Bits] = &[
    ("PG", 31, 31),
    ("CD", 30, 30),
    ("NW", 29, 29),
    ("AM", 18, 18),
    ("WP", 16, 16),
    ("NE", 5, 5),
    ("ET", 4, 4),
    ("TS", 3, 3),
    ("EM", 2, 2),
    ("MP", 1, 1),
    ("PE", 0, 0),
];
const CR3: &[Bits] = &[("PDBR", 12, 63), ("PCID", 0, 11)];
const CR4: &[Bits] = &[
    ("PKE", 22, 22),
    ("SMAP", 21, 21),
    ("SMEP", 20, 20),
    ("OSXSAVE", 18, 18),
    ("PCIDE", 17, 17),
    ("FSGSBASE", 16, 16),
    ("SMXE", 14, 14),
    ("VMXE", 13, 13),
    ("LA57", 12, 12),
    ("UMIP", 11, 11),
    ("OSXMMEXCPT", 10, 10),
    ("OSFXSR", 9, 9),
    ("PCE", 8, 8),
    ("PGE", 7, 7),
    ("MCE", 6, 6),
    ("PAE", 5, 5),
    ("PSE", 4, 4),
    ("DE", 3, 3),
    ("TSD", 2, 2),
    ("PVI", 1, 1),
    ("VME", 0, 0),
];
const EFER: &[Bits] = &[
    ("TCE", 15, 15),
    ("FFXSR", 14, 14),
    ("LMSLE", 13, 13),
    ("SVME", 12, 12),
    ("NXE", 11, 11),
    ("LMA", 10, 10),
    ("LME", 8, 8),
    ("SCE", 0, 0),
];
const MXCSR: &[Bits] = &[
    ("IE", 0, 0),
    ("DE", 1, 1),
    ("ZE", 2, 2),
    ("OE", 3, 3),
    ("UE", 4, 4),
    ("PE", 5, 5),
    ("DAZ", 6, 6),
    ("IM", 7, 7),
    ("DM", 8, 8),
    ("ZM", 9, 9),
    ("OM", 10, 10),
    ("UM", 11, 11),
    ("PM", 12, 12),
    ("FZ", 15, 15),
];

fn flags(name: &str, size: usize, bits: &[Bits]) -> RegType {
    let last = u16::try_from(size * 8 - 1).unwrap_or(u16::MAX);
    let fields = bits
        .iter()
        .map(|&(name, start, end)| {
            let end = end.min(last);
            let wide = if size > 4 { 64 } else { 32 };
            let ty = if start == end { RegType::Bool } else { RegType::uint(wide) };
            FlagField { name: name.to_owned(), start, end, ty }
        })
        .collect();
    RegType::Flags { name: name.to_owned(), size, fields }
}

/// The union of an xmm register in QEMU's and older gdb's descriptions.
pub(crate) fn vec128() -> RegType {
    let vector = |id: &str, element: RegType, count: u32| RegType::Vector {
        name: id.to_owned(),
        element: Arc::new(element),
        count,
    };
    let members = [
        ("v4_float", vector("v4f", RegType::Float(FloatFormat::Single), 4)),
        ("v2_double", vector("v2d", RegType::Float(FloatFormat::Double), 2)),
        ("v16_int8", vector("v16i8", RegType::int(8), 16)),
        ("v8_int16", vector("v8i16", RegType::int(16), 8)),
        ("v4_int32", vector("v4i32", RegType::int(32), 4)),
        ("v2_int64", vector("v2i64", RegType::int(64), 2)),
        ("uint128", RegType::uint(128)),
    ];
    union("vec128", members)
}

/// A union of named members.
pub(crate) fn union<const N: usize>(name: &str, members: [(&str, RegType); N]) -> RegType {
    let fields = members.into_iter().map(|(name, ty)| Field { name: name.to_owned(), ty, bits: None });
    RegType::Union { name: name.to_owned(), fields: fields.collect() }
}
