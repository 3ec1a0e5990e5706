//! Memory and resources, against /proc: checks for a guest with a shell.

use super::guest::Guest;

/// The lines between the two marks a script echoes.
#[track_caller]
fn between<'a>(out: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    let start =
        out.find(&format!("{from}\n")).unwrap_or_else(|| panic!("no {from} in {out}")) + from.len() + 1;
    let end = out[start..].find(to).unwrap_or_else(|| panic!("no {to} in {out}"));
    out[start..start + end].lines().collect()
}

pub(crate) fn resources_and_mounts_are_as_in_proc(guest: &mut Guest) {
    let iomem = guest.shell("cat /proc/iomem");
    let ioports = guest.shell("cat /proc/ioports");
    let mounts = guest.shell("cat /proc/1/mounts");
    let got = guest.kdive(
        "target remote guest.sock\necho mark-a\\n\nlx-iomem\necho mark-b\\n\nlx-ioports\necho mark-c\\n\nlx-mounts\necho mark-d\\n\n",
    );
    assert_eq!(between(&got.out, "mark-a", "mark-b\n"), iomem.lines().collect::<Vec<_>>());
    assert_eq!(between(&got.out, "mark-b", "mark-c\n"), ioports.lines().collect::<Vec<_>>());
    let rows: Vec<Vec<&str>> = between(&got.out, "mark-c", "mark-d\n")
        .iter()
        .skip(1)
        .map(|line| line.split(' ').collect())
        .collect();
    // The root is mounted below the one /proc shows; devtmpfs and ext4 have options of their own after these.
    let mut expected: Vec<Vec<&str>> = mounts.lines().map(|line| line.split(' ').collect()).collect();
    assert!(expected.len() >= 4, "{mounts}");
    for row in &mut expected {
        let found =
            rows.iter().find(|found| found[3] == row[1]).unwrap_or_else(|| panic!("{row:?} {rows:?}"));
        let device = if row[0] == "none" || row[0] == "rootfs" { found[2] } else { row[0] };
        assert_eq!((found[2], found[4]), (device, row[2]), "{rows:?}");
        assert!(row[3].starts_with(found[5]), "{row:?} {found:?}");
    }
}

pub(crate) fn user_memory_is_as_in_maps(guest: &mut Guest) {
    let maps = guest.shell("cat /proc/1/maps");
    let got = guest.kdive("target remote guest.sock\ntask 1\necho mark-a\\n\nvmmap\necho mark-b\\n\n");
    let shown = between(&got.out, "mark-a", "mark-b\n");
    let mut count = 0;
    for (line, shown) in maps.lines().zip(&shown) {
        let row: Vec<&str> = line.split_whitespace().collect();
        let got: Vec<&str> = shown.split_whitespace().collect();
        assert_eq!((got[0], got[1]), (row[0], row[1]), "{maps}\n{shown}");
        if let Some(path) = row.get(5).filter(|path| path.starts_with('/')) {
            assert_eq!((got[2], got.get(3)), (row[2], Some(path)), "{line}\n{shown}");
        }
        count += 1;
    }
    assert!(count >= 8, "{maps}");
    assert!(shown[count].ends_with(" direct map"), "{shown:?}");
}

