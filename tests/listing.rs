//! Source listings of programs compiled for it.

use crate::bad_input::{program, says};
use std::process::Command;

/// One source in two units, as fs/binfmt_elf.c is in fs/compat_binfmt_elf.c too: names are those of the unit shown last.
#[test]
fn names_after_a_listing_are_those_of_its_unit() {
    let Some(place) = program(&["-g"]) else { return };
    place.file("body.c", "int F(struct thing *t)\n{\n\treturn sizeof *t;\n}\n");
    place.file("one.c", "struct thing { int one; };\n#define F first\n#include \"body.c\"\n");
    let main = "int main(void)\n{\n\treturn second(0);\n}\n";
    place.file(
        "two.c",
        &format!("struct thing {{ long two[2]; }};\n#define F second\n#include \"body.c\"\n{main}"),
    );
    let built = Command::new("cc")
        .args(["-g", "-o", "both", "one.c", "two.c"])
        .current_dir(place.home().join("work"))
        .status();
    assert!(built.unwrap().success());
    let commands = [
        "list second",
        "print sizeof(struct thing)",
        "list",
        "print sizeof(struct thing)",
        "list first",
        "print sizeof(struct thing)",
    ];
    let (out, err) = says(&place, &commands, "both");
    let sizes: Vec<&str> = out.lines().filter(|line| line.starts_with('$')).collect();
    assert_eq!(sizes, ["$1 = 16", "$2 = 16", "$3 = 4"], "{out}{err}");
}

/// As gdb 13 says it: one empty line after the file's name, and no more where no source has the name.
#[test]
fn sources_of_a_name_that_none_has_are_none() {
    let Some(place) = program(&["-g"]) else { return };
    place.file("one.c", "int main(void)\n{\n\treturn 0;\n}\n");
    let built =
        Command::new("cc").args(["-g", "-o", "one", "one.c"]).current_dir(place.home().join("work")).status();
    assert!(built.unwrap().success());
    let (out, err) =
        says(&place, &["info sources -basename nosuch", "echo ==\\n", "info sources -basename one"], "one");
    let (none, one) = out.split_once("==\n").unwrap_or_else(|| panic!("{out}{err}"));
    assert!(none.ends_with("/one:\n\n") && none.lines().count() == 2, "{out}{err}");
    assert!(one.ends_with("/one.c\n\n"), "{out}{err}");
}

/// A name that two files have stands for no one place.
#[test]
fn a_range_from_a_name_of_two_files_is_ambiguous() {
    let Some(place) = program(&["-g"]) else { return };
    place.file("one.c", "static int same(void)\n{\n\treturn 1;\n}\nint one(void) { return same(); }\n");
    let main = "int one(void);\nint main(void) { return same() + one(); }\n";
    place.file("two.c", &format!("static int same(void)\n{{\n\treturn 2;\n}}\n{main}"));
    let built = Command::new("cc")
        .args(["-g", "-o", "both", "two.c", "one.c"])
        .current_dir(place.home().join("work"))
        .status();
    assert!(built.unwrap().success());
    let places = "file: \"one.c\", line number: 2, symbol: \"same\"\n\
                  file: \"two.c\", line number: 2, symbol: \"same\"\n";
    let commands = ["list same,main", "list main,same", "edit same"];
    let (out, err) = says(&place, &commands, "both");
    let said = |what: &str| format!("Specified {what} is ambiguous:\n{places}");
    assert_eq!(out, said("first line 'same'") + &said("last line 'same'") + &said("line"), "{err}");
}

/// The editor gets line and file as arguments, whatever characters are in the file's name.
#[test]
fn a_line_is_edited_where_the_file_is() {
    let Some(place) = program(&["-g"]) else { return };
    let name = "$(touch made) \";.c";
    place.file(name, "int main(void)\n{\n\treturn 0;\n}\n");
    let work = place.home().join("work");
    let built = Command::new("cc").args(["-g", "-o", "one", name]).current_dir(&work).status();
    assert!(built.unwrap().success());
    let edit = |location: &str| {
        let commands = ["-nx", "-q", "-batch", "one", "-ex", location];
        let output = place.command().args(commands).env("EDITOR", "printf '<%s>'").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(edit("edit main"), format!("<+2><{}>", work.join(name).display()));
    assert_eq!(edit("edit 3"), format!("<+3><{}>", work.join(name).display()));
    assert!(!work.join("made").exists(), "a file's name was executed");
}
