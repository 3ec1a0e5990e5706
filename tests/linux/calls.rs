//! Functions of the kernel that expressions call, in the middle of a system call.

use super::guest::{GO, Guest};

pub(crate) fn functions_are_called(guest: &mut Guest) {
    guest.at_go("read line < /proc/uptime; echo read: $line");
    let commands = [
        GO,
        "tbreak uptime_proc_show if $_streq($lx_current().comm, \"sh\")",
        "continue",
        "set $at = $pc",
        "set $flags = $eflags",
        "print jiffies_to_msecs(1000)",
        "call jiffies_to_msecs(250)",
        // The text is on the stack of the task.
        "print strlen(\"a guest\")",
        "print strlen($lx_current().comm) + strlen(\"x\")",
        "printf \"%d\\n\", jiffies_to_msecs(jiffies_to_msecs(1))",
        // The task sleeps, others run, and it may wake up on another CPU.
        "call msleep(50)",
        "output $_streq($lx_current().comm, \"sh\") && $pc == $at && $eflags == $flags",
        // A stop on the way.
        "tbreak jiffies_to_msecs",
        "print jiffies_to_msecs(2)",
        "backtrace 3",
        "continue",
        "output $pc == $at",
        "print nosuch(1)",
        "print jiffies_to_msecs()",
        "output $pc == $at && $eflags == $flags",
    ];
    let got = guest.run_on("target remote guest.sock", &commands);
    let out: Vec<&str> = got.out.iter().map(|text| text.trim_end()).collect();
    let printed = format!("{:?}\n{}", got.out, got.err);
    assert!(
        out[2].contains("hit Temporary breakpoint 1, uptime_proc_show (")
            || out[2].contains("\nTemporary breakpoint 1, uptime_proc_show ("),
        "{printed}"
    );
    assert_eq!(out[5..12], ["$1 = 4000", "$2 = 1000", "$3 = 7", "$4 = 3", "16", "", "1"], "{printed}");
    assert!(out[13].contains("Temporary breakpoint 2, jiffies_to_msecs ("), "{printed}");
    let frames: Vec<&str> = out[14].lines().collect();
    assert!(
        frames[0].starts_with("#0  jiffies_to_msecs (") && frames[2].contains("uptime_proc_show ("),
        "{printed}"
    );
    assert_eq!(frames[1], "#1  <function called from gdb>", "{printed}");
    assert_eq!([out[15], out[16], out[19]], ["", "1", "1"], "{printed}");
    let stopped = "The program being debugged stopped while in a function called from GDB.\n\
                   Evaluation of the expression containing the function\n\
                   (jiffies_to_msecs) will be abandoned.\n\
                   When the function is done executing, GDB will silently stop.\n";
    assert!(got.err.contains(stopped), "{printed}");
    assert!(got.err.contains("No symbol \"nosuch\" in current context.\n"), "{printed}");
    assert!(got.err.contains("Too few arguments in function call.\n"), "{printed}");
    // The kernel goes on as if nothing had been.
    guest.wait_for("read: ");
}
