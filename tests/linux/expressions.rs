//! Expressions that know the kernel: per-CPU variables, containers, the functions of scripts/gdb; against the known content
//! of `kdive_test.ko` and /proc.

use super::guest::{Boot, Guest};

on_both_kernels! {
    what_is_only_read
    per_cpu_variables_are_those_of_a_cpu
    a_watched_per_cpu_variable_is_that_of_its_cpu
}

fn two_cpus(series: Option<&str>) -> Boot<'_> {
    Boot { append: "kdive.insmod=kdive_test", options: &["-smp", "2"], series, ..Boot::default() }
}

/// What a script prints once it is connected, and what is wrong with it.
fn ask(guest: &Guest, script: &str) -> String {
    let got = guest.kdive(&format!("target remote guest.sock\necho mark\\n\n{script}"));
    let said = got.out.split_once("mark\n").and_then(|(_, out)| out.split_once("[Inferior 1 ("));
    let (said, _) = said.unwrap_or_else(|| panic!("{} {}", got.out, got.err));
    // Sources are not at hand, and a script says where it ended.
    let wrong =
        got.err.lines().filter(|line| !line.ends_with("No such file or directory.") && !line.ends_with(':'));
    said.to_owned() + &wrong.map(|line| format!("{line}\n")).collect::<String>()
}

/// What each line prints, which may be an error.
#[track_caller]
fn answers(guest: &Guest, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        assert_eq!(ask(guest, &format!("{line}\n")).trim_end(), *expected, "{line}");
    }
}

fn per_cpu_variables_are_those_of_a_cpu(series: Option<&str>) {
    let Some(guest) = two_cpus(series).to_shell() else { return };
    let out = ask(
        &guest,
        "thread 1\n\
         print runqueues.cpu\n\
         print kdive_test_percpu\n\
         thread 2\n\
         print kdive_test_percpu\n\
         print kdive_test_percpu.cpu + runqueues.cpu\n\
         print kdive_test_percpu@cpu(0).value\n\
         print kdive_test_percpu@all\n\
         print/x kdive_test_percpu_int@all\n\
         print *kdive_test_percpu_dynamic@cpu(1)\n\
         print kdive_test_percpu_dynamic@all->value\n\
         print &kdive_test_percpu == &kdive_test_percpu@cpu(1)\n\
         print $lx_per_cpu(kdive_test_percpu, 0).value\n\
         print $lx_per_cpu_ptr(&kdive_test_percpu, 0)->value\n\
         print kdive_test_array[1]@2\n\
         ptype kdive_test_percpu@cpu(1)\n\
         output sizeof(runqueues) == sizeof(struct rq)\n\
         echo \\n\n\
         x/1dw &kdive_test_percpu_int\n\
         output kdive_test_percpu_int@all\n\
         echo \\n\n\
         set var kdive_test_percpu_int@cpu(0) = 5\n\
         print kdive_test_percpu_int@all\n\
         set var kdive_test_percpu_int@cpu(0) = 77\n\
         watch kdive_test_percpu.value\n\
         set var kdive_test_percpu@cpu(1).value = 9\n\
         info watchpoints\n\
         delete\n\
         task 1\n\
         print runqueues.cpu == $lx_thread_info(&$lx_current()).cpu\n\
         set percpu off\n\
         print (long)&kdive_test_percpu - (long)$lx_module(\"kdive_test\").percpu < 64\n",
    );
    let lines: Vec<&str> = out
        .lines()
        .filter(|line| {
            !line.starts_with(['#', ' ', '}'])
                // Where the CPUs happen to be.
                && line.split_once('\t').is_none_or(|(number, _)| number.parse::<u32>().is_err())
                && !line.contains("Switching to")
        })
        .collect();
    let of = |cpu: u32, name: &str| format!("[{name} of CPU {cpu}]");
    let expected = [
        &of(0, "runqueues"),
        "$1 = 0",
        &of(0, "kdive_test_percpu"),
        "$2 = {cpu = 0, value = 1000}",
        &of(1, "kdive_test_percpu"),
        "$3 = {cpu = 1, value = 1001}",
        &of(1, "kdive_test_percpu, runqueues"),
        "$4 = 2",
        "$5 = 1000",
        "CPU 0: $6 = {cpu = 0, value = 1000}",
        "CPU 1: $7 = {cpu = 1, value = 1001}",
        "CPU 0: $8 = 0x4d",
        "CPU 1: $9 = 0x4d",
        "$10 = {cpu = 1, value = 2001}",
        "CPU 0: $11 = 2000",
        "CPU 1: $12 = 2001",
        &of(1, "kdive_test_percpu"),
        "$13 = 1",
        "$14 = 1000",
        "$15 = 1000",
        "$16 = {-20, 30}",
        "type = struct kdive_test_percpu {",
        "1",
        &of(1, "kdive_test_percpu_int"),
    ];
    for (at, expected) in expected.into_iter().enumerate() {
        assert_eq!(lines.get(at).copied(), Some(expected), "{out}");
    }
    let rest = lines[expected.len()..].join("\n");
    assert!(rest.contains(":\t77\nCPU 0: 77\nCPU 1: 77\nCPU 0: $17 = 5\nCPU 1: $18 = 77\n"), "{rest}");
    assert!(
        rest.contains("[kdive_test_percpu of CPU 1]\nHardware watchpoint 1: kdive_test_percpu.value\n"),
        "{rest}"
    );
    assert!(rest.contains("[runqueues of CPU "), "{rest}");
    assert!(rest.ends_with("$19 = 1\n$20 = 1"), "{rest}");
    answers(
        &guest,
        &[
            (
                "print runqueues@cpu(7).cpu",
                "runqueues is a per-CPU variable, and the kernel counts 2 CPUs, none of them 7",
            ),
            (
                "print init_task@cpu(0)",
                "Before @cpu and @all there has to be a per-CPU variable, or a pointer to something per-CPU.",
            ),
            (
                "printf \"%d\\n\", runqueues@all.cpu",
                "@all has an answer for each CPU, which only print and output show; name one with @cpu(N).",
            ),
            ("set percpu on", "Undefined item: \"on\"."),
        ],
    );
}

