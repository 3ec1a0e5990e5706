//! Files whose debug information lies elsewhere, is of another language, or is for another processor: what is there is right,
//! and what is not is said.

use crate::bad_input::{program, says};
use crate::cli::Place;
use std::path::PathBuf;
use std::process::Command;

/// Runs a program in the place's directory.
#[track_caller]
fn run(place: &Place, program: &str, args: &[&str]) {
    let status = Command::new(program).args(args).current_dir(work(place)).status().unwrap();
    assert!(status.success(), "{program} {args:?}");
}

fn work(place: &Place) -> PathBuf {
    place.home().join("work").canonicalize().unwrap()
}

/// `a`, stripped, with a link to its debug information in `a.debug`.
fn stripped() -> Option<Place> {
    if !kdive_testkit::environment::programs(&["objcopy", "strip"]) {
        return None;
    }
    let place = program(&["-g"])?;
    run(&place, "objcopy", &["--only-keep-debug", "a", "a.debug"]);
    run(&place, "strip", &["-s", "a"]);
    run(&place, "objcopy", &["--add-gnu-debuglink=a.debug", "a"]);
    Some(place)
}

#[test]
fn debug_information_of_a_program_is_found_beside_it() {
    let Some(place) = stripped() else { return };
    let (out, err) = says(&place, &["print x", "whatis x", "info line main", "print main"], "a");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[..2], ["$1 = 5", "type = int"], "{out}");
    assert!(lines[2].contains(" of \"a.c\" starts at address 0x"), "{out}");
    assert!(lines[3].contains("<main>"), "{out}");
    assert_eq!(err, "");
}

#[test]
fn debug_information_of_another_build_is_refused() {
    let Some(place) = stripped() else { return };
    std::fs::rename(work(&place).join("a.debug"), work(&place).join("old")).unwrap();
    let (_, missing) = says(&place, &[], "a");
    let path = |name: &str| work(&place).join(name).display().to_string();
    assert!(missing.contains("its debug information is in a.debug, which was looked for as"), "{missing}");
    assert!(missing.contains(&path("a.debug")) && missing.contains(&path(".debug/a.debug")), "{missing}");
    // The right name is not enough.
    std::fs::write(work(&place).join("a.debug"), std::fs::read(work(&place).join("a")).unwrap()).unwrap();
    let (out, other) = says(&place, &["print x"], "a");
    assert!(other.contains(&format!("{} is of another build", path("a.debug"))), "{other}");
    assert_eq!(out, "", "nothing is known of x");
    // Below a directory of debug information, by the path of the file.
    let below = work(&place).join("debug").join(work(&place).strip_prefix("/").unwrap());
    std::fs::create_dir_all(&below).unwrap();
    std::fs::rename(work(&place).join("old"), below.join("a.debug")).unwrap();
    let (out, _) = says(&place, &["set debug-file-directory debug", "file a", "print x"], "/bin/true");
    assert!(out.ends_with("$1 = 5\n"), "{out}");
}

/// `classes.s` is what g++ makes of a program with a base class, a reference and a plain structure.
#[test]
fn types_that_c_does_not_have_are_refused_by_the_name_of_their_language() {
    if !kdive_testkit::environment::programs(&["cc"]) {
        return;
    }
    let place = Place::new();
    place.file("classes.s", include_str!("formats/classes.s"));
    run(&place, "cc", &["-no-pie", "-nostdlib", "-Wl,-e,main", "-o", "classes", "classes.s"]);
    let commands = [
        "print sizeof(Base)",
        "print sizeof(Derived)",
        "print sizeof(Plain)",
        "print plain",
        "print plain.x",
        "whatis obj",
        "whatis ref",
        "print num",
        "info line main",
        "print obj",
        "print obj.d",
        "print ref",
        "print ref + 1",
        "ptype obj",
        "print *(Derived *)&obj",
    ];
    let (out, err) = says(&place, &commands, "classes");
    let lines: Vec<&str> = out.lines().collect();
    let values = [
        "$1 = 4",
        "$2 = 8",
        "$3 = 8",
        "$4 = {x = 7, y = 2}",
        "$5 = 7",
        "type = Derived",
        "type = int &",
        "$6 = 5",
    ];
    assert_eq!(lines[..8], values, "{out}{err}");
    assert!(lines[8].starts_with("Line 8 of \"classes.cpp\" starts at address"), "{out}");
    assert_eq!(lines.len(), 9, "{out}");
    let class = "Derived is a class with base classes of C++, which kdive cannot show yet";
    let reference = "int & is a reference of C++, which kdive cannot show yet";
    assert_eq!(err.lines().collect::<Vec<_>>(), [class, class, reference, reference, class, class]);
}

