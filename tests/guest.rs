//! Sessions on a real guest that the comparison with gdb cannot show.

use crate::cli::Place;
use kdive_testkit::environment;
use kdive_testkit::guest::Guest;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The prepared guest, if it and QEMU are there.
pub(crate) fn prepared() -> Option<PathBuf> {
    environment::guest().filter(|_| environment::programs(&["qemu-system-x86_64"]))
}

/// A place with a link to the guest's vmlinux, and a guest stopped at reset in it.
pub(crate) fn boot(prepared: &Path, append: &str) -> (Place, Guest) {
    let place = Place::new();
    let work = place.home().join("work");
    std::os::unix::fs::symlink(prepared.join("vmlinux"), work.join("vmlinux")).unwrap();
    // A directory, as where modules are built: links to directories are not followed in search of modules.
    fs::create_dir(work.join("modules")).unwrap();
    for file in fs::read_dir(prepared.join("modules")).unwrap() {
        let file = file.unwrap();
        std::os::unix::fs::symlink(file.path(), work.join("modules").join(file.file_name())).unwrap();
    }
    let guest = Guest::boot(prepared, &work, append, &[]);
    (place, guest)
}

/// Runs `commands` on `file`.
#[track_caller]
fn batch(place: &Place, file: &str, commands: &[&str]) -> (String, String) {
    let mut args = vec!["-nx", "-batch"];
    for command in commands {
        args.extend(["-ex", command]);
    }
    args.push(file);
    let outcome = place.run(&args, "");
    (outcome.out, outcome.err)
}