/// A watched per-CPU variable stays that of the CPU it was set for, whichever CPU stops.
fn a_watched_per_cpu_variable_is_that_of_its_cpu(series: Option<&str>) {
    let Some(mut guest) = two_cpus(series).to_shell() else { return };
    // Both CPUs have timer ticks as long as something runs on them.
    guest.type_line("while :; do :; done & while :; do :; done &");
    let out = ask(
        &guest,
        "thread 1\n\
         watch runqueues.nr_switches\n\
         continue\n\
         print rq->cpu\n\
         thread 2\n\
         continue\n\
         print rq->cpu\n",
    );
    assert!(out.contains("[runqueues of CPU 0]\nHardware watchpoint 1: runqueues.nr_switches\n"), "{out}");
    let cpus: Vec<&str> = out.lines().filter(|line| line.starts_with('$')).collect();
    assert_eq!(cpus, ["$1 = 0", "$2 = 0"], "{out}");
}

/// On one boot.
fn what_is_only_read(series: Option<&str>) {
    let Some(mut guest) = two_cpus(series).to_shell() else { return };
    containers_are_arrays(&mut guest);
    damaged_containers_give_what_there_is(&guest);
    steps_and_lookups_of_scripts_gdb(&guest);
    lists_and_trees_one_entry_a_line(&guest);
}