#[test]
fn a_file_of_a_big_endian_machine_is_refused() {
    let Some(place) = program(&["-g"]) else { return };
    let path = work(&place).join("a");
    let mut bytes = std::fs::read(&path).unwrap();
    // EI_DATA is ELFDATA2MSB.
    bytes[5] = 2;
    std::fs::write(&path, &bytes).unwrap();
    let got = place.run(&["-nx", "-batch", "-ex", "print x", "a"], "");
    assert!(got.err.contains("it is of a big-endian machine, which kdive cannot read"), "{}", got.err);
    assert_eq!(got.out, "");
}

#[test]
fn what_only_rust_has_is_refused_by_its_name() {
    let Some(place) = program(&["-g"]) else { return };
    place.file(
        "shapes.rs",
        "#![no_std]
        pub struct Point { pub x: i32, pub y: i32 }
        impl Point { #[inline(never)] pub fn sum(&self) -> i32 { self.x + self.y } }
        pub enum Shape { Dot(Point), Line(Point, Point) }
        #[unsafe(no_mangle)] pub static ORIGIN: Point = Point { x: 3, y: 4 };
        #[unsafe(no_mangle)] pub static SHAPE: Shape = Shape::Dot(Point { x: 1, y: 2 });
        pub fn total(shape: &Shape) -> i32 {
            match shape { Shape::Dot(at) => at.sum(), Shape::Line(from, to) => from.sum() + to.sum() }
        }",
    );
    let args = ["--edition=2024", "--crate-type=lib", "--emit=obj", "-g", "-Cpanic=abort", "-o", "shapes.o"];
    run(&place, "rustc", &[&args[..], &["shapes.rs"]].concat());
    let commands = [
        "print ORIGIN",
        "whatis ORIGIN.x",
        "ptype ORIGIN",
        "print sizeof(SHAPE)",
        "print SHAPE",
        "ptype SHAPE",
    ];
    let (out, err) = says(&place, &commands, "shapes.o");
    let values = [
        "$1 = {x = 3, y = 4}",
        "type = i32",
        "type = struct Point {",
        "    i32 x;",
        "    i32 y;",
        "}",
        "$2 = 20",
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), values, "{err}");
    let functions = "warning: Member functions of Rust are not shown: kdive cannot yet.";
    let data = "Shape is an enumeration with data of Rust, which kdive cannot show yet";
    assert_eq!(err.lines().collect::<Vec<_>>(), [functions, data, data]);
}

/// A program for x86-64 with another number of a processor in its header: types and data stay, code is not x86 any more.
#[test]
fn code_of_another_processor_is_never_shown_as_x86() {
    let Some(place) = program(&["-g", "-no-pie"]) else { return };
    let path = work(&place).join("a");
    let mut bytes = std::fs::read(&path).unwrap();
    for (machine, name, begins) in [(183u16, "AArch64", ".inst\t"), (75, "another processor", ".byte\t0x55")]
    {
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        std::fs::write(&path, &bytes).unwrap();
        let (out, err) = says(&place, &["print x", "print sizeof(long)", "info line main", "x/i main"], "a");
        let expected = format!(
            "warning: a is for {name}; kdive knows its symbols, types and data, not its registers and calls\n"
        );
        assert_eq!(err, expected);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[..2], ["$1 = 5", "$2 = 8"], "{out}");
        assert!(lines[2].contains(" of \"a.c\""), "{out}");
        let code = lines[3].split_once(":\t").unwrap().1;
        assert!(!code.contains('%'), "{out}");
        assert!(machine == 183 || code == begins, "{out}");
    }
}

