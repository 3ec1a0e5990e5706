//! Names, orders and groups as `info registers GROUP` and `maint print registers` of gdb 13.1 list them.

use super::*;
use crate::{RawWrite, RegisterFile, target_xml};
use std::sync::Arc;

fn names(layout: &RegisterLayout, group: Group) -> String {
    let names: Vec<_> = layout.group(group).into_iter().map(|reg| reg.name).collect();
    names.join(" ")
}

fn numbered(prefix: &str, count: usize, suffix: &str) -> String {
    let names: Vec<_> = (0..count).map(|number| format!("{prefix}{number}{suffix}")).collect();
    names.join(" ")
}

const GENERAL64: &str =
    "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip eflags cs ss ds es fs gs";
const FPU: &str = "st0 st1 st2 st3 st4 st5 st6 st7 fctrl fstat ftag fiseg fioff foseg fooff fop";
const QEMU: &str = "fs_base gs_base k_gs_base cr0 cr2 cr3 cr4 cr8 efer";

#[test]
fn qemu_x86_64() {
    let layout = RegisterLayout::for_g_length(Arch::X86_64, 608).unwrap();
    let xmm = numbered("xmm", 16, "");
    assert_eq!(names(&layout, Group::General), format!("{GENERAL64} {QEMU} {xmm} mxcsr"));
    assert_eq!(names(&layout, Group::All), format!("{GENERAL64} {FPU} {QEMU} {xmm} mxcsr"));
    assert_eq!(names(&layout, Group::Float), FPU);
    for empty in [Group::System, Group::Vector, Group::Sse, Group::Mmx] {
        assert_eq!(names(&layout, empty), "", "{empty:?}");
    }
    let offset = |name: &str| layout.registers()[layout.index_of(name).unwrap()].offset;
    let expected = [
        ("rip", 128),
        ("eflags", 136),
        ("cs", 140),
        ("fs_base", 164),
        ("k_gs_base", 180),
        ("cr0", 188),
        ("efer", 228),
        ("st0", 236),
        ("fctrl", 316),
        ("xmm0", 348),
        ("mxcsr", 604),
    ];
    for (name, at) in expected {
        assert_eq!(offset(name), at, "{name}");
    }
    assert_eq!(layout.g_length(), 608);
    assert_eq!(layout.index_of_regnum(65), layout.index_of("mxcsr"));
}

#[test]
fn qemu_i386() {
    let layout = RegisterLayout::for_g_length(Arch::I386, 344).unwrap();
    let general = "eax ecx edx ebx esp ebp esi edi eip eflags cs ss ds es fs gs";
    let (xmm, mm) = (numbered("xmm", 8, ""), numbered("mm", 8, ""));
    assert_eq!(names(&layout, Group::General), format!("{general} {QEMU} {xmm} mxcsr"));
    assert_eq!(names(&layout, Group::Vector), mm);
    assert_eq!(names(&layout, Group::Mmx), mm);
    assert_eq!(names(&layout, Group::All), format!("{general} {FPU} {QEMU} {xmm} mxcsr {mm}"));
}

/// The description gdbserver sends for a CPU with AVX or AVX-512.
fn gdbserver(avx512: bool) -> RegisterLayout {
    let mut xml = "<target><architecture>i386:x86-64</architecture><osabi>GNU/Linux</osabi>\
                   <feature name=\"org.gnu.gdb.i386.core\">"
        .to_owned();
    let mut add = |text: &str| xml.push_str(text);
    let reg =
        |name: &str, bits: u32, ty: &str| format!("<reg name=\"{name}\" bitsize=\"{bits}\" type=\"{ty}\"/>");
    for name in GENERAL64.split(' ') {
        let (bits, ty) = match name {
            "rip" => (64, "code_ptr"),
            "eflags" | "cs" | "ss" | "ds" | "es" | "fs" | "gs" => (32, "int32"),
            _ => (64, "int64"),
        };
        add(&reg(name, bits, ty));
    }
    for name in FPU.split(' ') {
        let (bits, ty) = if name.starts_with("st") { (80, "i387_ext") } else { (32, "int") };
        let (bits, ty) = if name == "fstat" { (32, "int") } else { (bits, ty) };
        add(&reg(name, bits, ty));
    }
    add("</feature><feature name=\"org.gnu.gdb.i386.sse\">");
    (0..16).for_each(|number| add(&reg(&format!("xmm{number}"), 128, "uint128")));
    add(&reg("mxcsr", 32, "int"));
    add("</feature><feature name=\"org.gnu.gdb.i386.linux\">");
    add(&reg("orig_rax", 64, "int"));
    add("</feature><feature name=\"org.gnu.gdb.i386.segments\">");
    add(&reg("fs_base", 64, "int"));
    add(&reg("gs_base", 64, "int"));
    add("</feature><feature name=\"org.gnu.gdb.i386.avx\">");
    (0..16).for_each(|number| add(&reg(&format!("ymm{number}h"), 128, "uint128")));
    if avx512 {
        add("</feature><feature name=\"org.gnu.gdb.i386.avx512\">");
        add("<vector id=\"v2ui128\" type=\"uint128\" count=\"2\"/>");
        (16..32).for_each(|number| add(&reg(&format!("xmm{number}"), 128, "uint128")));
        (16..32).for_each(|number| add(&reg(&format!("ymm{number}h"), 128, "uint128")));
        (0..8).for_each(|number| add(&reg(&format!("k{number}"), 64, "uint64")));
        (0..32).for_each(|number| add(&reg(&format!("zmm{number}h"), 256, "v2ui128")));
    }
    add("</feature></target>");
    target_xml::parse(Arch::X86_64, &mut |_| Ok(xml.clone())).unwrap().layout
}