fn containers_are_arrays(guest: &mut Guest) {
    let maps = guest.shell("cat /proc/1/maps");
    let pids = guest.shell("ls /proc | grep '^[0-9]*$' | sort -n | head -n 3");
    let modules = guest.shell("cat /proc/modules");
    let out = ask(
        guest,
        "print $list(kdive_test_list, struct kdive_test_item, link)[2]->key\n\
         print $count($list(kdive_test_list, struct kdive_test_item, link))\n\
         print $list(&kdive_test_list, \"struct kdive_test_item\", \"link\")[3]->name\n\
         print $list(kdive_test_list, struct kdive_test_item)[1]@2\n\
         print $list(kdive_test_empty_list, struct kdive_test_item, link)\n\
         print list(modules, struct module, list)[0]->name\n\
         set $items = $hlist(kdive_test_hlist, struct kdive_test_item, hash)\n\
         print $items[0]->key * 10000 + $items[1]->key * 100 + $items[2]->key\n\
         print $count($hlist(kdive_test_table, struct kdive_test_item, hash))\n\
         print $llist(kdive_test_llist, struct kdive_test_item, lnode)[1]->key\n\
         print $rb(kdive_test_rb, struct kdive_test_item, rb)[2]->key\n\
         print $rb(&kdive_test_rb_cached, struct kdive_test_item, rb)[2]->key\n\
         print $count($rb(kdive_test_empty_rb))\n\
         print $xa(kdive_test_xarray, struct kdive_test_item)[3]->key\n\
         print $xa(kdive_test_xarray)[2]\n\
         print $idr(kdive_test_idr, struct kdive_test_item)[1]->key\n\
         print $maple(kdive_test_maple, struct kdive_test_item)[0]->key\n\
         print/x $maple($lx_task_by_pid(1).mm->mm_mt, struct vm_area_struct)[0]->vm_start\n\
         print $count($maple($lx_task_by_pid(1).mm->mm_mt))\n\
         print $list(init_task.tasks, struct task_struct, tasks)[2]->pid\n\
         print $idr(init_pid_ns.idr, struct pid)[1]->numbers[0].nr\n\
         print -elements 2 -- $list(kdive_test_list, struct kdive_test_item, link)\n\
         whatis $list(kdive_test_list, struct kdive_test_item, link)[0]->name\n",
    );
    let value = |number: u32| {
        let start = format!("${number} = ");
        let line = out.lines().find(|line| line.starts_with(&start));
        line.unwrap_or_else(|| panic!("no {number} in {out}"))[start.len()..].to_owned()
    };
    let expected = [(1, "70"), (2, "5"), (3, "\"item10\\000\""), (5, "{}")];
    for (number, expected) in expected {
        assert_eq!(value(number), expected, "{out}");
    }
    assert!(
        value(4).contains("<kdive_test_items+80>, 0x") && value(4).ends_with("<kdive_test_items+160>}"),
        "{out}"
    );
    assert!(value(6).starts_with(&format!("\"{}\"", modules.split(' ').next().unwrap())), "{out}");
    let numbers: Vec<String> = (7..=16).map(value).collect();
    assert_eq!(numbers, ["702050", "6", "70", "25", "3", "0", "70", "(void *) 0x9a5", "80", "25"], "{out}");
    // [vsyscall] is no area of the task's own.
    let areas: Vec<&str> =
        maps.lines().filter(|line| line.contains('-') && !line.contains("[vsyscall]")).collect();
    let first = u64::from_str_radix(areas[0].split('-').next().unwrap(), 16).unwrap();
    assert_eq!(value(17), format!("{first:#x}"), "{maps}");
    assert_eq!(value(18), areas.len().to_string(), "{maps}");
    let pids: Vec<&str> = pids.lines().filter(|line| line.parse::<u32>().is_ok()).collect();
    assert_eq!((value(19), value(20)), (pids[2].to_owned(), pids[1].to_owned()), "{out}");
    assert!(value(21).ends_with("<kdive_test_items+80>...}"), "{out}");
    assert!(out.ends_with("type = char [8]\n"), "{out}");
}

fn damaged_containers_give_what_there_is(guest: &Guest) {
    let out = ask(
        guest,
        "print $list(kdive_test_cyclic_list, struct kdive_test_item, link)[1]->key\n\
         print $count($list(kdive_test_poisoned_list, struct kdive_test_item, link))\n\
         lx-list kdive_test_cyclic_list kdive_test_item.link -s key\n",
    );
    let cyclic = "it leads back into itself without passing its head\n";
    assert_eq!(out.matches(cyclic).count(), 2, "{out}");
    assert!(out.contains("warning: $list ends after 2 of them: list at 0x"), "{out}");
    assert!(
        out.contains(
            "warning: $list ends after 2 of them: Cannot access memory at address 0xdead000000000100\n"
        ),
        "{out}"
    );
    assert!(out.contains("$1 = 2\n") && out.contains("$2 = 2\n") && out.contains("\n  key = 2\n"), "{out}");
    answers(
        guest,
        &[
            ("print $list(0, struct task_struct, tasks)", "Cannot access memory at address 0x0"),
            (
                "print $list(init_task, struct task_struct, tasks)",
                "$list takes a struct list_head, not struct task_struct.",
            ),
            (
                "print $list(modules, struct module)",
                "struct module has several struct list_head: name one of list, bug_list, source_list, target_list.",
            ),
            ("print $list(kdive_test_list, struct kdive_test_item, link)[5]", "no such vector element"),
            (
                "print $list(kdive_test_list, struct kdive_test_item, link)[3]@3",
                "The array has only 5 elements.",
            ),
            ("tree kdive_test_list", "Say with -t which tree it is: rbtree, xarray, radix, maple or idr."),
            ("lx-list kdive_test_list kdive_test_item.link -s nothing", "There is no member named nothing."),
        ],
    );
}