pub(crate) fn the_page_tables_lead_where_the_kernel_is(guest: &mut Guest) {
    let iomem = guest.shell("grep 'Kernel code' /proc/iomem");
    let start = u64::from_str_radix(iomem.trim().split('-').next().unwrap(), 16).unwrap();
    let got = guest.kdive(
        "target remote guest.sock\n\
         pagewalk &_text\n\
         pagewalk 0xffffffff80000000\n\
         address &init_task.comm\n\
         address $lx_task_by_pid(1).stack\n\
         address $lx_task_by_pid(1).mm\n\
         address $lx_per_cpu(\"runqueues\", 0)\n\
         address vfs_read\n\
         address -12\n\
         address 0xdead000000000100\n",
    );
    assert!(
        got.out.contains(&format!(" is physical {start:#x}, in a page of 2 MiB\n")),
        "{}{start:#x}",
        got.out
    );
    assert!(got.out.contains("0xffffffff80000000 is not mapped, like 2 MiB around it\n"), "{}", got.out);
    for line in [
        "  task_struct of task 0 (swapper/0), member comm[0]\n",
        ": kernel stack of task 1 (init), 0x4000 bytes below its top\n",
        ": slab object of mm_struct, ",
        ": per-CPU variable runqueues of CPU 0\n",
        ": vfs_read in section .text of vmlinux, fs/read_write.c:",
        "0xfffffffffffffff4: an error number: ERR_PTR(-12), ENOMEM\n",
        "0xdead000000000100: no address: the CPU refuses it (not canonical)\n",
    ] {
        assert!(got.out.contains(line), "{line} {}{}", got.out, got.err);
    }
}

pub(crate) fn slabs_and_vmalloc_areas_are_as_in_proc(guest: &mut Guest) {
    let slabs = guest.shell("cat /proc/slabinfo");
    let areas = guest.shell("cat /proc/vmallocinfo");
    let got = guest
        .kdive("target remote guest.sock\necho mark-a\\n\nlx-slabinfo\necho mark-b\\n\nlx-vmallocinfo\necho mark-c\\n\n");
    let rows: Vec<Vec<&str>> = between(&got.out, "mark-a", "mark-b\n")
        .iter()
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let mut same = 0;
    for line in slabs.lines().skip(2) {
        // name, active, number, size, per slab, pages
        let fields: Vec<&str> = line.split_whitespace().collect();
        let row = rows.iter().find(|row| row[1] == fields[0]).unwrap_or_else(|| panic!("no {}", fields[0]));
        assert_eq!((row[3], row[4], row[5]), (fields[3], fields[4], fields[5]), "{line} {row:?}");
        same += usize::from(row[2] == fields[2]);
    }
    // The guest has gone on since: a few caches have grown.
    assert!(same * 10 > rows.len() * 8, "{same} of {}", rows.len());
    let shown = between(&got.out, "mark-b", "mark-c\n");
    let expected: Vec<&str> =
        areas.lines().filter(|line| !line.contains("vm_map_ram") && !line.contains("unpurged")).collect();
    assert!(expected.len() > 20, "{areas}");
    // /proc hides the addresses. Its sizes of functions reach to the next symbol, ours to their end.
    let size_and_caller = |line: &str| -> Option<(String, String)> {
        let mut words = line.split_whitespace().skip(1);
        Some((words.next()?.to_owned(), words.next()?.split('/').next()?.to_owned()))
    };
    let shown: Vec<_> = shown.iter().map(|line| size_and_caller(line)).collect();
    let found = expected.iter().filter(|line| shown.contains(&size_and_caller(line))).count();
    // Stacks of processes that came and went.
    assert!(found + 6 >= expected.len(), "{found} of {}: {areas}", expected.len());
}

pub(crate) fn lists_are_checked(guest: &mut Guest) {
    let modules = guest.shell("wc -l < /proc/modules");
    let got = guest.kdive(
        "target remote guest.sock\n\
         lx-list-check modules\n\
         set $prev = modules.next->prev\n\
         set var modules.next->prev = 0\n\
         lx-list-check modules\n\
         set var modules.next->prev = $prev\n\
         struct task_struct.comm &init_task\n\
         struct list_head\n",
    );
    // A message of the kernel may come in between.
    let count: u64 = modules.lines().find_map(|line| line.trim().parse().ok()).unwrap();
    assert!(
        got.out.contains(&format!("list is consistent: {} node(s)\n", count + 1)),
        "{}{}",
        got.out,
        got.err
    );
    assert!(got.out.contains("next.prev != current: current@0x"), "{}", got.out);
    assert!(got.out.contains("next.prev=0x0\n"), "{}", got.out);
    assert!(got.out.contains("\"swapper/0"), "{}", got.out);
    assert!(got.out.contains("/* total size (bytes):   16 */"), "{}", got.out);
}

