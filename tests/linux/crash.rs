//! Checks for a guest with a shell: the commands of crash, against /proc and the known objects of kdive_test.ko.

use super::guest::{Guest, hex_in};

/// The words of the line that ends with, or has as its last word but one, `name`.
#[track_caller]
fn row<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.clone().find(|row| row.contains(&name)).unwrap_or_else(|| panic!("no {name} in {text}"))
}

pub(crate) fn memory_in_use(guest: &mut Guest) {
    let slabs = guest.shell("cat /proc/slabinfo");
    let info = guest.shell("cat /proc/meminfo");
    let got = guest.ask(&[
        "kmem -i",
        "kmem -s kdive_test_cache",
        "kmem -s",
        "kmem -s kdive_test_objects[3]+9",
        "kmem -s no_such_cache",
        "kmem kdive_test_cache",
        "print kdive_test_objects[3]",
    ]);
    let pages = |name: &str| {
        let line = info.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 4
    };
    let shown = |title: &str| {
        let line = got.out[0].lines().find(|line| line.trim_start().starts_with(title));
        let line = line.unwrap_or_else(|| panic!("no {title} in {}", got.out[0]));
        line.trim_start()[title.len()..].split_whitespace().next().unwrap().parse::<u64>().unwrap()
    };
    for (title, name) in [
        ("TOTAL MEM", "MemTotal:"),
        ("SHMEM", "Shmem:"),
        ("TOTAL SWAP", "SwapTotal:"),
        ("COMMIT LIMIT", "CommitLimit:"),
    ] {
        assert_eq!(shown(title), pages(name), "{title} {info}{}", got.out[0]);
    }
    // Two mebibytes for what changes by itself.
    for (title, name) in
        [("FREE", "MemFree:"), ("CACHED", "Cached:"), ("SLAB", "Slab:"), ("COMMITTED", "Committed_AS:")]
    {
        let (shown, output) = (shown(title), pages(name));
        assert!(shown.abs_diff(output) < 512, "{title} {shown} {output}");
    }
    assert_eq!(shown("USED"), shown("TOTAL MEM") - shown("FREE"));
    // What a process leaves as it was when it forks is its child's too: 1200 KB of a variable.
    let shared = shown("SHARED");
    assert!(shared > 100 && shared < shown("USED"), "{}", got.out[0]);
    let output = guest.shell(
        "mkfifo /fifo; a=$(head -c 1200000 /dev/zero | tr '\\0' x); (read b < /fifo; echo $a) & echo holder $!; sleep 1",
    );
    let again = guest.ask(&["kmem -i"]);
    let line = again.out[0].lines().find(|line| line.trim_start().starts_with("SHARED")).unwrap();
    let count: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(count > shared + 250, "{count} {shared} {output}");
    let holder = output.lines().find_map(|line| line.strip_prefix("holder ")).unwrap().trim();
    guest.shell(&format!("kill {holder}; unset a; rm /fifo"));

    // name, active, number, size, per slab, pages
    let output = row(&slabs, "kdive_test_cache");
    let cache = row(&got.out[1], "kdive_test_cache");
    assert_eq!(cache[1..6], ["200", output[1], output[2], output[14], "4k"], "{output:?}");
    let mut same = 0;
    let rows = got.out[2].lines().skip(1).count();
    for line in slabs.lines().skip(2) {
        let output: Vec<&str> = line.split_whitespace().collect();
        let cache = row(&got.out[2], output[0]);
        let kib: u64 = output[5].parse::<u64>().unwrap() * 4;
        assert_eq!(cache[5], format!("{kib}k"), "{line}");
        same += usize::from(cache[2..4] == output[1..3]);
    }
    // Others allocate meanwhile.
    assert!(same * 10 > rows * 7, "{same} of {rows}");
    let object = hex_in(&got.out[6], "(void *)");
    assert!(
        got.out[3].contains(&format!("  object at {object:016x}, 0x9 bytes into it\n")),
        "{}",
        got.out[3]
    );
    assert!(got.out[3].contains(" kdive_test_cache\n"), "{}", got.out[3]);
    assert_eq!(got.out[4], "");
    assert!(
        got.err.starts_with("No slab cache is called no_such_cache, and it is no address: "),
        "{}",
        got.err
    );
    assert!(got.out[5].contains(": slab object of kmem_cache, "), "{}", got.out[5]);
}