#[test]
fn gdbserver_with_avx512() {
    let layout = gdbserver(true);
    let (k, zmm) = (numbered("k", 8, ""), numbered("zmm", 32, ""));
    assert_eq!(names(&layout, Group::General), format!("{GENERAL64} {k}"));
    assert_eq!(names(&layout, Group::Float), FPU);
    assert_eq!(names(&layout, Group::System), "fs_base gs_base orig_rax");
    assert_eq!(names(&layout, Group::Vector), format!("mxcsr {zmm}"));
    assert_eq!(names(&layout, Group::All), format!("{GENERAL64} {FPU} mxcsr {k} {zmm}"));
    let upper: Vec<_> = (16..32).map(|number| format!("xmm{number}")).collect();
    assert_eq!(names(&layout, Group::Sse), format!("{} mxcsr {}", numbered("xmm", 16, ""), upper.join(" ")));
    assert_eq!(names(&layout, Group::Mmx), "");
}

#[test]
fn gdbserver_with_avx() {
    let layout = gdbserver(false);
    assert_eq!(names(&layout, Group::General), GENERAL64);
    assert_eq!(names(&layout, Group::Vector), format!("mxcsr {}", numbered("ymm", 16, "")));
    let ymm0 = layout.lookup("ymm0").unwrap();
    assert_eq!(
        (ymm0.size(), ymm0.pieces.len(), ymm0.ty.name()),
        (32, 2, "union builtin_type_vec256i".to_owned())
    );
    assert_eq!(layout.lookup("ymm16"), None);
    assert_eq!(layout.lookup("zmm0"), None);
    assert_eq!(layout.lookup("fs_base").unwrap().ty.name(), "long");
}

#[test]
fn layouts_by_length() {
    let of = |length| RegisterLayout::for_g_length(Arch::X86_64, length).map(|layout| layout.arch());
    assert_eq!(of(536), Ok(Arch::X86_64));
    assert_eq!(of(560), Ok(Arch::X86_64));
    assert_eq!(of(308), Ok(Arch::I386));
    assert_eq!(of(312), Ok(Arch::I386));
    for length in [608, 560, 544, 536, 344, 312, 308] {
        assert_eq!(RegisterLayout::for_g_length(Arch::X86_64, length).unwrap().g_length(), length);
    }
    // kgdb stops before the last two segment registers.
    let kgdb = Arc::new(RegisterLayout::for_g_length(Arch::X86_64, 156).unwrap());
    let file = RegisterFile::from_bytes(Arc::clone(&kgdb), &[0; 156]);
    assert_eq!((file.by_name("rip"), file.by_name("es"), file.by_name("fs")), (Some(0), Some(0), None));
    assert_eq!(of(155).unwrap_err().to_string(), "no register layout of i386:x86-64 has 155 bytes");
    assert!(of(128).is_err());
}

