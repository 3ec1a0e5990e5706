//! Rows and values gdb 13.1 printed for QEMU 7.2 and for native processes.

use super::*;
use crate::{Arch, RegisterLayout};
use std::sync::Arc;

fn no_names(_: VirtAddr) -> Option<String> {
    None
}

fn qemu64(values: &[(&str, u64)]) -> RegisterFile {
    let layout = Arc::new(RegisterLayout::for_g_length(Arch::X86_64, 608).unwrap());
    let mut file = RegisterFile::from_bytes(layout, &[0; 608]);
    for (name, value) in values {
        assert!(file.set_by_name(name, *value), "{name}");
    }
    file
}

fn row_of(file: &RegisterFile, name: &str) -> String {
    let rows = named(file, name, &no_names).unwrap();
    assert_eq!(rows.len(), 1);
    rows[0].clone()
}

#[test]
fn general_registers_at_reset() {
    let file = qemu64(&[
        ("rdx", 0x60fb1),
        ("rip", 0xfff0),
        ("eflags", 2),
        ("cs", 0xf000),
        ("cr0", 0x6000_0010),
        ("mxcsr", 0x1f80),
    ]);
    let rows = group(&file, Group::General, &no_names);
    let expected = [
        (0, "rax            0x0                 0"),
        (3, "rdx            0x60fb1             397233"),
        (6, "rbp            0x0                 0x0"),
        (16, "rip            0xfff0              0xfff0"),
        (17, "eflags         0x2                 [ IOPL=0 ]"),
        (18, "cs             0xf000              61440"),
        (26, "k_gs_base      0x0                 0"),
        (27, "cr0            0x60000010          [ CD NW ET ]"),
        (29, "cr3            0x0                 [ PDBR=0 PCID=0 ]"),
        (30, "cr4            0x0                 [ ]"),
        (49, "mxcsr          0x1f80              [ IM DM ZM OM UM PM ]"),
    ];
    assert_eq!(rows.len(), 50);
    for (at, text) in expected {
        assert_eq!(rows[at], text);
    }
    assert_eq!(
        rows[33],
        "xmm0           {v4_float = {0x0, 0x0, 0x0, 0x0}, v2_double = {0x0, 0x0}, v16_int8 = {0x0 <repeats 16 \
         times>}, v8_int16 = {0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0}, v4_int32 = {0x0, 0x0, 0x0, 0x0}, v2_int64 = \
         {0x0, 0x0}, uint128 = 0x0}"
    );
}

#[test]
fn natural_values() {
    let file = qemu64(&[
        ("rax", 0xffff_ffff_82a1_0a40),
        ("rip", 0xffff_ffff_812a_1c40),
        ("eflags", 0x246),
        ("cr0", 0x8005_0033),
        ("cr3", 0x435_7000),
        ("efer", 0x500),
        ("cs", 0x10),
    ]);
    let names = |addr: VirtAddr| (addr.0 == 0xffff_ffff_812a_1c40).then(|| "vfs_read+4".to_owned());
    assert_eq!(row_of(&file, "rax"), "rax            0xffffffff82a10a40  -2103375296");
    assert_eq!(
        named(&file, "$rip", &names).unwrap(),
        ["rip            0xffffffff812a1c40  0xffffffff812a1c40 <vfs_read+4>"]
    );
    assert_eq!(row_of(&file, "eflags"), "eflags         0x246               [ IOPL=0 IF ZF PF ]");
    assert_eq!(row_of(&file, "cr0"), "cr0            0x80050033          [ PG AM WP NE ET MP PE ]");
    assert_eq!(row_of(&file, "cr3"), "cr3            0x4357000           [ PDBR=17239 PCID=0 ]");
    assert_eq!(row_of(&file, "efer"), "efer           0x500               [ LMA LME ]");
    assert_eq!(row_of(&file, "pc"), "pc             0xffffffff812a1c40  0xffffffff812a1c40");
    assert_eq!(row_of(&file, "al"), "al             0x40                64");
    assert_eq!(row_of(&file, "ah"), "ah             0xa                 10");
    assert_eq!(row_of(&file, "eax"), "eax            0x82a10a40          -2103375296");
    assert_eq!(named(&file, "foo", &no_names).unwrap_err().to_string(), "Invalid register `foo'");
}

