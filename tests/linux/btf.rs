//! A kernel without DWARF but with BTF: what reads the kernel's structures says the same as with DWARF.

use super::guest::{Boot, Guest};
use crate::cli::Outcome;
use std::path::PathBuf;
use std::process::Command;

on_both_kernels! {
    the_kernel_is_known_without_dwarf
}

/// vmlinux without `.debug_*`, as a distribution ships the file inside vmlinuz.
fn stripped(guest: &Guest) -> PathBuf {
    let directory = guest.work().join("bare");
    std::fs::create_dir(&directory).unwrap();
    let path = directory.join("vmlinux");
    let done =
        Command::new("objcopy").arg("--strip-debug").arg(guest.file("vmlinux")).arg(&path).status().unwrap();
    assert!(done.success());
    path
}

/// The part of the output after the report of the connection.
fn answer(outcome: &Outcome) -> &str {
    outcome.out.split_once("=====\n").unwrap_or_else(|| panic!("{} {}", outcome.out, outcome.err)).1
}

fn the_kernel_is_known_without_dwarf(series: Option<&str>) {
    if !kdive_testkit::environment::programs(&["objcopy"]) {
        return;
    }
    let boot = Boot {
        append: "kdive.insmod=kdive_test kdive.spawn=3",
        options: &["-smp", "2"],
        series,
        ..Boot::default()
    };
    let Some(guest) = boot.to_shell() else { return };
    let bare = stripped(&guest);
    let mut lines = 0;
    for commands in [
        "ps\n",
        "lx-ps\nlx-lsmod\nlx-version\nlx-cmdline\nlx-cpus\n",
        "lx-dmesg\n",
        "lx-mounts\nlx-iomem\nlx-ioports\n",
        "lx-slabinfo\nlx-vmallocinfo\n",
        "address init_task\nlx-interruptlist\nirq\nrunq\nsys\nvm\nvmmap\nfiles\n",
        "print $lx_current().comm\nprint $lx_per_cpu(\"runqueues\", 1).cpu\n\
         print $lx_module(\"kdive_test\").name\nprint $container_of(&((struct task_struct *)&init_task)->tasks, \"struct task_struct\", \"tasks\")\n",
    ] {
        // Without `disconnect` the guest would run between the two, and count interrupts.
        let script = format!("target remote guest.sock\necho =====\\n\n{commands}disconnect\n");
        let (with, without) = (guest.kdive(&script), guest.kdive_with(&bare, &script));
        let without = answer(&without);
        assert_eq!(without, answer(&with), "{commands}");
        lines += without.lines().count();
    }
    assert!(lines > 300, "{lines}");
    let got = guest.kdive_with(
        &bare,
        "target remote guest.sock\n\
         echo =====\\n\n\
         print sizeof(struct task_struct) == sizeof(struct module)\n\
         whatis runqueues\n\
         print ((struct task_struct *)&init_task)->comm\n\
         print PIDTYPE_TGID\n\
         print init_task\n",
    );
    assert_eq!(
        answer(&got),
        "$1 = 0\ntype = struct rq\n$2 = \"swapper/0\\000\\000\\000\\000\\000\\000\"\n$3 = PIDTYPE_TGID\n[Inferior 1 (process 1) detached]\n"
    );
    assert!(got.err.contains("'init_task' has unknown type; cast it to its declared type"), "{}", got.err);
}
