//! Guests and files that are hostile to the tool. (User mode, reset, another kernel's vmlinux: [`super::kaslr`]; damaged
//! lists: [`super::modules`].)

use super::guest::{Boot, Guest};
use super::kaslr::kallsyms;
use kdive_testkit::environment::{guest as usual_guest, guest_of, programs};
use std::path::Path;
use std::process::Command;

on_both_kernels! {
    in_the_decompressor
}

/// At the decompressor's 64-bit entry nothing of the kernel is there yet; every command says so in a line and ends.
fn in_the_decompressor(series: Option<&str>) {
    let Some(guest) = (Boot { options: &["-S"], series, ..Boot::default() }).start() else { return };
    // A bzImage lies at 1 MiB; the boot protocol puts the 64-bit entry 0x200 after its start.
    let got = guest.ask(&[
        "hbreak *0x100200",
        "tbreak start_kernel",
        "continue",
        "info kernel",
        "ps",
        "lx-lsmod",
        "lx-dmesg",
        "lx-mounts",
        "lx-timerlist",
        "lx-device-list-bus",
        "kmem -i",
        "bt -a",
        "info modules",
        "task 1",
        "address $pc",
        "x/i $pc",
        "delete 1",
        "continue",
        "info symbol $pc",
    ]);
    assert!(got.out[2].contains("\nBreakpoint 1, 0x0000000000100200 in "), "{:?}{}", got.out, got.err);
    assert!(
        got.out[3].contains("Kernel:    not found yet (not started, or another vmlinux)"),
        "{}",
        got.out[3]
    );
    assert_eq!(got.out[4..12].concat(), "", "{:?}", got.out);
    let refused =
        got.err.lines().filter(|line| line.starts_with("Cannot access memory at address 0x")).count();
    assert!(refused >= 8, "{}", got.err);
    assert!(got.out[15].starts_with("=> 0x100200"), "{}", got.out[15]);
    assert!(
        got.out[17].contains("\nTemporary breakpoint 2, start_kernel () at "),
        "{}{}",
        got.out[17],
        got.err
    );
    assert!(got.out[18].starts_with("start_kernel"), "{}", got.out[18]);
}

/// For a guest with a shell: stopped in an interrupt and in an NMI, stacks lead back to what was interrupted, and the lists
/// of the kernel are read as ever.
pub(crate) fn in_interrupts(guest: &mut Guest) {
    let got = guest.ask(&[
        "tbreak hrtimer_interrupt",
        "continue",
        "bt",
        "print $lx_current().pid == $lx_thread_info($lx_current()).cpu * 0 + $lx_current().pid",
        "ps -A",
        "lx-lsmod",
        "info tasks init",
        "tbreak default_do_nmi",
        "monitor nmi",
        "continue",
        "bt",
        "ps -A",
        "lx-lsmod",
        "info tasks init",
    ]);
    let interrupted = ["sysvec_apic_timer_interrupt (", "asm_sysvec_apic_timer_interrupt ("];
    let nmi = ["default_do_nmi (", "exc_nmi ("];
    for (stack, names) in [(&got.out[2], interrupted), (&got.out[10], nmi)] {
        for name in names {
            assert!(
                stack.contains(&format!(" {name}")) || stack.starts_with(&format!("#0  {name}")),
                "{name} {stack}{}",
                got.err
            );
        }
        let ends = ["secondary_startup_64", "ret_from_fork", " in <user mode> ("];
        let last = stack.lines().rfind(|line| line.starts_with('#')).unwrap_or_default();
        assert!(ends.iter().any(|end| last.contains(end)), "{stack}{}", got.err);
        assert!(!stack.contains("Backtrace stopped"), "{stack}");
    }
    assert_eq!(got.out[3], "$1 = 1\n");
    for at in [4, 11] {
        assert_eq!(got.out[at].lines().count(), 3, "{}", got.out[at]);
        assert!(got.out[at + 1].contains(" kdive_test "), "{}", got.out[at + 1]);
        assert!(got.out[at + 2].contains(" init "), "{}", got.out[at + 2]);
    }
}

fn objcopy(options: &[&str], from: &Path, to: &Path) {
    let status = Command::new("objcopy").args(options).args([from, to]).status().unwrap();
    assert!(status.success());
}