/// The symbols of `vmlinux` without its debug information, with another build-id: the last byte is changed. Both build-ids.
fn with_another_build_id(vmlinux: &Path, wrong: &Path) -> (String, String) {
    let stripped = Command::new("objcopy").arg("--strip-debug").args([vmlinux, wrong]).status().unwrap();
    assert!(stripped.success());
    let notes = Command::new("readelf").arg("-n").arg(wrong).output().unwrap().stdout;
    let notes = String::from_utf8(notes).unwrap();
    let right = notes.split("Build ID: ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let id: Vec<u8> =
        (0..right.len()).step_by(2).map(|at| u8::from_str_radix(&right[at..at + 2], 16).unwrap()).collect();
    let mut bytes = fs::read(wrong).unwrap();
    let at = bytes.windows(id.len()).position(|window| window == id).unwrap();
    bytes[at + id.len() - 1] ^= 0xff;
    let changed = bytes[at..at + id.len()].iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(wrong, bytes).unwrap();
    (right, changed)
}

#[test]
fn the_vmlinux_of_another_kernel_is_told_by_its_build_id() {
    let Some(prepared) = prepared() else { return };
    if !environment::programs(&["objcopy", "readelf"]) {
        return;
    }
    let (place, _guest) = boot(&prepared, "nokaslr");
    let (running, file) = with_another_build_id(&prepared.join("vmlinux"), &place.home().join("work/other"));
    let commands = ["target remote guest.sock", "hbreak start_kernel", "continue", "print 6 * 7"];
    let (out, err) = batch(&place, "other", &commands);
    let release = fs::read_to_string(prepared.join("release")).unwrap();
    let release = release.trim();
    let warning = format!(
        "warning: the loaded vmlinux is not the running kernel: the guest runs {release} (build-id {running}), the file \
         is {release} (build-id {file}); load the right one with the file command\n"
    );
    assert_eq!(err.matches("not the running kernel").count(), 1, "once and for all: {err}");
    assert!(err.contains(&warning), "{err}");
    assert!(out.contains("\n$1 = 42\n"), "the session goes on: {out}");
}

#[test]
fn the_right_vmlinux_is_nothing_to_speak_of() {
    let Some(prepared) = prepared() else { return };
    let (place, _guest) = boot(&prepared, "nokaslr");
    let commands = ["target remote guest.sock", "hbreak start_kernel", "continue"];
    let (out, err) = batch(&place, "vmlinux", &commands);
    assert!(out.contains("\nBreakpoint 1, start_kernel () at "), "{out}");
    assert!(!err.contains("not the running kernel"), "{err}");
}

#[test]
fn stacks_end_where_user_mode_was_left() {
    let Some(prepared) = prepared() else { return };
    let (place, _guest) = boot(&prepared, "nokaslr");
    let commands = [
        "target remote guest.sock",
        "tbreak vfs_read",
        "continue",
        "backtrace",
        "tbreak handle_mm_fault",
        "continue",
        "backtrace",
        "up 100",
        "printf \"rip %#lx\\n\", $rip",
        "tbreak *$rip",
        "continue",
        "backtrace",
        "set unwinder gdb",
        "backtrace 1",
    ];
    let (out, err) = batch(&place, "vmlinux", &commands);
    let stacks: Vec<Vec<&str>> = out
        .split("\n#0  ")
        .skip(1)
        .map(|stack| stack.lines().take_while(|line| !line.is_empty()).collect())
        .collect();
    let last = |stack: usize| *stacks[stack].iter().rfind(|line| line.starts_with('#')).unwrap();
    // A system call and a page fault: what was executed there, and whose it was.
    for (stack, entry) in [(0, " in entry_SYSCALL_64 () at "), (1, " in asm_exc_page_fault () at ")] {
        let frames = &stacks[stack];
        let at = frames.iter().position(|frame| *frame == last(stack)).unwrap();
        assert!(frames[at - 1].contains(entry), "{}", frames.join("\n"));
        assert!(last(stack).ends_with(" in <user mode> (init, pid 1)"), "{}", frames.join("\n"));
        assert!(last(stack).contains("  0x0000000000"), "an address of user mode: {}", last(stack));
    }
    // And the address is right: execution goes on there, with that one frame.
    let rip = out.split("\nrip 0x").nth(1).unwrap().lines().next().unwrap();
    assert!(last(1).contains(rip), "{out}");
    let arrived = format!(", 0x{rip:0>16} in <user mode> (init, pid 1)\n");
    assert!(out.contains(&arrived), "{arrived}{out}{err}");
    assert!(stacks[2][0].contains("in <user mode>"), "{:?}", stacks[2]);
    assert!(stacks[3][0].ends_with(" in ?? ()"), "as gdb: {:?}", stacks[3]);
}

#[test]
fn why_a_variable_has_no_value_and_what_became_of_a_breakpoint() {
    let Some(prepared) = prepared() else { return };
    let (place, _guest) = boot(&prepared, "nokaslr");
    let commands = [
        "target remote guest.sock",
        "break nothing_like_it",
        "tbreak vfs_read",
        "break vfs_write if count == 123456",
        "why 2",
        "continue",
        "why ret",
        "why count",
        "why 1",
        "why 3",
        "why nosuch",
    ];
    let (out, err) = batch(&place, "vmlinux", &commands);
    // Addresses and lines are those of one kernel.
    let says = |pattern: &str| {
        let pattern = pattern.replace("ADDR", "0x[0-9a-f]{16}").replace("LINE", r"fs/read_write\.c:\d+");
        assert!(regex::Regex::new(&pattern).unwrap().is_match(&out), "no {pattern} in {out}{err}");
    };
    says("\nBreakpoint 2 at ADDR is set at the next resume\\.\nIt was not reached yet\\.\n");
    says(
        "\nret has no value at ADDR \\(LINE\\)\\.\nIt has one in\n  ADDR-ADDR \\(LINE-\\d+\\)  a variable in \\$rbx\n",
    );
    says("\ncount has a value at ADDR \\(LINE\\)\\.\nIt has one in\n  ADDR-ADDR \\(LINE-\\d+\\)\n");
    says("\nBreakpoint 1 waits: nothing is called \"nothing_like_it\" yet\\.");
    says("\nBreakpoint 3 at ADDR is in the target\\.\nIt stops only if count == 123456\\.\n");
    assert!(err.ends_with("No symbol \"nosuch\" in vfs_read.\n"), "{err}");
}

#[test]
fn a_breakpoint_that_is_never_hit_does_not_hang_a_job() {
    let Some(prepared) = prepared() else { return };
    let (place, guest) = boot(&prepared, "nokaslr");
    let commands =
        ["target remote guest.sock", "break hello_init", "break vfs_raed", "continue", "echo not reached\\n"];
    let mut args = vec!["-nx", "-batch", "-timeout", "8", "vmlinux"];
    for command in commands {
        args.extend(["-ex", command]);
    }
    let got = place.run(&args, "");
    assert_eq!(got.status, 124, "{}{}", got.out, got.err);
    let module = place.home().join("work/modules/poc.ko");
    let found = format!("hello_init is in the module poc, which is not loaded: {}", module.display());
    assert!(got.err.contains(&format!("Function \"hello_init\" not defined.\n{found}\n")), "{}", got.err);
    assert!(got.out.contains("Breakpoint 1 (hello_init) pending.\n"), "{}", got.out);
    let waited = "kdive: the time limit of 8 s is over; it waited for \"continue\" (breakpoint 1 (hello_init) is pending; \
                  breakpoint 2 (vfs_raed) is pending)\n";
    assert!(got.err.ends_with(waited), "{}", got.err);
    assert!(!got.out.contains("not reached"), "{}", got.out);
    // It was let go.
    guest.wait_for("kdive-guest: ready");
}

#[test]
fn files_and_targets_come_in_any_order() {
    let Some(prepared) = prepared() else { return };
    let (place, guest) = boot(&prepared, "kdive.insmod=kdive_test");
    let look = ["info address _text", "info modules", "output init_task.comm"];
    let ask = |first: &[&str], file: Option<&str>| {
        let mut args = vec!["-nx", "-batch"];
        for command in first.iter().chain(&look) {
            args.extend(["-ex", command]);
        }
        args.extend(file);
        let got = place.run(&args, "");
        (got.out, got.err)
    };
    let (_, err) = ask(&["target remote guest.sock"], Some("vmlinux"));
    assert!(!err.contains("not the running kernel"), "{err}");
    guest.wait_for("kdive-guest: insmod kdive_test ended");
    let tail =
        |out: &str| out.split_once("Symbol \"_text\"").map(|(_, rest)| rest.to_owned()).unwrap_or_default();
    let (usual, _) = ask(&["target remote guest.sock"], Some("vmlinux"));
    assert!(usual.contains("/modules/kdive_test.ko"), "{usual}");
    for load in [
        "file vmlinux",
        "symbol-file vmlinux",
        "add-symbol-file vmlinux",
        "file modules/poc.ko\nfile vmlinux",
    ] {
        let commands: Vec<&str> = std::iter::once("target remote guest.sock").chain(load.lines()).collect();
        let (out, err) = ask(&commands, None);
        assert_eq!(tail(&out), tail(&usual), "{load}: {out}{err}");
        // Told in either order, unless the kernel chose not to move.
        assert_eq!(
            out.contains("Kernel at 0xffffffff"),
            usual.contains("Kernel at 0xffffffff"),
            "{load}: {out}"
        );
        assert!(!err.contains("not the running kernel"), "{load}: {err}");
    }
    if environment::programs(&["objcopy", "readelf"]) {
        with_another_build_id(&prepared.join("vmlinux"), &place.home().join("work/other"));
        let mut printed = Vec::new();
        for (first, file) in [
            (&["target remote guest.sock"][..], Some("other")),
            (&["target remote guest.sock", "file other"][..], None),
        ] {
            let (_, err) = ask(first, file);
            printed.push(err.lines().find(|line| line.contains("not the running kernel")).map(str::to_owned));
        }
        assert!(printed[0].is_some() && printed[0] == printed[1], "{printed:?}");
    }
}