fn steps_and_lookups_of_scripts_gdb(guest: &Guest) {
    let out = ask(
        guest,
        "define key\n\
         output $container_of($arg0, \"struct kdive_test_item\", \"rb\")->key\n\
         echo \\n\n\
         end\n\
         key $lx_rb_first(&kdive_test_rb)\n\
         key $lx_rb_next($lx_rb_first(&kdive_test_rb))\n\
         key $lx_rb_last(kdive_test_rb)\n\
         key $lx_rb_prev($lx_rb_last(&kdive_test_rb))\n\
         output ((struct kdive_test_item *)$lx_radix_tree_lookup(&kdive_test_xarray, 100000))->key\n\
         echo \\n\n\
         output $lx_radix_tree_lookup(&kdive_test_xarray, 7)\n\
         echo \\n\n\
         output ((struct kdive_test_item *)$lx_radix_tree_lookup(kdive_test_xarray_single))->key\n\
         echo \\n\n\
         output $lx_thread_info_by_pid(kdive_test_task->pid).cpu == $lx_thread_info(kdive_test_task).cpu\n\
         echo \\n\n\
         output $_streq($lx_device_find_by_bus_name(\"platform\", \"serial8250\")->kobj.name, \"serial8250\")\n\
         echo \\n\n\
         output $lx_device_find_by_class_name(\"tty\", \"ttyS0\")->devt\n\
         echo \\n\n\
         output $lx_dentry_name($lx_task_by_pid(1).mm->exe_file->f_path.dentry)\n\
         echo \\n\n\
         output $lx_i_dentry($lx_task_by_pid(1).mm->exe_file->f_inode) == $lx_task_by_pid(1).mm->exe_file->f_path.dentry\n\
         echo \\n\n",
    );
    // The device number of ttyS0 is 4:64; MKDEV shifts by 20.
    let device = ((4u32 << 20) + 64).to_string();
    let expected =
        ["10", "20", "80", "70", "10", "(void *) 0x9a5", "30", "1", "1", &device, "\"/bin/busybox\"", "1"];
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
    answers(
        guest,
        &[
            ("print $lx_rb_first(&kdive_test_empty_rb)", "No entry in tree"),
            ("print $lx_rb_prev($lx_rb_first(&kdive_test_rb))", "No entry in tree"),
            ("print $lx_radix_tree_lookup(&kdive_test_xarray, 8)", "No entry in tree at index 8"),
            ("print $lx_device_find_by_bus_name(\"none\", \"x\")", "There is no bus none."),
            ("print $lx_device_find_by_class_name(\"tty\", \"x\")", "There is no device x on the class tty."),
        ],
    );
}

fn lists_and_trees_one_entry_a_line(guest: &Guest) {
    let items = |out: &str| -> Vec<(u64, Vec<String>)> {
        let mut found: Vec<(u64, Vec<String>)> = Vec::new();
        for line in out.lines() {
            match line.strip_prefix("  ") {
                Some(member) => found.last_mut().unwrap().1.push(member.to_owned()),
                None => found
                    .push((u64::from_str_radix(line, 16).unwrap_or_else(|_| panic!("{out}")), Vec::new())),
            }
        }
        found
    };
    let base = super::guest::hex_in(&ask(guest, "print &kdive_test_items\n"), "kdive_test_items");
    // The index of each item, and what is shown of it.
    let shown = |script: &str| -> Vec<(u64, String)> {
        let found = items(&ask(guest, &format!("{script}\n")));
        found.into_iter().map(|(addr, members)| (addr.wrapping_sub(base) / 80, members.join(" "))).collect()
    };
    let of = |rows: &[(u64, &str)]| -> Vec<(u64, String)> {
        rows.iter().map(|(item, text)| (*item, (*text).to_owned())).collect()
    };
    assert_eq!(
        shown("lx-list kdive_test_list kdive_test_item.link -s key,name"),
        of(&[
            (0, "key = 50 name = \"item50\\000\""),
            (1, "key = 20 name = \"item20\\000\""),
            (2, "key = 70 name = \"item70\\000\""),
            (3, "key = 10 name = \"item10\\000\""),
            (4, "key = 30 name = \"item30\\000\""),
        ])
    );
    assert_eq!(
        shown("lx-list -x kdive_test_hlist kdive_test_item.hash -s kdive_test_item.key"),
        of(&[(2, "key = 0x46"), (1, "key = 0x14"), (0, "key = 0x32")])
    );
    assert_eq!(
        shown("tree -p kdive_test_rb kdive_test_item.rb -s key"),
        of(&[
            (3, "position: root/l/l key = 10"),
            (1, "position: root/l key = 20"),
            (7, "position: root/l/r/l key = 25"),
            (4, "position: root/l/r key = 30"),
            (8, "position: root/l/r/r key = 35"),
            (0, "position: root key = 50"),
            (5, "position: root/r/l key = 60"),
            (2, "position: root/r key = 70"),
            (6, "position: root/r/r key = 80"),
        ])
    );
    assert_eq!(
        shown("tree -t xarray -p &kdive_test_idr.idr_rt -s kdive_test_item.key"),
        of(&[(5, "index: 3 key = 60"), (6, "index: 4 key = 80")])
    );
    assert_eq!(shown("tree -p kdive_test_idr"), of(&[(5, "index: 3"), (6, "index: 4")]));
    assert_eq!(
        shown("tree -p -x kdive_test_maple kdive_test_item -s key"),
        of(&[(7, "index: 0xa-0x13 key = 0x19"), (8, "index: 0x1000 key = 0x23")])
    );
}
