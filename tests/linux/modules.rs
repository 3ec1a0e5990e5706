//! Modules: files in the forms distributions ship them.

use super::guest::Boot;
use kdive_testkit::environment::programs;
use std::process::Command;

#[test]
fn packed_modules_are_found_by_name_and_build_id() {
    if !programs(&["xz", "zstd"]) {
        return;
    }
    let Some(guest) = (Boot { append: "kdive.insmod=poc,kdive_test", options: &["-S"] }).start() else {
        return;
    };
    let dir = guest.work().join("packed");
    std::fs::create_dir(&dir).unwrap();
    for (program, module, extension) in [("xz", "poc", "xz"), ("zstd", "kdive_test", "zst")] {
        let output = Command::new(program)
            .arg("-c")
            .arg(guest.file(&format!("modules/{module}.ko")))
            .output()
            .unwrap();
        assert!(output.status.success());
        std::fs::write(dir.join(format!("{module}.ko.{extension}")), output.stdout).unwrap();
    }
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
}

#[test]
fn a_damaged_list_is_shown_as_far_as_it_goes() {
    let Some(guest) = Boot::default().to_shell() else { return };
    let got = guest.kdive(
        "target remote guest.sock\n\
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