#[test]
fn flags_without_a_description_are_in_the_order_of_the_bits() {
    let layout = Arc::new(RegisterLayout::for_g_length(Arch::X86_64, 536).unwrap());
    let mut file = RegisterFile::from_bytes(layout, &[0; 536]);
    file.set_by_name("eflags", 0x3246);
    assert_eq!(row_of(&file, "eflags"), "eflags         0x3246              [ PF ZF IF ]");
}

#[test]
fn floating_point_rows() {
    let mut file = qemu64(&[]);
    let st0 = file.layout().lookup("st0").unwrap();
    assert_eq!(
        row(&file, &st0, &no_names),
        "st0            0                   (raw 0x00000000000000000000)"
    );
    let pi = 0x4000_c90f_daa2_2168_8800u128.to_le_bytes();
    file.write(&st0, &pi[..10]).unwrap();
    assert_eq!(
        row(&file, &st0, &no_names),
        "st0            3.14159265358979000737 (raw 0x4000c90fdaa221688800)"
    );
}

#[test]
fn an_unavailable_register() {
    let mut file = qemu64(&[]);
    let rax = file.layout().index_of("rax").unwrap();
    file.set_unavailable(rax);
    assert_eq!(row_of(&file, "rax"), "rax            <unavailable>");
    assert_eq!(row_of(&file, "eax"), "eax            <unavailable>");
}

#[test]
fn a_vector_register_in_both_formats() {
    let mut file = qemu64(&[]);
    let xmm0 = file.layout().lookup("xmm0").unwrap();
    let bytes = 0xff00_ff00_ff00_ffff_d0f2_24d5_3fc0_0000u128.to_le_bytes();
    file.write(&xmm0, &bytes).unwrap();
    assert_eq!(
        natural(&xmm0.ty, &bytes, &no_names),
        "{v4_float = {1.5, -3.25000008e+10, -1.71470391e+38, -1.71465219e+38}, v2_double = {-8.6053586830615204e+81, \
         -5.82767264895236e+303}, v16_int8 = {0, 0, -64, 63, -43, 36, -14, -48, -1, -1, 0, -1, 0, -1, 0, -1}, v8_int16 \
         = {0, 16320, 9429, -12046, -1, -256, -256, -256}, v4_int32 = {1069547520, -789437227, -16711681, -16711936}, \
         v2_int64 = {-3390607071140380672, -71777214294589441}, uint128 = 338958311018522365193300907003419295744}"
    );
    assert_eq!(
        hex(&xmm0.ty, &bytes),
        "{v4_float = {0x3fc00000, 0xd0f224d5, 0xff00ffff, 0xff00ff00}, v2_double = {0xd0f224d53fc00000, \
         0xff00ff00ff00ffff}, v16_int8 = {0x0, 0x0, 0xc0, 0x3f, 0xd5, 0x24, 0xf2, 0xd0, 0xff, 0xff, 0x0, 0xff, 0x0, \
         0xff, 0x0, 0xff}, v8_int16 = {0x0, 0x3fc0, 0x24d5, 0xd0f2, 0xffff, 0xff00, 0xff00, 0xff00}, v4_int32 = \
         {0x3fc00000, 0xd0f224d5, 0xff00ffff, 0xff00ff00}, v2_int64 = {0xd0f224d53fc00000, 0xff00ff00ff00ffff}, \
         uint128 = 0xff00ff00ff00ffffd0f224d53fc00000}"
    );
}

