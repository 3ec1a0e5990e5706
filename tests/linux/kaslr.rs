//! KASLR: found by itself, whenever kdive comes to the guest.

use super::guest::{Boot, Guest, hex_in};
use kdive_testkit::environment::programs;
use std::process::Command;

on_both_kernels! {
    breakpoints_set_at_reset_wait_for_the_slide
    a_restart_moves_the_kernel_again
    stopped_in_user_mode_behind_isolated_page_tables
    without_kaslr_nothing_is_said
    the_setting_switches_it_off_or_says_where
}

/// Address of a symbol as the guest's own kallsyms has it.
pub(super) fn kallsyms(guest: &mut Guest, name: &str) -> u64 {
    let line = guest.shell(&format!("grep ' {name}$' /proc/kallsyms"));
    u64::from_str_radix(line.split(' ').next().unwrap(), 16).unwrap_or_else(|_| panic!("{line}"))
}

fn breakpoints_set_at_reset_wait_for_the_slide(series: Option<&str>) {
    let boot = Boot { series, append: "kdive.insmod=poc", options: &["-S"], ..Boot::default() };
    let Some(guest) = boot.start() else { return };
    let got = guest.kdive(
        "target remote guest.sock\n\
         break start_kernel\n\
         tbreak hello_init\n\
         watch -location saved_command_line\n\
         continue\n\
         info symbol $pc\n\
         continue\n\
         delete 3\n\
         continue\n\
         backtrace 1\n",
    );
    // The kernel may choose not to move: then there is nothing to tell.
    let printed = got.out.contains("\nKernel at 0xffffffff") || got.out.contains("0xffffffff81");
    assert!(printed, "{}{}", got.out, got.err);
    assert!(got.out.contains("\n\nBreakpoint 1, start_kernel () at init/main.c:"), "{}{}", got.out, got.err);
    assert!(got.out.contains("\nHardware watchpoint 3: -location saved_command_line\n"), "{}", got.out);
    // It is set once, early: the watchpoint moved with the variable.
    let setter = "\"console=ttyS0 panic=-1 rdinit=/init kdive.insmod=poc\") at init/main.c:";
    let line = got.out.lines().find(|line| line.starts_with("setup_command_line (command_line=0x"));
    assert!(line.is_some_and(|line| line.contains(setter)), "{}", got.out);
    assert!(got.out.contains("\n\nTemporary breakpoint 2, hello_init () at "), "{}{}", got.out, got.err);
}

/// For a guest with a shell.
pub(crate) fn attached_to_a_running_guest(guest: &mut Guest) {
    let (text, task) = (kallsyms(guest, "_text"), kallsyms(guest, "init_task"));
    let per_cpu = kallsyms(guest, "runqueues");
    let version = guest.shell("cat /proc/version");
    let got = guest.kdive(
        "target remote guest.sock\n\
         info address _text\n\
         info address init_task\n\
         info address runqueues\n\
         output init_task.comm\n\
         lx-version\n",
    );
    assert_eq!(hex_in(&got.out, "\"_text\""), text, "{}", got.out);
    assert_eq!(hex_in(&got.out, "\"init_task\""), task, "{}", got.out);
    assert_eq!(hex_in(&got.out, "\"runqueues\""), per_cpu, "{}", got.out);
    assert!(got.out.contains("\"swapper/0"), "{}", got.out);
    assert!(got.out.contains(&version), "{}\n{version}", got.out);
    let printed = format!("Kernel at {text:#x}, KASLR slide {:#x}.\n", text - 0xffff_ffff_8100_0000);
    assert!(text == 0xffff_ffff_8100_0000 || got.out.starts_with(&printed), "{}\n{printed}", got.out);
}

fn a_restart_moves_the_kernel_again(series: Option<&str>) {
    let Some(mut guest) = (Boot { series, ..Boot::default() }).to_shell() else { return };
    let got = guest.kdive(
        "target remote guest.sock\n\
         tbreak start_kernel\n\
         monitor system_reset\n\
         continue\n\
         info symbol $pc\n\
         info breakpoints\n\
         tbreak run_init_process\n\
         continue\n\
         backtrace 1\n",
    );
    assert!(got.out.contains("\nThe guest restarts.\n"), "{}{}", got.out, got.err);
    assert!(got.out.contains("\nTemporary breakpoint 1, start_kernel () at "), "{}{}", got.out, got.err);
    assert!(got.out.contains("\nTemporary breakpoint 2, run_init_process (init_filename="), "{}", got.out);
    guest.wait_for("# ");
}

