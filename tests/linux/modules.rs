//! Modules: files in the forms distributions ship them.

use super::guest::{Boot, GO, Guest};
use kdive_testkit::environment::programs;
use std::path::Path;
use std::process::Command;

on_both_kernels! {
    packed_modules_are_found_by_name_and_build_id
    a_damaged_list_is_shown_as_far_as_it_goes
    functions_of_a_module_by_its_name
    breakpoints_come_back_with_their_module_and_with_the_guest
}

/// Writes a module as a distribution ships it.
fn pack(guest: &Guest, program: &str, module: &str, to: &Path) {
    let from = guest.file(&format!("modules/{module}.ko"));
    let output = Command::new(program).arg("-c").arg(from).output().unwrap();
    assert!(output.status.success());
    std::fs::write(to, output.stdout).unwrap();
}

fn packed_modules_are_found_by_name_and_build_id(series: Option<&str>) {
    if !programs(&["xz", "zstd", "gzip"]) {
        return;
    }
    let Some(mut guest) =
        (Boot { append: "kdive.insmod=poc,kdive_test", options: &["-S"], series, ..Boot::default() }).start()
    else {
        return;
    };
    let dir = guest.work().join("packed");
    std::fs::create_dir(&dir).unwrap();
    pack(&guest, "xz", "poc", &dir.join("poc.ko.xz"));
    pack(&guest, "zstd", "kdive_test", &dir.join("kdive_test.ko.zst"));
    let got = guest.kdive(
        "set module-path packed\n\
         target remote guest.sock\n\
         tbreak hello_init\n\
         continue\n\
         next\n\
         info modules\n\
         tbreak kdive_test_run\n\
         info breakpoints\n",
    );
    assert!(got.out.contains("Temporary breakpoint 1, hello_init () at "), "{}{}", got.out, got.err);
    assert!(got.out.contains("packed/poc.ko.xz\n"), "{}{}", got.out, got.err);
    guest.wait_for("# ");
    for (program, extension) in [("xz", "xz"), ("zstd", "zst"), ("gzip", "gz")] {
        let directory = guest.work().parent().unwrap().join(extension);
        std::fs::create_dir(&directory).unwrap();
        pack(&guest, program, "kdive_test", &directory.join(format!("kdive_test.ko.{extension}")));
        let got = guest.ask_with(&directory, &["info modules kdive_test", "tbreak kdive_test_run"]);
        assert!(got.out[0].ends_with(&format!("/kdive_test.ko.{extension}\n")), "{}{}", got.out[0], got.err);
        assert!(got.out[1].contains("/kdive_test.c, line "), "{}{}", got.out[1], got.err);
    }
}

fn a_damaged_list_is_shown_as_far_as_it_goes(series: Option<&str>) {
    let Some(mut guest) = (Boot { series, ..Boot::default() }).to_shell() else { return };
    // The shell is busy; it is taken out of the list as a task that ends is, which still runs then.
    guest.type_line("while :; do :; done");
    let got = guest.kdive(
        "target remote guest.sock\n\
         set $next = $lx_current().tasks.next\n\
         set $prev = $lx_current().tasks.prev\n\
         set var $prev->next = $next\n\
         set var $next->prev = $prev\n\
         printf \"%d runs\\n\", $lx_current().pid\n\
         ps -A\n\
         set $second = init_task.tasks.next\n\
         set $third = $second->next\n\
         set var $third->next = $second\n\
         ps -G\n\
         set var $third->next = 0x10\n\
         ps -G\n\
         set var modules.next = 0\n\
         lx-lsmod\n\
         info tasks\n",
    );
    let running = got.out.lines().find_map(|line| line.strip_suffix(" runs")).unwrap();
    let row = got.out.lines().find(|line| line.starts_with('>')).unwrap_or_else(|| panic!("{}", got.out));
    assert_eq!(row[1..].split_whitespace().next(), Some(running), "{}", got.out);
    assert!(got.err.contains("warning: the kernel's task list is damaged: list at 0x"), "{}", got.err);
    assert!(got.err.contains("it leads back into itself without passing its head"), "{}", got.err);
    assert!(
        got.err.contains("the kernel's task list is damaged: Cannot access memory at address 0x10"),
        "{}",
        got.err
    );
    assert!(got.err.contains("the kernel's module list is damaged: list at 0x"), "{}", got.err);
    assert_eq!(got.out.matches("[kthreadd]").count(), 2, "{}", got.out);
    assert!(got.out.contains(" kthreadd "), "{}", got.out);
}