#[test]
fn definitions() {
    let file = qemu64(&[]);
    let ty = |name: &str| file.layout().lookup(name).unwrap().ty;
    assert_eq!(ptype(&ty("rax")), "int64_t");
    assert_eq!(ptype(&ty("rip")), "void (*)()");
    assert_eq!(ptype(&ty("rsp")), "void *");
    assert_eq!(ptype(&ty("st0")), "builtin_type_i387_ext");
    assert_eq!(ptype(&ty("cr3")), "flag x64_cr3 {\n    uint64_t PDBR @12-63;\n    uint64_t PCID @0-11;\n}");
    assert_eq!(
        ptype(&ty("xmm0")),
        "union vec128 {\n    v4f v4_float;\n    v2d v2_double;\n    v16i8 v16_int8;\n    v8i16 v8_int16;\n    v4i32 \
         v4_int32;\n    v2i64 v2_int64;\n    uint128_t uint128;\n}"
    );
    let i386 = RegisterLayout::for_g_length(Arch::I386, 344).unwrap();
    assert_eq!(
        ptype(&i386.lookup("mm0").unwrap().ty),
        "union builtin_type_vec64i {\n    int64_t uint64;\n    int32_t v2_int32 __attribute__ ((vector_size(2)));\n    \
         int16_t v4_int16 __attribute__ ((vector_size(4)));\n    int8_t v8_int8 __attribute__ ((vector_size(8)));\n}"
    );
}

/// What gdb 13.1 printed for `qemu-riscv64`, of a description cut short.
#[test]
fn risc_v_has_rows_of_its_own() {
    let xml = r#"<target><architecture>riscv:rv64</architecture>
        <feature name="org.gnu.gdb.riscv.cpu">
        <reg name="zero" bitsize="64" type="int" regnum="0"/><reg name="ra" bitsize="64" type="code_ptr"/>
        <reg name="sp" bitsize="64" type="data_ptr"/><reg name="t0" bitsize="64" type="int" regnum="5"/>
        <reg name="fp" bitsize="64" type="data_ptr" regnum="8"/>
        <reg name="pc" bitsize="64" type="code_ptr" regnum="32"/></feature>
        <feature name="org.gnu.gdb.riscv.fpu"><union id="riscv_double"><field name="float" type="ieee_single"/>
        <field name="double" type="ieee_double"/></union>
        <reg name="ft0" bitsize="64" type="riscv_double" regnum="33"/></feature></target>"#;
    let description = crate::target_xml::parse(Arch::X86_64, &mut |_| Ok(xml.to_owned())).unwrap();
    let layout = Arc::new(description.layout);
    let mut file = RegisterFile::from_bytes(Arc::clone(&layout), &[0; 56]);
    for (name, value) in [("sp", 0x40_0080_0820), ("t0", u64::MAX), ("pc", 0x1019e)] {
        assert!(file.set_by_name(name, value));
    }
    let start = |addr: VirtAddr| (addr.0 == 0x1019e).then(|| "_start".to_owned());
    let bare = general(&file, &start);
    assert_eq!(bare[0], "ra             0x0\t0x0");
    assert_eq!(bare[1], "sp             0x4000800820\t0x4000800820");
    assert_eq!(bare[2], "t0             0xffffffffffffffff\t-1");
    assert!(bare.contains(&"pc             0x1019e\t0x1019e <_start>".to_owned()), "{bare:?}");
    assert_eq!(group(&file, Group::General, &no_names)[0], "zero           0x0\t0");
    assert_eq!(row_of(&file, "zero"), "zero           0x0\t0");
    assert_eq!(row_of(&file, "ft0"), "ft0            {float = 0, double = 0}\t(raw 0x0000000000000000)");
    // The other names of registers have the rows of every processor.
    assert_eq!(row_of(&file, "x2"), "x2             0x4000800820        0x4000800820");
    assert_eq!(row_of(&file, "f0"), "f0             {float = 0x0, double = 0x0} {float = 0, double = 0}");
    assert_eq!(layout.lookup("s0").map(|reg| reg.pieces), layout.lookup("fp").map(|reg| reg.pieces));
    for wrong in ["x32", "x02", "x", "x+1", "f1", "x31"] {
        assert!(layout.lookup(wrong).is_none(), "{wrong}");
    }
}