pub(crate) fn processes(guest: &mut Guest) {
    let status = guest.shell("cat /proc/1/status");
    let maps = guest.shell("cat /proc/1/maps");
    let statm = guest.shell("cat /proc/1/statm");
    let got = guest.ask(&[
        "sig 1",
        "vm 1",
        "waitq &kdive_test_wait",
        "waitq kdive_test_wait",
        "foreach user vm",
        "foreach kdive_test bt",
        "foreach kernel IN print $lx_current().pid",
        "bt -a",
        "ps -A",
        "sig 99999",
        "foreach user",
    ]);
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    let shown = |title: &str| {
        let line = got.out[0].lines().find_map(|line| line.trim_start().strip_prefix(title)).unwrap();
        u64::from_str_radix(line.split_whitespace().next().unwrap(), 16).unwrap()
    };
    assert_eq!(shown("BLOCKED: "), field("SigBlk:"), "{}", got.out[0]);
    assert_eq!(shown("PRIVATE_PENDING: "), field("SigPnd:"), "{}", got.out[0]);
    assert_eq!(shown("SHARED_PENDING: "), field("ShdPnd:"), "{}", got.out[0]);
    let (mut ignored, mut caught) = (0u64, 0u64);
    for line in got.out[0].lines().filter(|line| line.starts_with(" [")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number: u32 = words[0].trim_matches(['[', ']']).parse().unwrap();
        match words[2] {
            "SIG_DFL" => {}
            "SIG_IGN" => ignored |= 1 << (number - 1),
            _ => caught |= 1 << (number - 1),
        }
    }
    assert_eq!((ignored, caught), (field("SigIgn:"), field("SigCgt:")), "{}", got.out[0]);
    assert!(ignored != 0 && caught != 0, "{status}");

    let pages: Vec<u64> = statm.split_whitespace().map(|word| word.parse().unwrap()).collect();
    assert!(got.out[1].contains(&format!(" {}k  ", pages[1] * 4)), "{statm}{}", got.out[1]);
    assert!(got.out[1].contains(&format!(" {}k\n", pages[0] * 4)), "{statm}{}", got.out[1]);
    let areas: Vec<Vec<&str>> =
        got.out[1].lines().skip(4).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(areas.len(), maps.lines().count(), "{maps}{}", got.out[1]);
    for (area, line) in areas.iter().zip(maps.lines()) {
        let output: Vec<&str> = line.split_whitespace().collect();
        let (start, end) = output[0].split_once('-').unwrap();
        let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
        assert_eq!((number(area[1]), number(area[2])), (number(start), number(end)), "{line}");
        // VM_READ, VM_WRITE, VM_EXEC.
        let flags = number(area[3]);
        for (bit, letter) in ["r", "w", "x"].iter().enumerate() {
            assert_eq!(flags >> bit & 1 == 1, output[1].contains(letter), "{line}");
        }
        if let Some(path) = output.get(5).filter(|path| path.starts_with('/')) {
            assert_eq!(area.get(4), Some(path), "{line}");
        }
    }

    for waiting in [&got.out[2], &got.out[3]] {
        assert_eq!(waiting.lines().count(), 1, "{waiting}");
        assert!(waiting.ends_with("  COMMAND: \"kdive_test\"\n"), "{waiting}");
    }
    let names: Vec<&str> = got.out[4].lines().filter(|line| line.starts_with("PID: ")).collect();
    assert_eq!(names.iter().filter(|line| line.ends_with("\"sleep\"")).count(), 3, "{names:?}");
    assert!(!got.out[4].contains("kthreadd"), "{}", got.out[4]);
    assert!(
        got.out[5].starts_with("PID: ") && got.out[5].contains(" kdive_test_sleep (reason=12) at "),
        "{}",
        got.out[5]
    );
    assert!(got.out[6].contains("COMMAND: \"kthreadd\"\n$1 = 2\n"), "{}", got.out[6]);
    assert!(!got.out[6].contains("\"init\""), "{}", got.out[6]);
    // What each CPU runs, with a stack, the CPUs in order.
    let running: Vec<&str> = got.out[8]
        .lines()
        .skip(1)
        .map(|line| line.trim_start_matches('>').split_whitespace().nth(3).unwrap())
        .collect();
    assert_eq!(running.len(), 2, "{}", got.out[8]);
    let stacks: Vec<&str> = got.out[7].split("\n\n").collect();
    assert_eq!(stacks.len(), 2, "{}", got.out[7]);
    for (cpu, stack) in stacks.iter().enumerate() {
        assert!(stack.starts_with("PID: ") && stack.contains(&format!("  CPU: {cpu}  ")), "{stack}");
        assert!(running.iter().any(|task| stack.contains(&format!("TASK: {task}"))), "{running:?}{stack}");
        // In user mode there is nothing below.
        assert!(stack.contains("\n#2  ") || stack.contains(" in <user mode> ("), "{stack}");
    }
    assert!(got.err.contains("No task 99999.\n"), "{}", got.err);
    assert!(got.err.contains("Please specify a command following the selection of tasks\n"), "{}", got.err);
}