/// For a guest with a shell: a module's file without debug information, of another build, missing.
pub(crate) fn modules_without(guest: &mut Guest) {
    if !programs(&["objcopy"]) {
        return;
    }
    let module = guest.file("modules/kdive_test.ko");
    // Not below the current directory, which is searched as well.
    let [stripped, other, empty] =
        ["stripped", "other", "empty"].map(|name| guest.work().parent().unwrap().join(name));
    for directory in [&stripped, &other, &empty] {
        std::fs::create_dir_all(directory).unwrap();
    }
    objcopy(&["--strip-debug"], &module, &stripped.join("kdive_test.ko"));
    // Another build-id: the last bytes of its note.
    let mut bytes = std::fs::read(&module).unwrap();
    let at = bytes.windows(16).position(|bytes| bytes == b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0").unwrap();
    for byte in &mut bytes[at + 30..at + 36] {
        *byte ^= 0xff;
    }
    std::fs::write(other.join("kdive_test.ko"), bytes).unwrap();
    let got = guest.ask(&[
        "set module-path ../stripped",
        "info modules kdive_test",
        "info symbol kdive_test_run",
        "info line kdive_test_run",
        "set module-path ../empty",
        "info modules kdive_test",
        "set module-path ../other",
        "info modules kdive_test",
        &format!("set module-path {}", module.parent().unwrap().display()),
        "info modules kdive_test",
        "info line kdive_test_run",
    ]);
    let last = |at: usize| got.out[at].lines().last().unwrap_or_default().to_owned();
    // What was read with debug information stays until something is lacking.
    assert!(last(1).ends_with("modules/kdive_test.ko"), "{}", last(1));
    let scripted = |path: &Path| {
        guest
            .ask_with(path, &["info modules kdive_test", "info symbol kdive_test_run", "list kdive_test_run"])
    };
    let got = scripted(&stripped);
    assert!(
        got.out[0].trim_end().ends_with("stripped/kdive_test.ko (no debug information in it)"),
        "{}",
        got.out[0]
    );
    assert!(got.out[1].starts_with("kdive_test_run in section .text of "), "{}", got.out[1]);
    let got = scripted(&other);
    let id = "other/kdive_test.ko is another build, the guest has build-id ";
    assert!(got.out[0].contains("none: ") && got.out[0].contains(id), "{}", got.out[0]);
    let got = scripted(&empty);
    let none = "none: no kdive_test.ko found: give its directory with set module-path\n";
    assert!(got.out[0].ends_with(none), "{}", got.out[0]);
}

/// For a guest with a shell: vmlinux without DWARF and BTF is good for symbols, and what needs types says so.
pub(crate) fn no_types(guest: &mut Guest) {
    if !programs(&["objcopy"]) {
        return;
    }
    let bare = guest.work().join("vmlinux-bare");
    objcopy(&["--strip-debug", "--rename-section", ".BTF=.gone"], &guest.file("vmlinux"), &bare);
    let got = guest.kdive_lines(
        &bare,
        &["info symbol vfs_read", "lx-version", "ps", "lx-lsmod", "lx-mounts", "kmem -i", "bt 1"],
    );
    // The kernel may choose not to move: then there is nothing to tell.
    let moved = kallsyms(guest, "_text") != 0xffff_ffff_8100_0000;
    assert_eq!(got.connected.starts_with("Kernel at 0xffffffff"), moved, "{}{}", got.connected, got.err);
    assert!(got.out[0].starts_with("vfs_read in section .text"), "{}", got.out[0]);
    assert!(got.out[1].starts_with("Linux version 6."), "{}", got.out[1]);
    assert_eq!(got.out[2..6].concat(), "", "{:?}", got.out);
    assert!(
        got.err
            .contains("no debug information for struct task_struct: load a vmlinux with debug information\n"),
        "{}",
        got.err
    );
    assert!(got.out[6].starts_with("#0  0x"), "{}", got.out[6]);
    std::fs::remove_file(bare).unwrap();
}

/// For a guest with a shell: the vmlinux of another kernel, complete with types, is recognised as another one.
pub(crate) fn stale(guest: &mut Guest) {
    let (Some(usual), Some(newer)) = (usual_guest(), guest_of("6.12")) else { return };
    let other = if guest.file("vmlinux") == newer.join("vmlinux") { usual } else { newer };
    let got = guest.kdive_lines(&other.join("vmlinux"), &["info kernel", "ps", "lx-lsmod"]);
    assert!(got.err.contains("warning: the loaded vmlinux is not the running kernel: "), "{}", got.err);
    assert_eq!(got.err.matches("is not the running kernel").count(), 1, "{}", got.err);
}