/// For a guest with modules of the distribution: names, sizes, users and text addresses, and where symbols are from.
pub(crate) fn the_list_is_what_proc_says(guest: &mut Guest) {
    let proc = guest.shell("cat /proc/modules");
    let sections = guest.shell("cd /sys/module; for m in */sections/.text; do echo $m $(cat $m); done; cd /");
    let release = guest.shell("uname -r");
    let got = guest.ask(&["lx-lsmod", "info modules", "lx-symbols"]);
    let [listed, printed, loaded] = &got.out[..] else { panic!() };
    let rows: Vec<Vec<&str>> = listed.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    let expected: Vec<Vec<&str>> = proc
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|row: &Vec<&str>| row.len() > 5)
        .collect();
    assert!(expected.len() > 33, "{proc}");
    assert_eq!(rows.len(), expected.len(), "{listed}\n{proc}");
    for (row, proc) in rows.iter().zip(&expected) {
        // name, size, references, users, state, address, taint
        let users = proc[3].trim_end_matches(',');
        let users = if users == "-" { None } else { Some(users) };
        assert_eq!((row[1], row[3], row.get(4).copied()), (proc[0], proc[2], users), "{row:?} {proc:?}");
        assert_eq!(row[0], proc[5], "{row:?} {proc:?}");
        assert_eq!(row[2], proc[1], "{row:?} {proc:?}");
    }
    let debug = guest.file("root/usr/lib/debug/lib/modules").join(release.trim());
    let mut own = 0;
    for row in printed.lines().skip(1) {
        let words: Vec<&str> = row.splitn(4, char::is_whitespace).map(str::trim).collect();
        let (name, file) = row[28..].split_once(' ').unwrap();
        let text = sections.lines().find_map(|line| line.strip_prefix(&format!("{name}/sections/.text ")));
        assert_eq!(Some(words[0]), text, "{row}\n{sections}");
        assert_eq!(words[1], "live", "{row}");
        let file = std::path::Path::new(file.trim());
        if name == "kdive_test" {
            assert_eq!(file, guest.file("modules/kdive_test.ko"));
            own += 1;
        } else {
            assert!(
                std::fs::canonicalize(file).unwrap().starts_with(std::fs::canonicalize(&debug).unwrap()),
                "{row}"
            );
        }
        assert!(loaded.contains(&format!("loading @{}: {}\n", words[0], file.display())), "{loaded}");
    }
    assert_eq!(own, 1, "{printed}");
}

fn functions_of_a_module_by_its_name(series: Option<&str>) {
    let Some(guest) = (Boot {
        append: "kdive.insmod=kdive_test,poc kdive.run=3",
        options: &["-S"],
        series,
        ..Boot::default()
    })
    .start() else {
        return;
    };
    let got = guest.kdive(
        "target remote guest.sock\n\
         break kdive_test:init\n\
         break poc:hello_init\n\
         break kdive_test:kdive_test_add\n\
         info breakpoints\n\
         continue\n\
         delete 3\n\
         break kdive_test:nothing\n\
         continue\n\
         info breakpoints\n\
         why 1\n",
    );
    let printed = format!("{}{}", got.out, got.err);
    assert!(got.out.contains("Breakpoint 1 (kdive_test:init) pending.\n"), "{printed}");
    assert!(got.out.contains("\n\nBreakpoint 1, kdive_test_init () at "), "{printed}");
    assert!(got.err.contains("Function \"nothing\" not defined in module \"kdive_test\".\n"), "{printed}");
    assert!(got.out.contains("\n\nBreakpoint 2, hello_init () at "), "{printed}");
    // The init code of the first one is gone; its breakpoint waits for the next time.
    let freed = "Breakpoint 1 at 0x8000000000";
    assert!(got.out.contains("the module has freed its init code"), "{printed}");
    assert!(got.out.contains(freed), "{printed}");
}

fn breakpoints_come_back_with_their_module_and_with_the_guest(series: Option<&str>) {
    let Some(mut guest) =
        (Boot { append: "kdive.insmod=kdive_test", options: &[], series, ..Boot::default() }).to_shell()
    else {
        return;
    };
    let run = "echo 1 > /sys/module/kdive_test/parameters/run";
    guest.at_go(&format!("{run}; rmmod kdive_test; insmod /modules/kdive_test.ko; {run}"));
    let got = guest.kdive(&format!(
        "target remote guest.sock\n\
         break kdive_test_run\n\
         break start_kernel\n\
         {GO}\n\
         continue\n\
         info breakpoints\n\
         disconnect\n\
         target remote guest.sock\n\
         continue\n\
         info breakpoints\n\
         why 2\n\
         monitor system_reset\n\
         continue\n\
         why 2\n",
    ));
    let printed = format!("{}{}", got.out, got.err);
    assert_eq!(got.out.matches("Breakpoint 1, kdive_test_run (n=").count(), 2, "{printed}");
    assert!(got.out.contains("\tbreakpoint already hit 2 times\n"), "{printed}");
    let freed = " is not set until its code is there again: the kernel has freed its init code.\n";
    assert_eq!(got.out.matches(freed).count(), 1, "{printed}");
    assert!(got.out.contains("\n\nBreakpoint 2, start_kernel () at "), "{printed}");
    assert!(got.out.contains(" is in the target.\nIt was reached once.\n"), "{printed}");
}