#[test]
fn parts_of_registers() {
    let layout = Arc::new(RegisterLayout::for_g_length(Arch::X86_64, 608).unwrap());
    let mut file = RegisterFile::from_bytes(Arc::clone(&layout), &[0; 608]);
    file.set_by_name("rax", 0x1122_3344_5566_7788);
    file.set_by_name("r8", 0x99aa_bbcc_ddee_ff00);
    file.set_by_name("rbp", 0xffff_c900_0001_3f20);
    let expected = [
        ("eax", 0x5566_7788),
        ("ax", 0x7788),
        ("al", 0x88),
        ("ah", 0x77),
        ("r8d", 0xddee_ff00),
        ("r8w", 0xff00),
        ("r8l", 0x00),
        ("bpl", 0x20),
        ("bp", 0x3f20),
        ("fp", 0xffff_c900_0001_3f20),
    ];
    for (name, value) in expected {
        assert_eq!(file.by_name(name), Some(value), "{name}");
    }
    for unknown in ["r7d", "r16d", "r08d", "mm0", "ymm0", "foo", "", "r", "d", "xmm", "ymm"] {
        assert_eq!(layout.lookup(unknown), None, "{unknown}");
    }
    let ah = layout.lookup("ah").unwrap();
    let writes = file.write(&ah, &[0xee]).unwrap();
    let bytes = 0x1122_3344_5566_ee88u64.to_le_bytes().to_vec();
    assert_eq!(writes, [RawWrite { index: 0, regnum: 0, bytes }]);
    let eax = layout.lookup("eax").unwrap();
    file.write(&eax, &[0; 4]).unwrap();
    assert_eq!(file.by_name("rax"), Some(0x1122_3344_0000_0000));
    assert_eq!(file.write(&eax, &[0; 8]).unwrap_err().to_string(), "register eax has 4 bytes, not 8");
}

#[test]
fn roles_and_completion() {
    let layout = RegisterLayout::for_g_length(Arch::X86_64, 608).unwrap();
    let pc = layout.lookup("pc").unwrap();
    assert_eq!((pc.raw_index(&layout), pc.ty.name()), (Some(16), "void (*)()".to_owned()));
    assert_eq!(layout.lookup("ps").unwrap().ty.name(), "x64_eflags");
    assert_eq!(layout.lookup("eax").unwrap().raw_index(&layout), None);
    let all = layout.names();
    assert_eq!(&all[..3], ["rax", "rbx", "rcx"]);
    assert_eq!(&all[all.len() - 4..], ["fp", "pc", "sp", "ps"]);
    let pseudo = all.iter().position(|name| name == "al").unwrap();
    let expected = "al bl cl dl sil dil bpl spl r8l r9l r10l r11l r12l r13l r14l r15l ah bh ch dh ax bx cx dx si di bp \
                    r8w r9w r10w r11w r12w r13w r14w r15w eax ebx ecx edx esi edi ebp esp r8d r9d r10d r11d r12d r13d \
                    r14d r15d fp pc sp ps";
    assert_eq!(all[pseudo..].join(" "), expected);
    assert!(all.iter().all(|name| layout.lookup(name).is_some()));
}

#[test]
fn dwarf_numbers() {
    let layout = Arc::new(RegisterLayout::for_g_length(Arch::X86_64, 608).unwrap());
    let mut file = RegisterFile::from_bytes(Arc::clone(&layout), &[0; 608]);
    let expected =
        [(0, "rax"), (1, "rdx"), (2, "rcx"), (3, "rbx"), (6, "rbp"), (7, "rsp"), (16, "rip"), (49, "eflags")];
    for (number, name) in expected {
        assert_eq!(Arch::X86_64.dwarf_name(number), Some(name));
        assert_eq!(Arch::X86_64.dwarf_number(name), Some(number));
        assert!(file.set_by_dwarf(number, 100 + u64::from(number)));
        assert_eq!(file.by_name(name), Some(100 + u64::from(number)));
    }
    assert_eq!(Arch::X86_64.dwarf_name(17), Some("xmm0"));
    assert_eq!((Arch::X86_64.dwarf_name(56), Arch::X86_64.dwarf_name(1000)), (None, None));
    let i386: Vec<_> = (0..10).map(|number| Arch::I386.dwarf_name(number).unwrap()).collect();
    assert_eq!(i386, ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip", "eflags"]);
    assert_eq!(Arch::I386.dwarf_number("xmm0"), Some(21));
    assert!(!file.set_by_dwarf(999, 0));
}

#[test]
fn unavailable_and_missing_bytes() {
    use crate::Availability::{Known, NotFetched, Unavailable};
    let layout = Arc::new(RegisterLayout::for_g_length(Arch::X86_64, 536).unwrap());
    let mut reply = vec![Some(0x11); 24];
    reply[9] = None;
    let mut file = RegisterFile::from_g(layout, &reply);
    let states: Vec<_> = (0..4).map(|index| file.availability(index)).collect();
    assert_eq!(states, [Known, Unavailable, Known, NotFetched]);
    assert_eq!((file.get(0), file.get(1), file.get(3)), (Some(0x1111_1111_1111_1111), None, None));
    file.set_raw(3, &[1, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert_eq!(file.by_name("rdx"), Some(1));
    assert!(file.set_raw(3, &[1]).is_err());
    assert_eq!(file.by_name("bl"), None);
    assert_eq!(file.availability(1000), Unavailable);
}