/// As gdb 13 for these processors: marks of what bytes are name no address, are not listed and not completed.
#[test]
fn mapping_symbols_name_nothing() {
    let Some(place) = program(&["-g"]) else { return };
    let quoted: String = ["first", "$x", "$d.7", "second", "$xrv64", ".Lx"]
        .map(|name| format!("\"{name}\":\n .byte 1, 2, 3, 4\n"))
        .concat();
    place.file("marks.s", &format!(".text\n.globl first\n.globl .Lx\n{quoted}"));
    run(&place, "as", &["-o", "marks.o", "marks.s"]);
    let path = work(&place).join("marks.o");
    let mut bytes = std::fs::read(&path).unwrap();
    let symbols = (0..24).step_by(4).map(|at| format!("info symbol (char *)&first + {at}"));
    let commands: Vec<String> =
        symbols.chain(["info functions ^[$.]", "complete break $"].map(str::to_owned)).collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    // AArch64, RISC-V, and x86-64, which has none.
    for (machine, names, listed) in [
        (183u16, "first, first + 4, first + 8, second, $xrv64, .Lx", 2),
        (243, "first, first + 4, first + 8, second, second + 4, second + 8", 0),
        (62, "first, $x, $d.7, second, $xrv64, .Lx", 4),
    ] {
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        std::fs::write(&path, &bytes).unwrap();
        let (out, err) = says(&place, &commands, "marks.o");
        let found: Vec<&str> =
            out.lines().filter_map(|line| line.strip_suffix(" in section .text")).collect();
        assert_eq!(found.join(", "), names, "{machine}: {out}{err}");
        let marks = out.lines().filter(|line| line.starts_with("0x") && line.contains(['$', '.'])).count();
        assert_eq!(marks, listed, "{machine}: {out}{err}");
        assert_eq!(out.contains("break $"), listed > 0, "{machine}: {out}{err}");
    }
}

#[test]
fn a_32_bit_program_has_its_own_sizes() {
    if !kdive_testkit::environment::programs(&["cc"]) {
        return;
    }
    let place = Place::new();
    place.file(
        "b.c",
        "struct node { struct node *next; long l; char c; } second = { 0, -2, 'b' }, first = { &second, 7, 'a' };\n\
         char *text = \"hello\";\nlong long wide = 0x123456789aLL;\nint arr[3] = { 1, 2, 3 };\n\
         int add(int a, int b)\n{\n\treturn a + b;\n}\nint main(void)\n{\n\treturn add(1, 2);\n}\n",
    );
    let flags =
        ["-m32", "-g", "-ffreestanding", "-nostdlib", "-static", "-fno-pic", "-no-pie", "-Wl,-e,main"];
    run(&place, "cc", &[&flags[..], &["-o", "b", "b.c"]].concat());
    let commands = [
        "print sizeof(long)",
        "print sizeof(char *)",
        "print sizeof(struct node)",
        "print sizeof(&first)",
        "print first.l",
        "print *first.next",
        "print text",
        "print *(char **)&text",
        "print/x wide",
        "print arr",
        "print &arr[1] - &arr[0]",
        "info line add",
        "x/2i add",
        "ptype struct node",
    ];
    let (out, err) = says(&place, &commands, "b");
    assert_eq!(err, "");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[..4], ["$1 = 4", "$2 = 4", "$3 = 12", "$4 = 4"], "{out}");
    assert_eq!(lines[4..6], ["$5 = 7", "$6 = {next = 0x0, l = -2, c = 98 'b'}"], "{out}");
    assert!(lines[6].ends_with(" \"hello\"") && lines[7].ends_with(" \"hello\""), "{out}");
    assert_eq!(lines[8..11], ["$9 = 0x123456789a", "$10 = {1, 2, 3}", "$11 = 1"], "{out}");
    assert!(lines[11].contains(" of \"b.c\" starts at address"), "{out}");
    assert!(lines[12].ends_with("push   %ebp") && lines[13].ends_with("mov    %esp,%ebp"), "{out}");
    assert!(out.ends_with("struct node *next;\n    long l;\n    char c;\n}\n"), "{out}");
}

