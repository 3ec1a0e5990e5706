//! Kernel text that the kernel has rewritten: every byte of it has a reason.

use super::guest::Boot;

on_both_kernels! {
    every_difference_of_the_kernel_text_is_explained
    rewritten_code_is_told_beside_the_instructions
}

/// The line `N places differ in M bytes, K of them unexplained.`
fn summary(out: &str) -> (u64, u64, u64) {
    let line =
        out.lines().find(|line| line.contains(" places differ in ")).unwrap_or_else(|| panic!("{out}"));
    let numbers: Vec<u64> =
        line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    (numbers[0], numbers[1], numbers[2])
}

fn every_difference_of_the_kernel_text_is_explained(series: Option<&str>) {
    let Some(mut guest) =
        (Boot { append: "", options: &["-smp", "2"], series, ..Boot::default() }).to_shell()
    else {
        return;
    };
    let got = guest.kdive("target remote guest.sock\nchkimg\ninfo symbol _stext\nprint _etext - _stext\n");
    let told = format!("{}{}", got.out, got.err);
    let (differ, bytes, unexplained) = summary(&got.out);
    assert_eq!(unexplained, 0, "{told}");
    assert!(differ > 10_000 && bytes > 10 << 20, "{told}");
    for reason in ["alternative", "return thunk", "static call", "static branch", "ftrace site"] {
        assert!(got.out.contains(&format!("  {reason}\n")), "{reason}: {told}");
    }
    // A byte that nothing accounts for is found, and is the only one.
    let text = guest.shell("grep ' vfs_read$' /proc/kallsyms");
    let start = u64::from_str_radix(text.split(' ').next().unwrap(), 16).unwrap();
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         set $old = *(unsigned char *)({start} + 40)\n\
         set var *(unsigned char *)({start} + 40) = $old ^ 0x55\n\
         chkimg vfs_read\n\
         set var *(unsigned char *)({start} + 40) = $old\n",
    ));
    assert_eq!(summary(&got.out).2, 1, "{}{}", got.out, got.err);
    let place = format!("{:#x} <vfs_read+40>: ", start + 40);
    assert!(got.out.contains(&place) && got.out.contains("  unexplained\n"), "{}", got.out);
    assert!(got.out.contains(" -> 0f 1f 44 00 00  call of the function tracer\n"), "{}", got.out);
}

fn rewritten_code_is_told_beside_the_instructions(series: Option<&str>) {
    let Some(mut guest) = (Boot { series, ..Boot::default() }).to_shell() else { return };
    // The key of schedstats is off unless asked for; switching it on rewrites its branches.
    let script = "target remote guest.sock\n\
        disassemble /p sched_fork\n\
        disassemble vfs_read\n\
        set disassemble-patched on\n\
        disassemble vfs_read\n\
        disassemble __schedule\n\
        disassemble dequeue_entity\n";
    let before = guest.kdive(script);
    let told = format!("{}{}", before.out, before.err);
    let off = before.out.matches("static branch of key sched_schedstats: falls through\n").count();
    assert!(off > 0, "{told}");
    assert!(!before.out.contains("static branch of key sched_schedstats: jumps\n"), "{told}");
    // With /p or the setting only.
    let entry = "nopl   0x0(%rax,%rax,1)";
    assert!(before.out.contains(&format!("{entry}\n")), "{told}");
    assert!(before.out.contains(&format!("{entry}\t; call of the function tracer: off\n")), "{told}");
    guest.shell("echo 1 > /proc/sys/kernel/sched_schedstats");
    let after = guest.kdive(script);
    assert_eq!(
        after.out.matches("static branch of key sched_schedstats: jumps\n").count(),
        off,
        "{}",
        after.out
    );
    // The rest is as it was, and every difference still has its reason.
    let checked = guest.kdive("target remote guest.sock\nchkimg\n");
    assert_eq!(summary(&checked.out).2, 0, "{}{}", checked.out, checked.err);
}