pub(crate) fn interrupts_files_and_the_system(guest: &mut Guest) {
    let interrupts = guest.shell("cat /proc/interrupts");
    let files = guest.shell("ls -l /proc/1/fd");
    let release = guest.shell("uname -r");
    let memory = guest.shell("grep MemTotal /proc/meminfo");
    let uptime = guest.shell("cat /proc/uptime");
    let got = guest.kdive(
        "target remote guest.sock\necho mark-a\\n\nlx-interruptlist\necho mark-b\\n\nfiles 1\necho mark-c\\n\nsys\n\
         echo mark-d\\n\nrunq\necho mark-e\\n\n",
    );
    let later = guest.shell("cat /proc/uptime");
    let shown = between(&got.out, "mark-a", "mark-b\n");
    let numbered = |line: &str| line.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let mut count = 0;
    for line in interrupts.lines().filter(|line| numbered(line)) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let found = shown.iter().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let found = found.clone().find(|found| found.first() == fields.first());
        let found = found.unwrap_or_else(|| panic!("no {line} in {shown:#?}"));
        // Counters go on; controller, trigger and handlers do not.
        assert_eq!(found[3..], fields[3..], "{line}");
        for cpu in [1, 2] {
            assert!(found[cpu].parse::<u64>().unwrap() >= fields[cpu].parse().unwrap(), "{line} {found:?}");
        }
        count += 1;
    }
    assert!(count >= 5, "{interrupts}");
    // NMI, LOC and the rest: the same lines in the same order.
    let others = |lines: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        let without_counts = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let text: Vec<&str> = words.into_iter().filter(|word| word.parse::<u64>().is_err()).collect();
            text.join(" ")
        };
        lines.filter(|line| !numbered(line)).skip(1).map(without_counts).collect()
    };
    assert_eq!(others(&mut shown.iter().copied()), others(&mut interrupts.lines()), "{interrupts}");
    let shown = between(&got.out, "mark-b", "mark-c\n");
    let mut expected: Vec<(&str, &str)> = files
        .lines()
        .filter_map(|line| {
            let (left, path) = line.split_once(" -> ")?;
            Some((left.rsplit(' ').next()?, path))
        })
        .collect();
    expected.sort_by_key(|(fd, _)| fd.parse::<u64>().unwrap());
    let shown: Vec<(&str, &str)> = shown[1..]
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[0], words[2])
        })
        .collect();
    assert_eq!(shown, expected, "{files}");
    let system = between(&got.out, "mark-c", "mark-d\n").join("\n");
    assert!(system.contains(&format!("     RELEASE: {}", release.trim())), "{system}");
    assert!(system.contains("        CPUS: 2"), "{system}");
    let kib: u64 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(system.contains(&format!("      MEMORY: {} MB", kib / 1024)), "{system} {memory}");
    // Kdive shows whole seconds. The guest may be slow: up for minutes.
    let seconds = |text: &str| text.split(['.', ' ']).next().unwrap().parse::<u64>().unwrap();
    let output = system.lines().find_map(|line| line.trim().strip_prefix("UPTIME: ")).unwrap();
    let output = output.split(':').fold(0, |sum, part| sum * 60 + part.parse::<u64>().unwrap());
    // The kernel reads the clock when asked, and keeps what it read at the last tick, which may be late on a busy machine.
    let earliest = seconds(&uptime).saturating_sub(5);
    assert!((earliest..=seconds(&later) + 1).contains(&output), "{uptime} {output} {later}");
    let queues = between(&got.out, "mark-d", "mark-e\n").join("\n");
    assert!(queues.contains("CPU 0 RUNQUEUE: ") && queues.contains("CPU 1 RUNQUEUE: "), "{queues}");
    assert!(queues.contains("  CURRENT: PID: "), "{queues}");
}