/// What the debugger says of `n1`, `struct node` and the lines of a program.
#[track_caller]
fn knows_the_program(place: &Place, file: &str) {
    let commands = [
        "print n1",
        "ptype struct node",
        "whatis n1",
        "info line add",
        "break add",
        "info scope add",
        "print add",
    ];
    let (out, err) = says(place, &commands, file);
    assert_eq!(err, "", "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("$1 = {next = 0x") && lines[0].ends_with(" <n2>, v = 1}"), "{out}");
    assert_eq!(
        lines[1..6],
        ["type = struct node {", "    struct node *next;", "    int v;", "}", "type = struct node"]
    );
    assert!(lines[6].starts_with("Line 3 of \"n.c\" starts at address 0x"), "{out}");
    assert!(lines[7].ends_with(": file n.c, line 4."), "{out}");
    assert!(out.contains("\nSymbol a is a ") && out.contains("\nSymbol c is a "), "{out}");
    assert!(out.contains("{int (int, int)} 0x"), "{out}");
}

const NODES: &str = "struct node { struct node *next; int v; } n2 = { 0, 2 }, n1 = { &n2, 1 };\n\
    int add(int a, int b)\n{\n\tint c = a;\n\treturn c + b;\n}\n\
    int main(void)\n{\n\treturn add(n1.v, n2.v);\n}\n";

#[test]
fn split_debug_information_is_read_and_missed() {
    if !kdive_testkit::environment::programs(&["cc"]) {
        return;
    }
    let place = Place::new();
    place.file("n.c", NODES);
    place.file("o.c", "int other = 3;\nint unused(void)\n{\n\treturn other;\n}\n");
    run(&place, "cc", &["-g", "-gsplit-dwarf", "-O0", "-o", "n", "n.c", "o.c"]);
    knows_the_program(&place, "n");
    let (out, _) = says(&place, &["print other", "info line unused"], "n");
    assert!(out.starts_with("$1 = 3\nLine 3 of \"o.c\" starts at address 0x"), "{out}");
    // Without its files: lines are there, values are refused, and it is said what is missing.
    for entry in std::fs::read_dir(work(&place)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "dwo") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let (out, err) = says(&place, &["print n1"], "n");
    assert_eq!(out, "");
    assert!(err.starts_with("warning: n: the debug information of a unit is in "), "{err}");
    assert!(err.contains(".dwo, which was looked for as ") && err.contains(", and 1 more files"), "{err}");
    assert!(err.ends_with("'n1' has unknown type; cast it to its declared type\n"), "{err}");
}

/// Columns of the index of a package (DWARF 5, 7.3.5.3), and the sections they are about.
const COLUMNS: [(u32, &str); 4] = [
    (1, ".debug_info.dwo"),
    (3, ".debug_abbrev.dwo"),
    (6, ".debug_str_offsets.dwo"),
    (7, ".debug_macro.dwo"),
];

/// Collects `.dwo` files in a package, as packagers do.
fn package(place: &Place, files: &[&str], package: &str) {
    let section = |file: &str, name: &str| {
        run(place, "objcopy", &["--dump-section", &format!("{name}=section"), file, "copy"]);
        std::fs::read(work(place).join("section")).unwrap()
    };
    let mut joined = COLUMNS.map(|_| Vec::new());
    let (mut strings, mut ids) = (Vec::new(), Vec::new());
    let (mut offsets, mut sizes) = (Vec::new(), Vec::new());
    for file in files {
        for ((_, name), to) in COLUMNS.into_iter().zip(&mut joined) {
            let mut bytes = section(file, name);
            match name {
                // After length, version, kind, size of addresses and place of the abbreviations.
                ".debug_info.dwo" => ids.push(u64::from_le_bytes(bytes[12..20].try_into().unwrap())),
                ".debug_str_offsets.dwo" => {
                    for at in bytes[8..].as_chunks_mut::<4>().0 {
                        *at = (u32::from_le_bytes(*at) + strings.len() as u32).to_le_bytes();
                    }
                }
                _ => {}
            }
            offsets.push(to.len() as u32);
            sizes.push(bytes.len() as u32);
            to.extend(bytes);
        }
        strings.extend(section(file, ".debug_str.dwo"));
    }
    let slots = (files.len() * 2).next_power_of_two();
    let mut table = vec![(0, 0); slots];
    for (row, id) in ids.iter().enumerate() {
        let mask = slots - 1;
        let mut at = *id as usize & mask;
        while table[at].1 != 0 {
            at = (at + ((id >> 32) as usize & mask | 1)) & mask;
        }
        table[at] = (*id, row as u32 + 1);
    }
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let index = [
        words(&[5, COLUMNS.len() as u32, files.len() as u32, slots as u32]),
        table.iter().flat_map(|(id, _)| id.to_le_bytes()).collect(),
        words(&table.iter().map(|(_, row)| *row).collect::<Vec<_>>()),
        words(&COLUMNS.map(|(column, _)| column)),
        words(&offsets),
        words(&sizes),
    ]
    .concat();
    let mut arguments = Vec::new();
    let named = COLUMNS.iter().map(|(_, name)| *name).zip(joined);
    for (name, bytes) in named.chain([(".debug_str.dwo", strings)]) {
        std::fs::write(work(place).join(&name[1..]), bytes).unwrap();
        arguments.push(format!("--update-section={name}={}", &name[1..]));
    }
    std::fs::write(work(place).join("index"), index).unwrap();
    arguments.push("--add-section=.debug_cu_index=index".into());
    arguments.extend([files[0].to_owned(), package.to_owned()]);
    run(place, "objcopy", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_package_of_split_debug_information_is_read() {
    if !kdive_testkit::environment::programs(&["cc", "objcopy"]) {
        return;
    }
    let place = Place::new();
    place.file("n.c", NODES);
    place.file(
        "o.c",
        "#define OTHER 30\nint other = 3;\nint unused(int n)\n{\n\tint sum = other;\n\treturn sum + n;\n}\n",
    );
    run(&place, "cc", &["-g3", "-gsplit-dwarf", "-O0", "-o", "n", "n.c", "o.c"]);
    let about_other = ["list unused", "print OTHER", "info scope unused"];
    let before = says(&place, &about_other, "n");
    assert!(before.0.contains("$1 = 30\n") && before.0.contains("Symbol sum is "), "{before:?}");
    package(&place, &["n-n.dwo", "n-o.dwo"], "n.dwp");
    for file in ["n-n.dwo", "n-o.dwo"] {
        std::fs::remove_file(work(&place).join(file)).unwrap();
    }
    knows_the_program(&place, "n");
    assert_eq!(says(&place, &about_other, "n"), before);
    let (out, err) = says(&place, &["print other", "info line unused", "ptype unused"], "n");
    assert_eq!(err, "");
    assert!(out.starts_with("$1 = 3\nLine 4 of \"o.c\" starts at address 0x"), "{out}");
    assert!(out.ends_with("type = int (int)\n"), "{out}");
    // The debug information in a file of its own: the package has the name of the program.
    run(&place, "objcopy", &["--only-keep-debug", "n", "n.debug"]);
    run(&place, "objcopy", &["--strip-debug", "--add-gnu-debuglink=n.debug", "n"]);
    knows_the_program(&place, "n");
    // Damaged, it is no package, and what is missing is said.
    let package = work(&place).join("n.dwp");
    let bytes = std::fs::read(&package).unwrap();
    std::fs::write(&package, &bytes[..bytes.len() / 2]).unwrap();
    let (out, err) = says(&place, &["print n1"], "n");
    assert_eq!(out, "");
    assert!(err.contains("the debug information of a unit is in ") && err.contains("n.dwp"), "{err}");
}

#[test]
fn shared_debug_information_is_read_and_missed() {
    if !kdive_testkit::environment::programs(&["cc"])
        || Command::new("dwz").arg("--version").output().is_err()
    {
        eprintln!("skipped: dwz is not there");
        return;
    }
    let place = Place::new();
    place.file("n.c", NODES);
    run(&place, "cc", &["-g", "-O0", "-o", "n", "n.c"]);
    run(&place, "cc", &["-g", "-O2", "-o", "m", "n.c"]);
    let common = work(&place).join("common.debug").display().to_string();
    run(&place, "dwz", &["-m", "common.debug", "-M", &common, "n", "m"]);
    knows_the_program(&place, "n");
    std::fs::remove_file(work(&place).join("common.debug")).unwrap();
    let (out, err) = says(&place, &["print n1"], "n");
    assert_eq!(out, "", "no number is made up");
    assert!(err.starts_with(&format!("warning: n: part of its debug information is in {common}")), "{err}");
}