/// With page-table isolation a process sees next to nothing of the kernel.
fn stopped_in_user_mode_behind_isolated_page_tables(series: Option<&str>) {
    let options = ["-cpu", "qemu64,vendor=GenuineIntel"];
    let Some(mut guest) =
        (Boot { append: "pti=on", options: &options, series, ..Boot::default() }).to_shell()
    else {
        return;
    };
    let task = kallsyms(&mut guest, "init_task");
    guest.type_line("while :; do :; done");
    std::thread::sleep(std::time::Duration::from_secs(1));
    // Some of the loop is in the kernel: a few attempts meet the process in user mode.
    let script = "target remote guest.sock\nprintf \"cpl %d\\n\", $cs & 3\ninfo address init_task\n\
                  output init_task.comm\ndetach\n";
    for _ in 0..50 {
        let got = guest.kdive(script);
        assert_eq!(hex_in(&got.out, "\"init_task\""), task, "{}{}", got.out, got.err);
        assert!(got.out.contains("\"swapper/0"), "{}{}", got.out, got.err);
        if got.out.contains("cpl 3") {
            return;
        }
    }
    panic!("never met in user mode");
}

fn without_kaslr_nothing_is_said(series: Option<&str>) {
    let Some(guest) = (Boot { append: "nokaslr", options: &["-S"], series, ..Boot::default() }).start()
    else {
        return;
    };
    let got = guest.kdive("target remote guest.sock\ntbreak start_kernel\ncontinue\n");
    assert!(!got.out.contains("Kernel at"), "{}", got.out);
    assert!(got.out.contains("Temporary breakpoint 1, start_kernel () at "), "{}{}", got.out, got.err);
}

fn the_setting_switches_it_off_or_says_where(series: Option<&str>) {
    let Some(mut guest) = (Boot { series, ..Boot::default() }).to_shell() else { return };
    let text = kallsyms(&mut guest, "_text");
    let slide = text - 0xffff_ffff_8100_0000;
    let got = guest.kdive(&format!(
        "set kaslr off\n\
         target remote guest.sock\n\
         info address _text\n\
         set kaslr {slide:#x}\n\
         show kaslr\n\
         info address init_task\n\
         output init_task.comm\n\
         set kaslr auto\n\
         info kernel\n",
    ));
    assert_eq!(hex_in(&got.out, "\"_text\""), 0xffff_ffff_8100_0000, "{}", got.out);
    assert_eq!(hex_in(&got.out, "\"init_task\""), kallsyms(&mut guest, "init_task"), "{}", got.out);
    assert!(got.out.contains(&format!("The KASLR slide of the kernel is {slide:#x}.\n")), "{}", got.out);
    assert!(got.out.contains("\"swapper/0"), "{}", got.out);
    assert!(got.out.contains(", build-id is the guest's\n"), "{}", got.out);
}

/// A file with the one symbol that counts, linked where kernels are.
#[test]
fn a_vmlinux_of_another_kernel_is_told_once() {
    if !programs(&["cc"]) {
        return;
    }
    let Some(guest) = (Boot { append: "", options: &["-S"], ..Boot::default() }).start() else { return };
    let source = guest.work().join("other.c");
    let text = "const char linux_banner[] = \"Linux version 2.4.20 (somebody@somewhere) #1\\n\";\n\
                void start_kernel(void) { for (;;); }\n";
    std::fs::write(&source, text).unwrap();
    let other = guest.work().join("other");
    let made = Command::new("cc")
        .args(["-g", "-O0", "-mcmodel=kernel", "-fno-pic", "-nostdlib", "-static", "-no-pie"])
        .args(["-Wl,-Ttext-segment=0xffffffff81000000,-e,start_kernel,--build-id", "-o"])
        .args([&other, &source])
        .status()
        .unwrap();
    assert!(made.success());
    let got = guest.kdive_with(
        &other,
        "target remote guest.sock\n\
         stepi\n\
         info kernel\n",
    );
    // Still in the firmware: nothing to say.
    assert!(got.out.contains("not found yet (not started, or another vmlinux)"), "{}{}", got.out, got.err);
    assert!(!got.err.contains("is not the running kernel"), "{}", got.err);
    let Some(running) = Boot::default().to_shell() else { return };
    let got = running.kdive_with(&other, "target remote guest.sock\nstepi\nstepi\n");
    let release = std::fs::read_to_string(running.file("release")).unwrap();
    let start = format!(
        "warning: the loaded vmlinux is not the running kernel: the guest runs {}, the file is 2.4.20",
        release.trim()
    );
    assert_eq!(got.err.matches(&start).count(), 1, "{}", got.err);
    assert_eq!(got.err.matches("; load the right one with the file command\n").count(), 1, "{}", got.err);
}