pub(crate) fn words_and_symbols(guest: &mut Guest) {
    let kallsyms = guest.shell(
        "grep -E ' (jiffies|vfs_read|kdive_test_run|kdive_test_ulong|kdive_test_leaf)' /proc/kallsyms",
    );
    let mounts = guest.shell("cat /proc/1/mounts");
    let address = |name: &str| {
        let line = kallsyms.lines().find(|line| line.split_whitespace().nth(2) == Some(name));
        line.unwrap_or_else(|| panic!("no {name} in {kallsyms}")).split(' ').next().unwrap().to_owned()
    };
    let (read, run, ulong) = (address("vfs_read"), address("kdive_test_run"), address("kdive_test_ulong"));
    let got = guest.ask(&[
        "sym vfs_read",
        "sym kdive_test_run",
        &format!("sym {read}"),
        &format!("sym 0x{run}+4"),
        &format!("sym {}", &run),
        "sym kdive_test_leaf",
        "rd kdive_test_ulong",
        &format!("rd {ulong}"),
        "rd -32 kdive_test_union 2",
        "rd -16 kdive_test_text 8",
        "rd -8 kdive_test_text 5",
        "rd -s kdive_test_op_table 2",
        "pte 8000000000a01063",
        "pte 0",
        "mod kdive_test",
        &format!("lx-getmod-by-textaddr 0x{run}"),
        "lx-getmod-by-textaddr vfs_read",
        "mount",
        "mod no_such_module",
        "rd 10",
        "dis",
    ]);
    let out: Vec<&str> = got.out.iter().map(|out| out.trim_end()).collect();
    assert!(out[0].starts_with(&format!("{read} (T) vfs_read  fs/read_write.c: ")), "{}", out[0]);
    assert!(out[1].starts_with(&format!("{run} (T) kdive_test_run [kdive_test]  /")), "{}", out[1]);
    assert_eq!(out[2], out[0]);
    assert_eq!(out[4], out[1]);
    assert!(out[5].contains(" (t) kdive_test_leaf [kdive_test]  "), "{}", out[5]);
    let text = format!("{ulong}:  fedcba9876543210                    .2Tv....");
    assert_eq!((out[6], out[7]), (text.as_str(), text.as_str()));
    assert!(out[8].ends_with(":  55667788 11223344                     .wfUD3\"."), "{}", out[8]);
    assert!(out[9].ends_with(":  646b 7669 0965 6574 7473 0000 0000 0000   kdive.test......"), "{}", out[9]);
    assert!(out[10].ends_with(":  6b 64 69 76 65                                    kdive"), "{}", out[10]);
    assert!(out[11].ends_with(":  kdive_test_add   kdive_test_sub"), "{}", out[11]);
    assert!(
        out[12].ends_with("\n8000000000a01063     a01000     (PRESENT|RW|ACCESSED|DIRTY|NX)"),
        "{}",
        out[12]
    );
    assert!(out[13].ends_with("(no mapping)"), "{}", out[13]);
    let module = row(out[14], "kdive_test");
    let place = guest.shell("cat /sys/module/kdive_test/sections/.text");
    assert_eq!(format!("0x{}", module[2]), place.trim(), "{module:?}");
    assert_eq!(module[4], guest.file("modules/kdive_test.ko").display().to_string());
    assert_eq!(out[15], format!("0x{run} is in kdive_test.ko"));
    let rows: Vec<Vec<&str>> =
        out[17].lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    for line in mounts.lines().skip(1) {
        let output: Vec<&str> = line.split(' ').collect();
        let shown = rows.iter().find(|row| row[4] == output[1]).unwrap_or_else(|| panic!("{line} {rows:?}"));
        assert_eq!(
            (shown[2], shown[3] == output[0] || output[0] == "none"),
            (output[2], true),
            "{line} {shown:?}"
        );
    }
    for line in [
        format!("0x{read} is in the text of no module.\n"),
        "No module no_such_module is loaded in the guest.\n".to_owned(),
        "Cannot access memory at address 0x".to_owned(),
    ] {
        assert!(got.err.contains(&line), "{line}{}", got.err);
    }
    // gdb's abbreviation of disable stays one.
    assert_eq!(out[20], "");
}
