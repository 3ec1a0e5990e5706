//! Code that the kernel has rewritten, its own and its modules': every byte of it has a reason.

use super::guest::{Boot, Guest};

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
    let output = format!("{}{}", got.out, got.err);
    let (differ, bytes, unexplained) = summary(&got.out);
    assert_eq!(unexplained, 0, "{output}");
    assert!(differ > 10_000 && bytes > 10 << 20, "{output}");
    for reason in ["alternative", "return thunk", "static call", "static branch", "ftrace site"] {
        assert!(got.out.contains(&format!("  {reason}\n")), "{reason}: {output}");
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
        x/2i vfs_read\n\
        disassemble __schedule\n\
        disassemble dequeue_entity\n";
    let before = guest.kdive(script);
    let output = format!("{}{}", before.out, before.err);
    let off = before.out.matches("static branch of key sched_schedstats: falls through\n").count();
    assert!(off > 0, "{output}");
    assert!(!before.out.contains("static branch of key sched_schedstats: jumps\n"), "{output}");
    // With /p or the setting only.
    let entry = "nopl   0x0(%rax,%rax,1)";
    assert!(before.out.contains(&format!("{entry}\n")), "{output}");
    assert!(before.out.contains(&format!("{entry}\t; call of the function tracer: off\n")), "{output}");
    // Instructions one by one, as steps show them, have it too.
    let mut singly = before.out.lines().filter(|line| line.contains("<vfs_read"));
    assert!(singly.any(|line| line.ends_with("; call of the function tracer: off")), "{output}");
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

/// For a guest with modules of the distribution and kdive_test.ko.
pub(crate) fn every_difference_of_modules_is_explained(guest: &mut Guest) {
    let loaded = guest.shell("wc -l < /proc/modules").trim().parse::<usize>().unwrap();
    assert!(loaded > 40, "{loaded}");
    let got = guest.ask(&[
        "chkimg",
        "chkimg kdive_test",
        "chkimg nf-tables",
        "chkimg kdive_test_leaf",
        "chkimg vmlinux",
        "chkimg nothing_of_this_name",
        "disassemble /p kdive_test_leaf",
    ]);
    let output = format!("{}{}", got.out[0], got.err);
    assert_eq!(summary(&got.out[0]).2, 0, "{output}");
    assert!(got.out[0].contains(&format!("Compared: the kernel and {loaded} modules.\n")), "{output}");
    // To sections that are empty or were given back.
    let few = got.out[0]
        .lines()
        .find_map(|line| line.strip_suffix(" references to what has no known address were not compared."));
    assert!(few.is_none_or(|count| count.parse::<u32>().unwrap() < 100), "{output}");
    let module = summary(&got.out[1]);
    assert!(module.0 > 20 && module.1 > 1000 && module.2 == 0, "{}", got.out[1]);
    assert!(got.out[1].contains("Compared: 1 module.\n"), "{}", got.out[1]);
    let tables = summary(&got.out[2]);
    assert!(tables.1 > 50_000 && tables.2 == 0, "{}", got.out[2]);
    for reason in ["return thunk", "ftrace site", "static call"] {
        assert!(got.out[2].contains(&format!("  {reason}\n")), "{reason}: {}", got.out[2]);
    }
    // The kernel has more text, and the same reasons.
    assert!(summary(&got.out[4]).1 + tables.1 < summary(&got.out[0]).1, "{output}");
    assert!(got.out[3].contains("  call of the function tracer\n"), "{}", got.out[3]);
    assert!(got.err.contains("nothing_of_this_name"), "{}", got.err);
    assert!(got.out[6].contains("; call of the function tracer: off\n"), "{}", got.out[6]);
    // A byte that nothing accounts for.
    let got = guest.ask(&[
        "set $old = *(unsigned char *)((long)kdive_test_recurse + 12)",
        "set var *(unsigned char *)((long)kdive_test_recurse + 12) = $old ^ 0x55",
        "chkimg kdive_test",
        "set var *(unsigned char *)((long)kdive_test_recurse + 12) = $old",
        "chkimg kdive_test",
    ]);
    assert_eq!(summary(&got.out[2]).2, 1, "{}{}", got.out[2], got.err);
    assert!(got.out[2].contains(" <kdive_test_recurse+12>: "), "{}", got.out[2]);
    assert_eq!(summary(&got.out[4]).2, 0, "{}{}", got.out[4], got.err);
}

/// Offset of the first instruction of a function that the tracer does not rewrite.
fn inside(listing: &str) -> u64 {
    let offsets = listing.lines().filter_map(|line| {
        let (_, rest) = line.split_once("<+")?;
        rest.split_once('>')?.0.parse::<u64>().ok()
    });
    offsets.into_iter().find(|offset| *offset >= 9).unwrap_or_else(|| panic!("{listing}"))
}

/// For a guest with kdive_test.ko: probes in the kernel and in a module.
pub(crate) fn probes_are_known(guest: &mut Guest) {
    let got = guest.ask(&["disassemble kdive_test_leaf", "disassemble vfs_read"]);
    let (leaf, read) = (inside(&got.out[0]), inside(&got.out[1]));
    let output = guest.shell(&format!(
        "mount -t tracefs none /sys/kernel/tracing; cd /sys/kernel/tracing; \
         echo p:kdive_leaf kdive_test:kdive_test_leaf+{leaf} > kprobe_events; \
         echo p:kdive_read vfs_read+{read} >> kprobe_events; \
         echo 1 > events/kprobes/enable; cat kprobe_events; cd /; sleep 1"
    ));
    assert!(output.contains("kprobes/kdive_leaf") && output.contains("kprobes/kdive_read"), "{output}");
    let place = format!("break *((char *)kdive_test_leaf + {leaf})");
    guest.type_line("(sleep 3; echo 3 > /sys/module/kdive_test/parameters/run) &");
    let got = guest.ask(&[
        "chkimg kdive_test_leaf",
        "chkimg vfs_read",
        "chkimg",
        "disassemble /p kdive_test_leaf",
        "disassemble /p vfs_read",
        &place,
        "continue",
        "bt 2",
    ]);
    for checked in &got.out[..2] {
        assert!(checked.contains("  kprobe\n") && summary(checked).2 == 0, "{checked}{}", got.err);
    }
    assert_eq!(summary(&got.out[2]).2, 0, "{}", got.out[2]);
    for listing in &got.out[3..5] {
        assert!(listing.contains("\t; kprobe: "), "{listing}");
    }
    assert!(got.out[6].contains("Breakpoint 1, "), "{}{}", got.out[6], got.err);
    assert!(got.out[7].contains("kdive_test_leaf (value="), "{}", got.out[7]);
    // It goes on, and the probe was hit too.
    // Reading what was traced would be traced.
    let output = guest.shell(
        "sleep 2; cd /sys/kernel/tracing; echo 0 > events/kprobes/enable; grep -c kdive_leaf: trace; \
         echo > kprobe_events; cd /; sleep 1",
    );
    assert!(output.trim().lines().last().is_some_and(|count| count != "0"), "{output}");
    let got = guest.ask(&["chkimg kdive_test_leaf", "chkimg", "disassemble /p kdive_test_leaf"]);
    assert_eq!(summary(&got.out[1]).2, 0, "{}{}", got.out[1], got.err);
    assert!(got.out.iter().all(|text| !text.contains("kprobe")), "{}{}", got.out[0], got.out[2]);
}
